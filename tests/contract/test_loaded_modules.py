"""Everyday commands load none of the slow libraries: start-up time is a matter of what is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.program import run_python

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunCrm

# Standard output is not a terminal here, so that Rich has nothing to do either.
SLOW = frozenset(
    {
        "alembic",
        "apprise",
        "asyncio",
        "charset_normalizer",
        "dateutil",
        "email_validator",
        "holidays",
        "icalendar",
        "importlib.metadata",
        "openpyxl",
        "persiantools",
        "phonenumbers",
        "psycopg",
        "pydantic",
        "python_calamine",
        "rapidfuzz",
        "requests",
        "rich",
        "smtplib",
        "sqlalchemy",
        "sqlmodel",
        "textual",
        "tomlkit",
    }
)

#: What a list has no use for either: the journal is written with it.
OF_THE_JOURNAL = frozenset({"hashlib", "json"})

PROBE = """
import sys
from crmcli.__main__ import main
try:
    code = main(sys.argv[2:])
finally:
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\\n".join(sorted(sys.modules)))
sys.exit(code)
"""

#: Commands, and what their output has to say: one that fails loads little.
COMMANDS = {
    "--version": "crm ",
    "lead list": "Ada Lovelace",
    "lead list stage:new lovelace -o json": '"name": "Ada Lovelace"',
    "lead show 1": "Ada Lovelace",
    "lead edit 1 value=1k": "changed lead:1",
    "today": "Ada Lovelace",
    "agenda 2026-12 -o table": "nothing from 2026-12-01",
    "agenda free -o jsonl": '"minutes": ',
    "search lovelace": "Ada Lovelace",
    "lead add Grace": "added lead:2 Grace",
    "contact merge 1 2 --yes": "merged contact:2 Ada L. into contact:1 Ada",
    "contact show 2": "Ada",
    "lead list created_at:..+1wd": "Ada Lovelace",
    "lead list --sort -urgency --columns +urgency": "Ada Lovelace",
}


PLAIN = ("lead list", "lead list --sort -urgency --columns +urgency", "lead show 1", "today", "agenda 2026-12 -o table")


@pytest.mark.parametrize("line", COMMANDS)
def test_loads_nothing_slow(line: str, run_crm: RunCrm, tmp_path: Path) -> None:
    # The first command on a new book makes the schema, and that needs SQLModel.
    prepared = run_crm("lead", "add", "Ada Lovelace")
    assert prepared.returncode == 0, prepared
    for name in ("Ada", "Ada L.") if line.startswith("contact") else ():
        assert run_crm("contact", "add", name).returncode == 0

    unwanted = SLOW | OF_THE_JOURNAL if line in PLAIN else SLOW
    assert loaded(line, tmp_path) & unwanted == set()


def test_public_holidays_that_are_known_are_not_asked_for_again(
    run_crm: RunCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_crm("lead", "add", "Ada Lovelace").returncode == 0
    monkeypatch.setenv("CRM_HOLIDAYS", "DE-BY")
    assert "holidays" not in loaded("lead list", tmp_path)
    assert "holidays" in loaded("lead list created_at:..+1wd", tmp_path)
    assert loaded("lead list created_at:..+1wd", tmp_path) & (SLOW | OF_THE_JOURNAL) == set()


def loaded(line: str, folder: Path) -> set[str]:
    """The modules that a command has loaded when it ends; it must have said what it is there for."""
    listing = folder / "modules.json"
    done = run_python(["-c", PROBE, str(listing), *line.split()], cwd=folder)
    assert done.returncode == 0, done
    assert COMMANDS[line] in done.stdout, done
    return set(listing.read_text(encoding="utf-8").split("\n"))
