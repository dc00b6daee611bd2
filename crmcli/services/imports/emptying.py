"""Cells that say that there is nothing: NULL and N/A, nobody as an owner, addresses that lead nowhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crmcli.domain.types import Day, Instant
from crmcli.services.imports import nothing, parts
from crmcli.services.imports.roles import ANNIVERSARY, CONTACT_EMAIL, FIRST, LAST, MORE_EMAIL, PERSON_EMAIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.mapping import Mapped

#: What cells are emptied of.
WORDS, EXCHANGE = "words for nothing", "addresses of an Exchange server"


class Emptying:
    """Empties such cells of the columns of a file, which `by` has by field and role. Files of our `own` have none: what
    they say is a text of somebody's."""

    def __init__(self, kind: Entity, by: Mapping[str, Sequence[Mapped]], *, own: bool) -> None:
        self._own = own
        of_type = {to: field.type for to in by if (field := kind.by_name.get(to)) is not None}
        self._dated = {c.place for to, type_ in of_type.items() if isinstance(type_, (Day, Instant)) for c in by[to]}
        self._dated |= {column.place for column in by.get(ANNIVERSARY, ())}
        self._owners, self._named, self._mail = (
            {column.place for to in some for column in by.get(to, ())}
            for some in (("owner",), ("name", FIRST, LAST), ("email", MORE_EMAIL, CONTACT_EMAIL, PERSON_EMAIL))
        )
        #: how many cells were emptied, by what they had: WORDS, EXCHANGE
        self.counts: dict[str, int] = {}

    def emptied(self, place: int, cells: list[str]) -> list[str]:
        """The cells of the column in that place, emptied and counted."""
        found, words = self._without_words(place, cells)
        self._count(WORDS, words)
        if place in self._mail and not self._own:
            found, inner = parts.without_exchange(found)
            self._count(EXCHANGE, inner)
        return found

    def again(self, place: int, cells: list[str]) -> list[str]:
        """Cells of the column in that place that were counted before, without the words that mean nothing there."""
        return self._without_words(place, cells)[0]

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """While rows are read that were counted before."""
        counts = dict(self.counts)
        yield
        self.counts = counts

    def _count(self, what: str, cells: int) -> None:
        if cells:
            self.counts[what] = self.counts.get(what, 0) + cells

    def _without_words(self, place: int, cells: list[str]) -> tuple[list[str], int]:
        """Cells without the words that mean nothing there, and how many there were. A person may be called Null;
        programs write NULL or null."""
        if self._own:
            return cells, 0
        nobody = 0
        if place in self._owners:
            cells, nobody = nothing.without_nobody(cells)
        found, nulls = nothing.without_nulls(cells)
        if place in self._dated:
            found, noughts = nothing.without_noughts(found)
            nulls += noughts
        if nulls and place in self._named and (called := cells.count("Null")):
            found = ["Null" if cell == "Null" else text for cell, text in zip(cells, found, strict=True)]
            nulls -= called
        return found, nobody + nulls
