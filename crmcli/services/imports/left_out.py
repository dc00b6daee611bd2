"""What rows say of others than the records they become, and how that comes in, too."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.services.imports import headings, people_or_firms, sales, titles
from crmcli.services.imports.roles import FIRST, LAST, MORE_EMAIL, MORE_PHONE, ROLES
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.first_rows import FirstRows
    from crmcli.services.imports.mapping import Mapped

_REACHED = frozenset(("email", "phone", "mobile", MORE_EMAIL, MORE_PHONE))
_PARTS = frozenset(squeeze(title) for role in (FIRST, LAST) for title in ROLES[role].titles)


class LeftOut:
    """The columns that fill nothing in records of a kind and say something of the people of companies, of the companies
    of people and sales, or of the sales to either. What is said by hand to be left out is none of them."""

    def __init__(self, kind: Entity, columns: Sequence[Mapped], rows: FirstRows) -> None:
        by_hand = {squeeze(title) for title in rows.given}
        free = {
            column.place
            for column, title in zip(columns, rows.header, strict=False)
            if column.header == title and not column.to and squeeze(title) not in by_hand
        }
        self._header = rows.header
        self._found = [(told, [place for place in places if place in free]) for told, places in _said(kind, rows)]
        #: a filled cell of each of these columns, "" as long as there is none
        self._samples = {place: rows.samples[place] for _, places in self._found for place in places}

    def look(self, rows: Iterable[Row]) -> None:
        """See whether further rows have something in them."""
        for place in [place for place, sample in self._samples.items() if not sample]:
            cells = (row.cells[place] for row in rows if row.problem is None)
            self._samples[place] = next(filter(str.strip, cells), "")

    def notes(self) -> Iterator[str]:
        """What is said of those with cells."""
        for told, places in self._found:
            names = [self._header[place] for place in places if self._has_said(place)]
            if names:
                yield f"column{'s' if len(names) > 1 else ''} {', '.join(names)}: {told}"

    def _has_said(self, place: int) -> bool:
        sample = self._samples[place]
        return bool(sample) and (not _names_people(self._header[place]) or titles.can_be_name(sample))


def _said(kind: Entity, rows: FirstRows) -> Iterator[tuple[str, list[int]]]:
    """What is to be said of columns that speak of others than records of this kind, and which these may be."""
    if kind is COMPANY:
        people = [place for place, title in enumerate(rows.header) if _names_people(title)]
        yield "the people of companies are not taken in with them; --as contact takes in both", people
    elif kind in (CONTACT, LEAD, DEAL) and rows.allows(COMPANY):
        told = f"what is said of companies is not taken in with {kind.plural}"
        yield told + _again(kind, rows), people_or_firms.firms_alone(rows)
    if kind in (CONTACT, COMPANY) and rows.names(LEAD):
        figures = [column.place for column in rows.columns(LEAD) if not sales.FIGURES.isdisjoint(column.to)]
        yield f"what is said of sales is not taken in with {kind.plural}; --as lead takes it in", figures


def _again(kind: Entity, rows: FirstRows) -> str:
    """How the companies of these records are taken in by a second import of the file: they are called by the column
    that names them here, and addresses and plain ids are the people's."""
    company = rows.places(kind).get("company")
    if company is None:
        return ""
    columns = rows.columns(COMPANY)
    said = [] if "name" in columns[company].to else [f"{columns[company].header}=name"]
    for own, column in zip(rows.columns(kind), columns, strict=True):
        theirs = _REACHED.intersection(own.to) and not titles.about_company(own.header)
        if theirs and _REACHED.intersection(column.to):
            said.append(f"{column.header}=-")
    said += [f"{title}=-" for title in rows.header if squeeze(title) in _ids()]
    by_hand = "".join(f" --map {shlex.quote(one)}" for one in said)
    return f"; import it again: --as company --update{by_hand}"


@cache
def _ids() -> frozenset[str]:
    """The squeezed titles of ids that do not say whose they are."""
    return frozenset(map(squeeze, headings.PLAIN_IDS))


def _names_people(title: str) -> bool:
    """Whether a title in a list of companies names people of theirs."""
    return squeeze(title) in _PARTS or headings.of_people(COMPANY.name, title)
