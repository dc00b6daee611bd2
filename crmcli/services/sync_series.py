"""Series of others, which stay one item: one task after the other stands for a day of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.services.calendar_changes import rule_of
from crmcli.services.calendar_tasks import is_ours
from crmcli.services.recurring import series
from crmcli.services.sync_days import come_to, differing, first_day
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.services.sync_shapes import Thing


def given_day(ctx: Context, row: Mapping[str, Any], main: Item) -> str:
    """The day of its series, as its item (`main`) has it, that a task stands for; empty for its first."""
    if is_ours(main.uid) and (main.rrule or main.rdates):
        return first_day(ctx, main)  # as each book writes it, whatever this one had until now
    if row.get("repeat") and row.get("due_on"):
        # That of others may have gone on without the day that was put off.
        return max(series(row, ctx.env.now).given.isoformat(), first_day(ctx, main))
    return str(row.get("series_on") or row.get("due_on") or "")


def followers_in_place(ctx: Context, numbers: Collection[int]) -> list[int]:
    """Those of these tasks of series that followed others, and that nobody put off."""
    found: list[int] = []
    for some, marks in portions(sorted(numbers)):
        sql = (
            f"SELECT id FROM task WHERE id IN ({marks}) AND follows_id IS NOT NULL AND repeat IS NOT NULL"
            " AND series_on IS NULL AND done_at IS NULL AND removed_at IS NULL"
        )
        found += [number for (number,) in ctx.reader.rows(sql, some)]
    return found


def anchored(ctx: Context, row: Mapping[str, Any], columns: Mapping[str, Any], main: Item) -> dict[str, Any]:
    """The rule that is taken without its day takes its weekday from the day of the book."""
    from crmcli.domain import recurrence

    day = given_day(ctx, row, main)
    if not columns.get("repeat") or "due_on" in columns or not day or not main.rrule:
        return {}  # days that stand one by one have a rule that names its own
    rule = rule_of(ctx, main)
    return {"repeat": recurrence.anchored(rule, date.fromisoformat(day))} if rule else {}


def moved_series(
    ctx: Context, row: Mapping[str, Any], columns: dict[str, Any], thing: Thing, was: Thing | None, *,
    past: date | None, own: Collection[str],
) -> dict[str, Any]:  # fmt: skip
    """What follows for the series of a task from its rule or another day, or from there being no item any more for
    the day that was put off: the series begins anew where that one was. `past` is the day after that which was done
    last, `own` are the addresses of those whose book it is."""
    if not (row.get("repeat") or columns.get("repeat")):
        return {}
    given = given_day(ctx, row, thing.value[0])
    over = differing(ctx, thing.value, given)
    # One that loses its rule stays the day that it was: it may be done, and be taken up again.
    repeats = columns.get("repeat", row.get("repeat"))
    before = was.value if was is not None else ()
    was_over = before and (not row.get("repeat") or differing(ctx, before, given_day(ctx, row, before[0])) is not None)
    anew = row.get("series_on") and repeats and over is None and was_over
    moves = bool(columns.keys() & {"due_on", "due_at"})
    if over is not None and over.status != "CANCELLED" and (moves or not row.get("repeat")):
        return {"series_on": given or first_day(ctx, thing.value[0])}
    if not anew and not moves:
        return {}
    found: dict[str, Any] = {"series_on": None} if row.get("series_on") else {}
    after = {**row, **columns, **found}
    if not thing.ours and after.get("repeat") and after.get("due_on"):
        now = ctx.env.now
        if thing.value[0].kind == "todo" and before and row.get("repeat") and _is_at_first(ctx, row, before[0]):
            since = series(after, now).given
        else:  # what is late stays so, and what is done is done
            since = min(now.date(), series(row, now).given) if row.get("repeat") else now.date()
            since = max(since, past or since)
        later = come_to(ctx, after, thing.value, since, own)
        its = ("due_on", "due_at", "minutes", "repeat", "series_on")
        found |= {c: later.get(c) for c in its if later.get(c) != after.get(c)}
    return found


def stays_late(thing: Thing) -> bool:
    """Whether a new task is for the first day of its series, however late: a book of ours had it so, and a to-do is
    moved on whenever a day is done, as every program has it. An event that is over is none to come to."""
    return thing.ours or thing.value[0].kind == "todo"


def _is_at_first(ctx: Context, row: Mapping[str, Any], main: Item) -> bool:
    """Whether a task stands for the first day of a series, as a to-do does until that is done."""
    return series(row, ctx.env.now).given.isoformat() == first_day(ctx, main)
