"""crm search: find words anywhere in the book."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, whole
from crmcli.results import Rows
from crmcli.services import finding

app = noun()


@app.command(
    "search",
    help="Find words anywhere, whatever their case and accents; newest first.",
    epilog='Examples:\n  crm search "lovelace engines"\n  crm search zür --best',
)
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="Each must start a word of the record")],
    best: Annotated[bool, typer.Option("--best", help="The best fits first", show_default=False)] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", parser=whole, metavar="N", help="How many hits; 0 = all")] = 20,
) -> Rows:
    return finding.search(book(ctx), " ".join(words), best=best, limit=limit)
