"""Killed, interrupted, terminated: what was said to be saved is there, the rest is whole or absent, and the next
command just works."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from crmcli.services.imports import parents, taking
from tests.faults import forked
from tests.faults.conftest import check
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crmcli.store.write import Transaction
    from tests.faults.conftest import Crm

#: Kills of each test and rows of the imported file; by hand one takes more (CRM_TEST_KILLS=200 pytest --timeout 0 ...).
KILLS = int(os.environ.get("CRM_TEST_KILLS", "0"))
ROWS = int(os.environ.get("CRM_TEST_ROWS", "10000"))


class Struck(NamedTuple):
    """What a process left that was sent a signal: how it ended and what it had said."""

    code: int
    out: str
    err: str


#: How a process that was sent SIGKILL may end: done with its work before, or by that. Whatever else is a failure.
ENDS = (0, -signal.SIGKILL)


def strike(
    words: Sequence[str],
    after: float,
    number: int = signal.SIGKILL,
    *,
    saying: str = "",
    input: str = "",
) -> Struck:
    """Run `crm WORDS` and send it a signal `after` seconds, or once it has said `saying` on standard error and then
    `after` seconds."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(input.encode())
        given.seek(0)
        child = forked.fork(words, stdin=given.fileno(), stdout=out.fileno(), stderr=err.fileno(), group=True)
        end = time.monotonic() + 30
        while time.monotonic() < end and saying.encode() not in os.pread(err.fileno(), 100_000, 0):
            time.sleep(0.002)
        time.sleep(after)
        try:
            os.kill(child, number)
        except ProcessLookupError:
            pass
        code = forked.wait(child, 30)
        return Struck(code, os.pread(out.fileno(), 10**6, 0).decode(), os.pread(err.fileno(), 10**6, 0).decode())


class Kills:
    """The moments of the kills of a command: drawn within the time that it takes, and earlier ones after each run that
    was done before its kill, since a quiet machine or a warm cache may be faster than the run that was timed. There
    are so many, and more where none has met the command at work so far."""

    def __init__(self, seed: int, whole: float, number: int, *, first: float = 0.2, last: float = 1.0) -> None:
        self.met = 0
        self._random, self._whole, self._number, self._span = random.Random(seed), whole, number, (first, last)

    def __iter__(self) -> Iterator[float]:
        tried = 0
        while tried < self._number or (not self.met and tried < self._number + 20):
            tried += 1
            yield self._random.uniform(*self._span) * self._whole

    def ended(self, struck: Struck) -> None:
        """Count how a process that was to be killed ended; any other end than those of `ENDS` is a failure."""
        assert struck.code in ENDS, struck
        if struck.code:
            self.met += 1
        else:
            self._whole *= 0.85


def took(crm: Crm, *words: str) -> float:
    """The seconds that a command takes when nobody disturbs it; it must succeed."""
    started = time.monotonic()
    done = crm(*words)
    assert done.returncode == 0, done
    return time.monotonic() - started


