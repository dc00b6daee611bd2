"""How likely a lead or deal is to be won, learnt from those that are closed, and why.

The rules are those of Odoo's predictive lead scoring (version 19): a naive Bayes estimate from a table of how often
each value was won and lost. Counts are kept in tenths, for a value that was never counted starts with 0.1 on both
sides, so that nothing is ever impossible. A deal that was won counts in every stage of its pipeline, one that was lost
in the stage where it was lost and those before it: so the first stage collects all, and its counts are the totals.

What belongs to several pipelines: the stages of a deal are those of its own pipeline, all other values count together.
A lead that is in no stage yet is as one in the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

STAGE, TAG = "stage", "tag"
#: A count of one deal, and what a value has that was never counted, in tenths.
ONE, NEVER = 10, 1
#: A tag means something once so many deals have had it, in tenths of won and lost together.
MOST_RARE = 500
#: The least and the most probable, in basis points.
LEAST, MOST = 1, 9_999
#: Variables of which "none" is a value of its own: that there is no telephone at all says something.
WITH_NONE = ("phone_quality", "email_quality")
NONE, CORRECT, INCORRECT = "none", "correct", "incorrect"
#: So many reasons for and against are named.
NAMED = 3


class Stage(NamedTuple):
    """A stage of a pipeline, as far as scoring goes; stages are in order by (position, id)."""

    id: int
    pipeline: int
    position: int
    is_won: bool


class Subject(NamedTuple):
    """What scoring knows of a lead or deal: `values` are those of the chosen variables that it has, as text."""

    team: int | None
    pipeline: int | None
    stage: int | None
    values: Mapping[str, str]
    tags: Collection[int] = ()


class Key(NamedTuple):
    """What a row of the table counts; without a team that is no team, not all of them."""

    team: int | None
    variable: str
    value: str


class Count(NamedTuple):
    """How often something was won and lost, in tenths."""

    won: int = NEVER
    lost: int = NEVER

    def plus(self, won: int, lost: int) -> Count:
        """This many tenths more or less; what is left of nothing is what was never counted."""
        return Count(max(self.won + won, NEVER), max(self.lost + lost, NEVER))


class Factor(NamedTuple):
    """One value of a subject: how often those that were won had it, and those that were lost, as parts of 1."""

    variable: str
    value: str
    won: float
    lost: float

    @property
    def leaning(self) -> float:
        """Above 0.5 it helps, below it hurts. A stage says only how few were lost there."""
        return 1 - self.lost if self.variable == STAGE else self.won / (self.won + self.lost)


class Score(NamedTuple):
    """A probability in basis points, the prior as parts of 1, and the factors that made it."""

    points: int
    won: float
    lost: float
    factors: tuple[Factor, ...]


class Counts(Protocol):
    """The rows that are a team's to be scored by."""

    def count(self, variable: str, value: str) -> Count | None:
        """How often a value was won and lost; None where it never was counted, or says too little."""

    def total(self, variable: str) -> tuple[int, int]:
        """The sums over all values of a variable, in tenths."""


# --- counting ---


def counted(subject: Subject, stages: Sequence[Stage], *, won: bool) -> Iterator[tuple[str, str]]:
    """The (variable, value) pairs that a closed lead or deal counts in. `stages` are all there are."""
    own = [stage for stage in stages if stage.pipeline == subject.pipeline]
    here = next((stage for stage in own if stage.id == subject.stage), None)
    for stage in own:
        if won or (here is not None and stage.position <= here.position):
            yield STAGE, str(stage.id)
    yield from subject.values.items()
    for tag in subject.tags:
        yield TAG, str(tag)


class Table:
    """The table of frequencies, in memory. `changed` are the keys whose counts are others than they were given."""

    def __init__(self, rows: Mapping[Key, Count] | None = None) -> None:
        self.rows: dict[Key, Count] = dict(rows or {})
        self.changed: set[Key] = set()

    def add(self, subject: Subject, stages: Sequence[Stage], *, won: bool, times: int = 1) -> None:
        """Count a closed lead or deal; with `times` -1 it is not closed so any more."""
        more = (ONE * times, 0) if won else (0, ONE * times)
        for variable, value in counted(subject, stages, won=won):
            key = Key(subject.team, variable, value)
            self.rows[key] = self.rows.get(key, Count()).plus(*more)
            self.changed.add(key)

    def of_team(self, team: int | None) -> View:
        """The rows for a team: its own alone, if it has any; else, as for no team, all of them summed."""
        own = {key: count for key, count in self.rows.items() if key.team == team} if team is not None else {}
        return View(own or self.rows)

    def give_up(self, team: int) -> None:
        """A team is no more: its rows go to those of no team. Rows of nothing are dropped; of two each count is rounded
        to whole deals, half up, and added."""
        for key in [key for key in self.rows if key.team == team]:
            count, home = self.rows.pop(key), key._replace(team=None)
            self.changed.add(key)
            if max(count) <= NEVER:
                continue
            there = self.rows.get(home)
            if there is not None:
                sums = (_whole(one) + _whole(other) for one, other in zip(count, there, strict=True))
                count = Count(*(each or NEVER for each in sums))
            self.rows[home] = count
            self.changed.add(home)


