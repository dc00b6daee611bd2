"""The meaning of a bound tree in Python: whether a record fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.keys import search_text
from crmcli.domain.query.tree import (
    And,
    Anywhere,
    Compare,
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
from crmcli.domain.text import fold
from crmcli.domain.types import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crmcli.domain.fields import Entity
    from crmcli.domain.query.tree import Node
    from crmcli.domain.types import Env

_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def matches(node: Node, record: Mapping[str, Any], entity: Entity, env: Env) -> bool:
    """Whether a record (field name -> stored value, links as names with `*_id` beside them) fits a bound tree."""
    if isinstance(node, And):
        return all(matches(item, record, entity, env) for item in node.items)
    if isinstance(node, Or):
        return any(matches(item, record, entity, env) for item in node.items)
    if isinstance(node, Not):
        return not matches(node.item, record, entity, env)
    if isinstance(node, Tagged):
        have = {fold(tag) for tag in record.get("tags") or ()}
        return any(name in have for name in node.names)
    if isinstance(node, Anywhere):
        return node.needle in _record_text(record, entity, env) or any(
            node.needle in fold(record.get(field.name) or "") for field in name_links(entity)
        )
    value = record.get(node.field.name)
    if isinstance(node, Empty):
        return not value if node.field.type.family == "tags" else value is None
    return value is not None and _compares(node, value, record, env)


def _compares(node: Node, value: Any, record: Mapping[str, Any], env: Env) -> bool:
    """Whether a value that is there fits a leaf about its field."""
    if isinstance(node, Compare):
        return _OPS[node.op](value, node.value)
    if isinstance(node, MoneyCompare):
        bound = threshold(node.op, node.units, money.exponent(record.get("currency") or ""))
        return bound is not None and _OPS[node.op](value, bound)
    if isinstance(node, OneOf):
        return (fold(value) if isinstance(node.field.type, Ref) else value) in node.names
    if isinstance(node, LinkedTo):
        if node.id is not None:
            return bool(record.get(f"{node.field.name}_id") == node.id)
        name = fold(value)
        return name == node.needle if node.whole else node.needle in name
    key = node.field.type.key(value, env) or ""
    return key == node.needle if node.whole else node.needle in key


def _record_text(record: Mapping[str, Any], entity: Entity, env: Env) -> str:
    """The search text of a record, as the write door would fill it."""
    row, keys = {}, {}
    for field in entity.fields:
        if field.search and field.column:
            value = record.get(field.name)
            row[field.column] = value
            keys[field.key_column] = None if value is None else field.type.key(value, env)
    return search_text(entity.table, row, keys)
