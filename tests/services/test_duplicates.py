"""Groups of records that are probably one, on both engines: found, told apart, merged by the dozen, told at once."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.dedupe import Entry
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import NotFoundError, RefusedError, UsageError
from crmcli.services import apart, custom, deals, duplicates, merging, purging, records, undoing
from tests.support.books import sound

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

ADA = {"email": "ada@engines.example", "phone": "+44 20 7946 0000", "city": "London", "birthday": "1915-12-10"}


def add(ctx: Context, kind: Entity, name: str, **more: str) -> int:
    return records.add(ctx, kind, {"name": name, **more}).ids[0]


def ids(ctx: Context, kind: Entity, *words: str, **more: Any) -> list[tuple[int, ...]]:
    return [group.ids for group in duplicates.groups(ctx, kind, words, **more)]


def two_adas(ctx: Context) -> tuple[int, int]:
    add(ctx, CONTACT, "Grace Hopper", email="grace@navy.example", city="London")
    return add(ctx, CONTACT, "Ada Lovelace", **ADA), add(ctx, CONTACT, "Lovelace, Ada", email=ADA["email"])


def test_people_are_found_by_address_and_name(ctx: Context) -> None:
    pair = two_adas(ctx)
    persian = (
        add(ctx, CONTACT, "علي رضايي كرمانی", birthday="1990-05-05", city="تهران", street="خیابان آزادی ۱۲"),
        add(ctx, CONTACT, "علی رضائی کرمانی", birthday="1990-05-05", city="تهران", street="خیابان آزادی 12"),
    )
    assert sorted(ids(ctx, CONTACT)) == sorted([pair, persian])
    [row] = [
        row for row in duplicates.listing(ctx, CONTACT, duplicates.groups(ctx, CONTACT)).rows if row["ids"] == [*pair]
    ]
    assert row["names"] == ["Ada Lovelace", "Lovelace, Ada"]
    assert any("ada@engines.example" in reason for reason in row["reasons"])
    # A filter says whose duplicates are wanted; what they are like may be anybody.
    assert ids(ctx, CONTACT, "birthday:1915-12-10") == [pair]
    assert ids(ctx, CONTACT, "name:grace") == []


def test_records_that_are_equal_in_all_may_be_merged_unasked(ctx: Context) -> None:
    home = {"street": "5 Mill Lane", "city": "Leeds", "phone": "+46 8 123 456 78"}
    anna = {"email": "anna@berg.example", "phone": "+46 8 123 456 78", "company": "Berg AB"}
    pair = tuple(add(ctx, CONTACT, "Anna Berg", **anna, external_id=f"x{n}") for n in range(2))
    for name in ("Josef Huber", "Josef Huber", "Josef Huber jun."):  # father and son
        add(ctx, CONTACT, name, email="huber@mail.example", **home)
    for name in ("Eva Lind", "Ewa Lind", "Ulf Lind"):  # colleagues
        add(ctx, CONTACT, name, email="info@lind.example", phone="+46 8 111 111 11", company="Lind")
    firms = tuple(
        add(ctx, COMPANY, "Alba", website="https://alba.example", email="info@alba.example") for _ in range(2)
    )
    assert ids(ctx, CONTACT, least=95) == [pair]
    assert firms in ids(ctx, COMPANY, least=95)
    duplicates.merge_all(ctx, CONTACT, duplicates.groups(ctx, CONTACT, least=95))
    assert ids(ctx, CONTACT, least=95) == []
    undoing.undo(ctx)
    assert ids(ctx, CONTACT, least=95) == [pair]
    sound(ctx)


def test_a_person_is_found_under_a_short_form_of_the_name(ctx: Context) -> None:
    one = add(ctx, CONTACT, "Robert Miller", company="Acme", email="robert@acme.example")
    other = add(ctx, CONTACT, "Bob Miller", company="Acme")
    for name in ("Richard Miller", "Susan Miller"):
        add(ctx, CONTACT, name, company="Acme")
    moss = tuple(add(ctx, CONTACT, f"{given} Moss", mobile="+447700900123") for given in ("Liz", "Elizabeth"))
    assert sorted(ids(ctx, CONTACT)) == [(one, other), moss]


def test_each_kind_is_compared_by_what_it_has(ctx: Context) -> None:
    firms = (
        add(ctx, COMPANY, "Acme GmbH", website="https://acme.example"),
        add(ctx, COMPANY, "ACME", website="www.acme.example/en"),
    )
    add(ctx, COMPANY, "Acme Brothers", website="brothers.example")
    leads = (add(ctx, LEAD, "Bob Barker", email="bob@x.example"), add(ctx, LEAD, "Bob Barker", email="bob@x.example"))
    deals.lost(ctx, LEAD, [leads[0]])
    offers = tuple(
        add(ctx, DEAL, "Engine no. 2 rebuild", company="Acme GmbH", value="12000", close_on="2026-12-31") for _ in "ab"
    )
    assert ids(ctx, COMPANY) == [firms]
    assert ids(ctx, LEAD) == [leads]
    assert ids(ctx, DEAL) == [offers]
    deals.won(ctx, DEAL, [offers[0]])
    assert ids(ctx, DEAL) == []  # the same bought twice is no duplicate
    records.remove(ctx, COMPANY, [firms[0]])
    assert ids(ctx, COMPANY) == []


def test_a_record_is_compared_by_everything_that_it_has(ctx: Context) -> None:
    custom.add(ctx, "contact", "insurance_no", "identifier")
    place = {"street": "5 Mill Lane", "city": "Leeds", "postal_code": "LS1", "region": "Yorks", "country": "England"}
    top = add(ctx, COMPANY, "Engines", website="https://www.engines.example/en", **place)
    branch = add(ctx, COMPANY, "Branch", parent=str(top), email="b@branch.example", phone="+44 20 7946 0001")
    person = add(
        ctx, CONTACT, "Ada", company="Branch", website="ada.example", job_title="CTO", birthday="1915-12-10",
        email="Ada@x.example", phone="+44 20 7946 0000", mobile="+44 7700 900123", insurance_no="AB-1", **place,
    )  # fmt: skip
    lead = add(
        ctx, LEAD, "Looms", contact_name="Ada", company="Branch", job_title="CTO", website="ada.example", **place
    )
    bare = add(ctx, LEAD, "Bob", company="Elsewhere")
    deal = add(
        ctx, DEAL, "Looms", company="Branch", contact=str(person), value="1234.56 EUR", close_on="2027-01-01",
        email="a@x.example", phone="+44 20 7946 0000",
    )  # fmt: skip
    found = {kind.name: {e.id: e for e in duplicates.entries(ctx, kind)} for kind in duplicates.KINDS}
    assert found["company"] == {
        top: Entry(id=top, name="Engines", domain="engines.example", **place),
        branch: Entry(
            id=branch, name="Branch", parent=top, email="b@branch.example", phones=("+442079460001",),
            domain="branch.example",
        ),
    }  # fmt: skip
    assert _with_days(found["contact"][person]) == Entry(
        id=person, name="Ada", company="Branch", domain="ada.example", job_title="CTO", birthday="1915-12-10",
        email="ada@x.example", phones=("+442079460000", "+447700900123"), extra={"Insurance no": "AB-1"}, **place,
    )  # fmt: skip
    assert found["lead"] == {
        lead: Entry(
            id=lead, name="Ada", subject="Looms", company="Branch", job_title="CTO", domain="ada.example", **place
        ),
        bare: Entry(id=bare, name="Bob", company="Elsewhere"),
    }  # fmt: skip
    assert _with_days(found["deal"][deal]) == Entry(
        id=deal, name="Looms", company="Branch", value="1,234.56 EUR", close_on="2027-01-01", tree=top,
        email="a@x.example", phones=("+442079460000",), extra={"contact": str(person)},
    )  # fmt: skip


def _with_days(entry: Entry) -> Entry:
    """An entry with its days as texts, whatever the engine has them as."""
    return entry._replace(
        **{name: str(day) for name in ("birthday", "close_on") if (day := getattr(entry, name)) is not None}
    )


def test_fields_of_ones_own_are_evidence(ctx: Context) -> None:
    custom.add(ctx, "contact", "insurance_no", "identifier")
    one = add(ctx, CONTACT, "Maria Gonzales", insurance_no="AB-7788-1234", city="Bonn")
    other = add(ctx, CONTACT, "Maria Gonzalez", insurance_no="AB-7788-1234", city="Köln")
    for i in range(30):
        add(ctx, CONTACT, f"Person{i} Name{i}", insurance_no=f"XY-{i:04}")
    assert ids(ctx, CONTACT) == [(one, other)]


def test_what_was_told_apart_is_in_no_group(ctx: Context) -> None:
    pair = two_adas(ctx)
    done = duplicates.tell_apart(ctx, CONTACT, pair[::-1])
    assert (done.lines[0].startswith("told apart: contact:2"), ids(ctx, CONTACT)) == (True, [])
    assert duplicates.likes(ctx, CONTACT, pair[1]) == []
    assert [row["ids"] for row in duplicates.apart_rows(ctx, CONTACT).rows] == [list(pair)]
    assert duplicates.tell_apart(ctx, CONTACT, pair).changes == ()
    undoing.undo(ctx)
    assert ids(ctx, CONTACT) == [pair]
    duplicates.tell_apart(ctx, CONTACT, pair)
    assert duplicates.forget_apart(ctx, CONTACT, pair).lines == ("forgot that they were told apart",)
    assert ids(ctx, CONTACT) == [pair]
    sound(ctx)


def test_the_command_for_further_likes_shows_them(ctx: Context) -> None:
    """Whatever made them alike: here it is what was merged into them."""
    for n in range(6):
        one, other = add(ctx, CONTACT, f"Person{n} Name{n}"), add(ctx, CONTACT, "Ada Lovelace", email=ADA["email"])
        merging.merge(ctx, CONTACT, (one, other), into=one, keep={"email": one})
    records.archive(ctx, CONTACT, [9])
    number = add(ctx, CONTACT, "Ada Lovelace", email=ADA["email"])
    assert ids(ctx, CONTACT, f"id:{number}") == []
    *_, more = duplicates.warnings(ctx, CONTACT, number)
    told, _, command = more.partition(": ")
    assert told == "and 3 more"
    words = command.removeprefix(ctx.settings.calling("contact", "list")).split()
    assert len(records.list_records(ctx, CONTACT, words).rows) == 3  # type: ignore[arg-type]


def test_an_undo_counts_pairs_that_were_told_apart(ctx: Context) -> None:
    for kind, said in ((CONTACT, "contacts"), (COMPANY, "companies"), (DEAL, "leads or deals")):
        some = [add(ctx, kind, name) for name in ("Ada", "Bob", "Zoe")]
        for numbers, pairs in ((some[:2], "1 pair"), (some, "3 pairs")):
            batch = duplicates.tell_apart(ctx, kind, numbers).batch
            assert undoing.undo(ctx).lines == (f"took back batch {batch}: {pairs} of {said} told apart",)


def test_told_apart_outlives_a_merge_and_not_a_purge(ctx: Context) -> None:
    pair = two_adas(ctx)
    third = add(ctx, CONTACT, "Ada Lovelace", email=ADA["email"])
    duplicates.tell_apart(ctx, CONTACT, (pair[0], third))
    merging.merge(ctx, CONTACT, (pair[1], third))
    assert ids(ctx, CONTACT) == []
    undoing.undo(ctx)
    assert apart.pairs(ctx.reader, "contact") == {(pair[0], third)}
    purging.purge(ctx, CONTACT, [third])
    assert apart.pairs(ctx.reader, "contact") == set()
    sound(ctx)


def test_a_dozen_groups_merge_in_one_batch_and_come_apart_again(ctx: Context) -> None:
    pair = two_adas(ctx)
    more = [
        (
            add(ctx, CONTACT, name, birthday="1970-04-12", city=name[:3]),
            add(ctx, CONTACT, name, birthday="1970-04-12", city=name[:3]),
        )
        for name in ("Uma Thurman", "Kofi Annan", "بهرام بیضایی")
    ]
    add(ctx, TASK, "Call", contact=str(pair[1]))
    found = duplicates.groups(ctx, CONTACT)
    assert sorted(group.ids for group in found) == sorted([pair, *more])
    gone = found[-1].ids[-1]
    records.remove(ctx, CONTACT, [gone])

    done = duplicates.merge_all(ctx, CONTACT, found)

    assert len(done.ids) == 3
    assert done.lines[-1] == "1 group was left: somebody changed that meanwhile"
    assert ids(ctx, CONTACT) == []
    sound(ctx)
    undoing.undo(ctx)
    records.restore(ctx, CONTACT, [gone])
    assert sorted(ids(ctx, CONTACT)) == sorted([pair, *more])
    sound(ctx)


def test_what_was_told_apart_after_the_question_is_left(ctx: Context) -> None:
    pair = two_adas(ctx)
    found = duplicates.groups(ctx, CONTACT)
    duplicates.tell_apart(ctx, CONTACT, pair)
    done = duplicates.merge_all(ctx, CONTACT, found)
    assert (done.ids, done.lines) == ((), ("1 group was left: somebody changed that meanwhile",))


def test_a_group_of_which_two_differ_is_not_sure(ctx: Context) -> None:
    home = {"email": "huber@dorf.example", "phone": "+43 732 654321", "street": "Dorfplatz 1", "city": "Linz"}
    father = add(ctx, CONTACT, "Josef Huber", **home, birthday="1950-02-03")
    son = add(ctx, CONTACT, "Josef Huber", **home, birthday="1980-11-21")
    third = add(ctx, CONTACT, "Josef Huber", **home)
    [group] = duplicates.groups(ctx, CONTACT)
    assert group.ids == (father, son, third)
    assert "but the birthdays differ: 1950-02-03 / 1980-11-21" in group.reasons
    assert duplicates.groups(ctx, CONTACT, least=group.score) == [group]
    [surer] = duplicates.groups(ctx, CONTACT, least=group.score + 1)
    assert surer.score > group.score
    assert third in (*surer.ids, *surer.rivals)
    assert sorted((*surer.ids, *surer.rivals)) == [father, son, third]
    assert duplicates.groups(ctx, CONTACT, least=99) == []


def test_a_weak_namesake_hides_no_sure_group(ctx: Context) -> None:
    home = {"company": "Acme", "city": "Bern", "birthday": "1980-01-01", "street": "Weg 1"}
    for name in ("Acme", "Bolt"):
        add(ctx, COMPANY, name)
    sure = tuple(add(ctx, CONTACT, name, **home) for name in ("Anna Meier", "Anna Meyer", "Anna Maier"))
    weak = add(ctx, CONTACT, "Anna Meier", company="Bolt", city="Bern")
    [every] = duplicates.groups(ctx, CONTACT)
    assert every.ids == (*sure, weak)
    finder = duplicates.finder(ctx, CONTACT)
    [found] = duplicates.groups(ctx, CONTACT, least=every.score + 1)
    assert (found.ids, found.rivals) == (sure, (weak,))
    assert found.score == min(finder.compare(*pair).score for pair in combinations(sure, 2)) > every.score


def test_who_shares_a_name_and_a_company_is_seen_without_comparing_the_book(ctx: Context) -> None:
    firms = [records.add(ctx, COMPANY, {"name": name}).ids[0] for name in ("White LLC", "White LLC", "Black")]
    people = [records.add(ctx, CONTACT, {"name": "Dup Name", "company": "Black"}).ids[0] for _ in "ab"]
    records.add(ctx, CONTACT, {"name": "Dup Name"})
    assert [group.ids for group in duplicates.sharing(ctx, COMPANY)] == [tuple(firms[:2])] == ids(ctx, COMPANY)
    assert [group.ids for group in duplicates.sharing(ctx, CONTACT)] == [tuple(people)] == ids(ctx, CONTACT)


def test_a_new_lead_is_told_of_the_open_deal_of_its_address(ctx: Context) -> None:
    deal = records.add(ctx, DEAL, {"name": "Engine", "email": "ada@x.example"}).ids[0]
    gone = records.add(ctx, DEAL, {"name": "Lost", "email": "ada@x.example"}).ids[0]
    deals.lost(ctx, DEAL, [gone])
    lead = records.add(ctx, LEAD, {"name": "Ada asks", "email": "Ada@x.example"}).ids[0]
    [line] = duplicates.warnings(ctx, LEAD, lead)
    assert line.startswith(f"deal:{deal} Engine has the same address or number; if it is about that: ")
    assert line.endswith(f"lead merge {lead} deal:{deal}")


def test_what_too_many_have_is_no_reason_to_warn(ctx: Context) -> None:
    for n in range(22):
        records.add(ctx, CONTACT, {"name": f"Dora Klee{chr(97 + n)}", "email": "shared@q.example"})
    number = records.add(ctx, CONTACT, {"name": "Dora Kleez", "email": "shared@q.example"}).ids[0]
    assert duplicates.warnings(ctx, CONTACT, number) == []
    assert all(number not in group for group in ids(ctx, CONTACT))


def test_at_one_address_are_the_groups_that_a_list_has(ctx: Context) -> None:
    pair = two_adas(ctx)
    for number in pair:
        records.edit(ctx, CONTACT, [number], {"email": "", "birthday": "1915-12-10"})
    records.edit(ctx, CONTACT, [pair[0]], {"phone": "", "mobile": "+44 20 7946 0000"})
    records.edit(ctx, CONTACT, [pair[1]], {"phone": "+44 20 7946 0000"})
    assert [group.ids for group in duplicates.sharing(ctx, CONTACT)] == [pair] == ids(ctx, CONTACT)
    records.archive(ctx, CONTACT, pair)
    assert duplicates.sharing(ctx, CONTACT) == ids(ctx, CONTACT) == []


def test_amounts_are_told_as_people_read_them(ctx: Context) -> None:
    for _ in "ab":
        add(ctx, DEAL, "Kran", company="C", value="1234.56 EUR", close_on="2027-01-01")
    [group] = duplicates.groups(ctx, DEAL)
    assert "same value 1,234.56 EUR" in group.reasons


@pytest.mark.parametrize(
    ("kind", "first", "second", "alike"),
    [
        (LEAD, {"name": "Ada", "email": "ada@x.example"}, {"name": "Ada L", "email": "ADA@X.example"}, True),
        (
            LEAD,
            {"name": "Ada Byron", "phone": "+98 912 345 6789"},
            {"name": "Byron Ada", "phone": "0098 9123456789"},
            True,
        ),
        (LEAD, {"name": "Ada", "email": "info@x.example"}, {"name": "Bob Smith", "email": "info@x.example"}, False),
        (
            CONTACT,
            {"name": "Ada Byron", "mobile": "+989123456789"},
            {"name": "Ada Byron", "phone": "+989123456789"},
            True,
        ),
        (CONTACT, {"name": "John Smith"}, {"name": "John Smith"}, False),
        (CONTACT, {"name": "Robert Miller", "company": "Acme"}, {"name": "Bob Miller", "company": "Acme"}, True),
        (CONTACT, {"name": "Bob J. Miller", "city": "Ulm"}, {"name": "Robert J. Miller", "city": "Ulm"}, True),
        (
            CONTACT,
            {"name": "Miller Robert", "birthday": "1980-01-02"},
            {"name": "Rob Miller", "birthday": "1980-01-02"},
            True,
        ),
        (CONTACT, {"name": "Richard Miller", "company": "Acme"}, {"name": "Bob Miller", "company": "Acme"}, False),
        (CONTACT, {"name": "Robert Miller"}, {"name": "Bob Miller"}, False),
        (LEAD, {"name": "Robert Miller", "company": "Acme"}, {"name": "Bob Miller", "company": "Acme"}, True),
        (
            COMPANY,
            {"name": "Acme Ltd", "website": "acme.example"},
            {"name": "Acme Limited", "email": "i@acme.example"},
            True,
        ),
        (COMPANY, {"name": "شرکت پارس"}, {"name": "پارس"}, True),
        (COMPANY, {"name": "Acme"}, {"name": "Zenith"}, False),
    ],
)
def test_a_new_record_is_told_what_it_is_like(
    ctx: Context, kind: Entity, first: dict[str, str], second: dict[str, str], alike: bool
) -> None:
    before = records.add(ctx, kind, first).ids[0]
    after = records.add(ctx, kind, second).ids[0]
    lines = duplicates.warnings(ctx, kind, after)
    if alike:
        assert lines[0].startswith(f"{kind.name}:{after} may be {kind.name}:{before} ")
        assert lines[0].endswith(f" {kind.name} merge {before} {after}")
    else:
        assert lines == []


def test_a_new_record_is_told_of_no_namesake_whom_the_list_has_not(ctx: Context) -> None:
    """A town that most of the book are in says little, and a surname that many have, of a new record as of any."""
    for name in ("Robert Miller", "Robert Hall", "Zora Hall"):
        add(ctx, CONTACT, name, city="Ulm")
    assert duplicates.warnings(ctx, CONTACT, add(ctx, CONTACT, "Bob Miller", city="Ulm"))
    for given in ("Ann", "Bea", "Carl", "Dora", "Emil", "Fred", "Gerd"):
        for surname in ("Miller", "Hall", "Smith", "Jones", "Berg", "Kehl"):
            add(ctx, CONTACT, f"{given} {surname}", city="Ulm")
    new = [add(ctx, CONTACT, f"{given} Hall", city="Ulm") for given in ("Bob", "Zora")]
    listed = {number for group in duplicates.groups(ctx, CONTACT) for number in group.ids}
    assert [number in listed for number in new] == [False, True]
    assert [bool(duplicates.warnings(ctx, CONTACT, number)) for number in new] == [False, True]


def test_a_new_lead_is_told_of_the_person_with_its_address(ctx: Context) -> None:
    person = add(ctx, CONTACT, "Ada Lovelace", **ADA)
    lead = add(ctx, LEAD, "Engines", email=ADA["email"])
    assert duplicates.warnings(ctx, LEAD, lead) == [f"contact:{person} Ada Lovelace has the same address or number"]
    assert duplicates.warnings(ctx, TASK, 1) == []
    other = add(ctx, CONTACT, "A. Lovelace", email="ada@other.example")
    merging.merge(ctx, CONTACT, [person, other])
    lead = add(ctx, LEAD, "More engines", email="ada@other.example")
    assert duplicates.warnings(ctx, LEAD, lead) == [f"contact:{person} Ada Lovelace has the same address or number"]


def test_what_cannot_be_is_refused(ctx: Context) -> None:
    pair = two_adas(ctx)
    for kind, numbers, error in (
        (TASK, pair, UsageError),
        (CONTACT, pair[:1], UsageError),
        (CONTACT, (pair[0], 99), NotFoundError),
    ):
        with pytest.raises(error):
            duplicates.tell_apart(ctx, kind, numbers)
    for few in ((), pair[:1]):
        with pytest.raises(UsageError, match="two contacts"):
            duplicates.forget_apart(ctx, CONTACT, few)
    records.remove(ctx, CONTACT, [pair[0]])
    with pytest.raises(RefusedError):
        duplicates.tell_apart(ctx, CONTACT, pair)
    assert apart.pairs(ctx.reader, "contact") == set()
