"""What an item of another program says beyond our fields: kept as content lines, and written back without harm.

A line of a property that we do not write goes back as it came. One of a property that we write lends its parameters to
ours (LANGUAGE of a summary, ROLE of an attendee) while the value is still the same. An alarm that is more than minutes
and a text (of an e-mail, with a sound, at a moment of its own) is kept whole, between its BEGIN and its END; one that
stands for minutes of `alarms` is written in the place of a plain one while those minutes are there; of a day it is kept
as one counted from where the alarms of days are, so that it stands for the same minutes where the item gets a time.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from crmcli.exchange.ical_lines import is_one_line, one_line, parse
from crmcli.exchange.ical_values import mailbox_key, mailbox_of, read_duration, write_duration
from crmcli.exchange.vcard_lines import Property, unescape, written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date


#: What of a description is not the item's own text: whoever reads it takes it off.
FOOTER = "X-CRM-FOOTER"
#: What an event says of its task, as a to-do says it in STATUS.
TASK_STATUS = "X-CRM-STATUS"
#: The rule behind days that stand one by one: as an RRULE with RSCALE (RFC 7529) most programs would not take it.
REPEAT = "X-CRM-REPEAT"
#: How long a task takes, where its item says something else, or nothing: PT0M for one without a length.
LENGTH = "X-CRM-DURATION"
#: Properties that our fields say, whole or in part.
OURS = frozenset(
    ("UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "DTSTART", "DTEND", "DURATION", "DUE",
     "COMPLETED", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "DESCRIPTION", "LOCATION", "STATUS", "CATEGORIES",
     "PRIORITY", "URL", "ORGANIZER", "ATTENDEE", FOOTER, TASK_STATUS, REPEAT, LENGTH)
)  # fmt: skip
#: Of these the parameters are kept.
LENDING = frozenset(
    ("SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES", "URL", "RECURRENCE-ID", "ORGANIZER", "ATTENDEE")
)
PEOPLE = frozenset(("ORGANIZER", "ATTENDEE"))
#: Parameters that we write ourselves.
_OUR_PARAMETERS = frozenset(("TZID", "VALUE", "ENCODING", "CHARSET"))
#: What only a calendar may have, or begins and ends a part of it.
_NEVER = frozenset(("BEGIN", "END", "PRODID", "VERSION", "CALSCALE", "METHOD"))
#: A STATUS that a book does not tell from another one -> that one, in the place of which it is written.
FINER = {"TENTATIVE": "CONFIRMED", "IN-PROCESS": "NEEDS-ACTION"}
#: What part of an item other properties repeat, in words or numbers of their own.
_REPEATING = {
    "description": ("X-ALT-DESC", "STYLED-DESCRIPTION"),
    "place": ("GEO", "X-APPLE-STRUCTURED-LOCATION", "STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS", "VLOCATION"),
    "when": ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY"),
    "series": ("X-MICROSOFT-CDO-INSTTYPE",),
    "priority": ("X-MICROSOFT-CDO-IMPORTANCE", "X-MICROSOFT-MSNCALENDAR-IMPORTANCE"),
}
#: Parts of an item that are kept whole (RFC 5545, RFC 9073).
BLOCKS = frozenset(("VALARM", "PARTICIPANT", "VLOCATION", "VRESOURCE"))

_URI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/)\S+")

#: So many minutes after midnight a day begins for its alarms, unless a book says otherwise: at 9:00.
OPENING = 9 * 60

Block = tuple[str, list[Property]]


class More:
    """The kept lines of one item, parted; what is no single well-formed content line is left out. `finer` is a status
    of FINER, or ""."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.plain: list[Property] = []
        self.blocks: list[Block] = []
        self.finer = ""
        self._lent: dict[tuple[str, str], Property] = {}
        block: Block | None = None
        for line in lines:
            found = parse(line) if is_one_line(line) else None
            if found is None:
                continue
            if found.name == "BEGIN":
                block = (found.value.strip().upper(), [])
            elif found.name == "END":
                if block is not None and block[0] in BLOCKS and block[0] == found.value.strip().upper():
                    self.blocks.append(block)
                block = None
            elif block is not None:
                block[1].append(found)
            elif is_foreign(found):
                self.plain.append(found)
            elif found.name == "STATUS" and found.value in FINER:
                self.finer = found.value
            elif found.name in LENDING:
                self._lent.setdefault((found.name, value_key(found)), found)

    def lent(self, name: str, value: str) -> Property | None:
        """The kept line of a property that we write, where it has this value (of a person: this key)."""
        return self._lent.get((name, value))

    def alarms(self, edges: frozenset[str]) -> tuple[dict[int, list[Block]], list[Block]]:
        """The kept alarms that stand for minutes, by these, and all other blocks."""
        standing: dict[int, list[Block]] = {}
        others: list[Block] = []
        for block in self.blocks:
            minutes = alarm_minutes(block, edges)
            (others if minutes is None else standing.setdefault(minutes, [])).append(block)
        return standing, others


def more_without(lines: Sequence[str], parts: Collection[str]) -> list[str]:
    """The lines that an item keeps, without what repeats these parts of it, which were changed here: name, description,
    place, when, length, series, skips, priority."""
    changed = {*parts, *(("when",) if {"length", "series", "given"} & set(parts) else ())}
    gone = {name for part in changed for name in _REPEATING.get(part, ())}
    kept: list[str] = []
    block = ""
    for line in lines if gone else ():
        found = parse(line)
        edge = found.name if found is not None and found.name in ("BEGIN", "END") else ""
        named = found.value.strip().upper() if found is not None and edge else ""
        block = named if edge == "BEGIN" else block
        if block not in gone and (block or found is None or found.name not in gone):
            kept.append(line)
        block = "" if edge == "END" else block
    return kept if gone else list(lines)


