"""Days and moments in the spellings that other programs' files have."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from crmcli.domain.types import Env
from crmcli.errors import FieldError
from crmcli.services.imports import moments

ENV = Env(now=datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Asia/Tehran")))
JALALI = ENV._replace(calendar="jalali")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("۱۵ مرداد ماه ۱۴۰۵", "2026-08-06"), ("1404.03.09", "2025-05-30"), ("۱۴۰۵ مرداد ۱۵", "2026-08-06"),
        ("1404/05/12 2:30 ب.ظ", "2025-08-03"), ("۱۴:۳۰ ۱۴۰۴/۰۵/۱۲", "2025-08-03"), ("1404/05/12 - 14:30", "2025-08-03"),
        ("12 حمل 1404", "2025-04-01"), ("۱۵م مرداد ۱۴۰۵", "2026-08-06"), ("پنج شنبه ۱۵ مرداد سال ۱۴۰۵", "2026-08-06"),
        ("1404/05/12 ه.ش", "2025-08-03"), ("1404/05/12 هـ.ش.", "2025-08-03"), ("۱۲ مرداد ۱۴۰۴ شمسی", "2025-08-03"),
        ("۱۲ مرداد ۱۴۰۴ هجری شمسی", "2025-08-03"), ("12 Day 1404", "2026-01-02"), ("12 Day 1404 14:30", "2026-01-02"),
        ("2026/03/09 میلادی", "2026-03-09"), ("1 Hamal 1404", "2025-03-21"), ("\u200f۱۴۰۴/۰۵/۱۲\u200f", "2025-08-03"),
        ("\u2067۱۵ مرداد ۱۴۰۵\u2069", "2026-08-06"), ("ساعت ۱۴:۳۰ ۱۴۰۴/۰۵/۱۲", "2025-08-03"),
        ("۱۴:۳۰ - پنج شنبه ۱۵ مرداد ۱۴۰۵", "2026-08-06"),
    ],
)  # fmt: skip
def test_days_as_persian_programs_write_them(text: str, day: str) -> None:
    assert moments.day(text, JALALI) == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1404/05/12 2:30 ب.ظ", "2025-08-03T11:00:00.000Z"), ("۱۴:۳۰ ۱۴۰۴/۰۵/۱۲", "2025-08-03T11:00:00.000Z"),
        ("1404/05/12 - 14:30", "2025-08-03T11:00:00.000Z"), ("12 Day 1404 2:30 ق.ظ", "2026-01-01T23:00:00.000Z"),
        ("1404.05.12 14:30", "2025-08-03T11:00:00.000Z"),
    ],
)  # fmt: skip
def test_moments_as_persian_programs_write_them(text: str, moment: str) -> None:
    assert moments.moment(text, JALALI) == moment
    assert moments.instant(text, JALALI) == moment


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1er mai 2026", "2026-05-01"), ("vendredi 1er mai 2026", "2026-05-01"), ("1º de mayo de 2026", "2026-05-01"),
        ("3 Mart 2026", "2026-03-03"), ("3 Ağustos 2026", "2026-08-03"), ("3 Eyl 2026", "2026-09-03"),
        ("Salı, 3 Mart 2026", "2026-03-03"), ("15 Şubat 2026", "2026-02-15"), ("15 KASIM 2026", "2026-11-15"),
        ("3 марта 2026", "2026-03-03"), ("3 марта 2026 г.", "2026-03-03"), ("3 мая 2026 года", "2026-05-03"),
        ("3 июл. 2026", "2026-07-03"), ("вторник, 3 марта 2026", "2026-03-03"), ("1-го января 2026", "2026-01-01"),
        ("2026.03.09", "2026-03-09"), ("2026. 3. 12.", "2026-03-12"), ("2026. 3. 12. 14:30", "2026-03-12"),
        ("\u200e2026-03-09\u200e", "2026-03-09"), ("2026-03-09\ufeff", "2026-03-09"),
    ],
)  # fmt: skip
def test_days_in_further_languages(text: str, day: str) -> None:
    assert moments.day(text, ENV) == day


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("32er mai 2026", "'32er mai 2026'"), ("31 avril 2026", "'31 avril 2026'"),
        ("31 Kasım 2026", "'31 Kasım 2026'"),
        ("2026/03/09 ه.ش", "'2026/03/09 ه.ش'"), ("1404/05/12 میلادی", "'1404/05/12 میلادی'"),
        ("12 day 2026", "'12 day 2026'"), ("1404/05/12 ه.ق", "'1404/05/12 ه.ق'"), ("32 حمل 1404", "'32 حمل 1404'"),
        ("\u200f32 мая 2026", "'32 мая 2026'"), ("mardi 31 novembre 2026", "'mardi 31 novembre 2026'"),
    ],
)  # fmt: skip
def test_a_refusal_shows_the_cell_s_own_text(text: str, shown: str) -> None:
    for env in (ENV, JALALI):
        with pytest.raises(FieldError) as caught:
            moments.day(text, env)
        assert shown in caught.value.message


def test_a_day_is_no_month_where_it_is_a_day() -> None:
    assert moments.day("in 1 day", ENV) == "2026-11-22"
    assert moments.named_calendar("in 1 day") == moments.named_calendar("12 day 2026") == ""
    assert moments.named_calendar("12 Day 1404") == "jalali"


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("پنج شنبه ۱۵ مرداد ۱۴۰۵", "۱۵ مرداد ۱۴۰۵"), ("14:30 1404/05/12", "1404/05/12"), ("1404.03.09", "1404-03-09"),
        ("2026. 3. 12. 14:30", "2026-3-12 14:30"), ("Thu, 6 Aug 2026", "6 Aug 2026"), ("14:30 - 12/05/26", "12/05/26"),
        ("1404/05/12 ه.ش", "1404/05/12"), ("12.05.2026", "12.05.2026"), ("", ""), ("fri 14:30", "fri 14:30"),
    ],
)  # fmt: skip
def test_what_of_a_cell_is_the_date(text: str, alone: str) -> None:
    assert moments.date_alone(text) == alone


@pytest.mark.parametrize("piece", ["1", "a ", "1.", "14:30 ", "مرداد ", "ه.ش ", "day ", "\u200f", "1404 ", "- "])
def test_hostile_cells_are_refused_in_no_time(piece: str) -> None:
    cell = (piece * 30_000)[:30_000]
    for text in (cell, f"12 {cell}", f"{cell} 1404"):
        start = process_time()
        with suppress(FieldError):
            moments.day(text, JALALI)
        moments.date_alone(text)
        moments.named_calendar(text)
        assert process_time() - start < 0.1
