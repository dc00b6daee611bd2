"""The real program at a terminal, as people use it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from tests.support.program import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


#: Seconds in which a program must say something or end.
PATIENCE = 60


def at_terminal(
    *words: str,
    answer: str = "",
    meanwhile: Callable[[], object] | None = None,
    columns: int = 80,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """`converse` on a terminal of 24 lines with a program that asks one question, if any: `answer` is typed when it
    asks "[y/N]", which it must, after `meanwhile` was done."""
    says = [("[y/N]", answer)] if answer else []
    return converse(*words, says=says, meanwhile=meanwhile, lines=24, columns=columns, env=env)


def converse(
    *words: str,
    says: Sequence[tuple[str, str]] = (),
    meanwhile: Callable[[], object] | None = None,
    lines: int = 40,
    columns: int = 120,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run `crm WORDS` with a terminal of this size on all three streams, and hold a conversation with it: each of
    `says` is what it shows, after all that was shown before, and what is typed then, after `meanwhile` was done. Its
    exit code and all that it showed. A program that falls silent is killed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
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
        while part := _heard(child, ours):
            shown += part
            while waiting and (at := shown.find(waiting[0][0].encode(), seen)) >= 0:
                seen = at + len(waiting[0][0].encode())
                if meanwhile:
                    meanwhile()
                os.write(ours, waiting.pop(0)[1].encode())
        code = child.wait(PATIENCE)
    os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    assert not waiting, (waiting, text)
    return code, text


def _heard(child: subprocess.Popen[bytes], stream: int) -> bytes:
    """What a program shows next; nothing where it has ended, or was killed for its silence."""
    if not select.select([stream], [], [], PATIENCE)[0]:
        child.kill()
    try:
        return os.read(stream, 65536)
    except OSError:  # Linux: the other end is closed
        return b""
