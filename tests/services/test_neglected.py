"""Open deals that nobody looks after: idle, silent, rotting. One rule, wherever it is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import DEAL, LEAD, TASK
from crmcli.domain.query import match, neglect
from crmcli.domain.types import read_instant, show_instant
from crmcli.services import adding, board, deals, doctor, pipelines, records, tasks, timeline, today
from tests.support.books import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.domain.fields import Entity


def add(ctx: Context, kind: Entity, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]


def at(ctx: Context, monkeypatch: pytest.MonkeyPatch, now: str) -> None:
    monkeypatch.setenv("CRM_NOW", now)
    ctx.tick()


def listed(ctx: Context, text: str, kind: Entity = DEAL) -> list[int]:
    return [row["id"] for row in records.list_records(ctx, kind, [text], sort="id", limit=0).rows]


def section(ctx: Context, key: str) -> dict[str, dict[str, Any]]:
    return {row["ref"]: row for part in today.today(ctx).sections if part.key == key for row in part.rows.rows}


def warned(ctx: Context, number: int, kind: Entity = DEAL) -> list[str]:
    found = {part.key: part for part in records.show(ctx, kind, number).sections}
    return [row["what"] for row in found["warnings"].rows.rows] if "warnings" in found else []


def test_idle_is_an_open_deal_without_an_open_task(ctx: Context) -> None:
    for name in ("idle", "busy", "won", "lost", "archived", "removed", "was busy"):
        add(ctx, DEAL, name=name)
    add(ctx, TASK, name="Call", on="deal:2", due="tomorrow")
    done = add(ctx, TASK, name="Call", on="deal:7")
    tasks.done(ctx, [done])
    deals.won(ctx, DEAL, [3])
    deals.lost(ctx, DEAL, [4])
    records.archive(ctx, DEAL, [5])
    records.remove(ctx, DEAL, [6])
    assert listed(ctx, "is:idle") == [1, 7]
    assert sorted(section(ctx, "no_next_task")) == ["deal:1", "deal:7"]
    assert [warned(ctx, number) for number in range(1, 8)] == [["no next step"], [], [], [], [], [], ["no next step"]]
    page = doctor.examine(ctx, ["deal-without-task"])
    assert [row["count"] for part in page.sections for row in part.rows.rows] == [2]


def test_a_deal_rots_that_is_neither_touched_nor_moved(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines.stage_edit(ctx, "qualified", {"rot": "14"})
    at(ctx, monkeypatch, "2026-10-01T10:00:00+00:00")
    for name in ("rotten", "called", "moved", "ticked", "elsewhere", "won"):
        add(ctx, DEAL, name=name, stage="new" if name in ("moved", "elsewhere") else "qualified")
    at(ctx, monkeypatch, "2026-10-10T10:00:00+00:00")
    timeline.add(ctx, DEAL, 2, "call", "spoke")
    deals.move(ctx, DEAL, [3], "qualified")
    tasks.done(ctx, [add(ctx, TASK, name="Call", on="deal:4")])
    deals.won(ctx, DEAL, [6])
    for now, rotten in (
        ("2026-10-15T09:59:59+00:00", []),
        ("2026-10-15T10:00:00+00:00", [1]),
        ("2026-10-24T09:59:59+00:00", [1]),
        ("2026-10-24T10:00:00+00:00", [1, 2, 3, 4]),
    ):
        at(ctx, monkeypatch, now)
        assert listed(ctx, "is:rotting") == rotten, now
        assert sorted(section(ctx, "rotting")) == [f"deal:{number}" for number in rotten]
        drawn = [board.Card._make(card) for lane in board.cards(ctx).lanes for card in lane.cards]
        assert sorted(card.id for card in drawn if card.rotting) == rotten
        assert sum(row["rotting"] for row in pipelines.board(ctx).rows) == len(rotten)
        assert [n for n in range(1, 7) if any("rotting" in what for what in warned(ctx, n))] == rotten
    assert section(ctx, "rotting")["deal:1"]["when"] == "rotting for 9 days (stage limit 14)"
    assert section(ctx, "rotting")["deal:2"]["when"] == "rotting since today (stage limit 14)"


def test_another_limit_acts_at_once(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    at(ctx, monkeypatch, "2026-10-01T10:00:00+00:00")
    add(ctx, DEAL, name="Engine")
    add(ctx, LEAD, name="Ada")
    at(ctx, monkeypatch, NOW)
    assert listed(ctx, "is:rotting") == listed(ctx, "not is:open is:rotting") == []
    pipelines.stage_edit(ctx, "new", {"rot": "30"})
    assert (listed(ctx, "is:rotting"), listed(ctx, "is:rotting", LEAD)) == ([1], [2])
    assert warned(ctx, 2, LEAD) == ["rotting for 21 days (stage limit 30)"]
    pipelines.stage_edit(ctx, "new", {"rot": "90"})
    assert listed(ctx, "is:rotting") == []
    pipelines.stage_edit(ctx, "new", {"rot": "0"})
    assert listed(ctx, "is:rotting") == []
    assert warned(ctx, 1) == ["no next step", "silent for 51 days"]


def test_silent_is_what_nobody_has_touched_for_as_long_as_is_set(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    at(ctx, monkeypatch, "2026-10-01T10:00:00+00:00")
    add(ctx, DEAL, name="Engine")
    add(ctx, DEAL, name="Mill")
    at(ctx, monkeypatch, "2026-11-11T10:00:00+00:00")
    timeline.add(ctx, DEAL, 2, "call", "spoke")
    add(ctx, DEAL, name="new")
    at(ctx, monkeypatch, NOW)
    assert listed(ctx, "is:silent") == [1]
    monkeypatch.setenv("CRM_SILENT_DAYS", "10")
    ctx.settings = Settings(ctx.settings.flags)
    ctx.tick()
    assert listed(ctx, "is:silent") == [1, 2, 3]
    assert sorted(section(ctx, "silent")) == ["deal:1", "deal:2", "deal:3"]
    monkeypatch.setenv("CRM_SILENT_DAYS", "11")
    ctx.settings = Settings(ctx.settings.flags)
    ctx.tick()
    assert listed(ctx, "is:silent") == [1]


MOMENTS = st.none() | st.integers(0, 60 * 24 * 40).map(
    lambda minutes: show_instant(read_instant("2026-11-21T10:00:00.000Z") - timedelta(minutes=minutes))
)


@pytest.fixture
def shelf(isolated: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A book whose moments are set by hand."""
    monkeypatch.setenv("CRM_NOW", NOW)
    found = Context(Settings(), quiet=True, plugins=False)
    add(found, DEAL, name="Engine")
    yield found
    found.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(touch=MOMENTS, since=MOMENTS, made=MOMENTS.filter(bool), days=st.integers(0, 40))
