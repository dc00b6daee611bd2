"""The small vocabularies around the records, and what the book says of itself."""

from __future__ import annotations

from crmcli.domain.entities.shared import ID, STAMPS, UID
from crmcli.domain.fields import Entity, Field
from crmcli.domain.task_kinds import KINDS
from crmcli.domain.types import (
    INDEXED,
    Choice,
    Duration,
    Email,
    Flag,
    Identifier,
    Instant,
    Integer,
    Offset,
    Percent,
    Ref,
    Rhythm,
    Text,
)

_WORD = (ID, UID, Field("name", Text(INDEXED), "Name", "The word", "name", required=True, indexed=True))
_MADE = tuple(field for field in STAMPS if field.name in ("created_at", "updated_at"))


def _vocabulary(name: str, plural: str, help: str, *extra: Field, columns: tuple[str, ...] = ()) -> Entity:
    return Entity(name, plural, "crm_user" if name == "user" else name, f"v_{name}", (*_WORD, *extra, *_MADE),
                  columns or ("id", "name", *(f.name for f in extra)), "name", "", help)  # fmt: skip


TAG = _vocabulary(
    "tag", "tags", "A free label", Field("colour", Text(), "Colour", "A colour name for terminals", "colour")
)
USER = _vocabulary(
    "user", "users", "Somebody who works with the book",
    Field("full_name", Text(), "Full name", "Name in full", "full_name"),
    Field("email", Email(), "E-mail", "E-mail address", "email"),
    Field("active", Flag(), "Active", "Whether records can be given to them", "active"),
)  # fmt: skip
SOURCE = _vocabulary("source", "sources", "Where leads come from")
MEDIUM = _vocabulary("medium", "mediums", "By which medium leads come")
CAMPAIGN = _vocabulary("campaign", "campaigns", "Which campaign brings leads")
LOST_REASON = _vocabulary("lost_reason", "lost reasons", "Why deals are lost")
TASK_TYPE = _vocabulary(
    "task_type", "task types", "Kinds of task, and what is usual for one",
    Field("delay", Offset(), "Delay", "How long after a task another one of this type is due: 3d, 2w, 5wd", "delay"),
    Field("delay_from", Choice("done", "deadline"), "Delay from", "Whether that counts from the day when it was done (unless said) or from its deadline", "delay_from"),
    Field("summary", Text(), "Summary", "What a task of this type is called unless said", "summary"),
    Field("minutes", Duration(), "Minutes", "How long it takes unless said", "minutes", ("duration",)),
    Field("next_type", Ref("task_type", words=True), "Next type", "The type of the task that comes after it", "next_type_id", ("next",)),
    Field("next_mode", Choice("suggest", "trigger"), "Next mode", "Whether the next one is suggested (unless said) or made", "next_mode"),
    Field("counts_as", Choice(*KINDS), "Counts as", "What a task of this type is on the timeline, when it is done: call, email, meeting ...", "counts_as"),
)  # fmt: skip
PIPELINE = _vocabulary(
    "pipeline",
    "pipelines",
    "A sequence of stages",
    Field("position", Integer(0), "Position", "Order among pipelines", "position", empty=0),
)
STAGE = _vocabulary(
    "stage", "stages", "A step of a pipeline",
    Field("pipeline", Ref("pipeline", words=True), "Pipeline", "The pipeline it belongs to", "pipeline_id", kept=True),
    Field("position", Integer(0), "Position", "Order in the pipeline", "position", empty=0),
    Field("probability", Percent(), "Probability", "Chance to win of a deal in this stage", "probability_bp", empty=0),
    Field("is_won", Flag(), "Won", "Whether a deal here is won", "is_won", ("won",)),
    Field("folded", Flag(), "Folded", "Whether the column is shut when empty", "folded"),
    Field("rot_days", Integer(0, 3650), "Days to rot", "After how many days without a touch a deal is rotting; 0 = never", "rot_days", ("rot",), empty=0),
    Field("requirements", Text(), "Requirements", "What a deal needs to enter", "requirements"),
    Field("removed_at", Instant(), "Removed", "When it was removed; its history stays", "removed_at", settable=False),
)  # fmt: skip
STAGE_MOVE = Entity(
    "stage_move", "stage moves", "stage_move", "v_stage_move",
    (
        ID,
        Field("opportunity", Ref("opportunity"), "Deal", "The lead or deal that moved", "opportunity_id", ("deal",)),
        Field("stage", Ref("stage", words=True), "Stage", "The stage it left", "stage_id"),
        Field("entered_at", Instant(), "Entered", "When it entered the stage", "entered_at"),
        Field("left_at", Instant(), "Left", "When it left the stage", "left_at"),
        Field("seconds", Integer(0), "Seconds", "How long it was there", "seconds"),
    ),
    ("id", "opportunity", "stage", "entered_at", "left_at", "seconds"), "-left_at", "", "A stage that a deal has left",
)  # fmt: skip
PLAN = _vocabulary("plan", "plans", "Tasks that are made together, each so many days before or after a day")
PLAN_STEP = Entity(
    "plan_step", "steps of plans", "plan_step", "v_plan_step",
    (
        ID, UID,
        Field("plan", Ref("plan", words=True), "Plan", "The plan it belongs to", "plan_id"),
        Field("position", Integer(0), "Position", "Its place in the plan", "position", empty=0),
        Field("name", Text(INDEXED, "description"), "Name", "What is to be done", "name", required=True),
        Field("type", Ref("task_type", words=True), "Type", "The type of the task", "type_id"),
        Field("due", Offset(), "Due", "How far from the plan's day it is due: -3d, 0d, 2w, 5wd", "offset_days", ("offset",), kept=True),
        Field("minutes", Duration(), "Minutes", "How long it takes", "minutes", ("duration",)),
        Field("who", Choice("owner", "ask", "user"), "Who", "Whose it is: the record's owner, a user, or asked for at the start", "who", kept=True),
        Field("assignee", Ref("user", words=True), "Assignee", "Whose it is, where that is a user", "assignee_id"),
        Field("description", Text(), "Note", "What to know about it", "description"),
        *_MADE,
    ),
    ("plan", "position", "name", "type", "due", "who", "assignee"), "position", "", "A task to be made when its plan starts",
)  # fmt: skip
RHYTHM_RULE = _vocabulary(
    "rhythm_rule", "rhythms", "How often to be in touch with those who fit a filter",
    Field("entity", Choice("contact", "company"), "For", "The kind of record it is about", "entity", kept=True),
    Field("filter", Identifier(), "Filter", "The filter that they fit", "filter", required=True),
    Field("days", Rhythm(), "Days", "After how many days without a touch one is due", "days", required=True),
)  # fmt: skip
FEED = _vocabulary(
    "feed", "calendar feeds", "A calendar that programs subscribe to",
    Field("owner", Ref("user", words=True), "Owner", "Who it was made for: `me` of its filter", "owner_id"),
    Field("filter", Identifier(), "Filter", "The filter of its tasks", "filter"),
    Field("kind", Choice("events", "todos"), "Kind", "Whether tasks are events or to-dos in it", "kind", kept=True),
    Field("token_hash", Identifier(INDEXED), "Address", "The digest of the secret word in its address", "token_hash", settable=False),
)  # fmt: skip
SAVED_VIEW = _vocabulary(
    "saved_view", "saved views", "A filter with a name",
    Field("entity", Choice("lead", "deal", "contact", "company", "task"), "For", "The kind of record it lists; empty fits all", "entity"),
    Field("filter", Identifier(), "Filter", "The filter text", "filter"),
    Field("columns", Identifier(), "Columns", "The columns to show", "columns"),
    Field("sort", Identifier(), "Sort", "The order to show them in", "sort"),
)  # fmt: skip

