"""Imports: values as people and programs write them, matching, refusals, undo, interruptions."""

from __future__ import annotations

import csv
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.errors import NotFoundError, UsageError
from crmcli.services import database, history, imports, records
from crmcli.services.imports import matching, taking
from crmcli.services.imports.placing import NewStage
from tests.support.importing import counts

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity

ROOT = Path(__file__).parents[2]


def take(ctx: Context, path: str, **options: Any) -> imports.Imported:
    return imports.run(ctx, imports.plan(ctx, path, **options))


def rows(ctx: Context, kind: Entity, *words: str) -> list[dict[str, Any]]:
    return list(
        records.list_records(
            ctx, kind, words or ("is:any",) if kind is not TASK else words, columns="all", sort="id", limit=0
        ).rows
    )


# --- values --------------------------------------------------------------------------------------------------------

PEOPLE = """First Name,Last Name,Company Name,E-Mail,Phone,Lead Source,Owner,Amount,Tags,Notes
Ada,Lovelace,Analytical Engines,Ada@Engines.example,+98 21 8888 7777,web,grace,"12,000.50",vip; early,"two
lines"
Grace,Hopper,Navy,grace@navy.example,call the desk,Fair,grace,$900,vip|navy,
"""


def test_typed_values_links_tags_and_undo_on_both_engines(ctx: Context, put: Any) -> None:
    done = take(ctx, put(PEOPLE), kind=LEAD)
    assert counts(done) == (2, 2, 0, 0, 0, 0)
    ada, grace = rows(ctx, LEAD)
    assert (ada["name"], ada["company"], ada["email"], ada["phone"]) == (
        "Ada Lovelace",
        "Analytical Engines",
        "ada@engines.example",
        "+98 21 8888 7777",
    )
    assert (ada["value"], ada["currency"], ada["tags"], ada["description"]) == (
        1_200_050,
        "EUR",
        ["early", "vip"],
        "two\nlines",
    )
    assert (ada["source"], ada["owner"], ada["stage"], ada["status"], ada["probability"]) == (
        "web",
        "grace",
        "New",
        "open",
        1000,
    )
    assert ada["assigned_at"] == ada["created_at"] == ada["stage_since"]
    assert (grace["phone"], grace["value"], grace["currency"], grace["tags"]) == (
        "call the desk",
        90_000,
        "USD",
        ["navy", "vip"],
    )
    assert database.check(ctx, deep=True).values["ok"]
    assert counts(take(ctx, put(PEOPLE), kind=LEAD)) == (2, 0, 0, 2, 0, 0)
    changed = PEOPLE.replace("$900", "$950").replace("vip|navy", "cold").replace(",call the desk", ",")
    done = take(ctx, put(changed), kind=LEAD, update=True)
    assert counts(done) == (2, 0, 1, 1, 0, 0)
    grace = rows(ctx, LEAD)[1]
    # An empty cell changes nothing; tags are added to.
    assert (grace["value"], grace["phone"], grace["tags"]) == (95_000, "call the desk", ["cold", "navy", "vip"])
    assert counts(take(ctx, put(changed), kind=LEAD, update=True)) == (2, 0, 0, 2, 0, 0)
    history.undo(ctx, done.batch)
    assert rows(ctx, LEAD)[1]["value"] == 90_000
    assert database.check(ctx, deep=True).values["ok"]


