"""Which kind of record a file holds, by its column titles and its name."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.exchange.json_pages import of_others
from crmcli.services.imports import titles
from crmcli.services.imports.by_hand import check_given, column_of, field_of, place_of
from crmcli.services.imports.file_names import FileName
from crmcli.services.imports.headings import (
    WORDS,
    of_budgets,
    of_buyers,
    of_contacts,
    of_ids,
    of_sales,
    of_suppliers,
)
from crmcli.services.imports.mapping import has_name, map_columns
from crmcli.services.imports.nothing import NULLS
from crmcli.services.imports.people_names import are_people, speak_for_people
from crmcli.services.imports.roles import (
    ACTIVE,
    CONTACT_FIRST,
    CONTACT_LAST,
    FIRST,
    FOREIGN,
    KINDS,
    LAST,
    ROLES,
)
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.mapping import Mapped

#: How people and firms stand with somebody, which is no step towards a sale; folded, letters alone.
_STANDING = frozenset((
    "active", "inactive", "notactive", "subscribed", "unsubscribed", "nonsubscribed", "notsubscribed", "subscriber",
    "optedin", "optedout", "optin", "optout", "bounced", "hardbounced", "softbounced", "hardbounce", "softbounce",
    "cleaned", "complained", "spam", "suppressed", "donotcontact", "customer", "client", "formercustomer",
    "excustomer", "pastcustomer", "churned", "member", "guest", "subscriptionexpired", "expired", "lapsed", "suspended",
    "blocked", "banned", "enabled", "disabled", "deactivated", "archived", "deleted", "verified", "unverified",
    "unconfirmed", "debtor", "creditor", "settled", "aktiv", "inaktiv", "abonniert", "abgemeldet", "kunde", "actif",
    "inactif", "abonne", "desabonne", "activo", "inactivo", "suscrito",
    "فعال", "غیرفعال", "مشتری", "مشتریفعال", "مشترک", "عضو", "لغواشتراک", "لغوعضویت", "مسدود", "بایگانی", "حذفشده",
    "بدهکار", "بستانکار", "بیحساب", "تسویه", "تسویهشده",
))  # fmt: skip
#: How the ids of records begin in Salesforce, and what they look like, with or without the three letters that tell
#: capitals apart.
_SALESFORCE = {"001": COMPANY, "003": CONTACT, "006": DEAL, "00Q": LEAD, "00T": TASK, "00U": TASK}
_SALESFORCE_ID = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")
#: The titles of so many columns tell the kind, and the cells of so many rows whether they name people.
_WIDEST, _MOST_ROWS = 500, 1000
#: How titles end that head the numbers of sales, or what is sold, squeezed.
_GOODS = re.compile(
    r"(?:no|nr|num|number|nummer|numero|invoice|rechnung|facture|factura|fatura|شماره|فاکتور"
    r"|product|item|service|article|produkt|artikel|produit|producto|articulo|محصول|کالا)$"
)
#: What files of every kind have, so that it speaks of none.
_ANYBODY_S = frozenset(("description", "created_at", "updated_at", CONTACT_FIRST, CONTACT_LAST, *FOREIGN))
#: What firms have and people seldom.
_OF_FIRMS = ("domain", "website", "employees", "revenue", "parent")
#: What a customer brings in or what a firm does: a company's revenue, but no word of the kind.
_TURNOVER = frozenset(("umsatz",))
#: Where one in so many people is of a firm that another one is of, too, a list is one of people.
_OFTEN = 10
#: Fields of a sale, beside which a status may well be a stage.
_SALE = frozenset(("value", "recurring", "probability", "close_on"))


@cache
def _told(kind: Entity) -> frozenset[str]:
    """Squeezed titles that speak of the records themselves: Deal Stage, the number of the deal."""
    forms = ("{} id", "{} name", "{} stage", "{} owner", "apollo {} id", "do not modify {}")
    english = [form.format(word) for word in WORDS[kind.name] for form in forms]
    persian = [word for word in titles.WHOSE.get(kind.name, ()) if not word.isascii()]
    english += ["participant", "participant name", "attendee", "attendee name", "teilnehmer"] * (kind is CONTACT)
    english += ["task"] * (kind is TASK)
    return frozenset(map(squeeze, (*english, *(f"{what} {word}" for word in persian for what in ("شماره", "کد")))))


def _standings(header: Sequence[str], name: FileName, given: Mapping[str, str], rows: Sequence[Row]) -> set[int]:
    """The columns that would be the stage or the end of leads and deals and say rather how people and firms stand: by
    their words in the first `rows`, or because the file's name says who is in it, unless it has figures of a sale."""
    if name.speaks_of(LEAD) or name.speaks_of(DEAL) or any(field_of(LEAD, to) is None for to in given.values()):
        return set()
    columns, _ = map_columns(LEAD, header, given)
    sale = not _SALE.isdisjoint(to for column in columns for to in column.to)
    named = name.says_people() and not sale
    by_hand = {column_of(header, title) for title in given}
    found: set[int] = set()
    for column in columns:
        key = squeeze(column.header)
        if named and key == "leadstatus":  # as HubSpot has it of every contact
            found.add(column.place)
        elif column.to == ("stage",):
            return set()
        elif column.to == (ACTIVE,) and not sale:
            found.add(column.place)
        elif column.to == ("status",) and not any(word in key for word in (*WORDS["lead"], *WORDS["deal"])):
            found |= {column.place} if named or _are_standings(rows, column.place) else set()
    return found - by_hand


