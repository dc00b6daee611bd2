"""Proof that the store is sound: engine, links, journal chain, and every row against the journal's last word on it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from crmcli.domain import custom, money
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import key_column
from crmcli.domain.hierarchy import upwards
from crmcli.domain.keys import KEYED, SEARCHED, derive, search_text
from crmcli.domain.text import clip
from crmcli.domain.types import Money, Phone
from crmcli.errors import DamagedError, ReadOnlyError
from crmcli.services import aliases, chaining, moving, needs, telephones
from crmcli.services.links import LINKS
from crmcli.services.stages import incomplete
from crmcli.store import catalogue, connect, derived, journal, misfits, read, schema, words
from crmcli.store.sql import MISPLACED
from crmcli.store.tables import DEFAULTS, NOUNS, ORDER, columns_of

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
JOURNAL = ("batch", "journal", "journal_tx", "journal_head", "import_run")
#: The checks of what can be worked out from the records again.
MENDABLE = frozenset(("views", "derived", "search", "indexes", "counters", "telephones"))


def renew(connection: Connection, env: Env | None = None) -> list[str]:
    """Make anew what can be worked out from the records: word indexes, derived columns, documented views, indexes,
    counters of numbers, and with `env` the keys of telephone numbers. It is not in the journal, and nobody's words are
    in it alone. Lines about what could not be made, and about numbers that have another key now."""
    with connection.transaction():
        connection.alone("book")
        schema.hold(connection)
        schema.drop_views(connection)
        words.drop(connection)
        dialled = telephones.renew(connection, env) if env else 0
        words.create(connection)
        derived.renew(connection)
        told = catalogue.mend(connection)
        schema.create_views(connection)
    if dialled and env:
        told.append(f"telephone numbers of {dialled} record{'s' * (dialled > 1)} are compared as in {env.region} now")
    return told


def engine(connection: Connection) -> list[Fault]:
    """What the engine says of itself, and whether it has all tables."""
    wanted = (*ORDER, *(f"{table}_tag" for table in sorted(read.TAGGED)), *JOURNAL)
    if connection.dialect == "sqlite":
        there = {row[0] for row in connection.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return [f"the table {table} is missing" for table in wanted if table not in there] + [
            line
            for row in connection.rows("PRAGMA integrity_check(20)")
            for line in str(row[0]).splitlines()
            if line != "ok" and not line.startswith("***")
        ]
    there = {row[0] for row in connection.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
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


def rows_against_journal(connection: Connection, env: Env) -> Iterator[Fault]:
    """Every row, its tags and its keys against the journal's last word on it, and the other way round."""
    suspects: dict[str, list[int]] = {}
    for table in ORDER:
        start = _next(connection, table, None)
        while start is not None:
            wrong = list(_compare(connection, env, table, start, start + PAGE))
            suspects.setdefault(table, []).extend(dict.fromkeys(number for number, _ in wrong))
            start = _next(connection, table, start + PAGE)
    found = {table: numbers for table, numbers in suspects.items() if numbers}
    if not found:
        return
    # Somebody may have been writing between two reads: what is wrong stays wrong while nobody can.
    with _quiet(connection):
        for table, numbers in found.items():
            for number in numbers[:AGAIN]:
                yield from (line for _, line in _compare(connection, env, table, number, number + 1))


def _next(connection: Connection, table: str, start: int | None) -> int | None:
    """The first number from `start` on that a row has or the journal knows."""
    least, params = ("", ()) if start is None else (" {} >= ?", (start,))
    row = connection.value(f"SELECT min(id) FROM {table}{least and ' WHERE' + least.format('id')}", params)
    known = connection.value(
        f"SELECT min(record_id) FROM journal WHERE entity = ?{least and ' AND' + least.format('record_id')}",
        (table, *params),
    )
    return min((number for number in (row, known) if number is not None), default=None)


