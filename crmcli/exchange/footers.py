"""Rows of a table that are no records: totals, and what reports write below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from crmcli.domain.text import digits, fold
from crmcli.exchange.shape import Row, clean_names, filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOTAL = "looks like a total of the rows above, not a record"
FOOTER = "looks like a report's footer, not a record"
HEADER = "repeats the header, not a record"
TITLE = "looks like the title of the rows below, not a record"
#: The columns that a file of refused rows has before their own cells: where each was and why it was refused.
LINE, REASON = "crm_line", "crm_reason"
_MOST_HELD = 20
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


class Skipping(Protocol):
    """A reader that counts the blank rows which it leaves out."""

    blank_rows: int


def without_footers(rows: Iterable[Row], reader: Skipping, header: list[str]) -> Iterator[Row]:
    """The rows, with a problem for each that is a total, a footer or the header once more.

    A total has the word in its first filled cell and nothing but sums behind it; the word alone is one below records,
    unless the table is a list of names. A footer is a row of one cell below a blank row, where nothing but such rows
    follows to the end of the table (or one that says so itself). A record called Total that has anything else in its
    row stays one. One cell below a blank row and above the header once more is the title of a group. In a file of
    refused rows those refused for such a reason still are, unless they were mended or the reason was taken away.
    """
    width = len(header)
    if width < 2:
        yield from rows
        return
    held: list[Row] = []
    blanks, behind_records, one_cell_each = reader.blank_rows, False, False
    first_title = "" if header[0] == "column 1" else header[0]
    refused_before = header[:2] == [LINE, REASON]
    for row in rows:
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


def _suspect(cells: list[str], width: int) -> bool:
    """Whether a row is worth a closer look: at least half of it is empty, or it begins like a total or a footer."""
    first = cells[0][:2]
    return cells.count("") * 2 >= width or (
        (not first[:1].isalnum() or first in _BEGINNINGS) and _MAYBE(cells[0]) is not None
    )


def _total(cells: list[str], *, alone: bool) -> str:
    """Why it is a total; the word with no sums is one only where it may stand `alone`."""
    texts = [cell.strip() for cell in cells if cell and not cell.isspace()]
    if not texts or not _TOTAL.fullmatch(fold(texts[0]).rstrip(" :")):
        return ""
    sums = all(_SUM.fullmatch(digits(text)) for text in texts[1:])
    return TOTAL if sums and (len(texts) > 1 or alone) else ""


def _still(cells: list[str], header: list[str]) -> str | None:
    """Why a row that was refused as no record is none now: it is as it was."""
    reason, own = cells[1], cells[2:]
    if reason == HEADER:
        return reason if clean_names([LINE, REASON, *own]) == header else None
    as_it_was = reason in (TOTAL, FOOTER, TITLE) and (filled(own) == 1 or _total(own, alone=True))
    return reason if as_it_was else None


def _legal(cells: list[str]) -> str:
    return FOOTER if any(_LEGAL.match(cell.strip()) for cell in cells) else ""
