"""The process that opens a workbook: what breaks in here, by memory or by an abort, breaks alone.

Run as a script with `python -I -S`; of the package it imports the other `workbook_` modules alone. One JSON
line on standard input says what to read; marshal frames (each behind its length in eight bytes) on standard output give
a facts dictionary, then lists of (sheet row, cells, problem), then None. A frame {"error": ..., "hint": ..., "usage":
bool} ends the talk at any time.

Why a process: python-calamine aborts (SIGABRT) on a sheet that claims 17 thousand million cells, and a limit on memory
can be set for a process only. It is not slower: it parses while the parent works on the rows before.
"""

from __future__ import annotations

import gc
import json
import marshal
import re
import sys
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmcli.exchange.workbook_guard import Refusal
    from crmcli.exchange.workbook_xlsx import Said, Written

MAX_CELLS = 50_000_000
_ROWS_A_FRAME = 1000
_BLOCK = 1 << 20
#: A part of this many bytes without the end of a cell is one text that no table has.
_LONGEST = 1 << 20

_ODS_ERRORS = (b'value-type="error"', b"value-type='error'")
#: In an ODS file: a currency, a percentage, or a text that begins with a nought and a digit.
_ODS_SHOWN = (b"office:currency=", b'value-type="percentage', b"value-type='percentage")
_ODS_SHOWS = re.compile(b"|".join((*_ODS_SHOWN, rb">\s*0\d")))
#: So many bytes of a block may be the beginning of a word that goes on in the next.
_ODS_CUT = max(map(len, _ODS_ERRORS + _ODS_SHOWN)) - 1

Errors = dict[int, list[tuple[int, str]]]
Links = dict[tuple[int, int], str]


def main() -> None:
    """Answer the one request on standard input."""
    request = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = request["sys_path"]
    from crmcli.exchange.workbook_guard import RECAST, Refusal

    gc.disable()  # frames have no cycles, and each is gone once it is sent
    try:
        for frame in _frames(request["path"], request["sheet"], request["currencies"]):
            _send(frame)
    except Refusal as refusal:
        _send(refusal.frame)
    except MemoryError:
        _send(Refusal("The workbook needs more memory than one of its size can.", "Save the sheet as CSV.").frame)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        _send(Refusal(f"The workbook is damaged or of an unknown make ({text[:200]}).", RECAST).frame)


def _send(frame: Any) -> None:
    data = marshal.dumps(frame)
    sys.stdout.buffer.write(len(data).to_bytes(8, "big") + data)
    sys.stdout.buffer.flush()


def _refusal(*words: Any, **more: Any) -> Refusal:
    from crmcli.exchange.workbook_guard import Refusal

    return Refusal(*words, **more)


def _frames(path: str, wanted: str | None, currencies: list[str]) -> Iterator[Any]:
    from crmcli.exchange import workbook_guard

    kind, size = workbook_guard.kind_of(path)
    workbook_guard.limit(size)
    said = _ods_says(path) if kind == "ods" else (0, False)
    notes: list[str] = []
    look = partial(_xlsx_says, path, currencies) if kind == "xlsx" else None
    import python_calamine

    try:
        book: Any = python_calamine.load_workbook(path)
        sheets = [
            (meta.name, str(meta.visible).endswith(".Visible"))
            for meta in book.sheets_metadata
            if str(meta.typ).endswith(".WorkSheet")
        ]
        name, (sheet, raw) = _choose(sheets, wanted, lambda title: _calamine_sheet(book, title, look), notes)
    except python_calamine.PasswordError:
        raise _refusal(
            "The workbook is protected by a password.", "Save it without a password and try again."
        ) from None
    except python_calamine.WorksheetNotFound as error:
        raise _refusal(
            f"The workbook is damaged: it lacks a sheet that it names ({str(error)[:100]}).", workbook_guard.RECAST
        ) from None
    except python_calamine.CalamineError as error:
        if "Cell limit" in str(error):
            raise _refusal("A sheet claims too many cells.", "Delete its unused rows and columns.") from None
        if kind != "xlsx":
            raise
        yield from _second_reader(path, wanted, str(error), currencies)
        return
    yield from _told(path, kind, said, raw, (name, sheet, sheets, notes))
    yield None


