"""The schema of record: every table, key, constraint and index, declared here and nowhere else.

Text that is compared has a folded copy in a `*_key` column and, for search, in `search_text`; both are filled by
the write door, and by `fill_keys` here for rows written through a SQLModel session. `last_touch`, `last_in`,
`last_out`, `last_word_id`, `own_word_id`, `next_due` and `open_tasks` are derived: recomputed by the write door, never
journalled.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    String,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import BigInteger, Integer, TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

from crmcli.domain.fields import OWN, OWN_KEY
from crmcli.domain.keys import derive, key_sources
from crmcli.domain.types import show_instant
from crmcli.store.journal import canonical
from crmcli.store.uid import new_uid

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


class Stamp(TypeDecorator[datetime]):
    """An aware instant: timestamptz on PostgreSQL, fixed-width UTC text on SQLite (its order is time order)."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return show_instant(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromisoformat(value)


class Key(TypeDecorator[str]):
    """Text compared byte by byte on both engines."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(collation="C") if dialect.name == "postgresql" else String())


class Json(TypeDecorator[dict[str, Any]]):
    """An object of values by name: jsonb on PostgreSQL, canonical JSON text on SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        return canonical(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:
        found: dict[str, Any] | None = json.loads(value) if isinstance(value, str) else value
        return found


BIG = BigInteger().with_variant(Integer(), "sqlite")


def _now() -> datetime:
    return datetime.now(UTC)


def _id() -> Any:
    return Field(default=None, primary_key=True, sa_type=BIG)


def _uid() -> Any:
    return Field(default_factory=new_uid, sa_column_kwargs={"unique": True}, sa_type=Key)


def _key() -> Any:
    return Field(default=None, sa_type=Key)


def _ref(target: str, *, index: bool = True, null: bool = True, **more: Any) -> Any:
    return Field(
        default=None,
        sa_type=BIG,
        foreign_key=f"{target}.id",
        index=index,
        nullable=null,
        **more,
    )


def _stamp(*, now: bool = False) -> Any:
    if now:
        return Field(default_factory=_now, sa_type=Stamp, nullable=False)
    return Field(default=None, sa_type=Stamp)


def _big(default: int | None = None) -> Any:
    return Field(default=default, sa_type=BIG)


def _flag(default: bool = False) -> Any:
    return Field(
        default=default, sa_column_kwargs={"server_default": text("true" if default else "false")}, nullable=False
    )


class User(SQLModel, table=True):
    __tablename__ = "crm_user"
    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key, unique=True)
    full_name: str | None = None
    full_name_key: str | None = _key()
    email: str | None = None
    email_key: str | None = _key()
    active: bool = _flag(True)
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    version: int = 1


class Word(SQLModel):
    """What the small vocabularies share."""

    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key, unique=True)
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    version: int = 1


class Tag(Word, table=True):
    colour: str | None = None
    colour_key: str | None = _key()


class Source(Word, table=True):
    pass


class Medium(Word, table=True):
    pass


class Campaign(Word, table=True):
    pass


class LostReason(Word, table=True):
    __tablename__ = "lost_reason"


class TaskType(Word, table=True):
    __tablename__ = "task_type"
    delay: str | None = None
    delay_from: str | None = None
    summary: str | None = None
    summary_key: str | None = _key()
    minutes: int | None = None
    next_type_id: int | None = Field(
        default=None, sa_column=Column(BIG, ForeignKey("task_type.id", deferrable=True, initially="IMMEDIATE"))
    )
    next_mode: str | None = None
    counts_as: str | None = None


class Pipeline(Word, table=True):
    position: int = 0


class Stage(SQLModel, table=True):
    __table_args__ = (
        Index("uq_stage_name", "pipeline_id", "name_key", unique=True),
        CheckConstraint("probability_bp between 0 and 10000", name="probability"),
    )
    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key)
    pipeline_id: int = _ref("pipeline", null=False)
    position: int = 0
    probability_bp: int = 0
    is_won: bool = _flag()
    folded: bool = _flag()
    rot_days: int = 0
    requirements: str | None = None
    requirements_key: str | None = _key()
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    removed_at: datetime | None = _stamp()
    version: int = 1


