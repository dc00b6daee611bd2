"""The door to every table file: `open_table` finds out what a file is and gives its header and rows."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import ReadError, UsageError
from crmcli.exchange import sniff
from crmcli.exchange.csv_reader import CsvReader
from crmcli.exchange.footers import without_footers
from crmcli.exchange.shape import Row, clean_names, find_header, last_filled
from crmcli.exchange.workbook import WorkbookReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["Row", "Source", "Table", "open_table"]


class Source(NamedTuple):
    """What was found out about a file.

    `kind` is csv, xlsx, xls or ods; `encoding` and `delimiter` are "" for workbooks, `sheet` is "" for CSV;
    `header_line` is the physical line (sheet row) of the header, 0 for none; `notes` are sentences for the user about
    what was decided or guessed; `visible` are the sheets that are not hidden.
    """

    kind: str
    encoding: str
    delimiter: str
    sheet: str
    sheets: list[str]
    header_line: int
    notes: list[str]
    visible: list[str]


class Table:
    """A table being read: `header`, `source`, and `rows`, which stream once.

    Totals, footers and further headers of reports are rows with a problem. After the last row `blank_rows` is final.
    Use it as a context manager or call `close`.
    """

    def __init__(self, reader: CsvReader | WorkbookReader, header: list[str], source: Source) -> None:
        self.header = header
        self.source = source
        self._reader = reader
        found = reader.rows(len(header), source.header_line)
        self.rows: Iterator[Row] = without_footers(found, reader, header)

    def chunks(self, size: int) -> Iterator[list[Row]]:
        """The remaining rows in lists of at most `size`."""
        while batch := list(islice(self.rows, size)):
            yield batch

    @property
    def blank_rows(self) -> int:
        """Blank rows skipped so far."""
        return self._reader.blank_rows

    def close(self) -> None:
        """Let go of the file (and of the process that reads a workbook)."""
        self._reader.close()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_table(
    path: str,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    guarded: bool = True,
) -> Table:
    """Open a CSV file or a workbook (xlsx, xls, ods), known by its content and not by its name.

    `header_row` is the 1-based line (sheet row) of the header, 0 for a file without one. `guarded` takes away the
    apostrophe that `write_csv` puts before formula signs; turn it off for files written with `lossless`.
    Raises NotFoundError, ReadError (what is wrong with the file, with line and offset) or UsageError (no such sheet,
    encoding, delimiter or header row). A ReadError may also come while rows are read.
    """
    size = sniff.file_size(path)
    sample = sniff.read_sample(path)
    if sniff.kind_of(path, sample) == "workbook":
        if encoding or delimiter:
            raise UsageError(f"{path!r} is a workbook: it has no encoding and no delimiter to set.")
        return _open_workbook(path, sheet, header_row)
    if sheet is not None:
        raise UsageError(f"{path!r} is a text file: it has no sheets.", "Leave --sheet away.")
    return _open_csv(path, size, sample, encoding, delimiter, header_row, guarded)


def _open_csv(
    path: str,
    size: int,
    sample: bytes,
    encoding: str | None,
    delimiter: str | None,
    header_row: int | None,
    guarded: bool,
) -> Table:
    found = sniff.find_encoding(path, sample, encoding)
    notes = list(found.notes)
    if delimiter is None:
        text = sample[found.bom :].decode(found.name, "ignore")
        if size > len(sample):
            # The cut-off record at the end of the sample would look ragged.
            text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
        delimiter, told = sniff.find_delimiter(text)
        notes += told
    elif len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UsageError(f"{delimiter!r} cannot be a delimiter.", "Give one character, for example --delimiter ';'.")
    reader = CsvReader(path, found.name, found.bom, delimiter, guarded=guarded)
    try:
        records = reader.records()
        names, line, said = _header(path, records, header_row)
    except BaseException:
        reader.close()
        raise
    return Table(reader, names, Source("csv", found.name, delimiter, "", [], line, notes + said, []))


def _open_workbook(path: str, sheet: str | None, header_row: int | None) -> Table:
    reader = WorkbookReader(path, sheet)
    try:
        notes = list(reader.notes)
        if not re.search(r"\.(xlsx|xlsm|xltx|xls|ods)$", path, re.IGNORECASE):
            notes.insert(0, f"the file is a workbook ({reader.kind}), whatever its name says")
        records = reader.records()
        if not records:
            raise ReadError(f"{path!r}: sheet {reader.sheet!r} is empty.")
        used = max(last_filled(cells) for _, cells in records)
        records = [(line, cells[:used]) for line, cells in records]
        names, line, said = _header(path, records, header_row)
        down = reader.merged_header(line) if line else 0
        if down:
            said.append(
                f"the header has merged cells down to row {down}; only row {line} names the columns "
                f"(--header-row {down} takes another)"
            )
        if count := len(reader.merged_down(line)):
            said.append(f"cells merged over several rows count in each of these rows ({count:,} such cells)")
    except BaseException:
        reader.close()
        raise
    source = Source(reader.kind, "", "", reader.sheet, reader.sheets, line, notes + said, reader.visible)
    return Table(reader, names, source)


def _header(
    path: str, records: list[tuple[int, list[str]]], header_row: int | None
) -> tuple[list[str], int, list[str]]:
    if not records:
        raise ReadError(f"{path!r} holds no rows.")
    if header_row == 0:
        width = max(len(cells) for _, cells in records)
        return clean_names([""] * width), 0, ["no header: the columns are numbered"]
    if header_row is not None:
        for line, cells in records:
            if line == header_row:
                return clean_names(cells), line, []
        last = records[-1][0]
        raise UsageError(
            f"{path!r} has no header at line {header_row}.",
            f"A row of cells must start there, within the first {len(records)} rows (lines 1-{last}); 0 means none.",
        )
    header = find_header(records)
    line, cells = records[header.position]
    return clean_names(cells), line, header.notes
