"""Files of what happened: when, in the titles of six languages, the kind and the direction in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, INTERACTION, TASK
from crmcli.errors import UsageError
from crmcli.services import imports, records
from crmcli.services.imports.mapping import map_columns
from tests.support.importing import take

if TYPE_CHECKING:
    from crmcli.context import Context

UNDATED = "no column says when it happened, so that it all happens now; say which one does: --map 'COLUMN=at'"


@pytest.fixture
def ada(ctx: Context) -> Context:
    records.add(ctx, CONTACT, {"name": "Ada"})
    return ctx


def happened(ctx: Context) -> list[tuple[Any, ...]]:
    names = ("at", "kind", "direction", "body")
    found = records.list_records(ctx, INTERACTION, ["is:any"], columns=",".join(names), sort="id").rows
    return [tuple(row[name] for name in names) for row in found]


@pytest.mark.parametrize(
    "titles",
    [
        "Date,Contact,Type,Direction,Notes", "Timestamp,Contact,Activity type,Direction,Comments",
        "Datum,Kontakt,Art,Richtung,Notizen", "Date,Contact,Type d'activité,Sens,Commentaires",
        "Fecha,Contacto,Tipo,Dirección,Notas", "Tarih,İlgili kişi,Tür,Yön,Notlar", "تاریخ,مخاطب,نوع,جهت,شرح",
    ],
)  # fmt: skip
def test_the_titles_of_what_happened_are_understood(titles: str) -> None:
    columns, _ = map_columns(INTERACTION, titles.split(","), {})
    assert [column.to for column in columns] == [("at",), ("contact",), ("kind",), ("direction",), ("body",)]


def test_its_words_are_understood(ada: Context, put: Any) -> None:
    """English, German, French, Spanish, Turkish and Persian."""
    words = {
        "email": ("E-Mail", "Courriel", "Correo electrónico", "ایمیل"),
        "call": ("Phone call", "Anruf", "Appel", "Llamada", "Arama", "تماس"),
        "meeting": ("Besprechung", "Rendez-vous", "Reunión", "Toplantı", "جلسه"),
        "message": ("WhatsApp", "Nachricht", "پیامک"), "visit": ("Besuch", "Visita", "بازدید"),
        "note": ("Notiz", "یادداشت"),
    }  # fmt: skip
    sides = {
        "in": ("Inbound", "incoming", "received", "eingehend", "reçu", "recibido", "gelen", "ورودی"),
        "out": ("Outbound", "outgoing", "Sent", "ausgehend", "envoyé", "enviado", "giden", "خروجی"),
    }
    rows = [f"{word},in,{kind}" for kind, some in words.items() for word in some]
    rows += [f"call,{word},{side}" for side, some in sides.items() for word in some]
    done = take(
        ada,
        put("at,contact,kind,direction,body\n" + "".join(f"2026-05-05,Ada,{row}\n" for row in rows)),
        kind=INTERACTION,
    )
    assert done.refused == 0
    assert [body for _, kind, side, body in happened(ada) if body not in (kind, side)] == []


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        ("Date,Time", (("2026-05-05,14:30", "2026-05-05T14:30"), ("2026-05-06,", "2026-05-06T00:00"),
                       ("2026-05-07 08:00,14:30", "2026-05-07T08:00"))),
        ("Datum,Uhrzeit", (("05.05.2026,9:05", "2026-05-05T09:05"),)),
        ("تاریخ,ساعت", (("۱۴۰۵/۰۲/۱۵,۱۴:۳۰", "2026-05-05T14:30"),)),
        ("Time,Duration", (("2026-05-05 14:30,15", "2026-05-05T14:30"),)),
    ],
)  # fmt: skip
def test_a_time_beside_the_day_belongs_to_it(
    ada: Context, put: Any, titles: str, rows: tuple[tuple[str, str], ...]
) -> None:
    take(ada, put(f"{titles},Contact,Text\n" + "".join(f"{cells},Ada,{at}\n" for cells, at in rows)), kind=INTERACTION)
    assert [one[0] for one in happened(ada)] == [f"{at}:00.000Z" for _, at in rows]


def test_what_is_no_time_is_refused(ada: Context, put: Any) -> None:
    path = put("Date,Time,Contact,Text\n2026-05-05,10:00,Ada,x\n2026-05-05,soon,Ada,y\n")
    done = take(ada, path, kind=INTERACTION)
    assert [reason for *_, reason in done.listed] == ["'soon' is no time of a day"]


def test_a_file_that_does_not_say_when_is_told(ada: Context, put: Any) -> None:
    for titles, notes in (("Contact,Text", (UNDATED,)), ("Contact,Text,Date", ()), ("Contact,Text,Created on", ())):
        path = put(f"{titles}\nAda,hello{',2026-05-05' * (titles.count(',') - 1)}\n")
        assert imports.plan(ada, path, kind=INTERACTION).notes == notes
    path = put("Contact,Text,Time\nAda,hello,14:30\n")  # a time alone is no moment
    assert UNDATED in imports.plan(ada, path, kind=INTERACTION).notes


def test_what_is_advised_for_a_file_without_a_text_works(ada: Context, put: Any) -> None:
    path = put("Contact,Date,Blurb\nAda,2026-05-05,hello\n")
    with pytest.raises(UsageError, match="is recognised as an interaction's text") as refused:
        imports.plan(ada, path, kind=INTERACTION)
    assert "--map 'COLUMN=body'" in refused.value.hint
    take(ada, path, kind=INTERACTION, mapping={"Blurb": "body"})
    assert [one[3] for one in happened(ada)] == ["hello"]


def test_a_day_that_does_not_say_of_what_is_when_a_task_is_due(ctx: Context, put: Any) -> None:
    """It makes no list of tasks of one of something else, and gives way to a day that says more."""
    words = ("15 minutes before", "1 hour before, 1 day before", "15 min vorher", "۱ ساعت قبل")
    path = put("Task,Date,Reminder\n" + "".join(f'Call,2026-12-0{i},"{word}"\n' for i, word in enumerate(words, 1)))
    assert take(ctx, path, kind=TASK).refused == 0
    found = records.list_records(ctx, TASK, columns="due_on,remind", sort="id").rows
    assert [(row["due_on"], row["remind"]) for row in found] == [
        ("2026-12-01", "15"), ("2026-12-02", "60,1440"), ("2026-12-03", "15"), ("2026-12-04", "60"),
    ]  # fmt: skip
    columns, _ = map_columns(TASK, ["Task", "Date", "Due date", "تاریخ"], {})
    assert [column.to for column in columns] == [("name",), (), ("due_on",), ()]
    assert imports.plan(ctx, put("Subject,Date\nCall,2026-12-01\n")).kind is None


@pytest.mark.parametrize(
    "titles",
    ["Aufgabe,Fällig bis,Uhrzeit,Erledigt am", "Tâche,Date limite,Heure,Fait le",
     "Tarea,Fecha límite,Hora,Completado el", "Görev,Bitiş tarihi,Saat,Tamamlanma tarihi"],
)  # fmt: skip
def test_a_task_is_due_by_the_titles_of_other_languages(titles: str) -> None:
    columns, _ = map_columns(TASK, titles.split(","), {})
    assert [column.to for column in columns] == [("name",), ("due_on",), ("due time",), ("done_at",)]
