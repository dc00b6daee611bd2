"""Plans: written down step by step, and started on records, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import AmbiguousError, ConflictError, FieldError, NotFoundError, RefusedError, UsageError
from crmcli.services import plans, records, task_types, undoing
from crmcli.services.vocabulary import user_add, user_edit
from tests.support import books

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity


def add(ctx: Context, kind: Entity, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]


def steps(ctx: Context) -> list[tuple[Any, ...]]:
    return [(row["place"], row["name"], row["due"], row["who"]) for row in plans.show(ctx, "onboarding").rows]


def made(ctx: Context) -> list[tuple[str, str, str]]:
    rows = records.list_records(ctx, TASK, sort="id", limit=0).rows
    return [(row["name"], row["due_on"], row["owner"]) for row in rows]


@pytest.fixture
def book(ctx: Context) -> Context:
    """A plan of four steps, two users, a deal of Ada's (1) and one of nobody's (2)."""
    user_add(ctx, "ada", {})
    user_add(ctx, "grace", {})
    plans.add(ctx, "onboarding")
    for name, said in (
        ("Kick-off call", {"type": "call"}),
        ("Set up accounts", {"due": "-3d", "who": "owner"}),
        ("First review", {"due": "5wd", "who": "ask", "minutes": "1h30", "description": "with their team"}),
        ("Send the contract", {"due": "1m", "who": "grace"}),
    ):
        plans.step_add(ctx, "onboarding", name, said)
    add(ctx, DEAL, name="Engine", owner="ada", company="Gearworks", contact="Charles")
    add(ctx, DEAL, name="Mill")
    return ctx


# --- written down ----------------------------------------------------------------------------------------------------


def test_steps_stand_in_order(book: Context) -> None:
    assert steps(book) == [
        (1, "Kick-off call", "0d", "owner"),
        (2, "Set up accounts", "-3d", "owner"),
        (3, "First review", "5wd", "ask"),
        (4, "Send the contract", "1m", "grace"),
    ]
    plans.step_move(book, "onboarding", "3", 1)
    plans.step_move(book, "onboarding", "send", 99)
    assert [step[1] for step in steps(book)] == [
        "First review",
        "Kick-off call",
        "Set up accounts",
        "Send the contract",
    ]
    plans.step_remove(book, "onboarding", "2")
    plans.step_add(book, "onboarding", "Last", {})
    assert [step[:2] for step in steps(book)] == [
        (1, "First review"), (2, "Set up accounts"), (3, "Send the contract"), (4, "Last"),
    ]  # fmt: skip
    books.sound(book)


def test_a_step_is_changed(book: Context) -> None:
    plans.step_edit(
        book, "onboarding", "first review", {"due": "2w", "who": "grace", "name": "Review", "type": "meeting"}
    )
    plans.step_edit(book, "onboarding", "4", {"who": "owner", "due": "0d"})
    assert steps(book)[2:] == [(3, "Review", "2w", "grace"), (4, "Send the contract", "0d", "owner")]
    assert plans.step_edit(book, "onboarding", "4", {"who": "owner"}).changes == ()
    rows = list(plans.show(book, "onboarding").rows)
    assert (rows[2]["type"], rows[2]["minutes"], rows[2]["description"]) == ("meeting", 90, "with their team")


def test_a_step_without_a_name_has_that_of_its_type(book: Context) -> None:
    task_types.edit(book, "meeting", {"summary": "Meet them"})
    plans.step_add(book, "onboarding", "", {"type": "meeting"})
    assert steps(book)[-1][1] == "Meet them"
    with pytest.raises(FieldError, match="a step needs a name"):
        plans.step_add(book, "onboarding", " ", {"type": "email"})


@pytest.mark.parametrize(
    ("said", "error", "what"),
    [
        ({"due": "some day"}, FieldError, "is no number of days"),
        ({"due": ""}, FieldError, "always has one"),
        ({"name": ""}, FieldError, "needs a name"),
        ({"who": ""}, FieldError, "somebody's"),
        ({"who": "gracce"}, FieldError, "there is no user 'gracce'"),
        ({"plan": "other"}, UsageError, "is not set"),
        ({"position": "3"}, UsageError, "is not set"),
        ({"nosuch": "1"}, UsageError, "no field 'nosuch'"),
    ],
)
def test_what_a_step_cannot_be(book: Context, said: dict[str, str], error: type[Exception], what: str) -> None:
    before = steps(book)
    with pytest.raises(error, match=what):
        plans.step_edit(book, "onboarding", "1", said)
    assert steps(book) == before


def test_a_step_is_named_by_its_place_or_its_name(book: Context) -> None:
    plans.step_add(book, "onboarding", "Set up mail", {})
    with pytest.raises(AmbiguousError, match="fits several steps"):
        plans.step_remove(book, "onboarding", "set up")
    with pytest.raises(NotFoundError, match="there is no step '9'"):
        plans.step_remove(book, "onboarding", "9")
    with pytest.raises(NotFoundError, match="there is no step 'nosuch'"):
        plans.step_move(book, "onboarding", "nosuch", 1)
    with pytest.raises(UsageError, match="0 is no place"):
        plans.step_move(book, "onboarding", "1", 0)
    with pytest.raises(NotFoundError, match="there is no plan 'nosuch'"):
        plans.step_add(book, "nosuch", "x", {})


def test_a_plan_needs_a_name(book: Context) -> None:
    with pytest.raises(FieldError, match="a plan needs a name") as refused:
        plans.add(book, "  ")
    assert refused.value.hint == "as in: crm plan add Onboarding"


def test_a_plan_is_renamed_and_removed_with_its_steps_and_comes_back(book: Context) -> None:
    before = steps(book)
    with pytest.raises(ConflictError, match="there is a plan 'Onboarding' already"):
        plans.add(book, "Onboarding")
    plans.edit(book, "onboarding", {"name": "new customer"})
    assert [row["name"] for row in plans.plans(book).rows] == ["new customer"]
    undoing.undo(book)
    plans.start(book, "onboarding", DEAL, [1], who="grace")
    plans.remove(book, "onboarding")
    assert list(plans.plans(book).rows) == []
    assert len(made(book)) == 4, "what it made stays"
    books.sound(book)
    undoing.undo(book)
    assert steps(book) == before
    books.sound(book)


# --- started ---------------------------------------------------------------------------------------------------------


def test_a_start_makes_every_task_at_once(book: Context) -> None:
    batches = book.reader.value("SELECT count(*) FROM batch")
    done = plans.start(book, "onboarding", DEAL, [1], day="2026-12-01", who="grace")
    assert done.lines[0] == "started onboarding on deal:1 Engine, from Tue 2026-12-01: 4 tasks"
    assert done.lines[2] == f"task:{done.ids[1]} Set up accounts, due Sat 2026-11-28, ada"
    assert made(book) == [
        ("Kick-off call", "2026-12-01", "ada"),
        ("Set up accounts", "2026-11-28", "ada"),
        ("First review", "2026-12-08", "grace"),
        ("Send the contract", "2027-01-01", "grace"),
    ]
    row = records.get(book, TASK, done.ids[2])
    assert [row[name] for name in ("opportunity", "contact", "company", "minutes", "description")] == [
        "Engine", "Charles", "Gearworks", 90, "with their team",
    ]  # fmt: skip
    assert records.get(book, DEAL, 1)["open_tasks"] == 4
    assert book.reader.value("SELECT count(*) FROM batch") == batches + 1
    books.sound(book)
    undoing.undo(book)
    assert made(book) == []


def test_a_start_counts_from_today_in_the_users_calendar(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    book.settings = Settings(book.settings.flags)
    book.tick()
    plans.start(book, "onboarding", DEAL, [1], day="1405-09-30", who="me")  # 2026-12-21; Dey has 30 days
    assert made(book)[3][1] == "2027-01-20"


def test_what_is_not_said_is_as_usual_for_the_type(book: Context) -> None:
    task_types.edit(book, "call", {"minutes": "15", "delay": "3w", "summary": "Call them"})
    done = plans.start(book, "onboarding", DEAL, [1], who="me")
    row = records.get(book, TASK, done.ids[0])
    assert (row["name"], row["minutes"], row["due_on"]) == ("Kick-off call", 15, "2026-11-21")


def test_a_step_that_would_be_nobodys_is_refused(book: Context) -> None:
    with pytest.raises(UsageError) as asked:
        plans.start(book, "onboarding", DEAL, [1])
    assert (asked.value.message, asked.value.hint) == (
        "whose is First review? That is asked when the plan starts", "say --who NAME",
    )  # fmt: skip
    plans.step_remove(book, "onboarding", "First review")
    with pytest.raises(UsageError, match="deal:2 has no owner, whose Kick-off call, Set up accounts would be"):
        plans.start(book, "onboarding", DEAL, [1, 2])
    assert made(book) == []
    plans.start(book, "onboarding", DEAL, [2], who="ada")
    assert [owner for _, _, owner in made(book)] == ["ada", "ada", "grace"]


def test_a_step_of_somebody_who_left_is_refused(book: Context) -> None:
    user_edit(book, "grace", {"active": "no"})
    with pytest.raises(UsageError, match="grace, whose the step Send the contract is, is not active"):
        plans.start(book, "onboarding", DEAL, [1], who="ada")
    with pytest.raises(FieldError, match="grace is not active"):
        plans.start(book, "onboarding", DEAL, [1], who="grace")
    assert made(book) == []


def test_an_owner_who_left_is_none(book: Context) -> None:
    user_edit(book, "ada", {"active": "no"})
    plans.step_remove(book, "onboarding", "First review")
    with pytest.raises(UsageError, match="ada, who owns deal:1, is not active") as refused:
        plans.start(book, "onboarding", DEAL, [1])
    assert "--who NAME" in str(refused.value.hint)
    assert made(book) == []
    plans.start(book, "onboarding", DEAL, [1], who="grace")
    assert {owner for _, _, owner in made(book)} == {"grace"}


def test_several_records_are_started_in_one_batch(book: Context) -> None:
    done = plans.start(book, "onboarding", DEAL, [1, 2], day="tomorrow", who="grace")
    assert done.lines == ("started onboarding on 2 deals, from Sun 2026-11-22: 8 tasks",)
    undoing.undo(book)
    assert made(book) == []


@pytest.mark.parametrize("kind", [LEAD, CONTACT, COMPANY])
def test_every_kind_that_carries_tasks_takes_a_plan(book: Context, kind: Entity) -> None:
    number = add(book, kind, name="Ada Byron", owner="ada")
    done = plans.start(book, "onboarding", kind, [number], who="grace")
    assert len(records.list_records(book, TASK, [f"{'lead' if kind is LEAD else kind.name}:{number}"]).rows) == 4  # type: ignore[arg-type]
    assert len(done.ids) == 4


def test_what_carries_no_tasks_and_what_was_removed_is_refused(book: Context) -> None:
    task = add(book, TASK, name="Call", owner="ada")
    with pytest.raises(UsageError, match="cannot carry tasks"):
        plans.start(book, "onboarding", TASK, [task], who="ada")
    records.remove(book, DEAL, [1])
    with pytest.raises(RefusedError):
        plans.start(book, "onboarding", DEAL, [1], who="ada")
    assert [name for name, _, _ in made(book)] == ["Call"]


def test_a_second_start_is_told(book: Context, capsys: pytest.CaptureFixture[str]) -> None:
    plans.start(book, "onboarding", DEAL, [1], who="ada", day="2026-12-01")
    assert "already" not in capsys.readouterr().err
    plans.start(book, "onboarding", DEAL, [1, 2], who="ada", day="2026-12-01")
    assert capsys.readouterr().err == "deal:1 has 4 tasks of that name already: was onboarding started before?\n"


def test_days_that_are_past_are_told(book: Context, capsys: pytest.CaptureFixture[str]) -> None:
    plans.start(book, "onboarding", DEAL, [1], who="ada")
    assert capsys.readouterr().err == "1 of the 4 days is past already\n"


def test_a_plan_without_steps_makes_nothing(ctx: Context) -> None:
    add(ctx, DEAL, name="Engine")
    plans.add(ctx, "empty")
    with pytest.raises(UsageError, match="the plan empty has no steps"):
        plans.start(ctx, "empty", DEAL, [1])
    with pytest.raises(NotFoundError, match="there is no plan 'nosuch'"):
        plans.start(ctx, "nosuch", DEAL, [1])


def test_a_plan_that_somebody_removed_meanwhile_takes_no_step(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer was first: the plan was found, and is gone once this one may go on."""
    plans.add(ctx, "onboarding")
    monkeypatch.setattr(plans, "find", lambda *_: 99)
    with pytest.raises(NotFoundError, match="there is no plan 'onboarding' any more"):
        plans.step_add(ctx, "onboarding", "Call", {})


def test_whose_a_step_is_goes_back_as_one(book: Context) -> None:
    first = plans.step_edit(book, "onboarding", "1", {"who": "grace"}).batch
    plans.step_edit(book, "onboarding", "1", {"who": "ada"})
    with pytest.raises(ConflictError):
        undoing.undo(book, first)
    undoing.undo(book)
    undoing.undo(book)
    assert steps(book)[0][3] == "owner"
