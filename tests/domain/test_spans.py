"""Lengths, reminders, offsets and rhythms as people type them, and as they are kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.types import Duration, Env, Offset, Reminders, Repeat, Rhythm, Type, readable
from crmcli.domain.types.spans import reminder_minutes
from crmcli.domain.workdays import Workdays, weekly
from crmcli.errors import CrmError, FieldError

ENV = Env(datetime(2026, 11, 23, 12, tzinfo=UTC))
JALALI = ENV._replace(calendar="jalali")


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (Duration(), "45", 45),
        (Duration(), "1h30", 90),
        (Duration(), "۴۵ دقیقه", 45),
        (Duration(), " ", None),
        (Reminders(), "1d,15m", "15,1440"),
        (Reminders(), "15m، 15, 0", "0,15"),
        (Reminders(), "2w", "20160"),
        (Reminders(), ",", None),
        (Offset(), "3d", "3d"),
        (Offset(), "+3 days", "3d"),
        (Offset(), "-2w", "-2w"),
        (Offset(), "2 weeks before", "-2w"),
        (Offset(), "3 روز بعد", "3d"),
        (Offset(), "۵ روز کاری", "5wd"),
        (Offset(), "-0d", "0d"),
        (Offset(), "", None),
        (Rhythm(), "30", 30),
        (Rhythm(), "every 4 weeks", 28),
        (Rhythm(), "3m", 90),
        (Rhythm(), "1y", 365),
        (Rhythm(), "4 Wochen", 28),
        (Rhythm(), "3 mois", 90),
        (Rhythm(), "1 año", 365),
        (Rhythm(), "10 gün", 10),
        (Rhythm(), "never", 0),
        (Rhythm(), "0", 0),
        (Rhythm(), "۰", 0),
        (Repeat(), "every monday", "FREQ=WEEKLY;BYDAY=MO"),
        (Repeat(), "", None),
    ],
)
def test_what_is_typed_is_kept_so(kind: Type, typed: str, stored: object) -> None:
    found = kind.parse(typed, ENV)
    assert found == stored
    if isinstance(found, str):
        assert kind.parse(found, ENV) == found
        assert kind.parse(kind.show(found), ENV) == found


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Duration(), "long"),
        (Duration(), "100001"),
        (Reminders(), "15m,soon"),
        (Reminders(), "400d"),
        (Reminders(), "1,2,3,4,5,6,7,8,9,10,11"),
        (Offset(), "3"),
        (Offset(), "3 apples"),
        (Offset(), "-3d before"),
        (Offset(), "99999d"),
        (Rhythm(), "0d"),
        (Rhythm(), "-3d"),
        (Rhythm(), "5wd"),
        (Rhythm(), "11y"),
        (Repeat(), "sometimes"),
    ],
)
def test_what_means_nothing_is_refused(kind: Type, typed: str) -> None:
    with pytest.raises(FieldError):
        kind.parse(typed, ENV)


@given(st.lists(st.integers(0, 366 * 24 * 60), min_size=1, max_size=10, unique=True))
def test_reminders_are_shown_as_they_can_be_typed(minutes: list[int]) -> None:
    kind = Reminders()
    stored = kind.parse(",".join(map(str, minutes)), ENV)
    assert stored == ",".join(map(str, sorted(minutes)))
    assert kind.parse(kind.show(stored), ENV) == stored


def test_no_reminder_at_all_is_not_the_usual_ones() -> None:
    kind = Reminders()
    assert (kind.parse("None", ENV), kind.parse("", ENV)) == ("none", None)
    assert (kind.show("none"), kind.show(None)) == ("none", "")
    assert (reminder_minutes("none"), reminder_minutes(None), reminder_minutes("15,1440")) == ((), (), (15, 1440))
    with pytest.raises(FieldError):
        kind.parse("none,15m", ENV)


def test_a_recurrence_is_read_in_the_users_calendar() -> None:
    stored = Repeat().parse("monthly on the last day", JALALI)
    assert "PERSIAN" in stored
    assert readable(Repeat(), stored, calendar="jalali") == "every month on the last day"


@pytest.mark.parametrize("week_start", [0, 5, 6])
@pytest.mark.parametrize(
    "phrase", ["every weekday", "every 2 weeks on monday and saturday", "every month on the last weekday"]
)
def test_a_recurrence_is_shown_in_the_words_of_the_own_week(phrase: str, week_start: int) -> None:
    env = Env(ENV.now, week_start=week_start, workdays=weekly((5, 6, 0, 1, 2)))
    assert readable(Repeat(), Repeat().parse(phrase, env), week=env.week) == phrase


def test_a_recurrence_is_no_rule_where_the_week_is_not_known() -> None:
    stored = Repeat().parse("every 2 weeks on mon,sat", Env(ENV.now, week_start=5))
    assert readable(Repeat(), stored) == "every 2 weeks on monday and saturday"

    def unknown(_: int) -> bytes:
        raise CrmError("no library")

    env = Env(ENV.now, week_start=5, workdays=Workdays(unknown))
    assert readable(Repeat(), stored, week=env.week) == "every 2 weeks on monday and saturday"
    assert readable(Repeat(), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", week=env.week).startswith("every monday, tuesday")
    assert Repeat().parse("every weekday", ENV) == "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
