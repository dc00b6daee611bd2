"""What the addresses of two records say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.dedupe import likeness
from crmcli.domain.dedupe.likeness import DIFFERENT, FITS, NEAR, SAME, UNKNOWN
from crmcli.domain.dedupe.reading import address_lines, signs
from crmcli.domain.dedupe.tally import Tally

if TYPE_CHECKING:
    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read

#: Bits of a house number that two addresses have in common, in streets that are one but for slips or order: each is
#: that of one house in eleven, and low ones are commoner.
_NUMBER = 3.5
#: Bits of one line of two that two addresses have in common, at the most: it may be a part of the town.
_LINE = 5.0
#: What an address says of one person whose lines stand the other way round elsewhere, and each slip in such lines, as
#: log2.
_EXCHANGED, _SLIP = -3.5, -1.0


def address(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    tally.street = street = _street(counts, a, b, tally)
    _town(counts, a, b, street, tally)
    if a.country and b.country and a.country != b.country:
        tally.add(-1.5, -0.3, -1.5, -0.5)


def _town(counts: Counts, a: Read, b: Read, street: int, tally: Tally) -> None:
    """What city, postal code and region say beside streets of that grade."""
    if a.city and b.city:
        _city(counts, a, b, street, tally)
    if a.postal and b.postal:
        _postal(counts, a, b, street, tally)
    if a.region and b.region and a.region != b.region:
        tally.add(-1.5, -0.5, -1.5, -1.0)
    elif a.region and b.region and street == UNKNOWN and not (a.city and b.city) and not (a.postal and b.postal):
        tally.add(-0.2, -counts.bits("region", a.region), -0.2, -0.2)


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
        _second_lines(counts, a, b, tally)
        return SAME
    if grade == NEAR and numbers:
        tally.add(-2.5, -_near_bits(counts, a, b), -2.5, -2.5)
        tally.mark("street-near", a.shown_street, b.shown_street)
        _second_lines(counts, a, b, tally)
        return NEAR
    if grade >= NEAR:
        tally.add(-4.0, -counts.bits("road", a.road) if grade == SAME else -5.0, -4.5, -4.0)
        tally.mark("road", a.shown_street, b.shown_street)
        _second_lines(counts, a, b, tally)
        return FITS
    if exchanged := _exchanged(counts, a, b):
        same, bits = exchanged
        least = _without_street(counts, a, b) - same
        bits = max(bits, least)
        tally.household = min(counts.household(a, b), bits - least)
        tally.add(same, -bits, same, same)
        tally.mark("street-near", a.shown_street, b.shown_street)
        return NEAR
    if bits := _shared_line(counts, a, b):
        tally.add(-3.5, -bits, -3.5, -3.5)
        tally.mark("street-near", a.shown_street, b.shown_street)
        return FITS
    if a.number and a.number == b.number:
        tally.add(-4.5, -4.5, -4.5, -4.5)  # a slip in the street, or nothing: it says neither
    else:
        tally.add(-3.0, 0.0, -1.7, -1.5)
    return DIFFERENT


def _near_bits(counts: Counts, a: Read, b: Read) -> float:
    """What two streets that are nearly the same are worth against strangers, more so with one house number."""
    bits = min(counts.bits("road", a.road), counts.bits("road", b.road)) - 1.0
    if a.number and a.number == b.number:
        bits = min(bits + _NUMBER, counts.rare("street") - 1.0)
    return max(bits, 4.0)


def _second_lines(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    """What the second lines say, a flat, a house or a part of the town, where the first ones are alike: that two are no
    strangers, but nothing of a household or a firm, which has one. The numbers of a flat are enough, whatever words are
    before them; where they differ they speak against one person, and hardly more against relatives or colleagues.
    """
    if not a.second or not b.second:
        return
    ours, theirs = (signs(address_lines(read.shown_street)[1]) for read in (a, b))
    if ours == theirs and (a.unit or likeness.texts(a.second, b.second) >= NEAR):
        tally.household = counts.household(a, b)
        tally.add(-0.4, -tally.household, -0.4, -0.4)
    else:
        tally.add(-2.0, -0.5, -1.7, -1.2)


def _without_street(counts: Counts, a: Read, b: Read) -> float:
    """How many bits more the town says against strangers where no street is known than beside streets that are alike:
    what these are worth at least, when their lines stand the other way round."""
    alone, beside = Tally(0.0, 0.0, 0.0), Tally(0.0, 0.0, 0.0)
    _town(counts, a, b, UNKNOWN, alone)
    _town(counts, a, b, NEAR, beside)
    return alone.strangers - beside.strangers


def _exchanged(counts: Counts, a: Read, b: Read) -> tuple[float, float] | None:
    """The chance, as log2, that one person's lines stand the other way round elsewhere, and what that is worth against
    strangers, in bits; None where the lines are others. One system asks for the flat before the street, another after
    it; nothing says which line is the street, so that it is worth what the commoner of the two is, unless both lines
    have a number and each is exactly the other: then it is worth what the rarer one is."""
    if not a.second or not b.second or {a.number, a.unit} != {b.number, b.unit}:
        return None
    chance, worths = _EXCHANGED, []
    for one, other in ((a.road, b.second), (a.second, b.road)):
        grade = likeness.texts(one, other)
        if grade < NEAR:
            return None
        slip = grade == NEAR
        chance += _SLIP * slip
        worths.append(min(counts.bits("road", one), counts.bits("road", other)) - slip)
    exact = chance == _EXCHANGED and a.number and a.unit and (a.number, a.unit) == (b.unit, b.number)
    worth = max(worths) if exact else min(worths)
    if a.number or a.unit:
        worth += _NUMBER
    worth = min(worth, counts.rare("street"))
    return chance, max(worth, 4.0) + counts.household(a, b)


def _shared_line(counts: Counts, a: Read, b: Read) -> float:
    """What it is worth that the second line of an address, a house or a part of the town, is nearly a line of the other
    one; 0 where none is."""
    worth = 0.0
    for one, other in ((a.second, b.second), (a.second, b.road), (a.road, b.second)):
        if one and other and likeness.texts(one, other) >= NEAR:
            worth = max(worth, min(counts.bits("second", one), counts.bits("second", other), _LINE))
    return worth + _NUMBER if worth and a.number and a.number == b.number else worth


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
        second = max(counts.household(a, b) - 0.4, 0.0) if a.second and b.second else 0.0
        if a.road == b.road:
            most += max(worth("street", a.street), worth("road", a.road)) - 0.5 + second
        elif likeness.texts(a.road, b.road) == NEAR:
            most += max(_near_bits(counts, a, b) - 2.5, 1.5) + second
        elif a.second or b.second:
            most += max(sum(_exchanged(counts, a, b) or ()), _LINE + _NUMBER - 3.5)
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
