"""crm task next, and why a record is as urgent as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.figures import KINDS

if TYPE_CHECKING:
    from tests.commands.conftest import Crm

WHY = """\
task:1  Call Ada
Term     Factor  Coefficient  Product  Why
due       0.496        12.00     5.95  due in 6 days 14:30
value     0.500         3.00     1.50  lead:1: worth 12,000.00 EUR, on average it is 12,000.00
chance    0.100         2.00     0.20  lead:1: 10% to win
age       0.002         2.00     0.00  entered 1 day ago
urgency                          7.65  the sum
"""


def test_the_sum_is_explained(crm: Crm) -> None:
    assert crm("lead", "edit", "3", "currency=EUR", "value=12k").code == 0
    assert crm("deal", "edit", "4", "value=12k").code == 0
    shown = crm("task", "why", "1", "-o", "table")
    assert (shown.code, shown.out) == (0, WHY)
    assert crm("task", "why", "call ada", "-o", "table").out == WHY


def test_every_format_has_the_terms_and_the_sum(crm: Crm) -> None:
    found = crm("task", "why", "1", "-o", "json").json
    assert found[0] == {
        "term": "due", "factor": 0.496, "coefficient": 12, "product": 5.95, "why": "due in 6 days 14:30"
    }  # fmt: skip
    assert found[-1] == {
        "term": "urgency", "factor": None, "coefficient": None, "why": "the sum",
        "product": round(sum(row["product"] for row in found[:-1]), 2),
    }  # fmt: skip
    listed = crm("task", "list", "--columns", "id,urgency", "-o", "json").json
    assert listed == [{"id": 1, "urgency": found[-1]["product"]}]
    assert crm("task", "why", "1", "-o", "csv").out.startswith("term,factor,coefficient,product,why\ndue,0.496,12.00,")
    for output in ("tsv", "md", "jsonl"):
        lines = crm("task", "why", "1", "-o", output).out.splitlines()
        assert ("due" in lines[2 if output == "md" else 0 if output == "jsonl" else 1], "urgency" in lines[-1]) == (
            True,
            True,
        )
    refused = crm("task", "why", "1", "-o", "ids")
    assert (refused.code, "no record numbers" in refused.err) == (2, True)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_record_sorts_by_it_and_says_why(crm: Crm, kind: str) -> None:
    listed = crm(kind, "list", "--sort", "-urgency", "--columns", "+urgency", "-o", "json")
    assert listed.code == 0, listed
    points = [row["urgency"] for row in listed.json]
    assert points == sorted(points, reverse=True)
    why = crm(kind, "why", str(listed.json[0]["id"]), "-o", "json").json
    assert why[-1]["product"] == points[0]
    assert crm(kind, "why", "999").code == 3


def test_what_is_next_is_most_urgent_and_waits_for_nothing(crm: Crm) -> None:
    for name, more in (
        ("Write it down", ()),
        ("Pay", ("--due", "2026-11-20")),
        ("Sign", ("--due", "2026-11-19", "--needs", "1")),
    ):
        assert crm("task", "add", name, *more).code == 0
    found = crm("task", "next", "-o", "json").json
    assert [row["name"] for row in found] == ["Call Ada", "Pay", "Write it down"]
    assert list(found[0])[:3] == ["id", "urgency", "name"]
    first = crm("task", "next", "--limit", "1", "-o", "ids")
    cursor = first.err.split("--page ")[1].strip()
    assert (first.out, crm("task", "next", "--page", cursor, "-o", "ids").out) == ("1\n", "3\n2\n")
    assert crm("task", "next", "ada", "-o", "ids").out == "1\n"
    assert crm("task", "done", "1").code == 0
    assert crm("task", "next", "-o", "ids").out == "4\n3\n2\n"


def test_a_filter_that_is_wrong_is_shown_as_it_was_written(crm: Crm) -> None:
    for words in (("task", "next"), ("touch", "owed"), ("touch", "waiting")):
        refused = crm(*words, "nosuch:1")
        assert (refused.code, refused.err.splitlines()[1]) == (2, "  nosuch:1")


def test_coefficients_are_set_below_zero_and_for_words_of_the_book(crm: Crm) -> None:
    assert crm("config", "set", "urgency.due", "-2.5").code == 0
    assert crm("config", "get", "urgency.due").out == "-2.5\n"
    assert crm("config", "set", "--", "urgency.due", "-3").code == 0
    assert crm("task", "why", "1", "-o", "json").json[1]["product"] == -1.49
    assert "no such option" in crm("config", "set", "limit", "--twelve").err
    done = crm("config", "set", "urgency.tag.vpi", "15")
    assert (done.code, "the book has no tag 'vpi' yet; did you mean 'vip'?" in done.err) == (0, True)
    done = crm("config", "set", "urgency.tag.VIP", "15")
    assert (done.code, "has no tag" in done.err) == (0, False)
    assert crm("lead", "list", "--sort", "-urgency", "-o", "ids", "-n", "1").out == "1\n"
    assert crm("lead", "why", "1", "-o", "json").json[0]["why"] == "it has the tag VIP"
    listed = {row["name"]: row["value"] for row in crm("config", "list", "-o", "json").json}
    assert (listed["urgency.due"], listed["urgency.tag.VIP"], listed["urgency.tag.vpi"]) == ("-3", "15", "15")
    unset = crm("config", "unset", "urgency.tag.vpi")
    assert "it is now 0" in unset.err + unset.out
    assert crm("config", "get", "urgency.tag.vpi").out == "0\n"
    crm.path.unlink()
    done = crm("config", "set", "urgency.stage.anything", "1")
    assert (done.code, "the book has no" in done.err, crm.path.exists()) == (0, False, False)


def test_a_filter_cannot_ask_for_it(crm: Crm) -> None:
    refused = crm("task", "list", "urgency:10..")
    assert (refused.code, "no filter can ask for it" in refused.err, "--sort -urgency" in refused.err) == (
        2,
        True,
        True,
    )
    assert "crm task why" in crm("fields", "task").out
    assert "urgency" not in crm("fields", "interaction").out
