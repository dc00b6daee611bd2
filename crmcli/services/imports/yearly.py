"""Days of the year in the rows of people and companies: birthdays without a year, anniversaries, and what files of our
own say of occasions. A row brings them along as it brings its tags, and they are the record's own."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from crmcli.domain.calendars import JALALI_YEARS, make_day
from crmcli.domain.occasions import LEAP, Yearly, read_written
from crmcli.domain.text import digits, fold, unmarked
from crmcli.errors import FieldError
from crmcli.services.imports import columns as reading
from crmcli.services.imports import moments, roles
from crmcli.services.imports.columns import Problem
from crmcli.services.occasions import BIRTHDAY, columns_of, kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.calendars import Calendar
    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.daynotes import DayNotes
    from crmcli.services.imports.mapping import Mapped
    from crmcli.store.write import Transaction

#: The name of a day, and the day.
Named = tuple[str, Yearly]
ANNIVERSARY = "anniversary"
#: A month and a day as ISO 8601 and vCards write them, and behind a year that stands for none: of noughts, or Apple's.
_MONTH_DAY = re.compile(r"(?:--|(?:0000|1604)-?)(\d\d)-?(\d\d)")
#: Two numbers with the sign of ISO 8601 between them; with others nobody knows which is the month.
_TWO = re.compile(r"(\d{1,2})-(\d{1,2})")
_NUMBER, _MONTH = r"\d{1,2}(?:st|nd|rd|th|er|ter|º|م|[.])?", r"[^\W\d_]{2,}[.]?"
_WORDS = re.compile(rf"{_NUMBER}(?: (?:of|de)|-)? ?{_MONTH}(?: ماه)?|{_MONTH}[ -]{_NUMBER}")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")


def without_year(text: str, env: Env) -> Yearly | None:
    """The day of the year that a cell says without a year: --03-21, 02-29, 15 June, ۱۲ مرداد; None for another one. Of
    two numbers the month is first, unless the column has days first or there is no such month."""
    plain = " ".join(digits(unmarked(text)).split())
    if not plain:
        return None
    if found := _MONTH_DAY.fullmatch(plain):
        return _day(int(found[1]), int(found[2]), "gregorian")
    if found := _TWO.fullmatch(plain):
        calendar: Calendar = "jalali" if env.calendar == "jalali" else "gregorian"
        ways = [(int(found[1]), int(found[2])), (int(found[2]), int(found[1]))]
        days = [_day(month, day, calendar) for month, day in (reversed(ways) if env.order == "dmy" else ways)]
        return next(filter(None, days), None)
    calendar = "jalali" if moments.named_calendar(plain) == "jalali" else "gregorian"
    if not _WORDS.fullmatch(plain.lower()) or not moments.named_calendar(plain):
        return None
    try:
        whole = moments.day(f"{plain.replace(' of ', ' ')} {LEAP[calendar]}", env._replace(calendar=calendar))
    except FieldError:
        return None
    return Yearly(date.fromisoformat(whole), calendar, known=False) if whole else None


def _day(month: int, day: int, calendar: Calendar) -> Yearly | None:
    try:
        return Yearly(make_day(LEAP[calendar], month, day, calendar), calendar, known=False)
    except ValueError:
        return None


def read(
    block: Block,
    turned: list[list[str]],
    by: Mapping[str, Sequence[Mapped]],
    envs: Mapping[int, Env],
    env: Env,
    notes: DayNotes,
    bad: Problems,
) -> list[dict[int, str]]:
    """Note the days of the year that the rows say in a block, and empty the cells of birthdays without a year, which
    have no other place; what cells of anniversaries say that is no day, as lines by row."""
    more = []
    for column in by.get("birthday", ()):
        cells, own = turned[column.place], envs.get(column.place, env)
        find = reading.cached(lambda cell, own=own: without_year(cell, own))  # type: ignore[misc]
        days = {row: day for row, cell in enumerate(cells) if cell and (day := find(cell)) is not None}
        if days:
            turned[column.place] = ["" if row in days else cell for row, cell in enumerate(cells)]
            note(block, {row: (BIRTHDAY, day) for row, day in days.items()})
    for column in by.get(roles.ANNIVERSARY, ()):
        more.append(_anniversaries(block, turned[column.place], column, envs.get(column.place, env), notes, bad))
    for column in by.get(roles.OCCASIONS, ()):
        for row, cell in enumerate(turned[column.place]):
            try:
                for one in read_written(cell):
                    note(block, {row: one})
            except FieldError as error:
                bad.setdefault(row, Problem(column.header, cell, error.message))
    return more


def _anniversaries(
    block: Block, cells: Sequence[str], column: Mapped, env: Env, notes: DayNotes, bad: Problems
) -> dict[int, str]:
    days, problems = {}, {}
    for row, cell in enumerate(cells):
        try:
            if day := without_year(cell, env) or _whole(cell, env):
                days[row] = (ANNIVERSARY, day)
        except FieldError as error:
            problems[row] = Problem(column.header, cell, error.message)
    note(block, days)
    return notes.unborn(column.header, problems, bad)


def _whole(cell: str, env: Env) -> Yearly | None:
    """A day with its year, in the calendar of that year. Raises FieldError."""
    day = moments.day(cell, env)
    year = _YEAR.search(digits(cell))
    jalali = (int(year[0]) in JALALI_YEARS) if year else env.calendar == "jalali"
    return Yearly(date.fromisoformat(day), "jalali" if jalali else "gregorian") if day else None


def note(block: Block, days: Mapping[int, Named]) -> None:
    """Bear in mind days of the year by row."""
    if days:
        block.occasions = block.occasions or [()] * len(block)
        for row, one in days.items():
            block.occasions[row] = (*block.occasions[row], one)


# --- into the book ----------------------------------------------------------------------------------------------------


def add(tx: Transaction, kind: Entity, block: Block, records: Iterable[tuple[int, int]]) -> None:
    """Give new records, (row, id), the days of their rows."""
    if block.occasions:
        give(tx, kind, {number: block.occasions[row] for row, number in records})


def give(tx: Transaction, kind: Entity, days: Mapping[int, Iterable[Named]]) -> None:
    """Give records days by their ids."""
    for number, some in days.items():
        for name, day in some:
            tx.add("occasion", {"name": name, f"{kind.name}_id": number, **columns_of(day)})


def missing(ctx: Context, kind: Entity, block: Block, records: Iterable[tuple[int, int]]) -> dict[int, list[Named]]:
    """Of the days that the rows of known records, (row, id), say, those that these have not, by row. A record that has
    another day of that name keeps it."""
    some = [(row, number) for row, number in records if block.occasions and block.occasions[row]]
    there = kept(ctx, kind, [number for _, number in some])
    found: dict[int, list[Named]] = {}
    for row, number in some:
        names = {fold(name) for name, _ in there.get(number, ())}
        fresh = [one for one in block.occasions[row] if fold(one[0]) not in names] if block.occasions else []
        if fresh:
            found[row] = fresh
    return found
