"""Rows of records that the book has already: found by what they are, updated in every field, never brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.services import deals, imports, purging, records, undoing
from crmcli.services.imports import fitting, taking
from crmcli.store.uid import new_uid
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity


@pytest.mark.parametrize("match", [("at",), ("at+contact",), ("body",), None], ids=str)
def test_what_happened_is_matched_by_any_of_its_fields(ctx: Context, put: Any, match: tuple[str, ...] | None) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    path = put("type,at,contact,body\n" + "".join(f"call,2026-11-0{n} 10:00,Ada,about {n}\n" for n in range(1, 4)))
    assert counts(take(ctx, path, kind=INTERACTION, match=match)) == (3, 3, 0, 0, 0, 0)
    assert counts(take(ctx, path, kind=INTERACTION, match=match)) == (3, 0, 0, 3, 0, 0)
    if match == ("at",):
        path = put("type,at,contact,body\nemail,2026-11-02 10:00,Ada,other\n")
        assert counts(take(ctx, path, kind=INTERACTION, match=match, update=True)) == (1, 0, 1, 0, 0, 0)


def test_a_task_of_which_no_type_is_said_is_known_by_the_rest(ctx: Context, put: Any) -> None:
    """It got the usual one."""
    path = put("Task,Due date,Type\nA,2026-12-01,\nB,2026-12-01,call\nA,2026-12-02,\n")
    assert counts(take(ctx, path)) == (3, 3, 0, 0, 0, 0)
    assert counts(take(ctx, path)) == (3, 0, 0, 3, 0, 0)


@pytest.mark.parametrize("kind", [CONTACT, COMPANY, TASK, LEAD, DEAL], ids=lambda kind: kind.name)
def test_an_update_gives_a_record_another_owner(ctx: Context, put: Any, kind: Entity) -> None:
    text = "Ref,Name,Due,Owner\n7,Ada,2026-12-01,{}\n"
    take(ctx, put(text.format("grace")), kind=kind, id_column="Ref")
    done = take(ctx, put(text.format("alan")), kind=kind, id_column="Ref", update=True)
    assert counts(done) == (1, 0, 1, 0, 0, 0)
    assert rows(ctx, kind)[0]["owner"] == "alan"


def test_several_people_may_share_the_mail_of_an_office(ctx: Context, put: Any) -> None:
    one = "Name,Email,Company\nOscar Lindqvist,info@harrow.example,Harrow\n"
    other = "Peter Holm,Info@Harrow.example,Harrow\nHolm,info@harrow.example,Harrow\n"
    take(ctx, put(one), kind=CONTACT)
    assert counts(take(ctx, put(one.replace("Oscar", "Dr Oscar")), kind=CONTACT)) == (1, 0, 0, 1, 0, 0)
    for update in (False, True):  # Peter was dropped, or Oscar became Peter
        assert counts(take(ctx, put(one + other), kind=CONTACT, update=update))[1:3] == (1 - update, 0)
        assert [row["name"] for row in rows(ctx, CONTACT)] == ["Oscar Lindqvist", "Peter Holm"]


CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:{}\nTEL:+49 30 1234567\nTITLE:{}\nEND:VCARD\n"


@pytest.mark.parametrize("update", [False, True])
def test_who_has_no_name_is_whoever_is_alone_with_the_address(ctx: Context, put: Any, update: bool) -> None:
    """And takes nobody's name."""
    records.add(ctx, CONTACT, {"name": "Anna Bell", "phone": "+49 30 1234567", "email": "office@bell.example"})
    for path in (put(CARD.format("", "CEO"), "p.vcf"), put("Email,Job title\noffice@bell.example,CEO\n")):
        assert take(ctx, path, kind=CONTACT, update=update).new == 0
    assert [(row["name"], row["job_title"]) for row in rows(ctx, CONTACT)] == [("Anna Bell", "CEO" if update else None)]
    records.add(ctx, CONTACT, {"name": "Bob Cole", "phone": "+49 30 1234567", "email": "office@bell.example"})
    for path in (put(CARD.format("", "Reception"), "p.vcf"), put("Email,City\noffice@bell.example,Ulm\n")):
        assert take(ctx, path, kind=CONTACT, update=update).new == 1
    assert [row["name"] for row in rows(ctx, CONTACT)] == [
        "Anna Bell", "Bob Cole", "+49 30 1234567", "office@bell.example",
    ]  # fmt: skip


def test_a_card_without_a_name_takes_nobody_s_place(ctx: Context, put: Any) -> None:
    path = put(CARD.format("", "") + CARD.format("Anna Bell", "") + CARD.format("Bob Cole", ""), "p.vcf")
    assert counts(take(ctx, path, kind=CONTACT))[:3] == (3, 3, 0)


