"""Predictive scoring: the worked example of its rules, what counts, and what it says of itself."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.scoring import (
    CORRECT,
    NONE,
    Count,
    Factor,
    Key,
    LeaveOneOut,
    Stage,
    Subject,
    Table,
    View,
    counted,
    reasons,
    score,
)

NEW, TALKS, OFFER, WON = (Stage(n, 1, p, n == 4) for n, p in ((1, 1), (2, 2), (3, 3), (4, 70)))
STAGES = (NEW, TALKS, OFFER, WON)
OTHER = (Stage(11, 2, 1, is_won=False), Stage(12, 2, 70, is_won=True))


def deal(stage: Stage = NEW, *, team: int | None = None, tags: tuple[int, ...] = (), **values: str) -> Subject:
    return Subject(team, stage.pipeline, stage.id, values, tags)


def table(*closed: tuple[Subject, bool]) -> Table:
    found = Table()
    for subject, won in closed:
        found.add(subject, STAGES + OTHER, won=won)
    return found


def points(subject: Subject, rows: Table) -> int | None:
    found = score(subject, rows.of_team(subject.team), STAGES + OTHER)
    return found.points if found else None


def test_the_worked_example_of_the_reference() -> None:
    """W 1.1, L 2.1; by hand: 0.0017211 / (0.0017211 + 0.0034186) = 33.49 %."""
    rows = {
        ("stage", "1"): (11, 21), ("stage", "2"): (11, 11),
        ("country", "be"): (1, 11), ("country", "us"): (11, 1), ("country", "de"): (1, 11),
        ("state", "x"): (1, 11), ("state", "y"): (11, 1), ("state", "z"): (1, 11),
        ("email_quality", "none"): (11, 21), ("phone_quality", "none"): (11, 21),
        ("source", "web"): (11, 1), ("source", "fair"): (1, 11), ("source", "mail"): (1, 11),
    }  # fmt: skip
    view = View({Key(None, *key): Count(*count) for key, count in rows.items()})
    subject = deal(TALKS, country="be", state="x", email_quality="none", phone_quality="none", source="web")
    found = score(subject, view, STAGES)
    assert found is not None
    assert found.points == 3349
    assert (found.won, found.lost) == (0.34375, 0.65625)
    product = [math.prod(getattr(one, side) for one in found.factors) for side in ("won", "lost")]
    assert [round(product[0] * found.won, 7), round(product[1] * found.lost, 7)] == [0.0017211, 0.0034186]


def test_what_was_won_counts_in_every_stage_and_what_was_lost_up_to_its_own() -> None:
    won = dict.fromkeys(counted(deal(WON, source="web", tags=(7,)), STAGES + OTHER, won=True))
    assert list(won) == [*(("stage", str(n)) for n in (1, 2, 3, 4)), ("source", "web"), ("tag", "7")]
    assert list(counted(deal(TALKS), STAGES + OTHER, won=False)) == [("stage", "1"), ("stage", "2")]
    rows = table((deal(WON), True), (deal(OFFER), False), (deal(TALKS), False)).rows
    found = {int(key.value): tuple(count) for key, count in rows.items()}
    assert found == {1: (11, 21), 2: (11, 21), 3: (11, 11), 4: (11, 1)}, "a new row has 0.1 on both sides"


def test_a_pipeline_has_stages_of_its_own() -> None:
    rows = table((deal(WON), True), (deal(NEW), False), (deal(OTHER[0]), False))
    assert points(deal(NEW), rows) == 5000
    assert points(deal(OTHER[0]), rows) == 833  # 0.1 of 1.2
    assert rows.rows[Key(None, "stage", "11")] == (1, 11)


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ([], None),
        ([(deal(WON), True)], 9167),  # 1.1 of 1.2: the other side is 0.1
        ([(deal(WON), True), (deal(NEW), False)], 5000),
        ([(deal(WON), True), (deal(TALKS), False), (deal(TALKS), False)], 3438),
    ],
)
def test_a_new_deal_has_the_prior(closed: list[tuple[Subject, bool]], expected: int | None) -> None:
    assert points(deal(NEW), table(*closed)) == expected


def test_what_is_won_and_put_back_is_as_it_was() -> None:
    """Odoo showed 91.67 here for years, for it scored before it changed the table."""
    rows = table((deal(WON), True), (deal(NEW), False))
    before = dict(rows.rows)
    rows.add(deal(WON), STAGES, won=True)
    rows.add(deal(WON), STAGES, won=True, times=-1)
    assert (rows.rows, points(deal(NEW), rows)) == (before, 5000)


def test_stages_that_few_were_lost_in_help() -> None:
    rows = table((deal(WON), True), *[(deal(NEW), False)] * 9, (deal(OFFER), False))
    chances = [points(deal(stage), rows) for stage in STAGES]
    assert chances == [982, 5000, 5000, 10_000]
    assert points(Subject(None, 1, None, {}), rows) == 982, "a lead in no stage yet is as one in the first"
    assert points(Subject(None, 9, None, {}), rows) is None


def test_a_team_has_its_own_rows_and_none_has_all() -> None:
    rows = table(
        (deal(WON, team=1), True), (deal(NEW, team=1), False), (deal(NEW, team=1), False), (deal(WON, team=2), True)
    )
    assert points(deal(team=1), rows) == 3438
    assert points(deal(team=2), rows) == 9167
    assert points(deal(team=3), rows) == points(deal(), rows) == 5000, "2.2 won and 2.2 lost"
    rows.add(deal(WON), STAGES, won=True)
    assert points(deal(team=1), rows) == 3438
    assert points(deal(), rows) == 5893, "no team is no team of its own: 3.3 of 5.6"


@pytest.mark.parametrize(("times", "counts"), [(49, False), (50, True)])
def test_a_tag_counts_from_fifty_on(times: int, counts: bool) -> None:
    closed = [(deal(WON, tags=(7,)), True)] * (times - 10) + [(deal(NEW, tags=(7,)), False)] * 10
    rows = table(*closed, *[(deal(NEW, tags=(8,)), False)] * 60)
    assert (points(deal(tags=(7,)), rows) != points(deal(), rows)) is counts
    assert points(deal(tags=(8,)), rows) != points(deal(), rows)


def test_each_row_of_a_tag_is_to_have_fifty_alone() -> None:
    some = [(deal(WON, tags=(7,), team=team), True) for team in (1, 2) for _ in range(49)]
    rows = table(*some, (deal(NEW), False))
    assert points(deal(tags=(7,)), rows) == points(deal(), rows)


def test_a_value_that_was_never_counted_is_left_out() -> None:
    rows = table((deal(WON, source="web"), True), (deal(NEW, source="fair"), False))
    assert points(deal(source="moon"), rows) == points(deal(), rows) == 5000
    assert points(deal(source="web"), rows) == 9167


def test_nothing_is_certain() -> None:
    rows = table(*[(deal(WON, source="web"), True)] * 20_000, (deal(NEW, source="fair"), False))
    assert points(deal(source="web"), rows) == 9_999
    assert points(deal(WON), rows) == 10_000


def test_rows_of_a_team_that_is_no_more_go_to_no_team() -> None:
    rows = Table({
        Key(1, "source", "web"): Count(11, 26), Key(None, "source", "web"): Count(31, 1),
        Key(1, "source", "fair"): Count(1, 1), Key(1, "source", "mail"): Count(1, 21),
        Key(2, "source", "web"): Count(11),
    })  # fmt: skip
    rows.give_up(1)
    assert rows.rows == {
        Key(None, "source", "web"): Count(40, 30),
        Key(None, "source", "mail"): Count(1, 21),
        Key(2, "source", "web"): Count(11, 1),
    }


def test_the_reasons_are_the_three_strongest_each_way_without_absurd_ones() -> None:
    factors = [
        Factor("stage", "3", 1.0, 0.2), Factor("source", "web", 0.6, 0.2), Factor("country", "be", 0.3, 0.3),
        Factor("city", "x", 0.5, 0.2), Factor("tag", "7", 0.4, 0.3), Factor("email_quality", NONE, 0.9, 0.1),
        Factor("phone_quality", CORRECT, 0.1, 0.9), Factor("language", "fr", 0.1, 0.4),
    ]  # fmt: skip
    helping, hurting = reasons(factors)
    assert [(one.variable, round(one.leaning, 2)) for one in helping] == [
        ("stage", 0.8), ("source", 0.75), ("city", 0.71)
    ]  # fmt: skip
    assert [one.variable for one in hurting] == ["language"]


SUBJECTS = st.builds(
    lambda stage, team, source, tags: deal(STAGES[stage], team=team, tags=tuple(sorted(tags)), source=source),
    st.integers(0, 2), st.sampled_from([None, 1]), st.sampled_from("abc"), st.sets(st.integers(1, 2)),
)  # fmt: skip


@given(st.lists(st.tuples(SUBJECTS, st.booleans()), min_size=1, max_size=30), st.data())
def test_without_itself_is_as_if_it_had_been_taken_back(
    closed: list[tuple[Subject, bool]], data: st.DataObject
) -> None:
    rows, (one, won) = table(*closed), data.draw(st.sampled_from(closed))
    left = table(*closed)
    left.add(one, STAGES, won=won, times=-1)
    whole = View({key._replace(team=None): count for key, count in rows.rows.items() if key.team == one.team})
    rest = View({key._replace(team=None): count for key, count in left.rows.items() if key.team == one.team})
    without = LeaveOneOut(whole, one, STAGES, won=won)
    assert score(one, without, STAGES) == score(one, rest, STAGES)


@given(st.lists(st.tuples(SUBJECTS, st.booleans()), max_size=40), SUBJECTS)
def test_the_order_says_nothing_and_every_figure_is_one(closed: list[tuple[Subject, bool]], subject: Subject) -> None:
    found = points(subject, table(*closed))
    assert found == points(subject, table(*reversed(closed)))
    assert found is None or 1 <= found <= 9_999
