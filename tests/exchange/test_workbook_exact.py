"""Numbers and days of workbooks that their readers would change: long ids, numbers that are no days of a sheet."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from crmcli.errors import ReadError
from crmcli.exchange import workbook_ods, workbook_xlsx
from crmcli.exchange.shape import MAX_COLUMNS
from crmcli.exchange.tables import open_table
from crmcli.exchange.workbook_exact import Exact
from tests.exchange.test_workbook_ods import book, cell, row, text
from tests.exchange.test_workbook_ods import save as save_ods
from tests.support.workbooks import SHEET, edited, rows_of

if TYPE_CHECKING:
    from pathlib import Path

DAY, MOMENT, NOUGHTS = "mm-dd-yy", "yyyy-mm-dd hh:mm", "0" * 20


def sheet(path: Path, *numbers: tuple[str, str], first: int = 1) -> str:
    """A workbook with a name, a number as it stands in the XML and an 8 in each row; each number has a format."""
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    page.cell(first, 2, "Name")
    page.cell(first, 3, "Id")
    page.cell(first, 4, "Number")
    for place, (_, number_format) in enumerate(numbers, first + 1):
        page.cell(place, 2, f"Ann {place}")
        page.cell(place, 3, 777000 + place).number_format = number_format
        page.cell(place, 4, 8)
    made.save(path)
    source = path.with_name("made.xlsx")
    made.save(source)

    def change(data: bytes) -> bytes:
        for place, (value, _) in enumerate(numbers, first + 1):
            mark = f"<v>{777000 + place}</v>".encode()
            assert data.count(mark) == 1
            data = data.replace(mark, f"<v>{value}</v>".encode())
        return data

    return str(edited(path, SHEET, change, source))


def read(path: str) -> tuple[list[str], list[str]]:
    """The second column and the notes."""
    with open_table(path) as table:
        rows = list(table.rows)
    assert [row.cells[2] for row in rows] in ([], ["8"] * len(rows))
    return [row.cells[1] for row in rows], [note for note in table.source.notes if "digits" in note]


@pytest.mark.parametrize("first", [1, 7])
def test_long_numbers_of_a_workbook_are_those_of_its_file(first: int, tmp_path: Path) -> None:
    wanted = {
        "12345678901234567": "12345678901234567", "12345678901234568": "12345678901234568",
        "-12345678901234567": "-12345678901234567", "123456789012345678901234567890": "123456789012345678901234567890",
        "999999999999999": "999999999999999", "1000000000000001": "1000000000000001",
        "12345678901234567.0": "12345678901234567", "1.2E+18": "1200000000000000000", "1.23456789012345E+20":
        "123456789012345000000", "1e300": "1e+300", "1e400": "1e400", "0.1234567890123456789": "0.123456789012346",
    }  # fmt: skip
    path = sheet(tmp_path / "t.xlsx", *((value, "General") for value in wanted), first=first)
    assert read(path) == (list(wanted.values()), [])


def test_long_numbers_far_down(tmp_path: Path) -> None:
    numbers = [("5", "General")] * 2500 + [("12345678901234567", "General"), ("6", "General")] * 600
    found, _ = read(sheet(tmp_path / "t.xlsx", *numbers))
    assert found == [value for value, _ in numbers]


def test_a_long_number_with_noughts_in_front(tmp_path: Path) -> None:
    assert read(sheet(tmp_path / "t.xlsx", ("12345678901234567", NOUGHTS))) == (["00012345678901234567"], [])


def test_a_number_that_was_rounded_when_it_was_written_is_noted(tmp_path: Path) -> None:
    path = sheet(tmp_path / "t.xlsx", ("1.2345678901234567E+16", "General"), ("1.5E+16", "General"))
    found, notes = read(path)
    assert found == ["12345678901234567", "15000000000000000"]
    assert notes == ["1 number has more than 15 digits, of which workbooks keep no more: the last ones may be others"]


def test_long_numbers_of_an_ods_file(tmp_path: Path) -> None:
    values = ("12345678901234567", "12345678901234569", "1e400", "12345678901234567")
    shown = ("12345678901234567", "1.23456789012346E+016", "Err:502", "0012345678901234567")
    rows = [row(text("Name"), text("Id"), text("Number"))]
    rows += [
        row(text("Ann"), cell("float", value, said), cell("float", "8", "8"), times=times)
        for value, said, times in zip(values, shown, (1, 3, 1, 1), strict=True)
    ]
    found, _ = read(save_ods(tmp_path / "t.ods", book(S="".join(rows))))
    assert found == [values[0], *[values[1]] * 3, "1e400", "0012345678901234567"]


def test_numbers_that_are_no_days_stay_numbers(tmp_path: Path) -> None:
    said = [
        ("-3", DAY, "-3"), ("-3.5", DAY, "12:00:00"), ("-3", MOMENT, "-3"), ("60", DAY, "1900-02-29"),
        ("59", DAY, "1900-02-28"),
        ("60.5", MOMENT, "1900-02-29T12:00:00"), ("61", DAY, "1900-03-01"), ("1", DAY, "1900-01-01"),
        ("0", "hh:mm", "00:00:00"), ("0.5", "hh:mm", "12:00:00"), ("45000", DAY, "2023-03-15"),
    ]  # fmt: skip
    path = sheet(tmp_path / "t.xlsx", *((value, number_format) for value, number_format, _ in said))
    assert read(path)[0] == [wanted for _, _, wanted in said]


def test_a_sheet_is_not_read_twice_for_ordinary_numbers(tmp_path: Path) -> None:
    def nothing() -> object:
        raise AssertionError

    exact = Exact(iter(nothing, None))  # type: ignore[arg-type]
    assert exact.notes() == []
    with zipfile.ZipFile(sheet(tmp_path / "t.xlsx", ("5", DAY), ("6", "General"))) as archive:
        found = list(workbook_xlsx.numbers(archive, "Sheet"))
    assert [(first, numbers) for first, _, numbers in found if numbers] == [
        (2, {2: "5", 3: "8"}),
        (3, {2: "6", 3: "8"}),
    ]
    with zipfile.ZipFile(save_ods(tmp_path / "t.ods", book(S=row(cell("float", "5", "5"), times=2)))) as archive:
        content = io.BytesIO(archive.read("content.xml"))
    assert list(workbook_ods.numbers(content, "S", 5)) == [(1, 2, {0: "5"})]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_more_columns_than_a_sheet_has(kind: str, tmp_path: Path) -> None:
    if kind == "ods":
        path = save_ods(tmp_path / "t.ods", book(S=row(*[text("Name")] * (MAX_COLUMNS + 1))))
    else:
        path = str(rows_of(tmp_path / "t.xlsx", b'<row r="1"><c r="A1"><v>1</v></c><c r="XFE1"><v>1</v></c></row>'))
    with pytest.raises(ReadError, match=r"columns|damaged"):
        open_table(path)
