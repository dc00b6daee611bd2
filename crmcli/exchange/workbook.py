"""Workbooks (xlsx, xls, ods) to records, read by a child process that may die without harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.exchange.shape import SAMPLE_RECORDS, Row, last_filled, too_many
from crmcli.exchange.workbook_frames import Frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class WorkbookReader:
    """The records of one sheet; `records` gives the first ones for a look, `rows` then gives all as `Row`s."""

    def __init__(self, path: str, sheet: str | None, skip: int = 0) -> None:
        self.path = path
        self._skip = skip
        self.blank_rows = 0
        self._frames = Frames(path, sheet)
        self._done = False
        self._sample: list[tuple[int, list[str], str | None]] = []
        facts = self._frames.receive()
        self.kind: str = facts["kind"]
        self.sheet: str = facts["sheet"]
        self.sheets: list[str] = facts["sheets"]
        self.visible: list[str] = facts["visible"]
        #: complete after the last row
        self.notes: list[str] = facts["notes"]
        #: the columns that were put behind those whose cells link to something else than they show
        self.links: list[int] = facts["links"]
        self._merged: list[list[int]] = sorted(facts["merged"])

    def close(self) -> None:
        """End the child; no more rows come."""
        self._frames.close()

    def records(self) -> list[tuple[int, list[str]]]:
        """The first non-blank records as (sheet row, cells)."""
        found = 0
        while found < SAMPLE_RECORDS:
            batch = self._batch()
            if batch is None:
                self._done = True
                break
            self._sample += batch
            found += sum(1 for line, cells, _ in batch if line > self._skip and last_filled(cells))
        sound = [(line, cells) for line, cells, _ in self._sample if line > self._skip and last_filled(cells)]
        return sound[:SAMPLE_RECORDS]

    def merged_header(self, row: int) -> int:
        """The last sheet row of merged cells that start in header row `row` (1-based), 0 where none reaches down."""
        return max((end + 1 for start, _, end, _ in self._merged if start == row - 1 and end > start), default=0)

    def spans(self) -> list[tuple[int, int, int]]:
        """(row, first column, last column) of the merged cells, by their first row; rows count from 1. Of those that
        overlap, which no program writes, the first."""
        found: list[tuple[int, int, int]] = []
        for start, left, _, right in self._merged:
            if right > left and (not found or found[-1][0] <= start or found[-1][2] < left):
                found.append((start + 1, left, right))
        return found

    def merged_down(self, header: int) -> list[tuple[int, int, int]]:
        """(first row, last row, column) of the merged cells below the header in sheet row `header`, which may itself
        have cells that reach down, over more than one row; rows count from 1, columns from 0."""
        top = max(header, self.merged_header(header))
        return [(start + 1, end + 1, left) for start, left, end, _ in self._merged if end > start >= top]

    def _fill_down(self, header: int) -> Callable[[int, list[str]], None] | None:
        """Gives each row, in order, what merged cells that begin above show in it; blank rows stay blank."""
        coming = self.merged_down(header)[::-1]
        if not coming:
            return None
        active: dict[int, tuple[int, str]] = {}

        def fill(line: int, cells: list[str]) -> None:
            if active and last_filled(cells):
                for column, (end, text) in list(active.items()):
                    if end < line:
                        del active[column]
                    elif column < len(cells) and not cells[column].strip():
                        cells[column] = text
            while coming and coming[-1][0] <= line:
                start, end, column = coming.pop()
                if start == line and column < len(cells):
                    active[column] = (end, cells[column])

        return fill

    def rows(self, width: int, after: int) -> Iterator[Row]:
        """All rows below sheet row `after`, each with `width` cells or a problem; blank rows are counted."""
        batch: list[tuple[int, list[str], str | None]] | None = self._sample
        self._sample = []
        fill = self._fill_down(after)
        after = before = max(after, self._skip)
        while batch is not None:
            for line, cells, problem in batch:
                if line <= after:
                    continue
                self.blank_rows += line - before - 1  # the child leaves them out
                before = line
                if fill:
                    fill(line, cells)
                if len(cells) == width and not problem and cells[0].strip():
                    yield Row(line, cells, None)
                    continue
                size = last_filled(cells)
                if not size:
                    self.blank_rows += 1
                elif problem:
                    yield Row(line, cells, problem)
                elif size > width:
                    yield Row(line, cells, too_many(cells[:size], width))
                else:
                    yield Row(line, cells[:width] + [""] * (width - len(cells)), None)
            batch = None if self._done else self._batch()

    def _batch(self) -> list[tuple[int, list[str], str | None]] | None:
        """The next rows, None behind the last; what there is to say then is said."""
        frame = self._frames.receive()
        if type(frame) is dict:
            self.notes += frame["notes"]
            frame = self._frames.receive()
        batch: list[tuple[int, list[str], str | None]] | None = frame
        return batch
