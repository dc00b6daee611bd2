"""What saved views, the doctor's rules and rhythms ask of what was purged: taken out of them and of their history, or
told.

Taken out is what tells by itself who is meant: e-mail addresses, telephones, and names of several words. A name of one
word is taken out where a view's or rule's name, or a value of a field that names such records (contact:ada, name:ada),
is just that; of contacts and companies alone, since leads and deals are called as other things are. The advice of a
rule that says what is taken out goes as a whole. Nothing is taken out that a record which stays goes by too, or has as
a part of its name. What is said and not taken out is told, and so are parts of a name or address: those are for people
to judge.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import query
from crmcli.domain.address import SHORTEST_NATIONAL
from crmcli.domain.change import Change
from crmcli.domain.query import And, Not, Or, Term, Value, Word
from crmcli.domain.text import clip, fold
from crmcli.domain.types import Email, Phone, bare_number
from crmcli.errors import FilterError
from crmcli.services import traces
from crmcli.services.traces import MOST, PHONES, is_address, number_key, several, texts_of, whole
from crmcli.store import journal
from crmcli.store.sql import FIND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: The fields of a filter in which a name of a record of each table can stand.
NAMING = {
    "contact": ("name", "contact", "contact_name", "on"),
    "company": ("name", "company", "company_name", "parent", "on"),
    "opportunity": ("name", "contact", "contact_name", "opportunity", "lead", "deal", "on"),
}
#: Those that a name or address can stand in; in others (tag:may, city:paris) a name is another word.
WHO = frozenset(("email", *PHONES)).union(*NAMING.values())
#: The columns by which a record of each table may be the one that a filter names.
_BEARING = {"contact": ("name",), "company": ("name",), "opportunity": ("name", "contact_name", "company_name")}
#: What a filter asks for in place of what is forgotten: nothing that there is.
NOBODY = Term("no", (Value("id"),))
#: What keeps a filter: table -> what people call it, and its columns.
KEPT = {
    "saved_view": ("view", ("name", "filter", "entity", "columns", "sort")),
    "doctor_rule": ("rule", ("name", "filter", "entity", "advice")),
    "rhythm_rule": ("rhythm for", ("name", "filter", "entity", "days")),
}
#: A telephone that is typed with blanks and without quotation marks is so many words of a filter at most.
_LONGEST = 8
#: So many digits of a number may be looked for by themselves.
_FEWEST_DIGITS = 4


class Called(NamedTuple):
    """What records go by and went by, folded; telephones also by their key."""

    names: set[str]
    addresses: set[str]

    @classmethod
    def of(cls, sides: Collection[Mapping[str, Any]], region: str) -> Called:
        reached = ("email", *PHONES, *traces.own_columns(Email, Phone))
        return cls(texts_of(sides, region, ("name", "contact_name")), texts_of(sides, region, reached))

    @property
    def texts(self) -> set[str]:
        return self.names | self.addresses

    @property
    def telling(self) -> set[str]:
        """What of it says by itself who is meant, wherever it stands."""
        return {*filter(several, self.names), *filter(is_address, self.addresses)}

    def without(self, texts: Collection[str]) -> Called:
        return Called(self.names.difference(texts), self.addresses.difference(texts))


def forget_filters(tx: Transaction, kind: Entity, called: Called) -> Iterator[str]:
    """Take what names purged records of a kind out of saved views and the doctor's rules and their journal, of removed
    ones too; a line for each that is another one now, and for each that still says something of it (see the module)."""
    for table in KEPT:
        yield from _forget_kept(tx, table, kind, called)


def _forget_kept(tx: Transaction, table: str, kind: Entity, called: Called) -> Iterator[str]:
    connection, (word, columns) = tx.connection, KEPT[table]
    rows = connection.rows(f"SELECT id, {', '.join(columns)} FROM {table} ORDER BY id")
    living = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}
    names: dict[int, set[str]] = {}
    filters: dict[int, set[str]] = {}
    advice: dict[int, set[str]] = {}
    journalled = connection.rows("SELECT record_id, before, after FROM journal WHERE entity = ?", (table,))
    past = [(number, side) for number, *sides in journalled for side in map(journal.columns, sides) if side]
    for number, side in (*living.items(), *past):
        for column, found in (("name", names), ("filter", filters), ("advice", advice)):
            found.setdefault(number, set()).add(str(side.get(column) or ""))
    if not names:
        return
    texts = (text for found in (names, filters, advice) for some in found.values() for text in some)
    gone = _Gone(kind.table, called, tx.env.region)
    gone.leave(_staying(connection, kind, called, fold("\n".join(texts)), tx.env.region))
    lines: list[str] = []
    for number in sorted(names):
        clean = all(gone.without(t) == t for t in filters[number])
        clean = clean and not any(map(gone.named, names[number])) and not any(map(gone.names, advice[number]))
        lines += _said(gone, word, living.get(number), names[number], filters[number] if clean else ())
        if clean:
            continue
        connection.run(f"DELETE FROM {table} WHERE id = ?", (number,))
        connection.run(
            "UPDATE journal SET before = NULL, after = NULL WHERE entity = ? AND record_id = ?", (table, number)
        )
        tx.changes.append(Change(table, number, None, None, table))
        if number in living:
            yield from _anew(tx, table, living[number], gone)
    yield from lines[:MOST]
    if len(lines) > MOST:
        yield f"and other {word}s say such things too"


def _anew(tx: Transaction, table: str, kept: dict[str, Any], gone: _Gone) -> Iterator[str]:
    """Save a view or rule again that is forgotten with its journal, as far as it names nobody that is gone."""
    called = f"the {KEPT[table][0]} {kept['name']}"
    was, advice = kept["filter"] or "", kept.get("advice")
    now = gone.without(was)
    by_filter = bool(was) and kept["name"].endswith(was)  # as rhythms are called
    if gone.named(kept["name"]) or (by_filter and now != was):
        yield f"{called} bore that name and is gone too"
        return
    tx.add(table, {**kept, "filter": now or None, **({"advice": None} if advice and gone.names(advice) else {})})
    if now != was:
        yield f"{called} asked for it and says now: {clip(now, 200)}"
    if advice and gone.names(advice):
        yield f"{called} gave an advice that named it and gives none now"


def _said(
    gone: _Gone, word: str, kept: dict[str, Any] | None, names: Iterable[str], past: Iterable[str]
) -> Iterator[str]:
    """Lines for a view or rule, and for its history (`past`), that says what was not taken out of it."""
    stays = kept is not None and not gone.named(kept["name"])
    now = {gone.without(kept["filter"] or "")} if kept and stays else set()
    name = kept["name"] if kept else min(names)
    told: set[str] = set()
    for who, asks, texts in (
        (f"the {word} {name}", "asks for", now),
        (f"the history of the {word} {name}", "has", {*past}),
    ):
        asked = {text: by for text, by in gone.asked(texts).items() if text not in told}
        yield from (f"{who} still {asks} {text}, which {by} also fits" for text, by in asked.items())
        told |= asked.keys()
        parts = [part for part in gone.parts(texts) if fold(part) not in told]
        if parts:
            yield f"{who} still {asks} {', '.join(parts)}, a part of what is forgotten"
        told.update(map(fold, parts))
    for text in sorted(names):
        if gone.like(text) and (past or (stays and text == name)):
            yield f"{'' if kept and text == name else 'the history of '}the {word} {name} still has such a name"


class _Piece(NamedTuple):
    """What one item of an And asks for, which may name somebody together with others; `field` is "" for a bare word."""

    at: int
    field: str
    text: str
    words: frozenset[str]

    def numeric(self) -> bool:
        return _is_numeric(self.text)


class _Gone:
    """What purged records of a table went by, and filters without it."""

    def __init__(self, table: str, called: Called, region: str) -> None:
        self._table, self._region = table, region
        #: what a record that stays goes by too -> that record, and what finds it
        self._left: dict[str, tuple[str, _Gone]] = {}
        #: every name of one word; only those of `_exact` are taken out
        self._single = {name for name in called.names if not several(name)}
        self._take(called)

    def leave(self, staying: dict[str, tuple[str, Called]]) -> None:
        """Take what these texts say out of no view: text -> the record that stays and goes by it too, and the text."""
        self._left = {text: (by, _Gone(self._table, one, self._region)) for text, (by, one) in staying.items()}
        self._take(self._called.without(staying))

    def _take(self, called: Called) -> None:
        self._called = called
        self._addresses = {*filter(is_address, called.addresses)}
        names = {*filter(several, called.names)}
        self._whole_address = whole(self._addresses) if self._addresses else None
        self._whole_name = whole(names) if names else None
        #: the words of each name of several
        self._names = [words for name in names if len(words := frozenset(name.split())) > 1]
        self._exact = called.names - names if self._table != "opportunity" else set()
        self._numbers = [bare_number(text) for text in called.addresses if "@" not in text]
        #: a filter -> itself without them
        self._without: dict[str, str] = {}

    def names(self, text: str, field: str = "") -> bool:
        """Whether a text, a value of this field in a filter, says what is taken out."""
        said = fold(text)
        if field == "view":  # a view that bears the name goes, and what asks for it asks for nobody
            return self.named(text)
        if number_key(text, self._region) in self._addresses:
            return True
        if self._whole_address and self._whole_address.search(said):
            return True
        if field and field not in WHO:
            return False
        return bool(self._whole_name and self._whole_name.search(said)) or (
            field in NAMING[self._table] and said in self._exact
        )

    def named(self, name: str) -> bool:
        """Whether a view of this name bears what is taken out."""
        return self.names(name) or fold(name) in self._exact

    def like(self, name: str) -> bool:
        """Whether a view of this name bears what is not taken out."""
        return fold(name) in self._single or any(one.named(name) for _, one in self._left.values())

    def without(self, text: str) -> str:
        """A filter that asks for nobody where it asked for one of them; the text itself where it did not."""
        if text not in self._without:
            try:
                tree = query.parse(text)
                left = self._forget(tree)
                self._without[text] = text if left == tree else query.canonical(left)
            except FilterError:
                self._without[text] = query.canonical(NOBODY) if self.names(text) else text
        return self._without[text]

    def asked(self, filters: Iterable[str]) -> dict[str, str]:
        """What these filters ask for that was left in them, a telephone by its key: text -> the record that has it."""
        texts = list(filters)
        found: dict[str, str] = {}
        for text, (by, one) in self._left.items():
            if any(one.without(f) != f for f in texts):
                found.setdefault(number_key(text, self._region) or text, by)
        return found

    def parts(self, filters: Iterable[str]) -> dict[str, None]:
        """What these filters ask for that is a name of one word or a part of what one of them went by: one of the words
        of a name, some digits of a telephone, the beginning of an e-mail address."""
        found: dict[str, None] = {}
        for text in sorted(filters):
            try:
                found |= {part: None for part in _asked(query.parse(text)) if self._is_part(part)}
            except FilterError:
                continue
        return found

    def _forget(self, node: Any) -> Any:
        if isinstance(node, And):
            left = And(tuple(map(self._forget, node.items)))
            items = list(_flat(left))
            gone = self._together(items)
            if not gone:
                return left
            first = {min(some) for some in gone}
            rest = set().union(*gone) - first
            stays = [NOBODY if i in first else item for i, item in enumerate(items) if i not in rest]
            return stays[0] if len(stays) == 1 else And(tuple(stays))
        if isinstance(node, Or):
            return Or(tuple(map(self._forget, node.items)))
        if isinstance(node, Not):
            return Not(self._forget(node.item))
        if isinstance(node, Word):
            return NOBODY if self.names(node.text) else node
        values = tuple(value for value in node.values if not self.names(value.text, node.field))
        return node if len(values) == len(node.values) else Term(node.field, values, node.exact) if values else NOBODY

    def _together(self, items: Sequence[Any]) -> list[set[int]]:
        """Those of these items of an And, by their places, that together name one of them: the words of a name in any
        order, a telephone that is typed with blanks. Bare words count together with one field that names such records,
        other fields each by itself: company:stone contact:bob are two."""
        pieces = [piece for i, item in enumerate(items) if (piece := _piece(i, item))]
        every = frozenset().union(*(piece.words for piece in pieces))
        own = NAMING[self._table]
        mixes = [("", field) for field in own] + [(field,) for field in sorted(WHO.difference(own))]
        found: list[set[int]] = []
        for name in (name for name in self._names if name <= every):
            for fields in mixes:
                some = [piece for piece in pieces if piece.field in fields and piece.words and piece.words <= name]
                if frozenset().union(*(piece.words for piece in some)) == name:
                    found.append({piece.at for piece in some})
                    break
        for start, first in enumerate(pieces):
            run = [first]
            for piece in pieces[start + 1 : start + _LONGEST] if first.numeric() else ():
                if not piece.numeric() or piece.at != run[-1].at + 1 or piece.field not in ("", first.field):
                    break
                run.append(piece)
                if number_key(" ".join(one.text for one in run), self._region) in self._addresses:
                    found.append({one.at for one in run})
        return found

    def _is_part(self, text: str) -> bool:
        said = fold(text).removeprefix("~")
        if said in self._single or said in self._called.addresses:
            return True
        words = frozenset(word for word in said.split() if len(word) > 1)
        if words and any(words <= name for name in self._names):
            return True
        local, at, _ = said.partition("@")
        emails = (one for one in self._addresses if local and "@" in one)
        if any((said in email if at else local == email.partition("@")[0]) for email in emails):
            return True
        number = bare_number(said).lstrip("0")
        return (
            len(number) >= _FEWEST_DIGITS
            and not any(c.isalpha() for c in said)
            and any(number in one for one in self._numbers if len(one) >= SHORTEST_NATIONAL)
        )


def _is_numeric(text: str) -> bool:
    """Whether a word can be a part of a telephone that is typed with blanks."""
    return re.fullmatch(r"[+\d().-]+", fold(text)) is not None


def _flat(node: And) -> Iterator[Any]:
    """The items of an And, and of those that stand in it in brackets."""
    for item in node.items:
        yield from _flat(item) if isinstance(item, And) else (item,)


def _piece(at: int, node: Any) -> _Piece | None:
    """The one text that a word or a term asks for, if a name can stand in it."""
    if isinstance(node, Word):
        field, text = "", str(node.text)
    elif isinstance(node, Term) and node.field in WHO and len(node.values) == 1:
        field, text = node.field, str(node.values[0].text)
    else:
        return None
    return _Piece(at, field, text, frozenset(fold(text).removeprefix("~").split()))


def _asked(node: Any) -> Iterator[str]:
    """Every text of a filter that a name can stand in; a telephone that is typed with blanks is one, too."""
    if isinstance(node, (And, Or)):
        for item in node.items:
            yield from _asked(item)
        words = (str(item.text) if isinstance(item, Word) and isinstance(node, And) else "" for item in node.items)
        yield from (" ".join(run) for numeric, run in groupby(words, key=_is_numeric) if numeric)
    elif isinstance(node, Not):
        yield from _asked(node.item)
    elif isinstance(node, Word):
        yield node.text
    elif node.field in WHO:
        yield from (value.text for value in node.values)


def _staying(
    connection: Connection, kind: Entity, called: Called, said: str, region: str
) -> dict[str, tuple[str, Called]]:
    """Those names and addresses which these folded texts may say, and which a record that stays goes by too or has as a
    part of its name: text -> (that record, the text alone)."""
    found: dict[str, tuple[str, Called]] = {}
    for name in sorted(called.names):
        if kind.table == "opportunity" and not several(name):
            continue
        if all(part in said for part in traces.parts(name)) and (by := _bearing(connection, kind, name)):
            found[name] = (by, Called({name}, set()))
    for text in sorted(called.addresses - found.keys()):
        if ("@" not in text or text in said) and (by := _having(connection, text, region)):
            found[text] = (by, Called(set(), {text}))
    return found


def _bearing(connection: Connection, kind: Entity, name: str) -> str:
    """A record that is there and is called so, or longer, in whichever order; "" where there is none. A deal's title is
    not about whom it names, so that one of several words in it is a person's or firm's own."""
    pattern, find, part = whole([name]), FIND[connection.dialect], traces.hint(name)
    words = frozenset(name.split())
    for table, columns in _BEARING.items():
        noun = "kind" if table == "opportunity" else f"'{table}'"
        keys = [f"{c}_key" for c in columns]
        where = " OR ".join(f"{find}({key}, ?) > 0" for key in keys)
        sql = f"SELECT id, {noun}, {', '.join(keys)} FROM {table} WHERE id > ? AND ({where}) ORDER BY id LIMIT 5000"
        last = 0
        while page := connection.rows(sql, [last, *[part] * len(keys)]):
            last = page[-1][0]
            for number, noun, *own in page:
                title = noun == "deal" and kind.table != "opportunity" and several(name)
                for column, text in zip(columns, own, strict=True):
                    longer = text and (pattern.search(text) or words <= frozenset(text.split()))
                    if text == name or (longer and not (title and column == "name")):
                        return f"{noun}:{number}"
    return ""


def _having(connection: Connection, text: str, region: str) -> str:
    """A record that is there and has this e-mail address or telephone; "" where there is none."""
    number = number_key(text, region) or text
    for table, columns in traces.PARTIES.items():
        noun = "kind" if table == "opportunity" else f"'{table}'"
        keys = {f"{c}_key": number if c in PHONES else text for c in columns if c == "email" or c in PHONES}
        sql = f"SELECT {noun}, id FROM {table} WHERE {' OR '.join(f'{key} = ?' for key in keys)} LIMIT 1"
        if row := connection.one(sql, list(keys.values())):
            return f"{row[0]}:{row[1]}"
    return ""
