"""crm user: who works with the book."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import Verb, book, noun, run_of
from crmcli.commands.pipeline import assignments
from crmcli.commands.records import field_options
from crmcli.domain.entities import USER
from crmcli.results import Changed, Rows
from crmcli.services import vocabulary

app = noun(
    "Examples:\n"
    '  crm user add grace --full-name "Grace Hopper" --email grace@example.com\n'
    "  crm user edit grace active=no"
)


class Add(Verb):
    """`user add` has an option for every field of a user."""

    def __init__(self, name: str | None, *, params: list[object] | None = None, **more: object) -> None:
        super().__init__(name, params=[*(params or ()), *field_options(USER)], **more)


@app.command("list", help="List the users.")
def list_(ctx: typer.Context) -> Rows:
    return vocabulary.users(book(ctx))


@app.command("add", cls=Add, help="Add a user, so that records can be given to them.")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    words: Annotated[list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...")] = None,
) -> Changed:
    return vocabulary.user_add(book(ctx), name, {**run_of(ctx).assigned, **assignments(list(words or ()))})


@app.command("edit", help="Change a user.", epilog="Examples:\n  crm user edit grace active=no")
def edit(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    words: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...")],
) -> Changed:
    return vocabulary.user_edit(book(ctx), name, assignments(words))
