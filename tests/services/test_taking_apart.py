"""Merges taken apart on both engines: one of many, and what was moved along and has gone since."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, TASK
from crmcli.errors import ConflictError, NotFoundError, RefusedError, UsageError
from crmcli.services import chaining, duplicates, history, merging, records, timeline, undo_merges
from crmcli.services.batch import Batch
from crmcli.store import journal, read
from tests.services.test_merging import MERGED, RANDOM, add, grow, merge_some, row, snapshot
from tests.support.books import sound

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.fixture
def pairs(ctx: Context) -> Context:
    """Three people and three firms, each there twice (1 and 2, 3 and 4, 5 and 6); the even ones have what can move."""
    for number in range(1, 7):
        who = f"{'even' if number % 2 == 0 else 'odd'}{(number + 1) // 2}"
        city = {"city": "London"} if number % 2 == 0 else {}
        add(ctx, COMPANY, f"Firm {(number + 1) // 2}", website=f"firm{(number + 1) // 2}.example", **city)
        add(
            ctx, CONTACT, f"Ada Lovelace{(number + 1) // 2}", email=f"ada{(number + 1) // 2}@engines.example",
            company=f"company:{number}", job_title=who, **city,
        )  # fmt: skip
    for number in (2, 4, 6):
        add(ctx, TASK, f"Call {number}", on=f"contact:{number}")
        timeline.add(ctx, CONTACT, number, "note", "spoke")
        add(ctx, DEAL, f"Deal {number}", company=f"company:{number}", contact=f"contact:{number}")
    return ctx


def merge_pairs(ctx: Context, kind: object) -> int:
    """Merge the three pairs of a kind as `crm dupes --auto` does; the batch."""
    from crmcli.domain.dedupe import Group

    found = [Group((n, n + 1), 99, ("same",)) for n in (1, 3, 5)]
    return duplicates.merge_all(ctx, kind, found).batch  # type: ignore[arg-type]


def rows(ctx: Context) -> dict[tuple[str, int], dict[str, Any]]:
    """Every record of the people and what hangs on them, without the counter of its changes."""
    found = {}
    for table in ("contact", "task", "opportunity", "interaction"):
        ids = [number for (number,) in ctx.reader.rows(f"SELECT id FROM {table}")]
        for number, one in read.raw(ctx.reader, table, ids).items():
            found[table, number] = {column: value for column, value in one.items() if column != "version"}
    return found


# --- one of many -----------------------------------------------------------------------------------------------------


def test_one_merge_of_many_comes_apart_alone_and_the_others_after_it(pairs: Context) -> None:
    ctx, before = pairs, rows(pairs)
    batch = merge_pairs(ctx, CONTACT)
    # What was edited since holds its own merge up, and no other one.
    records.edit(ctx, CONTACT, [1], {"city": "Paris"})
    with pytest.raises(ConflictError, match="contact:1 Ada Lovelace1: City changed later") as error:
        history.undo(ctx, batch)
    assert ctx.settings.calling("undo", str(batch), "RECORD") in error.value.hint
    with pytest.raises(RefusedError, match="was merged into contact:3") as refused:
        records.restore(ctx, CONTACT, [4])
    assert refused.value.hint == f"to take the merge apart: {ctx.settings.calling('undo', str(batch), 'contact:4')}"

    done = history.undo(ctx, batch, (CONTACT, 4))
    assert done.lines == (f"took back a merge of batch {batch}: 2 contacts, 1 deal, 1 task, 1 interaction",)
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [1, None, 5]
    assert [read.raw(ctx.reader, "task", [n])[n]["contact_id"] for n in (1, 2, 3)] == [1, 4, 5]
    assert row(ctx, CONTACT, 3)["city"] is None
    sound(ctx)
    with pytest.raises(ConflictError, match="taken apart before"):
        history.undo(ctx, batch, (CONTACT, 4))

    again = history.undo(ctx, done.batch).batch  # that comes back too
    assert row(ctx, CONTACT, 4)["merged_into_id"] == 3
    sound(ctx)
    history.undo(ctx, again)
    records.edit(ctx, CONTACT, [1], {"city": "London"})
    history.undo(ctx, batch)
    after = rows(ctx)
    assert after.pop(("contact", 1))["city"] == before.pop(("contact", 1))["city"]
    assert after == before
    sound(ctx)


def test_a_firm_that_others_were_moved_under_comes_apart_without_them(pairs: Context) -> None:
    """Rows that several merges of one batch changed are put back only as far as the one merge changed them."""
    ctx = pairs
    records.edit(ctx, COMPANY, [3], {"parent": "company:2"})
    batch = merge_pairs(ctx, COMPANY)
    assert row(ctx, COMPANY, 3)["parent_id"] == 1
    stamp = row(ctx, COMPANY, 3)["updated_at"]
    history.undo(ctx, batch, (COMPANY, 2))
    found = row(ctx, COMPANY, 3)
    assert (found["parent_id"], found["city"], found["updated_at"]) == (2, "London", stamp)
    assert [row(ctx, COMPANY, n)["merged_into_id"] for n in (2, 4, 6)] == [None, 3, 5]
    sound(ctx)
    history.undo(ctx, batch, (COMPANY, 3))
    assert (row(ctx, COMPANY, 3)["parent_id"], row(ctx, COMPANY, 3)["city"]) == (2, None)
    sound(ctx)


def test_what_a_batch_did_not_merge_is_refused(pairs: Context) -> None:
    batch = merge_pairs(pairs, CONTACT)
    add(pairs, CONTACT, "Other")
    for merged, said in (((CONTACT, 7), "did not merge contact:7"), ((COMPANY, 2), "did not merge company:2")):
        with pytest.raises(UsageError, match=said):
            history.undo(pairs, batch, merged)
    single = merging.merge(pairs, CONTACT, [1, 3]).batch
    history.undo(pairs, single, (CONTACT, 3))  # all that the batch did: it is undone itself
    with pytest.raises(ConflictError, match="already undone"):
        history.undo(pairs, single)


def test_the_last_of_several_ways_back_is_told(pairs: Context) -> None:
    """A bulk that was undone and brought back is named as it was."""
    batch = merge_pairs(pairs, CONTACT)
    history.undo(pairs, history.undo(pairs, batch).batch)
    with pytest.raises(RefusedError) as refused:
        records.restore(pairs, CONTACT, [6])
    assert refused.value.hint.endswith(f" undo {batch} contact:6")
    history.undo(pairs, batch, (CONTACT, 6))
    assert row(pairs, CONTACT, 6)["merged_into_id"] is None
    sound(pairs)


def test_one_of_many_merges_that_an_undo_brought_back_comes_apart_alone(pairs: Context) -> None:
    """An undo brings them all back in one transaction, and each is one of the batch's again."""
    batch = merge_pairs(pairs, CONTACT)
    again = history.undo(pairs, history.undo(pairs, batch).batch).batch
    done = history.undo(pairs, again, (CONTACT, 2))
    assert done.lines[0].startswith(f"took back a merge of batch {batch}: ")
    assert [row(pairs, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [None, 3, 5]
    back = history.undo(pairs, done.batch).batch
    history.undo(pairs, back, (CONTACT, 2))
    assert [row(pairs, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [None, 3, 5]
    sound(pairs)


def advice(ctx: Context, number: int) -> str:
    """How a merged person is taken apart, as who would restore it is told."""
    with pytest.raises(RefusedError) as refused:
        records.restore(ctx, CONTACT, [number])
    return refused.value.hint.partition(" undo ")[2]


def test_the_merge_that_stands_is_told_whatever_moved_its_link_since(pairs: Context) -> None:
    """A chain of merges, and one merge of many that was brought back alone."""
    ctx = pairs
    first = merging.merge(ctx, CONTACT, [2, 3], into=2).batch
    second = merging.merge(ctx, CONTACT, [1, 2], into=1).batch
    assert (advice(ctx, 3), advice(ctx, 2)) == (f"{second} && {ctx.settings.calling('undo', str(first))}", str(second))
    history.undo(ctx, second)
    assert advice(ctx, 3) == str(first)
    history.undo(ctx, first)
    assert row(ctx, CONTACT, 3)["merged_into_id"] is None

    batch = merge_pairs(ctx, CONTACT)
    part = history.undo(ctx, batch, (CONTACT, 2)).batch
    history.undo(ctx, history.undo(ctx, batch).batch)
    again = history.undo(ctx, part).batch
    assert advice(ctx, 2) == f"{batch} contact:2"
    history.undo(ctx, again)
    assert row(ctx, CONTACT, 2)["merged_into_id"] is None
    sound(ctx)


def follow(ctx: Context, number: int) -> None:
    """Do what who would restore a merged person is told."""
    for words in advice(ctx, number).split(f" && {ctx.settings.calling('undo')} "):
        batch, _, record = words.partition(" ")
        history.undo(ctx, int(batch), undo_merges.named(ctx, record) if record else None)


@pytest.mark.parametrize(
    "made",
    [
        "ab bc", "bc ab", "abc", "ab bc cd", "bc cd ab", "cd bc ab", "ab cd bc", "ab undo redo bc", "bc undo redo ab",
        "ab bc undo redo", "ab undo bc redo", "at once: ab bc", "at once: ab bc cd", "at once: ab cd bc",
    ],
)  # fmt: skip
def test_what_is_told_of_a_chain_of_merges_takes_it_apart(pairs: Context, made: str) -> None:
    """Whoever is restored, in whatever order the merges were made, also as one batch."""
    ctx, before = pairs, rows(pairs)
    of = {"a": 3, "b": 1, "c": 5, "d": 6}
    done = 0
    with ctx.writing(alone=True) if made.startswith("at once: ") else contextlib.nullcontext():
        for word in made.removeprefix("at once: ").split():
            if word == "redo":
                history.undo(ctx, done)
            elif word == "undo":
                done = history.undo(ctx).batch
            else:
                merging.merge(ctx, CONTACT, [of[name] for name in word], into=of[word[-1]])
    merged = [n for n in of.values() if row(ctx, CONTACT, n)["merged_into_id"]]
    for first in merged:
        head = len(history.batches(ctx, 0).rows)  # type: ignore[arg-type]
        follow(ctx, first)
        assert row(ctx, CONTACT, first)["merged_into_id"] is None
        sound(ctx)
        for number in merged:
            if row(ctx, CONTACT, number)["merged_into_id"]:
                follow(ctx, number)
        assert rows(ctx) == before
        for batch in range(len(history.batches(ctx, 0).rows), head, -1):  # type: ignore[arg-type]
            history.undo(ctx, batch)
    sound(ctx)


def refused(ctx: Context, number: int, merged: int = 0) -> tuple[str, str]:
    """What an undo is refused with, and the commands that it names instead."""
    head = journal.head(ctx.reader)
    with pytest.raises(ConflictError) as error:
        history.undo(ctx, number, (CONTACT, merged) if merged else None)
    assert journal.head(ctx.reader) == head
    return error.value.message, ", ".join(re.findall(r" undo ([^']*)'", error.value.hint))


def test_what_is_about_a_part_of_a_batch_waits_until_the_batch_stands(pairs: Context) -> None:
    ctx = pairs
    batch = merge_pairs(ctx, CONTACT)
    part = history.undo(ctx, batch, (CONTACT, 2)).batch
    back = history.undo(ctx, history.undo(ctx, batch, (CONTACT, 4)).batch).batch
    whole = history.undo(ctx, batch).batch
    for number in (part, back):
        said = f"batch {number} is about a merge of batch {batch}, all of which is undone"
        assert refused(ctx, number) == (said, str(whole))
    assert refused(ctx, batch, 6) == (f"batch {batch} is already undone", str(whole))
    history.undo(ctx, whole)
    history.undo(ctx, part)
    history.undo(ctx, back)
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [1, None, 5]
    sound(ctx)


def test_the_last_in_line_of_what_came_apart_and_back_is_what_is_undone(pairs: Context) -> None:
    ctx = pairs
    batch = merge_pairs(ctx, CONTACT)
    line = [history.undo(ctx, batch, (CONTACT, 2)).batch]
    assert refused(ctx, batch, 2) == (
        f"that merge of batch {batch} was taken apart before, by batch {line[0]}",
        f"{line[0]}",
    )
    line.append(history.undo(ctx, line[0]).batch)
    line.append(history.undo(ctx, batch, (CONTACT, 1)).batch)  # anew, by who stays
    assert refused(ctx, line[0]) == (f"batch {line[0]} is already undone", f"{line[1]}")
    assert refused(ctx, line[1]) == (f"batch {line[1]} was overtaken by batch {line[2]}", f"{line[2]}")
    line.append(history.undo(ctx, line[2]).batch)
    line.append(history.undo(ctx, line[3]).batch)
    assert refused(ctx, line[2]) == (f"batch {line[2]} was overtaken by batch {line[4]}", f"{line[4]}")
    assert refused(ctx, batch, 2)[1] == f"{line[4]}"
    history.undo(ctx, line[4])
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [1, 3, 5]
    sound(ctx)


def test_an_undo_that_brought_back_what_came_apart_since_is_overtaken(pairs: Context) -> None:
    """All of a batch came back in one transaction: what of it stands by now, only the batch knows."""
    ctx = pairs
    batch = merge_pairs(ctx, CONTACT)
    back = history.undo(ctx, history.undo(ctx, batch).batch).batch
    part = history.undo(ctx, batch, (CONTACT, 2)).batch
    records.edit(ctx, CONTACT, [1], {"city": "Bern"})
    assert refused(ctx, back) == (f"batch {back} was overtaken by batch {part}", f"{batch}")
    history.undo(ctx, back, (CONTACT, 4))  # one merge is the batch's, whoever brought it back
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [None, None, 5]
    history.undo(ctx, batch)
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [None, None, None]
    assert row(ctx, CONTACT, 1)["city"] == "Bern"
    sound(ctx)


def test_a_batch_of_which_all_came_apart_bit_by_bit_is_done_with(pairs: Context) -> None:
    ctx = pairs
    older = records.edit(ctx, TASK, [1], {"priority": "high"}).batch
    batch = merge_pairs(ctx, CONTACT)
    for number in (2, 4, 6):
        history.undo(ctx, batch, (CONTACT, number))
    assert history.undo(ctx).lines == (f"took back batch {older}: 1 task",)
    assert history.undo(ctx, batch).lines == (f"took back batch {batch}: nothing was left of it",)
    sound(ctx)


def test_an_undo_of_one_merge_says_so(pairs: Context) -> None:
    ctx = pairs
    batch = merge_pairs(ctx, CONTACT)
    part = history.undo(ctx, batch, (CONTACT, 4)).batch
    rows = {row["batch"]: row for row in history.batches(ctx).rows}
    assert rows[part]["command"] == f"undo {batch} contact:4"
    assert rows[batch]["undone_by"] is None


def test_a_list_of_batches_tells_what_was_taken_back_in_part(pairs: Context) -> None:
    ctx = pairs
    batch = merge_pairs(ctx, CONTACT)

    def status(number: int) -> str:
        return str(next(row["status"] for row in history.batches(ctx).rows if row["batch"] == number))

    assert status(batch) == ""
    part = history.undo(ctx, batch, (CONTACT, 4)).batch
    assert (status(batch), status(part)) == ("in part", "")
    back = history.undo(ctx, part).batch
    assert (status(batch), status(part), status(back)) == ("", "undone", "")
    history.undo(ctx, back)
    whole = history.undo(ctx, batch).batch
    assert (status(batch), status(whole)) == ("undone", "")
    history.undo(ctx, whole)
    assert status(batch) == "in part"
    for number in (2, 6):
        history.undo(ctx, batch, (CONTACT, number))
    assert status(batch) == "undone"


def test_damage_of_what_was_taken_back_alone_is_noticed(pairs: Context) -> None:
    ctx = pairs
    batch = merge_pairs(ctx, CONTACT)
    first = ctx.reader.value("SELECT min(seq) FROM journal_tx WHERE batch_id = ?", (batch,))
    part = history.undo(ctx, batch, (CONTACT, 2)).batch
    seq = ctx.reader.value("SELECT seq FROM journal_tx WHERE batch_id = ?", (part,))
    broken = f"journal transaction {seq} does not link to the one before it"
    for step, said in ((first + 1, []), (1, [f"batch {part} is said to take back transaction 1 alone"]), (None, [])):
        ctx.reader.run("UPDATE batch SET undoes_seq = ? WHERE id = ?", (step, part))
        found = list(chaining.chain(ctx.reader))
        assert found[0] == broken
        assert [line.partition(", which")[0] for line in found[1:] if "alone" in line] == said
    # What it says of itself is covered, what it means for others is worked out anew.
    assert f"batch {batch} is said to stand, and batch {part} took it back" in found


def test_the_rest_of_a_batch_is_not_taken_back_unasked(pairs: Context) -> None:
    ctx = pairs
    batch = merge_pairs(ctx, CONTACT)
    part = history.undo(ctx, batch, (CONTACT, 2)).batch
    with pytest.raises(RefusedError, match=f"the newest change is batch {batch}, of which batch {part} took") as told:
        history.undo(ctx)
    assert all(ctx.settings.calling("undo", str(number)) in told.value.hint for number in (batch, part))
    records.edit(ctx, CONTACT, [2], {"city": "Bern"})
    assert history.undo(ctx).lines[0].endswith("1 contact")  # what is newer is meant as ever
    history.undo(ctx, part)
    history.undo(ctx)
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [None, None, None]


def test_the_rest_is_taken_back_though_what_came_apart_was_edited_since(pairs: Context) -> None:
    """What a merge that stands no more had changed is nobody's any more: a later edit of it is no conflict."""
    ctx, before = pairs, rows(pairs)
    batch = merge_pairs(ctx, CONTACT)
    part = history.undo(ctx, batch, (CONTACT, 2)).batch
    for number in (1, 2):
        records.edit(ctx, CONTACT, [number], {"city": "Paris"})
    edited = {number: row(ctx, CONTACT, number) for number in (1, 2)}
    done = history.undo(ctx, batch)
    assert done.lines == (f"took back batch {batch}: 4 contacts, 2 deals, 2 tasks, 2 interactions",)
    assert {number: row(ctx, CONTACT, number) for number in (1, 2)} == edited
    assert {key: one for key, one in rows(ctx).items() if key not in (("contact", 1), ("contact", 2))} == {
        key: one for key, one in before.items() if key not in (("contact", 1), ("contact", 2))
    }
    sound(ctx)
    history.undo(ctx, done.batch)  # brings back what it took back, and no more
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [None, 3, 5]
    with pytest.raises(ConflictError, match="contact:1 Ada Lovelace1: City changed later"):
        history.undo(ctx, part)
    records.edit(ctx, CONTACT, [1], {"city": ""})
    history.undo(ctx, part)
    assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (2, 4, 6)] == [1, 3, 5]
    sound(ctx)


@pytest.mark.parametrize("first", [1, 3])
def test_two_that_were_told_apart_and_both_merged_come_apart_in_any_order(pairs: Context, first: int) -> None:
    """Of a pair the smaller number stands first: what one merge moved may stand elsewhere after the other one."""
    ctx = pairs
    duplicates.tell_apart(ctx, CONTACT, [1, 3])
    before = snapshot(ctx)["contact_distinct"]
    with ctx.writing(alone=True):
        merging.merge(ctx, CONTACT, [1, 5], into=5)
        merging.merge(ctx, CONTACT, [3, 4], into=4)
    bulk, now = ctx.batch, {1: (1, 4), 3: (3, 5)}[first]
    part = history.undo(ctx, bulk, (CONTACT, first)).batch
    told = "SELECT record_id, other_id FROM contact_distinct"
    assert ctx.reader.rows(told) == [now]
    sound(ctx)
    rest = history.undo(ctx, bulk).batch
    assert snapshot(ctx)["contact_distinct"] == before
    history.undo(ctx, rest)
    history.undo(ctx, part)
    assert ctx.reader.rows(told) == [(4, 5)]
    sound(ctx)


@RANDOM
@given(data=st.data())
def test_each_set_of_merges_that_stand_is_one_state_of_the_book(ctx: Context, data: st.DataObject) -> None:
    """Merges of a batch, of one kind and none of what another one made, come apart and back alone, the rest with it and
    back, edits in between come and go: wherever that leads twice, the book is the same. The rest is taken back whatever
    became of what is apart."""
    grown, hidden = [grow(ctx, data), grow(ctx, data)], set[tuple[str, int]]()
    table = data.draw(st.sampled_from(MERGED))
    made = {table: [number for one in grown for number in one[table]]}
    kinds = {"company": COMPANY, "contact": CONTACT, "opportunity": DEAL}
    with ctx.writing() as tx:  # what links two that are merged both is not each merge's own
        for (number,) in ctx.reader.rows(f"SELECT id FROM {table}_distinct"):
            tx.delete(f"{table}_distinct", number)
        for number in made[table] if table == "company" else ():
            tx.change("company", number, {"parent_id": None})
    seen = {frozenset[int](): snapshot(ctx)}  # transactions that stand -> the book
    with ctx.writing(alone=True):
        for _ in range(data.draw(st.integers(2, 4))):
            if len(made[table]) - len(hidden) > 1:
                merge_some(ctx, data, made, hidden)
                into = ctx.reader.rows(f"SELECT merged_into_id FROM {table} WHERE merged_into_id IS NOT NULL")
                hidden.update((table, number) for (number,) in into if number in made[table])
    bulk = ctx.batch
    first = {one.step: one for one in undo_merges.merged_by(Batch(ctx.reader, bulk))}
    apart: dict[int, int] = {}  # transaction -> the undo that took it apart
    edits: dict[int, int] = {}  # transaction -> the edit of a record that it alone had merged
    whole = 0

    def look() -> None:
        stand = frozenset() if whole else first.keys() - apart.keys()
        if not edits:
            now = snapshot(ctx)
            assert seen.setdefault(frozenset(stand), now) == now

    look()
    for _ in range(data.draw(st.integers(4, 12))):
        what = data.draw(st.sampled_from(["part", "part", "part", "back", "whole", "edit", "unedit"]))
        step, one = data.draw(st.sampled_from(sorted(first.items())))
        if what == "whole":
            done = history.undo(ctx, whole or bulk).batch
            whole = 0 if whole else done
        elif what == "part" and len(first) > 1 and not whole and step not in apart:
            apart[step] = history.undo(ctx, bulk, (kinds[table], one.number)).batch
        elif what == "back" and not whole and step in apart and step not in edits:
            history.undo(ctx, apart.pop(step))
        elif what == "edit" and step in apart and step not in edits:
            number = data.draw(st.sampled_from([one.number, one.into]))
            edits[step] = records.edit(ctx, kinds[table], [number], {"description": "edited"}).batch
        elif what == "unedit" and step in edits:
            history.undo(ctx, edits.pop(step))
        look()
    for edited in edits.values():
        history.undo(ctx, edited)
    edits.clear()
    whole = whole or history.undo(ctx, bulk).batch
    look()
    sound(ctx)


# --- what has gone since ----------------------------------------------------------------------------------------------


def test_what_moved_along_and_was_removed_or_merged_since_is_in_nobodys_way(pairs: Context) -> None:
    ctx, before = pairs, snapshot(pairs)
    firms = merging.merge(ctx, COMPANY, [1, 2]).batch
    people = merging.merge(ctx, CONTACT, [1, 2]).batch
    records.remove(ctx, TASK, [1])
    records.remove(ctx, DEAL, [1])
    gone = [row(ctx, TASK, 1), row(ctx, DEAL, 1), row(ctx, CONTACT, 2)]
    history.undo(ctx, firms)
    assert (row(ctx, DEAL, 1)["company_id"], row(ctx, CONTACT, 2)["company_id"]) == (2, 2)
    history.undo(ctx, people)
    assert (row(ctx, TASK, 1)["contact_id"], row(ctx, DEAL, 1)["contact_id"]) == (2, 2)
    assert [row(ctx, k, n)["removed_at"] for k, n in ((TASK, 1), (DEAL, 1))] == [r["removed_at"] for r in gone[:2]]
    sound(ctx)
    records.restore(ctx, TASK, [1])
    records.restore(ctx, DEAL, [1])
    now = snapshot(ctx)
    assert (now["contact"], now["company"]) == (before["contact"], before["company"])


def test_a_record_that_the_merge_itself_changed_must_be_there(pairs: Context) -> None:
    batch = merging.merge(pairs, CONTACT, [1, 2]).batch
    records.remove(pairs, CONTACT, [1])
    with pytest.raises(ConflictError, match="contact:1 Ada Lovelace1: was removed later"):
        history.undo(pairs, batch)


def test_a_merge_into_what_was_removed_before_it_was_taken_apart_is_brought_back(ctx: Context) -> None:
    add(ctx, DEAL, "D1")
    add(ctx, DEAL, "D2")
    batch = merging.merge(ctx, DEAL, [1, 2], into=1).batch
    records.remove(ctx, DEAL, [1])
    before = snapshot(ctx)
    undone = history.undo(ctx, batch).batch
    assert row(ctx, DEAL, 2)["removed_at"] is None
    again = history.undo(ctx, undone).batch
    assert snapshot(ctx) == before
    sound(ctx)
    history.undo(ctx, again)
    records.restore(ctx, DEAL, [1])
    records.remove(ctx, DEAL, [1])
    sound(ctx)


@pytest.mark.parametrize(("purged", "many"), [(2, False), (1, False), (2, True)])
def test_a_merge_that_lost_a_half_to_a_purge_is_not_brought_back(pairs: Context, purged: int, many: bool) -> None:
    ctx = pairs
    records.edit(ctx, CONTACT, [2], {"email": "zelda@quxmail.example", "phone": "+41791234567"})
    records.edit(ctx, CONTACT, [1], {"email": "", "birthday": "1815-12-10"})
    batch = merge_pairs(ctx, CONTACT) if many else merging.merge(ctx, CONTACT, [1, 2], into=1).batch
    undone = history.undo(ctx, batch, (CONTACT, 2) if many else None).batch
    history.purge(ctx, CONTACT, [purged])
    history.purge(ctx, CONTACT, [add(ctx, CONTACT, "Ada Lovelace1")])  # which forgets the commands that name her too
    left = row(ctx, CONTACT, 3 - purged)
    sound(ctx)
    with pytest.raises(RefusedError, match="one half of that was purged"):
        history.undo(ctx, undone)
    assert row(ctx, CONTACT, 3 - purged) == left
    with pytest.raises(RefusedError, match=f"contact:{purged} was purged, and what merged it was forgotten with it"):
        undo_merges.named(ctx, f"contact:{purged}")
    with pytest.raises(NotFoundError, match="there is no contact 99"):
        undo_merges.named(ctx, "contact:99")
    if many:
        history.undo(ctx, batch)
        assert [row(ctx, CONTACT, n)["merged_into_id"] for n in (4, 6)] == [None, None]
        assert row(ctx, CONTACT, 3 - purged) == left
    sound(ctx)


def test_a_bulk_edit_of_which_one_record_was_purged_comes_and_goes(pairs: Context) -> None:
    """Only half of a merge is no whole: other changes of one transaction are each record's own."""
    edited = records.edit(pairs, CONTACT, [1, 3, 5], {"city": "Bern"}).batch
    undone = history.undo(pairs, edited).batch
    history.purge(pairs, CONTACT, [3])
    history.undo(pairs, undone)
    assert [row(pairs, CONTACT, n)["city"] for n in (1, 5)] == ["Bern", "Bern"]
    sound(pairs)


def test_a_deal_that_is_no_more_is_called_a_deal(ctx: Context) -> None:
    made = records.add(ctx, DEAL, {"name": "D"}).batch
    edited = records.edit(ctx, DEAL, [1], {"name": "E"}).batch
    records.edit(ctx, DEAL, [1], {"name": "D"})
    history.undo(ctx, made)
    with pytest.raises(ConflictError, match=r"\n  deal:1 D: is no more \(batch"):
        history.undo(ctx, edited)
