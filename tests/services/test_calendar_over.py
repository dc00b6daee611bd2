"""Events of a calendar file that are over: when they took place, and what becomes of one that came in before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.domain.types import read_instant
from crmcli.services import calendar_import, calendar_tasks, calendars, history, records, task_types, tasks, timeline
from tests.support.calendar_files import event, plain, put_off, take, weekly

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
    assert touched(ctx) == [moment]
    if records.get(ctx, TASK, 1)["done_at"]:
        assert records.get(ctx, TASK, 1)["done_at"].startswith(moment)


@pytest.mark.parametrize("held", ["2026-11-09T23:00:00.000Z", "2026-11-10T23:00:00.000Z"])
def test_a_day_that_was_over_and_takes_place_later_is_open_again(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    """Also where it was written as its end, and where the zone is another one by now."""
    with monkeypatch.context() as patch:
        patch.setattr(calendar_tasks, "took_place", lambda *_: read_instant(held))
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


@pytest.mark.parametrize(
    ("one", "said", "moments"),
    [
        (before("20261116", "20261116T100000"), "2 known", ["2026-11-16T10:00"]),
        (before("20261116", "20261117T150000"), "2 known", ["2026-11-16T10:00"]),
        (before("20261116", "20261116T100000", "STATUS:CANCELLED"), "1 known", []),
        (before("20261116", "20261125T100000"), "1 new, 1 known", []),
        # Nobody knows that one.
        (before("20261109", "20261109T100000"), "1 new, 1 known", ["2026-11-16T10:00", "2026-11-09T10:00"]),
    ],
    ids=["as it was", "put off", "called off", "still to come", "before that"],
)
def test_a_day_from_before_its_series_came_in_is_there_once(
    ctx: Context, one: str, said: str, moments: list[str]
) -> None:
    series = weekly("20261102T100000", "FREQ=WEEKLY", 0, ADA)
    take(ctx, series)
    assert touched(ctx) == ["2026-11-16T10:00"]
    for expected in (said, "2 known"):
        assert take(ctx, series, one) == expected
        assert touched(ctx) == moments


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
    assert touched(ctx) == ["2026-11-30T10:00"], "the last of its days that are over"
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
