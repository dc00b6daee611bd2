"""Which kind of record a file holds, by its column titles, its name and its first rows."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.exchange.json_pages import of_others
from crmcli.services.imports import happened_files, people_or_firms, sales, titles
from crmcli.services.imports.activity_titles import DAYS, START_DAYS, START_TIMES
from crmcli.services.imports.by_hand import check_given, column_of
from crmcli.services.imports.file_names import FileName
from crmcli.services.imports.first_rows import FirstRows
from crmcli.services.imports.headings import (
    PLAIN_IDS,
    TURNOVER,
    WORDS,
    of_contacts,
    of_ids,
    of_sales,
    of_suppliers,
)
from crmcli.services.imports.nothing import NULLS
from crmcli.services.imports.our_own import own_kind
from crmcli.services.imports.roles import (
    ACTIVE,
    CONTACT_FIRST,
    CONTACT_LAST,
    FIRST,
    FOREIGN,
    KINDS,
    LAST,
    REACHED_BY,
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
#: What heads days and times of any kind.
_DAYS = frozenset(map(squeeze, (*DAYS, *START_DAYS, *START_TIMES)))
#: What heads the ids of a file's own records and does not say whose they are.
_PLAIN = frozenset(map(squeeze, PLAIN_IDS))
#: What a list of our interactions shows, which tells them from the notes that are part of many a file.
_HAPPENED, _OF_TALKS = frozenset(("at", "kind")), frozenset(("body", "text", "direction", "minutes"))
#: What files of every kind have, so that it speaks of none.
_ANYBODY_S = frozenset(("description", "created_at", "updated_at", CONTACT_FIRST, CONTACT_LAST, *FOREIGN))


@cache
def _told(kind: Entity) -> frozenset[str]:
    """Squeezed titles that speak of the records themselves: Deal Stage, the number of the deal."""
    forms = ("{} id", "{} name", "{} stage", "{} owner", "apollo {} id", "do not modify {}")
    english = [form.format(word) for word in WORDS[kind.name] for form in forms]
    persian = [word for word in titles.WHOSE.get(kind.name, ()) if not word.isascii()]
    english += ["participant", "participant name", "attendee", "attendee name", "teilnehmer"] * (kind is CONTACT)
    english += ["task"] * (kind is TASK)
    return frozenset(map(squeeze, (*english, *(f"{what} {word}" for word in persian for what in ("شماره", "کد")))))


def _standings(rows: FirstRows, name: FileName) -> set[int]:
    """The columns that would be the stage or the end of leads and deals and say rather how people and firms stand: by
    their words in the first rows, or because the file's name says who is in it, unless it has figures of a sale."""
    if name.speaks_of(LEAD) or name.speaks_of(DEAL):
        return set()
    columns = rows.columns(LEAD)
    sale = not sales.FIGURES.isdisjoint(to for column in columns for to in column.to)
    named = name.says_people() and not sale
    by_hand = {column_of(rows.header, title) for title in rows.given}
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


def _are_standings(rows: FirstRows, place: int) -> bool:
    """Whether every word of a column says how somebody stands."""
    words = {cells[place] for cells in rows.cells} - NULLS
    letters = {"".join(filter(str.isalpha, fold(word))) for word in words} - {""}
    return bool(letters) and letters - {"pending"} <= _STANDING and letters != {"pending"}


def _numbered(rows: FirstRows) -> Entity | None:
    """The kind of which a file's own ids are by how they begin, as Salesforce numbers its records, where its columns
    name such; the titles of its files may say little."""
    place = next((i for i, title in enumerate(rows.header) if squeeze(title) == "id"), None)
    if place is None or not rows.whole:
        return None
    ids = {cells[place].strip() for cells in rows.cells} - {""}
    begin = {one[:3] for one in ids}
    kind = _SALESFORCE.get(begin.pop()) if len(begin) == 1 else None
    return kind if kind and all(map(_SALESFORCE_ID.fullmatch, ids)) and rows.names(kind) else None


