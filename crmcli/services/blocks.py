"""A block of rows of a file on its way into the book: typed columns, then links as ids, then what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.address import domain_of, email_domain, is_public_domain
from crmcli.domain.columnwise import derive_columns
from crmcli.domain.text import fold
from crmcli.domain.types import Money, Ref
from crmcli.services import columns as reading
from crmcli.services import mapping
from crmcli.services.columns import Problem, Problems
from crmcli.store.sql import table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.types import Env
    from crmcli.services.mapping import Mapped

#: How programs name the end of a pipeline.
WON_WORDS = frozenset(("won", "closed won", "closed - won", "gewonnen", "برنده", "برده"))
LOST_WORDS = frozenset(("lost", "closed lost", "closed - lost", "verloren", "باخت", "از دست رفته"))


#: Before a domain or e-mail address that stands for a name: no text has a NUL.
AT = "\0"


class Block:
    """The sound rows of a block. `columns` are stored values by column of the base table; `links` are names by field,
    to become ids; `tags` are names. `lines` and `cells` are where each row came from."""

    def __init__(self, lines: list[int], cells: list[list[str]]) -> None:
        self.lines, self.cells = lines, cells
        self.columns: dict[str, list[Any]] = {}
        self.links: dict[str, list[str | None]] = {}
        self.tags: list[tuple[str, ...]] | None = None
        #: what the write door derives from the columns, worked out before it takes the lock
        self.keys: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return len(self.lines)

    def without(self, rows: Mapping[int, Any]) -> None:
        """Drop these rows."""
        keep = [row not in rows for row in range(len(self))]

        def kept(values: list[Any]) -> list[Any]:
            return [value for value, stays in zip(values, keep, strict=True) if stays]

        self.lines, self.cells = kept(self.lines), kept(self.cells)
        self.columns = {name: kept(values) for name, values in self.columns.items()}
        self.links = {name: kept(values) for name, values in self.links.items()}
        self.keys = {name: kept(values) for name, values in self.keys.items()}
        self.tags = kept(self.tags) if self.tags is not None else None


class Reader:
    """Reads blocks of cells by a mapping. `envs` gives the habits (order of days, decimal sign) of each column."""

    def __init__(self, kind: Entity, columns: Sequence[Mapped], envs: Mapping[int, Env], env: Env) -> None:
        self.kind, self.env = kind, env
        self.nulls = 0
        self._by: dict[str, list[Mapped]] = {}
        for column in columns:
            for to in column.to:
                self._by.setdefault(to, []).append(column)
        self._envs = envs
        self._plain: list[tuple[Mapped, Field, Callable[[Sequence[str], str, Problems], list[Any]]]] = []
        self._links: list[tuple[Mapped, Field]] = []
        self._amounts: list[tuple[Mapped, Field]] = []
        for to, some in self._by.items():
            if to in mapping.ROLES or to == "tags":
                continue
            field = kind.field(to)
            if isinstance(field.type, Money):
                self._amounts.append((some[0], field))
            elif isinstance(field.type, Ref):
                self._links.append((some[0], field))
            else:
                self._plain.append((some[0], field, reading.reader(field, envs.get(some[0].place, env))))

    @property
    def fills(self) -> set[str]:
        """The fields that a row can have."""
        found = {to for to in self._by if to not in mapping.ROLES}
        if self._by.get(mapping.FIRST) or self._by.get(mapping.LAST):
            found.add("name")
        return found

    def compared(self, block: Block) -> dict[str, list[Any]]:
        """The columns of a block that the file itself fills."""
        given = {self.kind.field(name).column for name in self.fills if name != "tags"}
        given |= {"currency", "tags", "description"}
        return {name: column for name, column in block.columns.items() if name in given}

    def read(self, lines: list[int], cells: list[list[str]]) -> tuple[Block, Problems]:
        """The typed block, and for each row that cannot be used the reason; those rows are not in the block."""
        block = Block(lines, cells)
        bad: Problems = {}
        if not cells:
            return block, bad
        turned = list(map(list, zip(*cells, strict=True)))
        used = {column.place for some in self._by.values() for column in some}
        for index in used:
            turned[index], nulls = reading.without_nulls(turned[index])
            self.nulls += nulls
        for column, field, read in self._plain:
            block.columns[field.column] = read(turned[column.place], column.header, bad)
        self._name(block, turned, bad)
        self._money(block, turned, bad)
        for column, field in self._links:
            block.links[field.name] = reading.words(turned[column.place], column.header, bad)
        for column in self._by.get("tags", ()):
            block.tags = reading.many_words(turned[column.place], column.header, bad)
        self._roles(block, turned, bad)
        self._settle(block)
        if bad:
            block.without(bad)
        block.keys = derive_columns(self.kind.table, block.columns, self.env) if len(block) else {}
        return block, bad

    def _name(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        parts = [
            turned[c.place] for role in (mapping.FIRST, mapping.MIDDLE, mapping.LAST) for c in self._by.get(role, ())
        ]
        if parts and "name" not in block.columns:
            joined = [" ".join([part for cell in row if (part := cell.strip())]) for row in zip(*parts, strict=True)]
            block.columns["name"] = reading.texts(joined, self.kind.field("name"), "name", bad)
        if None in block.columns["name"]:
            header = next(
                (c.header for to in ("name", mapping.LAST, mapping.FIRST) for c in self._by.get(to, ())), "name"
            )
            for row, name in enumerate(block.columns["name"]):
                if name is None:
                    bad.setdefault(row, Problem(header, "", "there is no name"))

    def _money(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        if not self._amounts:
            return
        codes = block.columns.get("currency")
        settled: list[str | None] = list(codes) if codes else [None] * len(block)
        for column, field in self._amounts:
            env = self._envs.get(column.place, self.env)
            minors, found = reading.amounts(turned[column.place], codes, env, column.header, bad)
            block.columns[field.column] = minors
            for row, code in enumerate(found):
                if code and settled[row] and settled[row] != code:
                    bad.setdefault(
                        row,
                        Problem(column.header, turned[column.place][row], f"{code} beside {settled[row]} in one row"),
                    )
                elif code:
                    settled[row] = code
        block.columns["currency"] = settled

    def amounts(self, block: Block, row: int, currency: str) -> dict[str, Any]:
        """The amounts of a row and their currency by column, for a record in that currency: 200 in a file that names
        no currency is 200 of the record's own."""
        found: dict[str, Any] = {
            f.column: m for _, f in self._amounts if (m := block.columns[f.column][row]) is not None
        }
        if not found:
            return {}
        settled = block.columns["currency"][row]
        for column in self._by.get("currency", ()):
            if reading.without_nulls([block.cells[row][column.place]])[0][0].strip():
                return {**found, "currency": settled}
        own: Problems = {}
        again: dict[str, Any] = {}
        for column, field in self._amounts:
            env = self._envs.get(column.place, self.env)
            cells, _ = reading.without_nulls([block.cells[row][column.place]])
            minors, codes = reading.amounts(cells, [currency], env, column.header, own)
            if minors[0] is not None and codes[0] == currency:
                again[field.column] = minors[0]
        return again if not own and again.keys() == found.keys() else {**found, "currency": settled}

    def _roles(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        extra = [
            (c, turned[c.place]) for role in (mapping.MORE_EMAIL, mapping.MORE_PHONE) for c in self._by.get(role, ())
        ]
        if extra:
            notes = block.columns.setdefault("description", [None] * len(block))
            for column, values in extra:
                for row, value in enumerate(values):
                    if value.strip():
                        line = f"{column.header}: {' '.join(value.split())}"
                        notes[row] = f"{notes[row]}\n{line}" if notes[row] else line
        for column in self._by.get(mapping.COMPANY_DOMAIN, ()):
            domains = reading.each(
                reading.cached(lambda text: domain_of(text) or None), turned[column.place], column.header, bad
            )
            named = block.links.get("company")
            block.links["company"] = (
                [n or (d and AT + d) for n, d in zip(named, domains, strict=True)]
                if named
                else [d and AT + d for d in domains]
            )
        for column in self._by.get(mapping.CONTACT_EMAIL, ()):
            email = self.kind.field("email")
            found = reading.reader(email, self.env)(turned[column.place], column.header, bad)
            block.columns.setdefault("email", found)
            named = block.links.get("contact") or [None] * len(block)
            block.links["contact"] = [n or (e and AT + e) for n, e in zip(named, found, strict=True)]

    def _settle(self, block: Block) -> None:
        """Empty cells of columns that are never empty in the book."""
        if "priority" in block.columns:
            block.columns["priority"] = [value or 0 for value in block.columns["priority"]]


class Links:
    """Names -> ids. What is not there yet gets a negative stand-in, until `make` creates it inside a transaction."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._known: dict[str, dict[str, int]] = {}
        self._stand_ins: dict[tuple[str, str], int] = {}
        self._spelled: dict[int, tuple[str, str]] = {}

    def forget(self) -> None:
        """Another process wrote: what is known may be gone."""
        self._known.clear()

    def ids(self, target: str, names: Sequence[str | None]) -> list[int | None]:
        """The id of each name in a vocabulary, or of a company or person; None for None."""
        known = self._known.setdefault(target, {})
        if len(known) > 100_000:
            known.clear()
        keys = {name: name if name[0] == AT else fold(name) for name in set(names) if name}
        missing = [key for key in keys.values() if key not in known]
        if missing:
            known.update(self._find(target, missing))
        resolved: dict[str | None, int | None] = {None: None}
        for name, key in keys.items():
            number = known.get(key)
            if number is None and key[0] == AT and target == "contact":
                continue  # an address alone makes no person
            resolved[name] = number if number is not None else self._stand_in(target, key, name)
        return [resolved.get(name) for name in names]

    def _stand_in(self, target: str, key: str, name: str) -> int:
        number = self._stand_ins.get((target, key))
        if number is None:
            number = self._stand_ins[target, key] = -1 - len(self._stand_ins)
        self._spelled[number] = (target, name)
        return number

    def _find(self, target: str, keys: list[str]) -> dict[str, int]:
        table = table_of(target)
        alive = " AND removed_at IS NULL" if target in ("company", "contact", "opportunity") else ""
        found: dict[str, int] = {}
        for column, some in (
            ("name_key", [k for k in keys if k[0] != AT]),
            (_AT.get(target, ""), [k for k in keys if k[0] == AT]),
        ):
            bare = [key.removeprefix(AT) for key in some]
            for start in range(0, len(bare), 900):
                part = bare[start : start + 900]
                marks = ", ".join("?" * len(part))
                sql = f"SELECT {column}, min(id) FROM {table} WHERE {column} IN ({marks}){alive} GROUP BY {column}"
                for key, number in self.ctx.reader.rows(sql, part):
                    found[AT + key if column != "name_key" else key] = int(number)
        return found

    def make(self, tx: Any, numbers: set[int]) -> dict[int, int]:
        """Create what the stand-ins stand for; stand-in -> id."""
        made: dict[int, int] = {}
        companies: list[tuple[int, str]] = []
        for number in sorted(numbers, reverse=True):
            target, name = self._spelled[number]
            if target == "company":
                companies.append((number, name))
            elif target == "contact":
                made[number] = tx.add("contact", {"name": name})
                self._known[target][fold(name)] = made[number]
            else:
                made[number] = tx.word(target, name)
                self._known[target][fold(name)] = made[number]
        if companies:
            names = [name.removeprefix(AT) for _, name in companies]
            domains = [name[1:] if name[0] == AT else None for _, name in companies]
            ids = tx.add_many("company", {"name": names, "domain": domains} if any(domains) else {"name": names})
            for (number, name), new in zip(companies, ids, strict=True):
                made[number] = new
                self._known["company"][name if name[0] == AT else fold(name)] = new
        return made


#: what a name that begins with AT is looked up by
_AT = {"company": "domain", "contact": "email_key"}


def give_domains(columns: dict[str, list[Any]], count: int) -> None:
    """A company's domain from its website, else from its e-mail unless a public provider's (as `values` does)."""
    websites = columns.get("website") or [None] * count
    emails = columns.get("email") or [None] * count
    domains = columns.get("domain") or [None] * count
    columns["domain"] = [
        domain
        or (
            domain_of(website)
            if website
            else email_domain(email)
            if email and not is_public_domain(email_domain(email))
            else None
        )
        or None
        for domain, website, email in zip(domains, websites, emails, strict=True)
    ]
