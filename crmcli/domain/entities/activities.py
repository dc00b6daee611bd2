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
from crmcli.domain.types import INDEXED, Choice, Day, Instant, Integer, LongText, Ref, Text

INTERACTION_KINDS = ("note", "call", "email", "meeting", "message", "visit", "task", "document")

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
        Field("minutes", Integer(0, 100_000), "Minutes", "How long it takes", "minutes", ("duration",),
              headers=("duration in minutes", "duration minutes", "duration in hours", "duration hours", "duration in seconds",
                       "duration seconds", "call duration", "call duration in seconds", "مدت", "مدت زمان")),
        Field("priority", Choice(*PRIORITIES, numbers=True), "Priority", "none, low, medium or high", "priority", empty=0, headers=("اولویت",)),
        OWNER,
        Field("opportunity", Ref("opportunity"), "Lead or deal", "The lead or deal it belongs to", "opportunity_id", ("lead", "deal")),
        Field("contact", Ref("contact"), "Contact", "The person it is about", "contact_id",
              headers=("contact name", "contact person", "مخاطب", "شخص")),
        Field("company", Ref("company"), "Company", "The company it is about", "company_id", headers=COMPANY_HEADERS),
        DESCRIPTION, TAGS, EXTERNAL,
        Field("done_at", Instant(), "Done", "When it was done", "done_at", ("done",), settable=False),
        Field("feedback", LongText(), "Feedback", "What came of it", "feedback", settable=False, search=True),
        *(f for f in STAMPS if f.name != "archived_at"),
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
        Field("minutes", Integer(0, 100_000), "Minutes", "How long it took", "minutes"),
        Field("body", LongText(), "Text", "What was said or written", "body", ("text", "note"), search=True),
        Field("author", Ref("user", words=True), "Author", "Who wrote it down", "author_id"),
        Field("opportunity", Ref("opportunity"), "Lead or deal", "The lead or deal it belongs to", "opportunity_id", ("lead", "deal")),
        Field("contact", Ref("contact"), "Contact", "The person", "contact_id"),
        Field("company", Ref("company"), "Company", "The company", "company_id"),
        Field("task", Ref("task"), "Task", "The task it came from", "task_id"),
        EXTERNAL,
        *(f for f in STAMPS if f.name != "archived_at"),
    ),
    ("id", "at", "kind", "body", "opportunity", "contact", "company", "author"),
    "-at", "", "A note, call, e-mail, meeting, message or visit", "note",
)  # fmt: skip
