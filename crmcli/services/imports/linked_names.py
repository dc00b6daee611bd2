"""What the names, addresses and numbers that a file has for linked records are in the book, and in a dry run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.address import domain_of
from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import fold
from crmcli.errors import RefusedError
from crmcli.services import aliases, naming
from crmcli.services.imports.blocks import AT, ID
from crmcli.services.imports.foreign import GONE
from crmcli.services.imports.trial import TRIED
from crmcli.store.sql import portions, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.services.imports.foreign import Foreign
    from crmcli.services.imports.trial import Tried

#: Of a name that several records have: no id.
SEVERAL = 0
#: Kinds of which two may have one name; a vocabulary has every word once.
_RECORDS = frozenset(("company", "contact", "opportunity", "task"))
#: kind, name, address and company of a `Namesake`, by table
_TOLD_APART = {
    "company": "'company', name, domain, NULL",
    "contact": "'contact', name, email_key, company_id",
    "opportunity": "kind, name, email_key, NULL",
    "task": "'task', name, due_on, NULL",
}
_REFERENCE = re.compile(r"(company|contact|lead|deal|task):\d+", re.ASCII)
_MOST_NAMESAKES = 200
#: what people's telephones are looked up by
TELEPHONES = ("phone_key", "mobile_key")
#: what a name that begins with AT is looked up by
BY_ADDRESS = {"company": "domain", "contact": "email_key"}


class Namesake(NamedTuple):
    """One of several records with the same name: `address` is a company's domain or a person's e-mail address."""

    id: int
    kind: str
    name: str
    address: str | None
    company_id: int | None


class Named(NamedTuple):
    """A record's name, that as it is compared, and its domain or e-mail address."""

    name: str
    key: str
    address: str | None


