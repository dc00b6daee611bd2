"""Files that belong together: in any order they link up, are one batch, and a dry run knows what the import will do."""

from __future__ import annotations

import tracemalloc
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import UsageError
from crmcli.exchange import subtotals
from crmcli.services import database, history, imports, merging, records
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


def test_the_id_of_a_removed_record_makes_no_other_beside_a_namesake(ctx: Context, put: Any) -> None:
    for one in ("1", "2"):
        records.add(ctx, COMPANY, {"name": "Acme", "external_id": one})
    records.remove(ctx, COMPANY, [1])
    take(ctx, put("Name,Email,Company,Company Id\nAda,ada@x.example,Acme,1\n"), kind=CONTACT)
    assert ctx.reader.rows("SELECT company_id FROM contact") == [(2,)]
    assert ctx.reader.value("SELECT count(*) FROM company") == 2


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
    with pytest.MonkeyPatch.context() as patch:  # wherever blocks end
        for name in ("FIRST_BLOCK", "LEAST", "MOST"):
            patch.setattr(taking, name, data.draw(st.sampled_from([1, 2, 2500])))
        done = together(second_book, *reversed(paths))
        again = together(second_book, *paths)
    assert database.check(second_book, deep=True).values["ok"]
    assert sum(one.new for one in again) == 0
    if batch := max(one.batch for one in done):
        history.undo(second_book, batch)
    assert second_book.reader.value("SELECT count(*) FROM company WHERE removed_at IS NULL") == 0
    assert second_book.reader.value("SELECT count(*) FROM contact WHERE removed_at IS NULL") == 0


@pytest.mark.parametrize("size", [2, 2500])
@pytest.mark.parametrize("own", ["Account ID", "Id"])
def test_a_dry_run_knows_which_file_brought_the_ids_of_another(
    ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch, own: str, size: int
) -> None:
    """Ids under the same titles are of one program, whatever their records are called."""
    for name in ("FIRST_BLOCK", "LEAST", "MOST"):
        monkeypatch.setattr(taking, name, size)
    accounts = put(f"{own},Account Name\n1,Acme\n2,آکمه\n3,آکمه\n", "accounts.csv")
    rows = "".join(f"c{n},P{n},Q,{one}\n" for n, one in enumerate(("2,Bolt", "3,acme", "2,acme", "1,acme")))
    people = put(
        f"{'Contact ID' if own == 'Account ID' else 'Id'},First Name,Last Name,Account ID,Account Name\n{rows}",
        "contacts.csv",
    )
    done = together(ctx, accounts, people)  # which asks whether the dry run said the same
    assert [one.notes for one in done] == [(), ()]
    history.undo(ctx, max(one.batch for one in done))
    assert listed(ctx, "company") == []


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
        ({"sheet": "none"}, "no file has a sheet 'none'"),
        ({"profiles": ["stripe-customers"]}, "the titles of no file speak of the profile stripe-customers"),
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


@pytest.mark.parametrize("turned", [False, True])
def test_what_another_row_gives_makes_nobody_the_one_with_the_id(ctx: Context, put: Any, turned: bool) -> None:
    header = "Contact ID,Name,Email,Phone,Company\n"
    take(ctx, put(f"{header}1,Ada Nord,ada@x.example,,\n"))
    other, own = "1,Zoe West,zoe@y.example,+41446681802,Acme\n", ",Ada Nord,ada@x.example,+41446681802,Acme\n"
    path = put(f"{header}{own}{other}" if turned else f"{header}{other}{own}", "b.csv")
    for updated in (1, 0):
        done = take(ctx, path, update=True, id_column="Contact ID")
        assert counts(done) == (2, 0, updated, 1 - updated, 0, 1)
        assert [(row["name"], row["email"]) for row in listed(ctx, "contact")] == [("Ada Nord", "ada@x.example")]


HUBSPOT = {
    "deal": "Record ID,Deal Name,Amount,Deal Stage,Close Date\n1,Alpha,100,Qualified,2026-12-01\n2,Beta,7,New,\n",
    "company": "Record ID,Company name,Company Domain Name\n1,Acme,acme.example\n2,Bolt,bolt.example\n",
}
PIPEDRIVE = {
    "deal": "Deal - ID,Deal - Title,Deal - Value,Deal - Organization,Deal - Stage\n1,{},100,Zeta,Qualified\n",
    "company": "Organization - ID,Organization - Name,Organization - Owner,Organization - Address\n1,{},,\n",
}


