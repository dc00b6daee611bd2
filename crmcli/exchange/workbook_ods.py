"""What the XML of an ODS file says beyond its values: errors, the currency, per cent, noughts in front, the lines of a
text.

Loaded by the process that opens workbooks.
"""

from __future__ import annotations

import html
import re
import sys
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, NamedTuple

from crmcli.exchange.workbook_guard import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: So much is read at once.
_BLOCK = 1 << 20
#: So many bytes in which no tag begins are one text that no table has.
_LONGEST_TEXT = 1 << 20
#: A row is no longer, nor what stands before the sheet: beyond that something is no table of a person's.
_LONGEST_ROW = 64 << 20
_ATTRIBUTES = rb"""((?:[^<>"'/]++|"[^"<]*+"|'[^'<]*+'|/(?!>))*+)"""
_TABLE = re.compile(rb"<table:table\s" + _ATTRIBUTES + rb"/?>")
_ROW = re.compile(rb"<table:table-row\b" + _ATTRIBUTES + rb"(?:/>|>(.*?)</table:table-row>)", re.DOTALL)
_CELL = re.compile(
    rb"<table:(?:covered-)?table-cell\b" + _ATTRIBUTES + rb"(?:/>|>(.*?)</table:(?:covered-)?table-cell>)", re.DOTALL
)
_ROWS_REPEATED = re.compile(rb"""table:number-rows-repeated=["'](\d{1,7})["']""")
_CELLS_REPEATED = re.compile(rb"""table:number-columns-repeated=["'](\d{1,5})["']""")
_NAME = re.compile(rb"""table:name=(?:"([^"]*)"|'([^']*)')""")
_TYPE = re.compile(rb"""office:value-type=["'](\w+)["']""")
_CURRENCY = re.compile(rb"""office:currency=["']([A-Z]{3})["']""")
_VALUE = re.compile(rb"""office:value=["']([-+.\dEe]+)["']""")
_SHOWN = re.compile(rb"<text:p\b[^<>]*>([^<]*)</text:p>\s*$")
#: What a row has that says more than its values; a look for that spares most rows the patterns.
_SAYS = re.compile(rb"""office:currency=|value-type=["']percentage|>\s*0\d|<text:(?:tab|line-break)\b""")
#: What stands in a text for a tabulator, which becomes a blank, and for a line end; calamine leaves both out.
_GAPS = (b"<text:tab", b"<text:line-break")
_NO_PARAGRAPH = re.compile(rb"<text:p\b([^<>]*)/>")
_NEXT_PARAGRAPH = re.compile(rb"</text:p>\s*<text:p\b[^<>]*>|<text:line-break\b[^<>]*>")
_BLANKS = re.compile(rb"""<text:(?:tab|s)\b(?:[^<>]*?\btext:c=["'](\d{1,3})["'])?[^<>]*>""")
_TAG = re.compile(rb"<[^<>]*>")
_NOTE, _NOTE_ENDS = b"<office:annotation", b"</office:annotation>"
#: A text of digits, and of what parts those of telephones and postal codes.
_NUMBER = re.compile(r"[\d+()/. -]+")
_ERRORS = (b'value-type="error"', b"value-type='error'")
_SHOWS_WORDS = (b"office:currency=", b'value-type="percentage', b"value-type='percentage")
#: In a file: a currency, a percentage, a text with a tabulator or a line end, or that begins with a nought and a digit.
_SHOWS = re.compile(b"|".join((*_SHOWS_WORDS, *_GAPS, rb">\s*0\d")))
#: So many bytes of a block may be the beginning of a word that goes on in the next.
_CUT = max(map(len, _ERRORS + _SHOWS_WORDS + _GAPS)) - 1
#: So often a row or a cell with something in it is repeated at the most.
_MOST_ROWS, _MOST_COLUMNS = 65_536, 2_000
# Each looks once from the beginning of a tag for the first of such attributes: a tag may have thousands of them.
_REPEATED_ROW = re.compile(
    rb"""<table:table-row\b(?>[^<>]*?\btable:number-rows-repeated=["'](\d{5,})["'])[^<>]*+(?<!/)>"""
)
_REPEATED_CELL = re.compile(
    rb"""<table:table-cell\b(?>[^<>]*?\btable:number-columns-repeated=["'](\d{4,})["'])[^<>]*+>"""
)
#: No spreadsheet program has more in a sheet; what a file has beyond it, the reader leaves out without a word.
HEIGHT, WIDTH = 1_048_576, 16_384
_ROW_BEGINS = re.compile(rb"<table:table-row\b([^<>]*)>")
_ROWS_SAID = re.compile(rb"""table:number-rows-repeated=["'](\d+)["']""")
_FAR_CELL = re.compile(
    rb"""<table:(?:covered-)?table-cell\b(?>[^<>]*?\btable:number-columns-repeated=["'](\d{5,})["'])[^<>]*+(?<=/)>"""
)
#: So many bytes behind a tag of a row tell whether there is something in it.
_NEAR = 4000
_TABLE_ENDS = b"</table:table>"