class LinkedNames:
    """Looks up what names are; `tried` is what a dry run would have added so far, by table. A name is known by its key
    (`key_of`): folded, or AT before an address, ID before an id in the other program."""

    def __init__(self, ctx: Context, tried: Mapping[str, Tried], foreign: Foreign) -> None:
        self.ctx, self._tried, self._foreign = ctx, tried, foreign
        self._namesakes: dict[tuple[str, str], list[Namesake]] = {}
        #: by target: the records that others were merged into, mostly none
        self._merged: dict[str, frozenset[int]] = {}

    def forget(self) -> None:
        """Another process wrote: what is known may be gone."""
        self._namesakes.clear()
        self._merged.clear()

    def add(self, target: str, key: str) -> None:
        """Another record with this key was made."""
        self._namesakes.pop((target, key), None)

    def find(self, target: str, keys: list[str]) -> dict[str, int]:
        """The ids of these keys, SEVERAL of one that fits more than one record; what is not there is left out."""
        found: dict[str, int] = {}
        names = [key for key in keys if key[0] != AT]
        for key, number in self.rows(target, "name_key", names):
            found[key] = SEVERAL if key in found and target in _RECORDS else found.get(key, number)
        ids = [key.removeprefix(ID) for key in keys if key.startswith(ID)]
        found.update((ID + one, number) for one, number in self._foreign.look(target, ids).items() if number != GONE)
        addresses = [key[1:] for key in keys if key[0] == AT and not key.startswith(ID)]
        for key, number in self.rows(target, BY_ADDRESS.get(target, ""), addresses):
            found[AT + key] = SEVERAL if AT + key in found else number
        telephones = [key for key in addresses if "@" not in key] if target == "contact" else []
        for key, number in dict.fromkeys(one for to in TELEPHONES for one in self.rows(target, to, telephones)):
            found[AT + key] = SEVERAL if AT + key in found else number
        if target == "company":  # a name may be the domain of one that is called otherwise
            domains = {key: domain for key in names if key not in found and (domain := _as_domain(key))}
            by_domain: dict[str, int] = {}
            for domain, number in self.rows(target, "domain", list(dict.fromkeys(domains.values()))):
                by_domain[domain] = SEVERAL if domain in by_domain else number
            found.update((key, by_domain[domain]) for key, domain in domains.items() if domain in by_domain)
        if target == "user":  # other programs write the address of a colleague
            addresses = [key for key in names if key not in found and "@" in key]
            found.update((key, number) for key, number in self.rows(target, "email_key", addresses))
        if target == "opportunity":  # leads and deals have their own
            addresses = [key for key in names if key not in found and "@" in key]
            for key, number in self.rows(target, "email_key", addresses):
                found[key] = SEVERAL if key in found else number
        if target in _RECORDS:
            for key in names:
                if key not in found and _REFERENCE.fullmatch(key):
                    referred = self._referred(target, key)
                    found[key] = SEVERAL if referred is None else referred
        return found

    def rows(self, target: str, column: str, keys: list[str]) -> list[tuple[str, int]]:
        """(key, id) of the records with these keys, oldest first; removed ones are known by their uid alone."""
        alive = " AND removed_at IS NULL" if target in _RECORDS and column != "uid" else ""
        found: list[tuple[str, int]] = []
        for start in range(0, len(keys), 900):
            part = keys[start : start + 900]
            marks = ", ".join("?" * len(part))
            sql = f"SELECT {column}, id FROM {table_of(target)} WHERE {column} IN ({marks}){alive} ORDER BY id"
            found += self.ctx.reader.rows(sql, part)
            if self.merged_into(target):
                found = self._as_merged(target, column, part, found)
            if (tried := self._tried.get(target)) is not None:
                sql = f"SELECT {column}, id FROM tried WHERE {column} IN ({marks}){alive} AND id >= {TRIED} ORDER BY id"
                found += tried.rows(sql, part)
        return found

    def merged_into(self, target: str) -> frozenset[int]:
        """The records of a kind that others were merged into."""
        if target not in self._merged:
            sql = f"SELECT DISTINCT merged_into_id FROM {table_of(target)} WHERE merged_into_id IS NOT NULL"
            can = table_of(target) in aliases.TABLES
            self._merged[target] = frozenset(number for (number,) in self.ctx.reader.rows(sql)) if can else frozenset()
        return self._merged[target]

    def _as_merged(
        self, target: str, column: str, keys: list[str], found: list[tuple[str, int]]
    ) -> list[tuple[str, int]]:
        """The records that were `found`, merged ones as what they are now; for keys that none in sight has, those that
        were merged ones'."""
        table = table_of(target)
        there = {key for key, _ in found}
        for some, marks in portions(key for key in keys if key not in there):
            sql = f"SELECT {column}, id FROM {table} WHERE {column} IN ({marks}) AND merged_into_id IS NOT NULL"
            found = [*found, *self.ctx.reader.rows(f"{sql} ORDER BY id", some)]
        ends = aliases.standing(self.ctx.reader, table, {number for _, number in found})
        return list(dict.fromkeys((key, ends[number]) for key, number in found))

    def _referred(self, target: str, key: str) -> int | None:
        """The record that is named by its number, as `company:7`; None where there is none."""
        kind, _, digits = key.partition(":")
        if target != ("opportunity" if kind in ("lead", "deal") else kind) or len(digits) > 18:
            return None
        number = aliases.standing(self.ctx.reader, table_of(target), [int(digits)])[int(digits)]
        of_kind = f" AND kind = '{kind}'" if kind in ("lead", "deal") and number == int(digits) else ""
        sql = f"SELECT id FROM {table_of(target)} WHERE id = ? AND removed_at IS NULL{of_kind}"
        found = self.ctx.reader.value(sql, (number,))
        return None if found is None else int(found)

    def called(self, target: str, name: str) -> list[Namesake]:
        """The records that have this name (or domain, or e-mail address); companies that have it as their domain, where
        none is called so."""
        key = key_of(name)
        if (
            target == "company"
            and key[0] != AT
            and (domain := _as_domain(key))
            and not self.rows(target, "name_key", [key])
        ):
            key = AT + domain
        if (target, key) not in self._namesakes:
            column = BY_ADDRESS[target] if key[0] == AT else "name_key"
            if target == "opportunity" and "@" in key and not self.rows(target, column, [key]):
                column = "email_key"
            sql = (
                f"SELECT id, {_TOLD_APART[target]} FROM {table_of(target)}"
                f" WHERE {column} = ? AND removed_at IS NULL ORDER BY id LIMIT {_MOST_NAMESAKES}"
            )
            rows = self.ctx.reader.rows(sql, (key.removeprefix(AT),))
            if (tried := self._tried.get(target)) is not None:
                sql = f"SELECT id FROM tried WHERE {column} = ? AND removed_at IS NULL AND id >= {TRIED} ORDER BY id"
                numbers = [number for (number,) in tried.rows(sql, (key.removeprefix(AT),))][:_MOST_NAMESAKES]
                rows = [*rows, *(_told_apart(target, number, row) for number, row in tried.contents(numbers).items())]
            self._namesakes[target, key] = [Namesake(*row) for row in rows]
        return self._namesakes[target, key]

    def named(self, target: str, numbers: Iterable[int]) -> dict[int, Named]:
        """How these records are called, in a dry run as they would be by now."""
        found: dict[int, Named] = {}
        address = BY_ADDRESS.get(target, "NULL")
        for some, marks in portions(number for number in numbers if number < TRIED):
            sql = f"SELECT id, name, name_key, {address} FROM {table_of(target)} WHERE id IN ({marks})"
            found.update((number, Named(*row)) for number, *row in self.ctx.reader.rows(sql, some))
        if (tried := self._tried.get(target)) is not None:
            for number, row in tried.contents(list(numbers)).items():
                _, _, name, its_address, _ = _told_apart(target, number, row)
                found[number] = Named(name, fold(name), its_address)
        return found

    def hidden(self, target: str, numbers: Iterable[int]) -> dict[int, str]:
        """Those of these records that were removed, each with the reason why it takes no link."""
        found = {}
        sql = f"SELECT id, {_TOLD_APART[target]} FROM {table_of(target)} WHERE removed_at IS NOT NULL AND id IN "
        for some, marks in portions(numbers):
            for one in (Namesake(*row) for row in self.ctx.reader.rows(f"{sql}({marks})", some)):
                try:
                    row = {"id": one.id, "name": one.name, "removed_at": True}
                    naming.check_in_sight(self.ctx, ENTITIES[one.kind], row)
                except RefusedError as error:
                    found[one.id] = f"{error.message}; {error.hint}"
        return found


