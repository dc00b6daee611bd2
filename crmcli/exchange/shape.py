"""The shape that every table gets, whatever file it came from: rows, clean and unique header names, ragged rows."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SAMPLE_RECORDS = 60
_MOST_PREAMBLE = 20
_NUMBER_OR_DATE = re.compile(r"[-+]?[\d.,:/ T-]*\d[\d.,:/ TZ%-]*")


class Row(NamedTuple):
    """One record: `line` is where it starts (1-based, physical line or sheet row), `problem` why it cannot be used.

    Without a problem there are exactly as many cells as headers. With one, the cells are as found.
    """

    line: int
    cells: list[str]
    problem: str | None


class Header(NamedTuple):
    """Where the header is among the first records and what was decided about it."""

    position: int
    notes: list[str]


def filled(cells: list[str]) -> int:
    """How many cells hold more than white space."""
    return sum(1 for cell in cells if cell and not cell.isspace())


def last_filled(cells: list[str]) -> int:
    """The number of cells up to the last one that is not blank."""
    for index in range(len(cells) - 1, -1, -1):
        if cells[index].strip():
            return index + 1
    return 0


def clean_names(cells: list[str]) -> list[str]:
    """Header cells as unique names: white space collapsed, `column 3` for a blank, `id 2` for a second `id`."""
    names: list[str] = []
    plain = [" ".join(cell.replace("\ufeff", "").replace("\0", "").split()) for cell in cells]
    taken = set(plain)
    seen: set[str] = set()
    for position, name in enumerate(plain, 1):
        wanted = name or f"column {position}"
        free = wanted
        number = 1
        while free in seen or (number > 1 and free in taken) or (not name and free in taken):
            number += 1
            free = f"{wanted} {number}"
        seen.add(free)
        names.append(free)
    return names


def find_header(records: list[tuple[int, list[str]]]) -> Header:
    """Find the header among the first records (at least one; blank ones left out).

    It is the first record that is not a preamble. A preamble is a line with at most half as many cells as most lines
    have, or (a title above a table in a sheet) with less than half of the usual number of filled cells, one at the
    most, or two of which the second is a number or a date ("as of", 2026-11-01). A header with more or fewer cells than
    the rows is kept as the header: the rows are then ragged and say so.
    """
    width = _most_common(len(cells) for _, cells in records)
    usual = _most_common(filled(cells) for _, cells in records)
    skipped = 0
    for _, cells in records[:_MOST_PREAMBLE]:
        short = len(cells) * 2 <= width
        title = (filled(cells) <= 1 and filled(cells) * 2 < usual) or _is_fact(cells, usual)
        if not short and not title:
            break
        skipped += 1
    else:
        skipped = 0
    notes = []
    if skipped:
        what = "1 line before the header was" if skipped == 1 else f"{skipped} lines before the header were"
        notes.append(f"{what} skipped")
    line, cells = records[skipped]
    if looks_like_data(cells):
        notes.append(
            f"line {line} was taken as the header but looks like data; use --header-row 0 if the file has no header"
        )
    return Header(skipped, notes)


def _is_fact(cells: list[str], usual: int) -> bool:
    """Whether a line above a table says one thing of it all: "as of", 2026-11-01."""
    texts = [text for cell in cells if (text := cell.strip())]
    if len(texts) != 2 or usual < 3:
        return False
    what, said = (_NUMBER_OR_DATE.fullmatch(text) is not None for text in texts)
    return said and not what


def looks_like_data(cells: list[str]) -> bool:
    """Whether a would-be header holds an e-mail address, or mostly numbers and dates."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    if any("@" in text and "." in text.partition("@")[2] and " " not in text for text in texts):
        return True
    return bool(texts) and sum(1 for text in texts if _NUMBER_OR_DATE.fullmatch(text)) * 2 >= len(texts)


def too_many(cells: list[str], width: int, delimiter: str = "") -> str:
    """The problem of a row with more filled cells than there are headers."""
    problem = f"{len(cells)} cells under {width} header{'' if width == 1 else 's'}"
    if delimiter:
        name = {"\t": "tab", " ": "space"}.get(delimiter, delimiter)
        problem += f": is a cell that holds a {name} not quoted?"
    return problem


def _most_common(numbers: Iterable[int]) -> int:
    counts = Counter(numbers)
    best = max(counts.values())
    return max(number for number, count in counts.items() if count == best)
