"""The process that opens a workbook: what breaks in here, by memory or by an abort, breaks alone.

Run as a script with `python -I -S`; of the package it imports `workbook_formats` and `workbook_ods` alone. One JSON
line on standard input says what to read; marshal frames (each behind its length in eight bytes) on standard output give
a facts dictionary, then lists of (sheet row, cells, problem), then None. A frame {"error": ..., "hint": ..., "usage":
bool} ends the talk at any time.

Why a process: python-calamine aborts (SIGABRT) on a sheet that claims 17 thousand million cells, and a limit on memory
can be set for a process only. It is not slower: it parses while the parent works on the rows before.
"""

from __future__ import annotations

import json
import marshal
import re
import sys
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from zipfile import ZipFile

MEMORY_LIMIT = 1536 * 1024 * 1024
CPU_SECONDS = 600
MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 200
BIG_ENTRY = 8 * 1024 * 1024
MAX_CELLS = 50_000_000
MAX_MERGED = 100_000
_ROWS_A_FRAME = 1000
_BLOCK = 1 << 20

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*[^>/])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_ADDRESS = re.compile(rb"""\br=["']([A-Za-z]{1,3})(\d{1,7})["']""")
_ERROR_TYPE = re.compile(rb"""\bt=["']e["']""")
_HAS_ERROR = (b't="e"', b"t='e'")
_HAS_FORMULA = (b"</f>", b":f>")

_ODS_ERRORS = (b'value-type="error"', b"value-type='error'")
#: In an ODS file: a currency, a percentage, or a text that begins with a nought and a digit.
_ODS_SHOWN = (b"office:currency=", b'value-type="percentage', b"value-type='percentage")
_ODS_SHOWS = re.compile(b"|".join((*_ODS_SHOWN, rb">\s*0\d")))
#: So many bytes of a block may be the beginning of a word that goes on in the next.
_ODS_CUT = max(map(len, _ODS_ERRORS + _ODS_SHOWN)) - 1

Errors = dict[int, list[tuple[int, str]]]
#: row (1-based) -> (column (0-based), how its number is written)
Written = dict[int, "tuple[tuple[int, Callable[[float], str]], ...]"]
_RECAST = "Open it in Excel or LibreOffice and save it again as XLSX."


class Refusal(Exception):
    """Why the workbook is not read: the message, what to do, and whether the question was wrong (not the file)."""

    def __init__(self, message: str, hint: str = "", usage: bool = False) -> None:
        super().__init__(message)
        self.frame = {"error": message, "hint": hint, "usage": usage}


def main() -> None:
    """Answer the one request on standard input."""
    request = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = request["sys_path"]
    _limit()
    try:
        for frame in _frames(request["path"], request["sheet"], request["currencies"]):
            _send(frame)
    except Refusal as refusal:
        _send(refusal.frame)
    except MemoryError:
        _send(Refusal("The workbook needs more memory than is allowed.", "Save the sheet as CSV.").frame)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        _send(Refusal(f"The workbook is damaged or of an unknown make ({text[:200]}).", _RECAST).frame)


def _send(frame: Any) -> None:
    data = marshal.dumps(frame)
    sys.stdout.buffer.write(len(data).to_bytes(8, "big") + data)
    sys.stdout.buffer.flush()


def _limit() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass  # macOS refuses RLIMIT_AS; the size guard and the separate process remain


