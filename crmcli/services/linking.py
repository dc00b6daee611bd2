"""The links of a record as people type them: company, contact, owner, tags and other words -> ids; what is not there
yet is made on the way where the field makes it. (`imports.linking` links the rows of a file, a block at a time.)"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import suggest
from crmcli.domain.text import blank, fold, squashed
from crmcli.domain.types import Ref
from crmcli.errors import FieldError, UsageError
from crmcli.services import naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.store.write import Transaction


#: What tasks and notes hang on: table -> the column of theirs that says so.
CARRYING = {"opportunity": "opportunity_id", "contact": "contact_id", "company": "company_id"}


def link(ctx: Context, tx: Transaction, field: Field, text: str, row: Mapping[str, Any]) -> int | None:
    """The id that a link is set to by a typed name. Raises FieldError, NotFoundError, AmbiguousError."""
    assert isinstance(field.type, Ref)
    text = " ".join(text.split())
    if blank(text):
        return None
    target = field.type.entity
    if target == "user":
        return _user(ctx, tx, text)
    if target == "task_type":
        return _task_type(ctx, tx, text)
    if field.type.words:
        number = tx.word(target, text, create=field.type.create)
        if number is None:
            raise FieldError(
                f"there is no {target.replace('_', ' ')} '{text}'", hint=f"known: {', '.join(ctx.names(target))}"
            )
        return number
    return _record(ctx, tx, field, text, row)


def spelt(known: Sequence[str], text: str) -> str:
    """A word as one of the known ones is spelt, if it is one of them: `e-mail` is `email`."""
    if fold(text) in map(fold, known):
        return text
    return next((name for name in known if squashed(name) == squashed(text)), text)


def _task_type(ctx: Context, tx: Transaction, text: str) -> int:
    """The task type that is meant, however it is spelt; a new one is said. Looked for once in a transaction."""
    key = ("task_type", fold(text))
    if key not in tx.memory:
        known = ctx.names("task_type")
        text = spelt(known, text)
        number = tx.word("task_type", text, create=False)
        if number is None:
            hint = suggest(text, known)
            back = f" ({hint} {ctx.settings.calling('undo')} takes this back)" if hint else ""
            number = tx.word("task_type", text)
            ctx.say(f"new task type: {text}{back}")
        assert number is not None
        tx.memory[key] = number
    return tx.memory[key]


def _record(ctx: Context, tx: Transaction, field: Field, text: str, row: Mapping[str, Any]) -> int:
    """A link to a record: by what it is called; a new company or person where the field makes them."""
    assert isinstance(field.type, Ref)
    if field.type.entity == "opportunity":
        named = text if ":" in text or not text.isdigit() else f"deal:{text}"
        return _in_sight(ctx, tx, *naming.resolve_any(ctx, named, ("lead", "deal")), row.get(field.column))
    kind = ENTITIES[field.type.entity]
    if not field.type.create or naming.own_name(kind, text) != text:
        return _in_sight(ctx, tx, kind, naming.resolve(ctx, kind, text), row.get(field.column))
    if (kind.name, fold(text)) in tx.memory:
        return tx.memory[kind.name, fold(text)]
    found = naming.identify(ctx, kind, text)
    if found is None and tx.names_alone():
        found = naming.identify(ctx, kind, text)
    if found is not None:
        return _in_sight(ctx, tx, kind, found, row.get(field.column))
    if unknown := naming.not_a_name(kind, text):
        raise unknown
    return _made(ctx, tx, kind, text, {"company_id": row.get("company_id")} if kind.name == "contact" else {})


def _in_sight(ctx: Context, tx: Transaction, kind: Entity, number: int, now: int | None) -> int:
    """A record that something is linked to, unless it was removed; a link to it that is there already (`now`) stays."""
    if number != now:
        naming.check_in_sight(ctx, kind, tx.row(kind.name, number))
    return number


def _made(ctx: Context, tx: Transaction, kind: Entity, name: str, fixed: Mapping[str, Any]) -> int:
    """A company or person made on the way by its name, which is said; once in a transaction."""
    from crmcli.services.values import create

    key = (kind.name, fold(name))
    if key not in tx.memory:
        start = fold(name)
        like = ctx.reader.one(
            f"SELECT id, name FROM {kind.table} WHERE name_key >= ? AND name_key < ? AND removed_at IS NULL"
            " ORDER BY name_key, id LIMIT 1",
            (start, start + "\U0010ffff"),
        )
        tx.memory[key] = create(ctx, tx, kind, {"name": name}, fixed=fixed)
        undo = ctx.settings.calling("undo")
        meant = f" (there is {kind.name}:{like[0]} {like[1]}; '{undo}' takes this back)" if like else ""
        ctx.say(f"new {kind.name}: {name}{meant}")
    return tx.memory[key]


def _user(ctx: Context, tx: Transaction, name: str) -> int:
    """A user by name; a new one is made and said, unless the name looks like a slip of a known one."""
    name = ctx.actor if name == "me" else name
    number = tx.word("user", name, create=False)
    if number is not None:
        if not tx.row("user", number)["active"]:
            raise FieldError(
                f"{name} is not active",
                hint=f"to give them records again: {ctx.settings.calling('user', 'edit', name, 'active=yes')}",
            )
        return number
    hint = suggest(name, ctx.names("user"))
    if hint and fold(name) != fold(ctx.actor):
        raise FieldError(
            f"there is no user '{name}'", hint=f"{hint} To add them: {ctx.settings.calling('user', 'add', name)}"
        )
    number = tx.word("user", name)
    assert number is not None
    ctx.say(f"new user: {name}")
    return number


def edit_tags(tx: Transaction, text: str, current: list[int]) -> list[int]:
    """Tag ids after an edit: `a,b` sets, `+a,-b` adds and takes away, empty clears. Of a tag that is named more than
    once the last word counts, and one that is only taken away is not made."""
    words = [word.strip() for word in re.split(r"[,;،\n]", text) if not blank(word)]
    relative = bool(words) and words[0][0] in "+-"
    if odd := next((word for word in words if (word[0] in "+-") != relative), ""):
        raise FieldError(
            f"'{words[0]}' and '{odd}' do not go together", hint="'a,b' sets the tags, '+a,-b' adds and takes away"
        )
    last: dict[str, tuple[str, bool]] = {}
    for word in words:
        name = word[1:].strip() if relative else word
        if blank(name) or name[0] in "+-":
            raise FieldError(f"'{word}' names no tag", hint="a tag does not start with + or -")
        key = fold(name)
        last[key] = (last[key][0] if key in last else name, word[0] != "-")
    tags = set(current) if relative else set()
    for name, on in last.values():
        number = tx.word("tag", name, create=on)
        if number is not None:
            (tags.add if on else tags.discard)(number)
    return sorted(tags)


def links(ctx: Context, tx: Transaction, text: str) -> dict[str, Any]:
    """`lead:12`, `deal:31`, `contact:7`, `company:3` or a name -> the link columns of a task or interaction; an
    empty text clears them."""
    if not text.strip():
        return dict.fromkeys(("opportunity_id", "contact_id", "company_id"))
    kind, number = naming.resolve_any(ctx, text)
    return link_columns(ctx, tx, kind, number)


def link_columns(ctx: Context, tx: Transaction, kind: Entity, number: int) -> dict[str, Any]:
    """The columns that hang something on a record; a deal's person and company come with it, and a person's company.
    Raises UsageError for what carries nothing, NotFoundError, RefusedError for what was removed."""
    own = CARRYING.get(kind.table)
    if own is None:
        raise UsageError(f"{kind.one} cannot carry tasks or notes", "name a lead, deal, contact or company")
    row = tx.row(kind.name, number)
    naming.check_in_sight(ctx, kind, row)
    found = {c: row.get(c) for c in ("contact_id", "company_id")}
    return {"opportunity_id": None, **found, own: number}
