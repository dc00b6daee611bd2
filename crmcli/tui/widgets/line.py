"""A line to type that keeps every line of what is pasted into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from crmcli.tui.lines import BREAK

if TYPE_CHECKING:
    from textual import events


class Line(Input):
    """Lines that are pasted stand in it with `between` between them."""

    def __init__(self, *args: Any, between: str = BREAK, **named: Any) -> None:
        super().__init__(*args, **named)
        self.between = between

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()  # Textual's keeps the first line only
        lines = [line.rstrip() for line in event.text.strip("\r\n").splitlines()]
        self.replace(self.between.join(lines), *sorted(self.selection))
