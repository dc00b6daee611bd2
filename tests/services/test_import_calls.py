"""Lists of calls and mails as telephones and programs export them, told from lists of people, sales and tasks that say
besides who came to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.errors import UsageError
from crmcli.services import imports, records
from crmcli.services.imports.happened_words import are_directions, direction_of
from tests.services.test_import_together import together
from tests.support.importing import listed, rows, take

if TYPE_CHECKING:
    from crmcli.context import Context

NUMBER = "+49 30 901820"


@pytest.fixture
def lene(ctx: Context) -> Context:
    records.add(ctx, CONTACT, {"name": "Lene Falk", "email": "l@x.example", "phone": NUMBER})
    return ctx


def happened(ctx: Context) -> list[tuple[Any, ...]]:
    names = ("contact", "kind", "direction", "minutes", "body")
    return [tuple(row[name] for name in names) for row in rows(ctx, INTERACTION)]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("list", "First Name,Last Name,Email,Date,Inbound/Outbound,Note\nA,B,a@x.example,2026-05-01,in,x\n", CONTACT),
        ("list", "Vorname;Nachname;E-Mail;Datum;Richtung;Notizen\nA;B;a@x.example;01.05.2026;Eingang;x\n", CONTACT),
        ("list", "Name,Email,Phone,Date,Direction,Notes\nA,a@x.example,030 901820,2026-05-01,Inbound,x\n", CONTACT),
        ("list", "Nombre;Empresa;Teléfono;Fecha;Sentido;Notas\nA;C;911222333;01/05/2026;Entrante;x\n", CONTACT),
        ("leads-q3", "Name,Email,Company,Date,Direction,Notes\nA,a@x.example,C,2026-05-01,Inbound,x\n", LEAD),
        ("leads-q3", "Name,Email,Company,Date,Channel,Direction,Note\nA,a@x.example,C,2026-05-01,Phone,in,x\n", LEAD),
        ("سرنخ‌ها", "نام,شرکت,موبایل,تاریخ,ورودی/خروجی,توضیحات\nرضا,C,09121112233,1405/02/12,ورودی,خوب\n", LEAD),
        ("event 2026", "Name,Email,Company,Date,Direction,Notes\nA,a@x.example,C,2026-05-01,in,x\n", CONTACT),
        ("emails", "Name,Email,Date,Direction,Notes\nA,a@x.example,2026-05-01,Inbound,x\n", INTERACTION),
        ("interactions", "Company,Website,Date,Direction,Notes\nC,c.example,2026-05-01,Inbound,x\n", INTERACTION),
        ("list", "Deal,Company,Amount,Date,Direction,Stage,Notes\nRoof,C,5 EUR,2026-05-01,Inbound,Qualified,x\n", DEAL),
        ("list", "Affaire;Société;Montant;Date;Sens;Notes\nToit;C;5000 EUR;01/05/2026;Entrant;x\n", DEAL),
        ("companies", "Company,Website,Date,Direction,Notes\nC,c.example,2026-05-01,Inbound,x\n", COMPANY),
        ("شرکت‌ها", "شرکت,وب‌سایت,تاریخ,جهت,توضیحات\nسامان,s.example,1405/02/12,ورودی,x\n", COMPANY),
        ("list", "Task,Contact,Date,Direction,Notes\nWrite,A,2026-05-01,Out,x\n", TASK),
        ("tasks", "Subject,Date,Type,Direction,Contact\nWrite,2026-05-01,Call,Out,A\n", TASK),
        ("list", "Subject,Date,Direction,Contact,Priority\nWrite,2026-05-01,Out,A,High\n", TASK),
    ],
)  # fmt: skip
def test_a_direction_alone_makes_no_list_of_what_happened_of_another_one(
    ctx: Context, put: Any, name: str, text: str, kind: Any
) -> None:
    """Leads come in and go out as well: a file that has what they have keeps it, unless its own name says otherwise."""
    assert imports.plan(ctx, put(text, f"{name}.csv")).kind is kind


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list", "Aufgabe;Kontakt;Datum;Richtung;Notiz\nAngebot;A;01.05.2026;Ausgang;x\n"),
        ("list", "Company,Website,Date,Direction,Notes\nC,c.example,2026-05-01,Inbound,x\n"),
        ("invoices", "Company,Date,In/Out,Amount,Notes\nC,2026-05-01,Out,500,x\n"),
        ("customers", "Name,Date,Direction,Notes\nC,2026-05-01,Inbound,x\n"),
        ("list", "Name,Company,Date,Direction,Notes\nA,C,2026-05-01,Inbound,x\n"),
    ],
)
def test_a_file_that_may_be_either_is_asked_about(ctx: Context, put: Any, name: str, text: str) -> None:
    with pytest.raises(UsageError, match="--as interaction"):
        imports.check(imports.plan(ctx, put(text, f"{name}.csv")))


def test_people_whose_list_says_what_was_talked_have_a_note(ctx: Context, put: Any) -> None:
    path = put("Name,Email,Company,Date,Type,Direction\nA,a@x.example,C,2026-05-01,Call,Inbound\n", "leads.csv")
    assert imports.plan(ctx, path).notes == (
        "it may be a list of what happened with these leads: --as interaction takes it so",
    )


ZOHO = (
    "Record Id,Call Owner,Subject,Call Type,Call Start Time,Contact Name,Description,Reminder\n"
    "zcrm_1,me,Offer,Outbound,2026-05-01 14:30:00,Lene Falk,talked,None\n"
    "zcrm_2,me,Roof,Missed,2026-05-02 14:30:00,Lene Falk,,None\n"
)
HUBSPOT = (
    "Record ID,Call Title,Activity date,Call direction,Call duration,Call notes,Associated Contact\n"
    "1,Offer,2026-05-01 14:30,OUTBOUND,00:05:30,talked,Lene Falk (l@x.example)\n"
    "2,Roof,2026-05-02 09:05,INBOUND,,,Lene Falk (l@x.example)\n"
)
MAILS = (
    "Record ID,Email subject,Email body,Activity date,Email direction,Associated Contact\n"
    "1,Offer,talked,2026-05-01 14:30,EMAIL,Lene Falk (l@x.example)\n"
    "2,Roof,,2026-05-02 14:30,INCOMING_EMAIL,Lene Falk (l@x.example)\n"
)


@pytest.mark.parametrize(
    ("text", "kind", "minutes"), [(ZOHO, "call", None), (HUBSPOT, "call", 6), (MAILS, "email", None)]
)
def test_exports_of_calls_and_mails_come_in_as_such(
    lene: Context, put: Any, text: str, kind: str, minutes: int | None
) -> None:
    done = take(lene, put(text))
    assert (done.kind, done.new, done.refused) == ("interactions", 2, 0)
    assert happened(lene) == [
        ("Lene Falk", kind, "out", minutes, "Offer\ntalked"), ("Lene Falk", kind, "in", None, "Roof"),
    ]  # fmt: skip
    again = take(lene, put(text))
    assert (again.new, again.same) == (0, 2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("anrufliste", "Datum;Zeit;Name;Rufnummer;Richtung;Dauer\n01.05.2026;14:30;Lene Falk;+4930901820;Ein;0:05\n"),
        ("call-log", "Name,Number,Type,Date,Duration\nLene Falk,+4930901820,Incoming,2026-05-01 14:30:00,5\n"),
        ("export", "Number,Type,Date,Duration,Direction\n+4930901820,Call,2026-05-01 14:30:00,5,Incoming\n"),
        ("list", "Date,Caller number,Direction,Duration\n2026-05-01 14:30,0049 30 901820,Incoming call,5\n"),
        ("list", "Date,First name,Last name,Direction,Duration\n2026-05-01 14:30,Lene,Falk,Inbound,5\n"),
        ("calls", "Date,Contact,Direction,Duration\n2026-05-01 14:30,Lene Falk,Inbound,5\n"),
        ("list", "Date;Heure;Contact;Sens;Durée\n13/05/2026;14:30;Lene Falk;Entrant;5\n"),
        ("list", "Tarih;Saat;Kişi;Yön;Süre\n01.05.2026;14:30;Lene Falk;Gelen;5\n"),
        ("list", "تاریخ,ساعت,مخاطب,جهت,مدت\n۱۴۰۵/۰۲/۱۱,۱۴:۳۰,Lene Falk,ورودی,۵\n"),
        ("تماس‌ها", "نام,نوع تماس,تاریخ,مدت\nLene Falk,ورودی,1405/02/11 14:30,5\n"),
    ],
)  # fmt: skip
def test_a_list_of_calls_needs_neither_texts_nor_kinds(lene: Context, put: Any, name: str, text: str) -> None:
    done = take(lene, put(text, f"{name}.csv"))
    assert (done.kind, done.new, done.refused) == ("interactions", 1, 0)
    assert happened(lene) == [("Lene Falk", "call", "in", 5, None)]


def test_the_kind_of_a_list_is_told_by_its_name_or_titles(lene: Context, put: Any) -> None:
    """Where nothing tells it, a text is a note, and a note wants a text."""
    text = "Date,Contact,Direction\n2026-05-01,Lene Falk,in\n"
    for name, title, kind in (
        ("Calls", "Date", "call"), ("mails", "Date", "email"), ("export", "Call date", "call"),
        ("export", "Meeting date", "meeting"), ("2026 ایمیل‌ها", "Date", "email"), ("mails", "Call date", "call"),
    ):  # fmt: skip
        made = imports.plan(lene, put(text.replace("Date", title), f"{name}.csv"), kind=INTERACTION)
        assert [(one.to, one.fixed) for one in made.columns[3:]] == [(("kind",), kind)]
    with pytest.raises(UsageError, match="is recognised as an interaction's text"):
        imports.plan(lene, put(text), kind=INTERACTION)
    for title in ("Text", "Message", "Notes"):
        path = put(f"Date,Contact,{title}\n2026-05-01,Lene Falk,x\n")
        assert imports.plan(lene, path, kind=INTERACTION).columns[-1].header == title
    text = "Date,Contact,Type,Duration\n2026-05-01,Lene Falk,Meeting,5\n2026-05-02,Lene Falk,,5\n"
    assert take(lene, put(text, "calls.csv"), kind=INTERACTION).refused == 1


def test_words_of_directions(lene: Context, put: Any) -> None:
    """What was between colleagues came to nobody; most words tell what a column is, and others are refused in it."""
    assert [direction_of(word) for word in ("Internal", "داخلی", "FORWARDED_EMAIL", "Missed call", "dialled")] == [
        "", "", "", "in", "out",
    ]  # fmt: skip
    assert are_directions({"Inbound", "Internal", "Voicemail"})
    assert not are_directions({"Internal"})
    assert not are_directions({"Answered", "Rejected"})
    assert not are_directions({"Email", "Call", "Inbound"})
    words = ("Incoming call", "Internal", "Voicemail", "Sent SMS")
    text = "Date,Contact,Type,Notes\n" + "".join(f"2026-05-0{i},Lene Falk,{one},x\n" for i, one in enumerate(words, 1))
    done = take(lene, put(text, "list.csv"))
    assert [(row[1], row[2]) for row in happened(lene)] == [("call", "in"), ("call", None), ("message", "out")]
    assert [reason for *_, reason in done.listed] == ["'Voicemail' is not one of: in, out"]


def test_the_telephone_beside_a_name_tells_who_it_was(lene: Context, put: Any) -> None:
    """Where the name does not; a number that the book does not have, or that several have, tells nobody."""
    for one in ({"phone": "+49 30 111111"}, {"mobile": "+49 30 111112"}, {"name": "Bo", "phone": "+49 30 111113"},
                {"name": "Cy", "phone": "+49 30 111113"}):  # fmt: skip
        records.add(lene, CONTACT, {"name": "Ada", **one})
    cells = (
        "Ada,0049 30 111111", "Ada,+4930111112", ",+4930111112", "Unknown,+4930901820", "Bo,+49 30 111111",
        "Bo,anonymous", "Ada,+4930111119", "Ada,+4930111113", ",+4930111119", ",+4930111113", ",private",
    )  # fmt: skip
    text = "Date,Name,Phone,Direction,Duration\n"
    text += "".join(f"2026-05-{i:02},{one},in,5\n" for i, one in enumerate(cells, 1))
    done = take(lene, put(text, "calls.csv"))
    found = [row["contact_id"] for row in listed(lene, "interaction")]
    assert found == [2, 3, 3, 1, 4, 4]
    assert [reason for *_, reason in done.listed] == [
        "'Ada' fits 2 records: contact:2, contact:3; write which, as contact:2",
        "'Ada' fits 2 records: contact:2, contact:3; write which, as contact:2",
        "there is no contact with +4930111119",
        "'+4930111113' fits several records that this file brings or the book has",
        "it says no lead or deal, contact or company",
    ]


@pytest.mark.parametrize(
    ("kind", "titles", "cells"),
    [
        (TASK, "Task,Due date,Contact,Contact Email", "Ring,2026-11-13"),
        (TASK, "Activity - Subject,Activity - Due date,Person - Name,Person - Email", "Ring,2026-11-13"),
        (TASK, "Task,Due date,Contact,E-Mail", "Ring,2026-11-13"),
        (INTERACTION, "Notes,Date,Contact Name,Contact Email", "x,2026-05-01"),
        (INTERACTION, "Notes,Date,Name,E-Mail", "x,2026-05-01"),
    ],
)
def test_the_address_beside_a_name_tells_whom_it_is_about(
    lene: Context, put: Any, kind: Any, titles: str, cells: str
) -> None:
    records.add(lene, CONTACT, {"name": "Lene Falk", "email": "other@x.example"})
    text = f"{titles}\n{cells},Lene Falk,other@x.example\n{cells},,l@x.example\n"
    assert take(lene, put(text), kind=kind).refused == 0
    assert [row["contact_id"] for row in listed(lene, kind.name)] == [2, 1]


def test_addresses_that_tell_nobody_leave_tasks_as_they_are(lene: Context, put: Any) -> None:
    """Nobody's address, what is none, and one in a column of which nothing says that it is the person's."""
    text = "Task,Due date,Contact,Contact Email\n"
    cells = ("Lene Falk,new@x.example", "Lene Falk,soon", ",n@x.example")
    text += "".join(f"Ring {number},2026-11-13,{one}\n" for number, one in enumerate(cells))
    assert take(lene, put(text), kind=TASK).refused == 0
    assert take(lene, put("Task,Due date,Email\nWrite,2026-11-13,l@x.example\n"), kind=TASK).refused == 0
    assert [row["contact_id"] for row in listed(lene, "task")] == [1, 1, None, None]


def test_mails_of_addresses_alone_come_in(lene: Context, put: Any) -> None:
    text = "Date,Email,Subject,Direction\n2026-05-01,l@x.example,Offer,in\n2026-05-01,nobody@x.example,Offer,in\n"
    done = take(lene, put(text, "mails.csv"))
    assert (done.kind, done.new) == ("interactions", 1)
    assert [reason for *_, reason in done.listed] == ["there is no contact with nobody@x.example"]


def test_calls_find_the_people_of_the_file_before(ctx: Context, put: Any) -> None:
    people = put("Name,Email,Phone\nLene Falk,l@x.example,+49 30 901820\n", "contacts.csv")
    calls = put("Date,Number,Direction,Duration\n2026-05-01 14:30,+4930901820,in,5\n", "calls.csv")
    assert [one.new for one in together(ctx, calls, people)] == [1, 1]
    assert happened(ctx)[0][0] == "Lene Falk"
