"""What links to what: the columns of every table that name a row of another one."""

from __future__ import annotations

from crmcli.domain.entities import ENTITIES
from crmcli.domain.types import Ref
from crmcli.store import read
from crmcli.store.sql import table_of

#: Vocabulary words come into being on the way: those that others use meanwhile stay, without a word.
WORDS = frozenset(("tag", "source", "medium", "campaign", "lost_reason", "task_type", "crm_user"))
#: table -> the columns that link to it, as (table, column)
LINKS: dict[str, list[tuple[str, str]]] = {}
#: table -> link column -> the table it links to
TARGETS: dict[str, dict[str, str]] = {}
for _entity in ENTITIES.values():
    for _field in _entity.stored():
        if isinstance(_field.type, Ref) and _field.column not in TARGETS.get(_entity.table, {}):
            TARGETS.setdefault(_entity.table, {})[_field.column] = table_of(_field.type.entity)
            LINKS.setdefault(table_of(_field.type.entity), []).append((_entity.table, _field.column))
LINKS["tag"] = [(f"{table}_tag", "tag_id") for table in sorted(read.TAGGED)]