class _File:
    """What a file says of the kind of its rows, whichever that is: its name, its titles, its first `rows`."""

    def __init__(self, header: Sequence[str], name: FileName, rows: FirstRows) -> None:
        self.name, self.rows = name, rows
        self.keys = {squeeze(title) for title in header}
        #: the kind that its titles say before a dash
        self.said = titles.said_kind(list(header))
        self.standings = _standings(rows, name)
        #: whether it has columns of first and of last names
        self.persons = all(self.keys & set(map(squeeze, ROLES[part].titles)) for part in (FIRST, LAST))
        #: the titles of companies and of people that say nothing of the kind
        self.sides = people_or_firms.sides(rows, name)
        #: whether it holds people whatever it says of firms
        self.humans = not name.names(COMPANY) and people_or_firms.are_humans(rows, self.sides)
        #: whether those whom it names are firms by their names and addresses, whatever else they may be
        self.firms = not name.says_persons() and people_or_firms.are_firms(rows)
        #: whether they are firms of which it says what only firms have, and nothing that is said of sales
        self.plain_firms = self.firms and bool(people_or_firms.firms_alone(rows)) and not sales.speaks_of(rows)
        #: whether it is a table of sales with buyers and their people, and whether it is plainly one of leads
        self.sells = not name.speaks_of(LEAD) and sales.sells(rows)
        self.leads = name.speaks_of(LEAD) or sales.names_leads(rows)
        #: whether it has figures of sales, and whether a column calls these deals
        self.figures = bool(sales.figures(rows))
        self.of_deals = name.speaks_of(DEAL) or self.said == DEAL.name or sales.may_be(rows)
        self.deals = self.figures and not self.leads and sales.names_deals(rows)
        #: whether it says when something is due
        due = rows.places(TASK).get("due_on", -1)
        self.due = rows.filled(due) > 0 and squeeze(header[due]) not in _DAYS
        #: whether it is a list of what happened, as we write it
        self.happened = _HAPPENED.issubset(header) and not _OF_TALKS.isdisjoint(header)

    @property
    def sold(self) -> Entity | None:
        """The kind of rows that have people or firms and figures of sales, which would be lost on these: sales that are
        called so, or leads who say how they are reached. Else several sales to one may be among them: None."""
        if self.deals:
            return DEAL
        return LEAD if self.rows.calls(LEAD) and not {"email", "phone"}.isdisjoint(self.rows.places(LEAD)) else None

    def says_other(self, found: Entity) -> bool:
        """Whether the file's name says plainly that it holds leads or deals, of which its columns name none."""
        return any(
            found is not kind and self.name.names(kind) and self.rows.allows(kind) and not self.rows.names(kind)
            for kind in (LEAD, DEAL)
        )

    def tells(self, kind: Entity) -> bool:
        """Whether a title speaks of records of this kind; where nothing names the deals that titles speak of, they are
        told of leads, which may be called by their people."""
        silent = {COMPANY: self.sides.companies, CONTACT: self.sides.people}.get(kind, frozenset())
        if not self.keys.isdisjoint(_PLAIN):  # the ids of others lead to these
            silent = silent | set(map(squeeze, of_ids(kind.name, own=True)))
        if not _told(kind).isdisjoint(self.keys - silent):
            return True
        return kind is LEAD and self.figures and not self.rows.names(DEAL) and self.tells(DEAL)

    def silent(self, kind: Entity) -> AbstractSet[str]:
        """The squeezed titles whose columns say nothing for a kind of which they are fields."""
        if kind in (COMPANY, DEAL):
            return TURNOVER
        if kind is TASK:
            return _DAYS
        return self.sides.people if kind in (CONTACT, LEAD) else frozenset()

    def may_hold(self, kind: Entity) -> bool:
        """Whether its rows can be records of this kind, if a column names them."""
        if not self.rows.allows(kind):
            return False
        if kind is INTERACTION:
            return self.happened or {"uid", "body"} <= self.keys  # only our own hold nothing else than notes
        if kind is TASK and self.figures and not self.due:
            return False  # nothing to do has such
        if kind is DEAL and not (self.of_deals or self.tells(DEAL)):
            return False
        if self.sells and kind is not TASK:
            return kind is DEAL
        if (kind is CONTACT and self.firms) or (kind is LEAD and (self.deals or self.plain_firms)):
            return False
        return kind is not COMPANY or not ((self.persons and not self.sides.people) or self.humans)


