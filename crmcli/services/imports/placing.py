"""Where imported leads and deals stand: stages as other programs name them, won and lost included."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import When, instant_of
from crmcli.domain.text import fold
from crmcli.domain.types import show_instant
from crmcli.errors import FieldError
from crmcli.services.imports.blocks import Block
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.endings import ending
from crmcli.services.stages import every_stage, next_position

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from crmcli.context import Context
    from crmcli.store.write import Transaction


#: The columns that say where a lead or deal stands, in the order of a row of `_standing`.
STANDING = (
    "stage_id", "pipeline_id", "status", "probability_bp", "probability_manual", "closed_at", "archived_at",
    "stage_since", "lost_reason_id",
)  # fmt: skip
#: What of that a row says; the rest follows.
TELLING = frozenset(("stage_id", "status"))


#: The first id of a stage that is not there yet, counted down from: no stand-in of another kind comes so far.
_STAND_IN = -(1 << 40)
#: What the step of a new pipeline is called of which the file names none.
_FIRST = "New"
#: In place of a folded name: the won stage of a new pipeline, and the pipeline itself. No name has a NUL.
_WON, _WHOLE = "\0won", "\0"


class Said(NamedTuple):
    """What a row itself says of where its record stands, as the file names it; "" where it says nothing."""

    pipeline: str
    stage: str
    status: str


class NewStage(NamedTuple):
    """A stage that the file names and its pipeline has not; `pipeline` is "" for the first one. `won`: it is the won
    stage of a new pipeline."""

    pipeline: str
    stage: str
    won: bool = False


def is_end(stage: str) -> bool:
    """Whether a stage's name says won or lost rather than a step on the way."""
    return bool(ending(stage))


