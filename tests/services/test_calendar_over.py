"""Events of a calendar file that are over: when they took place, and what becomes of one that came in before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.domain.types import read_instant
from crmcli.services import (
    calendar_import,
    calendar_timeline,
    calendars,
    history,
    reached,
    records,
    task_types,
    tasks,
    timeline,
)
from tests.support.calendar_files import BERLIN, event, plain, put_off, take, weekly

if TYPE_CHECKING:
    from crmcli.context import Context

ADA = "ATTENDEE:mailto:ada@x.org"
#: A meeting of 27 November, 10:00 to 11:00, and a weekly one from the 23rd on.
MEETING, SERIES = plain(ADA), weekly("20261123T100000", "FREQ=WEEKLY", 0, ADA)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    at(monkeypatch, ctx, "2026-11-21T10:00:00+00:00")
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})


def at(monkeypatch: pytest.MonkeyPatch, ctx: Context, moment: str, zone: str = "Europe/Berlin") -> None:
    monkeypatch.setenv("CRM_NOW", moment)
    monkeypatch.setenv("CRM_TIMEZONE", zone)
    ctx.tick()


def whole_days(first: str, end: str, *lines: str) -> str:
    return event("SUMMARY:Fair", f"DTSTART;VALUE=DATE:{first}", f"DTEND;VALUE=DATE:{end}", ADA, *lines)


def touched(ctx: Context) -> list[str]:
    sql = "SELECT at FROM interaction WHERE removed_at IS NULL AND contact_id = 1 ORDER BY id"
    return [str(moment).replace(" ", "T")[:16] for (moment,) in ctx.reader.rows(sql)]


@pytest.mark.parametrize(
    ("zone", "one", "moment"),
    [
        ("Europe/Berlin", whole_days("20251231", "20260101"), "2025-12-30T23:00"),
        ("Asia/Tehran", whole_days("20251231", "20260101"), "2025-12-30T20:30"),
        ("America/New_York", whole_days("20261001", "20261003"), "2026-10-02T04:00"),
        ("America/New_York", whole_days("20260903", "20260904", "RRULE:FREQ=WEEKLY"), "2026-11-19T05:00"),
        ("Asia/Tehran", whole_days("20260903", "20260904", "RRULE:FREQ=WEEKLY"), "2026-11-18T20:30"),
        ("Europe/Berlin", whole_days("20260903", "20260905", "RRULE:FREQ=WEEKLY;COUNT=2"), "2026-09-10T22:00"),
        # The one that began yesterday is not over.
        ("Europe/Berlin", whole_days("20261106", "20261109", "RRULE:FREQ=WEEKLY"), "2026-11-14T23:00"),
        ("Europe/Berlin", event("SUMMARY:M", "DTSTART:20261001T100000Z", "DURATION:PT1H", ADA), "2026-10-01T11:00"),
    ],
)
def test_what_took_whole_days_took_place_on_the_last_of_them(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, zone: str, one: str, moment: str
) -> None:
    at(monkeypatch, ctx, "2026-11-21T10:00:00+00:00", zone)
    assert take(ctx, one) == "1 new"
    assert touched(ctx)[-1] == moment
    if records.get(ctx, TASK, 1)["done_at"]:
        assert records.get(ctx, TASK, 1)["done_at"].startswith(moment)


@pytest.mark.parametrize("held", ["2026-11-09T23:00:00.000Z", "2026-11-10T23:00:00.000Z"])
def test_a_day_that_was_over_and_takes_place_later_is_open_again(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    """Also where it was written as its end, and where the zone is another one by now."""
    with monkeypatch.context() as patch:
        patch.setattr(calendar_timeline, "took_place", lambda *_: read_instant(held))
        take(ctx, whole_days("20261110", "20261111"))
    assert records.get(ctx, TASK, 1)["done_at"] == held
    at(monkeypatch, ctx, "2026-11-21T10:00:00+00:00", "America/New_York")
    assert take(ctx, whole_days("20261201", "20261202", "SEQUENCE:1")) == "1 changed"
    assert (records.get(ctx, TASK, 1)["done_at"], touched(ctx)) == (None, [])


def test_one_that_is_done_by_hand_stays_so(ctx: Context) -> None:
    take(ctx, whole_days("20261201", "20261202"))
    tasks.done(ctx, [1])
    assert take(ctx, whole_days("20261203", "20261204", "SEQUENCE:1")) == "1 changed"
    assert records.get(ctx, TASK, 1)["done_at"]


# --- what came in before it took place ---


@pytest.mark.parametrize(
    ("first", "later", "said", "moment"),
    [
        (MEETING, MEETING, "1 changed", "2026-11-27T10:00"),
        (MEETING, plain(ADA, "LOCATION:Hall", "SEQUENCE:1"), "1 changed", "2026-11-27T10:00"),
        (whole_days("20261127", "20261129"), whole_days("20261127", "20261129"), "1 changed", "2026-11-27T23:00"),
        (MEETING, plain(ADA, "STATUS:CANCELLED", "SEQUENCE:1"), "1 removed", None),
        (MEETING, plain(f"{ADA.replace(':', ';PARTSTAT=DECLINED:', 1)}", "SEQUENCE:1"), "1 changed", None),
        (plain(), plain(), "1 known", None),  # nobody knows whether what one has to do alone is done
    ],
)
def test_a_meeting_that_is_over_by_now_was_held(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, first: str, later: str, said: str, moment: str | None
) -> None:
    take(ctx, first)
    at(monkeypatch, ctx, "2026-11-30T10:00:00+00:00")
    assert take(ctx, later) == said
    assert touched(ctx) == ([moment] if moment else [])
    assert bool(records.get(ctx, TASK, 1)["done_at"]) == bool(moment)
    head = ctx.reader.value("SELECT seq FROM journal_head")
    take(ctx, later)
    assert ctx.reader.value("SELECT seq FROM journal_head") == head
    if moment:
        history.undo(ctx)
        assert (records.get(ctx, TASK, 1)["done_at"], touched(ctx)) == (None, [])
        assert take(ctx, later) == said


def test_what_the_book_did_with_a_meeting_stays(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [MEETING.replace("one@x.org", uid) for uid in ("put off", "renamed", "taken up again")]
    take(ctx, *files)
    tasks.snooze(ctx, [1], "2026-12-10")
    records.edit(ctx, TASK, [2], {"name": "Mine", "place": "Here"})
    at(monkeypatch, ctx, "2026-11-30T10:00:00+00:00")
    assert take(ctx, *files) == "2 changed, 1 known"
    tasks.reopen(ctx, [3])
    assert take(ctx, *files) == "3 known"
    found = [records.get(ctx, TASK, number) for number in (1, 2, 3)]
    assert [bool(each["done_at"]) for each in found] == [False, True, False]
    assert (found[0]["due_on"], found[1]["name"], found[1]["place"]) == ("2026-12-10", "Mine", "Here")


def test_a_meeting_that_was_held_put_off_and_held(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    take(ctx, MEETING)
    later = plain(ADA, "SEQUENCE:1").replace("20261127T", "20261204T")
    for moment, one, held in (
        ("2026-11-30", MEETING, ["2026-11-27T10:00"]),
        ("2026-12-01", later, []),
        ("2026-12-07", later, ["2026-12-04T10:00"]),
    ):
        at(monkeypatch, ctx, f"{moment}T10:00:00+00:00")
        assert take(ctx, one) == "1 changed"
        assert touched(ctx) == held


#: The meeting, a week later.
NEXT = plain(ADA, "SEQUENCE:1").replace("20261127T", "20261204T")


def test_what_was_written_about_a_meeting_stays_when_that_is_put_off(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(ctx, CONTACT, {"name": "Bob", "email": "bob@x.org"})
    bob = "ATTENDEE:mailto:bob@x.org"
    take(ctx, plain(ADA, bob))
    at(monkeypatch, ctx, "2026-11-30T10:00:00+00:00")
    take(ctx, plain(ADA, bob))
    timeline.edit(ctx, [1], {"body": "She wants 40 seats"})
    capsys.readouterr()
    assert take(ctx, NEXT) == "1 changed"
    assert re.search("task:1 M: .*what was written .*note remove 1 takes it off", capsys.readouterr().err)
    sql = "SELECT contact_id, body FROM interaction WHERE removed_at IS NULL"
    assert list(ctx.reader.rows(sql)) == [(1, "She wants 40 seats")], "and nothing of what a file put there alone"
    assert records.get(ctx, TASK, 1)["done_at"] is None


def test_a_meeting_that_was_taken_up_again_and_put_off_did_not_take_place(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(ctx, MEETING)
    for moment, one, held in (
        ("2026-11-30", MEETING, ["2026-11-27T10:00"]),
        ("2026-12-01", NEXT, []),
        ("2026-12-07", NEXT, ["2026-12-04T10:00"]),
    ):
        at(monkeypatch, ctx, f"{moment}T10:00:00+00:00")
        assert take(ctx, one) == "1 changed"
        assert touched(ctx) == held
        if one is MEETING:
            tasks.reopen(ctx, [1])
    tasks.reopen(ctx, [1])
    assert take(ctx, NEXT) == "1 known"
    earlier = NEXT.replace("20261204T", "20261203T").replace("SEQUENCE:1", "SEQUENCE:2")
    assert take(ctx, earlier) == "1 changed"
    assert (take(ctx, earlier), touched(ctx)) == ("1 known", ["2026-12-04T10:00"])


def test_a_meeting_that_was_taken_up_again_before_it_took_place_was_held(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(ctx, MEETING)
    tasks.done(ctx, [1])
    tasks.reopen(ctx, [1])
    at(monkeypatch, ctx, "2026-11-30T10:00:00+00:00")
    assert take(ctx, MEETING) == "1 changed"
    assert touched(ctx)[1:] == ["2026-11-27T10:00"]


def test_a_meeting_that_somebody_logged_is_on_the_timeline_once(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word stands for one meeting: what was said before it, on another day or by mail, for none."""
    for name in ("Bob", "Cyd"):
        records.add(ctx, CONTACT, {"name": name, "email": f"{name.lower()}@x.org"})
    files = [plain(ADA, "ATTENDEE:mailto:bob@x.org"), MEETING.replace("one@x.org", "again"),
             MEETING.replace("one@x.org", "cyd").replace("ada@", "cyd@")]  # fmt: skip
    take(ctx, *files)
    at(monkeypatch, ctx, "2026-11-27T10:10:00+00:00")
    timeline.add(ctx, CONTACT, 1, "meeting", "She wants 40 seats")
    for what, when, direction in (
        ("call", "2026-11-27 9:55", ""),
        ("call", "2026-11-26 10:10", ""),
        ("email", "2026-11-27 10:05", "in"),
        ("call", "2026-11-27 10:05", "out"),
    ):
        timeline.add(ctx, CONTACT, 3, what, "Hello", at=when, direction=direction)
    assert take(ctx, *files) == "3 changed"
    sql = "SELECT contact_id, body FROM interaction WHERE task_id = ? ORDER BY contact_id"
    found = [list(ctx.reader.rows(sql, (number,))) for number in (1, 2, 3)]
    assert found == [[(1, "She wants 40 seats"), (2, "M")], [(1, "M")], [(3, "M")]]
    history.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM interaction WHERE task_id IS NOT NULL") == 0


