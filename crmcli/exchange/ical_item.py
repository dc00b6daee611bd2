"""One event or to-do of an iCalendar file: its fields, and what the fields do not say kept as content lines."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING

from crmcli.domain.types.spans import LONGEST
from crmcli.exchange.ical import EPOCH, PRODID, STATUSES, TASK_STATUSES, Item
from crmcli.exchange.ical_lines import escape, many_lines, one_line, safe_uri
from crmcli.exchange.ical_more import (
    FINER,
    FOOTER,
    LENDING,
    LENGTH,
    PEOPLE,
    REPEAT,
    TASK_STATUS,
    alarm_edges,
    alarm_lack,
    alarm_minutes,
    alarm_opening,
    block_lines,
    extra,
    is_foreign,
    is_plain_alarm,
    moved_alarm,
)
from crmcli.exchange.ical_values import (
    after,
    clock_stamp,
    in_years,
    instant_stamp,
    later,
    mailbox_key,
    mailbox_of,
    read_attendee,
    read_duration,
    read_rule,
    read_when,
    utc,
)
from crmcli.exchange.ical_zone import zoned
from crmcli.exchange.vcard_lines import pieces, unescape, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.exchange.ical_more import Block
    from crmcli.exchange.ical_parts import Part
    from crmcli.exchange.ical_reader import Reading
    from crmcli.exchange.ical_values import Attendee
    from crmcli.exchange.vcard_lines import Property

#: Properties that an export may change each time: no part of what an item without a UID is known by.
_FLEETING = frozenset(("DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"))
#: The order in which the writer has those whose parameters are kept, so that they come back in the same.
_ORDER = ("SUMMARY", "RECURRENCE-ID", "DESCRIPTION", "LOCATION", "CATEGORIES", "URL", "ORGANIZER", "ATTENDEE")
_DAY = 1440
#: The zone of a time that says none.
_NOWHERE = timezone(timedelta(0), "nowhere")


class UnusableError(ValueError):
    """Why an item cannot be used."""


class ItemReader:
    """The fields of one component, within the reading of its file."""

    def __init__(self, part: Part, kind: str, reading: Reading) -> None:
        self.part, self.kind, self.reading = part, kind, reading
        self.method, self.named = reading.said(part.frame)
        self.zone = reading.zone_of(part.frame, "")
        self.lacks: list[str] = []
        self.all: dict[str, list[Property]] = {}
        for line in part.lines:
            self.all.setdefault(line.name, []).append(line)

    def item(self) -> Item:
        """All of it. Raises ValueError with the reason for what cannot be used."""
        start, due = self._when("DTSTART"), self._when("DUE")
        if self.kind == "event" and start is None:
            raise UnusableError("it has no start")
        length = self._length(start)
        if self.kind == "todo" and due is None and start is not None and length is not None:
            due, length = after(start, length), None
        rule, moments = self._series(start if start is not None else due)
        repeat = None if rule else self._rule_of_days()
        if self.kind == "todo" and start == due and (rule or moments["RDATE"] or repeat):
            start = None  # it is there only because a series begins somewhere
        summary = self._one("SUMMARY")
        description = many_lines(unescape(self._value("DESCRIPTION")))
        status = self._value("STATUS").strip().upper()
        if self.method == "CANCEL":
            status = "CANCELLED"
        minutes = self._minutes(start, length)
        people: dict[str, Attendee] = {}
        for found in filter(None, map(read_attendee, self.all.get("ATTENDEE", ()))):
            people.setdefault(mailbox_key(found.mailbox), found)
        organizer = next((read_attendee(one) for one in self.all.get("ORGANIZER", ())), None)
        alarms, blocks = self._alarms(summary, start, due)
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
            opening=self.reading.opening,
            rrule=rule,
            rdates=moments["RDATE"],
            exdates=moments["EXDATE"],
            repeat=repeat,
            recurrence_id=self._when("RECURRENCE-ID"),
            organizer=organizer._replace(standing="", what="") if organizer else None,
            attendees=list(people.values()),
            footer=many_lines(unescape(self._value(FOOTER))),
            task_status=self._task_status() if self.kind == "event" else "",
            task_minutes=self._task_minutes(),
            floating=self._floats("DTSTART" if start is not None else "DUE"),
            onwards=self._is_onwards(),
            lacks=self._lacks(minutes),
        )
        return item._replace(more=self._more(item, blocks))

    def _task_status(self) -> str:
        """Whether the task of an event is done; in a calendar that we published it is open unless that says so."""
        said = self._value(TASK_STATUS).strip().upper()
        published = self.method == "PUBLISH" and self.part.frame.head.get("PRODID", "").strip() == PRODID
        return said if said in TASK_STATUSES else "NEEDS-ACTION" if published else ""

    def _task_minutes(self) -> int | None:
        """The length of the task of an item where that does not say it; None where nothing says so."""
        try:
            days, seconds = read_duration(self._value(LENGTH))
        except ValueError:
            return None
        return days * _DAY + seconds // 60 if min(days, seconds) >= 0 else None

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

    def _floats(self, name: str) -> bool:
        """Whether a time says no zone, neither beside it nor in it."""
        line = next(iter(self.all.get(name, ())), None)
        if line is None or line.said("TZID") or self.named is not None:
            return False
        found = read_when(line.value, _NOWHERE)
        return isinstance(found, datetime) and found.tzinfo is _NOWHERE and line.said("VALUE") != ["date"]

    def _moment(self, line: Property, value: str) -> date | datetime:
        tzid = next((",".join(values) for name, values in line.params if name == "TZID"), "")
        found = read_when(value, self.reading.zone_of(self.part.frame, tzid) if tzid else self.zone)
        return in_years(found.date() if isinstance(found, datetime) and line.said("VALUE") == ["date"] else found)

    def _instant(self, name: str) -> datetime | None:
        try:
            found = self._when(name)
        except (ValueError, OverflowError):
            return None
        if isinstance(found, datetime) or found is None:
            return utc(found) if found else None
        return utc(datetime.combine(found, datetime.min.time(), self.zone))

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
            seconds = int((utc(later(start, length)) - utc(start)).total_seconds())
            return (seconds + 59) // 60 or None
        days = length[0] + length[1] // 86400
        return days * _DAY if days > 1 else None

    def _series(self, start: date | datetime | None) -> tuple[str | None, dict[str, list[date | datetime]]]:
        moments: dict[str, list[date | datetime]] = {"RDATE": [], "EXDATE": []}
        rules = {line.value.strip() for line in self.all.get("RRULE", ()) if line.value.strip()}
        if start is None:
            return None, moments
        if len(rules) > 1:
            raise UnusableError("it has more than one recurrence rule")
        for name in moments:
            found = {
                _as(start, self._moment(line, text.partition("/")[0]))
                for line in self.all.get(name, ())
                for text in line.value.split(",")
                if text.strip()
            }
            moments[name] = sorted(found, key=instant_stamp)
        return (read_rule(rules.pop(), start, self.zone) if rules else None), moments

    def _rule_of_days(self) -> str | None:
        """The rule of which the days that stand one by one were taken; None where nothing says it that can be read."""
        value = self._one(REPEAT)  # a text, as all that programs do not know (RFC 5545, 3.8.8.2)
        try:
            return read_rule(value, date.max, self.zone) if value else None
        except ValueError:
            return None

    def _lacks(self, minutes: int | None) -> tuple[str, ...]:
        """What is told of an item, in words for people, once its parts were read."""
        if (minutes or 0) > LONGEST:
            self.lacks.append(f"its length, which is more than {LONGEST // _DAY} days")
        if self.all.get("EXRULE"):
            self.lacks.append("its rule for days that are left out (EXRULE)")
        if self._is_onwards():
            self.lacks.append("that all later days are like it (RANGE=THISANDFUTURE)")
        return tuple(dict.fromkeys(self.lacks))

    def _is_onwards(self) -> bool:
        return "thisandfuture" in next((line.said("RANGE") for line in self.all.get("RECURRENCE-ID", ())), [])

    def _own_uid(self) -> str:
        lines = sorted(written(line) for line in self.part.lines if line.name not in _FLEETING)
        return sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()[:40]

    def _alarms(
        self, summary: str, start: date | datetime | None, due: date | datetime | None
    ) -> tuple[list[int], list[Block]]:
        """The minutes of all alarms that stand for some, and the blocks to keep: those, first, that say more."""
        edges = alarm_edges(self.kind, start, due)
        opening = alarm_opening(self.kind, start, due, self.reading.opening)
        standing: dict[int, list[Block]] = {}
        others: list[Block] = []
        for name, lines in self.part.blocks:
            block = name, list(self._known_zones(lines))
            counted = moved_alarm(block, -opening)
            minutes = alarm_minutes(counted, edges)
            if minutes is not None:
                standing.setdefault(minutes, []).append(counted)
                continue
            others.append(block)
            if lack := alarm_lack(block, edges):
                self.lacks.append(lack)
        kept = [
            block
            for minutes in sorted(standing)
            if len(standing[minutes]) > 1 or not is_plain_alarm(standing[minutes][0], summary)
            for block in standing[minutes]
        ]
        return sorted(standing), [*kept, *others]

    def _more(self, item: Item, blocks: Iterable[Block]) -> list[str]:
        """What the fields do not say, in the order in which the writer puts it."""
        lent = [line for name in _ORDER for line in self._lent(name, item) if line]
        plain = [written(line) for line in self._known_zones(filter(is_foreign, self.part.lines))]
        if item.done_at is not None:
            plain = [line for line in plain if not line.startswith("PERCENT-COMPLETE")]
        finer = [f"STATUS:{item.status}"] if item.status in FINER else []
        inside = [line for block in blocks for _, line in block_lines(block)]
        return [*lent, *finer, *plain, *inside]

    def _known_zones(self, lines: Iterable[Property]) -> Iterator[Property]:
        """Lines to keep, without those in a zone that only the file knows: nobody could read them."""
        for line in lines:
            if (there := zoned(line)) is not None:
                yield there[0]
            else:
                self.reading.tell(f"left out of their items, for want of their time zone: {line.name}")

    def _lent(self, name: str, item: Item) -> list[str]:
        lines = self.all.get(name, [])
        if not any(line.params for line in lines) or name not in LENDING:
            return []
        if name in PEOPLE:
            own = {mailbox_key(mailbox): line for line in reversed(lines) if (mailbox := mailbox_of(line))}
            return [extra(line, line.value.strip()) for line in reversed(own.values())]
        values = {
            "SUMMARY": escape(item.summary),
            "DESCRIPTION": escape(item.description),
            "LOCATION": escape(item.location),
            "CATEGORIES": ",".join(map(escape, item.categories)),
            "URL": item.url,
            "RECURRENCE-ID": clock_stamp(item.recurrence_id) if item.recurrence_id else "",
        }
        return [extra(lines[0], values[name])] if values[name] else []


def _as(start: date | datetime, moment: date | datetime) -> date | datetime:
    """A day or moment of a series as the start of it is."""
    if not isinstance(start, datetime):
        return moment.date() if isinstance(moment, datetime) else moment
    return moment if isinstance(moment, datetime) else datetime.combine(moment, start.time(), start.tzinfo)
