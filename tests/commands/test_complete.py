"""Completion: what TAB offers, and what it never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.commands.complete import bash, rejoined, split, zsh

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Crm


def tab(crm: Crm, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What bash would be offered with these words, which it has taken apart at : and =."""
    monkeypatch.setenv("_CRM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(["crm", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    found = crm()
    assert (found.code, found.err) == (0, "")
    return found.out.splitlines()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("le",), "lead"),
        (("lead", ""), "list"),
        (("lead", "sh"), "show"),
        (("lead", "list", "--so"), "--sort"),
        (("lead", "list", "-o", "js"), "jsonl"),
        (("lead", "list", "st"), "stage:"),
        (("lead", "list", "stage", ":"), "New"),
        (("lead", "list", "stage", ":", "qu"), "Qualified"),
        (("lead", "list", "stage", ":", "New,q"), "New,Qualified"),
        (("lead", "edit", "1", "sta"), "stage="),
        (("lead", "edit", "1", "stage", "=", "pro"), "Proposition"),
        (("lead", "list", "tag", ":", "v"), "vip"),
        (("task", "list", "due", ":", "+3"), "+3wd"),
        (("deal", "list", "is", ":", "w"), "won"),
        (("lead", "show", ""), "1  # Ada Lovelace"),
        (("lead", "show", "ad"), "Ada\\ Lovelace"),
        (("lead", "edit", "Ad"), "Ada\\ Lovelace"),
        (("lead", "show", "گر"), "گریس\\ هاپر"),
        (("lead", "show", "'ad"), "Ada Lovelace"),
        (("lead", "show", '"ad'), "Ada Lovelace"),
        (("lead", "convert", "1", "--to", ""), "company"),
        (("lead", "convert", "1", "--to", "contact,d"), "contact,deal"),
        (("brief", "contact", ":"), "1"),
        (("brief", "lead", ":"), "2  # Bob"),
        (("brief", "lead", ":", "ada"), "Ada\\ Lovelace"),
        (("brief", "charles"), "Charles\\ Babbage"),
        (("task", "add", "x", "--on", "engine"), "Engine\\ no.\\ 2"),
        (("task", "add", "x", "--type", "c"), "call"),
        (("lead", "list", "--columns", "id,na"), "id,name"),
        (("lead", "list", "owner", ":", "m"), "me"),
        (("deal", "list", "company", ":", "ana"), "Analytical\\ Engines"),
        (("pipeline", "Sa"), "Sales"),
        (("agenda", "ne"), "next-week"),
        (("agenda", "fr"), "free"),
        (("agenda", "week", "ty"), "type:"),
        (("agenda", "show", "mo"), "month"),
        (("agenda", "free", "--wi"), "--within"),
        (("remind", "lis"), "list"),
        (("remind", "ty"), "type:"),
        (("remind", "list", "dou"), "doubtful"),
        (("remind", "--vi"), "--via"),
        (("remind", "--via", "de"), "desktop"),
        (("report", "pi"), "pipeline"),
        (("fields", "de"), "deal"),
        (("config", "set", "cur"), "currency"),
        (("config", "set", "urgency.tag.v"), "urgency.tag.vip"),
        (("config", "get", "urgency.o"), "urgency.owed"),
        (("task", "list", "--sort", "-urg"), "-urgency"),
        (("deal", "list", "--columns", "id,+urg"), "id,+urgency"),
        (("task", "why", "Ca"), "Call\\ Ada"),
        (("task", "next", "due"), "due_on:"),
        (("--color", "ne"), "never"),
        (("stage", "edit", "Pr"), "Proposition"),
        (("tag", "add", "vi"), "vip"),
        (("export", "le"), "leads"),
        (("import", "x.csv", "--as", "in"), "interaction"),
        (("lead", "lost", "1", "--reason", "Too"), "Too\\ expensive"),
        (("log", "doc"), "document"),
        (("note", "add", "Ad"), "Ada\\ Lovelace"),
        (("note", "list", "dir"), "direction:"),
    ],
)
def test_offers(crm: Crm, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], offered: str) -> None:
    assert offered in tab(crm, monkeypatch, *words)


