"""Last touches, theirs and ours: what the store keeps is what a plain recomputation finds, whatever was done."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, TASK
from crmcli.errors import CrmError
from crmcli.services import history, merging, records, tasks, timeline
from crmcli.store import derived
from tests.support.importing import take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcli.context import Context

KINDS = {"opportunity": DEAL, "contact": CONTACT, "company": COMPANY}
COLUMNS = ("last_touch", "last_in", "last_out")
TALK = {"call", "email", "meeting", "message", "visit"}


@pytest.fixture
def book(store_url: str, opened: Callable[[str], Context]) -> Context:
    return opened(store_url)


def add(ctx: Context, kind: object, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]  # type: ignore[arg-type]


def stored(ctx: Context, table: str) -> dict[int, dict[str, Any]]:
    kind = KINDS[table]
    rows = ctx.reader.rows(f"SELECT id, {', '.join(COLUMNS)} FROM {table}")
    types = [kind.field(name).type for name in COLUMNS]
    return {
        number: {name: of.from_db(value) for name, of, value in zip(COLUMNS, types, values, strict=True)}
        for number, *values in rows
    }


def recomputed(ctx: Context) -> dict[str, dict[int, dict[str, Any]]]:
    """The same from nothing but the interactions and links."""
    deals = dict(ctx.reader.rows("SELECT id, contact_id FROM opportunity"))
    firms_of_deals = dict(ctx.reader.rows("SELECT id, company_id FROM opportunity"))
    firms = dict(ctx.reader.rows("SELECT id, company_id FROM contact"))
    found: dict[str, dict[int, dict[str, Any]]] = {
        table: {row[0]: dict.fromkeys(COLUMNS) for row in ctx.reader.rows(f"SELECT id FROM {table}")} for table in KINDS
    }
    at = INTERACTION.field("at").type
    sql = "SELECT at, kind, direction, opportunity_id, contact_id, company_id FROM interaction WHERE removed_at IS NULL"
    for moment, kind, direction, deal, person, firm in ctx.reader.rows(sql):
        both = direction is None and kind in TALK
        sides = {"last_touch": True, "last_in": both or direction == "in", "last_out": both or direction == "out"}
        people = {person, deals.get(deal)}
        heard = {
            "opportunity": {deal},
            "contact": people,
            "company": {firm, firms_of_deals.get(deal), *(firms.get(one) for one in people)},
        }
        for table, numbers in heard.items():
            for number in numbers - {None}:
                row = found[table][number]
                for name in (name for name, counts in sides.items() if counts):
                    row[name] = max(row[name] or "", at.from_db(moment))
    return found


def check(ctx: Context) -> None:
    assert derived.differences(ctx.reader) == []
    assert {table: stored(ctx, table) for table in KINDS} == recomputed(ctx)


@pytest.mark.parametrize(
    ("kind", "direction", "theirs", "ours"),
    [
        ("email", "in", True, False), ("email", "out", False, True), ("email", "", True, True),
        ("call", "", True, True), ("meeting", "", True, True), ("visit", "", True, True),
        ("message", "in", True, False),
        ("note", "", False, False), ("document", "", False, False), ("document", "out", False, True),
    ],
)  # fmt: skip
def test_whose_word_it_was(book: Context, kind: str, direction: str, theirs: bool, ours: bool) -> None:
    add(book, COMPANY, name="Engines")
    add(book, CONTACT, name="Ada", company="Engines")
    add(book, DEAL, name="Mill", contact="Ada")
    timeline.add(book, DEAL, 1, kind, "words", direction=direction)
    now = "2026-11-21T10:00:00.000Z"
    expected = {"last_touch": now, "last_in": now if theirs else None, "last_out": now if ours else None}
    for table in KINDS:
        assert stored(book, table)[1] == expected
    owed = [row["id"] for row in records.list_records(book, DEAL, ["is:owed"]).rows]
    waiting = [row["id"] for row in records.list_records(book, CONTACT, ["is:waiting"]).rows]
    assert (bool(owed), bool(waiting)) == (theirs and not ours, ours and not theirs)


def test_a_done_task_to_write_is_ours_and_another_is_nobodys(book: Context) -> None:
    add(book, CONTACT, name="Ada")
    for kind in ("to-do", "email"):
        add(book, TASK, name=kind, on="contact:1", type=kind)
    tasks.done(book, [1])
    assert stored(book, "contact")[1]["last_out"] is None
    tasks.done(book, [2])
    assert stored(book, "contact")[1] == {
        "last_touch": "2026-11-21T10:00:00.000Z", "last_in": None, "last_out": "2026-11-21T10:00:00.000Z",
    }  # fmt: skip


def test_a_changed_removed_and_restored_interaction_counts_as_it_is(book: Context) -> None:
    add(book, CONTACT, name="Ada")
    timeline.add(book, CONTACT, 1, "email", "hello", direction="in", at="yesterday 10:00")
    timeline.edit(book, [1], {"direction": "out"})
    check(book)
    assert stored(book, "contact")[1]["last_in"] is None
    records.remove(book, INTERACTION, [1])
    assert stored(book, "contact")[1] == dict.fromkeys(COLUMNS)
    records.restore(book, INTERACTION, [1])
    history.undo(book)
    assert stored(book, "contact")[1] == dict.fromkeys(COLUMNS)
    check(book)


def test_an_import_counts_as_well(book: Context, tmp_path: Path) -> None:
    add(book, CONTACT, name="Ada", company="Engines")
    add(book, DEAL, name="Mill", contact="Ada")
    path = tmp_path / "talk.csv"
    path.write_text(
        "type,direction,at,contact,deal,body\n"
        "email,in,2026-10-02 10:00,Ada,,one\n"
        "email,out,2026-10-01 10:00,,Mill,two\n"
        "call,,2026-09-01 10:00,Ada,,three\n"
    )
    take(book, str(path), kind=INTERACTION)
    check(book)
    assert stored(book, "company")[1] == {
        "last_touch": "2026-10-02T10:00:00.000Z", "last_in": "2026-10-02T10:00:00.000Z",
        "last_out": "2026-10-01T10:00:00.000Z",
    }  # fmt: skip
    history.undo(book)
    assert stored(book, "company")[1] == dict.fromkeys(COLUMNS)
    check(book)


@pytest.mark.parametrize("seed", range(4))
def test_they_are_what_a_plain_recomputation_finds(book: Context, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(3):
        add(book, COMPANY, name=f"Firm {number}")
    for number in range(4):
        add(book, CONTACT, name=f"Person {number}", company=f"Firm {dice.randrange(3)}")
    for number in range(4):
        add(book, DEAL, name=f"Deal {number}", contact=f"contact:{dice.randrange(1, 5)}")
    steps: list[Callable[[], object]] = [
        *[lambda: talk(book, dice)] * 4,
        lambda: records.edit(book, DEAL, [dice.randrange(1, 5)], {"contact": f"contact:{dice.randrange(1, 5)}"}),
        lambda: records.edit(book, DEAL, [dice.randrange(1, 5)], {"company": f"company:{dice.randrange(1, 4)}"}),
        lambda: records.edit(book, CONTACT, [dice.randrange(1, 5)], {"company": f"company:{dice.randrange(1, 4)}"}),
        lambda: timeline.edit(book, [dice.randrange(1, 20)], {"direction": dice.choice(["in", "out", ""])}),
        lambda: records.remove(book, INTERACTION, [dice.randrange(1, 20)]),
        lambda: merging.merge(book, CONTACT, dice.sample(range(1, 5), 2)),
        lambda: merging.merge(book, COMPANY, dice.sample(range(1, 4), 2)),
        *[lambda: history.undo(book)] * 2,
    ]
    done = 0
    for _ in range(40):
        try:
            dice.choice(steps)()
            done += 1
        except CrmError:  # what was merged or removed before
            continue
        check(book)
    assert done > 20


def talk(ctx: Context, dice: random.Random) -> object:
    table, most = dice.choice([("opportunity", 5), ("contact", 5), ("company", 4)])
    kind = dice.choice(["email", "call", "note", "message", "document"])
    at = f"2026-{dice.randrange(1, 11):02}-{dice.randrange(1, 28):02} 10:00"
    direction = dice.choice(["in", "out", ""])
    return timeline.add(ctx, KINDS[table], dice.randrange(1, most), kind, "words", direction=direction, at=at)
