"""What the rows of a block say of the records that they are linked to: names, addresses, uids, ids elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.address import SHORTEST_NATIONAL, domain_of
from crmcli.domain.entities import CONTACT
from crmcli.domain.types import Ref
from crmcli.services.imports import columns as reading
from crmcli.services.imports import parts, persons
from crmcli.services.imports.blocks import ANY, AT, ID
from crmcli.services.imports.roles import (
    COMPANY_DOMAIN,
    CONTACT_EMAIL,
    CONTACT_FIRST,
    CONTACT_LAST,
    FOREIGN,
    LINK_UIDS,
    PERSON_EMAIL,
    PERSON_PHONE,
    RELATED,
    ROLES,
)
from crmcli.services.imports.titles import bare_stage, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped

_SEVERAL = re.compile(r"[;,|]")


class LinkCells:
    """Reads what the cells of blocks say of linked records. `by` is the columns of the file by field and role."""

    def __init__(self, kind: Entity, by: Mapping[str, Sequence[Mapped]], env: Env, *, own: bool) -> None:
        self.kind, self._by, self._env, self._own = kind, by, env, own
        fields = [(some, kind.field(to)) for to, some in by.items() if to not in ROLES and to != "tags"]
        self._links = [(column, field) for some, field in fields if isinstance(field.type, Ref) for column in some]

    def named(self, block: Block, turned: list[list[str]], bad: Problems) -> list[dict[int, str]]:
        """The names and addresses of linked records; what else their cells have, as lines for the description."""
        more: list[dict[int, str]] = []
        for column, field in self._links:
            names = turned[column.place]
            assert isinstance(field.type, Ref)
            target = "" if self._own else field.type.entity
            if target in ("company", "contact"):
                if target == "company":
                    names, _, others = parts.linked(names, column.header)
                else:
                    names, emails, numbers, others = parts.people(names, column.header)
                    if not field.type.create:  # else who is not there yet is made, by the name that the cell has
                        names, further = parts.first_named(names, column.header)
                        more.append(further)
                    more.append({row: f"{column.header}: {number}" for row, number in enumerate(numbers) if number})
                    if any(emails):
                        given = block.addresses.get(field.name) or [None] * len(block)
                        block.addresses[field.name] = [one or two for one, two in zip(given, emails, strict=True)]
                more.append(others)
            elif target == "opportunity":
                names, others = parts.pages(names, column.header)
                more.append(others)
            more.append(self._link(block, field.name, reading.words(names, column.header, bad), column.header))
        self._without_persons(block)
        stages, pipelines = block.links.get("stage"), block.links.get("pipeline")
        if stages and pipelines and not self._own:
            block.links["stage"] = [s and bare_stage(s, p or "") for s, p in zip(stages, pipelines, strict=True)]
        return more

    @staticmethod
    def _link(block: Block, link: str, names: list[str | None], title: str) -> dict[int, str]:
        """Of several columns for one link the first that is filled counts in each row; what others name, as lines."""
        before = block.links.get(link)
        if before is None:
            block.links[link] = names
            return {}
        block.links[link] = [one or two for one, two in zip(before, names, strict=True)]
        rows = enumerate(zip(before, names, strict=True))
        return {row: f"{title}: {two}" for row, (one, two) in rows if one and two and one != two}

    def others(self, block: Block, turned: list[list[str]], bad: Problems) -> list[dict[int, str]]:
        """What further columns say of linked records: domains, e-mail addresses, names of people, ids of the other
        program and uids. What is no address, and ids beyond the first of a cell, as lines for the record's text."""
        for column in self._by.get(COMPANY_DOMAIN, ()):
            self._domains(block, turned[column.place], column.header, bad)
        more = [
            self._emails(block, turned[column.place], column.header, bad)
            for role in (CONTACT_EMAIL, PERSON_EMAIL)
            for column in self._by.get(role, ())
        ]
        self._persons(block, turned, bad)
        for column in self._by.get(PERSON_PHONE, ()):
            self._telephones(block, turned[column.place])
        more += [self._related(block, turned[c.place], c.header, bad) for c in self._by.get(RELATED, ())]
        more += self._foreign(block, turned, bad)
        for link, role in LINK_UIDS.items():
            for column in self._by.get(role, ()):
                block.uids[link] = reading.each(reading.uid, turned[column.place], column.header, bad)
                block.links.setdefault(link, [None] * len(block))
        return more

    def _domains(self, block: Block, cells: Sequence[str], title: str, bad: Problems) -> None:
        """The domains of companies stand for their names where a row has none."""
        domains = reading.each(reading.cached(lambda text: domain_of(text) or None), cells, title, bad)
        named = block.links.get("company") or [None] * len(block)
        block.addresses["company"] = domains
        block.links["company"] = [n or (d and AT + d) for n, d in zip(named, domains, strict=True)]

    def _emails(self, block: Block, cells: Sequence[str], title: str, bad: Problems) -> dict[int, str]:
        """The e-mail addresses of people stand for their names where a row has none; they are the deal's own where it
        has no other. What has no address of its own comes in whatever such a cell says: what is none, as lines."""
        own = "email" in self.kind.by_name
        none: Problems = {}
        plain = [address if (address := parts.named_address(cell)[1]) else cell for cell in cells]
        found = reading.reader(CONTACT.field("email"), self._env)(plain, title, bad if own else none)
        if own:
            known = block.columns.get("email") or [None] * len(block)
            block.columns["email"] = [k or f for k, f in zip(known, found, strict=True)]
        named = block.links.get("contact") or [None] * len(block)
        given = block.addresses.get("contact") or [None] * len(block)
        block.addresses["contact"] = [g or f for g, f in zip(given, found, strict=True)]
        block.links["contact"] = [n or (e and AT + e) for n, e in zip(named, found, strict=True)]
        return {row: f"{title}: {' '.join(cells[row].split())}" for row in none}

    def _telephones(self, block: Block, cells: Sequence[str]) -> None:
        """The telephones of people stand for their names where a row has none; a cell without a whole number says
        nothing."""
        key_of = reading.cached(lambda text: CONTACT.field("phone").type.key(text, self._env))
        found = [key if (key := key_of(cell)) and len(key) >= SHORTEST_NATIONAL else None for cell in cells]
        given = block.telephones.get("contact") or [None] * len(block)
        block.telephones["contact"] = given = [g or f for g, f in zip(given, found, strict=True)]
        named = block.links.get("contact") or [None] * len(block)
        block.links["contact"] = [n or (p and AT + p) for n, p in zip(named, given, strict=True)]

    def _related(self, block: Block, cells: Sequence[str], title: str, bad: Problems) -> dict[int, str]:
        """What a row is about may be a lead or deal, where no other column names one; else it is told."""
        names = reading.words(cells, title, bad)
        named = block.links.get("opportunity") or [None] * len(block)
        block.related = [
            f"{title}: {name}" if name and not one else None for name, one in zip(names, named, strict=True)
        ]
        return self._link(block, "opportunity", names, title)

    def _persons(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """First and last names beside a deal or something that happened are those of its contact."""
        pieces = [c for role in (CONTACT_FIRST, CONTACT_LAST) for c in self._by.get(role, ())]
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

    def _foreign(self, block: Block, turned: list[list[str]], bad: Problems) -> Iterator[dict[int, str]]:
        """The ids of linked records. Of several in one cell the first counts, the others are told, as lines."""
        for role, link in FOREIGN.items():
            for column in self._by.get(role, ()):
                words = reading.words(reading.whole_ids(turned[column.place]), column.header, bad)
                several = [[part.strip() for part in _SEVERAL.split(word or "")] for word in words]
                ids = [column.prefix + first if first else None for first, *_ in several]
                yield self._first_names(block, link, words)
                more = {row: ", ".join(others) for row, (_, *others) in enumerate(several) if any(others)}
                yield {row: f"{column.header}: {others}" for row, others in more.items()}
                if link == "parent":
                    named = block.links.get("parent") or [None] * len(block)
                    block.links["parent"] = [n or (one and ID + one) for n, one in zip(named, ids, strict=True)]
                    continue
                block.foreign[column.header] = ids
                for name in (link,) if link else ANY:
                    if self.kind.name != "lead":  # which have their company as text
                        block.links.setdefault(name, [None] * len(block))

    def _first_names(self, block: Block, link: str, ids: Sequence[str | None]) -> dict[int, str]:
        """Cells of names that have as many as the cells of ids beside them, between the same marks, name the first; the
        others, as lines for the description."""
        more: dict[int, str] = {}
        named, column = block.links.get(link), self._by.get(link)
        for row, (name, cell) in enumerate(zip(named, ids, strict=True)) if named and column else ():
            mark = _SEVERAL.search(cell or "")
            if not (name and cell and mark) or len(some := name.split(mark[0])) != len(cell.split(mark[0])):
                continue
            first, *others = map(str.strip, some)
            if named and column and first:
                named[row] = first
                more[row] = f"{column[0].header}: {', '.join(filter(None, others))}"
        return more

    def _without_persons(self, block: Block) -> None:
        """Odoo calls a customer "Azure Interior, Brandon Freeman", the company and the person: the contact of the row
        tells that from a company with a comma in its name."""
        companies, people = block.links.get("company"), block.links.get("contact")
        if companies and people and squeeze(self._by["company"][0].header) in ("partnerid", "customer"):
            block.links["company"] = [
                company[: -len(person) - 2] if company and person and company.endswith(f", {person}") else company
                for company, person in zip(companies, people, strict=True)
            ]
