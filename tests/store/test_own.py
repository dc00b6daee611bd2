"""Values of fields of people's own in the store: what an independent witness reads and writes, and which book's fields
the program knows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from sqlmodel import Session, select

from crmcli import api
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain import custom as custom_fields
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.domain.fields import NONE, installed
from crmcli.errors import ConflictError, CrmError, DamagedError
from crmcli.services import checking, custom, history, records, tags
from crmcli.store import connect, models, own, read
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crmcli.store.write import Transaction

EVERY = {
    "branch": ("text", "Straße"), "story": ("long-text", "a\nb"), "score": ("number", "3.25"),
    "size": ("integer", "-7"), "chance": ("percent", "33.5"), "since": ("date", "2026-11-20"),
    "seen": ("instant", "2026-11-20 10:30"), "vip": ("flag", "yes"), "grade": ("choice", "b"),
    "post": ("email", "A@X.example"), "home": ("phone", "+98 21 8888 7777"), "page": ("url", "x.example"),
    "code": ("identifier", "۱۲"),
}  # fmt: skip
STORED = {
    "branch": "Straße", "story": "a\nb", "score": 3_250_000, "size": -7, "chance": 3350, "since": "2026-11-20",
    "seen": "2026-11-20T10:30:00.000Z", "vip": True, "grade": "B", "post": "a@x.example", "home": "+98 21 8888 7777",
    "page": "x.example", "code": "۱۲",
}  # fmt: skip
KEYS = {
    "branch": "strasse", "story": "a b", "post": "a@x.example", "home": "+982188887777", "page": "x.example",
}  # fmt: skip


@contextlib.contextmanager
def session(url: str) -> Iterator[Session]:
    """A SQLModel session on the same store, which knows nothing of our doors."""
    target = url.replace("postgresql://", "postgresql+psycopg://") if connect.is_url(url) else f"sqlite:///{url}"
    engine = create_engine(target)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def define(ctx: Context, table: str) -> None:
    for name, (kind, _) in EVERY.items():
        custom.add(ctx, table, name, kind, ("A", "B") if kind == "choice" else ())


def test_what_we_write_a_witness_reads_as_an_object(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    define(ctx, "opportunity")
    records.add(ctx, LEAD, {"name": "Ada", **{name: text for name, (_, text) in EVERY.items()}})
    records.add(ctx, DEAL, {"name": "Bob"})
    for witness in (session(store_url), api.session(ctx)):
        with witness as asked:
            lead, deal = asked.exec(select(models.Opportunity).order_by(models.Opportunity.id)).all()  # type: ignore[arg-type]
            assert lead.custom == STORED
            assert lead.custom_key == KEYS
            assert (deal.custom, deal.custom_key) == (None, None)
    records.edit(ctx, LEAD, [1], {name: "" for name in EVERY if name not in ("vip", "branch")})
    with session(store_url) as asked:
        lead = asked.get(models.Opportunity, 1)
        assert lead is not None
        assert (lead.custom, lead.custom_key) == ({"branch": "Straße", "vip": True}, {"branch": "strasse"})
    records.edit(ctx, LEAD, [1], {"vip": "", "branch": ""})
    assert ctx.reader.rows("SELECT custom, custom_key FROM opportunity") == [(None, None)] * 2
    books.sound(ctx)


def test_what_a_witness_writes_we_read_and_find(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    define(ctx, "contact")
    with session(store_url) as witness:
        witness.add(models.Contact(name="Ada", custom=STORED))
        witness.add(models.Contact(name="Bob", custom={"branch": "Strasse"}))
        witness.add(models.Contact(name="Nobody"))
        witness.commit()
    assert records.get(ctx, CONTACT, 1).items() >= STORED.items()
    for text, found in (
        ("branch:STRASSE", [1, 2]), ("strasse", [1, 2]), ("home:8888", [1]), ("score:3..3.5", [1]), ("vip:yes", [1]),
        ("grade:b", [1]), ("no:branch", [3]), ("seen:2026-11-20", [1]), ("since:..2026-11-20", [1]), ("code:12", []),
        ("code:۱۲", [1]), ("post:=a@x.example", [1]), ("chance:33.5", [1]), ("size:..-1", [1]), ("not vip:yes", [2, 3]),
    ):  # fmt: skip
        node = records.bound(ctx, CONTACT, text)
        assert read.all_ids(ctx.reader, CONTACT, node) == found, text


def test_rows_are_written_alike_one_by_one_and_many_at_once(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    define(ctx, "company")
    columns = {
        "name": [f"c{i}" for i in range(30)],
        "custom.branch": ["Straße", None, "Ada"] * 10,
        "custom.size": [2**53 + 1, None, None] * 10,
        "custom.vip": [None, None, False] * 10,
    }
    with ctx.writing() as tx:
        tx.add_many("company", columns)
    with ctx.writing() as tx:
        for i in range(30):
            tx.add("company", {name: values[i] for name, values in columns.items()})
    found = read.raw(ctx.reader, "company", list(range(1, 61)))
    rows = [found[number] for number in sorted(found)]
    own_of = [{k: v for k, v in row.items() if k.startswith("custom")} for row in rows]
    assert own_of[:30] == own_of[30:]
    assert own_of[:3] == [
        {"custom.branch": "Straße", "custom.size": 2**53 + 1, "custom_key.branch": "strasse"},
        {},
        {"custom.branch": "Ada", "custom.vip": False, "custom_key.branch": "ada"},
    ]
    texts = [row[0] for row in ctx.reader.rows("SELECT after FROM journal WHERE entity = 'company' ORDER BY id")]
    assert [text.replace(f'"uid":"{row["uid"]}"', "") for text, row in zip(texts[:30], rows, strict=False)] == [
        text.replace(f'"uid":"{row["uid"]}"', "") for text, row in zip(texts[30:], rows[30:], strict=True)
    ]
    books.sound(ctx)


# --- whose fields are known ------------------------------------------------------------------------------------------


def listed(ctx: Context, text: str) -> list[Any]:
    return [row["branch"] for row in records.list_records(ctx, LEAD, [text], columns="branch").rows]


def test_two_books_in_turn_each_have_their_own_fields(
    store_url: str, tmp_path: Path, opened: Callable[[str], Context]
) -> None:
    one, two = opened(store_url), opened(str(books.make_file(tmp_path / "two.db")))
    custom.add(one, "opportunity", "branch", "text")
    custom.add(two, "opportunity", "branch", "integer")
    custom.add(two, "opportunity", "size", "integer")
    for _ in range(2):
        records.add(one, LEAD, {"name": "Ada", "branch": "12"})
        records.add(two, LEAD, {"name": "Bob", "branch": "12", "size": "3"})
        assert listed(one, "branch:1")[0] == "12"
        assert listed(two, "branch:12")[0] == 12
        with pytest.raises(CrmError, match="size"):
            records.list_records(one, LEAD, ["size:3"])
        assert "size" in records.get(two, LEAD, 1)
        assert "size" not in records.get(one, LEAD, 1)
        with pytest.raises(CrmError, match="size"):
            records.add(one, LEAD, {"name": "x", "size": "3"})
    for ctx in (one, two):
        books.sound(ctx)
    two.close()
    assert "branch" in records.get(one, LEAD, 1)
    one.close()
    assert installed() is NONE
    assert "branch" not in LEAD.by_name


def test_what_another_program_adds_is_known_to_the_next_write(store_url: str, opened: Callable[[str], Context]) -> None:
    """A bare word finds what a field has that was added while this program was open."""
    one, two = opened(store_url), opened(store_url)
    records.add(one, CONTACT, {"name": "Ada"})
    custom.add(two, "contact", "branch", "text")
    records.edit(two, CONTACT, [1], {"branch": "Loom"})
    records.edit(one, CONTACT, [1], {"name": "Ada King"})
    assert [row["name"] for row in records.list_records(one, CONTACT, ["loom"]).rows] == ["Ada King"]
    custom.remove(two, "contact", "branch")
    one.tick()
    assert "branch" not in records.get(one, CONTACT, 1)
    books.sound(one)


def test_a_field_that_was_not_saved_is_not_known(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)

    class StopError(Exception):
        pass

    def put(tx: Transaction) -> None:
        custom.put(tx, "company", "branch", "text")
        assert "branch" in COMPANY.by_name
        assert records.list_records(ctx, COMPANY, ["branch:x"]).rows == []
        raise StopError

    with pytest.raises(StopError), ctx.writing() as tx:
        put(tx)
    with pytest.raises(CrmError):
        records.list_records(ctx, COMPANY, ["branch:x"])
    with ctx.rehearsal():
        custom.add(ctx, "company", "branch", "text")
        assert records.list_records(ctx, COMPANY, ["branch:x"]).rows == []
    ctx.learn()
    assert "branch" not in COMPANY.by_name
    with ctx.writing() as tx:
        with pytest.raises(StopError), tx.part():
            put(tx)
        assert "branch" not in COMPANY.by_name
    books.sound(ctx)


def test_nobody_else_writes_while_a_field_comes_or_goes(store_url: str) -> None:
    """What they write would not know it: it waits for them, and they for it."""
    one, two = (Context(Settings({"db": store_url, "busy_timeout": 1}), quiet=True, plugins=False) for _ in range(2))
    try:
        with one.writing() as tx:
            tx.add("contact", {"name": "Ada"})
            tx.flush()
            with pytest.raises(CrmError):
                custom.add(two, "contact", "branch", "text")
        custom.add(two, "contact", "branch", "text")
        with two.writing(alone=True) as tx:
            tx.row("contact", 1)
            with pytest.raises(CrmError):
                records.edit(one, CONTACT, [1], {"name": "Eve"})
        records.edit(one, CONTACT, [1], {"name": "Eve", "branch": "Loom"})
        books.sound(two)
    finally:
        one.close()
        two.close()


def test_an_undo_in_one_program_is_known_in_the_same(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    custom.add(ctx, "task", "branch", "text")
    history.undo(ctx)
    with pytest.raises(CrmError):
        records.bound(ctx, LEAD, "branch:x")
    ctx.learn()
    assert installed().shown == {}


def test_a_column_that_is_no_object_is_named_as_damage(book_path: Path, opened: Callable[[str], Context]) -> None:
    ctx = opened(str(book_path))
    records.add(ctx, LEAD, {"name": "Ada"})
    records.add(ctx, LEAD, {"name": "Bob"})
    ctx.close()
    for number, text in ((1, "{"), (2, "[1]")):
        with contextlib.closing(sqlite3.connect(book_path)) as raw:
            raw.execute("UPDATE opportunity SET custom = ? WHERE id = ?", (text, number))
            raw.commit()
    ctx = opened(str(book_path))
    found = list(checking.values(ctx.reader))
    assert found == ["lead 1: custom is not an object", "lead 2: custom is not an object"]
    damage = ctx.damage()
    assert damage is not None
    assert "custom" in damage.message


def test_packing_drops_what_is_empty() -> None:
    row = {"id": 1, "custom": '{"a":1}', "custom_key": None}
    own.unpack(row)
    assert row == {"id": 1, "custom.a": 1}
    assert own.packed(row, {"name": "x"}) == {"name": "x"}
    assert own.packed(row, {"custom.a": None}) == {"custom": None}
    assert own.packed(row, {"custom.b": False}) == {"custom": '{"a":1,"b":false}'}
    assert own.packed_columns({"custom.b": [None, 2], "custom.a": [None, 1], "x": [1, 2]}) == {
        "x": [1, 2], "custom": [None, '{"a":1,"b":2}'],
    }  # fmt: skip


INJECTED = "x') + (SELECT 41 + count(*) FROM crm_user) + count('"


@pytest.mark.parametrize("name", [INJECTED, "x') OR 1=1 --", "name", "Umsatz", "", "is", "a" * 20_000 + "'"])
def test_a_definition_that_no_program_wrote_is_passed_over_and_told(ctx: Context, name: str) -> None:
    custom.add(ctx, "contact", "sector", "text")
    ctx.reader.run("UPDATE custom_field SET name = ?", (name,))
    ctx.reread()
    records.add(ctx, CONTACT, {"name": "Ada"})
    assert [row["name"] for row in records.list_records(ctx, CONTACT, columns="all").rows] == ["Ada"]
    assert {field.name for field in CONTACT.fields} == {field.name for field in CONTACT.core}
    told = [line for _, _, faults in checking.checks(ctx, deep=True) for line in faults]
    assert any(line.startswith("custom field 1 has a name that no field can have") for line in told)
    custom.add(ctx, "company", "size", "integer")
    listed = [(row["field"], row["of"], row["records"]) for row in custom.fields(ctx).rows]
    assert listed == [("company.size", "companies", 0), (f"contact.{name}", custom.BROKEN, None)]


def test_definitions_of_nothing_and_with_unreadable_options_are_told(ctx: Context) -> None:
    custom.add(ctx, "contact", "grade", "choice", ["A", "B"])
    records.add(ctx, CONTACT, {"name": "Ada", "grade": "a"})
    custom.add(ctx, "company", "size", "integer")
    ctx.reader.run("UPDATE custom_field SET entity = 'starship' WHERE id = 2")
    for options in ("{", "[1, 2]", '"A"', "A,B"):
        ctx.reader.run("UPDATE custom_field SET options = ? WHERE id = 1", (options,))
        ctx.reread()
        assert [row["grade"] for row in records.list_records(ctx, CONTACT, columns="all").rows] == ["A"]
        with pytest.raises(CrmError, match="grade"):
            records.list_records(ctx, CONTACT, ["grade:a"])
        listed = [(row["field"], row["of"], row["options"]) for row in custom.fields(ctx).rows]
        assert listed == [
            ("contact.grade", "contacts", custom.BROKEN), ("starship.size", custom.BROKEN, None),
        ]  # fmt: skip
        told = list(checking.rules(ctx.reader))
        assert told == [
            "custom field 1 (contact.grade) has options that are no list of words",
            "custom field 2 has a name that no field can have: size",
        ]
    custom.edit(ctx, "contact", "grade", {"options": "A,B,C"})
    assert list(checking.rules(ctx.reader)) == told[1:]


@pytest.mark.parametrize("name", [INJECTED, "", "Size", "a'b", 'a"b', "a.b", "1a", "a\n", "نام"])
def test_no_other_name_becomes_part_of_a_statement(ctx: Context, name: str) -> None:
    for ask in (own.having, own.counted, own.said):
        with pytest.raises(DamagedError, match="no field can be called"):
            ask(ctx.reader, "contact", name)
    assert own.counts(ctx.reader, "contact", []) == {}


def test_values_are_written_for_fields_that_are_there_and_take_them(ctx: Context) -> None:
    """Whoever read a value may have known other fields: nothing is written that no list can show."""
    custom.add(ctx, "contact", "size", "integer")
    records.add(ctx, CONTACT, {"name": "Ada", "size": "7"})
    for values, why in (
        ({"custom.sector": "Steel"}, "no field 'sector'"), ({"custom.size": "Steel"}, "its type is integer"),
        ({"custom.size": True}, "its type is integer"), ({"custom.size": 2**63}, "its type is integer"),
    ):  # fmt: skip
        with pytest.raises(ConflictError, match=why), ctx.writing() as tx:
            tx.change("contact", 1, values)
        with pytest.raises(ConflictError, match=why), ctx.writing() as tx:
            tx.add("contact", {"name": "Bob", **values})
        with pytest.raises(ConflictError, match=why), ctx.writing() as tx:
            tx.add_many("contact", {"name": ["Bob", "Eve"], **{name: [None, value] for name, value in values.items()}})
    assert ctx.reader.rows("SELECT name FROM contact") == [("Ada",)]
    books.sound(ctx)


MISFITS = {
    "size": "x", "score": 1.5, "chance": 10_001, "since": "2026-02-30", "seen": "2026-11-20", "vip": 1, "grade": "C",
    "branch": 5, "code": [1], "sector": "of nothing",
}  # fmt: skip


def test_a_check_names_each_value_that_its_field_does_not_take(ctx: Context) -> None:
    define(ctx, "contact")
    records.add(ctx, CONTACT, {"name": "Ada", **{name: text for name, (_, text) in EVERY.items()}})
    records.add(ctx, CONTACT, {"name": "Bob"})
    assert list(checking.values(ctx.reader)) == []
    ctx.reader.run("UPDATE contact SET custom = ? WHERE id = 2", (json.dumps(MISFITS),))
    told = {line.split(": ")[1] for line in checking.values(ctx.reader)}
    kinds = {name: custom_fields.TYPES[EVERY[name][0]][1].name for name in MISFITS if name in EVERY}
    assert told == {f"custom.{name} is not of the type {kind}" for name, kind in kinds.items()} | {
        "custom.sector is not of a field"
    }
    damage = ctx.damage()
    assert damage is not None
    assert "of contact 2" in damage.message


def test_what_must_be_alone_joins_no_write_that_is_not(ctx: Context) -> None:
    with pytest.raises(RuntimeError, match="alone"), ctx.writing():
        custom.add(ctx, "contact", "late", "text")
    with ctx.writing(alone=True):
        custom.add(ctx, "contact", "size", "text")
    assert "size" in CONTACT.by_name
    assert "late" not in CONTACT.by_name


def test_a_tag_goes_and_a_new_one_comes_in_one_write(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "tags": "old"})
    with ctx.writing():
        tags.delete(ctx, "old")
        records.add(ctx, CONTACT, {"name": "Bob", "tags": "new"})
    assert [row["tags"] for row in records.list_records(ctx, CONTACT, sort="id").rows] == [[], ["new"]]
