"""Exports: the records that fit a filter, with every field, as one snapshot of the book."""

from __future__ import annotations

import io
import marshal
import tempfile
from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.dates import local
from crmcli.domain.entities import COMPANY, CONTACT, TASK
from crmcli.domain.occasions import written
from crmcli.domain.types import (
    Day,
    Flag,
    Identifier,
    Instant,
    Integer,
    Money,
    Number,
    Percent,
    Ref,
    Type,
    read_instant,
)
from crmcli.errors import UsageError
from crmcli.results import Bytes, Column, Rows, Stream
from crmcli.services import occasions, records
from crmcli.store import read
from crmcli.store.sql import portions, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

FORMATS = ("csv", "tsv", "xlsx", "json", "jsonl", "md", "ids", "vcf")
#: So many digits of a number a spreadsheet keeps.
SHEET_DIGITS = 15
_WHOLE = "csv, tsv, json and jsonl hold texts whole: crm export ... -o csv"
#: Links to records, which may share a name: an export for moving house says their uid too.
_RECORDS = frozenset(("company", "contact", "opportunity", "task"))
#: The days of the year of people and organisations, which are no field of theirs.
_DAYS = Column("occasions", None, "Occasions")
#: The uids of the tasks that one needs.
_NEEDS = Column("needs", None, "Needs")
#: The versions of vCard that are written, the usual one first.
VERSIONS = ("3.0", "4.0", "2.1")


def export(
    ctx: Context,
    kind: Entity,
    words: Sequence[str] = (),
    *,
    format: str = "csv",
    columns: str = "",
    lossless: bool = False,
    card_version: str = "",
) -> Bytes | Rows | Stream:
    """The records that fit `words`, oldest first, as `format` has them: a finished file for xlsx, pages of text for CSV
    and TSV (which quotes as CSV does, so that every cell comes back) and of vCards (`card_version` 3.0 unless given),
    otherwise rows for the renderer. `columns` are field names with commas, every field when empty.

    The rows are read in one read transaction into a private temporary file and written from there, so that a slow
    reader of the output blocks nobody and the file shows one moment. `lossless` leaves every cell as it is, also one
    that a spreadsheet would run as a formula, and puts the uid of every linked record behind its name, as JSON always
    does; a workbook that cannot hold a text whole is refused then, and else the cells that it cuts are counted on
    stderr. Raises UsageError, FilterError.
    """
    if format not in FORMATS:
        raise UsageError(f"'{format}' is not a format to export", f"known: {', '.join(FORMATS)}")
    if format == "vcf":
        if lossless:
            raise UsageError("a vCard has no cells", "leave --lossless away, or take another format")
        return _cards(ctx, kind, words, columns, card_version or VERSIONS[0])
    if card_version:
        raise UsageError("--vcard-version is for vCards", "add -o vcf")
    rows = records.list_records(ctx, kind, words, columns=columns or "all", sort="id", limit=0)
    if lossless or (format in ("json", "jsonl") and not columns):
        rows = _with_uids(ctx, kind, rows)
    if format == "xlsx":
        cut = _Cut(kind, rows.columns, lossless)
        spool = Spool(ctx, cut.watch(rows.rows))
        cut.tell(ctx)
        return Bytes(_workbook(ctx, kind, rows.columns, spool, lossless), f"{kind.plural}.xlsx")
    spool = Spool(ctx, rows.rows)
    if format in ("csv", "tsv"):
        delimiter = "\t" if format == "tsv" else ","
        return Stream(_delimited(rows.columns, spool, delimiter, lossless), f"{kind.plural}.{format}")
    return rows._replace(rows=spool)


