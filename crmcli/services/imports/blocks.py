"""A block of rows of a file on its way into the book: typed columns, then links as ids, then what follows from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.address import company_domain, domain_of
from crmcli.domain.columnwise import derive_columns
from crmcli.domain.types import Day, Instant, Money, Ref, show_instant
from crmcli.services.imports import columns as reading
from crmcli.services.imports import due, facts, mapping, moments, parts, persons, tidying, titles
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.dates import Dates
from crmcli.services.imports.endings import plan_of, status_of
from crmcli.services.imports.reaching import Reach
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.types import Env
    from crmcli.services.imports.mapping import Mapped

    _Read = Callable[[Sequence[str], str, Problems], list[Any]]

#: What an id of any kind is looked for among, in this order.
ANY = ("contact", "opportunity", "company")
_SEVERAL = re.compile(r"[;,|]")
#: Before a domain or e-mail address that stands for a name: no text has a NUL.
AT = "\0"
#: What cells are emptied of.
WORDS, EXCHANGE = "words for nothing", "addresses of an Exchange server"
#: Before the id of a record in another program that stands for its name.
ID = AT * 3


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
        #: by title: the ids of linked records in the other program, and which of them led to no record
        self.foreign: dict[str, list[str | None]] = {}
        self.loose: dict[str, list[bool]] = {}
        self.tags: list[tuple[str, ...]] | None = None
        #: whether a row is named by its address or company, having no name; None where all have one
        self.unnamed: list[bool] | None = None
        #: what columns of other programs say of a task: done, not done, nothing; None where there are none
        self.done: list[bool | None] | None = None
        #: what the file itself says in columns that are filled where it says nothing
        self.told: dict[str, list[Any]] = {}
        #: by field: whether a row has a value of it that has no place where it stands
        self.idle: dict[str, list[bool]] = {}
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
        self.foreign = {title: kept(ids) for title, ids in self.foreign.items()}
        self.loose = {title: kept(flags) for title, flags in self.loose.items()}
        self.told = {name: kept(values) for name, values in self.told.items()}
        self.idle = {name: kept(values) for name, values in self.idle.items()}
        self.keys = {name: kept(values) for name, values in self.keys.items()}
        self.tags = kept(self.tags) if self.tags is not None else None
        self.unnamed = kept(self.unnamed) if self.unnamed is not None else None
        self.done = kept(self.done) if self.done is not None else None


class Reader:
    """Reads blocks of cells by a mapping. `envs` gives the habits (order of days, decimal sign) of each column."""

    def __init__(self, kind: Entity, columns: Sequence[Mapped], envs: Mapping[int, Env], env: Env) -> None:
        self.kind, self.env = kind, env
        #: how many cells were emptied, by what they had: WORDS, EXCHANGE
        self.emptied: dict[str, int] = {}
        self._by: dict[str, list[Mapped]] = {}
        for column in columns:
            for to in column.to:
                self._by.setdefault(to, []).append(column)
        self._own = "uid" in self._by
        self._google = any(titles.of_google(column.header) for column in columns)
        self._named = {c.place for to in ("name", mapping.FIRST, mapping.LAST) for c in self._by.get(to, ())}
        pieces = (c for role in (mapping.FIRST, mapping.MIDDLE, mapping.LAST) for c in self._by.get(role, ()))
        self._pieces = list(pieces) if "name" in kind.by_name else []
        #: whether there are rows that are called by something else than by the person whom they name
        self._apart = any(column.unit for column in self._pieces)
        self._dated: list[Mapped] = []
        self._mail = {
            c.place for to in ("email", mapping.MORE_EMAIL, mapping.CONTACT_EMAIL) for c in self._by.get(to, ())
        }
        self._born = [self._by[part][0] for part in mapping.BIRTH if mapping.BIRTH[0] in self._by]
        self._reach = Reach(kind, self._by, env, own=self._own)
        self._envs = envs
        #: columns that a profile gives, in their order behind those of the file
        self._fixed = sorted({column for some in self._by.values() for column in some if column.fixed})
        self._other = {column.place: column for some in self._by.values() for column in some if column.values}
        self._plain: list[tuple[Mapped, Field, _Read]] = []
        self._links: list[tuple[Mapped, Field]] = []
        self._amounts: list[tuple[Mapped, Field]] = []
        for to, some in self._by.items():
            if to in mapping.ROLES or to == "tags":
                continue
            field = kind.field(to)
            if isinstance(field.type, (Day, Instant)):
                self._dated += some
            if isinstance(field.type, Money):
                self._amounts.append((some[0], field))
            elif isinstance(field.type, Ref):
                self._links.append((some[0], field))
            elif to == "status" and kind.kind:
                self._plain.append((some[0], field, reading.statuses))
            else:
                fractions = some[0].unit == mapping.FRACTION
                for column in some:
                    read = reading.reader(field, envs.get(column.place, env), fractions=fractions, own=self._own)
                    self._plain.append((column, field, _lengths(read) if to == "minutes" else read))

    @property
    def expects(self) -> bool:
        """Whether the day on which a deal was closed is, while it is open, that on which it is expected to be."""
        return any("close_on" in column.to for column in self._by.get("closed_at", ()))

    @property
    def fills(self) -> set[str]:
        """The fields that a row can have; what a profile sets once for all rows is not the row's own."""
        found = {to for to, some in self._by.items() if to not in mapping.ROLES and not some[0].fixed}
        for role in self._by.keys() & mapping.FOREIGN.keys():
            link = mapping.FOREIGN[role][0]
            found |= {link} if link else {"opportunity", "contact", "company"}
        if self._by.get(mapping.CONTACT_FIRST) or self._by.get(mapping.CONTACT_LAST):
            found.add("contact")
        if self._by.get(mapping.FIRST) or self._by.get(mapping.LAST):
            found.add("name")
        if self._by.get(mapping.ANY_STATUS):
            found.add("status")
        if self._born:
            found.add("birthday")
        if self._by.get(mapping.PERIOD) and "value" in found:
            found |= {"recurring", "plan"}
        if self._apart and self.kind.name == "lead":
            found.add("contact_name")
        return found | self._reach.fills

    def title(self, to: str) -> str:
        """The title of the column that fills a field or names a link, the field's name where none does."""
        beside = {"company": mapping.COMPANY_DOMAIN, "contact": mapping.CONTACT_EMAIL}
        foreign = (role for role, (link, _) in mapping.FOREIGN.items() if link == to)
        roles = (to, mapping.LINK_UIDS.get(to, ""), beside.get(to, ""), *foreign, mapping.CONTACT_LAST)
        return next((self._by[role][0].header for role in roles if role in self._by), to)

    def said(self, block: Block, row: int, to: str) -> tuple[str, str]:
        """The title and the cell of the column that fills a field or names a link in a row; "" where there is none."""
        cells = block.cells[row]
        places = (column.place for column in self._by.get(to, ()))
        return self.title(to), next((cells[p] for p in places if p < len(cells) and cells[p].strip()), "")

    def compared(self, block: Block) -> dict[str, list[Any]]:
        """The columns of a block that the file itself fills."""
        given = {self.kind.field(name).column for name in self.fills if name != "tags"}
        given |= {"currency", "tags", "description"} | ({"due_at"} if "due_on" in given else set())
        return {name: block.told.get(name, column) for name, column in block.columns.items() if name in given}

    def read(self, lines: list[int], cells: list[list[str]], bad: Problems | None = None) -> tuple[Block, Problems]:
        """The typed block, and for each row that cannot be used the reason, in `bad` where that is given; those rows
        are not in the block."""
        block = Block(lines, cells)
        bad = {} if bad is None else bad
        if not cells:
            return block, bad
        turned = list(map(list, zip(*cells, strict=True)))
        turned += [[column.fixed] * len(cells) for column in self._fixed]
        for place, column in self._other.items():
            turned[place] = column.said(turned[place])
        used = {column.place for some in self._by.values() for column in some}
        for index in used:
            turned[index], nulls = self._emptied(index, turned[index])
            self._count(WORDS, nulls)
            if index in self._mail and not self._own:
                turned[index], inner = parts.without_exchange(turned[index])
                self._count(EXCHANGE, inner)
        more = [] if self._own else tidying.tidied(turned, self._by, self._dated)
        further, mobiles = self._reach.settle(turned)
        if mobiles is not None:
            read = reading.reader(self.kind.field("mobile"), self.env)
            block.columns["mobile"] = read(mobiles, self.title("phone"), bad)
        more += self._typed(block, turned, bad)
        if self._born:
            more.append(self._birthdays(block, turned, bad))
        if "name" in self.kind.by_name:
            more.append(self._name(block, turned, bad))
        self._money(block, turned, bad)
        more += self._link(block, turned, bad)
        for column in self._by.get("tags", ()):
            block.tags = parts.many_words(turned[column.place], column.header, bad, own=self._own)
        self._roles(block, turned, bad)
        self._flags(block, turned, bad)
        if self.kind.name == "task":
            due.appointments(block, turned, self._by, self._envs, self.env, bad)
            due.done(block, turned, self._by, self.env, bad)
        self._streets(block, turned, bad)
        for others in (*further, *more):
            self._note(block, others)
        self._settle(block, bad)
        if self.kind.kind and "closed_at" in block.columns:
            if self.expects:
                now = show_instant(self.env.now)
                block.columns["closed_at"] = [at if at and at <= now else None for at in block.columns["closed_at"]]
            block.told["closed_at"] = block.columns["closed_at"]  # where it stands tells when it was closed, too
        if bad:
            block.without(bad)
        block.keys = derive_columns(self.kind.table, block.columns, self.env) if len(block) else {}
        return block, bad

    def _typed(self, block: Block, turned: list[list[str]], bad: Problems) -> list[dict[int, str]]:
        """The fields that are neither links nor amounts nor tags; what else their cells have, as lines."""
        more: list[dict[int, str]] = []
        for column, field, read in self._plain:
            said = turned[column.place]
            if self.kind.name == "lead" and field.name in ("company", "contact_name") and not self._own:
                said, others = parts.pages(said, column.header)
                more.append(others)
            values = read(said, column.header, bad)
            if field.name == "external_id" and column.prefix:
                values = [value and column.prefix + value for value in values]
            earlier = block.columns.get(field.column)
            block.columns[field.column] = (
                [e if e is not None else v for e, v in zip(earlier, values, strict=True)] if earlier else values
            )
        return more

    def _birthdays(self, block: Block, turned: list[list[str]], bad: Problems) -> dict[int, str]:
        """The days of birth of their parts, in the calendar of their years; what parts say alone, as lines."""
        title = ", ".join(column.header for column in self._born)
        cells, alone = moments.of_birth(self.env, *(turned[column.place] for column in self._born))
        days = facts.DayFacts()
        days.look(cells)
        env = self.env._replace(order="ymd", calendar=days.calendar(self.env.calendar, Dates()))
        block.columns["birthday"] = reading.reader(self.kind.field("birthday"), env)(cells, title, bad)
        return {row: f"{title}: {said}" for row, said in alone.items()}

    def _link(self, block: Block, turned: list[list[str]], bad: Problems) -> list[dict[int, str]]:
        """The names and addresses of linked records; what else their cells have, as lines for the description."""
        more: list[dict[int, str]] = []
        for column, field in self._links:
            names = turned[column.place]
            target = field.type.entity if isinstance(field.type, Ref) and not self._own else ""
            if target in ("company", "contact"):
                names, emails, others = parts.linked(names, column.header)
                if any(emails) and target == "contact":
                    block.addresses[field.name] = emails
                more.append(others)
            elif target == "opportunity":
                names, others = parts.pages(names, column.header)
                more.append(others)
            block.links[field.name] = reading.words(names, column.header, bad)
        self._persons(block)
        return more

    def _name(self, block: Block, turned: list[list[str]], bad: Problems) -> dict[int, str]:
        """The names of a block; people whom its rows name besides, as lines."""
        rows = list(zip(*(turned[column.place] for column in self._pieces), strict=True))
        whole = block.columns.get("name")
        lines = self._persons_apart(block, rows, bad) if whole and self._apart else {}
        if rows and (whole is None or None in whole):
            found = reading.texts(list(map(persons.joined, rows)), self.kind.field("name"), "name", bad)
            block.columns["name"] = [one or two for one, two in zip(whole, found, strict=True)] if whole else found
        block.columns.setdefault("name", [None] * len(block))  # a list of addresses
        if None in block.columns["name"]:
            header = next(
                (c.header for to in ("name", mapping.LAST, mapping.FIRST) for c in self._by.get(to, ())), "name"
            )
            block.columns["name"], block.unnamed = self._stand_ins(block, turned)
            for row, name in enumerate(block.columns["name"]):
                if name is None:
                    bad.setdefault(row, Problem(header, "", "there is no name"))
        return lines

    def _persons_apart(self, block: Block, rows: Sequence[Sequence[str]], bad: Problems) -> dict[int, str]:
        """The people whose rows are called by something else: in the contact name of leads, else as lines."""
        lines: dict[int, str] = {}
        none: list[str | None] = [None] * len(block)
        contacts = block.columns.setdefault("contact_name", none) if self.kind.name == "lead" else None
        title = ", ".join(column.header for column in self._pieces)
        people = reading.texts(list(map(persons.joined, rows)), self.kind.field("name"), title, bad)
        for row, (name, person) in enumerate(zip(block.columns["name"], people, strict=True)):
            if not name or not person or not persons.apart(name, rows[row]):
                continue
            if contacts is not None and contacts[row] is None:
                contacts[row] = person
            elif contacts is None or persons.apart(contacts[row] or "", rows[row]):
                lines[row] = f"{title}: {person}"
        return lines

    def _stand_ins(self, block: Block, turned: list[list[str]]) -> tuple[list[str | None], list[bool] | None]:
        """The names of a block, and which rows have none of their own. People of whom only an e-mail address is known
        are called by that, and in Google's address books, as Google shows them, by their company; elsewhere a row with
        neither name nor address has a hole."""
        names = block.columns["name"]
        if self._own or self.kind.name not in ("lead", "contact"):
            return names, None
        none: list[str | None] = [None] * len(block)
        companies = next((reading.words(turned[c.place], c.header, {}) for c in self._by.get("company", ())), none)
        companies = companies if self._google else none
        emails = block.columns.get("email") or none
        found = [n or e or c for n, e, c in zip(names, emails, companies, strict=True)]
        return found, [name is None for name in names]

    def _money(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        if not self._amounts:
            return
        codes = block.columns.get("currency")
        settled: list[str | None] = list(codes) if codes else [None] * len(block)
        beside = next((turned[column.place] for column in self._by.get("currency", ())), None)
        for column, field in self._amounts:
            env = reading.at_home(self._envs.get(column.place, self.env), column.unit)
            cells = reading.in_unit(turned[column.place], column.unit, beside)
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
        for column in self._by.get(mapping.PERIOD, ()) if "value_minor" in block.columns else ():
            self._recurring(block, turned[column.place])

    def _recurring(self, block: Block, periods: Sequence[str]) -> None:
        """Values that come every month, quarter or year are recurring revenue and no value."""
        none: list[Any] = [None] * len(block)
        plans, value = [plan_of(word) for word in periods], block.columns["value_minor"]
        given = [block.columns.get(name) or none for name in ("recurring_minor", "plan")]
        rows = list(zip(plans, value, *given, strict=True))
        block.columns["recurring_minor"] = [minor if plan and minor else own for plan, minor, own, _ in rows]
        block.columns["plan"] = [plan if plan and minor else own for plan, minor, _, own in rows]
        block.columns["value_minor"] = [None if plan else minor for plan, minor, _, _ in rows]

    def amounts(self, block: Block, row: int, currency: str) -> dict[str, Any]:
        """The amounts of a row and their currency by column, for a record in that currency: 200 in a file that names
        no currency is 200 of the record's own."""
        found: dict[str, Any] = {
            f.column: m for _, f in self._amounts if (m := block.columns[f.column][row]) is not None
        }
        if not found:
            return {}
        if currency and not any(found.values()):
            return {**found, "currency": currency}  # nothing is as much in every currency
        settled = block.columns["currency"][row]
        for column in self._by.get("currency", ()):
            if column.fixed or self._emptied(column.place, [block.cells[row][column.place]])[0][0].strip():
                return {**found, "currency": settled}
        own: Problems = {}
        again: dict[str, Any] = {}
        for column, field in self._amounts:
            env = self._envs.get(column.place, self.env)
            cells, _ = self._emptied(column.place, [block.cells[row][column.place]])
            minors, codes = reading.amounts(reading.in_unit(cells, column.unit), [currency], env, column.header, own)
            if minors[0] is not None and codes[0] == currency:
                again[field.column] = minors[0]
        return again if not own and again.keys() == found.keys() else {**found, "currency": settled}

    def _roles(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        if self._reach.tells and "description" in self.kind.by_name:
            block.columns.setdefault("description", [None] * len(block))
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
            known = block.columns.get("email") or [None] * len(block)
            block.columns["email"] = [k or f for k, f in zip(known, found, strict=True)]
            named = block.links.get("contact") or [None] * len(block)
            given = block.addresses.get("contact") or [None] * len(block)
            block.addresses["contact"] = [g or f for g, f in zip(given, found, strict=True)]
            block.links["contact"] = [n or (e and AT + e) for n, e in zip(named, found, strict=True)]

        self._persons_of_deals(block, turned, bad)
        self._foreign(block, turned, bad)
        for link, role in mapping.LINK_UIDS.items():
            for column in self._by.get(role, ()):
                block.uids[link] = reading.each(reading.uid, turned[column.place], column.header, bad)
                block.links.setdefault(link, [None] * len(block))

    def _persons_of_deals(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """First and last names beside a deal are those of its contact."""
        pieces = [c for role in (mapping.CONTACT_FIRST, mapping.CONTACT_LAST) for c in self._by.get(role, ())]
        if not pieces:
            return
        rows = zip(*(turned[column.place] for column in pieces), strict=True)
        people = reading.words(list(map(persons.joined, rows)), pieces[-1].header, bad)
        named = block.links.get("contact") or [None] * len(block)
        block.links["contact"] = [
            person if person and (not name or name[0] == AT) else name
            for name, person in zip(named, people, strict=True)
        ]
        emails = block.columns.get("email")
        if emails:
            given = block.addresses.get("contact") or [None] * len(block)
            block.addresses["contact"] = [one or two for one, two in zip(given, emails, strict=True)]

    def _foreign(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """The ids of linked records. Of several in one cell the first counts, the others are told."""
        for role in self._by.keys() & mapping.FOREIGN.keys():
            link = mapping.FOREIGN[role][0]
            for column in self._by[role]:
                words = reading.words(reading.whole_ids(turned[column.place]), column.header, bad)
                several = [[part.strip() for part in _SEVERAL.split(word or "")] for word in words]
                ids = [column.prefix + first if first else None for first, *_ in several]
                more = {row: ", ".join(others) for row, (_, *others) in enumerate(several) if any(others)}
                self._note(block, {row: f"{column.header}: {others}" for row, others in more.items()})
                if link == "parent":
                    named = block.links.get("parent") or [None] * len(block)
                    block.links["parent"] = [n or (one and ID + one) for n, one in zip(named, ids, strict=True)]
                    continue
                block.foreign[column.header] = ids
                for name in (link,) if link else ANY:
                    if self.kind.name != "lead":  # which have their company as text
                        block.links.setdefault(name, [None] * len(block))

    def _count(self, what: str, cells: int) -> None:
        if cells:
            self.emptied[what] = self.emptied.get(what, 0) + cells

    def _emptied(self, place: int, cells: list[str]) -> tuple[list[str], int]:
        """Cells without the words that mean nothing there, and how many there were. Our own files have none: what they
        say is a text of somebody's. A person may be called Null; programs write NULL or null."""
        if self._own:
            return cells, 0
        if any(column.place == place for column in self._by.get("owner", ())):
            cells, nobody = reading.without_nobody(cells)
            self._count(WORDS, nobody)
        found, nulls = reading.without_nulls(cells)
        if nulls and place in self._named and (called := cells.count("Null")):
            return ["Null" if cell == "Null" else text for cell, text in zip(cells, found, strict=True)], nulls - called
        return found, nulls

    def _persons(self, block: Block) -> None:
        """Odoo calls a customer "Azure Interior, Brandon Freeman", the company and the person: the contact of the row
        tells that from a company with a comma in its name."""
        companies, people = block.links.get("company"), block.links.get("contact")
        if companies and people and squeeze(self.title("company")) in ("partnerid", "customer"):
            block.links["company"] = [
                company[: -len(person) - 2] if company and person and company.endswith(f", {person}") else company
                for company, person in zip(companies, people, strict=True)
            ]

    def _streets(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """The number of the house belongs to the street."""
        for column in self._by.get(mapping.HOUSE, ()) if "street" in block.columns else ():
            houses = reading.words(turned[column.place], column.header, bad)
            rows = zip(block.columns["street"], houses, block.cells, strict=True)
            block.columns["street"] = [parts.with_house(street, house or "", cells) for street, house, cells in rows]

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


def _lengths(read: _Read) -> _Read:
    """A reader of whole minutes that also takes lengths of time."""
    return lambda cells, header, bad: read([parts.minutes(cell, header) for cell in cells], header, bad)


def give_domains(columns: dict[str, list[Any]], count: int) -> None:
    """The domains of companies that name none: those of their websites or e-mail addresses."""
    none: list[Any] = [None] * count
    rows = zip(*(columns.get(name) or none for name in ("domain", "website", "email")), strict=True)
    columns["domain"] = [domain or company_domain(website, email) for domain, website, email in rows]
