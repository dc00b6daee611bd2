"""crm notify: the channels that reminders go by, and a test of each."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.commands.sending import handing_over
from crmcli.results import Column, Note, Rows

app = noun("Examples:\n  crm notify list\n  crm notify test\n  crm notify test mail")
COLUMNS = (Column("channel", None, "Channel"), Column("about", None, "Where it leads"))
TOLD = (Column("channel", None, "Channel"), Column("outcome", None, "Outcome"), Column("detail", None, "Detail"))


@app.command("list", help="List the channels that are set up.")
def list_(ctx: typer.Context) -> Rows:
    from crmcli.services import notifying

    found = notifying.channels(book(ctx))
    return Rows(COLUMNS, [{"channel": each.name, "about": each.about} for each in found], numbered=False)


@app.command(
    "test",
    help="Send a test message through one channel, or through each of them, and say what became of it.",
    epilog="Examples:\n  crm notify test\n  crm notify test mail",
)
def try_(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="CHANNEL", help="One of those that 'crm notify list' shows")
    ] = None,
) -> Rows | Note:
    from crmcli.services import notifying

    run, context = run_of(ctx), book(ctx)
    stream = sys.stderr  # the outcomes go to standard output
    channels = notifying.channels
    asked = [notifying.channel(context, name, stream=stream)] if name else channels(context, stream=stream)
    if run.dry_run:
        context.say("dry run: nothing was sent")
        return Note(f"would: send a test message through {', '.join(each.name for each in asked)}", data=False)
    message = notifying.trial(context)
    rows = []
    for each in asked:
        with handing_over(run, f"the test message by {each.name}"):
            outcome = each.deliver(message)
        run.failed = run.failed or not outcome.sent
        rows.append({"channel": each.name, "outcome": str(outcome.fate), "detail": outcome.detail})
    return Rows(TOLD, rows, numbered=False)
