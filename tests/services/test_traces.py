"""What a purge does where else a person is named: saved views, living and removed; what it tells of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import NotFoundError, RefusedError
from crmcli.services import database, deals, history, records, saved_views, timeline
from tests.support.books import everything

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity


def views(ctx: Context) -> dict[str, str]:
    return {row["name"]: row["filter"] for row in saved_views.views(ctx).rows}


def kept(ctx: Context, *purges: str) -> str:
    """The line that says which purges forget what an edit leaves in the history."""
    commands = ", ".join(f"'{ctx.settings.calling(*line.split())}'" for line in purges)
    return f"what an edit takes out of them stays in their history; purging them forgets that too: {commands}"


def test_purge_takes_the_person_out_of_saved_views(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Zyxwalda", "email": "zyx@p.example"})
    saved_views.save(ctx, "one", LEAD, "email:zyx@p.example or email:bob@q.example", sort="name")
    saved_views.save(ctx, "gone", None, 'name:"ZYXWALDA"')
    saved_views.remove(ctx, "gone")
    saved_views.save(ctx, "was", LEAD, "zyxwalda")
    saved_views.save(ctx, "was", LEAD, "has:email")
    saved_views.save(ctx, "zyxwalda", LEAD, "id:1")
    saved_views.save(ctx, "city", LEAD, "city:Zyxwalda")
    saved_views.save(ctx, "part", LEAD, "zyxwaldas")
    lines = history.purge(ctx, LEAD, [1]).lines
    assert lines == (
        "purged lead:1; it cannot be undone",
        "the view one asked for it and says now: no:id or email:bob@q.example",
        "the view zyxwalda bore that name and is gone too",
    )
    assert views(ctx) == {
        "city": "city:Zyxwalda", "one": "no:id or email:bob@q.example", "part": "zyxwaldas", "was": "has:email"
    }  # fmt: skip
    assert [row["sort"] for row in saved_views.views(ctx).rows if row["name"] == "one"] == ["name"]
    left = everything(ctx).replace("city:zyxwalda", "").replace("zyxwaldas", "")
    assert "zyx" not in left, left[left.index("zyx") - 100 :][:200]
    page = database.check(ctx, deep=True)
    assert page.values["ok"], [row for row in page.sections[0].rows.rows if not row["ok"]]


def test_purge_leaves_the_rest_of_a_filter(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "علي رضايي", "phone": "+98 912 345 6789", "mobile": "+49 30 7654321"})
    records.add(ctx, CONTACT, {"name": "Office", "phone": "+49 30 7654321"})
    for name, text in (
        ("letters", 'name:"علی رضایی",Bob has:email'),
        ("phone", "not phone:00989123456789 city:Rome"),
        ("number", 'phone:"+98 912 345-6789"'),
        ("shared", "phone:+49307654321"),
        ("bad", "has:email"),
    ):
        saved_views.save(ctx, name, CONTACT, text)
    history.purge(ctx, CONTACT, [1])
    assert views(ctx) == {
        "letters": "name:Bob has:email", "phone": "not no:id city:Rome", "number": "no:id",
        "shared": "phone:+49307654321", "bad": "has:email",
    }  # fmt: skip
    assert "9123456789" not in everything(ctx)
    for name in views(ctx):
        records.list_records(ctx, CONTACT, (f"view:{name}",))


def test_what_others_go_by_stays_in_views(ctx: Context) -> None:
    for _ in range(2):
        records.add(ctx, LEAD, {"name": "Ada", "email": "info@p.example"})
    records.add(ctx, TASK, {"name": "call"})
    saved_views.save(ctx, "one", LEAD, "name:Ada email:info@p.example")
    saved_views.save(ctx, "calls", None, "call")
    assert len(history.purge(ctx, TASK, [1]).lines) == 1
    assert history.purge(ctx, LEAD, [1]).lines[1:] == (
        "lead:2 still has Ada, info@p.example",
        kept(ctx, "lead purge 2"),
    )
    assert views(ctx) == {"one": "name:Ada email:info@p.example", "calls": "call"}
    history.purge(ctx, LEAD, [2])
    assert views(ctx) == {"one": "no:id no:id", "calls": "call"}


def test_purge_tells_which_records_still_name_the_person(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Zyx", "email": "zyx@p.example", "phone": "+49 30 1234567"})
    deals.convert(ctx, 1)
    records.edit(ctx, DEAL, [1], {"name": "Engine"})
    records.add(ctx, DEAL, {"name": "Other", "contact": "Zyx"})
    lines = history.purge(ctx, CONTACT, [1]).lines
    assert lines[1:] == ("deal:1 still has zyx@p.example, +49 30 1234567", kept(ctx, "deal purge 1"))
    records.edit(ctx, DEAL, [1], {"email": "", "phone": ""})
    assert "zyx@p.example" in everything(ctx)
    history.purge(ctx, DEAL, [1])
    assert "zyx@p.example" not in everything(ctx)


def test_a_view_that_a_purge_blanked_does_not_come_back(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Zyx", "email": "zyx@p.example"})
    first = records.add(ctx, LEAD, {"name": "Bob"}).batch
    saved_views.save(ctx, "one", LEAD, "email:zyx@p.example")
    saved = saved_views.save(ctx, "two", LEAD, "email:zyx@p.example").batch
    saved_views.remove(ctx, "one")
    history.purge(ctx, LEAD, [1])
    with pytest.raises(RefusedError, match="what was purged"):
        history.undo(ctx, saved)
    assert history.undo(ctx).lines == (f"took back batch {first}: 1 lead",)
    with pytest.raises(NotFoundError, match="nothing of yours"):
        history.undo(ctx)


def test_purge_forgets_who_was_added_and_taken_back_before(ctx: Context) -> None:
    person = {"name": "Xen Quux", "email": "xq@p.example"}
    records.add(ctx, CONTACT, person, note="likes zirconium")
    records.add(ctx, TASK, {"name": "Ask about tungsten", "on": "contact:1"})
    history.undo(ctx)
    back = history.undo(ctx).batch
    records.add(ctx, CONTACT, {"name": "Xen Quux", "email": "other@p.example"})
    other = history.undo(ctx).batch
    records.add(ctx, CONTACT, person)
    records.add(ctx, TASK, {"name": "Ring about zinc", "on": "contact:3"})
    history.undo(ctx)
    assert history.purge(ctx, CONTACT, [3]).lines == (
        "purged contact:3; it cannot be undone",
        "forgotten too, what was taken away of it before: 1 contact, 2 tasks, 1 interaction",
    )
    left = everything(ctx)
    assert not [word for word in ("zirconium", "tungsten", "zinc", "xq@p") if word in left]
    history.undo(ctx, back)  # her maker was a new user then
    history.undo(ctx, other)
    assert ctx.reader.rows("SELECT id, email FROM contact") == [(2, "other@p.example")]
    page = database.check(ctx, deep=True)
    assert page.values["ok"], [row for row in page.sections[0].rows.rows if not row["ok"]]


def test_purge_forgets_the_moves_of_a_deal_that_were_taken_back(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Big", "tags": "vip"})
    records.edit(ctx, DEAL, [1], {"stage": "qualified", "tags": "+hot"})
    back = history.undo(ctx).batch
    history.purge(ctx, DEAL, [1])
    history.undo(ctx, back)
    assert ctx.names("tag") == ["hot", "vip"]
    assert ctx.reader.rows("SELECT * FROM stage_move") == []


def test_purge_tells_whose_words_name_the_person(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Somebody", "email": "xq@p.example"})
    back = history.undo(ctx).batch
    records.add(ctx, CONTACT, {"name": "Xen Quux", "email": "xq@p.example"})
    records.add(ctx, DEAL, {"name": "Offer for xen  quux, Bern"})
    records.add(ctx, DEAL, {"name": "Offer for Xen Quuxley"})
    records.add(ctx, TASK, {"name": "Write to XQ@p.example", "on": "deal:2"})
    records.remove(ctx, TASK, [1])
    timeline.add(ctx, DEAL, 2, "note", "met Xen Quux")
    assert history.purge(ctx, CONTACT, [1]).lines[1:] == (
        "deal:2 still has Xen Quux",
        "interaction:1 still has Xen Quux",
        "task:1 still has xq@p.example",
        kept(ctx, "deal purge 2", "task purge 1"),
        "what an edit takes out of a note stays in its history until what it was noted on is purged",
        f"lead:1, taken away by batch {back}, had xq@p.example: undo that to purge it too",
    )


@pytest.mark.parametrize(
    ("kind", "before", "now", "lines"),
    [
        # The name of a deal or lead says nobody.
        (DEAL, {"name": "Renewal"}, {"name": "Renewal"}, ()),
        (LEAD, {"name": "Renewal"}, {"name": "Renewal", "contact_name": "Ada", "email": "a@p.example"}, ()),
        (LEAD, {"name": "L", "phone": "+49 30 1234567"}, {"name": "L", "phone": "+49 (30) 123 4567"}, ("1 lead",)),
        (CONTACT, {"name": "Ada"}, {"name": "ada"}, ("1 contact",)),
        (CONTACT, {"name": "Ada", "mobile": "+49 30 1234567"}, {"name": "Ada", "phone": "+49 30 7654321"}, ()),
        (COMPANY, {"name": "Eng", "domain": "e.example"}, {"name": "Eng", "domain": "e.example"}, ("1 company",)),
        (COMPANY, {"name": "Eng", "domain": "e.example"}, {"name": "Eng", "domain": "f.example"}, ()),
        # Nothing tells whether it is the same: it stays, and is told.
        (CONTACT, {"name": "Ada"}, {"name": "Ada", "email": "a@p.example"}, ("contact:1",)),
        (COMPANY, {"name": "Eng", "domain": "e.example"}, {"name": "Eng"}, ("company:1",)),
    ],
)  # fmt: skip
def test_what_was_taken_away_is_forgotten_where_it_is_the_same(
    ctx: Context, kind: Entity, before: dict[str, str], now: dict[str, str], lines: tuple[str, ...]
) -> None:
    records.add(ctx, kind, before)
    back = history.undo(ctx).batch
    records.add(ctx, kind, now)
    told = history.purge(ctx, kind, [2]).lines[1:]
    assert len(told) == len(lines), told
    for line, part in zip(told, lines, strict=True):
        assert part in line
    if not any(line.startswith("forgotten") for line in told):
        history.undo(ctx, back)
        assert records.get(ctx, kind, 1)["name"] == before["name"]


def test_purging_several_mixes_nobodys_name_with_anothers_address(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "b@p.example"})
    history.undo(ctx)
    for name in ("Ada", "Bob"):
        records.add(ctx, CONTACT, {"name": name, "email": f"{name[0]}@p.example"})
    lines = history.purge(ctx, CONTACT, [2, 3]).lines
    assert "had b@p.example: undo that to purge it too" in lines[-1]
    assert not any("forgotten too" in line for line in lines)


def test_what_is_purged_as_it_was_shown_goes_out_of_views_too(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Xen Quux"})
    saved_views.save(ctx, "one", CONTACT, 'name:"Xen Quux" or has:email')
    with ctx.as_seen("contact", records.versions(ctx, CONTACT, [1])):
        history.purge(ctx, CONTACT, [1])
    assert views(ctx) == {"one": "no:id or has:email"}
