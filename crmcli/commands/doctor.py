"""crm doctor: what is wrong with the data of the book, and what mends it."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from crmcli.commands.frame import Run, book, noun, run_of, whole
from crmcli.domain.entities import entity
from crmcli.domain.text import visible
from crmcli.errors import UsageError
from crmcli.results import Changed, Column, Note, Page, Rows
from crmcli.services import doctor, records

app = noun(
    "Without a verb the book is looked through:\n"
    "'crm doctor check --help' has the options of that, --fix and --fail-under.\n\n"
    "Examples:\n"
    "  crm doctor\n"
    "  crm doctor deal stale\n"
    "  crm doctor --fix --dry-run\n"
    "  crm doctor show lead-unreachable -o ids | crm tag add incomplete -\n"
    '  crm doctor add "deal without amount" --on deal "stage:proposition no:value"\n'
    "  crm doctor --fail-under 90 -q || echo 'the book needs a hand'"
)


@app.command(
    "check",
    help="Look the book through: what is missing, malformed, stale, contradictory, orphaned or there twice. "
    "Exit code 1 if something was found.",
    epilog="Examples:\n"
    "  crm doctor\n"
    "  crm doctor contact -o json\n"
    "  crm doctor malformed -o ids | grep ^lead: | crm tag add mend -\n"
    "  crm doctor --fix",
)
def check(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE]...", help="Only these rules, kinds of record (deal) and of fault (stale)"),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is safe to mend, after a preview", show_default=False)
    ] = False,
    fail_under: Annotated[
        int | None,
        typer.Option(
            "--fail-under",
            parser=whole,
            metavar="N",
            help="Exit code 1 only for a score below N, 0 to 100, or a rule that cannot be read",
            show_default=False,
        ),
    ] = None,
) -> Page | Changed | Note | None:
    run = run_of(ctx)
    if fix and fail_under is not None:
        raise UsageError("--fix makes no score that --fail-under could be about", "leave one of them out")
    if fix:
        return _fix(run, names or ())
    page = doctor.examine(run.context, names or (), fail_under=fail_under)
    if run.quiet and not run.output:  # cron sends whatever is said
        run.failed = not page.values["ok"]
        return Note("; ".join((page.title, *doctor.unread(page)))) if run.failed else None
    if run.for_people:
        return doctor.told(run.context, page)
    run.context.say(page.title)
    for line in doctor.unread(page):  # it decides the exit code, so it is no narration that -q leaves out
        sys.stderr.write(visible(line) + "\n")
    return doctor.numbers(page) if run.output == "ids" else page


def _fix(run: Run, names: Any) -> Changed | None:
    """Show what would be mended, ask, and mend it."""
    context = run.context
    found = {rule.name: (rule, doctor.one(context, rule).ids) for rule in doctor.mendable(doctor.known(context, names))}
    due = {name: ids for name, (_, ids) in found.items() if ids}
    if not due:
        return Changed(("nothing that can be mended by itself",))
    rows = [
        {"rule": name, "count": len(ids), "kind": found[name][0].kind.name, "fix": found[name][0].fixes, "ids": ids}
        for name, ids in due.items()
    ]
    titles = {"rule": "Rule", "count": "Count", "kind": "Kind", "fix": "What --fix does", "ids": "Records"}
    preview = Rows(tuple(Column(name, None, label) for name, label in titles.items()), rows, numbered=False)
    count = sum(map(len, due.values()))
    if not run.agree(f"Mend {count:,} finding{'s' * (count != 1)}", preview):
        return None
    return doctor.mend(context, [found[name][0] for name in due], due)


@app.command(
    "show",
    help="List the records that a rule finds.",
    epilog="Examples:\n"
    "  crm doctor show deal-overdue\n"
    "  crm doctor show lead-without-owner -o ids | crm lead edit - owner=grace",
)
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="RULE")],
    columns: Annotated[
        str,
        typer.Option("--columns", "-c", metavar="A,B", help="The columns; 'all' for every field", show_default=False),
    ] = "",
) -> Rows:
    return doctor.show(book(ctx), name, columns=columns)


@app.command("rules", help="List the rules, your own and those that are switched off too.")
def rules(ctx: typer.Context) -> Rows:
    return doctor.listing(book(ctx))


@app.command("scores", help="How the book did, day by day.")
def scores(ctx: typer.Context) -> Rows:
    return doctor.scores(book(ctx))


@app.command(
    "add",
    help="Add a rule of your own: a filter that no record should fit. One of that name is replaced.",
    epilog="Examples:\n"
    '  crm doctor add "deal without amount" --on deal "stage:proposition no:value"\n'
    "  crm doctor add 'vip silent' --on contact tag:vip last_touch:..-60d",
)
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    words: Annotated[list[str], typer.Argument(metavar="FILTER...")],
    kind: Annotated[
        str, typer.Option("--on", metavar="KIND", help="lead, deal, contact, company or task", show_default=False)
    ],
    advice: Annotated[
        str, typer.Option("--advice", metavar="TEXT", help="The command that mends what it finds", show_default=False)
    ] = "",
) -> Changed:
    about = entity(kind)
    book(ctx).learn()
    return doctor.add(book(ctx), name, about, records.filter_text(about, words), advice)


@app.command(
    "edit",
    help="Give a rule of your own another filter, kind or advice; what is not given stays.",
    epilog="Examples:\n"
    "  crm doctor edit 'vip silent' tag:vip last_touch:..-30d\n"
    "  crm doctor edit 'vip silent' --advice 'crm log call contact:ID TEXT'",
)
def edit(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    words: Annotated[list[str] | None, typer.Argument(metavar="[FILTER]...")] = None,
    kind: Annotated[
        str, typer.Option("--on", metavar="KIND", help="lead, deal, contact, company or task", show_default=False)
    ] = "",
    advice: Annotated[
        str | None,
        typer.Option("--advice", metavar="TEXT", help="The command that mends what it finds", show_default=False),
    ] = None,
) -> Changed:
    book(ctx).learn()
    about = entity(kind) if kind else None
    return doctor.edit(book(ctx), name, kind=about, words=words or (), advice=advice)


Rules = Annotated[list[str], typer.Argument(metavar="RULE...", help="Rules by their names, yours or the doctor's")]


@app.command(
    "disable",
    help="Look for these rules no more, unless they are named: neither findings nor score know them.",
    epilog="Examples:\n  crm doctor disable deal-without-task contact-unreachable",
)
def disable(ctx: typer.Context, names: Rules) -> Changed:
    return doctor.disable(book(ctx), names)


@app.command("enable", help="Look for rules again that were switched off.")
def enable(ctx: typer.Context, names: Rules) -> Changed:
    return doctor.enable(book(ctx), names)


@app.command("remove", help="Forget rules of your own.")
def remove(
    ctx: typer.Context, names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Rules of your own")]
) -> Changed:
    return doctor.remove(book(ctx), names)
