"""What links to a record that can be merged is known to what moves it, and so is whatever no two rows may share."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

import crmcli.store.models  # noqa: F401
from crmcli.domain.entities import ENTITIES
from crmcli.domain.merging import STAYING, combined
from crmcli.services import aliases, apart
from crmcli.services.links import LINKS
from crmcli.store import read
from crmcli.store.tables import COLUMNS, ORDER

TABLES = SQLModel.metadata.tables
MOVER = "mend crmcli/services/moving.py, or give the table an entity with a Ref field"


def test_every_foreign_key_to_a_record_that_can_be_merged_is_moved() -> None:
    found = 0
    for table in TABLES.values():
        for column in table.columns:
            for link in column.foreign_keys:
                target = link.column.table.name
                if target not in aliases.TABLES or (table.name.endswith("_tag") and column.name == "record_id"):
                    continue  # tags are united with the other fields
                found += 1
                assert (table.name, column.name) in LINKS[target], f"{table.name}.{column.name}: {MOVER}"
                assert table.name in ORDER, f"{table.name} is not journalled: {MOVER}"
    assert found > 15
    assert {table for table in TABLES if table.endswith("_tag")} == {f"{table}_tag" for table in read.TAGGED}


def test_what_no_two_rows_share_has_no_link_that_a_move_could_make_equal() -> None:
    """Pairs are the exception, which the mover knows."""
    for table in TABLES.values():
        unique = [index.columns for index in table.indexes if index.unique]
        unique += [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
        unique += [[column] for column in table.columns if column.unique]
        linked = {
            column.name
            for columns in unique
            for column in columns
            if any(link.column.table.name in aliases.TABLES for link in column.foreign_keys)
        }
        pairs = table.name in {apart.table_of(name) for name in aliases.TABLES}
        assert linked == (set(apart.PAIR) if pairs else set()), f"{table.name}: {linked}: {MOVER}"


def test_every_column_of_such_a_record_has_a_rule() -> None:
    for name in aliases.TABLES:
        assert apart.table_of(name) in ORDER
        row = {"id": 1, "kind": "deal", "probability_bp": 0}
        taken = combined(name, [row, {**row, "id": 2}]).values.keys()
        kept = {f.column for e in ENTITIES.values() if e.table == name for f in e.stored() if f.derived}
        assert set(COLUMNS[name]) <= taken | STAYING | kept, name
