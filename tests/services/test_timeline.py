"""What a timeline tells of leads and deals, what of it can be changed, and that it is read along indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.dedupe import Group
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD
from crmcli.errors import FieldError, UsageError
from crmcli.services import deals, duplicates, merging, records, reports, timeline, undoing
from crmcli.store import read

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> Any:
    """Puts the clock to a day of November 2026."""

    def to(number: int) -> None:
        monkeypatch.setenv("CRM_NOW", f"2026-11-{number:02}T10:00:00+00:00")
        ctx.tick()

    to(1)
    return to


def told(ctx: Context, number: int = 1) -> list[tuple[str, str, str, str | None]]:
    """(day, kind, text, who) of a deal's timeline."""
    rows = timeline.timeline(ctx, DEAL, number).rows
    return [(row["at"][8:10], row["kind"], row["body"], row["author"]) for row in rows]


def test_the_way_of_a_deal(ctx: Context, day: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "company": "Engines"})
    day(2)
    deals.convert(ctx, 1)
    day(3)
    monkeypatch.setenv("USER", "grace")
    deals.move(ctx, DEAL, [1], "proposition")
    day(4)
    deals.lost(ctx, DEAL, [1], "Too expensive", "they will be back")
    day(5)
    deals.reopen(ctx, DEAL, [1])
    day(6)
    deals.lost(ctx, DEAL, [1])
    day(7)
    deals.restore(ctx, DEAL, [1])
    day(8)
    deals.won(ctx, DEAL, [1])
    day(9)
    deals.reopen(ctx, DEAL, [1])

    assert told(ctx) == [
        ("09", "reopened", "won -> open", "grace"),
        ("09", "stage", "Won -> Proposition after 1 d", "grace"),
        ("08", "won", "open -> won", "grace"),
        ("08", "stage", "Proposition -> Won after 5 d", "grace"),
        ("07", "reopened", "lost -> open", "grace"),
        ("06", "lost", "open -> lost", "grace"),
        ("05", "reopened", "lost -> open", "grace"),
        ("04", "lost", "open -> lost: Too expensive", "grace"),
        ("04", "note", "they will be back", "grace"),
        ("03", "stage", "New -> Proposition after 2 d", "grace"),
        ("02", "converted", "lead -> deal", "tester"),
    ]
    assert [row["kind"] for row in timeline.timeline(ctx, DEAL, 1, limit=3).rows] == ["reopened", "stage", "won"]
    view = ctx.reader.rows("SELECT entity, kind, old_value, new_value, company FROM v_timeline WHERE company_id = 1")
    assert ("stage_move", "stage", "New", "Proposition", "Engines") in view
    assert ("history", "lost", "open", "lost", "Engines") in view
    assert len(view) == 11


def test_what_was_taken_back_did_not_happen(ctx: Context, day: Any) -> None:
    records.add(ctx, DEAL, {"name": "Big"})
    day(2)
    deals.won(ctx, DEAL, [1])
    taken = undoing.undo(ctx).batch
    assert told(ctx) == []
    day(3)
    undoing.undo(ctx, taken)
    assert told(ctx) == [
        ("02", "won", "open -> won", "tester"),
        ("02", "stage", "New -> Won after 1 d", "tester"),
    ]


def test_merged_deals_keep_the_ways_they_went(ctx: Context, day: Any) -> None:
    """No stay is told that never was, nor twice: what another one went through is marked as that one's."""
    for name in ("A", "B"):
        records.add(ctx, DEAL, {"name": name, "value": "1 EUR"})
    day(3)
    deals.move(ctx, DEAL, [1], "qualified")
    day(5)
    deals.move(ctx, DEAL, [2], "qualified")
    deals.move(ctx, DEAL, [2], "proposition")
    day(6)
    batch = merging.merge(ctx, DEAL, [1, 2], into=1).batch
    rows = [(*line[:3], row["on"]) for line, row in zip(told(ctx), timeline.timeline(ctx, DEAL, 1).rows, strict=True)]
    assert rows == [
        ("06", "merged", "B -> A", "deal:2 B"),
        ("05", "stage", "Qualified -> Proposition after 0 min", "deal:2 B"),
        ("05", "stage", "New -> Qualified after 4 d", "deal:2 B"),
        ("03", "stage", "New -> Qualified after 2 d", ""),
    ]
    assert ctx.reader.rows("SELECT opportunity_id, stage FROM v_stage_move ORDER BY id") == [
        (1, "New"), (2, "New"), (2, "Qualified"),
    ]  # fmt: skip
    funnel = {row["stage"]: (row["deals"], row["days"]) for row in reports.report(ctx, "funnel").rows}
    assert funnel == {"New": (1, 2), "Qualified": (1, None), "Proposition": (0, None), "Won": (0, None)}
    undoing.undo(ctx, batch)
    assert [row[1] for row in told(ctx)] == ["stage"]


