"""The tree as written -> the tree as bound: names and values get their meaning for one kind of record."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from crmcli.domain import figures
from crmcli.domain.address import email_needles
from crmcli.domain.fields import suggest
from crmcli.domain.query.parse import SPECIAL, parse
from crmcli.domain.query.ranges import ORDERED, SIGNS, check_commas, instead, ordered
from crmcli.domain.query.spelling import in_quotes
from crmcli.domain.query.states import BESIDES, STATES, left_out
from crmcli.domain.query.tree import (
    EVERYTHING,
    And,
    Anywhere,
    Compare,
    Contains,
    Empty,
    LinkedTo,
    Not,
    OneOf,
    Or,
    Tagged,
    Term,
    Value,
    Word,
    all_of,
    any_of,
)
from crmcli.domain.struct import Struct
from crmcli.domain.text import clip, digits, fold
from crmcli.domain.types import Choice, Ref, bare_number
from crmcli.errors import FieldError, FilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.query.tree import Node
    from crmcli.domain.types import Env

#: Of the words that a misspelt one is measured by, so many are named.
NAMED = 12


class Book(Struct):
    """What binding may ask of the book: `known` gives the folded names of a vocabulary, `view` the filter text of a
    saved view (None: no such view), `won` the folded names of won stages, `addressed` the records of a kind that have
    an e-mail address, a telephone number or a domain, `standing` the number of the record that one of a kind was merged
    into, else its own, `merged` the records of a kind that those of a folded full name, which no other has by now, were
    merged into, `rotting` the numbers of the stages in which a lead or deal can rot, with the days that it takes."""

    known: Callable[[str], Iterable[str]]
    view: Callable[[str, str], str | None]
    won: Callable[[], Iterable[str]] = tuple
    addressed: Callable[[str, str], Iterable[int]] | None = None
    standing: Callable[[str, int], int] | None = None
    merged: Callable[[str, str], Iterable[int]] | None = None
    rotting: Callable[[], Iterable[tuple[int, int]]] = tuple


def bind(node: Node, entity: Entity, env: Env, book: Book, text: str = "") -> Node:
    """Give a parsed tree its meaning for one kind of record. Raises FilterError for unknown fields and bad values."""
    return _Binder(entity, env, book, text, (node,)).bind(node)


def read(text: str, entity: Entity, env: Env, book: Book, *, scope: bool = True) -> Node:
    """Parse and bind; with `scope` closed, archived and done records stay out unless the filter speaks of them."""
    tree = parse(text)
    bound = bind(tree, entity, env, book, text)
    return all_of([*left_out(entity, tree, book), bound]) if scope else bound


class _Binder:
    """`around` is the filter as it was written, then the saved views, `seen` by name, on the way into this one."""

    def __init__(
        self, entity: Entity, env: Env, book: Book, text: str, around: tuple[Node, ...], seen: tuple[str, ...] = ()
    ) -> None:
        self.entity, self.env, self.book, self.text, self.around, self.seen = entity, env, book, text, around, seen

    def bind(self, node: Node) -> Node:
        if isinstance(node, And):
            for place, item in enumerate(node.items):
                self._check_parted(item, *node.items[place + 1 : place + 6])
            return And(tuple(self.bind(item) for item in node.items))
        if isinstance(node, Or):
            return Or(tuple(self.bind(item) for item in node.items))
        if isinstance(node, Not):
            return Not(self.bind(node.item))
        if isinstance(node, Word):
            return self._word(node)
        self._check_filled(node)
        if node.field in SPECIAL:
            return any_of([self._special(node, value) for value in node.values])
        field = self.entity.by_name.get(node.field)
        if field is None:
            raise self._unknown(node.field, node.field, node.at)
        try:
            return self._term(field, node)
        except FieldError as error:
            raise FilterError(f"{node.field}: {error.message}", self.text, node.at, error.hint) from None

    # --- words ---

    def _word(self, node: Word) -> Node:
        if not node.quoted:
            self._check_sign(node)
        needle = fold(node.text)
        return Anywhere(needle) if needle else EVERYTHING

    def _check_sign(self, node: Word) -> None:
        """Refuse Stage:new, due-on:today, stage=new and value>5: they name a field, and as texts they would find
        nothing; so it is with a name of any script before a colon."""
        found = re.match(rf"([^\W\d][\w.-]*)(:|{SIGNS})(.*)", node.text, re.DOTALL)
        if not found:
            return
        name = fold(found[1]).replace("-", "_")
        field = self.entity.by_name.get(name)
        if not (field or name in SPECIAL):
            if found[2] == ":" and found[3]:
                raise self._unknown(found[1], name, node.at)
            return
        meant = instead(name, found[2], found[3], field.type.family if field else "")
        raise FilterError(
            f"'{clip(node.text, 60)}' is not how a filter names a field",
            self.text,
            node.at,
            f"write {meant}; for the text itself write {in_quotes(clip(node.text, 60))}",
        )

    def _unknown(self, written: str, name: str, at: int) -> FilterError:
        if figures.computed(self.entity, name):
            return FilterError(
                f"{name} depends on the moment: no filter can ask for it",
                self.text,
                at,
                "lists sort by it: --sort -urgency",
            )
        hint = suggest(name, [*self.entity.by_name, *SPECIAL], f"crm fields {self.entity.name}")
        return self._no_field(written, at, f'{hint}; for the text itself write "{clip(written, 60)}:..."')

    def _check_parted(self, before: Node, *after: Node) -> None:
        """Refuse value:10k EUR and due:fri 14:30: a space ends the term, so that what belongs to its value would be
        looked for as a text."""
        if not isinstance(before, Term) or before.values[-1].quoted:
            return
        field = self.entity.by_name.get(before.field)
        if field is None or field.type.family not in ("money", "day", "instant"):
            return
        meant = parted = ""
        text = before.values[-1].text
        for word in takewhile(lambda node: isinstance(node, Word) and not node.quoted, after):
            assert isinstance(word, Word)
            text = f"{text} {word.text}"
            with suppress(FieldError):
                ordered(field, before.field, Value(text), self.entity, self.env)
                meant, parted = text, parted or word.text
        if meant:
            raise FilterError(
                f"'{clip(parted, 60)}' seems to belong to {before.field}:, which ended at the space",
                self.text,
                before.at,
                f"write {before.field}:{in_quotes(clip(meant, 60))}; for the text itself write {in_quotes(parted)}",
            )

    # --- is, no, has, view ---

    def _special(self, node: Term, value: Value) -> Node:
        if node.field == "is":
            return self._state(node, value.text)
        if node.field == "view":
            return self._view(node, value.text)
        field = self.entity.by_name.get(value.text)
        if field is None:
            hint = suggest(value.text, self.entity.by_name, f"crm fields {self.entity.name}")
            raise self._no_field(value.text, node.at, hint)
        return Empty(field) if node.field == "no" else Not(Empty(field))

    def _state(self, node: Term, name: str) -> Node:
        states = STATES.get(self.entity.table)
        if states is None:
            hint = f"'crm fields {self.entity.name}' lists what can be asked of it"
            raise FilterError(f"{self.entity.one} has no states", self.text, node.at, hint)
        if name not in states:
            hint = suggest(name, states) or f"known: {', '.join(states)}"
            message = f"'is:{clip(name, 60)}' means nothing for {self.entity.one}"
            raise FilterError(message, self.text, node.at, hint)
        found = self.bind(parse(states[name]))
        besides = BESIDES.get(self.entity.table, {}).get(name)
        return all_of([found, besides.node(self.entity, self.env, self.book)]) if besides else found

    def _view(self, node: Term, name: str) -> Node:
        if name in self.seen:
            raise FilterError("it contains itself", self.text, node.at)
        text = self.book.view(self.entity.name, name)
        if text is None:
            message = f"there is no saved view '{clip(name, 60)}' for {self.entity.plural}"
            raise FilterError(message, self.text, node.at, "'crm view list' lists them")
        try:
            tree = parse(text)
            around, seen = (*self.around, tree), (*self.seen, name)
            inner = _Binder(self.entity, self.env, self.book, text, around, seen).bind(tree)
        except FilterError as error:
            if error.text != text:  # a view within this one, which has been named
                raise
            again = f"'crm view save {name} FILTER' writes the view anew"
            hint = f"{error.hint}; {again}" if error.hint else again
            message = f"in the saved view '{name}': {error.message}"
            raise FilterError(message, text, error.column, hint) from None
        return all_of([*left_out(self.entity, tree, self.book, self.around), inner])

    # --- fields ---

    def _term(self, field: Field, node: Term) -> Node:
        family = field.type.family
        if family == "tags":
            return Tagged(tuple(self._known("tag", value.text, node) for value in node.values))
        if isinstance(field.type, Choice) or (isinstance(field.type, Ref) and field.type.words):
            return OneOf(field, tuple(self._name(field, value, node) for value in node.values))
        if family == "money":
            check_commas(node.field, node.values)
        return any_of([self._value(field, value, node) for value in node.values])

    def _name(self, field: Field, value: Value, node: Term) -> Any:
        """What is stored for an option of a choice; the folded name of a vocabulary's word."""
        if not isinstance(field.type, Ref):
            return field.type.parse(value.text, self.env)
        vocabulary = field.type.entity
        if value.text == "me" and not value.quoted and vocabulary == "user":
            return fold(self.env.me)
        return self._known(vocabulary, value.text, node)

    def _known(self, vocabulary: str, name: str, node: Term) -> str:
        """The folded name of a word that there is; also an open vocabulary finds nothing for one that nobody uses."""
        key, known = fold(name), set(self.book.known(vocabulary))
        if key in known:
            return key
        word, shown = vocabulary.replace("_", " "), clip(name, 60)
        some = ", ".join(sorted(known)[:NAMED]) + (" ..." if len(known) > NAMED else "")
        hint = suggest(name, known) or (f"known: {some}" if some else "there is none yet")
        raise FilterError(f"there is no {word} '{shown}'", self.text, node.at, hint)

    def _value(self, field: Field, value: Value, node: Term) -> Node:
        family = field.type.family
        if family in ORDERED:
            return ordered(field, node.field, value, self.entity, self.env)
        if family == "ref":
            return self._link(field, value, node)
        if family == "phone":
            return self._phone(field, value.text, node)
        if family in ("identifier", "flag"):
            return Compare(field, "=", field.type.parse(value.text, self.env))
        needles = email_needles(value.text) if field.type.name == "e-mail" else (fold(value.text),)
        return any_of([Contains(field, needle, node.exact) for needle in needles])

    def _link(self, field: Field, value: Value, node: Term) -> Node:
        assert isinstance(field.type, Ref)
        whole = digits(value.text)
        if whole.isdigit() and whole.isascii() and whole[0] != "0" and not value.quoted and not node.exact:
            # So many digits fit the integers of both engines; no record has a number as long.
            number = int(whole[:18])
            stands = self.book.standing
            return LinkedTo(field, stands(field.type.entity, number) if stands else number)
        book, target, name = self.book, field.type.entity, fold(value.text)
        having = [*book.merged(target, name)] if book.merged else []
        if book.addressed and not node.exact:
            having += book.addressed(target, value.text)
        named = LinkedTo(field, None, name, node.exact)
        return any_of([named, *(LinkedTo(field, number) for number in dict.fromkeys(having))])

    def _phone(self, field: Field, text: str, node: Term) -> Node:
        key, bare = field.type.key(text, self.env) or "", bare_number(text)
        if not bare:
            raise FieldError(
                f"'{clip(text, 60)}' is no part of a telephone number",
                hint=f"write some of its digits: {node.field}:8888",
            )
        if key.startswith("+") and (node.exact or len(key) > 8):
            return Contains(field, key, whole=True)
        # The 0 before an area code is not part of a number with its country.
        return Contains(field, bare if node.exact else bare.lstrip("0") or bare, node.exact)

    # --- what is wrong ---

    def _check_filled(self, node: Term) -> None:
        """Nothing equals an empty text, and every text contains it: neither is what was meant."""
        for value in node.values:
            if not fold(value.text):
                name = clip(node.field, 60)
                fault = "an empty text equals nothing" if value.quoted else "a value is missing beside a comma"
                hint = f"for empty ones write no:{name}, for filled ones has:{name}"
                if node.field in SPECIAL:
                    hint = f"write it as in {SPECIAL[node.field]}"
                raise FilterError(f"{name}: {fault}", self.text, node.at, hint)

    def _no_field(self, name: str, at: int, hint: str) -> FilterError:
        return FilterError(f"{self.entity.name} has no field '{clip(name, 60)}'", self.text, at, hint)
