"""`crm doctor` on the command line: exit codes for cron, --fix that asks, lists that go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


def test_findings_are_exit_code_1_and_say_what_mends_them(crm: Crm) -> None:
    done = crm("doctor", "-o", "json")
    assert done.code == 1
    rows = {row["rule"]: row for row in done.json["findings"]}
    assert rows["lead-without-owner"]["ids"] == [1, 2, 3]
    assert rows["lead-without-owner"]["mend"] == "crm lead edit no:owner owner=me"
    assert done.json["score"] == 100 * (done.json["records"] - done.json["faulty"]) // done.json["records"]
    assert "score" in done.err  # told apart from the data
    assert crm("lead", "edit", "no:owner", "owner=me", "--yes").code == 0
    assert crm("doctor", "lead-without-owner").code == 0
    assert crm("doctor", "check", "lead-without-owner").out.splitlines()[1:] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--fail-under", "0"], 0),
        (["--fail-under", "100"], 1),
        (["--fail-under", "x"], 2),
        (["nonsense"], 3),
        (["--fix", "nonsense"], 3),
        (["show", "nonsense"], 3),
        (["show", "deal"], 3),
        (["remove", "nonsense"], 3),
        (["add", "x", "--on", "deal", "stge:new"], 2),
        (["add", "x", "--on", "nobody", "no:value"], 2),
        (["add", "x", "no:value"], 2),
    ],
)
def test_exit_codes(crm: Crm, words: list[str], code: int) -> None:
    done = crm("doctor", *words)
    assert done.code == code
    assert "bug" not in done.err


def test_a_fix_wants_a_yes_and_can_be_tried(crm: Crm) -> None:
    crm("tag", "remove", "vip", "lead:1", "--yes")
    refused = crm("doctor", "--fix")
    assert (refused.code, refused.out) == (2, "")
    assert "That wants a yes" in refused.err
    tried = crm("doctor", "--fix", "--dry-run")
    assert tried.code == 0
    assert "tag-unused" in tried.out + tried.err
    assert crm("tag", "list", "-o", "csv").out.count("vip") == 1
    done = crm("doctor", "--fix", "tag", "--yes")
    assert (done.code, crm("tag", "list", "-o", "csv").out.count("vip")) == (0, 0)
    assert crm("doctor", "--fix", "--yes").out.strip().startswith("nothing")
    assert crm("undo", "--yes").code == 0
    assert crm("tag", "list", "-o", "csv").out.count("vip") == 1


def test_what_a_rule_finds_feeds_another_command(crm: Crm) -> None:
    found = crm("doctor", "show", "lead-without-owner", "-o", "ids")
    assert found.out == "1\n2\n3\n"
    assert crm("doctor", "show", "lead-without-owner", "-c", "name", "-o", "csv").out.splitlines()[0] == "name"


def test_an_own_rule_lives_with_the_others(crm: Crm) -> None:
    assert crm("doctor", "add", "big deal", "--on", "deal", "value:4k..", "--advice", "crm deal show ID").code == 0
    row = crm("doctor", "own", "-o", "json").json["findings"][0]
    assert (row["rule"], row["count"], row["mend"]) == ("big deal", 1, "crm deal show ID")
    assert "big deal" in crm("doctor", "rules", "-o", "tsv").out
    assert crm("doctor", "show", "big deal", "-o", "ids").out == "4\n"
    assert crm("doctor", "remove", "big deal").code == 0
    assert crm("doctor", "own").code == 0
