"""Series that go on in a new item of another program.

todoman and its like finish a to-do together with its rule, and make a to-do of their own for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import RefusedError
from crmcli.services import sync_links
from crmcli.services.calendar_changes import own_text, said
from crmcli.services.recurring import follow_on, on_day, series
from crmcli.services.sync_days import OVER, differing, first_day

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.services.calendar_changes import Said
    from crmcli.services.sync_shapes import Thing
    from crmcli.store.write import Transaction


#: Parts that the new item has of its own; and its text, in which what stood behind the one before is no footer now.
_ASIDE = ("when", "series", "skips", "done", "description")
_FOLLOWER = "SELECT id FROM task WHERE follows_id = ? AND removed_at IS NULL ORDER BY id DESC"


class Ended(NamedTuple):
    """A series that was finished there: its item and its task as they were."""

    item: Item
    row: Mapping[str, Any]


class Endings:
    """The series that were finished there in one run, each until its new item has come."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        #: by name and rule, which the new item has as well
        self._known: dict[tuple[str, str], list[Ended]] = {}

    def note(self, name: str, ended: Ended) -> None:
        """A series was finished there."""
        self._known.setdefault((name, ended.item.rrule or ""), []).append(ended)

    def before(self, thing: Thing, theirs: Said) -> list[Ended]:
        """The series that goes on in a new item, which says `theirs`; several where nothing says which of them. About
        whom it is, what it says and when its next one is tell series of one name apart."""
        new, when = thing.value[0], theirs.parts["when"]
        known = [] if thing.ours else self._known.get((thing.name, new.rrule or ""), [])

        def likeness(one: Ended) -> tuple[bool, ...]:
            is_about = own_text(new, one.item.footer) != own_text(new)
            return one.item.description == new.description, is_about, self._next(one.row) == when

        later = [one for one in known if (when["due_on"] or "") > series(one.row, self.ctx.env.now).given.isoformat()]
        most = max(map(likeness, later), default=())
        found = [one for one in later if likeness(one) == most]
        if len({one.item.footer for one in found}) == 1:
            del found[1:]  # who looks at them there cannot tell them apart either
        if len(found) == 1:
            known.remove(found[0])
        return found

    def _next(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """When the day after the one that a task stands for is, in its series."""
        its = series(row, self.ctx.env.now)
        day = next(its.later(its.given, None, 1), None)
        columns = on_day(self.ctx, row, day) if day else {}
        return {column: columns.get(column) for column in ("due_on", "due_at")}


def go_on(ctx: Context, tx: Transaction, ended: Ended, thing: Thing, own: Collection[str]) -> int:
    """The task that goes on with a series which was finished there, by a new item for the rest of it: about whom and
    what the one before was, and by its clock, with what somebody changed since. What another program leaves out of its
    copy nobody took away. Where the book had done that day too, it is the task which followed then. Raises
    RefusedError where that one is another day, or has an item."""
    before, new = ended.row, thing.value[0]
    was, now = (said(ctx, one, own=own).parts for one in (ended.item, new))
    day, over = first_day(ctx, new), differing(ctx, thing.value, "")
    when = now["when"]
    if over is not None and over.status not in OVER:
        when = {**said(ctx, over, own=own).parts["when"], "series_on": day}
    if number := int(tx.connection.value(_FOLLOWER, (before["id"],)) or 0):
        row, is_there = tx.row("task", number), sync_links.linked(tx.connection, "task", [number])
        if is_there or any(row.get(column) != value for column, value in when.items()):
            raise RefusedError(f"it goes on as task:{number} already")
        tx.change("task", number, {"external_id": thing.key})
        return number
    its = {column: before.get(column) for column in ("repeat", "series_time", "series_zone", "series_skips")}
    changed = {part: value for part, value in now.items() if part not in _ASIDE and value != was.get(part)}
    its |= {column: value for parts in changed.values() for column, value in parts.items() if value}
    more = {"external_id": thing.key, "ical": "\n".join(new.more) or None}
    return follow_on(tx, before, {**its, **when, **more})
