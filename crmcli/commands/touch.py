"""crm touch: who is due, who was reached, who waits for whom."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

import typer

from crmcli.commands import options
from crmcli.commands.frame import Verb, book, noun, whole
from crmcli.commands.records import Words, carry_out
from crmcli.commands.words import with_last
from crmcli.domain.fields import Entity, suggest
from crmcli.domain.text import fold
from crmcli.errors import UsageError
from crmcli.results import Page, Rows
from crmcli.services import rhythms, touching

app = noun(
    "Examples:\n"
    "  crm touch due owner:me\n"
    "  crm touch due --on company --within 2w\n"
    "  crm touch snooze tag:vip +2w\n"
    "  crm touch owed                        # they wrote last\n"
    "  crm touch waiting                     # we did\n"
    "  crm touch report --year 2026\n"
    "\n"
    "'crm rhythm' says how often; 'crm log email contact:12 \"...\" --in': they wrote."
)
Limit = Annotated[int | None, options.text("--limit", "-n", metavar="N", help="How many rows; 0 = all", parser=whole)]
On = Annotated[str, options.text("--on", metavar="KIND", help="contact or company; contacts unless given")]


def about(kind: str) -> Entity:
    """The kind of record of --on. Raises UsageError."""
    key = fold(kind or "contact")
    found = next((each for each in rhythms.KINDS.values() if key in (each.name, each.plural)), None)
    if found is None:
        raise UsageError(f"'{kind}' has no rhythm", suggest(kind, rhythms.KINDS) or "say --on contact or --on company")
    return found


@app.command(
    "due",
    help="Of whom a touch is due: the most overdue for their rhythm first.",
    epilog="Examples:\n  crm touch due owner:me\n  crm touch due --on company --within 2w -o csv",
)
def due(
    ctx: typer.Context,
    words: Words = None,
    on: On = "",
    within: Annotated[
        str, options.text("--within", metavar="LENGTH", help="Those too that will be due in 2w, 30d")
    ] = "",
    limit: Limit = None,
) -> Rows:
    return touching.due(book(ctx), about(on), words or (), within=within, limit=limit)


@app.command(
    "snooze",
    help="Have no touch of them be due before a day; the day is the last word, or said with --to.",
    epilog="Examples:\n  crm touch snooze 12 +2w\n  crm touch snooze tag:vip --to 2027-01-10\n"
    "  crm touch snooze company:3 'next mon'\n\n'crm contact edit 12 touch_from=' takes it back.",
)
def snooze(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WHICH... [WHEN]", help="Which, then a day: +2w, mon, 2027-01-10")
    ],
    to: Annotated[str | None, options.text("--to", metavar="WHEN", help="The day")] = None,
    on: On = "",
) -> Any:
    which, when = with_last(words, to, "until when?", "crm touch snooze 12 +2w")
    kind, rest, _ = rhythms.target([*([about(on).name] if on else []), *which])
    return carry_out(ctx, kind, rest, "Put off", lambda some: touching.snooze(book(ctx), kind, some, when))


@app.command(
    "owed",
    help="Who wrote last and waits for an answer of ours, the longest wait first.",
    epilog="Examples:\n  crm touch owed owner:me\n  crm deal list is:owed",
)
def owed(ctx: typer.Context, words: Words = None, limit: Limit = None) -> Rows:
    return touching.owed(book(ctx), words or (), limit=limit)


@app.command(
    "waiting",
    help="Whom we wrote last and who has not answered, the longest wait first.",
    epilog="Examples:\n  crm touch waiting owner:me\n  crm contact list is:waiting",
)
def waiting(ctx: typer.Context, words: Words = None, limit: Limit = None) -> Rows:
    return touching.waiting(book(ctx), words or (), limit=limit)


class Report(Verb):
    """`report`: --year alone is this year."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        pairs = pairwise([*args, "-"])
        return super().parse_args(
            ctx, ["--year=" if word == "--year" and after.startswith("-") else word for word, after in pairs]
        )


@app.command(
    "report",
    cls=Report,
    help="Who was reached in a year, how often, how and by whom; and who was not.",
    epilog="Examples:\n"
    "  crm touch report\n"
    "  crm touch report --year 2026 owner:grace\n"
    "  crm touch report --from 2026-01-01 --to 2026-03-31 --kind call,meeting,visit\n"
    "  crm touch report --list missed -o csv --limit 0",
)
def report(
    ctx: typer.Context,
    words: Words = None,
    year: Annotated[
        str, options.text("--year", metavar="YEAR", help="The year; this one unless given, and with --year alone")
    ] = "",
    start: Annotated[str, options.text("--from", metavar="DAY", help="From that day on")] = "",
    end: Annotated[str, options.text("--to", metavar="DAY", help="Up to that day; today unless given")] = "",
    on: On = "",
    ways: Annotated[
        str, options.text("--kind", metavar="A,B", help="Only such touches: call,meeting; all unless given")
    ] = "",
    which: Annotated[
        str, options.text("--list", metavar="WHICH", help="One list instead of the page: missed, reached or all")
    ] = "",
    limit: Limit = None,
) -> Page | Rows:
    from crmcli.services import reached

    context = book(ctx)
    found = reached.asked(context, about(on), words or (), year=year, start=start, end=end, ways=ways)
    if which:
        return reached.listing(context, found, which, limit=limit)
    return reached.page(context, found, limit=limit)
