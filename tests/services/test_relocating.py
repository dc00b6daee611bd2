"""A whole book as JSON lines: from either engine into either, byte for byte, history and all; or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import SQLModel

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.dedupe import Group
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import ConflictError, DamagedError, NewerDatabaseError, ReadError
from crmcli.services import (
    custom,
    deals,
    doctor,
    duplicates,
    purging,
    records,
    relocating,
    saved_views,
    tags,
    tasks,
    timeline,
    undoing,
)
from crmcli.store import models  # noqa: F401 - registers the tables
from tests.support.books import NOW, sound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.conftest import Put


def fill(ctx: Context) -> None:
    """A life of a book: every table gets something, some of it is taken back or forgotten again."""
    custom.add(ctx, "opportunity", "branche", "choice", ["Stahl", "فولاد"])
    custom.add(ctx, "opportunity", "score", "integer")  # jsonb has the shorter name first
    firm = records.add(ctx, COMPANY, {"name": "شرکت آذر", "website": "azar.example", "tags": "vip"}).ids[0]
    records.add(ctx, COMPANY, {"name": "Tochter", "parent": "شرکت آذر"})
    ada = records.add(ctx, CONTACT, {"name": "Ada 🚀", "company": f"{firm}", "birthday": "1815-12-10"}).ids[0]
    records.add(
        ctx, LEAD, {"name": "Lead\u200c ی", "value": "12.5 KWD", "branche": "فولاد", "score": "7", "tags": "vip,cold"}
    )
    number = records.add(ctx, DEAL, {"name": "Deal", "contact": f"{ada}", "value": "1000"}).ids[0]
    records.add(ctx, TASK, {"name": "Call", "on": f"deal:{number}", "due": "2026-11-25 14:30"})
    timeline.add(ctx, DEAL, number, "note", 'Zeile 1\nZeile 2\t\\ "x"')
    deals.won(ctx, DEAL, [number])
    undoing.undo(ctx)
    deals.lost(ctx, DEAL, [number], reason="too dear")
    tasks.done(ctx, [1], "reached her")
    saved_views.save(ctx, "hot", DEAL, "value:10..")
    doctor.add(ctx, "dear", LEAD, "no:value")
    doctor.examine(ctx)
    gone = records.add(ctx, CONTACT, {"name": "Forget Me", "email": "f@x.example"}).ids[0]
    purging.purge(ctx, CONTACT, [gone])
    other = records.add(ctx, CONTACT, {"name": "Removed"}).ids[0]
    records.remove(ctx, CONTACT, [other])
    tags.delete(ctx, "cold")


def lines_of(ctx: Context) -> bytes:
    return b"".join(relocating.export_book(ctx).parts)


@pytest.fixture(params=["sqlite", "postgresql"])
def vacant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    """A new book, on each engine."""
    url = str(tmp_path / "vacant.db") if request.param == "sqlite" else request.getfixturevalue("pg_url")
    opened = Context(Settings({"db": url}), quiet=True, plugins=False)
    opened.create(url)
    yield opened
    opened.close()


def test_a_book_moves_whole_from_each_engine_to_each(ctx: Context, vacant: Context, put: Put) -> None:
    fill(ctx)
    lines = lines_of(ctx)
    said = relocating.import_book(vacant, put(lines, "book.jsonl"))
    assert said.text.startswith("moved 2 companies, 2 contacts, 2 leads and deals, 1 task, ")

    assert lines_of(vacant) == lines
    sound(vacant)
    assert vacant.names("stage") == ctx.names("stage")
    [lead] = records.list_records(vacant, LEAD, ["branche:فولاد"]).rows
    assert (lead["name"], lead["value"]) == ("Lead\u200c ی", 12_500)
    assert [row["id"] for row in records.list_records(vacant, CONTACT, ["company:آذر"]).rows] == [1]
    # It goes on where it stopped: numbers, and what can be taken back.
    assert records.add(vacant, CONTACT, {"name": "Next"}).ids == records.add(ctx, CONTACT, {"name": "Next"}).ids
    undoing.undo(vacant)
    undoing.undo(vacant)
    assert "cold" in vacant.names("tag")
    sound(vacant)


def test_what_was_taken_back_alone_moves_along_and_comes_back(ctx: Context, vacant: Context, put: Put) -> None:
    for name in ("A", "A", "B", "B", "C", "C"):
        records.add(ctx, DEAL, {"name": name})
    bulk = duplicates.merge_all(ctx, DEAL, [Group((n, n + 1), 99, ("same",)) for n in (1, 3, 5)]).batch
    part, other = (undoing.undo(ctx, bulk, (DEAL, number)).batch for number in (2, 4))
    back = undoing.undo(ctx, other).batch
    lines = lines_of(ctx)
    assert sum(b'"undoes_seq":' in line for line in lines.splitlines()) == 2
    relocating.import_book(vacant, put(lines, "book.jsonl"))
    assert lines_of(vacant) == lines
    sound(vacant)
    undoing.undo(vacant, back)
    undoing.undo(vacant, part)
    undoing.undo(vacant, bulk)
    assert vacant.reader.rows("SELECT id FROM opportunity WHERE merged_into_id IS NOT NULL") == []
    sound(vacant)


def test_a_file_of_an_earlier_layout_comes_in(vacant: Context, written: list[bytes], put: Put) -> None:
    """That of before an undo could name one transaction: none of its batches does."""
    assert b'"undoes_seq"' not in b"".join(written)
    relocating.import_book(vacant, put(b"".join([b'{"crm":"book","schema":"0005"}\n', *written[1:]]), "book.jsonl"))
    assert lines_of(vacant) == b"".join(written)
    sound(vacant)


def test_every_table_of_the_store_is_moved() -> None:
    assert set(relocating.TABLES) == set(SQLModel.metadata.tables) - {"journal_head"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of a book that has lived."""
    path = tmp_path_factory.mktemp("written") / "crm.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_HOME", str(path.parent))
        patch.setenv("CRM_NOW", NOW)
        opened = Context(Settings({"db": str(path)}), quiet=True, plugins=False)
        opened.create(str(path))
        fill(opened)
        lines = lines_of(opened)
        opened.close()
    return [line + b"\n" for line in lines.splitlines()]


