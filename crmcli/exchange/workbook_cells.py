"""Cells of workbooks: their values as texts, their columns as letters.

Loaded by the process that opens workbooks; it imports nothing of the package.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


#: A larger number may have more digits than a binary fraction keeps.
MAX_SURE = 1e15
#: Days of this year and before may be numbers that are no days of Excel's, as may be midnight.
_UNSURE_YEAR = 1900
_MIDNIGHT, _SOME_DAY = time(), date(2000, 1, 1)


def _plain(value: Any) -> str:
    """What `text_of` makes of what a reader may have changed, where nobody looks it up."""
    kind = type(value)
    if kind is float:
        return str(int(value)) if -1e21 < value < 1e21 and value.is_integer() else f"{value:.15g}"
    if kind is time:
        return "00:00:00"
    if kind is date or value.year < 1000:
        return str(value.isoformat())
    return _rounded(value, "%Y-%m-%dT%H:%M:%S")


def text_of(value: Any, unsure: Callable[[Any], str] = _plain) -> str:
    """A cell's value as text: 1337.0 -> 1337, dates and times as ISO, durations as h:mm:ss, true/false. `unsure` writes
    what the reader of the workbook may have changed."""
    kind = type(value)
    if kind is float:
        if -MAX_SURE < value < MAX_SURE:
            # A sheet shows 15 digits; more are noise of the binary fraction.
            return str(int(value)) if value.is_integer() else f"{value:.15g}"
        return unsure(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is datetime:
        return _rounded(value, "%Y-%m-%dT%H:%M:%S") if value.year > _UNSURE_YEAR else unsure(value)
    if kind is date:
        return str(value.isoformat()) if value.year > _UNSURE_YEAR else unsure(value)
    if kind is time:
        return unsure(value) if value == _MIDNIGHT else _rounded(datetime.combine(_SOME_DAY, value), "%H:%M:%S")
    if kind is timedelta:
        total = round(value.total_seconds())
        sign, total = ("-", -total) if total < 0 else ("", total)
        return f"{sign}{total // 3600}:{total // 60 % 60:02}:{total % 60:02}"
    return "" if value is None else str(value)


def _rounded(value: datetime, form: str) -> str:
    """A moment to the millisecond, which a fraction of a day holds: 03:04:05 may be stored as 03:04:04.999999."""
    value += timedelta(microseconds=500)
    milliseconds = value.microsecond // 1000
    return value.strftime(form) + (f".{milliseconds:03}" if milliseconds else "")


def column_name(index: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


def column_index(letters: str) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
