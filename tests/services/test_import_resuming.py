"""Imports that were cut go on where they stopped, and end as if nothing had happened."""

from __future__ import annotations

import contextlib
import csv
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.errors import ConflictError, NotFoundError, StoreError, UsageError
from crmcli.services import history, imports, purging, records
from crmcli.services.imports import resuming, taking
from tests.support.importing import counts, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crmcli.domain.fields import Entity
    from tests.services.conftest import Put

#: What two imports of one file may differ in.
OWN = frozenset(("id", "uid"))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of ten rows, each in a transaction of its own."""
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, 10)
    monkeypatch.setattr(taking, "LONGEST", 0.0)


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Context]:
    """A book for the import that is not cut."""
    path = str(tmp_path / "whole.db")
    opened = Context(Settings({"db": path}), quiet=True, plugins=False)
    opened.create(path)
    yield opened
    opened.close()


def cut(ctx: Context, path: str, after: int, *, kind: Entity, error: type[BaseException] = KeyboardInterrupt) -> None:
    """Import a file, and end it as somebody else's kill would once so many rows are in."""

    def progress(done: int, _of: int) -> None:
        if done >= after:
            raise error("gone")

    with pytest.raises(error):
        imports.run(ctx, imports.plan(ctx, path, kind=kind), progress=progress)


def resumed(ctx: Context, path: str, **options: Any) -> imports.Imported:
    made = imports.plan(ctx, path, **options)
    left = imports.resumable(ctx, made)
    tried = imports.run(ctx, made, cut=left, dry_run=True)
    done = imports.run(ctx, made, cut=left)
    assert tried[1:8] == done[1:8]
    return done


def told(ctx: Context, kind: Entity) -> list[dict[str, Any]]:
    """The records of a kind but for numbers, companies with the names of their parents."""
    found = [{name: value for name, value in row.items() if name not in OWN} for row in rows(ctx, kind)]
    for row in found:
        row.pop("parent_id", None)
        row.pop("company_id", None)
    return found


