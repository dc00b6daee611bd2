"""What a whole column of a file says about the way in which its days, amounts and percentages are written."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.dates import SHORT_FIRST, full_year
from crmcli.domain.text import clip, digits
from crmcli.errors import UsageError
from crmcli.exchange.tables import Doubt
from crmcli.services.imports import parts, persons
from crmcli.services.imports.columns import UNSIGNED
from crmcli.services.imports.dates import WHICH, Dates, Reading, Settled
from crmcli.services.imports.moments import COMPACT_DAY, counts_seconds, date_alone, named_calendar
from crmcli.services.imports.nothing import NULLS, no_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.domain.calendars import Calendar
    from crmcli.domain.types import Env

_NUMERIC_DAY = re.compile(r"\s*(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{1,2})(?![\d/.-])")
#: A number that no day of a month has: a cell with one proves nothing.
_BEYOND = re.compile(r"(?<!\d)(?:3[2-9]|[4-9]\d)[-/.]\d")
_LEADING_YEAR = re.compile(r"\s*(\d{4})[-/]\d{1,2}[-/]\d{1,2}(?!\d)")
#: How many years a short year is from the full years of its column at the most, where it may stand at either end.
_NEAR = 2
_COUNT = {2: "two", 3: "three", 4: "four", 5: "five"}
_NUMBER = re.compile(r"\d[\d.,]*\d")
#: Letters and digits as Persian files have them.
_PERSIAN = re.compile(r"[\u0600-\u06ff]")
_LETTER = re.compile(r"[^\W\d_]")
#: How the cells of a column are taken, as its `unit` in the mapping says it: moments counted in seconds, telephones
#: with labels in their cells, parts of the name of somebody whom the record's name does not name; percentages that are
#: written as fractions, 0.25 for 25 %.
SECONDS = "seconds since 1970"
LABELLED = "parted by its labels"
APART = "to {} where the name is another's"
FRACTION = "1 = 100 %"
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
    """What a column of days shows: the order of day and month, whether years of two digits stand in front, and the
    calendar of its years."""

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
        #: the full years; of days with a year of two digits at one end, which end nobody knows: the numbers there, and
        #: whether one shows that the years are in front or at the end
        self._years: set[int] = set()
        self._firsts: set[int] = set()
        self._lasts: set[int] = set()
        self._in_front = self._at_end = self._none_at_end = False
        self._short = ""

    def look(self, cells: Sequence[str], lines: Sequence[int] = ()) -> None:
        """Some further cells, in these `lines` of the file."""
        for cell in [cell for cell in dict.fromkeys(cells) if cell not in self._seen]:
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen.add(cell)
            text = cell if cell.isascii() else digits(cell)
            if not text.strip() or text in NULLS or no_day(text):
                continue
            self._seconds += counts_seconds(text)
            self._others += not counts_seconds(text)
            text = date_alone(text)
            for what in self._shows(text, cell):
                if what not in self.proofs and (what == SHORT_FIRST or not _BEYOND.search(text)):
                    self.proofs[what] = Proof(cell, lines[cells.index(cell)] if lines else 0)

    def _shows(self, text: str, cell: str) -> Iterator[str]:
        """What a cell shows, counted: an order, "jalali"."""
        if COMPACT_DAY.fullmatch(text.strip()) or _LEADING_YEAR.match(text):
            yield from self._dated(int(text.strip()[:4]))
        elif day := _NUMERIC_DAY.match(text):
            yield from self._numbers(day, cell)
        elif calendar := named_calendar(text):
            self.jalali += calendar == "jalali"
            self.gregorian += calendar != "jalali"
            yield calendar

    def _dated(self, year: int) -> Iterator[str]:
        self._years.add(year)
        if 1300 <= year < 1500:
            self.jalali += 1
            yield "jalali"
        else:
            self.gregorian += 1

    def _numbers(self, day: re.Match[str], cell: str) -> Iterator[str]:
        first, sign, second, last = int(day[1]), day[2], int(day[3]), int(day[4])
        if len(day[4]) == 4:
            yield from self._dated(last)
        elif second <= 12 and last <= 31 and first > 31:
            self._in_front = True
            yield SHORT_FIRST
            return
        elif len(day[4]) == 1:  # which no year has
            if len(day[1]) == 2 and second <= 12:
                self._firsts.add(first)
                self._none_at_end, self._short = True, self._short or cell.strip()
            return
        elif last > 31 or second > 12 or len(day[1]) == 1:
            self._at_end = True
        else:
            self._firsts.add(first)
            self._lasts.add(last)
            self._short = self._short or cell.strip()
        if first > 12 >= second or sign == ".":
            self.dmy += 1
            self.shown.setdefault(sign, set()).add("dmy")
            yield "dmy"
        elif second > 12 >= first:
            self.mdy += 1
            self.shown.setdefault(sign, set()).add("mdy")
            yield "mdy"
        elif first != second:
            self.unclear += 1
            self.signs.add(sign)
            self.example = self.example or cell.strip()

    def order(
        self, header: str, told: Dates, calendar: str, others: Iterable[DayFacts] = (), *, alone: bool = False
    ) -> str:
        """The order of the column, as `Env.order` has it, by what is told by hand (of it `alone`, or of all columns),
        in the `calendar` that the column has; "ymd" where it has no such dates. Where it does not tell, `others` of the
        same file do, by days with the same sign between their numbers. Raises UsageError where nothing settles it."""
        orders = [order for order, shown in (("dmy", self.dmy), ("mdy", self.mdy)) if shown]
        in_front = f"{SHORT_FIRST} {orders[0]}" if len(orders) == 1 else SHORT_FIRST
        if told.order:
            return in_front if told.order == SHORT_FIRST else told.order
        if self._in_front or self._firsts:
            front = self._front(calendar, settled=len(orders) == 1)
            if front is None:
                either = [SHORT_FIRST, *(orders or ("dmy", "mdy"))]
                if orders and (calendar != "jalali" or self._years):
                    either = [*orders, SHORT_FIRST]
                raise self._undecided(header, told, either, calendar, alone=alone)
            if front:
                return in_front
            if not orders and not self.unclear:  # of 04/04/01 both orders make the same
                return "dmy"
        if self.unclear and not orders:
            beside = {order for other in others for sign in self.signs for order in other.shown.get(sign, ())}
            if len(beside) == 1:
                return beside.pop()
        if self.unclear and len(orders) != 1:
            could = [SHORT_FIRST] if self._firsts and not self._at_end and not orders else []
            raise self._undecided(header, told, ["dmy", "mdy", *could], calendar, alone=alone)
        return orders[0] if orders else "ymd"

    def _front(self, calendar: str, *, settled: bool) -> bool | None:
        """Whether years of two digits stand in front, None where nothing tells. A number that is no day of a month
        tells it; else the full years beside them, which short ones are near. In Jalali dates these usually are in
        front: there nothing is taken for granted unless the order of day and month is `settled`, nor anywhere where the
        numbers in front are nearer to each other than those at the end, as years are and days are not."""
        if self._in_front:
            return None if self._at_end or any(number > 12 for number in self._firsts) else True
        if self._at_end:
            return False
        if not self._years:
            return None if (calendar == "jalali" and not settled) or self._close_in_front() else False
        low, high = min(self._years) - _NEAR, max(self._years) + _NEAR
        front, end = (all(low <= full_year(n, calendar) <= high for n in some) for some in (self._firsts, self._lasts))
        end = end and not self._none_at_end
        if front != end:
            return front
        return None if calendar == "jalali" else False

    def _close_in_front(self) -> bool:
        """Whether the first numbers of days with short years vary less than the last ones, and no dot says that they
        are days."""
        if not self._lasts or self._none_at_end or "." in self.shown:
            return False
        return max(self._firsts) - min(self._firsts) < max(self._lasts) - min(self._lasts)

    def _undecided(
        self, header: str, told: Dates, orders: Sequence[str], calendar: Calendar, *, alone: bool
    ) -> UndecidedError:
        """The error of a column that can be read in these `orders` of a `calendar`. Under a Persian title, or in
        Persian digits, short years are rather Jalali than of a calendar that nothing but the setting says."""
        example = (SHORT_FIRST in orders and self._short) or self.example or self.proofs[SHORT_FIRST].cell.strip()
        day = _NUMERIC_DAY.match(date_alone(digits(example)))
        assert day is not None
        numbers = int(day[1]), int(day[3]), int(day[4])
        column = f"{header}=" if alone else ""
        readings = [Reading(told._replace(order=order), calendar) for order in orders]
        assumed = not (told.calendar or self.jalali or self.gregorian) and SHORT_FIRST in orders
        more = "gregorian-dmy where they are Gregorian" if calendar == "jalali" else "jalali-ymd where they are Jalali"
        if assumed and calendar != "jalali" and _PERSIAN.search(header + example):
            jalali = [Reading(Dates(order, "jalali"), "jalali") for order in (SHORT_FIRST, "dmy")]
            readings, assumed = [*(one for one in jalali if one.day(*numbers)), *readings], False
        ways = [f"--dates {shlex.quote(column + one.dates.said)} ({one.told})" for one in readings]
        return UndecidedError(
            f"the dates of column '{header}' can be read in {_COUNT[len(readings)]} ways ({example}); nothing was"
            " imported",
            f"say {', '.join(ways[:-1])} or {ways[-1]}{f'; {more}' if assumed else ''}",
            Doubt("dates", tuple((column + one.dates.said, one.meaning(example, *numbers)) for one in readings)),
        )

    def settled(self, header: str, env: Env, told: Dates) -> Settled:
        """What a few rows of the column need to be told to be read as it was, in `env`; `told` is what was said of it
        by hand. A calendar that is neither Jalali nor said is the usual one."""
        calendar = env.calendar if env.calendar == "jalali" else told.calendar
        return Settled(header, Dates(env.order if env.order != "ymd" else "", calendar), bool(self._others))

    def read_as(self, env: Env) -> str:
        """How the column is read, and what showed it; "" where there is nothing to say."""
        said = []
        order = env.order.partition(" ")[0]
        if order in WHICH:
            said.append(f"{WHICH[order]}, from {self.proofs[order]}" if order in self.proofs else WHICH[order])
        if env.calendar == "jalali" and (self.jalali or (order in WHICH and not self.gregorian)):
            said.append(f"Jalali, from {self.proofs['jalali']}" if "jalali" in self.proofs else "Jalali")
        return "; ".join(said)

    def calendar(self, default: str, told: Dates) -> str:
        """The calendar of the column: what is told by hand, else Jalali where a year or month is and none is Gregorian,
        else the user's own."""
        return told.calendar or ("jalali" if self.jalali and not self.gregorian else default)

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
            if number := UNSIGNED.fullmatch(plain):
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
    """Which sign a column of amounts has before its decimals; of mere `numbers`, which may have many of them."""

    def __init__(self, *, numbers: bool = False) -> None:
        self._numbers = numbers
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
                self._doubt(minor_digits),
            )
        return None

    def _doubt(self, minor_digits: int) -> Doubt:
        """The signs, with how the amount that can be read in two ways is read with each; behind the other one that by
        which it is no amount, having more decimals than its currency."""
        number = _NUMBER.search(self.example)
        text = number[0] if number else self.example
        fitting, others = [], []
        for sign, called in ((".", "point"), (",", "comma")):
            plain = text.replace("," if sign == "." else ".", "").replace(sign, ".")
            told = f"decimal {called}: {self.example} is {plain}"
            if self._numbers or len(plain.partition(".")[2].rstrip("0")) <= minor_digits:
                fitting.append((sign, told))
            else:
                others.append((sign, f"{told}, which is no amount"))
        return Doubt("decimal", (*fitting, *others))

    def read_as(self, env: Env) -> str:
        """How the column is read, and what showed it; "" where there is nothing to say."""
        if not env.decimal:
            return ""
        said = "decimal point" if env.decimal == "." else "decimal comma"
        if env.decimal in self.proofs:
            said += f", from {self.proofs[env.decimal]}"
        parting = sorted(self.parting - {env.decimal})
        return f"{said}; thousands parted by {parting[0]}" if parting else said
