"""crm user: who works with the book."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.adding import adding
from crmcli.commands.frame import book, noun, run_of
from crmcli.commands.records import MaybeValues, Values, assignments, told
from crmcli.domain.entities import USER
from crmcli.results import Changed, Rows
from crmcli.services import vocabulary

app = noun(
    "Examples:\n"
    '  crm user add grace --full-name "Grace Hopper" --email grace@example.com\n'
    "  crm user edit grace active=no"
)
Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command("list", help="List the users.")
def list_(ctx: typer.Context) -> Rows:
    return vocabulary.users(book(ctx))


@app.command("add", cls=adding(USER), help="Add a user, so that records can be given to them.")
def add(ctx: typer.Context, name: Name, words: MaybeValues = None) -> Changed:
    return vocabulary.user_add(book(ctx), name, {**run_of(ctx).assigned, **assignments(words or ())})


@app.command("edit", help="Change a user.", epilog="Examples:\n  crm user edit grace active=no")
def edit(ctx: typer.Context, name: Name, words: Values) -> Changed:
    return told(vocabulary.user_edit(book(ctx), name, assignments(words)), f"the user {name}")
