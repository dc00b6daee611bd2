"""crm db check where nothing can be written: it only reads."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Crm


def test_a_check_needs_no_lock(crm: Crm, isolated: Path) -> None:
    # What stands for the lock of a medium that takes no writes; permissions would not keep root from it.
    (isolated / "data" / "crm.db.lock").mkdir()
    done = crm("lead", "add", "Eve")
    assert (done.code, "cannot write to" in done.err) == (1, True), done
    for words in ((), ("--deep",)):
        done = crm("db", "check", *words)
        assert (done.code, "Search index\tyes" in done.out) == (0, True), done
    with contextlib.closing(sqlite3.connect(crm.path)) as raw, raw:
        raw.execute("UPDATE opportunity SET city = 'Bern', last_touch = '2026-11-20T09:00:00.000Z' WHERE id = 1")
    done = crm("db", "check", "--deep")
    assert (done.code, "behind the journal: city" in done.out, "last_touch" in done.out) == (1, True, True), done
