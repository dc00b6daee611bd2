"""A list of any length drawn line by line: only what is on the screen is turned into text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from crmcli.tui.shape import Pieces, fit
from crmcli.tui.widgets.strips import strip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.strip import Strip


class Row(NamedTuple):
    """One line: `key` tells the record (None: a heading, which the cursor skips), `data` is what `paint` gets."""

    key: Any
    data: Any


class RowsView(Widget, can_focus=True):
    """Lines with a cursor. `paint(data, columns)` gives the pieces of a line that is about to be drawn."""

    class Opened(Message):
        """A line was double-clicked."""

    class NearStart(Message):
        """The cursor is close to the first line that is known."""

    class NearEnd(Message):
        """The cursor is close to the last line that is known."""

    def __init__(self, *, id: str, empty: str = "nothing here", ground: str = "") -> None:
        """`ground` is what the tones of the lines stand on where that is not the place's: "+surface" in a window."""
        super().__init__(id=id)
        self.ground = ground
        #: Whether anything was shown yet: until then nobody knows that there is nothing.
        self.known = False
        self.rows: Sequence[Row] = ()
        self.empty = empty
        self.at = 0
        self.top = 0
        self._paint: Callable[[Any, int], Pieces] = lambda data, _columns: [(str(data), "name")]
        self._title: Callable[[int], Pieces] | None = None

    def show(
        self, rows: Sequence[Row], paint: Callable[[Any, int], Pieces], *, title: Callable[[int], Pieces] | None = None
    ) -> None:
        """Show these lines under an optional title line, the cursor on the record it was on, or near it, and that
        where it was on the screen."""
        self.known = True
        kept, before = self.key, self.at
        self.rows, self._paint, self._title = rows, paint, title
        if kept is not None and not (self.at < len(rows) and rows[self.at].key == kept):
            self.at = next((i for i, row in enumerate(rows) if row.key == kept), self.at)
            self.top += self.at - before
        self._settle()
        self.refresh()

    @property
    def key(self) -> Any:
        """The key of the line under the cursor."""
        return self.rows[self.at].key if self.at < len(self.rows) else None

    def place(self, key: Any) -> None:
        """Put the cursor on a record."""
        self.at = next((i for i, row in enumerate(self.rows) if row.key == key), self.at)
        self._settle()
        self.refresh()

    @property
    def page(self) -> int:
        return max(1, self.size.height - self._head)

    @property
    def _head(self) -> int:
        return 1 if self._title else 0

    def step(self, down: int) -> None:
        """Move the cursor by lines; headings are skipped."""
        if not self.rows:
            return
        before, top = self.at, self.top
        way = 1 if down >= 0 else -1
        self.at = max(0, min(self.at + down, len(self.rows) - 1))
        self._skip(way)
        self._settle()
        if self.top != top:
            self.refresh()
        elif self.at != before:
            self.refresh(*(Region(0, self._head + at - top, self.size.width, 1) for at in (before, self.at)))
        if self.at < 2 * self.page:
            self.post_message(self.NearStart())
        if self.at >= len(self.rows) - 2 * self.page:
            self.post_message(self.NearEnd())

    def _skip(self, way: int) -> None:
        """Leave a heading for the next record that way, else the other way."""
        for direction in (way, -way):
            at = self.at
            while 0 <= at < len(self.rows) and self.rows[at].key is None:
                at += direction
            if 0 <= at < len(self.rows):
                self.at = at
                return

    def _settle(self) -> None:
        self.at = max(0, min(self.at, len(self.rows) - 1))
        if self.rows:
            self._skip(1)
        page = self.page
        self.top = max(0, min(self.top, len(self.rows) - page))
        first = self.at - 1 if self.at and self.rows and self.rows[self.at - 1].key is None else self.at
        self.top = max(min(self.top, first), self.at - page + 1, 0)

    def on_resize(self) -> None:
        self._settle()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        columns = self.size.width
        pieces, under = self._line(y, columns)
        return strip([(text, tone + under) for text, tone in pieces], columns, self.app.theme, "name" + under)

    def _line(self, y: int, columns: int) -> tuple[Pieces, str]:
        """The pieces of a line of the screen, and what their tones stand on."""
        if y < self._head and self._title:
            return [(" ", "columns"), *self._title(columns - 2), (" ", "columns")], self.ground
        at = self.top + y - self._head
        if at >= len(self.rows):
            words = self.empty if self.known else "loading"
            return [(fit(f" {words}" if at == 0 else "", columns), "dim")], self.ground
        row = self.rows[at]
        # A list that cannot take the focus serves a line that is typed beside it: its cursor always shows.
        here = at == self.at and row.key is not None and (self.has_focus or not self.can_focus)
        pieces = [("▌" if here else " ", "name"), *self._paint(row.data, columns - 2), (" ", "name")]
        return pieces, "+here+bold" if here else self.ground

    # --- the mouse ---

    def on_mouse_down(self, event: events.MouseDown) -> None:
        at = self.top + event.y - self._head
        if event.y >= self._head and at < len(self.rows) and self.rows[at].key is not None:
            self.at = at
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and event.y >= self._head and self.top + event.y - self._head < len(self.rows):
            self.post_message(self.Opened())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.step(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.step(-3)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


class Followed(RowsView):
    """Lines of which the one under the cursor is shown elsewhere."""

    class Moved(Message):
        """The cursor is on another line."""

    def step(self, down: int) -> None:
        super().step(down)
        self.post_message(self.Moved())

    def on_mouse_up(self) -> None:
        self.post_message(self.Moved())
