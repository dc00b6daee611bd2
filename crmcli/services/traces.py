"""Traces of a purged person or firm elsewhere: records, histories, words and copies that have their name or address."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.address import SHORTEST_NATIONAL, phone_key
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import installed
from crmcli.domain.text import fold, squashed
from crmcli.domain.types import Phone, bare_number
from crmcli.services import batch
from crmcli.services.links import WORDS
from crmcli.store import drafts, journal, read
from crmcli.store.schema import SEARCHED
from crmcli.store.sql import portions
from crmcli.store.tables import NOUNS, noun_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Type
    from crmcli.store.connect import Connection

#: The tables of persons and firms, and their columns that name one.
PARTIES = {
    "opportunity": ("name", "contact_name", "email", "phone"),
    "contact": ("name", "email", "phone", "mobile"),
    "company": ("name", "email", "phone"),
}
PHONES = ("phone", "mobile")
NAMING = ("name", "contact_name", "email", *PHONES)
#: The columns that tell whether two records of one name are the same person or firm.
ADDRESSES = ("email", *PHONES, "domain")
#: The journal's text of a change of any of them.
_WHO = re.compile(f'"(?:{"|".join({*NAMING, *ADDRESSES})})":')
#: Tables of words that can be named after somebody: one of them is told, but cannot be purged.
NAMED_AFTER = (*sorted(WORDS), "pipeline", "stage", "plan", "plan_step", "occasion")
#: What of them can name somebody, besides the name.
SAYING = {"crm_user": ", full_name, email", "task_type": ", summary", "plan_step": ", description"}
#: Of the records that still have something, so many are named.
MOST = 20
#: Of the records that have all words of a name somewhere, so many are looked at, newest first.
_LOOKED_AT = 10_000


def number_key(text: str, region: str) -> str:
    """What a telephone is compared by: its E.164 form, else its digits; "" for too few to tell whose it is."""
    bare = bare_number(text)
    return phone_key(text, region) or (bare if len(bare) >= SHORTEST_NATIONAL else "")


def texts_of(rows: Iterable[Mapping[str, Any]], region: str, columns: Collection[str] = NAMING) -> set[str]:
    """What names these records: names, e-mails and telephones, folded, and telephones also by their key."""
    phones = [c for c in (*PHONES, *own_columns(Phone)) if c in columns]
    found: set[str] = set()
    for row in rows:
        found.update(text for c in columns if row.get(c) and (text := fold(str(row[c]))))
        found.update(key for c in phones if row.get(c) and (key := number_key(str(row[c]), region)))
    return found


def own_columns(*kinds: type[Type]) -> tuple[str, ...]:
    """The columns of people's own fields of these types, of whatever table, removed ones too."""
    tables = (*installed().shown.values(), *installed().removed.values())
    return tuple({f.column: None for own in tables for f in own if isinstance(f.type, kinds)})


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address or a telephone, which is one wherever it stands."""
    return "@" in text or sum(c.isdigit() for c in text) >= SHORTEST_NATIONAL


def several(text: str) -> bool:
    """Whether a folded name is of several words: nobody says it of another one by chance."""
    return len(text.split()) > 1 and any(map(str.isalnum, text))


def close(text: str) -> str:
    """A folded name as it is where its parts are written together: with a ZWNJ, which folds to nothing, as Persian has
    it. Other scripts keep their blanks: "Al Len" is not "Allen"."""
    return text if text.isascii() else text.replace(" ", "")


def whole(texts: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds these folded texts as whole words, however the parts of a name or number are put together:
    with blanks, hyphens, or, for a telephone and a name in another script than ours (see `close`), nothing."""
    either = "|".join(_spelling(text) for text in sorted(texts, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")


def _spelling(text: str) -> str:
    if "@" in text:  # it is not in the address of another one: ada.king@ has no king@
        return rf"(?<![\w.+%-]){re.escape(text)}(?![.-]?\w)"
    between = r"[\s_-]+" if text.isascii() and not is_address(text) else r"[\s_-]*"
    return between.join(map(re.escape, re.split(r"(?<=\w)[\s_-]+(?=\w)", text)))


def hint(text: str) -> str:
    """A part of a folded text that is in every text where `whole` finds it, to leave the others out by."""
    return max(parts(text), key=len) or text


def parts(text: str) -> list[str]:
    """The parts of a folded text that are in every text where `whole` finds it; "" where it is of marks alone."""
    return re.split(r'[\s_"\\-]+', text)


class Known:
    """What records of one kind go by and went by: of each, its columns, whole or in part."""

    def __init__(self, kind: Entity, records: Iterable[Collection[Mapping[str, Any]]], region: str) -> None:
        #: Whether a name says who it is: that of a lead or deal does not.
        self.telling = kind.table in ("contact", "company")
        self._region = region
        #: what they were called -> the addresses of each that was
        self._addresses: dict[str, list[set[str]]] = {}
        #: every address of any of them
        self._every: set[str] = set()
        for sides in records:
            own = texts_of(sides, region, ADDRESSES)
            self._every |= own
            for name in self._names(sides):
                self._addresses.setdefault(name, []).append(own)

    def alike(self, side: Mapping[str, Any]) -> bool:
        """Whether a record that was once so, whole or in part, had a name or address of one of them then."""
        return not self._addresses.keys().isdisjoint(self._names([side])) or not self._every.isdisjoint(
            texts_of([side], self._region, ADDRESSES)
        )

    def same(self, sides: Collection[Mapping[str, Any]]) -> bool:
        """Whether a record of the kind, of which these are all states that are known, is one of them once more: it had
        its name and one of its addresses (e-mail, telephone, domain); a person or firm also where neither ever had
        one."""
        return any(own & its or (self.telling and not own and not its) for own, its in self._namesakes(sides))

    def maybe(self, sides: Collection[Mapping[str, Any]]) -> bool:
        """Whether a record of the kind may be one of them and nothing tells: a person or firm that had its name, where
        one of the two had an address and the other none."""
        return self.telling and any(bool(own) != bool(its) for own, its in self._namesakes(sides))

    def others(self, sides: Collection[Mapping[str, Any]]) -> bool:
        """Whether a record of the kind is a namesake alone: it and each that had its name had addresses, and no same
        one."""
        return all(own and its and not own & its for own, its in self._namesakes(sides))

    def _namesakes(self, sides: Collection[Mapping[str, Any]]) -> list[tuple[set[str], set[str]]]:
        """The addresses of each that had a name of the record, and the record's own."""
        its = texts_of(sides, self._region, ADDRESSES)
        return [(own, its) for name in self._names(sides) for own in self._addresses.get(name, ())]

    def _names(self, sides: Iterable[Mapping[str, Any]]) -> set[str]:
        return {close(name) for name in texts_of(sides, self._region, ("name",))}


class Telling:
    """What nobody says of another one by chance, as it was typed: e-mails, telephones, names of several words."""

    def __init__(self, sides: Iterable[Mapping[str, Any]], region: str, *, few: bool) -> None:
        self.region = region
        #: folded, or the key of a telephone -> as it was typed; only of a few, since each is looked for by itself
        self.typed: dict[str, str] = {}
        #: the key that the book compares an address by -> as it was typed
        self.addresses: dict[str, str] = {}
        for side in sides:
            for column in ("name", "email", *PHONES):
                if value := side.get(column):
                    self._take(column, str(value))
        if not few:
            self.typed.clear()
        self._whole = {text: whole([text]) for text in self.typed}
        self._hints = {hint(text) for text in self.typed}

    def _take(self, column: str, value: str) -> None:
        text, key = fold(value), value if column == "email" else ""
        if column in PHONES and (key := number_key(value, self.region)):
            self.typed.setdefault(key, value)
        if key:
            value = self.addresses.setdefault(key, value)
        elif column in PHONES or not several(text):
            return
        self.typed.setdefault(text, value)

    def hinted(self, text: str) -> bool:
        """Whether a text, which may be many together, can say any of it."""
        folded = fold(text) if self._hints else ""
        return any(part in folded for part in self._hints)

    def said(self, text: str) -> list[str]:
        """What of it a text says, as it was typed."""
        folded = fold(text)
        return list(dict.fromkeys(self.typed[one] for one, found in self._whole.items() if found.search(folded)))

    def borne(self, column: str, value: Any) -> bool:
        """Whether a value of a column is one of the addresses."""
        if not value or column not in ADDRESSES:
            return False
        return (number_key(str(value), self.region) if column in PHONES else value) in self.addresses


class Past(NamedTuple):
    """What the journal has of others in what is no more."""

    #: the tables from which rows were taken away at some time, other than by a purge
    thinned: set[str]
    #: table -> the records that once had a name or address of the purged
    alike: dict[str, set[int]]
    #: (table, record) -> column -> what of the purged it once said
    saying: dict[tuple[str, int], dict[str, str]]

    def without(self, forgotten: Mapping[str, Collection[int]]) -> Past:
        """The same without these records of each table."""
        return Past(
            self.thinned,
            {table: numbers.difference(forgotten.get(table, ())) for table, numbers in self.alike.items()},
            {key: said for key, said in self.saying.items() if key[1] not in forgotten.get(key[0], ())},
        )


def read_past(connection: Connection, known: Known, telling: Telling) -> Past:
    """Go through the journal once. All that a record had and has no more stands in what a change of it found there."""
    past = Past(set(), {}, {})
    sql = (
        "SELECT id, entity, record_id, before, after IS NULL FROM journal"
        " WHERE id > ? AND before IS NOT NULL ORDER BY id LIMIT 5000"
    )
    last = 0
    while page := connection.rows(sql, (last,)):
        last = page[-1][0]
        hinted = telling.hinted("\n".join(row[3] for row in page))
        for _, table, number, before, gone in page:
            if gone:
                past.thinned.add(table)
            names = PARTIES[table] if table in PARTIES and _WHO.search(before) else ()
            spoken = hinted and table != "saved_view" and telling.hinted(before)
            side = journal.columns(before) if names or spoken else None
            if not side:
                continue
            if names and known.alike(side):
                past.alike.setdefault(table, set()).add(number)
            said = {c: str(side[c]) for c in names if telling.borne(c, side.get(c))}
            for column, value in side.items() if spoken else ():
                if isinstance(value, str) and (its := telling.said(value)):
                    said.setdefault(column, ", ".join(its))
            if said:
                past.saying.setdefault((table, number), {}).update(said)
    return past


class Left(NamedTuple):
    """What records that stay have of the purged."""

    #: (noun, number) -> which names and addresses of it
    found: dict[tuple[str, int], list[str]]
    #: names whose words so many records have that not all were looked at
    unsure: list[str]


def left_in(connection: Connection, linked: Iterable[int], texts: set[str], telling: Telling) -> Left:
    """Which names and addresses of the purged records still have: the leads and deals that were linked to one
    (`linked`), all that have its e-mail address or telephone, and all whose words tell of it."""
    found: dict[tuple[str, int], list[str]] = {}
    keys = sorted(telling.addresses)
    for table, columns in PARTIES.items():
        kind = "kind" if table == "opportunity" else f"'{table}'"
        ways: list[tuple[str, list[Any]]] = [(f"{c}_key", keys) for c in columns if c == "email" or c in PHONES]
        if table == "opportunity":
            ways.append(("id", sorted(linked)))
        for column, values in ways:
            for some, marks in portions(values):
                sql = f"SELECT id, {kind}, {', '.join(columns)} FROM {table} WHERE {column} IN ({marks}) ORDER BY id"
                for number, noun, *own in connection.rows(f"{sql} LIMIT {MOST + 1}", some):
                    its = dict(zip(columns, own, strict=True))
                    had = [str(its[c]) for c in columns if texts & texts_of([its], telling.region, (c,))]
                    if had:
                        found[noun, number] = list(dict.fromkeys(had))
    unsure = []
    for text, typed in telling.typed.items():
        saying, all_seen = _saying(connection, text)
        if not all_seen:
            unsure.append(typed)
        for key in saying:
            had = found.setdefault(key, [])
            if not any(typed in (other, telling.addresses.get(number_key(other, telling.region))) for other in had):
                had.append(typed)
    return Left(found, unsure)


def _saying(connection: Connection, text: str) -> tuple[list[tuple[str, int]], bool]:
    """The records, removed ones too, in whose words this text is, as whole words: (noun, number), a few; and whether
    all were looked at until there were enough."""
    pattern = whole([text])
    saying: list[tuple[str, int]] = []
    all_seen = True
    ways = {tuple(text.split()), (close(text),)} if not text.isascii() else {tuple(text.split())}
    for table in SEARCHED:
        asked = [read.search(connection, table, [*way], _LOOKED_AT, removed=True) for way in ways]
        hits: dict[int, str] = {}
        for some, _ in portions(sorted({number for found in asked for number, _ in found}, reverse=True)):
            rows = read.raw(connection, table, some)
            hits |= {number: noun_of(table, row) for number, row in rows.items() if pattern.search(row["search_text"])}
            if len(hits) > MOST:
                break
        else:
            all_seen = all_seen and max(map(len, asked)) < _LOOKED_AT
        saying += ((noun, number) for number, noun in sorted(hits.items()))
    return saying, all_seen


def told(
    connection: Connection,
    kind: Entity,
    known: Known,
    past: Past,
    remains: Left,
    calling: Callable[..., str],
) -> Iterator[str]:
    """A line for each record that still has a name or address of the purged (`remains`), for each whose history has,
    and for each that was taken away and that an undo would bring back with it; and lines that say how to get rid of
    them for good (`calling`: see `Settings`)."""
    left = remains.found
    histories = {key: its for key, its in _histories(connection, past).items() if key not in left}
    for (noun, number), its in list(left.items())[:MOST]:
        yield f"{noun}:{number} still has {', '.join(its)}"
    if len(left) > MOST:
        yield "and others have such names and addresses too"
    for name in remains.unsure:
        yield f"there may be more: too many records have all words of {name} for a look at each"
    for (noun, number), its in list(histories.items())[:MOST]:
        yield f"the history of {noun}:{number} still has {', '.join(its)}"
    if len(histories) > MOST:
        yield "and other histories have such names and addresses too"
    numbers: dict[str, list[str]] = {}
    for noun, number in (*list(left)[:MOST], *list(histories)[:MOST]):
        if ENTITIES[noun].table not in NAMED_AFTER:
            numbers.setdefault(ENTITIES[noun].command, []).append(str(number))
    if numbers:
        purges = ", ".join(f"'{calling(noun, 'purge', *some)}'" for noun, some in numbers.items())
        yield f"what an edit takes out of them stays in their history; purging them forgets that too: {purges}"
    yield from _returning(connection, kind, known, past)


def _histories(connection: Connection, past: Past) -> dict[tuple[str, int], list[str]]:
    """(noun, number) -> what the history of a record that is there says of the purged; of words, also of those that
    are no more."""
    found: dict[tuple[str, int], list[str]] = {}
    for table in sorted({table for table, _ in past.saying}):
        numbers = sorted(number for of, number in past.saying if of == table)
        there = read.raw(connection, table, numbers)
        for number in numbers if table in NAMED_AFTER else sorted(there):
            found[noun_of(table, there.get(number)), number] = list(dict.fromkeys(past.saying[table, number].values()))
    return found


def _returning(connection: Connection, kind: Entity, known: Known, past: Past) -> Iterator[str]:
    """A line for each record that was taken away and said what tells of the purged, or had the name of one, where it
    may be the same (`Known.maybe`). A namesake with addresses of its own is somebody else."""
    found: dict[tuple[str, str, int], list[str]] = {}
    for table in sorted(past.thinned - {*NAMED_AFTER}):
        numbers = {number for of, number in past.saying if of == table} | past.alike.get(table, set())
        for number, sides in batch.gone(connection, table, numbers).items():
            noun, said = noun_of(table, sides[-1]), past.saying.get((table, number), {})
            mine = noun == kind.name
            its = [what for column, what in said.items() if not (mine and column == "name" and known.others(sides))]
            if not its and mine and known.maybe(sides):
                its = [str(side["name"]) for side in sides if side.get("name")][-1:]
            if its:
                found[table, noun, number] = list(dict.fromkeys(its))
    for (table, noun, number), its in list(found.items())[:MOST]:
        by = batch.last_change(connection, table, number)
        had = ", ".join(its)
        yield f"{noun}:{number}, taken away by batch {by[0] if by else '?'}, had {had}: undo that to purge it too"
    if len(found) > MOST:
        yield "and others that were taken away had it too"


def named_after(connection: Connection, kind: Entity, texts: Iterable[str], telling: Telling) -> Iterator[str]:
    """A line for each word of the book that names the purged: tags, sources, stages, users, steps of plans and such."""
    # The name of a lead or deal is a word like others, unless it is of several.
    names = {squashed(text) for text in texts if kind.table != "opportunity" or several(text)}
    lines = []
    for table in NAMED_AFTER:
        for row in connection.rows(f"SELECT name{SAYING.get(table, '')} FROM {table} ORDER BY id"):
            said = [str(value) for value in row if value]
            if any(squashed(text) in names or telling.said(text) for text in said):
                lines.append(f"the {NOUNS[table].replace('_', ' ')} '{said[0]}' still has such a name")
    yield from lines[:MOST]
    if len(lines) > MOST:
        yield "and other words have it too"


def copies(connection: Connection) -> Iterator[str]:
    """A line that names the copies which a restore or an upgrade left beside the book: none of them is touched."""
    if connection.dialect != "sqlite":
        return
    folder, name = os.path.split(os.path.realpath(connection.target))
    kept = [f for f in os.listdir(folder) if f.startswith(f"{name}.before-") and not f.endswith(drafts.COMPANIONS)]
    if kept:
        shown = ", ".join(sorted(kept)[-MOST:])
        yield f"copies that are kept beside the book may still have all of it; delete them by hand: {shown}"
