"""crm note: notes on a record's timeline, from the command line, standard input or an editor; and all that was logged
beside them, since calls, meetings and the rest are numbered together."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from crmcli.commands.editor import composed, named
from crmcli.commands.frame import book, noun
from crmcli.commands.records import edit_records, listed, marking, purging
from crmcli.commands.words import text_of
from crmcli.domain.entities import INTERACTION
from crmcli.errors import UsageError
from crmcli.results import Changed, Note
from crmcli.services import naming, records, references, timeline

app = noun(
    "Examples:\n"
    '  crm note add lead:12 "met at PyCon"\n'
    "  crm note add contact:7            # opens $EDITOR\n"
    "  pbpaste | crm note add deal:31 -\n"
    "  crm note list deal:31\n"
    "  crm note remove 15                # a note, call, meeting ... by its number"
)
listed(app, INTERACTION, noun="note", example="deal:31 kind:call at:this-week")


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
    kind, number = naming.resolve_any(context, record)
    words = list(text or ())
    if words:
        body = text_of(words)
    elif editable():
        about = f"Note on {references.describe(context, kind, records.get(context, kind, number))}"
        with composed(about, say=context.say) as body:
            if not body:
                return Note("the note is empty; nothing was saved", data=False)
            return timeline.add(context, kind, number, "note", body, at=at)
    else:
        raise UsageError(
            "which text?", f'crm note add {record} "...", or - to read it from standard input, or set EDITOR'
        )
    return timeline.add(context, kind, number, "note", body, at=at)


def editable() -> bool:
    """Whether a text can be asked for in an editor."""
    return bool(named() or (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()))


@app.command(
    "show",
    help="Show one note, call, meeting ... with all that is known of it.",
    epilog="Examples:\n  crm note show 15\n  crm note show interaction:15 -o json",
)
def show(
    ctx: typer.Context,
    which: Annotated[str, typer.Argument(metavar="WHICH", help="A number as 'crm note list' has it")],
) -> Any:
    context = book(ctx)
    return records.show(context, INTERACTION, naming.resolve(context, INTERACTION, which))


@app.command(
    "edit",
    help="Change what was noted or logged: one text, or fields of all that fit a filter.",
    epilog="Examples:\n"
    '  crm note edit 15 "met at EuroPython"\n'
    "  crm note edit 15                  # opens $EDITOR\n"
    "  crm note edit 15 at=yesterday minutes=20 on=deal:31\n"
    "  crm note list deal:31 -o ids | crm note edit - on=deal:32",
)
def edit(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(metavar="WHICH... [TEXT|-|FIELD=VALUE...]", help="A number and its new text, or new values"),
    ],
) -> Changed | Note | None:
    rest, assigned = records.split_words(words)
    if assigned:
        return edit_records(ctx, INTERACTION, words, timeline.edit)
    if rest[0] == "-":
        raise UsageError("nothing to change", "write FIELD=VALUE, as in 'crm note edit - kind=call'")
    context = book(ctx)
    number = naming.resolve(context, INTERACTION, rest[0])
    if rest[1:]:
        return timeline.edit(context, [number], {"body": text_of(rest[1:])})
    if not editable():
        raise UsageError(
            "which text?", f'crm note edit {number} "...", or - to read it from standard input, or set EDITOR'
        )
    was = records.get(context, INTERACTION, number)["body"] or ""
    with composed(f"interaction:{number}", was, say=context.say) as body:
        if not body:
            return Note("the text is empty; nothing was saved", data=False)
        if body == was:
            return Note("the text is as it was; nothing was saved", data=False)
        return timeline.edit(context, [number], {"body": body}, seen={"body": was})


marking(
    app,
    INTERACTION,
    "remove",
    "Remove",
    records.remove,
    "Take notes, calls, meetings ... off their timelines; restore or undo brings them back.",
    noun="note",
    example="deal:31",
)
marking(
    app,
    INTERACTION,
    "restore",
    "Restore",
    records.restore,
    "Bring removed ones back.",
    noun="note",
    example="deal:31 is:removed",
)
purging(app, INTERACTION)
