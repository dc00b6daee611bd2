"""Exports: every field out, and back in again the same; one moment, private spool, typed sheets."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.errors import FilterError, UsageError
from crmcli.render import machine
from crmcli.results import Bytes, Rows, Stream
from crmcli.services import (
    custom,
    database,
    deals,
    demo,
    exporting,
    imports,
    occasions,
    records,
    tasks,
    timeline,
    vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = (COMPANY, CONTACT, DEAL, LEAD, TASK, INTERACTION)
#: What tells an export of ours, and what calls its records.
NEEDED = ("uid", "created_at", "updated_at", "name")
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
    tasks.done(ctx, [1, 2], "spoke to her")
    timeline.add(ctx, CONTACT, 1, "call", NASTY, at="yesterday 14:30", minutes="12", direction="in")
    timeline.add(ctx, LEAD, 4, "meeting", "")
    yield ctx
    ctx.close()


def words(kind: Any) -> list[str]:
    return ["is:any"]


def content(made: Any) -> bytes:
    """An export's bytes."""
    return made.content if isinstance(made, Bytes) else b"".join(made.parts)


def all_of(ctx: Context, format: str = "csv") -> dict[str, bytes]:
    found = {}
    for kind in KINDS:
        made = exporting.export(ctx, kind, words(kind), format=format, lossless=True)
        found[kind.name] = content(made)
    return found


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_book_moves_house_without_loss(book: Context, second_book: Context, tmp_path: Path, format: str) -> None:
    before, other = all_of(book), second_book
    for name, file in all_of(book, format).items():
        path = tmp_path / f"{name}.{format}"
        path.write_bytes(file)
        kind = next(k for k in KINDS if k.name == name)
        done = imports.run(other, imports.plan(other, str(path), kind=kind, guarded=False))
        assert done.refused == 0, done.listed
        assert imports.run(other, imports.plan(other, str(path), kind=kind, guarded=False)).new == 0
    assert all_of(other) == before


def test_plain_formats_are_rows_for_the_renderer(book: Context) -> None:
    made = exporting.export(book, DEAL, ["is:any", "won"], format="md")
    assert isinstance(made, Rows)
    assert [column.name for column in made.columns] == [field.name for field in DEAL.fields]
    assert [row["name"] for row in made.rows] == ["Won one"]
    json = exporting.export(book, DEAL, ["is:any", "won"], format="json")
    assert isinstance(json, Rows)
    links = {"company": "company_uid", "contact": "contact_uid", "merged_into": "merged_into_uid"}
    wanted = [name for field in DEAL.fields for name in (field.name, links.get(field.name)) if name]
    assert [column.name for column in json.columns] == wanted
    chosen = exporting.export(book, DEAL, ["is:any"], format="md", columns="name,value")
    assert isinstance(chosen, Rows)
    assert [column.name for column in chosen.columns] == ["name", "value"]


