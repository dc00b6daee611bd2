"""Keys of many rows at once, column by column: what `keys.derive` gives row by row, for one row and for a million."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.fields import key_column
from crmcli.domain.keys import KEYED, SEARCHABLE, SEARCHED
from crmcli.domain.text import fold
from crmcli.domain.types import Email, Phone, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.types import Env


def even(joined: str) -> bool:
    """Whether ASCII lines have no white space that `fold` or `strip` would change: single spaces inside lines alone."""
    return (
        joined.replace("\n", "x").isprintable()
        and "  " not in joined
        and " \n" not in joined
        and "\n " not in joined
        and joined[:1] != " "
        and joined[-1:] != " "
    )


def fold_column(values: Sequence[str | None]) -> list[str | None]:
    """`fold` of every text, None for None. ASCII columns without odd white space are folded as one text."""
    joined = "\n".join([value or "" for value in values])
    if joined.isascii() and joined.count("\n") == len(values) - 1 and even(joined):
        return [key or None for key in joined.lower().replace("`", "'").split("\n")]
    keys: dict[str | None, str | None] = {value: fold(value) for value in set(values) if value is not None}
    return [keys.get(value) for value in values]


def derive_columns(table: str, columns: Mapping[str, Sequence[Any]], env: Env | None = None) -> dict[str, list[Any]]:
    """The key columns of the given columns, and `search_text` where the table has one; those that are among the
    columns already are taken as they are."""
    kinds = KEYED.get(table)
    if not kinds:
        return {}
    found: dict[str, list[Any]] = {}
    for column, kind in kinds.items():
        values = columns.get(column)
        if values is None:
            continue
        name = key_column(column)
        if name in columns:
            found[name] = list(columns[name])
            continue
        if isinstance(kind, Email):
            found[name] = list(values)
        elif type(kind).key is Text.key:
            found[name] = fold_column(values)
        else:
            key = kind.key
            found[name] = [None if value is None else key(value, env) for value in values]
    if table in SEARCHED and "search_text" not in columns:
        found["search_text"] = _search_texts(table, columns, found)
    return found


def _search_texts(table: str, columns: Mapping[str, Sequence[Any]], keys: Mapping[str, list[Any]]) -> list[str]:
    """`keys.search_text` of every row."""
    parts: list[Sequence[Any]] = []
    kinds = KEYED[table]
    for column in SEARCHED[table]:
        key = keys.get(key_column(column))
        if key is None:
            continue
        parts.append(key)
        if isinstance(kinds[column], Phone):
            # Like the key itself, the number as typed stands in the text only where there is a key.
            parts.append(
                [text if known else None for text, known in zip(fold_column(columns[column]), key, strict=True)]
            )
    if not parts:
        return [""] * len(next(iter(columns.values())))
    return [" ".join([part for part in row if part])[:SEARCHABLE] for row in zip(*parts, strict=True)]