def count(crm: Crm, table: str = "v_lead") -> int:
    done = crm("sql", f"select count(*) as n from {table}", "-o", "json")
    assert done.returncode == 0, done
    return int(json.loads(done.stdout)[0]["n"])


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of so many leads that importing it takes several transactions."""
    file = tmp_path_factory.mktemp("sheet") / "leads.csv"
    rows = (f"Lead {n},lead{n}@x{n % 50}.example,+4930{1000000 + n},tag{n % 7},{n}.50" for n in range(ROWS))
    file.write_text("Name,E-mail,Phone,Tags,Value\n" + "\n".join(rows) + "\n")
    return file


def linger() -> None:
    """Say so and wait, in short pieces: a signal that comes just before a sleep begins is heard when that ends."""
    os.write(2, b"it lingers\n")
    for _ in range(3000):
        time.sleep(0.01)


def importing(sheet: Path) -> list[str]:
    return ["import", str(sheet), "--as", "lead", "--match", "email", "--yes"]


def test_an_add_that_is_killed_is_whole_or_absent(crm: Crm) -> None:
    timed = ("First", "Second")  # of one name, the second would be looked into as a duplicate
    whole = max(took(crm, "lead", "add", name, "--company", "Acme", "--tag", "a,b", "--note", "n") for name in timed)
    there, kills = 2, Kills(1, whole, KILLS or 8)
    for n, moment in enumerate(kills):
        struck = strike(["lead", "add", f"Lead {n}", "--company", "Acme", "--tag", f"t{n}", "--note", "n"], moment)
        kills.ended(struck)
        now = count(crm)
        assert now in (there, there + 1)
        if struck.code == 0 or "added" in struck.out:
            assert now == there + 1, struck
        assert count(crm, "v_interaction") == now
        there = now
    assert kills.met, "no kill met an add at work"
    check(crm)
    assert crm("lead", "add", "Last").returncode == 0


def test_an_import_that_is_killed_can_be_finished_or_taken_back(crm: Crm, book_path: Path, sheet: Path) -> None:
    empty = book_path.read_bytes()
    whole = took(crm, *importing(sheet))
    assert count(crm) == ROWS
    kills = Kills(2, whole, KILLS or 3, first=0.0, last=0.7)
    for n, moment in enumerate(kills):
        (book_path.parent / "crm.db-journal").unlink(missing_ok=True)
        book_path.write_bytes(empty)
        struck = strike(importing(sheet), moment, saying="Mapping")
        kills.ended(struck)
        kept = count(crm)
        assert 0 <= kept <= ROWS
        check(crm)
        if kept and n % 2:
            done = crm("undo")
            assert done.returncode == 0, (struck, done)
            assert count(crm) == 0
        else:
            done = crm(*importing(sheet))
            assert done.returncode == 0, (struck, done)
            assert count(crm) == ROWS
            assert count(crm, "(select distinct email from v_lead) t") == ROWS
    check(crm)
    assert kills.met, "no kill met an import at work"


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_import_that_is_killed_again_and_again_ends_as_one_that_is_not(
    crm: Crm,
    book_path: Path,
    tmp_path: Path,
    engine: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows that are refused, that repeat earlier ones and that say something else than these are among them."""
    empty = book_path.read_bytes()
    file = tmp_path / "people.csv"
    said = [
        (n if n % 7 else n // 2, "bad" if n % 11 == 0 else f"p{n if n % 7 else n // 2}@x.example") for n in range(1500)
    ]
    rows = (f"Person {one},{email},City {(one + n % 13 // 12) % 9}" for n, (one, email) in enumerate(said))
    file.write_text("Name,E-mail,City\n" + "\n".join(rows) + "\n")
    words = ["import", str(file), "--as", "contact", "--yes", "--allow-rejects"]
    everything = ("contact", "list", "--sort", "id", "--limit", "0", "-o", "csv", "--columns", "name,email,city")
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, 100)
    monkeypatch.setattr(taking, "LONGEST", 0.02)

    whole = took(crm, *words)
    wanted, refused = crm(*everything).stdout, _refused(crm)
    book_path.write_bytes(empty)
    if engine == "postgresql":
        server = request.getfixturevalue("pg_server")
        monkeypatch.setenv("CRM_DB", books.copy_database(server, books.make_template(server), "killed"))
    kills = Kills(5, whole, KILLS or 4, first=0.05, last=0.5)
    for moment in kills:
        struck = strike([*words, "--resume"], moment, saying="people.csv")
        if struck.code == 3:  # none was cut so far
            struck = strike(words, moment, saying="people.csv")
        kills.ended(struck)
        check(crm, deep=False)
    done = crm(*words, "--resume")
    if done.returncode == 3 and "no import of" in done.stderr:
        done = crm(*words)
    assert done.returncode == 0 or "is finished" in done.stderr, done
    assert kills.met, "no kill met an import at work"
    assert crm(*everything).stdout == wanted
    assert _refused(crm) == refused
    check(crm)
    assert crm("undo").returncode == 0
    assert count(crm, "v_contact") == 0
    if engine == "postgresql":
        server.drop("killed")