def _told(
    path: str,
    kind: str,
    said: tuple[int, bool],
    raw: Said | None,
    chosen: tuple[str, Any, list[tuple[str, bool]], list[str]],
) -> Iterator[Any]:
    """The facts and the rows of the sheet that was `chosen`."""
    name, sheet, sheets, notes = chosen
    height = sheet.end[0] + 1 if sheet.end else 0
    left = sheet.start[1] if sheet.start else 0
    if height * ((sheet.end[1] if sheet.end else 0) + 1 - left) > MAX_CELLS:
        raise _refusal(f"Sheet {name!r} claims more than {MAX_CELLS:,} cells.", "Delete its unused rows and columns.")
    errors, written, links = (raw.errors, raw.written, raw.links) if raw else ({}, {}, {})
    notes += raw.notes() if raw else ()
    if kind == "xls":
        notes.append("error cells (#DIV/0! and the like) of an .xls file are read as empty")
    if said[0]:
        notes.append(f"{said[0]} error cells (#DIV/0! and the like) of the workbook are read as empty")
    merged = [list(start) + list(end) for start, end in sheet.merged_cell_ranges or []]
    if said[1] and sheet.end:
        from crmcli.exchange import workbook_ods

        with _content(path) as content:
            written = workbook_ods.written(content, name, height, sheet.end[1] + 1, text_of)
    linked: list[int] = []
    if links:
        from crmcli.exchange import workbook_links

        linked = workbook_links.columns(sheet.iter_rows(), links, left, text_of)
    yield _facts(kind, name, sheets, notes, [[a, b - left, c, d - left] for a, b, c, d in merged], linked)
    yield from _batches(sheet.iter_rows(), errors, left, written, linked, links)


def _xlsx_says(path: str, currencies: list[str], name: str) -> Said:
    from zipfile import ZipFile

    from crmcli.exchange import workbook_xlsx

    with ZipFile(path) as archive:
        return workbook_xlsx.scan(archive, name, currencies, text_of)


def _facts(
    kind: str,
    name: str,
    sheets: list[tuple[str, bool]],
    notes: list[str],
    merged: list[list[int]],
    linked: list[int],
) -> dict[str, Any]:
    """`merged` and `linked` as the rows come, which have a further cell behind each column that is linked."""
    for cells in merged if linked else ():
        for place in (1, 3):
            cells[place] += sum(column < cells[place] for column in linked)
    added = [column + 1 + before for before, column in enumerate(linked)]
    titles, shown = [title for title, _ in sheets], [title for title, visible in sheets if visible]
    return {
        "kind": kind, "sheet": name, "sheets": titles, "visible": shown, "notes": notes, "merged": merged,
        "links": added,
    }  # fmt: skip


def _calamine_sheet(book: Any, title: str, look: Callable[[str], Said] | None) -> tuple[tuple[Any, Said | None], bool]:
    """((the sheet, what its XML says), whether it has cells); the XML first, which may be refused."""
    raw = look(title) if look else None
    sheet = book.get_sheet_by_name(title)
    return (sheet, raw), sheet.start is not None


def _choose(
    sheets: list[tuple[str, bool]], wanted: str | None, load: Callable[[str], tuple[Any, bool]], notes: list[str]
) -> tuple[str, Any]:
    """The sheet asked for, else the first visible one with a cell in it; a note where there was a choice."""
    titles = [title for title, _ in sheets]
    if wanted is not None:
        match = wanted if wanted in titles else next((t for t in titles if t.casefold() == wanted.casefold()), None)
        if match is None:
            raise _refusal(f"There is no sheet {wanted!r}.", "The sheets are: " + ", ".join(titles) + ".", usage=True)
        return match, load(match)[0]
    first: tuple[str, Any] | None = None
    for title, visible in sheets:
        if visible:
            sheet, full = load(title)
            first = first or (title, sheet)
            if full:
                first = (title, sheet)
                break
    if first is None:
        raise _refusal("The workbook has no visible sheet.", "Name a hidden one with --sheet: " + ", ".join(titles))
    if len(titles) > 1:
        notes.append(f"sheet {first[0]} of {len(titles)}: {', '.join(titles)}; --sheet takes another")
    return first


def _batches(
    rows: Iterable[list[Any]], errors: Errors, left: int, written: Written, linked: list[int], links: Links
) -> Iterator[list[tuple[int, list[str], str | None]]]:
    from crmcli.exchange.workbook_links import with_targets

    batch: list[tuple[int, list[str], str | None]] = []
    for number, cells in enumerate(rows, 1):
        texts = [cell if type(cell) is str else text_of(cell) for cell in cells]
        problem = None
        for column, write in written.get(number, ()):
            if 0 <= column - left < len(texts) and type(cells[column - left]) in (int, float):
                texts[column - left] = write(cells[column - left])
        for column, code in errors.get(number, ()):
            if 0 <= column - left < len(texts):
                texts[column - left] = code
                problem = f"cell {column_name(column)}{number} is the error {code}"
        if linked:
            texts = with_targets(texts, number, linked, links, left)
        batch.append((number, texts, problem))
        if len(batch) >= _ROWS_A_FRAME:
            yield batch
            batch = []
    if batch:
        yield batch


