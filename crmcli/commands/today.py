"""crm today: what is due, late, silent and new."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.errors import UsageError
from crmcli.results import Note, Page
from crmcli.services import today as services

app = noun()


@app.command(
    "today",
    help="What needs you: overdue, due, silent, closing and new, each with its next step.",
    epilog="Examples:\n  crm today --owner me\n  crm today -o json\n  crm today --owner me --mail -q    # for cron",
)
def today(
    ctx: typer.Context,
    owner: Annotated[
        str, typer.Option("--owner", metavar="NAME", help="Only what is theirs; 'me' for yours", show_default=False)
    ] = "",
    mail: Annotated[bool, typer.Option("--mail", help="Send it as a mail", show_default=False)] = False,
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Who gets the mail, with commas", show_default=False)
    ] = "",
) -> Page | Note:
    if to and not mail:
        raise UsageError("--to names who gets the mail", "add --mail")
    page = services.today(book(ctx), owner=owner)
    return _mailed(ctx, page, to) if mail else page


def _mailed(ctx: typer.Context, page: Page, to: str) -> Note:
    """Send the page; what came of it. Raises CrmError where the server has not said that it has the mail."""
    from crmcli.services import mailing

    run, context = run_of(ctx), book(ctx)
    if run.output:
        raise UsageError(f"a mail is a page of text, not {run.output}", "leave out the format")
    mailing.server(context)
    made, data = mailing.write(
        context,
        page.title,
        mailing.page_text(context, page),
        html=mailing.page_html(context, page),
        key=mailing.key_of_now(context, "today"),
        to=mailing.recipients(context, to),
    )
    if run.dry_run:
        context.say("dry run: nothing was sent")
        return Note(f"From: {made.sender}\nTo: {', '.join(made.to)}\nSubject: {made.subject}\n\n{made.text.rstrip()}")
    mailing.must_be_sent(mailing.send(context, made, data))
    return Note(f"sent to {', '.join(made.to)}", data=False)
