"""Whether most of what the ids of a file mean is another program's, where nothing else tells: asked of the whole file
at once, so that neither the order of its rows nor where its blocks end matters."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from crmcli.services.imports import fitting
from crmcli.services.imports.origins import SEVERAL, Why
from crmcli.services.imports.passing import Passing
from crmcli.services.imports.spilling import Spilling

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Field
    from crmcli.services.imports.block_reader import Reader
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.fitting import Judged
    from crmcli.services.imports.linking import Links
    from crmcli.services.imports.matching import Matcher
    from crmcli.services.imports.origins import Meant
    from crmcli.services.imports.planning import Plan

#: So many rows are looked at together.
_AT_ONCE = 5000


class AwaitedError(Exception):
    """Ends a look at rows for which the whole file must be asked first, at a time when others wait for that."""


class _OwnIds:
    """What the rows say by whose own ids the book has a record."""

    def __init__(self) -> None:
        self._asked = self._others = self._renamed = 0

    def count(self, judged: Judged) -> None:
        self._asked += judged.asked
        self._others += len(judged.certain | judged.doubted)
        self._renamed += len(judged.renamed)

    @property
    def several(self) -> bool:
        """Whether those under the same titles are too many to be renamed."""
        return self._renamed >= SEVERAL

    @property
    def others(self) -> bool:
        return 2 * (self._others + (self._renamed if self.several else 0)) > self._asked

    def undecided(self, left: int) -> bool:
        """Whether most can be others yet, with so many rows to come."""
        return 2 * (self._others + self._renamed + left) > self._asked + left


class _LinkIds:
    """What the names beside the ids of a link say; a name beside an id counts once, however many rows have both."""

    def __init__(self) -> None:
        self._said = Spilling[tuple[int, str, str], str]()
        self._counts = dict.fromkeys(Why, 0)

    def count(self, meant: Mapping[Meant, Why]) -> None:
        self._said.fetch(meant)
        for one, why in meant.items():
            before = self._said.get(one)
            if before is None or why is Why.LINKED:
                self._said[one] = why.value
                self._counts[why] += 1
                if before is not None:
                    self._counts[Why(before)] -= 1
        self._said.spill()

    @property
    def others(self) -> bool:
        others = sum(self._counts[why] for why in (Why.CERTAIN, Why.DOUBTED, Why.DOUBTED_KNOWN))
        enough = others >= SEVERAL or self._counts[Why.DOUBTED_KNOWN] > 0
        return enough and 2 * others > sum(self._counts.values())

    def undecided(self, left: int) -> bool:
        """Whether most can be others yet, with so many rows to come."""
        alike = self._counts[Why.ALIKE] + self._counts[Why.LINKED]
        return sum(self._counts.values()) + left > 2 * alike


class _Values:
    """What the rows of a file say, with the ids that they say it of; what many say tells none of them apart."""

    def __init__(self) -> None:
        #: by column and value: the ids of those that say it, so many as make it common at the most
        self._ids = Spilling[tuple[str, str], tuple[str, ...]]()

    def count(self, columns: Mapping[str, list[Any]], ids: list[Any]) -> None:
        """Another block comes."""
        for name, values in columns.items():
            said = {(name, str(value)) for value in values if value is not None}
            self._ids.fetch(said)
            for one, value in zip(ids, values, strict=True):
                if one and value is not None:
                    known = self._ids.get((name, str(value)), ())
                    if len(known) < SEVERAL and one not in known:
                        self._ids[name, str(value)] = (*known, one)
            self._ids.spill()

    def are_common(self, name: str, value: Any) -> bool:
        """Whether several say that."""
        if len(self._ids) > _AT_ONCE:
            self._ids.spill()
        return len(self._ids.get((name, str(value)), ())) >= SEVERAL


class Votes:
    """Takes the votes of a file when the first row hangs on one, and keeps what they came to. Raises AwaitedError where
    that is to be `later`."""

    def __init__(self, ctx: Context, made: Plan, reader: Reader, matcher: Matcher, links: Links) -> None:
        assert made.kind is not None
        self._ctx, self._plan, self._kind = ctx, made, made.kind
        self._reader, self._matcher, self._links = reader, matcher, links
        self._taken = False
        #: whether no vote is to be taken now
        self.later = False
        self._own = _OwnIds()
        #: by the name of the link
        self._linked: dict[str, _LinkIds] = {}
        self._values: _Values | None = None

    def own(self) -> _OwnIds:
        """What the rows say by whose own ids the book has a record: whether most are `others`."""
        self._take()
        return self._own

    def linked(self, name: str) -> bool:
        """Whether most of what the ids of a link mean are others."""
        self._take()
        return name in self._linked and self._linked[name].others

    def common(self, name: str, value: Any) -> bool:
        """Whether so many rows of the file say this in what fills a column (`fitting.said`) that it tells no record
        from another."""
        if self._values is None:
            if self.later:
                raise AwaitedError
            values = _Values()
            for block, _ in self._blocks():
                if len(block):
                    values.count(fitting.said(self._reader, block), block.columns["external_id"])
            self._values = values
        return self._values.are_common(name, value)

    def _take(self) -> None:
        if self._taken:
            return
        if self.later:
            raise AwaitedError
        self._taken = True
        with closing(self._blocks()) as blocks:
            for block, left in blocks:
                self._count(block)
                undecided = [one.undecided(left) for one in self._linked.values()]
                if not any(undecided) and not ("external_id" in self._reader.fills and self._own.undecided(left)):
                    break

    def _blocks(self) -> Generator[tuple[Block, int], None, None]:
        """The rows of the file, each block with how many rows come after it."""
        left, passing = self._plan.rows, Passing(self._kind, self._plan.columns)
        with self._reader.uncounted(), self._plan.open() as table:
            while some := list(islice(table.rows, _AT_ONCE)):
                left = max(0, left - len(some))
                sound = passing.sift(some).sound
                yield self._reader.read([row.line for row in sound], [row.cells for row in sound])[0], left

    def _count(self, block: Block) -> None:
        for field in self._fields(block):
            self._linked.setdefault(field.name, _LinkIds()).count(self._links.supposed(block, field))
        if len(block):
            self._links.foreign.settle(block)
        if ids := block.columns.get("external_id"):
            known = self._matcher.with_ids(ids)
            found = [known.get(one or "", 0) for one in ids]
            self._own.count(fitting.judge(self._ctx, self._reader, self._links, block, found, self._matcher))

    def _fields(self, block: Block) -> list[Field]:
        """The links of a block that tell records apart."""
        return [self._kind.field(name) for name in block.links if name in fitting.LINKS]
