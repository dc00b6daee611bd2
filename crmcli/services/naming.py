"""What a record is called: its number, the start of its UUID, an address, a domain, its name or a part of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES, entity, record_kind
from crmcli.domain.text import digits, fold
from crmcli.errors import AmbiguousError, CrmError, NotFoundError, RefusedError, UsageError
from crmcli.services import aliases
from crmcli.services.references import by_now, describe, referred
from crmcli.store import read
from crmcli.store.sql import FIND, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.query import Book

UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]*")
#: A number of so many digits may be that of a telephone or of another system where no record has it.
LONG = 7
#: The commands that list words of the book, where they stand behind another noun.
_LISTED = {"feed": "calendar feed"}
EMAIL = re.compile(r"[^\s@\[\](){}<>,;:=]+@[^\W_][\w-]*(?:\.[\w-]+)*")
#: A telephone number, perhaps with an extension, and nothing else, in ASCII digits.
DIALLED = re.compile(r"(?=(?:\D*\d){5})\+?[\d\s()./-]+(?:(?:x|ext\.?|#)\s*\d+)?", re.IGNORECASE)


def resolve(ctx: Context, kind: Entity, text: str, *, merged: bool = False, over: bool = False) -> int:
    """The id of the record that people mean by `text`: what `identify` knows, else one that was removed and is called
    so, else a part of a name that fits one record alone. (A part comes last: who purges somebody by the name of a
    removed one means no other.) Of several that fit alike those that are not over (done, closed, put aside) are meant,
    or those that are where `over` is asked for. What was merged into another record is that one, unless the `merged`
    one itself is asked for. A lead that is a deal by now still goes by `lead:12` where a deal is meant.

    Raises NotFoundError, and AmbiguousError with the candidates.
    """
    number = _found(ctx, kind, text, merged, "over" if over else "seen")
    if number is None:
        text = own_name(kind, text)
        raise _of_the_other_kind(ctx, kind, text) or nobody(ctx, kind, text)
    return number


def _found(ctx: Context, kind: Entity, text: str, merged: bool, state: str = "seen") -> int | None:
    """What `resolve` finds, of a state (see `_STATES`) first; None for nobody."""
    prefix, _, rest = own_name(kind, text).partition(":")
    named = record_kind(prefix)
    if named is not None and named is not kind and by_now(ctx, named, rest, merged=merged) is kind:
        text = rest
    text = own_name(kind, text)
    number = identify(ctx, kind, text, merged=merged, state=state)
    if number is None and "removed_at" in kind.by_name:
        number = _called(ctx, kind, text, "gone" if merged else "removed")
        if number is None and not merged:
            number = _alias(ctx, kind, text, seen=False)
    if number is None:
        number = _alone(kind, text, *_by_part(ctx, kind, text, state))
    return number


def _of_the_other_kind(ctx: Context, kind: Entity, text: str) -> NotFoundError | None:
    """That it is the deal which a lead of that address or name has become that is called so, or a lead yet."""
    other = ENTITIES["deal" if kind.name == "lead" else "lead"]
    ways = (_exactly, _as_alias, _removed) if kind.kind else ()
    found = next((ids for way in ways if (ids := way(ctx, other, text))), [])
    if len(found) != 1:
        return None
    return NotFoundError(f"'{text}' is {other.one}, not {kind.one}", f"crm {other.command} show {found[0]}")


def identify(ctx: Context, kind: Entity, text: str, *, merged: bool = False, state: str = "seen") -> int | None:
    """The id of the record that `text` names exactly: by its number, the start of its UUID, its e-mail address, phone,
    external id, domain or full name, or those of a record that was merged into it (see `resolve`); None when there is
    none. Of several that fit alike those that are not over are meant, those that are with the state `over`. Raises
    AmbiguousError with the candidates."""
    text = own_name(kind, text)
    whole = digits(text)
    number = int(whole[:18]) if whole.isascii() and whole.isdigit() else None
    if number is not None and not whole.startswith("0") and (found := _there(ctx, kind, whole, number, merged)):
        return found
    found = _called(ctx, kind, text, state)
    if found is None and not merged and kind.table in aliases.TABLES:
        found = _alias(ctx, kind, text)
    if found is not None:
        return found
    # 0912... is a telephone number before it is the record 912.
    return _there(ctx, kind, whole, number, merged) if number is not None and whole.startswith("0") else None


def _called(ctx: Context, kind: Entity, text: str, state: str = "seen") -> int | None:
    """The one record of a state (see `_STATES`) that is called exactly so."""
    for where, value in _ways(ctx, kind, text):
        found = _alone(kind, text, *_matches(ctx, kind, where, value, state))
        if found is not None:
            return found
    return None


def _alias(ctx: Context, kind: Entity, text: str, *, seen: bool = True) -> int | None:
    """The one record of the kind, in sight unless not `seen`, that another one, which is called exactly so, was merged
    into. That is said."""
    found = _aliases(ctx, kind, text, seen=seen)
    ends = list(dict.fromkeys(found.values()))
    rows = read.hydrate(ctx.reader, kind, ends) if len(ends) > 1 else []
    number = _alone(kind, text, ends, [describe(ctx, kind, row) for row in rows])
    if number is not None:
        _say_merged(ctx, kind.table, next(iter(found)), number)
    return number


def _aliases(ctx: Context, kind: Entity, text: str, *, seen: bool = True) -> dict[int, int]:
    """merged record -> the record of the kind that it is, of those that `text` names in the first way that fits any.
    Of leads and deals either may have been merged into the other."""
    if kind.table not in aliases.TABLES:
        return {}
    return next((ends for way in _ways(ctx, kind, text) if (ends := ended(ctx, kind, *way, seen=seen))), {})


def ended(ctx: Context, kind: Entity, where: str, value: tuple[Any, ...], *, seen: bool = False) -> dict[int, int]:
    """merged record -> the record of the kind that it is, of those that a condition fits; 12 at most. With `seen` only
    those that are in sight."""
    sql = f"SELECT id FROM {kind.table} t WHERE merged_into_id IS NOT NULL AND {where} ORDER BY id LIMIT 12"
    meant = aliases.in_sight if seen else aliases.standing
    found = meant(ctx.reader, kind.table, [int(row[0]) for row in ctx.reader.rows(sql, value)])
    return {of: end for of, end in found.items() if aliases.noun(ctx.reader, kind.table, end) == kind.name}


def _say_merged(ctx: Context, table: str, number: int, end: int) -> None:
    """Say, once, which record it is that somebody named by one that was merged into it."""
    ctx.say_once(
        f"{aliases.noun(ctx.reader, table, number)}:{number} was merged into"
        f" {aliases.noun(ctx.reader, table, end)}:{end}"
    )


def own_name(kind: Entity, text: str) -> str:
    """What stands behind `lead:` or `id:` where a lead is meant; else the text itself."""
    prefix, colon, rest = text.strip().partition(":")
    return (
        rest.strip()
        if colon and prefix in (kind.name, kind.plural, kind.command, "id") and rest.strip()
        else text.strip()
    )


def not_a_name(kind: Entity, text: str) -> NotFoundError | None:
    """Why nobody can be made on the way by `text`, which `identify` does not know: it is an address or a number."""
    if EMAIL.fullmatch(text):
        return NotFoundError(
            f"no {kind.name} has the e-mail address {text}", f"add them: crm {kind.command} add NAME --email {text}"
        )
    whole = digits(text)
    if whole.isascii() and whole.isdigit() and not whole.startswith("0") and len(whole) < LONG:
        return NotFoundError(f"there is no {kind.name} {text}", f"'crm {kind.command} list' shows them")
    if DIALLED.fullmatch(whole):
        return NotFoundError(
            f"no {kind.name} has the telephone number {text}", f'add them: crm {kind.name} add NAME --phone "{text}"'
        )
    return None


def _there(ctx: Context, kind: Entity, whole: str, number: int, merged: bool) -> int | None:
    """The record of that number, or the one that it was merged into unless the `merged` one itself is meant. Raises
    NotFoundError where it is of the other kind."""
    if len(whole.lstrip("0")) > 18:
        return None
    of_kind = "kind" if kind.kind else "''"
    into = "merged_into_id" if kind.table in aliases.TABLES else "NULL"
    found = ctx.reader.one(f"SELECT {of_kind}, {into} FROM {kind.table} WHERE id = ?", (number,))
    if found and found[1] is not None and not merged:
        return standing(ctx, kind, number)
    if found and kind.kind and found[0] != kind.kind:
        raise NotFoundError(f"number {number} is a {found[0]}, not a {kind.name}", f"crm {found[0]} show {number}")
    return number if found else None


def standing(ctx: Context, kind: Entity, number: int) -> int:
    """A record, or the one that it was merged into, which is said. Raises NotFoundError where that is of the other
    kind."""
    end = aliases.standing(ctx.reader, kind.table, [number])[number]
    if end == number:
        return number
    noun = aliases.noun(ctx.reader, kind.table, end)
    if kind.kind and noun != kind.kind:
        of = aliases.noun(ctx.reader, kind.table, number)
        raise NotFoundError(f"{of}:{number} was merged into {noun}:{end}", f"crm {noun} show {end}")
    _say_merged(ctx, kind.table, number, end)
    return end


def stand_for(ctx: Context, kind: Entity, numbers: Sequence[int]) -> list[int]:
    """What these records are since they were merged, each once (see `standing`)."""
    ends = aliases.standing(ctx.reader, kind.table, numbers)
    return list(dict.fromkeys(n if ends[n] == n else standing(ctx, kind, n) for n in numbers))


#: What records can be in sight, removed, or not in sight whether removed or merged: the condition. Of those in sight
#: what is not over comes first, or what is `over`.
_STATES = {
    "seen": "removed_at IS NULL AND ",
    "over": "removed_at IS NULL AND ",
    "removed": "removed_at IS NOT NULL AND merged_into_id IS NULL AND ",
    "gone": "removed_at IS NOT NULL AND ",
}
#: The columns by which a record can be over, and the condition that it is not.
_GOING_ON = {"status": "status = 'open'", "archived_at": "archived_at IS NULL", "done_at": "done_at IS NULL"}


def _behind(kind: Entity, state: str) -> str:
    """An SQL flag: whether a record of a kind stands behind the others of its state."""
    core = {field.column for field in kind.core}
    going_on = " AND ".join(condition for column, condition in _GOING_ON.items() if column in core)
    if not going_on or state not in ("seen", "over"):
        return "0"
    return f"CASE WHEN {going_on} THEN {int(state == 'over')} ELSE {int(state == 'seen')} END"


def _matches(
    ctx: Context, kind: Entity, where: str, value: tuple[Any, ...], state: str = "seen"
) -> tuple[list[int], list[str]]:
    """The records of a state (see `_STATES`) that a condition fits, those that stand behind others only where no other
    fits; and a line about each where there are several; 12 at most."""
    of_kind = f"kind = '{kind.kind}' AND " if kind.kind else ""
    if state == "removed" and kind.table not in aliases.TABLES:
        state = "gone"
    sight = _STATES[state] if "removed_at" in kind.by_name else ""
    columns = f"id, {_behind(kind, state)} AS behind"
    sql = f"SELECT {columns} FROM {kind.table} t WHERE {of_kind}{sight}{where} ORDER BY behind, id LIMIT 12"
    rows = ctx.reader.rows(sql, value)
    found = [int(row[0]) for row in rows if row[1] == rows[0][1]]
    return found, [describe(ctx, kind, row) for row in read.hydrate(ctx.reader, kind, found)] if len(found) > 1 else []


def _by_part(ctx: Context, kind: Entity, text: str, state: str = "seen") -> tuple[list[int], list[str]]:
    """What `_matches` finds by a part of the name, two letters at least."""
    needle = fold(text)
    if "name" not in kind.by_name or len(needle) < 2:
        return [], []
    return _matches(ctx, kind, f"{FIND[ctx.reader.dialect]}(name_key, ?) > 0", (needle,), state)


def _alone(kind: Entity, text: str, found: list[int], lines: list[str]) -> int | None:
    """The one that was found, None for nobody. Raises AmbiguousError for several."""
    if len(found) > 1:
        more = len(found) == 12
        raise AmbiguousError(
            f"'{text}' fits {len(found)}{'+' if more else ''} {kind.plural}:",
            [*lines, "..."] if more else lines,
            "name one by its number",
        )
    return found[0] if found else None


def check_in_sight(ctx: Context, kind: Entity, row: Mapping[str, Any]) -> None:
    """Refuse a record that was removed: nothing is done with it, and nothing hung on it, until it is restored; and one
    that was merged into another. Raises RefusedError."""
    check_unmerged(ctx, kind, row)
    if row.get("removed_at"):
        raise RefusedError(
            f"{kind.name}:{row['id']} {row.get('name') or ''}".rstrip() + " is removed",
            f"first: {ctx.settings.calling(kind.command, 'restore', str(row['id']))}",
        )


def check_unmerged(ctx: Context, kind: Entity, row: Mapping[str, Any]) -> None:
    """Refuse a record that was merged into another one: what is meant for it is done with that. Raises RefusedError,
    which says how to take the merge apart."""
    if row.get("merged_into_id"):
        end = aliases.standing(ctx.reader, kind.table, [row["id"]])[row["id"]]
        steps = aliases.taking_apart(ctx.reader, kind.table, row["id"])
        apart = [ctx.settings.calling("undo", *words) for words in steps]
        named = [f"{aliases.noun(ctx.reader, kind.table, number)}:{number}" for number in (row["id"], end)]
        raise RefusedError(
            f"{named[0]} {row.get('name') or ''}".rstrip() + f" was merged into {named[1]}",
            f"to take the merge{'s' * (len(apart) > 1)} apart: {' && '.join(apart)}" if apart else f"use {named[1]}",
        )


def nobody(ctx: Context, kind: Entity, text: str) -> NotFoundError:
    """That nothing is called so, and where to look: that it is of another kind is said of what is there."""
    prefix, colon, rest = text.partition(":")
    other = record_kind(prefix) if colon and rest else None
    if other is not None and other is not kind:
        if _found(ctx, other, rest, merged=True) is not None:
            hint = f"crm {other.command} show {rest.strip()}"
            return NotFoundError(f"'{text}' names {other.one}, not {kind.one}", hint)
        kind, text = other, rest.strip()
    whole = digits(text)
    named = text if whole.isascii() and whole.isdigit() else f"'{text}'"
    listing = f"'crm {_LISTED.get(kind.name, kind.command)} list' shows them"
    return NotFoundError(f"there is no {kind.name} {named}", listing)


def _ways(ctx: Context, kind: Entity, text: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Conditions to try in order, each of which names a record exactly."""
    names = kind.by_name
    lower = text.lower()
    whole = digits(text)
    if whole.isascii() and whole.isdigit() and not whole.startswith("0") and len(whole) < LONG:
        if "name" in names:
            yield "name_key = ?", (fold(text),)
        return
    if "uid" in names and len(text) >= 6 and UUID.fullmatch(lower):
        yield "(uid >= ? AND uid < ?)", (lower, lower + "g")
    keys = addressed(ctx, kind, text)
    one = f"({' OR '.join(f'{column} = ?' for column, _ in keys)})", tuple(key for _, key in keys)
    by_domain = any(column == "domain" for column, _ in keys)
    if keys and not by_domain:
        yield one
    if "external_id" in names:
        yield "external_id = ?", (whole,)
    if by_domain:
        yield one
    elif "domain" not in names and "email" in names and re.fullmatch(r"[\w-]+(\.[\w-]+)+", text):
        yield "email_key LIKE ? ESCAPE '!'", ("%@" + text.lower().replace("_", "!_"),)
    if "name" in names:
        yield "name_key = ?", (fold(text),)


