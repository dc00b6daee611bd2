"""Tasks, the timeline, the day's page, the page before a call, search and lookup, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK, entity
from crmcli.errors import ConflictError, FieldError, FilterError, NotFoundError, RefusedError, UsageError
from crmcli.services import board, deals, finding, records, tags, tasks, timeline, today

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.results import Page


def add(ctx: Context, kind: object, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]  # type: ignore[arg-type]


def section(page: Page, key: str) -> list[str]:
    return [row["ref"] for s in page.sections if s.key == key for row in s.rows.rows]


def test_done_lands_on_the_timeline_with_what_came_of_it(ctx: Context) -> None:
    add(ctx, LEAD, name="Ada")
    add(ctx, TASK, name="Call Ada", on="lead:1", due="today", type="call")
    tasks.done(ctx, [1], "she agreed")
    (touch,) = timeline.timeline(ctx, LEAD, 1).rows
    assert (touch["kind"], touch["body"]) == ("call", "Call Ada: she agreed")
    lead = records.get(ctx, LEAD, 1)
    assert (lead["last_touch"], lead["open_tasks"], lead["next_due"]) == ("2026-11-21T10:00:00.000Z", 0, None)
    assert tasks.done(ctx, [1]).ids == ()
    assert [r["id"] for r in records.list_records(ctx, TASK).rows] == []
    assert [r["id"] for r in records.list_records(ctx, TASK, ["is:done"]).rows] == [1]
    tasks.reopen(ctx, [1])
    assert records.get(ctx, LEAD, 1)["open_tasks"] == 1


def test_snooze_keeps_the_time_of_day(ctx: Context) -> None:
    add(ctx, TASK, name="timed", due="today 14:30")
    add(ctx, TASK, name="whole day", due="today")
    assert tasks.snooze(ctx, [1, 2], "+2d").lines == ("snoozed to Mon 2026-11-23: 2 tasks",)
    rows = {r["name"]: r for r in records.list_records(ctx, TASK, columns="all").rows}
    assert rows["timed"]["due_at"] == "2026-11-23T14:30:00.000Z"
    assert (rows["whole day"]["due_on"], rows["whole day"]["due_at"]) == ("2026-11-23", None)
    with pytest.raises(FieldError):
        tasks.snooze(ctx, [1], "some day")


def test_due_states_follow_the_users_zone(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    add(ctx, TASK, name="today", due="2026-11-21")
    assert [r["name"] for r in records.list_records(ctx, TASK, ["is:today"]).rows] == ["today"]
    monkeypatch.setenv("CRM_NOW", "2026-11-21T21:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tehran")
    ctx.tick()
    assert [r["name"] for r in records.list_records(ctx, TASK, ["is:overdue"]).rows] == ["today"]


def listed(ctx: Context, text: str, kind: object = TASK) -> list[int]:
    return [row["id"] for row in records.list_records(ctx, kind, [text], sort="id").rows]  # type: ignore[arg-type]


def test_an_appointment_is_due_by_the_clock_of_whoever_asks(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entered in Los Angeles for the evening of the 23rd: 13:00 of the 24th in Tokyo."""
    monkeypatch.setenv("CRM_TIMEZONE", "America/Los_Angeles")
    ctx.tick()
    add(ctx, DEAL, name="Tokyo", value="1k")
    add(ctx, TASK, name="Call Tokyo", on="deal:1", due="2026-11-23 20:00")
    add(ctx, DEAL, name="other", value="1k")
    add(ctx, TASK, name="any time", on="deal:2", due="2026-11-24")
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tokyo")
    for now, states, deals_overdue, when in (
        ("2026-11-23T09:00:00+09:00", {"planned": [1, 2]}, [], "tomorrow 13:00"),
        ("2026-11-24T09:00:00+09:00", {"today": [1, 2]}, [], "today 13:00"),
        ("2026-11-24T14:00:00+09:00", {"today": [1, 2], "overdue": [1]}, [1], "today 13:00"),
        ("2026-11-25T09:00:00+09:00", {"overdue": [1, 2]}, [1, 2], "yesterday 13:00"),
    ):
        monkeypatch.setenv("CRM_NOW", now)
        ctx.tick()
        found = {state: listed(ctx, f"is:{state}") for state in ("overdue", "today", "planned")}
        assert {state: ids for state, ids in found.items() if ids} == states, now
        assert listed(ctx, "is:overdue", DEAL) == deals_overdue
        page = today.today(ctx)
        lines = {row["ref"]: row["when"] for part in page.sections for row in part.rows.rows}
        assert lines["task:1"] == when
        assert section(page, "overdue") == [f"task:{number}" for number in states.get("overdue", [])]
    assert listed(ctx, "due:2026-11-24") == listed(ctx, "due:2026-11-24..") == listed(ctx, "due:..2026-11-24") == [1, 2]
    assert listed(ctx, "due:2026-11-23") == listed(ctx, "due:..2026-11-23") == listed(ctx, "due:2026-11-25..") == []
    assert listed(ctx, "due:2026-11-24", DEAL) == listed(ctx, "due:..2026-11-24", DEAL) == [1, 2]
    assert listed(ctx, "due:..2026-11-23", DEAL) == []