class Address(SQLModel):
    """The columns of a postal address and its ways to be reached."""

    email: str | None = None
    email_key: str | None = _key()
    phone: str | None = None
    phone_key: str | None = _key()
    website: str | None = None
    website_key: str | None = _key()
    street: str | None = None
    street_key: str | None = _key()
    city: str | None = None
    city_key: str | None = _key()
    region: str | None = None
    region_key: str | None = _key()
    postal_code: str | None = None
    postal_code_key: str | None = _key()
    country: str | None = None
    country_key: str | None = _key()


class Life(SQLModel):
    """What every record of the book has."""

    description: str | None = None
    description_key: str | None = _key()
    external_id: str | None = Field(default=None, sa_type=Key)
    search_text: str = Field(default="", sa_type=Key)
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    removed_at: datetime | None = _stamp()
    version: int = 1


def _self(table: str) -> Any:
    """A link to a row of the same table. Undo may bring back, or take away, either of the two before the other: it is
    checked at the commit then."""
    link = ForeignKey(f"{table}.id", deferrable=True, initially="IMMEDIATE")
    return Field(default=None, sa_column=Column(BIG, link, index=True))


class Own(SQLModel):
    """The fields that people add: stored values by name, and the keys of those that are compared by one."""

    custom: dict[str, Any] | None = Field(default=None, sa_type=Json)
    custom_key: dict[str, Any] | None = Field(default=None, sa_type=Json)


class Origin(SQLModel):
    owner_id: int | None = _ref("crm_user")
    source_id: int | None = _ref("source", index=False)
    medium_id: int | None = _ref("medium", index=False)
    campaign_id: int | None = _ref("campaign", index=False)


def _present(column: str) -> Any:
    return {"sqlite_where": text(f"{column} IS NOT NULL"), "postgresql_where": text(f"{column} IS NOT NULL")}


class Company(Address, Origin, Life, Own, table=True):
    __table_args__ = (
        Index("ix_company_created", "removed_at", "created_at"),
        Index("ix_company_name", "removed_at", "name_key"),
        Index("ix_company_name_key", "name_key"),
        Index("ix_company_touch", "last_touch"),
        Index("ix_company_domain", "domain", **_present("domain")),
        Index("ix_company_email", "email_key", **_present("email_key")),
        Index("ix_company_phone", "phone_key", **_present("phone_key")),
        Index("uq_company_external", "external_id", unique=True, **_present("external_id")),
        CheckConstraint("parent_id <> id", name="parent"),
    )
    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key)
    parent_id: int | None = _self("company")
    merged_into_id: int | None = _self("company")
    vcard: str | None = None
    domain: str | None = Field(default=None, sa_type=Key)
    industry: str | None = None
    industry_key: str | None = _key()
    employees: int | None = _big()
    revenue_minor: int | None = _big()
    currency: str | None = None
    archived_at: datetime | None = _stamp()
    rhythm_days: int | None = None
    touch_from: date | None = None
    last_touch: datetime | None = _stamp()
    last_in: datetime | None = _stamp()
    last_out: datetime | None = _stamp()
    last_word_id: int | None = _big()
    own_word_id: int | None = _big()


class Contact(Address, Origin, Life, Own, table=True):
    __table_args__ = (
        Index("ix_contact_created", "removed_at", "created_at"),
        Index("ix_contact_name", "removed_at", "name_key"),
        Index("ix_contact_name_key", "name_key"),
        Index("ix_contact_touch", "last_touch"),
        Index("ix_contact_email", "email_key", **_present("email_key")),
        Index("ix_contact_phone", "phone_key", **_present("phone_key")),
        Index("ix_contact_mobile", "mobile_key", **_present("mobile_key")),
        Index("uq_contact_external", "external_id", unique=True, **_present("external_id")),
    )
    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key)
    company_id: int | None = _ref("company")
    merged_into_id: int | None = _self("contact")
    vcard: str | None = None
    job_title: str | None = None
    job_title_key: str | None = _key()
    mobile: str | None = None
    mobile_key: str | None = _key()
    birthday: date | None = None
    language: str | None = None
    language_key: str | None = _key()
    archived_at: datetime | None = _stamp()
    rhythm_days: int | None = None
    touch_from: date | None = None
    last_touch: datetime | None = _stamp()
    last_in: datetime | None = _stamp()
    last_out: datetime | None = _stamp()
    last_word_id: int | None = _big()
    own_word_id: int | None = _big()


