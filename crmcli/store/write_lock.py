"""The queue of a SQLite file's writers; on PostgreSQL nobody queues for a file."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
import time
from typing import TYPE_CHECKING

from crmcli.errors import ReadOnlyError, StoreError
from crmcli.store.connect import UNSAVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What the system says of a disk, or of one's share of it, that takes no more.
FULL = (errno.ENOSPC, errno.EDQUOT)


class WriteLock:
    """A place in the queue: an advisory lock on `FILE.lock`, polled with jitter, so that nobody
    starves and nobody gets "database is locked" from another `crm`.

    Who waits touches the file at every look, so that the holder can tell (`wanted`); who was waited for lets others
    go first the next time. A touch needs no cleaning up after a writer that was killed.
    """

    #: Seconds between two looks of one that waits, at least and at most.
    LOOKS = (0.01, 0.03)

    def __init__(self, path: str, timeout: float, say: Callable[[str], None]) -> None:
        # However the file is called, its writers stand in one queue.
        self.path, self.timeout, self.say = os.path.realpath(path) + ".lock", timeout, say
        self.fd = -1
        self._taken = 0
        self._polite = False

    def wanted(self) -> bool:
        """Whether another writer has come for the lock since it was taken."""
        return self.fd >= 0 and os.fstat(self.fd).st_mtime_ns != self._taken

    def __enter__(self) -> None:
        self._take(self.timeout)

    @contextlib.contextmanager
    def if_free(self) -> Iterator[bool]:
        """Take the lock if nobody has it; whether it was free."""
        try:
            self._take(0.0)
        except StoreError:
            yield False
            return
        try:
            yield True
        finally:
            self.__exit__()

    def _take(self, timeout: float) -> None:
        if self._polite:
            time.sleep(self.LOOKS[1] + 0.005)
        try:
            self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno in FULL:
                raise StoreError(f"the disk is full{UNSAVED}", "free some space and try again") from None
            raise ReadOnlyError(
                f"cannot write to {self.path}: {error.strerror}", "check the folder's permissions"
            ) from None
        started = time.monotonic()
        said = False
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    self._close()
                    raise StoreError(
                        f"{self.path} cannot be locked: {error.strerror}",
                        "this file system has no locks; move the database to a local disk",
                    ) from None
            waited = time.monotonic() - started
            if waited > timeout:
                holder = self._holder()
                self._close()
                raise StoreError(
                    f"the store is locked by {holder} for more than {timeout:g} s{UNSAVED}",
                    "try again when it is done, or raise the setting busy_timeout",
                )
            if waited > 1 and not said:
                self.say(f"waiting for {self._holder()} to finish writing ...")
                said = True
            from random import uniform  # only a writer that has to wait

            with contextlib.suppress(OSError):
                os.utime(self.fd)
            time.sleep(uniform(*self.LOOKS))
        # A full disk may not take the name, which only tells others whom they wait for.
        with contextlib.suppress(OSError):
            os.ftruncate(self.fd, 0)
            os.pwrite(self.fd, f"{os.getpid()} {' '.join(sys.argv[:4])[:200]}".encode(errors="replace"), 0)
        self._taken = os.fstat(self.fd).st_mtime_ns

    def _holder(self) -> str:
        held = os.pread(self.fd, 300, 0).decode(errors="replace").split(" ", 1)
        return f"process {held[0]}" if held[0] else "another process"

    def __exit__(self, *_: object) -> None:
        self._polite = self.wanted()
        self._close()

    def _close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
