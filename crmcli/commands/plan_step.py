"""crm plan step: the tasks that a plan makes, in their order."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, whole
from crmcli.commands.records import Values, assignments, told
from crmcli.results import Changed, Rows
from crmcli.services import plans, records

app = noun(
    "Examples:\n"
    '  crm plan step add onboarding "Kick-off call" --type call --due 0d\n'
    '  crm plan step add onboarding "Prepare the offer" --due -3d --who ask\n'
    "  crm plan step edit onboarding 2 due=5wd who=grace\n"
    "  crm plan step move onboarding 3 1\n"
    "  crm plan step remove onboarding 2"
)
Plan = Annotated[str, typer.Argument(metavar="PLAN")]
Step = Annotated[str, typer.Argument(metavar="STEP", help="Its place in the plan, or its name")]


@app.command("list", help="List the steps of a plan.")
def list_(ctx: typer.Context, plan: Plan) -> Rows:
    return plans.show(book(ctx), plan)


@app.command(
    "add",
    help="Add a step at the end of a plan.",
    epilog="Examples:\n"
    '  crm plan step add onboarding "Kick-off call" --type call --due 0d\n'
    '  crm plan step add onboarding "Send it" --due -3d --who grace --minutes 30',
)
def add(
    ctx: typer.Context,
    plan: Plan,
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME] [FIELD=VALUE]...", help="What is to be done; its type's summary unless given"),
    ] = None,
    type_: Annotated[str, typer.Option("--type", metavar="TYPE", help="The type of the task", show_default=False)] = "",
    due: Annotated[
        str,
        typer.Option(
            "--due",
            metavar="DAYS",
            help="Counted from the plan's day: -3d, 0d, 2w, 5wd",
            show_default=False,
        ),
    ] = "",
    who: Annotated[
        str,
        typer.Option(
            "--who",
            metavar="WHO",
            help="owner (the record's, unless said), ask (when the plan starts), or a user",
            show_default=False,
        ),
    ] = "",
    minutes: Annotated[
        str, typer.Option("--minutes", metavar="LENGTH", help="How long it takes: 45, 1h30", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What to know about it", show_default=False)] = "",
) -> Changed:
    said = {"type": type_, "due": due, "who": who, "minutes": minutes, "description": note}
    words, assigned = records.split_words(name or ())
    assigned = {field: text for field, text in said.items() if text} | assigned
    return plans.step_add(book(ctx), plan, " ".join(words), assigned)


@app.command(
    "edit",
    help="Change a step.",
    epilog="Examples:\n  crm plan step edit onboarding 2 due=-1w who=owner",
)
def edit(ctx: typer.Context, plan: Plan, step: Step, words: Values) -> Changed:
    return told(plans.step_edit(book(ctx), plan, step, assignments(words)), f"that step of {plan}")


@app.command("move", help="Put a step at another place.", epilog="Examples:\n  crm plan step move onboarding 3 1")
def move(
    ctx: typer.Context,
    plan: Plan,
    step: Step,
    place: Annotated[int, typer.Argument(parser=whole, metavar="PLACE", help="Counted from 1")],
) -> Changed:
    return told(plans.step_move(book(ctx), plan, step, place), f"the order of {plan}")


@app.command("remove", help="Take a step out of a plan.")
def remove(ctx: typer.Context, plan: Plan, step: Step) -> Changed:
    return plans.step_remove(book(ctx), plan, step)
