"""The small windows over a place: a line to type, the keys after g, help, and the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from crmcli.domain.text import fold, visible
from crmcli.errors import CrmError
from crmcli.tui.actions import ACTIONS, PLACES, Action, actions_for, bindings_for
from crmcli.tui.shape import Pieces, fit
from crmcli.tui.widgets.bars import KeyBar
from crmcli.tui.widgets.line import Line
from crmcli.tui.widgets.rows import Row, RowsView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crmcli.results import Rows
    from crmcli.services.pulse import Pulse
    from crmcli.tui.app import Dashboard
    from crmcli.tui.work import Job


class Typed(ModalScreen[Any]):
    """A window with a line to type; keys and pastes that come before the line is there are kept for it."""

    def __init__(self) -> None:
        super().__init__()
        self.early: list[events.Key | events.Paste] = []

    def on_key(self, event: events.Key) -> None:
        self._keep(event)

    def on_paste(self, event: events.Paste) -> None:
        self._keep(event)

    def _keep(self, event: events.Key | events.Paste) -> None:
        if self.focused is None:
            event.stop()
            self.early.append(event)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        self.set_focus(line)
        for event in self.early:
            line.post_message(event)


class Prompt(Typed):
    """One line to type. It stays open, with the reason, until the book has taken what was typed.

    `submit(text, prompt)` asks the book, or raises a CrmError; `wait` has the job that saves it, `close` and `refuse`
    are the book's answers. `choices` can be picked with the arrow keys (None: they are on their way, see `offer`);
    `value` stands there from the start.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "close", "Away"),
        ("down", "pick(1)", ""),
        ("up", "pick(-1)", ""),
    ]

    def __init__(
        self,
        title: str,
        submit: Callable[[str, Prompt], None],
        *,
        value: str = "",
        hint: str = "",
        choices: Sequence[str] | None = (),
    ) -> None:
        super().__init__()
        self.title_text, self.submit, self.value, self.hint = title, submit, value, hint
        self.choices = None if choices is None else tuple(choices)
        self.job: Job | None = None
        #: How the book stood when what it was opened on was read, and whether it has said that this was changed since.
        self.shown: Pulse | None = None
        self.told = False
        self._there = False
        self._said = ""
        #: What was done before the choices came: steps down (1) and up (-1), and enter.
        self._picks: list[int] = []
        self._entered = False

    @property
    def saving(self) -> bool:
        """Whether what was typed is on its way; what is typed now is for whatever comes after it."""
        return self.job is not None or self._entered

    def compose(self) -> ComposeResult:
        with Vertical(id="prompt"):
            yield Static(Content(visible(self.title_text)), id="prompt-title")
            if self.choices != ():
                view = RowsView(id="prompt-choices", ground="+surface")
                view.can_focus = False
                view.display = False
                yield view
            yield Line(self.value, id="prompt-text", placeholder=self.hint, select_on_focus=False, compact=True)
            yield Static("", id="prompt-error", markup=False)

    def on_mount(self) -> None:
        self._there = True
        if self.choices:
            self._lay_out()
        if self._said:
            self._say(self._said)

    # --- choices ---

    def offer(self, choices: Sequence[str]) -> None:
        """The choices are here; what was done with them before is done now."""
        self.choices = tuple(choices)
        if self._there and self.is_attached:
            self._lay_out()

    def _lay_out(self) -> None:
        picks, self._picks = self._picks, []
        entered, self._entered = self._entered, False
        if self.choices:
            view = self.query_one(RowsView)
            view.styles.height = min(len(self.choices), 8)
            view.display = True
            self._narrow(self.query_one(Input).value)
            for way in picks:
                self.action_pick(way)
        if entered:
            self._submit()

    def _narrow(self, typed: str) -> None:
        needle = fold(typed)
        fits = [c for c in self.choices or () if needle in fold(c)]
        self.query_one(RowsView).show([Row(c, c) for c in fits], lambda text, columns: [(fit(text, columns), "name")])

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.choices and event.value not in self.choices:
            self._narrow(event.value)

    def action_pick(self, way: int) -> None:
        if self.choices is None:
            self._picks.append(way)
        if not self.choices:
            return
        view, line = self.query_one(RowsView), self.query_one(Input)
        if line.value in self.choices:
            view.step(way)
        if view.key is not None:
            line.value = view.key
            line.cursor_position = len(line.value)

    # --- what was typed, and what became of it ---

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._picks:
            self._entered = True
        elif not self.saving:
            self._submit()

    def _submit(self) -> None:
        try:
            self.submit(self.query_one(Input).value.strip(), self)
        except CrmError as error:
            self.refuse(error)

    def wait(self, job: Job) -> None:
        """What was typed is being saved: it cannot be sent twice."""
        self.job = job
        self._say("")
        self.query_one("#prompt-title", Static).update(Content(visible(f"saving ... {self.title_text}")))

    def ended(self) -> None:
        """Whatever became of it: it is not being saved any more."""
        self.job = None
        if self._there and self.is_attached:
            self.query_one("#prompt-title", Static).update(Content(visible(self.title_text)))

    def refuse(self, error: CrmError) -> bool:
        """Show why it was not taken."""
        self._picks, self._entered = [], False
        if self._there and not self.is_attached:
            return False
        self._say(str(error))
        return True

    def _say(self, text: str) -> None:
        self._said = text
        if self._there:
            line = self.query_one("#prompt-error", Static)
            line.update(Content(visible(text, multiline=True)))
            line.display = bool(text)

    def action_close(self) -> None:
        if self.job is None:
            self.close()
            return
        desk: Dashboard = self.app  # type: ignore[assignment]
        if desk.desk.withdraw(self.job):
            self.close()
            desk.toast("nothing was saved")
        else:
            self._say("it is being saved and cannot be taken back now; u undoes it afterwards")

    def close(self) -> None:
        if self.is_current:
            self.dismiss()


