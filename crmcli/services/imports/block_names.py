"""What the records of a block are called, and the people whom its rows name besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.services.imports import columns as reading
from crmcli.services.imports import headings, persons
from crmcli.services.imports.columns import Problem
from crmcli.services.imports.roles import COMPANY_DOMAIN, COMPANY_ID, FIRST, LAST, MIDDLE, STAND_IN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped


class Names:
    """Reads the names of blocks. `by` is the columns of the file by field and role; `google`: it is an address book of
    Google's."""

    def __init__(self, kind: Entity, by: Mapping[str, Sequence[Mapped]], *, own: bool, google: bool) -> None:
        self.kind, self._by, self._own, self._google = kind, by, own, google
        self._pieces = [column for role in (FIRST, MIDDLE, LAST) for column in by.get(role, ())]
        #: whether there are rows that are called by something else than by the person whom they name
        self.apart = any(column.unit for column in self._pieces)

    def read(self, block: Block, turned: list[list[str]], bad: Problems) -> dict[int, str]:
        """The names of a block; people whom its rows name besides, as lines."""
        rows = list(zip(*(turned[column.place] for column in self._pieces), strict=True))
        whole = block.columns.get("name")
        lines = self._people_apart(block, rows, bad) if whole and self.apart else {}
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
        return lines

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
        are called by that, and in Google's address books, as Google shows them, by their company; elsewhere a row with
        neither name nor address has a hole. In a list of firms and their people a row without a person is the firm's,
        or that of a buyer who is a person, and has no company besides where it says no domain or id of one."""
        names = block.columns["name"]
        if self._own or self.kind.name not in ("lead", "contact"):
            return names, None
        none: list[str | None] = [None] * len(block)
        said = self._said_instead(block, turned)
        firms = self._firms(block)
        if firms is not None:
            known = [c.place for role in (COMPANY_DOMAIN, COMPANY_ID) for c in self._by.get(role, ())]
            for row, (name, firm) in enumerate(zip(said, firms, strict=True)):
                if name is None and firm is not None:
                    said[row] = firm
                    firms[row] = firm if any(turned[place][row].strip() for place in known) else None
        companies = next((reading.words(turned[c.place], c.header, {}) for c in self._by.get("company", ())), none)
        companies = companies if self._google else none
        emails = block.columns.get("email") or none
        found = [n or e or c for n, e, c in zip(said, emails, companies, strict=True)]
        return found, [name is None for name in names]

    def _said_instead(self, block: Block, turned: list[list[str]]) -> list[str | None]:
        """The names of a block, with what the row has to stand in where there is none."""
        names: list[str | None] = list(block.columns["name"])
        for column in self._by.get(STAND_IN, ()):
            others = reading.words(turned[column.place], column.header, {})
            names = [name or other for name, other in zip(names, others, strict=True)]
        return names

    def _firms(self, block: Block) -> list[str | None] | None:
        """The companies of a block's people, where their names are headed as those of people of firms."""
        people, firms = self._by.get("name"), self._by.get("company")
        if not people or not firms or firms[0].fixed or not headings.of_contacts(self.kind.name, people[0].header):
            return None
        return block.columns.get("company_name") if self.kind.name == "lead" else block.links.get("company")
