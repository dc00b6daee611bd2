"""Tables out: no cell comes alive in a spreadsheet, and every text comes back as it was."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.exchange.formulas import guard, unguard
from crmcli.exchange.tables import open_table
from crmcli.exchange.writing import fits_sheet, visible_text, write_csv, write_xlsx

LIVE = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\xa0=1",
    "\u200b=1",
    "\u202e=1",
    "\ufeff=1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(A1)",
    "'=1",
    "''=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example","y")',
    "-",
    "@ada",
    "-1,234.56",
]
HARMLESS = [
    "",
    "a=b",
    "a@b.example",
    "+989121234567",
    "+98 (21) 8888-7777",
    "-12.50",
    "0",
    "'",
    "O'Brien",
    "'quoted'",
    " a",
]
FIRST_VISIBLE = re.compile(r"[\s\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*(.)", re.DOTALL)
NUMBER = re.compile(r"[+-]?[0-9][0-9 ().-]*")


def alive(cell: str) -> bool:
    """The judge, apart from the code under test: would a spreadsheet start a formula?"""
    first = FIRST_VISIBLE.match(cell)
    return (cell[:1] in ("\t", "\r") or (first is not None and first[1] in "=+-@＝＋－＠")) and not NUMBER.fullmatch(
        cell
    )


def as_csv(header: list[str], rows: list[list[str]], **options: Any) -> str:
    stream = io.StringIO(newline="")
    assert write_csv(stream, header, rows, **options) == len(rows)
    return stream.getvalue()


def back(folder: Path, text: str, **options: Any) -> tuple[list[str], list[list[str]]]:
    path = folder / "back.csv"
    path.write_bytes(text.encode("utf-8"))
    with open_table(str(path), encoding="utf-8", **options) as table:
        rows = list(table.rows)
        assert [row.problem for row in rows] == [None] * len(rows)
        return table.header, [row.cells for row in rows]


@pytest.mark.parametrize("cell", LIVE)
def test_a_live_cell_is_guarded_and_given_back(cell: str) -> None:
    assert guard(cell) == "'" + cell
    assert unguard(guard(cell)) == cell
    assert not alive(guard(cell))


@pytest.mark.parametrize("cell", HARMLESS)
def test_a_harmless_cell_stays_as_it_is(cell: str) -> None:
    assert guard(cell) == unguard(cell) == cell


def test_the_bytes_of_a_csv_file() -> None:
    text = as_csv(["name", "=note"], [["Ada, L", 'say "hi"'], ["a\nb", "+1 555"], ["", ""], ["=1", "x\ry"]])
    assert text == 'name,\'=note\n"Ada, L","say ""hi"""\n"a\nb",+1 555\n,\n\'=1,"x\ry"\n'
    assert as_csv(["a", "b"], [["=1", "x;y"]], delimiter=";", lossless=True) == 'a;b\n=1;"x;y"\n'


CELLS = st.one_of(
    st.sampled_from(LIVE + HARMLESS),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.text(st.sampled_from("'=+-@\t\r\n ,;\"a1＝\u200b"), max_size=8),
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_export_then_import_gives_every_cell_back(tmp_path: Path, rows: list[list[str]], delimiter: str) -> None:
    # A first column of plain text keeps rows from being blank; the number of rows is then exact too.
    table = [["row", *row] for row in rows]
    text = as_csv(["kind", "one", "two"], table, delimiter=delimiter)
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        assert not any(map(alive, record))
    assert back(tmp_path, text, delimiter=delimiter, header_row=1) == (["kind", "one", "two"], table)
    plain = as_csv(["kind", "one", "two"], table, delimiter=delimiter, lossless=True)
    assert list(csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter))[1:] == table
    assert back(tmp_path, plain, delimiter=delimiter, guarded=False, header_row=1)[1] == table


@pytest.mark.parametrize("rows_before", [0, 30_000], ids=["in the first block", "in a later block"])
def test_guarded_cells_are_found_wherever_they_stand(tmp_path: Path, rows_before: int) -> None:
    rows = [["plain", "1"]] * rows_before + [["=1", "-x"], ["\r\n=2", "'@y"], ["plain", "2"]]
    assert back(tmp_path, as_csv(["a", "b"], rows))[1] == rows