def addressed(ctx: Context, kind: Entity, text: str) -> list[tuple[str, str]]:
    """(column, key) pairs, any of which a record of this kind has that `text` is the e-mail address, the telephone
    number or else the domain of; none where it is no such thing."""
    names = kind.by_name
    text = text.strip()
    if "@" in text:
        return [("email_key", _email_key(ctx, kind, text) or text.lower())] if "email" in names else []
    if "phone" in names and DIALLED.fullmatch(digits(text)):
        return dialled(ctx, kind, text)
    if "domain" in names and "." in text:
        from crmcli.domain.address import domain_of

        found = domain_of(text)
        return [("domain", found)] if found else []
    return []


def _email_key(ctx: Context, kind: Entity, text: str) -> str | None:
    """The comparison key of a typed e-mail address; None where it cannot be read."""
    email = kind.by_name["email"].type
    try:
        return email.key(email.parse(text, ctx.env), ctx.env)
    except CrmError:
        return None


def dialled(ctx: Context, kind: Entity, text: str) -> list[tuple[str, str]]:
    """(column, key) pairs, any of which a record of this kind has whose telephone number `text` is."""
    held = [name for name in ("phone", "mobile") if name in kind.by_name]
    keys = [(f"{name}_key", kind.by_name[name].type.key(text, ctx.env)) for name in held]
    return [(column, key) for column, key in keys if key]


