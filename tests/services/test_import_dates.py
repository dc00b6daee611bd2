"""What a file settles of its columns of days goes with a few of its rows, column by column."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from crmcli.commands.import_options import dates_of
from crmcli.domain.calendars import split_day
from crmcli.domain.entities import DEAL
from crmcli.domain.types import Env
from crmcli.errors import UsageError
from crmcli.exchange.tables import Row
from crmcli.services.imports import moments
from crmcli.services.imports.dates import Dates, Told, told_columns, words
from crmcli.services.imports.facts import UndecidedError
from crmcli.services.imports.mapping import Mapped
from crmcli.services.imports.scanning import Scan

HEADER = ("Close = date", "Created at", "-x 'y'")
FILLS = ("close_on", "created_at", "stage_since")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
#: How columns write their days; those of a pair are written in both.
WAYS = (
    (("gregorian", "{0:04}-{1:02}-{2:02}"),),
    (("gregorian", "{2:02}/{1:02}/{0:04}"),),
    (("gregorian", "{1}/{2}/{0:04}"),),
    (("gregorian", "{2}.{1}.{3:02}"),),
    (("gregorian", "{3:02}/{1:02}/{2:02}"), ("gregorian", "{0:04}-{1:02}-{2:02}")),
    (("jalali", "{0:04}/{1:02}/{2:02}"),),
    (("jalali", "{3:02}/{1:02}/{2:02}"), ("jalali", "{2}/{1}/{0:04}")),
    (("jalali", "{3:02}/{1:02}/{2:02}"), ("jalali", "{0:04}/{1:02}/{2:02}")),
    (("jalali", "{1}-{2}-{0:04}"),),
)


@st.composite
def columns(draw: st.DrawFn) -> list[list[str]]:
    """Rows of days, each column in a way of its own; the first rows are those that are refused for something else."""
    ways = draw(st.lists(st.sampled_from(WAYS), min_size=2, max_size=3))
    days = st.dates(date(2003, 1, 1), date(2031, 12, 28))
    table = []
    for _ in range(draw(st.integers(2, 7))):
        cells = []
        for way in ways:
            calendar, form = draw(st.sampled_from(way))
            year, month, day = split_day(draw(days), "jalali" if calendar == "jalali" else "gregorian")
            cells.append(form.format(year, month, day, year % 100) if draw(st.integers(0, 9)) else "")
        table.append(cells)
    return table


def read(table: list[list[str]], told: Told) -> tuple[list[list[str | None]], list[str]]:
    """The days of a table, None for what is none, and the words by which a few of its rows are read."""
    width = len(table[0])
    fills = [Mapped(place, HEADER[place], (FILLS[place],)) for place in range(width)]
    scan = Scan(DEAL, [*fills, Mapped(width, "Name", ("name",))])
    scan.look([Row(line, [*cells, "Ada"], None) for line, cells in enumerate(table, 2)])
    envs = scan.envs(Env(NOW), told, "")

    def day(cell: str, env: Env) -> str | None:
        try:
            return moments.day(cell, env)
        except Exception:
            return None

    days = [[day(cell, envs[place]) for place, cell in enumerate(cells)] for cells in table]
    return days, [*words(scan.settled_days(envs, told))]


@settings(max_examples=150, deadline=None)
@given(table=columns(), refused=st.integers(1, 2))
@example(table=[["", "", "04/04/01"], ["", "13/01/2003", ""]], refused=1)
def test_refused_rows_have_the_same_days_with_the_printed_words(table: list[list[str]], refused: int) -> None:
    try:
        days, said = read(table, Told())
    except UndecidedError:
        assume(False)
    again, _ = read(table[:refused], told_columns(HEADER, *dates_of(said)))
    assert again == days[:refused], said


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([["1405/01/15", "2025-01-02"], ["05/02/31", "2025-02-02"]], ["Close = date=jalali-ymd"]),
        ([["25/03/2026", "12/31/2025"]], ["Close = date=dmy", "Created at=mdy"]),
        ([["25/03/2026", "2025-12-31"]], ["dmy"]),
        ([["99/12/29", ""], ["15/1/1405", ""]], ["jalali-ymd-dmy"]),
        ([["1405/01/15", "1404/12/01"]], ["jalali"]),
        ([["2026-01-02", "2025-12-31"]], []),
        ([["04/04/01", "12/31/2025"]], ["Close = date=dmy", "Created at=mdy"]),
    ],
)
def test_columns_are_named_only_where_no_one_word_is_right_for_all(table: list[list[str]], said: list[str]) -> None:
    assert read(table, Told())[1] == said


def test_words_of_columns() -> None:
    told = told_columns(HEADER, *dates_of(["dmy", "created  AT=jalali-ymd-mdy", "Close = date=mdy"]))
    assert told == Told(Dates("dmy"), {1: Dates("yymd mdy", "jalali"), 0: Dates("mdy")})
    for wrong, message in (
        (["dmy", "mdy"], "--dates dmy and --dates mdy exclude each other"),
        (["A=dmy", "A=mdy"], "--dates dmy and --dates mdy of column 'A' exclude"),
        (["=dmy"], "wants COLUMN=ORDER, not '=dmy'"),
        (["Nowhere=dmy"], "the file has no column 'Nowhere'"),
        (["Created at=dmy", "created at=mdy"], "says two things of column 'Created at'"),
        (["Created at=ydm"], "--dates wants dmy, mdy, ymd, jalali or gregorian, not 'ydm'"),
    ):
        with pytest.raises(UsageError, match=message):
            told_columns(HEADER, *dates_of(wrong))