@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
@pytest.mark.parametrize("kind", ["deal", "company"])
def test_a_bare_id_of_another_program_overwrites_nobody(ctx: Context, put: Any, kind: str, update: bool) -> None:
    take(ctx, put(HUBSPOT[kind]))
    before = listed(ctx, kind)
    for name in ("Omega", f"New {kind}: Omega"):
        done = take(ctx, put(PIPEDRIVE[kind].format(name), "b.csv"), update=update)
        assert counts(done) == (1, 0, 0, 0, 0, 1)
        assert f"this id is that of {kind}:1 ({before[0]['name']}), which is plainly another one" in done.listed[0][3]
    assert listed(ctx, kind) == before
    # what has a word in common is believed
    done = take(ctx, put(PIPEDRIVE[kind].format(f"{before[0]['name']} Group")), update=update)
    assert counts(done)[5] == 0


@pytest.mark.parametrize("brought", ["alone", "whole", "together", "together and whole"])
@pytest.mark.parametrize("kind", ["deal", "company"])
def test_whose_an_id_is_the_import_that_brought_it_tells(ctx: Context, put: Any, kind: str, brought: str) -> None:
    plans = imports.plan_all(ctx, [(put(text, f"{name}.csv"), "") for name, text in HUBSPOT.items()])
    if "together" in brought:
        imports.run_all(ctx, plans, whole="whole" in brought)
    else:
        for made in plans:
            imports.run(ctx, made, whole="whole" in brought)
    beside = listed(ctx, kind)[1]["name"]
    other = PIPEDRIVE[kind].format("Omega")
    text = f"{other}{other.splitlines()[1].replace('1,Omega', f'2,{beside}')}\n"
    assert counts(take(ctx, put(text, "b.csv"), update=True))[5] == 1
    # its own program renames what it likes
    own = HUBSPOT[kind].replace("Alpha", "Omega").replace("Acme", "Omega")
    assert counts(take(ctx, put(own, "c.csv"), update=True))[5] == 0


@pytest.mark.parametrize("kind", ["deal", "company"])
def test_a_record_that_its_own_program_renamed_is_still_the_one_with_the_id(ctx: Context, put: Any, kind: str) -> None:
    take(ctx, put(HUBSPOT[kind]))
    head, row, _, _ = HUBSPOT[kind].split("\n")
    for name in ("Omega", "Psi"):
        renamed = ",".join(["1", name, "500", "New", "2027-01-02"][: row.count(",") + 1])
        renamed = renamed if kind == "deal" else f"1,{name},"
        done = take(ctx, put(f"{head}\n{renamed}\n", "b.csv"), update=True)
        assert counts(done) == (1, 0, 1, 0, 0, 0)
        assert listed(ctx, kind)[0]["name"] == name
    # an older export has a name that it had, whosever export that is
    assert counts(take(ctx, put(PIPEDRIVE[kind].format("Omega"), "c.csv")))[5] == 0


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Id,Name\n1,Zeta\n", 1),  # one is most of one
        ("Id,Name\n1,Zeta\n2,Bolt\n", 0),  # renamed: the other one is who it was
        ("Id,Name\n1,Zeta\n2,Psi\n9,Acme\n", 2),
        ("Id,Name,City,Industry\n1,Zeta,Oslo,Ships\n", 0),  # what it says besides is the same
        ("Id,Name,City,Industry\n1,Zeta,Rome,Wine\n", 1),
    ],
)
@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_where_nobody_knows_whose_an_id_is_the_rows_beside_it_tell(
    ctx: Context, put: Any, text: str, refused: int, update: bool
) -> None:
    for number, name in (("1", "Acme"), ("2", "Bolt")):
        records.add(ctx, COMPANY, {"name": name, "external_id": number, "city": "Oslo", "industry": "Ships"})
    done = take(ctx, put(text), kind=COMPANY, id_column="Id", update=update)
    assert counts(done)[5] == refused


OF_ZETA = {
    "deal": "Deal - ID,Deal - Title,Deal - Organization ID,Deal - Organization,Deal - Stage\n7,Big,1,Zeta,New\n",
    "contact": "Contact ID,Name,Email,Company ID,Company\n7,Ada,ada@zeta.example,1,Zeta\n8,Bo,bo@zeta.example,1,Zeta\n",
}


