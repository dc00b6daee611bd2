"""Headers of several lines: titles of groups above the titles of columns, and cells merged over lines."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.text import fold
from crmcli.exchange.shape import VALUE, looks_like_data, stands_out

if TYPE_CHECKING:
    from collections.abc import Sequence

Record = tuple[int, list[str]]
#: (line, first column, last column) of a cell that is merged over columns; columns count from 0.
Span = tuple[int, int, int]

_MOST_LINES = 10
_LONGEST_TITLE = 60
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
#: What groups are called that are of firms, those who buy, firms or not, and the people apart from them.
_FIRMS = frozenset(map(fold, (
    "company", "organization", "organisation", "account", "supplier", "vendor", "firma", "unternehmen", "lieferant",
    "société", "entreprise", "fournisseur", "empresa", "proveedor", "şirket", "tedarikçi", "شرکت", "سازمان",
)))  # fmt: skip
_BUYERS = frozenset(map(fold, ("customer", "client", "kunde", "cliente", "müşteri", "مشتری")))
#: What a firm that buys is called beside people: "Kunde" and "Name" side by side are whose deal it is, and the deal's.
_FIRM_THAT_BUYS = {
    fold(buyer): firm
    for buyer, firm in (("kunde", "Firma"), ("cliente", "Empresa"), ("müşteri", "Şirket"), ("مشتری", "نام شرکت"))
}
_PEOPLE = frozenset(map(fold, (
    "contact", "person", "contact person", "primary contact", "main contact", "ansprechpartner", "ansprechpartnerin",
    "kontakt", "kontaktperson", "personne", "personne de contact", "interlocuteur", "contacto", "persona",
    "persona de contacto", "kişi", "ilgili kişi", "yetkili kişi", "شخص", "مخاطب", "رابط",
)))  # fmt: skip
#: The groups that make one English title with what stands below them.
_ENGLISH = frozenset(("company", "organization", "organisation", "account", "supplier", "vendor", "customer", "client"))
#: Titles that mean another thing below each of these.
_NAMES = frozenset(map(fold, ("name", "nom", "nombre", "ad", "adı", "نام")))
_ANYBODY_S = frozenset(("id", "no", "number", "phone", "telephone", "tel", "mobile", "fax", "email", "e-mail"))


class Lines(NamedTuple):
    """The line of the last of them, and the names that they give the columns, as found."""

    last: int
    names: list[str]


def of_merged(records: Sequence[Record], line: int, down: int, spans: Sequence[Span]) -> Lines | None:
    """The header that begins at `line` of a sheet: its cells are merged down to line `down` (0 for none), or over
    columns whose own titles stand in the next line. None where it is one line."""
    lines = [(number, cells) for number, cells in records if line <= number <= max(down, line)]
    wide = [span for span in spans if span[0] == line]
    if not down and wide:
        below = next(((number, cells) for number, cells in records if number > line), None)
        if below is None or not _are_titles(lines[0][1], below[1], wide):
            return None
        grouped = {place for _, first, last in wide for place in range(first, last + 1)}
        alone = [place for place, cell in enumerate(below[1]) if cell.strip() and place not in grouped]
        if alone and not stands_out(below[1], [cells for number, cells in records if number > below[0]]):
            return None
        lines.append(below)
    if len(lines) < 2 or len(lines) > _MOST_LINES:
        return Lines(down, _joined(lines, spans)) if down else None
    return Lines(max(down, lines[-1][0]), _joined(lines, spans))


def of_groups(records: Sequence[Record], position: int) -> Lines | None:
    """A header of two lines in a file that merges nothing: titles of groups with blanks (or themselves) behind them,
    below them the titles of the columns, below those values of another kind. None where it is one line."""
    if position + 2 >= len(records):
        return None
    (line, top), (last, below) = records[position : position + 2]
    top = top + [""] * (len(below) - len(top))
    groups = [place for place, cell in enumerate(top) if cell.strip() and (place == 0 or cell != top[place - 1])]
    if len(groups) < 2 or len(groups) == len(top):
        return None
    ends = [*groups[1:], len(top)]
    spans = [(line, place, end - 1) for place, end in zip(groups, ends, strict=True) if end - place > 1]
    if not spans or sum(1 for cell in below if cell.strip()) <= len(groups) or not _are_titles(top, below, spans):
        return None
    if not stands_out(below, [cells for _, cells in records[position + 2 :]]):
        return None
    return Lines(last, _joined([(line, top), (last, below)], spans))


def _are_titles(top: list[str], below: list[str], spans: Sequence[Span]) -> bool:
    """Whether a line has a title for each column of the groups above it, and nothing but titles."""
    texts = [cell.strip() for cell in below if cell.strip()]
    if looks_like_data(below) or any(len(text) > _LONGEST_TITLE or VALUE.fullmatch(text) for text in texts):
        return False
    for _, first, last in spans:
        own = [cell.strip() for cell in below[first : last + 1]]
        if len(own) < last + 1 - first or not all(own) or len(set(own)) < len(own):
            return False
    return all(cell.strip() or (place < len(below) and below[place].strip()) for place, cell in enumerate(top))


def _joined(lines: Sequence[Record], spans: Sequence[Span]) -> list[str]:
    """What each column is called: by what stands in it alone where no other column has that, else with the titles of
    its groups before it."""
    width = max(len(cells) for _, cells in lines)
    every: list[list[str]] = [[] for _ in range(width)]
    own: list[list[str]] = [[] for _ in range(width)]
    for number, cells in lines:
        row = cells + [""] * (width - len(cells))
        shared: set[int] = set()
        for line, first, last in spans:
            if line == number and first < width:
                places = range(first, min(last, width - 1) + 1)
                row[first : places.stop] = [row[first]] * len(places)
                shared.update(places)
        for place, cell in enumerate(row):
            text = " ".join(cell.split())
            if text and text not in every[place][-1:]:
                every[place].append(text)
                if place not in shared:
                    own[place].append(text)
    groups = {fold(text) for parts in every for text in parts[:-1]}
    beside = not _PEOPLE.isdisjoint(groups)
    theirs = Counter(fold(parts[-1]) for parts in every if len(parts) > 1 and fold(parts[-2]) in _PEOPLE)
    words = Counter(word for parts in every if parts for word in set(fold(parts[-1]).split()))
    called = [_of_firm(parts, beside, theirs, words) for parts in every]
    alone = [name or " ".join(parts) for name, parts in zip(called, own, strict=True)]
    # A "Company Name" is one of several names, what is called "Firma" is none.
    count = Counter(
        (parts[-1] if firm and firm == " ".join(parts[-2:]) else name).casefold()
        for name, firm, parts in zip(alone, called, every, strict=True)
    )
    return [
        name if firm or (count[name.casefold()] == 1 and _says_all(name)) else " ".join(parts)
        for name, firm, parts in zip(alone, called, every, strict=True)
    ]


def _of_firm(parts: Sequence[str], beside: bool, theirs: Counter[str], words: Counter[str]) -> str:
    """What the name of a firm is called that stands below its group, the last two of `parts`, and its number and how it
    is reached where other groups `beside` it are of people: in English all of that, elsewhere what one group of people
    has too, as `theirs` counts the folded titles below them. "" for every other title. `words` counts the columns whose
    titles have a word."""
    if len(parts) < 2:
        return ""
    group, title = map(fold, parts[-2:])
    if group not in _FIRMS and not (group in _BUYERS and beside):
        return ""
    if group in _ENGLISH and (title == "name" or (beside and title in _ANYBODY_S)):
        return " ".join(parts[-2:])
    if title not in _NAMES:
        return f"{parts[-1]} ({parts[-2]})" if theirs[title] == 1 and group not in _ENGLISH else ""
    if words[title] > 1 and group in _FIRM_THAT_BUYS:
        return _FIRM_THAT_BUYS[group]
    # Elsewhere the two side by side are no title: it is "Firma", "نام شرکت".
    return parts[-2] if group[0] < "\u0600" else f"{parts[-1]} {parts[-2]}"


def _says_all(title: str) -> bool:
    """Whether a title is one by itself; "(%)" and "from previous quarter" go on with what stands above them. Nothing is
    lost where one that is whole ("in stock") is joined to its group as well: it is only longer."""
    on = re.match(r"(?:from|to|of|per|in|by|for|since|until|and|or|than|vs)\b", title)
    return on is None and _LETTERS.search(_ASIDE.sub("", title)) is not None
