"""The day of the next task is that of whoever looks, in tables as in filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import DEAL, TASK
from crmcli.render.table import Screen, record, table
from crmcli.services import board, records, tasks

if TYPE_CHECKING:
    import pytest

    from crmcli.context import Context


def test_a_table_shows_the_day_that_the_filter_finds(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    ctx.tick()
    for number in (1, 2):
        records.add(ctx, DEAL, {"name": f"D{number}"})
        records.add(ctx, TASK, {"name": "Call", "on": f"deal:{number}", "due": "2026-11-24 23:30"})
    records.add(ctx, TASK, {"name": "Write", "on": "deal:2", "due": "2026-11-24"})
    monkeypatch.setenv("TZ", "Asia/Tehran")
    ctx.tick()
    screen = Screen(zone=ctx.env.now.tzinfo)
    for limit in (0, 10):
        rows = records.list_records(ctx, DEAL, columns="id,next_due", sort="id", limit=limit)
        assert [line.split() for line in table(rows, screen)][1:] == [["1", "2026-11-25"], ["2", "2026-11-24"]]
    assert [row["id"] for row in records.list_records(ctx, DEAL, ["due:2026-11-25"]).rows] == [1]
    shown = "".join(record(records.show(ctx, DEAL, 1), screen))
    assert "2026-11-24" not in shown


def test_the_next_step_is_named_and_found_by_its_name(ctx: Context) -> None:
    """By its day; an appointment before what is due at any time of that day; what has no day last."""
    for number in (1, 2, 3):
        records.add(ctx, DEAL, {"name": f"D{number}"})
    steps = ("Someday", ""), ("یادداشت علي", "2026-11-25"), ("Call Ada", "2026-11-25 16:00"), ("Ring", "2026-11-24")
    for name, due in steps:
        records.add(ctx, TASK, {"name": name, "on": "deal:2", "due": due})
    records.add(ctx, TASK, {"name": "Last year's", "on": "deal:3", "due": "2025-11-24"})
    tasks.done(ctx, [5])

    def found(*words: str, sort: str = "id") -> list[tuple[int, str | None]]:
        rows = records.list_records(ctx, DEAL, words, columns="id,next_task", sort=sort).rows
        return [(row["id"], row["next_task"]) for row in rows]

    assert found() == [(1, None), (2, "Ring"), (3, None)]
    for number, then in ((4, "Call Ada"), (3, "یادداشت علی"), (2, "Someday"), (1, None)):
        tasks.done(ctx, [number])
        assert [name and name.replace("ي", "ی") for _, name in found("id:2")] == [then]
        if then:
            assert found(f'next_task:"{then.upper()}"') == found("has:next_task") == found("id:2")
            assert found(sort="next_task")[0][0] == 2
            cards = [card[-1] for lane in board.cards(ctx).lanes for card in lane.cards]
            assert cards == [None, found("id:2")[0][1], None]
