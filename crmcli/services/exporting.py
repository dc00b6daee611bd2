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
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Column

FORMATS = ("csv", "tsv", "xlsx", "json", "jsonl", "md", "ids")


def export(
    ctx: Context,
    kind: Entity,
    words: Sequence[str] = (),
    *,
    format: str = "csv",
    columns: str = "",
    lossless: bool = False,
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
    rows = rows._replace(rows=Spool(ctx, rows.rows))
    if format == "xlsx":
        return Bytes(_workbook(ctx, kind, rows, lossless), f"{kind.plural}.xlsx")
    if lossless and format in ("csv", "tsv"):
        return Bytes(_delimited(rows, "\t" if format == "tsv" else ","), f"{kind.plural}.{format}")
    return rows


class Spool:
    """The rows of one moment in a temporary file that only the user can read; it goes when they have been read once."""

    def __init__(self, ctx: Context, rows: Iterable[dict[str, Any]]) -> None:
        self._file = tempfile.TemporaryFile(prefix="crm-")  # noqa: SIM115 - closed when it has been read
        self._left = 0
        reader = ctx.reader
        reader.run("BEGIN" if reader.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            for row in rows:
                marshal.dump(row, self._file)
                self._left += 1
        except BaseException:
            self._file.close()
            raise
        finally:
            reader.run("COMMIT")
        self._file.seek(0)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        if not self._left:
            self._file.close()
            raise StopIteration
        self._left -= 1
        row: dict[str, Any] = marshal.load(self._file)
        return row

    def __del__(self) -> None:
        self._file.close()


def _delimited(rows: Rows, delimiter: str) -> bytes:
    from crmcli.exchange.writing import write_csv

    text = io.StringIO(newline="")
    header = [column.name for column in rows.columns]
    write_csv(
        text,
        header,
        ([cell(column, row) for column in rows.columns] for row in rows.rows),
        delimiter=delimiter,
        lossless=True,
    )
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
    """A value in the type that a sheet has for it; instants by the user's clock, or exactly with `lossless`."""
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
