"""What a preview says of columns, which fields an import makes, what it gives to records that the book has and what
these keep; all rows or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import ConflictError, UsageError
from crmcli.render import machine
from crmcli.results import Bytes, Rows
from crmcli.services import custom, exporting, history, imports, records
from crmcli.services.imports import kinds, new_fields, recognising, surveying, taking
from crmcli.services.imports.looks import Look
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from tests.services.conftest import Put

OLD, NOW, LATER = "2020-01-01", "2026-11-22", "2099-01-01"


@pytest.fixture
def ada(ctx: Context) -> Context:
    """A book with one lead that has an amount, a tag and a city, and lacks a telephone."""
    values = {
        "name": "Ada",
        "email": "ada@x.example",
        "city": "Bonn",
        "value": "100",
        "tags": "a",
        "company": "Engines",
    }
    records.add(ctx, LEAD, values)
    return ctx


def update(ctx: Context, put: Put, text: str, conflicts: str, kind: Any = LEAD, **more: Any) -> imports.Imported:
    return take(ctx, put(text), kind=kind, update=True, conflicts=conflicts, **more)


ROW = "Name,Email,Phone,City,Value,Tags,Last modified\nAda L,ada@x.example,+49 30 1,Ulm,200,b,{}\n"


@pytest.mark.parametrize(
    ("conflicts", "changed", "wanted", "kept"),
    [
        ("replace", OLD, ("Ada L", "+49 30 1", "Ulm", 20000, ["a", "b"]), ()),
        ("keep", LATER, ("Ada", "+49 30 1", "Bonn", 10000, ["a", "b"]), ("Name", "City", "Value")),
        ("only empty", LATER, ("Ada", "+49 30 1", "Bonn", 10000, ["a"]), ("Name", "City", "Value", "Tags")),
        ("newest", LATER, ("Ada L", "+49 30 1", "Ulm", 20000, ["a", "b"]), ()),
        ("newest", OLD, ("Ada", "+49 30 1", "Bonn", 10000, ["a", "b"]), ("Name", "City", "Value")),
        ("newest", "", ("Ada", "+49 30 1", "Bonn", 10000, ["a", "b"]), ("Name", "City", "Value")),
    ],
)
def test_which_value_counts(
    ada: Context, put: Put, conflicts: str, changed: str, wanted: tuple[object, ...], kept: tuple[str, ...]
) -> None:
    before = rows(ada, LEAD)
    done = update(ada, put, ROW.format(changed), conflicts)
    (row,) = rows(ada, LEAD)
    assert (row["name"], row["phone"], row["city"], row["value"], sorted(row["tags"])) == wanted
    assert counts(done) == (1, 0, 1, 0, 0, 0)
    assert (done.kept, {one[1] for one in done.conflicts}) == (len(kept), set(kept))
    # The same file again changes nothing, and keeps the same.
    again = update(ada, put, ROW.format(changed), conflicts)
    assert counts(again) == (1, 0, 0, 1, 0, 0)
    assert rows(ada, LEAD) == [row]
    history.undo(ada, done.batch)
    assert [{**one, "version": 0} for one in rows(ada, LEAD)] == [{**one, "version": 0} for one in before]


def test_what_was_kept_is_named(ada: Context, put: Put) -> None:
    done = update(ada, put, "Name,Email,City,Value,Company\nAda,ada@x.example,Ulm,200,Other\n", "keep")
    assert sorted(done.conflicts) == [
        (2, "City", "Ulm", "Bonn"), (2, "Company", "Other", "Engines"), (2, "Value", "200", "100.00 EUR"),
    ]  # fmt: skip
    assert "3 values of the book kept against the file's" in done.gist


def test_no_company_is_made_that_nobody_gets(ctx: Context, put: Put) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.example", "company": "Engines"})
    records.add(ctx, CONTACT, {"name": "Bob", "email": "bob@x.example"})
    text = (
        "Name,Email,Company,Source\nAda,ada@x.example,Other,web\nBob,bob@x.example,New,web\nEve,eve@x.example,Third,\n"
    )
    update(ctx, put, text, "keep", CONTACT)
    assert [row["name"] for row in rows(ctx, COMPANY)] == ["Engines", "New", "Third"]
    assert [row["company"] for row in rows(ctx, CONTACT)] == ["Engines", "New", "Third"]
    assert [row["source"] for row in rows(ctx, CONTACT)] == ["web", "web", None]


def test_a_stage_that_nobody_gets_is_not_made(ada: Context, put: Put) -> None:
    done = update(ada, put, "Name,Email,Stage\nAda,ada@x.example,Lunch\n", "keep")
    assert [one[1:] for one in done.conflicts] == [("Stage", "Lunch", "New")]
    assert ada.reader.value("SELECT count(*) FROM stage WHERE name = 'Lunch'") == 0
    update(ada, put, "Name,Email,Stage\nAda,ada@x.example,Lunch\n", "replace")
    assert rows(ada, LEAD)[0]["stage"] == "Lunch"


def test_amounts_in_another_currency_are_kept_together(ada: Context, put: Put) -> None:
    """Half of the amounts in euros and half in dollars is nothing that the book can have."""
    text = "Name,Email,Value,Recurring,Currency\nAda,ada@x.example,50,5,USD\n"
    done = update(ada, put, text, "keep")
    (row,) = rows(ada, LEAD)
    assert (row["value"], row["recurring"], row["currency"]) == (10000, None, "EUR")
    assert {one[1] for one in done.conflicts} == {"Value", "Recurring"}


def test_an_amount_that_is_empty_takes_the_currency_with_it(ctx: Context, put: Put) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "email": "ada@x.example"})
    update(ctx, put, "Name,Email,Value,Currency\nAda,ada@x.example,50,USD\n", "only empty")
    assert (rows(ctx, LEAD)[0]["value"], rows(ctx, LEAD)[0]["currency"]) == (5000, "USD")


def test_an_address_is_one_value(ada: Context, put: Put) -> None:
    done = update(ada, put, "Name,Email,Street,City,Postal code\nAda,ada@x.example,Road 1,Ulm,89073\n", "keep")
    row = rows(ada, LEAD)[0]
    assert (row["street"], row["city"], row["postal_code"]) == (None, "Bonn", None)
    assert {one[1] for one in done.conflicts} == {"City", "Street", "Postal code"}
    done = update(ada, put, "Name,Email,Street,City,Postal code\nAda,ada@x.example,Road 1,Bonn,53111\n", "keep")
    row = rows(ada, LEAD)[0]
    assert (row["street"], row["city"], row["postal_code"], done.kept) == ("Road 1", "Bonn", "53111", 0)


def test_a_day_and_its_time_are_one_value(ctx: Context, put: Put) -> None:
    records.add(ctx, TASK, {"name": "Call", "due_on": "2026-12-01"})
    text = "Subject,External id,Due,Due time,Description\nCall,,2026-12-02,10:00,bring the plan\n"
    done = update(ctx, put, text, "keep", TASK, match=["name"])
    (row,) = rows(ctx, TASK)
    assert (row["due_on"], row["due_at"], row["description"]) == ("2026-12-01", None, "bring the plan")
    assert done.kept


def test_newest_wants_a_column_that_says_so(ada: Context, put: Put) -> None:
    with pytest.raises(UsageError, match=r"no column of .* says when a row was changed last") as error:
        update(ada, put, "Name,Email,Touched\nAda,ada@x.example,2026-01-01\n", "newest")
    assert "--map 'COLUMN=updated_at'; it has: Name, Email, Touched" in str(error.value)
    update(ada, put, "Name,Email,Touched\nAda,ada@x.example,2099-01-01\n", "newest", mapping={"Touched": "updated_at"})


def test_a_record_is_as_old_as_the_row_that_it_was_taken_from(ada: Context, put: Put) -> None:
    """What is changed between in the other program, and exported later, is newer than that row: it counts."""
    at = "UPDATE opportunity SET updated_at = ?"
    ada.reader.run(at, ("2026-01-01T00:00:00.000Z",))
    update(ada, put, "Name,Email,City,Last modified\nAda,ada@x.example,Ulm,2026-03-01T00:00:00Z\n", "newest")
    assert rows(ada, LEAD)[0]["updated_at"] == "2026-03-01T00:00:00.000Z"
    update(ada, put, "Name,Email,City,Last modified\nAda,ada@x.example,Köln,2026-04-01T00:00:00Z\n", "newest")
    assert rows(ada, LEAD)[0]["city"] == "Köln"
    # A clock that is wrong dates nothing into the future, where it would count for ever.
    update(ada, put, "Name,Email,City,Last modified\nAda,ada@x.example,Rom,2099-04-01T00:00:00Z\n", "newest")
    assert rows(ada, LEAD)[0]["updated_at"] == ada.env.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize("conflicts", ["keep", "only empty", "newest"])
def test_rows_that_repeat_an_earlier_one_are_judged_by_it(ada: Context, put: Put, conflicts: str) -> None:
    """What the record kept is no reason to refuse a row that says what an earlier one said."""
    row = "Ada,ada@x.example,Ulm,2020-01-01\n"
    text = "Name,Email,City,Last modified\n" + row + row + row.replace("Ulm", "Rom")
    done = update(ada, put, text, conflicts)
    assert counts(done)[1:] == (0, 0, 1, 1, 1)
    assert rows(ada, LEAD)[0]["city"] == "Bonn"


def test_ids_of_another_program_make_it_idempotent(ctx: Context, put: Put) -> None:
    text = "Id,Name,City,Last modified\n" + "".join(f"x{n},P {n},Ulm,2026-01-0{n + 1}\n" for n in range(5))
    for conflicts in ("only empty", "keep", "newest", "replace"):
        assert counts(update(ctx, put, text, conflicts, id_column="Id"))[0] == 5
        assert [row["name"] for row in rows(ctx, LEAD)] == [f"P {n}" for n in range(5)]
    records.edit(ctx, LEAD, (1,), {"name": "Renamed", "city": ""})
    done = update(ctx, put, text, "only empty", id_column="Id")
    assert counts(done) == (5, 0, 1, 4, 0, 0)
    assert (rows(ctx, LEAD)[0]["name"], rows(ctx, LEAD)[0]["city"]) == ("Renamed", "Ulm")


# --- all or nothing ---------------------------------------------------------------------------------------------------


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, 10)
    monkeypatch.setattr(taking, "LONGEST", 0.0)


def test_all_rows_or_none(ctx: Context, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    text = "Name,Email,Company\n" + "".join(f"P {n},p{n}@x.example,C {n % 3}\n" for n in range(35))
    before = ctx.reader.value("SELECT seq FROM journal_head")
    bad = imports.plan(ctx, put(text + "Q,bad,\n"), kind=CONTACT)
    for dry_run in (True, False):
        done = imports.run(ctx, bad, whole=True, dry_run=dry_run)
        assert (done.withheld, done.refused, done.batch, done.rejects) == (True, 1, 0, "")
        assert done.listed[0][:3] == (37, "Email", "bad")
        assert done.lines[0].startswith("nothing was saved: 36 rows of contacts: 35 new, 1 refused")
    assert ctx.reader.value("SELECT seq FROM journal_head") == before
    done = imports.run(ctx, imports.plan(ctx, put(text), kind=CONTACT), whole=True)
    assert (counts(done), done.withheld) == ((35, 35, 0, 0, 0, 0), False)
    assert len(rows(ctx, COMPANY)) == 3
    assert counts(imports.run(ctx, imports.plan(ctx, put(text), kind=CONTACT), whole=True)) == (35, 0, 0, 35, 0, 0)
    history.undo(ctx, done.batch)
    assert (rows(ctx, CONTACT), rows(ctx, COMPANY)) == ([], [])


def test_all_companies_with_their_parents_or_none(ctx: Context, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    text = "Name,Parent company\n" + "".join(f"Child {n},Holding {n % 2}\n" for n in range(25))
    done = imports.run(ctx, imports.plan(ctx, put(text), kind=COMPANY), whole=True)
    assert sum(row["parent"] is not None for row in rows(ctx, COMPANY)) == 25
    history.undo(ctx, done.batch)
    assert rows(ctx, COMPANY) == []


def test_a_row_that_is_refused_after_the_trial_takes_all_back(
    ctx: Context, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes between the trial and the transaction: what an update means to change was removed."""
    small(monkeypatch)
    records.add(ctx, CONTACT, {"name": "P 20", "email": "p20@x.example"})
    text = "Name,Email,City\n" + "".join(f"P {n},p{n}@x.example,Ulm\n" for n in range(35))
    made = imports.plan(ctx, put(text), kind=CONTACT, update=True)

    def remove(done: int, of: int) -> None:
        if done >= of and not ctx.reader.value("SELECT count(*) FROM contact WHERE removed_at IS NOT NULL"):
            records.remove(ctx, CONTACT, (1,))

    done = imports.run(ctx, made, whole=True, progress=remove)
    assert (done.withheld, done.refused, done.batch) == (True, 1, 0)
    assert "was removed" in done.listed[0][3]
    assert ctx.reader.rows("SELECT name FROM contact") == [("P 20",)]


