"""Time zones of calendar files: a VTIMEZONE for a zone, and a zone for whatever a file calls it."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from crmcli.errors import CrmError, FieldError
from crmcli.exchange.ical_lines import parse
from crmcli.exchange.vcard_lines import unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.exchange.vcard_lines import Property

_UTC_NAMES = ("UTC", "ETC/UTC", "Z", "GMT", "ETC/GMT", "ZULU")
_OFFSET = re.compile(r"\(?(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?\)?", re.IGNORECASE | re.ASCII)
_SHIFT = re.compile(r"([+-])(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_ONSET = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)", re.ASCII)
#: So much and no more is taken from the definition of one zone: changes of its clocks, observances, rules among them.
MOST_CHANGES, MOST_OBSERVANCES, MOST_RULES = 2000, 200, 20
_LAST_YEAR = 2100


def named_zone(name: str) -> ZoneInfo | None:
    """The IANA zone of a calendar that we write, None for UTC. Raises CrmError."""
    if name.upper() in _UTC_NAMES:
        return None
    found = _iana(name)
    if found is None:
        raise CrmError(f"There is no time zone {name!r}.", "Use an IANA name such as Europe/Berlin.")
    return found


@lru_cache(maxsize=1024)
def find_zone(tzid: str) -> tzinfo | None:
    """The zone that a TZID means: an IANA name, one at the end of a path (/citadel.org/20210210_1/Europe/Berlin), a
    Windows name, a plain offset (GMT+0100); None where it says nothing to us."""
    name = tzid.strip().strip('"')
    if len(name) > 200:
        return None
    if name.upper() in _UTC_NAMES:
        return ZoneInfo("UTC")
    parts = [part for part in name.split("/") if part]
    for look in (_iana, _in_any_case):
        for count in range(min(len(parts), 3), 0, -1):
            found = look("/".join(parts[-count:]))
            if found is not None and (count > 1 or len(parts) == 1):
                return found
    if match := _OFFSET.fullmatch(name):
        shift = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-shift if match[1] == "-" else shift) if shift < timedelta(days=1) else None
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return _iana(WINDOWS_TO_OLSON.get(name, ""))


def _iana(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _in_any_case(name: str) -> ZoneInfo | None:
    """The zone of a place whose name has other capitals: asia/tehran."""
    return _iana(_places().get(name.lower(), "")) if "/" in name else None


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def zone_key(tzid: str) -> str:
    """What two spellings of a TZID have in common: a file escapes the commas of a name in one place and quotes it in
    another."""
    return ",".join(part.strip() for part in unescape(tzid.strip().strip('"')).split(","))


class DefinedZone(tzinfo):
    """A zone that only its file knows: `changes` are (clock before it, offset before, offset after), at least one."""

    def __init__(self, name: str, changes: Iterable[tuple[datetime, timedelta, timedelta]]) -> None:
        ordered = sorted(changes)
        self._name = name
        self._first = ordered[0][1]
        self._after = [now for _, _, now in ordered]
        self._clocks = [clock for clock, _, _ in ordered]
        # A clock that comes twice is the earlier one, unless it says that it is the later.
        self._folded = [clock + min(timedelta(0), now - was) for clock, was, now in ordered]
        self._instants = [clock - was for clock, was, _ in ordered]

    def __deepcopy__(self, memo: object) -> DefinedZone:
        return self

    def _at(self, moments: list[datetime], moment: datetime) -> timedelta:
        number = bisect_right(moments, moment.replace(tzinfo=None, fold=0))
        return self._after[number - 1] if number else self._first

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """What its clocks are ahead of UTC."""
        return None if moment is None else self._at(self._folded if moment.fold else self._clocks, moment)

    def dst(self, moment: datetime | None) -> timedelta | None:  # noqa: ARG002
        """Not known."""
        return None

    def tzname(self, moment: datetime | None) -> str | None:  # noqa: ARG002
        """What the file calls it."""
        return self._name

    def fromutc(self, moment: datetime) -> datetime:
        """The clock at an instant."""
        shown = moment + self._at(self._instants, moment)
        return shown if self.utcoffset(shown) == shown - moment else shown.replace(fold=1)


def zoned(found: Property) -> tuple[Property, str] | None:
    """A line with the IANA name of the zone that it is in, and that name, "" without one; None where nobody knows the
    zone."""
    tzid = next((values[0] for name, values in found.params if name == "TZID"), None)
    if tzid is None:
        return found, ""
    zone = find_zone(tzid)
    if not isinstance(zone, ZoneInfo):
        return None
    return found._replace(params=tuple((n, (zone.key,) if n == "TZID" else v) for n, v in found.params)), zone.key


def defined_name(lines: Iterable[str]) -> str:
    """The `zone_key` of a VTIMEZONE, from the lines inside it; "" where it has no TZID."""
    named = (line for line in lines if line[:4].upper() == "TZID")
    return next((zone_key(found.value) for found in map(parse, named) if found and found.name == "TZID"), "")


def defined_zone(lines: Iterable[str], zone: str) -> tzinfo | None:
    """The zone of a VTIMEZONE, from the lines inside it: the IANA zone that it is known as, the zone `zone` of the book
    where the clocks agree, its own definition; None where that says nothing.

    Rules are yearly and end in 2100, and a definition has at most 2,000 changes in 200 observances, 20 of which have
    rules: what is more is passed over.
    """
    tzid, place = "", ""
    observances: list[dict[str, list[str]]] = []
    for line in lines:
        found = parse(line)
        if found is None:
            continue
        if found.name == "BEGIN":
            observances.append({})
        elif found.name == "TZID":
            tzid = unescape(found.value).strip()
        elif found.name == "X-LIC-LOCATION":
            place = found.value.strip()
        elif observances:
            observances[-1].setdefault(found.name, []).append(found.value)
    known = find_zone(tzid) or _iana(place)
    if known is not None:
        return known
    changes: list[tuple[datetime, timedelta, timedelta]] = []
    rules = 0
    for observance in observances[:MOST_OBSERVANCES]:
        rules += "RRULE" in observance
        if rules > MOST_RULES or len(changes) >= MOST_CHANGES:
            break
        try:
            changes += _changes(observance, MOST_CHANGES - len(changes))
        except (KeyError, ValueError, OverflowError, FieldError):
            continue
    if not changes:
        return None
    own = DefinedZone(tzid, changes)
    book = _iana(zone)
    return book if book is not None and _agree(own, book, max(clock for clock, _, _ in changes)) else own


def _changes(observance: dict[str, list[str]], limit: int) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    from crmcli.domain.recurrence import occurrences

    was, now = _shift(observance["TZOFFSETFROM"][0]), _shift(observance["TZOFFSETTO"][0])
    start = _clock(observance["DTSTART"][0])
    found = {start}
    for text in observance.get("RDATE", ()):
        found.update(_clock(one) for one in text.split(",")[:limit])
    parts = observance.get("RRULE", [""])[0].upper().split(";")
    # Lotus Notes says the hour here, too, which is that of its start.
    rule = ";".join(part for part in parts if not part.startswith(("BYHOUR=", "BYMINUTE=", "BYSECOND=")))
    if "FREQ=YEARLY" in rule and "COUNT=" not in rule and start.year < _LAST_YEAR:
        # Outlook's begin in 1601: no clock of a zone is looked at so early.
        early = start.date().replace(year=max(start.year, 1900), day=1)
        found.update(datetime.combine(day, start.time()) for day in occurrences(rule, early, _LAST_YEAR - early.year))
    yield from ((clock, was, now) for clock in sorted(found)[:limit])


def _clock(text: str) -> datetime:
    match = _ONSET.match(text.strip())
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = map(int, match.groups())
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001


def _shift(text: str) -> timedelta:
    match = _SHIFT.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    shift = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    if shift >= timedelta(days=1):
        raise ValueError(text)
    return -shift if match[1] == "-" else shift


def _agree(own: tzinfo, book: ZoneInfo, last: datetime) -> bool:
    """Whether two zones have the same clocks on all days of ten years that both know."""
    begin = datetime(min(max(last.year - 10, 1970), 2016), 1, 1, 12, tzinfo=UTC)
    days = (begin + timedelta(days=3 * number) for number in range(1200))
    return all(day.astimezone(own).utcoffset() == day.astimezone(book).utcoffset() for day in days)