@pytest.mark.parametrize("there", [False, True], ids=["made", "there"])
@pytest.mark.parametrize("kind", ["deal", "contact"])
def test_the_name_beside_an_id_of_another_program_is_what_links(ctx: Context, put: Any, kind: str, there: bool) -> None:
    take(ctx, put(HUBSPOT["company"]))
    if there:
        records.add(ctx, COMPANY, {"name": "Zeta"})
    path = put(OF_ZETA[kind], "b.csv")
    for update in (False, True, True):
        (done,) = together(ctx, path, update=update)
        assert done.refused == 0
        assert {row["company"] for row in listed(ctx, kind)} == {"Zeta"}
        (note,) = [note for note in done.notes if "beside" in note]
        title, rows = ("Deal - Organization ID", 1) if kind == "deal" else ("Company ID", 2)
        assert note.startswith(
            f"column {title}: {rows} rows have another name beside the id of a company than that has"
            " (first 1 of Acme: Zeta, line 2) and are linked by the name"
        )
    assert [(row["name"], row["external_id"]) for row in listed(ctx, "company")] == [
        ("Acme", "1"), ("Bolt", "2"), ("Zeta", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        # HubSpot has renamed it, and says so among its deals before it does among its companies
        ("Record ID,Deal Name,Deal Stage,Close Date,Associated Company IDs,Associated Company\n7,Big,New,,1,Zeta\n", 1),
        ("Id,Deal,Company ID,Company\n7,Big,1,ACME GmbH\n", 1),
        ("Id,Deal,Company ID,Company\n7,Big,1,Zeta\n8,Small,2,Bolt\n", 1),  # the rows beside it are right
        ("Id,Deal,Company ID,Company,Company Domain\n7,Big,1,Zeta,acme.example\n", 1),
        ("Id,Deal,Company ID,Company\n7,Big,1,Old Acorn\n", 1),  # it was called so
        ("Id,Deal,Company ID,Company\n7,Big,1,\n", 1),
        ("Id,Deal,Company ID,Company\n7,Big,1,Zeta\n", 3),
    ],
)
def test_a_firm_that_was_renamed_is_still_linked_by_its_id(ctx: Context, put: Any, text: str, linked: int) -> None:
    take(ctx, put(HUBSPOT["company"].replace("Acme", "Old Acorn")))
    records.edit(ctx, COMPANY, [1], {"name": "Acme"})
    done = take(ctx, put(text), kind=DEAL)
    assert ctx.reader.value("SELECT company_id FROM opportunity ORDER BY id LIMIT 1") == linked
    assert any("beside" in note for note in done.notes) == (linked == 3)


def test_whom_a_file_names_in_several_ways_beside_an_id_stays_one(ctx: Context, put: Any) -> None:
    path = put("Contact ID,Name,Company ID,Company\n1,Ann,5,Acme\n2,Bo,5,Bolt\n3,Cy,5,Zeta\n4,Di,,Bolt\n")
    for expected in ((4, 4, 0, 0, 0, 0), (4, 0, 0, 4, 0, 0)):
        assert counts(take(ctx, path, update=True)) == expected
        assert [row["company"] for row in listed(ctx, "contact")] == ["Acme", "Acme", "Acme", "Bolt"]


@pytest.mark.parametrize(
    "names",
    [("Acme", "Zeta"), ("Zeta", "Psi"), ("Zeta", "Psi", "Tau")],
    ids=["one is right", "two are not", "none of several is"],
)
def test_files_that_name_an_id_differently_come_in_as_the_dry_run_says(
    ctx: Context, put: Any, names: tuple[str, ...]
) -> None:
    people = put("Contact ID,Name,Company ID,Company\n1,Ann,5,Acme\n2,Bo,5,Bolt\n", "people.csv")
    sold = "".join(f"{number},Sale {number},5,{name}\n" for number, name in enumerate(names))
    others = len(names) > 2
    for _ in range(2):
        first, second = together(ctx, people, put(f"Deal ID,Deal Name,Company ID,Company\n{sold}", "sales.csv"))
        assert [row["company"] for row in listed(ctx, "contact")] == ["Acme", "Acme"]
        assert [row["company"] for row in listed(ctx, "deal")] == (list(names) if others else ["Acme", "Acme"])
        assert first.notes == ()
        assert ["3 rows have another name beside" in note for note in second.notes] == [True] * others


RENAMED = {
    "one": ["201,Anna Bell 1,a1@x.example,101,Nordwind Holding"],
    "one beside a new one": ["209,Bo Ray,bo@x.example,101,Nordwind Holding"],
    "all": [f"20{n},Anna Bell {n},a{n}@x.example,10{n},{name}" for n, name in enumerate(("Uno", "Dos", "Tres"), 1)],
}


