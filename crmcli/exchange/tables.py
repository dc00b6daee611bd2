"""The door to every table file: `open_table` finds out what a file is and gives its header and rows."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from crmcli.errors import ReadError, UsageError
from crmcli.exchange import sniff
from crmcli.exchange.csv_reader import CsvReader
from crmcli.exchange.footers import without_footers
from crmcli.exchange.header_lines import of_groups, of_merged
from crmcli.exchange.jsonl import JsonReader
from crmcli.exchange.shape import Doubt, Row, Unclear, clean_names, find_header, last_filled
from crmcli.exchange.vcard_reader import CardReader
from crmcli.exchange.workbook import WorkbookReader
from crmcli.exchange.workbook_frames import keeping_sheets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["Doubt", "Opening", "Row", "Source", "Table", "Unclear", "keeping_sheets", "open_table"]

_WORKBOOK_NAME = re.compile(r"\.(?:xlsx|xlsm|xltx|xls|ods)$", re.IGNORECASE)


class Source(NamedTuple):
    """What was found out about a file.

    `kind` is csv, xlsx, xls, ods, vcf or json; `encoding` and `delimiter` are "" for workbooks, `sheet` is "" for all
    others; `header_line` is the physical line (sheet row) of the header, 0 for none; `notes` are sentences for the user
    about what was decided or guessed, some of them known after the last row; `visible` are the sheets that are not
    hidden; `cards` says of vCards whose are taken, "individual" or "org". `doubts` are choices that the file did not
    settle, as far as one was taken: whoever can ask a person asks, and opens it again with the answer.
    """

    kind: str
    encoding: str
    delimiter: str
    sheet: str
    sheets: list[str]
    header_line: int
    notes: list[str]
    visible: list[str]
    cards: str = ""
    doubts: tuple[Doubt, ...] = ()


class Table:
    """A table being read: `header`, `source`, and `rows`, which stream once.

    Totals, footers and further headers of reports are rows with a problem. After the last row `blank_rows` is final.
    Use it as a context manager or call `close`.
    """

    def __init__(
        self, reader: CsvReader | WorkbookReader | CardReader | JsonReader, header: list[str], source: Source
    ) -> None:
        self.header = header
        self.source = source
        self._reader = reader
        found = reader.rows(len(header), source.header_line)
        self.rows: Iterator[Row] = found if source.kind in ("vcf", "json") else without_footers(found, reader, header)

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


class Opening(TypedDict, total=False):
    """How a file is opened: the arguments of `open_table`."""

    sheet: str | None
    encoding: str | None
    delimiter: str | None
    header_row: int | None
    guarded: bool
    cards: str
    skip_rows: int


def open_table(
    path: str,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    guarded: bool = True,
    cards: str = "",
    skip_rows: int = 0,
) -> Table:
    """Open a CSV file, a workbook (xlsx, xls, ods), vCards or JSON (lines, or an array of objects), known by its
    content and not by its name.

    `header_row` is the 1-based line (sheet row) of the header, 0 for a file without one. `guarded` takes away the
    apostrophe that `write_csv` puts before formula signs; turn it off for files written with `lossless`. `cards` says
    which vCards are wanted, "individual" or "org"; people are unless all are of organisations. `skip_rows` leaves so
    many physical lines (sheet rows) at the top out of everything; `header_row` counts them all the same.
    Raises NotFoundError, ReadError (what is wrong with the file, with line and offset) or UsageError (no such sheet,
    encoding, delimiter or header row). A ReadError may also come while rows are read.
    """
    if skip_rows < 0 or (header_row and header_row <= skip_rows):
        raise UsageError(
            f"the header cannot be in row {header_row} when the first {skip_rows} are skipped"
            if header_row
            else f"{skip_rows} rows cannot be skipped",
        )
    size = sniff.file_size(path)
    sample = sniff.read_sample(path)
    kind = sniff.kind_of(path, sample)
    if kind == "workbook":
        if encoding or delimiter:
            raise UsageError(f"{path!r} is a workbook: it has no encoding and no delimiter to set.")
        return _open_workbook(path, sheet, header_row, skip_rows)
    if sheet is not None:
        raise UsageError(f"{path!r} is a text file: it has no sheets.", "Leave --sheet away.")
    if kind != "text":
        if delimiter is not None or header_row is not None or skip_rows:
            what = "vCards" if kind == "vcf" else "JSON"
            raise UsageError(f"{path!r} holds {what}: it has no delimiter, and no rows above its records.")
        return _open_records(path, kind, sniff.told_encoding(sample, encoding), cards)
    return _open_csv(path, size, sample, encoding, delimiter, header_row, guarded, skip_rows)


def _open_records(path: str, kind: str, encoding: sniff.Encoding | None, cards: str) -> Table:
    """A file whose records say themselves what their values are."""
    reader: CardReader | JsonReader
    if kind == "vcf":
        reader = CardReader(path, encoding, cards)
        return Table(reader, reader.header, _source(kind, reader, reader.which))
    reader = JsonReader(path, encoding)
    if not reader.header:
        first = next(reader.rows(0, 0), None)
        if first and first.problem:
            raise ReadError(
                f"{path!r}: no line is a JSON object; line {first.line}: {first.problem}.",
                "Write each record as an object: name and value.",
            )
        raise ReadError(f"{path!r} holds no rows.")
    return Table(reader, reader.header, _source(kind, reader))


def _source(kind: str, reader: CardReader | JsonReader, cards: str = "") -> Source:
    return Source(kind, reader.encoding, "", "", [], 0, reader.notes, [], cards)


def _open_csv(
    path: str,
    size: int,
    sample: bytes,
    encoding: str | None,
    delimiter: str | None,
    header_row: int | None,
    guarded: bool,
    skip: int,
) -> Table:
    found = sniff.find_encoding(path, sample, encoding)
    notes = list(found.notes)
    if _WORKBOOK_NAME.search(path):
        notes.insert(0, "the file is a table of text (CSV), whatever its name says")
    text = sample[found.bom :].decode(found.name, "ignore")
    if size > len(sample):
        # The cut-off record at the end of the sample would look ragged.
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    if delimiter is None:
        delimiter, told = sniff.find_delimiter(text, skip)
        notes += told
    elif len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UsageError(f"{delimiter!r} cannot be a delimiter.", "Give one character, for example --delimiter ';'.")
    blanks = sniff.skips_blanks(text, delimiter)
    if blanks:
        notes.append("blanks beside quotation marks are no part of the cells")
    reader = CsvReader(path, found.name, found.bom, delimiter, guarded=guarded, skip=skip, blanks=blanks)
    try:
        records = reader.records()
        if not records:
            raise ReadError(f"{path!r} holds no rows{f' behind line {skip}' if skip else ''}.")
        names, line, said = _header(path, records, header_row)
    except BaseException:
        reader.close()
        raise
    reader.notes[:0] = notes + said
    source = Source("csv", found.name, delimiter, "", [], line, reader.notes, [], doubts=found.doubts)
    return Table(reader, names, source)


def _open_workbook(path: str, sheet: str | None, header_row: int | None, skip: int) -> Table:
    reader = WorkbookReader(path, sheet, skip)
    try:
        if not _WORKBOOK_NAME.search(path):
            reader.notes.insert(0, f"the file is a workbook ({reader.kind}), whatever its name says")
        records = reader.records()
        if not records:
            raise ReadError(f"{path!r}: sheet {reader.sheet!r} is empty{f' behind row {skip}' if skip else ''}.")
        used = max(last_filled(cells) for _, cells in records)
        records = [(line, cells[:used]) for line, cells in records]
        names, line, said = _header(path, records, header_row, reader)
        if count := len(reader.merged_down(line)):
            said.append(f"cells merged over several rows count in each of these rows ({count:,} such cells)")
        linked = [place for place in reader.links if place < len(names)]
        if linked:
            titles = ", ".join(names[place] for place in linked)
            said.append(f"where cells link to something else than they show, it is in a column of its own: {titles}")
    except BaseException:
        reader.close()
        raise
    reader.notes += said
    source = Source(reader.kind, "", "", reader.sheet, reader.sheets, line, reader.notes, reader.visible)
    return Table(reader, names, source)


def _header(
    path: str, records: list[tuple[int, list[str]]], header_row: int | None, reader: WorkbookReader | None = None
) -> tuple[list[str], int, list[str]]:
    """(names, last line, notes) of the header; `reader` knows what is merged and linked in a sheet."""
    linked = reader.links if reader else []
    if header_row == 0:
        width = max(len(cells) for _, cells in records)
        return _named([""] * width, linked), 0, ["no header: the columns are numbered"]
    if header_row is not None:
        for line, cells in records:
            if line == header_row:
                return _named(cells, linked), line, _merged_note(reader, line)
        last = records[-1][0]
        raise UsageError(
            f"{path!r} has no header at line {header_row}.",
            f"A row of cells must start there, within the first {len(records)} rows (lines 1-{last}); 0 means none.",
        )
    header = find_header(records)
    line, cells = records[header.position]
    if reader:
        lines = of_merged(records, line, reader.merged_header(line), reader.spans())
    else:
        lines = of_groups(records, header.position)
    if lines is None:
        return _named(cells, linked), line, header.notes
    names = _named(lines.names, linked)
    shown = "; ".join(names[:6]) + ("; ..." if len(names) > 6 else "")
    told = f"the header takes lines {line}-{lines.last}: {shown} (--header-row {lines.last} takes that line alone)"
    return names, lines.last, [*header.notes, told]


def _merged_note(reader: WorkbookReader | None, line: int) -> list[str]:
    down = reader.merged_header(line) if reader else 0
    if not down:
        return []
    return [
        f"the header has merged cells down to row {down}; only row {line} names the columns "
        f"(--header-row {down} takes another)"
    ]


def _named(cells: list[str], linked: list[int]) -> list[str]:
    """Clean and unique names; a column of what the one before it links to is called after that."""
    cells = list(cells)
    for place in linked:
        if place < len(cells):
            cells[place] = f"{cells[place - 1].strip() or f'column {place}'} (link)"
    return clean_names(cells)
