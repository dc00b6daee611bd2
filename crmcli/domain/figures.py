"""What lists show and are in the order of besides fields: the urgency of records, which is worked out when it is asked.

Urgency is no field of the vocabulary. It depends on the moment, on who looks and on the settings, so that no filter
could ask for it in SQL, no index could have it, and an export that comes back would bring a figure of another day.
Where people have added a field of that name, it is theirs that is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import UsageError

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity

URGENCY = "urgency"
#: The kinds of record that have an urgency.
KINDS = ("task", "lead", "deal", "contact", "company")


def computed(kind: Entity, name: str) -> bool:
    """Whether a column or order of that name is the urgency of such records."""
    return name == URGENCY and kind.name in KINDS and name not in kind.by_name


def order(kind: Entity, sort: str) -> str:
    """What a sort says of urgency: "-" for the most urgent first, "+" for the least, "" where it sorts by fields.
    Raises UsageError where it is to sort by both."""
    words = [word.strip() for word in sort.split(",") if word.strip()]
    if not any(computed(kind, word.lstrip("+-")) for word in words):
        return ""
    if len(words) > 1:
        raise UsageError("a list in the order of urgency has no other order", "name urgency alone: --sort -urgency")
    return "-" if words[0].startswith("-") else "+"
