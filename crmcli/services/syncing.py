"""Records kept in step with a collection of another program: what each side alone changed is taken by the other.

A record and its item are compared part by part with what both had when they last agreed (`sync_link`). What both
changed, differently, is a conflict: the book's stays, goes there, and it is told. Nothing is written there but over the
version that was read, and nothing of the network happens while the book is being written. A run that ends anywhere is
finished by the next one: an item of ours without a link is known by its UID. What goes on one side goes on the other;
but most of what a side had was probably lost, and goes only when somebody says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import RefusedError
from crmcli.services import sync_links
from crmcli.services.sync_links import Link
from crmcli.services.sync_merging import SOURCE, Merge
from crmcli.services.sync_shapes import (
    GONE,
    LEFT,
    OUT,
    PUT,
    USUAL,
    Agreed,
    Fetched,
    NotTakenError,
    OvertakenError,
    Unread,
    name_in,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from crmcli.context import Context
    from crmcli.services.sync_shapes import Direction, Kind, Parts, Remote

#: So many writes to the other side are done before the book hears of them.
PORTION = 25
#: Why what was read of a collection without versions is not written over.
UNVERSIONED = "the server tells no version of it (ETag), and what changes there in between must not be lost"
#: A side that has lost more than so many times what it has left, and more than one, was probably lost itself.
MOST = 9
#: So many records are named in one line.
NAMED = 10


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
    collection that has lost nearly all that was linked is a RefusedError, and what the book has lost so stays there.
    Raises what the remote raises; what was done until then stays done."""
    return SyncRun(ctx, kind, remote, direction=direction, sure=sure).run()


