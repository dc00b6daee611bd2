"""What the exports of other programs look like: which fields each column fills, and the record that a row makes.

The files are invented; their titles are those of the programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import CONTACT, ENTITIES
from crmcli.errors import UsageError
from crmcli.services import imports, records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IGNORED = "(ignored)"


class Format(NamedTuple):
    """A program's export: its kind as recognised, (title, field, cell) of each column of its only row, and what the
    record says of itself."""

    name: str
    kind: str
    columns: tuple[tuple[str, str, str], ...]
    record: dict[str, Any]
    told: str = ""
    file: str = "export.csv"


FORMATS = (
    Format(
        "Pipedrive deals",
        "deal",
        (
            ("Deal - Title", "name", "Big"),
            ("Deal - Organization", "company", "Acme"),
            ("Deal - Contact person", "contact", "Ada Lovelace"),
            ("Deal - Value", "value", "1200"),
            ("Deal - Currency of value", "currency", "USD"),
            ("Deal - Stage", "stage", "Proposal"),
            ("Deal - Status", "status", "Lost"),
            ("Deal - Owner", "owner", "Grace"),
            ("Deal - Expected close date", "close_on", "2026-01-05"),
            ("Deal - Won time", "closed_at", ""),
            ("Deal - Lost time", "closed_at", "2026-01-04 10:00:00"),
            ("Deal - Lost reason", "lost_reason", "Price"),
            ("Deal - Deal created", "created_at", "2025-12-01 09:00:00"),
            ("Deal - Label", "tags", "hot"),
            ("Deal - ID", "external_id", "7"),
            ("Person - Email - Work", "contact e-mail", "ada@engines.example"),
        ),
        {
            "name": "Big",
            "company": "Acme",
            "contact": "Ada Lovelace",
            "value": 120_000,
            "currency": "USD",
            "status": "lost",
            "stage": "Proposal",
            "owner": "Grace",
            "closed_at": "2026-01-04T10:00:00.000Z",
            "lost_reason": "Price",
            "created_at": "2025-12-01T09:00:00.000Z",
            "tags": ["hot"],
            "external_id": "7",
        },
    ),
    Format(
        "Pipedrive people",
        "contact",
        (
            ("Person - Name", "name", "Ada Lovelace"),
            ("Person - First name", IGNORED, "Ada"),
            ("Person - Last name", IGNORED, "Lovelace"),
            ("Person - Organization", "company", "Engines"),
            ("Person - Email - Work", "email", "ada@engines.example"),
            ("Person - Email - Home", "more e-mail", "ada@home.example"),
            ("Person - Phone - Work", "phone", "+1 415 555 0101"),
            ("Person - Phone - Mobile", "mobile", "+1 415 555 0102"),
            ("Person - Owner", "owner", "Grace"),
            ("Person - ID", "external_id", "5"),
        ),
        {
            "name": "Ada Lovelace",
            "company": "Engines",
            "email": "ada@engines.example",
            "phone": "+1 415 555 0101",
            "mobile": "+1 415 555 0102",
            "description": "Person - Email - Home: ada@home.example",
            "external_id": "5",
        },
    ),
    Format(
        "Pipedrive organizations",
        "company",
        (
            ("Organization - Name*", "name", "Acme"),
            ("Organization - Address", "street", "Road 1"),
            ("Organization - City/town/village/locality of Address", "city", "Berlin"),
            ("Organization - ZIP/Postal code of Address", "postal_code", "10115"),
            ("Organization - Country of Address", "country", "Germany"),
            ("Organization - Owner", "owner", "Grace"),
            ("Organization - Labels", "tags", "key"),
            ("Organization - Pipedrive System ID", "external_id", "3"),
        ),
        {"name": "Acme", "street": "Road 1", "city": "Berlin", "postal_code": "10115", "country": "Germany"},
    ),
    Format(
        "Pipedrive leads",
        "lead",
        (
            ("Lead - Title", "name", "Wants five chairs"),
            ("Person - Name", "contact_name", "Ada"),
            ("Organization - Name", "company", "Acme"),
            ("Lead - Owner", "owner", "Grace"),
            ("Lead - Source channel", "source", "Web"),
            ("Lead - ID", "external_id", "55ebb4c0-536e-11ea-87d0-d1171b17f6a0"),
        ),
        {"name": "Wants five chairs", "contact_name": "Ada", "company": "Acme", "source": "Web"},
    ),
    Format(
        "Pipedrive activities",
        "task",
        (
            ("Activity - Subject", "name", "Call"),
            ("Activity - Type", "type", "Call"),
            ("Activity - Due date", "due_on", "2026-12-01"),
            ("Activity - Done", "is done", "To do"),
            ("Activity - Assigned to user", "owner", "Grace"),
            ("Deal - Title", "opportunity", ""),
            ("Person - Name", "contact", ""),
        ),
        {"name": "Call", "type": "call", "due_on": "2026-12-01", "owner": "Grace"},
    ),
    Format(
        "HubSpot contacts",
        "contact",
        (
            ("Record ID - Contact", "external_id", "501"),
            ("First Name", "first name", "Jonas"),
            ("Last Name", "last name", "Weber"),
            ("Email", "email", "jonas@acme.example"),
            ("Phone Number", "phone", "+49 30 1111"),
            ("Mobile Phone Number", "mobile", "+49 170 1111"),
            ("Contact owner", "owner", "Grace"),
            ("Associated Company", "company", "Acme (77123456)"),
            ("Associated Company IDs", IGNORED, "77123456"),
            ("Create Date", "created_at", "2026-01-02 10:00"),
        ),
        {"name": "Jonas Weber", "company": "Acme", "external_id": "501", "owner": "Grace", "mobile": "+49 170 1111"},
    ),
    Format(
        "HubSpot deals",
        "deal",
        (
            ("Record ID", "external_id", "9"),
            ("Deal Name", "name", "Renewal"),
            ("Deal Stage", "stage", "appointmentscheduled"),
            ("Pipeline", "pipeline", "Sales"),
            ("Amount", "value", "100"),
            ("Close Date", "close_on", "2026-03-01"),
            ("Deal owner", "owner", "Grace"),
            ("Associated Contact", "contact", "Jonas Weber (jonas@acme.example);Bo Lee (bo@acme.example)"),
            ("Associated Company", "company", "Acme"),
            ("Deal probability", "probability (1 = 100 %)", "0.2"),
            ("Is Closed Won", "is won", "false"),
        ),
        {
            "name": "Renewal",
            "stage": "appointmentscheduled",
            "contact": "Jonas Weber",
            "probability": 2000,
            "status": "open",
            "description": "Associated Contact: Bo Lee (bo@acme.example)",
        },
    ),
    Format(
        "Odoo, as it shows its fields",
        "deal",
        (
            ("Opportunity", "name", "Chair"),
            ("Company Name", "company", "Azure"),
            ("Contact Name", "contact", "Ann"),
            ("Email", "email", "ann@azure.example"),
            ("Stage", "stage", "Qualified"),
            ("Salesperson", "owner", "Grace"),
            ("Expected Revenue", "value", "1000"),
            ("Recurring Revenues", "recurring", "20"),
            ("Probability", "probability", "0"),
            ("Active", "active", "False"),
            ("Expected Closing", "close_on", "2026-01-01"),
            ("Lost Reason", "lost_reason", "Too expensive"),
        ),
        {"name": "Chair", "company": "Azure", "contact": "Ann", "status": "lost", "lost_reason": "Too expensive"},
    ),
    Format(
        "Odoo, by its technical names",
        "lead",
        (
            ("name", "name", "Desk"),
            ("partner_name", "company", "Azure"),
            ("contact_name", "contact_name", "Brandon"),
            ("email_from", "email", "brandon@azure.example"),
            ("stage_id", "stage", "Qualified"),
            ("user_id", "owner", "Grace"),
            ("team_id", IGNORED, "2"),
            ("expected_revenue", "value", "1000"),
            ("tag_ids", "tags", "Design"),
            ("country_id", "country", "Germany"),
            ("source_id", IGNORED, "7"),
            ("date_deadline", "close_on", "2026-01-01"),
        ),
        {"name": "Desk", "company": "Azure", "contact_name": "Brandon", "email": "brandon@azure.example"},
        file="crm.lead.csv",
    ),
    Format(
        "EspoCRM opportunities",
        "deal",
        (
            ("Name", "name", "Big"),
            ("Account", "company", "Acme"),
            ("Stage", "stage", "Proposal"),
            ("Opportunity Amount Currency", "currency", "USD"),
            ("Opportunity Amount", "value", "500"),
            ("Close Date", "close_on", "2026-01-01"),
            ("Assigned User", "owner", "Grace"),
            ("Created At", "created_at", "2025-01-01 10:00:00"),
        ),
        {"name": "Big", "value": 50_000, "currency": "USD", "owner": "Grace", "created_at": "2025-01-01T10:00:00.000Z"},
        file="Opportunity.csv",
    ),
    Format(
        "EspoCRM leads",
        "lead",
        (
            ("First Name", "first name", "Ada"),
            ("Last Name", "last name", "Lovelace"),
            ("Status", "stage", "Dead"),
            ("Account Name", "company", "Acme"),
            ("Opportunity Amount", "value", "5"),
            ("Address Street", "street", "Road 1"),
            ("Address City", "city", "Berlin"),
            ("Email", "email", "ada@acme.example"),
        ),
        {"name": "Ada Lovelace", "status": "lost", "street": "Road 1", "city": "Berlin"},
        file="Lead.csv",
    ),
    Format(
        "Zoho deals",
        "deal",
        (
            ("Record Id", "external_id", "zcrm_1"),
            ("Deal Owner", "owner", "Grace"),
            ("Deal Owner.id", IGNORED, "zcrm_7"),
            ("Amount", "value", "500"),
            ("Deal Name", "name", "Big"),
            ("Closing Date", "close_on", "2026-01-01"),
            ("Account Name", "company", "Acme"),
            ("Stage", "stage", "Closed Lost to Competition"),
            ("Contact Name", "contact", "Ada"),
            ("Created Time", "created_at", "2025-01-01 10:00:00"),
            ("Modified Time", "updated_at", "2025-02-01 10:00:00"),
            ("Reason For Loss", "lost_reason", "Price"),
            ("Tag", "tags", "hot"),
        ),
        {
            "name": "Big",
            "status": "lost",
            "close_on": "2026-01-01",
            "closed_at": "2026-01-01T00:00:00.000Z",
            "lost_reason": "Price",
            "contact": "Ada",
        },
    ),
    Format(
        "Freshsales deals",
        "deal",
        (
            ("Deal name", "name", "Big"),
            ("Deal value", "value", "500"),
            ("Deal stage", "stage", "Won"),
            ("Sales owner", "owner", "grace@acme.example"),
            ("Related account", "company", "Acme"),
            ("Related contacts", "contact", "ada@engines.example;bo@acme.example"),
            ("Expected close date", "close_on", "2026-01-01"),
            ("Closed date", "closed_at", "2026-01-02"),
            ("Probability (%)", "probability", "100"),
        ),
        {
            "name": "Big",
            "status": "won",
            "contact": "ada@engines.example",
            "closed_at": "2026-01-02T00:00:00.000Z",
            "description": "Related contacts: bo@acme.example",
        },
    ),
    Format(
        "Copper opportunities",
        "deal",
        (
            ("Name", "name", "Big"),
            ("Company", "company", "Acme"),
            ("Primary Contact", "contact", "Ada"),
            ("Owned By", "owner", "Grace"),
            ("Stage", "stage", "Proposal"),
            ("Status", "status", "Abandoned"),
            ("Value", "value", "500"),
            ("Close Date", "close_on", "2026-01-01"),
            ("Win Probability", "probability", "40"),
            ("Loss Reason", "lost_reason", "Price"),
            ("Copper ID", "external_id", "c1"),
        ),
        {"name": "Big", "status": "lost", "owner": "Grace", "lost_reason": "Price", "external_id": "c1"},
    ),
    Format(
        "Salesforce report",
        "deal",
        (
            ("Opportunity Owner", "owner", "Grace"),
            ("Account Name", "company", "Acme"),
            ("Opportunity Name", "name", "Big"),
            ("Stage", "stage", "Prospecting"),
            ("Amount Currency", "currency", "USD"),
            ("Amount", "value", "100"),
            ("Amount (converted) Currency", IGNORED, "EUR"),
            ("Amount (converted)", IGNORED, "90"),
            ("Close Date", "close_on", "2026-01-31"),
        ),
        {"name": "Big", "owner": "Grace", "company": "Acme", "value": 10_000, "currency": "USD"},
    ),
    Format(
        "Monday deals",
        "deal",
        (
            ("Name", "name", "Big"),
            ("Stage", "stage", "Negotiation"),
            ("Owner", "owner", "Grace"),
            ("Deal Value", "value", "500"),
            ("Contacts", "contact", "Ada"),
            ("Accounts", "company", "Acme"),
            ("Close Probability", "probability", "40"),
        ),
        {"name": "Big", "contact": "Ada", "company": "Acme", "probability": 4000},
    ),
    Format(
        "Streak boxes",
        "deal",
        (
            ("Name", "name", "Big"),
            ("Stage", "stage", "Pitched"),
            ("Assigned To", "owner", "Grace"),
            ("Deal Size", "value", "500"),
            ("Close Date", "close_on", "2026-01-01"),
            ("Contacts", "contact", "ada@engines.example"),
            ("Organizations", "company", "Acme"),
            ("Notes", "description", "hello"),
        ),
        {"name": "Big", "value": 50_000, "contact": "ada@engines.example", "company": "Acme", "description": "hello"},
    ),
    Format(
        "Close opportunities",
        "deal",
        (
            ("lead_name", "name", "Acme"),
            ("contact_name", "contact", "Ada"),
            ("status_label", "stage", "Proposal Sent"),
            ("status_type", "status", "active"),
            ("value", "value", "500"),
            ("value_currency", "currency", "USD"),
            ("confidence", "probability", "40"),
            ("user_name", "owner", "Grace"),
            ("date_won", "closed_at", ""),
            ("date_lost", "closed_at", ""),
            ("id", "external_id", "oppo_1"),
        ),
        {"name": "Acme", "contact": "Ada", "currency": "USD", "probability": 4000, "status": "open"},
        told="deal",
    ),
    Format(
        "Close leads",
        "lead",
        (
            ("display_name", "name", "Acme"),
            ("url", "website", "acme.example"),
            ("status_label", "stage", "Potential"),
            ("primary_contact_name", "contact_name", "Ada"),
            ("primary_contact_primary_email", "email", "ada@acme.example"),
            ("primary_contact_primary_phone", "phone", "+1 415 555 0101"),
            ("id", "external_id", "lead_1"),
        ),
        {"name": "Acme", "contact_name": "Ada", "email": "ada@acme.example", "phone": "+1 415 555 0101"},
        file="leads.csv",
    ),
    Format(
        "Apollo",
        "contact",
        (
            ("First Name", "first name", "Ann"),
            ("Last Name", "last name", "Lee"),
            ("Title", "job_title", "CTO"),
            ("Company Name", "company", "Apollo"),
            ("Company Name for Emails", IGNORED, "Apollo"),
            ("Email", "email", "ann@apollo.example"),
            ("Corporate Phone", "more phone", "+1 415 555 0199"),
            ("Work Direct Phone", "phone", "+1 415 555 0101"),
            ("Company Phone", "more phone", "+1 415 555 0199"),
            ("Account Owner", IGNORED, ""),
            ("Contact Owner", "owner", "Grace"),
            ("City", "city", "Paris"),
            ("Company City", IGNORED, "Lyon"),
            ("Apollo Contact Id", "external_id", "ap1"),
        ),
        {"name": "Ann Lee", "phone": "+1 415 555 0101", "city": "Paris", "owner": "Grace", "external_id": "ap1"},
    ),
    Format(
        "Salesloft",
        "contact",
        (
            ("First Name", "first name", "Ann"),
            ("Last Name", "last name", "Lee"),
            ("Email Address", "email", "ann@acme.example"),
            ("Title", "job_title", "CTO"),
            ("Phone", "phone", "1234567"),
            ("Mobile Phone", "mobile", "2345678"),
            ("Company", "company", "Acme"),
            ("Person Stage", IGNORED, "Cold"),
            ("Person ID", "external_id", "9"),
        ),
        {"name": "Ann Lee", "email": "ann@acme.example", "phone": "1234567", "mobile": "2345678", "company": "Acme"},
    ),
    Format(
        "Google contacts",
        "contact",
        (
            ("First Name", "first name", "Ada"),
            ("Middle Name", "middle name", ""),
            ("Last Name", "last name", "Lovelace"),
            ("Organization Name", "company", "Engines"),
            ("Organization Title", "job_title", "Countess"),
            ("Labels", "tags", "Friends ::: * myContacts"),
            ("E-mail 1 - Label", IGNORED, "* Work"),
            ("E-mail 1 - Value", "email", "ada@engines.example ::: ada@old.example"),
            ("Phone 1 - Value", "phone", "+1 415 555 0101 ::: +1 415 555 0102"),
            ("Address 1 - Formatted", IGNORED, "Road 1, London"),
            ("Address 1 - Street", "street", "Road 1"),
            ("Address 1 - City", "city", "London"),
            ("Address 1 - Postal Code", "postal_code", "N1"),
            ("Website 1 - Value", "website", "http://engines.example"),
        ),
        {
            "name": "Ada Lovelace",
            "company": "Engines",
            "job_title": "Countess",
            "tags": ["Friends"],
            "email": "ada@engines.example",
            "phone": "+1 415 555 0101",
            "description": "E-mail 1 - Value: ada@old.example\nPhone 1 - Value: +1 415 555 0102",
            "city": "London",
            "postal_code": "N1",
        },
    ),
    Format(
        "Outlook",
        "contact",
        (
            ("Title", IGNORED, "Mr"),
            ("First Name", "first name", "Bo"),
            ("Last Name", "last name", "Lee"),
            ("Company", "company", "Acme"),
            ("Job Title", "job_title", "CTO"),
            ("Home City", IGNORED, "Lyon"),
            ("Business Street", "street", "Road 1"),
            ("Business City", "city", "Paris"),
            ("Business Country/Region", "country", "France"),
            ("Business Phone", "phone", "1234567"),
            ("Home Phone", "more phone", "2345678"),
            ("Categories", "tags", "hot"),
            ("E-mail Address", "email", "bo@acme.example"),
        ),
        {"name": "Bo Lee", "street": "Road 1", "city": "Paris", "country": "France", "phone": "1234567"},
    ),
    Format(
        "Didar deals",
        "deal",
        (
            ("عنوان معامله", "name", "فروش صندلی"),
            ("شخص", "contact", "علی کریمی"),
            ("شرکت", "company", "آکمه"),
            ("مبلغ (تومان)", "value (تومان)", "۱۲۰۰"),
            ("کاریز", "pipeline", "Sales"),
            ("مرحله کاریز", "stage", "مذاکره"),
            ("وضعیت", "status", "ناموفق"),
            ("مسئول", "owner", "گریس"),
            ("تاریخ ثبت", "created_at", "1404/01/05"),
            ("دلیل شکست", "lost_reason", "قیمت"),
            ("شیوه آشنایی معامله", "source", "وب"),
            ("کد معامله", "external_id", "11"),
        ),
        {
            "name": "فروش صندلی",
            "contact": "علی کریمی",
            "value": 12_000,
            "currency": "IRR",
            "status": "lost",
            "lost_reason": "قیمت",
            "created_at": "2025-03-25T00:00:00.000Z",
            "external_id": "11",
        },
    ),
    Format(
        "Persian people",
        "contact",
        (
            ("کد مشتری", "external_id", "77"),
            ("نام", "first name", "علی"),
            ("نام خانوادگی", "last name", "کریمی"),
            ("شماره همراه", "mobile", "09121234567"),
            ("تلفن ثابت", "phone", "02112345678"),
            ("نام شرکت", "company", "آکمه"),
            ("نحوه آشنایی", "source", "معرفی"),
        ),
        {"name": "علی کریمی", "mobile": "09121234567", "phone": "02112345678", "company": "آکمه", "source": "معرفی"},
    ),
)


@pytest.fixture
def book(book_path: Path) -> Iterator[Context]:
    """An empty SQLite book of the test's own."""
    opened = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
    yield opened
    opened.close()


@pytest.fixture
def put(tmp_path: Path) -> Any:
    """Write a file and give its path."""

    def write(text: str, name: str = "export.csv") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


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
