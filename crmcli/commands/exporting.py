"""crm export: write records to a file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import FORMATS, Run, keep_format, noun, run_of
from crmcli.commands.options import flag, text
from crmcli.domain.entities import entity
from crmcli.errors import UsageError

app = noun()
Output = Annotated[
    str,
    text(
        "-o",
        "--output",
        metavar="FORMAT",
        help="csv, xlsx, vcf, json, jsonl, tsv, md or ids; csv unless given",
        callback=keep_format,
    ),
]


@app.command(
    "export",
    help="Write the records that fit a filter, every field of them, to stdout.",
    epilog="Examples:\n"
    "  crm export deals stage:won -o xlsx > won.xlsx\n"
    "  crm export contacts -o csv > contacts.csv\n"
    "  crm export contacts tag:friends -o vcf > friends.vcf\n"
    "  crm export leads is:any --lossless > leads.csv\n"
    "  crm export book | crm --db postgresql://localhost/crm import -",
)
def export(
    ctx: typer.Context,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="leads, deals, contacts, companies, tasks ...; 'book' is all of it")
    ],
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]...", help="A filter")] = None,
    output: Output = "",  # noqa: ARG001 - its callback notes it
    columns: Annotated[str, text("--columns", "-c", metavar="A,B", help="The columns; every field unless given")] = "",
    lossless: Annotated[
        bool, flag("--lossless", help="Every cell as it is, formulas too, and the UUIDs of links; to move house")
    ] = False,
    vcard_version: Annotated[
        str, text("--vcard-version", metavar="2.1|3.0|4.0", help="Of -o vcf; 3.0 unless given")
    ] = "",
) -> Any:
    from crmcli.services import exporting

    run = run_of(ctx)
    run.long()
    if kind == "book":
        return _book(run, words=words, columns=columns, lossless=lossless, vcard_version=vcard_version)
    wanted = run.output or "csv"
    run.flags["output"] = wanted if wanted in FORMATS else ""
    return exporting.export(
        run.context, entity(kind), tuple(words or ()), format=wanted, columns=columns, lossless=lossless,
        card_version=vcard_version,
    )  # fmt: skip


def _book(run: Run, **given: object) -> Any:
    """The whole book as JSON lines, which another, empty book imports; nothing can be `given` beside it."""
    from crmcli.services import relocating

    if any(given.values()) or run.output not in ("", "jsonl"):
        raise UsageError("a whole book is exported as JSON lines, all of it", "as in: crm export book > book.jsonl")
    run.flags["output"] = ""
    return relocating.export_book(run.context)
