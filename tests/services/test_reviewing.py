"""Pairs that are looked at one after another, on both engines: what is left of what was found, and what would stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.dedupe import Pair
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import ConflictError, NotFoundError
from crmcli.services import apart, deals, duplicates, merge_preview, merging, records, reviewing, undoing

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

ADA = {"email": "ada@engines.example", "phone": "+44 20 7946 0000"}


def add(ctx: Context, kind: Entity, name: str, **more: str) -> int:
    return records.add(ctx, kind, {"name": name, **more}).ids[0]


def left(ctx: Context, found: Any, *words: str, skipped: Any = ()) -> list[list[tuple[int, int]]]:
    """The pairs that are left, group by group."""
    return [[(pair.a, pair.b) for pair in case.pairs] for case in reviewing.cases(ctx, CONTACT, found, words, skipped)]


@pytest.fixture
def adas(ctx: Context) -> Context:
    """Three records of one person, 1 to 3, two of another, 4 and 5, and one of nobody else."""
    add(ctx, CONTACT, "Ada Lovelace", **ADA, city="London")
    add(ctx, CONTACT, "Lovelace, Ada", email=ADA["email"])
    add(ctx, CONTACT, "A. Lovelace", **ADA)
    for name in ("علي رضايي كرمانی", "علی رضائی کرمانی"):
        add(ctx, CONTACT, name, birthday="1990-05-05", city="تهران", street="خیابان آزادی 12")
    add(ctx, CONTACT, "Grace Hopper", email="grace@navy.example")
    return ctx


def test_pairs_follow_what_becomes_of_their_records(adas: Context) -> None:
    ctx = adas
    found = reviewing.search(ctx, CONTACT)
    assert [group.ids for group in found] == [group.ids for group in duplicates.groups(ctx, CONTACT)]
    assert [set(pairs) for pairs in left(ctx, found)] == [{(4, 5)}, {(1, 2), (1, 3), (2, 3)}]
    assert [case.names[4] for case in reviewing.cases(ctx, CONTACT, found) if 4 in case.names] == ["علي رضايي كرمانی"]
    assert left(ctx, found, "city:london", skipped={(1, 2)}) == [
        [pair for pair in left(ctx, found)[1] if pair != (1, 2)]
    ]
    merging.merge(ctx, CONTACT, [2, 3])
    assert left(ctx, found)[1] == [(1, 2)], "what 3 was like, 2 is like now, and that once"
    duplicates.tell_apart(ctx, CONTACT, [2, 1])
    assert left(ctx, found) == [[(4, 5)]]
    records.remove(ctx, CONTACT, [5])
    assert left(ctx, found) == []
    for _ in range(3):
        undoing.undo(ctx, undoing.ahead(ctx).batch)
    assert [set(pairs) for pairs in left(ctx, found)] == [{(4, 5)}, {(1, 2), (1, 3), (2, 3)}]


def test_a_deal_that_was_won_is_not_looked_at(ctx: Context) -> None:
    for _ in "ab":
        add(ctx, DEAL, "Engine no. 2 rebuild", company="Acme GmbH", value="12000", close_on="2026-12-31")
    found = reviewing.search(ctx, DEAL)
    assert [case.names for case in reviewing.cases(ctx, DEAL, found)] == [dict.fromkeys((1, 2), "Engine no. 2 rebuild")]
    deals.won(ctx, DEAL, [1])
    assert reviewing.cases(ctx, DEAL, found) == []


def test_every_record_of_a_large_group_is_in_a_pair(ctx: Context) -> None:
    with ctx.writing("test"):
        numbers = [add(ctx, CONTACT, "Ada Lovelace", **ADA) for _ in range(12)]
    [group] = reviewing.search(ctx, CONTACT)
    assert group.ids == tuple(numbers)
    assert {number for pair in group.pairs for number in (pair.a, pair.b)} == set(numbers)
    assert len(group.pairs) == 8 * 7 / 2 + 4
    assert all(pair.score >= duplicates.THRESHOLD for pair in group.pairs)


def test_what_was_found_is_old_once_records_of_the_kind_change(adas: Context) -> None:
    def seq() -> int:
        return int(adas.reader.value("SELECT seq FROM journal_head"))

    since = seq()
    add(adas, TASK, "Call", on="contact:1")
    assert seq() > since
    assert not reviewing.changed(adas, CONTACT, since)
    duplicates.tell_apart(adas, CONTACT, [1, 2])
    assert reviewing.changed(adas, CONTACT, since)
    assert not reviewing.changed(adas, LEAD, since)
    records.edit(adas, CONTACT, [6], {"city": "Rome"})
    assert reviewing.changed(adas, CONTACT, seq() - 1)
    assert not reviewing.changed(adas, CONTACT, seq())


# --- side by side ----------------------------------------------------------------------------------------------------

TWO: dict[str, tuple[Entity, dict[str, str], dict[str, str]]] = {
    "contact": (
        CONTACT,
        {"name": "Ada Lovelace", "email": "ada@x.example", "tags": "vip", "description": "tea", "company": "Acme",
         "city": "London"},
        {"name": "آدا لاولیس", "email": "ada@y.example", "tags": "friend", "description": "چای", "owner": "me",
         "street": "خیابان آزادی ۱۲", "city": "تهران", "country": "IR", "birthday": "1990-05-05"},
    ),
    "company": (
        COMPANY,
        {"name": "Acme GmbH", "website": "https://acme.example", "employees": "12", "revenue": "100 EUR"},
        {"name": "ACME", "website": "acme.example/en", "parent": "Holding", "revenue": "5 USD", "industry": "Mills"},
    ),
    "lead": (
        LEAD,
        {"name": "Looms", "value": "100 EUR", "stage": "new", "priority": "low", "source": "web", "tags": "a"},
        {"name": "Looms!", "value": "200 USD", "stage": "qualified", "priority": "high", "company": "Acme"},
    ),
    "deal": (
        DEAL,
        {"name": "Engine", "company": "Acme", "stage": "proposition", "recurring": "5 EUR", "plan": "yearly"},
        {"name": "Engine 2", "company": "Mill", "probability": "90", "value": "7 EUR", "close_on": "2026-12-31"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_what_is_marked_to_stay_is_what_a_merge_leaves(ctx: Context, name: str) -> None:
    kind, one, other = TWO[name]
    add(ctx, COMPANY, "Holding")
    a, b = (add(ctx, kind, **fields) for fields in (one, other))
    pair = Pair(a, b, 90, ())
    first = reviewing.sides(ctx, kind, pair)
    differ = [field for field in kind.fields if field.name in first.origin]
    assert len(differ) > 4
    ways: list[dict[str, int]] = [{}]
    ways += [dict.fromkeys(sorted(first.choosable - {"currency", "revenue"}), side) for side in (a, b)]
    ways += [{field: (a, b)[i % 2] for i, field in enumerate(sorted(first.choosable - {"currency", "revenue"}))}]
    ways += [{field: side} for field in ("stage", "probability") if field in first.choosable for side in (a, b)]
    for into in (a, b):
        for keep in ways:
            seen = reviewing.sides(ctx, kind, pair, into, keep)
            assert (seen.stays, seen.goes) == (into, a + b - into)
            planned = merging.plan(ctx, kind, [a, b], into, keep)
            shown = {row["field"]: row for row in merge_preview.preview(ctx, planned).rows}
            assert set(shown) == {field.label for field in differ}
            for field in differ:
                row, origin = shown[field.label], seen.origin[field.name]
                told = [row[f"{kind.name}:{number}"] for number in origin]
                if len(told) == 1:
                    assert row["stays"] == told[0], (field.name, into, keep)
                elif not told:
                    assert row["stays"] not in [row[f"{kind.name}:{number}"] for number in (a, b)], field.name
                else:
                    assert all(text in row["stays"] for text in told), (field.name, into, keep)


def test_what_moves_along_and_what_is_left_is_told(ctx: Context) -> None:
    a, b = add(ctx, LEAD, "Looms", value="100 EUR"), add(ctx, LEAD, "Looms", value="200 USD", stage="qualified")
    add(ctx, TASK, "Call", on=f"lead:{a}")
    add(ctx, TASK, "Write", on=f"lead:{a}")
    seen = reviewing.sides(ctx, LEAD, Pair(a, b, 90, ()))
    assert (seen.stays, seen.along) == (b, "2 tasks")
    assert seen.origin["value"] == (b,)
    assert "task" not in reviewing.sides(ctx, LEAD, Pair(a, b, 90, ()), a).along


def test_a_pair_that_somebody_told_apart_meanwhile_is_not_merged(adas: Context) -> None:
    seen = reviewing.sides(adas, CONTACT, Pair(1, 2, 90, ()))
    duplicates.tell_apart(adas, CONTACT, [1, 2])
    with pytest.raises(ConflictError, match="not the same"):
        reviewing.merge(adas, seen, {})
    assert not records.get(adas, CONTACT, 2)["removed_at"]


@pytest.mark.parametrize("verb", ["merge", "tell_apart"])
def test_a_pair_that_somebody_changed_meanwhile_is_left(adas: Context, verb: str) -> None:
    seen = reviewing.sides(adas, CONTACT, Pair(1, 2, 90, ()))
    records.edit(adas, CONTACT, [2], {"city": "Rome"})
    with pytest.raises(ConflictError, match="contact:2 Lovelace, Ada"):
        reviewing.merge(adas, seen, {}) if verb == "merge" else reviewing.tell_apart(adas, seen)
    assert not records.get(adas, CONTACT, 2)["removed_at"]
    assert apart.pairs(adas.reader, "contact") == set()
    seen = reviewing.sides(adas, CONTACT, Pair(1, 2, 90, ()))
    if verb == "tell_apart":
        reviewing.tell_apart(adas, seen)
        assert apart.pairs(adas.reader, "contact") == {(1, 2)}
    else:
        reviewing.merge(adas, seen, {"name": 2})
        assert records.get(adas, CONTACT, 1)["name"] == "Lovelace, Ada"


def test_the_last_of_what_was_settled_that_stands_is_ahead(adas: Context) -> None:
    batches: list[int] = []
    reviewing.settle(adas, batches, reviewing.merge, reviewing.sides(adas, CONTACT, Pair(1, 2, 90, ())), {})
    reviewing.settle(adas, batches, reviewing.tell_apart, reviewing.sides(adas, CONTACT, Pair(1, 3, 90, ())))
    reviewing.settle(adas, batches, duplicates.tell_apart, CONTACT, [1, 3])  # they were told apart before
    merged, told = batches
    records.edit(adas, CONTACT, [3], {"city": "Rome"})
    assert reviewing.ahead(adas, batches).batch == told
    undoing.undo(adas, told)
    assert (reviewing.ahead(adas, batches).batch, reviewing.ahead(adas, batches).count) == (merged, 1)
    undoing.undo(adas, merged, (CONTACT, 2))
    for left in (batches, []):
        with pytest.raises(NotFoundError, match="nothing was merged or told apart here"):
            reviewing.ahead(adas, left)
    undoing.undo(adas, adas.batch)
    assert reviewing.ahead(adas, batches).batch == merged, "it was brought back"
