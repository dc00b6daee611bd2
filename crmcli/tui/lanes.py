"""The lanes of the board: where the cursor is, what is in sight, and each line of it as pieces of text.

It knows no widget, so that the first frame can be drawn before there are any; nothing is turned into text that is not
on the screen, so that 100,000 cards cost what ten cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.text import visible, width
from crmcli.services.board import Card, sums
from crmcli.tui.shape import Look, Pieces, due, fit, short, worth

if TYPE_CHECKING:
    from crmcli.services.board import Board, Lane

#: Lanes narrower than this are left out and reached by moving on.
NARROWEST = 18
#: Where a card has its status.
STATUS = Card._fields.index("status")
#: Lines above the cards: the lane's name, its sums, a rule.
HEAD = 3
#: From so many lines on a card has a third one, which names its next task.
AIRY = 30


class Span(NamedTuple):
    """Where a lane stands on the screen."""

    lane: int
    x: int
    columns: int


class Lanes:
    """Lanes of cards of two or three lines in a window of `columns` x `lines`."""

    def __init__(self, look: Look, columns: int = 0, lines: int = 0) -> None:
        self.look = look
        self.columns, self.lines = columns, lines
        self.board: Board | None = None
        self.lane = 0
        #: The cursor's place and the uppermost card in sight, for each lane.
        self.at: list[int] = []
        self.top: list[int] = []
        #: The same before the last move.
        self._before: tuple[list[int], list[int]] | None = None
        self.first = 0
        self.spans: list[Span] = []
        #: The lane that a card is dragged over, and that card's number.
        self.target: int | None = None
        self.dragged: int | None = None

    # --- what is shown ---

    def show(self, board: Board, look: Look) -> None:
        """Show this board with the cursor on the card it was on, or near it."""
        before, kept = self.board, self.card.id if self.card else None
        self._before = None
        self.board, self.look = board, look
        if before is None or before.id != board.id:
            self.at, self.top = [0] * len(board.lanes), [0] * len(board.lanes)
            self.lane = next((i for i, lane in enumerate(board.lanes) if lane.cards), 0)
        else:
            old = {lane.id: (self.at[i], self.top[i]) for i, lane in enumerate(before.lanes)}
            here = before.lanes[self.lane].id if before.lanes else None
            self.at = [old.get(lane.id, (0, 0))[0] for lane in board.lanes]
            self.top = [old.get(lane.id, (0, 0))[1] for lane in board.lanes]
            self.lane = next((i for i, lane in enumerate(board.lanes) if lane.id == here), 0)
            if kept is not None:
                self.follow(kept)
            self.at = [max(0, min(at, len(lane.cards) - 1)) for at, lane in zip(self.at, board.lanes, strict=True)]
        self.settle()

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.settle()

    def follow(self, number: int) -> bool:
        """Put the cursor on a card wherever it is now."""
        for i in sorted(range(len(self.all)), key=lambda i: i != self.lane):
            for at, card in enumerate(self.all[i].cards):
                if card[0] == number:
                    self.lane, self.at[i] = i, at
                    return True
        return False

    @property
    def all(self) -> tuple[Lane, ...]:
        return self.board.lanes if self.board else ()

    @property
    def card(self) -> Card | None:
        """The card under the cursor."""
        if not self.all or not self.all[self.lane].cards:
            return None
        return Card._make(self.all[self.lane].cards[self.at[self.lane]])

    @property
    def page(self) -> int:
        """How many cards a lane shows: the last one may be without its third line."""
        return max(1, (self.lines - HEAD + self.tall - 2) // self.tall)

    @property
    def tall(self) -> int:
        """How many lines a card has."""
        return 3 if self.lines >= AIRY else 2

    # --- moving ---

    def step(self, down: int = 0, right: int = 0) -> None:
        """Move the cursor by cards and lanes; sideways it stays at its height on the screen, not at its number."""
        if not self.all:
            return
        lane, at = self.lane, self.at[self.lane]
        self.lane = max(0, min(lane + right, len(self.all) - 1))
        last = len(self.all[self.lane].cards) - 1
        if right:
            at += self.top[self.lane] - self.top[lane]
            self.at[self.lane] = max(0, min(at, last))
        self.at[self.lane] = max(0, min(self.at[self.lane] + down, last))
        self.settle()

    def scroll(self, lane: int, by: int) -> None:
        """Move what is in sight of a lane by cards; the cursor stays in sight."""
        self.top[lane] = max(0, min(self.top[lane] + by, len(self.all[lane].cards) - self.page))
        if lane == self.lane:
            self.at[lane] = max(self.top[lane], min(self.at[lane], self.top[lane] + self.page - 1))

    def carry(self, to: int, number: int | None = None) -> tuple[Card, Lane] | None:
        """Put a card (None: the one under the cursor) into another lane at once, before the book knows; the card as it
        was and its new lane, or None when it cannot go there."""
        if self.board is None or not 0 <= to < len(self.all):
            return None
        if number is not None and not self.follow(number):
            return None
        card, source = self.card, self.lane
        if card is None or to == source:
            return None
        lanes = list(self.all)
        self._before = (list(self.at), list(self.top))
        moved = card._replace(stage_id=lanes[to].id, status="won" if lanes[to].won else "open")
        rest = [c for c in lanes[source].cards if c[0] != card.id]
        joined = [*lanes[to].cards, tuple(moved)]
        lanes[source] = lanes[source]._replace(cards=rest, sums=sums(rest))
        lanes[to] = lanes[to]._replace(cards=joined, sums=sums(joined))
        self.board = self.board._replace(lanes=tuple(lanes))
        self.at[source] = max(0, min(self.at[source], len(rest) - 1))
        self.lane, self.at[to] = to, len(joined) - 1
        self.settle()
        return card, lanes[to]

    def put_back(self, board: Board, look: Look) -> None:
        """Show this board after a move that came to nothing; the lanes stand where they stood before it."""
        stood = self._before
        self.show(board, look)
        if stood:
            at = self.at[self.lane] if self.all else 0
            self.at, self.top = stood
            if self.all:
                self.at[self.lane] = at
            self.settle()

    def settle(self) -> None:
        """Bring the cursor into sight."""
        if not self.all or not self.columns:
            return
        page = self.page
        for i, lane in enumerate(self.all):
            top = min(self.top[i], max(0, len(lane.cards) - page))
            if i == self.lane:
                top = max(min(top, self.at[i]), self.at[i] - page + 1)
            self.top[i] = max(0, top)
        shown = max(1, min(len(self.all), (self.columns + 1) // (NARROWEST + 1)))
        self.first = max(0, min(self.first, self.lane, len(self.all) - shown), self.lane - shown + 1)
        narrow, extra = divmod(self.columns - (shown - 1), shown)
        self.spans, x = [], 0
        for i in range(shown):
            columns = narrow + (1 if i < extra else 0)
            self.spans.append(Span(self.first + i, x, columns))
            x += columns + 1

    def hit(self, x: int, y: int) -> tuple[int | None, int | None]:
        """The lane, and the place in it of the card, at a point of the screen."""
        for number, start, columns in self.spans if 0 <= y < self.lines else ():
            if start <= x < start + columns:
                place = (y - HEAD) // self.tall
                at = self.top[number] + place
                inside = y >= HEAD and place < self.page and at < len(self.all[number].cards)
                return number, at if inside else None
        return None, None

    # --- drawing ---

    def line(self, y: int, focus: bool) -> Pieces:
        """A line of the whole board."""
        pieces: Pieces = []
        for span in self.spans:
            if span.x:
                pieces.append(("│", "rule"))
            pieces += self.part(span, y, focus)
        return pieces

    def part(self, span: Span, y: int, focus: bool) -> Pieces:
        """A line of one lane; `focus` says whether the cursor shows."""
        if y >= HEAD:
            return self._card_line(span, y - HEAD, focus)
        return (self._name_line, self._sum_line, self._rule_line)[y](span, focus and span.lane == self.lane)

    def _name_line(self, span: Span, here: bool) -> Pieces:
        lane, columns = self.all[span.lane], span.columns
        if self.target == span.lane:
            return [(fit(f" → {lane.name}", columns), "drop")]
        count = f"{len(lane.cards):,}"
        before = "‹ " if span.lane == self.first and self.first else " "
        after = " ›" if span.lane == self.spans[-1].lane and span.lane + 1 < len(self.all) else " "
        name = fit(before + visible(lane.name), max(1, columns - len(count) - len(after) - 1))
        return [(name, "heading" if here else "strong"), (f" {count}{after}", "dim")]

    def _sum_line(self, span: Span, _here: bool) -> Pieces:
        lane, columns = self.all[span.lane], span.columns
        if not lane.sums:
            return [(" " * columns, "dim")]
        first = lane.sums[0]
        more = f" +{len(lane.sums) - 1}" if len(lane.sums) > 1 else ""
        total = f" {short(first.value, first.currency)} {visible(first.currency)}{more}"
        weighted = "" if lane.won else f"~{short(first.weighted, first.currency)} "
        gap = columns - width(total) - width(weighted)
        if gap < 1:
            total, weighted, gap = fit(total, columns), "", 0
        return [(total + " " * gap, "name"), (weighted, "dim")]

    def _rule_line(self, span: Span, here: bool) -> Pieces:
        above = self.top[span.lane]
        below = len(self.all[span.lane].cards) - above - self.page
        hints = " ".join(part for part in (f"↑{above}" if above > 0 else "", f"↓{below}" if below > 0 else "") if part)
        tail = f" {hints} " if hints and len(hints) + 4 < span.columns else ""
        rule = ("━" if here else "─") * (span.columns - len(tail))
        return [(rule, "heading" if here else "rule"), (tail, "dim")]

    def _card_line(self, span: Span, y: int, focus: bool) -> Pieces:
        lane, columns = self.all[span.lane], span.columns
        place, line = divmod(y, self.tall)
        at = self.top[span.lane] + place
        if at >= len(lane.cards) or place >= self.page:
            empty = at == 0 and line == 0 and not lane.cards
            return [(fit(" nothing here" if empty else "", columns), "dim")]
        card = Card._make(lane.cards[at])
        pieces = (self._title, self._about, self._next)[line](card, columns - 2)
        if focus and span.lane == self.lane and at == self.at[span.lane]:
            under = "+here" if line else "+here+bold"
            return [("▌", "name" + under), *((text, tone + under) for text, tone in pieces), (" ", "name" + under)]
        over = "drop" if self.dragged == card.id else ""
        return [(" ", over or "name"), *((text, over or tone) for text, tone in pieces), (" ", over or "name")]

    def _title(self, card: Card, columns: int) -> Pieces:
        return [(fit(card.name, columns), "name")]

    def _next(self, card: Card, columns: int) -> Pieces:
        """The third line of a card: the name of its next task."""
        return [(fit(f" → {visible(card.next_task)}" if card.next_task else "", columns), "dim")]

    def _about(self, card: Card, columns: int) -> Pieces:
        """The second line of a card: the company as far as there is room, what it is worth, the next task; with a mark
        where it rots."""
        value = worth(card.value, card.currency, self.look)
        if card.status == "open":
            task, tone = due(None if card.next_due is None else str(card.next_due), card.open_tasks, self.look)
            if card.rotting:
                task, tone = f"! {task}", "bad"
        else:
            task, tone = card.status, "good" if card.status == "won" else "bad"
        room = columns - width(value) - width(task) - (1 if value else 0)
        if room < 0:
            value, room = "", columns - width(task)
        company = fit(card.company or "", room - 1) + " " if room > 4 else " " * max(room, 0)
        return [(company, "dim"), (value + (" " if value else ""), "name"), (task, tone)]


def summary(board: Board) -> tuple[list[tuple[str, bool]], str]:
    """What the title says of a board: its pipelines as tabs (text, chosen), and what the deals outside of its won
    stages are worth: open ones, unless the filter asks for lost ones."""
    several = len(board.pipelines) > 1
    tabs = [
        (f"{i} {name}" if several else name, number == board.id) for i, (number, name) in enumerate(board.pipelines, 1)
    ]
    totals: dict[str, int] = {}
    shown = [lane for lane in board.lanes if not lane.won]
    for lane in shown:
        for entry in lane.sums:
            totals[entry.currency] = totals.get(entry.currency, 0) + entry.value
    worth = " + ".join(f"{short(value, code)} {code}" for code, value in list(totals.items())[:3])
    count = sum(len(lane.cards) for lane in shown)
    closed = 0 if board.all_open else sum(card[STATUS] != "open" for lane in shown for card in lane.cards)
    what = "open " if not closed else "lost " if closed == count else ""
    words = f"{count:,} {what}deal{'' if count == 1 else 's'}"
    return tabs, f"{words}, {worth}" if worth else words
