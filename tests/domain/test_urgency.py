"""What each term of urgency comes to, with known answers; and what holds for every record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain import figures, urgency
from crmcli.domain.entities import DEAL, INTERACTION, TASK
from crmcli.domain.types import show_instant
from crmcli.domain.urgency import FAMILIES, TERMS, Factor, Look, Points, product, ramp
from crmcli.errors import UsageError

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
LOOK = Look(NOW, NOW.date(), "tester", 14, 7)
BY_NAME = {term.name: term for term in TERMS}


def ago(**span: float) -> str:
    return show_instant(NOW - timedelta(**span))


def day(ahead: int) -> str:
    return (NOW.date() + timedelta(days=ahead)).isoformat()


SALE: dict[str, Any] = {
    "id": 31, "kind": "deal", "status": "open", "value": None, "currency": "EUR", "mean_value": 0, "probability": 0,
    "close_on": None,
}  # fmt: skip
TASK_ROW: dict[str, Any] = {
    "id": 1, "due_on": None, "due_at": None, "priority": 0, "created_at": ago(), "tags": [], "type": None,
    "owner": None, "delegated_by": None, "blocked_by": 0, "blocks": 0, "sale": None, "owed_since": None,
}  # fmt: skip
DEAL_ROW: dict[str, Any] = {
    **SALE, "priority": 0, "created_at": ago(), "tags": [], "stage": "New", "next_due_on": None, "next_due_at": None,
    "open_tasks": 1, "last_touch": None, "stage_since": None, "rot_days": 0, "owed_since": None,
}  # fmt: skip
PERSON_ROW: dict[str, Any] = {
    "id": 1, "created_at": ago(), "tags": [], "owed_since": None, "touch": None, "occasion": None,
}  # fmt: skip


def task(**values: Any) -> dict[str, Any]:
    return {**TASK_ROW, **values}


def deal(**values: Any) -> dict[str, Any]:
    row = {**DEAL_ROW, **values}
    row["sale"] = row
    return row


def person(**values: Any) -> dict[str, Any]:
    return {**PERSON_ROW, **values}


def of(**values: Any) -> dict[str, Any]:
    """A task that hangs on a deal."""
    return task(sale={**SALE, **values})


KNOWN = [
    # Taskwarrior's ramp: 0.2 to 1.0 over 21 days, a day being due from its beginning on.
    ("due", task(), 0, ""),
    ("due", task(due_on=day(-8)), 1000, "due 8 days ago"),
    ("due", task(due_on=day(-7)), 1000, "due 7 days ago"),
    ("due", task(due_on=day(-6)), 961, "due 6 days ago"),
    ("due", task(due_on=day(0)), 733, "due today"),
    ("due", task(due_on=day(0), due_at=ago(hours=2)), 736, "due today 08:00"),
    ("due", task(due_on=day(1), due_at=ago(hours=-24)), 695, "due tomorrow 10:00"),
    ("due", task(due_on=day(13)), 238, "due in 13 days"),
    ("due", task(due_on=day(14)), 200, "due in 14 days"),
    ("due", task(due_on=day(400)), 200, "due in 400 days"),
    ("due", deal(), 0, ""),
    ("due", deal(next_due_on=day(-1)), 771, "its next task is due yesterday"),
    ("due", deal(next_due_on=day(2), next_due_at=ago(hours=2)), 736, "its next task is due today 08:00"),
    ("due", deal(next_due_on=day(-7), next_due_at=ago(hours=2)), 1000, "its next task is due 7 days ago"),
    ("priority", task(), 0, ""),
    ("priority", task(priority=1), 300, "its priority is low"),
    ("priority", task(priority=2), 650, "its priority is medium"),
    ("priority", deal(priority=3), 1000, "its priority is high"),
    ("blocking", task(), 0, ""),
    ("blocking", task(blocks=1), 1000, "needed first by 1 open task"),
    ("blocking", task(blocks=3), 1000, "needed first by 3 open tasks"),
    ("blocked", task(blocked_by=2), 1000, "it waits for 2 open tasks"),
    ("delegated", task(owner="grace"), 0, ""),
    ("delegated", task(owner="grace", delegated_by="Tester"), 1000, "you gave it to grace"),
    ("delegated", task(owner="tester", delegated_by="tester"), 0, ""),
    ("delegated", task(owner="tester", delegated_by="grace"), 0, ""),
    ("idle", deal(), 0, ""),
    ("idle", deal(open_tasks=0), 1000, "there is no next task"),
    ("new", deal(created_at=ago(days=6, hours=23)), 1000, "entered 6 days ago, and nobody has been in touch"),
    ("new", deal(created_at=ago(days=7)), 0, ""),
    ("new", deal(created_at=ago(days=2), last_touch=ago(days=1)), 0, ""),
    ("rotting", deal(created_at=ago(days=90)), 0, ""),
    ("rotting", deal(rot_days=10, stage_since=ago(days=40), last_touch=ago(days=9)), 0, ""),
    ("rotting", deal(rot_days=10, stage_since=ago(days=40), last_touch=ago(days=10)), 500,
     "10 days in New without a touch, rotting from 10 on"),
    ("rotting", deal(rot_days=10, stage_since=ago(days=15)), 750,
     "15 days in New without a touch, rotting from 10 on"),
    ("rotting", deal(rot_days=10, stage_since=ago(days=99)), 1000,
     "99 days in New without a touch, rotting from 10 on"),
    ("silent", deal(created_at=ago(days=13)), 0, ""),
    ("silent", deal(created_at=ago(days=14)), 500, "no touch for 14 days, silent from 14 on"),
    ("silent", deal(created_at=ago(days=99), last_touch=ago(days=21)), 750, "no touch for 21 days, silent from 14 on"),
    ("silent", deal(created_at=ago(days=99), rot_days=10), 0, ""),
    ("silent", deal(created_at=ago(days=21), rot_days=60), 750, "no touch for 21 days, silent from 14 on"),
    ("owed", task(), 0, ""),
    ("owed", task(owed_since=ago()), 500, "they wrote last, today"),
    ("owed", person(owed_since=ago(days=1, hours=12)), 750, "they wrote last, 2 days ago"),
    ("owed", deal(owed_since=ago(days=3)), 1000, "they wrote last, 3 days ago"),
    ("owed", deal(owed_since=ago(days=30)), 1000, "they wrote last, 30 days ago"),
    ("owed", deal(owed_since=ago(days=60)), 600, "they wrote last, 60 days ago"),
    ("owed", deal(owed_since=ago(days=400)), 200, "they wrote last, 400 days ago"),
    ("touch", person(created_at=ago(days=400)), 0, ""),
    ("touch", person(touch=(NOW.date() + timedelta(1), 30, ago(days=29))), 0, ""),
    ("touch", person(touch=(NOW.date(), 30, ago(days=30))), 500, "no touch for 30 days, and one is due every 30 days"),
    ("touch", person(touch=(NOW.date() - timedelta(15), 30, ago(days=45))), 750,
     "no touch for 45 days, and one is due every 30 days"),
    ("touch", person(touch=(NOW.date() - timedelta(1), 1, ago(days=2))), 1000,
     "no touch for 2 days, and one is due every 1 day"),
    ("occasion", person(), 0, ""),
    ("occasion", person(occasion=(NOW.date(), "birthday")), 1000, "birthday today"),
    ("occasion", person(occasion=(NOW.date() + timedelta(7), "founded")), 600, "founded in 7 days"),
    ("occasion", person(occasion=(NOW.date() + timedelta(14), "birthday")), 200, "birthday in 14 days"),
    ("occasion", person(occasion=(NOW.date() + timedelta(15), "birthday")), 0, ""),
    ("closing", task(), 0, ""),
    ("closing", deal(), 0, ""),
    ("closing", deal(close_on=day(30)), 0, ""),
    ("closing", deal(close_on=day(15)), 500, "is to close in 15 days"),
    ("closing", deal(close_on=day(0)), 1000, "is to close today"),
    ("closing", of(close_on=day(-3)), 1000, "deal:31: was to close 3 days ago"),
    ("value", deal(value=5000), 0, ""),
    ("value", deal(value=None, mean_value=5000), 0, ""),
    ("value", deal(value=-100, mean_value=5000), 0, ""),
    ("value", deal(value=10_000, mean_value=10_000), 500, "worth 100.00 EUR, on average it is 100.00"),
    ("value", of(value=30_000, mean_value=10_000), 750, "deal:31: worth 300.00 EUR, on average it is 100.00"),
    ("chance", task(), 0, ""),
    ("chance", deal(probability=6049), 604, "60% to win"),
    ("chance", of(probability=10_000), 1000, "deal:31: 100% to win"),
    ("tags", task(), 0, ""),
    ("tags", task(tags=["a"]), 800, "it has 1 tag"),
    ("tags", deal(tags=["a", "b"]), 900, "it has 2 tags"),
    ("tags", person(tags=["a", "b", "c", "d"]), 1000, "it has 4 tags"),
    ("age", task(created_at=ago(days=73)), 200, "entered 73 days ago"),
    ("age", deal(created_at=ago(days=400)), 1000, "entered 400 days ago"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "factor", "why"), KNOWN)
def test_a_term_with_a_known_answer(name: str, row: dict[str, Any], factor: int, why: str) -> None:
    term = BY_NAME[name]
    assert term.factor(row, LOOK) == factor
    if factor:
        assert term.why(row, LOOK) == why


def test_every_term_has_known_answers_and_a_name_that_a_setting_can_have() -> None:
    assert {name for name, *_ in KNOWN} == set(BY_NAME)
    assert len(BY_NAME) == len(TERMS)
    assert not set(BY_NAME) & {family.name for family in FAMILIES}, "a table of TOML is no value"
    for term in TERMS:
        assert round(term.usual, 2) == term.usual


@pytest.mark.parametrize(
    ("family", "word", "row", "fits"),
    [
        ("tag", "Next", task(tags=["hot", "NEXT"]), True),
        ("tag", "next", person(tags=["nextone"]), False),
        ("tag", "كليد", task(tags=["کلید"]), True),
        ("type", "call", task(type="Call"), True),
        ("type", "call", task(), False),
        ("type", "e-mail", task(type="Email"), True),
        ("stage", "new", deal(), True),
        ("stage", "won", deal(), False),
    ],
)
def test_a_word_of_the_book_is_found_however_it_is_written(
    family: str, word: str, row: dict[str, Any], fits: bool
) -> None:
    term = next(one for one in FAMILIES if one.name == family).term(word)
    assert term.factor(row, LOOK) == (1000 if fits else 0)
    assert word in term.why(row, LOOK)
    assert term.setting == f"urgency.{family}.{word}"


def test_a_day_is_that_of_who_looks() -> None:
    row = task(due_on="2026-11-22", due_at="2026-11-21T20:00:00.000Z")
    tehran = NOW.astimezone(ZoneInfo("Asia/Tehran"))
    assert BY_NAME["due"].why(row, LOOK) == "due today 20:00"
    assert BY_NAME["due"].why(row, Look(tehran, tehran.date())) == "due today 23:30"
    auckland = NOW.astimezone(ZoneInfo("Pacific/Auckland"))
    assert BY_NAME["due"].why(row, Look(auckland, auckland.date())) == "due tomorrow 09:00"
    assert {BY_NAME["due"].factor(row, Look(moment, moment.date())) for moment in (NOW, tehran, auckland)} == {717}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (task(done_at=ago(days=1), due_on=day(-9)), "it is done"),
        (task(removed_at=ago(days=1), due_on=day(-9)), "it was removed"),
        (deal(status="won", close_on=day(-9)), "it is won"),
        (deal(status="lost", archived_at=ago(), close_on=day(-9)), "it was put aside"),
        (person(archived_at=ago(), owed_since=ago(days=9)), "it was put aside"),
        (task(), ""),
        (deal(), ""),
        (person(), ""),
    ],
)
def test_nothing_is_urgent_about_what_is_over(row: dict[str, Any], why: str) -> None:
    assert urgency.over(row) == why
    if why:
        kind = "task" if "due_on" in row else "deal" if "stage" in row else "contact"
        assert urgency.urgency(row, [(term, 100) for term in TERMS if kind in term.kinds], LOOK) == 0


@pytest.mark.parametrize(
    ("factor", "coefficient", "shown"),
    [
        (733, 1200, "8.80"),
        (650, 600, "3.90"),
        (1000, -500, "-5.00"),
        (5, 100, "0.01"),
        (5, -100, "-0.01"),
        (4, 100, "0.00"),
    ],
)
def test_a_product_is_rounded_half_away_from_zero(factor: int, coefficient: int, shown: str) -> None:
    assert Points().show(product(factor, coefficient)) == shown


def test_figures_are_shown_with_all_their_decimals() -> None:
    assert [Factor().show(value) for value in (0, 5, 733, 1000, None)] == ["0.000", "0.005", "0.733", "1.000", ""]
    assert [Points().show(value) for value in (0, -5, 1200, 105, None)] == ["0.00", "-0.05", "12.00", "1.05", ""]


@pytest.mark.parametrize(
    ("sort", "way"),
    [
        ("urgency", "+"),
        ("+urgency", "+"),
        ("-urgency", "-"),
        (" -urgency ,", "-"),
        ("due_on", ""),
        ("", ""),
        ("-name,id", ""),
    ],
)
def test_a_sort_by_urgency_is_one_alone(sort: str, way: str) -> None:
    assert figures.order(TASK, sort) == way
    assert figures.order(INTERACTION, sort) == ""
    if way:
        with pytest.raises(UsageError, match="no other order"):
            figures.order(DEAL, f"{sort.strip(' ,')},name")


# --- what holds for every record -------------------------------------------------------------------------------------

MOMENTS = st.integers(-9000, 9000).flatmap(
    lambda days: st.integers(0, 86_399).map(lambda second: show_instant(NOW + timedelta(days, second)))
)
DAYS = st.dates(date(2000, 1, 1), date(2050, 1, 1)).map(date.isoformat)
MAYBE = st.none()
SALES = st.fixed_dictionaries({
    "value": MAYBE | st.integers(-(10**15), 10**15), "mean_value": st.integers(0, 10**15),
    "close_on": MAYBE | DAYS, "probability": st.integers(0, 10_000),
}).map(lambda values: {**SALE, **values})  # fmt: skip
COMMON = {
    "priority": st.integers(0, 3), "created_at": MOMENTS, "owed_since": MAYBE | MOMENTS,
    "tags": st.lists(st.sampled_from("abcd"), unique=True),
}  # fmt: skip
TASKS = st.fixed_dictionaries({
    **COMMON, "due_on": MAYBE | DAYS, "due_at": MAYBE | MOMENTS, "blocked_by": st.integers(0, 3),
    "blocks": st.integers(0, 3), "delegated_by": st.sampled_from([None, "tester"]), "sale": MAYBE | SALES,
}).map(lambda values: task(**values))  # fmt: skip
DEALS = st.fixed_dictionaries({
    **COMMON, "next_due_on": MAYBE | DAYS, "next_due_at": MAYBE | MOMENTS, "open_tasks": st.integers(0, 2),
    "last_touch": MAYBE | MOMENTS, "stage_since": MAYBE | MOMENTS, "rot_days": st.sampled_from([0, 1, 30]),
    "value": MAYBE | st.integers(0, 10**15), "mean_value": st.integers(0, 10**15), "close_on": MAYBE | DAYS,
}).map(lambda values: deal(**values))  # fmt: skip
DATES = st.dates(date(2000, 1, 1), date(2050, 1, 1))
PEOPLE = st.fixed_dictionaries({
    **COMMON, "touch": MAYBE | st.tuples(DATES, st.integers(1, 3660), MOMENTS),
    "occasion": MAYBE | st.tuples(DATES, st.just("day")),
}).map(lambda values: person(**values))  # fmt: skip
COEFFICIENTS = st.integers(-100_000, 100_000)


@given(st.sampled_from(["task", "lead", "contact"]), st.data())
def test_factors_are_between_0_and_1_and_their_products_add_up(kind: str, data: st.DataObject) -> None:
    row = data.draw({"task": TASKS, "lead": DEALS, "contact": PEOPLE}[kind])
    terms = [(term, data.draw(COEFFICIENTS)) for term in TERMS if kind in term.kinds]
    factors = [term.factor(row, LOOK) for term, _ in terms]
    assert all(type(factor) is int and 0 <= factor <= 1000 for factor in factors)
    products = [product(factor, coefficient) for factor, (_, coefficient) in zip(factors, terms, strict=True)]
    assert urgency.urgency(row, terms, LOOK) == sum(products)
    for factor, (term, coefficient) in zip(factors, terms, strict=True):
        assert abs(product(factor, coefficient) - factor * coefficient / 1000) <= 0.5
        if factor:
            assert term.why(row, LOOK)


@given(TASKS, DAYS, DAYS)
def test_what_is_due_earlier_is_no_less_urgent(row: dict[str, Any], one: str, other: str) -> None:
    terms = [(term, urgency.points(term.usual)) for term in TERMS if "task" in term.kinds]
    earlier, later = (
        urgency.urgency({**row, "due_on": on, "due_at": None}, terms, LOOK) for on in sorted((one, other))
    )
    assert earlier >= later >= urgency.urgency({**row, "due_on": None, "due_at": None}, terms, LOOK)


@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-50, 50), st.integers(0, 50), st.integers(0, 999))
def test_a_ramp_rises_from_its_bottom_to_its_top(one: int, other: int, low: int, length: int, bottom: int) -> None:
    first, second = (ramp(value, low, low + length, bottom) for value in sorted((one, other)))
    assert bottom <= first <= second <= 1000
    assert (ramp(low, low, low + length, bottom), ramp(low + length + 1, low, low + length, bottom)) == (bottom, 1000)
