"""crm calendar feed: calendars that programs subscribe to."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.domain.entities import TASK
from crmcli.results import Changed, Rows
from crmcli.services import feeds, records

app = noun(
    f"Examples:\n  {feeds.PROPOSED}\n  crm calendar feed add team view:meetings --todo\n  crm calendar feed rotate mine"
)
Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command(
    "add",
    help="Make a feed of tasks, and say its address: it is said this once. 'crm serve' serves it.",
    epilog=f"Examples:\n  {feeds.PROPOSED}\n  crm calendar feed add grace owner:me --owner grace",
)
def add(
    ctx: typer.Context,
    name: Name,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[FILTER]...", help="Which tasks; 'me' is the owner of the feed")
    ] = None,
    todo: Annotated[bool, typer.Option("--todo", help="To-dos instead of events", show_default=False)] = False,
    owner: Annotated[str, typer.Option("--owner", metavar="USER", help="Whose feed; yours", show_default=False)] = "",
) -> Changed:
    book(ctx).learn()
    return feeds.add(book(ctx), name, records.filter_text(TASK, words or ()), todo=todo, owner=owner)


@app.command("list", help="List the feeds, without their addresses.")
def list_(ctx: typer.Context) -> Rows:
    return feeds.feeds(book(ctx))


@app.command("rotate", help="Give a feed a new address, and end the old one.")
def rotate(ctx: typer.Context, name: Name) -> Changed:
    return feeds.rotate(book(ctx), name)


@app.command("remove", help="End a feed.")
def remove(ctx: typer.Context, name: Name) -> Changed:
    return feeds.remove(book(ctx), name)