class Opportunity(Address, Origin, Life, Own, table=True):
    """Leads and deals: one table, so that a converted lead keeps its number, history and timeline."""

    __table_args__ = (
        Index("ix_opportunity_created", "kind", "status", "created_at"),
        Index("ix_opportunity_name", "kind", "status", "name_key"),
        Index("ix_opportunity_value", "kind", "status", "value_minor"),
        Index("ix_opportunity_close", "kind", "status", "close_on"),
        Index("ix_opportunity_closed", "kind", "status", "closed_at"),
        Index("ix_opportunity_touch", "kind", "status", "last_touch"),
        Index("ix_opportunity_board", "stage_id", "status", "position"),
        Index("ix_opportunity_sums", "kind", "status", "stage_id", "currency", "value_minor", "probability_bp"),
        Index("ix_opportunity_name_key", "name_key"),
        Index("ix_opportunity_email", "email_key", **_present("email_key")),
        Index("ix_opportunity_phone", "phone_key", **_present("phone_key")),
        Index("uq_opportunity_external", "kind", "external_id", unique=True, **_present("external_id")),
        CheckConstraint("kind in ('lead', 'deal')", name="kind"),
        CheckConstraint("status in ('open', 'won', 'lost')", name="status"),
        CheckConstraint("probability_bp between 0 and 10000", name="probability"),
    )
    id: int | None = _id()
    uid: str = _uid()
    kind: str = "lead"
    name: str
    name_key: str = Field(default="", sa_type=Key)
    contact_name: str | None = None
    contact_name_key: str | None = _key()
    company_name: str | None = None
    company_name_key: str | None = _key()
    job_title: str | None = None
    job_title_key: str | None = _key()
    contact_id: int | None = _ref("contact")
    company_id: int | None = _ref("company")
    merged_into_id: int | None = _self("opportunity")
    pipeline_id: int | None = _ref("pipeline", index=False)
    stage_id: int | None = _ref("stage", index=False)
    status: str = "open"
    value_minor: int | None = _big()
    currency: str | None = None
    probability_bp: int = 0
    probability_manual: bool = _flag()
    probability_kept_bp: int | None = None
    close_on: date | None = None
    recurring_minor: int | None = _big()
    plan: str | None = None
    referred_by: str | None = None
    referred_by_key: str | None = _key()
    priority: int = 0
    lost_reason_id: int | None = _ref("lost_reason", index=False)
    stage_since: datetime | None = _stamp()
    assigned_at: datetime | None = _stamp()
    converted_at: datetime | None = _stamp()
    closed_at: datetime | None = _stamp()
    position: int = _big(0)
    archived_at: datetime | None = _stamp()
    last_touch: datetime | None = _stamp()
    last_in: datetime | None = _stamp()
    last_out: datetime | None = _stamp()
    last_word_id: int | None = _big()
    next_due: date | None = None
    open_tasks: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class StageMove(SQLModel, table=True):
    """A stage that a lead or deal has left; the present one is in the record itself (`stage_since`)."""

    __tablename__ = "stage_move"
    __table_args__ = (Index("ix_stage_move_seconds", "stage_id", "seconds"),)
    id: int | None = _id()
    opportunity_id: int = _ref("opportunity", null=False)
    stage_id: int = _ref("stage", null=False, index=False)
    entered_at: datetime = _stamp(now=True)
    left_at: datetime = _stamp(now=True)
    seconds: int = _big(0)
    version: int = 1


class Task(Life, Own, table=True):
    __table_args__ = (
        Index("ix_task_due", "due_on", **_present("due_on")),
        Index("ix_task_open", "done_at", "due_on"),
        Index("ix_task_created", "created_at"),
        Index("ix_task_name", "name_key"),
        Index("uq_task_external", "external_id", unique=True, **_present("external_id")),
    )
    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key)
    type_id: int | None = _ref("task_type", index=False)
    due_on: date | None = None
    due_at: datetime | None = _stamp()
    minutes: int | None = None
    priority: int = 0
    place: str | None = None
    place_key: str | None = _key()
    remind: str | None = None
    repeat: str | None = None
    repeat_from: str | None = None
    series_on: date | None = None
    series_time: str | None = None
    series_zone: str | None = None
    series_skips: str | None = None
    owner_id: int | None = _ref("crm_user")
    delegated_by_id: int | None = _ref("crm_user", index=False)
    opportunity_id: int | None = _ref("opportunity")
    contact_id: int | None = _ref("contact")
    company_id: int | None = _ref("company")
    attendees: str | None = None
    attendees_key: str | None = _key()
    follows_id: int | None = _self("task")
    triggered_by_id: int | None = _self("task")
    done_at: datetime | None = _stamp()
    feedback: str | None = None
    feedback_key: str | None = _key()
    ical: str | None = None


