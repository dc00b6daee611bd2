"""The filter under the rows: a line to type, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from crmcli.domain.text import visible, width
from crmcli.errors import CrmError, FilterError
from crmcli.tui.widgets.line import Line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class FilterBar(Vertical):
    """A filter text, and under it what is wrong with it."""

    class Changed(Message):
        """The text is another one now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The user is done with it; `clear` says that the filter goes too."""

        def __init__(self, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "clear", "Clear the filter"),
        ("down", "leave", "Back to the rows"),
    ]

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter-line"):
            yield Static("/", id="filter-mark", markup=False)
            hint = "acme  stage:new  value:10k..  due:..today  not owner:me"
            yield Line(id="filter-text", placeholder=hint, compact=True, between=" ")
        yield Static("", id="filter-error", markup=False)

    def open(self) -> None:
        """Show it and have the next key typed into it."""
        self.display = True
        self.screen.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Closed(clear=False))

    def action_clear(self) -> None:
        self.post_message(self.Closed(clear=True))

    def action_leave(self) -> None:
        self.post_message(self.Closed(clear=False))

    def reset(self) -> None:
        """Empty and out of sight, without a message."""
        with self.prevent(Input.Changed):
            self.query_one(Input).value = ""
        self.trouble(None)
        self.display = False

    def trouble(self, error: CrmError | None, instead: str = "") -> None:
        """Show what is wrong, with a caret under the place, and what is shown `instead`; None clears it."""
        line = self.query_one("#filter-error", Static)
        if error is None:
            line.update("")
        else:
            line.update(Content(f"{explain(error, self.query_one(Input).value)} ({visible(instead)})"))
        line.display = error is not None


def explain(error: CrmError, typed: str) -> str:
    """A caret under the mistake where it can be placed, the message and the hint."""
    tail = visible(f"{error.message}; {error.hint}" if error.hint else error.message)
    if not isinstance(error, FilterError) or error.text != typed.rstrip():
        return f"  {tail}"
    return " " * (2 + width(visible(typed[: error.column]))) + f"^ {tail}"
