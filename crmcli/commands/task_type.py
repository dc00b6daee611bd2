"""crm task type: the types of tasks, what is usual for each, and what comes after it."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.records import MaybeValues, Values, assignments, told
from crmcli.results import Changed, Rows
from crmcli.services import task_types

app = noun(
    "Examples:\n"
    '  crm task type add demo summary="Show it to them" minutes=45 delay=5wd\n'
    "  crm task type edit demo next=call next_mode=trigger   # makes a call when done\n"
    "  crm task type edit call delay=1w delay_from=deadline\n"
    "  crm task type remove demo --to meeting\n\n'crm fields task_type' lists the fields."
)
Name = Annotated[str, typer.Argument(metavar="TYPE")]


@app.command("list", help="List the types and what is usual for each.")
def list_(ctx: typer.Context) -> Rows:
    return task_types.task_types(book(ctx))


@app.command(
    "add",
    help="Add a type of task.",
    epilog='Examples:\n  crm task type add demo summary="Show it to them" delay=5wd next=call',
)
def add(ctx: typer.Context, name: Name, words: MaybeValues = None) -> Changed:
    return task_types.add(book(ctx), name, assignments(words or ()))


@app.command(
    "edit",
    help="Change a type: what is usual for its tasks, and what comes after one that is done.",
    epilog="Examples:\n"
    "  crm task type edit call delay=3d summary='Call them' minutes=15\n"
    "  crm task type edit call next=email next_mode=suggest\n"
    "  crm task type edit call next=      # nothing comes after it any more",
)
def edit(ctx: typer.Context, name: Name, words: Values) -> Changed:
    return told(task_types.edit(book(ctx), name, assignments(words)), f"the task type {name}")


@app.command("remove", help="Remove a type; what is of it gets another one.")
def remove(
    ctx: typer.Context,
    name: Name,
    to: Annotated[
        str, typer.Option("--to", metavar="TYPE", help="Of which type its tasks are then", show_default=False)
    ] = "",
) -> Changed:
    return task_types.remove(book(ctx), name, to)
