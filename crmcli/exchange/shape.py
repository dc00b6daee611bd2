"""The shape that every table gets, whatever file it came from: rows, clean and unique header names, ragged rows."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SAMPLE_RECORDS = 60
MAX_COLUMNS = 16_384
"""The most columns of a table: no sheet is wider."""
_MOST_PREAMBLE = 20
_MOST_NAMES = 12
# A cell may hold a million characters of whatever an enemy likes: in a pattern no part that repeats stands beside one
# that takes the same characters, or each would be tried again and again.
_PARTED = re.compile(r"(?<=\w)-[^\S\n]*+\n\s*+(?=\w)")
_NUMBER_OR_DATE = re.compile(r"[-+]?[.,:/ T-]*\d[\d.,:/ TZ%-]*")
#: A number, a day, an address: what a cell holds, and no title of a column.
VALUE = re.compile(
    r"[-+(]?[\d٠-٩۰-۹][\d٠-٩۰-۹.,:/ TZ%()+-]*|[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+|https?://\S+|www\.\S+|"
    r"[-+]?[€$£]\s?[\d.,]+"
)


class Row(NamedTuple):
    """One record: `line` is where it starts (1-based, physical line or sheet row), `problem` why it cannot be used.

    Without a problem there are exactly as many cells as headers. With one, the cells are as found.
    """

    line: int
    cells: list[str]
    problem: str | None


class Doubt(NamedTuple):
    """A choice that a file does not settle: `option` is the parameter of `open_table` that settles it, `choices` are
    (its value, how a sample of the file then reads), the likeliest first; `taken` is the value that was taken, "" where
    none was and the file was refused."""

    option: str
    choices: tuple[tuple[str, str], ...]
    taken: str = ""


class Unclear(ReadError):
    """A file that is refused because nobody was there to settle its `doubt`."""

    def __init__(self, message: str, hint: str, doubt: Doubt) -> None:
        super().__init__(message, hint)
        self.doubt = doubt


def few(names: Sequence[str]) -> str:
    """Names with commas: of many the first, and how many others there are."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_MOST_NAMES])} and {more:,} more"


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


def line_breaks(text: str) -> int:
    """How many lines of a text end, however they do: \\n, \\r or \\r\\n."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def clean_names(cells: list[str]) -> list[str]:
    """Header cells as unique names: white space collapsed, `column 3` for a blank, `id 2` for a second `id`."""
    names: list[str] = []
    whole = (_PARTED.sub("-", cell) if "\n" in cell else cell for cell in cells)  # E-↵mail is one word
    plain = [" ".join(cell.replace("\ufeff", "").replace("\0", "").split()) for cell in whole]
    taken = set(plain)
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    for position, name in enumerate(plain, 1):
        wanted = name or f"column {position}"
        free = wanted
        number = numbers.get(name, 1)  # of a title that comes often, the smaller ones are given
        while free in seen or (number > 1 and free in taken) or (not name and free in taken):
            number += 1
            free = f"{wanted} {number}"
        if name:
            numbers[name] = number
        seen.add(free)
        names.append(free)
    return names


def find_header(records: list[tuple[int, list[str]]]) -> Header:
    """Find the header among the first records (at least one; blank ones left out).

    It is the first record that is not a preamble. A preamble is a line with at most half as many cells as most lines
    have, or (a title above a table in a sheet) with less than half of the usual number of filled cells, one at the
    most, or two of which the second is a number or a date ("as of", 2026-11-01) or the first ends with a colon; so are
    comments and numbers of columns. A header with more or fewer cells than the rows is kept as the header: the rows are
    then ragged and say so.
    """
    width = _most_common(len(cells) for _, cells in records)
    usual = _most_common(filled(cells) for _, cells in records)
    skipped = 0
    for place, (_, cells) in enumerate(records[:_MOST_PREAMBLE]):
        short = len(cells) * 2 <= width or _is_aside(records, place)
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


def _is_aside(records: list[tuple[int, list[str]]], place: int) -> bool:
    """Whether a line is a comment ("# made by hand, in May") or numbers the columns (1, 2, 3), and the next one has the
    titles."""
    cells = [cell.strip() for cell in records[place][1]]
    numbers = len(cells) > 1 and cells == [str(number) for number in range(1, len(cells) + 1)]
    if not numbers and not cells[0].startswith(("# ", "#!", "// ")):
        return False
    below = [other for _, other in records[place + 1 :]]
    return bool(below) and stands_out(below[0], below[1:])


def _is_fact(cells: list[str], usual: int) -> bool:
    """Whether a line above a table says one thing of it all: "as of", 2026-11-01."""
    texts = [text for cell in cells if (text := cell.strip())]
    if len(texts) != 2 or usual < 3:
        return False
    if texts[0].endswith((":", "：")):
        return True
    what, said = (_NUMBER_OR_DATE.fullmatch(text) is not None for text in texts)
    return said and not what


def looks_like_data(cells: list[str]) -> bool:
    """Whether a would-be header holds an e-mail address, or mostly numbers and dates."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    if any("@" in text and "." in text.partition("@")[2] and " " not in text for text in texts):
        return True
    return bool(texts) and sum(1 for text in texts if _NUMBER_OR_DATE.fullmatch(text)) * 2 >= len(texts)


def stands_out(titles: list[str], rest: Iterable[list[str]]) -> bool:
    """Whether some title stands above values of another kind."""
    below = list(rest)
    return any(
        title.strip() and _differs(title, [cells[place] for cells in below if place < len(cells)])
        for place, title in enumerate(titles)
    )


def _differs(title: str, values: list[str]) -> bool:
    """Whether most values of a column are numbers, days or addresses, which its title is not."""
    texts = [value.strip() for value in values if value.strip()]
    kinds = sum(1 for text in texts if VALUE.fullmatch(text))
    return bool(texts) and kinds * 5 >= len(texts) * 3 and VALUE.fullmatch(title.strip()) is None


def too_many(cells: list[str], width: int, delimiter: str = "") -> str:
    """The problem of a row with more filled cells than there are headers."""
    problem = f"{len(cells)} cells under {width} header{'' if width == 1 else 's'}"
    if delimiter:
        name = {"\t": "tab", " ": "space"}.get(delimiter, delimiter)
        problem += f": is a cell that holds a {name} not quoted?"
    return problem


def too_wide(path: str, line: int, count: str) -> ReadError:
    """The refusal of a text file whose record in that line has `count` cells ("20,000", "more than a million")."""
    return ReadError(
        f"{path!r}: line {line:,} has {count} columns; a table has {MAX_COLUMNS:,} at the most.",
        "If another sign parts its cells, give it with --delimiter; else leave columns out that nobody needs.",
    )


def _most_common(numbers: Iterable[int]) -> int:
    counts = Counter(numbers)
    best = max(counts.values())
    return max(number for number, count in counts.items() if count == best)
