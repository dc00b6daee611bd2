"""The lines around the rows of a place as pieces of text: where am I above, which keys matter below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.text import visible, width
from crmcli.tui.actions import ACTIONS, Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.tui.shape import Pieces


def title(tabs: Sequence[tuple[str, bool]], right: str, filter_text: str, columns: int) -> Pieces:
    """Tabs, each (text, chosen), the filter, and what is shown at the right where there is room for it."""
    pieces = [(" crm ", "bar-mark"), (" ", "bar")]
    pieces += [(f" {visible(text)} ", "bar-here" if chosen else "bar-dim") for text, chosen in tabs]
    if filter_text:
        pieces.append((f"  /{visible(filter_text)}", "bar-filter"))
    tail = visible(right)
    gap = columns - sum(width(text) for text, _ in pieces) - width(tail) - 1
    if gap > 0:
        pieces.append((" " * gap + tail, "bar-dim"))
    return pieces


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
