"""Companies under companies: who is above whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def upwards(start: int | None, parent_of: Callable[[int], int | None]) -> Iterator[int]:
    """`start` and all that are above it, the nearest first; of a circle each one once."""
    seen: set[int] = set()
    here = start
    while here is not None and here not in seen:
        yield here
        seen.add(here)
        here = parent_of(here)


def top(number: int, above: Mapping[int, int]) -> int:
    """The one at the top of the tree that `number` is in; `above` has what each of those under others is under."""
    return list(upwards(number, above.get))[-1]
