"""Files of what happened: when, in the titles of six languages, the kind and the direction in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, INTERACTION, TASK
from crmcli.errors import UsageError
from crmcli.services import imports, records
from crmcli.services.imports.mapping import map_columns
from tests.support.importing import listed, take

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
        "Fecha,Contacto,Tipo,Dirección,Notas", "Tarih,İlgili kişi,Tür,Yön,Notlar",
        "Date,Name,Type,Direction,Notes", "تاریخ,مخاطب,نوع,جهت,شرح",
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
        "in": (
            "Inbound",
            "incoming",
            "received",
            "eingehend",
            "reçu",
            "recibido",
            "gelen",
            "ورودی",
            "Incoming call",
            "Eingehender Anruf",
            "Llamada entrante",
            "GELEN ARAMA",
            "تماس ورودی",
            "Missed",
        ),
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


@pytest.mark.parametrize(
    "text",
    [
        "Date,Time,Type,Direction,Contact,Subject\n13/09/2026,14:30,Call,Inbound,Ada,x\n14/09/2026,9:05,Email,SENT,Ada,y\n",
        "Datum;Uhrzeit;Art;Richtung;Person;Betreff\n13.09.2026;14:30;Anruf;Eingehend;Ada;x\n"
        "14.09.2026;9:05;E-Mail;ausgehend;Ada;y\n",
        "DATE;HEURE;TYPE;SENS;PERSONNE;OBJET\n13/09/2026;14:30;Appel;Entrant;Ada;x\n14/09/2026;9:05;Courriel;sortant;Ada;y\n",
        "Fecha;Hora;Tipo;Dirección;Persona;Asunto\n13/09/2026;14:30;Llamada;Entrante;Ada;x\n"
        "14/09/2026;9:05;Correo;saliente;Ada;y\n",
        "Tarih;Saat;Tür;Yön;Kişi;Konu\n13.09.2026;14:30;Arama;GELEN;Ada;x\n14.09.2026;9:05;E-posta;Giden;Ada;y\n",
        "تاریخ,ساعت,نوع,جهت,مخاطب,موضوع\n۱۴۰۵/۰۶/۲۲,۱۴:۳۰,تماس,ورودی,Ada,x\n۱۴۰۵/۰۶/۲۳,۹:۰۵,ايميل,خروجي,Ada,y\n",
    ],
)  # fmt: skip
def test_a_list_that_says_who_came_to_whom_is_one_of_what_happened(ada: Context, put: Any, text: str) -> None:
    done = take(ada, put(text, "list.csv"))
    assert (done.kind, done.new, done.refused) == ("interactions", 2, 0)
    assert happened(ada) == [
        ("2026-09-13T14:30:00.000Z", "call", "in", "x"), ("2026-09-14T09:05:00.000Z", "email", "out", "y"),
    ]  # fmt: skip


def test_the_name_of_a_file_says_that_it_holds_what_happened(ada: Context, put: Any) -> None:
    rows = "Date,Type,Contact,Subject\n2026-09-13,Call,Ada,x\n"
    for name in ("interactions", "call-log", "Anrufliste", "historique_appels", "تاریخچه تماس‌ها", "تعاملات"):
        assert imports.plan(ada, put(rows, f"{name}.csv")).kind is INTERACTION
    assert imports.plan(ada, put(rows.replace("Call", "Cleaning"), "call-log.csv")).kind is TASK
    for name in ("history", "log", "calls", "Anrufe"):  # of what, or whether they are still to be made, it does not say
        assert imports.plan(ada, put(rows, f"{name}.csv")).kind is TASK
    people = put("Name,Email,Phone,Date,Comment\nAda,a@x.example,030 1,2026-09-13,New\n", "contact log.csv")
    assert imports.plan(ada, people).kind is CONTACT


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Date,Type,Direction,Contact,Subject,Due date\n2026-09-13,Call,out,Ada,x,2026-11-12\n", TASK),
        ("Date,Type,Direction,Contact,Subject,Due date\n2026-09-13,Call,out,Ada,x,\n", INTERACTION),
        ("Date,Type,Direction,Contact,Subject,Status\n2026-09-13,Call,out,Ada,x,Planned\n", TASK),
        ("Date,Type,Direction,Contact,Subject,Status\n2026-09-13,Call,out,Ada,x,Completed\n", INTERACTION),
        ("Date,Type,Direction,Contact,Subject\n2026-09-13,Call,north,Ada,x\n", TASK),
        ("Call Title,Call notes,Activity date,Call direction,Contact\nx,y,2026-09-13,INBOUND,Ada\n", INTERACTION),
        ("Date,Type,Direction,Contact,Duration\n2026-09-13,Call,Inbound,Ada,15\n", INTERACTION),
    ],
)  # fmt: skip
def test_what_is_to_be_done_is_told_from_what_happened(ada: Context, put: Any, text: str, kind: Any) -> None:
    assert imports.plan(ada, put(text, "list.csv")).kind is kind


def test_what_may_have_happened_is_told(ada: Context, put: Any) -> None:
    """A question names it; tasks whose days are not said to be those on which they are due have a note."""
    text = "Date,Type,Contact,Notes\n2026-09-13,Call,Ada,x\n"
    with pytest.raises(UsageError, match="--as contact or --as lead or --as interaction"):
        imports.check(imports.plan(ada, put(text, "list.csv")))
    assert take(ada, put(text, "list.csv"), kind=INTERACTION).new == 1
    text = text.replace("Notes", "Subject")
    assert imports.plan(ada, put(text, "list.csv")).notes == (
        "its days may say when it happened, and not when it is due: --as interaction takes it so",
    )
    assert imports.plan(ada, put(text, "list.csv"), kind=TASK).notes == ()
    for other in (text.replace("Date", "Deadline"), text.replace("Call", "Cleaning")):
        assert imports.plan(ada, put(other, "list.csv")).notes == ()


def test_a_subject_goes_in_front_of_the_text(ada: Context, put: Any) -> None:
    for title in ("Betreff", "Objet", "ASUNTO", "Konu", "موضوع", "Title"):
        assert [column.to for column in map_columns(INTERACTION, [title, "Notes"], {})[0]] == [("subject",), ("body",)]
        assert [column.to for column in map_columns(INTERACTION, ["Date", title], {})[0]] == [("at",), ("body",)]
    rows = ("Offer,When?", "Offer,", ",When?", "OFFER,Offer", "Offer,Offered", "Offer,Offer\nToday")
    cells = [subject + ',"' + text + '"' for subject, text in (row.split(",") for row in rows)]
    text = "Date,Contact,Subject,Notes\n" + "".join(f"2026-05-0{i},Ada,{one}\n" for i, one in enumerate(cells, 1))
    done = take(ada, put(text), kind=INTERACTION)
    assert (done.new, [one[3] for one in happened(ada)]) == (
        6, ["Offer\nWhen?", "Offer", "When?", "Offer", "Offer\nOffered", "Offer\nToday"],
    )  # fmt: skip
    again = take(ada, put(text), kind=INTERACTION)
    assert (again.new, again.same) == (0, 6)


def test_a_second_text_is_advised_to_be_a_subject(ada: Context, put: Any) -> None:
    path = put("Date,Contact,Notes,More\n2026-05-05,Ada,x,y\n")
    with pytest.raises(UsageError) as refused:
        imports.plan(ada, path, kind=INTERACTION, mapping={"Notes": "body", "More": "body"})
    assert refused.value.hint.endswith("--map 'More=subject'")
    take(ada, path, kind=INTERACTION, mapping={"More": "subject"})
    assert [one[3] for one in happened(ada)] == ["y\nx"]


def test_the_job_of_somebody_is_no_subject(ada: Context, put: Any) -> None:
    take(ada, put("Date,Contact,Title,Notes\n2026-05-05,Ada,Managing Director,x\n"), kind=INTERACTION)
    assert [one[3] for one in happened(ada)] == ["x"]


def test_what_is_planned_is_called_by_its_subject(ada: Context, put: Any) -> None:
    path = put("Date,Contact,Type,Subject,Notes\n2040-05-05,Ada,Call,Offer,x\n")
    ((*_, reason),) = take(ada, path, kind=INTERACTION).listed
    assert reason.endswith("--as task --map Type=type --map Date=due_on --map Subject=name")
    assert take(ada, path, kind=TASK, mapping={"Type": "type", "Date": "due_on", "Subject": "name"}).new == 1


def test_a_conversation_needs_no_text(ada: Context, put: Any) -> None:
    path = put("Date,Contact,Type,Duration\n2026-05-05,Ada,Call,15\n2026-05-05,Ada,Note,\n")
    done = take(ada, path, kind=INTERACTION)
    assert (done.new, [reason for *_, reason in done.listed]) == (1, ["a note needs a text"])


@pytest.mark.parametrize(
    "titles",
    [
        "Task,Due date,Priority,Status,Person,Repeat,Reminder,Note",
        "Aufgabe,Fällig,Prio,Status,Person,Wiederholen,Erinnern,Anmerkung",
        "Tâche,Échéance,Priorité,Statut,Personne,Répéter,Rappels,Remarque",
        "Tarea,Plazo,Prioridad,Estado,Persona,Repetir,Recordar,Nota",
        "Görev,Son gün,Öncelik,Durum,Kişi,Tekrarla,Hatırlat,Not",
        "کار,سررسید,اولویت,وضعیت,شخص,تکرار,یادآور,توضیح",
    ],
)  # fmt: skip
def test_the_titles_of_tasks_are_understood_as_people_spell_them(titles: str) -> None:
    arabic, bare = str.maketrans("یک", "يك"), str.maketrans("äéêâİÖöşğıá", "aeeaIOosgia")
    for spelt in (titles, titles.upper(), titles.lower(), titles.translate(arabic), titles.translate(bare)):
        columns, _ = map_columns(TASK, spelt.split(","), {})
        assert [column.to for column in columns] == [
            ("name",), ("due_on",), ("priority",), ("is done",), ("contact",), ("repeat",), ("remind",),
            ("description",),
        ]  # fmt: skip


def test_the_day_on_which_a_task_is_due_goes_before_any_day() -> None:
    for title in ("Fällig am", "Faellig am", "FAELLIG_AM"):
        columns, _ = map_columns(TASK, ["Aufgabe", "Datum", title], {})
        assert [column.to for column in columns] == [("name",), (), ("due_on",)]


def test_what_is_to_come_of_a_list_of_calls_comes_in_as_one(ada: Context, put: Any) -> None:
    """What is of one kind because the file says so is no column that could be mapped."""
    path = put("Date,Time,Direction,Contact,Subject\n2040-05-05,3:30 PM,out,Ada,planned\n", "calls.csv")
    ((*_, reason),) = take(ada, path).listed
    assert reason.endswith("--as task --map Date=due_on --map Subject=name")
    assert take(ada, path, kind=TASK, mapping={"Date": "due_on", "Subject": "name"}).new == 1
    (task,) = listed(ada, "task")
    assert (task["name"], task["type"], task["due_at"]) == ("planned", "call", "2040-05-05T15:30:00.000Z")
