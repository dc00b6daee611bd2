"""crm contact: people."""

from __future__ import annotations

from crmcli.commands.frame import noun
from crmcli.commands.merging import register_merge
from crmcli.commands.records import register
from crmcli.domain.entities import CONTACT

app = noun(
    "Examples:\n"
    '  crm contact add "Ada Lovelace" --company Engines --email ada@engines.example\n'
    "  crm contact list has:phone city:zurich"
)
register(app, CONTACT, example="city:zurich has:phone")
register_merge(app, CONTACT)
