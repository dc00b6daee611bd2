"""Copies that a killed process left are taken away by the next that makes or writes; those in the making stay."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import LEAD
from crmcli.services import copies, records
from crmcli.store import drafts, schema
from tests.support import older
from tests.support.program import environment, run_python

if TYPE_CHECKING:
    from pathlib import Path

#: Stops in the middle of a copy, so that it can be killed there.
STUCK = """
import sys, time
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.services import checking, copies

def wait(_opened):
    print(flush=True)
    time.sleep(60)

checking.engine = wait
ctx = Context(Settings({"db": sys.argv[2]}), plugins=False)
copies.backup(ctx, sys.argv[3]) if sys.argv[1] == "backup" else copies.restore(ctx, sys.argv[3], yes=True)
"""


#: Stops in the middle of an upgrade, when the copy of the old book is made and has no name yet.
STUCK_UPGRADE = """
import os, sys, time
from crmcli.config import Settings
from crmcli.context import Context

def wait(_descriptor):
    print("copied", flush=True)
    time.sleep(60)

os.fsync = wait
Context(Settings({"db": sys.argv[1]}), plugins=False).reader
"""
#: What a process begins with whose files have one name each.
UNLINKABLE = """
import errno, os, sys
from pathlib import Path
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import LEAD
from crmcli.errors import ConflictError
from crmcli.services import copies, records
from crmcli.store import drafts

def refuse(*_, **__):
    raise PermissionError(errno.EPERM, "Operation not permitted")