DOCTOR_RULE = _vocabulary(
    "doctor_rule", "doctor rules", "What 'crm doctor' looks for besides its own rules; '-RULE' without a filter: it is switched off",
    Field("entity", Choice("lead", "deal", "contact", "company", "task"), "On", "The kind of record it looks at", "entity", required=True),
    Field("filter", Identifier(), "Filter", "The filter that faulty records fit", "filter", required=True),
    Field("advice", Text(), "Advice", "What to do about them", "advice"),
)  # fmt: skip
CUSTOM_FIELD = _vocabulary(
    "custom_field", "custom fields", "A field of your own",
    Field("entity", Choice("opportunity", "contact", "company", "task"), "Of", "The records that have it; an opportunity is a lead or a deal", "entity", kept=True),
    Field("type", Identifier(), "Type", "What its values are", "type", kept=True),
    Field("label", Text(), "Label", "Its name for people", "label"),
    Field("help", Text(), "Help", "What it is for", "help"),
    Field("options", Identifier(), "Options", "What a choice chooses from, as a JSON list", "options"),
    Field("removed_at", Instant(), "Removed", "When it was removed; its values stay", "removed_at", settable=False),
)  # fmt: skip


def _distinct(table: str, plural: str) -> Entity:
    return Entity(
        f"{table}_distinct", f"distinct {plural}", f"{table}_distinct", f"v_{table}_distinct",
        (
            ID,
            Field("record", Ref(table), "Record", "One of the two", "record_id"),
            Field("other", Ref(table), "Other", "The other one", "other_id"),
            next(field for field in STAMPS if field.name == "created_at"),
        ),
        ("id", "record", "other", "created_at"), "-created_at", "", f"Two {plural} that are not the same, as somebody said",
    )  # fmt: skip


DISTINCT = tuple(
    _distinct(*names) for names in (("company", "companies"), ("contact", "people"), ("opportunity", "leads or deals"))
)
