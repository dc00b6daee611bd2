"""Copies of the book: backups that were proven, and putting one in the book's place."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

from crmcli.domain.address import redacted
from crmcli.errors import ConflictError, CrmError, DamagedError, NotFoundError, StoreError, UsageError
from crmcli.results import Note
from crmcli.services import chaining, checking
from crmcli.store import connect, drafts, schema
from crmcli.store.write_lock import WriteLock

if TYPE_CHECKING:
    from crmcli.context import Context


def backup(ctx: Context, file: str, *, force: bool = False) -> Note:
    """Copy the book to a file that was checked before it gets its name. Raises ConflictError where the file is there
    already (unless `force`), StoreError where the copy is not sound."""
    file = backup_place(ctx, file, force=force)
    drafts.sweep(*os.path.split(file), ctx.say, all_of_ours=True)
    counted = _copy(ctx.reader.target, file, force)
    return Note(f"backed up to {file}: {counted}")


def backup_place(ctx: Context, file: str, *, force: bool = False) -> str:
    """The whole path of a backup that can be made. Raises as `backup` does."""
    target = ctx.settings.database
    if connect.is_url(target):
        name = redacted(target)
        raise UsageError(
            "a PostgreSQL book is backed up by its own tools", f"pg_dump --format=custom --file={file} '{name}'"
        )
    file = os.path.abspath(os.path.expanduser(file))
    _free(file, target, force)
    return file


def _free(file: str, target: str, force: bool) -> None:
    if os.path.isdir(file):
        raise UsageError(f"{file} is a folder", "name a file in it")
    if _is_part(file, target):
        raise UsageError("a book cannot be its own backup", "name another file")
    # Whatever stands under such a name goes when the other file is next read or written.
    if beside := drafts.companion_of(file):
        raise UsageError(f"{file} belongs to the file {beside}, as its journal or lock does", "name another file")
    if drafts.is_draft(file):
        raise UsageError(f"{file} has the name of a copy in the making, which is swept away", "name another file")
    if os.path.lexists(file) and not force:
        raise ConflictError(f"{file} is there already", "name another file, or say --force")


def _is_part(file: str, target: str) -> bool:
    """Whether a path leads to the book, or to where SQLite or the writers' queue has a file beside it."""
    book = os.path.realpath(target)
    for part in (book, *(book + companion for companion in drafts.COMPANIONS)):
        if os.path.realpath(file) == part:
            return True
        with contextlib.suppress(OSError):
            if os.path.samefile(file, part):
                return True
    return False


def _copy(source: str, file: str, force: bool) -> str:
    """Copy a SQLite store through the backup API to a private draft, check that, and give it its name."""
    with drafts.draft(file) as draft:
        with contextlib.closing(connect.only_reading(source)) as old, contextlib.closing(sqlite3.connect(draft)) as new:
            try:
                old.backup(new)
                new.execute("PRAGMA journal_mode = DELETE")
            except connect.REFUSALS as error:
                raise connect.refused(error, source, reading=True) from None
        counted = sound(draft, source)
        drafts.sync(draft)
        if force:
            os.replace(draft, file)
        else:
            try:
                drafts.place(draft, file)
            except FileExistsError:
                raise ConflictError(f"{file} is there already", "name another file, or say --force") from None
    drafts.sync(os.path.dirname(file))
    return counted


def sound(file: str, name: str = "") -> str:
    """What a copied store holds, in words. Raises StoreError where its engine, its links or its journal say no; then
    it goes by `name`, such as that of the file it was copied from."""
    name = name or file
    opened = connect.connect(file, read_only=True)
    try:
        schema.known(opened, name)
        try:
            faults = [*checking.engine(opened), *checking.links(opened), *chaining.chain(opened)]
        except DamagedError as error:
            faults = [error.detail]
        if faults:
            raise StoreError(f"{name} is damaged: {'; '.join(faults[:3])}", "it was not used; take another backup")
        counts = [
            f"{opened.value(f'SELECT count(*) FROM {table} {where}')} {name}"
            for name, table, where in (
                ("leads", "opportunity", "WHERE kind = 'lead'"), ("deals", "opportunity", "WHERE kind = 'deal'"),
                ("contacts", "contact", ""), ("companies", "company", ""), ("tasks", "task", ""),
            )
        ]  # fmt: skip
        return f"{', '.join(counts)}, journal to {opened.value('SELECT seq FROM journal_head')}"
    finally:
        opened.close()


def restore(ctx: Context, file: str, yes: bool = False) -> Note:
    """Put a backup in the book's place; the book that was there stays beside it as `NAME.before-restore-STAMP`.

    Raises NotFoundError, StoreError where the backup is not sound, UsageError without `yes`.
    """
    file, target = restore_place(ctx, file)
    if not yes:
        raise UsageError(f"restoring {file} replaces {target}", "say --yes; what is there now is kept beside it")
    ctx.close()
    target = os.path.realpath(target)
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    kept = ""
    connect.tidy(target, ctx.say)
    # The draft is checked before anything is touched, and the queue of writers is entered after that.
    ready = f"{target}.restore-{os.getpid()}"
    try:
        counted = _copy(file, ready, force=True)
        with WriteLock(target, float(ctx.settings["busy_timeout"]), ctx.say):
            if os.path.exists(target):
                kept = _set_aside(target, f"{target}.before-restore-{ctx.now:%Y%m%d-%H%M%S}")
            os.replace(ready, target)
            drafts.sync(os.path.dirname(target))
    finally:
        if os.path.exists(ready):
            os.unlink(ready)
    return Note(f"restored {target}: {counted}" + (f"\nwhat was there is kept as {kept}" if kept else ""))


def restorable(ctx: Context, file: str) -> str:
    """What `restore` would do, in words, once the backup was looked into. Raises as it does."""
    file, target = restore_place(ctx, file)
    kept = ", and keep the book that is there beside it" if os.path.exists(target) else ""
    return f"put {file} in the place of {target}{kept}: {sound(file)}"


def restore_place(ctx: Context, file: str) -> tuple[str, str]:
    """The backup and the book that it is to replace, as whole paths. Raises NotFoundError, UsageError."""
    target = ctx.settings.database
    file = os.path.abspath(os.path.expanduser(file))
    if connect.is_url(target):
        raise UsageError(
            "a PostgreSQL book is restored by its own tools",
            f"pg_restore --clean --dbname='{redacted(target)}' {file}",
        )
    if not connect.there(file):
        raise NotFoundError(f"there is no file {file}")
    if os.path.exists(target) and os.path.samefile(file, target):
        raise UsageError("that is the book itself", "name a backup")
    if _is_part(file, target):  # a restore moves these away or writes into them
        raise UsageError(f"{file} stands where the book keeps its journal or lock", "copy it under another name first")
    return file, target


def _set_aside(target: str, kept: str) -> str:
    """Give the present file a second name, with the journal of an unfinished write if one cannot be rolled back."""
    while os.path.lexists(kept):
        kept += "+"
    with contextlib.suppress(*connect.REFUSALS, CrmError):
        connect.check_file(target)
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()
    try:
        os.link(target, kept)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the book keeps its place while a copy of it is made
        with drafts.draft(target) as draft:
            shutil.copyfile(target, draft)
            drafts.sync(draft)
            drafts.place(draft, kept)
    for suffix in ("-journal", "-wal", "-shm"):
        if os.path.exists(target + suffix):
            os.rename(target + suffix, kept + suffix)
    return kept
