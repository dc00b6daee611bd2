"""What an item of another calendar says of a task, part by part; and where two changed the same part, whose it is.

A part is what people take for one thing: when, how long, whether it is done. Three items are compared: what both sides
had when they last agreed, what the book has, and what the other program has. What one side alone changed is taken from
it. What both changed, differently, is a conflict: the book's stays, and it is told.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import local
from crmcli.domain.mailboxes import Mailbox, listed
from crmcli.domain.slots import LENGTH
from crmcli.domain.text import check_text, clip, fold
from crmcli.domain.types import INDEXED, show_instant
from crmcli.domain.types.spans import EARLIEST, LONGEST, MOST_REMINDERS
from crmcli.errors import FieldError
from crmcli.services.calendar_items import DAYS, LISTED
from crmcli.services.calendar_tasks import is_ours
from crmcli.services.recurring import clock_of, skips_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import tzinfo

    from crmcli.context import Context
    from crmcli.domain.recurrence.series import Fitting
    from crmcli.exchange.ical import Item

#: RFC 5545, 3.8.1.9: 1 to 4 are high, 5 is medium, 6 to 9 are low; 0 is none.
PRIORITIES = (0, 3, 3, 3, 3, 2, 1, 1, 1, 1)
UNNAMED = "(without a name)"
#: A line of a to-do that some programs (Thunderbird) leave with what is done, and nothing else.
ALL_DONE = "PERCENT-COMPLETE:100"
#: part -> its stored columns.
Parts = dict[str, dict[str, Any]]


class Said(NamedTuple):
    """What an item says of a task: its stored columns by part, but of those parts alone that it speaks of; and what of
    it no task can have."""

    parts: Parts
    lacks: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """The stored columns of all parts."""
        return {column: value for part in self.parts.values() for column, value in part.items()}


def said(
    ctx: Context, item: Item, *, own: Collection[str] = (), suffix: str = "", left_out: Iterable[date] = ()
) -> Said:
    """What an item says. `own` are the mailboxes of whose book it is, who do not count among those who take part;
    `suffix` is what our own item has behind a task's description; `left_out` are days of its series that other items
    stand for."""
    from crmcli.exchange.ical_values import mailbox_key

    lacks = list(item.lacks)
    name, rest = _name(item.summary)
    when = item.start if item.start is not None and item.kind == "event" else item.due or item.start
    text = own_text(item, suffix)
    if item.url and item.url not in text:
        text = f"{text}\n\n{item.url}".strip()
    alarms = sorted({each for each in item.alarms if 0 <= each <= EARLIEST})[:MOST_REMINDERS]
    boxes = {key: one for one in item.attendees if (key := mailbox_key(one.mailbox)) not in own}
    parts: Parts = {
        "name": {"name": name},
        "when": _when(ctx, when),
        "place": {"place": " ".join(check_text(item.location).split()) or None},
        "description": {"description": "\n\n".join(each for each in (rest, check_text(text)) if each) or None},
        "priority": {"priority": PRIORITIES[item.priority] if 0 <= item.priority <= 9 else 0},
        "reminders": {"remind": ",".join(map(str, alarms)) or None},
        **_series(ctx, item, when, lacks, left_out),
        **_length(item),
    }
    if item.kind == "todo" or (item.task_status and is_ours(item.uid)):
        parts["done"] = {"done_at": _done(item)}
    if item.attendees:  # a published calendar leaves them out
        parts["people"] = {"attendees": _people(boxes.values(), lacks)}
    return Said(parts, tuple(lacks))


def own_text(item: Item, suffix: str = "") -> str:
    """The description of an item without what the program that wrote it put behind it, wherever that stands by now: as
    the item says; else what we would have put there (`suffix`)."""
    text = item.description.strip("\n").rstrip()
    for behind in (item.footer.rstrip(), suffix.rstrip()):
        if not behind:
            continue
        head, found, tail = f"\n{text}\n".rpartition(f"\n{behind}\n")
        if found:
            return "\n\n".join(part.strip("\n") for part in (head, tail) if part.strip()).rstrip()
    return text


def taken(base: Said | None, ours: Said, theirs: Said) -> tuple[Parts, list[str]]:
    """The parts in which the book is to follow the other program, and those that both changed. Without a `base`
    nobody knows who changed what differs: the other program did."""
    changes: Parts = {}
    conflicts: list[str] = []
    if base is not None:
        ours = in_step(base, ours)
    # What an item does not speak of stays, but for a length, which one of a whole day has not.
    silent = {part: dict.fromkeys(base.parts[part]) for part in ("length",) if base and part in base.parts}
    for part, value in {**silent, **theirs.parts}.items():
        empty = dict.fromkeys(value)
        mine = ours.parts.get(part, empty)
        was = base.parts.get(part, empty) if base else mine
        if any(_same(part, value, other) for other in (was, mine)):
            continue
        if part == "skips":
            # Day by day, so that no side's are lost: those that it leaves out now, and those that it has again.
            changes[part] = {"out": _days(value) - _days(was), "again": _days(was) - _days(value)}
        elif not _same(part, mine, was):
            conflicts.append(part)
        else:
            changes[part] = value
    return changes, conflicts


def differing(ours: Said, theirs: Said) -> list[str]:
    """The parts of which both speak, and do not say the same."""
    both = [part for part in theirs.parts if part in ours.parts]
    return [part for part in both if not _same(part, ours.parts[part], theirs.parts[part])]


def _same(part: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two say the same of a part: when it was done each side knows for itself, and the day of a moment is that
    of whoever asks."""
    if part == "done":
        return bool(one.get("done_at")) == bool(other.get("done_at"))
    if part == "when" and one.get("due_at"):
        return bool(one["due_at"] == other.get("due_at"))
    if part == "length":  # what says none takes as long as a task without one
        return (one.get("minutes") or LENGTH) == (other.get("minutes") or LENGTH)
    return one == other


