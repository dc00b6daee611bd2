"""Cells that link to something else than they show: an address, a telephone number or a page in a column of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.exchange.tables import open_table
from crmcli.exchange.workbook_links import address_of, columns, with_targets
from tests.support.workbooks import SHEET, edited, rows_of, xlsx

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("mailto:ada@x.example", "ada@x.example"), ("MAILTO:ada@x.example?subject=Hi%20there", "ada@x.example"),
        ("mailto:ada%2Bcrm@x.example", "ada+crm@x.example"), ("tel:+98-21-4000", "+98-21-4000"),
        ("https://x.example/a?b=1#c", "https://x.example/a?b=1#c"), (" http://x.example ", "http://x.example"),
        ("https://نمونه.example/", "https://نمونه.example/"), ("mailto:", ""), ("https://", ""),
        ("file:///etc/passwd", ""), ("javascript:alert(1)", ""), ("Sheet2!A1", ""), ("https://x.example/\u202egpj", ""),
        ("mailto:a%0Ab@x.example", ""),
        ("https://x.example/" + "a" * 3000, ""), ("ftp://x.example", ""),
    ],
)  # fmt: skip
def test_what_a_link_opens(target: str, address: str) -> None:
    assert address_of(target) == address


def save(path: Path, rows: list[list[Any]], links: dict[str, str], merge: str = "") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cell, target in links.items():
        sheet[cell].hyperlink = target
    if merge:
        sheet.merge_cells(merge)
    book.save(path)
    return path


def read(path: Path, **options: Any) -> tuple[list[str], list[list[str]], list[str]]:
    with open_table(str(path), **options) as table:
        return table.header, [row.cells for row in table.rows], table.source.notes


ROWS: list[list[Any]] = [["Name", "Site", "Sum"], ["Ada", "x.example", 1], ["Bob", "www.y.example/", 2], ["Eve", "", 3]]


def test_a_column_whose_links_say_more_has_them_behind_it(tmp_path: Path) -> None:
    links = {"A2": "mailto:ada@x.example?subject=Hi", "A4": "tel:+982140001234", "B2": "https://x.example/"}
    header, rows, notes = read(save(tmp_path / "t.xlsx", ROWS, {**links, "B3": "http://y.example"}))
    assert header == ["Name", "Name (link)", "Site", "Sum"]
    assert rows == [
        ["Ada", "ada@x.example", "x.example", "1"],
        ["Bob", "", "www.y.example/", "2"],
        ["Eve", "+982140001234", "", "3"],
    ]
    assert notes == ["where cells link to something else than they show, it is in a column of its own: Name (link)"]


def test_links_that_say_no_more_make_no_column(tmp_path: Path) -> None:
    links = {"B2": "https://www.x.example", "A2": "#Sheet!A1", "A3": "file:///home/bob", "C2": "tel:1"}
    assert read(save(tmp_path / "t.xlsx", ROWS, links))[0] == ["Name", "Site", "Sum"]


def test_a_linked_title_is_no_link_of_the_header(tmp_path: Path) -> None:
    links = {"A1": "https://crm.example/list", "A2": "mailto:ada@x.example"}
    assert read(save(tmp_path / "t.xlsx", ROWS, links))[0] == ["Name", "Name (link)", "Site", "Sum"]
    header, rows, _ = read(save(tmp_path / "t.xlsx", ROWS, links), header_row=0)
    assert (header[:2], rows[1][:2]) == (["column 1", "column 1 (link)"], ["Ada", "ada@x.example"])


def test_links_and_offsets_and_merged_cells_go_together(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[], [None, None, *ROWS[0]], *([None, None, *row] for row in ROWS[1:])]
    path = save(tmp_path / "t.xlsx", rows, {"C3": "mailto:ada@x.example"}, merge="D3:D4")
    header, found, _ = read(path)
    assert header == ["Name", "Name (link)", "Site", "Sum"]
    assert [row[2] for row in found] == ["x.example", "x.example", ""]
    assert [row[3] for row in found] == ["1", "2", "3"]


def test_links_that_a_formula_makes(tmp_path: Path) -> None:
    cell = (
        b'<row r="3"><c r="A3" t="str"><f>HYPERLINK(&quot;mailto:bob@x.example&quot;,&quot;Bob&quot;)</f><v>Bob</v></c>'
        b'<c r="B3" t="str"><f>HYPERLINK("https://"&amp;C3)</f><v>y</v></c></row>'
    )
    header, rows, _ = read(rows_of(tmp_path / "t.xlsx", cell))
    assert header == ["name", "name (link)", "city"]
    assert rows == [["Ada", "", "London"], ["Bob", "bob@x.example", "y"]]


def test_a_link_over_the_whole_sheet_is_that_of_its_first_cell(tmp_path: Path) -> None:
    linked = save(tmp_path / "l.xlsx", ROWS, {"A2": "mailto:ada@x.example"})
    path = edited(tmp_path / "t.xlsx", SHEET, lambda data: data.replace(b'ref="A2"', b'ref="A2:XFD1048576"'), linked)
    header, rows, _ = read(path)
    assert header[:2] == ["Name", "Name (link)"]
    assert [row[1] for row in rows] == ["ada@x.example", "", ""]
    path = edited(tmp_path / "t.xlsx", SHEET, lambda data: data.replace(b'ref="A2"', b'ref="A2:A4"'), linked)
    assert [row[1] for row in read(path)[1]] == ["ada@x.example"] * 3


def test_errors_and_formats_stay_where_they_are_beside_links(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Name", "Share", "Sum"], ["Ada", 0.5, "#N/A"]]
    book = save(tmp_path / "a.xlsx", rows, {"A2": "mailto:ada@x.example"})
    made = openpyxl.load_workbook(book)
    sheet = made.active
    assert sheet is not None
    sheet["B2"].number_format = "0%"
    made.save(book)
    with open_table(str(book)) as table:
        row = next(table.rows)
    assert row.cells == ["Ada", "ada@x.example", "50%", "#N/A"]
    assert row.problem == "cell C2 is the error #N/A"


@given(st.data())
def test_a_row_keeps_its_cells_whatever_is_linked(data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.text(max_size=3), min_size=1, max_size=6))
    linked = sorted(data.draw(st.sets(st.integers(0, len(cells) - 1))))
    made = with_targets(cells, 1, linked, {(1, place + 5): f"to {place}" for place in linked}, 5)
    added = [place + 1 + before for before, place in enumerate(linked)]
    assert [made[place] for place in added] == [f"to {place}" for place in linked]
    assert [cell for place, cell in enumerate(made) if place not in added] == cells


def test_only_columns_with_other_words_are_linked() -> None:
    links = {(1, 3): "ada@x.example", (2, 4): "https://x.example", (3, 5): "+98 21 4000"}
    rows: list[list[Any]] = [["ADA@x.example", "", ""], ["", "Shop", ""], ["", "", "+98214000"]]
    assert columns(rows, links, 3, str) == [1]


def test_an_ordinary_sheet_says_nothing_of_links(tmp_path: Path) -> None:
    header, rows, notes = read(xlsx(tmp_path / "t.xlsx"))
    assert (header, rows, notes) == (["name", "city"], [["Ada", "London"]], [])