class Shown(str):
    """The text of a cell, in place of what its reader makes of it."""

    __slots__ = ()

    def __call__(self, _: float) -> str:
        return str(self)


class Content(NamedTuple):
    """How many error cells a file has, and whether any cell may show more than its value."""

    errors: int
    shows: bool


@contextmanager
def content(path: str) -> Iterator[IO[bytes]]:
    """The part of an ODS file that holds its tables."""
    from zipfile import ZipFile

    with ZipFile(path) as archive, archive.open("content.xml") as file:
        yield file


def says(file: IO[bytes]) -> Content:
    """One quick look through the `content`. Raises Refusal where rows or columns are repeated beyond what a table has,
    or a text is longer than any."""
    errors, shows, tail, rest, beyond = 0, False, b"", b"", Beyond()
    while block := file.read(_BLOCK):
        data = tail + block
        errors += sum(data.count(word) - tail.count(word) for word in _ERRORS)
        shows = shows or _SHOWS.search(data) is not None
        tail = b" ".join(data[-1024:].split())[-_CUT:]  # there may be blanks before the nought
        if len(block) >= _LONGEST_TEXT and b"<" not in block:
            raise Refusal("A cell of the workbook holds more than a megabyte of text.", "Shorten it.")
        known = rest + block
        if (repeated := repeats(known)) > 1:
            raise Refusal(
                f"A sheet claims too many cells: one is repeated {repeated:,} times.",
                "Delete its unused rows and columns.",
            )
        if row := beyond.row(block):
            raise Refusal(
                f"A sheet has something in row {row:,}, behind the last row that a sheet has ({HEIGHT:,}).",
                "Delete its unused rows.",
            )
        if column := column_beyond(known):
            raise Refusal(
                f"A sheet has something in column {column:,}, behind the last column that a sheet has ({WIDTH:,}).",
                "Delete its unused columns.",
            )
        rest = known[min(_open_tag(known), max(0, len(known) - _NEAR)) :]
    return Content(errors, shows)


def repeats(data: bytes) -> int:
    """How often a row or a cell with something in it is repeated, where that is more often than a table's; else 0."""
    if b"-repeated=" not in data:
        return 0
    for row in _REPEATED_ROW.finditer(data):
        if (count := int(row[1][:12])) > _MOST_ROWS and _has_value(data, row.end()):
            return count
    cells = [int(cell[1][:12]) for cell in _REPEATED_CELL.finditer(data) if b"value-type=" in cell[0]]
    most = max(cells, default=0)
    return most if most > _MOST_COLUMNS else 0


