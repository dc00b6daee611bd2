"""Proof that the store is sound: engine, links, journal chain, and every row against the journal's last word on it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, cast

from crmcli.domain.keys import KEYED, SEARCHED, derive, search_text
from crmcli.domain.types import Instant, Phone, bare_number
from crmcli.errors import CrmError, DamagedError
from crmcli.services.links import LINKS, NOUNS
from crmcli.store import connect, derived, read, schema, words
from crmcli.store.write import COLUMNS, DEFAULTS, ORDER, digest, link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmcli.context import Context
    from crmcli.domain.types import Env
    from crmcli.store.connect import Connection, SQLite

PAGE = 1000
#: So many faults of a kind are named; the rest is counted.
NAMED = 10
#: A row that differs is looked at again under the write lock, for somebody may have been writing; so many at most.
AGAIN = 2000

Fault = str
#: The checks of what can be worked out from the records again.
MENDABLE = frozenset(("views", "derived", "search"))


def renew(connection: Connection) -> None:
    """Make anew what can be worked out from the records: word indexes, derived columns, documented views. It is not
    in the journal, and nobody's words are in it alone."""
    with connection.transaction():
        schema.drop_views(connection)
        words.drop(connection)
        words.create(connection)
        derived.renew(connection)
        schema.create_views(connection)


