"""What happened: notes, calls, e-mails, meetings, messages and visits, and the timeline of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.change import written
from crmcli.domain.entities import INTERACTION
from crmcli.domain.text import check_text, clip, squashed
from crmcli.domain.types import show_instant
from crmcli.errors import FieldError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import aliases, linking, values
from crmcli.services.records import check_seen, each
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction

#: What people log; what is left comes from tasks.
LOGGED = ("call", "email", "meeting", "message", "visit", "note", "document")


def add(
    ctx: Context,
    kind: Entity,
    number: int,
    what: str,
    body: str,
    *,
    at: str = "",
    minutes: str = "",
    direction: str = "",
    source: str = "cli",
) -> Changed:
    """Put an interaction on a record's timeline. `at` is a date word (default now) that is not to come, `minutes` a
    number, `direction` "in" or "out". Raises FieldError, UsageError."""
    what = next((word for word in LOGGED if squashed(word) == squashed(what)), what)
    if what not in LOGGED:
        raise UsageError(f"'{what}' cannot be logged", f"choose from: {', '.join(LOGGED)}")
    if what == "note" and not body.strip():
        raise FieldError("a note needs a text", "body")
    env = ctx.env
    columns: dict[str, Any] = {}
    for name, text in (("at", at), ("minutes", minutes), ("direction", direction)):
        try:
            stored = INTERACTION.field(name).type.parse(text, env) if text.strip() else None
        except FieldError as error:
            raise FieldError(f"{name}: {error.message}", name, error.hint) from None
        if stored is not None:
            columns[name] = stored
    if columns.get("at", "") > show_instant(env.now):
        raise FieldError(
            f"at: '{at}' has not come yet, and the timeline holds what has happened",
            "at",
            f'plan it instead: crm task add "..." --on {kind.name}:{number} --due "{at}"',
        )
    with ctx.writing(source) as tx:
        tx.row(kind.name, number)
        made = write(ctx, tx, kind, number, what, body, **columns)
        name = tx.row(kind.name, number)["name"]
    text = clip(" ".join((written(tx.changes, "interaction", made, "body", body) or "").split()), 50)
    line = (
        f"logged {what} with {kind.name}:{number} {name}" if what != "note" else f"noted on {kind.name}:{number} {name}"
    )
    return Changed((f"{line}: {text}" if text else line,), tuple(tx.changes), ctx.batch, (made,), "interaction")


def edit(
    ctx: Context,
    numbers: Sequence[int],
    assigned: Mapping[str, str],
    *,
    seen: Mapping[str, str] | None = None,
    source: str = "cli",
) -> Changed:
    """Give interactions new values; `seen` as in `records.edit`. Raises FieldError for a time to come and for a note
    without a text, ConflictError, UsageError."""

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        check_seen(ctx, INTERACTION, row["id"], seen or {})
        changed = values.update(ctx, tx, INTERACTION, row["id"], assigned)
        now = tx.row("interaction", row["id"])
        if now["at"] > tx.stamp and now["at"] != row["at"]:
            raise FieldError(f"at: '{assigned['at']}' has not come yet, and the timeline holds what has happened", "at")
        if now["kind"] == "note" and not now.get("body"):
            raise FieldError("a note needs a text", "body")
        return changed

    return each(ctx, INTERACTION, numbers, step, "changed", source)


def write(ctx: Context, tx: Transaction, kind: Entity, number: int, what: str, body: str, **columns: Any) -> int:
    """Add an interaction inside a transaction; its id."""
    where = linking.link_columns(ctx, tx, kind, number)
    columns.setdefault("at", tx.stamp)
    author = tx.word("user", ctx.actor)
    return tx.add(
        "interaction", {"kind": what, "body": check_text(body).strip() or None, "author_id": author, **where, **columns}
    )


def timeline(ctx: Context, kind: Entity, number: int, limit: int = 50, *, touches: bool = False) -> Rows:
    """What happened with a record, newest first: its interactions; for a person also those of their deals, for a
    company also those of its people and deals; for a lead or deal also that it moved between stages, was won, lost,
    reopened or converted, that others were merged into it, and what those went through, marked `on` them. `limit`
    0 = all; `touches` leaves it at the interactions. Raises UsageError for what has no timeline."""
    shown = (
        Column("at", INTERACTION.field("at").type, "At"),
        Column("kind", None, "Kind"),
        Column("body", INTERACTION.field("body").type, "What"),
        Column("author", None, "Who"),
        Column("on", None, "On"),
        Column("minutes", INTERACTION.field("minutes").type, "Minutes"),
    )
    at = INTERACTION.field("at").type
    found = []
    for row in _lines(ctx, kind, number, touches, limit):
        row["at"], row["on"] = at.from_db(row["at"]), about(row, skip=(kind.table, number))
        row["ref"] = f"interaction:{row['id']}" if row["entity"] == "interaction" else ""  # no record of its own
        if not row["ref"]:
            row["body"] = _told(row)
        found.append(row)
    return Rows(shown, found, empty="nothing happened yet")


def _lines(ctx: Context, kind: Entity, number: int, touches: bool, limit: int) -> list[dict[str, Any]]:
    """The rows of the views that a record's timeline is made of, the newest first; `limit` 0 = all."""
    deals = "SELECT id FROM opportunity WHERE {0} = ?"
    reach = {
        "opportunity": ["opportunity_id = ?"],
        "contact": ["contact_id = ?", f"opportunity_id IN ({deals.format('contact_id')})"],
        "company": [
            "company_id = ?",
            f"opportunity_id IN ({deals.format('company_id')})",
            "contact_id IN (SELECT id FROM contact WHERE company_id = ?)",
        ],
    }.get(kind.table)
    if reach is None:
        raise UsageError(f"{kind.one} has no timeline", "name a lead, deal, contact or company")
    columns = (
        "id, at, kind, body, author, minutes, direction, opportunity, opportunity_kind, opportunity_id, contact,"
        " contact_id, company, company_id"
    )
    if touches or kind.table != "opportunity":
        # UNION of ids keeps each branch on its own index.
        inner = " UNION ".join(f"SELECT id FROM interaction WHERE {where}" for where in reach)
        sql = f"SELECT 'interaction' AS entity, {columns} FROM v_interaction WHERE id IN ({inner})"
    else:
        sql = f"SELECT entity, {columns}, old_value, new_value, seconds FROM v_timeline WHERE opportunity_id "
        found: list[dict[str, Any]] = []
        for some, marks in portions([number, *sorted(aliases.merged(ctx.reader, kind.table, [number]) - {number})]):
            found += _newest(ctx, sql + (f"IN ({marks})" if len(some) > 1 else "= ?"), some, limit)
        found.sort(key=lambda row: (row["entity"], -row["id"]))
        found.sort(key=lambda row: row["at"], reverse=True)
        return found[:limit] if limit else found
    return _newest(ctx, sql, (number,) * sql.count("?"), limit)


