"""What the title of a column is taken for, with a filled cell below it: a field or a role."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, INTERACTION, LEAD, PLANS, TASK
from crmcli.domain.fields import installed
from crmcli.domain.text import fold
from crmcli.domain.types import Money, Ref, Text
from crmcli.exchange import json_pages
from crmcli.services.imports import addresses, happened_words, headings, starts, times, titles
from crmcli.services.imports.endings import status_of, yes_or_no
from crmcli.services.imports.roles import (
    AT_TIME,
    BIRTH_DAY,
    BIRTH_MONTH,
    BIRTH_YEAR,
    COMPANY_DOMAIN,
    COMPANY_ID,
    CONTACT_EMAIL,
    DUE_TIME,
    FIRST,
    FOREIGN,
    IS_DELETED,
    IS_DONE,
    KINDS,
    LAST,
    LINK_UIDS,
    MIDDLE,
    MORE_EMAIL,
    MORE_PHONE,
    OCCASIONS,
    OF_TASKS,
    PARENT_ID,
    PERSON_PHONE,
    ROLES,
    SUBJECT,
    TAKEN_OVER,
    TASK_UIDS,
)
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity, Vocabulary

_PLAIN = ("uid", "status", "lost_reason", "created_at", "updated_at")
_FIRST = frozenset(map(squeeze, (*ROLES[FIRST].titles, "nombre", "ad")))
_BORN = frozenset(map(squeeze, (*ROLES[BIRTH_YEAR].titles, *ROLES[BIRTH_MONTH].titles)))
#: Names that only files of our own have: elsewhere they say something else.
_OWN = ("uid", "company_name", "contact_name", "vcard", "position", OCCASIONS, *LINK_UIDS.values(), *TASK_UIDS.values(),
        *(OF_TASKS - {"due_at", "done_at", "feedback", "created_at", "updated_at"}))  # fmt: skip
#: Members of records that a record leads to: the user or the firm of one of Pipedrive's, somebody's manager.
_LED_TO = re.compile(
    r"(?:(?:(?:creator_)?user|owner|org)_id|(?:account_?)?manager|supervisor|reports_?to|assistant|spouse|referrer|author"
    r"|emergency_?contact|referred_?by|assigned_?to|assignee|sales_?(?:person|rep)|(?:created|modified|updated)_?by)\.",
    re.IGNORECASE,
)
#: Whose addresses stand beside somebody's own and are not theirs.
_SOMEBODY_ELSE_S = re.compile(
    r"assistant|(?:account)?manager|supervisor|spouse|emergency|secretary|nextofkin|referr|notfall|ehepartner|urgence"
    r"|emergencia|acil|اضطراری"
)
#: What an object of a record is called, with its name behind it.
_NAMED = re.compile(r"(.+)\.(?:full|display|first)?_?name", re.IGNORECASE)
#: Whose addresses may be those of the records of each kind, besides these themselves.
_REACHED_BY = {
    "lead": ("contact", "company"), "deal": ("contact", "company"), "contact": ("company",), "company": ("contact",),
}  # fmt: skip
#: How somebody is reached.
_WAYS = frozenset(("email", "phone", "mobile", "website", MORE_EMAIL, MORE_PHONE))
#: Titles of towns and countries, beside which a state may be a part of an address.
_TOWNS = frozenset(map(squeeze, (*headings.spoken("", "city"), *headings.spoken("", "country"), "city", "country")))
#: What titles say for one of a list, and what its members may fill.
_OF_FIRMS = ("company", COMPANY_ID, "job_title")
_ONE_OF: dict[str, tuple[str, tuple[str, ...]]] = {
    "names": ("", ("name", FIRST, MIDDLE, LAST)),
    "addresses": ("", addresses.FIELDS),
    "accounts": ("account", _OF_FIRMS),
    "sales accounts": ("sales account", _OF_FIRMS),
    "companies": ("company", _OF_FIRMS),
    "organizations": ("organization", _OF_FIRMS),
    "organisations": ("organisation", _OF_FIRMS),
}
#: What titles of times stand for.
_OF_TIMES = (DUE_TIME, AT_TIME, "at")
#: What an empty column loses by against a filled one for the same field.
_EMPTY = 1000
#: Titles of addresses and of telephones that say besides which ones, squeezed.
_MAIL = re.compile(r"e?mail(\d|address|value|home|work|other|personal|$)")
_TELEPHONE = re.compile(
    r"(phone|mobile)(\d|number|value|home|work|other|mobile|$)|^(mobil|cell|(tel|telefono?|handy)\d)|تلفن|موبایل|همراه"
)
#: What may be said of the future, and how much further a title is that says something besides.
_EXPECTED = ("value", "recurring", "close_on", "due_on")
_LESS = 20
#: How far a column of yes and no is from being names.
_FLAG = 500
#: How far the titles of other records' ids are from being names.
_FAR = 200


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
    for role, known in ROLES.items():
        listed = (*known.titles, *(addresses.names(role) if role in addresses.FIELDS else ()))
        for rank, title in enumerate(listed if name in known.kinds else ()):
            if role in FOREIGN or role == IS_DELETED:  # names below titles of ids, and fields of one's own, count first
                found.setdefault(squeeze(title), []).append((rank + _FAR, role))
            elif squeeze(title) not in added:
                found[squeeze(title)] = [(rank, role)]
    return {key: sorted(some, key=lambda one: one[0]) for key, some in found.items()}


def addressed(header: Sequence[str]) -> dict[str, str]:
    """How somebody is addressed has in French the title of what they do for a living: by a title right before the first
    name the one further on that repeats it, and says what it means elsewhere."""
    return {
        title: f"{title} 2"
        for title, beside in pairwise(header)
        if squeeze(beside) in _FIRST and f"{title} 2" in header[2:]
    }


class Reading(NamedTuple):
    """What the title of one column is taken for: a field or role, how far it is from the field's own name (an empty
    column further than a filled one), and whether the column has cells."""

    place: int
    to: str
    rank: int
    filled: bool


def read(
    kind: Entity,
    header: Sequence[str],
    samples: Sequence[str],
    rows: Sequence[Sequence[str]],
    fixed: Mapping[int, str],
    own: bool,
) -> tuple[list[Reading], list[str]]:
    """What the titles that nobody mapped by hand (`fixed`) are taken for, each for itself, and the titles of columns
    with ids in place of names. `own`: the file is one that we wrote; `rows` are its first ones, where they are known.
    """
    readings: list[Reading] = []
    ids: list[str] = []
    again = addressed(header)
    titles_read = {again[title]: title for title in again}
    others = _others(kind, header)
    placed = not _TOWNS.isdisjoint(map(squeeze, header))
    numbered = not own and not set(map(squeeze, header)).isdisjoint(_own_ids(kind.name))
    parts_of_birth = not _BORN.isdisjoint(map(squeeze, header))
    for index, title in enumerate(header):
        if index in fixed or title in again:
            continue
        sample = samples[index] if samples else ""
        exact = own and title in kind.by_name  # what we wrote there is no riddle: a contact may be called "true"
        found = _recognise(kind, titles_read.get(title, title), own)
        if not exact:
            of_times = found is not None and found[1] in _OF_TIMES and sample
            of_talks = kind is INTERACTION and found is not None and found[1] in ("kind", "direction")
            cells = ([row[index] for row in rows] if of_times or of_talks else []) or [sample]
            found = _meant(kind, title, sample, _beside_days(kind, title, found, cells))
            found = _of_talks(found, cells) if of_talks else found
        if found and found[1] == "birthday" and parts_of_birth and titles.heads_days_of_month(sample):
            found = found[0], BIRTH_DAY
        if found is None:
            continue
        rank, to = found
        if to in _WAYS and title.startswith(others):
            continue
        if squeeze(title) == "estado" and to != IS_DONE:  # how it stands, or one of the states of Mexico
            to = "region" if placed and not status_of(sample) else "status"
            if to not in kind.by_name:
                continue
        if own and to in FOREIGN and LINK_UIDS.get(FOREIGN[to]) in header:
            continue  # the number of a record in the book that the file is from, beside its uid
        if not exact and _names_records(kind, to) and titles.heads_ids(title, sample):
            role = next((name for name, role in ROLES.items() if role.link == to and kind.name in role.kinds), "")
            if not role:
                ids.append(title)
                continue
            to = role
        if kind is LEAD and to == "company" and titles.is_opaque(sample):
            to = COMPANY_ID
        if kind is COMPANY and to == "parent" and numbered and titles.is_number(sample):
            to = PARENT_ID  # as HubSpot has it
        if to in FOREIGN and sample and not titles.can_be_id(sample):
            continue  # Odoo's company_id is the name of one's own company
        if to not in fixed.values():
            filled = not samples or bool(sample)
            readings.append(Reading(index, to, rank if filled else rank + _EMPTY, filled))
    known = rows or [samples] * bool(samples)
    if kind is TASK and not own and starts.day_place(readings, fixed) is None:
        day = starts.stand_in(header, known, {*fixed, *(one.place for one in readings)})
        readings += [] if day is None else [Reading(day, "due_on", _FAR, True)]
    return starts.timed(header, known, readings, fixed), ids


def _others(kind: Entity, header: Sequence[str]) -> tuple[str, ...]:
    """How the titles begin of what belongs to another record that a record leads to, as JSON has somebody's manager: of
    an object with a name beside the record's own. Firms and people are reached by each other, and sales by both."""
    members = [title for title in header if "." in title]
    known = _known(kind.name, installed()) if members else {}
    plain = (squeeze(title) for title in header if "." not in title)
    if not any(to in ("name", FIRST) for key in plain for _, to in known.get(key, ())):
        return ()
    objects = {found[1] for title in members if (found := _NAMED.fullmatch(title))}
    objects |= {title.rpartition(".")[0] for title in members}.intersection(header)
    words = {word for name in (kind.name, *_REACHED_BY.get(kind.name, ())) for word in titles.WHOSE.get(name, ())}
    own = re.compile(rf"(?:{'|'.join(words)})s?(?:id)?$|mail|phone|mobile|address|billing|shipping|work|home|office|\d")
    return tuple(f"{one}." for one in objects if not own.search(squeeze(one.rpartition(".")[2])))


