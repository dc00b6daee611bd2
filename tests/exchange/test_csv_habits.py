"""What programs write into CSV beyond its standard: formulas that only say a text, blanks beside quotation marks, an
end mark of DOS; and more columns than a table has."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.errors import ReadError
from crmcli.exchange.shape import MAX_COLUMNS
from crmcli.exchange.tables import open_table
from crmcli.exchange.writing import write_csv


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def opened(data: bytes | str, **options: Any) -> tuple[list[str], list[list[str]], list[str]]:
        path = tmp_path / "table.csv"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        with open_table(str(path), **options) as table:
            rows = list(table.rows)
        assert [row.problem for row in rows] == [None] * len(rows)
        return table.header, [row.cells for row in rows], table.source.notes

    return opened


# --- formulas that only say a text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        (
            'Name,Phone,Postal code\nExa,="0049301","=""00123"""\n',
            ["Name", "Phone", "Postal code"], [["Exa", "0049301", "00123"]],
        ),
        (
            'sep=;\r\nName;Email\r\n="001";="a@x.example"\r\n="002";=""\r\n',
            ["Name", "Email"], [["001", "a@x.example"], ["002", ""]],
        ),
        ('="Name",="Notes"\n"=""say """"hi""""""",x\n', ["Name", "Notes"], [['say "hi"', "x"]]),
        ('Name,Zip\nAnn, ="01067"\nBen,="0"\n', ["Name", "Zip"], [["Ann", "01067"], ["Ben", "0"]]),
        ('Name;Zip\n"Ann"; "=""01067"" "\n', ["Name", "Zip"], [["Ann", "01067"]]),
    ],
)  # fmt: skip
def test_a_formula_that_only_says_a_text_is_the_text(
    text: str, header: list[str], rows: list[list[str]], read: Any
) -> None:
    found = read(text)
    assert found[:2] == (header, rows)
    assert any('="' in note for note in found[2])


def test_a_formula_of_a_text_behind_the_sample(read: Any) -> None:
    _, rows, notes = read("Name,Phone\n" + "Ann,1\n" * 100_000 + 'Zoe,="007"\n')
    assert rows[-1] == ["Zoe", "007"]
    assert any('="' in note for note in notes)


def test_other_formulas_stand_as_they_are(read: Any) -> None:
    text = 'Name,Sum\nAnn,"=""a""&""b"""\nBen,"=""c"""\nCid,=B2*2\n'
    _, rows, notes = read(text)
    assert rows == [["Ann", '="a"&"b"'], ["Ben", "c"], ["Cid", "=B2*2"]]
    assert any('="' in note for note in notes)
    assert read('Name,Sum\nAnn,"=""a""&""b"""\nCid,=B2*2\n')[1:] == ([["Ann", '="a"&"b"'], ["Cid", "=B2*2"]], [])
    plain = 'Name,Sum\nAnn,"=""c"""\n'
    assert read(plain, guarded=False)[1] == [["Ann", '="c"']]


def test_a_text_of_our_own_that_looks_like_such_a_formula_comes_back(read: Any) -> None:
    stream = io.StringIO(newline="")
    write_csv(stream, ["Name", "Notes"], [['="001"', "x"], ['\'="002"', ' "y"']])
    assert read(stream.getvalue())[1] == [['="001"', "x"], ['\'="002"', ' "y"']]


# --- blanks beside quotation marks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            'Name, City, Notes\n"Ann B", "Ulm", "x; y"\n"Ben C", "Bonn", "z"\n',
            [["Ann B", "Ulm", "x; y"], ["Ben C", "Bonn", "z"]],
        ),
        ('Name, City\n"Ann",  "Ulm, Donau"\nBen, Bonn\n', [["Ann", "Ulm, Donau"], ["Ben", "Bonn"]]),
        ('Name; City\n"Ann"; "Ulm; ""D"""\n', [["Ann", 'Ulm; "D"']]),
        (' "Name", "City"\n "Ann", "Ulm"\n', [["Ann", "Ulm"]]),
        ('"Name" , "City"\n"Ann" ,"Ulm, X" \n"Ben",Bonn  \r\n', [["Ann", "Ulm, X"], ["Ben", "Bonn  "]]),
        ('Name, City\n"Ann"  ,"Ulm ""D"" , \n X" \n24" , "a" ', [["Ann", 'Ulm "D" , \n X'], ['24" ', "a"]]),
    ],
)
def test_blanks_beside_quotation_marks_are_no_part_of_a_cell(text: str, rows: list[list[str]], read: Any) -> None:
    header, found, notes = read(text)
    assert (header[:2], found) == (["Name", "City"], rows)
    assert any("blanks" in note for note in notes)
    assert read(text, delimiter=text[text.index(" C") - 1] if " C" in text else ",")[1] == rows


