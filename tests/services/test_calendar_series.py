"""Series of calendar files in version after version: each day is in the book where the last version has it."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import (
    agenda,
    calendar_import,
    calendar_kept,
    calendar_series,
    calendar_taking,
    calendar_tasks,
    calendars,
    history,
    records,
    tasks,
    vocabulary,
)
from tests.support.calendar_files import BERLIN, event, in_agenda, plain, put_off, take, weekly

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.exchange.ical import Item

#: From the Sunday before the first day of the series below to the end of the year.
DAYS = "2026-11-22..2026-12-20"
FIRST = "20261123T100000"
#: No two series of one book have the same name.
NUMBERS = itertools.count()
EXCEPT = f"EXDATE;{BERLIN}"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("CRM_USER", "ann")
    ctx.tick()


def days(ctx: Context) -> list[str]:
    """What the agenda has: "11-23 10"."""
    return [f"{start[5:10]} {start[11:13]}" for start in in_agenda(ctx, DAYS)]


def called_off(day: str, sequence: int = 0) -> str:
    return put_off(day, f"{day}T100000", sequence, "STATUS:CANCELLED")


USUAL = ["11-23 10", "11-30 10", "12-07 10", "12-14 10"]
MOVED = ["11-23 10", "12-01 10", "12-07 10", "12-14 10"]


def retimed(day: str, to: str, sequence: int) -> str:
    """A day of the series of eleven o'clock."""
    return put_off(day, to, sequence).replace(f"{day}T100000", f"{day}T110000")


@pytest.mark.parametrize(
    ("first", "then", "said", "expected"),
    [
        ([weekly(FIRST), put_off("20261130", "20261201T100000")],
         [weekly(FIRST, "FREQ=WEEKLY", 1, f"{EXCEPT}20261130T100000")], "1 known, 1 removed",
         ["11-23 10", "12-07 10", "12-14 10"]),
        ([weekly(FIRST), put_off("20261130", "20261201T100000")],
         [event("SUMMARY:S", f"DTSTART;{BERLIN}{FIRST}", "STATUS:CANCELLED", "SEQUENCE:1")], "2 removed", []),
        ([weekly(FIRST), put_off("20261130", "20261201T100000")],
         [weekly("20261124T100000", "FREQ=WEEKLY", 1)], "1 changed, 1 removed",
         ["11-24 10", "12-01 10", "12-08 10", "12-15 10"]),
        ([weekly(FIRST), put_off("20261130", "20261201T100000")],
         [weekly("20261123T110000", "FREQ=WEEKLY", 1), retimed("20261130", "20261201T100000", 1)],
         "1 changed, 1 known", ["11-23 11", "12-01 10", "12-07 11", "12-14 11"]),
        ([weekly(FIRST), put_off("20261130", "20261201T100000")], [weekly(FIRST, "FREQ=WEEKLY", 1)],
         "1 changed, 1 removed", USUAL),
        ([weekly(FIRST), put_off("20261123", "20261124T150000")], [weekly(FIRST, "FREQ=WEEKLY", 1)],
         "1 changed, 1 known", USUAL),
        ([weekly(FIRST), put_off("20261207", "20261208T100000")],
         [weekly(FIRST, "FREQ=WEEKLY;UNTIL=20261201T000000Z", 1)], "1 changed, 1 removed", ["11-23 10", "11-30 10"]),
        ([weekly(FIRST), called_off("20261130")], [weekly(FIRST, "FREQ=WEEKLY", 1)], "1 changed", USUAL),
        ([weekly(FIRST, "FREQ=WEEKLY", 0, f"{EXCEPT}20261123T100000")], [weekly(FIRST, "FREQ=WEEKLY", 1)], "1 changed",
         USUAL),
        ([put_off("20261123", "20261124T100000")], [weekly(FIRST), put_off("20261123", "20261124T100000")],
         "1 new, 1 known", ["11-24 10", *USUAL[1:]]),
        ([put_off("20261130", "20261201T100000")], [weekly(FIRST)], "1 new", MOVED),
        ([weekly(FIRST)], [put_off("20261207", "20261207T100000", 1, "STATUS:CANCELLED").replace(
            "RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")], "1 changed", ["11-23 10", "11-30 10"]),
        ([weekly(FIRST), put_off("20261130", "20261201T100000"), put_off("20261214", "20261215T100000")],
         [put_off("20261207", "20261207T100000", 1, "STATUS:CANCELLED").replace(
             "RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")], "1 changed, 1 removed",
         ["11-23 10", "12-01 10"]),
        ([weekly(FIRST), called_off("20261207")],
         [put_off("20261207", "20261207T100000", 1, "STATUS:CANCELLED").replace(
             "RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")], "1 changed", ["11-23 10", "11-30 10"]),
        ([weekly(FIRST), put_off("20261123", "20261124T150000")],
         [weekly(FIRST, "FREQ=WEEKLY", 1), put_off("20261123", "20261124T150000", 1, "LOCATION:Hall 5")],
         "1 new, 1 changed", ["11-24 15", *USUAL[1:]]),
    ],
)  # fmt: skip
def test_a_later_version_speaks_for_all_days(
    ctx: Context, first: list[str], then: list[str], said: str, expected: list[str]
) -> None:
    take(ctx, *first)
    before = days(ctx)
    assert take(ctx, *then) == said
    assert days(ctx) == expected
    head = ctx.reader.value("SELECT seq FROM journal_head")
    take(ctx, *then)
    assert ctx.reader.value("SELECT seq FROM journal_head") == head, "the same file again changes nothing"
    history.undo(ctx)
    assert days(ctx) == before
    take(ctx, *then)
    assert days(ctx) == expected


