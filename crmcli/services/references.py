"""References: records by their kind and number, as `lead:12`, lists of such, and what tells one from others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES, record_kind
from crmcli.domain.text import digits
from crmcli.domain.types.showing import readable
from crmcli.services import aliases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: What can be the number of a record and nothing else.
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
#: Records listed by their numbers: 12, lead:12,14.
_LISTED = re.compile(r"(?:\w+:)?\d+(?:,(?:\w+:)?\d+)*")


def listed(text: str, kind: Entity | None = None) -> list[str]:
    """The records that `12,14`, `lead:12,14` or `lead:12,deal:14` lists by their numbers, each with the kind that is
    said of it or of one before it; none where the text is no such list. Where records of a `kind` are meant, a field of
    it goes before a kind of that name: `contact:12` is a filter of deals then, and no list."""
    found: list[str] = []
    said = ""
    for part in text.split(",") if _LISTED.fullmatch(text) else ():
        noun, colon, number = part.rpartition(":")
        said = f"{noun}:" if colon else said
        named = record_kind(noun)
        if colon and (named is None or (kind and named is not kind and noun in kind.by_name)):
            return []
        found.append(f"{said}{number}")
    return found


def by_now(ctx: Context, kind: Entity, number: str, *, merged: bool = False) -> Entity:
    """What a record of a kind that is named by its number is now: a lead is a deal since it was converted, or what it
    was merged into unless the `merged` one itself is meant; for all else the kind itself."""
    whole = digits(number.strip())
    if not kind.kind or not _NUMBER.fullmatch(whole):
        return kind
    sql = "SELECT kind, converted_at, merged_into_id FROM opportunity WHERE id = ?"
    found = ctx.reader.one(sql, (int(whole),))
    if found and found[2] is not None and not merged:
        end = aliases.standing(ctx.reader, "opportunity", [int(whole)])[int(whole)]
        return ENTITIES[aliases.noun(ctx.reader, "opportunity", end)]
    return ENTITIES["deal"] if found and found[0] == "deal" and found[1] is not None else kind


def referred(ctx: Context, table: str, text: str) -> list[int]:
    """The record of a table that `lead:12` names, which may be a deal by now or what it was merged into; none for any
    other text."""
    noun, _, number = text.strip().rpartition(":")
    kind, whole = record_kind(noun), digits(number.strip())
    if kind is None or kind.table != table or not _NUMBER.fullmatch(whole):
        return []
    end = aliases.standing(ctx.reader, table, [int(whole)])[int(whole)]
    return [end] if aliases.noun(ctx.reader, table, end) == by_now(ctx, kind, whole).name else []


def describe(ctx: Context, kind: Entity, row: Mapping[str, Any]) -> str:
    """One line about a record: number, name, and what tells it from others."""
    extra = [str(row[name]) for name in ("company", "email", "stage", "status") if row.get(name)]
    day = next((name for name in ("done_at", "due_at", "due_on") if row.get(name)), "")
    if day:
        said = readable(kind.field(day).type, row[day], zone=ctx.env.now.tzinfo, calendar=ctx.env.calendar)
        extra.append(f"{day[:-3]} {said}")
    return f"{kind.name}:{row['id']}  {row['name']}" + (f"  ({', '.join(extra)})" if extra else "")
