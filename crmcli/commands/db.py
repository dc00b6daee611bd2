"""crm db: the book as a file or server: where it is, whether it is sound, copies of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import UNWRITTEN, book, noun, run_of
from crmcli.results import Note, Page

app = noun(
    "Examples:\n"
    "  crm db path\n"
    "  crm db check --deep\n"
    "  crm db backup ~/crm-backup.db\n"
    "  crm --db postgresql://localhost/crm db init"
)
File = Annotated[str, typer.Argument(metavar="FILE")]


@app.command("init", help="Make a new book at --db, or the default one.")
def init(ctx: typer.Context) -> Any:
    from crmcli.services import database

    if run_of(ctx).dry_run:
        return run_of(ctx).would(f"make a new book at {database.vacant(book(ctx))}")
    return database.init(book(ctx))


@app.command("path", help="Where the book is.")
def path(ctx: typer.Context) -> Note:
    from crmcli.services import database

    return database.path(book(ctx))


@app.command(
    "check",
    help="Prove the book sound: engine, links, journal, search index. Exit code 1 if it is not.",
    epilog="Examples:\n"
    "  crm db check --deep\n"
    "  crm db check --repair    # when a search says that its index is damaged",
)
def check(
    ctx: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare every row with the journal too", show_default=False)
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="First make anew what is worked out from the records: search index, dates of last touch, "
            "task counts, views, indexes, counters of numbers, telephone numbers as in the region that is set; "
            "then check as --deep does",
            show_default=False,
        ),
    ] = False,
) -> Page:
    from crmcli.services import database

    run_of(ctx).long()
    if repair and run_of(ctx).dry_run:
        book(ctx).say(
            f"would: make anew search index, derived columns, views, indexes, counters, telephone keys\n{UNWRITTEN}"
        )
    elif repair:
        database.repair(book(ctx))
    return database.check(book(ctx), deep=deep or repair)


@app.command("backup", help="Copy the book into a file, and check the copy.")
def backup(
    ctx: typer.Context,
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there", show_default=False)] = False,
) -> Any:
    from crmcli.services import copies

    if run_of(ctx).dry_run:
        return run_of(ctx).would(f"back up to {copies.backup_place(book(ctx), file, force=force)}")
    return copies.backup(book(ctx), file, force=force)


@app.command("restore", help="Put a backup in the book's place; the old book is kept beside it.")
def restore(ctx: typer.Context, file: File) -> Any:
    from crmcli.services import copies

    if run_of(ctx).dry_run:
        return run_of(ctx).would(copies.restorable(book(ctx), file))
    copies.restore_place(book(ctx), file)  # what cannot be done is not asked for
    if not run_of(ctx).agree(f"Replace the book with {file}"):
        return None
    return copies.restore(book(ctx), file, yes=True)


@app.command("upgrade", help="Bring the book to this version's layout.")
def upgrade(ctx: typer.Context) -> Any:
    from crmcli.services import database

    if run_of(ctx).dry_run:
        return run_of(ctx).would(database.upgradable(book(ctx)))
    return database.upgrade(book(ctx))