@cache
def _own_ids(kind: str) -> frozenset[str]:
    """The squeezed titles of the ids of a file's own records."""
    return frozenset(map(squeeze, headings.of_ids(kind, own=False)))


def _names_records(kind: Entity, to: str) -> bool:
    """Whether a field holds the name of something that other programs also refer to by its id."""
    return to != "name" and to in kind.by_name and isinstance(kind.by_name[to].type, (Ref, Text))


def _beside_days(
    kind: Entity, title: str, found: tuple[int, str] | None, cells: Sequence[str]
) -> tuple[int, str] | None:
    """What a title of times stands for by its cells, "" alone where nothing is known of them: the times of the days in
    another column, days with their times, or how long something takes."""
    if found is None or found[1] not in _OF_TIMES:
        return found
    if times.heads_lengths(kind.name, title, cells):
        return (found[0], "minutes") if times.are_lengths(title, cells) else None
    if not any(cells):
        return found
    rank, to = found
    if times.are_times(kind.name, title, cells, or_days=to == "at"):
        return rank, DUE_TIME if to == DUE_TIME else AT_TIME
    if to == AT_TIME:
        return rank + _FAR, "at"
    return found if to == "at" else None


def _of_talks(found: tuple[int, str] | None, cells: Sequence[str]) -> tuple[int, str] | None:
    """What a title stands for that heads kinds of what happened or who came to whom, by its cells: either may be called
    the type of a call."""
    words = {cell.strip() for cell in cells} - {""}
    if found is None or not words:
        return found
    if happened_words.are_directions(words):
        return found[0], "direction"
    if found[1] == "kind" or happened_words.are_kinds(words):
        return found[0], "kind"
    return found


