"""What others do to the book while an import runs, and what becomes of rows and stages that do not get in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, TASK
from crmcli.errors import ConflictError, StoreError
from crmcli.services import custom, database, history, imports, pipelines, records
from crmcli.services.imports import matching, resuming, taking, voting
from crmcli.services.imports.placing import NewStage
from crmcli.store import connect
from crmcli.store.write_lock import WriteLock
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.domain.fields import Entity


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of ten rows, each in a transaction of its own."""
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, 10)
    monkeypatch.setattr(taking, "LONGEST", 0.0)


def once(after: int, act: Callable[[], object]) -> Callable[[int, int], None]:
    """Does something in between when so many rows are in."""
    left = [act]

    def progress(done: int, of: int) -> None:
        if done >= after and left:
            left.pop()()

    return progress


@pytest.fixture
def other(ctx: Context) -> Any:
    """Somebody else with the same book."""
    opened = Context(Settings({"db": ctx.settings.database}), quiet=True, plugins=False)
    yield opened
    opened.close()


PEOPLE = "Name,Email,Parent\n" + "".join(f"P {i},p{i}@x.example,Holding\n" for i in range(35))


@pytest.mark.parametrize("kind", [CONTACT, COMPANY])
@pytest.mark.parametrize("after", [10, 35])
def test_an_import_that_is_undone_while_it_runs_stops(
    ctx: Context, other: Context, put: Any, kind: Entity, after: int
) -> None:
    made = imports.plan(ctx, put(PEOPLE.replace("p", "info", 0)), kind=kind)
    undone: list[int] = []

    def undo() -> None:
        undone.append(history.undo(other).batch)

    if after == 35 and kind is CONTACT:
        imports.run(ctx, made, progress=once(35, undo))  # nothing is left to write
        assert rows(ctx, kind) == []
        return
    with pytest.raises(ConflictError) as stopped:
        imports.run(ctx, made, progress=once(after, undo))
    assert "was undone" in stopped.value.message
    assert "takes them back" not in str(stopped.value)
    assert rows(ctx, kind) == [], "nothing was written any more"
    assert database.check(ctx, deep=True).values["ok"]
    history.undo(ctx, undone[0])  # and what was in can be brought back
    assert len(rows(ctx, kind)) == after
    assert imports.run(ctx, made).new == 35 - after


def test_an_import_whose_undo_was_taken_back_goes_on(ctx: Context, other: Context, put: Any) -> None:
    made = imports.plan(ctx, put(PEOPLE), kind=CONTACT)

    def undo_and_redo() -> None:
        history.undo(other, history.undo(other).batch)

    done = imports.run(ctx, made, progress=once(10, undo_and_redo))
    assert counts(done) == (35, 35, 0, 0, 0, 0)
    history.undo(ctx, done.batch)
    assert rows(ctx, CONTACT) == []


STEEL = "Name,Email,Sector\n" + "".join(f"P {i},p{i}@x.example,{('Steel', 'Food')[i % 2]}\n" for i in range(35))
CHANGES: dict[str, Callable[[Context], object]] = {
    "renamed": lambda other: custom.edit(other, "contact", "sector", {"name": "branch"}),
    "removed": lambda other: custom.remove(other, "contact", "sector"),
    "changed": lambda other: custom.edit(other, "contact", "sector", {"options": "Steel,Food,Wood"}),
    "another": lambda other: (
        records.edit(other, CONTACT, [row["id"] for row in rows(other, CONTACT)], {"sector": ""}),
        custom.remove(other, "contact", "sector"),
        custom.add(other, "contact", "sector", "integer"),
    ),
}


@pytest.mark.parametrize("after", [0, 10])
@pytest.mark.parametrize("change", CHANGES)
def test_an_import_writes_no_field_that_is_another_one_meanwhile(
    ctx: Context, other: Context, put: Any, change: str, after: int
) -> None:
    """What was read for a field is no value of what somebody made of it since."""
    custom.add(ctx, "contact", "sector", "choice", ["Steel", "Food"])
    made = imports.plan(ctx, put(STEEL), kind=CONTACT)
    act = once(after, lambda: CHANGES[change](other))
    if not after:
        act(0, 0)
    with pytest.raises(ConflictError, match=r"the field sector of contacts was .* meanwhile") as stopped:
        imports.run(ctx, made, progress=act)
    assert ("10 rows are in" in str(stopped.value)) == (after > 0)
    assert ctx.reader.value("SELECT count(*) FROM contact") == after
    assert database.check(ctx, deep=True).values["ok"]
    # What is left goes on with the fields as they are now.
    made = imports.plan(ctx, made.path, kind=CONTACT)
    cut = resuming.resumable(ctx, made) if after else None
    done = imports.run(ctx, made, cut=cut)
    assert (done.new, done.refused) == ((0, 35 - after) if change == "another" else (35 - after, 0))
    assert database.check(ctx, deep=True).values["ok"]