def _are_standings(rows: Sequence[Row], place: int) -> bool:
    """Whether every word of a column says how somebody stands."""
    words = {row.cells[place] for row in rows if row.problem is None} - NULLS
    letters = {"".join(filter(str.isalpha, fold(word))) for word in words} - {""}
    return bool(letters) and letters - {"pending"} <= _STANDING and letters != {"pending"}


def _own(header: Sequence[str], given: Mapping[str, str]) -> Entity | None:
    """The kind of which a file is an export of ours: that has every field. A deal has those of a lead, too."""
    found = [kind for kind in KINDS if "uid" in header and {field.name for field in kind.fields} <= set(header)]
    fits = [kind for kind in found if all(field_of(kind, to) is not None for to in given.values())]
    return max(fits, key=lambda kind: len(kind.fields), default=None)


def _numbered(header: Sequence[str], given: Mapping[str, str], rows: Sequence[Row]) -> Entity | None:
    """The kind of which a file's own ids are by how they begin, as Salesforce numbers its records, where its columns
    name such; the titles of its files may say little."""
    place = next((i for i, title in enumerate(header) if squeeze(title) == "id"), None)
    if place is None or len(header) >= _WIDEST:
        return None
    ids = {row.cells[place].strip() for row in rows if row.problem is None} - {""}
    begin = {one[:3] for one in ids}
    kind = _SALESFORCE.get(begin.pop()) if len(begin) == 1 else None
    if kind is None or not all(map(_SALESFORCE_ID.fullmatch, ids)):
        return None
    if any(field_of(kind, to) is None for to in given.values()):
        return None
    return kind if has_name(map_columns(kind, header, given)[0]) else None


