"""crm import and crm export as people type them: notes, exit codes, pipes, the way back from the rejects."""

from __future__ import annotations

import io
import json
import os
import shlex
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.errors import ReadError
from crmcli.exchange import piped

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.commands.conftest import Crm
    from tests.conftest import RunCrm

PEOPLE = "Name,Email\nAda,ada@x.example\nBob,bob@x.example\n"
MIXED = 'Name,Email,Close Date,Amount\nAda,ada@x.example,13/01/2027,"1.234,50"\nBob,bad,02/03/2027,1.500\n'


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str], str]:
    """Write a file and give its path."""

    def write(text: str, name: str) -> str:
        path = tmp_path / name
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return str(path)

    return write


def test_a_real_import_says_what_a_dry_run_says(crm: Crm, file: Any) -> None:
    path = file("A report of ours\n\nName,Stage\nJos\udce9,Lunch\n", "report.csv")
    dry = crm("import", path, "--as", "lead", "--dry-run")
    real = crm("import", path, "--as", "lead")
    notes = [line for line in dry.err.splitlines() if "cp1252" in line or "skipped" in line or "new stages" in line]
    assert len(notes) == 3, dry.err
    for note in notes:
        assert note in real.err


def test_a_file_of_nothing_known_is_the_same_failure_in_a_dry_run(crm: Crm, file: Any) -> None:
    path = file("a,b\n1,2\n", "odd.csv")
    dry, real = crm("import", path, "--dry-run"), crm("import", path)
    assert (dry.code, real.code) == (2, 2)
    assert "no column is recognised as a name" in dry.err
    assert "(ignored)" in dry.out, "the mapping is shown all the same"


def test_a_dry_run_ends_and_counts_as_the_real_run(crm: Crm, file: Any) -> None:
    path = file(MIXED, "leads.csv")
    dry = crm("import", path, "--as", "lead", "--dry-run", "-o", "json")
    real = crm("import", path, "--as", "lead", "-o", "json")
    assert (dry.code, real.code) == (1, 1)
    names = ("rows", "new", "updated", "same", "repeated", "refused")
    assert [dry.json[name] for name in names] == [real.json[name] for name in names] == [2, 1, 0, 0, 0, 1]
    for name in ("listed", "file", "kind", "mapping", "gist", "blank_rows"):
        assert dry.json[name] == real.json[name]
    assert [row["line"] for row in dry.json["listed"]] == [3]
    for allowed in (("--dry-run",), ("-o", "json"), ()):
        assert crm("import", path, "--as", "lead", "--allow-rejects", *allowed).code == 0
    none = crm("import", file(PEOPLE, "good.csv"), "--as", "lead", "--dry-run", "-o", "json").json
    assert (none["refused"], none["listed"]) == (0, [])


def test_a_dry_run_uses_the_words_of_the_import(crm: Crm, file: Any) -> None:
    path = file(PEOPLE, "leads.csv")
    crm("import", path, "--as", "lead")
    for words in ((), ("--dry-run",)):
        done = crm("import", path, "--as", "lead", *words)
        assert "2 rows of leads: 2 known already" in done.out + done.err


def test_the_shape_of_a_dry_run_does_not_depend_on_its_rows(crm: Crm, file: Any) -> None:
    for text in (PEOPLE, MIXED):
        shown = crm("import", file(text, "leads.csv"), "--as", "lead", "--dry-run").out
        assert "\nMapping" in shown
        assert "\nRows left out" in shown


# --- pipes -----------------------------------------------------------------------------------------------------------


def test_standard_input(run_crm: RunCrm, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {"TMPDIR": str(temporary)}
    done = run_crm("import", "-", "--as", "lead", input=PEOPLE, env=env)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "2 rows of leads: 2 new")
    assert "standard input: 2 rows of leads" in done.stderr
    refused = run_crm("import", "-", "--as", "lead", input=MIXED, env=env)
    assert refused.returncode == 1
    assert Path(refused.stdout.split("the refused rows are in ")[1].split(":")[0]).name.startswith("stdin-")
    for given, code, message in (("", 1, "standard input is empty."), ("%PDF-1.7\n", 1, "standard input is a PDF")):
        wrong = run_crm("import", "-", input=given, env=env)
        assert (wrong.returncode, message in wrong.stderr) == (code, True), wrong
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "jsonl", "vcf"])
def test_an_export_of_nothing_is_no_rows_for_who_says_what_they_are(
    crm: Crm, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    nothing = crm("export", "contacts", "no:name", "-o", format)
    assert nothing.code == 0

    def again(*words: str) -> Any:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(nothing.out.encode())))
        return crm("import", "-", *words)

    done = again("--as", "contact")
    assert (done.code, done.out) == (0, "0 rows of contacts: nothing\n")
    assert again("--as", "contact", "--dry-run").code == 0
    assert json.loads(again("--as", "contact", "-o", "json", "-q").out)["rows"] == 0
    undecided = again()
    if nothing.out.strip(" []\n") == "":
        assert (undecided.code, "--as KIND" in undecided.err) == (1, True)


