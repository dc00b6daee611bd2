"""The dashboard's colours, and the tones in which its texts stand on them: calm, one accent for where the cursor is.

They are said here and not in the style sheet, because the first frame is drawn before there is one.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from rich.style import Style

#: The themes by name: a colour for each of the words that tones and the style sheet use.
THEMES = {
    "crm-dark": {
        "primary": "#7aa2f7", "secondary": "#9aa5ce", "accent": "#e0af68", "warning": "#e0af68", "error": "#f7768e",
        "success": "#9ece6a", "foreground": "#c8cede", "background": "#16181f", "surface": "#1c1f28",
        "panel": "#232733", "quiet": "#7d849c", "label": "#8b92a8", "line": "#343948", "here": "#2b3550",
        "input-selection-background": "#3b4b7a",
    },
    "crm-light": {
        "primary": "#2855b3", "secondary": "#4c5a7d", "accent": "#8f5b00", "warning": "#8f5b00", "error": "#b3261e",
        "success": "#2f6b1f", "foreground": "#23283a", "background": "#fafafa", "surface": "#f1f2f5",
        "panel": "#e6e8ee", "quiet": "#5d6478", "label": "#5d6478", "line": "#c9cdd8", "here": "#d5e0f7",
        "input-selection-background": "#b9cdf5",
    },
}  # fmt: skip
DARK, LIGHT = THEMES


class Tone(NamedTuple):
    """How a piece of text looks: colours by their names in the theme."""

    fore: str
    ground: str = "background"
    bold: bool = False
    underline: bool = False


TONES = {
    "name": Tone("foreground"),
    "strong": Tone("foreground", bold=True),
    "dim": Tone("quiet"),
    "warn": Tone("warning"),
    "bad": Tone("error"),
    "good": Tone("success"),
    "rule": Tone("line"),
    "heading": Tone("primary", bold=True),
    "columns": Tone("quiet", bold=True, underline=True),
    "drop": Tone("background", "primary", bold=True),
    "bar": Tone("foreground", "panel"),
    "bar-mark": Tone("accent", "panel", bold=True),
    "bar-filter": Tone("accent", "panel"),
    "bar-here": Tone("foreground", "here", bold=True),
    "bar-dim": Tone("label", "panel"),
    "bar-bad": Tone("error", "panel"),
    "bar-key": Tone("primary", "panel", bold=True),
}


@cache
def style(tone: str, theme: str) -> Style:
    """A tone in a theme; "TONE+here" is it under the cursor, "+surface" in a window, "+bold" in bold."""
    name, *more = tone.split("+")
    fore, ground, bold, underline = TONES[name]
    for word in more:
        bold, ground = (True, ground) if word == "bold" else (bold, word)
    colours = THEMES[theme]
    return Style(color=colours[fore], bgcolor=colours[ground], bold=bold, underline=underline)
