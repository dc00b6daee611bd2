"""A list of one kind of record, read page by page from its start, or from its end, as the cursor comes near the last
line that is there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import visible, width
from crmcli.services import records
from crmcli.tui.actions import bindings_for
from crmcli.tui.screens.acting import Subject, linked
from crmcli.tui.screens.place import Place
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
#: The first so many rows of a page say how wide the columns are.
TELLING = 500
#: No column but the name takes more.
WIDEST = 26
#: Between two columns.
GAP = 2


def page(ctx: Context, kind: Entity, words: list[str], cursor: str, least: int, back: bool) -> Rows:
    """A page behind `cursor`, or with `back` before it; of at least `least` rows, so that a list that has grown stays
    grown."""
    return records.list_records(ctx, kind, words, limit=max(PAGE, least), page=cursor, back=back)


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
        #: the rows that are there are the last ones of the list, which grows at its head
        self.back = False
        self._fitting: list[str] = []
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
        self._read(len(self.found), back=self.back and self.words() == self._fitting)

    def _read(self, least: int, *, back: bool, step: int = 0) -> None:
        """Read the list anew from its start or its end; the cursor goes as many lines as `step` says."""
        words = self.words()

        def there(rows: Rows) -> None:
            self.back, self._fitting = back, words
            self.found = []
            self._natural = {}
            self._filled = set()
            self._add(rows)
            if step:
                self.step(step)

        self.ask_rows(page, self.kind, words, "", least, back, then=there)

    def on_rows_view_near_start(self) -> None:
        if self.back:
            self._more()

    def on_rows_view_near_end(self) -> None:
        if not self.back:
            self._more()

    def _more(self) -> None:
        if self.cursor and not self.asking:
            ask = partial(self.ask_rows, page, self.kind, self.words(), self.cursor, 0, self.back)
            self.dashboard.typed.aside(self, partial(ask, then=self._add, more=True))

    def action_top(self) -> None:
        """The first line; it is read where only the end of the list is there."""
        if self.cursor and self.back:
            self._read(0, back=False, step=-(10**9))
        else:
            super().action_top()

    def action_bottom(self) -> None:
        """The last line; it is read where only the start of the list is there."""
        if self.cursor and not self.back:
            self._read(0, back=True, step=10**9)
        else:
            super().action_bottom()

    def _add(self, rows: Rows) -> None:
        self.columns, self.cursor = rows.columns, rows.cursor
        look = self.dashboard.look
        new = list(rows.rows)
        for column in self.columns:
            if any(row.get(column.name) not in (None, "", []) for row in new):
                self._filled.add(column.name)
            texts = [visible(value(column, row, look)[0]) for row in new[:TELLING]]
            widest = max([self._natural.get(column.name, 0), width(column.label), *map(width, texts)])
            self._natural[column.name] = min(widest, WIDEST if column.name != "name" else 60)
        added = [Row(row["id"], row) for row in new]
        self.found = [*added, *self.found] if self.back else [*self.found, *added]
        self.view.show(self.found, self._paint, title=self._head)
        noun = self.kind.name if len(self.found) == 1 else self.kind.plural
        count = f"{len(self.found):,}{'+' if self.cursor else ''} {noun}"
        self.query_one(TitleBar).tell([(self.kind.plural.capitalize(), True)], count, self.applied)

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
        return linked(self.view.rows[self.view.at].data) if self.view.key is not None else None

    def step(self, down: int) -> None:
        self.view.step(down)

    def on_rows_view_opened(self) -> None:
        self.action_open()
