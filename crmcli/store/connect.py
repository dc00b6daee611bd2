"""URL -> connection: one small face over sqlite3 and psycopg, so that the rest of the store speaks one SQL.

SQL is written with `?` for every value. `Connection.rows` reads all of a result and leaves no cursor open, because
an unfinished SELECT would block every writer of a SQLite file.
"""

from __future__ import annotations

import abc
import contextlib
import os
import sqlite3
import stat
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crmcli.errors import CrmError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crmcli.store.write_lock import WriteLock

#: "CRM1" - what makes a SQLite file ours (PRAGMA application_id)
APPLICATION_ID = 0x43524D31
SQLITE_MINIMUM = (3, 38, 0)


def is_url(target: str) -> bool:
    """Whether a store is named by a PostgreSQL URL rather than by a path."""
    return target.startswith(("postgresql://", "postgres://"))


#: How a failure ends that left the store as it was before the transaction.
UNSAVED = "; nothing was saved"
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


class SQLite(Connection):
    """A SQLite file: rollback journal, synchronous FULL, foreign keys, writers queued behind `write_lock.WriteLock`."""

    dialect = "sqlite"

    def __init__(self, path: str, *, timeout: float, say: Callable[[str], None], read_only: bool = False) -> None:
        self.target = path
        self._timeout, self._say = timeout, say
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

    @cached_property
    def lock(self) -> WriteLock:
        """The place in the queue of writers; who only reads needs none."""
        from crmcli.store.write_lock import WriteLock

        return WriteLock(self.target, self._timeout, self._say)

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
                tidy(self.target, self._say)
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
        twin.__dict__.update({**self.__dict__, "lock": self.lock})
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
