"""crm field, and fields of people's own in the other commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


@pytest.fixture
def fielded(crm: Crm) -> Crm:
    """The book with a choice and a number of leads; Ada has a value of the first."""
    assert crm("field", "add", "lead.industry", "choice", "Steel,Food", "Heavy industry", "--label", "صنعت").code == 0
    assert crm("field", "add", "deal.score", "number", "--help-text", "From 0 to 10").code == 0
    assert crm("lead", "edit", "1", "industry=steel").code == 0
    return crm


def test_a_field_is_told_by_whom_it_has(fielded: Crm) -> None:
    done = fielded("field", "add", "contact.vip", "checkbox")
    assert (done.code, done.out) == (0, "added the field contact.vip of contacts: flag\n")
    rows = fielded("field", "list", "-o", "json").json
    assert [(row["field"], row["type"], row["records"]) for row in rows] == [
        ("lead.industry", "choice", 1), ("lead.score", "number", 0), ("contact.vip", "flag", 0),
    ]  # fmt: skip
    assert rows[0]["label"] == "صنعت"
    assert rows[0]["options"] == "Steel, Food, Heavy industry"
    assert [row["field"] for row in fielded("field", "list", "contact", "-o", "json").json] == ["contact.vip"]
    assert "From 0 to 10" in fielded("fields", "deal").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("add", "industry", "text"), 2, "lead.industry"),
        (("add", "lead.industry", "text"), 4, "already"),
        (("add", "lead.city", "text"), 2, "city_field"),
        (("add", "lead.x", "colour"), 2, "choose from"),
        (("add", "lead.x", "choice"), 2, "needs options"),
        (("add", "note.x", "text"), 2, "no fields of your own"),
        (("edit", "lead.industry", "options=-Steel"), 5, "1 lead or deal has Steel"),
        (("edit", "lead.industry", "type=text"), 2, "cannot be changed"),
        (("edit", "lead.industri", "label=x"), 3, "did you mean 'lead.industry'?"),
        (("remove", "lead.owner"), 3, "not a field of your own"),
        (("restore", "lead.nothing"), 3, "no field"),
    ],
)
def test_what_is_wrong_has_one_clear_line(fielded: Crm, words: tuple[str, ...], code: int, told: str) -> None:
    found = fielded("field", *words)
    assert (found.code, found.out) == (code, "")
    assert told in found.err
    assert "Traceback" not in found.err


def test_values_are_given_as_words_and_as_options(fielded: Crm) -> None:
    assert fielded("lead", "add", "Carl", "industry=food", "score=1,5").code == 0
    assert fielded("lead", "add", "--industry", "Heavy industry", "Dora", "--score=2").code == 0
    assert fielded("lead", "add", "Eve", "--", "--industry", "x").code == 0
    rows = fielded("lead", "list", "--columns", "name,industry,score", "--sort", "id", "-o", "json").json
    assert [(row["name"], row["industry"], row["score"]) for row in rows[3:]] == [
        ("Carl", "Food", 1.5), ("Dora", "Heavy industry", 2), ("Eve --industry x", None, None),
    ]  # fmt: skip
    assert fielded("lead", "add", "Hal", "--description", "--industry", "--score", "3").code == 0
    hal = fielded("lead", "list", "name:hal", "--columns", "description,score,industry", "--json").json
    assert hal == [{"description": "--industry", "score": 3, "industry": None}]
    assert fielded("lead", "add", "name", "--industry", "Food").out == "added lead:9 name\n"
    bare = fielded("lead", "add", "Ina", "--industry")
    assert (bare.code, "--industry needs a value" in bare.err) == (2, True)
    wrong = fielded("lead", "add", "Fred", "--industry", "Wood")
    assert (wrong.code, wrong.out) == (2, "")
    assert "'Wood' is not one of: Steel, Food, Heavy industry" in wrong.err
    assert "no such option: --industri" in fielded("lead", "add", "Fred", "--industri", "x").err.lower()
    assert "no such option" in fielded("note", "add", "1", "x", "--industry", "Food").err.lower()


def test_lists_filter_sort_and_show_it(fielded: Crm) -> None:
    fielded("lead", "edit", "2", "industry=Food", "score=-3")
    fielded("lead", "edit", "3", "score=12")
    assert fielded("lead", "list", "industry:heavy industry,food", "-o", "ids").out == "2\n"
    assert fielded("lead", "list", "industry:food city:x or score:10..", "-o", "ids").out == "3\n"
    assert fielded("lead", "list", "--sort", "-score", "-o", "ids").out == "3\n2\n1\n"
    assert fielded("lead", "list", "-c", "id,score", "-o", "tsv", "--sort", "score").out == (
        "id\tscore\n2\t-3\n3\t12\n1\t\n"
    )
    assert fielded("config", "set", "columns.lead", "id,industry").code == 0
    assert fielded("lead", "list", "--sort", "id").out == "id\tindustry\n1\tSteel\n2\tFood\n3\t\n"
    assert "columns.lead" in fielded("config", "list").out
    gone = fielded("field", "remove", "lead.industry")
    assert "the setting columns.lead still names it: 'crm config set columns.lead id' takes it out" in gone.out


def test_a_record_shows_it_by_its_label(fielded: Crm) -> None:
    shown = fielded("lead", "show", "1", "-o", "md").out
    assert "Steel" in shown
    assert json.loads(fielded("lead", "show", "1", "-o", "json").out)["industry"] == "Steel"
    assert "صنعت" in fielded("history", "lead:1").out


def test_a_dry_run_of_a_field_leaves_none(fielded: Crm) -> None:
    done = fielded("field", "add", "lead.later", "text", "--dry-run")
    assert done.code == 0
    assert done.out.endswith("would: added the field lead.later of leads and deals: text\n")
    assert fielded("lead", "edit", "1", "later=x").code == 2
    done = fielded("field", "edit", "lead.industry", "name=branch", "--dry-run")
    assert done.code == 0
    assert fielded("lead", "list", "industry:steel", "-o", "ids").out == "1\n"
    assert fielded("db", "check", "--deep", "-q").code == 0


def test_undo_and_undo_of_it(fielded: Crm) -> None:
    fielded("field", "edit", "lead.industry", "name=branch")
    assert fielded("lead", "list", "branch:steel", "-o", "ids").out == "1\n"
    assert fielded("undo").code == 0
    assert fielded("lead", "list", "industry:steel", "-o", "ids").out == "1\n"
    refused = fielded("undo", str(first_batch(fielded)))
    assert refused.code == 4
    assert "1 lead or deal has a value of it" in refused.err
    assert fielded("db", "check", "--deep", "-q").code == 0


def first_batch(crm: Crm) -> int:
    """The batch that added the first field."""
    rows = crm("undo", "--list", "-n", "0", "-o", "json").json
    return min(row["batch"] for row in rows if "field add" in row["command"])


def test_a_saved_view_may_ask_for_it(fielded: Crm) -> None:
    assert fielded("view", "save", "heavy", "industry:steel score:..5 or has:industry", "--for", "lead").code == 0
    assert fielded("lead", "list", "view:heavy", "-o", "ids").out == "1\n"
    gone = fielded("field", "remove", "lead.industry")
    assert "the view heavy does not work any more" in gone.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("lead", "list", "indu"), "industry:"),
        (("lead", "list", "industry", ":", "st"), "Steel"),
        (("deal", "edit", "6", "sco"), "score="),
        (("lead", "add", "x", "industry", "=", "f"), "Food"),
        (("lead", "list", "--columns", "id,ind"), "id,industry"),
        (("lead", "list", "no", ":", "sc"), "score"),
        (("export", "leads", "indu"), "industry:"),
        (("field", "add", "comp"), "company."),
        (("field", "add", "lead.x", "cho"), "choice"),
        (("field", "edit", "lead.i"), "lead.industry"),
        (("field", "remove", "lead.s"), "lead.score"),
        (("field", "edit", "lead.industry", "opt"), "options="),
        (("field", "list", "con"), "contact"),
    ],
)
def test_completion_knows_it(
    fielded: Crm, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], offered: str
) -> None:
    monkeypatch.setenv("_CRM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(["crm", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    assert offered in fielded().out.splitlines()


def test_a_file_brings_values_and_an_export_has_them(fielded: Crm, tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "leads.csv"
    path.write_text('Name,صنعت,Score\nCarl,food,"1.5"\n', encoding="utf-8")
    assert fielded("import", str(path), "--as", "lead", "--yes").code == 0
    out = fielded("export", "leads", "industry:food", "--columns", "name,industry,score").out
    assert out == "name,industry,score\nCarl,Food,1.5\n"


def test_without_a_book_there_are_the_programs_fields(crm: Crm) -> None:
    crm.path.unlink()
    assert "company_name" in crm("fields", "deal").out
    assert not crm.path.exists()