def test_what_was_logged_is_the_last_meeting_that_had_begun(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [MEETING, MEETING.replace("one@x.org", "two").replace("T100000", "T140000")]
    take(ctx, *files)
    at(monkeypatch, ctx, "2026-11-27T15:00:00+00:00")
    timeline.add(ctx, CONTACT, 1, "call", "She wants 40 seats")
    assert take(ctx, *files) == "2 changed"
    assert touched(ctx) == ["2026-11-27T15:00", "2026-11-27T10:00"]


def test_a_meeting_about_a_deal_is_on_the_timeline_of_that(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    take(ctx, MEETING)
    records.add(ctx, DEAL, {"name": "Seats", "contact": "Ada"})
    records.edit(ctx, TASK, [1], {"deal": "Seats"})
    at(monkeypatch, ctx, "2026-11-27T12:00:00+00:00")
    timeline.add(ctx, CONTACT, 1, "meeting", "She wants 40 seats")
    take(ctx, MEETING)
    assert ctx.reader.value("SELECT count(*) FROM interaction WHERE opportunity_id = 1") == 1


def before(day: str, to: str, *more: str) -> str:
    """A day of the series of the tests below, of ten o'clock."""
    return put_off(day, to, 0, ADA, "DESCRIPTION:Recording", *more)


#: The days of a weekly series that are over on 21 November.
HELD = ["2026-11-02T10:00", "2026-11-09T10:00", "2026-11-16T10:00"]
OVER = weekly("20261102T100000", "FREQ=WEEKLY", 0, ADA)


def test_each_day_of_a_series_that_is_over_is_on_the_timeline_once(ctx: Context) -> None:
    assert take(ctx, OVER) == "1 new"
    assert touched(ctx) == HELD
    assert take(ctx, OVER) == "1 known"
    assert touched(ctx) == HELD
    report = reached.page(ctx, reached.asked(ctx, year="2026"))
    assert (report.values["reached"], report.values["touches"]) == (1, 3)
    (row,) = reached.listing(ctx, reached.asked(ctx, year="2026")).rows
    assert (row["touches"], row["ways"]) == (3, "meeting 3")
    history.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM interaction WHERE removed_at IS NULL") == 0
    assert take(ctx, OVER) == "1 new"
    assert touched(ctx) == HELD


@pytest.mark.parametrize(
    ("rule", "start", "days"),
    [
        ("FREQ=WEEKLY;COUNT=2", "20261102T100000", HELD[:2]),
        ("FREQ=WEEKLY;UNTIL=20261110T000000Z", "20261102T100000", HELD[:2]),
        ("FREQ=WEEKLY;UNTIL=20200301T000000Z", "20200210T100000", ["2020-02-24T10:00"]),
        ("FREQ=YEARLY", "20010101T100000", ["2026-01-01T10:00"]),
        ("FREQ=YEARLY", "20261120T100000", ["2026-11-20T10:00"]),
        ("FREQ=MONTHLY", "20251120T100000", [f"2025-{m}-20T10:00" for m in (11, 12)]
         + [f"2026-{m:02}-20T{9 + (m < 4 or m > 10):02}:00" for m in range(1, 12)]),
    ],
)  # fmt: skip
def test_the_days_of_the_last_year_are_on_the_timeline_or_the_last_before(
    ctx: Context, rule: str, start: str, days: list[str]
) -> None:
    take(ctx, weekly(start, rule, 0, ADA))
    assert touched(ctx) == days


def test_days_that_a_series_left_out_or_put_off_are_not_on_the_timeline(ctx: Context) -> None:
    """By EXDATE, called off by an item of their own, or put off: that is on the day to which it was."""
    series = weekly("20261026T100000", "FREQ=WEEKLY", 0, ADA, f"EXDATE;{BERLIN}20261102T100000")
    days = [
        put_off("20261109", "20261109T100000", 0, "STATUS:CANCELLED"),
        put_off("20261116", "20261118T150000", 0, ADA),
    ]
    expected = ["2026-10-26T10:00", "2026-11-18T15:00"]
    for _ in range(2):
        take(ctx, series, *days)
        assert touched(ctx) == expected


def test_a_present_day_that_was_put_off_leaves_the_days_before_it(ctx: Context) -> None:
    take(ctx, OVER, put_off("20261123", "20261124T150000", 0, ADA))
    assert touched(ctx) == HELD


def test_a_year_of_daily_meetings_comes_in_at_once(ctx: Context) -> None:
    bob = "ATTENDEE:mailto:bob@x.org"
    records.add(ctx, CONTACT, {"name": "Bob", "email": "bob@x.org"})
    take(ctx, weekly("20200102T130000", "FREQ=DAILY", 0, ADA, bob))
    assert [len(touched(ctx)), touched(ctx)[0], touched(ctx)[-1]] == [366, "2025-11-20T13:00", "2026-11-20T13:00"]
    assert ctx.reader.value("SELECT count(DISTINCT seq) FROM journal WHERE entity = 'interaction'") == 1


def test_what_was_logged_by_hand_is_that_days_meeting(ctx: Context) -> None:
    timeline.add(ctx, CONTACT, 1, "call", "She wants 40 seats", at="2026-11-09 11:30")
    for _ in range(2):
        take(ctx, OVER)
        assert touched(ctx) == ["2026-11-09T10:30", HELD[0], HELD[2]]


@pytest.mark.parametrize("file", ["with its series", "alone"])
@pytest.mark.parametrize("rule", ["FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=3"], ids=["goes on", "has ended"])
@pytest.mark.parametrize(
    ("one", "is_new", "moments"),
    [
        (before("20261116", "20261116T100000"), False, HELD),
        (before("20261116", "20261117T150000"), False, HELD),
        (before("20261116", "20261116T100000", "STATUS:CANCELLED"), False, HELD[:2]),
        (before("20261116", "20261125T100000"), True, HELD[:2]),
        (before("20261109", "20261109T100000"), False, HELD),
        (before("20261109", "20261109T100000", "STATUS:CANCELLED"), False, HELD[::2]),
        (before("20261109", "20261125T100000"), True, HELD[::2]),
    ],
    ids=["as it was", "put off", "called off", "still to come", "before that", "called off before", "to come before"],
)
def test_a_day_from_before_its_series_came_in_is_there_once(
    ctx: Context, one: str, is_new: bool, moments: list[str], rule: str, file: str
) -> None:
    series = weekly("20261102T100000", rule, 0, ADA)
    take(ctx, series)
    assert touched(ctx) == HELD
    for new in (is_new, False):
        said = take(ctx, *([series] if file == "with its series" else []), one)
        assert ("new" in said, touched(ctx)) == (new, moments), said


def test_a_day_that_is_left_out_later_comes_off_the_timeline(ctx: Context) -> None:
    take(ctx, OVER)
    take(ctx, weekly("20261102T100000", "FREQ=WEEKLY", 1, ADA, f"EXDATE;{BERLIN}20261109T100000"))
    assert touched(ctx) == HELD[::2]


def test_what_was_held_in_turn_comes_off_where_it_was_called_off(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where another task of the series is the present one by then; what was done by hand stays."""
    take(ctx, SERIES)
    at(monkeypatch, ctx, "2026-12-15T10:00:00+00:00")
    take(ctx, SERIES)
    held = ["2026-11-23T10:00", "2026-11-30T10:00", "2026-12-07T10:00", "2026-12-14T10:00"]
    assert touched(ctx) == held
    assert take(ctx, SERIES, before("20261207", "20261207T100000", "STATUS:CANCELLED")) == "1 known"
    assert touched(ctx) == [*held[:2], held[3]]
    assert "new" in take(ctx, SERIES, before("20261130", "20261222T100000"))
    assert touched(ctx) == [held[0], held[3]]


def test_what_was_done_by_hand_is_on_the_day_when_that_was(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day that is left out later is not the one on which another was done."""
    take(ctx, SERIES)
    at(monkeypatch, ctx, "2026-11-30T08:00:00+00:00")
    tasks.done(ctx, [1])
    assert touched(ctx) == ["2026-11-30T08:00"]
    capsys.readouterr()
    at(monkeypatch, ctx, "2026-12-01T10:00:00+00:00")
    take(ctx, weekly("20261123T100000", "FREQ=WEEKLY", 1, ADA, f"EXDATE;{BERLIN}20261130T100000"))
    assert touched(ctx) == ["2026-11-30T08:00"]
    assert "did not take place" not in capsys.readouterr().err


def test_a_day_before_one_that_was_done_by_hand_comes_off_where_it_was_called_off(ctx: Context) -> None:
    take(ctx, OVER)
    tasks.done(ctx, [1])
    take(ctx, OVER, before("20261109", "20261109T100000", "STATUS:CANCELLED"))
    assert touched(ctx) == [HELD[0], HELD[2], "2026-11-21T10:00"]


def test_a_series_that_goes_on_after_all_was_held_until_then(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    ending = weekly("20261102T100000", "FREQ=WEEKLY;COUNT=3", 0, ADA)
    take(ctx, ending)
    assert take(ctx, weekly("20261102T100000", "FREQ=WEEKLY", 1, ADA)) == "1 changed"
    assert touched(ctx) == HELD
    found = records.get(ctx, TASK, 1)
    assert (found["done_at"], found["due_on"]) == (None, "2026-11-23")
    at(monkeypatch, ctx, "2026-12-01T10:00:00+00:00")
    take(ctx, weekly("20261102T100000", "FREQ=WEEKLY", 1, ADA))
    assert touched(ctx) == [*HELD, "2026-11-23T10:00", "2026-11-30T10:00"]


def test_a_series_that_is_all_to_come_by_now_was_not_held(ctx: Context) -> None:
    take(ctx, weekly("20261102T100000", "FREQ=WEEKLY;COUNT=3", 0, ADA))
    take(ctx, weekly("20261202T100000", "FREQ=WEEKLY;COUNT=3", 1, ADA))
    assert touched(ctx) == []


def test_a_series_that_is_called_off_from_a_day_on_is_held_until_then(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    end = put_off("20261207", "20261207T100000", 0, "STATUS:CANCELLED")
    end = end.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    take(ctx, SERIES, end)
    held = []
    for day in ("2026-11-23", "2026-11-30", "2026-12-14"):
        at(monkeypatch, ctx, f"{day}T12:00:00+00:00")
        take(ctx, SERIES, end)
        held += [f"{day}T10:00"] if day < "2026-12-07" else []
        assert touched(ctx) == held
    assert ctx.reader.value("SELECT count(*) FROM task WHERE done_at IS NULL") == 0
    assert "left out" not in capsys.readouterr().err, "it was taken in"


@pytest.mark.parametrize(
    "more", [(), (put_off("20261123", "20261124T150000", 0, ADA),)], ids=["usual", "a day was put off there"]
)
def test_a_series_of_meetings_goes_on_after_what_was_held(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    task_types.edit(ctx, "meeting", {"next_type": "call", "next_mode": "trigger"})
    take(ctx, SERIES, *more)
    at(monkeypatch, ctx, "2026-12-02T10:00:00+00:00")
    take(ctx, SERIES, *more)
    assert touched(ctx) == ["2026-11-24T15:00" if more else "2026-11-23T10:00", "2026-11-30T10:00"]
    following, triggered = records.get(ctx, TASK, 2), records.get(ctx, TASK, 3)
    assert (following["due_on"], following["follows_id"], triggered["triggered_by_id"]) == ("2026-12-07", 1, 1)
    head = ctx.reader.value("SELECT seq FROM journal_head")
    take(ctx, SERIES, *more)
    assert ctx.reader.value("SELECT seq FROM journal_head") == head


@pytest.mark.parametrize("held", [True, False])
def test_a_series_goes_on_beside_a_day_that_was_taken_up_again(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    """Whether it was done because it was over, or by hand: what follows is held, and goes where its series goes."""
    take(ctx, SERIES)
    at(monkeypatch, ctx, "2026-11-23T12:00:00+00:00")
    if held:
        take(ctx, SERIES)
    else:
        tasks.done(ctx, [1])
    tasks.reopen(ctx, [1])
    at(monkeypatch, ctx, "2026-12-01T10:00:00+00:00")
    assert take(ctx, SERIES) == "1 changed"
    assert [records.get(ctx, TASK, number)["due_on"] for number in (1, 2, 3)] == [
        "2026-11-23", "2026-11-30", "2026-12-07",
    ]  # fmt: skip
    assert [bool(records.get(ctx, TASK, number)["done_at"]) for number in (1, 2, 3)] == [False, True, False]
    assert touched(ctx)[1:] == ["2026-11-30T10:00"]
    assert take(ctx, weekly("20261124T150000", "FREQ=WEEKLY", 1, ADA)) == "1 changed"
    assert [records.get(ctx, TASK, number)["due_on"] for number in (1, 3)] == ["2026-11-23", "2026-12-01"]
    assert take(ctx, weekly("20261124T150000", "FREQ=WEEKLY", 2, ADA, "STATUS:CANCELLED")) == "1 removed"
    assert [bool(records.get(ctx, TASK, number)["removed_at"]) for number in (1, 3)] == [False, True]


def test_a_series_that_was_put_off_in_the_book_waits(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    take(ctx, SERIES)
    tasks.snooze(ctx, [1], "2026-12-04")
    at(monkeypatch, ctx, "2026-12-07T10:00:00+00:00")
    assert take(ctx, SERIES) == "1 known"
    assert (records.get(ctx, TASK, 1)["due_on"], records.get(ctx, TASK, 1)["done_at"]) == ("2026-12-04", None)


@pytest.mark.parametrize("todo", [False, True])
def test_a_task_of_ours_is_not_done_because_its_day_is_over(
    ctx: Context, second_book: Context, monkeypatch: pytest.MonkeyPatch, todo: bool
) -> None:
    records.add(ctx, TASK, {"name": "Call", "due": "2026-11-20 09:00", "attendees": "ada@x.org"})
    records.add(ctx, TASK, {"name": "Send", "due": "2026-11-27", "contact": "Ada"})
    for moment in ("2026-11-21", "2026-11-30"):
        for one in (ctx, second_book):
            at(monkeypatch, one, f"{moment}T10:00:00+00:00")
            calendar_import.import_calendar(one, calendars.export(ctx, todo=todo).content, called="x")
            assert one.reader.value("SELECT count(*) FROM task WHERE done_at IS NULL") == 2
