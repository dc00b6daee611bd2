"""Calendar items to an iCalendar file (RFC 5545, RFC 7986): equal bytes for equal items, whatever their texts hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from crmcli.domain.dates import local
from crmcli.errors import CrmError
from crmcli.exchange.ical_clocks import FIRST_YEAR, zone_lines
from crmcli.exchange.ical_lines import check, escape, many_lines, one_line, safe_uri
from crmcli.exchange.ical_more import (
    FINER,
    FOOTER,
    LENGTH,
    OPENING,
    PEOPLE,
    REPEAT,
    TASK_STATUS,
    More,
    alarm_edges,
    alarm_opening,
    block_lines,
    moved_alarm,
    write_trigger,
)
from crmcli.exchange.ical_values import (
    STANDINGS,
    Attendee,
    common_name,
    mailbox_key,
    mailto,
    stamp,
    utc,
    write_duration,
    write_rule,
)
from crmcli.exchange.ical_zone import named_zone, zoned
from crmcli.exchange.vcard_lines import Property, fold, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

PRODID = "-//crmcli//crm//EN"
STATUSES = {
    "event": ("TENTATIVE", "CONFIRMED", "CANCELLED"),
    "todo": ("NEEDS-ACTION", "COMPLETED", "IN-PROCESS", "CANCELLED"),
}
#: What an event may say of the task that it stands for.
TASK_STATUSES = ("NEEDS-ACTION", "COMPLETED")
COMPONENTS = {"event": "VEVENT", "todo": "VTODO"}
#: Who reads a published calendar is to ask for it again so often.
REFRESH = "PT15M"
_DAY = 1440
#: The DTSTAMP of an item that does not say when it changed.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Item(NamedTuple):
    """One entry of a calendar.

    `kind` is "event" or "todo". `start` and `due` are dates (all day) or aware datetimes; one in a ZoneInfo of its own
    is written in that zone, any other in the calendar's. `minutes` is the length of an event (of one of days: whole
    days of 1440, more than one). `created_at`, `updated_at`, `done_at` are aware. `alarms` are minutes before the start
    (the due date of a to-do); where that is a day, before `opening`, so many minutes after its midnight. `rrule` is an
    RFC 5545 recurrence rule without its name, UNTIL as a day; `rdates` and `exdates` are days or moments that a series
    has too, or has not; a day beside a timed start is that day at the start's time. `repeat` is the rule, UNTIL as a
    day, of which `rdates` are the next days: one that programs do not know as an RRULE, and another book does.
    `recurrence_id` is the moment of the series that this item stands for.
    `priority` is 0 (none), 1 (highest) to 9. `footer` is what stands behind the item's own text in `description`, as
    whoever wrote it says.
    `task_status` is one of TASK_STATUSES where an event says whether the task that it stands for is done, else empty.
    `task_minutes` is the length of that task where the item has another one or none: 0 for a task without a length.
    `onwards` is whether a day that differs stands for all later ones, too (RANGE=THISANDFUTURE).
    `floating` are times that are the same on every clock: here those of the calendar's zone, and written without one.
    `more` are unfolded content lines of another program, as the reader keeps them; none has a line end. `lacks` is, in
    words for people, what the fields say otherwise than the item did, or not at all.
    """

    uid: str
    kind: str
    summary: str
    description: str
    start: date | datetime | None
    minutes: int | None
    due: date | datetime | None
    done_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    sequence: int
    status: str
    categories: Sequence[str]
    priority: int
    url: str = ""
    location: str = ""
    alarms: Sequence[int] = ()
    opening: int = OPENING
    rrule: str | None = None
    rdates: Sequence[date | datetime] = ()
    exdates: Sequence[date | datetime] = ()
    repeat: str | None = None
    recurrence_id: date | datetime | None = None
    organizer: Attendee | None = None
    attendees: Sequence[Attendee] = ()
    more: Sequence[str] = ()
    footer: str = ""
    task_status: str = ""
    task_minutes: int | None = None
    floating: bool = False
    onwards: bool = False
    lacks: Sequence[str] = ()

    @property
    def is_series(self) -> bool:
        """Whether it says that it comes again."""
        return bool(self.rrule or self.rdates or self.repeat)


def write_calendar(items: Iterable[Item], *, name: str, zone: str) -> bytes:
    """The calendar `name` as bytes, to be published: times in the IANA zone `zone` ("UTC" writes them as Z).

    Items are sorted by UID, so equal items give equal bytes. Attendees are left out, as RFC 5545, 3.8.4.1 wants it: a
    program that takes the file in could write to them. The finished bytes are read again by a splitter that takes every
    character which some program takes for a line end; if components and property names are not exactly the intended
    ones, CrmError is raised and nothing is given out. It is raised too for values that no calendar has.
    """
    title = escape(one_line(name))
    head = [
        ("METHOD", "METHOD:PUBLISH"),
        ("NAME", f"NAME:{title}"),
        ("X-WR-CALNAME", f"X-WR-CALNAME:{title}"),
        ("REFRESH-INTERVAL", f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"),
        ("X-PUBLISHED-TTL", f"X-PUBLISHED-TTL:{REFRESH}"),
    ]
    ordered = sorted(items, key=lambda item: (item.uid, stamp(item.recurrence_id) if item.recurrence_id else ""))
    return _written(head, ordered, zone, published=True, lengths=True)


def write_one(item: Item, *, zone: str, overrides: Sequence[Item] = (), lengths: bool = False) -> bytes:
    """An item as an object of a CalDAV collection (RFC 4791, 4.1): no METHOD, with its attendees, checked as a calendar
    is; `overrides` are those of its series that differ, each with its recurrence_id. With `lengths` it says that of its
    task, as in a published calendar: a program that changes the item in a collection would leave that as it was. Raises
    CrmError."""
    return _written([], [item, *overrides], zone, published=False, lengths=lengths)


def _written(head: list[tuple[str, str]], items: Sequence[Item], zone: str, *, published: bool, lengths: bool) -> bytes:
    here = named_zone(zone)
    zones: dict[str, int] = {}
    body = [pair for item in items for pair in _Writer(item, here, zones, published=published, lengths=lengths).pairs]
    top = [
        ("BEGIN:VCALENDAR", "BEGIN:VCALENDAR"),
        ("PRODID", f"PRODID:{PRODID}"),
        ("VERSION", "VERSION:2.0"),
        ("CALSCALE", "CALSCALE:GREGORIAN"),
        *head,
    ]
    for key in sorted(zones):
        for line in zone_lines(key, zones[key]):
            edge = line.startswith(("BEGIN:", "END:"))
            top.append((line if edge else line.partition(":")[0].partition(";")[0], line))
    pairs = [*top, *body, ("END:VCALENDAR", "END:VCALENDAR")]
    data = b"".join([fold(line) for _, line in pairs])
    check(data, [head for head, _ in pairs])
    return data


class _Writer:
    """The lines of one item, each as (head, line): the head is what the check of the finished bytes expects. `zones`
    are those that it needs, each with the first year."""

    def __init__(
        self, item: Item, here: ZoneInfo | None, zones: dict[str, int], *, published: bool, lengths: bool
    ) -> None:
        if item.kind not in STATUSES:
            raise CrmError(f"A calendar item is an event or a todo, not {item.kind!r}.")
        self.item, self.zones, self.published, self.lengths = item, zones, published, lengths
        start = item.start
        if item.kind == "todo" and start is None and item.is_series:
            start = item.due  # a series begins somewhere (RFC 5545, 3.8.5.3)
        self.start, self.here = start, here
        self.more = More(item.more) if item.more else None
        self.pairs: list[tuple[str, str]] = []
        name = COMPONENTS[item.kind]
        self.pairs.append((f"BEGIN:{name}", f"BEGIN:{name}"))
        self._identity()
        self._times()
        self._series()
        self._texts()
        self._people()
        if self.more:
            self._kept(self.more)
        self._alarms()
        self.pairs.append((f"END:{name}", f"END:{name}"))

    def _add(self, name: str, value: str, params: str = "") -> None:
        """A property; with the parameters that a kept line lends it while the value is the same."""
        lent = self.more.lent(name, value) if self.more else None
        rest = f":{value}" if lent is None else written(Property("", value, lent.params))
        self.pairs.append((name, f"{name}{params}{rest}"))

    def _identity(self) -> None:
        item = self.item
        updated = item.updated_at or item.created_at
        self._add("UID", escape(one_line(item.uid)))
        # Without the moment of a change it is the same one each time: nothing here depends on the clock.
        self._add("DTSTAMP", f"{stamp(utc(updated or EPOCH))}Z")
        if item.created_at:
            self._add("CREATED", f"{stamp(utc(item.created_at))}Z")
        if item.updated_at:
            self._add("LAST-MODIFIED", f"{stamp(utc(item.updated_at))}Z")
        self._add("SEQUENCE", str(item.sequence))
        self._add("SUMMARY", escape(one_line(item.summary)))

    def _times(self) -> None:
        item, start = self.item, self.start
        if start is not None:
            self._when("DTSTART", start)
        elif item.kind == "event":
            raise CrmError(f"The event {one_line(item.summary)!r} has no start.")
        if item.recurrence_id is not None:
            self._when("RECURRENCE-ID", item.recurrence_id)
        if item.kind == "event" and item.minutes and isinstance(start, datetime):
            # A day without a length lasts that day; an instant without one takes no time (RFC 5545, 3.6.1).
            self._add("DURATION", write_duration(item.minutes))
        elif item.kind == "event" and item.minutes and item.minutes >= 2 * _DAY:
            self._add("DURATION", f"P{item.minutes // _DAY}D")
        if item.task_minutes is not None and self.lengths:
            self._add(LENGTH, write_duration(item.task_minutes))
        if item.kind == "todo":
            if item.due is not None:
                self._when("DUE", item.due)
            if item.done_at is not None:
                self._add("COMPLETED", f"{stamp(utc(item.done_at))}Z")
                self._add("PERCENT-COMPLETE", "100")

    def _when(self, name: str, moment: date | datetime) -> None:
        if not isinstance(moment, datetime):
            self._add(name, stamp(moment), ";VALUE=DATE")
            return
        params, value = self._clock(moment, self._zone_of(moment))
        self._add(name, value, params)

    def _zone_of(self, moment: date | datetime | None) -> ZoneInfo | None:
        """None for UTC."""
        own = moment.tzinfo if isinstance(moment, datetime) else None
        if isinstance(own, ZoneInfo) and own.key:
            return None if own.key == "UTC" else own
        return self.here

    def _clock(self, moment: datetime, zone: ZoneInfo | None) -> tuple[str, str]:
        """The parameters and the value of a moment; in UTC where the clock of its zone does not say which is meant."""
        there = local(moment, zone) if zone is not None else moment
        if self.item.floating and zone is self.here:
            return "", stamp(there if zone is not None else utc(moment))
        if zone is None or there.tzinfo is UTC or there.fold:
            return "", f"{stamp(utc(moment))}Z"
        self.zones[zone.key] = min(there.year, self.zones.get(zone.key, there.year))
        return f";TZID={zone.key}", stamp(there)

    def _series(self) -> None:
        item, start = self.item, self.start
        if start is None:
            return
        zone = self._zone_of(start)
        if item.rrule and item.floating:  # so is its end (RFC 5545, 3.3.10)
            self._add("RRULE", re.sub(r"(UNTIL=\d+T\d+)Z", r"\1", write_rule(item.rrule, start, UTC)))
        elif item.rrule:
            self._add("RRULE", write_rule(item.rrule, start, zone or UTC))
        if item.repeat:
            self._add(REPEAT, escape(write_rule(item.repeat, date.max, UTC)))
        for name, moments in (("RDATE", item.rdates), ("EXDATE", item.exdates)):
            if moments and not isinstance(start, datetime):
                days = {local(one, zone or UTC).date() if isinstance(one, datetime) else one for one in moments}
                self._add(name, ",".join(map(stamp, sorted(days))), ";VALUE=DATE")
            elif moments and isinstance(start, datetime):
                clock = local(start, zone or UTC).time()
                self._moments(name, [_at(one, clock, zone or UTC) for one in moments], zone)

    def _moments(self, name: str, moments: Iterable[datetime], zone: ZoneInfo | None) -> None:
        values: dict[str, set[str]] = {}
        for moment in moments:
            params, value = self._clock(moment, zone)
            values.setdefault(params, set()).add(value)
        for params in sorted(values, reverse=True):
            self._add(name, ",".join(sorted(values[params])), params)

    def _texts(self) -> None:
        item = self.item
        if item.description.strip():
            self._add("DESCRIPTION", escape(many_lines(item.description)))
        if item.footer.strip():
            self._add(FOOTER, escape(many_lines(item.footer)))
        if location := one_line(item.location):
            self._add("LOCATION", escape(location))
        if item.status:
            if item.status not in STATUSES[item.kind]:
                known = ", ".join(STATUSES[item.kind])
                raise CrmError(f"{item.status!r} is no status of a calendar {item.kind}.", known)
            finer = self.more.finer if self.more else ""
            self._add("STATUS", finer if FINER.get(finer) == item.status else item.status)
        # A published event is open unless it says otherwise; in a collection who reads it has to know which it is.
        if item.task_status and (item.task_status == "COMPLETED" or not self.published):
            self._add(TASK_STATUS, item.task_status)
        if categories := [escape(text) for text in map(one_line, item.categories) if text]:
            self._add("CATEGORIES", ",".join(categories))
        if item.priority:
            self._add("PRIORITY", str(item.priority))
        if url := safe_uri(item.url):
            self._add("URL", url)

    def _people(self) -> None:
        people = [("ORGANIZER", self.item.organizer)] if self.item.organizer else []
        people += [("ATTENDEE", one) for one in (() if self.published else self.item.attendees)]
        for name, person in people:
            mailbox = one_line(person.mailbox).replace(" ", "")
            if "@" not in mailbox:
                continue
            ours = {"CN": common_name(person.name)}
            if name == "ATTENDEE":
                ours["CUTYPE"] = person.cutype
                ours["PARTSTAT"] = person.standing if person.standing in STANDINGS else ""
            said = {param: (value,) for param, value in ours.items() if value}
            lent = self.more.lent(name, mailbox_key(mailbox)) if self.more else None
            value = lent.value if lent else mailto(mailbox)
            # Those that a kept line has stay in their places.
            params = ((dict(lent.params) if lent else {}) | said).items()
            self.pairs.append((name, written(Property(name, value, tuple(params)))))

    def _kept(self, more: More) -> None:
        """What no field says; of people those without a mailbox beside the others."""
        have = {head for head, _ in self.pairs} - PEOPLE
        if self.published:
            have |= {"ATTENDEE", "REQUEST-STATUS"}
        for found in more.plain:
            if found.name not in have and (line := self._in_zone(found)) is not None:
                self.pairs.append((line.name, written(line)))

    def _in_zone(self, found: Property) -> Property | None:
        """A kept line whose zone the calendar defines as well; None where nobody knows that zone."""
        if (there := zoned(found)) is None:
            return None
        line, key = there
        if key:  # the clocks of all years: nobody knows which of them the line is about
            self.zones[key] = min(FIRST_YEAR, self.zones.get(key, FIRST_YEAR))
        return line

    def _alarms(self) -> None:
        item, edges = self.item, alarm_edges(self.item.kind, self.item.start, self.item.due)
        opening = alarm_opening(item.kind, item.start, item.due, item.opening)
        standing, others = self.more.alarms(edges) if self.more else ({}, [])
        text, related = escape(one_line(item.summary)), ";RELATED=END" if "end" in edges else ""
        for minutes in sorted(set(item.alarms)) if edges else ():
            if minutes in standing:
                self._blocks(moved_alarm(block, opening) for block in standing[minutes])
                continue
            self.pairs += (
                ("BEGIN:VALARM", "BEGIN:VALARM"),
                ("ACTION", "ACTION:DISPLAY"),
                ("DESCRIPTION", f"DESCRIPTION:{text}"),
                ("TRIGGER", f"TRIGGER{related}:{write_trigger(minutes - opening)}"),
                ("END:VALARM", "END:VALARM"),
            )
        if not self.published:  # among them are those that write to people
            self._blocks(others)

    def _blocks(self, blocks: Iterable[tuple[str, list[Property]]]) -> None:
        for name, lines in blocks:
            found = [line for line in map(self._in_zone, lines) if line is not None]
            if len(found) == len(lines):
                self.pairs += block_lines((name, found))


def _at(one: date | datetime, clock: time, zone: tzinfo) -> datetime:
    return one if isinstance(one, datetime) else datetime.combine(one, clock, zone)
