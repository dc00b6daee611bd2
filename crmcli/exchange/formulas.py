"""Cells that a spreadsheet would run as a formula: put out of action on the way out, given back on the way in.

A formula that only says a text (="001", which programs write so that Excel leaves the text alone) is no danger, and
means that text.

The rule is OWASP's for CSV injection, widened to full-width and small forms and to characters hidden in front of the
sign. Guarding is reversible: `unguard(guard(cell)) == cell` for every text.
"""

from __future__ import annotations

import re

# Invisible in a sheet, so a sign behind them is still the first thing that is seen: white space, C0, C1, soft hyphen,
# zero-width characters and direction marks.
_RANGES = ((0, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200F))
_MORE = ((0x2028, 0x202F), (0x205F, 0x206F), (0x3000, 0x3000), (0xFEFF, 0xFEFF))
_HIDDEN = "".join(map(chr, (code for first, last in _RANGES + _MORE for code in range(first, last + 1))))
# Also full-width and small forms, which some programs fold to ASCII.
_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_HIDDEN_CLASS = f"[{re.escape(_HIDDEN)}]"
LIVE_START = rf"(?:[\t\r]|{_HIDDEN_CLASS}*[{re.escape(_SIGNS)}])"

_GUARDED = re.compile(rf"'+{LIVE_START}")
_TO_GUARD = re.compile(rf"'*{LIVE_START}")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9 ().-]*")

_SAYS_TEXT = re.compile(r'="((?:[^"]|"")*+)"')

GUARD_IN_TEXT = re.compile(rf"'(?:{LIVE_START}|{_HIDDEN_CLASS}*\Z)")
"""Finds whether a block of a file may hold a guarded cell at all (a false alarm only costs time)."""

SUSPECT_FIRST = frozenset(_HIDDEN + _SIGNS + "'")
"""Only a cell that starts with one of these can need `guard`."""


def guard(cell: str) -> str:
    """Put an apostrophe before a cell that would start a formula; phone numbers and numbers stay as they are."""
    if _TO_GUARD.match(cell) and not _PLAIN_NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def unguard(cell: str) -> str:
    """Take away the apostrophe that `guard` (or a spreadsheet's user) put before a formula sign."""
    return cell[1:] if _GUARDED.match(cell) else cell


def text_said(cell: str) -> str | None:
    """The text of a formula that says nothing else: 001 of ="001"; None for every other cell."""
    found = _SAYS_TEXT.fullmatch(cell)
    return found[1].replace('""', '"') if found else None
