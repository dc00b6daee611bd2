"""The filter language: what it reads, how it says no, and that its canonical text means the same."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain import query
from crmcli.domain.entities import CONTACT, DEAL, LEAD, RECORDS, TASK
from crmcli.domain.query import And, Book, Not, Or, Term, Value, Word, canonical, join_words, parse
from crmcli.domain.types import Env
from crmcli.errors import CrmError, FilterError

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ENV = Env(NOW, me="ada")
WORDS = {
    "stage": ["new", "qualified", "won"],
    "user": ["ada", "grace"],
    "tag": ["vip"],
    "source": ["web"],
    "pipeline": ["sales"],
}
VIEWS = {"hot": "stage:qualified value:10k..", "loop": "view:loop", "deep": "view:hot city:bern"}


def book(notes: list[str] | None = None) -> Book:
    return Book(
        lambda name: WORDS.get(name, []), lambda _, name: VIEWS.get(name), (notes if notes is not None else []).append
    )


def read(text: str, entity: object = LEAD) -> object:
    return query.read(text, entity, ENV, book())  # type: ignore[arg-type]


def plain(node: object) -> object:
    """A tree without places."""
    if isinstance(node, (And, Or)):
        return type(node)(tuple(plain(item) for item in node.items))
    if isinstance(node, Not):
        return Not(plain(node.item))
    assert isinstance(node, (Term, Word))
    return node._replace(at=0)


def term(field: str, *values: str, exact: bool = False) -> Term:
    return Term(field, tuple(Value(v) for v in values), exact)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", query.EVERYTHING),
        ("   ", query.EVERYTHING),
        ("acme", Word("acme")),
        ('"two words"', Word("two words")),
        ("stage:new,won", term("stage", "new", "won")),
        ("name:=Ada", term("name", "Ada", exact=True)),
        ('name:"Ada, Countess"', Term("name", (Value("Ada, Countess", quoted=True),))),
        ("a b", And((Word("a"), Word("b")))),
        ("a and b", And((Word("a"), Word("b")))),
        ("a or b c", Or((Word("a"), And((Word("b"), Word("c")))))),
        ("not a b", And((Not(Word("a")), Word("b")))),
        ("not not a", Not(Not(Word("a")))),
        ("(a or b) c", And((Or((Word("a"), Word("b"))), Word("c")))),
        ("website:https://x/?a=1&b=2", term("website", "https://x/?a=1&b=2")),
        ('"not" "or"', And((Word("not"), Word("or")))),
        ('"city:x"', Word("city:x")),
    ],
)
def test_reads(text: str, tree: object) -> None:
    if text.startswith('"not"') or text == '"city:x"':
        assert canonical(parse(text)) == text
    else:
        assert plain(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("(a", 0, "never closed"),
        ("a)", 1, "without its ("),
        ("a or", 4, "missing"),
        ("or a", 0, "missing"),
        ("not", 0, "wants a term"),
        ("a not )", 2, "wants a term"),
        ("()", 1, "missing"),
        ('city:"x', 5, "quote is never closed"),
        ("a city:", 7, "wants a value"),
        ("a nosuch:1", 2, "no field"),
        ("a stage:nowhere", 2, "no stage"),
        ("a value:abc", 2, "value"),
        ("a close_on:32", 2, "close_on"),
        ("a is:nothing", 2, "means nothing"),
        ("a no:nothing", 2, "no field"),
        ("a view:cold", 2, "no saved view"),
        ("a view:loop", 0, "contains itself"),
        ("a value:>5", 2, "not"),
        ("a priority:extreme", 2, "not one of"),
        ('a external_id:"  "', 2, "equals nothing"),
        ('a status:"  "', 2, "equals nothing"),
    ],
)
def test_says_no_and_where(text: str, column: int, message: str) -> None:
    with pytest.raises(FilterError, match=re.escape(message)) as refused:
        read(text)
    assert refused.value.column == column
    lines = str(refused.value).splitlines()
    assert lines[2].index("^") == column + 2
    assert refused.value.code == 2


def test_an_unknown_field_has_a_suggestion() -> None:
    with pytest.raises(FilterError) as refused:
        read("stgae:new")
    assert "did you mean 'stage'?" in refused.value.hint
    with pytest.raises(FilterError) as refused:
        read("stage:qualifed")
    assert "did you mean 'qualified'?" in refused.value.hint


def test_an_unknown_open_word_is_a_remark() -> None:
    notes: list[str] = []
    query.read("source:wbe tag:vpi", LEAD, ENV, book(notes))
    assert notes == ["no source is called 'wbe'; did you mean 'web'?", "no tag is called 'vpi'; did you mean 'vip'?"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["stage:new", "acme"], "stage:new acme"),
        (["company:Analytical Engines"], 'company:"Analytical Engines"'),
        (["company:=Analytical Engines"], 'company:="Analytical Engines"'),
        (["stage:new,won or tag:vip"], "stage:new,won or tag:vip"),
        (["not stage:new", "or", "(acme", "x)"], "not stage:new or (acme x)"),
        (["company:Engines (old)"], 'company:"Engines (old)"'),
        (["name:=Ada"], "name:=Ada"),
        (["two words"], "two words"),
        (['company:"Analytical Engines"'], 'company:"Analytical Engines"'),
        (["tag:with space,other"], 'tag:"with space",other'),
        ([], ""),
    ],
)
def test_shell_words(words: list[str], text: str) -> None:
    assert join_words(words, LEAD.by_name) == text
    parse(text)


def test_a_filter_too_deep_is_refused_and_not_a_crash() -> None:
    for text in ("(" * 100_000, "not " * 100_000 + "a", "(" * 5000 + "a" + ")" * 5000):
        with pytest.raises(FilterError, match="too deeply"):
            parse(text)
    parse(" ".join(["a"] * 20_000))
    parse("(" * 50 + "a" + ")" * 50)


def test_what_lists_leave_out() -> None:
    record = {"name": "Ada", "status": "lost", "archived_at": "2026-11-21T10:00:00.000Z", "removed_at": None}
    for text, fits in (
        ("", False),
        ("is:lost", True),
        ("status:lost", True),
        ("is:any", True),
        ("ada", False),
        ("not is:won", True),
    ):
        node = read(text)
        assert query.matches(node, record, LEAD, ENV) is fits, text
    removed = {**record, "removed_at": "2026-11-21T10:00:00.000Z"}
    assert not query.matches(read("is:any"), removed, LEAD, ENV)
    assert query.matches(read("is:removed"), removed, LEAD, ENV)


def test_values_mean_what_their_types_say() -> None:
    record = {
        "id": 12,
        "name": "Straße",
        "value": 1_200_050,
        "currency": "EUR",
        "owner": "ada",
        "owner_id": 1,
        "tags": ["VIP"],
        "close_on": "2026-11-30",
        "created_at": "2026-11-21T09:00:00.000Z",
        "status": "open",
        "priority": 3,
        "city": None,
        "phone": "+98 21 8888 7777",
        "email": "ada@engines.example",
        "probability": 3349,
    }
    for text in (
        "name:STRASSE",
        "name:=strasse",
        "strasse",
        "value:12k..",
        "value:..12000.50",
        "value:12000.50",
        "owner:me",
        "tag:vip",
        "close:eom",
        "created:today",
        "priority:high",
        "no:city",
        "has:email",
        "phone:+982188887777",
        "phone:8888",
        "email:=ADA@engines.example",
        "probability:33.49",
        "id:12",
        "not city:bern",
        "value:12000.50,5",
        "value:12000.50EUR",
        "created:2026-11",
        "close_on:2026-11-30..",
        "city:x or name:stra",
        "not no:name",
    ):
        assert query.matches(query.bind(parse(text), LEAD, ENV, book(), text), record, LEAD, ENV), text
    for text in (
        "city:bern",
        "value:12001..",
        "not tag:vip",
        "close_on:2026-11-29",
        "value:12000.50USD",
        "not created:today",
        "has:city",
    ):
        assert not query.matches(query.bind(parse(text), LEAD, ENV, book(), text), record, LEAD, ENV), text


TEXT = st.text(st.sampled_from('ab: ,="\\()نoرtn.0-9\u200c%'), max_size=30)
NODES = st.recursive(
    st.one_of(
        st.text(min_size=1, max_size=8).filter(lambda t: t.strip()).map(Word),
        st.tuples(
            st.sampled_from(["name", "stage", "x"]),
            st.lists(st.tuples(st.text(max_size=6), st.just(True)), min_size=1, max_size=3),
            st.booleans(),
        ).map(lambda p: Term(p[0], tuple(Value(*v) for v in p[1]), p[2])),
    ),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda i: And(tuple(i))),
        st.lists(inner, min_size=2, max_size=3).map(lambda i: Or(tuple(i))),
    ),
    max_leaves=8,
)


@given(node=NODES)
def test_canonical_text_parses_to_the_same_tree(node: object) -> None:
    assert plain(parse(canonical(node))) == node


@given(text=st.one_of(TEXT, st.text(max_size=40)))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        tree = parse(text)
    except FilterError as error:
        place = error.column
    else:
        place = 0
        assert plain(parse(canonical(tree))) == plain(tree)
    assert 0 <= place <= len(text)


FIELDS = st.sampled_from(
    sorted({name for entity in RECORDS.values() for name in entity.by_name} | {"is", "no", "has", "view"})
)


@given(entity=st.sampled_from([LEAD, DEAL, CONTACT, TASK]), field=FIELDS, value=st.one_of(TEXT, st.text(max_size=30)))
def test_nothing_but_our_own_errors(entity: object, field: str, value: str) -> None:
    for text in (f"{field}:{value}", f"{field}:={query.quote(value)}", f"not {field}:{value}..{value}", value):
        with contextlib.suppress(CrmError):
            read(text, entity)
