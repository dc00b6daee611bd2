"""Keys: the folded columns that text is compared and searched by, worked out from a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import key_column
from crmcli.domain.text import fold
from crmcli.domain.types import Phone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.domain.types import Env, Type

#: table -> column -> its field type, for every column with a key beside it (`fields.key_column`); `domain.custom` adds
#: those of the book that is read
KEYED: dict[str, dict[str, Type]] = {}
#: table -> the columns whose text a bare word finds
SEARCHED: dict[str, tuple[str, ...]] = {}
#: So many characters of a row are searched at most. PostgreSQL's word vector holds 2**20 bytes: each word with up to
#: four for a character and, made even, four more, which with the blank behind it is at most four for each character.
SEARCHABLE = 250_000

for _entity in ENTITIES.values():
    KEYED.setdefault(_entity.table, {}).update({f.column: f.type for f in _entity.core if f.column and f.type.keyed})
    _columns = [f.column for f in _entity.core if f.search and f.column]
    if _columns:
        SEARCHED[_entity.table] = tuple(dict.fromkeys([*SEARCHED.get(_entity.table, ()), *_columns]))


def key_sources(table: str) -> tuple[str, ...]:
    """The columns that `derive` reads."""
    return tuple(KEYED.get(table, ()))


def derive(table: str, row: Mapping[str, Any], env: Env | None = None) -> dict[str, Any]:
    """The key columns of a whole row and its `search_text`."""
    kinds = KEYED.get(table)
    if not kinds:
        return {}
    found: dict[str, Any] = {}
    for column, kind in kinds.items():
        value = row.get(column)
        found[key_column(column)] = None if value is None else kind.key(value, env)
    if table in SEARCHED:
        found["search_text"] = search_text(table, row, found)
    return found


def search_text(table: str, row: Mapping[str, Any], keys: Mapping[str, Any]) -> str:
    """The folded text of a row: its searchable fields joined, the first `SEARCHABLE` characters of that; a telephone
    stands in it as typed and by its key."""
    parts = []
    kinds = KEYED[table]
    for column in SEARCHED[table]:
        key = keys.get(key_column(column))
        if not key:
            continue
        parts.append(key)
        if isinstance(kinds[column], Phone):
            parts.append(fold(row[column]))
    return " ".join(parts)[:SEARCHABLE]
