"""The talk with the process that opens a workbook, kept in a file so that a second reading opens no workbook again."""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import sys
import tempfile
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.errors import ReadError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

#: What is kept at the most, in bytes, and of how many sheets.
MOST_KEPT = 256 * 1024 * 1024
_MOST_SHEETS = 8
_SIZE = 8


class Spool:
    """Frames in a file without a name, which goes with the last who reads it (or with the program)."""

    def __init__(self) -> None:
        self._fd, path = tempfile.mkstemp(prefix="crm-")  # 0600
        os.unlink(path)
        self.size = 0

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.close(self._fd)

    def add(self, frame: bytes) -> None:
        """Raises OSError where the disk is full or there is more than `MOST_KEPT`."""
        if self.size + len(frame) > MOST_KEPT:
            raise OSError("too much to keep")
        data = len(frame).to_bytes(_SIZE, "big") + frame
        while data:
            written = os.pwrite(self._fd, data, self.size)
            self.size += written
            data = data[written:]

    def at(self, place: int) -> bytes:
        """The frame that begins there; the next begins `len` + 8 later."""
        size = int.from_bytes(os.pread(self._fd, _SIZE, place), "big")
        return os.pread(self._fd, size, place + _SIZE)


Identity = tuple[str, str | None, tuple[int, ...]]


class Sheets:
    """Sheets that were read to their end, the latest last; the oldest go where there is too much."""

    def __init__(self) -> None:
        self._spools: dict[Identity, Spool] = {}

    def get(self, identity: Identity) -> Spool | None:
        """What was kept of a sheet, None where nothing is."""
        return self._spools.get(identity)

    def keep(self, identity: Identity, spool: Spool) -> None:
        """Keep a sheet, in place of what was kept of it before."""
        self._spools.pop(identity, None)
        self._spools[identity] = spool
        while len(self._spools) > _MOST_SHEETS or sum(one.size for one in self._spools.values()) > MOST_KEPT:
            del self._spools[next(iter(self._spools))]

    def close(self) -> None:
        """Let go of all; a sheet that is being read goes with its reader."""
        self._spools.clear()


_sheets: ContextVar[Sheets | None] = ContextVar("sheets", default=None)


@contextmanager
def keeping_sheets() -> Iterator[None]:
    """Sheets that are read to their end in here are kept until here ends: to read one again opens no workbook."""
    sheets = Sheets()
    token = _sheets.set(sheets)
    try:
        yield
    finally:
        _sheets.reset(token)
        sheets.close()


class Frames:
    """What is said about one sheet, frame after frame: facts, then rows, then None.

    A sheet that was read to its end before, and whose file is the same, comes from what was kept of it
    (`keeping_sheets`).
    """

    def __init__(self, path: str, sheet: str | None) -> None:
        self.path = path
        self._identity: Identity = (os.path.abspath(path), sheet, _stamp(path))
        self._sheets = _sheets.get()
        self._spool = self._sheets.get(self._identity) if self._sheets else None
        self._place = 0
        self.child: Popen[bytes] | None = None
        self._draft: Spool | None = None
        if self._spool is None:
            self.child = _start(path, sheet)
            if self._sheets:
                with contextlib.suppress(OSError):
                    self._draft = Spool()

    def close(self) -> None:
        """End the child; no more frames come."""
        self._spool = self._draft = None
        if self.child is None:
            return
        if self.child.poll() is None:
            self.child.kill()
        if self.child.stdout:
            self.child.stdout.close()
        self.child.wait()

    def receive(self) -> Any:
        """The next frame; the child's refusal or death becomes a ReadError."""
        if self._spool is not None:
            data = self._spool.at(self._place)
            self._place += _SIZE + len(data)
            return marshal.loads(data)
        assert self.child is not None
        assert self.child.stdout is not None
        try:
            size = int.from_bytes(self.child.stdout.read(_SIZE), "big")
            data = self.child.stdout.read(size)
            frame = marshal.loads(data)
        except (EOFError, ValueError, TypeError):
            raise self._died() from None
        if isinstance(frame, dict) and "error" in frame:
            self.close()
            kind = UsageError if frame["usage"] else ReadError
            raise kind(f"{self.path!r}: {frame['error']}", frame["hint"])
        self._keep(data, last=frame is None)
        return frame

    def _keep(self, data: bytes, *, last: bool) -> None:
        if self._draft is None or self._sheets is None:
            return
        try:
            self._draft.add(data)
        except OSError:
            self._draft = None  # then the workbook is opened again, which takes longer
            return
        if last:  # of the file as it was when it was opened: one that has changed since is another
            self._sheets.keep(self._identity, self._draft)

    def _died(self) -> ReadError:
        assert self.child is not None
        code = self.child.wait()
        self.close()
        if code >= 0:
            return ReadError(
                f"{self.path!r} could not be read: the reader ended with code {code}.", "Save the sheet as CSV."
            )
        return ReadError(
            f"{self.path!r} could not be read: a sheet claims far more cells than it has (a value far below or "
            "beside the table?), or needs more memory or time than a table of its size can.",
            "Delete unused rows and columns, or save the sheet as CSV.",
        )


def _stamp(path: str) -> tuple[int, ...]:
    """What tells a file from what it was before."""
    try:
        info = os.stat(path)
    except OSError:
        return ()
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


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
