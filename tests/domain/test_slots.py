"""Free time: what is left of the hours of a day, with known answers where clocks change, and as laws."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.slots import Interval, free, opening, read_hours, rounded_up
from crmcli.errors import FieldError

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 12, 1)
NO_TIME = timedelta()


def at(text: str, day: str = "2026-12-01") -> datetime:
    """A moment of that day in UTC; 24:00 is the next midnight."""
    hour, minute = map(int, text.split(":"))
    return datetime.fromisoformat(f"{day}T00:00+00:00") + timedelta(hours=hour, minutes=minute)


def between(*spans: str) -> list[Interval]:
    return [(at(start), at(end)) for start, _, end in (span.partition("-") for span in spans)]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("9-17", ((540, 1020),)),
        ("8:30-12,13-17:30", ((510, 720), (780, 1050))),
        ("13-17:30, 8:30-12", ((510, 720), (780, 1050))),
        ("9-12,12-17", ((540, 1020),)),
        ("9-13,12-17", ((540, 1020),)),
        ("0-24", ((0, 1440),)),
        ("00:00-24:00", ((0, 1440),)),
        ("22-24,0-6", ((0, 360), (1320, 1440))),
        ("9am-5pm", ((540, 1020),)),
        ("12am - 12pm", ((0, 720),)),
        ("9 to 17", ((540, 1020),)),
        ("09:00\N{EN DASH}17:00", ((540, 1020),)),
        ("۹-۱۷", ((540, 1020),)),
        ("۸:۳۰ تا ۱۲، ۱۳ تا ۱۷:۳۰", ((510, 720), (780, 1050))),
    ],
)
def test_hours_are_read(text: str, hours: object) -> None:
    assert read_hours(text) == hours


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no hours"),
        ("9", "names no hours"),
        ("9-17,", "names no hours"),
        ("nine to five", "names no hours"),
        ("17-9", "end before they start"),
        ("9-9", "end before they start"),
        ("22-6", "end before they start"),
        ("9-25", "no clock shows"),
        ("9-24:01", "no clock shows"),
        ("9:60-10", "no clock shows"),
        ("0am-5pm", "no clock shows"),
        ("9-13pm", "no clock shows"),
    ],
)
def test_what_are_no_hours_is_refused(text: str, message: str) -> None:
    with pytest.raises(FieldError, match=message) as refused:
        read_hours(text)
    assert "9-17" in refused.value.hint


@pytest.mark.parametrize(
    ("zone", "day", "hours", "opened"),
    [
        ("Europe/Berlin", "2026-12-01", "9-17", ["2026-12-01T08:00/2026-12-01T16:00"]),
        ("Europe/Berlin", "2026-03-29", "0-24", ["2026-03-28T23:00/2026-03-29T22:00"]),  # 23 hours
        ("Europe/Berlin", "2026-10-25", "0-24", ["2026-10-24T22:00/2026-10-25T23:00"]),  # 25 hours
        ("Europe/Berlin", "2026-03-29", "2:30-4", ["2026-03-29T01:00/2026-03-29T02:00"]),  # 02:00 to 03:00 are skipped
        ("Europe/Berlin", "2026-03-29", "1-2:30", ["2026-03-29T00:00/2026-03-29T01:00"]),
        ("Europe/Berlin", "2026-03-29", "2-3", []),
        ("Europe/Berlin", "2026-03-29", "2:15-2:45", []),
        ("Europe/Berlin", "2026-10-25", "2:30-4", ["2026-10-25T00:30/2026-10-25T03:00"]),  # from the first of two
        ("Europe/Berlin", "2026-10-25", "1-2:30", ["2026-10-24T23:00/2026-10-25T01:30"]),  # to the second of two
        (  # all of it twice, and not what is between
            "Europe/Berlin",
            "2026-10-25",
            "2:00-2:30",
            ["2026-10-25T00:00/2026-10-25T00:30", "2026-10-25T01:00/2026-10-25T01:30"],
        ),
        (
            "Europe/Berlin",
            "2026-10-25",
            "2:30-3",
            ["2026-10-25T00:30/2026-10-25T01:00", "2026-10-25T01:30/2026-10-25T02:00"],
        ),
        ("Europe/Berlin", "2026-10-25", "2-3", ["2026-10-25T00:00/2026-10-25T02:00"]),
        (
            "Australia/Lord_Howe",  # half an hour back at 2:00
            "2026-04-05",
            "1:40-2",
            ["2026-04-04T14:40/2026-04-04T15:00", "2026-04-04T15:10/2026-04-04T15:30"],
        ),
        ("Europe/Berlin", "2026-10-25", "9-17", ["2026-10-25T08:00/2026-10-25T16:00"]),
        ("Asia/Tehran", "2022-03-22", "0-24", ["2022-03-21T20:30/2022-03-22T19:30"]),  # midnight is skipped
        ("Asia/Tehran", "2023-03-22", "0-24", ["2023-03-21T20:30/2023-03-22T20:30"]),  # and is not since 2022
        ("Australia/Lord_Howe", "2026-10-04", "2-2:30", []),  # half an hour is skipped
        ("America/Havana", "2026-10-31", "20-24", ["2026-11-01T00:00/2026-11-01T04:00"]),
        ("America/Havana", "2026-11-01", "0-24", ["2026-11-01T04:00/2026-11-02T05:00"]),  # midnight comes twice
        ("Pacific/Apia", "2011-12-30", "0-24", []),  # a day that was skipped
        ("Pacific/Apia", "2011-12-31", "9-17", ["2011-12-30T19:00/2011-12-31T03:00"]),
    ],
)
def test_hours_of_a_day_go_by_the_clock(zone: str, day: str, hours: str, opened: list[str]) -> None:
    found = opening(date.fromisoformat(day), read_hours(hours), ZoneInfo(zone))
    assert [f"{start:%Y-%m-%dT%H:%M}/{end:%Y-%m-%dT%H:%M}" for start, end in found] == opened
    assert all(moment.tzinfo is UTC for interval in found for moment in interval)


@pytest.mark.parametrize(
    ("opened", "taken", "least", "left"),
    [
        (["9:00-17:00"], [], 0, ["9:00-17:00"]),
        (["9:00-17:00"], ["10:00-11:00"], 0, ["9:00-10:00", "11:00-17:00"]),
        (["9:00-17:00"], ["9:00-17:00"], 0, []),
        (["9:00-17:00"], ["8:00-18:00"], 0, []),
        (["9:00-17:00"], ["8:00-9:00", "17:00-18:00"], 0, ["9:00-17:00"]),
        (["9:00-17:00"], ["8:00-9:30", "16:45-24:00"], 0, ["9:30-16:45"]),
        (["9:00-17:00"], ["11:00-12:00", "10:00-11:00"], 0, ["9:00-10:00", "12:00-17:00"]),
        (["9:00-17:00"], ["10:00-14:00", "11:00-12:00"], 0, ["9:00-10:00", "14:00-17:00"]),
        (["9:00-17:00"], ["10:00-12:00", "11:00-13:00"], 0, ["9:00-10:00", "13:00-17:00"]),
        (["9:00-17:00"], ["10:00-10:00"], 0, ["9:00-17:00"]),
        (["9:00-17:00"], ["9:45-16:16"], 45, ["9:00-9:45"]),
        (["9:00-17:00"], ["9:44-16:15"], 45, ["16:15-17:00"]),
        (["8:30-12:00", "13:00-17:30"], ["11:00-14:00"], 30, ["8:30-11:00", "14:00-17:30"]),
        (["8:30-12:00", "13:00-17:30"], ["12:15-12:45"], 30, ["8:30-12:00", "13:00-17:30"]),
        (["0:00-24:00"], ["22:00-26:00"], 0, ["0:00-22:00"]),
        (["0:00-24:00", "24:00-48:00"], ["22:00-26:00"], 0, ["0:00-22:00", "26:00-48:00"]),
        (["24:00-48:00", "0:00-24:00"], ["-1:00-23:00"], 60, ["23:00-24:00", "24:00-48:00"]),
        (["9:00-17:00", "33:00-41:00"], ["8:00-40:00"], 0, ["40:00-41:00"]),
    ],
)
def test_what_is_left(opened: list[str], taken: list[str], least: int, left: list[str]) -> None:
    spans = [("-1:00", "23:00") if span.startswith("-") else tuple(span.split("-")) for span in taken]
    busy = [(at(start), at(end)) for start, end in spans]
    assert free(between(*opened), busy, timedelta(minutes=least)) == between(*left)


def test_an_event_across_midnight_takes_of_both_days() -> None:
    days = [interval for number in (1, 2) for interval in opening(date(2026, 12, number), read_hours("0-24"), BERLIN)]
    night = (datetime(2026, 12, 1, 22, tzinfo=BERLIN).astimezone(UTC),) * 2
    night = (night[0], night[0] + timedelta(hours=4))
    left = free(days, [night], timedelta(hours=1))
    assert [f"{start.astimezone(BERLIN):%d %H:%M} {end - start}" for start, end in left] == [
        "01 00:00 22:00:00",
        "02 02:00 22:00:00",
    ]


@pytest.mark.parametrize(
    ("now", "step", "found"),
    [
        ("2026-12-01T10:00:00+01:00", 15, "09:00"),
        ("2026-12-01T10:00:01+01:00", 15, "09:15"),
        ("2026-12-01T10:14:59+01:00", 15, "09:15"),
        ("2026-12-01T10:16:00+01:00", 30, "09:30"),
        ("2026-12-01T23:50:00+01:00", 15, "23:00"),
        ("2026-10-25T02:10:00+02:00", 15, "00:15"),
        ("2026-10-25T02:10:00+01:00", 15, "01:15"),  # the second 02:10 does not go back to the first
        ("2026-12-01T10:10:00+03:30", 60, "07:30"),
    ],
)
def test_now_is_rounded_up_on_its_own_clock(now: str, step: int, found: str) -> None:
    moment = datetime.fromisoformat(now)
    moment = moment if now.endswith("+03:30") else moment.astimezone(BERLIN)
    assert f"{rounded_up(moment, timedelta(minutes=step)):%H:%M}" == found


MOMENTS = st.integers(0, 3 * 96).map(lambda quarters: at("0:00") + timedelta(minutes=15 * quarters))
INTERVALS = st.lists(st.tuples(MOMENTS, MOMENTS), max_size=12)


def minutes_of(intervals: list[Interval]) -> set[datetime]:
    """The quarters of an hour that intervals have in them."""
    step = timedelta(minutes=15)
    return {start + number * step for start, end in intervals for number in range(max(0, (end - start) // step))}


@given(
    st.lists(st.tuples(MOMENTS, MOMENTS).filter(lambda pair: pair[0] < pair[1]), max_size=5), INTERVALS,
    st.integers(0, 8),
)  # fmt: skip
def test_free_and_taken_are_all_of_the_hours(opened: list[Interval], taken: list[Interval], quarters: int) -> None:
    apart: list[Interval] = []
    for start, end in sorted(opened):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    least = timedelta(minutes=15 * quarters)
    every, left = free(apart, taken, NO_TIME), free(apart, taken, least)
    assert minutes_of(every) == minutes_of(apart) - minutes_of(taken)
    assert left == [gap for gap in every if gap[1] - gap[0] >= least]
    assert left == sorted(left)
    for start, end in left:
        assert any(first <= start < end <= last for first, last in apart), "within the hours"
        assert all(over <= start or end <= begin for begin, over in taken if begin < over), "beside what is there"
        edges = {first for first, _ in apart} | {over for _, over in taken}
        assert start in edges, "as early as can be"
        assert end in {last for _, last in apart} | {begin for begin, _ in taken}, "as long as can be"


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.sampled_from(["Europe/Berlin", "Asia/Tehran", "Pacific/Fiji",
       "America/Santiago", "America/Havana", "Australia/Lord_Howe"]))  # fmt: skip
def test_days_lie_end_to_end(day: date, name: str) -> None:
    zone, hours = ZoneInfo(name), read_hours("0-24")
    ((start, end),) = opening(day, hours, zone)
    ((after, _),) = opening(day + timedelta(days=1), hours, zone)
    assert end == after
    assert timedelta(hours=22) < end - start < timedelta(hours=26)
