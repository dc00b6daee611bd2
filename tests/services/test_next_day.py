"""The day of the next task is that of whoever looks, in tables as in filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import DEAL, TASK
from crmcli.render.table import Screen, record, table
from crmcli.services import records

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
