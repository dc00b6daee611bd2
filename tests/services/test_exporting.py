"""Exports: every field out, and back in again the same; one moment, private spool, typed sheets."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import FilterError, UsageError
from crmcli.results import Bytes, Rows
from crmcli.services import deals, exporting, importing, records, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = (COMPANY, CONTACT, DEAL, LEAD, TASK)
NASTY = "=1+1 \"quoted\", 'apostrophe'; ۱۲ <b>[/]\n@second line\twith tab"


@pytest.fixture
def book(book_path: Path) -> Iterator[Context]:
    """A SQLite book with a little of everything, nasty texts included."""
    ctx = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
    records.add(
        ctx,
        COMPANY,
        {
            "name": "Daughter",
            "parent": "Mother",
            "revenue": "500.250",
            "currency": "KWD",
            "website": "daughter.example",
        },
    )
    records.add(
        ctx,
        CONTACT,
        {
            "name": "=cmd()",
            "company": "Daughter",
            "email": "ada@daughter.example",
            "phone": "+98 21 8888 7777",
            "description": NASTY,
        },
    )
    records.add(
        ctx,
        DEAL,
        {
            "name": "Won one",
            "company": "Mother",
            "contact": "=cmd()",
            "value": "12000",
            "currency": "JPY",
            "tags": "b,a",
            "owner": "me",
        },
    )
    records.add(
        ctx,
        DEAL,
        {
            "name": "Open one",
            "value": "12.34",
            "probability": "33.5",
            "recurring": "5",
            "plan": "yearly",
            "close_on": "2027-01-02",
        },
    )
    records.add(ctx, DEAL, {"name": "Lost one", "stage": "qualified"})
    records.add(ctx, LEAD, {"name": "@lead", "company": "'Mother", "source": "web", "priority": "high"})
    records.add(ctx, TASK, {"name": "Call", "on": "deal:2", "due": "2026-12-01 14:30", "owner": "me"})
    records.add(ctx, TASK, {"name": "Done", "due": "2026-12-02"})
    deals.won(ctx, DEAL, [1])
    deals.lost(ctx, DEAL, [3], "Too expensive")
    tasks.done(ctx, [2], "spoke to her")
    yield ctx
    ctx.close()


def words(kind: Any) -> list[str]:
    return ["is:any"]


def all_of(ctx: Context, format: str = "csv") -> dict[str, bytes]:
    found = {}
    for kind in KINDS:
        made = exporting.export(ctx, kind, words(kind), format=format, lossless=True)
        assert isinstance(made, Bytes)
        found[kind.name] = made.content
    return found


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_book_moves_house_without_loss(book: Context, tmp_path: Path, format: str) -> None:
    before = all_of(book)
    other = Context(Settings({"db": str(tmp_path / "other.db")}), quiet=True, plugins=False)
    other.create(str(tmp_path / "other.db"))
    for name, content in all_of(book, format).items():
        path = tmp_path / f"{name}.{format}"
        path.write_bytes(content)
        kind = next(k for k in KINDS if k.name == name)
        done = importing.run(other, importing.plan(other, str(path), kind=kind, guarded=False))
        assert done.refused == 0, done.listed
        assert importing.run(other, importing.plan(other, str(path), kind=kind, guarded=False)).new == 0
    assert all_of(other) == before
    other.close()


def test_plain_formats_are_rows_for_the_renderer(book: Context) -> None:
    made = exporting.export(book, DEAL, ["is:any", "won"], format="json")
    assert isinstance(made, Rows)
    assert [column.name for column in made.columns] == [field.name for field in DEAL.fields]
    assert [row["name"] for row in made.rows] == ["Won one"]
    chosen = exporting.export(book, DEAL, ["is:any"], format="tsv", columns="name,value")
    assert isinstance(chosen, Rows)
    assert [column.name for column in chosen.columns] == ["name", "value"]


def test_sheets_have_typed_cells(book: Context) -> None:
    import openpyxl
    from openpyxl.worksheet.worksheet import Worksheet

    made = exporting.export(
        book, DEAL, ["is:any"], format="xlsx", columns="name,value,currency,close_on,created_at,tags"
    )
    assert isinstance(made, Bytes)
    sheet = openpyxl.load_workbook(io.BytesIO(made.content)).active
    assert isinstance(sheet, Worksheet)
    found = list(sheet.iter_rows(values_only=True))
    assert found[0] == ("name", "value", "currency", "close_on", "created_at", "tags")
    assert found[1][:3] == ("Won one", 12000, "JPY")
    assert found[1][5] == "a, b"
    assert found[2][1] == 12.34
    assert str(found[2][3]) == "2027-01-02 00:00:00"
    assert str(found[2][4]) == "2026-11-21 10:00:00"


def test_an_export_is_one_moment_and_blocks_nobody(book: Context) -> None:
    made = exporting.export(book, LEAD, ["is:any"], format="jsonl")
    assert isinstance(made, Rows)
    rows = iter(made.rows)
    other = Context(Settings({"db": book.settings.database, "busy_timeout": 1}), quiet=True, plugins=False)
    records.edit(other, LEAD, [4], {"name": "renamed meanwhile"})
    other.close()
    assert [row["name"] for row in rows] == ["@lead"]


def test_an_unknown_format_or_field(book: Context) -> None:
    with pytest.raises(UsageError, match="known: csv, tsv, xlsx"):
        exporting.export(book, LEAD, [], format="pdf")
    with pytest.raises(UsageError, match="has no field"):
        exporting.export(book, LEAD, [], columns="nmae")
    with pytest.raises(FilterError):
        exporting.export(book, LEAD, ["stag:new"])


def test_both_engines_export_the_same(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Zoë", "value": "12.50", "tags": "b,a", "close_on": "2027-01-02"})
    made = exporting.export(ctx, LEAD, [], columns="id,name,value,currency,tags,close_on,created_at", lossless=True)
    assert isinstance(made, Bytes)
    assert made.content.decode() == (
        'id,name,value,currency,tags,close_on,created_at\n1,Zoë,12.50,EUR,"a, b",2027-01-02,2026-11-21T10:00:00.000Z\n'
    )
