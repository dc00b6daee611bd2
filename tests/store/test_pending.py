"""What a transaction has gathered: it goes by what the rows are, and what makes no difference leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, DEAL, LEAD
from crmcli.services import deals, history, records, tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context


def test_a_flush_that_writes_nothing_leaves_nothing_behind(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    records.add(ctx, LEAD, {"name": "Ada", "city": "Bern"})
    with ctx.writing() as tx:
        tx.change("lead", 1, {"city": "Basel"})
        tx.change("lead", 1, {"city": "Bern"})
        assert tx.flush() == []
        tx.settle()
        tx.change("lead", 1, {"priority": 1})
        with pytest.raises(AssertionError, match="flush first"):
            tx.settle()
    assert [(change.before, change.after) for change in tx.changes] == [({"priority": 0}, {"priority": 1})]


def test_a_change_goes_by_what_the_row_is(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.example"})
    records.add(ctx, LEAD, {"name": "Lee", "tags": "vip", "email": "ada@x.example"})
    deals.convert(ctx, 1, to=("contact",))
    records.add(ctx, DEAL, {"name": "Big", "tags": "vip", "contact": "Ada"})
    both = [("deal", 2), ("lead", 1)]
    for verb in (lambda: tags.delete(ctx, "vip"), lambda: history.purge(ctx, CONTACT, [1])):
        told = [(change.entity, change.id) for change in verb().changes if change.table == "opportunity"]
        assert sorted(told) == both
