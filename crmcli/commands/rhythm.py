"""crm rhythm: how often to be in touch with whom."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.records import chosen, nothing
from crmcli.context import Context
from crmcli.domain.fields import Entity
from crmcli.errors import UsageError
from crmcli.results import Changed, Rows
from crmcli.services import records, rhythms

app = noun(
    "Examples:\n"
    "  crm rhythm set tag:vip 30d\n"
    "  crm rhythm set contact:12 2w          # its own, which goes before all others\n"
    "  crm rhythm set contact:13 never\n"
    "  crm rhythm set company tag:key 1y\n"
    "  crm rhythm set view:partners 6w\n"
    "\n"
    "Of several the shortest counts. 'crm touch due' lists who is due."
)
Words = Annotated[
    list[str],
    typer.Argument(metavar="[contact|company] WHICH...", help="contact:12, a name, or a filter: tag:vip, view:NAME"),
]


@app.command("list", help="List the rhythms: after how many days, how many fit, how many are due.")
def list_(ctx: typer.Context) -> Rows:
    return rhythms.table(book(ctx))


@app.command(
    "set",
    help="Say how often to be in touch: with a record, or with all that fit a filter. The last word is the rhythm.",
    epilog="Examples:\n"
    "  crm rhythm set tag:vip 30d\n"
    "  crm rhythm set contact:12 2w\n"
    "  crm rhythm set 'Ada Lovelace' never\n"
    "  crm rhythm set company tag:key 1y\n"
    "  crm rhythm set contact company:3 90d   # the people of company 3",
)
def set_(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[contact|company] WHICH... RHYTHM", help="contact:12 or a filter, then 30d, 4w, 3m, 1y or never"
        ),
    ],
) -> Changed | None:
    context = book(ctx)
    context.learn()
    if len(words) < 2:
        raise UsageError("how often?", "as in 'crm rhythm set tag:vip 30d'")
    *which, every = words
    kind, rest, named = rhythms.target(which)
    if not named:
        return rhythms.put(context, kind, rest, every)
    return _own(context, kind, rest, every)


@app.command(
    "remove",
    help="Forget the rhythm of a filter, or a record's own.",
    epilog="Examples:\n  crm rhythm remove tag:vip\n  crm rhythm remove contact:12",
)
def remove(ctx: typer.Context, words: Words) -> Changed | None:
    context = book(ctx)
    context.learn()
    kind, rest, named = rhythms.target(words)
    if not named:
        return rhythms.drop(context, kind, rest)
    return _own(context, kind, rest, "")


def _own(context: Context, kind: Entity, words: list[str], every: str) -> Changed:
    """Give the records that words or standard input name a rhythm of their own, or none."""
    numbers, _ = chosen(context, kind, words)
    return records.edit(context, kind, numbers, {"rhythm": every}) if numbers else nothing(kind)