def test_an_imported_record_is_the_one_that_add_would_have_made(book: Context, put: Any) -> None:
    typed = {
        "name": "Zoë  Ångström", "company": "Müller & Söhne", "email": "zoe@mueller.example",
        "phone": "+49 170 1234567",
        "source": "web", "owner": "grace", "value": "1200", "city": "Köln", "tags": "vip,neu", "close_on": "2027-02-03",
        "priority": "high", "probability": "33.5",
    }  # fmt: skip
    added = records.add(book, DEAL, typed).ids[0]
    text = ",".join(typed) + "\n" + ",".join(f'"{value}"' for value in typed.values()) + "\n"
    # The same row again is another record only because it matches by nothing.
    book.reader.run("UPDATE opportunity SET name_key = 'elsewhere' WHERE id = ?", (added,))
    done = take(book, put(text), kind=DEAL)
    book.reader.run("UPDATE opportunity SET name_key = 'zoe angstrom' WHERE id = ?", (added,))
    assert counts(done) == (1, 1, 0, 0, 0, 0)
    names, found = book.reader.names("SELECT * FROM opportunity ORDER BY id")
    aside = {"id", "uid", "position", "company_id"}
    one, two = ({n: v for n, v in zip(names, row, strict=True) if n not in aside} for row in found)
    assert one == two


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["3/1/2017", "10/20/2016"], ["2017-03-01", "2016-10-20"]),
        (["01.02.26", "28.02.26"], ["2026-02-01", "2026-02-28"]),
        (["20161020", "2016-10-21 08:26:00"], ["2016-10-20", "2016-10-21"]),
        (["1405-09-06", "1405/9/7"], ["2026-11-27", "2026-11-28"]),
        (["01 Sep 2023", "NULL"], ["2023-09-01", None]),
    ],
)
def test_a_column_of_days_settles_how_it_is_read(
    book: Context, put: Any, cells: list[str], days: list[str | None]
) -> None:
    text = "name,close date\n" + "".join(f"Deal {i},{cell}\n" for i, cell in enumerate(cells))
    take(book, put(text), kind=DEAL)
    assert [row["close_on"] for row in rows(book, DEAL)] == days


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (["1.234", "1.234,50"], [123_400, 123_450]),
        (["1,234", "1,234.5"], [123_400, 123_450]),
        (["0,5", "12,75"], [50, 1275]),
        (["۱۲٬۰۰۰", "-3"], [1_200_000, -300]),
    ],
)
def test_a_column_of_amounts_settles_its_decimal_sign(
    book: Context, put: Any, cells: list[str], amounts: list[int]
) -> None:
    text = "name;amount\n" + "".join(f"Deal {i};{cell}\n" for i, cell in enumerate(cells))
    take(book, put(text), kind=DEAL)
    assert [row["value"] for row in rows(book, DEAL)] == amounts


@pytest.mark.parametrize(
    ("column", "cells", "message", "option"),
    [
        (
            "Close Date",
            ["31/12/2026", "12/31/2026", "03/04/2026"],
            r"dates .* two ways \(03/04/2026\)",
            {"dates": "dmy"},
        ),
        ("Value", ["1.234,56", "1,234.56", "1,234"], r"amounts .* two ways \(1,234\)", {"decimal": "."}),
    ],
)
def test_a_column_that_contradicts_itself_is_asked_about(
    book: Context, put: Any, column: str, cells: list[str], message: str, option: dict[str, str]
) -> None:
    path = put(f"Name,{column}\n" + "".join(f'N{n},"{cell}"\n' for n, cell in enumerate(cells)))
    with pytest.raises(UsageError, match=message):
        imports.plan(book, path, kind=LEAD)
    assert take(book, path, kind=LEAD, **option).rows == 3
    without = put(f"Name,{column}\n" + "".join(f'N{n},"{cell}"\n' for n, cell in enumerate(cells[:1])))
    assert take(book, without, kind=LEAD).refused == 0


def test_a_status_beside_a_stage_says_what_became_of_a_deal(book: Context, put: Any) -> None:
    text = "Deal,Stage,Status\nA,Proposal,Won\nB,Proposal,ناموفق\nC,Proposal,Parked\nD,Proposal,In Progress\n"
    made = imports.plan(book, put(text), kind=DEAL)
    assert any("taken as open: Parked" in note for note in made.notes)
    assert counts(imports.run(book, made)) == (4, 4, 0, 0, 0, 0)
    assert [row["status"] for row in rows(book, DEAL)] == ["won", "lost", "open", "open"]
    told = take(book, put(text.replace("A,", "E,")), kind=DEAL, mapping={"Status": "status"})
    assert [(line, reason) for line, _, _, reason in told.listed if "already" not in reason] == [
        (4, "'Parked' says neither open nor won nor lost")
    ]
    assert [row["status"] for row in rows(book, DEAL) if row["name"] == "E"] == ["won"]


def test_what_can_be_read_in_two_ways_is_asked_before_anything_is_written(book: Context, put: Any) -> None:
    path = put("name,close date,amount\nA,03/04/2026,1.234\n")
    with pytest.raises(UsageError, match="two ways") as caught:
        take(book, path, kind=DEAL)
    assert "--dates" in caught.value.hint
    with pytest.raises(UsageError, match="two ways") as caught:
        take(book, path, kind=DEAL, dates="dmy")
    assert "--decimal" in caught.value.hint
    assert rows(book, DEAL) == []
    take(book, path, kind=DEAL, dates="dmy", decimal=",")
    assert [(row["close_on"], row["value"]) for row in rows(book, DEAL)] == [("2026-04-03", 123_400)]


# --- mapping -------------------------------------------------------------------------------------------------------


