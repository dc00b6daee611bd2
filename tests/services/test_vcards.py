"""vCards in and out of a book, on both engines: fields, what no field holds, whose card it is, and back again."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.errors import UsageError
from crmcli.results import Stream
from crmcli.services import exporting, imports, merging, occasions, records, undoing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from tests.conftest import RunCrm
    from tests.services.conftest import Put

CARDS = """BEGIN:VCARD
VERSION:3.0
UID:phone-1
FN:علی رضایی
N:رضایی;علی;;;
ORG:شرکت نمونه;فروش
TITLE:مدیر
EMAIL;TYPE=WORK,pref:ali@tehran.example
EMAIL;TYPE=HOME:ali@home.example
TEL;TYPE=CELL:۰۹۱۲۳۴۵۶۷۸۹
TEL;TYPE=WORK:+98 21 8888 7777
ADR;TYPE=WORK:;;خیابان آزادی ۱;تهران;;۱۲۳۴۵;ایران
BDAY:1980-03-22
URL:https://tehran.example
CATEGORIES:vip,دوست
NOTE:سطر یک\\nسطر دو
item1.X-ABDATE:2001-01-02
item1.X-ABLabel:_$!<Anniversary>!$_
X-SOCIAL;TYPE=x:@ali
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Ada Lovelace
broken
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Grace Hopper
KIND:individual
TEL;VALUE=uri;TYPE="cell,voice":tel:+1-202-555-0101
BDAY:--1209
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:The Navy
KIND:org
END:VCARD
"""


def exported(ctx: Context, kind: Entity = CONTACT, version: str = "", words: Sequence[str] = ()) -> bytes:
    made = exporting.export(ctx, kind, words, format="vcf", card_version=version)
    assert isinstance(made, Stream)
    return b"".join(made.parts)


def take(ctx: Context, path: str | Path, **options: Any) -> Any:
    return imports.run(ctx, imports.plan(ctx, str(path), **options))


def stored(ctx: Context, kind: Entity = CONTACT) -> list[dict[str, Any]]:
    """Every record with what a person gave it."""
    rows = records.list_records(ctx, kind, ["is:any"], columns="all", sort="id", limit=0).rows
    left = ("id", "created_at", "updated_at", "company_id", "owner_id", "last_touch")
    return [{name: value for name, value in row.items() if name not in left} for row in rows]


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    path = tmp_path / "people.vcf"
    path.write_text(CARDS, encoding="utf-8")
    return path


def test_cards_become_contacts(ctx: Context, cards: Path) -> None:
    plan = imports.plan(ctx, str(cards))
    assert plan.kind is CONTACT
    assert "1 card is of organisations and left out: --as company takes those" in plan.notes
    done = imports.run(ctx, plan)
    assert (done.rows, done.new, done.refused) == (3, 2, 1)
    assert [(line, reason) for line, _, _, reason in done.listed] == [
        (21, "line 24: 'broken' is no property of a vCard")
    ]  # fmt: skip
    ali, grace = stored(ctx)
    wanted = {
        "name": "علی رضایی", "company": "شرکت نمونه", "job_title": "مدیر", "email": "ali@tehran.example",
        "phone": "+98 21 8888 7777", "mobile": "۰۹۱۲۳۴۵۶۷۸۹", "website": "https://tehran.example",
        "street": "خیابان آزادی ۱", "city": "تهران", "postal_code": "۱۲۳۴۵", "country": "ایران", "region": None,
        "birthday": "1980-03-22", "description": "سطر یک\nسطر دو", "external_id": "phone-1",
    }  # fmt: skip
    assert {name: ali[name] for name in wanted} == wanted
    assert sorted(ali["tags"]) == ["vip", "دوست"]
    assert (grace["name"], grace["mobile"], grace["birthday"]) == ("Grace Hopper", "+1-202-555-0101", None)
    assert "BDAY:--1209" in grace["vcard"]
    assert "EMAIL;TYPE=HOME:ali@home.example" in ali["vcard"]


DAYS = """BEGIN:VCARD
VERSION:3.0
FN:Ada Lovelace
BDAY:--0229
ANNIVERSARY:1835-07-08
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Bob
BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-21
item1.X-ABDATE:2001-01-02
item1.X-ABLabel:Name day
END:VCARD
"""


def lines(data: bytes) -> list[str]:
    return [line for line in data.decode().split("\r\n") if not line.startswith(("REV", "UID", "PRODID"))]


def days(ctx: Context) -> set[tuple[str, str, str]]:
    return {(row["who"], row["name"], row["date"]) for row in occasions.listed(ctx).rows}


def test_days_of_the_year_come_in_and_go_out_as_they_came(ctx: Context, second_book: Context, put: Any) -> None:
    done = take(ctx, put(DAYS, "days.vcf"))
    assert (done.new, [note for note in done.notes if "birthday" in note]) == (
        2, ["4 birthdays without a year and other days of the year are kept: 'crm occasion list' shows them"],
    )  # fmt: skip
    wanted = {
        ("Ada Lovelace", "birthday", "02-29"), ("Ada Lovelace", "anniversary", "1835-07-08"),
        ("Bob", "birthday", "03-21"), ("Bob", "Name day", "2001-01-02"),
    }  # fmt: skip
    assert days(ctx) == wanted
    made = exported(ctx)
    assert lines(made)[2:6] == ["FN:Ada Lovelace", "N:Lovelace;Ada;;;", "BDAY:--0229", "ANNIVERSARY:1835-07-08"]
    assert {"BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-21", "item1.X-ABDATE:2001-01-02", "item1.X-ABLABEL:Name day"} <= set(
        lines(made)
    )
    take(second_book, put(made, "moved.vcf"))
    assert days(second_book) == wanted
    assert take(ctx, put(made, "own.vcf"), update=True)[1:5] == (2, 0, 0, 2)


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_days_of_the_book_go_out(ctx: Context, second_book: Context, put: Any, version: str) -> None:
    """Those that somebody typed, and in place of a card's those that somebody changed."""
    take(ctx, put(DAYS, "days.vcf"))
    records.add(ctx, CONTACT, {"name": "Cy"})
    for name, day in (("birthday", "12-09"), ("anniversary", "2019-06-15"), ("Hired", "2020-01-02")):
        occasions.add(ctx, name, "contact:3", day)
    for number in (row["id"] for row in occasions.listed(ctx).rows if row["who"] == "Bob"):
        occasions.edit(ctx, number, {"date": "05-06"})
    records.edit(ctx, CONTACT, [1], {"birthday": "1815-12-10"})
    made = exported(ctx, version=version)
    short = "--1209" if version == "4.0" else "--12-09"
    assert {f"BDAY:{short}", "day1.X-ABLABEL:Hired"} <= set(lines(made))
    assert (b"BDAY:--0229" in made, b"Name day" in made) == (False, True)
    assert not [line for line in lines(made) if "1604" in line]
    take(second_book, put(made, "moved.vcf"))
    assert days(second_book) == days(ctx) - {("Ada Lovelace", "birthday", "02-29")}


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_our_own_cards_change_nothing(ctx: Context, cards: Path, put: Any, version: str) -> None:
    take(ctx, cards)
    before = stored(ctx)
    path = put(exported(ctx, version=version), "own.vcf")
    done = take(ctx, path)
    assert (done.new, done.updated, done.same, done.refused) == (0, 0, 2, 0)
    done = take(ctx, path, update=True)
    assert (done.new, done.updated, done.same, done.refused) == (0, 0, 2, 0)
    assert stored(ctx) == before


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_contacts_move_to_another_book(ctx: Context, second_book: Context, cards: Path, put: Any, version: str) -> None:
    take(ctx, cards)
    records.add(ctx, CONTACT, {"name": 'x\u200c; a, b:c \\ "q"', "description": "one\n\ntwo\n ; , \\n 👍", "tags": "t"})
    records.edit(ctx, CONTACT, [2], {"company": "Navy, Inc.; x", "birthday": "1906-12-09"})
    assert take(second_book, put(exported(ctx, version=version), "moved.vcf")).refused == 0
    own, others = stored(ctx), stored(second_book)
    for one, other in zip(own, others, strict=True):
        if one["name"] == "Grace Hopper":
            one["vcard"] = "\n".join(line for line in one["vcard"].split("\n") if not line.startswith("BDAY"))
        assert other == one
    again = exported(second_book, version=version)
    assert [line for line in again.split(b"\r\n") if not line.startswith(b"REV")] == [
        line for line in exported(ctx, version=version).split(b"\r\n") if not line.startswith(b"REV")
    ]  # fmt: skip


