"""What every place shares: a title, rows, a filter, the line of keys, and what can be done with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.screen import Screen

from crmcli.context import Context
from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import clip, visible
from crmcli.errors import CrmError, UsageError
from crmcli.services import board, deals, records, tasks, timeline
from crmcli.tui import lines
from crmcli.tui.shape import SMALLEST
from crmcli.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widgets import Static

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


class Place(Screen[None]):
    """A screen that shows rows of the book. Subclasses say how to `load` and what the `subject` is."""

    AUTO_FOCUS = "#body"
    where: ClassVar[str] = ""
    #: The kind of record that quick add makes.
    adds: ClassVar[str] = "lead"

    def __init__(self) -> None:
        super().__init__()
        self.filter = ""
        self.seen = -1
        self.asking = False
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
        """Ask for rows: only the newest answer counts, and a malformed filter leaves the last good rows. `more` says
        that they continue what is shown, which stays as old as it is."""
        self.asking = True
        self.dashboard.desk.ask(
            board.stamped,
            verb,
            *args,
            then=lambda found: self._arrived(then, found, more),
            failed=self._refused,
            group=self.group,
        )

    @property
    def group(self) -> str:
        """The questions of this screen's rows."""
        return f"rows:{id(self)}"

    def _arrived(self, then: Callable[[Any], None], found: tuple[int, Any], more: bool = False) -> None:
        self.asking = False
        if not more:
            self.seen = found[0]
        if self.is_attached:
            if self.bar:
                self.bar.trouble(None)
            then(found[1])

    def _refused(self, error: CrmError) -> bool:
        self.asking = False
        if not (self.is_attached and self.bar and self.bar.display and isinstance(error, UsageError)):
            return False
        self.bar.trouble(error)
        return True

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
        self.filter = " ".join(lines.terms(message.text))
        self.load()

    def on_filter_bar_closed(self, message: FilterBar.Closed) -> None:
        if message.clear:
            self.clear_filter()
        if self.bar:
            self.bar.display = bool(self.filter)
        self.query_one("#body").focus()

    def clear_filter(self) -> None:
        had, self.filter = self.filter, ""
        if self.bar:
            self.bar.reset()
        if had:
            self.load()

    def words(self) -> list[str]:
        """The filter as words of a verb."""
        return lines.terms(self.filter)

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
            self.dashboard.beat()

        def failed(error: CrmError) -> bool:
            if prompt:
                return prompt.refuse(error)
            self.load()
            return False

        self.dashboard.desk.ask(verb, *args, then=then, failed=failed, **named)

    def _line(self, title: str, submit: Callable[[str, Prompt], None], **more: Any) -> None:
        """Ask for a line; see `Prompt`."""
        from crmcli.tui.screens.windows import Prompt

        self.app.push_screen(Prompt(title, submit, **more))

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
                self.write(verb, [subject.id], text, prompt=prompt, source="tui")

            self._line(f"{title}: {subject}", submit, hint=hint)

    def action_won(self) -> None:
        if subject := self._of("deal", "lead"):
            self.write(deals.won, ENTITIES[subject.kind], [subject.id], source="tui")

    def action_lost(self) -> None:
        if subject := self._of("deal", "lead"):
            self.dashboard.desk.ask(Context.names, "lost_reason", then=lambda known: self._ask_reason(subject, known))

    def _ask_reason(self, subject: Subject, known: Sequence[str]) -> None:
        def submit(text: str, prompt: Prompt) -> None:
            self.write(deals.lost, ENTITIES[subject.kind], [subject.id], text, prompt=prompt, source="tui")

        self._line(f"Lost: {subject}", submit, hint="the reason (↑ ↓ choose, or type a new one)", choices=known)

    def action_convert(self) -> None:
        if subject := self._of("lead"):
            self.write(deals.convert, subject.id, source="tui")
