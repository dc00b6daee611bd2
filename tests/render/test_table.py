"""What a terminal gets: straight columns, nothing that moves its cursor."""

from __future__ import annotations

import io
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from crmcli.domain.entities import DEAL, TASK
from crmcli.domain.text import width
from crmcli.render.machine import WRITERS
from crmcli.render.out import Outlet, render, wants_colour
from crmcli.render.table import Screen, lines
from crmcli.results import Column, Page, Record, Rows, Section

COLUMNS = tuple(
    Column(n, DEAL.by_name[n].type, DEAL.by_name[n].label)
    for n in ("id", "name", "company", "value", "close_on", "created_at", "tags")
)
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "سلام دنیا می‌روم",
        "company": "👩‍💻 GmbH",
        "value": 1200000,
        "currency": "EUR",
        "close_on": "2026-12-01",
        "created_at": "2026-11-21T22:30:00.000Z",
        "tags": ["vip"],
    },
    {
        "id": 22,
        "name": "\x1b[31mred\x07\u202e\nline [/] [bold]",
        "company": None,
        "value": 5,
        "currency": "JPY",
        "close_on": None,
        "created_at": "2026-11-21T22:30:00.000Z",
        "tags": [],
    },
    {
        "id": 333,
        "name": "日本語の会社" * 9,
        "company": "x" * 90,
        "value": None,
        "currency": None,
        "close_on": None,
        "created_at": None,
        "tags": ["a", "b"],
    },
]


def drawn(result: Any, **screen: Any) -> list[str]:
    return "".join(lines(result, Screen(**screen))).split("\n")[:-1]


def test_columns_stay_straight() -> None:
    found = drawn(Rows(COLUMNS, ROWS), columns=200)
    edge = found[0].index("Close date")
    for line in found[1:3]:
        start = 0
        while width(line[:start]) < edge:
            start += 1
        assert width(line[:start]) == edge
        assert line[start - 1] == " "
    assert "12,000.00 EUR" in found[1]
    assert "5 JPY" in found[2]
    assert "2026-12-01" in found[1]


