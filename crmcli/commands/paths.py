"""crm paths: where everything is kept."""

from __future__ import annotations

import typer

from crmcli import config
from crmcli.commands.frame import book, noun
from crmcli.domain.address import redacted
from crmcli.results import Column, Rows

app = noun()


@app.command(
    "paths",
    help="Where the book, the settings, reports and caches are.",
    epilog="CRM_HOME=DIR puts all of them under one folder; XDG folders otherwise.",
)
def paths(ctx: typer.Context) -> Rows:
    rows = [
        {"what": "book", "path": redacted(book(ctx).settings.database)},
        {"what": "settings", "path": config.config_file()},
        {"what": "config", "path": config.config_dir()},
        {"what": "data", "path": config.data_dir()},
        {"what": "state", "path": config.state_dir()},
        {"what": "cache", "path": config.cache_dir()},
    ]
    return Rows((Column("what", None, "What"), Column("path", None, "Path")), rows)