def test_a_mapping_by_hand_goes_first_and_is_checked(book: Context, put: Any) -> None:
    path = put("Who,What,Firm,Extra\nAda,Maths,Engines,x\n")
    with pytest.raises(UsageError, match="is recognised as a contact's name"):
        imports.plan(book, path, kind=CONTACT)
    with pytest.raises(UsageError, match="has no field 'nme'") as caught:
        imports.plan(book, path, kind=CONTACT, mapping={"Who": "nme"})
    assert "name" in caught.value.hint
    with pytest.raises(UsageError, match="the file has no column 'Whom'"):
        imports.plan(book, path, kind=CONTACT, mapping={"Whom": "name"})
    with pytest.raises(UsageError, match="set by the program"):
        imports.plan(book, path, kind=CONTACT, mapping={"Who": "name", "Extra": "last_touch"})
    made = imports.plan(book, path, kind=CONTACT, mapping={"who": "name", "What": "job_title", "Firm": "company"})
    shown = {row["column"]: row["field"] for row in imports.preview(book, made).sections[0].rows.rows}
    assert shown == {"Who": "name", "What": "job_title", "Firm": "company", "Extra": "(ignored)"}
    imports.run(book, made)
    assert [(r["name"], r["job_title"], r["company"]) for r in rows(book, CONTACT)] == [("Ada", "Maths", "Engines")]
    assert [r["name"] for r in rows(book, COMPANY)] == ["Engines"]


def test_further_addresses_are_kept_in_the_description(book: Context, put: Any) -> None:
    take(
        book,
        put("Name,Email,Secondary Email,Business Phone,Home Phone\nAda,a@x.example,b@x.example,111222,333444\n"),
        kind=CONTACT,
    )
    row = rows(book, CONTACT)[0]
    assert (row["email"], row["phone"]) == ("a@x.example", "111222")
    assert row["description"] == "Secondary Email: b@x.example\nHome Phone: 333444"


def test_a_file_that_is_not_there_or_of_no_kind(book: Context, put: Any) -> None:
    with pytest.raises(NotFoundError):
        imports.plan(book, "/nowhere/leads.csv")
    made = imports.plan(book, put("sku,price\n1,2\n2,3\n"))
    assert (made.kind, made.rows) == (None, 2)
    with pytest.raises(UsageError, match="--as and --map"):
        imports.run(book, made)


# --- matching ------------------------------------------------------------------------------------------------------


def test_ids_tell_records_apart_that_share_an_address(book: Context, put: Any) -> None:
    text = "Contact ID,Name,Email\n1,Ada,us@x.example\n2,Grace,us@x.example\n"
    records.add(book, CONTACT, {"name": "Front desk", "email": "us@x.example"})
    done = take(book, put(text))
    # The first is the one that was there without an id, the second is somebody else.
    assert counts(done) == (2, 1, 0, 1, 0, 0)
    assert counts(take(book, put(text))) == (2, 0, 0, 2, 0, 0)
    assert counts(take(book, put(text), update=True)) == (2, 0, 1, 1, 0, 0)
    assert [(r["name"], r["external_id"]) for r in rows(book, CONTACT)] == [("Ada", "1"), ("Grace", "2")]
    assert counts(take(book, put(text), update=True)) == (2, 0, 0, 2, 0, 0)


def test_a_shared_telephone_does_not_make_two_people_one(book: Context, put: Any) -> None:
    text = (
        "Name,Email,Phone\nAda,ada@x.example,+4930111111\nGrace,grace@x.example,+4930111111\n"
        "Ada again,,+49 30 111111\nCopy,ADA@x.example,\n"
    )
    done = take(book, put(text), kind=CONTACT)
    assert counts(done) == (4, 2, 0, 0, 0, 2), "nothing is lost: what two rows say of one person is refused"
    assert [(line, reason) for line, _, _, reason in done.listed] == [
        (4, "an earlier row of the file is the same contact, with other values"),
        (5, "an earlier row of the file is the same contact, with other values"),
    ]
    assert counts(take(book, put(text), kind=CONTACT)) == (4, 0, 0, 2, 0, 2), "and refused again"


def test_people_who_share_a_telephone_are_told_apart_by_their_names(book: Context, put: Any) -> None:
    text = "Name,Phone,City\nAnn Lee,+1 415 555 0199,Rome\nBob Ray,+1 415 555 0199,\nLee Ann,+14155550199,Rome\n"
    assert counts(take(book, put(text), kind=CONTACT)) == (3, 2, 0, 0, 0, 1)
    assert counts(take(book, put(text), kind=CONTACT)) == (3, 0, 0, 2, 0, 1)
    assert counts(take(book, put(text.replace("Ann Lee", "Ann M. Lee")), kind=CONTACT)) == (3, 0, 0, 2, 0, 1)
    many = "Name,Phone\n" + "".join(f"Person {n},+1 415 555 0199\n" for n in range(300))
    assert counts(take(book, put(many), kind=CONTACT)) == (300, 300, 0, 0, 0, 0)
    assert counts(take(book, put(many), kind=CONTACT)) == (300, 0, 0, 300, 0, 0)