class _File:
    """What a file says of the kind of its rows, whichever that is: its name, its titles, the first of its `rows`."""

    def __init__(self, header: Sequence[str], path: str, given: Mapping[str, str], rows: Sequence[Row]) -> None:
        self.name, self.given, self.rows = FileName(path), given, rows
        self.keys = {squeeze(title) for title in header}
        #: the kind that its titles say before a dash
        self.said = titles.said_kind(list(header))
        self.header = telling(header, given)
        self.standings = _standings(self.header, self.name, given, rows)
        #: whether it has columns of first and of last names
        self.persons = all(self.keys & set(map(squeeze, ROLES[part].titles)) for part in (FIRST, LAST))
        #: squeezed titles of companies and of people that say nothing of the kind
        self.of_companies, self.of_people = _beside(self.header, given, rows, self.name)
        people = bool(self.of_companies) and _says_of_firms(self.header, given)
        #: whether it holds people whatever it says of firms: the cells by which either would be called are names of
        #: people, or it names people in a column of their own
        self.humans = not self.name.names(COMPANY) and (people or _names_humans(self.header, given, rows))
        #: whether it is a table of sales with buyers and their people, and whether it is plainly one of leads
        self.sells, self.leads = (
            _sells(self.header, given, rows, self.name),
            _names_leads(self.header, given, self.name),
        )
        #: whether it has amounts with their currency, which nothing to do has
        self.amounts = {"value", "currency"} <= _filled(DEAL, self.header, given)
        self._silent = {COMPANY.name: self.of_companies, CONTACT.name: self.of_people}

    def tells(self, kind: Entity) -> bool:
        """Whether a title speaks of records of this kind."""
        return not _told(kind).isdisjoint(self.keys - self._silent.get(kind.name, set()))

    def may_hold(self, kind: Entity) -> bool:
        """Whether its rows can be records of this kind, if a column names them."""
        if any(field_of(kind, to) is None for to in self.given.values()):
            return False
        if kind is INTERACTION:
            return {"uid", "body"} <= self.keys  # notes are part of many a file: only our own hold nothing else
        if kind is TASK and self.amounts:
            return False
        if self.sells and kind is not TASK:
            return kind is DEAL
        return kind is not COMPANY or not ((self.persons and not self.of_people) or self.humans)


class _Reading(NamedTuple):
    """A file read as one of records of a kind: its columns, and the fields and roles that tell of the kind."""

    file: _File
    kind: Entity
    columns: tuple[Mapped, ...]
    filled: tuple[str, ...]

    @property
    def is_sale(self) -> bool:
        """Whether its columns are those of a deal, and not of somebody with whom there may be one."""
        sale = self.kind is DEAL and not {"value", "close_on", "stage"}.isdisjoint(self.filled)
        return sale and {"email", "phone"}.isdisjoint(self.filled)

    @property
    def unlike(self) -> int:
        """How many columns of leads and deals say what is said of people and firms."""
        standing = sum(bool(column.to) for column in self.columns if column.place in self.file.standings)
        return standing if self.kind.kind and not self.is_sale else 0

    @property
    def like(self) -> int:
        """How many columns say how people and firms stand."""
        return len(self.file.standings) if self.kind in (CONTACT, COMPANY) else 0

    @property
    def names_its_people(self) -> bool:
        """Whether a list of firms, as its own name says, names people of theirs."""
        if self.kind is not COMPANY or not self.file.of_companies or not self.file.name.names(COMPANY):
            return False
        return any(of_contacts(self.kind.name, title) for title in self.file.header)


#: What speaks for a kind besides the columns that are a field of it: how much, and how often it does.
_BONUSES: tuple[tuple[float, Callable[[_Reading], int]], ...] = (
    (0.9, lambda read: read.file.name.speaks_of(read.kind)),
    (2, lambda read: read.file.tells(read.kind)),
    (2, lambda read: read.kind is COMPANY and bool(read.file.of_people)),  # of whose people few are named
    (0.5, lambda read: read.is_sale),
    (-1, lambda read: read.unlike),
    (1, lambda read: read.like),
    # what HubSpot and Freshsales say of people and companies, leads among them
    (2, lambda read: read.kind in (CONTACT, COMPANY) and "lifecyclestage" in read.file.keys),
    (0.5, lambda read: read.kind is TASK and "duedate" in read.file.keys),
    (10, lambda read: read.kind.name == read.file.said),
    (4, lambda read: read.names_its_people),
)
#: What scores less says too little.
_LEAST = 3


