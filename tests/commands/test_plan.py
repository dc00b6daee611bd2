"""crm plan, crm plan step and crm task type, as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.commands.test_complete import tab

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


@pytest.fixture
def planned(crm: Crm) -> Crm:
    """The small book with a plan of three steps; its deal, 4, is the tester's."""
    for words in (
        ("deal", "edit", "4", "owner=me"),
        ("plan", "add", "onboarding"),
        ("plan", "step", "add", "onboarding", "Kick-off", "call", "--type", "call", "--due", "0d"),
        ("plan", "step", "add", "onboarding", "Set up accounts", "--due", "-3d", "--note", "all of them"),
        ("plan", "step", "add", "onboarding", "Review", "due=5wd", "who=ask", "--minutes", "1h30"),
    ):
        assert crm(*words).code == 0, words
    return crm


def test_a_plan_as_json(planned: Crm) -> None:
    rows = planned("plan", "show", "onboarding", "-o", "json").json
    assert [(row["name"], row["type"], row["due"], row["minutes"], row["who"], row["description"]) for row in rows] == [
        ("Kick-off call", "call", "0d", None, "owner", None),
        ("Set up accounts", None, "-3d", None, "owner", "all of them"),
        ("Review", None, "5wd", 90, "ask", None),
    ]
    assert planned("plan", "-o", "json").json[0]["count"] == 3
    assert planned("plan", "step", "list", "onboarding").out == planned("plan", "show", "onboarding").out


def test_a_plan_is_started_on_a_record(planned: Crm) -> None:
    refused = planned("plan", "start", "onboarding", "--on", "deal:4")
    assert (refused.code, refused.err.splitlines()[-1].strip()) == (2, "say --who NAME")
    words = ("plan", "start", "onboarding", "--on", "deal:4", "--from", "2026-12-01", "--who", "me")
    tried = planned(*words, "--dry-run")
    assert tried.code == 0
    assert "Set up accounts" in tried.out
    assert planned("task", "list", "deal:4", "-o", "json").json == []
    done = planned(*words)
    assert done.out.splitlines()[0] == "started onboarding on deal:4 Engine no. 2, from Tue 2026-12-01: 3 tasks"
    assert [row["due_on"] for row in planned("task", "list", "deal:4", "-o", "json").json] == [
        "2026-11-28", "2026-12-01", "2026-12-08",
    ]  # fmt: skip
    assert planned("undo").code == 0
    assert planned("task", "list", "deal:4", "-o", "json").json == []


def test_a_plan_is_started_on_what_fits_a_filter_after_a_question(planned: Crm) -> None:
    assert planned("deal", "add", "Mill", "owner=me").code == 0
    words = ("plan", "start", "onboarding", "is:open", "--who", "me")
    asked = planned(*words)
    assert asked.code == 2
    assert "Engine no. 2" in asked.err
    assert "start onboarding on 2 deals? That wants a yes" in asked.err
    assert planned(*words, "--yes").out.startswith("started onboarding on 2 deals, from ")
    assert planned("plan", "start", "onboarding", "4", "5", "--who", "me").code == 0
    assert planned("plan", "start", "onboarding", "name:nothing", "--who", "me").out == (
        "no deals fit; nothing was changed\n"
    )
    assert planned("plan", "start", "onboarding", "--for", "contact", "Charles", "--who", "me").code == 0
    refused = planned("plan", "start", "onboarding", "is:open")
    assert "That is asked when the plan starts" in refused.err, "refused before it is asked"


def test_a_plan_is_started_on_each_record_that_is_named(planned: Crm) -> None:
    assert planned("deal", "add", "Mill", "owner=me").code == 0
    done = planned("plan", "start", "onboarding", "--on", "deal:4", "--on", "deal:5", "--on", "deal:4", "--who", "me")
    assert (done.code, done.out.partition(",")[0]) == (0, "started onboarding on 2 deals")
    refused = planned("plan", "start", "onboarding", "--on", "deal:4", "--on", "contact:1", "--who", "me")
    assert (refused.code, "records of two kinds, deal and contact" in refused.err) == (2, True)


