"""Traces of a purged person or firm elsewhere: saved views that name them, records that have their name or address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain import query
from crmcli.domain.address import email_key, phone_key
from crmcli.domain.change import Change
from crmcli.domain.entities import ENTITIES
from crmcli.domain.keys import KEYED
from crmcli.domain.query import And, Not, Or, Term, Value, Word
from crmcli.domain.text import clip, fold
from crmcli.errors import FilterError
from crmcli.services.batch import last_change, no_more
from crmcli.store import journal, read
from crmcli.store.schema import SEARCHED
from crmcli.store.sql import portions
from crmcli.store.tables import noun_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: The columns that name a person or firm, and those of them that are telephones.
NAMING = ("name", "contact_name", "email", "phone", "mobile")
PHONES = ("phone", "mobile")
#: The columns that tell whether two records of one name are the same person or firm.
ADDRESSES = ("email", "phone", "mobile", "domain")
#: The fields of a filter that a name can stand in; in others (tag:may, city:paris) it is another word of that name.
WHO = frozenset(
    ("name", "contact", "contact_name", "company", "company_name", "parent", "on", "email", "phone", "mobile")
)
#: What a filter asks for in place of what is forgotten: nothing that there is.
NOBODY = Term("no", (Value("id"),))
#: Of the records that still have something, so many are named.
MOST = 20


def texts_of(rows: Iterable[Mapping[str, Any]], region: str, columns: Collection[str] = NAMING) -> set[str]:
    """What names these records: names, e-mails and telephones, folded, and telephones also in their one form."""
    phones = [c for c in PHONES if c in columns]
    texts = {text for row in rows for c in columns if row.get(c) and (text := fold(str(row[c])))}
    return texts | {key for row in rows for c in phones if row.get(c) and (key := phone_key(str(row[c]), region))}


class Known:
    """What records of one kind go by and went by: of each, its columns, whole or in part."""

    def __init__(self, kind: Entity, records: Iterable[Collection[Mapping[str, Any]]], region: str) -> None:
        #: Whether a name says who it is: that of a lead or deal does not.
        self._telling = kind.table in ("contact", "company")
        self._region = region
        self._addresses: dict[str, list[set[str]]] = {}
        for rows in records:
            own = texts_of(rows, region, ADDRESSES)
            for name in texts_of(rows, region, ("name",)):
                self._addresses.setdefault(name, []).append(own)

    def same(self, row: Mapping[str, Any]) -> bool:
        """Whether a record of the kind is one of them once more: of its name and with one of its addresses (e-mail,
        telephone, domain); a person or firm also where neither ever had one."""
        return any(own & its or (self._telling and not own and not its) for own, its in self._namesakes(row))

    def maybe(self, row: Mapping[str, Any]) -> bool:
        """Whether a record of the kind may be one of them and nothing tells: a person or firm of its name, where one of
        the two has an address and the other has none."""
        return self._telling and any(bool(own) != bool(its) for own, its in self._namesakes(row))

    def _namesakes(self, row: Mapping[str, Any]) -> list[tuple[set[str], set[str]]]:
        """The addresses of each that has the record's name, and the record's own."""
        its, names = (texts_of([row], self._region, columns) for columns in (ADDRESSES, ("name",)))
        return [(own, its) for name in names for own in self._addresses.get(name, ())]


def forget_views(tx: Transaction, texts: Iterable[str]) -> Iterator[str]:
    """Take what names the purged out of saved views and their journal, of removed views too; a line for each view that
    is another one now. What a record that stays goes by is left."""
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
    for number in sorted(names):
        if not any(map(gone.names, names[number])) and all(gone.without(text) == text for text in filters[number]):
            continue
        connection.run("DELETE FROM saved_view WHERE id = ?", (number,))
        connection.run(
            "UPDATE journal SET before = NULL, after = NULL WHERE entity = 'saved_view' AND record_id = ?", (number,)
        )
        tx.changes.append(Change("saved_view", number, None, None, "saved_view"))
        if number in living:
            yield from _anew(tx, living[number], gone)


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


class _Gone:
    """What the purged went by, and filters without it."""

    def __init__(self, texts: set[str], region: str) -> None:
        self._texts, self._region = texts, region
        either = "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))
        self._whole = re.compile(rf"(?<!\w)(?:{either})(?!\w)") if texts else None

    def names(self, text: str, field: str = "") -> bool:
        """Whether a text, a value of this field in a filter, is or holds what one of them went by."""
        if phone_key(text, self._region) in self._texts:
            return True
        found = self._whole.search(fold(text)) if self._whole else None
        # A name is another word in fields that are no names; an address is one anywhere.
        return found is not None and (not field or field in WHO or _is_address(found[0]))

    def without(self, text: str) -> str:
        """A filter that asks for nobody where it asked for one of them; the text itself where it did not."""
        try:
            tree = query.parse(text)
        except FilterError:
            return query.canonical(NOBODY) if self.names(text) else text
        left = self._forget(tree)
        return text if left == tree else query.canonical(left)

    def _forget(self, node: Any) -> Any:
        if isinstance(node, (And, Or)):
            return type(node)(tuple(map(self._forget, node.items)))
        if isinstance(node, Not):
            return Not(self._forget(node.item))
        if isinstance(node, Word):
            return NOBODY if self.names(node.text) else node
        stays = tuple(value for value in node.values if not self.names(value.text, node.field))
        return node if len(stays) == len(node.values) else Term(node.field, stays, node.exact) if stays else NOBODY


def _is_address(text: str) -> bool:
    return "@" in text or sum(c.isdigit() for c in text) > 6


def _borne(connection: Connection, text: str, region: str) -> bool:
    """Whether a record that is still there goes by this name or address."""
    key = phone_key(text, region) or text
    for table in ("contact", "company", "opportunity"):
        columns = [f"{column}_key" for column in KEYED[table] if column in NAMING]
        sql = f"SELECT 1 FROM {table} WHERE {' OR '.join(f'{c} = ?' for c in columns)} LIMIT 1"
        if connection.one(sql, [key if c in ("phone_key", "mobile_key") else text for c in columns]):
            return True
    return False


def left_in(
    connection: Connection,
    there: Iterable[Mapping[str, Any]],
    linked: Iterable[int],
    texts: set[str],
    calling: Callable[..., str],
) -> Iterator[str]:
    """A line for each record that still has the name or address of one that was purged: of the leads and deals that
    were linked to it (`linked`), of all that have its e-mail address, and of all that say its e-mail address or its
    name, if that is of several words; the last are looked for where a few were purged. And a line that says how to get
    rid of that for good (`calling`: see `Settings`)."""
    rows = list(there)
    addresses = sorted(_addresses(rows))
    found: dict[tuple[str, int], list[str]] = {}
    for table, columns, kind in (
        ("opportunity", "name, contact_name, email, phone", "kind"),
        ("contact", "name, email, phone, mobile", "'contact'"),
        ("company", "name, email, phone", "'company'"),
    ):
        ways: list[tuple[str, list[Any]]] = [("email_key", addresses)]
        if table == "opportunity":
            ways.append(("id", sorted(linked)))
        for column, values in ways:
            for some, marks in portions(values):
                sql = f"SELECT id, {kind}, {columns} FROM {table} WHERE {column} IN ({marks}) ORDER BY id"
                for number, noun, *own in connection.rows(f"{sql} LIMIT {MOST + 1}", some):
                    if its := [str(value) for value in own if value and fold(str(value)) in texts]:
                        found[noun, number] = list(dict.fromkeys(its))
    if len(rows) <= MOST:
        for said, typed in _telling(rows).items():
            for key in _saying(connection, said):
                its = found.setdefault(key, [])
                its += [typed] if typed not in its else []
    for (noun, number), its in list(found.items())[:MOST]:
        yield f"{noun}:{number} still has {', '.join(its)}"
    if len(found) > MOST:
        yield "and others have such names and addresses too"
    yield from _kept(list(found)[:MOST], calling)


def _kept(found: Iterable[tuple[str, int]], calling: Callable[..., str]) -> Iterator[str]:
    """What becomes of names and addresses that are edited out of these records, which the journal keeps."""
    numbers: dict[str, list[str]] = {}
    for noun, number in found:
        numbers.setdefault(noun, []).append(str(number))
    notes = numbers.pop("interaction", None)
    purges = ", ".join(f"'{calling(noun, 'purge', *some)}'" for noun, some in numbers.items())
    if purges:
        yield f"what an edit takes out of them stays in their history; purging them forgets that too: {purges}"
    if notes:
        yield "what an edit takes out of a note stays in its history until what it was noted on is purged"


def _addresses(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {row["email_key"] for row in rows if row.get("email_key")}


def _telling(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What nobody says of another one by chance, folded, as it was typed: e-mail addresses, names of several words."""
    typed = (str(row[column]) for row in rows for column in ("name", "email") if row.get(column))
    return {text: value for value in typed if (text := fold(value)) and ("@" in text or len(text.split()) > 1)}


