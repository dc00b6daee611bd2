"""What an item of another calendar says of a task, part by part; and where two changed the same part, whose it is.

A part is what people take for one thing: when, how long, whether it is done. Three items are compared: what both sides
had when they last agreed, what the book has, and what the other program has. What one side alone changed is taken from
it. What both changed, differently, is a conflict: the book's stays, and it is told.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import local
from crmcli.domain.mailboxes import Mailbox, listed
from crmcli.domain.text import check_text, clip, fold
from crmcli.domain.types import INDEXED, show_instant
from crmcli.domain.types.spans import EARLIEST, LONGEST, MOST_REMINDERS
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Collection

    from crmcli.context import Context
    from crmcli.exchange.ical import Item

#: RFC 5545, 3.8.1.9: 1 to 4 are high, 5 is medium, 6 to 9 are low; 0 is none.
PRIORITIES = (0, 3, 3, 3, 3, 2, 1, 1, 1, 1)
#: What an event of days has to last for its length to be said: two of them.
DAYS = 2 * 24 * 60
UNNAMED = "(without a name)"


class Said(NamedTuple):
    """What an item says of a task: its stored columns by part, but of those parts alone that it speaks of; and what of
    it no task can have."""

    parts: dict[str, dict[str, Any]]
    lacks: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """The stored columns of all parts."""
        return {column: value for part in self.parts.values() for column, value in part.items()}


def said(ctx: Context, item: Item, *, own: Collection[str] = (), suffix: str = "") -> Said:
    """What an item says. `own` are the mailboxes of whose book it is, who do not count among those who take part;
    `suffix` is what our own item has behind a task's description."""
    lacks: list[str] = []
    name, rest = _name(item.summary)
    when = item.start if item.start is not None and item.kind == "event" else item.due or item.start
    text = item.description.removesuffix(suffix).rstrip() if suffix else item.description.rstrip()
    if item.url and item.url not in text:
        text = f"{text}\n\n{item.url}".strip()
    alarms = sorted({each for each in item.alarms if 0 <= each <= EARLIEST})[:MOST_REMINDERS]
    boxes = {one.mailbox.lower(): one for one in item.attendees if one.mailbox.lower() not in own}
    parts: dict[str, dict[str, Any]] = {
        "name": {"name": name},
        "when": _when(ctx, when),
        "place": {"place": " ".join(check_text(item.location).split()) or None},
        "description": {"description": "\n\n".join(each for each in (rest, check_text(text)) if each) or None},
        "priority": {"priority": PRIORITIES[item.priority] if 0 <= item.priority <= 9 else 0},
        "reminders": {"remind": ",".join(map(str, alarms)) or None},
        "series": {"repeat": _series(ctx, item, when, lacks)},
    }
    if item.kind == "event" and (isinstance(item.start, datetime) or (item.minutes or 0) >= DAYS):
        parts["length"] = {"minutes": _length(item)}  # of a day nobody says how many minutes it takes
    if item.kind == "todo":
        parts["done"] = {"done_at": _done(item)}
    if item.attendees:  # a published calendar leaves them out
        parts["people"] = {"attendees": _people(boxes.values(), lacks)}
    return Said(parts, tuple(lacks))


def taken(base: Said | None, ours: Said, theirs: Said) -> tuple[dict[str, Any], list[str]]:
    """The columns in which the book is to follow the other program, and the parts that both changed. Without a `base`
    nobody knows who changed what differs: the other program did."""
    changes: dict[str, Any] = {}
    conflicts: list[str] = []
    gone = {part: dict.fromkeys(value) for part, value in (base.parts if base else {}).items()}
    for part, value in {**gone, **theirs.parts}.items():
        empty = dict.fromkeys(value)
        mine = ours.parts.get(part, empty)
        was = base.parts.get(part, empty) if base else mine
        if value in (was, mine):
            continue
        if mine != was:
            conflicts.append(part)
        else:
            changes |= value
    return changes, conflicts


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


def _length(item: Item) -> int | None:
    minutes = item.minutes
    return minutes if item.kind == "event" and minutes and 0 < minutes <= LONGEST else None


def _people(boxes: Collection[Any], lacks: list[str]) -> str | None:
    from crmcli.domain.address import email_key

    found = []
    for box in boxes:
        try:
            found.append(Mailbox(email_key(box.mailbox), " ".join(check_text(box.name).split())))
        except FieldError:
            lacks.append(f"{box.mailbox or box.name} is no e-mail address")
    return listed(found) or None


def _series(ctx: Context, item: Item, when: date | datetime | None, lacks: list[str]) -> str | None:
    from crmcli.domain.recurrence import anchored, parse

    if item.rdates:
        lacks.append("its further days one by one")
    if not item.rrule or when is None:
        return None
    try:
        rule = parse(item.rrule, ctx.env.now)
    except FieldError as error:
        lacks.append(f"its series: {error.message}")
        return None
    return anchored(rule, local(when, ctx.env.now.tzinfo).date() if isinstance(when, datetime) else when)


def _done(item: Item) -> str | None:
    if item.kind != "todo" or (item.status != "COMPLETED" and item.done_at is None):
        return None
    done = item.done_at or item.updated_at or item.created_at
    return show_instant(done) if done else None
