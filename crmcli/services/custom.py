"""Fields of people's own: added, listed, edited, removed and brought back. What they are stands in `domain.custom`.

A field is one row of `custom_field`. Its values are in the records, so that a field that is removed takes none away:
they are out of sight until it is restored, or added again as what it was.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from crmcli.domain import custom
from crmcli.domain.custom import called, counted, options_of, told, whose
from crmcli.domain.entities import CUSTOM_FIELD
from crmcli.domain.fields import OWN, installed, suggest
from crmcli.domain.query.spelling import in_quotes
from crmcli.domain.text import blank, check_text, squashed
from crmcli.errors import ConflictError, NotFoundError, RefusedError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import kept_filters
from crmcli.settings import SETTINGS
from crmcli.store import own, read
from crmcli.store.journal import canonical
from crmcli.store.sql import portions
from crmcli.store.tables import NOUNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.store.write import Transaction

#: What can be edited of a field.
EDITABLE = ("name", "label", "help", "options")
#: From so many records on a rename is journalled on the way.
MANY = 1000
#: What is said of a definition that another program wrote and this one cannot use.
BROKEN = "(broken: see crm db check --deep)"


def fields(ctx: Context, table: str = "", *, removed: bool = False) -> Rows:
    """The fields that people added, of one table or of all; with `removed` also those that were removed. Each with how
    many records have a value of it. What another program wrote that cannot be one stands behind them, and says so."""
    rows = [_row(one) for one in ctx.reader.rows(own.DEFINITIONS)]
    rows = [row for row in rows if table in ("", row["entity"]) and (removed or row["removed_at"] is None)]
    broken = {row["id"] for row in rows if custom.unfit(row["entity"], row["name"])}
    names: dict[str, list[str]] = {}
    for row in rows:
        if row["id"] not in broken:
            names.setdefault(row["entity"], []).append(row["name"])
    counts = {of: own.counts(ctx.reader, of, some) for of, some in names.items()}
    for row in rows:
        row["options"] = ", ".join(options_of(row["options"])) or (
            None if custom.are_options(row["options"]) else BROKEN
        )
        if row["id"] in broken:
            row |= {"field": f"{row['entity']}.{row['name']}", "of": BROKEN, "records": None}
            continue
        row["field"] = called(row["entity"], row["name"])
        row["of"] = whose(row["entity"])
        row["records"] = counts[row["entity"]][row["name"]]
        row["label"] = row["label"] or custom.labelled(row["name"])
    number, moment = CUSTOM_FIELD.field("id").type, CUSTOM_FIELD.field("removed_at").type
    columns = (
        Column("field", None, "Field"), Column("type", None, "Type"), Column("label", None, "Label"),
        Column("options", None, "Options"), Column("help", None, "Help"), Column("of", None, "Of"),
        Column("records", number, "Records"), *((Column("removed_at", moment, "Removed"),) if removed else ()),
    )  # fmt: skip
    order = list(custom.TABLES)
    rows.sort(key=lambda row: (len(order) if row["id"] in broken else order.index(row["entity"]), row["id"]))
    return Rows(columns, rows, empty="no fields of your own yet: crm field add lead.NAME TYPE", numbered=False)


def _row(one: Sequence[Any]) -> dict[str, Any]:
    names = ("id", "name", "entity", "type", "label", "help", "options", "removed_at")
    return {**dict(zip(names, one, strict=True)), "removed_at": CUSTOM_FIELD.field("removed_at").type.from_db(one[-1])}


def add(
    ctx: Context,
    table: str,
    name: str,
    kind: str,
    options: Sequence[str] = (),
    *,
    label: str = "",
    about: str = "",
    source: str = "cli",
) -> Changed:
    """Give the records of a table a field. One that was removed comes back if it is of the same type, or if no record
    has a value of it. Raises UsageError, FieldError, ConflictError."""
    with ctx.writing(source, alone=True) as tx:
        number, line = put(tx, table, name, kind, options, label=label, about=about)
    return Changed((line,), tuple(tx.changes), ctx.batch, (number,), "custom_field")


def put(
    tx: Transaction,
    table: str,
    name: str,
    kind: str,
    options: Sequence[str] = (),
    *,
    label: str = "",
    about: str = "",
) -> tuple[int, str]:
    """`add` inside a transaction, which should be `alone` in the book; the field is known at once. Its number, and what
    to say."""
    kind = custom.type_of(kind)
    if options and kind != "choice":
        raise UsageError(f"a {kind} has no options", "a choice has: crm field add lead.industry choice Steel,Food")
    listed = custom.check_options(options) if kind == "choice" else ()
    row = {
        "type": kind, "options": canonical(list(listed)) if listed else None,
        "label": _line(label), "help": _line(about), "removed_at": None,
    }  # fmt: skip
    custom.check_label(table, label, name)
    known = _find(tx, table, name)
    back = ""
    if known is None:
        custom.check_name(table, name)
        number = tx.add("custom_field", {"name": name, "entity": table, **row})
    else:
        number, count = known["id"], own.counted(tx.connection, table, name)
        if known["removed_at"] is None:
            raise ConflictError(
                f"there is a field {called(table, name)} already",
                f"'crm field edit {called(table, name)} label=...' changes it",
            )
        if known["type"] != kind and count:
            raise ConflictError(
                f"{called(table, name)} was removed, and {told(table, count)} a value, which is a {known['type']}",
                f"'crm field restore {called(table, name)}' brings it back as it was; else take another name",
            )
        if kind == "choice":
            _check_dropped(tx, table, name, listed)
        kept = {"label": row["label"] or known["label"], "help": row["help"] or known["help"]}
        tx.change("custom_field", number, {**row, **kept})
        back = f"; {told(table, count)} a value of it from before" if count else ""
    tx.flush()
    said = f"{kind} {', '.join(listed)}".rstrip()
    return number, f"added the field {called(table, name)} of {whose(table)}: {said}{back}"


def edit(ctx: Context, table: str, name: str, assigned: Mapping[str, str]) -> Changed:
    """Change the label, help, options or name of a field. A new name is that of its values in all records. An option
    that records have stays. Raises UsageError, FieldError, ConflictError, RefusedError."""
    if not assigned:
        raise UsageError("nothing to change", f"write it as in 'crm field edit {called(table, name)} label=Industry'")
    for word in assigned:
        if word == "type":
            raise UsageError(
                "the type of a field cannot be changed", "add another field, move the values over and remove this one"
            )
        if word not in EDITABLE:
            raise UsageError(f"a field has no '{word}'", suggest(word, EDITABLE) or f"known: {', '.join(EDITABLE)}")
    views = kept_filters.working(ctx)
    with ctx.writing(alone=True) as tx:
        row = _there(tx, table, name)
        changes: dict[str, Any] = {word: _line(assigned[word]) for word in ("label", "help") if word in assigned}
        custom.check_label(table, assigned.get("label", ""), name)
        if "options" in assigned:
            changes["options"] = _options(tx, row, assigned["options"])
        new = assigned.get("name", name).strip()
        if new != name:
            _check_free(tx, table, new)
            changes["name"] = new
        changed = tx.change("custom_field", row["id"], changes)
        tx.flush()
        moved = _move(tx, table, name, new) if new != name else 0
    lines = [f"changed the field {called(table, new)}" if changed else f"nothing to change in {called(table, name)}"]
    if moved:
        lines.append(f"the values of {counted(table, moved)} go by that name now")
    if new != name:
        lines += _shown_in(ctx, table, name)
    lines += kept_filters.broken(ctx, views)
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (row["id"],), "custom_field")


def remove(ctx: Context, table: str, name: str) -> Changed:
    """Put a field out of sight; its values stay in the records."""
    views = kept_filters.working(ctx)
    with ctx.writing(alone=True) as tx:
        row = _there(tx, table, name)
        count = own.counted(tx.connection, table, name)
        tx.change("custom_field", row["id"], {"removed_at": tx.stamp})
    of = called(table, name)
    line = f"removed the field {of}"
    if count:
        line += (
            f"; {told(table, count)} a value of it: '{ctx.settings.calling('field', 'restore', of)}' shows them again"
        )
    lines = (line, *_shown_in(ctx, table, name), *kept_filters.broken(ctx, views))
    return Changed(lines, tuple(tx.changes), ctx.batch, (row["id"],), "custom_field")


def restore(ctx: Context, table: str, name: str) -> Changed:
    """Bring a removed field back, with its values."""
    with ctx.writing(alone=True) as tx:
        row = _find(tx, table, name)
        if row is None:
            raise _unknown(table, name)
        changed = tx.change("custom_field", row["id"], {"removed_at": None})
        count = own.counted(tx.connection, table, name)
    line = f"restored the field {called(table, name)}" if changed else f"the field {called(table, name)} is there"
    line += f"; {told(table, count)} a value of it" if count else ""
    return Changed((line,), tuple(tx.changes), ctx.batch, (row["id"],), "custom_field")


def _shown_in(ctx: Context, table: str, name: str) -> Iterator[str]:
    """A line for each setting that names a field which is no more: lists would be refused."""
    for kind in custom.TABLES[table]:
        setting = f"columns.{kind.name}"
        text = str(ctx.settings.given(setting)[0]) if setting in SETTINGS else ""
        if name in [word.strip() for word in text.split(",")]:
            left = ",".join(word.strip() for word in text.split(",") if word.strip() != name)
            does = ctx.settings.calling("config", *(("set", setting, left) if left else ("unset", setting)))
            yield f"the setting {setting} still names it: '{does}' takes it out"


# --- rows of definitions ---------------------------------------------------------------------------------------------


def _find(tx: Transaction, table: str, name: str) -> dict[str, Any] | None:
    """A field's definition, a removed one too."""
    sql = "SELECT id FROM custom_field WHERE entity = ? AND name_key = ?"
    number = tx.connection.value(sql, (table, name))
    return None if number is None else tx.row("custom_field", int(number))


