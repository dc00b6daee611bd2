"""Several places that a book is in step with, and other books too: what each of them is known by everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import calendar_import, records, tasks
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run

if TYPE_CHECKING:
    from crmcli.context import Context

MEETING = ("SUMMARY:Board meeting", "DTSTART;TZID=Europe/Berlin:20261128T100000", "DURATION:PT1H")
WEEKLY = (*MEETING, "RRULE:FREQ=WEEKLY")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


@pytest.fixture
def home() -> MemoryRemote:
    made = MemoryRemote()
    made.url = "https://dav.example/ada/home/"
    return made


@pytest.fixture
def team() -> MemoryRemote:
    return MemoryRemote()


def uids(remote: MemoryRemote) -> list[str]:
    return sorted(re.findall(r"\r\nUID:(.*)\r\n", text)[0] for text in remote.texts)


def open_tasks(book: Context) -> list[str]:
    sql = "SELECT name FROM task WHERE done_at IS NULL AND removed_at IS NULL ORDER BY name"
    return [name for (name,) in book.reader.rows(sql)]


@pytest.mark.parametrize("shape", [EVENT, TODO])
@pytest.mark.parametrize("lines", [MEETING, WEEKLY])
def test_what_others_made_is_in_every_place_once(
    ctx: Context, second_book: Context, home: MemoryRemote, team: MemoryRemote, shape: str, lines: tuple[str, ...]
) -> None:
    add(ctx, due="2026-11-23 10:00")
    team.put("/f.ics", item(*lines, uid="f@x.org", kind="VEVENT"))
    for book in (ctx, second_book) * 2:
        for place in (home, team):
            run(book, place, shape=shape)
    for book in (ctx, second_book):
        assert [str(run(book, place, shape=shape)) for place in (home, team)] == ["in step"] * 2
        assert open_tasks(book) == ["Board meeting", "Call Ada"]
    assert len(uids(home)) == 2
    assert uids(home) == uids(team)
    assert uids(team)[1] == "f@x.org"
    assert not [text for text in home.texts if "UID:f@x.org" in text and "X-CRM-STATUS" in text]


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_a_series_of_others_goes_on_in_a_place_that_comes_later(
    ctx: Context, second_book: Context, home: MemoryRemote, team: MemoryRemote, shape: str
) -> None:
    team.put("/f.ics", item(*WEEKLY, uid="f@x.org", kind="VEVENT"))
    for book in (ctx, second_book):
        run(book, team, shape=shape)
        tasks.done(book, [1])
        run(book, team, shape=shape)
    for book in (ctx, second_book) * 2:
        for place in (home, team):
            assert run(book, place, shape=shape).unsettled == []
    for book in (ctx, second_book):
        assert [str(run(book, place, shape=shape)) for place in (home, team)] == ["in step"] * 2
        assert open_tasks(book) == ["Board meeting"]
    assert uids(home) == uids(team) == ["f@x.org"]


@pytest.mark.parametrize("first", ["old", "new"])
def test_a_series_that_is_finished_there_by_a_new_to_do_goes_on_as_it_was(
    ctx: Context, home: MemoryRemote, first: str
) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    about = {"contact": "1", "remind": "1d", "description": "mine"}
    add(ctx, due="2026-11-23 10:00", repeat="weekly", **about)
    run(ctx, home, shape=TODO)
    ((href, (_, text)),) = home.items.items()
    footer = re.findall(r"X-CRM-FOOTER.*\r\n", text)[0]
    due = re.findall(r"DTSTART.*\r\n(?:DUE.*\r\n)", text)[0]
    alarm = re.findall(r"BEGIN:VALARM.*END:VALARM\r\n", text, re.DOTALL)[0]
    # As todoman does it: the rule goes on with a to-do of its own, in UTC and without lines that it does not know.
    new = text.replace(footer, "").replace(due, "DUE:20261130T090000Z\r\n").replace(alarm, "")
    new = re.sub(r"UID:.*", "UID:new@vm\r", new)
    done = re.sub(r"RRULE:.*\r\n", "", text).replace("STATUS:NEEDS-ACTION", "STATUS:COMPLETED")
    both = [(href, done), ("/new.ics", new)]
    for where, what in both if first == "old" else both[::-1]:
        home.put(where, what)
    found = run(ctx, home, shape=TODO)
    assert (found.new, found.changed, found.put, found.unsettled) == (1, 1, 0, [])
    assert home.items["/new.ics"][1] == new
    row = records.get(ctx, TASK, 2)
    said = {field: row[field] for field in ("due_at", "follows_id", "contact_id", "remind", "description")}
    assert said == {
        "due_at": "2026-11-30T09:00:00.000Z", "follows_id": 1, "contact_id": 1, "remind": "1440", "description": "mine",
    }  # fmt: skip
    assert (row["series_zone"], row["repeat"]) == ("Europe/Berlin", "FREQ=WEEKLY;BYDAY=MO")
    assert str(run(ctx, home, shape=TODO)) == "in step"
    tasks.done(ctx, [2])
    assert run(ctx, home, shape=TODO).unsettled == []
    assert open_tasks(ctx) == ["Call Ada"]
    assert len(home.items) == 2


def test_what_a_calendar_file_said_goes_out_as_what_it_is(
    ctx: Context, second_book: Context, home: MemoryRemote
) -> None:
    text = item(*MEETING, uid="f@x.org", kind="VEVENT").encode()
    for book in (ctx, second_book):
        calendar_import.import_calendar(book, text, called="x")
        run(book, home, shape=EVENT)
    assert uids(home) == ["f@x.org"]
    assert open_tasks(second_book) == ["Board meeting"]