def is_foreign(found: Property) -> bool:
    """Whether a line of an item is of a property that no field says; of people one without a mailbox."""
    if found.name in PEOPLE:
        return not mailbox_of(found) and _URI.fullmatch(found.value.strip()) is not None
    return found.name not in OURS and found.name not in _NEVER


def value_key(found: Property) -> str:
    """What must still be the same for a kept line to lend its parameters."""
    return mailbox_key(mailbox_of(found)) if found.name in PEOPLE else found.value


def extra(found: Property, value: str) -> str:
    """A line to keep for the parameters of a property whose value we write as `value`; "" where there are none.

    A book may know of people no more than their mailboxes, so their whole line stays, unless it has a name alone.
    """
    params = tuple([one for one in found.params if one[0] not in _OUR_PARAMETERS])
    if not params or (found.name in PEOPLE and [name for name, _ in params] == ["CN"]):
        return ""
    return written(found._replace(value=value, params=params))


def alarm_edges(kind: str, start: date | datetime | None, due: date | datetime | None) -> frozenset[str]:
    """What an alarm must be related to so that its minutes are those of the item: "start" or "end", which is the due
    date of a to-do; both where there is one only, none where there is nothing."""
    if kind == "event" or due is None:
        return frozenset(("start",) if start is not None else ())
    return frozenset(("end", "start") if start in (None, due) else ("end",))


def alarm_opening(kind: str, start: date | datetime | None, due: date | datetime | None, opening: int) -> int:
    """How many minutes after the moment that a TRIGGER is related to the alarms of an item are counted from: of a day,
    that is its midnight (RFC 5545, 3.8.6.3), so many as `opening` says; none of a time."""
    moment = start if kind == "event" or due is None else due
    return opening if moment is not None and not isinstance(moment, datetime) else 0


def write_trigger(minutes: int) -> str:
    """The TRIGGER of an alarm so many minutes before what it is related to; after that where they are negative."""
    return write_duration(-minutes, days=True) if minutes < 0 else f"-{write_duration(minutes, days=True)}"


def moved_alarm(block: Block, minutes: int) -> Block:
    """A block whose TRIGGER, where it is a duration in whole minutes, comes so many minutes later."""
    name, lines = block
    return name, [_moved(line, minutes) if minutes and line.name == "TRIGGER" else line for line in lines]


def _moved(trigger: Property, minutes: int) -> Property:
    try:
        days, seconds = read_duration(trigger.value)
    except ValueError:
        return trigger
    whole, rest = divmod(86400 * days + seconds, 60)
    return trigger if rest else trigger._replace(value=write_trigger(-(whole + minutes)))


def alarm_minutes(block: Block, edges: frozenset[str]) -> int | None:
    """How many minutes before its item's moment an alarm comes; None where it is counted in another way."""
    name, lines = block
    triggers = [line for line in lines if line.name == "TRIGGER"]
    actions = [line.value.strip().upper() for line in lines if line.name == "ACTION"]
    if name != "VALARM" or len(triggers) != 1 or actions not in (["DISPLAY"], ["AUDIO"]):
        return None
    if (triggers[0].said("RELATED") or ["start"])[0] not in edges:
        return None
    try:
        days, seconds = read_duration(triggers[0].value)
    except ValueError:
        return None
    before = -(86400 * days + seconds)
    return before // 60 if before >= 0 and before % 60 == 0 else None


def alarm_lack(block: Block, edges: frozenset[str]) -> str:
    """What people are to be told of an alarm that has no `alarm_minutes`; "" where there is nothing to tell."""
    name, lines = block
    trigger = next((line for line in lines if line.name == "TRIGGER"), None)
    actions = {line.value.strip().upper() for line in lines if line.name == "ACTION"}
    # Apple writes NONE where there is to be no alarm.
    if name != "VALARM" or trigger is None or "NONE" in actions:
        return ""
    try:
        days, seconds = read_duration(trigger.value)
    except ValueError:
        return "its reminder at a moment of its own"
    if actions.isdisjoint(("DISPLAY", "AUDIO")):
        return f"its reminder by {' and '.join(sorted(actions)).lower() or 'nothing known'}"
    edge = (trigger.said("RELATED") or ["start"])[0]
    if 86400 * days + seconds > 0:
        return f"its reminder after it {'ends' if edge == 'end' else 'begins'}"
    if edge not in edges:
        return f"its reminder before it {'ends' if edge == 'end' else 'begins'}"
    return "its reminder to the second"


def is_plain_alarm(block: Block, summary: str) -> bool:
    """Whether an alarm that stands for minutes says no more than these and what it is about."""
    lines = {line.name: line for line in block[1]}
    text = one_line(unescape(lines["DESCRIPTION"].value)) if "DESCRIPTION" in lines else ""
    params = {name for line in block[1] for name, _ in line.params}
    return (
        len(lines) == len(block[1])
        and lines.keys() <= {"ACTION", "TRIGGER", "DESCRIPTION"}
        and lines["ACTION"].value.strip().upper() == "DISPLAY"
        and text in ("", summary)
        and params <= {"RELATED", "VALUE"}
    )


def block_lines(block: Block) -> Iterator[tuple[str, str]]:
    """Head and line of all that a block has."""
    name, lines = block
    yield f"BEGIN:{name}", f"BEGIN:{name}"
    for line in lines:
        yield line.name, written(line)
    yield f"END:{name}", f"END:{name}"
