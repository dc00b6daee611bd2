"""Days, times and periods as people type them: read in one way, or refused."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcli.domain.calendars import add_months, make_day, split_day
from crmcli.domain.dates import (
    When,
    describe,
    instant_of,
    local,
    parse_day,
    parse_instant,
    parse_when,
    relative,
    show_day,
)
from crmcli.domain.datewords import ENGLISH_DAYS, PERSIAN_DAYS
from crmcli.domain.periods import parse_range, parse_span
from crmcli.domain.types import read_instant, show_instant
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.calendars import Calendar

TEHRAN, BERLIN, NEW_YORK = ZoneInfo("Asia/Tehran"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=TEHRAN)  # a Saturday; 30 Aban 1405
DAYS = st.dates(date(1600, 1, 1), date(9999, 12, 30))


def read(text: str, calendar: str = "gregorian") -> str:
    """What `text` is taken for: a day, or day and time."""
    when = parse_when(text, NOW, calendar)
    return str(when.day) if when.time is None else f"{when.day} {when.time}"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("today", "2026-11-21"), ("Tomorrow", "2026-11-22"), ("tom", "2026-11-22"), ("YESTERDAY", "2026-11-20"),
        ("now", "2026-11-21 10:00:00"), ("امروز", "2026-11-21"), ("فردا", "2026-11-22"), ("دیروز", "2026-11-20"),
        ("پس‌فردا", "2026-11-23"), ("پس فردا", "2026-11-23"), ("پسفردا", "2026-11-23"),
        ("fri", "2026-11-27"), ("friday", "2026-11-27"), ("sat", "2026-11-28"), ("sun", "2026-11-22"),
        ("thurs", "2026-11-26"),
        ("next fri", "2026-11-27"), ("last fri", "2026-11-20"), ("last sat", "2026-11-14"), ("شنبه", "2026-11-28"),
        ("سه‌شنبه", "2026-11-24"), ("سه شنبه", "2026-11-24"), ("سه‌ شنبه", "2026-11-24"), ("جمعه", "2026-11-27"),
        ("يكشنبه", "2026-11-22"), ("یک‌شنبه", "2026-11-22"), ("پنجشنبه", "2026-11-26"),
        ("+3d", "2026-11-24"), ("-2w", "2026-11-07"), ("+1m", "2026-12-21"), ("+2y", "2028-11-21"),
        ("+3wd", "2026-11-25"), ("+0wd", "2026-11-23"), ("-0wd", "2026-11-23"), ("+۳wd", "2026-11-25"),
        ("+٣wd", "2026-11-25"), ("in 3 workdays", "2026-11-25"), ("2wd ago", "2026-11-19"), ("3wd", "error"),
        ("+3wd 9am", "2026-11-25 09:00:00"), ("+999999wd", "5859-12-15"), ("-999999wd", "error"),
        ("-1wd", "2026-11-20"), ("+0d", "2026-11-21"), ("+1q", "2027-02-21"), ("۳+d", "error"), ("+۳d", "2026-11-24"),
        ("in 3 days", "2026-11-24"), ("5 days ago", "2026-11-16"), ("in 2 weeks", "2026-12-05"),
        ("2 months ago", "2026-09-21"),
        ("+90min", "2026-11-21 11:30:00"), ("+2h", "2026-11-21 12:00:00"), ("-15h", "2026-11-20 19:00:00"),
        ("eom", "2026-11-30"), ("som", "2026-11-01"), ("eoq", "2026-12-31"), ("soq", "2026-10-01"),
        ("eoy", "2026-12-31"),
        ("soy", "2026-01-01"), ("eow", "2026-11-22"), ("sow", "2026-11-16"), ("end of month", "2026-11-30"),
        ("2026-12-01", "2026-12-01"), ("2026/12/1", "2026-12-01"), ("۲۰۲۶-۱۲-۰۱", "2026-12-01"),
        ("٢٠٢٦/١٢/٠١", "2026-12-01"),
        ("01.12.2026", "2026-12-01"), ("5.1.2027", "2027-01-05"), ("25/12/2026", "2026-12-25"),
        ("12/25/2026", "2026-12-25"),
        ("5/5/2026", "2026-05-05"), ("25-12-2026", "2026-12-25"), ("2024-02-29", "2024-02-29"),
        ("1 dec", "2026-12-01"), ("dec 1", "2026-12-01"), ("1 dec 2026", "2026-12-01"), ("Dec 1, 2026", "2026-12-01"),
        ("1st December 2026", "2026-12-01"), ("21 nov", "2026-11-21"), ("20 nov", "2027-11-20"),
        ("29 feb", "2028-02-29"),
        ("3 sept 2027", "2027-09-03"), ("1-dec-2026", "2026-12-01"),
        ("14:30", "2026-11-21 14:30:00"), ("۱۴:۳۰", "2026-11-21 14:30:00"), ("2pm", "2026-11-21 14:00:00"),
        ("2:30 PM", "2026-11-21 14:30:00"), ("12am", "2026-11-21 00:00:00"), ("12pm", "2026-11-21 12:00:00"),
        ("9:05", "2026-11-21 09:05:00"), ("fri 14:30", "2026-11-27 14:30:00"),
        ("tomorrow 9am", "2026-11-22 09:00:00"),
        ("tom 9am", "2026-11-22 09:00:00"), ("fri at 2pm", "2026-11-27 14:00:00"),
        ("فردا ساعت ۱۴:۳۰", "2026-11-22 14:30:00"),
        ("1 dec 14:30", "2026-12-01 14:30:00"), ("+3d 9am", "2026-11-24 09:00:00"),
        ("eom 17:00", "2026-11-30 17:00:00"),
        ("2026-12-01 14:30", "2026-12-01 14:30:00"), ("2026-12-01T14:30", "2026-12-01 14:30:00"),
        ("2026-12-01T14:30:15", "2026-12-01 14:30:15"), ("2026-12-01T14:30Z", "2026-12-01 18:00:00"),
        ("2026-12-01 14:30:15+01:00", "2026-12-01 17:00:15"), ("2026-12-01T22:00-0500", "2026-12-02 06:30:00"),
        ("2026-12-01T14:30:15.250Z", "2026-12-01 18:00:15.250000"), ("  fri   14:30 ", "2026-11-27 14:30:00"),
        # the year in front with dots, as Hungary, Korea and China write it; the time in front; a dash between
        ("2026.03.09", "2026-03-09"), ("2026. 3. 12.", "2026-03-12"), ("2026. 3. 12. 14:30", "2026-03-12 14:30:00"),
        ("9. 3. 2026", "2026-03-09"), ("2026 Mar 9", "2026-03-09"), ("2026-mar-09", "2026-03-09"),
        ("14:30 2026-03-09", "2026-03-09 14:30:00"), ("2:30 pm, 9 mar 2027", "2027-03-09 14:30:00"),
        ("2026-03-09 - 14:30", "2026-03-09 14:30:00"), ("2026-03-09, 14:30", "2026-03-09 14:30:00"),
        ("tomorrow 2:30 p.m.", "2026-11-22 14:30:00"), ("14:30 tomorrow", "2026-11-22 14:30:00"),
        ("فردا ۲:۳۰ ب.ظ", "2026-11-22 14:30:00"), ("فردا ساعت ۹:۳۰ صبح", "2026-11-22 09:30:00"),
        # an hour alone, said to be one
        ("tomorrow at 9", "2026-11-22 09:00:00"), ("فردا ساعت ۹", "2026-11-22 09:00:00"),
        ("at 17", "2026-11-21 17:00:00"),
        ("fri at 5", "2026-11-27 05:00:00"), ("at 9 tomorrow", "2026-11-22 09:00:00"),
        ("in 2 weeks at 9", "2026-12-05 09:00:00"),
        ("ساعت ۹ فردا", "2026-11-22 09:00:00"), ("فردا ساعت ۹ شب", "error"), ("fri at 25", "error"),
        ("tomorrow at", "error"),
        ("فردا ساعت ۵ عصر", "2026-11-22 17:00:00"), ("at 5pm fri", "2026-11-27 17:00:00"), ("dec at 9", "error"),
        # what is counted and named in Persian
        ("۳ روز دیگر", "2026-11-24"), ("۳ روز بعد", "2026-11-24"), ("سه روز دیگه", "2026-11-24"),
        ("دو هفته بعد", "2026-12-05"),
        ("یک ماه دیگر", "2026-12-21"), ("۲ سال پیش", "2024-11-21"), ("۵ روز قبل", "2026-11-16"),
        ("+۲ هفته", "2026-12-05"),
        ("-۲ هفته", "2026-11-07"), ("۳ روز کاری دیگر", "2026-11-25"), ("+۳ روز کاری", "2026-11-25"),
        ("+۲ ساعت", "2026-11-21 12:00:00"),
        ("۹۰ دقیقه دیگر", "2026-11-21 11:30:00"), ("بیست و یک روز دیگر", "2026-12-12"), ("سی روز بعد", "2026-12-21"),
        ("twenty-one days ago", "2026-10-31"), ("in two weeks", "2026-12-05"),
        ("دو هفته دیگر ساعت ۹", "2026-12-05 09:00:00"),
        ("شنبه بعد", "2026-11-28"), ("شنبه آینده", "2026-11-28"), ("شنبه‌ی آینده", "2026-11-28"),
        ("جمعهٔ گذشته", "2026-11-20"),
        ("سه شنبه بعد", "2026-11-24"), ("یک‌شنبه پیش", "2026-11-15"), ("شنبه بعد ساعت ۱۰:۳۰", "2026-11-28 10:30:00"),
        ("پایان ماه", "2026-11-30"), ("آخر ماه", "2026-11-30"), ("پایان این ماه", "2026-11-30"),
        ("آخر سال", "2026-12-31"),
        ("پایان هفته", "2026-11-22"), ("end of the month", "2026-11-30"), ("end of this year", "2026-12-31"),
    ],
)  # fmt: skip
def test_what_is_understood(text: str, meaning: str) -> None:
    if meaning == "error":
        with pytest.raises(FieldError):
            read(text)
    else:
        assert read(text) == meaning


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("3 ago", "not a day or time"),
        ("3 mai", "not a day or time"),
        ("5 mordad", "not a day or time"),
        # what date-guessing libraries read wrongly
        ("in 2 weeks 9", "not a day"), ("this friday", "not a day"), ("Q1 2027", "not a day"),
        ("2026-W50", "not a day"),
        ("every monday", "not a day"), ("last day of february", "not a day"), ("morgen um 9", "not a day"),
        ("1405/09/01", "Jalali"), ("۱۴۰۵/۰۹/۰۱", "Jalali"), ("1 آذر 1405", "Jalali"), ("آذر", "not a day"),
        # what can be read in two ways
        ("12/01/2026", "two ways"), ("01-02-2026", "two ways"), ("01/02/26", "not a day"), ("1.2.26", "not a day"),
        ("9", "not a day"), ("fri 9", "not a day"), ("3d", "not a day"), ("2026", "not a day"), ("dec", "not a day"),
        ("20261201", "not a day"), ("1 dec 26", "not a day"), ("next week", "not a day"), ("this-month", "not a day"),
        # what is not there
        ("2026-02-30", "no day"), ("2026-13-01", "no day"), ("31 nov", "no day"), ("29.02.2023", "no day"),
        ("1900-02-29", "no day"), ("30 feb", "no day"), ("25:00", "no time"), ("24:00", "no time"),
        ("10:60", "no time"),
        ("13pm", "not a day"), ("0am", "not a day"), ("13/13/2026", "no day"), ("2026-12-01T10:00+99:00", "offset"),
        ("fri 9:00-10:00", "one time to another"), ("2026-12-01 14:30 - 15:30", "one time to another"),
        ("0001-01-01", "out of range"), ("+99999y", "out of range"), ("-999999d", "out of range"),
        ("-600y", "out of range"),
        # what is no date
        ("", "missing"), ("   ", "missing"), ("soon", "not a day"), ("14:30Z", "not a day"),
        ("now 14:30", "not a day"),
        ("+2h 14:30", "not a day"), ("fri fri", "not a day"), ("next 14:30", "not a day"), ("+d", "not a day"),
        ("2026-12/01", "not a day"), ("2026-12-01T", "not a day"), ("tomorrow9am", "not a day"),
        ("\x00", "not a day"),
        ("9999-12-31T23:00-10:00", "out of range"), ("1" * 500, "not a day"),
        ("2026.3-9", "not a day"), ("2026-3-9.", "not a day"), ("9.3.2026.", "not a day"),
        ("14:30 15:30", "not a day"),
        ("14:30 - ", "not a day"), ("2026.13.01", "no day"), ("26.03.09", "not a day"), ("13:30 ب.ظ", "not a day"),
        ("31 nov 2026", "'31 nov 2026'"), ("31 Nov 2026", "'31 Nov 2026'"), ("۳۱ nov", "'۳۱ nov'"),
        ("1.4.1405", "'1.4.1405'"),
        # of the weekend or of the week? the next three days, or the third? which Saturday?
        ("آخر هفته", "not a day"), ("۳ روز آینده", "not a day"), ("شنبه دیگر", "not a day"),
        ("این شنبه", "not a day"),
        ("+۳ روز دیگر", "not a day"), ("in 3 days ago", "not a day"), ("سه روز", "not a day"),
        ("سهروز بعد", "not a day"),
        ("۳ بعد", "not a day"), ("سی و یک روز بعد", "not a day"), ("next سه شنبه", "not a day"),
        ("شنبه next", "not a day"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, because: str) -> None:
    with pytest.raises(FieldError, match=because) as caught:
        read(text)
    assert caught.value.hint
    assert len(caught.value.message) < 160


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1405/09/01", "2026-11-22"), ("1405-09-01", "2026-11-22"), ("۱۴۰۵/۰۹/۰۱", "2026-11-22"),
        ("01.09.1405", "2026-11-22"),
        ("۱ آذر ۱۴۰۵", "2026-11-22"), ("1 آذر", "2026-11-22"), ("30 آبان", "2026-11-21"), ("29 آبان", "2027-11-20"),
        ("30 اسفند", "2030-03-20"), ("eom", "2026-11-21"), ("som", "2026-10-23"), ("+1m", "2026-12-21"),
        ("soy", "2026-03-21"),
        ("eoy", "2027-03-20"), ("eoq", "2026-12-21"), ("2026-12-01", "2026-12-01"), ("1 dec 2026", "2026-12-01"),
        ("1405/09/01 14:30", "2026-11-22 14:30:00"), ("1403-12-30", "2025-03-20"), ("فردا", "2026-11-22"),
        ("۱ آذر ماه ۱۴۰۵", "2026-11-22"), ("۱ آذرماه ۱۴۰۵", "2026-11-22"), ("۱ آذر\u200cماه", "2026-11-22"),
        ("۱ آذر سال ۱۴۰۵", "2026-11-22"), ("۱م آذر ۱۴۰۵", "2026-11-22"), ("۱ ام آذر ۱۴۰۵", "2026-11-22"),
        ("۱۴۰۵ آذر ۱", "2026-11-22"), ("1405.09.01", "2026-11-22"), ("۱۴:۳۰ ۱۴۰۵/۰۹/۰۱", "2026-11-22 14:30:00"),
        ("1405/09/01 - 14:30", "2026-11-22 14:30:00"), ("1405/09/01 2:30 ب.ظ", "2026-11-22 14:30:00"),
        ("پایان ماه", "2026-11-21"), ("آخر سال", "2027-03-20"), ("یک ماه دیگر", "2026-12-21"),
        ("1405/09/01 12:30 ق.ظ", "2026-11-22 00:30:00"), ("۱۴۰۵/۰۹/۰۱ ساعت ۲:۳۰ بعد از ظهر", "2026-11-22 14:30:00"),
    ],
)  # fmt: skip
def test_the_jalali_calendar(text: str, meaning: str) -> None:
    assert read(text, "jalali") == meaning


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("1405-12-30", "no day"),
        ("1405-07-31", "no day"),
        ("1100-01-01", "out of range"),
        ("1 dec 1405", "two calendars"),
    ],
)
def test_the_jalali_calendar_refuses(text: str, because: str) -> None:
    with pytest.raises(FieldError, match=because):
        read(text, "jalali")


def test_the_calendar_setting_is_named_where_it_matters() -> None:
    with pytest.raises(FieldError) as caught:
        read("1405-09-01")
    assert "calendar jalali" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "order", "calendar", "day"),
    [
        ("12/01/2026", "dmy", "gregorian", "2026-01-12"), ("12/01/2026", "mdy", "gregorian", "2026-12-01"),
        ("12-01-2026", "mdy", "gregorian", "2026-12-01"), ("12.01.2026", "mdy", "gregorian", "2026-12-01"),
        ("12.01.26", "dmy", "gregorian", "2026-01-12"), ("1/2/68", "dmy", "gregorian", "2068-02-01"),
        ("1/2/69", "mdy", "gregorian", "1969-01-02"), ("2026-12-01", "mdy", "gregorian", "2026-12-01"),
        ("01/09/05", "dmy", "jalali", "2026-11-22"), ("1/1/99", "dmy", "jalali", "2020-03-20"),
    ],
)  # fmt: skip
def test_the_order_of_a_column(text: str, order: str, calendar: str, day: str) -> None:
    assert str(parse_day(text, NOW, calendar, order)) == day


def test_a_column_in_one_order_does_not_swap() -> None:
    with pytest.raises(FieldError, match="no day"):
        parse_day("12/25/2026", NOW, order="dmy")


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1.", "a", "a ", "-", ":", "14:30 ", "2026. 3. 12. ", "t1:1", "م", "\u200f"]
)
def test_hostile_texts_are_refused_in_no_time(piece: str) -> None:
    for text in (whole := (piece * 30_000)[:30_000], f"14:30 {whole}", f"1 {whole}", f"{whole} 14:30", f"2026.{whole}"):
        start = process_time()
        with suppress(FieldError):
            read(text)
        assert process_time() - start < 0.1


def test_parse_day_wants_no_time() -> None:
    with pytest.raises(FieldError, match="without a time"):
        parse_day("fri 14:30", NOW)


def test_the_start_of_the_week_is_the_readers() -> None:
    assert parse_day("sow", NOW, week_start=5) == date(2026, 11, 21)
    assert parse_day("eow", NOW, week_start=5) == date(2026, 11, 27)
    assert parse_day("sow", NOW, week_start=6) == date(2026, 11, 15)


@pytest.mark.parametrize(
    ("zone", "wall", "utc", "shown"),
    [
        (BERLIN, "2026-03-29 02:30", "2026-03-29 01:30", "Sun 2026-03-29 03:30 (02:30 is skipped by the clocks)"),
        (BERLIN, "2026-10-25 02:30", "2026-10-25 00:30", "Sun 2026-10-25 02:30 (the first of two)"),
        (NEW_YORK, "2025-03-09 02:30", "2025-03-09 07:30", "Sun 2025-03-09 03:30 (02:30 is skipped by the clocks)"),
        (NEW_YORK, "2025-11-02 01:30", "2025-11-02 05:30", "Sun 2025-11-02 01:30 (the first of two)"),
        (TEHRAN, "2022-03-22 00:30", "2022-03-21 21:00", "Tue 2022-03-22 01:30 (00:30 is skipped by the clocks)"),
        (TEHRAN, "2023-03-22 00:30", "2023-03-21 21:00", "Wed 2023-03-22 00:30"),
        (LORD_HOWE, "2026-10-04 02:15", "2026-10-03 15:45", "Sun 2026-10-04 02:45 (02:15 is skipped by the clocks)"),
        (LORD_HOWE, "2026-04-05 01:45", "2026-04-04 14:45", "Sun 2026-04-05 01:45 (the first of two)"),
        (BERLIN, "2026-11-27 14:30", "2026-11-27 13:30", "Fri 2026-11-27 14:30"),
    ],
)
def test_changes_of_the_clocks(zone: ZoneInfo, wall: str, utc: str, shown: str) -> None:
    now = NOW.astimezone(zone)
    assert parse_instant(wall, now) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert parse_instant(wall + ":00.5", now) == datetime.fromisoformat(utc + ":00.5").replace(tzinfo=UTC)
    assert describe(parse_when(wall, now), now) == shown


def test_a_day_that_has_no_midnight_starts_when_it_starts() -> None:
    now = datetime(2022, 3, 20, 12, tzinfo=TEHRAN)
    assert parse_instant("2022-03-22", now) == datetime(2022, 3, 21, 20, 30, tzinfo=UTC)


def test_shifts_of_the_clock_count_real_time() -> None:
    now = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    assert parse_instant("+2h", now) == now.astimezone(UTC) + timedelta(hours=2)
    assert describe(parse_when("+2h", now), now) == "Sun 2026-10-25 02:30 (the second of two)"
    assert parse_when("+1d 02:30", now - timedelta(days=1)).time == time(2, 30)


def test_months_end() -> None:
    assert add_months(date(2026, 1, 31), 1, "gregorian") == date(2026, 2, 28)
    assert add_months(date(2024, 1, 31), 1, "gregorian") == date(2024, 2, 29)
    assert add_months(date(2026, 3, 31), -13, "gregorian") == date(2025, 2, 28)
    assert add_months(make_day(1405, 6, 31, "jalali"), 6, "jalali") == make_day(1405, 12, 29, "jalali")


@pytest.mark.parametrize(
    ("text", "calendar", "start", "end"),
    [
        ("2026-01..2026-03", "gregorian", "2026-01-01", "2026-04-01"), ("..today", "gregorian", "None", "2026-11-22"),
        ("2026-01-05..", "gregorian", "2026-01-05", "None"), ("this-month", "gregorian", "2026-11-01", "2026-12-01"),
        ("last-month", "gregorian", "2026-10-01", "2026-11-01"),
        ("next week", "gregorian", "2026-11-23", "2026-11-30"),
        ("this-week", "gregorian", "2026-11-16", "2026-11-23"),
        ("this-quarter", "gregorian", "2026-10-01", "2027-01-01"),
        ("next-quarter", "gregorian", "2027-01-01", "2027-04-01"),
        ("this-year", "gregorian", "2026-01-01", "2027-01-01"),
        ("last-year", "gregorian", "2025-01-01", "2026-01-01"), ("q1", "gregorian", "2026-01-01", "2026-04-01"),
        ("q4-2027", "gregorian", "2027-10-01", "2028-01-01"), ("2026-Q1", "gregorian", "2026-01-01", "2026-04-01"),
        ("Q1 2027", "gregorian", "2027-01-01", "2027-04-01"), ("2026-W50", "gregorian", "2026-12-07", "2026-12-14"),
        ("2026-w1", "gregorian", "2025-12-29", "2026-01-05"), ("2026", "gregorian", "2026-01-01", "2027-01-01"),
        ("2026-12", "gregorian", "2026-12-01", "2027-01-01"), ("2026/12", "gregorian", "2026-12-01", "2027-01-01"),
        ("eom..", "gregorian", "2026-11-30", "None"), ("fri", "gregorian", "2026-11-27", "2026-11-28"),
        ("today..+3d", "gregorian", "2026-11-21", "2026-11-25"), ("dec", "gregorian", "2026-12-01", "2027-01-01"),
        ("jan 2027", "gregorian", "2027-01-01", "2027-02-01"), ("q1..q2", "gregorian", "2026-01-01", "2026-07-01"),
        ("now..", "gregorian", "2026-11-21", "None"), ("2026 .. ", "gregorian", "2026-01-01", "None"),
        ("this-month", "jalali", "2026-10-23", "2026-11-22"), ("next-month", "jalali", "2026-11-22", "2026-12-22"),
        ("q1", "jalali", "2026-03-21", "2026-06-22"), ("1405", "jalali", "2026-03-21", "2027-03-21"),
        ("1405-09", "jalali", "2026-11-22", "2026-12-22"), ("آذر", "jalali", "2026-11-22", "2026-12-22"),
        ("آذر ۱۴۰۴", "jalali", "2025-11-22", "2025-12-22"), ("1405-q4", "jalali", "2026-12-22", "2027-03-21"),
        ("this-year", "jalali", "2026-03-21", "2027-03-21"), ("2026-12", "jalali", "2026-12-01", "2027-01-01"),
        ("1405/01..1405/03", "jalali", "2026-03-21", "2026-06-22"),
    ],
)  # fmt: skip
def test_ranges(text: str, calendar: str, start: str, end: str) -> None:
    assert tuple(map(str, parse_range(text, NOW, calendar))) == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        "", "..", "today..yesterday", "2026-13", "2026-00", "2026-w54", "2026-w0", "q5", "q1-1405", "1405",
        "1405-09", "آذر",
        "fri 14:30", "today..fri 9am", "soon..", "2026-01..2026-03..2026-05", "9999", "this-fri", "+2h..", "dec 1405",
    ],
)  # fmt: skip
def test_ranges_refuse(text: str) -> None:
    with pytest.raises(FieldError) as caught:
        parse_range(text, NOW)
    assert caught.value.hint


def test_ranges_of_weeks_start_where_the_readers_do() -> None:
    assert parse_range("this-week", NOW, week_start=5) == (date(2026, 11, 21), date(2026, 11, 28))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11-21T10:00..2026-11-21T12:00", "2026-11-21 06:30", "2026-11-21 08:31"),
        ("10:00..10:00", "2026-11-21 06:30", "2026-11-21 06:31"),
        ("..10:00", None, "2026-11-21 06:31"),
        ("..2026-11-21T12:00:30", None, "2026-11-21 08:31"),
        ("10:00:30", "2026-11-21 06:30:30", "2026-11-21 06:31"),
        ("9999-12-31T23:59..", "9999-12-31 20:29", None),
        ("today", "2026-11-20 20:30", "2026-11-21 20:30"),
        ("2026-11", "2026-10-31 20:30", "2026-11-30 20:30"),
        ("now..+2h", "2026-11-21 06:30", "2026-11-21 08:30"),
        ("..now", None, "2026-11-21 06:30"),
        ("-2h..", "2026-11-21 04:30", None),
        ("fri 14:30 for 45m", "2026-11-27 11:00", "2026-11-27 11:45"),
        ("14:30", "2026-11-21 11:00", "2026-11-21 11:01"),
        ("fri 9am..fri", "2026-11-27 05:30", "2026-11-27 20:30"),
        ("fri..fri 9am", "2026-11-26 20:30", "2026-11-27 05:31"),
    ],
)
def test_spans(text: str, start: str | None, end: str | None) -> None:
    def utc(shown: str | None) -> datetime | None:
        return shown and datetime.fromisoformat(shown).replace(tzinfo=UTC)  # type: ignore[return-value]

    assert parse_span(text, NOW) == (utc(start), utc(end))


def test_the_days_of_a_span_are_as_long_as_the_clocks_make_them() -> None:
    start, end = parse_span("2026-10-25", NOW.astimezone(BERLIN))
    assert start
    assert end
    assert end - start == timedelta(hours=25)


@pytest.mark.parametrize("text", ["..", "12:00..10:00", "now..now", "fri for", "fri for soon", "for 45m", "9999"])
def test_spans_refuse(text: str) -> None:
    with pytest.raises(FieldError):
        parse_span(text, NOW)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90m", 90), ("1h30", 90), ("1h30m", 90), ("1h 30m", 90), ("2h", 120), ("2d", 2880), ("1w", 10080),
        ("45 min", 45), ("2 hours", 120), ("1w2d", 12960), ("۴۵m", 45), ("1H", 60), ("1.5h", 90), ("نیم ساعت", 30),
    ],
)  # fmt: skip
def test_a_span_is_as_long_as_it_says(text: str, minutes: int) -> None:
    start, end = parse_span(f"2026-10-25 02:30 for {text}", NOW.astimezone(BERLIN))
    assert start
    assert end
    assert end - start == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["m", "-5m", "1h300", "30m1h", "5x", "1m 2", "0m", "9999w"])
def test_spans_refuse_what_is_no_length(text: str) -> None:
    with pytest.raises(FieldError):
        parse_span(f"fri 14:30 for {text}", NOW)


def test_shown_days() -> None:
    today = date(2026, 11, 21)
    assert describe(When(date(2026, 11, 27)), NOW) == "Fri 2026-11-27"
    assert show_day(date(2026, 11, 27)) == "2026-11-27"
    assert show_day(date(2026, 11, 27), "jalali") == "1405-09-06"
    shown = [relative(today + timedelta(days=days), today) for days in (-5, -1, 0, 1, 3)]
    assert shown == ["5 days ago", "yesterday", "today", "tomorrow", "in 3 days"]


@given(DAYS)
def test_a_shown_day_reads_back(day: date) -> None:
    assert parse_day(show_day(day), NOW) == day
    assert parse_day(f"{day.day}.{day.month}.{day.year}", NOW) == day
    assert parse_range(day.isoformat(), NOW) == (day, day + timedelta(days=1))


@given(st.dates(date(1600, 1, 1), date(9999, 12, 31)))
@example(date(9999, 12, 31))
@example(date(1821, 3, 20))
@example(date(1821, 3, 21))
@example(date(2221, 3, 20))
@example(date(2221, 3, 21))
def test_a_shown_jalali_day_reads_back(day: date) -> None:
    """A day outside the Jalali years that can be typed is shown as the Gregorian one, and can be read all the same."""
    assert parse_day(show_day(day, "jalali"), NOW, "jalali") == day


@given(st.dates(date(1830, 1, 1), date(2200, 1, 1)))
def test_a_jalali_day_is_put_together_again(day: date) -> None:
    assert make_day(*split_day(day, "jalali"), "jalali") == day


@pytest.mark.parametrize("zone", [TEHRAN, NEW_YORK, ZoneInfo("Pacific/Kiritimati"), None])
def test_every_moment_can_be_shown(zone: ZoneInfo | None) -> None:
    for moment in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        assert local(moment, zone) == moment
    assert local(datetime(2026, 11, 21, 6, 30, tzinfo=UTC), TEHRAN).hour == 10


def test_a_clock_that_leaves_the_calendar_is_refused() -> None:
    for text in ("9999-12-31T23:59", "9999-12-31 23:59:59", "9999-12-31 23:59"):
        with pytest.raises(FieldError, match="out of range"):
            parse_instant(text, NOW.astimezone(NEW_YORK))
        assert parse_instant(text, NOW).year == 9999


@given(st.dates(date(1700, 1, 1), date(2200, 1, 1)))
def test_a_relative_day_reads_back(day: date) -> None:
    assert parse_day(relative(day, NOW.date()), NOW) == day


@given(st.dates(date(1971, 1, 1), date(2100, 1, 1)), st.times(), st.sampled_from([TEHRAN, BERLIN, NEW_YORK, LORD_HOWE]))
def test_the_short_way_for_instants_agrees_with_the_grammar(day: date, clock: time, zone: ZoneInfo) -> None:
    now = NOW.astimezone(zone)
    for shape in ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.250Z"):
        text = datetime.combine(day, clock, UTC).strftime(shape)
        assert parse_instant(text, now) == instant_of(parse_when(text, now), now)


WORDS = (
    "today fri last next this in ago 3 days +3d -2w +1m eom sow q1 2026 1405 -12 -01 12/ .. 14:30 2pm T Z +03:30 dec "
    "آذر ۱ ۱۴۰۵ 29 feb , . / - 99999 w y h for 45m 2026-W50 9999-12-31 1600-01-01 month"
)
PIECES = st.sampled_from(WORDS.split())


@given(st.text() | st.lists(PIECES, max_size=5).map(" ".join) | st.lists(PIECES, max_size=5).map("".join))
@example("9999-12-31..")
@example("1600-01-01 00:00+14:00")
def test_nothing_but_a_field_error_is_ever_raised(text: str) -> None:
    for calendar in ("gregorian", "jalali"):
        for order in ("ymd", "dmy"):
            for reader in (parse_when, parse_day, parse_instant):
                try:
                    reader(text, NOW, calendar, order)
                except FieldError:
                    continue
        for range_reader in (parse_range, parse_span):
            try:
                start, end = range_reader(text, NOW, calendar)
            except FieldError:
                continue
            assert start is None or end is None or start < end  # type: ignore[operator]


IN_PERSIAN = {
    "day": "روز",
    "week": "هفته",
    "month": "ماه",
    "year": "سال",
    "workday": "روز کاری",
    "hour": "ساعت",
    "minute": "دقیقه",
}
ENGLISH_NUMBERS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five twenty-six
    twenty-seven twenty-eight twenty-nine thirty"""
