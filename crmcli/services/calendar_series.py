"""What a calendar file says of one UID on its way in: an item, or a series with those of its days that differ.

A series leaves out the days that differ, and each of these is a task of its own; but for the one that the task of the
series stands for, where it was no more than put off. A new version of a series speaks for all of its days: one that it
says nothing of any more takes place as the others do (RFC 5546, 3.2.2).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.calendars import ONE_DAY
from crmcli.domain.dates import local
from crmcli.domain.entities import TASK
from crmcli.domain.types import show_instant
from crmcli.errors import FieldError
from crmcli.services import recurring, tasks
from crmcli.services.calendar_changes import Said, alike, day_named, differing, due_later, older, taken
from crmcli.services.calendar_items import OURS
from crmcli.services.calendar_tasks import begun, key_of, series_key, uuid_of
from crmcli.services.calendar_timeline import SOURCE, ended, put_there, took_place
from crmcli.services.recurring import series, skips_of, skips_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from crmcli.domain.recurrence.series import Series
    from crmcli.exchange.ical import Item
    from crmcli.services.calendar_taking import Taking

#: day of a series -> the item that stands for it
Days = dict[date, "Item"]


class Comings:
    """The items of one UID: `main` is the series, or the one item, None where the file has only `days` of it."""

    def __init__(self, taking: Taking, main: Item | None, days: list[Item]) -> None:
        self.taking, self.kept, self.tx, self.ctx = taking, taking.kept, taking.tx, taking.ctx
        self.uid = (main or days[0]).uid
        self.number = taking.tasks.get(series_key(self.uid))
        self.main = main and taking.of(main, self.number)
        self.days = [taking.of(day, taking.tasks.get(key_of(day), self.number)) for day in days]

    def take(self) -> None:
        """Take them in. Raises CrmError for what no task can be."""
        for key, was in self.kept.named_otherwise(self.uid):
            self._rename(key, was, was)
        news = [day for day in self.days if not self.kept.is_same(day)]
        end = next((day for day in self.days if day.onwards and day.status == "CANCELLED"), None)
        if end is not None and (main := self._ending(end)) is not None:
            since = None if self.main else self._day(end, main)
            self.main = main
            self._series(main, since=since)
        elif self.main is not None:
            self._series(self.main)
        else:
            self._days_alone()
        for item in (*([self.main] if self.main else ()), *self.days):
            if number := self.taking.tasks.get(key_of(item), self.number):
                self.taking.hold(item, number)
        for day in news:
            if self.kept.is_same(day):  # it was taken in
                self.taking.tell_lacks(day)

    # --- a series, or one item ---

    def _series(self, main: Item, *, since: date | None = None) -> None:
        """A version of an item: what it does not say of its days is no more, unless it speaks of those `since` a day
        alone."""
        taking, number = self.taking, self.number
        is_same = self.kept.is_same(main)
        then = main if is_same else self.kept.last(main)
        if number is not None and then is not None and older(main, then):
            taking.update(main, number)  # refused, and told: what it says of single days is as old
            taking.known += len(self.days)
            return
        if number is not None and taking.was_removed(main, number):
            # Nothing is kept of it, so that all of it is news when the series is taken up again.
            taking.update(main, number)
            own = {on: day for on, day in self._dated(self.days, main).items() if self._has_own(day)}
            taking.known += len(self.days) - len(own)
            self._others(own, None)
            return
        self._conclude_again(main, then)
        before, now = self._dated(self.kept.days(self.uid), then or main), self._dated(self.days, main)
        is_new = since is not None or (then is not None and not is_same)
        if is_new:
            self._move_along(before, now)
        rest = {on: day for on, day in before.items() if on not in now}
        now = self._newer(now)
        if is_new or main.status == "CANCELLED":
            dropped = [on for on, day in rest.items() if (since is None or on >= since) and not older(main, day)]
            rest = {on: day for on, day in rest.items() if on not in dropped or not self._drop(day, on, main)}
        if number is None:
            self._add_series(main, rest, now)
            return
        present, here = self._stood_for(before), self._here(now, main)
        now = {on: day for on, day in now.items() if on not in here}
        taking.update(main, number, before.keys() - {present, *here}, {*rest, *now} - ({present} & rest.keys()))
        if here and self._given() not in here:  # the series has gone on without it
            self._leave_out({*here})
            now |= here
            here = {}
        self._put_off(here)
        self._gone_by(now, main, then if is_new else None)
        self._others(now, present)

    def _add_series(self, main: Item, rest: Days, now: Days) -> None:
        """A series, or one item, that is new in the book."""
        taking = self.taking
        theirs = taking.said(main, {*rest, *now})
        if main.status == "CANCELLED":
            taking.told[f"{main.summary or main.uid}: cancelled, and not in the book"] = None
        elif not now or self._has_days(theirs):
            more = self._put_off_at_once(main, theirs, rest, now)
            uuid = uuid_of(key_of(main))
            before = taking.before(uuid) if uuid else None
            if uuid:
                more |= {"uid": uuid, "follows_id": before}  # one of another book of ours is the same task in both
            self.number = taking.add(main, theirs, more)
            if before is not None:
                self.tx.flush()  # so that it is known to be followed
                self._conclude(main, before)
            if given := self.tx.row(TASK.name, self.number).get("series_on"):
                self.kept.keep(now.pop(date.fromisoformat(given)), self.number)
        self._others(now, None)

    def _conclude(self, main: Item, before: int) -> None:
        """A task of a series was done in another book of ours when that made the one that follows it."""
        made = show_instant(main.created_at) if main.created_at is not None else self.tx.stamp
        tasks.done(self.ctx, [before], source=SOURCE, at=min(made, self.tx.stamp))

    def _conclude_again(self, main: Item, then: Item | None) -> None:
        """A task that was concluded to be done, and taken up again, was done again where the next one was made anew."""
        row = self.tx.row(TASK.name, self.number) if self.number else {}
        if then is None or not row.get("follows_id") or f"{row['uid']}{OURS}" != main.uid:
            return
        before = self.tx.row(TASK.name, row["follows_id"])
        is_anew = then.created_at is not None and main.created_at is not None and then.created_at < main.created_at
        if is_anew and not (before.get("done_at") or before.get("removed_at") or self.taking.has_item(before["id"])):
            self._conclude(main, before["id"])

    def _has_days(self, theirs: Said) -> bool:
        """Whether a series has days for which no other items stand."""
        try:
            return not theirs.columns.get("repeat") or bool(begun(self.ctx, theirs.columns))
        except FieldError:
            return False

    def _put_off_at_once(self, main: Item, theirs: Said, rest: Days, now: Days) -> dict[str, Any]:
        """Where the day that a new series has come to is one that was put off, its task stands for that day."""
        columns = theirs.columns
        moved = {on: day for on, day in now.items() if not self._has_own(day) and self._is_put_off(day, main)}
        if not columns.get("repeat") or not moved:
            return {}
        skips = [day for day in skips_of(columns) if day not in moved]
        row = begun(self.ctx, {**columns, "series_skips": skips_text(skips)})
        its = series(row, self.ctx.env.now) if row.get("repeat") else None
        if its is None or its.given not in moved:
            return {}
        return {
            **row,
            **self.taking.said(moved[its.given]).parts["when"],
            "series_on": its.given.isoformat(),
            "series_skips": skips_text(day for day in {*skips, *rest, *now} if day > its.given),
        }

    def _ending(self, end: Item) -> Item | None:
        """The series, which ends before a day from which on it is called off; its days before are what they were."""
        main = self.main or self.kept.last(end._replace(recurrence_id=None))
        main = main or (self.taking.own_item(self.number, end) if self.number else None)
        rule = (main.rrule or main.repeat) if main is not None else None
        if main is None or not rule or end.recurrence_id is None:
            return None
        last = self._day(end, main) - ONE_DAY
        parts = [part for part in rule.split(";") if not part.startswith(("UNTIL=", "COUNT="))]
        self.days = [day for day in self.days if day is not end and self._day(day, main) <= last]
        if self.main is None:
            main = main._replace(uid=self.uid, sequence=end.sequence, updated_at=end.updated_at)
        if main.rrule:
            return main._replace(rrule=";".join([*parts, f"UNTIL={last - due_later(self.ctx, main):%Y%m%d}"]))
        left = [one for one in main.rdates if day_named(self.ctx, one, main) <= last]
        return main._replace(repeat=";".join([*parts, f"UNTIL={last:%Y%m%d}"]), rdates=left)

    def _drop(self, day: Item, on: date, main: Item) -> bool:
        """A day that differed takes place as the others do, as far as the book did not change its task; a file of our
        own has its task beside the series."""
        taking, number = self.taking, self.taking.tasks.get(key_of(day))
        if number is not None and taking.has_item(number):
            return False
        if number is not None:
            row = self.tx.row(TASK.name, number)
            if not row.get("done_at") and not row.get("removed_at"):
                if differing(taking.ours(number, day), taking.said(day)):
                    line = "a day of its series that the file has no more; it stays, for it was changed in the book"
                    taking.told[f"task:{number} {row['name']}: {line}"] = None
                    return False
                taking.remove(number)
        elif main.is_series and on == self._given() and "CANCELLED" not in (day.status, main.status):
            self._put_back(day)
        self.kept.forget(day)
        return True

    def _put_back(self, day: Item) -> None:
        """The day that the task of the series stands for is not put off any more; unless the book put it off, too."""
        assert self.number is not None
        row, was = self.tx.row(TASK.name, self.number), self.taking.said(day).parts["when"]
        if any(row.get(column) != value for column, value in was.items()):
            return
        columns = recurring.on_day(self.ctx, row, series(row, self.ctx.env.now).given)
        self.taking.count(self.number, changed=self.tx.change(TASK.name, self.number, columns))

    # --- days that differ ---

    def _days_alone(self) -> None:
        """Days that differ, whose series the file does not have: a series of the book leaves them out from now on."""
        taking, number = self.taking, self.number
        row = self.tx.row(TASK.name, number) if number else {}
        main = self.kept.last(self.days[0]._replace(recurrence_id=None))
        if not number or not row.get("repeat") or row.get("removed_at") or row.get("done_at"):
            now = self._newer(self._dated(self.days, main))
            self._gone_by(now, main)
            self._others(now, None)
            return
        its = series(row, self.ctx.env.now)
        later = due_later(self.ctx, main) if main is not None else timedelta()
        now = self._newer({_day_in(its, day) + later: day for day in self.days})
        before = {_day_in(its, day) + later: day for day in self.kept.days(self.uid)}
        present = self._stood_for(before)
        here = self._here(now, taking.own_item(number, self.days[0]))
        now = {on: day for on, day in now.items() if on not in here}
        if out := {on for on in now if on >= its.given and on not in its.skips}:
            taking.count(number, changed=self._leave_out(out))
        self._put_off(here)
        self._gone_by(now, main)
        self._others(now, present)

    def _others(self, days: Days, present: date | None) -> None:
        """Days that differ from their series, each a task of its own; one that was called off is none, or no more. The
        task of the series stood for the `present` day until now."""
        taking = self.taking
        for on, day in days.items():
            number, then = taking.tasks.get(key_of(day)), self.kept.last(day)
            if number is not None:
                taking.update(day, number)
            elif then is not None and not self._is_on_again(day, then) and (on != present or self._given() == present):
                taking.known += 1  # the task of its series stood for it, or it is called off still
            elif day.status != "CANCELLED":
                taking.add(day, taking.said(day), {})
            elif self.number is not None:
                self.kept.keep(day, self.number)

    def _is_on_again(self, day: Item, then: Item) -> bool:
        """Whether a day that was called off takes place after all."""
        return then.status == "CANCELLED" != day.status

    def _newer(self, days: Days) -> Days:
        """Days that differ, without those of which something newer was said before: they are known."""
        found = {on: day for on, day in days.items() if not self.taking.is_older(day)}
        self.taking.known += len(days) - len(found)
        return found

    def _move_along(self, before: Days, now: Days) -> None:
        """Where the clock of a series moved, the moment that names each of its days moved with it."""
        for on in before.keys() & now.keys():
            was, day = before[on], now[on]
            if key_of(was) != key_of(day):
                self._rename(key_of(was), was, day)

    def _rename(self, key: str, was: Item, now: Item) -> None:
        """A day that was known by a key is another one's, with its task."""
        if (number := self.taking.tasks.pop(key, None)) is not None:
            self.tx.change(TASK.name, number, {"external_id": key_of(now)})
            self.taking.tasks[key_of(now)] = number
        self.kept.rename(key, was, now)

    def _leave_out(self, days: set[date]) -> bool:
        """The series of the book leaves out these days, too."""
        row = self.tx.row(TASK.name, self.number) if self.number else {}
        if not self.number or not row.get("repeat") or row.get("done_at") or row.get("removed_at"):
            return False
        out = frozenset(day.isoformat() for day in days)
        columns = self.taking.coming.left_out(row, {"out": out, "again": frozenset()})
        return self.tx.change(TASK.name, self.number, columns)

    def _here(self, now: Days, main: Item | None) -> Days:
        """Of the days that differ the one that the task of the series stands for, where it was no more than put off;
        none where it is called off, or is something else."""
        on = self._given() or self._taken_up(main)
        day = now.get(on) if on is not None else None
        if on is None or day is None or main is None or self._has_own(day) or not self._is_put_off(day, main):
            return {}
        return {on: day}

    def _is_put_off(self, day: Item, main: Item) -> bool:
        """Whether a day of a series differs from it in no more than when it is."""
        return day.status != "CANCELLED" and alike(self.taking.said(day), self.taking.said(main))

    def _put_off(self, here: Days) -> None:
        """The day of its series that a task stands for was put off there; unless the book put it off, too."""
        taking, number = self.taking, self.number
        item = next(iter(here.values()), None)
        if item is None or number is None:
            return
        if self.kept.is_same(item):
            taking.count(number, changed=False)
            return
        then, row = self.kept.last(item), self.tx.row(TASK.name, number)
        its = series(row, self.ctx.env.now)
        usual = its.when(its.given)
        was = taking.said(then).parts["when"] if then is not None else {
            "due_on": its.given.isoformat(), "due_at": show_instant(usual) if isinstance(usual, datetime) else None,
        }  # fmt: skip
        mine = {column: row.get(column) for column in ("due_on", "due_at")}
        there = taking.said(item).parts["when"]
        parts, conflicts = taken(Said({"when": was}), Said({"when": mine}), Said({"when": there}))
        if conflicts:
            taking.told[f"task:{number}: its when was changed in the book and in the file; the book's stays"] = None
        changes = {**recurring.put_off(self.ctx, row), **parts["when"]} if parts else {}
        self.kept.keep(item, number)
        taking.count(number, changed=self.tx.change(TASK.name, number, changes) if changes else False)

    def _gone_by(self, days: Days, main: Item | None, then: Item | None = None) -> None:
        """Days before the one that a series has come to, which nobody has as tasks of their own, are its past: a task
        that is done stood for them, or they are over, and on the timelines. One that is elsewhere by now, or is called
        off, comes off these; so does one that the series leaves out, and did not where it was `then`."""
        row = self.tx.row(TASK.name, self.number) if self.number else {}
        columns = row if row.get("repeat") or main is None else self.taking.said(main).columns
        out = self._left_out_by(main) - self._left_out_by(then) if main is not None and then is not None else set()
        if not row or not columns.get("repeat") or not (days or out):
            return
        its, before = series(columns, self.ctx.env.now), self._before(row)
        on_timeline = self._on_timeline([row["id"], *before], its)

        def there(on: date) -> list[int]:
            over = took_place(self.ctx, its.when(on), columns.get("minutes"), its.zone)
            return on_timeline.get(local(over, its.zone).date(), []) if over else []

        came_to = its.given if row.get("repeat") else date.max  # all of one that has ended is its past
        for on, day in [(on, day) for on, day in days.items() if on < came_to and not self._has_own(day)]:
            was_called_off = bool(there(on)) and day.status == "CANCELLED"
            was_held = bool(row.get("follows_id") or there(on)) and not was_called_off
            if on in before.values() or (was_held and self._lies_behind(day)):
                self.taking.known += 1
                del days[on]
            elif not self.kept.is_same(day):
                self.taking.take_off(row, there(on))
        for on in out - {*days, *before.values()}:
            self.taking.take_off(row, there(on) if on < came_to else ())

    def _on_timeline(self, numbers: Collection[int], its: Series) -> dict[date, list[int]]:
        """What files put on the timelines of tasks, by the days on which that was in the zone of their series."""
        found: dict[date, list[int]] = {}
        for number, at in put_there(self.tx, numbers).items():
            found.setdefault(local(at, its.zone).date(), []).append(number)
        return found

    def _before(self, row: Mapping[str, Any]) -> dict[int, date | None]:
        """The tasks of a series before this one, and the days for which they stood."""
        found: dict[int, date | None] = {}
        while row.get("follows_id"):
            row = self.tx.row(TASK.name, row["follows_id"])
            found[row["id"]] = series(row, self.ctx.env.now).given if row.get("repeat") else None
        return found

    def _left_out_by(self, main: Item) -> set[date]:
        """The days that a series leaves out by itself."""
        return {day_named(self.ctx, one, main) for one in main.exdates}

    def _lies_behind(self, day: Item) -> bool:
        """Whether a day that differs is over."""
        if day.kind == "event":
            return ended(self.ctx, day) is not None
        due = self.taking.said(day).parts["when"]["due_on"]
        return due is None or date.fromisoformat(due) < self.ctx.env.now.date()

    # --- days ---

    def _has_own(self, day: Item) -> bool:
        """Whether a day has a task of its own."""
        return key_of(day) in self.taking.tasks

    def _given(self) -> date | None:
        """The day that the task of the series stands for; None where there is none that is open."""
        row = self.tx.row(TASK.name, self.number) if self.number else {}
        if not row.get("repeat") or row.get("done_at") or row.get("removed_at"):
            return None
        return series(row, self.ctx.env.now).given

    def _taken_up(self, main: Item | None) -> date | None:
        """The day for which the task of the series will stand, where that is done and is taken up again."""
        if main is None or self.number is None or not self.taking.is_taken_up(main, self.number):
            return None
        row = self.tx.row(TASK.name, self.number)
        if row.get("repeat"):
            return series(row, self.ctx.env.now).given
        # One that came in as done has no series any more: the item brings it back.
        begins = main.start or main.due
        return day_named(self.ctx, begins, main) if begins is not None and main.is_series else None

    def _stood_for(self, before: Days) -> date | None:
        """The day that the task of the series stands for, where that was put off, here or there."""
        row = self.tx.row(TASK.name, self.number) if self.number else {}
        given = self._given()
        day = before.get(given) if given is not None else None
        there = day is not None and day.status != "CANCELLED" and not self._has_own(day)
        return given if row.get("series_on") or there else None

    def _dated(self, days: Collection[Item], main: Item | None) -> Days:
        """Days that differ, by the day of their series."""
        return {self._day(day, main or day): day for day in days}

    def _day(self, day: Item, main: Item) -> date:
        """The day of its series for which an item stands."""
        assert day.recurrence_id is not None
        return day_named(self.ctx, day.recurrence_id, main)


def _day_in(its: Series, day: Item) -> date:
    """The day of a series for which an item stands, in the zone of the series; one without a zone has that day in all
    of them."""
    moment = day.recurrence_id
    assert moment is not None
    if not isinstance(moment, datetime):
        return moment
    return moment.date() if day.floating else local(moment, its.zone).date()
