"""One filter, three meanings: SQLite, PostgreSQL and Python choose the same of the nastiest rows."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain import query
from crmcli.domain.entities import RECORDS, STATUSES
from crmcli.domain.types import Choice, Ref
from crmcli.errors import CrmError
from crmcli.store import read
from tests.support import books, nasty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crmcli.domain.fields import Entity, Field
    from tests.support.postgres import Server

#: CRM_TEST_TREES=5000 for a long run.
TREES = int(os.environ.get("CRM_TEST_TREES", "300"))


@pytest.fixture(scope="module")
def pair(book_template: Path, tmp_path_factory: pytest.TempPathFactory, pg_server: Server) -> Iterator[list[Context]]:
    """The same nasty book on SQLite and on PostgreSQL."""
    name = f"nasty_{time.monotonic_ns()}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", books.NOW)
        patch.setenv("USER", "tester")
        patch.setenv("TZ", "UTC")
        path = books.copy_file(book_template, tmp_path_factory.mktemp("nasty") / "crm.db")
        url = books.copy_database(pg_server, books.make_template(pg_server), name)
        opened = [
            Context(Settings({"db": target, "region": "IR"}), quiet=True, plugins=False) for target in (str(path), url)
        ]
        for context in opened:
            nasty.fill(context)
            nasty.fill_own(context)
        yield opened
        for context in opened:
            context.close()
    pg_server.drop(name)


#: Every field in a type that people can give one is among the fields of each kind but that of interactions.
OWNED = [entity for entity in RECORDS.values() if entity.name != "interaction"]
ALPHABET = "aåßẞİıſŉµΐςﬁيكی۱٣\u200c%_\\ 0x'\""
NEEDLES = st.one_of(
    st.sampled_from(nasty.LONG),
    st.tuples(st.sampled_from(nasty.LONG), st.integers(0, 20), st.integers(1, 4)).map(
        lambda part: part[0][part[1] :][: part[2]]
    ),
    st.text(ALPHABET, min_size=1, max_size=3),
)  # fmt: skip
DAYS = st.sampled_from([*nasty.DAYS, "today", "tomorrow", "yesterday", "2026-11", "2026", "eom", "+3d"])
INSTANTS = st.sampled_from([*nasty.DAYS, *nasty.INSTANTS, "now", "today", "2026-11", "this-month"])
#: Both ends of the world, and the middle.
ZONES = st.sampled_from(["UTC", "Etc/GMT+12", "America/Los_Angeles", "Asia/Tokyo", "Pacific/Kiritimati"])
NUMBERS = st.sampled_from(
    ["0", "1", "5", "90", "12", "9007199254740993", "9007199254740992", "33.49", "50", "100", "1k", "-1"]
)
AMOUNTS = st.sampled_from(
    ["0", "1", "0.01", "0.001", "123.45", "1k", "100", "12345", "999.99", "1000", "90071992547409.93", "12345 JPY",
     "1.005", "EUR 1", "1 KWD", "10.00005", "1000005", "-1", "9007199254740993", "10000000000000", "99999999999999999"]
)  # fmt: skip


def ranged(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        values, values.map(lambda v: f"{v}.."), values.map(lambda v: f"..{v}"), st.tuples(values, values).map("..".join)
    )


def leaf(entity: Entity) -> st.SearchStrategy[str]:
    """One term of any kind that the entity knows."""
    special = [st.sampled_from([f"is:{state}" for state in query.STATES[entity.table]]), NEEDLES.map(query.quote)]
    names = [f.name for f in entity.fields if f.sql or f.type.family == "tags"]
    special += [st.sampled_from([f"{word}:{name}" for name in names for word in ("no", "has")])] * 3
    return st.one_of(*special, *(term(field) for field in entity.fields if field.sql or field.type.family == "tags"))


def term(field: Field) -> st.SearchStrategy[str]:
    family = field.type.family
    if isinstance(field.type, Choice):
        values = st.sampled_from(STATUSES if field.name == "status" else field.type.options)
    elif isinstance(field.type, Ref) and field.type.words:
        known = {"user": ["tester", "Grâce", "علی", "me"], "stage": ["new", "QUALIFIED", "won"], "pipeline": ["sales"],
                 "task_type": ["call", "to-do"]}  # fmt: skip
        values = st.sampled_from(known.get(field.type.entity, [*nasty.WORDS, "كمپين", "unknown"]))
    elif isinstance(field.type, Ref):
        values = st.one_of(NEEDLES, st.integers(0, 70).map(str))
    elif family == "tags":
        values = st.sampled_from([*nasty.TAGS, "STRASSE", "علي", "unknown"])
    elif family == "flag":
        values = st.sampled_from(["yes", "no"])
    elif family == "money":
        values = ranged(AMOUNTS)
    elif family == "number":
        values = ranged(NUMBERS)
    elif family == "day":
        values = ranged(DAYS)
    elif family == "instant":
        values = ranged(INSTANTS)
    elif family == "phone":
        values = st.sampled_from([*nasty.PHONES, "8888", "98", "۰۹۱۲", "0912"])
    else:
        values = st.one_of(NEEDLES, st.sampled_from([*nasty.EMAILS, *nasty.URLS, "EUR", "x.example", "c1", "t3"]))
    exact = st.sampled_from(["", "", "="])
    several = st.lists(values.map(query.quote), min_size=1, max_size=2).map(",".join)
    return st.tuples(exact, several).map(lambda found: f"{field.name}:{found[0]}{found[1]}")


def tree(entity: Entity) -> st.SearchStrategy[str]:
    return st.recursive(
        leaf(entity),
        lambda inner: st.one_of(
            inner.map(lambda one: f"not ({one})"),
            st.lists(inner, min_size=2, max_size=3).map(lambda some: "(" + " ".join(some) + ")"),
            st.lists(inner, min_size=2, max_size=3).map(lambda some: "(" + " or ".join(some) + ")"),
        ),
        max_leaves=6,
    )


#: What was made once by `made_once`.
STRATEGIES: dict[object, st.SearchStrategy[str]] = {}


def made_once(key: object, make: Callable[[], st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    """What `make` makes, at the first call with this key: to build and to check a strategy takes Hypothesis many times
    as long as to draw from it."""
    if key not in STRATEGIES:
        STRATEGIES[key] = make()
    return STRATEGIES[key]


#: entity -> every record as Python sees it
SEEN: dict[str, list[dict[str, Any]]] = {}


def everything(ctx: Context, entity: Entity) -> list[dict[str, Any]]:
    ctx.learn()
    ids = [row[0] for row in ctx.reader.rows(f"SELECT id FROM {entity.view}_all ORDER BY id")]
    return read.hydrate(ctx.reader, entity, ids)


def test_both_engines_hold_the_same(pair: list[Context]) -> None:
    for entity in RECORDS.values():
        first, second = (everything(ctx, entity) for ctx in pair)
        assert len(first) >= nasty.ROWS
        assert [{k: v for k, v in row.items() if k != "uid"} for row in first] == [
            {k: v for k, v in row.items() if k != "uid"} for row in second
        ]
        SEEN[entity.name] = first


@pytest.mark.parametrize("entity", OWNED, ids=lambda entity: entity.name)
@settings(max_examples=TREES // len(RECORDS), suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_the_three_agree_about_fields_of_peoples_own(entity: Entity, data: st.DataObject, pair: list[Context]) -> None:
    ctx = pair[0]
    ctx.learn()
    own = [field for field in entity.fields if field.own]
    assert len(own) == len(nasty.OWN)
    some = st.lists(
        st.sampled_from(own).flatmap(lambda field: made_once((entity.name, field.name), lambda: own_term(field))),
        min_size=1,
        max_size=3,
    )
    text = data.draw(
        st.tuples(st.sampled_from([" ", " or ", " not "]), some).map(lambda found: found[0].join(found[1]))
    )
    try:
        node = query.bind(query.parse(text), entity, ctx.env, ctx.book, text)
    except CrmError:
        reject()
    records = SEEN.setdefault(entity.name, everything(ctx, entity))
    expected = [row["id"] for row in records if query.matches(node, row, entity, ctx.env)]
    for other in pair:
        assert read.all_ids(other.reader, entity, node) == expected, text


def own_term(field: Field) -> st.SearchStrategy[str]:
    """A term about a field of people's own: values of its type, and whether it has any; a bare word for a text."""
    values = nasty.OWN[field.name.removeprefix("my_").replace("_", "-")]
    shown = st.sampled_from(values).map(lambda value: query.quote(field.type.show(value)))
    if field.type.family in ("number", "day", "instant"):
        shown = ranged(shown)
    words = [shown.map(lambda value: f"{field.name}:{value}"), shown.map(lambda value: f"{field.name}:={value}")]
    words += [term(field), st.sampled_from([f"no:{field.name}", f"has:{field.name}"])]
    return st.one_of(*words, *([NEEDLES.map(query.quote)] if field.search else []))


