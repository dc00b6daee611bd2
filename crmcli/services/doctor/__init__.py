"""`crm doctor`: what is missing, malformed, stale, contradictory, orphaned or there twice, and what mends it."""

from crmcli.services.doctor.examining import Finding, examine, known, listing, numbers, one, scores, show, told, unread
from crmcli.services.doctor.mending import mend, mendable
from crmcli.services.doctor.own import add, disable, edit, enable, remove

__all__ = [
    "Finding",
    "add",
    "disable",
    "edit",
    "enable",
    "examine",
    "known",
    "listing",
    "mend",
    "mendable",
    "numbers",
    "one",
    "remove",
    "scores",
    "show",
    "told",
    "unread",
]
