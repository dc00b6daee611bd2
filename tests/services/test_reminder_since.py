"""From when reminders are promised: what begins, what was taken back, what returns, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.delivery import Fate
from crmcli.domain.entities import CONTACT, TASK
from crmcli.errors import FieldError, UsageError
from crmcli.services import records, reminder_astray, reminder_since, reminding, tasks
from tests.support.reminders import Noted, add, at, listed, mail, send

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcli.context import Context

__all__ = ["at", "mail"]


def test_a_task_made_after_a_moment_is_not_reminded_of_it(ctx: Context, mail: Noted, at: Callable[[str], None]) -> None:
    at("2026-11-21T10:00:00+00:00")
    add(ctx, "Typed now", due="2026-11-21 10:10", remind="15m,1d,5m")
    at("2026-11-21T10:06:00+00:00")
    assert send(ctx, mail) == [("Typed now", "sent")]
    assert mail.titles == ["in 4 min: Typed now"]


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


@pytest.mark.parametrize(("day", "state"), [("2026-11-22", "sent"), ("2026-12-01", "missed")])
def test_what_was_somebody_elses_or_over_at_its_moment_is_neither_late_nor_missed(
    ctx: Context, mail: Noted, at: Callable[[str], None], day: str, state: str
) -> None:
    who = records.add(ctx, CONTACT, {"name": "Ada"}).ids[0]
    names = ("Grace's", "Done", "Removed", "Of Ada", "Mine, then hers", "Nobody's")
    more: dict[str, dict[str, str]] = {"Grace's": {"owner": "grace"}, "Of Ada": {"on": f"contact:{who}"}}
    hers, done, removed, _, mine, nobodys = (
        add(ctx, name, due="2026-11-21 10:00", **more.get(name, {"owner": "" if name == "Nobody's" else "me"}))
        for name in names
    )
    at("2026-11-21T09:00:00+00:00")
    tasks.done(ctx, [done])
    records.remove(ctx, TASK, [removed])
    records.remove(ctx, CONTACT, [who])
    at(f"{day}T09:00:00+00:00")
    records.edit(ctx, TASK, [hers, nobodys], {"owner": "me"})
    records.edit(ctx, TASK, [mine], {"owner": "grace"})
    tasks.reopen(ctx, [done])
    records.restore(ctx, TASK, [removed])
    records.restore(ctx, CONTACT, [who])
    assert send(ctx, mail, words=("owner:grace",)) == []
    assert send(ctx, mail) == [("Nobody's", state)]
    assert listed(ctx, "all")[0]["name"] == "Nobody's"
    # A filter that asks for no owner chose both of those that were handed over.
    assert send(ctx, mail, words=("name:hers",)) == [("Mine, then hers", state)]


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


def test_what_came_by_one_channel_comes_by_no_other_a_day_after(
    ctx: Context, mail: Noted, at: Callable[[str], None]
) -> None:
    mail.fates = [Fate.SENT, Fate.DOUBTFUL]
    for day in (16, 17, 19, 20):
        add(ctx, f"R{day}", due=f"2026-11-{day} 10:00", remind="0m,2h")
    for day in (16, 17, 19, 20):
        at(f"2026-11-{day}T10:00:00+00:00")
        send(ctx, mail)
    at("2026-11-20T11:00:00+00:00")
    assert send(ctx, mail, Noted("desktop")) == [("R17", "sent"), ("R20", "sent")]
    at("2026-11-30T11:00:00+00:00")
    assert send(ctx, mail, Noted("terminal")) == []


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


@pytest.fixture
def usual(ctx: Context, at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Sends by mail what is due at a moment where the setting `remind` has a value; what was said of each task."""

    def run(moment: str, value: str = "", where: str = "here") -> list[str]:
        monkeypatch.setattr(reminder_since, "place", lambda: where)
        monkeypatch.setenv("CRM_REMIND", value)
        at(moment)
        mail = Noted("letters")
        list(reminding.send(ctx, (), [mail]))
        return mail.titles

    return run


