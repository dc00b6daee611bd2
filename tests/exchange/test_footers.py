"""Totals and footers: named by their lines, and never a record that only looks like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.exchange.footers import FOOTER, HEADER, TITLE, TOTAL
from crmcli.exchange.tables import open_table

if TYPE_CHECKING:
    from pathlib import Path


def problems(tmp_path: Path, text: str) -> dict[int, str | None]:
    """line -> problem of every row"""
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with open_table(str(path)) as table:
        return {row.line: row.problem for row in table.rows}


@pytest.mark.parametrize(
    "row",
    [
        "Total,300,", "Total:,300,", 'Grand Total,"1,234.50",', ",Total,300", "Subtotal,€ 300,2", "TOTALS,300 EUR,",
        '"Grand Totals (12 records)",300,', "Sum,-5,", "جمع کل,۳۰۰,", "Total,(12.50),", "Total,25%,",
        "Average,150.5,", "Avg: ,150,", "میانگین,۱۵۰,", "Total général,300,", "Durchschnitt,150,", "Toplam,300,",
        "Anzahl,2,",
    ],
)  # fmt: skip
def test_a_word_and_sums_are_a_total(tmp_path: Path, row: str) -> None:
    assert problems(tmp_path, f"name,amount,more\nA,100,x\n{row}\n") == {2: None, 3: TOTAL}
    assert problems(tmp_path, f"name,amount,more\nA,100,x\n{row}\nB,1,x\n") == {2: None, 3: TOTAL, 4: None}


@pytest.mark.parametrize(
    ("rows", "totals"),
    [
        ("Pumps,100\nValves,200\nAcme Total,300\nTaps,50\nSubtotal Bolt,50\nGrand Total,350", {4, 6, 7}),
        ('P,"1.200,50"\nV,200\nAcme Ergebnis,"1.400,50 €"\nGesamtergebnis,"1.400,50 €"', {4, 5}),
        ("P,1\nA Total,1\nQ,2\nB Total,2\nAB Total,3\nR,4\nC Total,4\nABC Total,7", {3, 5, 6, 8, 9}),
        ("پمپ,۱۰۰\nشیر,۲۰۰\nجمع آکمه,۳۰۰", {4}),
        ("P,100\nAnna Total,300\nTotal Energies,\nTotal Gas,1", set()),
        ("P,100\nTotaly,100\nTotalEnergies,100", set()),
        ("P,x\nAnna Total,0", set()),
    ],
)
def test_a_subtotal_has_the_sums_of_the_rows_above(tmp_path: Path, rows: str, totals: set[int]) -> None:
    found = problems(tmp_path, f"name,amount\n{rows}\n")
    assert {line for line, problem in found.items() if problem == TOTAL} == totals
    assert {problem for line, problem in found.items() if line not in totals} == {None}


def test_a_refused_subtotal_stays_refused_until_it_is_mended(tmp_path: Path) -> None:
    rows = f'4,"{TOTAL}",Acme Total,300\n5,"{TOTAL}",Anna Total,no sum\n6,,Pumps,300'
    assert problems(tmp_path, f"crm_line,crm_reason,name,amount\n{rows}\n") == {2: TOTAL, 3: None, 4: None}


@pytest.mark.parametrize(
    "row",
    [
        "Total,France,", "Total,300,energy", "TotalEnergies,300,", "Total,+33 1 4744 4546,",
        "Total,total.example,", "Totally,300,", "12,Total,300", "Summer,1,", "Total,0147444546,",
    ],
)  # fmt: skip
def test_a_company_called_total_is_a_record(tmp_path: Path, row: str) -> None:
    assert problems(tmp_path, f"name,amount,more\nA,100,x\n{row}\n") == {2: None, 3: None}


def test_the_word_alone_below_a_blank_row_is_a_total(tmp_path: Path) -> None:
    assert problems(tmp_path, "name,amount\nA,1\n\nTotal,\n") == {2: None, 4: TOTAL}


def test_lines_of_one_cell_at_the_end_below_a_blank_row_are_a_footer(tmp_path: Path) -> None:
    text = "name,amount\nA,1\n\nBig report\nMade by Grace\n\nPage 1\n"
    assert problems(tmp_path, text) == {2: None, 4: FOOTER, 5: FOOTER, 7: FOOTER}


def test_lines_of_one_cell_with_records_below_them_are_records(tmp_path: Path) -> None:
    assert problems(tmp_path, "name,amount\nA,1\n\nB\nC\nD,1\n") == {2: None, 4: None, 5: None, 6: None}


def test_a_list_of_names_with_a_gap_is_a_list_of_names(tmp_path: Path) -> None:
    assert problems(tmp_path, "name,amount\nA\nB,1\n\nC\n") == {2: None, 3: None, 5: None}
    assert problems(tmp_path, "name\nA\n\nTotal\n") == {2: None, 4: None}
    assert problems(tmp_path, "name,amount\n\nA\nB\n") == {3: None, 4: None}


def test_a_long_list_below_a_blank_row_is_no_footer(tmp_path: Path) -> None:
    names = "".join(f"N{number}\n" for number in range(30))
    assert set(problems(tmp_path, f"name,amount\nA,1\n\n{names}").values()) == {None}


def test_a_report_says_itself_that_it_ends(tmp_path: Path) -> None:
    text = 'name,amount\nA,1\n"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n' + (
        "Confidential Information - Do Not Distribute\nB,2\n"
    )
    assert problems(tmp_path, text) == {2: None, 3: FOOTER, 4: FOOTER, 5: None}


@pytest.mark.parametrize(
    "word", ["Total", "Grand Total:", "Subtotal", "SUM", "جمع", "جمع کل", "مجموع", "Total: 3", "Count: 2", "تعداد کل"]
)
def test_the_word_alone_below_records_is_a_total(tmp_path: Path, word: str) -> None:
    assert problems(tmp_path, f"name,amount,more\nA,1,x\n{word},,\nB,1,x\n,{word},\n") == {
        2: None, 3: TOTAL, 4: None, 5: TOTAL
    }  # fmt: skip


def test_the_word_alone_is_a_record_first_of_all_and_in_a_list_of_names(tmp_path: Path) -> None:
    assert problems(tmp_path, "name,amount\nTotal,\nA,1\n") == {2: None, 3: None}
    assert problems(tmp_path, "name,amount\nA,\nTotal,\nB,1\n") == {2: None, 3: None, 4: None}


@pytest.mark.parametrize(
    "line",
    [
        "2 records", "1,204 rows", "Generated on 2026-11-01", "Exported by Grace", "Report generated on 1 May 2026",
        "۱۲ رکورد", "57 results",
    ],
)  # fmt: skip
def test_a_footer_right_below_the_records(tmp_path: Path, line: str) -> None:
    assert problems(tmp_path, f'name,amount,more\nA,1,x\n"{line}",,\nB,1,x\n') == {2: None, 3: FOOTER, 4: None}
    assert problems(tmp_path, f'name,amount,more\nA,1,x\n"{line}",,y\n') == {2: None, 3: None}


def test_a_header_again_is_none_and_what_stands_above_it_is_a_title(tmp_path: Path) -> None:
    text = "Name ,amount,,amount\nA,1,x,2\n\nGroup 2\nName,amount,,amount\nB,1,x,2\nName,amount,,other\n"
    assert problems(tmp_path, text) == {2: None, 4: TITLE, 5: HEADER, 6: None, 7: None}


def test_a_header_that_begins_with_a_blank_cell_is_known_again(tmp_path: Path) -> None:
    assert problems(tmp_path, ",name,amount\n1,A,2\n,name,amount\n,B,2\n") == {2: None, 3: HEADER, 4: None}
