"""When something happened, as files say it: the time beside its day; that a file does not say it; what it was about."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from crmcli.domain.entities import INTERACTION
from crmcli.domain.text import fold
from crmcli.errors import FieldError, UsageError
from crmcli.services.imports import columns as reading
from crmcli.services.imports import happened_words, moments, roles, starts, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped

#: So many columns are named of which one may say when something happened.
_MOST_TOLD = 5


def at_times(
    block: Block, turned: list[list[str]], by: Mapping[str, Sequence[Mapped]], envs: Mapping[int, Env], env: Env,
    bad: Problems,
) -> None:  # fmt: skip
    """Put the times of a column beside one of days together with these; a cell with a time of its own keeps it.
    `turned` has the cells column by column, `by` the columns by field and role, `envs` the habits of each."""
    for beside in by.get(roles.AT_TIME, ()):
        for column in by.get("at", ()):
            day = reading.cached(_days(envs.get(column.place, env)))
            for row, (cell, clock) in enumerate(zip(turned[column.place], turned[beside.place], strict=True)):
                if (on := day(cell)) or not cell.strip():
                    at = times.at_time(on, clock, beside.header, row, env, bad)
                    block.columns["at"][row] = at or block.columns["at"][row]


def _days(env: Env) -> Callable[[str], str | None]:
    def read(cell: str) -> str | None:
        try:
            return None if moments.moment(cell, env) else moments.day(cell, env)
        except FieldError:
            return None  # what is no day is among the problems already

    return read


def check(kind: Entity, columns: Sequence[Mapped]) -> None:
    """Raises UsageError for a file of what happened that says in no column that is understood when, and has days in one
    that is not."""
    days = [column.header for column in columns if not (column.to or column.left) and starts.is_day(column.sample)]
    if days and any(notes(kind, columns)):
        raise UsageError(
            f"no column is recognised as when it happened, and {', '.join(days[:_MOST_TOLD])} may be",
            f"--map {shlex.quote(days[0] + '=at')} takes {days[0]}; --map {shlex.quote(days[0] + '=-')} leaves it out,"
            " and where no such column is left it all happens now",
        )


def notes(kind: Entity, columns: Iterable[Mapped]) -> Iterator[str]:
    """What is to be said of a file of what happened that does not say when."""
    if kind is INTERACTION and not any({"at", "created_at"}.intersection(column.to) for column in columns):
        yield "no column says when it happened, so that it all happens now; say which one does: --map 'COLUMN=at'"


def with_subjects(
    block: Block, turned: Sequence[Sequence[str]], by: Mapping[str, Sequence[Mapped]], bad: Problems
) -> None:
    """Put what something was about in front of its text, unless that has it there. `turned` has the cells column by
    column, `by` the columns by field and role."""
    for column in reversed(by.get(roles.SUBJECT, ())):
        subjects = reading.words(turned[column.place], column.header, bad)
        texts = block.columns.get("body") or [None] * len(block)
        block.columns["body"] = [_headed(text, subject) for text, subject in zip(texts, subjects, strict=True)]


def with_kinds(block: Block, turned: Sequence[Sequence[str]], by: Mapping[str, Sequence[Mapped]]) -> None:
    """Where no column of the file says of which kind what happened was, a direction may: Incoming call."""
    if all(column.fixed for column in by.get("kind", ())):
        for column in by.get("direction", ()):
            kinds = block.columns.get("kind") or [None] * len(block)
            said = map(happened_words.kind_beside, turned[column.place])
            block.columns["kind"] = [beside or kind for beside, kind in zip(said, kinds, strict=True)]


def _headed(text: str | None, subject: str | None) -> str | None:
    if not text or not subject:
        return text or subject
    return text if fold(text.splitlines()[0]) == fold(subject) else f"{subject}\n{text}"
