"""Which kind of record a file holds, by its column titles and its name."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.services.imports import titles
from crmcli.services.imports.by_hand import check_given, field_of
from crmcli.services.imports.columns import NULLS
from crmcli.services.imports.headings import WORDS, of_contacts, of_ids
from crmcli.services.imports.mapping import has_name, map_columns
from crmcli.services.imports.roles import ACTIVE, CONTACT_FIRST, CONTACT_LAST, FIRST, FOREIGN, KINDS, LAST, ROLES
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.mapping import Mapped

#: Firms in the names of files in other languages, folded.
_FIRMS = frozenset(("firmen", "unternehmen", "entreprises", "societes", "empresas", "sirketler", "firmalar"))
#: The words of a file's name that tell in Persian what is in it, folded: a ZWNJ before the plural is gone.
_PERSIAN = {
    "lead": frozenset(("سرنخ", "سرنخها", "سرنخهای", "بالقوه", "احتمالی")),
    "deal": frozenset(("معامله", "معاملات", "معاملهها", "فرصتها", "فرصتهای")),
    "contact": frozenset(("مخاطبین", "مخاطبان", "مخاطبها", "مخاطبهای", "اشخاص", "مشتریان", "مشتریها", "مشتریهای")),
    "company": frozenset(("شرکتها", "شرکتهای", "سازمانها", "سازمانهای", "مشتریان", "مشتریها", "مشتریهای")) | _FIRMS,
    "task": frozenset(("وظیفه", "وظایف", "وظیفهها", "فعالیتها", "فعالیتهای")),
}
#: Those that say plainly that people and firms are in it, and those that say that these are yet to be won.
_PLAINLY = frozenset(("contacts", "customers", "clients", "companies", "accounts", "organizations", "organisations"))
_YET = frozenset(("potential", "prospective", "possible"))
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
#: The titles of so many columns tell the kind.
_WIDEST = 500
#: What files of every kind have, so that it speaks of none.
_ANYBODY_S = frozenset(("description", "created_at", "updated_at", CONTACT_FIRST, CONTACT_LAST, *FOREIGN))
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


@cache
def _in_names(kind: str) -> frozenset[str]:
    """The words, folded, by which the name of a file says that it holds records of a kind."""
    return frozenset(f"{word}{s}" for word in WORDS[kind] for s in ("", "s")) | _PERSIAN.get(kind, frozenset())


class _FileName:
    """What the name of a file says of what is in it."""

    def __init__(self, path: str) -> None:
        name = os.path.splitext(os.path.basename(path))[0]
        self._squeezed = squeeze(name)
        self._parts = frozenset(map(fold, re.findall(r"[^\W\d_A-Z]+|[A-Z]+(?![a-z])|[A-Z][^\W\d_A-Z]+", name)))
        self._words = frozenset(re.findall(r"[^\W\d_]+", fold(name)))

    def speaks_of(self, kind: Entity) -> bool:
        """Whether it has a word for records of this kind; an English one may be a part of another."""
        if kind is LEAD and self._words & _YET:
            return True
        return any(word in self._squeezed for word in WORDS[kind.name]) or not self._words.isdisjoint(
            _PERSIAN.get(kind.name, ())
        )

    def names(self, kind: Entity) -> bool:
        """Whether one of its words is one for records of this kind, and of no other kind: Account, SF_Accounts."""
        words = self._parts | self._words
        said = [one.name for one in KINDS if not words.isdisjoint(_in_names(one.name))]
        return said == [kind.name]

    def says_people(self) -> bool:
        """Whether it says plainly that people or firms are in it."""
        plainly = self._words & (_PLAINLY | _PERSIAN["contact"] | _PERSIAN["company"]) or self._words == {"contact"}
        return bool(plainly) and not (self.speaks_of(LEAD) or self.speaks_of(DEAL))


def _standings(header: Sequence[str], name: _FileName, given: Mapping[str, str], rows: Sequence[Row]) -> set[int]:
    """The columns that would be the stage or the end of leads and deals and say rather how people and firms stand: by
    their words in the first `rows`, or because the file's name says who is in it, unless it has figures of a sale."""
    if name.speaks_of(LEAD) or name.speaks_of(DEAL) or any(field_of(LEAD, to) is None for to in given.values()):
        return set()
    columns, _ = map_columns(LEAD, header, given)
    sale = not _SALE.isdisjoint(to for column in columns for to in column.to)
    named = name.says_people() and not sale
    by_hand = set(map(squeeze, given))
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
    return {place for place in found if squeeze(header[place]) not in by_hand}


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