def refused(path: str) -> list[list[str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def people(count: int, seed: int) -> str:
    """Rows of people: some refused, some that repeat an earlier one with the same or with other values."""
    said = random.Random(seed)
    lines = ["Name,Email,City,Tags"]
    for n in range(count):
        one = said.choice((n, n, n, said.randrange(n + 1)))
        email = said.choice((f"p{one}@x.example",) * 6 + ("no address", ""))
        lines.append(f"Person {one},{email},{said.choice(('Bonn', 'Bonn', 'Ulm'))},t{one % 3}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(4))
def test_an_import_that_was_cut_ends_as_one_that_was_not(ctx: Context, whole: Context, put: Put, seed: int) -> None:
    path = put(people(60, seed))
    at_once = imports.run(whole, imports.plan(whole, path, kind=CONTACT))
    cuts = sorted(random.Random(seed).sample(range(1, 41), 2))
    cut(ctx, path, cuts[0], kind=CONTACT)
    batch = ctx.batch
    # Cut once more, from where it goes on.
    made = imports.plan(ctx, path, kind=CONTACT)

    def progress(done: int, _of: int) -> None:
        if done >= cuts[1]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(ctx, made, cut=imports.resumable(ctx, made), progress=progress)
    done = resumed(ctx, path, kind=CONTACT)
    assert told(ctx, CONTACT) == told(whole, CONTACT)
    assert refused(done.rejects) == refused(at_once.rejects)
    assert done.batch == batch
    assert done.before + done.rows == at_once.rows == 60
    assert done.rows == done.new + done.updated + done.same + done.repeated + done.refused
    history.undo(ctx, done.batch)
    assert rows(ctx, CONTACT) == []


def test_the_parents_of_companies_from_before_the_cut_are_linked(ctx: Context, whole: Context, put: Put) -> None:
    path = put("Name,Parent company\n" + "".join(f"Child {n},Holding {n % 3}\n" for n in range(35)))
    imports.run(whole, imports.plan(whole, path, kind=COMPANY))
    cut(ctx, path, 20, kind=COMPANY)
    assert all(row["parent"] is None for row in rows(ctx, COMPANY))
    resumed(ctx, path, kind=COMPANY)
    key = lambda row: row["name"]  # noqa: E731
    assert sorted(told(ctx, COMPANY), key=key) == sorted(told(whole, COMPANY), key=key)
    parents = [row["parent"] for row in rows(ctx, COMPANY) if row["name"].startswith("Child")]
    assert parents == [f"Holding {n % 3}" for n in range(35)]


def test_rows_that_are_passed_over_stay_so_after_a_cut(ctx: Context, whole: Context, put: Put) -> None:
    path = put("Name,Email,Deleted\n" + "".join(f"P {n},p{n % 17}@x.example,{n % 3 == 1:d}\n" for n in range(35)))
    at_once = imports.run(whole, imports.plan(whole, path, kind=CONTACT))
    assert (at_once.passed, at_once.refused) == (12, 6)
    cut(ctx, path, 20, kind=CONTACT)
    done = resumed(ctx, path, kind=CONTACT)
    assert told(ctx, CONTACT) == told(whole, CONTACT)
    assert refused(done.rejects) == refused(at_once.rejects)
    assert done.rows == done.new + done.same + done.repeated + done.refused + done.passed == 15


def test_a_lost_connection_is_a_cut_too(ctx: Context, put: Put) -> None:
    path = put(people(40, 9))
    cut(ctx, path, 20, kind=CONTACT, error=StoreError)
    made = imports.plan(ctx, path, kind=CONTACT)
    left = imports.unfinished(ctx, made)
    assert left is not None
    assert (left.settled, left.rows) == (20, 40)
    assert "20 of 40 rows of this file are in" in imports.preview(ctx, made, counts=False).values["notes"][-1]


def test_what_cannot_go_on_is_said(ctx: Context, put: Put) -> None:
    path = put(people(40, 1))

    def refusal(kind: type[Exception], *words: str, **options: Any) -> None:
        with pytest.raises(kind) as error:
            imports.resumable(ctx, imports.plan(ctx, path, kind=CONTACT, **options))
        for word in words:
            assert word in str(error.value)

    refusal(NotFoundError, "no import of", "leave out --resume")
    cut(ctx, path, 20, kind=CONTACT)
    batch = ctx.batch
    refusal(UsageError, "told otherwise", "--as contact", match=["name"])
    text = Path(path).read_text()
    Path(path).write_text(text + "One more,more@x.example,,\n")
    refusal(ConflictError, "was changed since its import was cut", "20 of 40", f"undo {batch}")
    Path(path).write_text(text)
    back = history.undo(ctx, batch).batch
    refusal(ConflictError, "was undone", f"undo {back}")
    history.undo(ctx, back)
    resumed(ctx, path, kind=CONTACT)
    refusal(NotFoundError, "is finished", "nothing to go on with")


def test_an_import_from_the_first_row_leaves_nothing_to_go_on_with(ctx: Context, put: Put) -> None:
    path = put("Name,Email\n" + "".join(f"P {n},p{n}@x.example\n" for n in range(30)))
    cut(ctx, path, 20, kind=CONTACT)
    done = imports.run(ctx, imports.plan(ctx, path, kind=CONTACT))
    assert counts(done)[:4] == (30, 10, 0, 20)
    assert imports.unfinished(ctx, imports.plan(ctx, path, kind=CONTACT)) is None
    with pytest.raises(NotFoundError, match="finished"):
        imports.resumable(ctx, imports.plan(ctx, path, kind=CONTACT))


def test_rows_that_earlier_ones_say_otherwise_are_refused_after_a_cut(ctx: Context, put: Put) -> None:
    """Also where the earlier row was known to the book and had nothing to write."""
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.example"})
    lines = ["Ada,ada@x.example,"] + [f"P {n},p{n}@x.example," for n in range(20)]
    path = put("\n".join(["Name,Email,City", *lines, "Ada,ada@x.example,Ulm", "P 3,p3@x.example,", ""]))
    cut(ctx, path, 20, kind=CONTACT)
    done = resumed(ctx, path, kind=CONTACT)
    assert (done.refused, done.repeated) == (1, 1)
    assert "an earlier row of the file is the same contact" in refused(done.rejects)[1][1]


def test_rows_whose_links_were_refused_before_a_cut_are_not_refused_again(ctx: Context, put: Put) -> None:
    for city in ("Bonn", "Ulm"):
        records.add(ctx, COMPANY, {"name": "Acme", "city": city})
    path = put("Name,Company\n" + "".join(f"P {n},{'Acme' if n % 10 == 4 else 'Zeta'}\n" for n in range(40)))
    cut(ctx, path, 20, kind=CONTACT)
    done = resumed(ctx, path, kind=CONTACT)
    assert (done.refused, [line for line, *_ in done.listed]) == (2, [26, 36])
    assert [row[0] for row in refused(done.rejects)] == ["crm_line", "6", "16", "26", "36"]


def test_what_was_edited_meanwhile_stays(ctx: Context, put: Put) -> None:
    path = put("Name,Email\n" + "".join(f"P {n},p{n}@x.example\n" for n in range(30)))
    cut(ctx, path, 20, kind=LEAD)
    records.edit(ctx, LEAD, (1,), {"name": "Renamed", "email": "other@x.example"})
    done = resumed(ctx, path, kind=LEAD)
    assert counts(done) == (10, 10, 0, 0, 0, 0)
    assert [row["name"] for row in rows(ctx, LEAD)][:2] == ["Renamed", "P 1"]


def test_deals_that_are_alike_stay_two(ctx: Context, whole: Context, put: Put) -> None:
    """Deals have no key: a row goes for an earlier one only where it equals it, before the cut and after."""
    path = put("Name,Amount,Stage\n" + "".join(f"Deal {n % 7},{n % 3}00,Lead in\n" for n in range(35)))
    at_once = imports.run(whole, imports.plan(whole, path, kind=DEAL))
    cut(ctx, path, 20, kind=DEAL)
    done = resumed(ctx, path, kind=DEAL)
    assert told(ctx, DEAL) == told(whole, DEAL)
    assert done.repeated <= at_once.repeated


def test_a_mended_file_of_refused_rows_is_added_to(ctx: Context, put: Put) -> None:
    path = put("Name,Email\n" + "".join(f"P {n},{'bad' if n % 10 == 4 else f'p{n}@x.example'}\n" for n in range(40)))
    cut(ctx, path, 20, kind=CONTACT)
    left = imports.resumable(ctx, imports.plan(ctx, path, kind=CONTACT))
    assert [row[0] for row in refused(left.rejects)] == ["crm_line", "6", "16"]
    mended = Path(left.rejects).read_text().replace("P 4,bad", "P 4,p4@x.example")
    Path(left.rejects).write_text(mended)
    done = resumed(ctx, path, kind=CONTACT)
    assert done.rejects == left.rejects
    found = refused(done.rejects)
    assert [row[0] for row in found] == ["crm_line", "6", "16", "26", "36"]
    assert found[1][3] == "p4@x.example"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_text(path.read_text().replace(",", ";")),
        lambda path: path.write_bytes(path.read_text().encode("utf-16")),
        lambda path: path.write_bytes(b""),
    ],
    ids=["gone", "torn", "another delimiter", "another encoding", "empty"],
)
def test_a_file_of_refused_rows_that_is_another_now_gets_a_new_one_beside_it(
    ctx: Context, put: Put, spoil: Callable[[Path], object]
) -> None:
    path = put("Name,Email\n" + "".join(f"P {n},{'bad' if n % 10 == 4 else f'p{n}@x.example'}\n" for n in range(40)))
    cut(ctx, path, 20, kind=CONTACT)
    left = imports.resumable(ctx, imports.plan(ctx, path, kind=CONTACT))
    spoil(Path(left.rejects))
    before = Path(left.rejects).read_bytes() if Path(left.rejects).exists() else b""
    done = resumed(ctx, path, kind=CONTACT)
    if before:
        assert done.rejects != left.rejects
        assert Path(left.rejects).read_bytes() == before
    assert [row[0] for row in refused(done.rejects)] == ["crm_line", "26", "36"]


def test_two_processes_do_not_go_on_with_one_import(ctx: Context, put: Put) -> None:
    path = put("Name,Email\n" + "".join(f"P {n},p{n}@x.example\n" for n in range(50)))
    cut(ctx, path, 20, kind=CONTACT)
    made = imports.plan(ctx, path, kind=CONTACT)
    left = imports.resumable(ctx, made)
    imports.run(ctx, made, cut=left)
    with pytest.raises(ConflictError, match="another process goes on with this import"):
        imports.run(ctx, made, cut=left._replace(settled=10))
    assert len(rows(ctx, CONTACT)) == 50


def test_a_parent_that_somebody_gave_meanwhile_stays(ctx: Context, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put("Name,Parent company\n" + "".join(f"Child {n},Holding\n" for n in range(25)))
    cut(ctx, path, 20, kind=COMPANY)
    records.edit(ctx, COMPANY, (1,), {"parent": "Child 5"})
    made = rows(ctx, COMPANY)[2]["updated_at"]
    monkeypatch.setenv("CRM_NOW", "2027-03-01T00:00:00+00:00")
    ctx.tick()
    resumed(ctx, path, kind=COMPANY)
    found = rows(ctx, COMPANY)
    assert [row["parent"] for row in found[:4]] == ["Child 5", "Holding", "Holding", "Holding"]
    assert found[2]["updated_at"] == made, "as where it was not cut"


def test_an_update_goes_on(ctx: Context, whole: Context, put: Put) -> None:
    text = "Name,Email,City\n" + "".join(f"P {n},p{n % 25}@x.example,{('Ulm', 'Rom', '')[n % 3]}\n" for n in range(35))
    path = put(text)
    for book in (ctx, whole):
        for n in range(0, 30, 2):
            records.add(book, CONTACT, {"name": f"P {n}", "email": f"p{n}@x.example", "city": "Bonn"})
    for conflicts in ("keep", "replace"):
        options: dict[str, Any] = {"kind": CONTACT, "update": True, "conflicts": conflicts}
        at_once = imports.run(whole, imports.plan(whole, path, **options))

        def progress(done: int, _of: int) -> None:
            if done >= 20:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            imports.run(ctx, imports.plan(ctx, path, **options), progress=progress)
        done = resumed(ctx, path, **options)
        assert told(ctx, CONTACT) == told(whole, CONTACT)
        assert refused(done.rejects) == refused(at_once.rejects)


def test_who_stops_an_import_that_is_done_is_told_so(
    ctx: Context, put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put("Name,Email\n" + "".join(f"P {n},p{n}@x.example\n" for n in range(30)))
    ctx.quiet = False
    cut(ctx, path, 30, kind=CONTACT)
    assert "stopped: all 30 rows are in\n" in capsys.readouterr().err


def test_a_purge_forgets_from_which_file_somebody_came(ctx: Context, put: Put) -> None:
    """And what was told about its columns; an import that was cut can then not be told to be the same."""
    header = "Ada Lovelace says,Email\nBob,bad\n"
    path = put(header + "".join(f"P {n},p{n}@x.example\n" for n in range(30)), "ada-lovelace.csv")
    made = imports.plan(ctx, path, kind=CONTACT, mapping={"Ada Lovelace says": "name"})

    def progress(done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(ctx, made, progress=progress)
    purging.purge(ctx, CONTACT, (1,))
    assert "lovelace" not in str(ctx.reader.rows("SELECT * FROM import_run")).casefold()
    with pytest.raises(ConflictError, match="is forgotten, by a purge") as error:
        imports.resumable(ctx, made)
    assert "without --resume" in error.value.hint


SEVERAL = {
    "people.csv": "Contact ID,Name,Email\n" + "".join(f"{n},P {n},p{n}@x.example\n" for n in range(30)),
    "deals.csv": "Deal ID,Deal,Contact ID\n" + "".join(f"{n},Sale {n},{n}\n" for n in range(20)),
}


def runs(ctx: Context) -> list[tuple[Any, ...]]:
    """(settled, rows, finished) of the imports that the book knows, and what their options say of each file."""
    rows = ctx.reader.rows("SELECT settled, rows, finished, options FROM import_run ORDER BY batch_id")
    return [
        (settled, of, bool(ended), [said for _, said in resuming.told_of(options)])
        for settled, of, ended, options in rows
    ]


@pytest.mark.parametrize("whole", [False, True], ids=["blocks", "whole"])
def test_files_that_come_in_together_are_one_run_that_knows_each_of_them(ctx: Context, put: Put, whole: bool) -> None:
    paths = [put(text, name) for name, text in SEVERAL.items()]
    plans = imports.plan_all(ctx, [(path, "") for path in paths])
    done = imports.run_all(ctx, plans, whole=whole)
    said = [resuming.options(made) for made in plans]
    assert ["--id" in one for one in said] == [True, True]
    assert runs(ctx) == [(50, 50, True, said)]
    assert [imports.unfinished(ctx, made) for made in plans] == [None, None]
    for made in plans:
        with pytest.raises(NotFoundError, match="no import of"):
            imports.resumable(ctx, made)
    written = dict(ctx.reader.rows("SELECT entity, min(seq) FROM journal GROUP BY entity"))
    ((text,),) = ctx.reader.rows("SELECT options FROM import_run")
    assert [first for first, _ in resuming.told_of(text)] == [written["contact"], written["opportunity"]]
    back = history.undo(ctx, done[0].batch).batch
    assert told(ctx, CONTACT) == []
    history.undo(ctx, back)
    purging.purge(ctx, CONTACT, (1,))
    assert [said for *_, said in runs(ctx)] == [[purging.FORGOTTEN]]


@pytest.mark.parametrize("after", [20, 40])
def test_files_that_came_in_together_and_were_cut_are_imported_again(
    ctx: Context, put: Put, after: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plans = imports.plan_all(ctx, [(put(text, name), "") for name, text in SEVERAL.items()])

    def progress(done: int, of: int) -> None:
        if done + (0 if of == plans[0].rows else plans[0].rows) >= after:
            raise KeyboardInterrupt

    ctx.quiet = False
    with pytest.raises(KeyboardInterrupt):
        imports.run_all(ctx, plans, watched=lambda: contextlib.nullcontext(progress))
    told_of = capsys.readouterr().err
    assert f"stopped: {after} rows are in; the same files again find what is in by its keys\n" in told_of
    assert [one[:3] for one in runs(ctx)] == [(after, 50, False)]
    for made in plans:
        assert imports.unfinished(ctx, made) is None
        with pytest.raises(NotFoundError, match="came in together with other files when that was cut") as raised:
            imports.resumable(ctx, made)
        assert raised.value.hint.startswith("import the same files again, without --resume")
    assert sum(one.new for one in imports.run_all(ctx, plans)) == 50 - after
    assert [one[:3] for one in runs(ctx)] == [(after, 50, False), (50, 50, True)]
    assert len(told(ctx, CONTACT)) == 30


def test_an_import_of_all_rows_or_none_is_a_run_too(ctx: Context, put: Put) -> None:
    path = put("Record ID,Company,Parent\n1,Acme,Zeta\n2,Bolt,\n")
    made = imports.plan(ctx, path, kind=COMPANY)
    imports.run(ctx, made, whole=True)
    assert runs(ctx) == [(2, 2, True, [resuming.options(made)])]
    with pytest.raises(NotFoundError, match="is finished"):
        imports.resumable(ctx, made)
    assert imports.run(ctx, imports.plan(ctx, put(f"Company\n{'x' * 601}\n"), kind=COMPANY), whole=True).withheld
    assert len(runs(ctx)) == 1
