"""What the rows of a file are matched by: the fields that tell the records of a kind apart, and when they do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.domain.fields import Entity

_WORD = re.compile(r"\w+")
#: What records of a kind are told apart by when the file has no ids; `+` joins what must agree together. Deals and
#: tasks have nothing of the sort: two deals of one name with one company are two deals.
DEFAULT_MATCH: dict[str, tuple[str, ...]] = {
    "lead": ("email", "phone"),
    "contact": ("email", "phone", "mobile"),
    "company": ("domain", "name"),
}
#: What an update goes by where a kind has nothing better: rows and records that are equal in all count first.
UPDATE_MATCH: dict[str, tuple[str, ...]] = {"deal": ("name+company",), "task": ("name+due_on",)}


def match_keys(
    kind: Entity, asked: Sequence[str] | None, filled: set[str], *, update: bool = False
) -> tuple[tuple[tuple[str, ...], ...], list[str]]:
    """The match keys in order, each a tuple of field names, and a line for each one asked for that cannot be: `filled`
    are the fields that the file has. Where none of those asked for can be, that is a UsageError."""
    found, told, usable = [], [], False
    usual = UPDATE_MATCH if update and kind.name in UPDATE_MATCH else DEFAULT_MATCH
    for word in asked or usual.get(kind.name, ()):
        names = []
        for name in word.split("+"):
            field = kind.field({"due": "due_on"}.get(name.strip(), name.strip()))
            if not field.column:
                raise UsageError(f"{kind.plural} cannot be matched by {field.name}")
            names.append(field.name)
        missing = [name for name in names if name not in filled]
        if missing and asked:
            told.append(f"not matched by {word}: no column of the file fills {missing[0]}")
        usable = usable or not missing
        if not missing and names not in (["external_id"], ["uid"]):
            found.append(tuple(names))
    if told and not usable:
        raise UsageError("; ".join(told), "map one with --map 'COLUMN=FIELD'")
    return tuple(found), told


def one_name(name: str, other: str) -> bool:
    """Whether two folded names can be one person's: all words of the shorter one stand in the longer."""
    if name == other:
        return True
    one, two = set(_WORD.findall(name)), set(_WORD.findall(other))
    return one <= two or two <= one


def contradict(own: Sequence[Any], theirs: Sequence[Any], below: int) -> bool:
    """Whether a stronger one of these match keys than that of the place `below` says that two are different."""
    return any(own[i] is not None and theirs[i] is not None and own[i] != theirs[i] for i in range(below))
