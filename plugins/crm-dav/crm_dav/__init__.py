"""CalDAV and CardDAV for crm. Nothing of the network is loaded until a command needs it: `crm_dav.client`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.api import hookimpl

if TYPE_CHECKING:
    import typer


@hookimpl
def register_commands(app: typer.Typer) -> None:
    from crm_dav.commands import group

    app.add_typer(group(), name="sync")
