"""When tasks start, beside when they are due: which of the times of a file count, and the day that stands in where no
other says when a task is to be done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain import clocks
from crmcli.domain.text import digits
from crmcli.services.imports import moments
from crmcli.services.imports.activity_titles import END_DAYS, START_DAYS, START_TIMES
from crmcli.services.imports.columns import ANY_DAY
from crmcli.services.imports.nothing import NULLS, no_day
from crmcli.services.imports.roles import AT_TIME, DUE_TIME
from crmcli.services.imports.titles import own_forms, squeeze

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from crmcli.services.imports.recognising import Reading

_DAYS, _TIMES, _ENDS = (frozenset(map(squeeze, some)) for some in (START_DAYS, START_TIMES, END_DAYS))
#: What titles of starts and of what is due have in any place of them, squeezed.
_START = re.compile("|".join(map(squeeze, ("start", "begin", "anfang", "début", "inicio", "comien", "empiez", "başla",
                                           "شروع", "آغاز"))))  # fmt: skip
_DUE = re.compile("|".join(map(squeeze, ("due", "deadline", "fällig", "frist", "échéance", "limite", "vencimiento",
                                         "vence", "vade", "teslim", "سررسید", "موعد", "مهلت"))))  # fmt: skip


def is_of_start(title: str) -> bool:
    """Whether a title of days or times says that they are those at which something starts."""
    return _START.search(squeeze(title)) is not None


def heads_starts(title: str) -> bool:
    """Whether a title heads the days or moments at which something starts."""
    return _is_one(title, _DAYS)


def says_end(header: Iterable[str]) -> bool:
    """Whether a title says that something ends on the days or at the times below it."""
    return any(_is_one(title, _ENDS) for title in header)


def stand_in(header: Sequence[str], rows: Sequence[Sequence[str]], taken: Container[int]) -> int | None:
    """The place of the first column of days on which tasks start that is not `taken`, None where there is none. Those
    that are to be done from one day to another are not due on the first, but what has a time then takes place then."""
    place = next((place for place in _days(header, rows) if place not in taken), None)
    if place is None or not says_end(header):
        return place
    beside = any(_is_one(title, _TIMES) for other, title in enumerate(header) if other != place)
    return place if beside or any(":" in cells[place] for cells in rows) else None


def _is_one(title: str, titles: Container[str]) -> bool:
    return any(form in titles for _, form in own_forms("task", title))


def _days(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[int]:
    """The places of the columns of days on which tasks start: of those whose first cells are known, without such as
    have anything else."""
    for place, title in enumerate(header):
        if not _is_one(title, _DAYS):
            continue
        cells = {cells[place] for cells in rows} - NULLS
        filled = [cell for cell in cells if cell.strip() and not no_day(cell)]
        if (filled or not rows) and all(map(is_day, filled)):
            yield place


def is_day(cell: str) -> bool:
    """Whether a cell begins with a day, or names a month."""
    plain = digits(cell)
    return any(map(str.isdecimal, plain)) and bool(ANY_DAY.match(plain) or moments.named_calendar(cell))


def timed(
    header: Sequence[str], rows: Sequence[Sequence[str]], readings: Sequence[Reading], fixed: Mapping[int, str]
) -> list[Reading]:
    """The readings with one column of times at the most: that of what the days say, which is when tasks are due or when
    they start, before one that does not say it, and the nearest. The times of a start belong to the days of a start
    where the file has these beside those on which tasks are due."""
    of_times = [one for one in readings if one.to in (DUE_TIME, AT_TIME)]
    if not of_times:
        return list(readings)
    day = day_place(readings, fixed)
    by_start = day is not None and is_of_start(header[day])
    own_start = any(place != day for place in _days(header, rows)) and not by_start

    def fits(one: Reading) -> tuple[bool, int, int, int]:
        title = header[one.place]
        start, due = is_of_start(title), _DUE.search(squeeze(title)) is not None
        return not one.filled, (due - start) if by_start else (start - due), one.rank, one.place

    may = [one for one in of_times if one.to == AT_TIME or not (own_start and is_of_start(header[one.place]))]
    best = min(may, key=fits, default=None)
    return [one for one in readings if one not in of_times or one is best]


def day_place(readings: Sequence[Reading], fixed: Mapping[int, str]) -> int | None:
    """The place of the column of days on which tasks are due, by hand or as it is read; None where there is none."""
    by_hand = next((place for place, to in fixed.items() if to == "due_on"), None)
    read = min(((one.rank, one.place) for one in readings if one.to == "due_on"), default=None)
    return by_hand if by_hand is not None or read is None else read[1]


def says_time(cell: str) -> bool:
    """Whether a cell says a time of a day and nothing else."""
    clock = clocks.read(cell)
    return clock is not None and clock.says == clocks.TIME
