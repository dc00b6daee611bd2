"""`-o ids` answers by what is asked for, not by what there is: an empty list is refused where a full one would be."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Crm

#: Lists of records, on which everything that lists ids can be used.
RECORDS = (
    "lead list", "lead list --columns name", "deal list", "contact list", "company list --columns city", "task list",
    "tag list", "pipeline list", "stage list", "user list", "today", "agenda --deals", "search engine",
    "timeline lead:1",
    "export leads", "sql 'select id from v_deal'", "sql 'select 7 as ref from v_deal'", "report own",
)  # fmt: skip
#: Lists of anything else.
OTHERS = (
    "view list", "plugin list", "config list", "fields", "fields lead", "paths", "undo --list", "history lead:1",
    "agenda free", "pipeline board", "report", "report pipeline", "report win-loss", "report funnel", "report sources",
    "db check",
    "sql 'select name from v_deal'", "report other",
)  # fmt: skip


@pytest.fixture
def twins(crm: Crm, isolated: Path) -> Crm:
    """The program on a book with a lead alone, which others fill; with two reports of the user's own."""
    crm.path.unlink()
    assert crm("lead", "add", "Ada").code == 0
    reports = isolated / "config" / "reports"
    reports.mkdir(parents=True)
    (reports / "own.sql").write_text("-- Own\nSELECT id, name FROM v_deal\n")
    (reports / "other.sql").write_text("-- Other\nSELECT name FROM v_deal\n")
    return crm


def test_ids_of_an_empty_list_are_those_of_a_full_one(twins: Crm) -> None:
    def codes(lines: tuple[str, ...]) -> dict[str, int]:
        found = {}
        for line in lines:
            done = twins(*shlex.split(line), "-o", "ids")
            found[line] = done.code
            assert (done.out == "") or done.code == 0, (line, done)
            assert ("no record numbers" in done.err) == (done.code == 2), (line, done)
        return found

    def agree() -> None:
        assert codes(RECORDS) == dict.fromkeys(RECORDS, 0)
        assert codes(OTHERS) == dict.fromkeys(OTHERS, 2)

    agree()
    for line in (
        "deal add Engine company=Engines contact=Charles value=5k close_on=2026-12-31", "deal add Won", "deal won 3",
        "lead edit 1 tags=hot source=web", "task add Call --on lead:1 --due today", "log call lead:1 hello",
        "view save hot tag:hot", "user add bob",
    ):  # fmt: skip
        assert twins(*line.split()).code == 0, line
    agree()
    assert twins("sql", "select id from v_deal order by id", "-o", "ids").out == "2\n3\n"
    assert twins("report", "own", "-o", "ids").out == "2\n3\n"
