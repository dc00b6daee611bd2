"""Calendar items to an iCalendar file (RFC 5545, RFC 7986): equal bytes for equal items, whatever their texts hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import local
from crmcli.errors import CrmError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

PRODID = "-//crmcli//crm//EN"
STATUSES = {
    "event": ("TENTATIVE", "CONFIRMED", "CANCELLED"),
    "todo": ("NEEDS-ACTION", "COMPLETED", "IN-PROCESS", "CANCELLED"),
}
_REFRESH = timedelta(minutes=15)

_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_URI = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
_RULE = re.compile(r"FREQ=[A-Z]+(;[A-Z]+=[A-Z0-9,+-]+)*")
# Everything that any reader might take for the end of a line.
_ANY_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

Component = tuple[str, list[str]]


class Item(NamedTuple):
    """One entry of a calendar.

    `kind` is "event" or "todo". `start` and `due` are dates (all day) or aware datetimes; `minutes` is the length of a
    timed event. `created_at`, `updated_at`, `done_at` are aware. `alarms` are minutes before the start (due date of a
    to-do). `rrule` is an RFC 5545 recurrence rule without its name. `priority` is 0 (none) to 9 (lowest).
    """

    uid: str
    kind: str
    summary: str
    description: str
    start: date | datetime | None
    minutes: int | None
    due: date | datetime | None
    done_at: datetime | None
    created_at: datetime
    updated_at: datetime
    sequence: int
    status: str
    categories: list[str]
    priority: int
    url: str = ""
    location: str = ""
    alarms: Sequence[int] = ()
    rrule: str | None = None


def write_calendar(items: Iterable[Item], *, name: str, zone: str) -> bytes:
    """The calendar `name` as bytes, times in the IANA zone `zone` ("UTC" writes them as Z).

    Items are sorted by UID, so equal items give equal bytes. The finished bytes are read again by a splitter that takes
    every character which some program takes for a line end; if the components and property names are not exactly the
    intended ones, CrmError is raised and nothing is given out.
    """
    from icalendar import Calendar, vText

    ordered = sorted(items, key=lambda item: item.uid)
    here = _zone(zone)
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", vText(one_line(name)))
    calendar.add("x-wr-calname", vText(one_line(name)))
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    head = ["PRODID", "VERSION", "CALSCALE", "METHOD", "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL"]
    intended: list[Component] = [("VCALENDAR", head)]
    moments = (moment for item in ordered for moment in (item.start, item.due))
    if here is not None and any(isinstance(moment, datetime) for moment in moments):
        intended += _add_zone(calendar, here)
    for item in ordered:
        component, parts = _component(item, here)
        calendar.add_component(component)
        intended += parts
    data: bytes = calendar.to_ical(sorted=False)
    _check(data, intended)
    return data


def one_line(text: str) -> str:
    """Text on one line: line ends of every kind become spaces, other control characters are dropped."""
    return " ".join(_CONTROL.sub("", _BREAK.sub(" ", text.replace("\t", " "))).split(" ")).strip()


def many_lines(text: str) -> str:
    """Text whose line ends are all LF, without other control characters; a tab becomes a space."""
    return _CONTROL.sub("", _BREAK.sub("\n", text.replace("\t", " ")))


def safe_uri(url: str) -> str:
    """A URI without white space, controls or non-ASCII characters: those are dropped or percent-encoded."""
    kept = _CONTROL.sub("", _BREAK.sub("", url)).strip()
    return _NOT_URI.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), kept)


def _zone(name: str) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name.upper() in ("UTC", "ETC/UTC", "Z", "GMT"):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CrmError(f"There is no time zone {name!r}.", "Use an IANA name such as Europe/Berlin.") from None


def _add_zone(calendar: Any, here: ZoneInfo) -> list[Component]:
    from icalendar import Timezone

    part = Timezone.from_tzinfo(here)
    part.pop("COMMENT", None)
    for observance in part.subcomponents:
        _mend_onsets(observance, here)
    calendar.add_component(part)
    return [(node.name, [str(key) for key in node]) for node in (part, *part.subcomponents)]


def _mend_onsets(observance: Any, here: ZoneInfo) -> None:
    """Let an observance begin where the zone does: icalendar 7 writes the clock after the change, while RFC 5545, 3.6.5
    wants the clock before it, so that readers would be an hour off in the hour after the clocks go forward."""
    from icalendar.prop import vDatetime, vDDDLists

    was, now = observance["TZOFFSETFROM"].td, observance["TZOFFSETTO"].td
    observance["DTSTART"] = vDatetime(_onset(observance["DTSTART"].dt, was, now, here))
    if "RDATE" in observance:
        observance["RDATE"] = vDDDLists([_onset(each.dt, was, now, here) for each in observance["RDATE"].dts])


def _onset(written: datetime, was: timedelta, now: timedelta, here: ZoneInfo) -> datetime:
    """The clock before the change that is meant, whichever of the two is written; as it is where neither fits."""
    for offset in (was, now):
        instant = (written - offset).replace(tzinfo=UTC)
        before = (instant - timedelta(seconds=1)).astimezone(here).utcoffset()
        if (before, instant.astimezone(here).utcoffset()) == (was, now):
            return instant.replace(tzinfo=None) + was
    return written


def _component(item: Item, here: ZoneInfo | None) -> tuple[Any, list[Component]]:
    """The icalendar component of an item and what it is meant to consist of: itself, then its alarms."""
    from icalendar import Event, Todo

    if item.kind not in STATUSES:
        raise CrmError(f"A calendar item is an event or a todo, not {item.kind!r}.")
    component = Event() if item.kind == "event" else Todo()
    properties = _properties(item, here)
    for name, value in properties:
        component.add(name, value)
    intended: list[Component] = [(str(component.name), [name for name, _ in properties])]
    anchored = item.start is not None or item.due is not None
    for minutes in sorted(set(item.alarms)) if anchored else ():
        component.add_component(_alarm(item, minutes))
        intended.append(("VALARM", ["ACTION", "DESCRIPTION", "TRIGGER"]))
    return component, intended


def _properties(item: Item, here: ZoneInfo | None) -> list[tuple[str, Any]]:
    from icalendar.prop import vUri

    updated = _utc(item.updated_at)
    found: list[tuple[str, Any]] = [
        ("UID", one_line(item.uid)),
        ("DTSTAMP", updated),
        ("CREATED", _utc(item.created_at)),
        ("LAST-MODIFIED", updated),
        ("SEQUENCE", item.sequence),
        ("SUMMARY", one_line(item.summary)),
    ]
    found += _times(item, here)
    if item.rrule and item.start is not None:
        found.append(("RRULE", _rule(item.rrule)))
    if item.description.strip():
        found.append(("DESCRIPTION", many_lines(item.description)))
    if one_line(item.location):
        found.append(("LOCATION", one_line(item.location)))
    if item.status:
        if item.status not in STATUSES[item.kind]:
            raise CrmError(f"{item.status!r} is no status of a calendar {item.kind}.", ", ".join(STATUSES[item.kind]))
        found.append(("STATUS", item.status))
    categories = [text for text in map(one_line, item.categories) if text]
    if categories:
        found.append(("CATEGORIES", categories))
    if item.priority:
        found.append(("PRIORITY", item.priority))
    if safe_uri(item.url):
        found.append(("URL", vUri(safe_uri(item.url))))
    return found


def _rule(text: str) -> Any:
    from icalendar.prop import vRecur

    try:
        if not _RULE.fullmatch(text):
            raise ValueError(text)
        return vRecur.from_ical(text)
    except ValueError:
        raise CrmError(f"{text!r} is not a recurrence rule.", "Write it as FREQ=WEEKLY;COUNT=3.") from None


def _times(item: Item, here: ZoneInfo | None) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    if item.start is not None:
        found.append(("DTSTART", _local(item.start, here)))
        # A day without a length lasts that day; an instant without one takes no time (RFC 5545, 3.6.1).
        if item.kind == "event" and isinstance(item.start, datetime) and item.minutes:
            found.append(("DURATION", timedelta(minutes=item.minutes)))
    elif item.kind == "event":
        raise CrmError(f"The event {one_line(item.summary)!r} has no start.")
    if item.kind == "todo":
        if item.due is not None:
            found.append(("DUE", _local(item.due, here)))
        if item.done_at is not None:
            found.append(("COMPLETED", _utc(item.done_at)))
            found.append(("PERCENT-COMPLETE", 100))
    return found


def _alarm(item: Item, minutes: int) -> Any:
    from icalendar import Alarm
    from icalendar.prop import vDuration

    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", one_line(item.summary))
    trigger = vDuration(-timedelta(minutes=minutes))
    if item.start is None:
        trigger.params["RELATED"] = "END"
    alarm.add("TRIGGER", trigger)
    return alarm


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _local(moment: date | datetime, here: ZoneInfo | None) -> date | datetime:
    if not isinstance(moment, datetime):
        return moment
    return local(moment, here or UTC).replace(microsecond=0)


def _check(data: bytes, intended: list[Component]) -> None:
    """Compare the finished bytes with the intended components and property names, in order."""
    lines = re.sub("\r\n[ \t]", "", data.decode("utf-8"))
    found: list[Component] = []
    path: list[list[str]] = []
    depth: list[str] = []
    for line in filter(None, _ANY_END.split(lines)):
        name = re.split("[;:]", line, maxsplit=1)[0]
        if name == "BEGIN":
            depth.append(line.partition(":")[2])
            path.append([])
            found.append((depth[-1], path[-1]))
        elif name == "END":
            if not depth or depth.pop() != line.partition(":")[2]:
                raise _broken("an END without its BEGIN")
            path.pop()
        elif path:
            path[-1].append(name)
        else:
            raise _broken(f"the line {name!r} outside a component")
    if depth:
        raise _broken(f"{depth[-1]} is not closed")
    if len(found) != len(intended):
        raise _broken(f"{len(found)} components in place of {len(intended)}")
    for got, wanted in zip(found, intended, strict=True):
        if got[0] != wanted[0] or sorted(got[1]) != sorted(wanted[1]):
            raise _broken(f"{got[0]} has {', '.join(got[1])} in place of {', '.join(wanted[1])}")
    if any(len(line) > 75 for line in data.split(b"\r\n")):
        raise _broken("a line longer than 75 octets")


def _broken(what: str) -> CrmError:
    return CrmError(
        f"The calendar was not written: its text came out wrong ({what}).", "This is a fault of the program."
    )
