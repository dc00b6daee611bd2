"""Files that belong together: in any order they link up, are one batch, and a dry run knows what the import will do."""

from __future__ import annotations

import tracemalloc
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, LEAD
from crmcli.errors import UsageError
from crmcli.exchange import subtotals
from crmcli.services import database, history, imports, records
from crmcli.services.imports import taking
from tests.support.importing import counts, listed, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context

SHARED = Path(__file__).parents[3] / "shared" / "data" / "crm"

ACCOUNTS = """Account ID,Account Name,Website,Parent Account ID
001A,Engines,https://engines.example,
001B,شرکت رويش,https://rooyesh.example,001A
"""
CONTACTS = """Contact ID,First Name,Last Name,Email,Account ID
003A,Ada,Lovelace,ada@engines.example,001A
003B,آذر,كاشاني,azar@rooyesh.example,001B
003C,Nobody,Known,nobody@x.example,001Z
"""
DEALS = """Opportunity ID,Opportunity Name,Amount,Stage,Account ID,Contact ID
006A,Engine 2,5000,New,001A,003A
006B,باغ,300,New,001B,003B
"""
TASKS = """Task ID,Subject,Due Date,WhoId,WhatId
00TA,Call Ada,2026-12-05,003A,006A
00TB,Write,2026-12-06,003B,001B
00TC,Lost,2026-12-07,,009Z
"""


def together(ctx: Context, *paths: str, **options: Any) -> list[imports.Imported]:
    """Import files together, after a dry run that must have said the same and written nothing."""
    plans = imports.plan_all(ctx, [(path, "") for path in paths], **options)
    before = ctx.reader.value("SELECT seq FROM journal_head")
    shared = imports.Together(plans)
    tried = [imports.run(ctx, made, dry_run=True, together=shared) for made in plans]
    assert ctx.reader.value("SELECT seq FROM journal_head") == before
    shared = imports.Together(plans)
    done = [imports.run(ctx, made, together=shared) for made in plans]
    assert [one[:7] for one in tried] == [one[:7] for one in done]
    # a dry run has no numbers for the records that it would make
    assert [[row[:3] for row in one.listed] for one in tried] == [[row[:3] for row in one.listed] for one in done]
    assert [one.notes for one in tried] == [one.notes for one in done]
    return done


def told(done: Sequence[imports.Imported]) -> list[tuple[Any, ...]]:
    """(kind, rows, new, updated, same, repeated, refused) of each file, in the order in which they came in."""
    return [(one.kind, *counts(one)) for one in done]


@pytest.fixture
def four(put: Any) -> list[str]:
    texts = {"tasks": TASKS, "deals": DEALS, "contacts": CONTACTS, "accounts": ACCOUNTS}
    return [put(text, f"{name}.csv") for name, text in texts.items()]


def test_files_link_up_and_are_one_batch(ctx: Context, four: list[str]) -> None:
    before = ctx.reader.value("SELECT count(*) FROM batch")
    done = together(ctx, *four)
    assert told(done) == [
        ("companies", 2, 2, 0, 0, 0, 0), ("contacts", 3, 3, 0, 0, 0, 0), ("deals", 2, 2, 0, 0, 0, 0),
        ("tasks", 3, 3, 0, 0, 0, 0),
    ]  # fmt: skip
    assert ctx.reader.value("SELECT count(*) FROM batch") == before + 1
    assert len({one.batch for one in done}) == 1
    companies = {row["external_id"]: row for row in listed(ctx, "company")}
    assert companies["001B"]["parent"] == "Engines"
    assert [row["company"] for row in listed(ctx, "contact")] == ["Engines", "شرکت رويش", None]
    assert [(row["company"], row["contact"]) for row in listed(ctx, "deal")] == [
        ("Engines", "Ada Lovelace"), ("شرکت رويش", "آذر كاشاني"),
    ]  # fmt: skip
    tasks = {row["external_id"]: row for row in listed(ctx, "task")}
    assert (tasks["00TA"]["contact"], tasks["00TA"]["opportunity"], tasks["00TA"]["company"]) == (
        "Ada Lovelace", "Engine 2", None,
    )  # fmt: skip
    assert (tasks["00TB"]["contact"], tasks["00TB"]["company"]) == ("آذر كاشاني", "شرکت رويش")
    loose = [note for one in done for note in one.notes if "that link" in note]
    assert [(note.split(":")[0], "001Z, line 4" in note or "009Z, line 4" in note) for note in loose] == [
        ("column Account ID", True), ("column WhatId", True),
    ]  # fmt: skip
    again = together(ctx, *four)
    assert [one.new + one.updated + one.refused + one.batch for one in again] == [0, 0, 0, 0]
    updated = together(ctx, *four, update=True)
    assert [one.new + one.updated + one.refused + one.batch for one in updated] == [0, 0, 0, 0]
    assert database.check(ctx, deep=True).values["ok"]
    history.undo(ctx, done[0].batch)
    assert [len(listed(ctx, kind)) for kind in ("company", "contact", "deal", "task")] == [0, 0, 0, 0]


