"""What a toast shows of a text: of a few long lines the beginnings, of many the first."""

from __future__ import annotations

from typing import NamedTuple

from crmcli.domain.text import clip, visible, width

#: A toast has about so many rows at the most.
ROWS = 8
#: A toast of more rows than these takes longer to read.
BRIEF = 3
#: How many seconds a brief one stays, and another.
SHORT, LONG = 3, 6


class Shown(NamedTuple):
    """The lines of a toast, none for an empty text, and whether it is read at a glance."""

    lines: list[str]
    brief: bool


def fitted(text: str, columns: int) -> Shown:
    """Return what a toast shows of a text on a screen of so many columns."""
    lines = visible(text.strip(), multiline=True).split("\n")
    # Textual folds them into half of the screen, 60 columns at most, borders included.
    room = max(20, min(60, columns // 2) - 6)
    most = ROWS - 2
    taken = [-(-max(1, width(line)) // room) for line in lines]
    fitting = range(most, 0, -1) if len(lines) <= ROWS else ()
    most = next((each for each in fitting if sum(min(each, one) for one in taken) <= ROWS), most)
    shown, rows = list[str](), 0
    for line, needed in zip(lines, taken, strict=True):
        shown.append(clip(line, room * most))
        rows += min(most, needed)
        if rows > ROWS:
            left = len(lines) - len(shown) + 1
            shown[-1:] = [f"... and {left} line{'s' * (left > 1)} more"]
            break
    return Shown([] if shown == [""] else shown, rows <= BRIEF)
