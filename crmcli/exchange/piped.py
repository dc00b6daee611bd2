"""Files that can be read only once (standard input, pipes, FIFOs) as files that can be read again."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import stat
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from crmcli.errors import CrmError, ReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PART = 1024 * 1024
#: How long a FIFO that nobody writes into is waited for, in seconds.
PATIENCE = 5.0
#: What is longer is no export of nothing.
_LONGEST_NOTHING = 1024
STANDARD_INPUT = "standard input"


@contextlib.contextmanager
def stored(path: str) -> Iterator[tuple[str, str]]:
    """(path of a regular file with the content of `path`, what people call it, "" where it is the file itself).

    `-` is standard input. What is no regular file is copied into a folder that only the user can read, and that goes
    with the end of the block; errors name what was given. Raises ReadError.
    """
    if path != "-" and not _runs_dry(path):
        yield path, ""
        return
    called = STANDARD_INPUT if path in ("-", "/dev/stdin") else path
    folder = tempfile.mkdtemp(prefix="crm-")  # 0700
    name = "stdin" if called == STANDARD_INPUT else re.sub(r"\W+", "_", os.path.basename(path).strip("0123456789"))
    copy = os.path.join(folder, name or "pipe")
    try:
        _copy(path, copy, called)
        yield copy, called
    except CrmError as error:
        error.message = error.message.replace(repr(copy), called).replace(copy, called)
        error.hint = error.hint.replace(copy, called)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def holds_nothing(path: str) -> bool:
    """Whether there is no row in a file: no byte but blank ones, or an empty JSON list, as exports of nothing are."""
    if os.path.getsize(path) > _LONGEST_NOTHING:
        return False
    with open(path, "rb") as file:
        return re.fullmatch(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*\]\s*)?", file.read()) is not None


def _runs_dry(path: str) -> bool:
    """Whether a file gives its content once only."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False  # whoever opens it says why not
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _copy(path: str, copy: str, called: str) -> None:
    try:
        with os.fdopen(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as target:
            if called == STANDARD_INPUT:
                if sys.stdin is None:
                    raise ReadError("standard input is closed.", "Feed a table into it: ... | crm import -")
                shutil.copyfileobj(sys.stdin.buffer, target, _PART)
            else:
                _drain(path, target.write)
    except OSError as error:
        raise ReadError(f"{called} cannot be read: {error.strerror}.") from None


def _drain(path: str, write: Callable[[bytes], object]) -> None:
    """All that comes through a FIFO. Opened without waiting, so that one without a writer stops nobody for ever."""
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        given_up, began = time.monotonic() + PATIENCE, False
        while True:
            try:
                part = os.read(source, _PART)
            except BlockingIOError:  # there is a writer, who thinks
                began = True
                select.select([source], [], [], 1.0)
                continue
            if part:
                began = True
                write(part)
            elif began:
                return
            elif time.monotonic() > given_up:
                raise ReadError(f"nobody writes into {path!r}.", "Start the program that fills it first.")
            else:
                time.sleep(0.05)
    finally:
        os.close(source)
