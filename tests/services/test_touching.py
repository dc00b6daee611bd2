"""Rhythms, of whom a touch is due, what is put off, and who waits for whose answer, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import FieldError, FilterError, NotFoundError, RefusedError, UsageError
from crmcli.services import (
    deals,
    history,
    merging,
    records,
    rhythms,
    saved_views,
    tags,
    tasks,
    timeline,
    today,
    touching,
)
from tests.support.books import everything, sound

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Rows


def add(ctx: Context, kind: Entity, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]


def due(ctx: Context, kind: Entity = CONTACT, *words: str, within: str = "") -> list[tuple[Any, ...]]:
    """(record, days overdue, days of its rhythm, by which) of those that are due."""
    rows = touching.due(ctx, kind, words, within=within).rows
    return [(row["id"], row["overdue"], row["rhythm"], row["why"]) for row in rows]


@pytest.fixture
def five(ctx: Context) -> Context:
    """Five contacts who were touched 40 days ago, or never: 5."""
    for name, tags_of in (("Ada", "vip"), ("Bob", "vip,press"), ("Cleo", "press"), ("Dan", ""), ("نگار", "vip")):
        number = add(ctx, CONTACT, name=name, tags=tags_of)
        if number < 5:
            timeline.add(ctx, CONTACT, number, "call", "hello", at="-40d")
    return ctx


def test_the_shortest_rule_counts_and_ones_own_goes_before_all(five: Context) -> None:
    rhythms.put(five, CONTACT, ["tag:vip"], "30d")
    rhythms.put(five, CONTACT, ["tag:press"], "1w")
    assert due(five) == [(2, 33, 7, "tag:press"), (3, 33, 7, "tag:press"), (1, 10, 30, "tag:vip")]
    records.edit(five, CONTACT, [2], {"rhythm": "2m"})
    records.edit(five, CONTACT, [4], {"rhythm": "39"})
    assert due(five) == [(3, 33, 7, "tag:press"), (1, 10, 30, "tag:vip"), (4, 1, 39, rhythms.OWN)]
    records.edit(five, CONTACT, [3], {"rhythm": "never"})
    assert due(five, CONTACT, "tag:press or name:dan") == [(4, 1, 39, rhythms.OWN)]


def test_lengths_of_their_own_are_asked_for_in_portions(five: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhythms, "AT_ONCE", 2)
    lengths = {1: 39, 2: 40, 3: 41, 4: 7}
    for number, days in lengths.items():
        records.edit(five, CONTACT, [number], {"rhythm": str(days)})
    read: list[int] = []
    rows = rhythms._due

    def seen(*words: Any) -> Any:
        for one in rows(*words):
            read.append(one.number)
            yield one

    monkeypatch.setattr(rhythms, "_due", seen)
    assert due(five) == [(4, 33, 7, "own"), (1, 1, 39, "own"), (2, 0, 40, "own")]
    assert sorted(read) == [1, 2, 4], "who is not due is not read"


def test_it_is_due_on_the_day_itself_and_by_the_clock_of_whoever_asks(
    five: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythms.put(five, CONTACT, ["name:ada"], "40")
    assert due(five) == [(1, 0, 40, "name:ada")]
    rhythms.put(five, CONTACT, ["name:ada"], "41")
    assert due(five) == []
    assert due(five, within="1d") == [(1, -1, 41, "name:ada")]
    monkeypatch.setenv("CRM_NOW", "2026-11-21T21:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tehran")  # the 22nd, half past midnight; the call was at 03:30
    five.tick()
    assert due(five) == [(1, 0, 41, "name:ada")]


def test_who_was_never_touched_counts_from_when_they_were_entered(
    five: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythms.put(five, CONTACT, ["name:نگار"], "10d")
    assert due(five) == []
    monkeypatch.setenv("CRM_NOW", "2026-12-03T10:00:00+00:00")
    five.tick()
    (row,) = touching.due(five, CONTACT).rows
    assert (row["name"], row["overdue"], row["last_touch"], row["kind"]) == ("نگار", 2, None, None)


def test_what_is_archived_removed_or_merged_is_never_due(five: Context) -> None:
    rhythms.put(five, CONTACT, ["is:any"], "1w")
    records.archive(five, CONTACT, [1])
    records.remove(five, CONTACT, [2])
    merging.merge(five, CONTACT, [3, 4], into=3)
    assert [row[0] for row in due(five)] == [3]


def test_a_companys_touch_is_also_that_of_its_people_and_deals(ctx: Context) -> None:
    for name in ("One", "Two", "Three"):
        add(ctx, COMPANY, name=name)
    add(ctx, CONTACT, name="Ada", company="One")
    add(ctx, DEAL, name="Mill", contact="Ada")
    add(ctx, CONTACT, name="Bob", company="Two")
    timeline.add(ctx, DEAL, 1, "meeting", "mill", at="-20d")
    timeline.add(ctx, CONTACT, 2, "message", "hi", at="-30d")
    timeline.add(ctx, COMPANY, 3, "email", "hi", at="-40d")
    rhythms.put(ctx, COMPANY, ["is:open"], "2w")
    assert due(ctx, COMPANY) == [(3, 26, 14, "is:open"), (2, 16, 14, "is:open"), (1, 6, 14, "is:open")]
    kinds = {row["id"]: row["kind"] for row in touching.due(ctx, COMPANY).rows}
    assert kinds == {1: "meeting", 2: "message", 3: "email"}
    assert due(ctx) == []


def test_a_touch_can_be_put_off_and_that_taken_back(five: Context) -> None:
    rhythms.put(five, CONTACT, ["tag:vip"], "30d")
    assert touching.snooze(five, CONTACT, [1, 2], "+2w").lines == (
        "no touch is due before Sat 2026-12-05: 2 contacts",
    )  # fmt: skip
    assert due(five) == []
    assert due(five, within="2w") == [(1, -14, 30, "tag:vip"), (2, -14, 30, "tag:vip")]
    history.undo(five)
    assert [row[0] for row in due(five)] == [1, 2]
    for wrong in ("yesterday", "today", "mon 14:30", "someday"):
        with pytest.raises(FieldError):
            touching.snooze(five, CONTACT, [1], wrong)
    with pytest.raises(UsageError):
        touching.snooze(five, DEAL, [1], "+2w")


def test_a_rule_is_changed_listed_removed_and_undone(five: Context) -> None:
    saved_views.save(five, "friends", CONTACT, "tag:vip not name:bob")
    assert rhythms.put(five, CONTACT, ["view:friends"], "30d").lines == (
        "a touch is due every 30 days for contacts that fit view:friends",
    )  # fmt: skip
    assert rhythms.put(five, CONTACT, ["view:friends"], "1w").lines[0].endswith("in place of 30")
    again = rhythms.put(five, CONTACT, ["view:friends"], "7 days")
    assert (again.changes, again.lines[0].partition(":")[0]) == ((), "nothing to change")
    rhythms.put(five, COMPANY, ["tag:vip"], "1y")
    records.edit(five, CONTACT, [4], {"rhythm": "never"})
    assert list(rhythms.table(five).rows) == [
        {"rule": "own", "kind": "contact", "days": None, "fit": 1, "due": 0, "wrong": ""},
        {"rule": "view:friends", "kind": "contact", "days": 7, "fit": 2, "due": 1, "wrong": ""},
        {"rule": "tag:vip", "kind": "company", "days": 365, "fit": 0, "due": 0, "wrong": ""},
    ]
    rhythms.put(five, CONTACT, ["company", "tag:vip"], "2y")  # a word to look for, and another rule than that one
    assert [rule.name for rule in rhythms.rules(five)] == ["view:friends", "company tag:vip", "contact company tag:vip"]
    rhythms.drop(five, CONTACT, ["view:friends"])
    assert due(five) == []
    history.undo(five)
    assert due(five) == [(1, 33, 7, "view:friends")]
    with pytest.raises(NotFoundError):
        rhythms.drop(five, CONTACT, ["tag:vip"])  # that is one of companies
    with pytest.raises(FieldError):
        rhythms.put(five, CONTACT, ["tag:vip"], "never")
    with pytest.raises(FilterError):
        rhythms.put(five, CONTACT, ["stage:won"], "30d")
    sound(five)


def test_a_rule_that_cannot_be_read_any_more_is_told(five: Context, capsys: pytest.CaptureFixture[str]) -> None:
    rhythms.put(five, CONTACT, ["tag:vip"], "30d")
    told = tags.rename(five, "vip", "gold").lines
    assert told[1:] == ("the rhythm for tag:vip does not work any more, remove it or set another one: tag:vip",)
    five.quiet = False
    assert due(five) == []
    assert "the rhythm for tag:vip does not work any more: there is no tag 'vip'" in capsys.readouterr().err
    (row,) = rhythms.table(five).rows
    assert (row["fit"], row["due"], row["wrong"]) == (None, None, "there is no tag 'vip'")


def test_a_view_that_a_rhythm_is_made_of_stays(five: Context) -> None:
    saved_views.save(five, "friends", CONTACT, "tag:vip")
    rhythms.put(five, CONTACT, ["view:friends"], "30d")
    with pytest.raises(RefusedError, match="the rhythm for view:friends"):
        saved_views.remove(five, "friends")


def test_a_view_saved_over_one_that_a_rhythm_is_made_of_says_so(five: Context) -> None:
    saved_views.save(five, "friends", CONTACT, "tag:vip")
    rhythms.put(five, CONTACT, ["view:friends"], "30d")
    assert len(saved_views.save(five, "friends", None, "tag:vip or tag:press").lines) == 2
    told = saved_views.save(five, "Friends", DEAL, "is:open").lines
    assert told[-1] == (
        "the rhythm for view:friends does not work any more, remove it or set another one: view:friends"
    )
    assert len(saved_views.save(five, "friends", DEAL, "is:any").lines) == 2  # that is known by now


def test_a_purge_forgets_the_rhythm_that_names_somebody(ctx: Context) -> None:
    add(ctx, CONTACT, name="Ada Lovelace", email="ada@zyx.example")
    rhythms.put(ctx, CONTACT, ['name:"ada lovelace"'], "30d")
    rhythms.put(ctx, CONTACT, ["email:ada@zyx.example", "or", "has:phone"], "10d")
    rhythms.put(ctx, CONTACT, ["has:phone"], "20d")
    history.purge(ctx, CONTACT, [1])
    assert [rule.name for rule in rhythms.rules(ctx)] == ["has:phone"]
    assert "zyx" not in everything(ctx)
    assert "lovelace" not in everything(ctx)
    sound(ctx)


@pytest.mark.parametrize(
    ("words", "kind", "rest", "named"),
    [
        (["tag:vip"], CONTACT, ["tag:vip"], False),
        (["contact:12"], CONTACT, ["contact:12"], True),
        (["12"], CONTACT, ["12"], True),
        (["company:3"], COMPANY, ["company:3"], True),
        (["contact", "company:3"], CONTACT, ["company:3"], False),
        (["company", "tag:key", "city:rome"], COMPANY, ["tag:key", "city:rome"], False),
        (["companies", "3"], COMPANY, ["3"], True),
        (["Ada Lovelace"], CONTACT, ["Ada Lovelace"], True),
        (["tag:vip", "not", "tag:old"], CONTACT, ["tag:vip", "not", "tag:old"], False),
    ],
)
def test_what_stands_before_a_rhythm_is_a_record_or_a_filter(
    words: list[str], kind: Entity, rest: list[str], named: bool
) -> None:
    assert rhythms.target(words) == (kind, rest, named)


@pytest.mark.parametrize("words", [[], ["company"], ["deal:31"], ["contact:1", "company:2"]])
def test_what_has_no_rhythm_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        rhythms.target(words)


# --- whose turn it is ------------------------------------------------------------------------------------------------


def refs(rows: Rows) -> list[str]:
    return [row["ref"] for row in rows.rows]


def test_a_conversation_is_said_once_with_its_deal_and_its_person(ctx: Context) -> None:
    add(ctx, COMPANY, name="Engines")
    add(ctx, CONTACT, name="Ada", company="Engines", owner="grace")
    add(ctx, DEAL, name="Mill", contact="Ada", owner="me")
    timeline.add(ctx, DEAL, 1, "email", "can you send\nthe offer?", direction="in", at="-3d")
    (row,) = touching.owed(ctx).rows
    assert row == {
        "ref": "deal:1", "name": "Mill", "who": "Ada", "days": 3, "at": "2026-11-18T00:00:00.000Z", "kind": "email",
        "text": "can you send the offer?", "owner": "tester", "id": 1,
    }  # fmt: skip
    assert refs(touching.waiting(ctx)) == []
    timeline.add(ctx, DEAL, 1, "email", "here", direction="out")
    assert (refs(touching.owed(ctx)), refs(touching.waiting(ctx))) == ([], ["deal:1"])
    timeline.add(ctx, DEAL, 1, "call", "thanks")  # both spoke
    assert (refs(touching.owed(ctx)), refs(touching.waiting(ctx))) == ([], [])


def test_each_record_that_waits_is_there(ctx: Context) -> None:
    for name in ("One", "Two"):
        add(ctx, COMPANY, name=name)
    add(ctx, CONTACT, name="Ada", company="One")
    add(ctx, CONTACT, name="علی", company="Two")
    add(ctx, DEAL, name="Mill", contact="Ada")
    add(ctx, DEAL, name="Lost", contact="Ada")
    add(ctx, LEAD, name="Zoe")
    timeline.add(ctx, DEAL, 1, "email", "mill", direction="in", at="-9d")
    timeline.add(ctx, DEAL, 2, "email", "lost", direction="in", at="-8d")
    deals.lost(ctx, DEAL, [2], "price")
    timeline.add(ctx, CONTACT, 2, "message", "سلام", direction="in", at="-7d")
    timeline.add(ctx, COMPANY, 2, "message", "firm", direction="in", at="-6d")
    timeline.add(ctx, LEAD, 3, "email", "lead", direction="in", at="-5d")
    assert refs(touching.owed(ctx)) == ["deal:1", "contact:1", "contact:2", "company:2", "lead:3"]
    assert refs(touching.owed(ctx, ["name:mill"])) == ["deal:1"]
    assert refs(touching.owed(ctx, ["stage:new"])) == ["deal:1", "lead:3"]
    assert refs(touching.owed(ctx, limit=1)) == ["deal:1"]
    with pytest.raises(FilterError):
        touching.owed(ctx, ["nonsense:1"])
    for kind, ids in ((DEAL, [1]), (LEAD, [3]), (CONTACT, [1, 2]), (COMPANY, [1, 2])):
        assert [row["id"] for row in records.list_records(ctx, kind, ["is:owed"], sort="id").rows] == ids
        assert [row["id"] for row in records.list_records(ctx, kind, ["is:waiting"]).rows] == []


def test_a_mail_that_was_a_task_is_an_answer(ctx: Context) -> None:
    add(ctx, CONTACT, name="Ada")
    timeline.add(ctx, CONTACT, 1, "email", "hello?", direction="in", at="-1d")
    add(ctx, TASK, name="Answer", on="contact:1", type="email")
    assert refs(touching.owed(ctx)) == ["contact:1"]
    tasks.done(ctx, [1])
    assert (refs(touching.owed(ctx)), refs(touching.waiting(ctx))) == ([], ["contact:1"])


def test_the_day_says_who_waits_and_of_whom_a_touch_is_due(five: Context) -> None:
    rhythms.put(five, CONTACT, ["tag:vip"], "30d")
    timeline.add(five, CONTACT, 3, "email", "hello?", direction="in", at="-2d")
    timeline.add(five, CONTACT, 4, "email", "hello?", direction="out", at="-20d")
    records.edit(five, CONTACT, [3, 1], {"owner": "me"})
    records.edit(five, CONTACT, [2, 4], {"owner": "grace"})
    found = {part.key: list(part.rows.rows) for part in today.today(five).sections}
    (owed,) = found["owed"]
    assert (owed["ref"], owed["what"], owed["about"], owed["when"]) == ("contact:3", "Cleo", "hello?", "2 days ago")
    assert owed["next"].endswith('log email contact:3 "..." --out')
    assert [row["ref"] for row in found["waiting"]] == ["contact:4"]
    assert [(row["ref"], row["when"]) for row in found["touch"]] == [
        ("contact:1", "10 days overdue"), ("contact:2", "10 days overdue"),
    ]  # fmt: skip
    mine = {part.key: [row["ref"] for row in part.rows.rows] for part in today.today(five, owner="me").sections}
    assert (mine["owed"], mine["waiting"], mine["touch"]) == (["contact:3"], [], ["contact:1"])
    none = {part.key: part.title for part in today.today(five, words=["stage:new"]).sections}
    assert (none["touch"], none["occasions"]) == ("Keep in touch (0)", "Occasions (0)")


def test_a_conversation_that_is_long_over_is_on_no_page_of_the_day(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    ctx.tick()
    for name, at in (("Recent", "2026-09-25 10:00"), ("Over", "2026-09-20 10:00")):
        records.add(ctx, CONTACT, {"name": name})
        number = int(ctx.reader.value("SELECT max(id) FROM contact"))
        timeline.add(ctx, CONTACT, number, "email", "Hello?", direction="in", at=at)
    page = today.today(ctx)
    shown = next(section for section in page.sections if section.key == "owed")
    assert [row["what"] for row in shown.rows.rows] == ["Recent"]
    assert len(list(touching.owed(ctx).rows)) == 2
