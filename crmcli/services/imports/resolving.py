"""What the rows of a block are once they are read: links as ids, where they stand, and which records they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.address import company_domain
from crmcli.domain.entities import INTERACTION
from crmcli.services.imports import fitting, placing
from crmcli.services.imports.blocks import AT
from crmcli.services.imports.columns import Problem

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
            self._drop(block, self._with_nobody(block))
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

    def _with_nobody(self, block: Block) -> Problems:
        """What happened with people whom the book does not have, whose e-mail address or telephone is all that the file
        says of them."""
        bad: Problems = {}
        linked = [block.columns[self.kind.field(name).column] for name in block.links]
        for row, name in enumerate(block.links.get("contact", ())):
            if name and name[0] == AT and not any(ids[row] for ids in linked):
                reason = f"there is no contact with {name.removeprefix(AT)}"
                bad[row] = Problem(self.reader.title("contact"), name.removeprefix(AT), reason)
        return bad

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
