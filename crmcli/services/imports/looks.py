"""What the columns of a file look like as a whole: how many cells are filled, what they are, in which digits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.text import blank, digits
from crmcli.services.imports.endings import are_marks, yes_or_no
from crmcli.services.imports.nothing import NULLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: So many different values, at the most, are a choice, if each comes twice on the average.
MOST_OPTIONS = 12
_LONGEST_OPTION = 40
#: How many different cells of a column are remembered as looked at.
_MOST_REMEMBERED = 20_000

#: + before seven digits and more is a telephone's.
_SIGN = r"(?!\+\d{7})[-+]?"
_DAY = (
    r"\d{4}-\d{1,2}-\d{1,2}[Tt ]00:00(?::00(?:\.0+)?)?|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d{2})"
)
#: The numbers of a day with a short year.
_SHORT = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2})")
_PATTERNS = {
    # Leading zeros are of codes: a postal code is no number.
    "integer": re.compile(rf"{_SIGN}(?:0|[1-9]\d{{0,17}})"),
    "number": re.compile(rf"{_SIGN}(?:0|[1-9]\d{{0,2}}(?:([.,' ٬])\d{{3}})+|[1-9]\d*)(?:[.,٫]\d+)?"),
    "percent": re.compile(r"(?:100|\d{1,2}(?:[.,٫]\d+)?)\s*[%٪]|[%٪]\s*(?:100|\d{1,2}(?:[.,٫]\d+)?)"),
    "date": re.compile(_DAY),
    "instant": re.compile(
        r"\d{4}-\d{1,2}-\d{1,2}[Tt ]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?"
    ),
    "email": re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+"),
    "url": re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE),
    "phone": re.compile(r"(?=(?:\D*\d){7,15}\D*$)(?:\+|00?|\()[\d ()./-]+"),
}
_GROUPED = re.compile(r"\D*\d{1,3}(?:([.,' ٬])\d{3})+")
_DECIMALS = re.compile(r"[.,٫](\d+)$")
_CHECKS: dict[str, Callable[[str], object]] = {
    "flag": lambda text: not text[0].isdigit() and yes_or_no(text) is not None,
    **{name: pattern.fullmatch for name, pattern in _PATTERNS.items()},
    "date": lambda text: _PATTERNS["date"].fullmatch(text) and _may_be_a_day(text),
}
#: The scripts of digits that are not ASCII, by their zero.
_ZEROS = {0x06F0: "Persian digits", 0x0660: "Arabic digits"}


def _may_be_a_day(text: str) -> bool:
    """Whether the numbers of a day with a short year make one in any order; those of bank codes mostly do not."""
    if not (found := _SHORT.fullmatch(text)):
        return True
    one, two, three = map(int, found.groups())
    return (one <= 31 and two <= 12) or (one <= 12 and two <= 31) or (two <= 12 and three <= 31)


class Guess(NamedTuple):
    """What the values of a column are taken for: a type of fields of people's own, and the options of a choice."""

    type: str
    options: tuple[str, ...] = ()


class Look:
    """One column of a file. `deeply`: what its values are is asked of all of them, as of a column that becomes a new
    field; else of the first rows alone, to be shown."""

    def __init__(self, *, deeply: bool) -> None:
        self.filled = self.empty = 0
        self.digits = ""
        self._deeply, self._begun = deeply, False
        self._kinds = list(_CHECKS)
        self._values: dict[str, None] = {}
        self._long = False
        self._letters: set[str] = set()
        #: how many decimals numbers have, and whether one ends in a nought
        self._decimals: set[int] = set()
        self._noughts = False
        self._seen: set[str] = set()

    def look(self, cells: Sequence[str]) -> None:
        """Some further cells."""
        empty = cells.count("")
        nothing = [] if NULLS.isdisjoint(cells) else [cell for cell in cells if cell in NULLS]
        empty += len(nothing)
        if self._deeply or not self._begun:
            self._begun = True
            fresh = dict.fromkeys(cells)
            empty += self._sort(fresh, cells)
        self.empty += empty
        self.filled += len(cells) - empty

    def _sort(self, cells: Iterable[str], every: Sequence[str]) -> int:
        """Look at different cells; how many of all are blank without being empty."""
        blanks = 0
        for cell in cells:
            if not cell or cell in self._seen or cell in NULLS:
                continue
            if blank(cell):
                blanks += every.count(cell)
                continue
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen.add(cell)
            text = cell.strip()
            if not text.isascii():
                self.digits = self.digits or next(
                    (_ZEROS[z] for c in text if c.isdecimal() and (z := ord(c) & ~15) in _ZEROS), ""
                )
                text = digits(text)
            self._kinds = [kind for kind in self._kinds if _CHECKS[kind](text)]
            if "number" in self._kinds:
                self._look_at_decimals(text)
            self._long = self._long or "\n" in text
            if len(text) == 1 and text.isalpha():
                self._letters.add(text)
            if len(self._values) <= MOST_OPTIONS:
                self._values[" ".join(cell.split())] = None
        return blanks

    def _look_at_decimals(self, number: str) -> None:
        decimals = _DECIMALS.search(number) if _GROUPED.fullmatch(number) is None else None
        self._decimals.add(len(decimals[1]) if decimals else 0)
        self._noughts = self._noughts or bool(decimals and decimals[1].endswith("0"))

    @property
    def values(self) -> tuple[str, ...]:
        """The different values, one more than a choice may have at the most."""
        return tuple(self._values)

    @property
    def guess(self) -> Guess:
        """The type that all cells looked at have in common; "" where none is filled. A nought at the end says nothing
        of a number, so that 1.10 beside 1.9 is none."""
        if not self._values:
            return Guess("")
        kinds = self._kinds if are_marks(self._letters) else [kind for kind in self._kinds if kind != "flag"]
        if self._noughts and len(self._decimals) > 1:
            kinds = [kind for kind in kinds if kind != "number"]
        if kinds:
            return Guess(kinds[0])
        options = tuple(self._values)
        few = len(options) <= MOST_OPTIONS and self.filled >= 2 * len(options)
        if few and all(len(one) <= _LONGEST_OPTION and not set(one) & set(",;،\n") for one in options):
            return Guess("choice", options)
        return Guess("long-text" if self._long else "text")


class MereFlags:
    """Whether all filled cells of a column say yes or no."""

    def __init__(self) -> None:
        self._any, self._others = False, False

    def look(self, cells: Iterable[str]) -> None:
        """Some further cells."""
        if not self._others:
            filled = {cell for cell in cells if cell and not cell.isspace()}
            self._any = self._any or bool(filled)
            self._others = any(yes_or_no(cell) is None for cell in filled)

    @property
    def mere(self) -> bool:
        return self._any and not self._others


class Looks:
    """All columns of a file; `deep` are the places of those that are looked at deeply."""

    def __init__(self, width: int, deep: Iterable[int] = ()) -> None:
        wanted = set(deep)
        self.columns = [Look(deeply=place in wanted) for place in range(width)]

    def look(self, rows: Sequence[Sequence[str]]) -> None:
        """Some further rows of cells."""
        for column, cells in zip(self.columns, zip(*rows, strict=True), strict=False):
            column.look(cells)
