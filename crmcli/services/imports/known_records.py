"""The records that rows of a file are compared with: those of the book, in a dry run as they would be by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.types import Flag
from crmcli.services.imports.trial import TRIED, Seen, Tried
from crmcli.store import read
from crmcli.store.sql import column_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: So many values are asked for at once.
_MANY = 500


class KnownRecords:
    """The records of a kind. In a dry run `tried` are those that it would have added, and of the book's the `retried`
    ones are among them as it would have changed them."""

    def __init__(self, ctx: Context, kind: Entity, tried: Tried | None, retried: Seen) -> None:
        self._ctx, self._kind, self._tried, self._retried = ctx, kind, tried, retried
        # Read along with each record rather than asked for: a condition on the kind misleads the planner.
        self._extra = "t.kind, t.converted_at" if kind.kind else "NULL, NULL"

    def rows(
        self, columns: Sequence[str], where: str, wanted: Sequence[Any], beside: str = ""
    ) -> list[tuple[Any, ...]]:
        """(id, `columns` as stored values, kind, converted_at) of the records whose column `where` has one of these
        values, in the book and among the tried. `beside`: a column of theirs that comes after the id."""
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            marks = f"IN ({', '.join('?' * len(some))})"
            shown = ", ".join(map(self._sql, ["id", *([beside] if beside else []), *columns]))
            sql = f"SELECT {shown}, {self._extra} FROM {self._kind.table} t WHERE {self._sql(where)} {marks}"
            there = self._ctx.reader.rows(sql, list(some))
            if self._tried:
                there = [row for row in there if row[0] not in self._retried]
                besides = [f"json_extract(t.content, '$.\"{beside}\"')"] if beside else []
                shown = ", ".join(["t.id", *besides, *(f't."{column}"' for column in columns)])
                sql = f'SELECT {shown}, {self._extra} FROM tried t WHERE t."{where}" {marks}'
                there += self._tried.rows(sql, list(some))
            found += there
        return self._as_stored(found, [beside, *columns] if beside else columns)

    def _sql(self, column: str) -> str:
        return column_of(self._kind, column, self._ctx.reader.dialect)

    def _as_stored(self, rows: list[tuple[Any, ...]], columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Rows (id, `columns`, ...) with what a driver gives in another form as it is stored."""
        kinds, lean = read.stored_types(self._kind.table), self._ctx.reader.dialect == "sqlite"
        other = {
            place: kinds[name].from_db
            for place, name in enumerate(columns, 1)
            if name in kinds and not (lean and not isinstance(kinds[name], Flag))
        }
        if not other:
            return rows
        return [tuple(other[i](v) if i in other else v for i, v in enumerate(row)) for row in rows]

    def raw(self, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Records as stored columns, by number."""
        there = [number for number in numbers if number < TRIED]
        found = read.raw(self._ctx.reader, self._kind.table, there)
        return found | self._tried.contents(numbers) if self._tried else found

    def fits(self, kind: str | None, converted: Any) -> bool:
        """Whether a row of the table is of this kind; a converted lead is the same record still."""
        return kind == (self._kind.kind or None) or (self._kind.kind == "lead" and converted is not None)
