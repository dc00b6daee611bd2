"""Lists and JSON: false for nothing, links as pairs, addresses with a primary one, tags with signs that part others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, TASK
from crmcli.errors import UsageError
from crmcli.render import machine
from crmcli.results import Rows, Stream
from crmcli.services import exporting, imports, records
from crmcli.services import tags as tagging
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from crmcli.context import Context


def exported(ctx: Context, format: str) -> bytes:
    made = exporting.export(ctx, CONTACT, format=format, lossless=format in ("csv", "tsv"))
    if isinstance(made, Rows):
        return "".join(machine.WRITERS[format](made)).encode()
    assert isinstance(made, Stream)
    return b"".join(made.parts)


def lines(*objects: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in objects)


def test_false_says_nothing_where_there_is_no_yes_and_no(book: Context, put: Any) -> None:
    text = lines(
        {"name": "A", "email": "a@x.example", "company": False, "phone": False, "birthday": False},
        {"name": "B", "email": "b@x.example", "company": "Acme", "phone": "030 1234567", "birthday": "1990-01-02"},
    )
    done = take(book, put(text, "people.jsonl"), kind=CONTACT)
    assert counts(done) == (2, 2, 0, 0, 0, 0)
    assert [(row["company"], row["phone"], row["birthday"]) for row in rows(book, CONTACT)] == [
        (None, None, None), ("Acme", "030 1234567", "1990-01-02"),
    ]  # fmt: skip
    assert any(note.startswith("3 cells with false") for note in done.notes)
    again = take(book, put(text, "people.jsonl"), kind=CONTACT)
    assert counts(again) == (2, 0, 0, 2, 0, 0)


def test_false_is_a_no_where_there_is_one(book: Context, put: Any) -> None:
    text = lines({"name": "Call", "done": False, "due": "2026-01-02"}, {"name": "Write", "done": True, "due": False})
    take(book, put(text, "tasks.jsonl"), kind=TASK)
    assert [(row["due_on"], row["done_at"] is None) for row in rows(book, TASK)] == [
        ("2026-01-02", True),
        (None, False),
    ]


def test_a_refused_row_is_kept_without_its_false(book: Context, put: Any) -> None:
    text = lines({"name": "A", "email": "bad", "company": False}, {"name": "B", "email": "b@x.example"})
    done = take(book, put(text, "people.jsonl"), kind=CONTACT)
    with open(done.rejects, encoding="utf-8") as file:
        assert "bad," in (said := file.read()), said
        assert "no\n" not in said


def test_a_text_that_says_no_is_a_text(book: Context, put: Any) -> None:
    take(book, put(lines({"name": "A", "email": "a@x.example", "company": "no"}), "people.jsonl"), kind=CONTACT)
    assert rows(book, CONTACT)[0]["company"] == "no"


def test_links_of_odoo_are_their_texts(book: Context, put: Any) -> None:
    text = lines({"name": "Deal", "stage": [3, "Proposition"], "owner": [2, "Mitchell"], "company": [7, "Acme, Inc."]})
    take(book, put(text, "deals.jsonl"), kind=DEAL)
    (deal,) = rows(book, DEAL)
    assert (deal["stage"], deal["owner"], deal["company"]) == ("Proposition", "Mitchell", "Acme, Inc.")


def test_a_number_and_a_text_are_two_values_where_no_record_is_named(book: Context, put: Any) -> None:
    text = lines({"name": "Ada", "email": "a@x.example", "tags": [2026, "vip"], "street": [12, "Main Street"]})
    take(book, put(text, "people.jsonl"), kind=CONTACT)
    (ada,) = rows(book, CONTACT)
    assert (sorted(ada["tags"]), ada["street"]) == (["2026", "vip"], "12, Main Street")


def test_the_primary_one_of_several_addresses_counts(book: Context, put: Any) -> None:
    mails = [{"label": "work", "value": "m1@x.example", "primary": False},
             {"label": "home", "value": "m2@x.example", "primary": True}]  # fmt: skip
    phones = [{"label": "mobile", "value": "0301234567", "primary": True}]
    text = lines({"name": "A", "email": mails, "phone": phones}, {"name": "B", "email": mails[:1], "phone": []})
    take(book, put(text, "people.jsonl"), kind=CONTACT)
    one, two = rows(book, CONTACT)
    assert (one["email"], two["email"]) == ("m2@x.example", "m1@x.example")
    assert one["description"] == "email.2.value: m1@x.example"
    assert two["description"] is None


@pytest.mark.parametrize(
    ("emails", "phones"),
    [
        ({"emails": [{"value": "a@x.example", "primary": True, "label": "work"}]},
         {"phones": [{"value": "030 1234567", "primary": True}]}),
        ({"emailAddresses": [{"name": "Ada", "address": "a@x.example"}]},
         {"phoneNumbers": [{"value": "030 1234567", "canonicalForm": "+49301234567", "type": "work"}]}),
        ({"emailAddresses": [{"value": "b@x.example"}, {"metadata": {"primary": True}, "value": "a@x.example"}]}, {}),
        ({"emails": [{"value": "b@x.example", "is_primary": False}, {"value": "a@x.example", "is_primary": True}]}, {}),
        ({"emails": [{"category": "work", "email": "a@x.example"}]},
         {"phone_numbers": [{"category": "work", "number": "030 1234567"}]}),
        ({"email": [{"value": "a@x.example", "primary": True, "label": "work"}, {"value": "", "primary": False}]},
         {"phone": [{"value": "030 1234567", "label": "work", "primary": True}]}),
    ],
)  # fmt: skip
def test_of_a_list_of_addresses_what_says_one_counts(book: Context, put: Any, emails: Any, phones: Any) -> None:
    done = take(book, put(json.dumps([{"name": "Ada", **emails, **phones}]), "people.json"), kind=CONTACT)
    (ada,) = rows(book, CONTACT)
    phone = "030 1234567" if phones else None
    assert (done.new, ada["email"], ada["phone"], ada["mobile"]) == (1, "a@x.example", phone, None)
    further = "email.2.value: b@x.example" if "b@x.example" in str(emails) else None
    assert ada["description"] == further


def test_the_label_of_a_number_says_which_it_is(book: Context, put: Any) -> None:
    numbers = [{"category": "mobile", "number": "0171 1234567"}, {"category": "work", "number": "030 1234567"}]
    take(book, put(lines({"name": "Ada", "phone_numbers": numbers}), "people.jsonl"), kind=CONTACT)
    (ada,) = rows(book, CONTACT)
    assert (ada["phone"], ada["mobile"], ada["description"]) == ("030 1234567", "0171 1234567", None)


def test_an_address_of_a_list_is_mapped_by_its_own_key_too(book: Context, put: Any) -> None:
    text = lines({"name": "Ada", "emailAddresses": [{"address": "a@x.example", "name": "Analyst"}]})
    path = put(text, "people.jsonl")
    take(book, path, kind=CONTACT, mapping={"emailAddresses.1.name": "job_title", "emailAddresses.1.address": "email"})
    assert [(row["email"], row["job_title"]) for row in rows(book, CONTACT)] == [("a@x.example", "Analyst")]


def test_what_people_in_a_list_are_reached_by_is_not_the_companys(book: Context, put: Any) -> None:
    ada = {"name": "Ada", "email": "a@x.example", "mobile": "0171 1", "phones": [{"value": "030 1"}]}
    text = json.dumps([{"name": "Acme", "website": "acme.example", "contacts": [ada], "people": [ada]}])
    take(book, put(text, "firms.json"), kind=COMPANY)
    (acme,) = rows(book, COMPANY)
    assert (acme["name"], acme["email"], acme["phone"]) == ("Acme", None, None)


@pytest.mark.parametrize("cell", ["yes", "no"])
def test_a_column_of_yes_and_no_is_no_address(book: Context, put: Any, cell: str) -> None:
    text = f"Name,E-mail,E-mail 2,Phone,Other phone\nAda,a@x.example,{cell},{cell},{cell}\n"
    take(book, put(text), kind=CONTACT)
    (ada,) = rows(book, CONTACT)
    assert (ada["email"], ada["phone"], ada["description"]) == ("a@x.example", None, None)


@pytest.mark.parametrize(
    ("listed", "tags"),
    [(['a"b', "c"], ['a"b', "c"]), (["x|y", "z"], ["x|y", "z"]), (["VIP"], ["VIP"]), (["a\\", "b;"], ["a\\", "b;"])],
)
def test_lists_of_tags_are_read_as_lists(book: Context, put: Any, listed: list[str], tags: list[str]) -> None:
    take(book, put(lines({"name": "A", "email": "a@x.example", "tags": listed}), "people.jsonl"), kind=CONTACT)
    assert sorted(rows(book, CONTACT)[0]["tags"]) == sorted(tags)


def test_a_number_in_brackets_is_no_list(book: Context, put: Any) -> None:
    take(book, put('Name,Email,Tags\nA,a@x.example,[2024]\nB,b@x.example,"[2024, ""VIP""]"\n'), kind=CONTACT)
    assert [sorted(row["tags"]) for row in rows(book, CONTACT)] == [["[2024]"], ["2024", "VIP"]]


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "json"])
@pytest.mark.parametrize(
    "tags",
    [
        ["p|q"],
        ["a:::b", 'a"b', "vip"],
        ['"c"'],
        ["* z"],
        ["[d]"],
        ['["', '"]'],
        ['["', "p|q", '"]'],
        ["[1", "x]"],
        ['["x"]'],
        ["[2024]"],
        ["[]"],
    ],
)
def test_tags_come_back_from_our_own_files(
    book: Context, second_book: Context, put: Any, format: str, tags: list[str]
) -> None:
    (number,) = records.add(book, CONTACT, {"name": "Ada", "email": "a@x.example"}).ids
    for tag in tags:
        tagging.add(book, tag, CONTACT, [number])
    path = put(exported(book, format), f"people.{format}")
    assert counts(take(book, path, kind=CONTACT, update=True, guarded=False)) == (1, 0, 0, 1, 0, 0)
    assert counts(take(second_book, path, kind=CONTACT, guarded=False)) == (1, 1, 0, 0, 0, 0)
    assert sorted(rows(second_book, CONTACT)[0]["tags"]) == sorted(tags)


@pytest.mark.parametrize("title", ["owner.name", "properties.owner.name", "owner"])
def test_a_column_is_mapped_by_the_joined_name_of_its_key_too(book: Context, put: Any, title: str) -> None:
    more = [{"no": f"F{n}", "email": f"{n}@x.example", "owner": {"id": n, "name": "Acme"}} for n in (1, 2)]
    path = put(lines(*({"name": f"Ada {one['no']}", "properties": one} for one in more)), "people.jsonl")
    given = {title: "company", "properties.email": "email"}
    assert take(book, path, kind=CONTACT, mapping=given, id_column="properties.no").new == 2
    assert [(row["company"], row["owner"], row["email"], row["external_id"]) for row in rows(book, CONTACT)] == [
        ("Acme", None, "1@x.example", "F1"), ("Acme", None, "2@x.example", "F2"),
    ]  # fmt: skip


def test_a_joined_name_means_the_column_that_has_it_first(book: Context, put: Any) -> None:
    text = lines({"name": "A", "email": "a@x.example", "firm": "Plain", "firm.id": 5, "firm.name": "Acme"})
    take(book, put(text, "people.jsonl"), kind=CONTACT, mapping={"firm.name": "company"})
    assert rows(book, CONTACT)[0]["company"] == "Acme"
    with pytest.raises(UsageError, match=r"no column 'firm\.town'"):
        take(book, put(text, "people.jsonl"), kind=CONTACT, mapping={"firm.town": "city"})


def test_a_page_of_deals_says_whom_they_are_with(book: Context, put: Any) -> None:
    staff = {"id": 8, "name": "Grace Foo", "email": "grace@our.example", "value": 8}
    firm = {"name": "Engines Ltd", "value": 7, "owner_id": 8, "cc_email": "box@our.example"}
    person = {"name": "Ada Lovelace", "email": [{"label": "work", "value": "a@x.example", "primary": True}], "value": 9}
    deal = {
        "id": 1, "title": "Engine deal", "value": 12000, "currency": "GBP", "status": "open", "user_id": staff,
        "org_id": firm, "person_id": {**person, "phone": [{"label": "work", "value": "030 1234567"}]},
        "expected_close_date": "2026-12-31", "stage_id": 2, "pipeline_id": 4,
    }  # fmt: skip
    people = [{"id": 9, "name": "Ada Lovelace", "org_id": firm, "email": person["email"]}]
    for path, kind in (
        (put(json.dumps({"success": True, "data": people}), "persons.json"), CONTACT),
        (put(json.dumps({"success": True, "data": [deal]}), "list.json"), DEAL),
    ):
        assert imports.plan(book, path).kind is kind
        take(book, path)
    (row,) = rows(book, DEAL)
    assert (row["name"], row["company"], row["contact"], row["email"], row["external_id"]) == (
        "Engine deal", "Engines Ltd", "Ada Lovelace", "a@x.example", "1",
    )  # fmt: skip
    (contact,) = rows(book, CONTACT)
    assert (contact["email"], contact["company"], contact["description"]) == ("a@x.example", "Engines Ltd", None)
    assert [company["external_id"] for company in rows(book, COMPANY)] == ["7"]


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ('[{"name":"Ada","email":"a@x.example","emails":[{"value":"A@x.example"}]}]', "a.json", None),
        ("Name,Email,Email 2\nAda,a@x.example,a@x.example\n", "a.csv", None),
        ("Name,Phone,Mobile,Phone 3\nAda,030 123456,0170 123456,030 123456\n", "a.csv", None),
        ("Name,Phone,Mobile,Phone 3\nAda,030 123456,0170 123456,030 1234567\n", "a.csv", "Phone 3: 030 1234567"),
        ("Name,Email,Email 2\nAda,a@x.example,b@x.example\n", "a.csv", "Email 2: b@x.example"),
    ],
)
def test_what_somebody_is_reached_by_is_told_once(
    book: Context, put: Any, text: str, name: str, told: str | None
) -> None:
    take(book, put(text, name), kind=CONTACT)
    assert [row["description"] for row in rows(book, CONTACT)] == [told]
