"""Books for tests: made once for each engine, copied for each test, on a stopped clock."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.services import database

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Server

#: A Saturday: the moment at which the tests' books live, unless a test moves the clock.
NOW = "2026-11-21T10:00:00+00:00"
TEMPLATE = "crm_template"


def make_file(path: Path) -> Path:
    """A new, empty SQLite book."""
    context = Context(Settings({"db": str(path)}), quiet=True, plugins=False)
    context.create(str(path))
    context.close()
    return path


def copy_file(template: Path, path: Path) -> Path:
    """A copy of a book that nobody writes to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, path)
    path.chmod(0o600)
    return path


def make_template(server: Server) -> str:
    """A PostgreSQL database with an empty book, to be copied by `copy_database`."""
    if not server.has(TEMPLATE):
        url = server.url(server.create(TEMPLATE))
        context = Context(Settings({"db": url}), quiet=True, plugins=False)
        context.create(url)
        context.close()
    return TEMPLATE


def copy_database(server: Server, template: str, name: str) -> str:
    """The URL of a new database that holds what the template holds."""
    return server.url(server.create(name, template))


def everything(ctx: Context) -> str:
    """All text that the store of a book holds anywhere, case folded; of SQLite the bytes of the file."""
    if ctx.reader.dialect == "sqlite":
        with open(ctx.reader.target, "rb") as file:
            return file.read().decode("utf-8", "replace").casefold()
    tables = [row[0] for row in ctx.reader.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return "".join(str(ctx.reader.rows(f"SELECT * FROM {table}")) for table in tables).casefold()


def sound(ctx: Context) -> None:
    """Assert that a deep check of a book finds nothing."""
    page = database.check(ctx, deep=True)
    assert page.values["ok"], [row for row in page.sections[0].rows.rows if not row["ok"]]
