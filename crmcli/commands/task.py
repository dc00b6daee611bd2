"""crm task: what is to be done, and when."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.records import Which, carry_out, register
from crmcli.domain.entities import TASK
from crmcli.errors import UsageError

app = noun(
    "Examples:\n  crm task add \"Call Ada\" --on lead:12 --due \"fri 14:30\" --type call\n"
    "  crm task list is:overdue owner:me\n  crm task done 7 --feedback \"she wants a quote\"\n  crm task snooze 7 +3d"
)  # fmt: skip
register(app, TASK, example="is:overdue owner:me")


@app.command(
    "done",
    help="Tick tasks off; what came of it goes on the timeline.",
    epilog='Examples:\n  crm task done 7 --feedback "she wants a quote"',
)
def done(
    ctx: typer.Context,
    which: Which,
    feedback: Annotated[
        str, typer.Option("--feedback", metavar="TEXT", help="What came of it", show_default=False)
    ] = "",
) -> Any:
    from crmcli.services import tasks

    return carry_out(ctx, TASK, which, "Tick off", lambda numbers: tasks.done(book(ctx), numbers, feedback))


@app.command(
    "snooze",
    help="Put tasks off; the last word is the new day.",
    epilog="Examples:\n  crm task snooze 7 +3d\n  crm task snooze 7 +3wd\n  crm task snooze is:overdue mon",
)
def snooze(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WHICH... WHEN", help="Which tasks, then a day: +3d, +3wd, mon, 'fri 14:30', 2026-12-01"
        ),
    ],
) -> Any:
    from crmcli.services import tasks

    if len(words) < 2:
        raise UsageError("until when?", "as in 'crm task snooze 7 +3d'")
    return carry_out(ctx, TASK, words[:-1], "Put off", lambda numbers: tasks.snooze(book(ctx), numbers, words[-1]))


@app.command("reopen", help="Take back that tasks are done.")
def reopen(ctx: typer.Context, which: Which) -> Any:
    from crmcli.services import tasks

    return carry_out(ctx, TASK, which, "Reopen", lambda numbers: tasks.reopen(book(ctx), numbers))