@pytest.mark.parametrize("case", RENAMED)
def test_a_renamed_firm_of_files_that_came_together_gets_no_twin(ctx: Context, put: Any, case: str) -> None:
    header = "Contact ID,Name,Email,Account ID,Account Name\n"
    accounts = put("Account ID,Account Name\n101,Acme\n102,Bolt\n103,Cato\n", "accounts.csv")
    firms = enumerate(("Acme", "Bolt", "Cato"), 1)
    people = [f"20{n},Anna Bell {n},a{n}@x.example,10{n},{name}" for n, name in firms]
    together(ctx, accounts, put(header + "\n".join(people) + "\n", "contacts.csv"))
    before = [row["company"] for row in listed(ctx, "contact")]
    done = take(ctx, put(header + "\n".join(RENAMED[case]) + "\n", "b.csv"), kind=CONTACT, update=True)
    assert done.refused == 0
    assert [row["name"] for row in listed(ctx, "company")] == ["Acme", "Bolt", "Cato"]
    assert [row["company"] for row in listed(ctx, "contact")][:3] == before
    assert not any("beside" in note for note in done.notes)


def test_a_link_that_a_record_has_already_is_meant_by_its_id(ctx: Context, put: Any) -> None:
    take(ctx, put(HUBSPOT["company"]))
    text = "Contact ID,Name,Company ID,Company\n7,Ada,1,{}\n"
    take(ctx, put(text.format("Acme")), kind=CONTACT)
    done = take(ctx, put(text.format("Zeta")), kind=CONTACT, update=True)
    assert (counts(done), done.notes) == ((1, 0, 0, 1, 0, 0), ())
    # whom the book has under the same number, and is called otherwise, says nothing of that
    assert counts(take(ctx, put(text.format("Zeta").replace("Ada", "Bo")), kind=CONTACT)) == (1, 0, 0, 0, 0, 1)


@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
@pytest.mark.parametrize("value", ["5", "7"], ids=["same value", "other value"])
def test_a_link_by_the_id_of_another_program_makes_nobody_the_one_with_the_id(
    ctx: Context, put: Any, update: bool, value: str
) -> None:
    def deals(called: str, names: str, value: str) -> str:
        rows = (f"{n},{called} {name},{n},{name},{n}{value}\n" for n, name in enumerate(names.split(), 1))
        return f"Deal ID,Deal,Company ID,Company,Value\n{''.join(rows)}"

    firms = put("Company ID,Company Name\n1,Alpha\n2,Beta\n3,Gamma\n", "firms.csv")
    together(ctx, firms, put(deals("Sale", "Alpha Beta Gamma", "5"), "a.csv"))
    before = listed(ctx, "deal")
    # renamed with its firm, in its own program
    own = put(deals("Offer", "Psi Beta Gamma", "5").replace("Offer Beta", "Sale Beta"), "b.csv")
    assert counts(take(ctx, own, kind=DEAL, id_column="Deal ID"))[5] == 0
    other = put(deals("Offer", "Psi Chi Tau", value), "c.csv")
    done = take(ctx, other, kind=DEAL, id_column="Deal ID", update=update)
    assert counts(done)[5] == (3 if value == "7" else 0)
    if value == "7":
        assert listed(ctx, "deal") == before


def test_what_an_import_called_a_record_that_was_undone_is_no_name_of_it(ctx: Context, put: Any) -> None:
    take(ctx, put("Id,Name,City\n1,Acme,Oslo\n"), kind=COMPANY, id_column="Id")
    renamed = take(ctx, put("Id,Name,City\n1,Zeta,Oslo\n", "b.csv"), kind=COMPANY, id_column="Id", update=True)
    assert renamed.updated == 1
    other = put("Kd-Nr,Name,City\n1,Zeta,Rome\n", "c.csv")
    undone = history.undo(ctx, renamed.batch)
    assert take(ctx, other, kind=COMPANY, id_column="Kd-Nr").refused == 1
    # what is brought back is a name that it had
    history.undo(ctx, undone.batch)
    records.edit(ctx, COMPANY, [1], {"name": "Acme"})
    assert take(ctx, other, kind=COMPANY, id_column="Kd-Nr").refused == 0


@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_an_id_that_a_file_has_for_another_record_links_nothing_of_those_after_it(
    ctx: Context, put: Any, update: bool
) -> None:
    firms = "{},{},City\n1,{},{}\n2,{},{}\n3,{},{}\n"
    take(ctx, put(firms.format("Account ID", "Account Name", "Alpha", "Oslo", "Beta", "Oslo", "Gamma", "Oslo")))
    others = put(firms.format("Company ID", "Company Name", "Psi", "Bern", "Chi", "Bern", "Gamma", "Oslo"), "b.csv")
    tasks = put("Task ID,Subject,Due Date,Company ID\n1,Call Psi,2027-01-02,1\n2,Call Gamma,2027-01-02,3\n", "c.csv")
    first, second = together(ctx, others, tasks, update=update)
    assert (first.refused, counts(second)[:2]) == (2, (2, 2))
    assert [row["company"] for row in listed(ctx, "task")] == [None, "Gamma"]
    (note,) = second.notes
    assert note.startswith(
        "column Company ID: 1 rows have the id of a record that is not in the book (first 1, line 2)"
    )


