"""Calendar files for tests, as other programs write them, and what the book makes of them. The clock is in Berlin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.services import agenda, calendar_import

if TYPE_CHECKING:
    from crmcli.context import Context

BERLIN = "TZID=Europe/Berlin:"


def event(*lines: str, uid: str = "one@x.org", kind: str = "VEVENT") -> str:
    return "\r\n".join([f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *lines, f"END:{kind}"])


def file(*parts: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", *parts, "END:VCALENDAR", ""]).encode()


def take(ctx: Context, *parts: str, **options: Any) -> str:
    """Take a file in; the line about it."""
    found = calendar_import.import_calendar(ctx, file(*parts), called="x.ics", **options)
    return found.changed.lines[0].removeprefix("imported x.ics: ")


def in_agenda(ctx: Context, days: str) -> list[str]:
    return [row["start"][:16] for row in agenda.agenda(ctx, [days]).rows]


def plain(*lines: str, **changed: str) -> str:
    """A meeting of 27 November in Berlin."""
    head = {"SUMMARY": "M", f"DTSTART;{BERLIN[:-1]}": "20261127T100000", "DURATION": "PT1H", **changed}
    return event(*(f"{name}:{value}" for name, value in head.items()), *lines)


def weekly(start: str, rule: str = "FREQ=WEEKLY", sequence: int = 0, *more: str) -> str:
    lines = ("SUMMARY:S", f"DTSTART;{BERLIN}{start}", "DURATION:PT1H", f"RRULE:{rule}", f"SEQUENCE:{sequence}", *more)
    return event(*lines)


def put_off(day: str, to: str, sequence: int = 0, *more: str) -> str:
    return event("SUMMARY:S", f"RECURRENCE-ID;{BERLIN}{day}T100000", f"DTSTART;{BERLIN}{to}", "DURATION:PT1H",
                 f"SEQUENCE:{sequence}", *more)  # fmt: skip
