"""Columns called status and the like: which tasks are done, what became of deals, and how people stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import DEAL, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.errors import UsageError
from crmcli.services import deals, imports, merging, pipelines, records, tasks
from crmcli.services.imports import due, endings, happened_words
from crmcli.services.imports.endings import is_done, priority_of
from crmcli.services.stages import every_stage
from tests.support.importing import counts, listed, rows, take

if TYPE_CHECKING:
    from crmcli.context import Context


# --- tasks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (True, "Resolved|Finished|CLOSED|Closed - Completed|100%|100 %|٪۱۰۰|۱۰۰٪|100.0%|100% complete|Abgeschlossen"),
        (True, "Erledigt|Terminé|Terminée|Completada|Completado|Hecho|Fertig|Clôturé"),
        (True, "انجام شد|انجام شده|انجام‌شده|تکمیل شده|تمام شده|تمام‌شد|پایان یافته|پایان‌يافته|بسته شده|انجام شده است"),
        (False, "Not started|In progress|Waiting|Waiting on someone else|Open|To do|Pending|New|50%|0%|۵۰٪|99.9%"),
        (False, "75% done|% 20"),
        (False, "انجام نشده|انجام‌نشده|در حال انجام|جدید|باز|تکمیل نشده|در حال پیگیری|در حال پيگيري|منتظر"),
        (True, "Tamamlandı|BİTTİ|Yapıldı|Kapalı|Faite|TERMINEE|Hecha"),
        (False, "Açık|AÇIK|acik|Beklemede|Devam ediyor|Yapılacak|Başlamadı|Ouverte|À faire|A FAIRE|En attente|Prévue"),
        (False, "In Arbeit|Unerledigt|Geplant|Wartend|Abierta|Por hacer|En proceso|Planned"),
        (None, "İptal edildi|Ertelendi|Pospuesta|Abgesagt|کنسل شده"),
        (None, "Cancelled|Deferred|Blue|maybe|100|50|150%|Closed - Incomplete|100 apples|%|لغو شده"),
    ],
)  # fmt: skip
def test_words_for_done(says: bool | None, words: str) -> None:
    assert {word: is_done(word) for word in words.split("|")} == dict.fromkeys(words.split("|"), says)


def test_words_that_do_not_say_whether_a_task_is_done_are_told(book: Context, put: Any) -> None:
    words = ("Resolved", "Blue", "In progress", "انجام شد", "On  ice", "", "N/A", "Cancelled")
    text = "Task ID,Task,Due Date,Status,Completed on\n" + "".join(
        f"{number},T{number},2026-10-0{number},{word},\n" for number, word in enumerate(words, 1)
    )
    path = put(f"{text}9,T9,2026-10-09,Red,2026-10-09\n")
    note = "column Status: taken as open: Blue, Cancelled, On ice"
    made = imports.plan(book, path)
    assert (made.kind, made.notes) == (TASK, (note,))
    assert note in imports.preview(book, made).values["notes"]
    assert counts(take(book, path)) == (9, 9, 0, 0, 0, 0)
    done = book.reader.rows("SELECT external_id FROM task WHERE done_at IS NOT NULL ORDER BY id")
    assert [key for (key,) in done] == ["1", "4", "9"]
    assert counts(take(book, path)) == (9, 0, 0, 9, 0, 0)
    tasks.done(book, [2])
    again = imports.plan(book, path, update=True)
    assert again.notes == (f"{note}; tasks that are known stay as they are",)
    assert counts(imports.run(book, again))[:4] == (9, 0, 0, 9)


@pytest.mark.parametrize("title", ["Status", "Statut", "Estado", "Durum", "DURUMU", "وضعیت"])
def test_how_a_task_stands_is_said_in_any_words(book: Context, put: Any, title: str) -> None:
    made = imports.plan(book, put(f"Task,Due date,{title}\nA,2026-12-01,Blue\n"))
    assert (made.kind, made.notes) == (TASK, (f"column {title}: taken as open: Blue",))
    assert imports.run(book, made).new == 1


@pytest.mark.parametrize(
    ("priority", "words"),
    [
        ("high", "Hoch|DRINGEND|Élevée|Haute|Alta|Yüksek|yuksek|YÜKSEK|Acil|زیاد|زياد|فوری|High"),
        ("medium", "Mittel|Moyenne|Media|Orta|ORTA|متوسط|Normal"),
        ("low", "Niedrig|Gering|Basse|Faible|Baja|Düşük|dusuk|DÜŞÜK|کم|كم|پایین"),
        ("none", "Keine|Aucune|Ninguna|Yok|ندارد"),
    ],
)  # fmt: skip
def test_words_for_priorities(priority: str, words: str) -> None:
    choice = TASK.field("priority").type
    assert {
        word for word in words.split("|") if choice.show(choice.parse(priority_of(word), None)) != priority
    } == set()


def test_words_are_known_as_they_are_compared() -> None:
    """Folded; one that is not could never be found."""
    tables = [(name, one) for module in (endings, happened_words) for name, one in vars(module).items()]
    lists = [one for name, one in tables if isinstance(one, (frozenset, dict)) and not name.startswith("__")]
    assert {word for some in lists for word in some if fold(word) != word} == set()


@pytest.mark.parametrize("columns", ["Status,Completed", "Completed,Status"])
def test_a_word_beside_a_column_that_says_it_is_not_told(book: Context, put: Any, columns: str) -> None:
    cells = "Blue,yes" if columns.startswith("Status") else "yes,Blue"
    assert imports.plan(book, put(f"Task,Due Date,{columns}\nCall,2026-10-01,{cells}\n")).notes == ()


def test_a_long_list_of_words_is_cut(book: Context, put: Any) -> None:
    text = "Task,Due Date,Status\n" + "".join(f"T,2026-10-01,W{number:02} {'x' * 90}\n" for number in range(30))
    (note,) = imports.plan(book, put(text)).notes
    assert note.count("W") == 10
    assert len(note) < 500


@pytest.mark.parametrize("title", ["Done", "Completed", "Is completed", "Task Done", "انجام شده"])
def test_a_column_of_yes_and_no_takes_words_for_done_and_no_others(book: Context, put: Any, title: str) -> None:
    words = ("maybe", "50%", "100%", "yes", "Not started", "Completed", "", "Cancelled", "2026-10-01")
    text = f"Task,Due Date,{title}\n" + "".join(f"{word or 'none'},2026-10-05,{word}\n" for word in words)
    done = take(book, put(text), kind=TASK)
    assert counts(done) == (9, 8, 0, 0, 0, 1)
    assert done.listed == ((2, title, "maybe", "'maybe' is neither yes nor no"),)
    found = book.reader.rows("SELECT name FROM task WHERE done_at IS NOT NULL ORDER BY id")
    assert [name for (name,) in found] == ["100%", "yes", "Completed"]
    assert imports.plan(book, put(text), kind=TASK).notes == (
        f"column {title}: taken as open: 2026-10-01, Cancelled",
    )  # fmt: skip
    assert counts(take(book, put(text), kind=TASK)) == (9, 0, 0, 8, 0, 1)


@pytest.mark.parametrize("title", ["% Complete", "Completed (%)", "Percent Complete", "درصد پیشرفت"])
def test_a_column_of_percentages_needs_no_sign(book: Context, put: Any, title: str) -> None:
    text = f"Task,Due Date,{title}\nA,2026-10-01,100\nB,2026-10-01,50\nC,2026-10-01,0\nD,2026-10-01,100%\n"
    made = imports.plan(book, put(text))
    assert (made.kind, made.notes) == (TASK, ())
    assert counts(imports.run(book, made)) == (4, 4, 0, 0, 0, 0)
    assert [row["name"] for row in listed(book, "task")] == ["B", "C"]


@pytest.mark.parametrize(
    ("shares", "unit", "done"),
    [
        ("1|50|100|0", "", {"100"}),
        ("1|2|0|yes|Not started", "", {"yes"}),
        ("1|50%|0", "", set()),
        ("1|0.5|0|1.0|", "1 = 100 %", {"1", "1.0"}),
        ("1|0|Done", "1 = 100 %", {"1", "Done"}),
        ("0|0.0", "", set()),
    ],
)
def test_1_is_all_of_it_where_no_share_of_the_column_is_more(
    book: Context, put: Any, shares: str, unit: str, done: set[str]
) -> None:
    path = put("Task,Due Date,% Complete\n" + "".join(f"T{one},2026-10-01,{one}\n" for one in shares.split("|")))
    made = imports.plan(book, path)
    assert (made.kind, made.notes, made.columns[2].unit) == (TASK, (), unit)
    assert counts(imports.run(book, made))[5] == 0
    found = book.reader.rows("SELECT name FROM task WHERE done_at IS NOT NULL")
    assert {name for (name,) in found} == {f"T{one}" for one in done}


def test_a_status_of_free_text_is_not_kept_whole(book: Context, put: Any) -> None:
    (column,) = imports.plan(book, put("Task,Due Date,Status\nT,2026-10-01,Blue\n")).columns[2:]
    says = due.Said([column._replace(place=0)])
    for start in range(3):
        says.look([(f"W{1000 * start + number} {'x' * 200}",) for number in range(1000)])
    gathered = [some for name, some in vars(says).items() if name not in ("_columns", "_reads")]
    assert len(repr(gathered)) < 2_000
    (note,) = says.notes(update=False)
    assert note.startswith("column Status: taken as open: W0 xxx")
    assert note.count("W") == 10


# --- deals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        ("Deal Name,Status,Amount", {"Open": "open", "In Progress": "open"}),
        ("Deal Name,Status,Amount", {"Active": "open", "Abandoned": "lost", "-": "open", "": "open"}),
        ("Deal Name,Deal Status,Amount", {"Pending": "open", "Closed Won": "won", "Cancelled": "lost"}),
        ("نام معامله,وضعیت,مبلغ", {"جاری": "open", "موفق": "won", "ناموفق": "lost"}),
    ],
)
def test_a_column_of_known_statuses_is_the_status_of_deals(
    book: Context, put: Any, titles: str, said: dict[str, str]
) -> None:
    before = book.reader.rows("SELECT name FROM stage")
    path = put(f"{titles}\n" + "".join(f"D{n},{word},5\n" for n, word in enumerate(said)))
    made = imports.plan(book, path)
    assert (made.kind, made.columns[1].to, made.new_stages, made.notes) == (DEAL, ("status",), (), ())
    assert counts(take(book, path)) == (len(said), len(said), 0, 0, 0, 0)
    assert [row["status"] for row in rows(book, DEAL)] == list(said.values())
    assert book.reader.rows("SELECT name FROM stage") == before
    for update in (False, True):
        again = imports.run(book, imports.plan(book, path, update=update, match=["name"]))
        assert counts(again) == (len(said), 0, 0, len(said), 0, 0)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("deal", ("Open", "Negotiation")),
        ("deal", ("Pending", "Active")),
        ("lead", ("Open", "In Progress")),
        ("lead", ("Dead",)),
    ],
)
def test_a_status_with_other_words_stays_a_stage(book: Context, put: Any, kind: str, words: tuple[str, ...]) -> None:
    text = f"{kind} name,Status,Amount\n" + "".join(f"{word},{word},5\n" for word in words)
    made = imports.plan(book, put(text))
    assert made.kind is not None
    assert made.kind.name == kind
    assert made.columns[1].to == ("stage",)


def test_a_word_that_is_a_stage_of_the_book_is_that_stage(ctx: Context, put: Any) -> None:
    records.add(ctx, DEAL, {"name": "Before"})
    with ctx.writing("test") as tx:
        tx.add("stage", {"name": "In Progress", "pipeline_id": 1, "position": 9, "probability_bp": 100})
    path = put("Deal Name,Status,Amount\nOne,Won,10\nTwo,in progress,5\n")
    assert counts(take(ctx, path)) == (2, 2, 0, 0, 0, 0)
    assert [(row["stage"], row["status"]) for row in rows(ctx, DEAL)[1:]] == [("Won", "won"), ("In Progress", "open")]


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "titles", "words", "kind"),
    [
        ("contacts.csv", "First Name,Last Name,Email,Company,Status", ("Active", "Unsubscribed"), "contact"),
        ("contacts.csv", "First Name,Last Name,Email,Company,Status", ("New", "Qualified"), "contact"),
        ("my contacts.csv", "Name,Email,Status", ("New", "Qualified"), "contact"),
        ("contacts.csv", "First Name,Last Name,Email,Lead Status", ("New", "Open"), "contact"),
        ("customers.csv", "First Name,Last Name,Email,Phone,Status", ("Gold", ""), "contact"),
        ("مشتریان.csv", "نام,نام خانوادگی,موبایل,شرکت,وضعیت", ("ویژه", "عادی"), "contact"),
        ("companies.csv", "Name,Website,Phone,Status", ("Gold", "Silver"), "company"),
        ("export.csv", "First Name,Last Name,Email,Company,Status", ("Active", "Unsubscribed"), "contact"),
        ("export.csv", "Name,Email,Status", ("Subscribed", "Cleaned", "Pending", "", "N/A"), "contact"),
        ("export.csv", "Name,Email,Phone,Contact Status", ("Customer", "Inactive"), "contact"),
        ("export.csv", "نام,نام خانوادگی,موبایل,شرکت,وضعیت", ("بدهکار", "بستانکار"), "contact"),
        ("export.csv", "نام,موبایل,شرکت,وضعیت,مبلغ", ("بدهکار", "بستانکار"), "contact"),
        ("export.csv", "نام,نام خانوادگی,موبایل,وضعیت", ("فعال", "غیر فعال", "غیر‌فعال"), "contact"),
        ("export.csv", "Company,Website,Phone,Status", ("Active", "Inactive"), "company"),
        ("export.csv", "First Name,Last Name,Email,Active", ("TRUE", "FALSE"), "contact"),
        # a part of a word, a way of getting in touch, and people who are yet to be won
        ("contacted.csv", "Name,Email,Phone,Status", ("New", "Qualified"), "lead"),
        ("contact_form_submissions.csv", "Name,Email,Phone,Status", ("New", "Qualified"), "lead"),
        ("salesperson_ali.csv", "Name,Email,Phone,Status", ("New", "Qualified"), "lead"),
        ("sales_people.csv", "Name,Email,Phone,Status", ("New", "Qualified"), "lead"),
        ("potential_customers.csv", "Name,Email,Phone,Status", ("New", "Qualified"), "lead"),
        ("potential_customers.csv", "Name,Email,Phone,Status", ("Active", "Inactive"), "lead"),
        ("accounting_firms.csv", "Name,Email,Phone,Status", ("New", "Qualified"), "lead"),
        ("new_people.csv", "Name,Email,Lead Status,Source", ("New", "Open"), "lead"),
        ("مشتریان_بالقوه.csv", "نام,ایمیل,تلفن,وضعیت", ("جدید", "واجد شرایط"), "lead"),
        ("شرکت‌کنندگان_وبینار.csv", "نام,ایمیل,تلفن,وضعیت", ("جدید", "واجد شرایط"), "lead"),
        ("فروش_سازمانی.csv", "نام,ایمیل,تلفن,وضعیت", ("جدید", "واجد شرایط"), "lead"),
        # what is as it was
        ("export.csv", "First Name,Last Name,Email,Company,Status", ("New", "Active"), "lead"),
        ("export.csv", "First Name,Last Name,Email,Company,Status", ("Pending", ""), "lead"),
        ("export.csv", "First Name,Last Name,Email,Company,Status", ("", ""), "lead"),
        ("leads.csv", "First Name,Last Name,Email,Company,Status", ("Active", "Inactive"), "lead"),
        ("leads_contacted.csv", "First Name,Last Name,Email,Company,Status", ("New", "Active"), "lead"),
        ("export.csv", "First Name,Last Name,Email,Company,Lead Status", ("Active", "Inactive"), "lead"),
        ("contacts.csv", "First Name,Last Name,Email,Company,Stage,Status", ("Won", "Lost"), "lead"),
        ("customers.csv", "Name,Company,Amount,Status", ("New", "Proposal"), "deal"),
        ("export.csv", "Name,Company,Amount,Status", ("Active", "Active"), "deal"),
    ],
)
def test_how_people_stand_is_no_stage(
    book: Context, put: Any, name: str, titles: str, words: tuple[str, ...], kind: str
) -> None:
    header = titles.split(",")
    place = next(i for i, title in enumerate(header) if title in _STATUSES)
    lines = [[f"x{n}" for _ in header] for n, _ in enumerate(words)]
    for line, word in zip(lines, words, strict=True):
        line[place] = word
    made = imports.plan(book, put("".join(",".join(line) + "\n" for line in (header, *lines)), name))
    assert made.kind is not None
    assert made.kind.name == kind
    assert bool(made.columns[place].to) == (kind in ("lead", "deal"))


_STATUSES = ("Status", "وضعیت", "Lead Status", "Contact Status", "Active")


def test_a_status_mapped_by_hand_is_that_of_a_lead(book: Context, put: Any) -> None:
    path = put("First Name,Last Name,Email,Status\nAda,King,ada@k.example,Active\n", "contacts.csv")
    made = imports.plan(book, path, mapping={"Status": "status"})
    assert made.kind is LEAD
    assert counts(imports.run(book, made)) == (1, 1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("title", "words", "done"),
    [
        ("Status", ("O", "C", "Y", "N"), {}),
        ("Done", ("Y", "n", "x", "O"), {"Y", "x", "O"}),
        ("Complete", ("0", "1", "50", "100", "۱۰۰"), {"1", "100", "۱۰۰"}),
        ("Done", ("not complete", "Uncompleted", "WIP", "In Review", "on hold"), set()),
        ("انجام شده", ("ناتمام", "نیمه‌کاره", "نیمه تمام", "ناقص", "کامل"), {"کامل"}),
    ],
)
def test_letters_and_numbers_count_where_they_are_answers(
    book: Context, put: Any, title: str, words: tuple[str, ...], done: set[str]
) -> None:
    made = imports.plan(book, put(f"Task,{title}\n" + "".join(f"{word},{word}\n" for word in words)), kind=TASK)
    assert counts(imports.run(book, made)) == (len(words), len(words), 0, 0, 0, 0)
    assert {row["name"] for row in rows(book, TASK) if row["done_at"]} == set(done)
    assert made.notes == (("column Status: taken as open: C, N, O, Y",) if title == "Status" else ())


def test_a_column_of_texts_makes_no_thousand_stages(book: Context, put: Any) -> None:
    rows = "".join(f"Deal {number},What was said on day {number}\n" for number in range(201))
    with pytest.raises(UsageError, match="column Stage would make more than 200 stages") as caught:
        take(book, put(f"Deal name,Stage\n{rows}"), kind=DEAL)
    assert caught.value.hint == "leave it out: --map 'Stage=-'"
    assert take(book, put(f"Deal name,Stage\n{rows}"), kind=DEAL, mapping={"Stage": "-"}).new == 201


# --- where updates move leads and deals -------------------------------------------------------------------------------


def stands(ctx: Context) -> tuple[str, str, str]:
    """(pipeline, stage, status) of the only deal."""
    (deal,) = rows(ctx, DEAL)
    return deal["pipeline"], deal["stage"], deal["status"]


def said(ctx: Context, put: Any, *cells: str, updated: int = 1) -> Any:
    """Import a row of the only deal, its title and what it says, which is news the first time alone."""
    path = put(f"Id,Name,Company,{cells[0]}\n1,Big,Acme,{cells[1]}\n")
    done = take(ctx, path, kind=DEAL, id_column="Id", update=True)
    assert counts(done) == (1, 0, updated, 1 - updated, 0, 0)
    assert counts(take(ctx, path, kind=DEAL, id_column="Id", update=True)) == (1, 0, 0, 1, 0, 0)
    return done


@pytest.fixture
def big(ctx: Context, put: Any) -> Context:
    """A deal of another program in the third stage, and a second pipeline."""
    pipelines.pipeline_add(ctx, "Service", ["New", "Doing", "Done"])
    take(ctx, put("Id,Name,Company,Stage\n1,Big,Acme,Proposition\n"), kind=DEAL, id_column="Id")
    return ctx


@pytest.mark.parametrize("cells", [("Stage", "Closed Lost"), ("Stage,Status", ",lost"), ("Status", "lost")], ids=str)
def test_a_deal_is_lost_where_it_stands(big: Context, put: Any, cells: tuple[str, str]) -> None:
    said(big, put, *cells)
    assert stands(big) == ("Sales", "Proposition", "lost")
    assert big.reader.value("SELECT count(*) FROM stage_move") == 0
    deals.restore(big, DEAL, [1])
    records.edit(big, DEAL, [1], {"stage": "Qualified"})
    deals.lost(big, DEAL, [1])
    said(big, put, *cells, updated=0)
    assert stands(big) == ("Sales", "Qualified", "lost")


@pytest.mark.parametrize("cells", [("Status", "open"), ("Stage,Status", ",open")], ids=str)
def test_an_open_row_without_a_stage_moves_nothing(big: Context, put: Any, cells: tuple[str, str]) -> None:
    said(big, put, *cells, updated=0)
    assert stands(big) == ("Sales", "Proposition", "open")
    deals.lost(big, DEAL, [1])
    said(big, put, *cells)
    assert stands(big) == ("Sales", "Proposition", "open")
    assert rows(big, DEAL)[0]["probability"] == 6000
    deals.won(big, DEAL, [1])
    said(big, put, *cells)
    assert stands(big)[2] == "open"
    assert stands(big)[1] != "Won"


def test_an_empty_cell_beside_words_of_its_own_opens_nothing(big: Context, put: Any) -> None:
    deals.lost(big, DEAL, [1])
    text = "Id,Name,Stage,Status\n1,Big,,\n2,Small,Qualified,Paused\n3,Third,Qualified,Lost\n"
    take(big, put(text), kind=DEAL, id_column="Id", update=True)
    assert [(row["stage"], row["status"]) for row in rows(big, DEAL)] == [
        ("Proposition", "lost"), ("Qualified", "open"), ("Qualified", "lost"),
    ]  # fmt: skip


def test_a_figure_set_by_hand_waits_until_an_update_opens_the_deal_again(big: Context, put: Any) -> None:
    records.edit(big, DEAL, [1], {"probability": "45"})
    said(big, put, "Status", "lost")
    assert rows(big, DEAL)[0]["probability"] == 0
    said(big, put, "Status", "open")
    assert rows(big, DEAL)[0]["probability"] == 4500


def test_a_stage_is_that_of_the_own_pipeline_where_the_row_names_none(big: Context, put: Any) -> None:
    records.edit(big, DEAL, [1], {"pipeline": "Service", "stage": "New"})
    said(big, put, "Stage,Value", "New,150")
    assert stands(big) == ("Service", "New", "open")
    said(big, put, "Stage", "doing")
    assert stands(big) == ("Service", "Doing", "open")
    assert "Doing" not in {row["name"] for row in every_stage(big) if row["pipeline"] == "Sales"}
    said(big, put, "Stage", "Closed Lost")
    assert stands(big) == ("Service", "Doing", "lost")
    said(big, put, "Stage", "Closed Won")
    assert stands(big) == ("Service", "Done", "won")
    said(big, put, "Stage", "Qualified")  # which its own has not
    assert stands(big) == ("Sales", "Qualified", "open")


@pytest.mark.parametrize("cells", [("Pipeline", "Service"), ("Pipeline,Status", "Service,open")], ids=str)
def test_a_pipeline_without_a_stage_means_its_first_one(big: Context, put: Any, cells: tuple[str, str]) -> None:
    done = said(big, put, *cells)
    assert stands(big) == ("Service", "New", "open")
    assert "1 of the deals goes to the first stage of the pipeline that its row names without a stage" in done.notes
    records.edit(big, DEAL, [1], {"stage": "Doing"})
    said(big, put, *cells, updated=0)
    assert stands(big) == ("Service", "Doing", "open")
    deals.won(big, DEAL, [1])
    said(big, put, *cells, updated=int("Status" in cells[0]))
    assert stands(big)[2] == ("open" if "Status" in cells[0] else "won")
    said(big, put, "Pipeline", "Sales")
    assert stands(big) == ("Sales", *(("New", "open") if "Status" in cells[0] else ("Won", "won")))


@pytest.mark.parametrize("merged", [False, True], ids=["converted", "merged"])
def test_the_stage_of_a_lead_does_not_move_the_deal_that_it_became(ctx: Context, put: Any, merged: bool) -> None:
    text = "Id,Name,E-mail,Company,Stage,City\n1,Ada Nord,ada@x.example,Acme,{}\n"
    take(ctx, put(text.format("New,Bern")), kind=LEAD, id_column="Id")
    if merged:
        number = records.add(ctx, DEAL, {"name": "Big", "email": "ada@x.example"}).ids[0]
        merging.merge(ctx, LEAD, [1, number])
    else:
        deals.convert(ctx, 1)
    (number,) = (row["id"] for row in rows(ctx, DEAL))
    deals.won(ctx, DEAL, [number])
    take(ctx, put(text.format("New,Bern")), kind=LEAD, id_column="Id", update=True)
    assert stands(ctx) == ("Sales", "Won", "won")
    for _ in range(2):
        take(ctx, put(text.format("Qualified,Basel")), kind=LEAD, id_column="Id", update=True)
        assert (*stands(ctx), rows(ctx, DEAL)[0]["city"]) == ("Sales", "Won", "won", "Basel")


@pytest.mark.parametrize(
    ("titles", "cells", "due", "is_done"),
    [
        ("Due,Done,Done on", "2026-11-25,yes,2026-12-20", "2026-11-25", True),
        ("Due,Done,Done on", ",yes,2026-12-20", "2026-12-20", True),
        ("Due,Done,Done on", ",,2026-12-20 23:30", "2026-12-20", True),
        ("Due,Done,Done on", ",no,2026-12-20", "2026-12-20", False),
        ("Due,Status,Completed date", ",Open,2026-12-20", "2026-12-20", False),
        ("Due,Done on", ",2026-12-20", "2026-12-20", True),
        ("Due,Done on", ",2026-11-21 23:00", "2026-11-21", True),
    ],
)
def test_no_task_is_done_in_the_future(
    ctx: Context, put: Any, titles: str, cells: str, due: str, is_done: bool
) -> None:
    path = put(f"Task,{titles}\na,{cells}\n")
    assert take(ctx, path, kind=TASK).new == 1
    now = "2026-11-21T10:00:00.000Z" if is_done else None
    assert [(task["due_on"], task["done_at"]) for task in rows(ctx, TASK)] == [(due, now)]
    assert take(ctx, path, kind=TASK).same == 1
