"""Imports as the tests of several files run and count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def rows(ctx: Context, kind: Entity) -> list[dict[str, Any]]:
    """Every record of a kind with all its fields, by number."""
    return list(records.list_records(ctx, kind, ("is:any",), columns="all", sort="id", limit=0).rows)


def counts(done: imports.Imported) -> tuple[int, ...]:
    """(rows, new, updated, same, repeated, refused)"""
    return tuple(done[1:7])