@pytest.mark.parametrize("columns", [10, 20, 30, 40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_screen(columns: int) -> None:
    assert max(width(line) for line in drawn(Rows(COLUMNS, ROWS), columns=columns)) <= columns


def test_nothing_of_the_data_reaches_the_terminal() -> None:
    text = "\n".join(drawn(Rows(COLUMNS, ROWS), columns=200))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "^[[31mred^G<U+202E>⏎line [/] [bold]" in text
    record = "\n".join(drawn(Record("\x1bt", COLUMNS, ROWS[1]), columns=80))
    assert "\x1b" not in record


def test_instants_in_the_users_zone_and_calendar() -> None:
    rows = Rows(
        (
            Column("created_at", DEAL.by_name["created_at"].type, "Created"),
            Column("close_on", DEAL.by_name["close_on"].type, "Close"),
        ),
        ROWS[:1],
    )
    assert "2026-11-22 02:00" in drawn(rows, zone=timezone(timedelta(hours=3, minutes=30)))[1]
    assert "1405-08-30 22:30" in drawn(rows, zone=UTC, calendar="jalali")[1]
    assert "1405-09-10" in drawn(rows, zone=UTC, calendar="jalali")[1]


def test_a_record_shows_people_what_is_for_people() -> None:
    fields = ("id", "uid", "name", "value", "currency", "position", "probability_manual")
    columns = tuple(Column(n, DEAL.by_name[n].type, DEAL.by_name[n].label) for n in fields)
    values = dict.fromkeys(fields, "x") | {"value": 1200, "currency": "EUR", "position": 1024, "id": 1}
    text = "\n".join(drawn(Record("deal:1  x", columns, values), columns=80))
    assert "12.00 EUR" in text
    assert not [word for word in ("UUID", "Position", "1024", "Currency", "by hand") if word in text]
    assert "1024" in "\n".join(drawn(Rows(columns, [values]), columns=80))  # a list has the columns it was asked for


def test_a_task_is_due_once() -> None:
    fields = ("id", "due_on", "due_at", "done_at")
    columns = tuple(Column(n, TASK.by_name[n].type, TASK.by_name[n].label) for n in fields)
    timed = {"id": 1, "due_on": "2026-11-27", "due_at": "2026-11-27T14:30:00.000Z", "done_at": None}
    whole = {"id": 2, "due_on": "2026-11-28", "due_at": None, "done_at": None}
    zone = timezone(timedelta(hours=1))
    assert [line.split() for line in drawn(Rows(columns, [timed, whole]), columns=80, zone=zone)] == [
        ["ID", "Due", "Done"],
        ["1", "2026-11-27", "15:30"],
        ["2", "2026-11-28"],
    ]
    shown = drawn(Record("task:1  Call", columns, timed), columns=80, zone=zone)
    assert [line.split() for line in shown[1:]] == [["ID", "1"], ["Due", "2026-11-27", "15:30"]]
    assert drawn(Rows(columns[2:3], [timed]), columns=80, zone=zone) == ["Due at", "2026-11-27 15:30"]


def test_colour_only_when_asked() -> None:
    assert drawn(Rows(COLUMNS, ROWS), colour=True)[0].startswith("\x1b[1m")
    assert "\x1b" not in "".join(drawn(Rows(COLUMNS, ROWS), colour=False))


def test_empty_and_pages() -> None:
    assert drawn(Rows(COLUMNS, [], empty="no deals fit")) == ["no deals fit"]
    page = drawn(
        Page(
            "Today",
            (
                Section("a", "Overdue", Rows(COLUMNS[:2], ROWS[:1])),
                Section("b", "Silent", Rows(COLUMNS[:2], [], empty="none")),
            ),
            {},
        )
    )
    assert page[0] == "Today"
    assert "Overdue (1)" in page
    assert page[-2:] == ["Silent", "  none"]


def wide(*names: str, **ranks: int) -> Rows:
    columns = tuple(Column(name, None, name, rank=ranks.get(name, 0)) for name in names)
    return Rows(columns, [{name: f"{name} " * 5 for name in names}])


@pytest.mark.parametrize(
    ("ranks", "left"),
    [
        ({}, ["name", "text", "third"]),
        ({"third": -1}, ["name", "text", "fourth"]),
        ({"fifth": 1}, ["name", "text", "fifth"]),
        ({"fourth": 1, "fifth": 1}, ["name", "text", "fourth", "fifth"]),
        ({"text": -1, "name": -1}, ["name", "text", "third"]),
    ],
)
def test_what_was_asked_for_stays_and_what_can_be_spared_goes_first(ranks: dict[str, int], left: list[str]) -> None:
    gone: dict[str, None] = {}
    found = drawn(wide("name", "text", "third", "fourth", "fifth", **ranks), columns=40, left_out=gone)
    assert found[0].split() == left
    assert sorted([*left, *gone]) == ["fifth", "fourth", "name", "text", "third"]
    whole: dict[str, None] = {}
    drawn(wide("name", "text", **ranks), columns=200, left_out=whole)
    assert whole == {}


def test_what_stands_below_a_row_is_whole_there_and_nowhere_else() -> None:
    columns = (Column("name", None, "Name"), Column("url", None, "URL"))
    long = "https://dav.example.org/" + "calendar/" * 10
    one = Rows(columns, [{"name": "work", "url": long}, {"name": "none", "url": ""}], below="url")
    assert drawn(one, columns=40) == ["Name", "work", f"      {long}", "none"]
    several = Rows(columns[:1], [{"name": "work", "all": ("crm a", "crm b")}, {"name": "none"}], below="all")
    assert drawn(several, columns=40) == ["Name", "work", "      crm a", "      crm b", "none"]
    assert "".join(WRITERS["tsv"](one)).splitlines()[1] == f"work\t{long}"


def test_bars() -> None:
    rows = Rows(
        (Column("stage"), Column("count", DEAL.by_name["position"].type)),
        [{"stage": "New", "count": 4}, {"stage": "Won", "count": 2}, {"stage": "-", "count": 0}],
        bars="count",
    )
    found = drawn(rows, columns=60)
    assert (found[1].count("█"), found[2].count("█"), found[3].count("█")) == (24, 12, 0)


def test_bars_of_amounts_compare_within_a_currency() -> None:
    amounts = [("EUR", 500), ("EUR", 1000), ("IRR", 9_000_000_000), ("IRR", 4_500_000_000), (None, None)]
    columns = (Column("stage"), Column("value", DEAL.by_name["value"].type, "", "currency"))
    rows = Rows(columns, [{"stage": "s", "value": v, "currency": c} for c, v in amounts], bars="value")
    assert [line.count("█") for line in drawn(rows, columns=80)[1:]] == [12, 24, 24, 12, 0]


def test_bars_of_what_is_no_number_are_not_drawn() -> None:
    rows = Rows((Column("stage"), Column("note")), [{"stage": "New", "note": "many"}], bars="note")
    assert drawn(rows, columns=60)[1] == "New    many"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("output", ["", *WRITERS])
def test_no_format_brings_controls_to_a_terminal(output: str) -> None:
    rows = Rows(COLUMNS, ROWS)
    stream = Terminal()
    render(rows, Outlet(stream, colour="never"), output)
    assert not [char for char in stream.getvalue() if char in "\x1b\x07\x9b\u202e"]
    assert stream.getvalue().count("\n") >= len(ROWS)


def test_a_terminal_keeps_what_belongs_to_a_format_and_a_pipe_everything() -> None:
    rows = Rows((Column("a"), Column("b")), [{"a": "x\ny", "b": "\x1b[31m"}])
    terminal, pipe = Terminal(), io.StringIO()
    render(rows, Outlet(terminal), "csv")
    render(rows, Outlet(pipe), "csv")
    assert terminal.getvalue() == 'a,b\n"x\ny",^[[31m\n'
    assert pipe.getvalue() == 'a,b\n"x\ny",\x1b[31m\n'
    terminal = Terminal()
    render(rows, Outlet(terminal), "tsv")
    assert terminal.getvalue() == "a\tb\nx\\ny\t^[[31m\n"


@pytest.mark.parametrize(
    ("terminal", "wish", "env", "expected"),
    [
        (True, "auto", {"TERM": "xterm"}, True),
        (True, "auto", {"TERM": "dumb"}, False),
        (True, "auto", {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (False, "auto", {"TERM": "xterm"}, False),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (False, "always", {"NO_COLOR": "1"}, True),
        (True, "never", {"TERM": "xterm", "FORCE_COLOR": "1"}, False),
        (True, "auto", {"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_who_gets_colour(
    terminal: bool, wish: str, env: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(terminal, wish) is expected
