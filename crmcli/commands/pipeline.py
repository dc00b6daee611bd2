"""crm pipeline: the board as text, and the pipelines themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.records import Values, assignments, told
from crmcli.errors import NotFoundError
from crmcli.results import Changed, Rows
from crmcli.services import pipelines

app = noun(
    "Examples:\n"
    "  crm pipeline                     # the board of the first pipeline\n"
    "  crm pipeline Partners owner:me   # of another one, filtered\n"
    "  crm pipeline add Partners New Talking Signed\n\nA pipeline that has the name of a verb: crm pipeline board add"
)


@app.command(
    "board",
    help="The board as text: stages with count, sum and weighted sum.",
    epilog="Examples:\n  crm pipeline\n  crm pipeline owner:me close:this-month",
)
def board(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PIPELINE] [WORDS]...", help="A pipeline's name, then a filter of deals"),
    ] = None,
) -> Rows:
    context = book(ctx)
    rest = list(words or ())
    if not rest:
        return pipelines.board(context)
    try:
        pipelines.pipeline_id(context, rest[0])
    except NotFoundError:
        if ":" not in rest[0] and len(rest) == 1:
            raise
        return pipelines.board(context, "", rest)
    return pipelines.board(context, rest[0], rest[1:])


@app.command("list", help="List the pipelines and their stages.")
def list_(ctx: typer.Context) -> Rows:
    return pipelines.pipelines(book(ctx))


@app.command(
    "add",
    help="Add a pipeline; its stages in order, the last one is the won one.",
    epilog="Examples:\n  crm pipeline add Partners New Talking Signed",
)
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    stages: Annotated[
        list[str] | None, typer.Argument(metavar="[STAGE]...", help="Its stages; the usual four unless given")
    ] = None,
) -> Changed:
    return pipelines.pipeline_add(book(ctx), name, tuple(stages or ()))


@app.command("edit", help="Change a pipeline.", epilog="Examples:\n  crm pipeline edit Sales name=Direct")
def edit(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    words: Values,
) -> Changed:
    return told(pipelines.pipeline_edit(book(ctx), name, assignments(words)), f"the pipeline {name}")
