"""What other programs write above their columns: for fields, beside the field's own names, and for their ids."""

from __future__ import annotations

from crmcli.services.imports.titles import WHOSE

#: Further titles of fields, the nearest first.
FIELDS = {
    "status": ("status type", "deal state", "opportunity state", "وضعیت"),
    "created_at": (
        "create date", "created date", "created on", "date created", "date added", "created time", "created at",
        "creation date", "add time", "deal created", "person created", "organization created", "engage date",
        "date entered", "تاریخ ایجاد", "تاریخ ثبت",
    ),
    "updated_at": (
        "last modified date", "modified date", "last modified", "modified on", "modified time", "modified at",
        "last modified time", "update time", "updated on", "last updated", "write date",
        "date modified",
    ),
    "closed_at": (
        "closed date", "closed on", "closed time", "close time", "won time", "lost time", "date won", "date lost",
        "date closed", "deal closed on", "actual close date", "actual close", "تاریخ انجام",
    ),
    "done_at": (
        "completed date", "completed on", "completed at", "completed time", "date completed", "completion date",
        "marked as done time", "closed time", "closed date", "closed at",
    ),
    "job_title": ("contact title", "function", "job title 1"),
    "phone": ("phones", "tel 1"),
    "mobile": ("mobile 1",),
    "stage": ("status reason",),
    "close_on": ("anticipated closed date", "anticipated close date", "تاریخ بسته شدن"),
    "company": ("orgname", "client", "primary company", "companies", "company 1", "default address company"),
    "owner": ("responsible", "responsible person", "responsible user", "assignee"),
    "birthday": ("birth date",),
    "opportunity": ("opportunity name", "deal name", "deal title", "lead title"),
}  # fmt: skip
#: Words in a file's name or before "id" that tell what it holds.
WORDS = {
    "lead": ("lead", "prospect"),
    "deal": ("deal", "opportunity", "opportunities", "pipeline", "pipeline record"),
    "contact": ("contact", "person", "people", "connection", "customer"),
    "company": ("company", "companies", "account", "organization", "organisation", "customer"),
    "task": ("task", "todo", "activity", "activities"),
    "interaction": ("interaction",),
}
#: Titles of ids that do not say whose they are.
_PLAIN_IDS = ("id", "external id", "record id", "rec id", "pipedrive system id", "copper id", "شناسه", "کد")
_ID_FORMS = (
    "{} id", "record id {}", "{} record id", "do not modify {}", "apollo {} id", "{} pipedrive system id",
    "کد {}", "شماره {}",
)  # fmt: skip


def of_ids(kind: str, *, own: bool) -> list[str]:
    """Titles of the column with the other program's id of each record of this kind, the surest first; in a file of our
    `own` a plain "id" is our number."""
    words = (*WORDS[kind], *(word for word in WHOSE.get(kind, ()) if not word.isascii()))
    return [form.format(word) for form in _ID_FORMS for word in words] + ([] if own else list(_PLAIN_IDS))
