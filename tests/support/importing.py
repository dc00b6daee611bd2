"""Imports as the tests of several files run and count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.services import imports, records

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity


def take(ctx: Context, path: str, **options: Any) -> imports.Imported:
    """Import a file, after a dry run that must have said the same and written nothing."""
    made = imports.plan(ctx, path, **options)
    before = ctx.reader.value("SELECT seq FROM journal_head")
    tried = imports.run(ctx, made, dry_run=True)
    assert ctx.reader.value("SELECT seq FROM journal_head") == before
    done = imports.run(ctx, made)
    assert tried[1:8] == done[1:8]
    return done


def take_as_kind(ctx: Context, path: str, kind: str = "", **options: Any) -> imports.Imported:
    """Import a file, without a dry run, as the kind of this name; "": as what it looks like."""
    return imports.run(ctx, imports.plan(ctx, path, kind=ENTITIES[kind] if kind else None, **options))


def listed(ctx: Context, kind: str) -> list[dict[str, Any]]:
    """Every record of the kind of this name, but of tasks the open ones, with all its fields, by number."""
    words = () if kind == "task" else ("is:any",)
    return list(records.list_records(ctx, ENTITIES[kind], words, columns="all", sort="id", limit=0).rows)


def rows(ctx: Context, kind: Entity) -> list[dict[str, Any]]:
    """Every record of a kind with all its fields, by number."""
    return list(records.list_records(ctx, kind, ("is:any",), columns="all", sort="id", limit=0).rows)


def counts(done: imports.Imported) -> tuple[int, ...]:
    """(rows, new, updated, same, repeated, refused)"""
    return tuple(done[1:7])
