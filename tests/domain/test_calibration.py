"""How good predictions were: known answers, and the definitions themselves."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.calibration import Trial, auc, brier, groups, log_loss

TRIALS = st.lists(
    st.builds(Trial, st.integers(0, 20).map(lambda each: each / 20), st.booleans()), min_size=1, max_size=60
)


def trials(*pairs: tuple[float, int]) -> list[Trial]:
    return [Trial(predicted, bool(happened)) for predicted, happened in pairs]


def test_known_answers() -> None:
    some = trials((0.9, 1), (0.8, 1), (0.7, 0), (0.3, 1), (0.1, 0))
    assert brier(some) == pytest.approx((0.01 + 0.04 + 0.49 + 0.49 + 0.01) / 5)
    assert log_loss(some) == pytest.approx(-math.log(0.9 * 0.8 * 0.3 * 0.3 * 0.9) / 5)
    assert auc(some) == pytest.approx(5 / 6)


def test_one_half_for_all() -> None:
    some = trials((0.5, 1), (0.5, 0))
    assert (brier(some), auc(some)) == (0.25, 0.5)
    assert log_loss(some) == pytest.approx(math.log(2))


def test_what_was_certain_and_wrong_has_an_end() -> None:
    assert log_loss(trials((1, 0))) == pytest.approx(-math.log(1e-4))


@pytest.mark.parametrize("happened", [0, 1])
def test_two_sides_are_needed_to_tell_them_apart(happened: int) -> None:
    assert auc(trials((0.2, happened), (0.7, happened))) is None


@given(TRIALS)
def test_the_area_is_that_of_all_pairs(some: list[Trial]) -> None:
    yes, no = ([one.predicted for one in some if one.happened is each] for each in (True, False))
    pairs = [1.0 if one > other else 0.5 if one == other else 0.0 for one, other in product(yes, no)]
    assert auc(some) == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


@given(TRIALS)
def test_every_prediction_is_in_one_group(some: list[Trial]) -> None:
    found = groups(some)
    assert len(found) == 10
    assert sum(one.size for one in found) == len(some)
    assert sum(one.size * one.happened for one in found if one.happened is not None) == pytest.approx(
        sum(one.happened for one in some)
    )
    for one in found:
        assert one.predicted is None or one.low - 1e-9 <= one.predicted <= one.high + 1e-9
