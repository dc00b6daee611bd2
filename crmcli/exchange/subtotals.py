"""Subtotals among the rows of a report: named as totals, with the sums of the rows above."""

from __future__ import annotations

import re
from collections import deque
from math import isclose, isfinite

from crmcli.domain.text import digits, fold

#: What the name of a total begins or ends with, folded: Excel writes "Acme Total" and "Acme Ergebnis".
_WORDS = frozenset((
    "total", "totals", "subtotal", "subtotals", "sum", "summe", "zwischensumme", "gesamt", "gesamtsumme", "ergebnis",
    "teilergebnis", "gesamtergebnis", "totaux", "totale", "suma", "somme", "toplam", "جمع", "مجموع",
))  # fmt: skip
#: What may stand before such a word or, in Persian, behind it: Grand Total Acme, جمع کل.
_BESIDE = frozenset(("grand", "sub", "overall", "sous", "کل"))
_ENDINGS = frozenset(cased for word in _WORDS | _BESIDE for cased in (word[-2:], word[-2:].upper()))
_LONGEST_NAME = 200
_PARTS = re.compile(r"[\s:_-]+")
_AMOUNT = re.compile(r"([-(]?)[^\w\s()]?\s?(?:[A-Z]{3}\s)?([-+]?)(\d[\d.,'’]*)\)?\s?(?:[^\w\s]|[A-Z]{3})?")
#: Sums that were written as they were rounded differ by less.
_ROUNDED = 0.006
_LARGEST = 1e300
#: So many of the last totals are known as ends of what a further one adds up, and so many rows between two of them.
_MOST_ENDS, _MOST_ROWS = 100, 2000


def ends_like_total(name: str) -> bool:
    """Whether a text may be such a name: a look at its last characters spares most rows the words."""
    return name[-2:] in _ENDINGS


def named_total(name: str) -> bool:
    """Whether the first text of a row begins or ends with a word for a total."""
    if len(name) > _LONGEST_NAME:
        return False
    words = [word for word in _PARTS.split(fold(name)) if word and word not in _BESIDE]
    return bool(words) and (words[0] in _WORDS or words[-1] in _WORDS)


def amount(text: str) -> float | None:
    """The number of a cell, whichever sign it has for decimals; None for what is none."""
    try:
        number = float(text)
    except ValueError:
        return _written_out(text)
    return number if isfinite(number) else None


def _written_out(text: str) -> float | None:
    """The number of a cell with signs for thousands, a currency, or brackets where it is negative."""
    found = _AMOUNT.fullmatch(digits(text).strip().replace("\xa0", "").replace("٬", ",").replace("٫", "."))
    if found is None:
        return None
    plain = found[3].replace("'", "").replace("’", "")
    last = max(plain.rfind("."), plain.rfind(","))
    if last >= 0:
        whole, rest = plain[:last], plain[last + 1 :]
        # 1,200 and 1.200.000 have no decimals; 1,200.50 and 12,5 do
        alone = not re.search("[.,]", whole)
        thousands = (len(rest) == 3 and alone) or plain[last] in whole
        plain = re.sub("[.,]", "", whole) + ("" if thousands else ".") + rest
    return min(float(plain), _LARGEST) * (-1 if found[1] or found[2] == "-" else 1)


class Sums:
    """The sums of the columns that have nothing but numbers, and where the totals among the rows stood.

    `add` counts a record in. The rows are added up when a total may have come: of a table without totals none are, and
    of more rows than `_MOST_ROWS` between two of them the sums are not known.
    """

    def __init__(self, width: int) -> None:
        self._sums = dict.fromkeys(range(width), 0.0)
        self._ends: deque[dict[int, float]] = deque([dict(self._sums)], maxlen=_MOST_ENDS)
        self._rows: deque[list[str]] = deque(maxlen=_MOST_ROWS + 1)
        self.add = self._rows.append

    def end(self) -> None:
        """A total stood here."""
        self._count()
        self._ends.append(dict(self._sums))

    def total(self, cells: list[str]) -> bool:
        """Whether a row has the name of a total and nothing else but sums: those of all rows above, or of those behind
        the same earlier total, a further one where totals stand in one another."""
        texts = [(place, text) for place, cell in enumerate(cells) if (text := cell.strip())]
        if len(texts) < 2 or not named_total(texts[0][1]):
            return False
        said = {place: number for place, text in texts[1:] if (number := amount(text)) is not None}
        self._count()
        if len(said) < len(texts) - 1 or not said.keys() <= self._sums.keys():
            return False
        return any(
            all(_same(number, self._sums[place] - end[place]) for place, number in said.items()) for end in self._ends
        )

    def _count(self) -> None:
        """Add up the rows that came since the last time."""
        if len(self._rows) > _MOST_ROWS:
            self._ends.clear()
        sums = self._sums
        for cells in self._rows:
            for place in [place for place in sums if cells[place] and not cells[place].isspace()]:
                number = amount(cells[place])
                if number is None:
                    del sums[place]
                else:
                    sums[place] += number
        self._rows.clear()


def _same(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=1e-9, abs_tol=_ROUNDED)
