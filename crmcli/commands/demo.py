"""crm demo: fill a book with invented business."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.results import Changed, Note

app = noun()


@app.command(
    "demo",
    help="Fill an empty book with a generated pipeline of 18 months; 'crm undo' takes it back.",
    epilog="Examples:\n  crm demo\n  CRM_HOME=/tmp/demo crm demo",
)
def demo(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another number, another book")] = 20,
) -> Changed | Note:
    from crmcli.services import demo as services

    run = run_of(ctx)
    run.long()
    if run.dry_run:
        services.check_empty(book(ctx))
        return run.would("fill the book with invented business of 18 months")
    return services.load(book(ctx), seed=seed)
