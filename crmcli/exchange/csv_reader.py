"""CSV bytes to records, streaming, with the line number of each and without ever guessing past a fault."""

from __future__ import annotations

import codecs
import csv
import io
import re
from itertools import chain, islice
from typing import TYPE_CHECKING

from crmcli.errors import ReadError
from crmcli.exchange.formulas import GUARD_IN_TEXT, text_said, unguard
from crmcli.exchange.shape import MAX_COLUMNS, SAMPLE_RECORDS, Row, last_filled, line_breaks, too_many, too_wide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK = 256 * 1024
MAX_CELL = 1024 * 1024
"""The longest cell in characters that is read (1 MiB); a longer one is named and its row left out."""
MAX_LINE = 16 * 1024 * 1024
_MOST_DELIMITERS = 1_000_000  # no cell is a text of so many; a line that has more of them is not even cut
_BREAK = re.compile(r"[\r\n]")
_OPENS = re.compile(' *+"')
_QUOTED = re.compile('(?:[^"]|"")*+')
_RULE = re.compile(r"\s*(?:[:+]*+-{3,}[-:+]*+\s*)?")
_SAYS_TEXT = 'cells that are a formula of a text alone, as in ="001", are read as that text'
_MOST_SAMPLED = 10_000  # blank and broken records are kept too; a file of nothing else must not fill the memory


