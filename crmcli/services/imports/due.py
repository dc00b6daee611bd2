"""When the tasks of a block are due, and which of them are done."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import blank, clip
from crmcli.domain.types import show_instant
from crmcli.services.imports import columns as reading
from crmcli.services.imports import facts, headings, moments, roles, times
from crmcli.services.imports.columns import ANY_DAY, Problem, Problems
from crmcli.services.imports.endings import is_done, neither_done
from crmcli.services.imports.nothing import NULLS, no_day, without_nulls
from crmcli.services.imports.titles import own_forms, squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.mapping import Mapped

    _By = Mapping[str, Sequence[Mapped]]

#: The titles of columns that say how anything stands.
_STATUSES = frozenset(map(squeeze, ("status", *headings.FIELDS["status"], *headings.spoken("task", "status"))))
#: The titles of columns of tasks that say yes or no; the others of that role say how a task stands, in any words.
_FLAGS = frozenset(map(squeeze, roles.ROLES[roles.IS_DONE].titles)) - _STATUSES
#: How many words that say nothing are named, and how much of each.
_MOST_TOLD, _MOST_OF_WORD = 10, 40


class Said:
    """What `columns` of tasks say of which are done, row by row. `look` at the file's rows gathers the words that say
    nothing of it, for `notes`."""

    def __init__(self, columns: Sequence[Mapped]) -> None:
        self._columns = [column for column in columns if roles.IS_DONE in column.to]
        self._moments = [column.place for column in columns if "done_at" in column.to]
        self._reads = [_reader(column) for column in self._columns]
        self._flags = [_is_flag(column.header) for column in self._columns]
        #: the first words that say nothing, in order, of each column
        self._nothing: list[list[str]] = [[] for _ in self._columns]

    def done(self, words: Sequence[str], *, ended: bool) -> bool | None:
        """What the words of a row say, one of each column: of several columns the first that says anything counts. Any
        of them beside the moment at which it was done (`ended`) says that it is."""
        if ended and any(word.strip() for word in words):
            return True
        said = (read(word) for read, word in zip(self._reads, words, strict=True) if word.strip())
        return next((one for one in said if one is not None), None)

    def refused(self, words: Sequence[str]) -> Problem | None:
        """The word in a column of yes and no that is neither, nor tells how the task stands. A day there says when it
        was or is to be done, and is neither as well."""
        for column, read, flag, word in zip(self._columns, self._reads, self._flags, words, strict=True):
            if flag and word.strip() and read(word) is None and not (ANY_DAY.match(word) or neither_done(word)):
                return Problem(column.header, word, f"'{clip(word, _MOST_OF_WORD)}' is neither yes nor no")
        return None

    def look(self, rows: Iterable[Sequence[str]]) -> None:
        places = [column.place for column in self._columns]
        if not places:
            return
        different = {
            (
                tuple([row[place] for place in places]),
                any(
                    (cell := row[place]) not in NULLS and not blank(cell) and not no_day(cell)
                    for place in self._moments
                ),
            )
            for row in rows
        }
        found: list[set[str]] = [set(some) for some in self._nothing]
        for cells, ended in different:
            words, _ = without_nulls(list(cells))
            if self.done(words, ended=ended) is None and self.refused(words) is None:
                for some, word in zip(found, words, strict=True):
                    if word.strip():
                        some.add(clip(" ".join(word.split()), _MOST_OF_WORD))
        self._nothing = [sorted(some)[:_MOST_TOLD] for some in found]

    def notes(self, *, update: bool) -> list[str]:
        """The words by which nobody knows whether a task is done, column by column: a new task is open by them, one
        that an `update` finds stays as it is."""
        stay = "; tasks that are known stay as they are" if update else ""
        return [
            f"column {column.header}: taken as open: {', '.join(some)}{stay}"
            for column, some in zip(self._columns, self._nothing, strict=True)
            if some
        ]


def has_shares(header: str) -> bool:
    """Whether a column of tasks says by its title how much of each is done."""
    return re.search(r"[%٪]|percent|pct|progress|درصد|پیشرفت", f"{header} {squeeze(header)}") is not None


def _reader(column: Mapped) -> Callable[[str], bool | None]:
    percent, fractions = has_shares(column.header), column.unit == facts.FRACTION
    flag = _is_flag(column.header)
    return reading.cached(lambda word: is_done(word, percent=percent, fractions=fractions, flag=flag))


def _is_flag(header: str) -> bool:
    return any(form in _FLAGS for _, form in own_forms("task", header))


def appointments(
    block: Block, turned: list[list[str]], by: _By, envs: Mapping[int, Env], env: Env, bad: Problems
) -> dict[str, int]:
    """A task that is due at a time of a day is an appointment; so is one with a time beside its day. `turned` has the
    cells column by column, `by` the columns by field and role, `envs` the habits of each. Returned is by title how many
    times have no day."""
    none: list[Any] = [None] * len(block)
    undated: dict[str, int] = {}
    for column in by.get(roles.DUE_TIME, ()) if "due_on" in block.columns else ():
        rows = [*zip(block.columns["due_on"], turned[column.place], strict=True)]
        whole = [times.says_day(cell) for _, cell in rows]
        found = [
            times.at_time(day, cell, column.header, row, env, bad) if day or own else None
            for row, ((day, cell), own) in enumerate(zip(rows, whole, strict=True))
        ]
        undated[column.header] = sum(
            not (day or own or row in bad or times.says_none(cell))
            for row, ((day, cell), own) in enumerate(zip(rows, whole, strict=True))
        )
        block.columns["due_on"] = [
            _day(moment, env) if own and moment else day
            for own, moment, (day, _) in zip(whole, found, rows, strict=True)
        ]
        given = block.columns.get("due_at") or none
        block.columns["due_at"] = [g or f for g, f in zip(given, found, strict=True)]
    for column in by.get("due_on", ()):
        habits = envs.get(column.place, env)
        beside: Problems = {}  # what is no day is among the problems already
        parse = reading.cached(lambda text, habits=habits: moments.moment(text, habits))  # type: ignore[misc]
        found = reading.each(parse, turned[column.place], column.header, beside)
        if any(found):
            given = block.columns.get("due_at") or none
            block.columns["due_at"] = [g or f for g, f in zip(given, found, strict=True)]
    return undated


def done(block: Block, turned: list[list[str]], by: _By, env: Env, bad: Problems) -> None:
    """A task that is said to be done was so when the file says, else when it was due, now at the latest. A day to come
    is one on which it is due; where a word beside that says that it is not done, it is not."""
    columns = by.get(roles.IS_DONE, ())
    if not columns and ("done_at" not in block.columns or "uid" in by):
        return
    says = Said(columns)
    none: list[Any] = [None] * len(block)
    said, *when = (block.columns.get(name) or none for name in ("done_at", "due_at", "due_on"))
    now = show_instant(env.now)
    ahead = [at if at and at > now else None for at in said]
    said = [None if late else at for at, late in zip(said, ahead, strict=True)]
    block.told["done_at"] = said
    words = list(zip(*(turned[column.place] for column in columns), strict=True)) if columns else [()] * len(block)
    finished = [says.done(some, ended=at is not None) for some, at in zip(words, said, strict=True)]
    finished = [True if late and one is None else one for one, late in zip(finished, ahead, strict=True)]
    if columns:
        block.done = finished
    for row in [row for row, one in enumerate(finished) if one is None]:
        if problem := says.refused(words[row]):
            bad.setdefault(row, problem)
    block.columns["done_at"] = [
        at or (min(str(moments.instant(moment or day or now, env)), now) if one else None)
        for one, at, moment, day in zip(finished, said, *when, strict=True)
    ]
    if any(ahead):
        days = block.columns.get("due_on") or none
        block.columns["due_on"] = [day or (late and _day(late, env)) for day, late in zip(days, ahead, strict=True)]


def _day(moment: str, env: Env) -> str:
    """The day of a moment where the user is."""
    return datetime.fromisoformat(moment).astimezone(env.now.tzinfo).date().isoformat()
