"""The whole circle of refused rows: the file, the command that is printed with it, what was mended and what was not."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.program import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.commands.conftest import Answer, Crm
    from tests.conftest import RunCrm


class Circle(NamedTuple):
    """A file with two rows that are refused alike; what mends the first of them, as (old, new) text of its line."""

    kind: str
    text: str
    mend: tuple[str, str]
    words: tuple[str, ...] = ()
    encoding: str = "utf-8"
    before: tuple[tuple[str, ...], ...] = ()


CIRCLES = {
    "addresses": Circle(
        "contact", "Name,Email\nAda,ada@x.example\nBob,bob\nEve,eve\n", ("Bob,bob", "Bob,bob@x.example")
    ),
    "days": Circle(
        "lead", "Name,Close date\nAda,13/01/2027\nBob,32/01/2027\nEve,soon\n", ("Bob,32/01/2027", "Bob,02/03/2027"),
    ),
    "amounts": Circle("lead", 'Name,Value\nAda,"1.234,50"\nBob,much\nEve,more\n', ("Bob,much", 'Bob,"1.500"')),
    "told orders": Circle(
        "lead", "Name,Close date\nAda,03/04/2027\nBob,x\nEve,y\n", ("Bob,x", "Bob,05/06/2027"), ("--dates", "mdy"),
    ),
    "Jalali beside ISO": Circle(
        "deal", "Deal name,Amount,Close date,Created at\nA,1,1405/01/15,2025-01-02\nC,bad,05/02/11,2025-03-02\n"
        "D,worse,05/02/12,2025-03-02\n", ("C,bad", "C,3"),
    ),
    "two orders": Circle(
        "deal", "Deal name,Amount,Close = on,Created at\nA,1,25/03/2026,12/31/2025\nB,bad,03/04/2026,01/02/2026\n"
        "C,worse,05/06/2026,07/08/2026\n", ("B,bad", "B,2"), ("--map", "Close = on=close_on"),
    ),
    "too many cells": Circle("lead", "Name,City\nAda,Ulm\nBob,Bonn,x\nEve,Rom,y\n", ("Bob,Bonn,x", "Bob,Bonn")),
    "namesakes": Circle(
        "contact", "Name,Company\nAda,Engines\nBob,Twin\nEve,Twin\n", ("Bob,Twin", "Bob,company:2"),
        before=(("company", "add", "Twin", "--domain", "a.example"),
                ("company", "add", "Twin", "--domain", "b.example")),
    ),
    "others of one address": Circle(
        "contact", "Name,Email,City\nAda,a@x.example,Ulm\nAda,a@x.example,Rom\nAda,a@x.example,Bonn\n",
        ("a@x.example,Rom", "b@x.example,Rom"),
    ),
    "mapped by hand": Circle(
        "lead", "Wer,Adresse,Egal\nAda,ada@x.example,1\nBob,bob,2\nEve,eve,3\n", ("Bob,bob", "Bob,bob@x.example"),
        ("--map", "Wer=name", "--map", "Adresse=email", "--map", "Egal=-"),
    ),
    "ids": Circle(
        "lead", "Key,Name,Email\n1,Ada,ada@x.example\n2,Bob,bob\n3,Eve,eve\n", ("Bob,bob", "Bob,bob@x.example"),
        ("--id", "Key", "--match", "email", "--only-empty"),
    ),
    "new fields": Circle(
        "lead", "Name,Email,Sector\nAda,ada@x.example,Steel\nBob,bob,Steel\nEve,eve,Steel\n",
        ("Bob,bob", "Bob,bob@x.example"), ("--map", "Sector=+branch"),
    ),
    "formulas": Circle(
        "lead", "Name,Email\n=1+1,ada@x.example\n=SUM(A1),bob\n'=x,eve\n", (",bob", ",bob@x.example"), ("--lossless",),
    ),
    "Persian": Circle(
        "contact", "نام,ایمیل,شرکت\nآدا,ada@x.example,شرکت یک\nباب,باب,شرکت دو\nحوا,حوا,شرکت سه\n",
        ("باب,باب", "باب,bob@x.example"),
    ),
    "another encoding": Circle(
        "contact", "نام;ایمیل\nعلی رضایی;ada@x.example\nمریم;باب\nحسین;حوا\n".replace("ی", "ي"),
        ("مريم,باب", "مريم,bob@x.example"), encoding="cp1256",
    ),
    "UTF-16": Circle(
        "contact", "Name\tEmail\nÄda\tada@x.example\nBob\tbob\nEve\teve\n", ("Bob,bob", "Bob,bob@x.example"),
        encoding="utf-16",
    ),
    "lines in cells": Circle(
        "lead", 'Name,Email,Description\nAda,ada@x.example,"a\nb"\nBob,bob,"c\n""d"""\nEve,eve,\n',
        ("Bob,bob", "Bob,bob@x.example"),
    ),
}  # fmt: skip


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Circle], str]:
    """Write the file of a circle under a name that a shell has to be told, beside the test's own book."""

    def write(circle: Circle) -> str:
        path = tmp_path / "it's a file.csv"
        path.write_bytes(circle.text.encode(circle.encoding))
        return str(path)

    return write