def test_all_or_nothing_is_interrupted_without_a_trace(
    ctx: Context, put: Put, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small(monkeypatch)
    text = "Name,Email\n" + "".join(f"P {n},p{n}@x.example\n" for n in range(35))
    trial = [True]

    def progress(done: int, of: int) -> None:
        if done >= of:
            trial.clear()
        elif done >= 20 and not trial:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(ctx, imports.plan(ctx, put(text), kind=DEAL), whole=True, progress=progress)
    assert rows(ctx, DEAL) == []
    assert "rows are in" not in capsys.readouterr().err


# --- what a preview says ----------------------------------------------------------------------------------------------


def preview(ctx: Context, put: Put, text: str, **options: Any) -> dict[str, dict[str, Any]]:
    """What is said of each column, by its title."""
    made = imports.planned(ctx, put(text), kind=LEAD, looking=True, **options)
    page = imports.preview(ctx, made)
    (mapping,) = [section.rows.rows for section in page.sections if section.key == "mapping"]
    return {row["column"]: row for row in mapping}


def test_columns_are_counted_and_told(book: Context, put: Put) -> None:
    text = (
        "Name,Email,Value,Close date,Sector,Size,Code,Mark,Site,تعداد\n"
        'A,a@x.example,"1.234,50",13/02/2027,Steel,1,007,yes,https://a.example,۱\n'
        'B,bad,"10,5",03/02/2027,Food,20,12,no,www.b.example,۲\n'
        "C,worse,x,99/99/2027,Food,,13,yes,,\n"
        "D,d@x.example,NULL, ,Steel,-,,,,\n"
    )
    found = preview(book, put, text)
    counts_ = {title: (row["type"], row["filled"], row["empty"], row["misfits"]) for title, row in found.items()}
    assert counts_ == {
        "Name": ("text", 4, 0, 0), "Email": ("text", 4, 0, 2), "Value": ("text", 3, 1, 1),
        "Close date": ("date", 3, 1, 1), "Sector": ("choice", 4, 0, 0), "Size": ("integer", 2, 2, 0),
        "Code": ("text", 3, 1, 0), "Mark": ("flag", 3, 1, 0), "Site": ("url", 2, 2, 0), "تعداد": ("integer", 2, 2, 0),
    }  # fmt: skip
    assert found["Email"]["example"] == "line 3: bad"
    assert found["Value"]["read_as"] == "decimal comma, from 1.234,50 in line 2; thousands parted by ."
    assert found["Close date"]["read_as"] == "day first, from 13/02/2027 in line 2"
    assert found["تعداد"]["read_as"] == "Persian digits"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("03/04/2027", "04/13/2027"), "month first, from 04/13/2027 in line 3"),
        (("2027-01-02", "2027-02-03"), ""),
        (("۱۴۰۳/۰۲/۱۳", "1403/02/14"), "Jalali, from ۱۴۰۳/۰۲/۱۳ in line 2; Persian digits"),
        (("13.02.2027", ""), "day first, from 13.02.2027 in line 2"),
    ],
)
def test_days_are_told(book: Context, put: Put, cells: tuple[str, str], said: str) -> None:
    found = preview(book, put, "Name,Close date\n" + "".join(f"A,{cell}\n" for cell in cells))
    assert found["Close date"]["read_as"] == said


