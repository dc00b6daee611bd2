"""Derived columns: worked out from other rows after every write, never journalled, never versioned.

`last_touch` is the latest interaction: of a lead or deal its own; of a person also those of their deals; of a company
also those of its deals and people. `last_in` is the latest in which they wrote to us, `last_out` the latest in which we
wrote to them; a call, meeting, visit or mail of which nobody said whose it was is both, a note or a done task neither.
`last_word_id` is the latest of all these, and of several at one moment the one that was entered last; `own_word_id` is
that of what was said with a person on no lead or deal, or with a company to none of its people either.
`open_tasks` and `next_due` count a lead's or deal's open tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.store import read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from crmcli.domain.change import Change
    from crmcli.store.connect import Connection

#: Interactions in which both sides heard of each other, where it is not said who wrote to whom.
BOTH = "i.direction IS NULL AND i.kind IN ('call', 'email', 'meeting', 'message', 'visit')"
#: derived column -> the interactions that count
TOUCHES = {
    "last_touch": "",
    "last_in": f" AND (i.direction = 'in' OR {BOTH})",
    "last_out": f" AND (i.direction = 'out' OR {BOTH})",
}
#: The interactions in which somebody said something.
WORD = f"i.removed_at IS NULL AND (i.direction IS NOT NULL OR {BOTH})"
#: table -> what says that a word with one of its records was with that alone. Their signs keep SQLite from the indexes
#: of all interactions without a deal or a person.
ALONE = {"contact": "+i.opportunity_id IS NULL", "company": "+i.opportunity_id IS NULL AND +i.contact_id IS NULL"}
#: table -> where the touches of others count as well: their table and its link here
HEARD = {"opportunity": (), "contact": (("opportunity", "contact_id"),)}
HEARD["company"] = (("opportunity", "company_id"), ("contact", "company_id"))


def latest(table: str, column: str) -> str:
    """The SQL that works out a column of `TOUCHES` for a row of a table."""
    own = f"SELECT max(i.at) FROM interaction i WHERE i.{LINKS[table]} = {table}.id AND i.removed_at IS NULL"
    parts = [own.replace("max(i.at)", "i.at") + TOUCHES[column]]
    parts += [f"SELECT o.{column} FROM {other} o WHERE o.{link} = {table}.id" for other, link in HEARD[table]]
    return f"SELECT max(x.at) FROM ({' UNION ALL '.join(parts)}) x" if len(parts) > 1 else own + TOUCHES[column]


def last_word(table: str) -> str:
    """The SQL that works out `last_word_id` for a row of a table."""
    words = [f"SELECT i.id, i.at FROM interaction i WHERE i.{LINKS[table]} = {table}.id AND {WORD}"]
    words += [
        f"SELECT i.id, i.at FROM {other} o JOIN interaction i ON i.id = o.last_word_id WHERE o.{link} = {table}.id"
        for other, link in HEARD[table]
    ]
    return f"SELECT x.id FROM ({' UNION ALL '.join(words)}) x ORDER BY x.at DESC, x.id DESC LIMIT 1"


def figures(table: str) -> dict[str, str]:
    """What follows from interactions for a row of a table: column -> the SQL that works it out."""
    found = {column: latest(table, column) for column in TOUCHES} | {"last_word_id": last_word(table)}
    if table in ALONE:
        found["own_word_id"] = (
            f"SELECT i.id FROM interaction i WHERE i.{LINKS[table]} = {table}.id AND {ALONE[table]} AND {WORD}"
            " ORDER BY i.at DESC, i.id DESC LIMIT 1"
        )
    return found


#: coalesce keeps SQLite from the index of all open tasks, which it would read for each record.
OPEN = "FROM task k WHERE k.opportunity_id = opportunity.id AND coalesce(k.done_at, k.removed_at) IS NULL"
LINKS = {"opportunity": "opportunity_id", "contact": "contact_id", "company": "company_id"}
#: The tables with derived columns: each after those that it derives from.
TABLES = ("opportunity", "contact", "company")
#: Derived columns that are no fields: they lead to interactions.
LEADING = ("last_word_id", "own_word_id")
#: The order in which a writer takes rows that others may want too: what hangs on a record, then the record.
HELD = ("interaction", "task", *TABLES)


def _touches(table: str) -> str:
    return ", ".join(f"{column} = ({sql})" for column, sql in figures(table).items())


def hold(connection: Connection, rows: Mapping[str, Collection[int]]) -> None:
    """Wait until others are done with these rows, by table, and keep them from changing them until the transaction
    ends. Others may go on to link to them. All are taken in one order, by `HELD` and by number, so that two writers who
    take all of theirs at once never wait for each other; of two who take more later, and cross, PostgreSQL ends one
    (a ConflictError, and nothing is saved). SQLite has one writer anyway."""
    if connection.dialect == "postgresql":
        for table in HELD:
            if rows.get(table):
                read.versions(connection, table, sorted(rows[table]), " ORDER BY id FOR NO KEY UPDATE")


def refresh(connection: Connection, changes: Iterable[Change]) -> None:
    """Recompute the derived columns that these changes may have moved: deals first, then people, then companies.

    Each row is held first, by a statement of its own. An UPDATE that waits for a row goes on with what it read of
    others before the wait, and would count without what the other writer has just saved; the next one reads anew. So
    does what leads on to people and companies: a deal may have gone to another one meanwhile."""
    touched, tasks = _reach(connection, changes)
    for table in TABLES:
        hold(connection, {table: touched[table] | tasks if table == "opportunity" else touched[table]})
        ids = sorted(touched[table])
        if table != "company" and ids:
            _up(connection, table, ids, touched)
        _set(connection, table, ids, _touches(table))
    _set(
        connection,
        "opportunity",
        sorted(tasks),
        f"open_tasks = (SELECT count(*) {OPEN}), next_due = (SELECT min(k.due_on) {OPEN})",
    )


def renew(connection: Connection) -> None:
    """Recompute the derived columns of every record, where nobody else writes."""
    for table in TABLES:
        connection.run(f"UPDATE {table} SET {_touches(table)}")
    connection.run(
        f"UPDATE opportunity SET open_tasks = (SELECT count(*) {OPEN}), next_due = (SELECT min(k.due_on) {OPEN})"
    )


def differences(connection: Connection) -> list[str]:
    """What recomputation would change: one line a record; for `db check --deep`."""
    apart = "IS NOT" if connection.dialect == "sqlite" else "IS DISTINCT FROM"
    found = []
    for table in TABLES:
        for column, right in figures(table).items():
            sql = f"SELECT id FROM {table} WHERE {column} {apart} ({right})"
            found += [f"{table} {row[0]}: {column} is not that of its interactions" for row in connection.rows(sql)]
    sql = (
        f"SELECT id FROM opportunity WHERE open_tasks <> (SELECT count(*) {OPEN})"
        f" OR next_due {apart} (SELECT min(k.due_on) {OPEN})"
    )
    found += [f"opportunity {row[0]}: its open tasks are counted wrong" for row in connection.rows(sql)]
    return found


def _reach(connection: Connection, changes: Iterable[Change]) -> tuple[dict[str, set[int]], set[int]]:
    """The records whose last touch may have moved, and the leads and deals whose tasks may have."""
    touched: dict[str, set[int]] = {table: set() for table in TABLES}
    tasks: set[int] = set()
    moved: dict[str, list[int]] = {"interaction": [], "task": []}
    for change in changes:
        if change.table in moved:
            if change.before is not None and change.after is not None:
                moved[change.table].append(change.id)
        elif change.table not in ("opportunity", "contact") or change.before is None:
            continue
        for side in (change.before or {}, change.after or {}):
            if change.table == "task":
                tasks.update([side["opportunity_id"]] if side.get("opportunity_id") else ())
                continue
            for table, column in LINKS.items():
                if side.get(column):
                    touched[table].add(side[column])
    for table, ids in moved.items():
        for links in _links(connection, table, ids):
            if table == "task":
                tasks.update([links[0]] if links[0] else ())
                continue
            for name, value in zip(LINKS, links, strict=True):
                touched[name].update([value] if value else ())
    return touched, tasks


def _links(connection: Connection, table: str, ids: list[int]) -> list[tuple[int | None, ...]]:
    """The lead or deal, person and company that these rows hang on now."""
    found: list[tuple[int | None, ...]] = []
    for some, marks in portions(ids):
        found += connection.rows(f"SELECT {', '.join(LINKS.values())} FROM {table} WHERE id IN ({marks})", some)
    return found


def _up(connection: Connection, table: str, ids: list[int], touched: dict[str, set[int]]) -> None:
    """The people and companies that these deals, or the companies that these people, hang on."""
    columns = ("contact_id", "company_id") if table == "opportunity" else ("company_id",)
    for some, marks in portions(ids):
        for row in connection.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE id IN ({marks})", some):
            for column, value in zip(columns, row, strict=True):
                if value:
                    touched[column.removesuffix("_id")].add(value)


def _set(connection: Connection, table: str, ids: list[int], sets: str) -> None:
    for some, marks in portions(ids):
        connection.run(f"UPDATE {table} SET {sets} WHERE id IN ({marks})", some)