@pytest.mark.parametrize("known", [True, False])
def test_a_card_of_another_program_that_goes_by_a_uuid_keeps_it(
    ctx: Context, second_book: Context, put: Any, known: bool
) -> None:
    """Also where the person was there before, so that the record has a UID of its own; empty lines say nothing."""
    uid = "urn:uuid:11111111-2222-3333-4444-555555555555"
    if known:
        records.add(ctx, CONTACT, {"name": "Sara Ahmadi", "email": "one@x.example"})
    lines = ("FN:", "FN:Sara Ahmadi", f"UID:{uid}", "EMAIL:one@x.example", "GENDER:F", "N:;;;;", "ADR:;;;;;;", "NOTE:")
    card = "\r\n".join(("BEGIN:VCARD", "VERSION:4.0", *lines, "END:VCARD", ""))
    assert take(ctx, put(card, "s.vcf"), update=True).refused == 0
    before = stored(ctx)
    assert (before[0]["external_id"], before[0]["vcard"]) == (uid, f"UID:{uid}\nGENDER:F")
    made = exported(ctx, version="4.0")
    assert (made.count(b"\nFN"), made.count(b"\nUID:")) == (1, 1)

    path = put(made, "own.vcf")
    assert take(ctx, path, update=True).same == 1
    assert stored(ctx) == before
    take(second_book, path)
    assert stored(second_book) == before