PERSIAN_NUMBERS = """یک,دو,سه,چهار,پنج,شش,هفت,هشت,نه,ده,یازده,دوازده,سیزده,چهارده,پانزده,شانزده,هفده,هجده,نوزده,بیست,
    بیست و یک,بیست و دو,بیست و سه,بیست و چهار,بیست و پنج,بیست و شش,بیست و هفت,بیست و هشت,بیست و نه,سی"""
DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@given(
    st.integers(1, 30), st.sampled_from(sorted(IN_PERSIAN)), st.booleans(), st.sampled_from(["gregorian", "jalali"]),
    st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.sampled_from(["", " at 9", " 14:30"]),
)  # fmt: skip
def test_what_is_counted_means_the_same_in_english_and_persian(
    number: int, unit: str, onward: bool, calendar: Calendar, day: date, clock: str
) -> None:
    def meant(text: str) -> When | None:
        try:
            return parse_when(text + (clock if text.isascii() else clock.replace("at", "ساعت")), at, calendar)
        except FieldError:
            return None

    at = datetime.combine(day, time(10), TEHRAN)
    found = set()
    for count in (str(number), ENGLISH_NUMBERS.split()[number - 1]):
        found.add(meant(f"in {count} {unit}s" if onward else f"{count} {unit}s ago"))
    for count in (str(number), str(number).translate(DIGITS), PERSIAN_NUMBERS.split(",")[number - 1].strip()):
        for side in ("دیگر", "بعد") if onward else ("پیش", "قبل"):
            found.add(meant(f"{count} {IN_PERSIAN[unit]} {side}"))
        found.add(meant(f"{'+' if onward else '-'}{count} {IN_PERSIAN[unit]}"))
    assert len(found) == 1
    assert (None in found) == (unit in ("hour", "minute") and clock != "")