def book(ctx: Context) -> Book:
    """What the filter language may ask of the store, addresses and the names of merged records too."""

    def having(entity: str, text: str) -> list[int]:
        kind = ENTITIES[entity if entity in ENTITIES else "lead"]
        table = table_of(entity)
        found = [
            row[0]
            for column, key in addressed(ctx, kind, text)
            for row in ctx.reader.rows(f"SELECT id FROM {table} WHERE {column} = ? ORDER BY id LIMIT 50", (key,))
        ]
        return list(dict.fromkeys([*referred(ctx, table, text), *aliases.standing(ctx.reader, table, found).values()]))

    def stands(entity: str, number: int) -> int:
        return aliases.standing(ctx.reader, table_of(entity), [number])[number]

    def merged(entity: str, name: str) -> list[int]:
        table = table_of(entity)
        if table not in aliases.TABLES:
            return []
        sql = f"SELECT DISTINCT merged_into_id FROM {table} WHERE name_key = ? AND merged_into_id IS NOT NULL"
        found = [row[0] for row in ctx.reader.rows(f"{sql} ORDER BY merged_into_id LIMIT 50", (name,))]
        noun = "kind" if table == "opportunity" else f"'{table}'"
        seen = f"SELECT DISTINCT {noun} FROM {table} WHERE name_key = ? AND removed_at IS NULL"
        called = {row[0] for row in ctx.reader.rows(seen, (name,))} if found else set()
        ends = dict.fromkeys(aliases.standing(ctx.reader, table, found).values())
        return [end for end in ends if aliases.noun(ctx.reader, table, end) not in called]

    return ctx.book._replace(addressed=having, standing=stands, merged=merged)


