"""The line above (where am I) and the line of keys below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from crmcli.tui import frame
from crmcli.tui.widgets.strips import strip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.strip import Strip

    from crmcli.tui.shape import Pieces


class Bar(Widget):
    """One line of the frame; subclasses say what stands in it."""

    DEFAULT_CSS = "Bar { height: 1; }"
    ground = ""

    def pieces(self, columns: int) -> Pieces:
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - there is only one
        columns = self.size.width
        pieces = [(text, tone + self.ground) for text, tone in self.pieces(columns)]
        return strip(pieces, columns, self.app.theme, "bar" + self.ground)


class TitleBar(Bar):
    """Tabs of which one is chosen, and what is shown at the right."""

    tabs: Sequence[tuple[str, bool]] = ()
    right = filter = trouble = waiting = ""

    def tell(self, tabs: Sequence[tuple[str, bool]], right: str, filter_text: str = "") -> None:
        """`tabs` are (text, chosen)."""
        self.tabs, self.right, self.filter = tabs, right, filter_text
        self.refresh()

    def warn(self, trouble: str) -> None:
        """Why what is shown is not up to date; "" says that it is."""
        if trouble != self.trouble:
            self.trouble = trouble
            self.refresh()

    def wait(self, waiting: str) -> None:
        """What is waited for; "" says that nothing is."""
        if waiting != self.waiting:
            self.waiting = waiting
            self.refresh()

    def pieces(self, columns: int) -> Pieces:
        right = self.waiting or self.right
        return frame.title(self.tabs, right, self.filter, columns, "" if self.waiting else self.trouble)


class KeyBar(Bar):
    """The keys that matter here, from the action table."""

    def __init__(self, where: str) -> None:
        super().__init__(id="keys")
        self.where = where
        self.ground = "+here" if where == "go" else ""

    def pieces(self, columns: int) -> Pieces:
        return frame.keys(self.where, columns)
