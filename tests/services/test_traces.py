"""What a purge does where else a person is named: saved views, living and removed; what it tells of the rest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import NotFoundError, RefusedError
from crmcli.services import (
    database,
    deals,
    history,
    plans,
    records,
    saved_views,
    tags,
    task_types,
    timeline,
    traces,
    vocabulary,
)
from crmcli.services.doctor import own
from tests.support.books import everything, sound

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
    records.add(ctx, LEAD, {"name": "Zyx Walda", "email": "zyx@p.example"})
    saved_views.save(ctx, "one", LEAD, "email:zyx@p.example or email:bob@q.example", sort="name")
    saved_views.save(ctx, "gone", None, 'name:"ZYX WALDA"')
    saved_views.remove(ctx, "gone")
    saved_views.save(ctx, "was", LEAD, '"zyx walda"')
    saved_views.save(ctx, "was", LEAD, "has:email")
    saved_views.save(ctx, "zyx-walda", LEAD, "id:1")
    saved_views.save(ctx, "city", LEAD, 'city:"Zyx Walda"')
    saved_views.save(ctx, "part", LEAD, '"zyx waldas"')
    lines = history.purge(ctx, LEAD, [1]).lines
    assert lines == (
        "purged lead:1; it cannot be undone",
        "the view one asked for it and says now: no:id or email:bob@q.example",
        "the view zyx-walda bore that name and is gone too",
    )
    assert views(ctx) == {
        "city": 'city:"Zyx Walda"', "one": "no:id or email:bob@q.example", "part": '"zyx waldas"', "was": "has:email"
    }  # fmt: skip
    assert [row["sort"] for row in saved_views.views(ctx).rows if row["name"] == "one"] == ["name"]
    left = everything(ctx).replace("zyx waldas", "").replace("zyx walda", "", 4)
    assert "zyx" not in left, left[left.index("zyx") - 100 :][:200]
    page = database.check(ctx, deep=True)
    assert page.values["ok"], [row for row in page.sections[0].rows.rows if not row["ok"]]


def test_purge_takes_the_person_out_of_the_doctors_rules(ctx: Context) -> None:
    """They are filters like views: in the book, in its journal and in the commands that made them."""
    records.add(ctx, CONTACT, {"name": "Bert Quux", "email": "bert@zyx.example"})
    for name, text, advice in (
        ("r1", "contact:bert@zyx.example", ""),
        ("r2", "no:value", "ask Bert Quux"),
        ("bert quux", "no:value", ""),
        ("r3", "quux", ""),
        ("r4", "name:bertha", "ask Bertha"),
    ):
        ctx.command = f"doctor add '{name}' '{text}' '{advice}'"
        own.add(ctx, name, DEAL, text, advice)
    own.add(ctx, "past", DEAL, 'contact:"bert quux" or no:value')
    own.remove(ctx, ["past"])
    ctx.command = ""
    lines = history.purge(ctx, CONTACT, [1]).lines
    assert [line for line in lines if " rule " in line] == [
        "the rule r1 asked for it and says now: no:id",
        "the rule r2 gave an advice that named it and gives none now",
        "the rule bert quux bore that name and is gone too",
        "the rule r3 still asks for quux, a part of what is forgotten",
    ]
    found = ctx.reader.rows("SELECT name, filter, advice FROM doctor_rule ORDER BY name")
    assert found == [
        ("r1", "no:id", None), ("r2", "no:value", None), ("r3", "quux", None), ("r4", "name:bertha", "ask Bertha"),
    ]  # fmt: skip
    left = everything(ctx)
    assert not [word for word in ("bert@zyx", "bert quux") if word in left]
    assert "doctor add 'r4'" in left
    sound(ctx)


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
    lines = history.purge(ctx, CONTACT, [1]).lines
    assert [line for line in lines if "also fits" in line] == [
        "the view shared still asks for +49307654321, which contact:2 also fits"
    ]
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
        "the view one still asks for info@p.example, which lead:2 also fits",
        "the view one still asks for Ada, a part of what is forgotten",
        "lead:2 still has Ada, info@p.example",
        kept(ctx, "lead purge 2"),
    )
    assert views(ctx) == {"one": "name:Ada email:info@p.example", "calls": "call"}
    history.purge(ctx, LEAD, [2])
    assert views(ctx) == {"one": "name:Ada no:id", "calls": "call"}


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
        kept(ctx, "deal purge 2", "note purge 1", "task purge 1"),
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


@pytest.mark.parametrize(
    ("kind", "added", "edited", "now", "goes"),
    [
        (
            LEAD,
            {"name": "Zelda Quux"},
            {"email": "zq@p.example"},
            {"name": "Zelda Quux", "email": "zq@p.example"},
            True,
        ),
        (CONTACT, {"name": "Zelda Quux"}, {"name": "Zelda Smith"}, {"name": "Zelda Smith"}, True),
        (
            CONTACT,
            {"name": "Zelda Quux"},
            {"phone": "030 1234567"},
            {"name": "Zelda Quux", "mobile": "0301234567"},
            True,
        ),
        (CONTACT, {"name": "Zelda Quux"}, {"phone": "030 1234567"}, {"name": "Zelda Quux"}, False),
        (LEAD, {"name": "Zelda Quux"}, {"phone": "030 1234567"}, {"name": "Zelda Quux"}, False),
        (DEAL, {"name": "Renewal"}, {"description": "for Zelda Quux"}, {"name": "Zelda Quux"}, False),
    ],
)
def test_what_was_taken_away_is_judged_by_all_that_it_ever_had(
    ctx: Context, kind: Entity, added: dict[str, str], edited: dict[str, str], now: dict[str, str], goes: bool
) -> None:
    records.add(ctx, kind, added)
    records.edit(ctx, kind, [1], edited)
    edit_back = history.undo(ctx).batch
    back = history.undo(ctx).batch
    records.add(ctx, kind, now)
    [line] = history.purge(ctx, kind, [2]).lines[1:]
    if goes:
        assert line == f"forgotten too, what was taken away of it before: 1 {kind.name}"
        assert not [word for word in ("zelda", "zq@p", "1234567") if word in everything(ctx)]
    else:
        assert line == f"{kind.name}:1, taken away by batch {back}, had Zelda Quux: undo that to purge it too"
        history.undo(ctx, back)
        history.undo(ctx, edit_back)
        assert {**records.get(ctx, kind, 1), **edited} == records.get(ctx, kind, 1)


def test_a_task_that_got_its_link_by_an_edit_is_forgotten_after_two_undos(ctx: Context) -> None:
    for name in ("Zelda Quux", "Bob"):
        records.add(ctx, CONTACT, {"name": name})
    records.add(ctx, TASK, {"name": "Ask about zinc"})
    records.edit(ctx, TASK, [1], {"on": "contact:1"})
    records.add(ctx, TASK, {"name": "Ask about lead", "on": "contact:1"})
    records.edit(ctx, TASK, [2], {"on": "contact:2"})
    for _ in range(4):
        history.undo(ctx)
    assert ctx.reader.rows("SELECT id FROM task") == []
    assert history.purge(ctx, CONTACT, [1]).lines[1:] == ("forgotten too, what was taken away of it before: 2 tasks",)
    assert "about zinc" not in everything(ctx)


@pytest.mark.parametrize(
    ("text", "left", "part"),
    [
        ("zelda quux", "no:id", ""),
        ("Quux has:email ZELDA", "no:id has:email", ""),
        ("(zelda has:email) quux or bob", "no:id has:email or bob", ""),
        ("name:zelda name:quux", "no:id", ""),
        ("not (zelda quux)", "not no:id", ""),
        ("zelda-quux", "no:id", ""),
        ("phone:+98 21 8888 1234 has:email", "no:id has:email", ""),
        ("call 0098 21 8888 1234", "call no:id", ""),
        ('name:"~zelda quux"', "no:id", ""),
        ("email:zq@p.example zelda", "no:id zelda", "zelda"),
        ("zelda or quux", "zelda or quux", "zelda, quux"),
        ("name:~QUUX", "name:~QUUX", "~QUUX"),
        ("zelda not quux", "zelda not quux", "zelda, quux"),
        ("phone:88881234", "phone:88881234", "88881234"),
        ("email:zq", "email:zq", "zq"),
        ("city:zelda zeldas street:quux", "city:zelda zeldas street:quux", ""),
        ("علی کریمی", "no:id", ""),
        ("علی\u200cکریمی", "no:id", ""),
        ("name:~كريمي", "name:~كريمي", "~كريمي"),
    ],
)  # fmt: skip
def test_a_name_in_a_view_needs_no_quotation_marks(book: Context, text: str, left: str, part: str) -> None:
    records.add(book, CONTACT, {"name": "Zelda Quux", "email": "zq@p.example", "phone": "+98 21 8888 1234"})
    records.add(book, CONTACT, {"name": "علي كريمي"})
    records.add(book, CONTACT, {"name": "Al Ien"})
    saved_views.save(book, "one", CONTACT, text)
    saved_views.save(book, "other", CONTACT, "alien or allen")
    lines = history.purge(book, CONTACT, [1, 2, 3]).lines[1:]
    assert views(book) == {"one": left, "other": "alien or allen"}
    changed = (f"the view one asked for it and says now: {left}",) if left != text else ()
    told = (f"the view one still asks for {part}, a part of what is forgotten",) if part else ()
    assert lines == changed + told
    if not part and left != text:
        assert everything(book).count("quux") == 0


def test_who_is_named_behind_many_that_have_only_the_words_is_told(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.add(ctx, LEAD, {"name": "Old", "description": "met ali reza today"})
    for i in range(30):
        records.add(ctx, LEAD, {"name": f"New {i}", "description": "reza and then ali"})
    for _ in range(2):
        records.add(ctx, CONTACT, {"name": "Ali Reza"})
    assert history.purge(ctx, CONTACT, [1]).lines[1:3] == ("lead:1 still has Ali Reza", "contact:2 still has Ali Reza")
    monkeypatch.setattr(traces, "_LOOKED_AT", 10)
    assert history.purge(ctx, CONTACT, [2]).lines[1:] == (
        "there may be more: too many records have all words of Ali Reza for a look at each",
    )


def test_what_only_an_earlier_one_had_is_looked_for_too(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Xen Quux", "phone": "+49 30 1234567", "email": "old@p.example"})
    history.undo(ctx)
    records.add(ctx, TASK, {"name": "Write to old@p.example"})
    records.add(ctx, LEAD, {"name": "L", "description": "was old@p.example"})
    records.edit(ctx, LEAD, [1], {"description": ""})
    saved_views.save(ctx, "one", CONTACT, "email:old@p.example")
    records.add(ctx, CONTACT, {"name": "Xen Quux", "phone": "+49 30 1234567"})
    assert history.purge(ctx, CONTACT, [2]).lines[1:] == (
        "forgotten too, what was taken away of it before: 1 contact",
        "the view one asked for it and says now: no:id",
        "task:1 still has old@p.example",
        "the history of lead:1 still has old@p.example",
        kept(ctx, "task purge 1", "lead purge 1"),
    )


@pytest.mark.parametrize(("text", "part"), [("-", "-"), ("_ -", "_ -"), ("ada-king bo", "king"), ("ada", "ada")])
def test_a_hint_is_never_empty(text: str, part: str) -> None:
    assert traces.hint(text) == part


def test_a_part_of_a_name_in_the_history_of_a_view_is_told(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Zelda Quux"})
    saved_views.save(ctx, "one", CONTACT, "name:quux")
    saved_views.save(ctx, "one", CONTACT, "has:email")
    assert history.purge(ctx, CONTACT, [1]).lines[1:] == (
        "the history of the view one still has quux, a part of what is forgotten",
    )


def test_purge_tells_who_else_has_the_telephone(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Xen", "phone": "+49 30 1234567", "mobile": "021 8888"})
    records.add(ctx, CONTACT, {"name": "Bob", "mobile": "+49 (30) 123-4567"})
    records.add(ctx, COMPANY, {"name": "Firm", "phone": "0049 30 1234567"})
    records.add(ctx, LEAD, {"name": "L", "phone": "+49301234567", "email": "l@p.example"})
    records.add(ctx, LEAD, {"name": "M", "phone": "021 8889"})
    records.add(ctx, TASK, {"name": "Ring +49 30 1234567, ext. 2"})
    assert history.purge(ctx, CONTACT, [1]).lines[1:] == (
        "lead:1 still has +49301234567",
        "contact:2 still has +49 (30) 123-4567",
        "company:1 still has 0049 30 1234567",
        "task:1 still has +49 30 1234567",
        kept(ctx, "lead purge 1", "contact purge 2", "company purge 1", "task purge 1"),
    )


def test_purge_tells_whose_history_names_the_person(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Zelda Quux", "email": "zq@p.example", "phone": "+49 30 1234567"})
    records.add(ctx, CONTACT, {"name": "Bob", "description": 'he said:\n"Zelda Quux"\tis in'})
    records.edit(ctx, CONTACT, [2], {"description": ""})
    records.add(ctx, LEAD, {"name": "L", "phone": "+49 (30) 1234567", "email": "zq@p.example"})
    records.edit(ctx, LEAD, [1], {"phone": "", "email": ""})
    records.add(ctx, DEAL, {"name": "For ZELDA quux"})
    records.edit(ctx, DEAL, [2], {"name": "For somebody"})
    records.add(ctx, TASK, {"name": "Ring Zelda  Quux"})
    back = history.undo(ctx).batch
    records.add(ctx, CONTACT, {"name": "Cat", "description": "Zelda and Quux"})
    records.edit(ctx, CONTACT, [3], {"description": "", "city": "Quux"})
    assert history.purge(ctx, CONTACT, [1]).lines[1:] == (
        "the history of contact:2 still has Zelda Quux",
        "the history of lead:1 still has zq@p.example, +49 (30) 1234567",
        "the history of deal:2 still has Zelda Quux",
        kept(ctx, "contact purge 2", "lead purge 1", "deal purge 2"),
        f"task:1, taken away by batch {back}, had Zelda Quux: undo that to purge it too",
    )
    history.purge(ctx, CONTACT, [2])
    history.purge(ctx, DEAL, [1, 2])
    assert "zq@p" not in everything(ctx)


def test_purge_tells_which_words_of_the_book_are_named_after_the_person(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Zelda Quux", "email": "zq@p.example"})
    records.add(ctx, LEAD, {"name": "L", "tags": "zelda-quux,zelda", "source": "Via Zelda Quux", "campaign": "quux"})
    vocabulary.user_add(ctx, "zed", {"email": "zq@p.example"})
    tags.rename(ctx, "zelda", "quux zelda quux")
    tags.rename(ctx, "quux zelda quux", "z")
    assert history.purge(ctx, CONTACT, [1]).lines[1:] == (
        "the history of tag:2 still has Zelda Quux",
        "the user 'zed' still has such a name",
        "the source 'Via Zelda Quux' still has such a name",
        "the tag 'zelda-quux' still has such a name",
    )


def test_purge_tells_which_plans_and_types_of_task_name_the_person(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Zelda Quux"})
    plans.add(ctx, "for Zelda Quux")
    plans.step_add(ctx, "for Zelda Quux", "Call", {"description": "ask for Zelda Quux"})
    plans.step_add(ctx, "for Zelda Quux", "Write", {})
    task_types.add(ctx, "ringing", {"summary": "Ring Zelda Quux"})
    assert history.purge(ctx, CONTACT, [1]).lines[1:] == (
        "the task type 'ringing' still has such a name",
        "the plan 'for Zelda Quux' still has such a name",
        "the plan step 'Call' still has such a name",
    )


def test_purge_names_the_copies_beside_the_book(book: Context) -> None:
    for name in ("Ada", "Bob"):
        records.add(book, CONTACT, {"name": name})
    folder, name = os.path.split(book.reader.target)
    copies = ("before-restore-20261121-100000", "before-0003-20261120-100000", "before-restore-20261121-100000-wal")
    for copy in copies:
        open(os.path.join(folder, f"{name}.{copy}"), "w").close()
    assert history.purge(book, CONTACT, [1]).lines[1:] == (
        f"copies that are kept beside the book may still have all of it; delete them by hand:"
        f" {name}.{copies[1]}, {name}.{copies[0]}",
    )


def test_a_name_whose_parts_are_joined_is_found_all_the_same(ctx: Context) -> None:
    ctx.command = "task add 'زنگ به علی\u200cکریمی'"
    task = records.add(ctx, TASK, {"name": "زنگ به علی\u200cکریمی"}).batch
    ctx.command = ""
    records.add(ctx, CONTACT, {"name": "علی\u200cکریمی"})
    history.undo(ctx)
    records.add(ctx, CONTACT, {"name": "علي كريمي"})
    records.add(ctx, CONTACT, {"name": "علیرضا کریمی"})
    assert history.purge(ctx, CONTACT, [2]).lines[1:] == (
        "forgotten too, what was taken away of it before: 1 contact",
        "task:1 still has علي كريمي",
        kept(ctx, "task purge 1"),
    )
    assert ctx.reader.value("SELECT command FROM batch WHERE id = ?", (task,)) == "(purged)"
