"""A PostgreSQL database as a connection, through psycopg."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.address import redacted
from crmcli.errors import StoreError
from crmcli.store.connect import UNSAVED, Connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MINIMUM = 140000
#: The advisory locks of `alone`. Every version of the program that writes to one database must have them so.
ALONE = {"chain": 4369, "names": 4370}
#: The oldest psycopg that works, as in the extra `postgres` of pyproject.toml.
DRIVER = (3, 3)
DRIVER_HINT = f"into the environment of crm: pip install 'psycopg[binary]>={DRIVER[0]}.{DRIVER[1]}'"
#: The tables of more than so many pages that have more than doubled since the planner's statistics were made.
_GROWN = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND pg_relation_size(oid) / current_setting('block_size')::int > greatest(?, 2 * relpages) ORDER BY relname"
)
_PAGES = 64
#: A quoted text, in which a question mark is itself, or what psycopg writes otherwise.
_NATIVE = re.compile(r"'(?:[^']|'')*'|\?|%")


@contextlib.contextmanager
def _in_our_words(*, reading: bool = False) -> Iterator[None]:
    """Run statements; what the server or its driver refuses is raised as `translate_postgres` says it."""
    import psycopg

    try:
        yield
    except (psycopg.Error, UnicodeEncodeError) as error:
        from crmcli.store.refusals import translate_postgres

        raise translate_postgres(error, reading=reading) from error


def _hush() -> None:
    """Let the driver keep to itself what it logs about a statement that was broken off: without a listener Python
    writes it to standard error. Who listens (a program that uses the API) still hears it."""
    import logging

    logger = logging.getLogger("psycopg")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


class PostgreSQL(Connection):
    """A PostgreSQL database through psycopg; `?` becomes `%s`."""

    dialect = "postgresql"

    def __init__(self, url: str, *, timeout: float, read_only: bool = False) -> None:
        try:
            import psycopg
        except ImportError:
            raise StoreError("PostgreSQL needs the driver psycopg", DRIVER_HINT) from None
        if tuple(map(int, psycopg.__version__.split(".")[:2])) < DRIVER:
            raise StoreError(f"the driver psycopg {psycopg.__version__} is too old for this program", DRIVER_HINT)
        _hush()
        self.target = redacted(url)
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error:  # its text repeats parts of the address, perhaps of the password
            raise StoreError(
                f"{self.target} is not an address of PostgreSQL",
                "write postgresql://user:password@host/database, with %20 and the like for odd signs in a password",
            ) from None
        try:
            self.raw = psycopg.connect(url, autocommit=True, application_name="crm", connect_timeout=10)
        except psycopg.Error as error:
            from crmcli.store.refusals import first_line

            raise StoreError(f"cannot connect to {self.target}: {first_line(error)}", "check --db or CRM_DB") from None
        if self.raw.info.server_version < MINIMUM:
            raise StoreError("the server is too old: PostgreSQL 14 or newer is needed")
        # The server counts in milliseconds up to 2**31 - 1, and 0 would be for ever.
        self._patience = int(min(max(timeout * 1000, 1), 2**31 - 1))
        with _in_our_words(reading=True):
            self.raw.execute("SET TIME ZONE 'UTC'")
            self.raw.execute("SET search_path TO public")
            self.raw.execute(f"SET lock_timeout TO {self._patience}")
            if read_only:
                self.raw.execute("SET default_transaction_read_only TO on")
        self._sql: dict[str, str] = {}
        #: Whether a transaction is open, in which what fails is not saved.
        self._writing = False

    def _native(self, sql: str) -> str:
        native = self._sql.get(sql)
        if native is None:
            native = self._sql[sql] = _NATIVE.sub(
                lambda found: "%s" if found[0] == "?" else found[0].replace("%", "%%"), sql
            )
        return native

    def names(self, sql: str, params: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        with _in_our_words(reading=not self._writing):
            cursor = self.raw.execute(self._native(sql), params)
            return [column.name for column in cursor.description or ()], cursor.fetchall()

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.names(sql, params)[1]

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        with _in_our_words():
            return int(self.raw.execute(self._native(sql), params).rowcount)

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with _in_our_words(), self.raw.cursor() as cursor:
            cursor.executemany(self._native(sql), rows)

    def script(self, sql: str) -> None:
        with _in_our_words():
            self.raw.execute(sql)

    def lost(self) -> bool:
        return bool(self.raw.closed)

    def next_ids(self, table: str, count: int) -> list[int]:
        # Drawn one by one: no other writer gets one of them, though it may get those between them.
        return [int(row[0]) for row in self.rows(f"SELECT nextval('{table}_id_seq') FROM generate_series(1, {count})")]

    def alone(self, what: str) -> None:
        if what == "book":
            # Every writer begins with a lock on its row (`schema.hold`), and none that comes later overtakes this one.
            self.run("LOCK TABLE alembic_version IN EXCLUSIVE MODE")
            return
        self.run(f"SELECT pg_advisory_xact_lock({ALONE[what]})")

    def defer_links(self) -> None:
        self.run("SET CONSTRAINTS ALL DEFERRED")

    @contextlib.contextmanager
    def in_bulk(self) -> Iterator[None]:
        yield
        if self._writing:
            return  # what was written cannot be looked at by others yet
        # The server's own look at the tables comes a minute later, if it comes: until then its planner takes a table
        # that has grown for an empty one. Who has no right to it does without.
        with contextlib.suppress(StoreError), self.at_once():
            grown = [name for (name,) in self.rows(_GROWN, (_PAGES,))]
            if grown:
                self.run(f"ANALYZE (SKIP_LOCKED) {', '.join(grown)}")

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        self.run("SET lock_timeout TO 1")
        try:
            yield
        finally:
            self.run(f"SET lock_timeout TO {self._patience}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        done = False
        outer, self._writing = self._writing, True
        try:
            with _in_our_words(), self.raw.transaction():
                yield
                done = True
        except StoreError as error:
            if done and self.raw.closed:
                # The answer to the commit never came.
                raise StoreError(
                    f"{error.message.removesuffix(UNSAVED)}; whether it was saved is not known",
                    "look before you try again",
                ) from error
            raise
        finally:
            self._writing = outer

    def close(self) -> None:
        self.raw.close()
