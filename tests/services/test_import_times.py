"""Times beside days in files, and what comes again or is reminded of, as people of six languages write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, INTERACTION, TASK
from crmcli.services import imports, records
from crmcli.services.imports import rejects
from tests.support.importing import take

if TYPE_CHECKING:
    from crmcli.context import Context

DAY = "2026-12-01"
#: Titles of times and cells below them -> how the clock shows these, "" where there is no time.
COLUMNS = (
    ("Time", {"all day": "", "14:30": "14:30", "unknown": "", "2:05 pm": "14:05", "?": ""}),
    ("Uhrzeit", {"ganztägig": "", "14:30 Uhr": "14:30", "9.05": "09:05", "14 Uhr": "14:00", "offen": ""}),
    ("Heure", {"14h30": "14:30", "9h": "09:00", "toute la journée": "", "à définir": ""}),
    ("Hora", {"9:05 p. m.": "21:05", "todo el día": "", "14:30 h": "14:30"}),
    ("Saat", {"09.05": "09:05", "14.30": "14:30", "tüm gün": ""}),
    ("ساعت", {"تمام روز": "", "۱۰": "10:00", "۹:۰۵ عصر": "21:05"}),
    ("Zeit", {"10": "10:00", "14:30": "14:30"}),
    ("Due time", {"10": "10:00", "14": "14:00"}),
    ("Uhrzeit (h)", {"9": "09:00", "14": "14:00"}),
    ("Time (CET)", {"14h30": "14:30", "9h": "09:00"}),
)
#: Titles and cells of a start, of what is due and of lengths -> when the task is due at last and how long it takes, and
#: the columns that are left out.
STARTS = (
    ("Start date,Start time,Due date,Due time", "2026-11-10,09:00,2026-11-13,17:00", "13 17:00", None, "Start time"),
    ("Start date,Start time,Due date", "2026-11-10,09:00,2026-11-13", "13 ", None, "Start time"),
    ("Beginnt am,Beginn,Fällig am", "2026-11-10,09:00,2026-11-13", "13 ", None, "Beginn"),
    ("تاریخ شروع,ساعت شروع,موعد,ساعت سررسید", "2026-11-10,۹:۰۵,2026-11-13,17:00", "13 17:00", None, "ساعت شروع"),
    ("Début,Heure de début,Échéance,Heure", "2026-11-10,9h,2026-11-13,17h30", "13 17:30", None, "Heure de début"),
    ("Start time,Due date,Time", "09:00,2026-11-13,all day", "13 ", None, "Start time"),
    ("Due date,Time,Due time (CET)", "2026-11-13,09:00,17:00", "13 17:00", None, "Time"),
    ("Start time,Due date", "09:00,2026-11-13", "13 09:00", None, ""),
    ("Date,Start time", "2026-11-13,09:00", "13 09:00", None, ""),
    ("Beginnt am,Beginnt um,Endet am,Endet um", "2026-11-13,14:30:00,2026-11-14,15:00:00", "13 14:30", None, ""),
    ("Start Date,Start Time,End Date,End Time", "11/13/2026,02:30 PM,11/13/2026,3:00 PM", "13 14:30", None, ""),
    ("Start", "2026-11-13 14:30", "13 14:30", None, ""),
    ("Start", "5", " ", None, ""),
    ("Start,Finish", "2026-11-13,2026-11-20", " ", None, ""),
    ("Start,End", "2026-11-13 14:30,2026-11-13 15:30", "13 14:30", None, ""),
    ("Due date,Time (min)", "2026-11-13,15", "13 ", 15, ""),
    ("Due date,Zeit (Std.)", "2026-11-13,8h", "13 ", 480, ""),
    ("Due date,Zeit (Std.)", "2026-11-13,ca. 8", "13 ", None, "Zeit (Std.)"),
    ("Due date,Time (hours)", "2026-11-13,1.5", "13 ", 90, ""),
    ("Due date,ساعت (دقیقه)", "2026-11-13,30", "13 ", 30, ""),
    ("Due date,Heure (durée)", "2026-11-13,1h30", "13 ", 90, ""),
    ("Due date,Time (h),Uhrzeit", "2026-11-13,1:30,9:00", "13 09:00", 90, ""),
    ("Due date,Time (h)", "2026-11-13,14:30", "13 14:30", None, ""),
)  # fmt: skip


def due(ctx: Context) -> list[tuple[str, str]]:
    found = records.list_records(ctx, TASK, columns="due_on,due_at", sort="id").rows
    return [(row["due_on"], row["due_at"][11:16] if row["due_at"] else "") for row in found]


@pytest.mark.parametrize(("title", "cells"), COLUMNS)
def test_a_column_of_times_makes_appointments_whatever_its_first_cell_is(
    ctx: Context, put: Any, title: str, cells: dict[str, str]
) -> None:
    for name, mapping in (("A", {}), ("B", {title: "due time"})):
        rows = (f"{name}{number};{DAY};{cell}\n" for number, cell in enumerate(cells))
        path = put(f"Task;Due date;{title}\n{''.join(rows)}")
        assert take(ctx, path, kind=TASK, mapping=mapping).refused == 0
        assert imports.plan(ctx, path, kind=TASK).notes == ()
    assert due(ctx) == [(DAY, clock) for clock in cells.values()] * 2


@pytest.mark.parametrize(("titles", "cells", "when", "takes", "left"), STARTS)
def test_a_time_is_that_of_the_day_and_a_length_is_none(
    ctx: Context, put: Any, titles: str, cells: str, when: str, takes: int | None, left: str
) -> None:
    """Tasks are due when the file says it, and not when they start."""
    made = imports.plan(ctx, put(f"Task,{titles}\nCall,{cells}\n"), kind=TASK)
    assert [note.partition(":")[0] for note in made.notes] == ([f"column {left}"] if left else [])
    assert imports.run(ctx, made).refused == 0
    (row,) = records.list_records(ctx, TASK, columns="due_on,due_at,minutes").rows
    assert (f"{(row['due_on'] or '')[8:]} {(row['due_at'] or '')[11:16]}", row["minutes"]) == (when, takes)


def test_of_several_times_of_what_happened_the_nearest_counts(ctx: Context, put: Any) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    made = imports.plan(ctx, put("Date,Time,Start time,Contact,Text\n2026-05-05,14:30,9:00,Ada,x\n"), kind=INTERACTION)
    assert made.notes == (
        "column Start time: ignored, because time of day is in column Time; "
        "--map 'Start time=time of day' takes it instead",
    )
    assert imports.run(ctx, made).refused == 0
    (row,) = records.list_records(ctx, INTERACTION, ["is:any"], columns="at").rows
    assert row["at"][11:16] == "14:30"


def test_what_happened_has_its_time_too(ctx: Context, put: Any) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    rows = {"05.05.2026;unbekannt": "05T00:00", "06.05.2026;14.30 Uhr": "06T14:30",
            "07.05.2026 um 9 Uhr;": "07T09:00", "08.05.2026 14.30;": "08T14:30"}  # fmt: skip
    take(ctx, put("Datum;Uhrzeit;Kontakt;Text\n" + "".join(f"{row};Ada;x\n" for row in rows)), kind=INTERACTION)
    found = records.list_records(ctx, INTERACTION, ["is:any"], columns="at", sort="id").rows
    assert [row["at"][8:16] for row in found] == [*rows.values()]


@pytest.mark.parametrize(
    "cell",
    ["13.11.2026 um 14:30 Uhr", "13.11.2026 14.30", "13/11/2026 à 14h30", "13 Kasım 2026 Cuma saat 14:30",
     "Freitag, den 13. November 2026, 14.30 Uhr", "le 13/11/2026 à 14h30", "el 13 de noviembre de 2026 a las 14:30"],
)  # fmt: skip
def test_a_day_and_its_time_stand_in_one_cell(ctx: Context, put: Any, cell: str) -> None:
    take(ctx, put(f"Task;Due date\nCall;{cell}\n"), kind=TASK)
    assert due(ctx) == [("2026-11-13", "14:30")]


@pytest.mark.parametrize(
    "cells",
    [("2", "1"), ("45m", "1h30"), ("1.25", "0.50"), ("0.5",), ("9.05", "24.12"), ("soon",), ("15", "20"), ("8h", "6h")],
)
def test_what_may_be_something_else_than_times_is_left_out_aloud(
    ctx: Context, put: Any, cells: tuple[str, ...]
) -> None:
    path = put("Task;Due date;Time\n" + "".join(f"Call;{DAY};{cell}\n" for cell in cells))
    assert imports.plan(ctx, path, kind=TASK).notes == (
        f"column Time: ignored, because {cells[0]} may be no time of a day; --map 'Time=due time' takes it as such",
    )
    assert imports.plan(ctx, path, kind=TASK, mapping={"Time": ""}).notes == ()


def test_times_without_days_are_told(ctx: Context, put: Any) -> None:
    path = put("Task;Time\nCall;14:30\n")
    assert imports.plan(ctx, path, kind=TASK).notes == (
        "column Time: ignored, because no column has the days of its times; say which one has: --map 'COLUMN=due_on'",
    )


def test_two_times_are_no_time_and_its_zone(ctx: Context, put: Any) -> None:
    rows = (f"{DAY};09:00-10:00", f"{DAY};9:00–17:30 Uhr", f"{DAY} 09:00-10:00;", f"{DAY};9:00", f"{DAY} 09:00-05:00;")
    done = take(ctx, put("Task;Due date;Time\n" + "".join(f"{n};{row}\n" for n, row in enumerate(rows))), kind=TASK)
    assert [reason for *_, reason in done.listed] == [
        "'09:00-10:00' is no time of a day", "'9:00–17:30 Uhr' is no time of a day",
        f"'{DAY} 09:00-10:00' is from one time to another.",
    ]  # fmt: skip
    assert due(ctx) == [(DAY, "09:00"), (DAY, "14:00")]


def test_a_time_without_a_day_is_told(ctx: Context, put: Any) -> None:
    """A task comes in all the same, but of what happened nobody knows when."""
    done = take(ctx, put(f"Task;Due date;Time\nA;{DAY};14:30\nB;;14:30\nC;;0:00\nD;;all day\n"), kind=TASK)
    assert done.notes == ("column Time: 1 time is left out, where the row has no day",)
    assert due(ctx) == [(DAY, "14:30"), *[(None, "")] * 3]
    records.add(ctx, CONTACT, {"name": "Ada"})
    done = take(ctx, put(f"Date;Time;Contact;Text\n{DAY};14:30;Ada;x\n;14:30;Ada;y\n"), kind=INTERACTION)
    assert [reason for *_, reason in done.listed][-1:] == ["'14:30' is a time without a day"]


def test_cells_that_are_no_times_are_refused_and_stay_so(ctx: Context, put: Any) -> None:
    """The rows that are refused are judged by what the whole file showed."""
    made = imports.plan(ctx, put(f"Task;Due date;Time\nA;{DAY};14:30\nB;{DAY};soon\n"), kind=TASK)
    assert [reason for *_, reason in take(ctx, made.path, kind=TASK).listed] == ["'soon' is no time of a day"]
    assert "Time=due time" in [*rejects.options(made)]


def test_reminders_and_repeats_are_read_in_six_languages(ctx: Context, put: Any) -> None:
    remind = {
        "15": ("15 Minuten vorher", "15 Min.", "un quart d'heure avant", "15 minutos antes", "15 dakika önce"),
        "none": ("keine", "aucun", "ninguno", "yok", "never", "No", "Nein", "non", "Hayır", "خیر", "ندارد", "ohne",
                 "Aus", "بدون یادآوری", "sin recordatorio", "Pas de rappel", "keine Erinnerung", "hatırlatma yok"),
        None: ("Yes", "ja", "Oui", "sí", "Evet", "بله", "Ein", "یادآوری دارد"),
        "30": ("eine halbe Stunde", "demi-heure", "media hora", "yarım saat", "نیم ساعت"),
        "60,1440": ("1 Stunde, 1 Tag", "1 heure, 1 jour", "1 hora, 1 día", "1 saat, 1 gün", "۱ ساعت، ۱ روز"),
        "90": ("1 Std. 30 Min.", "1 heure et 30 minutes", "1,5 Stunden", "1 Std. 30 Min. vorher", "یک ساعت و نیم"),
        "120": ("دو ساعت قبل", "zwei Stunden", "two hours before"),
        "2880": ("دو روز", "zwei Tage vorher", "two days", "deux jours avant", "dos días", "iki gün"),
    }  # fmt: skip
    repeat = {
        "FREQ=WEEKLY;BYDAY=TU": ("wöchentlich", "jede Woche", "jeden Dienstag", "hebdomadaire", "tous les mardis",
                                 "semanal", "cada semana", "haftalık", "her salı", "haftada bir", "هفتگی"),
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU": ("alle zwei Wochen", "toutes les 2 semaines", "cada dos semanas",
                                            "iki haftada bir", "zweiwöchentlich", "Quincenal"),
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": ("Every weekday (Monday to Friday)", "Jeden Wochentag (Montag bis Freitag)",
                                             "Hafta içi her gün (Pazartesi-Cuma)", "du lundi au vendredi", "Mo-Fr"),
        "FREQ=MONTHLY;BYMONTHDAY=1": ("monatlich", "mensuel", "une fois par mois", "mensual", "aylık", "ماهانه",
                                      "monatlich am 1.", "le 1er de chaque mois", "todos los meses el 1", "ayın 1'i"),
        "FREQ=MONTHLY;BYMONTHDAY=-1": ("monatlich am letzten Tag", "tous les mois le dernier jour", "هر ماه روز آخر",
                                       "todos los meses el último día", "her ayın son günü", "letzter Tag des Monats"),
        "FREQ=MONTHLY;BYDAY=1TU": ("jeden ersten Dienstag im Monat", "premier mardi du mois", "her ayın ilk salı günü",
                                   "el primer martes de cada mes"),
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1": ("vierteljährlich", "trimestriel", "trimestral", "üç aylık"),
        None: ("nie", "wiederholt sich nicht", "jamais", "no se repite", "yok", "Never", "Does not repeat"),
    }  # fmt: skip
    rows = [(word, "", kept, None) for kept, some in remind.items() for word in some]
    rows += [("", word, None, kept) for kept, some in repeat.items() for word in some]
    cells = "".join(f'{number},{DAY},"{one}","{two}"\n' for number, (one, two, *_) in enumerate(rows))
    assert take(ctx, put(f"Task,Due date,Reminder,Repeat\n{cells}"), kind=TASK).refused == 0
    found = records.list_records(ctx, TASK, columns="remind,repeat", sort="id", limit=0).rows
    assert [(*row[:2], one["remind"], one["repeat"]) for row, one in zip(rows, found, strict=True)] == rows
    again = take(ctx, put("Task,Due date,Repeat\nCall,2026-12-02,bimensuel\n"), kind=TASK)
    assert [reason for *_, reason in again.listed] == ["'bimensuel' is not a recurrence"]