def test_the_order_in_which_files_are_given_means_nothing(book: Context, four: list[str]) -> None:
    for some in permutations(four):
        assert [made.kind.name for made in imports.plan_all(book, [(path, "") for path in some]) if made.kind] == [
            "company", "contact", "deal", "task",
        ]  # fmt: skip


def test_a_file_that_comes_later_fills_the_links_in(ctx: Context, four: list[str]) -> None:
    _, _, contacts, accounts = four
    assert counts(take(ctx, contacts)) == (3, 3, 0, 0, 0, 0)
    assert [row["company"] for row in listed(ctx, "contact")] == [None, None, None]
    take(ctx, accounts)
    assert counts(take(ctx, contacts)) == (3, 0, 0, 3, 0, 0)
    assert counts(take(ctx, contacts, update=True)) == (3, 0, 2, 1, 0, 0)
    assert [row["company"] for row in listed(ctx, "contact")] == ["Engines", "شرکت رويش", None]
    assert counts(take(ctx, contacts, update=True)) == (3, 0, 0, 3, 0, 0)


def test_a_company_that_is_named_beside_its_id_is_made_with_it(ctx: Context, put: Any) -> None:
    people = put(
        "Contact ID,Name,Email,Account ID,Account Name\n"
        "1,Ada,ada@x.example,001A,Engines\n2,Bo,bo@x.example,001A,Engines Ltd\n3,Cy,cy@x.example,001B,Engines\n"
        "4,Di,di@x.example,001C,\n"
    )
    done = take(ctx, people)
    assert counts(done) == (4, 4, 0, 0, 0, 0)
    assert [(row["name"], row["external_id"]) for row in listed(ctx, "company")] == [
        ("Engines", "001A"), ("Engines", "001B"),
    ]  # fmt: skip
    companies = put("Account ID,Account Name,City\n001A,Engines,London\n001B,Engines,Paris\n", "accounts.csv")
    assert counts(take(ctx, companies, update=True)) == (2, 0, 2, 0, 0, 0)
    ids = {row["id"]: row["external_id"] for row in listed(ctx, "company")}
    linked = [ids.get(n) for (n,) in ctx.reader.rows("SELECT company_id FROM contact ORDER BY id")]
    assert linked == ["001A", "001A", "001B", None]


def test_an_id_of_a_removed_record_takes_no_link(ctx: Context, put: Any) -> None:
    records.add(ctx, COMPANY, {"name": "Engines", "external_id": "001A"})
    records.remove(ctx, COMPANY, [1])
    done = take(ctx, put("Contact ID,Name,Email,Account ID,Account Name\n1,Ada,ada@x.example,001A,Engines\n"))
    assert counts(done) == (1, 1, 0, 0, 0, 0)
    assert [(row["company"]) for row in listed(ctx, "contact")] == ["Engines"]
    assert ctx.reader.rows("SELECT external_id FROM company ORDER BY id") == [("001A",), (None,)]


def test_leads_have_the_name_of_their_company(ctx: Context, put: Any) -> None:
    number = "0015g00000AAAAAAA1"
    leads = put(
        f"Lead ID,Last Name,First Name,Company,Lead Status\n1,Hopper,Grace,{number},New\n2,Ray,,0015g00000ZZZZZZZ,New\n"
    )
    accounts = put(f"Account ID,Account Name\n{number},شرکت رويش\n", "accounts.csv")
    together(ctx, leads, accounts)
    assert [row["company"] for row in listed(ctx, "lead")] == ["شرکت رويش", "0015g00000ZZZZZZZ"]
    assert [row["name"] for row in records.list_records(ctx, LEAD, ["company:شرکت رویش"]).rows] == ["Grace Hopper"]


