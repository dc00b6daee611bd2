"""What an index holds has a greatest length, the same on both engines: so much goes in, and no more."""

from __future__ import annotations

import json
import random
import sys
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import ENTITIES, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.domain.types import INDEXED, Text
from crmcli.errors import FieldError, ReadError, UsageError
from crmcli.services import (
    custom,
    deals,
    doctor,
    finding,
    imports,
    pipelines,
    records,
    relocating,
    saved_views,
    tags,
    undoing,
    vocabulary,
)
from crmcli.store.tables import LIMITED, NOUNS
from tests.support.books import sound
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcli.context import Context

_CHANCE = random.Random(6)
#: Texts whose keys have as many characters as fit.
NASTY = (
    "x" * INDEXED,
    "🚀" * INDEXED,
    "".join(chr(_CHANCE.randrange(0x20000, 0x2A6D0)) for _ in range(INDEXED)),  # four bytes each, not to be compressed
    "ﷺ" * (INDEXED // 18) + "z" * (INDEXED % 18),
    "é\u0323\u0301" * (INDEXED // 3),
    "۷" * INDEXED,
    "".join(_CHANCE.choices("0123456789", k=INDEXED)),
)
#: What rows of some tables have besides.
BESIDE: dict[str, dict[str, Any]] = {
    "occasion": {"on_day": "2026-01-01"},
    "plan_step": {"plan_id": 1},
    "rhythm_rule": {"filter": "tag:vip", "days": 30},
    "stage": {"pipeline_id": 1}, "custom_field": {"entity": "task", "type": "text"},
    "doctor_rule": {"entity": "task", "filter": "is:open"},
    "interaction": {"body": "b", "at": "2026-01-01T00:00:00.000Z"},
}  # fmt: skip


@pytest.mark.parametrize("table", LIMITED)
def test_as_much_as_fits_goes_into_every_index(ctx: Context, table: str) -> None:
    entity, limited = NOUNS[table], LIMITED[table]
    if table == "plan_step":
        with ctx.writing() as tx:
            tx.add("plan", {"name": "Plan"})
    named = "name" in limited
    for number, text in enumerate(NASTY):
        for column, kind in limited.items():
            beside = BESIDE.get(table, {}) | ({"name": f"{number} {column}"} if named else {})
            with ctx.writing() as tx:
                tx.add(entity, {**beside, column: text})
            found = ctx.reader.value(f"SELECT max(id) FROM {table}")
            assert ctx.reader.value(f"SELECT {column} FROM {table} WHERE id = ?", (found,)) == text
            assert not isinstance(kind, Text) or kind.counted(text) == INDEXED
            if kind.counted(text) == INDEXED:
                told = f"at most {INDEXED} fit: shorten it"
                with pytest.raises(FieldError, match=told), ctx.writing() as tx:
                    tx.add(entity, {**beside, column: f"{text}a"})


def test_no_character_grows_more_than_the_types_reckon_with() -> None:
    folded = ((chr(code), len(fold(f"a{chr(code)}a")) - 2) for code in range(sys.maxunicode) if code >> 11 != 27)
    assert max(folded, key=lambda one: one[1]) == ("ﷺ", 18)
    assert max(len(fold(f"a{chr(code)}a")) - 2 for code in range(0x2057)) == 3
    for text in ("ﷺ" * 34, "¼" * 201, "a" * 601, "é" * 601, "ﷺ" * 33 + "zzzzzzz"):
        with pytest.raises(FieldError, match="characters, and at most 600 fit"):
            LEAD.field("name").type.check_length(text)


def test_what_people_type_is_refused_everywhere(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * (INDEXED + 1)
    number = records.add(ctx, LEAD, {"name": "Ada", "tags": "vip"}).ids[0]
    custom.add(ctx, "opportunity", "area", "text")
    for field in ("name", "external_id", "phone", "tags", "source", "owner"):
        with pytest.raises(FieldError, match=rf"^{field}: .*it has 601 characters, and at most 600 fit"):
            records.edit(ctx, LEAD, [number], {field: long})
    with pytest.raises(FieldError, match="it has 601 characters"):
        tags.rename(ctx, "vip", long)
    with pytest.raises(FieldError, match="it has 601 characters"):
        tags.add(ctx, long, LEAD, [number])
    for add in (
        lambda: saved_views.save(ctx, long, LEAD, "value:10.."),
        lambda: pipelines.stage_add(ctx, long),
        lambda: vocabulary.user_add(ctx, long, {}),
        lambda: custom.edit(ctx, "opportunity", "area", {"name": "a" * 601}),
        lambda: doctor.add(ctx, long, LEAD, "no:value"),
    ):
        with pytest.raises(UsageError, match=r"at most|cannot name a rule"):
            add()
    records.edit(ctx, LEAD, [number], {"description": "x " * 50_000, "city": long, "company": long, "area": long})
    with pytest.raises(FieldError, match=r"^lead:1: the name of a company: it has 601 characters") as refused:
        deals.convert(ctx, number)
    assert (refused.value.field, refused.value.hint) == ("company", "crm lead edit 1 company=...")
    records.edit(ctx, LEAD, [number], {"company": "Mills", "contact_name": long})
    with pytest.raises(FieldError, match=r"^lead:1: the name of a contact: it has 601 characters") as refused:
        deals.convert(ctx, number)
    assert (refused.value.field, refused.value.hint) == ("contact_name", "crm lead edit 1 contact_name=...")
    with pytest.raises(FieldError, match="it has 601 characters"):
        records.add(ctx, TASK, {"name": "Call", "owner": long, "type": "call"})
    with pytest.raises(FieldError, match="it has 601 characters"):
        records.add(ctx, TASK, {"name": "Call", "type": long})
    assert "new user" not in (said := capsys.readouterr().err)  # what is refused is not said to be made
    assert "new task type" not in said
    assert ctx.names("tag") == ["vip"]
    sound(ctx)


@pytest.mark.parametrize(
    ("first", "letters", "each"), [("a", 26, 4), ("ب", 8, 6), ("\U00020000", 1000, 2)], ids=["a", "b", "c"]
)
def test_a_text_of_more_words_than_an_index_holds_goes_in(
    ctx: Context, tmp_path: Path, first: str, letters: int, each: int
) -> None:
    alphabet = map(chr, range(ord(first), ord(first) + letters))
    words = ["".join(word) for word in islice(product(alphabet, repeat=each), 1_000_000 // each)]
    text, path = " ".join(words), tmp_path / "tasks.jsonl"
    records.add(ctx, TASK, {"name": "Call", "description": text})
    records.edit(ctx, TASK, [1], {"description": text[each:]})
    path.write_text(json.dumps({"Subject": "Mail", "Description": text}))
    assert counts(take(ctx, str(path), kind=TASK))[:2] == (1, 1)
    assert [row["description"] for row in rows(ctx, TASK)] == [text[each + 1 :], text]
    assert [row["id"] for row in finding.find(ctx, words[0]).rows] == [2]
    assert [row["id"] for row in finding.find(ctx, words[7]).rows] == [2, 1]
    sound(ctx)


def test_the_rest_of_a_text_goes_into_the_description_of_what_has_one() -> None:
    for kind in ENTITIES.values():
        if kind.by_name.get("name") is not None and kind.field("name").type.longest:
            with pytest.raises(FieldError) as refused:
                kind.field("name").type.check_length("x" * (INDEXED + 1))
            described = refused.value.message.endswith("shorten it and put the rest in the description")
            assert described == ("description" in kind.by_name), kind.name


def test_an_import_refuses_the_row_with_its_column(ctx: Context, tmp_path: Path) -> None:
    prose, path = "prose " * 500, tmp_path / "tasks.csv"
    lines = ["Subject,Description,Tags,Company", f"Call,{prose},,", f"{prose},,,", f"{'é ' * 400},,,"]
    path.write_text("\n".join([*lines, f"Mail,,{'t' * 601},", f"Meet,,,{'c' * 601}", f"Write,,{'t' * 600},"]) + "\n")
    done = take(ctx, str(path), kind=TASK)
    assert counts(done)[:2] + counts(done)[5:] == (6, 2, 4)
    assert [(line, header, reason.partition(" characters")[0]) for line, header, _, reason in done.listed] == [
        (3, "Subject", "it has 2,999"), (4, "Subject", "it has 799"), (5, "Tags", "it has 601"),
        (6, "Company", "it has 601"),
    ]  # fmt: skip
    assert [(row["name"], row["description"]) for row in rows(ctx, TASK)] == [("Call", prose.strip()), ("Write", None)]


@pytest.mark.parametrize("title", ["Name", "First name", "Phone", "Company domain name", "Record ID"])
def test_an_import_refuses_what_is_put_together_too(ctx: Context, tmp_path: Path, title: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"{title},Last name,E-mail\n{'7' * 601},Ray,bob@x.example\nAda,Love,ada@x.example\n")
    done = imports.run(ctx, imports.plan(ctx, str(path), kind=ENTITIES["contact"]))
    if title == "Company domain name":  # what is none is passed over
        assert counts(done)[:2] == (2, 2)
    else:
        assert counts(done)[:2] + counts(done)[5:] == (2, 1, 1)
        assert "at most 600 fit" in done.listed[0][3]


@pytest.fixture
def older(book_path: Path, opened: Callable[[str], Context]) -> Context:
    """A book on SQLite that has a task with a longer name, as it could before there was a limit."""
    found = opened(str(book_path))
    number = records.add(found, TASK, {"name": "Call"}).ids[0]
    with found.writing() as tx:
        tx.change("task", number, {"name": "prose " * 500})
    return found


def test_a_longer_text_of_before_stays_until_it_is_shortened(older: Context) -> None:
    records.edit(older, TASK, [1], {"description": "more"})
    assert [len(row["name"]) for row in rows(older, TASK)] == [3000]
    records.edit(older, TASK, [1], {"name": "Call"})
    undoing.undo(older)
    assert len(records.get(older, TASK, 1)["name"]) == 3000
    sound(older)


def test_postgresql_names_the_index_that_a_text_is_too_long_for(pg_url: str, opened: Callable[[str], Context]) -> None:
    book = opened(pg_url)
    book.create(pg_url)
    number = records.add(book, TASK, {"name": "Call"}).ids[0]
    with pytest.raises(UsageError, match="longer than the index ix_task_name holds"), book.writing() as tx:
        tx.change("task", number, {"name": NASTY[2] * 2})


def test_a_longer_text_of_before_moves_to_sqlite_alone(
    older: Context, empty_url: str, opened: Callable[[str], Context], tmp_path: Path
) -> None:
    path, target = tmp_path / "book.jsonl", opened(empty_url)
    target.create(empty_url)
    path.write_bytes(b"".join(relocating.export_book(older).parts))
    if target.reader.dialect == "sqlite":
        relocating.import_book(target, str(path))
        assert [len(row["name"]) for row in rows(target, TASK)] == [3000]
        return
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if json.loads(text).get("table") == "task")
    with pytest.raises(
        ReadError, match=rf"line {line}, task 1: the name of a task: it has 3,000 characters"
    ) as refused:
        relocating.import_book(target, str(path))
    assert "crm task edit 1 name=..." in refused.value.hint
    assert "nothing was saved" in refused.value.hint
    assert target.reader.value("SELECT count(*) FROM task") == 0


@pytest.mark.parametrize(
    ("word", "command"),
    [("tag", "crm tag rename NAME NEW"), ("user", "crm user edit NAME name=..."), ("lost_reason", "")],
)
def test_a_longer_word_of_before_is_mended_by_its_own_verb(
    book_path: Path, pg_url: str, opened: Callable[[str], Context], tmp_path: Path, word: str, command: str
) -> None:
    before, target, path = opened(str(book_path)), opened(pg_url), tmp_path / "book.jsonl"
    with before.writing() as tx:
        number = tx.word(word, "vip")
        assert number
        tx.change(word, number, {"name": "v" * 650})
    path.write_bytes(b"".join(relocating.export_book(before).parts))
    target.create(pg_url)
    with pytest.raises(
        ReadError, match=r"name of a .*: it has 650 characters, and at most 600 fit: shorten it\.\n"
    ) as no:
        relocating.import_book(target, str(path))
    assert no.value.hint == f"do so in the book that it comes from{command and ': '}{command}; nothing was saved"
