"""Who is above whom, also where somebody else's program made a circle."""

from __future__ import annotations

import pytest

from crmcli.domain.hierarchy import upwards


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
