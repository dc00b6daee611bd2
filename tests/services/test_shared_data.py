"""Real exports of other programs: each file comes in with the right count, or every refused row is named."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from crmcli.context import Context
from crmcli.domain.entities import CONTACT, ENTITIES, LEAD
from crmcli.results import Stream
from crmcli.services import database, duplicates, exporting, history, imports, records

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARED = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the published sample files are not beside the project")


class Case(NamedTuple):
    """A file, the kind it is recognised as, how many of its rows are new and refused; `options` go to the plan."""

    file: str
    kind: str
    new: int
    refused: int = 0
    options: Mapping[str, Any] = MappingProxyType({})


CASES = (
    Case("suite_csv-spectrum/comma_in_quotes.csv", "contact", 1),
    Case("crm/datablist_customers-100.csv", "contact", 100),
    Case("crm/google_contacts_fixture.csv", "contact", 2),
    Case("crm/hubspot_companies.csv", "company", 200),
    Case("crm/hubspot_contacts.csv", "contact", 950),
    Case("crm/hubspot_deals.csv", "deal", 500),
    Case("crm/linkedin_Connections_synthetic.csv", "contact", 10),
    Case("crm/maven_accounts.csv", "company", 85),
    Case("crm/maven_sales_pipeline.csv", "deal", 8800),
    Case("crm/maven_sales_teams.csv", "contact", 35, 0, {"mapping": {"sales_agent": "name"}}),
    Case("crm/northwind_customers.csv", "contact", 67, 24),
    Case("crm/northwind_customers.csv", "company", 67, 24),
    Case("crm/outlook_google_shared.csv", "contact", 3),
    Case("crm/salesforce_dataloader_opportunityData.csv", "deal", 38),
    Case("crm/salesforce_dcw_Account.csv", "company", 22),
    Case("crm/salesforce_dcw_Contact.csv", "contact", 102),
    Case("crm/salesforce_dcw_Lead.csv", "lead", 60),
    Case("crm/thunderbird_export.csv", "contact", 0, 2),
    Case("crm/thunderbird_export.csv", "contact", 2, 0, {"mapping": {"Primary Email": ""}}),
    Case("crm/xeducation_tutorial_Leads.csv", "lead", 9240, 0, {"mapping": {"ProspectID": "name"}}),
    Case("dedupe/febrl_dataset1.csv", "contact", 1000, 0),
    Case("derived/persian_contacts_utf8_bom_semicolon.csv", "lead", 300),
    Case("derived/persian_contacts_utf8_bom_semicolon.csv", "contact", 300),
    Case("messy/fl_duplicate-headers.csv", "contact", 2),
    Case("messy/fl_skip-rows-before-headers.csv", "contact", 2),
    Case("messy/fl_blank-headers.csv", "contact", 2, 0, {"mapping": {"column 2": "name"}}),
    Case("messy/fl_leading-zeros.csv", "company", 3, 0, {"mapping": {"value": "name"}}),
    Case("messy/sf_csvtext_BOM_UTF8.csv", "task", 2, 0, {"mapping": {"column1": "name"}}),
    Case("messy/sf_csvtext_BOM_UTF16LE.csv", "task", 2, 0, {"mapping": {"column1": "name"}}),
    Case("persian/iran_ostan.csv", "company", 31),
    Case("xlsx/fl_sheets.xlsx", "contact", 1),
    Case("xlsx/cal_header-row.xlsx", "company", 1, 0, {"mapping": {"Column A": "name"}}),
)
SPECTRUM = sorted(
    f"suite_csv-spectrum/{path.name}"
    for path in (SHARED / "suite_csv-spectrum").glob("*.csv")
    if path.name != "comma_in_quotes.csv"  # first, last, address, city, zip: people
)
#: What the book has no kind for, and the pure CSV suite: looked at, counted, refused with the reason.
UNKNOWN = (
    "crm/hubspot_tickets.csv", "crm/maven_products.csv", "crm/maven_data_dictionary.csv",
    "crm/online_retail_2010-12-01.csv",
    "messy/fl_table-with-accents.csv", *SPECTRUM,
)  # fmt: skip


def expected(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SHARED / "expected.json").read_text())["files"][file]
    return found


def snapshot(ctx: Context) -> dict[str, bytes]:
    """Every record of every kind, byte for byte."""
    found = {}
    for name in ("lead", "deal", "contact", "company", "task"):
        made = exporting.export(ctx, ENTITIES[name], ["is:any"] if name != "task" else [], lossless=True)
        assert isinstance(made, Stream)
        found[name] = b"".join(made.parts)
    stages = ctx.reader.rows("SELECT * FROM stage ORDER BY id"), ctx.reader.rows("SELECT * FROM pipeline ORDER BY id")
    return {**found, "stages": repr(stages).encode()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{Path(case.file).stem}-as-{case.kind}")
def test_a_file_comes_in_whole_once_and_goes_again(book: Context, case: Case) -> None:
    ctx = book
    path = str(SHARED / case.file)
    records.add(ctx, LEAD, {"name": "Somebody before", "tags": "old"})
    before = snapshot(ctx)

    def plan() -> imports.Plan:
        return imports.plan(ctx, path, kind=ENTITIES[case.kind], **case.options)

    made = plan()
    if "data_rows" in expected(case.file):
        assert made.rows == expected(case.file)["data_rows"] - expected(case.file).get("blank_rows", 0)
    dry = imports.run(ctx, made, dry_run=True)
    assert snapshot(ctx) == before
    first = imports.run(ctx, made)
    assert (first.rows, first.new, first.refused) == (made.rows, case.new, case.refused)
    assert first.rows == first.new + first.updated + first.same + first.repeated + first.refused
    assert dry[1:7] == first[1:7]
    assert dry.listed == first.listed
    after = snapshot(ctx)
    second = imports.run(ctx, plan())
    third = imports.run(ctx, plan()._replace(update=True))
    assert (second.new, second.updated, second.batch) == (0, 0, 0)
    assert (third.new, third.updated, third.batch) == (0, 0, 0)
    assert snapshot(ctx) == after
    assert database.check(ctx, deep=True).values["ok"]
    if first.batch:
        history.undo(ctx, first.batch)
    assert snapshot(ctx) == before
    assert database.check(ctx, deep=True).values["ok"]


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.file.startswith(("crm/", "dedupe/", "derived/")) and not c.options],
    ids=lambda c: f"{Path(c.file).stem}-as-{c.kind}",
)
def test_the_kind_is_recognised(book: Context, case: Case) -> None:
    found = imports.plan(book, str(SHARED / case.file)).kind
    recognised = {"crm/northwind_customers.csv": "contact", "derived/persian_contacts_utf8_bom_semicolon.csv": "lead"}
    assert found is not None
    assert found.name == recognised.get(case.file, case.kind)


@pytest.mark.parametrize("file", UNKNOWN)
def test_what_fits_no_kind_is_counted_and_refused_with_the_reason(book: Context, file: str) -> None:
    page = imports.preview(book, imports.plan(book, str(SHARED / file)))
    assert page.values["rows"] == expected(file)["data_rows"] - expected(file).get("blank_rows", 0)
    assert page.values["kind"] is None
    assert "no column is recognised as a name; use --as and --map" in page.values["notes"]


def test_every_ragged_row_of_northwind_is_named_and_none_is_shifted(book: Context) -> None:
    path = SHARED / "crm" / "northwind_customers.csv"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    done = imports.run(book, imports.plan(book, str(path)))
    named = [lines[line - 1].split(",")[0] for line, _, _, _ in done.listed]
    assert named == expected("crm/northwind_customers.csv")["facts"]["rows_with_extra_cell"]
    rows = {row["external_id"]: row for row in records.list_records(book, CONTACT, columns="all", limit=0).rows}
    assert len(rows) == 67
    assert rows["ANATR"]["name"] == "Ana Trujillo"
    assert rows["ANATR"]["city"] == "México D.F."
    assert rows["ANATR"]["postal_code"] == "05021"
    assert rows["ANATR"]["region"] is None  # the word NULL
    assert rows["ANATR"]["company"] == "Ana Trujillo Emparedados y helados"
    assert (
        len({row["country"] for row in rows.values()})
        == expected("crm/northwind_customers.csv")["facts"]["countries_clean"]
    )


def test_persian_contacts_are_those_of_the_truth(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CURRENCY", "IRR")
    monkeypatch.setenv("CRM_REGION", "IR")
    book.tick()
    path = str(SHARED / "derived" / "persian_contacts_utf8_bom_semicolon.csv")
    imports.run(book, imports.plan(book, path))
    truth = json.loads((SHARED / "derived" / "persian_contacts_truth.json").read_text())
    rows = list(records.list_records(book, LEAD, columns="all", sort="id", limit=0).rows)
    assert len(rows) == len(truth) == 300
    keys = dict(book.reader.rows("SELECT id, name_key || '|' || phone_key || '|' || city_key FROM opportunity"))
    from crmcli.domain.text import fold

    for row, true in zip(rows, truth, strict=True):
        phone = "+98" + true["phone"].removeprefix("0")
        assert keys[row["id"]] == f"{fold(true['first'] + ' ' + true['last'])}|{phone}|{fold(true['city'])}"
        assert (row["email"], row["value"], row["currency"]) == (true["email"], int(true["amount"]), "IRR")


def test_a_pipeline_of_another_program_stands_where_it_stood(book: Context) -> None:
    imports.run(book, imports.plan(book, str(SHARED / "crm" / "maven_sales_pipeline.csv")))
    counts = dict(book.reader.rows("SELECT status, count(*) FROM opportunity GROUP BY status"))
    assert counts == {"won": 4238, "lost": 2473, "open": 2089}
    stages = [row[0] for row in book.reader.rows("SELECT name FROM stage ORDER BY position")]
    assert stages == ["New", "Qualified", "Proposition", "Engaging", "Prospecting", "Won"]
    row = book.reader.rows(
        "SELECT value_minor, closed_at, created_at, close_on FROM opportunity WHERE external_id = '1C1I7A6R'"
    )[0]
    assert row == (105400, "2017-03-01T00:00:00.000Z", "2016-10-20T00:00:00.000Z", "2017-03-01")


def test_subsidiaries_find_their_parents(book: Context) -> None:
    imports.run(book, imports.plan(book, str(SHARED / "crm" / "maven_accounts.csv")))
    pairs = book.reader.rows("SELECT count(*), count(DISTINCT parent_id) FROM company WHERE parent_id IS NOT NULL")
    assert pairs == [(15, 7)]


def test_every_row_of_the_febrl_set_comes_in_and_its_pairs_are_found(book: Context) -> None:
    imports.run(book, imports.plan(book, str(SHARED / "dedupe/febrl_dataset1.csv"), kind=CONTACT))
    of: dict[str, list[int]] = {}
    for row in records.list_records(book, CONTACT, columns="id,external_id", sort="id", limit=0).rows:
        of.setdefault(re.sub(r"-(?:org|dup-\d+)$", "", row["external_id"]), []).append(row["id"])
    true = {pair for numbers in of.values() for pair in combinations(numbers, 2)}
    found = {pair for group in duplicates.groups(book, CONTACT) for pair in combinations(group.ids, 2)}
    assert len(true) == expected("dedupe/febrl_dataset1.csv")["facts"]["true_pairs"]
    assert len(true & found) / len(found) >= 0.998
    assert len(true & found) / len(true) >= 0.992
