"""What is asked before many records change: of those that would, and not at all where none would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


@pytest.fixture
def book(crm: Crm) -> Crm:
    """The small book; its leads 1 and 2 come from the web, 1 has the tag vip."""
    assert crm("note", "add", "lead:1", "met at PyCon").code == 0
    assert crm("note", "add", "lead:1", "likes tea").code == 0
    return crm


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("lead edit is:any source=web", "change lead:3?"),
        ("lead edit source:web source=fair", "change 2 leads?"),
        ("tag add vip is:any", "tag with 'vip' 2 leads?"),
        ("tag add hot source:web", "tag with 'hot' 2 leads?"),
        ("tag remove vip is:any", "take 'vip' off lead:1?"),
        ("lead move is:any new", ""),
        ("lead edit source:web source=web", ""),
        ("tag add vip tag:vip is:any", ""),
        ("lead won source:web", "win 2 leads?"),
        ("note edit lead:1 kind=note", ""),
        ("note remove lead:1", "remove 2 interactions?"),
        ("lead purge source:web", "forget 2 leads for good?"),
    ],
)
def test_the_question_counts_what_would_change(book: Crm, words: str, asked: str) -> None:
    alone = book(*words.split())
    if asked:
        assert (alone.code, f"crm: {asked} That wants a yes" in alone.err) == (2, True), alone
        assert book(*words.split(), "--dry-run").code == 0
    else:
        assert (alone.code, "wants a yes" in alone.err) == (0, False), alone
        assert book(*words.split(), "--yes").out == alone.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("note edit lead:1 at=tomorrow", 2, "has not come yet"),
        ("note edit 1 at=", 2, "at: an interaction always has one"),
        ("lead edit is:any stage=", 2, "stage: a lead always has one"),
        ("task snooze is:any maybe", 2, "maybe"),
    ],
)
def test_what_is_refused_is_refused_unasked_and_not_previewed(book: Crm, words: str, code: int, said: str) -> None:
    for more in ((), ("--dry-run",), ("--yes",)):
        done = book(*words.split(), *more)
        assert (done.code, done.out, said in done.err) == (code, "", True), done


def test_what_changes_nothing_says_so(book: Crm) -> None:
    for words in (
        "stage edit New won=no", "stage edit New won=", "pipeline edit Sales name=Sales", "tag colour vip=",
        "tag rename vip vip", "stage reorder New Qualified Proposition Won",
    ):  # fmt: skip
        done = book(*words.replace("colour vip=", "colour vip ").split(" "))
        assert (done.code, done.out.startswith("nothing to change in the")) == (0, True), done
    done = book("stage", "edit", "New", "pipeline=")
    assert (done.code, "pipeline: a stage always has one" in done.err) == (2, True), done


def test_a_first_note_is_offered_where_there_is_a_timeline(book: Crm) -> None:
    for noun in ("lead", "deal", "contact", "company"):
        assert "--note" in book(noun, "add", "--help").out
    assert "--note" not in book("task", "add", "--help").out
    assert book("task", "add", "Call", "--note", "x").code == 2


def test_the_lists_under_a_record_are_in_markdown_too(book: Crm) -> None:
    done = book("lead", "show", "1", "-o", "md")
    assert "\n## Open tasks\n\n| id | name |" in done.out, done
    assert "\n## Timeline\n\n| at | kind |" in done.out, done
    assert "likes tea" in done.out
