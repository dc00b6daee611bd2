"""The words of the book itself: which fields a record has, and who works with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import figures
from crmcli.domain.change import written
from crmcli.domain.entities import ENTITIES, USER
from crmcli.domain.text import fold
from crmcli.domain.types import Choice, Ref
from crmcli.errors import ConflictError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import kept_filters
from crmcli.services.naming import resolve
from crmcli.services.records import columns_for
from crmcli.services.values import SUGAR, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Entity


def fields(kind: Entity) -> Rows:
    """Every field of a kind of record: its type, whether it can be set, its other names, and what it means."""
    rows = []
    for field in kind.fields:
        about = field.type.name
        if isinstance(field.type, Ref):
            about = f"{field.type.entity.replace('_', ' ')}"
        elif isinstance(field.type, Choice):
            about = " | ".join(field.type.options)
        typed = field.settable or field.name in SUGAR
        rows.append({
            "name": field.name, "type": about, "set": "required" if field.required else "yes" if typed else "",
            "aliases": ", ".join(field.aliases), "indexed": "yes" if field.indexed else "", "help": field.help,
        })  # fmt: skip
    if figures.computed(kind, figures.URGENCY):
        about = f"How urgent it is: a column and an order of lists, not of filters; see 'crm {kind.name} why'"
        rows.append({"name": figures.URGENCY, "type": "points", "set": "", "aliases": "", "indexed": "", "help": about})
    titles = {
        "name": "Field",
        "type": "Type",
        "set": "Settable",
        "aliases": "Also",
        "indexed": "Sorts fast",
        "help": "Meaning",
    }
    return Rows(tuple(Column(name, None, label) for name, label in titles.items()), rows)


def users(ctx: Context) -> Rows:
    """Who works with the book."""
    columns = columns_for(USER, ["id", "name", "full_name", "email", "active"])
    rows = ctx.reader.rows("SELECT id, name, full_name, email, active FROM v_user")
    found = [dict(zip([c.name for c in columns], row, strict=True)) for row in rows]
    for row in found:
        row["active"] = bool(row["active"])
    return Rows(
        columns, sorted(found, key=lambda row: fold(row["name"])), empty="no users yet; the first to write becomes one"
    )


def user_add(ctx: Context, name: str, assigned: Mapping[str, str]) -> Changed:
    """Add somebody records can be given to."""
    with ctx.writing() as tx:
        if tx.word("user", name, create=False) is not None:
            raise ConflictError(f"there is a user '{name}' already")
        row = _parse(ctx, {"name": name, **assigned})
        number = tx.add("user", {"active": True, **row})
    name = written(tx.changes, "user", number, "name", name)
    return Changed((f"added user {name}",), tuple(tx.changes), ctx.batch, (number,), "user")


def user_edit(ctx: Context, name: str, assigned: Mapping[str, str]) -> Changed:
    """Change a user; the records stay theirs when the name changes, and their feeds end while they are not active."""
    number, changes = resolve(ctx, USER, name), _parse(ctx, assigned)
    done = edit_word(ctx, USER, number, name, changes)
    if changes.get("active") is not False:
        return done
    feeds = ctx.reader.rows("SELECT name FROM feed WHERE owner_id = ? ORDER BY name_key", (number,))
    ended = (f"the calendar feed {feed} leads nowhere while its owner is not active" for (feed,) in feeds)
    return done._replace(lines=(*done.lines, *ended))


def edit_word(ctx: Context, kind: Entity, number: int, name: str, changes: Mapping[str, Any]) -> Changed:
    """Set stored columns of a word of the book that goes by `name`, and say which saved views that breaks. Raises
    ConflictError where another one has the new name."""
    known, noun = kept_filters.working(ctx), kind.name.replace("_", " ")
    with ctx.writing() as tx:
        other = tx.word(kind.name, changes["name"], create=False) if "name" in changes else None
        if other not in (None, number):
            raise ConflictError(f"there is a {noun} '{changes['name']}' already")
        tx.change(kind.name, number, changes)
    name = written(tx.changes, kind.name, number, "name", name)
    lines = (f"changed {noun} {name}", *kept_filters.broken(ctx, known))
    return Changed(lines, tuple(tx.changes), ctx.batch, (number,), kind.name)


def _parse(ctx: Context, assigned: Mapping[str, str]) -> dict[str, Any]:
    found = parsed(ctx, USER, assigned)
    if fold(found.get("name") or "") == "me":
        raise UsageError("a user needs a name of their own")
    return found


def kinds() -> list[str]:
    """The nouns that have fields."""
    return list(ENTITIES)
