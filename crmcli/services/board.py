"""The pipeline board at any size: one read of plain columns, cards as tuples, sums made on the way.

The board shows open deals, and what was won lately in its won stages, unless the filter speaks of the status itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import query
from crmcli.domain.entities import DEAL, ENTITIES
from crmcli.domain.money import weighted
from crmcli.errors import FilterError, NotFoundError
from crmcli.services import records, values
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: What "won lately" means: a month's harvest stays in sight.
RECENT = "status:open or (status:won closed:-30d..)"


class Card(NamedTuple):
    """One deal on the board; `value` is minor units of `currency`, `probability` basis points, `next_due` a day."""

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
    """One pipeline; `pipelines` are (id, name) of all of them, in order."""

    id: int
    name: str
    pipelines: tuple[tuple[int, str], ...]
    lanes: tuple[Lane, ...]


def cards(ctx: Context, pipeline: int = 0, words: Sequence[str] = ()) -> Board:
    """The board of a pipeline (0: the first) with the deals that fit the filter. Raises FilterError, NotFoundError."""
    every = tuple(
        (int(row[0]), row[1]) for row in ctx.reader.rows("SELECT id, name FROM pipeline ORDER BY position, id")
    )
    if not every:
        raise NotFoundError("there is no pipeline", "add one: crm pipeline add Sales")
    number, name = next((p for p in every if p[0] == pipeline), every[0])
    stages = [stage for stage in values.stages(ctx) if stage["pipeline_id"] == number]
    where = read.where_for(ctx.reader, DEAL)
    text = where.text(_tree(ctx, words))
    # A walk along the index (stage, status, position) for each lane is twice as fast as one over the whole table;
    # coalesce keeps SQLite from the indexes that begin with the kind, which would read every deal for each lane.
    sql = (
        "SELECT t.id, t.name, coalesce(company.name, t.company_name), t.value_minor, t.currency, t.probability_bp,"
        " t.next_due, t.open_tasks, t.status, t.stage_id"
        " FROM opportunity t LEFT JOIN company ON company.id = t.company_id"
        f" WHERE t.stage_id = ? AND coalesce(t.kind, '') = 'deal' AND {text} ORDER BY t.position, t.id"
    )
    found = {stage["id"]: ctx.reader.rows(sql, [stage["id"], *where.params]) for stage in stages}
    lanes = tuple(Lane(s["id"], s["name"], bool(s["is_won"]), found[s["id"]], sums(found[s["id"]])) for s in stages)
    return Board(number, name, every, lanes)


def _tree(ctx: Context, words: Sequence[str]) -> Any:
    """The filter's tree; where it says nothing of the status, deals won lately come in."""
    text = records.filter_text(DEAL, words)
    scoped = records.bound(ctx, DEAL, text)
    if not isinstance(scoped, query.And) or scoped.items[0] != query.OneOf(DEAL.by_name["status"], ("open",)):
        return scoped
    alive = query.Empty(DEAL.by_name["removed_at"])
    shown = [scoped.items[-1]] if text else []
    return query.And(
        (alive, query.Empty(DEAL.by_name["archived_at"]), records.bound(ctx, DEAL, RECENT, scope=False), *shown)
    )


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


def fitting(ctx: Context, wanted: dict[str, set[int]], words: Sequence[str]) -> dict[str, set[int]]:
    """Of these records (kind -> ids), those that fit one filter. A kind that lacks a field of the filter has none;
    where no kind can read it, the first FilterError is raised."""
    found: dict[str, set[int]] = {}
    refused: FilterError | None = None
    for name, ids in wanted.items():
        kind: Entity = ENTITIES[name]
        try:
            node = records.bound(ctx, kind, records.filter_text(kind, words), scope=False)
        except FilterError as error:
            refused = refused or error
            continue
        among = query.OneOf(kind.by_name["id"], tuple(sorted(ids)))
        found[name] = set(read.all_ids(ctx.reader, kind, query.And((among, node)))) if ids else set()
    if refused and not found:
        raise refused
    return found


def stamped(ctx: Context, verb: Callable[..., Any], *args: Any) -> tuple[int, Any]:
    """What a verb reads, and the pulse from just before it: a change in between is then noticed afterwards."""
    return pulse(ctx), verb(ctx, *args)


def pulse(ctx: Context) -> int:
    """A number that changes with every commit by anyone: the place of the journal's head."""
    return int(ctx.reader.value("SELECT seq FROM journal_head") or 0)
