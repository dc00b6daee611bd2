"""The door in: one path for every write, one row or a million.

A transaction gathers changes, lets `before` veto or amend them, applies them in sets, recomputes what is derived,
journals each record, links the transaction into the hash chain, and commits. It knows neither plugins nor rules:
`context` hands it the callables.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import OWN, installed, key_column
from crmcli.domain.keys import KEYED, SEARCHED, derive, search_text
from crmcli.domain.text import check_text, fold
from crmcli.domain.types import show_instant
from crmcli.errors import ConflictError, FieldError, NotFoundError, TakenError
from crmcli.store import bulk, derived, journal, own, read, schema
from crmcli.store.pending import Pending
from crmcli.store.shown import Shown
from crmcli.store.tables import COLUMNS, DEFAULTS, ORDER, check_lengths, noun_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crmcli.domain.change import Change
    from crmcli.domain.types import Env
    from crmcli.store.connect import Connection


class Hooks:
    """What `context` hangs into the write path; each may be None."""

    def __init__(
        self,
        before: Callable[[list[Change]], list[Change]] | None = None,
        react: Callable[[Transaction, list[Change]], None] | None = None,
        after: Callable[[list[Change]], None] | None = None,
    ) -> None:
        self.before, self.react, self.after = before, react, after


class Transaction:
    """A write in the making. Ids are given at once; rows are written by `flush`, which the transaction's end calls."""

    def __init__(self, connection: Connection, env: Env, hooks: Hooks, new_uid: Callable[[], str]) -> None:
        self.connection, self.env, self.hooks, self.new_uid = connection, env, hooks, new_uid
        self.stamp = show_instant(env.now)
        self.changes: list[Change] = []
        self.batch = 0
        self.origin = journal.Origin("", "", "")
        self._journalled = 0
        self._lines: list[journal.Line] = []
        self._pending = Pending()
        self._rows: dict[tuple[str, int], dict[str, Any]] = {}
        self._ids: dict[str, int] = {}
        self._words: dict[tuple[str, str, int | None], int] = {}
        #: Numbers that verbs bear in mind until the transaction ends, under keys of their own.
        self.memory: dict[tuple[str, str | int], int] = {}
        self._naming = False
        self._shown = Shown()
        #: Whether nobody else can write before the transaction ends.
        self.sole = connection.dialect == "sqlite"
        #: whether this one was asked for alone, which SQLite makes no difference of
        self.alone = False
        #: Has the vocabulary know the fields of people's own as they are by now.
        self.learn: Callable[[], None] = lambda: None

    # --- what verbs call ---

    def add(self, entity: str, values: Mapping[str, Any], *, record: int | None = None) -> int:
        """A new record from its stored columns (and `tags`: ids); its id. `record` re-creates a known id. Raises
        FieldError for a text that is longer than an index holds, unless it was there before."""
        table = ENTITIES[entity].table
        if record is None:
            check_lengths(entity, values)
        number = record or self._next_id(table)
        row = {column: value for column, value in values.items() if value is not None}
        if ENTITIES[entity].kind:
            row.setdefault("kind", ENTITIES[entity].kind)
        columns = COLUMNS[table]
        if "uid" in columns:
            row.setdefault("uid", self.new_uid())
        if "created_at" in columns:
            row.setdefault("created_at", self.stamp)
        if "updated_at" in columns:
            row.setdefault("updated_at", row["created_at"] if record is None else self.stamp)
        for column, value in DEFAULTS.get(table, {}).items():
            row.setdefault(column, value)
        self._pending.add(table, number, row)
        return number

    def add_many(
        self, entity: str, columns: Mapping[str, Sequence[Any]], keys: Mapping[str, Sequence[Any]] | None = None
    ) -> list[int]:
        """New records from stored values by column (`tags`: lists of ids); their ids. `keys` are what `derive_columns`
        makes of these columns, when it was worked out before the lock was taken. What hooks must see, and what others
        derive from, goes the way of `add`; the rest is written at once, after all that is pending."""
        count = len(next(iter(columns.values())))
        table = ENTITIES[entity].table
        hooks = self.hooks
        if hooks.before or hooks.react or hooks.after or table not in ("company", "contact", "opportunity"):
            return [
                self.add(entity, dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)
            ]
        self.flush()
        ids = self.connection.next_ids(table, count)
        self._ids[table] = ids[-1] + 1
        full = dict(columns)
        if ENTITIES[entity].kind:
            full.setdefault("kind", [ENTITIES[entity].kind] * count)
        self._fill(full, "uid", count, self.new_uid)
        self._fill(full, "created_at", count, lambda: self.stamp)
        made = full["created_at"]
        updated = full.get("updated_at") or made
        full["updated_at"] = [at or at_first for at, at_first in zip(updated, made, strict=True)]
        defaults = DEFAULTS.get(table, {})
        for column, value in defaults.items():
            self._fill(full, column, count, lambda value=value: value)  # type: ignore[misc]
        bulk.insert(self.connection, table, ids, {**full, **(keys or {})}, self.env)
        self._lines += bulk.journal_lines(table, ids, full, defaults)
        return ids

    @staticmethod
    def _fill(columns: dict[str, Sequence[Any]], name: str, count: int, make: Callable[[], Any]) -> None:
        """Give a column its value where there is none."""
        if name not in columns:
            columns[name] = [make() for _ in range(count)]
        elif None in columns[name]:
            columns[name] = [make() if value is None else value for value in columns[name]]

    def change(self, entity: str, record: int, values: Mapping[str, Any], *, touch: bool = True) -> bool:
        """Set stored columns of a record; False when nothing differs. `touch` sets `updated_at` to now."""
        table = ENTITIES[entity].table
        added = self._pending.added(table, record)
        if added is not None:
            added.update(values)
            return True
        current = self.row(entity, record)
        changed = {c: v for c, v in values.items() if current.get(c) != v}
        if not changed:
            return False
        if touch and "updated_at" in COLUMNS[table] and "updated_at" not in values:
            changed["updated_at"] = self.stamp
        self._pending.change(table, record, self._rows[table, record], changed)
        return True

    def delete(self, entity: str, record: int) -> None:
        """Take a row away for good (undo of an addition; removing a word). People's `remove` only marks it."""
        table = ENTITIES[entity].table
        if not self._pending.dropped(table, record):
            self.row(entity, record)
            self._pending.delete(table, record, self._rows[table, record])

    def row(self, entity: str, record: int) -> dict[str, Any]:
        """The whole present row as stored values, with pending changes. Raises NotFoundError."""
        table = ENTITIES[entity].table
        key = (table, record)
        added = self._pending.added(table, record)
        if added is not None:
            return {"id": record, **added}
        if key not in self._rows:
            self._rows.update({(table, i): r for i, r in read.raw(self.connection, table, [record]).items()})
        if key not in self._rows or self._pending.deleted(table, record):
            raise NotFoundError(f"there is no {entity} {record}")
        return self._pending.over(table, record, self._rows[key])

    def load(self, entity: str, records: list[int]) -> None:
        """Read many rows at once, before changing them one by one."""
        table = ENTITIES[entity].table
        missing = [r for r in records if (table, r) not in self._rows and self._pending.added(table, r) is None]
        self._rows.update({(table, i): r for i, r in read.raw(self.connection, table, missing).items()})

    def rows(self, entity: str, records: list[int]) -> dict[int, dict[str, Any]]:
        """The present rows of those of these records that are there (see `row`)."""
        table = ENTITIES[entity].table
        self.load(entity, records)
        there = [r for r in records if (table, r) in self._rows or self._pending.added(table, r) is not None]
        return {r: self.row(entity, r) for r in there if not self._pending.deleted(table, r)}

    def read_anew(self, entity: str, *, besides: int) -> None:
        """Read the rows of an entity that were read before again: while this writer waited, another one may have
        changed them. Not those that are to be changed, of which `besides` is one: what was read of them is compared
        when they are written."""
        table = ENTITIES[entity].table
        stale = [key for key in self._rows if key[0] == table and key[1] != besides and not self._pending.changed(*key)]
        for key in stale:
            del self._rows[key]
        self.load(entity, [number for _, number in stale])

    def hold(self, entity: str, records: Iterable[int]) -> set[int]:
        """Keep records as they are, and others from linking to them, until the transaction ends; those that are there.
        What is read after it is what others have left. Whoever also takes the names takes them first."""
        return set(self._locked(ENTITIES[entity].table, sorted(records)))

    def unchanged(self, entity: str, seen: Mapping[int, int]) -> None:
        """Make sure that these records (id -> version) stand as they were seen, now and when the transaction writes;
        those that it changes itself only until then. Nothing is locked here: whoever goes on to take the names or a
        stage must not hold a record before. Raises ConflictError naming those that were changed or taken away."""
        self._shown.add(ENTITIES[entity].table, entity, seen)
        self._shown.check(self.connection)

    def word(self, vocabulary: str, name: str, *, within: int | None = None, create: bool = True) -> int | None:
        """The id of a word of a vocabulary by its folded name (`within`: a stage's pipeline), made when it is new.
        Raises FieldError for what cannot be a name."""
        key = fold(check_text(name))
        if create and not key:
            raise FieldError(f"a {vocabulary.replace('_', ' ')} needs a name", "name")
        cached = self._words.get((vocabulary, key, within))
        if cached is not None:
            return cached
        table = ENTITIES[vocabulary].table
        scope, params = (" AND pipeline_id = ?", (key, within)) if within is not None else ("", (key,))
        sql = f"SELECT id FROM {table} WHERE name_key = ?{scope} ORDER BY id"
        found = self.connection.value(sql, params)
        if found is None and create and self.names_alone():
            found = self.connection.value(sql, params)
        if found is None and create:
            found = self.add(vocabulary, {"name": " ".join(name.split())})
        if found is None:
            return None
        self._words[vocabulary, key, within] = int(found)
        return int(found)

    def names_alone(self) -> bool:
        """Let one writer at a time make what is known by its name; whether to look for it again, because somebody may
        have made it while this one waited. SQLite has one writer anyway. Whoever also holds records takes the names
        first: else whoever took them before would wait for those, and both for ever."""
        if self._naming or self.connection.dialect == "sqlite":
            return False
        self.connection.alone("names")
        self._naming = True
        return True

    # --- applying ---

    def flush(self) -> list[Change]:
        """Write what is pending; the changes in the order in which they were written."""
        pending = self._pending.changes()
        if pending and self.hooks.before:
            pending = self.hooks.before(pending)
        rank = {table: i for i, table in enumerate(ORDER)}
        inserts = sorted((c for c in pending if c.before is None), key=lambda c: (rank[c.table], c.id))
        deletes = sorted((c for c in pending if c.after is None), key=lambda c: (-rank[c.table], -c.id))
        updates = [c for c in pending if c.before is not None and c.after is not None]
        if pending and self._shown and not self.sole:
            self._shown.check(self.connection)
        try:
            self._insert(inserts)
            self._update(updates)
            self._delete(deletes)
        except TakenError as error:
            error.rows = {c.id: self._keyed(c) for c in (*inserts, *updates) if c.table == error.table}
            raise
        done = [*inserts, *updates, *deletes]
        if any(change.table == "custom_field" for change in done):
            known = installed()
            self.learn()
            own.refresh_texts(self.connection, known)
        for change in done:
            self._rows.pop((change.table, change.id), None)
            self._shown.drop(change.table, change.id)
        # Also what made no difference: left for a later flush it would outlive the rows it was meant for.
        self._pending.clear()
        self.changes += done
        return done

    @contextlib.contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction, written at its end: if its body raises, what it wrote and what it left pending is
        gone, and the transaction goes on. What was pending before is written first; nothing may be settled inside."""
        self.flush()
        changes, lines, known = len(self.changes), len(self._lines), installed()
        naming = self._naming
        ids, words, memory, shown = dict(self._ids), dict(self._words), dict(self.memory), self._shown.copy()
        try:
            with self.connection.transaction():
                yield
                self.flush()
        except BaseException:
            self._pending.clear()
            self._rows.clear()
            if installed() is not known:
                self.learn()
            del self.changes[changes:], self._lines[lines:]
            self._ids, self._words, self.memory, self._shown = ids, words, memory, shown
            self._naming = naming
            raise

    def _insert(self, changes: list[Change]) -> None:
        groups: dict[tuple[str, tuple[str, ...]], list[tuple[int, dict[str, Any]]]] = {}
        for change in changes:
            assert change.after is not None
            row = {**DEFAULTS.get(change.table, {}), **change.after}
            groups.setdefault((change.table, tuple(sorted(row))), []).append((change.id, row))
        for (table, columns), rows in groups.items():
            values = {column: [row[column] for _, row in rows] for column in columns}
            bulk.insert(self.connection, table, [number for number, _ in rows], values, self.env)

    def _update(self, changes: list[Change]) -> None:
        if len(changes) > 1:
            derived.hold(self.connection, {t: [c.id for c in changes if c.table == t] for t in derived.HELD})
        for change in changes:
            assert change.after is not None
            current = (
                self._rows.get((change.table, change.id))
                or read.raw(self.connection, change.table, [change.id])[change.id]
            )
            values = dict(change.after)
            tags = values.pop("tags", None)
            own.check(change.table, {column: (value,) for column, value in values.items()})
            values.update(self._keys(change.table, current, values))
            values = own.packed(current, values)
            columns = list(values)
            sets = "".join(f"{column} = ?, " for column in columns)
            params = [*values.values(), change.id, current["version"]]
            sql = f"UPDATE {change.table} SET {sets}version = version + 1 WHERE id = ? AND version = ?"
            if self.connection.run(sql, params) != 1:
                raise self._overtaken(change.table, change.id, change.entity)
            if tags is not None:
                self._retag(change.table, change.id, set(current.get("tags") or ()), set(tags))

    def _keys(self, table: str, current: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """The key columns that change with `values`, and the search text if one of its parts does."""
        kinds = KEYED.get(table, {})
        found = {
            key_column(c): None if v is None else kinds[c].key(v, self.env) for c, v in values.items() if c in kinds
        }
        found.update({key_column(c): None for c in values if c.startswith(OWN) and c not in kinds})
        if table in SEARCHED and any(column in values for column in SEARCHED[table]):
            found["search_text"] = search_text(table, {**current, **values}, {**current, **found})
        return found

    def _keyed(self, change: Change) -> dict[str, Any]:
        """The row that a change leaves, with its keys."""
        row = {**self._rows.get((change.table, change.id), {}), **(change.after or {})}
        return {**row, **derive(change.table, row, self.env)}

    def _retag(self, table: str, record: int, before: set[int], after: set[int]) -> None:
        for tag in sorted(before - after):
            self.connection.run(f"DELETE FROM {table}_tag WHERE record_id = ? AND tag_id = ?", (record, tag))
        for tag in sorted(after - before):
            self.connection.run(f"INSERT INTO {table}_tag (record_id, tag_id) VALUES (?, ?)", (record, tag))

    def _delete(self, changes: list[Change]) -> None:
        for table in dict.fromkeys(change.table for change in changes):
            ids = [(change.id,) for change in changes if change.table == table]
            if self.connection.dialect == "postgresql":
                self._hold(table, [number for (number,) in ids])
            if table in read.TAGGED:
                self.connection.run_many(f"DELETE FROM {table}_tag WHERE record_id = ?", ids)
            self.connection.run_many(f"DELETE FROM {table} WHERE id = ?", ids)

    def _hold(self, table: str, ids: list[int]) -> None:
        """Lock rows that are to go, and refuse if somebody changed one since it was read (SQLite has one writer)."""
        found = self._locked(table, ids)
        for number in ids:
            known = self._rows.get((table, number))
            if known is not None and found.get(number) != known["version"]:
                raise self._overtaken(table, number, noun_of(table, known))

    def _overtaken(self, table: str, number: int, noun: str) -> ConflictError:
        """What to raise where somebody changed a record between its being read and its being written."""
        if (table, number) in self._shown:
            self._shown.check(self.connection)
        return ConflictError(
            f"{noun.replace('_', ' ')} {number} was changed by somebody else meanwhile", "look at it and try again"
        )

    def _locked(self, table: str, ids: list[int]) -> dict[int, int]:
        """The versions of those of these rows that are there, locked where there are several writers."""
        lock = " ORDER BY id FOR UPDATE" if self.connection.dialect == "postgresql" else ""
        return read.versions(self.connection, table, ids, lock)

    def _next_id(self, table: str) -> int:
        number = self._ids.get(table)
        if number is None or self.connection.dialect == "postgresql":
            number = self.connection.next_ids(table, 1)[0]
        self._ids[table] = number + 1
        return number

    # --- the journal ---

    @property
    def unsettled(self) -> bool:
        """Whether something was written that is not journalled yet."""
        return len(self.changes) > self._journalled or bool(self._lines)

    def settle(self, *, forget: bool = False) -> None:
        """Recompute what the flushed changes derive, journal them and link them into the chain. A verb with very many
        changes calls it on the way and may `forget` them then; where `after` hooks wait they are kept all the same."""
        assert not self._pending, "what is pending belongs to rows that are forgotten here: flush first"
        changes = self.changes[self._journalled :]
        derived.refresh(self.connection, changes)
        lines = [journal.line(change) for change in changes] + self._lines
        self.batch = journal.append(self.connection, lines, self.stamp, self.origin, self.batch)
        self._lines.clear()
        if forget and not self.hooks.after:
            self.changes.clear()
        self._journalled = len(self.changes)
        self._rows.clear()


@contextlib.contextmanager
def transaction(
    connection: Connection,
    env: Env,
    origin: journal.Origin,
    hooks: Hooks,
    new_uid: Callable[[], str],
    *,
    batch: int = 0,
    alone: bool = False,
) -> Iterator[Transaction]:
    """A write: everything the body adds and changes is saved and journalled together, or nothing is, at the moment of
    `env`.

    `batch` continues an earlier batch (an import in several transactions), which keeps its own origin. A purge, and
    what must be `alone` in the book, lets no other writer in. `after` hooks run when the commit has returned.
    """
    alone = alone or origin.source == "purge"
    try:
        with connection.transaction():
            if alone:
                # What it is to forget, somebody else could be adding to, linking to or writing down elsewhere; and a
                # field that comes or goes must be known to all who write.
                connection.alone("book")
            schema.hold(connection)
            tx = Transaction(connection, env, hooks, new_uid)
            tx.batch, tx.origin, tx.alone = batch, origin, alone
            tx.sole = tx.sole or tx.alone
            yield tx
            done = tx.flush()
            depth = 0
            while hooks.react and done and depth < 5:
                hooks.react(tx, done)
                done = tx.flush()
                depth += 1
            if tx.unsettled:
                tx.settle()
    except TakenError as error:
        from crmcli.store.refusals import named

        raise named(connection, error) from error.__cause__
    if hooks.after and tx.changes:
        hooks.after(tx.changes)
