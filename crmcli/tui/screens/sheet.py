"""A text as long as it is, over a place: a note of the timeline, a description."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from crmcli.domain.text import visible

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class Sheet(ModalScreen[None]):
    """A title and a text that is wrapped and scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter", "dismiss", ""), ("j,down", "scroll('scroll_down')", ""), ("k,up", "scroll('scroll_up')", ""),
        ("pagedown,space,ctrl+d", "scroll('scroll_page_down')", ""),
        ("pageup,ctrl+u", "scroll('scroll_page_up')", ""),
        ("home,g", "scroll('scroll_home')", ""), ("end,G", "scroll('scroll_end')", ""),
    ]  # fmt: skip

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.head, self.text = title, text

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield Static(Content(visible(self.head)), id="sheet-title")
            with VerticalScroll(id="sheet-text"):
                yield Static(Content(visible(self.text, multiline=True)))

    def action_scroll(self, way: str) -> None:
        getattr(self.query_one("#sheet-text"), way)(animate=False)
