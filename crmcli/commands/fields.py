"""crm fields: the fields of each kind of record."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.domain.entities import ENTITIES, RECORDS, entity
from crmcli.results import Column, Rows
from crmcli.services import vocabulary

app = noun()


@app.command(
    "fields",
    help="The fields of a kind of record, for filters, columns and FIELD=VALUE.",
    epilog="Examples:\n  crm fields\n  crm fields deal",
)
def fields(
    ctx: typer.Context,
    noun_: Annotated[
        str, typer.Argument(metavar="[NOUN]", help="lead, deal, contact, company, task ...", show_default=False)
    ] = "",
) -> Rows:
    book(ctx).learn()
    if noun_:
        return vocabulary.fields(entity(noun_))
    columns = (Column("noun", None, "Noun"), Column("meaning", None, "Meaning"), Column("fields", None, "Fields"))
    kinds = [*RECORDS.values(), *(e for name, e in ENTITIES.items() if name not in RECORDS)]
    return Rows(columns, [{"noun": e.name, "meaning": e.help, "fields": len(e.fields)} for e in kinds])
