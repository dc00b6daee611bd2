"""The door out: pages of records, single records, counts and searches, read from the documented views.

A list reads the ids of its page from the plain indexed columns of the base table first, then those rows from the
view, then their tags: each a finished read, so that no cursor stays open while somebody writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES, STATUSES
from crmcli.domain.query import And, OneOf
from crmcli.domain.types import Flag, Money, Percent, Ref
from crmcli.errors import UsageError
from crmcli.store import own
from crmcli.store.schema import SEPARATORS, words_expression
from crmcli.store.sql import RARE_TAG, Where, key_of, portions, table_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.domain.fields import Entity, Field
    from crmcli.store.connect import Connection

PAGE = 500
#: How many ids of a list are kept at most, some megabytes.
MOST_IDS = 200_000


def view_column(field: Field) -> str:
    """The column of the view that holds a field's stored value."""
    if isinstance(field.type, Money):
        return f"{field.name}_minor"
    return f"{field.name}_bp" if isinstance(field.type, Percent) else field.name


def where_for(connection: Connection, entity: Entity) -> Where:
    """A condition builder that resolves names by asking this store."""

    def ids(name: str, keys: tuple[str, ...]) -> list[int]:
        marks = ", ".join("?" * len(keys))
        return [row[0] for row in connection.rows(f"SELECT id FROM {table_of(name)} WHERE name_key IN ({marks})", keys)]

    def rare(table: str, tag_ids: list[int]) -> bool:
        marks = ", ".join("?" * len(tag_ids))
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE tag_id IN ({marks}) LIMIT {RARE_TAG}) few"
        return bool(connection.value(sql, tag_ids) < RARE_TAG)

    return Where(entity, connection.dialect, ids, rare)


def _base(entity: Entity, where: Where, node: Any) -> str:
    kind = f"t.kind = '{entity.kind}' AND " if entity.kind else ""
    return f"FROM {entity.table} t WHERE {kind}{where.text(node)}"


def parse_sort(entity: Entity, text: str) -> list[tuple[Field, bool]]:
    """`-value,name` as [(field, descending), ...]. Raises UsageError for unknown or unsortable fields."""
    keys: list[tuple[Field, bool]] = []
    for word in (part.strip() for part in text.split(",")):
        if not word:
            continue
        field = entity.field(word[1:] if word[0] in "+-" else word)
        if not field.sql:
            raise UsageError(
                f"{entity.plural} cannot be sorted by {field.name}", f"'crm fields {entity.name}' lists the fields"
            )
        if field not in [earlier for earlier, _ in keys]:  # a field once named has sorted already
            keys.append((field, word.startswith("-")))
    return keys


def _sort_sql(field: Field, dialect: str) -> str:
    if isinstance(field.type, Ref):
        key = "position" if field.type.entity in ("stage", "pipeline") else "name_key"
        return f"(SELECT s.{key} FROM {table_of(field.type.entity)} s WHERE s.id = t.{field.column})"
    return key_of(field, dialect)


def page_ids(
    connection: Connection,
    entity: Entity,
    node: Any,
    sort: list[tuple[Field, bool]],
    limit: int,
    after: list[Any] | None = None,
    *,
    back: bool = False,
) -> tuple[list[int], list[Any] | None]:
    """The ids of a page and the key after which the next page starts (None: this was the last).

    `after` is such a key: the sort values of the last row and its id. With `back` the list is read from its end: the
    last row comes first, and the next page is the one before.
    """
    by = _page_by_one if len(sort) <= 1 else _page_by_many
    return by(connection, entity, node, sort, limit, after, back)


def _page_by_one(
    connection: Connection,
    entity: Entity,
    node: Any,
    sort: list[tuple[Field, bool]],
    limit: int,
    after: list[Any] | None,
    back: bool,
) -> tuple[list[int], list[Any] | None]:
    """One sort key: first the rows that have it, along its index, then those that have none (NULLS LAST)."""
    field, down = sort[0] if sort else (entity.by_name["id"], False)
    down = down is not back
    sql, op, way = _sort_sql(field, connection.dialect), "<" if down else ">", "DESC" if down else "ASC"
    found: list[tuple[Any, int]] = []
    segments = [False] if field.name == "id" else [back, not back]
    start = None if after is None else after[0] is None  # the segment that the key is in
    if start not in (None, segments[0]):
        del segments[0]
    for empty in segments:
        if len(found) > limit:
            break
        where = where_for(connection, entity)
        text = _base(entity, where, node)
        if empty:
            text += f" AND {sql} IS NULL"
            if after is not None and start is empty:
                text += f" AND t.id {op} ?"
                where.params.append(after[1])
            order = f"t.id {way}"
        else:
            text += f" AND {sql} IS NOT NULL"
            if after is not None and start is empty:
                text += f" AND ({sql}, t.id) {op} (?, ?)" if field.name != "id" else f" AND t.id {op} ?"
                where.params += after if field.name != "id" else [after[1]]
            order = f"{sql} {way}, t.id {way}" if field.name != "id" else f"t.id {way}"
        found += _first(
            connection,
            f"SELECT {sql} AS k, t.id {text}",
            where.params,
            order,
            limit + 1 - len(found),
            _statuses(entity, field, node),
        )
    more = len(found) > limit
    page = found[:limit]
    return [row[1] for row in page], ([field.type.from_db(page[-1][0]), page[-1][1]] if more and page else None)


