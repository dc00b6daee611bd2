"""Duplicates looked at one pair after another: what is still to be settled, and two records side by side with what a
merge of them would keep."""

from __future__ import annotations

from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from crmcli.domain import dedupe
from crmcli.domain.dedupe import Pair
from crmcli.domain.merging import STAYING
from crmcli.domain.struct import Struct
from crmcli.domain.types import Money
from crmcli.errors import ConflictError, NotFoundError, UsageError
from crmcli.services import aliases, apart, duplicates, merge_preview, merging, records
from crmcli.services.undoing import Ahead
from crmcli.store import journal, read

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.dedupe import Finder, Group
    from crmcli.domain.fields import Entity, Field
    from crmcli.results import Changed, Column
    from crmcli.services.merging import Plan

#: Of so many records of a group each is compared with each; those behind them with the first.
EACH = 8
#: What the program keeps of a record and people look at before they merge it.
TELLING = ("created_at", "last_touch")


class Suspects(Struct):
    """A group as it was found: its records, and the pairs of them that look like one another, the surest first."""

    ids: tuple[int, ...]
    score: int
    reasons: tuple[str, ...]
    pairs: tuple[Pair, ...]


class Case(Struct):
    """A group of which pairs are still to be settled: what it was found as, those of its records that there are by now
    with their names, and the pairs."""

    suspects: Suspects
    names: Mapping[int, str]
    pairs: tuple[Pair, ...]


class Sides(Struct):
    """Two records side by side: `rows` (field -> value) under `columns`; `stays` is the one that a merge leaves. Of the
    fields in `differ` one value stays or several are joined: `origin` says of which records it is. `chosen` may be
    kept from either; `along` and `behind` tell what moves along and what is left; `versions` are those shown."""

    kind: Entity
    pair: Pair
    columns: tuple[Column, ...]
    rows: Mapping[int, Mapping[str, Any]]
    stays: int
    differ: frozenset[str]
    choosable: frozenset[str]
    origin: Mapping[str, tuple[int, ...]]
    along: str
    behind: tuple[str, ...]
    versions: Mapping[int, int]

    @property
    def goes(self) -> int:
        """The record that becomes a part of the other."""
        return self.pair.b if self.stays == self.pair.a else self.pair.a


class Review(Struct):
    """Where somebody is who looks at pairs: the groups, and the place of the journal where they were found; the pairs
    left for another time (the lower id first); the group and pair that are looked at, with what was chosen of it; the
    pair that was settled last, which is looked at again when that was taken back."""

    found: tuple[Suspects, ...]
    since: int = 0
    skipped: frozenset[tuple[int, int]] = frozenset()
    case: Case | None = None
    pair: Pair | None = None
    into: int | None = None
    keep: Mapping[str, int] = MappingProxyType({})
    settled: tuple[int, int] | None = None


class Looked(Struct):
    """What is to be shown: the groups that are left, the one that is looked at with its pair side by side, whose values
    were chosen, and whether the book was changed since it was compared."""

    cases: list[Case]
    case: Case | None
    sides: Sides | None
    keep: Mapping[str, int]
    stale: bool


# --- what was found --------------------------------------------------------------------------------------------------


def search(ctx: Context, kind: Entity) -> tuple[Suspects, ...]:
    """The groups of a kind with their pairs, the surest first: the whole book is compared, which takes seconds where
    it is large. Raises UsageError for a kind whose records are never compared."""
    duplicates.check_kind(kind)
    ctx.learn()
    finder = duplicates.finder(ctx, kind)
    return tuple(
        Suspects(group.ids, group.score, group.reasons, tuple(_pairs(finder, group))) for group in finder.groups()
    )


def _pairs(finder: Finder, group: Group) -> list[Pair]:
    """The pairs of a group that look like one another; every record is in one."""
    first, *rest = group.ids
    if len(rest) == 1:
        return [Pair(first, rest[0], group.score, group.reasons)]
    ends = [*combinations(group.ids[:EACH], 2), *((first, other) for other in group.ids[EACH:])]
    every = sorted((finder.compare(a, b) for a, b in ends), key=dedupe.surest)
    found = [pair for pair in every if pair.score >= duplicates.THRESHOLD]
    there = {number for pair in found for number in (pair.a, pair.b)}
    for pair in every:
        if pair.score < duplicates.THRESHOLD and not {pair.a, pair.b} <= there:
            found.append(pair)
            there |= {pair.a, pair.b}
    return found


