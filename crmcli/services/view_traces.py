"""What saved views ask of a purged person or firm: taken out of them and of their history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import query
from crmcli.domain.address import SHORTEST_NATIONAL
from crmcli.domain.change import Change
from crmcli.domain.query import And, Not, Or, Term, Value, Word
from crmcli.domain.text import clip, fold
from crmcli.domain.types import bare_number
from crmcli.errors import FilterError
from crmcli.services.traces import MOST, PARTIES, PHONES, close, is_address, number_key, whole
from crmcli.store import journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: The fields of a filter that a name can stand in; in others (tag:may, city:paris) it is another word of that name.
WHO = frozenset(
    ("name", "contact", "contact_name", "company", "company_name", "parent", "on", "email", "phone", "mobile")
)
#: What a filter asks for in place of what is forgotten: nothing that there is.
NOBODY = Term("no", (Value("id"),))
#: A telephone that is typed with blanks and without quotation marks is so many words of a filter at most.
_LONGEST = 8
#: So many digits of a number may be looked for by themselves.
_FEWEST_DIGITS = 4


def forget_views(tx: Transaction, texts: Iterable[str]) -> Iterator[str]:
    """Take what names the purged out of saved views and their journal, of removed views too; a line for each view that
    is another one now, and for each that asks for a part of a name or address, which may mean others too. What a record
    that stays goes by is left."""
    connection = tx.connection
    rows = connection.rows("SELECT id, name, filter, entity, columns, sort FROM saved_view ORDER BY id")
    living = {row[0]: dict(zip(("name", "filter", "entity", "columns", "sort"), row[1:], strict=True)) for row in rows}
    names = {number: {row["name"]} for number, row in living.items()}
    filters = {number: {row["filter"] or ""} for number, row in living.items()}
    for number, *sides in connection.rows("SELECT record_id, before, after FROM journal WHERE entity = 'saved_view'"):
        for side in filter(None, map(journal.columns, sides)):
            names.setdefault(number, set()).add(str(side.get("name") or ""))
            filters.setdefault(number, set()).add(str(side.get("filter") or ""))
    if not names:
        return
    region = tx.env.region
    gone = _Gone({text for text in texts if not _borne(connection, text, region)}, region)
    parts: list[str] = []
    for number in sorted(names):
        clean = not any(map(gone.names, names[number])) and all(gone.without(t) == t for t in filters[number])
        parts += _parts(gone, living.get(number), names[number], filters[number] if clean else ())
        if clean:
            continue
        connection.run("DELETE FROM saved_view WHERE id = ?", (number,))
        connection.run(
            "UPDATE journal SET before = NULL, after = NULL WHERE entity = 'saved_view' AND record_id = ?", (number,)
        )
        tx.changes.append(Change("saved_view", number, None, None, "saved_view"))
        if number in living:
            yield from _anew(tx, living[number], gone)
    yield from parts[:MOST]
    if len(parts) > MOST:
        yield "and other views ask for parts of it too"


def _anew(tx: Transaction, view: dict[str, Any], gone: _Gone) -> Iterator[str]:
    """Save a view again that is forgotten with its journal, as far as it names nobody that is gone."""
    if gone.names(view["name"]):
        yield f"the view {view['name']} bore that name and is gone too"
        return
    was = view["filter"] or ""
    now = gone.without(was)
    tx.add("saved_view", {**view, "filter": now or None})
    if now != was:
        yield f"the view {view['name']} asked for it and says now: {clip(now, 200)}"


def _parts(gone: _Gone, view: dict[str, Any] | None, names: Iterable[str], past: Iterable[str]) -> Iterator[str]:
    """A line for a view, and one for its history (`past`), that asks for parts of a name or address."""
    now = gone.parts(gone.without(view["filter"] or "")) if view and not gone.names(view["name"]) else {}
    name = view["name"] if view else next(iter(sorted(names)))
    if now:
        yield f"the view {name} still asks for {', '.join(now)}, a part of what is forgotten"
    then = {part: None for text in sorted(past) for part in gone.parts(text) if part not in now}
    if then:
        yield f"the history of the view {name} still has {', '.join(then)}, a part of what is forgotten"


class _Piece(NamedTuple):
    """What one item of an And asks for, which may name somebody together with others."""

    at: int
    text: str

    def words(self) -> frozenset[str]:
        return frozenset(fold(self.text).removeprefix("~").split())

    def numeric(self) -> bool:
        return re.fullmatch(r"[+\d().-]+", fold(self.text)) is not None


class _Gone:
    """What the purged went by, and filters without it."""

    def __init__(self, texts: set[str], region: str) -> None:
        self._texts, self._region = texts, region
        self._whole = whole(texts) if texts else None
        #: the words of each name of several
        self._names = [
            words
            for text in texts
            if not is_address(text) and any(map(str.isalpha, text)) and len(words := frozenset(text.split())) > 1
        ]
        self._emails = [text for text in texts if "@" in text]
        self._numbers = [n for t in texts if "@" not in t and len(n := bare_number(t)) >= SHORTEST_NATIONAL]

    def names(self, text: str, field: str = "") -> bool:
        """Whether a text, a value of this field in a filter, is or holds what one of them went by."""
        if number_key(text, self._region) in self._texts:
            return True
        found = self._whole.search(fold(text)) if self._whole else None
        # A name is another word in fields that are no names; an address is one anywhere.
        return found is not None and (not field or field in WHO or is_address(found[0]))

    def without(self, text: str) -> str:
        """A filter that asks for nobody where it asked for one of them; the text itself where it did not."""
        try:
            tree = query.parse(text)
        except FilterError:
            return query.canonical(NOBODY) if self.names(text) else text
        left = self._forget(tree)
        return text if left == tree else query.canonical(left)

    def parts(self, text: str) -> dict[str, None]:
        """What a filter asks for that is a part of what one of them went by: one of the words of a name, some digits of
        a telephone, the beginning of an e-mail address."""
        try:
            return {part: None for part in _asked(query.parse(text)) if self._is_part(part)}
        except FilterError:
            return {}

    def _forget(self, node: Any) -> Any:
        if isinstance(node, And):
            items = [self._forget(item) for item in _flat(node)]
            gone = self._together(items)
            if not gone:
                return And(tuple(map(self._forget, node.items)))
            first = {min(some) for some in gone}
            rest = set().union(*gone) - first
            left = [NOBODY if i in first else item for i, item in enumerate(items) if i not in rest]
            return left[0] if len(left) == 1 else And(tuple(left))
        if isinstance(node, Or):
            return Or(tuple(map(self._forget, node.items)))
        if isinstance(node, Not):
            return Not(self._forget(node.item))
        if isinstance(node, Word):
            return NOBODY if self.names(node.text) else node
        stays = tuple(value for value in node.values if not self.names(value.text, node.field))
        return node if len(stays) == len(node.values) else Term(node.field, stays, node.exact) if stays else NOBODY

    def _together(self, items: Sequence[Any]) -> list[set[int]]:
        """Those of these items of an And, by their places, that together name one of them: the words of a name in any
        order, a telephone that is typed with blanks."""
        pieces = [_Piece(i, text) for i, item in enumerate(items) if (text := _single(item))]
        found: list[set[int]] = []
        for name in self._names:
            some = [piece for piece in pieces if piece.words() <= name]
            if frozenset().union(*(piece.words() for piece in some)) == name:
                found.append({piece.at for piece in some})
        for start, first in enumerate(pieces):
            run = [first]
            for piece in pieces[start + 1 : start + _LONGEST] if first.numeric() else ():
                if not piece.numeric() or piece.at != run[-1].at + 1:
                    break
                run.append(piece)
                if number_key(" ".join(one.text for one in run), self._region) in self._texts:
                    found.append({one.at for one in run})
        return found

    def _is_part(self, text: str) -> bool:
        said = fold(text).removeprefix("~")
        words = frozenset(word for word in said.split() if len(word) > 1)
        if words and any(words <= name for name in self._names):
            return True
        local, at, _ = said.partition("@")
        if any((said in email if at else local == email.partition("@")[0]) for email in self._emails if local):
            return True
        number = bare_number(said).lstrip("0")
        return (
            len(number) >= _FEWEST_DIGITS
            and not any(c.isalpha() for c in said)
            and any(number in one for one in self._numbers)
        )


def _flat(node: And) -> Iterator[Any]:
    """The items of an And, and of those that stand in it in brackets."""
    for item in node.items:
        yield from _flat(item) if isinstance(item, And) else (item,)


def _single(node: Any) -> str:
    """The one text that a word or a term asks for, if a name can stand in it."""
    if isinstance(node, Word):
        return str(node.text)
    return str(node.values[0].text) if isinstance(node, Term) and node.field in WHO and len(node.values) == 1 else ""


def _asked(node: Any) -> Iterator[str]:
    """Every text of a filter that a name can stand in."""
    if isinstance(node, (And, Or)):
        for item in node.items:
            yield from _asked(item)
    elif isinstance(node, Not):
        yield from _asked(node.item)
    elif isinstance(node, Word):
        yield node.text
    elif node.field in WHO:
        yield from (value.text for value in node.values)


def _borne(connection: Connection, text: str, region: str) -> bool:
    """Whether a record that is still there goes by this name or address."""
    number = number_key(text, region) or text
    for table, columns in PARTIES.items():
        keys = [key for c in columns for key in ((number, text) if c in PHONES else (text, close(text)))]
        sql = " OR ".join(f"{c}_key IN (?, ?)" for c in columns)
        if connection.one(f"SELECT 1 FROM {table} WHERE {sql} LIMIT 1", keys):
            return True
    return False
