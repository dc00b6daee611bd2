"""The exports of other programs (`tests.support.formats`) come in whole, and what their cells mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.context import Context
from crmcli.domain.entities import CONTACT, ENTITIES
from crmcli.domain.types import show_instant
from crmcli.errors import UsageError
from crmcli.services import imports, records
from tests.support.formats import FORMATS
from tests.support.importing import listed
from tests.support.importing import take_as_kind as take

if TYPE_CHECKING:
    from tests.support.formats import Format


def csv_of(rows: list[list[str]]) -> str:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


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


# --- cells that show nothing, words of many languages, lines that are no records --------------------------------------

UNSEEN = ("\u200c", "\u200b", " \u200f\u200c ", "\u3164", "\u2060\ufeff", "\u0301")


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_cell_that_shows_nothing_is_empty(ctx: Context, put: Any, unseen: str) -> None:
    people = put(f'نام,شرکت,ایمیل,مسئول,منبع,برچسب\nالف,{unseen},a@x.example,{unseen},{unseen},"VIP,{unseen}"\n')
    assert take(ctx, people, "contact").new == 1
    (row,) = listed(ctx, "contact")
    assert (row["company"], row["owner"], row["source"], row["tags"]) == (None, None, None, ["VIP"])
    stages = ctx.reader.rows("SELECT name FROM stage")
    made = imports.plan(ctx, put(f"Deal,Company,Stage,Value\nA,{unseen},{unseen},5\n"), kind=ENTITIES["deal"])
    assert made.new_stages == ()
    assert imports.run(ctx, made).new == 1
    assert ctx.reader.rows("SELECT name FROM stage") == stages
    assert listed(ctx, "company") == []


def test_a_stage_that_says_null_is_none(book: Context, put: Any) -> None:
    made = imports.plan(book, put("Deal,Stage,Value\nA,N/A,5\nB,NULL,5\n"), kind=ENTITIES["deal"])
    assert made.new_stages == ()


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_name_that_shows_nothing_is_refused(book: Context, put: Any, unseen: str) -> None:
    done = take(book, put(f"Name,City,Phone\n{unseen},Rome,11111\n"), "contact")
    assert (done.new, done.refused) == (0, 1)
    assert done.listed[0][3] == "there is no name"
    done = take(book, put(f"First Name,Last Name,City\n{unseen},{unseen},Rome\n"), "contact")
    assert (done.new, done.refused) == (0, 1)


YES = ("WAHR", "VRAI", "Vrai", "VERDADERO", "ja", "oui", "sí", "Si", "evet", "да", "ИСТИНА", "نعم", "بله", "آری", "✓", "✔️", "x", "1", "1.0", "t", "sim", "vero", "waar", "doğru")  # fmt: skip # noqa: E501
NO = ("FALSCH", "FAUX", "FALSO", "nein", "non", "no", "Não", "hayır", "нет", "ЛОЖЬ", "لا", "خیر", "✗", "0", "0.0", "f", "nee", "onwaar", "yanlış")  # fmt: skip # noqa: E501


@pytest.mark.parametrize(
    ("word", "status"), [(word, "won") for word in YES] + [(word, "lost") for word in NO] + [("", "open")]
)
def test_yes_and_no_in_many_languages(book: Context, put: Any, word: str, status: str) -> None:
    done = take(book, put(f"Deal Name,Value,Is Won,Is Closed\nA,5,{word},{word and 'TRUE'}\n"), "deal")
    assert (done.new, done.refused) == (1, 0)
    assert listed(book, "deal")[0]["status"] == status


def test_another_word_in_a_column_of_yes_and_no_is_refused(book: Context, put: Any) -> None:
    done = take(book, put("Deal Name,Value,Is Won,Is Closed\nA,5,WAHR,WAHR\nC,7,garbage,TRUE\nD,7,TRUE,2\n"), "deal")
    assert (done.new, done.refused) == (1, 2)
    assert done.listed == (
        (3, "Is Won", "garbage", "'garbage' is neither yes nor no"), (4, "Is Closed", "2", "'2' is neither yes nor no"),
    )  # fmt: skip


@pytest.mark.parametrize("word", ["WAHR", "oui", "sí", "да", "evet", "✓"])
def test_a_task_is_done_in_many_languages(book: Context, put: Any, word: str) -> None:
    take(book, put(f"Task,Due Date,Done\nCall,2026-10-01,{word}\n"), "task")
    assert book.reader.value("SELECT done_at FROM task") == "2026-10-01T00:00:00.000Z"


def test_headers_again_and_totals_without_a_blank_row_are_refused(book: Context, put: Any) -> None:
    text = (
        "Deal Name,Company,Stage\nA,Acme,New\nDeal Name,Company,Stage\nGrand Total,,\nTotal,,\n2 records,,\n"
        '"Generated on 2026-11-01",,\nTotal,TotalEnergies SE,New\n'
    )
    done = take(book, put(text), "deal")
    assert [row["name"] for row in listed(book, "deal")] == ["A", "Total"]
    assert [(line, reason.partition(",")[0]) for line, _, _, reason in done.listed] == [
        (3, "repeats the header"),
        (4, "looks like a total of the rows above"),
        (5, "looks like a total of the rows above"),
        (6, "looks like a report's footer"),
        (7, "looks like a report's footer"),
    ]
    again = take(book, done.rejects, "deal")
    assert (again.new, again.refused) == (0, 5)
    mended = Path(done.rejects).read_text(encoding="utf-8").replace("Grand Total,,", "Grand Total,Acme,")
    mended = mended.replace('"looks like a total of the rows above, not a record",Total,,', ",Total,,")
    again = take(book, put(mended, "mended.csv"), "deal")
    assert (again.new, again.refused) == (2, 3)


# --- tasks at a time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "day", "moment"),
    [
        ("2026-12-01 14:30", "2026-12-01", "2026-12-01T14:30:00.000Z"),
        ("2026-12-01T14:30:00Z", "2026-12-01", "2026-12-01T14:30:00.000Z"),
        ("Dec 1, 2026, 2:30 PM", "2026-12-01", "2026-12-01T14:30:00.000Z"),
        ("۱۴۰۵/۰۹/۱۰ ۱۴:۳۰", "2026-12-01", "2026-12-01T14:30:00.000Z"),
        ("2026-12-01", "2026-12-01", None),
        ("2026-12-01 00:00", "2026-12-01", None),
        ("2026-12-01T00:00:00.000Z", "2026-12-01", None),
        ("2026-12-01 12:00 AM", "2026-12-01", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("title", ["Due Date", "سررسید", "When"])
def test_a_due_time_is_kept(book: Context, put: Any, cell: str, day: str, moment: str | None, title: str) -> None:
    path = put(f'Task,{title},Status\nCall,"{cell}",Open\nDone,"{cell}",Completed\n')
    options = {"mapping": {"When": "due"}} if title == "When" else {}
    assert take(book, path, "task", **options).new == 2
    assert book.reader.rows("SELECT due_on, due_at, done_at FROM task ORDER BY id") == [
        (day, moment, None),
        (day, moment, show_instant(book.env.now)),  # what is due later was done by now
    ]
    assert take(book, path, "task", **options).same == 2
    assert take(book, path, "task", update=True, **options).new == 0


def test_a_midnight_elsewhere_is_a_day(book: Context, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tehran")
    book.tick()
    take(
        book,
        put("Task,Due Date\nA,2026-12-01T00:00:00Z\nB,2026-12-01T00:00:00+00:00\nC,2026-12-01T11:00:00Z\n"),
        "task",
    )
    assert [row["due_at"] for row in listed(book, "task")] == [None, None, "2026-12-01T11:00:00.000Z"]


def test_an_update_moves_an_appointment(book: Context, put: Any) -> None:
    take(book, put("Task,Due Date\nCall,2026-12-01 14:30\n"), "task")
    done = take(book, put("Task,Due Date\nCall,2026-12-01 16:00\n"), "task", update=True)
    assert done.updated == 1
    assert listed(book, "task")[0]["due_at"] == "2026-12-01T16:00:00.000Z"


def test_times_of_a_workbook_are_kept(book: Context, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from openpyxl import Workbook

    made = Workbook()
    sheet = made.worksheets[0]
    sheet.append(["Task", "Due Date", "Priority"])
    for name, hour, minute in (("Call", 14, 30), ("Write", 0, 0)):
        sheet.append([name, datetime(2026, 12, 1, hour, minute, tzinfo=UTC).replace(tzinfo=None), "low"])
    path = tmp_path / "tasks.xlsx"
    made.save(path)
    take(book, str(path), "task")
    assert [(row["due_on"], row["due_at"]) for row in listed(book, "task")] == [
        ("2026-12-01", "2026-12-01T14:30:00.000Z"),
        ("2026-12-01", None),
    ]


# --- further spellings ------------------------------------------------------------------------------------------------


def test_columns_that_do_not_tell_the_kind_are_not_called_nameless(book: Context, put: Any) -> None:
    with pytest.raises(UsageError, match="do not tell what its rows are") as caught:
        imports.check(imports.plan(book, put("Name,Email\nAda,ada@engines.example\n")))
    assert "--as contact" in str(caught.value) + caught.value.hint
    assert "--as task" not in str(caught.value) + caught.value.hint
    with pytest.raises(UsageError, match="no column is recognised as a name"):
        imports.check(imports.plan(book, put("Wer,Wo\nAda,London\n")))


@pytest.mark.parametrize("word", ["me", "Me"])
def test_me_is_who_imports(ctx: Context, put: Any, word: str) -> None:
    take(ctx, put(f"Name,Email,Owner\nA,a@x.example,{word}\nB,b@x.example,{ctx.actor}\n"), "contact")
    assert [row["owner"] for row in listed(ctx, "contact")] == [ctx.actor] * 2
    assert "me" not in {name.lower() for (name,) in ctx.reader.rows("SELECT name FROM crm_user")} - {ctx.actor}


def test_telephones_that_a_spreadsheet_made_numbers(book: Context, put: Any) -> None:
    text = "Name,Phone,Mobile\nA,9121234567.0,989121234567.00\nB,9.89122E+11,\nC,,9.89122e11\nD,call the desk,1.2\n"
    done = take(book, put(text), "contact")
    assert [(row["name"], row["phone"], row["mobile"]) for row in listed(book, "contact")] == [
        ("A", "9121234567", "989121234567"),
        ("D", "call the desk", "1.2"),
    ]
    assert [(line, header, cell) for line, header, cell, _ in done.listed] == [
        (3, "Phone", "9.89122E+11"), (4, "Mobile", "9.89122e11"),
    ]  # fmt: skip
    assert all("lost its last digits" in reason for _, _, _, reason in done.listed)


def test_the_login_of_a_customer_is_no_owner(book: Context, put: Any) -> None:
    made = imports.plan(book, put("Name,Username,Email,Country\nAda,ada77,ada@x.example,UK\n"), kind=CONTACT)
    assert made.columns[1].to == ()
    owned = imports.plan(book, put("Name,user_name,Email\nAda,Grace,ada@x.example\n"), kind=CONTACT)
    assert owned.columns[1].to == ("owner",)


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ('"VIP","News"', ["News", "VIP"]), ('["VIP", "News"]', ["News", "VIP"]), ("['VIP', 'News']", ["News", "VIP"]),
        ('["a, b", "c"]', ["a, b", "c"]), ('"VIP"', ["VIP"]), ("[]", []), ('["\\u0646\\u0648"]', ["نو"]),
        ('6" pipe, x', ['6" pipe', "x"]), ("[VIP], x", ["[VIP]", "x"]),
        ('Sales,"Acme, Inc.",VIP', ["Acme, Inc.", "Sales", "VIP"]), ('"VIP", News', ["News", "VIP"]),
        ('VIP,"a ""b"", c"', ['a "b", c', "VIP"]), ('say "hi", 12" disc', ['12" disc', 'say "hi"']),
        ('VIP,"Acme, Inc', ['"Acme', "Inc", "VIP"]), ("[vip, news]", ["news", "vip"]), ("[vip]", ["vip"]),
        ("[2024, 2025]", ["2024", "2025"]), ("[a], [b]", ["[a]", "[b]"]), ("{vip,news}", ["news", "vip"]),
        ("{vip}", ["vip"]), ('{"a, b",c}', ["a, b", "c"]), (r'{"a \"b\"",c}', ['a "b"', "c"]), ("{}", []),
        ("{a} and {b}", ["{a} and {b}"]),
    ],
)  # fmt: skip
def test_lists_of_tags_as_programs_quote_them(book: Context, put: Any, cell: str, tags: list[str]) -> None:
    quoted = cell.replace('"', '""')
    take(book, put(f'Name,Email,Tags\nAda,a@x.example,"{quoted}"\n'), "contact")
    assert listed(book, "contact")[0]["tags"] == tags


@pytest.mark.parametrize(
    ("kind", "title", "to"),
    [
        ("deal", "تاریخ بسته شدن", "close_on"), ("deal", "برنده", "is won"), ("contact", "orgname", "company"),
        ("deal", "Client", "company"), ("deal", "Responsible person", "owner"), ("contact", "Responsible", "owner"),
        ("contact", "Address 1: Street 1", "street"), ("company", "Street Address 1", "street"),
    ],
)  # fmt: skip
def test_further_titles(book: Context, put: Any, kind: str, title: str, to: str) -> None:
    made = imports.plan(book, put(f"Name,{title}\nA,\n"), kind=ENTITIES[kind])
    assert made.columns[1].to == (to,)


def test_a_link_of_notion_is_a_name(book: Context, put: Any) -> None:
    cells = "Acme (https://www.notion.so/Acme-0123?pvs=21)", "Beta (https://n.so/b), Gamma (https://n.so/c)"
    take(book, put(csv_of([["Name", "Company", "Email"], ["A", cells[0], ""], ["B", cells[1], ""]])), "contact")
    rows = listed(book, "contact")
    assert [row["company"] for row in rows] == ["Acme", "Beta"]
    assert rows[1]["description"] == "Company: Gamma (https://n.so/c)"


@pytest.mark.parametrize("cell", ["Apr 13, 2026, 2:15 PM", "13-Apr-26", "13. April 2026", "13 Apr 26", "13-Apr-2026"])
def test_spellings_of_days_that_only_files_have(book: Context, put: Any, cell: str) -> None:
    done = take(book, put(f'Deal,Close date,Created date,Value\nA,"{cell}","{cell}",5\n'), "deal")
    assert (done.new, done.refused) == (1, 0)
    row = listed(book, "deal")[0]
    assert row["close_on"] == "2026-04-13"
    assert row["created_at"][:10] == "2026-04-13"


@pytest.mark.parametrize(
    ("title", "cell", "minor", "code"),
    [
        ("Amount ($M)", "1.5", 150_000_000, "USD"),
        ("Amount (in thousands)", "5", 500_000, "EUR"),
        ("Amount (USD thousands)", "5", 500_000, "USD"),
        ("Amount (USD mn)", "5", 500_000_000, "USD"),
        ("Deal value (TEUR)", "5", 500_000, "EUR"),
        ("Betrag (Tsd. €)", "5", 500_000, "EUR"),
        ("Value ($ 000)", "5", 500_000, "USD"),
        ("Amount ('000 USD)", "5", 500_000, "USD"),
        ("Amount (lakhs)", "5", 50_000_000, "EUR"),
        ("مبلغ (م.ت)", "5", 50_000_000, "IRR"),
        ("Amount (USD, net)", "5", 500, "USD"),
        ("Amount (net, USD)", "5", 500, "USD"),
        ("Amount (deal currency)", "5", 500, "EUR"),
        ("Amount (company currency)", "5", 500, "EUR"),
        ("Amount (USD) (thousands)", "5", 500_000, "USD"),
        ("Amount in thousands", "5", 500_000, "EUR"),
        ("AMOUNT (TEUR)", "5", 500_000, "EUR"),
        ("Amount (USD)", "(12.50)", -1250, "USD"),
        ("Amount (USD/month)", "5", 500, "USD"),
        ("Amount (USD - US Dollar)", "5", 500, "USD"),
        ("Amount (EUR incl. 19% VAT)", "5", 500, "EUR"),
        ("Amount (€/Jahr)", "5", 500, "EUR"),
        ("Amount (weighted)", "5", 500, "EUR"),
        ("Amount (2026)", "5", 500, "EUR"),
        ("Amount in USD (thousands)", "5", 500_000, "USD"),
        ("Amount USD (k)", "5", 500_000, "USD"),
        ("Amount (k) USD", "5", 500_000, "USD"),
        ("Betrag EUR (Mio.)", "5", 500_000_000, "EUR"),
        ("مبلغ تومان (میلیون)", "5", 50_000_000, "IRR"),
        ("مبلغ به ریال (میلیون)", "5", 5_000_000, "IRR"),
        ("مبلغ (میلیون) تومان", "5", 50_000_000, "IRR"),
        ("Betrag Mio. EUR", "5", 500_000_000, "EUR"),
        ("Amount million USD", "5", 500_000_000, "USD"),
        ("Betrag Tsd. EUR", "5", 500_000, "EUR"),
        ("مبلغ میلیون تومان", "5", 50_000_000, "IRR"),
        ("Amount USD m", "5", 500_000_000, "USD"),
        ("Amount kUSD", "5", 500_000, "USD"),
        ("Amount USD '000", "5", 500_000, "USD"),
        ("Amount USD thousands", "5", 500_000, "USD"),
        ("Importe (miles de €)", "5", 500_000, "EUR"),
        ("Amount (CHFm)", "5", 500_000_000, "CHF"),
        ("Umsatz in TEUR", "5", 500_000, "EUR"),
        ("value_usd", "5", 500, "USD"),
        ("Value - usd", "5", 500, "USD"),
        ("$ Amount", "5", 500, "USD"),
        ("Amount (2026 USD)", "5", 500, "USD"),
        ("Price (All-in)", "5", 500, "EUR"),
        ("Price (Top 10)", "5", 500, "EUR"),
        ("Price (Try-out)", "5", 500, "EUR"),
        ("Price (Bob, 2026)", "5", 500, "EUR"),
        ("Price (Std.)", "5", 500, "EUR"),
        ("Price (Pen)", "5", 500, "EUR"),
    ],
)
def test_the_unit_in_a_title_is_that_of_the_amounts(
    book: Context, put: Any, title: str, cell: str, minor: int, code: str
) -> None:
    take(book, put(csv_of([["Deal", "Stage", title], ["A", "New", cell]])), "deal")
    [row] = listed(book, "deal")
    assert (row["value"], row["currency"]) == (minor, code)


@pytest.mark.parametrize(
    ("title", "minor", "code"),
    [
        ("Сумма, тыс. руб.", 500_000, "RUB"), ("Total price (USD) in k", 500_000, "USD"),
        ("Profit Mio. EUR", 500_000_000, "EUR"), ("USD profit", 500, "USD"),
        ("Mio. € profit", 500_000_000, "EUR"), ("usd_profit", 500, "USD"),
    ],
)  # fmt: skip
def test_a_mapping_by_hand_keeps_the_unit_at_the_end(
    book: Context, put: Any, title: str, minor: int, code: str
) -> None:
    take(book, put(csv_of([["Deal", "Stage", title], ["A", "New", "5"]])), "deal", mapping={title: "value"})
    assert [(row["value"], row["currency"]) for row in listed(book, "deal")] == [(minor, code)]


@pytest.mark.parametrize(
    "title",
    [
        "Amount (CAD or USD)", "Amount (thousands of something)", "Amount (USD foo)", "Amount (Bin)", "Amount (USD B)",
        "Amount (10k USD)", "Amount (USD cents)", "Amount (USD hundreds)", "Amount USD mil", "Amount in cents",
        "Amount USD (T)", "Amount 1000 USD", "AMOUNT (TRY)",
    ],
)  # fmt: skip
def test_a_unit_that_is_understood_in_part_is_asked_for(book: Context, put: Any, title: str) -> None:
    path = put(csv_of([["Deal", "Stage", title], ["A", "New", "5"]]))
    with pytest.raises(UsageError, match=re.escape(f"column {title}: ")) as refused:
        take(book, path, "deal")
    assert f"--map '{title}=value'" in str(refused.value.hint)
    take(book, path, "deal", mapping={title: "value"})
    assert listed(book, "deal")[0]["value"] == 500


def test_days_and_amounts_as_persian_files_have_them(book: Context, put: Any) -> None:
    rows = [
        ["Deal", "Stage", "Close date", "Amount"],
        ["A", "New", "1404.03.09", "—"],
        ["B", "New", "۱۴:۳۰ ۱۴۰۴/۰۵/۱۲", "5"],
        ["C", "New", "12 Day 1404", "۱٬۲۵۰٬۰۰۰"],
        ["D", "New", "۱۴۰۵ مرداد ۱۵", "12,5"],
    ]
    take(book, put(csv_of(rows)), "deal")
    found = [(str(row["close_on"]), row["value"]) for row in sorted(listed(book, "deal"), key=lambda row: row["name"])]
    assert found == [("2025-05-30", None), ("2025-08-03", 500), ("2026-01-02", 125_000_000), ("2026-08-06", 1250)]
