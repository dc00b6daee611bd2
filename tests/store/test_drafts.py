"""Copies that a killed process left are taken away by the next that makes or writes; those in the making stay."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import LEAD
from crmcli.services import copies, records
from crmcli.store import drafts
from tests.support.program import environment

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
