"""The lines around the rows of a place as pieces of text: where am I above, which keys matter below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.text import clip, visible, width
from crmcli.tui.actions import ACTIONS, Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.tui.shape import Pieces


#: What stands at the left end.
MARK = " crm "
#: What a chosen tab and a filter get at least, if they are as long: less of them says nothing.
LEAST, ASKED = 24, 14
#: What stands where there are more tabs to the left and to the right.
MORE = ("‹ ", " ›")


def title(tabs: Sequence[tuple[str, bool]], right: str, filter_text: str, columns: int, trouble: str = "") -> Pieces:
    """Tabs, each (text, chosen), the filter, and at the right what is shown, or `trouble`: why that is not up to date.

    Where not all has room the chosen tab and the right end stay in sight.
    """
    words = [f" {visible(text)} " for text, _ in tabs]
    at = next((i for i, (_, chosen) in enumerate(tabs) if chosen), 0)
    asked = f"  /{visible(filter_text)}" if filter_text else ""
    room = columns - width(MARK) - 1
    tail = visible(f"not up to date: {trouble}" if trouble else right)
    if words:
        kept = min(width(words[at]), LEAST) + (width("".join(MORE)) if len(words) > 1 else 0)
        tail = clip(tail, max(0, room - kept - min(width(asked), ASKED) - 2))
    else:
        tail = clip(tail, max(0, room - 2))
    room -= width(tail) + 2 if tail else 0
    asked = clip(asked, max(min(width(asked), ASKED), room - sum(map(width, words))))
    room -= width(asked)
    pieces = [(MARK, "bar-mark"), (" ", "bar"), *_tabs(words, at, room)]
    if asked:
        pieces.append((asked, "bar-filter"))
    gap = columns - sum(width(text) for text, _ in pieces) - width(tail) - 1
    if tail and gap > 0:
        pieces.append((" " * gap + tail, "bar-bad" if trouble else "bar-dim"))
    return pieces


def _tabs(words: Sequence[str], at: int, room: int) -> Pieces:
    """As many tabs around the chosen one, `at`, as have room; marks say where there are more."""
    if not words:
        return []

    def needed(first: int, last: int) -> int:
        marks = (MORE[0] if first > 0 else "") + (MORE[1] if last + 1 < len(words) else "")
        return width(marks) + sum(min(width(words[i]), LEAST if i == at else room) for i in range(first, last + 1))

    first = last = at
    while True:
        # The nearer side first, so that the chosen one stands in the middle.
        wider = sorted([(first, last + 1), (first - 1, last)], key=lambda ends: max(at - ends[0], ends[1] - at))
        ends = next((e for e in wider if e[0] >= 0 and e[1] < len(words) and needed(*e) <= room), None)
        if ends is None:
            break
        first, last = ends
    shown = list(words)
    shown[at] = clip(words[at], max(1, room - needed(first, last) + min(width(words[at]), LEAST)))
    pieces = [(shown[i], "bar-here" if i == at else "bar-dim") for i in range(first, last + 1)]
    before = [(MORE[0], "bar-dim")] if first > 0 else []
    return [*before, *pieces, *([(MORE[1], "bar-dim")] if last + 1 < len(words) else [])]


def keys(where: str, columns: int) -> Pieces:
    """The keys of a place in the order of need, as many as have room; the way to all the others never falls off."""
    pieces: Pieces = []
    here = {where} if where == "go" else {where, "any"}
    shown = [action for action in ACTIONS if action.label and here & set(action.where)]
    for action in sorted(shown, key=lambda action: action.name != "help"):
        key, label = key_and_label(action)
        if columns >= width(key) + width(label) + 3:
            columns -= width(key) + width(label) + 3
            pieces += [(f" {key}", "bar-key"), (f" {label} ", "bar-dim")]
    return pieces


def key_and_label(action: Action) -> tuple[str, str]:
    """The first key and the word of an action; a label may bring its own keys ("H/L move")."""
    key, space, rest = action.label.partition(" ")
    return (key, rest) if space else (action.shown.split(" ", 1)[0], action.label)
