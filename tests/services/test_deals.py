"""Leads to won deals, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.errors import FieldError, RefusedError, UsageError
from crmcli.services import deals, pipelines, records, timeline
from tests.support.books import NOW

if TYPE_CHECKING:
    from crmcli.context import Context

ADA = {
    "name": "Ada Lovelace", "company": "Analytical Engines", "email": "ada@engines.example",
    "phone": "+98 21 8888 7777", "source": "web", "tags": "vip", "value": "12000", "currency": "EUR",
}  # fmt: skip


def lead(ctx: Context, **more: str) -> int:
    return records.add(ctx, LEAD, {**ADA, **more}).ids[0]


def deal(ctx: Context, **more: str) -> int:
    return records.add(ctx, DEAL, {"name": "Engine", "value": "1000", **more}).ids[0]


def row(ctx: Context, number: int, kind: Any = DEAL) -> dict[str, Any]:
    return records.get(ctx, kind, number)


def later(monkeypatch: pytest.MonkeyPatch, ctx: Context, days: int) -> None:
    monkeypatch.setenv("CRM_NOW", NOW.replace("-21T", f"-{21 + days}T"))
    ctx.tick()


def test_a_lead_starts_in_the_first_stage_with_its_probability(ctx: Context) -> None:
    found = row(ctx, lead(ctx), LEAD)
    assert (found["stage"], found["probability"], found["status"], found["currency"]) == ("New", 1000, "open", "EUR")
    assert found["value"] == 1_200_000
    assert found["tags"] == ["vip"]


def test_convert_keeps_number_history_and_timeline_and_links_both(ctx: Context) -> None:
    number = lead(ctx)
    timeline.add(ctx, LEAD, number, "call", "no answer")
    changed = deals.convert(ctx, number)
    assert changed.lines[0] == f"lead:{number} is now deal:{number} Ada Lovelace"
    found = row(ctx, number)
    assert (found["company"], found["contact"]) == ("Analytical Engines", "Ada Lovelace")
    assert found["converted_at"] is not None
    assert [touch["kind"] for touch in timeline.timeline(ctx, DEAL, number).rows] == ["call"]
    assert row(ctx, found["company_id"], COMPANY)["domain"] == "engines.example"
    person = row(ctx, found["contact_id"], CONTACT)
    assert (person["email"], person["company"], person["tags"]) == (
        "ada@engines.example",
        "Analytical Engines",
        ["vip"],
    )
    assert person["last_touch"] == found["last_touch"] is not None


def test_convert_links_what_is_there(ctx: Context) -> None:
    company = records.add(ctx, COMPANY, {"name": "ANALYTICAL ENGINES"}).ids[0]
    person = records.add(ctx, CONTACT, {"name": "A. Lovelace", "email": "ADA@engines.example"}).ids[0]
    number = lead(ctx)
    deals.convert(ctx, number)
    found = row(ctx, number)
    assert (found["company_id"], found["contact_id"]) == (company, person)
    assert row(ctx, person, CONTACT)["company_id"] == company


def test_convert_to_parts_keeps_the_lead(ctx: Context) -> None:
    number = lead(ctx)
    deals.convert(ctx, number, ("company",))
    assert row(ctx, number, LEAD)["status"] == "open"
    with pytest.raises(UsageError, match="invoice"):
        deals.convert(ctx, number, ("invoice",))


def test_a_closed_lead_is_not_converted(ctx: Context) -> None:
    number = lead(ctx)
    deals.lost(ctx, LEAD, [number], "Too expensive")
    with pytest.raises(RefusedError, match="not open"):
        deals.convert(ctx, number)


def test_won_goes_to_the_won_stage_and_closes(ctx: Context) -> None:
    number = deal(ctx)
    deals.won(ctx, DEAL, [number])
    found = row(ctx, number)
    assert (found["stage"], found["status"], found["probability"]) == ("Won", "won", 10_000)
    assert found["closed_at"] == "2026-11-21T10:00:00.000Z"
    assert deals.won(ctx, DEAL, [number]).ids == ()


def test_a_card_put_in_a_won_stage_is_won_and_taken_out_is_open(ctx: Context) -> None:
    number = deal(ctx)
    deals.move(ctx, DEAL, [number], "won")
    assert row(ctx, number)["status"] == "won"
    deals.move(ctx, DEAL, [number], "qualified")
    found = row(ctx, number)
    assert (found["status"], found["probability"], found["closed_at"]) == ("open", 3000, None)


def test_lost_archives_with_a_reason_and_restore_opens_again(ctx: Context) -> None:
    number = deal(ctx)
    deals.move(ctx, DEAL, [number], "proposition")
    deals.lost(ctx, DEAL, [number], "Too expensive", "they said so")
    found = row(ctx, number)
    assert (found["status"], found["probability"], found["lost_reason"]) == ("lost", 0, "Too expensive")
    assert found["archived_at"] == found["closed_at"] is not None
    assert [touch["body"] for touch in timeline.timeline(ctx, DEAL, number).rows if touch["kind"] == "note"] == [
        "they said so"
    ]
    deals.restore(ctx, DEAL, [number])
    found = row(ctx, number)
    assert (found["status"], found["probability"], found["lost_reason"]) == ("open", 6000, None)


def test_a_won_deal_cannot_be_lost(ctx: Context) -> None:
    number = deal(ctx)
    deals.won(ctx, DEAL, [number])
    with pytest.raises(RefusedError, match="cannot be lost"):
        deals.lost(ctx, DEAL, [number])


def test_reopen_returns_a_won_deal_to_the_stage_it_came_from(ctx: Context) -> None:
    number = deal(ctx)
    deals.move(ctx, DEAL, [number], "qualified")
    deals.won(ctx, DEAL, [number])
    deals.reopen(ctx, DEAL, [number])
    assert (row(ctx, number)["stage"], row(ctx, number)["status"]) == ("Qualified", "open")


def test_stage_history_has_durations_and_no_stage_that_was_skipped(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = deal(ctx)
    later(monkeypatch, ctx, 2)
    deals.move(ctx, DEAL, [number], "proposition")
    later(monkeypatch, ctx, 5)
    deals.won(ctx, DEAL, [number])
    moves = ctx.reader.rows("SELECT stage, seconds FROM v_stage_move WHERE opportunity_id = ? ORDER BY id", (number,))
    assert moves == [("New", 2 * 86_400), ("Proposition", 3 * 86_400)]


def test_a_probability_set_by_hand_stays_until_it_is_cleared(ctx: Context) -> None:
    number = deal(ctx)
    records.edit(ctx, DEAL, [number], {"probability": "42"})
    deals.move(ctx, DEAL, [number], "proposition")
    found = row(ctx, number)
    assert (found["probability"], found["probability_manual"], found["weighted"]) == (4200, True, 42_000)
    records.edit(ctx, DEAL, [number], {"probability": ""})
    found = row(ctx, number)
    assert (found["probability"], found["probability_manual"]) == (6000, False)


def test_recurring_revenue_a_month(ctx: Context) -> None:
    number = deal(ctx, recurring="1200", plan="yearly")
    assert row(ctx, number)["mrr"] == 10_000
    records.edit(ctx, DEAL, [number], {"mrr": "50"})
    found = row(ctx, number)
    assert (found["mrr"], found["plan"]) == (5000, "monthly")


def test_a_new_currency_keeps_the_amount_in_major_units(ctx: Context) -> None:
    number = deal(ctx, value="1000", currency="EUR")
    records.edit(ctx, DEAL, [number], {"currency": "JPY"})
    assert row(ctx, number)["value"] == 1000
    records.edit(ctx, DEAL, [number], {"value": "12.345 KWD"})
    assert (row(ctx, number)["value"], row(ctx, number)["currency"]) == (12_345, "KWD")
    with pytest.raises(FieldError):
        records.edit(ctx, DEAL, [number], {"currency": "JPY"})


def test_the_board_sums_by_stage_and_currency(ctx: Context) -> None:
    deal(ctx, value="1000 EUR")
    deal(ctx, value="500 EUR", stage="qualified")
    deal(ctx, value="70000 JPY", stage="qualified")
    deal(ctx, value="", stage="qualified")
    rows = [(r["stage"], r["count"], r["value"], r["weighted"], r["currency"]) for r in pipelines.board(ctx).rows]
    assert rows == [
        ("New", 1, 100_000, 10_000, "EUR"),
        ("Qualified", 2, 50_000, 15_000, "EUR"),
        ("Qualified", 1, 70_000, 21_000, "JPY"),
        ("Proposition", 0, None, None, None),
        ("Won", 0, None, None, None),
    ]


def test_a_second_pipeline_has_its_own_stages(ctx: Context) -> None:
    pipelines.pipeline_add(ctx, "Renewals", ["Due", "Asked", "Renewed"])
    number = deal(ctx, pipeline="renewals")
    assert row(ctx, number)["stage"] == "Due"
    deals.won(ctx, DEAL, [number])
    assert row(ctx, number)["stage"] == "Renewed"
    with pytest.raises(FieldError, match="there is no stage 'nowhere'"):
        deals.move(ctx, DEAL, [number], "nowhere")


def test_ticking_won_wins_the_deals_of_the_stage(ctx: Context) -> None:
    number = deal(ctx, stage="proposition")
    pipelines.stage_edit(ctx, "proposition", {"won": "yes"})
    assert (row(ctx, number)["status"], row(ctx, number)["probability"]) == ("won", 10_000)
    pipelines.stage_edit(ctx, "proposition", {"won": "no", "probability": "60"})
    assert (row(ctx, number)["status"], row(ctx, number)["probability"]) == ("open", 6000)


def test_a_stage_is_removed_only_when_nothing_needs_it(ctx: Context) -> None:
    pipelines.stage_add(ctx, "Negotiation", after="qualified")
    names = [r["name"] for r in pipelines.stages(ctx).rows]
    assert names == ["New", "Qualified", "Negotiation", "Proposition", "Won"]
    pipelines.stage_remove(ctx, "negotiation")
    deal(ctx, stage="qualified")
    with pytest.raises(UsageError, match="--to"):
        pipelines.stage_remove(ctx, "qualified")


def test_all_amounts_of_a_record_are_in_one_currency(ctx: Context) -> None:
    number = deal(ctx, value="1200000 JPY", recurring="50000", plan="monthly")
    found = row(ctx, number)
    assert (found["value"], found["recurring"], found["currency"]) == (1_200_000, 50_000, "JPY")
    for amounts in ({"value": "500 USD", "currency": "EUR"}, {"value": "5 USD", "recurring": "3 EUR"}):
        with pytest.raises(FieldError, match="one currency"):
            deal(ctx, **amounts)
    records.edit(ctx, DEAL, [number], {"value": "7 USD"})
    found = row(ctx, number)
    assert (found["value"], found["recurring"], found["currency"]) == (700, 5_000_000, "USD")
