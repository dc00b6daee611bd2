"""What the XML of an XLSX sheet says beyond its values: errors, formats, hidden rows, links, formulas never solved.

Loaded by the process that opens workbooks.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.exchange.workbook_cells import column_index
from crmcli.exchange.workbook_guard import Refusal, refuse_doctype, small_part
from crmcli.exchange.workbook_links import address_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zipfile import ZipFile

MAX_MERGED = 100_000
#: Excel itself has no more in a sheet.
MAX_LINKS = 65_530
#: So much is read at once.
_BLOCK = 1 << 20
#: A cell takes no more bytes with its tags; so much is kept of bytes in which none ends.
_LONGEST_CELL = 2 << 20

# A tag ends before the next one begins: without that, many that never end would each be looked at to the last byte.
_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*[^<>/])>([^<]*+(?:<(?!/?(?:\w+:)?c\b)[^<]*+)*+)</(?:\w+:)?c>")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_ADDRESS = re.compile(rb"""\br=["']([A-Za-z]{1,3})(\d{1,7})["']""")
_ERROR_TYPE = re.compile(rb"""\bt=["']e["']""")
_OTHER_TYPE = re.compile(rb"""\bt=["'](?!n["'])""")
_LINKING = re.compile(r'HYPERLINK\(\s*"([^"]{1,2000})"\s*[,;)]', re.IGNORECASE)
_EMPTY_CELL = re.compile(rb"<(?:\w+:)?(?:c|row|col)\b[^<>]*/>")
_ROWS_END = re.compile(rb"</(?:\w+:)?sheetData\s*>")
_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\b[^<>]*\bhidden=["'](?:1|true)["']""")
# It looks once for the first of such attributes: a tag may have thousands of them.
_HIDDEN_COLUMN = re.compile(rb"""<(?:\w+:)?col\b(?>[^<>]*?\bhidden=["'](?:1|true)["'])[^<>]*+>""")
_RANGE = re.compile(rb"""\b(min|max)=["'](\d{1,5})["']""")
_LINK = re.compile(rb"<(?:\w+:)?hyperlink\b([^<>]*)>")
_REF = re.compile(rb"""\bref=["']\$?([A-Za-z]{1,3})\$?(\d{1,7})(?::\$?([A-Za-z]{1,3})\$?(\d{1,7}))?["']""")
_ID = re.compile(rb"""\b\w+:id=["']([^"']+)["']""")
#: So many styles are worth a pattern that finds no other.
_FEW_STYLES = 100
#: A link is given to so many cells of its range at the most.
_WIDEST_LINK = 1000

Writer = "Callable[[float], str]"
#: row (1-based) -> (column (0-based), how its number is written)
Written = dict[int, "tuple[tuple[int, Callable[[float], str]], ...]"]


class Said(NamedTuple):
    """What was found: error cells by row (1-based) and column (0-based), how numbers are written, where cells link to,
    and how many formulas have no stored result and how many rows and columns are hidden."""

    errors: dict[int, list[tuple[int, str]]]
    written: Written
    links: dict[tuple[int, int], str]
    counts: dict[str, int]

    def notes(self) -> list[str]:
        """What a person should know of it."""
        notes = []
        if unsolved := self.counts.get("unsolved", 0):
            notes.append(
                f"{unsolved} formula cells have no stored result and are empty; "
                "open the file in Excel or LibreOffice and save it"
            )
        if rows := self.counts.get("rows", 0):
            what = "1 row of the sheet is" if rows == 1 else f"{rows:,} rows of the sheet are"
            notes.append(f"{what} hidden (by a filter?) and read like the others")
        if columns := self.counts.get("columns", 0):
            what = "1 column of the sheet is" if columns == 1 else f"{columns:,} columns of the sheet are"
            notes.append(f"{what} hidden and read like the others")
        return notes


def scan(archive: ZipFile, name: str, currencies: list[str], plain: Callable[[float], str]) -> Said:
    """One pass through the XML of the sheet `name`. Raises Refusal for what no spreadsheet program writes."""
    said = Said({}, {}, {}, {})
    part = _sheet_part(archive, name)
    if not part:
        return said
    targets = _targets(archive, part)
    styles = _styles(archive, frozenset(currencies), plain)
    ids = b"|".join(str(number).encode() for number in styles) if len(styles) < _FEW_STYLES else rb"\d{1,5}"
    styled = re.compile(rb"""<(?:\w+:)?c\b(?=[^<>]*\bs=["'](""" + ids + rb""")["'])([^<>]*[^<>/])>""")
    known: dict[Any, Any] = {}
    row = 0
    cells: list[Any] = []
    for inside, data in _pieces(archive, part):
        if not inside:
            _behind(data, targets, said)
            continue
        # Plain substring searches first: the patterns are ten times slower.
        if b'hidden="' in data or b"hidden='" in data:
            _hidden(data, said.counts)
        if b'"e"' in data or b"'e'" in data or b"f>" in data:
            _cells(data, said)
        for match in styled.finditer(data) if styles else ():
            where = _ADDRESS.search(match[2])
            if where and (write := styles.get(int(match[1]))):
                if int(where[2]) != row:
                    _write(said.written, row, cells, known)
                    row, cells = int(where[2]), []
                cells.append((column_index(where[1].decode()), write))
    _write(said.written, row, cells, known)
    return said


def _write(written: Written, row: int, cells: list[Any], known: dict[Any, Any]) -> None:
    """Note how the `cells` of a row are written; most rows have the same ones, which are kept once."""
    if cells:
        every = (*written.get(row, ()), *cells)
        written[row] = known.setdefault(every, every)


def _cells(data: bytes, said: Said) -> None:
    """Error cells, which calamine drops; formulas that have no stored result or make a link."""
    for cell in _CELL.finditer(data):
        attributes, inner = cell[1], cell[2]
        if _ERROR_TYPE.search(attributes):
            where, value = _ADDRESS.search(attributes), _VALUE.search(inner)
            if where and value:
                code = value[1].decode("utf-8", "replace").strip()
                said.errors.setdefault(int(where[2]), []).append((column_index(where[1].decode()), code))
            continue
        if _FORMULA.search(inner) is None:
            continue
        if not _VALUE.search(inner) and b"t=" not in attributes:
            said.counts["unsolved"] = said.counts.get("unsolved", 0) + 1
        if b"HYPERLINK(" in inner and len(said.links) < MAX_LINKS:
            link = _LINKING.search(html.unescape(inner.decode("utf-8", "replace")))
            where, target = _ADDRESS.search(attributes), address_of(link[1]) if link else ""
            if where and target:
                said.links[int(where[2]), column_index(where[1].decode())] = target


def _hidden(data: bytes, counts: dict[str, int]) -> None:
    counts["rows"] = counts.get("rows", 0) + len(_HIDDEN_ROW.findall(data))
    for column in _HIDDEN_COLUMN.finditer(data):
        ends = {word: int(number) for word, number in _RANGE.findall(column[0])}
        first, last = ends.get(b"min", 1), ends.get(b"max", 1)
        if last < 16_000:  # all columns behind the table hidden says nothing of the table
            counts["columns"] = counts.get("columns", 0) + max(0, last - first + 1)


def _behind(data: bytes, targets: dict[str, str], said: Said) -> None:
    """What stands behind the rows: merged cells and links."""
    said.counts["merged"] = said.counts.get("merged", 0) + data.count(b"mergeCell ")
    if said.counts["merged"] > MAX_MERGED:
        raise Refusal(f"The sheet has more than {MAX_MERGED:,} merged cells.", "Unmerge them, or save it as CSV.")
    for link in _LINK.finditer(data) if targets else ():
        where, number = _REF.search(link[1]), _ID.search(link[1])
        target = targets.get(number[1].decode("utf-8", "replace"), "") if number else ""
        if not where or not target:
            continue
        top, left = int(where[2]), column_index(where[1].decode())
        bottom, right = int(where[4] or top), column_index(where[3].decode()) if where[3] else left
        if (bottom - top + 1) * (right - left + 1) > _WIDEST_LINK:
            bottom, right = top, left
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if len(said.links) < MAX_LINKS:
                    said.links[row, column] = target


def _targets(archive: ZipFile, part: str) -> dict[str, str]:
    """Id of a link of a sheet -> the address, telephone number or page that it opens."""
    from xml.etree import ElementTree

    folder, _, name = part.rpartition("/")
    wanted = f"{folder}/_rels/{name}.rels".lower()
    links = next((entry for entry in archive.namelist() if entry.lower() == wanted), "")
    if not links:
        return {}
    found = {}
    for link in ElementTree.fromstring(small_part(archive, links)):
        target = address_of(link.get("Target", "")) if link.get("Type", "").endswith("/hyperlink") else ""
        if target:
            found[link.get("Id", "")] = target
    return found


def _styles(
    archive: ZipFile, currencies: frozenset[str], plain: Callable[[float], str]
) -> dict[int, Callable[[float], str]]:
    """Number of a cell style -> how it writes numbers, for those that say more than digits."""
    from xml.etree import ElementTree

    from crmcli.exchange.workbook_formats import BUILT_IN, writer

    part = next((name for name in archive.namelist() if name.lower() == "xl/styles.xml"), "")
    if not part:
        return {}
    root = ElementTree.fromstring(small_part(archive, part))
    codes = dict(BUILT_IN)
    for element in root.iter():
        if element.tag.endswith("}numFmt"):
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
    writers = {number: writer(code, currencies, plain) for number, code in codes.items()}
    cells = next((element for element in root if element.tag.endswith("}cellXfs")), ())
    found = ((number, writers.get(style.get("numFmtId", ""))) for number, style in enumerate(cells))
    return {number: write for number, write in found if write}


def _pieces(archive: ZipFile, part: str) -> Iterator[tuple[bool, bytes]]:
    """(whether it is before the end of the rows, unpacked bytes of a part), cut behind a cell, then behind a tag."""
    rest, inside, first = b"", True, True
    with archive.open(part) as file:
        while block := file.read(_BLOCK):
            data = rest + block
            if first:
                refuse_doctype(data)  # it can only stand before the root element
                first = False
            if inside and b"sheetData>" in data and (end := _ROWS_END.search(data)):
                yield True, data[: end.start()]
                inside, data = False, data[end.end() :]
            cut = (data.rfind(b"</c>") + 4 if inside else data.rfind(b">") + 1) or 0
            if inside and cut == 3:
                cut = data.rfind(b":c>") + 3
            if cut > 3 or (cut and not inside):
                yield inside, data[:cut]
                rest = data[cut:]
            elif inside and len(data) > _LONGEST_CELL and not _EMPTY_CELL.search(data, len(data) - _BLOCK):
                raise Refusal("A cell of the sheet holds more than a megabyte of text.", "Shorten it.")
            else:
                rest = data[-_LONGEST_CELL:]
    yield inside, rest


def numbers(archive: ZipFile, name: str) -> Iterator[tuple[int, int, dict[int, str]]]:
    """(row, row, column -> its number as it stands) of the rows of the sheet `name` that have numbers; rows count from
    1, columns from 0."""
    part = _sheet_part(archive, name)
    row = 0
    found: dict[int, str] = {}
    for inside, data in _pieces(archive, part) if part else ():
        for cell in _CELL.finditer(data) if inside else ():
            where, value = _ADDRESS.search(cell[1]), _VALUE.search(cell[2])
            if where is None or value is None or _OTHER_TYPE.search(cell[1]):
                continue
            if int(where[2]) != row:
                yield row, row, found
                row, found = int(where[2]), {}
            found[column_index(where[1].decode())] = value[1].decode("utf-8", "replace").strip()
    yield row, row, found


def _sheet_part(archive: ZipFile, name: str) -> str:
    """The archive's name of the part that holds the sheet `name`, "" where the maker's paths are unusual."""
    from xml.etree import ElementTree

    parts = {entry.lower(): entry for entry in archive.namelist()}
    book, links = parts.get("xl/workbook.xml", ""), parts.get("xl/_rels/workbook.xml.rels", "")
    if not book or not links:
        return ""
    targets = {link.get("Id"): link.get("Target", "") for link in ElementTree.fromstring(small_part(archive, links))}
    for element in ElementTree.fromstring(small_part(archive, book)).iter():
        if element.tag.endswith("}sheet") and element.get("name") == name:
            link = next((value for key, value in element.items() if key.endswith("}id")), "")
            target = targets.get(link, "")
            target = target.lstrip("/") if target.startswith("/") else "xl/" + target
            return parts.get(target.lower(), "")
    return ""
