"""When something happened, as files say it: the time beside its day; and that a file does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import INTERACTION
from crmcli.errors import FieldError
from crmcli.services.imports import columns as reading
from crmcli.services.imports import due, moments, roles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped


def at_times(
    block: Block, turned: list[list[str]], by: Mapping[str, Sequence[Mapped]], envs: Mapping[int, Env], env: Env,
    bad: Problems,
) -> None:  # fmt: skip
    """Put the times of a column beside one of days together with these; a cell with a time of its own keeps it.
    `turned` has the cells column by column, `by` the columns by field and role, `envs` the habits of each."""
    for times in by.get(roles.AT_TIME, ()):
        for column in by.get("at", ()):
            day = reading.cached(_days(envs.get(column.place, env)))
            for row, (cell, clock) in enumerate(zip(turned[column.place], turned[times.place], strict=True)):
                if cell.strip() and clock.strip() and (on := day(cell)):
                    at = due.at_time(on, clock, times.header, row, env, bad)
                    block.columns["at"][row] = at or block.columns["at"][row]


def _days(env: Env) -> Callable[[str], str | None]:
    def read(cell: str) -> str | None:
        try:
            return None if moments.moment(cell, env) else moments.day(cell, env)
        except FieldError:
            return None  # what is no day is among the problems already

    return read


def notes(kind: Entity, columns: Iterable[Mapped]) -> Iterator[str]:
    """What is to be said of a file of what happened that does not say when."""
    if kind is INTERACTION and not any({"at", "created_at"}.intersection(column.to) for column in columns):
        yield "no column says when it happened, so that it all happens now; say which one does: --map 'COLUMN=at'"