@pytest.mark.parametrize("entity", list(RECORDS.values()), ids=lambda entity: entity.name)
@settings(max_examples=TREES // len(RECORDS), suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_the_three_agree(entity: Entity, data: st.DataObject, pair: list[Context]) -> None:
    ctx = pair[0]
    ctx.learn()
    text = data.draw(made_once(entity.name, lambda: tree(entity)))
    env = ctx.env._replace(now=ctx.env.now.astimezone(ZoneInfo(data.draw(ZONES))))
    try:
        parsed = query.parse(text)
        node = query.bind(parsed, entity, env, ctx.book, text)
    except CrmError:
        reject()  # not `return`: Hypothesis draws another one in its stead
    assert without_places(query.parse(query.canonical(parsed))) == without_places(parsed)
    records = SEEN.setdefault(entity.name, everything(ctx, entity))
    expected = [row["id"] for row in records if query.matches(node, row, entity, env)]
    for other in pair:
        assert read.all_ids(other.reader, entity, node) == expected, text


def without_places(node: Any) -> Any:
    if isinstance(node, (query.And, query.Or)):
        return type(node)(tuple(without_places(item) for item in node.items))
    if isinstance(node, query.Not):
        return query.Not(without_places(node.item))
    return node._replace(at=0)


# --- paging ----------------------------------------------------------------------------------------------------------


def sorts() -> list[tuple[str, str]]:
    found = []
    for entity in RECORDS.values():
        for field in entity.fields:
            if field.sql:
                found += [(entity.name, field.name), (entity.name, f"-{field.name}")]
        found += [
            (entity.name, ",".join(names))
            for names in (("-updated_at", "created_at"), ("created_at", "-updated_at", "id"))
        ]
    found += [
        ("deal", "stage,-value"),
        ("deal", "-close_on,currency,name"),
        ("lead", "-owner,source"),
        ("task", "-due_on,priority"),
    ]
    return found


@pytest.mark.parametrize("entity", list(RECORDS.values()), ids=lambda entity: entity.name)
def test_pages_put_together_are_the_whole_list_in_order(entity: Entity, pair: list[Context]) -> None:
    records = {row["id"]: row for row in SEEN.setdefault(entity.name, everything(pair[0], entity))}
    pair[0].learn()
    for name in [sort for of, sort in sorts() if of == entity.name]:
        keys = read.parse_sort(entity, name)
        lists = []
        for ctx in pair:
            whole, more = read.page_ids(ctx.reader, entity, query.EVERYTHING, keys, 10_000)
            assert more is None
            assert sorted(whole) == sorted(records), name
            for size, back in ((7, False), (60, False), (7, True), (60, True)):
                found: list[int] = []
                after = None
                while True:
                    ids, after = read.page_ids(ctx.reader, entity, query.EVERYTHING, keys, size, after, back=back)
                    found += ids
                    if after is None:
                        break
                assert found == (whole[::-1] if back else whole), (name, size, back)
            lists.append(whole)
        if "uid" not in name:
            assert lists[0] == lists[1], name
        field, down = keys[0]
        column = f"{field.name}_id" if isinstance(field.type, Ref) else field.name
        values = [records[i][column] for i in lists[0]]
        filled = [value for value in values if value is not None]
        assert values == filled + [None] * (len(values) - len(filled)), f"{name}: empty ones come last"
        if not isinstance(field.type, Ref):
            ordered = [field.type.key(v, pair[0].env) if field.type.keyed else v for v in filled]
            assert ordered == sorted(ordered, key=lambda v: v.encode() if isinstance(v, str) else v, reverse=down), name
