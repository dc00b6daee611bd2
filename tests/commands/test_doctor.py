"""`crm doctor` on the command line: commands that mend, exit codes for cron, --fix that asks, lists that go on."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crmcli.commands.doctor import app
from crmcli.commands.frame import name_of
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.services.doctor.own import VERBS
from crmcli.services.doctor.rules import RULES
from tests.support import ailing, books
from tests.support.program import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crmcli.services.doctor.rules import Rule
    from tests.commands.conftest import Crm

#: What a user fills into the commands that mend, where something else is right for a rule.
FILLED = {
    "ADDRESS": "mended@z.example",
    "NUMBER": "442079460018",
    "AMOUNT": "5",
    "COUNTRY": "US",
    "DATE": "1980-01-01",
    "TEXT": "'no answer'",
}
COMPANIES = {"deal-other-company": "'Analytical Engines'", "contact-other-domain": "Difference", "task-ring": "Egg"}


@pytest.fixture(scope="module")
def ailing_book(book_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A book in which every rule finds something."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", books.NOW)
        patch.setenv("USER", "tester")
        path = books.copy_file(book_template, tmp_path_factory.mktemp("ailing") / "crm.db")
        ctx = Context(Settings({"db": str(path)}), quiet=True, plugins=False)
        ailing.sound(ctx)
        ailing.faulty(ctx, patch)
        ctx.close()
        yield path


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_command_that_is_told_mends_what_was_found(
    rule: Rule, crm: Crm, ailing_book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_NOW", books.NOW)
    before = crm.path.read_bytes()
    other = ["--db", str(shutil.copyfile(ailing_book, tmp_path / "the other's.db"))]
    ask = [*other, "doctor", rule.name, "-o", "json"]
    [found] = crm(*ask).json["findings"]
    command = re.sub(
        r"\b[A-Z]{4,}\b", lambda name: FILLED.get(name[0]) or COMPANIES.get(rule.name, "grace"), found["mend"]
    )
    if "|" in command or "&&" in command:
        # Each of the rest would be a process.
        for number in found["ids"][2:]:
            assert crm(*other, rule.kind.name, "remove", str(number)).code == 0
        assert crm(*other, "task", "edit", "Hen", "needs=-Egg").code == 0  # no check of the book finds a ring in it
        in_a_shell(command, tmp_path)
    else:
        for number in found["ids"]:
            words = [re.sub(r"\bID\b", str(number), word) for word in shlex.split(command, comments=True)]
            done = crm(*words[1:], "--yes", *(["-o", "jsonl"] if {"dupes", "remind"} & {*words} else []))
            assert done.code == 0, (words, done)
            if "ID" not in command or rule.name == "task-ring":
                break
        if "dupes" in command:  # the list is what the user merges by
            [group] = [group for group in map(ids_of, done.out.splitlines()) if found["ids"][0] in group]
            assert crm(*other, rule.kind.name, "merge", *map(str, group), "--yes").code == 0
        if "remind" in command:  # and so is this one: each is sent again or settled
            numbers = [str(json.loads(line)["id"]) for line in done.out.splitlines()]
            assert crm(*other, "remind", "settle", *numbers).code == 0
    assert crm(*ask).json["findings"] == []
    assert crm.path.read_bytes() == before  # the default book is none of it


def ids_of(line: str) -> list[int]:
    """The records of a line of `crm dupes -o jsonl`."""
    return list(json.loads(line)["ids"])


def in_a_shell(command: str, folder: Path) -> None:
    """Run a line in a shell that knows the program as `crm`."""
    program = folder / "bin" / "crm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m crmcli "$@"\n')
    program.chmod(0o755)
    env = environment(books.NOW, {"PATH": f"{program.parent}:{os.environ['PATH']}"})
    done = subprocess.run(["/bin/sh", "-c", command], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done


def test_the_words_of_the_command_name_no_rule() -> None:
    assert set(VERBS) == {name_of(info) for info in app.registered_commands}


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
        (["--fail-under", "101"], 2),
        (["--fail-under", "1", "lead"], 2),
        (["--fail-under", "1", "--fix"], 2),
        (["nonsense"], 3),
        (["--fix", "nonsense"], 3),
        (["show", "nonsense"], 3),
        (["show", "deal"], 3),
        (["remove", "nonsense"], 3),
        (["add", "x", "--on", "deal", "stge:new"], 2),
        (["add", "x", "--on", "nobody", "no:value"], 2),
        (["add", "x", "no:value"], 2),
        (["edit", "nonsense", "no:value"], 3),
        (["edit", "lead-phone", "no:value"], 2),
        (["edit", "nonsense"], 2),
        (["disable", "lead-phone", "nonsense"], 3),
        (["enable", "deal"], 3),
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


def test_what_is_found_is_a_list_of_records_too(crm: Crm) -> None:
    found = crm("doctor", "lead-without-owner", "deal", "-o", "ids")
    assert (found.code, found.out) == (1, "lead:1\nlead:2\nlead:3\ndeal:4\n")
    assert crm("doctor", "-o", "ids").out.count("deal:4\n") == 1  # several rules find it
    assert crm("lead", "edit", "no:owner", "owner=me", "--yes").code == 0
    nothing = crm("doctor", "lead-without-owner", "-o", "ids")
    assert (nothing.code, nothing.out) == (0, "")


def test_a_job_that_runs_by_itself_can_come_to_0(crm: Crm) -> None:
    rules = [row["rule"] for row in crm("doctor", "-o", "json").json["findings"]]
    off = crm("doctor", "disable", *rules)
    assert off.out.splitlines()[0] == f"switched off: {rules[0]}"
    done = crm("doctor", "-o", "json")
    assert (done.code, done.json["findings"], done.json["disabled"]) == (0, [], rules)
    assert crm("undo", "--yes").code == 0
    assert crm("doctor").code == 1


def test_a_quiet_look_says_one_line_and_that_only_where_it_fails(crm: Crm) -> None:
    told = crm("doctor", "-q")
    assert (told.code, told.err, told.out.count("\n")) == (1, "", 1)
    assert told.out.startswith("score ")
    assert crm("doctor", "-q", "--fail-under", "0")[:3] == (0, "", "")
    assert crm("doctor", "-q", "deal", "stale")[:3] == (0, "", "")
    assert crm("doctor", "-q", "lead-without-owner")[:3] == (1, "3 findings\n", "")
    assert crm("doctor", "-q", "lead-without-owner", "-o", "ids").out == "lead:1\nlead:2\nlead:3\n"
    assert crm("doctor", "add", "gone", "--on", "lead", "tag:vip").code == 0
    assert crm("tag", "remove", "vip", "1").code == 0
    assert crm("tag", "delete", "vip", "-y").code == 0
    told = crm("doctor", "-q", "--fail-under", "0")
    assert (told.code, told.err, told.out.count("\n")) == (1, "", 1)
    assert "; the rule gone: its filter cannot be read any more" in told.out


@pytest.mark.parametrize("output", ["ids", "json", "csv"])
def test_a_rule_that_cannot_be_read_is_said_beside_every_format(crm: Crm, output: str) -> None:
    for words in (
        ["field", "add", "deal.grade", "choice", "A,B"],
        ["doctor", "add", "g b", "--on", "deal", "grade:B"],
        ["field", "remove", "deal.grade", "--yes"],
    ):
        assert crm(*words).code == 0
    done = crm("doctor", "-q", "--fail-under", "0", "-o", output)
    assert done.code == 1
    [line] = done.err.splitlines()
    assert line.startswith("the rule g b: its filter cannot be read any more")
    assert "crm doctor remove 'g b'" in line
    assert line.endswith("crm doctor edit 'g b' FILTER")


def test_an_own_rule_lives_with_the_others(crm: Crm) -> None:
    assert crm("doctor", "add", "big deal", "--on", "deal", "value:4k..", "--advice", "crm deal show ID").code == 0
    row = crm("doctor", "own", "-o", "json").json["findings"][0]
    assert (row["rule"], row["count"], row["mend"]) == ("big deal", 1, "crm deal show ID")
    assert "big deal" in crm("doctor", "rules", "-o", "tsv").out
    assert crm("doctor", "show", "big deal", "-o", "ids").out == "4\n"
    assert crm("doctor", "edit", "big deal", "value:4k..", "has:owner").out.endswith(
        "value:4k.. has:owner now: big deal\n"
    )
    assert crm("doctor", "own").code == 0
    own = "crm doctor show X -o ids | crm deal edit - 'name=crm x' && crm -q deal list {filter}"
    assert crm("doctor", "edit", "big deal", "value:4k..", "Engine", "--advice", own).code == 0
    aimed = crm("--db", str(crm.path), "doctor", "own", "-o", "json").json["findings"][0]["mend"]
    assert aimed.count(f"crm --db {crm.path} ") == aimed.count("crm ") - 1 == 3
    assert aimed.endswith(" -q deal list '(value:4k.. Engine)'")
    assert crm(*shlex.split(aimed.partition("&& ")[2])[1:], "-o", "ids").out == "4\n"
    assert crm("doctor", "remove", "big deal").code == 0
    assert crm("doctor", "own").code == 0


@pytest.mark.parametrize("columns", [80, 40])
def test_at_a_terminal_the_command_that_mends_is_whole_and_the_records_are_named(
    crm: Crm, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for n in range(8):
        assert crm("deal", "add", f"Deal {n}", "owner=me", "value=1", "close=+9d").code == 0
    found = crm("doctor", "deal-without-task", "-o", "json").json["findings"][0]
    lines = [line.strip() for line in crm("doctor", "deal-without-task", "-o", "table").out.splitlines()]
    assert found["mend"] in lines
    first = ", ".join(f"deal:{number}" for number in found["ids"][:5])
    more = len(found["ids"]) - 5
    assert f"deal-without-task: {first} and {more} more: crm doctor show deal-without-task" in lines


def test_what_a_rule_finds_is_called_so_that_a_narrow_terminal_has_room_for_it() -> None:
    assert [rule.title for rule in RULES if len(rule.title) > 70] == []


def test_whoever_changes_a_word_is_told_which_rules_do_not_work_any_more(crm: Crm) -> None:
    assert crm("lead", "add", "Ada", "--tag", "vip").code == 0
    assert crm("view", "save", "hot", "tag:vip", "--for", "lead").code == 0
    assert crm("doctor", "add", "no vip", "--on", "lead", "tag:vip").code == 0
    assert crm("doctor", "add", "not hot", "--on", "lead", "view:hot").code == 0
    assert "the view hot is used by the doctor's rule not hot" in crm("view", "remove", "hot").err
    done = crm("tag", "rename", "vip", "VIPs")
    assert "the doctor's rule no vip does not work any more, give it another filter: tag:vip" in done.out
    assert "the doctor's rule not hot does not work any more" in done.out
