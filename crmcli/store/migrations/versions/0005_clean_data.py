"""Fields of the user's own, merged records, pairs that are not the same, rules of the doctor, how far imports came."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STAMP = sa.String().with_variant(sa.DateTime(timezone=True), "postgresql")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.String().with_variant(JSONB(), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table in ("company", "contact", "opportunity", "task"):
        op.add_column(table, sa.Column("custom", JSON, nullable=True))
        op.add_column(table, sa.Column("custom_key", JSON, nullable=True))
    for table in ("company", "contact"):
        op.add_column(table, sa.Column("vcard", sa.String(), nullable=True))
    for table in ("company", "contact", "opportunity"):
        _merged(table)
        _distinct(table)
    _vocabularies()
    op.create_table(
        "doctor_score",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("records", BIG, nullable=False),
        sa.Column("faulty", BIG, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_doctor_score")),
    )
    op.create_table(
        "import_run",
        sa.Column("batch_id", BIG, autoincrement=False, nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("options", sa.String(), nullable=False),
        sa.Column("settled", BIG, nullable=False),
        sa.Column("rows", BIG, nullable=False),
        sa.Column("rejects", sa.String(), nullable=True),
        sa.Column("finished", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_import_run_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_digest"), "import_run", ["digest"])


def _merged(table: str) -> None:
    """A link to the record that one is merged into. SQLite takes it with its link only where it is spelled so; a copy
    of the table would take minutes for a big book."""
    name = op.f(f"fk_{table}_merged_into_id")
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN merged_into_id INTEGER CONSTRAINT {name}"
            f" REFERENCES {table} (id) DEFERRABLE INITIALLY IMMEDIATE"
        )
    else:
        op.add_column(table, sa.Column("merged_into_id", BIG, nullable=True))
        op.create_foreign_key(name, table, table, ["merged_into_id"], ["id"], deferrable=True, initially="IMMEDIATE")
    op.create_index(op.f(f"ix_{table}_merged_into_id"), table, ["merged_into_id"])


def _distinct(table: str) -> None:
    name = f"{table}_distinct"
    op.create_table(
        name,
        sa.Column("id", BIG, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("other_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], [f"{table}.id"], name=op.f(f"fk_{name}_record_id")),
        sa.ForeignKeyConstraint(["other_id"], [f"{table}.id"], name=op.f(f"fk_{name}_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f(f"ix_{name}_other_id"), name, ["other_id"])
    op.create_index(f"uq_{name}_pair", name, ["record_id", "other_id"], unique=True)


def _vocabularies() -> None:
    def word() -> list[sa.Column[Any]]:
        return [
            sa.Column("id", BIG, nullable=False),
            sa.Column("uid", KEY, nullable=False),
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("name_key", KEY, nullable=False),
            sa.Column("created_at", STAMP, nullable=False),
            sa.Column("updated_at", STAMP, nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
        ]

    op.create_table(
        "doctor_rule",
        *word(),
        sa.Column("entity", sa.String(), nullable=True),
        sa.Column("filter", sa.String(), nullable=True),
        sa.Column("advice", sa.String(), nullable=True),
        sa.Column("advice_key", KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doctor_rule")),
        sa.UniqueConstraint("uid", name=op.f("uq_doctor_rule_uid")),
        sa.UniqueConstraint("name_key", name=op.f("uq_doctor_rule_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "custom_field",
        *word(),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("label_key", KEY, nullable=True),
        sa.Column("help", sa.String(), nullable=True),
        sa.Column("help_key", KEY, nullable=True),
        sa.Column("options", sa.String(), nullable=True),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_field")),
        sa.UniqueConstraint("uid", name=op.f("uq_custom_field_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_custom_field_name", "custom_field", ["entity", "name_key"], unique=True)