def test_an_import_knows_the_fields_of_its_book_when_another_one_was_closed(
    ctx: Context, second_book: Context, put: Any
) -> None:
    custom.add(ctx, "contact", "sector", "text")
    made = imports.plan(ctx, put(STEEL), kind=CONTACT)
    second_book.learn()
    second_book.close()
    assert imports.run(ctx, made).new == 35


def test_an_import_into_a_book_that_was_restored_claims_nothing(book: Context, put: Any, tmp_path: Any) -> None:
    from crmcli.services import copies

    saved = str(tmp_path / "saved.db")
    copies.backup(book, saved)
    other = Context(Settings({"db": book.settings.database}), quiet=True, plugins=False)
    made = imports.plan(book, put(PEOPLE), kind=CONTACT)
    with pytest.raises(StoreError, match="moved or replaced meanwhile") as stopped:
        imports.run(book, made, progress=once(20, lambda: copies.restore(other, saved, yes=True)))
    told = str(stopped.value)
    assert "rows are in" not in told
    assert "crm undo" not in told
    assert "nothing was saved" not in told
    assert "20 rows" in told
    assert "not in this book" in told
    other.close()


# --- links ---------------------------------------------------------------------------------------------------------


def test_namesakes_that_are_told_apart_meanwhile_are_looked_at_anew(ctx: Context, other: Context, put: Any) -> None:
    for _ in range(2):
        records.add(ctx, COMPANY, {"name": "Twins"})
    rest = "".join(f"P {i},p{i}@twins.example,{'Twins' if i % 10 else ''}\n" for i in range(20))
    made = imports.plan(ctx, put("Name,Email,Company\n" + rest), kind=CONTACT)
    done = imports.run(
        ctx, made, progress=once(10, lambda: records.edit(other, COMPANY, [2], {"domain": "twins.example"}))
    )
    assert (done.new, done.refused) == (11, 9)
    assert [row["company"] for row in rows(ctx, CONTACT)] == [None, None] + ["Twins"] * 9
    assert all(row["name"] != "P 1" for row in rows(ctx, CONTACT))


def test_a_name_fits_two_once_the_file_brought_a_second_one(ctx: Context, put: Any) -> None:
    uids = [f"00000000-0000-7000-8000-{number:012}" for number in range(50)]
    with ctx.writing() as tx:
        tx.add("company", {"name": "Twins", "uid": uids[0]})
    text = "uid,name,company,company_uid\n" + "".join(
        f"{uids[i + 9]},P {i},Twins,{uids[0] if i == 5 else uids[1] if 10 <= i < 20 else ''}\n" for i in range(30)
    )
    made = imports.plan(ctx, put(text), kind=CONTACT)
    tried = imports.run(ctx, made, dry_run=True)
    done = imports.run(ctx, made)
    assert counts(tried) == counts(done) == (30, 20, 0, 0, 0, 10)
    linked = ctx.reader.rows("SELECT company_id FROM contact ORDER BY id")
    assert [row[0] for row in linked] == [1] * 10 + [2] * 10


@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_a_name_means_does_not_hang_on_where_a_block_ends(
    ctx: Context, put: Any, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, size)
    uids = [f"00000000-0000-7000-8000-{number:012}" for number in range(50)]
    told = [
        ("New", 30), ("New", 0),  # one record by its uid, and by its name
        ("Old", 0), ("Old", 31),  # one by its name, and by its uid
        ("Two", 32), ("Two", 33), ("Two", 0),  # two, and one of them
    ]  # fmt: skip
    lines = (f"{uids[i + 1]},P {i},{name},{uids[uid] if uid else ''}\n" for i, (name, uid) in enumerate(told))
    made = imports.plan(ctx, put("uid,name,company,company_uid\n" + "".join(lines)), kind=CONTACT)
    tried = imports.run(ctx, made, dry_run=True)
    done = imports.run(ctx, made)
    assert counts(tried) == counts(done) == (7, 6, 0, 0, 0, 1)
    assert done.listed[0][3].startswith("'Two' fits")
    assert len(rows(ctx, COMPANY)) == 4
    linked = [row[0] for row in ctx.reader.rows("SELECT company_id FROM contact ORDER BY id")]
    assert linked[0] == linked[1]
    assert linked[2] == linked[3]
    assert len(set(linked)) == 4


