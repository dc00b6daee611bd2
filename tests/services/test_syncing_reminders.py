"""Reminders of days, and lengths that an item does not say, in step with a calendar of another program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import TASK
from crmcli.services import records
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, run, settled, task

if TYPE_CHECKING:
    from crmcli.context import Context

pytestmark = pytest.mark.usefixtures("saturday")


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def triggers(remote: MemoryRemote) -> list[str]:
    return sorted(re.findall(r"TRIGGER[^\r]*", "".join(remote.texts)))


@pytest.mark.parametrize(("shape", "related"), [(EVENT, ""), (TODO, ";RELATED=END")])
def test_a_reminder_of_a_day_goes_both_ways(ctx: Context, remote: MemoryRemote, shape: str, related: str) -> None:
    add(ctx, due="2026-11-27", remind="1h")
    run(ctx, remote, shape=shape)
    assert triggers(remote) == [f"TRIGGER{related}:PT8H"]
    settled(ctx, remote, shape=shape)
    remote.edit(remote.only, (":PT8H", ":-PT15H"))
    run(ctx, remote, shape=shape)
    assert task(ctx)["remind"] == "1440"
    settled(ctx, remote, shape=shape)
    records.edit(ctx, TASK, [1], {"remind": "0m,15m"})
    run(ctx, remote, shape=shape)
    assert triggers(remote) == [f"TRIGGER{related}:PT8H45M", f"TRIGGER{related}:PT9H"]
    settled(ctx, remote, shape=shape)


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_a_reminder_of_a_day_is_counted_from_the_setting(
    ctx: Context, remote: MemoryRemote, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_REMIND_AT", "18:00")
    ctx.tick()
    add(ctx, due="2026-11-27", remind="1h")
    run(ctx, remote, shape=shape)
    assert [one.rpartition(":")[2] for one in triggers(remote)] == ["PT17H"]
    settled(ctx, remote, shape=shape)
    remote.edit(remote.only, (":PT17H", ":PT9H"))
    run(ctx, remote, shape=shape)
    assert task(ctx)["remind"] == "540"
    records.edit(ctx, TASK, [1], {"due": "2026-11-27 14:00"})
    run(ctx, remote, shape=shape)
    assert [one.rpartition(":")[2] for one in triggers(remote)] == ["-PT9H"]
    settled(ctx, remote, shape=shape)


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_a_reminder_of_a_day_is_one_of_the_time_that_the_task_gets(
    ctx: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx, due="2026-11-27", remind="1h")
    run(ctx, remote, shape=shape)
    records.edit(ctx, TASK, [1], {"due": "2026-11-27 14:00"})
    run(ctx, remote, shape=shape)
    assert [one.rpartition(":")[2] for one in triggers(remote)] == ["-PT1H"]
    settled(ctx, remote, shape=shape)
    assert task(ctx)["remind"] == "60"
    records.edit(ctx, TASK, [1], {"due": "2026-11-28"})
    run(ctx, remote, shape=shape)
    assert [one.rpartition(":")[2] for one in triggers(remote)] == ["PT8H"]
    settled(ctx, remote, shape=shape)
    assert task(ctx)["remind"] == "60"


@pytest.mark.parametrize(("shape", "due"), [(EVENT, "2026-11-27"), (TODO, "2026-11-27"), (TODO, "2026-11-27 14:00")])
def test_a_length_that_no_item_says_stays_in_the_book(ctx: Context, remote: MemoryRemote, shape: str, due: str) -> None:
    add(ctx, due=due, minutes="45")
    run(ctx, remote, shape=shape)
    settled(ctx, remote, shape=shape)
    before = remote.texts
    for minutes in ("90", ""):
        records.edit(ctx, TASK, [1], {"minutes": minutes})
        run(ctx, remote, shape=shape)
        settled(ctx, remote, shape=shape)
        assert (task(ctx)["minutes"], remote.texts) == (int(minutes or 0) or None, before)
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call her"))
    run(ctx, remote, shape=shape)
    assert (task(ctx)["name"], task(ctx)["minutes"]) == ("Call her", None)
