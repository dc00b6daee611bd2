"""crm note: notes on a record's timeline, from the command line, standard input or an editor."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crmcli.commands.editor import compose, named
from crmcli.commands.frame import book, noun
from crmcli.commands.words import text_of
from crmcli.errors import UsageError
from crmcli.results import Changed, Note
from crmcli.services import records, timeline

app = noun(
    "Examples:\n"
    '  crm note add lead:12 "met at PyCon"\n'
    "  crm note add contact:7            opens $EDITOR\n"
    "  pbpaste | crm note add deal:31 -"
)


@app.command(
    "add",
    help="Put a note on a record's timeline; without a text your editor opens, - reads it from stdin.",
    epilog='Examples:\n  crm note add lead:12 "met at PyCon"\n  echo text | crm note add ada@engines.example -',
)
def add(
    ctx: typer.Context,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="lead:12, a name, an e-mail address")],
    text: Annotated[list[str] | None, typer.Argument(metavar="[TEXT|-]", help="The note")] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="WHEN", help="When it was, such as 'yesterday 16:00'", show_default=False)
    ] = "",
) -> Changed | Note:
    context = book(ctx)
    kind, number = records.resolve_any(context, record)
    words = list(text or ())
    if words:
        body = text_of(words)
    elif named() or (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        body = compose(f"Note on {records.describe(kind, records.get(context, kind, number))}")
        if not body:
            return Note("the note is empty; nothing was saved", data=False)
    else:
        raise UsageError(
            "which text?", f'crm note add {record} "...", or - to read it from standard input, or set EDITOR'
        )
    return timeline.add(context, kind, number, "note", body, at=at)