class TaskNeed(SQLModel, table=True):
    """That a task needs another one done first."""

    __tablename__ = "task_need"
    __table_args__ = (
        Index("uq_task_need_pair", "task_id", "needs_id", unique=True),
        CheckConstraint("task_id <> needs_id", name="other"),
    )
    id: int | None = _id()
    task_id: int = _ref("task", null=False, index=False)
    needs_id: int = _ref("task", null=False)
    created_at: datetime = _stamp(now=True)
    version: int = 1


class Occasion(SQLModel, table=True):
    """A day of the year that belongs to somebody."""

    __table_args__ = (Index("ix_occasion_name_key", "name_key"),)
    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key)
    contact_id: int | None = _ref("contact")
    company_id: int | None = _ref("company")
    on_day: date
    calendar: str = "gregorian"
    year_known: bool = _flag(True)
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    version: int = 1


class Interaction(SQLModel, table=True):
    __table_args__ = (
        Index("ix_interaction_at", "at"),
        Index("ix_interaction_opportunity", "opportunity_id", "at"),
        Index("ix_interaction_contact", "contact_id", "at"),
        Index("ix_interaction_company", "company_id", "at"),
        Index("uq_interaction_external", "external_id", unique=True, **_present("external_id")),
    )
    id: int | None = _id()
    uid: str = _uid()
    kind: str = "note"
    at: datetime = _stamp(now=True)
    direction: str | None = None
    minutes: int | None = None
    body: str | None = None
    body_key: str | None = _key()
    author_id: int | None = _ref("crm_user", index=False)
    opportunity_id: int | None = _ref("opportunity", index=False)
    contact_id: int | None = _ref("contact", index=False)
    company_id: int | None = _ref("company", index=False)
    task_id: int | None = _ref("task")
    external_id: str | None = Field(default=None, sa_type=Key)
    search_text: str = Field(default="", sa_type=Key)
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    removed_at: datetime | None = _stamp()
    version: int = 1


def _tagged(table: str) -> Any:
    return Field(sa_column=Column(BIG, ForeignKey(f"{table}.id"), primary_key=True))


def _tag() -> Any:
    return Field(sa_column=Column(BIG, ForeignKey("tag.id"), primary_key=True))


class OpportunityTag(SQLModel, table=True):
    __tablename__ = "opportunity_tag"
    __table_args__ = (Index("ix_opportunity_tag_tag", "tag_id", "record_id"),)
    record_id: int = _tagged("opportunity")
    tag_id: int = _tag()


class ContactTag(SQLModel, table=True):
    __tablename__ = "contact_tag"
    __table_args__ = (Index("ix_contact_tag_tag", "tag_id", "record_id"),)
    record_id: int = _tagged("contact")
    tag_id: int = _tag()


class CompanyTag(SQLModel, table=True):
    __tablename__ = "company_tag"
    __table_args__ = (Index("ix_company_tag_tag", "tag_id", "record_id"),)
    record_id: int = _tagged("company")
    tag_id: int = _tag()


class TaskTag(SQLModel, table=True):
    __tablename__ = "task_tag"
    __table_args__ = (Index("ix_task_tag_tag", "tag_id", "record_id"),)
    record_id: int = _tagged("task")
    tag_id: int = _tag()


def _pair(table: str) -> Any:
    return Index(f"uq_{table}_distinct_pair", "record_id", "other_id", unique=True)


class Distinct(SQLModel):
    """Two records of which somebody said that they are not the same."""

    id: int | None = _id()
    created_at: datetime = _stamp(now=True)
    version: int = 1


class CompanyDistinct(Distinct, table=True):
    __tablename__ = "company_distinct"
    __table_args__ = (_pair("company"),)
    record_id: int = _ref("company", null=False, index=False)
    other_id: int = _ref("company", null=False)


