"""What a series of tasks keeps beside its rule: the clock and the zone it is counted in, and the days it leaves out.
Which task triggered another one; what a type of task counts as. Which interaction was the last word. Reminders are
known by the uid of their task, and stay where an undo takes the task away; since when somebody has them by a channel.
v_lead and v_deal have `next_task`: the views are made anew after every upgrade."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STAMP = sa.String().with_variant(sa.DateTime(timezone=True), "postgresql")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
WORD = (
    "i.removed_at IS NULL AND (i.direction IS NOT NULL OR"
    " i.direction IS NULL AND i.kind IN ('call', 'email', 'meeting', 'message', 'visit'))"
)
#: Whose words count for a table, which tables of others with which link, and which words are with it alone.
HEARD: tuple[tuple[str, str, tuple[tuple[str, str], ...], str], ...] = (
    ("opportunity", "opportunity_id", (), ""),
    ("contact", "contact_id", (("opportunity", "contact_id"),), "+i.opportunity_id IS NULL"),
    (
        "company",
        "company_id",
        (("opportunity", "company_id"), ("contact", "company_id")),
        "+i.opportunity_id IS NULL AND +i.contact_id IS NULL",
    ),
)


def upgrade() -> None:
    for column in ("series_time", "series_zone", "series_skips"):
        op.add_column("task", sa.Column(column, sa.String(), nullable=True))
    op.add_column("task_type", sa.Column("counts_as", sa.String(), nullable=True))
    _triggered_by()
    for table, link, others, alone in HEARD:
        _last_word(table, link, others, alone)
    _reminders()


def _reminders() -> None:
    op.create_table(
        "reminder_since", sa.Column("id", BIG, nullable=False), sa.Column("name", KEY, nullable=False),
        sa.Column("at", STAMP, nullable=False), sa.UniqueConstraint("name", name=op.f("uq_reminder_since_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_since")), sqlite_autoincrement=True,
    )  # fmt: skip
    op.execute("INSERT INTO reminder_since (name, at) SELECT channel, min(claimed_at) FROM reminder GROUP BY channel")
    if op.get_context().dialect.name == "sqlite":
        _rebuilt()
    else:
        op.add_column("reminder", sa.Column("task_uid", KEY, nullable=True))
        op.execute("UPDATE reminder SET task_uid = (SELECT t.uid FROM task t WHERE t.id = reminder.task_id)")
        op.alter_column("reminder", "task_uid", nullable=False)
        op.drop_column("reminder", "task_id")  # and with it its link and the index
        op.create_index("uq_reminder_once", "reminder", ["task_uid", "at", "channel"], unique=True)


def _rebuilt() -> None:
    """The table of reminders anew: here a column does not go without its link."""
    rest = "at, channel, state, claimed_at, claimed_by, sent_at, tries, detail"
    uid = "(SELECT t.uid FROM task t WHERE t.id = task_id)"
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT id, {uid} AS task_uid, {rest} FROM reminder")
    op.drop_table("reminder")
    op.create_table(
        "reminder", sa.Column("id", BIG, nullable=False), sa.Column("task_uid", KEY, nullable=False),
        sa.Column("at", STAMP, nullable=False), sa.Column("channel", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False), sa.Column("claimed_at", STAMP, nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False), sa.Column("sent_at", STAMP, nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.CheckConstraint("state in ('claimed', 'sent', 'failed', 'doubtful')", name=op.f("ck_reminder_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")), sqlite_autoincrement=True,
    )  # fmt: skip
    op.execute(f"INSERT INTO reminder (id, task_uid, {rest}) SELECT id, task_uid, {rest} FROM kept ORDER BY id")
    op.execute("DROP TABLE kept")
    op.create_index("uq_reminder_once", "reminder", ["task_uid", "at", "channel"], unique=True)
    op.create_index("ix_reminder_state", "reminder", ["state", "claimed_at"])


def _triggered_by() -> None:
    name = op.f("fk_task_triggered_by_id")
    if op.get_context().dialect.name == "sqlite":  # a link with its column: a copy of the table would take minutes
        link = f"CONSTRAINT {name} REFERENCES task (id) DEFERRABLE INITIALLY IMMEDIATE"
        op.execute(f"ALTER TABLE task ADD COLUMN triggered_by_id INTEGER {link}")
    else:
        op.add_column("task", sa.Column("triggered_by_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(name, "task", "task", ["triggered_by_id"], ["id"], deferrable=True, initially="IMMEDIATE")
    op.create_index(op.f("ix_task_triggered_by_id"), "task", ["triggered_by_id"])


def _last_word(table: str, link: str, others: tuple[tuple[str, str], ...], alone: str) -> None:
    """Work out which interaction was the last word: of a person also in deals, of a company in those and its people."""
    own = f"SELECT i.id, i.at FROM interaction i WHERE i.{link} = {table}.id AND {WORD}"
    words = [own] + [
        f"SELECT i.id, i.at FROM {other} o JOIN interaction i ON i.id = o.last_word_id WHERE o.{theirs} = {table}.id"
        for other, theirs in others
    ]
    known = [f"SELECT i.{link} FROM interaction i WHERE i.{link} IS NOT NULL"]
    known += [
        f"SELECT o.{theirs} FROM {other} o WHERE o.{theirs} IS NOT NULL AND o.last_word_id IS NOT NULL"
        for other, theirs in others
    ]
    columns = {"last_word_id": " UNION ALL ".join(words)} | ({"own_word_id": f"{own} AND {alone}"} if alone else {})
    for column, found in columns.items():
        op.add_column(table, sa.Column(column, BIG, nullable=True))
        op.execute(
            f"UPDATE {table} SET {column} = (SELECT x.id FROM ({found}) x ORDER BY x.at DESC, x.id DESC LIMIT 1)"
            f" WHERE id IN ({' UNION ALL '.join(known)})"
        )