def _cards(ctx: Context, kind: Entity, words: Sequence[str], columns: str, version: str) -> Stream:
    """Contacts or companies as vCards."""
    from crmcli.exchange.vcard_fields import FIRM, PERSON, card_of
    from crmcli.exchange.vcard_lines import is_harmless

    if kind not in (CONTACT, COMPANY):
        raise UsageError(f"{kind.plural} are no vCards", "crm export contacts -o vcf; companies have them too")
    if version not in VERSIONS:
        raise UsageError(f"'{version}' is not a version of vCard to write", f"known: {', '.join(VERSIONS)}")
    if columns:
        raise UsageError("a vCard has no columns", "leave --columns away, or take another format")
    firm = kind is COMPANY
    named = [name for name in (FIRM if firm else PERSON) if name in kind.by_name and name != _DAYS.name]
    rows = records.list_records(ctx, kind, words, columns=",".join(named), sort="id", limit=0)
    marked = 0

    def watched() -> Iterator[dict[str, Any]]:
        nonlocal marked
        for row in _with_days(ctx, kind, rows.rows):
            marked += any(value.__class__ is str and not is_harmless(value) for value in row.values())
            yield row

    spool = Spool(ctx, watched())
    if marked:
        have = "1 record has" if marked == 1 else f"{marked:,} records have"
        ctx.say(f"{have} control characters, which a vCard cannot hold: they are left out")

    def parts() -> Iterator[bytes]:
        for some in spool.pages():
            shown = zip(*text_columns((*rows.columns, _DAYS), some), strict=True)
            titles = [*(column.name for column in rows.columns), _DAYS.name]
            yield b"".join([card_of(dict(zip(titles, cells, strict=True)), version, firm=firm) for cells in shown])

    return Stream(parts(), f"{kind.plural}.vcf")