def _compare(connection: Connection, env: Env, table: str, start: int, end: int) -> Iterator[tuple[int, Fault]]:
    ids = [row[0] for row in connection.rows(f"SELECT id FROM {table} WHERE id >= ? AND id < ?", (start, end))]
    noun = NOUNS[table].replace("_", " ")
    states: dict[int, dict[str, Any] | None] = {}
    unknown: set[int] = set()
    for number, before, after, row in connection.rows(
        "SELECT record_id, before, after, id FROM journal WHERE entity = ? AND record_id >= ? AND record_id < ?"
        " ORDER BY seq, id",
        (table, start, end),
    ):
        try:
            change = journal.columns(after)
        except DamagedError:
            unknown.add(number)
            yield number, f"journal row {row} ({noun} {number}) is no JSON"
            continue
        if change is None or before is None:
            states[number] = change
        else:
            states[number] = {**(states.get(number) or {}), **change}
    rows = read.raw(connection, table, ids)
    for number, state in states.items():
        if state is not None and number not in rows and number not in unknown:
            yield number, f"{noun} {number} is gone, and the journal does not know why"
    for number, row in rows.items():
        if number in unknown:
            continue
        if states.get(number) is None:
            yield number, f"{noun} {number} is there, and the journal does not know it"
            continue
        wanted = {**DEFAULTS.get(table, {}), **(states[number] or {})}
        differ = [c for c in columns_of(table, row, wanted) if c != "id" and row.get(c) != wanted.get(c)]
        differ += ["tags"] if (row.get("tags") or []) != (wanted.get("tags") or []) else []
        if differ:
            yield number, f"{noun} {number} was changed behind the journal: {', '.join(differ)}"
        try:
            keys = _keys(table, row, env)
        except (TypeError, ValueError, AttributeError):  # a value of a wrong kind, which `values` names
            yield number, f"{noun} {number} has no keys to compare"
            continue
        stale = [c for c, key in keys.items() if row.get(c) != key]
        if stale:
            yield number, f"{noun} {number} has wrong keys: {', '.join(stale)}"


def _keys(table: str, row: dict[str, Any], env: Env) -> dict[str, Any]:
    """The keys a row should have. A telephone's depends on the region that was set when it was written."""
    keys = derive(table, row, env)
    for column, kind in KEYED.get(table, {}).items():
        stored = row.get(key_column(column))
        if not isinstance(kind, Phone) or not stored:
            continue
        if telephones.of_some_region(row.get(column) or "", stored):
            keys[key_column(column)] = stored
    if table in SEARCHED:
        keys["search_text"] = search_text(table, row, keys)
    return keys


def values(connection: Connection) -> Iterator[Fault]:
    """Values that are not of the kind of their column."""
    for table, number, column, kind in misfits.misfits(connection, PAGE):
        yield f"{NOUNS.get(table, table).replace('_', ' ')} {number}: {column} is not {kind}"


def rules(connection: Connection) -> Iterator[Fault]:
    """What the program lets nobody do, and other writers can: companies that are under themselves, tasks that wait for
    themselves, pipelines without an open or a won stage, records that are open in a won stage or won in another one,
    merged records that are still something of their own, amounts too large to be typed.
    """
    for lack in sorted(incomplete(connection)):
        yield f"the pipeline {lack.name} has no {lack.sort} stage"
    above: dict[int, int] = dict(
        connection.rows("SELECT id, parent_id FROM company WHERE parent_id IS NOT NULL ORDER BY id")
    )
    seen: set[int] = set()
    for start in above:
        way = list(upwards(start, lambda company: None if company in seen else above.get(company)))
        again = above.get(way[-1])
        if again is not None and again in way and not seen.intersection(way):
            ring = [*way[way.index(again) :], again]
            yield f"company {again} is under itself: {', '.join(map(str, ring))}"
        seen.update(way)
    for tasks in needs.in_rings(connection):
        yield f"task {tasks[0]} waits for itself: {', '.join(map(str, [*tasks, tasks[0]]))}"
    sql = (
        "SELECT o.kind, o.id, o.status, s.name FROM opportunity o JOIN stage s ON s.id = o.stage_id"
        f" WHERE o.removed_at IS NULL AND ({MISPLACED})"
        f" ORDER BY o.id LIMIT {PAGE}"
    )
    for kind, number, status, stage in connection.rows(sql):
        yield f"{kind} {number} is {status} in the stage {stage}"
    yield from merged(connection)
    fields = "SELECT id, entity, name, options FROM custom_field ORDER BY id"
    for number, table, name, options in connection.rows(fields):
        if custom.unfit(table, name):
            yield f"custom field {number} has a name that no field can have: {clip(str(name), 40)}"
        elif not custom.are_options(options):
            yield f"custom field {number} ({custom.called(table, name)}) has options that are no list of words"
    yield from amounts(connection)