def resolve_any(
    ctx: Context, text: str, kinds: Sequence[str] = ("lead", "deal", "contact", "company")
) -> tuple[Entity, int]:
    """A record named as `lead:12`, `contact:ada@engines.example`, or without a kind where only one fits: exactly, else
    one that was removed, else by a part of its name. `id:` before it says nothing more, and a lead that has become a
    deal still goes by its old `lead:12`: it kept its number; so does what was merged into another record."""
    text = text.strip()
    prefix, colon, rest = text.partition(":")
    if colon and prefix == "id" and rest.strip():
        text = rest.strip()
        prefix, colon, rest = text.partition(":")
    if colon and rest and (prefix in ENTITIES or record_kind(prefix)):
        kind = entity(prefix)
        kind = by_now(ctx, kind, rest)
        return kind, resolve(ctx, kind, rest)
    whole = digits(text)
    numeric = whole.isascii() and whole.isdigit()
    if numeric and not whole.startswith("0") and len(whole) < LONG:
        raise UsageError(f"'{text}' does not say what it is", f"write {kinds[0]}:{text} or {kinds[-1]}:{text}")
    for fitting in (_exactly, _as_alias, _removed, _partly):
        found = [(ENTITIES[name], number) for name in kinds for number in fitting(ctx, ENTITIES[name], text)]
        if len(found) == 1:
            if fitting is _as_alias:
                _alias(ctx, found[0][0], text)
            return found[0]
        if found:
            lines = [describe(ctx, kind, row) for kind, n in found[:12] for row in read.hydrate(ctx.reader, kind, [n])]
            more = ["..."] if len(found) > 12 else []
            raise AmbiguousError(f"'{text}' fits several records:", lines + more, "name one with its kind, as above")
    raise NotFoundError(f"nothing is called '{text}'", f"try 'crm search {text}'")


