"""The store asked in its own SQL, reading only."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import check_text
from crmcli.domain.types import Type, show_instant
from crmcli.errors import UsageError
from crmcli.results import Column, Rows
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.context import Context

#: How a question to the store may begin: nothing that starts so can write.
QUESTIONS = ("select", "with", "values", "explain", "table", "show")
#: What SQLite may do for a question (codes of its authorizer): read, select, call, recurse.
PRAGMAS = frozenset(
    ("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
     "database_list", "data_version", "collation_list", "compile_options", "function_list")
)  # fmt: skip
#: Errors of SQLite that are not the question's.
STORE_AT_FAULT = ("SQLITE_BUSY", "SQLITE_CORRUPT", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_NOTADB")
#: What is said of a statement that an engine cannot read.
QUOTES = "double quotes are for names; a text stands in single ones: 'text'"
LISTING = {
    "sqlite": "'crm sql \"select name from sqlite_master\"' lists tables and views",
    "postgresql": "'crm sql \"select viewname from pg_views where schemaname = current_schema()\"' lists the views",
}
#: PostgreSQL's code for an unknown column.
NO_SUCH_COLUMN = "42703"
#: Up to here a double, which is what readers of JSON make of a number, has every whole number.
EXACT = 2**53
#: PostgreSQL's types that reach further than Python's.
TEMPORAL = ("date", "time", "timetz", "timestamp", "timestamptz", "interval")
#: PostgreSQL's numbers of json and jsonb.
JSON = (114, 3802)
#: Names and texts in SQLite's quotes, and comments; what stands in double quotes is the group.
_QUOTED = re.compile(
    r"""\"((?:[^"]|"")*)"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)""", re.DOTALL
)  # fmt: skip


def sql(ctx: Context, text: str) -> Rows:
    """Ask the store in its own SQL, reading only: one statement, its columns as it names them, values as stored, and
    flags as true and false. The whole answer is read before it is written: a question that is still open would keep
    the writers of a SQLite file waiting. Raises UsageError for what cannot be read or would write.
    """
    opened = ctx.reader
    word = _first_word(check_text(text))
    if word not in QUESTIONS:
        said = f"'{word.upper()}' is none" if word else "there is none"
        raise UsageError(
            f"crm sql answers questions (SELECT ...); {said}", "records are changed with the other commands"
        )
    if opened.dialect == "sqlite":
        names, found = _ask_sqlite(opened.target, text, word)
        composed: set[int] = set()
    else:
        names, found, composed = _ask_postgres(opened, text)
    keys: list[str] = []
    for name in names:
        key, n = name, 1
        while key in keys:
            n += 1
            key = f"{name}_{n}"
        keys.append(key)
    kinds = [Composed() if i in composed else None for i in range(len(keys))]
    columns = tuple(Column(key, kind, name) for key, kind, name in zip(keys, kinds, names, strict=True))
    return Rows(columns, _taken(keys, found), empty="no rows", numbered="id" in keys or "ref" in keys)


class Composed(Type):
    """A list or an object: in JSON itself, elsewhere its JSON text."""

    name = "json"
    family = "composed"

    def show(self, stored: Any) -> str:
        return "" if stored is None else json.dumps(stored, ensure_ascii=False)


