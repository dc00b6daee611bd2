"""The filter language as text: what is read, how it says no, and that its canonical text means the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcli.domain.entities import LEAD
from crmcli.domain.query import EVERYTHING, And, Not, Or, Term, Value, Word, canonical, join_words, narrowed, parse
from crmcli.domain.query.spelling import in_quotes
from crmcli.errors import FilterError


def plain(node: object) -> object:
    """A tree without places; quotes around a word are spelling too."""
    if isinstance(node, (And, Or)):
        return type(node)(tuple(plain(item) for item in node.items))
    if isinstance(node, Not):
        return Not(plain(node.item))
    assert isinstance(node, (Term, Word))
    return node._replace(at=0, quoted=False) if isinstance(node, Word) else node._replace(at=0)


def term(field: str, *values: str, exact: bool = False) -> Term:
    return Term(field, tuple(Value(v) for v in values), exact)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", EVERYTHING),
        ("   ", EVERYTHING),
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
        ("a OR NOT b AND c", Or((Word("a"), And((Not(Word("b")), Word("c")))))),
        ('"not" "or" "OR"', And((Word("not"), Word("or"), Word("OR")))),
        ('"city:x"', Word("city:x")),
    ],
)
def test_reads(text: str, tree: object) -> None:
    assert plain(parse(text)) == tree


@pytest.mark.parametrize("text", ['"not" "OR"', '"city:x"', '"stage=new"', "OReilly", 'city:"x, y",z', "a,b"])
def test_keeps_the_quotes_that_matter(text: str) -> None:
    assert canonical(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "column", "message", "todo"),
    [
        ("(a", 0, "this ( is never closed", "write ) where it ends"),
        ("a)", 1, "there is a ) without its (", "take it out"),
        (")", 0, "there is a ) without its (", "take it out"),
        ("a or", 4, "a term is missing here", 'on both sides of or; for the word itself write "or"'),
        ("or a", 0, "a term is missing here", "on both sides of or"),
        ("a or or b", 5, "a term is missing here", "on both sides of or"),
        ("(a or) b", 5, "a term is missing here", "on both sides of or"),
        ("and", 3, "a term is missing here", "on both sides of and"),
        ("()", 1, "a term is missing here", "between ( and )"),
        ("(", 1, "a term is missing here", "between ( and )"),
        ("not", 0, "'not' wants a term after it", "not stage:new"),
        ("a not )", 2, "'not' wants a term after it", 'for the word itself write "not"'),
        ('city:"x', 5, "this quote is never closed", 'write " where it ends'),
        ("a city:", 7, "'city:' wants a value", "for empty ones write no:city"),
        ("city:=", 6, "'city:' wants a value", "for empty ones write no:city"),
        ("is:", 3, "'is:' wants a value", "as in is:open"),
        ("no:", 3, "'no:' wants a value", "as in no:email"),
    ],
)
def test_says_what_is_wrong_where_and_what_to_do(text: str, column: int, message: str, todo: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)
    assert refused.value.message == message
    assert todo in refused.value.hint
    assert (refused.value.text, refused.value.column, refused.value.code) == (text, column, 2)


@pytest.mark.parametrize("sign", [")", '"', "()", "not", "or"])
def test_what_a_hint_says_about_the_sign_itself_is_true(sign: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(sign)
    assert f"write {in_quotes(sign)}" in refused.value.hint
    assert plain(parse(in_quotes(sign))) == Word(sign)


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
        with pytest.raises(FilterError, match="too deeply") as refused:
            parse(text)
        assert "view:NAME" in refused.value.hint
    parse(" ".join(["a"] * 20_000))
    parse("(" * 50 + "a" + ")" * 50)


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
@example("a:0,")
@example("a:,,0")
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        tree = parse(text)
    except FilterError as error:
        place = error.column
    else:
        place = 0
        assert plain(parse(canonical(tree))) == plain(tree)
    assert 0 <= place <= len(text)


@pytest.mark.parametrize(
    ("words", "means"),
    [
        (("a", "or", "b"), "(a or b) stage:new"),
        (("a or b",), "(a or b) stage:new"),
        (("name:a or b", "c"), '(name:"a or b" c) stage:new'),
        (("not", "a"), "(not a) stage:new"),
        ((), "stage:new"),
        ((" ",), "stage:new"),
    ],
)
def test_a_filter_is_narrowed_as_a_whole(words: tuple[str, ...], means: str) -> None:
    assert canonical(parse(join_words(narrowed(words, "stage:new"), LEAD.by_name))) == canonical(parse(means))