class ContactDistinct(Distinct, table=True):
    __tablename__ = "contact_distinct"
    __table_args__ = (_pair("contact"),)
    record_id: int = _ref("contact", null=False, index=False)
    other_id: int = _ref("contact", null=False)


class OpportunityDistinct(Distinct, table=True):
    __tablename__ = "opportunity_distinct"
    __table_args__ = (_pair("opportunity"),)
    record_id: int = _ref("opportunity", null=False, index=False)
    other_id: int = _ref("opportunity", null=False)


class CustomField(SQLModel, table=True):
    """A field that people added to the records of a table; its values are in their `custom`."""

    __tablename__ = "custom_field"
    __table_args__ = (Index("uq_custom_field_name", "entity", "name_key", unique=True),)
    id: int | None = _id()
    uid: str = _uid()
    name: str
    name_key: str = Field(default="", sa_type=Key)
    entity: str
    type: str
    label: str | None = None
    label_key: str | None = _key()
    help: str | None = None
    help_key: str | None = _key()
    options: str | None = None
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    removed_at: datetime | None = _stamp()
    version: int = 1


class DoctorRule(Word, table=True):
    """A condition of the user's own that `crm doctor` looks for."""

    __tablename__ = "doctor_rule"
    entity: str | None = None
    filter: str | None = None
    advice: str | None = None
    advice_key: str | None = _key()


class DoctorScore(SQLModel, table=True):
    """What `crm doctor` found on a day: how many records it looked at, and how many of them it has a finding about."""

    __tablename__ = "doctor_score"
    day: date = Field(primary_key=True)
    records: int = _big(0)
    faulty: int = _big(0)


class ImportRun(SQLModel, table=True):
    """How far an import came: its file by a digest of its content, and the rows of it that are settled."""

    __tablename__ = "import_run"
    batch_id: int = Field(sa_column=Column(BIG, ForeignKey("batch.id"), primary_key=True, autoincrement=False))
    file: str
    digest: str = Field(sa_type=Key, index=True)
    options: str = ""
    settled: int = _big(0)
    rows: int = _big(0)
    rejects: str | None = None
    finished: bool = _flag()


class Plan(Word, table=True):
    pass


class PlanStep(SQLModel, table=True):
    """A task to be made when its plan starts."""

    __tablename__ = "plan_step"
    id: int | None = _id()
    uid: str = _uid()
    plan_id: int = _ref("plan", null=False)
    position: int = 0
    name: str
    name_key: str = Field(default="", sa_type=Key)
    type_id: int | None = _ref("task_type", index=False)
    offset_days: str = "0d"
    minutes: int | None = None
    who: str = "owner"
    assignee_id: int | None = _ref("crm_user", index=False)
    description: str | None = None
    description_key: str | None = _key()
    created_at: datetime = _stamp(now=True)
    updated_at: datetime = _stamp(now=True)
    version: int = 1


class RhythmRule(Word, table=True):
    """How often to be in touch with those who fit a filter."""

    __tablename__ = "rhythm_rule"
    entity: str = "contact"
    filter: str
    days: int


class Feed(Word, table=True):
    """A calendar that programs subscribe to. Of the secret word in its address only a digest is kept."""

    owner_id: int | None = _ref("crm_user", index=False)
    filter: str | None = None
    kind: str = "events"
    token_hash: str = Field(default="", sa_type=Key, index=True)


class Reminder(SQLModel, table=True):
    """What became of a reminder, by the uid of its task, its moment and channel. Whoever puts the row in is the one who
    sends it. It is not journalled: what was sent cannot be taken back, and stays known where its task is."""

    __table_args__ = (
        Index("uq_reminder_once", "task_uid", "at", "channel", unique=True),
        Index("ix_reminder_state", "state", "claimed_at"),
        CheckConstraint("state in ('claimed', 'sent', 'failed', 'doubtful')", name="state"),
    )
    id: int | None = _id()
    task_uid: str = Field(sa_type=Key)
    at: datetime = _stamp(now=True)
    channel: str = Field(sa_type=Key)
    state: str = "claimed"
    claimed_at: datetime = _stamp(now=True)
    claimed_by: str = ""
    sent_at: datetime | None = _stamp()
    tries: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    detail: str | None = None


