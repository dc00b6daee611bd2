"""crm task: what is to be done, and when."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun, whole
from crmcli.commands.records import Which, Words, carry_out, register
from crmcli.commands.words import with_last
from crmcli.domain.entities import TASK

app = noun(
    "Examples:\n  crm task add \"Call Ada\" --on lead:12 --due \"fri 14:30\" --type call\n"
    "  crm task list is:overdue owner:me\n  crm task done 7 --feedback \"she wants a quote\"\n  crm task snooze 7 +3d\n"
    "  crm task add \"Report\" --repeat \"every monday\" --remind 15m,1d --needs 12"
)  # fmt: skip
register(app, TASK, example="is:overdue owner:me")


@app.command(
    "next",
    help="What to do next: the most urgent tasks that wait for no other task.",
    epilog="Examples:\n  crm task next owner:me --limit 5\n  crm task why 12",
)
def next_(
    ctx: typer.Context,
    words: Words = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", parser=whole, metavar="N", help="How many rows; 0 = all", show_default=False),
    ] = None,
    page: Annotated[
        str, typer.Option("--page", metavar="CURSOR", help="Go on where the last list ended", show_default=False)
    ] = "",
) -> Any:
    from crmcli.services import urgency

    return urgency.next_tasks(book(ctx), words or (), limit=limit, page=page)


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
    help="Put tasks off; the day is the last word, or said with --to.",
    epilog="Examples:\n  crm task snooze 7 +3d\n  crm task snooze 7 +3wd\n"
    "  crm task snooze due:..today --to +2d\n  crm task snooze is:overdue mon",
)
def snooze(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WHICH... [WHEN]", help="Which tasks, then a day: +3d, +3wd, mon, 'fri 14:30', 2026-12-01"
        ),
    ],
    to: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="The day", show_default=False)] = None,
) -> Any:
    from crmcli.services import tasks

    which, when = with_last(words, to, "until when?", "crm task snooze 7 +3d")
    return carry_out(ctx, TASK, which, "Put off", lambda numbers: tasks.snooze(book(ctx), numbers, when))


@app.command(
    "delegate",
    help="Give tasks to somebody else, and keep in mind that they are from you.",
    epilog="Examples:\n  crm task delegate 7 grace\n  crm task delegate is:overdue owner:me --to grace\n"
    "  crm task list delegated_by:me",
)
def delegate(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WHICH... [WHO]", help="Which tasks, then a user")],
    to: Annotated[str | None, typer.Option("--to", metavar="WHO", help="The user", show_default=False)] = None,
) -> Any:
    from crmcli.services import tasks

    which, who = with_last(words, to, "to whom?", "crm task delegate 7 grace")
    return carry_out(ctx, TASK, which, "Delegate", lambda numbers: tasks.delegate(book(ctx), numbers, who))


@app.command("reopen", help="Take back that tasks are done.")
def reopen(ctx: typer.Context, which: Which) -> Any:
    from crmcli.services import tasks

    return carry_out(ctx, TASK, which, "Reopen", lambda numbers: tasks.reopen(book(ctx), numbers), over=True)
