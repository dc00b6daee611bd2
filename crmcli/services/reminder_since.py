"""Since when a user has reminders by a channel, and since when one that the setting `remind` makes usual."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crmcli.config import config_file
from crmcli.domain import reminders as rules
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.context import Context
    from crmcli.services.reminder_due import Whose

#: A value that runs had not for longer was taken back. What others ran in between, with other settings in their
#: environment, has taken nothing back.
AWAY = timedelta(hours=1)
#: What the names of values begin with in the book; value, place and channel follow. No channel has a blank in its name.
_USED, _UNUSED = "usual ", "unused "
_MACHINE = "/etc/machine-id"


def place() -> str:
    """Where settings are made: the settings file of a machine, as a digest. Machines that have no number that lasts,
    as containers have none, are one."""
    from hashlib import sha256  # the page of the day asks this module, and has no need of it

    number = ""
    with contextlib.suppress(OSError, ValueError), open(_MACHINE, encoding="ascii") as file:
        number = file.read().strip()
    return sha256(f"{number}\0{config_file()}".encode()).hexdigest()[:12]


def usual_ones(ctx: Context) -> tuple[int, ...]:
    """The minutes before a task that the setting `remind` has made usual for anybody, then or now."""
    names = [name.rpartition("/")[2] for name in store.since(ctx.reader)]
    used = {_value(name) for name in names if name.startswith(_USED)} - {rules.NONE}
    return tuple(sorted({*map(int, used), *rules.read_usual(str(ctx.settings["remind"]))}))


def _value(name: str) -> str:
    return name.split()[1]


class Since:
    """Since when the channels of a user, by their names, count, and by each of them the minutes that are `usual` here.

    A channel counts from a day before it is used for the first time, so that who tries it has what is due. A value of
    the setting counts from the run that has it first; the first value, or that of a new channel, as the channel does,
    and one that runs elsewhere have, since it counts there. Where runs have it no more that is noted: it was taken
    back, and where it returns after a while, it counts from then on. `none` is a value like the others.

    What begins with this run is in `begins`, by its name in the book; the rows (name, moment) that are `over` are to go
    before.
    """

    def __init__(self, ctx: Context, whose: Whose, channels: Iterable[str], usual: Iterable[int]) -> None:
        self.begins: list[tuple[str, datetime]] = []
        self.over: list[tuple[str, datetime]] = []
        self._whose, self._now, self._place = whose, ctx.now, place()
        self._rows = store.since(ctx.reader)
        self._noted = self._read()
        self._channels: dict[str, datetime] = {}
        self._values: dict[tuple[str, str], datetime] = {}
        self._new: set[str | tuple[str, str]] = set()
        values = [str(minutes) for minutes in usual] or [rules.NONE]
        known = {_value(name) for name in self._noted if name.startswith(_USED)}
        for channel in channels:
            self._count(channel, values, first=not known)
            for value in sorted(known.difference(values)):
                self._lack(channel, value)

    def start(self, channel: str, minutes: int | None) -> datetime:
        """Since when reminders go by a channel: those of so many minutes that are usual, or those of tasks' own."""
        begun = self._channels[channel]
        return begun if minutes is None else max(begun, self._values[channel, str(minutes)])

    def is_new(self, channel: str) -> bool:
        """Whether a channel counts from this run on."""
        return channel in self._new

    def passes_over(self, channel: str, minutes: int | None, at: datetime) -> bool:
        """Whether a moment is passed over because of what begins to count with this run."""
        if at >= self.start(channel, minutes):
            return False
        return self.is_new(channel) or (at >= self._channels[channel] and (channel, str(minutes)) in self._new)

    def _read(self) -> dict[str, datetime]:
        """What the book notes of this user. What began later than now began by a clock that was ahead: it has not
        begun."""
        found: dict[str, datetime] = {}
        for key, at in self._rows.items():
            name = self._whose.channel(key)
            if name is not None and (at <= self._now or name.startswith(_UNUSED)):
                found[name] = min(at, found.get(name, at))
        return found

    def _begin(self, name: str, at: datetime) -> datetime:
        self.begins.append((self._whose.key(name), at))
        return at

    def _end(self, name: str) -> None:
        self.over += [(key, self._rows[key]) for key in self._whose.keys(name) if key in self._rows]

    def _count(self, channel: str, values: Iterable[str], *, first: bool) -> None:
        begun = self._noted.get(channel)
        if fresh := begun is None:
            begun = self._begin(channel, self._now - rules.LEAD)
            self._new.add(channel)
        self._channels[channel] = begun
        for value in values:
            name = f"{value} {self._place} {channel}"
            used, unused = _USED + name, _UNUSED + name
            at, lacked = self._noted.get(used), self._noted.get(unused)
            if lacked is not None:
                self._end(unused)
                if self._now - lacked > AWAY:
                    self._end(used)
                    at = self._begin(used, self._now)
                    self._new.add((channel, value))
            if at is None and (at := self._elsewhere(value)) is not None:
                self._begin(used, at)
            if at is None:
                at = self._begin(used, self._now - rules.LEAD if fresh or first else self._now)
                self._new.add((channel, value))
            self._values[channel, value] = at

    def _elsewhere(self, value: str) -> datetime | None:
        """Since when a value counts by other channels or where other settings are, none of which took it back."""
        used = {name: at for name, at in self._noted.items() if name.startswith(_USED) and _value(name) == value}
        kept = [at for name, at in used.items() if _UNUSED + name.removeprefix(_USED) not in self._noted]
        return min(kept, default=None)

    def _lack(self, channel: str, value: str) -> None:
        name = f"{_UNUSED}{value} {self._place} {channel}"
        if self._noted.get(name, self._now + rules.LEAD) > self._now:
            self._begin(name, self._now)
