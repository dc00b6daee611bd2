"""What becomes of reminders, and which of them people are to look after."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.delivery import Fate
from crmcli.domain.entities import CONTACT, TASK
from crmcli.errors import ConflictError, NotFoundError, UsageError
from crmcli.services import (
    claimants,
    records,
    reminder_astray,
    reminder_due,
    reminder_fates,
    reminding,
    tasks,
    today,
    undoing,
)
from crmcli.services.doctor import looking
from crmcli.services.purging import purge
from crmcli.store import reminders as store
from tests.support.books import sound
from tests.support.reminders import Noted, add, at, listed, mail, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context

__all__ = ["at", "mail"]


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
    mail.fates = [Fate.SENT, Fate.DOUBTFUL, Fate.REFUSED]
    for name in ("Done", "Unsure", "Failed", "Open"):
        add(ctx, name, due="2026-11-21 10:00")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    tasks.done(ctx, [1, 2, 3])
    at("2027-02-19T09:59:00+00:00")
    assert send(ctx, mail) == []
    assert len(listed(ctx, "all")) == 4
    at("2027-02-19T10:00:01+00:00")
    assert send(ctx, mail) == []
    assert [row["name"] for row in listed(ctx, "all")] == ["Unsure", "Open"]


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


@pytest.mark.parametrize("way", ["done", "snoozed", "snoozed and reminded", "removed"])
def test_what_failed_of_a_task_that_is_over_or_elsewhere_is_no_matter(
    ctx: Context, mail: Noted, at: Callable[[str], None], way: str
) -> None:
    mail.fates = [Fate.REFUSED, Fate.REFUSED]
    number, other = add(ctx, "Call", due="2026-11-21 09:00"), add(ctx, "Other", due="2026-11-21 09:30")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    shown = [len(listed(ctx)), len(reminder_astray.astray(ctx)), len(looking.reminders_astray(ctx))]
    assert shown == [2, 2, 2]
    (kept, _) = (row["id"] for row in listed(ctx))
    if way == "done":
        tasks.done(ctx, [number])
    elif way == "removed":
        records.remove(ctx, TASK, [number])
    else:
        records.edit(ctx, TASK, [number], {"due": "2026-11-21 11:00"})
    if way.endswith("reminded"):
        at("2026-11-21T11:00:00+00:00")
        assert send(ctx, mail) == [("Call", "sent")]
        records.edit(ctx, TASK, [number], {"due": "2026-11-21 09:00"})
    assert [row["name"] for row in listed(ctx)] == ["Other"]
    assert [one.task for one in reminder_astray.astray(ctx)] == looking.reminders_astray(ctx) == [other]
    with pytest.raises(ConflictError):
        list(reminder_fates.resend(ctx, [kept]))


def test_what_did_not_come_matters_whatever_is_usual_by_now(
    ctx: Context, mail: Noted, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail.fates = [Fate.REFUSED, Fate.DOUBTFUL]
    add(ctx, "Call", due="2026-11-21 09:00")
    number = add(ctx, "Unsure", due="2026-11-21 09:30")
    at("2026-11-21T10:00:00+00:00")
    send(ctx, mail)
    monkeypatch.setenv("CRM_REMIND", "none")
    monkeypatch.setenv("CRM_USER", "grace")
    at("2026-11-21T10:00:00+00:00")
    assert len(reminder_astray.astray(ctx)) == 2
    tasks.done(ctx, [number])
    assert [row["name"] for row in listed(ctx, everybody=True)] == ["Call", "Unsure"]  # which is left to people
    assert len(reminder_astray.astray(ctx)) == len(looking.reminders_astray(ctx)) == 1