def older(one: Item, other: Item) -> bool:
    """Whether an item is an earlier version than another one (RFC 5546, 2.1.5): by its SEQUENCE, then by when it was
    changed, as far as both say so."""
    if one.sequence != other.sequence or one.updated_at is None or other.updated_at is None:
        return one.sequence < other.sequence
    return one.updated_at < other.updated_at


def alike(one: Said, other: Said) -> bool:
    """Whether a day of a series differs from it in no more than when it is."""
    aside = ("when", "series", "skips")
    return not [part for part in differing(one, other) if part not in aside]


def in_step(base: Said, ours: Said, *, ended: bool = False) -> Said:
    """What the book says, with the day of its series that it has come to as the first one again: that a series went on,
    or that it `ended`, is no change of it."""
    if not ended and not same_series(base.parts.get("series", {}), ours.parts.get("series", {})):
        return ours
    same: Parts = {part: base.parts[part] for part in ("when", "series", "skips") if part in base.parts}  # fmt: skip
    return ours._replace(parts={**ours.parts, **same})


def same_series(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the columns of two series are of one, whatever is left of it."""
    return bool(one.get("repeat")) and _but_count(one) == _but_count(other)


def _but_count(series: Mapping[str, Any]) -> dict[str, Any]:
    return {**series, "repeat": re.sub(r"COUNT=\d+;?", "", series.get("repeat") or "").rstrip(";")}


def _days(skips: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(filter(None, (skips.get("series_skips") or "").split(",")))


def _name(summary: str) -> tuple[str, str]:
    """The name of a task, and what of it is too long for one."""
    name = " ".join(check_text(summary).split()) or UNNAMED
    if max(len(name), len(fold(name))) <= INDEXED:
        return name, ""
    short = clip(name, INDEXED // 4)
    return short, name


def _when(ctx: Context, when: date | datetime | None) -> dict[str, Any]:
    if when is None:
        return {"due_on": None, "due_at": None}
    if isinstance(when, datetime):
        return {"due_on": local(when, ctx.env.now.tzinfo).date().isoformat(), "due_at": show_instant(when)}
    return {"due_on": when.isoformat(), "due_at": None}


def _length(item: Item) -> Parts:
    """The length of an item, unless it is no more than the usual one in the place of none; of a day, and of a to-do,
    nobody but a book says how many minutes it takes."""
    minutes, of_task = item.minutes or 0, item.task_minutes if is_ours(item.uid) else None
    says = item.kind == "event" and (isinstance(item.start, datetime) or minutes >= DAYS)
    if not says and of_task is None:
        return {}
    if not says or (of_task == 0 and minutes == LENGTH):
        minutes = of_task or 0
    return {"length": {"minutes": minutes if 0 < minutes <= LONGEST else None}}


def _people(boxes: Collection[Any], lacks: list[str]) -> str | None:
    from crmcli.domain.address import email_key

    found = []
    for box in boxes:
        try:
            found.append(Mailbox(email_key(box.mailbox), " ".join(check_text(box.name).split())))
        except FieldError:
            lacks.append(f"{box.mailbox or box.name} is no e-mail address")
    return listed(found) or None


def zone_of(ctx: Context, when: date | datetime | None) -> tzinfo | None:
    """The zone in which the days of an item count: its own, where that has a name, else that of the book."""
    own = when.tzinfo if isinstance(when, datetime) else None
    return own if getattr(own, "key", None) else ctx.env.now.tzinfo


def day_of(ctx: Context, moment: date | datetime, when: date | datetime | None) -> date:
    """The day of a moment in the zone of an item that begins `when`."""
    return local(moment, zone_of(ctx, when)).date() if isinstance(moment, datetime) else moment


def day_named(ctx: Context, moment: date | datetime, item: Item) -> date:
    """The day that an EXDATE of an item names, or the RECURRENCE-ID of one of its days, as the series of a task counts
    it."""
    return day_of(ctx, moment, item.start or item.due) + due_later(ctx, item)


def rule_of(ctx: Context, item: Item) -> str | None:
    """The rule of an item for the days that the series of a task counts; None where no rule has these. Raises
    FieldError."""
    from crmcli.domain.recurrence import parse, shifted

    rule, begins = parse(item.rrule or "", ctx.env.now), item.start or item.due
    if begins is None:
        return rule
    was, day = _day(begins), day_named(ctx, begins, item)
    return rule if was == day or _is_about(rule, day, was) else shifted(rule, was, (day - was).days)


def due_later(ctx: Context, item: Item) -> timedelta:
    """So long after the days of its series a to-do is due: RRULE, EXDATE and RECURRENCE-ID are about those on which it
    starts (RFC 5545, 3.8.5.3), the series of a task about those on which it is due."""
    from crmcli.domain.recurrence import parse

    if item.kind != "todo" or item.start is None or item.due is None:
        return timedelta()
    later = day_of(ctx, item.due, item.due) - day_of(ctx, item.start, item.start)
    if later and item.rrule:
        try:
            rule = parse(item.rrule, ctx.env.now)
        except FieldError:
            return timedelta()
        if _is_about(rule, _day(item.due), _day(item.start)):
            return timedelta()
    return later


def _is_about(rule: str, day: date, start: date) -> bool:
    """Whether a rule has a day, and not the one of the DTSTART beside it: whoever wrote it did not mean that one."""
    from crmcli.domain.recurrence import first

    return first(rule, day) == day and first(rule, start) != start


def _day(moment: date | datetime) -> date:
    """The day of a moment by its own clock, which no zone of ours may have."""
    return moment.date() if isinstance(moment, datetime) else moment


def _series(
    ctx: Context, item: Item, when: date | datetime | None, lacks: list[str], left_out: Iterable[date]
) -> dict[str, dict[str, Any]]:
    """The rule of an item, with the clock and zone in which it is counted, and the days that it leaves out: by the
    clock of the item, which may be another one than that of the book."""
    from crmcli.domain.recurrence import anchored

    none = {"series": dict.fromkeys(("repeat", "series_time", "series_zone")), "skips": {"series_skips": None}}
    day = day_of(ctx, when, when) if when is not None else date.min
    skips = {*left_out, *(day_named(ctx, each, item) for each in item.exdates)}
    its = _of_days(ctx, item, day, skips) if item.repeat and when is not None else None
    if its.others if its is not None else item.rdates:
        lacks.append("its further days one by one")
    if when is None or (its is None and not item.rrule):
        return none
    try:
        rule = rule_of(ctx, item) if its is None else its.rule
    except FieldError as error:
        lacks.append(f"its series: {error.message}")
        return none
    if rule is None:
        lacks.append(f"its series: it is not due on the days of {item.rrule}, and no rule has those on which it is")
        return none
    clock = clock_of(show_instant(when) if isinstance(when, datetime) else None, zone_of(ctx, when))
    out = skips if its is None else its.skips
    return {
        "series": {"repeat": anchored(rule, day), **clock},
        "skips": {"series_skips": skips_text(skip for skip in out if skip >= day)},
    }


def with_rule(item: Item, row: Mapping[str, Any]) -> Item:
    """An item of a task whose days stand one by one; with the rule of the task, where another program left that out.
    Whether they are its days still is judged by themselves."""
    is_bare = item.rdates and not item.rrule and not item.repeat
    return item._replace(repeat=row["repeat"]) if is_bare and row.get("repeat") else item


def _of_days(ctx: Context, item: Item, day: date, skips: Collection[date]) -> Fitting | None:
    """What the days of an item that stand one by one, from `day` on, say of its series; None where they are not those
    of its rule."""
    from crmcli.domain.recurrence import fitting, parse

    try:
        rule = parse(item.repeat or "", ctx.env.now)
    except FieldError:
        return None
    return fitting(rule, day, {day_named(ctx, each, item) for each in item.rdates}, skips, LISTED)


def is_done(item: Item) -> bool:
    """Whether an item says that its task is done: one that says nothing else by how much of it is, too."""
    done = "COMPLETED" in (item.status, item.task_status) or item.done_at is not None
    return done or (not item.status and ALL_DONE in item.more)


def _done(item: Item) -> str | None:
    if not is_done(item):
        return None
    done = item.done_at or item.updated_at or item.created_at
    return show_instant(done) if done else None
