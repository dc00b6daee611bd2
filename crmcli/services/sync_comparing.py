"""Parts of a record and its item beside each other: who changed what since both were the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.text import clip

if TYPE_CHECKING:
    from crmcli.services.sync_shapes import Parts

#: So many characters of what a conflict cost are told.
LONGEST_SHOWN = 500


def compared(
    then: tuple[Parts, Parts] | None, mine: Parts, theirs: Parts, *, follow: bool, silent: frozenset[str] = frozenset()
) -> tuple[Parts, list[str], Parts]:
    """What the book takes, which parts both changed, and what it is to be taken to have said of those parts in which
    the other side is to follow. `then` is what the book and the other side said when they agreed; where nobody knows,
    all that differs is a conflict. Unless the book is to `follow`, whatever differs goes there. Of a `silent` part that
    the other side does not speak of, it says what it said before."""
    take: Parts = {}
    conflicts: list[str] = []
    held: Parts = {}
    before, was = then or ({}, {})
    theirs = {**{part: was[part] for part in silent & was.keys()}, **theirs}
    for part in {**was, **theirs}:
        example = theirs.get(part) or was[part]
        empty = dict.fromkeys(example)
        there, own = theirs.get(part, empty), mine.get(part, empty)
        if there == own:
            continue
        if then is None and empty in (there, own) and follow:
            # What one side alone has the other takes, though nobody knows who changed it.
            (take if own == empty else held)[part] = there
            continue
        moved_here = then is None or own != before.get(part, empty)
        # Who says by now what the book said then has taken it from there.
        moved_there = then is None or there not in (was.get(part, empty), before.get(part, empty))
        if not follow:
            held[part] = there
        elif moved_here:
            # What the book said before stays what it said: so it goes there, and once only.
            held[part] = there if moved_there else before.get(part, empty)
            if moved_there:
                conflicts.append(part)
        elif moved_there:
            take[part] = there
    if then is not None:
        # Parts that the book alone has go there when they change.
        held |= {part: value for part, value in before.items() if part not in theirs and part not in was
                 and mine.get(part) != value}  # fmt: skip
    return take, conflicts, held


def shown(value: dict[str, Any]) -> str:
    """What somebody said of a part, for people."""
    texts = [one if isinstance(one, str) else str(one).lower() for one in value.values() if one is not None]
    return clip(" ".join(", ".join(texts).split()), LONGEST_SHOWN) or "empty"
