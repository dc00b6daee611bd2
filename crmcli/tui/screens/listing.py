"""A list of one kind of record, read page by page as the cursor comes near the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import visible, width
from crmcli.services import records
from crmcli.tui.actions import bindings_for
from crmcli.tui.screens.place import Place, Subject
from crmcli.tui.shape import Pieces, fit, value
from crmcli.tui.widgets.bars import TitleBar
from crmcli.tui.widgets.rows import Row, RowsView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Column, Rows

PAGE = 200
#: The way to the end reads so many rows at once, and their first so many say how wide the columns are.
FAR, TELLING = 20_000, 500
#: No column but the name takes more.
WIDEST = 26
#: Between two columns.
GAP = 2


def page(ctx: Context, kind: Entity, words: list[str], cursor: str, least: int) -> Rows:
    """A page behind `cursor`; from the start at least `least` rows, so that a list that has grown stays grown."""
    return records.list_records(ctx, kind, words, limit=max(PAGE, least), page=cursor)


class ListPlace(Place):
    """All records of a kind that fit the filter."""

    where = "list"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("list")

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = ENTITIES[kind]
        self.columns: tuple[Column, ...] = ()
        self.found: list[Row] = []
        self.cursor = ""
        self._asking = False
        self._natural: dict[str, int] = {}
        self._filled: set[str] = set()

    @property
    def adds(self) -> str:  # type: ignore[override]
        return self.kind.name

    def body(self) -> ComposeResult:
        yield RowsView(id="body", empty=f"no {self.kind.plural} fit; a adds one")

    @property
    def view(self) -> RowsView:
        return self.query_one(RowsView)

    def load(self) -> None:
        self._asking = False
        self.ask_rows(page, self.kind, self.words(), "", len(self.found), then=self._first)

    def _first(self, rows: Rows) -> None:
        self.found = []
        self._natural = {}
        self._filled = set()
        self._add(rows)

    def on_rows_view_near_end(self) -> None:
        if self.cursor and not self._asking:
            self._asking = True
            self.ask_rows(page, self.kind, self.words(), self.cursor, 0, then=self._add, more=True)

    def action_bottom(self) -> None:
        """The last line; of a list that is not all there yet, as far as one reading goes."""
        if self.cursor:
            self._asking = True
            self.ask_rows(page, self.kind, self.words(), self.cursor, FAR, then=self._add_to_the_end, more=True)
        else:
            super().action_bottom()

    def _add_to_the_end(self, rows: Rows) -> None:
        self._add(rows)
        super().action_bottom()

    def _add(self, rows: Rows) -> None:
        self._asking = False
        self.columns, self.cursor = rows.columns, rows.cursor
        look = self.dashboard.look
        new = list(rows.rows)
        for column in self.columns:
            if any(row.get(column.name) not in (None, "", []) for row in new):
                self._filled.add(column.name)
            texts = [visible(value(column, row, look)[0]) for row in new[:TELLING]]
            widest = max([self._natural.get(column.name, 0), width(column.label), *map(width, texts)])
            self._natural[column.name] = min(widest, WIDEST if column.name != "name" else 60)
        self.found = [*self.found, *(Row(row["id"], row) for row in new)]
        self.view.show(self.found, self._paint, title=self._head)
        noun = self.kind.name if len(self.found) == 1 else self.kind.plural
        count = f"{len(self.found):,}{'+' if self.cursor else ''} {noun}"
        self.query_one(TitleBar).tell([(self.kind.plural.capitalize(), True)], count, self.filter)

    def _layout(self, columns: int) -> list[tuple[Column, int]]:
        """The columns that have room: the name first, then from the left; what is left over is the name's."""
        natural = self._natural.get("name", 20) + GAP
        least = min(natural, max(20, columns // 3))
        room = columns - least
        chosen = {"name": least}
        currencies = {column.currency for column in self.columns if column.currency}
        for column in self.columns:
            # A column that is empty everywhere tells nothing, and amounts bring their currency along.
            if column.name in currencies | {"name"} or (self.found and column.name not in self._filled):
                continue
            need = self._natural[column.name] + GAP
            if need <= room:
                chosen[column.name] = need
                room -= need
        chosen["name"] += min(room, max(0, natural - least))
        return [(column, chosen[column.name]) for column in self.columns if column.name in chosen]

    def _head(self, columns: int) -> Pieces:
        pieces = []
        for column, room in self._layout(columns):
            side = value(column, self.found[0].data, self.dashboard.look)[1] if self.found else "left"
            pieces.append((fit(column.label, room - GAP, side) + " " * GAP, "columns"))
        return pieces

    def _paint(self, data: Any, columns: int) -> Pieces:
        look = self.dashboard.look
        pieces = []
        for column, room in self._layout(columns):
            text, side = value(column, data, look)
            pieces.append((fit(text, room - GAP, side) + " " * GAP, "name" if column.name == "name" else "dim"))
        return pieces

    def subject(self) -> Subject | None:
        view = self.view
        if view.key is None:
            return None
        return Subject(self.kind.name, view.key, view.rows[view.at].data.get("name") or "")

    def about(self) -> Subject | None:
        row = self.view.rows[self.view.at].data if self.view.key is not None else {}
        for name in ("opportunity", "contact", "company"):
            if row.get(f"{name}_id"):
                kind = row.get("opportunity_kind") if name == "opportunity" else name
                return Subject(str(kind), row[f"{name}_id"], row.get(name) or "")
        return None

    def step(self, down: int) -> None:
        self.view.step(down)

    def on_rows_view_opened(self) -> None:
        self.action_open()
