"""Filter tree -> WHERE, and the statements that lists are read by. The only place that makes SQL from user words.

Every name in the SQL comes from the field vocabulary; every value is bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import OWN, OWN_KEY
from crmcli.domain.query import (
    And,
    Anywhere,
    Compare,
    Contains,
    Empty,
    LinkedTo,
    MoneyCompare,
    Not,
    OneOf,
    Or,
    Tagged,
    name_links,
    threshold,
)
from crmcli.domain.types import Ref
from crmcli.store import own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmcli.domain.fields import Entity, Field

#: What `pipeline.misplaced` says, of an opportunity `o` in its stage `s`.
MISPLACED = "s.is_won IS TRUE AND o.status = 'open' OR s.is_won IS FALSE AND o.status = 'won'"
#: A tag with fewer records than this is looked up from its own side; a common one is checked row by row.
RARE_TAG = 1000
BIGGEST = 2**63 - 1
#: What a needle may be part of is compared with `instr` / `strpos`: no wildcards to escape, the same on both engines.
FIND = {"sqlite": "instr", "postgresql": "strpos"}
#: What members of a JSON column are by the family of their field; all others are texts, days and instants too.
_CASTS = {"number": "bigint", "flag": "boolean"}


def by_number(dialect: str) -> str:
    """What stands behind a table `t` that is to be read in the order of its numbers, page by page: SQLite would take an
    index that leaves a few rows out, and sort all the others anew for each page."""
    return " NOT INDEXED" if dialect == "sqlite" else ""


def portions(ids: Iterable[Any], size: int = 500) -> Iterator[tuple[list[Any], str]]:
    """Values in portions that a statement takes, each with its marks: `?, ?, ?` for the inside of `IN (...)`."""
    every = list(ids)
    for start in range(0, len(every), size):
        some = every[start : start + size]
        yield some, ", ".join("?" * len(some))


def value_of(field: Field, dialect: str, of: str = "t.") -> str:
    """SQL of a field's stored value over the base table `t`, or for a field of people's own over a view too: `of` is
    what stands before the column. Texts are compared byte by byte."""
    if not field.own:
        return field.sql
    return _member(f"{of}{field.column}", dialect, _CASTS.get(field.type.family, ""))


def key_of(field: Field, dialect: str) -> str:
    """SQL of what a field is compared and sorted by, over the base table `t`: the key of a text, else the value."""
    if not field.own:
        return f"t.{field.key_column}" if field.column else field.key_expr or field.expr
    return _member(f"t.{field.key_column}", dialect) if field.type.keyed else value_of(field, dialect)


def column_of(entity: Entity, column: str, dialect: str) -> str:
    """SQL of a column of the base table `t` by its name, also of one that is a member of a JSON column: a field of
    people's own, or its key."""
    for field in entity.fields if column.startswith((OWN, OWN_KEY)) else ():
        if column in (field.column, field.key_column):
            return value_of(field, dialect) if column == field.column else key_of(field, dialect)
    return f"t.{column}"


def _member(column: str, dialect: str, cast: str = "") -> str:
    """SQL of a column that is a member of a JSON column, `t.custom.industry`."""
    column, _, name = column.rpartition(".")
    return own.member(column, name, cast, dialect)


