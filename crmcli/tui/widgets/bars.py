"""The line above (where am I), the filter under the rows, and the line of keys below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from crmcli.domain.text import visible, width
from crmcli.errors import CrmError, FilterError
from crmcli.tui.actions import ACTIONS, Action

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class TitleBar(Static):
    """One line: tabs of which one is chosen, and what is shown at the right."""

    def tell(self, tabs: list[tuple[str, bool]], right: str, filter_text: str = "") -> None:
        """`tabs` are (text, chosen)."""
        parts: list[tuple[str, str]] = [(" crm ", "bold $title-mark"), (" ", "")]
        for text, chosen in tabs:
            parts.append((f" {visible(text)} ", "bold $title-here" if chosen else "$title-dim"))
        if filter_text:
            parts.append((f"  /{visible(filter_text)}", "$title-filter"))
        room = self.size.width or self.app.size.width
        gap = room - sum(width(text) for text, _ in parts) - width(right) - 1
        if gap > 0:
            parts.append((" " * gap + visible(right), "$title-dim"))
        self.update(Content.assemble(*parts))


class KeyBar(Static):
    """The keys that matter here, from the action table."""

    def __init__(self, where: str) -> None:
        super().__init__(id="keys")
        self.where = where

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        parts: list[tuple[str, str]] = []
        room = self.app.size.width
        here = {self.where} if self.where == "go" else {self.where, "any"}
        shown = [action for action in ACTIONS if action.label and here & set(action.where)]
        # The table's order is the order of need; the way to all the others never falls off the end.
        for action in sorted(shown, key=lambda action: action.name != "help"):
            key, label = key_and_label(action)
            if room < width(key) + width(label) + 3:
                continue
            room -= width(key) + width(label) + 3
            parts += [(f" {key}", "bold $key-mark"), (f" {label} ", "$key-dim")]
        self.update(Content.assemble(*parts))


def key_and_label(action: Action) -> tuple[str, str]:
    """The first key and the word of an action; a label may bring its own keys ("H/L move")."""
    key, space, rest = action.label.partition(" ")
    return (key, rest) if space else (action.shown.split(" ", 1)[0], action.label)


class FilterBar(Vertical):
    """A filter text, and under it what is wrong with it; the rows above stay as they were."""

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
            yield Input(
                id="filter-text", placeholder="acme  stage:new  value:10k..  due:..today  not owner:me", compact=True
            )
        yield Static("", id="filter-error", markup=False)

    def open(self) -> None:
        """Show it and have the next key typed into it, however fast that comes."""
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

    def trouble(self, error: CrmError | None) -> None:
        """Show what is wrong, with a caret under the place; None clears it."""
        line = self.query_one("#filter-error", Static)
        if error is None:
            line.update("")
        else:
            line.update(Content(explain(error, self.query_one(Input).value)))
        line.display = error is not None


def explain(error: CrmError, typed: str) -> str:
    """A caret under the mistake where it can be placed, the message and the hint."""
    tail = visible(f"{error.message}; {error.hint}" if error.hint else error.message)
    if not isinstance(error, FilterError) or error.text != typed.rstrip():
        return f"  {tail}"
    return " " * (2 + width(visible(typed[: error.column]))) + f"^ {tail}"