@pytest.mark.parametrize("text", ["Name,Recurring\nAlpha,$99\n", "Name,Recurring,Currency\nAlpha,99,USD\n"])
def test_an_update_leaves_an_amount_in_its_currency(ctx: Context, put: Any, text: str) -> None:
    records.add(ctx, DEAL, {"name": "Alpha", "value": "1000 EUR"})
    done = take(ctx, put(text), kind=DEAL, match=("name",), update=True)
    assert counts(done) == (1, 0, 0, 0, 0, 1)
    assert done.listed[0][3] == "a deal has one currency, and value of it is in EUR"
    assert (rows(ctx, DEAL)[0]["value"], rows(ctx, DEAL)[0]["currency"]) == (100_000, "EUR")

    whole = put("Name,Value,Recurring\nAlpha,$2000,$99\n")
    assert counts(take(ctx, whole, kind=DEAL, match=("name",), update=True)) == (1, 0, 1, 0, 0, 0)
    assert (rows(ctx, DEAL)[0]["value"], rows(ctx, DEAL)[0]["currency"]) == (200_000, "USD")


def test_an_amount_of_nothing_is_in_every_currency(ctx: Context, put: Any) -> None:
    records.add(ctx, DEAL, {"name": "Alpha", "value": "0 EUR"})
    text = "Name,Recurring\nAlpha,$99\n"
    assert counts(take(ctx, put(text), kind=DEAL, match=("name",), update=True)) == (1, 0, 1, 0, 0, 0)
    assert [(row["value"], row["recurring"], row["currency"]) for row in rows(ctx, DEAL)] == [(0, 9900, "USD")]
    text = "Name,Value,Recurring\nAlpha,€0,\n"
    assert counts(take(ctx, put(text), kind=DEAL, match=("name",), update=True)) == (1, 0, 0, 1, 0, 0)
    records.edit(ctx, DEAL, [1], {"recurring": "0"})
    records.edit(ctx, DEAL, [1], {"value": "7 GBP"})
    assert [(row["value"], row["recurring"], row["currency"]) for row in rows(ctx, DEAL)] == [(700, 0, "GBP")]


def test_an_update_finds_what_an_earlier_block_of_it_adds(
    ctx: Context, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, 2)
    lines = [f"D{n},Deal {n},{n} USD" for n in (1, 2, 3, 4)]
    text = "\n".join(["Deal ID,Deal Name,Amount", *lines, lines[2], "D1,Deal 1,9999 EUR", ""])
    assert counts(take(ctx, put(text), kind=DEAL, id_column="Deal ID", update=True)) == (6, 4, 0, 0, 1, 1)


def test_a_record_that_was_purged_since_it_was_found_hinders_no_row(book: Context, put: Any) -> None:
    plan = imports.plan(book, put("Name,Value\nAlpha,5 USD\n"), kind=DEAL, match=("name",), update=True)
    job = taking.Import(book, plan, dry_run=True)
    with plan.open() as table:
        block = job._read(list(table.rows))
    assert fitting.misfits(book, job.reader, job.links, block, [7], job.matcher, updates=True) == {}


