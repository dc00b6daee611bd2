"""Books as earlier revisions had them: what a migration brought is taken away again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.store import journal, schema

if TYPE_CHECKING:
    from crmcli.store.connect import Connection


def chained_as_before_0004(connection: Connection) -> None:
    """Give the transactions of an open book the hashes that they had when those covered no batch."""
    previous = ""
    for row in connection.rows(journal.LINKS, (0, 10_000)):
        this = journal.Link.read(row)
        own = connection.rows("SELECT digest FROM journal WHERE seq = ? ORDER BY id", (this.seq,))
        previous = this.hashed_before_0004(previous, [digest for (digest,) in own])
        connection.run("UPDATE journal_tx SET hash = ? WHERE seq = ?", (previous, this.seq))
    connection.run("UPDATE journal_head SET hash = ?", (previous,))


def as_in_0004(connection: Connection) -> None:
    """Take away what revision 0005 brought; the documented views go with it."""
    schema.drop_views(connection)
    linked = ("company", "contact", "opportunity")
    for table in (
        *(f"{table}_distinct" for table in linked),
        *("doctor_rule", "custom_field", "doctor_score", "import_run"),
    ):
        connection.run(f"DROP TABLE {table}")
    for table in linked:
        connection.run(f"DROP INDEX ix_{table}_merged_into_id")
        if connection.dialect == "sqlite":  # which drops no column with a link
            sql = connection.value("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
            sql = re.sub(rf",\s*CONSTRAINT fk_{table}_merged_into_id FOREIGN KEY[^,]*?IMMEDIATE", "", sql)
            connection.run("PRAGMA writable_schema = ON")
            connection.run("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
            connection.run("PRAGMA writable_schema = RESET")
        connection.run(f"ALTER TABLE {table} DROP COLUMN merged_into_id")
    for table in ("company", "contact"):
        connection.run(f"ALTER TABLE {table} DROP COLUMN vcard")
    for table in (*linked, "task"):
        for column in ("custom", "custom_key"):
            connection.run(f"ALTER TABLE {table} DROP COLUMN {column}")
    connection.run("UPDATE alembic_version SET version_num = '0004'")


def as_in_0003(connection: Connection) -> None:
    """Make an open book what it was at the third revision."""
    with connection.transaction():
        as_in_0004(connection)
        chained_as_before_0004(connection)
        connection.run("UPDATE alembic_version SET version_num = '0003'")


def as_in_0001(connection: Connection) -> None:
    """Make an open book what it was at the first revision."""
    with connection.transaction():
        as_in_0004(connection)
        chained_as_before_0004(connection)
        connection.run("ALTER TABLE stage DROP COLUMN removed_at")
        connection.run("ALTER TABLE opportunity DROP COLUMN probability_kept_bp")
        connection.run("UPDATE alembic_version SET version_num = '0001'")


def as_in_0002(connection: Connection) -> None:
    """Make an open book what it was at the second revision."""
    with connection.transaction():
        as_in_0004(connection)
        chained_as_before_0004(connection)
        connection.run("UPDATE alembic_version SET version_num = '0002'")
