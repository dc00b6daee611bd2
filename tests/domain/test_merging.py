"""Who stays of records that are merged, and what it has then: cases written out by hand from the rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.merging import STAYING, combined, ranked

PLACES = {1: 1, 2: 2, 3: 3, 4: 70}


def lead(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "kind": "lead", "name": f"L{number}", "stage_id": 1, "probability_bp": 1000, "priority": 0,
        "archived_at": None, "tags": [], **more,
    }  # fmt: skip


def deal(number: int, **more: Any) -> dict[str, Any]:
    return lead(number, kind="deal", name=f"D{number}", **more)


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"P{number}", "archived_at": None, "tags": [], **more}


ORDER = [
    # best first: deals by stage, probability and age, archived ones among them; then active leads; archived leads last
    deal(20, stage_id=3, archived_at="x"),
    deal(9, stage_id=2, probability_bp=5000),
    deal(3, stage_id=2, probability_bp=3000),
    deal(5, stage_id=2, probability_bp=3000),
    deal(1, stage_id=None),
    lead(8, stage_id=3),
    lead(2, probability_bp=2000),
    lead(4),
    lead(6),
    lead(7, stage_id=3, archived_at="x", probability_bp=9000),
]


@given(st.permutations(ORDER))
def test_the_order_of_leads_and_deals(rows: list[dict[str, Any]]) -> None:
    assert [row["id"] for row in ranked("opportunity", rows, PLACES)] == [row["id"] for row in ORDER]


@given(st.permutations([person(2), person(9), person(1, archived_at="x", email="full", phone="full")]))
def test_of_people_and_firms_the_older_one_in_sight_stays_however_much_others_have(rows: list[dict[str, Any]]) -> None:
    for table in ("contact", "company"):
        assert [row["id"] for row in ranked(table, rows, {})] == [2, 9, 1]


def values(table: str, *rows: dict[str, Any], **keep: int) -> dict[str, Any]:
    return combined(table, rows, keep).values


def test_the_first_value_that_is_there_wins_and_what_is_own_is_left_alone() -> None:
    best = deal(1, owner_id=None, email="", close_on=None, source_id=7)
    found = combined(
        "opportunity", [best, lead(2, email="a@b.example"), lead(3, email="c@d.example", close_on="2026-01-01")]
    )
    assert {c: found.values[c] for c in ("name", "email", "close_on", "source_id", "phone")} == {
        "name": "D1", "email": "a@b.example", "close_on": "2026-01-01", "source_id": 7, "phone": None,
    }  # fmt: skip
    assert found.origin["email"] == (2,)
    assert found.origin["close_on"] == (3,)
    assert found.origin["phone"] == (1,)
    assert STAYING & found.values.keys() == {"kind"}


def test_an_owner_brings_the_moment_of_the_assignment() -> None:
    found = values(
        "opportunity", deal(1), lead(2, owner_id=4, assigned_at="then"), lead(3, owner_id=5, assigned_at="later")
    )
    assert (found["owner_id"], found["assigned_at"]) == (4, "then")
    found = values("opportunity", deal(1, owner_id=9, assigned_at=None), lead(2, owner_id=4, assigned_at="then"))
    assert (found["owner_id"], found["assigned_at"]) == (9, None)
    found = values(
        "opportunity", deal(1, owner_id=9, assigned_at="now"), lead(2, owner_id=4, assigned_at="then"), owner_id=2
    )
    assert (found["owner_id"], found["assigned_at"]) == (4, "then")


def test_notes_are_joined_in_order_by_an_empty_line_and_equal_ones_once() -> None:
    rows = [
        person(1, description="one\ntwo"),
        person(2),
        person(3, description="one\ntwo"),
        person(4, description="سه"),
    ]
    assert values("contact", *rows)["description"] == "one\ntwo\n\nسه"
    assert values("contact", person(1), person(2))["description"] is None
    assert values("contact", *rows, description=4)["description"] == "سه"
    assert values("contact", *rows, description=2)["description"] is None


def test_the_rules_of_leads_and_deals() -> None:
    rows = [deal(1, priority=1, tags=[3]), lead(2, priority=3, tags=[1, 3]), lead(3, lost_reason_id=8)]
    found = values("opportunity", *rows)
    assert (found["priority"], found["tags"], found["kind"]) == (3, [1, 3], "deal")
    assert found["lost_reason_id"] is None, "its probability is not 0"
    rows[0]["probability_bp"] = 0
    assert values("opportunity", *rows)["lost_reason_id"] == 8
    rows[0]["lost_reason_id"] = 9
    assert values("opportunity", *rows)["lost_reason_id"] == 9
    assert values("opportunity", lead(1), lead(2))["kind"] == "lead"
    assert values("opportunity", lead(1), deal(2))["kind"] == "deal", "a lead that was chosen to stay"


@pytest.mark.parametrize(
    ("addresses", "taken"),
    [
        ([{"city": "Bonn"}, {"street": "Road 1", "city": "Berlin"}, {"country": "UK"}], 1),
        ([{"city": "Bonn"}, {"city": "Berlin"}], 0),
        ([{}, {"city": ""}, {"country": "UK"}], 2),
        ([{}, {}], 0),
    ],
)
def test_an_address_comes_whole_from_the_record_with_most_of_it(addresses: list[dict[str, str]], taken: int) -> None:
    rows = [person(n, **address) for n, address in enumerate(addresses)]
    found = values("contact", *rows)
    parts = ("street", "city", "region", "postal_code", "country")
    assert [found[part] for part in parts] == [rows[taken].get(part) for part in parts]


def test_one_part_of_an_address_can_be_kept() -> None:
    found = values("company", person(1, city="Bonn", street="Road"), person(2, city="Köln"), city=2)
    assert (found["street"], found["city"]) == ("Road", "Köln")


def test_amounts_are_in_the_currency_of_the_best_record_that_has_one() -> None:
    euro = {"currency": "EUR"}
    rows = [
        deal(1),
        lead(2, value_minor=5, **euro),
        lead(3, value_minor=7, recurring_minor=8, plan="yearly", currency="USD"),
    ]
    found = combined("opportunity", rows)
    assert [found.values[c] for c in ("value_minor", "recurring_minor", "plan", "currency")] == [
        5,
        None,
        None,
        "EUR",
    ]
    assert found.left == ((3, "recurring_minor"),)
    rows[2]["currency"] = "EUR"
    found = combined("opportunity", rows)
    assert [found.values[c] for c in ("value_minor", "recurring_minor", "plan", "currency")] == [5, 8, "yearly", "EUR"]
    assert not found.left
    rows[2]["currency"] = "USD"
    found = combined("opportunity", rows, {"value_minor": 3})
    assert [found.values[c] for c in ("value_minor", "recurring_minor", "currency")] == [7, 8, "USD"]
    found = combined("opportunity", rows, {"value_minor": 1})
    assert [found.values[c] for c in ("value_minor", "currency")] == [None, "EUR"], "kept empty"
    zero = combined("opportunity", [deal(1, value_minor=0, **euro), lead(2, value_minor=5, **euro)])
    assert zero.values["value_minor"] == 0, "nothing is a figure too"


def test_a_plan_is_that_of_the_amount() -> None:
    rows = [deal(1, recurring_minor=100, currency="EUR"), lead(2, recurring_minor=1200, plan="yearly", currency="EUR")]
    found = values("opportunity", *rows)
    assert (found["recurring_minor"], found["plan"]) == (100, None)
    found = values("opportunity", *rows, recurring_minor=2)
    assert (found["recurring_minor"], found["plan"]) == (1200, "yearly")


def test_fields_of_ones_own_come_along() -> None:
    rows = [person(1, **{"custom.tier": None}), person(2, **{"custom.tier": "gold", "custom_key.tier": "gold"})]
    found = values("contact", *rows)
    assert found["custom.tier"] == "gold"
    assert "custom_key.tier" not in found
    assert values("contact", *rows, **{"custom.tier": 1})["custom.tier"] is None
