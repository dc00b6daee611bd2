"""Further tables below a table: known by a header below a blank row, and by rows that are of other kinds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.exchange.shape import VALUE, Row, clean_names, stands_out

if TYPE_CHECKING:
    from collections.abc import Sequence

UNITS = "looks like the units or kinds of the columns, not a record"
OTHER = "looks like the header of another table, not a record"
BELONGS = "belongs to another table, whose header is in line {line}"
#: So many rows say what a table holds; fewer than the least say nothing.
_MOST_LOOKED_AT, _LEAST_LOOKED_AT = 30, 2
#: So many sound rows below a suspected header say whether it is one; so many rows are held back for them.
_ENOUGH_BELOW, _MOST_HELD = 3, 20
_LONGEST_TITLE = 40
_UNIT = re.compile(
    r"\([^()]{1,20}\)|\[[^\[\]]{1,20}\]|%|[€$£¥]|eur|usd|gbp|chf|irr|kg|km|hours|days|"
    r"text|string|varchar|char|date|datetime|time|number|numeric|integer|int|decimal|float|boolean|bool|e-?mail|url|"
    r"(?:yyyy|yy)[-/.]mm[-/.]dd|(?:dd|mm)[-/.](?:mm|dd)[-/.](?:yyyy|yy)|required|optional|mandatory|"
    r"max\.? \d+(?: characters| chars)?",
    re.IGNORECASE,
)

#: A row, and whether blank ones stand above it.
Placed = tuple[Row, bool]


class FurtherTables:
    """Takes the rows of a file one by one and gives them back, with a problem for units right below the header and for
    all from the header of another table on, up to the first header again.

    A row of titles below a blank row, where all rows had values, is held back until those below it have shown whether
    it is a header: in one of these columns they have texts alone, and some title stands above values. A record of
    which little is known ("Grace, unknown, none") has records like those before it below.
    """

    def __init__(self, header: list[str]) -> None:
        self._header = header
        self._kinds = _Kinds(len(header))
        self._first = True
        self._held: list[Placed] = []
        self._other = ""

    @property
    def idle(self) -> bool:
        """Whether a row without a problem, and with no blank ones above it, changes nothing."""
        return not (self._first or self._held or self._other or self._kinds.wanted)

    def feed(self, row: Row, gap: bool) -> Sequence[Placed]:
        """The rows that are settled now; `gap` says that blank ones stand above this one."""
        if self._held:
            return self._below_titles(row, gap)
        if self._other:
            return [self._belonging(row, gap)]
        if (self._first or gap or self._kinds.wanted) and row.problem is None:
            if self._first and are_units(row.cells):
                row = row._replace(problem=UNITS)
            elif gap and self._kinds.may_be_titles(row.cells) and not self._is_header(row):
                self._held = [(row, gap)]
                return ()
            elif self._kinds.wanted:
                self._kinds.look(row.cells)
        self._first = False
        return ((row, gap),)

    def end(self) -> Sequence[Placed]:
        """The rows that were held back to the end."""
        settled: list[Placed] = []
        while self._held:  # among those below one that was none may be another
            settled += self._settled()
        return settled

    def _below_titles(self, row: Row, gap: bool) -> Sequence[Placed]:
        self._held.append((row, gap))
        sound = sum(1 for held, _ in self._held if held.problem is None)
        return self._settled() if sound > _ENOUGH_BELOW or len(self._held) == _MOST_HELD else ()

    def _settled(self) -> Sequence[Placed]:
        """The rows held back: another table, or a record and whatever comes of those below it."""
        (titles, gap), *below = self._held
        self._held = []
        sound = [row.cells for row, _ in below if row.problem is None and not self._is_header(row)]
        if self._kinds.differ(titles.cells, sound) and stands_out(titles.cells, sound):
            self._other = BELONGS.format(line=titles.line)
            return [(titles._replace(problem=OTHER), gap), *(self._belonging(*one) for one in below)]
        if self._kinds.wanted:
            self._kinds.look(titles.cells)
        return [(titles, gap), *(placed for one in below for placed in self.feed(*one))]

    def _belonging(self, row: Row, gap: bool) -> Placed:
        """A row of another table; the first header once more ends that."""
        if row.problem is None and self._is_header(row):
            self._other = ""
        return (row._replace(problem=row.problem or self._other or None), gap)

    def _is_header(self, row: Row) -> bool:
        return clean_names(row.cells) == self._header


class _Kinds:
    """What the first rows of a table hold, column by column: values (numbers, days, addresses) or texts."""

    def __init__(self, width: int) -> None:
        self.wanted = _MOST_LOOKED_AT
        self._values, self._filled = [0] * width, [0] * width

    def look(self, cells: list[str]) -> None:
        self.wanted -= 1
        for place, cell in enumerate(cells[: len(self._values)]):
            if text := cell.strip():
                self._filled[place] += 1
                self._values[place] += VALUE.fullmatch(text) is not None

    def may_be_titles(self, cells: list[str]) -> bool:
        """Whether a row below a blank one has titles alone, two at least where all rows had values."""
        return len(self._odd(cells)) > 1 and are_titles(cells)

    def differ(self, titles: list[str], below: list[list[str]]) -> bool:
        """Whether the rows `below` are of other kinds: they have texts alone in a column of values, and never what
        stands in its title."""
        columns = [(place, [row[place].strip() for row in below if row[place].strip()]) for place in self._odd(titles)]
        if any(titles[place].strip() in texts for place, texts in columns):
            return False
        return any(texts and not any(map(VALUE.fullmatch, texts)) for _, texts in columns)

    def _odd(self, cells: list[str]) -> list[int]:
        """The filled columns in which all rows looked at had values, as far as there were enough."""
        columns = enumerate(zip(cells, self._values, self._filled, strict=False))
        return [
            place for place, (cell, values, filled) in columns if cell.strip() and values == filled >= _LEAST_LOOKED_AT
        ]


def are_titles(cells: list[str]) -> bool:
    """Whether a row has nothing but short texts, all different and none of them a value."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    short = all(len(text) <= _LONGEST_TITLE and not VALUE.fullmatch(text) for text in texts)
    return short and len(set(texts)) == len(texts) > 1


def are_units(cells: list[str]) -> bool:
    """Whether the first row below a header says in what its columns are: EUR, dd/mm/yyyy, (text), required."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    if not texts or not all(_UNIT.fullmatch(text) for text in texts):
        return False
    return len(texts) > 1 or texts[0][0] in "(["
