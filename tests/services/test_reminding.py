"""Which reminders are due, for whom, and what becomes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.delivery import Fate, Outcome
from crmcli.domain.entities import CONTACT, TASK
from crmcli.errors import ConflictError, FieldError, NotFoundError, UsageError
from crmcli.services import claimants, notifying, records, reminder_fates, reminding, tasks, undoing, vocabulary
from crmcli.services.purging import purge
from crmcli.store import reminders as store
from tests.support.books import sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context
    from crmcli.services.notifying import Channel, Message

BEFORE = "2026-11-14T06:00:00+00:00"


class Noted:
    """A channel that notes what it is given, and answers as it is told."""

    about = ""

    def __init__(self, name: str = "mail", *fates: Fate) -> None:
        self.name, self.fates = name, list(fates)
        self.given: list[Message] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def deliver(self, message: Message) -> Outcome:
        self.given.append(message)
        self.meanwhile()
        fate = self.fates.pop(0) if self.fates else Fate.SENT
        return Outcome(fate, "" if fate is Fate.SENT else f"it is {fate}")

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
    """Puts the clock to a moment; it is before them all at first."""

    def move(moment: str) -> None:
        monkeypatch.setenv("CRM_NOW", moment)
        ctx.tick()

    move(BEFORE)
    return move


def add(ctx: Context, name: str, **more: str) -> int:
    return records.add(ctx, TASK, {"name": name, **more}).ids[0]


def send(ctx: Context, *by: Channel, words: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in reminding.send(ctx, words, by)]


def listed(ctx: Context, state: str = "", *, everybody: bool = False) -> list[dict[str, Any]]:
    return list(reminder_fates.listing(ctx, state, everybody=everybody).rows)


def test_each_moment_comes_once_and_only_when_it_has_come(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    add(ctx, "Call", due="2026-11-21 14:30", remind="15m,1d")
    add(ctx, "Day", due="2026-11-21", remind="0m")
    add(ctx, "Usual", due="2026-11-21 12:00")
    add(ctx, "Plain day", due="2026-11-21")
    add(ctx, "Done", due="2026-11-21 12:00")
    tasks.done(ctx, [5])
    for moment, titles in (
        ("2026-11-20T14:29:59+00:00", []),
        ("2026-11-20T14:30:00+00:00", ["in 1 d: Call"]),
        ("2026-11-21T08:59:59+00:00", []),
        ("2026-11-21T09:00:00+00:00", ["today: Day"]),
        ("2026-11-21T12:00:20+00:00", ["now: Usual"]),
        ("2026-11-21T16:30:00+00:00", ["was due 2 h 0 min ago: Call"]),
        ("2026-11-22T16:30:00+00:00", []),
    ):
        at(moment)
        mail.given.clear()
        assert send(ctx, mail) == [(title.partition(": ")[2], "sent") for title in titles]
        assert mail.titles == titles
    sound(ctx)


def test_a_task_that_is_put_elsewhere_has_new_reminders(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    number = add(ctx, "Call", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    records.edit(ctx, TASK, [number], {"due": "2026-11-21 11:00"})
    send(ctx, mail)
    at("2026-11-21T11:00:00+00:00")
    send(ctx, mail)
    assert mail.titles == ["was due 1 h 0 min ago: Call", "now: Call"]
    records.edit(ctx, TASK, [number], {"due": "2026-11-21 09:00"})
    assert send(ctx, mail) == []
    assert len({message.key for message in mail.given}) == 2


def test_a_machine_that_slept_tells_what_is_late_and_lists_what_is_too_late(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    add(ctx, "Late", due="2026-11-18 09:00")
    add(ctx, "Too late", due="2026-11-14 09:00")
    at("2026-11-21T10:00:00+00:00")
    assert send(ctx, mail) == [("Too late", "missed"), ("Late", "sent")]
    assert mail.titles == ["was due 3 d 1 h ago: Late"]
    assert send(ctx, mail) == []
    assert [(row["name"], row["state"], row["detail"]) for row in listed(ctx)] == [
        ("Too late", "failed", "missed: it is more than 7 days late")
    ]
    assert [one.name for one in reminding.send(ctx, (), [Noted("desktop")])] == ["Late"]


def test_a_task_made_after_a_moment_is_not_reminded_of_it(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    at("2026-11-21T10:00:00+00:00")
    add(ctx, "Typed now", due="2026-11-21 10:10", remind="15m,1d,5m")
    at("2026-11-21T10:06:00+00:00")
    assert send(ctx, mail) == [("Typed now", "sent")]
    assert mail.titles == ["in 4 min: Typed now"]


def test_what_they_say(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "phone": "+98 21 8888 7777", "company": "Engines"})
    add(ctx, "Call", due="2026-11-21 14:30", type="call", on="contact:1", place="Room 2", attendees="bob@y.example")
    at("2026-11-21T14:30:00+00:00")
    terminal = Noted("terminal")
    send(ctx, mail, terminal)
    done = ctx.settings.calling("task", "done", "1")
    assert mail.given[0].body == (
        "Call (call)\nDue: Sat 2026-11-21 14:30, now\nContact: Ada (contact:1), Engines, +98 21 8888 7777\n"
        f"Company: Engines (company:1)\nPlace: Room 2\nWith: bob@y.example\nDone: {done} --feedback TEXT"
    )
    assert terminal.given[0].body == ""
    assert terminal.given[0].title == (
        "now: Call (call) · Sat 2026-11-21 14:30 · Contact: Ada (contact:1), Engines, +98 21 8888 7777"
        f" · Company: Engines (company:1) · Place: Room 2 · With: bob@y.example · {done}"
    )
    assert mail.given[0].key.startswith("remind.")


def test_each_user_has_their_own(
    ctx: Context, mail: Noted, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, owner in (("Mine", "me"), ("Nobody's", ""), ("Grace's", "grace")):
        add(ctx, name, due="2026-11-21 09:00", owner=owner)
    at("2026-11-21T10:00:00+00:00")
    assert send(ctx, mail) == [("Mine", "sent"), ("Nobody's", "sent")]
    assert send(ctx, mail, words=("owner:grace",)) == [("Grace's", "sent")]
    vocabulary.user_edit(ctx, "tester", {"name": "Ada"})
    monkeypatch.setenv("CRM_USER", "ada")
    ctx.tick()
    assert send(ctx, mail) == []  # another name, the same user
    monkeypatch.setenv("CRM_USER", "grace")
    ctx.tick()
    assert send(ctx, mail) == [("Nobody's", "sent"), ("Grace's", "sent")]
    assert len({message.key for message in mail.given}) == 5
    assert [len(listed(ctx, "all", everybody=every)) for every in (False, True)] == [2, 5]


def test_what_failed_is_tried_again_and_what_is_refused_is_not(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    mail.fates = [Fate.DEFERRED, Fate.REFUSED, Fate.DEFERRED]
    add(ctx, "Later", due="2026-11-21 09:00")
    add(ctx, "Never", due="2026-11-21 09:01")
    at("2026-11-21T10:00:00+00:00")
    assert [(one.state, one.detail) for one in reminding.send(ctx, (), [mail])] == [
        ("failed", "it is deferred; it is tried again"),
        ("failed", "it is refused; it is not tried again"),
    ]
    at("2026-11-21T10:00:59+00:00")
    assert send(ctx, mail) == []
    at("2026-11-21T10:01:00+00:00")
    assert send(ctx, mail) == [("Later", "failed")]
    at("2026-11-21T10:02:59+00:00")
    assert send(ctx, mail) == []
    at("2026-11-21T10:03:00+00:00")
    assert send(ctx, mail) == [("Later", "sent")]
    assert len({message.key for message in mail.given}) == 2
    assert [row["name"] for row in listed(ctx)] == ["Never"]


def test_whoever_comes_into_the_book_later_has_had_theirs(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    add(ctx, "Nobody's", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")
    assert send(ctx, mail) == [("Nobody's", "sent")]
    vocabulary.user_add(ctx, "Tester", {})
    assert send(ctx, mail) == []
    assert [row["channel"] for row in listed(ctx, "sent")] == ["mail"]


@pytest.mark.parametrize("fate", [Fate.DEFERRED, Fate.DOUBTFUL])
def test_a_channel_that_is_down_is_not_asked_for_every_reminder(
    ctx: Context, mail: Noted, at: Callable[[str], None], fate: Fate
) -> None:
    for number in range(6):
        add(ctx, f"R{number}", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")
    mail.fates = [fate] * 3
    desktop = Noted("desktop")
    send(ctx, mail, desktop)
    assert (len(mail.given), len(desktop.given)) == (3, 6)
    assert [name for name, _ in send(ctx, mail)] == ["R3", "R4", "R5"]


def test_a_task_that_is_done_meanwhile_is_not_reminded_of(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    add(ctx, "First", due="2026-11-21 09:00")
    second = add(ctx, "Second", due="2026-11-21 09:01")
    at("2026-11-21T10:00:00+00:00")
    mail.meanwhile = lambda: tasks.done(ctx, [second])
    assert send(ctx, mail) == [("First", "sent")]
    assert len(listed(ctx, "all")) == 1


def claimed(ctx: Context, by: str) -> int:
    number = add(ctx, "Unsure", due="2026-11-21 09:00")
    schedule = ("2026-11-21", "2026-11-21T09:00:00.000Z", None)
    key = reminding.Whose(ctx).key("mail")
    moment = store.read_instant(str(schedule[1]))
    return store.claim(ctx.reader, number, schedule, moment, key, by, ctx.now)


def test_a_claim_of_another_machine_is_doubtful_after_some_minutes(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    at("2026-11-21T10:00:00+00:00")
    claimed(ctx, "elsewhere/1/2:3:4")
    assert send(ctx, mail) == []
    assert (listed(ctx), listed(ctx, "claimed")[0]["state"]) == ([], "claimed")
    at("2026-11-21T10:16:00+00:00")
    assert [row["state"] for row in listed(ctx)] == ["doubtful"]
    assert send(ctx, mail) == [("Unsure", "doubtful")]
    assert send(ctx, mail) == []
    assert mail.given == []


def test_a_claim_of_a_process_that_is_gone_is_doubtful_at_once(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from crmcli.services import claimants as c; print(c.this_one())"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    at("2026-11-21T10:00:00+00:00")
    claimed(ctx, ended.stdout.strip())
    assert send(ctx, mail) == [("Unsure", "doubtful")]


def test_processes_are_told_by_their_start_as_well() -> None:
    me = claimants.this_one()
    assert not claimants.has_ended(me)
    place, pid, start = me.split(":")
    assert claimants.has_ended(f"{place}:{pid}:{int(start) - 1}")  # one of this number that ran before
    assert claimants.has_ended(f"{place}:{2**22 + 1}:{start}")
    for other in (f"x{me}", f"elsewhere:{pid}:1", "", f"{place}:x:1"):
        assert not claimants.has_ended(other)


def test_whoever_sends_knows_better_than_who_gave_it_up(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    add(ctx, "Slow", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")

    def given_up() -> None:
        at("2026-11-21T11:00:00+00:00")
        assert send(ctx, Noted()) == [("Slow", "doubtful")]

    mail.meanwhile = given_up
    assert send(ctx, mail) == [("Slow", "sent")]
    assert [row["state"] for row in listed(ctx, "all")] == ["sent"]


def test_one_that_is_broken_off_is_doubtful(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    add(ctx, "Cut", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")

    def stop() -> None:
        raise KeyboardInterrupt

    mail.meanwhile = stop
    with pytest.raises(KeyboardInterrupt):
        send(ctx, mail)
    assert [(row["state"], row["detail"]) for row in listed(ctx)] == [
        ("doubtful", "it was broken off while it was being sent")
    ]


def test_doubtful_ones_are_sent_again_or_settled_by_hand_alone(
    ctx: Context, mail: Noted, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail.fates = [Fate.DOUBTFUL, Fate.DOUBTFUL]
    add(ctx, "One", due="2026-11-21 09:00")
    add(ctx, "Two", due="2026-11-21 09:01")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    at("2026-11-22T10:00:00+00:00")
    assert send(ctx, mail) == []
    one, two = (row["id"] for row in listed(ctx, "doubtful"))
    monkeypatch.setenv("CRM_USER", "grace")
    with pytest.raises(NotFoundError, match="no reminder of yours"):
        list(reminder_fates.resend(ctx, [one]))
    monkeypatch.delenv("CRM_USER")
    assert [told.state for told in reminder_fates.resend(ctx, [one])] == ["sent"]
    assert mail.given[0].key == mail.given[2].key  # who has it already need not show it twice
    assert reminder_fates.settle(ctx, [two]) == [two]
    assert listed(ctx) == []
    assert listed(ctx, "sent")[1]["detail"] == "settled by tester"
    with pytest.raises(ConflictError, match="was sent"):
        reminder_fates.settle(ctx, [one])
    with pytest.raises(NotFoundError):
        reminder_fates.settle(ctx, [99])
    with pytest.raises(UsageError, match="no state"):
        listed(ctx, "lost")


def test_a_task_that_is_taken_back_or_purged_takes_its_reminders_along(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    at("2026-11-21T10:00:00+00:00")
    purged = add(ctx, "Purged", due="2026-11-21 10:00")
    add(ctx, "Taken back", due="2026-11-21 10:00")
    assert len(send(ctx, mail)) == 2
    undoing.undo(ctx)
    assert [row["name"] for row in listed(ctx, "sent")] == ["Purged"]
    purge(ctx, TASK, [purged])
    assert listed(ctx, "sent") == []
    sound(ctx)


def test_settings_say_when_and_where(
    ctx: Context, mail: Noted, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ctx, "Usual", due="2026-11-21 12:00")
    add(ctx, "Day", due="2026-11-21", remind="30m")
    monkeypatch.setenv("CRM_REMIND", "none")
    monkeypatch.setenv("CRM_REMIND_AT", "18:30")
    at("2026-11-21T17:59:00+00:00")
    assert send(ctx, mail) == []
    at("2026-11-21T18:00:00+00:00")
    assert send(ctx, mail) == [("Day", "sent")]
    monkeypatch.setenv("CRM_REMIND", "1h")
    assert send(ctx, mail) == [("Usual", "sent")]
    for name, value, why in (("CRM_REMIND", "soon", FieldError), ("CRM_REMIND_AT", "9", UsageError)):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            with pytest.raises((why, UsageError)):
                send(ctx, mail)
