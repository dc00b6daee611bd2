"""Types of tasks: what is usual for one, what comes after one that is done, and what becomes of a removed one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK, TASK_TYPE
from crmcli.errors import ConflictError, FieldError, NotFoundError, UsageError
from crmcli.services import deals, next_activity, plans, records, saved_views, task_types, tasks, undoing
from crmcli.services.vocabulary import user_add, user_edit
from tests.support import books

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: The day on which the tests' books live.
TODAY = date(2026, 11, 21)


def add(ctx: Context, kind: Entity, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]


def task(ctx: Context, number: int) -> dict[str, Any]:
    return records.get(ctx, TASK, number)


def kind(ctx: Context, name: str) -> dict[str, Any]:
    return next(row for row in task_types.task_types(ctx).rows if row["name"] == name)


def after(ctx: Context, number: int, on: date = TODAY) -> int | None:
    """What comes after a task, as its completion asks for it."""
    with ctx.writing() as tx:
        return next_activity.after(ctx, tx, tx.row("task", number), on)


def open_tasks(ctx: Context) -> list[int]:
    return [row["id"] for row in records.list_records(ctx, TASK, sort="id", limit=0).rows]


# --- what is usual ---------------------------------------------------------------------------------------------------


def test_a_task_has_what_is_usual_for_its_type(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    task_types.add(ctx, "demo", {"summary": "Show it to them", "minutes": "1h30", "delay": "+5wd"})
    add(ctx, DEAL, name="Engine")
    capsys.readouterr()
    number = add(ctx, TASK, type="demo", on="deal:1")
    assert "due Fri 2026-11-27, as is usual for demo" in capsys.readouterr().err
    row = task(ctx, number)
    assert (row["name"], row["minutes"], row["due_on"], row["opportunity"]) == (
        "Show it to them", 90, "2026-11-27", "Engine",
    )  # fmt: skip
    books.sound(ctx)


def test_what_is_said_goes_before_what_is_usual(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    task_types.edit(ctx, "call", {"summary": "Call them", "minutes": "15", "delay": "1w"})
    number = add(ctx, TASK, name="Ring Ada", type="call", minutes="5", due="2026-12-24 14:30")
    row = task(ctx, number)
    assert (row["name"], row["minutes"], row["due_at"]) == ("Ring Ada", 5, "2026-12-24T14:30:00.000Z")
    assert "usual" not in capsys.readouterr().err
    never = task(ctx, add(ctx, TASK, type="call", due="", minutes=""))
    assert (never["due_on"], never["minutes"]) == (None, None)
    assert task(ctx, add(ctx, TASK, name="Write", type="email"))["due_on"] is None


def test_a_name_is_needed_where_the_type_has_no_summary(ctx: Context) -> None:
    with pytest.raises(FieldError, match="a task needs a name"):
        add(ctx, TASK, type="call")
    with pytest.raises(FieldError, match="a task needs a name"):
        add(ctx, TASK)


# --- what comes after ------------------------------------------------------------------------------------------------


def chain(ctx: Context, **following: str) -> None:
    """A call makes an e-mail."""
    task_types.edit(ctx, "email", {"summary": "Send the offer", "minutes": "20", **following})
    task_types.edit(ctx, "call", {"next": "email", "next_mode": "trigger"})


@pytest.mark.parametrize(
    ("delay", "delay_from", "due", "expected"),
    [
        ("3d", "", "2026-11-16", "2026-11-24"),  # from the day when it was done, unless said
        ("3d", "done", "2026-11-16", "2026-11-24"),
        ("3d", "deadline", "2026-11-16", "2026-11-19"),
        ("2wd", "deadline", "2026-11-16", "2026-11-18"),
        ("1m", "deadline", "2027-01-31", "2027-02-28"),
        ("3d", "deadline", "", "2026-11-24"),  # there is no deadline
        ("", "", "2026-11-16", "2026-11-21"),
    ],
)
def test_a_type_that_triggers_makes_the_next_task(
    ctx: Context, delay: str, delay_from: str, due: str, expected: str
) -> None:
    chain(ctx, delay=delay, delay_from=delay_from)
    user_add(ctx, "grace", {})
    add(ctx, COMPANY, name="Gearworks")
    add(ctx, DEAL, name="Engine", company="Gearworks", contact="Ada")
    first = add(ctx, TASK, name="Call", type="call", on="deal:1", due=due, owner="grace")
    second = after(ctx, first)
    assert second is not None
    row = task(ctx, second)
    assert (row["name"], row["type"], row["minutes"], row["due_on"]) == ("Send the offer", "email", 20, expected)
    assert [row[name] for name in ("opportunity", "contact", "company", "owner")] == [
        "Engine", "Ada", "Gearworks", "grace",
    ]  # fmt: skip
    assert (row["triggered_by_id"], row["follows_id"]) == (first, None)
    assert after(ctx, first) is None, "it was taken up again, and is done once more"
    books.sound(ctx)


def test_the_deadline_is_the_day_where_the_user_is(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    chain(ctx, delay="1d", delay_from="deadline")
    monkeypatch.setenv("CRM_TIMEZONE", "America/Los_Angeles")
    ctx.tick()
    first = add(ctx, TASK, name="Call", type="call", due="2026-11-23 20:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tokyo")
    ctx.tick()
    second = after(ctx, first)
    assert second is not None
    assert task(ctx, second)["due_on"] == "2026-11-25"


def test_a_type_that_suggests_says_the_command_and_makes_nothing(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    task_types.edit(ctx, "call", {"next": "meeting"})
    task_types.edit(ctx, "meeting", {"delay": "2w"})
    user_add(ctx, "grace", {})
    add(ctx, LEAD, name="Ada")
    first = add(ctx, TASK, name="Call", type="call", on="lead:1", owner="grace")
    capsys.readouterr()
    assert after(ctx, first) is None
    said = capsys.readouterr().err
    assert said.startswith("next: crm ")
    assert said.endswith(" task add meeting --type meeting --on lead:1 --due 2026-12-05 --owner grace\n")
    assert open_tasks(ctx) == [first]
    task_types.edit(ctx, "meeting", {"summary": "Meet them"})
    after(ctx, first)
    assert " task add --type meeting --on lead:1 " in capsys.readouterr().err


def test_the_suggestion_names_what_the_task_hangs_on(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    task_types.edit(ctx, "call", {"next": "call"})
    for kind, name in ((CONTACT, "Ada"), (COMPANY, "Gearworks")):
        add(ctx, kind, name=name)
        after(ctx, add(ctx, TASK, name="Call", type="call", on=f"{kind.name}:1"))
        assert f"--on {kind.name}:1 " in capsys.readouterr().err
    after(ctx, add(ctx, TASK, name="Call", type="call"))
    assert "--on" not in capsys.readouterr().err.splitlines()[-1]


def test_of_many_suggestions_some_are_said(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    task_types.edit(ctx, "call", {"next": "email"})
    numbers = [add(ctx, TASK, name="Call", type="call") for _ in range(next_activity.MOST + 4)]
    capsys.readouterr()
    with ctx.writing() as tx:
        for number in numbers:
            next_activity.after(ctx, tx, tx.row("task", number), TODAY)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == next_activity.MOST + 1
    assert lines[-1] == "next: and so on for the others"


@pytest.mark.parametrize("over", ["lost", "removed", "contact removed"])
def test_nothing_comes_after_what_is_over(ctx: Context, over: str) -> None:
    chain(ctx)
    add(ctx, DEAL, name="Engine")
    add(ctx, CONTACT, name="Ada")
    number = add(ctx, TASK, name="Call", type="call", on="contact:1" if "contact" in over else "deal:1")
    if over == "lost":
        deals.lost(ctx, DEAL, [1])
    else:
        records.remove(ctx, CONTACT if "contact" in over else DEAL, [1])
    assert after(ctx, number) is None
    assert open_tasks(ctx) == [number]


def test_something_comes_after_what_is_won(ctx: Context) -> None:
    chain(ctx)
    add(ctx, DEAL, name="Engine")
    number = add(ctx, TASK, name="Call", type="call", on="deal:1")
    deals.won(ctx, DEAL, [1])
    assert after(ctx, number) is not None


def test_what_was_made_goes_with_what_made_it(ctx: Context) -> None:
    chain(ctx)
    number = add(ctx, TASK, name="Call", type="call")
    after(ctx, number)
    undoing.undo(ctx)
    assert open_tasks(ctx) == [number]
    books.sound(ctx)


# --- the words -------------------------------------------------------------------------------------------------------


def test_types_are_words_of_the_book(ctx: Context) -> None:
    task_types.add(ctx, "demo", {"delay": "2w", "next": "demo", "next_mode": "trigger"})
    assert kind(ctx, "demo")["next_type"] == "demo"
    task_types.edit(ctx, "demo", {"next": "e-mail", "delay": "", "name": "showing"})
    assert (kind(ctx, "showing")["next_type"], kind(ctx, "showing")["delay"]) == ("email", None)
    task_types.edit(ctx, "showing", {"next": ""})
    assert kind(ctx, "showing")["next_type"] is None
    with pytest.raises(ConflictError, match="there is a task type 'Call' already"):
        task_types.add(ctx, "Call", {})
    with pytest.raises(ConflictError, match="there is a task type 'call' already"):
        task_types.edit(ctx, "showing", {"name": "call"})
    with pytest.raises(NotFoundError, match="there is no task type 'cal'"):
        task_types.edit(ctx, "cal", {"minutes": "5"})
    with pytest.raises(FieldError, match="not due before it"):
        task_types.edit(ctx, "showing", {"delay": "-3d"})
    with pytest.raises(NotFoundError, match="there is no task type 'nosuch'"):
        task_types.edit(ctx, "showing", {"next": "nosuch"})
    books.sound(ctx)


def test_a_type_that_is_used_is_removed_for_another(ctx: Context) -> None:
    task_types.add(ctx, "demo", {"next": "demo"})
    task_types.edit(ctx, "call", {"next": "demo"})
    first, second = (add(ctx, TASK, name=name, type="demo") for name in ("one", "two"))
    tasks.done(ctx, [second])
    plans.add(ctx, "onboarding")
    plans.step_add(ctx, "onboarding", "Show it", {"type": "demo"})
    with pytest.raises(UsageError) as refused:
        task_types.remove(ctx, "demo")
    assert "2 tasks" in refused.value.message
    assert "1 step of a plan" in refused.value.message
    assert "1 type that leads to it" in refused.value.message
    with pytest.raises(UsageError, match="that is removed"):
        task_types.remove(ctx, "demo", "demo")
    task_types.remove(ctx, "demo", "meeting")
    assert [task(ctx, number)["type"] for number in (first, second)] == ["meeting", "meeting"]
    assert next(iter(plans.show(ctx, "onboarding").rows))["type"] == "meeting"
    assert kind(ctx, "call")["next_type"] == "meeting"
    assert "demo" not in ctx.names("task_type")
    books.sound(ctx)
    undoing.undo(ctx)
    assert [task(ctx, number)["type"] for number in (first, second)] == ["demo", "demo"]
    assert (kind(ctx, "call")["next_type"], kind(ctx, "demo")["next_type"]) == ("demo", "demo")
    books.sound(ctx)


def test_a_type_that_nothing_is_of_just_goes(ctx: Context) -> None:
    task_types.add(ctx, "demo", {"next": "demo"})
    assert task_types.remove(ctx, "demo").lines == ("removed task type demo",)
    assert "demo" not in ctx.names("task_type")


def test_a_removed_type_breaks_the_views_that_ask_for_it(ctx: Context) -> None:
    task_types.add(ctx, "demo", {})
    saved_views.save(ctx, "demos", TASK, "type:demo")
    lines = task_types.remove(ctx, "demo").lines
    assert "the view demos does not work any more, save it anew: type:demo" in lines


def test_every_field_of_a_type_is_listed(ctx: Context) -> None:
    settable = {field.name for field in TASK_TYPE.fields if field.settable} - {"uid"}
    assert settable <= {column.name for column in task_types.task_types(ctx).columns}


def test_who_has_left_gets_nothing_new(ctx: Context) -> None:
    chain(ctx, delay="1d")
    user_add(ctx, "grace", {})
    first = add(ctx, TASK, name="Call", type="call", owner="grace")
    user_edit(ctx, "grace", {"active": "no"})
    second = after(ctx, first)
    assert second is not None
    assert task(ctx, second)["owner"] is None


def test_a_delay_that_leads_out_of_the_calendar_names_its_type(ctx: Context) -> None:
    chain(ctx, delay="9000y")
    first = add(ctx, TASK, name="Call", type="call")
    with pytest.raises(FieldError, match=r"the delay of email tasks: .*") as refused:
        tasks.done(ctx, [first])
    assert "task type edit email delay=2wd" in refused.value.hint
    assert not task(ctx, first)["done_at"]
