"""Pieces of text as the strips that Textual draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from crmcli.tui.colours import style
from crmcli.tui.shape import filled

if TYPE_CHECKING:
    from crmcli.tui.shape import Pieces


def strip(pieces: Pieces, columns: int, theme: str, rest: str = "name") -> Strip:
    """A line of exactly so many columns: cut, or filled up in the tone `rest`."""
    return Strip([Segment(text, style(tone, theme)) for text, tone in filled(pieces, columns, rest)], columns)