def _saying(connection: Connection, text: str) -> Iterator[tuple[str, int]]:
    """The records, removed ones too, in whose words this text is, as whole words: (noun, number), a few."""
    whole = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
    for table in SEARCHED:
        ids = [number for number, _ in read.search(connection, table, text.split(), MOST + 1, removed=True)]
        for number, row in sorted(read.raw(connection, table, ids).items()):
            if whole.search(row["search_text"]):
                yield noun_of(table, row), number


def returning(
    connection: Connection, kind: Entity, there: Iterable[Mapping[str, Any]], known: Known, tables: Collection[str]
) -> Iterator[str]:
    """A line for each record that was taken away from one of these tables, with the e-mail address of one of the
    `kind` that was purged, or of its name where that may be the same (`Known.maybe`): an undo would bring it back."""
    addresses = _addresses(there)
    found: dict[tuple[str, int], str] = {}
    for table in sorted({"opportunity", "contact", "company"} & {*tables}):
        for number, row in no_more(connection, table) if addresses or table == kind.table else ():
            if row.get("email") and email_key(str(row["email"])) in addresses:
                found[noun_of(table, row), number] = str(row["email"])
            elif table == kind.table and known.maybe(row):
                found[noun_of(table, row), number] = str(row["name"])
    for (noun, number), what in list(found.items())[:MOST]:
        by = last_change(connection, ENTITIES[noun].table, number)
        yield f"{noun}:{number}, taken away by batch {by[0] if by else '?'}, had {what}: undo that to purge it too"
    if len(found) > MOST:
        yield "and others that were taken away had it too"