def test_records_are_offered_to_the_verbs_that_are_for_them(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert crm("task", "add", "Write").code == crm("task", "done", "2").code == 0
    assert crm("lead", "remove", "2").code == 0

    def numbers(*words: str) -> list[str]:
        return [line.split()[0] for line in tab(crm, monkeypatch, *words, "") if line[:1].isdigit()]

    assert numbers("task", "done") == numbers("task", "snooze") == ["1"]
    assert numbers("task", "reopen") == ["2"]
    assert numbers("task", "edit") == ["2", "1"]
    assert numbers("lead", "restore") == ["2"]
    assert "2" not in numbers("lead", "edit")
    for words in (("brief",), ("timeline",), ("log", "call"), ("note", "add"), ("task", "add", "x", "--on")):
        offered = tab(crm, monkeypatch, *words, "")
        assert ("contact:" in offered, "task:" in offered) == (True, False), words
    assert "task:" in tab(crm, monkeypatch, "history", "")


def test_what_is_in_the_book_is_offered_where_it_is_meant(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (
        "user add grace", "user add ada", "view save hot is:open --for task", "task add Write", "task add Done",
        "task done 3",
        "calendar feed add mine owner:me", "calendar feed add team", "occasion add Founded --on company:1 --date 06-15",
        "occasion add Wedding --on contact:1 --date 06-16", "rhythm set tag:vip 30d", "rhythm set company is:open 1y",
    ):  # fmt: skip
        assert crm(*words.split()).code == 0, words

    def offered(*words: str) -> list[str]:
        return [line.partition("  #")[0] for line in tab(crm, monkeypatch, *words)]

    assert offered("calendar", "import", "") == offered("calendar", "import", "f") == []
    assert "type:" in offered("calendar", "export", "ty")
    for verb in ("rotate", "remove"):
        assert offered("calendar", "feed", verb, "") == ["mine", "team"]
        assert offered("calendar", "feed", verb, "mine", "") == []
    assert offered("calendar", "feed", "add", "") == []
    assert offered("calendar", "feed", "add", "x", "view", ":") == ["hot"]
    assert offered("calendar", "feed", "add", "x", "ty") == ["type:"]
    assert offered("task", "delegate", "") == ["2", "1", *offered("task", "list", "")]
    assert offered("task", "delegate", "2", "gr") == ["grace"]
    assert {"ada", "grace", "due_on:"} < set(offered("task", "delegate", "2", ""))
    assert offered("task", "delegate", "2", "--to", "gr") == ["grace"]
    assert offered("task", "add", "x", "--needs", "") == ["2", "1"]
    assert offered("task", "add", "x", "--needs", "2,") == ["2,2", "2,1"]
    assert offered("task", "edit", "1", "needs", "=", "+") == ["+2", "+1"]
    assert offered("occasion", "remove", "") == offered("occasion", "edit", "") == ["2", "1"]
    assert offered("occasion", "remove", "2", "1") == ["1"]
    assert offered("occasion", "edit", "2", "da") == ["date="]
    assert offered("rhythm", "remove", "tag", ":") == offered("rhythm", "remove", "tag", ":", "v") == ["vip"]
    assert offered("rhythm", "remove", "company", "") == ["is:open"]
    assert offered("rhythm", "remove", "") == ["tag:vip", "contact", "company", "contact:", "company:"]


def test_never_makes_a_book_or_a_noise(crm: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = tmp_path / "none.db"
    assert "New" in tab(crm, monkeypatch, "--db", str(crm.path), "lead", "list", "stage", ":")
    assert tab(crm, monkeypatch, "--db", str(missing), "lead", "list", "stage", ":") == []
    assert not missing.exists()
    broken = tmp_path / "broken.db"
    broken.write_text("no database")
    assert tab(crm, monkeypatch, "--db", str(broken), "lead", "show", "") == []
    assert tab(crm, monkeypatch, "nonsense", "x") == []
    assert not crm.path.with_name("crm.db.lock").exists()


def test_fish_and_zsh(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "crm lead show ")
    monkeypatch.setenv("_CRM_COMPLETE", "complete_fish")
    assert "1\tAda Lovelace" in crm().out.splitlines()
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "is-args")
    assert crm().code == 0
    monkeypatch.setenv("_CRM_COMPLETE", "complete_zsh")
    assert '"1":"Ada Lovelace"' in crm().out


def test_names_of_records_in_every_shell(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "crm lead show Ad")
    monkeypatch.setenv("_CRM_COMPLETE", "complete_fish")
    assert crm().out == "Ada Lovelace\tlead:1\n"
    monkeypatch.setenv("_CRM_COMPLETE", "complete_zsh")
    assert '"Ada Lovelace":"lead 1"' in crm().out


def test_bash_shows_names_behind_numbers_alone_and_only_to_choose_from() -> None:
    several = [("lead:12", "Ada\n$(x)`y` 'z'"), ("lead:120", "Bob"), ("lead:", "Leads")]
    assert bash(several, "lead:1") == "12  # Ada x y z\n120  # Bob\n\n"
    assert bash([("12", "Ada")], "") == "12\n"
    assert bash([("list", "List"), ("lost", "Lose")], "l") == "list\nlost\n"
    assert bash([("a$b", ""), ("c*", "")], "", '"') == "a\\$b\n"
    assert bash([("O'Hara", "")], "", "'") == "O'\\''Hara\n"
    assert bash([("company:Ana B", "")], "company:A", '"') == "company:Ana B\n"


def test_words_of_the_shells() -> None:
    assert rejoined(["crm", "lead", "list", "stage", ":", "new"]) == ["crm", "lead", "list", "stage:new"]
    assert rejoined(["crm", "lead", "edit", "1", "owner", "=", ""]) == ["crm", "lead", "edit", "1", "owner="]
    assert rejoined(["crm", "lead", ""]) == ["crm", "lead", ""]
    assert split("crm lead list 'a b") == ["crm", "lead", "list", "'a b"]
    assert split("crm lead ") == ["crm", "lead", ""]


def test_names_cannot_reach_the_shell() -> None:
    hostile = [("$(reboot)", "x"), ("`reboot`", "y"), ("ok", "'$(reboot)'; \\"), ("a\nb", "")]
    text = zsh(hostile)
    assert "reboot)" not in text
    assert "`" not in text
    assert "$" not in text
    assert '"ok":"' in text
    assert bash(hostile, "") == "\\$\\(reboot\\)\n\\`reboot\\`\nok\n"
