"""Which parents the companies of a file get, and what is said of those that cannot have theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY
from crmcli.services import database, history, imports, merging, purging, records
from crmcli.services.imports import parents, taking
from crmcli.store.uid import new_uid
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from collections.abc import Callable


def taken(ctx: Context, path: str) -> tuple[dict[str, str | None], list[str]]:
    """name -> parent after an import, and its notes, which a dry run said as well."""
    made = imports.plan(ctx, path, kind=COMPANY)
    tried = imports.run(ctx, made, dry_run=True)
    done = imports.run(ctx, made)
    assert done.refused == 0
    assert tried.notes == done.notes
    return {row["name"]: row["parent"] for row in rows(ctx, COMPANY)}, list(done.notes)


@pytest.mark.parametrize(
    ("text", "parents", "without"),
    [
        (
            "A,B\nB,A\nC,C\n",
            {"A": "B", "B": None, "C": None},
            {2: "B: A is under it", 3: "C: a company cannot be under"},
        ),
        ("A,B\nB,C\nC,A\nD,A\n", {"A": "B", "B": "C", "C": None, "D": "A"}, {3: "C: A is under it already"}),
        ("A,Old\nB,A\nOlder,B\n", {"A": "Old", "B": "A", "Older": "B", "Old": None}, {}),
        (
            "A,Fresh\nFresh,\nB,Unheard\n",
            {"A": "Fresh", "Fresh": None, "B": "Unheard", "Unheard": None, "Old": None},
            {},
        ),
    ],
)
def test_no_company_comes_under_itself(
    ctx: Context, put: Any, text: str, parents: dict[str, str | None], without: dict[int, str]
) -> None:
    if "Old" in parents:
        records.add(ctx, COMPANY, {"name": "Old"})
    found, notes = taken(ctx, put(f"Company,Parent\n{text}"))
    assert found == parents
    expected = [
        f"line {row + 1}: {why.replace(':', ' comes in without its parent:', 1)}" for row, why in without.items()
    ]
    assert [note[: len(start)] for note, start in zip(notes, expected, strict=True)] == expected


def test_a_circle_by_uids_is_none_either(ctx: Context, put: Any) -> None:
    one, two = new_uid(), new_uid()
    text = f"uid,name,parent,parent_uid\n{one},Same,Same,{two}\n{two},Same,Same,{one}\n"
    found = imports.run(ctx, made := imports.plan(ctx, put(text), kind=COMPANY), dry_run=True)
    done = imports.run(ctx, made)
    assert found.notes == done.notes == ("line 3: Same comes in without its parent: Same is under it already",)
    assert [(row["uid"], row["parent_id"] is not None) for row in rows(ctx, COMPANY)] == [(one, True), (two, False)]


def test_a_parent_that_fits_several_is_said(ctx: Context, put: Any) -> None:
    for domain in ("one.example", "two.example"):
        records.add(ctx, COMPANY, {"name": "Mother", "domain": domain})
    found, notes = taken(ctx, put("Company,Parent\nDaughter,Mother\n"))
    assert found["Daughter"] is None
    assert "line 2: Daughter comes in without its parent: 'Mother' fits 2 records" in notes[0]


CHILDREN = "Company,Parent\nHolding,\n" + "".join(f"C {i},Holding\n" for i in range(30))


def under(ctx: Context) -> list[str]:
    """The companies that are under Holding."""
    return [row["name"] for row in rows(ctx, COMPANY) if row["parent"] == "Holding"]


def stopped(job: taking.Import, act: Callable[[], object], *, after: int) -> None:
    """Run an import; once it has linked so many portions of companies `act` is called."""
    real, linked = job.parents.link, [0]

    def link(*arguments: Any) -> int:
        if linked[0] == after:
            act()
        linked[0] += 1
        return real(*arguments)

    job.parents.link = link  # type: ignore[method-assign]
    job.run(None)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("after", [0, 2])
def test_an_import_that_was_cut_is_finished_by_the_next(
    ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(parents, "AT_ONCE", 10)
    path = put(CHILDREN)
    with pytest.raises(KeyboardInterrupt):
        stopped(taking.Import(ctx, imports.plan(ctx, path, kind=COMPANY), dry_run=False), interrupt, after=after)
    assert len(under(ctx)) == after * 10
    records.edit(ctx, COMPANY, [31], {"city": "Rome"})  # somebody has looked at this one since
    mended = take(ctx, path, kind=COMPANY)
    assert counts(mended) == (31, 0, 29 - after * 10, 2 + after * 10, 0, 0)
    assert under(ctx) == [f"C {i}" for i in range(29)]
    before = ctx.reader.value("SELECT seq FROM journal_head")
    assert counts(take(ctx, path, kind=COMPANY)) == (31, 0, 0, 31, 0, 0)
    assert ctx.reader.value("SELECT seq FROM journal_head") == before, "a complete import is not done twice"
    assert database.check(ctx, deep=True).values["ok"]
    history.undo(ctx, mended.batch)
    assert len(under(ctx)) == after * 10


def test_a_company_made_by_hand_is_left_as_it_is(ctx: Context, put: Any) -> None:
    records.add(ctx, COMPANY, {"name": "C 1"})
    assert counts(take(ctx, put(CHILDREN), kind=COMPANY)) == (31, 30, 0, 1, 0, 0)
    assert "C 1" not in under(ctx)


def test_an_update_sets_and_changes_parents(ctx: Context, put: Any) -> None:
    take(ctx, put("Company,City\nHolding,\nOld,\nA,\nB,Oslo\nC,\nD,\n"), kind=COMPANY)
    for name, parent in ((4, "Old"), (6, "Old")):
        records.edit(ctx, COMPANY, [name], {"parent": parent})
    path = put("Company,Parent,City\nA,Holding,\nB,Holding,Rome\nC,New,\nD,,\nHolding,Holding,\nOld,B,\n")
    done = take(ctx, path, kind=COMPANY, update=True)
    assert counts(done) == (6, 0, 4, 2, 0, 0)
    assert [(row["name"], row["parent"]) for row in rows(ctx, COMPANY)] == [
        ("Holding", None), ("Old", "B"), ("A", "Holding"), ("B", "Holding"), ("C", "New"), ("D", "Old"), ("New", None),
    ]  # fmt: skip
    assert done.notes == ("line 6: Holding comes in without its parent: a company cannot be under itself",)
    again = take(ctx, path, kind=COMPANY, update=True)
    assert (counts(again), again.batch) == ((6, 0, 0, 6, 0, 0), 0)
    history.undo(ctx, done.batch)
    assert [row["parent"] for row in rows(ctx, COMPANY)] == [None, None, None, "Old", None, "Old"]


@pytest.mark.parametrize(
    ("conflicts", "changed", "kept"),
    [("replace", "2026-01-01", 0), ("only empty", "2026-01-01", 1), ("keep", "2026-01-01", 1),
     ("newest", "2020-01-01", 1), ("newest", "2026-11-20", 0)],
)  # fmt: skip
def test_what_counts_where_both_have_a_parent(ctx: Context, put: Any, conflicts: str, changed: str, kept: int) -> None:
    first = "Company,Parent,Last modified\n" + "".join(
        f"{row},2021-01-01\n" for row in ("One,", "Two,", "A,One", "B,One", "C,")
    )
    take(ctx, put(first), kind=COMPANY)
    path = put(f"Company,Parent,Last modified\nA,Two,{changed}\nB,one,{changed}\nC,Two,{changed}\nOne,New,{changed}\n")
    ways: dict[str, Any] = {"update": True, "conflicts": conflicts}
    tried = imports.run(ctx, imports.plan(ctx, path, kind=COMPANY, **ways), dry_run=True)
    done = take(ctx, path, kind=COMPANY, **ways)
    assert (counts(done), done.kept) == (counts(tried), tried.kept)
    found = {row["name"]: row["parent"] for row in rows(ctx, COMPANY)}
    assert (found["A"], found["B"], found["C"], found["One"]) == ("One" if kept else "Two", "One", "Two", "New")
    assert (done.kept, [c[1:] for c in done.conflicts]) == (kept, [("Parent", "Two", "One")] * kept)


def test_a_circle_with_what_the_book_has_is_none_in_an_update(ctx: Context, put: Any) -> None:
    for name, parent in (("A", ""), ("B", "A"), ("C", "B")):
        records.add(ctx, COMPANY, {"name": name, "parent": parent})
    done = take(ctx, put("Company,Parent\nA,C\nC,\nB,New\nA,C\n"), kind=COMPANY, update=True)
    assert done.notes == ("line 2: A comes in without its parent: C is under it already",)
    assert [row["parent"] for row in rows(ctx, COMPANY)] == [None, "New", "B", None]


@pytest.mark.parametrize("gone", ["removed", "purged"])
def test_a_company_that_is_gone_when_its_parent_comes_is_passed_over(ctx: Context, put: Any, gone: str) -> None:
    other = Context(Settings({"db": ctx.settings.database}), quiet=True, plugins=False)

    def act() -> None:
        records.remove(other, COMPANY, [3])
        if gone == "purged":
            purging.purge(other, COMPANY, [3])

    made = imports.plan(ctx, put(CHILDREN), kind=COMPANY)
    done = imports.run(ctx, made, progress=lambda done, of: act() if done == of else None)
    other.close()
    assert done.notes == ("line 4: C 1 comes in without its parent: it was removed meanwhile",)
    assert under(ctx) == [f"C {i}" for i in range(30) if i != 1]


@pytest.mark.parametrize("ways", [{}, {"conflicts": "keep"}, {"conflicts": "only empty"}], ids=str)
def test_the_parent_of_a_merged_company_is_that_of_what_it_is_now(ctx: Context, put: Any, ways: dict[str, Any]) -> None:
    text = "Id,Name,Website,Parent ID\n1,Acme,acme.example,\n2,Acme Ltd,acme-ltd.example,{}\n3,Gran,gran.example,{}\n"

    def update(*parents: str) -> imports.Imported:
        return take(ctx, put(text.format(*parents)), kind=COMPANY, update=True, **ways)

    take(ctx, put(text.format("3", "")), kind=COMPANY)
    merging.merge(ctx, COMPANY, [1, 2])
    done = update("3", "")
    assert (counts(done), done.notes, done.batch) == ((3, 0, 0, 3, 0, 0), (), 0)
    assert rows(ctx, COMPANY)[0]["parent"] == "Gran"
    records.edit(ctx, COMPANY, [1], {"parent": "Other"})
    done = update("3", "")
    assert (counts(done), done.notes, done.batch) == ((3, 0, 0, 3, 0, 0), (), 0), "the row says what it said before"
    assert rows(ctx, COMPANY)[0]["parent"] == "Other"


def test_a_merged_company_gives_its_parent_to_what_it_is_now(ctx: Context, put: Any) -> None:
    text = "Id,Name,Website,Parent ID\n1,Acme,acme.example,\n2,Acme Ltd,acme-ltd.example,{}\n3,Gran,gran.example,{}\n"
    take(ctx, put(text.format("", "")), kind=COMPANY)
    merging.merge(ctx, COMPANY, [1, 2])
    for expected in ((3, 0, 1, 2, 0, 0), (3, 0, 0, 3, 0, 0)):
        done = take(ctx, put(text.format("3", "")), kind=COMPANY, update=True)
        assert (counts(done), done.notes) == (expected, ())
        assert [row["parent"] for row in rows(ctx, COMPANY)] == ["Gran", None]
    both = put(text.format("4", "").replace("acme.example,", "acme.example,3") + "4,Zed,zed.example,\n")
    for expected in ((4, 1, 1, 2, 0, 0), (4, 0, 0, 4, 0, 0)):
        assert counts(take(ctx, both, kind=COMPANY, update=True)) == expected
        assert rows(ctx, COMPANY)[0]["parent"] == "Gran", "its own row says so"
    records.edit(ctx, COMPANY, [1], {"parent": ""})
    done = take(ctx, put(text.format("1", "1")), kind=COMPANY, update=True)
    assert done.notes == ("line 3: Acme Ltd comes in without its parent: a company cannot be under itself",)
    done = take(ctx, put(text.format("3", "1")), kind=COMPANY, update=True)
    assert done.notes == ("line 3: Acme Ltd comes in without its parent: 3 is under it already",)
    assert database.check(ctx, deep=True).values["ok"]


def test_a_parent_that_a_uid_alone_names(ctx: Context, put: Any) -> None:
    uid, no = new_uid(), new_uid()
    path = put(f"uid,name,parent_uid\n{uid},Mother,\n{new_uid()},Daughter,{uid}\n{new_uid()},Orphan,{no}\n")
    found, notes = taken(ctx, path)
    assert found == {"Mother": None, "Daughter": "Mother", "Orphan": None}
    assert notes == [f"line 4: Orphan comes in without its parent: there is no company with the uid {no}"]


def test_a_removed_company_is_no_parent(ctx: Context, put: Any) -> None:
    uids = [new_uid() for _ in range(3)]
    text = "uid,name,parent_uid\n" + "".join(f"{uid},C {n},{uids[0] if n else ''}\n" for n, uid in enumerate(uids))
    old = text[: text.rindex(uids[2])]
    taken(ctx, put(old))
    records.remove(ctx, COMPANY, [1])
    assert taken(ctx, put(old))[1] == [
        f"1 of those known already is removed and stays so: '{back(ctx)}' brings it back"
    ]
    found, notes = taken(ctx, put(text))
    assert found == {"C 1": "C 0", "C 2": None}, "what hangs there stays"
    assert notes[1:] == [f"line 4: C 2 comes in without its parent: company:1 C 0 is removed; first: {back(ctx)}"]
    done = take(ctx, put(text.replace(f"{uids[0]},C 0,\n", "")), kind=COMPANY, update=True)
    assert (counts(done), len(done.notes)) == ((2, 0, 0, 2, 0, 0), 1)


def back(ctx: Context) -> str:
    return ctx.settings.calling("company", "restore", "1")


def test_what_waits_for_its_parent_is_not_borne_in_mind(
    book: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parents, "AT_ONCE", 50)
    lines = "".join(f"C {i},{'P' if i % 2 else 'C'} {i}\n" for i in range(600))
    job = taking.Import(book, imports.plan(book, put(f"Company,Parent\n{lines}"), kind=COMPANY), dry_run=False)
    done = job.run(None)
    assert [len(some) for some in job.parents.portions()] == [50] * 12
    assert max(len(job.links._spelled), len(job.links._stand_ins)) <= 50
    assert len(done.notes) == 101
    assert done.notes[-1] == "200 more come in without their parents"


@pytest.mark.parametrize("apart", [False, True], ids=["one block", "two blocks"])
def test_a_row_that_repeats_another_with_another_parent_is_refused(
    ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    if apart:
        for name in ("FIRST_BLOCK", "MOST", "LEAST"):
            monkeypatch.setattr(taking, name, 1)
    path = put("Company,Parent\nA,One\nA,ONE\nA,\nA,Two\nB,\nB,One\nOne,\n")
    done = take(ctx, path, kind=COMPANY)
    assert counts(done) == (7, 3, 0, 0, 2, 2)
    assert [line for line, *_, reason in done.listed if "with other values" in reason] == [5, 7]
    assert counts(take(ctx, path, kind=COMPANY)) == (7, 0, 0, 3, 2, 2)
    records.edit(ctx, COMPANY, [1, 2], {"parent": "Else"})
    assert counts(take(ctx, path, kind=COMPANY)) == (7, 0, 0, 3, 2, 2), "what is said twice is repeated all the same"
    records.edit(ctx, COMPANY, [2], {"parent": "One"})
    assert counts(take(ctx, path, kind=COMPANY)) == (7, 0, 0, 3, 3, 1), "the book has what the row says"
