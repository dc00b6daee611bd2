"""Records kept in step with a collection of another program: what each side alone changed is taken by the other.

A record and its item are compared part by part with what both had when they last agreed (`sync_link`). What both
changed, differently, is a conflict: the book's stays, goes there, and it is told. Nothing is written there but over the
version that was read, and nothing of the network happens while the book is being written. A run that ends anywhere is
finished by the next one: an item of ours without a link is known by its UID.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import RefusedError
from crmcli.services import sync_links
from crmcli.services.sync_links import Link
from crmcli.services.sync_merging import SOURCE, Merge
from crmcli.services.sync_shapes import Agreed, NotTakenError, OvertakenError, unpacked

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.services.sync_shapes import Direction, Kind, Parts, Remote

#: So many writes to the other side are done before the book hears of them.
PORTION = 25
#: A collection that has lost so many items, and has none left, was probably lost itself.
MANY = 5


class Outcome(NamedTuple):
    """What a run did, and what it could not settle, a line each. `ids` are the records that came in."""

    new: int
    changed: int
    removed: int
    put: int
    updated: int
    deleted: int
    unsettled: list[str]
    ids: list[int]

    def __str__(self) -> str:
        counts = [
            (self.new, "new here"), (self.changed, "changed here"), (self.removed, "removed here"),
            (self.put, "new there"), (self.updated, "changed there"), (self.deleted, "removed there"),
        ]  # fmt: skip
        return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "in step"


def sync(ctx: Context, kind: Kind, remote: Remote, *, direction: Direction = "both", sure: bool = False) -> Outcome:
    """Bring a collection and the book in step. In a rehearsal nothing is written on either side. Unless `sure`, a
    collection that has lost all that was linked is a RefusedError. Raises what the remote raises; what was done until
    then stays done."""
    run = _Run(ctx, kind, remote, direction, sure)
    run.succeed()
    run.pull()
    if direction != "pull":
        again = run.push()
        if again or run.created:
            run.pull(whole=bool(again))
        if again:  # somebody was faster: what they wrote was read, and is compared once more
            for what in run.push():
                run.unsettle(f"{what}: changes there while it is being written; the next run tries again")
    return run.outcome()


class _Run:
    """One run over one collection."""

    def __init__(self, ctx: Context, kind: Kind, remote: Remote, direction: Direction, sure: bool) -> None:
        self.ctx, self.kind, self.remote, self.direction, self.sure = ctx, kind, remote, direction, sure
        self.counts = dict.fromkeys(("new", "changed", "removed", "put", "updated", "deleted"), 0)
        self.unsettled: dict[str, None] = {}
        self.ids: list[int] = []
        self.created: set[str] = set()
        self._token = ""
        self._waiting: list[tuple[str, Link | None]] = []

    def outcome(self) -> Outcome:
        return Outcome(**self.counts, unsettled=list(self.unsettled), ids=self.ids)

    def unsettle(self, line: str) -> None:
        """Tell what could not be settled."""
        if line not in self.unsettled:
            self.unsettled[line] = None
            self.ctx.say(line)

    def succeed(self) -> None:
        """Give items that were not made here to the records that stand for them from now on."""
        links = sync_links.links_of(self.ctx.reader, self.remote.url, self.kind.entity)
        linked = {link.record: link for link in links.values() if link.record}
        moved = self._followers(list(linked))
        bases = {new: unpacked(linked[old].base) for old, new in moved.items()}
        moved = {old: new for old, new in moved.items() if not self.kind.parse(bases[new].there).ours}
        here = self.kind.here({new: bases[new].shape for new in moved.values()})
        for old, new in moved.items():
            base = bases[new]
            said = {part: value for part in self.kind.unseen(base.shape) if (value := here.get(new, {}).get(part))}
            base = base._replace(here={**base.here, **said})
            self._keep(linked[old].href, linked[old]._replace(record=new, base=base.packed()))
        self._save()

    def _followers(self, numbers: list[int]) -> dict[int, int]:
        """Record -> the last one of those that came to stand in its place, one after the other."""
        linked = set(numbers)
        found = {old: new for old, new in self.kind.succeeded(numbers).items() if new not in linked}
        while later := self.kind.succeeded(list(found.values())):
            # One that has an item of its own keeps it, and so does what comes after it.
            found = {old: later.get(new, new) for old, new in found.items() if later.get(new) not in linked}
        return found

    # --- what became of it there ---

    def pull(self, *, whole: bool = False) -> None:
        """Read what changed there, and let the book follow."""
        connection = self.ctx.reader
        # What was passed over when only one side was to follow is looked at when the other is to as well.
        mark = f"{self.direction} "
        known = sync_links.token_of(connection, self.remote.url)
        token = self._token or (known.removeprefix(mark) if known.startswith(mark) else "")
        links = sync_links.links_of(connection, self.remote.url, self.kind.entity)
        seen = self.remote.changes("" if whole else token)
        # What came and went since the token need not be told: of what was put there, all that is not listed is gone.
        less = links if seen.complete else dict.fromkeys((*seen.gone, *self.created))
        gone = [href for href in less if href in links and href not in seen.etags]
        if len(gone) >= MANY and len(gone) == len(links) and not self.sure and self.direction != "push":
            raise RefusedError(
                f"{self.remote.url} has none of the {len(gone):,} items that it had",
                "if they were removed there on purpose, --emptied removes them here as well",
            )
        stale = [h for h, etag in seen.etags.items() if h not in links or links[h].etag != etag or not etag]
        # Those whose version is not known are to be read, whether or not they changed since.
        stale += [h for h, one in links.items() if not one.etag and h not in seen.etags and h not in gone]
        fetched = list(self.remote.fetch(stale)) if stale else []
        with self.ctx.writing(SOURCE) as tx:
            place = sync_links.place(tx, self.remote.url)
            merge = Merge(self.ctx, self.kind, tx, place, self.remote.url, self.direction)
            merge.all(fetched, gone, links)
            sync_links.reached(tx.connection, place, mark + seen.token if seen.token else "", tx.stamp)

        self._token = seen.token
        self.created.clear()
        for line in merge.unsettled:
            self.unsettle(line)
        for word, count in merge.counts.items():
            self.counts[word] += count
        self.ids += merge.ids

    # --- what became of it here ---

    def push(self) -> list[str]:
        """Write there what changed in the book; what was overtaken there, by name."""
        links = sync_links.links_of(self.ctx.reader, self.remote.url, self.kind.entity)
        linked = {link.record: link for link in links.values() if link.record}
        bases = {number: unpacked(link.base) for number, link in linked.items()}
        chosen = {number: shape for number, shape in self.kind.chosen().items() if number not in linked}
        here = self.kind.here({**{number: base.shape for number, base in bases.items()}, **chosen})
        again: list[str] = []
        try:
            for number, link in linked.items():
                self._step(number, link, bases[number], here.get(number), again)
            for number, shape in chosen.items():
                if number in here:
                    self._create(number, shape, here[number], again)
        finally:
            self._save()
        return again

    def _step(self, number: int, link: Link, base: Agreed, mine: Parts | None, again: list[str]) -> None:
        """One record that is linked."""
        if mine is None:
            self._delete(number, link)
        elif mine != base.here:
            self._update(number, link, base, mine, again)

    def _create(self, number: int, shape: str, mine: Parts, again: list[str]) -> None:
        text = self.kind.write(number, None, set(mine), {})
        try:
            href, etag = ("", "") if self.ctx.rehearsing else self.remote.create(self.kind.uid(number), text)
        except OvertakenError:
            again.append(self._called(number))
            return
        except NotTakenError as error:
            self.unsettle(f"{self._called(number)}: {error}")
            return
        self.counts["put"] += 1
        if not self.ctx.rehearsing:
            self.created.add(href)
        self._keep(href, Link(href, number, etag, Agreed(text, shape, mine).packed()))

    def _update(self, number: int, link: Link, base: Agreed, mine: Parts, again: list[str]) -> None:
        changed = {part for part in {*mine, *base.here} if mine.get(part) != base.here.get(part)}
        text = self.kind.write(number, self.kind.parse(base.there), changed, base.here)
        if not text:
            self._keep(link.href, link._replace(base=base._replace(here=mine).packed()))
            return
        if not link.etag:
            again.append(self._called(number))
            return
        try:
            href, etag = (link.href, "") if self.ctx.rehearsing else self.remote.update(link.href, link.etag, text)
        except OvertakenError:
            again.append(self._called(number))
            return
        except NotTakenError as error:
            self.unsettle(f"{self._called(number)}: {error}")
            return
        self.counts["updated"] += 1
        if href != link.href:
            self._keep(link.href, None)
        self._keep(href, Link(href, number, etag, Agreed(text, base.shape, mine).packed()))

    def _delete(self, number: int, link: Link) -> None:
        try:
            if not link.etag:
                raise OvertakenError("it changed there")
            if not self.ctx.rehearsing:
                self.remote.delete(link.href, link.etag)
        except OvertakenError:
            self.unsettle(
                f"{self._called(number)} was removed in the book and changed there; it stays there"
                f" ('crm {self.kind.entity} restore {number}' takes it up again)"
            )
            return
        except NotTakenError as error:
            self.unsettle(f"{self._called(number)}: {error}")
            return
        self.counts["deleted"] += 1
        self._keep(link.href, None)

    def _called(self, number: int) -> str:
        return f"{self.kind.entity}:{number}"

    def _keep(self, href: str, link: Link | None) -> None:
        """Keep a link, or forget it, with the next portion."""
        if self.ctx.rehearsing:
            return
        self._waiting.append((href, link))
        if len(self._waiting) >= PORTION:
            self._save()

    def _save(self) -> None:
        if not self._waiting:
            return
        with self.ctx.writing(SOURCE) as tx:
            place = sync_links.place(tx, self.remote.url)
            if self.created:  # if this run ends here, the next one has to ask for all there is
                sync_links.reached(tx.connection, place, "", tx.stamp)
            for href, link in self._waiting:
                if link is None:
                    sync_links.drop(tx.connection, place, [href])
                else:
                    sync_links.keep(tx.connection, place, self.kind.entity, link)
        self._waiting.clear()
