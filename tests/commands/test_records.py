"""The verbs that every record has, as they are typed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from crmcli.errors import StoreError
from crmcli.services import duplicates

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


def stdin(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_add_takes_every_field(crm: Crm) -> None:
    found = crm(
        "lead",
        "add",
        "Grace Hopper",
        "--company",
        "Navy",
        "--email",
        "grace@navy.example",
        "--phone",
        "+1 202 555 0100",
        "--source",
        "web",
        "--tag",
        "vip",
        "--tag",
        "hot",
        "--value",
        "12k",
        "--currency",
        "USD",
        "--note",
        "met at PyCon",
        "priority=high",
    )
    assert (found.code, found.out) == (0, "added lead:5 Grace Hopper\n")
    row = crm("lead", "show", "5", "--json").json
    assert (row["value"], row["currency"], row["tags"], row["priority"]) == (12000, "USD", ["hot", "vip"], "high")
    assert "met at PyCon" in crm("timeline", "lead:5").out


def test_what_is_saved_is_no_failure_though_nobody_can_say_what_it_is_like(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> list[str]:
        raise StoreError("the book is locked")

    monkeypatch.setattr(duplicates, "warnings", locked)
    assert crm("lead", "add", "Ada Lovelace", "email=ada@engines.example") == (0, "added lead:5 Ada Lovelace\n", "")


def test_add_dry_run_saves_nothing(crm: Crm) -> None:
    assert crm("lead", "add", "X", "--dry-run").code == 0
    assert len(crm("lead", "list", "--json").json) == 3


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("json", "["),
        ("jsonl", '{"id": '),
        ("csv", "id,name,"),
        ("tsv", "id\tname\t"),
        ("md", "| id |"),
        ("ids", "3\n"),
        ("table", "ID  Name"),
    ],
)
def test_list_in_every_format(crm: Crm, form: str, start: str) -> None:
    for words in (("-o", form, "lead", "list"), ("lead", "list", "-o", form), ("lead", "-o", form, "list")):
        assert crm(*words).out.startswith(start)


def test_list_filters_sorts_and_pages(crm: Crm) -> None:
    assert crm("lead", "list", "source:web", "not", "tag:vip", "-o", "ids").out == "2\n"
    assert (
        crm("lead", "list", "--sort", "name", "--columns", "name", "-o", "tsv").out
        == "name\nAda Lovelace\nBob\nگریس هاپر\n"
    )
    first = crm("lead", "list", "--sort", "id", "--limit", "2", "-o", "ids")
    assert first.out == "1\n2\n"
    cursor = first.err.removeprefix("more: --page ").strip()
    assert crm("lead", "list", "--sort", "id", "--limit", "2", "--page", cursor, "-o", "ids").out == "3\n"


def test_show_by_what_people_call_it(crm: Crm) -> None:
    uid = crm("lead", "show", "1", "--json").json["uid"]
    for name in ("1", "lead:1", "ada@engines.example", "+982188887777", "Ada Lovelace", "lovelace", uid):
        assert crm("lead", "show", name, "--json").json["id"] == 1
    assert crm("lead", "show", "nobody").code == 3
    assert crm("company", "show", "engines.example").code == 0


def test_edit_one_and_many(crm: Crm) -> None:
    assert crm("lead", "edit", "1", "stage=qualified", "priority=high").out == "changed lead:1\n"
    assert crm("lead", "edit", "2,3", "priority=low").out == "changed 2 leads\n"
    refused = crm("lead", "edit", "source:web", "priority=medium")
    assert refused.code == 2
    assert refused.out == ""
    assert "high -> medium" in refused.err
    assert "--yes" in refused.err
    dry = crm("lead", "edit", "source:web", "priority=medium", "--dry-run")
    assert dry.code == 0
    assert "high -> medium" in dry.out
    assert crm("lead", "show", "1", "--json").json["priority"] == "high"
    assert crm("lead", "edit", "source:web", "priority=medium", "-y", "-o", "ids").out == "1\n2\n"
    assert crm("lead", "show", "1", "--json").json["priority"] == "medium"


def test_edit_through_a_filter_that_fits_one_needs_no_yes(crm: Crm) -> None:
    assert crm("lead", "edit", "tag:vip", "priority=high").code == 0


def test_edit_says_what_is_wrong(crm: Crm) -> None:
    unknown = crm("lead", "edit", "1", "stag=new")
    assert unknown.code == 2
    assert "did you mean 'stage'" in unknown.err
    assert crm("lead", "edit", "1").code == 2
    assert crm("lead", "edit", "1", "Bob", "priority=low").code == 2
    assert crm("lead", "edit", "99", "priority=low").code == 3
    assert crm("lead", "edit", "1", "email=nonsense").code == 2


def test_ids_feed_the_next_command(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(crm("lead", "list", "source:web", "-o", "ids").out, monkeypatch)
    assert crm("tag", "add", "hot", "-").code == 0
    assert crm("lead", "list", "tag:hot", "--sort", "id", "-o", "ids").out == "1\n2\n"
    stdin("lead:2\n\n3\n", monkeypatch)
    assert crm("lead", "edit", "-", "priority=high").out == "changed 2 leads\n"
    stdin("", monkeypatch)
    nothing = crm("lead", "remove", "-")
    assert (nothing.code, nothing.out) == (0, "no leads fit; nothing was changed\n")
    stdin("id\tname\n1\tAda\n", monkeypatch)
    assert crm("lead", "remove", "-").code == 2


def test_numbers_of_another_kind_change_nobody(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    found = crm("search", "engine", "-o", "ids").out
    assert {"lead:1", "deal:4", "company:1"} <= set(found.split())
    stdin(found, monkeypatch)
    wrong = crm("company", "remove", "-", "-y")
    assert wrong.code == 2
    assert "on standard input is not a company" in wrong.err
    stdin("".join(line + "\n" for line in found.split() if line.startswith("company:")), monkeypatch)
    assert crm("company", "remove", "-", "-y").code == 0
    assert crm("lead", "edit", "lead:2", "lead:3", "priority=high").out == "changed 2 leads\n"
    other = crm("deal", "edit", "lead:1", "task:1", "value=5")
    assert (other.code, other.err.splitlines()[0]) == (3, "crm: 'lead:1' names a lead, not a deal")
    stdin("lead:1\ndeal:4\n", monkeypatch)
    assert crm("deal", "edit", "-", "priority=low").code == 2
    assert crm("lead", "convert", "1").code == 0
    stdin("lead:1\ndeal:4\n", monkeypatch)
    assert crm("deal", "edit", "-", "priority=low").out == "changed 2 deals\n"  # a lead that is a deal by now
    assert crm("view", "save", "hot", "tag:vip").code == 0
    refused = crm("view", "list", "-o", "ids")
    assert (refused.code, refused.out) == (2, "")
    assert "no record numbers" in refused.err


def test_remove_restore_archive(crm: Crm) -> None:
    assert crm("lead", "remove", "source:web").code == 2
    assert crm("lead", "remove", "1").code == 0
    assert crm("lead", "list", "-o", "ids", "--sort", "id").out == "2\n3\n"
    assert crm("lead", "restore", "1").code == 0
    assert crm("lead", "archive", "1").code == 0
    assert crm("lead", "list", "is:archived", "-o", "ids").out == "1\n"


def test_purge_always_asks(crm: Crm) -> None:
    refused = crm("contact", "purge", "1")
    assert refused.code == 2
    assert "Charles Babbage" in refused.err
    assert crm("contact", "purge", "1", "--yes").code == 0
    assert crm("contact", "show", "1").code == 3


def test_outcomes(crm: Crm) -> None:
    deal = crm("deal", "list", "-o", "ids").out.strip()
    assert crm("deal", "move", deal, "proposition").code == 0
    assert crm("deal", "show", deal, "--json").json["stage"] == "Proposition"
    assert crm("deal", "won", deal).code == 0
    assert crm("deal", "list", "is:won", "-o", "ids").out == f"{deal}\n"
    assert crm("deal", "reopen", deal).code == 0
    assert crm("lead", "lost", "1", "--reason", "Too expensive").code == 0
    assert crm("lead", "show", "1", "--json").json["lost_reason"] == "Too expensive"
    assert crm("lead", "restore", "1").code == 0
    assert crm("lead", "convert", "1").code == 0
    assert crm("deal", "move", deal).code == 2


def test_tasks(crm: Crm) -> None:
    added = crm("task", "add", "Send offer", "--on", "ada@engines.example", "--due", "fri 14:30", "--type", "email")
    assert added.code == 0
    assert "Fri 2026-11-27 14:30" in added.err
    assert crm("task", "snooze", "1", "2026-12-24").code == 0
    assert crm("task", "show", "1", "--json").json["due_on"] == "2026-12-24"
    assert crm("task", "done", "1", "2", "--feedback", "she said yes").code == 0
    assert crm("task", "list", "-o", "ids").out == ""
    assert "she said yes" in crm("timeline", "lead:1").out


def test_a_list_of_deals_shows_the_next_task_that_has_no_day(crm: Crm) -> None:
    assert crm("deal", "add", "Mill").code == crm("deal", "add", "Loom").code == 0
    assert crm("task", "add", "Someday", "--on", "deal:Mill").code == 0
    asked = ("deal", "list", "Mill", "or", "Loom", "--sort", "id")
    assert ["Someday" in line for line in crm(*asked, "-o", "table").out.splitlines()[1:]] == [True, False]
    header, *rows = crm(*asked, "-o", "csv").out.splitlines()
    assert header.endswith(",owner,next_task,next_due")
    assert [row.split(",")[-2:] for row in rows] == [["Someday", ""], ["", ""]]
    shown = crm(*asked, "--json").json
    assert [(row["next_task"], row["next_due"]) for row in shown] == [("Someday", None), (None, None)]


def test_undo_of_what_is_undone_is_a_conflict(crm: Crm) -> None:
    crm("lead", "edit", "1", "name=Augusta")
    crm("undo")
    number = crm("undo", "--list", "--json").json[1]["batch"]
    refused = crm("undo", str(number))
    assert (refused.code, refused.err.count(f"batch {number} is already undone")) == (4, 1)


def test_undo_and_history(crm: Crm) -> None:
    crm("lead", "edit", "1", "priority=high")
    assert "lead edit 1 priority=high" in crm("undo", "--list").out
    assert "high" in crm("history", "lead:1").out
    assert crm("undo").code == 0
    assert crm("lead", "show", "1", "--json").json["priority"] == "none"


def test_the_kept_command_has_no_password(crm: Crm) -> None:
    crm("--db", str(crm.path), "lead", "edit", "1", "priority=high", f"--db={crm.path}")
    listed = crm("undo", "--list").out
    assert "lead edit 1 priority=high\t" in listed
    assert str(crm.path) not in listed


def test_a_list_on_a_narrow_screen_keeps_what_matters_and_what_was_asked_for(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = ("name=Northfold Clinics: Data migration", "company=Northfold Clinics", "value=1234567", "owner=augusta")
    assert crm("deal", "edit", "4", *long, "-y").code == 0
    assert crm("task", "add", "Call", "--on", "deal:4", "--due", "2026-12-01").code == 0

    def head(*words: str) -> str:
        return crm(*words, "-o", "table").out.splitlines()[0]

    assert head("deal", "list").split("  ")[-2:] == ["Next task", "Next due"]
    assert "Probability" not in head("deal", "list")
    assert head("deal", "list", "--columns", "+urgency").endswith("Urgency")
    asked = head("contact", "list", "--columns", "+rhythm,touch_from")
    assert ("Rhythm" in asked, "Touch from" in asked) == (True, True), asked
    assert "Probability" in head("deal", "list", "--columns", "+probability")