def key_of(name: str) -> str:
    """What a name is looked up by."""
    return name if name[0] == AT else fold(name)


def _told_apart(target: str, number: int, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A record of a dry run as `_TOLD_APART` has those of the book."""
    kind = row.get("kind") if target == "opportunity" else target
    address = {"company": row.get("domain"), "task": row.get("due_on")}.get(target, row.get("email"))
    return number, kind, row.get("name"), address, row.get("company_id") if target == "contact" else None


def _as_domain(name: str) -> str:
    """The domain that a name is, "" where it is none."""
    return domain_of(name) if "." in name and " " not in name and "@" not in name else ""


def which(name: str, some: Sequence[Namesake]) -> str:
    """Why a name is no link: the records that it fits, to choose from."""
    if not some and _REFERENCE.fullmatch(fold(name)):
        return f"there is no {name}"
    if len(some) < 2 or some[-1].id >= TRIED:  # a dry run has not made the others
        return f"'{name.removeprefix(AT)}' fits several records that this file brings or the book has"
    shown = [f"{one.kind}:{one.id}" + (f" ({one.address})" if one.address else "") for one in some[:5]]
    more = ["..."] if len(some) > 5 else []
    count = f"{len(some)}{'+' if len(some) == _MOST_NAMESAKES else ''} records"
    listed = ", ".join([*shown, *more])
    return f"'{name.removeprefix(AT)}' fits {count}: {listed}; write which, as {some[0].kind}:{some[0].id}"
