"""The exports of other programs (`tests.support.formats`) come in whole, and what their cells mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.context import Context
from crmcli.domain.entities import CONTACT, ENTITIES
from crmcli.errors import UsageError
from crmcli.services import imports, records
from tests.support.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.formats import Format


def csv_of(rows: list[list[str]]) -> str:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


def listed(ctx: Context, kind: str) -> list[dict[str, Any]]:
    words = () if kind == "task" else ("is:any",)
    return list(records.list_records(ctx, ENTITIES[kind], words, columns="all", sort="id", limit=0).rows)


def take(ctx: Context, path: str, kind: str = "", **options: Any) -> imports.Imported:
    return imports.run(ctx, imports.plan(ctx, path, kind=ENTITIES[kind] if kind else None, **options))


@pytest.mark.parametrize("made", FORMATS, ids=lambda made: made.name)
def test_an_export_of_another_program_comes_in(book: Context, put: Any, made: Format) -> None:
    titles, fields, cells = map(list, zip(*made.columns, strict=True))
    path = put(csv_of([titles, cells]), made.file)
    plan = imports.plan(book, path, kind=ENTITIES[made.told] if made.told else None)
    assert plan.kind is not None
    assert plan.kind.name == made.kind
    assert [(c.header, c.shown.replace("status, others open", "status")) for c in plan.columns] == list(
        zip(titles, fields, strict=True)
    )
    done = imports.run(book, plan)
    assert (done.new, done.refused) == (1, 0)
    (row,) = listed(book, made.kind)
    assert {name: row[name] for name in made.record} == made.record
    again = imports.run(book, imports.plan(book, path, kind=plan.kind))
    assert (again.new, again.same) == (0, 1)


# --- people ---------------------------------------------------------------------------------------------------------


def test_a_company_s_number_does_not_stand_for_the_person(book: Context, put: Any) -> None:
    text = "First Name,Last Name,Work Direct Phone,Company,Company Phone\n" + (
        "Ann,Lee,+1 415 555 0101,Apollo,+1 415 555 0199\nBob,Ray,+1 415 555 0102,Apollo,+1 415 555 0199\n"
    )
    assert take(book, put(text), "contact").new == 2
    rows = listed(book, "contact")
    assert [row["phone"] for row in rows] == ["+1 415 555 0101", "+1 415 555 0102"]
    assert rows[1]["description"] == "Company Phone: +1 415 555 0199"


@pytest.mark.parametrize(
    ("titles", "phone"),
    [("Company Phone,Mobile", None), ("Company Phone,Home Phone", "22222"), ("Company Phone", "11111")],
)
def test_a_company_s_number_is_taken_where_the_person_has_none(
    book: Context, put: Any, titles: str, phone: str | None
) -> None:
    cells = ",".join(["Ada", "11111", "22222"][: titles.count(",") + 2])
    take(book, put(f"Name,{titles}\n{cells}\n"), "contact")
    assert listed(book, "contact")[0]["phone"] == phone


def test_a_person_named_with_an_address_is_that_person_and_a_new_one_gets_it(ctx: Context, put: Any) -> None:
    records.add(ctx, CONTACT, {"name": "J. Weber", "email": "jonas@acme.example"})
    text = 'Deal Name,Stage,Amount,Associated Contact\n"A",New,1,"Jonas Weber (jonas@acme.example)"\n' + (
        '"B",New,1,"Bo Lee <bo@acme.example>"\n"C",New,1,"Bo Lee (other@acme.example)"\n'
        '"D",New,1,"Lee (bo@acme.example)"\n'
        '"E",New,1,"ada@engines.example"\n'
    )
    take(ctx, put(text), "deal")
    people = {row["id"]: (row["name"], row["email"]) for row in listed(ctx, "contact")}
    assert [people[row["contact_id"]] for row in listed(ctx, "deal")] == [
        ("J. Weber", "jonas@acme.example"),
        ("Bo Lee", "bo@acme.example"),
        ("Bo Lee", "other@acme.example"),
        ("Bo Lee", "bo@acme.example"),
        ("ada@engines.example", "ada@engines.example"),
    ]
    assert len(people) == 4


# --- won and lost ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("closedwon", "won"), ("Closed-Won", "won"), ("Won!", "won"), ("7 - Closed Won (100%)", "won"), ("موفق", "won"),
        ("closedlost", "lost"), ("Closed Lost to Competition", "lost"), ("Lost - price", "lost"),
        ("Disqualified", "lost"), ("ناموفق", "lost"), ("Wonderland", "open"), ("Lost and found", "open"),
        ("Unqualified", "open"), ("Negotiation", "open"),
    ],
)  # fmt: skip
def test_the_ends_of_other_programs_pipelines(book: Context, put: Any, stage: str, status: str) -> None:
    take(book, put(f"Deal,Stage,Amount\nA,{stage},5\n"), "deal")
    assert listed(book, "deal")[0]["status"] == status
    names = [row[0] for row in book.reader.rows("SELECT name FROM stage")]
    assert (stage in names) == (status == "open")


def test_a_stage_of_the_book_is_a_step_whatever_it_is_called(book: Context, put: Any) -> None:
    with book.writing("test") as tx:
        tx.add("stage", {"name": "Dead", "pipeline_id": 1, "position": 9, "probability_bp": 100})
    take(book, put("Deal,Stage,Amount\nA,Dead,5\n"), "deal")
    row = listed(book, "deal")[0]
    assert (row["stage"], row["status"]) == ("Dead", "open")


@pytest.mark.parametrize(
    ("titles", "cells", "status"),
    [
        ("ISWON,ISCLOSED", "true,true", "won"),
        ("ISWON,ISCLOSED", "false,true", "lost"),
        ("ISWON,ISCLOSED", "false,false", "open"),
        ("Is Closed Won", "TRUE", "won"),
        ("Is Closed Won", "FALSE", "open"),
        ("Active", "False", "lost"),
        ("Closed", "2026-01-01", "open"),
    ],
)
def test_flags_say_what_became_of_a_deal(book: Context, put: Any, titles: str, cells: str, status: str) -> None:
    take(book, put(f"Deal,Stage,Amount,{titles}\nA,Signed,5,{cells}\n"), "deal")
    assert listed(book, "deal")[0]["status"] == status


def test_a_task_that_is_said_to_be_done_is_done(book: Context, put: Any) -> None:
    path = put(
        "Subject,Status,Due Date,Completed Date\nA,Not Started,2026-10-01,\nB,Completed,2026-10-01,\n"
        "C,Done,2026-10-01,2026-10-05\nD,Completed,,\n"
    )
    assert take(book, path, "task").new == 4
    assert take(book, path, "task").same == 4
    done = dict(book.reader.rows("SELECT name, done_at FROM task"))
    assert (done["A"], done["B"], done["C"]) == (None, "2026-10-01T00:00:00.000Z", "2026-10-05T00:00:00.000Z")
    assert done["D"] is not None


# --- amounts and percentages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "cell", "minor", "currency"),
    [
        ("Amount (USD)", "1200", 120_000, "USD"),
        ("Amount (USD)", "€5", 500, "EUR"),
        ("Amount [in GBP]", "(12.50)", -1250, "GBP"),
        ("Value USD", "3", 300, "USD"),
        ("Amount (k€)", "1.5", 150_000, "EUR"),
        ("مبلغ (تومان)", "۱۲۰۰", 12_000, "IRR"),
        ("مبلغ (تومان)", "1200 ریال", 1200, "IRR"),
        ("مبلغ به ریال", "1200", 1200, "IRR"),
        ("Amount (converted)", "7", 700, "EUR"),
        ("Amount (all)", "7", 700, "EUR"),
        ("Amount (ALL)", "7", 7, "ALL"),
        ("AMOUNT (ALL)", "7", 700, "EUR"),
        ("Amount", "7", 700, "EUR"),
    ],
)
def test_the_unit_in_a_title_counts(book: Context, put: Any, title: str, cell: str, minor: int, currency: str) -> None:
    take(book, put(csv_of([["Deal", "Stage", title], ["A", "New", cell]])), "deal")
    row = listed(book, "deal")[0]
    assert (row["value"], row["currency"]) == (minor, currency)


def test_a_mapping_by_hand_keeps_the_unit(book: Context, put: Any) -> None:
    take(book, put("Deal,سود (تومان)\nA,1200\n"), "deal", mapping={"سود (تومان)": "value"})
    assert listed(book, "deal")[0]["value"] == 12_000


def test_a_row_in_another_currency_than_its_title_is_refused(book: Context, put: Any) -> None:
    done = take(book, put("Deal,Amount (USD),Currency\nA,5,EUR\nB,5,USD\nC,5,\n"), "deal")
    assert (done.new, done.refused) == (2, 1)
    assert [row["currency"] for row in listed(book, "deal")] == ["USD", "USD"]


def test_kroner_are_asked_for_unless_they_are_one_s_own(
    book: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put("Deal,Amount,Currency\nA,500 kr,\nB,500 kr,NOK\n")
    done = take(book, path, "deal")
    assert (done.new, done.refused) == (1, 1)
    assert "SEK, NOK, DKK or ISK" in done.listed[0][3]
    assert "--map" in done.listed[0][3]
    monkeypatch.setenv("CRM_CURRENCY", "SEK")
    book.tick()
    take(book, path, "deal")
    assert [(row["value"], row["currency"]) for row in listed(book, "deal")] == [(50_000, "NOK"), (50_000, "SEK")]


@pytest.mark.parametrize(
    ("cells", "points", "fractions"),
    [
        (["0.2", "1.0", ""], [2000, 10_000, 1000], True),
        (["0,25", "0"], [2500, 0], True),
        (["0.333333", ".5"], [3333, 5000], True),
        (["0.5", "20"], [50, 2000], False),
        (["0", "1"], [0, 100], False),
        (["25%", "0.5%"], [2500, 50], False),
        (["33.3333", "66.67"], [3333, 6667], False),
    ],
)
def test_fractions_among_percentages(
    book: Context, put: Any, cells: list[str], points: list[int], fractions: bool
) -> None:
    rows = [[f"Deal {number}", "New", cell] for number, cell in enumerate(cells)]
    made = imports.plan(book, put(csv_of([["Deal", "Stage", "Probability"], *rows])), kind=ENTITIES["deal"])
    assert (made.columns[2].shown == "probability (1 = 100 %)") is fractions
    imports.run(book, made)
    assert [row["probability"] for row in listed(book, "deal")] == points


def test_a_spreadsheet_s_count_of_days_is_named(book: Context, put: Any) -> None:
    done = take(book, put("Deal,Close date,Created date\nA,46000,\nB,,46000.5\nC,20260101,\n"), "deal")
    assert (done.new, done.refused) == (1, 2)
    assert all("count of days (2025-12-09)" in reason for _, _, _, reason in done.listed)


# --- what is in a file besides ---------------------------------------------------------------------------------------


def test_totals_and_footers_are_refused_by_line(book: Context, put: Any) -> None:
    text = (
        'Deal,Amount,Stage\nA,100,New\nTotal,,Total SE is a company\nB,200,New\nTotal,"1,300",\n\n\n"Big report"\n'
        + ('"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n')
    )
    done = take(book, put(text), "deal")
    assert [row["name"] for row in listed(book, "deal")] == ["A", "Total", "B"]
    assert [(line, reason.partition(",")[0]) for line, _, _, reason in done.listed] == [
        (5, "looks like a total of the rows above"),
        (8, "looks like a report's footer"),
        (9, "looks like a report's footer"),
    ]


def test_a_field_that_no_kind_has_is_an_error_with_a_suggestion(book: Context, put: Any) -> None:
    path = put("Name,Email\nAda,ada@engines.example\n")
    with pytest.raises(UsageError, match="no field 'nmae'") as caught:
        imports.plan(book, path, mapping={"Name": "nmae"})
    assert "did you mean 'name'?" in caught.value.hint
    with pytest.raises(UsageError, match="the file has no column 'Nmae'"):
        imports.plan(book, path, mapping={"Nmae": "name"})
    made = imports.plan(book, put("Who,What,Where\nAda,ada@engines.example,Berlin\n"), mapping={
        "Who": "name", "What": "email", "Where": "city"
    })  # fmt: skip
    assert made.kind is not None


def test_a_file_without_a_known_header_says_the_ways_out(book: Context, put: Any) -> None:
    path = put("Our best people,,\nJune,2026,x\nName,Email,Phone\nAda,ada@engines.example,11111\n")
    made = imports.plan(book, path)
    assert made.kind is None
    with pytest.raises(UsageError, match="no column is recognised") as caught:
        imports.run(book, made)
    assert "--header-row 3" in caught.value.hint
    with pytest.raises(UsageError, match="contact's name") as caught:
        imports.plan(book, path, kind=CONTACT)
    assert "--header-row 3" in caught.value.hint
    assert take(book, path, "contact", header_row=3).new == 1


@pytest.fixture
def sheets(tmp_path: Path) -> str:
    """A workbook that begins with a page to read, a hidden table and a table."""
    from openpyxl import Workbook

    book = Workbook()
    first = book.worksheets[0]
    first.title = "Read me"
    first.append(["This file was made for you."])
    hidden = book.create_sheet("Old")
    hidden.sheet_state = "hidden"
    hidden.append(["Name", "Email", "Phone"])
    hidden.append(["Bob", "bob@old.example", "1"])
    table = book.create_sheet("Leads")
    table.append(["Name", "Email", "Phone"])
    table.append(["Ada", "ada@engines.example", "11111"])
    path = tmp_path / "sheets.xlsx"
    book.save(path)
    return str(path)


def test_the_first_sheet_with_a_known_table_is_taken_and_named(book: Context, sheets: str) -> None:
    made = imports.plan(book, sheets)
    assert any("sheet Leads of 2 (Read me, Leads)" in note and "--sheet" in note for note in made.notes)
    assert imports.run(book, made).new == 1
    assert [row["name"] for row in listed(book, "contact")] == ["Ada"]
    assert take(book, sheets, "contact", sheet="Old").new == 1
    with pytest.raises(UsageError, match="recognised"):
        take(book, sheets, "contact", sheet="Read me")


def test_percents_of_a_workbook_are_what_it_shows(book: Context, tmp_path: Path) -> None:
    from openpyxl import Workbook

    made = Workbook()
    sheet = made.worksheets[0]
    sheet.append(["Deal", "Stage", "Probability", "Amount"])
    for number, (chance, form) in enumerate([(0.25, "0%"), (1, "0.00%"), (0.3333, '0.0%;"-"0%'), (55, "0")], 2):
        sheet.append([f"Deal {number}", "New", chance, 5])
        sheet.cell(number, 3).number_format = form
    path = tmp_path / "deals.xlsx"
    made.save(path)
    take(book, str(path), "deal")
    assert [row["probability"] for row in listed(book, "deal")] == [2500, 10_000, 3333, 5500]