def recognise(
    header: Sequence[str], path: str, given: Mapping[str, str] | None = None, rows: Sequence[Row] = ()
) -> Entity | None:
    """The kind of record that the headers, the file's name and the cells of its first `rows` speak of; None where they
    fit none. Raises UsageError for a mapping by hand (`given`) to what no kind has."""
    given = given or {}
    if known := _own(header, given) or _numbered(header, given, rows):
        return known
    check_given(header, given)
    file = _File(header, path, given, rows)
    best: tuple[float, Entity | None] = (0.0, None)
    called: Entity | None = None  # the kind that the file's name says, where the columns leave it open
    for kind in filter(file.may_hold, KINDS):
        columns, _ = map_columns(kind, file.header, given)
        if not has_name(columns) or (file.leads and kind is DEAL and _called_by_sale(columns)):
            continue
        named = file.name.names(kind)
        silent = file.of_people if kind in (CONTACT, LEAD) else _TURNOVER if kind is COMPANY else frozenset()
        read = _Reading(file, kind, columns, tuple(_telling_fields(kind, columns, silent, named=named)))
        score = _score(read)
        if score >= _LEAST and score > best[0]:
            best = (score, kind)
        if named and (len(read.filled) > 1 or _understood(kind, columns) * 2 > len(file.header)):
            called = kind
    if best[1] or called:
        return best[1] or called
    if file.sells:
        return DEAL if any(of_sales(title) or _heads_goods(title) for title in file.header) else None
    return CONTACT if file.humans else _addresses(file)


def _score(read: _Reading) -> float:
    """How much speaks for a kind: each field of it that a column fills, and the bonuses."""
    return sum((worth * says(read) for worth, says in _BONUSES), start=float(len(read.filled)))


def _telling_fields(kind: Entity, columns: Sequence[Mapped], silent: AbstractSet[str], *, named: bool) -> Iterator[str]:
    """The fields and roles of the columns that tell of the kind; `silent` are squeezed titles that do not. A person
    beside the name of a lead may as well be a deal's, unless the file's name says leads (`named`); and whom one buys
    from is nobody to sell to. How the people in a list of somebody's are reached makes no lead of who says nothing else
    that leads alone have."""
    if kind is LEAD and not named:
        own = [column for column in columns if not of_others(column.header)]
        columns = columns if any(to in LEAD.by_name.keys() - CONTACT.by_name for one in own for to in one.to) else own
    for column in columns:
        person = squeeze(column.header).endswith(("name", "primarycontact"))
        seller = bool(kind.kind) and of_suppliers(column.header)
        for to in column.to if squeeze(column.header) not in silent else ():
            if to not in _ANYBODY_S and not seller and (to != "contact_name" or person or named):
                yield to


def _names_humans(header: Sequence[str], given: Mapping[str, str], rows: Sequence[Row]) -> bool:
    """Whether the column by which people or firms would be called has names of people, in a file that says of them what
    only firms have."""
    if not rows or not _says_of_firms(header, given) or any(field_of(CONTACT, to) is None for to in given.values()):
        return False
    places: list[dict[str, int]] = []
    for kind in (CONTACT, COMPANY):
        columns, _ = map_columns(kind, header, given)
        places.append({to: column.place for column in columns for to in column.to})
    place, email = places[0].get("name"), places[0].get("email")
    if place is None or place != places[1].get("name"):
        return False
    cells = [row.cells for row in rows[:_MOST_ROWS] if row.problem is None]
    # Firms are called after people, too: their addresses, or what only people have, must then speak for these.
    doubtful = any(
        row[at].strip() for to in ("email", *_OF_FIRMS) if (at := places[1].get(to)) is not None for row in cells
    )
    if doubtful and not speak_for_people(places[0], [row[place] for row in cells], cells):
        return False
    return are_people((row[place], "" if email is None else row[email]) for row in cells)


