"""How a filter is spelt: quotes, the canonical text of a tree, and the words of a shell command as one text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.query.parse import OPERATORS, SPECIAL, TERM
from crmcli.domain.query.tree import And, Not, Or, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.domain.query.tree import Node


def quote(value: str) -> str:
    """A value as it is written in a filter text: in double quotes where it must be."""
    if value and not re.search(r'[\s(),"]', value):
        return value
    return in_quotes(value)


def in_quotes(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def canonical(node: Node) -> str:
    """The tree as written, as text that parses to the same tree."""
    if isinstance(node, And):
        return " ".join(
            f"({canonical(item)})" if isinstance(item, (And, Or)) else canonical(item) for item in node.items
        )
    if isinstance(node, Or):
        return " or ".join(f"({canonical(item)})" if isinstance(item, Or) else canonical(item) for item in node.items)
    if isinstance(node, Not):
        inner = canonical(node.item)
        return f"not ({inner})" if isinstance(node.item, (And, Or)) else f"not {inner}"
    if isinstance(node, Word):
        bare = node.text and not re.search(r'[\s()"]', node.text) and not TERM.match(node.text)
        return node.text if bare and not node.quoted and node.text not in OPERATORS else in_quotes(node.text)
    values = ",".join(in_quotes(v.text) if v.quoted else v.text and quote(v.text) for v in node.values)
    return f"{node.field}:{'=' if node.exact else ''}{values}"


def join_words(words: Iterable[str], known: Iterable[str] = ()) -> str:
    """The words of a shell command as one filter text.

    A word that starts with `field:` is one term, spaces included (the shell has eaten its quotes), unless further
    `known` fields stand in it: then, as any other word, it is a piece of filter text.
    """
    names = {*known, *SPECIAL}
    parts = []
    for word in words:
        found = TERM.match(word)
        rest = word[found.end() :] if found else ""
        if not found or not re.search(r'[\s()"]', rest) or _holds_more(rest, names):
            parts.append(word)
            continue
        mark = "=" if rest.startswith("=") else ""
        rest = rest.removeprefix("=")
        if rest.startswith('"'):
            parts.append(word)
            continue
        values = [rest] if mark else rest.split(",")
        parts.append(f"{found[0]}{mark}{','.join(quote(value) for value in values)}")
    return " ".join(parts)


def narrowed(words: Sequence[str], *terms: str) -> list[str]:
    """The words of a filter with further terms that all of it must fit: an `or` among the words ends before them."""
    return ["(", *words, ")", *terms] if any(word.strip() for word in words) else [*terms]


def _holds_more(rest: str, names: set[str]) -> bool:
    return any(found[1] in names for found in re.finditer(r"\s(?:not\s+|or\s+|\(\s*)*([a-z][a-z0-9_.]*):", rest))
