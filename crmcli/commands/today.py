"""crm today: what is due, late, silent and new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.commands.sending import handing_over
from crmcli.errors import CrmError, UsageError
from crmcli.results import Note, Page
from crmcli.services import today as services

if TYPE_CHECKING:
    from crmcli.domain.delivery import Outcome

app = noun()
#: What is said of today's mail where it is not sent because of the state that it is in.
_ALREADY = {
    "sent": "today's mail was sent already",
    "claimed": "today's mail is being sent by another process",
    "failed": "another process has just tried to send today's mail",
    "doubtful": "today's mail may have come already: look; without --once it is sent again",
}


@app.command(
    "today",
    help="What needs you: overdue, due, silent, closing and new, each with its next step.",
    epilog="Examples:\n  crm today --owner me\n  crm today -o json\n"
    "  crm today --owner me --mail --once -q    # for cron",
)
def today(
    ctx: typer.Context,
    owner: Annotated[
        str,
        typer.Option("--owner", metavar="NAME", help="Only theirs; 'me' for yours and nobody's", show_default=False),
    ] = "",
    mail: Annotated[bool, typer.Option("--mail", help="Send it as a mail", show_default=False)] = False,
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Who gets the mail, with commas", show_default=False)
    ] = "",
    once: Annotated[
        bool,
        typer.Option("--once", help="Send no second mail on a day, however often it is asked for", show_default=False),
    ] = False,
) -> Page | Note:
    if to and not mail:
        raise UsageError("--to names who gets the mail", "add --mail")
    if once and not mail:
        raise UsageError("--once is about the mail", "add --mail")
    people = mail or run_of(ctx).for_people
    page = services.today(book(ctx), owner=owner, most=services.MOST if people else 0)
    return _mailed(ctx, page, to, owner, once=once) if mail else page


def _mailed(ctx: typer.Context, page: Page, to: str, owner: str, *, once: bool) -> Note:
    """Send the page; what came of it. Raises CrmError where the server has not said that it has the mail."""
    from crmcli.services import daily_mail, mailing

    run, context = run_of(ctx), book(ctx)
    if run.output:
        raise UsageError(f"a mail is a page of text, not {run.output}", "leave out the format")
    mailing.server(context)
    whom = mailing.recipients(context, to)
    made, data = mailing.write(
        context,
        page.title,
        mailing.page_text(context, page),
        html=mailing.page_html(context, page),
        key=daily_mail.key(context, whom, owner) if once else mailing.key_of_now(context, "today"),
        to=whom,
    )
    if run.dry_run:
        context.say("dry run: nothing was sent")
        return Note(f"From: {made.sender}\nTo: {', '.join(made.to)}\nSubject: {made.subject}\n\n{made.text.rstrip()}")

    def deliver() -> Outcome:
        with handing_over(run, "the mail"):
            return mailing.send(context, made, data)

    outcome = daily_mail.send_once(context, whom, owner, deliver) if once else deliver()
    if isinstance(outcome, str):
        return Note(_ALREADY[outcome], data=False)
    mailing.must_be_sent(outcome)
    if outcome.lacks:
        raise CrmError(f"the mail was sent, but {outcome.lacks}", "the others have it")
    return Note(f"sent to {', '.join(made.to)}", data=False)