class CsvReader:
    """The records of one CSV file; `records` gives the first ones for a look, `rows` then gives all as `Row`s.

    The text is decoded in blocks cut at line ends. Each block is searched once for NUL bytes and formulas, guarded or
    of a text alone, so that ordinary rows cost no more than the csv module itself. `blanks` says that those behind a
    delimiter, and behind a quotation mark that closes a cell, are no part of it. `notes` are complete after the last
    row.
    """

    def __init__(
        self, path: str, encoding: str, bom: int, delimiter: str, *, guarded: bool, skip: int = 0, blanks: bool = False
    ) -> None:
        self.path = path
        self.notes: list[str] = []
        self.encoding = encoding
        self.delimiter = delimiter
        self.bytes_read = bom
        self._codec = "utf-8" if encoding == "utf-8-sig" else encoding  # the mark is skipped here
        self.blank_rows = 0
        self._guarded = guarded
        self._formula = re.compile(rf"""(?:\A|[{re.escape(delimiter)}\r\n"]) *+=\"""") if guarded else None
        self._skip = skip
        self._file = open(path, "rb")  # noqa: SIM115 - closed by close()
        self._file.seek(bom)
        self._watch = 0  # records that start at or before this line need a closer look
        self._blanks = blanks
        #: with `blanks`, the lines of the record at hand, and where records start that such a quotation mark spreads
        self._raw: list[str] = []
        self._spread: set[int] = set()
        self._line = 0  # the last physical line of the last record
        csv.field_size_limit(MAX_CELL)
        lines: Iterator[str] = chain.from_iterable(self._blocks())
        if skip:  # blank lines in their stead keep the numbers of the others, and no quote in them opens anything
            lines = chain(("\n" for _ in islice(lines, skip)), lines)
        if blanks:
            lines = self._noted(without_blanks(lines, delimiter))
        # strict: a quote closed in mid-cell is an error to name, not text to guess.
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=blanks)
        self._sample: list[tuple[int, list[str], str | None]] = []

    def close(self) -> None:
        """Close the file; no more rows come."""
        self._file.close()

    def records(self) -> list[tuple[int, list[str]]]:
        """The first 60 sound, non-blank records as (line, cells)."""
        sound = 0
        while sound < SAMPLE_RECORDS and len(self._sample) < _MOST_SAMPLED:
            try:
                cells = next(self._reader)
            except StopIteration:
                break
            except csv.Error as error:
                row = self._fault(error)
                self._sample.append((row.line, row.cells, row.problem))
                continue
            first, self._line = self._line + 1, self._reader.line_num
            if self._blanks:
                self._note(first, cells)
            if cells[:1] == ["sep="] and all(said and said[0].startswith("#") for _, said, _ in self._sample):
                continue
            if first <= self._skip:
                continue
            if len(cells) > MAX_COLUMNS:
                raise too_wide(self.path, first, f"{len(cells):,}")
            self._sample.append((first, cells, None))
            sound += last_filled(cells) > 0
        found = [(line, cells) for line, cells, problem in self._sample if problem is None and last_filled(cells)]
        return [(line, self._given(cells)) for line, cells in found] if self._guarded else found

    def _given(self, cells: list[str]) -> list[str]:
        """Cells without what a spreadsheet is told by it: a guard before a formula, a formula around a text."""
        given = [unguard(cell) if cell[:1] == "'" else cell for cell in cells]
        for place, cell in enumerate(cells):
            if '="' in cell and (text := text_said(cell.strip(" "))) is not None:
                given[place] = text
                if _SAYS_TEXT not in self.notes:
                    self.notes.append(_SAYS_TEXT)
        return given

    def rows(self, width: int, after: int) -> Iterator[Row]:
        """All rows that start behind line `after`, each with `width` cells or a problem; blank rows are counted."""
        make = tuple.__new__
        for line, cells, problem in self._sample:
            if line > after:
                row = Row(line, cells, problem) if problem else self._look(line, cells, width)
                if row:
                    yield row
        self._sample = []
        line = self._line
        reader = self._reader
        while True:
            try:
                for cells in reader:
                    first = line + 1
                    line = reader.line_num
                    if self._raw:
                        self._note(first, cells)
                    if len(cells) == width and first > self._watch and cells[0].strip():
                        yield make(Row, (first, cells, None))
                    else:
                        row = self._look(first, cells, width)
                        if row:
                            yield row
                return
            except csv.Error as error:
                self._line = line
                yield self._fault(error)
                line = self._line

    def _noted(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self._raw.append(line)
            yield line

    def _note(self, line: int, cells: list[str]) -> None:
        """Note a record in which a quotation mark behind blanks opens a cell of several lines."""
        if len(self._raw) > 1:
            self._watch = max(self._watch, line)
            raw = "".join(self._raw)
            for cell in cells:
                if end := _BREAK.search(cell):
                    begin = re.escape(cell[: end.end()].replace('"', '""'))
                    if re.search(rf'(?:\A|{re.escape(self.delimiter)}) +"{begin}', raw):
                        self._spread.add(line)
        self._raw.clear()

    def _look(self, line: int, cells: list[str], width: int) -> Row | None:
        """The slow path: blank, short, long, guarded and NUL-holding records."""
        size = last_filled(cells)
        if not size or (self.delimiter == "|" and _is_rule(cells)):
            self.blank_rows += 1
            return None
        if self._guarded:
            cells = self._given(cells)
        for column, cell in enumerate(cells, 1):
            if "\0" in cell:
                return Row(line, cells, f"cell {column} holds a NUL byte")
        if self._blanks and any(map(_BREAK.search, cells)):
            if line in self._spread:
                return Row(line, cells, "a quotation mark behind blanks takes several lines into one cell")
            if len(cells) != width:
                told = f"{len(cells)} cells, not {width}"
                return Row(line, cells, f"a quotation mark takes several lines into one cell, and the row has {told}")
        if size > width:
            return Row(line, cells, too_many(cells, width, self.delimiter))
        if len(cells) < width:
            cells = cells + [""] * (width - len(cells))
        return Row(line, cells[:width], None)

    def _fault(self, error: csv.Error) -> Row:
        """Turn an error of the csv module into a row with a problem; raise where it would swallow the file."""
        first, last = self._line + 1, self._reader.line_num
        self._raw.clear()
        self._line = last
        text = str(error)
        huge = "field limit" in text
        if "unexpected end" in text or (huge and last > first):
            longer = f", or holds more than {MAX_CELL:,} characters" if huge else ""
            raise ReadError(
                f"{self.path!r}: the quote opened in the row at line {first} is never closed{longer}.",
                "Close or remove the quotation mark there." + (" JSON lines take longer texts." if huge else ""),
            ) from None
        if huge:
            return Row(first, [], f"a cell is longer than {MAX_CELL:,} characters")
        where = f"lines {first}-{last}: " if last > first else ""
        return Row(first, [], f'{where}a quotation mark is closed in the middle of a cell (write "" for one inside)')

    def _blocks(self) -> Iterator[io.StringIO]:
        # newline="" makes StringIO split at \n, \r and \r\n alike and leave them in, as csv wants.
        decoder = codecs.getincrementaldecoder(self._codec)("strict")
        rest = ""
        cuts = 0  # the delimiters of a line that goes on
        final = False
        while not final:
            block = self._file.read(_BLOCK)
            final = len(block) < _BLOCK
            try:
                more = decoder.decode(block, final)
            except UnicodeDecodeError as error:
                raise self._undecodable(error, len(block), rest) from None
            self.bytes_read += len(block)
            text = rest + more
            if final:
                text = text.rstrip("\x1a")  # the sign with which DOS ended files; what we write has a line end there
            cut = len(text) if final else _last_break(text)
            rest = text[cut:]
            cuts = 0 if cut else cuts + more.count(self.delimiter)
            if cuts > _MOST_DELIMITERS:
                raise too_wide(self.path, self._reader.line_num + 1, f"more than {cuts:,}")
            if len(rest) > MAX_LINE:
                raise ReadError(
                    f"{self.path!r}: line {self._reader.line_num + 1} is longer than {MAX_LINE:,} characters.",
                    "This is not a CSV file that can be read.",
                )
            if cut:
                text = text[:cut]
                if "\0" in text or (self._formula and self._has_formula(text)):
                    # The reader asks for a block when it has used up all lines before, so its count is where we are.
                    self._watch = max(self._watch, self._reader.line_num + line_breaks(text) + 1)
                yield io.StringIO(text, newline="")

    def _has_formula(self, text: str) -> bool:
        """Whether a cell of a block may be guarded, or be a formula of a text (a false alarm only costs time)."""
        assert self._formula is not None
        guarded = "'" in text and GUARD_IN_TEXT.search(text) is not None
        # A look for one sign takes a twentieth of the time of one for two.
        return guarded or ("=" in text and '="' in text and self._formula.search(text) is not None)

    def _undecodable(self, error: UnicodeDecodeError, size: int, rest: str) -> ReadError:
        before = bytes(error.object[: error.start]).decode(self._codec, "ignore")
        line = self._reader.line_num + 1 + line_breaks(rest + before)
        offset = self.bytes_read - (len(error.object) - size) + error.start
        byte = error.object[error.start]
        return ReadError(
            f"{self.path!r} is not {self.encoding}: line {line}, byte 0x{byte:02X} at offset {offset}.",
            "Give the right encoding with --encoding, or mend the file.",
        )


def _is_rule(cells: list[str]) -> bool:
    """Whether a record is the line below the header of a table that is drawn: |------|:---:|, ----+----."""
    return all(_RULE.fullmatch(cell) for cell in cells)


def without_blanks(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """The lines of a CSV text without the blanks between the quotation mark that closes a cell and the delimiter, or
    the line end, behind it."""
    bare = re.compile(rf"[^{re.escape(delimiter)}\r\n]*+")
    inside = False  # a cell in quotation marks goes on in the next line
    for line in lines:
        parts: list[str] = []
        at = 0
        while at < len(line):
            begin = at
            if not inside and (opened := _OPENS.match(line, at)):
                inside, at = True, opened.end()
            if inside:
                at = _end(_QUOTED, line, at)
                inside = at == len(line)
                at += not inside
            parts.append(line[begin:at])
            if not inside:
                end = _end(bare, line, at)
                parts.append(line[at:end] if at == begin or line[at:end].strip(" ") else "")
                parts.append(line[end : end + 1])
                at = end + 1
        yield "".join(parts)


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    """Where that ends which begins at a place, if anything does."""
    found = pattern.match(text, place)
    return found.end() if found else place


def _last_break(text: str) -> int:
    newline = text.rfind("\n") + 1
    # A CR at the very end may be the first half of CR LF.
    return newline or text.rfind("\r", 0, len(text) - 1) + 1
