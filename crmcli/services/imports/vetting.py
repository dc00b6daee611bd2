"""What plugins say to the rows of a block before they are written: which they refuse, and what they amend."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from crmcli.domain.columnwise import derive_columns
from crmcli.errors import CrmError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.domain.change import Change
    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.store.write import Transaction


class AgainError(Exception):
    """Amended rows are other records than they were taken for; `found` says which (`Matcher.outcomes`)."""

    def __init__(self, found: list[int]) -> None:
        super().__init__()
        self.found = found


class TakenBackError(Exception):
    """Ends a part of a transaction that was only a trial."""


class Vetting:
    """Stands before the `before` hooks of a transaction until `done`. `look` is called when they have passed changes
    and amended rows among them, before any of that is written."""

    def __init__(self, tx: Transaction, table: str) -> None:
        self.tx, self.table = tx, table
        self.look: Callable[[], None] | None = None
        #: record -> row of the block, for what is about to be written
        self.rows: dict[int, int] = {}
        #: by row: the columns that the hooks gave other values
        self.amended: dict[int, dict[str, Any]] = {}
        #: the records of which something was left to write
        self.passed: set[int] = set()
        #: the last refusal
        self.error: CrmError | None = None
        #: how often the hooks were asked for rows
        self.tries = 0
        self._before = tx.hooks.before
        tx.hooks.before = self._ask

    def done(self) -> None:
        """Let the hooks stand alone again."""
        self.tx.hooks.before = self._before

    def _ask(self, changes: list[Change]) -> list[Change]:
        ours = any(change.table == self.table for change in changes)
        self.tries += ours
        before = self._before
        if before is None:
            return changes
        try:
            passed = before(changes)
        except CrmError as error:
            self.error = error
            raise
        if self.look and ours:
            given = {change.id: change.after or {} for change in changes if change.table == self.table}
            self.passed = {change.id for change in passed if change.table == self.table}
            amended = {}
            for change in passed:
                if change.table == self.table and change.id in self.rows:
                    was, after = given[change.id], change.after or {}
                    differ = {name: after.get(name) for name in was | after if after.get(name) != was.get(name)}
                    if differ:
                        amended[self.rows[change.id]] = differ
            self.amended.update(amended)
            if amended:
                self.look()
        return passed

    def overlaid(self, block: Block, env: Env) -> Block:
        """The block as the hooks amended it, to be compared with; itself if they did not."""
        if not self.amended:
            return block
        found = copy.copy(block)
        found.columns = dict(block.columns)
        for name in {name for differ in self.amended.values() for name in differ}:
            column = list(block.columns.get(name) or [None] * len(block))
            for row, differ in self.amended.items():
                if name in differ:
                    column[row] = differ[name]
            found.columns[name] = column
        found.keys = derive_columns(self.table, found.columns, env)
        return found
