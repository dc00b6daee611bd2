"""The manners of a program in a shell: help, formats, pipes, odd terminals, exit codes."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.__main__ import main
from crmcli.commands.root import make_root
from crmcli.domain.text import width
from tests.support import books
from tests.support.program import environment
from tests.support.terminal import at_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.conftest import Crm

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def commands() -> list[tuple[str, ...]]:
    """The words of every command and group."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        if hasattr(command, "list_commands"):
            for name in command.list_commands(None):
                found = command.get_command(None, name)
                if found is not None and not getattr(found, "hidden", False):
                    yield from below(found, (*words, name))

    root = make_root()
    found: list[tuple[str, ...]] = [()]
    for name in root.list_commands(None):
        found += below(root.get_command(None, name), (name,))
    return found


@pytest.fixture(scope="module")
def full_template(book_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book with enough of everything that a pipe fills."""
    path = books.copy_file(book_template, tmp_path_factory.mktemp("full") / "crm.db")
    sheet = path.parent / "leads.csv"
    rows = (f"سرنخ شماره {n},علی رضایی,علی{n}@x.example,{n}.50,vip" for n in range(1500))
    sheet.write_text("Name,Contact name,Description,Value,Tags\n" + "\n".join(rows) + "\n")
    for words in (
        ("import", str(sheet), "--as", "lead", "--yes"),
        ("deal", "add", "Big deal", "--company", "Acme", "--contact", "Zoë Ångström", "--value", "5000"),
        ("task", "add", "Call Zoë", "--on", "deal:1501", "--due", "today"),
        ("note", "add", "deal:1501", "first\nsecond"),
        ("view", "save", "hot", "lead", "tag:vip"),
    ):
        env = {**environment(books.NOW), "CRM_DB": str(path), "CRM_HOME": str(path.parent / "home"), "USER": "tester"}
        subprocess.run(
            [sys.executable, "-m", "crmcli", *words], env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL
        )
    return path


@pytest.fixture
def full_book(full_template: Path, book_path: Path) -> Path:
    """The test's own copy of the full book."""
    return books.copy_file(full_template, book_path)


# --- help -----------------------------------------------------------------------------------------------------------


def test_every_command_helps_within_80_columns(book_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = commands()
    assert len(found) > 80
    wrong = []
    for words in found:
        code = main([*words, "--help"])
        out, err = capsys.readouterr()
        lines = out.splitlines()
        if code or err or not lines or not lines[0].startswith("Usage: crm"):
            wrong.append(f"{words}: {code} {out} {err}")
        wrong += [f"{words}: {len(line)} columns: {line}" for line in lines if len(line) > 80]
    assert not wrong, "\n".join(wrong)


def test_help_needs_no_book_and_makes_none(crm: Crm, book_path: Path) -> None:
    book_path.unlink()
    for words in (
        ("--help",),
        ("lead", "--help"),
        ("lead", "add", "--help"),
        ("--version",),
        ("fields", "lead"),
        ("paths",),
        ("config", "list"),
    ):
        assert crm(*words).returncode == 0, words
    assert not book_path.exists()


# --- formats --------------------------------------------------------------------------------------------------------

LISTS = (
    ("lead", "list"),
    ("deal", "list"),
    ("contact", "list"),
    ("company", "list"),
    ("task", "list"),
    ("tag", "list"),
    ("user", "list"),
    ("stage", "list"),
    ("view", "list"),
    ("config", "list"),
    ("plugin", "list"),
    ("fields", "lead"),
    ("undo", "--list"),
    ("history", "deal:1501"),
    ("timeline", "deal:1501"),
    ("pipeline",),
    ("today",),
    ("brief", "deal:1501"),
    ("deal", "show", "1501"),
    ("search", "zoe"),
    ("report", "pipeline"),
    ("report", "win-loss"),
    ("paths",),
    ("sql", "select * from v_deal"),
    ("db", "check"),
    ("lead", "list", "name:=nobody"),
    ("lookup", "none@x.example"),
)


#: Lists of what is no record: to ask for ids there is a mistake, never an empty answer.
WITHOUT_IDS = {"view", "plugin", "config", "fields", "undo", "history", "pipeline", "report", "paths", "db"}


#: Lists that may have nothing in them; only rows of JSON and ids say that with nothing at all.
HOLLOW = (("lead", "list", "name:=nobody"), ("plugin", "list"))


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv", "md", "ids", "table"])
def test_every_list_in_every_format_parses(full_book: Path, crm: Crm, form: str) -> None:
    wrong = []
    for words in LISTS:
        done = crm(*words, "-o", form)
        try:
            if form == "ids" and words[0] in WITHOUT_IDS:
                assert done.returncode == 2
                assert "no record numbers" in done.stderr
                continue
            assert done.returncode in ((0, 3) if words[0] == "lookup" else (0,))
            assert "Traceback" not in done.stderr
            if done.returncode == 0:
                assert done.stdout or (form in ("jsonl", "ids") and words in HOLLOW)
                parse(form, done.stdout)
        except (AssertionError, ValueError) as error:
            wrong.append(f"{words}: {error}: {done}"[:900])
    assert not wrong, "\n".join(wrong)


def parse(form: str, text: str) -> None:
    """Raise where text is not of its format."""
    if form == "json":
        json.loads(text)
    elif form == "jsonl":
        for line in text.splitlines():
            assert isinstance(json.loads(line), dict)
    elif form == "csv":
        assert len({len(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)}) == 1
    elif form == "tsv":
        assert len({line.count("\t") for line in text.splitlines()}) == 1
    elif form == "md":
        for lines in map(str.splitlines, re.split(r"\n\n## .+\n\n", text)):  # the lists under a record
            assert set(lines[1]) == {"|", "-"}
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
    elif form == "ids":
        assert all(re.fullmatch(r"([a-z_]+:)?\d+", line) for line in text.splitlines())
    else:
        assert not ESCAPE.search(text)


def test_formats_agree(full_book: Path, crm: Crm) -> None:
    words = ("lead", "list", "--limit", "20", "--sort", "-value", "--columns", "id,name,value")
    rows = json.loads(crm(*words, "-o", "json").stdout)
    assert [json.loads(line) for line in crm(*words, "-o", "jsonl").stdout.splitlines()] == rows
    cells = list(csv.reader(io.StringIO(crm(*words, "-o", "csv").stdout)))[1:]
    assert [(int(c[0]), c[1], float(c[2])) for c in cells] == [(r["id"], r["name"], r["value"]) for r in rows]
    assert [int(line) for line in crm(*words, "-o", "ids").stdout.split()] == [row["id"] for row in rows]
    assert [int(line.split("\t")[0]) for line in crm(*words, "-o", "tsv").stdout.splitlines()[1:]] == [
        row["id"] for row in rows
    ]


# --- pipes ----------------------------------------------------------------------------------------------------------


def shell(script: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash in which `$CRM` is the program."""
    env = {**environment(), "CRM": f"{sys.executable} -m crmcli", **more}
    return subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize("form", ["table", "csv", "json", "jsonl", "tsv"])
def test_a_reader_that_goes_away_is_no_trouble(full_book: Path, form: str) -> None:
    done = shell(
        f"$CRM lead list --limit 0 --columns all -o {form} | head -1; echo ${{PIPESTATUS[0]}} >&2", PYTHONUNBUFFERED="1"
    )
    assert len(done.stdout.splitlines()) == 1
    # A table of this book fits into the pipe, where it can be written before its reader goes.
    assert done.stderr in ((b"0\n", b"141\n") if form == "table" else (b"141\n",)), done


def test_a_pipeline_that_ends_early_is_a_success(full_book: Path) -> None:
    for line in ("$CRM lead list --limit 0 -o json | head -1", "$CRM lead list | true"):
        done = shell(line)
        assert (done.returncode, done.stderr) == (0, b""), done


def test_ids_feed_the_next_command(full_book: Path, crm: Crm) -> None:
    done = shell("$CRM lead list value:1490.. -o ids | $CRM tag add hot - && $CRM lead list tag:hot -o ids | wc -l")
    assert done.stdout.split()[-1] == b"10", done
    assert crm("lead", "edit", "-", "owner=tester", input="").returncode == 0
    assert crm("lead", "edit", "-", "owner=tester", input="x\n").returncode == 2


def test_all_ids_of_a_long_list_can_be_fed(full_book: Path, crm: Crm) -> None:
    ids = crm("lead", "list", "--limit", "0", "-o", "ids").stdout
    assert len(ids.split()) == 1500
    done = crm("lead", "edit", "-", "tags=+fed", "--yes", input=ids)
    assert done.returncode == 0, done
    assert crm("lead", "list", "tag:fed", "--limit", "0", "-o", "ids").stdout.count("\n") == 1500


# --- nobody there ---------------------------------------------------------------------------------------------------

#: What asks or reads, and what it says instead: to an empty standard input, and to a closed one.
ASKING = {
    "lead remove is:any": ("2 wants a yes", "2 wants a yes"),
    "lead purge 1": ("2 wants a yes", "2 wants a yes"),
    "lead edit is:any owner=x": ("2 wants a yes", "2 wants a yes"),
    "db restore /dev/null": ("2 wants a yes", "2 wants a yes"),
    "note add lead:1": ("2 which text?", "2 which text?"),
    "tui": ("2 needs a terminal", "2 needs a terminal"),
    "demo": ("5 not empty", "5 not empty"),
    "import /dev/null": ("1 not a regular file", "1 not a regular file"),
    "plugin enable none": ("3 no plugin", "3 no plugin"),
    "lead edit - owner=x": ("0 ", "2 standard input is closed"),
    "note add lead:1 -": ("2 a note needs a text", "2 a note needs a text"),
}


@pytest.mark.parametrize("words", ASKING)
def test_without_a_terminal_nothing_waits_for_an_answer(full_book: Path, words: str) -> None:
    for closed, expected in zip(("</dev/null", "<&-"), ASKING[words], strict=True):
        started = time.monotonic()
        done = shell(f"exec $CRM {words} {closed}")
        assert time.monotonic() - started < 20
        assert b"Traceback" not in done.stderr
        assert b"this is a bug" not in done.stderr, done
        code, _, said = expected.partition(" ")
        assert (done.returncode, said in done.stderr.decode()) == (int(code), True), done


# --- terminals ------------------------------------------------------------------------------------------------------


def test_colour_is_for_terminals_that_want_it(full_book: Path, crm: Crm) -> None:
    assert "\x1b" not in crm("lead", "list", "-o", "table").stdout
    code, shown = at_terminal("deal", "list")
    assert code == 0
    assert "\x1b[" in shown
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        code, shown = at_terminal("deal", "list", env=env)
        assert code == 0
        assert "\x1b" not in shown, env
    assert "\x1b[" in crm("lead", "list", "-o", "table", "--color", "always").stdout
    assert "\x1b" not in crm("lead", "list", "-o", "table", "--color", "never", env={"FORCE_COLOR": "1"}).stdout


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_tables_keep_to_the_screen(full_book: Path, columns: int) -> None:
    for words in (("lead", "list", "--limit", "5"), ("today",), ("pipeline",), ("deal", "show", "1501")):
        if columns < 40 and words[1:] != ("list", "--limit", "5"):
            continue  # a field's name and a word of its value, or a title, want more
        code, shown = at_terminal(*words, columns=columns)
        assert code == 0, shown
        for line in ESCAPE.sub("", shown).splitlines():
            assert width(line) <= columns or line.startswith("more: --page "), (words, line)


@pytest.mark.parametrize("columns", ["20", "1", "0", "-5", "x", "99999999999999999999"])
def test_any_width_is_survived(full_book: Path, crm: Crm, columns: str) -> None:
    for words in (
        ("lead", "list", "-o", "table"),
        ("deal", "show", "1501", "-o", "table"),
        ("lead", "add", "--help"),
        ("today", "-o", "table"),
    ):
        done = crm(*words, env={"COLUMNS": columns})
        assert done.returncode == 0, done
        assert "bug" not in done.stderr


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C", "LANG": "C"}, {"LC_ALL": "POSIX", "LANG": ""}, {"PYTHONIOENCODING": "ascii"}],
    ids=["C", "POSIX", "ascii"],
)
def test_persian_names_in_a_c_locale(full_book: Path, env: dict[str, str]) -> None:
    for form in ("table", "tsv", "csv", "json"):
        done = shell(f"$CRM lead list --limit 1 -o {form}", **env)
        assert done.returncode == 0, done
        assert "سرنخ شماره" in done.stdout.decode(), done
    done = shell("$CRM lead show nobody-علی", **env)
    assert done.returncode == 3, done
    assert b"Traceback" not in done.stderr
    done = shell("$CRM lead add 'زهرا' && $CRM lead list 'name:=زهرا' -o json", **env)
    assert "زهرا" in done.stdout.decode(), done
    code, shown = at_terminal("lead", "list", "--limit", "1", env=env)
    assert code == 0, shown
    assert "Traceback" not in shown


def test_an_empty_environment(full_book: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crmcli", "--db", str(full_book), "lead", "list", "--limit", "1"],
        env={"PYTHONPATH": environment()["PYTHONPATH"]},
        capture_output=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done


# --- exit codes -----------------------------------------------------------------------------------------------------


def test_exit_codes_are_those_of_the_help(full_book: Path, crm: Crm) -> None:
    for words, code in (
        (("lead", "list"), 0),
        (("lead", "list", "name:=nobody"), 0),
        (("lead", "list", "--limit", "x"), 2),
        (("lead", "list", "x:y"), 2),
        (("lead", "remove", "is:any"), 2),
        (("nothing",), 2),
        (("lead", "show", "99999"), 3),
        (("report", "none"), 3),
        (("undo", "99999"), 3),
        (("db", "init"), 4),
        (("--db", "/dev/null", "lead", "list"), 1),
        (("lead", "remove", "name:=nobody"), 0),
        (("--version",), 0),
        (("--help",), 0),
    ):
        done = crm(*words)
        assert done.returncode == code, done
    assert crm("--help").stdout.count("130 interrupted") == 1