class _Reading(NamedTuple):
    """A file read as one of records of a kind: its columns, and the fields and roles that tell of the kind."""

    file: _File
    kind: Entity
    columns: tuple[Mapped, ...]
    telling: tuple[str, ...]

    @property
    def is_sale(self) -> bool:
        """Whether its columns are those of a deal, and not of somebody with whom there may be one."""
        sale = self.kind is DEAL and not {"value", "close_on", "stage"}.isdisjoint(self.telling)
        return sale and {"email", "phone"}.isdisjoint(self.telling)

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
        if self.kind is not COMPANY or not self.file.sides.companies or not self.file.name.names(COMPANY):
            return False
        return any(of_contacts(self.kind.name, title) for title in self.file.rows.header)


#: What speaks for a kind besides the columns that are a field of it: how much, and how often it does.
_BONUSES: tuple[tuple[float, Callable[[_Reading], int]], ...] = (
    (0.9, lambda read: read.file.name.speaks_of(read.kind)),
    (2, lambda read: read.file.tells(read.kind)),
    (0.25, lambda read: read.kind is COMPANY and read.file.firms),  # as people come before leads
    (1, lambda read: read.kind is COMPANY and read.file.plain_firms),
    (2, lambda read: read.kind is COMPANY and bool(read.file.sides.people)),  # of whose people few are named
    (0.5, lambda read: read.is_sale),
    (-1, lambda read: read.unlike),
    (1, lambda read: read.like),
    # what HubSpot and Freshsales say of people and companies, leads among them
    (2, lambda read: read.kind in (CONTACT, COMPANY) and "lifecyclestage" in read.file.keys),
    (0.5, lambda read: read.kind is TASK and "duedate" in read.file.keys),
    (1, lambda read: read.kind is TASK and read.file.due and not read.file.figures),
    (10, lambda read: read.kind.name == read.file.said),
    (10, lambda read: read.kind is INTERACTION and read.file.happened),
    (4, lambda read: read.names_its_people),
)
#: What scores less says too little.
_LEAST = 3
#: Where more kinds fit a file of which no column names the records, none of them is told.
_MOST_NAMELESS = 3


def recognise(
    header: Sequence[str], path: str, given: Mapping[str, str] | None = None, rows: Sequence[Row] = ()
) -> Entity | None:
    """The kind of record that the headers, the file's name and the cells of its first `rows` speak of; None where they
    fit none. Raises UsageError for a mapping by hand (`given`) to what no kind has."""
    first = FirstRows(header, given or {}, rows)
    if known := own_kind(header, first.allows) or _numbered(first):
        return known
    check_given(header, given or {})
    file = _File(header, FileName(path), first)
    found = _of_records(file)
    if found not in (None, TASK, INTERACTION) and happened_files.are_appointments(first):
        found = TASK if first.names(TASK) else None
    return found if file.happened else happened_files.rather_happened(first, file.name, found)


def _of_records(file: _File) -> Entity | None:
    """The kind of which the rows of a file are records, or of what happened where it is a list as we write it; None
    where they fit none."""
    first = file.rows
    best: tuple[float, Entity | None] = (0.0, None)
    called: Entity | None = None  # the kind that the file's name says, where the columns leave it open
    for kind in filter(file.may_hold, KINDS):
        columns = first.columns(kind)
        if not first.names(kind) or (file.leads and kind is DEAL and sales.called_by_sale(columns)):
            continue
        named = file.name.names(kind)
        read = _Reading(file, kind, columns, tuple(_telling(kind, columns, file.silent(kind), named=named)))
        score = _score(read)
        if score >= _LEAST and score > best[0] and first.calls(kind):
            best = (score, kind)
        if named and (len(read.telling) > 1 or _understood(kind, columns) * 2 > len(first.header)):
            called = kind
    found = best[1] or called
    if found in (CONTACT, COMPANY) and found is not called and sales.loses(first, found):
        return file.sold
    if found is DEAL and found is not called and file.may_hold(LEAD) and people_or_firms.are_called(first, DEAL, LEAD):
        return LEAD
    if found and found is not called and (file.says_other(found) or (found is LEAD and sales.headed(first))):
        return None
    if found:
        return found
    if file.sells:
        return DEAL
    if file.humans:
        return CONTACT
    return COMPANY if file.firms and first.fits(COMPANY) else _addresses(file)


def _score(read: _Reading) -> float:
    """How much speaks for a kind: each field of it that a column fills, and the bonuses."""
    return sum((worth * says(read) for worth, says in _BONUSES), start=float(len(read.telling)))


