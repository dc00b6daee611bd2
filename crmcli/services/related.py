"""What hangs on a record: its people, deals, open tasks and timeline, as sections of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.query import quote
from crmcli.results import Section
from crmcli.services import records, timeline

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

TASK_COLUMNS = "id,name,type,due_on,due_at,owner"


def sections(ctx: Context, kind: Entity, row: dict[str, Any]) -> tuple[Section, ...]:
    """The lists under a record; those without a row are left out."""
    number = row["id"]
    found: list[Section] = []
    if kind.table == "opportunity":
        found.append(
            records.list_section(ctx, "tasks", "Open tasks", TASK, f"opportunity:{number}", columns=TASK_COLUMNS)
        )
    elif kind.name == "contact":
        found += [
            records.list_section(
                ctx,
                "deals",
                "Deals",
                DEAL,
                f"contact:{number} is:any",
                columns="id,name,status,stage,value,currency,close_on",
            ),
            records.list_section(ctx, "tasks", "Open tasks", TASK, f"contact:{number}", columns=TASK_COLUMNS),
        ]
    elif kind.name == "company":
        leads = f"company:={quote(row['name'])}"
        found += [
            records.list_section(
                ctx,
                "people",
                "People",
                CONTACT,
                f"company:{number}",
                columns="id,name,job_title,email,phone",
                sort="name",
                limit=50,
            ),
            records.list_section(
                ctx,
                "companies",
                "Companies under it",
                COMPANY,
                f"parent:{number}",
                columns="id,name,city,country",
                sort="name",
                limit=50,
            ),
            records.list_section(
                ctx,
                "deals",
                "Deals",
                DEAL,
                f"company:{number} is:any",
                columns="id,name,status,stage,value,currency,close_on",
            ),
            records.list_section(ctx, "tasks", "Open tasks", TASK, f"company:{number}", columns=TASK_COLUMNS),
            records.list_section(ctx, "leads", "Leads", LEAD, leads, columns="id,name,stage,owner,created_at"),
        ]
    if kind.name in ("lead", "deal", "contact", "company"):
        found.append(Section("timeline", "Timeline", timeline.timeline(ctx, kind, number, 20)))
    return tuple(section for section in found if section.rows.rows)