def resolve_itself(ctx: Context, text: str) -> tuple[Entity, int]:
    """A record that is named with its kind, as `contact:12`: itself, also where it was merged into another one. Raises
    UsageError, NotFoundError, AmbiguousError."""
    prefix, _, rest = text.strip().partition(":")
    if not rest.strip() or not record_kind(prefix):
        raise UsageError(f"'{text}' does not say which record is meant", "name it with its kind, as contact:12")
    kind = by_now(ctx, entity(prefix), rest, merged=True)
    return kind, resolve(ctx, kind, rest, merged=True)


def _exactly(ctx: Context, kind: Entity, text: str, state: str = "seen") -> list[int]:
    """The records of a kind and a state (see `_STATES`) that `text` names in the first way that fits any."""
    return next((ids for way in _ways(ctx, kind, text) if (ids := _matches(ctx, kind, *way, state)[0])), [])


def _as_alias(ctx: Context, kind: Entity, text: str) -> list[int]:
    return list(dict.fromkeys(_aliases(ctx, kind, text).values()))


def _partly(ctx: Context, kind: Entity, text: str) -> list[int]:
    return _by_part(ctx, kind, text)[0]


def _removed(ctx: Context, kind: Entity, text: str) -> list[int]:
    """Removed records that are called so, else those that one which is called so was merged into."""
    return _exactly(ctx, kind, text, "removed") or list(dict.fromkeys(_aliases(ctx, kind, text, seen=False).values()))