def changed(ctx: Context, kind: Entity, since: int) -> bool:
    """Whether anything by which records of a kind are compared was changed after a place of the journal."""
    tables = (kind.table, apart.table_of(kind.table), "company")
    sql = "SELECT 1 FROM journal WHERE seq > ? AND entity IN (?, ?, ?) LIMIT 1"
    return ctx.reader.one(sql, (since, *tables)) is not None


# --- what is left of it ----------------------------------------------------------------------------------------------


def cases(
    ctx: Context,
    kind: Entity,
    found: Iterable[Suspects],
    words: Sequence[str] = (),
    skipped: Container[tuple[int, int]] = (),
) -> list[Case]:
    """The groups that still have pairs to settle, and these pairs: of records that were merged it is those that they
    are by now; pairs that were told apart, `skipped` (the lower id first), or of which a record is not looked at any
    more are left out, and so is what an earlier group has. `words` are a filter that a record of the group fits. The
    surest come first. Raises FilterError."""
    found = tuple(found)
    ctx.learn()
    wanted = None
    if words:
        node = records.bound(ctx, kind, records.filter_text(kind, words))
        wanted = frozenset(read.all_ids(ctx.reader, kind, node))
    now = aliases.standing(ctx.reader, kind.table, [number for group in found for number in group.ids])
    names = duplicates.compared(ctx, kind, now.values())
    differ = apart.pairs(ctx.reader, kind.table)
    left: list[Case] = []
    done: set[tuple[int, int]] = set()
    for group in found:
        there = list(dict.fromkeys(now[number] for number in group.ids if now[number] in names))
        pairs: dict[tuple[int, int], Pair] = {}
        for pair in group.pairs:
            a, b = sorted((now[pair.a], now[pair.b]))
            open_ = a != b and a in names and b in names and not ((a, b) in differ or (a, b) in skipped)
            if open_ and (a, b) not in done:
                pairs[a, b] = Pair(a, b, pair.score, pair.reasons)
                done.add((a, b))
        if pairs and (wanted is None or not wanted.isdisjoint(there)):
            left.append(Case(group, {number: names[number] for number in there}, tuple(pairs.values())))
    return sorted(left, key=lambda case: (-case.suspects.score, case.suspects.ids))


# --- side by side ----------------------------------------------------------------------------------------------------


def sides(
    ctx: Context, kind: Entity, pair: Pair, into: int | None = None, keep: Mapping[str, int] | None = None
) -> Sides:
    """Two records of a kind and what a merge of them would keep; nothing is written. Raises what `merging.plan`
    raises."""
    numbers = (pair.a, pair.b)
    versions = records.versions(ctx, kind, numbers)  # before all else: a change in between is a conflict later on
    planned = merging.plan(ctx, kind, numbers, into, keep)
    rows = {row["id"]: row for row in read.hydrate(ctx.reader, kind, numbers)}
    told = {*TELLING, *(field.name for field in merge_preview.compared_fields(kind))}
    filled = [field for field in kind.fields if field.name in told]
    shown = [field for field in filled if any(_filled(row, field) for row in rows.values())]
    differ = [field for field in shown if len({_comparable(row, field) for row in rows.values()}) > 1]
    placed = merging.placed(ctx, planned, planned.stays["created_at"]).columns  # when makes no difference to it
    return Sides(
        kind,
        pair,
        records.columns_for(kind, [field.name for field in shown]),
        rows,
        planned.stays["id"],
        frozenset(field.name for field in differ),
        frozenset(field.name for field in differ if field.settable and field.name not in TELLING),
        {field.name: _origin(planned, field, placed) for field in differ if field.name not in TELLING},
        merge_preview.along(ctx, planned),
        tuple(merging.behind(planned)),
        versions,
    )


def _filled(row: Mapping[str, Any], field: Field) -> bool:
    return row.get(field.name) not in (None, "", [])


def _comparable(row: Mapping[str, Any], field: Field) -> tuple[Any, Any]:
    """A value so that equal ones are equal: an amount with its currency, tags in order."""
    value = row.get(field.name)
    if isinstance(value, list):
        return tuple(value), None
    if value in (None, ""):
        return None, None
    return value, row.get(field.type.currency) if isinstance(field.type, Money) else None


def _origin(planned: Plan, field: Field, placed: Mapping[str, Any]) -> tuple[int, ...]:
    """Whose value a field has after the merge: one record's, or several whose values are joined or which have it; none
    where it is a third one, that of a stage."""
    own, column = (planned.stays["id"],), field.column or field.name
    if column in placed:
        return tuple(row["id"] for row in planned.rows if row[column] == placed[column])
    return own if column in STAYING else planned.outcome.origin.get(column, own)


# --- one pair after another -------------------------------------------------------------------------------------------


