"""What must not come about when a batch is taken back: deals in stages that are not theirs, companies under themselves,
tasks that wait for themselves, two records of one name or external id, links to what is to go, values of fields that
are no more or do not take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import custom
from crmcli.domain.custom import told
from crmcli.domain.fields import OWN
from crmcli.domain.hierarchy import upwards
from crmcli.domain.text import clip, fold
from crmcli.domain.types import Choice
from crmcli.services import needs
from crmcli.services.batch import last_change
from crmcli.services.links import LINKS
from crmcli.store import own, read
from crmcli.store.fitting import NAMED
from crmcli.store.sql import MISPLACED, portions
from crmcli.store.tables import NOUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from crmcli.services.batch import Batch
    from crmcli.store.connect import Connection


class Clash(NamedTuple):
    """A record that cannot be as it was, and what is in its way; `other` is the record that has what it had."""

    number: int
    row: Mapping[str, Any]
    what: str
    other: int = 0


def misplaced(connection: Connection, stages: Iterable[int], placed: Iterable[int], most: int) -> Iterator[Clash]:
    """Leads and deals in a stage that was removed, open ones in a won stage, won ones in an open one: of those that
    stand in `stages` and of those `placed`."""
    sql = (
        "SELECT o.id, o.kind, o.name, o.status, s.name, s.removed_at FROM opportunity o"
        f" JOIN stage s ON s.id = o.stage_id WHERE o.{{0}} IN ({{1}}) AND (s.removed_at IS NOT NULL OR {MISPLACED})"
        " ORDER BY o.id LIMIT {2}"
    )
    found: dict[int, tuple[Any, ...]] = {}
    for column, ids in (("stage_id", stages), ("id", placed)):
        for some, marks in portions(sorted(ids)):
            question = sql.format(column, marks, most)
            found.update((row[0], row) for row in connection.rows(question, some))
    for number, (_, kind, name, status, stage, removed) in sorted(found.items())[:most]:
        other = "removed" if removed else "won" if status == "open" else "open"
        state = "" if removed else f"it is {status}, and "
        yield Clash(number, {"kind": kind, "name": name}, f"{state}its stage {stage} would be a {other} one")


def under_themselves(connection: Connection, companies: Iterable[int]) -> Iterator[Clash]:
    """Those of these companies whose parents lead back to them."""
    sql = "SELECT parent_id, name FROM company WHERE id = ?"
    for number in sorted(companies):
        parent, name = connection.rows(sql, (number,))[0]
        if number in upwards(parent, lambda company: connection.value(sql, (company,))):
            its = connection.rows(sql, (parent,))[0][1]
            yield Clash(number, {"name": name}, f"the parent it had, {its}, is under it now")


def needing_back(batch: Batch, rows: Collection[int]) -> Iterator[Clash]:
    """Those of these needs of tasks (rows that returned when the batch was taken back) which other tasks have the other
    way round by now; `other` is the need of those that was added last."""
    connection = batch.connection
    for row in read.raw(connection, "task_need", sorted(rows)).values():
        task, other = row["task_id"], row["needs_id"]
        back = [need for need in needs.way(connection, other, task) if need not in rows]
        if back:
            newest = max(back, key=lambda need: last_change(connection, "task_need", need, besides=batch) or (0, ""))
            names = {n: r["name"] for n, r in read.raw(connection, "task", [task, other]).items()}
            what = f"it needed task:{other} {names[other]}, and task:{other} needs task:{task} by now"
            yield Clash(task, {"name": names[task]}, what, newest)


def taken(connection: Connection, table: str, rows: Mapping[int, Mapping[str, Any]], column: str) -> Iterator[Clash]:
    """Those of these rows whose name or external id (`column`) another record has by now."""
    if column == "external_id":
        yield from _same_external(connection, table, rows)
    elif table in NAMED:
        noun = NOUNS[table].replace("_", " ")
        for number, row in rows.items():
            sql, params = f"SELECT id FROM {table} WHERE name_key = ? AND id <> ?", [fold(row["name"]), number]
            if within := NAMED[table]:
                sql, params = f"{sql} AND {within} = ?", [*params, row[within]]
            other = connection.value(sql, params)
            if other is not None:
                yield Clash(number, row, f"another {noun} is called {row['name']} now", other)


def _same_external(connection: Connection, table: str, rows: Mapping[int, Mapping[str, Any]]) -> Iterator[Clash]:
    kind = "kind" if table == "opportunity" else "NULL"
    kinds = {number: row.get("kind") if table == "opportunity" else None for number, row in rows.items()}
    wanted = {(kinds[number], row["external_id"]): number for number, row in rows.items()}
    for some, marks in portions(sorted({external for _, external in wanted})):
        sql = f"SELECT id, {kind}, external_id FROM {table} WHERE external_id IN ({marks}) ORDER BY id"
        for other, of, external in connection.rows(sql, some):
            number = wanted.get((of, external), other)
            if number != other:
                what = f"its external id {external} is that of {of or NOUNS[table]}:{other} now"
                yield Clash(number, rows[number], what, other)


def still_linked(
    connection: Connection, table: str, ids: Sequence[int], lets_go: Callable[[str, int, str], bool]
) -> dict[int, tuple[str, int, str]]:
    """Those of these records of a table that others link to which do not let go of them (asked by table, record and
    column; "tags" for a tag), and one such link each."""
    found: dict[int, tuple[str, int, str]] = {}
    if not ids:
        return found
    marks = ", ".join("?" * len(ids))
    for child, column in LINKS.get(table, ()):
        tagged = child.endswith("_tag")
        sql = f"SELECT {column}, {'record_id' if tagged else 'id'} FROM {child} WHERE {column} IN ({marks})"
        owner, link = (child.removesuffix("_tag"), "tags") if tagged else (child, column)
        for target, number in connection.rows(sql, ids):
            if not lets_go(owner, number, link):
                found[target] = (owner, number, link)
    return found


def in_use(connection: Connection, row: Mapping[str, Any], lets_go: Callable[[str, int, str], bool]) -> str:
    """That records have values of a field of people's own (`row` is its definition) and do not let go of them (asked by
    table, record and column); "" where none does."""
    having, column = own.having(connection, row["entity"], row["name"]), OWN + row["name"]
    count = sum(not lets_go(row["entity"], number, column) for number in having)
    return f"{told(row['entity'], count)} a value of it" if count else ""


def unfit(table: str, values: Mapping[str, Any]) -> Iterator[str]:
    """What is in the way of values of people's own fields: the field is no more, is of another type, or a choice that
    has lost the option."""
    for column, value in values.items():
        if not column.startswith(OWN) or value is None:
            continue
        field = own.own_field(table, column)
        if field is None:
            yield f"the field {column.removeprefix(OWN)} is no more"
        elif isinstance(field.type, Choice) and isinstance(value, str) and value not in field.type.options:
            yield f"{clip(value, 40)} is no option of {field.name} any more"
        elif not custom.holds(field.type, value):
            yield f"{clip(str(value), 40)} was a value of {field.name}, which is of the type {field.type.name} now"


def valued(connection: Connection, number: int) -> set[int]:
    """The records that have a value of a field of people's own, by the number of its definition."""
    row = read.raw(connection, "custom_field", [number]).get(number)
    return set(own.having(connection, row["entity"], row["name"])) if row else set()


def retyped(connection: Connection, fields: Mapping[int, set[int]]) -> Iterator[Clash]:
    """Those of these fields of people's own (number -> the records that had a value of it when it got another type
    back) of which such records have one still: it is one of the type that it had meanwhile."""
    for number, had in sorted(fields.items()):
        if left := len(had & valued(connection, number)):
            row = read.raw(connection, "custom_field", [number])[number]
            has = told(row["entity"], left)
            yield Clash(number, row, f"{has} a value of another type, and it would be of the type {row['type']}")


def unfit_fields(connection: Connection, numbers: Iterable[int]) -> Iterator[Clash]:
    """Those of these choices of people's own that would not take values which records have."""
    for number, row in sorted(read.raw(connection, "custom_field", list(numbers)).items()):
        if row["type"] != "choice" or custom.unfit(row["entity"], row["name"]):
            continue
        options = custom.options_of(row["options"])
        for text, count in own.said(connection, row["entity"], row["name"]).items():
            if text not in options:
                yield Clash(number, row, f"{told(row['entity'], count)} {text}, which would be no option")
