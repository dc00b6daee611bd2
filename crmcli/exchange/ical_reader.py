"""An iCalendar file (RFC 5545) as items, whatever program wrote it and whatever is wrong with it.

What cannot be used is refused item by item, with a reason; only what is no calendar at all raises ReadError. The work
is bounded: files of 64 MiB with 200,000 items, an item of 10,000 lines, a line of a million characters (of one that no
field says 32,768: a longer one is left out, and that is told), a rule of 2,000 characters, definitions of 50 zones.
Each step takes a time that grows with the length of what it reads and no faster.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from crmcli.exchange.ical import COMPONENTS, EPOCH, STATUSES, Item
from crmcli.exchange.ical_lines import escape, many_lines, one_line, safe_uri
from crmcli.exchange.ical_more import LENDING, PEOPLE, alarm_edges, alarm_minutes, block_lines, extra, is_foreign
from crmcli.exchange.ical_parts import LONGEST_KEPT, read_parts
from crmcli.exchange.ical_values import (
    mailbox_of,
    read_attendee,
    read_duration,
    read_rule,
    read_when,
    stamp,
    utc,
)
from crmcli.exchange.ical_zone import defined_zone, find_zone, named_zone
from crmcli.exchange.vcard_lines import pieces, unescape, written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from crmcli.exchange.ical_more import Block
    from crmcli.exchange.ical_parts import Part
    from crmcli.exchange.ical_values import Attendee
    from crmcli.exchange.vcard_lines import Property

MOST_DEFINITIONS, MOST_NOTES = 50, 100
_KINDS = {component: kind for kind, component in COMPONENTS.items()}
_REFUSED = {"VJOURNAL": "it is a journal entry", "VFREEBUSY": "it says only when somebody is busy"}
#: Properties that an export may change each time: no part of what an item without a UID is known by.
_FLEETING = frozenset(("DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"))
#: The order in which the writer has those whose parameters are kept, so that they come back in the same.
_ORDER = ("SUMMARY", "RECURRENCE-ID", "DESCRIPTION", "LOCATION", "CATEGORIES", "URL", "ORGANIZER", "ATTENDEE")
_DAY = 1440


class Refusal(NamedTuple):
    """A part of the file that is no item here: `number` counts the parts from 1, `what` names it for people."""

    number: int
    what: str
    reason: str


class Calendar(NamedTuple):
    """What a file holds: `name`, `zone` (what it says of itself, "" unless an IANA zone), `method` (PUBLISH, REQUEST,
    CANCEL, ...), its items and refusals in the order of the file, and what else is to be told, each once, no more than
    100. Lengths are whole minutes, rounded up."""

    name: str
    zone: str
    method: str
    items: list[Item]
    refusals: list[Refusal]
    notes: list[str]


def read_calendar(data: bytes, *, zone: str, called: str = "The file", encoding: str = "") -> Calendar:
    """Read the bytes of a calendar file. Times without a zone are in the IANA zone `zone`; those of a moment keep the
    zone that they have. `called` names the file in messages, `encoding` its code page where that is known.

    UIDs are unique but for the items of one series, which have a recurrence_id; of two versions the later is taken. An
    item without one gets a UID from its content. Raises ReadError for what is no calendar.
    """
    found, notes = read_parts(data, called=called, encoding=encoding)
    said = _text(found.head.get("X-WR-TIMEZONE", ""))
    own = find_zone(said) if said else None
    method = _text(found.head.get("METHOD", "")).upper()
    reading = _Reading(zone, [part for part in found.parts if part.name == "VTIMEZONE"], method, notes)
    for part in found.parts:
        reading.take(part)
    items, refusals = reading.finished()
    return Calendar(
        _text(found.head.get("NAME") or found.head.get("X-WR-CALNAME") or ""),
        own.key if isinstance(own, ZoneInfo) else "",
        method,
        items,
        refusals,
        reading.notes,
    )


def _text(value: str) -> str:
    return one_line(unescape(value))


class _Refused(ValueError):
    """Why an item is not taken."""


class _Reading:
    """What all items of a file have in common."""

    def __init__(self, zone: str, definitions: list[Part], method: str, notes: list[str]) -> None:
        self.name = zone
        self.zone: tzinfo = named_zone(zone) or ZoneInfo("UTC")
        self.method, self.notes = method, notes
        self._definitions = definitions
        self._defined: dict[str, tzinfo | None] | None = None
        self._zones: dict[str, tzinfo | None] = {}
        self._items: dict[tuple[str, str, str], tuple[int, Item]] = {}
        self._refusals: list[Refusal] = []

    def take(self, part: Part) -> None:
        """One part of the file."""
        kind = _KINDS.get(part.name, "")
        if kind:
            try:
                if part.problem:
                    raise _Refused(part.problem)
                item = _Reader(part, kind, self).item()
            except (ValueError, OverflowError) as error:
                self._refuse(part, kind, str(error))
                return
            self._keep(part, item)
            if part.left_out:
                names = ", ".join(sorted(set(part.left_out)))
                self.tell(f"longer than {LONGEST_KEPT >> 10} KiB and left out of their items: {names}")
        elif part.name in _REFUSED:
            self._refuse(part, part.name, _REFUSED[part.name])

    def tell(self, note: str) -> None:
        """Something that is to be told, once."""
        if note not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(note)

    def _keep(self, part: Part, item: Item) -> None:
        key = item.kind, item.uid, _instant_of(item.recurrence_id) if item.recurrence_id else ""
        older = self._items.get(key)
        if older is not None and _version(older[1]) >= _version(item):
            self._refusals.append(Refusal(part.number, _called(item.kind, item.summary), _TWICE))
            return
        if older is not None:
            self._refusals.append(Refusal(older[0], _called(item.kind, older[1].summary), _TWICE))
        self._items[key] = part.number, item

    def _refuse(self, part: Part, kind: str, reason: str) -> None:
        summary = next((_text(line.value[:200]) for line in part.lines if line.name == "SUMMARY"), "")
        self._refusals.append(Refusal(part.number, _called(kind, summary), reason))

    def finished(self) -> tuple[list[Item], list[Refusal]]:
        """All items and refusals, in the order of the file."""
        items = [item for _, item in sorted(self._items.values(), key=lambda one: one[0])]
        return items, sorted(self._refusals)

    def zone_of(self, tzid: str) -> tzinfo:
        """The zone of a TZID: an IANA zone, else as the file defines it, else that of times without one."""
        if tzid not in self._zones:
            found = find_zone(tzid) or self._definition(tzid)
            if found is None:
                shown = one_line(tzid)[:60]
                self.tell(f"there is no time zone {shown!r}: its times are read as {self.name}")
            self._zones[tzid] = found
        return self._zones[tzid] or self.zone

    def _definition(self, tzid: str) -> tzinfo | None:
        if self._defined is None:
            self._defined = dict(defined_zone(one.raw, self.name) for one in self._definitions[:MOST_DEFINITIONS])
        return self._defined.get(tzid.strip())


_TWICE = "the file has another version of it, which is taken"


def _version(item: Item) -> tuple[int, datetime]:
    return item.sequence, item.updated_at or datetime.min.replace(tzinfo=UTC)


def _called(kind: str, summary: str) -> str:
    return f"{kind} {summary[:60]!r}" if summary else f"{kind} without a summary"


class _Reader:
    """The fields of one component."""

    def __init__(self, part: Part, kind: str, reading: _Reading) -> None:
        self.part, self.kind, self.reading = part, kind, reading
        self.all: dict[str, list[Property]] = {}
        for line in part.lines:
            self.all.setdefault(line.name, []).append(line)

    def item(self) -> Item:
        """All of it. Raises ValueError with the reason for what cannot be used."""
        start, due = self._when("DTSTART"), self._when("DUE")
        if self.kind == "event" and start is None:
            raise _Refused("it has no start")
        length = self._length(start)
        if self.kind == "todo" and due is None and start is not None and length is not None:
            due, length = _after(start, length), None
        rule, moments = self._series(start if start is not None else due)
        if self.kind == "todo" and start == due and (rule or moments["RDATE"]):
            start = None  # it is there only because a series begins somewhere
        summary = self._one("SUMMARY")
        description = many_lines(unescape(self._value("DESCRIPTION")))
        status = self._value("STATUS").strip().upper()
        if self.reading.method == "CANCEL":
            status = "CANCELLED"
        minutes = self._minutes(start, length)
        people: dict[str, Attendee] = {}
        for found in filter(None, map(read_attendee, self.all.get("ATTENDEE", ()))):
            people.setdefault(found.mailbox.lower(), found)
        organizer = next((read_attendee(one) for one in self.all.get("ORGANIZER", ())), None)
        alarms, blocks = self._alarms(summary, alarm_edges(self.kind, start, due))
        item = Item(
            uid=self._one("UID") or self._own_uid(),
            kind=self.kind,
            summary=summary,
            description=description if description.strip() else "",
            start=start,
            minutes=minutes,
            due=due if self.kind == "todo" else None,
            done_at=self._instant("COMPLETED") if self.kind == "todo" else None,
            created_at=self._instant("CREATED"),
            updated_at=self._updated(),
            sequence=self._number("SEQUENCE", 2**31 - 1),
            status=status if status in STATUSES[self.kind] else "",
            categories=self._categories(),
            priority=self._number("PRIORITY", 9),
            url=safe_uri(self._value("URL")),
            location=self._one("LOCATION"),
            alarms=alarms,
            rrule=rule,
            rdates=moments["RDATE"],
            exdates=moments["EXDATE"],
            recurrence_id=self._when("RECURRENCE-ID"),
            organizer=organizer._replace(status="") if organizer else None,
            attendees=list(people.values()),
        )
        return item._replace(more=self._more(item, blocks))

    def _value(self, name: str) -> str:
        lines = self.all.get(name)
        return lines[0].value if lines else ""

    def _one(self, name: str) -> str:
        value = self._value(name)
        return one_line(unescape(value)) if value else ""

    def _number(self, name: str, most: int) -> int:
        value = self._value(name).strip()
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 12 else 0
        return number if number <= most else 0

    def _categories(self) -> list[str]:
        texts = [text for line in self.all.get("CATEGORIES", ()) for text in pieces(line.value, ",")]
        return list(dict.fromkeys(plain for text in texts if (plain := one_line(unescape(text)))))

    def _when(self, name: str) -> date | datetime | None:
        value = self._value(name)
        return self._moment(self.all[name][0], value) if value.strip() else None

    def _moment(self, line: Property, value: str) -> date | datetime:
        tzid = next((values[0] for name, values in line.params if name == "TZID"), "")
        found = read_when(value, self.reading.zone_of(tzid) if tzid else self.reading.zone)
        return found.date() if isinstance(found, datetime) and line.said("VALUE") == ["date"] else found

    def _instant(self, name: str) -> datetime | None:
        try:
            found = self._when(name)
        except (ValueError, OverflowError):
            return None
        if isinstance(found, datetime) or found is None:
            return utc(found) if found else None
        return utc(datetime.combine(found, datetime.min.time(), self.reading.zone))

    def _updated(self) -> datetime | None:
        """DTSTAMP counts too, but not where the writer had to put something in it."""
        stamped = self._instant("DTSTAMP")
        said = stamped != (self._instant("CREATED") or EPOCH)
        return self._instant("LAST-MODIFIED") or (stamped if said else None)

    def _length(self, start: date | datetime | None) -> tuple[int, int] | None:
        """Days and seconds; None where nothing says it, or what does makes no sense."""
        value, end = self._value("DURATION"), self._when("DTEND") if self.kind == "event" else None
        found = read_duration(value) if value.strip() and end is None else (0, 0)
        if end is not None and start is not None:
            if isinstance(start, datetime):
                closed = end if isinstance(end, datetime) else datetime.combine(end, datetime.min.time(), start.tzinfo)
                found = 0, int((utc(closed) - utc(start)).total_seconds())
            else:
                found = ((end.date() if isinstance(end, datetime) else end) - start).days, 0
        if found[0] < 0 or found[1] < 0:
            self.reading.tell("some end before they begin: they are taken without a length")
        return found if found > (0, 0) and min(found) >= 0 else None

    def _minutes(self, start: date | datetime | None, length: tuple[int, int] | None) -> int | None:
        if self.kind != "event" or start is None or length is None:
            return None
        if isinstance(start, datetime):
            seconds = int((utc(_later(start, length)) - utc(start)).total_seconds())
            return (seconds + 59) // 60 or None
        days = length[0] + length[1] // 86400
        return days * _DAY if days > 1 else None

    def _series(self, start: date | datetime | None) -> tuple[str | None, dict[str, list[date | datetime]]]:
        moments: dict[str, list[date | datetime]] = {"RDATE": [], "EXDATE": []}
        rules = {line.value.strip() for line in self.all.get("RRULE", ()) if line.value.strip()}
        if start is None:
            return None, moments
        if len(rules) > 1:
            raise _Refused("it has more than one recurrence rule")
        for name in moments:
            found = {
                _as(start, self._moment(line, text.partition("/")[0]))
                for line in self.all.get(name, ())
                for text in line.value.split(",")
                if text.strip()
            }
            moments[name] = sorted(found, key=_instant_of)
        return (read_rule(rules.pop(), start, self.reading.zone) if rules else None), moments

    def _own_uid(self) -> str:
        lines = sorted(written(line) for line in self.part.lines if line.name not in _FLEETING)
        return sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()[:40]

    def _alarms(self, summary: str, edges: frozenset[str]) -> tuple[list[int], list[Block]]:
        """The minutes of all alarms that stand for some, and the blocks to keep: those, first, that say more."""
        standing: dict[int, list[Block]] = {}
        others: list[Block] = []
        for block in self.part.blocks:
            minutes = alarm_minutes(block, edges)
            (others if minutes is None else standing.setdefault(minutes, [])).append(block)
        kept = [
            block
            for minutes in sorted(standing)
            if len(standing[minutes]) > 1 or not _is_plain(standing[minutes][0], summary)
            for block in standing[minutes]
        ]
        return sorted(standing), [*kept, *others]

    def _more(self, item: Item, blocks: Iterable[Block]) -> list[str]:
        """What the fields do not say, in the order in which the writer puts it."""
        lent = [line for name in _ORDER for line in self._lent(name, item) if line]
        plain = [written(line) for line in self.part.lines if is_foreign(line)]
        if item.done_at is not None:
            plain = [line for line in plain if not line.startswith("PERCENT-COMPLETE")]
        inside = [line for block in blocks for _, line in block_lines(block)]
        return [*lent, *plain, *inside]

    def _lent(self, name: str, item: Item) -> list[str]:
        lines = self.all.get(name, [])
        if not any(line.params for line in lines) or name not in LENDING:
            return []
        if name in PEOPLE:
            own = {mailbox.lower(): line for line in reversed(lines) if (mailbox := mailbox_of(line))}
            return [extra(line, line.value.strip()) for line in reversed(own.values())]
        values = {
            "SUMMARY": escape(item.summary),
            "DESCRIPTION": escape(item.description),
            "LOCATION": escape(item.location),
            "CATEGORIES": ",".join(map(escape, item.categories)),
            "URL": item.url,
            "RECURRENCE-ID": _clock(item.recurrence_id),
        }
        return [extra(lines[0], values[name])] if values[name] else []


def _clock(moment: date | datetime | None) -> str:
    """The moment as the writer puts it."""
    if not isinstance(moment, datetime):
        return stamp(moment) if moment else ""
    return f"{stamp(moment)}{'Z' if moment.utcoffset() == timedelta(0) and moment.tzname() == 'UTC' else ''}"


def _instant_of(moment: date | datetime) -> str:
    return f"{stamp(utc(moment))}Z" if isinstance(moment, datetime) else stamp(moment)


def _later(start: datetime, length: tuple[int, int]) -> datetime:
    """A length after a moment: days by the clocks, seconds as they pass."""
    days, seconds = length
    there = start + timedelta(days=days)
    return (there.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(start.tzinfo)


def _after(start: date | datetime, length: tuple[int, int]) -> date | datetime:
    if isinstance(start, datetime):
        return _later(start, length)
    return start + timedelta(days=length[0] + length[1] // 86400)


def _as(start: date | datetime, moment: date | datetime) -> date | datetime:
    """A day or moment of a series as the start of it is."""
    if not isinstance(start, datetime):
        return moment.date() if isinstance(moment, datetime) else moment
    return moment if isinstance(moment, datetime) else datetime.combine(moment, start.time(), start.tzinfo)


def _is_plain(block: Block, summary: str) -> bool:
    """Whether an alarm says no more than its minutes and what it is about."""
    lines = {line.name: line for line in block[1]}
    text = _text(lines["DESCRIPTION"].value) if "DESCRIPTION" in lines else ""
    params = {name for line in block[1] for name, _ in line.params}
    return (
        len(lines) == len(block[1])
        and lines.keys() <= {"ACTION", "TRIGGER", "DESCRIPTION"}
        and lines["ACTION"].value.strip().upper() == "DISPLAY"
        and text in ("", summary)
        and params <= {"RELATED", "VALUE"}
    )
