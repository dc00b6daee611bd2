"""Who was reached in a period, how often, by which way and by whom; and who was not.

A touch is anything on a timeline (see `services.touching`), or of some kinds alone; what one task has there of a day
is one. The interactions of the period are read along the index of their moment, once.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.calendars import ONE_DAY, period_around
from crmcli.domain.dates import When, instant_of, local, parse_day, show_day
from crmcli.domain.entities import CONTACT, INTERACTION, INTERACTION_KINDS
from crmcli.domain.periods import parse_range
from crmcli.domain.struct import Struct
from crmcli.domain.text import digits, fold
from crmcli.domain.types import Instant, Integer, Percent, read_instant, show_instant
from crmcli.errors import UsageError
from crmcli.results import Column, Page, Rows, Section
from crmcli.services import records
from crmcli.services.touching import heard, heard_at_once
from crmcli.store import read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: So many days are read at once.
PORTION = timedelta(days=31)
#: The year in which the calendar ends: no day comes after it.
LAST_YEAR = str(date.max.year)
#: What a list can have instead of the page: who was reached, who was not, everybody.
LISTS = ("missed", "reached", "all")
_AT, _COUNT = Instant(), Integer()
_SHARES = (
    Column("people", _COUNT, "All"),
    Column("reached", _COUNT, "Reached"),
    Column("missed", _COUNT, "Not reached"),
    Column("rate", Percent(), "Rate"),
    Column("touches", _COUNT, "Touches"),
)


class Asked(Struct):
    """Whom and when a report is about: records of a `kind` that fit, from the `first` to the `last` day, touches of
    some `ways` (kinds of interaction; none for all)."""

    kind: Entity
    first: date
    last: date
    ways: tuple[str, ...]
    select: str
    params: tuple[Any, ...]

    def during(self, ctx: Context, first: date, last: date) -> tuple[str, list[Any]]:
        """The condition of interactions `i` from a day to another, both included, and its parameters."""
        start = [show_instant(instant_of(When(first), ctx.env.now))]
        end = _end(ctx, last)
        some = f" AND i.kind IN ({', '.join('?' * len(self.ways))})" if self.ways else ""
        return f"i.at >= ?{' AND i.at < ?' * len(end)} AND i.removed_at IS NULL{some}", [*start, *end, *self.ways]


class Tally(Struct):
    """What a period comes to: the records that were known before it was over, with their owners (numbers of users), who
    was touched longest ago first; record -> its touches; (kind of interaction, author) -> how many touches, and of
    whom."""

    people: list[tuple[int, int | None]]
    touches: Counter[int]
    ways: dict[tuple[str, int | None], tuple[int, set[int]]]


def asked(
    ctx: Context,
    kind: Entity = CONTACT,
    words: Sequence[str] = (),
    *,
    year: str = "",
    start: str = "",
    end: str = "",
    ways: str = "",
) -> Asked:
    """What a report is about: this year, a `year` of the user's calendar, or the days from `start` to `end` (today
    unless said), both included; `ways` are kinds of interaction with commas. Raises FieldError, FilterError,
    UsageError."""
    ctx.learn()
    env = ctx.env
    if year and (start or end):
        raise UsageError("--year and --from or --to exclude each other")
    named = tuple(dict.fromkeys(fold(way.strip()) for way in ways.split(",") if way.strip()))
    if unknown := next((way for way in named if way not in INTERACTION_KINDS), ""):
        raise UsageError(f"'{unknown}' is no kind of touch", f"choose from: {', '.join(INTERACTION_KINDS)}")
    first, after = period_around(env.now.date(), "year", env.calendar)
    last = after - ONE_DAY
    if year:
        if not (digits(year).strip().isdigit() and len(year.strip()) == 4):
            raise UsageError(f"'{year}' is no year", "as in --year 2026; other days by --from and --to")
        year = digits(year).strip()
        begin, over = parse_range(
            year if year != LAST_YEAR else f"{year}-01-01..", env.now, env.calendar, env.week_start
        )
        assert begin is not None
        first, last = begin, over - ONE_DAY if over else date.max
    if start or end:
        first = _day(ctx, start) if start else first
        last = _day(ctx, end) if end else env.now.date()
        if last < first:
            what = f"the period ends before it starts: {show_day(first, env.calendar)}..{end or 'today'}"
            raise UsageError(what, "--from is its first day, --to its last: change them about")
    node = records.bound(ctx, kind, records.filter_text(kind, words))
    select, params = read.chosen(ctx.reader, kind, node)
    return Asked(kind, first, last, named, select, tuple(params))


def _day(ctx: Context, text: str) -> date:
    env = ctx.env
    return parse_day(text, env.now, env.calendar, env.order, env.week_start, env.workdays)


def tally(ctx: Context, about: Asked) -> Tally:
    """Count the touches of a period, read in portions of a month: each once for a record, however it hears of it. A
    meeting with several people of a company is one touch of it."""
    order = f"SELECT r.id, r.owner_id FROM {about.kind.table} r WHERE r.id IN ({about.select})"
    people = ctx.reader.rows(f"{order} ORDER BY r.last_touch NULLS FIRST, r.id", about.params)
    if later := _later(ctx, about):
        ctx.say(f"{len(later):,} who were entered after that are left out")
    people = [one for one in people if one[0] not in later]
    known = {number for number, _ in people}
    tables, whose = heard_at_once(about.kind)
    touches: Counter[int] = Counter()
    ways: dict[tuple[str, int | None], tuple[int, set[int]]] = {}
    counted: set[tuple[int, tuple[int, date]]] = set()
    for first, last in _portions(ctx, about):
        during, params = about.during(ctx, first, last)
        sql = f"SELECT i.kind, i.author_id, i.task_id, i.at, {', '.join(whose)} FROM {tables} WHERE {during}"
        for kind, author, task, at, *some in ctx.reader.rows(sql, params):
            meeting = _meeting(ctx, task, at)
            for number in known.intersection(some):
                if meeting is not None:
                    if (number, meeting) in counted:
                        continue
                    counted.add((number, meeting))
                touches[number] += 1
                count, of = ways.get((kind, author), (0, set()))
                of.add(number)
                ways[kind, author] = count + 1, of
    return Tally(people, touches, ways)


def _meeting(ctx: Context, task: int | None, at: Any) -> tuple[int, date] | None:
    """What makes interactions one touch: what is with several people, a row each, is of one task on one day (`at` is
    as it is stored). None for what comes from no task, and is one by itself."""
    if task is None:
        return None
    return task, local(read_instant(_AT.from_db(at)), ctx.env.now.tzinfo).date()


def _later(ctx: Context, about: Asked) -> set[int]:
    """Those whom nobody knew before a period was over: they were entered later, and there was no touch before, which
    those have who were taken over from elsewhere."""
    end = _end(ctx, about.last)
    if not end:
        return set()
    sql = f"SELECT r.id FROM {about.kind.table} r WHERE r.created_at >= ? AND r.id IN ({about.select})"
    later = {number for (number,) in ctx.reader.rows(sql, [*end, *about.params])}
    for some, marks in portions(sorted(later)):
        for tables, whose in heard(about.kind):
            sql = f"SELECT {whose} FROM {tables} WHERE {whose} IN ({marks}) AND i.at < ? AND i.removed_at IS NULL"
            later.difference_update(number for (number,) in ctx.reader.rows(sql, [*some, *end]))
    return later


def _end(ctx: Context, last: date) -> list[str]:
    """The moment that a period is over whose last day this is, as the book has it; none after the last of all days."""
    return [show_instant(instant_of(When(last + ONE_DAY), ctx.env.now))] if last < date.max else []


def _portions(ctx: Context, about: Asked) -> Iterator[tuple[date, date]]:
    """The first and last day of each portion of a period, as far as anything happened in it."""
    instant, zone = Instant(), ctx.env.now.tzinfo
    ends = ctx.reader.one("SELECT min(at), max(at) FROM interaction") or (None, None)
    days = [local(read_instant(instant.from_db(at)), zone).date() for at in ends if at is not None]
    if not days:
        return
    first, last = max(about.first, days[0]), min(about.last, days[1])
    while last - first >= PORTION:
        yield first, first + PORTION - ONE_DAY
        first += PORTION
    if first <= last:
        yield first, last


# --- the page --------------------------------------------------------------------------------------------------------


def page(ctx: Context, about: Asked, *, limit: int | None = None) -> Page:
    """How many were reached, in all, by owner, by way and by whom, and those who were not, who were touched longest ago
    first. Raises UsageError."""
    kind, found = about.kind, tally(ctx, about)
    users = dict(ctx.reader.rows("SELECT id, name FROM crm_user"))
    owners = _owners(found, users)
    total = _counted(*(sum(row[name] for row in owners) for name in ("people", "reached", "touches")))
    missed = listing(ctx, about, "missed", limit=limit, found=found)
    rate = f" ({Percent().show(total['rate'])}%)" if total["people"] else ""
    sections = (
        Section("owners", "By owner", Rows((Column("owner", None, "Owner"), *_SHARES), owners, numbered=False)),
        Section("ways", "How and by whom", _ways(found, users)),
        Section("not_reached", f"Not reached ({total['missed']:,})", missed),
    )
    shown = " to ".join(show_day(day, ctx.env.calendar) for day in (about.first, about.last))
    title = f"Reached {total['reached']:,} of {total['people']:,} {kind.plural}{rate}, {shown}"
    values = {"from": about.first.isoformat(), "to": about.last.isoformat(), **total}
    return Page(title, sections, {**values, "rate": _percent(total["rate"])})


def _percent(points: int | None) -> float | None:
    """Basis points in percent, as the columns of the sections have it."""
    if points is None:
        return None
    return points / 100 if points % 100 else points // 100


def _owners(found: Tally, users: Mapping[int, str]) -> list[dict[str, Any]]:
    """How many records of each owner there are, how many were reached, how often; most of them first."""
    counts: dict[int | None, list[int]] = {}
    for number, owner in found.people:
        own, touches = counts.setdefault(owner, [0, 0, 0]), found.touches[number]
        own[0] += 1
        own[1] += touches > 0
        own[2] += touches
    rows = [{"owner": users.get(owner or 0), **_counted(*own)} for owner, own in counts.items()]
    return sorted(rows, key=lambda row: (-row["people"], row["owner"] is None, fold(row["owner"] or "")))


def _counted(people: int, reached: int, touches: int) -> dict[str, Any]:
    rate = (reached * 10_000 + people // 2) // people if people else None
    return {"people": people, "reached": reached, "missed": people - reached, "rate": rate, "touches": touches}


def _ways(found: Tally, users: Mapping[int, str]) -> Rows:
    """How often people were touched by each kind of interaction and each author, and how many of them."""
    columns = (
        Column("kind", None, "Kind"), Column("by", None, "By"), Column("touches", _COUNT, "Touches"),
        Column("reached", _COUNT, "Reached"),
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"kind": kind, "by": users.get(author or 0), "touches": count, "reached": len(of)}
        for (kind, author), (count, of) in found.ways.items()
    ]
    rows.sort(key=lambda row: (-row["touches"], row["kind"], row["by"] or ""))
    return Rows(columns, rows, empty="no touches", numbered=False)


# --- the list --------------------------------------------------------------------------------------------------------


def listing(
    ctx: Context, about: Asked, which: str = "all", *, limit: int | None = None, found: Tally | None = None
) -> Rows:
    """Each record with how often it was reached, by which ways and by whom: those reached (`which`), those missed, or
    all; who was touched longest ago first. `limit` 0 is all. Raises UsageError."""
    if which not in LISTS:
        raise UsageError(f"'{which}' is no list", f"choose from: {', '.join(LISTS)}")
    limit = records.limited(ctx, limit)
    found = found or tally(ctx, about)
    touched = found.touches
    numbers = [n for n, _ in found.people if which == "all" or (touched[n] > 0) is (which == "reached")]
    shown = numbers[:limit] if limit else numbers
    if len(shown) < len(numbers):
        ctx.say(f"{len(numbers) - len(shown):,} more: --limit 0 shows all")
    names = ["id", "name", *(["company"] if about.kind is CONTACT else []), "owner", "last_touch"]
    columns = records.columns_for(about.kind, names)
    if which != "missed":
        columns += (
            Column("touches", _COUNT, "Touches"), Column("ways", None, "How"),
            Column("last", INTERACTION.field("at").type, "Last"), Column("kind", None, "Kind"),
            Column("by", None, "By"),
        )  # fmt: skip
    empty = {"missed": "everybody was reached", "reached": "nobody was reached", "all": f"no {about.kind.plural} fit"}
    return Rows(columns, _rows(ctx, about, shown, names, which), empty=empty[which if found.people else "all"])


def _rows(
    ctx: Context, about: Asked, numbers: Sequence[int], names: Sequence[str], which: str
) -> Iterator[dict[str, Any]]:
    fields = [about.kind.by_name[name] for name in names]
    for some, _ in portions(numbers, read.PAGE):
        told = _touched(ctx, about, some) if which != "missed" else {}
        for row in read.hydrate(ctx.reader, about.kind, some, fields):
            yield {**row, **told.get(row["id"], {"touches": 0})}


def _touched(ctx: Context, about: Asked, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """record -> how often it was touched in the period, by which ways, when last, how and by whom."""
    marks = ", ".join("?" * len(numbers))
    during, given = about.during(ctx, about.first, about.last)
    ways_here = heard(about.kind)
    touches = " UNION ".join(
        f"SELECT {whose} AS whose, i.id, i.kind, i.at, i.author_id, i.task_id FROM {tables}"
        f" WHERE {whose} IN ({marks}) AND {during}"
        for tables, whose in ways_here
    )
    sql = (
        f"SELECT x.whose, x.kind, x.at, u.name, x.task_id FROM ({touches}) x LEFT JOIN crm_user u ON u.id = x.author_id"
        " ORDER BY x.whose, x.at, x.id"
    )
    instant = Instant()
    found: dict[int, dict[str, Any]] = {}
    counts: dict[int, dict[str, int]] = {}
    counted: set[tuple[int, tuple[int, date]]] = set()
    for whose, kind, at, by, task in ctx.reader.rows(sql, [*numbers, *given] * len(ways_here)):
        own, meeting = counts.setdefault(whose, {}), _meeting(ctx, task, at)
        own[kind] = own.get(kind, 0) + (meeting is None or (whose, meeting) not in counted)
        if meeting is not None:
            counted.add((whose, meeting))
        found[whose] = {"last": instant.from_db(at), "kind": kind, "by": by}
    for whose, own in counts.items():
        ways = ", ".join(f"{kind} {count}" for kind, count in sorted(own.items(), key=lambda one: (-one[1], one[0])))
        found[whose] |= {"touches": sum(own.values()), "ways": ways}
    return found
