"""The book as a whole: where it is, making, checking, backing up, restoring and upgrading it, and asking it in SQL."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.address import redacted
from crmcli.domain.text import check_text
from crmcli.domain.types import Flag, show_instant
from crmcli.errors import ConflictError, CrmError, NewerDatabaseError, NotFoundError, StoreError, UsageError
from crmcli.results import Column, Note, Page, Rows, Section
from crmcli.services import checking
from crmcli.store import connect, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crmcli.context import Context

#: How a question to the store may begin: nothing that starts so can write.
QUESTIONS = ("select", "with", "values", "explain", "table", "show")
#: What SQLite may do for a question (codes of its authorizer): read, select, call, recurse.
PRAGMAS = frozenset(
    ("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
     "database_list", "data_version", "collation_list", "compile_options", "function_list")
)  # fmt: skip


def path(ctx: Context) -> Note:
    """Where the book is: a path, or a URL without its password."""
    return Note(redacted(ctx.settings.database))


def init(ctx: Context) -> Note:
    """Make a new book where the settings say. Raises ConflictError where there is one."""
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
    ctx.create(target)
    return Note(redacted(target))


def check(ctx: Context, deep: bool = False) -> Page:
    """Prove the store sound: a row a check, with the faults it found; `values["ok"]` says if all is well.

    `deep` compares every row with the journal's last word on it, recomputes keys and derived columns, and compares
    the search index. Nothing is ever mended.
    """
    rows = []
    for key, title, faults in checking.checks(ctx, ctx.reader, deep):
        shown = "; ".join(faults[: checking.NAMED]) + (
            f"; {len(faults)} in all" if len(faults) > checking.NAMED else ""
        )
        rows.append({"check": key, "title": title, "ok": not faults, "detail": shown})
    columns = (Column("title", None, "Check"), Column("ok", Flag(), "OK"), Column("detail", None, "Found"))
    ok = all(row["ok"] for row in rows)
    title = "the store is sound" if ok else "the store is damaged: restore a backup with 'crm db restore FILE'"
    return Page(title, (Section("checks", title, Rows(columns, rows)),), {"ok": ok, "deep": deep})


# --- backup and restore --------------------------------------------------------------------------------------------


def backup(ctx: Context, file: str, *, force: bool = False) -> Note:
    """Copy the book to a file that was checked before it gets its name. Raises ConflictError where the file is there
    already (unless `force`), StoreError where the copy is not sound."""
    target = ctx.settings.database
    if connect.is_url(target):
        name = redacted(target)
        raise UsageError(
            "a PostgreSQL book is backed up by its own tools", f"pg_dump --format=custom --file={file} '{name}'"
        )
    file = os.path.abspath(os.path.expanduser(file))
    _free(file, target, force)
    counted = _copy(ctx.reader.target, file, force)
    return Note(f"backed up to {file}: {counted}")


def _free(file: str, target: str, force: bool) -> None:
    if os.path.isdir(file):
        raise UsageError(f"{file} is a folder", "name a file in it")
    if os.path.lexists(file):
        if os.path.exists(target) and os.path.samefile(file, target):
            raise UsageError("a book cannot be its own backup", "name another file")
        if not force:
            raise ConflictError(f"{file} is there already", "name another file, or say --force")


def _copy(source: str, file: str, force: bool, check: Callable[[str], str] | None = None) -> str:
    """Copy a SQLite store through the backup API to a private draft, check that, and give it its name."""
    draft = f"{file}.new-{os.getpid()}"
    with _draft(draft):
        with contextlib.closing(_open(source)) as old, contextlib.closing(sqlite3.connect(draft)) as new:
            try:
                old.backup(new)
                new.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.Error as error:
                raise connect.translate(error, source) from None
        counted = (check or sound)(draft)
        _sync(draft)
        if force:
            os.replace(draft, file)
        else:
            try:
                os.link(draft, file)
            except FileExistsError:
                raise ConflictError(f"{file} is there already", "name another file, or say --force") from None
    _sync(os.path.dirname(file))
    return counted


@contextlib.contextmanager
def _draft(draft: str) -> Iterator[None]:
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(
            f"{draft} cannot be written: {error.strerror}", "check the folder and its permissions"
        ) from None
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{draft} cannot be written: {error.strerror}", "check the folder's space and permissions"
        ) from None
    finally:
        for name in (draft, f"{draft}-journal", f"{draft}.lock"):
            if os.path.exists(name):
                os.unlink(name)


def _open(path: str) -> sqlite3.Connection:
    connect.check_file(path)
    from urllib.parse import quote

    return sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True, timeout=30, isolation_level=None)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sound(file: str) -> str:
    """What a copied store holds, in words. Raises StoreError where its engine, its links or its journal say no."""
    opened = connect.connect(file, read_only=True)
    try:
        found = schema.revision(opened)
        if found is None:
            raise StoreError(f"{file} holds no book")
        if found > schema.REVISION:
            raise NewerDatabaseError(f"{file} was made by a newer version (schema {found})", "upgrade the program")
        faults = [*checking.engine(opened), *checking.links(opened), *checking.chain(opened)]
        if faults:
            raise StoreError(f"{file} is damaged: {'; '.join(faults[:3])}", "it was not used; take another backup")
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
    target = ctx.settings.database
    file = os.path.abspath(os.path.expanduser(file))
    if connect.is_url(target):
        raise UsageError(
            "a PostgreSQL book is restored by its own tools",
            f"pg_restore --clean --dbname='{redacted(target)}' {file}",
        )
    if not os.path.exists(file):
        raise NotFoundError(f"there is no file {file}")
    if os.path.exists(target) and os.path.samefile(file, target):
        raise UsageError("that is the book itself", "name a backup")
    if not yes:
        raise UsageError(f"restoring {file} replaces {target}", "say --yes; what is there now is kept beside it")
    ctx.close()
    target = os.path.realpath(target)
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    kept = ""
    # The draft is checked before anything is touched, and the queue of writers is entered after that.
    ready = f"{target}.restore-{os.getpid()}"
    try:
        counted = _copy(file, ready, force=True)
        with connect.WriteLock(target, float(ctx.settings["busy_timeout"]), ctx.say):
            if os.path.exists(target):
                kept = _set_aside(target, f"{target}.before-restore-{ctx.now:%Y%m%d-%H%M%S}")
            os.replace(ready, target)
            _sync(os.path.dirname(target))
    finally:
        if os.path.exists(ready):
            os.unlink(ready)
    return Note(f"restored {target}: {counted}" + (f"\nwhat was there is kept as {kept}" if kept else ""))


def _set_aside(target: str, kept: str) -> str:
    """Give the present file a second name, with the journal of an unfinished write if one cannot be rolled back."""
    while os.path.lexists(kept):
        kept += "+"
    with contextlib.suppress(sqlite3.Error, CrmError):
        connect.check_file(target)
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()
    os.link(target, kept)
    for suffix in ("-journal", "-wal", "-shm"):
        if os.path.exists(target + suffix):
            os.rename(target + suffix, kept + suffix)
    return kept


def upgrade(ctx: Context) -> Note:
    """Bring the book to this program's schema; the file is backed up beside it first."""
    target = ctx.settings.database
    if not connect.is_url(target) and not os.path.exists(target):
        raise NotFoundError(f"there is no book at {target}", "'crm db init' makes one")
    opened = connect.connect(target, timeout=float(ctx.settings["busy_timeout"]), say=ctx.say)
    try:
        before = schema.revision(opened)
        schema.check(opened)
    finally:
        opened.close()
    if before == schema.REVISION:
        return Note(f"the book is up to date (schema {before})")
    return Note(f"upgraded the book from schema {before} to {schema.REVISION}")


