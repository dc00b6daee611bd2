"""Making a store, checking its revision, upgrading it, and (re-)creating the documented views."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from crmcli.domain import keys
from crmcli.errors import NewerDatabaseError, StoreError
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect

    from crmcli.store.connect import Connection

#: The migration that this program's models stand at; a test compares it with Alembic's head.
REVISION = "0008"
VIEWS = (
    *("lead", "deal", "contact", "company", "task", "interaction"),
    *("words", "pipeline", "journal", "timeline", "clean", "follow_ups"),
)
#: Tables with a word index over `search_text`.
SEARCHED = tuple(keys.SEARCHED)
#: What parts the words of a folded text, as the inside of a bracket expression that PostgreSQL and Python read alike:
#: the characters at which FTS5's unicode61 ends a token (its tables are those of Unicode 6), for signs, emoji, and the
#: scripts from Latin to Arabic. PostgreSQL's own parser keeps many of them inside a word.
SEPARATORS = (
    r"!-/:-_{-\u00f7\u02c2-\u02c5\u02d2-\u02eb\u02ed\u02ef-\u02ff\u0375\u03f6\u0482-\u0489\u055a-\u055f\u0589-\u058a"
    r"\u058f\u05be-\u05c6\u05f3-\u05f4\u0606-\u061b\u061e-\u061f\u066a-\u066d\u06d4\u06de\u06e9\u06fd-\u06fe"
    r"\u2010-\u205e\u20a0-\u20b9\u20dd-\u20e4\u2104-\u214d\u214f\u2190-\u23f3\u2400-\u2426\u2440-\u244a\u2500-\u26ff"
    r"\u2701-\u2775\u2794-\u2b4c\u2b50-\u2b59\u2ce5-\u2cea\u2cf9-\u2cfc\u2cfe-\u2cff\u2d70\u2e00-\u2e2e\u2e30-\u2e3b"
    r"\u3001-\u3004\u3008-\u3020\u302e-\u3030\u3037\u303d-\u303f\u30a0\u30fb\ufd3e-\ufd3f\U0001f000-\U0001f02b"
    r"\U0001f030-\U0001f093\U0001f0a0-\U0001f0ae\U0001f0b1-\U0001f0be\U0001f0c1-\U0001f0cf\U0001f0d1-\U0001f0df"
    r"\U0001f150-\U0001f169\U0001f170-\U0001f19a\U0001f1e6-\U0001f1ff\U0001f300-\U0001f320\U0001f330-\U0001f335"
    r"\U0001f337-\U0001f37c\U0001f380-\U0001f393\U0001f3a0-\U0001f3c4\U0001f3c6-\U0001f3ca\U0001f3e0-\U0001f3f0"
    r"\U0001f400-\U0001f43e\U0001f440\U0001f442-\U0001f4f7\U0001f4f9-\U0001f4fc\U0001f500-\U0001f53d"
    r"\U0001f540-\U0001f543\U0001f550-\U0001f567\U0001f5fb-\U0001f640\U0001f645-\U0001f64f\U0001f680-\U0001f6c5"
    r"\U0001f700-\U0001f773"
)
HERE = os.path.dirname(__file__)


def check(connection: Connection) -> None:
    """Compare the store's revision with the program's: upgrade an older one, refuse a newer one.

    Raises NewerDatabaseError, StoreError.
    """
    found = known(connection, connection.target)
    if found == REVISION:
        return
    try:
        upgrade(connection)
    except StoreError as error:
        error.message = f"the book (schema {found}) must be upgraded to schema {REVISION} first: {error.message}"
        raise


def known(connection: Connection, name: str) -> str:
    """The migration that the store stands at, one that this program can go on from; what is refused goes by `name`.

    Raises NewerDatabaseError, and StoreError for what is no book or says that it is of no version there ever was.
    """
    found = revision(connection)
    if found == REVISION:
        return found
    if found is None:
        raise StoreError(f"{name} holds no book", "'crm db init' makes one")
    if found > REVISION:
        raise NewerDatabaseError(
            f"{name} was made by a newer version (schema {found}, this program knows {REVISION})",
            "upgrade the program",
        )
    files = os.listdir(os.path.join(HERE, "migrations", "versions"))
    if not found or not any(file.startswith(f"{found}_") for file in files):
        raise StoreError(
            f"{name} was made by no version of this program (schema {found or 'not named'})",
            "name another one with --db, or restore a backup",
        )
    return found


def hold(connection: Connection) -> None:
    """Inside a write transaction: make sure that nobody upgraded the store since it was opened, and keep others from
    doing so until the transaction ends. Raises NewerDatabaseError, and StoreError for a store of any other revision."""
    lock = " FOR SHARE" if connection.dialect == "postgresql" else ""
    found = connection.value(f"SELECT version_num FROM alembic_version{lock}")
    if found == REVISION:
        return
    known(connection, connection.target)
    raise StoreError(f"{connection.target} has another schema than it had ({found}){connect.UNSAVED}", "start again")


def revision(connection: Connection) -> str | None:
    """The migration the store stands at, "" where it does not say; None when it has no schema at all."""
    if connection.dialect == "sqlite":
        there = connection.value("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    else:
        there = connection.value("SELECT to_regclass('public.alembic_version')")
    return str(connection.value("SELECT version_num FROM alembic_version") or "") if there else None


def create(target: str, fill: Callable[[Connection], None] | None = None) -> None:
    """Make a new store, empty but for what `fill` puts into it, in one transaction. A file is born with mode 0600 and
    appears under its name only when it is whole."""
    if connect.is_url(target):
        _lay_in(connect.connect(target), fill)
        return
    folder = os.path.dirname(os.path.abspath(target))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make {target}: {error.strerror}", "check the folder's permissions") from None
    from crmcli.store import drafts

    with drafts.draft(target) as draft:
        _lay_in(connect.SQLite(draft, timeout=30, say=lambda _line: None), fill)
        with contextlib.suppress(FileExistsError):
            drafts.place(draft, target)  # never over a book that another process made meanwhile


def _lay_in(opened: Connection, fill: Callable[[Connection], None] | None) -> None:
    """Make a store of what is open, and close it."""
    with contextlib.closing(opened), opened.transaction():
        if opened.dialect == "sqlite":
            opened.run(f"PRAGMA application_id={connect.APPLICATION_ID}")
        _lay(opened)
        if fill:
            fill(opened)


def _lay(opened: Connection) -> None:
    """The whole schema inside the caller's transaction."""
    from sqlalchemy.schema import CreateIndex, CreateTable
    from sqlmodel import SQLModel

    from crmcli.store import models  # noqa: F401  registers the tables

    dialect = engine_dialect(opened.dialect)
    for table in SQLModel.metadata.sorted_tables:
        opened.script(str(CreateTable(table).compile(dialect=dialect)) + ";")
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            opened.script(str(CreateIndex(index).compile(dialect=dialect)) + ";")
    opened.script(search_ddl(opened.dialect))
    create_views(opened)
    opened.script(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));"
    )
    opened.run("INSERT INTO alembic_version VALUES (?)", (REVISION,))
    opened.run("INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '')")


