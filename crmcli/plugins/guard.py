"""What surrounds the code of a plugin while it runs: stdout kept clean, and a time limit."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: How long one call of a hook may take, in seconds.
LIMIT = 5.0
#: The threads that are inside a hook.
INSIDE: set[int] = set()


class TooLongError(BaseException):
    """The alarm clock rang; not an Exception, so that plugins do not catch it by accident."""


def cause(error: BaseException) -> str:
    """What a plugin ran into, in one line."""
    if isinstance(error, TooLongError):
        return f"it took longer than {LIMIT:g} seconds"
    said = str(error).strip()
    return f"{type(error).__name__}: {said.splitlines()[0]}" if said else type(error).__name__


class Aside:
    """A stdout for plugins: what they print goes to stderr, and closing it closes nothing."""

    encoding, errors, closed = "utf-8", "strict", False

    def write(self, text: str) -> int:
        from crmcli.domain.text import visible

        try:
            sys.stderr.write(visible(text, multiline=True))
        except (OSError, ValueError):
            return 0
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Stderr needs none."""

    def close(self) -> None:
        """It stays open: the next plugin prints too."""

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return 2


class Quiet:
    """Stdout kept clean, and in the main thread file descriptor 1 kept open and clean too: what plugin code prints, and
    the programs that it starts, goes to stderr."""

    def __enter__(self) -> Quiet:
        import os
        import threading

        self._stdout, sys.stdout = sys.stdout, Aside()
        self._fd = -1
        if threading.current_thread() is threading.main_thread():
            try:
                self._stdout.flush()
                self._fd = os.dup(1)
                os.dup2(2, 1)
            except (AttributeError, OSError, ValueError):
                pass  # there is no stdout, or no stderr: nothing to protect
        return self

    def __exit__(self, *_: object) -> None:
        import os

        if self._fd >= 0:
            with contextlib.suppress(AttributeError, OSError, ValueError):
                self._stdout.flush()  # what was written past the stand-in
            os.dup2(self._fd, 1)
            os.close(self._fd)
        sys.stdout = self._stdout


class Guard(Quiet):
    """What surrounds the hooks of a plugin: they are quiet, and have a time limit.

    In the main thread an alarm ends a call after LIMIT seconds; elsewhere (the dashboard's workers) no call can be
    ended, and TooLongError is raised when it has come back.
    """

    def __enter__(self) -> Guard:
        import signal
        import threading

        INSIDE.add(threading.get_ident())
        super().__enter__()
        self._armed = False
        self._old: Any = None
        # Somebody else's alarm is left alone.
        main = threading.current_thread() is threading.main_thread()
        self._alarm = main and signal.getitimer(signal.ITIMER_REAL)[0] == 0
        if self._alarm:
            self._old = signal.signal(signal.SIGALRM, self._ring)
        return self

    def __exit__(self, *_: object) -> None:
        import signal
        import threading

        if self._alarm:
            signal.signal(signal.SIGALRM, self._old)
        super().__exit__()
        INSIDE.discard(threading.get_ident())

    def _ring(self, *_: object) -> None:
        if self._armed:
            raise TooLongError

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call it. Raises what it raises, and TooLongError."""
        import signal
        import time

        started = time.monotonic()
        if self._alarm:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, LIMIT)
        try:
            answer = function(*arguments)
        finally:
            self._armed = False
            if self._alarm:
                signal.setitimer(signal.ITIMER_REAL, 0)
        if not self._alarm and time.monotonic() - started > LIMIT:
            raise TooLongError
        return answer
