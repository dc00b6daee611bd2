"""Titles and cells that other programs mean otherwise than they look at first, and files of our own that say them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, INTERACTION, LEAD, TASK
from crmcli.domain.money import exponent, parse_money
from crmcli.errors import UsageError
from crmcli.results import Stream
from crmcli.services import exporting, imports, records, undoing
from crmcli.services.imports.mapping import map_columns
from crmcli.services.imports.people_names import are_people
from crmcli.services.imports.titles import unit_of
from tests.support.importing import listed
from tests.support.importing import take_as_kind as take

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.context import Context


def fields(plan: imports.Plan) -> list[str]:
    return [column.shown for column in plan.columns]


# --- files of our own -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lossless", [True, False])
def test_our_own_export_comes_back_as_it_was(book: Context, second_book: Context, put: Any, lossless: bool) -> None:
    records.add(book, COMPANY, {"name": "Acme (1234567)", "external_id": "0012", "city": "-", "description": "N/A"})
    records.add(book, COMPANY, {"name": "NULL", "external_id": "13"})
    records.add(
        book, CONTACT, {"name": "Null", "job_title": "n/a", "company": "Acme (1234567)", "phone": "111111 / 222222"}
    )
    records.add(book, LEAD, {"name": "--", "company": "Beta (https://beta.example)", "external_id": "7015g00000DDDxx"})
    records.add(book, DEAL, {"name": "Slim", "probability": "0.5"})
    records.add(book, LEAD, {"name": "n N/A n", "contact_name": "true", "company": "471100000000"})
    for kind in (COMPANY, CONTACT, LEAD, DEAL):
        made = exporting.export(book, kind, ["is:any"], lossless=lossless)
        assert isinstance(made, Stream)
        done = take(second_book, put(b"".join(made.parts), f"{kind.plural}.csv"), guarded=not lossless)
        assert (done.refused, done.notes) == (0, ())
        assert [{**row, "id": 0} for row in listed(second_book, kind.name)] == [
            {**row, "id": 0} for row in listed(book, kind.name)
        ]


def test_a_person_may_be_called_null(book: Context, put: Any) -> None:
    text = "First Name,Last Name,City,Email\nJennifer,Null,Null,a@x.example\nBo,NULL,null,b@x.example\n"
    done = take(book, put(text), "contact")
    assert [(row["name"], row["city"]) for row in listed(book, "contact")] == [("Jennifer Null", None), ("Bo", None)]
    assert done.notes == ("3 cells with NULL, N/A or - are taken as empty",)


# --- titles that can be read in two ways ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("Deal Name,Deal State,Deal Value\na,Won,10\n", "deal", ["name", "status", "value"]),
        ("Opportunity Name,OpportunityState,Amount\na,Open,10\n", "deal", ["name", "status", "value"]),
        ("Deal,State,Amount\na,LOST,10\n", "deal", ["name", "status", "value"]),
        ("Deal,State,Amount\na,Ohio,10\n", "deal", ["name", "region", "value"]),
        ("Lead Name,State,Company\na,CA,b\n", "lead", ["name", "region", "company"]),
        (
            "نام,شماره مشتری,ایمیل,شرکت\nالف,1001,a@x.example,ب\n",
            "contact",
            ["name", "external_id", "email", "company"],
        ),
        ("نام معامله,شماره معامله,مبلغ\nالف,1001,10\n", "deal", ["name", "external_id", "value"]),
        ("نام,شماره مشتری,ایمیل\nالف,09121234567,a@x.example\n", "contact", ["name", "phone", "email"]),
        ("نام,شماره,ایمیل\nالف,1001,a@x.example\n", "contact", ["name", "(ignored)", "email"]),
        ("نام,شماره,ایمیل\nالف,۰۲۱۸۸۷۷۶۶۵۵,a@x.example\n", "contact", ["name", "phone", "email"]),
        ("نام,شماره\nالف,88776655\n", "contact", ["name", "phone"]),
        ("Name,Email,Birth Year,Birth Month,Birth Day\nAda,a@x.example,1815,12,10\n", "contact",
         ["name", "email", "birth year", "birth month", "birth day"]),
        ("Name,Email,Birth Year,Birthday\nAda,a@x.example,1815,1815-12-10\n", "contact",
         ["name", "email", "(ignored)", "birthday"]),
        ("Fonction,Prénom,Nom,Fonction,E-mail\nMme,Ada,King,Comtesse,a@x.example\n", "contact",
         ["(ignored)", "first name", "last name", "job_title", "email"]),
        ("Name,Revenue,Company Currency\na,10,usd\n", "company", ["name", "revenue", "currency"]),
        ("Deal,Amount,BidCurrency\na,10,USD\n", "deal", ["name", "value", "currency"]),
        ("Deal,Amount,Expected revenue currency\na,10,EUR\n", "deal", ["name", "value", "currency"]),
        ("Deal,Amount,Currency Rate\na,10,1.0\n", "deal", ["name", "value", "(ignored)"]),
        ("Deal,Amount,Transaction Currency\na,10,US Dollar\n", "deal", ["name", "value", "currency"]),
        ("Deal,Amount,Transaction Currency\na,10,our own\n", "deal", ["name", "value", "(ignored)"]),
        ("Deal,Amount,ارز\na,10,USD\n", "deal", ["name", "value", "currency"]),
        ("Task,Due Date,Time\na,2026-12-01,14:30\n", "task", ["name", "due_on", "due time"]),
        ("Task,Due Date,Time\na,2026-12-01,3 hours\n", "task", ["name", "due_on", "(ignored)"]),
        ("Task,Due Time\na,14:30\n", "task", ["name", "(ignored)"]),
        ("Name,House number\na,7\n", "company", ["name", "(ignored)"]),
        ("Name,Contact,Email\nAnn Lee,+41446681801,a@x.example\n", "contact", ["name", "phone", "email"]),
        ("Name,Phone,Phone Type\na,11111,Work\n", "contact", ["name", "phone", "phone label"]),
        ("Name,Vendor,Email\na,Acme,a@x.example\n", "contact", ["name", "company", "email"]),
        ("Name,Vendor,Email\na,No,a@x.example\n", "contact", ["name", "(ignored)", "email"]),
        ("Supplier,Phone,City\na,11111,b\n", "company", ["name", "phone", "city"]),
        ("Title,Value,Contact person,Close date\na,10,b,2026-12-01\n", "lead",
         ["name", "value", "contact_name", "close_on"]),
        ("Title,Value,Full Name,Close date\na,10,b,2026-12-01\n", "lead", ["job_title", "value", "name", "close_on"]),
        ("Title,Value,Contact person\na,10,b\n", "lead", ["job_title", "value", "name"]),
        ("Title,Value,Deal,Close date\na,10,b,2026-12-01\n", "deal", ["job_title", "value", "name", "close_on"]),
        ("Deal,Name,Value\nRoof,Ann Lee,10\n", "deal", ["name", "contact", "value"]),
        ("Deal,Name,Value\nD-17,Roof,10\n", "deal", ["(ignored)", "name", "value"]),
        ("Deal,Name,Contact,Value\nRoof,Lot A,Ann Lee,10\n", "deal", ["name", "(ignored)", "contact", "value"]),
        ("Deal;Vorname;Name;Wert\nDach;Ute;Bach;10\n", "deal",
         ["name", "contact first name", "contact last name", "value"]),
        ("Aufgabe;Vorname;Name;Fällig\nAnruf;Ute;Bach;15.12.2026\n", "task",
         ["name", "(ignored)", "(ignored)", "due_on"]),
        ("Task,Name,Due Date\nYes,Call,2026-12-01\n", "task", ["(ignored)", "name", "due_on"]),
        ("Task,Name,Due Date\nCall,7,2026-12-01\n", "task", ["name", "(ignored)", "due_on"]),
        ("Name,Guest,Email\nAnn Lee,Yes,a@x.example\n", "lead", ["name", "(ignored)", "email"]),
        ("Client,Company,Email\nAnn Lee,Acme,a@x.example\n", "lead", ["name", "company", "email"]),
        ("Client,Value,Email\nAcme,10,a@x.example\n", "lead", ["company", "value", "email"]),
        ("Opportunity Id,Opportunity Title,Value\n5,Roof,10\n", "deal", ["external_id", "name", "value"]),
        ("Opportunity Id,Value\n5,10\n", "deal", ["name, external_id", "value"]),
        ("Deal,Amount,Forecast Amount\na,10,12\n", "deal", ["name", "value", "(ignored)"]),
        ("Deal,Role,Value\na,Buyer,10\n", "deal", ["name", "(ignored)", "value"]),
    ],
)  # fmt: skip
def test_what_a_title_means(book: Context, put: Any, text: str, kind: str, shown: list[str]) -> None:
    assert fields(imports.plan(book, put(text), kind=ENTITIES[kind])) == shown


@pytest.mark.parametrize(
    ("titles", "options", "shown"),
    [
        ("شماره,نام,ایمیل", {"id_column": "شماره"}, ["external_id", "name", "email"]),
        ("Telefon,Name,Email", {"id_column": "Telefon"}, ["external_id", "name", "email"]),
        ("Telefon,Name,Email", {"id_column": "Telefon", "mapping": {"Telefon": "phone"}},
         ["phone, external_id", "name", "email"]),
        ("Nr,Name,Email", {"id_column": "Email"}, ["(ignored)", "name", "email, external_id"]),
    ],
)  # fmt: skip
def test_the_column_of_ids_says_nothing_else(
    ctx: Context, put: Any, titles: str, options: dict[str, Any], shown: list[str]
) -> None:
    path = put(f"{titles}\n1200,Ada,ada@x.example\n1300,Bo,bo@x.example\n")
    made = imports.plan(ctx, path, kind=CONTACT, **options)
    assert fields(made) == shown
    told = "column Telefon: the id alone; --map 'Telefon=phone' makes it both"
    assert (told in made.notes) == (shown[0] == "external_id" and titles.startswith("Telefon"))
    assert imports.run(ctx, made).new == 2
    assert listed(ctx, "contact")[0]["phone"] == ("1200" if "phone" in shown[0] else None)
    assert imports.run(ctx, imports.plan(ctx, path, kind=CONTACT, **options)).same == 2


@pytest.mark.parametrize(
    "number",
    [
        "77", "7015g00000DDD", "7015g000000DDDxAAO", "5f2b1c3d4e5f6a7b8", "507f1f77bcf86cd799439011", "zcrm_7",
        "55ebb4c0-536e-11ea-87d0-d1171b17f6a0", "__export__.res_users_2_a", "user_QyNaWw4fdSwxl5Mc5daMFf3Y27",
    ],
)  # fmt: skip
def test_ids_of_other_records_are_no_names(book: Context, put: Any, number: str) -> None:
    plan = imports.plan(book, put(f"Name,Campaign ID,UserId,Email\nAda,{number},{number},a@x.example\n"), kind=CONTACT)
    assert fields(plan) == ["name", "(ignored)", "(ignored)", "email"]
    assert plan.notes[-2:] == (
        "column Campaign ID: ids and no names: ignored", "column UserId: ids and no names: ignored",
    )  # fmt: skip


@pytest.mark.parametrize(
    "titles",
    [
        "نام,نوع,سررسید,مدت,مکان,اولویت,مسئول,تکرار,یادآوری,شرکت‌کنندگان,معامله,مخاطب,شرکت,توضیحات,برچسب‌ها,"
        "تاریخ انجام,نتیجه",
        "Aufgabe,Typ,Fällig am,Dauer,Ort,Priorität,Zuständig,Wiederholung,Erinnerung,Teilnehmende,Geschäft,"
        "Ansprechpartner,Firma,Notizen,Kategorien,Erledigt am,Ergebnis",
    ],
)
def test_every_field_of_a_task_has_a_title_in_persian_and_german(titles: str) -> None:
    columns, _ = map_columns(TASK, titles.split(","), {})
    assert [column.to for column in columns] == [
        (to,)
        for to in ("name", "type", "due_on", "minutes", "place", "priority", "owner", "repeat", "remind", "attendees",
                   "opportunity", "contact", "company", "description", "tags", "done_at", "feedback")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "titles", ["نوع,متن,جهت,مخاطب,شرکت,نویسنده,مدت", "Art,Inhalt,Richtung,Kontakt,Firma,Autor,Dauer"]
)
def test_what_happened_has_titles_in_persian_and_german(titles: str) -> None:
    columns, _ = map_columns(INTERACTION, titles.split(","), {})
    assert [column.to for column in columns] == [
        (to,) for to in ("kind", "body", "direction", "contact", "company", "author", "minutes")
    ]


@pytest.mark.parametrize("title", ["needs", "Depends on", "پیش‌نیاز"])
def test_a_file_says_which_tasks_need_which(ctx: Context, put: Any, title: str) -> None:
    """By the ids of their program, by their names, by their UUIDs; wherever in the file they stand."""
    records.add(ctx, TASK, {"name": "There"})
    uid = ctx.reader.value("SELECT uid FROM task")
    text = f"Task ID,Task,{title}\nT-1,Paint,T-3;Sand\nT-2,Sand,\nT-3,Buy,{uid} | Nowhere\nT-4,Buy,buy\n"
    made = imports.plan(ctx, put(text), kind=TASK)
    tried, done = imports.run(ctx, made, dry_run=True), imports.run(ctx, made)
    assert (done.new, done.refused, tried.notes) == (4, 0, done.notes)
    assert done.notes == (
        "line 4: needs 'Nowhere' is left out: there is no such task",
        "line 5: needs 'buy' is left out: 2 tasks are called so",
    )
    assert ctx.reader.rows("SELECT task_id, needs_id FROM task_need ORDER BY 1, 2") == [(2, 3), (2, 4), (4, 1)]
    assert imports.run(ctx, made).new == 0
    undoing.undo(ctx)
    assert ctx.reader.rows("SELECT task_id FROM task_need") == []


def test_tasks_of_a_file_do_not_wait_for_themselves(ctx: Context, put: Any) -> None:
    done = take(ctx, put("Task,Needs\nA,B\nB,C\nC,A\nD,D\n"), "task")
    assert (done.new, done.notes) == (4, (
        "line 4: needs 'A' is left out: it would wait for itself",
        "line 5: needs 'D' is left out: it would wait for itself",
    ))  # fmt: skip


def test_a_task_may_be_headed_as_names_are(book: Context, put: Any) -> None:
    done = take(book, put("نام,سررسید,تکرار,یادآوری\nزنگ,2026-12-01,هر هفته,1d\n"), "task")
    (task,) = listed(book, "task")
    assert (done.new, task["name"], task["repeat"][:11], task["remind"]) == (1, "زنگ", "FREQ=WEEKLY", "1440")


@pytest.mark.parametrize("name", ["Spring fair", "2026SummerPromotion", "sum_ExpositionOfTheYear", "Grace"])
def test_names_below_a_technical_title_are_names(book: Context, put: Any, name: str) -> None:
    take(book, put(f"name,campaign_id,email\nAda,{name},a@x.example\n"), "contact")
    assert listed(book, "contact")[0]["campaign"] == name


def test_the_state_of_a_deal_closes_it(book: Context, put: Any) -> None:
    stages = book.reader.rows("SELECT name FROM stage")
    text = "Deal Name,Deal State,Deal Value,Close Date\na,Won,10,2026-10-01\nb,Lost,20,2026-10-02\nc,Open,5,\n"
    take(book, put(text))
    done = imports.plan(book, put(f"{text}d,ABANDONED,5,\ne,Suspended,6,\n", "more.csv"))
    assert "column Deal State: taken as open: Suspended" in done.notes
    imports.run(book, done)
    assert [row["status"] for row in listed(book, "deal")] == ["won", "lost", "open", "lost", "open"]
    assert book.reader.rows("SELECT name FROM stage") == stages


def test_odoo_s_currency_is_that_of_its_amounts(book: Context, put: Any) -> None:
    titles = "id,name,partner_id,expected_revenue,company_currency,stage_id,type\n"
    take(book, put(f"{titles}__export__.crm_lead_1_a,Office,Azure,24000.0,USD,New,opportunity\n"), "deal")
    (row,) = listed(book, "deal")
    assert (row["value"], row["currency"], row["external_id"]) == (2_400_000, "USD", "__export__.crm_lead_1_a")


# --- times and lengths ------------------------------------------------------------------------------------------------


def test_a_time_beside_the_day_of_a_task_makes_it_an_appointment(book: Context, put: Any) -> None:
    text = (
        "Activity - Subject,Activity - Due date,Activity - Due time,Activity - Duration,Activity - ID\n"
        "A,2026-12-01,14:30,00:30,1\nB,2026-12-01,2:30 PM,1:30:00,2\nC,2026-12-01,00:00,,3\nD,,14:30,45,4\n"
        "E,2026-12-01 16:00,,1 h 15 min,5\nF,2026-12-01,later,,6\nG,2026-12-01,,soon,7\n"
    )
    done = take(book, put(text))
    assert book.reader.rows("SELECT name, due_on, due_at, minutes FROM task ORDER BY id") == [
        ("A", "2026-12-01", "2026-12-01T14:30:00.000Z", 30),
        ("B", "2026-12-01", "2026-12-01T14:30:00.000Z", 90),
        ("C", "2026-12-01", None, None),
        ("D", None, None, 45),
        ("E", "2026-12-01", "2026-12-01T16:00:00.000Z", 75),
    ]
    assert [(line, header, reason) for line, header, _, reason in done.listed] == [
        (7, "Activity - Due time", "'later' is no time of a day"),
        (8, "Activity - Duration", "'soon' is not a length of time"),
    ]
    assert take(book, put(text)).same == 5


def test_a_workbook_s_times_and_lengths(book: Context, tmp_path: Path) -> None:
    from datetime import date, time, timedelta

    from openpyxl import Workbook

    made = Workbook()
    made.worksheets[0].append(["Task", "Due Date", "Due Time", "Duration"])
    made.worksheets[0].append(["Call", date(2026, 12, 1), time(9, 5), timedelta(hours=26)])
    path = tmp_path / "tasks.xlsx"
    made.save(path)
    take(book, str(path), "task")
    assert book.reader.rows("SELECT due_at, minutes FROM task") == [("2026-12-01T09:05:00.000Z", 26 * 60)]


@pytest.mark.parametrize(
    ("title", "cell", "minutes"),
    [
        ("Duration", "90", 90), ("Duration (minutes)", "90.0", 90), ("Duration (hours)", "1.5", 90),
        ("Duration in hours", "2", 120), ("Duration (seconds)", "90", 2), ("DurationInMinutes", "30", 30),
        ("CallDurationInSeconds", "90", 2), ("Duration (mm:ss)", "05:30", 6),
        ("duration_seconds", "600", 10), ("Duration (ms)", "90000", 2),
        ("Duration", "0:29:29", 29), ("مدت", "۱ ساعت و ۳۰ دقیقه", 90), ("Duration", "1,5h", 90),
        ("Duration", "20 min.", 20),
    ],
)  # fmt: skip
def test_lengths_as_programs_write_them(book: Context, put: Any, title: str, cell: str, minutes: int) -> None:
    take(book, put(f'Task,Due Date,{title}\nCall,2026-12-01,"{cell}"\n'), "task")
    assert book.reader.value("SELECT minutes FROM task") == minutes


# --- addresses and numbers of a row -----------------------------------------------------------------------------------


def test_the_first_filled_address_of_a_row_is_its_own(book: Context, put: Any) -> None:
    text = (
        "Person - Name,Person - Email - Work,Person - Email - Home,Person - Email - Other,Person - Phone - Work,"
        "Person - Phone - Home,Person - Phone - Mobile\n"
        "A,,a@home.example,a@other.example,,1111111,2222222\n"
        "B,b@work.example,b@home.example,,3333333,4444444,\n"
        "C,,no address,c@other.example,,9.89122E+11,\n"
        "D,,d@home.example;d@more.example,,,,\n"
    )
    assert take(book, put(text)).new == 4
    assert [(row["email"], row["phone"], row["mobile"], row["description"]) for row in listed(book, "contact")] == [
        ("a@home.example", "1111111", "2222222", "Person - Email - Other: a@other.example"),
        ("b@work.example", "3333333", None, "Person - Email - Home: b@home.example\nPerson - Phone - Home: 4444444"),
        ("c@other.example", None, None, "Person - Email - Home: no address\nPerson - Phone - Home: 9.89122E+11"),
        ("d@home.example", None, None, "Person - Email - Home: d@more.example"),
    ]
    again = take(book, put(text), update=True)
    assert (again.new, again.updated, again.same) == (0, 0, 4)


def test_columns_of_one_title_and_the_people_of_deals(book: Context, put: Any) -> None:
    take(book, put("Name,Email,Email,Phone,Phone,City\nA,,a@x.example,,1111111,Rome\n"), "contact")
    assert [(row["email"], row["phone"]) for row in listed(book, "contact")] == [("a@x.example", "1111111")]
    titles = "Deal - Title,Deal - Value,Person - Email - Work,Person - Email - Home"
    take(book, put(f"{titles}\nBig,5,,b@x.example\n"), "deal")
    assert listed(book, "deal")[0]["email"] == "b@x.example"


def test_a_company_s_number_never_fills_in_for_a_person(book: Context, put: Any) -> None:
    take(book, put("Name,Phone,Company Phone,Mobile\nA,,1111111,\nB,2222222,1111111,\n"), "contact")
    assert [(row["phone"], row["description"]) for row in listed(book, "contact")] == [
        (None, "Company Phone: 1111111"), ("2222222", "Company Phone: 1111111"),
    ]  # fmt: skip
    columns, _ = map_columns(CONTACT, ["Name", "Company Phone", "Mobile"], {})
    assert "phone" not in {to for column in columns for to in column.to}


def test_labels_say_which_telephone_a_number_is(book: Context, put: Any) -> None:
    text = (
        "First Name,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value,Phone 3 - Label,Phone 3 - Value\n"
        "A,* Mobile,1111111,Work,2222222,,\n"
        "B,Work,1111112,Home,2222223,Mobile,3333333\n"
        "C,Work Fax,1111113,Mobile,2222224,,\n"
        "D,Mobile,1111114,Mobile,2222225,,\n"
        "E,,1111115,,2222226,,\n"
    )
    assert take(book, put(text), "contact").new == 5
    assert [(row["phone"], row["mobile"], row["description"]) for row in listed(book, "contact")] == [
        ("2222222", "1111111", None),
        ("1111112", "3333333", "Phone 2 - Value (Home): 2222223"),
        (None, "2222224", "Phone 1 - Value (Work Fax): 1111113"),
        ("1111114", "2222225", None),
        ("1111115", "2222226", None),
    ]
    assert take(book, put(text), "contact", update=True).same == 5
    take(book, put("Name,Phone,Phone Type\nF,4444444,Cell\n"), "contact")
    assert (listed(book, "contact")[5]["phone"], listed(book, "contact")[5]["mobile"]) == (None, "4444444")


def test_google_names_people_by_what_it_has_of_them_where_that_is_no_name(book: Context, put: Any) -> None:
    titles = "First Name,Last Name,Organization Name,E-mail 1 - Value,Phone 1 - Value"
    text = f"{titles}\n,,Acme,,+1 415 555 0101\n,,Beta,bo@beta.example,\n,,,ada@x.example,\n,,,,+1 415 555 0102\n"
    done = take(book, put(text), "contact")
    names = ["Acme", "bo@beta.example", "ada@x.example", "+1 415 555 0102"]
    assert [row["name"] for row in listed(book, "contact")] == names
    assert (done.refused, listed(book, "contact")[3]["phone"]) == (0, "+1 415 555 0102")
    assert "3 contacts without a name are called by what they are reached by" in done.notes
    assert take(book, put(text), "contact").same == 4
    records.edit(book, CONTACT, [4], {"name": "Bo"})
    assert take(book, put(text), "contact").same == 4
    records.edit(book, CONTACT, [3], {"name": "Ada"})
    newer = text.replace("ada@x.example,", "ada@x.example,+1 415 555 0103")
    assert take(book, put(newer), "contact", update=True).updated == 1
    assert (listed(book, "contact")[2]["name"], listed(book, "contact")[2]["phone"]) == ("Ada", "+1 415 555 0103")


# --- addresses, customers, relations ----------------------------------------------------------------------------------


def test_the_number_of_the_house_belongs_to_the_street(book: Context, put: Any) -> None:
    begins = "Organization - Name,Organization - Address,Organization - House number of Address"
    text = (
        f"{begins},Organization - Street/road name of Address\n"
        'A,"Lindenstr. 12, 10115 Berlin",12,Lindenstr.\nB,"7 Main St, Boston",7,Main St\nC,,3,Road 3\nD,,4,\nE,,,Row\n'
        'F,,5,Rue de Rivoli\nG,,6,High St.\nH,"Old Road 8, Inn",8,Old Road\nI,,9,Lindenstr.\n'
    )
    take(book, put(text))
    assert [row["street"] for row in listed(book, "company")] == [
        "Lindenstr. 12", "7 Main St", "Road 3", None, "Row", "5 Rue de Rivoli", "6 High St.",
        "Old Road 8", "Lindenstr. 9",
    ]  # fmt: skip


def test_the_number_of_a_house_without_a_street_stands_before_what_is_below_it(book: Context, put: Any) -> None:
    take(book, put("Name,Address,House number,Address 2\nA,,27,Unit 12\nB,,28,\n"), "company")
    assert [row["street"] for row in listed(book, "company")] == ["27, Unit 12", None]


def test_a_customer_of_odoo_is_a_company_and_a_person_where_the_row_says_so(book: Context, put: Any) -> None:
    text = (
        "name,partner_id,contact_name,expected_revenue\n"
        'A,"Azure Interior, Brandon Freeman",Brandon Freeman,5\nB,"Acme, Inc.",Ann,5\nC,"Acme, Inc.",,5\n'
    )
    take(book, put(text), "deal")
    assert [(row["company"], row["contact"]) for row in listed(book, "deal")] == [
        ("Azure Interior", "Brandon Freeman"), ("Acme, Inc.", "Ann"), ("Acme, Inc.", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "name", "more"),
    [
        ("Acme (https://www.notion.so/Acme-0123?pvs=21)", "Acme", None),
        ("Acme (UK) (https://www.notion.so/Acme-0123)", "Acme (UK)", None),
        ("Acme (Companies/Acme%20012.md)", "Acme", None),
        ("Acme (https://n.so/a), Beta (https://n.so/b)", "Acme", "Company: Beta (https://n.so/b)"),
    ],
)
@pytest.mark.parametrize("kind", ["lead", "deal"])
def test_relations_of_notion_are_names(
    book: Context, put: Any, kind: str, cell: str, name: str, more: str | None
) -> None:
    take(book, put(f'Name,Company,Amount\nA,"{cell}",5\n'), kind)
    (row,) = listed(book, kind)
    assert (row["company"], row["description"]) == (name, more)


def test_a_task_of_notion_finds_its_deal(book: Context, put: Any) -> None:
    records.add(book, DEAL, {"name": "Renewal"})
    assert take(book, put("Task,Due,Deal\nCall,2026-12-01,Renewal (https://n.so/r)\n"), "task").new == 1
    assert listed(book, "task")[0]["opportunity"] == "Renewal"


def test_a_refused_link_names_the_title_of_its_column(book: Context, put: Any) -> None:
    for number in (1, 2):
        records.add(book, CONTACT, {"name": "Ada", "email": f"ada{number}@x.example"})
    done = take(book, put("Deal Name,Primary Contact,Amount\nA,Ada,5\n"), "deal")
    assert [(line, header, value) for line, header, value, _ in done.listed] == [(2, "Primary Contact", "Ada")]


# --- people, addresses, stages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("titles", "kind"),
    [
        ("First Name,Last Name,Title,Company,Email,Company Phone,# Employees,Industry,Annual Revenue", "contact"),
        ("First,Last,Email,Title,Company,Industry,Employees", "contact"),
        ("(Do Not Modify) Account,Account Name,Main Phone,Website,Annual Revenue", "company"),
        ("Id,Subject,Due Date,Status,Closed Time", "task"),
        ("First,Amount,Stage,Deal name,Close date", "deal"),
        ("نام,شماره مشتری,ایمیل,شرکت", "contact"),
        ("نام معامله,شماره معامله,مبلغ", "deal"),
        ("عنوان,کد معامله,مبلغ", "deal"),
    ],
)
def test_what_titles_tell_of_the_kind(book: Context, put: Any, titles: str, kind: str) -> None:
    found = imports.plan(book, put(f"{titles}\n")).kind
    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize(
    ("titles", "cells", "whole"),
    [
        ("Home Address,Home City,Home ZIP,Work Address,Work City,Work ZIP", "a,b,1,c,d,2", ("c", "d", "2")),
        ("Work City,Home Address,Home City,Home ZIP", "d,a,b,1", ("a", "b", "1")),
        ("Work Address,Work City,Home Address,Home City,Home ZIP", ",,a,b,1", ("a", "b", "1")),
        ("Address,City,Work Address,Work City", "a,b,c,d", ("a", "b", None)),
        ("Address,Mailing City,Mailing Zip", "a,b,1", ("a", "b", "1")),
        ("Street (Home),City (Home),Street (Work),City (Work)", "a,b,c,d", ("c", "d", None)),
        ("Address 1 - Street,Address 1 - City,Address 1 - Postal Code", "a,b,1", ("a", "b", "1")),
        ("Billing Street,Billing City,Billing Code,Shipping Code", "a,b,1,2", ("a", "b", "1")),
        ("Company Address,Company City,City", "c,d,b", (None, "b", None)),
        ("Address,City,Zip,Address 2,City 2,Zip 2", "a,b,1,c,d,2", ("a", "b", "1")),
        ("Address,City,Zip,Address,City,Zip", "a,b,1,c,d,2", ("a", "b", "1")),
        ("Street 1,City 1,Zip 1,Street 2,City 2,Zip 2", "a,b,1,c,d,2", ("a", "b", "1")),
        ("Address 1,City 1,Address 2,City 2", "a,b,c,d", ("a", "b", None)),
        ("Address 1,City 1,Address 2,City 2,Address 3,City 3", "a,b,c,d,e,f", ("a", "b", None)),
        ("Adresse 1,Ville 1,CP 1,Adresse 2,Ville 2,CP 2", "a,b,1,c,d,2", ("a", "b", "1")),
        ("Work Address,Work City,Work Address 2,Work City 2", "a,b,c,d", ("a", "b", None)),
        ("Address,Address 2,City,Address 3,City 3", "a,x,b,c,d", ("a, x", "b", None)),
        ("Address,Address 2,City,Address,Address 2,City", "a,x,b,c,y,d", ("a", "b", None)),
        ("Address,Address 2,City,Country,Country", "a,x,b,c,d", ("a, x", "b", None)),
        ("Address,Address 2,City,Address 2 - City", "a,c,b,d", ("a", "b", None)),
        ("Street,Street 2,City,Address 2: Street 1,Address 2: City", "a,x,b,c,d", ("a, x", "b", None)),
        ("Address 1: Street 1,Address 1: Street 2,Address 1: City,Address 2: City", "a,x,b,d", ("a, x", "b", None)),
        ("Address line 1,Address line 2,City,City 2", "a,x,b,d", ("a, x", "b", None)),
        ("Straße,Ort,CP,Straße 2", "a,b,1,x", ("a, x", "b", "1")),
    ],
)
def test_an_address_is_one(book: Context, put: Any, titles: str, cells: str, whole: tuple[str | None, ...]) -> None:
    take(book, put(f"Name,{titles}\nAda,{cells}\n"), "contact")
    row = listed(book, "contact")[0]
    assert (row["street"], row["city"], row["postal_code"]) == whole


@pytest.mark.parametrize("title", ["Full Name", "Display Name", "Name"])
def test_the_parts_of_a_name_stand_in_for_an_empty_whole(book: Context, put: Any, title: str) -> None:
    text = f"{title},First Name,Middle Name,Last Name,Email\n" + (
        ",Ava,B,Smith,a@x.example\nBob Jones,R,,J,b@x.example\n,,,,c@x.example\n"
    )
    done = take(book, put(text), "contact")
    assert (done.new, [reason for *_, reason in done.listed]) == (3, [])
    assert [row["name"] for row in listed(book, "contact")] == ["Ava B Smith", "Bob Jones", "c@x.example"]
    assert "1 contacts without a name are called by what they are reached by" in done.notes


def test_first_or_last_alone_is_no_name(book: Context, put: Any) -> None:
    plan = imports.plan(book, put("Name,Last,Email\nAda,5,a@x.example\n"), kind=CONTACT)
    assert fields(plan) == ["name", "(ignored)", "email"]


@pytest.mark.parametrize("title", ["Stage", "Status", "Milestone", "Deal Status", "Deal Stage", "Opportunity Status"])
def test_a_word_for_the_end_counts_below_every_title(book: Context, put: Any, title: str) -> None:
    take(book, put(f"Deal name,{title},Amount\nA,Won,1\nB,Lost,2\nC,New,3\n"), "deal")
    assert [row["status"] for row in listed(book, "deal")] == ["won", "lost", "open"]


def test_new_stages_promise_no_more_than_the_first(book: Context, put: Any) -> None:
    take(book, put("Lead name,Lead Status\nA,On Hold\nB,Bad Fit\nC,New\n"), "lead")
    assert [(row["stage"], row["probability"]) for row in listed(book, "lead")] == [
        ("On Hold", 1000), ("Bad Fit", 1000), ("New", 1000),
    ]  # fmt: skip
    found = book.reader.rows("SELECT name FROM stage WHERE removed_at IS NULL ORDER BY position")
    assert [name for (name,) in found] == ["New", "Qualified", "Proposition", "On Hold", "Bad Fit", "Won"]


def test_organisations_among_people_are_told(book: Context, put: Any) -> None:
    text = "Type,First Name,Last Name,Name,Email\nOrganisation,,,Acme,i@x.example\nPerson,A,B,A B,a@x.example\n"
    plan = imports.plan(book, put(text), kind=CONTACT)
    assert plan.notes[-1] == (
        "column Type: 1 rows are organisations, not people; put them in a file of their own and import that with"
        " --as company"
    )


def test_a_column_that_is_left_for_another_of_its_title_is_told(book: Context, put: Any) -> None:
    note = "column Value: ignored, because value is in column value; --map 'Value=FIELD' takes it in"
    assert note in imports.plan(book, put("name,value,Value\nAda,1,2\n"), kind=LEAD).notes
    for text, given in (("name,value,Value\nAda,1,\n", {}), ("name,value,Value\nAda,1,2\n", {"Value": "-"})):
        assert note not in imports.plan(book, put(text), kind=LEAD, mapping=given).notes


# --- people beside their firms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "titles",
    [
        "Company,Contact,Email,Phone",
        "Customer,Contact Person,Email,Phone",
        "Firma,Ansprechpartner,E-Mail,Telefon",
        "Kunde,Ansprechpartner,E-Mail,Telefon",
        "Company,Person,Email,Phone",
        "Empresa,Contacto,Correo,Teléfono",
        "شرکت,نام مسئول,ایمیل,تلفن",
        "شرکت,شخص,ایمیل,تلفن",
        "مشتری,شخص رابط,ایمیل,تلفن",
        "Supplier,Contact,Email,Phone",
        "Vendor Name,Contact,Email,Phone",
        "Lieferant,Ansprechpartner,E-Mail,Telefon",
        "Fournisseur,Interlocuteur,E-mail,Téléphone",
        "Proveedor,Contacto,Correo,Teléfono",
        "Tedarikçi,Yetkili kişi,E-posta,Telefon",
        "تأمین‌کننده,نام مسئول,ایمیل,تلفن",
        "نام تامين كننده,نام مسئول,ایمیل,تلفن",
    ],
)
@pytest.mark.parametrize("kind", ["", "contact"])
def test_a_list_of_firms_and_their_people_is_one_of_people(book: Context, put: Any, titles: str, kind: str) -> None:
    text = (
        f"{titles}\nAcme,Ann Smith,ann@acme.example,+41446681801\nAcme,Bob Jones,bob@acme.example,+41446681802\n"
        "Beta,Cy Young,cy@beta.example,+41446681803\n"
    )
    assert take(book, put(text, "list.csv"), kind).new == 3
    assert [(row["name"], row["company"]) for row in listed(book, "contact")] == [
        ("Ann Smith", "Acme"), ("Bob Jones", "Acme"), ("Cy Young", "Beta"),
    ]  # fmt: skip
    assert [(row["name"], row["email"], row["phone"]) for row in listed(book, "company")] == [
        ("Acme", None, None), ("Beta", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["contact", "lead"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Customer,Contact,Phone,City\nAcme,Ann Lee,+41446681801,Ulm\nJohn Smith,,+41446681802,Ulm\n",
         [("Ann Lee", "Acme"), ("John Smith", None)]),
        ("Customer Name,Contact Name,Email\nAcme,Ann Lee,ann@acme.example\nJane Doe,,jane@x.example\n",
         [("Ann Lee", "Acme"), ("Jane Doe", None)]),
        ("Company,Contact,Email,Phone\nAcme,Ann Lee,,\nBeta,,,+41446681802\nGamma,,i@gamma.example,\n",
         [("Ann Lee", "Acme"), ("Beta", "Beta"), ("Gamma", "Gamma")]),
    ],
)  # fmt: skip
def test_a_firm_without_a_person_stands_for_itself(
    book: Context, put: Any, text: str, found: list[tuple[str, str | None]], kind: str
) -> None:
    done = take(book, put(text, "list.csv"), kind)
    assert (done.refused, [note for note in done.notes if "without a name" in note]) == (0, [])
    assert [(row["name"], row["company"]) for row in listed(book, kind)] == found
    assert [row["name"] for row in listed(book, "company")] == [f for _, f in found if f] * (kind == "contact")
    again = take(book, put(text, "list.csv"), kind)
    assert (again.new, again.refused) == (0, 0)


def test_a_firm_that_stands_for_itself_is_kept_by_its_domain(book: Context, put: Any) -> None:
    text = "Company,Company Domain,Contact,Phone\nAcme,acme.example,Ann Lee,\nBeta,beta.example,,+41446681802\n"
    assert take(book, put(text, "list.csv"), "contact").refused == 0
    assert [(row["name"], row["company"]) for row in listed(book, "contact")] == [("Ann Lee", "Acme"), ("Beta", "Beta")]


@pytest.mark.parametrize("name", ["companies.csv", "Firmen 2026.csv", "accounts.csv"])
def test_a_list_of_firms_that_its_name_calls_so_holds_companies(book: Context, put: Any, name: str) -> None:
    made = imports.plan(book, put("Company,Contact,Email\nAcme,Ann Lee,a@acme.example\nBeta,,\n", name))
    assert made.kind is not None
    assert made.kind.name == "company"
    assert any(note.endswith("--as contact takes in both") for note in made.notes)
    people = imports.plan(book, put("Full Name,Company,Email\nAnn Lee,Acme,a@acme.example\n", name))
    assert people.kind is not None
    assert people.kind.name == "contact"


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("Participant Name,Email Address,Company,Status\nAnn Lee,a@x.example,Acme,Attended\n", "contact",
         ["name", "email", "company", "(ignored)"]),
        ("Name (full),E-mail,Phone,Company name,Notes\nAnn Lee,a@x.example,+41446681801,Acme,x\n", "contact",
         ["name", "email", "phone", "company", "description"]),
        ("Deal,Contact person,Value\nSale,Ann Lee,10\n", "deal", ["name", "contact", "value"]),
        ("Deal - Title,Deal - Contact person,Deal - Value\nSale,Ann Lee,10\n", "deal", ["name", "contact", "value"]),
        ("Lead Name,Contact Name,Company,Email\nSale,Ann Lee,Acme,a@x.example\n", "lead",
         ["name", "contact_name", "company", "email"]),
        ("Lead - Title,Lead - Contact person,Lead - Organization,Lead - Value\nSale,Ann Lee,Acme,1\n", "lead",
         ["name", "contact_name", "company", "value"]),
        ("Customer,Email,Phone\nAnn Lee,a@x.example,+41446681801\n", "contact", ["name", "email", "phone"]),
        ("Company,Website,Contact,Employees,Industry\nAcme,acme.example,Ann Lee,5,Rockets\n", "company",
         ["name", "website", "(ignored)", "employees", "industry"]),
    ],
)  # fmt: skip
def test_whom_a_contact_is(book: Context, put: Any, text: str, kind: str, shown: list[str]) -> None:
    made = imports.plan(book, put(text, "list.csv"))
    assert made.kind is not None
    assert (made.kind.name, fields(made)) == (kind, shown)


PIPEDRIVE = "Title,Value,Organization,Contact person,Expected close date,Next activity date,Owner,Stage,Status"


@pytest.mark.parametrize(
    ("titles", "cells", "name", "kind"),
    [
        (PIPEDRIVE, "Engine 2,1200,Acme,Ann Lee,2026-12-01,2026-11-30,Grace,Foo,", "deals.csv", "deal"),
        (PIPEDRIVE, "Engine 2,1200,Acme,Ann Lee,2026-12-01,2026-11-30,Grace,Foo,open", "export.csv", "deal"),
        ("Title,Value,Expected close date", "Engine 2,1200,2026-12-01", "export.csv", "deal"),
        ("Title,Value,Contact person,Expected close date", "Engine 2,1200,Ann Lee,2026-12-01", "leads.csv", "lead"),
    ],
)
def test_a_title_beside_a_value_and_a_day_to_close_on_is_that_of_the_sale(
    book: Context, put: Any, titles: str, cells: str, name: str, kind: str
) -> None:
    done = take(book, put(f"{titles}\n{cells}\n", name))
    assert (done.kind, done.new) == (ENTITIES[kind].plural, 1)
    (found,) = listed(book, kind)
    assert (found["name"], found["value"], found["close_on"]) == ("Engine 2", 120_000, "2026-12-01")
    person = found["contact_name" if kind == "lead" else "contact"]
    assert person == ("Ann Lee" if "Ann Lee" in cells else None)


@pytest.mark.parametrize(
    ("titles", "rows", "kind"),
    [
        ("Customer,Email,City,Revenue",
         ("Ann Smith,ann@x.example,Ulm,500", "Bob Jones,bob@y.example,Bonn,700"), "contact"),
        ("Customer,Email,City,Revenue",
         ("Acme Rockets,info@acme.example,Ulm,500", "Beta Tools,beta@beta.example,Bonn,700"), "company"),
        ("Customer,Email,City,Revenue",
         ("Xu Wang,xu.wang@x.example,Ulm,500", "Ngozi Okafor,okafor@y.example,Bonn,700"), "contact"),
        ("Customer,Phone,Industry,City", ("Ann Smith,030 1,Steel,Ulm", '"Jones, Bob",030 2,Food,Bonn'), "contact"),
        ("Customer,Phone,Industry,City", ("Ann Smith GmbH,030 1,Steel,Ulm", "Bob Jones & Co,030 2,Food,Bonn"),
         "company"),
        ("Customer,Phone,Industry,City", ("Northern Steel,030 1,Steel,Ulm", "Global Foods,030 2,Food,Bonn"), "company"),
        ("Customer,Industry,City", ("Ann Smith,Steel,Ulm", "Bob Jones,Food,Bonn"), "contact"),
        ("Kunde,Telefon,Branche,Ort", ("Dr. Jörg Weiß,030 1,Stahl,Ulm", "Jutta von Au,030 2,Bau,Bonn"), "contact"),
        ("مشتری,تلفن,صنعت,شهر", ("سارا كريمي,021 1,فولاد,یزد", "علی رضایی,021 2,غذا,قم"), "contact"),
        ("مشتری,تلفن,صنعت,شهر", ("شرکت رویش,021 1,فولاد,یزد", "نگین داده,021 2,غذا,قم"), "company"),
        ("Company,Phone,Industry,City", ("Ann Smith,030 1,Steel,Ulm", "Bob Jones,030 2,Food,Bonn"), "company"),
    ],
)  # fmt: skip
def test_whether_customers_are_people_or_firms_is_told_by_their_names(
    book: Context, put: Any, titles: str, rows: tuple[str, ...], kind: str
) -> None:
    path = put("\n".join((titles, *rows)), "list.csv")
    assert (take(book, path).kind, len(listed(book, kind))) == (ENTITIES[kind].plural, 2)


@pytest.mark.parametrize(
    ("people", "rows"),
    [
        (True, [("Smith, Ann", ""), ("Dr. Bob Jones", "")]),
        (True, [("Juan de la Cruz", ""), ("Northern Steel", ""), ("", ""), ("Zoë O'Neil", "")]),
        (True, [("King Ada", ""), ("Xu Wang", "wang@mail.example"), ("سارا کریمی", "")]),
        (False, [("Ann Smith", ""), ("Bob Jones Ltd", "")]),
        (False, [("Ann Smith", ""), ("Acme", "")]),
        (False, [("Ann", ""), ("Bob", "")]),
        (False, [("Acme Rockets", "acme@acme.example"), ("Beta Tools", "tools@beta-tools.example")]),
        (False, [("Ann & Bob Smith", ""), ("Ann Smith 24", "")]),
        (False, [("", ""), (" ", "")]),
    ],
)
def test_names_of_people_are_told_from_those_of_firms(people: bool, rows: list[tuple[str, str]]) -> None:
    assert are_people(rows) is people


def test_the_people_whom_a_list_of_firms_names_are_told(book: Context, put: Any) -> None:
    text = "Company,Website,Contact,Employees,Industry\nAcme,acme.example,Ann Lee,5,Rockets\n"
    told = "column Contact: the people of companies are not taken in with them; --as contact takes in both"
    assert told in imports.plan(book, put(text)).notes
    assert told not in imports.plan(book, put(text.replace("Ann Lee", ""))).notes
    assert told not in imports.plan(book, put(text), mapping={"Contact": "-"}).notes


@pytest.mark.parametrize("title", ["Kunde", "Customer", "Client name", "مشتری"])
def test_the_customer_of_a_list_of_firms_is_their_name(book: Context, put: Any, title: str) -> None:
    assert take(book, put(f"{title},Phone\nAcme,+41446681801\n"), "company").new == 1
    assert listed(book, "company")[0]["name"] == "Acme"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ID,NAME,PHONE,WEBSITE,OWNER.NAME\n0015g00000AAAAAAA1,Acme,,https://a.example,Me\n", "company"),
        ("ID,NAME,PHONE\n0035g00000AAAAA,Ann,+41446681801\n", "contact"),
        ("ID,NAME,PHONE,COMPANY\n00Q5g00000AAAAAAA1,Ann,+41446681801,Acme\n", "lead"),
        ("ID,SUBJECT,STATUS,PRIORITY\n00T5g00000AAAAAAA1,Call,Open,High\n", "task"),
        ("ID,NAME,PHONE,EMAIL\n0015g00000AAAAAAA1,Ann,,a@x.example\n0035g00000AAAAAAA1,Bo,,b@x.example\n", "contact"),
        ("ID,NAME,PHONE,EMAIL\n001234567890123,Ann,,a@x.example\n", "contact"),
    ],
)
def test_the_ids_of_salesforce_tell_the_kind(book: Context, put: Any, text: str, kind: str) -> None:
    made = imports.plan(book, put(text, "extract.csv"))
    assert made.kind is not None
    assert made.kind.name == kind


# --- what more there is of an address ---------------------------------------------------------------------------------


def test_the_whole_address_stands_in_row_by_row(book: Context, put: Any) -> None:
    titles = [
        "Organization - Name", "Organization - Address", "Organization - Street/road name of Address",
        "Organization - House number of Address", "Organization - City/town/village/locality of Address",
    ]  # fmt: skip
    text = (
        f'{",".join(titles)}\nA,"Lindenstr. 12, Berlin",Lindenstr.,12,Berlin\n'
        'B,"7 Main St, Boston",,,\nC,Berlin,,,Berlin\nD,"Old Mill, Leeds",,,Leeds\n'
    )
    assert take(book, put(text)).new == 4
    assert [(row["street"], row["city"]) for row in listed(book, "company")] == [
        ("Lindenstr. 12", "Berlin"), ("7 Main St, Boston", None), (None, "Berlin"), ("Old Mill, Leeds", "Leeds"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("titles", "cells", "street"),
    [
        ("Address 1 - Street,Address 1 - PO Box,Address 1 - Extended Address", "Main St 1,PO 7,Apt 3",
         "Main St 1, Apt 3, PO 7"),
        ("Street,Street 2", "Main St 1,", "Main St 1"),
        ("Street,Street 2", ",Apt 3", "Apt 3"),
        ("Street,Street 2", '"Main St 1, Apt 3",Apt 3', "Main St 1, Apt 3"),
        ("Business Street,Business City,Business Street 2,Business Street 3", "Main St 1,Rome,Hall B,Door 2",
         "Main St 1, Hall B, Door 2"),
        ("Address Line 1,Address Line 2", "Main St 1,Floor 2", "Main St 1, Floor 2"),
        ("Business Street,Business City,Home Street 2", "Main St 1,Rome,Apt 3", "Main St 1"),
        ("Street,Street 2", "100 Main St,10", "100 Main St, 10"),
        ("Street,PO Box", "12 High St,2", "12 High St, PO Box 2"),
        ("Street,PO Box", "12 High St,12", "12 High St, PO Box 12"),
        ("Street,PO Box", ",1234", "PO Box 1234"),
        ("Street,PO Box", "Postfach 1234,1234", "Postfach 1234"),
        ("Street,PO Box", "P.O. Box 7,PO Box 7", "P.O. Box 7"),
        ("Street,Postfach", "Main,10 20 30", "Main, PO Box 10 20 30"),
        ("Street,Postfach", "Postfach 102030,10 20 30", "Postfach 102030"),
        ("Street,Postfach", "Postfach 10 20 30,102030", "Postfach 10 20 30"),
        ("Address 1,Address 2,Address 3", "Main St 1,Hall B,Door 2", "Main St 1, Hall B, Door 2"),
        ("Address1,Address2,Address3,City", "Main St 1,Hall B,Door 2,Rome", "Main St 1, Hall B, Door 2"),
        ("Adresse,Complément d'adresse,CP,Ville", "1 rue X,Bât B,75001,Paris", "1 rue X, Bât B"),
        ("Adresse 1,Adresse 2,Adresse 3,CP,Ville", "1 rue X,Bât B,Cour,75001,Paris", "1 rue X, Bât B, Cour"),
        ("Straße,Straße 2,Adresszusatz 2", "Weg 1,Hof,Tür 2", "Weg 1, Hof, Tür 2"),
        ("Address,City,Address 2", '1 Main St,Boston,"Building 5, Room 4012"', "1 Main St, Building 5, Room 4012"),
        ("Address,City,Address 2", '1 Main St,Boston,"Suite 12, MA 02101"', "1 Main St, Suite 12, MA 02101"),
        ("Address,City,Address 2", ',,"9 Oak, Salem 01970"', "9 Oak, Salem 01970"),
    ],
)  # fmt: skip
def test_what_stands_below_a_street_belongs_to_it(
    book: Context, put: Any, titles: str, cells: str, street: str
) -> None:
    assert take(book, put(f"Name,Email,{titles}\nAnn,a@x.example,{cells}\n"), "contact").new == 1
    assert listed(book, "contact")[0]["street"] == street


@pytest.mark.parametrize(
    "whole",
    ["9 Oak, Salem 01970", "9 Oak St, Salem, MA 01970-1234", "Weg 9, 8001 Zürich", "Weg 9; D-10115 Berlin",
     "9 High St, London SW1A 1AA"],
)  # fmt: skip
def test_a_whole_address_is_no_second_line_of_another(book: Context, put: Any, whole: str) -> None:
    done = take(book, put(f'Name,Email,Address,City,Address 2\nAnn,a@x.example,1 Main,Boston,"{whole}"\n'), "contact")
    (row,) = listed(book, "contact")
    assert (done.refused, row["street"], row["city"]) == (0, "1 Main", "Boston")
    assert row["description"] == f"Address 2: {whole}"


def test_a_whole_address_says_the_city_that_its_parts_do_not(book: Context, put: Any) -> None:
    text = (
        'Company,Industry,Address,Street,City\nA,x,"1 Main, Boston 02101",1 Main,\n'
        'B,x,"1 Main, Boston 02101",1 Main,Boston\n'
        'C,x,1 Main,1 Main,\nD,x,"7 Elm, Salem",1 Main,\nE,x,"1 Main Road\nLeeds",1 Main Road,\n'
    )
    take(book, put(text), "company")
    assert [(row["street"], row["city"]) for row in listed(book, "company")] == [
        ("1 Main, Boston 02101", None), ("1 Main", "Boston"), ("1 Main", None), ("1 Main", None),
        ("1 Main Road, Leeds", None),
    ]  # fmt: skip


def test_a_box_that_is_said_to_be_the_street_is_called_a_box(book: Context, put: Any) -> None:
    text = "Name,Email,Postfach\nAnn,a@x.example,10 20 30\nBo,b@x.example,Postfach 7\n"
    imports.run(book, imports.plan(book, put(text), kind=CONTACT, mapping={"Postfach": "street"}))
    assert [row["street"] for row in listed(book, "contact")] == ["PO Box 10 20 30", "Postfach 7"]


def test_a_box_stands_below_a_street_that_was_said_by_hand(book: Context, put: Any) -> None:
    path = put("Name,Email,Postfach,Wohin\nAnn,a@x.example,7,Weg 1\n")
    imports.run(book, imports.plan(book, path, kind=CONTACT, mapping={"Wohin": "street"}))
    assert listed(book, "contact")[0]["street"] == "Weg 1, PO Box 7"


@pytest.mark.parametrize(
    ("titles", "cells", "street"),
    [
        ("Postfach,PLZ,Ort", "10 20 30,10115,Berlin", "PO Box 10 20 30"), ("PO Box,City", "PO Box 7,Bern", "PO Box 7"),
        ("Adresszusatz,Postfach,Ort", "Haus B,7,Berlin", "Haus B, PO Box 7"),
        ("Postfach,Street", "7,Main", "Main, PO Box 7"),
    ],
)  # fmt: skip
def test_a_box_is_a_street_where_no_column_is_one(
    book: Context, put: Any, titles: str, cells: str, street: str
) -> None:
    take(book, put(f"Name,Email,{titles}\nAnn,a@x.example,{cells}\n"), "contact")
    assert listed(book, "contact")[0]["street"] == street


@pytest.mark.parametrize(
    ("titles", "told"),
    [
        ("Street,City,Street 2,City 2", {"Street 2": "street is in column Street", "City 2": "city is in column City"}),
        ("Street 1,City 1,City 2", {"City 2": "city is in column City 1"}),
        ("Tags,Tags", {"Tags 2": "tags is in column Tags"}), ("Tags,Labels", {"Labels": "tags is in column Tags"}),
        ("Categories,Kategorien", {"Kategorien": "tags is in column Categories"}), ("Street,Street 2", {}),
    ],
)  # fmt: skip
def test_what_another_column_has_is_told(book: Context, put: Any, titles: str, told: dict[str, str]) -> None:
    cells = ",x" * len(titles.split(","))
    made = imports.plan(book, put(f"Name,Email,{titles}\nAnn,a@x.example{cells}\n"), kind=CONTACT)
    assert [note for note in made.notes if "ignored" in note] == [
        f"column {title}: ignored, because {why}; --map '{title}=FIELD' takes it in" for title, why in told.items()
    ]


@pytest.mark.parametrize(
    ("cells", "people"),
    [("Acme,Ada,Byron", ("Ada Byron", "Acme")), ("Ada Byron,Ada,Byron", ("Ada Byron", None))],
)
def test_customers_are_the_firms_of_people_who_are_called_otherwise(
    book: Context, put: Any, cells: str, people: tuple[str, str | None]
) -> None:
    take(book, put(f"Kunde,Vorname,Nachname,Telefon\n{cells},+41 44 123 45 60\n"), "contact")
    assert [(row["name"], row["company"]) for row in listed(book, "contact")] == [people]


@pytest.mark.parametrize("titles", ["Tel,Mob", "Telefon 1,Mobil 1", "Téléphone 1,Mob no", "تلفن 1,موبایل"])
def test_titles_of_telephones_with_a_number_or_short(book: Context, put: Any, titles: str) -> None:
    made = imports.plan(book, put(f"Name,{titles}\nAnn,+41 44 123 45 60,+41 79 123 45 60\n"), kind=CONTACT)
    assert fields(made) == ["name", "phone", "mobile"]


def test_a_nickname_stands_in_for_a_name_of_google(book: Context, put: Any) -> None:
    titles = "First Name,Last Name,Nickname,File As,Organization Name,E-mail 1 - Value,E-mail 1 - Label"
    text = f'{titles}\nAnn,Lee,Annie,"Lee, A",,,\n,,Nick,"Filed, As",Acme,n@x.example,\n,,,"Old, Bo",,,\n'
    assert take(book, put(text)).refused == 0
    assert [row["name"] for row in listed(book, "contact")] == ["Ann Lee", "Nick", "Old, Bo"]


# --- tasks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"kind": ENTITIES["task"]}, {"kind": ENTITIES["task"], "profiles": ["none"]}])
def test_a_report_of_tasks_and_events_holds_tasks(book: Context, put: Any, options: dict[str, Any]) -> None:
    records.add(book, COMPANY, {"name": "Acme"})
    records.add(book, CONTACT, {"name": "Ann Smith"})
    text = (
        '"Subject","Status","Date","Priority","Assigned","Company / Account","Contact","Task"\n'
        '"Call Ann","Completed","11/20/2026","Normal","Me","Acme","Ann Smith","1"\n'
        '"Send","Not Started","11/25/2026","High","Me","Acme","Ann Smith","0"\n'
    )
    made = imports.plan(book, put(text), **options)
    assert made.kind is ENTITIES["task"]
    assert made.new_stages == ()
    assert imports.run(book, made).new == 2
    assert [(row["name"], row["priority"]) for row in listed(book, "task")] == [("Send", 3)]


@pytest.mark.parametrize("named", [[], ["none"]])
def test_an_activity_is_about_the_lead_or_the_opportunity_that_its_row_names(
    book: Context, put: Any, named: list[str]
) -> None:
    (lead,) = records.add(book, LEAD, {"name": "Ann Lee"}).ids
    (deal,) = records.add(book, DEAL, {"name": "Engine 2"}).ids
    text = (
        "Subject,Date,Status,Priority,Assigned,Company / Account,Contact,Lead,Opportunity,Task\n"
        "Call,11/25/2026,Not Started,High,Me,,,Ann Lee,,1\nWrite,11/26/2026,Not Started,High,Me,,,,Engine 2,1\n"
        "Meet,11/27/2026,Not Started,High,Me,,,Ann Lee,Engine 2,1\nRest,11/28/2026,Not Started,High,Me,,,,,1\n"
    )
    assert take(book, put(text), "task", profiles=named).refused == 0
    rows = book.reader.rows("SELECT name, opportunity_id, description FROM task ORDER BY id")
    assert rows == [
        ("Call", lead, None), ("Write", deal, None), ("Meet", lead, "Opportunity: Engine 2"), ("Rest", None, None),
    ]  # fmt: skip


def test_a_stage_of_hubspot_goes_without_its_pipeline(book: Context, put: Any) -> None:
    text = (
        "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Deal owner,Close Date\n"
        "1,A,Appointment Scheduled (Sales Pipeline),Sales Pipeline,5,Me,\n"
        "2,B,Closed Won (Sales Pipeline),Sales Pipeline,5,Me,\n"
        "3,C,Waiting (on us),Sales Pipeline,5,Me,\n"
    )
    made = imports.plan(book, put(text))
    imports.run(book, made)
    assert [(row["stage"], row["status"]) for row in listed(book, "deal")] == [
        ("Appointment Scheduled", "open"), ("Won", "won"), ("Waiting (on us)", "open"),
    ]  # fmt: skip


def test_what_no_field_can_be_called_is_said(book: Context, put: Any) -> None:
    with pytest.raises(UsageError, match="'Bad Name!'") as caught:
        imports.planned(book, put("Name,E-mail\nAnn,a@x.example\n"), kind=CONTACT, mapping={"E-mail": "+Bad Name!"})
    assert "to map" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Firma,Ansprechpartner,Telefon,Ort\nAcme GmbH,,030 1,Berlin\nBeta AG,,030 2,Bonn\n",
        "Company,Contact,Email,Phone\nAcme,Ann,a@acme.example,1\nBeta,,b@beta.example,2\nGamma,,c@gamma.example,3\n",
        "Company Name,Contact,Phone,City,Industry\nAcme,Ann Lee,+49301234,Bonn,Steel\nBeta,Bo Ray,+49301235,Ulm,Food\n",
    ],
)
def test_a_list_of_firms_stays_one_where_few_name_somebody_or_it_says_what_firms_have(
    book: Context, put: Any, text: str
) -> None:
    assert take(book, put(text, "list.csv")).refused == 0
    assert len(listed(book, "company")) == text.count("\n") - 1
    assert listed(book, "contact") == []


_SCALED = {
    3: ("k", "thousand", "Tsd.", "milliers", "miles", "bin", "هزار", "тыс.", "'000", "ths", "tys.", "migliaia"),
    6: ("m", "million", "Mio.", "mln", "millones", "milyon", "میلیون", "MM", "milioni"),
    9: ("bn", "Mrd.", "milliards", "میلیارد", "млрд"),
}
_CURRENCIES = {
    "EUR": "EUR", "€": "EUR", "US$": "USD", "usd": "USD", "SEK": "SEK", "TL": "TRY", "руб.": "RUB", "Kč": "CZK",
    "ریال": "IRR", "euros": "EUR", "US dollars": "USD",
}  # fmt: skip


@pytest.mark.parametrize(
    "form",
    [
        "Amount ({s} {c})", "مبلغ ({c} {s})", "Betrag {s} {c}", "Amount {c} {s}", "Amount ({s}) {c}",
        "Montant {c} ({s})", "Value ({c}) {s}", "Amount in {s} {c}", "Amount, {s} {c}", "Amount [{c}] ({s})",
        "Amount - {c} {s}", "Amount ({c}, {s}, net)",
    ],
)  # fmt: skip
def test_scale_and_currency_count_in_every_order(form: str) -> None:
    for (sign, code), (power, scales) in itertools.product(_CURRENCIES.items(), _SCALED.items()):
        for scale in scales:
            title = form.format(c=sign, s=scale)
            assert parse_money(f"5 {unit_of(title)}", "GBP") == (5 * 10 ** (exponent(code) + power), code), title
            (_, amounts), _ = map_columns(DEAL, ("Name", title), {})
            assert amounts.to == ("value",), title


@pytest.mark.parametrize(
    "title",
    [
        "Amount (net)", "Amount", "Value (company currency)", "Price (all-inclusive)", "Amount Cr", "Amount Bin",
        "Price per unit", "Amount (converted) Currency", "Next step", "Contact Pen", "Lead Top", "Price total",
    ],
)  # fmt: skip
def test_a_title_without_a_unit_has_none(title: str) -> None:
    assert unit_of(title) == ""


# --- people, firms and sales in one table -----------------------------------------------------------------------------

TWO = ("John Doe", "Jane Roe")


@pytest.mark.parametrize(
    ("titles", "rows", "name"),
    [
        ("Contact Name,Company,Industry,Email,Title,Mobile",
         ("Acme,Steel,john@acme.example,CEO,0171 1", "Acme,Steel,jane@acme.example,CTO,0171 2"), "contacts.csv"),
        ("Contact Name,Company,Industry,Email", ("Acme,Steel,info@acme.example", "Beta,Oil,info@beta.example"),
         "people.csv"),
        ("Contact Name,Company,Industry,Email", ("Acme,Steel,info@acme.example", "Beta,Oil,info@beta.example"),
         "leads.csv"),
        ("Contact Name,Company,Industry,Email,Status", ("Acme,Steel,i@a.example,New", "Beta,Oil,i@b.example,Working"),
         "leads.csv"),
        ("Contact Name,Account Name,Industry,Title", ("Acme,Steel,CEO", "Beta,Oil,"), "export.csv"),
        ("Contact,Company,Industry,Birthday", ("Acme,Steel,1980-01-02", "Beta,Oil,1981-03-04"), "export.csv"),
        ("Attendee Name,Company,Industry,Email", ("Acme,Steel,john@acme.example", "Beta,Oil,jane@beta.example"),
         "export.csv"),
        ("Teilnehmer,Firma,Branche,Ort", ("Acme,Stahl,Ulm", "Acme,Stahl,Ulm"), "export.csv"),
        ("Teilnehmer,Firma,Branche,Ort", ("Acme,Stahl,Ulm", "Beta,Bau,Bonn"), "Teilnehmer 2026.csv"),
        ("نام رابط,شرکت,صنعت,موبایل", ("فولاد,صنعت,09121234567", "نفت,انرژی,09121234568"), "export.csv"),
        ("Contact Name,Company,Domain,Employees,Parent Company,Mobile",
         ("Acme,acme.example,12,Top,0171 1", "Beta,beta.example,5,Top,0171 2"), "export.csv"),
    ],
)  # fmt: skip
def test_what_speaks_for_people_makes_a_list_of_theirs_whatever_it_says_of_firms(
    book: Context, put: Any, titles: str, rows: tuple[str, ...], name: str
) -> None:
    text = "\n".join((titles, *(f"{who},{row}" for who, row in zip(TWO, rows, strict=True))))
    assert take(book, put(text, name)).refused == 0
    firms = {row.partition(",")[0] for row in rows}
    assert {(row["name"], row["company"]) for row in listed(book, "contact")} == {
        (who, row.partition(",")[0]) for who, row in zip(TWO, rows, strict=True)
    }
    assert {row["name"] for row in listed(book, "company")} == firms


@pytest.mark.parametrize(
    "rows",
    [
        ("Acme,Steel,John Doe,030 1,", "Beta,Oil,Jane Roe,030 2,"),
        ("Acme,Steel,John Doe,030 1,info@acme.example", "Beta,Oil,Jane Roe,030 2,office@beta.example"),
    ],
)
def test_a_list_that_says_what_firms_have_is_theirs_where_nothing_speaks_for_people(
    book: Context, put: Any, rows: tuple[str, ...]
) -> None:
    text = "\n".join(("Company,Industry,Contact,Phone,Email", *rows))
    assert take(book, put(text, "list.csv")).kind == "companies"


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        ("Company,First Name,Last Name,Phone,City",
         ("Acme,John,Doe,030 1,Ulm", "Beta,,,030 2,Ulm", "Gamma,,,030 3,Bonn", "Delta,,,030 4,Bonn")),
        ("Client,Contact,Phone,City", ("Acme,John Doe,030 1,Ulm", "Beta,,030 2,Ulm", "Gamma,,030 3,Bonn")),
    ],
)  # fmt: skip
def test_firms_of_whom_few_name_somebody_stay_firms(
    book: Context, put: Any, titles: str, rows: tuple[str, ...]
) -> None:
    done = take(book, put("\n".join((titles, *rows)), "list.csv"))
    assert (done.kind, done.new, done.refused) == ("companies", len(rows), 0)
    assert listed(book, "contact") == []


@pytest.mark.parametrize("emails", [("", ""), ("ann@x.example", "bob@y.example")])
def test_people_who_are_known_by_their_addresses_are_no_firms(book: Context, put: Any, emails: tuple[str, str]) -> None:
    people = [f"Ann,Lee,Acme,{emails[0]}", "Bob,Ray,Acme,"] if not emails[0] else [f",,Acme,{one}" for one in emails]
    done = take(book, put("\n".join(("First Name,Last Name,Company,Email", *people)), "list.csv"))
    assert (done.kind, done.new) == ("contacts", 2)
    assert [row["company"] for row in listed(book, "contact")] == ["Acme", "Acme"]


def test_a_list_of_people_stays_one_by_its_name_where_few_are_named(book: Context, put: Any) -> None:
    text = "First Name,Last Name,Company,Phone\n,,Acme,030 1\n,,Beta,030 2\nAnn,Lee,Beta,030 3\n"
    done = take(book, put(text, "contacts.csv"))
    assert (done.kind, done.new, done.refused) == ("contacts", 3, 0)


def test_a_firm_stands_in_for_a_name_in_parts(book: Context, put: Any) -> None:
    text = "Company,First Name,Last Name,Phone\nAcme,John,Doe,030 1\nBeta,Jane,Roe,030 2\nGamma,,,030 3\n"
    done = take(book, put(text, "list.csv"), "contact")
    assert (done.new, done.refused) == (3, 0)
    assert "1 contact is called by its company: no person is named" in done.notes
    assert ("Gamma", "Gamma") in {(row["name"], row["company"]) for row in listed(book, "contact")}


@pytest.mark.parametrize("title", ["Client", "Customer"])
def test_customers_beside_nobody_are_the_people(book: Context, put: Any, title: str) -> None:
    assert take(book, put(f"{title},Email,Phone\nAnn Lee,a@x.example,030 1\n", "list.csv")).kind == "contacts"
    assert [(row["name"], row["company"]) for row in listed(book, "contact")] == [("Ann Lee", None)]


def test_the_people_whom_only_later_rows_of_a_list_of_firms_name_are_told(
    book: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crmcli.services.imports.surveying._AT_ONCE", 2)
    rows = "".join(f"Firm {i},{'Ann Lee' if i > 3 else ''},030 {i}\n" for i in range(6))
    made = imports.plan(book, put(f"Company,Contact,Phone\n{rows}", "list.csv"))
    assert made.kind is COMPANY
    assert (
        "column Contact: the people of companies are not taken in with them; --as contact takes in both" in made.notes
    )


def test_rows_without_a_person_are_told_as_their_company_s(book: Context, put: Any) -> None:
    text = (
        "Company,Contact,Email,Phone\nAcme,John Doe,john@acme.example,030 1\nAcme,,info@acme.example,030 2\n"
        "Beta,Jane Roe,jane@beta.example,030 3\nGamma,,info@gamma.example,030 4\n"
    )
    path = put(text, "list.csv")
    done = take(book, path)
    assert "2 contacts are called by their company: no person is named" in done.notes
    assert [(row["name"], row["company"], row["email"]) for row in listed(book, "contact")] == [
        ("John Doe", "Acme", "john@acme.example"), ("Acme", "Acme", "info@acme.example"),
        ("Jane Roe", "Beta", "jane@beta.example"), ("Gamma", "Gamma", "info@gamma.example"),
    ]  # fmt: skip
    again = take(book, path)
    assert (again.new, again.same, again.notes) == (0, 4, ())


SALES = ("Website", "App", "Shop")


@pytest.mark.parametrize(
    ("titles", "cells"),
    [
        ("Projekt,Kunde,Ansprechpartner,Betrag,Phase", "Acme,Eva Maier,12000,Proposition"),
        ("Project,Client,Contact,Budget,Status", "Acme,Eva Maier,12000,Won"),
        ("Project Name,Customer,Contact,Amount,Close Date,Stage", "Acme,Eva Maier,12000,2026-12-01,New"),
        ("Quote No,Customer,Contact,Amount,Status", "Acme,Eva Maier,12000,Sent"),
        ("Order,Account,Contact Name,Amount", "Acme,Eva Maier,12000"),
        ("Angebot,Kunde,Ansprechpartner,Betrag", "Acme,Eva Maier,12000"),
        ("پروژه,مشتری,رابط,مبلغ,مرحله", "Acme,Eva Maier,12000,New"),
    ],
)
def test_a_sale_is_called_by_its_project_or_order(book: Context, put: Any, titles: str, cells: str) -> None:
    done = take(book, put("\n".join((titles, *(f"{name},{cells}" for name in SALES))), "list.csv"))
    assert (done.kind, done.new) == ("deals", 3)
    rows = {(row["name"], row["company"], row["contact"], row["value"]) for row in listed(book, "deal")}
    assert rows == {(name, "Acme", "Eva Maier", 1_200_000) for name in SALES}


@pytest.mark.parametrize(("cell", "to"), [("12000 €", ("value",)), ("10k-20k", ()), ("TBD", ())])
def test_a_budget_is_the_value_of_a_sale_where_it_is_an_amount(
    book: Context, put: Any, cell: str, to: tuple[str, ...]
) -> None:
    made = imports.plan(book, put(f"Project,Client,Contact,Budget\nWebsite,Acme,Eva Maier,{cell}\n", "list.csv"))
    assert (made.kind, made.columns[0].to, made.columns[3].to) == (DEAL, ("name",), to)


def test_a_lead_is_called_by_its_project_where_the_file_says_leads(book: Context, put: Any) -> None:
    titles, cells = "Project,Client,Contact,Value,Stage", "Acme,Eva Maier,12000,New"
    done = take(book, put("\n".join((titles, *(f"{name},{cells}" for name in SALES))), "leads.csv"))
    assert (done.kind, done.new) == ("leads", 3)
    assert {(row["name"], row["contact_name"]) for row in listed(book, "lead")} == {(n, "Eva Maier") for n in SALES}


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        ("Invoice,Customer,Contact,Amount,Due Date", ("R-1,Acme,Eva Maier,10,2026-12-01",) * 2),
        ("Invoice No,Customer,Contact,Amount", ("1001,Acme,Eva Maier,10", "1002,Acme,Eva Maier,10")),
        ("Account,Contact,Product,Quantity,Price", ("Acme,Eva Maier,Widget,2,10", "Acme,Eva Maier,Gadget,2,10")),
        ("Account,Contact Name,Product,Price", ("Acme,Eva Maier,Widget,10", "Acme,Eva Maier,Gadget,10")),
    ],
)
def test_what_sales_are_called_is_asked_where_no_column_says_it(
    book: Context, put: Any, titles: str, rows: tuple[str, ...]
) -> None:
    path = put("\n".join((titles, *rows)), "list.csv")
    with pytest.raises(UsageError, match="no column is recognised as a name; use --as and --map"):
        take(book, path)
    title = next(one for one in titles.split(",") if one.startswith(("Invoice", "Product")))
    assert imports.plan(book, path, mapping={title: "name"}).kind is DEAL


@pytest.mark.parametrize(
    ("titles", "cells"),
    [
        ("Company,Contact,Value,Stage", "Acme,Eva Maier,12000,New"),
        ("Company,Contact,Email,Value,Stage,Next step", "Acme,Eva Maier,eva@acme.example,12000,New,Call"),
    ],
)
def test_somebody_to_sell_to_is_a_lead(book: Context, put: Any, titles: str, cells: str) -> None:
    assert take(book, put(f"{titles}\n{cells}\n", "list.csv")).kind == "leads"


def test_a_project_beside_a_task_or_without_a_buyer_is_no_sale(book: Context, put: Any) -> None:
    made = imports.plan(book, put("Task,Project,Client,Due Date,Status\nCall,Web,Acme,2026-12-01,Open\n"))
    assert made.kind is ENTITIES["task"]
    assert imports.plan(book, put("Project,Due Date,Status,Owner\nWeb,2026-12-01,Open,Me\n")).kind is None
    times = "Date,Project,Client,Hours,Amount\n2026-11-01,Web,Acme,2,100\n"
    assert imports.plan(book, put(times)).kind is None


@pytest.mark.parametrize(
    ("cell", "name", "email", "phone"),
    [
        ("eva@acme.example", "eva@acme.example", "eva@acme.example", None),
        ("Eva Maier <Eva@acme.example>", "Eva Maier", "eva@acme.example", None),
        ("Eva Maier (eva@acme.example)", "Eva Maier", "eva@acme.example", None),
        ("Eva Maier, +41446681801", "Eva Maier", None, "+41446681801"),
        ("Maier, Eva / Tel.: +41 44 668 18 01", "Maier, Eva", None, "+41 44 668 18 01"),
        ("Eva Maier (CEO), +41 44 668 18 01", "Eva Maier (CEO)", None, "+41 44 668 18 01"),
        ("Eva Maier (Mobil 0171 1234567)", "Eva Maier", None, "0171 1234567"),
        ("Eva Maier, eva@acme.example", "Eva Maier", "eva@acme.example", None),
        ("Eva Maier eva@acme.example, Tel 030 1234567", "Eva Maier", "eva@acme.example", "030 1234567"),
        ("Eva Maier; 030 1234567; eva@acme.example", "Eva Maier", "eva@acme.example", "030 1234567"),
        ("Eva Maier <eva@acme.example>, 030 1234567", "Eva Maier", "eva@acme.example", "030 1234567"),
        ("eva@acme.example, 030 1234567", "eva@acme.example", "eva@acme.example", "030 1234567"),
        ("Eva Maier, 12.05.1980", "Eva Maier, 12.05.1980", None, None),
        ("Eva Maier 2026", "Eva Maier 2026", None, None),
    ],
)
@pytest.mark.parametrize("kind", ["contact", "lead"])
def test_a_cell_that_names_somebody_may_say_how_to_reach_them(
    book: Context, put: Any, cell: str, name: str, email: str | None, phone: str | None, kind: str
) -> None:
    path = put(f'Firma,Kontakt,Ort\nAcme,"{cell}",Berlin\n', "list.csv")
    done = take(book, path, kind)
    rows = [(row["name"], row["company"], row["email"], row["phone"]) for row in listed(book, kind)]
    assert rows == [(name, "Acme", email, phone)]
    assert any("are reached by" in note for note in done.notes) is (name == email)
    assert take(book, path, kind).same == 1


def test_an_address_beside_a_name_is_told_where_the_row_has_another(book: Context, put: Any) -> None:
    text = 'Company,Contact,Email,Phone\nAcme,"Eva Maier <eva@acme.example>",info@acme.example,\n'
    take(book, put(text, "list.csv"), "contact")
    [row] = listed(book, "contact")
    assert (row["name"], row["email"], row["description"]) == (
        "Eva Maier", "info@acme.example", "Contact: eva@acme.example",
    )  # fmt: skip


def test_the_contact_of_a_deal_may_say_how_to_reach_them(book: Context, put: Any) -> None:
    text = (
        'Deal,Company,Contact,Amount,Stage\nA,Acme,"Eva Maier, 030 1234567",1,New\n'
        "B,Acme,Bob Ray <bob@acme.example>,1,New\n"
    )
    take(book, put(text), "deal")
    assert book.reader.rows("SELECT contact, description FROM v_deal ORDER BY id") == [
        ("Eva Maier", "Contact: 030 1234567"), ("Bob Ray", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("titles", "cells"),
    [
        ("Id,CampaignId,LeadId,ContactId,Status,FirstName,LastName,Company,Email",
         "00vA00000000001AAA,701A00000000001AAA,,003A00000000001AAA,Responded,Ada,Byron,Acme,ada@acme.example"),
        ("CampaignId,LeadId,Status,FirstName,LastName,Email",
         "701A00000000001AAA,00QA00000000001AAA,Sent,Ada,Byron,ada@acme.example"),
        ("CampaignId,ContactId,FirstName,LastName,Email",
         "701A00000000001AAA,003A00000000001AAA,Ada,Byron,ada@acme.example"),
    ],
)  # fmt: skip
def test_the_members_of_a_campaign_are_people(book: Context, put: Any, titles: str, cells: str) -> None:
    made = imports.plan(book, put(f"{titles}\n{cells}\n", "CampaignMember.csv"))
    assert (made.kind, made.profile and made.profile.profile.name) == (CONTACT, "salesforce-campaign-member")
    assert imports.run(book, made).new == 1
    assert (made.new_stages, listed(book, "contact")[0]["name"]) == ((), "Ada Byron")


def test_an_opportunity_of_a_campaign_is_no_member_of_it(book: Context, put: Any) -> None:
    text = "Id,Name,StageName,Amount,CloseDate,CampaignId,ContactId\n006A00000000001AAA,A,New,1,2026-12-01,701A,003A\n"
    assert imports.plan(book, put(text, "list.csv")).kind is DEAL


# --- which of people, firms and sales a list is of, in doubt ----------------------------------------------------------


@pytest.mark.parametrize(
    ("titles", "row"),
    [
        *((f"Contact,Company,{title},Value,Stage", f"Ada Lovelace,Acme,{cell},120,New") for title, cell in (
            ("Industry", "Steel"), ("Next step", "Call"), ("Rating", "Hot"), ("Twitter", "@ada"), ("Gender", "female"),
            ("Newsletter", "yes"), ("Department", "Sales"), ("Product", "Widget"), ("Employees", "50"),
            ("Website,Industry", "acme.example,Steel"),
        )),
        ("Contact,Company,Industry,Value,Stage,Email", "Ada Lovelace,Acme,Steel,120,New,"),
        ("Ansprechpartner,Firma,Branche,Auftragswert,Status", "Ada Lovelace,Acme,Stahl,120,New"),
        ("Contact,Société,Secteur,Montant,Statut", "Ada Lovelace,Acme,Acier,120,New"),
        ("رابط,شرکت,صنعت,مبلغ,مرحله", "Ada Lovelace,Acme,فولاد,120,New"),
    ],
)  # fmt: skip
def test_who_is_named_beside_a_firm_a_value_and_a_stage_is_a_lead(
    book: Context, put: Any, titles: str, row: str
) -> None:
    done = take(book, put(f"{titles}\n{row}\n{row.replace('Ada Lovelace,Acme', 'Grace Hopper,Beta')}\n", "list.csv"))
    assert (done.kind, done.new, done.refused) == ("leads", 2, 0)
    told = {(row["name"], row["company"], row["value"]) for row in listed(book, "lead")}
    assert told == {("Ada Lovelace", "Acme", 12_000), ("Grace Hopper", "Beta", 12_000)}


@pytest.mark.parametrize(
    ("titles", "cells"),
    [("Contact,Company,Budget,Timeline", "12,Q4"), ("Contact,Company,Budget,Comment", "12,nice")],
)
def test_people_with_a_budget_are_asked_about(book: Context, put: Any, titles: str, cells: str) -> None:
    made = imports.plan(book, put(f"{titles}\nAda Lovelace,Acme,{cells}\n", "list.csv"))
    assert (made.kind, made.fits.named) == (None, ("contact", "lead"))


def test_several_sales_to_one_person_are_asked_about(book: Context, put: Any) -> None:
    rows = "".join(f"D-{i},Acme,Eva Maier,{i}0,New\n" for i in (1, 2))
    made = imports.plan(book, put(f"Dossier,Client,Contact,Montant,Statut\n{rows}", "list.csv"))
    assert (made.kind, made.fits) == (None, ((), ("deal",)))


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        ("Name,Industry,Employees,City", ("Siemens,Electric,300000,Ulm", "Carl Zeiss,Optics,40000,Jena",
                                          "Robert Bosch,Electric,400000,Ulm")),
        ("Name,Domain,Phone", ("Charles Schwab,schwab.example,030 1", "Philip Morris,pm.example,030 2")),
        ("Name,Parent Company,Industry", ("Walter Meier,Top,Steel", "Hugo Boss,Top,Mode")),
        ("Name,Industry,Email,Phone", ("Hugo Boss,Mode,info@hb.example,030 1", "Carl Zeiss,Optik,info@cz.example,1")),
        ("Name,Domain,Industry,Annual Revenue", ("Hugo Boss,hb.example,Mode,10", "Carl Zeiss,cz.example,Optik,20")),
        ("Name,Branche,Webseite", ("Hugo Boss,Mode,hb.example", "Carl Zeiss,Optik,cz.example")),
        ("Kunde,Branche,Webseite,Mitarbeiter", ("Hugo Boss,Mode,hb.example,10", "Carl Zeiss,Optik,cz.example,20")),
        ("Name,Industry,City", ("Hugo Boss,Mode,Ulm", "Siemens AG,Electric,Ulm", "Carl Zeiss,Optics,Jena",
                                "Robert Bosch,Electric,Ulm")),
    ],
)  # fmt: skip
def test_firms_that_are_called_after_people_stay_firms(
    book: Context, put: Any, titles: str, rows: tuple[str, ...]
) -> None:
    done = take(book, put("\n".join((titles, *rows)), "list.csv"))
    assert (done.kind, done.new, done.refused) == ("companies", len(rows), 0)


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        ("Name,Industry,Employees,Email", ("John Doe,Steel,5,john@acme.example", "Jane Roe,Oil,7,roe@beta.example")),
        ("Name,Industry,Employees,Birthday", ("John Doe,Steel,5,1980-01-02", "Jane Roe,Oil,7,1981-03-04")),
        ("Name,Industry,Website,City", ("John Doe,Steel,,Ulm", "Jane Roe,Oil,,Bonn")),
    ],
)
def test_people_who_are_told_by_more_than_their_names_stay_people(
    book: Context, put: Any, titles: str, rows: tuple[str, ...]
) -> None:
    assert take(book, put("\n".join((titles, *rows)), "list.csv")).kind == "contacts"


def test_addresses_of_the_people_in_a_list_make_no_lead_of_who_has_it(book: Context, put: Any) -> None:
    text = '[{"name":"Engines","email":"info@x.example","employees":[{"name":"Ada","email":"ada@x.example"}]}]'
    assert imports.plan(book, put(text, "list.json")).kind is None
    staged = text.replace('"employees"', '"stage":"New","employees"')
    assert imports.plan(book, put(staged, "list.json")).kind is LEAD
    assert imports.plan(book, put(text, "leads.json")).kind is LEAD


@pytest.mark.parametrize(
    ("titles", "cells", "kind", "found"),
    [
        ("Contact,Title,Company,Email,Phone,Deal Value,Stage,Close Date",
         "Ada Lovelace,VP Sales,Acme,ada@x.example,+44 20 7946 0001,120,New,2026-12-01", "lead",
         ("Ada Lovelace", "VP Sales")),
        ("Contact,Title,Company,Phone,Value,Close Date", "Ada Lovelace,Chief,Acme,030 1,120,2026-12-01", "lead",
         ("Ada Lovelace", "Chief")),
        ("Contact Name,Title,Account Name,Amount,Close Date", "Ada Lovelace,CTO,Acme,120,2026-12-01", "", None),
        ("Contact Name,Title,Account Name,Amount,Close Date", "Ada Lovelace,Leiterin Einkauf,Acme,120,2026-12-01",
         "lead", ("Ada Lovelace", "Leiterin Einkauf")),
        ("Contact Name,Title,Account Name,Amount,Close Date", "Ada Lovelace,Password Manager rollout,Acme,1,2026-12-01",
         "deal", ("Password Manager rollout", None)),
        ("Contact Name,Position,Company,Quote,Value,Stage", "Ada Lovelace,CTO,Acme,Q-1,12000,New", "deal",
         ("Q-1", "CTO")),
        ("Contact Name,Position,Company,Email,Value,Close Date,Project",
         "Ada Lovelace,CTO,Acme,ada@x.example,12000,2026-12-01,Hall", "deal", ("Hall", "CTO")),
        ("Deal,Position,Company,Value,Stage", "Hall,3,Acme,12000,New", "deal", ("Hall", None)),
    ],
)  # fmt: skip
def test_what_people_do_is_no_sale_and_no_place_on_the_board(
    book: Context, put: Any, titles: str, cells: str, kind: str, found: tuple[str, str | None] | None
) -> None:
    path = put(f"{titles}\n{cells}\n", "list.csv")
    if found is None:  # whether it holds sales or people is asked
        with pytest.raises(UsageError, match="do not tell what its rows are; say it: --as lead"):
            take(book, path)
        return
    assert take(book, path, kind if "Einkauf" in cells else "").refused == 0
    assert [(row["name"], row["job_title"]) for row in listed(book, kind)] == [found]


@pytest.mark.parametrize("titles", ["Kunde;PLZ;Ort;Telefon;Umsatz", "Kunde;Ort;Umsatz"])
def test_what_customers_bring_in_a_year_makes_no_leads_of_them(book: Context, put: Any, titles: str) -> None:
    told = {"Kunde": "Acme AG", "PLZ": "10115", "Ort": "Berlin", "Telefon": "030 111111", "Umsatz": "1200"}
    path = put(f"{titles}\n{';'.join(told[title] for title in titles.split(';'))}\n")
    assert imports.plan(book, path).kind == COMPANY
    assert (take(book, path, "company").new, listed(book, "company")[0]["revenue"]) == (1, 120_000)
    columns, _ = map_columns(LEAD, ["Kunde", "Umsatz"], {})
    assert [column.to for column in columns] == [("name",), ()]


def test_a_name_that_is_said_by_hand_gives_way_to_no_subject() -> None:
    titles = ["Title", "Customer", "Value", "Close date"]
    for given, called in (({}, [("name",), ("company",)]), ({"Customer": "name"}, [("job_title",), ("name",)])):
        columns, _ = map_columns(LEAD, titles, given)
        assert [column.to for column in columns] == [*called, ("value",), ("close_on",)]


# --- headers of two lines, and letters that may scale -----------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Kunde,,Kontakt,\nName,Ort,Name,E-Mail", "Kunde,,Ansprechpartner,\nName,Ort,Name,E-Mail",
        "Cliente,,Contacto,\nNombre,Ciudad,Nombre,Email", "Müşteri,,Kişi,\nAd,Şehir,Ad Soyad,E-posta",
        "مشتری,,رابط,\nنام,شهر,نام,ایمیل", "Firma,,Kontakt,\nName,Ort,Name,E-Mail",
    ],
)  # fmt: skip
def test_a_buyer_beside_its_people_is_their_company(book: Context, put: Any, header: str) -> None:
    made = imports.plan(book, put(f"{header}\nAcme AG,Berlin,Ada Lovelace,ada@x.example\n", "list.csv"))
    assert (made.kind, fields(made)) == (CONTACT, ["company", "city", "name", "email"])


@pytest.mark.parametrize(
    "header",
    [
        "Firma,,,Ansprechpartner,,\nName,Straße,Telefon,Name,Telefon,E-Mail",
        "Empresa,,,Contacto,,\nNombre,Calle,Teléfono,Nombre,Teléfono,Email",
        "شرکت,,,رابط,,\nنام,نشانی,تلفن,نام,تلفن,ایمیل",
    ],
)  # fmt: skip
def test_the_number_of_a_firm_stays_beside_that_of_its_people(book: Context, put: Any, header: str) -> None:
    path = put(f"{header}\nAcme,Weg 1,030 111111,Ada Lovelace,030 222222,ada@x.example\n", "list.csv")
    made = imports.plan(book, path)
    assert (made.kind, fields(made)) == (CONTACT, ["company", "street", "more phone", "name", "phone", "email"])


@pytest.mark.parametrize("title", ["Amount (T)", "Value (€/m)", "Amount ($/m)"])
def test_a_letter_that_may_scale_the_amounts_is_asked_about(book: Context, put: Any, title: str) -> None:
    with pytest.raises(UsageError, match="does not say what the amounts"):
        take(book, put(f"Deal,Stage,{title}\nA,New,100\n"), "deal")
