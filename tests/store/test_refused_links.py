"""What the engines refuse to keep links whole, in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.errors import ConflictError
from crmcli.services import records
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context
    from crmcli.store.write import Transaction

#: What is written, and what PostgreSQL, which says what was in the way, makes of it.
REFUSED: tuple[tuple[Callable[[Transaction], object], str], ...] = (
    (lambda tx: tx.add("task", {"name": "Call", "contact_id": 99}), "contact 99, which this is linked to, went away"),
    (lambda tx: tx.change("deal", 1, {"source_id": 99}), "the source, which this is linked to, went away"),
    (lambda tx: tx.change("deal", 1, {"tags": [99]}), "the tag, which this is linked to, went away"),
    (lambda tx: tx.change("task", 1, {"opportunity_id": 99}), "lead or deal 99, which this is linked to, went away"),
    (lambda tx: tx.delete("contact", 1), "contact 1 is in use"),
    (lambda tx: tx.delete("deal", 1), "lead or deal 1 is in use"),
    (lambda tx: tx.delete("tag", 1), "the tag is in use"),
)


def saved(ctx: Context, write: Callable[[Transaction], object], late: bool) -> None:
    """Write something; what it links to is looked at when it is written, or when all is."""
    with ctx.writing() as tx:
        if late:
            sqlite = ctx.reader.dialect == "sqlite"
            ctx.reader.run("PRAGMA defer_foreign_keys = ON" if sqlite else "SET CONSTRAINTS ALL DEFERRED")
        write(tx)


@pytest.mark.parametrize("late", [False, True], ids=["at once", "at the end"])
def test_a_link_to_nothing_is_refused_in_our_words(
    store_url: str, opened: Callable[[str], Context], late: bool
) -> None:
    ctx = opened(store_url)
    records.add(ctx, CONTACT, {"name": "Ada"})
    records.add(ctx, DEAL, {"name": "Engine", "tags": "hot", "contact": "1"})
    records.add(ctx, TASK, {"name": "Write", "on": "deal:1"})
    sqlite = ctx.reader.dialect == "sqlite"
    for write, said in REFUSED:
        with pytest.raises(ConflictError) as refused:
            saved(ctx, write, late)
        if sqlite:
            said = "what this links to went away meanwhile, or what it takes away is in use now"
        else:
            said += " meanwhile"
        assert refused.value.message == said + connect.UNSAVED