def test_two_deals_of_a_name_are_two_deals(book: Context, put: Any) -> None:
    text = "Deal,Company,Amount,Stage\nRenewal,Acme,5000,Won\nRenewal,Acme,6000,New\nRenewal,Globex,6000,New\n"
    assert counts(take(book, put(text), kind=DEAL)) == (3, 3, 0, 0, 0, 0)
    assert counts(take(book, put(text), kind=DEAL)) == (3, 0, 0, 3, 0, 0)
    # An update finds the one deal of that name and company that no other row is.
    newer = text.replace("Globex,6000", "Globex,7000")
    assert counts(take(book, put(newer), kind=DEAL, update=True)) == (3, 0, 1, 2, 0, 0)
    unclear = text.replace("Acme,5000", "Acme,5500").replace("Acme,6000", "Acme,6600")
    done = take(book, put(unclear), kind=DEAL, update=True)
    assert counts(done) == (3, 0, 1, 0, 0, 2)
    assert {reason for *_, reason in done.listed} == {
        "several deals can be this one: tell them apart with --id or --match"
    }
    with pytest.raises(UsageError, match=r"nothing in .* tells which deals the rows are"):
        imports.plan(book, put("Deal,Amount\nA,1\n"), kind=DEAL, update=True)


def test_two_tasks_of_a_name_are_two_tasks(book: Context, put: Any) -> None:
    for name in ("Ada", "Bob"):
        records.add(book, CONTACT, {"name": name})
    text = "Task,Due date,Contact\nCall,2026-12-01,Ada\nCall,2026-12-01,Bob\n"
    assert counts(take(book, put(text), kind=TASK)) == (2, 2, 0, 0, 0, 0)
    assert counts(take(book, put(text), kind=TASK)) == (2, 0, 0, 2, 0, 0)


