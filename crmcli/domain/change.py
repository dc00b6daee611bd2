"""A change of one record: what the user sees, what the journal keeps, what undo inverts, what plugins receive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.struct import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Change(Struct):
    """`before` and `after` hold the changed columns in stored form; `before` None: it was not there, `after` None: it
    is no more. `tags` is a column of its own: the sorted ids of the tags; so is each field that people added,
    `custom.NAME`. For a new record `after` holds every column that is not empty."""

    entity: str
    id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    table: str = ""


def written(changes: Sequence[Change], entity: str, number: int, column: str, meant: Any) -> Any:
    """What a column of a record is after these changes, in which plugins may have amended what was `meant`."""
    for change in reversed(changes):
        if change.id == number and change.entity == entity and change.after and column in change.after:
            return change.after[column]
    return meant
