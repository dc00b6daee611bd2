"""Calendar files for tests: what other programs write, read and compared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crmcli.exchange.ical_reader import read_calendar

if TYPE_CHECKING:
    from crmcli.exchange.ical import Item
    from crmcli.exchange.ical_reader import Calendar

CORPORA = Path(__file__).parents[3] / "shared" / "data" / "ical"
BERLIN = ZoneInfo("Europe/Berlin")
START = "DTSTART;TZID=Europe/Berlin:20261127T143000"


def read(data: bytes | str, **told: str) -> Calendar:
    return read_calendar(data if isinstance(data, bytes) else data.encode(), **({"zone": "Europe/Berlin"} | told))


def wrapped(*lines: str, kind: str = "VEVENT", before: str = "") -> str:
    body = "\r\n".join(lines)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{before}BEGIN:{kind}\r\n{body}\r\nEND:{kind}\r\nEND:VCALENDAR\r\n"


def one(*lines: str, kind: str = "VEVENT", before: str = "") -> Item:
    found = read(wrapped("UID:u", *lines, kind=kind, before=before))
    assert not found.refusals
    (item,) = found.items
    return item


def event(*lines: str) -> Item:
    return one(START, *lines)


def plain(item: Item) -> Item:
    """With moments in UTC: those of two zones with a clock that comes twice are never equal."""
    changed: dict[str, Any] = {}
    for name, value in item._asdict().items():
        if isinstance(value, datetime):
            changed[name] = value.astimezone(UTC)
        elif name in ("rdates", "exdates"):
            changed[name] = [one.astimezone(UTC) if isinstance(one, datetime) else one for one in value]
    return item._replace(**changed)


RICH = wrapped(
    "UID:rich", "DTSTAMP:20261101T000000Z", START, "DTEND;TZID=Europe/Berlin:20261127T160000",
    "SUMMARY;LANGUAGE=de:Treffen\\, groß", "LOCATION;ALTREP=\"https://x.example/a,b\":Raum 1",
    "ORGANIZER;CN=\"Lovelace, Ada\";SENT-BY=\"mailto:c@x.org\":MAILTO:ada@x.org",
    "ATTENDEE;ROLE=CHAIR;CN=Bob;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:Bob@x.org",
    "ATTENDEE;CN=Eve;EMAIL=eve@x.org;CUTYPE=INDIVIDUAL:urn:uuid:1-2", "ATTENDEE;CUTYPE=ROOM:urn:room:7",
    "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=\"a;b\":geo:52.5,13.4", "CLASS:PRIVATE", "TRANSP:TRANSPARENT",
    "ATTACH:https://x.example/a.pdf", "ATTACH:https://x.example/b.pdf", "RELATED-TO:other", "GEO:1;2",
    "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Treffen\\, groß", "END:VALARM",
    "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-P1D", "DESCRIPTION:Reminder", "X-WR-ALARMUID:a-1", "END:VALARM",
    "BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER;VALUE=DATE-TIME:20261127T080000Z", "SUMMARY:x",
    "ATTENDEE:mailto:a@x.org", "END:VALARM",
)  # fmt: skip
DEFINED = (
    "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16011028T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010325T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)
PLAIN = wrapped("UID:u", START, "SUMMARY:Größe und Über-Übung", "DESCRIPTION:für alle schönen Tage").replace(
    "\r\n", "\n"
)
