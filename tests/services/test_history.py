"""Undo takes whole batches back and forth, field by field; the history says what happened; purge forgets."""

from __future__ import annotations

import resource
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TAG, TASK
from crmcli.domain.types import show_instant
from crmcli.errors import ConflictError, CrmError, NotFoundError, RefusedError, UsageError
from crmcli.services import database, deals, history, pipelines, records, tags, tasks, timeline
from crmcli.store import read
from tests.support.books import everything, sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context
    from crmcli.results import Changed

START = "2026-11-21T10:00:00+00:00"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> Any:
    """Moves the clock on by as many minutes."""
    minutes = [0]

    def on(by: int = 1) -> None:
        minutes[0] += by
        monkeypatch.setenv("CRM_NOW", (datetime.fromisoformat(START) + timedelta(minutes=minutes[0])).isoformat())
        ctx.tick()

    on(0)
    return on


def content(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """All that the book holds, but for `version`, which only grows."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in dict.fromkeys(entity.table for entity in ENTITIES.values()):
        ids = [row[0] for row in ctx.reader.rows(f"SELECT id FROM {table} ORDER BY id")]
        rows = read.raw(ctx.reader, table, ids)
        found[table] = [{k: v for k, v in rows[i].items() if k != "version"} for i in ids]
    return found


def test_steps_back_and_forth(ctx: Context, clock: Any) -> None:
    states = [content(ctx)]

    def step(changed: Any) -> int:
        clock()
        states.append(content(ctx))
        return int(changed.batch)

    lead = {"name": "Ada Lovelace", "company": "Engines", "source": "web", "tags": "vip", "value": "12k", "owner": "me"}
    numbers = [
        step(records.add(ctx, LEAD, lead, note="met at PyCon")),
        step(records.edit(ctx, LEAD, [1], {"stage": "qualified", "tags": "+hot,-vip", "city": "Zürich"})),
        step(deals.convert(ctx, 1, to=("contact", "company", "deal"))),
        step(records.add(ctx, TASK, {"name": "Call", "on": "deal:1", "due": "2026-12-01"})),
        step(tasks.done(ctx, [1], "they liked it")),
        step(deals.won(ctx, DEAL, [1])),
        step(records.remove(ctx, CONTACT, [1])),
    ]
    taken = []
    for state in reversed(states[:-1]):
        clock()
        taken.append(history.undo(ctx).batch)
        assert content(ctx) == state
        sound(ctx)
    with pytest.raises(NotFoundError, match="nothing of yours to undo"):
        history.undo(ctx)
    for batch, state in zip(reversed(taken), states[1:], strict=True):
        clock()
        history.undo(ctx, batch)
        assert content(ctx) == state
    sound(ctx)
    # And once more: what was brought back can be taken back again.
    for state in reversed(states[:-1]):
        history.undo(ctx)
        assert content(ctx) == state
    assert numbers == sorted(numbers)
    assert ctx.reader.value("SELECT count(*) FROM batch WHERE undone_by IS NULL AND undoes IS NULL") == 1


def test_versions_only_grow(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Engines"})
    seen = [1]
    for work in (
        lambda: records.edit(ctx, COMPANY, [1], {"city": "Bern"}),
        lambda: history.undo(ctx),
        lambda: history.undo(ctx),
        lambda: history.undo(ctx, ctx.batch),
    ):
        work()
        found = ctx.reader.value("SELECT version FROM company WHERE id = 1")
        if found is not None:
            seen.append(found)
    assert seen == sorted(set(seen))
    assert len(seen) == 4


def test_a_later_edit_of_another_field_is_kept(ctx: Context, clock: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    clock()
    first = records.edit(ctx, LEAD, [1], {"city": "Bern", "tags": "vip"}).batch
    clock()
    records.edit(ctx, LEAD, [1], {"email": "ada@engines.example", "tags": "+hot"})
    later = records.get(ctx, LEAD, 1)
    clock()
    history.undo(ctx, first)
    assert records.get(ctx, LEAD, 1) == {**later, "city": None, "tags": ["hot"]}
    sound(ctx)


def test_the_last_change_is_the_last_one_that_stands(ctx: Context, clock: Any) -> None:
    def stamp() -> str:
        return str(records.get(ctx, LEAD, 1)["updated_at"])

    records.add(ctx, LEAD, {"name": "Ada"})
    stamps, batches = [stamp()], []
    for values in ({"city": "Bern"}, {"email": "ada@engines.example"}):
        clock()
        batches.append(records.edit(ctx, LEAD, [1], values).batch)
        stamps.append(stamp())
    made, first, second = stamps
    clock()
    without_first = history.undo(ctx, batches[0]).batch
    assert stamp() == second
    history.undo(ctx, batches[1])
    assert stamp() == made
    # What is brought back counts from when it was made.
    clock()
    history.undo(ctx, without_first)
    assert stamp() == first
    sound(ctx)


def test_a_change_at_the_same_instant_still_stands(ctx: Context, clock: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    clock()
    first = records.edit(ctx, LEAD, [1], {"city": "Bern"}).batch
    records.edit(ctx, LEAD, [1], {"email": "ada@engines.example"})
    history.undo(ctx, first)
    assert records.get(ctx, LEAD, 1)["updated_at"] == "2026-11-21T10:01:00.000Z"


def test_a_kept_word_was_last_changed_when_it_was_made(ctx: Context, clock: Any) -> None:
    made = records.add(ctx, LEAD, {"name": "Ada", "tags": "vip"}).batch
    records.add(ctx, LEAD, {"name": "Grace", "tags": "vip"})
    clock()
    history.undo(ctx, made)
    clock()
    tags.colour(ctx, "vip", "red")
    history.undo(ctx)
    assert [(tag["colour"], tag["updated_at"]) for tag in content(ctx)["tag"]] == [(None, "2026-11-21T10:00:00.000Z")]


def test_a_later_edit_of_the_same_field_is_a_conflict(ctx: Context, clock: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    first = records.edit(ctx, LEAD, [1], {"city": "Bern", "email": "ada@engines.example"}).batch
    second = records.edit(ctx, LEAD, [1], {"city": "Basel"}).batch
    before = content(ctx)
    with pytest.raises(ConflictError, match=rf"lead:1 Ada: City changed later \(batch {second}, tester\)") as refused:
        history.undo(ctx, first)
    assert refused.value.code == 4
    assert content(ctx) == before
    # Once the later change is taken back there is no conflict.
    history.undo(ctx, second)
    history.undo(ctx, first)
    assert records.get(ctx, LEAD, 1)["city"] is None


def test_a_conflict_names_the_batch_that_changed_the_field(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    first = records.edit(ctx, LEAD, [1], {"city": "Bern", "email": "ada@engines.example"}).batch
    records.edit(ctx, LEAD, [1], {"value": "1"})
    second = records.edit(ctx, LEAD, [1], {"city": "Basel"}).batch
    third = records.edit(ctx, LEAD, [1], {"email": "al@engines.example"}).batch
    records.edit(ctx, LEAD, [1], {"priority": "low"})
    said = rf"City changed later \(batch {second}, tester\), E-mail changed later \(batch {third}, tester\)"
    with pytest.raises(ConflictError, match=said):
        history.undo(ctx, first)


def test_a_conflict_names_the_batch_that_hung_something_on(ctx: Context) -> None:
    first = records.add(ctx, COMPANY, {"name": "Engines"}).batch
    records.add(ctx, DEAL, {"name": "Big"})
    second = records.edit(ctx, DEAL, [1], {"company": "Engines"}).batch
    records.edit(ctx, DEAL, [1], {"priority": "low"})
    with pytest.raises(ConflictError, match=rf"deal 1 hangs on it now \(batch {second}, tester\)"):
        history.undo(ctx, first)


def test_a_conflict_lists_true_reasons_only(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Known"})
    with ctx.writing("import") as tx:
        for i in range(30):
            company = tx.add("company", {"name": f"Firm {i}"})
            tx.add("contact", {"name": f"Person {i}", "company_id": company})
        tx.change("contact", 1, {"company_id": company})
    batch = ctx.batch
    records.add(ctx, DEAL, {"name": "Big", "contact": "Person 3"})
    records.add(ctx, DEAL, {"name": "Other", "company": "Firm 7"})
    with pytest.raises(ConflictError) as refused:
        history.undo(ctx, batch)
    reasons = str(refused.value).splitlines()[1:-1]
    assert [reason.strip().partition(":")[0] for reason in reasons] == ["contact", "company"]
    assert "Person 3" in reasons[0]
    assert "Firm 7" in reasons[1]


def test_batch_0_is_none(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    for number in (0, -1, 99):
        with pytest.raises(NotFoundError, match=f"there is no batch {number}"):
            history.undo(ctx, number)
    assert ctx.reader.value("SELECT count(*) FROM opportunity") == 1


def test_a_later_change_back_to_what_was_is_no_conflict(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "city": "Bern"})
    first = records.edit(ctx, LEAD, [1], {"city": "Basel"}).batch
    records.edit(ctx, LEAD, [1], {"city": "Bern"})
    history.undo(ctx, first)
    assert records.get(ctx, LEAD, 1)["city"] == "Bern"


def test_what_was_removed_later_is_a_conflict(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    first = records.edit(ctx, LEAD, [1], {"city": "Basel"}).batch
    records.remove(ctx, LEAD, [1])
    with pytest.raises(ConflictError, match="was removed later"):
        history.undo(ctx, first)


def test_what_others_hang_on_is_a_conflict(ctx: Context) -> None:
    batch = records.add(ctx, COMPANY, {"name": "Engines"}).batch
    records.add(ctx, CONTACT, {"name": "Ada", "company": "Engines"})
    with pytest.raises(ConflictError, match="company:1 Engines: contact 1 hangs on it now"):
        history.undo(ctx, batch)


def test_words_that_others_use_stay(ctx: Context) -> None:
    batch = records.add(ctx, LEAD, {"name": "Ada", "source": "web", "tags": "vip", "owner": "me"}).batch
    records.add(ctx, LEAD, {"name": "Grace", "source": "web", "tags": "vip"})
    done = history.undo(ctx, batch)
    assert "kept, since others use it" in done.lines[1]
    assert ctx.names("source") == ["web"]
    assert ctx.names("tag") == ["vip"]
    assert ctx.names("user") == []
    assert records.get(ctx, LEAD, 2)["source"] == "web"
    sound(ctx)


def test_a_word_that_is_gone_returns(ctx: Context) -> None:
    first = records.add(ctx, LEAD, {"name": "Ada", "source": "web"}).batch
    records.add(ctx, LEAD, {"name": "Grace"})
    records.edit(ctx, LEAD, [2], {"source": "web"})
    cleared = records.edit(ctx, LEAD, [2], {"source": ""}).batch
    history.undo(ctx, first)
    assert ctx.names("source") == []
    history.undo(ctx, cleared)
    assert records.get(ctx, LEAD, 2)["source"] == "web"
    sound(ctx)


def test_a_word_whose_place_was_taken_is_that_word(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "source": "web", "tags": "vip"})
    taken = history.undo(ctx).batch
    records.add(ctx, LEAD, {"name": "Grace", "source": "Web", "tags": "VIP"})
    history.undo(ctx, taken)
    assert [records.get(ctx, LEAD, i)["source_id"] for i in (1, 2)] == [2, 2]
    assert records.get(ctx, LEAD, 1)["tags"] == ["VIP"]
    sound(ctx)


def test_an_older_batch_knows_a_word_by_its_new_number(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Grace"})
    made = records.add(ctx, LEAD, {"name": "Ada", "source": "web", "tags": "vip"}).batch
    batch = records.edit(ctx, LEAD, [1], {"source": "web", "tags": "vip"}).batch
    taken = history.undo(ctx, batch).batch
    history.undo(ctx, made)
    records.add(ctx, LEAD, {"name": "Mary", "source": "web", "tags": "vip"})
    history.undo(ctx, taken)
    assert (records.get(ctx, LEAD, 1)["source_id"], records.get(ctx, LEAD, 1)["tags"]) == (2, ["vip"])
    history.undo(ctx, batch)
    assert (records.get(ctx, LEAD, 1)["source"], records.get(ctx, LEAD, 1)["tags"]) == (None, [])
    sound(ctx)


def test_what_was_brought_back_last_goes_first(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    removed = records.remove(ctx, LEAD, [1]).batch
    taken = history.undo(ctx).batch
    edited = records.edit(ctx, LEAD, [1], {"city": "Bern"}).batch
    history.undo(ctx, taken)
    history.undo(ctx)
    assert ctx.reader.rows("SELECT id FROM batch WHERE undone_by IS NOT NULL AND source = 'cli'") == [(removed,)]
    history.undo(ctx)
    assert ctx.reader.value("SELECT undone_by FROM batch WHERE id = ?", (edited,)) is not None


def test_a_company_and_its_parent_come_and_go_together(ctx: Context) -> None:
    with ctx.writing() as tx:
        child = tx.add("company", {"name": "Child"})
        parent = tx.add("company", {"name": "Parent"})
        tx.flush()
        tx.change("company", child, {"parent_id": parent})
    before = content(ctx)
    taken = history.undo(ctx).batch
    assert content(ctx)["company"] == []
    history.undo(ctx, taken)
    assert content(ctx) == before
    sound(ctx)


def test_a_batch_of_several_transactions_and_a_change_between(ctx: Context) -> None:
    with ctx.writing("import") as tx:
        tx.add("company", {"name": "A"})
        tx.add("company", {"name": "B", "city": "Bern"})
    batch = ctx.batch
    records.edit(ctx, COMPANY, [2], {"city": "Basel"})
    with ctx.writing("import", batch=batch) as tx:
        tx.change("company", 2, {"city": "Genf"})
        tx.add("company", {"name": "C"})
    before = content(ctx)
    with pytest.raises(ConflictError):
        history.undo(ctx, batch)
    assert content(ctx) == before


def test_a_later_position_on_the_board_is_no_conflict(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Big"})
    batch = deals.move(ctx, DEAL, [1], "qualified").batch
    with ctx.writing() as tx:
        tx.change("deal", 1, {"position": 17})
    history.undo(ctx, batch)
    found = records.get(ctx, DEAL, 1)
    assert (found["stage"], found["position"]) == ("New", 17)


def test_an_undo_that_was_overtaken_is_not_undone(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    batch = records.edit(ctx, LEAD, [1], {"city": "Bern"}).batch
    again = history.undo(ctx, history.undo(ctx, batch).batch).batch
    last = history.undo(ctx, batch).batch
    with pytest.raises(ConflictError, match=f"batch {again} was overtaken by batch {last}") as refused:
        history.undo(ctx, again)
    assert refused.value.hint == f"'{ctx.settings.calling('undo', str(last))}' takes that back"
    history.undo(ctx, last)
    assert records.get(ctx, LEAD, 1)["city"] == "Bern"
    sound(ctx)


def test_a_stage_that_was_moved_along_meanwhile_still_goes(ctx: Context) -> None:
    added = pipelines.stage_add(ctx, "Demo").batch
    pipelines.stage_reorder(ctx, ["demo", "new", "qualified", "proposition", "won"])
    history.undo(ctx, added)
    assert ctx.names("stage") == ["New", "Qualified", "Proposition", "Won"]


def test_an_order_that_was_changed_again_keeps_the_later_one(ctx: Context) -> None:
    first = pipelines.stage_reorder(ctx, ["qualified", "new", "proposition", "won"]).batch
    pipelines.stage_reorder(ctx, ["proposition", "qualified", "new", "won"])
    history.undo(ctx, first)
    assert ctx.names("stage") == ["Proposition", "Qualified", "New", "Won"]


def test_what_cannot_be_undone(ctx: Context) -> None:
    with pytest.raises(RefusedError, match="making of the book"):
        history.undo(ctx, 1)
    with pytest.raises(NotFoundError, match="no batch 77"):
        history.undo(ctx, 77)
    batch = records.add(ctx, LEAD, {"name": "Ada"}).batch
    undone = history.undo(ctx).batch
    with pytest.raises(ConflictError, match="already undone") as refused:
        history.undo(ctx, batch)
    assert ctx.settings.calling("undo", str(undone)) in refused.value.hint


def test_only_your_own_changes_unless_named(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = records.add(ctx, LEAD, {"name": "Ada"}).batch
    monkeypatch.setenv("USER", "grace")
    with pytest.raises(NotFoundError) as refused:
        history.undo(ctx)
    assert ctx.settings.calling("undo", str(batch)) in refused.value.hint
    history.undo(ctx, batch)


def test_history_in_words(ctx: Context, clock: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "value": "1200", "currency": "JPY", "tags": "vip"})
    clock()
    records.edit(ctx, LEAD, [1], {"stage": "qualified", "close_on": "2026-12-01", "priority": "high", "tags": "+hot"})
    rows = list(history.history(ctx, LEAD, 1).rows)
    first, last = rows[0], rows[-1]
    assert (first["who"], first["source"], first["at"]) == ("tester", "cli", "2026-11-21T10:01:00.000Z")
    lines = [(row["field"], row["before"], row["after"]) for row in rows]
    for line in (
        ("Stage", "New", "Qualified"),
        ("Probability", "10%", "30%"),
        ("Close date", "", "2026-12-01"),
        ("Priority", "none", "high"),
        ("Tags", "vip", "hot, vip"),
        ("In stage since", "2026-11-21 10:00", "2026-11-21 10:01"),
        ("(added)", "", ""),
        ("Value", "", "1,200 JPY"),
        ("Name", "", "Ada"),
    ):
        assert line in lines
    assert last["after"] == "vip"
    assert len(list(history.history(ctx, LEAD, 1, limit=1).rows)) < len(rows)
    with pytest.raises(NotFoundError):
        history.history(ctx, LEAD, 99)


def test_history_knows_what_is_gone_by_name(ctx: Context) -> None:
    stage = pipelines.stage_add(ctx, "Spare", after="new").batch
    records.add(ctx, LEAD, {"name": "Ada", "tags": "vip"})
    batch = records.edit(ctx, LEAD, [1], {"source": "fair", "owner": "me", "stage": "spare"}).batch
    tags.rename(ctx, "vip", "hot")
    tags.delete(ctx, "hot")
    history.undo(ctx, batch)
    history.undo(ctx, stage)
    lines = [(row["field"], row["before"], row["after"]) for row in history.history(ctx, LEAD, 1).rows]
    assert ctx.names("tag") == ctx.names("source") == ctx.names("user") == []
    for line in (("Tags", "hot", ""), ("Source", "fair", ""), ("Owner", "", "tester"), ("Stage", "New", "Spare")):
        assert line in lines
    assert not [line for line in lines if "#" in "".join(line)]


def test_batches(ctx: Context, clock: Any) -> None:
    clock()
    batch = records.add(ctx, LEAD, {"name": "Ada", "tags": "vip"}).batch
    undone = history.undo(ctx).batch
    rows = list(history.batches(ctx).rows)
    assert [row["batch"] for row in rows] == [undone, batch, 1]
    assert (rows[1]["records"], rows[1]["undone_by"], rows[1]["actor"]) == (2, undone, "tester")
    assert rows[1]["at"] == "2026-11-21T10:01:00.000Z"
    assert len(list(history.batches(ctx, limit=1).rows)) == 1


# --- purge -----------------------------------------------------------------------------------------------------------


def test_purge_forgets_a_person(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Engines"})
    ctx.command = 'contact add "Xylophona Quux"'
    person = {"name": "Xylophona Quux", "email": "xq@secret.example", "company": "Engines", "tags": "vip"}
    added = records.add(ctx, CONTACT, person, note="likes zirconium").batch
    ctx.command = ""
    records.edit(ctx, CONTACT, [1], {"job_title": "Countess"})
    records.add(ctx, DEAL, {"name": "Big", "contact": "Xylophona Quux", "company": "Engines"})
    timeline.add(ctx, DEAL, 1, "call", "about the price")
    records.add(ctx, TASK, {"name": "Ask about tungsten", "on": "contact:1"})
    assert all(word in everything(ctx) for word in ("xylophona", "zirconium", "tungsten", "countess"))

    done = history.purge(ctx, CONTACT, [1])

    assert done.lines == ("purged contact:1, with 1 task, 1 interaction; it cannot be undone",)
    left = everything(ctx)
    assert not [word for word in ("xylophona", "xq@secret", "zirconium", "tungsten", "countess") if word in left]
    assert records.get(ctx, DEAL, 1)["contact"] is None
    assert records.get(ctx, DEAL, 1)["last_touch"] is not None
    assert ctx.reader.rows("SELECT body, contact_id FROM interaction") == [("about the price", None)]
    sound(ctx)
    rows = list(history.history(ctx, CONTACT, 1).rows)
    assert {row["field"] for row in rows} == {"(purged)"}
    with pytest.raises(RefusedError, match="cannot be brought back"):
        history.undo(ctx, done.batch)
    # The batch that made them can be undone as far as it is still known.
    history.undo(ctx, added)
    assert ctx.names("tag") == []
    sound(ctx)


def test_purge_of_a_company_and_a_lead(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Parent"})
    records.add(ctx, COMPANY, {"name": "Child", "parent": "Parent"})
    records.add(ctx, LEAD, {"name": "Ada"}, note="one")
    records.edit(ctx, LEAD, [1], {"stage": "qualified"})
    history.purge(ctx, COMPANY, [1])
    history.purge(ctx, LEAD, [1])
    assert records.get(ctx, COMPANY, 2)["parent"] is None
    assert [ctx.reader.value(f"SELECT count(*) FROM {t}") for t in ("opportunity", "interaction", "stage_move")] == [
        0,
        0,
        0,
    ]
    sound(ctx)
    with pytest.raises(NotFoundError):
        history.purge(ctx, LEAD, [1])
    with pytest.raises(UsageError):
        history.purge(ctx, TAG, [1])


def test_purge_blanks_the_commands_that_touched_or_named_the_person(ctx: Context) -> None:
    def commanded(command: str, verb: Callable[[], Changed]) -> int:
        ctx.command = command
        return verb().batch

    kept = commanded("lead add Company", lambda: records.add(ctx, LEAD, {"name": "Company"}))
    gone = [
        commanded("contact add Xen", lambda: records.add(ctx, CONTACT, {"name": "Xen O'Hara", "email": "x@q.example"})),
        commanded("note add contact:1 'likes tea'", lambda: timeline.add(ctx, CONTACT, 1, "note", "likes tea")),
        commanded("contact edit 1 city=Uxmal", lambda: records.edit(ctx, CONTACT, [1], {"city": "Uxmal"})),
        commanded("task add 'Ring her'", lambda: records.add(ctx, TASK, {"name": "Ring her", "on": "contact:1"})),
        commanded("task edit 1 description=owes", lambda: records.edit(ctx, TASK, [1], {"description": "owes"})),
        commanded("""lead edit 1 city='Xen O'"'"'Hara'""", lambda: records.edit(ctx, LEAD, [1], {"city": "B"})),
        commanded("undo", lambda: history.undo(ctx)),
    ]  # fmt: skip
    also = commanded("lead add 'Xenia Company'", lambda: records.add(ctx, LEAD, {"name": "Xenia"}))
    ctx.command = ""

    history.purge(ctx, CONTACT, [1])

    commands = dict(ctx.reader.rows("SELECT id, command FROM batch"))
    assert {commands[batch] for batch in gone[:-1]} == {"(purged)"}
    assert commands[gone[-1]] == "undo"  # it took back what named her, but says no word of her
    assert (commands[kept], commands[also]) == ("lead add Company", "lead add 'Xenia Company'")
    left = everything(ctx)
    assert not [word for word in ("likes tea", "uxmal", "ring her", "owes", "hara", "x@q") if word in left]
    # A name that is a noun of the program too leaves the commands of that noun alone.
    records.add(ctx, COMPANY, {"name": "Lead"})
    history.purge(ctx, COMPANY, [1])
    assert ctx.reader.value("SELECT command FROM batch WHERE id = ?", (kept,)) == "lead add Company"
    sound(ctx)


def test_purge_of_many_is_one_transaction(ctx: Context) -> None:
    with ctx.writing("import") as tx:
        company = tx.add("company", {"name": "Engines"})
        for i in range(1200):
            person = tx.add("contact", {"name": f"Person {i}", "email": f"p{i}@secret.example", "company_id": company})
            tx.add("task", {"name": f"Ring quux{i}", "contact_id": person})
    records.add(ctx, DEAL, {"name": "Big", "contact": "Person 3", "company": "Engines"})
    numbers = list(range(1, 1201))
    with pytest.raises(NotFoundError, match="there is no contact 5000"):
        history.purge(ctx, CONTACT, [*numbers, 5000])
    assert ctx.reader.value("SELECT count(*) FROM contact") == 1200

    started = time.monotonic()
    done = history.purge(ctx, CONTACT, [*numbers, 1])

    assert done.lines == ("purged 1200 contacts, with 1200 tasks; it cannot be undone",)
    assert ctx.reader.value("SELECT count(*) FROM journal_tx WHERE batch_id = ?", (done.batch,)) == 1
    assert records.get(ctx, DEAL, 1)["contact"] is None
    assert ctx.reader.value("SELECT count(*) FROM task") == 0
    assert not [word for word in ("secret.example", "quux") if word in everything(ctx)]
    assert time.monotonic() - started < 20
    sound(ctx)


# --- many, and at random ---------------------------------------------------------------------------------------------


def test_a_large_import_is_taken_back_in_bounded_memory(ctx: Context) -> None:
    count = 5_000
    before = content(ctx)
    with ctx.writing("import") as tx:
        company = tx.add("company", {"name": "Engines"})
        for i in range(count):
            tx.add(
                "contact",
                {"name": f"Person {i}", "email": f"p{i}@engines.example", "company_id": company, "city": "Bern"},
            )
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    done = history.undo(ctx)
    assert "5000 contacts" in done.lines[0]
    assert content(ctx) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size < 100_000
    assert time.monotonic() - started < 60
    taken = ctx.batch
    history.undo(ctx, taken)
    assert ctx.reader.value("SELECT count(*) FROM contact") == count
    assert database.check(ctx).values["ok"]


#: What is done, which record, tag or batch it is done to, and a word for it: of each a few, so that they meet.
STEP = (st.integers(0, 11), st.sampled_from(["Bern", "Basel", ""]))
VERBS = (
    "add", "edit", "tag", "clear", "stage", "remove", "restore", "lost", "note", "convert", "sell", "purge",
    "rename", "merge", "delete", "undo", "redo",
)  # fmt: skip
OPERATIONS = st.lists(st.tuples(st.sampled_from(VERBS), *STEP), min_size=1, max_size=25)
#: Undo of any batch, however long ago, among what makes and takes away words and records.
OUT_OF_ORDER = st.lists(
    st.tuples(st.sampled_from(("add", "edit", "clear", "convert", "sell", "purge", "delete", "any", "any")), *STEP),
    min_size=3,
    max_size=12,
)


def walk_back(ctx: Context) -> None:
    while True:
        try:
            history.undo(ctx)
        except NotFoundError:
            return


def tried(ctx: Context, what: str, number: int, word: str) -> None:
    """Do it, or be refused; by us, before the engine does."""
    try:
        operate(ctx, what, number, word)
    except CrmError as error:
        assert error.code in (2, 3, 4, 5), error  # noqa: PT017
        assert "the store refused" not in error.message, error  # noqa: PT017


@given(operations=OPERATIONS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_history_a_walk_back_ends_where_it_began(
    ctx: Context, clock: Any, operations: list[tuple[str, int, str]]
) -> None:
    walk_back(ctx)
    start = content(ctx)
    for what, number, word in operations:
        clock()
        tried(ctx, what, number, word)
    walk_back(ctx)
    # What was purged was added meanwhile: it is gone like the rest.
    assert content(ctx) == start
    sound(ctx)


@given(operations=OUT_OF_ORDER)
@example([("edit", 0, "Bern"), ("clear", 0, ""), ("delete", 0, ""), ("any", 2, ""), ("any", 2, "")])
@example([("tag", 1, "Bern"), ("clear", 1, ""), ("delete", 0, ""), ("any", 1, "")])
@example([("add", 0, "Bern"), ("edit", 0, "Basel"), ("purge", 0, ""), *[("any", n, "") for n in range(4)]])
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_out_of_order_the_book_stays_sound_and_what_is_purged_stays_away(
    ctx: Context, clock: Any, operations: list[tuple[str, int, str]]
) -> None:
    forgotten = "SELECT entity, record_id FROM journal WHERE before IS NULL AND after IS NULL"
    records.add(ctx, LEAD, {"name": "Ada"})
    for what, number, word in operations:
        clock()
        tried(ctx, what, number, word)
    for table, record in ctx.reader.rows(forgotten):
        assert ctx.reader.one(f"SELECT 1 FROM {table} WHERE id = ?", (record,)) is None
    sound(ctx)


EDITS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["city", "email", "job_title", "tags"]), st.just(0)),
        st.tuples(st.just("undo"), st.integers(0, 30)),
    ),
    min_size=2,
    max_size=20,
)


@given(edits=EDITS)
@example([("city", 0), ("city", 0), ("undo", 1), ("undo", 2), ("undo", 1), ("undo", 3)])
@example([("city", 0), ("undo", 0), ("undo", 1), ("undo", 0), ("undo", 2), ("undo", 14)])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_undoing_in_any_order_the_last_change_is_the_last_one_that_stands(
    ctx: Context, clock: Any, edits: list[tuple[str, int]]
) -> None:
    clock()
    number = records.add(ctx, LEAD, {"name": "Ada"}).ids[0]
    made = {ctx.batch: ctx.env.now}  # batch -> when it was made, those of the record that are no undo
    undone: dict[int, int] = {}  # undo -> what it took back
    gone: set[int] = set()
    for i, (field, which) in enumerate(edits):
        clock()
        if field != "undo":
            value = f"+t{i}" if field == "tags" else f"x{i}@y.example" if field == "email" else f"text {i}"
            made[records.edit(ctx, LEAD, [number], {field: value}).batch] = ctx.env.now
        else:
            batches = [*list(made)[1:], *undone]
            if not batches:
                continue
            batch = batches[which % len(batches)]
            try:
                taken = history.undo(ctx, batch).batch
            except ConflictError:
                continue
            undone[taken] = batch
            goes = True
            while batch in undone:
                batch, goes = undone[batch], not goes
            gone = gone | {batch} if goes else gone - {batch}
        last = max(when for batch, when in made.items() if batch not in gone)
        assert records.get(ctx, LEAD, number)["updated_at"] == show_instant(last)
    sound(ctx)


def operate(ctx: Context, what: str, number: int, word: str) -> None:
    if what == "add":
        kind = LEAD if number % 3 else CONTACT
        records.add(ctx, kind, {"name": f"{kind.name} {number}", "city": word, "source": word})
    elif what in ("undo", "redo", "any"):
        take_back(ctx, what, number)
    elif what in ("rename", "merge", "delete"):
        on_tag(ctx, what, number, word)
    else:
        on_record(ctx, what, number, word)


def take_back(ctx: Context, what: str, number: int) -> None:
    last = int(ctx.reader.value("SELECT max(id) FROM batch"))
    if what == "undo":
        history.undo(ctx)
    elif what == "any":
        history.undo(ctx, last - number % last)
    else:
        # Step by step, as people do; out of order a conflict is right.
        source = "SELECT t.source FROM batch b JOIN batch t ON t.id = b.undoes WHERE b.id = ?"
        if ctx.reader.value(source, (last,)) == "cli":
            history.undo(ctx, last)


def on_tag(ctx: Context, what: str, number: int, word: str) -> None:
    known = ctx.names("tag")
    if not known:
        return
    name, other = known[number % len(known)], word or "x"
    if what == "rename":
        tags.rename(ctx, name, other)
    elif what == "merge":
        tags.merge(ctx, name, other)
    else:
        tags.delete(ctx, name)


def on_record(ctx: Context, what: str, number: int, word: str) -> None:
    """Do it to a lead, deal or contact of those that there are."""
    sql = "SELECT id, kind FROM opportunity UNION ALL SELECT id, 'contact' FROM contact ORDER BY 2, 1"
    there = ctx.reader.rows(sql)
    if not there:
        return
    record, noun = there[number % len(there)]
    kind, one = ENTITIES[noun], [record]
    if what in ("stage", "lost", "convert") and kind is CONTACT:
        return
    if what == "edit":
        records.edit(ctx, kind, one, {"city": word, "source": word, "tags": f"+{word or 'x'}"})
    elif what == "tag":
        records.edit(ctx, kind, one, {"tags": f"+{word or 'x'}" if number % 2 else f"-{word or 'x'}"})
    elif what == "clear":
        records.edit(ctx, kind, one, {"tags": "", "source": "", **({"contact": ""} if kind is DEAL else {})})
    elif what == "stage":
        records.edit(ctx, kind, one, {"stage": ["new", "qualified", "won"][number % 3]})
    elif what == "lost":
        deals.lost(ctx, kind, one, reason="Too expensive")
    elif what == "note":
        timeline.add(ctx, kind, record, "note", f"said {word}")
    elif what == "sell":
        records.add(ctx, DEAL, {"name": f"Deal {number}", **({"contact": str(record)} if kind is CONTACT else {})})
    elif what == "convert":
        deals.convert(ctx, record, to=("contact", "deal") if number % 2 else ("deal",))
    elif what == "purge":
        history.purge(ctx, kind, one)
    else:
        (records.remove if what == "remove" else records.restore)(ctx, kind, one)


def test_undo_goes_on_to_what_a_purge_left(ctx: Context, clock: Any) -> None:
    first = records.add(ctx, LEAD, {"name": "Ada"}).batch
    clock()
    records.add(ctx, LEAD, {"name": "Bob"})
    records.edit(ctx, LEAD, [2], {"city": "Bern"})
    clock()
    history.purge(ctx, LEAD, [2])
    assert history.undo(ctx).lines == (f"took back batch {first}: 1 lead",)
    with pytest.raises(NotFoundError, match="nothing of yours"):
        history.undo(ctx)
    sound(ctx)


def test_a_batch_of_which_a_purge_left_a_part_is_still_taken_back(ctx: Context) -> None:
    for name in ("Ada", "Bob"):
        records.add(ctx, LEAD, {"name": name})
    batch = records.edit(ctx, LEAD, [1, 2], {"city": "Bern"}).batch
    history.purge(ctx, LEAD, [2])
    assert history.undo(ctx).lines == (f"took back batch {batch}: 1 lead",)
    assert records.get(ctx, LEAD, 1)["city"] is None