def _refused(crm: Crm) -> str:
    """The file of refused rows of the last import, which is the only one that was recorded."""
    found = json.loads(crm("sql", "select rejects from import_run", "-o", "json").stdout)
    assert len(found) == 1
    with open(found[0]["rejects"], encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_companies_of_an_import_that_was_cut_get_their_parents_from_the_next(
    crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    children, linked = parents.AT_ONCE + 500, "company WHERE parent_id IS NOT NULL"
    file = tmp_path / "companies.csv"
    file.write_text("Name,Parent company\nHolding,\n" + "".join(f"Child {n},Holding\n" for n in range(children)))
    words = ["import", str(file), "--as", "company", "--yes"]
    link = parents.Parents.link

    def lingering(self: parents.Parents, tx: Transaction, some: list[parents.Child]) -> int:
        updated = link(self, tx, some)
        if len(some) < parents.AT_ONCE:
            tx.flush()
            os.write(2, b"all but the last are in")
            time.sleep(30)
        return updated

    with monkeypatch.context() as patched:
        patched.setattr(parents.Parents, "link", lingering)
        struck = strike(words, 0.0, number, saying="all but the last are in")
    assert struck.code == {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}[number], struck
    assert (count(crm, "company"), count(crm, linked)) == (children + 1, parents.AT_ONCE)
    done = crm(*words)
    assert done.returncode == 0, (struck, done)
    assert (count(crm, "company"), count(crm, linked)) == (children + 1, children), done
    check(crm)
    assert "known already" in crm(*words).stdout


def test_an_undo_that_is_killed_is_whole_or_absent(crm: Crm, book_path: Path, sheet: Path) -> None:
    assert crm(*importing(sheet)).returncode == 0
    full = book_path.read_bytes()
    whole = took(crm, "undo")
    assert count(crm) == 0
    kills = Kills(3, whole, KILLS or 2, first=0.3)
    for moment in kills:
        book_path.write_bytes(full)
        (book_path.parent / "crm.db-journal").unlink(missing_ok=True)
        struck = strike(["undo"], moment)
        kills.ended(struck)
        kept = count(crm)
        assert kept in (0, ROWS)
        check(crm)
        if kept:
            assert crm("undo").returncode == 0
            assert count(crm) == 0
    assert kills.met, "no kill met an undo at work"


def test_a_merge_that_is_killed_is_whole_or_absent(crm: Crm, book_path: Path, tmp_path: Path) -> None:
    people, linked = 1500, "contact where company_id = 2"
    file = tmp_path / "people.csv"
    file.write_text("Name,Company\n" + "".join(f"Person {n},Engines Ltd\n" for n in range(people)))
    assert crm("company", "add", "Engines").returncode == 0
    assert crm("import", str(file), "--as", "contact", "--yes").returncode == 0
    full = book_path.read_bytes()
    words = ["company", "merge", "1", "2", "--yes"]
    kills = Kills(8, took(crm, *words), KILLS or 4, first=0.3)
    assert count(crm, linked) == 0
    for moment in kills:
        book_path.write_bytes(full)
        (book_path.parent / "crm.db-journal").unlink(missing_ok=True)
        struck = strike(words, moment)
        kills.ended(struck)
        left = count(crm, linked)
        assert left in (0, people)
        assert count(crm, "company where merged_into_id = 1") == (left == 0)
        check(crm)
    assert kills.met, "no kill met a merge at work"
    assert crm("undo" if left == 0 else "today").returncode == 0
    assert count(crm, linked) == people
    check(crm)


def test_a_backup_that_is_killed_leaves_no_half_file(crm: Crm, book_path: Path, sheet: Path) -> None:
    assert crm(*importing(sheet)).returncode == 0
    copy = book_path.parent / "copy.db"
    kills = Kills(4, took(crm, "db", "backup", str(copy)), KILLS or 3)
    for moment in kills:
        copy.unlink(missing_ok=True)
        struck = strike(["db", "backup", str(copy)], moment)
        kills.ended(struck)
        assert copy.exists() or struck.code, struck
        if copy.exists():
            assert crm("--db", str(copy), "db", "check").returncode == 0
        else:
            assert crm("db", "backup", str(copy)).returncode == 0
    assert kills.met, "no kill met a backup at work"
    check(crm, deep=False)


def test_a_demo_that_is_killed(crm: Crm, book_path: Path) -> None:
    empty = book_path.read_bytes()
    kills = Kills(5, took(crm, "demo", "--yes"), KILLS or 1)
    full = count(crm)
    for moment in kills:
        (book_path.parent / "crm.db-journal").unlink(missing_ok=True)
        book_path.write_bytes(empty)
        struck = strike(["demo", "--yes"], moment)
        kills.ended(struck)
        check(crm)
        if count(crm) == 0:
            assert crm("demo", "--yes").returncode == 0
            assert count(crm) == full
    assert kills.met, "no kill met a demo at work"


def test_the_first_command_ever_that_is_killed(crm: Crm, book_path: Path) -> None:
    """A book is under its name whole or not at all."""
    book_path.unlink()
    kills = Kills(6, took(crm, "lead", "add", "First"), KILLS or 3, first=0.1)
    for moment in kills:
        for left in book_path.parent.iterdir():
            left.unlink()
        struck = strike(["lead", "add", "X"], moment)
        kills.ended(struck)
        done = crm("lead", "add", "Y")
        assert done.returncode == 0, done
        assert count(crm) in ((1, 2) if struck.code else (2,))
        assert count(crm, "stage") == 4
        check(crm, deep=False)
    assert kills.met, "no kill met the first command at work"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("step", ["_read", "_wrote"])  # before anything is in, and between two transactions
def test_an_interrupted_import_says_what_is_in(
    crm: Crm, sheet: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: signal.Signals
) -> None:
    real = getattr(taking.Import, step)

    def lingering(self: taking.Import, *rest: object) -> object:
        found = real(self, *rest)
        linger()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(taking, "LONGEST", 0.0)
        patched.setattr(taking.Import, step, lingering)
        struck = strike(importing(sheet), 0.0, number, saying="it lingers")
    kept = count(crm)
    assert struck.code == 130, struck
    assert (0 < kept < ROWS) if step == "_wrote" else kept == 0, kept
    assert "Traceback" not in struck.err
    last = [line for line in struck.err.splitlines() if line.startswith("crm: interrupted")]
    assert len(last) == 1, struck
    check(crm)
    if kept:
        found = re.search(r"crm undo (\d+)", last[0])
        assert found, last
        assert crm("undo", found[1]).returncode == 0
    else:
        assert "nothing was saved" in last[0]
    assert count(crm) == 0
    started = time.monotonic()
    assert crm("lead", "add", "Next").returncode == 0
    assert time.monotonic() - started < 5
    check(crm)


def test_an_interrupted_question_changes_nothing(crm: Crm) -> None:
    crm("lead", "add", "Ada")
    for number in (signal.SIGINT, signal.SIGTERM):
        endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
        struck = strike(["sql", endless], 0.5, number)
        assert struck.code == 130, struck
        assert "nothing was saved" in struck.err
    check(crm)


def test_a_wait_for_the_lock_can_be_interrupted(crm: Crm, book_path: Path) -> None:
    import fcntl

    with open(f"{book_path}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        struck = strike(["lead", "add", "X"], 0.1, signal.SIGINT, saying="waiting for")
    assert struck.code == 130, struck
    assert "nothing was saved" in struck.err
    assert count(crm) == 0