@pytest.mark.parametrize(
    "text",
    [
        'Name,City,Notes\nAnn, Ulm,x\n"Ben, ",Bonn,"a, ""b"""\n',  # nothing but cells of the standard
        'Name,City,Notes\nAnn, Ulm,x\n"Ben, ",Bonn,"a, ""b"" ,"\n',  # a quotation within a cell, and a blank behind it
        'Name,City,Notes\nAnn,Ulm, "Hi" she said\n',  # a quotation within a text
    ],
)
def test_blanks_that_are_text_are_kept(text: str, read: Any) -> None:
    _, rows, notes = read(text)
    more = " ," if '""b"" ' in text else ""
    assert rows in ([["Ann", " Ulm", "x"], ["Ben, ", "Bonn", f'a, "b"{more}']], [["Ann", "Ulm", ' "Hi" she said']])
    assert not notes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(rows=st.lists(st.lists(st.text(' ",;x=\n', max_size=6), min_size=2, max_size=2), min_size=1, max_size=5))
def test_what_we_write_is_never_taken_for_such_a_file(rows: list[list[str]], read: Any) -> None:
    stream = io.StringIO(newline="")
    every = [["Ann", *row, "x"] for row in rows]
    write_csv(stream, ["name", "city", "notes", "end"], every)
    assert read(stream.getvalue(), delimiter=",", header_row=1)[1] == every


def test_a_quotation_mark_behind_blanks_takes_no_rows_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    good = [f'Ann{n}, "Berlin", x' for n in range(20_000)]
    rest = ['Zed, "24 inch, y', *[f"Ben{n}, Ulm, z" for n in range(50)], 'Last, Ulm, 6"', "End, Ulm, z"]
    path.write_text("\n".join(["Name, City, Notes", *good, *rest, 'Two, "a, b', 'c", x', '"Three', 'X", Ulm, x']))
    with open_table(str(path)) as table:
        rows = list(table.rows)
    refused = [row for row in rows if row.problem]
    assert [(row.line, "quotation mark" in str(row.problem)) for row in refused] == [(20_002, True), (20_055, True)]
    assert "Ben49" in refused[0].cells[1]  # it is kept with the row
    assert (len(rows), rows[-1].cells[0]) == (20_004, "Three\nX")


def test_a_quotation_mark_behind_blanks_near_the_top_takes_no_rows_either(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text('Name, City, Notes\nAnn, "Ulm", x\nZed, "24 inch, y\nBen, Ulm, z"\nEnd, "Ulm", z\n')
    with open_table(str(path)) as table:
        assert [(row.line, bool(row.problem)) for row in table.rows] == [(2, False), (3, True), (5, False)]


# --- tables that are drawn -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "| Name | City |\n|------|:----:|\n| Ann  | Ulm |\n| Ben |  |\n",
        " Name | City \n------+------\n Ann  | Ulm\n Ben  |\n",
        "Name|City\n---|---\nAnn|Ulm\nBen|\n",
    ],
)
def test_the_rule_below_a_header_is_no_row(text: str, read: Any) -> None:
    header, rows, _ = read(text)
    filled = [place for place, title in enumerate(header) if title in ("Name", "City")]
    assert [[row[place].strip() for place in filled] for row in rows] == [["Ann", "Ulm"], ["Ben", ""]]


def test_strokes_are_cells_elsewhere(read: Any) -> None:
    assert read("Name,City\n---,---\nAnn,Ulm\n")[1] == [["---", "---"], ["Ann", "Ulm"]]
    assert read("Name|City\nAnn|---\n--|-\n")[1] == [["Ann", "---"], ["--", "-"]]


# --- the end of a file of DOS ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\r\n\x1a\x1a\x1a"])
def test_an_end_mark_of_dos_ends_the_file(end: str, read: Any) -> None:
    assert read(f"Name,City\r\nAnn,Ulm{end}")[1] == [["Ann", "Ulm"]]
    assert read(f"Name\r\nAnn{end}", header_row=1)[1] == [["Ann"]]
    with pytest.raises(ReadError, match="holds no rows"):
        read("\x1a")


def test_an_end_mark_elsewhere_is_text(read: Any) -> None:
    rows = [["An\x1an", "Ulm"], ["\x1aBen", "Bonn"], ["Cid", "\x1a"]]
    assert read("Name,City\n" + "".join(f"{name},{city}\n" for name, city in rows))[1] == rows


# --- too many columns -----------------------------------------------------------------------------------------------


def test_as_many_columns_as_a_sheet_has_are_read(read: Any) -> None:
    names = [f"c{number}" for number in range(MAX_COLUMNS)]
    assert read(",".join(names) + "\n" + "x," * (MAX_COLUMNS - 1) + "y\n")[0] == names
    with pytest.raises(ReadError, match=f"{MAX_COLUMNS + 1:,} columns"):
        read(",".join([*names, "one"]) + "\n")
