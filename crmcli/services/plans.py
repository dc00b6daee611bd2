"""Plans: tasks that are made together, each so many days before or after a day; written down, and started on records.

What a plan makes are tasks like others: nothing of them hangs on the plan any more.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.domain.change import written
from crmcli.domain.dates import When, describe, parse_day
from crmcli.domain.entities import PLAN, PLAN_STEP, TASK
from crmcli.domain.fields import suggest
from crmcli.domain.offsets import shifted
from crmcli.domain.text import blank, check_text, fold
from crmcli.errors import AmbiguousError, ConflictError, FieldError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import linking, values
from crmcli.services.records import columns_for
from crmcli.services.vocabulary import edit_word
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction

#: Whose a step is, where that is no user of its own.
OWNER, ASK, USER = "owner", "ask", "user"
#: So many of the tasks that a start made are named.
MOST = 30


# --- plans -----------------------------------------------------------------------------------------------------------


def plans(ctx: Context) -> Rows:
    """Every plan with its steps in order."""
    rows: dict[int, dict[str, Any]] = {}
    for number, name in ctx.reader.rows("SELECT id, name FROM plan ORDER BY name_key"):
        rows[number] = {"id": number, "name": name, "count": 0, "steps": ""}
    for plan, name, due in ctx.reader.rows("SELECT plan_id, name, offset_days FROM plan_step ORDER BY position, id"):
        line = rows[plan]
        line["count"] += 1
        line["steps"] += f"{', ' if line['steps'] else ''}{name} ({due})"
    number = PLAN.by_name["id"].type
    columns = (*columns_for(PLAN, ["id", "name"]), Column("count", number, "Tasks"), Column("steps", None, "Steps"))
    return Rows(columns, list(rows.values()), empty="no plans yet: crm plan add NAME")


def show(ctx: Context, name: str) -> Rows:
    """The steps of a plan in order, by their places. Raises NotFoundError."""
    plan = find(ctx, name)
    columns = (
        Column("place", PLAN_STEP.by_name["position"].type, "Place"),
        *columns_for(PLAN_STEP, ["name", "type", "due", "minutes"]), Column("who", None, "Who"),
        *columns_for(PLAN_STEP, ["description"]),
    )  # fmt: skip
    sql = (
        "SELECT name, type, due, minutes, coalesce(assignee, who), description FROM v_plan_step"
        " WHERE plan_id = ? ORDER BY position, id"
    )
    names = [column.name for column in columns]
    rows = [dict(zip(names, (at, *row), strict=True)) for at, row in enumerate(ctx.reader.rows(sql, (plan,)), 1)]
    title = str(ctx.reader.value("SELECT name FROM plan WHERE id = ?", (plan,)))
    hint = f"no steps yet: {ctx.settings.calling('plan', 'step', 'add', title, 'Call', '--due', '1d')}"
    return Rows(columns, rows, title=title, empty=hint, numbered=False)


def add(ctx: Context, name: str) -> Changed:
    """A new plan, without steps. Raises FieldError, ConflictError where there is one of that name."""
    if blank(name):
        raise FieldError("a plan needs a name", "name", "as in: crm plan add Onboarding")
    with ctx.writing() as tx:
        if tx.word("plan", name, create=False) is not None:
            raise ConflictError(f"there is a plan '{name}' already")
        number = tx.word("plan", name)
        assert number is not None
    name = written(tx.changes, "plan", number, "name", name)
    return Changed((f"added plan {name}",), tuple(tx.changes), ctx.batch, (number,), "plan")


def edit(ctx: Context, name: str, assigned: Mapping[str, str]) -> Changed:
    """Give a plan another name. Raises FieldError, NotFoundError, ConflictError."""
    return edit_word(ctx, PLAN, find(ctx, name), name, values.parsed(ctx, PLAN, assigned))


def remove(ctx: Context, name: str) -> Changed:
    """Forget a plan and its steps; the tasks that it made stay. Raises NotFoundError."""
    with ctx.writing() as tx:
        plan = _held(ctx, tx, name)
        steps = tx.rows("plan_step", _ids(ctx, plan))
        for number in steps:
            tx.delete("plan_step", number)
        tx.delete("plan", plan)
    line = f"removed plan {name} and its {_counted(len(steps), 'step')}; tasks that it made stay"
    return Changed((line,), tuple(tx.changes), ctx.batch, (), "plan")


def find(ctx: Context, name: str) -> int:
    """A plan by its name, or by its number. Raises NotFoundError."""
    found = ctx.reader.value("SELECT id FROM plan WHERE name_key = ?", (fold(name),))
    if found is None and name.isdecimal() and len(name) < 19:
        found = ctx.reader.value("SELECT id FROM plan WHERE id = ?", (int(name),))
    if found is None:
        known = ctx.names("plan")
        hint = suggest(name, known) or (f"known: {', '.join(known)}" if known else "there is none: crm plan add NAME")
        raise NotFoundError(f"there is no plan '{name}'", hint)
    return int(found)


def _held(ctx: Context, tx: Transaction, name: str) -> int:
    """A plan that nobody else changes or gives a step until the transaction ends. Raises NotFoundError."""
    tx.names_alone()  # a step may make a type or a user, and names go before records
    plan = find(ctx, name)
    if plan not in tx.hold("plan", [plan]):
        raise NotFoundError(f"there is no plan '{name}' any more")
    return plan


# --- steps -----------------------------------------------------------------------------------------------------------


def step_add(ctx: Context, plan: str, name: str, assigned: Mapping[str, str]) -> Changed:
    """Add a step at the end of a plan; without a name it has that of its type. Raises FieldError, NotFoundError."""
    with ctx.writing() as tx:
        number = _held(ctx, tx, plan)
        typed = _parse(ctx, tx, assigned if blank(name) else {**assigned, "name": name})
        if "name" not in typed:
            usual = tx.row("task_type", typed["type_id"]).get("summary") if typed.get("type_id") else None
            if not usual:
                raise FieldError("a step needs a name", "name", "or a type that has a summary: crm task type list")
            typed["name"] = usual
        last = int(ctx.reader.value("SELECT max(position) FROM plan_step WHERE plan_id = ?", (number,)) or 0)
        step = tx.add("plan_step", {**typed, "plan_id": number, "position": last + 1})
        row = tx.row("plan_step", step)
    place = len(_ids(ctx, number))
    line = f"added step {place} {row['name']} ({row['offset_days']}) to plan {plan}"
    return Changed((line,), tuple(tx.changes), ctx.batch, (step,), "plan_step")


def step_edit(ctx: Context, plan: str, step: str, assigned: Mapping[str, str]) -> Changed:
    """Change a step, named by its place or its name. Raises FieldError, NotFoundError, AmbiguousError."""
    with ctx.writing() as tx:
        _held(ctx, tx, plan)
        number = _step(ctx, plan, step)
        tx.change("plan_step", number, _parse(ctx, tx, assigned))
        name = tx.row("plan_step", number)["name"]
    return Changed((f"changed step {name} of plan {plan}",), tuple(tx.changes), ctx.batch, (number,), "plan_step")


def step_remove(ctx: Context, plan: str, step: str) -> Changed:
    """Take a step, named by its place or its name, out of a plan. Raises NotFoundError, AmbiguousError."""
    with ctx.writing() as tx:
        _held(ctx, tx, plan)
        number = _step(ctx, plan, step)
        name = tx.row("plan_step", number)["name"]
        tx.delete("plan_step", number)
    return Changed((f"removed step {name} of plan {plan}",), tuple(tx.changes), ctx.batch, (), "plan_step")


def step_move(ctx: Context, plan: str, step: str, place: int) -> Changed:
    """Put a step at another place, counted from 1; what is further than the end is the end. Raises NotFoundError,
    AmbiguousError, UsageError for a place that is none."""
    if place < 1:
        raise UsageError(f"{place} is no place", "the first one is 1")
    with ctx.writing() as tx:
        _held(ctx, tx, plan)
        number = _step(ctx, plan, step)
        order = [other for other in _ids(ctx, find(ctx, plan)) if other != number]
        order.insert(place - 1, number)
        # Two orders of the same steps, of which the earlier is undone, get along if each numbers all of them.
        for position, other in enumerate(order, start=1):
            tx.change("plan_step", other, {"position": position})
        names = [tx.row("plan_step", other)["name"] for other in order]
    return Changed((f"{plan}: {', '.join(names)}",), tuple(tx.changes), ctx.batch, (number,), "plan_step")


def _ids(ctx: Context, plan: int) -> list[int]:
    sql = "SELECT id FROM plan_step WHERE plan_id = ? ORDER BY position, id"
    return [row[0] for row in ctx.reader.rows(sql, (plan,))]


def _step(ctx: Context, plan: str, step: str) -> int:
    """A step of a plan by its place, its name or the beginning of it."""
    sql = "SELECT id, name_key, name FROM plan_step WHERE plan_id = ? ORDER BY position, id"
    rows = ctx.reader.rows(sql, (find(ctx, plan),))
    if step.isdecimal() and 1 <= int(step) <= len(rows):
        return int(rows[int(step) - 1][0])
    key = fold(step)
    fits = [row for row in rows if row[1] == key] or [row for row in rows if key and row[1].startswith(key)]
    if len(fits) == 1:
        return int(fits[0][0])
    names = [f"{at}  {row[2]}" for at, row in enumerate(rows, 1)]
    if fits:
        some = [line for line, row in zip(names, rows, strict=True) if row in fits]
        raise AmbiguousError(f"'{step}' fits several steps of {plan}", some, "name one by its place")
    raise NotFoundError(f"there is no step '{step}' in {plan}", f"its steps: {', '.join(names) or 'none yet'}")


def _parse(ctx: Context, tx: Transaction, assigned: Mapping[str, str]) -> dict[str, Any]:
    """Typed values of a step -> stored columns; `who` is owner, ask, or a user."""
    rest = {name: text for name, text in assigned.items() if name not in ("who", "assignee", "type")}
    for name in ("plan", "position"):
        if name in rest:
            raise UsageError(f"the {name} of a step is not set", "its place is changed with: crm plan step move")
    found = values.parsed(ctx, PLAN_STEP, rest)
    if "type" in assigned:
        found["type_id"] = linking.link(ctx, tx, TASK.field("type"), check_text(assigned["type"]), {})
    who = check_text(assigned.get("assignee") or assigned.get("who") or "").strip()
    if "assignee" not in assigned and fold(who) in (OWNER, ASK):
        found |= {"who": fold(who), "assignee_id": None}
    elif who:
        found |= {"who": USER, "assignee_id": linking.link(ctx, tx, TASK.field("owner"), who, {})}
    elif "who" in assigned or "assignee" in assigned:
        raise FieldError("a step is somebody's", "who", "owner, ask, or the name of a user")
    return found


# --- starting one ----------------------------------------------------------------------------------------------------


def start(
    ctx: Context, plan: str, kind: Entity, numbers: Sequence[int], *, day: str = "", who: str = "", source: str = "cli"
) -> Changed:
    """Make the tasks of a plan on each of these records, counted from `day` (a date word; today unless given). `who` is
    a user, who gets what is asked for, and what is the owner's of a record that has none.

    Raises UsageError where the plan has no steps, or a step would be nobody's: nothing is made then.
    """
    env, today = ctx.env, ctx.env.now.date()
    begin = today
    if day.strip():
        begin = parse_day(day, env.now, env.calendar, week_start=env.week_start, workdays=env.workdays)
    with ctx.writing(source) as tx:
        tx.names_alone()  # users and types may be made, and names go before records
        steps = list(tx.rows("plan_step", _ids(ctx, find(ctx, plan))).values())
        if not steps:
            add_one = ctx.settings.calling("plan", "step", "add", plan, "Call", "--due", "1d")
            raise UsageError(f"the plan {plan} has no steps", f"add one: {add_one}")
        given = linking.link(ctx, tx, TASK.field("owner"), who, {}) if who.strip() else None
        days = [shifted(begin, s["offset_days"], calendar=env.calendar, workdays=env.workdays) for s in steps]
        tx.load(kind.name, list(numbers))
        _say_again(ctx, plan, kind, numbers, steps)
        made: list[int] = []
        for number in numbers:
            links = linking.link_columns(ctx, tx, kind, number)
            owners = _owners(ctx, tx, kind, number, steps, given)
            for step, due, owner in zip(steps, days, owners, strict=True):
                made.append(_task(ctx, tx, step, due, {**links, "owner_id": owner}))
        lines = _told(ctx, tx, plan, kind, numbers, begin, made)
    if past := sum(due < today for due in days):
        ctx.say(f"{past} of the {_counted(len(days), 'day')} {'is' if past == 1 else 'are'} past already")
    return Changed(lines, tuple(tx.changes), ctx.batch, tuple(made), "task")


def _task(ctx: Context, tx: Transaction, step: Mapping[str, Any], due: date, of: Mapping[str, Any]) -> int:
    """The task of a step on a record; what the step does not say is as usual for its type."""
    said = {column: step[column] for column in ("type_id", "minutes") if step.get(column) is not None}
    fixed = {**of, **said, "name": step["name"], "due_on": due.isoformat(), "description": step.get("description")}
    return values.create(ctx, tx, TASK, {}, fixed=fixed)


def _owners(
    ctx: Context, tx: Transaction, kind: Entity, number: int, steps: Sequence[Mapping[str, Any]], given: int | None
) -> list[int]:
    """Whose the task of each step is; an owner who is not active any more is none. Raises UsageError naming the steps
    that would be nobody's."""
    owner = tx.row(kind.name, number).get("owner_id")
    left = tx.row("user", owner)["name"] if owner is not None and not tx.row("user", owner)["active"] else ""
    found = []
    for step in steps:
        own = {OWNER: None if left else owner, ASK: None, USER: step.get("assignee_id")}[step["who"]]
        found.append(own if own is not None else given)
        user = tx.row("user", own) if step["who"] == USER and own is not None else {"active": True}
        if not user["active"]:
            whose = f"{user['name']}, whose the step {step['name']} is, is not active"
            raise UsageError(whose, "give it to somebody else: crm plan step edit")
    nobodys = [step for step, owner in zip(steps, found, strict=True) if owner is None]
    if not nobodys:
        return [owner for owner in found if owner is not None]
    asked = [step["name"] for step in nobodys if step["who"] == ASK]
    if asked:
        what = f"whose {'are' if len(asked) > 1 else 'is'} {', '.join(asked)}?"
        raise UsageError(f"{what} That is asked when the plan starts", "say --who NAME")
    names = ", ".join(step["name"] for step in nobodys)
    edit = ctx.settings.calling(kind.name, "edit", str(number), "owner=NAME")
    if left:
        what = f"{left}, who owns {kind.name}:{number}, is not active, and {names} would be theirs"
    else:
        what = f"{kind.name}:{number} has no owner, whose {names} would be"
    raise UsageError(what, f"say --who NAME, or give it {'another' if left else 'one'}: {edit}")