class Beyond:
    """Looks, block after block of a content.xml, for cells with something in them beyond the last row of a sheet."""

    def __init__(self) -> None:
        self._row = 0
        self._rest = b""

    def row(self, block: bytes) -> int:
        """The number of a row of a sheet (from 1) that is none, and has something in it; 0 where there is no such."""
        data = self._rest + block
        cut = _open_tag(data)
        data, self._rest = data[:cut], data[cut:]
        for number, table in enumerate(data.split(_TABLE_ENDS)):
            if number:
                self._row = 0
            if found := self._row_of(table):
                return found
        return 0

    def _row_of(self, data: bytes) -> int:
        place = 0
        for tag in _ROW_BEGINS.finditer(data):
            if self._row > HEIGHT and b"value-type=" in data[place : tag.start()]:
                return self._row
            said = _ROWS_SAID.search(tag[1]) if b"-repeated" in tag[1] else None
            self._row += max(1, int(said[1][:12])) if said else 1
            place = tag.end()
        return self._row if self._row > HEIGHT and b"value-type=" in data[place:] else 0


def _open_tag(data: bytes) -> int:
    """Where a tag begins that goes on in the next block; the end of the data where there is none."""
    last = data.rfind(b"<")
    return last if last > -1 and b">" not in data[last:] else len(data)


def column_beyond(data: bytes) -> int:
    """The number of a column (from 1) that no sheet has and that has something in it; 0 where there is no such."""
    if b"columns-repeated=" not in data:
        return 0
    far = ((int(cell[1][:12]), cell.end()) for cell in _FAR_CELL.finditer(data))
    return next((empty + 1 for empty, behind in far if empty >= WIDTH and _has_value(data, behind)), 0)


def _has_value(data: bytes, place: int) -> bool:
    """Whether something is in the row that goes on there."""
    return b"value-type=" in data[place : place + _NEAR].partition(b"</table:table-row>")[0]


def written(
    content: IO[bytes], name: str, height: int, width: int, plain: Callable[[float], str]
) -> dict[int, tuple[tuple[int, Callable[[float], str]], ...]]:
    """Row (1-based) -> (column (0-based), how its number is written) of the cells of the sheet `name` that show more
    than their digits (`plain`), within the `height` and `width` that have cells; `Shown` for texts with a tabulator or
    a line end."""
    found: dict[int, tuple[tuple[int, Callable[[float], str]], ...]] = {}
    writers: dict[str, Callable[[float], str]] = {}
    number = 1
    for attributes, inner in _rows(content, name):
        if number > height:
            break
        repeated = _ROWS_REPEATED.search(attributes)
        last = min(height, number + (int(repeated[1]) if repeated else 1) - 1)
        if inner and _SAYS.search(inner):
            cells = tuple(_cells(inner, width, writers, plain))
            if cells:
                found.update(dict.fromkeys(range(number, last + 1), cells))
        number = last + 1
    return found


def widest(content: IO[bytes], name: str) -> int:
    """The columns of the sheet `name` up to the last cell with something in it; its reader gives no more than a sheet
    has."""
    rows = (inner for _, inner in _rows(content, name))
    filled = (end for inner in rows for _, end, said, _ in _spans(inner, sys.maxsize) if b"value-type=" in said)
    return max(filled, default=0)


def numbers(content: IO[bytes], name: str, width: int) -> Iterator[tuple[int, int, dict[int, str]]]:
    """(first row, last row, column -> its number as it stands) of the rows of the sheet `name`, within its `width`;
    rows count from 1, columns from 0."""
    number = 1
    for attributes, inner in _rows(content, name):
        repeated = _ROWS_REPEATED.search(attributes)
        last = number + (int(repeated[1]) if repeated else 1) - 1
        found: dict[int, str] = {}
        for first, end, said, _ in _spans(inner, width) if b"office:value=" in inner else ():
            if value := _VALUE.search(said):
                found.update(dict.fromkeys(range(first, end), value[1].decode()))
        yield number, last, found
        number = last + 1


def _rows(content: IO[bytes], name: str) -> Iterator[tuple[bytes, bytes]]:
    """(attributes, content) of the rows of a sheet."""
    wanted, inside, rest = _escaped(name), False, b""
    while block := content.read(_BLOCK):
        rest += block
        place = 0
        if not inside and (table := next((t for t in _TABLE.finditer(rest) if _called(t[1]) in wanted), None)):
            inside, place = True, table.end()
        end = rest.find(b"</table:table>", place) if inside else 0
        for row in _ROW.finditer(rest, place, end if end > -1 else len(rest)):
            yield row[1], row[2] or b""
            place = row.end()
        if inside and end > -1:
            return
        rest = rest[place if inside else rest.rfind(b"<") :]
        if len(rest) > _LONGEST_ROW:
            return


