"""URL -> connection: one small face over sqlite3 and psycopg, so that the rest of the store speaks one SQL.

SQL is written with `?` for every value. `Connection.rows` reads all of a result and leaves no cursor open, because
an unfinished SELECT would block every writer of a SQLite file.
"""

from __future__ import annotations

import abc
import contextlib
import errno
import os
import sqlite3
import stat
import sys
import time
from typing import TYPE_CHECKING, Any

from crmcli.errors import CrmError, ReadOnlyError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: "CRM1" - what makes a SQLite file ours (PRAGMA application_id)
APPLICATION_ID = 0x43524D31
SQLITE_MINIMUM = (3, 38, 0)


def is_url(target: str) -> bool:
    """Whether a store is named by a PostgreSQL URL rather than by a path."""
    return target.startswith(("postgresql://", "postgres://"))


#: How a failure ends that left the store as it was before the transaction.
UNSAVED = "; nothing was saved"
#: What the system says of a disk, or of one's share of it, that takes no more.
FULL = (errno.ENOSPC, errno.EDQUOT)
#: The cache of SQLite while very many rows are written, 64 MB: with its usual 2 MB a dozen indexes, of which rows leave
#: and enter random places, would be read anew each time.
ROOMY = -65536
#: What a statement may fail with: what SQLite says, and what its driver cannot hand over.
REFUSALS = (sqlite3.Error, OverflowError, UnicodeError)