def test_names_addresses_and_domains_link_what_the_files_bring(ctx: Context, put: Any) -> None:
    accounts = put(
        "Company ID,Company Name,Company Domain Name\n1,Engines,engines.example\n2,Twins,a.example\n3,Twins,b.example\n"
    )
    people = put(
        "First Name,Last Name,Email,Associated Company Domain\nAda,Lovelace,ada@engines.example,engines.example\n",
        "contacts.csv",
    )
    deals = put(
        "Deal ID,Deal Name,Deal Stage,Amount,Company Name,Associated Contact Email\n"
        "1,One,New,5,engines,ada@engines.example\n2,Two,New,5,Twins,\n",
        "deals.csv",
    )
    done = together(ctx, deals, people, accounts)
    assert told(done) == [
        ("companies", 3, 3, 0, 0, 0, 0), ("contacts", 1, 1, 0, 0, 0, 0), ("deals", 2, 1, 0, 0, 0, 1),
    ]  # fmt: skip
    assert done[2].listed[0][:3] == (3, "Company Name", "Twins")
    (deal,) = listed(ctx, "deal")
    assert (deal["company"], deal["contact"]) == ("Engines", "Ada Lovelace")


def test_two_files_of_one_kind_know_each_other(ctx: Context, put: Any) -> None:
    one = put("First Name,Last Name,Email\nAda,Lovelace,ada@x.example\nBo,Ray,bo@x.example\n", "contacts-1.csv")
    two = put("First Name,Last Name,Email,City\nBo,Ray,bo@x.example,Rome\nCy,Low,cy@x.example,\n", "contacts-2.csv")
    assert told(together(ctx, one, two, update=True)) == [
        ("contacts", 2, 2, 0, 0, 0, 0), ("contacts", 2, 1, 1, 0, 0, 0),
    ]  # fmt: skip


@given(st.data())
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_links_the_dry_run_says_what_the_import_does(
    second_book: Context, tmp_path: Path, data: Any
) -> None:
    ids = st.sampled_from(["1", "2", "3", ""])
    names = st.sampled_from(["Acme", "آکمه", "acme", "Bolt"])
    companies = data.draw(st.lists(st.tuples(ids, names), max_size=4, unique_by=lambda row: row[0] or id(row)))
    people = data.draw(st.lists(st.tuples(ids, st.one_of(names, st.just(""))), min_size=1, max_size=5))
    rows = [("Account ID,Account Name", *(f"{one},{name}" for one, name in companies))]
    rows.append(("Contact ID,First Name,Last Name,Account ID,Account Name",
                 *(f"c{n},P{n},Q,{one},{name}" for n, (one, name) in enumerate(people))))  # fmt: skip
    paths = []
    for name, lines in zip(("accounts", "contacts"), rows, strict=True):
        if len(lines) > 1:
            path = tmp_path / f"{name}.csv"
            path.write_text("\n".join(lines) + "\n")
            paths.append(str(path))
    done = together(second_book, *reversed(paths))
    assert database.check(second_book, deep=True).values["ok"]
    again = together(second_book, *paths)
    assert sum(one.new for one in again) == 0
    if batch := max(one.batch for one in done):
        history.undo(second_book, batch)
    assert second_book.reader.value("SELECT count(*) FROM company WHERE removed_at IS NULL") == 0
    assert second_book.reader.value("SELECT count(*) FROM contact WHERE removed_at IS NULL") == 0


