"""Tags: which there are, put on and taken off many records at once, renamed, merged, coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.change import written
from crmcli.domain.entities import RECORDS, TAG
from crmcli.domain.fields import suggest
from crmcli.domain.text import blank, check_text, fold
from crmcli.errors import ConflictError, FieldError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import kept_filters
from crmcli.services.records import each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction

COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan", "white")


def tags(ctx: Context) -> Rows:
    """Every tag with how many records carry it."""
    number = TAG.by_name["id"].type
    columns = (
        Column("id", number, "ID"), Column("name", TAG.field("name").type, "Tag"), Column("colour", None, "Colour"),
        Column("opportunities", number, "Leads and deals"), Column("contacts", number, "Contacts"),
        Column("companies", number, "Companies"), Column("tasks", number, "Tasks"),
    )  # fmt: skip
    names, rows = ctx.reader.names("SELECT id, name, colour, opportunities, contacts, companies, tasks FROM v_tag")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return Rows(columns, sorted(found, key=lambda row: fold(row["name"])), empty="no tags yet")


def add(ctx: Context, tag: str, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Put a tag on records; a new tag is made."""
    return _retag(ctx, kind, numbers, tag, True, source)


def remove(ctx: Context, tag: str, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Take a tag off records."""
    return _retag(ctx, kind, numbers, tag, False, source)


def _retag(ctx: Context, kind: Entity, numbers: Sequence[int], tag: str, on: bool, source: str) -> Changed:
    if not kind.tag_table:
        raise UsageError(f"{kind.one} has no tags")
    name = check_name(tag)

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        number = tx.word("tag", name, create=on)
        if number is None:
            raise _unknown(ctx, tag)
        have = set(row.get("tags") or ())
        return tx.change(kind.name, row["id"], {"tags": sorted(have | {number} if on else have - {number})})

    return each(ctx, kind, numbers, step, f"tagged {name}:" if on else f"untagged {name}:", source)


def check_name(tag: str) -> str:
    """A tag's name as it is kept. Raises FieldError for what a filter or an edit could not write."""
    name = " ".join(check_text(tag).split())
    if blank(name) or any(mark in name for mark in ",;،") or name[0] in "+-":
        raise FieldError(f"'{tag}' cannot be a tag", "tags", "a tag has no commas and does not start with + or -")
    return TAG.field("name").type.check_length(name)


def rename(ctx: Context, old: str, new: str) -> Changed:
    """Give a tag another name on every record. A name that exists is refused: that would be a merge."""
    name = check_name(new)
    known = kept_filters.working(ctx)
    with ctx.writing() as tx:
        number = _tag(ctx, tx, old)
        other = tx.word("tag", name, create=False)
        if other is not None and other != number:
            merge = ctx.settings.calling("tag", "merge", old, name)
            raise ConflictError(f"there is a tag '{name}' already", f"to make them one: {merge}")
        tx.change("tag", number, {"name": name})
    name = written(tx.changes, "tag", number, "name", name)
    lines = (f"tag {old} is now {name}", *kept_filters.broken(ctx, known))
    return Changed(lines, tuple(tx.changes), ctx.batch, (number,), "tag")


def colour(ctx: Context, tag: str, shade: str) -> Changed:
    """Give a tag a colour for terminals, or with an empty one none."""
    if shade and shade not in COLOURS:
        raise UsageError(f"'{shade}' is not a colour", suggest(shade, COLOURS) or f"choose from: {', '.join(COLOURS)}")
    with ctx.writing() as tx:
        number = _tag(ctx, tx, tag)
        tx.change("tag", number, {"colour": shade or None})
    return Changed((f"tag {tag} is {shade or 'plain'}",), tuple(tx.changes), ctx.batch, (number,), "tag")


def merge(ctx: Context, old: str, into: str) -> Changed:
    """Put the tag `into` on everything that has `old`, then forget `old`."""
    known = kept_filters.working(ctx)
    with ctx.writing() as tx:
        source, target = _tag(ctx, tx, old), _tag(ctx, tx, into)
        if source == target:
            raise UsageError("that is the same tag")
        _hold(ctx, tx, {source: old, target: into})
        count = _forget(ctx, tx, source, {target})
    lines = (f"merged tag {old} into {into} on {count} record{'s' * (count != 1)}", *kept_filters.broken(ctx, known))
    return Changed(lines, tuple(tx.changes), ctx.batch, (target,), "tag")


def delete(ctx: Context, tag: str) -> Changed:
    """Forget a tag: off every record, then gone."""
    known = kept_filters.working(ctx)
    with ctx.writing() as tx:
        number = _tag(ctx, tx, tag)
        _hold(ctx, tx, {number: tag})
        count = _forget(ctx, tx, number, set())
    lines = (f"tag {tag} is gone from {count} record{'s' * (count != 1)}", *kept_filters.broken(ctx, known))
    return Changed(lines, tuple(tx.changes), ctx.batch, (), "tag")


def _forget(ctx: Context, tx: Transaction, number: int, instead: set[int]) -> int:
    """Take a tag off every record, put others on them `instead`, and delete it; how many records carried it."""
    count = 0
    for kind in {e.table: e for e in RECORDS.values() if e.tag_table}.values():
        found = ctx.reader.rows(f"SELECT record_id FROM {kind.tag_table} WHERE tag_id = ?", (number,))
        for record, row in tx.rows(kind.name, [record for (record,) in found]).items():
            count += tx.change(kind.name, record, {"tags": sorted(set(row["tags"]) - {number} | instead)})
    tx.flush()
    tx.delete("tag", number)
    return count


def _tag(ctx: Context, tx: Transaction, name: str) -> int:
    number = tx.word("tag", name, create=False)
    if number is None:
        raise _unknown(ctx, name)
    return number


def _hold(ctx: Context, tx: Transaction, names: dict[int, str]) -> None:
    """Keep others from putting these tags on or taking them away until the transaction ends."""
    tx.names_alone()
    there = tx.hold("tag", names)
    for number, name in names.items():
        if number not in there:
            raise _unknown(ctx, name)


def _unknown(ctx: Context, name: str) -> NotFoundError:
    return NotFoundError(f"there is no tag '{name}'", suggest(name, ctx.names("tag"), "crm tag list"))
