"""Typed values -> stored columns: what add, edit, import and the dashboard's forms share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain import money, pipeline
from crmcli.domain.address import company_domain, domain_of, followed_domain
from crmcli.domain.dates import describe, instant_of, parse_when
from crmcli.domain.fields import suggest
from crmcli.domain.text import blank, check_text
from crmcli.domain.types import Instant, Mailboxes, Money, Ref, readable, show_instant
from crmcli.errors import FieldError, UsageError
from crmcli.services import aliases, attending, linking, needs, next_activity, recurring
from crmcli.services.stages import check_there, first_stage, next_position, stage_by_id, stage_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.types import Env
    from crmcli.store.write import Transaction

#: Words that may be assigned although no field has the name: what they stand for.
SUGAR = {"due": "due_on", "mrr": "recurring", "on": "opportunity", "needs": "blocked_by"}


def alias(kind: Entity, name: str) -> str:
    """The field that an assigned word stands for."""
    return SUGAR[name] if name in SUGAR and name not in {f.name for f in kind.fields if f.settable} else name


def check_field(kind: Entity, name: str) -> Field:
    """A field that can be assigned. Raises UsageError with a suggestion."""
    field = kind.by_name.get(name)
    if field is None:
        known = [name for name, field in kind.by_name.items() if field.settable]
        raise UsageError(f"{kind.name} has no field '{name}'", suggest(name, known, f"crm fields {kind.name}"))
    if not field.settable:
        hint = {
            "status": f"use the verbs: crm {kind.name} won, lost, reopen, restore",
            "lost_reason": f"crm {kind.name} lost ID --reason ...",
        }
        raise UsageError(f"{kind.name}.{name} is set by the program", hint.get(field.name, ""))
    return field


def check_kept(kind: Entity, field: Field, text: str) -> None:
    """Refuse to empty a field that always has a value. Raises FieldError."""
    if field.required and blank(text):
        raise FieldError(f"{kind.one} needs a {field.name}", field.name, f"give it one: {field.name}='...'")
    if field.kept and blank(text):
        hint = f"give it another value, or leave {field.name}= out"
        raise FieldError(f"{kind.one} always has one", field.name, hint)


def shown(field: Field, row: Mapping[str, Any]) -> str:
    """A field of a record as plain text."""
    value = row.get(field.name)
    if isinstance(field.type, Money):
        return "" if value is None else money.format_money(value, row.get("currency") or "")
    return field.type.show(value)


def offered(field: Field, row: Mapping[str, Any], now: datetime, calendar: str) -> str:
    """A field of a record as plain text to be edited: days and moments in the zone of `now` and in the calendar."""
    kind, value = field.type, row.get(field.name)
    if field.name == "due_on" and row.get("due_at"):
        kind, value = Instant(), row["due_at"]
    if kind.family in ("day", "instant"):
        return readable(kind, value, zone=now.tzinfo, calendar=calendar)
    return shown(field, row)


def create(
    ctx: Context, tx: Transaction, kind: Entity, assigned: Mapping[str, str], *, fixed: Mapping[str, Any] | None = None
) -> int:
    """Add a record from typed values (`fixed`: columns already in stored form); its id. Raises FieldError."""
    row: dict[str, Any] = dict(fixed or {})
    assigned, needed = _apart(kind, assigned)
    row.update(parse(ctx, tx, kind, assigned, row))
    if kind.name == "task":
        if "type_id" not in row:
            row["type_id"] = next_activity.typical(tx, "task")
        row.update(next_activity.usual(ctx, tx, row))
    for field in kind.fields:
        if field.required:
            check_kept(kind, field, row.get(field.column) or "")
    if kind.table == "opportunity":
        _new_opportunity(ctx, tx, kind, row)
    if kind.name == "company" and not row.get("domain"):
        row["domain"] = company_domain(row.get("website"), row.get("email"))
    if kind.name == "task":
        row.update(recurring.settled(ctx, tx, {}, row))
    _check_external(ctx, kind, row)
    number = tx.add(kind.name, row)
    if needed is not None:
        _need(ctx, tx, number, needed)
    return number


def update(ctx: Context, tx: Transaction, kind: Entity, number: int, assigned: Mapping[str, str]) -> bool:
    """Change a record by typed values; False when it has them already."""
    row = tx.row(kind.name, number)
    assigned, needed = _apart(kind, assigned)
    changes = parse(ctx, tx, kind, assigned, row)
    if kind.name == "task":
        changes = recurring.settled(ctx, tx, row, changes)
        if row.get("ical"):
            changes |= _unrepeated(row, changes)
    if kind.table == "opportunity":
        changes = _moved(ctx, tx, row, changes)
    if kind.name == "company":
        changes.update(followed_domain(row, changes))
    if kind.name == "company" and changes.get("parent_id"):
        check_parent(tx, row, changes["parent_id"])
    if "external_id" in changes and changes["external_id"] != row.get("external_id"):
        _check_external(ctx, kind, changes, number)
    other = needed is not None and _need(ctx, tx, number, needed)
    return tx.change(kind.name, number, changes) or other


#: Column of a task -> the part of a calendar item that it is.
_PARTS = {"name": "name", "description": "description", "place": "place", "priority": "priority", "due_on": "when",
          "due_at": "when", "minutes": "length", "repeat": "series"}  # fmt: skip


def _unrepeated(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What another program's item says besides a task, without what says once more what is changed here."""
    from crmcli.exchange.ical_more import more_without

    parts = {part for column, part in _PARTS.items() if column in changes and changes[column] != row.get(column)}
    lines = str(row["ical"]).split("\n")
    kept = more_without(lines, parts)
    return {"ical": "\n".join(kept) or None} if kept != lines else {}


