"""When somebody is reminded, and when what failed is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from crmcli.domain.reminders import (
    MOST_TRIES,
    is_overdue,
    may_be_tried,
    moments,
    read_clock,
    read_usual,
    was_promised,
)
from crmcli.errors import FieldError

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
NINE = time(9)


def task(due_on: str = "", due_at: str = "", remind: str = "") -> dict[str, str | None]:
    return {"due_on": due_on or None, "due_at": due_at or None, "remind": remind or None}


def test_a_task_with_a_time_counts_back_from_it() -> None:
    timed = task("2026-11-27", "2026-11-27T14:30:00.000Z", "15,1440")
    assert [f"{each.at:%d %H:%M}" for each in moments(timed, (0,), NINE, NOW)] == ["27 14:15", "26 14:30"]
    assert all(each.key == each.at for each in moments(timed, (), NINE, NOW))
    usual = task("2026-11-27", "2026-11-27T14:30:00.000Z")
    assert [f"{each.at:%d %H:%M}" for each in moments(usual, (0, 30), NINE, NOW)] == ["27 14:30", "27 14:00"]
    assert list(moments(usual, (), NINE, NOW)) == []


@pytest.mark.parametrize(
    ("zone", "opening", "day", "at"),
    [
        ("UTC", NINE, "2026-11-27", "2026-11-27 09:00"),
        ("Asia/Tehran", NINE, "2026-11-27", "2026-11-27 05:30"),
        ("Europe/Berlin", time(8, 30), "2026-03-30", "2026-03-30 06:30"),
        ("America/New_York", time(2, 30), "2026-03-08", "2026-03-08 07:30"),  # the clocks skip it
        ("America/New_York", time(1, 30), "2026-11-01", "2026-11-01 05:30"),  # they show it twice
    ],
)
def test_a_task_of_a_day_counts_from_a_time_on_the_clocks(zone: str, opening: time, day: str, at: str) -> None:
    now = NOW.astimezone(ZoneInfo(zone))
    here, before = moments(task(day, remind="0,1440"), (5,), opening, now)
    assert f"{here.at:%Y-%m-%d %H:%M}" == at
    assert before.at.astimezone(ZoneInfo(zone)).time() == opening or opening == time(2, 30)
    # Another zone, another time to be reminded at: the same reminder.
    there, _ = moments(task(day, remind="0,1440"), (), NINE, NOW)
    assert here.key == there.key


@pytest.mark.parametrize(
    ("due", "remind", "at"),
    [
        ("2026-03-29T07:00:00.000Z", "1440", "28 09:00"),  # 23 hours
        ("2026-10-25T08:00:00.000Z", "1440", "24 09:00"),  # 25 hours
        ("2026-10-26T08:00:00.000Z", "2880", "24 09:00"),
        ("2026-03-29T07:00:00.000Z", "1380", "28 09:00"),
        ("2026-10-25T08:00:00.000Z", "1380", "24 11:00"),  # hours pass, whatever the clocks show
        ("2026-10-25T08:00:00.000Z", "1560", "24 07:00"),  # a day and two hours
        ("2026-10-25T01:30:00.000Z", "0", "25 02:30"),  # the second time that the clocks show it
        ("2026-03-30T00:30:00.000Z", "1440", "29 03:30"),  # they skip it
    ],
)
def test_days_are_those_of_the_clocks_and_known_by_their_minutes(due: str, remind: str, at: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    timed = task(due[:10], due, remind)
    (found,) = moments(timed, (), NINE, NOW.astimezone(berlin))
    assert (f"{found.at.astimezone(berlin):%d %H:%M}", found.at.utcoffset()) == (at, timedelta())
    assert found.key == datetime.fromisoformat(due) - timedelta(minutes=int(remind))


def test_a_task_of_a_day_has_its_own_reminders_alone() -> None:
    assert list(moments(task("2026-11-27"), (0,), NINE, NOW)) == []
    assert list(moments(task(), (0,), NINE, NOW)) == []
    assert list(moments(task("0001-01-01", remind="1440"), (0,), NINE, NOW)) == []


def test_what_lay_behind_a_task_when_it_was_made_was_not_promised() -> None:
    hour = timedelta(hours=1)
    assert was_promised(NOW - hour, NOW - 2 * hour, NOW)
    assert was_promised(NOW - hour, NOW - hour, NOW)
    assert not was_promised(NOW - 2 * hour, NOW - hour, NOW)
    assert was_promised(NOW - hour, NOW + hour, NOW)  # by a clock that was wrong


def test_what_failed_is_tried_again_ever_more_rarely_and_not_for_ever() -> None:
    waits = []
    for tries in range(MOST_TRIES):
        minutes = 0
        while not may_be_tried(tries, NOW, NOW + timedelta(minutes=minutes)):
            minutes += 1
        waits.append(minutes)
    assert waits[:10] == [0, 1, 2, 4, 8, 16, 32, 64, 128, 240]
    assert set(waits[10:]) == {240}
    assert not may_be_tried(MOST_TRIES, NOW, NOW + timedelta(days=99))
    assert may_be_tried(9, NOW, NOW - timedelta(minutes=1))  # the clock was put back


def test_a_claim_is_given_up_after_some_minutes_and_none_of_a_clock_that_is_ahead() -> None:
    day = 24 * 60
    for minutes, expected in ((0, False), (15, False), (16, True), (-14, False), (-16, False), (-day - 1, True)):
        assert is_overdue(NOW, NOW + timedelta(minutes=minutes)) is expected


def test_settings_are_read_as_people_write_them() -> None:
    assert read_usual("15m, 1d") == (15, 1440)
    assert read_usual("0m") == (0,)
    assert read_usual("None") == read_usual("") == ()
    assert (read_clock("9:00"), read_clock("۱۸:۳۰")) == (NINE, time(18, 30))
    for text in ("9", "24:00", "9:60", "now"):
        with pytest.raises(FieldError, match="no time of a day"):
            read_clock(text)