def _beside(
    header: Sequence[str], given: Mapping[str, str], rows: Sequence[Row], name: FileName
) -> tuple[set[str], set[str]]:
    """Of a file that names people in one column and their companies in another, the squeezed titles of those that say
    nothing of the kind: the companies' column, whose records are the people; the people's, where most of the first rows
    name nobody, or a column says what only a firm has and nothing speaks for people. (of companies, of people)"""
    if any(field_of(CONTACT, to) is None for to in given.values()):
        return set(), set()
    columns, _ = map_columns(CONTACT, header, given)
    at = {squeeze(column.header) for column in columns if "company" in column.to}
    if not at or not has_name(columns):
        return set(), set()
    named = [column for column in columns if {"name", FIRST, LAST} & set(column.to)]
    people = {squeeze(column.header) for column in named if of_contacts(CONTACT.name, column.header)}
    # Who is named in parts is often known by an address alone, and is no firm for that.
    known = named if people else [*named, *(column for column in columns if "email" in column.to)]
    cells = [row.cells for row in rows if row.problem is None]
    few = sum(any(row[column.place].strip() for column in known) for row in cells) * 2 < len(cells)
    if few and (people or not name.says_persons()):
        return set(), people or {squeeze(column.header) for column in named if {FIRST, LAST} & set(column.to)}
    if _says_of_firms(header, given) and not (
        name.says_persons() or _has_sales(header, given) or _speaks_for_people(columns, cells)
    ):
        return set(), people
    return at, set()


def _speaks_for_people(columns: Sequence[Mapped], cells: Sequence[Sequence[str]]) -> bool:
    """Whether rows that name people and their companies are the people's, whatever they say of the companies: they say
    what only people have, most addresses are people's own, or companies come back with other people."""
    at = {to: column.place for column in columns for to in column.to}
    people = [
        " ".join(filter(None, (row[at[to]].strip() for to in ("name", FIRST, LAST) if to in at))) for row in cells
    ]
    if speak_for_people(at, people, cells):
        return True
    pairs = {(fold(row[at["company"]]), fold(who)) for who, row in zip(people, cells, strict=True) if who}
    firms = [firm for firm, _ in pairs if firm.strip()]
    return (len(firms) - len(set(firms))) * _OFTEN > len(firms)


def _sells(header: Sequence[str], given: Mapping[str, str], rows: Sequence[Row], name: FileName) -> bool:
    """Whether the rows are sales, with figures, whose buyers and people they name, and in a column that fills nothing
    what they are: called by these people, several sales of one would be one."""
    if name.speaks_of(LEAD) or any(field_of(LEAD, to) is None for to in given.values()):
        return False
    columns, _ = map_columns(LEAD, header, given)
    filled = {to for column in columns for to in column.to}
    people = any(
        of_contacts(LEAD.name, column.header) for column in columns if {"name", "contact_name"} & set(column.to)
    )
    figures = bool(_SALE & filled) or any(of_budgets(column.header) for column in columns)
    own = any("name" in column.to and not _is_somebody(column) for column in columns)
    if own or not (people and figures and "company" in filled) or filled & {"email", "phone", "mobile"}:
        return False
    if any(of_sales(column.header) for column in columns):
        return True
    buyers = [column.place for column in columns if {"name", "contact_name", "company"} & set(column.to)]
    cells = [row.cells for row in rows if row.problem is None]
    return any(_says_what(column, buyers, cells) for column in columns if not column.to)


def _is_somebody(column: Mapped) -> bool:
    """Whether a column of names names people or those who buy, and no subjects."""
    return of_contacts(LEAD.name, column.header) or of_buyers(column.header)


def _says_what(column: Mapped, buyers: Sequence[int], cells: Sequence[Sequence[str]]) -> bool:
    """Whether a column that fills nothing may say what is sold: in words or by its number, in no id of the row, and
    where the same `buyers` (the columns that name them) come back, with something else unless its title is one of
    goods."""
    sample = next((row[column.place] for row in cells if row[column.place].strip()), "")
    if squeeze(column.header) in map(squeeze, of_ids(LEAD.name, own=False)) or titles.heads_ids(column.header, sample):
        return False
    goods = _heads_goods(column.header)
    sales = [(tuple(fold(row[place]) for place in buyers), fold(row[column.place])) for row in cells]
    several = len(sales if goods else set(sales)) - len({who for who, _ in sales})
    return several * _OFTEN > len(sales) and (goods or any(map(str.isalpha, sample)))