def engine(connection: Connection) -> list[Fault]:
    """What the engine says of itself. PostgreSQL: the catalogue holds all that the program's schema names."""
    if connection.dialect == "sqlite":
        return [
            line
            for row in connection.rows("PRAGMA integrity_check(20)")
            for line in str(row[0]).splitlines()
            if line != "ok" and not line.startswith("***")
        ]
    there = {row[0] for row in connection.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    wanted = (*ORDER, "batch", "journal", "journal_tx", "journal_head")
    lost = [f"the table {table} is missing" for table in wanted if table not in there]
    broken = connection.rows(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND NOT i.indisvalid"
    )
    return lost + [f"the index {row[0]} is not valid" for row in broken]


def views(connection: Connection) -> list[Fault]:
    """The documented views are all there."""
    there = set(schema.view_names(connection))
    return [f"the view {name} is missing" for name in schema.documented_views() if name not in there]


def links(connection: Connection) -> list[Fault]:
    """Links to what is not there."""
    if connection.dialect == "sqlite":
        rows = connection.rows("PRAGMA foreign_key_check")
        return [f"{row[0]} {row[1]} links to a {row[2]} that is not there" for row in rows[:PAGE]]
    found = []
    for target, columns in LINKS.items():
        for table, column in columns:
            name = "record_id" if table.endswith("_tag") else "id"
            sql = (
                f"SELECT t.{name} FROM {table} t LEFT JOIN {target} x ON x.id = t.{column}"
                f" WHERE t.{column} IS NOT NULL AND x.id IS NULL LIMIT {PAGE}"
            )
            found += [f"{table} {row[0]} links to a {target} that is not there" for row in connection.rows(sql)]
    return found


def chain(connection: Connection) -> Iterator[Fault]:
    """Recompute the journal: every digest, every link, up to the head that stood at the start."""
    head, final = connection.rows("SELECT seq, hash FROM journal_head WHERE id = 1")[0]
    previous, expected = "", 0
    while expected < head:
        page = connection.rows(
            "SELECT seq, batch_id, at, count, hash FROM journal_tx WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 50",
            (expected, head),
        )
        if not page:
            yield f"the journal ends at {expected}, its head says {head}"
            return
        for seq, batch, at, count, stored in page:
            expected += 1
            if seq != expected:
                yield f"journal transaction {expected} is missing"
                expected = seq
            rows, digests = 0, []
            for record in connection.rows(
                "SELECT id, entity, record_id, before, after, digest FROM journal WHERE seq = ? ORDER BY id", (seq,)
            ):
                rows += 1
                digests.append(record[5])
                if (record[3] is not None or record[4] is not None) and digest(*record[1:5]) != record[5]:
                    yield f"journal row {record[0]} ({record[1]} {record[2]}) was altered"
            if rows != count:
                yield f"journal transaction {seq} has {rows} rows, not {count}"
            if link(previous, seq, batch, Instant().from_db(at), digests) != stored:
                yield f"journal transaction {seq} does not link to the one before it"
            previous = stored
    if previous != final:
        yield "the journal's head is not the hash of its last transaction"
    beyond = connection.value("SELECT count(*) FROM journal_tx WHERE seq > (SELECT seq FROM journal_head WHERE id = 1)")
    if beyond:
        yield f"{beyond} journal transactions stand beyond the head"


def purged(connection: Connection) -> list[Fault]:
    """Journal rows without content are those of purged records only."""
    empty = "j.before IS NULL AND j.after IS NULL"
    rows = connection.rows(
        f"SELECT DISTINCT j.entity, j.record_id FROM journal j WHERE {empty} AND NOT EXISTS"
        " (SELECT 1 FROM journal p JOIN journal_tx x ON x.seq = p.seq JOIN batch b ON b.id = x.batch_id"
        "  WHERE p.entity = j.entity AND p.record_id = j.record_id AND b.source = 'purge' AND p.before IS NULL"
        f"  AND p.after IS NULL) LIMIT {PAGE}"
    )
    return [f"the journal of {row[0]} {row[1]} is empty, but nobody purged it" for row in rows]


def rows_against_journal(connection: Connection, env: Env) -> Iterator[Fault]:
    """Every row, its tags and its keys against the journal's last word on it, and the other way round."""
    suspects: dict[str, list[int]] = {}
    for table in ORDER:
        top = max(
            int(connection.value(f"SELECT max(id) FROM {table}") or 0),
            int(connection.value("SELECT max(record_id) FROM journal WHERE entity = ?", (table,)) or 0),
        )
        for start in range(1, top + 1, PAGE):
            wrong = list(_compare(connection, env, table, start, start + PAGE))
            suspects.setdefault(table, []).extend(number for number, _ in wrong)
    found = {table: numbers for table, numbers in suspects.items() if numbers}
    if not found:
        return
    # Somebody may have been writing between two reads: what is wrong stays wrong while nobody can.
    with _quiet(connection):
        for table, numbers in found.items():
            for number in numbers[:AGAIN]:
                yield from (line for _, line in _compare(connection, env, table, number, number + 1))


def _compare(connection: Connection, env: Env, table: str, start: int, end: int) -> Iterator[tuple[int, Fault]]:
    ids = [row[0] for row in connection.rows(f"SELECT id FROM {table} WHERE id >= ? AND id < ?", (start, end))]
    states: dict[int, dict[str, Any] | None] = {}
    for number, before, after in connection.rows(
        "SELECT record_id, before, after FROM journal WHERE entity = ? AND record_id >= ? AND record_id < ?"
        " ORDER BY seq, id",
        (table, start, end),
    ):
        if after is None:
            states[number] = None
        elif before is None:
            states[number] = json.loads(after)
        else:
            states[number] = {**(states.get(number) or {}), **json.loads(after)}
    rows = read.raw(connection, table, ids)
    noun = NOUNS[table].replace("_", " ")
    for number, state in states.items():
        if state is not None and number not in rows:
            yield number, f"{noun} {number} is gone, and the journal does not know why"
    for number, row in rows.items():
        if states.get(number) is None:
            yield number, f"{noun} {number} is there, and the journal does not know it"
            continue
        wanted = {**DEFAULTS.get(table, {}), **(states[number] or {})}
        differ = [c for c in (*COLUMNS[table], "tags") if c != "id" and (row.get(c) or None) != (wanted.get(c) or None)]
        if differ:
            yield number, f"{noun} {number} was changed behind the journal: {', '.join(differ)}"
        keys = _keys(table, row, env)
        stale = [c for c, key in keys.items() if row.get(c) != key]
        if stale:
            yield number, f"{noun} {number} has wrong keys: {', '.join(stale)}"


def _keys(table: str, row: dict[str, Any], env: Env) -> dict[str, Any]:
    """The keys a row should have. A telephone's depends on the region that was set when it was written."""
    keys = derive(table, row, env)
    for column, kind in KEYED.get(table, {}).items():
        stored = row.get(column + "_key")
        if not isinstance(kind, Phone) or not stored:
            continue
        ending = bare_number(row[column] or "").lstrip("0")[-6:]
        if len(ending) == 6 and stored.startswith("+") and stored.endswith(ending):
            keys[column + "_key"] = stored
    if table in SEARCHED:
        keys["search_text"] = search_text(table, row, keys)
    return keys


def derived_columns(connection: Connection) -> list[Fault]:
    """Last touch, open tasks and next due as recomputed."""
    if not derived.differences(connection):
        return []
    with _quiet(connection):
        return derived.differences(connection)


def search_index(connection: Connection) -> list[Fault]:
    """The word indexes hold what the rows say. PostgreSQL keeps its own in step by itself."""
    found = words.unreadable(connection)
    if found or connection.dialect != "sqlite":
        return found
    copy: Connection | None = None
    for table in schema.SEARCHED:
        question = f"INSERT INTO {table}_fts({table}_fts, rank) VALUES ('integrity-check', 1)"
        try:
            if copy is None:
                try:
                    with connection.transaction():
                        connection.run(question)
                except CrmError as error:
                    if "cannot" not in error.message:
                        raise
                    # FTS5 answers writers alone: a store that cannot be written is asked in a copy.
                    copy = cast("SQLite", connection).copied()
            if copy is not None:
                copy.run(question)
        except DamagedError:
            found.append(f"the word index of {table} does not agree with its rows")
    return found


def orphans(connection: Connection) -> list[Fault]:
    """Tags on records that are not there."""
    found = []
    for table in sorted(read.TAGGED):
        sql = f"SELECT DISTINCT record_id FROM {table}_tag WHERE record_id NOT IN (SELECT id FROM {table}) LIMIT {PAGE}"
        found += [f"{table} {row[0]} is tagged, but is not there" for row in connection.rows(sql)]
        sql = f"SELECT DISTINCT tag_id FROM {table}_tag WHERE tag_id NOT IN (SELECT id FROM tag) LIMIT {PAGE}"
        found += [f"tag {row[0]} is given, but is not there" for row in connection.rows(sql)]
    return found


@contextlib.contextmanager
def _quiet(connection: Connection) -> Iterator[None]:
    """No other writer while this lasts."""
    with connection.transaction():
        if connection.dialect == "postgresql":
            connection.run("SELECT pg_advisory_xact_lock(4369)")
        yield


def checks(ctx: Context, deep: bool) -> Iterator[tuple[str, str, list[Fault]]]:
    """(key, title, faults) of every check in turn. A book so damaged that it cannot be opened, or that a check cannot
    read to its end, fails that check."""
    try:
        connection = ctx.reader
    except DamagedError:
        yield "engine", "Engine", list(_first(_until_damage(lambda: _bare(ctx.settings.database))))
        return
    quick: tuple[tuple[str, str, Callable[[], Iterable[Fault]]], ...] = (
        ("engine", "Engine", lambda: engine(connection)),
        ("links", "Links", lambda: links(connection)),
        ("views", "Views", lambda: views(connection)),
        ("chain", "Journal chain", lambda: chain(connection)),
        ("search", "Search index", lambda: words.unreadable(connection)),
    )
    thorough: tuple[tuple[str, str, Callable[[], Iterable[Fault]]], ...] = (
        ("purged", "Purged records", lambda: purged(connection)),
        ("rows", "Rows against journal", lambda: rows_against_journal(connection, ctx.env)),
        ("derived", "Derived columns", lambda: derived_columns(connection)),
        ("search", "Search index", lambda: search_index(connection)),
        ("tags", "Tags", lambda: orphans(connection)),
    )
    for key, title, look in (*quick[:-1], *thorough) if deep else quick:
        yield key, title, list(_first(_until_damage(look)))


def _bare(target: str) -> Iterator[Fault]:
    """What the engine says of a file that cannot be opened as a book."""
    with contextlib.closing(connect.connect(target, read_only=True)) as opened:
        yield from engine(opened)


def _until_damage(look: Callable[[], Iterable[Fault]]) -> Iterator[Fault]:
    """What a check finds; where the engine can read no further, that is the last of it."""
    try:
        yield from look()
    except DamagedError as error:
        yield error.detail


def _first(faults: Iterator[Fault]) -> Iterator[Fault]:
    for i, fault in enumerate(faults):
        yield fault
        if i > PAGE:
            return
