"""Whose the rows of a file are that says something of people and of firms: what speaks for either is weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.address import is_office
from crmcli.domain.entities import COMPANY, CONTACT, LEAD
from crmcli.domain.text import fold
from crmcli.services.imports import sales
from crmcli.services.imports.headings import TURNOVER, of_contacts
from crmcli.services.imports.people_names import are_people, has_legal_form, repeats
from crmcli.services.imports.roles import BIRTH_DAY, BIRTH_YEAR, FIRST, LAST
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.file_names import FileName
    from crmcli.services.imports.first_rows import FirstRows

#: What people have and firms have not.
PERSONAL = ("job_title", "mobile", "birthday", BIRTH_YEAR, BIRTH_DAY)
#: What firms have and people seldom.
OF_FIRMS = ("domain", "website", "employees", "revenue", "parent")
#: Where one in so many people is of a firm that another one is of, too, a list is one of people; and where one in so
#: many rows names a firm and nobody, that speaks for a list of firms.
_OFTEN = 10
#: So many rows tell whether names are people's.
_MOST_ROWS = 1000
#: What speaks for firms, and for people: a column that only they have, people who are known by their own addresses,
#: rows that name nobody, twice as much where half of them do, firms that stand first. A list is one of firms where they
#: weigh so much more: as one of people it makes the firms, too.
_FIRMS_ALONE, _UNNAMED, _FIRST = 1, 1, 1
_PEOPLE_ALONE, _OWN_ADDRESSES = 2, 1
_MORE = 2


class Sides(NamedTuple):
    """The squeezed titles of companies (`companies`) and of people (`people`) that say nothing of the kind, because the
    rows are those of the others."""

    companies: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()


def firms_alone(rows: FirstRows) -> list[int]:
    """The columns that say what only a firm has: its industry, its domain; not what a customer brings in."""
    return [place for place in firms_told(rows) if squeeze(rows.header[place]) not in TURNOVER]


def firms_told(rows: FirstRows) -> list[int]:
    """The columns that fill what companies have and people have not."""
    return [
        column.place
        for column in rows.columns(COMPANY)
        if any(to in COMPANY.by_name and to not in CONTACT.by_name and to != "currency" for to in column.to)
    ]


def sides(rows: FirstRows, name: FileName) -> Sides:
    """Whose the rows are where one column names people and another one their companies. They are the people's, whose
    companies say nothing of the kind, unless most of them name nobody, or what is said of firms weighs more."""
    columns = rows.columns(CONTACT)
    at = frozenset(squeeze(column.header) for column in columns if "company" in column.to)
    if not at or not rows.names(CONTACT):
        return Sides()
    named = [column for column in columns if {"name", FIRST, LAST} & set(column.to)]
    people = frozenset(squeeze(column.header) for column in named if of_contacts(CONTACT.name, column.header))
    # Who is named in parts is often known by an address alone, and is no firm for that.
    known = named if people else [*named, *(column for column in columns if "email" in column.to)]
    few = sum(any(cells[column.place].strip() for column in known) for cells in rows.cells) * 2 < len(rows.cells)
    if few and (people or not name.says_persons()):
        parts = frozenset(squeeze(column.header) for column in named if {FIRST, LAST} & set(column.to))
        return Sides(people=people or parts)
    plain = name.says_persons() or _has_sales(rows) or _are_called_otherwise(rows)
    if firms_alone(rows) and not plain and not _are_of_people(rows):
        return Sides(people=people)
    return Sides(companies=at)


def _are_called_otherwise(rows: FirstRows) -> bool:
    """Whether companies would be called by the column that names people here, while another one has their names, which
    is not the name of one's own company in every row."""
    at = rows.places(CONTACT)
    place = at.get("name")
    if place is None or rows.places(COMPANY).get("name") != place:
        return False
    pairs = {(fold(cells[at["company"]]), fold(cells[place])) for cells in rows.cells if cells[at["company"]].strip()}
    firms = {firm for firm, _ in pairs}
    differ = sum(firm != who for firm, who in pairs)
    return differ * 2 > len(pairs) and (len(firms) > 1 or len(pairs) == 1)


def _has_sales(rows: FirstRows) -> bool:
    """Whether a column that says nothing of firms has a figure of a sale; a stage alone may be how firms stand."""
    told = {column.place for column in rows.columns(COMPANY) if column.to}
    return any(
        not sales.FIGURES.isdisjoint(column.to) and column.place not in told
        for column in (rows.columns(LEAD) if rows.allows(COMPANY) else ())
    )


