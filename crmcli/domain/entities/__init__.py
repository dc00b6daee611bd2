"""The nouns: lead, deal, contact, company, task, interaction, and the small vocabularies around them.

shared       the fields that several kinds of record have
turns        whose turn it is: the last word with a record
sales        leads and deals
people       people and companies
activities   tasks and interactions
words        the small vocabularies
"""

from __future__ import annotations

from crmcli.domain.entities.activities import INTERACTION, INTERACTION_KINDS, OCCASION, TASK, TASK_NEED
from crmcli.domain.entities.people import COMPANY, CONTACT
from crmcli.domain.entities.sales import DEAL, LEAD, PLANS
from crmcli.domain.entities.shared import PRIORITIES, STATUSES, UNSEEN, WITHHELD
from crmcli.domain.entities.words import (
    CAMPAIGN,
    CUSTOM_FIELD,
    DISTINCT,
    DOCTOR_RULE,
    FEED,
    LOST_REASON,
    MEDIUM,
    PIPELINE,
    PLAN,
    PLAN_STEP,
    RHYTHM_RULE,
    SAVED_VIEW,
    SOURCE,
    STAGE,
    STAGE_MOVE,
    TAG,
    TASK_TYPE,
    USER,
)  # fmt: skip
from crmcli.domain.fields import Entity, suggest
from crmcli.errors import UsageError

__all__ = [
    "CAMPAIGN", "COMPANY", "CONTACT", "CUSTOM_FIELD", "DEAL", "DISTINCT", "DOCTOR_RULE", "ENTITIES", "FEED",
    "INTERACTION", "INTERACTION_KINDS", "LEAD", "LOST_REASON", "MEDIUM", "OCCASION", "PIPELINE", "PLAN", "PLANS",
    "PLAN_STEP", "PRIORITIES", "RECORDS", "RHYTHM_RULE", "SAVED_VIEW", "SOURCE", "STAGE", "STAGE_MOVE", "STATUSES",
    "TAG", "TASK", "TASK_NEED", "TASK_TYPE", "UNSEEN", "USER", "WITHHELD", "entity", "record_kind",
]  # fmt: skip

#: The kinds of record that people list, show, edit and import, in the order in which they are documented.
RECORDS = {e.name: e for e in (LEAD, DEAL, CONTACT, COMPANY, TASK, INTERACTION)}
ENTITIES = RECORDS | {
    e.name: e
    for e in (
        TAG, USER, SOURCE, MEDIUM, CAMPAIGN, LOST_REASON, TASK_TYPE, PIPELINE, STAGE, STAGE_MOVE, SAVED_VIEW,
        DOCTOR_RULE, CUSTOM_FIELD, TASK_NEED, OCCASION, PLAN, PLAN_STEP, RHYTHM_RULE, FEED, *DISTINCT,
    )
}  # fmt: skip


def record_kind(word: str) -> Entity | None:
    """The kind of record that a word before a colon names: `deal:12`, `note:7`."""
    return RECORDS.get(word) or next((e for e in RECORDS.values() if e.noun == word), None)


def entity(name: str) -> Entity:
    """The entity of that name, plural or noun; UsageError with a suggestion otherwise."""
    found = ENTITIES.get(name) or record_kind(name) or next((e for e in ENTITIES.values() if e.plural == name), None)
    if found is None:
        raise UsageError(
            f"there is no kind of record called '{name}'", hint=suggest(name, RECORDS) or f"known: {', '.join(RECORDS)}"
        )
    return found
