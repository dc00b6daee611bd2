"""What the rows of a block are once they are read: links as ids, where they stand, and which records they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.address import company_domain
from crmcli.domain.entities import INTERACTION, TASK
from crmcli.domain.text import fold
from crmcli.services.imports import fitting, guests, placing
from crmcli.services.imports.blocks import AT
from crmcli.services.imports.columns import Problem
from crmcli.services.imports.origins import alike

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.repeating import Refuse
    from crmcli.services.imports.writing import Writer


class Resolver:
    """Resolves the rows of blocks that a `writer` will write; those that cannot be are given to `refuse` and dropped.
    `also` finds further such rows by their outcomes."""

    def __init__(
        self, writer: Writer, refuse: Refuse, also: Callable[[Block, list[int]], Problems] | None = None
    ) -> None:
        self.ctx, self.kind, self.reader, self.links = writer.ctx, writer.kind, writer.reader, writer.links
        self._writer, self._refuse, self._also = writer, refuse, also

    def resolve(self, block: Block) -> list[int]:
        """What the rows of a block are (`Matcher.outcomes`), after their links; rows whose links fit nothing go, and
        those that do not fit the book (`fitting.misfits`)."""
        if len(block):
            self._link(block)
        found = self._writer.outcomes(block)
        while bad := self._misfits(block, found):
            self._drop(block, bad)
            found = self._writer.outcomes(block)
        return found

    def _misfits(self, block: Block, found: list[int]) -> Problems:
        matcher, updates = self._writer.matcher, self._writer.updates
        misfits = fitting.misfits(self.ctx, self.reader, self.links, block, found, matcher, updates=updates)
        return misfits | self._also(block, found) if self._also else misfits

    def _link(self, block: Block) -> None:
        """Links become ids (negative for what is not there yet); leads and deals find their stage."""
        open_links = [self.kind.field(name) for name in block.links if name not in ("stage", "pipeline", "parent")]
        bad: dict[int, Problem] = {}
        for field in sorted(open_links, key=lambda field: field.name != "company"):  # it tells people apart
            title = self.reader.title(field.name)
            bad = {row: one._replace(header=title) for row, one in self.links.fill(block, field).items()} | bad
        self._drop(block, bad)
        if self.kind is INTERACTION:
            self._by_leads(block)
            self._drop(block, self._with_nobody(block))
        if self.kind in (INTERACTION, TASK) and len(block):
            self._tell(block)
        if len(block):
            self.links.foreign.settle(block)
        if self.kind.kind and len(block):
            unplaced: dict[int, Problem] = {}
            reasons = block.columns.get("lost_reason_id")
            block.columns.update(placing.place(self._writer.stages, block, reasons, self.ctx, unplaced))
            self._drop(block, unplaced)
        if not len(block):
            return
        columns = block.columns
        if block.tags is not None:
            flat = self.links.ids("tag", [tag for tags in block.tags for tag in tags])
            at = iter(flat)
            columns["tags"] = [sorted({next(at) for _ in tags}) for tags in block.tags]
        if self.kind.name == "company":
            _give_domains(columns, len(block))

    def _by_leads(self, block: Block) -> None:
        """What happened with an e-mail address that no contact has, and that is all that the file says of whom it did
        with, did so with the lead or deal that has it."""
        alone = self._alone(block)
        names = block.links.get("contact") or [None] * len(block)
        said = [name if row in alone and (name := names[row]) and name[0] == AT else None for row in range(len(block))]
        if any(said):
            found = self.links.reached([name and name.removeprefix(AT) for name in said])
            linked = block.columns.get("opportunity_id") or [None] * len(block)
            block.columns["opportunity_id"] = [one or other for one, other in zip(linked, found, strict=True)]

    def _alone(self, block: Block) -> set[int]:
        """The rows that lead to nobody and nothing."""
        columns = [
            block.columns[name] for name in ("contact_id", "opportunity_id", "company_id") if name in block.columns
        ]
        return {row for row in range(len(block)) if not any(ids[row] for ids in columns)}

    def _with_nobody(self, block: Block) -> Problems:
        """What happened with people whom the book does not have, whose e-mail address, telephone or id in the other
        program is all that the file says of them, or about nothing that the book has."""
        bad: Problems = {}
        names = block.links.get("contact") or [None] * len(block)
        for row in sorted(self._alone(block)):
            if (name := names[row]) and name[0] == AT:
                reason = f"there is no contact with {name.removeprefix(AT)}"
                bad[row] = Problem(self.reader.title("contact"), name.removeprefix(AT), reason)
            elif said := next(((title, one) for title, ids in block.foreign.items() if (one := ids[row])), None):
                bad[row] = Problem(*said, f"the book has no record with the id {said[1]}: import that record first")
            elif block.related and block.related[row]:
                name, title = block.links["opportunity"][row] or "", self.reader.title("opportunity")
                bad[row] = Problem(title, name, f"there is no lead or deal '{name}', and it says no contact or company")
        return bad

    def _tell(self, block: Block) -> None:
        """Note in the texts of the rows what they say of others that led to no link: what they are about, who takes
        part, and names beside the e-mail addresses of people who are called otherwise."""
        about, linked = block.related or (), block.columns.get("opportunity_id") or ()
        lines = enumerate(zip(about, linked, strict=True) if about else ())
        self.reader.note(block, {row: line for row, (line, number) in lines if line and number is None})
        if block.guests:
            title = self.reader.title("attendees")
            self.reader.note(block, guests.settle(block, self.links.names, title, self.ctx.env))
        self.reader.note(block, self._other_names(block))

    def _other_names(self, block: Block) -> dict[int, str]:
        """The names of people beside the addresses of others, who are linked by these, as lines."""
        given, names = block.addresses.get("contact"), block.links.get("contact")
        if not given or not names:
            return {}
        rows = zip(block.columns["contact_id"], given, names, strict=True)
        meant = {
            row: (number, name)
            for row, (number, address, name) in enumerate(rows)
            if number and address and name and name[0] != AT
        }
        called = self.links.names.named("contact", {number for number, _ in meant.values() if number > 0})
        return {
            row: f"{self.reader.title('contact')}: {name}"
            for row, (number, name) in meant.items()
            if (one := called.get(number)) and not alike(fold(name), one.key)
        }

    def _drop(self, block: Block, bad: Problems) -> None:
        """Refuse rows of a block."""
        for row, problem in sorted(bad.items()):
            self._refuse(block.lines[row], block.cells[row], problem)
        if bad:
            block.without(bad)


def _give_domains(columns: dict[str, list[Any]], count: int) -> None:
    """The domains of companies that name none: those of their websites or e-mail addresses."""
    none: list[Any] = [None] * count
    rows = zip(*(columns.get(name) or none for name in ("domain", "website", "email")), strict=True)
    columns["domain"] = [domain or company_domain(website, email) for domain, website, email in rows]
