"""How people and programs fill cells: another's name beside the record's, moments as counts, telephones with labels."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.domain.calendars import split_day
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TASK
from crmcli.domain.types import Env
from crmcli.errors import FieldError, UsageError
from crmcli.services import custom, imports
from crmcli.services.imports import facts, moments, parts, persons
from crmcli.services.imports.dates import told_dates
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context


def fields(plan: imports.Plan) -> list[str]:
    return [column.shown for column in plan.columns]


# --- people beside other names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pieces", "apart"),
    [
        ("Website redesign", ("Ada", "King"), True),
        ("City Agency", ("Dom", "", "Ine"), True),
        ("Bob Jones", ("Robert", "Jones"), True),
        ("King", ("Ada", "King"), True),
        ("Plan B", ("Bo", "Becker"), True),
        ("Alliance", ("Al", "Li"), True),
        ("Website", ("A", "B"), True),
        ("Ada King", ("Ada", "King"), False),
        ("KING, Ada M.", ("ada", "king"), False),
        ("A. King", ("Ada", "King"), False),
        ("Ada King", ("Ada", "B", "King"), False),
        ("Dr. Zoë Müller-Weiß", ("Zoe", "Muller-Weiss"), False),
        ("Mc Donald Ian", ("Ian", "McDonald"), False),
        ("علی‌رضا کریمی", ("عليرضا", "كريمي"), False),
        ("王伟", ("伟", "王"), False),
        ("Acme", ("", ""), False),
        ("Acme", ("-", "."), False),
        ("Ada King of " + "very " * 60 + "long", ("Ada", "King"), True),
    ],
)  # fmt: skip
def test_who_is_somebody_else_than_a_name_says(name: str, pieces: tuple[str, ...], apart: bool) -> None:
    assert persons.apart(name, pieces) is apart


def test_the_person_of_a_lead_that_is_called_by_its_subject_is_kept(book: Context, put: Any) -> None:
    text = "Lead Name,First Name,Last Name,Email,Value,Notes\n" + (
        "Website redesign,Ada,King,ada@k.example,100,\nBo Lee,Bo,Lee,bo@l.example,5,\n,Cy,Ray,cy@r.example,7,quiet\n"
        "Shop,NULL,,shop@s.example,,\n"
    )
    plan = imports.plan(book, put(text))
    assert (plan.kind, fields(plan)[:3]) == (
        LEAD,
        [
            "name",
            "first name (to contact_name where the name is another's)",
            "last name (to contact_name where the name is another's)",
        ],
    )
    assert counts(take(book, put(text))) == (4, 4, 0, 0, 0, 0)
    assert [(row["name"], row["contact_name"], row["description"]) for row in rows(book, LEAD)] == [
        ("Website redesign", "Ada King", None), ("Bo Lee", None, None), ("Cy Ray", None, "quiet"), ("Shop", None, None),
    ]  # fmt: skip
    assert counts(take(book, put(text))) == (4, 0, 0, 4, 0, 0)
    assert counts(take(book, put(text), update=True)) == (4, 0, 0, 4, 0, 0)


def test_a_lead_s_contact_name_of_its_own_goes_first(book: Context, put: Any) -> None:
    text = (
        "Lead Name,Contact Name,First Name,Last Name\nWebsite,Ada King,Ada,King\nShop,Ada King,Bo,Lee\nFair,,Cy,Ray\n"
    )
    take(book, put(text), kind=LEAD)
    assert [(row["contact_name"], row["description"]) for row in rows(book, LEAD)] == [
        ("Ada King", None), ("Ada King", "First Name, Last Name: Bo Lee"), ("Cy Ray", None),
    ]  # fmt: skip
    assert counts(take(book, put(text), kind=LEAD)) == (3, 0, 0, 3, 0, 0)


@pytest.mark.parametrize("title", ["*ContactName", "Display Name"])
def test_the_person_of_a_firm_is_kept_beside_its_name(book: Context, put: Any, title: str) -> None:
    text = f"{title},EmailAddress,FirstName,LastName\nCity Agency,dom@c.example,Dom,Ine\nBo Lee,bo@l.example,Bo,Lee\n"
    take(book, put(text), kind=CONTACT)
    assert [(row["name"], row["description"]) for row in rows(book, CONTACT)] == [
        ("City Agency", "FirstName, LastName: Dom Ine"), ("Bo Lee", None),
    ]  # fmt: skip
    assert counts(take(book, put(text), kind=CONTACT)) == (2, 0, 0, 2, 0, 0)


def test_a_mapping_of_people_who_have_their_own_names_says_no_more(book: Context, put: Any) -> None:
    plan = imports.plan(
        book, put("Full Name,First Name,Last Name\nAda King,Ada,King\n,Bo,Lee\nNULL,Cy,Ray\n"), kind=LEAD
    )
    assert fields(plan) == ["name", "first name", "last name"]


# --- moments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-01T10:00:00.000000000Z", "2026-11-01T10:00:00.000Z"),
        ("2026-11-01T10:00:00.123456789+01:00", "2026-11-01T09:00:00.123Z"),
        ("2026-11-01 10:00:00.0000000", "2026-11-01T10:00:00.000Z"),
        ("2026-11-01 10:00:00,5", "2026-11-01T10:00:00.500Z"),
        ("December 3, 2026 10:00 AM (UTC)", "2026-12-03T10:00:00.000Z"),
        ("December 3, 2026 10:00 AM (GMT+3:30)", "2026-12-03T06:30:00.000Z"),
        ("December 3, 2026 10:00 PM (GMT-11)", "2026-12-04T09:00:00.000Z"),
        ("December 3, 2026 10:00 AM (EST)", "2026-12-03T15:00:00.000Z"),
        ("July 3, 2026 10:00 AM (PDT)", "2026-07-03T17:00:00.000Z"),
        ("2026/12/03 10:00 (GMT)", "2026-12-03T10:00:00.000Z"),
        ("1793527200000", "2026-11-01T10:00:00.000Z"),
        ("۱۷۹۳۵۲۷۲۰۰۰۰۰", "2026-11-01T10:00:00.000Z"),
        ("1793527200", "2026-11-01T10:00:00.000Z"),
    ],
)  # fmt: skip
def test_moments_as_programs_write_them(book: Context, put: Any, cell: str, moment: str) -> None:
    path = put(f'Task,Due date,Created at\nCall,"{cell}","{cell}"\n')
    done = take(book, path, kind=TASK)
    assert (counts(done)[:2], done.listed) == ((1, 1), ())
    [row] = rows(book, TASK)
    assert (row["due_on"], row["due_at"], row["created_at"]) == (moment[:10], moment, moment)
    assert take(book, path, kind=TASK).same == 1


def test_a_range_of_days_begins_with_the_first(book: Context, put: Any) -> None:
    ranges = [
        "December 3, 2026 → December 5, 2026", "December 3, 2026 10:00 AM (GMT+1) → 11:00 AM",
        "December 3, 2026 10:00 AM → 11:00 AM (GMT+1)",
    ]  # fmt: skip
    text = "Task,Due date\n" + "".join(f'Call {n},"{cell}"\n' for n, cell in enumerate(ranges))
    take(book, put(text), kind=TASK)
    moments = [None, "2026-12-03T09:00:00.000Z", "2026-12-03T09:00:00.000Z"]
    assert [(row["due_on"], row["due_at"], row["description"]) for row in rows(book, TASK)] == [
        ("2026-12-03", at, f"Due date: {cell}") for at, cell in zip(moments, ranges, strict=True)
    ]
    assert counts(take(book, put(text), kind=TASK)) == (3, 0, 0, 3, 0, 0)


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        (("1793527200", "", "NULL", "1793613600"), facts.SECONDS), (("1793527200", "2026-11-01"), ""),
        (("2026110110",), ""), (("0793527200",), ""), (("9912345678",), ""), (("1793527200000",), ""),
    ],
)  # fmt: skip
def test_ten_digits_count_seconds_where_all_of_a_column_do(
    book: Context, put: Any, cells: tuple[str, ...], unit: str
) -> None:
    text = "Task,Due date\n" + "".join(f"Call {n},{cell}\n" for n, cell in enumerate(cells))
    plan = imports.plan(book, put(text), kind=TASK)
    assert plan.columns[1].unit == unit
    refused = sum(len(cell) == 10 and cell.isdigit() for cell in cells) if not unit else 0
    assert imports.run(book, plan, dry_run=True).refused == refused


def test_counts_elsewhere_than_below_days_are_left_alone(book: Context, put: Any) -> None:
    text = "Name,Phone,ID,Notes\nAda,1793527200000,1793527200,1793527200000\n"
    take(book, put(text), kind=CONTACT)
    [row] = rows(book, CONTACT)
    assert (row["phone"], row["external_id"], row["description"]) == ("1793527200000", "1793527200", "1793527200000")


# --- days of a column -------------------------------------------------------------------------------------------------


def column_of_days(cells: Sequence[str], dates: str = "", calendar: str = "gregorian") -> list[str | None]:
    """The days of a column, "?" for a cell that is refused."""
    column, told = facts.DayFacts(), told_dates(dates)
    column.look(cells, range(2, len(cells) + 2))
    found = column.calendar(calendar, told)
    order = column.order("Day", told, found)
    env = Env(datetime(2026, 11, 22, tzinfo=UTC), found, order=order)

    def read(cell: str) -> str | None:
        try:
            return moments.day(cell, env)
        except FieldError:
            return "?"

    return list(map(read, cells))


@pytest.mark.parametrize(
    ("cells", "dates", "days"),
    [
        # Short years: where they stand is shown by a number that is no day, or by the full years near them.
        (("99/12/29", "00/01/05"), "jalali", ["2021-03-19", "2021-03-25"]),
        (("99/12/29", "05/01/26"), "", ["1999-12-29", "2005-01-26"]),
        (("۰۵/۰۱/۱۵", "۰۵/۰۲/۳۱", "۱۵/۱/۱۴۰۵"), "", ["2026-04-04", "2026-05-21", "2026-04-04"]),
        (("05/1/5", "1405/02/03", "05/02/13"), "", ["2026-03-25", "2026-04-23", "2026-05-03"]),
        (("15/01/1405", "16/01/05", "17/01/05"), "", ["2026-04-04", "2026-04-05", "2026-04-06"]),
        (("05/1/5", "1405/02/03"), "", ["2026-03-25", "2026-04-23"]),
        (("1405/02/03", "0000-00-00", "13022027"), "", ["2026-04-23", "?", "?"]),
        (("13/02/2027", "05/02/27"), "", ["2027-02-13", "2027-02-05"]),
        (("13/02/2027", "27/02/05"), "", ["2027-02-13", "2027-02-05"]),
        (("13/02/27", "45/02/27", "05/02/27"), "dmy", ["2027-02-13", "?", "2027-02-05"]),
        (("05/12/29", "05/02/31"), "jalali-ymd", ["2027-03-20", "2026-05-21"]),
        (("05/12/29",), "ymd", ["2005-12-29"]),
        (("05/12/29", "05/13/2026"), "ymd", ["2005-12-29", "2026-05-13"]),
        (("05/12/29", "03/04/2026", "13/04/2026"), "ymd", ["2005-12-29", "2026-04-03", "2026-04-13"]),
        # One calendar for the column: what is Jalali shows it, unless something is Gregorian.
        (("29 اسفند 1404", "15 مرداد"), "", ["2026-03-20", "2027-08-06"]),
        (("۱۴۰۵۰۳۰۵", "۱۴۰۵-۳-۵"), "", ["2026-05-26", "2026-05-26"]),
        (("1405/03/05", "2026/03/05"), "", ["?", "2026-03-05"]),
        (("1405/03/05", "2026/03/05"), "jalali", ["2026-05-26", "2026-03-05"]),
        (("1 mehr 1405", "3 Farvardin 1405"), "", ["2026-09-23", "2026-03-23"]),
        # A day of the week before a date, which it must be.
        (("پنجشنبه ۱۵ مرداد ۱۴۰۵", "پنج شنبه ۱۵ مرداد ۱۴۰۵", "جمعه، ۱۵ مرداد ۱۴۰۵"), "",
         ["2026-08-06", "2026-08-06", "?"]),
        (("Thursday, August 6, 2026", "Do, 6. August 2026", "jeudi 6 août 2026", "Fri, 6 Aug 2026"), "",
         ["2026-08-06", "2026-08-06", "2026-08-06", "?"]),
        (("fri", "last fri"), "", ["2026-11-27", "2026-11-20"]),
        (("25/12/26", "03/04/26", "17/06/27"), "", ["2026-12-25", "2026-04-03", "2027-06-17"]),
        (("24.05.14", "25.12.26"), "", ["2014-05-24", "2026-12-25"]),
        (("3. März 2026", "3 de marzo de 2026", "3-Okt-26"), "", ["2026-03-03", "2026-03-03", "2026-10-03"]),
        (("13-آذر-05",), "", ["?"]),
        (("13-آذر-05",), "jalali-dmy", ["2026-12-04"]),
        (("05-آذر-13",), "jalali-ymd", ["2026-12-04"]),
        (("lun. 3 août 2026", "mié 5 ago 2026", "mar. 4 août 2026", "Mar 3, 2026", "mar. 5 août 2026"), "",
         ["2026-08-03", "2026-08-05", "2026-08-04", "2026-03-03", "?"]),
    ],
)  # fmt: skip
def test_a_column_of_days_is_read_in_one_way(cells: tuple[str, ...], dates: str, days: list[str]) -> None:
    assert column_of_days(cells, dates) == days


@pytest.mark.parametrize(
    ("cells", "calendar", "choices"),
    [
        (("03/04/27",), "gregorian", ["dmy", "mdy", "ymd"]),
        (("03/04/2027",), "gregorian", ["dmy", "mdy"]),
        (("03/04/27", "03/04/99"), "gregorian", ["dmy", "mdy"]),
        (("۰۵/۱۲/۲۹",), "jalali", ["ymd", "dmy", "mdy"]),
        (("05/02/20", "15/01/1420", "05/01/05"), "gregorian", ["dmy", "ymd"]),
        (("13/02/27", "45/02/27"), "gregorian", ["dmy", "ymd"]),
        (("99/02/27", "27/02/99"), "gregorian", ["dmy", "ymd"]),
        (("24/05/14", "25/12/26", "26/01/31"), "gregorian", ["dmy", "ymd"]),
        (("24/05/14", "25/12/26", "26/01/31"), "jalali", ["ymd", "dmy"]),
    ],
)  # fmt: skip
def test_days_that_can_be_read_in_several_ways_are_asked_for(
    cells: tuple[str, ...], calendar: str, choices: list[str]
) -> None:
    with pytest.raises(facts.UndecidedError) as error:
        column_of_days(cells, calendar=calendar)
    assert [value for value, _ in error.value.doubt.choices] == choices
    assert all(f"--dates {value} (" in (error.value.hint or "") for value in choices)


def asked(ctx: Context, path: str) -> facts.UndecidedError:
    """How a plan of deals asks for the days of its file."""
    with pytest.raises(facts.UndecidedError) as error:
        imports.plan(ctx, path, kind=DEAL)
    return error.value


@pytest.mark.parametrize("cell", ["05/02/12", "۰۵/۰۲/۱۲"])
def test_short_years_under_persian_titles_or_in_persian_digits_may_be_jalali(
    book: Context, put: Any, cell: str
) -> None:
    title = "تاریخ بستن" if cell.isascii() else "Expected close"
    error = asked(book, put(f"نام,{title},مبلغ\nسقف,{cell},1200\nدر,06/03/11,3400\n"))
    assert [word for word, _ in error.doubt.choices] == ["jalali-ymd", "jalali-dmy", "dmy", "mdy", "ymd"]
    assert dict(error.doubt.choices) == {
        "jalali-ymd": f"year first, Jalali: {cell} is day 12 of month 2 of 1405 (2026-05-02)",
        "jalali-dmy": f"day first, Jalali: {cell} is day 5 of month 2 of 1412 (2033-04-24)",
        "dmy": f"day first: {cell} is day 5 of month 2 of 2012",
        "mdy": f"month first: {cell} is day 2 of month 5 of 2012",
        "ymd": f"year first: {cell} is day 12 of month 2 of 2005",
    }
    assert "five ways" in error.message
    assert "--dates jalali-ymd (year first, Jalali)" in error.hint


@pytest.mark.parametrize(
    ("calendar", "ymd", "other"),
    [
        ("gregorian", "year first: 05/02/12 is day 12 of month 2 of 2005", "jalali-ymd where they are Jalali"),
        (
            "jalali",
            "year first, Jalali: 05/02/12 is day 12 of month 2 of 1405 (2026-05-02)",
            "gregorian-dmy where they are Gregorian",
        ),
    ],
)
def test_what_the_setting_makes_of_short_years_is_said(calendar: str, ymd: str, other: str) -> None:
    with pytest.raises(facts.UndecidedError) as error:
        column_of_days(("05/02/12",), calendar=calendar)
    assert dict(error.value.doubt.choices)["ymd"] == ymd
    assert error.value.hint.endswith(f"; {other}")


def test_jalali_days_are_told_by_the_word_for_them(book: Context, put: Any) -> None:
    made = imports.plan(book, put("Deal name,Close date\nRoof,05/02/12\n"), kind=DEAL, dates="jalali-ymd")
    assert made.read_as == {1: "year first; Jalali"}


_YEARS = st.dates(date(2003, 1, 1), date(2031, 12, 28))


@settings(max_examples=60)
@given(days=st.lists(_YEARS, min_size=1, max_size=8), jalali=st.booleans())
def test_days_come_back_as_they_were_written(days: list[date], jalali: bool) -> None:
    """Whichever way a column is written, said by hand it is read that way."""
    calendar = "jalali" if jalali else "gregorian"
    parts_ = [split_day(day, calendar) for day in days]
    for order, form in (("ymd", "{0:02}/{1:02}/{2:02}"), ("dmy", "{2}.{1}.{0:02}"), ("mdy", "{1}/{2}/{0:02}")):
        cells = [form.format(year % 100, month, day) for year, month, day in parts_]
        assert column_of_days(cells, f"{calendar}-{order}") == [day.isoformat() for day in days]


def test_what_the_whole_column_settled_goes_with_the_refused_rows(book: Context, put: Any) -> None:
    """The order and the calendar: three rows of a hundred may show neither."""
    text = "Deal Name,Value,Expected Close\nA,1000,99/12/29\nB,abc,05/01/05\nC,1000,1405/01/05\n"
    done = take(book, put(text), kind=DEAL)
    assert (done.new, "--dates jalali-ymd" in done.again) == (2, True), done.again
    mended = Path(done.rejects).read_text().replace("abc", "5")
    take(book, put(mended, "mended.csv"), kind=DEAL, dates="jalali-ymd")
    assert [row["close_on"] for row in rows(book, DEAL)] == ["2021-03-19", "2026-03-25", "2026-03-25"]


def test_a_jalali_day_among_gregorian_ones_is_told_what_to_do(book: Context, put: Any) -> None:
    text = "Deal Name,Expected Close\nA,2026-12-01\nB,29 اسفند 1404\n"
    done = imports.run(book, imports.plan(book, put(text), kind=DEAL), dry_run=True)
    assert done.listed[0][3].endswith("the calendar is Gregorian: --dates jalali reads such a column as Jalali")
    with pytest.raises(UsageError, match="--dates wants dmy, mdy, ymd, jalali or gregorian, not 'ydm'"):
        imports.plan(book, put(text), kind=DEAL, dates="ydm")


@pytest.mark.parametrize(
    ("kind", "title", "first"), [(DEAL, "Value", ","), (COMPANY, "Weight", ".")]
)  # fmt: skip
def test_the_reading_that_fits_is_offered_first(book: Context, put: Any, kind: Any, title: str, first: str) -> None:
    custom.add(book, "company", "weight", "number")
    with pytest.raises(facts.UndecidedError) as error:
        imports.plan(book, put(f"Name,{title}\nA,5.678\nB,1.234\n"), kind=kind)
    assert error.value.doubt.choices[0][0] == first


def test_an_id_that_a_spreadsheet_made_a_fraction_of_is_the_id(book: Context, put: Any) -> None:
    take(book, put("Id,Name,Company,Company ID\n8,Ada,Engines,77.0\n9.5,Bob,,\n"), kind=CONTACT, id_column="Id")
    again = take(book, put("Id,Name,City,Company ID\n8.0,Ada,Ulm,77\n"), kind=CONTACT, id_column="Id", update=True)
    assert counts(again) == (1, 0, 1, 0, 0, 0)
    assert [row["external_id"] for row in rows(book, CONTACT)] == ["8", "9.5"]


# --- telephones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Phone: (415) 444-6538  Mobile: (415) 444-6539", [("Phone", "(415) 444-6538"), ("Mobile", "(415) 444-6539")]),
        ("Phone: 555-11111", [("Phone", "555-11111")]),
        ("Work 415 444 6538;Home 415 444 6539", [("Work", "415 444 6538"), ("Home", "415 444 6539")]),
        ("415 444 6538 ext. 12 / Fax. +1 415 444 6539", [("", "415 444 6538 ext. 12"), ("Fax", "+1 415 444 6539")]),
        ("T: 02188887777, M: 09121234567", [("T", "02188887777"), ("M", "09121234567")]),
        ("Cell Phone 1: 41544465\nWork fax 41544466", [("Cell Phone 1", "41544465"), ("Work fax", "41544466")]),
        ("02188887777 (Office) 09121234567 (mobile)", [("Office", "02188887777"), ("mobile", "09121234567")]),
        ("تلفن: ۰۲۱۸۸۸۸۷۷۷۷ همراه: ۰۹۱۲۱۲۳۴۵۶۷", [("تلفن", "۰۲۱۸۸۸۸۷۷۷۷"), ("همراه", "۰۹۱۲۱۲۳۴۵۶۷")]),
        ("Phone:  Mobile: 41544465", [("Mobile", "41544465")]),
        ("tel:+1-415-555-0101", [("tel", "+1-415-555-0101")]),
        *((cell, []) for cell in (
            "415 444 6538", "11111 / 22222", "Phone", "Phone: 12", "ask Homer 41544465", "41544465 x12",
            "Telefax 4154446", "Mobile: 41544465 after six", "")),
    ],
)  # fmt: skip
def test_the_labels_in_a_cell(cell: str, found: list[tuple[str, str]]) -> None:
    assert parts.labelled(cell) == found


_LABELLED = (
    "Name,Phone\nA,Phone: (415) 444-6538  Mobile: (415) 444-6539\nB,Phone: 555-11111\nC,Fax: 555-22222\n"
    "D,Mobile 555-33333\nE,Mobile: 555-44444; Work: 555-55555; Home: 555-66666\nF,555-77777\nG,555-88888 / 555-99999\n"
)


def test_labelled_telephones_are_parted(book: Context, put: Any) -> None:
    plan = imports.plan(book, put(_LABELLED), kind=CONTACT)
    assert fields(plan) == ["name", "phone (parted by its labels)"]
    assert counts(take(book, put(_LABELLED), kind=CONTACT)) == (7, 7, 0, 0, 0, 0)
    assert [(row["phone"], row["mobile"], row["description"]) for row in rows(book, CONTACT)] == [
        ("(415) 444-6538", "(415) 444-6539", None), ("555-11111", None, None), (None, None, "Phone (Fax): 555-22222"),
        (None, "555-33333", None), ("555-55555", "555-44444", "Phone (Home): 555-66666"), ("555-77777", None, None),
        ("555-88888", None, "Phone: 555-99999"),
    ]  # fmt: skip
    assert counts(take(book, put(_LABELLED), kind=CONTACT)) == (7, 0, 0, 7, 0, 0)
    assert counts(take(book, put(_LABELLED), kind=CONTACT, update=True)) == (7, 0, 0, 7, 0, 0)


def test_labelled_telephones_of_what_has_one_number(book: Context, put: Any) -> None:
    take(book, put(_LABELLED), kind=COMPANY)
    assert [(row["phone"], row["description"]) for row in rows(book, COMPANY)] == [
        ("(415) 444-6538", "Phone (Mobile): (415) 444-6539"), ("555-11111", None), (None, "Phone (Fax): 555-22222"),
        ("555-33333", None), ("555-55555", "Phone (Home): 555-66666\nPhone (Mobile): 555-44444"), ("555-77777", None),
        ("555-88888", "Phone: 555-99999"),
    ]  # fmt: skip
    assert counts(take(book, put(_LABELLED), kind=COMPANY)) == (7, 0, 0, 7, 0, 0)


def test_a_mobile_of_its_own_goes_before_one_in_the_phone_s_cell(book: Context, put: Any) -> None:
    text = (
        "Name,Phone,Mobile\nA,Tel: 11111111 Mobile: 22222222,33333333\nB,Mobile: 22222222,\nC,44444444,Cell: 55555555\n"
    )
    take(book, put(text), kind=CONTACT)
    assert [(row["phone"], row["mobile"], row["description"]) for row in rows(book, CONTACT)] == [
        ("11111111", "33333333", "Phone (Mobile): 22222222"), (None, "22222222", None), ("44444444", "55555555", None),
    ]  # fmt: skip


# --- names of what is new ---------------------------------------------------------------------------------------------


def test_what_is_new_is_spelt_as_its_first_row_has_it(ctx: Context, put: Any) -> None:
    text = "Deal name,Company,Contact,Owner,Tags,Amount\n" + (
        "A,پارس کالا,Ada KING,کریمی,News,1\nB,پارس كالا,ada king,کريمي,NEWS,2\n"
    )
    take(ctx, put(text), kind=DEAL)
    deals = [(d["company"], d["contact"], d["owner"], d["tags"]) for d in rows(ctx, DEAL)]
    assert deals == [("پارس کالا", "Ada KING", "کریمی", ["News"])] * 2
    assert [row["name"] for row in rows(ctx, COMPANY)] == ["پارس کالا"]


# --- titles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("titles", "cells", "kind", "shown"),
    [
        ("Name,dropbox_email,Value", "A,dropbox+1@x.example,5", "deal", ["name", "(ignored)", "value"]),
        ("Name,Owner Email,Email BCC", "A,a@x.example,b@x.example", "lead", ["name", "(ignored)", "(ignored)"]),
        ("Name,Home owner's email", "A,a@x.example", "lead", ["name", "email"]),
        ("Lead Name,Lead URL,Primary Company,Primary Contact,Assignee,Anticipated Closed Date",
         "A,https://x.example/1,B,C,D,", "lead",
         ["name", "(ignored)", "company", "contact_name", "owner", "close_on"]),
        ("Lead Name,Primary Company,Primary Contact,Lead URL", "A,B,C,x.example/1", "deal",
         ["name", "company", "contact", "(ignored)"]),
        ("First Name,Last Name,Phones,Companies", "A,B,1111111,C", "contact",
         ["first name", "last name", "phone", "company"]),
        ("Name,Job Title1,Company1,Mobile1,Mobile2,Tel1,Tel2", "A,B,C,1111111,2222222,3333333,4444444", "contact",
         ["name", "job_title", "company", "mobile", "more phone", "phone", "more phone"]),
        ("First Name,Last Name,Default Address Company,Default Address Address1,Default Address City,"
         "Default Address Country,Default Address Zip,Default Address Phone", "A,B,C,D,E,F,1,2222222", "contact",
         ["first name", "last name", "company", "street", "city", "country", "postal_code", "phone"]),
        ("*ContactName,POAddressLine1,POCity,PORegion,POPostalCode,POCountry", "A,B,C,D,1,E", "contact",
         ["name", "street", "city", "region", "postal_code", "country"]),
        ("Task ID,Name,Assignee,Assignee Email,Due Date", "7,A,B,b@x.example,2026-12-01", "task",
         ["external_id", "name", "owner", "(ignored)", "due_on"]),
        ("عنوان سفارش,نام مشتری,موبایل,مبلغ,واحد پول,مرحله", "الف,ب,09121234567,10,ریال,جدید", "deal",
         ["name", "company", "phone", "value", "currency", "stage"]),
        ("شماره سفارش,عنوان سفارش,وضعیت سفارش", "7,الف,موفق", "deal", ["external_id", "name", "status"]),
    ],
)  # fmt: skip
def test_titles_of_other_programs(
    book: Context, put: Any, titles: str, cells: str, kind: str, shown: list[str]
) -> None:
    assert fields(imports.plan(book, put(f"{titles}\n{cells}\n"), kind=ENTITIES[kind])) == shown


@pytest.mark.parametrize(
    ("titles", "kind"),
    [
        ("عنوان سفارش,نام مشتری,موبایل,مبلغ,واحد پول,مرحله", DEAL),
        ("Task ID,Name,Assignee,Assignee Email,Due Date", TASK),
        ("*ContactName,EmailAddress,FirstName,LastName,POCity", CONTACT),
    ],
)
def test_what_the_titles_say_that_a_file_holds(book: Context, put: Any, titles: str, kind: Any) -> None:
    assert imports.plan(book, put(f"{titles}\n{','.join('1' for _ in titles.split(','))}\n")).kind is kind


def test_the_mark_of_a_text_is_no_part_of_an_id_or_a_number(book: Context, put: Any) -> None:
    text = "Customer ID,First Name,Last Name,Phone,Default Address Zip,Notes\n'770012345,Ada,King,'0912111,'02139,'68\n"
    take(book, put(text), kind=CONTACT)
    [row] = rows(book, CONTACT)
    found = row["external_id"], row["phone"], row["postal_code"], row["description"]
    assert found == ("770012345", "0912111", "02139", "'68")
