"""crm deal: opportunities on their way to won or lost."""

from __future__ import annotations

from crmcli.commands.frame import noun
from crmcli.commands.merging import register_merge
from crmcli.commands.opportunity import register_outcomes
from crmcli.commands.records import register
from crmcli.domain.entities import DEAL

app = noun(
    "Examples:\n  crm deal add \"Engine no. 2\" --company Engines --value 12k --close-on eom\n"
    "  crm deal list stage:proposition value:10k.. --sort close_on\n  crm deal move 31 proposition\n  crm deal won 31"
)  # fmt: skip
register(app, DEAL, example="stage:proposition value:10k..")
register_outcomes(app, DEAL)
register_merge(app, DEAL)