def _are_of_people(rows: FirstRows) -> bool:
    """Whether rows that name people and their companies, and say what only firms have, are the people's: companies come
    back with other people, or what speaks for people weighs enough against what speaks for firms."""
    at = rows.places(CONTACT)
    people = _people(rows.cells, at)
    pairs = {(fold(cells[at["company"]]), fold(who)) for who, cells in zip(people, rows.cells, strict=True) if who}
    firms = [firm for firm, _ in pairs if firm.strip()]
    if (len(firms) - len(set(firms))) * _OFTEN > len(firms):
        return True
    personal = _PEOPLE_ALONE * len(_personal(rows, at)) + _OWN_ADDRESSES * _have_own_addresses(rows, at, people)
    nobody = people.count("")
    unnamed = (nobody * _OFTEN > len(people)) + (nobody * 2 >= len(people))
    first = at["company"] < min(at[to] for to in ("name", FIRST, LAST) if to in at)
    firm = _FIRMS_ALONE * sum(rows.filled(place) > 0 for place in firms_alone(rows))
    firm += _UNNAMED * unnamed + _FIRST * first
    return personal > 0 and firm < personal + _MORE


def _people(cells: Sequence[Sequence[str]], at: dict[str, int]) -> list[str]:
    """What the person of each row is called, "" where it names nobody."""
    parts = [at[to] for to in ("name", FIRST, LAST) if to in at]
    return [" ".join(filter(None, (row[place].strip() for place in parts))) for row in cells]


def _personal(rows: FirstRows, at: dict[str, int]) -> list[str]:
    """What rows say that only people have."""
    return [to for to in PERSONAL if to in at and rows.filled(at[to])]


def _have_own_addresses(rows: FirstRows, at: dict[str, int], people: Sequence[str]) -> bool:
    """Whether most of the addresses are those of the `people` whom the rows name."""
    if "email" not in at:
        return False
    addresses = [(who, row[at["email"]]) for who, row in zip(people, rows.cells, strict=True) if who]
    told = [repeats(who, email) for who, email in addresses if email]
    return sum(told) * 2 > len(told)


def are_humans(rows: FirstRows, said: Sides) -> bool:
    """Whether a file that says what only firms have holds people for all that: it names them in a column of their own,
    or the cells by which either would be called are names of people."""
    if not firms_alone(rows):
        return False
    if said.companies:
        return True
    if not rows.cells or not rows.allows(CONTACT):
        return False
    at, of_firms = rows.places(CONTACT), rows.places(COMPANY)
    place = at.get("name")
    if place is None or place != of_firms.get("name"):
        return False
    some = rows.cells[:_MOST_ROWS]
    # Firms are called after people, too: their addresses, or what only people have, must then speak for these.
    doubts = [of_firms[to] for to in ("email", *OF_FIRMS) if to in of_firms]
    doubtful = any(row[beside].strip() for beside in doubts for row in some)
    if doubtful and not (_personal(rows, at) or _have_own_addresses(rows, at, [row[place] for row in rows.cells])):
        return False
    email = at.get("email")
    return are_people((row[place], "" if email is None else row[email]) for row in some)


def are_firms(rows: FirstRows) -> bool:
    """Whether most of those in the column by which people or firms would be called have the legal form of firms in
    their names, and nothing is said that only people have."""
    at = rows.places(CONTACT)
    place = at.get("name")
    if place is None or rows.places(COMPANY).get("name") != place or _personal(rows, at):
        return False
    names = [cells[place] for cells in rows.cells[:_MOST_ROWS] if cells[place].strip()]
    return sum(map(has_legal_form, names)) * 2 > len(names)


def are_called(rows: FirstRows, kind: Entity, other: Entity) -> bool:
    """Whether records of either kind would be called by the same column, whose cells are names of people, and it stands
    beside their companies."""
    at = rows.places(other)
    place = at.get("name")
    if place is None or "company" not in at or rows.places(kind).get("name") != place:
        return False
    email = at.get("email")
    return are_people((cells[place], "" if email is None else cells[email]) for cells in rows.cells[:_MOST_ROWS])


def have_offices(rows: FirstRows) -> bool:
    """Whether a list without names has companies, most of which are reached at an address of their offices."""
    at = rows.places(CONTACT)
    if "company" not in at or "email" not in at:
        return False
    found = [is_office(fold(cells[at["email"]])) for cells in rows.cells if cells[at["company"]].strip()]
    return sum(found) * 2 > len(found)
