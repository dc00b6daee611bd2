"""Whose the rows of a file are that speaks of people, firms and sales, and what is said of what they leave out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import UsageError
from crmcli.services import imports
from tests.support.importing import listed
from tests.support.importing import take_as_kind as take

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity


FIRMS = "Company Name,Contact Name,Contact Email,Employees,Annual Revenue,Industry"
APOLLO = """First Name,Last Name,Title,Company,Email,# Employees,Industry,Annual Revenue
Ann,Lee,CTO,Acme,ann@acme.example,12,Steel,100000
Bob,Ray,CEO,Beta,bob@beta.example,5,Food,200000
"""


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (("Acme,Ann Lee,ann@acme.example,12,1000,Steel", "Beta,,,50,2000,Food"), COMPANY),  # half of them name nobody
        (("Acme,Ann Lee,ann@acme.example,12,1000,Steel", "Beta,Bob Ray,bob@beta.example,5,2000,Food"), COMPANY),
        (("Acme,Ann Lee,ann@acme.example,12,1000,Steel", "Acme,Bob Ray,bob@acme.example,12,1000,Steel"), CONTACT),
    ],
)
def test_a_firm_of_which_much_is_known_is_no_person(
    book: Context, put: Any, rows: tuple[str, ...], kind: Entity
) -> None:
    assert imports.plan(book, put("\n".join((FIRMS, *rows)) + "\n", "list.csv")).kind is kind


@pytest.mark.parametrize(
    "titles",
    [
        "Company,Contact,Title,Email,Industry,Employees,Website",  # what they do speaks for the people
        "Contact,Company,Email,Industry",
        "Company,Contact,Mobile,Industry,Employees",
    ],
)
def test_a_person_of_whose_firm_something_is_known_stays_one(book: Context, put: Any, titles: str) -> None:
    cells = {"Company": "Acme", "Contact": "Ann Lee", "Title": "CTO", "Email": "ann@acme.example", "Industry": "Steel",
             "Employees": "12", "Website": "acme.example", "Mobile": "+44 7700 900001"}  # fmt: skip
    row = ",".join(cells[title] for title in titles.split(","))
    assert imports.plan(book, put(f"{titles}\n{row}\n", "list.csv")).kind is CONTACT


@pytest.mark.parametrize(
    ("text", "told", "mapping"),
    [
        (APOLLO, "columns # Employees, Industry, Annual Revenue", {}),
        ("Name,Company,Email,Phone,Industry\nAnn Lee,Acme,ann@acme.example,030 123456,Steel\n"
         "Bob Ray,Beta,bob@beta.example,030 123457,Food\n", "column Industry",
         {"Company": "name", "Email": "-", "Phone": "-"}),
        ("Record Id,First Name,Last Name,Company,Phone,Industry\n7,Ann,Lee,Acme,030 123456,Steel\n"
         "8,Bob,Ray,Beta,030 123457,Food\n", "column Industry", {"Record Id": "-", "Phone": "-"}),
    ],
)  # fmt: skip
def test_what_is_said_of_companies_comes_in_at_a_second_import(
    ctx: Context, put: Any, text: str, told: str, mapping: dict[str, str]
) -> None:
    path = put(text, "contacts.csv")
    made = imports.plan(ctx, path)
    by_hand = "".join(f" --map {shlex.quote(f'{title}={field}')}" for title, field in mapping.items())
    assert made.notes == (
        f"{told}: what is said of companies is not taken in with contacts; "
        f"import it again: --as company --update{by_hand}",
    )
    imports.run(ctx, made)
    done = imports.run(ctx, imports.plan(ctx, path, kind=COMPANY, update=True, mapping=mapping))
    assert (done.new, done.updated) == (0, 2)
    known = {(row["name"], row["industry"], row["email"], row["phone"]) for row in listed(ctx, "company")}
    assert known == {("Acme", "Steel", None, None), ("Beta", "Food", None, None)}  # the addresses are the people's


def test_without_a_column_of_companies_no_second_import_is_told(book: Context, put: Any) -> None:
    text = "Client,Industry,Email\nRuth Fairley,Steel,ruth@x.example\nPaul Okafor,Wood,paul@x.example\n"
    made = imports.plan(book, put(text, "list.csv"))
    assert made.notes == ("column Industry: what is said of companies is not taken in with contacts",)


def test_an_empty_column_is_not_told(book: Context, put: Any) -> None:
    made = imports.plan(book, put("Contact,Company,Email,Industry\nAnn Lee,Acme,ann@acme.example,\n", "list.csv"))
    assert (made.kind, made.notes) == (CONTACT, ())


def test_a_column_that_fills_far_down_is_told(book: Context, put: Any) -> None:
    rows = "".join(f"Ann{i} Lee,Acme{i},ann{i}@acme.example,{'Steel' * (i == 1499)}\n" for i in range(1500))
    made = imports.plan(book, put(f"Contact,Company,Email,Industry\n{rows}", "contacts.csv"))
    assert [note.partition(":")[0] for note in made.notes] == ["column Industry"]


def test_what_is_left_out_by_hand_is_not_told(book: Context, put: Any) -> None:
    mapping = {"# Employees": "-", "Industry": "", "Annual Revenue": "description"}
    assert imports.plan(book, put(APOLLO, "list.csv"), mapping=mapping).notes == ()


def test_figures_of_sales_beside_people_are_told(book: Context, put: Any) -> None:
    text = "Name,Email,Phone,Company,Value\nAnn Lee,ann@acme.example,030 123456,Acme,12\n"
    made = imports.plan(book, put(text, "contacts.csv"), kind=CONTACT)
    assert made.notes == ("column Value: what is said of sales is not taken in with contacts; --as lead takes it in",)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id,title,organization,person,value,currency,status,stage\n1,Roof,Acme,Ann Lee,120,EUR,open,New\n", "x.csv"),
        ("id,title,organization,person,value,currency,status\n1,Roof,,Ann Lee,120,EUR,won\n", "list.csv"),
        ('{"data":[{"id":1,"title":"Roof","value":120,"currency":"EUR","status":"open","organization":{"id":7,"name":'
         '"Acme"},"person":{"id":9,"name":"Ann Lee","email":"ann@acme.example"}}]}', "page.json"),
    ],
)  # fmt: skip
def test_a_title_beside_a_value_its_currency_and_how_it_stands_is_that_of_the_sale(
    book: Context, put: Any, text: str, name: str
) -> None:
    done = take(book, put(text, name))
    assert (done.kind, done.new) == ("deals", 1)
    (row,) = listed(book, "deal")
    assert (row["name"], row["contact"], row["value"], row["currency"]) == ("Roof", "Ann Lee", 120_00, "EUR")


def test_the_job_of_who_buys_is_no_sale(book: Context, put: Any) -> None:
    text = "Contact Name,title,organization,value,currency,stage\nAnn Lee,Sales Manager,Acme,120,EUR,New\n"
    made = imports.plan(book, put(text, "list.csv"))
    assert (made.kind, [column.to for column in made.columns[:2]]) == (LEAD, [("name",), ("job_title",)])


def test_figures_of_sales_are_not_lost_on_people(book: Context, put: Any) -> None:
    text = "person,title,organization,value,currency,stage\nAnn Lee,Sales Manager,Acme,120,EUR,New\n"
    made = imports.plan(book, put(text, "list.csv"))
    assert (made.kind, made.fits.nameless) == (None, ("deal",))


@pytest.mark.parametrize(
    ("titles", "row"),
    [
        ("معامله,شرکت,مبلغ (میلیون تومان),مرحله", "سقف,آلفا,۱۲,جدید"),
        ("فرصت,شرکت,مبلغ تومان,مرحله", "سقف,آلفا,۱۲,جدید"),
        ("Geschäft,Firma,Summe netto,Phase", "Dach,Acme,12,Neu"),
        ("Affaire,Société,Montant HT (k€),Étape", "Toit,Acme,12,Nouveau"),
        ("Oportunidad,Empresa,Valor,Etapa", "Techo,Acme,12,Nuevo"),
        ("Fırsat,Şirket,Değer,Aşama", "Çatı,Acme,12,Yeni"),
    ],
)
def test_deals_are_called_so_in_other_languages(book: Context, put: Any, titles: str, row: str) -> None:
    made = imports.plan(book, put(f"{titles}\n{row}\n", "list.csv"))
    assert made.kind is DEAL
    assert [column.to for column in made.columns] == [("name",), ("company",), ("value",), ("stage",)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Customer,Email,Phone\nAcme Ltd,info@acme.example,\nBeta GmbH,office@beta.example,\n", COMPANY),
        ("Kunde;Ort;Umsatz\nAcme AG;Berlin;1200\nWerk GmbH;Ulm;900\n", COMPANY),
        ("Company,Email\nAcme,info@acme.example\nAcme Services,info@acme.example\n", COMPANY),
        ('{"name":"Harrow Ltd","employees":20,"contact":{"name":"Ann Lee","email":"ann@x.example"}}\n', COMPANY),
        ("Customer,Email,Phone\nAnn Lee,ann@x.example,\nBeta GmbH,office@beta.example,\n", CONTACT),
        ("id,name,email,company_id,company\n7,Ann Lee,ann@harrow.example,70,Harrow\n", CONTACT),
        ("Kunde;Name;Ort;E-Mail;Telefon\nAcme AG;Ute Bach;Berlin;ute@x.example;030 111111\n", CONTACT),
        ('{"id":"cus_1","object":"customer","name":"Ann Lee","email":"ann@x.example","phone":'
         '"030 1","currency":"gbp"}\n', CONTACT),
        ("Opportunity,Company,First Name,Last Name,Email,Value,Stage\nRoof,Acme,Ann,Lee,ann@x.example,12,New\n", DEAL),
        ("Client,Projet,Montant HT,Statut\nAcme,Toit,12,en cours\n", DEAL),
        ("Prospect,Company,Phone,Source\nAnn Lee,Harrow Ltd,+44 20 7946 0001,Fair\n", LEAD),
        ("Name,Company,Product,Value,Stage\nRuth Fairley,Acme,Gear,120,New\nPaul Okafor,Loom,Cog,90,Won\n", LEAD),
        ("Contact Name,Title,Company,Email,Deal Value,Close Date\nAnn Lee,CTO,Acme,a@x.example,12,2026-12-01\n", LEAD),
        ("Name,Email,Total\n#1001,ann@x.example,12\n", DEAL),
        ("Title,Company,Value,Stage,Owner\nRoof renewal,Zinc Inc,12,New,\nGate,Bolt,3,Won,\n", DEAL),
        ("Title,Customer,Value,Status\nRoof,Harrow Ltd,12,open\n", DEAL),
        ("Name,Company,Value,Stage,Project\nRuth Fairley,Harrow Ltd,12,New,Roof\nRuth Fairley,Harrow Ltd,3,New,Gate\n",
         DEAL),
        ("Project,Company,Amount,Lead Source,Owner\nRoof,Harrow Ltd,12,Web,\nGate,Loom Co,3,Fair,\n", DEAL),
        ("Angebot;Firma;Person;Währung;Wahrscheinlichkeit;Status\nA1;Werk;Ute Bach;EUR;50;offen\n", DEAL),
        ("Angebot;Firma;Betrag;Telefon;E-Mail\nA1;Werk GmbH;12;030 111;info@werk.example\n", DEAL),
        ("پروژه,رابط,مبلغ,مرحله\nسقف,نیما کاوه,12,جدید\nانبار,سارا امینی,3,مذاکره\n", DEAL),
        ("Project,Attendee,Value,Status,Email\nRoof,Ruth Fairley,12,New,ruth@x.example\n", DEAL),
        ("Name;Firma;Mobil;Umsatz\nUte Bach;Brotwerk AG;0171 1234567;12000\n", CONTACT),
        ("Name,Company Name,Annual Revenue,Email\nRuth Fairley,Harrow Ltd,12,\nPaul Okafor,Loom Co,5,\n", CONTACT),
        ("Firma;Branche;Mitarbeiter;Kontakt;Position;E-Mail\nBrotwerk;Brot;50;Ute Bach;Leiterin;u.bach@b.example\n"
         "Werk;Stahl;20;Jonas Kehl;Einkauf;j.kehl@w.example\nDach;Bau;5;;;info@d.example\n", CONTACT),
        ("Subject,Due Date,Stage,Company\nCall back,2026-12-01,To do,Harrow\n", TASK),
        ("Ansprechpartner;Titel;Firma;Wert;Abschlussdatum\nUte Bach;Dr.;Acme;12;01.12.2026\n", LEAD),
    ],
)  # fmt: skip
def test_whose_a_list_is(book: Context, put: Any, text: str, kind: Entity) -> None:
    assert imports.plan(book, put(text, "list.jsonl" if text.startswith("{") else "list.csv")).kind is kind


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Invoice,Customer,Amount,Status\nINV-1,Acme,12,open\nINV-2,Acme,9,paid\n", ((), ("deal",))),
        ("Order,Customer,Total,Date\n1001,Acme Ltd,12,2026-01-02\n1002,Beta AG,9,2026-01-03\n", ((), ("deal",))),
        ("Invoice,Customer,Amount,Status\nINV-1,Acme Ltd,12,open\nINV-2,Beta AG,9,paid\n", ((), ("deal",))),
        ("Order ID,Customer,Email,Total\n1001,Ann Lee,a@x.example,12\n1002,Bob Ray,b@x.example,9\n", ((), ("deal",))),
        ("Project,Company,Budget,Start\nRoof,Acme Ltd,12,2026-01-01\n", (("company",), ("deal",))),
        ('{"company":"Engines Ltd","contacts":[{"name":"Ann Lee","email":"a@x.example"}]}\n', (("company",), ())),
    ],
)  # fmt: skip
def test_sales_that_nothing_calls_are_asked_about(
    book: Context, put: Any, text: str, kinds: tuple[tuple[str, ...], ...]
) -> None:
    made = imports.plan(book, put(text, "list.jsonl" if text.startswith("{") else "list.csv"))
    assert (made.kind, made.fits) == (None, kinds)


def test_people_in_a_table_that_speaks_of_deals_are_leads(book: Context, put: Any) -> None:
    titles = "Contact Name,Company,Industry,Deal Value,Deal Stage,Lead Source"
    done = take(book, put(f"{titles}\nAnn Lee,Acme,Steel,120,New,Web\n", "list.csv"))
    (row,) = listed(book, "lead")
    assert (done.kind, row["name"], row["value"], row["source"]) == ("leads", "Ann Lee", 120_00, "Web")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Contact Name,Title,Account Name,Amount,Close Date\nAnn Lee,CTO,Acme,12,2026-12-01\n", "say it: --as lead"),
        ("Job,Client,Value,Status,Due\nRoof,Acme,12,open,2026-12-01\n",
         "say it: --as contact or --as company; or --as lead or --as deal or --as task with --map 'COLUMN=name'"),
        ("Topic of it,Company,Value,Stage\nRoof,Acme,12,New\n",
         "say it: --as company; or --as lead or --as deal with --map 'COLUMN=name'"),
    ],
)  # fmt: skip
def test_what_is_asked_names_the_kinds_that_a_file_fits(book: Context, put: Any, text: str, said: str) -> None:
    made = imports.plan(book, put(text, "list.csv"))
    assert made.kind is None
    with pytest.raises(UsageError) as raised:
        imports.check(made)
    assert raised.value.message.endswith(said)


def test_a_yes_of_who_buys_is_no_name(book: Context, put: Any) -> None:
    made = imports.plan(book, put("Deal,Customer,Value\nRoof,yes,12\nCell,no,13\n", "deals.csv"))
    assert [column.to for column in made.columns] == [("name",), (), ("value",)]


def test_addresses_of_somebody_else_are_nobody_s_own(book: Context, put: Any) -> None:
    titles = "Name,Email,Manager Email,Assistant's Phone,Spouse Email,Emergency Phone,Phone"
    row = "Ann Lee,a@x.example,m@x.example,030 1,s@x.example,112,030 2"
    made = imports.plan(book, put(f"{titles}\n{row}\n", "people.csv"))
    assert [column.to for column in made.columns] == [("name",), ("email",), (), (), (), (), ("phone",)]


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("Company,Website,Industry,Lead Status\nHarrow Ltd,harrow.example,Steel,New\n",
         ("column Lead Status: what is said of sales is not taken in with companies; "
          "--as lead --map Company=name takes it in",)),
        ("Company,Stand-in,Job title,Industry,Employees\nHarrow Ltd,Ruth Fairley,CTO,Steel,5\n"
         "Loom Co,Paul Okafor,CEO,Wool,7\n",
         ("columns Stand-in, Job title: the people of companies are not taken in with them; "
          "--as contact takes in both",)),
        ("Name,Contact,Email,Industry\nHarrow Ltd,Ruth Fairley,ruth@harrow.example,Steel\n",
         ("column Contact: the people of companies are not taken in with them; "
          "--as contact --map Name=company --map Contact=name takes in both",)),
    ],
)  # fmt: skip
def test_what_companies_leave_out_is_told(book: Context, put: Any, text: str, notes: tuple[str, ...]) -> None:
    made = imports.plan(book, put(text, "customers.csv"))
    assert (made.kind, made.notes) == (COMPANY, notes)


def test_the_people_of_companies_come_in_as_was_told(ctx: Context, put: Any) -> None:
    path = put("Name,Contact,Email,Industry\nHarrow Ltd,Ruth Fairley,ruth@harrow.example,Steel\n", "customers.csv")
    imports.run(ctx, imports.plan(ctx, path, kind=CONTACT, mapping={"Name": "company", "Contact": "name"}))
    assert [(row["name"], row["company"]) for row in listed(ctx, "contact")] == [("Ruth Fairley", "Harrow Ltd")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("leads", "Company,Website,Phone,City\nHarrow Ltd,harrow.example,+44 20 7946 0001,London\n"),
        ("deals", "Company,Contact,Value,Stage\nHarrow Ltd,Ruth Fairley,12,New\n"),
    ],
)
def test_a_name_of_a_file_that_its_columns_contradict_is_asked_about(
    book: Context, put: Any, name: str, text: str
) -> None:
    assert imports.plan(book, put(text, f"{name}.csv")).kind is None