class ReminderSince(SQLModel, table=True):
    """Since when somebody is reminded by a channel, or a value of the setting `remind` is in force or is no more
    (`name`): what was due before was promised by nobody."""

    __tablename__ = "reminder_since"
    id: int | None = _id()
    name: str = Field(sa_type=Key, unique=True)
    at: datetime = _stamp(now=True)


class SyncPlace(SQLModel, table=True):
    """A collection of another program that the book is kept in step with, and how far it was read. `digest` is one of
    `url`: an index holds no long text."""

    __tablename__ = "sync_place"
    id: int | None = _id()
    url: str
    digest: str = Field(sa_type=Key, unique=True)
    token: str | None = None
    synced_at: datetime | None = _stamp()


class SyncLink(SQLModel, table=True):
    """A record and the item of another program that is the same: its tag there, and what both had when they agreed.
    `digest` is one of `href`."""

    __tablename__ = "sync_link"
    __table_args__ = (
        Index("uq_sync_link_digest", "place_id", "digest", unique=True),
        Index("ix_sync_link_record", "entity", "record_id"),
    )
    id: int | None = _id()
    place_id: int = _ref("sync_place", null=False, index=False)
    href: str
    digest: str = Field(sa_type=Key)
    entity: str
    record_id: int = _big(0)
    etag: str | None = None
    base: str | None = None


class SavedView(Word, table=True):
    __tablename__ = "saved_view"
    entity: str | None = None
    filter: str | None = None
    columns: str | None = None
    sort: str | None = None


class Batch(SQLModel, table=True):
    """One command, action or import: what `undo` takes back as a whole. An undo that takes one transaction of a batch
    back alone names that too (`undoes_seq`; no link, since transactions name their batch), and the batch stands."""

    __table_args__ = (Index("ix_batch_undoes_seq", "undoes_seq", **_present("undoes_seq")),)
    id: int | None = _id()
    at: datetime = _stamp(now=True)
    actor: str
    source: str
    command: str = ""
    undoes: int | None = _ref("batch", index=False)
    undone_by: int | None = _ref("batch", index=False)
    undoes_seq: int | None = _big()


class JournalTx(SQLModel, table=True):
    """One committed transaction: a link of the hash chain."""

    __tablename__ = "journal_tx"
    seq: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True, autoincrement=False))
    batch_id: int = _ref("batch", null=False)
    at: datetime = _stamp(now=True)
    count: int = 0
    hash: str


class Journal(SQLModel, table=True):
    """One change of one record; `before` and `after` hold the changed columns, null for "was not" and "is no more"."""

    __table_args__ = (Index("ix_journal_record", "entity", "record_id"),)
    id: int | None = _id()
    seq: int = Field(sa_column=Column(BIG, ForeignKey("journal_tx.seq"), nullable=False, index=True))
    entity: str
    record_id: int = Field(sa_type=BIG)
    before: str | None = None
    after: str | None = None
    digest: str


class JournalHead(SQLModel, table=True):
    """The end of the chain: one row, locked by every writer and read by everybody who waits for news."""

    __tablename__ = "journal_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)
    id: int = Field(default=1, primary_key=True)
    seq: int = _big(0)
    hash: str = ""


def _fill(_mapper: object, _connection: object, row: SQLModel) -> None:
    """Give a row written through a session the keys that the write door would have given it."""
    table = str(row.__tablename__)
    own = {OWN + name: value for name, value in (getattr(row, "custom", None) or {}).items()}
    said = {name: own.get(name) if name.startswith(OWN) else getattr(row, name) for name in key_sources(table)}
    keys: dict[str, Any] = {}
    for column, key in derive(table, said).items():
        if not column.startswith(OWN_KEY):
            setattr(row, column, key)
        elif key is not None:
            keys[column.removeprefix(OWN_KEY)] = key
    if "custom_key" in type(row).model_fields:
        setattr(row, "custom_key", keys or None)  # noqa: B010 - the tables of words have none


event.listen(SQLModel, "before_insert", _fill, propagate=True)
event.listen(SQLModel, "before_update", _fill, propagate=True)

for _table in SQLModel.metadata.tables.values():
    if "id" in _table.columns and _table.name != "journal_head":
        _table.dialect_options["sqlite"]["autoincrement"] = True  # an id is never given twice