@pytest.mark.parametrize(
    ("kind", "target", "title"),
    [
        (CONTACT, COMPANY, "company"),
        (DEAL, COMPANY, "company"),
        (DEAL, CONTACT, "contact"),
        (TASK, LEAD, "opportunity"),
        (INTERACTION, DEAL, "opportunity"),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_removed_record_takes_nothing_from_a_file(
    ctx: Context, put: Any, kind: Entity, target: Entity, title: str
) -> None:
    records.add(ctx, target, {"name": "Gone"})
    records.add(ctx, target, {"name": "Other"})
    gone, other = (row["uid"] for row in rows(ctx, target))
    name, uids = ("body" if kind is INTERACTION else "name"), [new_uid() for _ in range(3)]

    def file(*links: str) -> str:
        told = zip(uids, links, strict=False)
        return put(f"uid,{name},{title},{title}_uid\n" + "".join(f"{uid},X {uid},Gone,{to}\n" for uid, to in told))

    assert counts(take(ctx, file(gone, other), kind=kind)) == (2, 2, 0, 0, 0, 0)
    records.remove(ctx, target, [1])
    assert counts(take(ctx, file(gone, other), kind=kind)) == (2, 0, 0, 2, 0, 0)
    done = take(ctx, file(gone, gone, gone), kind=kind)
    assert counts(done) == (3, 0, 0, 2, 0, 1)
    back = ctx.settings.calling(target.command, "restore", "1")
    assert done.listed == ((4, title, "Gone", f"{target.name}:1 Gone is removed; first: {back}"),)
    assert counts(take(ctx, file(gone, gone), kind=kind, update=True)) == (2, 0, 0, 1, 0, 1), "what hangs there stays"
    records.restore(ctx, target, [1])
    assert counts(take(ctx, file(gone, gone, gone), kind=kind, update=True)) == (3, 1, 1, 1, 0, 0)


#: The name of a case -> kind, file with a place for a value that changes, match keys, whether an update finds it then.
WITHOUT_IDS: dict[str, tuple[Entity, str, tuple[str, ...] | None, bool]] = {
    "e-mail": (CONTACT, "Name,Email,City\nAl,al@one.example,{}\nBo,bo@two.example,Rome\n", None, True),
    "telephone": (CONTACT, "Name,Mobile,City\nAl,+12025550110,{}\nBo,+12025550120,Rome\n", None, True),
    "name of a person": (CONTACT, "Name,City\nAl,{}\nBo,Rome\n", ("name",), True),
    "domain": (COMPANY, "Name,Website,City\nOne,https://one.example,{}\nTwo,two.example,Rome\n", None, True),
    "name of a company": (COMPANY, "Name,City\nOne,{}\nTwo,Rome\n", None, True),
    "lead": (LEAD, "Name,Email,City\nAl,al@one.example,{}\nBo,bo@two.example,Rome\n", None, True),
    "joined": (LEAD, "Name,Company,City\nAl,One,{}\nBo,Two,Rome\n", ("name+company",), True),
    "deal": (DEAL, "Name,Company,Value\nAlpha,One,{}5 USD\nBeta,Two,5 USD\n", None, True),
    "deal without a company": (DEAL, "Name,Value\nAlpha,{}5 USD\nBeta,5 USD\n", None, False),
    "task": (TASK, "Name,Due,Notes\nCall,2026-12-01,{}\nCall,2026-12-02,more\n", None, True),
    "interaction": (INTERACTION, "at,contact,body\n2026-11-01 10:00,Ada,{}\n2026-11-02 10:00,Ada,b\n", None, False),
}


@pytest.mark.parametrize("case", WITHOUT_IDS)
def test_a_removed_record_is_known_by_what_it_is(ctx: Context, put: Any, case: str) -> None:
    kind, text, match, found = WITHOUT_IDS[case]
    file, newer = text.format(1), put(text.format(7), "newer.csv")
    if kind is INTERACTION:
        records.add(ctx, CONTACT, {"name": "Ada"})
    take(ctx, put(file), kind=kind, match=match)
    records.remove(ctx, kind, [1])
    back = ctx.settings.calling(kind.command, "restore", "1")

    done = take(ctx, put(file), kind=kind, match=match)
    assert counts(done) == (2, 0, 0, 2, 0, 0)
    assert done.notes == (f"1 of those known already is removed and stays so: '{back}' brings it back",)

    if found:
        done = take(ctx, newer, kind=kind, match=match, update=True)
        assert counts(done) == (2, 0, 0, 1, 0, 1)
        assert f"{kind.name}:1 was removed; '{back}' brings it back" in done.listed[0][3]
        records.restore(ctx, kind, [1])
        assert counts(take(ctx, newer, kind=kind, match=match, update=True)) == (2, 0, 1, 1, 0, 0)
    else:
        assert counts(take(ctx, newer, kind=kind)) == (2, 1, 0, 1, 0, 0)


@pytest.fixture(params=[False, True], ids=["one block", "two blocks"])
def apart(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports in one block, and row by row."""
    if request.param:
        for name in ("FIRST_BLOCK", "MOST", "LEAST"):
            monkeypatch.setattr(taking, name, 1)


@pytest.mark.usefixtures("apart")
def test_a_living_record_and_an_earlier_row_come_before_a_removed_one(ctx: Context, put: Any) -> None:
    for email, phone in (("a@x.example", "+12025550110"), ("", "+12025550110"), ("c@x.example", "+12025550120")):
        records.add(ctx, CONTACT, {"name": "Al", "email": email, "phone": phone})
    records.remove(ctx, CONTACT, [1, 3])
    # The removed one has the e-mail address, the living one the telephone alone.
    path = put("Name,Email,Phone,City\nAl,a@x.example,+12025550110,Rome\n")
    assert counts(take(ctx, path, kind=CONTACT, update=True)) == (1, 0, 1, 0, 0, 0)
    assert rows(ctx, CONTACT)[0]["city"] == "Rome"
    # The first row is not the removed one, by its e-mail address: what says less is that row.
    path = put("Name,Email,Phone\nAl,d@x.example,+12025550120\nAl,,+12025550120\n")
    done = take(ctx, path, kind=CONTACT)
    assert (counts(done), done.notes) == ((2, 1, 0, 0, 1, 0), ())

    for _ in range(2):
        records.add(ctx, DEAL, {"name": "Alpha", "company": "One", "value": "5 USD"})
    records.remove(ctx, DEAL, [1])
    done = take(ctx, put("Name,Company,Value\nAlpha,One,5 USD\n"), kind=DEAL)
    assert (counts(done), done.notes) == ((1, 0, 0, 1, 0, 0), ())
    records.edit(ctx, DEAL, [2], {"value": "6 USD"})
    done = take(ctx, put("Name,Company,Value\nAlpha,One,5 USD\nAlpha,One,5 USD\n"), kind=DEAL, update=True)
    assert counts(done) == (2, 0, 1, 0, 1, 0)


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        (CONTACT, {"name": "Al", "email": "al@x.example"}, "Name,Email\n{0},al@x.example\n{0},al@x.example\n"),
        (DEAL, {"name": "Al", "company": "One"}, "Name,Company,City\nAl,One,{0}\nAl,One,{0}\n"),
    ],
    ids=["contact", "deal"],
)
def test_of_several_removed_records_none_comes_back(
    ctx: Context, put: Any, kind: Entity, fields: dict[str, str], text: str
) -> None:
    for _ in range(2):
        records.add(ctx, kind, fields)
    records.remove(ctx, kind, [1, 2])
    done = take(ctx, put(text.format("Al").replace(",City", "").replace("One,Al", "One")), kind=kind)
    assert counts(done) == (2, 0, 0, 1, 1, 0)
    assert len(done.notes) == 1
    assert counts(take(ctx, put(text.format("Al Other")), kind=kind, update=True)) == (2, 0, 0, 0, 0, 2)


def test_what_was_undone_or_purged_comes_in_again(ctx: Context, put: Any) -> None:
    path = put("Name,Email\nAl,al@x.example\nBo,bo@x.example\n")
    undoing.undo(ctx, take(ctx, path, kind=CONTACT).batch)
    assert counts(take(ctx, path, kind=CONTACT)) == (2, 2, 0, 0, 0, 0)
    removed = [row["id"] for row in rows(ctx, CONTACT)]
    records.remove(ctx, CONTACT, removed)
    purging.purge(ctx, CONTACT, removed[:1])
    done = take(ctx, path, kind=CONTACT)
    assert counts(done) == (2, 1, 0, 1, 0, 0)
    assert len(done.notes) == 1


@pytest.mark.usefixtures("apart")
def test_somebody_else_at_a_removed_address_is_new(ctx: Context, put: Any) -> None:
    for number, name in enumerate(("Bob Lee", "Ann"), start=1):
        records.add(ctx, CONTACT, {"name": name, "email": f"info@{number}.example"})
    records.remove(ctx, CONTACT, [1, 2])
    text = "Name,Email\nZoe Ray,info@1.example\nAnn Fox,info@2.example\n"
    for update in (False, True):
        found = take(ctx, put(text), kind=CONTACT, update=update)
        assert counts(found) == ((2, 1, 0, 1, 0, 0) if not update else (2, 0, 0, 1, 0, 1))
    assert [row["name"] for row in rows(ctx, CONTACT)] == ["Zoe Ray"]


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_two_who_share_an_address_are_told_apart_by_their_names(ctx: Context, put: Any, *, update: bool) -> None:
    for name in ("Bob Lee", "Zoe Ray"):
        records.add(ctx, CONTACT, {"name": name, "email": "info@x.example"})
    path = put("Name,Email,City\nBob Lee,info@x.example,Rome\nZoe Ray,info@x.example,Bern\n")
    assert counts(take(ctx, path, kind=CONTACT, update=update)) == (
        (2, 0, 2, 0, 0, 0) if update else (2, 0, 0, 2, 0, 0)
    )
    assert [row["city"] for row in rows(ctx, CONTACT)] == (["Rome", "Bern"] if update else [None, None])


@pytest.mark.usefixtures("apart")
def test_an_update_knows_a_record_by_what_an_earlier_row_gave_it(ctx: Context, put: Any) -> None:
    records.add(ctx, LEAD, {"name": "Ada King", "email": "ada@x.example"})
    text = "Name,Email,Phone\nAda King,ada@x.example,+14155550101\nAda King,,+14155550101\nBob,,+14155550101\n"
    assert counts(take(ctx, put(text), kind=LEAD, update=True))[:3] == (3, 1, 1)
    assert [row["name"] for row in rows(ctx, LEAD)] == ["Ada King", "Bob"]
    assert counts(take(ctx, put(text), kind=LEAD, update=True))[:3] == (3, 0, 0)


@pytest.mark.parametrize("removed", [False, True], ids=["there", "removed"])
@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_two_with_ids_of_their_own_share_an_address(ctx: Context, put: Any, *, removed: bool, update: bool) -> None:
    records.add(ctx, CONTACT, {"name": "Al", "email": "office@x.example"})
    uid = rows(ctx, CONTACT)[0]["uid"]
    if removed:
        records.remove(ctx, CONTACT, [1])
    path = put(f"uid,Name,Email\n{uid},Al,office@x.example\n{new_uid()},Bo,office@x.example\n")
    done = take(ctx, path, kind=CONTACT, update=update)
    assert counts(done) == ((2, 1, 0, 0, 0, 1) if removed and update else (2, 1, 0, 1, 0, 0))


def test_a_removed_note_is_restored_by_its_own_command(ctx: Context, put: Any) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    text = f"uid,at,contact,body\n{new_uid()},2026-11-01 10:00,Ada,{{}}\n"
    take(ctx, put(text.format("said")), kind=INTERACTION)
    records.remove(ctx, INTERACTION, [1])
    back = ctx.settings.calling("note", "restore", "1")
    assert f"'{back}'" in take(ctx, put(text.format("said")), kind=INTERACTION).notes[0]
    assert f"'{back}'" in take(ctx, put(text.format("more")), kind=INTERACTION, update=True).listed[0][3]


@pytest.mark.parametrize("id_column", [None, "Ref"], ids=["recognised", "named"])
@pytest.mark.parametrize("kind", [TASK, DEAL, LEAD], ids=lambda kind: kind.name)
def test_an_update_refuses_a_new_id_that_comes_twice(
    ctx: Context, put: Any, kind: Entity, id_column: str | None
) -> None:
    path = put(f"Name,Due,{id_column or 'External id'}\nM,2026-12-01,E9\nN,2026-12-02,E9\nO,2026-12-01,E7\n")
    done = take(ctx, path, kind=kind, id_column=id_column, update=True)
    assert counts(done) == (3, 2, 0, 0, 0, 1)
    assert [line for line, *_ in done.listed] == [3]


@pytest.mark.parametrize("as_deal", [False, True], ids=["lead", "converted"])
def test_an_update_does_not_write_what_is_hidden(ctx: Context, put: Any, as_deal: bool) -> None:
    text = "Ref,Name,Email\n1,Ada,{}\n2,Bob,bob@x.example\n"
    take(ctx, put(text.format("ada@x.example")), kind=LEAD, id_column="Ref")
    if as_deal:
        deals.convert(ctx, 1)
    records.remove(ctx, DEAL if as_deal else LEAD, [1])
    back = ctx.settings.calling("deal" if as_deal else "lead", "restore", "1")

    newer = put(text.format("new@x.example"))
    done = take(ctx, newer, kind=LEAD, id_column="Ref", update=True)
    assert counts(done) == (2, 0, 0, 1, 0, 1)
    assert f"was removed; '{back}' brings it back" in done.listed[0][3]
    with open(done.rejects) as file:
        assert "new@x.example" in file.read(), "the row is not lost"

    done = take(ctx, newer, kind=LEAD, id_column="Ref")
    assert counts(done) == (2, 0, 0, 2, 0, 0)
    assert done.notes == (f"1 of those known already is removed and stays so: '{back}' brings it back",)

    records.restore(ctx, DEAL if as_deal else LEAD, [1])
    assert counts(take(ctx, newer, kind=LEAD, id_column="Ref", update=True)) == (2, 0, 1, 1, 0, 0)
    assert records.get(ctx, DEAL if as_deal else LEAD, 1)["email"] == "new@x.example"


def test_a_command_that_is_told_is_for_the_book_that_was_named(ctx: Context, put: Any) -> None:
    done = imports.run(ctx, imports.plan(ctx, put("Name,Email\nAda,ada@x.example\nBob,bad\n"), kind=LEAD))
    book = ctx.settings.calling()
    assert book.startswith("crm --db ")
    assert done.again.startswith(f"{book} import {done.rejects} --as lead")
    assert done.undo == f"{book} undo {done.batch}"
    assert f"'{done.undo}' takes the import back" in done.lines
