"""crm company: firms, their parents and their people."""

from __future__ import annotations

from crmcli.commands.frame import noun
from crmcli.commands.merging import register_merge
from crmcli.commands.records import register
from crmcli.domain.entities import COMPANY

app = noun(
    "Examples:\n"
    '  crm company add Engines --website engines.example --parent "Babbage Group"\n'
    "  crm company show engines.example"
)
register(app, COMPANY, example="country:switzerland no:owner")
register_merge(app, COMPANY)
