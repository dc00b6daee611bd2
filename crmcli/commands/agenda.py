"""crm agenda: days with what is on each, and free time."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands import options
from crmcli.commands.frame import book, noun, whole
from crmcli.results import Rows

app = noun(
    "Examples:\n"
    "  crm agenda                            # today and the six days after it\n"
    "  crm agenda month --deals              # as a grid too, where 120 columns are\n"
    "  crm agenda next week owner:me type:meeting\n"
    "  crm agenda free --duration 45m --within \"next week\" --with grace"
)  # fmt: skip


@app.command(
    "show",
    help="What is on each day of a range: what is late, what lasts all day, then by the clock.",
    epilog="Examples:\n  crm agenda\n  crm agenda week type:meeting\n  crm agenda 2026-12 --deals -o json",
)
def show(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[week|month|RANGE] [WORDS]...",
            help="Days as filters name them (tomorrow, next week, 2026-12, ..+10d), then a filter of tasks",
        ),
    ] = None,
    owner: Annotated[str, options.text("--owner", metavar="NAME", help="Only what is theirs; 'me' for yours")] = "",
    deals: Annotated[bool, options.flag("--deals", help="Also when open deals are expected to close")] = False,
    done: Annotated[bool, options.flag("--done", help="Also what is done")] = False,
) -> Rows:
    from crmcli.services import agenda

    return agenda.agenda(book(ctx), tuple(words or ()), owner=owner, deals=deals, done=done)


@app.command(
    "free",
    help="Free time on working days, beside what has a time; each slot as long as it can be.",
    epilog='Examples:\n  crm agenda free --duration 45m --within "next week" --hours 9-17\n'
    "  crm agenda free --duration 1h30 --with grace --with maya --limit 3",
)
def free(
    ctx: typer.Context,
    duration: Annotated[
        str, options.text("--duration", metavar="LENGTH", help="At least so long: 45m, 1h30; 30m unless given")
    ] = "30m",
    within: Annotated[
        str, options.text("--within", metavar="RANGE", help="The days; today and the six after it unless given")
    ] = "",
    hours: Annotated[
        str, options.text("--hours", metavar="HOURS", help="9-17, 8:30-12,13-17:30; the setting hours unless given")
    ] = "",
    owner: Annotated[str, options.text("--owner", metavar="NAME", help="Whose time; yours unless given")] = "me",
    others: Annotated[
        list[str] | None, options.text("--with", metavar="NAME", help="Who is to be free as well; may come again")
    ] = None,
    between: Annotated[
        str, options.text("--between", metavar="LENGTH", help="Keep so long before and after everything")
    ] = "0m",
    step: Annotated[
        str,
        options.text("--step", metavar="LENGTH", help="What starts now starts on a full 15m, or this, of the clock"),
    ] = "15m",
    any_day: Annotated[bool, options.flag("--any-day", help="Also on days that are not worked")] = False,
    all_day_busy: Annotated[
        bool, options.flag("--all-day-busy", help="Not on days that have a task without a time")
    ] = False,
    limit: Annotated[int, options.text("--limit", "-n", metavar="N", help="So many slots; 0 is all", parser=whole)] = 0,
) -> Rows:
    from crmcli.services import freetime

    people = tuple(dict.fromkeys((owner, *(others or ()))))
    wanted = freetime.Wanted(duration, within, hours, people, any_day, all_day_busy, between, step)
    return freetime.free(book(ctx), wanted, limit)
