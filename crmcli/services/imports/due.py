"""When the tasks of a block are due, and which of them are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.text import clip
from crmcli.domain.types import show_instant
from crmcli.errors import FieldError
from crmcli.services.imports import columns as reading
from crmcli.services.imports import mapping
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.endings import is_done

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.mapping import Mapped

    _By = Mapping[str, Sequence[Mapped]]


def appointments(
    block: Block, turned: list[list[str]], by: _By, envs: Mapping[int, Env], env: Env, bad: Problems
) -> None:
    """A task that is due at a time of a day is an appointment; so is one with a time beside its day. `turned` has the
    cells column by column, `by` the columns by field and role, `envs` the habits of each."""
    none: list[Any] = [None] * len(block)
    for column in by.get(mapping.DUE_TIME, ()) if "due_on" in block.columns else ():
        found = [
            _at(day, cell, column.header, row, env, bad)
            for row, (day, cell) in enumerate(zip(block.columns["due_on"], turned[column.place], strict=True))
        ]
        given = block.columns.get("due_at") or none
        block.columns["due_at"] = [g or f for g, f in zip(given, found, strict=True)]
    for column in by.get("due_on", ()):
        habits = envs.get(column.place, env)
        beside: Problems = {}  # what is no day is among the problems already
        parse = reading.cached(lambda text, habits=habits: reading.moment(text, habits))  # type: ignore[misc]
        found = reading.each(parse, turned[column.place], column.header, beside)
        if any(found):
            given = block.columns.get("due_at") or none
            block.columns["due_at"] = [g or f for g, f in zip(given, found, strict=True)]


def _at(day: str | None, cell: str, header: str, row: int, env: Env, bad: Problems) -> str | None:
    """The moment of a time on a day; what is no time is a problem."""
    if not day or not cell.strip():
        return None
    try:
        return reading.moment(f"{day} {cell.strip()}", env._replace(calendar="gregorian"))
    except FieldError:
        bad.setdefault(row, Problem(header, cell, f"'{clip(cell, 40)}' is no time of a day"))
        return None


def done(block: Block, turned: list[list[str]], by: _By, env: Env) -> None:
    """A task that is said to be done was so when the file says, else when it was due, now at the latest. Of several
    columns the first that says anything counts, row by row."""
    columns = [turned[column.place] for column in by.get(mapping.IS_DONE, ())]
    if not columns:
        return
    none: list[Any] = [None] * len(block)
    said, *when = (block.columns.get(name) or none for name in ("done_at", "due_at", "due_on"))
    now = show_instant(env.now)
    block.told["done_at"] = said
    block.done = [_done(words, at) for words, at in zip(zip(*columns, strict=True), said, strict=True)]
    block.columns["done_at"] = [
        at or (min(str(reading.instant(moment or day or now, env)), now) if finished else None)
        for finished, at, moment, day in zip(block.done, said, *when, strict=True)
    ]


def _done(words: Sequence[str], at: str | None) -> bool | None:
    """What the words of a row say; any of them beside the moment `at` which it was done at says that it is."""
    told = [word for word in words if word.strip()]
    if told and at:
        return True
    return next((said for word in told if (said := is_done(word)) is not None), None)
