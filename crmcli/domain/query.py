"""The filter language: text -> tree -> bound tree, which SQL (`store.sql`) and Python (`matches`) read alike.

    acme   not TERM   TERM or TERM   ( ... )   field:a,b   field:=exact   field:1..5   no:field   has:field   is:state

Every leaf is true or false for every row, never unknown, so that `not` is a true complement.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.fields import suggest
from crmcli.domain.keys import search_text
from crmcli.domain.periods import parse_range, parse_span
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import Choice, Phone, Ref, bare_number, show_instant
from crmcli.errors import FieldError, FilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.types import Env

TERM = re.compile(r"([a-z][a-z0-9_.]*):")
_TOKEN = re.compile(r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<word>(?:[^\s()"]|"(?:[^"\\]|\\.)*")+)|(?P<bad>"))')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
MAX_DEPTH = 60


# --- the tree as written -------------------------------------------------------------------------------------------


class Value(Struct):
    """One of the values of a term; a quoted one is taken as it stands."""

    text: str
    quoted: bool = False


class Term(Struct):
    """`field:value,value`, with `exact` for `field:=value`; `at` is its column in the text."""

    field: str
    values: tuple[Value, ...]
    exact: bool = False
    at: int = 0


class Word(Struct):
    """A bare word: any searchable text contains it."""

    text: str
    at: int = 0


class And(Struct):
    items: tuple[Any, ...]


class Or(Struct):
    items: tuple[Any, ...]


class Not(Struct):
    item: Any


Node = Any
EVERYTHING = And(())


def parse(text: str) -> Node:
    """The tree of a filter text; an empty text is `EVERYTHING`. Raises FilterError with the place of the fault."""
    return _Parser(text).parse()


class _Parser:
    """Recursive descent: or-expression of and-expressions of (not) terms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.i = 0
        self.depth = 0

    def parse(self) -> Node:
        if not self.tokens:
            return EVERYTHING
        tree = self._any()
        if self.i < len(self.tokens):
            raise FilterError("there is a ) without its (", self.text, self.tokens[self.i][2])
        return tree

    def _peek(self) -> str:
        return self.tokens[self.i][0] if self.i < len(self.tokens) else ""

    def _any(self) -> Node:
        items = [self._all()]
        while self._peek() == "or":
            self.i += 1
            items.append(self._all())
        return items[0] if len(items) == 1 else Or(tuple(items))

    def _all(self) -> Node:
        items = []
        while self._peek() not in ("", ")", "or"):
            if self._peek() == "and":
                self.i += 1
                continue
            items.append(self._one())
        if not items:
            at = self.tokens[self.i][2] if self.i < len(self.tokens) else len(self.text)
            raise FilterError("a term is missing here", self.text, at)
        return items[0] if len(items) == 1 else And(tuple(items))

    def _one(self) -> Node:
        kind, text, at = self.tokens[self.i]
        self.i += 1
        if kind == "not":
            if self._peek() in ("", ")", "or", "and"):
                raise FilterError("'not' wants a term after it", self.text, at)
            self._deeper(at)
            item = Not(self._one())
            self.depth -= 1
            return item
        if kind == "(":
            self._deeper(at)
            inner = self._any()
            if self._peek() != ")":
                raise FilterError("this ( is never closed", self.text, at)
            self.i += 1
            self.depth -= 1
            return inner
        return read_word(text, at, self.text)

    def _deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FilterError("the filter is nested too deeply", self.text, at)