def _called(attributes: bytes) -> bytes:
    named = _NAME.search(attributes)
    return (named[1] or named[2] or b"") if named else b""


def _escaped(name: str) -> set[bytes]:
    """The ways in which XML may write a sheet's name."""
    plain = name.replace("&", "&amp;").replace("<", "&lt;")
    quoted = plain.replace('"', "&quot;")
    every = {plain, quoted, quoted.replace("'", "&apos;"), quoted.replace(">", "&gt;")}
    every.add(quoted.replace("'", "&apos;").replace(">", "&gt;"))
    return {text.encode() for text in every}


def _cells(
    inner: bytes, width: int, writers: dict[str, Callable[[float], str]], plain: Callable[[float], str]
) -> Iterator[tuple[int, Callable[[float], str]]]:
    """(column, how its number is written) of the cells of a row."""
    for first, end, attributes, shown in _spans(inner, width):
        if any(gap in shown for gap in _GAPS):
            text = Shown(_text(shown))
            yield from ((place, text) for place in range(first, end))
        elif shown and b'"string"' not in attributes and (write := _writer(attributes, shown, writers, plain)):
            yield from ((place, write) for place in range(first, end))


def _text(inner: bytes) -> str:
    """The text of a cell, without the notes beside it: its paragraphs, their lines, blanks for tabulators."""
    begins, *notes = inner.split(_NOTE)
    bare = b"".join((begins, *(note.partition(_NOTE_ENDS)[2] for note in notes)))
    lines = _NEXT_PARAGRAPH.sub(b"\n", _NO_PARAGRAPH.sub(rb"<text:p\1></text:p>", bare))
    spaced = _BLANKS.sub(lambda gap: b" " * int(gap[1] or 1), lines)
    return html.unescape(_TAG.sub(b"", spaced).decode("utf-8", "replace"))


def _spans(inner: bytes, width: int) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(first column, the one behind the last, attributes, content) of the cells of a row."""
    column = 0
    for cell in _CELL.finditer(inner):
        attributes, shown = cell.groups()
        repeated = _CELLS_REPEATED.search(attributes) if b"-repeated" in attributes else None
        first, column = column, min(width, column + (int(repeated[1]) if repeated else 1))
        yield first, column, attributes, shown or b""
        if column >= width:
            return


def _writer(
    attributes: bytes, inner: bytes, writers: dict[str, Callable[[float], str]], plain: Callable[[float], str]
) -> Callable[[float], str] | None:
    """How the number of a cell is written so that nothing of what it shows is lost; None where its digits say it."""
    kind = _TYPE.search(attributes)
    if kind is None:
        return None
    if kind[1] == b"currency" and (currency := _CURRENCY.search(attributes)):
        code = currency[1].decode()
        return writers.setdefault(code, lambda number: f"{plain(number)} {code}")
    if kind[1] == b"percentage":
        return writers.setdefault("%", lambda number: f"{round(number * 100, 10):.15g}%")
    value, shown = _VALUE.search(attributes), _SHOWN.search(inner)
    if kind[1] != b"float" or value is None or shown is None:
        return None
    number = int(value[1]) if value[1].isdigit() else float(value[1])  # a fraction keeps 15 digits only
    text, digits = shown[1].decode("utf-8", "replace").strip(), plain(number)
    if not digits.isdigit() or not _NUMBER.fullmatch(text) or text == digits:
        return None
    bare = "".join(char for char in text if char.isdigit())
    if bare == digits or bare.lstrip("0") != digits.lstrip("0"):
        return None
    return partial(_as_shown, number, text, plain)


def _as_shown(value: float, text: str, plain: Callable[[float], str], number: float) -> str:
    return text if number == value else plain(number)