def test_an_id_that_one_of_two_files_has_rightly_links_what_comes_with_them(ctx: Context, put: Any) -> None:
    people = "Contact ID,Name,Email,Company ID\n7,Ada,ada@x.example,1\n"
    files = [HUBSPOT["company"], PIPEDRIVE["company"].format("Omega"), people]
    take(ctx, put(files[0]))
    done = together(ctx, *(put(text, f"{number}.csv") for number, text in enumerate(files)))
    assert sum(one.refused for one in done) == 1
    assert [row["company"] for row in listed(ctx, "contact")] == ["Acme"]


@pytest.mark.parametrize("phone", ["+7 495 1234567", ""], ids=["telephone", "nothing"])
@pytest.mark.parametrize("name", ["Ivan Petrov", "Lars Holm", "Жанна Лис"])
def test_a_name_in_another_script_may_be_the_same_with_a_new_address(
    ctx: Context, put: Any, name: str, phone: str
) -> None:
    text = "Contact ID,Name,Email,Phone,Company\n1,{},{}@x.example,{},Acme\n"
    take(ctx, put(text.format("Иван Петров", "old", "+7 495 1234567")))
    done = take(ctx, put(text.format(name, "new", phone), "b.csv"), update=True)
    assert done.refused == (name == "Жанна Лис")


@pytest.mark.parametrize("cities", ["", "Oslo"])
def test_firms_of_which_nothing_can_be_compared_may_all_be_renamed(ctx: Context, put: Any, cities: str) -> None:
    def rows_of(names: str, city: str) -> str:
        rows = (f"{number},{name},{city}\n" for number, name in enumerate(names.split(), 1))
        return f"id,Company name,City\n{''.join(rows)}"

    take(ctx, put(rows_of("Alpha Beta Gamma", cities)), kind=COMPANY)
    done = take(ctx, put(rows_of("Psi Chi Tau", ""), "b.csv"), kind=COMPANY, update=True)
    assert (done.updated, done.refused) == (3, 0)
    # where something can be, and differs, they are others
    if cities:
        done = take(ctx, put(rows_of("Uno Dos Tres", "Rome"), "c.csv"), kind=COMPANY, update=True)
        assert (done.updated, done.refused) == (0, 3)


@pytest.mark.parametrize(
    ("names", "refused"), [("Psi", 0), ("Psi Chi", 0), ("Psi Chi Tau", 3), ("Psi Chi Tau Acme", 3)]
)
def test_several_names_under_the_same_titles_are_others(ctx: Context, put: Any, names: str, refused: int) -> None:
    def rows_of(names: str) -> str:
        return "Id,Name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names.split(), 1))

    take(ctx, put(rows_of("Alpha Beta Gamma Acme")), kind=COMPANY, id_column="Id")
    done = take(ctx, put(rows_of(names), "b.csv"), kind=COMPANY, id_column="Id", update=True)
    assert (done.updated, done.refused) == (0 if refused else len(names.split()), refused)


@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_files_of_two_programs_at_once_overwrite_nothing(ctx: Context, put: Any, update: bool) -> None:
    paths = [put(HUBSPOT["deal"], "a.csv"), put(PIPEDRIVE["deal"].format("Omega").replace("100", "9"), "b.csv")]
    done = together(ctx, *paths, update=update)
    assert sorted(counts(one) for one in done) == [(1, 0, 0, 0, 0, 1), (2, 2, 0, 0, 0, 0)]


@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_what_a_merge_or_somebody_renamed_is_known_by_what_it_was_called(ctx: Context, put: Any, update: bool) -> None:
    path = put("Id,Name,Email\n1,Ada Nord,a1@y.example\n2,Dr Countess Lovelace,a2@x.example\n3,Bo Ray,bo@x.example\n")
    take(ctx, path, kind=CONTACT)
    merging.merge(ctx, CONTACT, [1, 2], into=2, keep={"name": 1, "email": 1})
    records.edit(ctx, CONTACT, [3], {"name": "Cy Young", "email": "cy@z.example"})
    done = take(ctx, path, kind=CONTACT, update=update)
    assert counts(done) == (3, 0, int(update), 3 - update, 0, 0)
    assert listed(ctx, "contact")[0]["name"] == "Ada Nord"


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


