"""crm log: write down a call, e-mail, meeting, message or visit."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.words import text_of
from crmcli.errors import UsageError
from crmcli.results import Changed
from crmcli.services import naming, timeline

app = noun()


@app.command(
    "log",
    help="Write down what happened with a record, on its timeline.",
    epilog="Examples:\n"
    '  crm log call lead:12 "no answer" --at "yesterday 16:00" --minutes 5\n'
    '  crm log email contact:7 "sent the offer" --out\n'
    "'crm note edit' and 'crm note remove' mend what was logged.",
)
def log(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=", ".join(timeline.LOGGED))],
    record: Annotated[str, typer.Argument(metavar="RECORD", help="lead:12, a name, an e-mail address")],
    text: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT|-]", help="What was said; - reads it from stdin")
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="WHEN", help="When, such as 'yesterday 16:00'; now unless given", show_default=False
        ),
    ] = "",
    minutes: Annotated[str, typer.Option("--minutes", metavar="N", help="How long it took", show_default=False)] = "",
    inward: Annotated[bool, typer.Option("--in", help="They came to us", show_default=False)] = False,
    outward: Annotated[bool, typer.Option("--out", help="We went to them", show_default=False)] = False,
) -> Changed:
    if inward and outward:
        raise UsageError("--in and --out exclude each other")
    context = book(ctx)
    about, number = naming.resolve_any(context, record)
    body = text_of(text or ())
    direction = "in" if inward else "out" if outward else ""
    return timeline.add(context, about, number, kind, body, at=at, minutes=minutes, direction=direction)
