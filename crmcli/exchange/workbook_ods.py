"""What cells of an ODS file show beyond their values, read from its XML: the currency, per cent, noughts in front.

Loaded by the process that opens workbooks; it imports nothing of the package.
"""

from __future__ import annotations

import re
from functools import partial
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 1 << 20
#: A row and what of a sheet may be longer: beyond that something is no table of a person's.
_LONGEST = 64 << 20
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
_SHOWN = re.compile(rb"<text:p\b[^>]*>([^<]*)</text:p>\s*$")
#: What a row has that says more than its values; a look for that spares most rows the patterns.
_SAYS = re.compile(rb"""office:currency=|value-type=["']percentage|>\s*0\d""")
#: A text of digits, and of what parts those of telephones and postal codes.
_NUMBER = re.compile(r"[\d+()/. -]+")


#: So often a row or a cell with something in it is repeated at the most.
_MOST_ROWS, _MOST_COLUMNS = 65_536, 2_000
_REPEATED_ROW = re.compile(
    rb"""table:number-rows-repeated=["'](\d{5,})["'][^>]*(?<!/)>(?=((?:(?!</table:table-row>).){0,4000}))""", re.DOTALL
)
_REPEATED_CELL = re.compile(rb"""<table:table-cell\b[^>]*\btable:number-columns-repeated=["'](\d{4,})["'][^>]*>""")


def repeats(data: bytes) -> int:
    """How often a row or a cell with something in it is repeated, where that is more often than a table's; else 0."""
    if b"-repeated=" not in data:
        return 0
    found = [int(row[1][:12]) for row in _REPEATED_ROW.finditer(data) if b"value-type=" in row[2]]
    most = max(found, default=0)
    if most > _MOST_ROWS:
        return most
    cells = [int(cell[1][:12]) for cell in _REPEATED_CELL.finditer(data) if b"value-type=" in cell[0]]
    most = max(cells, default=0)
    return most if most > _MOST_COLUMNS else 0


def written(
    content: IO[bytes], name: str, height: int, width: int, plain: Callable[[float], str]
) -> dict[int, tuple[tuple[int, Callable[[float], str]], ...]]:
    """Row (1-based) -> (column (0-based), how its number is written) of the cells of the sheet `name` that show more
    than their digits (`plain`), within the `height` and `width` that have cells."""
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
        if len(rest) > _LONGEST:
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
    column = 0
    for cell in _CELL.finditer(inner):
        attributes, shown = cell.groups()
        repeated = _CELLS_REPEATED.search(attributes) if b"-repeated" in attributes else None
        last = min(width, column + (int(repeated[1]) if repeated else 1))
        if shown and b'"string"' not in attributes and (write := _writer(attributes, shown, writers, plain)):
            yield from ((place, write) for place in range(column, last))
        column = last
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
    text, digits = shown[1].decode("utf-8", "replace").strip(), plain(float(value[1]))
    if not digits.isdigit() or not _NUMBER.fullmatch(text) or text == digits:
        return None
    bare = "".join(char for char in text if char.isdigit())
    if bare == digits or bare.lstrip("0") != digits.lstrip("0"):
        return None
    return partial(_as_shown, float(value[1]), text, plain)


def _as_shown(value: float, text: str, plain: Callable[[float], str], number: float) -> str:
    return text if number == value else plain(number)
