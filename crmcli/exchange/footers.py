"""Rows of a table that are no records: totals, and what reports write below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from crmcli.domain.text import digits, fold
from crmcli.exchange.further_tables import BELONGS, OTHER, UNITS, FurtherTables, are_titles, are_units
from crmcli.exchange.shape import Row, clean_names, filled
from crmcli.exchange.subtotals import Sums, ends_like_total, named_total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TOTAL = "looks like a total of the rows above, not a record"
FOOTER = "looks like a report's footer, not a record"
HEADER = "repeats the header, not a record"
COMMENT = "looks like a comment, not a record"
TITLE = "looks like the title of the rows below, not a record"
#: The columns that a file of refused rows has before their own cells: where each was and why it was refused.
LINE, REASON = "crm_line", "crm_reason"
_BELONGS = BELONGS.partition("{")[0]
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


class Skipping(Protocol):
    """A reader that counts the blank rows which it leaves out."""

    blank_rows: int


def without_footers(rows: Iterable[Row], reader: Skipping, header: list[str]) -> Iterator[Row]:
    """The rows, with a problem for each that is a total, a footer, the header once more, or of another table.

    In a file of refused rows those refused for such a reason still are, unless they were mended or the reason was taken
    away.
    """
    if len(header) < 2:
        yield from rows
        return
    again = _FedAgain(header) if header[:2] == [LINE, REASON] else None
    tables, footers = FurtherTables(header), _Footers(header)
    blanks, width, title, idle = reader.blank_rows, len(header), header[0], False
    for row in rows:
        if again:
            row = again.look(row)
        if idle and row.problem is None and reader.blank_rows == blanks and _is_usual(row.cells, width, title):
            footers.add(row.cells)
            yield row
            continue
        above, blanks = blanks, reader.blank_rows
        gap = blanks != above
        for settled in tables.feed(row, gap):
            yield from footers.feed(*settled)
        idle = tables.idle and footers.idle
    for settled in tables.end():
        yield from footers.feed(*settled)
    yield from footers.end()


class _Footers:
    """Takes the rows of one table one by one and gives them back, with a problem for each that is no record.

    A total has the word in its first filled cell and nothing but sums behind it; the word alone is one below records,
    unless the table is a list of names. "Acme Total" is one where the sums are those of the rows above. A footer is a
    row of one cell below a blank row, where nothing but such rows follows to the end of the table (or one that says so
    itself). A record called Total that has anything else in its row stays one. One cell below a blank row and above the
    header once more is the title of a group.
    """

    def __init__(self, header: list[str]) -> None:
        self._header = header
        self._first_title = "" if header[0] == "column 1" else header[0]
        self._held: list[Row] = []
        self._sums = Sums(len(header))
        #: takes the cells of a record that `feed` need not see: `idle`, and the row is usual
        self.add = self._sums.add
        self._behind_records = False
        self._one_cell_each = False

    @property
    def idle(self) -> bool:
        """Whether a usual row changes nothing but the sums."""
        return self._behind_records and not self._held

    def feed(self, row: Row, gap: bool) -> Sequence[Row]:
        """The rows that are settled now; `gap` says that blank ones stand above this one."""
        _, cells, problem = row
        if problem is None:
            if cells[0].strip() == self._first_title and clean_names(cells) == self._header:
                return self._released(row._replace(problem=HEADER), otherwise=TITLE)
            closer = _suspect(cells, len(self._header)) or ends_like_total(cells[0])
            if closer and (told := self._looked_at(row, gap)) is not None:
                return told
            self.add(cells)
        self._behind_records = True
        return self._released(row) if self._held else (row,)

    def end(self) -> Sequence[Row]:
        """The rows that were held back to the end."""
        return self._released(otherwise=FOOTER)

    def _looked_at(self, row: Row, gap: bool) -> Sequence[Row] | None:
        """What is settled with a row that is none, or that may be a footer and is held back; None for a record."""
        cells, count = row.cells, filled(row.cells)
        below_blank = gap and self._behind_records
        alone = below_blank or bool(self._held) or (self._behind_records and not self._one_cell_each)
        problem = _total(cells, alone=alone) or (_legal(cells) if count == 1 else "")
        if self._sums.total(cells):
            problem = TOTAL
        if count == 1 and _comment(cells):
            problem = COMMENT
        may_end = count == 1 and (below_blank or self._held) and not self._one_cell_each
        if problem or (may_end and len(self._held) < _MOST_HELD):
            if problem == TOTAL:
                self._sums.end()
            row = row._replace(problem=problem or None)
            if problem and not self._held:
                return (row,)
            self._held.append(row)
            return ()
        self._one_cell_each = self._one_cell_each or count == 1
        return None

    def _released(self, *behind: Row, otherwise: str | None = None) -> Sequence[Row]:
        """The rows held back and those `behind` them; those without a problem get the one that is said."""
        held, self._held = self._held, []
        return [*(row if row.problem else row._replace(problem=otherwise) for row in held), *behind]


class _FedAgain:
    """Looks at the rows of a file of refused rows: which of them are still none. Those of another table are for as long
    as its header is in the file and still is one."""

    def __init__(self, header: list[str]) -> None:
        self._header = header
        self._others: set[str] = set()

    def look(self, row: Row) -> Row:
        """The row, with its problem as it concerns its own cells, or that which it still has."""
        if row.problem:
            return row._replace(problem=_counted(row.problem))
        line, reason, *own = row.cells
        still = reason in self._others if reason.startswith(_BELONGS) else _still(reason, own, self._header)
        if still and reason == OTHER:
            self._others.add(BELONGS.format(line=line))
        return row._replace(problem=reason) if still else row


def _is_usual(cells: list[str], width: int, title: str) -> bool:
    """Whether a row needs no look at all: neither does it begin or end like what is no record, or like the header, nor
    is half of it empty."""
    name = cells[0]
    return (
        cells.count("") * 2 < width
        and name[:1].isalnum()
        and name[:2] not in _BEGINNINGS
        and not ends_like_total(name)
        and not name.startswith(title)
    )


def _suspect(cells: list[str], width: int) -> bool:
    """Whether a row is worth a closer look: at least half of it is empty, or it begins like a total or a footer."""
    first = cells[0][:2]
    return cells.count("") * 2 >= width or (
        (not first[:1].isalnum() or first in _BEGINNINGS) and _MAYBE(cells[0]) is not None
    )


def _comment(cells: list[str]) -> bool:
    return cells[0].startswith(("# ", "#!", "// "))


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


def _still(reason: str, own: list[str], header: list[str]) -> bool:
    """Whether a row that was refused as no record is as it was."""
    if reason == HEADER:
        return clean_names([LINE, REASON, *own]) == header
    if looks := {UNITS: are_units, COMMENT: _comment, OTHER: are_titles}.get(reason):
        return looks(own)
    if reason not in (TOTAL, FOOTER, TITLE):
        return False
    return filled(own) == 1 or bool(_total(own, alone=True)) or (reason == TOTAL and _maybe_subtotal(own))


def _maybe_subtotal(cells: list[str]) -> bool:
    """Whether a row that was refused as a subtotal, and whose rows above are not there, has its name and sums still."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    return named_total(texts[0]) and all(_SUM.fullmatch(digits(text)) for text in texts[1:]) if texts else False


def _legal(cells: list[str]) -> str:
    return FOOTER if any(_LEGAL.match(cell.strip()) for cell in cells) else ""