os.link = refuse
ctx = Context(Settings({"db": sys.argv[1]}), quiet=True, plugins=False)
"""


@pytest.fixture
def book(book_path: Path) -> Context:
    return Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)


def killed(work: str, book: Path, file: Path) -> int:
    """Kill a backup or restore when its copy is made and not yet checked; the number of the process."""
    child = subprocess.Popen(
        [sys.executable, "-c", STUCK, work, str(book), str(file)], env=environment(), stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        child.kill()
    return child.pid


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(file: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(file)) as raw:
        return list(raw.iterdump())


def test_a_killed_backup_is_taken_away_by_the_next(book: Context, book_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    pid = killed("backup", book_path, folder / "monday.db")
    assert names(folder) == [f"monday.db.new-{pid}"]
    (folder / "letter.new-999999").write_text("somebody else's")
    copies.backup(book, str(folder / "tuesday.db"))
    assert names(folder) == ["letter.new-999999", "tuesday.db"]


def test_a_killed_restore_is_taken_away_by_the_next_writer(book: Context, book_path: Path, tmp_path: Path) -> None:
    copies.backup(book, str(tmp_path / "b.db"))
    records.add(book, LEAD, {"name": "Ada"})
    book.close()
    pid = killed("restore", book_path, tmp_path / "b.db")
    left = f"crm.db.restore-{pid}.new-{pid}"
    assert left in names(book_path.parent)
    records.list_records(book, LEAD)
    assert left in names(book_path.parent)
    records.add(book, LEAD, {"name": "Grace"})
    assert names(book_path.parent) == ["crm.db", "crm.db.lock"]


def test_a_killed_restore_is_taken_away_by_the_next_restore(book: Context, book_path: Path, tmp_path: Path) -> None:
    copies.backup(book, str(tmp_path / "b.db"))
    book.close()
    killed("restore", book_path, tmp_path / "b.db")
    (book_path.parent / "crm.db.restore-999999").write_bytes(book_path.read_bytes())
    copies.restore(book, str(tmp_path / "b.db"), yes=True)
    assert [name for name in names(book_path.parent) if "before-restore" not in name] == ["crm.db", "crm.db.lock"]


def test_a_killed_upgrade_leaves_no_half_copy(book: Context, book_path: Path) -> None:
    records.add(book, LEAD, {"name": "Ada"})
    make_older(book)
    book.close()
    child = subprocess.Popen(
        [sys.executable, "-c", STUCK_UPGRADE, str(book_path)], env=environment(), stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"copied\n"
        child.kill()
    assert f"crm.db.new-{child.pid}" in names(book_path.parent)
    assert not [name for name in names(book_path.parent) if "before" in name]
    # The next one upgrades, and takes away what the killed one left.
    assert [row["name"] for row in records.list_records(book, LEAD).rows] == ["Ada"]
    assert schema.revision(book.reader) == schema.REVISION
    [kept] = book_path.parent.glob("crm.db.before-*")
    assert names(book_path.parent) == ["crm.db", kept.name, "crm.db.lock"]
    assert kept.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(kept)) as raw:
        assert raw.execute("SELECT name FROM opportunity").fetchall() == [("Ada",)]
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone()[0] < schema.REVISION


def make_older(book: Context) -> None:
    """Make an open book what it was at the first revision."""
    older.as_in_0001(book.reader)


# --- without hard links ----------------------------------------------------------------------------------------------


def without_links(book: Path, code: str, *arguments: str) -> list[str]:
    """Run code on a book in a process whose file system refuses hard links, as vfat does; the lines it writes."""
    done = run_python(["-c", UNLINKABLE + code, str(book), *arguments])
    assert done.returncode == 0, done
    return done.stdout.splitlines()


def test_a_book_is_made_without_hard_links(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    file = tmp_path / "new" / "crm.db"
    code = "ctx.create(sys.argv[1]); print(records.add(ctx, LEAD, {'name': 'Ada'}).lines[0])"
    assert without_links(file, code) == ["added lead:1 Ada"]
    assert names(file.parent) == ["crm.db", "crm.db.lock"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_without_hard_links_overwrites_nothing(book: Context, book_path: Path, tmp_path: Path) -> None:
    book.close()
    code = (
        "print(copies.backup(ctx, sys.argv[2]).text)\n"
        "drafts.sync = lambda _: Path(sys.argv[3]).write_text('mine')\n"  # meanwhile somebody writes that file
        "try: copies.backup(ctx, sys.argv[3])\n"
        "except ConflictError as error: print(error.message)\n"
    )
    first, second = tmp_path / "a.db", tmp_path / "b.db"
    said = without_links(book_path, code, str(first), str(second))
    assert said[0].startswith(f"backed up to {first}: 0 leads")
    assert said[1:] == [f"{second} is there already"]
    assert second.read_text() == "mine"
    assert content(first) == content(book_path)
    assert names(tmp_path) == ["a.db", "b.db", "home"]


@pytest.mark.parametrize(
    "meddle",
    [
        "Path(sys.argv[2]).write_text('mine')",  # into the claim
        "(Path(sys.argv[2]).unlink(), Path(sys.argv[2]).write_text('mine'))",  # or in its place
    ],
)
def test_a_claim_that_somebody_took_is_theirs(book: Context, book_path: Path, tmp_path: Path, meddle: str) -> None:
    book.close()
    code = (
        "real = os.open\n"
        "def claim(file, *rest):\n"
        "    found = real(file, *rest)\n"
        f"    if str(file) == sys.argv[2]: {meddle}\n"
        "    return found\n"
        "os.open = claim\n"
        "try: copies.backup(ctx, sys.argv[2])\n"
        "except ConflictError as error: print(error.message)\n"
    )
    copy = tmp_path / "a.db"
    assert without_links(book_path, code, str(copy)) == [f"{copy} is there already"]
    assert copy.read_text() == "mine"


def test_a_restore_without_hard_links_keeps_the_book_that_was_there(
    book: Context, book_path: Path, tmp_path: Path
) -> None:
    copies.backup(book, str(tmp_path / "a.db"))
    records.add(book, LEAD, {"name": "Ada"})
    book.close()
    before = book_path.read_bytes()
    without_links(book_path, "copies.restore(ctx, sys.argv[2], yes=True)", str(tmp_path / "a.db"))
    assert list(records.list_records(book, LEAD).rows) == []
    [kept] = book_path.parent.glob("crm.db.before-restore-*")
    assert kept.read_bytes() == before
    assert kept.stat().st_mode & 0o777 == 0o600
    assert names(book_path.parent) == ["crm.db", kept.name, "crm.db.lock"]


def test_an_upgrade_without_hard_links_keeps_a_copy(book: Context, book_path: Path) -> None:
    make_older(book)
    book.close()
    before = content(book_path)
    without_links(book_path, "ctx.reader")
    [kept] = book_path.parent.glob("crm.db.before-0001-*")
    assert content(kept) == before
    assert names(book_path.parent) == ["crm.db", kept.name, "crm.db.lock"]


def test_what_was_put_into_the_place_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft, file = tmp_path / "a.new-1", tmp_path / "a"
    draft.write_text("draft")
    file.write_text("there")
    for link in (os.link, refuse_link):
        monkeypatch.setattr(os, "link", link)
        with pytest.raises(FileExistsError):
            drafts.place(str(draft), str(file))
        assert (draft.read_text(), file.read_text()) == ("draft", "there")
    # A place that cannot be taken is left as it was.
    draft.unlink()
    file.unlink()
    with pytest.raises(FileNotFoundError):
        drafts.place(str(draft), str(file))
    assert names(tmp_path) == ["home"]


def refuse_link(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


# --- beside others ---------------------------------------------------------------------------------------------------


def test_what_is_being_made_stays(book: Context, book_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        mine = {f"crm.db.new-{other.pid}", f"crm.db.restore-{other.pid}.new-{other.pid}"}
        alike = {"crm.db.newer-1", "crm.db.new-", "crm.db.new-12a", "old.crm.db.new-999999"}
        for name in mine | alike:
            (book_path.parent / name).write_bytes(b"")
        said: list[str] = []
        gone = ("crm.db.new-999999", "crm.db.new-999999-journal", "crm.db.new-999999.lock")
        for name in gone:
            (book_path.parent / name).write_bytes(b"")
        drafts.sweep(str(book_path.parent), "crm.db", said.append)
        assert mine | alike <= set(names(book_path.parent))
        assert not set(gone) & set(names(book_path.parent))
        assert said[0] == "took away crm.db.new-999999, left by a process that was killed"
        other.communicate(b"\n")


def test_a_draft_left_by_a_process_of_the_same_number_is_no_hindrance(book: Context, tmp_path: Path) -> None:
    (tmp_path / f"b.db.new-{os.getpid()}").write_bytes(b"half")
    copies.backup(book, str(tmp_path / "b.db"))
    assert names(tmp_path) == ["b.db", "home"]
