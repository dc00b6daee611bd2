"""crm calendar: tasks as an iCalendar file."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.errors import UsageError
from crmcli.results import Bytes

app = noun("Examples:\n  crm calendar export > follow-ups.ics\n  crm calendar export owner:me type:meeting > mine.ics")


@app.command(
    "export",
    help="Write tasks with a day as an iCalendar file; the same tasks give the same bytes.",
    epilog="Examples:\n  crm calendar export owner:me > follow-ups.ics",
)
def export(
    ctx: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]...", help="A filter of tasks")] = None,
    todo: Annotated[bool, typer.Option("--todo", help="To-dos instead of events", show_default=False)] = False,
) -> Bytes:
    from crmcli.services import calendars

    if run_of(ctx).output:
        raise UsageError(
            f"a calendar is an iCalendar file, not {run_of(ctx).output}",
            "leave out the format; 'crm task list' has the same tasks in every one",
        )
    return calendars.export(book(ctx), tuple(words or ()), todo=todo)
