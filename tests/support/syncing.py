"""Tasks of a book in step with a collection: what the tests of it have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import TASK
from crmcli.services import records
from crmcli.services.syncing import SyncRun, sync
from crmcli.services.syncing_tasks import TODO, Tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.services.syncing import Outcome
    from tests.support.sync_remotes import MemoryRemote


def add(ctx: Context, **assigned: str) -> int:
    return int(records.add(ctx, TASK, {"name": "Call Ada", **assigned}).ids[0])


def task(ctx: Context, number: int = 1) -> dict[str, Any]:
    return records.get(ctx, TASK, number)


def run(ctx: Context, remote: MemoryRemote, chosen: str = "", *, shape: str = TODO, **options: Any) -> Outcome:
    return sync(ctx, Tasks(ctx, chosen, shape=shape), remote, **options)


def run_all(ctx: Context, places: Sequence[tuple[MemoryRemote, str]]) -> list[str]:
    """One run over several places, each with the shape of new tasks there."""
    runs = [SyncRun(ctx, Tasks(ctx, "", shape=shape), remote) for remote, shape in places]
    for one in runs:
        one.read()
    return [str(one.write()) for one in runs]


def settled(ctx: Context, remote: MemoryRemote, **options: Any) -> None:
    """A further run changes nothing on either side."""
    before, writes = ctx.reader.value("SELECT seq FROM journal_head"), remote.writes
    found = run(ctx, remote, **options)
    assert (str(found), found.unsettled) == ("in step", [])
    assert (ctx.reader.value("SELECT seq FROM journal_head"), remote.writes) == (before, writes)


def item(*lines: str, uid: str = "one@x.org", kind: str = "VTODO") -> str:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", f"BEGIN:{kind}", f"UID:{uid}",
         "DTSTAMP:20261101T000000Z", *lines, f"END:{kind}", "END:VCALENDAR", ""]
    )  # fmt: skip
