"""What was noted or logged is listed, shown, mended and taken away like any other record; a tag goes altogether."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


@pytest.fixture
def book(crm: Crm) -> Crm:
    """The small book with a note on lead 1, a call on deal 4, and a note on contact 1."""
    for words in (
        ("note", "add", "lead:1", "met at PyCon"),
        ("log", "call", "deal:4", "no answer", "--minutes", "5"),
        ("note", "add", "contact:1", "likes tea"),
    ):
        assert crm(*words).code == 0
    return crm


def bodies(crm: Crm, *words: str) -> list[str]:
    return [row["body"] for row in crm("note", "list", *words, "-o", "json").json]


def test_a_list_of_what_was_said(book: Crm) -> None:
    assert bodies(book) == ["likes tea", "no answer", "met at PyCon"]
    assert bodies(book, "kind:call") == bodies(book, "deal:4") == ["no answer"]
    assert bodies(book, "pycon") == ["met at PyCon"]
    assert book("note", "list", "contact:1", "-o", "ids").out == "3\n"
    assert book("note").out == book("note", "list").out


def test_one_is_shown(book: Crm) -> None:
    shown = book("note", "show", "2", "-o", "json").json
    assert (shown["kind"], shown["body"], shown["minutes"], shown["opportunity"]) == (
        "call",
        "no answer",
        5,
        "Engine no. 2",
    )
    # As other commands name it.
    assert book("note", "show", "interaction:2").out == book("note", "show", "2").out
    assert book("interaction", "show", "2").out == book("note", "show", "2").out
    done = book("note", "show", "9")
    assert (done.code, "there is no interaction 9" in done.err) == (3, True)
    hint = done.err.splitlines()[1].split("'")[1]
    assert book(*hint.split()[1:]).out == book("note", "list").out


def test_a_text_is_replaced(book: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert book("note", "edit", "1", "met at", "EuroPython").out == "changed interaction:1\n"
    assert bodies(book, "id:1") == ["met at EuroPython"]
    monkeypatch.setattr("sys.stdin", io.StringIO("a long story\nwith = signs\n"))
    assert book("note", "edit", "1", "-").code == 0
    assert bodies(book, "id:1") == ["a long story\nwith = signs"]
    done = book("note", "edit", "1")
    assert (done.code, "which text?" in done.err) == (2, True)
    done = book("note", "edit", "1", " ")
    assert (done.code, "a note needs a text" in done.err) == (2, True)


def test_an_editor_gets_the_text_as_it_is(book: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    heading = "# Minutes\nmet Ada"
    assert book("note", "edit", "1", heading).code == 0
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\ncp "$1" "$1.seen"\nsed -i s/met/saw/ "$1"\nmv "$1.seen" "$(dirname "$0")/seen"\n')
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    assert book("note", "edit", "1").out == "changed interaction:1\n"
    assert (tmp_path / "seen").read_text().startswith(f"{heading}\n# ---- interaction:1: this line and what is below")
    assert bodies(book, "id:1") == ["# Minutes\nsaw Ada"]
    # What is saved as it was changes nothing; what is emptied neither.
    monkeypatch.setenv("EDITOR", "true")
    assert book("note", "edit", "1").out == "the text is as it was; nothing was saved\n"
    monkeypatch.setenv("EDITOR", "cp /dev/null")
    assert book("note", "edit", "1").out == "the text is empty; nothing was saved\n"
    assert bodies(book, "id:1") == ["# Minutes\nsaw Ada"]


def test_fields_are_changed_of_one_and_of_many(book: Crm) -> None:
    assert book("note", "edit", "2", "minutes=20", "at=2026-11-20", "on=lead:2").code == 0
    shown = book("note", "show", "2", "-o", "json").json
    assert (shown["minutes"], shown["at"], shown["opportunity"]) == (20, "2026-11-20T00:00:00.000Z", "Bob")
    done = book("note", "edit", "2", "at=2027-01-01")
    assert (done.code, "has not come yet" in done.err) == (2, True)
    done = book("note", "edit", "kind:note", "kind=message")
    assert (done.code, "change 2 interactions? That wants a yes" in done.err) == (2, True)
    assert book("note", "edit", "kind:note", "kind=message", "--yes").out == "changed 2 interactions\n"
    assert book("note", "list", "kind:message", "-o", "ids").out == "3\n1\n"
    assert book("note", "edit", "-", "hm").code == 2


def test_one_is_removed_and_comes_back(book: Crm) -> None:
    assert book("note", "remove", "2").out == "removed interaction:2\n"
    assert "no answer" not in book("timeline", "deal:4").out
    assert bodies(book, "is:removed") == ["no answer"]
    assert book("undo").code == 0
    assert "no answer" in book("timeline", "deal:4").out
    done = book("note", "remove", "kind:note")
    assert (done.code, "remove 2 interactions? That wants a yes" in done.err) == (2, True)
    assert book("note", "remove", "kind:note", "--yes").code == 0
    assert bodies(book) == ["no answer"]
    assert book("note", "restore", "1").code == 0
    assert bodies(book) == ["no answer", "met at PyCon"]
    assert book("note", "purge", "1", "--yes").code == 0
    assert book("note", "show", "1").code == 3


def test_what_can_be_logged_is_said_the_same_everywhere(crm: Crm) -> None:
    kinds = "call, email, meeting, message, visit, note, document"
    assert kinds in " ".join(crm("log", "--help").out.split())
    done = crm("log", "telepathy", "lead:1", "hm")
    assert (done.code, f"choose from: {kinds}" in done.err) == (2, True)
    for kind in kinds.split(", "):
        assert crm("log", kind, "lead:1", "x").code == 0


def test_a_tag_goes_from_everything_and_comes_back(crm: Crm) -> None:
    assert crm("tag", "add", "vip", "lead:2", "lead:3").code == 0
    assert crm("tag", "add", "vip", "deal:4").code == 0
    assert crm("tag", "delete", "vip", "--dry-run").out.splitlines()[-1] == "would: tag vip is gone from 4 records"
    assert crm("tag", "delete", "vip").out == "tag vip is gone from 4 records\n"
    assert crm("tag", "list", "-o", "json").json == []
    assert "Tags\tvip" in crm("history", "lead:1").out
    assert crm("undo").code == 0
    assert [(row["name"], row["opportunities"]) for row in crm("tag", "list", "-o", "json").json] == [("vip", 4)]


def test_a_note_is_named_by_its_noun(book: Crm) -> None:
    assert book("history", "note:1").out == book("history", "interaction:1").out
    assert book("note", "show", "note:1").out == book("note", "show", "1").out
    assert book("note", "edit", "note:1", "minutes=3").out == "changed interaction:1\n"
    done = book("timeline", "note:1")
    assert (done.code, "an interaction has no timeline" in done.err) == (2, True), done
    done = book("lead", "edit", "note:1", "owner=me")
    assert (done.code, "'note:1' names an interaction, not a lead" in done.err) == (3, True), done
    assert "crm note show 1" in done.err
    done = book("note", "show", "lead:1")
    assert (done.code, "'lead:1' names a lead, not an interaction" in done.err) == (3, True), done
    done = book("note", "show", "77")
    assert (done.code, "'crm note list' shows them" in done.err) == (3, True), done


def test_the_ids_of_a_timeline_are_those_of_what_was_said(book: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("deal", "move", "4", "qualified"), ("deal", "won", "4"), ("note", "add", "deal:4", "signed")):
        assert book(*words).code == 0
    ids = book("timeline", "deal:4", "-o", "ids").out
    assert sorted(ids.split()) == ["interaction:2", "interaction:4"]
    assert len(book("timeline", "deal:4").out.splitlines()) > 3
    monkeypatch.setattr("sys.stdin", io.StringIO(ids))
    assert book("note", "remove", "-").out == "removed 2 interactions\n"
    assert book("timeline", "deal:4", "-o", "ids").out == ""
    monkeypatch.setattr("sys.stdin", io.StringIO("lead:1\n"))
    done = book("note", "remove", "-")
    assert (done.code, "lead:1 on standard input is not an interaction" in done.err) == (2, True), done


def test_a_preview_of_notes_shows_what_they_say(book: Crm) -> None:
    done = book("note", "edit", "kind:note", "minutes=3", "--dry-run")
    assert done.out.splitlines()[:3] == [
        "id\tbody\tminutes",
        "1\tmet at PyCon\t(empty) -> 3",
        "3\tlikes tea\t(empty) -> 3",
    ], done
    done = book("note", "edit", "1", "body=met at EuroPython", "--dry-run")
    assert done.out.splitlines()[:2] == ["id\tbody", "1\tmet at PyCon -> met at EuroPython"], done
    done = book("note", "remove", "1", "--dry-run")
    assert done.out.splitlines()[1].startswith("interaction:1\tmet at PyCon\t"), done


def test_what_was_typed_is_kept_where_it_cannot_be_saved(
    book: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\necho "an hour of work" > "$1"\n')
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    done = book("note", "add", "lead:1", "--at", "tomorrow")
    assert done.code == 2
    kept = next(line for line in done.err.splitlines() if "your text is kept in" in line).split(" in ")[1]
    assert Path(kept).read_text() == "an hour of work\n"
    assert bodies(book, "lead:1") == ["met at PyCon"]


def test_an_edit_in_the_editor_does_not_go_over_what_came_meanwhile(
    book: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "editor"
    script.write_text(
        f'#!/bin/sh\nEDITOR= {sys.executable} -m crmcli note edit 1 "their text" >&2\necho "my text" > "$1"\n'
    )
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    done = book("note", "edit", "1")
    assert (done.code, "was changed meanwhile, to: their text" in done.err) == (4, True), done
    assert "your text is kept in" in done.err
    assert bodies(book, "id:1") == ["their text"]
