"""Answers of APIs: pages whose list has the records, objects that wrap the fields of one, records named in others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.errors import ReadError
from crmcli.exchange.json_pages import columns, page_of
from crmcli.exchange.tables import open_table

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE: list[dict[str, Any]] = [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Ben", "city": "Bern"}]
HUBSPOT = {
    "results": [
        {"id": "1", "properties": {"email": "h1@x.example", "firstname": "A", "lastname": "B"}, "archived": False},
        {"id": "2", "properties": {"email": "h2@x.example", "firstname": "C", "id": "7"}},
    ],
    "paging": {"next": {"after": "2", "link": "https://api.example/?after=2"}},
}


def read(path: Path, *texts: str) -> tuple[list[str], list[list[str]], list[str]]:
    path.write_text("\n".join(texts), encoding="utf-8")
    with open_table(str(path)) as table:
        rows = list(table.rows)
    rows = [row for row in rows if row.cells[-1] != "null"]  # it is kept as it stands, with what is wrong with it
    assert [row.problem for row in rows] == [None] * len(rows)
    return table.header, [row.cells for row in rows], table.source.notes


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ({"results": PEOPLE, "paging": {"next": {"after": "2"}}}, "results"),
        ({"success": True, "data": PEOPLE, "additional_data": {"pagination": {"start": 0, "limit": 2}}}, "data"),
        ({"totalSize": 2, "done": False, "records": PEOPLE, "nextRecordsUrl": "/services/data/v1/q-2000"}, "records"),
        ({"@odata.context": "https://org.example/$metadata#contacts", "value": PEOPLE}, "value"),
        ({"connections": PEOPLE, "nextPageToken": "abc", "totalPeople": 2, "totalItems": 2}, "connections"),
        ({"count": 2, "next": None, "previous": None, "results": PEOPLE}, "results"),
        ({"data": PEOPLE, "included": [{"type": "firm", "id": "9"}], "links": {}}, "data"),
        ({"d": {"results": PEOPLE, "__count": "2"}}, "d.results"),
        ({"data": {"contacts": PEOPLE, "pageInfo": {"hasNextPage": False}}}, "data.contacts"),
        ({"contacts": PEOPLE}, "contacts"),
        ({"data": PEOPLE, "errors": [], "warnings": [{"m": "x"}], "page": 1}, "data"),
        ({"results": [*PEOPLE[:1], None, *PEOPLE[1:]], "page": 1}, "results"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_a_page_gives_the_records_of_its_list(page: Any, path: str, indent: int | None, tmp_path: Path) -> None:
    text = json.dumps(page, indent=indent)
    wanted = [["1", "Ann", ""], ["2", "Ben", "Bern"]]
    notes = [f"the rows are the objects of the list {path}"]
    assert read(tmp_path / "array.json", f"[{text},{text}]") == (["id", "name", "city"], wanted * 2, notes)
    assert read(tmp_path / "one.json", text) == (["id", "name", "city"], wanted, notes)
    assert read(tmp_path / "two.json", text, text) == (["id", "name", "city"], wanted * 2, notes)


@pytest.mark.parametrize(
    "value",
    [
        {"name": "Ann", "emails": [{"value": "a@x.example"}, {"value": "b@x.example"}]},
        {"id": 7, "phones": [{"value": "1"}, {"value": "2"}]},
        {"contacts": PEOPLE, "companies": PEOPLE},
        {"contacts": [*PEOPLE, 3]},
        {"name": "Ann", "people": PEOPLE},
        [{"name": "Ann", "people": PEOPLE}],
        {"id": "7", "properties": {"dealname": "D"}, "associations": {"contacts": {"results": PEOPLE}}},
        {"Id": "7", "Name": "Acme", "Contacts": {"totalSize": 2, "done": True, "records": PEOPLE}},
        {"total": 2, "data": {"name": "Ann"}},
        {"address": {"city": "Ulm", "lines": [{"text": "x"}]}},
    ],
)
def test_what_may_be_one_record_is_no_page(value: Any, tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(value))
    assert page_of(str(path), "utf-8", 0) == ()
    assert len(read(path, json.dumps(value))[1]) == 1


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ({"jsonrpc": "2.0", "id": 1, "result": PEOPLE}, "result"),
        ({"name": "export", "results": PEOPLE}, "results"),
        ({"exported_by": "Ada", "Records": PEOPLE, "owners": PEOPLE}, "Records"),
    ],
)
def test_a_list_without_a_name_of_its_own_is_the_answer(page: Any, path: str, tmp_path: Path) -> None:
    assert read(tmp_path / "one.json", json.dumps(page))[1:] == (
        [["1", "Ann", ""], ["2", "Ben", "Bern"]],
        [f"the rows are the objects of the list {path}"],
    )
    several = tmp_path / "several.json"
    for text in (f"[{json.dumps(page)}]", f"{json.dumps(page)}\n{json.dumps(page)}"):  # records with a list in each
        several.write_text(text)
        assert page_of(str(several), "utf-8", 0) == ()


@pytest.mark.parametrize(
    ("value", "tip"),
    [
        ({"title": "x", "people": PEOPLE}, "'.people[]'"),
        ([{"title": "x", "people": PEOPLE}], "'.[].people[]'"),
        ({"name": "Ann", "emails": [{"value": "a@x.example", "type": "home", "primary": True}]}, ""),
        ([{"name": "Ann", "phone_numbers": [{"number": "1", "type": "home", "primary": True}]}], ""),
    ],
)
def test_a_list_of_records_is_told_and_how_to_take_it(value: Any, tip: str, tmp_path: Path) -> None:
    notes = read(tmp_path / "list.json", json.dumps(value))[2]
    assert notes == ([f"its objects are in a list: jq -c {tip} makes a row of each"] if tip else [])


def test_a_page_among_other_objects_is_none(tmp_path: Path) -> None:
    header, rows, _ = read(tmp_path / "mixed.jsonl", json.dumps({"data": PEOPLE}), json.dumps({"name": "Ann"}))
    assert (len(rows), "name" in header) == (2, True)


def test_a_page_of_nothing_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds no rows"):
        read(tmp_path / "none.json", '{"results": [], "total": 0}')


def test_a_page_that_breaks_off_says_where(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"is broken JSON: .* \(line 1\)"):
        read(tmp_path / "cut.json", json.dumps({"data": PEOPLE}, indent=2)[:-5])


def test_a_page_is_longer_than_one_object_may_be(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_text('{"data": [' + ",".join(['{"name": "' + "x" * 900 + '"}'] * 20_000) + '], "total": 20000}')
    with open_table(str(path)) as table:
        assert sum(1 for _ in table.rows) == 20_000


def test_what_a_wrapper_holds_has_its_own_name(tmp_path: Path) -> None:
    header, rows, _ = read(tmp_path / "hubspot.json", json.dumps(HUBSPOT))
    assert header == ["id", "email", "firstname", "lastname", "archived", "properties.id"]
    assert rows == [["1", "h1@x.example", "A", "B", "no", ""], ["2", "h2@x.example", "C", "", "", "7"]]


@pytest.mark.parametrize(
    ("keys", "titles"),
    [
        (["id", "attributes.name", "attributes.type"], ["id", "name", "type"]),
        (["attributes.type", "attributes.url", "Id", "Account.Name"],
         ["attributes.type", "attributes.url", "Id", "Account.Name"]),
        (["cursor", "node.name", "node.company.name"], ["cursor", "name", "company.name"]),
        (["fields.Name", "properties.Name"], ["fields.Name", "Name"]),
        (["Account_Name.name", "Account_Name.id"], ["Account_Name", "Account_Name.id"]),
        (["Owner.name", "Owner.id", "Owner.email", "Owner"], ["Owner", "Owner.id", "Owner.email", "Owner"]),
        (["properties.firm.id", "properties.firm.name"], ["firm.id", "firm"]),
        (["firms.1.name", "firms.1.id", "name", "id"], ["firms.1.name", "firms.1.id", "name", "id"]),
        (["address.name", "address.city"], ["address.name", "address.city"]),
        (["emails.1.value", "emails.1.primary", "phones.2.number"],
         ["email.1.value", "emails.1.primary", "phone.2.value"]),
        (["emailAddresses.1.name", "emailAddresses.1.address", "phone_numbers.1.category", "phone.1.canonicalForm"],
         ["emails.1.name", "email.1.value", "phone.1.label", "phones.1.canonicalForm"]),
        (["properties.emails.1.email", "email.1.metadata.primary"], ["email.1.value", "emails.1.metadata.primary"]),
        (["emails.1.value", "email.1.value"], ["emails.1.value", "email.1.value"]),
        (["emails.1.value", "emails.1.email"], ["email.1.value", "emails.1.email"]),
        (["mailings.1.value", "phones.1"], ["mailings.1.value", "phones.1"]),
        (["people.1.emails.1.value", "person.emails.1.value"], ["people.1.emails.1.value", "person.email.1.value"]),
    ],
)  # fmt: skip
def test_titles_of_columns(keys: list[str], titles: list[str]) -> None:
    assert list(columns(keys).values()) == titles


def test_a_record_that_another_names_is_one_column_and_its_id_another(tmp_path: Path) -> None:
    deals = [
        {"Deal_Name": "D1", "Account_Name": {"name": "ZAcc", "id": "41"}},
        {"Deal_Name": "D2", "Account_Name": None},
        {"Deal_Name": "D3", "Account_Name": "Plain"},
    ]
    header, rows, _ = read(tmp_path / "zoho.json", json.dumps({"data": deals, "info": {"count": 3}}))
    assert header == ["Deal_Name", "Account_Name", "Account_Name.id"]
    assert rows == [["D1", "ZAcc", "41"], ["D2", "", ""], ["D3", "Plain", ""]]


@pytest.mark.parametrize(
    ("record", "header", "cells"),
    [
        ({"id": 1, "company": {"id": 41, "name": "Acme"}, "properties": {"company": "Other Inc"}},
         ["id", "company.id", "company.name", "company"], ["1", "41", "Acme", "Other Inc"]),
        ({"company": "Bolt Ltd", "company.id": 5, "company.name": "Acme"},
         ["company", "company.id", "company.name"], ["Bolt Ltd", "5", "Acme"]),
    ],
)  # fmt: skip
def test_two_values_of_one_object_are_two_columns(record: Any, header: list[str], cells: Any, tmp_path: Path) -> None:
    assert read(tmp_path / "two.json", json.dumps(record)) == (header, [cells], [])


@pytest.mark.parametrize("along", ["included", "errors"])
def test_what_goes_along_with_no_records_is_none(along: str, tmp_path: Path) -> None:
    nothing = json.dumps({"data": [], along: [{"id": "9"}]})
    with pytest.raises(ReadError, match="holds no rows"):
        read(tmp_path / "none.json", nothing)
    page = json.dumps({"data": PEOPLE, along: []})
    assert len(read(tmp_path / "last.json", page, nothing, json.dumps({"data": [], along: []}))[1]) == 2


@pytest.mark.parametrize(
    ("records", "path"),
    [
        ([{"website": "https://f1.example", "people": PEOPLE}], ()),
        ([{"url": "https://f1.example", "people": PEOPLE}], ()),
        ([{"size": 50, "people": PEOPLE}], ()),
        ([{"status": "open", "total": 100, "type": "customer", "contacts": PEOPLE}], ()),
        ([{"active": True, "people": PEOPLE}, {"active": False, "people": PEOPLE}], ()),
        ([{"version": "2", "people": PEOPLE}, {"version": "3", "people": PEOPLE}], ()),
        ([{"version": "2", "people": PEOPLE, "next": 2}, {"version": "2", "people": PEOPLE}], ("people",)),
        ([{"status": "success", "code": 200, "data": PEOPLE}], ("data",)),
        ([{"object": "list", "url": "/v1/customers", "has_more": False, "data": PEOPLE}], ("data",)),
        ([{"status": "ok", "totalResults": 2, "people": PEOPLE}], ("people",)),
        ([{"kind": "people#list", "etag": "x", "items": PEOPLE}], ("items",)),
        ([{"data": {"people": PEOPLE}, "request": {"url": "/x", "size": 3}}], ("data", "people")),
    ],
)  # fmt: skip
def test_a_record_with_a_list_is_no_page(records: list[Any], path: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text("\n".join(map(json.dumps, records)))
    assert page_of(str(file), "utf-8", 0) == path
