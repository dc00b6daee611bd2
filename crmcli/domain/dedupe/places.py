"""What the addresses of two records say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.dedupe import likeness
from crmcli.domain.dedupe.likeness import DIFFERENT, FITS, NEAR, SAME, UNKNOWN

if TYPE_CHECKING:
    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read
    from crmcli.domain.dedupe.tally import Tally


def address(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    street = _street(counts, a, b, tally)
    tally.street = street
    if a.city and b.city:
        _city(counts, a, b, street, tally)
    if a.postal and b.postal:
        _postal(counts, a, b, street, tally)
    if a.region and b.region and a.region != b.region:
        tally.add(-1.5, -0.5, -1.5, -1.0)
    elif a.region and b.region and street == UNKNOWN and not (a.city and b.city) and not (a.postal and b.postal):
        tally.add(-0.2, -counts.bits("region", a.region), -0.2, -0.2)
    if a.country and b.country and a.country != b.country:
        tally.add(-1.5, -0.3, -1.5, -0.5)


def _street(counts: Counts, a: Read, b: Read, tally: Tally) -> int:
    if not a.road or not b.road:
        if a.number and a.number == b.number:
            tally.add(-1.0, -4.5, -1.0, -1.5)
        return UNKNOWN
    grade = likeness.texts(a.road, b.road)
    numbers = not a.number or not b.number or a.number == b.number
    if grade == SAME and numbers:
        bits = counts.bits("street", a.street) if a.number and b.number else counts.bits("road", a.road)
        tally.add(-0.5, -bits, -0.5, -0.7)
        tally.mark("street", a.shown_street, b.shown_street)
        return SAME
    if grade == NEAR and numbers:
        tally.add(-2.5, -max(min(counts.bits("road", a.road), counts.bits("road", b.road)) - 1.0, 4.0), -2.5, -2.5)
        tally.mark("street-near", a.shown_street, b.shown_street)
        return NEAR
    if grade >= NEAR:
        tally.add(-4.0, -counts.bits("road", a.road) if grade == SAME else -5.0, -4.5, -4.0)
        tally.mark("road", a.shown_street, b.shown_street)
        return FITS
    if _second_line(a, b):
        tally.add(-3.5, -5.0, -3.5, -3.5)
        tally.mark("street-near", a.shown_street, b.shown_street)
        return FITS
    if a.number and a.number == b.number:
        tally.add(-4.5, -4.5, -4.5, -4.5)  # a slip in the street, or nothing: it says neither
    else:
        tally.add(-3.0, 0.0, -1.7, -1.5)
    return DIFFERENT


def _second_line(a: Read, b: Read) -> bool:
    """Whether the second line of an address, a house or a part of the town, is nearly a line of the other one."""
    lines = ((a.second, b.second), (a.second, b.road), (a.road, b.second))
    return any(one and other and likeness.texts(one, other) >= NEAR for one, other in lines)


def _city(counts: Counts, a: Read, b: Read, street: int, tally: Tally) -> None:
    grade = SAME if a.place == b.place else likeness.texts(a.place, b.place)
    if grade >= NEAR:
        bits = min(counts.bits("city", a.city), counts.bits("city", b.city))
        slip = 0.0 if grade == SAME else -3.0
        tally.add(-0.2 + slip, (-2.0 if street >= NEAR else -bits) + slip / 2, -0.2 + slip, -0.2 + slip)
        tally.mark("city" if grade == SAME else "city-near", a.shown_city, b.shown_city)
    elif street >= NEAR:
        tally.add(-2.5, -0.5, -3.0, -3.0)
    else:
        tally.add(-1.2, -0.1, -0.8, -0.8)


def _postal(counts: Counts, a: Read, b: Read, street: int, tally: Tally) -> None:
    if a.postal == b.postal:
        if street >= NEAR:
            chance = -1.5
        elif tally.marks and tally.marks[-1][0] == "city":
            chance = -max(counts.bits("postal", a.postal) - counts.bits("city", a.city), 0.3)
        else:
            chance = -counts.bits("postal", a.postal)
        tally.add(-0.3, chance, -0.2, -0.2)
        tally.mark("postal", a.postal, b.postal)
    elif likeness.numbers(a.postal, b.postal) == NEAR:
        tally.add(-3.5, -4.5, -3.5, -3.5)
    elif street >= NEAR:
        tally.add(-2.0, -0.5, -2.5, -2.5)
    else:
        tally.add(-1.0, -0.1, -0.7, -0.7)


# --- the most that it can be: what each of these adds against strangers, in bits, or more, at less cost ---


def address_at_most(counts: Counts, a: Read, b: Read) -> float:
    worth, most = counts.bits, 0.0
    if a.road and b.road:
        if a.road == b.road:
            most += max(worth("street", a.street), worth("road", a.road)) - 0.5
        elif likeness.texts(a.road, b.road) == NEAR:
            most += max(min(worth("road", a.road), worth("road", b.road)) - 3.5, 1.5)
        elif a.second or b.second:
            most += 1.5
    elif a.number and a.number == b.number:
        most += 3.5
    if a.city and b.city:
        grade = SAME if a.place == b.place else likeness.texts(a.place, b.place)
        if grade >= NEAR:
            most += max(worth("city", a.city), 2.0) - (0.2 if grade == SAME else 1.7)
        else:
            most -= 1.1
    if a.postal and b.postal:
        most += max(worth("postal", a.postal), 1.5) - 0.3 if a.postal == b.postal else 1.0
    if a.region and a.region == b.region:
        most += worth("region", a.region)
    return most