def test_a_merge_is_told_once_however_it_came_to_stand(ctx: Context, day: Any) -> None:
    """Taken apart alone and merged anew, and brought back alone, whatever became of its batch in between."""
    for name in ("A", "B", "C", "C"):
        records.add(ctx, DEAL, {"name": name})
    groups = [Group((n, n + 1), 99, ("same",)) for n in (1, 3)]
    bulk = duplicates.merge_all(ctx, DEAL, groups).batch
    part = undoing.undo(ctx, bulk, (DEAL, 2)).batch
    day(2)
    again = merging.merge(ctx, DEAL, [1, 2], into=1).batch
    assert [line[:3] for line in told(ctx)] == [("02", "merged", "B -> A")]
    undoing.undo(ctx, again)
    assert told(ctx) == []
    whole = undoing.undo(ctx, bulk).batch
    day(3)
    undoing.undo(ctx, whole)
    assert (told(ctx), [line[:3] for line in told(ctx, 3)]) == ([], [("01", "merged", "C -> C")])
    back = undoing.undo(ctx, part).batch
    assert [line[:3] for line in told(ctx)] == [("01", "merged", "B -> A")]
    undoing.undo(ctx, back)
    assert told(ctx) == []


def test_nothing_of_a_merge_that_was_taken_apart_alone_is_told(ctx: Context, day: Any) -> None:
    """Neither that a lead became the deal which it was merged with, nor what its undo did."""
    for kind, name in ((LEAD, "A"), (DEAL, "B"), (DEAL, "C"), (DEAL, "D")):
        records.add(ctx, kind, {"name": name})
    day(2)
    with ctx.writing(alone=True):
        merging.merge(ctx, DEAL, [1, 2], into=1)
        merging.merge(ctx, DEAL, [3, 4], into=3)
    bulk = ctx.batch
    wanted = [("02", "converted", "lead -> deal"), ("02", "merged", "B -> A")]
    assert sorted(line[:3] for line in told(ctx)) == wanted
    day(3)
    part = undoing.undo(ctx, bulk, (DEAL, 2)).batch
    assert told(ctx) == []
    undoing.undo(ctx, part)
    assert sorted(line[:3] for line in told(ctx)) == wanted
    assert [line[1] for line in told(ctx, 3)] == ["merged"]


def test_what_came_in_closed_was_closed_by_nobody_here(ctx: Context, day: Any) -> None:
    with ctx.writing("import") as tx:
        common = {"name": "Old", "pipeline_id": 1, "stage_id": 4, "probability_bp": 10_000}
        tx.add("deal", {**common, "status": "won", "closed_at": "2025-03-04T12:00:00.000Z",
                        "converted_at": "2025-02-03T12:00:00.000Z"})  # fmt: skip
    assert [(row["at"], row["kind"], row["body"], row["author"]) for row in timeline.timeline(ctx, DEAL, 1).rows] == [
        ("2025-03-04T12:00:00.000Z", "won", "won", None),
        ("2025-02-03T12:00:00.000Z", "converted", "lead -> deal", None),
    ]


