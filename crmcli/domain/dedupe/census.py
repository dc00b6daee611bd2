"""How common values are in a book that is not read: asked of its indexes and of a sample, one by one."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from crmcli.domain.dedupe.counts import Counts, counted, telling
from crmcli.domain.dedupe.entry import Entry
from crmcli.domain.dedupe.reading import Read, words_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

#: Who shares these with a record is looked up, and is among those that it is compared with.
_LOOKED_UP = ("email", "phone")
#: What of an entry is read for a value of each field; a whole record takes ten times as long.
_READ_FROM = {
    "word": ("name",), "birthday": ("birthday",), "road": ("street",), "street": ("street",), "second": ("street",),
    "city": ("city",), "postal": ("postal_code",), "region": ("region",),
    "company": ("company",), "domain": ("domain", "email"), "email": ("email",), "phone": ("phones",),
    "job": ("job_title",), "subject": ("subject",), "value": ("value",), "close_on": ("close_on",), "extra": ("extra",),
    "tree": ("tree",),
}  # fmt: skip
#: As likely as the day itself are the others of so many years before and after a birthday; the days of a year.
_YEARS, _DAYS = 3, 365.25
#: So many words that are written apart are one at the most: de la Cruz.
_JOINED = 4


class Census(Protocol):
    """A book that can be asked of its values."""

    @property
    def most(self) -> int:
        """No more records are there than so many."""

    @property
    def size(self) -> int:
        """About so many records are there. It costs the sample."""

    @property
    def sample(self) -> Sequence[Entry]:
        """Records spread over the whole book, all of a small one."""

    def indexed(self, field: str, value: str) -> int | None:
        """How many records have a value, as folded text with its blanks; None where no index knows."""


class Indexed(Counts):
    """Frequencies of the values of `some` records of a book that is not read: as often as they have it themselves, or
    more where an index says so. Of what no index knows, agreement is worth as much as if nobody else had it if it is
    taken to be `rare`, and nothing if not: between these two a pair is, whatever a look at the book would show."""

    def __init__(self, some: Sequence[Read], kind: str, census: Census, *, size: int = 0, rare: bool = True) -> None:
        super().__init__(some, kind, size or census.most)
        self._census, self._rarely = census, rare
        self._names = [read.shown_name for read in some]
        self.employed = self._employed(0 if rare else self.size)
        self.common = _Common(self)

    def bits(self, field: str, value: str) -> float:
        worth = super().bits(field, value)
        if not worth:
            return worth
        if (count := self.holding(field, value)) is None:
            return worth * self._rarely
        return min(worth, self._worth(field, max(count, 2.0)))

    @cached_property
    def _spelled(self) -> dict[str, str]:
        return {word: said for name in self._names for word, said in spelled(name).items()}

    def fellows(self, company: str) -> int:
        return max(super().fellows(company), round(self.holding("company", company) or 0))

    def holding(self, field: str, value: str) -> float | None:
        """About how many records of the book have a value; None where that is not known."""
        if field in _LOOKED_UP:
            return 0  # who has it is among these records
        return self._census.indexed(field, self._spelled.get(value, value) if field == "word" else value)


class Estimates(Indexed):
    """Frequencies as `Indexed` has them, and by a sample of the book where no index knows."""

    def __init__(self, some: Sequence[Read], kind: str, census: Census) -> None:
        super().__init__(some, kind, census, size=census.size)
        ids = {read.id for read in some}
        self._kind, self._some = kind, counted(some)
        self._sample = [entry for entry in census.sample if entry.id not in ids]
        self._whole = len(census.sample) >= census.size
        self._parts: dict[tuple[str, ...], list[Read]] = {}
        self._sampled: dict[str, Counter[str]] = {}
        naming = sum(bool(entry.company) for entry in self._sample) + sum(bool(read.company) for read in some)
        self.employed = self._employed(naming * self.size / (len(self._sample) + len(some)))

    def tells(self, name: str, value: str) -> bool:
        known = telling(self._read(_READ_FROM["extra"])).get(name)
        return super().tells(name, value) if known is None else known

    def holding(self, field: str, value: str) -> float:
        if self._whole:
            return self._values(field)[value] + self._some[field][value]
        if (known := super().holding(field, value)) is not None:
            return known
        return self._some[field][value] + self._share(field, value) * self.size

    def _share(self, field: str, value: str) -> float:
        """The chance that another record has a value, by the sample."""
        values, size = self._values(field), len(self._sample)
        if (seen := values[value]) > 1:
            return seen / size
        if field == "birthday":
            near = sum(times for day, times in values.items() if abs(int(day[:4]) - int(value[:4])) <= _YEARS)
            return near / ((2 * _YEARS + 1) * _DAYS * size) if near else 0.0
        if field == "street":
            number, _, road = value.partition(" ")
            some = self._read(_READ_FROM["street"])
            return self._share("road", road) * sum(read.number == number for read in some) / max(size, 1)
        # After Good and Turing: what is seen once with this record is as common as what is seen once without it.
        once, twice = (sum(times == many for times in values.values()) for many in (1, 2))
        return 2 * twice / (once * size) if once else 0.0

    def _values(self, field: str) -> Counter[str]:
        """How often the values of a field stand in the sample."""
        if field not in self._sampled:
            self._sampled[field] = counted(self._read(_READ_FROM[field]))[field]
        return self._sampled[field]

    def _read(self, parts: tuple[str, ...]) -> list[Read]:
        """The sample, read in these parts only."""
        if parts not in self._parts:
            self._parts[parts] = [
                Read(Entry(entry.id, **{part: getattr(entry, part) for part in parts}), self._kind)
                for entry in self._sample
            ]
        return self._parts[parts]


class _Common:
    """The cities and streets that are so common that they say little."""

    def __init__(self, counts: Indexed) -> None:
        self._counts = counts

    def __contains__(self, value: object) -> bool:
        counts = self._counts
        return any((counts.holding(field, str(value)) or 0) > counts.common_from for field in ("city", "road"))


def spelled(name: str) -> dict[str, str]:
    """The words of a name as they are compared -> as a folded text has them: 'delacruz' is written 'de la cruz'."""
    parts = words_of(name)
    return {
        "".join(parts[start:end]).replace("'", ""): " ".join(parts[start:end])
        for start in range(len(parts))
        for end in range(start + 1, min(start + _JOINED, len(parts)) + 1)
    }