class SyncRun:
    """One run over one collection, as `sync` has it: what is there is read, then it is written there.

    Where a record is in several collections, all of them are read before any is written to: else what somebody changed
    in one of them meets what the book has just written over it from another, and two books that do so answer each other
    for ever."""

    def __init__(
        self, ctx: Context, kind: Kind, remote: Remote, *, direction: Direction = "both", sure: bool = False
    ) -> None:
        self.ctx, self.kind, self.remote, self.direction, self.sure = ctx, kind, remote, direction, sure
        self.counts = dict.fromkeys(("new", "changed", "removed", "put", "updated", "deleted"), 0)
        self.unsettled: dict[str, None] = {}
        self.ids: list[int] = []
        self.created: set[str] = set()
        #: what this run put there, and may be stored as something else
        self.fresh: set[str] = set()
        #: Records that the other side took without showing where, and those that it says it has; items that could not
        #: be read, and such of no version.
        self._astray: set[int] = set()
        self._met: set[int] = set()
        self._unread: set[str] = set()
        self._unversioned: set[str] = set()
        self._token = ""
        self._waiting: list[tuple[str, Link | None]] = []

    def run(self) -> Outcome:
        """Both, one after the other."""
        self.read()
        return self.write()

    def read(self) -> None:
        """Let the book follow what is there."""
        self.succeed()
        self.pull()

    def write(self) -> Outcome:
        """Write there what changed in the book."""
        if self.direction != "pull":
            again = self.push()
            if (again or self.created or self.fresh) and not self.ctx.rehearsing:
                self.pull(whole=bool(again))
            if again and not self.ctx.rehearsing:  # somebody was faster: what they wrote was read: once more
                for what in self.push():
                    self.unsettle(f"{what}: changes there while it is being written; the next run tries again")
        return Outcome(**self.counts, unsettled=list(self.unsettled), ids=self.ids)

    def unsettle(self, line: str) -> None:
        """Tell what could not be settled."""
        if line not in self.unsettled:
            self.unsettled[line] = None
            self.ctx.say(line)

    def succeed(self) -> None:
        """Give items to the records that stand for them from now on: what was not made here to those that followed, and
        what was that of a record which was undone since to the one that is known as that item is."""
        links = sync_links.links_of(self.ctx.reader, self.remote.url, self.kind.entity)
        linked = {link.record: link for link in links.values() if link.record and link.there}
        bases = {number: unpacked(link.base) for number, link in linked.items()}
        followers = self._followers(list(linked), linked)
        moved = {old: new for old, new in followers.items() if not self.kind.parse(bases[old].there).ours}
        heirs = self._heirs(bases)
        ends = {**moved, **heirs}
        here = self.kind.here({number: bases[old].shape for old, new in ends.items() for number in (old, new)})
        found: list[Link] = []
        for old, new in ends.items():
            if old in heirs and new not in here:
                continue
            base = bases[old]
            # One that was made later than the record that is no more is this once more, on whatever day it is.
            thing = self.kind.parse(base.there)
            unseen = () if old in heirs and old < new else self.kind.unseen(thing, old)
            said = {part: value for part in unseen if (value := here.get(new, {}).get(part))}
            if new in here:
                said |= {part: value for part, value in self.kind.unmoved(thing, new).items() if part in said}
            undone = {part: base.here[part] for part in said if part in base.here} if new < old else None
            state = USUAL if base.state == LEFT else base.state
            base = base._replace(here={**base.here, **said}, state=state, undone=undone)
            found.append(linked[old]._replace(record=new, base=base.packed()))
        if found:
            with self.ctx.writing(SOURCE) as tx:
                place = sync_links.place(tx, self.remote.url)
                for link in found:
                    sync_links.keep(tx.connection, place, self.kind.entity, link)

    def _heirs(self, bases: Mapping[int, Agreed]) -> dict[int, int]:
        """Record that is no more -> the one that is known as its item is, or who followed that one."""
        there = sync_links.existing(self.ctx.reader, self.kind.entity, bases)
        things = {number: self.kind.parse(base.there) for number, base in bases.items() if number not in there}
        known = self.kind.by_key(list(things.values())) if things else {}
        # One that has an item keeps it, and no record gets two.
        found = {new: number for number, thing in things.items() if (new := known.get(thing.key, 0)) not in {0, *bases}}
        last = self._followers(list(found), bases)
        return {number: last.get(new, new) for new, number in found.items()}

    def _followers(self, numbers: list[int], linked: Collection[int]) -> dict[int, int]:
        """Record -> the last one of those that came to stand in its place, one after the other; none that is `linked`
        to an item of its own."""
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
        every = sync_links.links_of(connection, self.remote.url, self.kind.entity)
        links = {href: link for href, link in every.items() if link.there}
        seen = self.remote.changes("" if whole else token)
        # What came and went since the token need not be told: of what was put there, all that is not listed is gone.
        less = links if seen.complete else dict.fromkeys((*seen.gone, *self.created))
        missed = [href for href in less if href in links and href not in seen.etags]
        # Some list late what is new: what is only not listed is asked for.
        late = self._fetched([href for href in missed if href not in seen.gone], links)
        gone = [href for href in missed if href not in self._unread and all(one.href != href for one in late)]
        self._check_left(links, gone)
        stale = [h for h, etag in seen.etags.items() if h not in links or links[h].etag != etag or not etag]
        # Those whose version is not known are to be read, whether or not they changed since; and where something stands
        # in the way, what was passed over may be it.
        passed = missed if not whole else [*missed, *stale]
        stale += [h for h, one in links.items() if not one.etag and h not in seen.etags and h not in missed]
        if whole:
            stale += [h for h, one in links.items() if not one.record and h not in passed]
        fetched = self._fetched(stale, links)
        fetched += [one for one in late if one.etag != links[one.href].etag or not one.etag]
        # What could not be read is asked for again by the next run, as all that changed since the last one.
        reached = known if self._unread else mark + seen.token if seen.token else ""
        with self.ctx.writing(SOURCE) as tx:
            place = sync_links.place(tx, self.remote.url)
            merge = Merge(self.ctx, self.kind, tx, place, self.remote.url, self.direction, self.fresh)
            merge.all(fetched, gone, links)
            sync_links.reached(tx.connection, place, reached, tx.stamp)

        self._token = seen.token
        self.created.clear()
        self.fresh.clear()
        if merge.dropped:
            self.ctx.say(f"{self.remote.url} does not keep what it is given: {', '.join(sorted(merge.dropped))}")
        for line in merge.unsettled:
            self.unsettle(line)
        for word, count in merge.counts.items():
            self.counts[word] += count
        self.ids += merge.ids

    def _fetched(self, hrefs: list[str], links: dict[str, Link]) -> list[Fetched]:
        """Items that are there; those that cannot be read stay as they were, and that is told."""
        found: list[Fetched] = []
        for one in self.remote.fetch(hrefs) if hrefs else ():
            if isinstance(one, Unread):
                self._unread.add(one.href)
                link = links.get(one.href)
                base = unpacked(link.base) if link and link.record else None
                called = self._called(link.record, base.here) if link and base else one.href
                self.unsettle(f"{called}: it cannot be read there: {one.why}")
                continue
            found.append(one)
            if not one.etag:
                self._unversioned.add(one.href)
        return found

    def _check_left(self, links: dict[str, Link], gone: list[str]) -> None:
        """Raises RefusedError where a collection has lost most of what it had."""
        if self.sure or self.direction == "push":
            return
        connection, entity = self.ctx.reader, self.kind.entity
        records = {links[href].record for href in gone if links[href].record}
        lost = sync_links.existing(connection, entity, records, removed=False)
        lost -= sync_links.linked_but(connection, entity, lost, self.remote.url)
        had = sum(bool(link.record) for link in links.values())
        left = had - len(records)
        if _is_most(len(lost), left):
            raise RefusedError(
                f"{self.remote.url} has {f'only {left:,}' if left else 'none'} of the {had:,} items that it had",
                "if they were removed there on purpose, --emptied removes them here as well",
            )

    # --- what became of it here ---

    def push(self) -> list[str]:
        """Write there what changed in the book; what is to be read there before it is written, by name."""
        self.succeed()  # what was done there has a follower by now
        links = sync_links.links_of(self.ctx.reader, self.remote.url, self.kind.entity).values()
        linked = {link.record: link for link in links if link.record and link.there}
        past = {link.record: link for link in links if not link.there and link.record not in linked}
        self.counts["put"] += len(self._astray.intersection(linked))
        bases = {number: unpacked(link.base) for number, link in {**past, **linked}.items()}
        chosen = self.kind.chosen(bases)
        shapes = {number: base.shape for number, base in bases.items() if base.state != OUT}
        here = self.kind.here({**shapes, **chosen})
        again: list[str] = []
        try:
            for number in self._removed(linked, bases, here):
                self._delete(number, linked[number], bases[number], again)
            # What follows a day that is done comes before that loses its series: a run that ends in between loses none.
            for number, shape in chosen.items():
                if number in here:
                    self._create(number, shape, here[number], again)
            for number, link in linked.items():
                if number in here:
                    self._step(number, link, bases[number], here[number], again)
            for number, link in past.items():
                if number in here:
                    self._create(number, bases[number].shape, here[number], again, link)
        finally:
            self._save()
        return again

    def _removed(self, linked: dict[int, Link], bases: dict[int, Agreed], here: dict[int, Parts]) -> list[int]:
        """The records that are to go there as well. One that came from there, and whose coming was undone, is nobody's
        here: that is told once."""
        missing = [number for number, link in linked.items() if number not in here and link.href not in self._unread]
        known = sync_links.existing(self.ctx.reader, self.kind.entity, missing)
        gone = [number for number in missing if number in known or self._was_made_here(number, bases[number])]
        left = sorted(number for number in missing if number not in gone and bases[number].state != LEFT)
        for number in left:
            self._keep(linked[number].href, _in_state(linked[number], LEFT))
        if left:
            names = ", ".join(self._called(number, bases[number].here) for number in left[:NAMED])
            more = f" and {len(left) - NAMED:,} more" if len(left) > NAMED else ""
            self.ctx.say(f"taken back here, and left alone there, where they came from: {names}{more}")
        if self.sure or not _is_most(len(gone), len(linked) - len(missing)):
            return gone
        moved = [number for number in gone if self.kind.stands_in(number)]
        if lost := len(gone) - len(moved):
            self.unsettle(
                f"{lost:,} of the {len(linked):,} items of {self.remote.url} were removed in the book; they stay"
                " there (if that was on purpose, --emptied removes them there as well)"
            )
        return moved

    def _was_made_here(self, number: int, base: Agreed) -> bool:
        """Whether the item of a record that is no more is of this book's making."""
        thing = self.kind.parse(base.there)
        return thing.ours and sync_links.came_as(self.ctx.reader, self.kind.entity, number) != thing.key

    def _step(self, number: int, link: Link, base: Agreed, mine: Parts, again: list[str]) -> None:
        """One record that is linked."""
        if link.href in self._unread:
            return
        if mine != base.here:
            self._update(number, link, base, mine, again)
        elif base.state == LEFT:  # it is in the book again
            self._keep(link.href, _in_state(link, USUAL))

    def _create(self, number: int, shape: str, mine: Parts, again: list[str], past: Link | None = None) -> None:
        """A new item; of a record that was there before (`past`) the one that it had, with what changed since."""
        called = self._called(number, mine)
        base = unpacked(past.base) if past else Agreed("", shape, {})
        before = self.kind.parse(base.there) if past else None
        text = self.kind.write(number, before, _changed(mine, base.here), base.here) or base.there
        try:
            if number in self._astray:
                raise NotTakenError("the server says that it took it, and does not have it", "the next run tries again")
            uid = before.key if before else self.kind.uid(number)
            href, etag = ("", "") if self.ctx.rehearsing else self.remote.create(uid, text)
        except OvertakenError as error:
            if number in self._met:  # and the listing in between has no such item
                self.unsettle(f"{called}: not put there: {error.message}")
            else:
                self._met.add(number)
                again.append(called)
            return
        except NotTakenError as error:
            self.unsettle(f"{called}: {error}")
            return
        if not href and not self.ctx.rehearsing:
            self._astray.add(number)
            again.append(called)  # a listing tells
            return
        self.counts["put"] += 1
        if not self.ctx.rehearsing:
            self.created.add(href)
        if past and past.href != href:
            self._keep(past.href, None)
        self._put(number, href, etag, base._replace(there=text, here=mine))

    def _update(self, number: int, link: Link, base: Agreed, mine: Parts, again: list[str]) -> None:
        called = self._called(number, mine)
        changed = _changed(mine, base.here)
        text = self.kind.write(number, self.kind.parse(base.there), changed, base.here)
        if not text:
            self._keep(link.href, link._replace(base=base._replace(here=mine).packed()))
            return
        try:
            if link.href in self._unversioned:
                raise NotTakenError(f"not changed there: {UNVERSIONED}")
            if not link.etag:
                raise OvertakenError("it is to be read first")
            href, etag = (link.href, "") if self.ctx.rehearsing else self.remote.update(link.href, link.etag, text)
        except OvertakenError:
            again.append(called)
            return
        except NotTakenError as error:
            self.unsettle(f"{called}: {error}")
            return
        self.counts["updated"] += 1
        if href != link.href:
            self._keep(link.href, None)
        self._put(number, href, etag, base._replace(there=text, here=mine))

    def _put(self, number: int, href: str, etag: str, base: Agreed) -> None:
        """Keep what was put there; without a version it is read again before anybody is taken to have changed it."""
        if not etag and not self.ctx.rehearsing:
            self.fresh.add(href)
        self._keep(href, Link(href, number, etag, base._replace(state=USUAL if etag else PUT).packed()))

    def _delete(self, number: int, link: Link, base: Agreed, again: list[str]) -> None:
        called = self._called(number, base.here)
        try:
            if link.href in self._unversioned:
                raise NotTakenError(f"not removed there: {UNVERSIONED}")
            if not link.etag:
                raise OvertakenError("it changed there")
            if not self.ctx.rehearsing:
                self.remote.delete(link.href, link.etag)
        except OvertakenError:
            if base.state == PUT or self.kind.stands_in(number):  # what changed there is taken first
                again.append(called)
                return
            self.unsettle(
                f"{called} was removed in the book and changed there; it stays there"
                f" ('crm {self.kind.entity} restore {number}' takes it up again)"
            )
            return
        except NotTakenError as error:
            self.unsettle(f"{called}: {error}")
            return
        self.counts["deleted"] += 1
        self._keep(link.href, _in_state(link._replace(etag=""), GONE))

    def _called(self, number: int, parts: Parts) -> str:
        return f"{self.kind.entity}:{number} {name_in(parts)}"

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


def _is_most(lost: int, left: int) -> bool:
    return lost > 1 and lost > MOST * left


def _changed(mine: Parts, then: Parts) -> set[str]:
    """The parts that the book changed since it said `then`."""
    return {part for part in {*mine, *then} if mine.get(part) != then.get(part)}


def _in_state(link: Link, state: str) -> Link:
    return link._replace(base=unpacked(link.base)._replace(state=state).packed())
