"""Which kind of record a file holds, and which field each of its columns fills."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.fields import suggest
from crmcli.domain.text import fold
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity

KINDS = (CONTACT, LEAD, DEAL, COMPANY, TASK)
#: What a column may fill besides a field: parts of a name, further addresses, and other ways to name a link.
FIRST, MIDDLE, LAST = "first name", "middle name", "last name"
MORE_EMAIL, MORE_PHONE = "more e-mail", "more phone"
COMPANY_DOMAIN, CONTACT_EMAIL = "company domain", "contact e-mail"
ROLES = (FIRST, MIDDLE, LAST, MORE_EMAIL, MORE_PHONE, COMPANY_DOMAIN, CONTACT_EMAIL)
#: Fields that no verb may set, but that an import takes over, so that a book can move house without loss.
TAKEN_OVER = frozenset(
    (
        "uid", "status", "probability_manual", "lost_reason", "stage_since", "assigned_at", "converted_at",
        "closed_at", "position",
        "created_at", "updated_at", "archived_at", "company_name", "contact_name", "due_at", "done_at", "feedback",
    )
)  # fmt: skip
_PLAIN = ("uid", "status", "lost_reason", "created_at", "updated_at")
_ROLE_HEADERS = {
    FIRST: ("first name", "given name", "forename", "نام کوچک"),
    MIDDLE: ("middle name", "additional name"),
    LAST: ("last name", "family name", "surname", "نام خانوادگی", "فامیلی"),
    COMPANY_DOMAIN: ("associated company domain", "company domain"),
    CONTACT_EMAIL: ("associated contact email", "contact email", "primary contact email"),
}
_ROLE_KINDS = {
    FIRST: ("lead", "contact"), MIDDLE: ("lead", "contact"), LAST: ("lead", "contact"),
    COMPANY_DOMAIN: ("contact", "deal"), CONTACT_EMAIL: ("deal",),
}  # fmt: skip
_MORE_HEADERS = {
    "created_at": (
        "create date",
        "created date",
        "created on",
        "date created",
        "date added",
        "engage date",
        "تاریخ ایجاد",
    ),
    "updated_at": ("last modified date", "modified date", "last modified", "modified on"),
    "closed_at": ("closed date", "closed on"),
    "done_at": ("completed date", "completed on"),
    "job_title": ("contact title",),
    "city": ("suburb",),
    "street": ("mailing street", "address 1"),
    "birthday": ("birth date",),
}
#: Words in a file's name or before "id" that tell what it holds.
_WORDS = {
    "lead": ("lead", "prospect"),
    "deal": ("deal", "opportunity", "opportunities", "pipeline"),
    "contact": ("contact", "person", "people", "connection", "customer"),
    "company": ("company", "companies", "account", "organization", "organisation", "customer"),
    "task": ("task", "todo", "activity", "activities"),
}
_ID_WORDS = ("id", "external id", "record id", "rec id")


class Mapped(NamedTuple):
    """A column of the file: `to` is the fields and roles it fills, none when it is ignored."""

    place: int
    header: str
    to: tuple[str, ...]
    sample: str = ""

    @property
    def shown(self) -> str:
        return ", ".join(self.to) or "(ignored)"


def squeeze(header: str) -> str:
    """A header as it is compared: folded, letters and digits alone."""
    return "".join(c for c in fold(header) if c.isalnum())


@cache
def _known(name: str) -> dict[str, tuple[int, str]]:
    """Squeezed header -> (how far down the list of the field's names it stands, field or role) for a kind."""
    kind = next(k for k in KINDS if k.name == name)
    found: dict[str, tuple[int, str]] = {}
    for field in kind.fields:
        if not field.settable and field.name not in TAKEN_OVER:
            continue
        # "Closed" or "Converted" may as well head a column of yes and no.
        words = [*field.aliases, field.label, *field.headers] if field.settable or field.name in _PLAIN else []
        names = [field.name, *words, *_MORE_HEADERS.get(field.name, ())]
        for rank, title in enumerate(names):
            key = squeeze(title)
            if key not in found or found[key][0] > rank:
                found[key] = (rank, field.name)
    for role, titles in _ROLE_HEADERS.items():
        if name not in _ROLE_KINDS[role]:
            continue
        for title in titles:
            found[squeeze(title)] = (0, role)
    return found


def map_columns(
    kind: Entity,
    header: Sequence[str],
    given: Mapping[str, str],
    id_column: str = "",
    uniques: frozenset[int] = frozenset(),
) -> tuple[tuple[Mapped, ...], list[str]]:
    """What each column fills, and notes about it. `given` (header -> field, "" or "-" to ignore) goes before what is
    recognised; `uniques` are the columns whose values can be ids. Raises UsageError."""
    chosen: dict[int, list[str]] = {}
    fixed = _given(kind, header, given)
    own = "uid" in [squeeze(h) for h in header]
    best: dict[str, tuple[int, int]] = {}
    parts_of_birth = any(squeeze(title) in ("birthmonth", "birthyear") for title in header)
    for index, title in enumerate(header):
        if index in fixed or (parts_of_birth and squeeze(title) == "birthday"):
            continue
        found = _recognise(kind, title, own)
        if found is None:
            continue
        rank, to = found
        if to in fixed.values():
            continue
        if to not in ROLES and to in best:
            loser = max((rank, index), best[to])
            best[to] = min((rank, index), best[to])
            more = {"email": MORE_EMAIL, "phone": MORE_PHONE, "mobile": MORE_PHONE}.get(to)
            chosen[loser[1]] = [more] if more else []
            if loser[1] == index:
                continue
        elif to not in ROLES:
            best[to] = (rank, index)
        chosen[index] = [to]
    for index, to in fixed.items():
        chosen[index] = [to] if to else []
    _promote(kind, chosen)
    _names(chosen)
    notes = _identify(kind, header, chosen, fixed, id_column, uniques, own)
    return tuple(Mapped(i, title, tuple(chosen.get(i, ()))) for i, title in enumerate(header)), notes


def _given(kind: Entity, header: Sequence[str], given: Mapping[str, str]) -> dict[int, str]:
    fixed: dict[int, str] = {}
    for title, to in given.items():
        index = column_of(header, title)
        to = to.strip()
        if to in ("", "-"):
            fixed[index] = ""
            continue
        field = kind.by_name.get(to) or kind.by_name.get({"due": "due_on"}.get(to, ""))
        if field is None and to not in ROLES:
            known = [n for n, f in kind.by_name.items() if f.settable] + list(ROLES)
            raise UsageError(
                f"{kind.name} has no field '{to}' to map '{title}' to", suggest(to, known, f"crm fields {kind.name}")
            )
        if field is not None and not field.settable and field.name not in TAKEN_OVER:
            raise UsageError(f"{kind.name}.{field.name} is set by the program and cannot be imported")
        fixed[index] = field.name if field else to
    return fixed


def column_of(header: Sequence[str], title: str) -> int:
    """The place of a column by its title. Raises UsageError with the known ones."""
    for same in (lambda h: h == title, lambda h: squeeze(h) == squeeze(title)):
        for index, name in enumerate(header):
            if same(name):
                return index
    raise UsageError(f"the file has no column '{title}'", f"its columns: {', '.join(header)}")


def _recognise(kind: Entity, title: str, own: bool) -> tuple[int, str] | None:
    key = squeeze(title)
    found = _known(kind.name).get(key)
    if found:
        return found if found[1] != "uid" or own else None
    if re.search(r"fax|pager|type$|label$", key):
        return None
    if re.search(r"e?mail(\d|address|value|$)", key) and "opt" not in key and "email" in kind.by_name:
        return 99, MORE_EMAIL
    if re.search(r"(phone|mobile)(\d|number|value|$)|^mobil|^cell|تلفن|موبایل", key) and "phone" in kind.by_name:
        return 99, MORE_PHONE
    return None


def _promote(kind: Entity, chosen: dict[int, list[str]]) -> None:
    """The first further address or number becomes the field itself where no column is that field."""
    for role, name in ((MORE_EMAIL, "email"), (MORE_PHONE, "phone")):
        if name in kind.by_name and not any(name in to for to in chosen.values()):
            first = next((i for i in sorted(chosen) if chosen[i] == [role]), None)
            if first is not None:
                chosen[first] = [name]


def _names(chosen: dict[int, list[str]]) -> None:
    """A full name goes before its parts; beside a last name alone, what is called 'name' is the first name."""
    places = {to[0]: i for i, to in chosen.items() if to}
    if "name" not in places:
        return
    if LAST in places and FIRST not in places:
        chosen[places["name"]] = [FIRST]
        return
    for part in (FIRST, MIDDLE, LAST):
        if part in places:
            chosen[places[part]] = []


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
        chosen[index] = [*(to for to in chosen.get(index, []) if to != "external_id"), "external_id"]
        for other, to in chosen.items():
            if other != index and "external_id" in to:
                chosen[other] = [t for t in to if t != "external_id"]
        return []
    if any("external_id" in to for to in chosen.values()):
        return []
    wanted = [f"{word} id" for word in _WORDS[kind.name]] + ([] if own else list(_ID_WORDS))
    for title in wanted:
        for index, name in enumerate(header):
            if squeeze(name) != squeeze(title) or index in fixed:
                continue
            if index not in uniques:
                return [f"'{name}' is empty or not unique, so it is not taken as an id (--id takes it anyway)"]
            chosen[index] = [*chosen.get(index, []), "external_id"]
            return []
    return []


def has_name(columns: Sequence[Mapped]) -> bool:
    """Whether something fills the name."""
    return any(to in ("name", FIRST, LAST) for column in columns for to in column.to)


def recognise(header: Sequence[str], path: str) -> Entity | None:
    """The kind of record that the headers (and the file's name) speak of; None where they fit none."""
    best: tuple[float, Entity | None] = (0.0, None)
    name = squeeze(os.path.splitext(os.path.basename(path))[0])
    keys = {squeeze(title) for title in header}
    for kind in KINDS:
        columns, _ = map_columns(kind, header, {})
        if not has_name(columns):
            continue
        filled = [to for column in columns for to in column.to if to not in ("description", "created_at", "updated_at")]
        score = float(len(filled))
        if any(word in name for word in _WORDS[kind.name]):
            score += 0.9
        if keys & {
            squeeze(f"{word} {what}") for word in _WORDS[kind.name] for what in ("id", "name", "stage", "owner")
        }:
            score += 2
        if kind is DEAL and {"value", "close_on", "stage"} & set(filled) and not {"email", "phone"} & set(filled):
            score += 0.5
        if score >= 3 and score > best[0]:
            best = (score, kind)
    return best[1]
