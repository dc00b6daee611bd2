"""How common each value is in the book: the bits that agreement on it is worth."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from math import log2
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from crmcli.domain.dedupe.reading import Read

#: A value of an exact key that so many others have is dropped whole: Odoo's rule for similar leads.
TOO_MANY = 21
#: As many records as a small book is taken to have beside its own, so that two records that agree prove little there.
UNSEEN = 1000
#: What a value is taken to be shared by outside the book: names are shared by many, house numbers in a street by few.
SHARED = {
    "word": 2.0, "birthday": -1.9, "road": 0.0, "street": -1.7, "second": 2.0, "city": 8.0, "postal": 1.0,
    "region": 60.0, "company": -1.0, "domain": -1.0, "email": -1.9, "phone": -1.9, "job": 20.0, "subject": 0.0,
    "value": 5.0, "close_on": 2.0, "extra": -1.5, "tree": -1.0,
}  # fmt: skip
_SINGLE = tuple(field for field in SHARED if field not in ("word", "phone", "tree", "extra"))
#: The share of records, and their number at least, that makes a city or a street a common one.
_COMMON, _MANY = 1 / 256, 16
#: The part of the people at one number of a street who have one second line, before any are known, and as how many
#: people that counts.
_PART, _AS_MANY = 0.3, 5
#: The part of the people who work for a company that nobody says, where the book names none: some always do.
_EMPLOYED = 0.25
#: An extra value that so few records share on average, and that is long enough, identifies one.
_IDENTIFIES = 6


class Counts:
    """Frequencies of values among the records of a book, as bits: -log2 of the chance that another record has the
    value too."""

    def __init__(self, records: Sequence[Read], kind: str, size: int = 0) -> None:
        """`size` is how many records the book has, if these are not all of it."""
        self.size = size or len(records)
        self.total = self.size + UNSEEN
        distinct = _distinct(records)
        found = counted(distinct)
        self._bits = {
            field: {value: self._worth(field, count) for value, count in counter.items() if count > 2}
            for field, counter in found.items()
        }
        for field in ("email", "phone", *(("domain",) if kind == "company" else ())):
            self.drop(field, (value for value, count in found[field].items() if count > TOO_MANY))
        self._rare = {field: self._worth(field, 2) for field in SHARED}
        self.rare_word = self._rare["word"]
        self._holders = {value: count for value, count in found["phone"].items() if count > 2}
        self._fellows = {value: count for value, count in found["company"].items() if count > 2}
        #: The part of the people who work for some company, as far as the book says.
        self.employed = self._employed(found["company"].total())
        self._neighbours = {value: count for value, count in found["street"].items() if count > 2}
        households = Counter([(read.street, read.unit, read.second) for read in distinct if read.second])
        self._households = {value: count for value, count in households.items() if count > 2}
        #: What more records than this have in common is a common city or street.
        self.common_from = max(self.size * _COMMON, _MANY)
        #: Cities and streets that are so common that they say little.
        self.common: Container[str] = frozenset(
            value for field in ("city", "road") for value, count in found[field].items() if count > self.common_from
        )
        self._named = Counter(map(attrgetter("name"), distinct))
        self._tells = telling(distinct)

    def _worth(self, field: str, count: float) -> float:
        return max(0.0, log2(self.total / (count + SHARED[field])))

    def _employed(self, naming: float) -> float:
        """`employed`, where so many records name a company."""
        return max((naming + UNSEEN) / self.total, _EMPLOYED)

    def drop(self, field: str, values: Iterable[str]) -> None:
        """Have these values say nothing: too many have them."""
        self._bits[field].update(dict.fromkeys(values, 0.0))

    def bits(self, field: str, value: str) -> float:
        """What agreement on that value is worth against two strangers."""
        return self._bits[field].get(value, self._rare[field])

    def fellows(self, company: str) -> int:
        """How many records name that company, two or more."""
        return self._fellows.get(company, 2)

    def holders(self, phone: str) -> int:
        """How many records have that telephone, two or more."""
        return self._holders.get(phone, 2)

    def rare(self, field: str) -> float:
        """What agreement on a value is worth that nobody else has."""
        return self._rare[field]

    def household(self, a: Read, b: Read) -> float:
        """What it is worth, in bits, that two who share a number in a street share the second line of their addresses
        too: by the part of the people there who have it, or three in ten where those are few."""
        people = max(self._neighbours.get(read.street, 2) for read in (a, b)) - 2
        others = max(self._households.get((read.street, read.unit, read.second), 2) for read in (a, b)) - 2
        return -log2((others + _PART * _AS_MANY) / (people + _AS_MANY))

    def tells(self, name: str, value: str) -> bool:
        """Whether an extra value of that name tells one record from others, as a tax number does and a colour not."""
        known = self._tells.get(name)
        return _numbered(value) if known is None else known

    def named(self, name: str) -> int:
        """How many records have that whole name."""
        return self._named[name]


def _distinct(records: Sequence[Read]) -> list[Read]:
    """The records without those that repeat another one with an address or birthday in everything: what somebody has
    imported ten times is not ten times as common. Namesakes of whom nothing else is known are counted."""
    named = Counter(map(attrgetter("name"), records))
    everything = attrgetter("name", "email", "birthday", "street", "city", "company", "phones")
    known: set[tuple[object, ...]] = set()
    found: list[Read] = []
    for read in records:
        if named[read.name] > 1 and (read.email or read.birthday or read.street or read.phones):
            key = everything(read)
            if key in known:
                continue
            known.add(key)
        found.append(read)
    return found


def counted(records: Sequence[Read]) -> dict[str, Counter[str]]:
    """How often each value stands in each field; hardly a loop of ours, because a book has a million values."""
    found: dict[str, Counter[str]] = {field: Counter(map(attrgetter(field), records)) for field in _SINGLE}
    found["word"] = Counter(chain.from_iterable(map(attrgetter("words"), records)))
    found["phone"] = Counter(chain.from_iterable(map(attrgetter("phones"), records)))
    found["tree"] = Counter([str(read.tree) for read in records if read.tree is not None])
    found["extra"] = Counter(
        [f"{name}\n{value}" for read in records if read.extra for name, value in read.extra.items()]
    )
    for counter in found.values():
        del counter[""]
    return found


def telling(records: Sequence[Read]) -> dict[str, bool]:
    """Name of an extra value -> whether it tells one record from others: long, mostly digits, shared by few."""
    values: dict[str, Counter[str]] = {}
    for read in records:
        if read.extra:
            for name, value in read.extra.items():
                values.setdefault(name, Counter())[value] += 1
    return {
        name: counter.total() <= _IDENTIFIES * len(counter) and sum(map(_numbered, counter)) * 2 > len(counter)
        for name, counter in values.items()
    }


def _numbered(value: str) -> bool:
    return len(value) >= 5 and sum(map(str.isdigit, value)) >= 4
