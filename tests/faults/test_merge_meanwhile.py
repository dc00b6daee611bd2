"""Two people at one book on PostgreSQL: one merges, the other is at one of the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.errors import ConflictError, CrmError, RefusedError
from crmcli.services import history, merging, records, timeline
from tests.faults.test_purge_meanwhile import at_once, two
from tests.support.books import sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context

__all__ = ["two"]

WRITES: dict[str, Callable[[Context], object]] = {
    "task": lambda ctx: records.add(ctx, TASK, {"name": "Write", "on": "contact:2"}),
    "note": lambda ctx: timeline.add(ctx, CONTACT, 2, "note", "likes tea"),
    "link": lambda ctx: records.edit(ctx, DEAL, [1], {"contact": "2"}),
    "edit": lambda ctx: records.edit(ctx, CONTACT, [2], {"mobile": "+49 170 1111"}),
}


@pytest.fixture
def pair(two: tuple[Context, Context]) -> tuple[Context, Context]:
    """The same two people; contact:2 is contact:1 too."""
    records.add(two[0], CONTACT, {"name": "X. Quux"})
    return two


@pytest.mark.parametrize("name", WRITES)
def test_what_a_colleague_was_saving_goes_along(pair: tuple[Context, Context], name: str) -> None:
    one, other = pair
    left = at_once(one, other, "cli", lambda: WRITES[name](one), lambda: merging.merge(other, CONTACT, [1, 2]))
    assert not isinstance(left, CrmError), left
    assert records.get(one, CONTACT, 1)["mobile"] == ("+49 170 1111" if name == "edit" else None)
    sound(one)


@pytest.mark.parametrize("name", WRITES)
def test_what_a_colleague_was_saving_goes_along_when_a_merge_is_brought_back(
    pair: tuple[Context, Context], name: str
) -> None:
    one, other = pair
    undone = history.undo(one, merging.merge(one, CONTACT, [1, 2]).batch).batch
    left = at_once(one, other, "cli", lambda: WRITES[name](one), lambda: history.undo(other, undone))
    assert not isinstance(left, CrmError), left
    sound(one)


@pytest.mark.parametrize("name", WRITES)
def test_what_a_colleague_saves_after_it_hangs_on_the_one_that_stays(pair: tuple[Context, Context], name: str) -> None:
    one, other = pair
    left = at_once(
        one, other, "cli", lambda: merging.merge(one, CONTACT, [1, 2]), lambda: WRITES[name](other), alone=True
    )
    assert not isinstance(left, CrmError) or isinstance(left, RefusedError), left
    if isinstance(left, RefusedError):
        assert "contact:2 X. Quux was merged into contact:1" in left.message
    sound(one)


def test_a_purge_of_one_who_is_merged_meanwhile_takes_nobody_else(pair: tuple[Context, Context]) -> None:
    one, other = pair
    records.edit(one, CONTACT, [2], {"email": "second@p.example"})
    left = at_once(
        one, other, "cli", lambda: merging.merge(one, CONTACT, [1, 2]), lambda: history.purge(other, CONTACT, [2]),
        alone=True,
    )  # fmt: skip
    assert isinstance(left, ConflictError), left
    assert "contact:2 was merged into contact:1 meanwhile" in left.message
    assert one.reader.value("SELECT count(*) FROM contact") == 2
    history.purge(other, CONTACT, [2])
    assert one.reader.value("SELECT count(*) FROM contact") == 0


def test_two_merges_of_the_same_records_make_one(pair: tuple[Context, Context]) -> None:
    one, other = pair
    seen = records.versions(other, CONTACT, [1, 2])

    def second() -> object:
        with other.as_seen("contact", seen):
            return merging.merge(other, CONTACT, [1, 2], into=2)

    left = at_once(one, other, "cli", lambda: merging.merge(one, CONTACT, [1, 2]), second, alone=True)
    assert isinstance(left, ConflictError), left
    assert "contact:2 X. Quux (removed)" in left.message
    sound(one)