def _apart(kind: Entity, assigned: Mapping[str, str]) -> tuple[Mapping[str, str], str | None]:
    """What is assigned to a record itself, and what a task is said to need: rows of their own."""
    if kind.name != "task" or "needs" not in assigned:
        return assigned, None
    return {name: text for name, text in assigned.items() if name != "needs"}, assigned["needs"]


def _need(ctx: Context, tx: Transaction, number: int, text: str) -> bool:
    try:
        return needs.edit(ctx, tx, number, check_text(text))
    except FieldError as error:
        raise FieldError(f"needs: {error.message}", "needs", error.hint) from None


def parse(
    ctx: Context, tx: Transaction, kind: Entity, assigned: Mapping[str, str], row: Mapping[str, Any]
) -> dict[str, Any]:
    """Typed values -> stored columns; new words of open vocabularies are made. Raises FieldError naming the field."""
    found: dict[str, Any] = {}
    env = ctx.env._replace(currency=_currency(kind, assigned, row, ctx.env))
    for name, text in sorted(assigned.items(), key=_turn):
        try:
            text = check_text(text)
            if name == "on":
                found.update(linking.links(ctx, tx, text))
            elif alias(kind, name) == "due_on" and "due_at" in kind.by_name:
                found.update(due(ctx, tx, text))
            elif name == "mrr" and kind.table == "opportunity":
                found.update(_one(ctx, tx, kind.field("recurring"), text, env, row))
                found["plan"] = "monthly" if text.strip() else None
            else:
                field = check_field(kind, name)
                if field.required or row.get("id") is not None:
                    check_kept(kind, field, text)
                found.update(_one(ctx, tx, field, text, env, {**row, **found}))
        except FieldError as error:
            raise FieldError(f"{name}: {error.message}", name, error.hint) from None
    _settle_currency(kind, found, row, ctx.env)
    return found


def parsed(
    ctx: Context, kind: Entity, assigned: Mapping[str, str], numbers: Mapping[str, Callable[[str], int]] | None = None
) -> dict[str, Any]:
    """Typed values of a word of the book (a user, a stage, a pipeline) -> stored columns; `numbers` finds those that
    its links are set to, by field. Raises FieldError naming the field, UsageError for one that cannot be set."""
    found: dict[str, Any] = {}
    for name, text in assigned.items():
        field = check_field(kind, name)
        number = (numbers or {}).get(field.name)
        try:
            text = check_text(text)
            check_kept(kind, field, text)
            stored = number(text) if number else field.type.parse(text, ctx.env)
        except FieldError as error:
            raise FieldError(f"{name}: {error.message}", name, error.hint) from None
        found[field.column] = field.empty if stored is None else stored
    return found


