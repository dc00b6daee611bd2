"""Exports: the records that fit a filter, with every field, as one snapshot of the book."""

from __future__ import annotations

import io
import marshal
import tempfile
from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.types import Day, Flag, Instant, Integer, Money, Percent, read_instant
from crmcli.errors import UsageError
from crmcli.results import Bytes, Rows
from crmcli.services import records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Column

FORMATS = ("csv", "tsv", "xlsx", "json", "jsonl", "md", "ids")


def export(
    ctx: Context, kind: Entity, words: Sequence[str] = (), *, format: str = "csv", columns: str = "", lossless: bool = False
) -> Bytes | Rows:
    """The records that fit `words`, oldest first, as `format` has them: a finished file for xlsx and for lossless CSV
    and TSV, otherwise rows for the renderer. `columns` are field names with commas, every field when empty.

    The rows are read in one read transaction into a private temporary file and written from there, so that a slow
    reader of the output blocks nobody and the file shows one moment. `lossless` leaves every cell as it is, also one
    that a spreadsheet would run as a formula. Raises UsageError, FilterError.
    """
    if format not in FORMATS:
        raise UsageError(f"'{format}' is not a format to export", f"known: {', '.join(FORMATS)}")
    rows = records.list_records(ctx, kind, words, columns=columns or "all", sort="id", limit=0)
    rows = rows._replace(rows=_snapshot(ctx, rows))
    if format == "xlsx":
        return Bytes(_workbook(ctx, kind, rows, lossless), f"{kind.plural}.xlsx")
    if lossless and format in ("csv", "tsv"):
        return Bytes(_delimited(rows, "\t" if format == "tsv" else ","), f"{kind.plural}.{format}")
    return rows


def _snapshot(ctx: Context, rows: Rows) -> Iterator[dict[str, Any]]:
    """The rows of one moment, from a temporary file that only the user can read and that is gone when they are read."""
    spool = tempfile.TemporaryFile(prefix="crm-")  # noqa: SIM115 - closed by the generator that reads it
    reader = ctx.reader
    reader.run("BEGIN" if reader.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        count = 0
        for row in rows.rows:
            marshal.dump(row, spool)
            count += 1
    except BaseException:
        spool.close()
        raise
    finally:
        reader.run("COMMIT")
    spool.seek(0)
    return _from(spool, count)


def _from(spool: IO[bytes], count: int) -> Iterator[dict[str, Any]]:
    with spool:
        for _ in range(count):
            yield marshal.load(spool)


def _delimited(rows: Rows, delimiter: str) -> bytes:
    from crmcli.exchange.writing import write_csv

    text = io.StringIO(newline="")
    header = [column.name for column in rows.columns]
    write_csv(text, header, ([cell(column, row) for column in rows.columns] for row in rows.rows), delimiter=delimiter, lossless=True)
    return text.getvalue().encode()


def cell(column: Column, row: dict[str, Any]) -> str:
    """A value as an import reads it back."""
    value = row.get(column.name)
    if value is None or column.type is None:
        return "" if value is None else str(value)
    if isinstance(column.type, Money):
        return money.plain(value, row.get(column.currency) or "")
    return column.type.show(value)


def _workbook(ctx: Context, kind: Entity, rows: Rows, lossless: bool) -> bytes:
    from crmcli.exchange.writing import write_xlsx

    stream = io.BytesIO()
    columns = [(column.name, _sheet_type(column, lossless)) for column in rows.columns]
    zone = ctx.env.now.tzinfo
    lines = ([_sheet_value(column, row, zone, lossless) for column in rows.columns] for row in rows.rows)
    write_xlsx(stream, [(kind.plural, columns, lines)])
    return stream.getvalue()


def _sheet_type(column: Column, lossless: bool) -> str:
    if isinstance(column.type, (Money, Percent, Integer)):
        return "number"
    if isinstance(column.type, Day):
        return "date"
    if isinstance(column.type, Instant):
        return "text" if lossless else "datetime"
    return "flag" if isinstance(column.type, Flag) else "text"


def _sheet_value(column: Column, row: dict[str, Any], zone: Any, lossless: bool) -> Any:
    """A value in the type that a sheet has for it; instants as the user's clock shows them, or exactly with `lossless`."""
    value = row.get(column.name)
    if value is None:
        return None
    if isinstance(column.type, (Money, Percent)):
        from decimal import Decimal

        return Decimal(cell(column, row))
    if isinstance(column.type, Day):
        return date.fromisoformat(value)
    if isinstance(column.type, Instant):
        return value if lossless else read_instant(value).astimezone(zone)
    if isinstance(column.type, (Integer, Flag)):
        return value
    return column.type.show(value) if column.type is not None else value
