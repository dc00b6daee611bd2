"""The types of tasks as words of the book: listed, added, edited, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import task_kinds
from crmcli.domain.change import written
from crmcli.domain.entities import TASK_TYPE
from crmcli.domain.fields import suggest
from crmcli.domain.text import fold
from crmcli.errors import ConflictError, FieldError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import kept_filters, values
from crmcli.services.linking import spelt
from crmcli.services.links import LINKS
from crmcli.services.records import columns_for
from crmcli.services.vocabulary import edit_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context

#: What is said of each type in a list.
SHOWN = ("id", "name", "delay", "delay_from", "summary", "minutes", "next_type", "next_mode", "counts_as")


def task_types(ctx: Context) -> Rows:
    """Every type with what is usual for it, and how many open tasks are of it."""
    columns = (*columns_for(TASK_TYPE, SHOWN), Column("open", TASK_TYPE.by_name["id"].type, "Open tasks"))
    sql = (
        f"SELECT {', '.join('t.' + name for name in SHOWN)}, (SELECT count(*) FROM task k WHERE k.type_id = t.id"
        " AND coalesce(k.done_at, k.removed_at) IS NULL) FROM v_task_type t"
    )
    rows = [dict(zip((*SHOWN, "open"), row, strict=True)) for row in ctx.reader.rows(sql)]
    for row in rows:
        row["counts_as"] = task_kinds.counts_as(row)
    return Rows(columns, sorted(rows, key=lambda row: fold(row["name"])), empty="no types of task yet")


def add(ctx: Context, name: str, assigned: Mapping[str, str]) -> Changed:
    """A new type of task. Raises FieldError, ConflictError where there is one of that name."""
    with ctx.writing() as tx:
        if tx.word("task_type", name, create=False) is not None:
            raise ConflictError(f"there is a task type '{name}' already")
        row = _parse(ctx, {"name": name, **assigned}, itself=name)
        itself = row.pop("next_type_id", None)
        number = tx.add("task_type", row)
        if itself is not None:
            tx.change("task_type", number, {"next_type_id": itself or number})
    name = written(tx.changes, "task_type", number, "name", name)
    return Changed((f"added task type {name}",), tuple(tx.changes), ctx.batch, (number,), "task_type")


def edit(ctx: Context, name: str, assigned: Mapping[str, str]) -> Changed:
    """Change a type; its tasks stay of it when its name changes, and count as what they counted as. Raises FieldError,
    NotFoundError, ConflictError."""
    number, changes = find(ctx, name), _parse(ctx, assigned)
    found = ctx.reader.rows("SELECT name, counts_as FROM task_type WHERE id = ?", (number,))
    before = dict(zip(("name", "counts_as"), found[0], strict=True))
    was = task_kinds.said(before)
    if was and "counts_as" not in changes and task_kinds.said({**before, **changes}) != was:
        changes["counts_as"] = was
    return edit_word(ctx, TASK_TYPE, number, name, changes)


def remove(ctx: Context, name: str, to: str = "") -> Changed:
    """Forget a type. What is of it (tasks, steps of plans), and what it comes after, gets the type `to` instead; raises
    UsageError where there is such a thing and `to` is not said."""
    known = kept_filters.working(ctx)
    with ctx.writing() as tx:
        tx.names_alone()
        number = find(ctx, name)
        target = find(ctx, to) if to else None
        if target == number:
            raise UsageError("they cannot be of the type that is removed")
        tx.hold("task_type", [n for n in (number, target) if n])
        users = {(table, column): _having(ctx, table, column, number) for table, column in LINKS["task_type"]}
        users["task_type", "next_type_id"] = [n for n in users["task_type", "next_type_id"] if n != number]
        if target is None and any(users.values()):
            raise UsageError(f"{_counted(users)} {name}", "say what they are instead: --to TYPE")
        moved = 0
        for (table, column), records in users.items():
            for record in tx.rows(table, records):
                moved += tx.change(table, record, {column: target})
        tx.flush()
        tx.delete("task_type", number)
    lines = [f"removed task type {name}"]
    if target is not None and moved:
        lines.append(f"{_counted(users)} {to} now")
    lines += kept_filters.broken(ctx, known)
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (), "task_type")


def _having(ctx: Context, table: str, column: str, number: int) -> list[int]:
    return [row[0] for row in ctx.reader.rows(f"SELECT id FROM {table} WHERE {column} = ? ORDER BY id", (number,))]


def _counted(users: Mapping[tuple[str, str], list[int]]) -> str:
    """What uses a type: `2 tasks and 1 step of a plan are of the type`."""
    words = {"task": ("task", "tasks"), "plan_step": ("step of a plan", "steps of plans"),
             "task_type": ("type that leads to it", "types that lead to it")}  # fmt: skip
    parts = [f"{len(found)} {words[table][len(found) != 1]}" for (table, _), found in users.items() if found]
    total = sum(map(len, users.values()))
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"{listed} {'is' if total == 1 else 'are'} of the type"


def find(ctx: Context, name: str) -> int:
    """A type by its name, however it is spelt (e-mail), or by its number. Raises NotFoundError."""
    known = ctx.names("task_type")
    found = ctx.reader.value("SELECT id FROM task_type WHERE name_key = ?", (fold(spelt(known, name.strip())),))
    if found is None and name.isdecimal() and len(name) < 19:
        found = ctx.reader.value("SELECT id FROM task_type WHERE id = ?", (int(name),))
    if found is None:
        raise NotFoundError(f"there is no task type '{name}'", suggest(name, known) or f"known: {', '.join(known)}")
    return int(found)


def _parse(ctx: Context, assigned: Mapping[str, str], *, itself: str = "") -> dict[str, Any]:
    """Typed values -> stored columns. The next type of one that is `itself` being made is 0 where it is that one."""

    def following(name: str) -> int | None:
        if not name.strip():
            return None
        return 0 if itself and fold(name) == fold(itself) else find(ctx, name)

    found = values.parsed(ctx, TASK_TYPE, assigned, {"next_type": following})  # type: ignore[dict-item]
    if (found.get("delay") or "").startswith("-"):
        raise FieldError("delay: what comes after a task is not due before it", "delay", "write 3d, 2w, 1m or 5wd")
    return found
