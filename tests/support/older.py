"""Books as earlier revisions had them: what a migration brought is taken away again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.store import journal, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crmcli.store.connect import Connection


def chained(connection: Connection, hashed: Callable[[journal.Link, str, Iterable[str]], str]) -> None:
    """Give the transactions of an open book the hashes that a formula makes of them."""
    previous = ""
    for row in connection.rows(journal.links(schema.revision(connection) or ""), (0, 10_000)):
        this = journal.Link.read(row)
        own = connection.rows("SELECT digest FROM journal WHERE seq = ? ORDER BY id", (this.seq,))
        previous = hashed(this, previous, [digest for (digest,) in own])
        connection.run("UPDATE journal_tx SET hash = ? WHERE seq = ?", (previous, this.seq))
    connection.run("UPDATE journal_head SET hash = ?", (previous,))


def chained_as_before_0004(connection: Connection) -> None:
    """Give the transactions of an open book the hashes that they had when those covered no batch."""
    chained(connection, journal.Link.hashed_before_0004)


def without_links(connection: Connection, table: str, columns: Iterable[str]) -> None:
    """Take away columns with a link, and their indexes."""
    if connection.dialect == "sqlite":  # which drops no column with a link
        sql = connection.value("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
        for column in columns:
            sql = re.sub(
                rf",\s*CONSTRAINT fk_{table}_{column} FOREIGN KEY\({column}\) REFERENCES[^,]*?\(id\)[^,)]*", "", sql
            )
        connection.run("PRAGMA writable_schema = ON")
        connection.run("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
        connection.run("PRAGMA writable_schema = RESET")
    for column in columns:
        connection.run(f"DROP INDEX IF EXISTS ix_{table}_{column}")
        connection.run(f"ALTER TABLE {table} DROP COLUMN {column}")


def as_in_0007(connection: Connection) -> None:
    """Take away what revision 0008 brought. The documented views go with it."""
    schema.drop_views(connection)
    without_links(connection, "task", ("triggered_by_id",))
    for column in ("series_time", "series_zone", "series_skips"):
        connection.run(f"ALTER TABLE task DROP COLUMN {column}")
    connection.run("ALTER TABLE task_type DROP COLUMN counts_as")
    for table, columns in {
        "company": ("last_word_id", "own_word_id"),
        "contact": ("last_word_id", "own_word_id"),
        "opportunity": ("last_word_id",),
    }.items():
        for column in columns:
            connection.run(f"ALTER TABLE {table} DROP COLUMN {column}")
    connection.run("DROP TABLE reminder_since")
    _reminders_of_0007(connection)
    connection.run("UPDATE alembic_version SET version_num = '0007'")


def _reminders_of_0007(connection: Connection) -> None:
    """Reminders that go with their task, by its number."""
    id_of = "(SELECT t.id FROM task t WHERE t.uid = task_uid)"
    rest = "at, channel, state, claimed_at, claimed_by, sent_at, tries, detail"
    if connection.dialect == "postgresql":
        connection.run("ALTER TABLE reminder ADD COLUMN task_id bigint")
        connection.run(f"UPDATE reminder SET task_id = {id_of}")
        connection.run("DELETE FROM reminder WHERE task_id IS NULL")
        connection.run(
            "ALTER TABLE reminder ALTER COLUMN task_id SET NOT NULL, DROP COLUMN task_uid, ADD CONSTRAINT"
            " fk_reminder_task_id FOREIGN KEY (task_id) REFERENCES task (id) ON DELETE CASCADE"
        )
        connection.run("CREATE UNIQUE INDEX uq_reminder_once ON reminder (task_id, at, channel)")
        return
    connection.run(f"CREATE TEMPORARY TABLE kept AS SELECT id, {id_of} AS task_id, {rest} FROM reminder")
    connection.run("DROP TABLE reminder")
    connection.run(
        "CREATE TABLE reminder (id INTEGER NOT NULL, task_id INTEGER NOT NULL, at VARCHAR NOT NULL, channel VARCHAR NOT"
        " NULL, state VARCHAR NOT NULL, claimed_at VARCHAR NOT NULL, claimed_by VARCHAR NOT NULL, sent_at VARCHAR,"
        " tries INTEGER DEFAULT 1 NOT NULL, detail VARCHAR, CONSTRAINT ck_reminder_state CHECK (state in ('claimed',"
        " 'sent', 'failed', 'doubtful')), CONSTRAINT fk_reminder_task_id FOREIGN KEY(task_id) REFERENCES task (id) ON"
        " DELETE CASCADE, CONSTRAINT pk_reminder PRIMARY KEY (id))"
    )
    connection.run(f"INSERT INTO reminder (id, task_id, {rest}) SELECT id, task_id, {rest} FROM kept WHERE task_id > 0")
    connection.run("DROP TABLE kept")
    connection.run("CREATE UNIQUE INDEX uq_reminder_once ON reminder (task_id, at, channel)")
    connection.run("CREATE INDEX ix_reminder_state ON reminder (state, claimed_at)")


def as_in_0006(connection: Connection) -> None:
    """Take away what revision 0007 brought, and later ones. The documented views go with it."""
    as_in_0007(connection)
    for table in (
        "sync_link",
        "sync_place",
        "reminder",
        "feed",
        "rhythm_rule",
        "plan_step",
        "plan",
        "occasion",
        "task_need",
    ):
        connection.run(f"DROP TABLE {table}")
    without_links(connection, "task", ("delegated_by_id", "follows_id"))
    without_links(connection, "task_type", ("next_type_id",))
    for table, columns in {
        "task": "place place_key remind repeat repeat_from series_on attendees attendees_key ical",
        "task_type": "delay delay_from summary summary_key minutes next_mode",
        "company": "rhythm_days touch_from last_in last_out",
        "contact": "rhythm_days touch_from last_in last_out",
        "opportunity": "last_in last_out",
    }.items():
        for column in columns.split():
            connection.run(f"ALTER TABLE {table} DROP COLUMN {column}")
    connection.run("UPDATE alembic_version SET version_num = '0006'")


def as_in_0005(connection: Connection) -> None:
    """Take away what revision 0006 brought, and later ones: an undo of one merge of a batch is a batch like any other.
    The documented views go with it."""
    as_in_0006(connection)
    connection.run("UPDATE batch SET undoes = NULL WHERE undoes_seq IS NOT NULL")
    connection.run("DROP INDEX ix_batch_undoes_seq")
    connection.run("ALTER TABLE batch DROP COLUMN undoes_seq")
    connection.run("UPDATE alembic_version SET version_num = '0005'")
    chained(connection, journal.Link.hashed)


def as_in_0004(connection: Connection) -> None:
    """Take away what revision 0005 brought, and later ones; the documented views go with it."""
    as_in_0005(connection)
    linked = ("company", "contact", "opportunity")
    for table in (
        *(f"{table}_distinct" for table in linked),
        *("doctor_rule", "custom_field", "doctor_score", "import_run"),
    ):
        connection.run(f"DROP TABLE {table}")
    for table in linked:
        without_links(connection, table, ("merged_into_id",))
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
