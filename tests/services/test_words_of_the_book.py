"""The words of the book: what is so already changes nothing, and what cannot be a word is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import DEAL, LEAD
from crmcli.errors import FieldError, UsageError
from crmcli.services import board, deals, pipelines, records, tags, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context
    from crmcli.results import Changed

ORDER = ("new", "Qualified", "PROPOSITION", "won")
REPEATED: dict[str, Callable[[Context], Changed]] = {
    "tag put on and taken off": lambda ctx: records.edit(ctx, LEAD, [1], {"tags": "+fresh,-Fresh"}),
    "tag taken off and put on": lambda ctx: records.edit(ctx, LEAD, [1], {"tags": "-vip,+vip"}),
    "tag rename": lambda ctx: tags.rename(ctx, "vip", "vip"),
    "stage order": lambda ctx: pipelines.stage_reorder(ctx, ORDER),
    "first stages": lambda ctx: pipelines.stage_reorder(ctx, ORDER[:2]),
    "stage edit": lambda ctx: pipelines.stage_edit(ctx, "New", {"name": "New"}),
    "pipeline edit": lambda ctx: pipelines.pipeline_edit(ctx, "Sales", {"name": "Sales"}),
    "user edit": lambda ctx: vocabulary.user_edit(ctx, "bob", {"active": "yes", "email": ""}),
}


@pytest.mark.parametrize("name", REPEATED)
def test_what_is_so_already_makes_no_batch(ctx: Context, name: str) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "tags": "vip"})
    vocabulary.user_add(ctx, "bob", {})
    batches = ctx.reader.value("SELECT count(*) FROM batch")
    assert REPEATED[name](ctx).changes == ()
    assert ctx.reader.value("SELECT count(*) FROM batch") == batches
    assert ctx.names("tag") == ["vip"]


def test_of_a_tag_named_twice_the_last_word_counts(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "tags": "vip"})
    records.edit(ctx, LEAD, [1], {"tags": "-Hot,+hot,+cold,+vip,-VIP"})
    assert sorted(records.get(ctx, LEAD, 1)["tags"]) == ["Hot", "cold"]
    assert ctx.names("tag") == ["cold", "Hot", "vip"]


NAMED: dict[str, Callable[[Context, str], Changed]] = {
    "user": lambda ctx, text: vocabulary.user_edit(ctx, "bob", {"name": text}),
    "new user": lambda ctx, text: vocabulary.user_add(ctx, text, {}),
    "pipeline": lambda ctx, text: pipelines.pipeline_edit(ctx, "Sales", {"name": text}),
    "new pipeline": lambda ctx, text: pipelines.pipeline_add(ctx, text),
    "stage": lambda ctx, text: pipelines.stage_edit(ctx, "New", {"name": text}),
    "new stage": lambda ctx, text: pipelines.stage_add(ctx, text),
    "tag": lambda ctx, text: tags.rename(ctx, "vip", text),
}
#: Words that are made on the way, where an empty one says that there is none.
MADE: dict[str, Callable[[Context, str], Changed]] = {
    "first stages": lambda ctx, text: pipelines.pipeline_add(ctx, "P", ["A", "B", text]),
    "source": lambda ctx, text: records.edit(ctx, LEAD, [1], {"source": text}),
    "owner": lambda ctx, text: records.edit(ctx, LEAD, [1], {"owner": text}),
    "tags": lambda ctx, text: records.edit(ctx, LEAD, [1], {"tags": text}),
    "company": lambda ctx, text: records.add(ctx, DEAL, {"name": "Engine", "company": text}),
}


@pytest.mark.parametrize("name", [*NAMED, *MADE])
def test_what_cannot_be_a_word_is_refused_on_both_engines(ctx: Context, name: str) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "tags": "vip"})
    vocabulary.user_add(ctx, "bob", {})
    for text in ("Zed\0", "Zed\udcff"):
        with pytest.raises(FieldError, match=r"holds a NUL|not valid Unicode"):
            {**NAMED, **MADE}[name](ctx, text)
    for text in ("", " ", "\u200c") if name in NAMED else ():
        with pytest.raises(UsageError) as refused:
            NAMED[name](ctx, text)
        assert "name" in str(refused.value) or "cannot be a tag" in str(refused.value)


def test_cards_of_a_removed_stage_come_in_their_order(ctx: Context) -> None:
    for name in ("A", "B", "C", "D"):
        records.add(ctx, DEAL, {"name": name, "stage": "qualified"})
    for number, place in enumerate((3, 4, 1, 2), start=1):
        deals.move(ctx, DEAL, [number], "qualified", position=place * 1024)
    deals.lost(ctx, DEAL, [4], "Silent")
    records.add(ctx, DEAL, {"name": "First", "stage": "new"})
    pipelines.stage_remove(ctx, "qualified", to="new")
    lanes = board.cards(ctx, words=["is:any"]).lanes
    assert [card[1] for card in lanes[0].cards] == ["First", "C", "D", "A", "B"]
