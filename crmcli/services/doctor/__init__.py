"""`crm doctor`: what is missing, malformed, stale, contradictory, orphaned or there twice, and what mends it."""

from crmcli.services.doctor.examining import Finding, examine, known, listing, one, scores, show, told
from crmcli.services.doctor.mending import mend, mendable
from crmcli.services.doctor.own import add, remove

__all__ = [
    "Finding",
    "add",
    "examine",
    "known",
    "listing",
    "mend",
    "mendable",
    "one",
    "remove",
    "scores",
    "show",
    "told",
]
