"""Channels that note what they are given, and a clock that is put where a test wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.delivery import Fate, Outcome
from crmcli.domain.entities import TASK
from crmcli.services import notifying, records, reminder_fates, reminding

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context
    from crmcli.services.notifying import Channel, Message

BEFORE = "2026-11-14T06:00:00+00:00"


class Noted:
    """A channel that notes what it is given, and answers as it is told."""

    about = ""

    def __init__(self, name: str = "mail", *fates: Fate, down: bool = False) -> None:
        self.name, self.fates, self.down = name, list(fates), down
        self.given: list[Message] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def deliver(self, message: Message) -> Outcome:
        self.given.append(message)
        self.meanwhile()
        fate = self.fates.pop(0) if self.fates else Fate.SENT
        return Outcome(fate, "" if fate is Fate.SENT else f"it is {fate}", down=self.down)

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.given]


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Noted:
    """A channel that is found by whatever name."""
    made = Noted()
    monkeypatch.setattr(notifying, "channel", lambda _ctx, _name, **_: made)
    return made


@pytest.fixture
def at(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts the clock to a moment; it is before them all at first, when the channels are used already."""

    def move(moment: str) -> None:
        monkeypatch.setenv("CRM_NOW", moment)
        ctx.tick()

    move(BEFORE)
    assert send(ctx, Noted("mail"), Noted("desktop"), Noted("terminal")) == []
    return move


def add(ctx: Context, name: str, **more: str) -> int:
    return records.add(ctx, TASK, {"name": name, **more}).ids[0]


def send(ctx: Context, *by: Channel, words: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in reminding.send(ctx, words, by)]


def listed(ctx: Context, state: str = "", *, everybody: bool = False) -> list[dict[str, Any]]:
    return list(reminder_fates.listing(ctx, state, everybody=everybody).rows)
