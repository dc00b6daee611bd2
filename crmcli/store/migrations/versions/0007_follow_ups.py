"""What tasks say of their recurrence, place, people and reminders; what is usual for a type of task; plans, occasions,
rhythms, calendar feeds; what became of reminders; what is kept in step with other programs. Who wrote last."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STAMP = sa.String().with_variant(sa.DateTime(timezone=True), "postgresql")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TASK = (
    *(("place", sa.String()), ("place_key", KEY), ("remind", sa.String()), ("repeat", sa.String())),
    *(("repeat_from", sa.String()), ("attendees", sa.String()), ("attendees_key", KEY), ("ical", sa.String())),
    ("series_on", sa.Date()),
)
TASK_TYPE = (
    *(("delay", sa.String()), ("delay_from", sa.String()), ("summary", sa.String()), ("summary_key", KEY)),
    *(("minutes", sa.Integer()), ("next_mode", sa.String())),
)
#: Whose interactions count for a table, and which tables of others with which link.
HEARD = (
    ("opportunity", "opportunity_id", ()),
    ("contact", "contact_id", (("opportunity", "contact_id"),)),
    ("company", "company_id", (("opportunity", "company_id"), ("contact", "company_id"))),
)
BOTH = "i.direction IS NULL AND i.kind IN ('call', 'email', 'meeting', 'message', 'visit')"


def upgrade() -> None:
    _columns("task", TASK)
    _link("task", "delegated_by_id", "crm_user")
    _link("task", "follows_id", "task", deferrable=True)
    op.create_index(op.f("ix_task_follows_id"), "task", ["follows_id"])
    _columns("task_type", TASK_TYPE)
    _link("task_type", "next_type_id", "task_type", deferrable=True)
    for table in ("company", "contact"):
        _columns(table, (("rhythm_days", sa.Integer()), ("touch_from", sa.Date())))
    for table, _, _ in HEARD:
        _columns(table, (("last_in", STAMP), ("last_out", STAMP)))
    _tables()
    for side in ("in", "out"):
        for table, link, others in HEARD:
            _heard(side, table, link, others)


def _columns(table: str, columns: tuple[tuple[str, Any], ...]) -> None:
    for name, kind in columns:
        op.add_column(table, sa.Column(name, kind, nullable=True))


def _link(table: str, column: str, target: str, *, deferrable: bool = False) -> None:
    """A link. SQLite takes it with its column only where it is spelled so; a copy of the table would take minutes for a
    big book."""
    name = op.f(f"fk_{table}_{column}")
    late: dict[str, Any] = {"deferrable": True, "initially": "IMMEDIATE"} if deferrable else {}
    if op.get_context().dialect.name == "sqlite":
        more = " DEFERRABLE INITIALLY IMMEDIATE" if deferrable else ""
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id){more}")
    else:
        op.add_column(table, sa.Column(column, BIG, nullable=True))
        op.create_foreign_key(name, table, target, [column], ["id"], **late)


def _heard(side: str, table: str, link: str, others: tuple[tuple[str, str], ...]) -> None:
    """Work out when they last wrote, or we did: of a person also in deals, of a company in those and its people."""
    column = f"last_{side}"
    parts = [
        f"SELECT i.at FROM interaction i WHERE i.{link} = {table}.id AND i.removed_at IS NULL"
        f" AND (i.direction = '{side}' OR {BOTH})",
        *(f"SELECT o.{column} FROM {other} o WHERE o.{theirs} = {table}.id" for other, theirs in others),
    ]
    known = [f"SELECT i.{link} FROM interaction i WHERE i.{link} IS NOT NULL"]
    known += [
        f"SELECT o.{theirs} FROM {other} o WHERE o.{theirs} IS NOT NULL AND o.{column} IS NOT NULL"
        for other, theirs in others
    ]
    op.execute(
        f"UPDATE {table} SET {column} = (SELECT max(x.at) FROM ({' UNION ALL '.join(parts)}) x)"
        f" WHERE id IN ({' UNION ALL '.join(known)})"
    )


def _own() -> list[Any]:
    return [sa.Column("id", BIG, nullable=False), sa.Column("uid", KEY, nullable=False)]


def _named(table: str, *, unique: bool = True) -> list[Any]:
    found: list[Any] = [
        *_own(),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    ]
    return [*found, sa.UniqueConstraint("name_key", name=op.f(f"uq_{table}_name_key"))] if unique else found


def _made() -> list[Any]:
    return [
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    ]


def _to(table: str, column: str, target: str, ondelete: str | None = None) -> Any:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _text(name: str, *, null: bool = True, kind: Any = None) -> Any:
    return sa.Column(name, kind if kind is not None else sa.String(), nullable=null)


def _id_of(name: str, *, null: bool = True) -> Any:
    return sa.Column(name, BIG, nullable=null)


def _tables() -> None:
    numbered: dict[str, Any] = {"sqlite_autoincrement": True}
    op.create_table(
        "task_need", _id_of("id", null=False), _id_of("task_id", null=False), _id_of("needs_id", null=False),
        sa.Column("created_at", STAMP, nullable=False), sa.Column("version", sa.Integer(), nullable=False),
        _to("task_need", "task_id", "task"), _to("task_need", "needs_id", "task"),
        sa.CheckConstraint("task_id <> needs_id", name=op.f("ck_task_need_other")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_need")), **numbered,
    )  # fmt: skip
    op.create_index("uq_task_need_pair", "task_need", ["task_id", "needs_id"], unique=True)
    op.create_index(op.f("ix_task_need_needs_id"), "task_need", ["needs_id"])
    op.create_table(
        "occasion", *_named("occasion", unique=False), _id_of("contact_id"), _id_of("company_id"),
        sa.Column("on_day", sa.Date(), nullable=False), _text("calendar", null=False),
        sa.Column("year_known", sa.Boolean(), server_default=sa.text("true"), nullable=False), *_made(),
        _to("occasion", "contact_id", "contact"), _to("occasion", "company_id", "company"), **numbered,
    )  # fmt: skip
    op.create_index("ix_occasion_name_key", "occasion", ["name_key"])
    op.create_index(op.f("ix_occasion_contact_id"), "occasion", ["contact_id"])
    op.create_index(op.f("ix_occasion_company_id"), "occasion", ["company_id"])
    op.create_table("plan", *_named("plan"), *_made(), **numbered)
    op.create_table(
        "plan_step", *_named("plan_step", unique=False), _id_of("plan_id", null=False),
        sa.Column("position", sa.Integer(), nullable=False), _id_of("type_id"), _text("offset_days", null=False),
        sa.Column("minutes", sa.Integer(), nullable=True), _text("who", null=False), _id_of("assignee_id"),
        _text("description"), _text("description_key", kind=KEY), *_made(), _to("plan_step", "plan_id", "plan"),
        _to("plan_step", "type_id", "task_type"), _to("plan_step", "assignee_id", "crm_user"), **numbered,
    )  # fmt: skip
    op.create_index(op.f("ix_plan_step_plan_id"), "plan_step", ["plan_id"])
    op.create_table(
        "rhythm_rule", *_named("rhythm_rule"), _text("entity", null=False), _text("filter", null=False),
        sa.Column("days", sa.Integer(), nullable=False), *_made(), **numbered,
    )  # fmt: skip
    op.create_table(
        "feed", *_named("feed"), _id_of("owner_id"), _text("filter"), _text("kind", null=False),
        _text("token_hash", null=False, kind=KEY), *_made(), _to("feed", "owner_id", "crm_user"), **numbered,
    )  # fmt: skip
    op.create_index(op.f("ix_feed_token_hash"), "feed", ["token_hash"])
    op.create_table(
        "reminder", sa.Column("id", BIG, nullable=False), _id_of("task_id", null=False),
        sa.Column("at", STAMP, nullable=False), _text("channel", null=False, kind=KEY), _text("state", null=False),
        sa.Column("claimed_at", STAMP, nullable=False), _text("claimed_by", null=False),
        sa.Column("sent_at", STAMP, nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("1"), nullable=False), _text("detail"),
        sa.CheckConstraint("state in ('claimed', 'sent', 'failed', 'doubtful')", name=op.f("ck_reminder_state")),
        _to("reminder", "task_id", "task", "CASCADE"), sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        **numbered,
    )  # fmt: skip
    op.create_index("uq_reminder_once", "reminder", ["task_id", "at", "channel"], unique=True)
    op.create_index("ix_reminder_state", "reminder", ["state", "claimed_at"])
    op.create_table(
        "sync_place", sa.Column("id", BIG, nullable=False), _text("url", null=False),
        _text("digest", null=False, kind=KEY), _text("token"),
        sa.Column("synced_at", STAMP, nullable=True), sa.UniqueConstraint("digest", name=op.f("uq_sync_place_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_place")), **numbered,
    )  # fmt: skip
    op.create_table(
        "sync_link", sa.Column("id", BIG, nullable=False), _id_of("place_id", null=False),
        _text("href", null=False), _text("digest", null=False, kind=KEY),
        _text("entity", null=False), _id_of("record_id", null=False),
        _text("etag"), _text("base"), _to("sync_link", "place_id", "sync_place"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_link")), **numbered,
    )  # fmt: skip
    op.create_index("uq_sync_link_digest", "sync_link", ["place_id", "digest"], unique=True)
    op.create_index("ix_sync_link_record", "sync_link", ["entity", "record_id"])
