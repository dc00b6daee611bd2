"""Pipelines and their stages: the board as figures, and making, changing, ordering, removing stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import pipeline as rules
from crmcli.domain.change import written
from crmcli.domain.entities import DEAL, ENTITIES, PIPELINE, STAGE
from crmcli.domain.fields import suggest
from crmcli.domain.text import blank as is_blank
from crmcli.domain.text import check_text, fold
from crmcli.errors import ConflictError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import kept_filters, values
from crmcli.services.records import bound, columns_for, filter_text
from crmcli.services.stages import check_not_last, every_stage, hold, next_position
from crmcli.services.vocabulary import edit_word
from crmcli.store.read import where_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction


def board(ctx: Context, pipeline: str = "", words: Sequence[str] = ()) -> Rows:
    """The open deals by stage, a row for each stage and currency: count, those of them without a next step and those
    that rot, sum and weighted sum. `pipeline` narrows to one, `words` are a filter."""
    wanted = pipeline_id(ctx, pipeline) if pipeline else None
    ctx.learn()
    node = bound(ctx, DEAL, filter_text(DEAL, words))
    where = where_for(ctx.reader, DEAL)
    marked = ", ".join(
        f"sum(CASE WHEN {where.text(bound(ctx, DEAL, f'is:{state}', scope=False))} THEN 1 ELSE 0 END)"
        for state in ("idle", "rotting")
    )
    sql = (
        f"SELECT t.stage_id, t.currency, count(*), {marked}, sum(t.value_minor), sum({DEAL.field('weighted').sql})"
        f" FROM opportunity t WHERE t.kind = 'deal' AND {where.text(node)} GROUP BY t.stage_id, t.currency"
    )
    sums: dict[int, list[tuple[Any, ...]]] = {}
    for stage, *entry in ctx.reader.rows(sql, where.params):
        sums.setdefault(stage, []).append(tuple(entry))
    rows = []
    for stage in every_stage(ctx):
        if wanted is not None and stage["pipeline_id"] != wanted:
            continue
        for currency, count, idle, rotting, total, weighted in _by_currency(sums.get(stage["id"], [])):
            rows.append({
                "pipeline": stage["pipeline"], "stage": stage["name"], "count": int(count),
                "idle": int(idle), "rotting": int(rotting),
                "value": None if total is None else int(total), "weighted": None if weighted is None else int(weighted),
                "currency": currency or None, "probability": stage["probability_bp"], "won": bool(stage["is_won"]),
            })  # fmt: skip
    money, number = DEAL.field("value").type, DEAL.field("open_tasks").type
    columns = (
        Column("pipeline", None, "Pipeline"), Column("stage", None, "Stage"), Column("count", number, "Deals"),
        Column("idle", number, "No step"), Column("rotting", number, "Rotting"),
        Column("value", money, "Sum", "currency"), Column("weighted", money, "Weighted", "currency"),
        Column("currency", None, "Currency"), Column("probability", STAGE.field("probability").type, "Probability"),
    )  # fmt: skip
    return Rows(columns, rows, bars="count", empty="there is no pipeline")


def _by_currency(entries: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The sums of a stage (currency, three counts, sum, weighted sum) in the order of the currencies. Deals without an
    amount have none: they are counted with those of the only currency, and beside several by themselves."""
    named = sorted((e for e in entries if e[0] is not None), key=lambda e: str(e[0]))
    blank = next((e[1:4] for e in entries if e[0] is None), (0, 0, 0))
    if len(named) == 1:
        currency, *counts, total, weighted = named[0]
        return [(currency, *(int(a) + int(b) for a, b in zip(counts, blank, strict=True)), total, weighted)]
    return [*named, ("", *blank, None, None)] if blank[0] or not named else named


def pipelines(ctx: Context) -> Rows:
    """Every pipeline with its stages in order."""
    rows: dict[int, dict[str, Any]] = {}
    for number, name, position in ctx.reader.rows("SELECT id, name, position FROM v_pipeline ORDER BY position, id"):
        rows[number] = {"id": number, "name": name, "position": position, "stages": ""}
    for stage in every_stage(ctx):
        line = rows[stage["pipeline_id"]]
        line["stages"] += (", " if line["stages"] else "") + stage["name"]
    columns = (*columns_for(PIPELINE, ["id", "name", "position"]), Column("stages", None, "Stages"))
    return Rows(columns, list(rows.values()))


