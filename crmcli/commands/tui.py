"""crm tui: the dashboard."""

from __future__ import annotations

from typing import Any

import typer

from crmcli.commands.frame import book, noun, run_of

app = noun()


@app.command("tui", help="Open the dashboard: the board, today's list, records.")
def tui(ctx: typer.Context) -> Any:
    return run_of(ctx).dashboard(book(ctx))