def test_the_memory_of_a_dry_run_does_not_grow_with_the_file(
    book: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row links to something that is not there."""
    for name in ("FIRST_BLOCK", "LEAST", "MOST"):
        monkeypatch.setattr(taking, name, 15)
    monkeypatch.setattr(subtotals, "_MOST_ROWS", 15)  # of the last rows, which a total may add up, these are kept
    rows = (f"Person {n},p{n}@x.example,Firm {n},A{n},Owner {n}" for n in range(600))
    made = imports.plan(book, put("\n".join(["Name,Email,Company,AccountId,Owner", *rows, ""])), kind=CONTACT)
    sizes: list[int] = []
    tracemalloc.start()
    try:
        done = imports.run(
            book, made, dry_run=True, progress=lambda *_: sizes.append(tracemalloc.get_traced_memory()[0])
        )
    finally:
        tracemalloc.stop()
    assert (done.new, len(sizes)) == (600, 40)
    assert min(sizes[30:]) - min(sizes[5:15]) < 100_000  # of 375 rows the stand-ins alone are 350,000


def test_stand_ins_are_one_wherever_blocks_end(ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dry run stood in for comes back from outside memory: the same names are the same records."""
    for name in ("FIRST_BLOCK", "LEAST", "MOST"):
        monkeypatch.setattr(taking, name, 2)
    rows = (f"Deal {n % 5},{n % 4},Firm {n % 3},A{n % 3},Ada {n % 2} (a{n % 2}@x.example)" for n in range(24))
    path = put("\n".join(["Deal Name,Amount,Company,Account ID,Contact", *rows, ""]))
    done = take(ctx, path, match=["name+company"])
    assert counts(done) == (24, 15, 0, 0, 0, 9)
    assert len(listed(ctx, "company")) == 3
    assert [row["email"] for row in listed(ctx, "contact")] == ["a0@x.example", "a1@x.example"]


# --- options ----------------------------------------------------------------------------------------------------------


def test_options_go_to_the_files_that_they_fit(book: Context, four: list[str]) -> None:
    plans = imports.plan_all(
        book, [(path, "") for path in four], mapping={"Website": "-", "Subject": "name"}, id_column="Opportunity ID",
        match=["email"], update=True,
    )  # fmt: skip
    company, contact, deal, task = plans
    assert ("Website", ()) in [(column.header, column.to) for column in company.columns]
    assert contact.keys == (("email",),)
    assert deal.keys == (("name", "company"),)
    assert ("Subject", ("name",)) in [(column.header, column.to) for column in task.columns]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mapping": {"Nope": "name"}}, "no file has a column 'Nope'"),
        ({"mapping": {"Website": "nope"}}, "there is no field 'nope' to map 'Website' to"),
        ({"id_column": "Nope"}, "no file has a column 'Nope'"),
        ({"sheet": "Two"}, "no file has a sheet 'Two'"),
        ({"profile": "stripe-customers"}, "the titles of no file speak of the profile stripe-customers"),
        ({"match": ["birthday"]}, "no file can be matched by birthday"),
    ],
)
def test_an_option_that_fits_no_file_is_refused(
    book: Context, four: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        imports.plan_all(book, [(path, "") for path in four], **options)
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("name", "titles", "kind"),
    [
        ("accounts", "Id,Name,Website,ParentId", "company"),
        ("Account", "Id,Name,Website,ParentId", "company"),
        ("SF_AccountExport-2026", "Id,Name", "company"),
        ("companies", "Company,Website", "company"),
        ("شرکت‌ها", "نام,وب سایت", "company"),
        ("contacts", "Name,Email", "contact"),
        ("leads", "Name,Email", "lead"),
        ("customers", "Id,Name,Website", ""),  # people or firms
        ("accounting", "Id,Name,Website", ""),
        ("accounts", "Name,Colour,Size,Weight", ""),
        ("contacts", "Deal Name,Amount,Stage,Close Date", "deal"),
    ],
)
def test_the_name_of_a_file_decides_where_its_columns_leave_it_open(
    book: Context, put: Any, name: str, titles: str, kind: str
) -> None:
    cells = ",".join(f"{n}@x.example" if title == "Email" else "5" for n, title in enumerate(titles.split(",")))
    made = imports.plan(book, put(f"{titles}\n{cells}\n", f"{name}.csv"))
    assert (made.kind.name if made.kind else "") == kind


def test_the_kind_of_one_of_several_files_is_said(book: Context, put: Any) -> None:
    texts = {"things": "Id,Company,Website\n1,Engines,\n", "b c": "Full Name,Job Title\nA,Dr\n"}
    files = [(put(text, f"{name}.csv"), "") for name, text in texts.items()]
    plans = imports.plan_all(book, files)
    assert [made.problem for made in plans] == [
        "the columns do not tell what its rows are; say it: --as things.csv=company",
        "the columns do not tell what its rows are; say it: --as 'b c.csv=contact' or --as 'b c.csv=lead'",
    ]
    plans = imports.plan_all(book, files, [COMPANY, None], kind=LEAD)
    assert [(made.kind, made.problem) for made in plans] == [(COMPANY, ""), (LEAD, "")]


