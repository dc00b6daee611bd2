"""Crowds: many processes write at once, and nothing is lost, doubled or half done; on both engines."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import LEAD, TASK
from crmcli.services import records, vocabulary
from tests.faults.conftest import check
from tests.faults.crowd import queues, together
from tests.support import books
from tests.support.program import environment
from tests.support.terminal import at_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.conftest import Crm
    from tests.support.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, book_path: Path) -> Iterator[str]:
    """An empty book on each engine, named by CRM_DB."""
    if request.param == "sqlite":
        monkeypatch.setenv("CRM_DB", str(book_path))
        yield request.param
        return
    server: Server = request.getfixturevalue("pg_server")
    name = f"crowd_{time.monotonic_ns()}"
    monkeypatch.setenv("CRM_DB", books.copy_database(server, books.make_template(server), name))
    yield request.param
    server.drop(name)


def leads(crm: Crm, noun: str = "lead") -> list[dict[str, object]]:
    done = crm(noun, "list", "--limit", "0", "--sort", "id", "--columns", "id,uid,name,tags,owner", "-o", "json")
    assert done.returncode == 0, done
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_forty_adds_at_once_keep_forty(crm: Crm, store: str) -> None:
    extra = ["--company", "Acme", "--tag", "crowd", "--source", "fair"]
    done = together([["lead" if n % 2 else "deal", "add", f"Lead {n}", *extra] for n in range(40)])
    assert [one for one in done if one.returncode] == []
    rows = leads(crm) + leads(crm, "deal")
    assert sorted(str(row["name"]) for row in rows) == sorted(f"Lead {n}" for n in range(40))
    assert len({row["id"] for row in rows}) == len({row["uid"] for row in rows}) == 40
    assert [row["name"] for row in json.loads(crm("company", "list", "-o", "json").stdout)] == ["Acme"]
    assert len(json.loads(crm("tag", "list", "-o", "json").stdout)) == 1
    check(crm)


def test_sixteen_processes_with_ten_adds_each(crm: Crm, store: str) -> None:
    done = queues([[["lead", "add", f"Lead {who}-{n}"] for n in range(10)] for who in range(16)])
    assert [one for one in done if one.returncode] == []
    rows = leads(crm)
    assert len(rows) == 160
    assert len({row["id"] for row in rows}) == len({row["uid"] for row in rows}) == 160
    said = {int(one.stdout.split(":")[1].split()[0]) for one in done}
    assert said == {row["id"] for row in rows}
    check(crm)


def test_sixteen_edits_of_one_record_are_applied_or_refused(crm: Crm, store: str) -> None:
    crm("lead", "add", "Ada")
    for n in range(16):
        crm("user", "add", f"user{n}")
    done = together([["lead", "edit", "1", f"tags=+tag{n}", f"owner=user{n}"] for n in range(16)])
    assert {one.returncode for one in done} <= {0, 4}, [one for one in done if one.returncode not in (0, 4)]
    applied = {f"tag{n}" for n, one in enumerate(done) if one.returncode == 0}
    assert applied
    row = leads(crm)[0]
    assert set(row["tags"]) == applied  # type: ignore[call-overload]
    assert row["owner"] in {f"user{n}" for n, one in enumerate(done) if one.returncode == 0}
    changes = json.loads(crm("history", "lead:1", "--limit", "0", "-o", "json").stdout)
    assert len({change["batch"] for change in changes}) == len(applied) + 1
    check(crm)


def test_different_verbs_at_once(crm: Crm, store: str) -> None:
    for n in range(6):
        crm("lead", "add", f"Lead {n}", "--company", "Acme", "--value", "100")
    done = queues(
        [
            [["lead", "convert", "1"], ["undo"]],
            [["lead", "convert", "2"], ["note", "add", "deal:2", "x"]],
            [["lead", "lost", "3", "--reason", "price"], ["lead", "restore", "3"]],
            [["lead", "edit", "is:any", "tags=+bulk", "--yes"], ["lead", "edit", "tag:bulk", "tags=-bulk", "--yes"]],
            [["stage", "add", "Demo"], ["stage", "reorder", "New", "Demo", "Qualified", "Proposition"]],
            [["tag", "add", "vip", "4", "5"], ["tag", "rename", "vip", "gold"]],
            [["task", "add", "Call", "--on", "lead:6", "--due", "today"], ["task", "done", "1"]],
            [["lead", "remove", "6"], ["lead", "restore", "6"]],
        ]
    )
    for one in done:
        assert one.returncode in (0, 2, 3, 4, 5), one
        assert "Traceback" not in one.stderr
        assert "this is a bug" not in one.stderr, one
    assert [one for one in done if one.returncode == 0], done
    check(crm)


def test_imports_at_once_double_nothing(crm: Crm, store: str, tmp_path: Path) -> None:
    people = [f"Person {n},p{n}@x.example,Company {n % 40},tag{n % 7}" for n in range(1200)]
    sheet = tmp_path / "people.csv"
    sheet.write_text("\n".join(["Name,Email,Company,Tags", *people]) + "\n")
    done = together([["import", str(sheet), "--as", "contact", "--yes", "-o", "json"]] * 3)
    assert [one for one in done if one.returncode] == []
    assert sorted(json.loads(one.stdout)["new"] for one in done) == [0, 0, 1200]
    assert [len(leads(crm, "contact")), len(json.loads(crm("tag", "list", "-o", "json").stdout))] == [1200, 7]
    assert crm("company", "list", "--limit", "0", "-o", "ids").stdout.count("\n") == 40
    check(crm)


def test_conversions_at_once_make_a_company_and_a_person_once(crm: Crm, store: str) -> None:
    for n in range(8):
        crm("lead", "add", f"Lead {n}", "--company", "Acme", "--email", "ada@acme.example")
    done = together([["lead", "convert", str(n + 1)] for n in range(8)])
    assert [one for one in done if one.returncode] == []
    assert [crm(noun, "list", "-o", "ids").stdout for noun in ("contact", "company")] == ["1\n", "1\n"]
    check(crm)


def test_tasks_and_calls_at_once_are_all_counted(crm: Crm, store: str) -> None:
    for name in ("Engine", "Pump", "Gear"):
        assert crm("deal", "add", name, "--company", "Acme").returncode == 0
    calls = [["log", "call", f"deal:{n % 3 + 1}", "hello", "--at", f"2020-01-0{9 - n}"] for n in range(6)]
    tasks = [["task", "add", f"Call {n}", "--on", "deal:1", "--due", f"+{n}d"] for n in range(6)]
    done = together([*calls, *tasks])
    assert [one for one in done if one.returncode] == []
    assert json.loads(crm("deal", "list", "--columns", "id,open_tasks", "-o", "json").stdout)[-1]["open_tasks"] == 6
    check(crm)


def test_a_stage_added_by_several_at_once_is_there_once(crm: Crm, store: str) -> None:
    done = together([["stage", "add", "Race"] for _ in range(6)])
    assert sorted(one.returncode for one in done) == [0, 4, 4, 4, 4, 4], done
    assert all("there is a stage 'Race' already" in one.stderr for one in done if one.returncode), done
    check(crm)


def test_undo_at_once_takes_each_batch_back_once(crm: Crm, store: str) -> None:
    for n in range(5):
        crm("lead", "add", f"Lead {n}")
    batch = max(int(row["batch"]) for row in json.loads(crm("undo", "--list", "-o", "json").stdout))
    done = together([["undo", str(batch)] for _ in range(8)])
    assert sorted(one.returncode for one in done) == [0] + [4] * 7, done
    assert len(leads(crm)) == 4
    check(crm)


@pytest.mark.parametrize("form", ["json", "table"])
def test_a_reader_that_sleeps_blocks_no_writer(crm: Crm, book_path: Path, form: str) -> None:
    sheet = book_path.parent / "many.csv"
    sheet.write_text("name,description\n" + "".join(f"Lead {n},{'x' * 200}\n" for n in range(3000)))
    assert crm("import", str(sheet), "--as", "lead", "--yes").returncode == 0
    reader = subprocess.Popen(
        [sys.executable, "-m", "crmcli", "lead", "list", "--limit", "0", "--columns", "all", "-o", form],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert reader.stdout is not None
    first = reader.stdout.read(10)  # it is at work, and then nobody reads: the pipe is full
    assert first
    time.sleep(0.3)
    assert reader.poll() is None
    done = together([["lead", "add", f"New {n}"] for n in range(20)], {"CRM_BUSY_TIMEOUT": "5"})
    assert [one for one in done if one.returncode] == []
    assert reader.poll() is None
    reader.stdout.close()
    reader.wait(10)
    assert len(leads(crm)) == 3020


def test_a_board_and_a_crowd_of_readers_see_whole_states(crm: Crm, store: str) -> None:
    """A reader never sees half of a write: both values of a pair change together."""
    crm("lead", "add", "Pair", "street=0", "city=0")
    writers = [["lead", "edit", "1", f"street={n}", f"city={n}"] for n in range(1, 9)]
    readers = [["lead", "list", "--columns", "street,city", "-o", "tsv"]] * 12
    for one in queues([writers, *[readers[:4]] * 3]):
        assert one.returncode == 0, one
        if one.args[1] == "list":
            street, city = one.stdout.splitlines()[1].split("\t")
            assert street == city
    assert crm(*readers[0]).stdout.splitlines()[1] == "8\t8"


# --- somebody writes while a question is open -----------------------------------------------------------------------


@pytest.fixture
def trio(store: str) -> None:
    """Three leads, each with a task, and the users bob and grace."""
    with contextlib.closing(Context(Settings(), quiet=True, plugins=False)) as ctx:
        for name in ("Ada", "Bob", "Cyd"):
            records.add(ctx, LEAD, {"name": name, "source": "web"})
            records.add(ctx, TASK, {"name": f"Call {name}", "due": "fri"})
        for user in ("bob", "grace"):
            vocabulary.user_add(ctx, user, {})


def states(crm: Crm) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for noun in ("lead", "task"):
        done = crm(noun, "list", "is:any or is:removed", "--columns", "all", "--sort", "id", "-o", "json")
        assert done.returncode == 0, done
        found += json.loads(done.stdout)
    return found


ASKING = (
    "lead edit source:web owner=grace", "lead remove source:web", "lead archive source:web", "lead purge source:web",
    "lead merge 1 2 3", "lead won source:web", "lead lost source:web --reason Silent", "lead move source:web qualified",
    "task done is:open", "task snooze is:open mon", "task edit is:open priority=high",
)  # fmt: skip


@pytest.mark.parametrize("line", ASKING)
def test_what_changes_while_a_question_is_open_is_not_written_over(crm: Crm, store: str, trio: None, line: str) -> None:
    kind = line.split()[0]
    kept: list[dict[str, object]] = []

    def meanwhile() -> None:
        assert crm(kind, "edit", "1", "owner=bob").returncode == 0
        assert crm(kind, "remove", "2").returncode == 0
        kept.extend(states(crm))

    code, shown = at_terminal(*line.split(), answer="y\n", meanwhile=meanwhile)
    assert code == 4, shown
    said = shown.partition("[y/N]")[2]
    assert f"{kind}:1" in said, shown
    assert f"{kind}:2" in said, shown
    assert f"{kind}:3" not in said, shown
    assert "nothing was changed" in said, shown
    assert states(crm) == kept
    check(crm)


def test_what_was_purged_while_a_question_was_open_is_a_conflict_too(crm: Crm, store: str, trio: None) -> None:
    def meanwhile() -> None:
        assert crm("lead", "purge", "2", "--yes").returncode == 0

    code, shown = at_terminal("lead", "edit", "source:web", "owner=grace", answer="y\n", meanwhile=meanwhile)
    assert (code, "lead:2" in shown.partition("[y/N]")[2]) == (4, True), shown
    assert [row["owner"] for row in leads(crm)] == [None, None]


def test_a_yes_does_what_was_asked_when_others_changed_something_else(crm: Crm, store: str, trio: None) -> None:
    def meanwhile() -> None:
        assert crm("lead", "add", "Dan", "source=web").returncode == 0
        # The day of the next task is worked out anew, which is no change of the lead.
        assert crm("task", "add", "Write", "--on", "lead:1", "--due", "mon").returncode == 0

    code, shown = at_terminal("lead", "edit", "source:web", "owner=grace", answer="y\n", meanwhile=meanwhile)
    assert (code, "changed 3 leads" in shown) == (0, True), shown
    assert [row["owner"] for row in leads(crm)] == ["grace", "grace", "grace", None]