def test_a_plan_is_started_on_something(planned: Crm) -> None:
    assert "on which record?" in planned("plan", "start", "onboarding").err
    assert "one or the other" in planned("plan", "start", "onboarding", "4", "--on", "deal:4").err
    assert planned("plan", "start", "onboarding", "--on", "deal:99").code == 3


def test_steps_are_moved_changed_and_taken_out(planned: Crm) -> None:
    assert planned("plan", "step", "move", "onboarding", "3", "1").out == (
        "onboarding: Review, Kick-off call, Set up accounts\n"
    )
    assert planned("plan", "step", "edit", "onboarding", "1", "due=2w").code == 0
    assert "nothing to change" in planned("plan", "step", "edit", "onboarding", "1", "due=2w").out
    assert planned("plan", "step", "remove", "onboarding", "review").code == 0
    assert planned("plan", "step", "move", "onboarding", "1", "x").code == 2
    assert "a plan step needs a name" in planned("plan", "step", "edit", "onboarding", "1", "name=").err
    assert planned("plan", "remove", "onboarding").out == (
        "removed plan onboarding and its 2 steps; tasks that it made stay\n"
    )


def test_a_type_gives_a_task_its_name(crm: Crm) -> None:
    assert crm("task", "type", "edit", "call", "summary=Call them", "delay=1w").out == "changed task type call\n"
    added = crm("task", "add", "--type", "call", "--on", "deal:4")
    assert (added.out, added.err) == ("added task:2 Call them\n", "due Sat 2026-11-28, as is usual for call\n")
    refused = crm("task", "add", "--on", "deal:4")
    assert (refused.code, refused.err) == (2, "crm: a task needs a name\n  give it one: name='...'\n")
    listed = crm("task", "type", "-o", "json").json
    assert next(row for row in listed if row["name"] == "call")["open"] == 2
    assert crm("task", "type", "remove", "call").code == 2
    assert "2 tasks are of the type email now" in crm("task", "type", "remove", "call", "--to", "email").out
    assert "nothing to change" in crm("task", "type", "edit", "email", "minutes=").out


def test_a_new_deal_is_told_to_have_no_next_step(crm: Crm) -> None:
    hint = "deal:5 has no next step: crm task add ... --on deal:5 --due tomorrow\n"
    assert crm("deal", "add", "Mill").err == hint
    assert crm("deal", "move", "5", "qualified").err == hint
    assert crm("deal", "move", "5", "proposition", "-q").err == ""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("task", "ty"), "type"),
        (("task", "type", "ed"), "edit"),
        (("task", "type", "edit", "ca"), "call"),
        (("task", "type", "edit", "call", "next_m"), "next_mode="),
        (("task", "type", "edit", "call", "next_mode", "=", "tr"), "trigger"),
        (("task", "type", "remove", "call", "--to", "me"), "meeting"),
        (("plan", "star"), "start"),
        (("plan", "step", "re"), "remove"),
        (("plan", "start", "on"), "onboarding"),
        (("plan", "start", "onboarding", "--on", "Eng"), "Engine\\ no.\\ 2"),
        (("plan", "start", "onboarding", "sta"), "stage:"),
        (("plan", "start", "onboarding", "--from", "tom"), "tomorrow"),
        (("plan", "start", "onboarding", "--who", "te"), "tester"),
        (("plan", "step", "add", "on"), "onboarding"),
        (("plan", "step", "add", "onboarding", "--type", "ca"), "call"),
        (("plan", "step", "add", "onboarding", "--who", "as"), "ask"),
        (("plan", "step", "add", "onboarding", "--due", "5"), "5wd"),
        (("plan", "step", "edit", "onboarding", "2"), "2"),
        (("plan", "step", "edit", "onboarding", "1", "who", "=", "ow"), "owner"),
        (("deal", "list", "is", ":", "rot"), "rotting"),
    ],
)
def test_offers(planned: Crm, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], offered: str) -> None:
    assert offered in [line.partition("  #")[0] for line in tab(planned, monkeypatch, *words)]
