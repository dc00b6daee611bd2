"""What is under, or waits for, others of its kind: who is above whom, and what goes round in a ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping


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


def rings(links: Mapping[int, Collection[int]]) -> Iterator[list[int]]:
    """Rings among links (number -> those that it leads to), each as the numbers in it in their order. Without one of
    the links of each there is none left."""
    done: set[int] = set()
    for start in sorted(links):
        way: dict[int, Iterator[int]] = {} if start in done else {start: iter(sorted(links[start]))}
        while way:
            here = next(reversed(way))
            after = next(way[here], None)
            if after is None:
                done.add(here)
                del way[here]
            elif after in way:
                numbers = list(way)
                yield numbers[numbers.index(after) :]
            elif after not in done:
                way[after] = iter(sorted(links.get(after, ())))