def engine_dialect(name: str) -> Dialect:
    """What SQLAlchemy calls an engine by, to write its DDL."""
    if name == "sqlite":
        from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

        return SQLiteDialect_pysqlite()
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    return PGDialect_psycopg()  # type: ignore[no-untyped-call]


def search_ddl(dialect: str) -> str:
    """The word indexes. SQLite: FTS5 tables over the base tables, kept in step by triggers; PostgreSQL: GIN indexes."""
    parts = []
    for table in SEARCHED:
        if dialect == "sqlite":
            parts.append(
                f"""CREATE VIRTUAL TABLE {table}_fts USING fts5(search_text, content='{table}', content_rowid='id',
    tokenize='unicode61 remove_diacritics 0');
CREATE TRIGGER {table}_fts_insert AFTER INSERT ON {table} BEGIN
    INSERT INTO {table}_fts(rowid, search_text) VALUES (new.id, new.search_text);
END;
CREATE TRIGGER {table}_fts_delete AFTER DELETE ON {table} BEGIN
    INSERT INTO {table}_fts({table}_fts, rowid, search_text) VALUES ('delete', old.id, old.search_text);
END;
CREATE TRIGGER {table}_fts_update AFTER UPDATE OF search_text ON {table} WHEN old.search_text <> new.search_text BEGIN
    INSERT INTO {table}_fts({table}_fts, rowid, search_text) VALUES ('delete', old.id, old.search_text);
    INSERT INTO {table}_fts(rowid, search_text) VALUES (new.id, new.search_text);
END;
"""
            )
        else:
            parts.append(f"CREATE INDEX ix_{table}_words ON {table} USING gin ({words_expression('')});\n")
    return "".join(parts)