# --- stages --------------------------------------------------------------------------------------------------------


def test_a_stage_that_is_removed_meanwhile_is_made_again(ctx: Context, other: Context, put: Any) -> None:
    text = "Deal Name,Stage\n" + "".join(f"D {i},{'Trial' if i % 2 else 'Qualified'}\n" for i in range(40))
    made = imports.plan(ctx, put(text), kind=DEAL)
    assert made.new_stages == (NewStage("", "Trial"),)

    def remove() -> None:
        for stage in ("trial", "qualified"):
            pipelines.stage_remove(other, stage, to="new")

    done = imports.run(ctx, made, progress=once(10, remove))
    assert counts(done) == (40, 40, 0, 0, 0, 0)
    assert {"Trial", "Qualified"} <= {row["name"] for row in pipelines.stages(ctx).rows}
    found = [(row["stage"], row["probability"]) for row in rows(ctx, DEAL)]
    assert found[:10] == [("New", 1000)] * 10
    assert found[10:] == [("Qualified", 3000), ("Trial", 1000)] * 15
    assert database.check(ctx, deep=True).values["ok"]


def test_a_stage_that_is_removed_between_look_and_lock_is_made_again(
    ctx: Context, other: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = imports.plan(ctx, put("Deal Name,Stage\nA,Qualified\nB,Proposition\n"), kind=DEAL)
    real = matching.Matcher.outcomes
    removed: list[Any] = []

    def outcomes(self: Any, *arguments: Any) -> list[int]:
        if not removed:
            removed.append(pipelines.stage_remove(other, "proposition", to="new"))
        return real(self, *arguments)

    monkeypatch.setattr(matching.Matcher, "outcomes", outcomes)
    imports.run(ctx, made)
    assert [row["stage"] for row in rows(ctx, DEAL)] == ["Qualified", "Proposition"]
    assert [row["status"] for row in rows(ctx, DEAL)] == ["open", "open"]
    assert [row["probability"] for row in rows(ctx, DEAL)] == [3000, 1000]


def test_stages_are_made_for_rows_that_come_in_alone(ctx: Context, put: Any) -> None:
    before = (pipelines.stages(ctx).rows, pipelines.pipelines(ctx).rows)
    path = put("Deal Name,Currency,Value,Pipeline,Stage\nA,Florins,5,General,Go\n")
    made = imports.plan(ctx, path)
    assert any("General: Go" in note for note in imports.preview(ctx, made).values["notes"])
    done = imports.run(ctx, made)
    assert counts(done) == (1, 0, 0, 0, 0, 1)
    assert done.batch == 0
    assert (pipelines.stages(ctx).rows, pipelines.pipelines(ctx).rows) == before


def test_stages_come_in_the_order_of_the_file_whenever_they_are_made(ctx: Context, put: Any) -> None:
    text = "Deal Name,Stage,Value,Pipeline\nA,One,x,\nB,Two,x,\nC,Three,x,\nD,Late,5,Next\nE,Three,5,\n"
    text += "".join(f"F {i},Three,5,\n" for i in range(10)) + "G,One,5,\nH,Never,x,Next\nI,Closed Won,5,Other\n"
    done = take(ctx, put(text), kind=DEAL)
    assert (done.new, done.refused) == (14, 4)
    found = pipelines.stages(ctx).rows
    assert [(row["pipeline"], row["name"]) for row in found] == [
        ("Sales", "New"), ("Sales", "Qualified"), ("Sales", "Proposition"), ("Sales", "One"), ("Sales", "Three"),
        ("Sales", "Won"), ("Next", "Late"), ("Next", "Won"), ("Other", "New"), ("Other", "Won"),
    ]  # fmt: skip
    chances = [row["probability"] for row in found if row["pipeline"] == "Sales"]
    assert chances == [1000, 3000, 6000, 1000, 1000, 10_000]
    assert next(row for row in rows(ctx, DEAL) if row["name"] == "I")["status"] == "won"
    again = take(ctx, put(text), kind=DEAL)
    assert (again.new, again.same, again.refused) == (0, 14, 4)
    history.undo(ctx, done.batch)
    assert len(pipelines.stages(ctx).rows) == 4
    assert database.check(ctx, deep=True).values["ok"]


def test_an_update_makes_the_stage_it_moves_to(ctx: Context, put: Any) -> None:
    records.add(ctx, DEAL, {"name": "A"})
    done = take(ctx, put("Deal Name,Company,Stage\nA,,Trial\n"), kind=DEAL, update=True, match=("name",))
    assert counts(done) == (1, 0, 1, 0, 0, 0)
    assert rows(ctx, DEAL)[0]["stage"] == "Trial"
    done = take(ctx, put("Deal Name,Company,Stage\nA,,Trial\n"), kind=DEAL, update=True, match=("name",))
    assert counts(done) == (1, 0, 0, 1, 0, 0)


def test_rows_that_differ_in_a_new_stage_alone_are_two(ctx: Context, put: Any) -> None:
    text = "Deal Name,Stage\nA,Go\nA,Stop\nA,New\nA,Go\n"
    assert counts(take(ctx, put(text), kind=DEAL)) == (4, 3, 0, 0, 1, 0)
    assert counts(take(ctx, put(text), kind=DEAL)) == (4, 0, 0, 3, 1, 0)


def test_a_pipeline_without_the_wanted_stage_refuses_the_row(ctx: Context, put: Any) -> None:
    """Books from before every pipeline had to have a step and a won stage."""
    with ctx.writing() as tx:
        for position, (pipeline, won) in enumerate((("Unwon", False), ("Unstepped", True)), 2):
            number = tx.add("pipeline", {"name": pipeline, "position": position})
            tx.add("stage", {"name": "Only", "position": 1, "pipeline_id": number, "is_won": won})
    text = "Deal Name,Pipeline,Stage\nA,Unwon,Closed Won\nB,Unwon,Only\nC,Unstepped,\nD,Unstepped,Only\nE,,Closed Won\n"
    made = imports.plan(ctx, put(text), kind=DEAL)
    tried, done = imports.run(ctx, made, dry_run=True), imports.run(ctx, made)
    assert counts(tried) == counts(done) == (5, 3, 0, 0, 0, 2)
    assert tried.listed == done.listed
    assert [(line, reason) for line, _, _, reason in done.listed] == [
        (2, "the pipeline Unwon has no won stage"),
        (4, "the pipeline Unstepped has no stage but the won one"),
    ]
    assert [(row["name"], row["stage"], row["status"]) for row in rows(ctx, DEAL)] == [
        ("B", "Only", "open"), ("D", "Only", "won"), ("E", "Won", "won"),
    ]  # fmt: skip
    faults = "".join(row["detail"] for row in database.check(ctx, deep=True).sections[0].rows.rows)
    assert not re.search(r"\bdeals?\b", faults)


# --- repeated rows -------------------------------------------------------------------------------------------------

TWICE = "Name,Email,City,Company\nAnn,a@x.example,Rome,Acme\n{}Ann,a@x.example,Oslo,Acme\n"


@pytest.mark.parametrize("between", [0, 30])
def test_a_second_import_refuses_again_what_the_first_refused(ctx: Context, put: Any, between: int) -> None:
    path = put(TWICE.format("".join(f"B {i},b{i}@x.example,Bonn,Firm {i}\n" for i in range(between))))
    first, second = take(ctx, path, kind=CONTACT), take(ctx, path, kind=CONTACT)
    assert counts(first)[1:] == (1 + between, 0, 0, 0, 1)
    assert counts(second)[1:] == (0, 0, 1 + between, 0, 1)
    assert first.listed == second.listed
    records.edit(ctx, CONTACT, [1], {"city": "Oslo"})
    third = take(ctx, path, kind=CONTACT)
    assert counts(third)[1:] == (0, 0, 1 + between, 1, 0), "the book has what the row says"


@pytest.mark.parametrize("between", [0, 30])
def test_a_row_that_says_what_an_earlier_one_said_is_repeated_whatever_the_book_has(
    ctx: Context, put: Any, between: int
) -> None:
    middle = "".join(f"B {i},b{i}@x.example,Bonn,Firm {i}\n" for i in range(between))
    path = put(TWICE.format(middle).replace("Oslo", "Rome") + "Ann,a@x.example,,\n")
    take(ctx, path, kind=CONTACT)
    records.edit(ctx, CONTACT, [1], {"city": "Paris", "company": "Globex"})
    assert counts(take(ctx, path, kind=CONTACT))[1:] == (0, 0, 1 + between, 2, 0)
    # A company that the book gets from this very file in between is the same company still.
    records.remove(ctx, COMPANY, [1])
    newer = put(TWICE.format(middle + "C,c@x.example,Bonn,Acme\n").replace("Oslo", "Rome"))
    assert counts(take(ctx, newer, kind=CONTACT))[1:] == (1, 0, 1 + between, 1, 0)


def test_rows_of_one_name_are_compared_with_what_can_be_the_same(
    book: Context, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of tasks called "Follow up": each block reads the records that its rows may be, not all of that name."""
    path = put("Task,Due,Notes\n" + "".join(f"Follow up,2026-12-0{n % 3 + 1},about {n}\n" for n in range(300)))
    looked: list[int] = []
    real = matching.Matcher.raw

    def raw(self: Any, numbers: Any) -> Any:
        looked.append(len(numbers))
        return real(self, numbers)

    monkeypatch.setattr(matching.Matcher, "raw", raw)
    for dry_run, new in ((True, 300), (False, 300), (False, 0), (True, 0)):
        looked.clear()
        done = imports.run(book, imports.plan(book, path, kind=TASK), dry_run=dry_run)
        assert (done.rows, done.new) == (300, new)
        assert sum(looked) <= 300


def test_what_was_made_for_earlier_blocks_is_not_borne_in_mind(book: Context, put: Callable[..., str]) -> None:
    path = put("Name,Company,Email\n" + "".join(f"P {n},Firm {n},p{n}@x.example\n" for n in range(200)))
    made = imports.plan(book, path, kind=CONTACT)
    job = taking.Import(book, made, dry_run=False)
    assert job.run(None).new == 200
    assert max(len(job.links._spelled), len(job.links._stand_ins), len(job.counting.repeats.made)) <= 20


def test_an_import_does_not_wait_for_the_lock_once_its_rows_are_in(book: Context, put: Callable[..., str]) -> None:
    connection = book.reader
    assert isinstance(connection, connect.SQLite)
    other = WriteLock(connection.target, 60, lambda _: None)
    connection.lock.timeout = 0.2
    with connection.in_bulk():
        imports.run(book, imports.plan(book, put("Name,Email\nAda,ada@x.example\n"), kind=CONTACT))
        other.__enter__()
    other.__exit__()
    assert connection.value("SELECT count(*) FROM contact") == 1


@pytest.mark.parametrize(("hold", "commits"), [(60.0, 1), (0.0, 3)], ids=["quickly", "slowly"])
def test_blocks_that_are_slowly_read_are_read_without_the_lock(
    book: Context, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch, hold: float, commits: int
) -> None:
    monkeypatch.setattr(taking, "LONGEST", 600.0)
    monkeypatch.setattr(taking, "HOLD", hold)
    path = put("Name,Email\n" + "".join(f"P {n},p{n}@x.example\n" for n in range(30)))
    job = taking.Import(book, imports.plan(book, path, kind=CONTACT), dry_run=False)
    done: list[int] = []
    real = job._wrote

    def wrote() -> None:
        done.append(job.outcome.counts["new"])
        real()

    monkeypatch.setattr(job, "_wrote", wrote)
    assert job.run(None).new == 30
    assert len(done) == commits


def test_a_vote_that_somebody_s_writing_makes_needed_is_taken_without_the_lock(
    ctx: Context, other: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    firms = "".join(f"{n},Firm{n},Oslo\n" for n in range(30))
    theirs = imports.plan(other, put(f"Id,Name,City\n{firms}", "a.csv"), kind=COMPANY, id_column="Id")
    names = [f"Firm{n}" if n < 26 else f"Zeta{n}" for n in range(30)]
    rows_ = "".join(f"{n},{name},Rome\n" for n, name in reversed([*enumerate(names)]))
    made = imports.plan(ctx, put(f"Id,Name,City\n{rows_}", "b.csv"), kind=COMPANY, id_column="Id", update=True)
    writing, count, waiting, held = taking.Import._writing, voting.Votes._count, [theirs], list[bool]()

    def written(job: taking.Import) -> Any:
        if waiting:
            imports.run(other, waiting.pop())
        return writing(job)

    monkeypatch.setattr(taking.Import, "_writing", written)
    monkeypatch.setattr(voting.Votes, "_count", lambda *args: (held.append(ctx._tx is not None), count(*args)))
    assert counts(imports.run(ctx, made)) == (30, 0, 30, 0, 0, 0)
    assert held
    assert not any(held)
