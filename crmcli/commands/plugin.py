"""crm plugin: enable and disable plugins."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.commands.root import load_plugins
from crmcli.results import Note, Record, Rows

app = noun("Examples:\n  crm plugin list\n  crm plugin enable tidy")
Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command("list", help="List installed plugins; only enabled ones run.")
def list_(ctx: typer.Context) -> Rows:
    from crmcli.services import plugging

    return plugging.plugins(book(ctx))


@app.command("show", help="What a plugin brings, without running it.")
def show(ctx: typer.Context, name: Name) -> Record:
    from crmcli.services import plugging

    return plugging.info(book(ctx), name)


@app.command("enable", help="Let a plugin run from now on. It can do whatever you can do.")
def enable(ctx: typer.Context, name: Name) -> Any:
    from crmcli.services import plugging

    context = book(ctx)
    plugging.enabling(context, name)  # what cannot be done is not asked for
    if run_of(ctx).dry_run:
        run_of(ctx).show(plugging.info(context, name))
        return run_of(ctx).would(f"enable the plugin '{name}'")
    if not run_of(ctx).agree(f"Enable the plugin '{name}'", plugging.info(context, name)):
        return None
    done = plugging.enable(context, name)
    load_plugins(ctx)  # says now which of its commands will never be reached
    return done


@app.command("disable", help="Leave a plugin out from now on.")
def disable(ctx: typer.Context, name: Name) -> Note:
    from crmcli.services import plugging

    if run_of(ctx).dry_run:
        plugging.check_enabled(book(ctx), name)
        return run_of(ctx).would(f"disable the plugin '{name}'")
    return plugging.disable(book(ctx), name)