def _tokens(text: str) -> Iterable[tuple[str, str, int]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            if text[at:].strip():
                raise FilterError("this cannot be read", text, at)
            return
        if found["bad"]:
            raise FilterError("this quote is never closed", text, found.start("bad"))
        if found["open"] or found["close"]:
            mark = "(" if found["open"] else ")"
            yield mark, mark, found.end() - 1
        else:
            word = found["word"]
            kind = word if word in ("not", "or", "and") else "word"
            yield kind, word, found.start("word")
        at = found.end()


def read_word(word: str, at: int = 0, text: str = "") -> Node:
    """One word of a filter as a Term or a Word."""
    found = TERM.match(word)
    if not found:
        return Word(_unquote(word), at)
    rest = word[found.end() :]
    exact = rest.startswith("=")
    if exact:
        rest = rest[1:]
    values = tuple(_values(rest))
    if not any(value.text or value.quoted for value in values):
        raise FilterError(
            f"'{found[1]}:' wants a value", text or word, at + len(word), hint=f"for empty ones write no:{found[1]}"
        )
    return Term(found[1], values, exact, at)


def _values(rest: str) -> Iterable[Value]:
    """Split at the commas outside of quotes."""
    for part in re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+|(?<=,)(?=,|$)', rest) or [""]:
        yield Value(_unquote(part), part.startswith('"'))


def _unquote(text: str) -> str:
    if '"' not in text:
        return text
    return re.sub(r'"((?:[^"\\]|\\.)*)"', lambda found: _ESCAPE.sub(r"\1", found[1]), text)


def join_words(words: Iterable[str], known: Iterable[str] = ()) -> str:
    """The words of a shell command as one filter text.

    A word that starts with `field:` is one term, spaces included (the shell has eaten its quotes), unless further
    `known` fields stand in it: then, as any other word, it is a piece of filter text.
    """
    names = set(known) | {"is", "no", "has", "view"}
    parts = []
    for word in words:
        found = TERM.match(word)
        spaced = found and re.search(r'[\s()"]', word[found.end() :])
        if not found or not spaced or _holds_more(word[found.end() :], names):
            parts.append(word)
            continue
        rest = word[found.end() :]
        mark, rest = ("=", rest[1:]) if rest.startswith("=") else ("", rest)
        if rest.startswith('"'):
            parts.append(word)
            continue
        values = [quote(value) for value in rest.split(",")] if not mark else [quote(rest)]
        parts.append(f"{found[0]}{mark}{','.join(values)}")
    return " ".join(parts)


def _holds_more(rest: str, names: set[str]) -> bool:
    return any(found[1] in names for found in re.finditer(r"\s(?:not\s+|or\s+|\(\s*)*([a-z][a-z0-9_.]*):", rest))


def quote(value: str) -> str:
    """A value as it is written in a filter text: in double quotes where it must be."""
    if value and not re.search(r'[\s(),"]', value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def canonical(node: Node) -> str:
    """The tree as text that parses to the same tree."""
    if isinstance(node, And):
        return " ".join(
            f"({canonical(item)})" if isinstance(item, (And, Or)) else canonical(item) for item in node.items
        )
    if isinstance(node, Or):
        return " or ".join(f"({canonical(item)})" if isinstance(item, Or) else canonical(item) for item in node.items)
    if isinstance(node, Not):
        inner = canonical(node.item)
        return f"not ({inner})" if isinstance(node.item, (And, Or)) else f"not {inner}"
    if isinstance(node, Word):
        plain = not TERM.match(node.text) and node.text not in ("not", "or", "and")
        return node.text if plain and quote(node.text) == node.text else '"' + quote(f"{node.text} ")[1:-2] + '"'
    values = ",".join('"' + quote(f"{v.text} ")[1:-2] + '"' if v.quoted else quote(v.text) for v in node.values)
    return f"{node.field}:{'=' if node.exact else ''}{values}"


# --- the bound tree ------------------------------------------------------------------------------------------------


class Compare(Struct):
    """A stored value compared: `op` is one of = < <= > >=."""

    field: Field
    op: str
    value: Any


class MoneyCompare(Struct):
    """An amount compared in the record's own currency; `units` are ten-thousandths of the major unit."""

    field: Field
    op: str
    units: int


class Contains(Struct):
    """The key of a text contains `needle`, or with `whole` equals it."""

    field: Field
    needle: str
    whole: bool = False


class OneOf(Struct):
    """A vocabulary link (names folded) or a choice (stored values) is one of `names`."""

    field: Field
    names: tuple[Any, ...]


class LinkedTo(Struct):
    """A link to a record: by id, or by a part (`whole`: all) of its folded name."""

    field: Field
    id: int | None
    needle: str = ""
    whole: bool = False


class Tagged(Struct):
    """It has any of these tags (names folded)."""

    names: tuple[str, ...]


class Empty(Struct):
    field: Field


class Anywhere(Struct):
    """Its searchable text, or the name of a company or person it is linked to, contains `needle`."""

    needle: str


class Book(Struct):
    """What binding may ask of the book: `known` gives the folded names of a vocabulary, `view` the filter text of a
    saved view (None: no such view), `note` takes a remark for the user, `won` gives the folded names of won stages."""

    known: Callable[[str], Iterable[str]]
    view: Callable[[str, str], str | None]
    note: Callable[[str], None]
    won: Callable[[], Iterable[str]] = tuple


def bind(node: Node, entity: Entity, env: Env, book: Book, text: str = "") -> Node:
    """Give a parsed tree its meaning for one kind of record. Raises FilterError for unknown fields and bad values."""
    return _Binder(entity, env, book, text).bind(node)


def read(text: str, entity: Entity, env: Env, book: Book, *, scope: bool = True) -> Node:
    """Parse and bind; with `scope` closed, archived and done records stay out unless the filter speaks of them."""
    tree = parse(text)
    bound = bind(tree, entity, env, book, text)
    if not scope:
        return bound
    parts = [*_scope(entity, tree, book), bound]
    return And(tuple(parts)) if len(parts) > 1 else bound


#: Who speaks of one of these says himself whether what is over is meant.
_OVER = frozenset(
    ["is", "id", "uid", "external_id", "status", "done", "done_at", "archived", "archived_at", "closed", "closed_at"]
)


def _spoken(node: Node, entity: Entity, book: Book, seen: tuple[str, ...] = ()) -> set[str]:
    """What a filter speaks of, saved views included: field names, `is` with `is:STATE`, and `stage:won` for any won
    stage."""
    if isinstance(node, (And, Or)):
        return set().union(*(_spoken(item, entity, book, seen) for item in node.items))
    if isinstance(node, Not):
        return _spoken(node.item, entity, book, seen)
    if not isinstance(node, Term):
        return set()
    if node.field == "is":
        return {"is", *(f"is:{value.text}" for value in node.values)}
    if node.field in ("no", "has"):
        return {value.text for value in node.values}
    if node.field != "view":
        won = node.field == "stage" and not {fold(value.text) for value in node.values}.isdisjoint(book.won())
        return {node.field, "stage:won"} if won else {node.field}
    found: set[str] = set()
    for name in (value.text for value in node.values if value.text not in seen):
        text = book.view(entity.name, name)
        if text:
            found |= _spoken(parse(text), entity, book, (*seen, name))
    return found


def _scope(entity: Entity, tree: Node, book: Book) -> list[Node]:
    """What a list leaves out by default: removed records always (unless asked for), and what is over. A won stage that
    is named brings the won ones."""
    names, spoken = entity.by_name, _spoken(tree, entity, book)
    parts: list[Node] = []
    if "removed_at" in names and spoken.isdisjoint(("is:removed", "removed", "removed_at")):
        parts.append(Empty(names["removed_at"]))
    if not spoken.isdisjoint(_OVER):
        return parts
    if "status" in names:
        parts.insert(0, OneOf(names["status"], ("open", "won") if "stage:won" in spoken else ("open",)))
    if "archived_at" in names:
        parts.append(Empty(names["archived_at"]))
    if "done_at" in names:
        parts.append(Empty(names["done_at"]))
    return parts


#: is:STATE, written in the language itself; {today} comes from the clock.
STATES: dict[str, dict[str, str]] = {
    "opportunity": {
        "open": "status:open no:archived_at",
        "won": "status:won",
        "lost": "status:lost",
        "closed": "status:won,lost",
        "archived": "has:archived_at",
        "removed": "has:removed_at",
        "mine": "owner:me",
        "overdue": "next_due:..yesterday",
        "any": "",
    },
    "task": {
        "open": "no:done_at",
        "done": "has:done_at",
        "overdue": "no:done_at (due_at:..now or (no:due_at due_on:..yesterday))",
        "today": "no:done_at due_on:today",
        "planned": "no:done_at due_on:tomorrow..",
        "removed": "has:removed_at",
        "mine": "owner:me",
        "any": "",
    },
    "contact": {
        "open": "no:archived_at",
        "archived": "has:archived_at",
        "removed": "has:removed_at",
        "mine": "owner:me",
        "any": "",
    },
    "interaction": {"removed": "has:removed_at", "any": ""},
}
STATES["company"] = STATES["contact"]


class _Binder:
    def __init__(self, entity: Entity, env: Env, book: Book, text: str, seen: tuple[str, ...] = ()) -> None:
        self.entity, self.env, self.book, self.text, self.seen = entity, env, book, text, seen

    def bind(self, node: Node) -> Node:
        if isinstance(node, And):
            return And(tuple(self.bind(item) for item in node.items))
        if isinstance(node, Or):
            return Or(tuple(self.bind(item) for item in node.items))
        if isinstance(node, Not):
            return Not(self.bind(node.item))
        if isinstance(node, Word):
            needle = fold(node.text)
            return Anywhere(needle) if needle else EVERYTHING
        if node.field in ("is", "no", "has", "view"):
            return _any_of([self._special(node, value) for value in node.values])
        field = self.entity.by_name.get(node.field)
        if field is None:
            known = [*self.entity.by_name, "is", "no", "has", "view"]
            hint = (
                suggest(node.field, known, f"crm fields {self.entity.name}")
                + f'; for the text itself write "{node.field}:..."'
            )
            raise FilterError(f"{self.entity.name} has no field '{node.field}'", self.text, node.at, hint)
        try:
            return self._term(field, node)
        except FilterError:
            raise
        except FieldError as error:
            raise FilterError(f"{node.field}: {error.message}", self.text, node.at, error.hint) from None

    def _special(self, node: Term, value: Value) -> Node:
        if node.field == "is":
            states = STATES.get(self.entity.table, {"any": ""})
            if value.text not in states:
                hint = suggest(value.text, states) or f"known: {', '.join(states)}"
                raise FilterError(f"'is:{value.text}' means nothing for a {self.entity.name}", self.text, node.at, hint)
            return self.bind(parse(states[value.text]))
        if node.field == "view":
            return self._view(node, value.text)
        field = self.entity.by_name.get(value.text)
        if field is None or not (field.sql or field.type.family == "tags"):
            hint = suggest(value.text, self.entity.by_name, f"crm fields {self.entity.name}")
            raise FilterError(f"{self.entity.name} has no field '{value.text}'", self.text, node.at, hint)
        return Empty(field) if node.field == "no" else Not(Empty(field))

    def _view(self, node: Term, name: str) -> Node:
        text = None if name in self.seen else self.book.view(self.entity.name, name)
        if name in self.seen:
            raise FilterError(f"the saved view '{name}' contains itself", self.text, node.at)
        if text is None:
            raise FilterError(
                f"there is no saved view '{name}' for {self.entity.plural}",
                self.text,
                node.at,
                "'crm view list' lists them",
            )
        tree = parse(text)
        inner = _Binder(self.entity, self.env, self.book, text, (*self.seen, name)).bind(tree)
        return And((*_scope(self.entity, tree, self.book), inner))

    def _term(self, field: Field, node: Term) -> Node:
        family = field.type.family
        if family == "tags":
            return Tagged(tuple(self._known("tag", v.text, node, strict=False) for v in node.values))
        if family == "choice" or (isinstance(field.type, Ref) and field.type.words):
            return OneOf(field, tuple(self._name(field, v, node) for v in node.values))
        return _any_of([self._value(field, family, v, node) for v in node.values])

    def _name(self, field: Field, value: Value, node: Term) -> Any:
        if isinstance(field.type, Choice):
            return _filled(field, field.type.parse(value.text, self.env))
        assert isinstance(field.type, Ref)
        if value.text == "me" and not value.quoted and field.type.entity == "user":
            return fold(self.env.me)
        return self._known(
            field.type.entity, value.text, node, strict=not field.type.create or field.type.entity == "user"
        )

    def _known(self, vocabulary: str, name: str, node: Term, *, strict: bool) -> str:
        """The folded name, if there is such a word; else an error, or for open vocabularies a remark."""
        key, known = fold(name), set(self.book.known(vocabulary))
        if key in known:
            return key
        word = vocabulary.replace("_", " ")
        hint = suggest(name, known)
        if strict:
            raise FilterError(
                f"there is no {word} '{name}'", self.text, node.at, hint or f"known: {', '.join(sorted(known)[:12])}"
            )
        self.book.note(f"no {word} is called '{name}'{'; ' + hint if hint else ''}")
        return key

    def _value(self, field: Field, family: str, value: Value, node: Term) -> Node:
        if family == "ref":
            return self._link(field, value, node)
        if value.text == ".." and family in ("day", "instant", "number", "money"):
            return Not(Empty(field))
        if family == "text":
            needle = fold(value.text)
            if field.type.name == "e-mail" and node.exact:
                needle = value.text.strip().lower()
            return Contains(field, needle, node.exact)
        if family == "identifier":
            return Compare(field, "=", _filled(field, field.type.parse(value.text, self.env)))
        if family == "phone":
            return self._phone(field, value.text, node)
        if family == "flag":
            return Compare(field, "=", field.type.parse(value.text, self.env))
        if family == "day":
            start, end = parse_range(value.text, self.env.now, self.env.calendar)
            return _between(field, start and start.isoformat(), end and end.isoformat())
        if family == "instant":
            first, last = parse_span(value.text, self.env.now, self.env.calendar)
            return _between(field, first and show_instant(first), last and show_instant(last))
        return self._number(field, value.text)

    def _link(self, field: Field, value: Value, node: Term) -> Node:
        if value.text.isdigit() and value.text.isascii() and not value.quoted and not node.exact:
            return LinkedTo(field, int(value.text[:18]))
        return LinkedTo(field, None, fold(value.text), node.exact)

    def _phone(self, field: Field, text: str, node: Term) -> Node:
        key = field.type.key(text, self.env) if isinstance(field.type, Phone) else None
        if key and key.startswith("+") and (node.exact or len(key) > 8):
            return Contains(field, key, whole=True)
        return Contains(field, bare_number(text).lstrip("0") or fold(text), node.exact)

    def _number(self, field: Field, text: str) -> Node:
        low, dots, high = text.partition("..")
        if not dots:
            return self._compare(field, "=", text)
        if not low and not high:
            raise FieldError(f"'{text}' has no end", hint="write 10.., ..20 or 10..20")
        parts = [self._compare(field, op, end) for op, end in ((">=", low), ("<=", high)) if end]
        if len(parts) == 2 and _backwards(*parts):
            raise FieldError(f"The range '{text}' ends before it starts.", hint="Write the smaller side first.")
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _compare(self, field: Field, op: str, text: str) -> Node:
        if re.match(r"[<>=!]", text):
            raise FieldError(
                f"'{text}' is not a number", hint=f"ranges are written {field.name}:10.. or {field.name}:..20"
            )
        if field.type.family != "money":
            value = field.type.parse(text, self.env)
            if value is None:
                raise FieldError(f"'{text}' is not a number")
            return Compare(field, op, value)
        minor, code = money.parse_money(text, "CLF", self.env.decimal)
        if code == "CLF":
            return MoneyCompare(field, op, minor)
        amount = MoneyCompare(field, op, minor * 10 ** (4 - money.exponent(code)))
        return And((Compare(self.entity.by_name["currency"], "=", code), amount))


def _backwards(low: Node, high: Node) -> bool:
    """Whether a range can hold nothing; amounts in currencies of their own are not compared."""
    if isinstance(low, MoneyCompare) and isinstance(high, MoneyCompare):
        return low.units > high.units
    return isinstance(low, Compare) and isinstance(high, Compare) and bool(low.value > high.value)


def _filled(field: Field, stored: Any) -> Any:
    """A value to compare with: nothing equals an empty one, and SQL would answer neither yes nor no."""
    if stored is None:
        raise FieldError("an empty text equals nothing", hint=f"for empty ones write no:{field.name}")
    return stored


def _any_of(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else Or(tuple(items))


def _between(field: Field, start: Any, end: Any) -> Node:
    parts: list[Node] = []
    if start is not None:
        parts.append(Compare(field, ">=", start))
    if end is not None:
        parts.append(Compare(field, "<", end))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def threshold(op: str, units: int, digits: int) -> int | None:
    """The bound in minor units of a currency with that many digits; None when an equality can never hold."""
    scale: int = 10 ** (4 - digits)
    low, rest = divmod(units, scale)
    if op == "=":
        return None if rest else low
    return low + 1 if rest and op in (">=", "<") else low


# --- the meaning in Python -----------------------------------------------------------------------------------------

_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def matches(node: Node, record: Mapping[str, Any], entity: Entity, env: Env) -> bool:
    """Whether a record (field name -> stored value, links as names with `*_id` beside them) fits a bound tree."""
    if isinstance(node, And):
        return all(matches(item, record, entity, env) for item in node.items)
    if isinstance(node, Or):
        return any(matches(item, record, entity, env) for item in node.items)
    if isinstance(node, Not):
        return not matches(node.item, record, entity, env)
    if isinstance(node, Tagged):
        have = {fold(tag) for tag in record.get("tags") or ()}
        return any(name in have for name in node.names)
    if isinstance(node, Anywhere):
        return node.needle in record_text(record, entity, env) or any(
            node.needle in fold(record.get(field.name) or "") for field in name_links(entity)
        )
    value = record.get(node.field.name)
    if isinstance(node, Empty):
        return not value if node.field.type.family == "tags" else value is None
    if value is None:
        return False
    if isinstance(node, Compare):
        return _OPS[node.op](value, node.value)
    if isinstance(node, MoneyCompare):
        bound = threshold(node.op, node.units, money.exponent(record.get("currency") or ""))
        return bound is not None and _OPS[node.op](value, bound)
    if isinstance(node, OneOf):
        return (fold(value) if isinstance(node.field.type, Ref) else value) in node.names
    if isinstance(node, LinkedTo):
        if node.id is not None:
            return bool(record.get(f"{node.field.name}_id") == node.id)
        name = fold(value)
        return name == node.needle if node.whole else node.needle in name
    key = node.field.type.key(value, env) or ""
    return key == node.needle if node.whole else node.needle in key


def name_links(entity: Entity) -> tuple[Field, ...]:
    """The links whose names a bare word finds too."""
    return tuple(f for f in entity.fields if isinstance(f.type, Ref) and f.type.entity in ("company", "contact"))


def record_text(record: Mapping[str, Any], entity: Entity, env: Env) -> str:
    """The search text of a record, as the write door would fill it."""
    row, keys = {}, {}
    for field in entity.fields:
        if field.search and field.column:
            value = record.get(field.name)
            row[field.column] = value
            keys[field.column + "_key"] = None if value is None else field.type.key(value, env)
    return search_text(entity.table, row, keys)
