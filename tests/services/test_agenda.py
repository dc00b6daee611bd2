"""The days of an agenda and what is on each, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import FieldError, FilterError, UsageError
from crmcli.render.days import page_of_days
from crmcli.render.table import Screen
from crmcli.services import agenda, deals, occasions, records, tasks


def add(ctx: Context, kind: object = TASK, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]  # type: ignore[arg-type]


def told(ctx: Context, *words: str, **options: Any) -> list[str]:
    """A line for each row: day, times, state, name."""
    rows = agenda.agenda(ctx, words, **options).rows
    return [
        " ".join(
            filter(None, (row["date"][5:], *(row[side] and row[side][11:] for side in ("start", "end")), row["state"],
                          row["name"]))
        )
        for row in rows
    ]  # fmt: skip


def at(ctx: Context, monkeypatch: pytest.MonkeyPatch, now: str, zone: str) -> None:
    monkeypatch.setenv("CRM_NOW", now)
    monkeypatch.setenv("CRM_TIMEZONE", zone)
    ctx.tick()


def test_a_day_has_what_is_late_then_what_lasts_all_day_then_the_clock(ctx: Context) -> None:
    add(ctx, LEAD, name="Ada")
    for name, due, minutes in (
        ("lunch", "today 12:00", "1h"),
        ("whole day", "today", ""),
        ("long ago", "2026-10-01", ""),
        ("yesterday", "yesterday 9:00", "30m"),
        ("this morning", "today 8:00", "30m"),
        ("going on", "today 9:30", "1h"),
        ("no length", "today 11:00", ""),
        ("next week", "2026-11-27", ""),
        ("later", "2026-11-28", ""),
        ("some time", "", ""),
    ):
        add(ctx, name=name, due=due, minutes=minutes, on="lead:1")
    tasks.done(ctx, [add(ctx, name="done", due="today")])
    today = [
        "11-21 overdue long ago",
        "11-21 09:00+00:00 09:30+00:00 overdue yesterday",
        "11-21 whole day",
        "11-21 08:00+00:00 08:30+00:00 overdue this morning",
        "11-21 09:30+00:00 10:30+00:00 going on",
        "11-21 11:00+00:00 no length",
        "11-21 12:00+00:00 13:00+00:00 lunch",
    ]
    assert told(ctx) == [*today, "11-27 next week"]
    assert told(ctx, "today") == today
    assert told(ctx, "tomorrow") == []
    assert "11-21 done done" in told(ctx, done=True)
    assert told(ctx, "is:done") == ["11-21 done done"]
    first = agenda.agenda(ctx, ["today"]).rows[0]  # type: ignore[index]
    assert first == {
        "date": "2026-11-21", "start": None, "end": None, "kind": "task", "state": "overdue", "id": 3, "ref": "task:3",
        "type": "to-do", "name": "long ago", "about": "lead:1 Ada", "owner": None, "minutes": None,
        "due": "2026-10-01", "what": "to-do: long ago",
    }  # fmt: skip


def test_what_is_late_is_listed_once(ctx: Context) -> None:
    """The week began on Monday the 16th: what was due on Tuesday is on today's page, and on Tuesday where that is all
    that is asked for."""
    add(ctx, name="tuesday", due="2026-11-17")
    assert told(ctx, "week") == ["11-21 overdue tuesday"]
    assert told(ctx, "2026-11-17") == ["11-17 overdue tuesday"]
    assert told(ctx, "2026-11-16..2026-11-20") == ["11-17 overdue tuesday"]
    assert told(ctx, "tomorrow") == []


def test_the_oldest_of_many_late_ones_and_how_many_more(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(25):
        add(ctx, name=f"late {number:02}", due=f"2026-10-{number + 1:02}")
    add(ctx, name="a fair that goes on", due="yesterday 8:00", minutes="3d")
    capsys.readouterr()
    assert told(ctx, "today") == [
        *(f"11-21 overdue late {number:02}" for number in range(20)),
        "11-21 08:00+00:00 08:00+00:00 a fair that goes on",
    ]
    said = capsys.readouterr().err
    assert said.startswith("5 more are overdue: 'crm ")
    assert said.endswith(" task list is:overdue' lists them\n")


def test_what_goes_over_midnight_is_one_row_of_the_day_it_begins(ctx: Context) -> None:
    add(ctx, name="night", due="2026-11-24 22:00", minutes="4h")
    add(ctx, name="fair", due="2026-11-22 08:00", minutes="3d")
    add(ctx, name="until midnight", due="2026-11-24 22:00", minutes="2h")
    add(ctx, name="ten weeks", due="2026-09-20 00:00", minutes="99000")
    assert told(ctx, "2026-11-24") == [
        "11-24 00:00+00:00 18:00+00:00 ten weeks",
        "11-24 08:00+00:00 08:00+00:00 fair",
        "11-24 22:00+00:00 02:00+00:00 night",
        "11-24 22:00+00:00 00:00+00:00 until midnight",
    ]
    assert told(ctx, "2026-11-25") == [
        "11-25 00:00+00:00 18:00+00:00 ten weeks",
        "11-25 08:00+00:00 08:00+00:00 fair",
        "11-25 22:00+00:00 02:00+00:00 night",
    ]
    assert told(ctx, "2026-11-26..2026-11-27") == ["11-26 00:00+00:00 18:00+00:00 ten weeks"]
    assert told(ctx, "2026-11-29") == []


@pytest.mark.parametrize(
    ("words", "start", "end", "rest"),
    [
        ([], "2026-11-21", "2026-11-28", []),
        (["owner:me"], "2026-11-21", "2026-11-28", ["owner:me"]),
        (["week"], "2026-11-16", "2026-11-23", []),
        (["Month", "type:meeting"], "2026-11-01", "2026-12-01", ["type:meeting"]),
        (["quarter"], "2026-10-01", "2027-01-01", []),
        (["year"], "2026-01-01", "2027-01-01", []),
        (["next", "week", "ada"], "2026-11-23", "2026-11-30", ["ada"]),
        (["next week", "ada"], "2026-11-23", "2026-11-30", ["ada"]),
        (["2026-12"], "2026-12-01", "2027-01-01", []),
        (["2026-W50"], "2026-12-07", "2026-12-14", []),
        (["q1", "2027"], "2027-01-01", "2027-04-01", []),
        (["dec", "2026"], "2026-12-01", "2027-01-01", []),
        (["..+10d"], "2026-11-21", "2026-12-02", []),
        (["2026-12-24.."], "2026-12-24", "2027-12-25", []),
        (["+3d"], "2026-11-24", "2026-11-25", []),
        (["tomorrow", "type:call"], "2026-11-22", "2026-11-23", ["type:call"]),
        (["call", "ada"], "2026-11-21", "2026-11-28", ["call", "ada"]),
        (["۲۰۲۶-۱۲"], "2026-12-01", "2027-01-01", []),
        (["9999-12-30"], "9999-12-30", "9999-12-31", []),
        (["9999-01.."], "9999-01-01", "9999-12-31", []),
        (["1600-01-01"], "1600-01-01", "1600-01-02", []),
    ],
)
def test_the_words_begin_with_days(book: Context, words: list[str], start: str, end: str, rest: list[str]) -> None:
    found, left = agenda.read_words(book, words)
    assert (found.start.isoformat(), found.end.isoformat(), left) == (start, end, rest)


def test_jalali_months_and_weeks_that_begin_on_saturday(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    monkeypatch.setenv("CRM_WEEK_START", "saturday")
    for words, start, end in (
        (["month"], "2026-10-23", "2026-11-22"),
        (["ماه"], "2026-10-23", "2026-11-22"),
        (["آذر"], "2026-11-22", "2026-12-22"),
        (["1405-09"], "2026-11-22", "2026-12-22"),
        (["week"], "2026-11-21", "2026-11-28"),
    ):
        found = agenda.read_words(book, words)[0]
        assert (found.start.isoformat(), found.end.isoformat()) == (start, end)
        assert agenda.agenda(book, words).days.month is (len(list(found)) == 2 and words != ["week"])  # type: ignore[union-attr]
    rows = agenda.agenda(book, ["آذر"])
    assert rows.empty == "nothing from 1405-09-01 to 1405-09-30"


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["2026-13"], FieldError, "no period '2026-13'"),
        (["next", "fortnight"], FieldError, "next"),
        (["2026-12..2026-11"], FieldError, "ends before it starts"),
        (["..2026-01"], UsageError, "has no day that an agenda can begin with"),
        (["9999-12-31"], UsageError, "has no day that an agenda can begin with"),
        (["2020..2031"], UsageError, "more than ten years"),
        (["tomorrow", "nothing:here"], FilterError, "nothing"),
    ],
)
def test_what_is_no_range_is_refused(book: Context, words: list[str], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        agenda.agenda(book, words)


@pytest.mark.parametrize(
    "words", [["14:30"], ["today 10:00"], ["today", "10:00"], ["+2h"], ["fri", "14:30", "owner:me"]]
)
def test_a_time_is_no_name(book: Context, words: list[str]) -> None:
    with pytest.raises(FieldError, match="Days are wanted here, without a time"):
        agenda.agenda(book, words)


@pytest.mark.parametrize("words", [["call 5"], ["due:today"], ["name:14:30"], ["due:..today"], ["march past"]])
def test_what_names_no_time_is_a_filter(book: Context, words: list[str]) -> None:
    assert agenda.read_words(book, words)[1] == words


@pytest.mark.parametrize("calendar", ["gregorian", "jalali"])
@pytest.mark.parametrize(
    ("words", "dues"),
    [
        ("9999-12-01", {"9999-12-01"}),
        ("9999-12-01..", {"9999-12-01", "9999-12-30"}),
        ("9999-12-30", {"9999-12-30"}),
        ("9998-12-31..", {"9998-12-31", "9999-02-28", "9999-12-01", "9999-12-30"}),
        ("9999-02..9999-03", {"9999-02-28"}),
    ],
)
def test_the_last_days_of_all(
    ctx: Context, words: str, dues: set[str], calendar: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month that has no end, and what goes on behind the last day."""
    monkeypatch.setenv("CRM_CALENDAR", calendar)
    ctx.tick()
    for due in ("9998-12-31", "9999-02-28 10:00", "9999-12-01", "9999-12-01 10:00", "9999-12-30", "9999-12-30 10:00"):
        add(ctx, name=due, due=due, minutes="2d")
    rows = agenda.agenda(ctx, [words])
    assert {row["due"] for row in rows.rows} == dues
    assert rows.days is not None
    assert "".join(page_of_days(rows, rows.days, Screen(140, calendar=calendar)))


