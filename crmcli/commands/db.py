"""crm db: the book as a file or server: where it is, whether it is sound, copies of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun, run_of
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

    return database.init(book(ctx))


@app.command("path", help="Where the book is.")
def path(ctx: typer.Context) -> Note:
    from crmcli.services import database

    return database.path(book(ctx))


@app.command("check", help="Prove the book sound: engine, links, journal, search index. Exit code 1 if it is not.")
def check(
    ctx: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare every row with the journal too", show_default=False)
    ] = False,
) -> Page:
    from crmcli.services import database

    run_of(ctx).long()
    return database.check(book(ctx), deep=deep)


@app.command("backup", help="Copy the book into a file, and check the copy.")
def backup(
    ctx: typer.Context,
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there", show_default=False)] = False,
) -> Any:
    from crmcli.services import database

    return database.backup(book(ctx), file, force=force)


@app.command("restore", help="Put a backup in the book's place; the old book is kept beside it.")
def restore(ctx: typer.Context, file: File) -> Any:
    from crmcli.services import database

    if not run_of(ctx).agree(f"Replace the book with {file}"):
        return None
    return database.restore(book(ctx), file, yes=True)


@app.command("upgrade", help="Bring the book to this version's layout.")
def upgrade(ctx: typer.Context) -> Any:
    from crmcli.services import database

    return database.upgrade(book(ctx))
