"""What people and enemies type: every mistake gets one clear message and its exit code, every hostile text is stored
as it is and shown without harm."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import hostile

if TYPE_CHECKING:
    from tests.conftest import RunCrm
    from tests.faults.conftest import Crm
    from tests.support.program import Finished

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def told(done: Finished, code: int, *parts: str) -> str:
    """The message of a run that had to fail: in one voice, short, without a traceback and with nothing on stdout."""
    assert done.returncode == code, done
    assert done.stdout == "", done
    message = done.stderr
    assert message.startswith("crm: "), done
    assert "Traceback" not in message, done
    assert "this is a bug" not in message, done
    assert len(message) < 6000, done
    assert not hostile.RAW.search(message), done
    for part in parts:
        assert part in message, done
    return message


def numbers(done: Finished) -> list[int]:
    assert done.returncode == 0, done
    return [int(line) for line in done.stdout.split()]


# --- mistakes -------------------------------------------------------------------------------------------------------

MISTAKES = (
    # a word that the vocabulary does not know
    (("lead", "list", "naem:x"), 2, "did you mean 'name'"),
    (("lead", "list", "no:emial"), 2, "email"),
    (("lead", "list", "--sort", "naem"), 2, "did you mean 'name'"),
    (("lead", "list", "--columns", "id,naem"), 2, "did you mean 'name'"),
    (("lead", "list", "--columns", ","), 2, "--columns"),
    (("lead", "edit", "1", "naem=x"), 2, "did you mean 'name'"),
    (("lead", "add", "X", "naem=x"), 2, "naem"),
    (("leed", "list"), 2, "did you mean 'crm lead'"),
    (("lead", "lsit"), 2, "did you mean 'crm lead l"),
    (("lead", "list", "-o", "jsn"), 2, "json"),
    (("lead", "list", "view:nowhere"), 2, "nowhere"),
    (("fields", "leed"), 2, "lead"),
    (("config", "set", "colour", "red"), 2, "colour"),
    # malformed values
    (("lead", "list", "value:>5"), 2, "value:5.."),
    (("lead", "list", "value:5..x"), 2, "'x'"),
    (("lead", "list", "value:10..5"), 2, "value"),
    (("lead", "list", "created:frog"), 2, "frog"),
    (("lead", "list", "created:2026-02-30"), 2, "2026-02-30"),
    (("lead", "list", "stage:"), 2, "no:stage"),
    (("lead", "list", "(stage:new"), 2, "("),
    (("lead", "list", "x or"), 2, "or"),
    (("lead", "add", "X", "--value", "12,x"), 2, "value"),
    (("lead", "add", "X", "--value", "nan"), 2, "nan"),
    (("lead", "add", "X", "--value", "1e30"), 2, "1e30"),
    (("lead", "add", "X", "--email", "foo"), 2, "@"),
    (("lead", "add", "X", "--priority", "immense"), 2, "low"),
    (("deal", "add", "X", "--probability", "150%"), 2, "100"),
    (("deal", "add", "X", "--probability", "much"), 2, "percentage"),
    (("deal", "add", "X", "--close-on", "2026-13-45"), 2, "2026-13-45"),
    (("deal", "add", "X", "--stage", "nowhere"), 2, "Proposition"),
    (("task", "add", "X", "--due", "32:99"), 2, "32:99"),
    (("task", "add", "X", "--due", "soonish"), 2, "soonish"),
    (("lead", "add", ""), 2, "name"),
    (("lead", "add", "   "), 2, "name"),
    (("lead", "list", "--limit", "-1"), 2, "--limit"),
    (("lead", "list", "--limit", "many"), 2, "--limit"),
    (("lead", "list", "--limit", "9" * 20), 2, "--limit"),
    (("lead", "list", "--page", "zzz"), 2, "--page"),
    (("config", "set", "limit", "many"), 2, "limit"),
    (("config", "set", "calendar", "mayan"), 2, "jalali"),
    # what is not there
    (("lead", "show", "99"), 3, "99"),
    (("lead", "show", "9" * 30), 3, "lead"),
    (("lead", "edit", "9" * 30, "owner=x"), 3, "lead"),
    (("lead", "show", "Nobody"), 3, "Nobody"),
    (("deal", "show", "1"), 3, "crm lead show 1"),
    (("history", "lead:99"), 3, "99"),
    (("history", "lead:"), 3, "lead:"),
    (("undo", "999"), 3, "999"),
    (("undo", "9" * 30), 2, "number"),
    (("report", "nowhere"), 3, "pipeline"),
    (("--db", "/nowhere/crm.db", "lead", "list"), 3, "/nowhere/crm.db"),
    # what has no answer without a question
    (("lead", "show"), 2, "WHICH"),
    (("lead", "edit", "1"), 2, "FIELD=VALUE"),
    (("lead", "remove"), 2, "WHICH"),
    (("search", ""), 2, "search"),
    (("lead", "remove", "twin"), 2, "lead:2"),
    # what would harm
    (("sql", "delete from opportunity"), 2, "SELECT"),
    (("sql", "with x as (select 1) delete from opportunity"), 2, "SQL"),
    (("sql", "select 1; delete from opportunity"), 2, "one statement"),
    (("sql", "select load_extension('x')"), 2, "SQL"),
    (("sql", "selec"), 2, "SELECT"),
    (("lead", "list", "--sort", "name;drop table opportunity"), 2, "name;drop"),
    (("lead", "list", "--sort", "(select 1)"), 2, "(select 1)"),
    (("lead", "list", "--sort", "name--"), 2, "name--"),
    (("lead", "list", "--columns", "name as x"), 2, "name as x"),
    (("lead", "list", "--columns", "*"), 2, "*"),
)


@pytest.fixture
def twins(crm: Crm) -> Crm:
    """A book with lead:1 and two leads that have one name."""
    assert crm("lead", "add", "Ada", "--email", "ada@x.example", "--value", "5").returncode == 0
    assert crm("lead", "add", "Twin", "--company", "First").returncode == 0
    assert crm("lead", "add", "Twin", "--company", "Second").returncode == 0
    return crm


def test_every_mistake_has_its_message_and_code_and_changes_nothing(twins: Crm, book_path: Path) -> None:
    before = book_path.read_bytes()
    wrong = []
    for words, code, part in MISTAKES:
        try:
            told(twins(*words), code, part)
        except AssertionError as error:
            wrong.append(f"{words}: {str(error)[:600]}")
    assert not wrong, "\n\n".join(wrong)
    assert book_path.read_bytes() == before


def test_many_records_want_a_yes_and_are_shown_first(twins: Crm) -> None:
    for verb in (("edit", "is:any", "owner=x"), ("remove", "is:any"), ("lost", "is:any", "--reason", "x")):
        done = twins("lead", *verb)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert "Ada" in done.stderr
        assert "crm: " in done.stderr
        assert "--yes" in done.stderr
    assert twins("lead", "list", "-o", "ids").stdout == "3\n2\n1\n"


def test_an_ambiguous_name_lists_the_candidates(twins: Crm) -> None:
    message = told(twins("lead", "show", "twin"), 2, "First", "Second")
    assert [line.split()[0] for line in message.splitlines()[1:3]] == ["lead:2", "lead:3"]


def test_a_misspelt_field_is_never_an_empty_list(twins: Crm) -> None:
    for noun in ("lead", "deal", "contact", "company", "task"):
        told(twins(noun, "list", "nmae:x"), 2, "did you mean 'name'")


# --- arguments that are hardly text ---------------------------------------------------------------------------------

PLACES = (
    ("lead", "add", "@"),
    ("lead", "add", "X", "--company", "@"),
    ("lead", "add", "X", "--tag", "@"),
    ("lead", "add", "X", "--note", "@"),
    ("lead", "add", "X", "--stage", "@"),
    ("lead", "add", "X", "--owner", "@"),
    ("lead", "add", "X", "--phone", "@"),
    ("lead", "list", "@"),
    ("lead", "list", "name:@"),
    ("lead", "list", "name:=@"),
    ("lead", "list", "tag:@"),
    ("lead", "list", "--sort", "@"),
    ("lead", "list", "--columns", "@"),
    ("lead", "list", "--page", "@"),
    ("lead", "list", "-o", "@"),
    ("lead", "show", "@"),
    ("lead", "edit", "1", "name=@"),
    ("lead", "edit", "1", "@=x"),
    ("lead", "edit", "1", "tags=+@"),
    ("lead", "remove", "@"),
    ("tag", "add", "@", "1"),
    ("tag", "rename", "x", "@"),
    ("stage", "add", "@"),
    ("pipeline", "@"),
    ("note", "add", "lead:1", "@"),
    ("log", "call", "lead:1", "@"),
    ("log", "@", "lead:1", "x"),
    ("search", "@"),
    ("lookup", "@"),
    ("brief", "@"),
    ("timeline", "@"),
    ("history", "@"),
    ("undo", "@"),
    ("report", "@"),
    ("view", "save", "@", "lead", "x"),
    ("view", "save", "v", "lead", "@"),
    ("sql", "@"),
    ("sql", "select '@'"),
    ("fields", "@"),
    ("config", "get", "@"),
    ("config", "set", "@", "x"),
    ("config", "set", "user", "@"),
    ("user", "add", "@"),
    ("task", "add", "@"),
    ("task", "add", "X", "--due", "@"),
    ("task", "add", "X", "--on", "@"),
    ("plugin", "enable", "@"),
    ("db", "restore", "@"),
    ("db", "backup", "@"),
    ("lead", "convert", "1", "--to", "@"),
    ("lead", "lost", "1", "--reason", "@"),
    ("deal", "move", "1", "@"),
    ("@",),
    ("lead", "@"),
    ("--db", "@", "lead", "list"),
    ("--color", "@", "lead", "list"),
    ("import", "@"),
    ("export", "lead", "@"),
    ("calendar", "export", "@"),
)


def put(words: tuple[str, ...], text: bytes) -> list[bytes]:
    return [word.encode().replace(b"@", text) for word in words]


@pytest.mark.parametrize(
    ("text", "step"), [(b"\xff", 1), (b"\xed\xa0\x80x", 5), (b"ok \xc3", 7)], ids=["byte", "surrogate", "cut"]
)
def test_bytes_that_are_no_text_are_refused_or_harmless(twins: Crm, text: bytes, step: int, tmp_path: Path) -> None:
    wrong = []
    for words in PLACES[::step]:
        done = twins(*put(words, text), cwd=str(tmp_path))
        if (
            done.returncode not in (0, 2, 3)
            or b"this is a bug" in done.stderr_bytes
            or b"Traceback" in done.stderr_bytes
        ):
            wrong.append(f"{words}: {done}")
        done.stdout_bytes.decode()
        done.stderr_bytes.decode()
    assert not wrong, "\n\n".join(wrong)
    assert twins("db", "check", "--deep").returncode == 0
    shown = twins("lead", "list", "is:any", "--columns", "all", "-o", "json").stdout
    assert "\\ud" not in shown


def test_nul_in_text_from_a_file_is_refused(crm: Crm) -> None:
    crm("lead", "add", "Ada")
    told(crm("note", "add", "lead:1", "-", input=b"a\0b"), 2, "NUL")
    assert numbers(crm("timeline", "lead:1", "-o", "ids")) == []


def test_text_of_a_megabyte_is_kept_whole(crm: Crm) -> None:
    crm("lead", "add", "Ada")
    text = "سلام " * 200_000
    assert crm("note", "add", "lead:1", "-", input=text).returncode == 0
    kept = crm("sql", "select body from v_interaction", "-o", "json")
    assert json.loads(kept.stdout)[0]["body"].strip() == text.strip()
    assert crm("search", "سلام", "-o", "ids").stdout == "interaction:1\n"
    assert crm("db", "check", "--deep").returncode == 0


LONG = 100_000


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (("lead", "add", "@"), (0, 2)),
        (("lead", "add", "X", "--value", "@"), (2,)),
        (("lead", "add", "X", "--phone", "@"), (0, 2)),
        (("lead", "add", "X", "--email", "@"), (2,)),
        (("lead", "add", "X", "--priority", "@"), (2,)),
        (("deal", "add", "X", "--probability", "@"), (2,)),
        (("task", "add", "X", "--due", "@"), (2,)),
        (("task", "add", "X", "--due", "+@d"), (2,)),
        (("task", "add", "X", "--on", "lead:@"), (3,)),
        (("log", "call", "lead:1", "x", "--minutes", "@"), (2,)),
        (("lead", "list", "@"), (0,)),
        (("lead", "list", "value:@.."), (2,)),
        (("lead", "list", "id:@"), (2,)),
        (("lead", "list", "--limit", "@"), (2,)),
        (("lead", "show", "@"), (3,)),
        (("undo", "@"), (2,)),
        (("search", "@"), (0,)),
        (("lookup", "@"), (0, 2, 3)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and isinstance(value[0], str) else "",
)
def test_a_number_of_a_hundred_thousand_digits(crm: Crm, words: tuple[str, ...], codes: tuple[int, ...]) -> None:
    crm("lead", "add", "Ada")
    done = crm(*[word.replace("@", "9" * LONG) for word in words])
    assert done.returncode in codes, done.stderr[:600]
    assert len(done.stderr) < 6000
    assert "this is a bug" not in done.stderr, done.stderr


@pytest.mark.parametrize("odd", ["²", "+-5", "--5", "٣", "-0", "5.0.0", "0x10", "1_000", "½", "Ⅷ"])
def test_odd_numbers_are_understood_or_refused(crm: Crm, odd: str) -> None:
    for words in (
        ("task", "add", "X", f"priority={odd}"),
        ("task", "add", "X", f"minutes={odd}"),
        ("lead", "add", "X", f"value={odd}"),
        ("lead", "list", f"id:{odd}"),
        ("lead", "list", f"probability:{odd}.."),
        ("pipeline", odd),
        ("stage", "add", "S", f"probability={odd}"),
        ("lead", "show", odd),
    ):
        done = crm(*words)
        assert done.returncode in (0, 2, 3), done
        assert "this is a bug" not in done.stderr, done


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30_000 + "x" + ")" * 30_000,
        "not " * 25_000 + "x",
        " or ".join(["x"] * 20_000),
        " ".join(["a:b"] * 5_000),
        '"' * 50_001,
    ],
    ids=["brackets", "not", "or", "unknown", "quotes"],
)
def test_a_filter_bomb_is_refused_at_once(crm: Crm, text: str) -> None:
    told(crm("lead", "list", text, timeout=10), 2)


def test_a_long_filter_is_not_repeated_whole(crm: Crm) -> None:
    message = told(crm("lead", "list", "name:x " * 3000 + "value:>5"), 2, "'>' is not a sign")
    assert max(map(len, message.splitlines())) < 300
    caret = message.splitlines()[2].index("^")
    assert message.splitlines()[1][caret:].startswith("value:>5")


def test_names_that_look_like_options(crm: Crm) -> None:
    told(crm("lead", "add", "-rf"), 2, "-r")
    assert crm("lead", "add", "--", "-rf").returncode == 0
    assert numbers(crm("lead", "list", "-o", "ids", "--", "-rf")) == [1]
    assert "-rf" in crm("lead", "show", "--", "-rf").stdout
    assert crm("lead", "edit", "--", "-rf", "owner=--yes").returncode == 0
    assert crm("lead", "remove", "--", "-rf").returncode == 0


# --- hostile texts --------------------------------------------------------------------------------------------------


def test_what_goes_in_comes_out_of_json(hostile_book: Path, crm: Crm) -> None:
    rows = json.loads(
        crm(
            "lead", "list", "--limit", "0", "--sort", "id", "--columns", "name,company,description", "-o", "json"
        ).stdout
    )
    kept = [text.replace("\r\n", "\n").replace("\r", "\n").strip() for text in hostile.ALL]
    assert [row["description"].strip() for row in rows] == kept
    assert [row["name"] for row in rows] == [row["company"] for row in rows]
    assert [row["name"].split() for row in rows] == [text.split() for text in hostile.ALL]
    lines = crm(
        "lead", "list", "--limit", "0", "--sort", "id", "--columns", "description", "-o", "jsonl"
    ).stdout.splitlines()
    assert [json.loads(line)["description"].strip() for line in lines] == kept


def test_csv_gives_the_texts_back_without_a_formula(hostile_book: Path, crm: Crm) -> None:
    done = crm("lead", "list", "--limit", "0", "--sort", "id", "--columns", "id,description", "-o", "csv")
    rows = list(csv.reader(io.StringIO(done.stdout, newline="")))[1:]
    for (_, cell), text in zip(rows, hostile.ALL, strict=True):
        plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        assert cell.strip() in (plain, "'" + plain)
    assert not [cell for _, cell in rows if cell[:1] in set("=+-@\t＝") and cell not in ("-2+3", "-rf")]


READS = (
    *(
        (*words, *form)
        for words in (
            ("lead", "list", "--limit", "0", "--columns", "all"),
            ("deal", "list", "--columns", "all"),
            ("contact", "list", "--columns", "all"),
            ("company", "list", "--columns", "all"),
            ("task", "list", "--columns", "all"),
            ("lead", "show", "22"),
            ("deal", "show", "55"),
            ("contact", "show", "1"),
            ("company", "show", "1"),
            ("task", "show", "1"),
            ("today",),
            ("pipeline",),
            ("search", "evil"),
            ("brief", "deal:55"),
            ("timeline", "deal:55"),
            ("history", "deal:55"),
            ("undo", "--list"),
            ("tag", "list"),
            ("user", "list"),
            ("lookup", "n@x.example"),
            ("report", "sources"),
            ("sql", "select * from v_deal"),
        )
        for form in ((), ("-o", "table"), ("-o", "md"), ("-o", "table", "--color", "always"))
    ),
)
#: The colours that the program itself may use.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("form", ["", "table", "md", "coloured"])
def test_nothing_harmful_reaches_a_screen(hostile_book: Path, crm: Crm, form: str) -> None:
    wrong = []
    for words in READS:
        kind = "coloured" if "--color" in words else words[words.index("-o") + 1] if "-o" in words else ""
        if kind != form:
            continue
        done = crm(*words, env={"COLUMNS": "200"})
        if done.returncode:
            wrong.append(f"{words}: {done}")
        for stream in (done.stdout, done.stderr):
            found = hostile.RAW.search(COLOUR.sub("", stream) if form == "coloured" else stream)
            if found:
                wrong.append(f"{words}: {stream[max(0, found.start() - 40) : found.end() + 40]!r}")
    assert not wrong, "\n".join(wrong)


def test_messages_completion_and_help_are_harmless_too(hostile_book: Path, crm: Crm) -> None:
    nasty = hostile.NASTY
    runs = [
        crm("lead", "show", nasty),
        crm("lead", "list", f"{nasty}:x"),
        crm("lead", "list", f"value:{nasty}"),
        crm("lead", "edit", "1", f"value={nasty}"),
        crm(nasty),
        crm("lead", nasty),
        crm("lead", "list", "--sort", nasty),
        crm("lead", "list", f"--{nasty}"),
        crm("lead", "list", "-o", nasty),
        crm("--db", f"/{nasty}", "lead", "list"),
        crm("report", nasty),
        crm("config", "get", nasty),
        crm("lead", "show", "name"),
        crm("lead", "edit", "is:any", f"owner={nasty}", "--dry-run"),
        crm("lead", "remove", "is:any"),
        crm("lead", "edit", "1", f"owner={nasty}"),
        crm("deal", "won", "55"),
        crm("undo"),
        crm("db", "backup", f"/nowhere/{nasty}"),
        crm("lead", "--help"),
    ]

    def completed(shell: str, line: str) -> Finished:
        words = {"_TYPER_COMPLETE_ARGS": line, "COMP_WORDS": line.replace(" ", "\n"), "COMP_CWORD": "3"}
        return crm(env={"_CRM_COMPLETE": f"complete_{shell}", **words})

    shells = ("bash", "zsh", "fish")
    for line in ("crm lead show ", "crm lead list owner:", "crm deal show "):
        runs += [completed(shell, line) for shell in shells]
    # The tags of this book cannot be written on a command line: none is offered.
    silent = [completed(shell, "crm lead list tag:") for shell in shells]
    assert [done for done in runs if not done.stdout + done.stderr] == [], "each of them has something to say"
    for done in [*runs, *silent]:
        assert "Traceback" not in done.stderr, done
        assert "this is a bug" not in done.stderr, done
        assert not hostile.RAW.search(done.stdout), done
        assert not hostile.RAW.search(done.stderr), done


def test_hostile_texts_are_found_by_their_name(hostile_book: Path, crm: Crm) -> None:
    for number, text in enumerate(hostile.ALL, 1):
        done = crm("lead", "list", f"name:={text}", "--limit", "0", "-o", "json")
        if text.startswith('"'):
            told(done, 2, "this quote is never closed")
        else:
            assert number in [row["id"] for row in json.loads(done.stdout)], (text, done)


@pytest.mark.parametrize(
    "query", [*hostile.TEXTS["fts"], "%", "_", "100%", "-acme", "علی", "'; --", "NOT", "AND OR", "\\"]
)
def test_search_takes_any_text(hostile_book: Path, crm: Crm, query: str) -> None:
    for words in (("search", "--", query), ("search", "--best", "--", query)):
        done = crm(*words)
        assert done.returncode in (0, 2), done
        assert "bug" not in done.stderr, done
        assert "answered" not in done.stderr, done


def test_search_finds_names_with_an_apostrophe(hostile_book: Path, crm: Crm) -> None:
    assert "o'brien" in crm("search", "o'brien").stdout
    assert "o'brien" in crm("search", "O'Brien").stdout


def test_wildcards_are_plain_characters(crm: Crm) -> None:
    for name in ("100% sure", "snake_case", "plain"):
        crm("lead", "add", name)
    assert numbers(crm("lead", "list", "name:%", "-o", "ids")) == [1]
    assert numbers(crm("lead", "list", "name:_", "-o", "ids")) == [2]
    assert numbers(crm("lead", "list", "name:=%", "-o", "ids")) == []
    assert numbers(crm("lead", "list", "%", "-o", "ids")) == [1]
    assert numbers(crm("lead", "list", "name:s%e", "-o", "ids")) == []


def test_sql_in_values_stays_a_value(hostile_book: Path, crm: Crm) -> None:
    before = crm("sql", "select count(*) from v_lead").stdout
    for text in hostile.TEXTS["sql"]:
        for words in (
            ("lead", "list", text),
            ("lead", "list", f"name:{text}"),
            ("lead", "show", text),
            ("lookup", text),
            ("search", text),
        ):
            assert "answered" not in crm(*words).stderr
    assert crm("sql", "select count(*) from v_lead").stdout == before
    assert crm("db", "check", "--deep").returncode == 0


def test_no_shell_and_no_template_runs(hostile_book: Path, crm: Crm, tmp_path: Path) -> None:
    marker = tmp_path / "pwned"
    for text in (
        f"$(touch {marker})",
        f"`touch {marker}`",
        f"; touch {marker}",
        f"| touch {marker}",
        f"'; touch {marker}; '",
    ):
        assert crm("lead", "add", text).returncode == 0
        assert crm("note", "add", "lead:1", text).returncode == 0
        crm("db", "backup", text, cwd=str(tmp_path))
    assert not marker.exists()


# --- files that are not what they seem ------------------------------------------------------------------------------

ROWS = "name,email\nAda,ada@x.example\nGrace,grace@x.example\n"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
FILES: dict[str, tuple[bytes, int]] = {
    "pdf.csv": (PDF, 1),
    "page.csv": (b"<!DOCTYPE html><html><body><table><tr><td>name</td></tr></table></body></html>", 1),
    "binary.csv": (bytes(range(256)) * 20, 1),
    "program.csv": (b"\x7fELF\x02\x01\x01" + b"\0" * 200, 1),
    "picture.csv": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 50, 1),
    "empty.csv": (b"", 1),
    "blank.csv": (b"\n\n\n", 1),
    "broken.xlsx": (b"PK\x03\x04" + b"x" * 300, 1),
    "text.xlsx": (b"hello", 2),
    "latin.csv": (ROWS.replace("Ada", "José").encode("latin-1"), 0),
    "utf16.csv": (ROWS.encode("utf-16"), 0),
    "utf16be.csv": (b"\xfe\xff" + ROWS.encode("utf-16-be"), 0),
    "bom.csv": (ROWS.encode("utf-8-sig"), 0),
    "semicolon.csv": (ROWS.replace(",", ";").encode("utf-8-sig"), 0),
    "cr.csv": (ROWS.replace("\n", "\r").encode(), 0),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_imported_right_or_refused_with_its_reason(crm: Crm, tmp_path: Path, name: str) -> None:
    content, code = FILES[name]
    file = tmp_path / name
    file.write_bytes(content)
    done = crm("import", str(file), "--as", "lead", "--yes")
    assert "Traceback" not in done.stderr
    assert "this is a bug" not in done.stderr
    names = [row["name"] for row in json.loads(crm("lead", "list", "--sort", "id", "-o", "json").stdout)]
    if code:
        told(done, code, name)
        assert names == []
    else:
        assert done.returncode == 0, done
        assert names == (["José", "Grace"] if name == "latin.csv" else ["Ada", "Grace"])


def test_one_bad_byte_in_a_file_is_never_guessed_around(crm: Crm, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(
        "name,email\nAda,ada@x.example\nJos\u00e9,".encode()
        + b"jos\xe9@x.example\nGrace,g@x.example\n"
        + "ü,u@x.example\n".encode()
    )
    told(crm("import", str(file), "--as", "lead", "--yes"), 1, "line 3, byte 0xE9", "--encoding")
    assert numbers(crm("lead", "list", "-o", "ids")) == []


def test_wrong_places_of_files(crm: Crm, tmp_path: Path) -> None:
    told(crm("import", str(tmp_path / "none.csv")), 3, "none.csv")
    told(crm("import", str(tmp_path)), 1, "is a directory")
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    told(crm("import", str(loop)), 1, "loop.csv' cannot be opened")
    fifo = tmp_path / "fifo.csv"
    os.mkfifo(fifo)
    told(crm("import", str(fifo), timeout=20), 1, "nobody writes into")


def test_a_wrong_sheet_names_the_right_ones(crm: Crm, tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "People"
    book.active.append(["name", "email"])
    book.active.append(["Ada", "ada@x.example"])
    file = tmp_path / "people.xlsx"
    book.save(file)
    told(crm("import", str(file), "--as", "lead", "--sheet", "Nowhere", "--yes"), 2, "The sheets are: People.")
    assert crm("import", str(file), "--as", "lead", "--sheet", "People", "--yes").returncode == 0


# --- the program as the shell starts it -----------------------------------------------------------------------------


def test_a_real_process_says_the_same(run_crm: RunCrm, twins: Crm) -> None:
    for words, code, part in (MISTAKES[0], MISTAKES[13], MISTAKES[40]):
        told(run_crm(*words), code, part)
    told(run_crm("lead", "list", os.fsdecode(b"\xff")), 2, "Unicode")
    told(run_crm("lead", "add", os.fsdecode(b"\xff")), 2, "Unicode")
