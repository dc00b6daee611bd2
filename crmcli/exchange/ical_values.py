"""Values of iCalendar properties (RFC 5545, 3.3): days, moments, durations, rules, people; read and written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from crmcli.domain.address import email_key
from crmcli.errors import CrmError, FieldError
from crmcli.exchange.ical_lines import one_line

if TYPE_CHECKING:
    from crmcli.exchange.vcard_lines import Property

#: What is longer is no rule that anybody wrote.
LONGEST_RULE = 2000
#: The years of what takes place: others are what programs write that have no date, or none that ends.
EARLIEST_YEAR, LATEST_YEAR = 1600, 9899
#: In characters (RFC 5321, 4.5.3.1).
_LONGEST_MAILBOX = 320
#: PARTSTAT: whether somebody comes.
STANDINGS = ("NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", "COMPLETED", "IN-PROCESS")

_WHEN = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)? ?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?", re.ASCII
)
_RULE = re.compile(r"(?:RSCALE=[A-Z-]+;)?FREQ=([A-Z]+)((?:;[A-Z]+=[A-Z0-9,+-]+)*)")
_UNTIL = re.compile(r"UNTIL=([0-9TZ]+)")
_OF_THE_CLOCK = re.compile("FREQ=(?:SECOND|MINUTE|HOUR)LY|BYHOUR|BYMINUTE|BYSECOND")
#: CUTYPE -> what takes part where it is no person.
_WHATS = {"GROUP": "group", "ROOM": "room", "RESOURCE": "resource"}
_MAILBOX = re.compile(r"(?:[^<>:]*<)?([^\s<>:/@]+@[^\s<>:/@]+)>?")
_FREQUENCIES = ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = {"INTERVAL", "COUNT", "UNTIL", "WKST", "SKIP", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYSETPOS",
          "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND"}  # fmt: skip
_CARETS = re.compile(r"\^([n^'])")
_END_OF_DAY = time(23, 59, 59)


class Attendee(NamedTuple):
    """Who is invited, or invites: `standing` is one of STANDINGS, "" where nothing says it; `what` is "group", "room"
    or "resource", "" for a person."""

    name: str
    mailbox: str
    standing: str = ""
    what: str = ""

    @property
    def cutype(self) -> str:
        """What it is as a parameter; "" for a person."""
        return self.what.upper() if self.what in _WHATS.values() else ""


def utc(moment: datetime) -> datetime:
    """The moment in UTC, in whole seconds; the calendar's end where it lies behind that."""
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError):
        edge = datetime.max if moment.year > 5000 else datetime.min  # noqa: DTZ901
        return edge.replace(tzinfo=UTC, microsecond=0)


def stamp(moment: date | datetime) -> str:
    """20261127, or 20261127T143000; in years before 1000 too."""
    return moment.isoformat()[:19].replace("-", "").replace(":", "")


def clock_stamp(moment: date | datetime) -> str:
    """A day, or a moment by its own clock, with a Z where that is UTC."""
    there = isinstance(moment, datetime) and moment.utcoffset() == timedelta(0) and moment.tzname() == "UTC"
    return f"{stamp(moment)}{'Z' if there else ''}"


def instant_stamp(moment: date | datetime) -> str:
    """A day, or a moment in UTC: 20261127T133000Z."""
    return f"{stamp(utc(moment))}Z" if isinstance(moment, datetime) else stamp(moment)


def read_when(text: str, zone: tzinfo) -> date | datetime:
    """A day, or a moment in `zone` unless it says its own. Raises ValueError for what is neither, or lies so near to
    an end of the calendar that it has no UTC."""
    match = _WHEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is no date")
    year, month, day, hour, minute, second, own = match.groups()
    try:
        found = date(int(year), int(month), int(day))
        if hour is None:
            return found
        if hour == "24":
            found, hour = found + timedelta(days=1), "00"
        clock = time(int(hour), int(minute), min(int(second or 0), 59))
        there = ZoneInfo("UTC") if own in ("Z", "z") else _offset(own) if own else zone
        moment = datetime.combine(found, clock, there)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is no date") from None
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is at the end of the calendar") from None
    return moment


def in_years(moment: date | datetime) -> date | datetime:
    """The day or moment itself. Raises ValueError for one of a year in which nothing takes place."""
    if EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return moment
    raise ValueError(f"{moment.isoformat()[:10]} is no day of the years {EARLIEST_YEAR} to {LATEST_YEAR}")


def _offset(text: str) -> timezone:
    shift = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-shift if text[0] == "-" else shift)