def _turn(item: tuple[str, str]) -> int:
    """The order in which fields are read: a stage is one of the pipeline named beside it, and a person made on the way
    belongs to the company named beside them."""
    return {"pipeline": 0, "contact": 2}.get(item[0], 1)


def _one(ctx: Context, tx: Transaction, field: Field, text: str, env: Env, row: Mapping[str, Any]) -> dict[str, Any]:
    if field.type.family == "tags":
        return {"tags": linking.edit_tags(tx, text, row.get("tags") or [])}
    if isinstance(field.type, Ref) and field.type.entity == "stage":
        name = " ".join(text.split())
        return {field.column: stage_named(ctx, name, row.get("pipeline_id"))["id"] if name else None}
    if isinstance(field.type, Ref):
        return {field.column: linking.link(ctx, tx, field, text, row)}
    if isinstance(field.type, Mailboxes):
        return {field.column: attending.edited(ctx, text, row.get(field.column))}
    if isinstance(field.type, Money):
        minor = field.type.parse(text, env)
        return {field.column: minor} | ({"currency": env.currency} if minor is not None else {})
    if field.name == "probability":
        if row.get("id") is None:
            points = field.type.parse(text, env)
            return {} if points is None else {"probability_bp": points, "probability_manual": True}
        return pipeline.set_probability(dict(row), field.type.parse(text, env), stage_by_id(ctx, row.get("stage_id")))
    stored = field.type.parse(text, env)
    if field.name == "domain" and stored:
        stored = domain_of(stored)
    return {field.column: field.empty if stored is None else stored}


def _currency(kind: Entity, assigned: Mapping[str, str], row: Mapping[str, Any], env: Env) -> str:
    """The one currency that the amounts of a record are read in: assigned, or named in an amount, or the record's,
    or the book's. Raises FieldError when two are named, and when one is named that another amount is not in."""
    if "currency" not in kind.by_name:
        return env.currency
    typed = kind.field("currency").type.parse(assigned.get("currency", ""), env)
    home = str(typed or row.get("currency") or env.currency)
    named = {typed} if typed else set()
    at_home = held(kind, row)
    for name, text in assigned.items():
        field = kind.by_name.get(alias(kind, name))
        if field is None or not isinstance(field.type, Money):
            continue
        at_home.pop(field.column, None)
        if code := _named_currency(text, home, env):
            named.add(code)
    if len(named) > 1:
        raise FieldError(f"a {kind.name} has one currency, not {' and '.join(sorted(named))}", "currency")
    code = str(next(iter(named), home))
    if at_home and code != home:
        raise FieldError(
            f"a {kind.name} has one currency, and {' and '.join(at_home.values())} of it is in {home}",
            "currency",
            f"to have all of it in {code}, its other figures as they are: add currency={code}",
        )
    return code


def held(kind: Entity, row: Mapping[str, Any]) -> dict[str, str]:
    """column -> field of the amounts of a record that are in its currency: 0 is as much in every other."""
    return {f.column: f.name for f in kind.stored() if isinstance(f.type, Money) and row.get(f.column)}


def _named_currency(text: str, home: str, env: Env) -> str:
    """The currency that an amount names, "" for a bare or unreadable one: it shows when the amount is read at home in
    a currency that nobody types."""
    try:
        if money.parse_money(text, "CLF", env.decimal)[1] == "CLF":
            return ""
        return money.parse_money(text, home, env.decimal)[1]
    except FieldError:
        return ""


def _settle_currency(kind: Entity, found: dict[str, Any], row: Mapping[str, Any], env: Env) -> None:
    """Amounts keep their worth in major units when the currency changes, and have one as soon as they exist."""
    if "currency" not in kind.by_name:
        return
    amounts = [f.column for f in kind.fields if isinstance(f.type, Money) and f.column]
    before, after = row.get("currency"), found.get("currency", row.get("currency"))
    for column in amounts:
        if before and after and before != after and column not in found and row.get(column) is not None:
            found[column] = money.rescale(row[column], before, after)
    if not after and any(found.get(column) is not None for column in amounts):
        found["currency"] = env.currency


