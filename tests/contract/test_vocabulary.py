"""Fields, views and models say the same: where they do not, the message names the file to mend."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import SQLModel

from crmcli.domain.entities import ENTITIES
from crmcli.domain.keys import KEYED, SEARCHED
from crmcli.domain.types import Choice, Currency, Money, Percent, Ref
from crmcli.store import connect, derived, models, read, schema
from crmcli.store.sql import table_of
from crmcli.store.tables import COLUMNS, DEFAULTS, ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection

MODELS = "crmcli/store/models.py"
FIELDS = "crmcli/domain/entities/"
TABLES = {table.name: table for table in SQLModel.metadata.sorted_tables}
#: The Python type that a column of each family of field has in the models.
FITTING: dict[str, tuple[type, ...]] = {
    "text": (str,), "identifier": (str,), "phone": (str,), "number": (int,), "money": (int,), "ref": (int,),
    "day": (date,), "instant": (datetime,), "flag": (bool,), "choice": (str, int),
}  # fmt: skip
#: Columns of the base tables that are no field of anybody.
INNER = {"version", "search_text", "kind", "custom", "custom_key", *derived.LEADING}
#: Columns of views beside the fields: what comes with a field of that type, and the board's order.
COMPANIONS = {
    "stage_position", "opportunity_kind", "merged_into_kind", "record_kind", "other_kind", "phone_e164", "mobile_e164",
    "custom",
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path = str(tmp_path_factory.mktemp("vocabulary") / "crm.db")
    schema.create(path)
    opened = connect.connect(path)
    yield opened
    opened.close()


ALL = pytest.mark.parametrize("entity", list(ENTITIES.values()), ids=lambda entity: entity.name)


@ALL
def test_every_field_has_its_column(entity: Entity) -> None:
    table = TABLES[entity.table]
    for field in entity.stored():
        where = f"{entity.name}.{field.name}: mend {MODELS} ({entity.table}.{field.column}) or {FIELDS}"
        assert field.column in table.columns, where
        column = table.columns[field.column]
        fits = FITTING[field.type.family]
        own = {models.Stamp: datetime, models.Key: str}
        python = own.get(type(column.type)) or getattr(column.type, "impl_instance", column.type).python_type
        if isinstance(field.type, Choice):
            fits = (int,) if field.type.numbers else (str,)
        assert python in fits, f"{where}: it is {python.__name__}"
        assert (f"{field.column}_key" in table.columns) == field.type.keyed, f"{where}: its key column"
        if field.type.keyed:
            key = table.columns[f"{field.column}_key"].type
            assert isinstance(key, models.Key), f"{where}: the key is not compared byte by byte"
            assert column.nullable == (field.name != "name"), where
        if isinstance(field.type, Ref):
            links = [link.target_fullname for link in column.foreign_keys]
            assert links == [f"{table_of(field.type.entity)}.id"], f"{where}: it links to {links}"


@ALL
def test_every_column_is_a_field(entity: Entity) -> None:
    known = {f.column for e in ENTITIES.values() if e.table == entity.table for f in e.stored()}
    for column in TABLES[entity.table].columns:
        name = column.name.removesuffix("_key")
        assert column.name in known | INNER or (name in known and column.name != name), (
            f"{entity.table}.{column.name} of {MODELS} is no field: mend {FIELDS}"
        )


@ALL
def test_every_field_is_in_the_view(entity: Entity, book: Connection) -> None:
    names = [entity.view + "_all", entity.view] if "removed_at" in entity.by_name else [entity.view]
    where = f"mend crmcli/store/views/*.sql ({names[0]})"
    assert set(names) <= set(schema.documented_views()), f"there is no {names[0]}: {where}"
    columns = book.names(f"SELECT * FROM {names[0]} LIMIT 0")[0]
    assert columns == book.names(f"SELECT * FROM {names[-1]} LIMIT 0")[0], where
    assert len(columns) == len(set(columns)), where
    expected = set()
    for field in entity.fields:
        if field.type.family == "tags":
            continue
        column = read.view_column(field)
        expected.add(column)
        assert column in columns, f"{entity.name}.{field.name}: {where}"
        if isinstance(field.type, Ref):
            expected.add(f"{field.name}_id")
            assert f"{field.name}_id" in columns, f"{entity.name}.{field.name}: its id; {where}"
        if isinstance(field.type, Money):
            assert field.type.currency in columns, f"{entity.name}.{field.name}: its currency; {where}"
    counts = {"opportunities", "contacts", "companies", "tasks"} if entity.name == "tag" else set()
    beyond = set(columns) - expected - COMPANIONS - counts
    assert not beyond, f"{names[0]} has columns that are no field: {beyond}: mend {FIELDS} or the view"


@ALL
def test_names_and_defaults(entity: Entity) -> None:
    names: list[str] = [name for field in entity.fields for name in (field.name, *field.aliases)]
    assert len(names) == len(set(names)), f"{entity.name}: a name or alias twice: mend {FIELDS}"
    assert not set(names) & {"is", "no", "has", "view", "not", "or", "and"}, f"{entity.name}: mend {FIELDS}"
    for name in entity.columns:
        assert name in entity.by_name, f"{entity.name}: the column {name} is no field: mend {FIELDS}"
    read.parse_sort(entity, entity.sort)
    for field in entity.fields:
        assert field.label, f"{entity.name}.{field.name} has no label: mend {FIELDS}"
        assert field.column or field.expr or field.type.family == "tags" or not field.settable, field.name
        if isinstance(field.type, Percent):
            assert field.column.endswith("_bp"), field.name


#: Indexed texts that no field is: digests and short words that the program works out, and tables.
MADE = {
    ("import_run", "digest"), ("journal", "entity"), ("opportunity", "kind"), ("reminder", "channel"),
    ("reminder", "task_uid"), ("reminder_since", "name"), ("reminder", "state"), ("sync_link", "digest"),
    ("sync_link", "entity"), ("sync_place", "digest"),
}  # fmt: skip
#: How many bytes an entry of PostgreSQL's indexes may have, and how many it has beside its texts: its own head and a
#: column or two of numbers or moments.
LARGEST_ENTRY, BESIDE_TEXTS = 2704, 120


def test_a_text_that_an_index_holds_has_a_limit() -> None:
    limits = {(e.table, f.key_column): f.type for e in ENTITIES.values() for f in e.core if f.column}
    seen = 0
    for table in TABLES.values():
        unique = [one for one in table.constraints if isinstance(one, (UniqueConstraint, PrimaryKeyConstraint))]
        for index in (*table.indexes, *unique):
            taken = 0
            for column in index.columns:
                kind = getattr(column.type, "impl_instance", column.type)
                if isinstance(column.type, models.Stamp) or kind.python_type is not str:
                    continue
                if (table.name, column.name) in MADE or isinstance(
                    limits.get((table.name, column.name)), (Choice, Currency)
                ):
                    taken += 10
                    continue
                where = f"{index.name} of {MODELS} holds {table.name}.{column.name}: limit it, INDEXED of {FIELDS}"
                assert (table.name, column.name) in limits, where
                longest = limits[table.name, column.name].longest
                assert longest is not None, where
                taken += 4 * longest + 4
                seen += 1
            assert taken + BESIDE_TEXTS <= LARGEST_ENTRY, f"{index.name} of {MODELS} holds more than an entry can"
    assert seen > 40


def test_the_write_door_knows_every_table() -> None:
    assert set(ORDER) == {entity.table for entity in ENTITIES.values()}, "mend ORDER of crmcli/store/tables.py"
    seen: set[str] = set()
    for name in ORDER:
        links = {link.column.table.name for column in TABLES[name].columns for link in column.foreign_keys}
        assert links <= seen | {name}, f"{name} comes before what it links to: mend ORDER of crmcli/store/tables.py"
        seen.add(name)
    for name in SEARCHED:
        assert "search_text" in TABLES[name].columns, f"mend {MODELS} ({name})"
    assert {name for name in KEYED if KEYED[name]} <= set(TABLES)


def test_the_defaults_of_the_write_door_are_those_of_the_models() -> None:
    classes: dict[str, Any] = {str(c.__tablename__): c for c in every_class(SQLModel) if hasattr(c, "__table__")}
    for table, defaults in DEFAULTS.items():
        for column, value in defaults.items():
            said = classes[table].model_fields[column].default
            assert said == value, f"{table}.{column}: {said} in {MODELS}, {value} in DEFAULTS of crmcli/store/tables.py"
    for table, columns in COLUMNS.items():
        for column in columns:
            must = not TABLES[table].columns[column].nullable
            given = column in DEFAULTS.get(table, {}) or classes[table].model_fields[column].is_required()
            free = column in ("id", "uid", "kind", "created_at", "updated_at", "at", "entered_at", "left_at", "seconds")
            link = bool(TABLES[table].columns[column].foreign_keys)
            assert not must or given or free or link, (
                f"{table}.{column} may not be empty: DEFAULTS of crmcli/store/tables.py"
            )


def every_class(base: Any) -> list[Any]:
    return [c for sub in base.__subclasses__() for c in (sub, *every_class(sub))]