def words_expression(prefix: str) -> str:
    """PostgreSQL's word vector of a row: what the index holds and a search must repeat."""
    return f"to_tsvector('simple'::regconfig, regexp_replace({prefix}search_text, '[{SEPARATORS}]', ' ', 'g'))"


def view_names(connection: Connection) -> list[str]:
    """The documented views that the store has now."""
    if connection.dialect == "sqlite":
        found = connection.rows("SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'v\\_%' ESCAPE '\\'")
    else:
        found = connection.rows("SELECT viewname FROM pg_views WHERE schemaname = 'public' AND viewname LIKE 'v\\_%'")
    return sorted(str(row[0]) for row in found)


def drop_views(connection: Connection) -> None:
    """Drop the documented views. A view of the user's own that hangs on them stops it, before anything changed."""
    ours = set(documented_views())
    if connection.dialect == "sqlite":
        others = connection.rows("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
        hanging = [name for name, sql in others if name not in ours and any(view in sql for view in ours)]
    else:
        hanging = [
            row[0]
            for row in connection.rows(
                "SELECT DISTINCT view_name FROM information_schema.view_table_usage WHERE table_name LIKE 'v\\_%'"
            )
            if row[0] not in ours
        ]
    if hanging:
        raise StoreError(
            f"your own view {', '.join(sorted(hanging))} hangs on the documented views; nothing was changed",
            "drop it, upgrade, and create it again",
        )
    # Those built on others (`v_lead` on `v_lead_all`) go first.
    for name in sorted(ours & set(view_names(connection)), key=lambda name: (name.endswith("_all"), name)):
        connection.run(f"DROP VIEW {name}")


def create_views(connection: Connection) -> None:
    """Create the documented views from `views/*.sql`."""
    for name in VIEWS:
        with open(os.path.join(HERE, "views", f"{name}.sql"), encoding="utf-8") as file:
            connection.script(spelled(file.read(), connection.dialect))


def spelled(sql: str, dialect: str) -> str:
    """A view with what it reads from the journal's JSON, `json_text(column, 'key')` and `json_instant(column, 'key')`,
    as this engine writes it: all else is the same on both. `field(kind.name)` is a field of a kind of record that is
    worked out when it is read."""
    import re

    from crmcli.domain.entities import ENTITIES

    ways = {"text": "(CAST({0} AS json) ->> '{1}')", "instant": "CAST(CAST({0} AS json) ->> '{1}' AS timestamptz)"}
    if dialect == "sqlite":
        ways = dict.fromkeys(ways, "({0} ->> '{1}')")
    sql = re.sub(r"json_(text|instant)\(([\w.]+), '(\w+)'\)", lambda m: ways[m[1]].format(m[2], m[3]), sql)
    return re.sub(r"field\((\w+)\.(\w+)\)", lambda m: ENTITIES[m[1]].field(m[2]).expr, sql)


def documented_views() -> list[str]:
    """The names of the views that `views/*.sql` define."""
    import re

    found: list[str] = []
    for name in VIEWS:
        with open(os.path.join(HERE, "views", f"{name}.sql"), encoding="utf-8") as file:
            found += re.findall(r"CREATE VIEW (\w+)", file.read())
    return found


def upgrade(connection: Connection) -> None:
    """Bring an older store to this program's revision, in one transaction."""
    from crmcli.store.migrations.run import upgrade_to_head

    upgrade_to_head(connection)
