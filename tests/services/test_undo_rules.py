"""What undo must not make of a book: other sums, two due days, typed figures lost, deals in stages that are not theirs,
companies under themselves."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import ConflictError, CrmError, FieldError, UsageError
from crmcli.services import (
    checking,
    deals,
    duplicates,
    history,
    merging,
    moving,
    pipelines,
    records,
    saved_views,
    tags,
    tasks,
)
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import Callable


def add(ctx: Context, kind: Any = DEAL, **values: str) -> int:
    """The batch that added it."""
    return records.add(ctx, kind, {"name": "A", **values}).batch


def edit(ctx: Context, kind: Any = DEAL, number: int = 1, **values: str) -> int:
    """The batch that changed it."""
    return records.edit(ctx, kind, [number], values).batch


def figures(ctx: Context, number: int = 1, kind: Any = DEAL) -> tuple[Any, ...]:
    found = records.get(ctx, kind, number)
    return found["stage"], found["status"], found["probability"], found["probability_manual"]


def sound(ctx: Context) -> None:
    """Assert that a check finds nothing, and that every open, won or lost deal is in a stage that is so."""
    books.sound(ctx)
    astray = (
        "SELECT o.id FROM opportunity o JOIN stage s ON s.id = o.stage_id WHERE s.removed_at IS NOT NULL"
        " OR s.is_won IS TRUE AND o.status = 'open' OR s.is_won IS FALSE AND o.status = 'won' OR o.status = 'open'"
        " AND o.probability_manual IS FALSE AND o.probability_bp <> s.probability_bp"
    )
    assert ctx.reader.rows(astray) == []


# --- columns that are one field ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "first", "later", "named"),
    [
        (DEAL, {}, {"currency": "JPY"}, {"value": "5000"}, "Value"),
        (DEAL, {}, {"value": "1000 JPY"}, {"recurring": "500"}, "Recurring"),
        (DEAL, {"value": "10"}, {"value": ""}, {"currency": "JPY"}, "Currency"),
        (LEAD, {"value": "10"}, {"currency": "JPY"}, {"value": "1000"}, "Value"),
        (COMPANY, {"revenue": "1000 EUR"}, {"revenue": "2000 EUR"}, {"currency": "USD"}, "Currency"),
        (TASK, {}, {"due": "2026-11-28"}, {"due": "2026-11-28 14:30"}, "Due"),
        (TASK, {"due": "2026-11-27 14:30"}, {"due": "2026-11-28 14:30"}, {"due": "2026-11-28"}, "Due"),
    ],
)
def test_a_later_change_of_a_part_is_one_of_the_whole(
    ctx: Context, kind: Any, given: dict[str, str], first: dict[str, str], later: dict[str, str], named: str
) -> None:
    add(ctx, kind, **given)
    batch = edit(ctx, kind, **first)
    second = edit(ctx, kind, **later)
    before = records.get(ctx, kind, 1)
    with pytest.raises(ConflictError, match=rf"{named}.* changed later \(batch {second}"):
        history.undo(ctx, batch)
    assert records.get(ctx, kind, 1) == before
    history.undo(ctx, second)
    history.undo(ctx, batch)
    sound(ctx)


def test_amounts_of_one_currency_are_two_fields(ctx: Context) -> None:
    add(ctx, value="100 EUR")
    batch = edit(ctx, value="200")
    other = edit(ctx, recurring="5", plan="monthly")
    history.undo(ctx, batch)
    found = records.get(ctx, DEAL, 1)
    assert (found["value"], found["recurring"], found["currency"]) == (10_000, 500, "EUR")
    # A change that was taken back itself is no later one.
    batch = edit(ctx, currency="JPY")
    other = edit(ctx, recurring="7")
    history.undo(ctx, other)
    history.undo(ctx, batch)
    assert records.get(ctx, DEAL, 1)["recurring"] == 500
    sound(ctx)


def test_feedback_and_a_view_are_taken_back_whole_or_not_at_all(ctx: Context) -> None:
    add(ctx, TASK)
    done = tasks.done(ctx, [1]).batch
    tasks.done(ctx, [1], "what she said")
    with pytest.raises(ConflictError, match="Feedback changed later"):
        history.undo(ctx, done)
    saved_views.save(ctx, "hot", LEAD, "value:10k..")
    batch = saved_views.save(ctx, "hot", LEAD, "company:acme").batch
    saved_views.save(ctx, "hot", DEAL, "company:acme")
    with pytest.raises(ConflictError, match=r"saved_view:1 hot: .* changed later"):
        history.undo(ctx, batch)


# --- the probability -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["60", "70"])
def test_a_typed_probability_stays_when_a_move_before_it_is_taken_back(ctx: Context, typed: str) -> None:
    add(ctx)
    moved = deals.move(ctx, DEAL, [1], "proposition").batch
    edit(ctx, probability=typed)
    taken = history.undo(ctx, moved).batch
    assert figures(ctx) == ("New", "open", int(typed) * 100, True)
    history.undo(ctx, taken)
    assert figures(ctx) == ("Proposition", "open", int(typed) * 100, True)
    sound(ctx)


@pytest.mark.parametrize("close", [deals.won, deals.lost])
def test_a_figure_forgotten_or_typed_while_it_was_closed_stays_so(ctx: Context, close: Callable[..., Any]) -> None:
    add(ctx, probability="70")
    closed = close(ctx, DEAL, [1]).batch
    if close is deals.lost:
        edit(ctx, probability="")
        history.undo(ctx, closed)
        assert figures(ctx) == ("New", "open", 1000, False)
    else:
        edit(ctx, probability="100")
        history.undo(ctx, closed)
        assert figures(ctx) == ("New", "open", 7000, True)
    sound(ctx)


def test_a_typed_probability_changed_later_is_a_conflict(ctx: Context) -> None:
    add(ctx)
    batch = edit(ctx, probability="40")
    edit(ctx, probability="50")
    with pytest.raises(ConflictError, match="Probability changed later"):
        history.undo(ctx, batch)


def test_an_automatic_probability_follows_its_stage(ctx: Context) -> None:
    add(ctx, stage="proposition")
    records.remove(ctx, DEAL, [1])
    edited = pipelines.stage_edit(ctx, "Proposition", {"probability": "50"}).batch
    records.restore(ctx, DEAL, [1])
    assert figures(ctx) == ("Proposition", "open", 5000, False)
    add(ctx, stage="proposition")
    add(ctx, stage="proposition", probability="50")
    history.undo(ctx, edited)
    assert [figures(ctx, number)[2:] for number in (1, 2, 3)] == [(6000, False), (6000, False), (5000, True)]
    sound(ctx)


@pytest.mark.parametrize("close", [deals.won, deals.lost, records.remove])
def test_what_is_taken_back_across_another_figure_of_the_stage_follows_it(
    ctx: Context, close: Callable[..., Any]
) -> None:
    add(ctx, LEAD, stage="proposition")
    batch = close(ctx, LEAD, [1]).batch
    pipelines.stage_edit(ctx, "Proposition", {"probability": "50"})
    taken = history.undo(ctx, batch).batch
    assert figures(ctx, kind=LEAD) == ("Proposition", "open", 5000, False)
    sound(ctx)
    history.undo(ctx, taken)
    sound(ctx)


def test_what_was_added_is_taken_away_and_returns_across_another_figure(ctx: Context) -> None:
    added = add(ctx, stage="proposition")
    edited = pipelines.stage_edit(ctx, "Proposition", {"probability": "50"}).batch
    taken = history.undo(ctx, added).batch
    assert ctx.reader.value("SELECT count(*) FROM opportunity") == 0
    history.undo(ctx, edited)
    history.undo(ctx, taken)
    assert figures(ctx) == ("Proposition", "open", 6000, False)
    sound(ctx)


# --- stages that are won now ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [deals.restore, deals.reopen])
def test_a_lost_deal_whose_stage_is_a_won_one_now_returns_to_an_open_stage(
    ctx: Context, back: Callable[..., Any]
) -> None:
    pipelines.stage_add(ctx, "Nego", after="proposition")
    add(ctx)
    for stage in ("qualified", "nego"):
        deals.move(ctx, DEAL, [1], stage)
    add(ctx, stage="nego", probability="33")
    for number in (1, 2):
        deals.lost(ctx, DEAL, [number], "Too expensive")
    pipelines.stage_edit(ctx, "Nego", {"is_won": "yes"})
    assert figures(ctx)[1] == "lost"
    back(ctx, DEAL, [1, 2])
    assert figures(ctx) == ("Qualified", "open", 3000, False)
    assert figures(ctx, 2) == ("Proposition", "open", 3300, True)
    sound(ctx)


def test_removed_deals_are_won_and_opened_with_their_stage(ctx: Context) -> None:
    add(ctx, stage="proposition")
    removed = records.remove(ctx, DEAL, [1]).batch
    pipelines.stage_edit(ctx, "Proposition", {"is_won": "yes"})
    sound(ctx)
    history.undo(ctx, removed)
    assert figures(ctx)[:3] == ("Proposition", "won", 10_000)
    records.remove(ctx, DEAL, [1])
    pipelines.stage_edit(ctx, "Proposition", {"is_won": "no", "probability": "55"})
    records.restore(ctx, DEAL, [1])
    assert figures(ctx) == ("Proposition", "open", 5500, False)
    sound(ctx)


def _moved_out(ctx: Context) -> int:
    add(ctx, stage="nego")
    batch = deals.move(ctx, DEAL, [1], "new").batch
    pipelines.stage_edit(ctx, "Nego", {"is_won": "yes"})
    return batch


def _lost(ctx: Context) -> int:
    add(ctx, stage="nego")
    batch = deals.lost(ctx, DEAL, [1]).batch
    pipelines.stage_edit(ctx, "Nego", {"is_won": "yes"})
    return batch


def _won_there_later(ctx: Context) -> int:
    batch = pipelines.stage_edit(ctx, "Nego", {"is_won": "yes"}).batch
    add(ctx)
    deals.move(ctx, DEAL, [1], "nego")
    return batch


def _opened_there_later(ctx: Context) -> int:
    pipelines.stage_edit(ctx, "Nego", {"is_won": "yes"})
    batch = pipelines.stage_edit(ctx, "Nego", {"is_won": "no"}).batch
    add(ctx, stage="nego")
    return batch


@pytest.mark.parametrize("way", [_moved_out, _lost, _won_there_later, _opened_there_later])
def test_nothing_open_returns_to_a_won_stage_nor_is_won_in_an_open_one(
    ctx: Context, way: Callable[[Context], int]
) -> None:
    pipelines.stage_add(ctx, "Nego", after="proposition")
    batch = way(ctx)
    with pytest.raises(
        ConflictError, match=r"deal:1 A: it is (open|won), and its stage Nego would be an? (won|open) one"
    ):
        history.undo(ctx, batch)
    sound(ctx)


def test_removed_deals_take_the_figure_of_their_stage_back_and_its_time(ctx: Context, monkeypatch: Any) -> None:
    add(ctx, stage="proposition")
    add(ctx, stage="proposition")
    records.remove(ctx, DEAL, [1])
    was = [(row["updated_at"], row["probability"]) for row in (records.get(ctx, DEAL, n) for n in (1, 2))]
    monkeypatch.setenv("CRM_NOW", "2026-11-25T10:00:00+00:00")
    ctx.tick()
    edited = pipelines.stage_edit(ctx, "Proposition", {"probability": "50"}).batch
    records.remove(ctx, DEAL, [2])
    history.undo(ctx, edited)
    found = [(row["updated_at"], row["probability"]) for row in (records.get(ctx, DEAL, n) for n in (1, 2))]
    assert found == [was[0], ("2026-11-25T10:00:00.000Z", 6000)]
    sound(ctx)


# --- a pipeline has an open and a won stage -------------------------------------------------------------------------


def test_no_pipeline_loses_its_last_open_or_won_stage(ctx: Context) -> None:
    said = "is the only (open|won) stage of the pipeline Sales"
    for stage in ("Qualified", "Proposition"):
        pipelines.stage_edit(ctx, stage, {"is_won": "yes"})
    with pytest.raises(UsageError, match=f"New {said}"):
        pipelines.stage_edit(ctx, "New", {"is_won": "yes"})
    with pytest.raises(UsageError, match=f"New {said}"):
        pipelines.stage_remove(ctx, "New")
    history.undo(ctx)
    history.undo(ctx)
    with pytest.raises(UsageError, match=f"Won {said}"):
        pipelines.stage_edit(ctx, "Won", {"is_won": "no"})
    with pytest.raises(UsageError, match=f"Won {said}") as refused:
        pipelines.stage_remove(ctx, "Won")
    add = ctx.settings.calling("stage", "add", "NAME", "--pipeline", "Sales", "won=yes")
    assert refused.value.hint == f"add another first: {add}"
    pipelines.stage_edit(ctx, "Won", {"is_won": "yes", "name": "Signed"})
    sound(ctx)


def test_a_pipeline_that_never_had_a_won_stage_is_renamed_back(ctx: Context) -> None:
    ctx.reader.run("UPDATE stage SET is_won = FALSE")
    pipelines.pipeline_edit(ctx, "Sales", {"name": "Selling"})
    history.undo(ctx)
    assert ctx.names("pipeline") == ["Sales"]


def test_undo_takes_no_last_stage_away(ctx: Context) -> None:
    added = pipelines.stage_add(ctx, "Done", assigned={"is_won": "yes"}).batch
    pipelines.stage_remove(ctx, "Won", to="Done")
    before = pipelines.stages(ctx).rows
    with pytest.raises(ConflictError, match="pipeline:1 Sales: it would have no won stage"):
        history.undo(ctx, added)
    assert pipelines.stages(ctx).rows == before
    sound(ctx)


def test_a_check_tells_of_a_pipeline_without_a_stage_that_it_needs(ctx: Context) -> None:
    assert list(checking.rules(ctx.reader)) == []
    ctx.reader.run("UPDATE stage SET is_won = (1 = 1)")
    assert list(checking.rules(ctx.reader)) == ["the pipeline Sales has no open stage"]


# --- companies and their parents -----------------------------------------------------------------------------------


def test_no_company_gets_under_itself_by_undo(ctx: Context) -> None:
    for name in ("A", "B"):
        add(ctx, COMPANY, name=name)
    edit(ctx, COMPANY, 1, parent="2")
    cleared = edit(ctx, COMPANY, 1, parent="")
    under = edit(ctx, COMPANY, 2, parent="1")
    with pytest.raises(ConflictError, match="company:1 A: the parent it had, B, is under it now"):
        history.undo(ctx, cleared)
    assert records.get(ctx, COMPANY, 1)["parent"] is None
    history.undo(ctx, under)
    history.undo(ctx, cleared)
    assert records.get(ctx, COMPANY, 1)["parent"] == "B"


# --- what tasks need -------------------------------------------------------------------------------------------------


@pytest.fixture
def three_tasks(ctx: Context) -> Context:
    """Tasks 1 to 3: A, B and C."""
    for name in "ABC":
        add(ctx, TASK, name=name)
    return ctx


def needed(ctx: Context) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in ctx.reader.rows("SELECT task_id, needs_id FROM task_need ORDER BY 1, 2")]


def test_no_ring_of_needs_comes_back_by_undo(three_tasks: Context) -> None:
    ctx = three_tasks
    edit(ctx, TASK, 1, needs="2")
    cleared = edit(ctx, TASK, 1, needs="")
    other = edit(ctx, TASK, 2, needs="1")
    by_now = rf"task:1 A: it needed task:2 B, and task:2 needs task:1 by now \(batch {other}, tester\)"
    with pytest.raises(ConflictError, match=by_now):
        history.undo(ctx, cleared)
    assert needed(ctx) == [(2, 1)]
    sound(ctx)
    history.undo(ctx, other)
    history.undo(ctx, cleared)
    assert needed(ctx) == [(1, 2)]


def test_no_longer_ring_of_needs_comes_back_when_an_undo_is_undone(three_tasks: Context) -> None:
    ctx = three_tasks
    edit(ctx, TASK, 3, needs="1")
    first = edit(ctx, TASK, 1, needs="2")
    taken_back = history.undo(ctx, first).batch
    last = edit(ctx, TASK, 2, needs="3")
    with pytest.raises(ConflictError, match=rf"task:2 needs task:1 by now \(batch {last}, tester\)"):
        history.undo(ctx, taken_back)
    assert needed(ctx) == [(2, 3), (3, 1)]


def test_a_need_that_is_there_again_is_not_put_back_twice(three_tasks: Context) -> None:
    ctx = three_tasks
    edit(ctx, TASK, 1, needs="2,3")
    cleared = edit(ctx, TASK, 1, needs="")
    edit(ctx, TASK, 1, needs="2")
    told = history.undo(ctx, cleared).lines
    assert needed(ctx) == [(1, 2), (1, 3)]
    assert told == (f"took back batch {cleared}: 1 task need",)
    sound(ctx)


@pytest.mark.parametrize("which", [[1], [1, 3]])
def test_what_needed_a_purged_task_is_passed_over_and_told(three_tasks: Context, which: list[int]) -> None:
    ctx = three_tasks
    add(ctx, TASK, name="D")
    records.edit(ctx, TASK, which, {"needs": "2,4"})
    cleared = records.edit(ctx, TASK, which, {"needs": ""}).batch
    history.purge(ctx, TASK, [2])
    told = history.undo(ctx, cleared)
    assert needed(ctx) == [(number, 4) for number in which]
    whose = ", ".join(f"task:{number}" for number in which)
    assert told.lines[1:] == (f"passed over, since it was purged: what {whose} needed",)
    sound(ctx)
    history.undo(ctx, told.batch)
    assert needed(ctx) == []


def test_a_purged_task_needs_nothing_again(three_tasks: Context) -> None:
    ctx = three_tasks
    edit(ctx, TASK, 1, needs="2")
    cleared = edit(ctx, TASK, 1, needs="")
    history.purge(ctx, TASK, [1])
    assert history.undo(ctx, cleared).lines[1:] == ("passed over, since it was purged: what needed task:2",)
    assert needed(ctx) == []
    sound(ctx)


def test_two_at_once_make_no_circle(ctx: Context) -> None:
    if ctx.reader.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    for name in ("A", "B"):
        add(ctx, COMPANY, name=name)
    other = Context(Settings({"db": ctx.settings.database}), quiet=True, plugins=False)
    said: list[str] = []

    def put_under() -> None:
        try:
            edit(other, COMPANY, 2, parent="1")
        except FieldError as error:
            said.append(error.message)

    second = threading.Thread(target=put_under)
    try:
        with ctx.writing():
            edit(ctx, COMPANY, 1, parent="2")
            second.start()
            second.join(0.5)  # it waits; should the machine be slow, it comes later all the same
    finally:
        second.join(30)
        other.close()
    assert said == ["A is under B already"]
    assert [records.get(ctx, COMPANY, number)["parent"] for number in (1, 2)] == ["B", None]


def test_nothing_enters_a_stage_while_it_is_taken_out(ctx: Context) -> None:
    if ctx.reader.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    pipelines.stage_add(ctx, "Nego", after="proposition")
    deals.move(ctx, DEAL, [records.add(ctx, DEAL, {"name": "Old", "stage": "nego"}).ids[0]], "new")
    other = Context(Settings({"db": ctx.settings.database}), quiet=True, plugins=False)
    said: list[CrmError] = []

    def enter() -> None:
        try:
            add(other, stage="nego")
        except CrmError as error:
            said.append(error)

    second = threading.Thread(target=enter)
    try:
        with ctx.writing() as tx:
            pipelines.stage_remove(ctx, "nego")
            tx.flush()
            second.start()
            second.join(0.5)
    finally:
        second.join(30)
        other.close()
    assert len(said) == 1
    sound(ctx)


# --- names and ids that somebody else has by now --------------------------------------------------------------------


def test_a_name_or_external_id_that_another_has_is_a_named_conflict(ctx: Context) -> None:
    batch = add(ctx, LEAD, external_id="x1")
    history.undo(ctx, batch)
    taken = ctx.batch
    later = add(ctx, LEAD, name="B", external_id="x1")
    with pytest.raises(ConflictError, match=rf"lead:1 A: its external id x1 is that of lead:2 now \(batch {later}"):
        history.undo(ctx, taken)
    edit(ctx, LEAD, 2, tags="vip")
    renamed = tags.rename(ctx, "vip", "hot").batch
    edit(ctx, LEAD, 2, tags="+vip")
    with pytest.raises(ConflictError, match="tag:1 hot: another tag is called vip now"):
        history.undo(ctx, renamed)
    saved_views.save(ctx, "mine", LEAD, "tag:hot")
    removed = saved_views.remove(ctx, "mine").batch
    saved_views.save(ctx, "Mine", LEAD, "tag:vip")
    with pytest.raises(ConflictError, match="saved_view:1 mine: another saved view is called mine now"):
        history.undo(ctx, removed)
    called = pipelines.stage_edit(ctx, "Qualified", {"name": "Fit"}).batch
    pipelines.stage_add(ctx, "Qualified")
    with pytest.raises(ConflictError, match="another stage is called Qualified now"):
        history.undo(ctx, called)
    sound(ctx)


def test_a_call_s_external_id_that_was_given_again_is_a_named_conflict(ctx: Context) -> None:
    def call() -> int:
        with ctx.writing() as tx:
            tx.add("interaction", {"kind": "call", "at": tx.stamp, "external_id": "E1"})
        return ctx.batch

    back = history.undo(ctx, call()).batch
    call()
    with pytest.raises(ConflictError, match=r"its external id E1 is that of interaction:2 now"):
        history.undo(ctx, back)


# --- what nothing is left of ----------------------------------------------------------------------------------------


def _tag_put_back_and_deleted(ctx: Context, later: Callable[[], None]) -> list[int]:
    add(ctx, LEAD, tags="t")
    later()
    cleared = edit(ctx, LEAD, tags="")
    tags.delete(ctx, "t")
    return [cleared]


def _tag_and_word_put_back_and_the_tag_deleted(ctx: Context, later: Callable[[], None]) -> list[int]:
    add(ctx, LEAD)
    later()
    put = edit(ctx, LEAD, tags="+t", source="s")
    cleared = edit(ctx, LEAD, tags="", source="")
    tags.delete(ctx, "t")
    return [put, cleared]


def _link_put_back_and_purged(ctx: Context, later: Callable[[], None]) -> list[int]:
    add(ctx, CONTACT)
    add(ctx, DEAL, contact="A")
    later()
    cleared = edit(ctx, DEAL, contact="")
    history.purge(ctx, CONTACT, [1])
    return [cleared]


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (_tag_put_back_and_deleted, ["nothing was left of it"]),
        (_tag_and_word_put_back_and_the_tag_deleted, ["1 source", "1 source, 1 lead"]),
        (_link_put_back_and_purged, ["nothing was left of it"]),
    ],
)
def test_what_is_gone_since_is_not_put_back(
    ctx: Context,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Context, Callable[[], None]], list[int]],
    said: list[str],
) -> None:
    def later() -> None:
        monkeypatch.setenv("CRM_NOW", "2026-11-25T10:00:00+00:00")
        ctx.tick()

    lines = [history.undo(ctx, batch).lines[0].partition(": ")[2] for batch in way(ctx, later)]
    assert lines == said
    sound(ctx)


# --- pairs that were told apart --------------------------------------------------------------------------------------


def pairs(ctx: Context) -> list[tuple[Any, ...]]:
    return ctx.reader.rows("SELECT record_id, other_id FROM contact_distinct ORDER BY 1, 2")


@pytest.fixture
def three(ctx: Context) -> Context:
    """Contacts 1 to 3; the first two were told apart."""
    for name in ("Ada", "Bob", "Eve"):
        add(ctx, CONTACT, name=name)
    duplicates.tell_apart(ctx, CONTACT, [1, 2])
    return ctx


def test_a_pair_that_was_told_apart_again_is_there_already(three: Context) -> None:
    ctx = three
    forgotten = duplicates.forget_apart(ctx, CONTACT, [1, 2]).batch
    duplicates.tell_apart(ctx, CONTACT, [1, 2])
    again = ctx.batch
    history.undo(ctx, forgotten)
    assert pairs(ctx) == [(1, 2)]
    history.undo(ctx, again)
    assert pairs(ctx) == []
    sound(ctx)


def test_a_pair_returns_for_those_that_its_records_are_by_now(three: Context) -> None:
    ctx = three
    forgotten = duplicates.forget_apart(ctx, CONTACT, [1, 2]).batch
    merged = merging.merge(ctx, CONTACT, [3, 2], into=3).batch
    history.undo(ctx, forgotten)
    assert pairs(ctx) == [(1, 3)]
    sound(ctx)
    with pytest.raises(ConflictError) as stopped:
        history.undo(ctx, ctx.batch - 3)  # that they were told apart: the pair has moved since
    assert "contact:1 and contact:3, which were told apart" in str(stopped.value)
    assert "contact_distinct" not in str(stopped.value)
    history.undo(ctx, merged)
    sound(ctx)


def test_a_pair_of_records_that_are_one_or_gone_does_not_return(three: Context) -> None:
    ctx = three
    forgotten = duplicates.forget_apart(ctx, CONTACT, [1, 2]).batch
    merging.merge(ctx, CONTACT, [1, 2])
    back = history.undo(ctx, forgotten).batch
    assert pairs(ctx) == []
    history.undo(ctx, back)
    history.purge(ctx, CONTACT, [1])
    history.undo(ctx, forgotten)
    assert pairs(ctx) == []
    sound(ctx)


def test_a_pair_that_was_forgotten_after_a_merge_moved_it_keeps_nothing_from_being_undone(three: Context) -> None:
    ctx = three
    merged = merging.merge(ctx, CONTACT, [3, 2], into=3).batch
    forgotten = duplicates.forget_apart(ctx, CONTACT, [1, 3]).batch
    duplicates.tell_apart(ctx, CONTACT, [1, 3])
    history.undo(ctx, forgotten)
    history.undo(ctx, merged)
    assert pairs(ctx) == [(1, 3)]
    sound(ctx)


def test_a_pair_that_an_undo_brought_back_goes_before_a_merge_would_move_it(ctx: Context) -> None:
    for _ in range(3):
        add(ctx, COMPANY)
    duplicates.tell_apart(ctx, COMPANY, [1, 2, 3])
    merged = merging.merge(ctx, COMPANY, [1, 3], into=1).batch
    duplicates.forget_apart(ctx, COMPANY, [1, 2])
    undone = history.undo(ctx, merged).batch
    history.undo(ctx, undone)
    assert records.get(ctx, COMPANY, 3)["merged_into_id"] == 1
    assert ctx.reader.rows("SELECT record_id, other_id FROM company_distinct") == []
    sound(ctx)


def test_what_is_pending_moves_along_with_a_merge(three: Context) -> None:
    ctx = three
    with ctx.writing(alone=True) as tx:
        tx.add("task", {"name": "Call", "contact_id": 3})
        moving.move(tx, "contact", 1, [3])
    assert ctx.reader.rows("SELECT contact_id FROM task") == [(1,)]
    sound(ctx)


def test_a_check_names_a_pair_of_a_merged_record(three: Context) -> None:
    ctx = three
    merging.merge(ctx, CONTACT, [3, 2], into=3)
    ctx.reader.run("UPDATE contact_distinct SET other_id = 2")
    assert list(checking.merged(ctx.reader)) == ["contact distinct 1 hangs on contact 2, which was merged"]


def test_what_a_purge_let_go_of_stands_in_the_way_of_no_undo(ctx: Context) -> None:
    add(ctx, CONTACT)
    added = add(ctx, DEAL, contact="A")
    edited = edit(ctx, DEAL, city="Bern")
    history.purge(ctx, CONTACT, [1])
    history.undo(ctx, edited)
    history.undo(ctx, added)
    assert ctx.reader.value("SELECT count(*) FROM opportunity") == 0
    sound(ctx)
