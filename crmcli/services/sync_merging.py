"""What another program changed, into the book: compared part by part with what both had when they last agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.text import check_text
from crmcli.errors import CrmError
from crmcli.services import sync_links
from crmcli.services.sync_comparing import compared, shown
from crmcli.services.sync_links import Link
from crmcli.services.sync_shapes import GONE, OUT, PUT, USUAL, Agreed, InTurn, name_in, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.services.sync_shapes import Direction, Fetched, Kind, Parts, Thing
    from crmcli.store.write import Transaction

#: What the journal calls a synchronisation.
SOURCE = "sync"


class Merge:
    """One transaction that lets the book follow. `counts`, `ids` and `unsettled` are what came of it, `dropped` what
    the other side does not keep, as was not known before. `fresh` are items that were put there just now."""

    def __init__(
        self, ctx: Context, kind: Kind, tx: Transaction, place: int, url: str, direction: Direction,
        fresh: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.ctx, self.kind, self.tx, self.place = ctx, kind, tx, place
        self.follow = direction != "push"
        self.puts = direction != "pull"
        self.counts = {"new": 0, "changed": 0, "removed": 0}
        self.ids: list[int] = []
        self.unsettled: list[str] = []
        self.fresh = frozenset(fresh)
        self.dropped: set[str] = set()
        found = sync_links.links_of(tx.connection, url, kind.entity)
        self.links = {href: link for href, link in found.items() if link.there}
        self.numbers = {link.record: link for link in self.links.values() if link.record}
        #: what was there before, by record
        self.past = {link.record: link for link in found.values() if not link.there and link.record not in self.numbers}
        self._here: dict[int, Parts] = {}
        self._undone: set[int] = set()
        self._keys: set[str] = set()
        #: those that followed on others and were looked at, and those of them that took something
        self._met: set[int] = set()
        self._came: set[int] = set()
        #: href -> what its link is to be: its version and text, its record, the shape there, and what the book is to be
        #: taken to have said
        self._linked: dict[str, tuple[Fetched, int, str, Parts]] = {}
        #: href of ours -> what its record took of it, and went on by that
        self._taken: dict[str, Parts] = {}
        #: href -> what the other side does not keep of it
        self._lacks: dict[str, Sequence[str]] = {}

    def all(self, fetched: Sequence[Fetched], gone: Sequence[str], seen: Mapping[str, Link]) -> None:
        """Take in what changed there and what is no more. `seen` are the links as they were before that was asked for:
        where another machine was at it meanwhile, what we have read may be older than what the book has."""
        read: list[tuple[Fetched, Thing]] = []
        gone = [href for href in gone if self.links.get(href) == seen.get(href)]
        for one in fetched:
            link = self.links.get(one.href)
            if link != seen.get(one.href):
                continue
            try:
                read.append((one, self._parsed(one.text)))
            except CrmError as error:
                self.unsettled.append(f"{one.href}: {error.message}")
                if link is None or not link.record:
                    self._pass_over(one)
        things = [thing for _, thing in read]
        self.kind.begin(self.tx, things)
        known = self.kind.known(things)
        self._in_turn(read, known)
        left = [self.links[href] for href in gone if href in self.links]
        wanted = {link.record: unpacked(link.base).shape for link in left if link.record}
        linked = [link.record for one, _ in read if (link := self.links.get(one.href)) and link.record]
        self._undone = set(linked) - sync_links.existing(self.tx.connection, self.kind.entity, linked)
        for one, thing in read:
            number = self._number(one, known.get(thing.key, 0))
            if number:
                wanted[number] = thing.shape
        self._here = self.kind.here(wanted)
        # What is new may go on with what is known.
        for one, thing in sorted(read, key=lambda pair: not self._number(pair[0], known.get(pair[1].key, 0))):
            self._one(one, thing, known.get(thing.key, 0), gone)
        for link in left:
            self._gone(link)
        self._in_turn(read, known)
        self._keep()

    def _in_turn(self, read: Sequence[tuple[Fetched, Thing]], keys: Mapping[str, int]) -> None:
        """Let the records that followed on linked ones, and have no item yet or stand for that one, take what it says
        of them already. `read` is what was read just now, among it items of their own, known by `keys`."""
        if not self.follow or not isinstance(self.kind, InTurn):
            return
        self.tx.flush()
        linked = {link.record: link for link in self.links.values() if link.record}
        known = {*linked, *(number for _, number, _, _ in self._linked.values()), *self._met}
        heirs = {new: old for old, new in self.kind.succeeded(sorted(linked)).items() if new not in known}
        while later := self.kind.succeeded(sorted(heirs)):
            heirs |= {new: heirs[old] for old, new in later.items() if new not in known}
            heirs = {new: old for new, old in heirs.items() if new not in later}
        texts = {number: unpacked(link.base).there for number, link in linked.items() if number not in self._met}
        texts |= {self.links[one.href].record: one.text for one, _ in read if one.href in self.links}
        heirs |= {number: number for number in self.kind.in_turn(texts) if number not in self._met}
        newest = {one.href: thing for one, thing in read}
        own = {keys[thing.key]: thing for thing in newest.values() if thing.key in keys}
        for number, old in heirs.items():
            self._met.add(number)
            link, agreed = linked[old], unpacked(linked[old].base)
            before = len(self.tx.changes)
            try:
                with self.tx.part():
                    there = self.kind.parse(agreed.there)
                    said = [one for one in (own.get(number), newest.get(link.href), there) if one is not None]
                    theirs = self.kind.come_to(number, said)
            except CrmError as error:
                self.unsettled.append(f"{self._called(number)}: not taken from there: {error.message}")
                continue
            if len(self.tx.changes) == before and not theirs:
                continue
            mine = self.kind.here({number: agreed.shape}).get(number, {})
            if theirs and self.puts and number != old:
                self._tell([*theirs], number, mine, theirs)
            if len(self.tx.changes) == before:
                continue
            self.counts["changed"] += 1
            self.ids.append(number)
            if number == old:  # the item says so already
                self._came.add(number)
                here = {part: mine[part] for part in self.kind.unseen(there, number) if part in mine}
                self.links[link.href] = link._replace(base=agreed._replace(here={**agreed.here, **here}).packed())
                sync_links.keep(self.tx.connection, self.place, self.kind.entity, self.links[link.href])

    def _parsed(self, text: str) -> Thing:
        """An item. Raises CrmError for what is none, and for what no book can hold."""
        check_text(text)
        return self.kind.parse(text)

    def _link(self, one: Fetched) -> Link | None:
        """The link of an item, unless the coming of its record was undone: such an item is new when it changes."""
        link = self.links.get(one.href)
        return None if link is not None and link.record in self._undone else link

    def _is_left(self, one: Fetched) -> bool:
        """Whether an item is as it was when the coming of its record was undone; its version may be another one."""
        link = self.links.get(one.href)
        if link is None or not link.base or one.text != unpacked(link.base).there:
            return False
        sync_links.keep(self.tx.connection, self.place, self.kind.entity, link._replace(etag=one.etag))
        return True

    def _number(self, one: Fetched, known: int) -> int:
        link = self._link(one)
        return link.record if link is not None and link.record else known

    def _one(self, one: Fetched, thing: Thing, known: int, gone: Sequence[str]) -> None:
        link = self._link(one)
        number = self._number(one, known)
        if thing.key in self._keys:
            self.unsettled.append(f"{one.href}: {thing.name} is there twice")
            self._pass_over(one)
            return
        self._keys.add(thing.key)
        if number:
            self._known(one, thing, number, link, gone)
        elif not self._is_left(one):
            self._add(one, thing)

    def _known(self, one: Fetched, thing: Thing, number: int, link: Link | None, gone: Sequence[str]) -> None:
        """An item of a record, by its link or by what it is known by."""
        other = self.numbers.get(number)
        if other is not None and other.href != one.href:
            if other.href not in gone and other.href in self.links:
                self.unsettled.append(f"{one.href}: {thing.name} is there twice, also as {other.href}")
                self._pass_over(one)
                return
            del self.links[other.href]  # it was moved
            sync_links.drop(self.tx.connection, self.place, [other.href])
            link = other
        mine = self._here.get(number)
        if mine is None and link is None and self.follow:
            mine = self._back(one, thing, number)
        if mine is None:
            self._missing(one, thing, number, link)
            return
        base = link if link is not None and link.record else self.past.get(number)
        agreed = unpacked(base.base) if base is not None else None
        if thing.cancelled and self.follow:
            self._cancelled(one, thing, number, mine, agreed)
        else:
            self._both(one, thing, number, mine, agreed)

    def _both(self, one: Fetched, thing: Thing, number: int, mine: Parts, agreed: Agreed | None) -> None:
        """An item and its record, part by part: what one side alone changed the other takes."""
        try:
            was = self.kind.parse(agreed.there) if agreed else None
            before = self.kind.said(was, number) if was else {}
            theirs = self.kind.said(thing, number)
        except CrmError as error:
            self.unsettled.append(f"{self._called(number)}: {error.message}")
            return
        if agreed is not None and was is not None:
            self._lacks[one.href] = agreed.lacks
            if agreed.state == PUT:
                theirs, was = self._stored(one, was, thing, number, before, theirs), thing
            said = agreed.undone or {}
            late = {part: value for part, value in said.items() if theirs.get(part) == value != before.get(part)}
            agreed = agreed._replace(here={**agreed.here, **late})
        take, conflicts, held = self._compared((agreed.here, before) if agreed else None, mine, theirs)
        if not self.kind.together.isdisjoint(conflicts):
            held |= {part: take.pop(part) for part in self.kind.together & take.keys()}
        self._tell(conflicts, number, {**mine, **take}, theirs)
        unseen = self.kind.unseen(thing, number)
        # What is there because the book was at it before that was undone, nobody took away there.
        since = thing if agreed is not None and agreed.undone else was
        goes_on = take.get("done", {}).get("done") or "skips" in take
        if self._follow(number, take, thing, since) and thing.ours and goes_on:
            self._taken[one.href] = take
        # What the book changes of its own accord because it follows, goes there in turn.
        aside = {*take, *unseen}
        rest = {part: mine[part] for part in {**before, **theirs} if part in mine and part not in aside}
        if number in self._came and agreed is not None:  # that the book has gone on is to be seen there all the same
            rest |= {part: value for part, value in agreed.here.items() if part not in aside}
        self._linked[one.href] = (one, number, thing.shape, {**rest, **held})

    def _compared(self, then: tuple[Parts, Parts] | None, mine: Parts, theirs: Parts) -> tuple[Parts, list[str], Parts]:
        return compared(then, mine, theirs, follow=self.follow, silent=self.kind.silent)

    def _stored(self, one: Fetched, put: Thing, thing: Thing, number: int, sent: Parts, theirs: Parts) -> Parts:
        """What somebody said there in an item that was put there and is read for the first time. What the other side
        did not keep nobody took away; and right after it was put, nobody was there yet."""
        lacks = self.kind.dropped(put, thing, number)
        if lacks:
            known = {lack for link in self.numbers.values() for lack in unpacked(link.base).lacks}
            self.dropped.update(set(lacks) - known)
            self._lacks[one.href] = sorted({*self._lacks[one.href], *lacks})
        if one.href in self.fresh:
            return sent
        return {**theirs, **{part: value for part, value in sent.items() if part in lacks}}

    def _tell(self, conflicts: Sequence[str], number: int, mine: Parts, theirs: Parts) -> None:
        """What both changed; of which record, as the book calls it."""
        for part in conflicts:
            where = "and goes there" if self.puts else "which takes nothing there"
            self.unsettled.append(
                f"{self._called(number)} {name_in(mine)}: its {part} was changed on both sides; the book's stays,"
                f" {where}; there it was {shown(theirs.get(part, {}))}"
            )

    def _follow(self, number: int, take: Parts, thing: Thing, was: Thing | None) -> bool:
        """Let a record follow, and say whether it did."""
        self.tx.flush()
        before = len(self.tx.changes)
        try:
            with self.tx.part():
                self.kind.take(number, take, thing, was)
        except CrmError as error:
            self.unsettled.append(f"{self._called(number)} {thing.name}: not taken from there: {error.message}")
            return False
        if len(self.tx.changes) > before:
            self.counts["changed"] += 1
            self.ids.append(number)
        return True

    def _add(self, one: Fetched, thing: Thing) -> None:
        """What is new there."""
        if not self.follow:
            return
        if thing.cancelled:
            self._pass_over(one)
            return
        try:
            with self.tx.part():
                number = self.kind.add(thing)
        except CrmError as error:
            self.unsettled.append(f"{one.href}: {thing.name}: {error.message}")
            self._pass_over(one)
            return
        self.counts["new"] += 1
        self.ids.append(number)
        self._linked[one.href] = (one, number, thing.shape, {})

    def _back(self, one: Fetched, thing: Thing, number: int) -> Parts | None:
        """What the book says of a record that went because its item left another collection, and is back in this one,
        or whose item went because it was removed here, and was put there again; None where somebody removed it here,
        and it never went there."""
        sql = (
            "SELECT b.source FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
            """ WHERE j.entity = ? AND j.record_id = ? AND j.after LIKE '%"removed_at":%' ORDER BY j.id DESC LIMIT 1"""
        )
        is_again = False
        if was := self.past.get(number):
            base = unpacked(was.base)  # what has another name and says the same is an old copy
            is_again = base.state == GONE and (was.href == one.href or base.there != one.text)
        if number in sync_links.existing(self.tx.connection, self.kind.entity, [number], removed=False):
            return None
        if not is_again and self.tx.connection.value(sql, (self.kind.entity, number)) != SOURCE:
            return None
        self.kind.restore(number)
        self.tx.flush()
        sync_links.stay_out(self.tx.connection, self.place, self.kind.entity, number)
        self.ids.append(number)
        self.counts["changed"] += 1
        how = "put there again" if is_again else "moved there"
        self.ctx.say(f"{self._called(number)} {thing.name} was {how}, and is back")
        return self.kind.here({number: thing.shape}).get(number)

    def _missing(self, one: Fetched, thing: Thing, number: int, link: Link | None) -> None:
        """What changed there of a record that does not belong there any more. Who stands in for it takes that, and the
        item goes; what was removed here and changed meanwhile is not removed there, which is told then."""
        if link is None or not link.record:
            if self.follow:
                self.ctx.say(f"{thing.name} is there; the book removed it ({self._called(number)}), and leaves it out")
                self._pass_over(one)
        else:
            agreed = unpacked(link.base)
            known = agreed.state == PUT or one.text == agreed.there or self._carried(agreed, thing, number)
            if known:
                agreed = agreed._replace(there=one.text, state=USUAL)
            link = link._replace(href=one.href, etag=one.etag if known else "", base=agreed.packed())
            sync_links.keep(self.tx.connection, self.place, self.kind.entity, link)

    def _carried(self, agreed: Agreed, thing: Thing, number: int) -> bool:
        """Whether somebody stands in for a record, and has taken what changed in its item."""
        found = self.kind.stands_in(number)
        mine = self.kind.here(dict([found])).get(found[0]) if found else None
        if found is None or mine is None:
            return False
        before = self.kind.said(self.kind.parse(agreed.there), found[0])
        theirs = self.kind.said(thing, found[0])
        take, conflicts, _ = self._compared((agreed.here, before), mine, theirs)
        self._tell(conflicts, found[0], {**mine, **take}, theirs)
        self._follow(found[0], take, thing, thing)
        return True

    def _cancelled(self, one: Fetched, thing: Thing, number: int, mine: Parts, agreed: Agreed | None) -> None:
        if agreed is not None and agreed.here == mine:
            self._remove(number, thing.name, "was called off there")
            self._pass_over(one)
            return
        self.unsettled.append(
            f"{self._called(number)} {thing.name} was called off there and changed in the book; it stays"
        )
        self._linked[one.href] = (one, number, thing.shape, {part: {} for part in mine} if self.puts else {})

    def _gone(self, link: Link) -> None:
        """What is no more there."""
        if link.href not in self.links:
            return  # it was moved
        if not link.record:
            sync_links.drop(self.tx.connection, self.place, [link.href])
            return
        mine, base, state = self._here.get(link.record), unpacked(link.base), GONE
        if base.state == PUT:
            self.unsettled.append(f"{self._called(link.record)} {name_in(base.here)} was put there, and is not there")
        elif mine is not None and self.follow:
            if mine != base.here:
                where = ", and is put there again" if self.puts else ""
                self.unsettled.append(
                    f"{self._called(link.record)} was removed there and changed in the book; it stays{where}"
                )
            elif sync_links.linked(self.tx.connection, self.kind.entity, [link.record], but=self.place):
                self.ctx.say(f"{self._called(link.record)} is no more there; it stays, for it is in another place too")
                state = OUT
            else:
                self._remove(link.record, "", "was removed there")
        link = link._replace(etag="", base=base._replace(state=state).packed())
        sync_links.keep(self.tx.connection, self.place, self.kind.entity, link)

    def _remove(self, number: int, name: str, why: str) -> None:
        try:
            with self.tx.part():
                self.kind.remove(number)
        except CrmError as error:
            self.unsettled.append(f"{self._called(number)} {why}, and not here: {error.message}")
            return
        self.counts["removed"] += 1
        self.ids.append(number)
        self.ctx.say(f"{self._called(number)} {name + ' ' if name else ''}{why}, and here")

    def _pass_over(self, one: Fetched) -> None:
        """Look at an item again when it has changed."""
        link = Link(one.href, 0, one.etag, "")
        sync_links.keep(self.tx.connection, self.place, self.kind.entity, link)

    def _keep(self) -> None:
        """Keep what both have by now."""
        self.tx.flush()
        now = self.kind.here({number: shape for _, number, shape, _ in self._linked.values()})
        for href, (one, number, shape, held) in self._linked.items():
            mine = now.get(number, {})
            # What was taken and is not so went because of what else was: the series of a task that is done goes on, and
            # so does one whose day is left out.
            went_on = {
                part: value for part, value in self._taken.get(href, {}).items()
                if part in mine and mine[part] != value
                and (part in self.kind.together or (any(value.values()) and not any(mine[part].values())))
            }  # fmt: skip
            base = Agreed(one.text, shape, {**mine, **went_on, **held}, lacks=self._lacks.get(href, ()))
            if number in self.past:
                sync_links.drop(self.tx.connection, self.place, [self.past[number].href])
            link = Link(href, number, one.etag, base.packed())
            sync_links.keep(self.tx.connection, self.place, self.kind.entity, link)

    def _called(self, number: int) -> str:
        return f"{self.kind.entity}:{number}"
