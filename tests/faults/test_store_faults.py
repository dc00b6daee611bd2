"""A store that is locked, read-only, full, foreign, damaged or from the future: one message, and nothing lost."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import re
import resource
import sqlite3
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.conftest import check
from tests.support import books
from tests.support.program import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import RunCrm
    from tests.faults.conftest import Crm
    from tests.support.program import Finished

LINUX = sys.platform == "linux"
ROOT = os.geteuid() == 0
#: The rights of Linux's root that look past permission bits.
PAST_PERMISSIONS = (1, 2)
DROP_RIGHT = 24


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(crm: Crm) -> list[str]:
    done = crm("lead", "list", "--limit", "0", "--sort", "id", "--columns", "name", "-o", "tsv")
    assert done.returncode == 0, done
    return done.stdout.splitlines()[1:]


def failed(done: Finished, code: int, *parts: str) -> None:
    assert done.returncode == code, done
    assert done.stdout == "", done
    assert done.stderr.startswith("crm: "), done
    assert "Traceback" not in done.stderr, done
    assert "this is a bug" not in done.stderr, done
    for part in parts:
        assert part in done.stderr, done


# --- locked ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def in_the_queue(path: Path) -> Iterator[None]:
    """Hold the queue of writers as another `crm` would."""
    with open(f"{path}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711 crm import big.csv")
        file.flush()
        yield


@contextlib.contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold the file as another program would that knows nothing of the queue."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_writer_waits_says_so_and_gives_up(crm: Crm, book_path: Path) -> None:
    crm("lead", "add", "Ada")
    before = digest(book_path)
    with in_the_queue(book_path):
        started = time.monotonic()
        done = crm("lead", "add", "Grace", env={"CRM_BUSY_TIMEOUT": "2"})
        waited = time.monotonic() - started
        assert done.returncode == 1, done
        first, last = done.stderr.splitlines()[:2]
        assert first == "waiting for process 4711 to finish writing ..."
        assert "nothing was saved" in last
        assert "4711" in last
        assert 1.9 < waited < 8
    assert digest(book_path) == before
    assert crm("lead", "add", "Grace").returncode == 0
    assert names(crm) == ["Ada", "Grace"]


def test_readers_do_not_wait_for_the_queue(crm: Crm, book_path: Path) -> None:
    crm("lead", "add", "Ada")
    with in_the_queue(book_path):
        for words in (
            ("lead", "list"),
            ("lead", "show", "1"),
            ("today",),
            ("search", "ada"),
            ("history", "lead:1"),
            ("sql", "select 1"),
        ):
            started = time.monotonic()
            done = crm(*words, env={"CRM_BUSY_TIMEOUT": "30"})
            assert done.returncode == 0, done
            assert time.monotonic() - started < 10


def test_a_file_that_another_program_holds(crm: Crm, book_path: Path) -> None:
    crm("lead", "add", "Ada")
    with exclusively(book_path):
        for words in (("lead", "add", "Grace"), ("lead", "list")):
            failed(crm(*words, env={"CRM_BUSY_TIMEOUT": "1"}), 1, "locked", "try again")
    assert names(crm) == ["Ada"]
    check(crm)


#: Holds the lock of its first argument until its standard input ends.
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


def held(path: Path) -> subprocess.Popen[bytes]:
    """A process that has the queue of writers of the book, until `communicate` ends its standard input."""
    command = [sys.executable, "-c", HOLDER, f"{path}.lock"]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"\n"
    return holder


def test_a_writer_goes_on_when_the_lock_is_free_again(crm: Crm, book_path: Path) -> None:
    holder = held(book_path)
    command = [sys.executable, "-m", "crmcli", "lead", "add", "Ada"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment()) as writer:
        assert writer.stderr is not None
        said = writer.stderr.readline()
        holder.communicate()
    assert said.startswith(b"waiting for")
    assert writer.returncode == 0
    assert names(crm) == ["Ada"]


def test_a_killed_holder_leaves_the_queue_free(crm: Crm, book_path: Path) -> None:
    holder = held(book_path)
    holder.kill()
    holder.communicate()
    started = time.monotonic()
    assert crm("lead", "add", "Ada").returncode == 0
    assert time.monotonic() - started < 5


# --- read-only ------------------------------------------------------------------------------------------------------


def ordinary() -> None:
    """In a child: give up root's right to look past permission bits, so that chmod counts."""
    if ROOT and LINUX:
        libc = ctypes.CDLL(None)
        for right in PAST_PERMISSIONS:
            libc.prctl(DROP_RIGHT, right, 0, 0, 0)


