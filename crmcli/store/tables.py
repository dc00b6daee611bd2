"""The tables as the store knows them: order, the columns that the journal keeps, what a new row has, nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import OWN
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.domain.types import Type

#: Parents before children: the order of inserts; deletes go the other way.
ORDER = (
    "crm_user", "tag", "source", "medium", "campaign", "lost_reason", "task_type", "pipeline", "stage", "saved_view",
    "doctor_rule", "custom_field", "plan", "plan_step", "rhythm_rule", "feed", "company", "contact", "opportunity",
    "stage_move", "task", "task_need", "interaction", "occasion",
    "company_distinct", "contact_distinct", "opportunity_distinct",
)  # fmt: skip
#: table -> the stored columns that the journal keeps (derived and key columns are not among them); what people added is
#: kept as well, see `columns_of`
COLUMNS: dict[str, tuple[str, ...]] = {}
for _entity in ENTITIES.values():
    COLUMNS[_entity.table] = tuple(
        dict.fromkeys(
            [
                *COLUMNS.get(_entity.table, ()),
                *(f.column for f in _entity.core if f.column and not f.derived),
            ]
        )
    )
#: table -> the columns whose texts an index holds, by themselves or by their keys -> the types that say how long they
#: may be
LIMITED: dict[str, dict[str, Type]] = {}
for _entity in ENTITIES.values():
    LIMITED.setdefault(_entity.table, {}).update(
        {f.column: f.type for f in _entity.core if f.column and f.type.longest is not None}
    )
COLUMNS["opportunity"] = ("kind", *COLUMNS["opportunity"])
#: What a new row has where nothing is said: the journal leaves these out as it leaves out what is empty.
DEFAULTS: dict[str, dict[str, Any]] = {
    "opportunity": {"status": "open", "probability_bp": 0, "probability_manual": False, "priority": 0, "position": 0},
    "task": {"priority": 0},
    "stage": {"position": 0, "probability_bp": 0, "is_won": False, "folded": False, "rot_days": 0},
    "pipeline": {"position": 0},
    "crm_user": {"active": True},
    "interaction": {"kind": "note"},
    "occasion": {"calendar": "gregorian", "year_known": True},
    "plan_step": {"position": 0, "offset_days": "0d", "who": "owner"},
    "rhythm_rule": {"entity": "contact"},
    "feed": {"kind": "events", "token_hash": ""},
}
#: table -> an entity that is kept in it, for what asks by entity and means the table
NOUNS = {entity.table: entity.name for entity in reversed(ENTITIES.values())}
#: Tables with rows of several entities; the column `kind` tells which.
_SHARED = frozenset(entity.table for entity in ENTITIES.values() if entity.kind)


def columns_of(table: str, *rows: Mapping[str, Any]) -> list[str]:
    """The columns that the journal keeps of these rows, those of people's own fields that any of them has included."""
    own = dict.fromkeys(column for row in rows for column in row if column.startswith(OWN))
    return [*COLUMNS[table], *own]


def noun_of(table: str, row: Mapping[str, Any] | None = None) -> str:
    """What a row goes by: its own kind where its table has rows of several, if it is known."""
    kind = (row or {}).get("kind") if table in _SHARED else None
    return str(kind or NOUNS[table])


def check_lengths(entity: str, values: Mapping[str, Any]) -> None:
    """Raises FieldError for a text of a record (stored values by column) that is longer than an index holds, naming the
    field."""
    for column, kind in LIMITED[ENTITIES[entity].table].items():
        if text := values.get(column):
            try:
                kind.check_length(text)
            except FieldError as error:
                noun = entity.replace("_", " ")
                raise FieldError(f"the {column.replace('_', ' ')} of a {noun}: {error.message}", column) from None