def read_duration(text: str) -> tuple[int, int]:
    """Days, which are as long as the clocks make them, and seconds; both negative behind a minus. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()[1:]):
        raise ValueError(f"{text[:40]!r} is no duration")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    return sign * (7 * weeks + days), sign * (3600 * hours + 60 * minutes + seconds)


def later(start: datetime, length: tuple[int, int]) -> datetime:
    """A length (days, seconds) after a moment: days by the clocks, seconds as they pass. Raises ValueError for a year
    in which nothing takes place, OverflowError for what is no year."""
    days, seconds = length
    there = start + timedelta(days=days)
    end = (there.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(start.tzinfo)
    in_years(end)
    return end


def after(start: date | datetime, length: tuple[int, int]) -> date | datetime:
    """A length after a day or a moment, as `later` has it."""
    if isinstance(start, datetime):
        return later(start, length)
    return in_years(start + timedelta(days=length[0] + length[1] // 86400))


def write_duration(minutes: int, *, days: bool = False) -> str:
    """PT1H30M; with `days` P1DT1H, which is a day of the clocks."""
    whole, rest = divmod(minutes, 1440) if days else (0, minutes)
    hours, rest = divmod(rest, 60)
    clock = f"{f'{hours}H' if hours else ''}{f'{rest}M' if rest or not (hours or whole) else ''}"
    return f"P{f'{whole}D' if whole else ''}{f'T{clock}' if clock else ''}"


def write_rule(text: str, start: date | datetime, zone: tzinfo) -> str:
    """A rule beside a DTSTART: RFC 5545 wants its UNTIL as a day beside a day, and as a moment in UTC beside a moment,
    which is the end of that day on the clocks of `zone`. Raises CrmError."""
    if not _is_rule(text):
        raise CrmError(f"{text!r} is not a recurrence rule.", "Write it as FREQ=WEEKLY;COUNT=3.")
    match = _UNTIL.search(text)
    if match is None:
        return text
    try:
        until = read_when(match[1], zone)
    except ValueError:
        raise CrmError(f"{text!r} does not end on a day.", "Write its end as UNTIL=20261231.") from None
    if not isinstance(start, datetime):
        last = stamp(until)[:8]
    else:
        last = f"{stamp(utc(until if isinstance(until, datetime) else datetime.combine(until, _END_OF_DAY, zone)))}Z"
    return text[: match.start(1)] + last + text[match.end(1) :]


def read_rule(value: str, start: date | datetime, zone: tzinfo) -> str:
    """A rule as text in capitals, RSCALE and FREQ in front, UNTIL as the last day that the series may have; with a
    moment only where the rule itself is finer than a day, and none where that is for ever. Raises ValueError."""
    parts = value.upper().replace(" ", "").strip(";").split(";") if len(value) <= LONGEST_RULE else []
    text = ";".join(sorted(parts, key=lambda part: (not part.startswith("RSCALE="), not part.startswith("FREQ="))))
    if not _is_rule(text):
        raise ValueError(f"{value[:60]!r} is no recurrence rule")
    match = _UNTIL.search(text)
    if match is None:
        return text
    if match[1][:4].isdigit() and int(match[1][:4]) > LATEST_YEAR:  # for ever
        return text[: match.start() - 1] + text[match.end() :]
    until = read_when(match[1], start.tzinfo or zone if isinstance(start, datetime) else zone)
    if not isinstance(until, datetime) or not isinstance(start, datetime):
        # Midnight in UTC is what programs write that have no days here.
        day = until.astimezone(zone).date() if isinstance(until, datetime) and until.time() != time() else until
        return text[: match.start(1)] + stamp(day)[:8] + text[match.end(1) :]
    if _OF_THE_CLOCK.search(text):
        return text[: match.start(1)] + f"{stamp(utc(until))}Z" + text[match.end(1) :]
    there = until.astimezone(start.tzinfo)
    last = there.date() if there.time() >= start.time() else there.date() - timedelta(days=1)
    return text[: match.start(1)] + stamp(last) + text[match.end(1) :]


def _is_rule(text: str) -> bool:
    match = _RULE.fullmatch(text)
    if match is None or match[1] not in _FREQUENCIES:
        return False
    names = [part.partition("=")[0] for part in match[2].split(";")[1:]]
    return _PARTS.issuperset(names) and len(set(names)) == len(names)


def mailbox_of(found: Property) -> str:
    """The mailbox of an ATTENDEE or ORGANIZER, "" where it has none (a name in a directory, a room). It may stand there
    without its mailto:, or behind a name, as in vCalendar 1.0."""
    value = found.value.strip()
    scheme, _, rest = value.partition(":")
    if scheme.lower() == "mailto":
        mailbox = unquote(rest.partition("?")[0])
    elif bare := _MAILBOX.fullmatch(value):
        mailbox = bare[1]
    else:
        mailbox = next((values[0] for name, values in found.params if name == "EMAIL"), "")
    return one_line(mailbox).replace(" ", "") if "@" in mailbox else ""


def mailbox_key(mailbox: str) -> str:
    """What two spellings of a mailbox have in common."""
    try:
        return email_key(mailbox) if len(mailbox) <= _LONGEST_MAILBOX else mailbox.lower()
    except FieldError:
        return mailbox.lower()


def read_attendee(found: Property) -> Attendee | None:
    """Who an ATTENDEE or ORGANIZER is; None without a mailbox."""
    mailbox = mailbox_of(found)
    if not mailbox:
        return None
    name = next((values[0] for param, values in found.params if param == "CN"), "")
    plain = one_line(_CARETS.sub(lambda match: {"n": " ", "^": "^", "'": '"'}[match[1]], name))
    standing, cutype = (
        next((values[0].upper() for param, values in found.params if param == wanted), "")
        for wanted in ("PARTSTAT", "CUTYPE")
    )
    return Attendee(
        "" if plain.lower() == mailbox.lower() else plain,
        mailbox,
        standing if standing in STANDINGS else "",
        _WHATS.get(cutype, ""),
    )


def mailto(mailbox: str) -> str:
    """The address of a mailbox as a URI (RFC 6068)."""
    return "mailto:" + quote(one_line(mailbox).replace(" ", ""), safe="@!$'*+-/=_~.")


def common_name(name: str) -> str:
    """A name as the value of a parameter (RFC 6868)."""
    return one_line(name).replace("^", "^^").replace('"', "^'")
