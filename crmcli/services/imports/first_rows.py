"""The header and the first rows of a file, read as those of each kind it may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, LEAD
from crmcli.services.imports.by_hand import field_of, place_of
from crmcli.services.imports.mapping import has_name, map_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.mapping import Mapped

#: Each kind tries all titles: of a wider file the first ones tell its kind, with those that are mapped by hand.
_WIDEST = 500


class FirstRows:
    """What tells the kind of a file's rows: the titles (`header`), the `cells` of its first sound rows, and what is
    said of columns by hand (`given`, title -> field). What each kind makes of the columns is found out once."""

    def __init__(self, header: Sequence[str], given: Mapping[str, str], rows: Sequence[Row]) -> None:
        by_hand = {place for title in given if (place := place_of(header, title)) is not None}
        kept = [i for i in range(len(header)) if i < _WIDEST or i in by_hand]
        sound: list[Sequence[str]] = [row.cells for row in rows if row.problem is None]
        self.whole = len(kept) == len(header)
        self.header: Sequence[str] = header if self.whole else [header[i] for i in kept]
        self.cells = sound if self.whole else [[cells[i] for i in kept] for cells in sound]
        self.given = given
        #: a filled cell of each column, "" where there is none
        self.samples = [self._sample(place) for place in range(len(self.header))]
        self._columns: dict[str, tuple[Mapped, ...]] = {}

    def allows(self, kind: Entity) -> bool:
        """Whether records of this kind have all that columns are said to be by hand."""
        return all(field_of(kind, to) is not None for to in self.given.values())

    def columns(self, kind: Entity) -> tuple[Mapped, ...]:
        """What each column fills in records of this kind; none of a kind that is not allowed."""
        if kind.name not in self._columns:
            samples = self.samples if self.cells else ()
            if self.allows(kind):
                columns = map_columns(kind, self.header, self.given, samples=samples, rows=self.cells)[0]
            else:
                columns = ()
            self._columns[kind.name] = columns
        return self._columns[kind.name]

    def places(self, kind: Entity) -> dict[str, int]:
        """Field or role -> its column, the last one that fills it."""
        return {to: column.place for column in self.columns(kind) for to in column.to}

    def names(self, kind: Entity) -> bool:
        """Whether a column names records of this kind."""
        return has_name(self.columns(kind))

    def calls(self, kind: Entity) -> bool:
        """Whether a column names records of this kind, and people and firms by more than numbers."""
        if not self.names(kind) or kind not in (CONTACT, COMPANY, LEAD):
            return self.names(kind)
        named = [column for column in self.columns(kind) if "name" in column.to]
        return not named or any(
            column.header in self.given or not (cell := self.samples[column.place]) or any(map(str.isalpha, cell))
            for column in named
        )

    def fits(self, kind: Entity) -> bool:
        """Whether every column with cells fills something in records of this kind."""
        return all(column.to for column in self.columns(kind) if self.samples[column.place])

    def filled(self, place: int) -> int:
        """How many of the rows have something in a column; a `place` below 0 is that of none."""
        return 0 if place < 0 else sum(bool(cells[place].strip()) for cells in self.cells)

    def _sample(self, place: int) -> str:
        """The first filled cell of a column, "" where there is none."""
        return next((cells[place] for cells in self.cells if cells[place].strip()), "")
