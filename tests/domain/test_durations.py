"""Lengths of time: read as minutes in one way, or refused; and written so that they are read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.durations import DAY, MOST, WEEK, parse, spoken
from crmcli.errors import FieldError


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("45", 45),
        ("0", 0),
        (" 45 m ", 45),
        ("45m", 45),
        ("90 min", 90),
        ("90 Minutes", 90),
        ("1h", 60),
        ("1H30", 90),
        ("1h 30m", 90),
        ("1h30m", 90),
        ("1 Std. 30 Min.", 90),
        ("1 heure et 30 minutes", 90),
        ("2 Tage", 2880),
        ("1h 30", 90),
        ("1:30", 90),
        ("0:05", 5),
        ("12h05", 725),
        ("1 hour and 5 minutes", 65),
        ("1.5h", 90),
        ("1,5 h", 90),
        (".5h", 30),
        ("0.75 hours", 45),
        ("2d", 2 * DAY),
        ("1.5d", 36 * 60),
        ("1w 2d 3h 4m", WEEK + 2 * DAY + 184),
        ("2 weeks", 2 * WEEK),
        ("half an hour", 30),
        ("an hour", 60),
        ("۴۵", 45),
        ("۹۰ دقیقه", 90),
        ("٩٠ دقيقه", 90),
        ("۱ ساعت و ۳۰ دقیقه", 90),
        ("۱ ساعت ۳۰", 90),
        ("۱٫۵ ساعت", 90),
        ("۲ روز", 2 * DAY),
        ("یک هفته", WEEK),
        ("نیم ساعت", 30),
        ("یک ساعت و نیم", 90),
        ("دو ساعت و نیم", 150),
        ("۲ روز و نیم", 60 * 60),
        ("twenty-five minutes", 25),
        ("zwei Stunden 30 Minuten", 150),
        ("بیست و پنج دقیقه", 25),
        ("یک ربع", 15),
        ("366d", MOST),
    ],
)
def test_a_length_is_read_as_minutes(text: str, minutes: int) -> None:
    assert parse(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "-5",
        "1h75",
        "1:3",
        "1:60",
        "m",
        "h30",
        "30m 1h",
        "1h 1h",
        "1.h",
        "1 month",
        "2y",
        "5s",
        "45 of",
        "1h30 2m",
        "367d",
        "9999999",
        "١x",
        "and",
        ".5",
        "1.5",
        "1h and",
        "and 5m",
        ", 1h",
    ],
)
def test_what_is_no_length_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse(text)
    assert "1h30" in refused.value.hint


def test_parts_of_a_minute_are_refused() -> None:
    with pytest.raises(FieldError, match="whole number of minutes"):
        parse("0.33h")
    with pytest.raises(FieldError, match="whole number of minutes"):
        parse("1.5m")


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0m"), (5, "5m"), (60, "1h"), (65, "1h05"), (90, "1h30"), (1440, "1d"), (1500, "25h"), (20160, "2w"),
     (4320, "3d"), (10081, "168h01")],
)  # fmt: skip
def test_a_length_is_spoken_in_the_largest_unit_that_fits(minutes: int, text: str) -> None:
    assert spoken(minutes) == text


@given(st.integers(0, MOST))
def test_what_is_spoken_is_read_again(minutes: int) -> None:
    assert parse(spoken(minutes)) == minutes


@given(st.text("0123456789.,: hmdwand۱۲ساعتنیم و", max_size=12))
def test_any_text_is_a_length_or_refused(text: str) -> None:
    try:
        assert 0 <= parse(text) <= MOST
    except FieldError:
        return
