"""Purge: forgets a record for good, in the tables, the journal and the search index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crmcli.domain.change import Change
from crmcli.domain.text import fold
from crmcli.errors import NotFoundError, UsageError
from crmcli.results import Changed
from crmcli.services.links import LINKS, NOUNS
from crmcli.store import derived, read
from crmcli.store.write import ORDER

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: What a purged record takes with it: tasks and notes that hang on it and on nothing nearer. A note on a person
#: carries the person's company too, one on a deal its person and company.
ALONE = {
    "contact": "contact_id = ? AND opportunity_id IS NULL",
    "company": "company_id = ? AND opportunity_id IS NULL AND contact_id IS NULL",
    "opportunity": "opportunity_id = ? AND contact_id IS NULL AND company_id IS NULL",
}
PAGE = 500


def purge(ctx: Context, kind: Entity, number: int) -> Changed:
    """Forget a record: its row, its tags, the tasks and notes on it alone, what the journal says about them, and
    their words in the search index. Other records' links to it are cleared. It cannot be undone.

    The journal keeps a digest of each forgotten change, so that its chain stays whole. Raises NotFoundError.
    """
    if kind.table not in read.TAGGED and kind.table != "interaction":
        raise UsageError(f"a {kind.name} cannot be purged", "lead, deal, contact, company, task and interaction can")
    connection = ctx.reader
    if connection.dialect == "sqlite":
        connection.run("PRAGMA secure_delete = ON")
    with ctx.writing("purge", command=f"purge {kind.name}:{number}") as tx:
        row = tx.connection.one(f"SELECT id FROM {kind.table} WHERE id = ?", (number,))
        if row is None:
            raise NotFoundError(f"there is no {kind.name} {number}")
        doomed = _doomed(connection, kind.table, number)
        texts = _texts(connection, kind.table, number)
        _let_go(tx, doomed)
        tx.flush()
        gone = [
            Change(NOUNS[table], i, row, None, table)
            for table, ids in doomed.items()
            for i, row in read.raw(connection, table, sorted(ids)).items()
        ]
        for table in reversed(ORDER):
            ids = sorted(doomed.get(table, ()), reverse=True)
            if ids:
                _forget(connection, table, ids, texts)
                nouns = kind.name if table == kind.table else NOUNS[table]
                tx.changes += [Change(nouns, i, None, None, table) for i in ids]
        derived.refresh(connection, gone)
        _optimise(connection, doomed)
    also = {NOUNS[t]: len(ids) for t, ids in doomed.items() if t != kind.table and ids}
    with_it = f", with {', '.join(f'{n} {noun}' for noun, n in also.items())}" if also else ""
    return Changed(
        (f"purged {kind.name}:{number}{with_it}; it cannot be undone",),
        tuple(tx.changes),
        ctx.batch,
        (number,),
        kind.name,
    )


def _doomed(connection: Connection, table: str, number: int) -> dict[str, set[int]]:
    """The record and what it takes with it."""
    doomed = {table: {number}}
    if table in ALONE:
        for child in ("task", "interaction"):
            doomed[child] = {
                row[0] for row in connection.rows(f"SELECT id FROM {child} WHERE {ALONE[table]}", (number,))
            }
    if table == "opportunity":
        doomed["stage_move"] = {
            row[0] for row in connection.rows("SELECT id FROM stage_move WHERE opportunity_id = ?", (number,))
        }
    return doomed


def _let_go(tx: Transaction, doomed: dict[str, set[int]]) -> None:
    """Clear what other records link to them by; these are changes like any other."""
    for table, ids in doomed.items():
        for number in ids:
            for child, column in LINKS.get(table, ()):
                for (other,) in tx.connection.rows(f"SELECT id FROM {child} WHERE {column} = ?", (number,)):
                    if other not in doomed.get(child, ()):
                        tx.change(NOUNS[child], other, {column: None})


def _texts(connection: Connection, table: str, number: int) -> set[str]:
    """What names the record: its name, e-mail and telephones, now and in the journal, folded."""
    columns = ("name", "contact_name", "email", "phone", "mobile")
    rows: list[dict[str, Any]] = [read.raw(connection, table, [number])[number]]
    for sides in connection.rows(
        "SELECT before, after FROM journal WHERE entity = ? AND record_id = ?", (table, number)
    ):
        rows += [json.loads(side) for side in sides if side]
    return {fold(str(row[c])) for row in rows for c in columns if row.get(c)}


def _forget(connection: Connection, table: str, ids: list[int], texts: set[str]) -> None:
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        marks = ", ".join("?" * len(some))
        if table in read.TAGGED:
            connection.run(f"DELETE FROM {table}_tag WHERE record_id IN ({marks})", some)
        connection.run(f"DELETE FROM {table} WHERE id IN ({marks})", some)
        said = connection.rows(
            "SELECT DISTINCT b.id, b.command FROM journal j JOIN journal_tx x ON x.seq = j.seq"
            " JOIN batch b ON b.id = x.batch_id"
            f" WHERE j.entity = ? AND j.record_id IN ({marks})",
            (table, *some),
        )
        for batch, command in said:
            if any(text in fold(command) for text in texts if text):
                connection.run("UPDATE batch SET command = '(purged)' WHERE id = ?", (batch,))
        connection.run(
            f"UPDATE journal SET before = NULL, after = NULL WHERE entity = ? AND record_id IN ({marks})",
            (table, *some),
        )


def _optimise(connection: Connection, doomed: dict[str, set[int]]) -> None:
    """SQLite's word index keeps the words of deleted rows until its segments are merged."""
    from crmcli.store.schema import SEARCHED

    if connection.dialect == "sqlite":
        for table in SEARCHED:
            if doomed.get(table):
                connection.run(f"INSERT INTO {table}_fts({table}_fts) VALUES ('optimize')")
