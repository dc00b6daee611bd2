"""The stages of pipelines as rows: all of them, by name, by number, where something new starts; a place in a column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.text import fold
from crmcli.errors import ConflictError, FieldError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: The cards of a column of the board are so far apart, so that one can be put between two.
APART = 1024


class Lack(NamedTuple):
    """A pipeline, and the sort of stage that it has none of: "open" or "won"."""

    pipeline: int
    name: str
    sort: str


def incomplete(connection: Connection) -> set[Lack]:
    """What pipelines lack: each needs a stage to start in and one that is won. Without the first all that is added
    would be won at once; without the second nothing could be."""
    sql = (
        "SELECT p.id, p.name, sum(CASE WHEN s.is_won IS FALSE THEN 1 ELSE 0 END),"
        " sum(CASE WHEN s.is_won IS TRUE THEN 1 ELSE 0 END) FROM pipeline p"
        " LEFT JOIN stage s ON s.pipeline_id = p.id AND s.removed_at IS NULL GROUP BY p.id, p.name"
    )
    found: set[Lack] = set()
    for number, name, *counts in connection.rows(sql):
        found.update(Lack(number, name, sort) for sort, count in zip(("open", "won"), counts, strict=True) if not count)
    return found


def check_not_last(ctx: Context, stage: Mapping[str, Any]) -> None:
    """That a stage which is to go, or to become one of the other sort, leaves its pipeline another of its own. Raises
    UsageError."""
    won = bool(stage["is_won"])
    own = [s for s in every_stage(ctx) if s["pipeline_id"] == stage["pipeline_id"] and bool(s["is_won"]) == won]
    if [s["id"] for s in own] == [stage["id"]]:
        words = ("stage", "add", "NAME", "--pipeline", stage["pipeline"], *(("won=yes",) if won else ()))
        raise UsageError(
            f"{stage['name']} is the only {'won' if won else 'open'} stage of the pipeline {stage['pipeline']}, which"
            " needs one",
            f"add another first: {ctx.settings.calling(*words)}",
        )


def stage_by_id(ctx: Context, number: int | None) -> dict[str, Any] | None:
    """The stage of this number; None where there is none, or it was removed."""
    return next((s for s in every_stage(ctx) if s["id"] == number), None) if number else None


def every_stage(ctx: Context, *, removed: bool = False) -> list[dict[str, Any]]:
    """Every stage in the order of its pipeline, as plain rows; with `removed` those instead that were taken out."""
    names = ("id", "name", "name_key", "pipeline_id", "position", "probability_bp", "is_won", "folded", "rot_days")
    sql = (
        f"SELECT {', '.join('s.' + n for n in names)}, p.name FROM stage s JOIN pipeline p ON p.id = s.pipeline_id"
        f" WHERE s.removed_at IS {'NOT ' if removed else ''}NULL ORDER BY p.position, p.id, s.position, s.id"
    )
    return [dict(zip((*names, "pipeline"), row, strict=True)) for row in ctx.reader.rows(sql)]


def stage_named(ctx: Context, text: str, pipeline_id: int | None) -> dict[str, Any]:
    """A stage by its name or the start of it, in the record's own pipeline; a new record (None) takes the first that
    fits. Raises FieldError."""
    key, every = fold(text), every_stage(ctx)
    own = [s for s in every if s["pipeline_id"] == pipeline_id] if pipeline_id else every
    fits = [s for s in own if s["name_key"] == key] or [s for s in own if s["name_key"].startswith(key)]
    if len(fits) == 1 or (fits and fits[0]["name_key"] == key):
        return fits[0]
    elsewhere = next((s for s in every if s["name_key"] == key), None)
    if not fits and elsewhere is not None:
        raise FieldError(
            f"the stage '{elsewhere['name']}' is in the pipeline {elsewhere['pipeline']}, another one",
            hint=f"to go there: pipeline={_word(elsewhere['pipeline'])} stage={_word(elsewhere['name'])}",
        )
    names = ", ".join(dict.fromkeys(s["name"] for s in own))
    raise FieldError(
        f"there is no stage '{text}'" if not fits else f"'{text}' fits several stages", hint=f"stages: {names}"
    )


def _word(text: str) -> str:
    """A name as it is typed in a shell."""
    return text if re.fullmatch(r"[\w.+-]+", text) else f'"{text}"'


def first_stage(ctx: Context, pipeline_id: int | None) -> dict[str, Any]:
    """Where a new record starts: the first stage of its pipeline that is neither won nor folded."""
    own = [s for s in every_stage(ctx) if s["pipeline_id"] == pipeline_id] if pipeline_id else every_stage(ctx)
    usable = [s for s in own if not s["is_won"]] or own
    if not usable:
        raise UsageError("there is no stage to start in", f"add one: {ctx.settings.calling('stage', 'add', 'New')}")
    return next((s for s in usable if not s["folded"]), usable[0])


def hold(tx: Transaction, number: int) -> None:
    """Let nothing more into a stage that is to change until the transaction ends, and wait for what is on its way.
    Whoever also takes the names (`names_alone`, a new word) takes them first: in one order nobody waits for ever."""
    if tx.connection.dialect == "postgresql":
        tx.connection.run("SELECT 1 FROM stage WHERE id = ? FOR UPDATE", (number,))


def check_there(tx: Transaction, stage: Mapping[str, Any]) -> None:
    """That a stage which something is to come into is as it was read, and stays so until the transaction ends. Raises
    ConflictError. (SQLite has one writer anyway.)"""
    if tx.connection.dialect == "sqlite" or ("stage", stage["id"]) in tx.memory:
        return
    sql = "SELECT is_won FROM stage WHERE id = ? AND removed_at IS NULL FOR KEY SHARE"
    found = tx.connection.one(sql, (stage["id"],))
    if found is None or bool(found[0]) != bool(stage["is_won"]):
        raise ConflictError(f"the stage {stage['name']} was changed by somebody else meanwhile", "try again")
    tx.memory["stage", stage["id"]] = 1


def next_position(tx: Transaction, stage_id: int) -> int:
    """The place at the end of a stage's column."""
    key = ("position", stage_id)
    if key not in tx.memory:
        last = tx.connection.value("SELECT max(position) FROM opportunity WHERE stage_id = ?", (stage_id,))
        tx.memory[key] = int(last or 0)
    tx.memory[key] += APART
    return tx.memory[key]