def _say_again(
    ctx: Context, plan: str, kind: Entity, numbers: Sequence[int], steps: Sequence[Mapping[str, Any]]
) -> None:
    """Say which of these records have tasks of these names already."""
    keys, column = sorted({fold(step["name"]) for step in steps}), linking.CARRYING.get(kind.table)
    if column is None:
        return  # what carries no tasks is refused when they are made
    found: dict[int, int] = {}
    for some, marks in portions(numbers):
        sql = (
            f"SELECT {column}, count(*) FROM task WHERE {column} IN ({marks}) AND removed_at IS NULL"
            f" AND name_key IN ({', '.join('?' * len(keys))}) GROUP BY {column}"
        )
        found.update(ctx.reader.rows(sql, [*some, *keys]))
    for number, count in sorted(found.items())[:MOST]:
        ctx.say(f"{kind.name}:{number} has {_counted(count, 'task')} of that name already: was {plan} started before?")


def _told(
    ctx: Context,
    tx: Transaction,
    plan: str,
    kind: Entity,
    numbers: Sequence[int],
    begin: date,
    made: Sequence[int],
) -> tuple[str, ...]:
    """What was made, in words: of one record each task with its day and owner."""
    now, calendar = ctx.env.now, ctx.env.calendar
    several = len(numbers) != 1
    where = f"{len(numbers)} {kind.plural}" if several else f"{kind.name}:{numbers[0]}"
    if not several:
        where += f" {tx.row(kind.name, numbers[0])['name']}"
    from_day = describe(When(begin), now, calendar)
    lines = [f"started {plan} on {where}, from {from_day}: {_counted(len(made), 'task')}"]
    for number in () if several else made[:MOST]:
        row = tx.row("task", number)
        due = describe(When(date.fromisoformat(row["due_on"])), now, calendar)
        lines.append(f"task:{number} {row['name']}, due {due}, {tx.row('user', row['owner_id'])['name']}")
    return tuple(lines)


def _counted(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
