"""Whether a file is a list of what happened, which looks much like one of people or of what is to be done, and of which
kind all of it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.services.imports import endings, happened_words, people_or_firms, sales, starts
from crmcli.services.imports.activity_titles import DAYS, START_DAYS
from crmcli.services.imports.headings import TURNOVER
from crmcli.services.imports.mapping import Mapped
from crmcli.services.imports.nothing import NULLS
from crmcli.services.imports.profiles import ALWAYS
from crmcli.services.imports.roles import (
    COMPANY_ID,
    CONTACT_EMAIL,
    CONTACT_FIRST,
    CONTACT_ID,
    CONTACT_LAST,
    DEAL_ID,
    DUE_TIME,
    FIRST,
    IS_DONE,
    LAST,
    LEAD_ID,
    PERSON_EMAIL,
    PERSON_PHONE,
    RELATED_ID,
    SUBJECT,
)
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity
    from crmcli.services.imports.file_names import FileName
    from crmcli.services.imports.first_rows import FirstRows

#: What heads days of any kind.
_DAYS = frozenset(map(squeeze, (*DAYS, *START_DAYS)))
#: What says with whom something happened, or about what.
_WITH = frozenset(
    (
        "opportunity", "contact", "company", CONTACT_FIRST, CONTACT_LAST, CONTACT_EMAIL, PERSON_EMAIL, PERSON_PHONE,
        COMPANY_ID, CONTACT_ID, DEAL_ID, LEAD_ID, RELATED_ID,
    )
)  # fmt: skip
#: The columns whose titles say of which kind what happened was.
_SAYING = frozenset(("at", "direction", "minutes", "body", SUBJECT))
#: What people, firms and sales have, and what happened leads to at most; and what is planned has.
_REACHED = frozenset((FIRST, LAST, "email", "phone", "mobile", "street", "city", "postal_code"))
_PERSONAL = _REACHED - {"city"}  # which may be where somebody meets
_PLANNED = frozenset(("priority", "remind", "repeat"))
#: What appointments have besides their start, and what a time in a cell looks like that is no midnight.
_MEETING = frozenset(("attendees", "place", "minutes"))
_A_TIME = re.compile(r"\d:\d\d(?<!\b0:00)(?<!00:00)")
#: The talks of which programs keep lists; a file that is called after an event lists the people there.
_LISTED = frozenset(("call", "email"))
#: The kinds that are types of tasks as well.
_TYPES = frozenset(("call", "email", "meeting"))


def kind_told(rows: FirstRows, name: FileName) -> str:
    """The kind of all that happened in a file without a column of kinds: by its directions, its titles, its name; and
    who came to whom has a length where it was a call. "" where nothing tells it, or a column does."""
    columns = rows.columns(INTERACTION)
    filled = {to for column in columns for to in column.to}
    if {"kind", "uid"} & filled:
        return ""
    beside = {happened_words.kind_beside(word) for word in _words(rows, INTERACTION, "direction")} - {""}
    if len(beside) == 1:  # of several each row has its own
        return beside.pop()
    saying = [column.header for column in columns if _SAYING.intersection(column.to)]
    # a text may be called Message
    titles = happened_words.kind_in(title for title in saying if not happened_words.are_kinds((title,)))
    return titles or name.kind_of_talk or ("call" if {"direction", "minutes"} <= filled else min(beside, default=""))


def type_told(rows: FirstRows, name: FileName) -> str:
    """The type of the tasks in a list of what happened, which are those of its rows that are yet to come: that of the
    kind of all of them; "" where nothing tells it."""
    told = kind_told(rows, name) if may_have_happened(rows, name) else ""
    return told if told in _TYPES else ""


def with_kind(columns: tuple[Mapped, ...], to: str, told: str) -> tuple[Mapped, ...]:
    """The columns of a list of what happened, and one of the kind (`to`) that its rows do not say."""
    if not told or any(to in column.to for column in columns):
        return columns
    return (*columns, Mapped(len(columns), ALWAYS, (to,), told, fixed=told))


def rather_happened(rows: FirstRows, name: FileName, found: Entity | None) -> Entity | None:
    """The kind of a file that would be one of `found`: what happened, where its name or a column of who came to whom
    says so and nothing speaks for records.

    Leads come in and go out as well: a direction says nothing in a file that is called after records, or that has what
    records alone have, and little in one that does not say of which kind what happened was.
    """
    if not _says_so(rows, name):
        return found
    if name.speaks_of(INTERACTION):
        return INTERACTION
    if _has_more(rows, found):
        return found
    if name.says_what_happened():
        return INTERACTION
    listed = name.kind_of_talk in _LISTED
    if name.names_records != listed:  # customer-calls may be either
        return found if name.names_records else INTERACTION
    if kind_told(rows, name) or _words(rows, INTERACTION, "kind"):
        return found if found and found is not TASK and _fills(rows, found, _REACHED) else INTERACTION
    return INTERACTION if found is TASK and not _fills(rows, found, _PLANNED) else found


def are_appointments(rows: FirstRows) -> bool:
    """Whether a file says at which times something starts, and until when, where or with whom that is, and not how
    anybody is reached: it is no list of those who take part, nor of the sales that it is about."""
    places = rows.places(TASK)
    due = places.get("due_on")
    if due is None or not starts.heads_starts(rows.header[due]) or _fills(rows, CONTACT, _PERSONAL):
        return False
    timed = any(_A_TIME.search(cells[due]) for cells in rows.cells) or rows.filled(places.get(DUE_TIME, -1))
    return bool(timed) and (starts.says_end(rows.header) or not _MEETING.isdisjoint(places))


def may_have_happened(rows: FirstRows, name: FileName) -> bool:
    """Whether a file says when and with whom something may have happened, and what."""
    places = rows.places(INTERACTION)
    if "at" not in places or _WITH.isdisjoint(places):
        return False
    return rows.names(INTERACTION) or bool(kind_told(rows, name))


def fits(rows: FirstRows, name: FileName, others: int) -> bool:
    """Whether a file of which nothing tells the kind may be one of what happened: it has no fewer columns of that than
    of records (`others`), or says by a direction or its name that it is."""
    if not may_have_happened(rows, name):
        return False
    return _says_so(rows, name) or sum(bool(column.to) for column in rows.columns(INTERACTION)) >= others


def may_be_interactions(rows: FirstRows, name: FileName, found: Entity) -> bool:
    """Whether the records of a file may as well be calls and mails that have happened: it says what they are or who
    came to whom, and neither that its days are those on which something is due, nor anything of its being done."""
    places = rows.places(TASK)
    due = places.get("due_on")
    if due is None or squeeze(rows.header[due]) not in _DAYS or not {IS_DONE, "done_at"}.isdisjoint(places):
        return False
    if found is INTERACTION or (found is not TASK and not _has_directions(rows)):
        return False
    return may_have_happened(rows, name) and happened_words.are_kinds(_words(rows, INTERACTION, "kind"))


def _says_so(rows: FirstRows, name: FileName) -> bool:
    """Whether a file says when and with whom something happened, and by its name or a column of who came to whom that
    it has, as no list of what is to be done does. One that says besides when that is due, or that something is not
    done, is such a list."""
    due, at = rows.places(TASK).get("due_on", -1), rows.places(INTERACTION).get("at")
    if not may_have_happened(rows, name):
        return False
    if due != at and rows.filled(due) and not starts.is_of_start(rows.header[due]):
        return False
    kinds = _words(rows, INTERACTION, "kind")
    if kinds and not happened_words.are_kinds(kinds):
        return False
    if not (name.says_what_happened() or _has_directions(rows)):
        return False
    return not any(endings.is_done(word) is False for word in _words(rows, TASK, IS_DONE))


def _has_directions(rows: FirstRows) -> bool:
    return happened_words.are_directions(_words(rows, INTERACTION, "direction"))


def _has_more(rows: FirstRows, found: Entity | None) -> bool:
    """Whether a column with cells says what people, firms or sales alone have, or is the name of what is to be done,
    and nothing of what happened."""
    filled = [column for column in rows.columns(INTERACTION) if rows.filled(column.place)]
    free = {column.place for column in filled if column.to in ((), ("task",))}
    firms = {c.place for c in rows.columns(COMPANY) if any(to in people_or_firms.OF_FIRMS for to in c.to)}
    firms |= set(people_or_firms.firms_alone(rows))
    of_sales = {
        column.place
        for kind in (LEAD, DEAL)
        for column in rows.columns(kind)
        if sales.STEPS.intersection(column.to) and squeeze(column.header) not in TURNOVER
    }
    persons = {c.place for c in rows.columns(CONTACT) if any(to in people_or_firms.PERSONAL for to in c.to)}
    deeds = {column.place for column in rows.columns(TASK) if "name" in column.to} if found in (None, TASK) else set()
    return not free.isdisjoint(firms | of_sales | persons | deeds)


def _fills(rows: FirstRows, kind: Entity, fields: frozenset[str]) -> bool:
    """Whether a column with cells fills one of these fields and roles in records of a kind."""
    return any(fields.intersection(column.to) and rows.filled(column.place) for column in rows.columns(kind))


def _words(rows: FirstRows, kind: Entity, to: str) -> set[str]:
    """The different cells of the column that fills a field or role in records of a kind; empty where none does."""
    place = rows.places(kind).get(to)
    return set() if place is None else {cells[place].strip() for cells in rows.cells} - NULLS - {""}