def test_every_card_says_whose_it_is(ctx: Context, cards: Path) -> None:
    take(ctx, cards)
    _, grace = stored(ctx)
    lines = exported(ctx).decode().split("\r\n")
    assert [line for line in lines if line.startswith("UID")] == ["UID:phone-1", f"UID:urn:uuid:{grace['uid']}"]
    records.add(ctx, CONTACT, {"name": "From elsewhere", "external_id": "12345"})
    lines = exported(ctx, words=["elsewhere"]).decode().split("\r\n")
    assert next(line for line in lines if line.startswith("UID")).startswith("UID:urn:uuid:")


def test_a_card_that_was_edited_elsewhere_updates_its_contact(ctx: Context, cards: Path, put: Any) -> None:
    take(ctx, cards)
    text = (
        exported(ctx).decode().replace("TITLE:مدیر", "TITLE:مدیر کل").replace("PRODID:-//crmcli//crm//EN", "PRODID:x")
    )
    text = text.replace("FN:Grace Hopper", "FN:Grace M. Hopper").replace("N:Hopper;Grace;;;", "N:Hopper;Grace;M.;;")
    done = take(ctx, put(text, "phone.vcf"), update=True)
    assert (done.new, done.updated, done.refused) == (0, 2, 0)
    ali, grace = stored(ctx)
    assert (ali["job_title"], grace["name"]) == ("مدیر کل", "Grace M. Hopper")


def test_the_newest_card_counts(ctx: Context, cards: Path, put: Any) -> None:
    take(ctx, cards)
    text = exported(ctx).decode().replace("TITLE:مدیر", "TITLE:other")
    old = re.sub(r"REV:\S+", "REV:20010101T000000Z", text)
    assert take(ctx, put(old, "old.vcf"), update=True, conflicts="newest").updated == 0
    new = re.sub(r"REV:\S+", "REV:20991231T000000Z", text)
    assert take(ctx, put(new, "new.vcf"), update=True, conflicts="newest").updated == 1
    assert stored(ctx)[0]["job_title"] == "other"


