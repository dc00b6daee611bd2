"""A whole book as JSON lines, and such a file as a book: moving house between stores without loss, history included.

The file: a first line `{"crm": "book", "schema": "0005"}`, then one line a row, `{"table": "contact", "id": 12, ...}`,
parents before children, with its stored values (`docs/architecture.md`, Stored values), and a last line
`{"rows": 1234}`, without which it was cut short. Keys, search text and derived columns are not in it: they are worked
out anew. Nor is `version`, which only counts.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.columnwise import derive_columns
from crmcli.domain.entities import COMPANY, CONTACT, CUSTOM_FIELD, ENTITIES, INTERACTION, LEAD, TASK
from crmcli.domain.text import check_text
from crmcli.domain.types import show_instant
from crmcli.errors import ConflictError, CrmError, DamagedError, NewerDatabaseError, ReadError
from crmcli.results import Note, Stream
from crmcli.services import checking
from crmcli.services.exporting import Spool
from crmcli.store import catalogue, derived, own, read, schema
from crmcli.store.tables import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.context import Context
    from crmcli.store.connect import Connection

#: Every table that is moved, parents before children; the journal's head is that of its last transaction.
TABLES = (
    *ORDER, *(f"{table}_tag" for table in sorted(read.TAGGED)),
    "batch", "journal_tx", "journal", "doctor_score", "import_run",
)  # fmt: skip
#: What finds a row of the tables without a number of their own.
KEYS = {"journal_tx": ("seq",), "doctor_score": ("day",), "import_run": ("batch_id",)}
#: Flags and days of tables that no kind of record has.
FLAGS = {"import_run": ("finished",)}
DERIVED = frozenset(f.column for e in ENTITIES.values() for f in e.fields if f.derived)
#: So many rows are written at a time, and so many bytes a line may have.
STEP, LONGEST = 2000, 64 * 1024 * 1024
UNSAVED = "nothing was saved"
#: What is told of a book that was moved, by the kind that stands for its table.
TOLD = {COMPANY: "companies", CONTACT: "contacts", LEAD: "leads and deals", TASK: "tasks", INTERACTION: "interactions"}


def export_book(ctx: Context) -> Stream:
    """The whole book, everything that it holds at one moment, as JSON lines."""
    spool = Spool(ctx, _rows(ctx.reader))

    def parts() -> Iterator[bytes]:
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        yield (encode({"crm": "book", "schema": schema.REVISION}) + "\n").encode()
        count = 0
        for page in spool.pages():
            count += len(page)
            yield "".join([encode(row) + "\n" for row in page]).encode()
        yield (encode({"rows": count}) + "\n").encode()

    return Stream(parts(), "book.jsonl")


def _rows(connection: Connection) -> Iterator[dict[str, Any]]:
    """Every row of every table as the file has it."""
    for table in TABLES:
        flags = {name for name, kind in read.stored_types(table).items() if kind.family == "flag"}
        flags.update(FLAGS.get(table, ()))
        for names, page in _pages(connection, table):
            kept = [(i, name) for i, name in enumerate(names) if not _worked_out(name)]
            for row in page:
                found = {name: _stored(row[i], name in flags) for i, name in kept if row[i] is not None}
                for column in own.PACKED:
                    if column in found:
                        found[column] = own.members(found[column])
                yield {"table": table, **found}


def _pages(connection: Connection, table: str) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
    """(names, rows) of a table, page by page, each found by the key of the one before."""
    key = ("record_id", "tag_id") if table.endswith("_tag") else KEYS.get(table, ("id",))
    after: tuple[Any, ...] = ()
    columns = ", ".join(key)
    while True:
        where = f" WHERE ({columns}) > ({', '.join('?' * len(key))})" if after else ""
        names, rows = connection.names(f"SELECT * FROM {table}{where} ORDER BY {columns} LIMIT {STEP}", after)
        if not rows:
            return
        yield names, rows
        after = tuple(rows[-1][names.index(name)] for name in key)


def _worked_out(column: str) -> bool:
    """Whether a column can be made of the others of its book."""
    return column.endswith("_key") or column in ("search_text", "version") or column in DERIVED


def _stored(value: Any, flag: bool) -> Any:
    """A value of the driver in its stored form."""
    if flag:
        return bool(value)
    if isinstance(value, datetime):
        return show_instant(value)
    return value.isoformat() if isinstance(value, date) else value


# --- in --------------------------------------------------------------------------------------------------------------


def is_book(path: str) -> bool:
    """Whether a file says in its first line that it is a whole book."""
    try:
        with open(path, "rb") as file:
            head = json.loads(file.readline(4096))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(head, dict) and head.get("crm") == "book"


def import_book(ctx: Context, path: str, *, called: str = "", dry_run: bool = False) -> Note:
    """Put a whole book, as `export_book` writes it, in the place of the open one, which must hold no records: every row
    with its number, the journal with its chain, in one transaction that ends with a deep check. With `dry_run` all
    that is done and taken back.

    Raises ConflictError for a book that holds something, NewerDatabaseError for a file of a newer program, ReadError
    with the line for one that is cut short or broken, DamagedError for one whose rows do not make a sound book.
    """
    called = called or path
    connection, filler = ctx.reader, _Filler(ctx)
    try:
        with connection.roomy(), connection.transaction():
            connection.alone("book")
            schema.hold(connection)
            _check_vacant(connection)
            connection.run(
                "PRAGMA defer_foreign_keys = ON" if connection.dialect == "sqlite" else "SET CONSTRAINTS ALL DEFERRED"
            )
            for table in (*reversed(TABLES[len(ORDER) :]), *reversed(ORDER)):
                connection.run(f"DELETE FROM {table}")
            filler.fill(_lines(path, called))
            _prove(ctx, called)
            if dry_run:
                raise _TriedError
    except _TriedError:
        pass
    finally:
        ctx.reread()
    moved = [f"{filler.counts[kind.table]:,} {what}" for kind, what in TOLD.items() if filler.counts[kind.table]]
    history = f"{filler.counts['journal']:,} changes of the journal"
    return Note(f"{'would move' if dry_run else 'moved'} {', '.join([*moved, history])}")


class _TriedError(Exception):
    """Ends the transaction of a dry run."""


def _check_vacant(connection: Connection) -> None:
    """Raises ConflictError where the book holds more than what a new one does."""
    if connection.value("SELECT count(*) FROM batch WHERE source <> 'init'"):
        raise ConflictError(
            "this book is in use, and what it holds would be lost",
            "a whole book moves into a new one: 'crm --db PATH db init' makes it",
        )


def _lines(path: str, called: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, row) of the file. Raises ReadError also at its end, where that is not the end of a book, and
    NewerDatabaseError."""
    end = line = 0
    with open(path, "rb") as file:
        while raw := file.readline(LONGEST):
            line += 1
            row = _object(raw, line, called)
            if line == 1:
                _check_schema(str(row.get("schema") or ""), called)
            elif end:
                raise ReadError(f"{called}: line {line} stands after the end of the book.", UNSAVED)
            elif set(row) == {"rows"}:
                end = line
                if row["rows"] != end - 2:
                    raise ReadError(f"{called} has {end - 2} rows, not {row['rows']}.", f"export it again; {UNSAVED}")
            else:
                yield line, row
    if not end:
        raise ReadError(f"{called} was cut short after line {line}.", f"export it again; {UNSAVED}")


