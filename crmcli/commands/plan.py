"""crm plan: tasks that are made together, each so many days before or after a day."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.commands.records import Values, agreed, assignments, chosen, counted, listing, nothing, told
from crmcli.commands.tag import For, kind_of
from crmcli.errors import UsageError
from crmcli.results import Changed, Rows
from crmcli.services import naming, plans

app = noun(
    "Examples:\n"
    "  crm plan add onboarding\n"
    '  crm plan step add onboarding "Kick-off call" --type call --due 0d\n'
    '  crm plan step add onboarding "Set up accounts" --due -3d --who ask\n'
    '  crm plan step add onboarding "Review" --type meeting --due 5wd --who grace\n'
    "  crm plan show onboarding\n"
    "  crm plan start onboarding --on deal:31 --from 2026-12-01 --who ada"
)
Name = Annotated[str, typer.Argument(metavar="PLAN")]


@app.command("list", help="List the plans and their steps.")
def list_(ctx: typer.Context) -> Rows:
    return plans.plans(book(ctx))


@app.command("show", help="Show the steps of a plan.", epilog="Examples:\n  crm plan show onboarding -o json")
def show(ctx: typer.Context, name: Name) -> Rows:
    return plans.show(book(ctx), name)


@app.command("add", help="Add a plan; 'crm plan step add' gives it steps.")
def add(ctx: typer.Context, name: Name) -> Changed:
    return plans.add(book(ctx), name)


@app.command("edit", help="Change a plan's name.", epilog="Examples:\n  crm plan edit onboarding name='new customer'")
def edit(ctx: typer.Context, name: Name, words: Values) -> Changed:
    return told(plans.edit(book(ctx), name, assignments(words)), f"the plan {name}")


@app.command("remove", help="Remove a plan and its steps; tasks that it made stay.")
def remove(ctx: typer.Context, name: Name) -> Changed:
    return plans.remove(book(ctx), name)


@app.command(
    "start",
    help="Make the tasks of a plan on a record, or on all that fit a filter (deals, unless --for says otherwise).",
    epilog="Examples:\n"
    "  crm plan start onboarding --on deal:31 --from 2026-12-01\n"
    "  crm plan start onboarding --on 'Analytical Engines' --who grace --dry-run\n"
    "  crm plan start renewal stage:won closed:-1y..-11m --from mon",
)
def start(
    ctx: typer.Context,
    name: Name,
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WHICH]...", help="deal:31, numbers, a filter, or - for ids on stdin"),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on", metavar="RECORD", help="A record: deal:31, a name, an e-mail; again for each", show_default=False
        ),
    ] = None,
    day: Annotated[
        str,
        typer.Option("--from", metavar="DAY", help="The day it counts from; today unless given", show_default=False),
    ] = "",
    who: Annotated[
        str,
        typer.Option("--who", metavar="USER", help="Whose the steps are that are asked for", show_default=False),
    ] = "",
    kind: For = "",
) -> Any:
    context = book(ctx)
    if on and which:
        raise UsageError("--on names records, and other words name more", "write one or the other")
    if on:
        named = [naming.resolve_any(context, text) for text in on]
        about = named[0][0]
        if other := next((of for of, _ in named if of is not about), None):
            raise UsageError(f"these are records of two kinds, {about.name} and {other.name}", "start it on each kind")
        numbers = list(dict.fromkeys(number for _, number in named))
        return plans.start(context, name, about, numbers, day=day, who=who)
    if not which:
        raise UsageError("on which record?", f"as in 'crm plan start {name} --on deal:31'")
    about, words = kind_of(ctx, f"plan start {name}", which, kind, "deal")
    numbers, filtered = chosen(context, about, words)
    if not numbers:
        return nothing(about)
    run = run_of(ctx)
    # The verb's own ids are those of the tasks; what is asked about are the records.
    return agreed(
        run,
        about,
        numbers,
        lambda _tasks: f"Start {name} on {counted(about, numbers)}",
        None if run.dry_run else lambda _tasks: listing(context, about, numbers),
        lambda: plans.start(context, name, about, numbers, day=day, who=who),
        asking=filtered and len(numbers) > 1,
    )