def test_lists_pages_and_a_record_in_hand_agree(
    shelf: Context, touch: str | None, since: str | None, made: str, days: int
) -> None:
    sets = {"last_touch": touch, "stage_since": since, "created_at": made}
    with shelf.reader.transaction():
        shelf.reader.run("UPDATE opportunity SET last_touch = ?, stage_since = ?, created_at = ?", tuple(sets.values()))
        shelf.reader.run("UPDATE stage SET rot_days = ?", (days,))
    row = records.get(shelf, DEAL, 1)
    rots = neglect.rotting_days(row, shelf.env.now, days) is not None
    silent = neglect.quiet_days(row, shelf.env.now) >= shelf.env.silent_days
    assert listed(shelf, "is:rotting") == [1] * rots
    assert listed(shelf, "is:silent") == [1] * silent
    for state, holds in (("rotting", rots), ("silent", silent)):
        assert match.matches(records.bound(shelf, DEAL, f"is:{state}"), row, DEAL, shelf.env) is holds


# --- said when it comes about ----------------------------------------------------------------------------------------


def hint(ctx: Context, number: int) -> str:
    return f"deal:{number} has no next step: {ctx.settings.calling('task', 'add', '...', '--on', f'deal:{number}')}"


def test_a_new_and_a_moved_deal_without_a_next_step_are_told(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    adding.added(ctx, DEAL, {"name": "Engine"})
    assert hint(ctx, 1) in capsys.readouterr().err
    adding.added(ctx, LEAD, {"name": "Ada"})
    deals.move(ctx, LEAD, [2], "qualified")
    assert capsys.readouterr().err == ""
    deals.move(ctx, DEAL, [1], "qualified")
    assert hint(ctx, 1) in capsys.readouterr().err
    add(ctx, TASK, name="Call", on="deal:1")
    deals.move(ctx, DEAL, [1], "proposition")
    tasks.done(ctx, [1])
    capsys.readouterr()
    deals.move(ctx, DEAL, [1], "won")
    assert capsys.readouterr().err == "", "a won deal needs none"
    ctx.quiet = True
    adding.added(ctx, DEAL, {"name": "Mill"})
    assert capsys.readouterr().err == ""


def test_of_many_deals_some_are_told(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = [add(ctx, DEAL, name=f"Engine {n}") for n in range(8)]
    capsys.readouterr()
    deals.move(ctx, DEAL, numbers, "qualified")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6
    assert lines[-1].startswith("3 more have none: crm ")


def test_the_last_task_of_a_deal_is_told(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    from crmcli.services import next_activity

    add(ctx, DEAL, name="Engine")
    first, second = (add(ctx, TASK, name=name, on="deal:1") for name in ("one", "two"))
    ctx.quiet = True
    tasks.done(ctx, [first])
    ctx.quiet = False
    next_activity.tell_idle_after(ctx, [first])
    assert capsys.readouterr().err == ""
    ctx.quiet = True
    tasks.done(ctx, [second])
    ctx.quiet = False
    next_activity.tell_idle_after(ctx, [second])
    assert hint(ctx, 1) in capsys.readouterr().err
