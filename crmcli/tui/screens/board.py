"""The pipeline board: lanes of cards, moved with H and L or the mouse, won and lost with one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from crmcli.domain.entities import DEAL
from crmcli.services import board, deals
from crmcli.tui.actions import bindings_for
from crmcli.tui.lanes import summary
from crmcli.tui.screens.acting import Subject
from crmcli.tui.screens.place import Place
from crmcli.tui.widgets.bars import TitleBar
from crmcli.tui.widgets.board import BoardView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class BoardPlace(Place):
    """One pipeline at a time."""

    where = "board"
    adds = "deal"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("board")

    def __init__(self) -> None:
        super().__init__()
        self.pipeline = 0
        #: What the book has said last; the view may be ahead of it by a move.
        self.found: board.Board | None = None

    def body(self) -> ComposeResult:
        yield BoardView(self.dashboard.look, id="body")

    @property
    def view(self) -> BoardView:
        return self.query_one(BoardView)

    def load(self) -> None:
        if not (self.pipeline or self.applied) and self.dashboard.desk.take(
            lambda found: self._arrived(self.show, found)
        ):
            return
        self.ask_rows(board.cards, self.pipeline, self.words(), then=self.show)

    def show(self, found: board.Board) -> None:
        self.found = found
        self.view.show(found, self.dashboard.look)
        self.pipeline = found.id
        self._tell(found)

    def _tell(self, found: board.Board) -> None:
        tabs, words = summary(found)
        self.query_one(TitleBar).tell(tabs, words, self.applied)

    def put_back(self) -> None:
        if self.found:
            self.view.put_back(self.found, self.dashboard.look)
            self._tell(self.found)

    def subject(self) -> Subject | None:
        card = self.view.card
        return Subject("deal", card.id, card.name) if card else None

    def given(self) -> dict[str, str]:
        view = self.view
        if view.board is None or not view.lanes:
            return {}
        lane = view.lanes[view.lane]
        return {"pipeline": view.board.name} | ({} if lane.won else {"stage": lane.name})

    @property
    def height(self) -> int:
        return self.view.page

    def step(self, down: int) -> None:
        self.view.step(down=down)

    def action_left(self) -> None:
        self.view.step(right=-1)

    def action_right(self) -> None:
        self.view.step(right=1)

    def action_back_move(self) -> None:
        self._move(self.view.lane - 1)

    def action_forth_move(self) -> None:
        self._move(self.view.lane + 1)

    def _move(self, to: int, card: int | None = None) -> None:
        """Show the move at once, then have it written; what was asked before it is out of date."""
        moved = self.view.carry(to, card)
        if moved is None:
            return
        before, lane = moved
        self.forget()
        if self.view.board:
            self._tell(self.view.board)
        # A move that is no more than what is seen needs no words.
        quiet = before.status == "open" and not lane.won
        also = "" if before.status == "open" or lane.won else f"it was {before.status} and is open again"
        about = Subject("deal", before.id, before.name)
        self.write(deals.move, DEAL, [before.id], lane.name, about=about, quiet=quiet, also=also, source="tui")

    def on_board_view_dropped(self, message: BoardView.Dropped) -> None:
        self._move(message.lane, message.card)

    def on_board_view_opened(self) -> None:
        self.action_open()

    def action_next_pipeline(self) -> None:
        found = self.view.board
        if found and len(found.pipelines) > 1:
            numbers = [number for number, _ in found.pipelines]
            self._switch(numbers[(numbers.index(found.id) + 1) % len(numbers)])

    def action_pipeline(self, place: int) -> None:
        found = self.view.board
        if found and place <= len(found.pipelines):
            self._switch(found.pipelines[place - 1][0])

    def _switch(self, number: int) -> None:
        self.pipeline = number
        self.load()
