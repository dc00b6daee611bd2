"""The real program at a terminal, as people use it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from tests.support.program import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def at_terminal(
    *words: str,
    answer: str = "",
    meanwhile: Callable[[], object] | None = None,
    columns: int = 80,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run `crm WORDS` with a terminal of 24 lines on all three streams; its exit code and all that it showed.

    `answer` is typed when the program asks "[y/N]", which it must, after `meanwhile` was done. `columns` is the
    terminal's width in characters.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "crmcli", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(extra={"PAGER": "cat", **(env or {})}),
        start_new_session=True,
    ) as child:
        os.close(theirs)
        shown, asked = b"", not answer
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not part:
                break
            shown += part
            if not asked and b"[y/N]" in shown:
                asked = True
                if meanwhile:
                    meanwhile()
                os.write(ours, answer.encode())
        code = child.wait(60)
    os.close(ours)
    assert asked, shown
    return code, shown.decode().replace("\r\n", "\n")


def converse(
    *words: str, says: Sequence[tuple[str, str]] = (), columns: int = 120, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run `crm WORDS` with a terminal on all three streams, and hold a conversation with it: each of `says` is what it
    shows, after all that was shown before, and what is typed then. Its exit code and all that it showed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "crmcli", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(extra={"PAGER": "cat", **(env or {})}),
        start_new_session=True,
    ) as child:
        os.close(theirs)
        shown, seen, waiting = b"", 0, list(says)
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
            while waiting and (at := shown.find(waiting[0][0].encode(), seen)) >= 0:
                seen = at + len(waiting[0][0].encode())
                os.write(ours, waiting.pop(0)[1].encode())
        code = child.wait(60)
    os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    assert not waiting, (waiting, text)
    return code, text