def copied(crm: Crm, command: str, *more: str) -> Answer:
    """Run a printed command with these words behind it."""
    words = shlex.split(command)
    assert words[0] == "crm"
    return crm(*words[1:], *more)


def refused(path: str) -> list[list[str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def told(out: str) -> tuple[str, str]:
    """The command that an import printed, and the file of its refused rows."""
    command = next(line.strip() for line in out.splitlines() if line.startswith("  crm import"))
    return command, out.split("the refused rows are in ")[1].split(": mend")[0]


@pytest.mark.parametrize("name", CIRCLES)
def test_mended_rows_come_in_and_others_are_refused_for_the_same_reason(
    put: Callable[[Circle], str], crm: Crm, name: str
) -> None:
    circle = CIRCLES[name]
    for words in circle.before:
        assert crm(*words).code == 0
    there = len(crm(circle.kind, "list", "-o", "json").json)
    first = crm("import", put(circle), "--as", circle.kind, *circle.words)
    assert (first.code, ": 1 new, 2 refused" in first.out) == (1, True), first
    command, rejects = told(first.out)
    before = refused(rejects)
    assert len(before) == 3

    again = copied(crm, command, "-o", "json")
    assert (again.code, again.json["new"], again.json["refused"]) == (1, 0, 2), again
    assert [row[1:] for row in refused(again.json["rejects"])] == [row[1:] for row in before]

    old, new = circle.mend
    text = Path(rejects).read_text()
    assert old in text
    Path(rejects).write_text(text.replace(old, new, 1))
    withheld = copied(crm, command, "--all-or-nothing", "-o", "json")
    assert (withheld.code, withheld.json["withheld"], withheld.json["batch"]) == (1, True, 0)
    mended = copied(crm, command, "-o", "json")
    assert (mended.code, mended.json["new"], mended.json["refused"]) == (1, 1, 1), mended
    assert [row[1:] for row in refused(mended.json["rejects"])] == [before[0][1:], before[2][1:]]
    assert len(crm(circle.kind, "list", "-o", "json").json) == there + 2


def test_a_reason_that_is_taken_away_is_an_answer(put: Callable[[Circle], str], crm: Crm) -> None:
    """What an earlier row said is in the book; a row that says otherwise may be meant to change it."""
    circle = CIRCLES["others of one address"]
    command, rejects = told(crm("import", put(circle), "--as", "contact").out)
    rows = refused(rejects)
    rows[1][1] = ""
    with open(rejects, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    done = copied(crm, command, "--update", "-o", "json").json
    assert (done["updated"], done["refused"]) == (1, 1)
    assert "Rom" in crm("contact", "list", "name:=Ada", "-o", "json", "--columns", "city").out


def test_the_command_works_in_a_shell(put: Callable[[Circle], str], run_crm: RunCrm) -> None:
    first = run_crm("import", put(CIRCLES["mapped by hand"]), "--as", "lead", *CIRCLES["mapped by hand"].words)
    command, rejects = told(first.stdout)
    Path(rejects).write_text(Path(rejects).read_text().replace("Bob,bob", "Bob,bob@x.example"))
    program = f'crm() {{ "{sys.executable}" -m crmcli "$@"; }}; '
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", program + command], capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, ": 1 new, 1 refused" in done.stdout) == (1, True), done


def test_a_workbook_becomes_a_text_that_can_be_mended(tmp_path: Path, crm: Crm) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "People"
    for row in (("Report of ours",), (), ("Name", "Email", "Close date"), ("Ada", "ada@x.example", "13/01/2027"),
                ("Bob", "bob", "02/03/2027"), ("Eve", "eve", "02/03/2027")):  # fmt: skip
        sheet.append(row)
    path = tmp_path / "leads.xlsx"
    book.save(path)
    first = crm("import", str(path), "--as", "lead", "--sheet", "People")
    assert "1 new, 2 refused" in first.out, first
    command, rejects = told(first.out)
    Path(rejects).write_text(Path(rejects).read_text().replace("Bob,bob", "Bob,bob@x.example"))
    mended = copied(crm, command, "-o", "json").json
    assert (mended["new"], mended["refused"]) == (1, 1)
    (day,) = crm("lead", "list", "name:=Bob", "has:close", "-o", "json", "--columns", "close_on").json
    assert day["close_on"] == "2027-03-02", "in the order that the whole file settled"


def test_what_was_mended_in_a_spreadsheet_comes_in_too(put: Callable[[Circle], str], crm: Crm) -> None:
    """Saved with semicolons, a byte order mark and the ends of lines that Windows has."""
    command, rejects = told(crm("import", put(CIRCLES["addresses"]), "--as", "contact").out)
    rows = refused(rejects)
    rows[1][3], rows[2][3] = "bob@x.example", "eve@x.example"
    Path(rejects).write_bytes(("\r\n".join(";".join(row) for row in rows) + "\r\n").encode("utf-8-sig"))
    assert copied(crm, command, "--all-or-nothing", "-o", "json").json["new"] == 2
