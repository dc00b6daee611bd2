"""A whole book as JSON lines, and such a file as a book: moving house between stores without loss, history included.

The file: a first line `{"crm": "book", "schema": "0006"}`, then one line a row, `{"table": "contact", "id": 12, ...}`,
parents before children, with its stored values (`docs/architecture.md`, Stored values), and a last line
`{"rows": 1234}`, without which it was cut short. Keys, search text and derived columns are not in it: they are worked
out anew. Nor is `version`, which only counts.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.columnwise import derive_columns
from crmcli.domain.custom import are_options, holds
from crmcli.domain.entities import COMPANY, CONTACT, CUSTOM_FIELD, ENTITIES, INTERACTION, LEAD, RECORDS, TASK
from crmcli.domain.fields import OWN
from crmcli.domain.text import check_text
from crmcli.domain.types import Day, Flag, Instant, Integer, Text, Type, show_instant
from crmcli.errors import ConflictError, CrmError, DamagedError, FieldError, NewerDatabaseError, ReadError, TakenError
from crmcli.results import Note, Stream
from crmcli.services import checking
from crmcli.services.exporting import Spool
from crmcli.store import catalogue, derived, own, read, schema
from crmcli.store.tables import ORDER, check_lengths, noun_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.context import Context
    from crmcli.store.connect import Connection

#: Every table that is moved, parents before children; the journal's head is that of its last transaction.
TABLES = (
    *ORDER, *(f"{table}_tag" for table in sorted(read.TAGGED)),
    "batch", "journal_tx", "journal", "doctor_score", "import_run", "reminder", "reminder_since", "sync_place",
    "sync_link",
)  # fmt: skip
#: What finds a row of the tables without a number of their own.
KEYS = {"journal_tx": ("seq",), "doctor_score": ("day",), "import_run": ("batch_id",)}
#: What the values of columns are that are neither texts nor numbers, in tables that no kind of record has.
OTHERS = {
    "import_run": {"finished": "flag"}, "doctor_score": {"day": "day"}, "batch": {"at": "instant"},
    "journal_tx": {"at": "instant"}, "reminder": {"at": "instant", "claimed_at": "instant", "sent_at": "instant"},
    "reminder_since": {"at": "instant"}, "sync_place": {"synced_at": "instant"},
}  # fmt: skip
#: What a column can hold: how that is called in an error, and its type; of a packed one, which is an object, none.
SORTS: dict[str, tuple[str, Type | None]] = {
    "text": ("text", Text()), "number": ("whole number", Integer()), "flag": ("true or false", Flag()),
    "day": ("day", Day()), "instant": ("moment in UTC", Instant()), "object": ("object", None),
}  # fmt: skip
DERIVED = frozenset((*(f.column for e in ENTITIES.values() for f in e.fields if f.derived), *derived.LEADING))
#: So many rows are written at a time, and so many bytes a line may have.
STEP, LONGEST = 2000, 64 * 1024 * 1024
UNSAVED = "nothing was saved"
#: What gives a word of the book another name, by its kind.
RENAMING = {
    "tag": "tag rename NAME NEW", "user": "user edit NAME name=...", "stage": "stage edit NAME name=...",
    "pipeline": "pipeline edit NAME name=...",
}  # fmt: skip
#: What is told of a book that was moved, by the kind that stands for its table.
TOLD = {
    COMPANY: ("company", "companies"), CONTACT: ("contact", "contacts"), LEAD: ("lead or deal", "leads and deals"),
    TASK: ("task", "tasks"), INTERACTION: ("interaction", "interactions"),
}  # fmt: skip


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
        flags = {name for name, sort in _special(table).items() if sort == "flag"}
        for names, page in _pages(connection, table):
            kept = [(i, name) for i, name in enumerate(names) if not _worked_out(name)]
            for row in page:
                found = {name: _stored(row[i], name in flags) for i, name in kept if row[i] is not None}
                for column in own.PACKED:
                    if column in found:
                        # The order of jsonb is its own: by length, then by letters.
                        found[column] = dict(sorted(own.members(found[column]).items()))
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


def _special(table: str) -> dict[str, str]:
    """The columns of a table that hold neither texts nor numbers: what they hold, a key of `SORTS`."""
    found = {name: kind.family for name, kind in read.stored_types(table).items()}
    return found | OTHERS.get(table, {}) | dict.fromkeys(own.PACKED, "object")


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
    connection, filler = ctx.reader, _Filler(ctx, called)
    try:
        with connection.in_bulk(), connection.transaction():
            connection.alone("book")
            schema.hold(connection)
            _check_vacant(connection)
            connection.defer_links()
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
    counts = [(filler.counts[kind.table], words) for kind, words in TOLD.items() if filler.counts[kind.table]]
    moved = [f"{count:,} {many if count > 1 else one}" for count, (one, many) in counts]
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
                _check_schema(row.get("schema"), called)
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


def _check_schema(found: Any, called: str) -> None:
    if not isinstance(found, str) or not re.fullmatch("[0-9]{4}", found):
        raise ReadError(f"{called} does not say in its first line which layout it has.", f"export it again; {UNSAVED}")
    if found > schema.REVISION:
        raise NewerDatabaseError(
            f"{called} was written by a newer version (schema {found}, this program knows {schema.REVISION})",
            "upgrade the program",
        )


class _Filler:
    """Writes the rows of a file into the empty tables of a book."""

    def __init__(self, ctx: Context, called: str) -> None:
        self.ctx, self.connection, self.called = ctx, ctx.reader, called
        #: table -> how many rows it got
        self.counts: dict[str, int] = dict.fromkeys(TABLES, 0)
        #: table -> column -> what it holds, a key of `SORTS`
        self._known: dict[str, dict[str, str]] = {}
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
            self._renew(present, row)
            self._check(line, present, row)
            waiting.append(row)
        self._write(present, waiting)
        if missing := next((table for table in ("pipeline", "stage") if not self.counts[table]), ""):
            raise ReadError(
                f"{self.called} has no row of {missing}: no book is without one.", f"export it again; {UNSAVED}"
            )
        self._finish()

    def _table(self, line: int, table: Any) -> str:
        if table not in TABLES:
            raise ReadError(f"{self.called}: line {line} is of no table of a book: {str(table)[:60]!r}.", UNSAVED)
        if table not in self._known:
            self._known[table] = self._sorts(table)
        return str(table)

    def _renew(self, table: str, row: dict[str, Any]) -> None:
        """Say of a row from before revision 0008 what it says since: a reminder is known by the uid of its task."""
        if table == "reminder" and isinstance(number := row.get("task_id"), int):
            uid = self.connection.value("SELECT uid FROM task WHERE id = ?", (number,))
            if uid is not None:
                del row["task_id"]
                row["task_uid"] = uid

    def _sorts(self, table: str) -> dict[str, str]:
        """The columns of a table: what each holds."""
        if self.connection.dialect == "sqlite":
            rows = self.connection.rows("SELECT name, type FROM pragma_table_info(?)", (table,))
        else:
            sql = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
            rows = self.connection.rows(f"{sql} AND table_name = ?", (table,))
        plain = {name: "text" if re.search("char|text", str(sort), re.IGNORECASE) else "number" for name, sort in rows}
        return plain | {name: sort for name, sort in _special(table).items() if name in plain}

    def _check(self, line: int, table: str, row: dict[str, Any]) -> None:
        """Refuse columns that the table has not, and values that they do not hold. Raises ReadError."""
        for column, value in row.items():
            if column not in self._known[table] or _worked_out(column):
                problem = "the table has no such column"
            else:
                problem = _problem(table, column, self._known[table][column], value)
            if problem:
                raise ReadError(f"{self.called}: line {line}, {table}.{column[:60]}: {problem}.", UNSAVED)
        # SQLite's indexes hold any text: a book may have kept a long one from before there was a limit.
        if self.connection.dialect == "postgresql" and table in ORDER:
            _check_lengths(f"{self.called}: line {line}", table, row)

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
        try:
            self.connection.run_many(sql, zip(*final.values(), strict=True))
        except TakenError as error:
            what = " and ".join(column.removesuffix("_key") for column in error.columns) or "value"
            raise ReadError(
                f"{self.called}: two rows of {table} have one {what}.", f"export it again; {UNSAVED}"
            ) from None
        if table == CUSTOM_FIELD.table:
            self.ctx.reread()

    def _finish(self) -> None:
        """What follows from the rows: the head of the journal, derived columns, counters of numbers."""
        self.connection.run_many("UPDATE batch SET undone_by = ? WHERE id = ?", self._taken_back)
        last = self.connection.one("SELECT seq, hash FROM journal_tx ORDER BY seq DESC LIMIT 1")
        self.connection.run("UPDATE journal_head SET seq = ?, hash = ? WHERE id = 1", last or (0, ""))
        derived.renew(self.connection)
        catalogue.mend(self.connection)


def _problem(table: str, column: str, sort: str, value: Any) -> str:
    """What is wrong with a value of the file for a column that holds a sort of them; "" where nothing is."""
    called, kind = SORTS[sort]
    if isinstance(value, int) and abs(value) >= 2**63:
        return "too large a number"
    if not (isinstance(value, dict) if kind is None else holds(kind, value)):
        return f"that is no {called}"
    if (table, column) == (CUSTOM_FIELD.table, "options") and not are_options(value):
        return "that is no list of words"
    for name, member in value.items() if isinstance(value, dict) else ():
        field = own.own_field(table, OWN + name)
        if field is None or not holds(field.type, member):
            what = f"that is no {field.type.name}" if field else "no field is called so"
            return f"{name[:60]}: {what}"
    return _wrong_text(value)


def _check_lengths(where: str, table: str, row: dict[str, Any]) -> None:
    """Refuse a text that PostgreSQL's indexes do not hold. Raises ReadError, which names the record."""
    kind = RECORDS.get(noun_of(table, row)) or ENTITIES[noun_of(table)]
    try:
        check_lengths(kind.name, row)
    except FieldError as error:
        called, command = f"{kind.command} {row.get('id')}".replace("_", " "), ""
        if kind.name in RECORDS:
            field = next(field for field in kind.stored() if field.column == error.field)
            command = f": crm {kind.command} edit {row.get('id')} {field.name}=..."
        elif kind.name in RENAMING and error.field == "name":
            command = f": crm {RENAMING[kind.name]}"
        raise ReadError(
            f"{where}, {called}: {error.message}.",
            f"do so in the book that it comes from{command}; {UNSAVED}",
        ) from None


def _wrong_text(value: Any) -> str:
    """What no text may have in it, here and in the members of an object."""
    for text in value.values() if isinstance(value, dict) else (value,):
        if isinstance(text, str):
            try:
                check_text(text)
            except CrmError as error:
                return error.message
    return ""


def _prove(ctx: Context, called: str) -> None:
    """Raises DamagedError where what was written is no sound book."""
    for _, title, faults in checking.checks(ctx, deep=True):
        if faults:
            raise DamagedError(
                f"{called} does not make a sound book: {title.lower()}: {faults[0]}",
                f"export it again; {UNSAVED}",
                faults[0],
            )
