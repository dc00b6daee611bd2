"""Days at a terminal: a list under headings, and a month as a grid."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from crmcli.domain.text import width
from crmcli.render.machine import WRITERS
from crmcli.render.table import Screen, lines
from crmcli.results import Column, Day, Days, Rows

TODAY = date(2026, 11, 23)
COLUMNS = (Column("date"), Column("start"), Column("end"), Column("id"), Column("ref"), Column("name"))
SHOWN = (Column("ref"), Column("what"), Column("about"))


def row(number: int, day: str, start: str = "", end: str = "", state: str = "", **more: Any) -> dict[str, Any]:
    """A task on a day; times are given as DD hh:mm of November, or in full."""
    times = {
        side: f"2026-11-{text[:2]}T{text[3:]}+01:00" if len(text) == 8 else text or None
        for side, text in (("start", start), ("end", end))
    }
    name = more.pop("name", f"task {number}")
    return {
        "date": f"2026-11-{day}", "kind": "task", "state": state, "id": number, "name": name, "about": "",
        "ref": "" if state == "again" else f"task:{number}", "what": f"call: {name}", "due": f"2026-11-{day}",
        **times, **more,
    }  # fmt: skip


def drawn(rows: list[dict[str, Any]], first: str, last: str, columns: int = 80, **more: Any) -> list[str]:
    screen = {name: more.pop(name) for name in ("calendar", "colour") if name in more}
    begin = date.fromisoformat(first)
    count = (date.fromisoformat(last) - begin).days + 1
    names = more.pop("names", {})
    days = [begin + timedelta(days=number) for number in range(count)]
    marked = tuple(Day(on, on.weekday() > 4 or on.isoformat() in names, names.get(on.isoformat(), "")) for on in days)
    found = Rows(COLUMNS, rows, empty="nothing there", days=Days(marked, TODAY, SHOWN, **more))
    text = "".join(lines(found, Screen(columns, **screen)))
    assert all(width(line) <= columns for line in text.split("\n")) or screen.get("colour")
    return text.split("\n")[:-1]


WEEK = [
    row(1, "23", state="overdue", due="2026-11-20", about="lead:1 Ada Lovelace", name="Call Ada"),
    row(2, "23", "20 09:00", "20 09:30", "overdue", due="2026-11-22"),
    row(3, "23"),
    row(4, "23", "23 08:00", "23 08:30", "overdue"),
    row(5, "23", "23 11:00"),
    row(6, "23", "23 22:00", "24 02:00", name="Nacht"),
    row(7, "24", "24 09:00", "24 10:30", "again"),
    row(8, "24", "24 22:00", "25 00:00"),
    row(9, "24", "24 08:00", "27 00:00", name="قرار با علی رضایی", about="contact:3 علی"),
    row(10, "25", state="done"),
]


def test_days_have_what_is_late_first_and_then_the_clock() -> None:
    assert drawn(WEEK, "2026-11-23", "2026-11-29", names={"2026-11-25": "Day of \x1b[31mPrayer"}) == [
        "Monday 2026-11-23  today",
        "  3 days late       task:1   call: Call Ada           lead:1 Ada Lovelace",
        "  1 day late        task:2   call: task 2",
        "  all day           task:3   call: task 3",
        "  08:00-08:30 late  task:4   call: task 4",
        "  11:00             task:5   call: task 5",
        "  22:00-…           task:6   call: Nacht",
        "Tuesday 2026-11-24",
        "  …-02:00           task:6   call: Nacht",
        "  08:00-…           task:9   call: قرار با علی رضایی  contact:3 علی",
        "  09:00-10:30       task:7   ↻ call: task 7",
        "  22:00-24:00       task:8   call: task 8",
        "Wednesday 2026-11-25  Day of ^[[31mPrayer",
        "  all day           task:9   call: قرار با علی رضایی  contact:3 علی",
        "  all day           task:10  ✓ call: task 10",
        "Thursday 2026-11-26",
        "  all day           task:9   call: قرار با علی رضایی  contact:3 علی",
        "Friday 2026-11-27",
        "Saturday 2026-11-28  day off",
        "Sunday 2026-11-29  day off",
    ]


def test_narrow_ones_cut_texts_and_not_numbers() -> None:
    found = drawn(WEEK, "2026-11-23", "2026-11-24", 56)
    assert found[1] == "  3 days late       task:1  call: Call A…  lead:1 Ada L…"
    assert found[9] == "  08:00-…           task:9  call: قرار ب…  contact:3 علی"
    assert drawn(WEEK, "2026-11-23", "2026-11-24", 40)[9] == "  08:00-…           task:9  call: قرار …"
    for columns in (10, 20, 30):
        drawn(WEEK, "2026-11-23", "2026-11-29", columns)


def test_a_long_list_leaves_out_days_without_anything_but_today() -> None:
    assert drawn(WEEK[-1:], "2026-11-23", "2026-11-29", every=False) == [
        "Monday 2026-11-23  today",
        "Wednesday 2026-11-25",
        "  all day  task:10  ✓ call: task 10",
    ]
    assert drawn([], "2026-11-27", "2026-11-28") == [
        "Friday 2026-11-27",
        "Saturday 2026-11-28  day off",
        "nothing there",
    ]
    assert drawn([], "2026-12-27", "2026-12-28", every=False) == ["nothing there"]


def test_what_began_earlier_is_shown_where_it_goes_on() -> None:
    fair = row(1, "25", "24 08:00", "26 10:00", due="2026-11-24")
    assert drawn([fair], "2026-11-25", "2026-11-26") == [
        "Wednesday 2026-11-25",
        "  all day  task:1  call: task 1",
        "Thursday 2026-11-26",
        "  …-10:00  task:1  call: task 1",
    ]


def test_days_where_clocks_change_are_by_the_clock() -> None:
    late = row(1, "23", "2026-10-25T01:30+02:00", "2026-10-25T02:30+01:00") | {"date": "2026-10-25"}
    second = row(2, "23", "2026-10-25T02:10+01:00") | {"date": "2026-10-25"}
    assert drawn([late, second], "2026-10-25", "2026-10-25")[1:] == [
        "  01:30-02:30  task:1  call: task 1",
        "  02:10        task:2  call: task 2",
    ]


def test_a_month_is_a_grid_where_it_has_room() -> None:
    found = drawn(WEEK, "2026-11-01", "2026-11-30", 120, every=False, month=True, names={"2026-11-26": "Thanksgiving"})
    assert found[:14] == [
        "November 2026",
        "Monday           Tuesday          Wednesday        Thursday         Friday           Saturday         Sunday",
        "                                                                                                      1 off",
        "2                3                4                5                6                7 off            8 off",
        "9                10               11               12               13               14 off           15 off",
        "16               17               18               19               20               21 off           22 off",
        "[23]             24               25               26 Thanksgiving  27               28 off           29 off",
        "! Call Ada       …02:00 Nacht     قرار با علی رض…  قرار با علی رض…",
        "! task 2         08:00 قرار با …  ✓ task 10",
        "task 3           09:00 ↻ task 7",
        "+3 more          22:00 task 8",
        "30",
        "",
        "Monday 2026-11-23  today",
    ]
    assert drawn(WEEK, "2026-11-01", "2026-11-30", 119, every=False, month=True)[0] == "Monday 2026-11-23  today"


def test_a_jalali_month_in_weeks_that_begin_on_saturday() -> None:
    found = drawn(
        [row(1, "22", name="جلسه")], "2026-11-22", "2026-12-21", 120, every=False, month=True, week_start=5,
        calendar="jalali",
    )  # fmt: skip
    assert found[:4] == [
        "آذر 1405",
        "Saturday         Sunday           Monday           Tuesday          Wednesday        Thursday         Friday",
        "                 1 off            [2]              3                4                5                6",
        "                 جلسه",
    ]
    assert found[found.index("") :] == ["", "Sunday 1405-09-01  day off", "  all day  task:1  call: جلسه",
                                        "Monday 1405-09-02  today"]  # fmt: skip


def test_columns_of_the_grid_stay_straight() -> None:
    names = ["日本語の会社", "سلام دنیا", "👩‍💻 pairing", "plain", "é", "\u202etrojan", "x" * 40]
    week = [row(n, f"{n + 23}", name=name) for n, name in enumerate(names)]
    week.append(row(20, "29", name="end"))
    line = next(
        line for line in drawn(week, "2026-11-01", "2026-11-30", 140, every=False, month=True) if "plain" in line
    )
    assert width(line.partition("xxx")[0]) == 6 * (18 + 2)
    assert width(line.partition("plain")[0]) == 3 * (18 + 2)


def test_colour_marks_headings_alone() -> None:
    found = drawn([], "2026-11-28", "2026-11-28", colour=True)
    assert found[0] == "\x1b[1mSaturday 2026-11-28\x1b[0m  \x1b[2mday off\x1b[0m"


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_other_forms_have_one_row_for_each(form: str) -> None:
    found = Rows(COLUMNS, WEEK, days=Days((Day(TODAY),), TODAY, SHOWN))
    assert "".join(WRITERS[form](found)) == "".join(WRITERS[form](found._replace(days=None)))
    if form == "ids":
        listed = "".join(WRITERS[form](found)).split()
        assert listed == [f"task:{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9, 10)]