def stages(ctx: Context, pipeline: str = "") -> Rows:
    """The stages of one pipeline or of all, in order."""
    wanted = pipeline_id(ctx, pipeline) if pipeline else None
    columns = columns_for(STAGE, ["id", "pipeline", "name", "position", "probability", "is_won", "folded", "rot_days"])
    rows = [
        {**s, "probability": s["probability_bp"], "is_won": bool(s["is_won"]), "folded": bool(s["folded"])}
        for s in every_stage(ctx)
        if wanted in (None, s["pipeline_id"])
    ]
    return Rows(columns, [{c.name: row[c.name] for c in columns} for row in rows])


def pipeline_id(ctx: Context, name: str) -> int:
    """A pipeline by number or name; "" is the first one. Raises NotFoundError."""
    found = None
    if not name:
        found = ctx.reader.value("SELECT id FROM pipeline ORDER BY position, id LIMIT 1")
    elif name.isdecimal() and len(name) < 19:
        found = ctx.reader.value("SELECT id FROM pipeline WHERE id = ?", (int(name),))
    if name and found is None:
        found = ctx.reader.value("SELECT id FROM pipeline WHERE name_key = ?", (fold(name),))
    if found is None:
        known = ctx.names("pipeline")
        raise NotFoundError(f"there is no pipeline '{name}'", suggest(name, known) or f"known: {', '.join(known)}")
    return int(found)


def _stage(ctx: Context, name: str, pipeline: str) -> dict[str, Any]:
    """A stage by name, in `pipeline` where one is given. Raises NotFoundError, UsageError."""
    wanted = pipeline_id(ctx, pipeline) if pipeline else None
    every = every_stage(ctx)
    named = [s for s in every if s["name_key"] == fold(name)]
    own = [s for s in every if wanted in (None, s["pipeline_id"])]
    fits = [s for s in named if s in own]
    if named and not fits:
        raise NotFoundError(
            f"the stage '{named[0]['name']}' is in the pipeline {named[0]['pipeline']}, another one",
            f"stages here: {', '.join(s['name'] for s in own)}",
        )
    if not fits:
        raise NotFoundError(f"there is no stage '{name}'", suggest(name, [s["name"] for s in own], "crm stage list"))
    if len(fits) > 1:
        raise UsageError(f"several pipelines have a stage '{name}'", "say which with --pipeline NAME")
    return fits[0]


def _parse(ctx: Context, kind: Entity, assigned: Mapping[str, str]) -> dict[str, Any]:
    """Typed values of a stage or pipeline -> stored columns."""
    found = values.parsed(ctx, kind, assigned, {"pipeline": lambda name: pipeline_id(ctx, name)})
    if found.get("is_won"):
        found["probability_bp"] = 10_000
    return found


