"""The pipeline board at any size: one read of plain columns, cards as tuples, sums made on the way.

The board shows open deals, and what was won lately in its won stages, unless the filter speaks of the status itself.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import query
from crmcli.domain.dates import When, instant_of
from crmcli.domain.entities import DEAL
from crmcli.domain.money import weighted
from crmcli.domain.types import due_day, show_instant
from crmcli.errors import NotFoundError
from crmcli.services import records
from crmcli.services.stages import every_stage
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from crmcli.context import Context

#: What "won lately" means: a month's harvest stays in sight.
RECENT = "status:open or (status:won closed:-30d..)"
#: The days before and after today whose appointments are put on their day in the user's zone.
NEAR = 7
#: Most cards of a board have no task or are won: only the others ask for its name.
_NEXT_TASK = f"CASE WHEN t.open_tasks > 0 AND t.status = 'open' THEN {DEAL.by_name['next_task'].expr} END"


class Card(NamedTuple):
    """One deal on the board; `value` is minor units of `currency`, `probability` basis points (what the weighted sums
    are made of), `next_due` a day in the user's zone, `rotting` whether it rots in its stage (0 or 1), `next_task` the
    name of its next open task."""

    id: int
    name: str
    company: str | None
    value: int | None
    currency: str | None
    probability: int
    next_due: Any
    open_tasks: int
    status: str
    stage_id: int
    rotting: int
    next_task: str | None


class Sum(NamedTuple):
    """What a lane is worth in one currency, in minor units, and how many cards have an amount in it."""

    currency: str
    value: int
    weighted: int
    cards: int


class Lane(NamedTuple):
    """A stage with its cards in order (tuples in the order of `Card`) and its sums, the commonest currency first."""

    id: int
    name: str
    won: bool
    cards: list[tuple[Any, ...]]
    sums: tuple[Sum, ...]


class Board(NamedTuple):
    """One pipeline; `pipelines` are (id, name) of all of them, in order; `all_open` says that a deal outside of the won
    stages is open for certain, because the filter does not speak of the status."""

    id: int
    name: str
    pipelines: tuple[tuple[int, str], ...]
    lanes: tuple[Lane, ...]
    all_open: bool


def cards(ctx: Context, pipeline: int = 0, words: Sequence[str] = ()) -> Board:
    """The board of a pipeline (0: the first) with the deals that fit the filter. Raises FilterError, NotFoundError."""
    every = tuple(
        (int(row[0]), row[1]) for row in ctx.reader.rows("SELECT id, name FROM pipeline ORDER BY position, id")
    )
    if not every:
        raise NotFoundError("there is no pipeline", "add one: crm pipeline add Sales")
    number, name = next((p for p in every if p[0] == pipeline), every[0])
    stages = [stage for stage in every_stage(ctx) if stage["pipeline_id"] == number]
    where = read.where_for(ctx.reader, DEAL)
    tree, all_open = _tree(ctx, words)
    marks = read.where_for(ctx.reader, DEAL)
    rots = marks.text(records.bound(ctx, DEAL, "is:rotting", scope=False))
    text = where.text(tree)
    # A walk along the index (stage, status, position) for each lane is twice as fast as one over the whole table;
    # coalesce keeps SQLite from the indexes that begin with the kind, which would read every deal for each lane.
    columns = (
        "t.id, t.name, coalesce(company.name, t.company_name), t.value_minor, t.currency, t.probability_bp,"
        " t.next_due, t.open_tasks, t.status, t.stage_id"
    )
    rest = (
        " FROM opportunity t LEFT JOIN company ON company.id = t.company_id"
        f" WHERE t.stage_id = ? AND coalesce(t.kind, '') = 'deal' AND {text} ORDER BY t.position, t.id"
    )
    found = {}
    for stage in stages:
        marked, params = (f"CASE WHEN {rots} THEN 1 ELSE 0 END", marks.params) if stage["rot_days"] else ("0", [])
        found[stage["id"]] = ctx.reader.rows(
            f"SELECT {columns}, {marked}, {_NEXT_TASK}{rest}", [*params, stage["id"], *where.params]
        )
    if elsewhere := _due_elsewhere(ctx):
        found = {stage: [_on_our_day(row, elsewhere) for row in rows] for stage, rows in found.items()}
    lanes = tuple(Lane(s["id"], s["name"], bool(s["is_won"]), found[s["id"]], sums(found[s["id"]])) for s in stages)
    return Board(number, name, every, lanes, all_open)


def _due_elsewhere(ctx: Context) -> dict[int, date]:
    """Of the leads and deals with an open task whose time is on another day here than where it was typed: the day, in
    this zone, of the next task. Only tasks of a week around today are asked, along their index: further off, a day
    more or less changes nothing that is urgent."""
    bounds_of: dict[Any, tuple[str, str]] = {}
    apart: set[int] = set()
    on, at = DEAL.by_name["next_due_on"].type, DEAL.by_name["next_due_at"].type
    for number, day, moment in ctx.reader.rows(
        "SELECT opportunity_id, due_on, due_at FROM task"
        " WHERE done_at IS NULL AND due_on BETWEEN ? AND ?"
        " AND due_at IS NOT NULL AND removed_at IS NULL AND opportunity_id IS NOT NULL",
        [(ctx.env.now.date() + timedelta(days=days)).isoformat() for days in (-NEAR, NEAR)],
    ):
        bounds = bounds_of.get(day) or bounds_of.setdefault(day, _bounds(on.from_db(day), ctx.env.now))
        if not bounds[0] <= at.from_db(moment) <= bounds[1]:
            apart.add(number)
    if not apart:
        return {}
    fields = [DEAL.by_name["next_due_on"], DEAL.by_name["next_due_at"]]
    found = {}
    for row in read.hydrate(ctx.reader, DEAL, sorted(apart), fields):
        moment = due_day(None, row["next_due_at"], ctx.env.now)
        day = due_day(row["next_due_on"], None, ctx.env.now)
        if days := [one for one in (day, moment) if one is not None]:  # somebody may have done it meanwhile
            found[row["id"]] = min(days)
    return found


def _bounds(day: str | None, now: datetime) -> tuple[str, str]:
    """The first and the last stored instant of a day in the zone of `now`; nothing lies in no day."""
    if day is None:
        return "", ""
    whole = date.fromisoformat(day)
    return show_instant(instant_of(When(whole), now)), show_instant(instant_of(When(whole, time.max), now))


def _on_our_day(row: tuple[Any, ...], elsewhere: dict[int, date]) -> tuple[Any, ...]:
    day = elsewhere.get(row[0])
    return row if day is None else (*row[:6], day.isoformat(), *row[7:])


def _tree(ctx: Context, words: Sequence[str]) -> tuple[Any, bool]:
    """The filter's tree, and whether it says nothing of the status; then deals won lately come in."""
    ctx.learn()
    text = records.filter_text(DEAL, words)
    scoped = records.bound(ctx, DEAL, text)
    if not isinstance(scoped, query.And) or scoped.items[0] != query.OneOf(DEAL.by_name["status"], ("open",)):
        return scoped, False
    alive = query.Empty(DEAL.by_name["removed_at"])
    shown = [scoped.items[-1]] if text else []
    archived, recent = query.Empty(DEAL.by_name["archived_at"]), records.bound(ctx, DEAL, RECENT, scope=False)
    return query.And((alive, archived, recent, *shown)), True


def sums(rows: Iterable[tuple[Any, ...]]) -> tuple[Sum, ...]:
    """Sum and weighted sum for each currency; the weighted amount of a card is rounded as in the views."""
    found: dict[str, list[int]] = {}
    for row in rows:
        value = row[3]
        if value is None:
            continue
        entry = found.get(row[4])
        if entry is None:
            entry = found[row[4]] = [0, 0, 0]
        entry[0] += value
        entry[1] += (value * row[5] + 5000) // 10_000 if value >= 0 else weighted(value, row[5])
        entry[2] += 1
    ordered = sorted(found.items(), key=lambda item: (-item[1][2], item[0] or ""))
    return tuple(Sum(currency or "", *entry) for currency, entry in ordered)
