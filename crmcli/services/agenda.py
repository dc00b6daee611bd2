"""The days of a range with what is on each."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.calendars import ONE_DAY, period_around
from crmcli.domain.dates import local, show_day
from crmcli.domain.datewords import PERSIAN_PERIODS
from crmcli.domain.durations import DAY
from crmcli.domain.entities import DEAL, TASK
from crmcli.domain.periods import parse_range, parse_span
from crmcli.domain.query import TERM, And, Compare, Empty, Not, narrowed, quote
from crmcli.domain.text import clip, fold
from crmcli.domain.types import due_day, read_instant
from crmcli.domain.workdays import USUAL_WEEK, read_week
from crmcli.errors import CrmError, FieldError, FilterError, UsageError
from crmcli.public_holidays import names
from crmcli.results import Column, Day, Days, Rows
from crmcli.services import records, timeline
from crmcli.services.recurring import DONE, followed, series
from crmcli.services.today import OPEN_DEAL, OPEN_TASK
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.query import Node

#: So many days has an agenda that nobody asked a range of.
USUAL = 7
#: An agenda of so many days shows those too on which nothing is; with an open end it has so many, and never more.
FEW, OPEN, MOST = 14, 366, 3660
#: How many of those tasks are shown that are late from before the range.
MOST_LATE = 20
#: What is longer than a day of 23 hours may begin so many days before a range and be on in it.
SHORT_DAY, LONGEST = 23 * 60, 70
#: The first day that a filter can name, and the last moment of all.
FIRST, NEVER = date(1600, 1, 1), datetime.max.replace(microsecond=0, tzinfo=UTC)
_UNITS = {unit: unit for unit in ("week", "month", "quarter", "year")} | PERSIAN_PERIODS
PERIODS = {word: f"this-{unit}" for word, unit in _UNITS.items()}
#: What can be nothing but days, and is refused where it is none.
MEANT_AS_DAYS = re.compile(r"[-+]?[\d۰-۹]|.*\.\.|(?:this|last|next)\b")
FIELDS = (
    "name", "type", "due_on", "due_at", "minutes", "opportunity", "contact", "company", "owner", "done_at", "repeat",
    "repeat_from", "series_on", "series_time", "series_zone", "series_skips",
)  # fmt: skip
COLUMNS = (
    Column("date", TASK.field("due_on").type, "Day"),
    Column("start", None, "Start"),
    Column("end", None, "End"),
    Column("kind", None, "Kind"),
    Column("state", None, "State"),
    Column("id", TASK.field("id").type, "#"),
    Column("ref", None, "Record"),
    Column("type", None, "Type"),
    Column("name", None, "Name"),
    Column("about", None, "About"),
    Column("owner", None, "Owner"),
    Column("minutes", TASK.field("minutes").type, "Minutes"),
    Column("due", TASK.field("due_on").type, "Due"),
)
#: What a terminal shows behind the times.
SHOWN = (Column("ref"), Column("what"), Column("about"), Column("owner"))


class Range(NamedTuple):
    """Days from the first up to the one after the last."""

    start: date
    end: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day < self.end

    @property
    def text(self) -> str:
        """The same as filters write it."""
        return f"{max(self.start, FIRST)}..{self.end - ONE_DAY}"

    def days(self) -> Iterator[date]:
        """Each of them."""
        return map(date.fromordinal, range(self.start.toordinal(), self.end.toordinal()))

    def wider(self, by: int) -> Range:
        """With so many days more on both sides, as far as there are days."""
        return Range(_moved(self.start, -by), _moved(self.end, by))


class Event(NamedTuple):
    """A task on one of the days on which it is due: `start` and `end` are None where it has no time, moments on the
    clocks of the user where it has; without a length it ends when it starts. `last` is the last of its days, of one
    without a time too, which may last several. `again`: it comes again then."""

    row: dict[str, Any]
    day: date
    start: datetime | None
    end: datetime | None
    last: date
    again: bool = False


def agenda(
    ctx: Context, words: Sequence[str] = (), *, owner: str = "", deals: bool = False, done: bool = False
) -> Rows:
    """What is on each day of a range: one row for each task, what is late first on today, then what lasts all day, then
    by the clock; birthdays and other occasions, unless the filter is one that only tasks know; with `deals` also when
    open deals are expected to close, with `done` also what is done.

    The `words` are a range (`read_words`) and a filter of tasks. A task that repeats comes again in the range after it
    (state "again", no `ref`, because it is no record yet); what goes over midnight is one row, and so is what lasts
    several days, whose `end` is a day then. Raises FilterError, UsageError.
    """
    ctx.learn()
    days, rest = read_words(ctx, words)
    text = f"owner:{quote(owner)}" if owner else ""
    found = list(_tasks(ctx, days, [*filters_of(ctx, rest, done=done), records.bound(ctx, TASK, text, scope=False)]))
    found += _occasions(ctx, days, narrowed(rest, *([text] if text else [])))
    if deals:
        found += _deals(ctx, days, rest, [records.bound(ctx, DEAL, text, scope=False)])
    found.sort(key=lambda pair: pair[0])
    owners = {row["owner"] for _, row in found if row["owner"]}
    shown = SHOWN if owners - {ctx.actor} else SHOWN[:-1]
    length = (days.end - days.start).days
    month = _is_month(ctx, days)
    laid_out = Days(days_of(ctx, days), ctx.env.now.date(), shown, length <= FEW, month, ctx.env.week_start)
    empty = f"nothing {said(ctx, days)}{' that fits ' if rest else ''}{clip(' '.join(rest), 60)}"
    return Rows(COLUMNS, [row for _, row in found], empty=empty, days=laid_out)


# --- days ------------------------------------------------------------------------------------------------------------


def read_words(ctx: Context, words: Sequence[str]) -> tuple[Range, list[str]]:
    """(the range that words begin with, the rest of them): week, month, quarter or year around today, or what filters
    understand; 7 days from today on where they begin with none. Raises UsageError, and FieldError for what looks like
    days and is none."""
    for count in range(min(len(words), 4), 0, -1):
        try:
            return read_range(ctx, " ".join(words[:count])), list(words[count:])
        except FieldError:
            meant = count == 1 and MEANT_AS_DAYS.match(words[0].lower()) and not TERM.match(words[0])
            if meant or _is_timed(ctx, " ".join(words[:count])):
                raise
    return next_days(ctx), list(words)


def _is_timed(ctx: Context, text: str) -> bool:
    """Whether a text is no days because it names a time: as a part of a name it would be looked for in vain."""
    env = ctx.env
    with suppress(FieldError):
        return bool(parse_span(text, env.now, env.calendar, env.week_start, env.workdays))
    return False


def next_days(ctx: Context) -> Range:
    """The range of an agenda that nobody named one for."""
    today = ctx.env.now.date()
    return Range(today, today + timedelta(days=USUAL))


def read_range(ctx: Context, text: str) -> Range:
    """The days of a range as it is typed; one without a start begins today, one without an end has OPEN days. Raises
    FieldError, and UsageError where it is too long."""
    env = ctx.env
    text = PERIODS.get(fold(text), text)
    start, end = parse_range(text, env.now, env.calendar, env.week_start, env.workdays)
    start = start or env.now.date()
    if end is None:
        end = date.fromordinal(min(start.toordinal() + OPEN, date.max.toordinal()))
    if end <= start:
        raise UsageError(f"'{text}' has no day that an agenda can begin with", "as in 2026-01..2026-03")
    if (end - start).days > MOST:
        raise UsageError(f"'{text}' is more than ten years", "name fewer days")
    return Range(start, end)


def said(ctx: Context, days: Range) -> str:
    """`on` a day, or `from` one `to` another."""
    first, last = (show_day(day, ctx.env.calendar) for day in (days.start, days.end - ONE_DAY))
    return f"on {first}" if first == last else f"from {first} to {last}"


def _is_month(ctx: Context, days: Range) -> bool:
    with suppress(ValueError):  # the last one of a calendar has no end
        return tuple(days) == period_around(days.start, "month", ctx.env.calendar)
    return False


def days_of(ctx: Context, days: Range) -> tuple[Day, ...]:
    """The days of a range, which of them are not worked, and the names of holidays. Where holidays cannot be known,
    that is said, and the days of the week count."""
    every = list(days.days())
    holidays: dict[date, str] = {}
    try:
        worked = [ctx.env.workdays.is_workday(day) for day in every]
        holidays = names(ctx.settings, range(days.start.year, every[-1].year + 1))
    except CrmError as error:
        ctx.say_once(str(error))
        week = read_week(str(ctx.settings["workdays"]) or USUAL_WEEK)
        worked = [day.weekday() in week for day in every]
    return tuple(Day(day, not on, holidays.get(day, "")) for day, on in zip(every, worked, strict=True))


# --- tasks -----------------------------------------------------------------------------------------------------------


def events(ctx: Context, filters: Iterable[Node], days: Range) -> Iterator[Event]:
    """The tasks that fit and are on in a range: those of its days, those that begin before and go on in it, and those
    that come again."""
    env, base = ctx.env, [*filters]
    early, near = _moved(days.start, -LONGEST), _moved(days.start, -1)
    chosen = [[_due(ctx, Range(near, days.end))]]
    if early < near:
        chosen.insert(0, [_due(ctx, Range(early, near)), Compare(TASK.by_name["minutes"], ">", SHORT_DAY)])
    for nodes in chosen:
        for row in _rows(ctx, TASK, [*nodes, *base], FIELDS):
            event = _event(ctx, row)
            if event.day < days.end and event.last >= days.start:
                yield event
    open_ones = [Not(Empty(TASK.by_name["repeat"])), Empty(TASK.by_name["done_at"]), *base]
    since = Range(max(days.start, env.now.date()), days.end)
    rows = _rows(ctx, TASK, open_ones, FIELDS)
    gone_on = followed(ctx.reader, [row["id"] for row in rows])
    for row in rows:
        if row["id"] not in gone_on:
            yield from _again(ctx, row, since)


def filters_of(ctx: Context, words: Sequence[str], *, done: bool = False) -> list[Node]:
    """What a filter of tasks means: open ones, unless it or `done` says otherwise, of records that are there."""
    text = records.filter_text(TASK, words)
    if done:
        text = f"({text}) is:any" if text else "is:any"
    return [records.bound(ctx, TASK, text), OPEN_TASK[-1]]


def _rows(ctx: Context, kind: Entity, nodes: Sequence[Node], wanted: Sequence[str]) -> list[dict[str, Any]]:
    keys = read.parse_sort(kind, kind.sort)
    fields = [kind.by_name[name] for name in ("id", *wanted)]
    return list(read.stream(ctx.reader, kind, And(tuple(nodes)), sort=keys, fields=fields))


def _due(ctx: Context, days: Range) -> Node:
    node: Node = records.bound(ctx, TASK, f"due_on:{days.text}", scope=False)
    return node


def _moved(day: date, by: int) -> date:
    """A day so many days later, as far as filters can name it."""
    return date.fromordinal(min(max(day.toordinal() + by, FIRST.toordinal()), date.max.toordinal()))


def _event(ctx: Context, row: dict[str, Any], on: date | datetime | None = None) -> Event:
    """A task when it is due, or `on` another day or moment of its series."""
    zone, minutes = ctx.env.now.tzinfo, row["minutes"] or 0
    again = on is not None
    if on is None:
        on = read_instant(row["due_at"]) if row["due_at"] else due_day(row["due_on"], None, ctx.env.now)
    assert on is not None  # a due day is what its filter asks for
    if not isinstance(on, datetime):
        return Event(row, on, None, None, _moved(on, max(0, -(-minutes // DAY) - 1)), again)
    moment = on.astimezone(UTC)
    lasting = min(timedelta(minutes=minutes), NEVER - moment)
    start, end = local(moment, zone), local(moment + lasting, zone)
    return Event(row, start.date(), start, end, max(start.date(), (end - timedelta(microseconds=1)).date()), again)


def _again(ctx: Context, row: dict[str, Any], days: Range) -> Iterator[Event]:
    """When a task comes again, so that it is on in a range, as its series is counted from its deadline."""
    if row["repeat_from"] == DONE or days.start >= days.end or not row["due_on"]:
        return
    its = series(row, ctx.env.now)
    # A day of the series may be the one before or after here; and what lasts may have begun earlier.
    start, end = _moved(days.start, -1 - (row["minutes"] or 0) // DAY - 1), _moved(days.end, 1)
    for on in its.later(start, end, (end - start).days):
        event = _event(ctx, row, its.when(on))
        if event.day < days.end and event.last >= days.start:
            yield event


#: What rows are sorted by, and the row.
Sorted = tuple[tuple[str, int, str, str, int], dict[str, Any]]


def _tasks(ctx: Context, days: Range, filters: list[Node]) -> Iterator[Sorted]:
    on = set()
    for event in events(ctx, filters, days):
        if event.day < days.start and not event.row["done_at"]:
            on.add(event.row["id"])
        yield _task_row(ctx, event, days)
    if ctx.env.now.date() in days:
        yield from _late(ctx, filters, days, on)


def _late(ctx: Context, filters: list[Node], days: Range, on: set[int]) -> Iterator[Sorted]:
    """What is late from before the range, the oldest of it, but for what is still `on`; how much more there is is
    said."""
    late = records.bound(ctx, TASK, f"no:done_at due_on:..{days.start - ONE_DAY}", scope=False)
    node = And((*filters, late))
    keys, fields = read.parse_sort(TASK, "due_on"), [TASK.by_name[name] for name in ("id", *FIELDS)]
    rows, more = read.page(ctx.reader, TASK, node, sort=keys, limit=MOST_LATE + len(on), fields=fields)
    rows = [row for row in rows if row["id"] not in on]
    for row in rows[:MOST_LATE]:
        yield _task_row(ctx, _event(ctx, row), days)
    if more or len(rows) > MOST_LATE:
        left = read.count(ctx.reader, TASK, node) - len(on) - MOST_LATE
        ctx.say(f"{left} more are overdue: '{ctx.settings.calling('task', 'list', 'is:overdue')}' lists them")


def _task_row(ctx: Context, event: Event, days: Range) -> Sorted:
    row, now = event.row, ctx.env.now
    over = (event.end.astimezone(UTC) <= now) if event.end else event.last < now.date()
    state = "again" if event.again else "done" if row["done_at"] else "overdue" if over else ""
    behind = state == "overdue" and event.last < now.date() and now.date() in days
    day = now.date() if behind else max(event.day, days.start)
    start, end = event.start, event.end if row["minutes"] else None
    last = end.isoformat(timespec="minutes") if end else None
    if start is None and event.last > event.day:
        last = event.last.isoformat()
    entry = {
        "date": day.isoformat(),
        "start": start and start.isoformat(timespec="minutes"),
        "end": last,
        "kind": "task",
        "state": state,
        "id": row["id"],
        "ref": "" if event.again else f"task:{row['id']}",
        "type": row["type"],
        "name": row["name"],
        "about": timeline.about(row),
        "owner": row["owner"],
        "minutes": row["minutes"],
        "due": event.day.isoformat(),
        "what": f"{row['type']}: {row['name']}" if row["type"] else row["name"],
    }
    order = start.astimezone(UTC).isoformat() if start else ""
    return (entry["date"], 0 if behind else 1, entry["due"] if behind else "", order, row["id"]), entry


# --- what else has a day ---------------------------------------------------------------------------------------------


def _occasions(ctx: Context, days: Range, words: Sequence[str]) -> Iterator[Sorted]:
    """The birthdays and other occasions of contacts and companies that fit the filter. They are no records that
    anything could be done with, so they have no `ref`."""
    from crmcli.services import occasions

    try:
        coming = occasions.between(ctx, days.start, days.end - ONE_DAY, words)
    except FilterError:
        return
    for one in coming:
        day, about = one.on.isoformat(), f"{one.ref} {one.who}"
        years = f" ({one.turns})" if one.turns else ""
        yield (
            (day, 1, "", "", 0),
            {
                "date": day, "start": None, "end": None, "kind": "occasion", "state": "", "id": one.id, "ref": "",
                "type": None, "name": one.name, "about": about, "owner": one.owner, "minutes": None, "due": day,
                "what": f"{one.name}{years}",
            },
        )  # fmt: skip


def _deals(ctx: Context, days: Range, words: Sequence[str], also: list[Node]) -> Iterator[Sorted]:
    """The days on which open deals are expected to close, of those that fit the filter of tasks as one of deals."""
    try:
        fitting = records.bound(ctx, DEAL, records.filter_text(DEAL, words), scope=False)
    except FilterError as error:
        ctx.say(f"without deals, which the filter cannot mean: {error.message}")
        return
    close = records.bound(ctx, DEAL, f"close_on:{days.text}", scope=False)
    for row in _rows(ctx, DEAL, [*OPEN_DEAL, *also, fitting, close], ["name", "close_on", "company", "stage", "owner"]):
        day, today = row["close_on"], ctx.env.now.date().isoformat()
        yield (
            (day, 1, "", "", row["id"]),
            {
                "date": day, "start": None, "end": None, "kind": "deal", "state": "overdue" if day < today else "",
                "id": row["id"], "ref": f"deal:{row['id']}", "type": None, "name": row["name"],
                "about": ", ".join(str(row[name]) for name in ("company", "stage") if row[name]),
                "owner": row["owner"], "minutes": None, "due": day, "what": f"to close: {row['name']}",
            },
        )  # fmt: skip
