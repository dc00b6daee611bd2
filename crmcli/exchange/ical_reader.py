"""An iCalendar file (RFC 5545) as items, whatever program wrote it and whatever is wrong with it.

What cannot be used is refused item by item, with a reason; only what is no calendar at all raises ReadError. The work
is bounded: files of 64 MiB with 200,000 items, an item of 10,000 lines, a line of a million characters (of one that no
field says 32,768: a longer one is left out, and that is told), a rule of 2,000 characters, definitions of 50 zones.
Each step takes a time that grows with the length of what it reads and no faster.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from crmcli.exchange.ical import COMPONENTS, Item
from crmcli.exchange.ical_item import ItemReader, UnusableError
from crmcli.exchange.ical_lines import one_line
from crmcli.exchange.ical_more import OPENING
from crmcli.exchange.ical_parts import LONGEST_KEPT, read_parts
from crmcli.exchange.ical_values import instant_stamp
from crmcli.exchange.ical_zone import defined_name, defined_zone, find_zone, named_zone, zone_key
from crmcli.exchange.vcard_lines import unescape

if TYPE_CHECKING:
    from datetime import tzinfo

    from crmcli.exchange.ical_parts import Frame, Part

MOST_DEFINITIONS, MOST_NOTES = 50, 100
_KINDS = {component: kind for kind, component in COMPONENTS.items()}
_REFUSED = {"VJOURNAL": "it is a journal entry", "VFREEBUSY": "it says only when somebody is busy"}
#: The METHODs (RFC 5546) of what is said about a meeting and is not the meeting itself.
_ABOUT = {
    "REPLY": "an answer to an invitation",
    "COUNTER": "a proposal to change a meeting",
    "DECLINECOUNTER": "an answer to a proposal",
    "REFRESH": "a request to be sent a meeting again",
    "ADD": "further days of a meeting, without the meeting itself",
}


class Refusal(NamedTuple):
    """A part of the file that is no item here: `number` counts the parts from 1, `what` names it for people."""

    number: int
    what: str
    reason: str


class Calendar(NamedTuple):
    """What a file holds: `name`, `zone` (what it says of itself, "" unless an IANA zone) and `method` (PUBLISH,
    REQUEST, ...), each of the first calendar in it that says one, its items and refusals in the order of the file, and
    what else is to be told, each once, no more than 100. Lengths are whole minutes, rounded up."""

    name: str
    zone: str
    method: str
    items: list[Item]
    refusals: list[Refusal]
    notes: list[str]


def read_calendar(
    data: bytes, *, zone: str, called: str = "The file", encoding: str = "", opening: int = OPENING
) -> Calendar:
    """Read the bytes of a calendar file, which may be several calendars one behind the other. Times without a zone are
    in that which their calendar names (X-WR-TIMEZONE), else in the IANA zone `zone`; those of a moment keep the zone
    that they have. `called` names the file in messages, `encoding` its code page where that is known. Alarms of days
    are counted from so many minutes after midnight as `opening` says. What is whole of a file that ends early is taken,
    and the rest is one of the refusals.

    UIDs are unique but for the items of one series, which have a recurrence_id; of two versions the later is taken. An
    item without one gets a UID from its content. Raises ReadError for what is no calendar.
    """
    found, notes = read_parts(data, called=called, encoding=encoding)
    reading = Reading(zone, notes, opening)
    for part in found.parts:
        reading.take(part)
    for number in [frame.cut for frame in found.frames if frame.cut]:
        reading.refuse_rest(number)
    items, refusals = reading.finished()
    own = next((one for one in map(own_zone, found.frames) if one is not None), None)
    return Calendar(
        next((name for one in found.frames if (name := _said(one, "NAME") or _said(one, "X-WR-CALNAME"))), ""),
        own.key if isinstance(own, ZoneInfo) else "",
        next((method for one in found.frames if (method := _said(one, "METHOD").upper())), ""),
        items,
        refusals,
        reading.notes,
    )


def own_zone(frame: Frame) -> tzinfo | None:
    """The zone of times without one, as a calendar names it."""
    said = _said(frame, "X-WR-TIMEZONE")
    return find_zone(said) if said else None


def _said(frame: Frame, name: str) -> str:
    return _text(frame.head.get(name, ""))


def _text(value: str) -> str:
    return one_line(unescape(value))


class Reading:
    """What all items of a file have in common."""

    def __init__(self, zone: str, notes: list[str], opening: int) -> None:
        self.name, self.notes, self.opening = zone, notes, opening
        self._zone: tzinfo = named_zone(zone) or ZoneInfo("UTC")
        self._said: dict[Frame, tuple[str, tzinfo | None]] = {}
        self._named: dict[Frame, dict[str, list[str]]] = {}
        self._defined: dict[tuple[str, ...], tzinfo | None] = {}
        self._zones: dict[tuple[Frame, str], tzinfo | None] = {}
        self._items: dict[tuple[str, str, str], tuple[int, Item]] = {}
        self._refusals: list[Refusal] = []

    def take(self, part: Part) -> None:
        """One part of the file."""
        kind = _KINDS.get(part.name, "")
        if kind:
            try:
                if part.problem:
                    raise UnusableError(part.problem)
                method, _ = self.said(part.frame)
                if method in _ABOUT:
                    raise UnusableError(f"{_ABOUT[method]} (METHOD:{method}), no meeting")
                item = ItemReader(part, kind, self).item()
            except (ValueError, OverflowError) as error:
                reason = "it reaches beyond the end of the calendar" if isinstance(error, OverflowError) else str(error)
                self._refuse(part, kind, reason)
                return
            self._keep(part, item)
            if part.left_out:
                names = ", ".join(sorted(set(part.left_out)))
                self.tell(f"longer than {LONGEST_KEPT >> 10} KiB and left out of their items: {names}")
        elif part.name in _REFUSED:
            self._refuse(part, part.name, _REFUSED[part.name])

    def refuse_rest(self, number: int) -> None:
        """What may be missing of a calendar that has no end, from this number on."""
        self._refusals.append(Refusal(number, "the rest of the calendar", "it ends early, without END:VCALENDAR"))

    def tell(self, note: str) -> None:
        """Something that is to be told, once."""
        if note not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(note)

    def _keep(self, part: Part, item: Item) -> None:
        key = item.kind, item.uid, instant_stamp(item.recurrence_id) if item.recurrence_id else ""
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

    def said(self, frame: Frame) -> tuple[str, tzinfo | None]:
        """The METHOD of a calendar, and the zone that it names for times without one."""
        if frame not in self._said:
            self._said[frame] = _said(frame, "METHOD").upper(), own_zone(frame)
        return self._said[frame]

    def zone_of(self, frame: Frame, tzid: str) -> tzinfo:
        """The zone of a TZID: an IANA zone, else as its calendar defines it, else that of times without one ("")."""
        _, here = self.said(frame)
        if not tzid:
            return here or self._zone
        key = frame, tzid
        if key not in self._zones:
            found = find_zone(tzid) or self._definition(frame, zone_key(tzid))
            if found is None:
                shown = one_line(tzid)[:60]
                self.tell(f"there is no time zone {shown!r}: its times are read as {here or self.name}")
            self._zones[key] = found
        return self._zones[key] or self.zone_of(frame, "")

    def _definition(self, frame: Frame, key: str) -> tzinfo | None:
        """A zone as its calendar defines it; those of several calendars that are the same are looked at once."""
        if frame not in self._named:
            self._named[frame] = {defined_name(lines): lines for lines in reversed(frame.zones)}
        lines = tuple(self._named[frame].get(key, ()))
        if lines not in self._defined and len(self._defined) < MOST_DEFINITIONS:
            self._defined[lines] = defined_zone(lines, self.name) if lines else None
        return self._defined.get(lines)


_TWICE = "the file has another version of it, which is taken"


def _version(item: Item) -> tuple[int, datetime]:
    return item.sequence, item.updated_at or datetime.min.replace(tzinfo=UTC)


def _called(kind: str, summary: str) -> str:
    return f"{kind} {summary[:60]!r}" if summary else f"{kind} without a summary"