def merged(connection: Connection) -> Iterator[Fault]:
    """Merged records that are in sight, are one with themselves, or that something still hangs on."""
    for table in sorted(aliases.TABLES):
        sql = f"SELECT id FROM {table} WHERE merged_into_id IS NOT NULL AND removed_at IS NULL ORDER BY id LIMIT {PAGE}"
        for (number,) in connection.rows(sql):
            yield f"{aliases.noun(connection, table, number)} {number} was merged and is in sight"
        into: dict[int, int] = dict(
            connection.rows(f"SELECT id, merged_into_id FROM {table} WHERE merged_into_id IS NOT NULL ORDER BY id")
        )
        for number in into:
            if number in upwards(into[number], into.get):
                yield f"{aliases.noun(connection, table, number)} {number} was merged into itself"
        for child, column in LINKS[table] if into else ():
            if column == "merged_into_id" or child in moving.HISTORY:
                continue
            own = " AND c.merged_into_id IS NULL" if child in aliases.TABLES else ""
            sql = (
                f"SELECT c.id, t.id FROM {child} c JOIN {table} t ON t.id = c.{column}"
                f" WHERE t.merged_into_id IS NOT NULL{own} ORDER BY c.id LIMIT {PAGE}"
            )
            for number, of in connection.rows(sql):
                name = aliases.noun(connection, table, of)
                yield f"{child.replace('_', ' ')} {number} hangs on {name} {of}, which was merged"


def amounts(connection: Connection) -> Iterator[Fault]:
    """Amounts larger than their currency may have: sums of them do not fit the engine's numbers."""
    without = ", ".join(f"'{code}'" for code in sorted(money.CODES_BY_DIGITS[0]))
    for kind in ENTITIES.values():
        for field in kind.stored():
            if not isinstance(field.type, Money):
                continue
            most = f"CASE WHEN {field.type.currency} IN ({without}) THEN {money.LARGEST} ELSE {money.largest('')} END"
            own = f" AND kind = '{kind.name}'" if kind.table == "opportunity" else ""
            sql = (
                f"SELECT id FROM {kind.table} WHERE ({field.column} > {most} OR {field.column} < -({most})){own}"
                f" ORDER BY id LIMIT {PAGE}"
            )
            for (number,) in connection.rows(sql):
                yield f"{kind.name} {number}: {field.name} is too large an amount"


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
                except ReadOnlyError:
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
    """No other writer while this lasts, where this one may write at all."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ReadOnlyError):
            stack.enter_context(connection.transaction())
            connection.alone("chain")
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
        ("chain", "Journal chain", lambda: chaining.chain(connection)),
        ("counters", "Counters", lambda: catalogue.counters(connection)),
        ("search", "Search index", lambda: words.unreadable(connection)),
    )
    thorough: tuple[tuple[str, str, Callable[[], Iterable[Fault]]], ...] = (
        ("purged", "Purged records", lambda: chaining.purged(connection)),
        ("values", "Values", lambda: values(connection)),
        ("rows", "Rows against journal", lambda: rows_against_journal(connection, ctx.env)),
        ("telephones", "Telephones", lambda: telephones.stale(connection, ctx.env)),
        ("rules", "Rules", lambda: rules(connection)),
        ("indexes", "Indexes", lambda: catalogue.indexes(connection)),
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