def test_a_day_that_was_moved_called_off_and_is_elsewhere(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    ctx.quiet = False
    take(ctx, weekly(FIRST), put_off("20261130", "20261201T100000"))
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 1), called_off("20261130", 1))
    assert days(ctx) == ["11-23 10", "12-07 10", "12-14 10"]
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 2), put_off("20261130", "20261202T100000", 2))
    assert days(ctx) == ["11-23 10", "12-02 10", "12-07 10", "12-14 10"]
    assert "was changed" not in capsys.readouterr().err


def test_a_day_that_was_moved_is_as_usual_and_is_elsewhere(ctx: Context) -> None:
    take(ctx, weekly(FIRST), put_off("20261130", "20261201T100000"))
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 1))
    assert days(ctx) == USUAL
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 2), put_off("20261130", "20261202T100000", 2))
    assert days(ctx) == ["11-23 10", "12-02 10", "12-07 10", "12-14 10"]
    assert ctx.reader.value("SELECT count(*) FROM task") == 2


def test_a_day_that_was_put_off_to_where_it_was_may_be_called_off(ctx: Context) -> None:
    take(ctx, weekly(FIRST), put_off("20261123", FIRST))
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 1), called_off("20261123", 1))
    assert days(ctx) == USUAL[1:]


def test_a_day_that_is_called_off_while_the_clock_moves_may_take_place_again(ctx: Context) -> None:
    take(ctx, weekly(FIRST), called_off("20261130"))
    off = called_off("20261130", 1).replace("20261130T100000", "20261130T110000")
    take(ctx, weekly("20261123T110000", "FREQ=WEEKLY", 1), off)
    assert days(ctx) == ["11-23 11", "12-07 11", "12-14 11"]
    take(ctx, weekly("20261123T110000", "FREQ=WEEKLY", 2))
    take(ctx, weekly("20261123T110000", "FREQ=WEEKLY", 3), retimed("20261130", "20261130T150000", 3))
    assert days(ctx) == ["11-23 11", "11-30 15", "12-07 11", "12-14 11"]


def test_a_day_that_the_owner_declined_and_accepts_later(ctx: Context) -> None:
    vocabulary.user_add(ctx, "ann", {"email": "me@us.example"})
    me = "ATTENDEE;PARTSTAT=%s:mailto:me@us.example"
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 0, me % "ACCEPTED"), put_off("20261130", FIRST, 0, me % "DECLINED"))
    assert days(ctx) == ["11-23 10", "12-07 10", "12-14 10"]
    again = put_off("20261130", "20261130T100000", 1, me % "ACCEPTED")
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 1, me % "ACCEPTED"), again)
    assert days(ctx) == USUAL