def look(ctx: Context, kind: Entity, review: Review, words: Sequence[str] = ()) -> Looked:
    """What is left of what was found, and the pair to look at: the one that was looked at, or what comes after it.
    Raises what `cases` raises."""
    left = cases(ctx, kind, review.found, words, review.skipped)
    stale = bool(review.since) and changed(ctx, kind, review.since)
    before = review.pair
    case, pair = following(left, review.case, before, review.settled)
    if case is None or pair is None:
        return Looked(left, None, None, {}, stale)
    same = before is not None and (before.a, before.b) == (pair.a, pair.b)
    into, keep = (review.into, review.keep) if same else (None, {})
    found = chosen(ctx, kind, pair, into, keep)
    if isinstance(found, UsageError):  # what was chosen from them does not go together any more
        found, keep = sides(ctx, kind, pair), {}
    return Looked(left, case, found, keep, stale)


def following(
    left: Sequence[Case], case: Case | None, pair: Pair | None, settled: tuple[int, int] | None = None
) -> tuple[Case | None, Pair | None]:
    """The group and pair to look at after these: the pair that was `settled` and is there again, the same one, another
    one of these records, the next group."""
    for ends in (settled, (pair.a, pair.b) if pair else None):
        for other in left:
            for one in other.pairs:
                if (one.a, one.b) == ends:
                    return other, one
    if not left:
        return None, None
    chosen = left[0]
    if case:
        known = {*case.suspects.ids, *case.names}
        same = (other for other in left if not known.isdisjoint((*other.suspects.ids, *other.names)))
        place = (-case.suspects.score, case.suspects.ids)
        later = (other for other in left if (-other.suspects.score, other.suspects.ids) > place)
        chosen = next(same, None) or next(later, None) or chosen
    return chosen, chosen.pairs[0]


def chosen(ctx: Context, kind: Entity, pair: Pair, into: int | None, keep: Mapping[str, int]) -> Sides | UsageError:
    """The pair with other choices, or why they do not go together."""
    try:
        return sides(ctx, kind, pair, into, keep)
    except UsageError as error:
        return error


# --- settling --------------------------------------------------------------------------------------------------------


def merge(ctx: Context, seen: Sides, keep: Mapping[str, int], *, source: str = "cli") -> Changed:
    """Merge two records as they were shown. Raises ConflictError where one was changed since or they were told apart,
    and what `merging.merge` raises."""
    ends = (seen.pair.a, seen.pair.b)
    with ctx.as_seen(seen.kind.name, seen.versions), ctx.writing(source, alone=True) as tx:
        if ends in apart.pairs(tx.connection, seen.kind.table, ends):
            raise ConflictError("somebody said meanwhile that they are not the same, so nothing was changed")
        done = merging.merge(ctx, seen.kind, ends, seen.stays, keep, source=source)
    return done._replace(batch=ctx.batch)  # it has its number since the transaction ended


def tell_apart(ctx: Context, seen: Sides, *, source: str = "cli") -> Changed:
    """Remember that two records are not the same, as they were shown. Raises ConflictError where one was changed
    since."""
    with ctx.as_seen(seen.kind.name, seen.versions):
        return duplicates.tell_apart(ctx, seen.kind, (seen.pair.a, seen.pair.b), source=source)


def settle(ctx: Context, batches: list[int], verb: Callable[..., Changed], *args: Any, **named: Any) -> Changed:
    """Run a verb that settles a pair; its batch is among `batches` before the next verb runs, which may undo it."""
    done = verb(ctx, *args, **named)
    if done.changes:
        batches.append(done.batch)
    return done


def ahead(ctx: Context, batches: Iterable[int]) -> Ahead:
    """What an undo of the last of these batches that still stands would take back. Raises NotFoundError where none
    does."""
    stands = (
        "EXISTS (SELECT 1 FROM journal_tx x JOIN journal j ON j.seq = x.seq WHERE x.batch_id = b.id"
        f" AND (j.before IS NOT NULL OR j.after IS NOT NULL) AND {journal.stands()})"
    )
    made = "SELECT coalesce(sum(x.count), 0) FROM journal_tx x WHERE x.batch_id = b.id"
    sql = f"SELECT b.command, b.source, ({made}) FROM batch b WHERE b.id = ? AND b.undone_by IS NULL AND {stands}"
    for number in sorted(batches, reverse=True):
        if found := ctx.reader.one(sql, (number,)):
            command, source, count = found
            return Ahead(number, command or source, int(count))
    raise NotFoundError(
        "nothing was merged or told apart here that could be taken back",
        f"'{ctx.settings.calling('undo')}' takes back what you changed last elsewhere",
    )
