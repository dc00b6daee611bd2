"""Times of a day as people of six languages write them."""

from __future__ import annotations

from datetime import time

import pytest

from crmcli.domain import clocks
from crmcli.domain.clocks import LENGTH, NUMBER, TIME, Clock

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
#: How any time can be written, and what that says.
FORMS = (
    ("{h}:{m:02}", TIME), ("{h:02}:{m:02}:00", TIME), ("{h:02}:{m:02} Uhr", TIME), ("{h}.{m:02} Uhr", TIME),
    ("um {h}.{m:02}", TIME), ("{h} Uhr {m:02}", TIME), ("à {h}h{m:02}", TIME), ("a las {h}:{m:02} h", TIME),
    ("SAAT {h:02}.{m:02}", TIME), ("ساعت {h}:{m:02}", TIME), ("at {h}:{m:02}", TIME), ("{h}h{m:02}", LENGTH),
    ("{h} h {m:02} min", LENGTH), ("{h} heures {m:02}", LENGTH), ("{h}.{m:02}", NUMBER),
)  # fmt: skip
#: How it is written in a half of the day, by the words for that: before noon, after it.
HALVES = (
    ("{h}:{m:02}{half}", "am", "pm"), ("{h}:{m:02} {half}", "a.m.", "P.M."),
    ("{h}:{m:02}\u202f{half}", "a.\u202fm.", "p.\u202fm."), ("{half} {h:02}:{m:02}", "ÖÖ", "ÖS"),
    ("{h}.{m:02} {half}", "ق.ظ", "ب.ظ"), ("{h}:{m:02} {half}", "قبل از ظهر", "بعد از ظهر"),
)  # fmt: skip
HOURS = (
    ("14 Uhr", 14), ("14h", 14), ("9 heures", 9), ("10", 10), ("۱۰", 10), ("2 pm", 14), ("ساعت ۹ صبح", 9),
    ("9 de la mañana", 9), ("a las 3 de la tarde", 15), ("9 h du soir", 21), ("8 Uhr abends", 20), ("akşam 8", 20),
    ("öğleden sonra 3", 15), ("9 شب", 21), ("3 Uhr nachmittags", 15), ("14 Uhr nachmittags", 14),
)  # fmt: skip


def test_every_time_is_read_in_every_form() -> None:
    for minutes in range(24 * 60):
        hour, minute = divmod(minutes, 60)
        for form, says in FORMS:
            text = form.format(h=hour, m=minute)
            assert clocks.read(text) == clocks.read(text.translate(PERSIAN)) == Clock(time(hour, minute), says), text
        for form, am, pm in HALVES:
            text = form.format(h=(hour - 1) % 12 + 1, m=minute, half=am if hour < 12 else pm)
            assert clocks.read(text) == clocks.read(text.translate(PERSIAN)) == Clock(time(hour, minute)), text


def test_an_hour_is_a_time() -> None:
    assert [(text, found and found.time) for text, _ in HOURS for found in [clocks.read(text)]] == [
        (text, time(hour)) for text, hour in HOURS
    ]


@pytest.mark.parametrize(
    "text",
    ["", "soon", "24:00", "9:60", "9.5", "9,05", "25", "1430", "24.12", "13 am", "12 de la mañana", "12 Uhr abends",
     "14-16 Uhr", "2026-09-03 14:30", "14:30Z", "um", "45m", "9.05.2026", "9" * 50],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert clocks.read(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03.09.2026 um 14:30 Uhr", "03.09.2026"), ("3. September 2026, 14.30 Uhr", "3. September 2026"),
        ("04.09.2026 14.30", "04.09.2026"), ("03/09/2026 à 14h30", "03/09/2026"), ("3 mars - 14h30", "3 mars"),
        ("3 de marzo de 2026 a las 2:30 p. m.", "3 de marzo de 2026"), ("3 Eylül 2026 14.30", "3 Eylül 2026"),
        ("۱۴۰۵/۰۶/۱۲ ساعت ۱۴:۳۰", "۱۴۰۵/۰۶/۱۲"), ("fri 14:30", "fri"),
    ],
)  # fmt: skip
def test_a_time_behind_its_day_is_told_from_it(text: str, day: str) -> None:
    assert clocks.behind(text) == (day, time(14, 30))


@pytest.mark.parametrize("text", ["9 May 14", "3 4.05", "14.30", "03.09.2026", "3 Sep 2026", "2026-09-03 10", "14:30"])
def test_a_number_that_may_be_a_part_of_the_day_is_no_time(text: str) -> None:
    assert clocks.behind(text) == (text, None)