def test_csv_and_tsv_come_page_by_page(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmcli.store.read.PAGE", 2)
    made = exporting.export(book, DEAL, ["is:any"], format="tsv", columns="name,value")
    assert isinstance(made, Stream)
    assert list(made.parts) == [b"name\tvalue\nWon one\t12000\nOpen one\t12.34\n", b"Lost one\t\n", b""]
    none = exporting.export(book, DEAL, ["is:any", "nothing"], columns="name,value")
    assert content(none) == b"name,value\n"


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_texts_come_back_from_a_plain_export(book: Context, second_book: Context, put: Any, format: str) -> None:
    nasty = 'a\ttab, a\nline, a \\n, a "quote"'
    records.edit(book, CONTACT, [1], {"description": nasty, "name": '"quoted" first'})
    path = put(content(exporting.export(book, CONTACT, format=format)), f"contacts.{format}")
    assert imports.run(second_book, imports.plan(second_book, path, kind=CONTACT)).new == 1
    row = next(iter(records.list_records(second_book, CONTACT, columns="name,description", limit=0).rows))
    assert (row["name"], row["description"]) == ('"quoted" first', nasty)


# --- links -----------------------------------------------------------------------------------------------------------


def namesakes(ctx: Context) -> None:
    """Two of everything by one name; the second is meant."""
    for site in ("one.example", "two.example"):
        records.add(ctx, COMPANY, {"name": "Acme", "website": site})
    for number in (1, 2):
        person = {"name": "Ali Karimi", "email": f"ali{number}@x.example", "company": f"company:{number}"}
        records.add(ctx, CONTACT, person)
    records.add(ctx, COMPANY, {"name": "Daughter", "parent": "company:2"})
    for contact in ("1", "2"):
        records.add(ctx, DEAL, {"name": "Big", "contact": f"contact:{contact}", "company": f"company:{contact}"})
    records.add(ctx, TASK, {"name": "Call Ali", "on": "contact:2"})
    records.add(ctx, TASK, {"name": "Send it", "on": "deal:2"})


def links(ctx: Context) -> list[tuple[Any, ...]]:
    return [
        row
        for sql in (
            "SELECT d.uid, c.uid, o.uid FROM v_deal d LEFT JOIN v_contact c ON c.id = d.contact_id"
            " LEFT JOIN v_company o ON o.id = d.company_id",
            "SELECT t.uid, c.uid, d.uid FROM v_task t LEFT JOIN v_contact c ON c.id = t.contact_id"
            " LEFT JOIN v_deal d ON d.id = t.opportunity_id",
            "SELECT c.uid, o.uid, NULL FROM v_contact c LEFT JOIN v_company o ON o.id = c.company_id",
            "SELECT c.uid, o.uid, NULL FROM v_company c LEFT JOIN v_company o ON o.id = c.parent_id",
        )
        for row in sorted(ctx.reader.rows(sql), key=str)
    ]


def test_a_link_is_to_the_same_record_where_several_have_its_name(ctx: Context, second_book: Context, put: Any) -> None:
    namesakes(ctx)
    assert len({row[1] for row in links(ctx)}) == 5, "both people, both companies, and none"
    other = second_book
    for kind in KINDS:
        path = put(content(exporting.export(ctx, kind, ["is:any"], lossless=True)), f"{kind.name}.csv")
        done = imports.run(other, imports.plan(other, path, guarded=False, kind=kind))
        assert (done.refused, done.notes) == (0, ()), done
        assert imports.run(other, imports.plan(other, path, guarded=False, kind=kind)).same == done.new
    assert links(other) == links(ctx)


def test_the_order_of_the_files_does_not_matter_to_the_links(ctx: Context, second_book: Context, put: Any) -> None:
    old = second_book
    namesakes(old)
    for kind in (DEAL, TASK, CONTACT, COMPANY):
        path = put(content(exporting.export(old, kind, ["is:any"], lossless=True)), f"{kind.name}.csv")
        imports.run(ctx, imports.plan(ctx, path, guarded=False, kind=kind, update=True))
    assert links(ctx) == links(old)
    people = records.list_records(ctx, CONTACT, sort="email", columns="email", limit=0).rows
    assert [person["email"] for person in people] == ["ali1@x.example", "ali2@x.example"]


def test_a_name_that_several_have_is_never_guessed(ctx: Context, put: Any) -> None:
    namesakes(ctx)
    text = (
        "Deal,Contact,Company,Company domain\n"
        "A,Ali Karimi,,\nB,Ali Karimi,,two.example\nC,,Acme,\nD,,Acme,two.example\nE,,,two.example\n"
        "F,contact:2,company:1,\nG,contact:9,,\nH,Nobody yet,Acme,three.example\n"
    )
    made = imports.plan(ctx, put(text, "deals.csv"), kind=DEAL)
    dry = imports.run(ctx, made, dry_run=True)
    done = imports.run(ctx, made)
    assert dry.listed == done.listed
    none = imports.plan(ctx, put("Deal,Company\nA,Acme\n", "one.csv"), kind=DEAL)
    assert imports.run(ctx, none).refused == imports.run(ctx, none, dry_run=True).refused == 1
    assert (done.new, done.refused) == (4, 4)
    assert [(line, column, value) for line, column, value, _ in done.listed] == [
        (2, "Contact", "Ali Karimi"),
        (4, "Company", "Acme"),
        (8, "Contact", "contact:9"),
        (9, "Company", "Acme"),
    ]
    assert done.listed[0][3] == (
        "'Ali Karimi' fits 2 records: contact:1 (ali1@x.example), contact:2 (ali2@x.example); write which, as contact:1"
    )
    assert done.listed[2][3] == "there is no contact:9"
    sql = "SELECT name, contact_id, company_id FROM v_deal WHERE name <> 'Big' ORDER BY name"
    assert ctx.reader.rows(sql) == [("B", 2, 2), ("D", None, 2), ("E", None, 2), ("F", 2, 1)]


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
    assert content(made).decode() == (
        'id,name,value,currency,tags,close_on,created_at\n1,Zoë,12.50,EUR,"a, b",2027-01-02,2026-11-21T10:00:00.000Z\n'
    )


def test_a_workbook_says_what_it_cuts_and_lossless_refuses(book_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ctx = Context(Settings({"db": str(book_path)}), plugins=False)
    records.add(ctx, COMPANY, {"name": "Short"})
    number = records.add(ctx, COMPANY, {"name": "Long", "description": "x" * 40_000, "street": "y" * 33_000}).ids[0]
    with pytest.raises(UsageError, match=f"the street of company:{number} has 33,000 characters") as caught:
        exporting.export(ctx, COMPANY, format="xlsx", lossless=True)
    assert "csv" in caught.value.hint
    capsys.readouterr()
    exporting.export(ctx, COMPANY, format="xlsx", columns="name")
    assert "cut" not in capsys.readouterr().err
    exporting.export(ctx, COMPANY, format="xlsx")
    said = capsys.readouterr().err
    assert "2 cells are cut" in said
    assert "csv" in said
    exporting.export(ctx, COMPANY, format="xlsx", columns="name,street")
    assert "1 cell is cut" in capsys.readouterr().err
    ctx.close()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_odd_telephones_and_quoted_tags_move_house(book: Context, second_book: Context, put: Any, format: str) -> None:
    person = {"name": "Odd", "phone": "9.89122E+11", "mobile": "9121234567.0", "tags": '"VIP"'}
    records.add(book, CONTACT, person)
    path = put(content(exporting.export(book, CONTACT, format=format, lossless=True)), f"people.{format}")
    assert imports.run(second_book, imports.plan(second_book, path, kind=CONTACT, guarded=False)).refused == 0
    row = list(records.list_records(second_book, CONTACT, columns="all", sort="id", limit=0).rows)[-1]
    assert (row["phone"], row["mobile"], row["tags"]) == (person["phone"], person["mobile"], [person["tags"]])


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "jsonl", "xlsx"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_export_is_recognised_as_what_it_is(
    book: Context, second_book: Context, tmp_path: Path, kind: Any, format: str
) -> None:
    """As records of its kind, and as no other program's: one of all columns whatever the file is called."""
    for columns in ("", ",".join(kind.columns)):
        path = tmp_path / f"{kind.plural if columns else 'x'}.{format}"
        for lossless in (False, True):
            made = exporting.export(book, kind, ["is:any"], format=format, columns=columns, lossless=lossless)
            if isinstance(made, Rows):
                path.write_text("".join(machine.WRITERS[format](made)), "utf-8")
            else:
                path.write_bytes(content(made))
            for said in (None, kind):
                plan = imports.plan(second_book, str(path), kind=said)
                assert (plan.kind and plan.kind.name, plan.profile) == (kind.name, None), (columns, lossless)


@pytest.mark.parametrize("lost", [5, 15])
def test_an_export_of_another_version_is_recognised_too(
    book: Context, second_book: Context, tmp_path: Path, lost: int
) -> None:
    """Which had fewer fields, and fields that this one has not."""
    for kind in (CONTACT, LEAD, DEAL, COMPANY, TASK):
        kept = [field.name for field in kind.core if field.name not in NEEDED]
        kept = [*NEEDED, *kept[: len(kept) - lost]]
        rows = exporting.export(book, kind, ["is:any"], format="jsonl", columns=",".join(kept))
        assert isinstance(rows, Rows)
        path = tmp_path / "x.jsonl"
        path.write_text("".join(json.dumps({**row, "of_later": 1}, default=str) + "\n" for row in rows.rows), "utf-8")
        plan = imports.plan(second_book, str(path))
        assert (plan.kind and plan.kind.name, plan.profile) == (kind.name, None)


def test_the_files_of_a_whole_book_come_in_together(book_path: Path, second_book: Context, tmp_path: Path) -> None:
    """The person of a deal is the one of the file of contacts, and what is to be done hangs on what it hung on."""
    with contextlib.closing(Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)) as source:
        demo.load(source)
        before, paths = all_of(source), []
        for kind in KINDS:
            rows = exporting.export(source, kind, ["is:any"], format="json")
            assert isinstance(rows, Rows)
            path = tmp_path / f"{kind.name[:3]}.json"
            path.write_text("".join(machine.WRITERS["json"](rows)), "utf-8")
            paths.append((str(path), ""))
    plans = imports.plan_all(second_book, paths)
    done = [imports.run(second_book, plan, together=imports.Together(plans)) for plan in plans]
    assert [(one.kind, one.new) for one in done] == [(one.kind, one.rows) for one in done]
    assert uids(all_of(second_book)) == uids(before)


def everything_of_tasks(ctx: Context) -> None:
    """Tasks with all that the program keeps of them beside what people set."""
    records.add(ctx, CONTACT, {"name": "Ada"})
    occasions.add(ctx, "birthday", "contact:1", "02-29")
    occasions.add(ctx, "Wedding day", "contact:1", "2019-06-15")
    records.add(ctx, TASK, {"name": "First", "needs": ""})
    records.add(ctx, TASK, {"name": "Second", "due": "2026-12-01 14:30", "needs": "1", "repeat": "every monday"})
    records.edit(ctx, TASK, [1], {"owner": "me"})
    records.add(ctx, TASK, {"name": "Third", "needs": "1,2", "contact": "Ada"})
    records.add(ctx, TASK, {"name": "Late", "needs": ""})
    records.edit(ctx, TASK, [1], {"needs": "4"})
    vocabulary.user_add(ctx, "grace", {})
    tasks.done(ctx, [2], "spoke")
    with ctx.writing() as tx:
        kept = {field.column: None for field in TASK.core if field.column and not field.settable}
        kept |= {"series_on": "2026-12-07", "delegated_by_id": tx.word("user", "grace"), "ical": "X-A:b"}
        kept |= {"series_zone": "Europe/Berlin", "series_time": "09:00", "series_skips": "2026-12-14"}
        tx.change("task", 3, {name: value for name, value in kept.items() if value is not None})
        tx.change("task", 1, {"triggered_by_id": 3})


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "jsonl", "xlsx"])
def test_all_that_is_known_of_tasks_and_days_moves_house(
    book_path: Path, second_book: Context, tmp_path: Path, format: str
) -> None:
    with contextlib.closing(Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)) as source:
        everything_of_tasks(source)
        before = all_of(source)
        for kind in (CONTACT, TASK):
            made = exporting.export(source, kind, ["is:any"], format=format, lossless=True)
            path = tmp_path / f"{kind.plural}.{format}"
            if isinstance(made, Rows):
                path.write_text("".join(machine.WRITERS[format](made)), "utf-8")
            else:
                path.write_bytes(content(made))
            for again in (False, True):
                plan = imports.plan(second_book, str(path), guarded=False)
                tried = imports.run(second_book, plan, dry_run=True)
                done = imports.run(second_book, plan)
                assert tried[1:8] == done[1:8]
                assert (done.refused, done.new, tried.notes) == (0, 0 if again else done.rows, done.notes)
    after = all_of(second_book)
    for kind in (CONTACT, TASK):
        one, other = (list(csv.DictReader(io.StringIO(files[kind.name].decode()))) for files in (before, after))
        ours = [title for title in one[0] if title.endswith("_id") and title != "external_id"]
        left = [{title: cell for title, cell in row.items() if title not in ours} for row in one]
        assert [{title: cell for title, cell in row.items() if title not in ours} for row in other] == left
    assert sum(bool(row["needs"]) for row in csv.DictReader(io.StringIO(after["task"].decode()))) == 3
    assert database.check(second_book, deep=True).values["ok"]


def test_a_field_of_ones_own_goes_before_what_an_export_calls_so(book: Context) -> None:
    with book.writing(alone=True) as tx:
        custom.put(tx, "contact", "occasions", "text", ())
    book.learn()
    records.add(book, CONTACT, {"name": "Ada", "occasions": "weddings"})
    occasions.add(book, "birthday", "Ada", "02-29")
    rows = exporting.export(book, CONTACT, ["name:Ada"], format="json")
    assert isinstance(rows, Rows)
    assert [column.name for column in rows.columns].count("occasions") == 1
    assert [row["occasions"] for row in rows.rows] == ["weddings"]
    assert b"BDAY:--02-29" in content(exporting.export(book, CONTACT, ["name:Ada"], format="vcf"))


def uids(files: dict[str, bytes]) -> dict[str, list[tuple[str, ...]]]:
    """The records of each kind by their uids, and those of what they are linked to."""
    return {
        name: sorted(
            tuple(row[title] for title in row if title.endswith("uid"))
            for row in csv.DictReader(io.StringIO(file.decode()))
        )
        for name, file in files.items()
    }