def _there(tx: Transaction, table: str, name: str) -> dict[str, Any]:
    row = _find(tx, table, name)
    if row is None:
        raise _unknown(table, name)
    if row["removed_at"] is not None:
        of = called(table, name)
        raise RefusedError(f"the field {of} is removed", f"'crm field restore {of}' brings it back first")
    return row


def _unknown(table: str, name: str) -> NotFoundError:
    known = [called(table, f.name) for f in installed().shown.get(table, ())]
    of = called(table, name)
    if any(name in kind.by_name for kind in custom.TABLES[table]):
        return NotFoundError(f"{of} is not a field of your own", "'crm field list' lists those")
    return NotFoundError(f"there is no field {of} of your own", suggest(of, known, "crm field list"))


def _check_free(tx: Transaction, table: str, name: str) -> None:
    custom.check_name(table, name)
    if (other := _find(tx, table, name)) is not None:
        state = " (removed)" if other["removed_at"] is not None else ""
        raise ConflictError(f"there is a field {called(table, name)} already{state}", "take another name")


def _line(text: str) -> str | None:
    """A text of one line; None where it is empty."""
    return None if blank(text) else " ".join(check_text(text).split())


def _options(tx: Transaction, row: Mapping[str, Any], text: str) -> str | None:
    """The options of a choice after an edit, as they are stored: `a,b` sets them, `+a,-b` adds and takes away."""
    if row["type"] != "choice":
        raise UsageError(f"a {row['type']} has no options", "only a choice has")
    words = [word.strip() for word in re.split(r"[,;،\n]", check_text(text)) if not blank(word)]
    relative = bool(words) and words[0][0] in "+-"
    if odd := next((word for word in words if (word[0] in "+-") != relative), ""):
        raise UsageError(
            f"'{words[0]}' and '{odd}' do not go together", "'a,b' sets the options, '+a,-b' adds and takes away"
        )
    listed = list(options_of(row["options"])) if relative else []
    for word in words:
        name = word[1:].strip() if relative else word
        there = next((option for option in listed if squashed(option) == squashed(name)), None)
        if word[0] == "-" and relative:
            if there is None:
                raise UsageError(f"'{name}' is not one of the options", suggest(name, listed) or ", ".join(listed))
            listed.remove(there)
        elif there is None or not relative:
            listed.append(name)
    found = custom.check_options(listed)
    _check_dropped(tx, row["entity"], row["name"], found)
    return canonical(list(found))


def _check_dropped(tx: Transaction, table: str, name: str, options: Sequence[str]) -> None:
    """Refuse options without one that records have."""
    for text, count in own.said(tx.connection, table, name).items():
        if text not in options:
            raise RefusedError(
                f"{told(table, count)} {text}, which must stay an option as long",
                f"{shlex.quote(f'{name}:={in_quotes(text)} is:any')} finds them: give them another one first",
            )


def _move(tx: Transaction, table: str, old: str, new: str) -> int:
    """Put the values of a field under another name, in every record; how many there were."""
    noun, numbers = NOUNS[table], own.having(tx.connection, table, old)
    for some, _ in portions(numbers):
        for number, row in read.raw(tx.connection, table, some).items():
            tx.change(noun, number, {OWN + old: None, OWN + new: row[OWN + old]}, touch=False)
        tx.flush()
        if len(numbers) > MANY:
            tx.settle(forget=True)
    return len(numbers)