def _meant(kind: Entity, title: str, sample: str, found: tuple[int, str] | None) -> tuple[int, str] | None:
    """What a title that can be read in several ways stands for, by a filled cell of its column ("" where there is
    none)."""
    if found and found[1] == "name" and headings.of_people(kind.name, title) and not titles.can_be_name(sample):
        found = None  # "Contact" above telephones, or above the ids of people
    if found is None:
        if "currency" in kind.by_name and titles.heads_currencies(title, sample):
            return 95, "currency"
        if "phone" in kind.by_name and titles.heads_telephones(title, sample):
            return (60, "phone") if squeeze(title) == "work" else (99, MORE_PHONE)
        return None
    rank, to = found
    if titles.of_amounts(title) and not (to in kind.by_name and isinstance(kind.by_name[to].type, Money)):
        return None
    if to == "recurring" and titles.each_year(title):
        return None  # without a plan it comes each month
    somebody = headings.of_suppliers(title) or headings.of_buyers(title) or headings.heads_people(title)
    if somebody and sample and yes_or_no(sample) is not None:
        return None  # whether somebody is one
    if to == "name" and titles.heads_ids(title, sample):
        return rank + _FAR, to  # as Odoo has the name of a record; an id is none where something else is
    if to == "region" and kind.kind and squeeze(title).endswith("state") and status_of(sample):
        return rank, "status"  # a state of the deal, not one of the United ones
    if to == "phone" and titles.heads_numbers(title, sample):
        return None
    if to == "name" and kind is TASK and sample and yes_or_no(sample) is not None:
        return rank + _FLAG, to  # whether an activity is a task
    if to == "at" and kind is INTERACTION and sample and yes_or_no(sample) is not None:
        return None  # whether something was sent
    if to == PERSON_PHONE and sample and not titles.can_be_telephone(sample):
        return None  # the number of the row
    if to == SUBJECT and headings.of_titles(title) and headings.is_job(sample):
        return None  # what somebody is
    if to == "job_title" and kind.kind and squeeze(title) == "position" and titles.is_number(sample):
        return None  # a place in a list
    if to == "plan" and sample and fold(sample) not in PLANS:
        return None  # the name of somebody's product
    return _weighed(squeeze(title), sample, rank, to)