def _object(raw: bytes, line: int, called: str) -> dict[str, Any]:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise ReadError(f"{called}: line {line} is not a row of a book.", f"export it again; {UNSAVED}")
    return row


def _check_schema(found: str, called: str) -> None:
    if found > schema.REVISION:
        raise NewerDatabaseError(
            f"{called} was written by a newer version (schema {found}, this program knows {schema.REVISION})",
            "upgrade the program",
        )


class _Filler:
    """Writes the rows of a file into the empty tables of a book."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.connection = ctx, ctx.reader
        #: table -> how many rows it got
        self.counts: dict[str, int] = dict.fromkeys(TABLES, 0)
        self._known: dict[str, frozenset[str]] = {}
        self._taken_back: list[tuple[int, int]] = []

    def fill(self, lines: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Write the rows in their order, those of one table some at a time. Raises ReadError."""
        waiting: list[dict[str, Any]] = []
        present = ""
        for line, row in lines:
            table = row.pop("table", None)
            if table != present or len(waiting) >= STEP:
                self._write(present, waiting)
                waiting, present = [], self._table(line, table)
            self._check(line, present, row)
            waiting.append(row)
        self._write(present, waiting)
        self._finish()

    def _table(self, line: int, table: Any) -> str:
        if table not in TABLES:
            raise ReadError(f"line {line} is of no table of a book: {str(table)[:60]!r}.", UNSAVED)
        if table not in self._known:
            self._known[table] = frozenset(self.connection.names(f"SELECT * FROM {table} LIMIT 0")[0])
        return str(table)

    def _check(self, line: int, table: str, row: dict[str, Any]) -> None:
        """Refuse columns that the table has not, and values that are in no book. Raises ReadError."""
        for column, value in row.items():
            problem = ""
            if column not in self._known[table] or _worked_out(column):
                problem = "the table has no such column"
            elif isinstance(value, str):
                try:
                    check_text(value)
                except CrmError as error:
                    problem = error.message
            elif isinstance(value, dict) != (column in own.PACKED) or isinstance(value, (list, float)) or value is None:
                problem = "that is no value of a book"
            elif isinstance(value, int) and abs(value) >= 2**63:
                problem = "too large a number"
            if problem:
                raise ReadError(f"line {line}, {table}.{column[:60]}: {problem}.", UNSAVED)

    def _write(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Insert rows of one table with their keys. Which undo took a batch back is written when all are there."""
        if not rows:
            return
        self.counts[table] += len(rows)
        names = dict.fromkeys(name for row in rows for name in row)
        columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in names}
        for by, number in zip(columns.pop("undone_by", ()), columns.get("id", ()), strict=False):
            if by is not None:
                self._taken_back.append((by, number))
        if "version" in self._known[table]:
            columns["version"] = [1] * len(rows)
        for column in own.PACKED:
            packed = columns.pop(column, [])
            for name in dict.fromkeys(name for one in packed for name in one or ()):
                columns[f"{column}.{name}"] = [(one or {}).get(name) for one in packed]
        columns.update(derive_columns(table, columns, self.ctx.env))
        final = own.packed_columns(columns)
        sql = f"INSERT INTO {table} ({', '.join(final)}) VALUES ({', '.join('?' * len(final))})"
        self.connection.run_many(sql, zip(*final.values(), strict=True))
        if table == CUSTOM_FIELD.table:
            self.ctx.reread()

    def _finish(self) -> None:
        """What follows from the rows: the head of the journal, derived columns, counters of numbers."""
        self.connection.run_many("UPDATE batch SET undone_by = ? WHERE id = ?", self._taken_back)
        last = self.connection.one("SELECT seq, hash FROM journal_tx ORDER BY seq DESC LIMIT 1")
        self.connection.run("UPDATE journal_head SET seq = ?, hash = ? WHERE id = 1", last or (0, ""))
        derived.renew(self.connection)
        catalogue.mend(self.connection)


def _prove(ctx: Context, called: str) -> None:
    """Raises DamagedError where what was written is no sound book."""
    for _, title, faults in checking.checks(ctx, deep=True):
        if faults:
            raise DamagedError(
                f"{called} does not make a sound book: {title.lower()}: {faults[0]}",
                f"export it again; {UNSAVED}",
                faults[0],
            )
