"""What hangs on a record: its people, deals, open tasks and timeline, as sections of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.query import quote
from crmcli.results import Section
from crmcli.services import needs, neglected, occasions, records, timeline

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

TASK_COLUMNS = "id,name,type,due_on,due_at,owner"
DEAL_COLUMNS = "id,name,status,stage,value,currency,close_on"


class Under(NamedTuple):
    """A list under a record: `filter` says what is in it, with `{id}` and `{name}` of the record."""

    key: str
    title: str
    kind: Entity
    filter: str
    columns: str
    sort: str = ""
    limit: int = 20


OF_OPPORTUNITY = (Under("tasks", "Open tasks", TASK, "opportunity:{id}", TASK_COLUMNS),)
#: The lists under each kind of record, in their order; the timeline comes after them.
LISTS = {
    "lead": OF_OPPORTUNITY,
    "deal": OF_OPPORTUNITY,
    "contact": (
        Under("deals", "Deals", DEAL, "contact:{id} is:any", DEAL_COLUMNS),
        Under("tasks", "Open tasks", TASK, "contact:{id}", TASK_COLUMNS),
    ),
    "company": (
        Under("people", "People", CONTACT, "company:{id}", "id,name,job_title,email,phone", "name", 50),
        Under("companies", "Companies under it", COMPANY, "parent:{id}", "id,name,city,country", "name", 50),
        Under("deals", "Deals", DEAL, "company:{id} is:any", DEAL_COLUMNS),
        Under("tasks", "Open tasks", TASK, "company:{id}", TASK_COLUMNS),
        # A lead's company is text, not a link.
        Under("leads", "Leads", LEAD, "company:={name}", "id,name,stage,owner,created_at"),
    ),
}


def sections(ctx: Context, kind: Entity, row: dict[str, Any]) -> tuple[Section, ...]:
    """The lists under a record, after what is to be looked after in it; those without a row are left out."""
    found = [section] if kind.kind and (section := neglected.warnings(ctx, kind, row)) else []
    for under in LISTS.get(kind.name, ()):
        text = under.filter.format(id=row["id"], name=quote(row["name"]))
        found.append(
            records.list_section(
                ctx,
                under.key,
                under.title,
                under.kind,
                text,
                columns=under.columns,
                sort=under.sort,
                limit=under.limit,
            )
        )
    if kind.name == TASK.name:
        found += [_tasks(ctx, key, title, ends) for key, title, ends in needs.around(ctx.reader, row["id"]) if ends]
    if kind in occasions.KINDS:
        found.append(Section("occasions", "Occasions", occasions.of_record(ctx, kind, row["id"])))
    if kind.name in LISTS:
        found.append(Section("timeline", "Timeline", timeline.timeline(ctx, kind, row["id"], 20)))
    return tuple(section for section in found if section.rows.rows)


def _tasks(ctx: Context, key: str, title: str, numbers: list[int]) -> Section:
    """These tasks, those that are done too."""
    text = f"id:{','.join(map(str, numbers))} is:any"
    return records.list_section(ctx, key, title, TASK, text, columns="id,name,due_on,due_at,owner,done_at")
