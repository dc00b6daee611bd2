"""Rows of a table that are no records: totals, and what reports write below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from crmcli.domain.text import digits, fold
from crmcli.exchange.shape import VALUE, Row, clean_names, filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOTAL = "looks like a total of the rows above, not a record"
FOOTER = "looks like a report's footer, not a record"
HEADER = "repeats the header, not a record"
UNITS = "looks like the units or kinds of the columns, not a record"
OTHER = "looks like the header of another table, not a record"
BELONGS = "belongs to another table, whose header is in line {line}"
COMMENT = "looks like a comment, not a record"
TITLE = "looks like the title of the rows below, not a record"
#: The columns that a file of refused rows has before their own cells: where each was and why it was refused.
LINE, REASON = "crm_line", "crm_reason"
_MOST_HELD = 20
_COUNTS = re.compile(r"(\d+) cells under (\d+) headers?")
# What the first cell of a total or of a line that says itself that it is a footer begins with; a blank one, too.
_MAYBE = re.compile(
    r"[^\w]*(?:$|total|grand|sub|overall|sum|gesamt|totaux|toplam|som|average|avg|count|mittel|durchschnitt|moyenne|"
    r"promedio|ortalama|anzahl|جمع|مجموع|میانگین|تعداد|σ|copyright|confidential|generated)",
    re.IGNORECASE,
).match
# What such a cell may begin with beside signs: a look at two characters spares most rows the pattern.
_BEGINNINGS = frozenset(
    cased
    for two in (
        "to", "gr", "su", "ov", "ge", "so", "co", "av", "mi", "du", "mo", "pr", "or", "an", "جم", "مج", "می", "تع", "σ",
    )
    for cased in (two, two.capitalize(), two.upper(), *((f"{two} ", f"{two.upper()} ") if len(two) == 1 else ()))
)  # fmt: skip
_TOTAL = re.compile(
    r"(?:(?:grand|sub|overall)[ -]?)?totals?(?: \(.*\)|: .*)?|totals? (?:records|amount|sum|general)|"
    r"sum|summe|suma|somme|gesamt(?:summe)?|totaux|totale?s?|toplam|averages?|avg|counts?(?:: .*)?|mittelwert|"
    r"durchschnitt|moyenne|promedio|ortalama|anzahl|جمع|جمع کل|مجموع|مجموع کل|میانگین|تعداد|تعداد کل|σ"
)
_SUM = re.compile(
    r"[^\w\d]?\s?(?:[A-Za-z]{2,3}\s?)?[-(]?(?:[1-9]\d{0,2}(?:[.,'’ ]\d{3})+|0|[1-9]\d*)(?:[.,]\d+)?\)?"
    r"(?:\s?[^\W\d_]{1,8}|\s?[%€$£¥])?"
)
_LEGAL = re.compile(
    r"confidential information - do not distribute|copyright (?:\(c\)|©)|"
    r"(?:report )?(?:generated|exported) (?:by|on|at|from)\b|"
    r"[\d.,٬]+ (?:records|rows|results|entries|رکورد|ردیف)\s*$",
    re.IGNORECASE,
)


_UNIT = re.compile(
    r"\([^()]{1,20}\)|\[[^\[\]]{1,20}\]|%|[€$£¥]|eur|usd|gbp|chf|irr|kg|km|hours|days|"
    r"text|string|varchar|char|date|datetime|time|number|numeric|integer|int|decimal|float|boolean|bool|e-?mail|url|"
    r"(?:yyyy|yy)[-/.]mm[-/.]dd|(?:dd|mm)[-/.](?:mm|dd)[-/.](?:yyyy|yy)|required|optional|mandatory|"
    r"max\.? \d+(?: characters| chars)?",
    re.IGNORECASE,
)


class Skipping(Protocol):
    """A reader that counts the blank rows which it leaves out."""

    blank_rows: int


def without_footers(rows: Iterable[Row], reader: Skipping, header: list[str]) -> Iterator[Row]:
    """The rows, with a problem for each that is a total, a footer or the header once more.

    A total has the word in its first filled cell and nothing but sums behind it; the word alone is one below records,
    unless the table is a list of names. A footer is a row of one cell below a blank row, where nothing but such rows
    follows to the end of the table (or one that says so itself). A record called Total that has anything else in its
    row stays one. Below a blank row, a row of titles where all rows had values begins another table, of which no row is
    a record of this one. One cell below a blank row and above the header once more is the title of a group. In a file
    of refused rows those refused for such a reason still are, unless they were mended or the reason was taken away.
    """
    width = len(header)
    if width < 2:
        yield from rows
        return
    held: list[Row] = []
    blanks, behind_records, one_cell_each = reader.blank_rows, False, False
    first_title = "" if header[0] == "column 1" else header[0]
    refused_before = header[:2] == [LINE, REASON]
    for row in _of_one_table(rows, reader, header):
        if refused_before and row.problem:
            row = row._replace(problem=_counted(row.problem))
        _, cells, problem = row
        if refused_before and problem is None and (problem := _still(cells, header)):
            yield row._replace(problem=problem)
            continue
        if problem is None and cells[0].strip() == first_title and clean_names(cells) == header:
            yield from (above._replace(problem=above.problem or TITLE) for above in held)
            held, blanks = [], reader.blank_rows
            yield row._replace(problem=HEADER)
            continue
        below_blank = False
        if reader.blank_rows != blanks:
            below_blank, blanks = behind_records, reader.blank_rows
        if problem is None and _suspect(cells, width):
            count = filled(cells)
            alone = below_blank or bool(held) or (behind_records and not one_cell_each)
            problem = _total(cells, alone=alone) or (_legal(cells) if count == 1 else "")
            if count == 1 and _comment(cells):
                problem = COMMENT
            if problem or (count == 1 and (below_blank or held) and not one_cell_each and len(held) < _MOST_HELD):
                row = row._replace(problem=problem or None)
                if held or not problem:
                    held.append(row)
                else:
                    yield row
                continue
            one_cell_each = one_cell_each or count == 1
        if held:
            yield from held
            held = []
        behind_records = True
        yield row
    for row in held:
        yield row if row.problem else row._replace(problem=FOOTER)


def _of_one_table(rows: Iterable[Row], reader: Skipping, header: list[str]) -> Iterator[Row]:
    """The rows, with a problem for units below the header and for all from the header of another table on."""
    first, kinds, other, blanks = True, _Kinds(len(header)), "", reader.blank_rows
    for row in rows:
        cells = row.cells
        if other:
            yield row._replace(problem=row.problem or other)
            continue
        if row.problem is None:
            if first and _units(cells):
                row = row._replace(problem=UNITS)
            elif reader.blank_rows != blanks and kinds.are_titles(cells) and clean_names(cells) != header:
                row, other = row._replace(problem=OTHER), BELONGS.format(line=row.line)
            elif kinds.wanted:
                kinds.look(cells)
        first, blanks = False, reader.blank_rows
        yield row


def _suspect(cells: list[str], width: int) -> bool:
    """Whether a row is worth a closer look: at least half of it is empty, or it begins like a total or a footer."""
    first = cells[0][:2]
    return cells.count("") * 2 >= width or (
        (not first[:1].isalnum() or first in _BEGINNINGS) and _MAYBE(cells[0]) is not None
    )


def _comment(cells: list[str]) -> bool:
    return cells[0].startswith(("# ", "#!", "// "))


class _Kinds:
    """What the first rows of a table hold, column by column: values (numbers, days, addresses) or texts."""

    def __init__(self, width: int) -> None:
        self.wanted = 30
        self._values, self._filled = [0] * width, [0] * width

    def look(self, cells: list[str]) -> None:
        self.wanted -= 1
        for place, cell in enumerate(cells[: len(self._values)]):
            if text := cell.strip():
                self._filled[place] += 1
                self._values[place] += VALUE.fullmatch(text) is not None

    def are_titles(self, cells: list[str]) -> bool:
        """Whether a row below a blank one has texts alone, all different, two at least where all rows had values."""
        texts = [cell.strip() for cell in cells if cell.strip()]
        if len(set(texts)) < len(texts) or any(VALUE.fullmatch(text) or len(text) > 40 for text in texts):
            return False
        columns = zip(cells, self._values, self._filled, strict=False)
        return sum(1 for cell, values, filled in columns if cell.strip() and filled and values == filled) > 1


def _units(cells: list[str]) -> bool:
    """Whether the first row below a header says in what its columns are: EUR, dd/mm/yyyy, (text), required."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    if not texts or not all(_UNIT.fullmatch(text) for text in texts):
        return False
    return len(texts) > 1 or texts[0][0] in "(["


