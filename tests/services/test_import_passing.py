"""Rows that an import passes over, and what it makes of people of whom little is known."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.errors import UsageError
from crmcli.services import imports, records, vocabulary
from crmcli.services.imports import updating
from tests.support.importing import counts, listed, take

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.mark.parametrize(
    ("text", "options", "there", "why"),
    [
        (
            "Id,IsDeleted,Name,AccountId,StageName,CloseDate,ForecastCategory,IsWon,OwnerId,SystemModstamp\n"
            "1,true,Gone,,13/13/13,13/13/2026,Pipeline,false,5,2024-05-01\n"
            "2,false,Here,,New,2026-12-31,Pipeline,false,5,2024-05-01\n",
            {}, [("deal", "Here")], "column IsDeleted says deleted",
        ),
        (
            "Deal - ID,Deal - Title,Deal - Stage,Deal - Status,Deal - Owner\n"
            "1,Gone,New,Deleted,Ada\n2,Here,New,Open,Ada\n",
            {}, [("deal", "Here")], "column Deal - Status says deleted",
        ),
        ("name,deleted,billing_address_city\nGone,1,Rome\nHere,0,Rome\n", {"kind": COMPANY}, [("company", "Here")],
         "column deleted says deleted"),
        ("Lead,Lead Status\nGone,Deleted\nHere,New\n", {"kind": LEAD}, [("lead", "Here")],
         "column Lead Status says deleted"),
        ("Name,Contact Status\nGone,Deleted\nHere,Active\n", {"kind": CONTACT}, [("contact", "Here")],
         "column Contact Status says deleted"),
        ("نام شرکت,وضعیت\nGone,حذف شده\nHere,فعال\n", {"kind": COMPANY}, [("company", "Here")],
         "column وضعیت says deleted"),
        ("Name,Deleted\nGone,deleted\nHere,no\n", {"kind": CONTACT}, [("contact", "Here")],
         "column Deleted says deleted"),
        ("Task,Status\nGone,Gelöscht\nHere,Open\n", {"kind": TASK}, [("task", "Here")], "column Status says deleted"),
        (
            "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
            "Here,,https://x.example,,,,01 Sep 2023\n,,,,,,15 Aug 2022\n",
            {}, [("contact", "Here")], "nothing but a day",
        ),
    ],
)  # fmt: skip
def test_rows_are_passed_over(
    book: Context, put: Any, text: str, options: dict[str, Any], there: list[tuple[str, str]], why: str
) -> None:
    done = take(book, put(text), **options)
    assert (done.rows, done.new, done.passed, done.refused, done.rejects) == (2, 1, 1, 0, "")
    assert [(kind, row["name"]) for kind, _ in there for row in listed(book, kind)] == there
    assert f"1 row passed over: {why}" in done.notes
    assert ("", "", f"passed over: {why}") in [row[1:] for row in done.listed]
    assert "1 passed over" in done.gist
    again = take(book, put(text), **options)
    assert (again.new, again.same, again.passed) == (0, 1, 1)


def test_what_is_passed_over_is_taken_in_where_that_is_said(book: Context, put: Any) -> None:
    path = put("Name,Email,IsDeleted\nGone,gone@x.example,true\n")
    assert take(book, path, kind=CONTACT, mapping={"IsDeleted": "-"}).new == 1
    path = put("Name,Status\nFormer,Deleted\n")
    assert take(book, path, kind=CONTACT, mapping={"Status": "-"}).new == 1
    # a day beside an id, or in a file of our own, is something: it is refused, and kept to be mended
    done = take(book, put("Contact ID,Name,Created\n7,,2026-01-02\n"), kind=CONTACT)
    assert (done.passed, done.refused) == (0, 1)


# --- people of whom little is known -----------------------------------------------------------------------------------


def test_somebody_without_a_name_is_called_by_the_address_until_there_is_one(ctx: Context, put: Any) -> None:
    records.add(ctx, CONTACT, {"name": "Ada Lovelace", "email": "ada@x.example"})
    path = put("First Name,Last Name,Email,City\n,,new@x.example,Rome\n,,ada@x.example,London\n")
    done = take(ctx, path, kind=CONTACT, update=True)
    assert counts(done) == (2, 1, 1, 0, 0, 0)
    assert "1 contacts without a name are called by what they are reached by" in done.notes
    assert [(row["name"], row["city"]) for row in listed(ctx, "contact")] == [
        ("Ada Lovelace", "London"), ("new@x.example", "Rome"),
    ]  # fmt: skip
    assert counts(take(ctx, path, kind=CONTACT)) == (2, 0, 0, 2, 0, 0)


def test_addresses_inside_an_exchange_server_are_left_out(book: Context, put: Any) -> None:
    inner = "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=ada"
    path = put(f"Name,E-mail Address,E-mail 2 Address\nAda,{inner},ada@x.example\nBo,bo@x.example,{inner.upper()}\n")
    done = take(book, path, kind=CONTACT)
    assert counts(done) == (2, 2, 0, 0, 0, 0)
    assert [(row["email"], row["description"]) for row in listed(book, "contact")] == [
        ("ada@x.example", None), ("bo@x.example", None),
    ]  # fmt: skip
    assert "2 addresses of an Exchange server (/o=...) are left out: they lead nowhere from outside" in done.notes


def test_a_colleague_with_an_address_is_one(ctx: Context, put: Any) -> None:
    take(ctx, put("Name,Owner\nA,Grace Hopper\nB,jean\n"), kind=COMPANY)
    vocabulary.user_edit(ctx, "jean", {"email": "Jean@x.example"})
    owners = (
        "Grace Hopper (grace@navy.example)",
        "Grace Hopper",
        "J. Bartik <jean@X.example>",
        "New One (n@x.example)",
    )
    path = put("Name,Owner\n" + "".join(f"C {n},{owner}\n" for n, owner in enumerate(owners)))
    assert take(ctx, path, kind=COMPANY).new == 4
    assert [row["owner"] for row in listed(ctx, "company")][2:] == ["Grace Hopper", "Grace Hopper", "jean", "New One"]


def test_a_company_that_is_called_by_its_domain_is_the_one_that_has_it(ctx: Context, put: Any) -> None:
    records.add(ctx, COMPANY, {"name": "Acme X", "website": "acmex.example"})
    records.add(ctx, COMPANY, {"name": "bolt.example"})
    people = put(
        "Name,Email,Company\nAda,a@x.example,acmex.example\nBo,b@x.example,https://www.ACMEX.example/\n"
        "Cy,c@x.example,bolt.example\nDi,d@x.example,new.example\n"
    )
    assert take(ctx, people, kind=CONTACT).new == 4
    assert [row["company"] for row in listed(ctx, "contact")] == ["Acme X", "Acme X", "bolt.example", "new.example"]
    assert len(listed(ctx, "company")) == 3
    records.add(ctx, COMPANY, {"name": "Acme Y", "website": "acmex.example"})
    done = take(ctx, put("Name,City,Company\nEd,Rome,acmex.example\n", "more.csv"), kind=CONTACT)
    assert "fits 2 records: company:1 (acmex.example), company:4 (acmex.example)" in done.listed[0][3]


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "decimal", "value"),
    [
        ("1.5E7", "", 1_500_000_000),
        ("1.5e+3", "", 150_000),
        ("۱٫۵E2", ",", 15_000),
        ("1.2345E2", ".", 12_345),
        ('"1,2345E2"', ",", 12_345),
        ("5E-1", "", 50),
        ("-2E2", "", -20_000),
    ],
)
def test_amounts_in_scientific_notation(book: Context, put: Any, cells: str, decimal: str, value: int) -> None:
    path = put(f"Deal,Amount,Close Date\nA,{cells},2026-12-31\n")
    assert take(book, path, kind=DEAL, decimal=decimal).new == 1
    assert listed(book, "deal")[0]["value"] == value


def test_whole_numbers_in_scientific_notation(book: Context, put: Any) -> None:
    done = take(book, put("Name,Employees\nA,1.5E3\nB,1.5E-1\nC,1E99\n"), kind=COMPANY)
    assert (done.new, done.refused) == (1, 2)
    assert listed(book, "company")[0]["employees"] == 1500


@pytest.mark.parametrize(
    ("text", "name", "options", "kind"),
    [
        ("Email\nada@x.example\nbob@x.example\n", "a.csv", {}, "contact"),
        ("ایمیل\nada@x.example\nbob@x.example\n", "a.csv", {"kind": LEAD}, "lead"),
        ("E-mail,Phone\nada@x.example,\nbob@x.example,+49 30 1234567\n", "leads.csv", {}, "lead"),
        ("Wer,Email\nX,ada@x.example\nY,bob@x.example\n", "a.csv", {"kind": CONTACT, "mapping": {"Wer": "-"}},
         "contact"),
    ],
)  # fmt: skip
def test_a_list_of_addresses_is_one_of_people_called_by_them(
    book: Context, put: Any, text: str, name: str, options: dict[str, Any], kind: str
) -> None:
    path = put(text, name)
    done = take(book, path, **options)
    assert (done.new, done.refused) == (2, 0)
    assert [(row["name"], row["email"]) for row in listed(book, kind)] == [
        (f"{who}@x.example",) * 2 for who in ("ada", "bob")
    ]
    assert take(book, path, **options).same == 2
    if kind == "contact":  # until there is a name
        named = take(book, put("Name,Email\nAda,ada@x.example\n"), kind=CONTACT, update=True, conflicts=updating.EMPTY)
        assert (named.updated, listed(book, kind)[0]["name"]) == (1, "Ada")


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("Wer,Email\nAda,ada@x.example\n", "a.csv", {"kind": CONTACT}),  # who may well be the name
        ("Email,Betrag\nada@x.example,5\n", "a.csv", {}),
        ("Email\nada@x.example\n", "invoices-companies.csv", {}),
        ("Email\nada@x.example\n", "a.csv", {"kind": COMPANY}),
    ],
)
def test_what_may_be_no_list_of_addresses_is_asked_for(
    book: Context, put: Any, text: str, name: str, options: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        imports.check(imports.plan(book, put(text, name), **options))


@pytest.mark.parametrize(
    "owners", [("New Man (new@x.example)", "new@x.example"), ("new@x.example", "New Man (new@x.example)")]
)
def test_a_new_colleague_is_one_with_an_address_and_without_a_name(
    book: Context, put: Any, owners: tuple[str, str]
) -> None:
    text = "Name,Email,Owner\n" + "".join(f"P{n},p{n}@x.example,{who}\n" for n, who in enumerate(owners))
    take(book, put(text), kind=CONTACT)
    assert [row["owner"] for row in listed(book, "contact")] == ["New Man"] * 2


@pytest.mark.parametrize("header", ["kind,at,contact,body", "Kind,At,Contact,Text"])
def test_what_is_planned_is_no_interaction_and_comes_in_as_a_task(ctx: Context, put: Any, header: str) -> None:
    """A meeting of the future would say that somebody was reached, as nobody may write it down by hand."""
    records.add(ctx, CONTACT, {"name": "Ada"})
    tomorrow, yesterday = (f"{ctx.env.now + timedelta(days=days):%Y-%m-%d 10:00}" for days in (1, -1))
    done = take(ctx, put(f"{header}\nmeeting,{tomorrow},Ada,Kick-off\ncall,{yesterday},Ada,spoke\n"), kind=INTERACTION)
    assert (done.new, done.refused) == (1, 1)
    assert records.get(ctx, CONTACT, 1)["last_touch"][:10] == yesterday[:10]
    ((line, column, value, reason),) = done.listed
    assert (line, column, value) == (2, header.split(",")[1], tomorrow)
    maps = dict(word.split("=") for word in shlex.split(reason.partition("--as task")[2]) if word != "--map")
    assert take(ctx, done.rejects, kind=TASK, mapping=maps).new == 1
    (task,) = listed(ctx, "task")
    assert (task["name"], task["type"], task["due_on"], task["contact"]) == (
        "Kick-off",
        "meeting",
        tomorrow[:10],
        "Ada",
    )
