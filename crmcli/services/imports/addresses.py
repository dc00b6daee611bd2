"""Which columns of a file are the record's own address, where it has several, Home Street beside Work Street, and what
becomes of those that say more of the street than its own column does."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities.shared import ADDRESS
from crmcli.domain.text import fold
from crmcli.services.imports.columns import words
from crmcli.services.imports.headings import spoken
from crmcli.services.imports.roles import BESIDE_STREET, BOX, ROLES, STREET_2, STREET_3, WHOLE_ADDRESS
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
    "mail address",
)  # fmt: skip
#: Further titles of the parts, those that say what they are behind a place alone: its code, the lines of a street.
_MORE = {
    "street": ("street address line 1",),
    "city": ("suburb",),
    "postal_code": ("cp", "postal/zip code", "zip/postal", "postcode/zip"),
}
_CODES = ("billing code", "mailing code")
_BEHIND = {"street": ("line 1",), STREET_2: ("line 2",), STREET_3: ("line 3",)}
#: The numbers of the lines of a street.
_LINES = {"street": "1", STREET_2: "2", STREET_3: "3"}
_WHOLE = re.compile(r"(address|adresse|anschrift|نشانی|آدرس)$")
_STREET = re.compile(r"street|strasse|straße|^rue|calle|sokak")
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
#: Longer texts are no addresses.
_LONGEST = 300
#: "city2" and "address2city", squeezed.
_NUMBERED = re.compile(r"(\D+)([2-9])(\D*)")
#: What stands within a house, folded: with a number it is neither a street nor a postal code.
_WITHIN = (
    r"\b(?:suite|ste|unit|apt|apartment|room|rm|floor|fl|flat|office|building|bldg|block|tower|hall|door|level|lot|box|p\.?o"
    r"|c/o|haus|gebaude|zimmer|etage|stock|whg|wohnung|tur|top|hof|bat|batiment|appt|appartement|bureau|porte|piso"
    r"|puerta|oficina|kat|daire|no|nr|طبقه|واحد|ساختمان|بلوک)\b"
)
_POSTAL_CODE = (
    r"(?:[a-z]{1,2}-)?\d{4,6}(?:-\d{3,4})?|\d{4} ?[a-z]{2}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d"
)
_HAS_CODE = re.compile(rf"(?:{_POSTAL_CODE})\b|.*(?<![\w-])(?:{_POSTAL_CODE})$")


class Part(NamedTuple):
    """A column that can be a part of an address: its place in the file, the field, how near its title comes to the
    field's name, and whether it has cells."""

    place: int
    to: str
    rank: int
    filled: bool


def names(field: str) -> Iterator[str]:
    """The titles of a part of an address besides those of the field itself."""
    yield from _MORE.get(field, ())
    yield from _CODES if field == "postal_code" else ()
    yield from _first(field)
    parts = (*_plain(field), *_first(field), *_BEHIND.get(field, ()))
    yield from (f"{where} {part}" for where in _PLACES for part in parts)


@cache
def _plain(field: str) -> tuple[str, ...]:
    if field in ROLES:
        return ROLES[field].titles
    own = next(one for one in ADDRESS if one.name == field)
    return (own.name, *own.aliases, *own.headers, *_MORE.get(field, ()))


@cache
def _called(field: str) -> tuple[str, ...]:
    """What a part of an address is called without a number, in every language."""
    return tuple(title for title in (*_plain(field), *spoken("", field)) if not title[-1].isdigit())


@cache
def _first(field: str) -> tuple[str, ...]:
    """What a part of the first of several addresses is called: City 1; the lines of its street have numbers, too."""
    number = _LINES.get(field, "" if field in ROLES else "1")
    return tuple(f"{part} {number}" for part in _called("street" if field in _LINES else field)) if number else ()


@cache
def _keys() -> frozenset[str]:
    titles = (title for field in FIELDS for title in (*_plain(field), *_first(field), *_BEHIND.get(field, ())))
    return frozenset(map(squeeze, titles))


@cache
def _numbered(field: str) -> frozenset[str]:
    """How the titles of a part of an address begin that have a number, squeezed."""
    return frozenset(squeeze(f"{where} {part}") for where in ("", *_PLACES) for part in _called(field))


@cache
def _places() -> tuple[str, ...]:
    """What stands before the parts of an address, squeezed, the longest first."""
    return tuple(sorted(map(squeeze, _PLACES), key=len, reverse=True))


def of_mail(key: str) -> bool:
    """Whether a squeezed title heads a part of the address to which letters go, which no e-mail address has."""
    before, mail, part = key.partition("mailaddress")
    return bool(mail) and not before.endswith("e") and part in _keys()


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


