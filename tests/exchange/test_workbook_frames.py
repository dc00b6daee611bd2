"""A sheet that was read to its end is not opened again, unless its file is another than it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from crmcli.errors import ReadError
from crmcli.exchange import workbook_frames
from crmcli.exchange.tables import keeping_sheets, open_table
from tests.support.workbooks import xlsx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = [["name", "n"], *([f"n{number}", number] for number in range(2500))]


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    with keeping_sheets():
        yield


def read(path: Path, sheet: str | None = None) -> tuple[list[list[str]], bool]:
    """The cells, and whether a process opened the workbook for them."""
    with open_table(str(path), sheet=sheet) as table:
        opened = table._reader._frames.child is not None  # type: ignore[union-attr]
        return [row.cells for row in table.rows], opened


def test_a_second_reading_gives_the_same_and_opens_nothing(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "t.xlsx", ROWS)
    first, opened = read(path)
    again, reopened = read(path)
    assert (opened, reopened) == (True, False)
    assert again == first == [[f"n{number}", str(number)] for number in range(2500)]
    assert read(path, "Sheet") == (first, True), "another question is another reading"
    with keeping_sheets():
        assert [read(path)[1], read(path)[1]] == [True, False]
        held = open_table(str(path))
    assert not read(path)[1], "what was kept outside is still there"
    with held:
        assert [row.cells for row in held.rows] == first, "what is being read goes with its reader"


def test_two_readings_at_once_do_not_take_each_others_rows(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "t.xlsx", ROWS)
    read(path)
    with open_table(str(path)) as one, open_table(str(path)) as other:
        pairs = list(zip(one.rows, other.rows, strict=True))
    assert len(pairs) == 2500
    assert all(left == right for left, right in pairs)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "t.xlsx", ROWS)
    read(path)
    os.utime(path, ns=(1, 1))
    assert read(path)[1]
    xlsx(path, [["name"], ["Ada"]])
    assert read(path) == ([["Ada"]], True)


def test_a_reading_that_ended_early_is_not_taken_for_all(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "t.xlsx", ROWS)
    with open_table(str(path)) as table:
        next(table.rows)
    cells, opened = read(path)
    assert (len(cells), opened) == (2500, True)


def test_what_is_kept_has_bounds_and_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(workbook_frames, "MOST_KEPT", 20_000)
    path = xlsx(tmp_path / "long.xlsx", ROWS)
    assert len(read(path)[0]) == len(read(path)[0]) == 2500
    assert read(path)[1], "too long to keep"
    short = [xlsx(tmp_path / f"{number}.xlsx", [["a"], [number]]) for number in range(10)]
    for one in short:
        read(one)
    assert [read(one)[1] for one in (short[9], short[0])] == [False, True]
    half = [xlsx(tmp_path / f"half {number}.xlsx", ROWS[:500]) for number in range(3)]
    assert [read(one)[1] for one in (*half, *half[::-1])] == [True] * 3 + [False, True, True], "all of it is bounded"
    assert not [name for name in os.listdir(tmp_path) if name.startswith("crm-")]


def test_a_file_that_is_gone_is_no_longer_known(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "t.xlsx", ROWS)
    read(path)
    path.write_bytes(b"PK\x03\x04garbage")
    with pytest.raises(ReadError, match="damaged"):
        read(path)
