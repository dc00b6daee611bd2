"""What every place shares: a title, rows, a filter, the line of keys, and what can be done with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.screen import Screen

from crmcli.domain import pipeline
from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import clip, visible
from crmcli.errors import CrmError, DamagedError, StoreError, UsageError
from crmcli.services import deals, records, tasks, timeline
from crmcli.services.pulse import Pulse, stamped
from crmcli.tui import lines
from crmcli.tui.shape import SMALLEST
from crmcli.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual import events
    from textual.app import ComposeResult
    from textual.widgets import Static

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Changed
    from crmcli.tui.app import Dashboard
    from crmcli.tui.screens.windows import Prompt
    from crmcli.tui.widgets.filter import FilterBar


class Subject(NamedTuple):
    """The record that an action is about."""

    kind: str
    id: int
    name: str

    @property
    def ref(self) -> str:
        return f"{self.kind}:{self.id}"

    def __str__(self) -> str:
        return f"{self.ref} {clip(visible(self.name), 40)}"


def reasons(ctx: Context, kind: Entity, number: int) -> list[str]:
    """The known reasons for losing. Raises RefusedError for a record that cannot be lost."""
    pipeline.lose({**records.get(ctx, kind, number), "kind": kind.name, "id": number}, None, "")
    return ctx.names("lost_reason")


class Place(Screen[None]):
    """A screen that shows rows of the book. Subclasses say how to `load` and what the `subject` is."""

    AUTO_FOCUS = "#body"
    where: ClassVar[str] = ""
    #: The kind of record that quick add makes.
    adds: ClassVar[str] = "lead"

    def __init__(self) -> None:
        super().__init__()
        #: The filter that was typed, and the last one that gave rows.
        self.filter = self.good = ""
        #: The filter that stands in for the typed one as long as that is refused.
        self.instead: str | None = None
        #: How the book stood when the rows were read, and when it was last asked.
        self.seen: Pulse | None = None
        self.heard: Pulse | None = None
        self.asking = False
        #: Why the rows could not be read anew.
        self.trouble = ""
        #: How often the book had come back when the rows were last refused.
        self.tried = 0
        #: What few sessions need is made when it is needed: the filter's line, and what a window too small shows.
        self.bar: FilterBar | None = None
        self.notice: Static | None = None

    @property
    def dashboard(self) -> Dashboard:
        from crmcli.tui.app import Dashboard

        assert isinstance(self.app, Dashboard)
        return self.app

    # --- what subclasses say ---

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def load(self) -> None:
        """Ask for the rows anew."""
        raise NotImplementedError

    def subject(self) -> Subject | None:
        """The record under the cursor."""
        raise NotImplementedError

    def about(self) -> Subject | None:
        """The record that the task under the cursor is about: calls and notes belong there."""
        return None

    def step(self, down: int) -> None:
        raise NotImplementedError

    def given(self) -> dict[str, str]:
        """Fields that a record added here has unless something else is typed."""
        return {}

    def outdated(self, pulse: Pulse) -> bool:
        """Whether what was read at `seen` is no longer so."""
        seen = self.seen
        return seen is None or pulse[:2] != seen[:2] or pulse.minute.date() != seen.minute.date()

    def refused(self, error: CrmError) -> bool:  # noqa: ARG002 - for those who know better
        """Show that the rows cannot be had; whether that was done."""
        return False

    def put_back(self) -> None:
        """Show again what the book has said last: a change that was shown at once was refused."""

    @property
    def height(self) -> int:
        """Lines of a page."""
        return max(1, self.query_one("#body").size.height - 2)

    # --- the frame ---

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield from self.body()
        yield KeyBar(self.where)

    def on_mount(self) -> None:
        self.load()

    def on_screen_resume(self) -> None:
        self.dashboard.beat()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(small, "-small")
        if small:
            text = f"The window is {width} x {height}.\nMake it {SMALLEST[0]} x {SMALLEST[1]} at least."
            self._small(text)

    def _small(self, text: str) -> None:
        from textual.widgets import Static

        if self.notice is None:
            self.notice = Static(text, id="small", markup=False)
            self.mount(self.notice)
        else:
            self.notice.update(text)

    def ask_rows(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], None], more: bool = False) -> None:
        """Ask for rows: only the newest answer counts, and a filter that is refused leaves the last good one in force.
        `more` says that they continue what is shown, which stays as old as it is."""
        self.asking = True
        self.dashboard.desk.ask(
            stamped,
            verb,
            *args,
            then=lambda found: self._arrived(then, found, more),
            failed=lambda error: self._failed(error, more),
            group=self.group,
        )

    def forget(self) -> None:
        """Let no answer come to what was asked for this screen's rows: it is out of date."""
        self.dashboard.desk.drop(self.group)
        self.asking = False

    def follow(self, pulse: Pulse) -> None:
        """Read anew what is out of date. What was refused is asked once more after every change of the book."""
        self.heard = pulse
        self.warn(self.trouble)
        back = bool(self.trouble) and self.tried < self.dashboard.recovered
        if not self.asking and (back or self.outdated(pulse)):
            self.instead = None
            self.load()

    def read_again(self) -> None:
        """Read everything anew, and say what is wrong even if it was said before."""
        self.trouble, self.instead = "", None
        self.load()

    def warn(self, trouble: str) -> None:
        """Say in the title why what is shown is not up to date; "" says that it is."""
        for title in self.query(TitleBar):
            title.warn(trouble)

    @property
    def group(self) -> str:
        """The questions of this screen's rows."""
        return f"rows:{id(self)}"

    def _arrived(self, then: Callable[[Any], None], found: tuple[Pulse, Any], more: bool = False) -> None:
        self.asking = False
        if not more:
            self.seen = found[0]
        if self.is_attached:
            self.trouble = ""
            self.warn("")
            self.good = self.applied
            if self.bar and self.instead is None:
                self.bar.trouble(None)
            then(found[1])

    def _failed(self, error: CrmError, more: bool = False) -> bool:
        self.asking = False
        self.tried = self.dashboard.recovered
        if not self.is_attached:
            return False
        if isinstance(error, UsageError) and self.applied:
            self._stand_in(error)
            return True
        if more:
            return False
        # A book that cannot be reached is tried again at every beat; any other answer stands until the book changes.
        if not isinstance(error, StoreError) or isinstance(error, DamagedError):
            self.seen = self.heard
        if self.refused(error):
            return True
        said, self.trouble = error.message in (self.trouble, self.dashboard.trouble), error.message
        self.warn(error.message)
        return said

    def _stand_in(self, error: CrmError) -> None:
        """Leave the last good filter in force instead of one that is refused, and say so; none, where that was it."""
        first = self.instead is None
        self.instead = self.good if first and self.good != self.filter else ""
        if self.bar:
            self.bar.trouble(error, f"/{self.instead} stays" if self.instead else "all is shown")
        if not first or self.instead != self.good or self.seen != self.heard:
            self.load()

    # --- moving ---

    def action_down(self) -> None:
        self.step(1)

    def action_up(self) -> None:
        self.step(-1)

    def action_page_down(self) -> None:
        self.step(self.height)

    def action_page_up(self) -> None:
        self.step(-self.height)

    def action_top(self) -> None:
        self.step(-(10**9))

    def action_bottom(self) -> None:
        self.step(10**9)

    def action_open(self) -> None:
        subject = self.subject()
        if subject:
            self.dashboard.open_record(subject.kind, subject.id)

    # --- the filter ---

    async def action_filter(self) -> None:
        from crmcli.tui.widgets.filter import FilterBar

        if self.bar is None:
            self.bar = FilterBar(id="filter")
            await self.mount(self.bar, before="#keys")
        self.bar.open()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        self.filter, self.instead = " ".join(lines.terms(message.text)), None
        self.load()

    def on_filter_bar_closed(self, message: FilterBar.Closed) -> None:
        if message.clear:
            self.clear_filter()
        if self.bar:
            self.bar.display = bool(self.filter)
        self.query_one("#body").focus()

    def clear_filter(self) -> None:
        had, self.filter, self.instead = self.filter, "", None
        if self.bar:
            self.bar.reset()
        if had:
            self.load()

    @property
    def applied(self) -> str:
        """The filter in force."""
        return self.filter if self.instead is None else self.instead

    def words(self) -> list[str]:
        """The filter in force as words of a verb."""
        return lines.terms(self.applied)

    # --- writing ---

    def write(
        self, verb: Callable[..., Changed], *args: Any, prompt: Prompt | None = None, quiet: bool = False, **named: Any
    ) -> None:
        """Run a verb that changes the book; say what it did, and show the book as it is then."""

        def then(changed: Changed) -> None:
            if prompt:
                prompt.close()
            if not quiet:
                self.dashboard.toast("\n".join(changed.lines))
            self.dashboard.beat(asked=prompt is not None)

        def failed(error: CrmError) -> bool:
            if prompt:
                return prompt.refuse(error)
            self.put_back()
            self.load()
            return False

        ended = prompt.ended if prompt else None
        job = self.dashboard.desk.ask(verb, *args, then=then, failed=failed, ended=ended, **named)
        if prompt:
            prompt.wait(job)

    def _line(self, title: str, submit: Callable[[str, Prompt], None], **more: Any) -> Prompt:
        """Ask for a line; see `Prompt`."""
        from crmcli.tui.screens.windows import Prompt

        prompt = Prompt(title, submit, **more)
        self.app.push_screen(prompt)
        return prompt

    def _of(self, *kinds: str) -> Subject | None:
        """The subject if it is of such a kind; says so if it is not."""
        subject = self.subject()
        if subject and subject.kind == "task" and "task" not in kinds:
            subject = self.about() or subject
        if subject is None:
            self.dashboard.toast("there is no record under the cursor")
        elif subject.kind not in kinds:
            self.dashboard.toast(f"that is for a {' or '.join(kinds)}, not for a {subject.kind}")
        else:
            return subject
        return None

    def action_add(self) -> None:
        kind = ENTITIES[self.adds]
        given = self.given()

        def submit(text: str, prompt: Prompt) -> None:
            self.write(records.add, kind, lines.new(text, given), prompt=prompt, source="tui")

        hint = {
            "task": "Call Ada due=fri on=lead:12 type=call",
            "company": "Analytical Engines website=engines.example",
        }
        self._line(
            f"New {self.adds}",
            submit,
            hint=hint.get(self.adds, 'Ada Lovelace company="Analytical Engines" value=12k #vip'),
        )

    def action_edit(self) -> None:
        if subject := self.subject():
            self.edit(subject, "")

    def edit(self, subject: Subject, value: str, seen: Mapping[str, str] | None = None) -> None:
        """Ask for FIELD=VALUE words. `value` stands there already; `seen` is what it was made of (`records.edit`)."""

        def submit(text: str, prompt: Prompt) -> None:
            if value and text == value:
                prompt.close()
                return
            edited = ENTITIES[subject.kind], [subject.id], lines.change(text)
            self.write(records.edit, *edited, seen=seen, prompt=prompt, source="tui")

        self._line(f"Change {subject}", submit, value=value, hint="stage=qualified owner=me tags=+vip")

    def action_note(self) -> None:
        if subject := self._of("lead", "deal", "contact", "company"):
            self._log(subject, "note", f"Note on {subject}", "what is worth remembering")

    def action_call(self) -> None:
        if subject := self._of("lead", "deal", "contact", "company"):
            self._log(subject, "call", f"Call with {subject}", "what was said; at=yesterday minutes=5")

    def _log(self, subject: Subject, what: str, title: str, hint: str) -> None:
        def submit(text: str, prompt: Prompt) -> None:
            body, more = lines.log(text)
            self.write(
                timeline.add, ENTITIES[subject.kind], subject.id, what, body, prompt=prompt, source="tui", **more
            )

        self._line(title, submit, hint=hint)

    def action_task(self) -> None:
        subject = self._of("lead", "deal", "contact", "company")
        if subject is None:
            return
        on = {"on": subject.ref} if subject.kind in ("lead", "deal") else {subject.kind: str(subject.id)}

        def submit(text: str, prompt: Prompt) -> None:
            self.write(records.add, ENTITIES["task"], lines.new(text, on), prompt=prompt, source="tui")

        self._line(f"Task for {subject}", submit, hint="Call Ada due=fri type=call")

    def action_done(self) -> None:
        self._task_line("Done", tasks.done, "what came of it (may stay empty)")

    def action_snooze(self) -> None:
        self._task_line("Put off", tasks.snooze, "tomorrow, mon, +3d, fri 14:30")

    def _task_line(self, title: str, verb: Callable[..., Changed], hint: str) -> None:
        if subject := self._of("task"):

            def submit(text: str, prompt: Prompt) -> None:
                self.write(verb, [subject.id], lines.broken(text), prompt=prompt, source="tui")

            self._line(f"{title}: {subject}", submit, hint=hint)

    def action_won(self) -> None:
        if subject := self._of("deal", "lead"):
            self.write(deals.won, ENTITIES[subject.kind], [subject.id], source="tui")

    def action_lost(self) -> None:
        if subject := self._of("deal", "lead"):
            self._ask_reason(subject)

    def _ask_reason(self, subject: Subject) -> None:
        """Ask at once, so that what is typed next goes there; the known reasons, or why it cannot be lost, follow."""
        kind = ENTITIES[subject.kind]

        def submit(text: str, prompt: Prompt) -> None:
            self.write(deals.lost, kind, [subject.id], lines.joined(text), prompt=prompt, source="tui")

        prompt = self._line(f"Lost: {subject}", submit, hint="the reason (↑ ↓ choose, or type a new one)", choices=None)

        def failed(error: CrmError) -> bool:
            said = prompt.refuse(error)
            prompt.offer(())
            return said

        self.dashboard.desk.ask(reasons, kind, subject.id, then=prompt.offer, failed=failed, group="reasons")

    def action_convert(self) -> None:
        if subject := self._of("lead"):
            self.write(deals.convert, subject.id, source="tui")
