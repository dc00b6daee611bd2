"""Which kind of record a file holds, by its column titles and its name."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, TASK
from crmcli.services.imports import titles
from crmcli.services.imports.headings import WORDS
from crmcli.services.imports.mapping import (
    FIRST,
    KINDS,
    LAST,
    ROLE_HEADERS,
    check_given,
    field_of,
    has_name,
    map_columns,
)
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity


@cache
def _told(kind: Entity) -> frozenset[str]:
    """Squeezed titles that speak of the records themselves: Deal Stage, the number of the deal."""
    forms = ("{} id", "{} name", "{} stage", "{} owner", "apollo {} id", "do not modify {}")
    english = [form.format(word) for word in WORDS[kind.name] for form in forms]
    persian = [word for word in titles.WHOSE.get(kind.name, ()) if not word.isascii()]
    return frozenset(map(squeeze, (*english, *(f"{what} {word}" for word in persian for what in ("شماره", "کد")))))


def recognise(header: Sequence[str], path: str, given: Mapping[str, str] | None = None) -> Entity | None:
    """The kind of record that the headers (and the file's name) speak of; None where they fit none. Raises UsageError
    for a mapping by hand (`given`) to what no kind has."""
    best: tuple[float, Entity | None] = (0.0, None)
    name = squeeze(os.path.splitext(os.path.basename(path))[0])
    keys = {squeeze(title) for title in header}
    said = titles.said_kind(list(header))
    check_given(header, given or {})
    people = all(keys & set(map(squeeze, ROLE_HEADERS[part])) for part in (FIRST, LAST))
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
        filled = [to for column in columns for to in column.to if to not in ("description", "created_at", "updated_at")]
        score = float(len(filled))
        if any(word in name for word in WORDS[kind.name]):
            score += 0.9
        if keys & _told(kind):
            score += 2
        if kind is DEAL and {"value", "close_on", "stage"} & set(filled) and not {"email", "phone"} & set(filled):
            score += 0.5
        if kind in (CONTACT, COMPANY) and "lifecyclestage" in keys:
            score += 2  # what HubSpot and Freshsales say of people and companies, leads among them
        if kind is TASK and "duedate" in keys:
            score += 0.5
        if kind.name == said:
            score += 10
        if score >= 3 and score > best[0]:
            best = (score, kind)
    return best[1]