def test_an_owner_narrows_the_whole_filter(ctx: Context) -> None:
    """Birthdays too."""
    for name, owner in (("Ada", "tester"), ("Grace", "grace")):
        add(ctx, CONTACT, name=name, birthday="1986-11-22", owner=owner)
    words = ["tomorrow", "name:ada", "or", "name:grace"]
    assert told(ctx, *words) == ["11-22 birthday", "11-22 birthday"]
    assert told(ctx, *words, owner="grace") == ["11-22 birthday"]


def test_what_repeats_comes_again_after_its_task(ctx: Context) -> None:
    add(ctx, name="stand-up", due="2026-11-23 09:00", minutes="15m", repeat="every monday, wednesday")
    add(ctx, name="rent", due="2026-11-30", repeat="monthly on the last day 3 times")
    add(ctx, name="filters", due="2026-11-22", repeat="every 2 days", repeat_from="done")
    add(ctx, name="late", due="2026-11-19", repeat="every day until 2026-11-22")
    add(ctx, name="fortnight", due="2026-11-27", repeat="every 2 weeks on friday")
    assert told(ctx) == [
        "11-21 overdue late",
        "11-21 again late",
        "11-22 filters",
        "11-22 again late",
        "11-23 09:00+00:00 09:15+00:00 stand-up",
        "11-25 09:00+00:00 09:15+00:00 again stand-up",
        "11-27 fortnight",
    ]
    assert [line for line in told(ctx, "2026-12") if "stand-up" not in line] == [
        "12-11 again fortnight",
        "12-25 again fortnight",
        "12-31 again rent",
    ]
    assert [line for line in told(ctx, "2027-01") if "rent" in line or "fort" in line] == [
        "01-08 again fortnight",
        "01-22 again fortnight",
        "01-31 again rent",
    ]
    assert "rent" not in " ".join(told(ctx, "2027-02"))
    assert told(ctx, "2026-11-27", done=True) == ["11-27 fortnight"]
    (again,) = (row for row in agenda.agenda(ctx, ["2026-12-31"]).rows)
    assert (again["id"], again["ref"], again["due"]) == (2, "", "2026-12-31")
    tasks.done(ctx, [1])
    assert not any("again stand-up" in line and "11-23" in line for line in told(ctx))