def _total(cells: list[str], *, alone: bool) -> str:
    """Why it is a total; the word with no sums is one only where it may stand `alone`."""
    texts = [cell.strip() for cell in cells if cell and not cell.isspace()]
    if not texts or not _TOTAL.fullmatch(fold(texts[0]).rstrip(" :")):
        return ""
    sums = all(_SUM.fullmatch(digits(text)) for text in texts[1:])
    return TOTAL if sums and (len(texts) > 1 or alone) else ""


def _counted(problem: str) -> str:
    """A problem of how many cells a row has, without the columns that a file of refused rows has before their own."""
    found = _COUNTS.match(problem)
    if found is None:
        return problem
    cells, width = int(found[1]) - 2, int(found[2]) - 2
    return f"{cells} cells under {width} header{'' if width == 1 else 's'}{problem[found.end() :]}"


def _still(cells: list[str], header: list[str]) -> str | None:
    """Why a row that was refused as no record is none now: it is as it was."""
    reason, own = cells[1], cells[2:]
    if reason == HEADER:
        return reason if clean_names([LINE, REASON, *own]) == header else None
    if reason == OTHER or reason.startswith(BELONGS.partition("{")[0]):
        return reason
    if reason in (UNITS, COMMENT):
        return reason if (_units(own) if reason == UNITS else _comment(own)) else None
    as_it_was = reason in (TOTAL, FOOTER, TITLE) and (filled(own) == 1 or _total(own, alone=True))
    return reason if as_it_was else None


def _legal(cells: list[str]) -> str:
    return FOOTER if any(_LEGAL.match(cell.strip()) for cell in cells) else ""
