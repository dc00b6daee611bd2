"""What became of the rows of an import so far: counted, the first ones named, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.services.imports.emptying import EXCHANGE, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.block_reader import Reader
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Misfit, Problem
    from crmcli.services.imports.writing import Put, Sorted

#: So many rows, and values that were kept against a file's, are named.
MOST_NAMED = 100
#: What cells were emptied of -> what a note says of them.
_EMPTIED = {
    WORDS: "cells with NULL, N/A or - are taken as empty",
    EXCHANGE: "addresses of an Exchange server (/o=...) are left out: they lead nowhere from outside",
}
#: A field whose values have no place where a record stands -> where that is.
_IDLE = {"closed_at": "open", "lost_reason": "not lost"}


class Outcome:
    """`counts` are those of `Imported`, by its names; `listed`, `conflicts` and `misfits` are its too."""

    def __init__(self, kind: Entity) -> None:
        self.kind = kind
        self.counts = dict.fromkeys(("rows", "new", "updated", "same", "repeated", "refused", "kept", "passed"), 0)
        self.misfits: dict[str, Misfit] = {}
        self.conflicts: list[tuple[int, str, str, str]] = []
        self.listed: list[tuple[int, str, str, str]] = []
        #: by reason: how many rows were passed over
        self._passed: dict[str, int] = {}
        #: by field: how many rows had a value that has no place where they stand
        self._idle = dict.fromkeys(_IDLE, 0)
        #: how many new records are called by an address or telephone, and how many by their company
        self._unnamed = self._by_firm = 0
        #: how many days of the year new records have brought along
        self._occasions = 0
        #: records that rows are and that were removed: how many, and the command that brings back the first of them
        self.hidden, self._back = 0, ""

    @property
    def takes(self) -> bool:
        """Whether a row has come in so far, or was known."""
        return any(self.counts[name] for name in ("new", "updated", "same"))

    def refuse(self, line: int, problem: Problem) -> None:
        """Count a row that is refused."""
        self.counts["refused"] += 1
        self._name(line, problem.header, problem.value, problem.reason)

    def pass_over(self, line: int, why: str) -> None:
        """Count a row in which nothing is to be imported."""
        self.counts["passed"] += 1
        self._passed[why] = self._passed.get(why, 0) + 1
        self._name(line, "", "", f"passed over: {why}")

    def repeat(self, line: int) -> None:
        """Count a row that says what an earlier one said."""
        self.counts["repeated"] += 1
        self._name(line, "", "", "repeats an earlier row of the file")

    def hide(self, back: str) -> None:
        """Count a row whose record is removed and stays so; `back` is the command that brings the first one back."""
        self.hidden += 1
        self._back = self._back or back

    def link(self, updated: int) -> None:
        """Count the rows that were known and gave their records a parent."""
        self.counts["updated"] += updated
        self.counts["same"] -= updated

    def block(self, block: Block, rows: Sorted, put: Put, *, updates: bool) -> None:
        """Count what became of the new and known rows of a block."""
        self.counts["new"] += len(rows.new)
        self._occasions += sum(len(block.occasions[row]) for row in rows.new) if block.occasions else 0
        self._unnamed += sum(block.called_by_reach(row) for row in rows.new)
        firms = block.columns.get("company_name") if self.kind.name == "lead" else block.links.get("company")
        if firms and block.unnamed:
            called = block.columns["name"]
            self._by_firm += sum(block.unnamed[row] and firms[row] == called[row] for row in rows.new)
        for name, idle in block.idle.items():
            self._idle[name] += sum(idle[row] for row in rows.new)
            self._idle[name] += sum(idle[row] for row, _ in rows.known if updates)
        self.counts["updated"] += sum(put.changed)
        self.counts["same"] += len(rows.known) - sum(put.changed)

    def notes(self, reader: Reader) -> Iterator[str]:
        """What is to be told beside the counts."""
        plural = self.kind.plural
        yield from (f"{count:,} {_EMPTIED[what]}" for what, count in reader.emptying.counts.items())
        yield from reader.notes
        if self._unnamed:
            yield f"{self._unnamed:,} {plural} without a name are called by what they are reached by"
        if self._occasions:
            days = "1 birthday without a year or other day of the year is"
            if self._occasions > 1:
                days = f"{self._occasions:,} birthdays without a year and other days of the year are"
            yield f"{days} kept: 'crm occasion list' shows them"
        if self._by_firm:
            alone = self._by_firm == 1
            who = f"{self.kind.name} is called by its" if alone else f"{plural} are called by their"
            yield f"{self._by_firm:,} {who} company: no person is named"
        for name, where in _IDLE.items():
            if self._idle[name] and not (name == "closed_at" and reader.expects):
                yield f"column {reader.title(name)}: {self._idle[name]:,} cells left out, of {plural} that are {where}"
        if self.hidden:
            one = self.hidden == 1
            stays = "is removed and stays" if one else "are removed and stay"
            back = f"'{self._back}' brings {'it' if one else 'the first'} back"
            yield f"{self.hidden:,} of those known already {stays} so: {back}"
        yield from (f"{count:,} row{'s' * (count > 1)} passed over: {why}" for why, count in self._passed.items())

    def _name(self, line: int, header: str, value: str, reason: str) -> None:
        if len(self.listed) < MOST_NAMED:
            self.listed.append((line, header, value[:60], reason))
