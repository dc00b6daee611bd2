"""The book as a whole: where it is, making, checking, mending and upgrading it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from crmcli.domain.address import redacted
from crmcli.domain.types import Flag
from crmcli.errors import ConflictError, NotFoundError
from crmcli.results import Column, Note, Page, Rows, Section
from crmcli.services import checking
from crmcli.store import connect, schema

if TYPE_CHECKING:
    from crmcli.context import Context


def path(ctx: Context) -> Note:
    """Where the book is: a path, or a URL without its password."""
    return Note(redacted(ctx.settings.database))


def init(ctx: Context) -> Note:
    """Make a new book where the settings say. Raises ConflictError where there is one."""
    vacant(ctx)
    target = ctx.settings.database
    ctx.create(target)
    return Note(redacted(target))


def vacant(ctx: Context) -> str:
    """Where the settings say that a book may be made. Raises ConflictError where there is one."""
    target = ctx.settings.database
    if connect.is_url(target):
        opened = connect.connect(target)
        try:
            there = schema.revision(opened) is not None
        finally:
            opened.close()
    else:
        there = os.path.lexists(target)
    if there:
        raise ConflictError(f"there is something at {redacted(target)} already", "name another place with --db")
    return redacted(target)


def check(ctx: Context, deep: bool = False) -> Page:
    """Prove the store sound: a row a check, with the faults it found; `values["ok"]` says if all is well.

    `deep` compares every row with the journal's last word on it, recomputes keys and derived columns, and compares
    the search index. Nothing is mended: see `repair`.
    """
    rows: list[dict[str, Any]] = []
    for key, title, faults in checking.checks(ctx, deep):
        shown = "; ".join(faults[: checking.NAMED]) + (
            f"; {len(faults)} in all" if len(faults) > checking.NAMED else ""
        )
        rows.append({"check": key, "title": title, "ok": not faults, "detail": shown})
    columns = (Column("title", None, "Check"), Column("ok", Flag(), "OK"), Column("detail", None, "Found"))
    bad = {row["check"] for row in rows if not row["ok"]}
    if not bad:
        title = "the store is sound"
    elif bad == {"rules"}:
        title = "the records are sound, and some break the rules: edit those that are named"
    elif bad <= checking.MENDABLE:
        title = "the records are sound: 'crm db check --repair' makes anew what is worked out from them"
    else:
        title = "the store is damaged: restore a backup with 'crm db restore FILE'"
    return Page(title, (Section("checks", title, Rows(columns, rows)),), {"ok": not bad, "deep": deep})


def repair(ctx: Context) -> None:
    """Make the search index, the derived columns, the views, the indexes and the counters of numbers anew from the
    records, and the keys of telephone numbers as in the region that is set, whatever became of them. What only a backup
    brings back (records, links, journal) is left as it is."""
    for line in checking.renew(ctx.reader, ctx.env):
        ctx.say(line)
    keys = ", keys of telephone numbers" if ctx.env.region else ""  # without a region they stay as they are
    ctx.say(f"made anew: search index, derived columns, views, indexes, counters{keys}")


def upgrade(ctx: Context) -> Note:
    """Bring the book to this program's schema; the file is backed up beside it first."""
    target = _present(ctx)
    opened = connect.connect(target, timeout=float(ctx.settings["busy_timeout"]), say=ctx.say)
    try:
        before = schema.revision(opened)
        schema.check(opened)
    finally:
        opened.close()
    if before == schema.REVISION:
        return Note(f"the book is up to date (schema {before})")
    return Note(f"upgraded the book from schema {before} to {schema.REVISION}")


def upgradable(ctx: Context) -> str:
    """What `upgrade` would do, in words."""
    with contextlib.closing(connect.connect(_present(ctx), read_only=True)) as opened:
        found = schema.known(opened, opened.target)
    if found == schema.REVISION:
        return f"leave the book as it is: it is up to date (schema {found})"
    return f"upgrade the book from schema {found} to {schema.REVISION}"


def _present(ctx: Context) -> str:
    target = ctx.settings.database
    if not connect.is_url(target) and not connect.there(target):
        raise NotFoundError(f"there is no book at {target}", "'crm db init' makes one")
    return target
