"""Leads to won deals, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain import money
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TASK
from crmcli.errors import ConflictError, FieldError, FilterError, NotFoundError, RefusedError, UsageError
from crmcli.services import (
    board,
    deals,
    pipelines,
    records,
    reports,
    saved_views,
    tags,
    tasks,
    timeline,
    undoing,
    vocabulary,
)
from crmcli.services.imports import placing
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
    assert [touch["kind"] for touch in timeline.timeline(ctx, DEAL, number).rows] == ["converted", "call"]
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
        ("Qualified", 1, 50_000, 15_000, "EUR"),
        ("Qualified", 1, 70_000, 21_000, "JPY"),
        ("Qualified", 1, None, None, None),
        ("Proposition", 0, None, None, None),
        ("Won", 0, None, None, None),
    ]


def test_what_a_credit_weighs_is_rounded_as_what_it_takes_back(ctx: Context) -> None:
    """10 % of 5.00 taken back is -0.50, all of it -5.00: in the views, in filters and in every sum."""
    for value in ("-5 EUR", "-0.05 EUR", "-123.45 EUR"):
        deal(ctx, value=value)
    deal(ctx, value="-5 EUR", stage="won")
    assert [row(ctx, number)["weighted"] for number in (1, 2, 3, 4)] == [-50, -1, -1235, -500]
    assert [r["id"] for r in records.list_records(ctx, DEAL, ["weighted:-0.50"]).rows] == [1]
    assert [r["weighted"] for r in pipelines.board(ctx).rows if r["stage"] == "New"] == [-1286]
    assert [entry.weighted for entry in board.cards(ctx).lanes[0].sums] == [-1286]
    assert [r["weighted"] for r in reports.report(ctx, "pipeline").rows if r["stage"] == "New"] == [-1286]
    number = lead(ctx, value="-5 EUR", probability="10")
    assert row(ctx, number, LEAD)["weighted"] == -50


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
    with pytest.raises(FieldError, match="recurring of it is in JPY") as refused:
        records.edit(ctx, DEAL, [number], {"value": "7 USD"})
    assert "add currency=USD" in refused.value.hint
    records.edit(ctx, DEAL, [number], {"value": "7 USD", "currency": "USD"})
    found = row(ctx, number)
    assert (found["value"], found["recurring"], found["currency"]) == (700, 5_000_000, "USD")
    for amounts, kept in (
        ({"value": "", "mrr": "8 EUR"}, (None, 800, "EUR")),  # the other one goes
        ({"value": "9", "recurring": "9 CHF"}, (900, 900, "CHF")),  # both are typed
        ({"recurring": "", "value": "1 KWD"}, (1000, None, "KWD")),
    ):
        records.edit(ctx, DEAL, [number], amounts)
        found = row(ctx, number)
        assert (found["value"], found["recurring"], found["currency"]) == kept


def test_a_stage_leaves_the_lists_and_stays_in_the_history(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines.stage_add(ctx, "Negotiation", after="qualified")
    number, lost = deal(ctx, stage="negotiation"), deal(ctx, stage="negotiation", name="Gone")
    deals.lost(ctx, DEAL, [lost], "Too expensive")
    waiting = lead(ctx, stage="negotiation")
    with pytest.raises(UsageError, match="3 leads and deals are in Negotiation"):
        pipelines.stage_remove(ctx, "negotiation")
    with pytest.raises(UsageError, match="not won by that"):
        pipelines.stage_remove(ctx, "negotiation", to="won")
    before = rows_of(ctx)

    later(monkeypatch, ctx, 3)
    done = pipelines.stage_remove(ctx, "negotiation", to="qualified")

    assert done.lines == ("removed stage Negotiation", "moved to Qualified: 1 lead, 2 deals")
    assert (row(ctx, number)["stage"], row(ctx, number)["probability"]) == ("Qualified", 3000)
    assert (row(ctx, lost)["stage"], row(ctx, lost)["status"], row(ctx, lost)["probability"]) == (
        "Qualified",
        "lost",
        0,
    )
    assert row(ctx, waiting, LEAD)["stage"] == "Qualified"
    told = [touch["body"] for touch in timeline.timeline(ctx, DEAL, number).rows if touch["kind"] == "stage"]
    assert told == ["Negotiation -> Qualified after 3 d"]
    assert "Negotiation" not in [r["name"] for r in pipelines.stages(ctx).rows]
    assert "Negotiation" not in [r["stage"] for r in pipelines.board(ctx).rows]
    assert "Negotiation" not in ctx.names("stage")
    assert ctx.reader.rows("SELECT name FROM v_stage WHERE name = 'Negotiation'") == []
    with pytest.raises(FieldError, match="there is no stage 'negotiation'"):
        deals.move(ctx, DEAL, [number], "negotiation")
    with pytest.raises(FilterError, match="there is no stage 'negotiation'"):
        records.list_records(ctx, DEAL, ["stage:negotiation"])
    undoing.undo(ctx)
    assert rows_of(ctx) == before
    undoing.undo(ctx, ctx.batch)
    assert row(ctx, number)["stage"] == "Qualified"


def rows_of(ctx: Context) -> list[Any]:
    """Leads, deals, their ways and the stages, without what only grows."""
    found = []
    for table in ("opportunity", "stage", "stage_move"):
        names, rows = ctx.reader.names(f"SELECT * FROM {table} ORDER BY id")
        found += [{n: v for n, v in zip(names, one, strict=True) if n not in ("version", "position")} for one in rows]
    return found


def test_a_stage_that_nothing_was_in_is_gone(ctx: Context) -> None:
    pipelines.stage_add(ctx, "Negotiation")
    pipelines.stage_remove(ctx, "negotiation")
    assert ctx.reader.rows("SELECT 1 FROM stage WHERE name = 'Negotiation'") == []


def test_adding_a_stage_again_brings_it_back(ctx: Context) -> None:
    pipelines.stage_add(ctx, "Negotiation", assigned={"probability": "80", "rot_days": "9"})
    number = deal(ctx, stage="negotiation")
    pipelines.stage_remove(ctx, "negotiation", to="new")
    with pytest.raises(ConflictError, match="a stage that was removed is called 'Negotiation'"):
        pipelines.stage_edit(ctx, "qualified", {"name": "NEGOTIATION"})
    done = pipelines.stage_add(ctx, "negotiation", after="new")
    assert done.lines == ("brought back stage negotiation with its history",)
    found = [(r["name"], r["probability"], r["rot_days"]) for r in pipelines.stages(ctx).rows][:2]
    assert found == [("New", 1000, 0), ("negotiation", 8000, 9)]
    back = ctx.batch
    deals.move(ctx, DEAL, [number], "negotiation")
    with pytest.raises(ConflictError, match="its stage Negotiation would be a removed one"):
        undoing.undo(ctx, back)
    assert row(ctx, number)["stage"] == "negotiation"


def test_a_move_back_into_a_removed_stage_is_not_undone(ctx: Context) -> None:
    pipelines.stage_add(ctx, "Negotiation")
    number = deal(ctx, stage="negotiation")
    deals.move(ctx, DEAL, [number], "new")
    moved = ctx.batch
    pipelines.stage_remove(ctx, "negotiation")
    with pytest.raises(ConflictError, match="its stage Negotiation would be a removed one"):
        undoing.undo(ctx, moved)
    assert row(ctx, number)["stage"] == "New"


def test_what_is_won_goes_to_a_won_stage_when_its_own_is_removed(ctx: Context) -> None:
    pipelines.stage_add(ctx, "Signed", assigned={"won": "yes"})
    number = deal(ctx, stage="signed")
    closed = row(ctx, number)["closed_at"]
    with pytest.raises(UsageError, match="is won and stays so"):
        pipelines.stage_remove(ctx, "signed", to="new")
    pipelines.stage_remove(ctx, "signed", to="won")
    found = row(ctx, number)
    assert (found["stage"], found["status"], found["closed_at"]) == ("Won", "won", closed)


def test_two_stages_of_a_pipeline_have_two_names(ctx: Context) -> None:
    with pytest.raises(ConflictError, match="there is a stage 'New' already"):
        pipelines.stage_edit(ctx, "qualified", {"name": "new"})
    pipelines.stage_edit(ctx, "qualified", {"name": "QUALIFIED"})
    assert "QUALIFIED" in ctx.names("stage")


def test_a_deal_is_always_in_a_pipeline(ctx: Context) -> None:
    number = deal(ctx, stage="qualified")
    for field in ("pipeline", "stage"):
        with pytest.raises(FieldError, match=f"{field}: a deal always has one"):
            records.edit(ctx, DEAL, [number], {field: ""})
    assert (row(ctx, number)["pipeline"], row(ctx, number)["stage"]) == ("Sales", "Qualified")


def test_a_stage_is_one_of_the_deals_own_pipeline(ctx: Context) -> None:
    pipelines.pipeline_add(ctx, "After Sales", ["Due", "Asked", "Renewed"])
    number = deal(ctx)
    with pytest.raises(FieldError, match="in the pipeline After Sales, another one") as refused:
        deals.move(ctx, DEAL, [number], "asked")
    assert refused.value.hint == 'to go there: pipeline="After Sales" stage=Asked'
    records.edit(ctx, DEAL, [number], {"stage": "asked", "pipeline": "after sales"})
    assert (row(ctx, number)["pipeline"], row(ctx, number)["stage"]) == ("After Sales", "Asked")
    assert row(ctx, deal(ctx, stage="asked"))["pipeline"] == "After Sales"


def test_a_move_says_the_stage_and_not_what_was_typed(ctx: Context) -> None:
    assert deals.move(ctx, DEAL, [deal(ctx)], "q").lines == ("moved to Qualified: deal:1 Engine",)


@pytest.mark.parametrize("way", ["restore", "reopen", "move"])
def test_a_probability_set_by_hand_is_there_again_when_the_deal_is_open(ctx: Context, way: str) -> None:
    number = deal(ctx, probability="70")
    for close in (deals.lost, deals.won):
        close(ctx, DEAL, [number])
        found = row(ctx, number)
        assert (found["probability"], found["probability_manual"]) == (10_000 if close == deals.won else 0, False)
        if way == "move":
            deals.move(ctx, DEAL, [number], "qualified")
        else:
            (deals.restore if way == "restore" and close == deals.lost else deals.reopen)(ctx, DEAL, [number])
        found = row(ctx, number)
        assert (found["status"], found["probability"], found["probability_manual"]) == ("open", 7000, True)
    assert found["probability_kept"] is None


def test_a_lost_deal_forgets_its_probability_when_it_is_cleared(ctx: Context) -> None:
    number = deal(ctx, probability="70")
    deals.lost(ctx, DEAL, [number])
    records.edit(ctx, DEAL, [number], {"probability": ""})
    assert row(ctx, number)["probability"] == 0
    deals.restore(ctx, DEAL, [number])
    assert (row(ctx, number)["probability"], row(ctx, number)["probability_manual"]) == (1000, False)


@pytest.mark.parametrize(
    ("recurring", "plan", "mrr"),
    [
        ("1000 EUR", "3 years", 2778), ("1000 JPY", "3 years", 28), ("1000 EUR", "yearly", 8333),
        ("0.18 EUR", "yearly", 2), ("0.17 EUR", "yearly", 1), ("0.01 EUR", "quarterly", 0),
        ("0.02 EUR", "quarterly", 1), ("1 EUR", "5 years", 2), ("17.29 EUR", "monthly", 1729),
        ("10,000,000,000,000.00 EUR", "3 years", 27_777_777_777_778),
        ("-1000 EUR", "3 years", -2778), ("-0.18 EUR", "yearly", -2), ("-0.17 EUR", "yearly", -1),
        ("-0.02 EUR", "quarterly", -1), ("-0.01 EUR", "quarterly", 0), ("-1 EUR", "5 years", -2),
    ],
)  # fmt: skip
def test_recurring_revenue_a_month_rounds_half_away_from_zero(
    ctx: Context, recurring: str, plan: str, mrr: int
) -> None:
    number = deal(ctx, value="", recurring=recurring, plan=plan)
    assert row(ctx, number)["mrr"] == mrr
    found = records.list_records(ctx, DEAL, ["has:mrr"], columns="id,mrr", sort="-mrr").rows
    assert [one["mrr"] for one in found] == [mrr]
    code = recurring.split()[1]
    exact = f"mrr:{money.plain(mrr, code)}"
    assert [one["id"] for one in records.list_records(ctx, DEAL, [exact]).rows] == [number]


def test_deals_without_an_amount_are_counted_with_the_only_currency(ctx: Context) -> None:
    for value in ("5 CHF", "", ""):
        deal(ctx, value=value)
    assert [(r["currency"], r["count"]) for r in pipelines.board(ctx).rows][:2] == [("CHF", 3), (None, 0)]


def test_a_converted_leads_person_gets_its_company(ctx: Context) -> None:
    number = lead(ctx)
    deals.convert(ctx, number, ("contact",))
    deals.convert(ctx, number)
    found = row(ctx, number)
    assert row(ctx, found["contact_id"], CONTACT)["company_id"] == found["company_id"] is not None


def test_convert_knows_a_person_by_name_unless_something_speaks_against_it(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ({"company": "Engines"}, {"company": "Navy"}, {"company": "Engines", "email": "other@engines.example"}):
        records.add(ctx, CONTACT, {"name": "Ada Lovelace", **more})

    def converted(**more: str) -> int | None:
        number = records.add(ctx, LEAD, {"name": "ada lovelace", **more}).ids[0]
        deals.convert(ctx, number, ("contact", "company", "deal") if more.get("company") else ("contact", "deal"))
        return row(ctx, number)["contact_id"]  # type: ignore[no-any-return]

    assert converted(company="Navy", email="ada@navy.example") == 2
    assert "all fit" not in capsys.readouterr().err
    assert converted(company="Engines", email="other@engines.example") == 3
    assert converted(company="Engines") == 1
    assert "contact:1, contact:3 all fit; contact:1 is the oldest" in capsys.readouterr().err
    assert converted() == 1
    assert "contact:1, contact:2, contact:3 all fit" in capsys.readouterr().err
    assert converted(company="Elsewhere") == 4
    records.remove(ctx, CONTACT, [2])
    assert converted(company="Navy") == 5


def test_convert_tells_companies_of_one_name_apart(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    for site in ("https://twin.example", "https://engines.example", "https://other.example"):
        records.add(ctx, COMPANY, {"name": "Analytical Engines", "website": site})
    first = lead(ctx)
    deals.convert(ctx, first, ("company", "deal"))
    assert row(ctx, first)["company_id"] == 2
    assert capsys.readouterr().err == ""
    second = lead(ctx, email="ada@gmail.com")
    deals.convert(ctx, second, ("company", "deal"))
    assert row(ctx, second)["company_id"] == 1
    assert "company:1, company:2, company:3 all fit; company:1 is the oldest" in capsys.readouterr().err


@pytest.mark.parametrize(("close", "verb"), [(deals.won, "reopen"), (deals.lost, "restore")])
def test_convert_names_the_verb_that_opens_a_closed_lead(ctx: Context, close: Any, verb: str) -> None:
    number = lead(ctx)
    close(ctx, LEAD, [number])
    with pytest.raises(RefusedError) as refused:
        deals.convert(ctx, number)
    assert refused.value.hint == f"first: crm lead {verb} {number}"
    getattr(deals, verb)(ctx, LEAD, [number])
    deals.convert(ctx, number)


def test_an_import_brings_a_removed_stage_back(ctx: Context) -> None:
    pipelines.stage_add(ctx, "Negotiation", assigned={"rot_days": "9"})
    deals.move(ctx, DEAL, [deal(ctx, stage="negotiation")], "new")
    pipelines.stage_remove(ctx, "negotiation")
    known = placing.Stages(ctx)
    missing = known.missing([("", "negotiation"), ("", "Demo")])
    assert [new.stage for new in missing] == ["negotiation", "Demo"]
    with ctx.writing() as tx:
        known.make(tx, missing)
    found = [(r["name"], r["rot_days"]) for r in pipelines.stages(ctx).rows]
    assert found[3:] == [("negotiation", 9), ("Demo", 0), ("Won", 0)]


def test_reopening_goes_back_to_a_stage_that_is_still_there(ctx: Context) -> None:
    pipelines.stage_add(ctx, "Negotiation", after="qualified")
    number = deal(ctx, stage="qualified")
    deals.move(ctx, DEAL, [number], "negotiation")
    deals.won(ctx, DEAL, [number])
    pipelines.stage_remove(ctx, "negotiation")
    deals.reopen(ctx, DEAL, [number])
    assert row(ctx, number)["stage"] == "Qualified"


def test_what_is_said_of_a_closed_one_is_kept(ctx: Context) -> None:
    number = deal(ctx)
    deals.lost(ctx, DEAL, [number], "Too expensive")
    closed = row(ctx, number)["closed_at"]
    again = deals.lost(ctx, DEAL, [number], "too expensive", "director: budget cut")
    assert again.ids == (number,)
    deals.lost(ctx, DEAL, [number], note="and so it is")
    found = row(ctx, number)
    assert (found["status"], found["lost_reason"], found["closed_at"]) == ("lost", "Too expensive", closed)
    bodies = [touch["body"] for touch in timeline.timeline(ctx, DEAL, number, touches=True).rows]
    assert bodies == ["and so it is", "director: budget cut"]
    assert deals.lost(ctx, DEAL, [number], "Too expensive").ids == ()

    for name, on in (("Call", f"deal:{number}"), ("Alone", "")):
        records.add(ctx, TASK, {"name": name, "on": on, "minutes": "5"})
    for feedback in ("first", "", "what she said", "what she said"):
        tasks.done(ctx, [1, 2], feedback)
    assert [row(ctx, one, TASK)["feedback"] for one in (1, 2)] == ["first\n\nwhat she said"] * 2
    told = [(t["body"], t["minutes"]) for t in timeline.timeline(ctx, DEAL, number, touches=True).rows][:3]
    assert told == [("Call: what she said", None), ("Call: first", 5), ("and so it is", None)]


def test_a_stage_of_another_pipeline_is_said_to_be_there(ctx: Context) -> None:
    pipelines.pipeline_add(ctx, "P", ["A", "B"])
    deal(ctx, pipeline="P")
    with pytest.raises(NotFoundError, match="the stage 'Won' is in the pipeline Sales, another one") as refused:
        pipelines.stage_remove(ctx, "A", pipeline="P", to="won")
    assert refused.value.hint == "stages here: A, B"


def test_a_pipeline_named_in_digits_is_found_by_its_name(ctx: Context) -> None:
    pipelines.pipeline_add(ctx, "2026", ["A", "B"])
    assert [pipelines.pipeline_id(ctx, name) for name in ("1", "2026", "2")] == [1, 2, 2]
    with pytest.raises(NotFoundError, match="there is no pipeline '2027'"):
        pipelines.pipeline_id(ctx, "2027")


def test_views_that_a_new_name_breaks_are_named(ctx: Context) -> None:
    lead(ctx, owner="me")
    for name, text in (("vips", "tag:vip"), ("here", "stage:qualified"), ("mine", "owner:tester"), ("all", "is:any")):
        saved_views.save(ctx, name, None, text)
    saved_views.save(ctx, "more", None, "view:vips has:email")
    breaks = "the view {} does not work any more, save it anew: {}"
    assert tags.rename(ctx, "vip", "VIP").lines[1:] == ()
    assert tags.rename(ctx, "vip", "top").lines[1:] == (
        breaks.format("more", "view:vips has:email"), breaks.format("vips", "tag:vip")
    )  # fmt: skip
    edited = pipelines.stage_edit(ctx, "Qualified", {"name": "Fit"})
    assert edited.lines[1:] == (breaks.format("here", "stage:qualified"),)
    assert vocabulary.user_edit(ctx, "tester", {"name": "maya"}).lines[1:] == (breaks.format("mine", "owner:tester"),)
    with pytest.raises(UsageError, match="there is no view of users"):
        saved_views.save(ctx, "them", ENTITIES["user"], "maya")