def test_a_dry_run_changes_nothing(vacant: Context, written: list[bytes], put: Put) -> None:
    before = lines_of(vacant)
    path = put(b"".join(written), "book.jsonl")
    assert relocating.import_book(vacant, path, dry_run=True).text.startswith("would move 2 companies")
    assert lines_of(vacant) == before
    sound(vacant)


def test_a_book_in_use_is_not_written_over(ctx: Context, put: Put) -> None:
    records.add(ctx, CONTACT, {"name": "Mine"})
    before = lines_of(ctx)
    with pytest.raises(ConflictError, match="in use"):
        relocating.import_book(ctx, put(before, "book.jsonl"))
    assert lines_of(ctx) == before


def rows(count: int) -> bytes:
    """The last line of a file of so many rows."""
    return json.dumps({"rows": count}).encode() + b"\n"


def spoilt(lines: list[bytes], place: int, **changes: Any) -> bytes:
    row = json.loads(lines[place])
    row.update(changes)
    return b"".join([*lines[:place], json.dumps(row).encode() + b"\n", *lines[place + 1 :]])


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("cut", ReadError, "was cut short after line"),
        ("row lost", ReadError, "rows, not"),
        ("no json", ReadError, "line 5 is not a row"),
        ("after the end", ReadError, "after the end"),
        ("newer", NewerDatabaseError, "newer version"),
        ("table", ReadError, r"book.jsonl: line \d+ is of no table"),
        ("column", ReadError, "no such column"),
        ("key", ReadError, "no such column"),
        ("nul", ReadError, "NUL"),
        ("float", ReadError, r"book.jsonl: line \d+, contact.name: that is no text"),
        ("number", ReadError, "contact.name: that is no text"),
        ("yes", ReadError, "contact.company_id: that is no whole number"),
        ("day", ReadError, "contact.birthday: that is no day"),
        ("moment", ReadError, "contact.created_at: that is no moment in UTC"),
        ("flag", ReadError, "opportunity.probability_manual: that is no true or false"),
        ("object", ReadError, "opportunity.custom: that is no object"),
        ("member", ReadError, "opportunity.custom: sector: no field is called so"),
        ("option", ReadError, "opportunity.custom: branche: that is no choice"),
        ("options", ReadError, "custom_field.options: that is no list of words"),
        ("no layout", ReadError, "does not say in its first line"),
        ("odd layout", ReadError, "does not say in its first line"),
        ("huge", ReadError, "too large a number"),
        ("doubled", ReadError, r"book.jsonl: two rows of contact have one (id|uid)"),
        ("empty", ReadError, "has no row of pipeline"),
        ("changed", DamagedError, "does not make a sound book"),
        ("journal", DamagedError, "does not make a sound book"),
    ],
)
def test_a_file_that_makes_no_book_changes_nothing(
    second_book: Context, written: list[bytes], put: Put, name: str, error: type[Exception], said: str
) -> None:
    lines = written
    person = next(i for i, line in enumerate(lines) if b'"table":"contact"' in line)
    change = next(i for i, line in enumerate(lines) if b'"table":"journal"' in line)
    deal = next(i for i, line in enumerate(lines) if b'"table":"opportunity"' in line)
    field = next(i for i, line in enumerate(lines) if b'"table":"custom_field"' in line)
    content = {
        "cut": b"".join(lines[:-3]),
        "row lost": b"".join(lines[:-2] + lines[-1:]),
        "no json": b"".join([*lines[:4], b"{\n", *lines[5:]]),
        "after the end": b"".join([*lines, lines[2]]),
        "newer": b"".join([b'{"crm":"book","schema":"9999"}\n', *lines[1:]]),
        "table": spoilt(lines, person, table="sqlite_master"),
        "column": spoilt(lines, person, **{"name) VALUES (1); --": "x"}),
        "key": spoilt(lines, person, name_key="x"),
        "nul": spoilt(lines, person, name="a\0b"),
        "float": spoilt(lines, person, name=1.5),
        "number": spoilt(lines, person, name=5),
        "yes": spoilt(lines, person, company_id=True),
        "day": spoilt(lines, person, birthday="1815-12-32"),
        "moment": spoilt(lines, person, created_at="1815-12-10"),
        "flag": spoilt(lines, deal, probability_manual=1),
        "object": spoilt(lines, deal, custom="{}"),
        "member": spoilt(lines, deal, custom={"sector": "x"}),
        "option": spoilt(lines, deal, custom={"branche": "Holz"}),
        "options": spoilt(lines, field, options="Stahl"),
        "no layout": b"".join([b'{"crm":"book"}\n', *lines[1:]]),
        "odd layout": b"".join([b'{"crm":"book","schema":5}\n', *lines[1:]]),
        "doubled": b"".join([*lines[: person + 1], *lines[person:-1], rows(len(lines) - 1)]),
        "empty": lines[0] + rows(0),
        "huge": spoilt(lines, person, company_id=2**70),
        "changed": spoilt(lines, person, name="Somebody else"),
        "journal": spoilt(lines, change, after='{"name":"x"}'),
    }[name]
    before = lines_of(second_book)
    with pytest.raises(error, match=said):
        relocating.import_book(second_book, put(content, "book.jsonl"))
    assert lines_of(second_book) == before
    sound(second_book)


@pytest.mark.parametrize("content", [b"", b"name,email\n", b"[]\n", b'{"crm":"x"}\n', b"\xff\xfe", b'{"name":"Ada"}\n'])
def test_other_files_are_no_books(put: Put, content: bytes) -> None:
    assert not relocating.is_book(put(content, "x.jsonl"))
    assert not relocating.is_book("nowhere.jsonl")