def check_parent(tx: Transaction, row: Mapping[str, Any], parent: int) -> None:
    """Refuse to put a company (`row`) under itself or under one that is under it: FieldError. Until the transaction
    ends nobody else puts one under another."""
    from crmcli.domain.hierarchy import upwards

    if tx.names_alone():
        tx.read_anew("company", besides=row["id"])
    if parent == row["id"]:
        raise FieldError("a company cannot be under itself", "parent")
    if row["id"] in upwards(parent, lambda number: tx.row("company", number).get("parent_id")):
        raise FieldError(
            f"{tx.row('company', parent)['name']} is under {row['name']} already",
            "parent",
            f"take it out from there first: crm company edit {parent} parent=",
        )


def _new_opportunity(ctx: Context, tx: Transaction, kind: Entity, row: dict[str, Any]) -> None:
    stage = stage_by_id(ctx, row.get("stage_id")) or first_stage(ctx, row.get("pipeline_id"))
    check_there(tx, stage)
    manual = row.get("probability_manual")
    points = row.get("probability_bp")
    entered, _ = pipeline.enter(
        {"status": "open", "probability_manual": manual}, stage, row.get("created_at") or tx.stamp
    )
    row.update(entered)
    if manual and not stage["is_won"]:
        row["probability_bp"] = points
    if row.get("owner_id"):
        row["assigned_at"] = row.get("created_at") or tx.stamp
    if kind.name == "deal":
        row.setdefault("position", next_position(tx, row["stage_id"]))


def _moved(ctx: Context, tx: Transaction, row: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What follows from a new stage, pipeline or owner."""
    if "pipeline_id" in changes and changes["pipeline_id"] != row.get("pipeline_id") and "stage_id" not in changes:
        changes["stage_id"] = first_stage(ctx, changes["pipeline_id"])["id"]
    if "stage_id" in changes and changes["stage_id"] != row.get("stage_id"):
        stage = stage_by_id(ctx, changes["stage_id"])
        assert stage is not None
        check_there(tx, stage)
        entered, move = pipeline.enter(row, stage, tx.stamp)
        typed: dict[str, Any] = {
            c: changes[c] for c in ("probability_bp", "probability_manual") if c in changes and not stage["is_won"]
        }
        changes = {**changes, **entered, **typed}
        if move:
            tx.add("stage_move", move)
        if row["kind"] == "deal":
            changes.setdefault("position", next_position(tx, stage["id"]))
    if "owner_id" in changes and changes["owner_id"] != row.get("owner_id"):
        changes["assigned_at"] = tx.stamp if changes["owner_id"] else None
    return changes


def _check_external(ctx: Context, kind: Entity, row: Mapping[str, Any], number: int | None = None) -> None:
    """Refuse an external id that another record than this `number` has, also a merged one. Raises FieldError."""
    if not row.get("external_id"):
        return
    of_kind = f"kind = '{kind.kind}' AND " if kind.kind else ""
    found = ctx.reader.value(f"SELECT id FROM {kind.table} WHERE {of_kind}external_id = ?", (row["external_id"],))
    if found is None:
        return
    said, hint = f"external id {row['external_id']} is that of {kind.name}:{found}", ""
    end = aliases.standing(ctx.reader, kind.table, [found])[found]
    if end == number:
        said += f", which was merged into {kind.name}:{end}: it leads there already"
        hint = f"leave external_id out: imports know {kind.name}:{end} by it as it is"
    elif end != found:
        said += f", which was merged into {aliases.noun(ctx.reader, kind.table, end)}:{end}"
    raise FieldError(said, "external_id", hint)


def due(ctx: Context, tx: Transaction, text: str) -> dict[str, Any]:
    """A typed due day or time -> its columns; what was understood is said on stderr, once in a transaction."""
    if not text.strip():
        return {"due_on": None, "due_at": None}
    when = parse_when(text, ctx.env.now, ctx.env.calendar, week_start=ctx.env.week_start, workdays=ctx.env.workdays)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()) and ("due", text) not in tx.memory:
        tx.memory["due", text] = 1
        ctx.say(f"due {describe(when, ctx.env.now, ctx.env.calendar)}")
    moment = show_instant(instant_of(when, ctx.env.now)) if when.time is not None else None
    return {"due_on": when.day.isoformat(), "due_at": moment}
