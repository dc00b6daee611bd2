"""crm occasion: birthdays and other days of the year."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands import options
from crmcli.commands.frame import book, noun, whole
from crmcli.commands.records import Values, assignments
from crmcli.errors import UsageError
from crmcli.results import Changed, Rows
from crmcli.services import occasions

app = noun(
    "Examples:\n"
    '  crm occasion add "Wedding day" --on contact:12 --date 06-15\n'
    "  crm occasion add Founded --on company:3 --date 1998-03-01\n"
    "  crm occasion list --within 30d owner:me\n"
    "\n"
    "Birthdays are listed with them; they are the field birthday of a contact."
)


@app.command(
    "list",
    help="List birthdays and other days of the year by when they come next.",
    epilog="Examples:\n  crm occasion list --within 30d\n  crm occasion list tag:vip -o csv",
)
def list_(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help="A filter of contacts and companies")
    ] = None,
    within: Annotated[
        str, options.text("--within", metavar="LENGTH", help="Only what comes in 30d, 4w, 3m; a year unless given")
    ] = "",
    limit: Annotated[
        int | None, options.text("--limit", "-n", metavar="N", help="How many rows; 0 = all", parser=whole)
    ] = None,
) -> Rows:
    return occasions.listed(book(ctx), words or (), within=within, limit=limit)


@app.command(
    "add",
    help="Give a contact or company a day of the year.",
    epilog="Examples:\n"
    '  crm occasion add "Wedding day" --on contact:12 --date 2019-06-15\n'
    "  crm occasion add 'سالگرد' --on company:3 --date '25 خرداد'\n"
    "\n"
    "Jalali days are for those who have set it: crm config set calendar jalali",
)
def add(
    ctx: typer.Context,
    name: Annotated[list[str], typer.Argument(metavar="NAME", help="What the day is")],
    on: Annotated[str, options.text("--on", metavar="RECORD", help="Whose day: contact:12, company:3, a name")] = "",
    date: Annotated[
        str, options.text("--date", metavar="DAY", help="06-15, '15 june', or with its year 2019-06-15")
    ] = "",
) -> Changed:
    if not date:
        raise UsageError("which day?", "say --date 06-15, or --date 2019-06-15 where the year is known")
    return occasions.add(book(ctx), " ".join(name), on, date)


@app.command(
    "edit",
    help="Change the name or date of an occasion, or whose it is.",
    epilog="Examples:\n  crm occasion edit 4 date=06-16\n  crm occasion edit 4 name='Wedding day' on=contact:13",
)
def edit(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Its number, as 'crm occasion list' shows it")],
    words: Values,
) -> Changed:
    return occasions.edit(book(ctx), _numbers([number])[0], assignments(words))


@app.command("remove", help="Forget occasions.", epilog="Examples:\n  crm occasion remove 4 7")
def remove(
    ctx: typer.Context,
    which: Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Numbers, as 'crm occasion list' has them")],
) -> Changed:
    return occasions.remove(book(ctx), _numbers(which))


def _numbers(words: list[str]) -> list[int]:
    """The numbers of occasions. Raises UsageError."""
    found = [word.removeprefix("occasion:") for word in words]
    for word in found:
        if not (word.isascii() and word.isdigit() and len(word) < 19):
            raise UsageError(f"'{word}' is no number of an occasion", "'crm occasion list' shows them")
    return [int(word) for word in found]
