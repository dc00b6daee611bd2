"""Days of the year in vCards: birthdays without a year, anniversaries and what Apple calls dates, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.occasions import Yearly, read_written
from crmcli.domain.text import fold
from crmcli.exchange.vcard_lines import Property, escape, unescape
from crmcli.exchange.vcard_slots import one_line, read_yearly, yearly_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BIRTHDAY, ANNIVERSARY = "birthday", "anniversary"
#: The dates of Apple's, whose names stand in a line of the same group, and how it marks the names that it translates.
DATE, LABEL = "X-ABDATE", "X-ABLABEL"
_OWN_LABEL = re.compile(r"_\$!<(.+)>!\$_")


def read_days(some: Sequence[Property], *, firm: bool) -> dict[int, tuple[str, Yearly]]:
    """Place of a property -> the name and day of the year that it says, each name once. A birthday with its year is a
    field, and an organisation has none."""
    labels = {one.group: _called(one) for one in some if one.name == LABEL and one.group}
    found: dict[int, tuple[str, Yearly]] = {}
    names: set[str] = set()
    for place, one in enumerate(some):
        name = _name(one, labels)
        day = read_yearly(one) if name and fold(name) not in names else None
        if day is None or (name == BIRTHDAY and (firm or day.known)):
            continue
        names.add(fold(name))
        found[place] = name, day
    return found


def _name(one: Property, labels: dict[str, str]) -> str:
    """What a property calls its day; "" for one that says none."""
    if one.name == "BDAY":
        return BIRTHDAY
    return labels.get(one.group, "") if one.name == DATE else ANNIVERSARY if one.name.endswith("ANNIVERSARY") else ""


def _called(one: Property) -> str:
    text = one_line(unescape(one.value))
    own = _OWN_LABEL.fullmatch(text)
    return own[1].lower() if own else text


def with_days(others: Sequence[Property], text: str, version: str, *, born: bool) -> list[Property]:
    """The lines that were kept with a record, and those of its days (`text`, as `domain.occasions.written` has it): a
    line that says such a day stays as it came, one that says another day of that name goes. `born`: the birthday is
    known with its year, and stands in a line of its own."""
    days: dict[str, tuple[str, Yearly]] = {}
    for name, day in read_written(text):
        if not (born and fold(name) == BIRTHDAY):
            days.setdefault(fold(name), (name, day))  # whoever was merged may have two
    said = read_days(others, firm=False)
    gone: set[int] = set()
    for place, (name, day) in said.items():
        own = days.get(fold(name))
        if own and own[1] == day:
            del days[fold(name)]
        elif own:
            gone.add(place)
    groups = {others[place].group for place in gone} - {""}
    kept = [one for place, one in enumerate(others) if place not in gone and one.group not in groups]
    taken = {one.group.casefold() for one in kept}
    return [*kept, *_made(days.values(), version, taken)]


def _made(days: Iterable[tuple[str, Yearly]], version: str, taken: set[str]) -> Iterator[Property]:
    """The lines of days that no line says; `taken` are the groups that there are."""
    number = 0
    for name, day in days:
        value = yearly_value(day, version)
        if value is None:
            continue
        if fold(name) == BIRTHDAY and not day.known:
            yield Property("BDAY", value)
        elif fold(name) == ANNIVERSARY:
            yield Property("ANNIVERSARY" if version == "4.0" else "X-ANNIVERSARY", value)
        else:
            number += 1
            while (group := f"day{number}") in taken:
                number += 1
            yield Property(DATE, value, group=group)
            yield Property(LABEL, escape(name), group=group)
