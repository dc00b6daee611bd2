"""What cells of an ODS file show counts: the currency, per cent, noughts in front; wherever the table is."""

from __future__ import annotations

import contextlib
import io
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from crmcli.exchange import workbook_ods
from crmcli.exchange.tables import open_table
from crmcli.exchange.workbook_cells import text_of
from crmcli.exchange.workbook_guard import Refusal

if TYPE_CHECKING:
    from pathlib import Path

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def cell(kind: str, value: str, shown: str, more: str = "") -> str:
    said = f' office:value="{value}"' if value else ""
    inner = f"<text:p>{shown}</text:p>"
    return f'<table:table-cell office:value-type="{kind}"{said}{more}>{inner}</table:table-cell>'


def text(shown: str) -> str:
    return cell("string", "", shown)


def dollars(value: str, code: str = "USD") -> str:
    return cell("currency", value, f"${value}", f' office:currency="{code}"')


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def book(**sheets: str) -> str:
    tables = "".join(f'<table:table table:name="{name}">{rows}</table:table>' for name, rows in sheets.items())
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    return f"<office:document-content {SPACES}>{body}</office:document-content>"


def save(path: Path, content: str) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return str(path)


def test_formats_count_cell_by_cell(tmp_path: Path) -> None:
    empty = '<table:table-cell table:number-columns-repeated="2"/>'
    rows = (
        row(empty, times=3)
        + row(empty, text("name"), text("amount"), text("zip"), text("share"))
        + row(
            empty,
            text("a"),
            dollars("1250.5"),
            cell("float", "1067", "01067"),
            cell("percentage", "1", "100%"),
            times=2,
        )
        + row(empty, text("b"), dollars("3", "GBP"), cell("float", "1067", "1,067"), cell("float", "0.5", "0.5"))
        + row(empty, text("c"), cell("float", "5", "5"), cell("float", "493012345", "+49 30 12345"), text("007"))
        + row('<table:covered-table-cell table:number-columns-repeated="2"/>', text("d"), cell("float", "0", "00"))
    )
    path = save(tmp_path / "t.ods", book(**{"A": row(dollars("9", "EUR")), "S &amp; &apos;T&apos;": rows}))
    with open_table(path, sheet="S & 'T'") as table:
        found = [one.cells for one in table.rows]
    assert found == [
        ["a", "1250.5 USD", "01067", "100%"], ["a", "1250.5 USD", "01067", "100%"], ["b", "3 GBP", "1067", "0.5"],
        ["c", "5", "493012345", "007"], ["d", "00", "", ""],
    ]  # fmt: skip


BROKEN = [
    ("Ada<text:tab/>Byron", "Ada Byron"),
    ("one<text:line-break/>two</text:p><text:p>three", "one\ntwo\nthree"),
    ("a<text:s text:c='3'/>b<text:s/>c<text:tab/>d", "a   b c d"),
    ('<text:span text:style-name="T1">R&amp;D</text:span><text:tab text:tab-ref="1"/>&#1740;', "R&D ی"),
    ("a</text:p><text:p/><text:p>b<text:line-break></text:line-break>c", "a\n\nb\nc"),
]


@pytest.mark.parametrize(("inner", "shown"), BROKEN)
def test_tabulators_and_line_ends_part_words(inner: str, shown: str) -> None:
    note = "<office:annotation><dc:date>1</dc:date><text:p>x<text:tab/>y</text:p></office:annotation>"
    noted = f'<table:table-cell office:value-type="string">{note}<text:p>{inner}</text:p></table:table-cell>'
    content = book(A=row(text("a"), text(inner), noted, times=2)).encode()
    found = workbook_ods.written(io.BytesIO(content), "A", 2, 5, text_of)
    assert {number: [(place, str(write)) for place, write in cells] for number, cells in found.items()} == {
        number: [(1, shown), (2, shown)] for number in (1, 2)
    }
    assert workbook_ods.says(io.BytesIO(content)).shows


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_where_a_block_of_the_file_ends_changes_nothing(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(workbook_ods, "_BLOCK", block)
    content = book(A=row(dollars("1", "EUR")), B=row(text("x > y")) + row(text("x"), dollars("2"), times=3))
    found = workbook_ods.written(io.BytesIO(content.encode()), "B", 3, 5, text_of)
    assert {number: [(place, write(2)) for place, write in cells] for number, cells in found.items()} == {
        2: [(1, "2 USD")], 3: [(1, "2 USD")],
    }  # fmt: skip
    assert workbook_ods.written(io.BytesIO(content.encode()), "C", 3, 5, text_of) == {}


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ('<c office:value-type="percentage" v="1"/>', (0, True)),
        ("<c office:value-type='percentage' v='1'/>", (0, True)),
        ('<c office:currency="EUR"/>', (0, True)),
        ("<p>\n      01</p>", (0, True)),
        ("<p>a<text:tab/>b</p>", (0, True)),
        ("<p>a<text:line-break/>b</p>", (0, True)),
        ("<c t:value-type=\"error\"/><c t:value-type='error'/><p> 1 0 </p>", (2, False)),
    ],
)
def test_what_a_file_says_does_not_hang_on_where_a_block_of_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: str, says: tuple[int, bool]
) -> None:
    path = save(tmp_path / "t.ods", cells)
    for block in range(1, len(cells) + 1):
        monkeypatch.setattr(workbook_ods, "_BLOCK", block)
        with workbook_ods.content(path) as content:
            assert workbook_ods.says(content) == says, block