def test_what_repeats_in_jalali_months_comes_again_on_their_days(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    ctx.tick()
    add(ctx, name="اجاره", due="1405-09-01 10:00", repeat="هر ماه")
    assert told(ctx, "1405-09..1405-11") == [
        "11-22 10:00+00:00 اجاره",
        "12-22 10:00+00:00 again اجاره",  # 1 Dey
        "01-21 10:00+00:00 again اجاره",  # 1 Bahman
    ]


def test_a_task_that_was_done_or_removed_does_not_come_again(ctx: Context) -> None:
    add(ctx, name="rent", due="2026-11-30", repeat="monthly")
    records.remove(ctx, TASK, [1])
    assert told(ctx, "2026-12") == []


def test_times_are_those_of_the_users_clock_also_where_it_changes(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(ctx, monkeypatch, "2026-10-20T10:00:00+02:00", "Europe/Berlin")
    add(ctx, name="weekly", due="2026-10-21 02:30", minutes="1h", repeat="every wednesday, sunday")
    add(ctx, name="over the change", due="2026-10-25 01:30", minutes="2h")
    assert told(ctx, "2026-10-24..2026-10-28") == [
        "10-25 01:30+02:00 02:30+01:00 over the change",
        "10-25 02:30+02:00 02:30+01:00 again weekly",  # the first of two, and an hour later
        "10-28 02:30+01:00 03:30+01:00 again weekly",
    ]
    assert [line for line in told(ctx, "2027-03-28") if "weekly" in line] == [
        "03-28 03:30+02:00 04:30+02:00 again weekly"  # 02:30 is skipped
    ]
    at(ctx, monkeypatch, "2026-10-20T10:00:00+03:30", "Asia/Tehran")
    assert told(ctx, "2026-10-25") == [
        "10-25 03:00+03:30 05:00+03:30 over the change",
        "10-25 04:00+03:30 05:00+03:30 again weekly",
    ]


def test_a_day_belongs_to_whoever_asks(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    at(ctx, monkeypatch, "2026-11-20T09:00:00-08:00", "America/Los_Angeles")
    add(ctx, name="evening", due="2026-11-23 20:00")
    add(ctx, name="a day", due="2026-11-23")
    assert told(ctx, "2026-11-23") == ["11-23 a day", "11-23 20:00-08:00 evening"]
    at(ctx, monkeypatch, "2026-11-20T09:00:00+09:00", "Asia/Tokyo")
    assert told(ctx, "2026-11-23") == ["11-23 a day"]
    assert told(ctx, "2026-11-24") == ["11-24 13:00+09:00 evening"]


def test_filters_and_owners(ctx: Context) -> None:
    for name, owner, kind in (("mine", "tester", "call"), ("hers", "grace", "meeting"), ("nobody's", "", "meeting")):
        add(ctx, name=name, owner=owner, type=kind, due="tomorrow")
    assert told(ctx) == ["11-22 mine", "11-22 hers", "11-22 nobody's"]
    assert told(ctx, owner="grace") == told(ctx, "owner:grace") == ["11-22 hers"]
    assert told(ctx, "tomorrow", "type:meeting") == ["11-22 hers", "11-22 nobody's"]
    assert told(ctx, "type:meeting", "not", "owner:grace") == ["11-22 nobody's"]
    assert told(ctx, "type:call or no:owner", owner="grace") == []
    assert "owner" in {column.name for column in agenda.agenda(ctx).days.columns}  # type: ignore[union-attr]


def test_deals_that_are_expected_to_close(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    add(ctx, DEAL, name="Big", close_on="2026-11-25", company="Engines", owner="grace", value="5k")
    add(ctx, DEAL, name="Won", close_on="2026-11-25")
    add(ctx, name="first", due="2026-11-25")
    deals.won(ctx, DEAL, [2])
    assert told(ctx) == ["11-25 first"]
    assert told(ctx, deals=True) == ["11-25 first", "11-25 Big"]
    big = agenda.agenda(ctx, deals=True).rows[1]  # type: ignore[index]
    assert (big["kind"], big["ref"], big["about"], big["what"]) == ("deal", "deal:1", "Engines, New", "to close: Big")
    assert told(ctx, "owner:grace", deals=True) == ["11-25 Big"]
    capsys.readouterr()
    assert told(ctx, "type:meeting", deals=True) == []
    assert "without deals, which the filter cannot mean" in capsys.readouterr().err


def test_birthdays_and_other_occasions(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    add(ctx, CONTACT, name="Ada Lovelace", birthday="1986-11-22", owner="grace")
    add(ctx, CONTACT, name="Bob", birthday="1990-12-24")
    add(ctx, COMPANY, name="Engines")
    occasions.add(ctx, "founded", "company:1", "2019-11-23")
    add(ctx, name="a day", due="2026-11-22")
    assert told(ctx) == ["11-22 birthday", "11-22 a day", "11-23 founded"]
    first = agenda.agenda(ctx).rows[0]  # type: ignore[index]
    assert (first["kind"], first["id"], first["ref"], first["about"], first["what"]) == (
        "occasion", None, "", "contact:1 Ada Lovelace", "birthday (40)",
    )  # fmt: skip
    assert told(ctx, "owner:grace") == told(ctx, owner="grace") == ["11-22 birthday"]
    assert told(ctx, "type:to-do") == ["11-22 a day"]
    assert told(ctx, "2026-12") == ["12-24 birthday"]
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    jalali = Context(ctx.settings, plugins=False, quiet=True)
    assert told(jalali, "1408-09-01") == ["11-21 birthday"]  # 1 Azar, as in 1365
    jalali.close()


def test_tasks_of_what_was_removed_are_not_on(ctx: Context) -> None:
    add(ctx, LEAD, name="Ada")
    add(ctx, name="call", on="lead:1", due="tomorrow")
    records.remove(ctx, LEAD, [1])
    assert told(ctx) == []


@pytest.mark.parametrize(
    ("week", "country", "words", "off"),
    [
        ("", "", "2026-12-21..2026-12-27", {"26": "", "27": ""}),
        ("mon-thu", "", "2026-12-21..2026-12-27", {"25": "", "26": "", "27": ""}),
        (
            "", "DE", "2026-12-21..2026-12-27",
            {"25": "Christmas Day", "26": "Second Day of Christmas", "27": ""},
        ),
        ("mon-sun", "DE", "2026-12-21..2026-12-27", {"25": "Christmas Day", "26": "Second Day of Christmas"}),
        ("", "IR", "2026-11-26..2026-11-29", {"27": ""}),
        ("mon-thu", "DE", "2150-12-21..2150-12-27", {"25": "", "26": "", "27": ""}),
        ("", "nowhere", "2026-12-21..2026-12-27", {"26": "", "27": ""}),
    ],
)  # fmt: skip
def test_days_off_have_the_names_of_holidays(
    book: Context, monkeypatch: pytest.MonkeyPatch, week: str, country: str, words: str, off: dict[str, str]
) -> None:
    monkeypatch.setenv("CRM_WORKDAYS", week)
    monkeypatch.setenv("CRM_HOLIDAYS", country)
    days = agenda.agenda(book, [words]).days
    assert days is not None
    assert {f"{day.on:%d}": day.name for day in days.days if day.off or day.name} == off


def test_holidays_that_cannot_be_known_are_said_once(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_HOLIDAYS", "germany")
    for _ in range(2):
        agenda.agenda(ctx)
    told = capsys.readouterr().err
    assert told.count("there are no holidays of a country 'germany'") == 1
    assert "did you mean DE (Germany)?" in told


def test_a_series_is_counted_where_it_was_made(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    at(ctx, monkeypatch, "2027-03-01T10:00:00+01:00", "Europe/Berlin")
    add(ctx, name="Stand-up", due="2027-03-01 01:00", repeat="every monday")
    at(ctx, monkeypatch, "2027-03-01T10:00:00+01:00", "America/New_York")
    assert told(ctx, "2027-03-07..2027-03-28") == [
        "03-07 19:00-05:00 again Stand-up",
        "03-14 20:00-04:00 again Stand-up",
        "03-21 20:00-04:00 again Stand-up",
        "03-28 19:00-04:00 again Stand-up",
    ]


def test_what_comes_again_is_on_while_it_lasts(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    at(ctx, monkeypatch, "2026-10-24T12:00:00+02:00", "Europe/Berlin")
    add(ctx, name="Fair", due="2026-10-26 10:00", minutes="52h", repeat="every 2 weeks on mon")
    add(ctx, name="Night", due="2026-10-24 22:00", minutes="8h", repeat="daily")
    add(ctx, name="On call", due="2026-10-19", minutes="1w", repeat="every 4 weeks")
    assert told(ctx, "2026-11-11") == [
        "11-11 10:00+01:00 14:00+01:00 again Fair",
        "11-11 22:00+01:00 06:00+01:00 again Night",
        "11-11 22:00+01:00 06:00+01:00 again Night",
    ]
    assert [line for line in told(ctx, "2026-11-22") if "On call" in line] == ["11-22 again On call"]
    assert not [line for line in told(ctx, "2026-11-23") if "On call" in line]


def test_what_lasts_several_days_is_on_each_of_them_and_late_after_the_last(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(ctx, monkeypatch, "2026-10-24T12:00:00+02:00", "Europe/Berlin")
    add(ctx, name="Holiday", due="2026-10-26", minutes="5d")
    (row,) = agenda.agenda(ctx, ["next", "week"]).rows
    assert (row["date"], row["start"], row["end"], row["state"]) == ("2026-10-26", None, "2026-10-30", "")
    for day, state in (("2026-10-28", ""), ("2026-10-30", ""), ("2026-10-31", "overdue")):
        at(ctx, monkeypatch, f"{day}T12:00:00+01:00", "Europe/Berlin")
        (row,) = agenda.agenda(ctx, [day]).rows
        assert (row["date"], row["state"]) == (day, state)
