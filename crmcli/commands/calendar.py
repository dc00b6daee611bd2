"""crm calendar: tasks as an iCalendar file, and such a file as tasks."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.errors import ReadError, UsageError
from crmcli.results import Bytes, Changed

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


@app.command(
    "import",
    help="Take meetings and to-dos of an iCalendar file in as tasks; the same file again changes nothing.",
    epilog="Examples:\n  crm calendar import meetings.ics\n  crm calendar import --dry-run invite.ics\n"
    "  curl -s https://example.org/team.ics | crm calendar import -",
)
def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file; - reads standard input")],
    owner: Annotated[
        str, typer.Option("--owner", metavar="USER", help="Whose new tasks are; yours", show_default=False)
    ] = "",
    add_contacts: Annotated[
        bool,
        typer.Option("--add-contacts", help="Add people who take part and are not in the book", show_default=False),
    ] = False,
) -> Changed:
    from crmcli.services import calendar_import

    run = run_of(ctx)
    data = read_bytes(file)
    called = "the input" if file == "-" else os.path.basename(file)
    found = calendar_import.import_calendar(book(ctx), data, called=called, owner=owner, add_contacts=add_contacts)
    for line in found.refused[: calendar_import.TOLD]:
        run.context.say(f"refused {line}")
    if len(found.refused) > calendar_import.TOLD:
        run.context.say(f"... and {len(found.refused) - calendar_import.TOLD:,} more")
    run.failed = bool(found.refused)
    return found.changed


def read_bytes(file: str) -> bytes:
    """A file's content, or standard input's for `-`. Raises ReadError."""
    try:
        if file == "-":
            return sys.stdin.buffer.read() if sys.stdin else b""
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise ReadError(f"{file} cannot be read: {error.strerror}") from None