word = st.sampled_from(["", "a", "b", "c"])
TITLES = ("ID", "Name", "Email", "Phone", "Company", "City", "Tags")
sheet_rows = st.lists(
    st.fixed_dictionaries(
        {
            "ID": st.sampled_from(["", "", "1", "2"]), "Name": st.sampled_from(["Ada", "Ada Lovelace", "Bob"]),
            "Email": st.sampled_from(["", "", "a@x.example", "b@x.example"]),
            "Phone": st.sampled_from(["", "+49 30 111111", "+49 30 222222"]), "Company": word, "City": word,
            "Tags": word,
        }
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=sheet_rows, second=sheet_rows, update=st.booleans(), ids=st.booleans(), alone=st.booleans())
def test_a_dry_run_is_the_real_run(
    book: Context,
    put: Any,
    first: list[dict[str, str]],
    second: list[dict[str, str]],
    update: bool,
    ids: bool,
    alone: bool,
) -> None:
    """In blocks of three rows, each in a transaction of its own or `alone` with the book all in one, so that rows
    repeat others of their own block, of an earlier one, of another transaction, and of the book."""

    def sheet(people: list[dict[str, str]]) -> str:
        lines = [",".join(row[title] for title in TITLES) for row in people]
        return put("\n".join([",".join(TITLES), *lines]) + "\n")  # type: ignore[no-any-return]

    with pytest.MonkeyPatch.context() as patch:
        for name in ("FIRST_BLOCK", "MOST", "LEAST"):
            patch.setattr(taking, name, 3)
        patch.setattr(taking, "LONGEST", 60.0 if alone else 0.0)
        for people, updating in ((first, False), (second, update)):
            made = imports.plan(book, sheet(people), kind=CONTACT, update=updating, id_column="ID" if ids else "")
            tried, done = imports.run(book, made, dry_run=True), imports.run(book, made)
            assert counts(tried) == counts(done)
            assert tried.listed == done.listed
            again = imports.run(book, made)
            for run in (done, again):
                if run.rejects:
                    Path(run.rejects).unlink()
            assert (again.new, again.updated) == (0, 0) or updating
    for batch in history.batches(book, limit=3).rows:
        if batch["source"] == "import" and not batch["undone_by"]:
            history.undo(book, batch["batch"])
    assert rows(book, CONTACT) == []


def test_without_a_key_an_identical_row_is_the_same(book: Context, put: Any) -> None:
    text = "Name,City,Tags\nAda,London,vip\nAda,Paris,vip\nAda,London,vip\n"
    assert counts(take(book, put(text), kind=CONTACT)) == (3, 2, 0, 0, 1, 0)
    assert counts(take(book, put(text), kind=CONTACT)) == (3, 0, 0, 2, 1, 0)
    assert counts(take(book, put(text.replace("Paris", "Rome")), kind=CONTACT)) == (3, 1, 0, 1, 1, 0)


few = st.sampled_from([None, None, "a", "b", "c", "d", "e"])
cells = st.fixed_dictionaries(dict.fromkeys(("external_id", "email", "phone"), few))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the book is only read
@given(made=st.lists(cells, min_size=1, max_size=5))
def test_a_block_is_told_apart_at_once_as_it_is_row_by_row(book: Context, made: list[dict[str, str | None]]) -> None:
    columns: dict[str, list[Any]] = {name: [row[name] for row in made] for name in made[0]}
    columns["name"] = [f"n{place % 2}" for place in range(len(made))]
    derived = {f"{name}_key": columns[name] for name in ("email", "phone", "name")}
    found = []
    for at_once in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not at_once:
                patch.setattr(matching, "_all_new", lambda *_: False)
            matcher = matching.Matcher(book, LEAD, (("email",), ("phone",)))
            found.append(matcher.outcomes(columns, derived, len(made)))
    assert found[0] == found[1]


def test_a_converted_lead_and_a_removed_record_do_not_come_back(book: Context, put: Any) -> None:
    from crmcli.services import deals

    text = "Lead ID,Name,Email\nL1,Ada,ada@x.example\nL2,Grace,grace@x.example\n"
    take(book, put(text), kind=LEAD)
    deals.convert(book, 1)
    records.remove(book, LEAD, [2])
    assert counts(take(book, put(text), kind=LEAD)) == (2, 0, 0, 2, 0, 0)


def test_other_match_keys(book: Context, put: Any) -> None:
    text = "Name,Email,City\nAda,a@x.example,London\nAda,b@x.example,Paris\n"
    assert counts(take(book, put(text), kind=CONTACT, match=("name",))) == (2, 1, 0, 0, 0, 1)
    assert counts(take(book, put(text), kind=CONTACT, match=("name+city",))) == (2, 1, 0, 1, 0, 0)
    with pytest.raises(UsageError, match="no column of the file fills phone"):
        imports.plan(book, put(text), kind=CONTACT, match=("phone",))
    with pytest.raises(UsageError, match="has no field"):
        imports.plan(book, put(text), kind=CONTACT, match=("fone",))


def test_match_keys_that_a_file_lacks_are_told_and_the_others_count(book: Context, put: Any) -> None:
    text = "Name,Email,City\nAda,a@x.example,London\n"
    take(book, put(text), kind=CONTACT)
    made = imports.plan(book, put(text.replace("Ada", "A. Lovelace")), kind=CONTACT, match=("phone", "email"))
    assert made.keys == (("email",),)
    assert made.notes == ("not matched by phone: no column of the file fills phone",)
    assert counts(take(book, made.path, kind=CONTACT, match=("phone", "email"))) == (1, 0, 0, 1, 0, 0)
    with pytest.raises(UsageError, match=r"fills phone; not matched by name[+]mobile: no column of the file fills mob"):
        imports.plan(book, put(text), kind=CONTACT, match=("phone", "name+mobile"))


def test_blocks_that_follow_each_other_know_of_each_other(
    book: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "FIRST_BLOCK", 7)
    monkeypatch.setattr(taking, "MOST", 7)
    monkeypatch.setattr(taking, "LEAST", 7)
    people = "".join(f"Person {i % 40},p{i % 40}@x.example,Firm {i % 5},t{i % 4}\n" for i in range(100))
    done = take(book, put("Name,Email,Company,Tags\n" + people), kind=CONTACT)
    assert counts(done) == (100, 40, 0, 0, 60, 0)
    assert len(rows(book, COMPANY)) == 5
    assert len(history.batches(book).rows) == 2  # type: ignore[arg-type]
    assert database.check(book, deep=True).values["ok"]
    history.undo(book, done.batch)
    assert rows(book, CONTACT) == rows(book, COMPANY) == []


# --- refusals ------------------------------------------------------------------------------------------------------


def test_an_amount_without_a_currency_is_in_that_of_the_record(book: Context, put: Any) -> None:
    def worth() -> list[tuple[int, str]]:
        return [(row["value"], row["currency"]) for row in rows(book, LEAD)]

    text = "Name,Email,Value\nAda,a@x.example,{}\nGrace,g@x.example,{}\n"
    take(book, put(text.format(5, 5)), kind=LEAD)
    records.edit(book, LEAD, [1], {"value": "100", "currency": "USD"})
    records.edit(book, LEAD, [2], {"value": "10000", "currency": "JPY"})
    assert counts(take(book, put(text.format(100, 10000)), update=True)) == (2, 0, 0, 2, 0, 0)
    assert counts(take(book, put(text.format(200, 100)), update=True)) == (2, 0, 2, 0, 0, 0)
    assert worth() == [(20000, "USD"), (100, "JPY")]
    take(book, put(text.format("300 GBP", "1.50")), update=True)
    assert worth() == [(30000, "GBP"), (150, "EUR")], "yen have no decimals: the amount is in the book's own currency"


def test_refused_rows_go_to_a_private_file_and_can_be_mended(book: Context, put: Any) -> None:
    text = (
        "Name,Email,Close Date,=Cell\nAda,ada@x.example,2027-01-01,ok\n,,2027-01-02,=1+1\n"
        "Grace,not-an-address,,x\nAlan,,31.02.2027,y\nEdsger,e@x.example,,a,b\n"
    )
    done = take(book, put(text), kind=LEAD)
    assert counts(done) == (5, 1, 0, 0, 0, 4)
    assert [(line, column) for line, column, _, _ in done.listed] == [
        (3, "Name"),
        (4, "Email"),
        (5, "Close Date"),
        (6, ""),
    ]
    assert stat.S_IMODE(os.stat(done.rejects).st_mode) == 0o600
    with open(done.rejects, newline="") as file:
        kept = list(csv.reader(file))
    assert kept[0] == ["crm_line", "crm_reason", "Name", "Email", "Close Date", "=Cell"]
    assert [row[0] for row in kept[1:]] == ["6", "3", "4", "5"]
    assert kept[2][1:] == ["Name: there is no name", "", "", "2027-01-02", "'=1+1"]
    mended = Path(done.rejects).read_text().replace("not-an-address", "grace@x.example")
    again = take(book, put(mended, "mended.csv"), kind=LEAD)
    assert counts(again) == (4, 1, 0, 0, 0, 3)
    assert [row["email"] for row in rows(book, LEAD)] == ["ada@x.example", "grace@x.example"]


def test_a_task_needs_its_person_to_be_there(book: Context, put: Any) -> None:
    records.add(book, CONTACT, {"name": "Ada"})
    text = "Subject,Due Date,Contact,Type,Owner\nCall,2027-01-05,Ada,call,me\nWrite,2027-01-06,Nobody,email,me\n"
    done = take(book, put(text, "tasks.csv"), kind=TASK)
    assert counts(done) == (2, 1, 0, 0, 0, 1)
    assert done.listed[0][3] == "there is no contact 'Nobody'"
    row = rows(book, TASK)[0]
    assert (row["name"], row["contact"], row["due_on"], row["type"]) == ("Call", "Ada", "2027-01-05", "call")
    assert counts(take(book, put(text, "tasks.csv"), kind=TASK)) == (2, 0, 0, 1, 0, 1)


def test_what_happened_comes_in_with_its_records(ctx: Context, put: Any) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.example"})
    records.add(ctx, LEAD, {"name": "Engine"})
    text = (
        "Kind,At,Contact,Lead,Body,Minutes\ncall,2026-11-02 14:30,Ada,,Spoke about it,12\n,2026-11-03,,Engine,A note,\n"
        "note,2026-11-03,Ada,,,\ncall,2026-11-03,,,Nobody,\nmeeting,2026-11-04,Grace,,Who?,\n"
        "call,2026-11-05 10:00,Ada,,Once more,\n"
    )
    path = put(text, "history.csv")
    dry = imports.run(ctx, imports.plan(ctx, path, kind=INTERACTION), dry_run=True)
    done = take(ctx, path, kind=INTERACTION)
    assert counts(done) == counts(dry) == (6, 3, 0, 0, 0, 3)
    assert [reason for *_, reason in done.listed] == [
        "a note needs a text",
        "it says no lead or deal, contact or company",
        "there is no contact 'Grace'",
    ]
    found = rows(ctx, INTERACTION, "is:any")
    assert [(r["kind"], r["contact"], r["opportunity"], r["body"], r["minutes"], r["author"]) for r in found] == [
        ("call", "Ada", None, "Spoke about it", 12, "tester"),
        ("note", None, "Engine", "A note", None, "tester"),
        ("call", "Ada", None, "Once more", None, "tester"),
    ]
    assert rows(ctx, CONTACT)[0]["last_touch"] == "2026-11-05T10:00:00.000Z"
    assert counts(take(ctx, path, kind=INTERACTION)) == (6, 0, 0, 3, 0, 3)
    history.undo(ctx, done.batch)
    assert rows(ctx, INTERACTION, "is:any") == []
    assert imports.plan(ctx, path).kind is not INTERACTION, "a column of notes is part of many a file"


# --- stages --------------------------------------------------------------------------------------------------------


def test_stages_of_other_programs(ctx: Context, put: Any) -> None:
    text = (
        "Deal Name,Deal Stage,Pipeline,Amount,Close Date,Closed Lost Reason,Account\n"
        "A,Closed Won,,100,2026-01-02,,X\nB,Negotiation,,200,,,X\nC,Closed Lost,,300,2026-02-03,Too expensive,X\n"
        "D,Trial,Renewals,400,,,X\nE,new,,500,,,\n"
    )
    made = imports.plan(ctx, put(text))
    assert made.new_stages == (NewStage("", "Negotiation"), NewStage("Renewals", "Trial"))
    done = imports.run(ctx, made)
    assert counts(done) == (5, 5, 0, 0, 0, 0)
    found = {row["name"]: row for row in rows(ctx, DEAL)}
    assert [(found[n]["stage"], found[n]["status"], found[n]["probability"]) for n in "ABCDE"] == [
        ("Won", "won", 10_000), ("Negotiation", "open", 1000), ("New", "lost", 0), ("Trial", "open", 5000),
        ("New", "open", 1000),
    ]  # fmt: skip
    assert (found["A"]["closed_at"], found["C"]["closed_at"], found["C"]["lost_reason"]) == (
        "2026-01-02T00:00:00.000Z",
        "2026-02-03T00:00:00.000Z",
        "Too expensive",
    )
    assert found["D"]["pipeline"] == "Renewals"
    order = [
        row[0]
        for row in ctx.reader.rows(
            "SELECT s.name FROM stage s JOIN pipeline p ON p.id = s.pipeline_id ORDER BY p.position, s.position"
        )
    ]
    assert order == ["New", "Qualified", "Proposition", "Negotiation", "Won", "Trial", "Won"]
    # An update that moves a deal leaves its trace.
    moved = take(ctx, put(text.replace("Negotiation", "Closed Won")), update=True)
    assert counts(moved) == (5, 0, 1, 4, 0, 0)
    assert ctx.reader.rows("SELECT count(*) FROM stage_move") == [(1,)]
    history.undo(ctx, moved.batch)
    history.undo(ctx, done.batch)
    assert rows(ctx, DEAL) == []
    assert len(ctx.reader.rows("SELECT id FROM stage")) == 4
    assert database.check(ctx, deep=True).values["ok"]


# --- hooks, interruptions, other writers ---------------------------------------------------------------------------


def test_hooks_see_every_record(book: Context, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from crmcli.store.write import Hooks

    before: list[str] = []
    after: list[str] = []

    def veto(changes: list[Any]) -> list[Any]:
        before.extend(change.after["name"] for change in changes if change.entity == "lead")
        return changes

    monkeypatch.setattr(
        book, "_hooks", lambda: Hooks(veto, None, lambda changes: after.extend(c.entity for c in changes))
    )
    take(book, put(PEOPLE), kind=LEAD)
    assert before == ["Ada Lovelace", "Grace Hopper"]
    assert after.count("lead") == 2
    assert database.check(book, deep=True).values["ok"]


def test_an_interrupted_import_keeps_whole_blocks_and_goes_on(
    book_path: Path, put: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(taking, "FIRST_BLOCK", 10)
    monkeypatch.setattr(taking, "MOST", 10)
    monkeypatch.setattr(taking, "LEAST", 10)
    monkeypatch.setattr(taking, "LONGEST", 0.0)
    ctx = Context(Settings({"db": str(book_path)}), plugins=False)
    path = put("Name,Email\n" + "".join(f"P {i},p{i}@x.example\n" for i in range(35)))

    def stop(done: int, of: int) -> None:
        assert of == 35
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(ctx, imports.plan(ctx, path, kind=LEAD), progress=stop)
    assert "stopped: 20 rows are in; the same import with --resume goes on" in capsys.readouterr().err
    assert len(rows(ctx, LEAD)) == 20
    assert counts(take(ctx, path, kind=LEAD)) == (35, 15, 0, 20, 0, 0)
    assert database.check(ctx, deep=True).values["ok"]
    ctx.close()


def test_a_killed_import_leaves_whole_blocks(book: Context, put: Any) -> None:
    path = put("Name,Email,Company\n" + "".join(f"P {i},p{i}@x.example,Firm {i % 900}\n" for i in range(30_000)))
    code = (
        "import sys\nfrom crmcli.config import Settings\nfrom crmcli.context import Context\n"
        "from crmcli.domain.entities import CONTACT\nfrom crmcli.services import imports\n"
        "from crmcli.services.imports import taking\n"
        "ctx = Context(Settings({'db': sys.argv[1]}), quiet=True, plugins=False)\n"
        "taking.LONGEST = 0.2\n"  # so that it has saved something long before its end
        "imports.run(ctx, imports.plan(ctx, sys.argv[2], kind=CONTACT))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, book.settings.database, path], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    deadline = time.monotonic() + 60
    while not book.reader.value("SELECT count(*) FROM contact") and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    saved = book.reader.value("SELECT count(*) FROM contact")
    assert 0 < saved < 30_000
    journalled = book.reader.value("SELECT count(*) FROM journal WHERE entity = 'contact'")
    assert saved == journalled
    assert database.check(book, deep=True).values["ok"]
    assert counts(take(book, path, kind=CONTACT)) == (30_000, 30_000 - saved, 0, saved, 0, 0)


def test_an_import_gives_way_to_who_waits(book: Context, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nothing but another writer's waiting makes pause."""
    monkeypatch.setattr(taking, "LONGEST", 600.0)
    path = put("Name,Email\n" + "".join(f"P {i},p{i}@x.example\n" for i in range(30_000)))
    at_work, done, meanwhile = threading.Event(), threading.Event(), []
    real = matching.Matcher.outcomes

    def outcomes(self: Any, *arguments: Any) -> list[int]:
        at_work.set()
        return real(self, *arguments)

    def others() -> None:
        other = Context(Settings({"db": book.settings.database}), quiet=True, plugins=False)
        at_work.wait(60)
        for name in ("Ada", "Grace", "Alan"):
            records.add(other, LEAD, {"name": name})
            meanwhile.append(not done.is_set())
        other.close()

    monkeypatch.setattr(matching.Matcher, "outcomes", outcomes)
    writer = threading.Thread(target=others)
    writer.start()
    found = take(book, path, kind=CONTACT)
    done.set()
    writer.join()
    assert meanwhile == [True, True, True]
    assert counts(found) == (30_000, 30_000, 0, 0, 0, 0)
    assert database.check(book, deep=True).values["ok"]


def test_what_another_process_adds_between_look_and_lock_is_seen(
    book: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Context(Settings({"db": book.settings.database}), quiet=True, plugins=False)
    made = imports.plan(book, put("Name,Email,Owner\nAda,ada@x.example,grace\nAlan,alan@x.example,grace\n"), kind=LEAD)
    real = matching.Matcher.outcomes
    added: list[int] = []

    def outcomes(self: Any, *arguments: Any) -> list[int]:
        found = real(self, *arguments)
        if not added:
            added.extend(records.add(other, LEAD, {"name": "Ada", "email": "ada@x.example", "owner": "grace"}).ids)
        return found

    monkeypatch.setattr(matching.Matcher, "outcomes", outcomes)
    assert counts(imports.run(book, made)) == (2, 1, 0, 1, 0, 0)
    assert [row["name"] for row in rows(book, LEAD)] == ["Ada", "Alan"]
    other.close()


def test_an_update_that_moves_an_appointment_to_a_day_leaves_no_time(book: Context, put: Any) -> None:
    take(book, put("ID,Task,Due\n7,Call,2026-12-01 14:30\n8,Meet,2026-12-02 09:15\n"), kind=TASK, id_column="ID")
    moved = put("ID,Task,Due\n7,Call,2026-12-05\n8,Meet,2026-12-02\n")
    done = take(book, moved, kind=TASK, id_column="ID", update=True)
    assert counts(done) == (2, 0, 1, 1, 0, 0)
    found = {row["name"]: (row["due_on"], row["due_at"]) for row in rows(book, TASK)}
    assert found["Call"] == ("2026-12-05", None)
    assert found["Meet"][0] == "2026-12-02"
    assert found["Meet"][1] is not None
    assert counts(take(book, moved, kind=TASK, id_column="ID", update=True)) == (2, 0, 0, 2, 0, 0)