def test_a_usual_reminder_that_returns_counts_from_then_on(
    ctx: Context, usual: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    usual("2026-09-01T08:00:00+00:00", "0m")
    for name, due in (("Bob", "2026-09-12 10:00"), ("Ada", "2026-09-22 10:00"), ("Eve", "2026-10-05 10:00")):
        add(ctx, name, due=due)
    usual("2026-09-02T08:00:00+00:00", "15m")
    assert usual("2026-09-12T09:45:00+00:00", "15m") == ["in 15 min: Bob"]
    assert usual("2026-09-22T09:45:00+00:00", "15m") == ["in 15 min: Ada"]
    capsys.readouterr()
    assert usual("2026-09-25T08:00:00+00:00", "0m") == []
    assert (listed(ctx), reminder_astray.astray(ctx), capsys.readouterr().err) == ([], [], "")
    assert usual("2026-10-01T08:00:00+00:00", "none") == []
    add(ctx, "Holiday", due="2026-10-06 10:00")
    assert usual("2026-10-07T08:00:00+00:00", "0m") == []
    said = "letters has other usual reminders from now on: it says nothing of 2 tasks that were due before"
    assert said in capsys.readouterr().err
    add(ctx, "Next", due="2026-10-07 10:00")
    assert usual("2026-10-07T10:00:00+00:00", "0m") == ["now: Next"]
    assert listed(ctx) == []


def test_other_settings_in_between_or_elsewhere_take_nothing_back(
    ctx: Context, usual: Callable[..., list[str]]
) -> None:
    usual("2026-11-14T06:00:00+00:00", "15m", "laptop")
    usual("2026-11-14T06:00:30+00:00", "0m", "server")
    add(ctx, "Call", due="2026-11-15 10:00")
    assert usual("2026-11-15T10:00:00+00:00", "0m", "server") == ["now: Call"]
    usual("2026-11-16T10:00:00+00:00", "0m", "server")
    add(ctx, "Slept", due="2026-11-17 10:00")
    usual("2026-11-17T09:50:00+00:00", "none", "server")
    assert usual("2026-11-17T09:52:00+00:00", "15m", "laptop") == ["in 8 min: Slept"]
    add(ctx, "Shell", due="2026-11-18 10:00")
    usual("2026-11-18T09:44:00+00:00", "1d", "laptop")
    assert usual("2026-11-18T09:45:30+00:00", "15m", "laptop") == ["in 14 min: Shell"]
    usual("2026-11-18T09:46:00+00:00", "1d", "laptop")  # which was taken back for a minute only
    assert usual("2026-11-18T09:47:00+00:00", "15m", "laptop") == []


def test_a_machine_that_takes_the_place_of_another_goes_on_where_that_was(
    ctx: Context, usual: Callable[..., list[str]]
) -> None:
    usual("2026-11-14T06:00:00+00:00", "0m", "old")
    add(ctx, "Call", due="2026-11-17 10:00")
    assert usual("2026-11-20T10:00:00+00:00", "0m", "new") == ["was due 3 d ago: Call"]
    usual("2026-11-20T11:00:00+00:00", "15m", "new")
    add(ctx, "Gone", due="2026-11-21 10:00", remind="none")
    add(ctx, "Off", due="2026-11-21 10:10")
    usual("2026-11-21T09:54:00+00:00", "none", "new")
    usual("2026-11-21T12:00:00+00:00", "none", "new")
    assert usual("2026-11-21T13:00:00+00:00", "0m", "new") == []


def test_what_is_passed_over_when_reminders_begin_is_counted_and_told_also_where_quiet_is_wanted(
    ctx: Context, usual: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    ctx.quiet = True
    ctx.reader.run("DELETE FROM reminder_since")
    add(ctx, "Own", due="2026-11-15 10:00", remind="0m")
    for name in ("U1", "U2", "U3"):
        add(ctx, name, due="2026-11-16 10:00")
    capsys.readouterr()
    assert usual("2026-11-21T09:50:00+00:00", "0m") == []
    said = "letters is used for the first time: it says nothing of 4 tasks that were due before"
    assert said in capsys.readouterr().err
    usual("2026-11-21T09:51:00+00:00", "0m")
    assert capsys.readouterr().err == ""


def test_what_is_passed_over_is_told_by_whether_it_is_overdue_or_to_come(
    ctx: Context, usual: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    usual("2026-11-14T06:00:00+00:00", "0m")
    add(ctx, "Meeting", due="2026-11-20 10:00")
    capsys.readouterr()
    assert usual("2026-11-19T11:00:00+00:00", "15m,1d") == []
    assert capsys.readouterr().err == ""  # one of its reminders is still to come
    assert usual("2026-11-19T11:01:00+00:00", "2d") == []
    why = "letters has other usual reminders from now on: it says nothing of 1 task"
    assert (
        capsys.readouterr().err == f"{why} to come whose reminders are past; 'crm task list due:today..' shows them\n"
    )
    assert [row["name"] for row in records.list_records(ctx, TASK, ["due:today.."]).rows] == ["Meeting"]
    assert usual("2026-11-20T11:00:00+00:00", "1h") == []
    assert capsys.readouterr().err == f"{why} that was due before; 'crm task list is:overdue' shows them\n"


def test_an_earlier_one_comes_after_a_later_one_that_a_clock_sent_that_was_ahead(
    ctx: Context, usual: Callable[..., list[str]]
) -> None:
    number = add(ctx, "Call", due="2026-11-25 10:00", remind="0m")
    assert usual("2026-11-25T10:00:00+00:00", "0m") == ["now: Call"]
    usual("2026-11-22T10:00:00+00:00", "0m")
    records.edit(ctx, TASK, [number], {"remind": "0m,1d"})
    assert usual("2026-11-24T10:00:00+00:00", "0m") == ["in 1 d: Call"]


def test_nothing_is_missed_of_which_a_later_one_has_come_elsewhere(
    ctx: Context, usual: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    usual("2026-11-14T06:00:00+00:00", "15m", "laptop")
    usual("2026-11-14T06:01:00+00:00", "0m", "server")
    for name, due in (("Told", "2026-11-15 10:00"), ("Not told", "2026-11-16 10:00")):
        add(ctx, name, due=due)
    usual("2026-11-15T10:00:00+00:00", "0m", "server")
    capsys.readouterr()
    assert usual("2026-11-24T10:00:00+00:00", "15m", "laptop") == []
    assert [row["name"] for row in listed(ctx)] == ["Not told"]


def test_settings_are_those_of_a_file_on_a_machine_that_has_a_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = tmp_path / "machine-id"
    monkeypatch.setattr(reminder_since, "_MACHINE", str(machine))
    found = [reminder_since.place(), reminder_since.place()]
    machine.write_text("0f6e\n")
    found.append(reminder_since.place())
    monkeypatch.setenv("CRM_HOME", str(tmp_path / "other"))
    found.append(reminder_since.place())
    assert (found[0] == found[1], len(set(found))) == (True, 3)


def test_what_a_clock_that_was_ahead_has_taken_back_was_not(ctx: Context, usual: Callable[..., list[str]]) -> None:
    usual("2026-11-14T06:00:00+00:00", "0m")
    usual("2027-11-14T06:00:00+00:00", "none")
    add(ctx, "Call", due="2026-11-20 10:00")
    assert usual("2026-11-20T11:00:00+00:00", "0m") == ["was due 1 h 0 min ago: Call"]
    assert ctx.reader.value("SELECT count(*) FROM reminder_since WHERE name LIKE '%unused 0 %'") == 0
