"""What a record is called: its number, the start of its UUID, an address, a domain, its name or a part of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES, RECORDS, entity, record_kind
from crmcli.domain.text import digits, fold
from crmcli.errors import AmbiguousError, CrmError, NotFoundError, RefusedError, UsageError
from crmcli.store import read
from crmcli.store.sql import FIND, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.query import Book

UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]*")
#: What can be the number of a record and nothing else.
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
#: A number of so many digits may be that of a telephone or of another system where no record has it.
LONG = 7
EMAIL = re.compile(r"[^\s@\[\](){}<>,;:=]+@[^\W_][\w-]*(?:\.[\w-]+)*")
#: A telephone number, perhaps with an extension, and nothing else, in ASCII digits.
DIALLED = re.compile(r"(?=(?:\D*\d){5})\+?[\d\s()./-]+(?:(?:x|ext\.?|#)\s*\d+)?", re.IGNORECASE)


def resolve(ctx: Context, kind: Entity, text: str) -> int:
    """The id of the record that people mean by `text`: what `identify` knows, else one that was removed and is called
    so, else a part of a name that fits one record alone. (A part comes last: who purges somebody by the name of a
    removed one means no other.)

    Raises NotFoundError, and AmbiguousError with the candidates.
    """
    text = own_name(kind, text)
    number = identify(ctx, kind, text)
    if number is None and "removed_at" in kind.by_name:
        number = _called(ctx, kind, text, removed=True)
    if number is None:
        number = _alone(kind, text, *_by_part(ctx, kind, text))
    if number is None:
        raise _of_the_other_kind(ctx, kind, text) or nobody(kind, text)
    return number


def _of_the_other_kind(ctx: Context, kind: Entity, text: str) -> NotFoundError | None:
    """That it is the deal which a lead of that address or name has become that is called so, or a lead yet."""
    other = ENTITIES["deal" if kind.name == "lead" else "lead"]
    found = _exactly(ctx, other, text) or _removed(ctx, other, text) if kind.kind else []
    if len(found) != 1:
        return None
    return NotFoundError(f"'{text}' is {other.one}, not {kind.one}", f"crm {other.command} show {found[0]}")


def identify(ctx: Context, kind: Entity, text: str) -> int | None:
    """The id of the record that `text` names exactly: by its number, the start of its UUID, its e-mail address, phone,
    external id, domain or full name; None when there is none. Raises AmbiguousError with the candidates."""
    text = own_name(kind, text)
    whole = digits(text)
    number = int(whole[:18]) if whole.isascii() and whole.isdigit() else None
    if number is not None and not whole.startswith("0") and _is_there(ctx, kind, whole, number):
        return number
    found = _called(ctx, kind, text)
    if found is not None:
        return found
    # 0912... is a telephone number before it is the record 912.
    return number if number is not None and whole.startswith("0") and _is_there(ctx, kind, whole, number) else None


def _called(ctx: Context, kind: Entity, text: str, *, removed: bool = False) -> int | None:
    """The one record that is called exactly so, of those in sight or of those that were `removed`."""
    for where, value in _ways(ctx, kind, text):
        found = _alone(kind, text, *_matches(ctx, kind, where, value, removed=removed))
        if found is not None:
            return found
    return None


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


def _is_there(ctx: Context, kind: Entity, whole: str, number: int) -> bool:
    """Whether there is a record of that number. Raises NotFoundError where it is of the other kind."""
    if len(whole.lstrip("0")) > 18:
        return False
    of_kind = "kind" if kind.kind else "''"
    found = ctx.reader.one(f"SELECT {of_kind} FROM {kind.table} WHERE id = ?", (number,))
    if found and kind.kind and found[0] != kind.kind:
        raise NotFoundError(f"number {number} is a {found[0]}, not a {kind.name}", f"crm {found[0]} show {number}")
    return found is not None


def _matches(
    ctx: Context, kind: Entity, where: str, value: tuple[Any, ...], *, removed: bool = False
) -> tuple[list[int], list[str]]:
    """The records in sight (or those that were `removed`) that a condition fits, and a line about each where there are
    several; 12 at most."""
    of_kind = f"kind = '{kind.kind}' AND " if kind.kind else ""
    sight = f"removed_at IS {'NOT ' if removed else ''}NULL AND " if "removed_at" in kind.by_name else ""
    sql = f"SELECT id FROM {kind.table} t WHERE {of_kind}{sight}{where} ORDER BY id LIMIT 12"
    found = [int(row[0]) for row in ctx.reader.rows(sql, value)]
    return found, [describe(kind, row) for row in read.hydrate(ctx.reader, kind, found)] if len(found) > 1 else []


def _by_part(ctx: Context, kind: Entity, text: str) -> tuple[list[int], list[str]]:
    """What `_matches` finds by a part of the name, two letters at least."""
    needle = fold(text)
    if "name" not in kind.by_name or len(needle) < 2:
        return [], []
    return _matches(ctx, kind, f"{FIND[ctx.reader.dialect]}(name_key, ?) > 0", (needle,))


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
    """Refuse a record that was removed: nothing is done with it, and nothing hung on it, until it is restored. Raises
    RefusedError."""
    if row.get("removed_at"):
        raise RefusedError(
            f"{kind.name}:{row['id']} {row.get('name') or ''}".rstrip() + " is removed",
            f"first: {ctx.settings.calling(kind.command, 'restore', str(row['id']))}",
        )


def nobody(kind: Entity, text: str) -> NotFoundError:
    """That nothing is called so, and where to look."""
    prefix, colon, rest = text.partition(":")
    other = record_kind(prefix) if colon and rest else None
    if other is not None and other is not kind:
        return NotFoundError(f"'{text}' names {other.one}, not {kind.one}", f"crm {other.command} show {rest.strip()}")
    whole = digits(text)
    named = text if whole.isascii() and whole.isdigit() else f"'{text}'"
    return NotFoundError(
        f"there is no {kind.name} {named}", f"'crm {kind.command} list' shows them" if kind.name in RECORDS else ""
    )


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
    """What the filter language may ask of the store, addresses too."""

    def having(entity: str, text: str) -> list[int]:
        kind = ENTITIES[entity if entity in ENTITIES else "lead"]
        table = table_of(entity)
        return [
            row[0]
            for column, key in addressed(ctx, kind, text)
            for row in ctx.reader.rows(f"SELECT id FROM {table} WHERE {column} = ? ORDER BY id LIMIT 50", (key,))
        ]

    return ctx.book._replace(addressed=having)


def resolve_any(
    ctx: Context, text: str, kinds: Sequence[str] = ("lead", "deal", "contact", "company")
) -> tuple[Entity, int]:
    """A record named as `lead:12`, `contact:ada@engines.example`, or without a kind where only one fits: exactly, else
    one that was removed, else by a part of its name. `id:` before it says nothing more, and a lead that has become a
    deal still goes by its old `lead:12`: it kept its number."""
    text = text.strip()
    prefix, colon, rest = text.partition(":")
    if colon and prefix == "id" and rest.strip():
        text = rest.strip()
        prefix, colon, rest = text.partition(":")
    if colon and rest and (prefix in ENTITIES or record_kind(prefix)):
        kind = entity(prefix)
        if kind.name == "lead" and _converted(ctx, digits(rest.strip())):
            kind = ENTITIES["deal"]
        return kind, resolve(ctx, kind, rest)
    whole = digits(text)
    numeric = whole.isascii() and whole.isdigit()
    if numeric and not whole.startswith("0") and len(whole) < LONG:
        raise UsageError(f"'{text}' does not say what it is", f"write {kinds[0]}:{text} or {kinds[-1]}:{text}")
    for fitting in (_exactly, _removed, _partly):
        found = [(ENTITIES[name], number) for name in kinds for number in fitting(ctx, ENTITIES[name], text)]
        if len(found) == 1:
            return found[0]
        if found:
            lines = [describe(kind, row) for kind, n in found[:12] for row in read.hydrate(ctx.reader, kind, [n])]
            more = ["..."] if len(found) > 12 else []
            raise AmbiguousError(f"'{text}' fits several records:", lines + more, "name one with its kind, as above")
    raise NotFoundError(f"nothing is called '{text}'", f"try 'crm search {text}'")


def _converted(ctx: Context, whole: str) -> bool:
    """Whether the lead of this number is a deal now."""
    return (
        _NUMBER.fullmatch(whole) is not None
        and ctx.reader.one(
            f"SELECT id FROM {ENTITIES['deal'].table} WHERE id = ? AND kind = 'deal' AND converted_at IS NOT NULL",
            (int(whole),),
        )
        is not None
    )


def _exactly(ctx: Context, kind: Entity, text: str, *, removed: bool = False) -> list[int]:
    """The records of a kind in sight, or `removed`, that `text` names in the first way that fits any."""
    return next((ids for way in _ways(ctx, kind, text) if (ids := _matches(ctx, kind, *way, removed=removed)[0])), [])


def _partly(ctx: Context, kind: Entity, text: str) -> list[int]:
    return _by_part(ctx, kind, text)[0]


def _removed(ctx: Context, kind: Entity, text: str) -> list[int]:
    return _exactly(ctx, kind, text, removed=True)


def describe(kind: Entity, row: Mapping[str, Any]) -> str:
    """One line about a record: number, name, and what tells it from others."""
    extra = [str(row[name]) for name in ("company", "email", "stage", "status") if row.get(name)]
    return f"{kind.name}:{row['id']}  {row['name']}" + (f"  ({', '.join(extra)})" if extra else "")
