"""A block of rows of a file on its way into the book: typed columns, then links as ids, then what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.address import company_domain, domain_of
from crmcli.domain.columnwise import derive_columns
from crmcli.domain.types import Money, Ref
from crmcli.services.imports import columns as reading
from crmcli.services.imports import mapping, parts
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.endings import is_done, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.types import Env
    from crmcli.services.imports.mapping import Mapped

#: Before a domain or e-mail address that stands for a name: no text has a NUL.
AT = "\0"


class Block:
    """The sound rows of a block. `columns` are stored values by column of the base table; `links` are names by field,
    to become ids; `tags` are names. `lines` and `cells` are where each row came from."""

    def __init__(self, lines: list[int], cells: list[list[str]]) -> None:
        self.lines, self.cells = lines, cells
        self.columns: dict[str, list[Any]] = {}
        self.links: dict[str, list[str | None]] = {}
        #: by link: the uid of the linked record, and its domain or e-mail address, where the file says them
        self.uids: dict[str, list[str | None]] = {}
        self.addresses: dict[str, list[str | None]] = {}
        self.tags: list[tuple[str, ...]] | None = None
        #: what the write door derives from the columns, worked out before it takes the lock
        self.keys: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return len(self.lines)

    def content(self, row: int) -> dict[str, Any]:
        """A row as the record that it makes, by column."""
        return {"status": "open"} | {name: column[row] for name, column in self.columns.items()}

    def without(self, rows: Mapping[int, Any]) -> None:
        """Drop these rows."""
        keep = [row not in rows for row in range(len(self))]

        def kept(values: list[Any]) -> list[Any]:
            return [value for value, stays in zip(values, keep, strict=True) if stays]

        self.lines, self.cells = kept(self.lines), kept(self.cells)
        self.columns = {name: kept(values) for name, values in self.columns.items()}
        self.links = {name: kept(values) for name, values in self.links.items()}
        self.uids = {name: kept(values) for name, values in self.uids.items()}
        self.addresses = {name: kept(values) for name, values in self.addresses.items()}
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
            elif to == "status" and kind.kind:
                self._plain.append((some[0], field, reading.statuses))
            else:
                fractions = some[0].unit == mapping.FRACTION
                for column in some:
                    read = reading.reader(
                        field, envs.get(column.place, env), fractions=fractions, own="uid" in self._by
                    )
                    self._plain.append((column, field, read))

    @property
    def fills(self) -> set[str]:
        """The fields that a row can have."""
        found = {to for to in self._by if to not in mapping.ROLES}
        if self._by.get(mapping.FIRST) or self._by.get(mapping.LAST):
            found.add("name")
        if self._by.get(mapping.ANY_STATUS):
            found.add("status")
        return found

    def compared(self, block: Block) -> dict[str, list[Any]]:
        """The columns of a block that the file itself fills."""
        given = {self.kind.field(name).column for name in self.fills if name != "tags"}
        given |= {"currency", "tags", "description"} | ({"due_at"} if "due_on" in given else set())
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
        more = self._several(turned)
        for column, field, read in self._plain:
            values = read(turned[column.place], column.header, bad)
            earlier = block.columns.get(field.column)
            block.columns[field.column] = (
                [e if e is not None else v for e, v in zip(earlier, values, strict=True)] if earlier else values
            )
        if "name" in self.kind.by_name:
            self._name(block, turned, bad)
        self._money(block, turned, bad)
        for column, field in self._links:
            names = turned[column.place]
            if isinstance(field.type, Ref) and field.type.entity in ("company", "contact"):
                names, emails, others = parts.linked(names, column.header)
                if any(emails) and field.type.entity == "contact":
                    block.addresses[field.name] = emails
                more.append(others)
            block.links[field.name] = reading.words(names, column.header, bad)
        for column in self._by.get("tags", ()):
            block.tags = parts.many_words(turned[column.place], column.header, bad, own="uid" in self._by)
        self._roles(block, turned, bad)
        self._flags(block, turned, bad)
        self._appointments(block, turned)
        self._done(block, turned)
        for others in more:
            self._note(block, others)
        self._settle(block, bad)
        if bad:
            block.without(bad)
        block.keys = derive_columns(self.kind.table, block.columns, self.env) if len(block) else {}
        return block, bad

    def _name(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        pieces = [
            turned[c.place] for role in (mapping.FIRST, mapping.MIDDLE, mapping.LAST) for c in self._by.get(role, ())
        ]
        if pieces and "name" not in block.columns:
            joined = [" ".join([part for cell in row if (part := cell.strip())]) for row in zip(*pieces, strict=True)]
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
            cells = reading.in_unit(turned[column.place], column.unit)
            minors, found = reading.amounts(cells, codes, env, column.header, bad)
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
            minors, codes = reading.amounts(reading.in_unit(cells, column.unit), [currency], env, column.header, own)
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
        for column in self._by.get(mapping.ANY_STATUS, ()):
            block.columns["status"] = [status_of(cell) or "open" for cell in turned[column.place]]
        for column in self._by.get(mapping.COMPANY_DOMAIN, ()):
            domains = reading.each(
                reading.cached(lambda text: domain_of(text) or None), turned[column.place], column.header, bad
            )
            named = block.links.get("company")
            block.addresses["company"] = domains
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
            given = block.addresses.get("contact") or [None] * len(block)
            block.addresses["contact"] = [g or f for g, f in zip(given, found, strict=True)]
            block.links["contact"] = [n or (e and AT + e) for n, e in zip(named, found, strict=True)]

        for link, role in mapping.LINK_UIDS.items():
            for column in self._by.get(role, ()):
                block.uids[link] = reading.each(reading.uid, turned[column.place], column.header, bad)
                block.links.setdefault(link, [None] * len(block))

    def _several(self, turned: list[list[str]]) -> list[dict[int, str]]:
        """Leave one address or number in each cell that has several; the others, as lines for the description."""
        more = []
        for to in ("email", "phone", "mobile", mapping.CONTACT_EMAIL):
            for column in self._by.get(to, ()):
                turned[column.place], others = parts.several(
                    turned[column.place], column.header, telephones=to in ("phone", "mobile")
                )
                more.append(others)
        return more

    def _note(self, block: Block, lines: Mapping[int, str]) -> None:
        """Add lines to descriptions."""
        if lines and "description" in self.kind.by_name:
            notes = block.columns.setdefault("description", [None] * len(block))
            for row, line in lines.items():
                notes[row] = f"{notes[row]}\n{line}" if notes[row] else line

    def _flags(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """What columns of yes and no say of a deal's end, where no status does."""
        said = [
            reading.flags(turned[some[0].place], some[0].header, bad) if (some := self._by.get(role)) else None
            for role in (mapping.IS_WON, mapping.IS_CLOSED, mapping.ACTIVE)
        ]
        if not any(said):
            return
        none = [None] * len(block)
        states = block.columns.get("status") or none
        rows = zip(states, *(flags or none for flags in said), strict=True)
        block.columns["status"] = [
            state or ("won" if won else "lost" if (closed and won is False) or active is False else None)
            for state, won, closed, active in rows
        ]

    def _appointments(self, block: Block, turned: list[list[str]]) -> None:
        """A task that is due at a time of a day is an appointment."""
        for column in self._by.get("due_on", ()) if "due_at" in self.kind.by_name else ():
            env = self._envs.get(column.place, self.env)
            beside: Problems = {}  # what is no day is among the problems already
            parse = reading.cached(lambda text, env=env: reading.moment(text, env))  # type: ignore[misc]
            found = reading.each(parse, turned[column.place], column.header, beside)
            if any(found):
                given = block.columns.get("due_at") or [None] * len(block)
                block.columns["due_at"] = [g or f for g, f in zip(given, found, strict=True)]

    def _done(self, block: Block, turned: list[list[str]]) -> None:
        """A task that is said to be done was so when the file says, else when it was due."""
        for column in self._by.get(mapping.IS_DONE, ()):
            none: list[Any] = [None] * len(block)
            when = [block.columns.get(name) or none for name in ("done_at", "due_at", "due_on")]
            now = self.env.now.isoformat()
            block.columns["done_at"] = [
                done or (reading.instant(due or day or now, self.env) if is_done(word) else None)
                for word, done, due, day in zip(turned[column.place], *when, strict=True)
            ]

    def _settle(self, block: Block, bad: Problems) -> None:
        """Empty cells of columns that are never empty in the book."""
        if "priority" in block.columns:
            block.columns["priority"] = [value or 0 for value in block.columns["priority"]]
        if self.kind.name == "interaction":
            self._happened(block, bad)

    def _happened(self, block: Block, bad: Problems) -> None:
        """What happened did so with somebody; where nothing is said it is a note, and was made when it was written."""
        none: list[Any] = [None] * len(block)
        columns, uids = block.columns, block.columns.get("uid") or none
        kinds = columns["kind"] = [kind or "note" for kind in columns.get("kind") or none]
        made = columns.get("created_at") or none
        columns["at"] = [at or born for at, born in zip(columns.get("at") or none, made, strict=True)]
        links = [block.links[name] for name in ("opportunity", "contact", "company") if name in block.links]
        for row, (kind, uid) in enumerate(zip(kinds, uids, strict=True)):
            if uid:
                continue  # one of our own is as it was
            if kind == "note" and not (columns.get("body") or none)[row]:
                bad.setdefault(row, Problem("body", "", "a note needs a text"))
            elif not any(names[row] for names in links):
                bad.setdefault(row, Problem("", "", "it says no lead or deal, contact or company"))


def give_domains(columns: dict[str, list[Any]], count: int) -> None:
    """The domains of companies that name none: those of their websites or e-mail addresses."""
    none: list[Any] = [None] * count
    rows = zip(*(columns.get(name) or none for name in ("domain", "website", "email")), strict=True)
    columns["domain"] = [domain or company_domain(website, email) for domain, website, email in rows]
