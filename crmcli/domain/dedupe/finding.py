"""Pairs and groups of records that are probably one."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from crmcli.domain.dedupe.blocking import candidates, promising
from crmcli.domain.dedupe.counts import TOO_MANY, Counts
from crmcli.domain.dedupe.entry import KINDS, Entry, Group, Pair
from crmcli.domain.dedupe.habits import Habits
from crmcli.domain.dedupe.reading import Read, firm_words
from crmcli.domain.dedupe.reasons import told
from crmcli.domain.dedupe.tally import NAMESAKES
from crmcli.domain.dedupe.weighing import Weigher
from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from crmcli.domain.dedupe.tally import Tally

#: The score from which two records are listed as probably one.
THRESHOLD = 75
#: A group does not hold two records that score less than this.
APART = 50
_CENTRE, _STEP = -5.5, 6.0
_LOOKED_AT = 8
#: Bits of a pair that is counted as a duplicate when the book's habits are learnt, and what they may add to one.
_SURE, _MARGIN = 4.0, 6.5


def score_of(bits: float) -> int:
    """The score of so many bits: 50 at -5.5, 75 at 4, 95 at 20, 99 at 34; never 100, for nothing is certain.

    A logistic curve, so that the order is that of the bits. The bits are log2 of the odds that it is one record, under
    the assumption that fields err independently, which overstates large figures: hence the slow slope.
    """
    return min(99, int(100 / (1 + 2 ** ((_CENTRE - bits) / _STEP)) + 0.5))


def bits_of(score: int) -> float:
    """The fewest bits that make that score."""
    if score <= 0:
        return float("-inf")
    return float("inf") if score > 99 else _CENTRE - _STEP * log2(100 / (score - 0.5) - 1)


class Finder:
    """The records of one kind, read and counted: what pairs, groups and single comparisons are made from.

    `kind` is contact, company, lead or deal. It takes about 1.5 kB a record; ids are unique. The pairs `apart` (the
    lower id first) are known not to be one: they are never found, and in no group together.
    """

    def __init__(
        self, entries: Iterable[Entry], kind: str = "contact", *, apart: Container[tuple[int, int]] = ()
    ) -> None:
        self.kind, self.apart = _known(kind), apart
        self.records = [Read(entry, kind) for entry in entries]
        self.weigher = Weigher(kind, Counts(self.records, kind))
        self._places: dict[int, int] = {}

    def pairs(self, *, threshold: int = THRESHOLD) -> Iterator[Pair]:
        """Yield the pairs that score `threshold` or more, each once, as they are found, in the order of no field.

        Pairs that only the habits of the whole book can settle (`habits.py`) come last.
        """
        needed, weigh, records = bits_of(threshold), self.weigher.weigh, self.records
        glance, named, common = self.weigher.people, self.weigher.counts.named, self.weigher.counts.common
        habits = Habits()
        held: list[tuple[float, float, int, int]] = []
        for first, second in candidates(records, self.kind):
            a, b = _in_order(records[first], records[second])
            if (a.id, b.id) in self.apart:
                continue
            if glance and not promising(a, b, common) and not (a.name == b.name and named(a.name) <= NAMESAKES):
                continue
            tally = weigh(a, b)
            if tally.strangers < needed - _MARGIN:
                continue
            habits.note(a, b, tally)
            bits = tally.bits()
            habits.certain += bits >= _SURE
            if bits >= needed:
                yield _pair(a, b, tally)
            else:
                held.append((bits, min(tally.strangers, tally.colleagues), first, second))
        gain, loose = self.weigher.learn(habits.loose_names, habits.loose_birthdays, habits.more(len(records)))
        for bits, unrelated, first, second in held:
            if (unrelated if loose else bits) + gain < needed:
                continue
            a, b = _in_order(records[first], records[second])
            if (tally := weigh(a, b)).bits() >= needed:
                yield _pair(a, b, tally)

    def compare(self, a: int, b: int) -> Pair:
        """What two records, named by their ids, score, and why. Raises KeyError for an id that is not there."""
        if not self._places:
            self._places = {read.id: place for place, read in enumerate(self.records)}
        one, other = _in_order(self.records[self._places[a]], self.records[self._places[b]])
        return _pair(one, other, self.weigher.weigh(one, other))

    def _differ(self, a: int, b: int) -> bool:
        """Whether two records clearly are not one, or somebody said so."""
        return (min(a, b), max(a, b)) in self.apart or self.compare(a, b).score < APART

    def groups(self, *, threshold: int = THRESHOLD) -> list[Group]:
        """The pairs put together, the surest group first.

        The best pair is joined first, and two groups are joined by a pair of theirs only if no two of their records
        clearly differ (score less than `APART`): of a chain a ~ b ~ c whose ends differ, b goes with the one that it
        fits better, and the other pair shows once that is settled. A record is in one group at most. Of groups of
        more than eight records eight are looked at, so that a record which stands there thousandfold costs no more.
        """
        found = sorted(self.pairs(threshold=threshold), key=lambda pair: (-pair.score, pair.a, pair.b))
        group_of: dict[int, list[int]] = {}
        joined: dict[int, list[Pair]] = {}
        for pair in found:
            one, other = group_of.setdefault(pair.a, [pair.a]), group_of.setdefault(pair.b, [pair.b])
            if one is other:
                continue
            if any(self._differ(a, b) for a in one[:_LOOKED_AT] for b in other[:_LOOKED_AT]):
                continue
            if len(one) < len(other):
                one, other = other, one
            joined.setdefault(id(one), []).extend([*joined.pop(id(other), ()), pair])
            one.extend(other)
            for member in other:
                group_of[member] = one
        sets = {id(members): members for members in group_of.values() if len(members) > 1}
        made = [_group(members, joined[key]) for key, members in sets.items()]
        return sorted(made, key=lambda group: (-group.score, group.ids))


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no kind of record that has duplicates: {kind!r}")
    return kind


def _in_order(a: Read, b: Read) -> tuple[Read, Read]:
    return (a, b) if a.id <= b.id else (b, a)


def _pair(a: Read, b: Read, tally: Tally) -> Pair:
    return Pair(a.id, b.id, score_of(tally.bits()), told(tally.marks))


def _group(members: list[int], joined: list[Pair]) -> Group:
    reasons = dict.fromkeys(reason for pair in joined for reason in pair.reasons)
    return Group(tuple(sorted(members)), min(pair.score for pair in joined), tuple(reasons))


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
    family name swapped); `name-start` begins its folded name (companies: without the legal form). At most
    `TOO_MANY` + 1 records need to be read for each: `near` drops an address that so many share.
    """
    found: list[tuple[str, str]] = []
    if entry.email:
        found.append(("email", entry.email))
    found += [("phone", phone) for phone in entry.phones]
    if entry.name and (name := fold(entry.name)):
        found.append(("name", name))
        words = name.split()
        if kind in ("contact", "lead") and len(words) == 2:
            found.append(("name", f"{words[1]} {words[0]}"))
    if kind == "company":
        if domain := Read(entry, kind).domain:
            found.append(("domain", domain))
        if entry.name and (start := " ".join(firm_words(entry.name)[:2])):
            found.append(("name-start", start))
    return found


def near(entry: Entry, others: Iterable[Entry], *, kind: str = "contact", threshold: int = THRESHOLD) -> list[Pair]:
    """The pairs of `entry` with those of `others` that it is probably the same as, the surest first.

    `others` are the few that its `probe_keys` found. An address or number that more than twenty of them have as well
    says nothing.
    """
    some = [other for other in others if other.id != entry.id]
    phones = tuple(phone for phone in entry.phones if sum(phone in other.phones for other in some) < TOO_MANY)
    if entry.email and sum(other.email == entry.email for other in some) >= TOO_MANY:
        entry = entry._replace(email=None)
    entry = entry._replace(phones=phones)
    found = [pair for other in some if (pair := compare(entry, other, kind=kind)).score >= threshold]
    return sorted(found, key=lambda pair: (-pair.score, pair.a, pair.b))