def _first(
    connection: Connection, select: str, params: list[Any], order: str, count: int, statuses: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """The first rows of an ordered SELECT of (k, id). The indexes that order leads and deals start with their status,
    so for several statuses the first rows of each are read along its index, and the first of them all taken."""
    if not statuses:
        return connection.rows(f"{select} ORDER BY {order} LIMIT {count}", params)
    each = " UNION ALL ".join(
        f"SELECT * FROM ({select} AND t.status = '{status}' ORDER BY {order} LIMIT {count}) {status}"
        for status in statuses
    )
    way = order.rsplit(" ", 1)[1]
    return connection.rows(
        f"SELECT k, id FROM ({each}) t ORDER BY k {way}, id {way} LIMIT {count}", params * len(statuses)
    )


def _conjuncts(node: Any) -> list[Any]:
    return [part for item in node.items for part in _conjuncts(item)] if isinstance(node, And) else [node]


def _statuses(entity: Entity, field: Field, node: Any) -> tuple[str, ...]:
    """The statuses to read one by one for a list in the order of `field`; none where one index orders the whole."""
    if entity.table != "opportunity" or not field.indexed or field.name in ("id", "external_id"):
        return ()
    asked = [item for item in _conjuncts(node) if isinstance(item, OneOf) and item.field.name == "status"]
    if any(len(item.names) == 1 for item in asked):
        return ()
    return tuple(status for status in STATUSES if all(status in item.names for item in asked))


def _page_by_many(
    connection: Connection,
    entity: Entity,
    node: Any,
    sort: list[tuple[Field, bool]],
    limit: int,
    after: list[Any] | None,
    back: bool,
) -> tuple[list[int], list[Any] | None]:
    where = where_for(connection, entity)
    text = _base(entity, where, node)
    keys = [(_sort_sql(field, connection.dialect), down is not back) for field, down in sort]
    if after is not None:
        text += f" AND {_after(where, keys, after, back)}"
    nulls = "FIRST" if back else "LAST"
    order = ", ".join(f"{sql} {'DESC' if down else 'ASC'} NULLS {nulls}" for sql, down in keys)
    way = "DESC" if keys[0][1] else "ASC"
    columns = ", ".join(sql for sql, _ in keys)
    found = connection.rows(
        f"SELECT {columns}, t.id {text} ORDER BY {order}, t.id {way} LIMIT {limit + 1}", where.params
    )
    page = found[:limit]
    if len(found) <= limit or not page:
        return [row[-1] for row in page], None
    last = [field.type.from_db(value) for (field, _), value in zip(sort, page[-1], strict=False)]
    return [row[-1] for row in page], [*last, page[-1][-1]]


def _after(where: Where, keys: list[tuple[str, bool]], after: list[Any], back: bool) -> str:
    """Rows that come after a key of several parts: empty values last, or with `back` first."""
    parts, same = [], ""
    for (sql, down), value in zip(keys, after, strict=False):
        if value is not None:
            where.params += _same_params(after, keys, sql)
            where.params.append(value)
            empty = "" if back else f" OR {sql} IS NULL"
            parts.append(f"({same}({sql} {'<' if down else '>'} ?{empty}))")
            same += f"{sql} = ? AND "
        else:
            if back:
                where.params += _same_params(after, keys, sql)
                parts.append(f"({same}{sql} IS NOT NULL)")
            same += f"{sql} IS NULL AND "
    where.params += _same_params(after, keys, None)
    where.params.append(after[-1])
    parts.append(f"({same}t.id {'<' if keys[0][1] else '>'} ?)")
    return "(" + " OR ".join(parts) + ")"


def _same_params(after: list[Any], keys: list[tuple[str, bool]], until: str | None) -> list[Any]:
    found = []
    for (sql, _), value in zip(keys, after, strict=False):
        if sql == until:
            break
        if value is not None:
            found.append(value)
    return found


def hydrate(
    connection: Connection, entity: Entity, ids: Sequence[int], fields: Iterable[Field] = ()
) -> list[dict[str, Any]]:
    """The records of these ids in this order: field name -> stored value, links as names with `*_id` beside them,
    money with its currency, `tags` as names in order."""
    if not ids:
        return []
    wanted = list(fields) or list(entity.fields)
    columns: dict[str, Field | None] = {"id": entity.by_name["id"]}
    tags = False
    for field in wanted:
        if field.type.family == "tags":
            tags = True
            continue
        columns[value_of(field, connection.dialect, "") if field.own else view_column(field)] = field
        if isinstance(field.type, Ref):
            columns.setdefault(f"{field.name}_id", None)
            if field.type.entity == "opportunity":
                columns.setdefault(f"{field.name}_kind", None)
        if isinstance(field.type, Money):
            columns.setdefault("currency", entity.by_name["currency"])
    view = entity.view + ("_all" if "removed_at" in entity.by_name else "")
    names = list(columns)
    found: dict[int, dict[str, Any]] = {}
    keys = [field.name if field else name for name, field in columns.items()]
    postgres = connection.dialect == "postgresql"
    converted = [(f.name, f.type.from_db) for f in columns.values() if f and (postgres or isinstance(f.type, Flag))]
    for some, marks in portions(ids, PAGE):
        for row in connection.rows(f"SELECT {', '.join(names)} FROM {view} WHERE id IN ({marks})", some):
            record = dict(zip(keys, row, strict=True))
            for key, from_db in converted:
                record[key] = from_db(record[key])
            found[record["id"]] = record
    if tags:
        for number, names_of in tags_of(connection, entity, ids).items():
            if number in found:
                found[number]["tags"] = names_of
        for record in found.values():
            record.setdefault("tags", [])
    return [found[number] for number in ids if number in found]


def tags_of(connection: Connection, entity: Entity, ids: Sequence[int]) -> dict[int, list[str]]:
    """The tag names of these records, in order."""
    found: dict[int, list[str]] = {}
    for some, marks in portions(ids, PAGE):
        sql = (
            f"SELECT x.record_id, tag.name FROM {entity.tag_table} x JOIN tag ON tag.id = x.tag_id"
            f" WHERE x.record_id IN ({marks}) ORDER BY tag.name_key"
        )
        for number, name in connection.rows(sql, some):
            found.setdefault(number, []).append(name)
    return found


def page(
    connection: Connection,
    entity: Entity,
    node: Any,
    *,
    sort: list[tuple[Field, bool]],
    limit: int,
    after: list[Any] | None = None,
    fields: Iterable[Field] = (),
    back: bool = False,
) -> tuple[list[dict[str, Any]], list[Any] | None]:
    """One page of records and the key of the next (see `page_ids`, `hydrate`)."""
    ids, more = page_ids(connection, entity, node, sort, limit, after, back=back)
    return hydrate(connection, entity, ids, fields), more


def stream(
    connection: Connection, entity: Entity, node: Any, *, sort: list[tuple[Field, bool]], fields: Iterable[Field] = ()
) -> Iterator[dict[str, Any]]:
    """Every record, read page by page; nothing is open between two pages.

    Where no index has the order, each page of ids sorts all that come after it: pages become longer and longer, so that
    there are few of them, and the records are read by `PAGE`."""
    wanted, after, length = list(fields), None, PAGE
    while True:
        ids, after = page_ids(connection, entity, node, sort, length, after)
        for start in range(0, len(ids), PAGE):
            yield from hydrate(connection, entity, ids[start : start + PAGE], wanted)
        if after is None:
            return
        length = min(2 * length, MOST_IDS)


def count(connection: Connection, entity: Entity, node: Any) -> int:
    """How many records fit."""
    where = where_for(connection, entity)
    text = _base(entity, where, node)
    return int(connection.value(f"SELECT count(*) {text}", where.params))


def all_ids(connection: Connection, entity: Entity, node: Any) -> list[int]:
    """The ids of all records that fit, oldest first."""
    where = where_for(connection, entity)
    text = _base(entity, where, node)
    return [row[0] for row in connection.rows(f"SELECT t.id {text} ORDER BY t.id", where.params)]


def chosen(connection: Connection, entity: Entity, node: Any) -> tuple[str, list[Any]]:
    """A SELECT of the ids of all records that fit, to stand inside a larger statement, and its parameters."""
    where = where_for(connection, entity)
    text = _base(entity, where, node)
    return f"SELECT t.id {text}", where.params


def raw(connection: Connection, table: str, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Whole rows of a base table as stored values, by id; with `tags` (sorted ids) where the table has tags, and with
    the values of people's own fields as columns of their own, `custom.industry`, where there are any."""
    found: dict[int, dict[str, Any]] = {}
    kinds = stored_types(table)
    for some, marks in portions(ids, PAGE):
        names, rows = connection.names(f"SELECT * FROM {table} WHERE id IN ({marks})", some)
        for row in rows:
            record = {n: kinds[n].from_db(v) if n in kinds else v for n, v in zip(names, row, strict=True)}
            if table in TAGGED:
                record["tags"] = []
            if "custom" in record:
                own.unpack(record)
            found[record["id"]] = record
        if table in TAGGED:
            sql = f"SELECT record_id, tag_id FROM {table}_tag WHERE record_id IN ({marks}) ORDER BY tag_id"
            for number, tag in connection.rows(sql, some):
                found[number]["tags"].append(tag)
    return found


def versions(connection: Connection, table: str, ids: Sequence[int], end: str = "") -> dict[int, int]:
    """record -> its version, of those of these that are there; `end` closes each statement."""
    found: dict[int, int] = {}
    for some, marks in portions(ids, PAGE):
        found.update(connection.rows(f"SELECT id, version FROM {table} WHERE id IN ({marks}){end}", some))
    return found


#: Tables whose records carry tags.
TAGGED = frozenset(e.table for e in ENTITIES.values() if e.tag_table)
_TYPES: dict[str, dict[str, Any]] = {}


def stored_types(table: str) -> dict[str, Any]:
    """column -> field type, for the columns whose stored form differs from what a driver returns."""
    if table not in _TYPES:
        _TYPES[table] = {
            f.column: f.type
            for e in ENTITIES.values()
            if e.table == table
            for f in e.core
            if f.column and f.type.family in ("day", "instant", "flag")
        }
    return _TYPES[table]


def search(
    connection: Connection,
    table: str,
    words: list[str],
    limit: int,
    *,
    ranked: bool = False,
    removed: bool = False,
    merged: bool = False,
) -> list[tuple[int, float]]:
    """(id, rank) of the rows whose folded text has words that start with every one of `words`; newest first, or with
    `ranked` the best first (a lower rank is better). Removed rows are left out unless `removed` is said; with `merged`
    only those are looked at that were merged into others."""
    present = " AND t.merged_into_id IS NOT NULL" if merged else "" if removed else " AND t.removed_at IS NULL"
    if connection.dialect == "sqlite":
        query = " ".join('"' + word.replace('"', '""') + '"*' for word in words)
        rank = f"bm25({table}_fts)" if ranked else "0.0"
        order = "2, 1 DESC" if ranked else f"{table}_fts.rowid DESC"
        sql = (
            f"SELECT {table}_fts.rowid, {rank} FROM {table}_fts JOIN {table} t ON t.id = {table}_fts.rowid"
            f" WHERE {table}_fts MATCH ?{present} ORDER BY {order} LIMIT {limit}"
        )
        return [(row[0], row[1]) for row in connection.rows(sql, (query,))]
    query = _words_query(words)
    if not query:
        return []
    vector = words_expression("t.")
    rank = f"-ts_rank({vector}, to_tsquery('simple', ?))" if ranked else "0.0"
    sql = (
        f"SELECT t.id, {rank} FROM {table} t WHERE {vector} @@ to_tsquery('simple', ?){present}"
        f" ORDER BY {'2, 1 DESC' if ranked else '1 DESC'} LIMIT {limit}"
    )
    return [(row[0], float(row[1])) for row in connection.rows(sql, (query, query) if ranked else (query,))]


def _words_query(words: list[str]) -> str:
    """What `words` are for PostgreSQL: the parts of a word that punctuation separates follow each other, as they do in
    the index, which has blanks for punctuation; the last part may go on. "" when there is nothing but punctuation."""
    import re

    apart = re.compile(f"[{SEPARATORS}]")
    parted = [" <-> ".join(f"'{part}'" for part in apart.sub(" ", word).split()) for word in words]
    return " & ".join(f"{phrase}:*" for phrase in parted if phrase)
