"""Which field each column of a file fills."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, PLANS, TASK
from crmcli.domain.fields import installed, suggest
from crmcli.domain.text import fold
from crmcli.domain.types import Money, Ref, Text
from crmcli.errors import UsageError
from crmcli.services.imports import addresses, headings, titles
from crmcli.services.imports.endings import status_of
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity, Vocabulary

KINDS = (CONTACT, LEAD, DEAL, COMPANY, TASK, INTERACTION)
#: What a column may fill besides a field: parts of a name, further addresses, and other ways to name a link.
FIRST, MIDDLE, LAST = "first name", "middle name", "last name"
MORE_EMAIL, MORE_PHONE = "more e-mail", "more phone"
COMPANY_DOMAIN, CONTACT_EMAIL = "company domain", "contact e-mail"
#: Columns of yes and no that say what became of a deal, as Salesforce and Odoo have them.
IS_WON, IS_CLOSED, ACTIVE = "is won", "is closed", "is active"
#: Whether a task is done, as a flag or a word: Completed, Not started.
IS_DONE = "is done"
#: Whether the other program had deleted the record, as Salesforce and SuiteCRM say it of every row.
IS_DELETED = "is deleted"
#: Whether somebody in a list of people is a lead there, by the id: a member of a campaign of Salesforce's.
OF_LEAD = "id of a lead or contact"
#: How often the value of a deal comes, as Close has it: one_time, monthly, annual.
PERIOD = "value period"
#: The parts of a day of birth, as Thunderbird has them; the day is that of the month.
BIRTH_YEAR, BIRTH_MONTH, BIRTH_DAY = "birth year", "birth month", "birth day"
BIRTH = (BIRTH_YEAR, BIRTH_MONTH, BIRTH_DAY)
#: The time of day beside the day that a task is due, the number of the house beside its street, and which telephone
#: the number in the column beside it is: Mobile, Work.
DUE_TIME, HOUSE, PHONE_LABEL = "due time", "house number", "phone label"
#: A status in another program's words: those that say neither won nor lost are open.
ANY_STATUS = "status, others open"
#: The id of a linked record in the other program: Contact.AccountId. `RELATED_ID` may be that of any record (WhatId).
COMPANY_ID, CONTACT_ID, PARENT_ID = "company id", "contact id", "parent id"
LEAD_ID, DEAL_ID, RELATED_ID = "lead id", "deal id", "related id"
#: The parts of the name of a deal's person.
CONTACT_FIRST, CONTACT_LAST = "contact first name", "contact last name"
#: by role: the link that it fills, and the kinds whose files have it
FOREIGN = {
    COMPANY_ID: ("company", ("lead", "deal", "contact", "task")),
    CONTACT_ID: ("contact", ("deal", "task")),
    PARENT_ID: ("parent", ("company",)),
    DEAL_ID: ("opportunity", ("task",)),
    LEAD_ID: ("opportunity", ("task",)),
    RELATED_ID: ("", ("task",)),
}
#: The uid of a linked record, as `export --lossless` writes it beside the record's name.
LINK_UIDS = {name: f"{name}_uid" for name in ("company", "contact", "parent", "opportunity", "task")}
ROLES = (
    FIRST, MIDDLE, LAST, MORE_EMAIL, MORE_PHONE, COMPANY_DOMAIN, CONTACT_EMAIL, IS_WON, IS_CLOSED, ACTIVE, IS_DONE,
    IS_DELETED, OF_LEAD, PERIOD, *BIRTH, DUE_TIME, HOUSE, PHONE_LABEL, ANY_STATUS, *FOREIGN, CONTACT_FIRST,
    CONTACT_LAST, *LINK_UIDS.values(),
)  # fmt: skip
#: The unit of a column of percentages that are written as fractions: 0.25 is 25 %.
FRACTION = "1 = 100 %"
#: Fields that no verb may set, but that an import takes over, so that a book can move house without loss.
TAKEN_OVER = frozenset(
    (
        "uid", "status", "probability_manual", "probability_kept", "lost_reason", "stage_since", "assigned_at",
        "converted_at", "closed_at", "position",
        "created_at", "updated_at", "archived_at", "company_name", "contact_name", "due_at", "done_at", "feedback",
        "vcard",
    )
)  # fmt: skip
_PLAIN = ("uid", "status", "lost_reason", "created_at", "updated_at")
ROLE_HEADERS = {
    FIRST: ("first name", "given name", "forename", "first", "نام کوچک", "vorname", "prénom", "primer nombre", "adı"),
    MIDDLE: (
        *("middle name", "additional name", "middle"),
        *("weitere vornamen", "zweiter vorname", "deuxième prénom", "segundo nombre", "ikinci ad"),
    ),
    LAST: (
        *("last name", "family name", "surname", "last", "نام خانوادگی", "فامیلی"),
        *("nachname", "familienname", "nom de famille", "apellidos", "apellido", "soyad", "soyadı", "soyisim"),
    ),
    CONTACT_FIRST: ("first name", "contact first name", "person first name", "vorname", "prénom", "نام کوچک"),
    CONTACT_LAST: (
        *("last name", "contact last name", "person last name", "nachname", "nom de famille", "apellidos", "soyad"),
        *("soyadı", "نام خانوادگی"),
    ),
    COMPANY_DOMAIN: ("associated company domain", "company domain"),
    CONTACT_EMAIL: ("associated contact email", "contact email", "primary contact email"),
    IS_WON: ("is won", "is closed won", "won", "برنده"),
    IS_CLOSED: ("is closed", "closed"),
    ACTIVE: ("active", "is active"),
    IS_DONE: (
        *("done", "is done", "completed", "is completed", "complete", "percent complete", "status"),
        *("انجام شده", "وضعیت", "درصد تکمیل", "درصد پیشرفت"),
    ),
    OF_LEAD: ("lead or contact id",),
    IS_DELETED: ("is deleted", "deleted", "gelöscht", "supprimé", "eliminado", "silindi", "حذف شده"),
    PERIOD: ("value period",),
    BIRTH_YEAR: (
        *("birth year", "year of birth", "geburtsjahr", "année de naissance", "año de nacimiento", "doğum yılı"),
        "سال تولد",
    ),
    BIRTH_MONTH: (
        *("birth month", "month of birth", "geburtsmonat", "mois de naissance", "mes de nacimiento", "doğum ayı"),
        *("mois", "ماه تولد"),
    ),
    BIRTH_DAY: ("day of birth", "jour de naissance", "día de nacimiento", "jour", "روز تولد"),
    DUE_TIME: ("due time", "time", "ساعت سررسید", "زمان سررسید", "ساعت"),
    HOUSE: ("house number", "house number of address", "house no", "street number", "hausnummer", "پلاک"),
    **headings.FOREIGN,
}
_ROLE_KINDS = {
    FIRST: ("lead", "contact"), MIDDLE: ("lead", "contact"), LAST: ("lead", "contact"),
    COMPANY_DOMAIN: ("contact", "deal"), CONTACT_EMAIL: ("deal",),
    IS_WON: ("lead", "deal"), IS_CLOSED: ("lead", "deal"), ACTIVE: ("lead", "deal"), IS_DONE: ("task",),
    IS_DELETED: tuple(kind.name for kind in KINDS), **dict.fromkeys((OF_LEAD, *BIRTH), ("contact",)),
    PERIOD: ("lead", "deal"), DUE_TIME: ("task",), HOUSE: ("lead", "deal", "contact", "company"),
    CONTACT_FIRST: ("deal",), CONTACT_LAST: ("deal",), **{role: kinds for role, (_, kinds) in FOREIGN.items()},
}  # fmt: skip
_FIRST = frozenset(map(squeeze, (*ROLE_HEADERS[FIRST], "nombre", "ad")))
_BORN = frozenset(map(squeeze, (*ROLE_HEADERS[BIRTH_YEAR], *ROLE_HEADERS[BIRTH_MONTH])))
#: What a column with the other program's id can say of its record besides: what people and firms are called and reached
#: by may be their id there, but a number that was said to be the id is no telephone.
_ALSO_ID = ("name", "email", "domain", "website", FIRST, MIDDLE, LAST)
#: Fields that several columns may fill together, one in each row: a deal is either won or lost.
_TOGETHER = ("closed_at",)
#: Titles that are parts of a name beside each other alone.
_HALVES = ("first", "middle", "last")
#: Names that only files of our own have: elsewhere they say something else.
_OWN = ("uid", "company_name", "contact_name", "vcard", *LINK_UIDS.values())


class Mapped(NamedTuple):
    """A column of the file: `to` is the fields and roles it fills, none when it is ignored; `unit` is what its amounts
    count in ("USD", "تومان") or how else its cells are taken: FRACTION, and the units of `facts`.

    What a profile says of it: `values` are (folded cell, other word for it); `fixed` is the one text
    of a column that the file has not, and that stands behind its own; `prefix` goes before the ids of its cells.
    `left` tells that it was said by hand to be left out.
    """

    place: int
    header: str
    to: tuple[str, ...]
    sample: str = ""
    unit: str = ""
    values: tuple[tuple[str, str], ...] = ()
    fixed: str = ""
    prefix: str = ""
    left: bool = False

    def said(self, cells: Sequence[str]) -> list[str]:
        """The cells in the words of the profile."""
        values = dict(self.values)
        other = {cell: word for cell in set(cells) if (word := values.get(fold(cell))) is not None}
        return [other.get(cell, cell) for cell in cells] if other else list(cells)

    @property
    def shown(self) -> str:
        return (", ".join(self.to) + (f" ({self.unit})" if self.unit else "")) or "(ignored)"


@cache
def _known(name: str, own: Vocabulary) -> dict[str, list[tuple[int, str]]]:
    """Squeezed header -> (how far down the list of the field's names it stands, field or role) for a kind, the nearest
    first; `own` are the fields that people added, which are among those of the kind."""
    kind = next(k for k in KINDS if k.name == name)
    found: dict[str, list[tuple[int, str]]] = {}
    for field in (*kind.core, *own.shown.get(kind.table, ())):
        if not field.settable and field.name not in TAKEN_OVER:
            continue
        # "Closed" or "Converted" may as well head a column of yes and no.
        said = [*field.aliases, field.label, *field.headers] if field.settable or field.name in _PLAIN else []
        names = [field.name, *said, *headings.FIELDS.get(field.name, ()), *headings.spoken(name, field.name)]
        if field.name in addresses.FIELDS:
            names += addresses.names(field.name)
        for rank, title in enumerate(names):
            found.setdefault(squeeze(title), []).append((rank, field.name))
    for link, role in LINK_UIDS.items():
        if link in kind.by_name and isinstance(kind.by_name[link].type, Ref):
            found.setdefault(squeeze(role), []).append((0, role))
    added = {squeeze(title) for field in own.shown.get(kind.table, ()) for title in (field.name, field.label)}
    for role, words in ROLE_HEADERS.items():
        for rank, title in enumerate(words if name in _ROLE_KINDS[role] else ()):
            if role in FOREIGN or role == IS_DELETED:  # names below titles of ids, and fields of one's own, count first
                found.setdefault(squeeze(title), []).append((rank + _FAR, role))
            elif squeeze(title) not in added:
                found[squeeze(title)] = [(rank, role)]
    return {key: sorted(some, key=lambda one: one[0]) for key, some in found.items()}


def map_columns(
    kind: Entity,
    header: Sequence[str],
    given: Mapping[str, str],
    id_column: str = "",
    uniques: frozenset[int] = frozenset(),
    samples: Sequence[str] = (),
) -> tuple[tuple[Mapped, ...], list[str]]:
    """What each column fills, and notes about it. `given` (header -> field, "" or "-" to ignore) goes before what is
    recognised; `uniques` are the columns whose values can be ids, `samples` is a filled cell of each column, "" where
    there is none. Raises UsageError."""
    fixed = _given(kind, header, given)
    own = "uid" in [squeeze(h) for h in header]
    readings, ids = _read(kind, header, samples, fixed, own)
    chosen = _chosen(kind, header, readings)
    for index, to in fixed.items():
        chosen[index] = [to] if to else []
    _promote(kind, chosen, header)
    _names(kind, chosen, header, fixed)
    _beside(kind, chosen, header, fixed)
    alone = _born(chosen)
    _twofold(kind, chosen, header, fixed)
    notes = _identify(kind, header, chosen, fixed, id_column, uniques, own)
    notes += [f"column {title}: ids and no names: ignored" for title in ids]
    notes += [f"column {header[index]}: no birthday without the other parts: ignored" for index in alone]
    notes += _twins(header, chosen, fixed, samples)
    return tuple(_mapped(kind, i, title, tuple(chosen.get(i, ()))) for i, title in enumerate(header)), notes


class _Reading(NamedTuple):
    """What the title of one column is taken for: a field or role, how far it is from the field's own name (an empty
    column further than a filled one), and whether the column has cells."""

    place: int
    to: str
    rank: int
    filled: bool


def _read(
    kind: Entity, header: Sequence[str], samples: Sequence[str], fixed: Mapping[int, str], own: bool
) -> tuple[list[_Reading], list[str]]:
    """What the titles that nobody mapped by hand (`fixed`) are taken for, each for itself, and the titles of columns
    with ids in place of names. `own`: the file is one that we wrote."""
    readings: list[_Reading] = []
    ids: list[str] = []
    again = addressed(header)
    titles_read = {again[title]: title for title in again}
    parts_of_birth = not _BORN.isdisjoint(map(squeeze, header))
    for index, title in enumerate(header):
        if index in fixed or title in again:
            continue
        sample = samples[index] if samples else ""
        found = _meant(kind, title, sample, _recognise(kind, titles_read.get(title, title), own))
        if found and found[1] == "birthday" and parts_of_birth and titles.heads_days_of_month(sample):
            found = found[0], BIRTH_DAY
        if found is None:
            continue
        rank, to = found
        if own and to in FOREIGN and LINK_UIDS.get(FOREIGN[to][0]) in header:
            continue  # the number of a record in the book that the file is from, beside its uid
        if _names_records(kind, to) and titles.heads_ids(title, sample):
            role = next((role for role, (link, kinds) in FOREIGN.items() if link == to and kind.name in kinds), "")
            if not role:
                ids.append(title)
                continue
            to = role
        if kind is LEAD and to == "company" and titles.is_opaque(sample):
            to = COMPANY_ID
        if to in FOREIGN and sample and not titles.can_be_id(sample):
            continue  # Odoo's company_id is the name of one's own company
        if to not in fixed.values():
            filled = not samples or bool(sample)
            readings.append(_Reading(index, to, rank if filled else rank + _EMPTY, filled))
    return readings, ids


def _chosen(kind: Entity, header: Sequence[str], readings: Iterable[_Reading]) -> dict[int, list[str]]:
    """place -> what the column fills: of several that are taken for one field the nearest, and of an address the
    columns that make one address."""
    chosen: dict[int, list[str]] = {}
    best: dict[str, tuple[int, int]] = {}
    parts: list[addresses.Part] = []
    for index, to, rank, filled in readings:
        if to in addresses.FIELDS:
            parts.append(addresses.Part(index, to, rank, filled))
            continue
        if to not in ROLES and to in best and to not in _TOGETHER:
            loser = max((rank, index), best[to])
            best[to] = min((rank, index), best[to])
            chosen[loser[1]] = _second_best(kind, to, header[loser[1]])
            if loser[1] == index:
                continue
        elif to not in ROLES:
            best[to] = (rank, index)
        chosen[index] = [to]
    chosen.update((index, [to]) for index, to in addresses.chosen(kind.name, header, parts).items())
    return chosen


def _twofold(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str]) -> None:
    """Titles that say two things. What SugarCRM calls date_closed is the day on which an open deal is expected to
    close; Close calls a deal by its lead, which is a company."""
    keys = {squeeze(title) for title in header}
    if kind is DEAL and "leadid" in keys and not any({"company", COMPANY_DOMAIN} & set(to) for to in chosen.values()):
        for index, to in chosen.items():
            if to == ["name"] and squeeze(header[index]) == "leadname" and index not in fixed:
                chosen[index] = ["name", "company"]
    if kind.kind and ["close_on"] not in chosen.values():
        for index, to in chosen.items():
            if to == ["closed_at"] and squeeze(header[index]) == "dateclosed" and index not in fixed:
                chosen[index] = ["closed_at", "close_on"]
                break


def _twins(
    header: Sequence[str], chosen: Mapping[int, list[str]], fixed: Mapping[int, str], samples: Sequence[str]
) -> Iterator[str]:
    """A note for each column with cells that fills nothing, because another one has the same title but for its case
    and signs."""
    filling = {squeeze(title): (title, chosen[i][0]) for i, title in reversed([*enumerate(header)]) if chosen.get(i)}
    for index, title in enumerate(header):
        if index in fixed or chosen.get(index) or squeeze(title) not in filling or (samples and not samples[index]):
            continue
        other, to = filling[squeeze(title)]
        yield f"column {title}: ignored, because {to} is in column {other}; --map '{title}=FIELD' takes it in"


def _second_best(kind: Entity, to: str, title: str) -> list[str]:
    """What a column fills instead of a field that a nearer title has."""
    if kind is LEAD and to == "name" and titles.about_person(title):
        return ["contact_name"]
    more = {"email": MORE_EMAIL, "phone": MORE_PHONE, "mobile": MORE_PHONE}.get(to)
    return [more] if more else []


#: What an empty column loses by against a filled one for the same field.
_EMPTY = 1000
#: How far the titles of other records' ids are from being names.
_FAR = 200


def _mapped(kind: Entity, place: int, title: str, to: tuple[str, ...]) -> Mapped:
    amounts = any(isinstance(kind.by_name[name].type, Money) for name in to if name in kind.by_name)
    return Mapped(place, title, to, "", titles.unit_of(title) if amounts else "")


def _names_records(kind: Entity, to: str) -> bool:
    """Whether a field holds the name of something that other programs also refer to by its id."""
    return to != "name" and to in kind.by_name and isinstance(kind.by_name[to].type, (Ref, Text))


def _meant(kind: Entity, title: str, sample: str, found: tuple[int, str] | None) -> tuple[int, str] | None:
    """What a title that can be read in several ways stands for, by a filled cell of its column ("" where there is
    none)."""
    if found is None:
        if "currency" in kind.by_name and titles.heads_currencies(title, sample):
            return 95, "currency"
        if "phone" in kind.by_name and titles.heads_telephones(title, sample):
            return (60, "phone") if squeeze(title) == "work" else (99, MORE_PHONE)
        return None
    rank, to = found
    if to == "region" and kind.kind and squeeze(title).endswith("state") and status_of(sample):
        return rank, "status"  # a state of the deal, not one of the United ones
    if to == "phone" and titles.heads_numbers(title, sample):
        return None
    if to == DUE_TIME and not titles.heads_times(sample):
        return None
    if to == "plan" and sample and fold(sample) not in PLANS:
        return None  # the name of somebody's product
    return found


def _beside(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str]) -> None:
    """What only says more of a field beside it is left out where no column is that field; labels of telephones count
    where there is a number that they belong to."""
    filled = {to for some in chosen.values() for to in some}
    for index, some in chosen.items():
        if (some == [DUE_TIME] and "due_on" not in filled) or (some == [HOUSE] and "street" not in filled):
            chosen[index] = []
    keys = {squeeze(title): index for index, title in enumerate(header)}
    for index, title in enumerate(header):
        label = titles.label_of(title)
        number = keys.get(f"{label}value", keys.get(label)) if label and "mobile" in kind.by_name else None
        if number is not None and chosen.get(number) and index not in fixed:
            chosen[index] = [PHONE_LABEL]


def addressed(header: Sequence[str]) -> dict[str, str]:
    """How somebody is addressed has in French the title of what they do for a living: by a title right before the first
    name the one further on that repeats it, and says what it means elsewhere."""
    return {
        title: f"{title} 2"
        for title, beside in pairwise(header)
        if squeeze(beside) in _FIRST and f"{title} 2" in header[2:]
    }


def _born(chosen: dict[int, list[str]]) -> list[int]:
    """Year, month and day of a birth are nothing without each other, nor beside the whole of it; the columns that are
    left out for that."""
    filled = {to for some in chosen.values() for to in some}
    if "birthday" not in filled and filled.issuperset(BIRTH):
        return []
    alone = [index for index, some in chosen.items() if some and some[0] in BIRTH]
    chosen.update((index, []) for index in alone)
    return alone


def _given(kind: Entity, header: Sequence[str], given: Mapping[str, str]) -> dict[int, str]:
    fixed: dict[int, str] = {}
    for title, to in given.items():
        index = column_of(header, title)
        name = field_of(kind, to)
        if name is None:
            to = to.strip()
            known = [n for n, f in kind.by_name.items() if f.settable] + list(ROLES)
            raise UsageError(
                f"{kind.name} has no field '{to}' to map '{title}' to", suggest(to, known, f"crm fields {kind.name}")
            )
        field = kind.by_name.get(name)
        if field is not None and not field.settable and field.name not in TAKEN_OVER:
            raise UsageError(f"{kind.name}.{field.name} is set by the program and cannot be imported")
        fixed[index] = name
    return fixed


def field_of(kind: Entity, to: str) -> str | None:
    """The field or role of a kind that a mapping by hand means: "" for none, None for what the kind has not."""
    to = to.strip()
    if to in ("", "-"):
        return ""
    field = kind.by_name.get(to) or kind.by_name.get({"due": "due_on"}.get(to, ""))
    return field.name if field else to if to in ROLES else None


def check_given(header: Sequence[str], given: Mapping[str, str]) -> None:
    """UsageError for a column that the file has not, and for a field that no kind has."""
    for title, to in given.items():
        column_of(header, title)
        if all(field_of(kind, to) is None for kind in KINDS):
            known = [name for kind in KINDS for name, field in kind.by_name.items() if field.settable] + list(ROLES)
            raise UsageError(
                f"there is no field '{to.strip()}' to map '{title}' to",
                suggest(to.strip(), list(dict.fromkeys(known)), "crm fields lead"),
            )


def column_of(header: Sequence[str], title: str) -> int:
    """The place of a column by its title. Raises UsageError with the known ones."""
    for same in (lambda h: h == title, lambda h: squeeze(h) == squeeze(title)):
        for index, name in enumerate(header):
            if same(name):
                return index
    raise UsageError(f"the file has no column '{title}'", f"its columns: {', '.join(header)}")


def _recognise(kind: Entity, title: str, own: bool) -> tuple[int, str] | None:
    if titles.of_the_program(title):
        return None
    forms = titles.own_forms(kind.name, title)
    found: tuple[int, str] | None = None
    for distance, form in forms:
        for rank, to in _known(kind.name, installed()).get(form, ()):
            if (own or to not in _OWN) and (found is None or (to == found[1] and rank + distance < found[0])):
                found = rank + distance, to
    if found:
        return found
    key = squeeze(title)
    if re.search(r"fax|pager|نمابر|فکس|دورنگار|type$|label$", key):
        return None
    whose, rest = titles.linked(kind.name, title)
    if whose and rest in ("name", "fullname") and whose in kind.by_name:
        return 90, whose
    if whose == "company" and rest in ("domain", "domainname") and kind.name in _ROLE_KINDS[COMPANY_DOMAIN]:
        return 90, COMPANY_DOMAIN
    if re.search(r"e?mail(\d|address|value|home|work|other|personal|$)", key) and "opt" not in key:
        if whose == "contact" and kind.name in _ROLE_KINDS[CONTACT_EMAIL]:
            return 90, CONTACT_EMAIL
        return (99, MORE_EMAIL) if "email" in kind.by_name else None
    if (
        re.search(
            r"(phone|mobile)(\d|number|value|home|work|other|mobile|$)|^(mobil|cell|tel\d)|تلفن|موبایل|همراه", key
        )
        and "phone" in kind.by_name
    ):
        return 99, MORE_PHONE
    return None


def _promote(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str]) -> None:
    """The first further address or number becomes the field itself where no column is that field. The company's number
    stands for a person only where no column has the person's own."""
    for role, name in ((MORE_EMAIL, "email"), (MORE_PHONE, "phone")):
        if name in kind.by_name and not any(name in to for to in chosen.values()):
            places = [i for i in sorted(chosen) if chosen[i] == [role]]
            if role == MORE_PHONE and kind is not COMPANY:
                places.sort(key=lambda i: titles.about_company(header[i]))
                if places and titles.about_company(header[places[0]]) and ["mobile"] in chosen.values():
                    continue
            if places:
                chosen[places[0]] = [name]


