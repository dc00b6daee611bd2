"""What a word on the command line means, whichever command it is given to."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from crmcli.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Crm


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        (["--json", "lead", "list", "-o", "csv"], "id,"),
        (["-o", "csv", "lead", "list", "--json"], "["),
        (["lead", "list", "--json", "-o", "csv"], "id,"),
        (["lead", "list", "-o", "csv", "--json"], "["),
        (["--json", "export", "leads", "-o", "csv"], "id,"),
        (["export", "leads", "-o", "csv", "--json"], "["),
        (["-o", "jsonl", "export", "leads"], "{"),
        (["export", "leads"], "id,"),
        (["lead", "list", "--columns", "name,id,name", "-o", "csv"], "name,id\n"),
        (["lead", "list", "-n", "۱", "-o", "ids"], "3\n"),
    ],
)
def test_the_last_word_counts(crm: Crm, words: list[str], starts: str) -> None:
    done = crm(*words)
    assert done.code == 0
    assert done.out.startswith(starts)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--db", "", "lead", "list"], "is a variable empty?"),
        (["lead", "list", "--sort", "--name"], "no field '-name'"),
        (["lookup", "lead:1"], "neither a telephone number nor an e-mail address"),
        (["calendar", "export", "-o", "json"], "an iCalendar file, not json"),
        (["company", "add", "ـ"], "name"),
        *(
            ([*words, "id:1", *more], "write lead:1 or company:1")
            for words, more in (
                (("timeline",), ()), (("brief",), ()), (("history",), ()), (("note", "add"), ("x",)),
                (("task", "add", "Call", "--on"), ()),
            )
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(crm: Crm, words: list[str], said: str) -> None:
    done = crm(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("task add Call --on deal:1 --on deal:2", "--on"), ("deal list --sort name -s id", "--sort"),
        ("deal add Mill --value 1 value=2", "value"), ("deal edit 1 stage=new stage=won", "stage"),
        ("touch report --year 2025 --year 2026", "--year"),
    ],
)  # fmt: skip
def test_what_takes_one_value_is_given_once(crm: Crm, words: str, name: str) -> None:
    answer = crm(*words.split())
    assert (answer.code, answer.err.splitlines()[0]) == (2, f"crm: {name} is given twice, and takes one value")


def test_what_may_come_again_may_be_given_twice(crm: Crm) -> None:
    """Tags, flags; and of what every command takes the last one counts."""
    crm("-o", "csv", "lead", "add", "Ada", "--tag", "one", "--tag", "two", "-q", "-q", "-o", "table")
    (lead,) = crm("lead", "list", "tag:one", "-o", "csv", "-o", "json").json
    assert lead["tags"] == ["one", "two"]


def test_id_stands_before_what_names_a_record_by_itself(crm: Crm) -> None:
    assert main(["note", "add", "id:ada@engines.example", "hello"]) == 0
    for word in ("id:ada@engines.example", "lead:id:1", "lead:1"):
        assert "hello" in crm("timeline", word).out


def test_a_page_as_a_table_keeps_what_is_known_apart_from_amounts(crm: Crm) -> None:
    head, *lines = crm("brief", "lead:1", "-o", "tsv").out.splitlines()
    rows = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    assert {row["known"] for row in rows if row["fact"] == "Name"} == {"Ada Lovelace"}
    assert {row["value"] for row in rows if row["value"]} == {"12000.00"}


@pytest.fixture
def other(crm: Crm, tmp_path: Path) -> str:
    """A second book, which has a lead, a deal and a task that is late."""
    path = str(tmp_path / "other book.db")
    for words in ("db init", "lead add Ada", "deal add Engine", "task add Call --due yesterday"):
        assert crm("--db", path, *words.split()).code == 0
    return path


@pytest.mark.parametrize(
    "words",
    [
        "lead show Zaphod", "lead edit 1 stge=new", "lead list stge:new", "view remove hot", "deal move 1 Old",
        "lookup x@y.example", "plugin disable nothing", "tag rename gone here",
    ],
)  # fmt: skip
def test_a_hint_that_is_copied_is_about_the_book_that_was_named(crm: Crm, other: str, words: str) -> None:
    plain, named = crm(*words.split()).err, crm("--db", other, *words.split()).err
    assert "crm --db" not in plain
    assert f'crm --db "{other}" ' in named
    assert named.replace(f'crm --db "{other}" ', "crm ") == plain


def test_the_next_steps_of_today_are_about_the_book_that_was_named(crm: Crm, other: str) -> None:
    page = crm("--db", other, "today", "-o", "json").json
    steps = [row["next"] for part in page.values() if isinstance(part, list) for row in part]
    assert len(steps) == 3
    assert all(shlex.split(step)[:3] == ["crm", "--db", other] for step in steps)


@pytest.mark.parametrize("day", ["-2wd", "-3d", "-۲wd", "-2 هفته"])
def test_a_day_that_is_counted_back_is_a_word_and_no_option(crm: Crm, day: str) -> None:
    wanted = crm("task", "snooze", "1", "--to", day, "--dry-run").out
    assert "would: snoozed to" in wanted
    assert crm("task", "snooze", "1", day, "--dry-run").out == wanted
    assert crm("task", "snooze", "--dry-run", "1", day).out == wanted
    done = crm("task", "snooze", "1", day)
    assert (done.code, done.out) == (0, wanted.replace("would: ", "").splitlines()[-1] + "\n")
    for noun, who in (("task", "1"), ("touch", "contact:1")):
        refused = crm(noun, "snooze", who, day, "--too", "-2wd")
        assert (refused.code, "no such option: --too" in refused.err.lower()) == (2, True)
    assert "no such option: -2" in crm("task", "snooze", "1", "-2").err.lower()


def test_what_repeats_is_shown_in_the_words_of_the_own_week(crm: Crm) -> None:
    crm("config", "set", "week_start", "saturday")
    crm("config", "set", "workdays", "sat-wed")
    for phrase in ("every weekday", "every 2 weeks on monday and thursday"):
        number = crm("task", "add", "Report", "--repeat", phrase, "-o", "ids").out.strip()
        assert f"Repeats     {phrase}\n" in crm("task", "show", number.removeprefix("task:"), "-o", "table").out
        told = crm("task", "edit", number.removeprefix("task:"), "repeat=every 2 weeks on sat,sun", "--dry-run").out
        assert f"{phrase} -> every 2 weeks on saturday and sunday" in told
