"""What is to be done, and what happened."""

from __future__ import annotations

from crmcli.domain.entities.shared import (
    COMPANY_HEADERS,
    DESCRIPTION,
    EXTERNAL,
    ID,
    OWNER,
    PRIORITIES,
    STAMPS,
    TAGS,
    UID,
)
from crmcli.domain.fields import Entity, Field
from crmcli.domain.types import (
    INDEXED,
    Choice,
    Day,
    Duration,
    Flag,
    Identifier,
    Instant,
    Integer,
    LongText,
    Mailboxes,
    Ref,
    Reminders,
    Repeat,
    Text,
)

INTERACTION_KINDS = ("note", "call", "email", "meeting", "message", "visit", "task", "document")


def _count(one: str, other: str) -> str:
    """How many open tasks stand at the other end of what a task needs, or of what needs it."""
    return (
        f"(select count(*) from task_need n join task k on k.id = n.{other}"
        f" where n.{one} = t.id and coalesce(k.done_at, k.removed_at) is null)"
    )


TASK = Entity(
    "task", "tasks", "task", "v_task",
    (
        ID, UID,
        Field("name", Text(INDEXED, "description"), "Name", "What is to be done; all that is required", "name", search=True, indexed=True, required=True,
              headers=("task", "subject", "title", "summary", "task name", "عنوان", "موضوع", "وظیفه", "کار")),
        Field("type", Ref("task_type", words=True, create=True), "Type", "call, email, meeting, to-do, document or your own", "type_id",
              headers=("task type", "activity type", "نوع")),
        Field("due_on", Day(), "Due", "The day it is due", "due_on", ("due",), indexed=True, moment="due_at",
              headers=("due date", "deadline", "activitydate", "due", "سررسید", "تاریخ سررسید", "مهلت")),
        Field("due_at", Instant(), "Due at", "The moment it is due, when a time was given", "due_at", settable=False),
        Field("minutes", Duration(), "Minutes", "How long it takes: 45, 45m, 1h30", "minutes", ("duration",),
              headers=("duration in minutes", "duration minutes", "duration in hours", "duration hours", "duration in seconds",
                       "duration seconds", "call duration", "call duration in seconds", "مدت", "مدت زمان")),
        Field("priority", Choice(*PRIORITIES, numbers=True), "Priority", "none, low, medium or high", "priority", empty=0, headers=("اولویت",)),
        Field("place", Text(), "Place", "Where it takes place", "place", search=True, headers=("location", "venue", "مکان", "محل")),
        Field("remind", Reminders(), "Reminders", "How long before it to be reminded: 15m,1d; none is not at all", "remind"),
        Field("repeat", Repeat(), "Repeats", "How often it comes again: every monday, monthly on the last day, or an RRULE", "repeat"),
        Field("repeat_from", Choice("deadline", "done"), "Repeats from", "Whether the next one counts from the deadline (unless said) or from the day when it is done", "repeat_from"),
        Field("series_on", Day(), "Day of its series", "The day that its series gave it, where it was put off", "series_on", settable=False),
        Field("series_time", Identifier(), "Time of its series", "The time of the day that its series gives it", "series_time", settable=False),
        Field("series_zone", Identifier(), "Zone of its series", "The time zone in which its series is counted", "series_zone", settable=False),
        Field("series_skips", Identifier(), "Left out", "The days that its series leaves out", "series_skips", settable=False),
        OWNER,
        Field("delegated_by", Ref("user", words=True), "Delegated by", "Who gave it to its owner", "delegated_by_id", settable=False),
        Field("opportunity", Ref("opportunity"), "Lead or deal", "The lead or deal it belongs to", "opportunity_id", ("lead", "deal")),
        Field("contact", Ref("contact"), "Contact", "The person it is about", "contact_id",
              headers=("contact name", "contact person", "مخاطب", "شخص")),
        Field("company", Ref("company"), "Company", "The company it is about", "company_id", headers=COMPANY_HEADERS),
        Field("attendees", Mailboxes(), "Attendees", "Who takes part: Ada <ada@example.org>, bob@example.org", "attendees", search=True),
        Field("follows", Ref("task"), "Follows", "The task of its series that it comes after", "follows_id", settable=False),
        Field("triggered_by", Ref("task"), "Triggered by", "The task whose type made it, when that was done", "triggered_by_id", settable=False),
        Field("blocked_by", Integer(0), "Blocked by", "How many tasks that it needs are still open", settable=False,
              expr=_count("task_id", "needs_id")),
        Field("blocks", Integer(0), "Blocks", "How many open tasks need it", settable=False, expr=_count("needs_id", "task_id")),
        DESCRIPTION, TAGS, EXTERNAL,
        Field("done_at", Instant(), "Done", "When it was done", "done_at", ("done",), settable=False),
        Field("feedback", LongText(), "Feedback", "What came of it", "feedback", settable=False, search=True),
        *(f for f in STAMPS if f.name != "archived_at"),
        Field("ical", Identifier(), "iCalendar", "What its calendar item says beyond the fields here", "ical", settable=False),
    ),
    ("id", "name", "type", "due_on", "due_at", "opportunity", "contact", "company", "owner", "priority"),
    "due_on", "", "Something to do, by a day or a time",
)  # fmt: skip

