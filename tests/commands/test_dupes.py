"""`crm dupes` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.dedupe import Group
    from crmcli.domain.fields import Entity
    from tests.commands.conftest import Crm


@pytest.fixture
def twice(crm: Crm) -> Crm:
    """The book with Charles Babbage (contact:1) twice."""
    told = crm("contact", "add", "Babbage, Charles", "email=cb@engines.example")
    assert "contact:2 may be contact:1 Charles Babbage" in told.err
    assert "if so: crm contact merge 1 2" in told.err
    return crm


def test_a_group_is_a_line(twice: Crm) -> None:
    done = twice("dupes", "contact", "-o", "jsonl")
    [group] = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, group["ids"], group["names"]) == (0, [1, 2], ["Charles Babbage", "Babbage, Charles"])
    assert 75 <= group["score"] <= 99
    assert any("cb@engines.example" in reason for reason in group["reasons"])
    assert twice("dupes", "lead", "-o", "jsonl").out == ""
    assert "1, 2" in twice("dupes", "contact").out
    assert twice("dupes", "contact", "name:nobody", "-o", "csv").out.count("\n") == 1


def test_merging_all_wants_a_yes_and_can_be_tried(twice: Crm) -> None:
    refused = twice("dupes", "contact", "--auto", "--min-score", "75")
    assert (refused.code, refused.out) == (2, "")
    tried = twice("dupes", "contact", "--auto", "--min-score", "75", "--dry-run")
    assert tried.code == 0
    assert "would: merged" in tried.out
    assert len(twice("dupes", "contact", "-o", "jsonl").out.splitlines()) == 1
    assert "no contacts score 99 or more" in twice("dupes", "contact", "--auto", "--min-score", "99", "--yes").out
    assert twice("dupes", "contact", "--auto", "--min-score", "75", "--yes").code == 0
    assert twice("dupes", "contact", "-o", "jsonl").out == ""
    assert twice("undo", "--yes").code == 0
    assert len(twice("dupes", "contact", "-o", "jsonl").out.splitlines()) == 1


def test_what_fits_two_that_differ_is_left_to_whoever_looks(twice: Crm) -> None:
    twice("contact", "add", "Charles Babbage", "email=cb@engines.example")
    assert twice("dupes", "contact", "-o", "ids").out == "1\n2\n3\n"
    twice("dupes", "contact", "--not-same", "1", "3")
    done = twice("dupes", "contact", "--auto", "--min-score", "75", "--yes")
    assert (done.code, done.out) == (0, "nothing was changed\n")
    assert "1 group is left for you" in done.err
    assert "but 3 may be one of these as well" in twice("dupes", "contact", "--min-score", "75").out


def test_what_changes_while_the_book_is_compared_is_not_merged(twice: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    from crmcli.services import duplicates, records

    compared = duplicates.groups

    def slowly(ctx: Context, kind: Entity, *words: Any, **more: Any) -> list[Group]:
        records.edit(ctx, kind, [2], {"city": "Rome"})
        return compared(ctx, kind, *words, **more)

    monkeypatch.setattr(duplicates, "groups", slowly)
    done = twice("dupes", "contact", "--auto", "--min-score", "75", "--yes")
    assert (done.code, done.out) == (4, ""), done
    assert "contact:2 Babbage, Charles" in done.err


def test_two_are_told_apart(twice: Crm) -> None:
    assert twice("dupes", "contact", "--not-same", "1", "cb@engines.example").code == 2  # which of the two?
    assert twice("dupes", "contact", "--not-same", "1,2").code == 0
    assert twice("dupes", "contact", "-o", "jsonl").out == ""
    assert json.loads(twice("dupes", "contact", "--apart", "-o", "jsonl").out)["ids"] == [1, 2]
    assert twice("dupes", "contact", "--forget", "1", "2").code == 0
    assert len(twice("dupes", "contact", "-o", "jsonl").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["task"], 2, "not looked for"),
        (["person"], 2, "no kind of record"),
        ([], 2, "KIND"),
        (["contact", "--min-score", "100"], 2, "0 to 99"),
        (["contact", "--min-score", "x"], 2, "not a number"),
        (["contact", "--auto", "--apart"], 2, "exclude each other"),
        (["contact", "--apart", "city:x"], 2, "no filter"),
        (["contact", "--not-same", "1"], 2, "two contacts"),
        (["contact", "--forget"], 2, "two contacts"),
        (["contact", "--not-same", "1", "99"], 3, "99"),
        (["contact", "stge:x"], 2, "no field"),
    ],
)
def test_what_cannot_be_meant_is_refused(crm: Crm, words: list[str], code: int, said: str) -> None:
    done = crm("dupes", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
