"""Workbooks that a test needs and no library writes: parts changed, ODS and XLS by hand, hostile ones."""

from __future__ import annotations

import re
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

SHEET, BOOK, STYLES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"
STRINGS, LINKS = "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"

LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def xlsx(
    path: Path, rows: Iterable[Sequence[Any]] = (("name", "city"), ("Ada", "London")), title: str = "Sheet"
) -> Path:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def edited(path: Path, part: str, change: Callable[[bytes], bytes], source: Path | None = None) -> Path:
    """A workbook with one part changed (of `source`, else of a small one)."""
    source = source or xlsx(path.with_name("plain.xlsx"))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return path


def without(path: Path, part: str) -> Path:
    """A workbook that lacks one part."""
    source = xlsx(path.with_name("plain.xlsx"))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
    return path


def rows_of(path: Path, rows: bytes, before: bytes = b"", behind: bytes = b"") -> Path:
    """A workbook whose sheet has more rows, as XML; `before` stands before the rows, `behind` behind them."""

    def change(data: bytes) -> bytes:
        return data.replace(b"<sheetData>", before + b"<sheetData>").replace(
            b"</sheetData>", rows + b"</sheetData>" + behind
        )

    return edited(path, SHEET, change)


def shared(path: Path, rows: Iterable[list[str]] = (["name"], ["Ada"]), more: bytes = b"") -> Path:
    """A workbook whose texts stand in a table of their own, as Excel writes them; `more` are further ones, as XML."""
    texts: dict[str, int] = {}

    def cell(place: int, number: int, text: str) -> str:
        return f'<c r="{chr(65 + place)}{number}" t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'

    lines = "".join(
        f'<row r="{number}">{"".join(cell(place, number, text) for place, text in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    )
    office = "http://schemas.openxmlformats.org"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    link = (
        '<Relationship Id="rId99" Target="sharedStrings.xml" '
        f'Type="{office}/officeDocument/2006/relationships/sharedStrings"/>'
    )
    changes = {
        SHEET: (rb"<sheetData>.*</sheetData>", f"<sheetData>{lines}</sheetData>"),
        LINKS: (rb"</Relationships>", f"{link}</Relationships>"),
        "[Content_Types].xml": (rb"</Types>", f'<Override PartName="/{STRINGS}" ContentType="{kind}"/></Types>'),
    }
    source = xlsx(path.with_name("plain.xlsx"), [["x"]])
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            pattern, text = changes.get(name, (rb"(?!)", ""))
            new.writestr(name, re.sub(pattern, text.encode(), old.read(name)))
        table = "".join(f"<si><t>{text}</t></si>" for text in texts)
        declared = f'<?xml version="1.0"?><sst xmlns="{office}/spreadsheetml/2006/main">{table}'
        new.writestr(STRINGS, declared.encode() + more + b"</sst>")
    return path


def declaring(
    path: Path, part: str, doctype: bytes, use: bytes = b"", make: Callable[[Path], Path] | None = None
) -> Path:
    """A workbook with a document type declaration in one part, and its entity used."""

    def change(data: bytes) -> bytes:
        declaration, found, rest = data.partition(b"?>")
        text = declaration + found + doctype + rest if found else doctype + data
        return text.replace(b"Ada", use or b"Ada")

    return edited(path, part, change, make(path.with_name("made.xlsx")) if make else None)


def archive(path: Path, **parts: bytes | str) -> Path:
    """A ZIP archive; `word__document.xml` is the part word/document.xml."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name, data in parts.items():
            new.writestr(name.replace("__", "/").replace("--", "_"), data)
    return path


_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def ods(path: Path, rows: str, doctype: str = "", name: str = "S", before: str = "") -> Path:
    """An ODS file of one sheet with these rows, as XML; `before` stands before the sheets."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        new.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{doctype}<office:document-content {_SPACES} xmlns:calcext="urn:x" '
            f'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:style="urn:s" xmlns:fo="urn:f">'
            f"{before}<office:body><office:spreadsheet>"
            f'<table:table table:name="{name}">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        new.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def ods_row(*texts: str, rows: int = 1, columns: int = 1) -> str:
    """A row of an ODS sheet, and each of its cells, so often."""
    cells = "".join(
        f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string">'
        f"<text:p>{text}</text:p></table:table-cell>"
        for text in texts
    )
    return f'<table:table-row table:number-rows-repeated="{rows}">{cells}</table:table-row>'


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def xls(
    path: Path,
    rows: Iterable[tuple[int, int, str | float]] = ((0, 0, "name"), (1, 0, "Ada")),
    *,
    password: bool = False,
) -> Path:
    """An XLS file (BIFF8) of one sheet with these (row, column, value)."""
    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 0x0600)
    locked = _record(0x2F, struct.pack("<HHH", 1, 1, 1) + b"\x07" * 48) if password else b""
    head = _record(0x809, begin) + locked
    sheet_at = len(head) + 4 + 8 + len("Sheet") + 4
    head += _record(0x85, struct.pack("<IBBBB", sheet_at, 0, 0, len("Sheet"), 0) + b"Sheet") + _record(0x0A)
    body = _record(0x809, struct.pack("<HH", 0x0600, 0x0010) + begin[4:])
    for row, column, value in rows:
        if isinstance(value, str):
            text = value.encode("utf-16-le")
            body += _record(0x204, struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1) + text)
        else:
            body += _record(0x203, struct.pack("<HHHd", row, column, 0, value))
    path.write_bytes(ole({"Workbook": head + body + _record(0x0A)}))
    return path


