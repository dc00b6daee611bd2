"""Workbooks that were made to hurt, or that only look like workbooks: how each is made, and what its refusal says."""

from __future__ import annotations

import base64
import io
import random
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from tests.support.workbooks import (
    BOOK,
    LAUGHS,
    LINKS,
    OUTSIDE,
    SHEET,
    STRINGS,
    STYLES,
    archive,
    declaring,
    lying,
    ods,
    ods_row,
    ole,
    rows_of,
    shared,
    without,
    xls,
    xlsx,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Case(NamedTuple):
    """A file: its name, who makes it, and what its refusal says ("" where it is read)."""

    name: str
    build: Callable[[Path], object]
    says: str


def _huge_cell(b: bytes) -> bytes:
    return b"<row r='9'><c r='A9' t='inlineStr'><is><t>" + b + b"</t></is></c></row>"


def _bomb(path: Path, size: int) -> None:
    """A workbook whose sheet has one cell of so many equal letters, written piece by piece."""
    before, _, behind = _huge_cell(b"#").partition(b"#")
    with (
        zipfile.ZipFile(xlsx(path.with_name("plain.xlsx"))) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            top, end, rest = old.read(name).partition(b"</sheetData>")
            with new.open(name, "w") as part:
                part.write(top)
                if name == SHEET:
                    part.write(before)
                    for _ in range(size >> 20):
                        part.write(b"x" * (1 << 20))
                    part.write(behind)
                part.write(end + rest)


def _noise(size: int) -> bytes:
    """Letters that do not compress beyond three quarters."""
    return base64.b64encode(random.Random(1).randbytes(size * 3 // 4))


def _nested(path: Path) -> None:
    data = b"\0" * (1 << 22)
    for level in range(5):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for number in range(10):
                new.writestr(f"{level}-{number}.zip", data)
        data = out.getvalue()
    path.write_bytes(data)


def _overlapping(path: Path) -> None:
    """Many directory entries that all point at one local entry of 8 MiB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("xl/workbook.xml", b" " * (8 << 20))
    data = out.getvalue()
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, tail = data[at:end], bytearray(data[end:])
    names = [b"xl/workbook.xml", *(b"xl/w%07d.xml" % number for number in range(200))]
    directory = b"".join(entry[:46] + name + entry[46 + len(name) :] for name in names)
    tail[8:12] = len(names).to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    path.write_bytes(data[:at] + directory + bytes(tail))


def _strings(path: Path, count: int) -> None:
    text = b"".join(b"<si><t>%032d</t></si>" % number for number in range(count))
    shared(path, [["name"], ["Ada"]], text)


def _quoted_part(path: Path) -> None:
    """A part of 30 MiB whose directory entry says 1,000 bytes."""
    _bomb(path, 30 << 20)
    lying(path, SHEET, 1000)


def _corrupt(path: Path) -> None:
    data = bytearray(xlsx(path).read_bytes())
    with zipfile.ZipFile(path) as old:
        info = old.getinfo(SHEET)
    start = info.header_offset + 30 + len(SHEET)
    for place in range(start + 10, start + info.compress_size - 10, 3):
        data[place] ^= 0x5A
    path.write_bytes(bytes(data))


def _slip(path: Path) -> None:
    xlsx(path)
    with zipfile.ZipFile(path, "a") as new:
        new.writestr("../../../tmp/slipped", b"x")
        new.writestr("/etc/slipped", b"x")


def _truncated(path: Path) -> None:
    path.write_bytes(xlsx(path).read_bytes()[:-300])


def _locked_ods(path: Path) -> None:
    archive(
        path,
        mimetype="application/vnd.oasis.opendocument.spreadsheet",
        **{"content.xml": b"\x93" * 500, "META-INF__manifest.xml": b"<manifest:encryption-data/>"},
    )


_FAR = b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"
_EMPTY = b"".join(b'<row r="%d" s="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(10, 300_010))
_MERGES = (
    b"<mergeCells>" + b"".join(b'<mergeCell ref="A%d:B%d"/>' % (n, n) for n in range(1, 250_000)) + b"</mergeCells>"
)
_HTML = b"<html><head><meta charset=utf-8></head><body><table><tr><td>name</td></tr></table></body></html>"
_XML_2003 = (
    b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
)
_MHTML = (
    b'MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary="--a"\r\n\r\n'
    b"----a\r\nContent-Location: file:///C:/a.htm\r\nContent-Type: text/html\r\n\r\n" + _HTML
)
_PAIR = ods_row("name", "city") + ods_row("Ada", "London")

CASES = [
    Case("bomb of 256 MiB.xlsx", lambda p: _bomb(p, 256 << 20), "looks like a zip bomb"),
    Case("part that lies about its size.xlsx", _quoted_part, "lies|damaged|zip bomb"),
    Case("nested zips.xlsx", _nested, "ZIP archive"),
    Case("overlapping entries.xlsx", _overlapping, "unpacks to|overlap"),
    Case(
        "laughs in strings.xlsx", lambda p: declaring(p, STRINGS, LAUGHS, b"&j;", shared), "document type declaration"
    ),
    Case("laughs in sheet.xlsx", lambda p: declaring(p, SHEET, LAUGHS), "document type declaration"),
    Case("laughs in book.xlsx", lambda p: declaring(p, BOOK, LAUGHS), "document type declaration"),
    Case("laughs in styles.xlsx", lambda p: declaring(p, STYLES, LAUGHS), "document type declaration"),
    Case("laughs in links.xlsx", lambda p: declaring(p, LINKS, LAUGHS), "document type declaration"),
    Case("laughs in content.ods", lambda p: ods(p, _PAIR, LAUGHS.decode()), "document type declaration"),
    Case("outside entity.xlsx", lambda p: declaring(p, STRINGS, OUTSIDE, b"&e;", shared), "document type declaration"),
    Case("outside entity in sheet.xlsx", lambda p: declaring(p, SHEET, OUTSIDE), "document type declaration"),
    Case("outside entity.ods", lambda p: ods(p, _PAIR, OUTSIDE.decode()), "document type declaration"),
    Case("sparse.xlsx", lambda p: rows_of(p, _FAR), "cells"),
    Case("sparse.xls", lambda p: xls(p, [(0, 0, "a"), (65535, 255, 1.0)]), "cells"),
    Case("half sparse.xlsx", lambda p: rows_of(p, b"<row r='1048576'><c r='AB1048576'><v>1</v></c></row>"), "cells"),
    Case("empty styled rows.xlsx", lambda p: rows_of(p, _EMPTY), ""),
    Case("repeated rows.ods", lambda p: ods(p, _PAIR + ods_row("x", rows=10**9)), "cells"),
    Case("repeated empty rows.ods", lambda p: ods(p, _PAIR + ods_row(rows=10**9)), ""),
    Case("repeated columns.ods", lambda p: ods(p, _PAIR + ods_row("x", columns=10**9)), "cells"),
    Case("repeated both.ods", lambda p: ods(p, _PAIR + ods_row("x", rows=1048576, columns=16384)), "cells"),
    Case("merges.xlsx", lambda p: rows_of(p, b"", behind=_MERGES), "merged"),
    Case("strings.xlsx", lambda p: _strings(p, 700_000), "shared|strings|memory"),
    Case("long string.xlsx", lambda p: _bomb(p, 40 << 20), "zip bomb|character"),
    Case("noise of 6 MB.xlsx", lambda p: rows_of(p, _huge_cell(_noise(6 << 20))), "megabyte of text"),
    Case(
        "shared noise.xlsx", lambda p: shared(p, more=b"<si><t>" + _noise(6 << 20) + b"</t></si>"), "megabyte of text"
    ),
    Case("noise of 6 MB.ods", lambda p: ods(p, _PAIR + ods_row(_noise(6 << 20).decode())), "megabyte of text"),
    Case("password.xlsx", lambda p: p.write_bytes(ole({"EncryptedPackage": b"x", "EncryptionInfo": b"y"})), "password"),
    Case("password.xls", lambda p: xls(p, password=True), "password"),
    Case("password.ods", _locked_ods, "password"),
    Case("page.xls", lambda p: p.write_bytes(_HTML), "HTML"),
    Case("table alone.xls", lambda p: p.write_bytes(b"<table border=1><tr><th>name</th></tr></table>"), "HTML"),
    Case("style first.xls", lambda p: p.write_bytes(b"<style>td{x}</style><table><tr><td>a</td></tr></table>"), "HTML"),
    Case("xml of 2003.xls", lambda p: p.write_bytes(_XML_2003), "XML spreadsheet of 2003"),
    Case(
        "wide xml of 2003.xls", lambda p: p.write_bytes(_XML_2003.decode().encode("utf-16")), "XML spreadsheet of 2003"
    ),
    Case("web archive.xls", lambda p: p.write_bytes(_MHTML), "web archive"),
    Case("document.xlsx", lambda p: archive(p, **{"word/document.xml": b"<w/>"}), "Word"),
    Case("slides.xlsx", lambda p: archive(p, **{"ppt/presentation.xml": b"<p/>"}), "PowerPoint"),
    Case("text.xlsx", lambda p: archive(p, mimetype="application/vnd.oasis.opendocument.text"), "OpenDocument text"),
    Case("program.xlsx", lambda p: archive(p, **{"META-INF/MANIFEST.MF": b"x", "A.class": b"x"}), "Java"),
    Case("plain zip.xlsx", lambda p: archive(p, **{"leads.csv": b"name\nAda"}), "ZIP archive.*leads.csv"),
    Case("binary.xlsb", lambda p: archive(p, **{"xl/workbook.bin": b"x"}), "XLSB"),
    Case("table.numbers", lambda p: archive(p, **{"Index/Document.iwa": b"x", "preview.jpg": b"x"}), "Numbers"),
    Case("truncated.xlsx", _truncated, "damaged|incomplete"),
    Case("corrupt.xlsx", _corrupt, "damaged"),
    Case("no sheet.xlsx", lambda p: without(p, SHEET), "damaged|lacks"),
    Case("zip slip.xlsx", _slip, ""),
    Case("old document.xls", lambda p: p.write_bytes(ole({"WordDocument": b"x"})), "not an Excel workbook"),
    Case("text.xlsx.csv", lambda p: xlsx(p), ""),
    Case("rows of text.xlsx", lambda p: p.write_bytes(b"name,city\nAda,London\n"), ""),
]
