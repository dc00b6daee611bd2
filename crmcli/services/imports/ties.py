"""What ties the tasks of a file to each other: what they need, and which ones they come after. It comes last, for a
file may name a task before its own row."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.text import fold
from crmcli.services.imports.roles import NEEDS, TASK_UIDS
from crmcli.services.imports.trial import TRIED
from crmcli.services.needs import way
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.trial import Tried
    from crmcli.store.write import Transaction

#: So many are tied in one transaction.
AT_ONCE = 2000
_MOST_NOTED = 100
_SEVERAL = re.compile(r"[,;|،؛\n]")
#: How a task may be named, the surest first: the column that has it.
_NAMED_BY = ("uid", "external_id", "name_key")


class Tie(NamedTuple):
    """A task, from a line of the file, and the one (`word`: a UUID, an id of the other program, a name) that it is tied
    to by `link`: a field, or NEEDS."""

    line: int
    number: int
    link: str
    word: str


class Ties:
    """Gathers, outside memory, what the rows of new tasks say of other tasks. A tie to what is no single task is left
    out: `notes` says so."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._raw: sqlite3.Connection | None = None
        self._notes: list[str] = []
        self._without = 0

    def __bool__(self) -> bool:
        return self._raw is not None

    @property
    def notes(self) -> list[str]:
        """What is to be said of ties that were left out."""
        more = self._without - len(self._notes)
        return self._notes + ([f"{more:,} more links between tasks are left out"] if more else [])

    def add(self, block: Block, records: Iterable[tuple[int, int]]) -> None:
        """Remember what these rows, (row, id), of a block say."""
        if not block.ties:
            return
        if self._raw is None:
            self._raw = sqlite3.connect("", isolation_level=None)
            self._raw.execute("CREATE TABLE tie (place INTEGER PRIMARY KEY, line, id, link, word)")
            self._raw.execute("BEGIN")
        self._raw.executemany(
            "INSERT INTO tie (line, id, link, word) VALUES (?, ?, ?, ?)",
            (
                (block.lines[row], number, link, word)
                for row, number in records
                for link, cells in block.ties.items()
                for word in words(cells[row])
            ),
        )

    def portions(self) -> Iterator[list[Tie]]:
        """All that were gathered, in the order of the file, as many at a time as one transaction takes."""
        place, sql = 0, "SELECT * FROM tie WHERE place > ? ORDER BY place LIMIT ?"
        while self._raw and (found := self._raw.execute(sql, (place, AT_ONCE)).fetchall()):
            place = found[-1][0]
            yield [Tie(*row) for _, *row in found]

    def link(self, tx: Transaction, some: Sequence[Tie]) -> None:
        """Tie these tasks. What a task needs already is not said twice; none comes to need itself, by whatever way."""
        tx.flush()
        found = self._found(some, None)
        there = tx.rows("task", [one.number for one in some])
        for one in some:
            other = self._single(one, found)
            if other is None or one.number not in there:
                continue
            if one.link != NEEDS:
                tx.change("task", one.number, {f"{one.link}_id": other}, touch=False)
            elif other == one.number or way(tx.connection, other, one.number):
                self._note(one, "it would wait for itself")
            elif not self._needs(tx, one.number, other):
                tx.add("task_need", {"task_id": one.number, "needs_id": other})
                tx.flush()

    def _needs(self, tx: Transaction, number: int, other: int) -> bool:
        sql = "SELECT count(*) FROM task_need WHERE task_id = ? AND needs_id = ?"
        return bool(tx.connection.value(sql, (number, other)))

    def rehearse(self, tried: Tried) -> None:
        """Note what `link` would leave out, where the tasks stand in a dry run."""
        for some in self.portions():
            found = self._found(some, tried)
            for one in some:
                self._single(one, found)

    def _found(self, some: Sequence[Tie], tried: Tried | None) -> Mapping[tuple[str, str], list[int]]:
        """(column, value) -> the tasks that have it, of all that the words of the ties may mean."""
        found: dict[tuple[str, str], list[int]] = {}
        for column in _NAMED_BY:
            for part, marks in portions({_as(column, one.word) for one in some}):
                sql = f"SELECT {column}, id FROM {{}} WHERE {column} IN ({marks}) AND removed_at IS NULL"
                rows = list(self.ctx.reader.rows(sql.format("task"), part))
                if tried is not None:
                    rows += tried.rows(f"{sql.format('tried')} AND id >= {TRIED}", part)
                for value, number in rows:
                    found.setdefault((column, value), []).append(number)
        return found

    def _single(self, one: Tie, found: Mapping[tuple[str, str], list[int]]) -> int | None:
        """The task that is meant; None where that is none or several."""
        numbers = next((n for column in _NAMED_BY if (n := found.get((column, _as(column, one.word))))), [])
        if len(numbers) == 1:
            return numbers[0]
        self._note(one, f"{len(numbers)} tasks are called so" if numbers else "there is no such task")
        return None

    def _note(self, one: Tie, why: str) -> None:
        self._without += 1
        if len(self._notes) < _MOST_NOTED:
            self._notes.append(f"line {one.line}: {one.link} '{one.word}' is left out: {why}")


def _as(column: str, word: str) -> str:
    """A word as it stands in a column."""
    return word.lower() if column == "uid" else fold(word) if column == "name_key" else word


def words(cell: str) -> list[str]:
    """The tasks that a cell names."""
    return list(dict.fromkeys(filter(None, (" ".join(part.split()) for part in _SEVERAL.split(cell)))))


#: Role -> what it ties a task by: a field, or NEEDS.
ROLES = {**{role: link for link, role in TASK_UIDS.items()}, NEEDS: NEEDS}
