"""crm export: write records to a file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import FORMATS, keep_format, noun, run_of
from crmcli.domain.entities import entity

app = noun()


@app.command(
    "export",
    help="Write the records that fit a filter, every field of them, to stdout.",
    epilog="Examples:\n"
    "  crm export deals stage:won -o xlsx > won.xlsx\n"
    "  crm export contacts -o csv > contacts.csv\n"
    "  crm export leads is:any --lossless > leads.csv",
)
def export(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="leads, deals, contacts, companies, tasks ...")],
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]...", help="A filter")] = None,
    output: Annotated[  # noqa: ARG001 - its callback notes it
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="FORMAT",
            help="csv, xlsx, json, jsonl, tsv, md or ids; csv unless given",
            show_default=False,
            callback=keep_format,
        ),
    ] = "",
    columns: Annotated[
        str,
        typer.Option(
            "--columns", "-c", metavar="A,B", help="The columns; every field unless given", show_default=False
        ),
    ] = "",
    lossless: Annotated[
        bool,
        typer.Option(
            "--lossless",
            help="Every cell as it is, formulas too, and the UUIDs of links; to move house",
            show_default=False,
        ),
    ] = False,
) -> Any:
    from crmcli.services import exporting

    run = run_of(ctx)
    run.long()
    wanted = run.output or "csv"
    run.flags["output"] = wanted if wanted in FORMATS else ""
    return exporting.export(
        run.context, entity(kind), tuple(words or ()), format=wanted, columns=columns, lossless=lossless
    )