@given(st.integers(0, 6), st.booleans(), st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_days_of_the_week_mean_the_same_in_english_and_persian(number: int, onward: bool, day: date) -> None:
    now = datetime.combine(day, time(10), TEHRAN)
    wanted = parse_day(f"{'next' if onward else 'last'} {ENGLISH_DAYS[number]}", now)
    for name in (PERSIAN_DAYS[number], PERSIAN_DAYS[number].replace("\u200c", " "), PERSIAN_DAYS[number] + "ی"):
        for side in ("بعد", "آینده", "آتی") if onward else ("قبل", "پیش", "گذشته"):
            assert parse_day(f"{name} {side}", now) == wanted


@pytest.mark.parametrize("calendar", ["gregorian", "jalali"])
def test_what_a_hint_names_can_be_written(calendar: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse_when("someday", NOW, calendar)
    days, times = refused.value.hint.split("\n")
    for words in re.split(r", | or ", days.removeprefix("Write ").rstrip(".")):
        assert parse_when(words, NOW, calendar).time is None, words
    after, alone = times.partition(": ")[2].rstrip(".").split("; or stand alone: ")
    for words in (*after.split(", "), *alone.split(", ")):
        assert parse_when(words, NOW, calendar).time is not None, words
    with pytest.raises(FieldError) as refused:
        parse_range("..", NOW, calendar)
    for words in re.split(r", (?:or a range: )?", refused.value.hint.removeprefix("Write a day, ")):
        assert parse_range(words, NOW, calendar) != (None, None), words


@pytest.mark.parametrize(
    ("persian", "english"),
    [
        ("این هفته", "this week"), ("هفته بعد", "next week"), ("هفتهٔ آینده", "next week"),
        ("هفته‌ی گذشته", "last week"),
        ("هفته قبل", "last week"), ("ماه جاری", "this month"), ("ماه آینده", "next month"), ("ماه پیش", "last month"),
        ("فصل بعد", "next quarter"), ("امسال", "this year"), ("سال بعد", "next year"), ("پارسال", "last year"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("calendar", ["gregorian", "jalali"])
def test_periods_in_persian(persian: str, english: str, calendar: Calendar) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert parse_range(persian, now, calendar, 5) == parse_range(english, now, calendar, 5)


@pytest.mark.parametrize("stored", ["0001-01-01T00:00:00.000Z", "0987-06-05T04:03:02.001Z", "9999-12-31T23:59:59.999Z"])
def test_a_stored_moment_has_four_digits_for_its_year(stored: str) -> None:
    assert show_instant(read_instant(stored)) == stored
