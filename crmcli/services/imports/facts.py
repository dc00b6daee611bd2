"""What a whole column of a file says about the way in which its days, amounts and percentages are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.text import clip, digits
from crmcli.errors import UsageError
from crmcli.exchange.tables import Doubt
from crmcli.services.imports import parts, persons
from crmcli.services.imports.columns import FRACTION, NULLS
from crmcli.services.imports.moments import counts_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.domain.types import Env

_NUMERIC_DAY = re.compile(r"\s*(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d/.-])")
#: A number that no day of a month has: a cell with one proves nothing.
_BEYOND = re.compile(r"(?<!\d)(?:3[2-9]|[4-9]\d)[-/.]\d")
_LEADING_YEAR = re.compile(r"\s*(\d{4})[-/]\d{1,2}[-/]\d{1,2}(?!\d)")
_NUMBER = re.compile(r"\d[\d.,]*\d")
_LETTER = re.compile(r"[^\W\d_]")
#: How the cells of a column are taken, as its `unit` in the mapping says it: moments counted in seconds, telephones
#: with labels in their cells, parts of the name of somebody whom the record's name does not name.
SECONDS = "seconds since 1970"
LABELLED = "parted by its labels"
APART = "to {} where the name is another's"
#: How many different cells of a column are remembered as looked at.
_MOST_REMEMBERED = 20_000


class UndecidedError(UsageError):
    """A file can be read in two ways, and nobody was there to settle its `doubt`."""

    def __init__(self, message: str, hint: str, doubt: Doubt) -> None:
        super().__init__(message, hint)
        self.doubt = doubt


class Proof(NamedTuple):
    """The first cell that showed something of its column, and its line."""

    cell: str
    line: int

    def __str__(self) -> str:
        return f"{clip(self.cell.strip(), 40)} in line {self.line}"


class DayFacts:
    """What a column of days shows: the order of day and month, and the calendar of its years."""

    def __init__(self) -> None:
        #: by order, and for "jalali": what showed it first
        self.proofs: dict[str, Proof] = {}
        self.dmy = self.mdy = self.unclear = self.jalali = self.gregorian = 0
        self._seconds = self._others = 0
        self.example = ""
        #: the sign between the numbers -> the orders that days with it show, and the signs of unclear days
        self.shown: dict[str, set[str]] = {}
        self.signs: set[str] = set()
        self._seen: set[str] = set()

    def look(self, cells: Sequence[str], lines: Sequence[int] = ()) -> None:
        """Some further cells, in these `lines` of the file."""

        def show(what: str, cell: str) -> None:
            if what not in self.proofs and not _BEYOND.search(digits(cell)):
                self.proofs[what] = Proof(cell, lines[cells.index(cell)] if lines else 0)

        for cell in [cell for cell in dict.fromkeys(cells) if cell not in self._seen]:
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen.add(cell)
            text = cell if cell.isascii() else digits(cell)
            if counts_seconds(text):
                self._seconds += 1
            elif text.strip() and text not in NULLS:
                self._others += 1
            if year := _LEADING_YEAR.match(text):
                if 1300 <= int(year[1]) < 1500:
                    self.jalali += 1
                    show("jalali", cell)
                else:
                    self.gregorian += 1
            elif day := _NUMERIC_DAY.match(text):
                first, second = int(day[1]), int(day[3])
                if first > 12 >= second or day[2] == ".":
                    self.dmy += 1
                    self.shown.setdefault(day[2], set()).add("dmy")
                    show("dmy", cell)
                elif second > 12 >= first:
                    self.mdy += 1
                    self.shown.setdefault(day[2], set()).add("mdy")
                    show("mdy", cell)
                elif first != second:
                    self.unclear += 1
                    self.signs.add(day[2])
                    self.example = self.example or cell.strip()

    def order(self, header: str, told: str, others: Iterable[DayFacts] = ()) -> str:
        """ "dmy", "mdy" or "ymd" (no such dates). Where the column does not tell, `others` of the same file do, by days
        with the same sign between their numbers. Raises UsageError where nothing settles it."""
        if told:
            return told
        if self.unclear and not self.dmy and not self.mdy:
            beside = {order for other in others for sign in self.signs for order in other.shown.get(sign, ())}
            if len(beside) == 1:
                return beside.pop()
        if self.unclear and bool(self.dmy) == bool(self.mdy):
            raise UndecidedError(
                f"the dates of column '{header}' can be read in two ways ({self.example}); nothing was imported",
                "say --dates dmy (day first) or --dates mdy (month first)",
                Doubt("dates", tuple((order, self._meant(order)) for order in ("dmy", "mdy"))),
            )
        return "dmy" if self.dmy else "mdy" if self.mdy else "ymd"

    def _meant(self, order: str) -> str:
        """How the day that can be read in two ways is read in one of them."""
        day = _NUMERIC_DAY.match(digits(self.example))
        if day is None:
            return order
        first, second, year = int(day[1]), int(day[3]), day[4]
        month, number = (second, first) if order == "dmy" else (first, second)
        which = "day first" if order == "dmy" else "month first"
        return f"{which}: {self.example} is day {number} of month {month} of {year}"

    def read_as(self, env: Env) -> str:
        """How the column is read, and what showed it; "" where there is nothing to say."""
        said = []
        if env.order in ("dmy", "mdy"):
            which = "day first" if env.order == "dmy" else "month first"
            said.append(f"{which}, from {self.proofs[env.order]}" if env.order in self.proofs else which)
        if self.jalali and env.calendar == "jalali":
            said.append(f"Jalali, from {self.proofs['jalali']}")
        return "; ".join(said)

    def calendar(self, default: str) -> str:
        return "jalali" if self.jalali and not self.gregorian else default

    @property
    def unit(self) -> str:
        """SECONDS where that is what all cells can be; 13 digits are milliseconds in every column."""
        return SECONDS if self._seconds and not self._others else ""


class PhoneFacts:
    """Whether cells of a column of telephones have labels: "Phone: 11111  Mobile: 22222"."""

    def __init__(self) -> None:
        self._labelled = False

    def look(self, cells: Sequence[str]) -> None:
        if not self._labelled and _LETTER.search("\n".join(cells)):
            self._labelled = any(parts.labelled(cell) for cell in dict.fromkeys(cells) if _LETTER.search(cell))

    @property
    def unit(self) -> str:
        return LABELLED if self._labelled else ""


class NameFacts:
    """Whether a first and last name ever say somebody else than the names beside them. `names` and `pieces` are the
    places of these columns."""

    def __init__(self, names: Sequence[int], pieces: Sequence[int]) -> None:
        self._names, self._pieces = names, pieces
        self.apart = False

    def look(self, rows: Sequence[Sequence[str]]) -> None:
        self.apart = self.apart or any(map(self._apart, rows))

    def _apart(self, row: Sequence[str]) -> bool:
        pieces = ["" if (cell := row[place]) in NULLS else cell for place in self._pieces]
        said = [cell for place in self._names if (cell := row[place].strip()) and cell not in NULLS]
        return bool(said) and all(persons.apart(name, pieces) for name in said)


class PercentFacts:
    """Whether a column of percentages is written as fractions: all within 0 and 1, and one of them between."""

    def __init__(self) -> None:
        self.between = self.ones = self.beyond = self.words = 0

    def look(self, cells: Iterable[str]) -> None:
        for cell in set(cells):
            plain = digits(cell).strip().replace(",", ".")
            if number := FRACTION.fullmatch(plain):
                value = float(number[0])
                self.between += 0 < value < 1
                self.ones += value == 1
                self.beyond += value > 1
            elif "%" in plain or "٪" in plain:
                self.beyond += 1
            else:
                self.words += bool(plain) and plain not in NULLS

    @property
    def fractions(self) -> bool:
        return bool(self.between) and not self.beyond and not self.words


class ShareFacts(PercentFacts):
    """Whether a column of how much is done is written as fractions: no number of it is beyond 1, and one is not 0.
    Words for done may stand among them."""

    @property
    def fractions(self) -> bool:
        return bool(self.between or self.ones) and not self.beyond


class MoneyFacts:
    """Which sign a column of amounts has before its decimals."""

    def __init__(self) -> None:
        self.point = self.comma = self.unclear = self.grouped = 0
        self.example = ""
        #: by decimal sign: what showed it first
        self.proofs: dict[str, Proof] = {}
        #: the signs that part thousands
        self.parting: set[str] = set()

    def look(self, cells: Sequence[str], lines: Sequence[int] = ()) -> None:
        """Some further cells, in these `lines` of the file."""

        def count(sign: str) -> None:
            self._count(sign)
            if sign not in self.proofs:
                self.proofs[sign] = Proof(cell, lines[cells.index(cell)] if lines else 0)

        if self.point + self.comma > 1000:
            return
        for cell in dict.fromkeys(cells):
            if "." not in cell and "," not in cell:
                continue
            number = _NUMBER.search(cell)
            if not number:
                continue
            text = number[0]
            points, commas = text.count("."), text.count(",")
            if points and commas:
                count("." if text.rindex(".") > text.rindex(",") else ",")
                self.parting.add("," if text.rindex(".") > text.rindex(",") else ".")
            elif points + commas > 1:
                count("," if points else ".")
                self.parting.add("." if points else ",")
            elif points + commas == 1:
                sign = "." if points else ","
                if len(text) - text.index(sign) != 4 or text.startswith("0") or text.index(sign) > 3:
                    count(sign)
                else:
                    self.unclear += sign == "."
                    self.grouped += sign == ","
                    self.example = cell.strip() if sign == "." or not self.example else self.example

    def _count(self, sign: str) -> None:
        if sign == ".":
            self.point += 1
        else:
            self.comma += 1

    def decimal(self, header: str, told: str, minor_digits: int) -> str | None:
        """The sign, None where it does not matter. Raises UsageError where nothing settles it."""
        if told:
            return told
        if bool(self.point) != bool(self.comma):
            return "." if self.point else ","
        if (self.unclear and minor_digits != 3) or (self.point and self.comma and self.grouped):
            raise UndecidedError(
                f"the amounts of column '{header}' can be read in two ways ({self.example}); nothing was imported",
                "say which sign their decimals have: --decimal . or --decimal ,",
                Doubt("decimal", tuple((sign, self._meant(sign)) for sign in ".,")),
            )
        return None

    def _meant(self, sign: str) -> str:
        """How the amount that can be read in two ways is read with decimals behind this sign."""
        number = _NUMBER.search(self.example)
        text = number[0] if number else self.example
        plain = text.replace("," if sign == "." else ".", "").replace(sign, ".")
        called = "point" if sign == "." else "comma"
        return f"decimal {called}: {self.example} is {plain}"

    def read_as(self, env: Env) -> str:
        """How the column is read, and what showed it; "" where there is nothing to say."""
        if not env.decimal:
            return ""
        said = "decimal point" if env.decimal == "." else "decimal comma"
        if env.decimal in self.proofs:
            said += f", from {self.proofs[env.decimal]}"
        parting = sorted(self.parting - {env.decimal})
        return f"{said}; thousands parted by {parting[0]}" if parting else said
