"""How far long work has come: one line of a terminal, which goes away at the end."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, TextIO

from crmcli.domain.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crmcli.commands.frame import Run

#: Seconds between two drawings, at least.
PAUSE = 0.1
#: Seconds of work before its speed says something.
_TELLING = 0.5
_MINUTE, _HOUR = 60, 3600
_WIDE = 80


class Progress:
    """Draws "12,000 of 100,000 rows, 8,100 a second, 11 s left" over itself, ten times a second at the most. `start` is
    what was done before the work began; work that begins anew, as after a trial or a question, is measured anew."""

    def __init__(
        self, stream: TextIO, what: str = "rows", *, start: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream, self._what, self._clock = stream, what, clock
        self._start, self._began = start, clock()
        self._last, self._drawn, self._shown = start, 0.0, False

    def begin(self, start: int = 0) -> None:
        """The work begins now; `start` was done before."""
        self._start, self._last, self._began = start, start, self._clock()

    def __call__(self, done: int, of: int) -> None:
        """So much of it is done."""
        now = self._clock()
        if done < self._last:
            self._start, self._began = done, now
        self._last = done
        if done >= of:
            self.close()
        else:
            self._draw(self.line(done, of, now), now)

    def look(self, seen: int) -> None:
        """So much was looked at; how much there is, the end will show. What is soon done is not drawn."""
        now = self._clock()
        if now - self._began >= _TELLING:
            self._draw(f"looking at {self._what}: {seen:,} rows", now)

    def _draw(self, line: str, now: float) -> None:
        if not self._shown or now - self._drawn >= PAUSE:
            self._drawn, self._shown = now, True
            # The cursor goes back, so that a line that somebody else writes stands in the place of this one.
            self._stream.write(f"\r{line[: self._width() - 1]}\x1b[K\r")
            self._stream.flush()

    def line(self, done: int, of: int, now: float) -> str:
        """The words for it."""
        said = f"{done:,} of {of:,} {self._what}"
        took, since = now - self._began, done - self._start
        if took < _TELLING or since <= 0:
            return said
        rate = since / took
        return f"{said}, {_rounded(rate)} a second, {_span((of - done) / rate)} left"

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            self._shown = False
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _WIDE
        except (OSError, ValueError):
            return _WIDE


@contextlib.contextmanager
def watching(run: Run, *, start: int = 0) -> Iterator[Progress | None]:
    """What draws how far the work of a command has come, None where nobody looks; `start` rows were done before."""
    progress = None if run.quiet or not sys.stderr.isatty() else Progress(sys.stderr, start=start)
    try:
        yield progress
    finally:
        if progress:
            progress.close()


@contextlib.contextmanager
def looking(what: str, *, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """What draws how many rows of a file or of several (`what`) have been looked at, None where nobody looks."""
    progress = None if quiet or not sys.stderr.isatty() else Progress(sys.stderr, visible(what))
    try:
        yield progress.look if progress else None
    finally:
        if progress:
            progress.close()


def _rounded(rate: float) -> str:
    """A speed with two digits that say something: 8,100 and 0.5."""
    if rate < 1:
        return f"{rate:.1f}"
    whole = int(rate)
    return f"{round(whole, 2 - len(str(whole))):,}"


def _span(seconds: float) -> str:
    whole = max(1, round(seconds))
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
