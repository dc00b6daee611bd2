"""Runs the migrations on a store that is open: all of them, the views and the word indexes in one transaction."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli.errors import StoreError
from crmcli.store import drafts, refusals, schema, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Connection as Typed

    from crmcli.store.connect import Connection

HERE = os.path.dirname(__file__)
VERSIONS = os.path.join(HERE, "versions")


class _Lent:
    """A driver's connection lent to SQLAlchemy, which may neither end our transaction nor close it."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def commit(self) -> None:
        """The transaction is the lender's."""

    rollback = close = commit


def upgrade_to_head(connection: Connection, *, versions: str = VERSIONS, backup: bool = True) -> None:
    """Bring a store to the newest revision in `versions` (folders, parted by the path separator).

    A SQLite file is copied beside itself first, as `NAME.before-REVISION-STAMP`. Views and word indexes are dropped
    before and made anew after. Either all of it is committed, or nothing was changed. Raises StoreError.
    """
    sqlite = connection.dialect == "sqlite"
    config = _config(versions)
    if sqlite:
        # Tables are rebuilt by copying, which foreign keys would take for deletions; checked before the commit.
        connection.run("PRAGMA foreign_keys = OFF")
    try:
        with connection.transaction():
            if not sqlite:
                # Writers hold the revision first of all: who waits for them here holds nothing that they may want.
                if schema.revision(connection) is not None:
                    connection.run("SELECT version_num FROM alembic_version FOR UPDATE")
                connection.alone("names")
            found, head = schema.revision(connection), _head(config)
            if found == head:
                return  # another process did it while this one waited
            if sqlite and found is not None and backup:
                _keep(connection.target, found)
            schema.drop_views(connection)
            words.drop(connection)
            _run(connection, config)
            words.create(connection)
            schema.create_views(connection)
            if sqlite and (broken := connection.rows("PRAGMA foreign_key_check")):
                raise StoreError(
                    f"the upgrade would break {len(broken)} links; nothing was changed", "run 'crm db check'"
                )
    finally:
        if sqlite:
            connection.run("PRAGMA foreign_keys = ON")


def head() -> str:
    """The newest revision."""
    return _head(_config(VERSIONS))


def draft(connection: Connection, message: str, revision: str) -> str:
    """Write a revision that makes the store of `connection` like the models; the path of its file. For developers."""
    from alembic import command

    config = _config(VERSIONS)
    with _typed(connection) as typed:
        config.attributes["connection"] = typed
        script = command.revision(config, message, autogenerate=True, rev_id=revision)
    assert script is not None
    assert not isinstance(script, list)
    return str(script.path)


def _config(versions: str) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", HERE.replace("%", "%%"))
    config.set_main_option("version_locations", versions.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _head(config: Config) -> str:
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(config).get_current_head())


def _run(connection: Connection, config: Config) -> None:
    from alembic import command
    from alembic.util import CommandError

    with _typed(connection) as typed:
        config.attributes.update(connection=typed, store=connection)
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(f"the store cannot be upgraded: {error}; nothing was changed") from error


@contextlib.contextmanager
def _typed(connection: Connection) -> Iterator[Typed]:
    """A SQLAlchemy connection over ours, inside the transaction that is running."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    lent = _Lent(connection.raw)  # type: ignore[attr-defined]
    options: dict[str, Any] = {"poolclass": StaticPool, "creator": lambda: lent, "hide_parameters": True}
    if connection.dialect == "sqlite":
        engine = create_engine("sqlite://", **options)
    else:
        engine = create_engine("postgresql+psycopg://", use_native_hstore=False, **options)
    try:
        with engine.connect() as typed, typed.begin():
            yield typed
    except DBAPIError as error:
        cause = error.orig
        if isinstance(cause, sqlite3.Error):
            raise refusals.translate(cause, connection.target) from error
        raise refusals.translate_postgres(cause or error) from error
    finally:
        engine.dispose()


def _keep(path: str, revision: str) -> None:
    """Copy a SQLite file beside itself, through the backup API, privately; the copy appears whole. Its draft goes by
    the book's own name, so that the next writer takes it away where this process is killed."""
    kept = f"{path}.before-{revision}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    while os.path.lexists(kept):
        kept += "+"
    try:
        with drafts.draft(path) as draft:
            with contextlib.closing(sqlite3.connect(path)) as old, contextlib.closing(sqlite3.connect(draft)) as new:
                old.backup(new)
            drafts.sync(draft)
            drafts.place(draft, kept)
        drafts.sync(os.path.dirname(os.path.abspath(path)))
    except (OSError, sqlite3.Error, StoreError) as error:
        why = error.message if isinstance(error, StoreError) else error
        raise StoreError(f"the store cannot be backed up before its upgrade: {why}; nothing was changed") from None