def _frames(path: str, wanted: str | None, currencies: list[str]) -> Iterator[Any]:
    kind = _kind(path)
    notes: list[str] = []
    import python_calamine

    try:
        book: Any = python_calamine.load_workbook(path)
        sheets = [
            (meta.name, str(meta.visible).endswith(".Visible"))
            for meta in book.sheets_metadata
            if str(meta.typ).endswith(".WorkSheet")
        ]
        name, sheet = _choose(sheets, wanted, lambda title: _calamine_sheet(book, title), notes)
    except python_calamine.PasswordError:
        raise Refusal("The workbook is protected by a password.", "Save it without a password and try again.") from None
    except python_calamine.CalamineError as error:
        if "Cell limit" in str(error):
            raise Refusal("A sheet claims too many cells.", "Delete its unused rows and columns.") from None
        if kind != "xlsx":
            raise
        yield from _second_reader(path, wanted, str(error), currencies)
        return
    height = sheet.end[0] + 1 if sheet.end else 0
    left = sheet.start[1] if sheet.start else 0
    if height * ((sheet.end[1] if sheet.end else 0) + 1 - left) > MAX_CELLS:
        raise Refusal(f"Sheet {name!r} claims more than {MAX_CELLS:,} cells.", "Delete its unused rows and columns.")
    errors: Errors = _xlsx_errors(path, name, notes) if kind == "xlsx" else {}
    if kind == "xls":
        notes.append("error cells (#DIV/0! and the like) of an .xls file are read as empty")
    said: tuple[int, bool] = (0, False)
    if kind == "ods":
        said = _ods_says(path)
        if said[0]:
            notes.append(f"{said[0]} error cells (#DIV/0! and the like) of the workbook are read as empty")
    merged = [list(start) + list(end) for start, end in (sheet.merged_cell_ranges or [])[:MAX_MERGED]]
    yield _facts(kind, name, sheets, notes, [[a, b - left, c, d - left] for a, b, c, d in merged])
    written = _xlsx_written(path, name, currencies) if kind == "xlsx" else {}
    if said[1] and sheet.end:
        from crmcli.exchange import workbook_ods

        with _content(path) as content:
            written = workbook_ods.written(content, name, height, sheet.end[1] + 1, text_of)
    yield from _batches(sheet.iter_rows(), errors, left, written)
    yield None


def _facts(
    kind: str, name: str, sheets: list[tuple[str, bool]], notes: list[str], merged: list[list[int]]
) -> dict[str, Any]:
    titles, shown = [title for title, _ in sheets], [title for title, visible in sheets if visible]
    return {
        "kind": kind, "sheet": name, "sheets": titles, "visible": shown, "notes": notes, "merged": merged,
    }  # fmt: skip


def _calamine_sheet(book: Any, title: str) -> tuple[Any, bool]:
    sheet = book.get_sheet_by_name(title)
    return sheet, sheet.start is not None


def _choose(sheets: list[tuple[str, bool]], wanted: str | None, load: Any, notes: list[str]) -> tuple[str, Any]:
    """The sheet asked for, else the first visible one with a cell in it; a note where there was a choice."""
    titles = [title for title, _ in sheets]
    if wanted is not None:
        match = wanted if wanted in titles else next((t for t in titles if t.casefold() == wanted.casefold()), None)
        if match is None:
            raise Refusal(f"There is no sheet {wanted!r}.", "The sheets are: " + ", ".join(titles) + ".", usage=True)
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
        raise Refusal("The workbook has no visible sheet.", "Name a hidden one with --sheet: " + ", ".join(titles))
    if len(titles) > 1:
        notes.append(f"sheet {first[0]} of {len(titles)}: {', '.join(titles)}; --sheet takes another")
    return first


def _batches(
    rows: Iterable[list[Any]], errors: Errors, left: int, written: Written
) -> Iterator[list[tuple[int, list[str], str | None]]]:
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


def _kind(path: str) -> str:
    """xlsx, ods or xls by content, after the guard against bombs."""
    with open(path, "rb") as file:
        head = file.read(8)
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            file.seek(0)
            return _ole_kind(file.read(64 * _BLOCK))
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            _guard(archive)
            names = set(archive.namelist())
            if any(name.lower() == "xl/workbook.xml" for name in names):
                return "xlsx"
            if "xl/workbook.bin" in names:
                raise Refusal("The file is a binary XLSB workbook.", _RECAST)
            if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype")[:100]:
                if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                    raise Refusal("The workbook is protected by a password.", "Save it without a password.")
                return "ods"
            if "word/document.xml" in names:
                raise Refusal("The file is a Word document, not a table.", "Save its table as XLSX or CSV.")
    except BadZipFile as error:
        raise Refusal(f"The workbook is damaged: {error}.", _RECAST) from None
    raise Refusal("The file is a ZIP archive, not a workbook.", "Unpack it and import the table in it.")


