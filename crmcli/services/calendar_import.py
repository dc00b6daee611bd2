"""Calendar files on their way in: meetings and to-dos become tasks, each known again by its UID. What the book changed
since the last file stays (`calendar_kept`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import TASK, USER
from crmcli.errors import CrmError
from crmcli.results import Changed
from crmcli.services.calendar_items import OURS, opening
from crmcli.services.calendar_kept import Kept
from crmcli.services.calendar_series import Comings
from crmcli.services.calendar_taking import Taking
from crmcli.services.calendar_tasks import Incoming, is_ours, key_of
from crmcli.services.calendar_timeline import SOURCE
from crmcli.services.naming import resolve
from crmcli.services.recurring import uid_after

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item

#: So many reasons are told one by one.
TOLD = 20


class Outcome(NamedTuple):
    """What became of a file: how many items are new, changed, known as they are, and gone; why others were refused, and
    what else is to be told."""

    changed: Changed
    refused: list[str]


class _Group(NamedTuple):
    """The items of one UID: a series and those of its days that differ, or one item. A day may come without its
    series, which is None then."""

    main: Item | None
    days: list[Item]

    @property
    def items(self) -> list[Item]:
        return [*([self.main] if self.main else ()), *self.days]


def import_calendar(ctx: Context, data: bytes, *, called: str, owner: str = "", add_contacts: bool = False) -> Outcome:
    """Take a calendar file in, in one transaction. New tasks are `owner`'s (yours unless given); with `add_contacts`
    people who take part and whom nobody knows become contacts. Raises ReadError for what is no calendar."""
    from crmcli.exchange.ical_reader import read_calendar

    found = read_calendar(data, zone=ctx.zone_name, called=called, opening=opening(ctx))
    for note in found.notes:
        ctx.say(note)
    refused = [f"{refusal.number}: {refusal.what}: {refusal.reason}" for refusal in found.refusals]
    groups = _groups(found.items, refused)
    with ctx.writing(SOURCE) as tx:
        items = [item for group in groups for item in group.items]
        kept = Kept(ctx, tx, {key_of(item) for item in items}, {item.uid for item in items})
        number = resolve(ctx, USER, owner) if owner else tx.word("user", ctx.actor)
        taking = Taking(ctx, Incoming(ctx, tx, number, add_contacts=add_contacts), kept)
        taking.meet(items)
        for group in groups:
            _take(taking, group, refused)
        kept.write()
    for line in list(taking.told)[:TOLD]:
        ctx.say(line)
    if len(taking.told) > TOLD:
        ctx.say(f"and {len(taking.told) - TOLD:,} more like these")
    counts = [(taking.new, "new"), (taking.changed, "changed"), (taking.known, "known"), (taking.removed, "removed")]
    what = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no event or to-do in it"
    line = f"imported {called}: {what}" + (f"; {len(refused):,} refused" if refused else "")
    return Outcome(Changed((line,), tuple(tx.changes), ctx.batch, tuple(taking.ids), TASK.name), refused)


def _groups(items: Sequence[Item], refused: list[str]) -> list[_Group]:
    """The items by UID. What is an event and a to-do at once is not taken twice."""
    found: dict[str, _Group] = {}
    kinds: dict[str, str] = {}
    for item in items:
        if kinds.setdefault(item.uid, item.kind) != item.kind:
            refused.append(f"{item.summary or item.uid}: another item of the file has its UID")
            continue
        group = found.setdefault(item.uid, _Group(None, []))
        if item.recurrence_id is None:
            found[item.uid] = group._replace(main=item)
        else:
            group.days.append(item)
    return [found[uid] for uid in _in_turn(found)]


def _in_turn(uids: Collection[str]) -> list[str]:
    """UIDs in the order of the file, but for each task of a series of ours, which comes after the one that it follows:
    that one says what became of the series, and no program keeps an order."""
    after = {uid: f"{uid_after(uid.removesuffix(OURS))}{OURS}" for uid in uids if is_ours(uid)}
    before = {then: uid for uid, then in after.items() if then in after}
    found: dict[str, None] = {}
    for uid in uids:
        chain = [uid]
        while (uid := before.get(chain[-1], "")) and uid not in found:
            chain.append(uid)
        found |= dict.fromkeys(reversed(chain))
    return list(found)


def _take(taking: Taking, group: _Group, refused: list[str]) -> None:
    """Take the items of one UID. What cannot be said of a task is told, and what no task can be is refused: nothing of
    it is kept then."""
    item = group.items[0]
    unknown = [one for one in group.items if one.footer and key_of(one) not in taking.tasks]
    try:
        with taking.part():
            Comings(taking, group.main, group.days).take()
        for one in unknown:
            if key_of(one) in taking.tasks:
                lines = "; ".join(filter(None, one.footer.split("\n")))
                line = f"left out, what its own book has behind its text: {lines}"
                taking.told[f"{one.summary or one.uid}: {line}"] = None
    except CrmError as error:
        refused.append(f"{item.summary or item.uid}: {error.message}")