@pytest.mark.parametrize("until", [";COUNT=1", ";UNTIL=20261124T000000Z"])
def test_a_series_that_was_done_to_its_end_and_goes_on(
    ctx: Context, capsys: pytest.CaptureFixture[str], until: str
) -> None:
    take(ctx, weekly(FIRST, f"FREQ=WEEKLY{until}"))
    tasks.done(ctx, [1])
    capsys.readouterr()
    assert take(ctx, weekly(FIRST, "FREQ=WEEKLY;COUNT=3", 1)) == "1 changed"
    assert "was changed" not in capsys.readouterr().err
    assert days(ctx) == ["11-30 10", "12-07 10"]
    assert take(ctx, weekly(FIRST, "FREQ=WEEKLY;COUNT=3", 1)) == "1 known"
    assert records.get(ctx, TASK, 1)["done_at"] is not None
    assert take(ctx, weekly(FIRST, "FREQ=WEEKLY", 2)) == "1 changed"
    assert days(ctx) == USUAL[1:]


@pytest.mark.parametrize("done", [0, 1])
def test_a_series_that_a_file_ended_and_that_goes_on(ctx: Context, done: int) -> None:
    start = "20261102T100000"
    take(ctx, weekly(start))
    if done:
        tasks.done(ctx, [1])
    assert take(ctx, weekly(start, "FREQ=WEEKLY;UNTIL=20261117T000000Z", 1)) == "1 changed"
    assert days(ctx) == []
    assert take(ctx, weekly(start, "FREQ=WEEKLY", 2)) == "1 changed"
    assert days(ctx) == USUAL[done:]
    assert ctx.reader.value("SELECT count(*) FROM task WHERE removed_at IS NOT NULL") == 0