def stage_add(
    ctx: Context, name: str, *, pipeline: str = "", after: str = "", assigned: Mapping[str, str] | None = None
) -> Changed:
    """A new stage: behind `after`, else before the first won stage. Its probability, unless given, lies between its
    neighbours'. A stage of that name that was removed comes back with its history and what else it had."""
    with ctx.writing() as tx:
        tx.names_alone()
        home = pipeline_id(ctx, pipeline)
        own = [s for s in every_stage(ctx) if s["pipeline_id"] == home]
        if any(s["name_key"] == fold(name) for s in own):
            raise ConflictError(f"there is a stage '{name}' already")
        gone = next((s for s in every_stage(ctx, removed=True) if _same(s, home, name)), None)
        if after:
            place = own.index(_stage(ctx, after, pipeline or str(home))) + 1
        else:
            place = next((i for i, s in enumerate(own) if s["is_won"]), len(own))
        before, behind = (
            (own[place - 1]["probability_bp"] if place else 0),
            (own[place]["probability_bp"] if place < len(own) else 10_000),
        )
        typed = _parse(ctx, STAGE, {"name": name, **(assigned or {})})
        if gone:
            number = int(gone["id"])
            tx.change("stage", number, {**typed, "removed_at": None})
        else:
            number = tx.add("stage", {"pipeline_id": home, "probability_bp": (before + behind) // 2, **typed})
        _order(tx, own[:place], number, own[place:])
    name = written(tx.changes, "stage", number, "name", name)
    line = f"brought back stage {name} with its history" if gone else f"added stage {name}"
    return Changed((line,), tuple(tx.changes), ctx.batch, (number,), "stage")


def _same(stage: Mapping[str, Any], home: int, name: str) -> bool:
    """Whether a stage goes by that name in that pipeline."""
    return bool(stage["pipeline_id"] == home and stage["name_key"] == fold(name))


def _order(tx: Transaction, before: list[dict[str, Any]], number: int, after: list[dict[str, Any]]) -> None:
    """Number the stages of a pipeline anew, leaving those that are in order."""
    last = 0
    for i in [*(s["id"] for s in before), number, *(s["id"] for s in after)]:
        position = tx.row("stage", i).get("position") or 0
        if position <= last:
            position = last + 1
            tx.change("stage", i, {"position": position})
        last = position


def stage_edit(ctx: Context, name: str, assigned: Mapping[str, str], *, pipeline: str = "") -> Changed:
    """Change a stage. A stage made a won one wins the deals in it, removed ones too; unmade, they are open again. What
    is lost stays so. Automatic probabilities follow the stage's. Raises UsageError where the pipeline would have no
    open stage left, or no won one."""
    known = kept_filters.working(ctx)
    with ctx.writing() as tx:
        tx.names_alone()
        stage = _stage(ctx, name, pipeline)
        changes = _parse(ctx, STAGE, assigned)
        if "pipeline_id" in changes and changes["pipeline_id"] != stage["pipeline_id"]:
            raise UsageError("a stage stays in its pipeline", "add one there, and move the deals")
        _check_name(ctx, stage, changes.get("name", stage["name"]))
        after = {**stage, **changes}
        if bool(after["is_won"]) != bool(stage["is_won"]):
            check_not_last(ctx, stage)
        tx.change("stage", stage["id"], changes)
        if after["probability_bp"] != stage["probability_bp"] or bool(after["is_won"]) != bool(stage["is_won"]):
            hold(tx, stage["id"])
            sql = "SELECT id FROM opportunity WHERE stage_id = ? AND status <> 'lost'"
            for number, row in tx.rows("deal", [row[0] for row in ctx.reader.rows(sql, (stage["id"],))]).items():
                entered, _ = rules.enter(row, after, tx.stamp)
                tx.change("deal", number, entered)
    name = written(tx.changes, "stage", stage["id"], "name", stage["name"])
    lines = (f"changed stage {name}", *kept_filters.broken(ctx, known))
    return Changed(lines, tuple(tx.changes), ctx.batch, (stage["id"],), "stage")


def _check_name(ctx: Context, stage: Mapping[str, Any], name: str) -> None:
    """Refuse a name that another stage of the pipeline goes by, or went by."""
    for removed in (False, True):
        for other in every_stage(ctx, removed=removed):
            if other["id"] != stage["id"] and _same(other, stage["pipeline_id"], name):
                raise ConflictError(
                    f"a stage that was removed is called '{other['name']}'"
                    if removed
                    else f"there is a stage '{other['name']}' already",
                    f"its history keeps the name; to have it back: crm stage add '{other['name']}'" if removed else "",
                )


def stage_reorder(ctx: Context, names: Sequence[str], *, pipeline: str = "") -> Changed:
    """Put the stages of a pipeline in this order; those not named keep theirs, behind the open ones."""
    with ctx.writing() as tx:
        tx.names_alone()
        home = pipeline_id(ctx, pipeline)
        own = [s for s in every_stage(ctx) if s["pipeline_id"] == home]
        first = [_stage(ctx, name, pipeline or str(home)) for name in names]
        if len({s["id"] for s in first}) != len(first):
            raise UsageError("a stage is named twice")
        rest = [s for s in own if s not in first]
        won = [s for s in rest if s["is_won"]]
        order = [*first, *(s for s in rest if not s["is_won"]), *won]
        # Two orders of the same stages, of which the earlier is undone, get along if each numbers all of them.
        for position, stage in enumerate(order, start=1) if order != own else ():
            tx.change("stage", stage["id"], {"position": position})
    return Changed((f"stages: {', '.join(s['name'] for s in order)}",), tuple(tx.changes), ctx.batch, (), "stage")


def stage_remove(ctx: Context, name: str, *, to: str = "", pipeline: str = "") -> Changed:
    """Remove a stage; what is in it goes to another one (`to`), lost ones stay lost. A stage that leads or deals have
    been in stays in their history, hidden everywhere else, until one of its name is added again.

    Raises UsageError where something is in it and `to` is not said or does not fit: what is won goes to a won stage,
    what is open to an open one; and where it is the last open or won stage of its pipeline.
    """
    moved = {"lead": 0, "deal": 0}
    known = kept_filters.working(ctx)
    with ctx.writing() as tx:
        tx.names_alone()
        stage = _stage(ctx, name, pipeline)
        target = _stage(ctx, to, pipeline or str(stage["pipeline_id"])) if to else None
        if target and target["id"] == stage["id"]:
            raise UsageError("they cannot go to the stage that is removed")
        check_not_last(ctx, stage)
        hold(tx, stage["id"])
        # As they stand on the board, for so they are put behind what is in the other stage.
        sql = "SELECT id FROM opportunity WHERE stage_id = ? ORDER BY position, id"
        held = tx.rows("deal", [row[0] for row in ctx.reader.rows(sql, (stage["id"],))])
        if held and target is None:
            raise UsageError(f"{len(held)} leads and deals are in {stage['name']}", "say where they go: --to STAGE")
        if held and target and bool(target["is_won"]) != bool(stage["is_won"]):
            raise UsageError(
                f"what is in {stage['name']} is won and stays so"
                if stage["is_won"]
                else f"what is in {stage['name']} is not won by that",
                f"name {'a won' if stage['is_won'] else 'an open'} stage with --to, or move the deals first",
            )
        if target:
            for row in held.values():
                moved[row["kind"]] += _put(tx, row, target)
        if held or ctx.reader.value("SELECT 1 FROM stage_move WHERE stage_id = ? LIMIT 1", (stage["id"],)):
            tx.change("stage", stage["id"], {"removed_at": tx.stamp})
        else:
            tx.delete("stage", stage["id"])
    lines = [f"removed stage {stage['name']}"]
    if target and held:
        counted = [f"{n} {ENTITIES[k].plural if n != 1 else k}" for k, n in moved.items() if n]
        lines.append(f"moved to {target['name']}: {', '.join(counted)}")
    lines += kept_filters.broken(ctx, known)
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (), "stage")


def _put(tx: Transaction, row: dict[str, Any], stage: Mapping[str, Any]) -> bool:
    """Put a lead or deal into another stage: as `rules.enter` does, but a lost one stays lost."""
    entered, left = rules.enter(row, dict(stage), tx.stamp)
    if row["status"] == "lost":
        entered = {c: entered[c] for c in ("stage_id", "pipeline_id", "stage_since")}
    if left:
        tx.add("stage_move", left)
    return tx.change(row["kind"], row["id"], {**entered, "position": next_position(tx, stage["id"])})


def pipeline_add(ctx: Context, name: str, stages: Sequence[str] = ()) -> Changed:
    """A new pipeline with these stages (the last one is the won stage), or with the usual four."""
    with ctx.writing() as tx:
        if tx.word("pipeline", name, create=False) is not None:
            raise ConflictError(f"there is a pipeline '{name}' already")
        last = int(ctx.reader.value("SELECT max(position) FROM pipeline") or 0)
        number = tx.add("pipeline", {**_parse(ctx, PIPELINE, {"name": name}), "position": last + 1})
        for row in _first_stages(stages):
            tx.add("stage", {**row, "pipeline_id": number})
    name = written(tx.changes, "pipeline", number, "name", name)
    return Changed((f"added pipeline {name}",), tuple(tx.changes), ctx.batch, (number,), "pipeline")


def _first_stages(names: Sequence[str]) -> list[dict[str, Any]]:
    clean = [" ".join(check_text(name).split()) for name in names if not is_blank(name)]
    if not clean:
        return [dict(stage) for stage in rules.FIRST_STAGES]
    if len({fold(name) for name in clean}) != len(clean):
        raise UsageError("a stage is named twice")
    if len(clean) < 2:
        raise UsageError("a pipeline needs two stages at least: one to start in and one that is won")
    open_ones = len(clean) - 1
    found = [
        {"name": n, "position": i + 1, "probability_bp": 10_000 * (i + 1) // (open_ones + 1)}
        for i, n in enumerate(clean[:-1])
    ]
    return [*found, {"name": clean[-1], "position": open_ones + 70, "probability_bp": 10_000, "is_won": True}]


def pipeline_edit(ctx: Context, name: str, assigned: Mapping[str, str]) -> Changed:
    """Change a pipeline's name or place."""
    return edit_word(ctx, PIPELINE, pipeline_id(ctx, name), name, _parse(ctx, PIPELINE, assigned))