def test_organisations_become_companies(ctx: Context, cards: Path, put: Any) -> None:
    done = take(ctx, cards, kind=COMPANY)
    assert (done.rows, done.new, done.refused) == (2, 1, 1)
    records.edit(ctx, COMPANY, [1], {"website": "navy.example", "tags": "a,b", "phone": "1", "city": "Bern"})
    for version in ("2.1", "3.0", "4.0"):
        path = put(exported(ctx, COMPANY, version), "firms.vcf")
        plan = imports.plan(ctx, path, update=True)
        assert plan.kind is COMPANY
        done = imports.run(ctx, plan)
        assert (done.new, done.updated, done.same) == (0, 0, 1)


def test_cards_can_be_leads(ctx: Context, cards: Path) -> None:
    assert take(ctx, cards, kind=LEAD).new == 2
    (first, second) = records.list_records(ctx, LEAD, columns="name,company,email", sort="id", limit=0).rows
    assert (first["company"], first["email"], second["name"]) == ("شرکت نمونه", "ali@tehran.example", "Grace Hopper")


def test_a_refused_card_can_be_mended(ctx: Context, put: Any) -> None:
    text = "BEGIN:VCARD\nVERSION:3.0\nEMAIL:x\nX-A:1\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nX-B:1\nEND:VCARD\n"
    done = take(ctx, put(text, "people.vcf"))
    assert (done.new, done.refused) == (1, 1)
    with open(done.rejects, encoding="utf-8") as file:
        kept = file.read()
    assert "X-B:1" in kept
    head, row = kept.splitlines()
    names, cells = head.split(","), row.split(",")
    cells[names.index("name")] = "Mended"
    assert take(ctx, put(f"{head}\n{','.join(cells)}\n", "mended.csv"), kind=CONTACT).new == 1
    assert stored(ctx)[-1]["vcard"] == "X-B:1"


def test_a_refused_card_keeps_what_could_be_read(ctx: Context, put: Any) -> None:
    text = "BEGIN:VCARD\nVERSION:3.0\nEMAIL:ada@x.example\nTEL;TYPE=fax:7\nrubbish\nFN:Ada\nEND:VCARD\n"
    done = take(ctx, put(text, "people.vcf"))
    assert (done.new, done.refused) == (0, 1)
    assert take(ctx, put(Path(done.rejects).read_text(encoding="utf-8"), "mended.csv"), kind=CONTACT).new == 1
    row = stored(ctx)[-1]
    assert (row["name"], row["email"], row["vcard"]) == ("Ada", "ada@x.example", "TEL;TYPE=fax:7\nrubbish")
    made = exporting.export(ctx, CONTACT, format="vcf")
    assert isinstance(made, Stream)
    assert b"".join(made.parts).count(b"\r\nFN") == 1


def test_what_is_no_card_is_refused(ctx: Context) -> None:
    with pytest.raises(UsageError, match="deals are no vCards"):
        exporting.export(ctx, DEAL, format="vcf")
    with pytest.raises(UsageError, match=r"'5\.0' is not a version of vCard to write"):
        exporting.export(ctx, CONTACT, format="vcf", card_version="5.0")
    with pytest.raises(UsageError, match="a vCard has no columns"):
        exporting.export(ctx, CONTACT, format="vcf", columns="name")
    with pytest.raises(UsageError, match="--vcard-version is for vCards"):
        exporting.export(ctx, CONTACT, format="csv", card_version="3.0")


