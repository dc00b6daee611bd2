"""With whom something happened: the people of one cell, the ids of another program, names beside addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.errors import UsageError
from crmcli.services import imports, records
from tests.support.importing import listed, take

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.fixture
def book(ctx: Context) -> Context:
    records.add(ctx, CONTACT, {"name": "Ada Lovelace", "email": "ada@acme.example"})
    records.add(ctx, CONTACT, {"name": "Jean Dupont", "email": "jean@dupont.example"})
    return ctx


@pytest.mark.parametrize(
    ("title", "cell", "rest"),
    [
        ("Contact", "ada@acme.example, jean@dupont.example", "Contact: jean@dupont.example"),
        ("Contact", "Ada Lovelace (ada@acme.example);Jean Dupont (jean@dupont.example)",
         "Contact: Jean Dupont (jean@dupont.example)"),
        ("Contact", "Ada Lovelace; Jean Dupont", "Contact: Jean Dupont"),
        ("Associated Contact", "Ada Lovelace (ada@acme.example);x@x.example", "Associated Contact: x@x.example"),
        ("Email", "ada@acme.example; jean@dupont.example", "Email: jean@dupont.example"),
        ("Email", "Ada Lovelace <ada@acme.example>", ""),
    ],
)  # fmt: skip
def test_further_people_of_a_cell_are_kept_in_the_text(
    book: Context, put: Any, title: str, cell: str, rest: str
) -> None:
    path = put(f'Date,Type,{title},Text\n2026-05-05,meeting,"{cell}",hello\n')
    done = take(book, path, kind=INTERACTION)
    (one,) = listed(book, "interaction")
    assert (done.new, done.refused, one["contact"]) == (1, 0, "Ada Lovelace")
    assert one["body"] == "\n".join(filter(None, ("hello", rest)))
    assert take(book, path, kind=INTERACTION).same == 1


def test_further_people_of_a_task_are_kept_as_well(book: Context, put: Any) -> None:
    take(book, put("Task,Due,Contact\nplan,2026-06-05,Ada Lovelace; Jean Dupont\n"), kind=TASK)
    assert [(one["contact"], one["description"]) for one in listed(book, "task")] == [
        ("Ada Lovelace", "Contact: Jean Dupont")
    ]


def test_what_is_no_address_is_kept_in_the_text(book: Context, put: Any) -> None:
    take(book, put("Date,Type,Contact,Email,Text\n2026-05-05,call,Ada Lovelace,none known,x\n"), kind=INTERACTION)
    assert [one["body"] for one in listed(book, "interaction")] == ["x\nEmail: none known"]


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("Associated Contact IDs", "contact"), ("Contact Id", "contact"), ("Company ID", "company"),
        ("Deal ID", "opportunity"), ("Lead ID", "opportunity"), ("WhoId", "contact"), ("WhatId", "opportunity"),
    ],
)  # fmt: skip
def test_the_ids_of_another_program_link_what_happened(ctx: Context, put: Any, title: str, link: str) -> None:
    kind = {"contact": CONTACT, "company": COMPANY, "opportunity": LEAD if title == "Lead ID" else DEAL}[link]
    take(ctx, put("Record ID,Name\n9001,Zoe Quinn\n", "those.csv"), kind=kind)
    path = put(f"Record ID,Call title,Call direction,Activity date,Call notes,{title}\n"
               "7001,Hi,Outbound,2026-05-05 15:05,talk,9001\n"
               "7002,Lo,Outbound,2026-05-05 16:05,talk,9002\n")  # fmt: skip
    done = take(ctx, path, kind=INTERACTION)
    assert [one[link] for one in listed(ctx, "interaction")] == ["Zoe Quinn"]
    assert [reason for *_, reason in done.listed] == [
        "the book has no record with the id 9002: import that record first"
    ]
    assert take(ctx, path, kind=INTERACTION).same == 1


def test_calls_link_to_people_of_the_same_import(ctx: Context, put: Any) -> None:
    files = [
        (put("Record ID,First Name,Last Name,Email\n9001,Zoe,Quinn,zoe@q.example\n", "contacts.csv"), ""),
        (put("Record ID,Call title,Call direction,Activity date,Call notes,Associated Contact IDs\n"
             "7001,Hi Zoe,Outbound,2026-05-05 15:05,talk,9001\n", "calls.csv"), ""),
    ]  # fmt: skip
    imports.run_all(ctx, imports.plan_all(ctx, files))
    assert [one["contact"] for one in listed(ctx, "interaction")] == ["Zoe Quinn"]


def test_a_role_that_the_kind_has_not_is_refused(ctx: Context, put: Any) -> None:
    path = put("Date,Contact,Text,X\n2026-05-05,Ada,x,y\n")
    with pytest.raises(UsageError, match="interaction has no field 'is done' to map 'X' to"):
        imports.plan(ctx, path, kind=INTERACTION, mapping={"X": "is done"})


def test_people_who_are_named_alone_take_part_by_their_addresses(book: Context, put: Any) -> None:
    """As `crm task add --attendees` takes them; of whom the book has no address, they are told."""
    records.add(book, CONTACT, {"name": "Bob"})
    path = put("Subject,Start,Location,Attendees\n"
               "a,2026-12-10 09:30,Berlin,Ada Lovelace\n"
               'b,2026-12-10 10:30,Berlin,"bob@example.org, jean dupont"\n'
               "c,2026-12-10 11:30,Berlin,Ada Lovelace; Bob; Zoe\n"
               "d,2026-12-10 12:30,Berlin,Ada Lovelace (ada@other.example)\n")  # fmt: skip
    assert (take(book, path, kind=TASK).refused, take(book, path, kind=TASK).same) == (0, 4)
    found = {one["name"]: (one["attendees"], one["description"]) for one in listed(book, "task")}
    assert found == {
        "a": ("Ada Lovelace <ada@acme.example>", None),
        "b": ("bob@example.org, Jean Dupont <jean@dupont.example>", None),
        "c": ("Ada Lovelace <ada@acme.example>", "Attendees: Bob, Zoe"),
        "d": ("Ada Lovelace <ada@other.example>", None),
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("events", "Title,From,To,Location,All day,Contact Name,Related To,Host\n"
                   "Demo,2026-12-10 15:00,2026-12-10 16:30,Berlin,false,Ada Lovelace,Pilot,grace\n"),
        ("list", "Betreff,Beginn,Ende,Ort,Teilnehmer,Notizen\n"
                 "Demo,10.12.2026 15:00,10.12.2026 16:30,Berlin,ada@acme.example; jean@dupont.example,x\n"),
        ("list", "Name,Asunto,Inicio,Fin,Lugar\nAda Lovelace,Demo,2026-12-10 15:00,2026-12-10 16:30,Berlin\n"),
    ],
)  # fmt: skip
def test_a_list_of_meetings_is_none_of_people(book: Context, put: Any, name: str, text: str) -> None:
    assert take(book, put(text, f"{name}.csv")).kind == "tasks"
    (task,) = listed(book, "task")
    assert (task["name"], task["due_at"], task["contact"]) == ("Demo", "2026-12-10T15:00:00.000Z", "Ada Lovelace")


def test_a_list_of_people_with_days_of_start_and_end_stays_one(book: Context, put: Any) -> None:
    path = put("First name,Last name,Email,Start,End\nZoe,Quinn,zoe@x.example,2026-01-01 08:00,2026-12-31 17:00\n")
    assert take(book, path).kind == "contacts"


def test_what_happened_is_known_by_the_names_of_our_fields(book: Context, put: Any) -> None:
    text = ('{"at": "2026-05-05T10:00:00Z", "kind": "call", "direction": "in", "minutes": 5, "text": "x", '
            '"contact": {"name": "Ada Lovelace", "email": "ada@acme.example"}, "company": null}\n')  # fmt: skip
    assert take(book, put(text, "x.jsonl")).kind == "interactions"
    assert [one["contact"] for one in listed(book, "interaction")] == ["Ada Lovelace"]


def test_meetings_happen_when_they_start(book: Context, put: Any) -> None:
    path = put("Record ID,Meeting name,Meeting start time,Meeting end time,Meeting outcome,Associated Contact\n"
               "601,Kick-off,2026-05-05 15:00,2026-05-05 16:30,Completed,ada@acme.example\n")  # fmt: skip
    with pytest.raises(UsageError, match="--as interaction"):
        imports.run(book, imports.plan(book, path))
    assert "--as company" not in imports.plan(book, path).problem
    take(book, path, kind=INTERACTION)
    assert [one["at"] for one in listed(book, "interaction")] == ["2026-05-05T15:00:00.000Z"]


def test_a_column_of_days_that_is_not_understood_is_asked_about(book: Context, put: Any) -> None:
    path = put("Contact,Text,Encounter\nAda Lovelace,x,2026-05-05 15:00\n")
    with pytest.raises(
        UsageError, match="no column is recognised as when it happened, and Encounter may be"
    ) as refused:
        imports.plan(book, path, kind=INTERACTION)
    assert "--map Encounter=at takes Encounter" in refused.value.hint
    assert take(book, path, kind=INTERACTION, mapping={"Encounter": "-"}).new == 1
    assert take(book, path, kind=INTERACTION, mapping={"Encounter": "at"}).new == 1


def test_an_event_of_salesforce_is_an_appointment_in_the_zone_of_the_book(
    ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()
    path = put("Id,WhoId,WhatId,Subject,IsAllDayEvent,ActivityDateTime,ActivityDate,DurationInMinutes,StartDateTime\n"
               "1,,,Late,false,2026-10-10T22:30:00.000Z,2026-10-10,90,2026-10-10T22:30:00.000Z\n"
               "2,,,Free,true,,2026-12-24,1440,\n"
               "3,,,Other,false,2026-12-25T14:00:00.000Z,2026-12-25,60,\n", "Event.csv")  # fmt: skip
    made = imports.plan(ctx, path)
    assert made.profile is not None
    assert made.profile.profile.name == "salesforce-event"
    take(ctx, path)
    assert [(one["name"], one["type"], one["due_on"], one["due_at"]) for one in listed(ctx, "task")] == [
        ("Late", "meeting", "2026-10-11", "2026-10-10T22:30:00.000Z"),
        ("Free", "meeting", "2026-12-24", None),
        ("Other", "meeting", "2026-12-25", "2026-12-25T14:00:00.000Z"),
    ]


@pytest.mark.parametrize(
    ("length", "minutes"),
    [
        ("90s", 2), ("90 Sek.", 2), ("45 s", 1), ("1m 30s", 2), ("5 min 30 sec", 6), ("PT1H30M", 90), ("P1DT2H", 1560),
        ("1 Std. 15 Min. 20 Sek.", 75), ("1 heure 20 minutes 40 secondes", 81), ("90 saniye", 2), ("۹۰ ثانیه", 2),
        ("5 دقیقه و 30 ثانیه", 6), ("0:05:30", 6),
    ],
)  # fmt: skip
def test_lengths_have_seconds(book: Context, put: Any, length: str, minutes: int) -> None:
    path = put(f"Date,Direction,Contact,Duration\n2026-05-05,out,Ada Lovelace,{length}\n", "calls.csv")
    assert take(book, path, kind=INTERACTION).refused == 0
    assert [one["minutes"] for one in listed(book, "interaction")] == [minutes]


def test_words_for_types_of_tasks_are_those_that_the_book_has(ctx: Context, put: Any) -> None:
    words = {
        "call": ("Anruf", "Telefonat", "Calls", "Appel", "Llamada", "Arama", "تماس"),
        "meeting": ("Besprechung", "Termin", "Réunion", "Reunión", "Toplantı", "جلسه"),
        "email": ("E-Mail", "Courriel", "ایمیل"),
        "to-do": ("Aufgabe", "Tarea"),
        "Lunch": ("Lunch",),
    }
    rows = "".join(f"{word},2026-12-10,{word}\n" for some in words.values() for word in some)
    take(ctx, put(f"Task,Due,Type\n{rows}"), kind=TASK)
    found: dict[str, tuple[str, ...]] = {}
    for one in listed(ctx, "task"):
        found[one["type"]] = (*found.get(one["type"], ()), one["name"])
    assert {kind: sorted(some) for kind, some in found.items()} == {kind: sorted(some) for kind, some in words.items()}


def test_leads_are_reached_by_their_addresses(book: Context, put: Any) -> None:
    records.add(book, LEAD, {"name": "Big order", "email": "lead@big.example"})
    path = put("Date,Kind,Direction,Lead,Email,Text\n"
               "2026-05-05 10:00,email,in,lead@big.example,,x\n2026-05-05 11:00,email,in,,Lead@big.example,y\n"
               "2026-05-05 12:00,email,in,,ada@acme.example,z\n2026-05-05 13:00,email,in,,who@big.example,w\n"
               "2026-05-05 14:00,email,in,who@big.example,,v\n")  # fmt: skip
    done = take(book, path, kind=INTERACTION)
    assert [(one["body"], one["opportunity"], one["contact"]) for one in listed(book, "interaction")] == [
        ("x", "Big order", None), ("y", "Big order", None), ("z", None, "Ada Lovelace"),
    ]  # fmt: skip
    assert [reason for *_, reason in done.listed] == [
        "there is no contact with who@big.example", "there is no opportunity 'who@big.example'",
    ]  # fmt: skip
    assert take(book, path, kind=INTERACTION).same == 3


def test_an_address_that_several_leads_have_is_no_link(book: Context, put: Any) -> None:
    for name in ("One", "Two"):
        records.add(book, LEAD, {"name": name, "email": "lead@big.example"})
    path = put("Date,Kind,Lead,Text\n2026-05-05 10:00,email,lead@big.example,x\n")
    ((*_, reason),) = take(book, path, kind=INTERACTION).listed
    assert reason.startswith("'lead@big.example' fits 2 records: lead:1")


def test_leads_of_the_same_import_are_reached_by_their_addresses(ctx: Context, put: Any) -> None:
    files = [(put("Lead ID,Last Name,First Name,Email,Lead Status\n1,Ray,Bo,bo@x.example,New\n", "leads.csv"), ""),
             (put("Date,Direction,Email,Notes\n2026-05-05 10:00,in,bo@x.example,x\n", "calls.csv"), "")]  # fmt: skip
    plans = imports.plan_all(ctx, files)
    tried = imports.run_all(ctx, plans, whole=True)
    assert [(one.new, one.refused) for one in tried] == [(1, 0), (1, 0)]
    assert [one["opportunity"] for one in listed(ctx, "interaction")] == ["Bo Ray"]


def test_a_name_beside_the_address_of_somebody_else_is_kept_in_the_text(book: Context, put: Any) -> None:
    path = put("Date,Kind,Contact,Email,Text\n2026-05-05 10:00,call,Ada Lovelace,jean@dupont.example,x\n"
               "2026-05-05 11:00,call,Ada L.,ada@acme.example,y\n")  # fmt: skip
    take(book, path, kind=INTERACTION)
    assert [(one["contact"], one["body"]) for one in listed(book, "interaction")] == [
        ("Jean Dupont", "x\nContact: Ada Lovelace"), ("Ada Lovelace", "y"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "title", ["Activity assigned to", "Call Owner", "Owner", "Besitzer", "Propriétaire", "Responsable", "مسئول"]
)
def test_whose_activity_it_was_is_its_author(book: Context, put: Any, title: str) -> None:
    take(book, put(f"Date,Kind,Contact,Text,{title}\n2026-05-05,call,Ada Lovelace,x,Grace\n"), kind=INTERACTION)
    assert [one["author"] for one in listed(book, "interaction")] == ["Grace"]


@pytest.mark.parametrize("kind", [INTERACTION, TASK])
def test_what_it_is_related_to_may_be_a_deal(book: Context, put: Any, kind: Any) -> None:
    records.add(book, DEAL, {"name": "Pilot"})
    path = put("Date,Type,Contact,Related To,Text,Subject\n2026-05-05,call,Ada Lovelace,pilot,x,s\n"
               "2026-05-06,call,Ada Lovelace,Else,y,s\n2026-05-07,call,,Pilot,z,s\n")  # fmt: skip
    assert take(book, path, kind=kind, mapping={"Text": "body" if kind is INTERACTION else "description"}).refused == 0
    found = [
        (one["opportunity"], one["body" if kind is INTERACTION else "description"]) for one in listed(book, kind.name)
    ]
    lead = "s\n" if kind is INTERACTION else ""
    assert found == [("Pilot", f"{lead}x"), (None, f"{lead}y\nRelated To: Else"), ("Pilot", f"{lead}z")]


def test_what_is_related_to_nothing_that_is_known_is_refused(book: Context, put: Any) -> None:
    ((_, title, *_, reason),) = take(
        book, put("Date,Type,Related To,Text\n2026-05-05,call,Else,x\n"), kind=INTERACTION
    ).listed
    assert (title, reason) == ("Related To", "there is no lead or deal 'Else', and it says no contact or company")


def test_the_deal_of_what_happened_is_known(book: Context, put: Any) -> None:
    records.add(book, DEAL, {"name": "Pilot"})
    take(book, put("Date,Type,Associated Deal,Text\n2026-05-05,call,Pilot,x\n"), kind=INTERACTION)
    assert [one["opportunity"] for one in listed(book, "interaction")] == ["Pilot"]