FIRMS = "Record ID,Company name,Company Domain Name\n9000000001,Acme Holding,acme.example\n"
STAFF = (
    "Record ID,First Name,Last Name,Email,Associated Company,Associated Company IDs\n"
    "51,Ann,Lee,ann@a.example,Acme Holding,9000000777\n52,Bo,Ray,bo@a.example,acme holding,9000000001\n"
)


@pytest.mark.parametrize("turned", [False, True])
def test_a_name_is_no_record_that_has_another_id_of_that_program(ctx: Context, put: Any, turned: bool) -> None:
    paths = [put(FIRMS, "companies.csv"), put(STAFF, "contacts.csv")]
    for path in reversed(paths) if turned else paths:
        take(ctx, path)
    ids = {row["id"]: row["external_id"] for row in listed(ctx, "company")}
    assert sorted(ids.values()) == ["9000000001", "9000000777"]
    linked = ctx.reader.rows("SELECT company_id FROM contact ORDER BY id")
    assert [ids[n] for (n,) in linked] == ["9000000777", "9000000001"]
    take(ctx, paths[0], update=True)
    before = ctx.reader.value("SELECT seq FROM journal_head")
    for path in paths:
        take(ctx, path, update=True)
    assert ctx.reader.value("SELECT seq FROM journal_head") == before


def test_a_name_still_links_where_its_record_has_no_id_of_that_program(ctx: Context, put: Any) -> None:
    records.add(ctx, COMPANY, {"name": "Acme Holding"})
    take(ctx, put(STAFF.replace("9000000001", "9000000777")))
    assert ctx.reader.rows("SELECT DISTINCT company_id FROM contact") == [(1,)]
    records.add(ctx, COMPANY, {"name": "Engines", "external_id": "odoo.partner_7"})
    people = "Record ID,First Name,Last Name,Email,Associated Company,Associated Company IDs\n"
    take(ctx, put(people + "61,Cy,Young,cy@a.example,Engines,9000000888\n"))
    assert [row["company"] for row in listed(ctx, "contact")][-1] == "Engines"
    assert ctx.reader.value("SELECT count(*) FROM company") == 2


def test_an_id_tells_which_of_several_of_a_name_is_meant_and_that_none_is(ctx: Context, put: Any) -> None:
    take(ctx, put("Record ID,Company name\n9000000001,Acme Holding\n9000000002,Acme Holding\n", "companies.csv"))
    assert counts(take(ctx, put(STAFF))) == (2, 2, 0, 0, 0, 0)
    ids = {row["id"]: row["external_id"] for row in listed(ctx, "company")}
    linked = ctx.reader.rows("SELECT company_id FROM contact ORDER BY id")
    assert [ids[n] for (n,) in linked] == ["9000000777", "9000000001"]


def test_an_id_makes_no_other_beside_namesakes_that_may_be_meant(ctx: Context, put: Any) -> None:
    for _ in range(2):
        records.add(ctx, COMPANY, {"name": "Acme Holding"})
    done = take(ctx, put(STAFF))
    assert counts(done) == (2, 0, 0, 0, 0, 2)
    assert "fits 2 records: company:1, company:2" in str(done.listed)
    assert ctx.reader.value("SELECT count(*) FROM company") == 2


