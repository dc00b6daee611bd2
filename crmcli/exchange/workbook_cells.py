"""Cells of workbooks: their values as texts, their columns as letters.

Loaded by the process that opens workbooks; it imports nothing of the package.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any


def text_of(value: Any) -> str:
    """A cell's value as text: 1337.0 -> 1337, dates and times as ISO, durations as h:mm:ss, true/false."""
    kind = type(value)
    if kind is float:
        if value.is_integer() and -1e21 < value < 1e21:
            return str(int(value))
        return f"{value:.15g}"  # a sheet shows 15 digits; more are noise of the binary fraction
    if kind is bool:
        return "true" if value else "false"
    if kind is datetime:
        return _rounded(value, "%Y-%m-%dT%H:%M:%S") if value.year > 999 else value.isoformat()
    if kind is date:
        return str(value.isoformat())
    if kind is time:
        return _rounded(datetime.combine(date(2000, 1, 1), value), "%H:%M:%S")
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
