"""The pipeline board: one widget draws every lane line by line, so that 100,000 cards cost what ten cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from crmcli.tui.colours import style
from crmcli.tui.lanes import HEAD, Lanes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events

    from crmcli.services.board import Board, Card, Lane
    from crmcli.tui.shape import Look


class BoardView(Widget, can_focus=True):
    """Draws `Lanes` and takes the mouse to them; what a move means is the screen's business."""

    class Opened(Message):
        """A card was double-clicked."""

    class Dropped(Message):
        """A card was dragged to another lane: `card` is its number, `lane` the lane's place."""

        def __init__(self, card: int, lane: int) -> None:
            super().__init__()
            self.card, self.lane = card, lane

    def __init__(self, look: Look, *, id: str) -> None:
        super().__init__(id=id)
        self._lanes = Lanes(look)
        self._drawn: dict[tuple[int, int], list[Segment]] = {}

    # --- what it shows ---

    def show(self, board: Board, look: Look) -> None:
        """Show this board with the cursor on the card it was on, or near it."""
        self._lanes.show(board, look)
        self.redraw()

    def put_back(self, board: Board, look: Look) -> None:
        """Show this board after a move that came to nothing; see `Lanes.put_back`."""
        self._lanes.put_back(board, look)
        self.redraw()

    @property
    def board(self) -> Board | None:
        return self._lanes.board

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return self._lanes.all

    @property
    def lane(self) -> int:
        """The place of the lane that the cursor is in."""
        return self._lanes.lane

    @property
    def card(self) -> Card | None:
        """The card under the cursor."""
        return self._lanes.card

    @property
    def page(self) -> int:
        """How many cards a lane shows."""
        return self._lanes.page

    def step(self, down: int = 0, right: int = 0) -> None:
        """Move the cursor by cards and lanes."""
        lanes = self._lanes
        if not lanes.all:
            return
        lane, at, tops, first = lanes.lane, lanes.at[lanes.lane], list(lanes.top), lanes.first
        lanes.step(down, right)
        if lanes.first != first:
            self.redraw()
        elif (lanes.lane, lanes.at[lanes.lane]) != (lane, at):
            whole = {i for i in (lane, lanes.lane) if lanes.top[i] != tops[i]}
            regions = [self._region(i) for i in whole]
            for i, place in ((lane, at), (lanes.lane, lanes.at[lanes.lane])):
                if i not in whole:
                    regions += self._regions(i, place)
            self.redraw({lane, lanes.lane}, regions)

    def carry(self, to: int, number: int | None = None) -> tuple[Card, Lane] | None:
        """Show a card in another lane at once; see `Lanes.carry`."""
        moved = self._lanes.carry(to, number)
        if moved is not None:
            self.redraw()
        return moved

    # --- drawing ---

    def redraw(self, lanes: set[int] | None = None, regions: Iterable[Region] = ()) -> None:
        """Draw these lanes (None: everything) anew in these regions of the screen."""
        if lanes is None:
            self._drawn.clear()
            self.refresh()
            return
        for key in [key for key in self._drawn if key[0] in lanes]:
            del self._drawn[key]
        self.refresh(*regions)

    def _region(self, lane: int) -> Region:
        for number, x, columns in self._lanes.spans:
            if number == lane:
                return Region(x, 0, columns, self._lanes.lines)
        return Region(0, 0, self._lanes.columns, self._lanes.lines)

    def _regions(self, lane: int, at: int) -> list[Region]:
        """The head of a lane and one of its cards, on the screen."""
        for number, x, columns in self._lanes.spans:
            if number == lane:
                y = HEAD + (at - self._lanes.top[lane]) * self._lanes.tall
                return [Region(x, 0, columns, HEAD), Region(x, y, columns, self._lanes.tall)]
        return []

    def on_resize(self, event: events.Resize) -> None:
        self._lanes.resize(*event.size)
        self.redraw()

    def notify_style_update(self) -> None:
        self._drawn.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        # Textual works the size out anew each time it is asked; a frame would ask thousands of times.
        columns, theme, focus = self._lanes.columns, self.app.theme, self.has_focus
        if not self.lanes:
            return Strip.blank(columns, style("name", theme))
        parts: list[Segment] = []
        for span in self._lanes.spans:
            if span.x:
                parts.append(Segment("│", style("rule", theme)))
            drawn = self._drawn.get((span.lane, y))
            if drawn is None:
                drawn = [Segment(text, style(tone, theme)) for text, tone in self._lanes.part(span, y, focus)]
                self._drawn[span.lane, y] = drawn
            parts += drawn
        return Strip(parts, columns)

    # --- the mouse ---

    def on_mouse_down(self, event: events.MouseDown) -> None:
        lanes = self._lanes
        lane, at = lanes.hit(event.x, event.y)
        if event.button != 1 or lane is None:
            return
        lanes.lane = lane
        if at is not None:
            lanes.at[lane] = at
            lanes.dragged = lanes.all[lane].cards[at][0]
            self.capture_mouse()
        self.redraw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._lanes.dragged is None:
            return
        lane, _ = self._lanes.hit(event.x, event.y)
        target = lane if lane != self._lanes.lane else None
        if target != self._lanes.target:
            self._lanes.target = target
            self.redraw()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        dragged = self._lanes.dragged
        if dragged is None or event.button != 1:
            return
        self._let_go()
        lane, _ = self._lanes.hit(event.x, event.y)
        if lane is not None and lane != self.lane:
            self.post_message(self.Dropped(dragged, lane))

    def on_key(self, event: events.Key) -> None:
        """A card that is dragged stays where it was when any key is pressed; escape does no more than that."""
        if self._lanes.dragged is not None:
            self._let_go()
            if event.key == "escape":
                event.stop()
                event.prevent_default()

    def on_mouse_release(self) -> None:
        """Something else has the mouse now, such as a window; what is told here may be older than a new drag."""
        if self.app.mouse_captured is not self:
            self._let_go()

    def _let_go(self) -> None:
        """End the dragging of a card."""
        if self._lanes.dragged is not None:
            self._lanes.dragged = self._lanes.target = None
            self.release_mouse()
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and self._lanes.hit(event.x, event.y)[1] is not None:
            self.post_message(self.Opened())

    def _scroll(self, event: Any, by: int) -> None:
        lane, _ = self._lanes.hit(event.x, event.y)
        if lane is not None:
            self._lanes.scroll(lane, by)
            event.stop()
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(event, 2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(event, -2)

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()