@pytest.mark.parametrize("size", [1, 100])
def test_who_is_made_beside_a_namesake_is_told(
    ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    for name in ("FIRST_BLOCK", "LEAST", "MOST"):
        monkeypatch.setattr(taking, name, size)
    records.add(ctx, COMPANY, {"name": "Acme", "external_id": "17"})
    rows = "Name,Email,Company,Company Id\nAda,a@x.example,Acme,9918\nBo,b@x.example,acme,9918\nCy,c@x.example,Acme,7\n"
    done = take(ctx, put(rows), kind=CONTACT)
    (told,) = [note for note in done.notes if "same name" in note]
    assert told == (
        "2 companies are not those of the same name, for their ids differ (Acme, Acme); 'crm company merge' joins two"
        " that are one"
    )
    assert [row["external_id"] for row in listed(ctx, "company")] == ["17", "9918", "7"]
    again = take(ctx, put(rows), kind=CONTACT, update=True)
    assert not [note for note in again.notes if "same name" in note]


def test_activities_with_ids_that_no_record_has_hang_on_no_namesake(ctx: Context, put: Any) -> None:
    take(ctx, put("Organization ID,Name\n301,Acme\n", "organizations.csv"), kind=COMPANY, id_column="Organization ID")
    take(ctx, put("Person ID,Name\n401,Ann Lee\n", "people.csv"), kind=CONTACT, id_column="Person ID")
    take(ctx, put("ID,Deal name\n11,Big deal\n", "deals.csv"), kind=DEAL, id_column="ID")
    head = "ID,Subject,Due date,Deal,Deal ID,Person,Person ID,Organization,Organization ID\n"
    path = put(head + "1,Call,2026-12-05,Big deal,12,Ann Lee,499,Acme,399\n", "activities.csv")
    mapping = {"Deal": "deal", "Person": "contact", "Organization": "company"}
    done = take(ctx, path, kind=TASK, id_column="ID", mapping=mapping)
    assert counts(done) == (1, 1, 0, 0, 0, 0)
    told = [note for note in done.notes if "1 rows have the id of a record that is not in the book" in note]
    assert [note.partition(":")[0].removeprefix("column ") for note in told] == [
        "Deal ID", "Person ID", "Organization ID",
    ]  # fmt: skip
    assert ctx.reader.rows("SELECT opportunity_id, contact_id, company_id FROM task") == [(None, None, None)]
    assert [row["external_id"] for row in listed(ctx, "company")] == ["301"]


def test_the_file_that_says_less_of_people_comes_last(ctx: Context, put: Any) -> None:
    members = (
        "Id,CampaignId,ContactId,Status,FirstName,LastName,Email\n00vA,701A,003A,Sent,Ada,Lovelace,ada@x.example\n"
    )
    paths = [
        put(members, "CampaignMember.csv"),
        put("Id,FirstName,LastName,Email,Phone,Title,MailingCity,AccountId\n"
            "003A,Ada,Lovelace,ada@x.example,+49 30 1234567,Chief,London,001A\n", "Contact.csv"),
        put("Id,Name,Website\n001A,Engines,https://engines.example\n", "Account.csv"),
    ]  # fmt: skip
    for some in permutations(paths):
        plans = imports.plan_all(ctx, [(path, "") for path in some])
        assert [made.path for made in plans][-2:] == [paths[1], paths[0]]
    together(ctx, *paths)
    (found,) = listed(ctx, "contact")
    assert [found[name] for name in ("phone", "job_title", "city", "company")] == [
        "+49 30 1234567", "Chief", "London", "Engines",
    ]  # fmt: skip


def test_names_that_stand_beside_as_many_ids_are_as_many(ctx: Context, put: Any) -> None:
    head = "Record ID,First Name,Last Name,Email,Associated Company,Associated Company IDs\n"
    rows = "51,Ann,Lee,ann@a.example,Acme GmbH;Solo,9000000002;9000000004\n52,Bo,Ray,b@a.example,A;B,9000000005\n"
    take(ctx, put(head + rows))
    assert [(row["name"], row["external_id"]) for row in listed(ctx, "company")] == [
        ("Acme GmbH", "9000000002"), ("A;B", "9000000005"),
    ]  # fmt: skip
    assert listed(ctx, "contact")[0]["description"] == "Associated Company: Solo\nAssociated Company IDs: 9000000004"


def test_an_id_of_salesforce_is_one_in_both_of_its_forms(ctx: Context, put: Any) -> None:
    short, long, other = "001D000000IRFma", "001D000000IRFmaIAH", "001D000000IrFma"
    accounts = "Account ID,Account Name,City\n{},Engines,{}\n"
    people = "Contact ID,First Name,Last Name,Email,Account ID\n{},Ada,Lovelace,ada@x.example,{}\n"
    take(ctx, put(accounts.format(long, "London")))
    take(ctx, put(people.format("003A", short), "people.csv"))
    assert counts(take(ctx, put(accounts.format(short, "Paris")), update=True)) == (1, 0, 1, 0, 0, 0)
    assert counts(take(ctx, put(accounts.format(short, "Paris")), update=True)) == (1, 0, 0, 1, 0, 0)
    assert [(row["external_id"], row["city"]) for row in listed(ctx, "company")] == [(long, "Paris")]
    assert [row["company"] for row in listed(ctx, "contact")] == ["Engines"]
    # what differs in case alone is another one, and so is what has three other characters behind it
    for one in (other, short + "IAI"):
        assert counts(take(ctx, put(accounts.format(one, "Paris").replace("Engines", one)))) == (1, 1, 0, 0, 0, 0)


@pytest.mark.parametrize("head", ["Deal ID,Deal name,Contact Email,Amount", "Deal name,Company,Contact Email,Amount"])
def test_who_has_an_address_by_now_is_linked_by_the_same_file(ctx: Context, put: Any, head: str) -> None:
    path = put(f"{head}\n7,Big,ada@x.example,500\n8,Small,nobody@x.example,600\n", "deals.csv")
    take(ctx, path, kind=DEAL)
    take(ctx, put("Name,E-mail\nAda,ada@x.example\n", "people.csv"), kind=CONTACT)
    assert counts(take(ctx, path, kind=DEAL)) == (2, 0, 0, 2, 0, 0)
    for updated in (1, 0):
        assert counts(take(ctx, path, kind=DEAL, update=True)) == (2, 0, updated, 2 - updated, 0, 0)
        assert [row["contact"] for row in listed(ctx, "deal")] == ["Ada", None]
    assert ctx.reader.value("SELECT count(*) FROM contact") == 1


@pytest.mark.parametrize("update", [False, True])
def test_firms_of_one_name_and_with_different_websites_are_several(ctx: Context, put: Any, update: bool) -> None:
    path = put("Name,Website,City\nAcme,https://acme.de,Köln\nAcme,https://www.acme.fr/fr,Paris\nAcme,,Köln\n")
    people = put("Name,E-mail,Company\nAnn,ann@acme.de,Acme\nBob,bob@acme.fr,Acme\n", "people.csv")
    assert counts(take(ctx, path, kind=COMPANY, update=update))[:2] == (3, 2)
    for _ in range(2):
        assert counts(take(ctx, path, kind=COMPANY, update=update))[1:3] == (0, 0)
    assert [row["domain"] for row in listed(ctx, "company")] == ["acme.de", "acme.fr"]
    take(ctx, people, kind=CONTACT)
    linked = ctx.reader.rows("SELECT c.domain FROM contact p JOIN company c ON c.id = p.company_id ORDER BY p.id")
    assert linked == [("acme.de",), ("acme.fr",)]


@pytest.mark.parametrize("size", [1, 2500], ids=["row by row", "one block"])
@pytest.mark.parametrize("title", ["Website", "Domain"])
def test_an_update_of_a_firm_without_a_website_takes_that_of_one_row(
    ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch, title: str, size: int
) -> None:
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, size)
    records.add(ctx, COMPANY, {"name": "Gamma Ltd"})
    path = put(f"Name,{title}\nGamma Ltd,w2.example\nGamma Ltd,w1.example\nGamma Ltd,w2.example\n")
    for expected in ((3, 1, 1, 0, 1, 0), (3, 0, 0, 2, 1, 0)):
        assert counts(take(ctx, path, kind=COMPANY, update=True)) == expected
    assert [row["domain"] for row in listed(ctx, "company")] == ["w2.example", "w1.example"]


