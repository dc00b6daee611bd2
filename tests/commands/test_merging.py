"""crm contact|company|lead|deal merge, and what a merged record answers to, as they are typed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


@pytest.fixture
def people(crm: Crm) -> Crm:
    """Beside contact:1, Charles Babbage of Analytical Engines: 2 is him too, 3 is گریس."""
    assert (
        crm("contact", "add", "C. Babbage", "--email", "charles@home.example", "--phone", "+44 20 7946 0000").code == 0
    )
    assert crm("contact", "add", "گریس هاپر", "--city", "Bonn").code == 0
    assert crm("task", "add", "Write", "--on", "contact:2").code == 0
    return crm


def test_a_merge_shows_what_comes_of_it_and_wants_a_yes(people: Crm) -> None:
    asked = people("contact", "merge", "1", "2", "--keep", "name=2")
    assert asked.code == 2
    assert "merge contact:2 into contact:1, with 1 task? That wants a yes" in asked.err
    table = {line.split("  ")[0].strip(): line for line in asked.err.splitlines()}
    assert table["Name"].split("  ")[-1].strip() == "contact:2"
    assert "charles@home.example" in table["E-mail"]
    assert people("contact", "show", "2", "--json").json["name"] == "C. Babbage"

    would = people("contact", "merge", "1", "2", "--dry-run")
    assert (would.code, "would: merged contact:2 C. Babbage into contact:1 Charles Babbage" in would.out) == (0, True)
    assert people("contact", "list", "is:merged", "-o", "ids").out == ""

    done = people("contact", "merge", "1", "charles@home.example", "--yes")
    assert done.out == "merged contact:2 C. Babbage into contact:1 Charles Babbage; moved along: 1 task\n"
    assert people("contact", "merge", "1", "2", "--yes").code == 2


def test_a_merged_record_answers_as_the_one_that_stays(people: Crm) -> None:
    people("contact", "merge", "1", "2", "--yes")
    said = "contact:2 was merged into contact:1\n"
    shown = people("contact", "show", "2", "--json")
    assert (shown.json["id"], shown.err) == (1, said)
    for words, out in (
        (("contact", "edit", "2", "job_title=Professor"), "changed contact:1\n"),
        (("note", "add", "contact:2", "a note"), "noted on contact:1 Charles Babbage: a note\n"),
        (("task", "add", "Ring", "--on", "charles@home.example"), "added task:3 Ring\n"),
        (("contact", "remove", "2"), "removed contact:1\n"),
    ):
        done = people(*words)
        assert (done.code, done.out, done.err) == (0, out, said), words
    assert people("task", "list", "contact:2", "-o", "ids").out.split() == ["2", "3"]
    assert people("contact", "restore", "1").code == 0
    refused = people("contact", "restore", "2")
    assert (refused.code, "contact:2 C. Babbage was merged into contact:1" in refused.err) == (5, True)
    words = refused.err.splitlines()[-1].partition("crm ")[2].split()
    assert people(*words).code == 0
    assert people("contact", "show", "2", "--json").json["email"] == "charles@home.example"


def test_leads_and_deals_merge_across_their_kinds(crm: Crm) -> None:
    done = crm("lead", "merge", "1", "deal:4", "--yes")
    assert done.out == "merged lead:1 Ada Lovelace into deal:4 Engine no. 2; moved along: 1 task\n"
    where = crm("lead", "show", "1")
    assert (where.code, where.err) == (3, "crm: lead:1 was merged into deal:4\n  crm deal show 4\n")
    assert crm("timeline", "lead:1", "--json").json[0]["kind"] == "merged"
    # A deal that was chosen to go makes a deal of the lead.
    assert crm("undo").code == 0
    done = crm("deal", "merge", "4", "--into", "lead:1", "--yes")
    assert done.out.startswith("merged deal:4 Engine no. 2 into deal:1 Ada Lovelace")
    assert crm("deal", "show", "1", "--json").json["value"] == 12000


def test_a_lead_that_is_a_deal_by_now_is_named_as_it_was_where_a_deal_is_meant(crm: Crm) -> None:
    assert crm("lead", "merge", "1", "2", "--yes").code == 0
    assert crm("lead", "convert", "1").code == 0
    for number in "12":
        assert crm("tag", "add", f"from{number}", f"lead:{number}").out == f"tagged from{number}: deal:1\n"
        assert crm("deal", "edit", f"lead:{number}", f"value={number}").out == "changed deal:1\n"
        assert crm("deal", "show", f"lead:{number}", "--json").json["tags"][int(number) - 1] == f"from{number}"
    several = crm("tag", "add", "x", "lead:1", "lead:3")
    assert (several.code, "several kinds: deal, lead" in several.err) == (2, True)
    assert crm("tag", "remove", "from1", "lead:2", "--for", "deal").code == 0
    assert crm("tag", "add", "x", "lead:1,2", "4").out == "tagged x: 2 deals\n"
    assert crm("tag", "add", "y", "contact:1,2", "--for", "deal", "-y").out == "tagged y: deal:1\n"
    assert crm("deal", "merge", "lead:1,deal:4", "--dry-run").code == 0
    assert crm("dupes", "deal", "--not-same", "lead:1,deal:4").out.startswith("told apart: deal:1 ")


def test_records_from_a_pipe_and_more_than_five(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(6):
        assert crm("company", "add", f"Firm {n}").code == 0
    ids = crm("company", "list", "firm", "-o", "ids").out
    monkeypatch.setattr("sys.stdin", io.StringIO(ids))
    many = crm("company", "merge", "-", "--yes")
    assert (many.code, "5 at a time can be merged" in many.err, "--many" in many.err) == (2, True, True)
    monkeypatch.setattr("sys.stdin", io.StringIO(ids))
    assert crm("company", "merge", "-", "--many", "--yes", "-o", "ids").out == "2\n"
    assert crm("company", "list", "firm", "-o", "ids").out == "2\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("1",), 2, "a merge wants two contacts"),
        (("1", "nobody"), 3, "there is no contact 'nobody'"),
        (("1", "2", "--keep", "email"), 2, "--keep email does not say whose value"),
        (("1", "2", "--keep", "owner"), 2, "--keep owner does not say whose value\n  write --keep owner=2"),
        (("1", "2", "--keep", "email=1", "--keep", "email=2"), 2, "--keep email=1 and --keep email=2 contradict"),
        (("1", "2", "--keep", "kind=1"), 2, "contact has no field 'kind'\n  'crm fields contact' lists the known ones"),
        (("1", "2", "--keep", "emial=1"), 2, "did you mean 'email'?"),
        (("1", "2", "--keep", "email=3"), 2, "3 is not among those that are merged"),
        (("1", "lead:1"), 3, "'lead:1' names a lead, not a contact"),
    ],
)
def test_what_cannot_be_merged_says_why(people: Crm, words: tuple[str, ...], code: int, said: str) -> None:
    done = people("contact", "merge", *words, "--yes")
    assert (done.code, said in done.err) == (code, True), done


def test_a_lead_is_converted_into_the_deal_that_it_is(crm: Crm) -> None:
    done = crm("lead", "convert", "1", "--merge", "deal:4")
    assert done.code == 0
    assert done.out.startswith("merged lead:1 Ada Lovelace into deal:4 Engine no. 2")
    deal = crm("deal", "show", "4", "--json").json
    assert (deal["contact"], deal["company"], deal["value"]) == ("Ada Lovelace", "Analytical Engines", 5000)


def test_a_purge_by_the_name_of_a_merged_record_forgets_both(people: Crm) -> None:
    people("contact", "merge", "1", "2", "--yes")
    asked = people("contact", "purge", "is:merged")
    assert (asked.code, "forget contact:1 for good?" in asked.err) == (2, True), asked
    done = people("contact", "purge", "charles@home.example", "--yes")
    assert done.out.startswith("purged contact:1, with 1 merged into it, 1 task;")
    assert people("sql", "select count(*) as n from v_contact_all", "--json").json == [{"n": 1}]


def test_what_a_merged_record_had_is_known_when_somebody_is_added_and_looked_for(people: Crm) -> None:
    people("contact", "merge", "1", "2", "--yes")
    added = people("contact", "add", "Charles B.", "--email", "charles@home.example", "--phone", "+44 20 7946 0000")
    assert "contact:4 may be contact:1 Charles Babbage (" in added.err
    assert "contact:2 was merged into it); if so: crm contact merge 1 4" in added.err
    found = people("search", "charles@home.example", "-o", "jsonl").out.splitlines()
    assert ['"contact:4"' in found[0], "merged: contact:2 C. Babbage" in found[1]] == [True, True]


def test_one_of_many_merges_is_taken_apart(people: Crm) -> None:
    people("contact", "add", "Babbage, Charles", "email=cb@engines.example")
    people("contact", "add", "Hopper, گریس هاپر", "email=grace@navy.example")
    people("contact", "edit", "3", "email=grace@navy.example")
    done = people("dupes", "contact", "--auto", "--min-score", "75", "--yes")
    assert done.out.count("merged contact:") == 2, done
    refused = people("contact", "restore", "5")
    words = refused.err.splitlines()[-1].partition("crm ")[2].split()
    assert words[0::2] == ["undo", "contact:5"]
    assert people("undo", words[1], "5").code == 2
    apart = people(*words, "--dry-run")
    assert f"would: took back a merge of batch {words[1]}: 1 contact\n" in apart.out
    assert people(*words).code == 0
    assert people("contact", "list", "is:merged", "-o", "ids").out == "4\n"
    asked = people("undo")
    assert (asked.code, f"crm undo {words[1]}' takes back the rest too" in asked.err) == (5, True)
    people("contact", "purge", "5", "--yes")
    gone = people("undo", words[1], "contact:5")
    assert (gone.code, "contact:5 was purged" in gone.err) == (5, True)
    assert people("undo", words[1]).code == 0
    assert people("contact", "list", "is:merged", "-o", "ids").out == ""
