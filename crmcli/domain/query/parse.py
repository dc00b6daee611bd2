"""Filter text -> the tree as written; where that cannot be done, the place of the fault and what to write instead."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.query.tree import EVERYTHING, Not, Or, Term, Value, Word, all_of
from crmcli.domain.text import clip
from crmcli.errors import FilterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.domain.query.tree import Node

TERM = re.compile(r"([a-z][a-z0-9_.]*):")
#: Words that join terms; in quotes they are words like any other.
OPERATORS = frozenset(["not", "or", "and", "NOT", "OR", "AND"])
#: Names before a colon that are no fields, each with an example of its use.
SPECIAL = {"is": "is:open", "no": "no:email", "has": "has:phone", "view": "view:hot"}
MAX_DEPTH = 60


@cache
def _token() -> re.Pattern[str]:
    """Made when the first filter is read: most commands have none."""
    return re.compile(r'\s*(?:(?P<mark>[()])|(?P<word>(?:[^\s()"]|"(?:[^"\\]|\\.)*")+)|(?P<bad>"))')


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
            raise self._unopened()
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
            raise self._missing()
        return all_of(items)

    def _one(self) -> Node:
        kind, text, at = self.tokens[self.i]
        self.i += 1
        if kind == "not":
            if self._peek() in ("", ")", "or", "and"):
                raise FilterError(
                    "'not' wants a term after it",
                    self.text,
                    at,
                    'write it as in not stage:new; for the word itself write "not"',
                )
            self._deeper(at)
            item = Not(self._one())
            self.depth -= 1
            return item
        if kind == "(":
            self._deeper(at)
            inner = self._any()
            if self._peek() != ")":
                raise FilterError(
                    "this ( is never closed", self.text, at, 'write ) where it ends; for the sign itself write "("'
                )
            self.i += 1
            self.depth -= 1
            return inner
        return read_word(text, at, self.text)

    def _deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            hint = (
                f"keep to {MAX_DEPTH} levels; 'crm view save NAME FILTER' names a part, which view:NAME then stands for"
            )
            raise FilterError("the filter is nested too deeply", self.text, at, hint)

    def _missing(self) -> FilterError:
        """The error for nothing where a term must be: beside `or` or `and`, or between brackets."""
        if self._peek() == ")" and not self.depth:
            return self._unopened()
        at = self.tokens[self.i][2] if self.i < len(self.tokens) else len(self.text)
        before = self.tokens[self.i - 1][0] if self.i else ""
        hint = "write a word or FIELD:VALUE"
        for word in (before, self._peek()):
            if word in OPERATORS:
                hint += f' on both sides of {word}; for the word itself write "{word}"'
                break
        else:
            hint += ' between ( and ); for the signs themselves write "()"'
        return FilterError("a term is missing here", self.text, at, hint)

    def _unopened(self) -> FilterError:
        hint = 'take it out, or write ( where it begins; for the sign itself write ")"'
        return FilterError("there is a ) without its (", self.text, self.tokens[self.i][2], hint)


def _tokens(text: str) -> Iterable[tuple[str, str, int]]:
    """(kind, text, column): kind is ( ) not or and, else `word`. Every text but blanks begins with some token."""
    at = 0
    while found := _token().match(text, at):
        if found["bad"]:
            hint = 'write " where it ends; for the sign itself write "\\""'
            raise FilterError("this quote is never closed", text, found.start("bad"), hint)
        if found["mark"]:
            yield found["mark"], found["mark"], found.start("mark")
        else:
            word = found["word"]
            yield word.lower() if word in OPERATORS else "word", word, found.start("word")
        at = found.end()


def read_word(word: str, at: int = 0, text: str = "") -> Node:
    """One word of a filter as a Term or a Word."""
    found = TERM.match(word)
    if not found:
        return Word(_unquote(word), at, word.startswith('"'))
    name, rest = found[1], word[found.end() :]
    exact = rest.startswith("=")
    values = tuple(_values(rest.removeprefix("=")))
    if not any(value.text or value.quoted for value in values):
        example = SPECIAL.get(name)
        raise FilterError(
            f"'{clip(name, 60)}:' wants a value",
            text or word,
            at + len(word),
            f"write it right after the colon, as in {example}"
            if example
            else f"write it right after the colon; for empty ones write no:{name}, for filled ones has:{name}",
        )
    return Term(name, values, exact, at)


def _values(rest: str) -> Iterable[Value]:
    """Split at the commas outside of quotes."""
    for part in re.findall(r'(?:^|(?<=,))(?:[^,"]|"(?:[^"\\]|\\.)*")*', rest):
        yield Value(_unquote(part), part.startswith('"'))


def _unquote(text: str) -> str:
    if '"' not in text:
        return text
    return re.sub(r'"((?:[^"\\]|\\.)*)"', lambda found: re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), text)