def test_what_is_told_by_hand_needs_no_proof(book: Context, put: Put) -> None:
    found = preview(book, put, "Name,Close date,Value\nA,03/04/2027,1.500\n", dates="mdy", decimal=",")
    assert (found["Close date"]["read_as"], found["Value"]["read_as"]) == ("month first", "decimal comma")


def test_a_new_field_is_told_with_its_type_and_what_does_not_fit_it(book: Context, put: Put) -> None:
    """Also where nobody is asked and nothing is counted."""
    text = "Name,Email,Seit\nA,a@x.example,13.02.2026\nB,b@x.example,soon\n"
    made = imports.planned(book, put(text), kind=LEAD, mapping={"Seit": "+since:date"})
    page = imports.preview(book, made, counts=False)
    row = page.sections[0].rows.rows[2]
    assert (row["type"], row["misfits"], row["example"]) == ("date", 1, "line 3: soon")


# --- fields that an import makes --------------------------------------------------------------------------------------

SECTORS = "Name,Email,Sector,Size,Since,Share,Ratio\n" + "".join(
    f'P {n},p{n}@x.example,{("Steel", "Food")[n % 2]},{n},{13 + n}/02/2026,{n}.5,"{n},25"\n' for n in range(6)
)


def fields(ctx: Context) -> dict[str, str]:
    """The fields of people's own, and their types."""
    return {row["name"]: row["type"] for row in custom.fields(ctx).rows}


