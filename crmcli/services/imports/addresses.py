"""Which columns of a file are the record's own address, where it has several: Home Street beside Work Street."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import ADDRESS
from crmcli.services.imports.titles import own_forms, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FIELDS = tuple(field.name for field in ADDRESS)
#: What stands before the parts of an address, the best one for a business first.
_PLACES = (
    "business", "work", "billing", "mailing", "primary", "address 1", "address", "billing address", "mailing address",
    "business address", "work address", "primary address", "default address", "po", "home", "home address",
)  # fmt: skip
#: Further titles of the parts.
_MORE = {
    "street": ("street 1", "street address 1"),
    "city": ("suburb",),
    "postal_code": ("billing code", "mailing code"),
}
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")


class Part(NamedTuple):
    """A column that can be a part of an address: its place in the file, the field, how near its title comes to the
    field's name, and whether it has cells."""

    place: int
    to: str
    rank: int
    filled: bool


def names(field: str) -> Iterator[str]:
    """The titles of a part of an address besides those of the field itself."""
    plain = _plain(field)
    yield from _MORE.get(field, ())
    yield from (f"{where} {part}" for where in _PLACES for part in plain)


@cache
def _plain(field: str) -> tuple[str, ...]:
    own = next(one for one in ADDRESS if one.name == field)
    return (own.name, *own.aliases, *own.headers, *_MORE.get(field, ()))


@cache
def _keys() -> frozenset[str]:
    return frozenset(squeeze(title) for field in FIELDS for title in _plain(field) if title not in _MORE["postal_code"])


@cache
def _places() -> tuple[str, ...]:
    """What stands before the parts of an address, squeezed, the longest first."""
    return tuple(sorted(map(squeeze, _PLACES), key=len, reverse=True))


def _whose(kind: str, title: str) -> str:
    """Which address of several a title speaks of: "work" of Work City, "" where it does not say."""
    inside = [squeeze(text) for text in _IN_BRACKETS.findall(title)]
    said = next((text for text in inside if text in _places()), "")
    if said:
        return said
    for _, form in own_forms(kind, title):
        if form in _keys():
            return ""
        for where in _places():
            if form.startswith(where) and form[len(where) :] in _keys() | {"code"}:
                return where.removesuffix("address")
    return ""


def chosen(kind: str, header: Sequence[str], parts: Iterable[Part]) -> dict[int, str]:
    """place -> field of the columns that make one address: that of the business where there are several whole ones, and
    what other titles say besides only where they do not say the same of another."""
    found: dict[str, dict[str, Part]] = {}
    for part in parts:
        own = found.setdefault(_whose(kind, header[part.place]), {})
        if part.to not in own or (not part.filled, part.rank, part.place) < (
            not own[part.to].filled, own[part.to].rank, own[part.to].place
        ):  # fmt: skip
            own[part.to] = part
    if not found:
        return {}
    order = ["", *(squeeze(where).removesuffix("address") for where in _PLACES)]

    def worth(whose: str) -> tuple[bool, int, int]:
        filled = {to for to, part in found[whose].items() if part.filled}
        whole = "street" in filled and len(filled) > 1
        return not whole, 0 if whole else -len(filled), order.index(whose)

    first, *others = sorted(found, key=worth)
    taken = dict(found[first])
    for whose in others:
        if not taken.keys() & found[whose].keys():
            taken.update(found[whose])
    return {part.place: to for to, part in taken.items()}
