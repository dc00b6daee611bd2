"""What can be done with the records on a screen: each change is meant for what was on it when the key was pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.screen import Screen

from crmcli.domain import pipeline
from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import clip, visible
from crmcli.errors import ConflictError, CrmError
from crmcli.services import deals, records, tasks, timeline
from crmcli.services.pulse import Pulse, Shown, as_shown
from crmcli.tui import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Changed
    from crmcli.tui.app import Dashboard
    from crmcli.tui.screens.windows import Prompt


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


def linked(row: Mapping[str, Any]) -> Subject | None:
    """The record that a task is about."""
    for name in ("opportunity", "contact", "company"):
        if row.get(f"{name}_id"):
            kind = row.get("opportunity_kind") if name == "opportunity" else name
            return Subject(str(kind), row[f"{name}_id"], row.get(name) or "")
    return None


def reasons(ctx: Context, kind: Entity, number: int) -> list[str]:
    """The known reasons for losing. Raises RefusedError for a record that cannot be lost."""
    pipeline.lose({**records.get(ctx, kind, number), "kind": kind.name, "id": number}, None, "")
    return ctx.names("lost_reason")


def added(ctx: Context, kind: Entity, assigned: Mapping[str, str], *, source: str) -> Changed:
    """A new record, and in words what it may be the same as. Raises what `records.add` raises."""
    from crmcli.services import adding

    done, alike = adding.added(ctx, kind, assigned, source=source)
    return done._replace(lines=(*done.lines, *alike))


class Acting(Screen[None]):
    """A screen on which records are changed and added. Subclasses say which record is meant."""

    #: The kind of record that quick add makes.
    adds: ClassVar[str] = "lead"

    def __init__(self) -> None:
        super().__init__()
        #: How the book stood when what is on the screen was read: what is done to that is meant for this book.
        self.shown: Pulse | None = None

    @property
    def dashboard(self) -> Dashboard:
        from crmcli.tui.app import Dashboard

        assert isinstance(self.app, Dashboard)
        return self.app

    # --- what subclasses say ---

    def load(self) -> None:
        """Ask for the rows anew."""
        raise NotImplementedError

    def subject(self) -> Subject | None:
        """The record under the cursor."""
        raise NotImplementedError

    def about(self) -> Subject | None:
        """The record that the task under the cursor is about: calls and notes belong there."""
        return None

    def given(self) -> dict[str, str]:
        """Fields that a record added here has unless something else is typed."""
        return {}

    def put_back(self) -> None:
        """Show again what the book has said last: a change that was shown at once was refused."""

    # --- writing ---

    def write(
        self,
        verb: Callable[..., Changed],
        *args: Any,
        about: Subject | None = None,
        prompt: Prompt | None = None,
        quiet: bool = False,
        also: str = "",
        ended: Callable[[], None] | None = None,
        **named: Any,
    ) -> None:
        """Run a verb that changes the book; say what it did (unless `quiet`) and what `also` followed, and show
        the book as it is then. `ended` is called last, whatever came of it.

        It is meant for the book that was on the screen when the key was pressed, and refused in any other. `about` is
        the record that must not have been changed by anybody else since; where a prompt has said that it was, what is
        on the screen by then counts.
        """

        def then(changed: Changed) -> None:
            if prompt:
                prompt.close()
            if not quiet:
                self.dashboard.toast("\n".join([*changed.lines, also]))
            self.dashboard.beat(asked=prompt is not None)

        def failed(error: CrmError) -> bool:
            if prompt:
                prompt.told = prompt.told or isinstance(error, ConflictError)
                self.dashboard.beat()
                return prompt.refuse(error)
            self.put_back()
            self.load()
            return False

        ended = prompt.ended if prompt else ended
        desk, shown = self.dashboard.desk, self._shown(about, prompt)
        job = desk.ask(as_shown, shown, desk.own, verb, *args, then=then, failed=failed, ended=ended, **named)
        if prompt:
            prompt.wait(job)

    def _shown(self, about: Subject | None, prompt: Prompt | None) -> Shown | None:
        """What a change is meant for; see `write`."""
        book = prompt.shown if prompt else self.shown
        if book is None:
            return None
        if about is None:
            return Shown(book)
        since = max(book.seq, self.shown.seq) if prompt and prompt.told and self.shown else book.seq
        return Shown(book, about.kind, about.id, since)

    def _line(self, title: str, submit: Callable[[str, Prompt], None], **more: Any) -> Prompt:
        """Ask for a line; see `Prompt`."""
        from crmcli.tui.screens.windows import Prompt

        prompt = Prompt(title, submit, **more)
        prompt.shown = self.shown
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
            if prompt.told:  # it is about no record of the book that was shown
                prompt.shown = self.shown
            self.write(added, kind, lines.new(text, given, kind.name), prompt=prompt, source="tui")

        self._line(f"New {self.adds}", submit, hint=lines.ADDED[self.adds])

    def action_edit(self) -> None:
        if subject := self.subject():
            self.edit(subject, "")

    def edit(self, subject: Subject, value: str, seen: Mapping[str, str] | None = None) -> None:
        """Ask for FIELD=VALUE words. `value` stands there already; `seen` is what it was made of (`records.edit`)."""

        def submit(text: str, prompt: Prompt) -> None:
            if value and text == value:
                prompt.close()
                return
            edited = ENTITIES[subject.kind], [subject.id], lines.change(text, subject.kind)
            about = None if seen else subject  # what was seen of a field is compared with it
            self.write(records.edit, *edited, seen=seen, about=about, prompt=prompt, source="tui")

        self._line(f"Change {subject}", submit, value=value, hint=lines.CHANGED[subject.kind])

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
            self.write(records.add, ENTITIES["task"], lines.new(text, on, "task"), prompt=prompt, source="tui")

        self._line(f"Task for {subject}", submit, hint=lines.TASKED)

    def action_done(self) -> None:
        self._task_line("Done", tasks.done, "what came of it (may stay empty)")

    def action_snooze(self) -> None:
        self._task_line("Put off", tasks.snooze, "tomorrow, mon, +3d, fri 14:30")

    def _task_line(self, title: str, verb: Callable[..., Changed], hint: str) -> None:
        if subject := self._of("task"):

            def submit(text: str, prompt: Prompt) -> None:
                self.write(verb, [subject.id], lines.broken(text), about=subject, prompt=prompt, source="tui")

            self._line(f"{title}: {subject}", submit, hint=hint)

    def action_won(self) -> None:
        if subject := self._of("deal", "lead"):
            self.write(deals.won, ENTITIES[subject.kind], [subject.id], about=subject, source="tui")

    def action_lost(self) -> None:
        if subject := self._of("deal", "lead"):
            self._ask_reason(subject)

    def _ask_reason(self, subject: Subject) -> None:
        """Ask at once, so that what is typed next goes there; the known reasons, or why it cannot be lost, follow."""
        kind = ENTITIES[subject.kind]

        def submit(text: str, prompt: Prompt) -> None:
            why = lines.joined(text)
            self.write(deals.lost, kind, [subject.id], why, about=subject, prompt=prompt, source="tui")

        prompt = self._line(f"Lost: {subject}", submit, hint="the reason (↑ ↓ choose, or type a new one)", choices=None)

        def failed(error: CrmError) -> bool:
            said = prompt.refuse(error)
            prompt.offer(())
            return said

        self.dashboard.desk.ask(reasons, kind, subject.id, then=prompt.offer, failed=failed, group="reasons")

    def action_convert(self) -> None:
        if subject := self._of("lead"):
            self.write(deals.convert, subject.id, about=subject, source="tui")
