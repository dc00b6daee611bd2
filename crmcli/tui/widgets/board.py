"""The pipeline board: one widget draws every lane line by line, so that 100,000 cards cost what ten cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from crmcli.domain.text import visible, width
from crmcli.services.board import Card, sums
from crmcli.tui.shape import due, fit, short, worth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.style import Style
    from textual import events

    from crmcli.services.board import Board, Lane
    from crmcli.tui.shape import Look

#: Lanes narrower than this are left out and reached by moving on.
NARROWEST = 18
HEAD = 3


class BoardView(Widget, can_focus=True):
    """Lanes of two-line cards. It holds the cursor and draws; what a move means is the screen's business."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "board--lane", "board--lane-here", "board--rule", "board--name", "board--dim", "board--warn", "board--bad",
        "board--good", "board--here", "board--here-dim", "board--drop",
    }  # fmt: skip

    class Opened(Message):
        """A card was double-clicked."""

    class Dropped(Message):
        """A card was dragged to another lane: `card` is its number, `lane` the lane's place."""

        def __init__(self, card: int, lane: int) -> None:
            super().__init__()
            self.card, self.lane = card, lane

    def __init__(self, look: Look, *, id: str) -> None:
        super().__init__(id=id)
        self.look = look
        self.board: Board | None = None
        self.lane = 0
        self._at: list[int] = []
        self._top: list[int] = []
        self._first = 0
        self._dragged: int | None = None
        self._target: int | None = None
        # Textual works the size out anew each time it is asked; a frame would ask thousands of times.
        self._columns = self._lines = 0
        self._where: list[tuple[int, int, int]] = []
        self._drawn: dict[tuple[int, int], list[Segment]] = {}

    # --- what it shows ---

    def show(self, board: Board, look: Look) -> None:
        """Show this board with the cursor on the card it was on, or near it."""
        kept = self.card.id if self.card else None
        same = self.board is not None and self.board.id == board.id
        old = (
            {lane.id: (self._at[i], self._top[i]) for i, lane in enumerate(self.board.lanes)}
            if same and self.board
            else {}
        )
        here = self.board.lanes[self.lane].id if same and self.board and self.board.lanes else None
        self.board, self.look = board, look
        self._at = [old.get(lane.id, (0, 0))[0] for lane in board.lanes]
        self._top = [old.get(lane.id, (0, 0))[1] for lane in board.lanes]
        self.lane = next((i for i, lane in enumerate(board.lanes) if lane.id == here), 0)
        if kept is not None and same:
            self._follow(kept)
        for i, lane in enumerate(board.lanes):
            self._at[i] = max(0, min(self._at[i], len(lane.cards) - 1))
        if not same and board.lanes and not board.lanes[self.lane].cards:
            self.lane = next((i for i, lane in enumerate(board.lanes) if lane.cards), 0)
        self._settle()
        self.redraw()

    def _follow(self, number: int) -> bool:
        """Put the cursor on a card wherever it is now."""
        assert self.board is not None
        order = sorted(range(len(self.board.lanes)), key=lambda i: i != self.lane)
        for i in order:
            for at, card in enumerate(self.board.lanes[i].cards):
                if card[0] == number:
                    self.lane, self._at[i] = i, at
                    return True
        return False

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return self.board.lanes if self.board else ()

    @property
    def card(self) -> Card | None:
        """The card under the cursor."""
        if not self.lanes or not self.lanes[self.lane].cards:
            return None
        return Card._make(self.lanes[self.lane].cards[self._at[self.lane]])

    # --- moving ---

    def step(self, down: int = 0, right: int = 0) -> None:
        """Move the cursor by cards and lanes."""
        if not self.lanes:
            return
        lane, at, tops, first = self.lane, self._at[self.lane], list(self._top), self._first
        self.lane = max(0, min(self.lane + right, len(self.lanes) - 1))
        last = len(self.lanes[self.lane].cards) - 1
        if right:
            # Stay at the same height on the screen rather than at the same number in the lane.
            self._at[self.lane] = max(0, min(self._top[self.lane] + at - tops[lane], last))
        self._at[self.lane] = max(0, min(self._at[self.lane] + down, last))
        self._settle()
        if self._first != first:
            self.redraw()
        elif (self.lane, self._at[self.lane]) != (lane, at):
            whole = {i for i in (lane, self.lane) if self._top[i] != tops[i]}
            regions = [self._region(i) for i in whole]
            for i, place in ((lane, at), (self.lane, self._at[self.lane])):
                if i not in whole:
                    regions += self._regions(i, place)
            self.redraw({lane, self.lane}, regions)

    def redraw(self, lanes: set[int] | None = None, regions: Iterable[Region] = ()) -> None:
        """Draw these lanes (None: everything) anew in these regions of the screen."""
        if lanes is None:
            self._drawn.clear()
            self.refresh()
            return
        for key in [key for key in self._drawn if key[0] in lanes]:
            del self._drawn[key]
        self.refresh(*regions)

    @property
    def page(self) -> int:
        """How many cards a lane shows."""
        return max(1, (self._lines - HEAD + self._gap) // (2 + self._gap))

    @property
    def _gap(self) -> int:
        return 1 if self._lines >= 30 else 0

    def _settle(self) -> None:
        """Bring the cursor into sight."""
        if not self.lanes or not self._columns:
            return
        page = self.page
        for i, lane in enumerate(self.lanes):
            top = min(self._top[i], max(0, len(lane.cards) - page))
            if i == self.lane:
                top = max(min(top, self._at[i]), self._at[i] - page + 1)
            self._top[i] = max(0, top)
        shown = self._shown()
        self._first = max(0, min(self._first, self.lane, len(self.lanes) - shown))
        self._first = max(self._first, self.lane - shown + 1)
        self._where = self._spans()

    def _region(self, lane: int) -> Region:
        x, columns = next(((x, columns) for number, x, columns in self._where if number == lane), (0, self._columns))
        return Region(x, 0, columns, self._lines)

    def _regions(self, lane: int, at: int) -> list[Region]:
        """The head of a lane and one of its cards, on the screen."""
        for number, x, columns in self._where:
            if number == lane:
                y = HEAD + (at - self._top[lane]) * (2 + self._gap)
                return [Region(x, 0, columns, HEAD), Region(x, y, columns, 2)]
        return []

    def carry(self, to: int, number: int | None = None) -> tuple[Card, Lane] | None:
        """Put a card (None: the one under the cursor) into another lane at once, before the book knows; the card and
        its new lane, or None when it cannot go there."""
        if self.board is None or not 0 <= to < len(self.lanes):
            return None
        if number is not None and not self._follow(number):
            return None
        card, source = self.card, self.lane
        if card is None or to == source:
            return None
        lanes = list(self.lanes)
        moved = card._replace(stage_id=lanes[to].id)
        rest = [c for c in lanes[source].cards if c[0] != card.id]
        joined = [*lanes[to].cards, tuple(moved)]
        lanes[source] = lanes[source]._replace(cards=rest, sums=sums(rest))
        lanes[to] = lanes[to]._replace(cards=joined, sums=sums(joined))
        self.board = self.board._replace(lanes=tuple(lanes))
        self._at[source] = max(0, min(self._at[source], len(rest) - 1))
        self.lane, self._at[to] = to, len(joined) - 1
        self._settle()
        self.redraw()
        return moved, lanes[to]

    # --- drawing ---

    def _shown(self) -> int:
        return max(1, min(len(self.lanes), (self._columns + 1) // (NARROWEST + 1)))

    def _spans(self) -> list[tuple[int, int, int]]:
        """(lane, x, columns) of the lanes on the screen."""
        shown = self._shown()
        room = self._columns - (shown - 1)
        narrow, extra = divmod(room, shown)
        spans, x = [], 0
        for i in range(min(shown, len(self.lanes) - self._first)):
            columns = narrow + (1 if i < extra else 0)
            spans.append((self._first + i, x, columns))
            x += columns + 1
        return spans

    def on_resize(self, event: events.Resize) -> None:
        self._columns, self._lines = event.size
        self._settle()
        self.redraw()

    def notify_style_update(self) -> None:
        self._drawn.clear()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"board--{name}")

    def render_line(self, y: int) -> Strip:
        if not self.lanes:
            return Strip.blank(self._columns, self.rich_style)
        parts: list[Segment] = []
        for number, x, columns in self._where:
            if x:
                parts.append(Segment("│", self._style("rule")))
            drawn = self._drawn.get((number, y))
            if drawn is None:
                drawn = self._head(number, columns, y) if y < HEAD else self._card_line(number, columns, y - HEAD)
                self._drawn[number, y] = drawn
            parts += drawn
        return Strip(parts, self._columns)

    def _head(self, number: int, columns: int, y: int) -> list[Segment]:
        lane = self.lanes[number]
        here = number == self.lane and self.has_focus
        if y == 0:
            count = f"{len(lane.cards):,}"
            before = "‹ " if number == self._first and self._first else " "
            after = " ›" if number == self._first + self._shown() - 1 and number + 1 < len(self.lanes) else " "
            if self._target == number:
                return [Segment(fit(f" → {lane.name}", columns), self._style("drop"))]
            name = fit(before + visible(lane.name), max(1, columns - len(count) - len(after) - 1))
            style = self._style("lane-here" if here else "lane")
            return [Segment(name, style), Segment(f" {count}{after}", self._style("dim"))]
        if y == 1:
            return self._sum_line(lane, columns)
        above, below = self._top[number], len(lane.cards) - self._top[number] - self.page
        hints = " ".join(part for part in (f"↑{above}" if above > 0 else "", f"↓{below}" if below > 0 else "") if part)
        rule = "━" if here else "─"
        mark = self._style("lane-here" if here else "rule")
        tail = f" {hints} " if hints and len(hints) + 4 < columns else ""
        return [Segment(rule * (columns - len(tail)), mark), Segment(tail, self._style("dim"))]

    def _sum_line(self, lane: Lane, columns: int) -> list[Segment]:
        if not lane.sums:
            return [Segment(" " * columns, self._style("dim"))]
        first = lane.sums[0]
        more = f" +{len(lane.sums) - 1}" if len(lane.sums) > 1 else ""
        total = f" {short(first.value, first.currency)} {visible(first.currency)}{more}"
        weighted = "" if lane.won else f"~{short(first.weighted, first.currency)} "
        gap = columns - width(total) - width(weighted)
        if gap < 1:
            total, weighted, gap = fit(total, columns), "", 0
        return [Segment(total + " " * gap, self._style("name")), Segment(weighted, self._style("dim"))]

    def _card_line(self, number: int, columns: int, y: int) -> list[Segment]:
        lane = self.lanes[number]
        place, line = divmod(y, 2 + self._gap)
        at = self._top[number] + place
        if line > 1 or at >= len(lane.cards) or place >= self.page:
            if at == 0 and line == 0 and not lane.cards:
                return [Segment(fit(" nothing here", columns), self._style("dim"))]
            return [Segment(" " * columns, self._style("name"))]
        card = Card._make(lane.cards[at])
        here = number == self.lane and at == self._at[number] and self.has_focus
        mark = "▌" if here else " "
        if line == 0:
            pieces = [(fit(card.name, columns - 2), "name")]
        else:
            pieces = self._about(card, columns - 2)
        if here:
            back = self._style("here" if line == 0 else "here-dim")
            parts = [
                Segment(text, back if tone in ("name", "dim") else back + self._fore(tone)) for text, tone in pieces
            ]
            return [Segment(mark, back), *parts, Segment(" ", back)]
        over = "drop" if self._dragged == card.id else ""
        return [
            Segment(mark, self._style(over or "name")),
            *(Segment(text, self._style(over or tone)) for text, tone in pieces),
            Segment(" ", self._style(over or "name")),
        ]

    def _about(self, card: Card, columns: int) -> list[tuple[str, str]]:
        """The second line of a card: the company as far as there is room, what it is worth, the next task."""
        value = worth(card.value, card.currency, self.look)
        if card.status == "open":
            task, tone = due(None if card.next_due is None else str(card.next_due), card.open_tasks, self.look)
        else:
            task, tone = card.status, "good" if card.status == "won" else "bad"
        room = columns - width(value) - width(task) - (1 if value else 0)
        if room < 0:
            value, room = "", columns - width(task)
        company = fit(card.company or "", room - 1) + " " if room > 4 else " " * max(room, 0)
        return [(company, "dim"), (value + (" " if value else ""), "name"), (task, tone)]

    def _fore(self, tone: str) -> Style:
        from rich.style import Style as RichStyle

        return RichStyle(color=self._style(tone).color)

    # --- the mouse ---

    def _hit(self, x: int, y: int) -> tuple[int | None, int | None]:
        """The lane, and the place in it of the card, under the pointer."""
        for number, start, columns in self._where:
            if start <= x < start + columns:
                place, line = divmod(y - HEAD, 2 + self._gap)
                at = self._top[number] + place
                inside = y >= HEAD and line < 2 and place < self.page and at < len(self.lanes[number].cards)
                return number, at if inside else None
        return None, None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        lane, at = self._hit(event.x, event.y)
        if event.button != 1 or lane is None:
            return
        self.lane = lane
        if at is not None:
            self._at[lane] = at
            self._dragged = self.lanes[lane].cards[at][0]
            self.capture_mouse()
        self.redraw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged is None:
            return
        lane, _ = self._hit(event.x, event.y)
        target = lane if lane != self.lane else None
        if target != self._target:
            self._target = target
            self.redraw()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragged is None:
            return
        self.release_mouse()
        lane, _ = self._hit(event.x, event.y)
        dragged, self._dragged, self._target = self._dragged, None, None
        if lane is not None and lane != self.lane:
            self.post_message(self.Dropped(dragged, lane))
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and self._hit(event.x, event.y)[1] is not None:
            self.post_message(self.Opened())

    def _scroll(self, event: Any, by: int) -> None:
        lane, _ = self._hit(event.x, event.y)
        if lane is None:
            return
        last = max(0, len(self.lanes[lane].cards) - self.page)
        self._top[lane] = max(0, min(self._top[lane] + by, last))
        if lane == self.lane:
            self._at[lane] = max(self._top[lane], min(self._at[lane], self._top[lane] + self.page - 1))
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
