"""Which reminders are due, for whom, and how they go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.delivery import Fate
from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import records, reminding, tasks, vocabulary
from tests.support.books import sound
from tests.support.reminders import Noted, add, at, listed, mail, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context

__all__ = ["at", "mail"]


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
