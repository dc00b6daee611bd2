"""Rows of a file that are passed over: what the other program had deleted, and rows that hold nothing to import."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.types import Day, Instant
from crmcli.services.imports import roles
from crmcli.services.imports.columns import NULLS, cached
from crmcli.services.imports.endings import says_deleted, yes_or_no
from crmcli.services.imports.titles import WHOSE, squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.mapping import Mapped

DELETED = "column {} says deleted"
NOTHING = "nothing but a day"
LEAD = "column {} says that they are leads, which come in with the file of these"
#: How the ids of leads begin in Salesforce; those of contacts begin with 003.
_LEADS = "00Q"


class Sifted(NamedTuple):
    """Rows by what they are good for: `sound` ones can be read, `broken` ones are no rows of the table (their `problem`
    says why), and `passed` are passed over, each with the reason."""

    sound: list[Row]
    broken: list[Row]
    passed: list[tuple[Row, str]]


class Passing:
    """Tells the rows of a file of this kind that are passed over, by what its columns fill."""

    def __init__(self, kind: Entity | None, columns: Iterable[Mapped]) -> None:
        columns = [column for column in columns if not column.fixed]
        own = any("uid" in column.to for column in columns)
        #: the columns that can say that a record was deleted, each with what tells that from a cell
        self._deleted = [] if own else [(c, _in_words(c, says)) for c in columns if (says := _says_deleted(kind, c))]
        self._leads = [] if own else [column for column in columns if roles.OF_LEAD in column.to]
        named = kind is not None and "name" in kind.by_name and not own
        self._days = {column.place for column in columns if named and kind and _is_day(kind, column)}
        self._others = [column.place for column in columns if column.place not in self._days]

    def sift(self, rows: Sequence[Row]) -> Sifted:
        """Part rows by what they are good for."""
        sound, broken, passed = [], [], []
        for row in rows:
            if row.problem is not None:
                broken.append(row)
            elif why := self._why(row.cells):
                passed.append((row, why))
            else:
                sound.append(row)
        return Sifted(sound, broken, passed)

    def _why(self, cells: Sequence[str]) -> str:
        """Why a row is passed over; "" where it is not."""
        for column, says in self._deleted:
            if (cell := cells[column.place]) and says(cell):
                return DELETED.format(column.header)
        for column in self._leads:
            if cells[column.place].startswith(_LEADS):
                return LEAD.format(column.header)
        if self._days and not any(_says(cells[place]) for place in self._others):
            return NOTHING
        return ""


def _says_deleted(kind: Entity | None, column: Mapped) -> Callable[[str], bool | None] | None:
    """What tells from a column's cell whether the record was deleted; None where the column says nothing of it. A
    status may be one of a deal or a task, or where a lead stands; of people and companies it fills no field."""
    if roles.IS_DELETED in column.to:
        return lambda cell: says_deleted(cell) or yes_or_no(cell)
    if kind is not None and kind.name in ("contact", "company") and squeeze(column.header) in _statuses(kind.name):
        return None if column.left else says_deleted
    status = {"status", roles.ANY_STATUS, roles.IS_DONE}.intersection(column.to)
    return says_deleted if status or ("stage" in column.to and squeeze(column.header).endswith("status")) else None


@cache
def _statuses(kind: str) -> frozenset[str]:
    """The squeezed titles of the status of records of a kind."""
    whose = [form.format(word) for word in WHOSE[kind] for form in ("{} status", "وضعیت {}")]
    return frozenset(map(squeeze, ("status", "record status", "statut", "estado", "durum", "وضعیت", *whose)))


def _in_words(column: Mapped, says: Callable[[str], bool | None]) -> Callable[[str], bool | None]:
    """The same for the words of the profile, each looked at once."""
    return cached(lambda cell: says(column.said([cell])[0]))


def _is_day(kind: Entity, column: Mapped) -> bool:
    fields = [kind.by_name[to] for to in column.to if to in kind.by_name]
    return bool(fields) and all(isinstance(field.type, (Day, Instant)) for field in fields)


def _says(cell: str) -> bool:
    return bool(cell.strip()) and cell not in NULLS