def test_the_view_has_what_the_timelines_have(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Big", "company": "Engines", "contact": "Ada"})
    timeline.add(ctx, DEAL, 1, "call", "spoke", minutes="5", direction="out")
    timeline.add(ctx, COMPANY, 1, "note", "moved house")
    records.remove(ctx, INTERACTION, [timeline.add(ctx, DEAL, 1, "note", "a slip").ids[0]])
    where = {LEAD: "opportunity_id", DEAL: "opportunity_id", CONTACT: "contact_id", COMPANY: "company_id"}
    for kind, column in where.items():
        sql = f"SELECT entity, id, kind, body, minutes, direction, author FROM v_timeline WHERE {column} = 1"
        names, rows = ctx.reader.names(f"{sql} ORDER BY at DESC, entity, id DESC")
        shown = [tuple(row[name] for name in names) for row in timeline.timeline(ctx, kind, 1).rows]
        assert rows == shown
        assert len(rows) == (2 if kind is COMPANY else 1)
    with pytest.raises(UsageError, match="has no timeline"):
        timeline.timeline(ctx, INTERACTION, 1)


@pytest.mark.parametrize("column", ["opportunity_id", "contact_id", "company_id"])
def test_every_branch_of_the_view_is_read_along_an_index(ctx: Context, column: str) -> None:
    sql = f"SELECT * FROM v_timeline WHERE {column} = ? ORDER BY at DESC, entity, id DESC LIMIT 50"
    if ctx.reader.dialect == "sqlite":
        plan = [row[3] for row in ctx.reader.rows(f"EXPLAIN QUERY PLAN {sql}", (1,))]
        assert len([step for step in plan if "ix_journal_record (entity=? AND record_id=?)" in step]) == 2
        # What may have happened is three words, which are no table.
        assert {step for step in plan if step.startswith("SCAN")} == {
            "SCAN v_timeline", "SCAN event", "SCAN CONSTANT ROW",
        }  # fmt: skip
    else:
        # Of an empty book the planner would read all: it is to show whether it could do without.
        with ctx.reader.transaction():
            ctx.reader.run("SET LOCAL enable_seqscan = off")
            plan = [row[0] for row in ctx.reader.rows(f"EXPLAIN {sql}", (1,))]
        assert not [step for step in plan if "Seq Scan" in step]
        inner = [step for step in plan if "Index Cond" in step or "Recheck Cond" in step]
        assert len([step for step in inner if "record_id" in step]) >= 2
        assert len([step for step in inner if f"({column} =" in step or "(id = '1'" in step]) >= 3


# --- changing what was logged ----------------------------------------------------------------------------------------


def test_an_interaction_is_changed(ctx: Context, day: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    records.add(ctx, DEAL, {"name": "Big", "company": "Engines"})
    number = timeline.add(ctx, LEAD, 1, "note", "helo").ids[0]
    day(3)
    done = timeline.edit(ctx, [number], {"body": "hello", "at": "2026-11-02", "kind": "call", "minutes": "5"})
    assert done.lines == ("changed interaction:1",)
    row = read.hydrate(ctx.reader, INTERACTION, [number])[0]
    assert (row["kind"], row["body"], row["at"], row["minutes"]) == ("call", "hello", "2026-11-02T00:00:00.000Z", 5)
    assert records.get(ctx, LEAD, 1)["last_touch"] == "2026-11-02T00:00:00.000Z"
    timeline.edit(ctx, [number], {"on": "deal:2"})
    assert [line[2] for line in told(ctx, 2)] == ["hello"]
    assert told(ctx, 1) == []
    assert records.get(ctx, LEAD, 1)["last_touch"] is None
    undoing.undo(ctx)
    assert [line[2] for line in told(ctx, 1)] == ["hello"]


def test_what_an_interaction_cannot_become(ctx: Context, day: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    timeline.add(ctx, LEAD, 1, "note", "hello")
    call = timeline.add(ctx, LEAD, 1, "call", "").ids[0]
    with pytest.raises(FieldError, match="has not come yet"):
        timeline.edit(ctx, [1], {"at": "tomorrow"})
    with pytest.raises(FieldError, match="a note needs a text"):
        timeline.edit(ctx, [1], {"body": " "})
    with pytest.raises(FieldError, match="a note needs a text"):
        timeline.edit(ctx, [call], {"kind": "note"})
    with pytest.raises(UsageError, match="no field 'amount'"):
        timeline.edit(ctx, [1], {"amount": "5"})
    assert [row[2] for row in told(ctx)] == [None, "hello"]


def test_what_another_clock_put_ahead_can_still_be_corrected(ctx: Context, day: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    day(3)
    number = timeline.add(ctx, LEAD, 1, "note", "helo").ids[0]
    day(1)
    timeline.edit(ctx, [number], {"body": "hello"})
    assert [row[2] for row in told(ctx)] == ["hello"]
    with pytest.raises(FieldError, match="has not come yet"):
        timeline.edit(ctx, [number], {"at": "2026-11-02"})


def test_every_kind_but_that_of_tasks_can_be_logged(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    for what in timeline.LOGGED:
        timeline.add(ctx, LEAD, 1, what, "x")
    for what in ("task", "telepathy"):
        with pytest.raises(UsageError) as refused:
            timeline.add(ctx, LEAD, 1, what, "x")
        assert refused.value.hint == "choose from: call, email, meeting, message, visit, note, document"


def test_a_conversion_that_was_undone_is_not_told(ctx: Context, day: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    day(2)
    deals.convert(ctx, 1)
    day(3)
    undoing.undo(ctx)
    day(4)
    deals.convert(ctx, 1)
    assert [(at, kind) for at, kind, _, _ in told(ctx) if kind == "converted"] == [("04", "converted")]


def test_a_conversion_leaves_a_person_in_the_company_they_have(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@engines.example", "company": "Engines"})
    records.add(ctx, LEAD, {"name": "Ada", "email": "ada@engines.example", "company": "Gearworks"})
    deals.convert(ctx, 1)
    assert records.get(ctx, CONTACT, 1)["company"] == "Engines"
    assert records.get(ctx, DEAL, 1)["company"] == "Gearworks"