def _newest(ctx: Context, sql: str, params: Sequence[Any], limit: int) -> list[dict[str, Any]]:
    most = f" LIMIT {limit}" if limit else ""
    names, rows = ctx.reader.names(f"{sql} ORDER BY at DESC, entity, id DESC{most}", params)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _told(row: dict[str, Any]) -> str:
    """A change of a lead or deal in words: from what to what; of a stage also how long it was there, of a loss why."""
    text = " -> ".join(value for value in (row["old_value"], row["new_value"]) if value)
    if row["seconds"] is not None:
        return f"{text} after {duration(row['seconds'])}"
    return f"{text}: {row['body']}" if row["body"] else text


def about(row: dict[str, Any], skip: tuple[str, int] = ("", 0)) -> str:
    """The record that a task or interaction hangs on, as `deal:31 Name`; empty where it is the one being looked at."""
    if row.get("opportunity_id"):
        same = skip == ("opportunity", row["opportunity_id"])
        return "" if same else f"{row['opportunity_kind']}:{row['opportunity_id']} {row['opportunity']}"
    for name in ("contact", "company"):
        if row.get(f"{name}_id"):
            return "" if skip == (name, row[f"{name}_id"]) else f"{name}:{row[f'{name}_id']} {row[name]}"
    return ""


def duration(seconds: int) -> str:
    """A span of time in its two largest units, rounded down: `3 d 4 h`, `12 min`."""
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    if days:
        return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min"
