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
    edited,
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
    """Directory entries that all point at one local entry of 8 MiB, too few to unpack to too much."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("xl/workbook.xml", b" " * (8 << 20))
    data = out.getvalue()
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, tail = data[at:end], bytearray(data[end:])
    names = [b"xl/workbook.xml", *(b"xl/w%07d.xml" % number for number in range(20))]
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


def _wide_laughs(styles: bytes) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-16"?>' + LAUGHS.decode() + styles.decode()).encode("utf-16")


def _wide_query(path: Path) -> None:
    """Excel keeps its queries in UTF-16."""
    xlsx(path)
    with zipfile.ZipFile(path, "a") as new:
        new.writestr("customXml/item1.xml", '<?xml version="1.0" encoding="utf-16"?><DataMashup/>'.encode("utf-16"))


def _long_kind(path: Path) -> None:
    """A part of 160 MiB, packed too badly for a bomb, where other files say in a few letters what they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new, new.open("mimetype", "w") as part:
        for number in range(40):
            part.write(random.Random(number).randbytes(20_000) + bytes((4 << 20) - 20_000))


def _again(name: int, members: int, value: str = "1") -> str:
    """A JSON object with one long key, whose object has many members."""
    below = ", ".join(f'"c{number}": {value}' for number in range(members))
    return f'[{{"{"k" * name}": {{{below}}}}}]'