def test_an_update_gives_a_firm_that_it_finds_by_its_name_another_website(ctx: Context, put: Any) -> None:
    take(ctx, put("Name,Website\nAcme,https://acme.de\n"), kind=COMPANY)
    moved = put("Name,Website\nAcme,https://acme.io\n", "moved.csv")
    assert counts(take(ctx, moved, kind=COMPANY, update=True)) == (1, 0, 1, 0, 0, 0)
    assert [row["domain"] for row in listed(ctx, "company")] == ["acme.io"]
    assert counts(take(ctx, put("Name,Website\nAcme,https://acme.fr\n"), kind=COMPANY)) == (1, 1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علي كريمي,تهران", "علی کریمی,تهران"),
        ("Jos\u00e9 Vald\u00e9s,M\u00fcnchen", "Jose\u0301 Valde\u0301s,Mu\u0308nchen"),
    ],
)
def test_who_is_written_with_other_letters_for_the_same_is_known(ctx: Context, put: Any, one: str, other: str) -> None:
    head = "Name,City\n"
    take(ctx, put(f"{head}{one}\n"), kind=CONTACT)
    for _ in range(2):
        assert counts(take(ctx, put(f"{head}{other}\n", "other.csv"), kind=CONTACT)) == (1, 0, 0, 1, 0, 0)
    # rows of one file that are written differently may be two, as they are
    both = put(f"{head}{one},\n{other}\n".replace(",\n", "\n"), "both.csv")
    assert counts(take(ctx, both, kind=CONTACT)) == (2, 1, 0, 1, 0, 0)


def test_a_joined_name_of_a_key_goes_to_the_file_that_has_its_column(book: Context, put: Any) -> None:
    text = '{"id": 1, "name": "Ada", "email": "a@x.example", "boss": {"id": 7, "name": "Engines"}}\n'
    paths = [put(text, "people.jsonl"), put(ACCOUNTS, "accounts.csv")]
    together(book, *paths, mapping={"boss.name": "company", "properties.id": "external_id"})
    assert [(row["company"], row["external_id"]) for row in listed(book, "contact")] == [("Engines", "1")]
    with pytest.raises(UsageError, match="no file has a column 'boss name'"):
        together(book, *paths, mapping={"boss name": "company"})
