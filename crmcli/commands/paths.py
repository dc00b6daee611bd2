"""crm paths: where everything is kept."""

from __future__ import annotations

import typer

from crmcli import config
from crmcli.commands.frame import book, noun
from crmcli.domain.address import redacted
from crmcli.errors import UsageError
from crmcli.results import Column, Rows

app = noun()


@app.command(
    "paths",
    help="Where the book, the settings, reports and caches are.",
    epilog="CRM_HOME=DIR puts all of them under one folder; XDG folders otherwise.",
)
def paths(ctx: typer.Context) -> Rows:
    try:
        database = redacted(book(ctx).settings.database)
    except UsageError as error:  # the file that says where the book is may be the one that is looked for
        book(ctx).say(f"warning: {error}")
        database = ""
    rows = [
        {"what": "book", "path": database},
        {"what": "settings", "path": config.config_file()},
        {"what": "config", "path": config.config_dir()},
        {"what": "data", "path": config.data_dir()},
        {"what": "state", "path": config.state_dir()},
        {"what": "cache", "path": config.cache_dir()},
    ]
    return Rows((Column("what", None, "What"), Column("path", None, "Path")), rows)
