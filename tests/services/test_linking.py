"""Links by typed words: to records, users and tags, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.errors import AmbiguousError, FieldError, NotFoundError
from crmcli.services import merging, pipelines, records, saved_views, timeline, vocabulary
from crmcli.store import read

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection


def test_tags_are_set_added_and_taken_away(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "a", "tags": "vip, cold"})
    records.edit(ctx, LEAD, [1], {"tags": "+Hot,-COLD"})
    assert records.get(ctx, LEAD, 1)["tags"] == ["Hot", "vip"]
    for text in ("d,+e", "+d,e", "+-d"):
        with pytest.raises(FieldError, match="tag"):
            records.edit(ctx, LEAD, [1], {"tags": text})
    assert records.get(ctx, LEAD, 1)["tags"] == ["Hot", "vip"]
    records.edit(ctx, LEAD, [1], {"tags": ""})
    assert records.get(ctx, LEAD, 1)["tags"] == []


def test_an_owner_that_looks_like_a_slip_is_refused_with_both_ways_out(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "a", "owner": "grace"})
    with pytest.raises(FieldError, match="user add gracce"):
        records.edit(ctx, LEAD, [1], {"owner": "gracce"})
    records.edit(ctx, LEAD, [1], {"owner": "me"})
    assert records.get(ctx, LEAD, 1)["owner"] == "tester"


def test_a_task_hangs_on_a_deal_and_its_people(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine", "company": "Gearworks", "contact": "Ada"})
    records.add(ctx, TASK, {"name": "Call", "on": "deal:1", "due": "fri 14:30", "type": "call"})
    task = records.get(ctx, TASK, 1)
    assert (task["opportunity"], task["contact"], task["company"], task["type"]) == (
        "Engine",
        "Ada",
        "Gearworks",
        "call",
    )
    assert (task["due_on"], task["due_at"]) == ("2026-11-27", "2026-11-27T14:30:00.000Z")
    deal = records.get(ctx, DEAL, 1)
    assert (deal["next_due"], deal["open_tasks"]) == ("2026-11-27", 1)


@pytest.mark.parametrize(
    "text",
    ["1", "contact:1", "ada@engines.example", "+98 21 8888 7777", "ada lovelace", "contact:ada", "engines.example"],
)
def test_a_link_is_set_by_what_the_record_is_called(people: Context, text: str) -> None:
    records.add(people, DEAL, {"name": "Engine", "contact": text})
    records.add(people, DEAL, {"name": "Pump", "contact": "grace hopper"})
    records.edit(people, DEAL, [2], {"contact": text})
    assert [records.get(people, DEAL, number)["contact_id"] for number in (1, 2)] == [1, 1]
    assert people.reader.value("SELECT count(*) FROM contact") == 3


def test_a_company_is_linked_by_its_domain_and_address(ctx: Context) -> None:
    records.add(
        ctx, COMPANY, {"name": "Analytical Engines", "website": "engines.example", "email": "info@engines.example"}
    )
    records.add(ctx, COMPANY, {"name": "Daughter", "parent": "engines.example"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "https://www.engines.example/about"})
    records.add(ctx, DEAL, {"name": "Engine", "company": "info@engines.example"})
    assert records.get(ctx, COMPANY, 2)["parent_id"] == 1
    assert (records.get(ctx, CONTACT, 1)["company_id"], records.get(ctx, DEAL, 1)["company_id"]) == (1, 1)
    assert ctx.reader.value("SELECT count(*) FROM company") == 2


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("contact:ada@engines.example", ["Engine"]), ('contact:"+98 21 8888 7777"', ["Engine"]),
        ("contact:09123456789,grace@navy.example", ["Pump"]), ("company:twin.example", ["Engine"]),
        ("company:twin", ["Engine"]), ("company:=twin.example", []), ("contact:nobody@x.example", []),
        ("not contact:ada@engines.example", ["Pump"]),
    ],
)  # fmt: skip
def test_a_filter_knows_a_link_by_its_address_too(people: Context, text: str, fits: list[str]) -> None:
    records.add(people, COMPANY, {"name": "Twin", "website": "www.twin.example"})
    records.add(people, DEAL, {"name": "Engine", "contact": "1", "company": "Twin"})
    records.add(people, DEAL, {"name": "Pump", "contact": "3"})
    found = records.list_records(people, DEAL, text=text)
    assert [row["name"] for row in found.rows] == fits


def test_a_filter_knows_a_link_by_the_full_name_of_what_was_merged(ctx: Context) -> None:
    for kind, name, more in (
        (COMPANY, "Alt AG", {}), (COMPANY, "Neu AG", {}), (COMPANY, "Filiale", {"parent": "1"}),
        (CONTACT, "Émil Alt", {}), (CONTACT, "Emil Neu", {}), (CONTACT, "Kathe", {"company": "1"}),
        (DEAL, "Rohr alt", {"company": "1", "contact": "1"}), (DEAL, "Rohr neu", {}),
        (TASK, "Anruf", {"on": "deal:1"}), (TASK, "Brief", {}),
    ):  # fmt: skip
        records.add(ctx, kind, {"name": name, **more})
    saved_views.save(ctx, "alt", CONTACT, 'company:"Alt AG"')
    timeline.add(ctx, DEAL, 1, "note", "x")
    asked = (
        (CONTACT, 'company:"ALT ag"', 1), (CONTACT, 'company:="Alt AG"', 1), (CONTACT, "view:alt", 1),
        (COMPANY, 'parent:x,"Alt AG"', 1), (DEAL, 'contact:"emil alt" company:="alt ag"', 1),
        (TASK, 'opportunity:"Rohr alt"', 1), (TASK, 'not opportunity:"Rohr alt"', 1), (TASK, 'contact:"Emil Alt"', 1),
        (INTERACTION, 'opportunity:="rohr alt" company:"Alt AG"', 1),
    )  # fmt: skip

    def fits(kind: Entity, text: str) -> int:
        return len(list(records.list_records(ctx, kind, text=text).rows))

    assert [fits(kind, text) for kind, text, _ in asked] == [count for *_, count in asked]
    for kind in (COMPANY, CONTACT, DEAL):
        merging.merge(ctx, kind, [1, 2], into=2)
    assert [fits(kind, text) for kind, text, _ in asked] == [count for *_, count in asked]
    assert not fits(CONTACT, "company:alt"), "a part of such a name names nobody"
    records.add(ctx, COMPANY, {"name": "Last"})
    merging.merge(ctx, COMPANY, [2, 4], into=4)
    assert fits(CONTACT, 'company:"Alt AG"') == 1, "merged and merged again"
    records.add(ctx, COMPANY, {"name": "alt ag"})
    assert not fits(CONTACT, 'company:"Alt AG"'), "who is called so goes before who was"
    records.remove(ctx, COMPANY, [5])
    assert fits(CONTACT, "view:alt") == 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nobody@x.example", "crm contact add NAME --email nobody@x.example"),
        ("+49 30 123456", 'crm contact add NAME --phone "+49 30 123456"'),
        ("۰۹۱۲ ۱۱۱ ۱۱۱۱", "--phone"), ("99", "crm contact list"),
    ],
)  # fmt: skip
def test_an_address_that_nobody_has_makes_nobody(people: Context, text: str, hint: str) -> None:
    records.add(people, DEAL, {"name": "Engine", "contact": "1"})
    for write in (
        lambda: records.add(people, DEAL, {"name": "Pump", "contact": text}),
        lambda: records.edit(people, DEAL, [1], {"contact": text}),
    ):
        with pytest.raises(NotFoundError) as refused:
            write()
        assert hint in refused.value.hint
    assert people.reader.value("SELECT count(*) FROM contact") == 3
    assert records.get(people, DEAL, 1)["contact_id"] == 1


def test_a_link_does_not_choose_among_namesakes(ctx: Context) -> None:
    for domain in ("a.example", "b.example"):
        records.add(ctx, COMPANY, {"name": "Twin", "website": domain})
    with pytest.raises(AmbiguousError) as refused:
        records.add(ctx, DEAL, {"name": "Engine", "company": "TWIN"})
    assert [line.split("  ")[0] for line in refused.value.candidates] == ["company:1", "company:2"]
    records.add(ctx, DEAL, {"name": "Engine", "company": "b.example"})
    assert records.get(ctx, DEAL, 1)["company_id"] == 2


def test_who_is_made_on_the_way_is_said(people: Context, capsys: pytest.CaptureFixture[str]) -> None:
    records.add(people, DEAL, {"name": "Engine", "contact": "Ada", "company": "12345 Ltd: Pumps"})
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "new company: 12345 Ltd: Pumps",
        f"new contact: Ada (there is contact:1 Ada Lovelace; '{people.settings.calling('undo')}' takes this back)",
    ]
    assert records.get(people, CONTACT, 4)["company"] == "12345 Ltd: Pumps"
    records.edit(people, DEAL, [1], {"contact": "Ada"})
    assert capsys.readouterr().err == ""


def test_a_company_is_under_no_company_that_is_under_it(ctx: Context) -> None:
    for name, parent in (("A", ""), ("B", "A"), ("C", "B")):
        records.add(ctx, COMPANY, {"name": name, "parent": parent})
    for parent, why in (("1", "cannot be under itself"), ("B", "B is under A already"), ("C", "C is under A already")):
        with pytest.raises(FieldError, match=why):
            records.edit(ctx, COMPANY, [1], {"parent": parent})
    records.edit(ctx, COMPANY, [3], {"parent": "A"})
    with pytest.raises(FieldError, match="is under"):
        records.edit(ctx, COMPANY, [2, 1], {"parent": "C"})
    assert records.get(ctx, COMPANY, 2)["parent"] == "A"


def test_records_are_not_given_to_somebody_inactive(ctx: Context) -> None:
    vocabulary.user_add(ctx, "bob", {})
    records.add(ctx, LEAD, {"name": "a", "owner": "bob"})
    vocabulary.user_edit(ctx, "bob", {"active": "no"})
    with pytest.raises(FieldError, match="owner: bob is not active") as refused:
        records.add(ctx, LEAD, {"name": "b", "owner": "bob"})
    assert (
        refused.value.hint == f"to give them records again: {ctx.settings.calling('user', 'edit', 'bob', 'active=yes')}"
    )
    assert [row["name"] for row in records.list_records(ctx, LEAD, text="owner:bob").rows] == ["a"]
    vocabulary.user_edit(ctx, "bob", {"active": "yes"})
    records.add(ctx, LEAD, {"name": "b", "owner": "bob"})


def test_a_name_with_an_at_sign_is_a_name(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "D", "company": "[@click=app.quit]x[/]"})
    assert [row["name"] for row in records.list_records(ctx, COMPANY, ()).rows] == ["[@click=app.quit]x[/]"]
    with pytest.raises(NotFoundError, match="has the e-mail address"):
        records.add(ctx, DEAL, {"name": "E", "contact": "nobody+1@x.example"})


def test_a_name_of_invisible_marks_is_no_name(ctx: Context) -> None:
    records.add(
        ctx, LEAD, {"name": "Ada", "company": "\u200c", "tags": "\u200b,vip", "owner": "\u200c", "source": "\u200d"}
    )
    row = records.get(ctx, LEAD, 1)
    assert (row["company"], row["tags"], row["owner"], row["source"]) == (None, ["vip"], None, None)
    with pytest.raises(FieldError, match="a stage needs a name"):
        pipelines.stage_add(ctx, "\u200c")
    with ctx.writing() as tx, pytest.raises(FieldError, match="a tag needs a name"):
        tx.word("tag", "\u200c")


def test_what_many_records_are_set_to_is_looked_for_once(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        records.add(ctx, COMPANY, {"name": f"C{number}"})
        records.add(ctx, TASK, {"name": "x", "type": "todo"})
    asked: list[str] = []
    raw, known = read.raw, Context.names

    def counted(connection: Connection, table: str, ids: list[int]) -> Any:
        asked.extend([table] if ids else [])
        return raw(connection, table, ids)

    def named(self: Context, entity: str) -> list[str]:
        asked.append(entity)
        return known(self, entity)

    monkeypatch.setattr(read, "raw", counted)
    monkeypatch.setattr(Context, "names", named)
    times = {}
    for some in ([2], [3, 4, 5, 6]):
        asked.clear()
        records.edit(ctx, COMPANY, some, {"parent": "1"})
        records.edit(ctx, TASK, some, {"type": "e-mail"})
        times[len(some)] = (asked.count("company"), asked.count("task_type"))
    assert times[4] == times[1]