def _further(kind: str, header: Sequence[str], parts: Sequence[Part]) -> set[int]:
    """The places of streets that are no further lines of the one before them, but of another address: of that the file
    has the city or the postal code with the same number, or one before it, in City 2 or Address 2 - City."""

    def numbers(title: str) -> Iterator[tuple[str, str, str]]:
        found = (_NUMBERED.fullmatch(form) for _, form in own_forms(kind, title))
        return ((one[1], one[2], one[3]) for one in found if one)

    lines = [part.place for part in parts if part.to in (STREET_2, STREET_3)]
    towns = _numbered("city") | _numbered("postal_code")
    others: set[tuple[str, str, str]] = set()  # how its titles begin, or whose it is; its number
    for begins, number, rest in (one for title in header if lines for one in numbers(title)):
        if rest in towns:
            others.add((begins, "", number))
        elif not rest and begins in towns:
            others.add(("", _whose(kind, begins), number))
    return {
        place for place in lines
        for begins, number, rest in numbers(header[place]) if not rest and begins in _numbered("street")
        if any((one[0], one[1]) in ((begins, ""), ("", _whose(kind, begins))) and one[2] <= number for one in others)
    }  # fmt: skip


def chosen(kind: str, header: Sequence[str], parts: Sequence[Part]) -> dict[int, str]:
    """place -> field of the columns that make one address: that of the business where there are several whole ones, and
    what other titles say besides only where they do not say the same of another."""
    found: dict[str, dict[str, Part]] = {}
    further = _further(kind, header, parts)
    parts = [part for part in parts if part.place not in further]
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
        if to in taken and streets and taken[to] != streets.get(to):
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
    say it the whole one; an address in place of a second line goes to the description. `turned` has the cells column by
    column, `by` the columns by field and role."""
    streets = block.columns.get("street")
    if streets is None:
        return
    heads_boxes = any(_heads_boxes(column.header) for column in by.get("street", ()))
    streets = [_box(street) if street and heads_boxes else street for street in streets]
    others = [block.columns[name] for name in FIELDS if name in block.columns and name != "street"]
    for column in by.get(WHOLE_ADDRESS, ()):
        cells = [", ".join(filter(None, map(str.strip, cell.splitlines()))) for cell in turned[column.place]]
        wholes, cities = words(cells, column.header, bad), block.columns.get("city")
        for row, (street, whole) in enumerate(zip(streets, wholes, strict=True)):
            homeless = cities is not None and not cities[row] and _said(street or "", (whole,))
            if whole and (homeless or not street) and not _said(whole, (street, *(other[row] for other in others))):
                streets[row] = whole
    for column in [column for role in BESIDE_STREET for column in by.get(role, ())]:
        more = words(turned[column.place], column.header, bad)
        for row, text in enumerate(more):
            street = streets[row]
            if column in by.get(BOX, ()):
                streets[row] = _below(street, text and _box(text))
            elif not (street and text and _is_address(text)):
                streets[row] = _below(street, text)
            elif not _said(text, (street, *(other[row] for other in others))):
                told = block.columns.setdefault("description", [None] * len(block))
                line = f"{column.header}: {' '.join(text.split())}"
                told[row] = f"{told[row]}\n{line}" if told[row] else line
    block.columns["street"] = streets


def _heads_boxes(title: str) -> bool:
    """Whether a title heads boxes of a post office."""
    known = set(map(squeeze, (*ROLES[BOX].titles, *names(BOX))))
    return any(form in known for _, form in own_forms("", title))


def _box(text: str) -> str:
    """What a column of boxes says; of one the number may stand alone."""
    return f"PO Box {text}" if "".join(text.split()).isdecimal() else text


def _below(street: str | None, text: str | None) -> str | None:
    """A street with what stands below it, unless it says that in whole words; of a box it may have another word."""
    if not street or not text:
        return street or text
    box = re.fullmatch(r"PO Box ([\d\s]+)", text)
    said = r"(?:box|fach)\W*" + r"\s*".join("".join(box[1].split())) if box else r"(?<!\w)" + re.escape(text)
    return street if re.search(said + r"(?!\w)", street, re.IGNORECASE) else f"{street}, {text}"


def _is_address(text: str) -> bool:
    """Whether a text has a street and, apart from it, a postal code with a town: it is no second line of another."""
    first, *rest = re.split(r"[,;\n]+", fold(text)) if len(text) <= _LONGEST else [""]
    if not re.search(r"\d", first) or not re.search(r"[^\W\d_]", first) or re.search(_WITHIN, first):
        return False
    parts = [part for part in map(str.strip, rest) if not re.search(rf"{_WITHIN}\W*\d", part)]
    return any(map(_HAS_CODE.match, parts)) and re.search(r"[^\W\d_]{2}", " ".join(parts)) is not None


def _said(text: str, others: Iterable[str | None]) -> bool:
    """Whether other parts of an address have every word of a text."""
    known = set(re.findall(r"\w+", fold(" ".join(filter(None, others)))))
    return known.issuperset(re.findall(r"\w+", fold(text)))