def _with_days(ctx: Context, kind: Entity, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same rows of people or organisations with their days of the year as one text."""
    for some in _pages(rows):
        days = occasions.kept(ctx, kind, [row["id"] for row in some])
        for row in some:
            row[_DAYS.name] = written(days.get(row["id"], ())) or None
        yield from some


def _with_uids(ctx: Context, kind: Entity, rows: Rows) -> Rows:
    """The same rows with the uid of every linked record, in a column behind its name, and with what hangs on a record
    and is no field of it: the days of the year of people and companies, and which tasks one needs."""
    shown: list[Column] = []
    links: list[tuple[str, str, str]] = []
    for column in rows.columns:
        shown.append(column)
        if isinstance(column.type, Ref) and column.type.entity in _RECORDS:
            shown.append(Column(f"{column.name}_uid", Identifier(), f"{column.label} UID"))
            links.append((f"{column.name}_id", f"{column.name}_uid", table_of(column.type.entity)))
    beside = _DAYS if kind in (CONTACT, COMPANY) else _NEEDS if kind is TASK else None
    if beside and beside.name in kind.by_name:
        beside = None  # a field of people's own, which goes before it
    shown += [beside] if beside else []

    def found() -> Iterator[dict[str, Any]]:
        for some in _pages(rows.rows):
            for number_of, uid_of, table in links:
                numbers = list({number for row in some if (number := row.get(number_of)) is not None})
                marks = ", ".join("?" * len(numbers))
                known = dict(
                    ctx.reader.rows(f"SELECT id, uid FROM {table} WHERE id IN ({marks})", numbers) if numbers else ()
                )
                for row in some:
                    row[uid_of] = known.get(row.get(number_of))
            if beside is _NEEDS:
                needed = _needed(ctx, [row["id"] for row in some])
                for row in some:
                    row[_NEEDS.name] = ", ".join(needed.get(row["id"], ())) or None
            yield from (_with_days(ctx, kind, some) if beside is _DAYS else some)

    return rows._replace(columns=tuple(shown), rows=found()) if links or beside else rows


def _needed(ctx: Context, numbers: Sequence[int]) -> dict[int, list[str]]:
    """Task -> the uids of the tasks that it needs."""
    found: dict[int, list[str]] = {}
    for some, marks in portions(numbers):
        sql = (
            "SELECT n.task_id, k.uid FROM task_need n JOIN task k ON k.id = n.needs_id"
            f" WHERE n.task_id IN ({marks}) AND k.removed_at IS NULL ORDER BY n.task_id, k.uid"
        )
        for number, uid in ctx.reader.rows(sql, some):
            found.setdefault(number, []).append(str(uid))
    return found


def _pages(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    source = iter(rows)
    while some := list(islice(source, read.PAGE)):
        yield some


class Spool:
    """The rows of one moment in a temporary file that only the user can read; it goes when they have been read once."""

    def __init__(self, ctx: Context, rows: Iterable[dict[str, Any]]) -> None:
        self._file = tempfile.TemporaryFile(prefix="crm-")  # noqa: SIM115 - closed when it has been read
        self._sizes: list[int] = []
        reader = ctx.reader
        reader.run("BEGIN" if reader.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            for some in _pages(rows):
                self._sizes.append(self._file.write(marshal.dumps(some)))
        except BaseException:
            self._file.close()
            raise
        finally:
            reader.run("COMMIT")
        self._file.seek(0)

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """The rows, page by page."""
        for size in self._sizes:
            yield marshal.loads(self._file.read(size))
        self._file.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return chain.from_iterable(self.pages())

    def __del__(self) -> None:
        self._file.close()


def _delimited(columns: Sequence[Column], spool: Spool, delimiter: str, lossless: bool) -> Iterator[bytes]:
    """The file in parts, a page of rows each."""
    from crmcli.exchange.writing import write_csv

    header: list[str] | None = [column.name for column in columns]
    for some in chain(spool.pages(), [[]]):
        text = io.StringIO(newline="")
        lines = zip(*text_columns(columns, some), strict=True)
        write_csv(text, header, lines, delimiter=delimiter, lossless=lossless)
        header = None
        yield text.getvalue().encode()


def text_columns(columns: Iterable[Column], rows: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """The values of each column as text that an import reads back."""
    for column in columns:
        name, kind = column.name, column.type
        values = [row.get(name) for row in rows]
        if isinstance(kind, Money):
            codes = [row.get(column.currency) or "" for row in rows]
            yield ["" if v is None else money.plain(v, code) for v, code in zip(values, codes, strict=True)]
        elif kind is None or type(kind).show is Type.show:
            yield [v if v.__class__ is str else "" if v is None else str(v) for v in values]
        else:
            yield ["" if v is None else kind.show(v) for v in values]


def _workbook(ctx: Context, kind: Entity, columns: Sequence[Column], spool: Spool, lossless: bool) -> bytes:
    from crmcli.exchange.writing import write_xlsx

    stream = io.BytesIO()
    heads = [(column.name, _sheet_type(column, lossless)) for column in columns]
    zone = ctx.env.now.tzinfo
    lines = chain.from_iterable(_sheet_rows(columns, some, zone, lossless) for some in spool.pages())
    write_xlsx(stream, [(kind.plural, heads, lines)])
    return stream.getvalue()


class _Cut:
    """Counts the texts that no cell of a sheet holds whole, as the rows go by. Raises UsageError for the first where
    nothing may be lost."""

    def __init__(self, kind: Entity, columns: Sequence[Column], lossless: bool) -> None:
        self.kind, self.lossless = kind, lossless
        self.names = [column.name for column in columns]
        self.count = 0

    def watch(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        from crmcli.exchange.writing import fits_sheet

        for row in rows:
            for name in self.names:
                value = row.get(name)
                if value.__class__ is str and not fits_sheet(value):
                    self.count += 1
                    if self.lossless:
                        raise UsageError(
                            f"the {name} of {self.kind.name}:{row['id']} has {len(value):,} characters, "
                            "a cell of a workbook holds 32,767",
                            _WHOLE,
                        )
            yield row

    def tell(self, ctx: Context) -> None:
        if self.count:
            what = "1 cell is" if self.count == 1 else f"{self.count:,} cells are"
            ctx.say(f"{what} cut to the 32,767 characters that a workbook holds; {_WHOLE}")


def _sheet_type(column: Column, lossless: bool) -> str:
    if isinstance(column.type, (Money, Percent, Integer)):
        return "number"
    if isinstance(column.type, Day):
        return "date"
    if isinstance(column.type, Instant):
        return "text" if lossless else "datetime"
    return "flag" if isinstance(column.type, Flag) else "text"


def _sheet_rows(
    columns: Sequence[Column], rows: Sequence[dict[str, Any]], zone: Any, lossless: bool
) -> Iterable[tuple[Any, ...]]:
    """The rows in the types that a sheet has for them; instants by the user's clock, or exactly with `lossless`."""
    from decimal import Decimal

    made: list[Sequence[Any]] = []
    for column, texts in zip(columns, text_columns(columns, rows), strict=True):
        kind = column.type
        if isinstance(kind, (Money, Percent, Number)):
            made.append([Decimal(text) if text else None for text in texts])
        elif isinstance(kind, Day):
            made.append([date.fromisoformat(text) if text else None for text in texts])
        elif isinstance(kind, Instant) and not lossless:
            made.append([local(read_instant(text), zone) if text else None for text in texts])
        elif isinstance(kind, (Integer, Flag)) or kind is None:
            made.append([row.get(column.name) for row in rows])
        else:
            made.append([text or None for text in texts])
        if isinstance(kind, (Money, Percent, Number, Integer)):
            made[-1] = [_held(value) for value in made[-1]]
    return zip(*made, strict=True)


def _held(number: Any) -> Any:
    """A number that a cell holds to its last digit; one that has more digits as text."""
    text = str(number)
    digits = text.replace(".", "").lstrip("-").strip("0")
    return number if number is None or len(digits) <= SHEET_DIGITS else text
