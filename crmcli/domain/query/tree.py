"""What a filter is made of: the nodes as they are written, and those that binding puts in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.struct import Struct
from crmcli.domain.types import Ref

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity, Field

Node = Any


# --- in both trees -------------------------------------------------------------------------------------------------


class And(Struct):
    items: tuple[Any, ...]


class Or(Struct):
    items: tuple[Any, ...]


class Not(Struct):
    item: Any


EVERYTHING = And(())


# --- as written ----------------------------------------------------------------------------------------------------


class Value(Struct):
    """One of the values of a term; a quoted one is taken as it stands."""

    text: str
    quoted: bool = False


class Term(Struct):
    """`field:value,value`, with `exact` for `field:=value`; `at` is its column in the text."""

    field: str
    values: tuple[Value, ...]
    exact: bool = False
    at: int = 0


class Word(Struct):
    """A bare word: any searchable text contains it; a quoted one is never taken for a misspelt term."""

    text: str
    at: int = 0
    quoted: bool = False


# --- as bound ------------------------------------------------------------------------------------------------------


class Compare(Struct):
    """A stored value compared: `op` is one of = < <= > >=."""

    field: Field
    op: str
    value: Any


class MoneyCompare(Struct):
    """An amount compared in the record's own currency; `units` are ten-thousandths of the major unit."""

    field: Field
    op: str
    units: int


class Contains(Struct):
    """The key of a text contains `needle`, or with `whole` equals it."""

    field: Field
    needle: str
    whole: bool = False


class OneOf(Struct):
    """A vocabulary link (names folded) or a choice (stored values) is one of `names`."""

    field: Field
    names: tuple[Any, ...]


class LinkedTo(Struct):
    """A link to a record: by id, or by a part (`whole`: all) of its folded name."""

    field: Field
    id: int | None
    needle: str = ""
    whole: bool = False


class Tagged(Struct):
    """It has any of these tags (names folded)."""

    names: tuple[str, ...]


class Empty(Struct):
    field: Field


class Anywhere(Struct):
    """Its searchable text, or the name of a company or person it is linked to, contains `needle`."""

    needle: str


# --- what SQL and Python must read alike ---------------------------------------------------------------------------


def threshold(op: str, units: int, digits: int) -> int | None:
    """The bound of a MoneyCompare in minor units of a currency with that many digits; None when an equality can never
    hold."""
    scale: int = 10 ** (4 - digits)
    low, rest = divmod(units, scale)
    if op == "=":
        return None if rest else low
    return low + 1 if rest and op in (">=", "<") else low


def name_links(entity: Entity) -> tuple[Field, ...]:
    """The links whose names a bare word finds too."""
    return tuple(
        f for f in entity.fields if f.settable and isinstance(f.type, Ref) and f.type.entity in ("company", "contact")
    )


def any_of(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else Or(tuple(items))


def all_of(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else And(tuple(items))