def test_cards_go_through_a_pipe(run_crm: RunCrm, cards: Path) -> None:
    came = run_crm("import", "-", "--yes", "--allow-rejects", input=cards.read_bytes())
    assert came.returncode == 0, came.stderr
    assert "2 new" in came.stdout
    went = run_crm("export", "contacts", "-o", "vcf", "--vcard-version", "4.0")
    assert went.stdout.count("VERSION:4.0\r\n") == 2
    assert "TEL;TYPE=cell,voice;VALUE=uri:tel:+1-202-555-0101\r\n" in went.stdout
    assert run_crm("export", "contacts", "-o", "vcf", "--vcard-version", "1").returncode == 2


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)
PERSON = st.fixed_dictionaries(
    {"name": TEXTS.map(lambda text: f"n {text} n")},
    optional={
        "job_title": TEXTS, "street": TEXTS, "city": TEXTS, "country": TEXTS, "language": TEXTS,
        "company": TEXTS.map(lambda text: " ".join(f"c {text} c".split())),
        "phone": TEXTS.map(lambda text: f"1 {text}"), "mobile": TEXTS.map(lambda text: f"2 {text}"),
        "description": st.lists(TEXTS, max_size=4).map("\n".join),
        "birthday": st.dates(min_value=date(1600, 1, 1), max_value=date(2026, 1, 1)).map(date.isoformat),
    },
)  # fmt: skip


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(people=st.lists(PERSON, min_size=1, max_size=5), version=st.sampled_from(["2.1", "3.0", "4.0"]))
def test_any_contacts_move_to_another_book(
    ctx: Context, second_book: Context, put: Any, people: list[dict[str, str]], version: str
) -> None:
    for person in people:
        records.add(ctx, CONTACT, person)
    done = take(second_book, put(exported(ctx, version=version), "moved.vcf"))
    assert done.refused == 0, done.listed
    assert stored(second_book) == stored(ctx)


def test_two_cards_of_one_person_that_is_merged_lose_no_address(ctx: Context, put: Put) -> None:
    """The lines of the other card that the first lacks come along, its Apple labels too; what the fields say does not
    stand there twice, and an undo parts the cards again."""
    text = """BEGIN:VCARD
VERSION:3.0
FN:Ada Lovelace
N:Lovelace;Ada;;;
EMAIL:ada@engines.example
item1.EMAIL:ada@club.example
item1.X-ABLABEL:Club
BDAY:--1210
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Ada L.
N:L.;Ada;;;
EMAIL;TYPE=HOME:ada@home.example
item1.EMAIL:ada@attic.example
item1.X-ABLABEL:Attic
EMAIL:ADA@engines.example
TEL;TYPE=WORK:+44 20 7946 0000
TEL;TYPE=WORK:+44 20 7946 0001
BDAY:--0101
URL:https://one.example
URL:https://two.example
END:VCARD
"""
    take(ctx, put(text, "two.vcf"))
    before = stored(ctx)
    merging.merge(ctx, CONTACT, [1, 2])
    lines = exported(ctx, version="3.0").decode().replace(";TYPE=INTERNET", "").split("\r\n")
    assert [line for line in lines if "EMAIL" in line or "ABLABEL" in line] == [
        "EMAIL:ada@engines.example", "item1.EMAIL:ada@club.example", "item1.X-ABLABEL:Club",
        "item1-2.EMAIL:ada@attic.example", "item1-2.X-ABLABEL:Attic",
    ]  # fmt: skip
    counted = {name: sum(line.startswith(name) for line in lines) for name in ("TEL", "URL", "BDAY", "N:", "FN")}
    assert counted == {"TEL": 2, "URL": 2, "BDAY": 1, "N:": 1, "FN": 1}
    again = take(ctx, put(exported(ctx, version="3.0"), "own.vcf"), update=True)
    assert (again.same, again.updated, again.new) == (1, 0, 0)
    undoing.undo(ctx)
    assert stored(ctx) == before


def test_what_a_card_cannot_hold_is_told(run_crm: RunCrm) -> None:
    for name, notes in (("Ada", "one\ntwo\tthree"), ("Bob", "x\x7fy"), ("Cy", "a\x0cb")):
        assert run_crm("contact", "add", name, f"description={notes}").returncode == 0
    went = run_crm("export", "contacts", "-o", "vcf")
    assert "2 records have control characters, which a vCard cannot hold: they are left out" in went.stderr
    assert b"x\x7fy" not in went.stdout.encode()