class Where:
    """Builds the condition of one query; `params` are its values in order.

    `ids(entity, names)` resolves folded names of a vocabulary; `rare(table, tag ids)` says which side of a tag to
    start from.
    """

    def __init__(
        self,
        entity: Entity,
        dialect: str,
        ids: Callable[[str, tuple[str, ...]], list[int]],
        rare: Callable[[str, list[int]], bool] = lambda _table, _ids: False,
    ) -> None:
        self.entity, self.dialect, self.ids, self.rare = entity, dialect, ids, rare
        self.find = FIND[dialect]
        self.params: list[Any] = []

    def text(self, node: Any) -> str:
        """The SQL of a node; never NULL for any row."""
        if isinstance(node, And):
            return "(" + " AND ".join(self.text(item) for item in node.items) + ")" if node.items else "1 = 1"
        if isinstance(node, Or):
            return "(" + " OR ".join(self.text(item) for item in node.items) + ")"
        if isinstance(node, Not):
            return f"NOT ({self.text(node.item)})"
        if isinstance(node, Compare):
            sql = value_of(node.field, self.dialect)
            return f"({sql} {node.op} {self._bound(node.value)} AND {sql} IS NOT NULL)"
        if isinstance(node, MoneyCompare):
            return self._money(node)
        if isinstance(node, Contains):
            return self._contains(key_of(node.field, self.dialect), node.needle, node.whole)
        if isinstance(node, OneOf):
            return self._one_of(node)
        if isinstance(node, LinkedTo):
            return self._linked(node)
        if isinstance(node, Tagged):
            return self._tagged(self.ids("tag", node.names))
        if isinstance(node, Empty):
            return self._empty(node)
        assert isinstance(node, Anywhere)
        parts = [self._contains("t.search_text", node.needle, whole=False)]
        for field in name_links(self.entity):
            parts.append(self._named(field.column, ENTITIES[field.type.entity].table, node.needle, whole=False))  # type: ignore[attr-defined]
        return parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"

    def _bound(self, value: Any) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        self.params.append(value)
        return "?"

    def _contains(self, column: str, needle: str, whole: bool) -> str:
        if whole:
            return f"({column} = {self._bound(needle)} AND {column} IS NOT NULL)"
        return f"({self.find}({column}, {self._bound(needle)}) > 0 AND {column} IS NOT NULL)"

    def _one_of(self, node: OneOf) -> str:
        sql = value_of(node.field, self.dialect)
        values = self.ids(node.field.type.entity, node.names) if isinstance(node.field.type, Ref) else list(node.names)
        if not values:
            return "1 = 0"
        if len(values) == 1:
            return f"({sql} = {self._bound(values[0])} AND {sql} IS NOT NULL)"
        return f"({sql} IN ({', '.join(self._bound(value) for value in values)}) AND {sql} IS NOT NULL)"

    def _linked(self, node: LinkedTo) -> str:
        if node.id is not None:
            sql = node.field.sql
            return f"({sql} = {self._bound(node.id)} AND {sql} IS NOT NULL)"
        assert isinstance(node.field.type, Ref)
        return self._named(node.field.column, table_of(node.field.type.entity), node.needle, node.whole)

    def _named(self, column: str, table: str, needle: str, whole: bool) -> str:
        test = f"name_key = {self._bound(needle)}" if whole else f"{self.find}(name_key, {self._bound(needle)}) > 0"
        return f"(t.{column} IN (SELECT id FROM {table} WHERE {test}) AND t.{column} IS NOT NULL)"

    def _tagged(self, ids: list[int]) -> str:
        if not ids:
            return "1 = 0"
        table = self.entity.tag_table
        marks = ", ".join(self._bound(i) for i in ids)
        if self.rare(table, ids):
            return f"t.id IN (SELECT record_id FROM {table} WHERE tag_id IN ({marks}))"
        return f"EXISTS (SELECT 1 FROM {table} x WHERE x.record_id = t.id AND x.tag_id IN ({marks}))"

    def _empty(self, node: Empty) -> str:
        if node.field.type.family == "tags":
            return f"NOT EXISTS (SELECT 1 FROM {self.entity.tag_table} x WHERE x.record_id = t.id)"
        return f"({value_of(node.field, self.dialect)} IS NULL)"

    def _money(self, node: MoneyCompare) -> str:
        """The bound differs with the currency's digits, so each group of currencies has its own."""
        sql = node.field.sql
        parts = []
        for digits, codes in money.CODES_BY_DIGITS.items():
            bound = threshold(node.op, node.units, digits)
            if bound is None:
                continue
            names = ", ".join(f"'{code}'" for code in sorted(codes or money.UNUSUAL))
            group = (
                f"t.currency IN ({names}) AND t.currency IS NOT NULL"
                if codes
                else f"t.currency IS NULL OR t.currency NOT IN ({names})"
            )
            parts.append(f"({sql} {node.op} {self._bound(max(-BIGGEST, min(BIGGEST, bound)))} AND ({group}))")
        return f"({sql} IS NOT NULL AND ({' OR '.join(parts)}))" if parts else "1 = 0"


def table_of(name: str) -> str:
    """The table a link's entity lives in; a link to an opportunity fits leads and deals."""
    return "opportunity" if name == "opportunity" else ENTITIES[name].table
