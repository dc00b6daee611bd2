"""crm tui: the dashboard."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.errors import UsageError

app = noun()


@app.command("tui", help="Open the dashboard: the board, today's list, records.")
def tui(ctx: typer.Context) -> Any:
    at_terminal = sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()
    if not at_terminal or os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError("the dashboard needs a terminal", "'crm today' prints the page of the day")
    run = run_of(ctx)
    run.long()
    return run.dashboard(book(ctx))
