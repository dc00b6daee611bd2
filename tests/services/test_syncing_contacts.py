"""Contacts in step with an address book: what each side changed, who is whom, and what no field says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT
from crmcli.services import history, merging, records
from crmcli.services.syncing import sync
from crmcli.services.syncing_contacts import Contacts
from tests.support.sync_remotes import MemoryRemote

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.services.syncing import Outcome


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def add(ctx: Context, **assigned: str) -> int:
    return int(records.add(ctx, CONTACT, {"name": "Ada Lovelace", **assigned}).ids[0])


def contact(ctx: Context, number: int = 1) -> dict[str, Any]:
    return records.get(ctx, CONTACT, number)


def run(ctx: Context, remote: MemoryRemote, chosen: str = "", **options: Any) -> Outcome:
    return sync(ctx, Contacts(ctx, chosen), remote, **options)


def settled(ctx: Context, remote: MemoryRemote) -> None:
    """A further run changes nothing on either side."""
    before, writes = ctx.reader.value("SELECT seq FROM journal_head"), remote.writes
    found = run(ctx, remote)
    assert (str(found), found.unsettled) == ("in step", [])
    assert (ctx.reader.value("SELECT seq FROM journal_head"), remote.writes) == (before, writes)


def card(*lines: str, uid: str = "one@x.org", name: str = "Ada Lovelace") -> str:
    family = name.rpartition(" ")[2]
    given = name.rpartition(" ")[0]
    return "\r\n".join(
        ["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{name}", f"N:{family};{given};;;", *lines, "END:VCARD", ""]
    )


PHOTO = "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 20_000
FULL = (
    "ORG:Engines;Research", "TITLE:Countess", "EMAIL;TYPE=INTERNET,WORK:ada@x.org", "EMAIL;TYPE=INTERNET,HOME:a@y.org",
    "TEL;TYPE=WORK,VOICE:+98 21 8888 7777", "TEL;TYPE=CELL:+98 912 345 6789", "BDAY:1815-12-10", "NOTE:Likes numbers",
    "ADR;TYPE=WORK:;;Main St 1;Tehran;;123;Iran", "CATEGORIES:vip,maths", "X-PHONETIC-LAST-NAME:lavles",
    "item1.URL:https://x.org", "item1.X-ABLABEL:Blog",
)  # fmt: skip
BEYOND = ("EMAIL;TYPE=INTERNET,HOME:a@y.org", "X-PHONETIC-LAST-NAME:lavles", "X-ABLABEL:Blog", "Engines;Research")


def test_there_and_back(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, company="Engines", email="ada@x.org", phone="+98 21 8888 7777", birthday="1815-12-10", tags="vip,big",
        description="a\n\nb, c; d", city="Tehran", street="Main St 1", country="IR")  # fmt: skip
    add(ctx, name="گریس هاپر", mobile="09123456789")
    assert str(run(ctx, remote)) == "2 new there"
    settled(ctx, remote)
    assert remote.reads == 0


def test_what_is_new_there_comes_in(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.vcf", card(*FULL, PHOTO))
    assert str(run(ctx, remote)) == "1 new here"
    found = contact(ctx)
    assert {name: found[name] for name in ("name", "company", "job_title", "email", "city", "birthday")} == {
        "name": "Ada Lovelace", "company": "Engines", "job_title": "Countess", "email": "ada@x.org", "city": "Tehran",
        "birthday": "1815-12-10",
    }  # fmt: skip
    assert found["tags"] == ["maths", "vip"]
    settled(ctx, remote)
    records.edit(ctx, CONTACT, [1], {"job_title": "Programmer", "email": "ada@z.org"})
    assert str(run(ctx, remote)) == "1 changed there"
    (text,) = remote.texts
    assert "TITLE:Programmer" in text
    assert "ada@z.org" in text
    assert "ada@x.org" not in text
    for kept in (*BEYOND, "UID:one@x.org", "QUJD" * 20_000):
        assert kept in text
    settled(ctx, remote)


def test_what_one_side_changed_and_what_both_did(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, email="ada@x.org", job_title="Countess", phone="+98 21 8888 7777")
    run(ctx, remote)
    remote.edit(remote.only, ("ada@x.org", "ada@new.org"), ("TITLE:Countess", "TITLE:Lady"))
    records.edit(ctx, CONTACT, [1], {"phone": "+98 21 8888 0000", "job_title": "Programmer"})
    found = run(ctx, remote)
    (line,) = found.unsettled
    assert line.startswith("contact:1 Ada Lovelace: its job_title was changed on both sides; the book's stays")
    assert line.endswith("there it was Lady")
    assert (contact(ctx)["email"], contact(ctx)["job_title"]) == ("ada@new.org", "Programmer")
    assert "TITLE:Programmer" in remote.texts[0]
    assert "8888 0000" in remote.texts[0]
    settled(ctx, remote)
    remote.edit(remote.only, ("TITLE:Programmer\r\n", ""))
    run(ctx, remote)
    assert contact(ctx)["job_title"] is None
    settled(ctx, remote)


def test_what_the_book_takes_away_takes_nothing_in_its_place(ctx: Context, remote: MemoryRemote) -> None:
    own = ("EMAIL;TYPE=INTERNET,WORK:ada@x.org", "EMAIL;TYPE=INTERNET,HOME:a@y.org", "TEL;TYPE=CELL:+98 912 345 6789",
           "TEL;TYPE=CELL:+98 935 333 4444", "URL:https://x.org", "URL:https://y.org")  # fmt: skip
    remote.put("/a.vcf", card(*own))
    run(ctx, remote)
    for field in ("email", "mobile", "website"):
        records.edit(ctx, CONTACT, [1], {field: ""})
        assert str(run(ctx, remote)) == "1 changed there"
        settled(ctx, remote)
    (text,) = remote.texts
    assert (text.count("EMAIL"), text.count("TEL"), text.count("URL:")) == (1, 1, 1), text
    for kept in (own[1], own[3], own[5]):
        assert kept.rpartition(":")[2] in text
    assert "HOME:a@y.org" in text
    remote.edit("/a.vcf", ("END:VCARD", "TITLE:Countess\r\nEND:VCARD"))
    run(ctx, remote)
    found = contact(ctx)
    assert (found["job_title"], found["email"], found["mobile"], found["website"]) == ("Countess", None, None, None)
    settled(ctx, remote)
    records.edit(ctx, CONTACT, [1], {"email": "new@x.org", "mobile": "+98 912 000 0000"})
    run(ctx, remote)
    assert "HOME:a@y.org" in remote.texts[0]
    assert (remote.texts[0].count("EMAIL"), remote.texts[0].count("TEL")) == (2, 2)
    settled(ctx, remote)


def test_who_has_the_address_is_the_same(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, email="ada@x.org", phone="+98 21 8888 7777", name="Ada")
    remote.put("/a.vcf", card("EMAIL:ADA@x.org", "TITLE:Countess"))
    found = run(ctx, remote)
    assert str(found) == "1 changed here, 1 changed there"
    assert [line.split(":")[2].strip() for line in found.unsettled] == [
        "its name was changed on both sides; the book's stays, and goes there; there it was Ada Lovelace"
    ]
    assert (contact(ctx)["name"], contact(ctx)["job_title"]) == ("Ada", "Countess")
    assert "8888 7777" in remote.texts[0]
    settled(ctx, remote)
    assert ctx.reader.value("SELECT count(*) FROM contact") == 1


def test_two_with_one_address_are_two(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, email="us@x.org")
    run(ctx, remote)
    remote.put("/b.vcf", card("EMAIL:us@x.org", uid="b", name="William King"))
    remote.put("/c.vcf", card("EMAIL:us@x.org", uid="c", name="Ralph King"))
    remote.put("/d.vcf", card("EMAIL:us@x.org", uid="c", name="Ralph King"))
    found = run(ctx, remote)
    assert (str(found), len(found.unsettled)) == ("2 new here", 1)
    assert "is there twice" in found.unsettled[0]
    settled(ctx, remote)
    remote.put("/e.vcf", card("EMAIL:they@x.org", uid="e", name="Anne King"))
    remote.put("/f.vcf", card("EMAIL:they@x.org", uid="f", name="Byron King"))
    assert str(run(ctx, remote)) == "2 new here"
    settled(ctx, remote)


def test_what_was_removed(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    add(ctx, name="Grace")
    run(ctx, remote)
    remote.drop(f"/{contact(ctx)['uid']}.ics")
    assert str(run(ctx, remote)) == "1 removed here"
    assert contact(ctx)["removed_at"]
    records.remove(ctx, CONTACT, [2])
    assert str(run(ctx, remote)) == "1 removed there"
    records.archive(ctx, CONTACT, [add(ctx, name="Bob")])
    assert str(run(ctx, remote)) == "in step"
    records.restore(ctx, CONTACT, [3])
    assert str(run(ctx, remote)) == "1 new there"
    records.archive(ctx, CONTACT, [3])
    settled(ctx, remote)


def test_who_was_merged_is_there_once(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, email="ada@x.org")
    add(ctx, email="ada@y.org", job_title="Countess")
    run(ctx, remote)
    merging.merge(ctx, CONTACT, [1, 2])
    assert str(run(ctx, remote)) == "1 changed there, 1 removed there"
    assert "TITLE:Countess" in remote.texts[0]
    settled(ctx, remote)


def test_two_books_mean_the_same_by_one_uid(ctx: Context, second_book: Context, remote: MemoryRemote) -> None:
    add(ctx, email="ada@x.org")
    for book in (ctx, second_book):
        run(book, remote)
    uid = contact(ctx)["uid"]
    assert contact(second_book)["uid"] == uid
    records.edit(second_book, CONTACT, [1], {"job_title": "Countess"})
    run(second_book, remote)
    assert f"UID:urn:uuid:{uid}" in remote.texts[0]
    assert str(run(ctx, remote)) == "1 changed here"
    records.remove(second_book, CONTACT, [1])
    for book in (second_book, ctx):
        run(book, remote)
    history.undo(second_book)
    assert str(run(second_book, remote)) == "1 new there"
    run(ctx, remote)
    for book in (ctx, second_book):
        settled(book, remote)
        assert book.reader.value("SELECT count(*) FROM contact") == 1
        assert contact(book)["removed_at"] is None


def test_a_card_of_ours_that_came_in_under_another_uid_keeps_its_own(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    add(ctx, email="ada@x.org")
    add(second_book, email="ada@x.org", job_title="Countess")
    for book in (ctx, second_book):
        run(book, remote)
    uid = contact(ctx)["uid"]
    assert contact(second_book)["uid"] != uid
    assert f"UID:urn:uuid:{uid}" in remote.texts[0]
    assert "TITLE:Countess" in remote.texts[0]


def test_groups_and_rubbish_are_told_once_and_left(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/g.vcf", card("X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", uid="g"))
    remote.put("/r.vcf", "rubbish")
    remote.put("/b.vcf", card("BDAY:yesterday", uid="b"))
    found = run(ctx, remote)
    assert str(found) == "1 new here"
    assert len(found.unsettled) == 2
    settled(ctx, remote)
    assert len(remote.items) == 3


def test_a_value_that_no_field_takes_is_left_out(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.vcf", card("URL:https://x.org/" + "x" * 5000, "TITLE:Countess"))
    run(ctx, remote)
    assert contact(ctx)["job_title"] == "Countess"
    settled(ctx, remote)
    records.edit(ctx, CONTACT, [1], {"job_title": "Lady"})
    run(ctx, remote)
    assert "x" * 5000 in remote.texts[0]
    settled(ctx, remote)


@pytest.mark.parametrize("text", ["\0", "\x1b[31m", "\u202e", "\ud800", "x" * 100_000, "\r", "\u2028"])
@pytest.mark.parametrize(
    "line", ["EMAIL:a{}@x.org", "TITLE:{}", "CATEGORIES:{}", "ORG:{}", "X-MORE:{}", "BDAY:{}", "NOTE:{}"]
)
def test_hostile_cards_come_in_or_are_refused(ctx: Context, remote: MemoryRemote, text: str, line: str) -> None:
    remote.put("/a.vcf", card(line.format(text), uid=f"one{text}"))
    remote.put("/b.vcf", card("TITLE:Countess", uid="b"))
    run(ctx, remote)
    assert ctx.reader.value("SELECT count(*) FROM contact") in (1, 2)
    settled(ctx, remote)
    with ctx.writing() as tx:
        for (number,) in ctx.reader.rows("SELECT id FROM contact"):
            tx.change("contact", number, {"language": "de"})
    run(ctx, remote)
    settled(ctx, remote)