def ole(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file: allocation table, directory, and the streams, each of at least 4096 bytes."""
    sectors, chains, entries = [], [], []
    for name, data in streams.items():
        size = max(4096, len(data))
        first = 2 + len(sectors)
        count = -(-size // 512)
        padded = data.ljust(count * 512, b"\0")
        sectors += [padded[at : at + 512] for at in range(0, len(padded), 512)]
        chains += [*range(first + 1, first + count), 0xFFFFFFFE]
        entries.append((name, 2, first, size))
    table = [0xFFFFFFFD, 0xFFFFFFFE, *chains]
    assert len(table) <= 128, "one sector of the table must do"
    directory = b""
    for place, (name, kind, first, size) in enumerate([("Root Entry", 5, 0xFFFFFFFE, 0), *entries]):
        text = (name + "\0").encode("utf-16-le")
        child = 1 if kind == 5 else 0xFFFFFFFF
        right = place + 1 if 0 < place < len(entries) else 0xFFFFFFFF
        directory += text.ljust(64, b"\0") + struct.pack(
            "<HBBIII16sIQQIQ", len(text), kind, 1, 0xFFFFFFFF, right, child, b"", 0, 0, 0, first, size
        )
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHH6sIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
    )
    header += struct.pack("<109I", 0, *([0xFFFFFFFF] * 108))
    fat = struct.pack("<128I", *table, *([0xFFFFFFFF] * (128 - len(table))))
    return header.ljust(512, b"\0") + fat + directory.ljust(512, b"\0")[:512] + b"".join(sectors)


def lying(path: Path, part: str, size: int) -> Path:
    """A workbook that says, before the part and in its directory, that a part unpacks to `size` bytes."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as old:
        place = old.getinfo(part).header_offset
        count = len(old.infolist())
    struct.pack_into("<I", data, place + 22, size)
    at = struct.unpack_from("<I", data, data.rindex(b"PK\x05\x06") + 16)[0]
    for _ in range(count):
        name, extra, comment = struct.unpack_from("<HHH", data, at + 28)
        if data[at + 46 : at + 46 + name] == part.encode():
            struct.pack_into("<I", data, at + 24, size)
        at += 46 + name + extra + comment
    path.write_bytes(bytes(data))
    return path
