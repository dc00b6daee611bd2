"""What programs write where there is nothing: NULL and N/A, a day made of noughts, nobody as an owner."""

from __future__ import annotations

import re

from crmcli.domain.text import blank, digits, fold

#: Words in place of an empty value, and those days of noughts that say so in every column.
NULLS = frozenset((
    "NULL", "null", "Null", "\\N", "N/A", "n/a", "#N/A", "-", "--", "(null)", "-None-", "--None--", "—", "–",
    "0/0/00", "0/0/0000", "00/00/00", "00/00/0000", "00.00.0000", "00-00-0000", "0000/00/00", "0000-00-00",
    "0000-00-00 00:00", "0000-00-00 00:00:00", "0000-00-00T00:00:00",
))  # fmt: skip
_MIDNIGHT = r"00?:00(?::00(?:\.0+)?)?"
#: In a column of days, noughts in any of the forms that days have.
_NOUGHTS = re.compile(rf"0{{1,4}}([-/.])0{{1,2}}\1[0]{{1,4}}(?:[Tt ]{_MIDNIGHT}[Zz]?)?")
#: Midnight alone is how sheets show a day that nobody gave.
MIDNIGHT_ALONE = re.compile(_MIDNIGHT)
#: Words that stand for nobody where an owner is named.
_NOBODY = frozenset((
    "unassigned", "not assigned", "none", "nobody", "no owner", "no one", "noone", "niemand", "nicht zugewiesen",
    "personne", "sin asignar", "بدون مسئول", "ندارد",
))  # fmt: skip


def no_day(text: str) -> bool:
    """Whether a cell of a column of days is made of noughts, in ASCII digits."""
    return _NOUGHTS.fullmatch(text.strip()) is not None


def without_noughts(cells: list[str]) -> tuple[list[str], int]:
    """A column of days with those made of noughts emptied, and how many there were."""
    nothing = {cell for cell in set(cells) if "0" in (plain := digits(cell)) and no_day(plain)}
    if not nothing:
        return cells, 0
    return ["" if cell in nothing else cell for cell in cells], sum(map(nothing.__contains__, cells))


def without_nobody(cells: list[str]) -> tuple[list[str], int]:
    """The cells of a column of owners with Unassigned and the like made empty, and how many there were."""
    nobody = {word for word in set(cells) if fold(word).strip("-() ") in _NOBODY}
    if not nobody:
        return cells, 0
    return ["" if cell in nobody else cell for cell in cells], sum(map(nobody.__contains__, cells))


def without_nulls(cells: list[str]) -> tuple[list[str], int]:
    """The cells with NULL, N/A and the like made empty, and how many there were; those that show nothing are empty as
    well."""
    if not all(map(str.isascii, cells)):
        cells = ["" if blank(cell) else cell for cell in cells]
    if NULLS.isdisjoint(cells):
        return cells, 0
    found = ["" if cell in NULLS else cell for cell in cells]
    return found, sum(map(NULLS.__contains__, cells))
