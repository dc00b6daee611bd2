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
from crmcli.services import (
    claimants,
    notifying,
    records,
    reminder_due,
    reminder_fates,
    reminding,
    tasks,
    today,
    undoing,
    vocabulary,
)
from crmcli.services.doctor import looking
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
        "Call (call)\nDue: Sat 2026-11-21 14:30 UTC, now\nContact: Ada (contact:1), Engines, +98 21 8888 7777\n"
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


def test_a_channel_that_says_it_is_down_is_asked_once(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    for number in range(3):
        add(ctx, f"R{number}", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")
    mail.fates, mail.down = [Fate.DEFERRED], True
    assert send(ctx, mail) == [("R0", "failed")]
    mail.down = False
    assert [name for name, _ in send(ctx, mail)] == ["R1", "R2"]


def test_a_task_that_is_done_meanwhile_is_not_reminded_of(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    add(ctx, "First", due="2026-11-21 09:00")
    second = add(ctx, "Second", due="2026-11-21 09:01")
    at("2026-11-21T10:00:00+00:00")
    mail.meanwhile = lambda: tasks.done(ctx, [second])
    assert send(ctx, mail) == [("First", "sent")]
    assert len(listed(ctx, "all")) == 1


def claimed(ctx: Context, by: str) -> int:
    number = add(ctx, "Unsure", due="2026-11-21 09:00")
    moment = store.read_instant("2026-11-21T09:00:00.000Z")
    return store.claim(ctx.reader, number, moment, store.Claim(reminder_due.Whose(ctx).key("mail"), by, ctx.now))


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


def test_whoever_sends_knows_better_than_who_gave_it_up(
    ctx: Context, mail: Noted, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claimants, "runs", lambda _claimant: False)  # seen from another machine
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
    assert [(row["state"], row["detail"]) for row in listed(ctx)] == [("doubtful", reminding.ENDED)]
    mail.meanwhile = lambda: None
    assert send(ctx, mail) == [("Cut", "doubtful")]  # the next run says so
    assert send(ctx, mail) == []
    assert len(mail.given) == 1


def test_a_process_that_is_known_to_run_has_not_ended_whatever_the_clocks_say(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    at("2026-11-21T10:00:00+00:00")
    claimed(ctx, claimants.this_one())
    other = add(ctx, "Ahead", due="2026-11-21 08:00")
    at("2026-11-21T12:00:00+00:00")
    key = reminder_due.Whose(ctx).key("mail")
    ahead = store.read_instant("2026-11-21T12:40:00.000Z")
    assert store.claim(ctx.reader, other, ahead, store.Claim(key, "elsewhere/1/2:3:4", ahead))
    assert send(ctx, mail) == []
    assert [row["state"] for row in listed(ctx, "all")] == ["claimed", "claimed"]


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


@pytest.mark.parametrize("way", ["done", "removed"])
def test_a_task_that_is_over_is_not_sent_again(ctx: Context, mail: Noted, at: Callable[[str], None], way: str) -> None:
    mail.fates = [Fate.DOUBTFUL]
    number = add(ctx, "Over", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    if way == "done":
        tasks.done(ctx, [number])
    else:
        records.remove(ctx, TASK, [number])
    (row,) = listed(ctx)
    with pytest.raises(ConflictError, match=f"task:{number} Over .*{way}"):
        list(reminder_fates.resend(ctx, [row["id"]]))
    assert len(mail.given) == 1
    assert reminder_fates.settle(ctx, [row["id"]]) == [row["id"]]


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


def test_what_was_sent_is_known_where_an_undo_takes_the_task_away_and_back(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    mail.fates = [Fate.DOUBTFUL]
    for name in ("Unsure", "Ghost"):
        add(ctx, name, due="2026-11-21 10:00")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    taken = [undoing.undo(ctx), undoing.undo(ctx)]
    assert (send(ctx, mail), listed(ctx, "all")) == ([], [])
    for undo in reversed(taken):
        undoing.undo(ctx, undo.batch)
    assert send(ctx, mail) == []
    assert [(row["name"], row["state"]) for row in listed(ctx, "all")] == [("Unsure", "doubtful"), ("Ghost", "sent")]
    assert len(mail.given) == 2
    sound(ctx)


def test_a_purge_forgets_the_reminders_also_of_what_was_taken_away(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    at("2026-11-21T10:00:00+00:00")
    who = records.add(ctx, CONTACT, {"name": "Ada Lovelace", "email": "ada@engines.example"}).ids[0]
    add(ctx, "Taken back", due="2026-11-21 10:00", on=f"contact:{who}")
    send(ctx, mail)
    undoing.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM reminder") == 1
    purge(ctx, CONTACT, [who])
    assert ctx.reader.value("SELECT count(*) FROM reminder") == 0
    sound(ctx)


def test_what_was_sent_for_a_task_that_is_done_is_forgotten_after_some_months(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    mail.fates = [Fate.SENT, Fate.DOUBTFUL]
    for name in ("Done", "Unsure", "Open"):
        add(ctx, name, due="2026-11-21 10:00")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    tasks.done(ctx, [1, 2])
    at("2027-02-19T09:59:00+00:00")
    assert send(ctx, mail) == []
    assert len(listed(ctx, "all")) == 3
    at("2027-02-19T10:00:01+00:00")
    assert send(ctx, mail) == []
    assert [row["name"] for row in listed(ctx, "all")] == ["Unsure", "Open"]


def test_what_a_task_did_not_have_at_a_moment_was_promised_to_nobody(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    moved, given = add(ctx, "Moved", due="2026-12-21 09:00"), add(ctx, "Given", due="2026-11-22 09:00", remind="15m")
    kept = add(ctx, "Kept", due="2026-11-21 09:30", remind="15m")
    at("2026-11-21T10:00:00+00:00")
    records.edit(ctx, TASK, [moved], {"due": "2026-11-10 09:00"})
    records.edit(ctx, TASK, [given], {"remind": "15m,1w"})
    records.edit(ctx, TASK, [kept], {"remind": "15m,1h"})  # the first of them was to come before
    assert send(ctx, mail) == [("Kept", "sent")]
    assert send(ctx, mail) == []
    assert listed(ctx) == []
    at("2026-11-22T08:45:00+00:00")
    assert send(ctx, mail) == [("Given", "sent")]


def test_an_imported_task_was_promised_to_nobody_before(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    at("2026-11-21T10:00:00+00:00")
    with ctx.writing() as tx:
        for name, due in (("Old", "2026-11-01"), ("Late", "2026-11-20"), ("Next", "2026-11-22")):
            moment = {"due_on": due, "due_at": f"{due}T09:00:00.000Z"}
            tx.add("task", {"name": name, "created_at": "2026-10-01T00:00:00.000Z", **moment})
    assert send(ctx, mail) == []
    at("2026-11-22T10:00:00+00:00")
    assert send(ctx, mail) == [("Next", "sent")]


def test_a_channel_that_is_new_says_what_is_of_the_day_and_counts_what_was_before(
    ctx: Context, mail: Noted, at: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, due in (("Long ago", "2026-11-15 09:00"), ("Before", "2026-11-20 09:00"), ("Now", "2026-11-21 09:00")):
        add(ctx, name, due=due)
    at("2026-11-21T10:00:00+00:00")
    ctx.quiet = False
    phone = Noted("phone")
    capsys.readouterr()
    assert send(ctx, phone) == [("Now", "sent")]
    said = "phone is used for the first time: it says nothing of 2 tasks that were due before"
    assert said in capsys.readouterr().err
    assert (send(ctx, phone), capsys.readouterr().err) == ([], "")
    assert {name for name, _ in send(ctx, mail)} == {"Long ago", "Before", "Now"}


def test_of_several_that_are_due_the_latest_goes_and_the_others_with_it(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    add(ctx, "Slept", due="2026-11-21 14:30", remind="15m,2h,1d,2d")
    mail.fates = [Fate.DEFERRED, Fate.DEFERRED]
    at("2026-11-19T14:30:00+00:00")
    assert send(ctx, mail) == [("Slept", "failed")]
    at("2026-11-21T14:20:00+00:00")
    assert send(ctx, mail) == [("Slept", "failed")]
    assert [row["state"] for row in listed(ctx, "all")] == ["sent", "failed", "sent", "sent"]
    at("2026-11-21T14:25:00+00:00")
    assert send(ctx, mail) == [("Slept", "sent")]
    assert mail.titles == ["in 2 d: Slept", "in 10 min: Slept", "in 5 min: Slept"]
    assert send(ctx, mail) == []


def test_what_changes_between_the_list_and_its_turn_is_seen(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    who = records.add(ctx, CONTACT, {"name": "Ada"}).ids[0]
    add(ctx, "First", due="2026-11-21 09:00")
    second = add(ctx, "Given away", due="2026-11-21 09:01", owner="me")
    add(ctx, "Of nobody", due="2026-11-21 09:02", on=f"contact:{who}")
    at("2026-11-21T10:00:00+00:00")

    def change() -> None:
        records.edit(ctx, TASK, [second], {"owner": "grace"})
        records.remove(ctx, CONTACT, [who])

    mail.meanwhile = change
    assert send(ctx, mail) == [("First", "sent")]


def test_the_page_of_the_day_has_a_line_of_what_may_not_have_come(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    def told() -> list[tuple[str, str]]:
        (section,) = (each for each in today.today(ctx).sections if each.key == "reminders")
        return [(row["what"], row["next"]) for row in section.rows.rows]

    for number in range(4):
        add(ctx, f"R{number}", due="2026-11-21 09:00")
    add(ctx, "Missed", due="2026-11-14 09:00")
    mail.fates = [Fate.DOUBTFUL, Fate.DEFERRED, Fate.SENT, Fate.REFUSED]
    at("2026-11-21T10:00:00+00:00")
    assert told() == []
    send(ctx, mail)
    asked = ctx.settings.calling("remind", "list")
    assert told() == [("3 reminders may not have come", asked)]  # one is tried again
    assert len(looking.reminders_astray(ctx)) == 3
    at("2026-11-22T10:00:01+00:00")
    assert told() == [("4 reminders may not have come", asked)]
    assert len(looking.reminders_astray(ctx)) == 4
    reminder_fates.settle(ctx, [row["id"] for row in listed(ctx)])
    assert told() == []


def test_a_task_with_a_time_can_be_silent(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    number = add(ctx, "Silent", due="2026-11-21 09:00", remind="none")
    loud = add(ctx, "Loud", due="2026-11-21 09:00")
    at("2026-11-21T10:00:00+00:00")
    assert send(ctx, mail) == [("Loud", "sent")]
    records.edit(ctx, TASK, [number], {"remind": ""})
    assert send(ctx, mail) == []  # it was silent when its moment came
    records.edit(ctx, TASK, [loud, number], {"remind": "none", "due": "2026-11-21 10:05"})
    assert [row["remind"] for row in records.list_records(ctx, TASK, columns="remind").rows] == ["none", "none"]
    at("2026-11-21T10:06:00+00:00")
    assert send(ctx, mail) == []


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
    assert send(ctx, mail) == []  # when it would have come, it was not usual
    add(ctx, "Next", due="2026-11-21 19:10")
    at("2026-11-21T18:10:00+00:00")
    assert send(ctx, mail) == [("Next", "sent")]
    for name, value, why in (("CRM_REMIND", "soon", FieldError), ("CRM_REMIND_AT", "9", UsageError)):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            with pytest.raises((why, UsageError)):
                send(ctx, mail)


def test_a_channel_that_was_first_used_by_a_clock_that_was_ahead_counts_from_now(
    ctx: Context, at: Callable[[str], None]
) -> None:
    mail = Noted("letters")
    at("2027-11-20T08:00:00+00:00")
    send(ctx, mail)
    at("2026-11-20T08:00:00+00:00")
    add(ctx, "Call", due="2026-11-20 10:00")
    at("2026-11-20T10:00:00+00:00")
    send(ctx, mail)
    assert len(mail.given) == 1
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    assert len(mail.given) == 1
