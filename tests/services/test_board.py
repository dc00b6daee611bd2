"""The board's one read agrees with the lists, the views and the text board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import DEAL
from crmcli.services import board, deals, pipelines, records

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ctx(isolated: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    found = Context(Settings(), quiet=True, plugins=False)
    with found.writing("test"):
        for number in range(40):
            stage = ("new", "qualified", "proposition")[number % 3]
            value = f"{number * 37 + 1}.{number:02} {('EUR', 'JPY', 'USD')[number % 2]}" if number % 5 else ""
            value = value.replace(f".{number:02} JPY", " JPY")
            records.add(
                found, DEAL, {"name": f"Deal {number}", "stage": stage, "value": value, "company": f"Firm {number % 7}"}
            )
    deals.won(found, DEAL, [1, 2])
    deals.lost(found, DEAL, [3], "Too expensive")
    records.remove(found, DEAL, [4])
    records.archive(found, DEAL, [5])
    yield found
    found.close()


def numbers(found: board.Board, lane: str) -> list[int]:
    return [card[0] for entry in found.lanes if entry.name == lane for card in entry.cards]


def test_lanes_hold_the_open_deals_in_order_and_what_was_won_lately(ctx: Context) -> None:
    found = board.cards(ctx)
    assert [lane.name for lane in found.lanes] == ["New", "Qualified", "Proposition", "Won"]
    for lane in ("New", "Qualified", "Proposition"):
        listed = records.list_records(ctx, DEAL, [f"stage:{lane.lower()}"], sort="position", limit=0)
        assert numbers(found, lane) == [row["id"] for row in listed.rows]
    assert numbers(found, "Won") == [1, 2]


def test_old_harvest_leaves_the_board(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOW", "2027-01-21T10:00:00+00:00")
    ctx.tick()
    assert numbers(board.cards(ctx), "Won") == []
    assert numbers(board.cards(ctx, 0, ["is:won"]), "Won") == [1, 2]


def test_sums_are_those_of_the_text_board(ctx: Context) -> None:
    told = {
        (row["stage"], row["currency"]): (row["value"], row["weighted"])
        for row in pipelines.board(ctx).rows
        if row["value"] is not None and not row["won"]
    }
    drawn = {
        (lane.name, entry.currency): (entry.value, entry.weighted)
        for lane in board.cards(ctx).lanes
        if not lane.won
        for entry in lane.sums
    }
    assert drawn == told
    assert drawn


@pytest.mark.parametrize("text", ["firm", "value:100..", "name:deal-1 or company:3", "is:lost", "is:any", "status:won"])
def test_a_filter_means_what_it_means_in_lists(ctx: Context, text: str) -> None:
    drawn = {card[0] for lane in board.cards(ctx, 0, [text]).lanes for card in lane.cards}
    listed = {row["id"] for row in records.list_records(ctx, DEAL, [text], limit=0).rows}
    lately_won = {1, 2} if text in ("firm", "value:100..", "name:deal-1 or company:3") else set()
    assert drawn - lately_won == listed - lately_won