_FAR = b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"
_EMPTY = b"".join(b'<row r="%d" s="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(10, 300_010))
_MERGES = (
    b"<mergeCells>" + b"".join(b'<mergeCell ref="A%d:B%d"/>' % (n, n) for n in range(1, 250_000)) + b"</mergeCells>"
)
#: Merged cells that overlap, which no program writes, over so many rows.
_MERGED_DOWN = (
    b"<mergeCells>" + b"".join(b'<mergeCell ref="A3:A%d"/>' % n for n in range(10_000, 60_000)) + b"</mergeCells>"
)
_ROWS = b"".join(b"<row r='%d'><c r='A%d'><v>1</v></c></row>" % (n, n) for n in range(9, 3009))
_OFTEN = 'table:number-rows-repeated="99999"><table:table-row '
_ROW_REPEATED_OFTEN = "<table:table-row" + ' table:number-rows-repeated="99999"' * 20_000
_HTML = b"<html><head><meta charset=utf-8></head><body><table><tr><td>name</td></tr></table></body></html>"
_XML_2003 = (
    b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
)
_MHTML = (
    b'MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary="--a"\r\n\r\n'
    b"----a\r\nContent-Location: file:///C:/a.htm\r\nContent-Type: text/html\r\n\r\n" + _HTML
)
_ODS_STYLE = '<style style:name="ce1"><a fo:background-color="#ff0000" fo:color="#000000"/></style>'
_ODS_STYLES = f"<office:automatic-styles>{_ODS_STYLE * 16_000}</office:automatic-styles>"
_PAIR = ods_row("name", "city") + ods_row("Ada", "London")


def _blank(rows: int, columns: int = 16_384) -> str:
    """A row of an ODS sheet with nothing in it, so often."""
    cells = f'<table:table-cell table:number-columns-repeated="{columns}"/>'
    return f'<table:table-row table:number-rows-repeated="{rows}">{cells}</table:table-row>'


def _far_cell(columns: int) -> str:
    return _blank(1, columns).replace("/></", '/><table:table-cell office:value-type="float" office:value="1"/></')


CASES = [
    Case("bomb of 256 MiB.xlsx", lambda p: _bomb(p, 256 << 20), "looks like a zip bomb"),
    Case("part that lies about its size.xlsx", _quoted_part, "lies|damaged|zip bomb"),
    Case("nested zips.xlsx", _nested, "ZIP archive"),
    Case("overlapping entries.xlsx", _overlapping, "parts overlap"),
    Case(
        "laughs in strings.xlsx", lambda p: declaring(p, STRINGS, LAUGHS, b"&j;", shared), "document type declaration"
    ),
    Case("laughs in sheet.xlsx", lambda p: declaring(p, SHEET, LAUGHS), "document type declaration"),
    Case("laughs in book.xlsx", lambda p: declaring(p, BOOK, LAUGHS), "document type declaration"),
    Case("laughs in styles.xlsx", lambda p: declaring(p, STYLES, LAUGHS), "document type declaration"),
    Case("laughs behind.xlsx", lambda p: declaring(p, STYLES, b"<!--%070000d-->" % 0 + LAUGHS), "document type decl"),
    Case("laughs in comment.xlsx", lambda p: declaring(p, SHEET, b"<!-- <a> -->" + LAUGHS), "document type decl"),
    Case("wide laughs.xlsx", lambda p: edited(p, STYLES, _wide_laughs), "UTF-16"),
    Case("wide part that nobody opens.xlsx", _wide_query, ""),
    Case("laughs in types.xlsx", lambda p: declaring(p, "[Content_Types].xml", LAUGHS), "document type declaration"),
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
    Case("row behind half a million.ods", lambda p: ods(p, _PAIR + _blank(500_000) + _PAIR), ""),
    Case("row behind too many.ods", lambda p: ods(p, _PAIR + _blank(1_048_573) + _PAIR), "row 1,048,577"),
    Case("row behind 10^9.ods", lambda p: ods(p, _PAIR + _blank(10**9) + _PAIR), "row 1,000,000,003"),
    Case("cell behind 10^9.ods", lambda p: ods(p, _PAIR + _far_cell(10**9)), "column 1,000,000,001"),
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
    Case("rows that open.ods", lambda p: ods(p, _PAIR + "<table:table-row " + _OFTEN * 20_000), "damaged"),
    Case("cells that do not open.xlsx", lambda p: rows_of(p, b"<row><c t='e'/>" + b"<c " * 200_000), "damaged"),
    Case("column said to be hidden often.xlsx", lambda p: rows_of(p, b"<col " + b'hidden="1" ' * 60_000), "damaged"),
    Case("row said to be repeated often.ods", lambda p: ods(p, _PAIR + _ROW_REPEATED_OFTEN), "damaged"),
    Case("merged again.xlsx", lambda p: rows_of(p, _ROWS, behind=_MERGED_DOWN), ""),
    Case("long kind.ods", _long_kind, "ZIP archive|damaged"),
    Case("styles of 1 MB.ods", lambda p: ods(p, _PAIR, before=_ODS_STYLES), ""),
    Case("empty rows of 1 MB.ods", lambda p: ods(p, _PAIR + ods_row(columns=2) * 17_000), ""),
    Case("key again.json", lambda p: p.write_text(_again(100_000, 10_000)), "names of nested keys"),
    Case("keys without values.json", lambda p: p.write_text(_again(1_000_000, 50_000, "{}")), "names of nested keys"),
    Case("address.csv", lambda p: p.write_text("a,b\nx," + "@." * 900 + " x\n"), ""),
    Case("letters.csv", lambda p: p.write_bytes(b"name,city\nAndr\xe9," + b"a" * 40_000), ""),
    Case("digits.csv", lambda p: p.write_text(f"a,b{'1' * 40_000}x,c\n1,2,3\n"), ""),
    Case("breaks.csv", lambda p: p.write_text('a,"b-' + "\n" * 40_000 + '",c\n1,2,3\n'), ""),
    Case("names.csv", lambda p: p.write_text("a," * 16_383 + "\n1,2\n"), ""),
    Case("more names.csv", lambda p: p.write_text("a," * 30_000 + "\n1,2\n"), "30,001 columns.*--delimiter"),
    Case("wide.csv", lambda p: p.write_text("Name," * 3_000_000), "16,384.*--delimiter"),
    Case("wide behind a sample.csv", lambda p: p.write_text("x" * 300_000 + "," * 100_000 + "\n"), "100,001 columns"),
    Case("wide below.csv", lambda p: p.write_text("ab,\n" + "a," * 8_000_000), "16,384"),
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