@pytest.mark.parametrize(
    "content",
    [
        book(A=row(dollars("1") * 3, times=9_999_999)),
        book(A=row(dollars("1").replace("-cell ", '-cell table:number-columns-repeated="99999" ', 1))),
        book(A="<table:table-row>" + '<table:table-cell a="' * 20_000),
        book(A="<table:table-row>" * 2_000 + dollars("1")),
        "<table:table " * 20_000,
    ],
    ids=["rows", "columns", "quotes", "open rows", "tags"],
)  # fmt: skip
def test_a_hostile_file_costs_no_more_than_its_cells(content: str) -> None:
    found = workbook_ods.written(io.BytesIO(content.encode()), "A", 100, 3, text_of)
    assert sum(len(cells) for cells in found.values()) <= 300


@pytest.mark.parametrize(
    "tag",
    [
        '<table:table-row table:number-rows-repeated="1"' + ' table:number-rows-repeated="99999"' * 20_000,
        '<table:table-cell table:number-columns-repeated="1"' + ' table:number-columns-repeated="99999"' * 20_000,
        '<table:a-cell table:number-columns-repeated="9"' + " table-cell" * 60_000,
    ],
    ids=["rows", "columns", "names"],
)
@pytest.mark.parametrize("end", ["", "/>"])
def test_a_tag_with_thousands_of_attributes_is_looked_at_once(tmp_path: Path, tag: str, end: str) -> None:
    path = save(tmp_path / "t.ods", tag + end)
    began = time.process_time()
    with workbook_ods.content(path) as content, contextlib.suppress(Refusal):
        workbook_ods.says(content)
    assert time.process_time() - began < 2  # it took minutes


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
def test_what_stands_behind_the_last_row_of_a_sheet_is_told_wherever_a_block_ends(block: int) -> None:
    def told(content: str) -> int:
        looking, data = workbook_ods.Beyond(), content.encode()
        return next((n for at in range(0, len(data), block) if (n := looking.row(data[at : at + block]))), 0)

    last = workbook_ods.HEIGHT
    full, blank = row(text("a > b")), row("<table:table-cell/>", times=last - 1)
    assert told(book(A=blank + full, B=blank + full, C=blank + row() + row())) == 0
    assert told(book(A=full, B=full + blank + full)) == last + 1
    assert told(book(A=full + row(text("a"), times=last))) == last + 1


def test_blank_rows_are_counted_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    rows = row(text("name")) + row(text("a")) + row(text(""), times=70) + row(text("b"))
    path = save(tmp_path / "t.ods", book(A=rows))
    with open_table(path) as table:
        assert [(one.line, one.cells) for one in table.rows] == [(2, ["a"]), (73, ["b"])]
        assert table.blank_rows == 70


def test_tabulators_and_line_ends_part_words_of_a_table(tmp_path: Path) -> None:
    rows = row(text("name"), text("other")) + "".join(row(text(inner), text("x")) for inner, _ in BROKEN)
    plain = row(text("a<text:s/>b</text:p><text:p>c"), text("x"))
    with open_table(save(tmp_path / "t.ods", book(A=rows + plain))) as table:
        assert [one.cells for one in table.rows] == [[shown, "x"] for _, shown in [*BROKEN, ("", "a b\nc")]]