def test_a_file_is_given_once(book: Context, four: list[str]) -> None:
    with pytest.raises(UsageError, match="is given twice"):
        imports.plan_all(book, [(four[0], ""), (four[0], "")])


# --- ids of several programs ------------------------------------------------------------------------------------------


def test_an_id_that_is_plainly_somebody_else_s_overwrites_nobody(ctx: Context, put: Any) -> None:
    take(ctx, put("Contact ID,First Name,Last Name,Email\n101,Ada,Lovelace,ada@x.example\n102,Bo,Ray,bo@x.example\n"))
    other = put(
        "Contact ID,First Name,Last Name,Email\n101,آذر,كاشاني,azar@x.example\n102,Bo,Ray,bo@new.example\n", "b.csv"
    )
    for update, expected in ((False, (2, 0, 0, 1, 0, 1)), (True, (2, 0, 1, 0, 0, 1))):
        done = take(ctx, other, update=update)
        assert counts(done) == expected
        assert done.listed[0][:3] == (2, "Contact ID", "101")
        assert "this id is that of contact:1 (Ada Lovelace), which is plainly another one" in done.listed[0][3]
    rows = {row["external_id"]: row for row in listed(ctx, "contact")}
    assert (rows["101"]["name"], rows["101"]["email"]) == ("Ada Lovelace", "ada@x.example")
    assert rows["102"]["email"] == "bo@new.example"


@pytest.mark.parametrize(
    "row",
    [
        "101,Ada,King,ada@x.example,",  # another name
        "101,Ada,Lovelace,other@x.example,",  # another address
        "101,Ada,King,other@x.example,+44 20 7946 0001",  # both, and the telephone that she has
        "101,Ada,King,,",  # nothing that could be another's
    ],
)
def test_somebody_who_changed_is_still_the_one_with_the_id(ctx: Context, put: Any, row: str) -> None:
    header = "Contact ID,First Name,Last Name,Email,Phone\n"
    take(ctx, put(f"{header}101,Ada,Lovelace,ada@x.example,+44 20 7946 0001\n"))
    assert counts(take(ctx, put(f"{header}{row}\n", "b.csv")))[3:] == (1, 0, 0)


def test_a_deal_of_another_name_and_company_is_another(ctx: Context, put: Any) -> None:
    header = "Deal ID,Deal Name,Deal Stage,Company,Create Date\n"
    take(ctx, put(f"{header}5,Engine,New,Acme,2026-01-02\n"))
    assert counts(take(ctx, put(f"{header}5,Garden,New,Bolt,2026-01-03\n", "b.csv")))[5] == 1
    # renamed and moved in its own program, where it was made when it was made
    assert counts(take(ctx, put(f"{header}5,Garden,New,Bolt,2026-01-02\n", "c.csv"), update=True)) == (1, 0, 1, 0, 0, 0)


# --- the published files ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published sample files are not beside the project")
def test_published_salesforce_files_link_up(book: Context) -> None:
    names = ("Lead", "Contact", "Account")
    done = together(book, *(str(SHARED / f"salesforce_dcw_{name}.csv") for name in names))
    assert told(done) == [
        ("companies", 22, 22, 0, 0, 0, 0), ("contacts", 102, 102, 0, 0, 0, 0), ("leads", 60, 60, 0, 0, 0, 0),
    ]  # fmt: skip
    assert sum(row["company"] is not None for row in listed(book, "contact")) == 18
    assert {row["company"] for row in listed(book, "lead")} == {"Lead Account"}
    assert not any("that link" in note for one in done for note in one.notes)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published sample files are not beside the project")
def test_published_hubspot_files_link_up(book: Context) -> None:
    names = ("deals", "contacts", "companies")
    plans = imports.plan_all(book, [(str(SHARED / f"hubspot_{name}.csv"), "") for name in names])
    done = imports.run_all(book, plans)
    assert [one.new for one in done] == [200, 950, 500]
    assert book.reader.value("SELECT count(*) FROM contact WHERE company_id IS NOT NULL") == 679
    with_contact = "SELECT count(*) FROM opportunity o JOIN contact c ON c.id = o.contact_id AND c.email = o.email"
    assert book.reader.value(with_contact) > 0