def test_the_board_counts_days_by_the_clock_of_whoever_asks(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "America/Los_Angeles")
    ctx.tick()
    for number, due in enumerate(("2026-11-23 20:00", "2026-11-23", "2026-12-24 20:00", "2026-11-24 09:00"), 1):
        add(ctx, DEAL, name=f"deal {number}", value="1k")
        add(ctx, TASK, name=f"task {number}", on=f"deal:{number}", due=due)
    add(ctx, TASK, name="earlier", on="deal:3", due="2026-12-01")
    for zone, days in (
        ("America/Los_Angeles", ["2026-11-23", "2026-11-23", "2026-12-01", "2026-11-24"]),
        ("Asia/Tokyo", ["2026-11-24", "2026-11-23", "2026-12-01", "2026-11-25"]),
    ):
        monkeypatch.setenv("CRM_TIMEZONE", zone)
        ctx.tick()
        seen = {card[0]: str(card[6]) for lane in board.cards(ctx).lanes for card in lane.cards}
        assert [seen[number] for number in (1, 2, 3, 4)] == days, zone


def test_a_snooze_says_earlier_by_the_clock_of_whoever_asks(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "America/Los_Angeles")
    ctx.tick()
    add(ctx, TASK, name="Call Tokyo", due="2026-11-23 20:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tokyo")
    monkeypatch.setenv("CRM_NOW", "2026-11-23T09:00:00+09:00")
    ctx.tick()
    ctx.quiet = False
    tasks.snooze(ctx, [1], "2026-11-23 20:00")
    assert "task:1 was due Tue 2026-11-24 13:00: it comes up earlier now" in capsys.readouterr().err