def _telling(kind: Entity, columns: Sequence[Mapped], silent: AbstractSet[str], *, named: bool) -> Iterator[str]:
    """The fields and roles of the columns that tell of the kind; `silent` are squeezed titles that do not. A person
    beside the name of a lead may as well be a deal's, unless the file's name says leads (`named`); and whom one buys
    from is nobody to sell to. How the people in a list of somebody's are reached makes no lead of who says nothing else
    that leads alone have."""
    if kind is LEAD and not named:
        own = [column for column in columns if not of_others(column.header)]
        columns = columns if any(to in LEAD.by_name.keys() - CONTACT.by_name for one in own for to in one.to) else own
    amounts = {to for column in columns for to in column.to} & {"value", "recurring"}
    for column in columns:
        person = squeeze(column.header).endswith(("name", "primarycontact"))
        seller = bool(kind.kind) and of_suppliers(column.header)
        for to in column.to if squeeze(column.header) not in silent and _speaks(kind, column) else ():
            if to == "currency" and not amounts:
                continue  # Stripe says it of each customer
            if to not in _ANYBODY_S and not seller and (to != "contact_name" or person or named):
                yield to


def _speaks(kind: Entity, column: Mapped) -> bool:
    """Whether a column may speak for records of a kind: how people are reached says nothing of what is to be done."""
    return bool(column.to) and (kind is not TASK or set(REACHED_BY).isdisjoint(column.to))


def _addresses(file: _File) -> Entity | None:
    """The kind of a list of people of whom little more than their addresses is known: every column with cells fills a
    field of theirs, and one has addresses. The file's name may say that they are leads, or that they are no people."""
    rows, name = file.rows, file.name
    kind = LEAD if name.speaks_of(LEAD) else CONTACT
    others = any(name.speaks_of(other) for other in KINDS if other is not kind)
    if not rows.whole or (others and not name.speaks_of(kind)) or not rows.allows(kind):
        return None  # of a wider one only some titles are here
    samples, columns = rows.samples, rows.columns(kind)
    if rows.names(kind):
        return None
    told = any("email" in column.to and "@" in samples[column.place] for column in columns)
    if not told or not rows.fits(kind):
        return None
    return COMPANY if kind is CONTACT and people_or_firms.have_offices(rows) else kind


class Fits(NamedTuple):
    """The kinds that a file fits best of which nothing tells the kind: those that a column `named`, and those that are
    `nameless` and have more of its columns."""

    named: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()


def fitting(header: Sequence[str], path: str, rows: Sequence[Row]) -> Fits:
    """The kinds that the titles and first rows of a file fit best, and deals where a column names what is sold; what
    happened, where the file may say so and nothing fits better, or it says who came to whom."""
    first = FirstRows(header, {}, rows)
    counts = {
        kind.name: sum(_speaks(kind, column) and not of_others(column.header) for column in first.columns(kind))
        for kind in KINDS
        if kind is not INTERACTION
    }
    named = {kind.name: counts[kind.name] for kind in KINDS if first.calls(kind) and kind.name in counts}
    if happened_files.are_appointments(first):  # whatever else it names is what these are about
        counts = {name: count for name, count in counts.items() if name == TASK.name}
        named = {name: count for name, count in named.items() if name == TASK.name}
    most = max(named.values(), default=0)
    more = {name: count for name, count in counts.items() if count > max(most, _LEAST - 1) and name not in named}
    nameless = [name for name, count in more.items() if count == max(more.values())]
    if DEAL.name not in (*named, *nameless) and (any(map(of_sales, header)) or sales.headed(first)):
        nameless = [DEAL.name]
    told = [INTERACTION.name] if happened_files.fits(first, FileName(path), max(counts.values(), default=0)) else []
    return Fits(
        (*(name for name, count in named.items() if count == most), *told),
        tuple(nameless) if len(nameless) <= _MOST_NAMELESS else (),
    )


def _understood(kind: Entity, columns: Sequence[Mapped]) -> int:
    """How many columns of a file say something of records of this kind, their ids among them."""
    ids = frozenset(map(squeeze, of_ids(kind.name, own=False)))
    return sum(bool(column.to) or squeeze(column.header) in ids for column in columns)
