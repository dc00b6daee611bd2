"""Rows to CSV and XLSX, streaming; no cell can start a formula in the program that opens the file."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import IO, TYPE_CHECKING, Any

from crmcli.exchange.formulas import SUSPECT_FIRST, guard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# XML 1.0 cannot hold these; a sheet shows their Unicode pictures instead. The lone surrogates have none.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
MAX_XLSX_TEXT = 32_767
"""The most characters that a cell of a sheet holds."""

#: Sheets count days from 1900 on, and have a 29th of February in that year which was none.
FIRST_MONTH = (1900, 3)
_FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss", "time": "hh:mm:ss"}


def write_csv(
    stream: IO[str],
    header: Sequence[str] | None,
    rows: Iterable[Sequence[str]],
    *,
    delimiter: str = ",",
    lossless: bool = False,
) -> int:
    """Write a CSV file and return the number of rows.

    `stream` is a text stream opened with newline="". Quoting follows RFC 4180; lines end in LF, not in its CRLF,
    because the other tools in a pipe (cut, sort, git diff) would keep the CR. Cells that a spreadsheet would run get
    an apostrophe, which `open_table` takes away again; `lossless` writes every cell as it is, for other programs.
    Without a header the rows go on where others ended.
    """
    import csv

    count = 0

    def cells() -> Iterator[Sequence[str]]:
        nonlocal count
        for row in rows:
            count += 1
            if lossless or SUSPECT_FIRST.isdisjoint([cell[:1] for cell in row]):
                yield row
            else:
                yield [guard(cell) if cell[:1] in SUSPECT_FIRST else cell for cell in row]

    writer = csv.writer(_LineFeeds(stream), delimiter=delimiter, lineterminator="\r\n")
    if header is not None:
        writer.writerow(header if lossless else [guard(cell) for cell in header])
    writer.writerows(cells())
    return count


class _LineFeeds:
    """Ends rows in LF. The csv module quotes a CR in a cell only where CR is part of its line end."""

    def __init__(self, stream: IO[str]) -> None:
        self._write = stream.write

    def write(self, row: str) -> int:
        return self._write(row[:-2] + "\n")


def write_xlsx(
    target: str | IO[bytes],
    sheets: Iterable[tuple[str, Sequence[tuple[str, str]], Iterable[Sequence[Any]]]],
) -> int:
    """Write a workbook and return the number of rows; `target` is a path or a binary stream.

    Each sheet is (title, columns, rows); a column is (header, type) with the type one of text, number, date, datetime,
    time, duration, flag: it chooses the width and the number format. The type of a value decides its cell: text is
    always a text cell, never a formula or an error, whatever it starts with; aware datetimes lose their zone (sheets
    know none), so convert them before, and what is before March 1900 is text. Characters that XML forbids become their
    visible pictures; text is cut at 32,767 characters, the most that a sheet holds. Rows are streamed.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    count = 0
    taken: set[str] = set()
    for title, columns, rows in sheets:
        count += _write_sheet(book.create_sheet(_sheet_title(title, taken)), columns, rows)
    if not book.worksheets:
        book.create_sheet("Sheet1")
    book.save(target)
    return count


def _write_sheet(sheet: Any, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> int:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    # A cell is written out when its row is, so one of each place and format is enough for all rows.
    styled_cells: dict[tuple[int, str], Any] = {}

    def styled(place: int, value: Any, number_format: str) -> Any:
        cell = styled_cells.get((place, number_format))
        if cell is None:
            cell = styled_cells[place, number_format] = WriteOnlyCell(sheet)
            cell.number_format = number_format
        cell.value = value
        return cell

    _write_head(sheet, columns)
    formats = [_FORMATS.get(kind, "") for _, kind in columns]
    count = 0
    for row in rows:
        cells: list[Any] = []
        for place, (value, number_format) in enumerate(zip(row, formats, strict=True)):
            if value is None:
                cells.append(None)
            elif isinstance(value, str):
                text = visible_text(value)
                cells.append(_text_cell(sheet, text) if text[:1] in ("=", "#") else text)
            elif isinstance(value, date) and (value.year, value.month) < FIRST_MONTH:
                cells.append(str(value.replace(tzinfo=None) if isinstance(value, datetime) else value))
            elif isinstance(value, datetime):
                cells.append(styled(place, value.replace(tzinfo=None), number_format or _FORMATS["datetime"]))
            elif isinstance(value, date):
                cells.append(styled(place, value, number_format or _FORMATS["date"]))
            elif isinstance(value, time):
                cells.append(styled(place, value.replace(tzinfo=None), number_format or _FORMATS["time"]))
            else:
                cells.append(value)
        sheet.append(cells)
        count += 1
    if columns:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count + 1}"
    return count


def _write_head(sheet: Any, columns: Sequence[tuple[str, str]]) -> None:
    """The row of headers, which stays in sight, and the widths of the columns."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for number, (name, kind) in enumerate(columns, 1):
        wide = {"text": 24, "datetime": 20}.get(kind, 12)
        sheet.column_dimensions[get_column_letter(number)].width = max(wide, min(len(name) + 3, 40))
    sheet.freeze_panes = "A2"
    heads = [_text_cell(sheet, visible_text(name)) for name, _ in columns]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # the library takes "=1" for a formula and "#N/A" for an error
    return cell


def visible_text(text: str) -> str:
    """Text that a sheet can hold: forbidden characters as pictures (␀ for NUL), `_x0041_` kept literal, cut to size."""
    return _spelled(text)[:MAX_XLSX_TEXT]


def _spelled(text: str) -> str:
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub(_picture, text)
    if "_x" in text:
        # A reader would decode _x0041_ to A; the escape of its underscore keeps what was typed.
        text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    if "\r" in text:
        text = text.replace("\r", "_x000D_")  # XML would turn it into a line feed
    return text


def fits_sheet(text: str) -> bool:
    """Whether a cell of a sheet holds the whole text."""
    return len(text) * 7 <= MAX_XLSX_TEXT or len(_spelled(text)) <= MAX_XLSX_TEXT


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _sheet_title(title: str, taken: set[str]) -> str:
    """A title that a sheet may have (31 characters, none of []:*?/\\), unlike those before."""
    clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '") or "Sheet"
    name = clean[:31]
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{clean[: 30 - len(str(number))]} {number}"
    taken.add(name.casefold())
    return name
