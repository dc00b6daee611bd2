"""Which pairs are worth comparing: records that share a key, in blocks that stay small.

A key joins two fields (sound of a word of the name + postal code, the two sounds of a name, a birthday ...), and each
record has about a dozen of them, so that a wrong value in any one field, or in several, leaves keys that still agree.
A block of more than `ROOM` records is split by a third field; what is still larger is a value that says nothing, and
each of its records is compared with its `NEIGHBOURS` next ones in the order of their other values only. So the pairs
grow with the number of records, not with its square.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import combinations
from operator import attrgetter
from typing import TYPE_CHECKING

from crmcli.domain.dedupe.counts import TOO_MANY
from crmcli.domain.dedupe.entry import PEOPLE
from crmcli.domain.dedupe.likeness import slips
from crmcli.domain.dedupe.names import LONG_FORMS, one_called_both
from crmcli.domain.dedupe.reading import sound
from crmcli.domain.dedupe.tally import NAMESAKES

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read

    #: A key and the place of a record that has it.
    Key = tuple[Hashable, int]
    Keys = Callable[[Sequence[Read], Iterable[int]], Iterator[Key]]

ROOM = 10
NEIGHBOURS = 4
_PROMISING = 3


def _with(field: str) -> Keys:
    """Keys of a sound of the name, the first or the last, and that field."""
    value_of = attrgetter(field)

    def keys(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
        for place in places:
            read = records[place]
            if value := value_of(read):
                for code in read.ends:
                    yield (code, value), place

    return keys


def _one(field: str) -> Keys:
    value_of = attrgetter(field)

    def keys(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
        for place in places:
            if value := value_of(records[place]):
                yield value, place

    return keys


def _both(one: str, other: str) -> Keys:
    values_of = attrgetter(one, other)

    def keys(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
        for place in places:
            values = values_of(records[place])
            if values[0] and values[1]:
                yield values, place

    return keys


def _each(values_of: Callable[[Read], Iterable[Hashable]]) -> Keys:
    """A key for each of several values."""

    def keys(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
        for place in places:
            for value in values_of(records[place]):
                yield value, place

    return keys


def _with_lines(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
    """Keys of a sound of the name and either line of the address, which may stand the other way round elsewhere."""
    for place in places:
        read = records[place]
        if road := read.road:
            for code in read.ends:
                yield (code, road), place
            if second := read.second:
                for code in read.ends:
                    yield (code, second), place


def _lines_and_postal(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
    for place in places:
        read = records[place]
        if read.road and (postal := read.postal):
            yield (read.road, postal), place
            if read.second:
                yield (read.second, postal), place


def _heard_street(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
    """Keys of a sound of the name, the number of the house and how the street begins by sound: of three values that
    have slips in all of them two or three may sound as before."""
    for place in places:
        read = records[place]
        if (number := read.number) and read.road:
            heard = _heard(read.road)
            for code in read.ends:
                yield (code, number, heard), place


@lru_cache(maxsize=65536)
def _heard(road: str) -> str:
    """How a street begins by sound; what follows is Street or Road in many of them."""
    return sound(road)[:3]


def _whole_name(records: Sequence[Read], places: Iterable[int]) -> Iterator[Key]:
    """The sounds of the first and the last word in either order, also of the names that the first may be short for."""
    called = _called()
    for place in places:
        read = records[place]
        codes = read.codes
        if len(codes) >= 2:
            first, last = codes[0], codes[-1]
            yield (first, last) if first < last else (last, first), place
            if (word := read.words[0]) in called:
                for first in called[word]:
                    yield (first, last) if first < last else (last, first), place
        elif name := read.name:
            yield name, place


@cache
def _called() -> dict[str, list[str]]:
    """Short form -> the sounds of the names that it may stand for, where they are others than its own."""
    found = {form: {sound(name) for name in names} - {sound(form)} for form, names in LONG_FORMS.items()}
    return {form: sorted(codes) for form, codes in found.items() if codes}


def _firm_start(read: Read) -> Iterable[Hashable]:
    """The first two words by sound."""
    return read.codes[:1] if len(read.codes) == 1 else (tuple(sorted(read.codes[:2])),) if read.codes else ()


_letters = _one("name")
_year_of_birth = _each(lambda read: (read.birthday[:4], read.birthday[4:]) if read.birthday else ())
_phones = _each(attrgetter("phones"))
_extras = _each(lambda read: read.extra.items() if read.extra else ())
_firm_starts = _each(_firm_start)
_firm_words = _each(lambda read: [word for word in read.words if len(word) >= 3])


#: Keys that are dropped whole where too many share them; a domain is one of a company.
EXACT: tuple[Keys, ...] = (_one("email"), _phones, _extras)
_DOMAIN = _one("domain")
#: kind -> (keys, what a block that is too large is split by). What a name has in common with a postal code, a road, a
#: company or a domain has keys of its own, so that a common name alone is split by what is left.
BLOCKS: dict[str, tuple[tuple[Keys, tuple[Keys, ...]], ...]] = {
    "contact": (
        (
            _one("birthday"),
            (_with("postal"), _with("city"), _with("company"), _with("domain"), _with("road"), _whole_name),
        ),
        (_whole_name, (_one("city"), _year_of_birth)),
        (_letters, (_one("city"), _year_of_birth)),
        (_with("postal"), (_one("road"), _year_of_birth)),
        (_with_lines, (_one("city"), _one("number"))),
        (_heard_street, (_one("city"),)),
        (_with("company"), (_letters, _whole_name)),
        (_with("domain"), (_letters,)),
        (_one("street"), (_with("birthday"), _with("postal"), _with("city"))),
        (_lines_and_postal, (_with("birthday"),)),
    ),
    "company": (
        (_firm_starts, (_letters, _one("city"), _one("postal"), _one("country"))),
        (_letters, (_one("city"), _one("postal"), _one("country"))),
        (_firm_words, (_one("postal"), _one("street"), _one("city"))),
        (_one("street"), (_firm_starts,)),
    ),
    "deal": (
        (_both("name", "company"), (_one("value"), _one("close_on"))),
        (_both("company", "value"), (_one("close_on"), _firm_starts)),
        (_both("company", "close_on"), (_one("value"), _firm_starts)),
        (_letters, (_one("value"), _one("close_on"), _one("email"))),
        (_firm_starts, (_one("company"), _one("value"))),
    ),
}
BLOCKS["lead"] = (*BLOCKS["contact"], (_both("subject", "company"), (_whole_name,)))


def promising(a: Read, b: Read, counts: Counts) -> bool:
    """Whether two people agree in so much, at a glance, that they are worth weighing: name by sound, or but for two
    slips, and one thing more that is not too common, or a whole name that few have.

    Weighing takes ten times as long, and most pairs that share a key share nothing else.
    """
    points, common = 0, counts.common
    if a.birthday and b.birthday:
        if a.birthday == b.birthday:
            points = 2
        elif a.birthday[:4] == b.birthday[:4] or a.birthday[4:] == b.birthday[4:]:
            points = 1
    if a.road and a.road == b.road:
        points += (a.road not in common) + (a.number == b.number)
    elif a.road and b.road:
        points += _heard(a.road) == _heard(b.road) or bool((a.second or b.second) and _shared_line(a, b))
    if a.postal and a.postal == b.postal:
        points += 1
    if a.city and a.place == b.place and (a.city not in common or a.name == b.name):
        points += 1
    only = False
    if (a.company and a.company == b.company) or (a.domain and a.domain == b.domain):
        only = not points
        points += 2
    if points >= _PROMISING or (points and _alike(a, b, _PROMISING - points) and not (only and _two_colleagues(a, b))):
        return True
    if (a.email and a.email == b.email) or (a.extra and b.extra) or not a.name or not b.name:
        return True
    for phone in a.phones:
        if phone in b.phones:
            return True
    return a.name == b.name and counts.named(a.name) <= NAMESAKES


def _two_colleagues(a: Read, b: Read) -> bool:
    """Whether people who share a company have no more of their names in common than a given one, which several have in
    a large firm, and not their work either."""
    ours, theirs = a.codes, b.codes
    return (
        min(len(ours), len(theirs)) > 1
        and ours[-1] not in theirs
        and theirs[-1] not in ours
        and not (a.job and a.job == b.job)
    )


def _shared_line(a: Read, b: Read) -> bool:
    """Whether the second line of an address is a line of the other one, where the first lines are others."""
    return (bool(a.second) and a.second in (b.second, b.road)) or b.second == a.road


def _alike(a: Read, b: Read, much: int) -> bool:
    """Whether so much of two names agrees: 1, an end of them by sound, or 2, both, or all but a few slips."""
    ours, theirs = a.codes, b.codes
    if not ours or not theirs:
        return much == 1
    first, last = ours[0] in theirs, ours[-1] in theirs
    if much == 1 or not (first or last):
        return first or last
    if ours == theirs:
        return slips(a.name, b.name, 3) <= 3 or one_called_both(a.words[0], b.words[0])
    if len(ours) > 1 and last and (first or one_called_both(a.words[0], b.words[0])):
        return True
    return slips(a.name, b.name, 2) <= 2


def candidates(records: Sequence[Read], kind: str, counts: Counts | None = None) -> Iterator[tuple[int, int]]:
    """(place, place) of the pairs that are worth comparing, each once, the lower place first; with the counts of the
    book, of people only those that are promising."""
    seen: set[int] = set()
    size = len(records)
    glance = counts if kind in PEOPLE else None
    for some in _blocks(records, kind):
        for ends in combinations(some, 2) if len(some) > 2 else ((some[0], some[1]),):
            if glance and not promising(records[ends[0]], records[ends[1]], glance):
                continue
            pair = ends[0] * size + ends[1]
            if pair not in seen:
                seen.add(pair)
                yield ends


def _blocks(records: Sequence[Read], kind: str) -> Iterator[Sequence[int]]:
    everyone = range(len(records))
    for keys in (*EXACT, _DOMAIN) if kind == "company" else EXACT:
        yield from (block for block in _grouped(records, everyone, keys) if len(block) <= TOO_MANY)
    for keys, finer in BLOCKS[kind]:
        for block in _grouped(records, everyone, keys):
            if len(block) <= ROOM:
                yield block
            else:
                yield from _split(records, block, finer)


def _grouped(records: Sequence[Read], places: Iterable[int], keys: Keys) -> list[list[int]]:
    """The places that share a key, in rising order, by key; a key that nobody else has makes none."""
    first: dict[Hashable, int] = {}
    found: dict[Hashable, list[int]] = {}
    for key, place in keys(records, places):
        before = first.setdefault(key, place)
        if before != place:
            block = found.get(key)
            if block is None:
                found[key] = [before, place]
            elif block[-1] != place:
                block.append(place)
    return list(found.values())


def _split(records: Sequence[Read], block: Sequence[int], finer: Iterable[Keys]) -> Iterator[Sequence[int]]:
    for keys in finer:
        for part in _grouped(records, block, keys):
            if len(part) <= ROOM // 2:
                yield part
            else:
                yield from _neighbours(records, part)


def _neighbours(records: Sequence[Read], block: Sequence[int]) -> Iterator[Sequence[int]]:
    """Pairs of those that stand near each other when a block is put in order."""
    ordered = sorted(block, key=lambda place: _order(records[place]))
    for at, place in enumerate(ordered):
        for other in ordered[at + 1 : at + NEIGHBOURS]:
            yield (place, other) if place < other else (other, place)


def _order(read: Read) -> tuple[str, ...]:
    return read.birthday, read.name, read.street, read.email, read.value, read.close_on
