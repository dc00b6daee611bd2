"""Workbooks: real ones against their facts, cells as text, and hostile ones that must not hurt the program."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from crmcli.errors import ReadError, UsageError
from crmcli.exchange.tables import open_table
from crmcli.exchange.workbook_cells import column_index, column_name

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside the repository")
EXPECTED: dict[str, Any] = json.loads((SHARED / "expected.json").read_text())["files"] if SHARED.is_dir() else {}
WORKBOOKS = [name for name in EXPECTED if name.startswith("xlsx/")]


def everything(path: Path | str, **options: Any) -> tuple[list[str], list[list[str]], Any]:
    with open_table(str(path), **options) as table:
        rows = list(table.rows)
        return table.header, [row.cells for row in rows], table


def save(path: Path, rows: list[list[Any]], title: str = "Sheet") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def edited(source: Path, target: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a workbook with one part changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            changed = change(data) if name == part else data
            assert name != part or changed != data
            new.writestr(name, changed)
    return target


SHEET = "xl/worksheets/sheet1.xml"


# --- real files -----------------------------------------------------------------------------------------------------


#: The cells that show what a merged cell above them holds.
MERGED_DOWN = {("xlsx/cal_merged_range.xlsx", "Sheet2"): 5, ("xlsx/fl_multiline-headers.xlsx", "Лист1"): 5}


@needs_shared
@pytest.mark.parametrize("name", WORKBOOKS)
def test_every_sheet_of_every_real_workbook_gives_all_its_cells(name: str) -> None:
    facts = EXPECTED[name]
    counted = facts["openpyxl"] if name.endswith("cal_errors.xlsx") else facts["calamine"]
    for title, _, rows, cells in counted:
        if not rows:
            with pytest.raises(ReadError, match="is empty"):
                open_table(str(SHARED / name), sheet=title)
            continue
        _, found, table = everything(SHARED / name, sheet=title, header_row=0)
        assert len(found) == rows
        assert sum(1 for row in found for cell in row if cell) == cells + MERGED_DOWN.get((name, title), 0)
        assert table.source.kind == facts["kind"]
        assert table.source.sheets == [sheet[0] for sheet in facts["calamine"]]


@needs_shared
@pytest.mark.parametrize("name", ["cal_date.xlsx", "cal_date_1904.xlsx"])
def test_dates_in_both_date_systems(name: str) -> None:
    _, rows, _ = everything(SHARED / "xlsx" / name, header_row=0)
    assert [row[0] for row in rows] == EXPECTED[f"xlsx/{name}"]["truth"]["A"]


@needs_shared
def test_error_cells_are_shown_and_are_problems() -> None:
    with open_table(str(SHARED / "xlsx" / "cal_errors.xlsx"), header_row=0) as table:
        rows = list(table.rows)
    codes = ["#DIV/0!", "#NAME?", "#VALUE!", "#NULL!", "#REF!", "#NUM!", "#N/A"]
    assert [row.cells for row in rows] == [[code] for code in codes]
    assert [row.problem for row in rows] == [f"cell A{n} is the error {code}" for n, code in enumerate(codes, 1)]


@needs_shared
def test_the_header_is_found_below_title_rows() -> None:
    header, rows, table = everything(SHARED / "xlsx" / "cal_header-row.xlsx")
    truth = EXPECTED["xlsx/cal_header-row.xlsx"]["truth"]
    assert (header, len(rows)) == (truth["header"], truth["data_rows"])
    assert table.source.header_line == truth["header_row_in_sheet"]


@needs_shared
def test_sheets_are_chosen_by_name_and_the_choice_is_noted() -> None:
    path = SHARED / "xlsx" / "fl_sheets.xlsx"
    _, rows, table = everything(path)
    assert rows == [["1", "london"]]
    assert table.source.notes == ["sheet Sheet1 of 3: Sheet1, Sheet2, Sheet3; --sheet takes another"]
    assert everything(path, sheet="sheet3")[:2] == (["id", "name"], [["3", "rome"]])
    with pytest.raises(UsageError, match="no sheet 'Nope'") as caught:
        open_table(str(path), sheet="Nope")
    assert "Sheet1, Sheet2, Sheet3" in caught.value.hint


@needs_shared
def test_a_header_of_merged_lines_is_one_header_and_said() -> None:
    path = SHARED / "xlsx" / "fl_multiline-headers.xlsx"
    header, rows, table = everything(path)
    food = "Cumulative impact of changes on cost of food basket"
    assert header == [
        "Region", "Caloric contribution (%)", f"{food} from previous quarter", f"{food} from baseline (%)",
    ]  # fmt: skip
    assert (rows, table.source.header_line) == ([["A", "B", "C", "D"]], 5)
    assert table.source.notes[0].startswith("the header takes lines 1-5: Region; Caloric contribution (%)")
    notes = everything(path, header_row=1)[2].source.notes
    assert any("merged cells down to row 5" in note for note in notes)


# --- cells ----------------------------------------------------------------------------------------------------------


def test_cells_as_text(tmp_path: Path) -> None:
    values: dict[str, tuple[Any, str]] = {
        "phone": (989121234567, "989121234567"),
        "id": (1337.0, "1337"),
        "sum": (0.1 + 0.2, "0.3"),
        "negative": (-12.5, "-12.5"),
        "zeros": ("00123", "00123"),
        "day": (date(2024, 2, 29), "2024-02-29"),
        "instant": (datetime(2024, 1, 2, 3, 4, 5), "2024-01-02T03:04:05"),  # noqa: DTZ001 - sheets know no zones
        "to the millisecond": (datetime(2024, 1, 2, 3, 4, 5, 63_000), "2024-01-02T03:04:05.063"),  # noqa: DTZ001
        "clock": (clock(14, 30), "14:30:00"),
        "length": (timedelta(hours=30, minutes=5), "30:05:00"),
        "flag": (True, "true"),
        "no": (False, "false"),
        "return": ("a_x000D_\nb", "a\r\nb"),
        "lines": ("a\nb", "a\nb"),
        "text": ("علی 🍣", "علی 🍣"),
        "quote": ("'=kept", "'=kept"),
    }
    path = save(tmp_path / "t.xlsx", [list(values), [value for value, _ in values.values()]])
    header, rows, _ = everything(path)
    assert dict(zip(header, rows[0], strict=True)) == {name: text for name, (_, text) in values.items()}


def test_rows_keep_their_sheet_numbers(tmp_path: Path) -> None:
    path = save(tmp_path / "t.xlsx", [[], ["", "name", "city"], ["", "Ada", "London"], [], ["", "Bob"]])
    with open_table(str(path)) as table:
        assert [(row.line, row.cells[-2:]) for row in table.rows] == [(3, ["Ada", "London"]), (5, ["Bob", ""])]
        assert table.blank_rows == 1
        assert table.source.header_line == 2


def test_a_cell_beyond_the_headers_is_a_problem(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["a", "b"], *([1, 2] for _ in range(100)), [1, 2, "stray"]]
    with open_table(str(save(tmp_path / "t.xlsx", rows))) as table:
        found = list(table.rows)
        assert table.header == ["a", "b"]
        assert (found[0].cells, found[-1].problem) == (["1", "2"], "3 cells under 2 headers")


def test_error_cells_behind_an_offset_and_in_later_rows(tmp_path: Path) -> None:
    path = save(tmp_path / "t.xlsx", [["", "", "a", "b"], *(["", "", n, n] for n in range(3000)), ["", "", 1, "#N/A"]])
    with open_table(str(path)) as table:
        last = list(table.rows)[-1]
    assert (last.cells[-1], last.problem) == ("#N/A", "cell D3002 is the error #N/A")


def test_formulas_without_a_stored_result_are_noted(tmp_path: Path) -> None:
    path = save(tmp_path / "t.xlsx", [["a", "b"], [1, "=1+1"], [2, "=1+2"]])
    notes = everything(path)[2].source.notes
    assert notes[0].startswith("2 formula cells have no stored result")


def test_hidden_and_empty_sheets_are_passed_over(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Empty"
    hidden = book.create_sheet("Hidden")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Data").append(["name", "city"])
    book.save(tmp_path / "t.xlsx")
    header, _, table = everything(tmp_path / "t.xlsx")
    assert (header, table.source.sheet) == (["name", "city"], "Data")
    assert everything(tmp_path / "t.xlsx", sheet="Hidden")[0] == ["secret"]


def test_a_workbook_without_sheets_says_so(tmp_path: Path) -> None:
    bare = edited(
        save(tmp_path / "t.xlsx", [["a"]]), tmp_path / "n.xlsx", "xl/workbook.xml",
        lambda data: re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", data),
    )  # fmt: skip
    with pytest.raises(ReadError, match=r"no sheet with cells") as refused:
        everything(bare)
    assert "--sheet" not in refused.value.hint


def test_what_the_first_reader_cannot_read_the_second_may(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["name", "sum"], ["a_x000D_b", 12.5], ["#N/A", 3]):
        book.active.append(line)
    book.active["A2"].hyperlink = "https://a.example/b"
    book.active.merge_cells("D1:E2")
    book.save(tmp_path / "good.xlsx")
    odd = edited(tmp_path / "good.xlsx", tmp_path / "odd.xlsx", SHEET, lambda data: data.replace(b">12.5", b"> 12.5"))
    with open_table(str(odd)) as table:
        rows = list(table.rows)
        assert table.header == ["name", "name (link)", "sum"]
        assert "second reader" in table.source.notes[0]
        assert table.source.notes[1].startswith("1 merged cell counts in its first row and column alone")
    assert [row.cells for row in rows] == [["a\rb", "https://a.example/b", "12.5"], ["#N/A", "", "3"]]
    assert rows[1].problem == "cell A3 is the error #N/A"


def test_an_ods_file_and_its_error_cells(tmp_path: Path) -> None:
    rows = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>name</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>sum</text:p></table:table-cell></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="string"><text:p>Ada</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error">'
        "<text:p>#DIV/0!</text:p></table:table-cell></table:table-row>"
    )
    header, cells, table = everything(ods(tmp_path / "t.ods", rows))
    assert (header, len(cells), table.source.kind) == (["name", "sum"], 1, "ods")
    assert "1 error cells" in table.source.notes[0]


def test_a_workbook_named_csv_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    save(tmp_path / "leads.xlsx", [["a", "b"], [1, 2]]).rename(path)
    header, rows, table = everything(path)
    assert (header, rows) == (["a", "b"], [["1", "2"]])
    assert table.source.notes == ["the file is a workbook (xlsx), whatever its name says"]
    with pytest.raises(UsageError, match="no encoding"):
        open_table(str(path), encoding="utf-8")


def test_column_names() -> None:
    assert [column_name(n) for n in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert all(column_index(column_name(n)) == n for n in range(20_000))


def test_leaving_early_ends_the_child(tmp_path: Path) -> None:
    path = save(tmp_path / "t.xlsx", [["name"], *([f"n{n}" * 20] for n in range(20_000))])
    with open_table(str(path)) as table:
        assert next(table.rows).cells == ["n0" * 20]
        child = table._reader._frames.child  # type: ignore[union-attr]
    assert child.returncode is not None


# --- hostile files --------------------------------------------------------------------------------------------------


def ods(path: Path, rows: str, doctype: str = "") -> Path:
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{doctype}<office:document-content {spaces} xmlns:calcext="urn:x">'
            f'<office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "t.xlsx", [["a"], [1]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/big.bin", "w") as big:
        for _ in range(401):
            big.write(b"\0" * (1 << 20))
    with pytest.raises(ReadError, match="unpacks to 401 MiB"):
        open_table(str(path))


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + stream.encode("utf-16-le") + b"\0" * 600


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (ole("EncryptedPackage"), "protected by a password"),
        (ole("WordDocument"), "not an Excel workbook"),
        (ole("Workbook"), "damaged or of an unknown make"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "HTML"),
        (b"PK\x05\x06" + b"\0" * 18, "ZIP archive"),
    ],
)
def test_what_only_looks_like_a_workbook(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "t.xls"
    path.write_bytes(data)
    with pytest.raises(ReadError, match=what):
        open_table(str(path))


@pytest.mark.parametrize(
    ("name", "what"), [("word/document.xml", "Word document"), ("xl/workbook.bin", "XLSB"), ("a.txt", "ZIP archive")]
)
def test_other_zip_files_are_named(tmp_path: Path, name: str, what: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, "x")
    (tmp_path / "t.xlsx").write_bytes(data.getvalue())
    with pytest.raises(ReadError, match=what):
        open_table(str(tmp_path / "t.xlsx"))


def test_every_truncation_of_a_workbook_is_one_clear_error(tmp_path: Path) -> None:
    data = save(tmp_path / "t.xlsx", [["a", "b"], [1, "x"]]).read_bytes()
    for size in range(200, len(data), len(data) // 6):
        (tmp_path / "cut.xlsx").write_bytes(data[:size])
        with pytest.raises(ReadError):
            open_table(str(tmp_path / "cut.xlsx"))


def test_a_sheet_part_under_another_prefix_and_path(tmp_path: Path) -> None:
    good = save(tmp_path / "good.xlsx", [["a", "b"], ["x", "#REF!"]])

    def prefixed(data: bytes) -> bytes:
        renamed = re.sub(rb"<(/?)(worksheet|sheetData|row|c|v|is|t|dimension)\b", rb"<\1x:\2", data)
        return renamed.replace(b'<x:worksheet xmlns="', b'<x:worksheet xmlns:x="')

    strange = edited(good, tmp_path / "prefixed.xlsx", SHEET, prefixed)
    with open_table(str(strange)) as table:
        row = next(table.rows)
    assert (row.cells, row.problem) == (["x", "#REF!"], "cell B2 is the error #REF!")
