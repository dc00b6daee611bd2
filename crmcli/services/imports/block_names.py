"""What the records of a block are called, and the people whom its rows name besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.services.imports import columns as reading
from crmcli.services.imports import headings, parts, persons
from crmcli.services.imports.columns import Problem
from crmcli.services.imports.people_names import is_person
from crmcli.services.imports.roles import COMPANY_DOMAIN, COMPANY_ID, FIRST, LAST, MIDDLE, STAND_IN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped


class Names:
    """Reads the names of blocks. `by` is the columns of the file by field and role; `google`: it is an address book of
    Google's."""

    def __init__(self, kind: Entity, by: Mapping[str, Sequence[Mapped]], env: Env, *, own: bool, google: bool) -> None:
        self.kind, self._by, self._env, self._own, self._google = kind, by, env, own, google
        self._pieces = [column for role in (FIRST, MIDDLE, LAST) for column in by.get(role, ())]
        #: whether there are rows that are called by something else than by the person whom they name
        self.apart = any(column.unit for column in self._pieces)
        named = by.get("name", ())
        people = bool(named) and kind.name in ("lead", "contact") and headings.of_contacts(kind.name, named[0].header)
        #: the column of names whose cells may also say what people are reached by
        self._contacts = named[0] if people and not own else None

    @property
    def fills(self) -> set[str]:
        """The fields that cells of names may fill besides."""
        return {"email", "phone"} if self._contacts else set()

    def read(self, block: Block, turned: list[list[str]], bad: Problems) -> dict[int, str]:
        """The names of a block; people whom its rows name besides, as lines."""
        rows = list(zip(*(turned[column.place] for column in self._pieces), strict=True))
        whole = block.columns.get("name")
        lines = self._people_apart(block, rows, bad) if whole and self.apart else {}
        addressed = self._reached(block, lines)
        if rows and (whole is None or None in whole):
            found = reading.texts(list(map(persons.joined, rows)), self.kind.field("name"), "name", bad)
            block.columns["name"] = [one or two for one, two in zip(whole, found, strict=True)] if whole else found
        block.columns.setdefault("name", [None] * len(block))  # a list of addresses
        if None in block.columns["name"]:
            header = next((c.header for to in ("name", LAST, FIRST) for c in self._by.get(to, ())), "name")
            block.columns["name"], block.unnamed = self._stand_ins(block, turned)
            for row, name in enumerate(block.columns["name"]):
                if name is None:
                    bad.setdefault(row, Problem(header, "", "there is no name"))
        if addressed:
            unnamed = block.unnamed or [False] * len(block)
            block.unnamed = [flag or row in addressed for row, flag in enumerate(unnamed)]
        return lines

    def _reached(self, block: Block, lines: dict[int, str]) -> set[int]:
        """Part names from the addresses and telephones in their cells: these are the record's own where its columns
        have none, else `lines`. The rows whose cells have nothing but an address, by which they are called."""
        if self._contacts is None:
            return set()
        title, cells = self._contacts.header, [name or "" for name in block.columns["name"]]
        names, emails, numbers, more = parts.people(cells, title)
        if names == cells and not any(emails):
            return set()
        block.columns["name"] = [name or None for name in names]
        for row, line in more.items():
            lines[row] = f"{lines[row]}\n{line}" if row in lines else line
        for to, found in (("email", [email or "" for email in emails]), ("phone", numbers)):
            self._take(block, to, found, title, lines)
        return {row for row, (name, email) in enumerate(zip(names, emails, strict=True)) if name and name == email}

    def _take(self, block: Block, to: str, found: list[str], title: str, lines: dict[int, str]) -> None:
        """Fill a field with what is `found` where it is empty; what has no place there becomes lines."""
        problems: Problems = {}
        read = reading.reader(self.kind.field(to), self._env)(found, title, problems)
        own = block.columns.get(to) or [None] * len(block)
        block.columns[to] = [one or two for one, two in zip(own, read, strict=True)]
        for row, said in enumerate(found):
            if said and (row in problems or read[row] != block.columns[to][row]):
                lines[row] = f"{lines[row]}\n{title}: {said}" if row in lines else f"{title}: {said}"

    def _people_apart(self, block: Block, rows: Sequence[Sequence[str]], bad: Problems) -> dict[int, str]:
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
        are called by that, and in Google's address books, as Google shows them, by their company or telephone;
        elsewhere a row with neither name nor address has a hole. In a list of firms and their people a row without a
        person is the firm's, or that of a buyer who is a person, and who has no company besides where the row says no
        domain or id of one."""
        names = block.columns["name"]
        if self._own or self.kind.name not in ("lead", "contact"):
            return names, None
        none: list[str | None] = [None] * len(block)
        said = self._said_instead(block, turned)
        firms, emails = self._firms(block), block.columns.get("email") or none
        if firms is not None:
            known = [c.place for role in (COMPANY_DOMAIN, COMPANY_ID) for c in self._by.get(role, ())]
            buyers = headings.of_buyers(self._by["company"][0].header)
            for row, (name, firm, email) in enumerate(zip(said, firms, emails, strict=True)):
                if name is not None or firm is None or (self._pieces and email):
                    continue
                said[row] = firm
                if buyers and is_person(firm, email or "") and not any(turned[place][row].strip() for place in known):
                    firms[row] = None
        companies = next((reading.words(turned[c.place], c.header, {}) for c in self._by.get("company", ())), none)
        others = (companies, *(block.columns.get(to) or none for to in ("phone", "mobile"))) if self._google else ()
        rows = zip(said, emails, *others, strict=True)
        return [next(filter(None, row), None) for row in rows], [name is None for name in names]

    def _said_instead(self, block: Block, turned: list[list[str]]) -> list[str | None]:
        """The names of a block, with what the row has to stand in where there is none."""
        names: list[str | None] = list(block.columns["name"])
        for column in self._by.get(STAND_IN, ()):
            others = reading.words(turned[column.place], column.header, {})
            names = [name or other for name, other in zip(names, others, strict=True)]
        return names

    def _firms(self, block: Block) -> list[str | None] | None:
        """The companies of a block's people, where their names are headed as those of people of firms, or in parts."""
        people, firms = self._by.get("name"), self._by.get("company")
        if not firms or firms[0].fixed or not (people or self._pieces):
            return None
        if people and not headings.of_contacts(self.kind.name, people[0].header):
            return None
        return block.columns.get("company_name") if self.kind.name == "lead" else block.links.get("company")