INTERACTION = Entity(
    "interaction", "interactions", "interaction", "v_interaction",
    (
        ID, UID,
        Field("kind", Choice(*INTERACTION_KINDS), "Kind", "note, call, email, meeting, message, visit", "kind", kept=True),
        Field("at", Instant(), "At", "When it happened", "at", indexed=True, kept=True),
        Field("direction", Choice("in", "out"), "Direction", "in: they to us; out: we to them", "direction"),
        Field("minutes", Duration(), "Minutes", "How long it took", "minutes"),
        Field("body", LongText(), "Text", "What was said or written", "body", ("text", "note"), search=True),
        Field("author", Ref("user", words=True), "Author", "Who wrote it down", "author_id"),
        Field("opportunity", Ref("opportunity"), "Lead or deal", "The lead or deal it belongs to", "opportunity_id", ("lead", "deal")),
        Field("contact", Ref("contact"), "Contact", "The person", "contact_id"),
        Field("company", Ref("company"), "Company", "The company", "company_id", headers=COMPANY_HEADERS),
        Field("task", Ref("task"), "Task", "The task it came from", "task_id"),
        EXTERNAL,
        *(f for f in STAMPS if f.name != "archived_at"),
    ),
    ("id", "at", "kind", "body", "opportunity", "contact", "company", "author"),
    "-at", "", "A note, call, e-mail, meeting, message or visit", "note",
)  # fmt: skip
TASK_NEED = Entity(
    "task_need", "needs of tasks", "task_need", "v_task_need",
    (
        ID,
        Field("task", Ref("task"), "Task", "The task that waits", "task_id"),
        Field("needs", Ref("task"), "Needs", "The task that is to be done first", "needs_id"),
        next(field for field in STAMPS if field.name == "created_at"),
    ),
    ("id", "task", "needs", "created_at"), "id", "", "That a task needs another one done first",
)  # fmt: skip
OCCASION = Entity(
    "occasion", "occasions", "occasion", "v_occasion",
    (
        ID, UID,
        Field("name", Text(INDEXED), "Name", "What the day is: an anniversary, the end of a contract", "name", required=True, indexed=True),
        Field("contact", Ref("contact"), "Contact", "Whose day it is", "contact_id"),
        Field("company", Ref("company"), "Company", "The company whose day it is", "company_id"),
        Field("on_day", Day(), "Day", "The day, for the first time where its year is known", "on_day", required=True),
        Field("calendar", Choice("gregorian", "jalali"), "Calendar", "The calendar in which it comes every year", "calendar", kept=True),
        Field("year_known", Flag(), "Year known", "Whether the year of the day means something", "year_known"),
        *(f for f in STAMPS if f.name in ("created_at", "updated_at")),
    ),
    ("id", "name", "contact", "company", "on_day", "calendar"), "on_day", "", "A day of the year that belongs to somebody",
)  # fmt: skip