def _heads_goods(title: str) -> bool:
    """Whether a title heads what is sold, or the numbers of sales."""
    return bool(_GOODS.search(squeeze(title)))


def _names_leads(header: Sequence[str], given: Mapping[str, str], name: FileName) -> bool:
    """Whether the file's name says that it holds leads, or a column calls them by their own subject."""
    if name.speaks_of(LEAD):
        return True
    if any(field_of(LEAD, to) is None for to in given.values()):
        return False
    columns, _ = map_columns(LEAD, header, given)
    return any("name" in one.to and not (_is_somebody(one) or of_sales(one.header)) for one in columns)


def _called_by_sale(columns: Sequence[Mapped]) -> bool:
    """Whether deals would be called by a column that names projects, quotes or orders."""
    return any("name" in column.to and of_sales(column.header) for column in columns)


def _filled(kind: Entity, header: Sequence[str], given: Mapping[str, str]) -> set[str]:
    """The fields that columns with these titles fill in records of a kind; none where a mapping by hand forbids it."""
    if any(field_of(kind, to) is None for to in given.values()):
        return set()
    return {to for column in map_columns(kind, header, given)[0] for to in column.to}


def _says_of_firms(header: Sequence[str], given: Mapping[str, str]) -> bool:
    """Whether a column says what only a firm has: its industry, its domain."""
    if any(field_of(COMPANY, to) is None for to in given.values()):
        return False
    columns, _ = map_columns(COMPANY, header, given)
    told = [to for column in columns if squeeze(column.header) not in _TURNOVER for to in column.to]
    return any(to in COMPANY.by_name and to not in CONTACT.by_name for to in told)


def _has_sales(header: Sequence[str], given: Mapping[str, str]) -> bool:
    """Whether a column that says nothing of firms has a figure of a sale; a stage alone may be how firms stand."""
    if any(field_of(kind, to) is None for to in given.values() for kind in (LEAD, COMPANY)):
        return False
    columns, of_firms = (map_columns(kind, header, given)[0] for kind in (LEAD, COMPANY))
    told = {column.place for column in of_firms if column.to}
    return any(not _SALE.isdisjoint(column.to) and column.place not in told for column in columns)


def _addresses(file: _File) -> Entity | None:
    """The kind of a list of people of whom little more than their addresses is known: every column with cells fills a
    field of theirs, and one has addresses. The file's name may say that they are leads, or that they are no people."""
    header, given, name = file.header, file.given, file.name
    kind = LEAD if name.speaks_of(LEAD) else CONTACT
    others = any(name.speaks_of(other) for other in KINDS if other is not kind)
    if len(header) >= _WIDEST or (others and not name.speaks_of(kind)):
        return None  # of a wider one only some titles are here, apart from their cells
    if any(field_of(kind, to) is None for to in given.values()):
        return None
    cells = [row.cells for row in file.rows if row.problem is None]
    samples = [next((row[i] for row in cells if row[i].strip()), "") for i in range(len(header))]
    columns, _ = map_columns(kind, header, given, samples=samples)
    if has_name(columns):
        return None
    told = any("email" in column.to and "@" in samples[column.place] for column in columns)
    return kind if told and all(column.to for column in columns if samples[column.place]) else None


def telling(header: Sequence[str], given: Mapping[str, str]) -> Sequence[str]:
    """The titles by which a kind is told: each kind tries them all, so of a very wide file those of the first columns
    and of what is mapped by hand."""
    if len(header) <= _WIDEST:
        return header
    by_hand = {place for title in given if (place := place_of(header, title)) is not None and place >= _WIDEST}
    return [*header[:_WIDEST], *(header[place] for place in sorted(by_hand))]


def _understood(kind: Entity, columns: Sequence[Mapped]) -> int:
    """How many columns of a file say something of records of this kind, their ids among them."""
    ids = frozenset(map(squeeze, of_ids(kind.name, own=False)))
    return sum(bool(column.to) or squeeze(column.header) in ids for column in columns)