class Question(ModalScreen[bool]):
    """Something to be sure about: y says yes; escape and n say no, and other keys nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [("y", "answer(True)", ""), ("n,escape,q", "answer(False)", "")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def on_mount(self) -> None:
        self.app.clear_notifications()  # they would lie on what is asked

    def compose(self) -> ComposeResult:
        with Vertical(id="prompt"):
            yield Static(Content(visible(self.text)), id="prompt-title")
            yield Static("y yes   n no", markup=False)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


class Go(ModalScreen[str]):
    """The second key after g."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("go"), ("escape", "away", "")]

    def compose(self) -> ComposeResult:
        yield KeyBar("go")

    def on_key(self, event: events.Key) -> None:
        action = next((a for a in actions_for("go") if a.keys == event.key), None)
        event.stop()
        event.prevent_default()
        self.dismiss(action.call(event.key) if action else "")

    def action_away(self) -> None:
        self.dismiss("")


class Help(ModalScreen[None]):
    """Every key, the present place first; made from the action table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,question_mark,enter", "dismiss", ""), ("j,down", "step(1)", ""), ("k,up", "step(-1)", ""),
        ("pagedown,space,ctrl+d", "step(15)", ""), ("pageup,ctrl+u", "step(-15)", ""),
        ("home,g", "step(-1000)", ""), ("end,G", "step(1000)", ""),
    ]  # fmt: skip

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Static("Keys", id="help-title", markup=False)
            yield RowsView(id="help-rows", ground="+surface")

    def on_mount(self) -> None:
        rows = []
        for place in (self.where, "any", "go"):
            rows.append(Row(None, PLACES[place]))
            rows += [Row((place, action.name), action) for action in actions_for(place)]
        self.query_one(RowsView).show(rows, self._paint)

    def _paint(self, data: Action | str, columns: int) -> Pieces:
        if isinstance(data, str):
            return [(fit(data, columns), "heading")]
        keys = "1-9" if data.keys.startswith("1,") else data.shown
        return [(fit(keys, 14), "good"), (fit(data.help, columns - 14), "name")]

    def action_step(self, down: int) -> None:
        self.query_one(RowsView).step(down)


class Palette(Typed):
    """Every action of this place, and every record in the book, by a part of its name.

    Its result is an `Action`, or a record as (kind, number), or None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "away", ""), ("down", "step(1)", ""), ("up", "step(-1)", ""),
        ("pagedown", "step(8)", ""), ("pageup", "step(-8)", ""),
    ]  # fmt: skip

    def __init__(self, where: str) -> None:
        super().__init__()
        self.known = [a for a in ACTIONS if {where, "any", "go"} & set(a.where) and "palette" not in a.name]
        self.actions: list[Row] = []
        self.records: list[Row] = []
        #: Whether records are being looked for, and whether enter was pressed meanwhile.
        self._looking = self._entered = False

    @property
    def saving(self) -> bool:
        """Whether a choice was made that waits for what is being looked for."""
        return self._entered

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            hint = "an action, or words or the number of a record"
            yield Line(id="palette-text", placeholder=hint, compact=True, between=" ")
            view = RowsView(id="palette-rows", empty="nothing fits", ground="+surface")
            view.can_focus = False
            yield view

    def on_mount(self) -> None:
        self._offer("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._entered = False
        self._offer(event.value)

    def _offer(self, typed: str) -> None:
        words = fold(typed).split()
        fits = [a for a in self.known if all(word in fold(f"{a.label} {a.help} {a.name}") for word in words)]
        self.actions = [Row((action.name, action.of), action) for action in fits]
        app: Dashboard = self.app  # type: ignore[assignment]
        if any(c.isalnum() for c in typed):
            from crmcli.services import finding

            self._looking = True
            app.desk.ask(
                finding.find, typed, group="palette", then=self._found, failed=lambda _error: True, ended=self._ended
            )
        else:
            app.desk.drop("palette")
            self.records = []
            self._looking = False
        self._show()

    def _ended(self) -> None:
        """The search has ended, somehow; what was entered meanwhile is chosen now."""
        self._looking = False
        if self._entered and self.is_attached:
            self._entered = False
            self._choose()

    def _found(self, rows: Rows) -> None:
        if self.is_attached:
            self.records = [Row(row["ref"], row) for row in rows.rows if row["kind"] != "interaction"]
            self._show()

    def _show(self) -> None:
        view = self.query_one(RowsView)
        typed = self.query_one(Input).value
        # Somebody who types words wants a record, unless they are those of an action; somebody who has typed nothing
        # wants to see what can be done.
        called = [row for row in self.actions if row.data.called(typed)] if len(typed) > 2 else self.actions
        others = [row for row in self.actions if row not in called]
        view.show([*called, *self.records, *others], self._paint)
        view.at = view.top = 0
        view.refresh()

    def _paint(self, data: Any, columns: int) -> Pieces:
        if isinstance(data, Action):
            keys = ("g " if "go" in data.where else "") + ("1-9" if data.keys.startswith("1,") else data.shown)
            return [(fit(data.help, columns - 10), "name"), (fit(keys, 10, "right"), "good")]
        left = max(20, columns // 2)
        return [
            (fit(data["name"], left - 1) + " ", "name"),
            (fit(data["about"], columns - left - 14), "dim"),
            (fit(data["ref"], 14, "right"), "good"),
        ]

    def action_step(self, down: int) -> None:
        self.query_one(RowsView).step(down)

    def action_away(self) -> None:
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._entered = self._looking
        if not self._looking:
            self._choose()

    def _choose(self) -> None:
        view = self.query_one(RowsView)
        if not view.rows:
            return
        data = view.rows[view.at].data
        if isinstance(data, Action):
            self.dismiss(data)
        else:
            kind, _, number = data["ref"].partition(":")
            self.dismiss((kind, int(number)))
