"""A book moves house by JSON: what `crm export -o jsonl` writes, an import takes in the same, on both engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.render import machine
from crmcli.results import Bytes, Rows, Stream
from crmcli.services import deals, exporting, imports, records, tasks, timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

KINDS = (COMPANY, CONTACT, DEAL, LEAD, TASK, INTERACTION)
NASTY = "=1+1 \"quoted\", 'apostrophe'; \\n ۱۲ <b>[/]\n@second line\twith tab 👩‍👩‍👧 \u200f\u202e\u2028 null"


def exported(ctx: Context, kind: Entity, format: str) -> bytes:
    """Every record of a kind as the program writes it."""
    made = exporting.export(ctx, kind, ["is:any"], format=format, lossless=format == "csv")
    if isinstance(made, Rows):
        return "".join(machine.WRITERS[format](made)).encode()
    assert isinstance(made, (Bytes, Stream))
    return made.content if isinstance(made, Bytes) else b"".join(made.parts)


def content(ctx: Context) -> dict[str, bytes]:
    """All that a book says, as text to be compared."""
    return {kind.name: exported(ctx, kind, "csv") for kind in KINDS}


def take(ctx: Context, path: Path, kind: Entity) -> Any:
    return imports.run(ctx, imports.plan(ctx, str(path), kind=kind))


def fill(ctx: Context) -> None:
    """A little of everything: links between namesakes, ends of deals, all kinds of values, nasty texts."""
    firm = {"name": "Daughter", "parent": "مادر ۱", "revenue": "500.250", "currency": "KWD", "employees": "12"}
    records.add(ctx, COMPANY, {**firm, "website": "daughter.example", "tags": "vip, دوست"})
    person = {"name": "=cmd()", "company": "Daughter", "description": NASTY, "birthday": "1980-03-22", "tags": "b,a"}
    records.add(ctx, CONTACT, {**person, "email": "ada@daughter.example", "phone": "+98 21 8888 7777", "owner": "me"})
    records.add(ctx, CONTACT, {"name": "N/A", "company": "مادر ۱", "mobile": "'0912", "job_title": "null"})
    won = {"name": "Won 👍", "company": "مادر ۱", "contact": "=cmd()", "value": "12000", "currency": "JPY", "tags": "a"}
    records.add(ctx, DEAL, {**won, "owner": "me", "source": "web", "campaign": "NULL"})
    records.add(
        ctx, DEAL, {"name": "Open", "value": "12.34", "probability": "33.5", "recurring": "5", "plan": "yearly"}
    )
    records.add(ctx, DEAL, {"name": "Lost", "stage": "qualified", "close_on": "2027-01-02", "value": "-0.01"})
    records.add(ctx, LEAD, {"name": "@lead", "company": "'Mother", "medium": "e, mail", "priority": "high"})
    records.add(ctx, LEAD, {"name": "archived", "description": "true"})
    records.add(
        ctx, TASK, {"name": "Call", "on": "deal:2", "due": "2026-12-01 14:30", "owner": "me", "priority": "low"}
    )
    records.add(ctx, TASK, {"name": "Done", "due": "2026-12-02", "contact": "=cmd()"})
    records.add(ctx, TASK, {"name": "Open", "on": "lead:4", "minutes": "90"})
    deals.won(ctx, DEAL, [1])
    deals.lost(ctx, DEAL, [3], "Too expensive")
    records.archive(ctx, LEAD, [5])
    tasks.done(ctx, [1, 2], "spoke to her\nagain")
    timeline.add(ctx, CONTACT, 1, "call", NASTY, at="yesterday 14:30", minutes="12", direction="in")
    timeline.add(ctx, LEAD, 4, "meeting", "")


def moved(source: Context, target: Context, folder: Path, format: str, kinds: Sequence[Entity] = KINDS) -> None:
    """Export the kinds from one book and import them into another, twice: the second time nothing is new or changed."""
    for kind in kinds:
        path = folder / f"{kind.name}.out"
        path.write_bytes(exported(source, kind, format))
        done = take(target, path, kind)
        assert done.refused == 0, done.listed
        again = take(target, path, kind)
        assert (again.new, again.refused, again.same) == (0, 0, again.rows)


@pytest.mark.parametrize("format", ["jsonl", "json"])
def test_a_book_moves_out_by_json_without_loss(ctx: Context, second_book: Context, tmp_path: Path, format: str) -> None:
    fill(ctx)
    moved(ctx, second_book, tmp_path, format)
    assert content(second_book) == content(ctx)


def test_a_book_moves_in_by_json_without_loss(ctx: Context, second_book: Context, tmp_path: Path) -> None:
    fill(second_book)
    moved(second_book, ctx, tmp_path, "jsonl")
    assert content(ctx) == content(second_book)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"name": TEXTS.map(lambda text: f"n {text} n")},
        optional={
            "job_title": TEXTS, "description": TEXTS, "street": TEXTS, "mobile": TEXTS.map(lambda text: f"1 {text}"),
        },
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=ROWS)
def test_any_texts_move_out_by_json(
    ctx: Context, second_book: Context, tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    for row in rows:
        records.add(ctx, CONTACT, row)
    path = tmp_path / "contacts.jsonl"
    path.write_bytes(exported(ctx, CONTACT, "jsonl"))
    assert take(second_book, path, CONTACT).refused == 0
    assert exported(second_book, CONTACT, "jsonl") == exported(ctx, CONTACT, "jsonl")


def test_links_go_by_their_uid_and_never_by_a_number(ctx: Context, second_book: Context, tmp_path: Path) -> None:
    records.add(second_book, COMPANY, {"name": "Somebody", "external_id": "1"})
    records.add(ctx, COMPANY, {"name": "Twin", "city": "Bern"})
    records.add(ctx, COMPANY, {"name": "Twin", "city": "Rome"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "2"})
    moved(ctx, second_book, tmp_path, "jsonl", (COMPANY, CONTACT))
    (row,) = records.list_records(second_book, CONTACT, columns="all", limit=0).rows
    assert row["company"] == "Twin"
    (firm,) = records.list_records(second_book, COMPANY, [f"id:{row['company_id']}"], columns="all", limit=0).rows
    assert firm["city"] == "Rome"


def test_the_answer_of_an_api_comes_in(ctx: Context, tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    people = [{"id": str(n), "properties": {"email": f"h{n}@x.example", "firstname": f"A{n}"}} for n in (1, 2)]
    path.write_text(json.dumps({"results": people, "paging": {"next": {"after": "2"}}}), encoding="utf-8")
    done = take(ctx, path, CONTACT)
    assert (done.new, done.refused) == (2, 0), done.listed
    rows = list(records.list_records(ctx, CONTACT, columns="name,email,external_id", sort="id", limit=0).rows)
    assert [(row["name"], row["email"], row["external_id"]) for row in rows] == [
        ("A1", "h1@x.example", "1"), ("A2", "h2@x.example", "2"),
    ]  # fmt: skip


def test_json_of_other_programs_comes_in(ctx: Context, tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    people: list[dict[str, Any]] = [
        {
            "full_name": "Ada Lovelace",
            "email": "ada@x.example",
            "tags": ["vip", "north, west"],
            "address": {"city": "Bern"},
        },
        {"full_name": "علی رضایی", "phone": 989121234567, "birthday": "1980-03-22", "address": None},
    ]
    path.write_text(json.dumps(people, indent=2), encoding="utf-8")
    done = take(ctx, path, CONTACT)
    assert (done.new, done.refused) == (2, 0), done.listed
    rows = list(
        records.list_records(ctx, CONTACT, columns="name,email,phone,tags,city,birthday", sort="id", limit=0).rows
    )
    assert [(row["name"], row["email"], row["phone"]) for row in rows] == [
        ("Ada Lovelace", "ada@x.example", None), ("علی رضایی", None, "989121234567"),
    ]  # fmt: skip
    assert (rows[0]["city"], rows[1]["birthday"]) == ("Bern", "1980-03-22")
    assert sorted(rows[0]["tags"]) == ["north, west", "vip"]


def test_refused_lines_are_kept_as_they_are(ctx: Context, tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_bytes(b'{"name": "Ada", "email": "a@x.example"}\n{"name": "broken"\n{"name": "\\ud800", "email": "b"}\n')
    done = take(ctx, path, CONTACT)
    assert (done.new, done.refused) == (1, 2)
    assert [line for line, *_ in done.listed] == [2, 3]
    with open(done.rejects, encoding="utf-8") as file:
        kept = file.read()
    assert '{""name"": ""broken""' in kept
    assert "\\ud800" in kept
    again = take(ctx, Path(done.rejects), CONTACT)  # unmended, they are nothing that could be taken in
    assert (again.new, again.refused) == (0, 2), again.listed