def test_a_table_of_something_else_makes_no_thousand_fields(book: Context, put: Put) -> None:
    path = put(",".join(["Name", *(f"x{n}" for n in range(201))]) + "\n" + ",".join(["Ann", *["a"] * 201]) + "\n")
    with pytest.raises(UsageError, match="201 columns for new fields, and an import makes 200 at most") as refused:
        imports.planned(book, path, kind=CONTACT, every=True)
    assert refused.value.hint == "name those that you want: --map 'COLUMN=+'"
    assert len(imports.planned(book, path, kind=CONTACT, every=True, mapping={"x0": "-"}).new_fields) == 200


def test_a_wide_table_is_told_by_its_first_columns(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    looked = recognising._recognise

    def look(kind: Entity, title: str, own: bool) -> tuple[int, str] | None:
        asked.append(title)
        return looked(kind, title, own)

    monkeypatch.setattr(recognising, "_recognise", look)
    wide = [f"thing {n}" for n in range(20_000)]
    known = ["First name", "Last name", "Email", "Phone"]
    assert kinds.recognise(wide, "x.csv") is None
    assert kinds.recognise([*known, *wide], "x.csv") is CONTACT
    assert kinds.recognise([*wide, "a", "b", "c"], "x.csv", {"a": "name", "b": "email", "c": "birthday"}) is CONTACT
    assert len(asked) < 3 * 8 * 600


@pytest.mark.parametrize("whole", [False, True])
def test_new_fields_and_rows_are_one_batch(ctx: Context, put: Put, whole: bool) -> None:
    made = imports.planned(ctx, put(SECTORS), kind=LEAD, every=True)
    tried = imports.run(ctx, made, dry_run=True, whole=whole)
    assert fields(ctx) == {}, "a dry run makes none"
    done = imports.run(ctx, made, whole=whole)
    assert tried[1:7] == done[1:7]
    assert fields(ctx) == {"sector": "choice", "size": "integer", "since": "date", "share": "number", "ratio": "number"}
    row = rows(ctx, LEAD)[1]
    assert [row[name] for name in ("sector", "size", "since", "share", "ratio")] == [
        "Food", 1, "2026-02-14", 1_500_000, 1_250_000,
    ]  # fmt: skip
    again = imports.run(ctx, imports.planned(ctx, put(SECTORS), kind=LEAD, every=True))
    assert (again.same, again.batch) == (6, 0), "the fields are there, and nothing is left to be made"
    history.undo(ctx, done.batch)
    assert (rows(ctx, LEAD), fields(ctx)) == ([], {})


def test_nothing_is_made_where_a_row_is_refused(ctx: Context, put: Put) -> None:
    made = imports.planned(ctx, put(SECTORS + "Q,bad,Food,1,13/02/2026,1,1\n"), kind=LEAD, every=True)
    done = imports.run(ctx, made, whole=True)
    assert (done.withheld, done.batch, fields(ctx), rows(ctx, LEAD)) == (True, 0, {}, [])


@pytest.mark.parametrize(
    ("said", "made"),
    [
        ("+", {"sector": "choice"}), ("+branch", {"branch": "choice"}), ("+branch:text", {"branch": "text"}),
        ("+:text", {"sector": "text"}), ("+branch : select", {"branch": "choice"}),
    ],
)  # fmt: skip
def test_a_new_field_as_it_is_said(ctx: Context, put: Put, said: str, made: dict[str, str]) -> None:
    take_new = imports.planned(ctx, put(SECTORS), kind=LEAD, mapping={"Sector": said})
    imports.run(ctx, take_new)
    assert fields(ctx) == made
    (name,) = made
    assert [row[name] for row in rows(ctx, LEAD)][:2] == ["Steel", "Food"]
    # The same command with another file fills the field that is there.
    more = put(SECTORS.replace("p", "q"), "more.csv")
    done = imports.run(ctx, imports.planned(ctx, more, kind=LEAD, mapping={"Sector": f"+{name}:choice"}))
    assert (done.new, fields(ctx)) == (6, made)


def test_persian_titles_and_values_become_fields(ctx: Context, put: Put) -> None:
    text = "نام,صنعت,تعداد\n" + "".join(f"شخص {n},{('فولاد', 'غذا')[n % 2]},{'۰۱۲۳۴۵'[n]}\n" for n in range(6))
    imports.run(ctx, imports.planned(ctx, put(text), kind=CONTACT, every=True))
    (sector, size) = list(custom.fields(ctx).rows)
    assert (sector["label"], sector["type"], sector["options"]) == ("صنعت", "choice", "فولاد, غذا")
    assert (size["label"], size["type"]) == ("تعداد", "integer")
    assert rows(ctx, CONTACT)[1][size["name"]] == 1


@pytest.mark.parametrize(("said", "name"), [({}, "sector"), ({"Sector": "+branch"}, "branch")])
def test_a_field_that_is_made_is_known_after_a_cut(
    ctx: Context, put: Put, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], name: str
) -> None:
    small(monkeypatch)
    path = put("Name,Email,Sector\n" + "".join(f"P {n},p{n}@x.example,{n % 2}x\n" for n in range(30)))

    def progress(done: int, _of: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(ctx, imports.planned(ctx, path, kind=LEAD, every=True, mapping=said), progress=progress)
    made = imports.planned(ctx, path, kind=LEAD, every=True, mapping=said)
    done = imports.run(ctx, made, cut=imports.resumable(ctx, made))
    assert list(fields(ctx)) == [name]
    assert [row[name] for row in rows(ctx, LEAD)] == [f"{n % 2}x" for n in range(30)]
    history.undo(ctx, done.batch)
    assert (rows(ctx, LEAD), fields(ctx)) == ([], {})


def test_what_is_said_of_a_column_by_hand_is_all_that_is_made_of_it(ctx: Context, put: Put) -> None:
    """The second run finds the field that the first one made, and a column that is left out stays out."""
    said = {"Since": "+member_since", "Size": "-"}
    for text in (SECTORS, SECTORS.replace("13/02/2026", "19/02/2026")):
        path = put(text)
        imports.run(ctx, imports.planned(ctx, path, kind=LEAD, every=True, update=True, match=["email"], mapping=said))
        assert list(fields(ctx)) == ["sector", "member_since", "share", "ratio"]
    assert rows(ctx, LEAD)[0]["member_since"] == "2026-02-19"


@pytest.mark.parametrize(
    ("yes", "no"),
    [("ja", "nein"), ("x", "-"), ("oui", "non"), ("Evet", "hayır"), ("sí", "no"), ("x", "n"), ("✓", "")],
)
def test_what_is_taken_for_a_flag_fits_it(book: Context, put: Put, yes: str, no: str) -> None:
    """In the field that the import makes, and in one that is there."""
    for part in "ab":
        path = put(f"Name,Email,Active\nA,1{part}@x.example,{yes}\nB,2{part}@x.example,{no}\n")
        made = imports.planned(book, path, kind=CONTACT, every=part == "a")
        assert imports.run(book, made).new == 2
        assert fields(book) == {"active": "flag"}
    empty = None if no in ("-", "") else False
    assert [row["active"] for row in rows(book, CONTACT)] == [True, empty] * 2


def test_no_field_is_made_that_no_row_comes_in_for(ctx: Context, put: Put) -> None:
    before = ctx.reader.value("SELECT seq FROM journal_head")
    path = put("Name,Email,Active\nA,bad,ja\nB,worse,nein\n")
    done = imports.run(ctx, imports.planned(ctx, path, kind=CONTACT, every=True))
    assert (counts(done), done.batch, done.undo, fields(ctx)) == ((2, 0, 0, 0, 0, 2), 0, "", {})
    assert "no row came in, so no field was made" in done.lines
    assert ctx.reader.value("SELECT seq FROM journal_head") == before
    assert done.again.endswith("--as contact --map Active=+active:flag"), "the mended file makes it"
    mended = Path(done.rejects).read_text().replace(",bad,", ",a@x.example,")
    again = put(mended, "mended.csv")
    done = imports.run(ctx, imports.planned(ctx, again, kind=CONTACT, mapping={"Active": "+active:flag"}))
    assert (done.new, done.refused, fields(ctx)) == (1, 1, {"active": "flag"})


@pytest.mark.parametrize(("options", "fits"), [(("Steel", "Food"), True), (("Steel",), False)])
def test_somebody_makes_the_field_meanwhile(ctx: Context, put: Put, options: tuple[str, ...], fits: bool) -> None:
    made = imports.planned(ctx, put(SECTORS), kind=LEAD, mapping={"Sector": "+"})
    custom.add(ctx, "opportunity", "sector", "choice", options)
    if not fits:
        with pytest.raises(ConflictError, match=r"there is a field lead\.sector already"):
            imports.run(ctx, made)
        return
    done = imports.run(ctx, made)
    assert (done.new, fields(ctx)) == (6, {"sector": "choice"})
    history.undo(ctx, done.batch)
    assert fields(ctx) == {"sector": "choice"}, "it was the other one's"


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_fields_of_another_book_are_named_and_what_crm_works_out_is_no_field(
    book: Context, second_book: Context, tmp_path: Path, format: str
) -> None:
    custom.add(second_book, "opportunity", "tier", "choice", ("Gold", "Silver"))
    custom.add(second_book, "opportunity", "grade", "text")
    records.add(second_book, LEAD, {"name": "Ada", "value": "5", "tier": "Gold"})
    path = tmp_path / f"leads.{format}"
    found = exporting.export(second_book, LEAD, format=format, lossless=format == "csv")
    assert not isinstance(found, Bytes)
    text = "".join(machine.WRITERS[format](found)) if isinstance(found, Rows) else b"".join(found.parts).decode()
    path.write_text(text)
    made = imports.plan(book, str(path), kind=LEAD, looking=True)
    assert [note for note in made.notes if note.startswith("left out")] == [
        "left out, for this book has no such field: tier; --new-fields makes it, or 'crm field add lead.tier TYPE'"
        " before the import",
        "left out, for nothing is in it: grade",
    ]
    beside = imports.plan(book, str(path), kind=LEAD, looking=True, several=True)
    assert [note for note in beside.notes if "no such field" in note] == [
        "left out, for this book has no such field: tier; 'crm field add lead.tier TYPE' before the import makes it"
    ]
    made = imports.planned(book, str(path), kind=LEAD, every=True)
    assert [one.name for one in made.new_fields] == ["tier"]
    assert [note for note in made.notes if note.startswith("left out")] == ["left out, for nothing is in it: grade"]
    imports.run(book, made)
    assert rows(book, LEAD)[0]["tier"] == "Gold"


# --- the stages of a pipeline that is new -----------------------------------------------------------------------------

_UID = "01900000-0000-7000-8000-00000000000{}"
_RENEWALS = "uid,name,pipeline,stage,status\n" + "".join(
    f"{_UID.format(n)},X{n},Renewals,{stage},{status}\n"
    for n, (stage, status) in enumerate((("Due", "open"), ("Renewed", "won"), ("Due", "lost"), ("Renewed", "won")))
)


@pytest.mark.parametrize("name", ["Renewed", "Closed won"])
def test_the_won_stage_of_a_new_pipeline_keeps_its_name(ctx: Context, put: Put, name: str) -> None:
    path = put(_RENEWALS.replace("Renewed", name))
    assert take(ctx, path, kind=DEAL).new == 4
    assert [(row["stage"], row["status"]) for row in rows(ctx, DEAL)] == [
        ("Due", "open"), (name, "won"), ("Due", "lost"), (name, "won"),
    ]  # fmt: skip
    sql = "SELECT s.name, s.is_won FROM stage s JOIN pipeline p ON p.id = s.pipeline_id WHERE p.name = ? ORDER BY s.id"
    stages = ctx.reader.rows(sql, ("Renewals",))
    assert [(stage, bool(won)) for stage, won in stages] == [("Due", False), (name, True)]
    assert imports.plan(ctx, path, kind=DEAL, update=True).new_stages == ()


@pytest.mark.parametrize(
    ("stages", "made"),
    [
        (("New",), [("New", False), ("Won", True)]),
        (("Paid", "Signed"), [("New", False), ("Won", True)]),
        (("Paid", "PAID"), [("New", False), ("Paid", True)]),
        (("Closed Won",), [("New", False), ("Won", True)]),
    ],
)
def test_the_stages_of_won_deals_alone(
    book: Context, put: Put, stages: tuple[str, ...], made: list[tuple[str, bool]]
) -> None:
    """Another program keeps the stage that a deal had: several, or a first one, are no name of the won one."""
    text = "Deal name,Pipeline,Stage,Status\n" + "".join(f"X{n},Shop,{s},won\n" for n, s in enumerate(stages))
    assert take(book, put(text), kind=DEAL).new == len(stages)
    sql = "SELECT s.name, s.is_won FROM stage s JOIN pipeline p ON p.id = s.pipeline_id WHERE p.name = 'Shop'"
    assert [(name, bool(won)) for name, won in book.reader.rows(f"{sql} ORDER BY s.id")] == made
    assert {row["status"] for row in rows(book, DEAL)} == {"won"}


def test_a_won_stage_that_is_not_made_is_not_announced(ctx: Context, put: Put) -> None:
    text = _RENEWALS.replace("Renewals", "Sales").replace("Due", "New")
    assert imports.plan(ctx, put(text), kind=DEAL).new_stages == ()
    take(ctx, put(text), kind=DEAL)
    assert [row["stage"] for row in rows(ctx, DEAL)] == ["New", "Won", "New", "Won"]


def test_who_plans_an_import_is_told_how_far_it_has_come(
    book: Context, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (surveying, new_fields):
        monkeypatch.setattr(module, "_AT_ONCE", 2)
    path, seen = put("Name,Sector\n" + "".join(f"P {n},x\n" for n in range(5))), list[int]()
    imports.plan(book, path, kind=LEAD, watch=seen.append)
    assert seen == [2, 4, 5]
    imports.planned(book, path, kind=LEAD, every=True, watch=seen.append)
    assert seen == [2, 4, 5] * 4, "what its type would be is looked for, too"
    made, drawn = imports.planned(book, path, kind=LEAD), list[tuple[int, int]]()
    imports.preview(book, made, counts=False, checked=True, progress=lambda done, of: drawn.append((done, of)))
    assert drawn == [(2, 5), (4, 5), (5, 5)]


# --- what a column looks like -----------------------------------------------------------------------------------------

TYPES = {
    "integer": st.integers(-(10**9), 10**9).map(str),
    "number": st.decimals(-1000, 1000, places=2).map(str).filter(lambda text: "." in text),
    "date": st.dates().map(lambda day: f"{day:%Y-%m-%d}".rjust(10, "0")),
    "email": st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True),
    "url": st.from_regex(r"https?://[a-z]{1,8}\.example/[a-z]{0,5}", fullmatch=True),
    "flag": st.sampled_from(("yes", "no", "ja", "nein", "بله", "خیر", "true", "FALSE", "x")),
    "percent": st.sampled_from(("50%", "0 %", "100%", "12,5 %", "٪۵۰", "۷٫۵٪")),
    "phone": st.from_regex(r"\+[1-9][0-9]{1,2} [1-9][0-9]{5,8}", fullmatch=True),
}


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=40)
@given(data=st.data())
def test_a_column_of_one_kind_is_that(kind: str, data: st.DataObject) -> None:
    """Whatever is empty between, in whatever chunks it comes; one cell of another kind makes it a text."""
    cells = data.draw(st.lists(TYPES[kind], min_size=1, max_size=12))
    found = Look(deeply=True)
    for cell in cells:
        found.look(["", cell, "NULL", " "])
    assert (found.guess.type, found.filled, found.empty) == (kind, len(cells), 3 * len(cells))
    found.look(["neither this nor that"])
    assert found.guess.type in ("text", "choice")


@pytest.mark.parametrize("cells", ["NES", "XY", "SM", "vs", ("1.0", "0.0"), ("ja", "nein", "s"), ("150%", "50%")])
def test_words_of_several_meanings_are_no_marks(cells: Sequence[str]) -> None:
    found = Look(deeply=True)
    found.look([*cells, *cells])
    assert found.guess.type in ("choice", "number", "text")
