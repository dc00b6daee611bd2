"""Who is above whom, also where somebody else's program made a circle; and which circles there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.hierarchy import rings, upwards


@pytest.mark.parametrize(
    ("parents", "start", "wanted"),
    [
        ({}, None, []),
        ({}, 1, [1]),
        ({1: 2, 2: 3}, 1, [1, 2, 3]),
        ({1: 1}, 1, [1]),
        ({1: 2, 2: 3, 3: 2}, 1, [1, 2, 3]),
    ],
)
def test_each_one_above_once_the_nearest_first(parents: dict[int, int], start: int | None, wanted: list[int]) -> None:
    assert list(upwards(start, parents.get)) == wanted


@given(st.dictionaries(st.integers(1, 7), st.sets(st.integers(1, 7), max_size=3), max_size=7))
def test_every_ring_is_one_and_without_a_link_of_each_there_is_none(links: dict[int, set[int]]) -> None:
    left = {number: set(others) for number, others in links.items()}
    for ring in rings(links):
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            assert other in links[one]
        assert len(set(ring)) == len(ring)
        left[ring[-1]].discard(ring[0])
    while ready := {number for number, others in left.items() if not others & left.keys()}:
        left = {number: others for number, others in left.items() if number not in ready}
    assert left == {}
