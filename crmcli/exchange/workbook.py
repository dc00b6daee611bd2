"""Workbooks (xlsx, xls, ods) to records, read by a child process that may die without harm."""

from __future__ import annotations

import json
import marshal
import os
import sys
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.errors import ReadError, UsageError
from crmcli.exchange.shape import SAMPLE_RECORDS, Row, last_filled, too_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen


class WorkbookReader:
    """The records of one sheet; `records` gives the first ones for a look, `rows` then gives all as `Row`s."""

    def __init__(self, path: str, sheet: str | None) -> None:
        self.path = path
        self.blank_rows = 0
        self._child = _start(path, sheet)
        self._done = False
        self._sample: list[tuple[int, list[str], str | None]] = []
        facts = self._receive()
        self.kind: str = facts["kind"]
        self.sheet: str = facts["sheet"]
        self.sheets: list[str] = facts["sheets"]
        self.visible: list[str] = facts["visible"]
        self.notes: list[str] = facts["notes"]
        self._merged: list[list[int]] = sorted(facts["merged"])

    def close(self) -> None:
        """End the child; no more rows come."""
        if self._child.poll() is None:
            self._child.kill()
        if self._child.stdout:
            self._child.stdout.close()
        self._child.wait()

    def records(self) -> list[tuple[int, list[str]]]:
        """The first non-blank records as (sheet row, cells)."""
        found = 0
        while found < SAMPLE_RECORDS:
            batch = self._receive()
            if batch is None:
                self._done = True
                break
            self._sample += batch
            found += sum(1 for _, cells, _ in batch if last_filled(cells))
        sound = [(line, cells) for line, cells, _ in self._sample if last_filled(cells)]
        return sound[:SAMPLE_RECORDS]

    def merged_header(self, row: int) -> int:
        """The last sheet row of merged cells that start in header row `row` (1-based), 0 where none reaches down."""
        return max((end + 1 for start, _, end, _ in self._merged if start == row - 1 and end > start), default=0)

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
        active: list[tuple[int, int, str]] = []

        def fill(line: int, cells: list[str]) -> None:
            nonlocal active
            if active and last_filled(cells):
                active = [one for one in active if one[0] >= line]
                for _, column, text in active:
                    if column < len(cells) and not cells[column].strip():
                        cells[column] = text
            while coming and coming[-1][0] <= line:
                start, end, column = coming.pop()
                if start == line and column < len(cells):
                    active.append((end, column, cells[column]))

        return fill

    def rows(self, width: int, after: int) -> Iterator[Row]:
        """All rows below sheet row `after`, each with `width` cells or a problem; blank rows are counted."""
        batch: list[tuple[int, list[str], str | None]] | None = self._sample
        self._sample = []
        fill = self._fill_down(after)
        while batch is not None:
            for line, cells, problem in batch:
                if line <= after:
                    continue
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
            batch = None if self._done else self._receive()

    def _receive(self) -> Any:
        """The next frame; the child's refusal or death becomes a ReadError."""
        assert self._child.stdout is not None
        try:
            size = int.from_bytes(self._child.stdout.read(8), "big")
            frame = marshal.loads(self._child.stdout.read(size))
        except (EOFError, ValueError, TypeError):
            code = self._child.wait()
            self.close()
            raise ReadError(
                f"{self.path!r} could not be read: the reader ended with code {code}"
                f"{' (out of memory: the sheet claims too many cells)' if code < 0 else ''}.",
                "Delete unused rows and columns, or save the sheet as CSV.",
            ) from None
        if isinstance(frame, dict) and "error" in frame:
            self.close()
            kind = UsageError if frame["usage"] else ReadError
            raise kind(f"{self.path!r}: {frame['error']}", frame["hint"])
        return frame


def _start(path: str, sheet: str | None) -> Popen[bytes]:
    import subprocess

    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workbook_child.py")
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    currencies = sorted(money.names_beside())
    request = {"path": os.path.abspath(path), "sheet": sheet, "sys_path": sys.path, "currencies": currencies}
    assert child.stdin is not None
    try:
        with child.stdin as stdin:
            stdin.write(json.dumps(request).encode() + b"\n")
    except BrokenPipeError:
        pass  # the child died at once; reading its answer says so
    return child
