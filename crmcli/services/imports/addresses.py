"""Which columns of a file are the record's own address, where it has several, Home Street beside Work Street, and what
becomes of those that say more of the street than its own column does."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import ADDRESS
from crmcli.domain.text import fold
from crmcli.services.imports.columns import words
from crmcli.services.imports.roles import BESIDE_STREET, BOX, ROLES, WHOLE_ADDRESS
from crmcli.services.imports.titles import own_forms, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped

FIELDS = (*(field.name for field in ADDRESS), *BESIDE_STREET)
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
_WHOLE = re.compile(r"(address|adresse|anschrift|نشانی|آدرس)$")
_STREET = re.compile(r"street|strasse|straße|^rue|calle|sokak")
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
    if field in ROLES:
        return ROLES[field].titles
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


def chosen(kind: str, header: Sequence[str], parts: Sequence[Part]) -> dict[int, str]:
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
    streets = next((own for own in found.values() if "street" in own and own["street"] == taken.get("street")), {})
    for to in BESIDE_STREET:  # below a street of another address they are no part of this one
        if to in taken and taken[to] != streets.get(to):
            del taken[to]
    whole = {
        part.place: WHOLE_ADDRESS
        for part in parts
        if part.to == "street" and taken.get("street", part) != part and _is_whole(kind, header[part.place])
        and not _is_whole(kind, header[taken["street"].place]) and _whose(kind, header[part.place]) == first
    }  # fmt: skip
    return {part.place: to for to, part in taken.items()} | whole


def _is_whole(kind: str, title: str) -> bool:
    """Whether a title heads addresses rather than streets."""
    forms = [form for _, form in own_forms(kind, title)]
    return any(map(_WHOLE.search, forms)) and not any(map(_STREET.search, forms))


def complete(block: Block, turned: Sequence[Sequence[str]], by: Mapping[str, Sequence[Mapped]], bad: Problems) -> None:
    """Give the streets of a block the lines that stand below them, and rows of which the parts of the address do not
    say it the whole one. `turned` has the cells column by column, `by` the columns by field and role."""
    streets = block.columns.get("street")
    if streets is None:
        return
    for column in by.get(WHOLE_ADDRESS, ()):
        others = [block.columns[name] for name in FIELDS if name in block.columns and name != "street"]
        cells = [", ".join(filter(None, map(str.strip, cell.splitlines()))) for cell in turned[column.place]]
        whole = words(cells, column.header, bad)
        streets = [
            street or (text if text and not _said(text, (other[row] for other in others)) else None)
            for row, (street, text) in enumerate(zip(streets, whole, strict=True))
        ]
    for column in [column for role in BESIDE_STREET for column in by.get(role, ())]:
        more = words(turned[column.place], column.header, bad)
        box = column in by.get(BOX, ())
        streets = [_below(street, text, box=box) for street, text in zip(streets, more, strict=True)]
    block.columns["street"] = streets


def _below(street: str | None, text: str | None, *, box: bool) -> str | None:
    """A street with what stands below it, unless it says that in whole words; of a `box` it may be the number alone."""
    before = r"(?<!\w)"
    if box and text and text.isdecimal():
        before, text = r"(?:box|fach)\W*", f"PO Box {text}"
    if not street or not text:
        return street or text
    said = re.search(rf"{before}{re.escape(text.removeprefix('PO Box '))}(?!\w)", street, re.IGNORECASE)
    return street if said else f"{street}, {text}"


def _said(text: str, others: Iterable[str | None]) -> bool:
    """Whether other parts of an address have every word of a text."""
    known = set(re.findall(r"\w+", fold(" ".join(filter(None, others)))))
    return known.issuperset(re.findall(r"\w+", fold(text)))