class Stages:
    """The stages that rows are put in. One that the file names and the book has not is a stand-in with a negative id,
    until `settle` makes it for a row that is taken in."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._rows: list[dict[str, Any]] = []
        #: rows like those of the book for what is not there yet
        self._planned: list[dict[str, Any]] = []
        self._cache: dict[tuple[str, str, str], tuple[dict[str, Any], str]] = {}
        #: by what a row says and where its record stands: where that goes
        self._ways: dict[tuple[Said, str, tuple[Any, ...]], tuple[dict[str, Any], str]] = {}
        #: by folded pipeline and stage: what the file names, in its order
        self._expected: dict[tuple[str, str], NewStage] = {}
        #: the place and the probability of each new stage, settled once for all of them, whenever they are made
        self._shapes: dict[tuple[str, str], tuple[int, int]] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._keys: dict[int, tuple[str, str]] = {}

    def refresh(self) -> bool:
        """Read the book's stages again; whether they are others than before."""
        known, self._rows = self._rows, every_stage(self.ctx)
        self._plan()
        return known != self._rows

    def missing(
        self, pairs: Iterable[tuple[str, str]], won: AbstractSet[tuple[str, str]] = frozenset()
    ) -> list[NewStage]:
        """What the book lacks for these (pipeline, stage) pairs, in order. Those of which all rows are `won` are no
        steps on the way: what is won goes to the won stage of its pipeline, and a new one has that by the name in the
        file, if there is just one that is no first step."""
        self.refresh()
        found: dict[tuple[str, str], NewStage] = {}
        ends: dict[str, set[str]] = {}
        for pipeline, stage in won:
            ends.setdefault(fold(pipeline), set()).add(fold(stage))
        for pipeline, stage in pairs:
            own = self._own(pipeline)
            wanted = stage if stage and not is_end(stage) else ""
            if (pipeline, stage) in won:
                wanted = ""
                if not own and len(ends[fold(pipeline)]) == 1 and fold(stage) != fold(_FIRST):
                    found.setdefault((fold(pipeline), _WON), NewStage(pipeline, stage, won=True))
            if (own and not wanted) or (not own and not pipeline):
                continue
            if own and any(s["name_key"] == fold(wanted) for s in own):
                continue
            found.setdefault((fold(pipeline), fold(wanted)), NewStage(pipeline, wanted))
        named = {key[0] for key in found if key[1]}
        return [new for key, new in found.items() if key[1] or key[0] not in named]

    def expect(self, wanted: Iterable[NewStage]) -> None:
        """Have stand-ins for these."""
        for new in wanted:
            key = self._pipeline_key(new.pipeline)
            if new.won:
                self._expected.setdefault((key, _WON), new)
            elif new.stage or not any(pipeline == key for pipeline, _ in self._expected):
                self._expected.setdefault((key, fold(new.stage)), new)
        self._plan()

    def make(self, tx: Transaction, wanted: Sequence[NewStage]) -> None:
        """Add pipelines and stages, each new stage before the won one, in the order of the file."""
        self.refresh()
        self.expect(wanted)
        self.settle(tx, {row["id"] for row in self._planned})

    def _pipeline_key(self, pipeline: str) -> str:
        return fold(pipeline or (self._rows[0]["pipeline"] if self._rows else ""))

    def _own(self, pipeline: str) -> list[dict[str, Any]]:
        """The stages of a pipeline ("": the first), those of the book before those that stand in."""
        key = self._pipeline_key(pipeline)
        return [s for s in (*self._rows, *self._planned) if fold(s["pipeline"]) == key]

    # --- what is not there yet ---

    def _plan(self) -> None:
        """Lay out the stand-ins for what is expected and not in the book."""
        self._cache.clear()
        self._ways.clear()
        self._planned = []
        by_pipeline: dict[str, list[NewStage]] = {}
        for (key, _), new in self._expected.items():
            by_pipeline.setdefault(key, []).append(new)
        for key, wanted in by_pipeline.items():
            own = [s for s in self._rows if fold(s["pipeline"]) == key]
            there = {s["name_key"] for s in own}
            names = [new.stage for new in wanted if new.stage and not new.won and fold(new.stage) not in there]
            if own:
                self._extend(key, own, names)
            else:
                end = next((new.stage for new in wanted if new.won), "Won")
                self._build(key, wanted[0].pipeline, names or [_FIRST], end)

    def _extend(self, key: str, own: list[dict[str, Any]], names: list[str]) -> None:
        steps = [s for s in own if not s["is_won"]]
        shaped = [shape for (pipeline, _), shape in self._shapes.items() if pipeline == key]
        last = max([*(s["position"] for s in steps), *(position for position, _ in shaped)], default=0)
        fresh = [name for name in names if (key, fold(name)) not in self._shapes]
        first = min(steps, key=lambda s: (s["folded"], s["position"]), default=None)
        gone = self._gone(own[0]["pipeline_id"]) if fresh else {}
        for number, name in enumerate(fresh, 1):
            # A file tells the order of its rows and not that of its stages: "On Hold" behind all others is no nearer to
            # the end, so a new stage promises no more than the first one.
            chance = first["probability_bp"] if first else 10_000 * number // (len(fresh) + 1) // 100 * 100
            if fold(name) in gone:
                chance = gone[fold(name)]["probability_bp"]
            self._shapes[key, fold(name)] = (last + number, chance)
        for name in names:
            self._stand_in(key, name, own[0]["pipeline"], own[0]["pipeline_id"])

    def _gone(self, pipeline_id: int) -> dict[str, dict[str, Any]]:
        """Folded name -> stage, those included that were removed from a pipeline and can come back."""
        return {s["name_key"]: s for s in every_stage(self.ctx, removed=True) if s["pipeline_id"] == pipeline_id}

    def _build(self, key: str, pipeline: str, names: list[str], end: str) -> None:
        """Have stand-ins for the steps of a new pipeline and for its won stage, which is called `end`."""
        for place, name in enumerate(names, 1):
            chance = 10_000 * place // (len(names) + 1) // 100 * 100
            self._shapes.setdefault((key, fold(name)), (place, chance))
        self._shapes.setdefault((key, _WON), (len(names) + 70, 10_000))
        number = self._number((key, _WHOLE))
        for name in names:
            self._stand_in(key, name, pipeline, number)
        self._stand_in(key, end, pipeline, number, won=True)

    def _stand_in(self, key: str, name: str, pipeline: str, pipeline_id: int, *, won: bool = False) -> None:
        place = (key, _WON if won else fold(name))
        position, chance = self._shapes[place]
        self._planned.append({
            "id": self._number(place), "name": name, "name_key": fold(name),
            "pipeline_id": pipeline_id, "position": position, "probability_bp": chance, "is_won": won,
            "folded": False, "rot_days": 0, "pipeline": pipeline,
        })  # fmt: skip

    def _number(self, place: tuple[str, str]) -> int:
        number = self._numbers.get(place)
        if number is None:
            number = self._numbers[place] = _STAND_IN - len(self._numbers)
            self._keys[number] = place
        return number

    def settle(self, tx: Transaction, numbers: set[int]) -> dict[int, int]:
        """Make what these stand-ins stand for, and their pipelines; stand-in -> id."""
        made: dict[int, int] = {}
        by_pipeline: dict[str, list[dict[str, Any]]] = {}
        for row in self._planned:
            by_pipeline.setdefault(self._keys[row["id"]][0], []).append(row)
        for key, planned in by_pipeline.items():
            wanted = [row for row in planned if row["id"] in numbers]
            own = [s for s in self._rows if fold(s["pipeline"]) == key]
            if wanted and own:
                made.update(self._add_to(tx, own, wanted))
            elif wanted:
                made.update(self._add_pipeline(tx, planned, wanted))
        tx.flush()
        self.refresh()
        return made

    def _add_to(self, tx: Transaction, own: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> dict[int, int]:
        made = {}
        gone = self._gone(own[0]["pipeline_id"])
        last = max(row["position"] for row in wanted)
        after = [s for s in own if s["is_won"] and s["position"] <= last]
        for number, stage in enumerate(after, 1):
            tx.change("stage", stage["id"], {"position": last + number})
        for stage in wanted:
            row = {name: stage[name] for name in ("name", "position", "probability_bp")}
            if stage["name_key"] in gone:  # it was removed, and comes back with its history
                made[stage["id"]] = gone[stage["name_key"]]["id"]
                tx.change("stage", made[stage["id"]], {**row, "is_won": False, "removed_at": None})
            else:
                made[stage["id"]] = tx.add("stage", {**row, "pipeline_id": own[0]["pipeline_id"]})
        return made

    def _add_pipeline(
        self, tx: Transaction, planned: list[dict[str, Any]], wanted: list[dict[str, Any]]
    ) -> dict[int, int]:
        """Also a first step and the won stage, whatever is `wanted`: a pipeline has both."""
        position = max((row[0] for row in self.ctx.reader.rows("SELECT position FROM pipeline")), default=0)
        pipeline = tx.add("pipeline", {"name": planned[0]["pipeline"], "position": position + 1})
        made = {planned[0]["pipeline_id"]: pipeline}
        steps = [row for row in wanted if not row["is_won"]] or planned[:1]
        for row in (*steps, planned[-1]):
            values_ = {name: row[name] for name in ("name", "position", "probability_bp", "is_won")}
            made[row["id"]] = tx.add("stage", {**values_, "pipeline_id": pipeline})
        return made

    # --- looking up ---

    def find(self, pipeline: str, stage: str, status: str) -> tuple[dict[str, Any], str]:
        """(the stage's row, open|won|lost) for names as the file has them. Raises FieldError where the pipeline has no
        stage of that kind."""
        key = (pipeline, stage, status)
        found = self._cache.get(key)
        if found is None:
            found = self._look(pipeline, stage, status)
            self._cache[key] = found
        return found

    def _look(self, pipeline: str, stage: str, status: str) -> tuple[dict[str, Any], str]:
        own = self._own(pipeline)
        step = stage if stage and not is_end(stage) else ""
        if not own or (step and status != "won" and not any(s["name_key"] == fold(step) for s in own)):
            # Somebody took it out after the file was looked through.
            self.expect([NewStage(pipeline, step)])
            own = self._own(pipeline)
        named = next((s for s in own if stage and s["name_key"] == fold(stage)), None)
        outcome = status or ending(stage, own=named is not None and not named["is_won"]) or "open"
        if named is not None and named["is_won"] and status in ("", "won"):
            return named, "won"
        if outcome == "won":
            won = next((s for s in own if s["is_won"]), None)
            if won is None:
                raise FieldError(f"the pipeline {own[0]['pipeline']} has no won stage", "stage")
            return won, "won"
        steps = sorted((s for s in own if not s["is_won"]), key=lambda s: bool(s["folded"]))
        first = steps[0] if steps else None
        if named is None or (named["is_won"] and outcome != "won"):
            named = first
        if named is None:
            raise FieldError(f"the pipeline {own[0]['pipeline']} has no stage but the won one", "stage")
        return named, outcome

    def goes(self, said: Said, current: Mapping[str, Any], usual: str) -> tuple[dict[str, Any], str]:
        """(the stage's row, open|won|lost) of a record, by what its row says and where it stands (`current`). A stage
        is looked for in the record's own pipeline first if the row names none, then in the `usual` one, "" for the
        first. Who is lost stays where it was, and so does who is open where the row names no stage and no other
        pipeline. Raises FieldError as `find` does."""
        stands = (current["stage_id"], current.get("pipeline_id"), current["status"])
        found = self._ways.get((said, usual, stands))
        if found is None:
            found = self._ways[said, usual, stands] = self._way(said, usual, *stands)
        return found

    def _way(
        self, said: Said, usual: str, stage_id: int, pipeline_id: int | None, state: str
    ) -> tuple[dict[str, Any], str]:
        every = [*self._rows, *self._planned]
        here = next((s for s in every if s["id"] == stage_id), None)
        home = next((s["pipeline"] for s in every if s["pipeline_id"] == pipeline_id), "")
        pipeline = said.pipeline or self._searched(said.stage, home, usual)
        status = said.status or ("" if said.stage else state)
        stage, outcome = self.find(pipeline, said.stage, status)
        named = bool(said.stage) and fold(said.stage) == stage["name_key"]
        elsewhere = bool(said.pipeline) and fold(said.pipeline) != fold(home)
        wins = here["is_won"] if here else state == "won"
        if named or elsewhere or bool(wins) != (outcome == "won"):
            return stage, outcome
        return here or stage | {"id": stage_id, "pipeline_id": pipeline_id}, outcome

    def _searched(self, stage: str, home: str, usual: str) -> str:
        """The pipeline in which a row's stage is looked for that names none."""

        def has(pipeline: str) -> bool:
            key = self._pipeline_key(pipeline)
            return any(s["name_key"] == fold(stage) and fold(s["pipeline"]) == key for s in self._rows)

        step = stage and not is_end(stage)
        return usual if not has(home) and (step or has(usual)) else home


def said(block: Block, row: int, fills: Container[str]) -> Said:
    """What a row says of where its record stands; what a profile sets for it is not its own. `fills` are the fields
    that rows of the file can have."""

    def own(name: str, column: str, values: Sequence[str | None] | None) -> str:
        only = block.only_set.get(column)
        return (values[row] or "") if values and name in fills and not (only and only[row]) else ""

    stage = own("stage", "stage_id", block.links.get("stage"))
    # Flags beside a stage tell its outcome; they are no status by themselves.
    status = own("status", "status", block.states) or (block.states[row] or "" if stage and block.states else "")
    return Said(own("pipeline", "pipeline_id", block.links.get("pipeline")), stage, status)


def place(
    stages: Stages, block: Block, lost_reasons: Sequence[int | None] | None, ctx: Context, bad: Problems
) -> dict[str, list[Any]]:
    """The columns of leads and deals that follow from their stage, status and dates; `values.create` gives one record
    the same. Rows that can stand nowhere are among the problems afterwards."""
    columns = block.columns
    if block.states is None:
        block.states = list(columns.get("status") or [None] * len(block))
    stamp = show_instant(ctx.env.now)
    made = columns.get("created_at") or [None] * len(block)
    out: dict[str, list[Any]] = {}
    owners = columns.get("owner_id")
    if owners:
        given = columns.get("assigned_at") or [None] * len(block)
        out["assigned_at"] = [g or (m or stamp if o else None) for g, m, o in zip(given, made, owners, strict=True)]
    told = (block.links.get("stage"), block.links.get("pipeline"), columns.get("status"), columns.get("probability_bp"))
    if any(told) or "closed_at" in columns:
        found = _standing(stages, block, lost_reasons, ctx, bad)
        states = [row[2] for row in found]
        _put_aside(block, states, lost_reasons)
        return out | {name: list(column) for name, column in zip(STANDING, zip(*found, strict=True), strict=True)}
    if lost_reasons:
        _put_aside(block, ["open"] * len(block), lost_reasons)
        out["lost_reason_id"] = [None] * len(block)
    row, _ = stages.find("", "", "")
    out["stage_id"] = [row["id"]] * len(block)
    out["pipeline_id"] = [row["pipeline_id"]] * len(block)
    out["probability_bp"] = [row["probability_bp"]] * len(block)
    out["stage_since"] = columns.get("stage_since") or [m or stamp for m in made]
    return out


def _put_aside(block: Block, states: Sequence[str | None], reasons: Sequence[int | None] | None) -> None:
    """Mark the rows that say when an open deal was closed, or why one that is not lost was."""
    closed = block.told.get("closed_at")
    if closed:
        aside = [bool(at) and state == "open" for state, at in zip(states, closed, strict=True)]
        if any(aside):
            block.told["closed_at"] = [None if left else at for left, at in zip(aside, closed, strict=True)]
            block.idle["closed_at"] = aside
    if reasons:
        block.idle["lost_reason"] = [bool(why) and state != "lost" for state, why in zip(states, reasons, strict=True)]


def _standing(
    stages: Stages, block: Block, lost_reasons: Sequence[int | None] | None, ctx: Context, bad: Problems
) -> list[tuple[Any, ...]]:
    """Where each record stands: a row of `STANDING` for each."""
    columns, none = block.columns, [None] * len(block)
    rows = zip(
        block.links.get("pipeline") or none, block.links.get("stage") or none, columns.get("status") or none,
        columns.get("probability_bp") or none, columns.get("probability_manual") or none,
        columns.get("created_at") or none, columns.get("closed_at") or none, columns.get("archived_at") or none,
        columns.get("close_on") or none, columns.get("stage_since") or none, lost_reasons or none,
        columns.get("updated_at") or none, strict=True,
    )  # fmt: skip
    stamp, midnight = show_instant(ctx.env.now), _Midnights(ctx)
    found: list[tuple[Any, ...]] = []
    for pipeline, stage, state, points, by_hand, born, closed, archived, close_on, since, reason, changed in rows:
        try:
            row, outcome = stages.find(pipeline or "", stage or "", state or "")
        except FieldError as error:
            bad[len(found)] = Problem("stage", stage or state or "", error.message)
            found.append((None,) * len(STANDING))
            continue
        where = (row["id"], row["pipeline_id"], outcome)
        if outcome == "open":
            # A figure of a file of our own says itself whether it was set by hand.
            hand = points is not None if by_hand is None else bool(by_hand and points is not None)
            chance = row["probability_bp"] if points is None else points
            found.append((*where, chance, hand, None, archived, since or born or stamp, None))
            continue
        if not closed:
            due = midnight(close_on) if close_on else ""
            closed = due if "" < due <= stamp else changed or born or stamp
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
    return [next_position(tx, number) for number in stage_ids]