def as_anybody(*words: str, env: dict[str, str] | None = None, umask: int = -1) -> subprocess.CompletedProcess[str]:
    """Run `crm WORDS` as a user to whom permissions apply."""
    if ROOT and not LINUX:
        pytest.skip("root ignores permissions here")
    return subprocess.run(
        [sys.executable, "-m", "crmcli", *words],
        env={**environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=ordinary,
        umask=umask,
        check=False,
        timeout=60,
    )


@pytest.fixture
def read_only(crm: Crm, book_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A book with one lead that cannot be written: the file, its folder, or both."""
    crm("lead", "add", "Ada")
    for path in {"file": [book_path], "folder": [book_path.parent], "both": [book_path, book_path.parent]}[
        request.param
    ]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield request.param
    book_path.parent.chmod(0o700)
    book_path.chmod(0o600)


@pytest.mark.parametrize("read_only", ["file", "folder", "both"], indirect=True)
def test_read_only_books_are_read_and_not_written(crm: Crm, read_only: str, book_path: Path) -> None:
    before, listing = digest(book_path), sorted(os.listdir(book_path.parent))
    for words in (("lead", "list"), ("today",), ("db", "check", "--deep")):
        done = as_anybody(*words)
        assert done.returncode == 0, done
    done = as_anybody("lead", "add", "Grace")
    assert done.returncode == 1, done
    assert "nothing was saved" in done.stderr or "permission" in done.stderr.lower(), done
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr, done
    assert digest(book_path) == before
    assert sorted(os.listdir(book_path.parent)) in (listing, sorted({*listing, "crm.db.lock"}))


def test_an_unreadable_book(crm: Crm, book_path: Path) -> None:
    book_path.chmod(0)
    done = as_anybody("lead", "list")
    book_path.chmod(0o600)
    assert done.returncode == 1, done
    assert "permission denied" in done.stderr, done


def test_a_folder_that_lets_nobody_in(crm: Crm, book_path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "shut" / "copy.db"
    copy.parent.mkdir()
    copy.write_bytes(book_path.read_bytes())
    copy.parent.chmod(0o600)
    for words in (
        ("--db", str(copy), "lead", "list"),
        ("--db", str(copy), "db", "upgrade"),
        ("--db", str(copy), "db", "check"),
        ("db", "restore", str(copy), "-y"),
    ):
        done = as_anybody(*words)
        assert done.returncode == 1, done
        assert f"{copy} cannot be reached: permission denied" in done.stderr, done
    copy.parent.chmod(0o700)


# --- not what it should be ------------------------------------------------------------------------------------------


def test_a_book_from_the_future_is_left_alone(crm: Crm, book_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(book_path, isolation_level=None)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    before = digest(book_path)
    for words in (("lead", "list"), ("lead", "add", "X"), ("db", "upgrade"), ("db", "check"), ("undo",), ("today",)):
        failed(crm(*words), 4, "newer version", "9999")
    assert digest(book_path) == before


def test_a_newer_file_format(crm: Crm, book_path: Path) -> None:
    content = bytearray(book_path.read_bytes())
    content[18:20] = b"\x09\x09"
    book_path.write_bytes(content)
    failed(crm("lead", "list"), 1, "newer")
    assert book_path.read_bytes() == bytes(content)


def foreign(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE moz_places (id INTEGER, url TEXT)")
        other.commit()


def test_what_is_no_book_is_refused_and_left_alone(
    crm: Crm, book_path: Path, book_template: Path, tmp_path: Path
) -> None:
    whole = book_template.read_bytes()
    cases = {
        "text": b"this is no database\n" * 50,
        "empty": b"",
        "header": whole[:100],
        "cut": whole[: len(whole) // 2 // 4096 * 4096],
        "short": whole[:50],
        "zeros": b"\0" * 8192,
        "no header": b"\0" * 100 + whole[100:],
        "only header": whole[:4096],
    }
    for name, content in cases.items():
        book_path.write_bytes(content)
        for words in (("lead", "list"), ("lead", "add", "X"), ("db", "upgrade")):
            done = crm(*words)
            assert done.returncode == 1, (name, done)
            failed(done, 1)
            assert book_path.read_bytes() == content, (name, words)
    book_path.unlink()
    foreign(book_path)
    before = digest(book_path)
    for words in (("lead", "list"), ("lead", "add", "X"), ("db", "upgrade")):
        failed(crm(*words), 1, "another program")
    assert digest(book_path) == before


def test_what_is_no_file_is_refused_without_hanging(crm: Crm, tmp_path: Path) -> None:
    folder, fifo, loop, nowhere = (tmp_path / name for name in ("folder", "fifo", "loop", "nowhere"))
    folder.mkdir()
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    nowhere.symlink_to(tmp_path / "gone")
    for path, code in ((folder, 1), (fifo, 1), (loop, 3), (nowhere, 3), ("/dev/null", 1), ("/dev/zero", 1)):
        for words in (("lead", "list"), ("lead", "add", "X"), ("db", "upgrade")):
            failed(crm("--db", str(path), *words, timeout=10), code)
    failed(crm("--db", str(folder), "db", "init"), 4)


def test_every_changed_byte_of_a_text_is_found(crm: Crm, book_path: Path) -> None:
    """The engine calls all of these sound; the journal, the keys and the word index do not."""
    for number in range(9):
        crm("lead", "add", f"Lead {number}")
        crm("note", "add", f"lead:{number + 1}", "-", input=f"needle {number} in the haystack")
    whole = book_path.read_bytes()
    places = [found.end() - 1 for found in re.finditer(b"needle 7", whole)]
    assert len(places) >= 3  # the row, its search text, the journal
    for place in places:
        book_path.write_bytes(whole[:place] + b"8" + whole[place + 1 :])
        assert crm("db", "check", "--deep").returncode == 1, place
    book_path.write_bytes(whole)
    check(crm)


def test_a_damaged_page_is_found(crm: Crm, book_path: Path) -> None:
    for number in range(30):
        crm("lead", "add", f"Lead number {number}", "description=" + "x" * 300)
    whole = book_path.read_bytes()
    start = whole.index(b"Lead number 7") // 4096 * 4096
    for damage in (b"\xff" * 64, b"\0" * 4096):
        damaged = whole[:start] + damage + whole[start + len(damage) :]
        book_path.write_bytes(damaged)
        for words in (("db", "check"), ("db", "check", "--deep")):
            done = crm(*words)
            assert done.returncode == 1, done
            assert "Traceback" not in done.stderr
            assert "this is a bug" not in done.stderr, done
        failed(crm("db", "backup", str(book_path.parent / "copy.db")), 1, "damaged")
        assert not (book_path.parent / "copy.db").exists()
        assert book_path.read_bytes() == damaged


#: What another program wrote into a row of leads, and what is said of it.
MISFITS = {
    "value_minor = 'abc'": "'value_minor' of lead 1 is not a number",
    "created_at = 'garbage'": "'created_at' of lead 1 is not a moment",
    "name = x'41'": "'name' of lead 1 is not a text",
}


@pytest.mark.parametrize("wrong", MISFITS)
def test_a_value_of_a_wrong_kind_is_damage(crm: Crm, book_path: Path, wrong: str) -> None:
    crm("lead", "add", "Ada", "--value", "1k", "city=Bern")
    with contextlib.closing(sqlite3.connect(book_path, isolation_level=None)) as other:
        other.execute(f"UPDATE opportunity SET {wrong}")
    told = []
    for line in ("lead list -o table", "lead show 1", "export lead", "today -o table", "lead edit 1 city=Basel"):
        done = crm(*line.split())
        assert "this is a bug" not in done.stderr, done
        assert "Traceback" not in done.stderr, done
        if done.returncode:
            assert f"the book is damaged: {MISFITS[wrong]}" in done.stderr, done
            assert "crm db check --deep" in done.stderr
            told.append(line)
    assert told
    done = crm("db", "check", "--deep")
    assert (done.returncode, MISFITS[wrong].partition(" is ")[2] in done.stdout) == (1, True), done


# --- full -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for the book and little more."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        not (LINUX and ROOT)
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "crm-test", folder], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("only root can mount a small file system; the limit on file sizes is tested instead")
    yield folder
    subprocess.run(["umount", folder], check=True)


BIG = "x" * 100_000


def fill_up(crm: Crm, *store: str) -> Finished:
    """Add notes until one does not fit."""
    for _ in range(60):
        done = crm(*store, "note", "add", "lead:1", "-", input=BIG)
        if done.returncode:
            return done
    raise AssertionError("the disk never filled")


def test_a_full_disk_saves_nothing_and_loses_nothing(crm: Crm, book_path: Path, small_disk: Path) -> None:
    path = books.copy_file(book_path, small_disk / "crm.db")
    store = ("--db", str(path))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("VACUUM")
    assert crm(*store, "lead", "add", "Ada").returncode == 0
    done = fill_up(crm, *store)
    failed(done, 1, "the disk is full; nothing was saved")
    saved = crm(*store, "timeline", "lead:1", "--limit", "0", "-o", "ids").stdout.split()
    assert crm(*store, "db", "check", "--deep").returncode == 0
    failed(crm(*store, "db", "backup", str(small_disk / "copy.db")), 1)
    assert not [name for name in os.listdir(small_disk) if name not in ("crm.db", "crm.db.lock")]
    # Not one byte is left, for the name of who holds the lock neither.
    os.truncate(f"{path}.lock", 0)
    ballast = small_disk / "ballast"
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    failed(crm(*store, "lead", "add", "Grace"), 1, "the disk is full; nothing was saved")
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert crm(*store, "note", "add", "lead:1", "room again").returncode == 0
    assert len(crm(*store, "timeline", "lead:1", "--limit", "0", "-o", "ids").stdout.split()) == len(saved) + 1
    assert crm(*store, "db", "check", "--deep").returncode == 0


def test_a_quota_saves_nothing_and_loses_nothing(crm: Crm, book_path: Path, run_crm: RunCrm) -> None:
    crm("lead", "add", "Ada")
    limit = book_path.stat().st_size + 200_000

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    saved = 0
    while saved < 20:
        done = subprocess.run(
            [sys.executable, "-m", "crmcli", "note", "add", "lead:1", "-"],
            input=BIG.encode(),
            env=environment(),
            capture_output=True,
            preexec_fn=narrow,
            check=False,
            timeout=60,
        )
        if done.returncode:
            break
        saved += 1
    assert done.returncode == 1, done
    assert b"nothing was saved" in done.stderr, done
    assert b"Traceback" not in done.stderr
    assert len(crm("timeline", "lead:1", "--limit", "0", "-o", "ids").stdout.split()) == saved
    check(crm)
    assert crm("note", "add", "lead:1", "-", input=BIG).returncode == 0
    check(crm)


# --- who may read what is left --------------------------------------------------------------------------------------


def loose(folder: Path) -> list[str]:
    """Files and folders that others than their owner may use."""
    found = []
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append(f"{path.relative_to(folder)} {stat.S_IMODE(path.stat().st_mode):o}")
    return found


def test_nothing_is_born_readable_to_others(isolated: Path, tmp_path: Path) -> None:
    """With umask 000, from the first command on."""
    sheet = tmp_path / "people.csv"
    sheet.write_text("name,email\nAda,ada@x.example\nGrace,not an address\n")
    for words in (
        ("lead", "add", "Ada"),
        ("config", "set", "currency", "EUR"),
        ("db", "backup", str(isolated / "copy.db")),
        ("import", str(sheet), "--as", "lead", "--yes"),
        ("note", "add", "lead:1", "x"),
        ("view", "save", "v", "lead", "x"),
        ("undo",),
    ):
        done = as_anybody(*words, umask=0)
        assert done.returncode == (1 if words[0] == "import" else 0), done  # one row is refused, and kept in a file
        assert loose(isolated) == [], words
    assert (isolated / "copy.db").exists()
    assert (isolated / "data" / "crm.db").exists()


def test_the_journal_of_a_running_write_is_private(crm: Crm, book_path: Path) -> None:
    old = os.umask(0)
    try:
        with contextlib.closing(sqlite3.connect(book_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE journal_head SET seq = seq")
            other.execute("CREATE TABLE x (y)")
            assert (book_path.parent / "crm.db-journal").exists()
            assert loose(book_path.parent.parent) in ([], [". 755", "data 755"])
            other.execute("ROLLBACK")
    finally:
        os.umask(old)


# --- nowhere to live ------------------------------------------------------------------------------------------------


def test_no_home_at_all(crm: Crm, tmp_path: Path) -> None:
    homeless = dict.fromkeys(("CRM_HOME", *(f"XDG_{kind}_HOME" for kind in ("CONFIG", "DATA", "STATE", "CACHE"))), "")
    failed(crm("lead", "list", env={**homeless, "HOME": "relative"}), 1, "HOME")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    done = as_anybody("lead", "list", env={**homeless, "HOME": str(closed / "none")})
    assert done.returncode == 1, done
    assert "permission" in done.stderr.lower(), done
    assert str(closed) in done.stderr
    assert "Traceback" not in done.stderr


def test_folders_that_cannot_be_written(tmp_path: Path, isolated: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    done = as_anybody("lead", "add", "X", env={"CRM_HOME": str(closed / "crm")})
    assert done.returncode == 1, done
    assert "permission" in done.stderr.lower()
    assert str(closed) in done.stderr
    done = as_anybody("config", "set", "currency", "EUR", env={"CRM_HOME": str(closed / "crm")})
    assert done.returncode == 1, done
    assert f"the settings cannot be kept in {closed}/crm/config: {closed}/crm: Permission denied" in done.stderr
    assert "CRM_HOME" in done.stderr
    assert "bug" not in done.stderr


def test_refused_rows_that_cannot_be_kept(crm: Crm, book_path: Path, tmp_path: Path) -> None:
    file, closed = tmp_path / "people.csv", tmp_path / "closed"
    file.write_text("name,email\nAda,ada@engines.example\nBad,nothing at all\n")
    closed.mkdir(mode=0o500)
    homes = {"CRM_HOME": "", "CRM_DB": str(book_path), "XDG_STATE_HOME": str(closed)}
    done = as_anybody("import", str(file), "--as", "contact", "-y", env=homes)
    assert done.returncode == 1, done
    kept = f"{closed}/crm/rejects"
    assert f"the refused rows cannot be kept in {kept}: {closed}/crm: Permission denied" in done.stderr, done
    assert "CRM_HOME" in done.stderr
    assert crm("sql", "select count(*) from contact", "-o", "tsv").stdout.splitlines()[-1] == "0"


# --- nobody who takes the output ------------------------------------------------------------------------------------

WRITES = (
    ("lead", "list"),
    ("lead", "list", "-o", "json"),
    ("lead", "list", "-o", "csv"),
    ("lead", "show", "1"),
    ("today",),
    ("--version",),
    ("--help",),
)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("words", WRITES, ids=" ".join)
def test_output_that_cannot_be_written_is_a_failure(crm: Crm, words: tuple[str, ...]) -> None:
    crm("lead", "add", "Ada")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "crmcli", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1, done
    assert done.stderr.startswith("crm: the output cannot be written"), done
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("lead", "list"), ("lead", "list", "-o", "json"), ("--version",), ("lead", "add", "X")], ids=" ".join
)
def test_closed_output_is_a_failure_that_harms_nothing(crm: Crm, book_path: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "crmcli", *words],
        stderr=subprocess.PIPE,
        env=environment(),
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done
    assert "standard output is closed" in done.stderr or "cannot be written" in done.stderr, done
    check(crm)


def test_all_streams_closed(crm: Crm, book_path: Path) -> None:
    for closed, code in ((">&- 2>&-", 1), ("<&- >&- 2>&-", 1), ("2>&-", 0), ("<&-", 0)):
        done = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "crmcli", "lead", "add", "X"],
            env=environment(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, (closed, done)
        assert b"Traceback" not in done.stderr, (closed, done)
        check(crm)