def test_the_day_has_every_section_and_its_next_step(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-10-20T10:00:00+00:00")
    ctx.tick()
    add(ctx, DEAL, name="silent", close_on="2027-01-31")
    add(ctx, DEAL, name="closing", close_on="2026-11-22")
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    ctx.tick()
    add(ctx, LEAD, name="fresh")
    for name, due in (
        ("late", "yesterday"),
        ("now", "today"),
        ("passed", "today 09:00"),
        ("soon", "+3d"),
        ("far", "+9d"),
    ):
        add(ctx, TASK, name=name, due=due, on="deal:1")
    page = today.today(ctx)
    assert section(page, "overdue") == ["task:1", "task:3"]
    assert section(page, "today") == ["task:2"]
    assert section(page, "week") == ["task:4"]
    assert section(page, "no_next_task") == ["deal:2"]
    assert section(page, "silent") == ["deal:1", "deal:2"]
    assert section(page, "closing") == ["deal:2"]
    assert section(page, "new_leads") == ["lead:3"]
    assert all(row["next"].startswith("crm ") for s in page.sections for row in s.rows.rows)
    timeline.add(ctx, DEAL, 1, "call", "spoke")
    assert section(today.today(ctx), "silent") == ["deal:2"]
    deals.won(ctx, DEAL, [2])
    assert section(today.today(ctx), "closing") == []


def test_the_day_is_narrowed_before_it_is_cut(ctx: Context) -> None:
    with ctx.writing("test"):
        for number in range(today.MOST + 3):
            add(ctx, TASK, name=f"hay {number}", due="2026-11-01")
        add(ctx, TASK, name="needle", due="yesterday")
        add(ctx, DEAL, name="needle deal", stage="new")
        add(ctx, DEAL, name="hay deal")
        add(ctx, LEAD, name="needle lead")

    def titles(*words: str) -> list[str]:
        return [s.title for s in today.today(ctx, words=words).sections if s.rows.rows]

    assert "Overdue (24, the first 20)" in titles()
    assert titles("needle") == ["Overdue (1)", "Deals with no next task (1)", "New leads (1)"]
    assert titles("stage:new") == ["Deals with no next task (2)", "New leads (1)"], "tasks have no stage"
    assert titles("type:to-do", "needle") == ["Overdue (1)"]
    with pytest.raises(FilterError, match="nosuch"):
        titles("nosuch:1")


def test_the_day_is_whole_where_all_of_it_is_asked_for(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-10-01T10:00:00+00:00")
    ctx.tick()
    many = today.MOST + 5
    with ctx.writing("test"):
        for number in range(many):
            add(ctx, TASK, name=f"late {number}", due="2026-11-01")
            add(ctx, CONTACT, name=f"person {number}", rhythm="7d", birthday=f"1980-11-{22 + number % 3}")
            timeline.add(ctx, CONTACT, number + 1, "email", "hello", direction="in")
            add(ctx, DEAL, name=f"deal {number}")
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    ctx.tick()
    found = {part.key: part for part in today.today(ctx, most=0).sections}
    for key in ("overdue", "no_next_task", "silent", "owed", "touch", "occasions"):
        assert len({row["ref"] for row in found[key].rows.rows}) == many, key
        assert found[key].title.endswith(f" ({many})"), key
    few = {part.key: part for part in today.today(ctx).sections}
    for key, part in few.items():
        first = list(part.rows.rows)
        assert first == list(found[key].rows.rows)[: today.MOST], key
        assert not first or part.title.endswith(f"({many}, the first {today.MOST})")


def test_the_day_of_an_owner_of_two_words(ctx: Context) -> None:
    for name, owner in (("hers", "Grace Hopper"), ("word", ""), ("his", "Charles, Jr")):
        add(ctx, TASK, name=f"{name} Hopper", due="yesterday", owner=owner)
    assert section(today.today(ctx, owner="Grace Hopper"), "overdue") == ["task:1"]
    assert section(today.today(ctx, owner="Charles, Jr"), "overdue") == ["task:3"]


def test_my_day_has_what_is_nobodys_and_not_what_is_somebodys(ctx: Context) -> None:
    for name, owner in (("mine", "me"), ("nobody's", ""), ("hers", "Grace Hopper")):
        add(ctx, TASK, name=name, due="yesterday", owner=owner)
        add(ctx, LEAD, name=f"{name} lead", owner=owner)
    page = today.today(ctx, owner="me")
    assert section(page, "overdue") == ["task:1", "task:2"]
    assert sorted(section(page, "new_leads")) == ["lead:1", "lead:2"]


def test_an_owner_narrows_the_whole_filter_of_a_day(ctx: Context) -> None:
    """Birthdays too, which are asked for by the words of the filter."""
    for name, owner in (("Ada", "me"), ("Grace", "Grace Hopper"), ("Alan", "Grace Hopper")):
        add(ctx, CONTACT, name=name, birthday="1986-11-22", owner=owner)
    words = ["name:ada", "or", "name:grace"]
    found = {s.key: [row["about"] for row in s.rows.rows] for s in today.today(ctx, words=words).sections}
    assert found["occasions"] == ["Ada", "Grace"]
    found = {s.key: [row["about"] for row in s.rows.rows] for s in today.today(ctx, owner="me", words=words).sections}
    assert found["occasions"] == ["Ada"]


def test_a_brief_says_who_what_and_what_was_promised(ctx: Context) -> None:
    add(ctx, DEAL, name="Engine", company="Gearworks", contact="Ada Lovelace", value="12k")
    records.edit(ctx, CONTACT, [1], {"email": "ada@gears.example", "job_title": "CTO"})
    timeline.add(ctx, DEAL, 1, "call", "Talked about gears. I promised to send the offer by Friday! She is kind.")
    add(ctx, TASK, name="Send offer", on="deal:1", due="fri")
    page = today.brief(ctx, CONTACT, 1)
    found = {s.key: list(s.rows.rows) for s in page.sections}
    assert found["company"][0]["name"] == "Gearworks"
    assert [d["name"] for d in found["deals"]] == ["Engine"]
    assert [t["kind"] for t in found["touches"]] == ["call"]
    assert [t["name"] for t in found["tasks"]] == ["Send offer"]
    assert [p["promise"] for p in found["promised"]] == ["I promised to send the offer by Friday!"]
    assert page.values["email"] == "ada@gears.example"


def test_the_last_touches_of_a_deal_are_talks_not_its_moves(ctx: Context) -> None:
    add(ctx, DEAL, name="Engine", value="12k")
    timeline.add(ctx, DEAL, 1, "call", "spoke")
    deals.move(ctx, DEAL, [1], "Qualified")
    deals.won(ctx, DEAL, [1])
    page = today.brief(ctx, DEAL, 1)
    assert [t["kind"] for s in page.sections if s.key == "touches" for t in s.rows.rows] == ["call"]
    assert {row["kind"] for row in timeline.timeline(ctx, DEAL, 1).rows} == {"call", "stage", "won"}


def test_a_brief_says_that_its_record_is_removed(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine"})
    assert "removed_at" not in today.brief(ctx, DEAL, 1).values
    records.remove(ctx, DEAL, [1])
    page = today.brief(ctx, DEAL, 1)
    assert page.values["removed_at"]
    assert "Removed" in [row["fact"] for row in page.sections[0].rows.rows]


def test_only_who_can_be_called_has_a_brief(ctx: Context) -> None:
    add(ctx, LEAD, name="Ada")
    add(ctx, TASK, name="Call Ada", on="lead:1")
    timeline.add(ctx, LEAD, 1, "note", "likes tea")
    for noun in ("task", "interaction", "stage", "pipeline", "user"):
        with pytest.raises(UsageError, match=f"{noun}:1 is nobody to call"):
            today.brief(ctx, entity(noun), 1)


def test_days_are_said_in_the_users_calendar(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    ctx.tick()
    add(ctx, TASK, name="Call Ada", due="۲۰ آذر")
    add(ctx, TASK, name="Ring", due="tomorrow 14:30")
    assert capsys.readouterr().err == "due Fri 1405-09-20\ndue Sun 1405-09-01 14:30\n"
    assert tasks.snooze(ctx, [1], "+2d").lines == ("snoozed to Mon 1405-09-02: task:1",)
    page = today.today(ctx)
    assert (page.title, page.values["date"]) == ("Saturday 1405-08-30", "2026-11-21")
    assert [row["about"] for row in finding.search(ctx, "call").rows] == ["1405-09-02"]
    add(ctx, LEAD, name="Ada")
    timeline.add(ctx, LEAD, 1, "note", "likes tea")
    brief = today.brief(ctx, LEAD, 1)
    assert {"fact": "Last touch", "known": "1405-08-30 10:00"} in list(brief.sections[0].rows.rows)
    assert brief.values["last_touch"] == "2026-11-21T10:00:00.000Z"


def test_the_timeline_of_a_company_holds_that_of_its_people_and_deals(ctx: Context) -> None:
    from crmcli.domain.entities import COMPANY

    add(ctx, DEAL, name="Engine", company="Gearworks")
    add(ctx, CONTACT, name="Ada", company="Gearworks")
    timeline.add(ctx, DEAL, 1, "note", "on the deal", at="2026-11-01")
    timeline.add(ctx, CONTACT, 1, "meeting", "with Ada", at="2026-11-02", minutes="30")
    timeline.add(ctx, COMPANY, 1, "email", "to all", at="2026-11-03")
    rows = timeline.timeline(ctx, COMPANY, 1).rows
    assert [(r["body"], r["on"]) for r in rows] == [
        ("to all", ""), ("with Ada", "contact:1 Ada"), ("on the deal", "deal:1 Engine"),
    ]  # fmt: skip
    assert records.get(ctx, COMPANY, 1)["last_touch"] == "2026-11-03T00:00:00.000Z"


def test_what_cannot_be_logged_is_refused(ctx: Context) -> None:
    add(ctx, LEAD, name="Ada")
    with pytest.raises(UsageError, match="choose from"):
        timeline.add(ctx, LEAD, 1, "telepathy", "hm")
    with pytest.raises(FieldError):
        timeline.add(ctx, LEAD, 1, "note", "  ")
    with pytest.raises(FieldError, match="minutes"):
        timeline.add(ctx, LEAD, 1, "call", "x", minutes="five")
    with pytest.raises(NotFoundError):
        timeline.add(ctx, LEAD, 99, "call", "x")


@pytest.mark.parametrize(
    "text",
    [
        "ada@engines.example", "engines.example", "engines.ex", "foo-bar", "v1.2.3", "köln-deutz", "a/b", "+49 30",
        "3.14", "co:ca", "it's", "\"foo-bar\"", "foo-bar engines.example", "\\dq", "«سلام»",
    ],
)  # fmt: skip
def test_search_takes_punctuation_as_the_index_does(ctx: Context, text: str) -> None:
    words = "foo-bar v1.2.3 Köln-Deutz a/b +49 30 3.14 co:cacao it's \\dq «سلام»"
    add(ctx, LEAD, name=words, email="ada@engines.example")
    add(ctx, LEAD, name="bar foo 2 1 deutz b a engines 30", email="example@ada.invalid")
    assert [row["ref"] for row in finding.search(ctx, text).rows] == ["lead:1"]


def test_search_is_folded_everywhere_and_newest_first(ctx: Context) -> None:
    add(ctx, LEAD, name="Ada Łovelace", company="Analytical Engines")
    add(ctx, CONTACT, name="علي رضايي", email="o'brien@x.example")
    timeline.add(ctx, LEAD, 1, "note", "the engines hum for lovelace")

    def refs(text: str, best: bool = False) -> list[str]:
        return [row["ref"] for row in finding.search(ctx, text, best=best).rows]

    assert sorted(refs("lovelace ENGINES")) == ["interaction:1", "lead:1"]
    assert refs("علی") == ["contact:1"]
    assert refs("o'brien") == ["contact:1"]
    assert refs("analyt lovel") == ["lead:1"]
    assert set(refs("lovelace", best=True)) == {"interaction:1", "lead:1"}
    for odd in ("NEAR(", '"x', "a AND", "-acme", "name:x OR", "^a"):
        finding.search(ctx, odd)
    with pytest.raises(UsageError):
        finding.search(ctx, "*")
    records.remove(ctx, LEAD, [1])
    assert refs("analytical") == []


def test_lookup_knows_a_number_and_an_address(ctx: Context) -> None:
    add(ctx, CONTACT, name="Ada", phone="+98 21 8888 7777", email="ada@engines.example")
    add(ctx, LEAD, name="Ada again", email="ADA@engines.example")
    timeline.add(ctx, CONTACT, 1, "call", "she rang")
    for text in ("+982188887777", "۰۰۹۸۲۱۸۸۸۸۷۷۷۷", "tel:+98-21-8888-7777"):
        page = finding.lookup(ctx, text)
        assert section(page, "who") == ["contact:1"], text
        assert [r["body"] for r in page.sections[1].rows.rows] == ["she rang"]
    assert section(finding.lookup(ctx, "ada@engines.example"), "who") == ["contact:1", "lead:1"]
    with pytest.raises(NotFoundError, match="crm lead add"):
        finding.lookup(ctx, "nobody@x.example")
    with pytest.raises(UsageError, match="crm search"):
        finding.lookup(ctx, "ada")


def test_tags_are_counted_renamed_merged_and_forgotten(ctx: Context) -> None:
    for name in ("a", "b"):
        add(ctx, LEAD, name=name)
    tags.add(ctx, "vip", LEAD, [1, 2])
    tags.add(ctx, "hot", LEAD, [1])
    tags.colour(ctx, "hot", "red")
    assert [(t["name"], t["opportunities"], t["colour"]) for t in tags.tags(ctx).rows] == [
        ("hot", 1, "red"),
        ("vip", 2, None),
    ]
    with pytest.raises(ConflictError, match="tag merge hot VIP"):
        tags.rename(ctx, "hot", "VIP")
    with pytest.raises(NotFoundError, match="did you mean 'vip'"):
        tags.remove(ctx, "vipp", LEAD, [1])
    tags.rename(ctx, "hot", "warm")
    tags.merge(ctx, "warm", "vip")
    assert [(t["name"], t["opportunities"]) for t in tags.tags(ctx).rows] == [("vip", 2)]
    tags.delete(ctx, "vip")
    assert records.get(ctx, LEAD, 1)["tags"] == []
    with pytest.raises(FieldError):
        tags.add(ctx, "a,b", LEAD, [1])


def test_a_type_of_ones_own_is_made_by_its_name(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    add(ctx, TASK, name="Show it", type="demo")
    add(ctx, TASK, name="Ring", type="cal")
    assert [r["type"] for r in records.list_records(ctx, TASK, ["type:demo"]).rows] == ["demo"]
    said = capsys.readouterr().err
    assert "new task type: demo" in said
    assert "did you mean 'call'?" in said


def test_snooze_says_what_comes_up_earlier_and_which_time_it_keeps(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(ctx, TASK, {"name": "Call", "due": "fri 14:30"})
    records.add(ctx, TASK, {"name": "Late", "due": "-3d"})
    capsys.readouterr()
    assert tasks.snooze(ctx, [1], "+1d").lines == ("snoozed to Sun 2026-11-22 14:30: task:1",)
    assert capsys.readouterr().err == "task:1 was due Fri 2026-11-27 14:30: it comes up earlier now\n"
    tasks.snooze(ctx, [2], "-1d")
    tasks.snooze(ctx, [1], "+8d")
    assert capsys.readouterr().err == ""


def test_what_has_not_come_yet_is_no_touch(ctx: Context) -> None:
    number = records.add(ctx, LEAD, {"name": "Ada"}).ids[0]
    with pytest.raises(FieldError, match="has not come yet") as refused:
        timeline.add(ctx, LEAD, number, "call", "", at="tomorrow 9am")
    assert refused.value.hint == 'plan it instead: crm task add "..." --on lead:1 --due "tomorrow 9am"'
    for at in ("today", "now", "yesterday 16:00"):
        timeline.add(ctx, LEAD, number, "call", "", at=at)
    assert records.get(ctx, LEAD, number)["last_touch"] == "2026-11-21T10:00:00.000Z"


def test_a_link_is_cleared_as_it_is_set(ctx: Context) -> None:
    add(ctx, COMPANY, name="Engines")
    add(ctx, DEAL, name="Engine no. 2", company="Engines")
    add(ctx, TASK, name="Call", on="deal:1")
    timeline.add(ctx, DEAL, 1, "note", "likes tea")
    records.edit(ctx, TASK, [1], {"on": ""})
    timeline.edit(ctx, [1], {"on": " "})
    for kind in (TASK, INTERACTION):
        row = records.get(ctx, kind, 1)
        assert [row[name] for name in ("opportunity", "contact", "company")] == [None, None, None]
    deal = records.get(ctx, DEAL, 1)
    assert (deal["open_tasks"], deal["last_touch"], deal["company"]) == (0, None, "Engines")
    assert add(ctx, TASK, name="Walk", on="") == 2


def test_what_is_done_is_not_put_off(ctx: Context) -> None:
    for name in ("Call", "Write"):
        add(ctx, TASK, name=name, due="today")
    tasks.done(ctx, [1])
    with pytest.raises(RefusedError, match="task:1 is done") as refused:
        tasks.snooze(ctx, [1], "+1d")
    assert "crm task reopen 1" in refused.value.hint
    # Among others it is left alone.
    assert tasks.snooze(ctx, [1, 2], "+1d").ids == (2,)
    assert [records.get(ctx, TASK, n)["due_on"] for n in (1, 2)] == ["2026-11-21", "2026-11-22"]
    tasks.done(ctx, [2])
    with pytest.raises(RefusedError, match="these 2 tasks are done"):
        tasks.snooze(ctx, [1, 2], "+1d")


def test_what_was_understood_is_said_once(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Call", "Write", "Walk"):
        add(ctx, TASK, name=name)
    capsys.readouterr()
    records.edit(ctx, TASK, [1, 2, 3], {"due": "fri"})
    assert capsys.readouterr().err == "due Fri 2026-11-27\n"


def test_a_record_is_found_by_its_number(ctx: Context) -> None:
    add(ctx, LEAD, name="Ada")
    add(ctx, DEAL, name="Engine", description="652 wheels")
    add(ctx, CONTACT, name="Bob")
    add(ctx, CONTACT, name="Cyd, 2 of 3")
    add(ctx, TASK, name="Call")

    def refs(text: str) -> list[str]:
        return [row["ref"] for row in finding.find(ctx, text).rows]

    assert refs("1") == ["lead:1", "contact:1", "task:1"]
    assert refs("2") == ["deal:2", "contact:2"]
    assert refs(" deal:2") == refs("deals: ۲") == ["deal:2"]
    assert refs("lead:2") == refs("deal:99") == []
    assert refs("652") == ["deal:2"]
    assert refs("bob") == ["contact:1"]
    records.remove(ctx, LEAD, [1])
    assert refs("lead:1") == []


def test_a_task_on_what_was_removed_is_not_on_the_page(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine", "contact": "Ada"})
    for on in ("deal:1", "contact:1"):
        records.add(ctx, TASK, {"name": f"Call {on}", "on": on, "due": "today"})
    records.add(ctx, TASK, {"name": "Sleep", "due": "today"})

    def due() -> list[str]:
        page = today.today(ctx)
        (found,) = (section.rows.rows for section in page.sections if section.key == "today")
        return sorted(row["what"].partition(": ")[2] for row in found)

    assert due() == ["Call contact:1", "Call deal:1", "Sleep"]
    records.remove(ctx, DEAL, [1])
    assert due() == ["Call contact:1", "Sleep"]
    records.restore(ctx, DEAL, [1])
    records.remove(ctx, CONTACT, [1])
    assert due() == ["Call deal:1", "Sleep"]