def _names(kind: Entity, chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str]) -> None:
    """The parts of a name stand in where the full name is empty; beside a last name alone, what is called 'name' is
    the first name. What is called First or Last alone is no name, and a lead is called by its topic."""
    places = {to[0]: i for i, to in chosen.items() if to}
    if not {FIRST, LAST} <= places.keys():
        for part in (FIRST, MIDDLE, LAST):
            if part in places and squeeze(header[places[part]]) in _HALVES and places[part] not in fixed:
                chosen[places.pop(part)] = []
    if "name" not in places:
        return
    if LAST in places and FIRST not in places:
        chosen[places["name"]] = [FIRST]
        return
    if FIRST in places and LAST not in places and places["name"] not in fixed:
        pair = squeeze(header[places[FIRST]]), squeeze(header[places["name"]])
        if pair in headings.PAIRS:
            chosen[places["name"]] = [LAST]
            return
    topic = next((i for i, title in enumerate(header) if squeeze(title) == "topic" and not chosen.get(i)), None)
    if kind is LEAD and topic is not None and topic not in fixed and places["name"] not in fixed:
        chosen[topic], chosen[places["name"]] = ["name"], [] if "contact_name" in places else ["contact_name"]


def _identify(
    kind: Entity,
    header: Sequence[str],
    chosen: dict[int, list[str]],
    fixed: Mapping[int, str],
    id_column: str,
    uniques: frozenset[int],
    own: bool,
) -> list[str]:
    """Find the column that holds the other system's id."""
    if id_column:
        index = column_of(header, id_column)
        some = [to for to in chosen.get(index, []) if to != "external_id"]
        also = [to for to in some if index in fixed or to in _ALSO_ID]
        chosen[index] = [*also, "external_id"]
        for other, to in chosen.items():
            if other != index and "external_id" in to:
                chosen[other] = [t for t in to if t != "external_id"]
        title = header[index]
        return [f"column {title}: the id alone; --map '{title}={some[0]}' makes it both"] if some and not also else []
    if any("external_id" in to for to in chosen.values()):
        return []
    keys = [squeeze(name) for name in header]
    for key in map(squeeze, headings.of_ids(kind.name, own=own)):
        for index in [i for i, own_key in enumerate(keys) if own_key == key and i not in fixed]:
            if chosen.get(index) == ["phone"]:
                continue
            if index not in uniques:
                return [f"'{header[index]}' is empty or not unique, so it is not taken as an id (--id takes it anyway)"]
            chosen[index] = [*chosen.get(index, []), "external_id"]
            return []
    return []


def has_name(columns: Sequence[Mapped]) -> bool:
    """Whether something fills the name, or the text of what has no name."""
    return any(to in ("name", FIRST, LAST, "body") for column in columns for to in column.to)


def names_records(kind: Entity, columns: Sequence[Mapped]) -> bool:
    """Whether the records of a file can be called something: a column names them, or people are called by their
    addresses, where what fills no field is no name, having no letters or being said by hand to be left out."""
    if has_name(columns):
        return True
    if kind not in (CONTACT, LEAD) or not any("email" in column.to for column in columns):
        return False
    return not any(any(map(str.isalpha, column.sample)) for column in columns if not (column.to or column.left))
