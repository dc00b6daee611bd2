"""crm remind: reminders of tasks that are due, for people, cron and systemd."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from crmcli.commands import options
from crmcli.commands.frame import book, noun, run_of
from crmcli.domain.entities import TASK
from crmcli.errors import CrmError, UsageError
from crmcli.results import Column, Note, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.services.reminding import Told

app = noun(
    "Examples:\n"
    "  crm remind                          # what is due of mine, and of nobody's\n"
    "  crm remind --via mail,desktop -q    # for cron, every minute\n"
    "  crm remind list                     # what failed, and what is doubtful\n"
    "  crm remind install                  # a timer of systemd"
)
TOLD = (
    Column("id", None, "ID"),
    Column("task", None, "Task"),
    Column("name", None, "Name"),
    Column("channel", None, "Channel"),
    Column("state", None, "State"),
    Column("detail", None, "Why"),
)
#: So many reminders that did not come are named.
MOST = 20
SENT = "sent"
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[WORDS]...", help="A filter of tasks; owner:me or no:owner unless given"),
]
Via = Annotated[
    str,
    options.text("--via", metavar="CHANNELS", help="Other channels than those in remind_channels, with commas"),
]
Which = Annotated[list[str], typer.Argument(metavar="ID...", help="Numbers from 'crm remind list', or - for stdin")]


@app.command(
    "send",
    help="Send the reminders that are due, each once.",
    epilog="Examples:\n  crm remind\n  crm remind owner:grace --via mail\n  crm remind --dry-run",
)
def send(ctx: typer.Context, words: Words = None, via: Via = "") -> Rows | None:
    from crmcli.services import reminding

    run, context = run_of(ctx), book(ctx)
    stream = sys.stderr if run.output else sys.stdout
    ways, lacking = reminding.channels(context, via, stream=stream)
    if run.dry_run:
        context.say("\n".join(["dry run: nothing was sent", *lacking]))
        run.failed = bool(lacking)
        return reminding.planned(context, tuple(words or ()), ways)
    return _told(ctx, reminding.send(context, tuple(words or ()), ways), lacking)


def _told(ctx: typer.Context, told: Iterable[Told], lacking: list[str]) -> Rows | None:
    """What became of reminders as a list where a format is asked for; else what was sent, and CrmError for the rest."""
    run = run_of(ctx)
    try:
        found = list(told)
    except KeyboardInterrupt as error:
        run.unsettled = "; ".join(getattr(error, "__notes__", ()))
        raise
    bad = [one for one in found if one.state != SENT]
    lacking = [*lacking, *dict.fromkeys(f"{one.channel}: sent, but {one.lacks}" for one in found if one.lacks)]
    run.failed = bool(bad or lacking)
    if run.output:
        for line in lacking:
            book(ctx).say(line)
        return Rows(TOLD, [{**one._asdict(), "task": f"task:{one.task}"} for one in found], empty="nothing is due")
    if run.failed:
        lines = [f"task:{one.task} {one.name}, {one.channel}: {one.state}: {one.detail}" for one in bad[:MOST]]
        if len(bad) > MOST:
            lines.append(f"and {len(bad) - MOST} more")
        what = f"{len(bad)} of {len(found)} reminders did not come" if bad else "not every channel reaches everybody"
        hint = "'crm remind list' shows what is not settled"
        raise CrmError("\n  ".join([what, *lines, *lacking]), hint if bad else "")
    sent = len(found)
    book(ctx).say(f"sent {sent} reminder{'s' * (sent != 1)}" if sent else "no reminder is due")
    return None


@app.command(
    "list",
    help="List reminders that are not settled, those that failed or are doubtful, or those in another state.",
    epilog="Examples:\n  crm remind list\n  crm remind list doubtful\n  crm remind list sent -o json",
)
def list_(
    ctx: typer.Context,
    state: Annotated[
        str, typer.Argument(metavar="[STATE]", help="claimed, sent, failed, doubtful or all", show_default=False)
    ] = "",
    everybody: Annotated[bool, options.flag("--everybody", help="Also those of other users of the book")] = False,
) -> Rows:
    from crmcli.services import reminder_fates

    return reminder_fates.listing(book(ctx), state, everybody=everybody)


@app.command(
    "resend",
    help="Send reminders once more that failed or are doubtful.",
    epilog="Examples:\n  crm remind resend 12\n  crm remind list doubtful -o ids | crm remind resend -",
)
def resend(ctx: typer.Context, which: Which) -> Rows | Note | None:
    from crmcli.services import reminder_fates

    run, context = run_of(ctx), book(ctx)
    numbers, stream = _numbers(ctx, which), sys.stderr if run.output else sys.stdout
    told = reminder_fates.resend(context, numbers, stream=stream)
    if run.dry_run:
        list(told)
        return run.would(f"send {len(numbers)} once more")
    return _told(ctx, told, [])


@app.command(
    "settle",
    help="Take reminders that failed or are doubtful for settled.",
    epilog="Examples:\n  crm remind settle 12 13\n  crm remind list doubtful -o ids | crm remind settle -",
)
def settle(ctx: typer.Context, which: Which) -> Note:
    from crmcli.services import reminder_fates

    run = run_of(ctx)
    done = reminder_fates.settle(book(ctx), _numbers(ctx, which))
    what = f"{len(done)} reminder{'s' * (len(done) != 1)}"
    return run.would(f"settle {what}") if run.dry_run else Note(f"settled {what}", data=False)


def _numbers(ctx: typer.Context, which: list[str]) -> list[int]:
    from crmcli.commands.words import with_stdin

    words, _ = with_stdin(book(ctx), which, TASK)
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) < 19):
            raise UsageError(f"'{word}' is no number of a reminder", "'crm remind list' shows them")
    return [int(word) for word in words]


@app.command(
    "units",
    help="Show the units of systemd that remind every minute, and a line for a crontab that does the same.",
    epilog="Examples:\n  crm remind units\n  crm remind units --via mail,desktop owner:me",
)
def units(ctx: typer.Context, words: Words = None, via: Via = "") -> Note:
    from crmcli.services import timers

    context, given = book(ctx), tuple(words or ())
    parts = [f"# {name}\n{text}" for name, text in timers.units(context, given, via).items()]
    return Note("\n".join([*parts, f"# In place of both, in a crontab:\n# {timers.crontab(context, given, via)}"]))


@app.command(
    "install",
    help="Write these units where systemd looks for those of yours, and say how they are started.",
    epilog="Examples:\n  crm remind install --via mail,desktop",
)
def install(ctx: typer.Context, words: Words = None, via: Via = "") -> Note:
    from crmcli.services import timers

    run = run_of(ctx)
    paths = timers.install(book(ctx), tuple(words or ()), via)
    if run.dry_run:
        return run.would(f"write {' and '.join(paths)}")
    return Note("\n".join([*(f"wrote {path}" for path in paths), "start it:", f"  {timers.START}"]))
