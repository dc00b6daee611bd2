"""crm stage: the steps of a pipeline."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.records import MaybeValues, Values, assignments, told
from crmcli.results import Changed, Rows
from crmcli.services import pipelines

app = noun(
    "Examples:\n"
    "  crm stage add Negotiation --after Proposition probability=80\n"
    "  crm stage edit Won folded=yes\n"
    "  crm stage reorder New Qualified Proposition Won\n"
    "  crm stage remove Negotiation --to Proposition"
)
Pipeline = Annotated[
    str, typer.Option("--pipeline", metavar="NAME", help="The pipeline; the first one unless given", show_default=False)
]
Name = Annotated[str, typer.Argument(metavar="STAGE")]


@app.command("list", help="List the stages in order.")
def list_(ctx: typer.Context, pipeline: Pipeline = "") -> Rows:
    return pipelines.stages(book(ctx), pipeline)


@app.command(
    "add",
    help="Add a stage: before the won one, or behind another.",
    epilog="Examples:\n  crm stage add Negotiation --after Proposition probability=80 rot_days=14",
)
def add(
    ctx: typer.Context,
    name: Name,
    words: MaybeValues = None,
    pipeline: Pipeline = "",
    after: Annotated[str, typer.Option("--after", metavar="STAGE", help="Behind which stage", show_default=False)] = "",
) -> Changed:
    return pipelines.stage_add(book(ctx), name, pipeline=pipeline, after=after, assigned=assignments(words or ()))


@app.command("edit", help="Change a stage.", epilog="Examples:\n  crm stage edit Proposition name=Offer probability=65")
def edit(ctx: typer.Context, name: Name, words: Values, pipeline: Pipeline = "") -> Changed:
    done = pipelines.stage_edit(book(ctx), name, assignments(words), pipeline=pipeline)
    return told(done, f"the stage {name}")


@app.command("reorder", help="Put the stages in this order.")
def reorder(
    ctx: typer.Context, names: Annotated[list[str], typer.Argument(metavar="STAGE...")], pipeline: Pipeline = ""
) -> Changed:
    return told(pipelines.stage_reorder(book(ctx), names, pipeline=pipeline), "the order of the stages")


@app.command("remove", help="Remove a stage; what is in it goes to another.")
def remove(
    ctx: typer.Context,
    name: Name,
    to: Annotated[
        str, typer.Option("--to", metavar="STAGE", help="Where its leads and deals go", show_default=False)
    ] = "",
    pipeline: Pipeline = "",
) -> Changed:
    return pipelines.stage_remove(book(ctx), name, to=to, pipeline=pipeline)
