"""What a sheet shows beyond the numbers in its cells: currencies, noughts in front, cells that are merged downward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from crmcli.domain import money
from crmcli.errors import FieldError
from crmcli.exchange.tables import open_table
from crmcli.exchange.workbook_cells import text_of
from crmcli.exchange.workbook_formats import BUILT_IN, MAX_CODE, writer

if TYPE_CHECKING:
    from pathlib import Path

CURRENCIES = money.names_beside()


def shown(code: str, number: float) -> str:
    write = writer(code, CURRENCIES, text_of)
    return write(number) if write else text_of(number)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("General", "12000.5"), ("0.00", "12000.5"), ("#,##0", "12000.5"), ("#,##0.00;[Red]-#,##0.00", "12000.5"),
        ("[$$-409]#,##0.00", "12000.5 USD"), ("[$$-en-US]#,##0.00", "12000.5 USD"), ("[$$-C09]#,##0", "12000.5 AUD"),
        ("[$$-1009]#,##0", "12000.5 CAD"), ("[$$]#,##0", "12000.5 $"), ('"$"#,##0_);[Red]\\("$"#,##0\\)', "12000.5 $"),
        ('"€"#,##0', "12000.5 €"), ("#,##0.00\\ [$€-407]", "12000.5 €"), ("[$€-x-euro2]#,##0", "12000.5 €"),
        ("£#,##0", "12000.5 £"), ("[$£-809]#,##0", "12000.5 £"), ("[$IRR]\\ #,##0", "12000.5 IRR"),
        ('_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "12000.5 €"),
        ("#,##0\\ [$ريال-429]", "12000.5 ريال"), ('#,##0 "تومان"', "12000.5 تومان"), ("[$kr-41D]#,##0", "12000.5 SEK"),
        ('#,##0 "kr"', "12000.5 kr"), ("[$Ft-40E]#,##0", "12000.5 HUF"), ("[$¥-804]#,##0", "12000.5 CNY"),
        ("[$US$-409]#,##0", "12000.5 US$"), ('"CHF" #,##0', "12000.5 CHF"), ("[$-409]#,##0", "12000.5"),
        ('#,##0 "days"', "12000.5"), ('#,##0" kg"', "12000.5"), ("0%", "1200050%"), ('0.0" %"', "12000.5"),
        ("[$Zk-999]#,##0", "12000.5 Zk"), (BUILT_IN["44"], "12000.5 $"), ("\\$#,##0", "12000.5 $"), ("", "12000.5"),
    ],
)  # fmt: skip
def test_currencies_of_formats(code: str, text: str) -> None:
    assert shown(code, 12000.5) == text
    if "%" not in text:
        assert shown(code, -7.0) == text.replace("12000.5", "-7")


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("00000", 1067.0, "01067"), ("00000", 123456.0, "123456"), ("0000000000", 9121234567.0, "9121234567"),
        ('"0"#', 9121234567.0, "09121234567"), ("\\0#", 912.0, "0912"), ("000-000-0000", 25550101.0, "002-555-0101"),
        ("[<=99999]00000;00000\\-0000", 1067.0, "01067"), ("[<=99999]00000;00000\\-0000", 10671234.0, "01067-1234"),
        ("[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", 2025550101.0, "2025550101"), ('"+"00 000', 4930.0, "+04 930"),
        ("0", 7.0, "7"), ("00000", 1.5, "1.5"), ("00000", -5.0, "-5"), ('00" days"', 5.0, "5"), ("0.00", 5.0, "5"),
        ("yyyy-mm-dd", 5.0, "5"), ("00E+00", 5.0, "5"), ("00000;-00000", 12.0, "00012"),
    ],
)  # fmt: skip
def test_noughts_in_front(code: str, number: float, text: str) -> None:
    assert shown(code, number) == text


def test_a_format_is_no_longer_than_programs_write_it() -> None:
    assert shown("0" * MAX_CODE, 7.0) == "7".zfill(MAX_CODE)
    assert shown("0" * (MAX_CODE + 1), 7.0) == "7"


def test_every_currency_that_is_written_is_read() -> None:
    for word in sorted(CURRENCIES - {"kr", "kr."}):
        try:
            money.parse_money(f"12 {word}", "EUR")
        except FieldError as error:
            pytest.fail(f"{word}: {error.message}")


def cells(
    path: Path, rows: list[list[Any]], merged: tuple[str, ...] = (), formats: dict[str, str] | None = None
) -> Any:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    for where, code in (formats or {}).items():
        sheet[where].number_format = code
    for area in merged:
        sheet.merge_cells(area)
    book.save(path)
    with open_table(str(path)) as table:
        return [row.cells for row in table.rows], table.source.notes


def test_formats_count_cell_by_cell(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Name", "Value", "Zip"],
        ["A", 12, 1067],
        ["B", 7.5, 99],
        ["C", 3, "0815"],
        ["D", None, 4],
    ]
    formats = {
        "B2": "[$$-409]#,##0.00",
        "B3": '#,##0.00\\ "€"',
        "C2": "00000",
        "C3": "00000",
        "C4": "00000",
        "B5": '"$"0',
    }
    assert cells(tmp_path / "a.xlsx", rows, (), formats)[0] == [
        ["A", "12 USD", "01067"], ["B", "7.5 €", "00099"], ["C", "3", "0815"], ["D", "", "4"],
    ]  # fmt: skip


def test_cells_that_are_merged_downward_count_in_each_row(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Name", "Company", "City"], ["A", "Acme", "Bern"], ["B", None, None], ["C", None, None],
        ["D", None, "Rome"], ["E", "Bolt", "Oslo"], [None, None, None], ["F", None, None],
    ]  # fmt: skip
    found, notes = cells(tmp_path / "a.xlsx", rows, ("B2:B4", "B6:C8", "A1:A1"))
    assert found == [
        ["A", "Acme", "Bern"], ["B", "Acme", ""], ["C", "Acme", ""], ["D", "", "Rome"], ["E", "Bolt", ""],
        ["F", "Bolt", ""],
    ]  # fmt: skip
    assert "cells merged over several rows count in each of these rows (2 such cells)" in notes
    header: list[list[Any]] = [["Name", "Company"], [None, "Kind"], ["A", "Acme"]]
    found, notes = cells(tmp_path / "b.xlsx", header, ("A1:A2",))
    assert found == [["A", "Acme"]]
    assert not any("in each of these rows" in note for note in notes)