def test_a_series_that_the_book_removed_stays_so(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    take(ctx, weekly(FIRST))
    tasks.done(ctx, [1])
    records.remove(ctx, TASK, [2])
    capsys.readouterr()
    assert take(ctx, weekly(FIRST, "FREQ=WEEKLY;COUNT=9", 1)) == "1 known"
    assert re.search(
        "task:2 S was removed in the book: crm .*task restore 2 takes it up again", capsys.readouterr().err
    )
    assert days(ctx) == []


def test_what_was_undone_twice_leaves_what_was_said_first(ctx: Context) -> None:
    def meeting(day: int, sequence: int) -> str:
        return plain("LOCATION:Office", f"SEQUENCE:{sequence}", **{f"DTSTART;{BERLIN[:-1]}": f"202611{day}T100000"})

    take(ctx, meeting(27, 0))
    records.edit(ctx, TASK, [1], {"place": "Home"})
    for day, sequence in ((28, 1), (29, 2), (30, 3)):
        take(ctx, meeting(day, sequence))
    for _ in range(3):
        history.undo(ctx)
    assert take(ctx, meeting(28, 1)) == "1 changed"
    assert (records.get(ctx, TASK, 1)["place"], in_agenda(ctx, DAYS)) == ("Home", ["2026-11-28T10:00"])


def test_only_versions_that_were_replaced_long_ago_are_forgotten(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_kept, "_REMEMBERED", 3)
    take(ctx, plain("LOCATION:Office"))
    records.edit(ctx, TASK, [1], {"place": "Home"})
    for number in range(5):
        records.edit(ctx, TASK, [1], {"priority": str(number % 4)})
    later = plain("LOCATION:Office", "SEQUENCE:1", "PRIORITY:1")
    take(ctx, later)
    history.undo(ctx)
    take(ctx, later)
    assert records.get(ctx, TASK, 1)["place"] == "Home"
    earlier = "SELECT count(*) FROM sync_link WHERE href LIKE '%\x1f%'"
    assert ctx.reader.value(earlier) == 2
    for sequence in range(2, 9):
        take(ctx, plain("LOCATION:Office", f"SEQUENCE:{sequence}", f"PRIORITY:{sequence}"))
    assert ctx.reader.value(earlier) <= 4


def test_a_missed_day_that_takes_place_later_is_a_task(ctx: Context) -> None:
    """Though a later day was done: no task ever stood for the one that was missed."""
    take(ctx, weekly("20261102T100000"))
    tasks.done(ctx, [1])
    later = [weekly("20261102T100000", "FREQ=WEEKLY", 1), put_off("20261116", "20261127T100000", 1)]
    assert take(ctx, *later) == "1 new, 1 known"
    assert days(ctx) == ["11-27 10", *USUAL[1:]]


def test_what_is_done_leaves_out_no_days(ctx: Context) -> None:
    take(ctx, weekly(FIRST))
    tasks.done(ctx, [1])
    take(ctx, called_off("20261130", 1))
    ended = [weekly(FIRST, "FREQ=WEEKLY;UNTIL=20261207T000000Z", 2), called_off("20261130", 2)]
    take(ctx, *ended)
    before = ctx.reader.value("SELECT seq FROM journal_head")
    assert take(ctx, *ended) == "2 known"
    assert ctx.reader.value("SELECT seq FROM journal_head") == before
    assert records.get(ctx, TASK, 1)["series_skips"] is None


def test_a_series_of_which_every_day_differs_is_these_days(ctx: Context) -> None:
    parts = [weekly(FIRST, "FREQ=WEEKLY;COUNT=1"), put_off("20261123", "20261124T150000", 0, "LOCATION:Hall 5")]
    assert take(ctx, *parts) == "1 new"
    assert days(ctx) == ["11-24 15"]
    assert take(ctx, *parts) == "1 known"


def test_what_all_later_days_are_like_is_told(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    take(ctx, weekly(FIRST), put_off("20261123", "20261123T120000").replace(
        "RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;"))  # fmt: skip
    assert "that all later days are like it (RANGE=THISANDFUTURE)" in capsys.readouterr().err
    assert days(ctx) == ["11-23 12", *USUAL[1:]]


def test_a_meeting_that_was_put_off_did_not_happen(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    ada = "ATTENDEE:mailto:ada@x.org"
    take(ctx, plain(ada, **{f"DTSTART;{BERLIN[:-1]}": "20261110T100000"}))
    assert records.get(ctx, CONTACT, 1)["last_touch"] is not None
    take(ctx, plain(ada, "SEQUENCE:1"))
    assert records.get(ctx, CONTACT, 1)["last_touch"] is None
    tasks.done(ctx, [1])
    assert ctx.reader.value("SELECT count(*) FROM interaction WHERE removed_at IS NULL") == 1


def test_a_colleague_who_declines_takes_nothing_away(ctx: Context) -> None:
    """Only who has the task; where they are not asked, everybody of the book who is."""
    for name in ("ann", "bob", "cyd"):
        vocabulary.user_add(ctx, name, {"email": f"{name}@us.example"})
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    ann, bob = ("ATTENDEE;PARTSTAT=%s:mailto:" + name + "@us.example" for name in ("ann", "bob"))
    both = (ann % "ACCEPTED", bob % "DECLINED")
    away = put_off("20261123", FIRST, 1, *both)
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 0, ann % "ACCEPTED", bob % "ACCEPTED"), away)
    assert days(ctx) == USUAL
    take(ctx, weekly(FIRST, "FREQ=WEEKLY", 2, *both))
    assert days(ctx) == USUAL
    over = event("SUMMARY:Lunch", f"DTSTART;{BERLIN}20261110T100000", *both, "ATTENDEE:mailto:ada@x.org", uid="over")
    assert take(ctx, over) == "1 new"
    assert records.get(ctx, CONTACT, 1)["last_touch"] is not None
    mine = event("SUMMARY:Mine", f"DTSTART;{BERLIN}{FIRST}", *both, uid="mine")
    assert take(ctx, mine, owner="bob") == "no event or to-do in it"
    assert take(ctx, mine, owner="cyd") == "1 new"


def test_an_empty_line_before_a_text_is_no_change_of_it(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    for sequence, link in enumerate(("one", "two")):
        text = f"DESCRIPTION:\\n________\\nJoin: https://{link}.example\\n"
        take(ctx, plain("ATTENDEE:mailto:ada@x.org", text, f"SEQUENCE:{sequence}"))
    assert "https://two.example" in records.get(ctx, TASK, 1)["description"]


@pytest.mark.parametrize("to", ["20261123T100000", "20261123T150000"])
def test_a_day_of_another_length_is_a_task_of_its_own(ctx: Context, to: str) -> None:
    longer = put_off("20261123", to, 1).replace("DURATION:PT1H", "DURATION:PT3H")
    take(ctx, weekly(FIRST))
    assert take(ctx, weekly(FIRST, "FREQ=WEEKLY", 1), longer) == "1 new, 1 changed"
    rows = agenda.agenda(ctx, [DAYS]).rows
    assert [(row["start"][5:13], row["minutes"]) for row in rows[:2]] == [
        (f"11-23T{to[9:11]}", 180), ("11-30T10", 60),
    ]  # fmt: skip


def test_a_length_that_is_said_later_is_taken(ctx: Context) -> None:
    start = f"DTSTART;{BERLIN}{FIRST}"
    take(ctx, event("SUMMARY:Demo", start))
    assert take(ctx, event("SUMMARY:Demo", start, "DURATION:PT3H", "SEQUENCE:1")) == "1 changed"
    assert records.get(ctx, TASK, 1)["minutes"] == 180
    bare = [part.replace("DURATION:PT1H\r\n", "") for part in (weekly(FIRST), put_off("20261130", "20261201T100000"))]
    take(ctx, *(part.replace("one@x.org", "two@x.org") for part in bare))
    later = weekly(FIRST, "FREQ=WEEKLY", 1).replace("DURATION:PT1H\r\n", "").replace("one@x.org", "two@x.org")
    assert take(ctx, later) == "1 changed, 1 removed"


def test_our_own_file_takes_no_day_away_that_it_has(ctx: Context) -> None:
    records.add(ctx, TASK, {"name": "S", "due": "2026-11-23 10:00", "repeat": "weekly", "minutes": "1h"})
    moved = put_off("20261130", "20261201T140000", 9).replace("one@x.org", f"{records.get(ctx, TASK, 1)['uid']}@crm")
    series_then = calendars.export(ctx).content.decode().replace("END:VCALENDAR", f"{moved}\r\nEND:VCALENDAR")
    calendar_import.import_calendar(ctx, series_then.encode(), called="x")
    expected = ["11-23 10", "12-01 14", "12-07 10", "12-14 10"]
    assert days(ctx) == expected
    for _ in range(2):
        found = calendar_import.import_calendar(ctx, calendars.export(ctx).content, called="x")
        assert found.changed.lines == ("imported x: 2 known",)
        assert days(ctx) == expected


@pytest.mark.parametrize("todo", [False, True])
def test_our_own_file_with_what_is_done_ends_no_series(ctx: Context, second_book: Context, todo: bool) -> None:
    records.add(ctx, TASK, {"name": "S", "due": "2026-11-23 10:00", "repeat": "weekly"})
    for _ in range(2):
        number = ctx.reader.value("SELECT max(id) FROM task")
        tasks.done(ctx, [number])
        made = calendars.export(ctx, ["(is:open or is:done)"], todo=todo).content
        found = calendar_import.import_calendar(ctx, made, called="x")
        assert found.changed.lines == (f"imported x: {number + 1} known",)
        calendar_import.import_calendar(second_book, made, called="x")
        assert days(second_book) == days(ctx) == USUAL[number:]
        assert second_book.reader.value("SELECT count(*) FROM task") == number + 1


def test_a_series_that_was_removed_brings_no_single_days(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    take(ctx, weekly(FIRST))
    records.remove(ctx, TASK, [1])
    capsys.readouterr()
    later = [weekly(FIRST, "FREQ=WEEKLY", 1), put_off("20261130", "20261201T140000", 1)]
    assert take(ctx, *later) == "2 known"
    assert "restore 1 takes it up again" in capsys.readouterr().err
    assert days(ctx) == []
    records.restore(ctx, TASK, [1])
    assert take(ctx, *later) == "1 new, 1 changed"
    assert days(ctx) == ["11-23 10", "12-01 14", "12-07 10", "12-14 10"]


def test_two_books_that_pass_a_series_to_and_fro_have_it_once(
    ctx: Context, second_book: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hand_over(one: Context, two: Context) -> None:
        calendar_import.import_calendar(two, calendars.export(one).content, called="x")

    records.add(ctx, TASK, {"name": "S", "due": "2026-11-23 10:00", "repeat": "weekly"})
    hand_over(ctx, second_book)
    monkeypatch.setenv("CRM_NOW", "2026-11-23T11:00:00+00:00")
    for one in (ctx, second_book):
        one.tick()
    tasks.done(second_book, [1])
    hand_over(second_book, ctx)
    assert days(ctx) == USUAL[1:]
    assert records.get(ctx, TASK, 1)["done_at"] is not None
    assert records.get(ctx, TASK, 2)["uid"] == records.get(second_book, TASK, 2)["uid"]
    tasks.done(ctx, [2])
    hand_over(ctx, second_book)
    assert days(second_book) == days(ctx) == USUAL[2:]


@pytest.mark.parametrize("was", ["on the clock", "as a moment"])
def test_days_without_a_zone_are_the_same_in_every_zone(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, was: str
) -> None:
    """Also those that were known by the moment that they meant in the zone of then."""

    def named_by_moment(item: Item) -> str:
        return calendar_tasks.key_of(item._replace(floating=False))

    parts = [part.replace(f";{BERLIN}", ":") for part in (weekly(FIRST), put_off("20261130", "20261201T140000"))]
    with monkeypatch.context() as patch:
        for module in (
            (calendar_import, calendar_kept, calendar_series, calendar_taking) if was == "as a moment" else ()
        ):
            patch.setattr(module, "key_of", named_by_moment)
        take(ctx, *parts)
    before = days(ctx)
    for zone in ("Asia/Tehran", "UTC", "America/New_York", "Pacific/Kiritimati", "Europe/Berlin"):
        monkeypatch.setenv("CRM_TIMEZONE", zone)
        ctx.tick()
        assert take(ctx, *parts) == "2 known"
        assert take(ctx, parts[1]) == "1 known"
    assert days(ctx) == before == ["11-23 10", "12-01 14", "12-07 10", "12-14 10"]
    usual = weekly(FIRST, "FREQ=WEEKLY", 1).replace(f";{BERLIN}", ":")
    assert take(ctx, usual) == "1 changed, 1 removed"
    assert days(ctx) == USUAL


def test_what_is_refused_counts_for_nothing(ctx: Context) -> None:
    unplaced = put_off("20261130", "20261201T100000", 0, f"RRULE:FREQ=DAILY;COUNT=1\r\n{EXCEPT}20261201T100000")
    assert take(ctx, weekly(FIRST), unplaced, event("SUMMARY:M", f"DTSTART;{BERLIN}{FIRST}", uid="other")) == (
        "1 new; 1 refused"
    )
    assert ctx.reader.value("SELECT count(*) FROM task") == 1


class Told:
    """A weekly series as another program has it, and the file that it writes of it: the day of each of its first dates
    on which that takes place, None for one that is called off or left out."""

    def __init__(self, name: str) -> None:
        self.name, self.sequence, self.clock = name, 0, 10
        self.first = datetime(2026, 11, 9, tzinfo=UTC)
        self.days: dict[datetime, datetime | None] = {}
        self.left_out: set[datetime] = set()

    def date(self, number: int) -> datetime:
        return self.first + timedelta(weeks=number)

    def file(self) -> list[str]:
        def at(moment: datetime) -> str:
            return f"{moment + timedelta(hours=self.clock):%Y%m%dT%H%M%S}"

        parts = [weekly(at(self.first), "FREQ=WEEKLY", self.sequence, *(f"{EXCEPT}{at(on)}" for on in self.left_out))]
        for on, to in self.days.items():
            off = [] if to else ["STATUS:CANCELLED"]
            parts.append(put_off(at(on)[:8], at(to or on), self.sequence, *off).replace(f"{at(on)[:8]}T100000", at(on)))
        return [part.replace("one@x.org", f"{self.name}@x.org").replace("SUMMARY:S", f"SUMMARY:{self.name}")
                for part in parts]  # fmt: skip

    def expected(self, since: datetime) -> list[str]:
        dates = [on for on in map(self.date, range(14)) if on not in self.left_out]
        found = [to for on in dates if (to := self.days.get(on, on)) is not None and to.date() > since.date()]
        return sorted(f"{to + timedelta(hours=self.clock):%Y-%m-%dT%H:%M}" for to in found)


STEPS = st.one_of(
    st.tuples(st.just("move"), st.integers(2, 8), st.integers(-3, 9)),
    st.tuples(st.just("call off"), st.integers(2, 8), st.just(0)),
    st.tuples(st.just("leave out"), st.integers(2, 8), st.just(0)),
    st.tuples(st.just("as usual"), st.integers(2, 8), st.just(0)),
    st.tuples(st.just("all as usual"), st.just(0), st.just(0)),
    st.tuples(st.just("clock"), st.just(0), st.integers(8, 16)),
    st.tuples(st.just("later"), st.just(0), st.integers(1, 9)),
)


#: What it asks of the book the tests above ask of both engines.
@pytest.mark.parametrize("ctx", ["sqlite"], indirect=True)
@given(steps=st.lists(STEPS, max_size=7))
@example(steps=[("move", 6, 0), ("all as usual", 0, 0), ("call off", 6, 0), ("all as usual", 0, 0)])
@example(steps=[("move", 3, 1), ("call off", 3, 0), ("call off", 2, 0), ("move", 3, 0)])
@example(steps=[("move", 6, 2), ("all as usual", 0, 0), ("call off", 6, 0), ("move", 6, 0)])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_agenda_has_what_the_last_version_says(ctx: Context, steps: list[tuple[str, int, int]]) -> None:
    """Whatever was moved, called off and taken back, and whatever was done here in between; and undo takes a version
    back."""
    told, now = Told(f"S{next(NUMBERS)}"), datetime(2026, 11, 21, 10, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        for what, number, size in [("first", 0, 0), *steps]:
            on = told.date(number)
            if what == "later":
                now += timedelta(days=size)
            elif what == "clock":
                told.clock = size
            elif what == "all as usual":
                # Who has done a day before the one on which it usually is has done it.
                told.days = {day: to for day, to in told.days.items() if to and to.date() <= now.date() < day.date()}
                told.left_out.clear()
            elif what != "first" and on.date() > now.date() and (told.days.get(on) or on).date() > now.date():
                told.left_out -= {on}
                told.days.pop(on, None)
                if what == "leave out":
                    told.left_out.add(on)
                elif what != "as usual":
                    to = on + timedelta(days=size)
                    told.days[on] = to if what == "move" and to.date() > now.date() else None
            told.sequence += 1
            patch.setenv("CRM_NOW", f"{now:%Y-%m-%dT%H:%M:%S}+01:00")
            ctx.tick()
            sql = "SELECT id FROM task WHERE name = ? AND due_on <= ? AND coalesce(done_at, removed_at) IS NULL"
            while (task := ctx.reader.value(sql, (told.name, f"{now:%Y-%m-%d}"))) is not None:
                tasks.done(ctx, [task])
            before = shown(ctx, told, now)
            take(ctx, *told.file())
            assert shown(ctx, told, now) == told.expected(now)
            head = ctx.reader.value("SELECT seq FROM journal_head")
            take(ctx, *told.file())
            if ctx.reader.value("SELECT seq FROM journal_head") != head:
                raise AssertionError("the same file again changed something")
            if before != told.expected(now):
                history.undo(ctx)
                assert shown(ctx, told, now) == before
                take(ctx, *told.file())
                assert shown(ctx, told, now) == told.expected(now)


def shown(ctx: Context, told: Told, since: datetime) -> list[str]:
    """When a series takes place in the agenda, from the next day on."""
    last = told.date(13) + timedelta(days=1)
    rows = agenda.agenda(ctx, [f"{since + timedelta(days=1):%Y-%m-%d}..{last:%Y-%m-%d}"]).rows
    return sorted(row["start"][:16] for row in rows if row["name"] == told.name)
