"""What single cells of other programs mean: empty days, zones, currencies in words, ids in other digits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.types import Env, show_instant
from crmcli.errors import UsageError
from crmcli.services import imports, naming, occasions, records, tasks, undoing
from crmcli.services.imports import moments
from tests.support.importing import counts, listed, rows, take

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.context import Context


@pytest.mark.parametrize("cell", ["0/0/00", "00/00/0000", "0000-00-00", "0000-00-00 00:00:00"])
def test_a_day_of_noughts_is_none(book: Context, put: Any, cell: str) -> None:
    done = take(book, put(f"Name,E-mail,Birthday\nAda,ada@x.example,{cell}\n"), kind=CONTACT)
    assert counts(done)[:2] == (1, 1)
    assert rows(book, CONTACT)[0]["birthday"] is None
    assert any("1 cells" in note and "empty" in note for note in done.notes)


def test_parts_of_a_day_of_birth_may_be_words_and_short_years() -> None:
    env = Env(datetime(2026, 11, 22, tzinfo=UTC))
    years, months = ["1990", "90", "15", "68", "", ""], ["December", "März", "12", "آذر", "Dec.", "آذر"]
    found, more = moments.of_birth(env, years, months, ["10"] * 6)
    assert found == ["1990-12-10", "1990-03-10", "2015-12-10", "1368-09-10", "", ""]
    assert more == {4: "10 December", 5: "آذر-10"}


def days(ctx: Context) -> list[tuple[str, str, str]]:
    """(who, occasion, its day) of every occasion but birthdays with their year, by who."""
    found = occasions.listed(ctx).rows
    return sorted((row["who"], row["name"], row["date"]) for row in found if row["id"])


def test_a_birthday_without_a_year_comes_every_year(ctx: Context, put: Any) -> None:
    text = "Name,Birthday,Notes\nAda,--03-05,engines\nBob, --0229,\nCy,--02-30,\nDee,1990-01-02,\n"
    done = take(ctx, put(text), kind=CONTACT)
    assert counts(done) == (4, 3, 0, 0, 0, 1)
    assert [(row["birthday"], row["description"]) for row in rows(ctx, CONTACT)] == [
        (None, "engines"), (None, None), ("1990-01-02", None),
    ]  # fmt: skip
    assert days(ctx) == [("Ada", "birthday", "03-05"), ("Bob", "birthday", "02-29")]
    (note,) = done.notes
    assert note.startswith("2 birthdays without a year")
    assert counts(take(ctx, put(text), kind=CONTACT)) == (4, 0, 0, 3, 0, 1)
    assert len(days(ctx)) == 2
    undoing.undo(ctx)
    assert days(ctx) == []


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("02-29", "02-29"), ("5 March", "03-05"), ("15. März", "03-15"), ("29 Feb", "02-29"), ("Dec 10", "12-10"),
        ("15th of June", "06-15"), ("1er mai", "05-01"), ("0000-03-21", "03-21"), ("1604-03-21", "03-21"),
        ("29-02", "02-29"), ("۱۲ مرداد", "05-12 jalali"),
    ],
)  # fmt: skip
def test_days_without_a_year_as_files_have_them(book: Context, put: Any, cell: str, day: str) -> None:
    """Wherever in the column they stand, and whatever else it holds."""
    for name, more in (("a", ""), ("b", "Bob,bob@x.example,1990-03-05\n")):
        for order in (1, -1):
            lines = [f"Ada {name}{order},{name}{order}@x.example,{cell}\n", more.replace("b", f"{name}{order}")]
            done = take(book, put("Name,E-mail,Birthday\n" + "".join(lines[::order])), kind=CONTACT)
            assert done.refused == 0
            assert (f"Ada {name}{order}", "birthday", day) in days(book)
    assert {row["description"] for row in rows(book, CONTACT)} == {None}


@pytest.mark.parametrize("title", ["Anniversary", "Hochzeitstag", "سالگرد ازدواج"])
def test_anniversaries_come_every_year(ctx: Context, put: Any, title: str) -> None:
    text = f"Name,E-mail,{title}\nAda,a@x.example,2015-06-12\nBob,b@x.example,12 June\nCy,c@x.example,31/02/2015\n"
    done = take(ctx, put(text), kind=CONTACT)
    assert (done.new, done.refused) == (3, 0)
    assert days(ctx) == [("Ada", "anniversary", "2015-06-12"), ("Bob", "anniversary", "06-12")]
    assert records.get(ctx, CONTACT, 3)["description"] == f"{title}: 31/02/2015"


def test_the_anniversary_of_outlook_is_mostly_none(book: Context, put: Any) -> None:
    done = take(
        book, put("Name,E-mail Address,Anniversary\nAda,a@x.example,0/0/00\nBob,b@x.example,6/22/2015\n"), kind=CONTACT
    )
    assert days(book) == [("Bob", "anniversary", "2015-06-22")]
    assert done.notes[0] == "1 cells with NULL, N/A or - are taken as empty"
    assert [row["description"] for row in rows(book, CONTACT)] == [None, None]


def test_an_update_brings_the_days_that_a_record_lacks(ctx: Context, put: Any) -> None:
    text = "Name,E-mail,Birthday,Anniversary\nAda,a@x.example,{},{}\n"
    take(ctx, put(text.format("", "2015-06-12")), kind=CONTACT)
    path = put(text.format("5 March", "2016-06-12"))
    assert counts(take(ctx, path, kind=CONTACT)) == (1, 0, 0, 1, 0, 0)
    assert counts(take(ctx, path, kind=CONTACT, update=True)) == (1, 0, 1, 0, 0, 0)
    assert days(ctx) == [("Ada", "anniversary", "2015-06-12"), ("Ada", "birthday", "03-05")]
    assert counts(take(ctx, path, kind=CONTACT, update=True)) == (1, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        *((f"2026-11-01 10:00:00{zone}", "2026-11-01T10:00:00.000Z") for zone in (
            " UTC", " GMT", " utc", "UTC", " Z", "Z", " +0000", " +00:00", "+00", " +0000 UTC", " UTC+00:00",
            ".123456+00")),
        ("2026-11-01 10:00 -0330", "2026-11-01T13:30:00.000Z"),
        ("Nov 1, 2026, 2:15 PM UTC", "2026-11-01T14:15:00.000Z"),
        ("۲۰۲۶-۱۱-۰۱ ۱۰:۰۰ +۰۳۳۰", "2026-11-01T06:30:00.000Z"),
    ],
)  # fmt: skip
def test_zones_behind_times(book: Context, put: Any, monkeypatch: pytest.MonkeyPatch, cell: str, moment: str) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tehran")
    book.tick()
    done = take(book, put(f'Name,Created at\nAda,"{cell}"\n'), kind=CONTACT)
    assert (counts(done)[:2], done.listed) == ((1, 1), ())
    assert rows(book, CONTACT)[0]["created_at"][:19] == moment[:19]
    take(book, put(f'Task,Due date\nCall,"{cell}"\n'), kind=TASK)
    assert rows(book, TASK)[0]["due_at"][:19] == moment[:19]


def test_a_time_alone_is_no_day(book: Context, put: Any) -> None:
    text = "Deal Name,Expected Close\nA,00:00:00\nB,14:30\nC,2026-12-01\n"
    done = take(book, put(text), kind=DEAL)
    assert [(line, reason) for line, _, _, reason in done.listed] == [(3, "'14:30' is a time without a day.")]
    assert [(row["name"], row["close_on"]) for row in rows(book, DEAL)] == [("A", None), ("C", "2026-12-01")]


def test_a_midnight_with_a_zone_behind_it_is_a_day(book: Context, put: Any) -> None:
    take(book, put("Task,Due date\nCall,2026-11-01 00:00:00 UTC\nWrite,2026-11-01 00:00:00+00\n"), kind=TASK)
    assert [(row["due_on"], row["due_at"]) for row in rows(book, TASK)] == [("2026-11-01", None)] * 2


@pytest.mark.parametrize(
    ("word", "amount", "minor", "code"),
    [
        ("ریال", "1000", 1000, "IRR"), ("ريال", "1000", 1000, "IRR"), ("تومان", "1000", 10_000, "IRR"),
        ("تومان", "۵ میلیون", 50_000_000, "IRR"), ("Toman", "1000 تومان", 10_000, "IRR"), ("IRT", "7", 70, "IRR"),
        ("€", "12.50", 1250, "EUR"), ("US Dollar", "12", 1200, "USD"), ("US Dollars", "$12", 1200, "USD"),
        ("USD - US Dollar", "12", 1200, "USD"), ("Euro (EUR)", "12", 1200, "EUR"), ("usd", "12", 1200, "USD"),
        ("Japanese Yen", "12", 12, "JPY"), ("-99", "12", 1200, "EUR"), ("kr", "12", None, "kr may be"),
        ("US Dollar ($)", "12", 1200, "USD"), ("Zorkmid", "12", None, "'Zorkmid' is not a currency"),
        ("EUR or USD", "12", None, "not a currency"), ("USD", "12 تومان", None, "the amount is in IRR, the row in USD"),
    ],
)  # fmt: skip
def test_currencies_in_words(book: Context, put: Any, word: str, amount: str, minor: int | None, code: str) -> None:
    done = take(book, put(f"Deal name,Amount,Currency\nBig,{amount},{word}\n"), kind=DEAL)
    if minor is None:
        assert counts(done)[5] == 1
        assert code in done.listed[0][3]
    else:
        assert [(row["value"], row["currency"]) for row in rows(book, DEAL)] == [(minor, code)]


def test_a_scaled_amount_counts_in_the_unit_of_its_title(book: Context, put: Any) -> None:
    take(book, put("Deal name,مبلغ (تومان)\nBig,۵ میلیون\nSmall,12k\nOther,7 EUR\n"), kind=DEAL)
    assert [(row["value"], row["currency"]) for row in rows(book, DEAL)] == [
        (50_000_000, "IRR"), (120_000, "IRR"), (700, "EUR"),
    ]  # fmt: skip


def test_formats_of_a_workbook_say_currencies_and_noughts(book: Context, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet.append(["Deal name", "Amount", "Company"])
    amounts = {
        "[$$-409]#,##0.00": 12000, '"€"#,##0': 7, "[$IRR]\\ #,##0": 5, '#,##0 "تومان"': 5, "0.00": 1.5, "[$$-C09]0": -3,
        '"$"#,##0_);\\("$"#,##0\\)': 4,
    }  # fmt: skip
    for row, (code, amount) in enumerate(amounts.items(), 2):
        sheet.append([f"Deal {row}", amount, "Acme" if row == 2 else None])
        sheet.cell(row, 2).number_format = code
    sheet.merge_cells("C2:C4")
    made.save(tmp_path / "deals.xlsx")
    take(book, str(tmp_path / "deals.xlsx"), kind=DEAL)
    assert [(row["value"], row["currency"]) for row in rows(book, DEAL)] == [
        (1_200_000, "USD"), (700, "EUR"), (5, "IRR"), (50, "IRR"), (150, "EUR"), (-300, "AUD"), (400, "USD"),
    ]  # fmt: skip
    assert [row["company"] for row in rows(book, DEAL)] == ["Acme"] * 3 + [None] * 4


def test_noughts_in_front_of_codes_and_telephones_stay(book: Context, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet.append(["Company", "Postal code", "Phone", "Employees", "ID"])
    sheet.append(["Acme", 1067, 9121234567, 12, 17])
    for place, code in ((2, "00000"), (3, '"0"#'), (4, "0000"), (5, "000000")):
        sheet.cell(2, place).number_format = code
    made.save(tmp_path / "companies.xlsx")
    take(book, str(tmp_path / "companies.xlsx"), kind=COMPANY, id_column="ID")
    row = rows(book, COMPANY)[0]
    found = [row[name] for name in ("postal_code", "phone", "employees", "external_id")]
    assert found == ["01067", "09121234567", 12, "000017"]


def test_a_sign_counts_in_the_currency_of_its_title(book: Context, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CURRENCY", "AUD")
    book.tick()
    take(book, put("Deal name,Value (CAD)\nBig,$12\nSmall,7\nOther,US$ 5\n"), kind=DEAL)
    assert [(row["value"], row["currency"]) for row in rows(book, DEAL)] == [(1200, "CAD"), (700, "CAD"), (500, "USD")]


def test_an_id_is_the_same_in_any_digits(ctx: Context, put: Any) -> None:
    records.add(ctx, COMPANY, {"name": "Typed", "external_id": "۷"})
    assert counts(take(ctx, put("Company,ID\nOne,۱۰۰۱\n"), kind=COMPANY, id_column="ID"))[:2] == (1, 1)
    done = take(ctx, put("Company,ID\nOne,1001\nOne,١٠٠١\nTyped,7\n"), kind=COMPANY, id_column="ID")
    assert counts(done) == (3, 0, 0, 2, 1, 0)
    assert [row["external_id"] for row in rows(ctx, COMPANY)] == ["7", "1001"]
    assert [r["name"] for r in records.list_records(ctx, COMPANY, ["external_id:۱۰۰۱"]).rows] == ["One"]
    records.add(ctx, COMPANY, {"name": "Third", "external_id": "A-۹"})
    assert naming.resolve(ctx, COMPANY, "A-۹") == naming.resolve(ctx, COMPANY, "A-9")


def test_the_dates_of_one_column_tell_how_those_of_another_are_written(book: Context, put: Any) -> None:
    path = put("Deal name,Close date,Created at\nA,03/04/2026,12/31/2025\nB,05/06/2026,01/02/2026\n")
    take(book, path, kind=DEAL)
    assert [row["close_on"] for row in rows(book, DEAL)] == ["2026-03-04", "2026-05-06"]
    # Other signs between the numbers are another program's or person's.
    for text in ("A,03/04/2026,31.12.2025\nB,05/06/2026,\n", "A,03/04/2026,\nB,05/06/2026,\nC,07/08/2026,\n"):
        with pytest.raises(UsageError, match=r"'Close date' can be read in two ways \(03/04/2026\)"):
            imports.plan(book, put(f"Deal name,Close date,Created at\n{text}"), kind=DEAL)


# --- what a cell means in its row -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("Normal", 2),
        ("Highest", 3),
        ("Lowest", 1),
        ("Very high", 3),
        ("High", 3),
        ("متوسط", 2),
        ("2", 2),
        ("odd", None),
    ],
)
def test_priorities_in_the_words_of_others(book: Context, put: Any, word: str, stored: int | None) -> None:
    done = take(book, put(f"Task,Priority\nCall,{word}\n"), kind=TASK)
    assert [row["priority"] for row in rows(book, TASK)] == ([] if stored is None else [stored])
    assert done.refused == (stored is None)


def test_nobody_owns_what_is_unassigned(book: Context, put: Any) -> None:
    text = "Name,Owner,Source\nA,Unassigned,None\nB,None,Web\nC,- No Owner -,Web\nD,Grace,Web\n"
    done = take(book, put(text), kind=CONTACT)
    assert [row["owner"] for row in rows(book, CONTACT)] == [None, None, None, "Grace"]
    assert rows(book, CONTACT)[0]["source"] == "None"
    assert done.notes == ("3 cells with NULL, N/A or - are taken as empty",)


@pytest.mark.parametrize("cell", ["Friday", "today", "+2w"])
def test_a_birthday_that_depends_on_today_is_none(book: Context, put: Any, cell: str) -> None:
    take(book, put(f"Name,E-mail,Birthday\nAda,ada@x.example,{cell}\nBob,bob@x.example,1990-03-05\n"), kind=CONTACT)
    assert [(row["birthday"], row["description"]) for row in rows(book, CONTACT)] == [
        (None, f"Birthday: {cell}"), ("1990-03-05", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "options", "born"),
    [
        (("5/14/31", "12/31/26"), {}, ["1931-05-14", "1926-12-31"]),
        (("5/14/25", "12/31/31"), {}, ["2025-05-14", "1931-12-31"]),
        (("05/07/30", "06/07/68"), {"dates": "dmy"}, ["1930-07-05", "1968-07-06"]),
        (("14 May 31", "3-Mar-90"), {}, ["1931-05-14", "1990-03-03"]),
        (("05/07/30", "05/06/66"), {"dates": "jalali-dmy"}, ["1951-09-28", "1987-08-27"]),
        (("2031-05-14", "1931-05-14"), {}, ["2031-05-14", "1931-05-14"]),
    ],
)
def test_a_birthday_with_a_short_year_has_come(
    book: Context, put: Any, cells: tuple[str, str], options: dict[str, str], born: list[str]
) -> None:
    text = "Name,E-mail,Birthday\n" + "".join(f"P {n},p{n}@x.example,{cell}\n" for n, cell in enumerate(cells))
    take(book, put(text), kind=CONTACT, **options)
    assert [row["birthday"] for row in rows(book, CONTACT)] == born


@pytest.mark.parametrize("cell", ["0.0.00", "0.0.0000", "0-0-00", "0/0/00 0:00", "00.00.0000 00:00:00", "۰/۰/۰۰"])
def test_a_day_of_noughts_in_any_form_is_none_and_no_witness(book: Context, put: Any, cell: str) -> None:
    text = f"Name,E-mail,Birthday,Created\nAda,ada@x.example,{cell},{cell}\nBob,bob@x.example,5/14/80,5/14/20\n"
    done = take(book, put(text), kind=CONTACT)
    assert counts(done)[:2] == (2, 2)
    assert [row["birthday"] for row in rows(book, CONTACT)] == [None, "1980-05-14"]
    assert rows(book, CONTACT)[1]["created_at"].startswith("2020-05-14")
    assert "2 cells with NULL, N/A or - are taken as empty" in done.notes


def test_days_that_depend_on_today_are_told(book: Context, put: Any) -> None:
    cells = ("Monday", "yesterday", "+2000d", "15 March", "2026-12-01", "1 Dec 2026", "Dec 1, 2026", "")
    text = "Task,Due,Created\n" + "".join(f"T {n},{cell},2020-01-02\n" for n, cell in enumerate(cells))
    done = take(book, put(text), kind=TASK)
    (note,) = [note for note in done.notes if "today" in note]
    today = book.env.now.date().isoformat()
    assert (
        note == f"column Due: days said as seen from today (Monday, yesterday, +2000d) are read as of {today}: 4 cells"
    )


def test_a_column_of_days_far_ahead_is_told(book: Context, put: Any) -> None:
    far = "Deal,Close date\nA,1446/09/29\nB,1447/01/02\n"
    (note,) = take(book, put(far), kind=DEAL).notes
    assert note.startswith("column Close date: all its days are more than 40 years ahead (2067-12-20 is the first)")
    assert not take(book, put(far + "C,1404/01/02\n"), kind=DEAL).notes


def test_nulls_of_databases_are_empty(book: Context, put: Any) -> None:
    done = take(book, put("Name,E-mail,City\nAda,ada@x.example,\\N\n"), kind=CONTACT)
    assert rows(book, CONTACT)[0]["city"] is None
    assert done.notes == ("1 cells with NULL, N/A or - are taken as empty",)


def test_a_day_of_two_numbers_is_kept_as_it_stands(book: Context, put: Any) -> None:
    text = "Name,E-mail,Birthday\nAda,ada@x.example,05/03\nBob,bob@x.example,12/31\n"
    done = take(book, put(text), kind=CONTACT)
    assert (counts(done), done.notes) == (
        (2, 2, 0, 0, 0, 0),
        ("column Birthday: 2 cells are no day, and kept in the description",),
    )
    assert [(row["birthday"], row["description"]) for row in rows(book, CONTACT)] == [
        (None, "Birthday: 05/03"), (None, "Birthday: 12/31"),
    ]  # fmt: skip


def test_the_plan_of_a_product_is_none_of_ours(book: Context, put: Any) -> None:
    assert take(book, put("Deal name,Amount,Plan\nA,5,plan_gold\n"), kind=DEAL).refused == 0
    take(book, put("Deal name,Recurring,Plan\nB,5,monthly\n"), kind=DEAL)
    assert [row["plan"] for row in rows(book, DEAL)] == [None, "monthly"]


def test_cells_that_have_no_place_where_a_row_stands_are_told(book: Context, put: Any) -> None:
    text = "Deal name,Stage,Lost reason,Date won\nA,New,Price,2026-01-01\nB,Won,Price,\nC,Lost,Price,2026-01-01\n"
    done = take(book, put(text), kind=DEAL)
    assert done.notes == (
        "column Date won: 1 cells left out, of deals that are open",
        "column Lost reason: 2 cells left out, of deals that are not lost",
    )
    assert imports.preview(book, imports.plan(book, put(text + "D,New,Price,\n"), kind=DEAL)).values["notes"][-1] == (
        "column Lost reason: 1 cells left out, of deals that are not lost"  # the others are known
    )
    assert [(row["status"], row["lost_reason"]) for row in rows(book, DEAL)] == [
        ("open", None), ("won", None), ("lost", "Price"),
    ]  # fmt: skip
    assert counts(take(book, put(text), kind=DEAL)) == (3, 0, 0, 3, 0, 0)
    alone = take(book, put("Lead name,Email,Lost reason\nA,a@x.example,Price\n"), kind=LEAD)
    assert alone.notes == ("column Lost reason: 1 cells left out, of leads that are not lost",)


def test_what_ends_later_has_ended_by_now(book: Context, put: Any) -> None:
    now = show_instant(book.env.now)
    text = "Deal name,Stage,Close date,Modified time\n" + (
        "A,Won,2027-01-01,\nB,Lost,2027-01-01,2026-03-01 10:00\nC,Won,2026-02-01,\n"
    )
    take(book, put(text), kind=DEAL)
    take(book, put("Deal name,Stage,date_closed\nD,New,2026-01-01\nE,Won,2027-01-01\nF,Won,2026-02-01\n"), kind=DEAL)
    assert [(row["name"], row["close_on"], row["closed_at"]) for row in rows(book, DEAL)] == [
        ("A", "2027-01-01", now), ("B", "2027-01-01", "2026-03-01T10:00:00.000Z"),
        ("C", "2026-02-01", "2026-02-01T00:00:00.000Z"), ("D", "2026-01-01", None), ("E", "2027-01-01", now),
        ("F", "2026-02-01", "2026-02-01T00:00:00.000Z"),
    ]  # fmt: skip


@pytest.mark.parametrize("title", ["Status", "Done"])
def test_an_update_completes_tasks_and_takes_them_up_again(book: Context, put: Any, title: str) -> None:
    no, yes = ("Not Started", "Completed") if title == "Status" else ("no", "yes")
    text = f"Subject,Due Date,Description,{title}\nCall,2026-12-01,a,{no}\nMail,2026-11-01,b,{yes}\n"
    take(book, put(text), kind=TASK)

    def done() -> list[Any]:
        return [row[0] for row in book.reader.rows("SELECT done_at FROM task ORDER BY id")]

    assert done() == [None, "2026-11-01T00:00:00.000Z"]
    assert counts(take(book, put(text), kind=TASK)) == (2, 0, 0, 2, 0, 0)
    text = text.replace(f",a,{no}", f",c,{yes}")
    assert counts(take(book, put(text), kind=TASK, update=True)) == (2, 0, 1, 1, 0, 0)
    assert done() == [show_instant(book.env.now), "2026-11-01T00:00:00.000Z"]
    assert counts(take(book, put(text), kind=TASK, update=True)) == (2, 0, 0, 2, 0, 0)
    assert counts(take(book, put(text.replace(yes, no)), kind=TASK, update=True)) == (2, 0, 2, 0, 0, 0)
    assert done() == [None, None]
    assert counts(take(book, put(text.replace(yes, "")), kind=TASK, update=True)) == (2, 0, 0, 2, 0, 0)


@pytest.mark.parametrize(
    ("columns", "cells", "says"),
    [
        ("Status", "Completed", True), ("Status", "انجام شده", True), ("Done", "ja", True),
        ("Status", "Not started", False), ("Status", "In Progress", False), ("Status", "Waiting for input", False),
        ("Status", "Open", False), ("Status", "NOT_STARTED", False), ("Status", "در حال انجام", False),
        ("Done", "no", False),
        ("Status", "Cancelled", None), ("Status", "Deferred", None), ("Status", "Blue", None), ("Status", "", None),
        ("Status,Completed", "Completed,", True), ("Completed,Status", ",Completed", True),
        ("Status,Completed", "Blue,yes", True), ("Status,Completed", ",no", False), ("Status,Completed", "Blue,", None),
    ],
)  # fmt: skip
def test_what_an_update_makes_of_the_words_for_done(
    book: Context, put: Any, columns: str, cells: str, says: bool | None
) -> None:
    records.add(book, TASK, {"name": "T1", "due_on": "2026-10-01"})
    records.add(book, TASK, {"name": "T2", "due_on": "2026-10-01"})
    tasks.done(book, [2])
    text = f"Subject,Due date,{columns}\n" + "".join(f"T{n},2026-10-01,{cells}\n" for n in (1, 2))
    take(book, put(text), kind=TASK, update=True)
    done = [row[0] is not None for row in book.reader.rows("SELECT done_at FROM task ORDER BY id")]
    assert done == ([False, True] if says is None else [says, says])


def test_a_derived_domain_follows_the_website_of_a_row_and_one_set_by_hand_stays(book: Context, put: Any) -> None:
    take(book, put("Company,Website\nA,https://old.example\nB,https://b.example\n"), kind=COMPANY)
    with book.writing("cli") as tx:
        tx.change("company", 2, {"domain": "hand.example"})
    text = "Company,Website\nA,https://new.example\nB,https://b2.example\n"
    assert take(book, put(text), kind=COMPANY, update=True, match=["name"]).updated == 2
    assert [row["domain"] for row in rows(book, COMPANY)] == ["new.example", "hand.example"]


def test_what_rows_name_is_made_in_their_order(book: Context, put: Any) -> None:
    names = [f"Firm {number}" for number in (7, 3, 9, 1, 8, 2, 6, 4, 5, 0)]
    take(book, put("Name,Company\n" + "".join(f"{name} Jr,{name}\n" for name in names)), kind=CONTACT)
    assert [row["name"] for row in rows(book, COMPANY)] == names


def test_nobody_stays_out_for_a_birthday_that_is_no_day(ctx: Context, put: Any) -> None:
    people = ("Ada,a@x.example,19371233,engines", "Bob,b@x.example,31/02/1980,", "Cy,c@x.example,spring,")
    text = "\n".join(("Name,E-mail,Birthday,Notes", *people))
    done = take(ctx, put(text), kind=CONTACT)
    assert counts(done)[:2] == (3, 2)
    assert "Birthday" in done.listed[0]  # no day was meant by that word
    assert "column Birthday: 2 cells are no day, and kept in the description" in done.notes
    found = {row["name"]: (row["birthday"], row["description"]) for row in listed(ctx, "contact")}
    assert found == {"Ada": (None, "engines\nBirthday: 19371233"), "Bob": (None, "Birthday: 31/02/1980")}
