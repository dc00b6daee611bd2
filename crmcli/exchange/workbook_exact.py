"""What a cell's XML says where the reader of a workbook rounds it: long numbers, days that no calendar has.

Loaded by the process that opens workbooks.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from math import inf
from typing import TYPE_CHECKING, Any

from crmcli.exchange.workbook_cells import MAX_SURE, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

#: The 60th day of a sheet is the 29th of February 1900, which was none: readers make it the day before.
_LEAP, _BEFORE_LEAP = 60, (1900, 2, 28)
_SIGNIFICANT = 15
_LONGEST = 30
_WHOLE = re.compile(r"[-+]?\d{1,400}")


class Unsure(Exception):
    """A value of a row may be another one than the file's."""


def unsure(value: Any) -> str:
    """For `text_of`: what it cannot be sure of is looked up."""
    raise Unsure(value)


class Exact:
    """Gives rows their numbers as the XML has them. It is read when the first is asked for, once and downwards.

    `numbers` gives (first row, last row, column -> the number as it stands) of the rows of the sheet, from the top;
    rows count from 1, columns from 0.
    """

    def __init__(self, numbers: Iterator[tuple[int, int, dict[int, str]]]) -> None:
        self._raw = numbers
        self._first = self._last = 0
        self._numbers: dict[int, str] = {}
        self._rounded = 0

    def given(self, row: int, cells: list[Any], left: int) -> list[Any]:
        """The cells of a row, the first of them in column `left`."""
        self._forward(row)
        numbers = self._numbers if self._first <= row <= self._last else {}
        return [self._exact(cell, numbers.get(place, "")) for place, cell in enumerate(cells, left)]

    def notes(self) -> list[str]:
        """What a person should know after the last row."""
        if not self._rounded:
            return []
        what = "1 number has" if self._rounded == 1 else f"{self._rounded:,} numbers have"
        return [f"{what} more than {_SIGNIFICANT} digits, of which workbooks keep no more: the last ones may be others"]

    def _forward(self, row: int) -> None:
        while self._last < row:
            found = next(self._raw, None)
            if found is None:
                return
            self._first, self._last, self._numbers = found

    def _exact(self, cell: Any, raw: str) -> Any:
        kind = type(cell)
        if kind is float and not -MAX_SURE < cell < MAX_SURE:
            return self._long(cell, raw)
        if kind in (date, datetime, time) and raw.startswith("-"):
            return text_of(_float(raw))  # before all days of a sheet
        if raw and kind in (date, datetime) and (cell.year, cell.month, cell.day) == _BEFORE_LEAP:
            return f"1900-02-29{text_of(cell)[10:]}" if int(_float(raw)) == _LEAP else cell
        return cell

    def _long(self, cell: float, raw: str) -> Any:
        """A number of more digits than a binary fraction keeps, as it stands in the file."""
        if _WHOLE.fullmatch(raw):
            return int(raw)
        said = _decimal(raw or repr(cell))
        if cell in (inf, -inf) or not said.is_finite():
            return raw or cell
        if ("e" in raw.lower() or not raw) and len(said.normalize().as_tuple().digits) > _SIGNIFICANT:
            self._rounded += 1
        return int(said) if said.adjusted() < _LONGEST and said == said.to_integral_value() else cell


def _decimal(text: str) -> Decimal:
    from decimal import Decimal, InvalidOperation  # most workbooks have no number that needs it

    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("nan")


def _float(raw: str) -> float:
    try:
        return float(raw)
    except ValueError:
        return 0.0