def _whole(tenths: int) -> int:
    return (tenths + ONE // 2) // ONE * ONE


class View:
    """Counts of rows that are summed over the teams in them. The cut of rare tags is for each row alone."""

    def __init__(self, rows: Mapping[Key, Count]) -> None:
        self._counts: dict[tuple[str, str], Count] = {}
        self._totals: dict[str, tuple[int, int]] = {}
        for (_, variable, value), count in rows.items():
            won, lost = self._totals.get(variable, (0, 0))
            self._totals[variable] = won + count.won, lost + count.lost
            if variable == TAG and sum(count) < MOST_RARE:
                continue
            before = self._counts.get((variable, value))
            both = count if before is None else Count(before.won + count.won, before.lost + count.lost)
            self._counts[variable, value] = both

    def count(self, variable: str, value: str) -> Count | None:
        return self._counts.get((variable, value))

    def total(self, variable: str) -> tuple[int, int]:
        return self._totals.get(variable, (0, 0))


class LeaveOneOut:
    """The same counts as they would be without one closed lead or deal, so that it is not judged by itself."""

    def __init__(self, counts: View, subject: Subject, stages: Sequence[Stage], *, won: bool) -> None:
        self._counts, self._less = counts, ((-ONE, 0) if won else (0, -ONE))
        self._own = frozenset(counted(subject, stages, won=won))

    def count(self, variable: str, value: str) -> Count | None:
        found = self._counts.count(variable, value)
        if found is None or (variable, value) not in self._own:
            return found
        less = found.plus(*self._less)
        return None if variable == TAG and sum(less) < MOST_RARE else less

    def total(self, variable: str) -> tuple[int, int]:
        times = sum(variable == each for each, _ in self._own)
        won, lost = (each + less * times for each, less in zip(self._counts.total(variable), self._less, strict=True))
        return won, lost


# --- scoring ---


def score(subject: Subject, counts: Counts, stages: Sequence[Stage]) -> Score | None:
    """The probability of a lead or deal; None where it cannot be computed, for none or all of those that are closed
    were won, as far as is known. 100 % in a won stage.

    With W and L the counts of the first stage, won(v) and lost(v) those of its values, and WON and LOST the sums over
    all values of a variable (of stages W and L), it is a / (a + b) of a = W / (W + L) x product of won(v) / WON and
    b = L / (W + L) x product of lost(v) / LOST.
    """
    own = [stage for stage in stages if stage.pipeline == subject.pipeline]
    here = next((stage for stage in own if stage.id == subject.stage), None) or next(iter(own), None)
    if here is None:
        return None
    if here.is_won:
        return Score(10_000, 1.0, 0.0, ())
    all_of = counts.count(STAGE, str(own[0].id))
    if all_of is None or not all_of.won or not all_of.lost:
        return None
    prior = all_of.won / sum(all_of), all_of.lost / sum(all_of)
    factors = tuple(_factors(subject, here, counts, all_of))
    won, lost = prior
    for factor in factors:
        won, lost = won * factor.won, lost * factor.lost
    if not won + lost:
        return None
    percent = round(100 * won / (won + lost), 2)
    return Score(min(max(round(percent * 100), LEAST), MOST), *prior, factors)


def _factors(subject: Subject, here: Stage, counts: Counts, all_of: Count) -> Iterator[Factor]:
    pairs: list[tuple[str, str]] = [(STAGE, str(here.id)), *subject.values.items()]
    for variable, value in [*pairs, *((TAG, str(tag)) for tag in subject.tags)]:
        found = counts.count(variable, value)
        won, lost = all_of if variable == STAGE else counts.total(variable)
        if found is not None and won and lost:
            yield Factor(variable, value, found.won / won, found.lost / lost)


def reasons(factors: Iterable[Factor]) -> tuple[list[Factor], list[Factor]]:
    """The factors that help most, the strongest first, and those that hurt most. Those that say nothing are left out,
    and absurd ones: that a missing address helps, or a good one hurts."""
    said = [factor for factor in factors if round(factor.leaning, 2) != 0.5 and not _is_absurd(factor)]
    helping = sorted((one for one in said if one.leaning > 0.5), key=lambda one: -one.leaning)
    hurting = sorted((one for one in said if one.leaning < 0.5), key=lambda one: one.leaning)
    return helping[:NAMED], hurting[:NAMED]


def _is_absurd(factor: Factor) -> bool:
    if factor.variable not in WITH_NONE:
        return False
    return factor.leaning > 0.5 if factor.value in (NONE, INCORRECT) else factor.leaning < 0.5
