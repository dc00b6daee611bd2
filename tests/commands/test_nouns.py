"""Every other command, as it is typed."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.text import width

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Crm


@pytest.mark.parametrize(
    "words", ["-q --fail-under 1", "-o json --fail-under 1", "-ojson --fail-under=1", "-qy --fix", "--dry-run --fix"]
)
def test_an_option_that_every_command_has_may_stand_before_those_of_the_verb_that_runs_unnamed(
    crm: Crm, words: str
) -> None:
    assert crm("doctor", *words.split()).code == 0
    refused = crm("doctor", "-q", "--nope")
    assert (refused.code, refused.err.startswith("crm: no such option: --nope")) == (2, True)


@pytest.mark.parametrize(
    "line",
    [
        "lead list stage:new,qualified tag:vip not owner:me value:1k..",
        "lead",
        "deal list --sort -value",
        "contact list",
        "company list",
        "company show engines.example",
        "task list",
        "pipeline",
        "pipeline Sales",
        "pipeline owner:me",
        "pipeline Sales owner:me",
        "pipeline list",
        "stage",
        "stage list",
        "today",
        "agenda",
        "agenda week owner:me",
        "agenda next week",
        "agenda month --deals --done -o json",
        "agenda show --owner me",
        "agenda free -q",
        "agenda free -q --duration 45m --within 2026-12 --hours 8-12,13-18 --any-day -n 3",
        "",
        "brief contact:1",
        "brief contact:1 -o json",
        "timeline lead:1",
        "search lovelace engines",
        "search lovelace --best",
        "lookup +982188887777",
        "lookup ada@engines.example",
        "tag list",
        "report",
        "report pipeline",
        "view list",
        "history lead:1",
        "undo --list",
        "config list",
        "config list --origin",
        "config get currency",
        "db path",
        "db check",
        "db check --deep",
        "fields",
        "fields deal",
        "paths",
        "plugin list",
        "user list",
        "calendar export",
        "calendar export owner:me --todo",
        "--help",
        "lead --help",
        "lead add --help",
        "-h",
        "db",
        "note",
    ],
)
def test_reading_commands_work(crm: Crm, line: str) -> None:
    found = crm(*line.split())
    assert (found.code, found.err) == (0, "")
    assert found.out


@pytest.mark.parametrize(
    "line",
    [
        "crm pipeline add Partners New Talking Signed",
        "crm pipeline edit Sales name=Direct",
        "crm stage add Negotiation --after Proposition probability=80",
        "crm stage edit Proposition name=Offer",
        "crm stage reorder Qualified New Proposition Won",
        "crm stage remove Qualified",
        "crm tag rename vip top",
        "crm tag colour vip red",
        "crm tag remove vip lead:1",
        "crm tag add hot deal:4",
        "crm tag add hot --for contact id:1",
        "crm view save hot stage:new",
        "crm user add grace --full-name Grace",
        "crm config set currency USD",
        "crm note add lead:1 hello",
        "crm log call lead:1 silence --at yesterday --minutes 5 --out",
    ],
)
def test_writing_commands_work(crm: Crm, line: str) -> None:
    found = crm(*line.split()[1:])
    assert found.code == 0, found.err


def test_every_verb_has_help_that_fits_the_screen(crm: Crm) -> None:
    from crmcli.commands.root import TABLE, load

    for noun, entry in TABLE.items():
        command = load(noun)
        verbs = command.list_commands(None) if entry.group else [None]
        for verb in verbs:
            found = crm(noun, *([verb] if verb else []), "--help")
            assert found.code == 0
            assert found.out.startswith("Usage: crm")
            body = found.out.partition("Examples:")[0].partition("\n\n")[2]
            assert max(len(line) for line in body.splitlines()) <= 80, (noun, verb)


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("lead show", "crm lead show [OPTIONS] WHICH"),
        ("lead list", "crm lead list [OPTIONS] [WORDS]..."),
        ("lead move", "crm lead move [OPTIONS] WHICH... STAGE"),
        ("note add", "crm note add [OPTIONS] RECORD [TEXT|-]"),
        ("config set", "crm config set [OPTIONS] NAME VALUE"),
    ],
)
def test_usage_names_arguments_without_braces(crm: Crm, words: str, usage: str) -> None:
    assert crm(*words.split(), "--help").out.splitlines()[0] == f"Usage: {usage}"


def test_usage_errors_name_arguments_without_braces(crm: Crm) -> None:
    assert "  crm config set [OPTIONS] NAME VALUE\n" in crm("config", "set").err


def test_a_kind_of_record_among_the_words_of_a_tag_is_not_searched_for(crm: Crm) -> None:
    for verb in ("add", "remove"):
        refused = crm("tag", verb, "hot", "deal", "is:any")
        assert refused.code == 2
        assert f"crm tag {verb} hot --for deal is:any" in refused.err
    assert crm("tag", "add", "hot", "--for", "deal", "is:any").code == 0
    assert crm("deal", "list", "tag:hot", "-o", "ids").out == "4\n"
    assert crm("tag", "add", "hot", "--for", "lead", "deal", "is:any").code == 0  # here it is a word to look for
    assert crm("lead", "list", "tag:hot", "-o", "ids").out == ""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("lead lst", "crm lead list"), ("lead ls", "crm lead list"), ("lead lose", "crm lead lost"),
        ("lead rm", "crm lead remove"), ("task delete", "crm task remove"), ("lead sho", "crm lead show"),
        ("deal creat", ""), ("task mov", ""), ("lead frobnicate", ""), ("led", "crm lead"), ("status", ""),
    ],
)  # fmt: skip
def test_a_verb_that_writes_is_not_suggested_lightly(crm: Crm, words: str, meant: str) -> None:
    found = crm(*words.split())
    assert found.code == 2
    assert (f"did you mean '{meant}'?" if meant else "--help' lists the commands") in found.err


@pytest.mark.parametrize(
    "words", ["search ada -n", "history lead:1 -n", "timeline lead:1 -n", "undo --list -n", "lead list -n", "undo"]
)
def test_a_number_of_rows_is_a_whole_one(crm: Crm, words: str) -> None:
    for odd in ("abc", "1.5", "9" * 20):
        found = crm(*words.split(), odd)
        assert found.code == 2
        assert f"'{odd}' is not a number of 0 or more" in found.err
    assert crm(*words.split(), "-1").code == 2
    if words != "undo":
        assert crm("log", "call", "lead:1", "hello").code == 0
        assert crm(*words.split(), "0").out.count("\n") > 1


def test_users(crm: Crm) -> None:
    assert crm("user", "add", "grace", "--full-name", "Grace Hopper").code == 0
    assert crm("user", "edit", "grace", "active=no").code == 0
    assert "grace\tGrace Hopper\t\tno" in crm("user", "list").out


def test_saved_view(crm: Crm) -> None:
    assert crm("view", "save", "hot", "tag:vip value:10k..").code == 0
    assert crm("lead", "list", "view:hot", "-o", "ids").out == "1\n"
    assert crm("view", "show", "hot", "--json").json["filter"] == "tag:vip value:10k.."
    assert crm("view", "remove", "hot").code == 0
    assert crm("view", "show", "hot").code == 3


def test_note_from_standard_input_and_from_an_editor(crm: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from crmcli.commands.editor import composed

    monkeypatch.setattr("sys.stdin", io.StringIO("several\nlines\n"))
    assert crm("note", "add", "lead:1", "-").code == 0
    assert crm("note", "add", "lead:1").code == 2
    seen = tmp_path / "mode"
    script = tmp_path / "editor"
    script.write_text(f'#!/bin/sh\nstat -c %a "$1" > {seen}\necho "typed" >> "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    with composed("Note on \x1blead:1", say=print) as text:
        assert text == "typed"
    assert seen.read_text() == "600\n"
    assert crm("note", "add", "lead:2").code == 0  # as git does: whoever sets an editor wants it, terminal or not
    assert "typed" in crm("timeline", "lead:2").out
    monkeypatch.setenv("VISUAL", "true")
    with composed("Note", say=print) as text:
        assert text == ""
    assert crm("note", "add", "lead:3").out == "the note is empty; nothing was saved\n"
    monkeypatch.setenv("VISUAL", "false")
    assert crm("note", "add", "lead:3").code == 1
    assert not list(tmp_path.rglob("note-*.md"))


def test_config(crm: Crm) -> None:
    assert crm("config", "set", "currency", "USD").code == 0
    found = crm("config", "get", "currency", "--origin").out.strip().split("\t")
    assert found[0] == "USD"
    assert found[1].endswith("config.toml")
    assert crm("config", "unset", "currency").code == 0
    assert crm("config", "get", "currency").out == "EUR\n"
    wrong = crm("config", "set", "currancy", "USD")
    assert wrong.code == 2
    assert "currency" in wrong.err


def test_sql_only_reads(crm: Crm) -> None:
    assert crm("sql", "select name from v_lead where id = 2").out == "name\nBob\n"
    assert crm("sql", "delete from opportunity").code == 2
    assert len(crm("lead", "list", "--json").json) == 3


def test_import_previews_and_is_taken_back(crm: Crm, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("Name,E-mail,Firm\nGrace,grace@navy.example,Navy\nBroken,nonsense,Navy\n")
    dry = crm("import", str(file), "--map", "Firm=company", "--dry-run")
    assert dry.code == 1
    assert "2 rows of leads" in dry.err
    assert "nonsense" in dry.out
    done = crm("import", str(file), "--as", "lead", "--map", "Firm=company")
    assert done.code == 1
    assert "line 3" in done.out
    assert "Firm" in done.err
    assert crm("import", str(file), "--map", "Firm=company", "--allow-rejects", "-q").code == 0
    assert crm("lead", "list", "grace", "-o", "ids").out.count("\n") == 1
    assert crm("undo").code == 0
    assert crm("lead", "list", "grace", "-o", "ids").out == ""
    assert crm("import", str(file), "--map", "nonsense").code == 2
    assert crm("import", str(tmp_path / "none.csv")).code == 3


def test_import_as_json(crm: Crm, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("Name,E-mail\nGrace,grace@navy.example\n")
    found = json.loads(crm("import", str(file), "--as", "lead", "--json", "-q").out)
    assert (found["rows"], found["new"], found["ok"]) == (1, 1, True)


def test_export_in_many_formats(crm: Crm) -> None:
    assert crm("export", "leads", "source:web", "--columns", "id,name").out == "id,name\n1,Ada Lovelace\n2,Bob\n"
    assert crm("export", "leads", "-o", "ids").out == "1\n2\n3\n"
    assert [row["id"] for row in crm("export", "leads", "--json").json] == [1, 2, 3]
    assert crm("export", "leads", "-o", "nope").code == 2
    assert crm("export", "cars").code == 2
    for words in ("contacts -o vcf --lossless", "book --lossless", "book --vcard-version 4.0"):
        refused = crm("export", *words.split())
        assert (refused.code, refused.out) == (2, ""), words
        assert len(refused.err.splitlines()) == 2, "it says what to do"


def test_the_dashboard_needs_a_terminal(crm: Crm) -> None:
    found = crm("tui")
    assert found.code == 2
    assert "terminal" in found.err


def test_a_backup_is_put_back(crm: Crm, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.db")
    assert crm("db", "backup", copy).code == 0
    assert crm("db", "backup", copy).code == 4
    assert crm("db", "backup", copy, "--force").code == 0
    crm("lead", "add", "after the backup")
    assert crm("db", "restore", copy).code == 2
    assert crm("lead", "list", "-o", "ids").out.count("\n") == 4
    assert crm("db", "restore", copy, "--yes").code == 0
    assert crm("lead", "list", "-o", "ids").out.count("\n") == 3
    assert crm("db", "check", "--deep").code == 0


def test_a_view_says_what_it_is_saved_in_place_of(crm: Crm) -> None:
    assert crm("view", "save", "hot", "value:1k..", "--for", "deal", "-c", "id,name", "-s", "-value").code == 0
    done = crm("view", "save", "hot", "value:3k..")
    assert done.out.splitlines()[1] == (
        "in place of: filter value:1k.., --for deal, --columns id,name, --sort -value; 'crm undo' brings that back"
    ), done
    assert len(crm("view", "save", "hot", "value:3k..").out.splitlines()) == 1
    assert len(crm("view", "save", "hot", "value:3k..", "-s", "name").out.splitlines()) == 1


def test_a_view_that_others_are_made_of_is_not_removed_lightly(crm: Crm) -> None:
    for name, text in (("hot", "value:1k.."), ("hot2", "view:hot tag:vip"), ("hot3", "not view:hot2"), ("cold", "x")):
        assert crm("view", "save", name, text).code == 0
    done = crm("view", "remove", "hot")
    assert (done.code, "the view hot is used by the view hot2, the view hot3" in done.err) == (5, True), done
    assert crm("lead", "list", "view:hot3").code == 0
    assert crm("view", "remove", "cold").code == 0
    assert crm("view", "remove", "hot", "--yes").code == 0
    done = crm("view", "remove", "hot")
    assert (done.code, "there is no saved view 'hot'" in done.err) == (3, True), done


def test_a_page_in_a_pipe_has_one_calendar(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    assert crm("note", "add", "deal:4", "I will send the drawings.").code == 0
    for words in (("brief", "deal:4"), ("lookup", "ada@engines.example")):
        shown = crm(*words).out
        assert "1405-" in shown, shown
        assert "2026-" not in shown, shown
    assert not re.search(r"1405-\d\d-\d\d", crm("lookup", "ada@engines.example", "-o", "json").out)
    assert crm("brief", "deal:4", "-o", "json").json["last_touch"] == "2026-11-21T09:00:00.000Z"
    for words in (("lead", "list", "--columns", "id,created_at"), ("timeline", "deal:4")):
        assert "2026-11-2" in crm(*words).out
        assert "2026-11-2" in crm(*words, "-o", "csv").out


ADDRESS = re.compile(r"http://127\.0\.0\.1:8765/feeds/[\w-]{22}\.ics")


@pytest.mark.parametrize("verb", [("add", "mine", "owner:me"), ("rotate", "hers")])
def test_the_address_of_a_feed_is_said_in_every_form_and_its_digest_in_none(crm: Crm, verb: tuple[str, ...]) -> None:
    """It is said once, and a lost one is made anew: no option may swallow it."""
    assert crm("calendar", "feed", "add", "hers").code == 0
    said = {}
    for words in ((), ("-q",), ("--json",), ("-o", "jsonl"), ("-o", "csv"), ("-o", "tsv"), ("-o", "md")):
        found = crm("calendar", "feed", *verb, *words)
        assert found.code == 0, words
        (said[words],) = ADDRESS.findall(found.out.replace("\\", ""))  # Markdown has one before _
        assert "hash" not in found.out
        assert not re.search(r"[0-9a-f]{64}", found.out + found.err), words
        assert crm("undo", "-q").code == 0
    assert len(set(said.values())) == len(said)
    quiet = crm("calendar", "feed", *verb, "-q")
    assert ADDRESS.fullmatch(quiet.out.rstrip("\n"))
    crm("undo", "-q")
    assert ADDRESS.fullmatch(crm("calendar", "feed", *verb, "--json").json["address"])


def test_a_rehearsed_feed_has_neither_address_nor_digest(crm: Crm) -> None:
    for verb in (("add", "mine", "owner:me"), ("add", "mine"), ("rotate", "mine"), ("remove", "mine")):
        for form in ((), ("--json",), ("-q",), ("-o", "csv")):
            tried = crm("calendar", "feed", *verb, "--dry-run", *form)
            assert not ADDRESS.search(tried.out + tried.err)
            assert not re.search(r"[0-9a-f]{64}|hash", tried.out + tried.err), (verb, form)
        crm("calendar", "feed", *verb, "-q")
    told = crm("undo", "--dry-run")
    assert told.code == 0
    assert not re.search(r"[0-9a-f]{64}|hash", told.out + told.err)


def test_programs_get_the_whole_day_and_people_the_first_of_each_part(crm: Crm) -> None:
    for number in range(25):
        assert crm("task", "add", f"late {number}", "--due", "2026-11-01", "-q").code == 0
    assert len(crm("today", "--json").json["overdue"]) == 25
    for form in ((), ("-o", "tsv"), ("-o", "csv"), ("-o", "md"), ("-o", "ids"), ("-o", "jsonl")):
        assert sum("task:" in line for line in crm("today", *form).out.splitlines()) == 26, form
    table = crm("today", "-o", "table").out
    assert "Overdue (25, the first 20)" in table
    assert table.count("late ") == 20


def test_the_day_fits_a_narrow_screen_with_its_figures_and_its_next_steps(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and what they are about give way: how long something waits, and what to type, are whole."""
    monkeypatch.setenv("CRM_NOW", "2026-07-20T10:00:00+00:00")
    firm = "company=Lanternfield Hotels and Resorts"
    crm("deal", "add", "Lanternfield Hotels: the second site", firm)
    crm("log", "call", "deal:5", "spoke of the offer at length")
    crm("contact", "add", "Wilhelmina Featherstonehaugh", firm, "rhythm=30d")
    monkeypatch.setenv("CRM_NOW", "2026-11-01T10:00:00+00:00")
    assert crm("log", "email", "contact:2", "Thanks for the offer, we shall look at it", "--in").code == 0
    monkeypatch.setenv("CRM_NOW", "2026-12-01T10:00:00+00:00")
    rows = [(key, row) for key, part in crm("today", "--json").json.items() if isinstance(part, list) for row in part]
    assert {key for key, _ in rows} >= {"no_next_task", "silent", "owed"}
    for columns in (80, 90, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        text = crm("today", "-o", "table").out
        assert all(width(line) <= columns for line in text.splitlines())
        for key, row in rows:
            assert row["next"] in text, (columns, key)
            assert row["when"] in text or (columns, key) == (80, "no_next_task"), (columns, key)
    monkeypatch.setenv("COLUMNS", "80")
    shown = crm("--db", str(crm.path), "today", "-o", "table").out
    assert all(row["when"] in shown for _, row in rows), "where the command is wider than the screen"
