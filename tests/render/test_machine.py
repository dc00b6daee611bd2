"""Golden bytes of every format over one row of nasty values."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from crmcli.domain.change import Change
from crmcli.domain.entities import DEAL
from crmcli.errors import UsageError
from crmcli.exchange.formulas import unguard
from crmcli.render import machine, out
from crmcli.results import Changed, Column, Page, Record, Rows, Section

NAMES = (
    "id",
    "name",
    "company",
    "stage",
    "value",
    "probability",
    "close_on",
    "priority",
    "tags",
    "description",
    "created_at",
)
COLUMNS = tuple(Column(n, DEAL.by_name[n].type, DEAL.by_name[n].label) for n in NAMES)
NASTY: dict[str, Any] = {
    "id": 7,
    "name": "=cmd()|'a'!A1",
    "company": "شرکت می‌روم 👩‍💻",
    "company_id": 3,
    "stage": "New",
    "stage_id": 1,
    "value": -1234567,
    "currency": "EUR",
    "probability": 3350,
    "close_on": "2026-12-01",
    "priority": 3,
    "tags": ["vip", "a,b"],
    "description": 'two\tlines\n"quoted" \x1b]0;x\x07 \u202eevil \\n',
    "created_at": "2026-11-21T09:00:00.000Z",
}
EMPTY = {
    "id": 8,
    "name": "x",
    "company": None,
    "company_id": None,
    "value": None,
    "currency": None,
    "tags": [],
    "probability": None,
}


def rows(*some: dict[str, Any]) -> Rows:
    return Rows(COLUMNS, list(some))


def written(form: str, result: Any) -> str:
    return "".join(machine.WRITERS[form](result))


def test_tsv() -> None:
    head, line, *rest = written("tsv", rows(NASTY)).split("\n")
    assert head == "\t".join(NAMES)
    assert rest == [""]
    assert line == (
        "7\t=cmd()|'a'!A1\tشرکت می‌روم 👩‍💻\tNew\t-12345.67\t33.5\t2026-12-01\thigh\tvip, a,b\t"
        'two\\tlines\\n"quoted" ^[]0;x^G <U+202E>evil \\\\n\t2026-11-21T09:00:00.000Z'
    )


def test_tsv_gives_its_values_back() -> None:
    cell = written("tsv", Rows((Column("a"),), [{"a": "x\ty\nz\\t"}])).split("\n")[1]
    assert cell.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\0", "\\") == "x\ty\nz\\t"


def test_csv_is_whole_and_starts_no_formula() -> None:
    text = written("csv", rows(NASTY, EMPTY))
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert "\r\n" not in text
    assert read[0] == list(NAMES)
    assert read[1][1] == "'=cmd()|'a'!A1"
    assert [unguard(cell) for cell in read[1]] == [
        "7",
        NASTY["name"],
        NASTY["company"],
        "New",
        "-12345.67",
        "33.5",
        "2026-12-01",
        "high",
        "vip, a,b",
        NASTY["description"],
        NASTY["created_at"],
    ]
    assert read[2] == ["8", "x", *[""] * 9]


def test_what_a_question_calls_its_columns_is_as_tame_as_what_is_in_them() -> None:
    odd = Rows((Column("=1+1"), Column("a\tb|c\n\x1b[2J"), Column("due_on")), [{"=1+1": 2}])
    assert written("tsv", odd).split("\n")[0] == "=1+1\ta\\tb|c\\n^[[2J\tdue_on"
    assert written("md", odd).splitlines()[0] == r"| =1+1 | a b\|c<br>^[\[2J | due_on |"
    assert next(csv.reader(io.StringIO(written("csv", odd), newline=""))) == ["'=1+1", "a\tb|c\n\x1b[2J", "due_on"]


@pytest.mark.parametrize("count", [0, 1, machine.PORTION, machine.PORTION + 1])
def test_csv_has_every_row_once_whatever_their_number(count: int) -> None:
    text = written("csv", Rows((Column("a"),), ({"a": n} for n in range(count))))
    assert text.splitlines() == ["a", *map(str, range(count))]


def test_markdown_stays_one_table() -> None:
    lines = written("md", rows(NASTY)).splitlines()
    assert len(lines) == 3
    assert lines[1] == "|" + "|".join(["---"] * len(NAMES)) + "|"
    assert r"=cmd()\|'a'!A1" in lines[2]
    assert "<br>" in lines[2]
    assert "\x1b" not in lines[2]


def test_json_loses_nothing_and_harms_nobody() -> None:
    text = written("json", rows(NASTY))
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(text)
    (found,) = json.loads(text)
    assert found == {
        "id": 7,
        "name": NASTY["name"],
        "company": NASTY["company"],
        "company_id": 3,
        "stage": "New",
        "stage_id": 1,
        "value": -12345.67,
        "currency": "EUR",
        "probability": 33.5,
        "close_on": "2026-12-01",
        "priority": "high",
        "tags": ["vip", "a,b"],
        "description": NASTY["description"],
        "created_at": "2026-11-21T09:00:00.000Z",
    }
    assert "شرکت" in text


@pytest.mark.parametrize(
    ("minor", "code", "literal"),
    [
        (1200, "JPY", "1200"),
        (12345, "KWD", "12.345"),
        (1200000, "EUR", "12000"),
        (-5, "EUR", "-0.05"),
        (9007199254740993, "EUR", "90071992547409.93"),
    ],
)
def test_money_is_an_exact_number(minor: int, code: str, literal: str) -> None:
    text = written("jsonl", rows({**EMPTY, "value": minor, "currency": code}))
    assert f'"value": {literal}, "currency": "{code}"' in text


def test_json_of_nothing_and_of_many() -> None:
    assert written("json", rows()) == "[]\n"
    assert [r["id"] for r in json.loads(written("json", Rows(COLUMNS, iter([NASTY, EMPTY]))))] == [7, 8]
    assert [json.loads(line)["id"] for line in written("jsonl", rows(NASTY, EMPTY)).splitlines()] == [7, 8]


def test_json_is_written_while_it_is_read() -> None:
    taken = []

    def source() -> Any:
        for number in range(3):
            taken.append(number)
            yield {"id": number}

    stream = machine.json_text(Rows((Column("id"),), source()))
    next(stream)
    assert taken == [0]


def test_record_and_page() -> None:
    section = Section("tasks", "Tasks", rows(EMPTY))
    record = json.loads(written("json", Record("t", COLUMNS, NASTY, (section,))))
    assert record["id"] == 7
    assert record["tasks"][0]["id"] == 8
    page = Page("Today", (section, Section("none", "None", Rows((Column("ref"),), []))), {"ok": True})
    assert json.loads(written("json", page)) == {"ok": True, "tasks": [record["tasks"][0]], "none": []}
    assert written("tsv", page).splitlines()[0] == "section\t" + "\t".join(NAMES) + "\tref"
    assert written("tsv", page).splitlines()[1].startswith("tasks\t8\tx\t")
    assert written("tsv", Record("t", COLUMNS[:2], NASTY)) == "field\tvalue\nid\t7\nname\t=cmd()|'a'!A1\n"


def test_a_record_in_a_pipe_has_its_lists_too() -> None:
    tasks = Section("tasks", "Open tasks", Rows((Column("name"), Column("due_on")), [{"name": "a\tb", "due_on": None}]))
    stream = io.StringIO()
    record = Record("t", COLUMNS[:2], EMPTY, (tasks,))
    out.render(record, out.Outlet(stream))
    assert stream.getvalue() == "field\tvalue\nid\t8\nname\tx\n\n# Open tasks\nname\tdue_on\na\\tb\t\n"
    assert written("tsv", record) == "field\tvalue\nid\t8\nname\tx\n"


def test_ids() -> None:
    assert written("ids", rows(NASTY, EMPTY)) == "7\n8\n"
    assert written("ids", Changed(("done",), (), 4, (1, 2), "lead")) == "1\n2\n"
    assert written("ids", Changed(("renamed",), (), 5)) == ""
    assert written("ids", Record("t", COLUMNS, NASTY)) == "7\n"
    assert written("ids", rows()) == ""


def test_ids_of_several_kinds_say_which() -> None:
    mixed = Rows((Column("ref"),), [{"id": 1, "ref": "lead:1"}, {"id": 1, "ref": "task:1"}])
    touches = Rows((Column("at"),), [{"id": 9, "ref": "interaction:9"}])
    page = Page("Today", (Section("a", "A", mixed), Section("b", "B", touches)), {})
    assert written("ids", mixed) == "lead:1\ntask:1\n"
    assert written("ids", touches) == "interaction:9\n"
    assert written("ids", page) == "lead:1\ntask:1\n"
    assert written("ids", Page("Before a call", (Section("b", "B", touches),), {"ref": "deal:4"})) == "deal:4\n"


@pytest.mark.parametrize(
    "result",
    [
        Rows((Column("stage"),), [{"stage": "New"}]),
        Record("view:hot", (Column("name"),), {"name": "hot"}),
        Page("checks", (Section("checks", "Checks", Rows((Column("check"),), [{"check": "Engine"}])),), {"ok": True}),
    ],
)
def test_what_has_no_ids_is_refused(result: Any) -> None:
    with pytest.raises(UsageError, match="no record numbers"):
        written("ids", result)


def test_a_list_of_no_records_is_refused_when_it_is_empty_too() -> None:
    columns = (Column("stage"),)
    assert written("ids", Rows(columns, [])) == ""
    for lines in ([], [{"stage": "New"}]):
        with pytest.raises(UsageError, match="no record numbers"):
            written("ids", Rows(columns, lines, numbered=False))


def test_numbers_that_json_has_not() -> None:
    inf = float("inf")
    odd = Rows((Column("a"), Column("b")), [{"a": inf, "b": [-inf, float("nan"), 1.5]}])
    expected = {"a": "Infinity", "b": ["-Infinity", "NaN", 1.5]}

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    assert json.loads(written("json", odd), parse_constant=refuse) == [expected]
    assert json.loads(written("jsonl", odd), parse_constant=refuse) == expected
    assert written("tsv", odd) == "a\tb\nInfinity\t-Infinity, NaN, 1.5\n"
    assert written("csv", odd) == 'a,b\nInfinity,"\'-Infinity, NaN, 1.5"\n'
    assert written("md", odd).splitlines()[2] == "| Infinity | -Infinity, NaN, 1.5 |"


def test_changed() -> None:
    change = Change("lead", 1, {"name": "a"}, {"name": "b"}, "opportunity")
    found = json.loads(written("json", Changed(("done",), (change,), 4, (1,), "lead")))
    assert found == {
        "batch": 4,
        "entity": "lead",
        "ids": [1],
        "changes": [{"entity": "lead", "id": 1, "before": {"name": "a"}, "after": {"name": "b"}}],
    }