def _ole_kind(data: bytes) -> str:
    # Directory entries of an OLE file are UTF-16 names.
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refusal("The workbook is protected by a password.", "Save it without a password and try again.")
    if any(name.encode("utf-16-le") + b"\x00\x00" in data for name in ("Workbook", "Book", "WORKBOOK", "BOOK")):
        return "xls"
    raise Refusal("The file is an old Office document, but not an Excel workbook.", _RECAST)


def _guard(archive: ZipFile) -> None:
    """Refuse archives that unpack to far more than a table needs, by the sizes they declare (400 MiB, 200-fold)."""
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNPACKED:
        raise Refusal(
            f"The workbook unpacks to {total // 2**20:,} MiB; the limit is {MAX_UNPACKED // 2**20} MiB.",
            "Save the sheet as CSV, or split it.",
        )
    for entry in entries:
        if entry.file_size > BIG_ENTRY and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise Refusal(
                f"The workbook looks like a zip bomb: {entry.filename!r} unpacks to "
                f"{entry.file_size // max(entry.compress_size, 1):,} times its size.",
                "Save the sheet as CSV if you trust it.",
            )


def _xlsx_errors(path: str, name: str, notes: list[str]) -> Errors:
    """Error cells of one sheet by row (1-based) and column (0-based), from the raw XML: calamine drops them.

    Notes the formulas that have no stored result, and refuses document type declarations.
    """
    from zipfile import ZipFile

    errors: Errors = {}
    unsolved = 0
    with ZipFile(path) as archive:
        part = _sheet_part(archive, name)
        if not part:
            return errors
        for data in _pieces(archive, part):
            # Plain substring searches first: the patterns below are ten times slower.
            if not any(mark in data for mark in _HAS_ERROR + _HAS_FORMULA):
                continue
            for cell in _CELL.finditer(data):
                attributes, inner = cell[1], cell[2]
                if _ERROR_TYPE.search(attributes):
                    where, value = _ADDRESS.search(attributes), _VALUE.search(inner)
                    if where and value:
                        code = value[1].decode("utf-8", "replace").strip()
                        errors.setdefault(int(where[2]), []).append((column_index(where[1].decode()), code))
                elif _FORMULA.search(inner) and not _VALUE.search(inner) and b"t=" not in attributes:
                    unsolved += 1
    if unsolved:
        notes.append(
            f"{unsolved} formula cells have no stored result and are empty; "
            "open the file in Excel or LibreOffice and save it"
        )
    return errors


def _xlsx_written(path: str, name: str, currencies: list[str]) -> Written:
    """The cells whose number format says more than their numbers: 100 % of 1.0, the currency of an amount, 01067."""
    from zipfile import ZipFile

    found: Written = {}
    known: dict[Any, Any] = {}
    with ZipFile(path) as archive:
        part = _sheet_part(archive, name)
        styles = _styles(archive, frozenset(currencies))
        if not part or not styles:
            return found
        ids = b"|".join(str(number).encode() for number in styles)
        cell = re.compile(rb"""<(?:\w+:)?c\b(?=[^>]*\bs=["'](""" + ids + rb""")["'])([^>]*[^>/])>""")
        for data in _pieces(archive, part):
            for match in cell.finditer(data):
                where = _ADDRESS.search(match[2])
                if where:
                    row = int(where[2])
                    cells = (*found.get(row, ()), (column_index(where[1].decode()), styles[int(match[1])]))
                    found[row] = known.setdefault(cells, cells)  # most rows have the same ones
    return found


def _styles(archive: ZipFile, currencies: frozenset[str]) -> dict[int, Callable[[float], str]]:
    """Number of a cell style -> how it writes numbers, for those that say more than digits."""
    from xml.etree import ElementTree

    from crmcli.exchange.workbook_formats import BUILT_IN, writer

    part = next((name for name in archive.namelist() if name.lower() == "xl/styles.xml"), "")
    if not part:
        return {}
    root = ElementTree.fromstring(archive.read(part))
    codes = dict(BUILT_IN)
    for element in root.iter():
        if element.tag.endswith("}numFmt"):
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
    writers = {number: writer(code, currencies, text_of) for number, code in codes.items()}
    cells = next((element for element in root if element.tag.endswith("}cellXfs")), ())
    found = ((number, writers.get(style.get("numFmtId", ""))) for number, style in enumerate(cells))
    return {number: write for number, write in found if write}


