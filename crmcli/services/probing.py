"""What the indexes say of one record without a look at the whole book: which others may be the same, and how common its
values are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from crmcli.domain import dedupe
from crmcli.domain.address import email_domain, is_public_domain
from crmcli.domain.dedupe.reading import words_of
from crmcli.store.schema import words_expression
from crmcli.store.sql import FIND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crmcli.domain.dedupe import Entry
    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection

    #: SQL over the base table `t`, and its values.
    Condition = tuple[str, tuple[Any, ...]]

#: So many of the records that share a key with one are looked at: more that have an address are no evidence.
PROBED = dedupe.TOO_MANY + 1
#: So many records, spread over the whole book, show how common a value is that no index has.
SAMPLED = 200
#: So many records that have the same words are looked at one by one; of more the index alone says something.
_SIFTED = 1000
#: Of what SQLite's index has for some words so many are looked at, to see how many of them mean it.
_VERIFIED = 40
#: What two records whose names are alike in part share besides, if they are worth a look.
_ADDRESS = ("city_key", "postal_code_key", "street_key")
_BESIDE = {
    "contact": ("birthday", "company_id", *_ADDRESS),
    "company": _ADDRESS,
    "lead": ("company_id", "company_name_key", *_ADDRESS),
    "deal": ("company_id", "company_name_key", "contact_id", "value_minor"),
}
#: kind -> what the word index counts -> the column that is meant by it: a row has the words of others as well.
_COUNTED = {
    "contact": {"word": "t.name_key", "city": "t.city_key", "domain": "t.email_key", "job": "t.job_title_key"},
    "company": {"word": "t.name_key", "city": "t.city_key"},
    "lead": {"word": "coalesce(t.contact_name_key, t.name_key)", "city": "t.city_key", "domain": "t.email_key"},
    "deal": {"word": "t.name_key"},
}


class Words:
    """The word index over a table's `search_text`, asked for whole words as folded text has them."""

    def __init__(self, reader: Connection, table: str) -> None:
        self._reader, self._table = reader, table
        self._abouts: dict[str, int] = {}

    def having(self, words: Sequence[str], *, phrase: bool = False, most: int = 0) -> Condition:
        """That a record has these words, anywhere, or one after the other as a `phrase`; on SQLite it holds for no more
        than `most` records, the oldest, if that is given."""
        asked = self._query(words, phrase=phrase)
        if self._reader.dialect == "sqlite":
            index, limit = f"{self._table}_fts", f" LIMIT {most}" if most else ""
            return f"t.id IN (SELECT rowid FROM {index} WHERE {index} MATCH ?{limit})", (asked,)
        return f"{words_expression('t.')} @@ ?::tsquery", (asked,)

    def about(self, words: Sequence[str], *, phrase: bool = False) -> int:
        """About how many records have these words, removed ones too: as SQLite counts them in its index at once, and
        as PostgreSQL, which would have to look at each of them, expects by its statistics."""
        asked = self._query(words, phrase=phrase)
        if asked not in self._abouts:
            self._abouts[asked] = self._about(words, phrase=phrase)
        return self._abouts[asked]

    def _about(self, words: Sequence[str], *, phrase: bool) -> int:
        where, asked = self.having(words, phrase=phrase)
        if self._reader.dialect == "sqlite":
            index = f"{self._table}_fts"
            return int(self._reader.value(f"SELECT count(*) FROM {index} WHERE {index} MATCH ?", asked))
        plan = self._reader.value(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {self._table} t WHERE {where}", asked)
        return int(plan[0]["Plan"]["Plan Rows"])

    def _query(self, words: Sequence[str], *, phrase: bool) -> str:
        if self._reader.dialect == "sqlite":
            return f'"{" ".join(words)}"' if phrase else " ".join(f'"{word}"' for word in words)
        return (" <-> " if phrase else " & ").join(f"'{word}'" for word in words)


def _words(text: str) -> list[str]:
    """The words of a folded text as the index parts them."""
    return " ".join(words_of(text)).replace("'", " ").split()


# --- who may be the same ---------------------------------------------------------------------------------------------


def candidates(reader: Connection, kind: Entity, entry: Entry, words: Words, pool: str) -> list[int]:
    """The records of a kind that may be the same as one of it, by its `dedupe.probe_keys`: of many that share a key,
    those first that share more with it (of companies whose names begin alike the shortest, which are legal forms of
    one), then the oldest. `pool` says which are looked at, over the base table `t`."""
    mine, beside = _besides(reader, kind, entry)
    agreed = " + ".join(f"CASE WHEN {said} THEN 1 ELSE 0 END" for said in beside)
    first = f"{agreed} DESC, t.id" if beside else "t.id"
    town = _words(entry.city or "")
    found: dict[int, None] = {}
    for lookup, value in dedupe.probe_keys(entry, kind.name):
        if lookup == "words":
            ways = [words.having(_words(value), most=_SIFTED)]
        elif lookup == "part":
            ways = _in_part(words, _words(value), town, beside, mine)
        else:
            ways = _lookups(kind, lookup, value)
        order, of = ("length(t.name_key), t.id", []) if lookup == "name-start" else (first, mine)
        for condition, params in ways:
            sql = f"SELECT t.id FROM {kind.table} t WHERE {condition} AND {pool} ORDER BY {order} LIMIT {PROBED}"
            found.update(dict.fromkeys(row[0] for row in reader.rows(sql, (*params, *of))))
    return list(found)


def _in_part(
    words: Words, said: Sequence[str], town: Sequence[str], beside: Sequence[str], mine: Sequence[Any]
) -> list[Condition]:
    """How the records are found that have some words of a name and something else that is `beside` it; where the words
    are too common to look at each, those of that town."""
    if beside and words.about(said) <= _SIFTED:
        where, asked = words.having(said)
        return [(f"{where} AND ({' OR '.join(beside)})", (*asked, *mine))]
    return [words.having([*said, *town], most=_SIFTED)] if town else []


def _besides(reader: Connection, kind: Entity, entry: Entry) -> tuple[list[Any], list[str]]:
    """The values of a record that another one of its name may share, and the conditions that it does."""
    columns = _BESIDE[kind.name]
    row = reader.one(f"SELECT {', '.join(columns)} FROM {kind.table} WHERE id = ?", (entry.id,)) or ()
    known = [(f"t.{column} = ?", value) for column, value in zip(columns, row, strict=False) if value is not None]
    domain = email_domain(entry.email or "")
    if domain and not is_public_domain(domain):
        known.append((f"{FIND[reader.dialect]}(t.email_key, ?) > 0", f"@{domain}"))
    return [value for _, value in known], [said for said, _ in known]


def _lookups(kind: Entity, lookup: str, value: str) -> list[Condition]:
    """How the records are found that a probe key means."""
    if lookup == "email":
        return [("t.email_key = ?", (value,))]
    if lookup == "phone":
        columns = ["phone_key", *(["mobile_key"] if "mobile" in kind.by_name else [])]
        return [(f"t.{column} = ?", (value,)) for column in columns]
    if lookup == "domain":
        return [("t.domain = ?", (value,))]
    if lookup == "name-start":
        return [("t.name_key >= ? AND t.name_key < ?", (value, value + "\U0010ffff"))]
    return [("t.name_key = ?", (value,))]


# --- how common its values are ---------------------------------------------------------------------------------------


class Census:
    """What the book says of how common the values of one record are (`dedupe.Census`); `entries` gives those of some
    numbers as they are compared, `pool` is the condition that says which are."""

    def __init__(
        self,
        reader: Connection,
        kind: Entity,
        number: int,
        words: Words,
        pool: str,
        entries: Callable[[Sequence[int]], Iterable[Entry]],
    ) -> None:
        self._reader, self._kind, self._number, self._words = reader, kind, number, words
        self._pool, self._entries = pool, entries
        self._known: dict[tuple[str, str], int | None] = {}

    @cached_property
    def most(self) -> int:
        return int(self._reader.value(f"SELECT max(id) FROM {self._kind.table}") or 0)

    @cached_property
    def size(self) -> int:
        return max(round(self.most * len(self.sample) / min(self.most, SAMPLED)), 1)

    @cached_property
    def sample(self) -> list[Entry]:
        some = min(self.most, SAMPLED)
        return list(self._entries([1 + place * self.most // some for place in range(some)]))

    def indexed(self, field: str, value: str) -> int | None:
        key = field, value
        if key not in self._known:
            column = _COUNTED[self._kind.name].get(field)
            self._known[key] = (
                self._meant(column, value) if column else self._colleagues() if field == "company" else None
            )
        return self._known[key]

    def _colleagues(self) -> int | None:
        """How many records are linked to the company of this one."""
        table = self._kind.table
        if table == "company":
            return None
        company = self._reader.value(f"SELECT company_id FROM {table} WHERE id = ?", (self._number,))
        if company is None:
            return None
        sql = f"SELECT count(*) FROM {table} t WHERE t.company_id = ? AND {self._pool}"
        return int(self._reader.value(sql, (company,)))

    def _meant(self, column: str, value: str) -> int | None:
        """How many records have these words in that column."""
        if not (said := _words(value)):
            return None
        sqlite = self._reader.dialect == "sqlite"
        if not sqlite and (about := self._words.about(said, phrase=True)) > _SIFTED:
            return about
        where, asked = self._words.having(said, phrase=True, most=_VERIFIED)
        means = f"sum(CASE WHEN {self._pool} AND {FIND[self._reader.dialect]}({column}, ?) > 0 THEN 1 ELSE 0 END)"
        sql = f"SELECT count(*), {means} FROM {self._kind.table} t WHERE {where}"
        [(every, meant)] = self._reader.rows(sql, (max(said, key=len), *asked))
        if sqlite and every == _VERIFIED:
            return round(self._words.about(said, phrase=True) * int(meant) / _VERIFIED)
        return int(meant or 0)