def _weighed(key: str, sample: str, rank: int, to: str) -> tuple[int, str] | None:
    """What a squeezed title stands for that says something else, or less, by the cell below it."""
    if to == "close_on" and key == "abschluss" and sample and not re.search(r"\d", sample):
        return None  # somebody's degree
    if to == "company" and key == "parentid" and (not sample or titles.is_number(sample)):
        return None  # the number of any record
    if to == "owner" and key == "ownerid" and (not sample or titles.can_be_id(sample)):
        return None  # no name of anybody's
    if to == "value" and re.search(r"[^\W\d_]", sample) and not re.search(r"\d", sample):
        return rank + _FLAG, to  # how large it is in a word: Large
    if to == "mobile" and re.match(r"phone\d", key):
        return rank + _FAR, to  # a second telephone, where none is called mobile
    return rank, to


def _of_first(kind: Entity, title: str, own: bool) -> tuple[int, str] | None:
    """What a member of the first of several names, addresses or firms stands for, of people a lead's alone:
    `names.1.givenName` for that part of the name, `sales_accounts.1.name` for the firm."""
    several, member = json_pages.first_of(title)
    if kind is LEAD and several in ("contacts", "people", "persons") and squeeze(member) in ("name", "fullname"):
        return 90, "contact_name"
    one, fills = _ONE_OF.get(several, ("", ()))
    found = _recognise(kind, f"{one} {member}".strip(), own) if fills else None
    return found if found and found[1] in fills else None


def _read_otherwise(kind: Entity, title: str, own: bool) -> tuple[int, str] | None:
    """What a title stands for that says besides that its figure or day is expected, or that it is the first of its
    like, or that has its umlauts as two letters."""
    present = titles.of_the_present(title)
    if present not in (title, "") and (found := _recognise(kind, present, own)) and found[1] in _EXPECTED:
        return found[0] + _LESS, found[1]
    for bare, same in ((titles.without_one(title), title.strip()), (titles.one_letter(title), squeeze(title))):
        if bare not in (same, "") and (found := _recognise(kind, bare, own)):
            return found[0] + _LESS, found[1]
    return None


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
    if first := _of_first(kind, title, own):
        return first
    if other := _read_otherwise(kind, title, own):
        return other
    key = squeeze(titles.turned(title))
    if re.search(r"fax|pager|نمابر|فکس|دورنگار|type$|label$", key) or _SOMEBODY_ELSE_S.match(key):
        return None
    whose, rest = titles.linked(kind.name, title)
    if addresses.of_mail(key):
        return None
    if whose and rest in ("name", "fullname") and whose in kind.by_name:
        return 90, whose
    if whose == "company" and rest in ("domain", "domainname") and kind.name in ROLES[COMPANY_DOMAIN].kinds:
        return 90, COMPANY_DOMAIN
    others = _LED_TO.match(title) is not None or (kind is not LEAD and json_pages.of_others(title))
    says = {to for _, to in _known(kind.name, installed()).get(rest, ())} if whose else set()
    if "email" in says or (_MAIL.search(key) and not re.search("opt|name$", key)):
        if whose == "contact" and kind.name in ROLES[CONTACT_EMAIL].kinds:
            return 90, CONTACT_EMAIL
        return (99, MORE_EMAIL) if "email" in kind.by_name and not others else None
    if (says & {"phone", "mobile"} or _TELEPHONE.search(key)) and "phone" in kind.by_name and not others:
        return 99, MORE_PHONE
    return None