def _pieces(archive: ZipFile, part: str) -> Iterator[bytes]:
    """The unpacked bytes of a part in blocks that end behind a cell."""
    rest = b""
    with archive.open(part) as file:
        while block := file.read(_BLOCK):
            data = rest + block
            if file.tell() <= _BLOCK:
                _refuse_doctype(data)  # it can only stand before the root element
            cut = data.rfind(b"</c>") + 4
            if cut == 3:
                cut = data.rfind(b":c>") + 3
            if cut > 2:
                yield data[:cut]
                rest = data[cut:]
            else:
                rest = data[-64 * 1024 :]
    yield rest


def _refuse_doctype(data: bytes) -> None:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Refusal("The workbook holds a document type declaration, which no spreadsheet program writes.")


def _sheet_part(archive: ZipFile, name: str) -> str:
    """The archive's name of the part that holds the sheet `name`, "" where the maker's paths are unusual."""
    from xml.etree import ElementTree

    parts = {entry.lower(): entry for entry in archive.namelist()}
    book = parts.get("xl/workbook.xml", "")
    links = parts.get("xl/_rels/workbook.xml.rels", "")
    if not book or not links:
        return ""
    texts = []
    for part in (book, links, *(parts[key] for key in ("xl/sharedstrings.xml", "xl/styles.xml") if key in parts)):
        data = archive.read(part)
        _refuse_doctype(data)
        texts.append(data)
    targets = {link.get("Id"): link.get("Target", "") for link in ElementTree.fromstring(texts[1])}
    for element in ElementTree.fromstring(texts[0]).iter():
        if element.tag.endswith("}sheet") and element.get("name") == name:
            link = next((value for key, value in element.items() if key.endswith("}id")), "")
            target = targets.get(link, "")
            target = target.lstrip("/") if target.startswith("/") else "xl/" + target
            return parts.get(target.lower(), "")
    return ""


@contextmanager
def _content(path: str) -> Iterator[IO[bytes]]:
    """The part of an ODS file that holds its tables."""
    from zipfile import ZipFile

    with ZipFile(path) as archive, archive.open("content.xml") as file:
        yield file


def _ods_says(path: str) -> tuple[int, bool]:
    """How many error cells an ODS file has, and whether any cell may show more than its value."""
    count, more, tail = 0, False, b""
    with _content(path) as file:
        while block := file.read(_BLOCK):
            data = tail + block
            _refuse_doctype(data)
            count += sum(data.count(word) - tail.count(word) for word in _ODS_ERRORS)
            more = more or _ODS_SHOWS.search(data) is not None
            tail = b" ".join(data[-1024:].split())[-_ODS_CUT:]  # there may be blanks before the nought
    return count, more


def _second_reader(path: str, wanted: str | None, reason: str, currencies: list[str]) -> Iterator[Any]:
    """openpyxl in place of calamine, where calamine cannot read the file: slower, and reads other mistakes."""
    import openpyxl
    from openpyxl.utils.escape import unescape

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise Refusal(f"The workbook is damaged or of an unknown make ({reason[:200]}).", _RECAST) from error
    notes = [f"read by a second reader, because the first one failed ({reason[:100]})"]
    sheets = [(sheet.title, sheet.sheet_state == "visible") for sheet in book.worksheets]
    name, sheet = _choose(sheets, wanted, lambda title: _openpyxl_sheet(book, title), notes)
    sheet.reset_dimensions()
    yield _facts("xlsx", name, sheets, notes, [])
    errors = _xlsx_errors(path, name, notes)
    rows = ([unescape(cell) if type(cell) is str else cell for cell in row] for row in sheet.values)
    yield from _batches(rows, errors, 0, _xlsx_written(path, name, currencies))
    yield None


def _openpyxl_sheet(book: Any, title: str) -> tuple[Any, bool]:
    sheet = book[title]
    top = sheet.iter_rows(max_row=200, max_col=200, values_only=True)
    return sheet, any(cell is not None for row in top for cell in row)


def column_index(letters: str) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


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