# --- SQL -----------------------------------------------------------------------------------------------------------


def sql(ctx: Context, text: str) -> Rows:
    """Ask the store in its own SQL, reading only: one statement, its columns as it names them, values as stored.

    Raises UsageError for what cannot be read or would write.
    """
    opened = ctx.reader
    word = _first_word(check_text(text))
    if word not in QUESTIONS:
        said = f"'{word.upper()}' is none" if word else "there is none"
        raise UsageError(
            f"crm sql answers questions (SELECT ...); {said}", "records are changed with the other commands"
        )
    names, found = _ask_sqlite(opened.target, text) if opened.dialect == "sqlite" else _ask_postgres(opened, text)
    keys: list[str] = []
    for name in names:
        key, n = name, 1
        while key in keys:
            n += 1
            key = f"{name}_{n}"
        keys.append(key)
    rows = [dict(zip(keys, map(_native, row), strict=True)) for row in found]
    return Rows(tuple(Column(key, None, name) for key, name in zip(keys, names, strict=True)), rows, empty="no rows")


def _first_word(text: str) -> str:
    """The first word of a statement, past white space, comments and opening brackets."""
    import re

    found = re.match(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w*)", text, re.DOTALL)
    return found[1].lower() if found else ""


def _ask_sqlite(path: str, text: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with contextlib.closing(_open(path)) as raw:
        try:
            raw.execute("PRAGMA query_only = ON")
            raw.set_authorizer(_allowed)
            # Without a handler Ctrl-C would wait for the end of a long query.
            raw.set_progress_handler(lambda: 0, 100_000)
            cursor = raw.execute(text)
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning, UnicodeError, OverflowError) as error:
            code = getattr(error, "sqlite_errorname", "") or ""
            if code == "SQLITE_INTERRUPT":
                raise KeyboardInterrupt from None
            if code.startswith(("SQLITE_BUSY", "SQLITE_CORRUPT", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_NOTADB")):
                raise connect.translate(error, path) from None
            if "one statement at a time" in str(error):
                raise UsageError("crm sql takes one statement at a time") from None
            raise UsageError(
                f"SQL: {error}", "'crm sql \"select name from sqlite_master\"' lists tables and views"
            ) from None


def _allowed(action: int, first: str | None, second: str | None, _base: str | None, _by: str | None) -> int:
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if second == "load_extension" else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first in PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _ask_postgres(opened: Any, text: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    import psycopg

    raw = opened.raw
    try:
        raw.execute("BEGIN TRANSACTION READ ONLY")
        try:
            raw.execute("SELECT 1")  # from the first query on a transaction cannot be made to write
            cursor = raw.execute(text, prepare=True)  # a prepared statement is one statement
            return [column.name for column in cursor.description or ()], cursor.fetchall() if cursor.description else []
        finally:
            raw.execute("ROLLBACK")
    except psycopg.Error as error:
        state = error.sqlstate or ""
        if "multiple commands" in str(error):
            raise UsageError("crm sql takes one statement at a time") from None
        if state.startswith(("08", "57", "53", "58", "XX")) or not state:
            raise connect.translate_postgres(error) from None
        raise UsageError(
            f"SQL: {str(error).strip().splitlines()[0]}", "'crm sql \"select * from pg_tables\"' lists tables"
        ) from None


def _native(value: Any) -> Any:
    """A driver's value as JSON knows it: instants and days as stored, exact numbers as numbers, bytes as hex."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, datetime):
        return show_instant(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (list, dict)):
        return value
    try:
        return int(value) if value == int(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        return str(value)
