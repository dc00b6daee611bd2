"""crm serve: calendar feeds over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.errors import UsageError

app = noun()


@app.command(
    "serve",
    help="Serve the calendar feeds of the book, so that phones, Google and Outlook can subscribe to them.",
    epilog="Examples:\n  crm calendar feed add mine owner:me or no:owner\n  crm serve\n"
    "  crm serve --host 0.0.0.0 --cert fullchain.pem --key privkey.pem",
)
def serve(
    ctx: typer.Context,
    host: Annotated[
        str,
        typer.Option(
            "--host", help="The address to listen at; the setting serve.host unless given", show_default=False
        ),
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65_535, help="The port; 0 for any; serve.port unless given", show_default=False
        ),
    ] = None,
    cert: Annotated[
        str, typer.Option("--cert", metavar="FILE", help="Certificate chain in PEM: serve https", show_default=False)
    ] = "",
    key: Annotated[str, typer.Option("--key", metavar="FILE", help="Its private key", show_default=False)] = "",
) -> Any:
    if key and not cert:
        raise UsageError("a key without its certificate", "name both: --cert FILE --key FILE")
    settings = book(ctx).settings
    where = {"host": host or str(settings["serve.host"]), "port": int(settings["serve.port"]) if port is None else port}
    return run_of(ctx).serve(book(ctx), **where, cert=cert, key=key)
