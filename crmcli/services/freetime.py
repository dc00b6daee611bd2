"""Free time: when nobody of several people has anything, within the hours of working days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import durations, slots
from crmcli.domain.calendars import ONE_DAY
from crmcli.domain.dates import When, instant_of, local, show_day
from crmcli.domain.entities import TASK
from crmcli.domain.query import quote
from crmcli.errors import UsageError
from crmcli.results import Column, Days, Rows
from crmcli.services import agenda

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from crmcli.context import Context
    from crmcli.domain.slots import Hours, Interval
    from crmcli.services.agenda import Range

COLUMNS = (
    Column("date", TASK.field("due_on").type, "Day"),
    Column("start", None, "Start"),
    Column("end", None, "End"),
    Column("minutes", TASK.field("minutes").type, "Minutes"),
)
#: What a terminal shows behind the times.
SHOWN = (Column("length"),)
WHOLE_DAY: Hours = ((0, 1440),)
MINUTE = timedelta(minutes=1)


class Wanted(NamedTuple):
    """What is looked for, lengths, days and hours as they are typed: slots of at least `duration` `within` a range (""
    is that of an agenda), in the `hours` of a day ("" are those of the setting), on working days or on `any_day`, that
    all `people` have. `between` is kept free beside everything; tasks without a time take their day where
    `all_day_busy`; what begins now begins on a whole `step` of the clock."""

    duration: str = "30m"
    within: str = ""
    hours: str = ""
    people: tuple[str, ...] = ("me",)
    any_day: bool = False
    all_day_busy: bool = False
    between: str = "0m"
    step: str = "15m"


def free(ctx: Context, wanted: Wanted, limit: int = 0) -> Rows:
    """The free time that fits, each slot as long as it can be and within one day, none of it before now; the first
    `limit` slots, 0 being all. What has a time and no length takes half an hour, and what has no owner is everybody's.
    Raises UsageError and FieldError for what cannot be read, FilterError for people whom nobody knows."""
    ctx.learn()
    least, pause, step = (MINUTE * durations.parse(text) for text in (wanted.duration, wanted.between, wanted.step))
    if not (least and step):
        raise UsageError("the duration and the step want more than no time", "as in --duration 45m --step 15m")
    hours = slots.read_hours(wanted.hours or str(ctx.settings["hours"]))
    longest = max(end - start for start, end in hours)
    if least > longest * MINUTE:
        hint = f"the longest piece of them has {durations.spoken(longest)}; give other --hours"
        raise UsageError(f"{wanted.duration} do not fit into the hours of a day", hint)
    days = agenda.read_range(ctx, wanted.within) if wanted.within else agenda.next_days(ctx)
    opened = list(_opened(ctx, days, hours, slots.rounded_up(ctx.env.now, step), any_day=wanted.any_day))
    taken = [(start - pause, end + pause) for start, end in _taken(ctx, days, wanted)]
    found = slots.free(opened, taken, least)
    rows = [_row(slot, _zone(ctx)) for slot in found[: limit or None]]
    if rows:
        _say_how_to_book(ctx, rows[0], least // MINUTE)
    shown = {row["date"] for row in rows}
    its_days = tuple(day for day in agenda.days_of(ctx, days) if day.on.isoformat() in shown)
    empty = f"no {durations.spoken(least // MINUTE)} free {agenda.said(ctx, days)}"
    return Rows(COLUMNS, rows, empty=empty, numbered=False, days=Days(its_days, ctx.env.now.date(), SHOWN))


def _zone(ctx: Context) -> tzinfo:
    return ctx.env.now.tzinfo or UTC


def _opened(ctx: Context, days: Range, hours: Hours, now: datetime, *, any_day: bool) -> Iterator[Interval]:
    """The hours of the days that count, from now on."""
    for day in days.days():
        if day < ctx.env.now.date() or not (any_day or ctx.env.workdays.is_workday(day)):
            continue
        for start, end in slots.opening(day, hours, _zone(ctx)):
            if now < end:
                yield max(start, now), end


def _taken(ctx: Context, days: Range, wanted: Wanted) -> Iterator[Interval]:
    """When any of the people has something, also on the days around, from where a pause reaches in."""
    text = " or ".join(
        ["no:owner", *(f"owner:{quote(name)}" if name != "me" else "owner:me" for name in wanted.people)]
    )
    for event in agenda.events(ctx, agenda.filters_of(ctx, [text]), days.wider(1)):
        if event.start is None or event.end is None:
            for day in agenda.Range(event.day, event.last + ONE_DAY).days() if wanted.all_day_busy else ():
                yield from slots.opening(day, WHOLE_DAY, _zone(ctx))
            continue
        start, end = event.start.astimezone(UTC), event.end.astimezone(UTC)
        yield start, end if start < end else start + slots.LENGTH * MINUTE


def _row(slot: Interval, zone: tzinfo) -> dict[str, Any]:
    start, end = (local(moment, zone) for moment in slot)
    minutes = (slot[1] - slot[0]) // MINUTE
    return {
        "date": start.date().isoformat(),
        "start": start.isoformat(timespec="minutes"),
        "end": end.isoformat(timespec="minutes"),
        "minutes": minutes,
        "state": "",
        "length": durations.spoken(minutes),
    }


def _say_how_to_book(ctx: Context, row: dict[str, Any], minutes: int) -> None:
    start = datetime.fromisoformat(row["start"])
    due = f"{show_day(start.date(), ctx.env.calendar)} {start:%H:%M}"
    if instant_of(When(start.date(), start.time()), ctx.env.now) != start:
        due = row["start"]  # the second of two times that look alike
    words = ("task", "add", "Call", "--type", "meeting", "--due", due, "--duration", durations.spoken(minutes))
    ctx.say(f"to take the first: {ctx.settings.calling(*words)}")
