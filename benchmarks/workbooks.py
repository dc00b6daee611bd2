"""Imports of workbooks against those of CSV: the same rows as Excel, openpyxl and LibreOffice write them."""

from __future__ import annotations

import csv
import os
import shutil
import statistics
import zipfile
from itertools import chain
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benchmarks import books
from benchmarks.measure import Figure, compare, peak_mb
from crmcli.config import Settings
from crmcli.context import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from benchmarks.run import Bench

ROWS, MORE_ROWS = 50_000, 100_000
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PARTS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns"


def run(bench: Bench, rounds: int = 3) -> None:
    """An import of each kind of workbook against the import of the same rows as CSV, and the memory it takes."""
    empty = bench.folder / "empty.db"
    if not empty.exists():
        Context(Settings({"db": str(empty)}), quiet=True, plugins=False).create(str(empty))
    for rows in (ROWS, MORE_ROWS):
        source = bench.folder / f"leads-{rows}.csv"
        if not source.exists():
            books.make_csv(str(source), rows)
            for kind in MAKERS:
                MAKERS[kind](str(source), f"{source}.{kind}")
    for kind in MAKERS:
        _against_csv(bench, kind, rounds)


def _against_csv(bench: Bench, kind: str, rounds: int) -> None:
    book, empty = bench.folder / "import.db", bench.folder / "empty.db"
    plain = bench.folder / f"leads-{ROWS}.csv"

    def importing(path: str, peaks: list[float] | None = None) -> float:
        bench.fresh(empty, book)
        shutil.copyfile(path, bench.folder / "import.csv")
        took, peak = peak_mb(bench.import_command(), bench.env(book), bench.folder)
        if peaks is not None:
            peaks.append(peak)
        return took

    name = f"import of {ROWS:,} rows as {NAMES[kind]}, to CSV"
    bench.note(compare(name, lambda: importing(f"{plain}.{kind}"), lambda: importing(str(plain)), rounds, 1.5))
    for rows in (ROWS, MORE_ROWS):
        peaks: list[float] = []
        importing(f"{bench.folder / f'leads-{rows}.csv'}.{kind}", peaks)
        # The peak of the larger of the two processes: the program, and the one that opens the workbook.
        name = f"import of {rows:,} rows as {NAMES[kind]}: memory of a process"
        bench.note(Figure(name, statistics.median(peaks), bound=200, unit="MB"))


def _cells(source: str) -> Iterator[tuple[int, list[str | float]]]:
    """(number from 1, cells) of the rows; the column Value holds numbers."""
    with open(source, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        yield 1, list(header)
        value = header.index("Value")
        for number, row in enumerate(rows, 2):
            yield number, [float(cell) if place == value else cell for place, cell in enumerate(row)]


def shared(source: str, path: str) -> None:
    """An XLSX file as Excel writes it."""
    texts: dict[str, int] = {}

    def cell(name: str, value: str | float) -> str:
        if isinstance(value, float):
            return f'<c r="{name}"><v>{value}</v></c>'
        return f'<c r="{name}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>' if value else ""

    def table() -> Iterator[str]:
        for text in texts:
            yield f'<si><t xml:space="preserve">{escape(text)}</t></si>'

    _write(path, _rows(source, cell), table())


def inline(source: str, path: str) -> None:
    """An XLSX file whose cells hold their texts."""

    def cell(name: str, value: str | float) -> str:
        if isinstance(value, float):
            return f'<c r="{name}" t="n"><v>{value}</v></c>'
        return f'<c r="{name}" t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else ""

    _write(path, _rows(source, cell), ())


def _rows(source: str, cell: Callable[[str, str | float], str]) -> Iterator[str]:
    for number, row in _cells(source):
        cells = "".join(cell(f"{chr(65 + place)}{number}", value) for place, value in enumerate(row))
        yield f'<row r="{number}">{cells}</row>'


def _write(path: str, lines: Iterator[str], texts: Iterable[str]) -> None:
    draft = f"{path}.new"
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for line in lines:
                part.write(line.encode())
            part.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w") as part:
            for text in chain((f'<sst xmlns="{_MAIN}">',), texts, ("</sst>",)):
                part.write(text.encode())
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_PARTS}.sheet.main+xml"/></Types>',
        )
        archive.writestr("_rels/.rels", _links(("officeDocument", "xl/workbook.xml")))
        links = _links(("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"))
        archive.writestr("xl/_rels/workbook.xml.rels", links)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Leads" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
    os.replace(draft, path)


def _links(*parts: tuple[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(parts, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'


def ods(source: str, path: str) -> None:
    """An ODS file as LibreOffice writes it."""
    draft = f"{path}.new"
    spaces = " ".join(f'xmlns:{name}="{_OPEN}:{name}:1.0"' for name in ("office", "table", "text"))
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        with archive.open("content.xml", "w") as part:
            part.write(f"<office:document-content {spaces}><office:body><office:spreadsheet>".encode())
            part.write(b'<table:table table:name="Leads">')
            for _, row in _cells(source):
                part.write(f"<table:table-row>{''.join(map(_open_cell, row))}</table:table-row>".encode())
            part.write(b"</table:table></office:spreadsheet></office:body></office:document-content>")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    os.replace(draft, path)


def _open_cell(value: str | float) -> str:
    if isinstance(value, float):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
    return (
        f'<table:table-cell office:value-type="string">{lines}</table:table-cell>' if value else "<table:table-cell/>"
    )


MAKERS = {"shared.xlsx": shared, "inline.xlsx": inline, "ods": ods}
NAMES = {"shared.xlsx": "XLSX", "inline.xlsx": "XLSX with texts in cells", "ods": "ODS"}