class Connection(abc.ABC):
    """A store that is open: `dialect` is "sqlite" or "postgresql"."""

    dialect = ""
    target = ""

    @abc.abstractmethod
    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""

    @abc.abstractmethod
    def names(self, sql: str, params: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The column names and every row of a query."""

    @abc.abstractmethod
    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it touched."""

    @abc.abstractmethod
    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for every row of values."""

    @abc.abstractmethod
    def script(self, sql: str) -> None:
        """Run statements that take no values, without committing."""

    @abc.abstractmethod
    def next_ids(self, table: str, count: int) -> list[int]:
        """`count` fresh ids of a table, rising, never given before (call it inside a transaction)."""

    def awaited(self) -> bool:
        """Whether a transaction that could end or go on should end, because others wait for it or may do."""
        return True

    @abc.abstractmethod
    def alone(self, what: str) -> None:
        """Wait until nobody else is at this, and keep others from it until the transaction ends: "chain" is the next
        link of the journal, "names" what is known by its name, "book" all that is written (before `schema.hold`)."""

    @abc.abstractmethod
    def defer_links(self) -> None:
        """Look at links when the transaction ends, not at each statement: rows that link to each other come or go."""

    @contextlib.contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Around a verb that writes very many rows, in one transaction or several, as the engine wants it."""
        yield

    @abc.abstractmethod
    def at_once(self) -> contextlib.AbstractContextManager[None]:
        """Around a write that is worth no waiting: where somebody else writes, it raises StoreError at once."""

    @contextlib.contextmanager
    def roomy(self) -> Iterator[None]:
        """Around the writing of very many rows: gives the engine the memory for it, and takes it back."""
        yield

    def lost(self) -> bool:
        """Whether what was opened is not to be had any more under its name: another file stands there or none, or
        the server has hung up."""
        return False

    @abc.abstractmethod
    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """A write transaction: committed at the end, rolled back if the body raises. Inside another one it is a part
        of that: what it wrote goes if its own body raises, and with the whole if that does."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of the store."""

    def one(self, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """The first value of the first row, or None."""
        found = self.rows(sql, params)
        return found[0][0] if found else None


class WriteLock:
    """The queue of a SQLite file's writers: an advisory lock on `FILE.lock`, polled with jitter, so that nobody
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
        import fcntl

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


class SQLite(Connection):
    """A SQLite file: rollback journal, synchronous FULL, foreign keys, writers queued behind `WriteLock`."""

    dialect = "sqlite"

    def __init__(self, path: str, *, timeout: float, say: Callable[[str], None], read_only: bool = False) -> None:
        self.target = path
        self.lock = WriteLock(path, timeout, say)
        mode = "ro" if read_only else "rw"
        try:
            self.raw = sqlite3.connect(
                f"file:{_quote(path)}?mode={mode}",
                uri=True,
                timeout=timeout,
                isolation_level=None,
                check_same_thread=False,
            )
            self.raw.execute("PRAGMA foreign_keys=ON")
            self.raw.execute("PRAGMA synchronous=FULL")
            self._file = os.stat(path).st_ino
        except REFUSALS as error:
            raise refused(error, path, reading=True) from None
        #: Whether a transaction is open, in which what fails is not saved.
        self._writing = False
        self._tidy = False

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self.raw.execute(sql, params).fetchall()
        except REFUSALS as error:
            raise refused(error, self.target, reading=not self._writing) from error

    def names(self, sql: str, params: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        try:
            cursor = self.raw.execute(sql, params)
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
        except REFUSALS as error:
            raise refused(error, self.target, reading=not self._writing) from error

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        try:
            return self.raw.execute(sql, params).rowcount
        except REFUSALS as error:
            raise refused(error, self.target) from error

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self.raw.executemany(sql, rows)
        except REFUSALS as error:
            raise refused(error, self.target) from error

    def script(self, sql: str) -> None:
        statement = ""
        for line in sql.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self.run(statement)
                statement = ""
        if statement.strip() and not statement.strip().startswith("--"):
            self.run(statement)

    def next_ids(self, table: str, count: int) -> list[int]:
        last = self.value("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        if last is None:
            last = 0
        return list(range(int(last) + 1, int(last) + 1 + count))

    def alone(self, what: str) -> None:
        """Who writes is alone at everything."""

    def defer_links(self) -> None:
        self.run("PRAGMA defer_foreign_keys = ON")

    def awaited(self) -> bool:
        return self.lock.wanted()

    @contextlib.contextmanager
    def in_bulk(self) -> Iterator[None]:
        with self.roomy(), self._set("temp_store", 2):  # in memory
            yield
        if self.raw.in_transaction:
            return  # which holds the lock, and is not over
        # Statistics are written like rows; a sample will do, for the others wait meanwhile. They are worth no waiting.
        with self.lock.if_free() as free, contextlib.suppress(*REFUSALS):
            if free:
                self.raw.execute("PRAGMA analysis_limit = 400")
                self.raw.execute("PRAGMA optimize")

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        patience, self.lock.timeout = self.lock.timeout, 0.0
        try:
            with self._set("busy_timeout", 0):
                yield
        finally:
            self.lock.timeout = patience

    @contextlib.contextmanager
    def roomy(self) -> Iterator[None]:
        with self._set("cache_size", ROOMY):
            yield

    @contextlib.contextmanager
    def _set(self, pragma: str, value: int) -> Iterator[None]:
        """Have another value of a setting of this connection, and then again the one that it had."""
        was = int(self.value(f"PRAGMA {pragma}"))
        self.run(f"PRAGMA {pragma} = {value}")
        try:
            yield
        finally:
            # Inside a transaction that has made a temporary table SQLite does not change where those are.
            with contextlib.suppress(*REFUSALS):
                self.raw.execute(f"PRAGMA {pragma} = {was}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        with self._part() if self.raw.in_transaction else self._whole():
            yield

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        with self.lock:
            self._same_file()
            if not self._tidy:
                self._tidy = True
                tidy(self.target, self.lock.say)
            self.run("BEGIN IMMEDIATE")
            self._writing = True
            try:
                yield
                self.run("COMMIT")
            except BaseException:
                if self.raw.in_transaction:
                    with contextlib.suppress(*REFUSALS):
                        self.raw.execute("ROLLBACK")
                raise
            finally:
                self._writing = False

    @contextlib.contextmanager
    def _part(self) -> Iterator[None]:
        """A transaction inside a transaction."""
        self.run("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.raw.in_transaction:
                self.run("ROLLBACK TO part")
                self.run("RELEASE part")
            raise
        self.run("RELEASE part")

    def copied(self) -> SQLite:
        """The same store in a temporary file of SQLite's own, where anything may be tried."""
        twin = SQLite.__new__(SQLite)
        twin.__dict__.update(self.__dict__)
        twin.raw = sqlite3.connect("", isolation_level=None)
        try:
            self.raw.backup(twin.raw)
        except REFUSALS as error:
            raise refused(error, self.target, reading=True) from error
        return twin

    def lost(self) -> bool:
        try:
            return os.stat(self.target).st_ino != self._file
        except OSError:
            return True

    def _same_file(self) -> None:
        """What was opened must still stand under its name: a restore puts another file there."""
        if not self.lost():
            return
        raise StoreError(f"{self.target} was moved or replaced meanwhile{UNSAVED}", "start again")

    def close(self) -> None:
        self.raw.close()


def connect(
    target: str, *, timeout: float = 30.0, say: Callable[[str], None] | None = None, read_only: bool = False
) -> Connection:
    """Open the store at a path or PostgreSQL URL. Raises StoreError when it is not there or cannot be used."""
    if is_url(target):
        from crmcli.store.postgres import PostgreSQL

        return PostgreSQL(target, timeout=timeout, read_only=read_only)
    if sqlite3.sqlite_version_info < SQLITE_MINIMUM:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.38 or newer is needed", "use a newer Python")
    check_file(target)
    return SQLite(target, timeout=timeout, say=say or (lambda _line: None), read_only=read_only)


def check_file(path: str) -> None:
    """Refuse what is not our database before SQLite touches it."""
    if os.path.isdir(path):
        raise StoreError(f"{path} is a folder, not a database")
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # to open a pipe would wait for somebody at its other end
            raise StoreError(f"{path} is no file", "name another one with --db")
        with open(path, "rb") as file:
            head = file.read(100)
    except PermissionError:
        raise StoreError(f"{path} cannot be read: permission denied") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}") from None
    if not head:
        raise StoreError(
            f"{path} is empty, not a database", "remove it, or restore a backup with 'crm db restore FILE'"
        )
    if not head.startswith(b"SQLite format 3\0"):
        raise StoreError(f"{path} is not a SQLite database", "name another file with --db")
    if len(head) < 100:
        raise StoreError(f"{path} is cut short", "restore a backup with 'crm db restore FILE'")
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise StoreError(f"{path} is a SQLite database of another program", "name another file with --db")
    if head[19] > 2 or head[18] > 2:
        raise StoreError(f"{path} was written by a newer SQLite format", "use a newer version of the program")


def only_reading(path: str) -> sqlite3.Connection:
    """The driver's connection to a SQLite store that takes no writes. Raises StoreError for what is none."""
    check_file(path)
    return sqlite3.connect(f"file:{_quote(path)}?mode=ro", uri=True, timeout=30, isolation_level=None)


def refused(error: Exception, path: str, *, reading: bool = False) -> CrmError:
    """The error of SQLite or its driver in our words; `reading`: nobody wanted to save anything."""
    from crmcli.store.refusals import translate

    return translate(error, path, reading=reading)


def there(path: str) -> bool:
    """Whether something stands under a path. Raises StoreError where a folder on the way lets nobody look."""
    try:
        os.stat(path)
    except PermissionError as error:
        raise StoreError(
            f"{path} cannot be reached: permission denied", "check the permissions of the folders on its way"
        ) from error
    except (OSError, ValueError):
        return False
    return True


def tidy(path: str, say: Callable[[str], None]) -> None:
    """Take away the copies that a killed backup, restore or start left beside the file `path`."""
    folder, name = os.path.split(os.path.abspath(path))
    try:
        left = any(other.startswith((f"{name}.new-", f"{name}.restore-")) for other in os.listdir(folder))
    except OSError:  # a folder in which one may write and not look
        return
    if left:
        from crmcli.store import drafts

        drafts.sweep(folder, name, say)


def _quote(path: str) -> str:
    from urllib.parse import quote

    return quote(os.path.abspath(path))
