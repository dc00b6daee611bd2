"""What rows say of others than the records they become, and how that comes in, too."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.services.imports import headings, people_or_firms, sales, titles
from crmcli.services.imports.people_names import are_people
from crmcli.services.imports.roles import FIRST, LAST, ROLES
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.first_rows import FirstRows
    from crmcli.services.imports.mapping import Mapped

#: Of so many columns it is said in full what is to be said of them at a second import.
_MOST_SAID = 6
_PERSONAL = frozenset(people_or_firms.PERSONAL) - {"mobile"}
_OPPORTUNITIES = (*headings.WORDS["lead"], *headings.WORDS["deal"])
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
        yield f"the people of companies are not taken in with them; {_as_people(rows)} takes in both", _people(rows)
    elif kind in (CONTACT, LEAD, DEAL) and rows.allows(COMPANY):
        told = f"what is said of companies is not taken in with {kind.plural}"
        yield told + _again(kind, rows), people_or_firms.firms_told(rows)
    if kind in (CONTACT, COMPANY) and rows.allows(LEAD):
        called = rows.names(LEAD)
        company = next((column.header for column in rows.columns(kind) if "name" in column.to), "")
        by_hand = "" if called or not company else " --map " + shlex.quote(f"{company}=name")
        yield (
            f"what is said of sales is not taken in with {kind.plural}; --as lead{by_hand} takes it in",
            [column.place for column in rows.columns(LEAD) if _of_sales(column)],
        )


def _of_sales(column: Mapped) -> bool:
    """Whether a column has a figure of a sale, or says in its title that it tells how a lead or deal stands."""
    if not sales.FIGURES.isdisjoint(column.to):
        return True
    key = squeeze(column.header)
    return not {"stage", "status"}.isdisjoint(column.to) and any(word in key for word in _OPPORTUNITIES)


def _people(rows: FirstRows) -> list[int]:
    """The columns of a list of companies that name people of theirs, by their titles or cells, and beside these what is
    said that only people have."""
    named = {place for place, title in enumerate(rows.header) if _names_people(title)}
    named |= {
        column.place
        for column in rows.columns(COMPANY)
        if not column.to and are_people((cells[column.place], "") for cells in rows.cells)
    }
    personal = {column.place for column in rows.columns(CONTACT) if not _PERSONAL.isdisjoint(column.to)}
    return sorted(named | personal) if named else []


def _as_people(rows: FirstRows) -> str:
    """How the people of a list of companies are taken in with these."""
    columns, people = rows.columns(CONTACT), [place for place in _people(rows) if _names_people(rows.header[place])]
    company = next((column for column in rows.columns(COMPANY) if "name" in column.to), None)
    if not columns or company is None or "company" in columns[company.place].to:
        return "--as contact"
    said = [f"{company.header}=company"]
    said += [f"{rows.header[place]}=name" for place in people[:1] if squeeze(rows.header[place]) not in _PARTS]
    return "--as contact" + "".join(f" --map {shlex.quote(one)}" for one in said)


def _again(kind: Entity, rows: FirstRows) -> str:
    """How the companies of these records are taken in by a second import of the file: they are called by the column
    that names them here, and whatever is not said of companies alone is that of the people and sales."""
    company = rows.places(kind).get("company")
    if company is None:
        return ""
    own, columns = {company, *people_or_firms.firms_told(rows)}, rows.columns(COMPANY)
    said = [] if "name" in columns[company].to else [f"{columns[company].header}=name"]
    said += [
        f"{column.header}=-"
        for column in columns
        if column.place not in own and rows.samples[column.place]
        if squeeze(column.header) in _ids() or (column.to and column.to != ("name",))
    ]
    if len(said) > _MOST_SAID:
        return "; --as company --update takes it in, with --map 'COLUMN=-' for each that is not said of these"
    by_hand = "".join(f" --map {shlex.quote(one)}" for one in said)
    return f"; import it again: --as company --update{by_hand}"


@cache
def _ids() -> frozenset[str]:
    """The squeezed titles of ids that do not say whose they are."""
    return frozenset(map(squeeze, headings.PLAIN_IDS))


def _names_people(title: str) -> bool:
    """Whether a title in a list of companies names people of theirs."""
    return squeeze(title) in _PARTS or headings.of_people(COMPANY.name, title)
