"""Pairs and groups of records that are probably one."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from math import inf, log2
from operator import attrgetter
from typing import TYPE_CHECKING

from crmcli.domain.dedupe.blocking import candidates, promising
from crmcli.domain.dedupe.census import Estimates, Indexed, spelled
from crmcli.domain.dedupe.counts import Counts
from crmcli.domain.dedupe.entry import KINDS, PEOPLE, Entry, Group, Pair
from crmcli.domain.dedupe.habits import Habits
from crmcli.domain.dedupe.likeness import DIFFERENT, NEAR
from crmcli.domain.dedupe.names import LONG_FORMS, one_called_both
from crmcli.domain.dedupe.reading import Read, forms_before
from crmcli.domain.dedupe.reasons import against, told
from crmcli.domain.dedupe.tally import GRADED
from crmcli.domain.dedupe.weighing import MOST_GAINED, Weigher
from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from crmcli.domain.dedupe.census import Census
    from crmcli.domain.dedupe.tally import Tally

#: The score from which two records are listed as probably one.
THRESHOLD = 75
#: A group does not hold two records that score less than this, unless another bound is asked for.
APART = 50
_CENTRE, _STEP = -5.5, 6.0
_LOOKED_AT = 8
#: Of the records that are as like to one of a group so many are named.
_NAMED = 3
#: Bits of a pair that is counted as a duplicate when the book's habits are learnt, and of one that is looked at then.
_SURE, _DOUBTFUL = 4.0, -2.7


def score_of(bits: float) -> int:
    """The score of so many bits: 50 at -5.5, 75 at 4, 95 at 20, 99 at 34; never 100, for nothing is certain.

    A logistic curve, so that the order is that of the bits. The bits are log2 of the odds that it is one record, under
    the assumption that fields err independently, which overstates large figures: hence the slow slope.
    """
    return min(99, int(100 / (1 + 2 ** ((_CENTRE - bits) / _STEP)) + 0.5))


def bits_of(score: int) -> float:
    """The fewest bits that make that score."""
    if score <= 0:
        return -inf
    return inf if score > 99 else _CENTRE - _STEP * log2(100 / (score - 0.5) - 1)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage is collected meanwhile: nothing here makes cycles, and a book is millions of values to walk."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Finder:
    """The records of one kind, read and counted: what pairs, groups and single comparisons are made from.

    `kind` is contact, company, lead or deal. It takes about 1.5 kB a record; ids are unique. The pairs `apart` (the
    lower id first) are known not to be one: they are never found, and in no group together.

    A pair has one score, whatever is asked first and whatever order the entries come in: they are put in that of their
    ids, and the habits of the book are learnt before anything is answered.
    """

    def __init__(
        self, entries: Iterable[Entry], kind: str = "contact", *, apart: Container[tuple[int, int]] = ()
    ) -> None:
        self.kind, self.apart = _known(kind), apart
        with _uncollected():
            self.records = [Read(entry, kind) for entry in entries]
            self.records.sort(key=attrgetter("id"))
            self.weigher = Weigher(kind, Counts(self.records, kind))
        self._places: dict[int, int] = {}
        #: The pairs of `_floor` bits or more: bits before the habits were known, and those if relatives are not held
        #: against it, the places of both. `_gain` and `_loose` are what `Weigher.learn` said.
        self._held: list[tuple[float, float, int, int]] = []
        self._floor, self._gain, self._loose = inf, 0.0, False

    def _learn(self, floor: float = _DOUBTFUL) -> None:
        """Weigh the pairs that are worth it, once, learn the habits of the book from those that are doubtful at least,
        and keep those of `floor` bits or more, before the habits."""
        if floor >= self._floor:
            return
        self.weigher.learn(False, False, 0.0)
        with _uncollected():
            self._held, habits = self._weighed(floor)
        self._floor = floor
        self._gain, self._loose = self.weigher.learn(
            habits.loose_names, habits.loose_birthdays, habits.more(len(self.records))
        )

    def _weighed(self, floor: float) -> tuple[list[tuple[float, float, int, int]], Habits]:
        """What `_held` is, for pairs of `floor` bits or more, and the habits of all that are doubtful at least."""
        weigh, may_reach, records = self.weigher.weigh, self.weigher.may_reach, self.records
        habits, held = Habits(), []
        for first, second in candidates(records, self.kind, self.weigher.counts):
            a, b = records[first], records[second]
            if not may_reach(a, b, floor) or (a.id, b.id) in self.apart:
                continue
            tally = weigh(a, b)
            if tally.strangers < floor:
                continue
            bits = tally.bits()
            if tally.strangers >= _DOUBTFUL:
                habits.note(a, b, tally)
                habits.certain += bits >= _SURE
            held.append((bits, min(tally.strangers, tally.colleagues), first, second))
        return held, habits

    def pairs(self, *, threshold: int = THRESHOLD) -> Iterator[Pair]:
        """Yield the pairs that score `threshold` or more, each once, in the order of no field."""
        needed, records = bits_of(threshold), self.records
        self._learn(min(needed - MOST_GAINED, _DOUBTFUL))
        for bits, unrelated, first, second in self._held:
            if (unrelated if self._loose else bits) + self._gain < needed:
                continue
            a, b = records[first], records[second]
            if (tally := self.weigher.weigh(a, b)).bits() >= needed:
                yield _pair(a, b, tally)

    def compare(self, a: int, b: int) -> Pair:
        """What two records, named by their ids, score, and why. Raises KeyError for an id that is not there."""
        self._learn()
        one, other = self._ends(a, b)
        return _pair(one, other, self.weigher.weigh(one, other))

    def _ends(self, a: int, b: int) -> tuple[Read, Read]:
        if not self._places:
            self._places = {read.id: place for place, read in enumerate(self.records)}
        return _in_order(self.records[self._places[a]], self.records[self._places[b]])

    def groups(self, *, threshold: int = THRESHOLD, apart: int = APART) -> list[Group]:
        """The pairs that score `threshold` or more put together, the surest group first.

        The best pair is joined first, and two groups are joined by a pair of theirs only if no two of their records
        clearly differ (score less than `apart`, or than `threshold` where that is less): of a chain a ~ b ~ c whose
        ends differ, b goes with the one that it fits better, c is a rival of the group, and the other pair shows once
        that is settled. Where mistakes are the habit of the book, a difference in spite of which two were taken for one
        is no news between others of the group, unless a higher `apart` than usual is asked for. A record is in one
        group at most. A group scores what the two of its records do that are least alike. Of groups of more than eight
        records eight are looked at, so that a record which stands there thousandfold costs no more.
        """
        found = sorted(self.pairs(threshold=threshold), key=surest)
        team_of: dict[int, _Team] = {}
        for pair in found:
            one, other = (team_of.get(number) or _Team(number) for number in (pair.a, pair.b))
            team_of[pair.a], team_of[pair.b] = one, other
            if one is other:
                continue
            weakest = self._weakest(one, other, pair, min(apart, threshold), self._loose and apart <= APART)
            if weakest is None:
                one.rivals.add(pair.b)
                other.rivals.add(pair.a)
                continue
            if len(one.members) < len(other.members):
                one, other = other, one
            one.join(other, pair, weakest)
            for member in other.members:
                team_of[member] = one
        teams = {id(team): team for team in team_of.values() if len(team.members) > 1}
        return sorted((team.group() for team in teams.values()), key=lambda group: (-group.score, group.ids))

    def _weakest(self, one: _Team, other: _Team, pair: Pair, apart: int, loose: bool) -> Pair | None:
        """The two records of both teams that are least alike; None where two score less than `apart`, also by what is
        news if `loose`, or somebody said that they differ. `pair` is one of these, compared already."""
        weakest = pair
        taken = (pair, *one.joined[:_LOOKED_AT], *other.joined[:_LOOKED_AT])
        for a in one.members[:_LOOKED_AT]:
            for b in other.members[:_LOOKED_AT]:
                ends = min(a, b), max(a, b)
                if ends == (pair.a, pair.b):
                    continue
                if ends in self.apart:
                    return None
                found = self.compare(*ends)
                if found.score < apart and not (loose and self._no_news(a, b, taken)):
                    return None
                weakest = max(weakest, found, key=surest)
        return weakest

    def _no_news(self, a: int, b: int, taken: Iterable[Pair]) -> bool:
        """Whether two records clearly differ in nothing but what two of the pairs that were taken for one differ in
        too, with the same two values: what is Anna in one and Eva in the other is so in these as well."""
        fields = _differing(self.weigher.weigh(*self._ends(a, b)))
        likewise: set[str] = set()
        for pair in taken:
            for field in _differing(self.weigher.weigh(*self._ends(pair.a, pair.b))) & fields - likewise:
                there, back = ((a, pair.a), (b, pair.b)), ((a, pair.b), (b, pair.a))
                if any(all(self._alike(field, *ends) for ends in both) for both in (there, back)):
                    likewise.add(field)
        return bool(fields) and likewise == fields

    def _alike(self, field: str, a: int, b: int) -> bool:
        return a == b or getattr(self.weigher.weigh(*self._ends(a, b)), field) >= NEAR


def _differing(tally: Tally) -> set[str]:
    """What two records clearly differ in, of all that is graded."""
    return {field for field in GRADED if getattr(tally, field) == DIFFERENT}


def surest(pair: Pair) -> tuple[int, int, int]:
    """The key by which pairs are put in order, the surest first."""
    return -pair.score, pair.a, pair.b


class _Team:
    """A group in the making: its records, the pairs that joined them, the two that are least alike, and the records
    outside that are like one of it."""

    __slots__ = ("joined", "members", "rivals", "weakest")

    def __init__(self, number: int) -> None:
        self.members, self.joined = [number], list[Pair]()
        self.weakest: Pair | None = None
        self.rivals: set[int] = set()

    def join(self, other: _Team, pair: Pair, weakest: Pair) -> None:
        """Take the other one in, for the sake of that pair; `weakest` is of those between both."""
        self.members += other.members
        self.joined += [*other.joined, pair]
        self.rivals |= other.rivals
        self.weakest = max(filter(None, (self.weakest, other.weakest, weakest)), key=surest)

    def group(self) -> Group:
        assert self.weakest is not None
        reasons = dict.fromkeys(reason for pair in (*self.joined, self.weakest) for reason in pair.reasons)
        said = sorted(reasons, key=against)
        if self.rivals:
            some = sorted(self.rivals)
            more = ", ..." if len(some) > _NAMED else ""
            said.append(f"but {', '.join(map(str, some[:_NAMED]))}{more} may be one of these as well")
        return Group(tuple(sorted(self.members)), self.weakest.score, tuple(said), tuple(sorted(self.rivals)))


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no kind of record that has duplicates: {kind!r}")
    return kind


def _in_order(a: Read, b: Read) -> tuple[Read, Read]:
    return (a, b) if a.id <= b.id else (b, a)


def _pair(a: Read, b: Read, tally: Tally) -> Pair:
    return Pair(a.id, b.id, score_of(tally.bits()), told(tally.marks))


def pairs(entries: Iterable[Entry], *, kind: str = "contact", threshold: int = THRESHOLD) -> Iterator[Pair]:
    """Yield the pairs of entries that score `threshold` or more: see `Finder.pairs`."""
    return Finder(entries, kind).pairs(threshold=threshold)


def groups(entries: Iterable[Entry], *, kind: str = "contact", threshold: int = THRESHOLD) -> list[Group]:
    """The groups of entries that are probably one: see `Finder.groups`."""
    return Finder(entries, kind).groups(threshold=threshold)


def compare(a: Entry, b: Entry, *, kind: str = "contact") -> Pair:
    """What two entries score, and why, with no book to say how common their values are: agreement is then worth what
    it is worth in a small one."""
    one, other = _in_order(Read(a, _known(kind)), Read(b, kind))
    return _pair(one, other, Weigher(kind, Counts((), kind)).weigh(one, other))


def probe_keys(entry: Entry, kind: str = "contact") -> list[tuple[str, str]]:
    """(lookup, value) by which records that may be the same as one new record are found without reading the book.

    `email`, `phone` and `domain` are equal to the record's key; `name` is equal to its folded name (also given and
    family name swapped, and the given name in its short or long forms); `name-start` begins its folded name (companies:
    all of it without the legal form, or two words, and with each of those that stand before a name). `words`, parted by
    blanks, all stand in the folded name, in whatever order; `part` is one of them, of several where a name is written
    apart, beside which a record needs something else that is the same. At most `TOO_MANY` + 1 records need to be read
    for each, those first that have most in common: `near` drops an address that so many share.
    """
    found: list[tuple[str, str]] = []
    if entry.email:
        found.append(("email", entry.email))
    found += [("phone", phone) for phone in entry.phones]
    read = Read(entry, kind)
    if entry.name and (name := fold(entry.name)):
        found.append(("name", name))
        if kind in PEOPLE:
            found += [("name", other) for other in _otherwise(name.split())]
        said = spelled(entry.name)
        words = [said[word].replace("'", " ") for word in read.words if len(word) > 1 and word in said]
        if len(words) > 1:
            found.append(("words", " ".join(words)))
        found += [("part", word) for word in words]
    if kind == "company":
        if read.domain:
            found.append(("domain", read.domain))
        for start in dict.fromkeys((" ".join(read.words), " ".join(read.words[:2]))) if read.words else ():
            found += [("name-start", f"{form}{start}") for form in ("", *forms_before(start))]
    return found


def _otherwise(words: Sequence[str]) -> Iterator[str]:
    """How else the folded name of a person may be written: two words swapped, the given name short or in full."""
    if len(words) < 2:
        return
    given, *rest = words
    for form in (given, *(other for other in LONG_FORMS if other != given and one_called_both(given, other))):
        if form != given:
            yield " ".join((form, *rest))
        if len(rest) == 1:
            yield f"{rest[0]} {form}"


def near(
    entry: Entry,
    others: Iterable[Entry],
    *,
    kind: str = "contact",
    census: Census | None = None,
    threshold: int = THRESHOLD,
) -> list[Pair]:
    """The pairs of `entry` with those of `others` that it is probably the same as, the surest first.

    `others` are the few that its `probe_keys` found in the book that `census` is of; without one they are all of it. It
    is asked only for what matters, of pairs that would do if nobody else had a value of theirs.
    """
    new = Read(entry, _known(kind))
    reads = [new, *(Read(other, kind) for other in others if other.id != entry.id)]
    ends = [_in_order(new, read) for read in reads[1:]]
    needed = bits_of(threshold)

    def likely(counts: Counts) -> list[tuple[Read, Read]]:
        weigher = Weigher(kind, counts)
        return [(a, b) for a, b in ends if weigher.weigh(a, b).bits() >= needed]

    counts = Counts(reads, kind, census.most if census else 0)
    ends = likely(counts)
    if census and ends:
        counts = Indexed(reads, kind, census)
        ends = likely(counts)
        if len(likely(Indexed(reads, kind, census, rare=False))) < len(ends):
            counts = Estimates(reads, kind, census)
            ends = likely(counts)
    weigher = Weigher(kind, counts)
    found = [_pair(a, b, weigher.weigh(a, b)) for a, b in ends if kind not in PEOPLE or promising(a, b, counts)]
    return sorted(found, key=surest)