def test_a_workbook_through_a_pipe(run_crm: RunCrm) -> None:
    run_crm("lead", "add", "Ada", "--email", "ada@x.example")
    made = subprocess.run(
        [sys.executable, "-m", "crmcli", "export", "leads", "-o", "xlsx"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    done = run_crm("import", "-", input=made.stdout)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "1 row of leads: 1 known already")


def test_a_fifo(run_crm: RunCrm, tmp_path: Path) -> None:
    fifo = tmp_path / "people.fifo"
    os.mkfifo(fifo)

    def feed() -> None:
        with open(fifo, "w") as stream:
            stream.write("Name,Email\n")
            stream.flush()
            stream.write("Ada,ada@x.example\n")

    writer = threading.Thread(target=feed)
    writer.start()
    done = run_crm("import", "people.fifo", "--as", "lead")
    writer.join()
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "1 row of leads: 1 new")
    assert "people.fifo: 1 row of leads" in done.stderr


def test_what_is_piped_is_kept_from_others(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(b"a,b\n1,2\n" * 300_000,))
    writer.start()
    with piped.stored(str(fifo)) as (path, called):
        copy = Path(path)
        assert (called, copy.stat().st_size) == (str(fifo), 2_400_000)
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    writer.join()
    assert not copy.parent.exists()
    with piped.stored(__file__) as found:
        assert found == (__file__, "")


def test_a_fifo_without_a_writer_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piped, "PATIENCE", 0.1)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ReadError, match="nobody writes"), piped.stored(str(tmp_path / "fifo")):
        pass


# --- rejects ---------------------------------------------------------------------------------------------------------


def test_the_rejects_go_into_the_book_that_was_named(crm: Crm, file: Any, tmp_path: Path) -> None:
    other = str(tmp_path / "other book.db")
    assert crm("--db", other, "db", "init").code == 0
    told = crm("--db", other, "import", file("Name,Email\nAda,ada@x.example\nBob,bad\n", "p.csv"), "--as", "lead").out
    mended, undo = (shlex.split(line.strip(" '").split("' takes")[0]) for line in told.splitlines()[2:4])
    Path(mended[4]).write_text(Path(mended[4]).read_text().replace(",bad", ",bob@x.example"))
    assert crm(*mended[1:]).out.startswith("1 row of leads: 1 new")
    assert crm(*undo[1:]).code == 0
    assert [row["name"] for row in crm("--db", other, "lead", "list", "-o", "json").json] == ["Bob"]


@pytest.mark.parametrize(
    ("text", "options", "way"),
    [
        (MIXED, (), "--as lead --dates dmy --decimal ,"),
        (
            "Person,Ref,Mail,Amount\nAda,a1,ada@x.example,\"1,5\"\nBob,a2,bad,2\n",
            ("--map", "Person=name", "--map", "Amount=-", "--id", "Ref", "--update"),
            "--as lead --map Person=name --id Ref --map Amount=- --update",
        ),
        (
            "ID,Name,Email,Stage\n1,Ada,ada@x.example,New\n2,Zed,bad,New\n",
            ("--match", "name"),
            "--as lead --id ID --match name",
        ),
    ],
)  # fmt: skip
def test_the_rejects_come_in_as_the_file_did(
    crm: Crm, file: Any, text: str, options: tuple[str, ...], way: str
) -> None:
    done = crm("import", file(text, "people.csv"), "--as", "lead", *options)
    assert done.code == 1
    told = done.out.splitlines()
    at = next(number for number, line in enumerate(told) if line.startswith("the refused rows are in "))
    command = shlex.split(told[at + 1])
    rejects = command[2]
    assert told[at + 1].strip() == f"crm import {rejects} {way}"
    assert crm("import", file(text, "people.csv"), "--as", "lead", *options, "-o", "json").json["again"].endswith(way)
    Path(rejects).write_text(Path(rejects).read_text().replace("bad", "bob@x.example"))
    again = crm(*command[1:])
    assert (again.code, again.out.splitlines()[0]) == (0, "1 row of leads: 1 new")
    found = crm("lead", "list", "bob@x.example", "--columns", "name,value,close_on", "-o", "json").json[0]
    if text == MIXED:
        assert (found["value"], found["close_on"]) == (1500, "2027-03-02")
    else:
        assert found["name"] == ("Zed" if "Zed" in text else "Bob")