def text_of(value: Any) -> str:
    """A cell's value as text: 1337.0 -> 1337, dates and times as ISO, durations as h:mm:ss, true/false."""
    kind = type(value)
    if kind is float:
        if value.is_integer() and -1e21 < value < 1e21:
            return str(int(value))
        return f"{value:.15g}"  # a sheet shows 15 digits; more are noise of the binary fraction
    if kind is bool:
        return "true" if value else "false"
    if kind is datetime:
        return _rounded(value, "%Y-%m-%dT%H:%M:%S") if value.year > 999 else value.isoformat()
    if kind is date:
        return str(value.isoformat())
    if kind is time:
        return _rounded(datetime.combine(date(2000, 1, 1), value), "%H:%M:%S")
    if kind is timedelta:
        total = round(value.total_seconds())
        sign, total = ("-", -total) if total < 0 else ("", total)
        return f"{sign}{total // 3600}:{total // 60 % 60:02}:{total % 60:02}"
    return "" if value is None else str(value)


def _rounded(value: datetime, form: str) -> str:
    """A moment to the millisecond, which a fraction of a day holds: 03:04:05 may be stored as 03:04:04.999999."""
    value += timedelta(microseconds=500)
    milliseconds = value.microsecond // 1000
    return value.strftime(form) + (f".{milliseconds:03}" if milliseconds else "")


@contextmanager
def _content(path: str) -> Iterator[IO[bytes]]:
    """The part of an ODS file that holds its tables."""
    from zipfile import ZipFile

    with ZipFile(path) as archive, archive.open("content.xml") as file:
        yield file


def _ods_says(path: str) -> tuple[int, bool]:
    """How many error cells an ODS file has, and whether any cell may show more than its value. Raises Refusal where
    rows or columns are repeated beyond what a table has."""
    from crmcli.exchange import workbook_ods

    count, more, tail, rest = 0, False, b"", b""
    with _content(path) as file:
        while block := file.read(_BLOCK):
            data = tail + block
            count += sum(data.count(word) - tail.count(word) for word in _ODS_ERRORS)
            more = more or _ODS_SHOWS.search(data) is not None
            tail = b" ".join(data[-1024:].split())[-_ODS_CUT:]  # there may be blanks before the nought
            if len(block) >= _LONGEST and b"</table:table-cell>" not in block and b"</text:p>" not in block:
                raise _refusal("A cell of the workbook holds more than a megabyte of text.", "Shorten it.")
            if (repeated := workbook_ods.repeats(rest + block)) > 1:
                raise _refusal(
                    f"A sheet claims too many cells: one is repeated {repeated:,} times.",
                    "Delete its unused rows and columns.",
                )
            rest = block[-4096:]
    return count, more


def _second_reader(path: str, wanted: str | None, reason: str, currencies: list[str]) -> Iterator[Any]:
    """openpyxl in place of calamine, where calamine cannot read the file: slower, and reads other mistakes."""
    import openpyxl
    from openpyxl.utils.escape import unescape

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        from crmcli.exchange.workbook_guard import RECAST

        raise _refusal(f"The workbook is damaged or of an unknown make ({reason[:200]}).", RECAST) from error
    notes = [f"read by a second reader, because the first one failed ({reason[:100]})"]
    sheets = [(sheet.title, sheet.sheet_state == "visible") for sheet in book.worksheets]
    name, sheet = _choose(sheets, wanted, lambda title: _openpyxl_sheet(book, title), notes)
    sheet.reset_dimensions()
    said = _xlsx_says(path, currencies, name)
    notes += said.notes()
    yield _facts("xlsx", name, sheets, notes, [], [])
    rows = ([unescape(cell) if type(cell) is str else cell for cell in row] for row in sheet.values)
    yield from _batches(rows, said.errors, 0, said.written, [], {})
    yield None


def _openpyxl_sheet(book: Any, title: str) -> tuple[Any, bool]:
    sheet = book[title]
    top = sheet.iter_rows(max_row=200, max_col=200, values_only=True)
    return sheet, any(cell is not None for row in top for cell in row)


def column_name(index: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


if __name__ == "__main__":
    main()
