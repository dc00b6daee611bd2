"""What is to be told of the days of a file's columns: those read as of today, and those that are all far ahead."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

from crmcli.domain.dates import show_day
from crmcli.domain.text import clip
from crmcli.services.imports import columns as reading
from crmcli.services.imports import moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crmcli.domain.types import Env
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped

#: Days of business are nearer than this; Hijri years taken for Jalali ones are not.
_FAR = timedelta(days=40 * 365)
#: A day has so many figures at least.
_LEAST_FIGURES = 5
#: How many words that are read as of today are named, and how much of each.
_MOST_TOLD, _MOST_OF_WORD = 3, 40


class DayNotes:
    """Looks at the columns of days of a file while they are read. `envs` are the habits of each by its place, `env` is
    those of the others."""

    def __init__(self, columns: Sequence[Mapped], envs: Mapping[int, Env], env: Env) -> None:
        self._env = env
        self._far = (env.now.date() + _FAR).isoformat()
        #: place of a column -> whether a cell of it is read as of today
        self._moving = {column.place: _moving(envs.get(column.place, env)) for column in columns}
        #: by title: how many cells are read as of today, and the first of their words
        self._counts: dict[str, int] = {}
        self._words: dict[str, dict[str, None]] = {}
        #: by title: how many days of birth are none
        self._unborn: dict[str, int] = {}
        #: by title: the first of all its days
        self._first: dict[str, str] = {}

    def look(self, column: Mapped, cells: Sequence[str], days: Sequence[str | None]) -> None:
        """Some further cells of a column, and the days or moments that they were read as. One of no days is passed
        over."""
        if (moving := self._moving.get(column.place)) is None:
            return
        header = column.header
        if known := [day for day in days if day]:
            self._first[header] = min(*known, self._first.get(header, "9999-12-31"))
        for cell in (cell for cell, day in zip(cells, days, strict=True) if day and moving(cell)):
            self._counts[header] = self._counts.get(header, 0) + 1
            words = self._words.setdefault(header, {})
            if len(words) < _MOST_TOLD:
                words[clip(" ".join(cell.split()), _MOST_OF_WORD)] = None

    def unborn(self, header: str, problems: Problems, bad: Problems) -> dict[int, str]:
        """Of what cannot be read in a column of days of birth (`problems`), by row a line for the description: whoever
        was born on a 33rd of December is somebody all the same. What has not the figures of a day goes to `bad`."""
        lines = {}
        for row, problem in problems.items():
            if sum(map(str.isdecimal, problem.value)) < _LEAST_FIGURES:
                bad.setdefault(row, problem)
                continue
            lines[row] = f"{header}: {problem.value.strip()}"
            self._unborn[header] = self._unborn.get(header, 0) + 1
        return lines

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """While rows are read that were counted before."""
        counts, unborn = dict(self._counts), dict(self._unborn)
        yield
        self._counts, self._unborn = counts, unborn

    def notes(self) -> Iterator[str]:
        """What was seen, column by column."""
        today = show_day(self._env.now.date(), self._env.calendar)
        for header, count in self._counts.items():
            words = ", ".join(self._words[header])
            yield f"column {header}: days said as seen from today ({words}) are read as of {today}: {count:,} cells"
        for header, count in self._unborn.items():
            cells = "1 cell is" if count == 1 else f"{count:,} cells are"
            yield f"column {header}: {cells} no day, and kept in the description"
        for header, first in self._first.items():
            if first[:10] > self._far:
                yield (
                    f"column {header}: all its days are more than 40 years ahead ({first[:10]} is the first); "
                    "perhaps they are of another calendar"
                )


def _moving(env: Env) -> Callable[[str], bool]:
    return reading.cached(lambda text: moments.depends_on_today(text, env))