def test_a_guard_across_a_block_end_is_found(tmp_path: Path) -> None:
    # Blocks are 256 KiB cut at line ends; here the cut falls between the apostrophe and the sign.
    last = "x,\"'\n"
    filler = "p" * 26 + ",2\n"
    head = "a,b\n" + filler * ((256 * 1024 - len(last) - 200) // len(filler))
    head += "q" * (256 * 1024 - len(head) - len(last) - 3) + ",3\n"
    text = head + last + '=1"\n'
    assert len(head + last) == 256 * 1024
    assert back(tmp_path, text)[1][-1] == ["x", "\n=1"]


# --- workbooks ------------------------------------------------------------------------------------------------------


def test_a_workbook_is_typed_bold_frozen_and_filtered(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    columns = [("name", "text"), ("sum", "number"), ("day", "date"), ("at", "datetime"), ("won", "flag"), ("t", "time")]
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    row = ["Ada", Decimal("12.50"), date(2024, 2, 29), moment, True, time(14, 30)]
    assert write_xlsx(str(path), [("Deals", columns, [row, [None] * 6]), ("Deals", [("x", "text")], [])]) == 2
    book = openpyxl.load_workbook(path)
    sheet = book["Deals"]
    assert book.sheetnames == ["Deals", "Deals 2"]
    assert [cell.value for cell in sheet[1]] == [name for name, _ in columns]
    assert all(cell.font.bold for cell in sheet[1])
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:F3")
    assert [cell.value for cell in sheet[2]] == [
        "Ada",
        12.5,
        datetime(2024, 2, 29),  # noqa: DTZ001 - sheets know no zones
        moment.replace(tzinfo=None),
        True,
        time(14, 30),
    ]
    assert [cell.number_format for cell in sheet[2]][2:4] == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"]
    with open_table(str(path)) as table:
        assert next(table.rows).cells == ["Ada", "12.5", "2024-02-29", "2024-01-02T03:04:05", "true", "14:30:00"]


def test_a_day_that_no_sheet_counts_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "old.xlsx"
    days = [date(344, 7, 12), date(1900, 2, 28), date(1900, 3, 1), datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC)]
    write_xlsx(str(path), [("Days", [("day", "date")], [[day] for day in days])])
    with open_table(str(path)) as table:
        assert [row.cells for row in table.rows] == [
            ["0344-07-12"], ["1900-02-28"], ["1900-03-01"], ["1899-12-31 23:59:59"],
        ]  # fmt: skip


def test_no_text_becomes_a_formula_or_an_error_and_all_come_back(tmp_path: Path) -> None:
    texts = [
        *LIVE,
        *HARMLESS[1:],
        "#N/A",
        "#DIV/0!",
        "=",
        "00123",
        "1337.0",
        "TRUE",
        "_x0041_",
        "a\rb",
        "a\r\nb",
        " x ",
        "🍣",
    ]
    target = io.BytesIO()
    write_xlsx(target, [("S", [("=head", "text"), ("text", "text")], [["row", text] for text in texts])])
    (tmp_path / "out.xlsx").write_bytes(target.getvalue())
    with zipfile.ZipFile(target) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    assert b't="e"' not in xml
    sheet = openpyxl.load_workbook(target)["S"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    with open_table(str(tmp_path / "out.xlsx"), header_row=1) as table:
        assert table.header == ["=head", "text"]
        assert [row.cells[1] for row in table.rows] == texts


def test_what_xml_forbids_is_shown_and_long_text_is_cut() -> None:
    assert visible_text("a\0b\x1bc\ud800d\ufffe") == "a␀b␛c�d�"
    assert visible_text("a\tb\nc") == "a\tb\nc"
    assert len(visible_text("x" * 40_000)) == 32_767


def test_durations_blanks_and_the_rows_below_the_head_are_as_they_were_given() -> None:
    target = io.BytesIO()
    rows = [[timedelta(hours=30, minutes=5), "  ", None], [None, " x\n", True]]
    write_xlsx(target, [("S", [("took", "duration"), ("text", "text"), ("flag", "flag")], rows)])
    sheet = openpyxl.load_workbook(target)["S"]
    assert sheet["A2"].number_format == "[hh]:mm:ss"
    head, *below = sheet.iter_rows(values_only=True)
    assert (head, below) == (("took", "text", "flag"), [tuple(row) for row in rows])
    assert (sheet["A1"].font.b, sheet["B3"].font.b) == (True, False)


def test_sheet_titles_are_made_legal_and_unique(tmp_path: Path) -> None:
    titles = ["a/b:c", "", "x" * 40, "X" * 40, "'q'"]
    path = tmp_path / "out.xlsx"
    write_xlsx(str(path), [(title, [("a", "text")], []) for title in titles])
    names = openpyxl.load_workbook(path).sheetnames
    assert names == ["a b c", "Sheet", "x" * 31, "X" * 29 + " 2", "q"]


def test_a_workbook_without_sheets_is_still_a_workbook() -> None:
    target = io.BytesIO()
    assert write_xlsx(target, []) == 0
    assert openpyxl.load_workbook(target).sheetnames == ["Sheet1"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [("x" * 32_767, True), ("x" * 32_768, False), ("\r" * 5000, False), ("_x0041_" * 2600, False), ("\r" * 4000, True)],
)
def test_what_a_sheet_holds_whole(text: str, fits: bool) -> None:
    assert fits_sheet(text) is fits