def _taken(keys: list[str], found: list[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """The rows one by one, each let go of when it was handed on: as mappings they take twice the memory."""
    found.reverse()
    while found:
        yield dict(zip(keys, map(_native, found.pop()), strict=True))


def _first_word(text: str) -> str:
    """The first word of a statement, past white space, comments and opening brackets."""
    found = re.match(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w*)", text, re.DOTALL)
    return found[1].lower() if found else ""


def _ask_sqlite(path: str, text: str, word: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with contextlib.closing(connect.only_reading(path)) as raw:
        try:
            raw.execute("PRAGMA query_only = ON")
            raw.set_authorizer(_allowed)
            # Without a handler Ctrl-C would wait for the end of a long query.
            raw.set_progress_handler(lambda: 0, 100_000)
            _check_names(raw, text, word)
            cursor = raw.execute(text)
            names, found = [column[0] for column in cursor.description or ()], cursor.fetchall()
            if flags := _flags(raw, text):
                for number, row in enumerate(found):
                    found[number] = tuple([bool(v) if i in flags and v in (0, 1) else v for i, v in enumerate(row)])
            return names, found
        except (sqlite3.Error, sqlite3.Warning, UnicodeError, OverflowError) as error:
            code = getattr(error, "sqlite_errorname", "") or ""
            if code == "SQLITE_INTERRUPT":
                raise KeyboardInterrupt from None
            if code.startswith(STORE_AT_FAULT) or isinstance(error, UnicodeDecodeError):
                raise connect.refused(error, path, reading=True) from None
            if "one statement at a time" in str(error):
                raise UsageError("crm sql takes one statement at a time") from None
            hint = QUOTES if "no such column" in str(error) and '"' in text else LISTING["sqlite"]
            raise UsageError(f"SQL: {error}", hint) from None


def _check_names(raw: sqlite3.Connection, text: str, word: str) -> None:
    """Refuse a name in double quotes that there is none of: SQLite takes it for a text, as no other engine does. In
    backticks the same name is never a text, so SQLite is asked how it would answer that."""

    def ticked(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else "`" + found[1].replace('""', '"').replace("`", "``") + "`"

    strict = _QUOTED.sub(ticked, text)
    if strict != text:
        raw.execute(strict if word == "explain" else f"EXPLAIN {strict}").close()


def _flags(raw: sqlite3.Connection, text: str) -> set[int]:
    """The places of the columns that are flags of the book, which SQLite keeps as 0 and 1: a view made of the question
    tells the declared type of what each of its columns was taken from. What is worked out has none."""
    raw.set_authorizer(None)
    raw.execute("PRAGMA query_only = OFF")  # for the view, which is this connection's own; the file is open read-only
    try:
        raw.execute(f"CREATE TEMP VIEW asked AS {text}")
        return {row[0] for row in raw.execute("PRAGMA temp.table_info(asked)") if row[2] == "BOOLEAN"}
    except (sqlite3.Error, sqlite3.Warning):  # no view can be made of EXPLAIN
        return set()


def _allowed(action: int, first: str | None, second: str | None, _base: str | None, _by: str | None) -> int:
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if second == "load_extension" else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first in PRAGMAS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        return sqlite3.SQLITE_OK  # asked when a pragma is read as a table; a real update of it is always refused
    return sqlite3.SQLITE_DENY


def _ask_postgres(opened: Any, text: str) -> tuple[list[str], list[tuple[Any, ...]], set[int]]:
    """The names, the rows, and the places of the columns that hold lists or objects."""
    import psycopg

    raw = opened.raw
    try:
        raw.execute("BEGIN TRANSACTION READ ONLY")
        try:
            raw.execute("SELECT 1")  # from the first query on a transaction cannot be made to write
            cursor = raw.execute(text, prepare=True)  # a prepared statement is one statement
            described = cursor.description or ()
            kinds = [(column.type_code, raw.adapters.types.get(column.type_code)) for column in described]
            composed = {
                i for i, (code, kind) in enumerate(kinds) if code in JSON or (kind and code == kind.array_oid)
            }  # fmt: skip
            try:
                found = cursor.fetchall() if described else []
            except psycopg.DataError as error:
                if error.sqlstate:
                    raise
                found = _beyond_python(raw).execute(text, prepare=True).fetchall()
            return [column.name for column in described], found, composed
        finally:
            raw.execute("ROLLBACK")
    except psycopg.Error as error:
        state = error.sqlstate or ""
        if "multiple commands" in str(error):
            raise UsageError("crm sql takes one statement at a time") from None
        from crmcli.store.refusals import NO_SENSE, translate_postgres

        if (state.startswith(("08", "57", "53", "58", "XX")) and state != NO_SENSE) or not state:
            raise translate_postgres(error, reading=True) from None
        hint = QUOTES if state == NO_SUCH_COLUMN and '"' in text else LISTING["postgresql"]
        raise UsageError(f"SQL: {str(error).strip().splitlines()[0]}", hint) from None


def _beyond_python(raw: Any) -> Any:
    """A cursor that gives days and times which Python has none for (infinity, 44 BC, the year 12345, 24:00) in
    PostgreSQL's own words."""
    import psycopg

    def lenient(usual: Any) -> type[psycopg.adapt.Loader]:
        class Lenient(psycopg.adapt.Loader):
            def __init__(self, oid: int, context: Any = None) -> None:
                super().__init__(oid, context)
                self.usual = usual(oid, context)

            def load(self, data: Any) -> Any:
                try:
                    return self.usual.load(data)
                except (psycopg.DataError, ValueError, OverflowError):
                    return bytes(data).decode()

        return Lenient

    cursor = raw.cursor()
    for name in TEMPORAL:
        oid = raw.adapters.types[name].oid
        cursor.adapters.register_loader(oid, lenient(raw.adapters.get_loader(oid, psycopg.pq.Format.TEXT)))
    return cursor


def _finite(value: Any) -> Any:
    """A number that JSON has; PostgreSQL's word for any other."""
    if not isinstance(value, float) or value - value == 0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _native(value: Any) -> Any:
    """A driver's value as JSON knows it: instants and days as stored, bytes as hex, exact numbers as numbers, or as
    their text where they are so great that JSON's readers would lose digits before the point."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, datetime):
        return show_instant(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, list):
        return [_finite(_native(item)) for item in value]
    if isinstance(value, dict):
        return value
    try:
        if abs(value) > EXACT:
            return str(value)
        return int(value) if value == int(value) else float(value)
    except (TypeError, ValueError, ArithmeticError):
        return str(value)