def recognise(
    header: Sequence[str], path: str, given: Mapping[str, str] | None = None, rows: Sequence[Row] = ()
) -> Entity | None:
    """The kind of record that the headers, the file's name and the words of its first `rows` speak of; None where they
    fit none. Raises UsageError for a mapping by hand (`given`) to what no kind has."""
    if own := _own(header, given or {}):
        return own
    if numbered := _numbered(header, given or {}, rows):
        return numbered
    best: tuple[float, Entity | None] = (0.0, None)
    called: Entity | None = None  # the kind that the file's name says, where the columns leave it open
    name = _FileName(path)
    keys = {squeeze(title) for title in header}
    said = titles.said_kind(list(header))
    check_given(header, given or {})
    header = telling(header, given or {})
    standings = _standings(header, name, given or {}, rows)
    people = all(keys & set(map(squeeze, ROLES[part].titles)) for part in (FIRST, LAST))
    at, persons = _beside(header, given or {}, rows)
    silent = {COMPANY: at, CONTACT: persons}
    for kind in KINDS:
        if any(field_of(kind, to) is None for to in (given or {}).values()):
            continue
        if kind is INTERACTION and not {"uid", "body"} <= keys:
            continue  # a column of notes is part of many a file: only our own say that they hold nothing else
        if kind is COMPANY and people:
            continue  # a list of people who have companies
        columns, _ = map_columns(kind, header, given or {})
        if not has_name(columns):
            continue
        filled = [to for column in columns for to in column.to if to not in _ANYBODY_S and _speaks(column, to)]
        score = float(len(filled))
        if name.speaks_of(kind):
            score += 0.9
        if (keys - silent.get(kind, set())) & _told(kind):
            score += 2
        if kind is COMPANY and persons:
            score += 2  # a list of firms, of whose people few are named
        if kind is DEAL and {"value", "close_on", "stage"} & set(filled) and not {"email", "phone"} & set(filled):
            score += 0.5
        elif kind.kind:
            score -= sum(bool(column.to) for column in columns if column.place in standings)
        if kind in (CONTACT, COMPANY):
            score += len(standings)
        if kind in (CONTACT, COMPANY) and "lifecyclestage" in keys:
            score += 2  # what HubSpot and Freshsales say of people and companies, leads among them
        if kind is TASK and "duedate" in keys:
            score += 0.5
        if kind.name == said:
            score += 10
        if kind is COMPANY and at and name.names(COMPANY) and any(of_contacts(kind.name, title) for title in header):
            score += 4  # a list of firms that names people of theirs, as its own name says
        if score >= 3 and score > best[0]:
            best = (score, kind)
        if name.names(kind) and (len(filled) > 1 or _understood(kind, columns) * 2 > len(header)):
            called = kind
    return best[1] or called or _addresses(header, name, given or {}, rows)


def _speaks(column: Mapped, to: str) -> bool:
    """Whether what a column fills tells of the kind: a person beside the name of a lead may as well be a deal's."""
    return to != "contact_name" or squeeze(column.header).endswith(("name", "primarycontact"))


def _beside(header: Sequence[str], given: Mapping[str, str], rows: Sequence[Row]) -> tuple[set[str], set[str]]:
    """Of a file that names people in one column and their companies in another, the squeezed titles of those that say
    nothing of the kind: the companies' column, whose records are the people; the people's, where most of the first rows
    name nobody or a column says what only a firm has. (of companies, of people)"""
    if any(field_of(CONTACT, to) is None for to in given.values()):
        return set(), set()
    columns, _ = map_columns(CONTACT, header, given)
    at = {squeeze(column.header) for column in columns if "company" in column.to}
    if not at or not has_name(columns):
        return set(), set()
    named = [column for column in columns if {"name", FIRST, LAST} & set(column.to)]
    cells = [row.cells for row in rows if row.problem is None]
    few = sum(any(row[column.place].strip() for column in named) for row in cells) * 2 < len(cells)
    if few or _says_of_firms(header, given):
        return set(), {squeeze(column.header) for column in named if of_contacts(CONTACT.name, column.header)}
    return at, set()


def _says_of_firms(header: Sequence[str], given: Mapping[str, str]) -> bool:
    """Whether a column says what only a firm has: its industry, its domain."""
    if any(field_of(COMPANY, to) is None for to in given.values()):
        return False
    columns, _ = map_columns(COMPANY, header, given)
    return any(to in COMPANY.by_name and to not in CONTACT.by_name for column in columns for to in column.to)


def _addresses(header: Sequence[str], name: _FileName, given: Mapping[str, str], rows: Sequence[Row]) -> Entity | None:
    """The kind of a list of people of whom little more than their addresses is known: every column with cells fills a
    field of theirs, and one has addresses. The file's name may say that they are leads, or that they are no people."""
    kind = LEAD if name.speaks_of(LEAD) else CONTACT
    others = any(name.speaks_of(other) for other in KINDS if other is not kind)
    if len(header) >= _WIDEST or (others and not name.speaks_of(kind)):
        return None  # of a wider one only some titles are here, apart from their cells
    if any(field_of(kind, to) is None for to in given.values()):
        return None
    cells = [row.cells for row in rows if row.problem is None]
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
    by_hand = set(map(squeeze, given))
    return [*header[:_WIDEST], *(title for title in header[_WIDEST:] if squeeze(title) in by_hand)]


def _understood(kind: Entity, columns: Sequence[Mapped]) -> int:
    """How many columns of a file say something of records of this kind, their ids among them."""
    ids = frozenset(map(squeeze, of_ids(kind.name, own=False)))
    return sum(bool(column.to) or squeeze(column.header) in ids for column in columns)
