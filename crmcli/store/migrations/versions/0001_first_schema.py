"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What the models' own types are on the two engines, as they were at this revision.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
STAMP = sa.String().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", STAMP, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("undoes", BIG, nullable=True),
        sa.Column("undone_by", BIG, nullable=True),
        sa.ForeignKeyConstraint(["undoes"], ["batch.id"], name=op.f("fk_batch_undoes")),
        sa.ForeignKeyConstraint(["undone_by"], ["batch.id"], name=op.f("fk_batch_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "campaign",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("name_key", name=op.f("uq_campaign_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_campaign_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "crm_user",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("full_name_key", KEY, nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", KEY, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_user")),
        sa.UniqueConstraint("name_key", name=op.f("uq_crm_user_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_crm_user_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "lost_reason",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_reason")),
        sa.UniqueConstraint("name_key", name=op.f("uq_lost_reason_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_lost_reason_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "medium",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medium")),
        sa.UniqueConstraint("name_key", name=op.f("uq_medium_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_medium_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "pipeline",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline")),
        sa.UniqueConstraint("name_key", name=op.f("uq_pipeline_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_pipeline_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_view",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(), nullable=True),
        sa.Column("filter", sa.String(), nullable=True),
        sa.Column("columns", sa.String(), nullable=True),
        sa.Column("sort", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("name_key", name=op.f("uq_saved_view_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_saved_view_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "source",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name_key", name=op.f("uq_source_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_source_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tag",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("colour", sa.String(), nullable=True),
        sa.Column("colour_key", KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("name_key", name=op.f("uq_tag_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_tag_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "task_type",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_type")),
        sa.UniqueConstraint("name_key", name=op.f("uq_task_type_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_task_type_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "company",
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("description_key", KEY, nullable=True),
        sa.Column("external_id", KEY, nullable=True),
        sa.Column("search_text", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("source_id", BIG, nullable=True),
        sa.Column("medium_id", BIG, nullable=True),
        sa.Column("campaign_id", BIG, nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", KEY, nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_key", KEY, nullable=True),
        sa.Column("website", sa.String(), nullable=True),
        sa.Column("website_key", KEY, nullable=True),
        sa.Column("street", sa.String(), nullable=True),
        sa.Column("street_key", KEY, nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("city_key", KEY, nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("region_key", KEY, nullable=True),
        sa.Column("postal_code", sa.String(), nullable=True),
        sa.Column("postal_code_key", KEY, nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("country_key", KEY, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("domain", KEY, nullable=True),
        sa.Column("industry", sa.String(), nullable=True),
        sa.Column("industry_key", KEY, nullable=True),
        sa.Column("employees", BIG, nullable=True),
        sa.Column("revenue_minor", BIG, nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("archived_at", STAMP, nullable=True),
        sa.Column("last_touch", STAMP, nullable=True),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_company_parent")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_company_campaign_id")),
        sa.ForeignKeyConstraint(["medium_id"], ["medium.id"], name=op.f("fk_company_medium_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["crm_user.id"], name=op.f("fk_company_owner_id")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["company.id"], name=op.f("fk_company_parent_id"), deferrable=True, initially="IMMEDIATE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_company_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("uid", name=op.f("uq_company_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_company_created"), "company", ["removed_at", "created_at"], unique=False)
    op.create_index(
        op.f("ix_company_domain"),
        "company",
        ["domain"],
        unique=False,
        sqlite_where=sa.text("domain IS NOT NULL"),
        postgresql_where=sa.text("domain IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_company_email"),
        "company",
        ["email_key"],
        unique=False,
        sqlite_where=sa.text("email_key IS NOT NULL"),
        postgresql_where=sa.text("email_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_company_name"), "company", ["removed_at", "name_key"], unique=False)
    op.create_index(op.f("ix_company_name_key"), "company", ["name_key"], unique=False)
    op.create_index(op.f("ix_company_owner_id"), "company", ["owner_id"], unique=False)
    op.create_index(op.f("ix_company_parent_id"), "company", ["parent_id"], unique=False)
    op.create_index(
        op.f("ix_company_phone"),
        "company",
        ["phone_key"],
        unique=False,
        sqlite_where=sa.text("phone_key IS NOT NULL"),
        postgresql_where=sa.text("phone_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_company_touch"), "company", ["last_touch"], unique=False)
    op.create_index(
        op.f("uq_company_external"),
        "company",
        ["external_id"],
        unique=True,
        sqlite_where=sa.text("external_id IS NOT NULL"),
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "journal_tx",
        sa.Column("seq", BIG, nullable=False, autoincrement=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("at", STAMP, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_journal_tx_batch_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_tx")),
    )
    op.create_index(op.f("ix_journal_tx_batch_id"), "journal_tx", ["batch_id"], unique=False)
    op.create_table(
        "stage",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("pipeline_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("probability_bp", sa.Integer(), nullable=False),
        sa.Column("is_won", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("folded", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("rot_days", sa.Integer(), nullable=False),
        sa.Column("requirements", sa.String(), nullable=True),
        sa.Column("requirements_key", KEY, nullable=True),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("probability_bp between 0 and 10000", name=op.f("ck_stage_probability")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_stage_pipeline_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
        sa.UniqueConstraint("uid", name=op.f("uq_stage_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_stage_pipeline_id"), "stage", ["pipeline_id"], unique=False)
    op.create_index(op.f("uq_stage_name"), "stage", ["pipeline_id", "name_key"], unique=True)
    op.create_table(
        "company_tag",
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("tag_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["company.id"], name=op.f("fk_company_tag_record_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_company_tag_tag_id")),
        sa.PrimaryKeyConstraint("record_id", "tag_id", name=op.f("pk_company_tag")),
    )
    op.create_index(op.f("ix_company_tag_tag"), "company_tag", ["tag_id", "record_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("description_key", KEY, nullable=True),
        sa.Column("external_id", KEY, nullable=True),
        sa.Column("search_text", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("source_id", BIG, nullable=True),
        sa.Column("medium_id", BIG, nullable=True),
        sa.Column("campaign_id", BIG, nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", KEY, nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_key", KEY, nullable=True),
        sa.Column("website", sa.String(), nullable=True),
        sa.Column("website_key", KEY, nullable=True),
        sa.Column("street", sa.String(), nullable=True),
        sa.Column("street_key", KEY, nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("city_key", KEY, nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("region_key", KEY, nullable=True),
        sa.Column("postal_code", sa.String(), nullable=True),
        sa.Column("postal_code_key", KEY, nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("country_key", KEY, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("company_id", BIG, nullable=True),
        sa.Column("job_title", sa.String(), nullable=True),
        sa.Column("job_title_key", KEY, nullable=True),
        sa.Column("mobile", sa.String(), nullable=True),
        sa.Column("mobile_key", KEY, nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("language_key", KEY, nullable=True),
        sa.Column("archived_at", STAMP, nullable=True),
        sa.Column("last_touch", STAMP, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_contact_campaign_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_contact_company_id")),
        sa.ForeignKeyConstraint(["medium_id"], ["medium.id"], name=op.f("fk_contact_medium_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["crm_user.id"], name=op.f("fk_contact_owner_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_contact_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("uid", name=op.f("uq_contact_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_contact_company_id"), "contact", ["company_id"], unique=False)
    op.create_index(op.f("ix_contact_created"), "contact", ["removed_at", "created_at"], unique=False)
    op.create_index(
        op.f("ix_contact_email"),
        "contact",
        ["email_key"],
        unique=False,
        sqlite_where=sa.text("email_key IS NOT NULL"),
        postgresql_where=sa.text("email_key IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_contact_mobile"),
        "contact",
        ["mobile_key"],
        unique=False,
        sqlite_where=sa.text("mobile_key IS NOT NULL"),
        postgresql_where=sa.text("mobile_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_contact_name"), "contact", ["removed_at", "name_key"], unique=False)
    op.create_index(op.f("ix_contact_name_key"), "contact", ["name_key"], unique=False)
    op.create_index(op.f("ix_contact_owner_id"), "contact", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_contact_phone"),
        "contact",
        ["phone_key"],
        unique=False,
        sqlite_where=sa.text("phone_key IS NOT NULL"),
        postgresql_where=sa.text("phone_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_contact_touch"), "contact", ["last_touch"], unique=False)
    op.create_index(
        op.f("uq_contact_external"),
        "contact",
        ["external_id"],
        unique=True,
        sqlite_where=sa.text("external_id IS NOT NULL"),
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "journal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["journal_tx.seq"], name=op.f("fk_journal_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_record"), "journal", ["entity", "record_id"], unique=False)
    op.create_index(op.f("ix_journal_seq"), "journal", ["seq"], unique=False)
    op.create_table(
        "contact_tag",
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("tag_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["contact.id"], name=op.f("fk_contact_tag_record_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_contact_tag_tag_id")),
        sa.PrimaryKeyConstraint("record_id", "tag_id", name=op.f("pk_contact_tag")),
    )
    op.create_index(op.f("ix_contact_tag_tag"), "contact_tag", ["tag_id", "record_id"], unique=False)
    op.create_table(
        "opportunity",
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("description_key", KEY, nullable=True),
        sa.Column("external_id", KEY, nullable=True),
        sa.Column("search_text", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("source_id", BIG, nullable=True),
        sa.Column("medium_id", BIG, nullable=True),
        sa.Column("campaign_id", BIG, nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", KEY, nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_key", KEY, nullable=True),
        sa.Column("website", sa.String(), nullable=True),
        sa.Column("website_key", KEY, nullable=True),
        sa.Column("street", sa.String(), nullable=True),
        sa.Column("street_key", KEY, nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("city_key", KEY, nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("region_key", KEY, nullable=True),
        sa.Column("postal_code", sa.String(), nullable=True),
        sa.Column("postal_code_key", KEY, nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("country_key", KEY, nullable=True),
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("contact_name", sa.String(), nullable=True),
        sa.Column("contact_name_key", KEY, nullable=True),
        sa.Column("company_name", sa.String(), nullable=True),
        sa.Column("company_name_key", KEY, nullable=True),
        sa.Column("job_title", sa.String(), nullable=True),
        sa.Column("job_title_key", KEY, nullable=True),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("company_id", BIG, nullable=True),
        sa.Column("pipeline_id", BIG, nullable=True),
        sa.Column("stage_id", BIG, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("value_minor", BIG, nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("probability_bp", sa.Integer(), nullable=False),
        sa.Column("probability_manual", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("close_on", sa.Date(), nullable=True),
        sa.Column("recurring_minor", BIG, nullable=True),
        sa.Column("plan", sa.String(), nullable=True),
        sa.Column("referred_by", sa.String(), nullable=True),
        sa.Column("referred_by_key", KEY, nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lost_reason_id", BIG, nullable=True),
        sa.Column("stage_since", STAMP, nullable=True),
        sa.Column("assigned_at", STAMP, nullable=True),
        sa.Column("converted_at", STAMP, nullable=True),
        sa.Column("closed_at", STAMP, nullable=True),
        sa.Column("position", BIG, nullable=False),
        sa.Column("archived_at", STAMP, nullable=True),
        sa.Column("last_touch", STAMP, nullable=True),
        sa.Column("next_due", sa.Date(), nullable=True),
        sa.Column("open_tasks", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("kind in ('lead', 'deal')", name=op.f("ck_opportunity_kind")),
        sa.CheckConstraint("probability_bp between 0 and 10000", name=op.f("ck_opportunity_probability")),
        sa.CheckConstraint("status in ('open', 'won', 'lost')", name=op.f("ck_opportunity_status")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_opportunity_campaign_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_opportunity_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_opportunity_contact_id")),
        sa.ForeignKeyConstraint(["lost_reason_id"], ["lost_reason.id"], name=op.f("fk_opportunity_lost_reason_id")),
        sa.ForeignKeyConstraint(["medium_id"], ["medium.id"], name=op.f("fk_opportunity_medium_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["crm_user.id"], name=op.f("fk_opportunity_owner_id")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_opportunity_pipeline_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_opportunity_source_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_opportunity_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
        sa.UniqueConstraint("uid", name=op.f("uq_opportunity_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_opportunity_board"), "opportunity", ["stage_id", "status", "position"], unique=False)
    op.create_index(op.f("ix_opportunity_close"), "opportunity", ["kind", "status", "close_on"], unique=False)
    op.create_index(op.f("ix_opportunity_closed"), "opportunity", ["kind", "status", "closed_at"], unique=False)
    op.create_index(op.f("ix_opportunity_company_id"), "opportunity", ["company_id"], unique=False)
    op.create_index(op.f("ix_opportunity_contact_id"), "opportunity", ["contact_id"], unique=False)
    op.create_index(op.f("ix_opportunity_created"), "opportunity", ["kind", "status", "created_at"], unique=False)
    op.create_index(
        op.f("ix_opportunity_email"),
        "opportunity",
        ["email_key"],
        unique=False,
        sqlite_where=sa.text("email_key IS NOT NULL"),
        postgresql_where=sa.text("email_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_opportunity_name"), "opportunity", ["kind", "status", "name_key"], unique=False)
    op.create_index(op.f("ix_opportunity_name_key"), "opportunity", ["name_key"], unique=False)
    op.create_index(op.f("ix_opportunity_owner_id"), "opportunity", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_opportunity_phone"),
        "opportunity",
        ["phone_key"],
        unique=False,
        sqlite_where=sa.text("phone_key IS NOT NULL"),
        postgresql_where=sa.text("phone_key IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_opportunity_sums"),
        "opportunity",
        ["kind", "status", "stage_id", "currency", "value_minor", "probability_bp"],
        unique=False,
    )
    op.create_index(op.f("ix_opportunity_touch"), "opportunity", ["kind", "status", "last_touch"], unique=False)
    op.create_index(op.f("ix_opportunity_value"), "opportunity", ["kind", "status", "value_minor"], unique=False)
    op.create_index(
        op.f("uq_opportunity_external"),
        "opportunity",
        ["kind", "external_id"],
        unique=True,
        sqlite_where=sa.text("external_id IS NOT NULL"),
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "opportunity_tag",
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("tag_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["opportunity.id"], name=op.f("fk_opportunity_tag_record_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_opportunity_tag_tag_id")),
        sa.PrimaryKeyConstraint("record_id", "tag_id", name=op.f("pk_opportunity_tag")),
    )
    op.create_index(op.f("ix_opportunity_tag_tag"), "opportunity_tag", ["tag_id", "record_id"], unique=False)
    op.create_table(
        "stage_move",
        sa.Column("id", BIG, nullable=False),
        sa.Column("opportunity_id", BIG, nullable=False),
        sa.Column("stage_id", BIG, nullable=False),
        sa.Column("entered_at", STAMP, nullable=False),
        sa.Column("left_at", STAMP, nullable=False),
        sa.Column("seconds", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_stage_move_opportunity_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_stage_move_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_move")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_stage_move_opportunity_id"), "stage_move", ["opportunity_id"], unique=False)
    op.create_index(op.f("ix_stage_move_seconds"), "stage_move", ["stage_id", "seconds"], unique=False)
    op.create_table(
        "task",
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("description_key", KEY, nullable=True),
        sa.Column("external_id", KEY, nullable=True),
        sa.Column("search_text", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("type_id", BIG, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", STAMP, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("opportunity_id", BIG, nullable=True),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("company_id", BIG, nullable=True),
        sa.Column("done_at", STAMP, nullable=True),
        sa.Column("feedback", sa.String(), nullable=True),
        sa.Column("feedback_key", KEY, nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_task_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_task_contact_id")),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_task_opportunity_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["crm_user.id"], name=op.f("fk_task_owner_id")),
        sa.ForeignKeyConstraint(["type_id"], ["task_type.id"], name=op.f("fk_task_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("uid", name=op.f("uq_task_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_task_company_id"), "task", ["company_id"], unique=False)
    op.create_index(op.f("ix_task_contact_id"), "task", ["contact_id"], unique=False)
    op.create_index(op.f("ix_task_created"), "task", ["created_at"], unique=False)
    op.create_index(
        op.f("ix_task_due"),
        "task",
        ["due_on"],
        unique=False,
        sqlite_where=sa.text("due_on IS NOT NULL"),
        postgresql_where=sa.text("due_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_task_name"), "task", ["name_key"], unique=False)
    op.create_index(op.f("ix_task_open"), "task", ["done_at", "due_on"], unique=False)
    op.create_index(op.f("ix_task_opportunity_id"), "task", ["opportunity_id"], unique=False)
    op.create_index(op.f("ix_task_owner_id"), "task", ["owner_id"], unique=False)
    op.create_index(
        op.f("uq_task_external"),
        "task",
        ["external_id"],
        unique=True,
        sqlite_where=sa.text("external_id IS NOT NULL"),
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "interaction",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", STAMP, nullable=False),
        sa.Column("direction", sa.String(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("body_key", KEY, nullable=True),
        sa.Column("author_id", BIG, nullable=True),
        sa.Column("opportunity_id", BIG, nullable=True),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("company_id", BIG, nullable=True),
        sa.Column("task_id", BIG, nullable=True),
        sa.Column("external_id", KEY, nullable=True),
        sa.Column("search_text", KEY, nullable=False),
        sa.Column("created_at", STAMP, nullable=False),
        sa.Column("updated_at", STAMP, nullable=False),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["crm_user.id"], name=op.f("fk_interaction_author_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_interaction_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_interaction_contact_id")),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_interaction_opportunity_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_interaction_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("uid", name=op.f("uq_interaction_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_interaction_at"), "interaction", ["at"], unique=False)
    op.create_index(op.f("ix_interaction_company"), "interaction", ["company_id", "at"], unique=False)
    op.create_index(op.f("ix_interaction_contact"), "interaction", ["contact_id", "at"], unique=False)
    op.create_index(op.f("ix_interaction_opportunity"), "interaction", ["opportunity_id", "at"], unique=False)
    op.create_index(op.f("ix_interaction_task_id"), "interaction", ["task_id"], unique=False)
    op.create_index(
        op.f("uq_interaction_external"),
        "interaction",
        ["external_id"],
        unique=True,
        sqlite_where=sa.text("external_id IS NOT NULL"),
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "task_tag",
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("tag_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["task.id"], name=op.f("fk_task_tag_record_id")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_task_tag_tag_id")),
        sa.PrimaryKeyConstraint("record_id", "tag_id", name=op.f("pk_task_tag")),
    )
    op.create_index(op.f("ix_task_tag_tag"), "task_tag", ["tag_id", "record_id"], unique=False)
    op.execute("INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '')")
