"""What is to be told of the days of a file's columns: those read as of today, and those that are all far ahead."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

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


class _Seen(NamedTuple):
    """What was seen of one column: how many cells are read as of today (`moving`) and the first of their words, how
    many days of birth are none (`unborn`), how many times have no day (`undated`), and the `first` of all its days, ""
    for none."""

    moving: int = 0
    words: tuple[str, ...] = ()
    unborn: int = 0
    undated: int = 0
    first: str = ""


class DayNotes:
    """Looks at the columns of days of a file while they are read. `envs` are the habits of each by its place, `env` is
    those of the others."""

    def __init__(self, columns: Sequence[Mapped], envs: Mapping[int, Env], env: Env) -> None:
        self._env = env
        self._far = (env.now.date() + _FAR).isoformat()
        #: place of a column -> whether a cell of it is read as of today
        self._moving = {column.place: _moving(envs.get(column.place, env)) for column in columns}
        #: by title
        self._seen: dict[str, _Seen] = {}

    def look(self, column: Mapped, cells: Sequence[str], days: Sequence[str | None]) -> None:
        """Some further cells of a column, and the days or moments that they were read as. One of no days is passed
        over."""
        if (moving := self._moving.get(column.place)) is None:
            return
        seen = self._seen.get(column.header, _Seen())
        today = [cell for cell, day in zip(cells, days, strict=True) if day and moving(cell)]
        words = dict.fromkeys(seen.words)
        for cell in today:
            if len(words) < _MOST_TOLD:
                words[clip(" ".join(cell.split()), _MOST_OF_WORD)] = None
        known = [*filter(None, days), *filter(None, [seen.first])]
        self._seen[column.header] = seen._replace(
            moving=seen.moving + len(today), words=tuple(words), first=min(known, default="")
        )

    def unborn(self, header: str, problems: Problems, bad: Problems) -> dict[int, str]:
        """Of what cannot be read in a column of days of birth (`problems`), by row a line for the description: whoever
        was born on a 33rd of December is somebody all the same. What has not the figures of a day goes to `bad`."""
        lines = {}
        for row, problem in problems.items():
            if sum(map(str.isdecimal, problem.value)) < _LEAST_FIGURES:
                bad.setdefault(row, problem)
            else:
                lines[row] = f"{header}: {problem.value.strip()}"
        self.untold(header, lines)
        return lines

    def untold(self, header: str, lines: dict[int, str]) -> dict[int, str]:
        """Count what cells of days of birth say that no day can be told of, and is kept in the description."""
        if lines:
            seen = self._seen.get(header, _Seen())
            self._seen[header] = seen._replace(unborn=seen.unborn + len(lines))
        return lines

    def undated(self, header: str, count: int) -> None:
        """Count times of tasks that have no day: a task is due at none without one."""
        if count:
            seen = self._seen.get(header, _Seen())
            self._seen[header] = seen._replace(undated=seen.undated + count)

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """While rows are read that were counted before."""
        seen = dict(self._seen)
        yield
        self._seen = seen

    def notes(self) -> Iterator[str]:
        """What was seen, column by column."""
        today = show_day(self._env.now.date(), self._env.calendar)
        for header, seen in self._seen.items():
            if seen.moving:
                words = ", ".join(seen.words)
                yield (
                    f"column {header}: days said as seen from today ({words}) are read as of {today}:"
                    f" {seen.moving:,} cells"
                )
            if seen.unborn:
                cells = "1 cell is" if seen.unborn == 1 else f"{seen.unborn:,} cells are"
                yield f"column {header}: {cells} no day, and kept in the description"
            if seen.undated:
                cells = "1 time is" if seen.undated == 1 else f"{seen.undated:,} times are"
                yield f"column {header}: {cells} left out, where the row has no day"
            if seen.first[:10] > self._far:
                yield (
                    f"column {header}: all its days are more than 40 years ahead ({seen.first[:10]} is the first); "
                    "perhaps they are of another calendar"
                )


def _moving(env: Env) -> Callable[[str], bool]:
    return reading.cached(lambda text: moments.depends_on_today(text, env))
