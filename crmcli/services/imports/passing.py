"""Rows of a file that are passed over: what the other program had deleted, and rows that hold nothing to import."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.types import Day, Flag, Instant
from crmcli.exchange.jsonl import NO, No
from crmcli.services.imports import roles
from crmcli.services.imports.columns import cached
from crmcli.services.imports.endings import says_deleted, yes_or_no
from crmcli.services.imports.headings import said_kind
from crmcli.services.imports.nothing import NULLS
from crmcli.services.imports.titles import WHOSE, squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.mapping import Mapped

DELETED = "column {} says deleted"
NOTHING = "nothing but a day"
LEAD = "column {} says that they are leads, which come in with the file of these"
CONTINUED = "further lines of the record above, which columns such as {} have"
OTHER = "column {} says that they are {}s, which --as {} takes in"
#: How the ids of leads begin in Salesforce; those of contacts begin with 003.
_LEADS = "00Q"


class Sifted(NamedTuple):
    """Rows by what they are good for: `sound` ones can be read, `broken` ones are no rows of the table (their `problem`
    says why), and `passed` are passed over, each with the reason."""

    sound: list[Row]
    broken: list[Row]
    passed: list[tuple[Row, str]]


class Passing:
    """Tells the rows of a file of this kind that are passed over, by what its columns fill, and empties in all of them
    what says nothing there."""

    def __init__(self, kind: Entity | None, columns: Iterable[Mapped]) -> None:
        columns = [column for column in columns if not column.fixed]
        own = any("uid" in column.to for column in columns)
        #: the columns that can say that a record was deleted, each with what tells that from a cell
        self._deleted = [] if own else [(c, _in_words(c, says)) for c in columns if (says := _says_deleted(kind, c))]
        self._kinds = [c for c in columns if roles.KIND_OF_ROW in c.to and kind is not None]
        self._kind = kind.name if kind is not None else ""
        self._leads = [] if own else [column for column in columns if roles.OF_LEAD in column.to]
        named = kind is not None and "name" in kind.by_name and not own
        self._days = {column.place for column in columns if named and kind and _is_day(kind, column)}
        #: places of columns in which a JSON false says nothing, and how many such cells were emptied
        self._texts = [] if own else [c.place for c in columns if c.to and not _says_yes_or_no(kind, c)]
        self._emptied = 0
        #: columns of Odoo's that go on in lines of their own below each record, and all others
        self._lines = [c for c in columns if not c.to and "/" in c.header.strip("/")] if named else []
        self._own = [c.place for c in columns if c not in self._lines]
        self._others = [column.place for column in columns if column.place not in self._days]

    @property
    def notes(self) -> list[str]:
        """What is to be told of the cells that were changed."""
        count = self._emptied
        return [f"{count:,} cells with false, where there is no yes and no, are taken as empty"] if count else []

    def sift(self, rows: Sequence[Row]) -> Sifted:
        """Part rows by what they are good for; those with cells that say nothing are changed."""
        sound, broken, passed = [], [], []
        for row in rows:
            if row.problem is None and NO in row.cells:
                self._empty(row.cells)
            if row.problem is not None:
                broken.append(row)
            elif why := self._why(row.cells):
                passed.append((row, why))
            else:
                sound.append(row)
        return Sifted(sound, broken, passed)

    def _empty(self, cells: list[str]) -> None:
        """Empty the JSON false of columns that have no yes and no, as Odoo writes nothing."""
        for place in self._texts:
            if isinstance(cells[place], No):
                cells[place] = ""
                self._emptied += 1

    def _why(self, cells: Sequence[str]) -> str:
        """Why a row is passed over; "" where it is not."""
        for column, says in self._deleted:
            if (cell := cells[column.place]) and says(cell):
                return DELETED.format(column.header)
        for column in self._kinds:
            if (said := said_kind(cells[column.place])) and said != self._kind:
                return OTHER.format(column.header, said, said)
        for column in self._leads:
            if cells[column.place].startswith(_LEADS):
                return LEAD.format(column.header)
        if self._lines and not any(_says(cells[place]) for place in self._own):
            for column in [column for column in self._lines if _says(cells[column.place])]:
                return CONTINUED.format(column.header)
        if self._days and not any(_says(cells[place]) for place in self._others):
            return NOTHING
        return ""


def _says_yes_or_no(kind: Entity | None, column: Mapped) -> bool:
    """Whether a column fills anything of which there is a yes and a no."""
    fields = [field for to in column.to if kind and (field := kind.by_name.get(to))]
    return any(isinstance(field.type, Flag) for field in fields) or not roles.YES_OR_NO.isdisjoint(column.to)


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
