"""Where imported leads and deals stand: stages as other programs name them, won and lost included."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import When, instant_of
from crmcli.domain.text import fold
from crmcli.domain.types import show_instant
from crmcli.services import values
from crmcli.services.imports.blocks import Block
from crmcli.services.imports.endings import ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.context import Context
    from crmcli.store.write import Transaction


#: The columns that say where a lead or deal stands, in the order of a row of `_standing`.
STANDING = (
    "stage_id", "pipeline_id", "status", "probability_bp", "probability_manual", "closed_at", "archived_at",
    "stage_since", "lost_reason_id",
)  # fmt: skip


class NewStage(NamedTuple):
    """A stage that the file names and its pipeline has not; `pipeline` is "" for the first one."""

    pipeline: str
    stage: str


def is_end(stage: str) -> bool:
    """Whether a stage's name says won or lost rather than a step on the way."""
    return bool(ending(stage))


class Stages:
    """The stages that rows are put in."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._rows: list[dict[str, Any]] = []

    def refresh(self) -> None:
        self._rows = values.stages(self.ctx)
        self._cache: dict[tuple[str, str, str], tuple[dict[str, Any], str]] = {}

    def missing(self, pairs: Iterable[tuple[str, str]]) -> list[NewStage]:
        """What `make` would add for these (pipeline, stage) pairs, in order."""
        self.refresh()
        found: dict[tuple[str, str], NewStage] = {}
        for pipeline, stage in pairs:
            own = self._own(pipeline)
            wanted = stage if stage and not is_end(stage) else ""
            if (own and not wanted) or (not own and not pipeline):
                continue
            if own and any(s["name_key"] == fold(wanted) for s in own):
                continue
            found.setdefault((fold(pipeline), fold(wanted)), NewStage(pipeline, wanted))
        named = {key[0] for key in found if key[1]}
        return [new for key, new in found.items() if key[1] or key[0] not in named]

    def _own(self, pipeline: str) -> list[dict[str, Any]]:
        if not pipeline:
            first = self._rows[0]["pipeline_id"] if self._rows else None
            return [s for s in self._rows if s["pipeline_id"] == first]
        return [s for s in self._rows if fold(s["pipeline"]) == fold(pipeline)]

    def make(self, tx: Transaction, wanted: Sequence[NewStage]) -> None:
        """Add pipelines and stages, each new stage before the won one, in the order of the file."""
        self.refresh()
        for pipeline in dict.fromkeys(fold(new.pipeline) for new in wanted):
            names = [new.stage for new in wanted if fold(new.pipeline) == pipeline and new.stage]
            shown = next(new.pipeline for new in wanted if fold(new.pipeline) == pipeline)
            own = self._own(shown)
            if own:
                self._extend(tx, own, names)
            else:
                self._build(tx, shown, names or ["New"])
        tx.flush()
        self.refresh()

    def _extend(self, tx: Transaction, own: list[dict[str, Any]], names: list[str]) -> None:
        steps = [s for s in own if not s["is_won"]]
        last, points = (
            max((s["position"] for s in steps), default=0),
            max((s["probability_bp"] for s in steps), default=0),
        )
        gone = {
            s["name_key"]: s["id"]
            for s in values.stages(self.ctx, removed=True)
            if s["pipeline_id"] == own[0]["pipeline_id"]
        }
        after = [s for s in own if s["is_won"] and s["position"] <= last + len(names)]
        for number, stage in enumerate(after):
            tx.change("stage", stage["id"], {"position": last + len(names) + 1 + number})
        for number, name in enumerate(names, 1):
            chance = (points + (10_000 - points) * number // (len(names) + 1)) // 100 * 100
            row = {"name": name, "position": last + number, "probability_bp": chance}
            if fold(name) in gone:  # it was removed, and comes back with its history
                tx.change("stage", gone[fold(name)], {**row, "is_won": False, "removed_at": None})
            else:
                tx.add("stage", {**row, "pipeline_id": own[0]["pipeline_id"]})

    def _build(self, tx: Transaction, pipeline: str, names: list[str]) -> None:
        position = max((row[0] for row in self.ctx.reader.rows("SELECT position FROM pipeline")), default=0)
        number = tx.add("pipeline", {"name": pipeline, "position": position + 1})
        for place, name in enumerate(names, 1):
            chance = 10_000 * place // (len(names) + 1) // 100 * 100
            tx.add("stage", {"name": name, "pipeline_id": number, "position": place, "probability_bp": chance})
        tx.add(
            "stage",
            {
                "name": "Won",
                "pipeline_id": number,
                "position": len(names) + 70,
                "probability_bp": 10_000,
                "is_won": True,
            },
        )
        tx.flush()
        self.refresh()

    def find(self, pipeline: str, stage: str, status: str) -> tuple[dict[str, Any], str]:
        """(the stage's row, open|won|lost) for names as the file has them."""
        key = (pipeline, stage, status)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._look(pipeline, stage, status)
        return found

    def _look(self, pipeline: str, stage: str, status: str) -> tuple[dict[str, Any], str]:
        own = self._own(pipeline) or self._rows
        named = next((s for s in own if stage and s["name_key"] == fold(stage)), None)
        outcome = status or ending(stage, own=named is not None and not named["is_won"]) or "open"
        if named is not None and named["is_won"] and status in ("", "won"):
            return named, "won"
        if outcome == "won":
            return next((s for s in own if s["is_won"]), own[-1]), "won"
        first = next((s for s in own if not s["is_won"] and not s["folded"]), own[0])
        if named is None or (named["is_won"] and outcome != "won"):
            named = first
        return named, outcome


def place(
    stages: Stages, block: Block, lost_reasons: Sequence[int | None] | None, ctx: Context
) -> dict[str, list[Any]]:
    """The columns of leads and deals that follow from their stage, status and dates; `values.create` gives one record
    the same."""
    columns = block.columns
    stamp = show_instant(ctx.env.now)
    made = columns.get("created_at") or [None] * len(block)
    out: dict[str, list[Any]] = {}
    owners = columns.get("owner_id")
    if owners:
        given = columns.get("assigned_at") or [None] * len(block)
        out["assigned_at"] = [g or (m or stamp if o else None) for g, m, o in zip(given, made, owners, strict=True)]
    told = (block.links.get("stage"), block.links.get("pipeline"), columns.get("status"), columns.get("probability_bp"))
    if any(told) or "closed_at" in columns:
        found = _standing(stages, block, lost_reasons, ctx)
        return out | {name: list(column) for name, column in zip(STANDING, zip(*found, strict=True), strict=True)}
    row, _ = stages.find("", "", "")
    out["stage_id"] = [row["id"]] * len(block)
    out["pipeline_id"] = [row["pipeline_id"]] * len(block)
    out["probability_bp"] = [row["probability_bp"]] * len(block)
    out["stage_since"] = columns.get("stage_since") or [m or stamp for m in made]
    return out


def _standing(
    stages: Stages, block: Block, lost_reasons: Sequence[int | None] | None, ctx: Context
) -> list[tuple[Any, ...]]:
    """Where each record stands: a row of `STANDING` for each."""
    columns, none = block.columns, [None] * len(block)
    rows = zip(
        block.links.get("pipeline") or none, block.links.get("stage") or none, columns.get("status") or none,
        columns.get("probability_bp") or none, columns.get("probability_manual") or none,
        columns.get("created_at") or none, columns.get("closed_at") or none, columns.get("archived_at") or none,
        columns.get("close_on") or none, columns.get("stage_since") or none, lost_reasons or none, strict=True,
    )  # fmt: skip
    stamp, midnight = show_instant(ctx.env.now), _Midnights(ctx)
    found: list[tuple[Any, ...]] = []
    for pipeline, stage, state, points, by_hand, born, closed, archived, close_on, since, reason in rows:
        row, outcome = stages.find(pipeline or "", stage or "", state or "")
        where = (row["id"], row["pipeline_id"], outcome)
        if outcome == "open":
            # A figure of a file of our own says itself whether it was set by hand.
            hand = points is not None if by_hand is None else bool(by_hand and points is not None)
            chance = row["probability_bp"] if points is None else points
            found.append((*where, chance, hand, None, archived, since or born or stamp, None))
            continue
        closed = closed or (midnight(close_on) if close_on else None) or born or stamp
        if born and closed < born:
            closed = born
        if outcome == "won":
            found.append((*where, 10_000, False, closed, archived, since or closed, None))
        else:
            found.append((*where, 0, False, closed, archived or closed, since or closed, reason))
    return found


class _Midnights:
    """A day -> the instant at which it begins for the user."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._known: dict[str, str] = {}

    def __call__(self, day: str) -> str:
        found = self._known.get(day)
        if found is None:
            found = self._known[day] = show_instant(instant_of(When(date.fromisoformat(day)), self.ctx.env.now))
        return found


def positions(tx: Transaction, stage_ids: Sequence[int]) -> list[int]:
    """The places of new deals at the ends of their columns of the board."""
    return [values.next_position(tx, number) for number in stage_ids]
