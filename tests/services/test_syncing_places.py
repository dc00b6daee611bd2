"""Several places that a book is in step with, and other books too: what each of them is known by everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import calendar_import, history, records, tasks
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, run_all, settled

if TYPE_CHECKING:
    from crmcli.context import Context

pytestmark = pytest.mark.usefixtures("saturday")

MEETING = ("SUMMARY:Board meeting", "DTSTART;TZID=Europe/Berlin:20261128T100000", "DURATION:PT1H")
WEEKLY = (*MEETING, "RRULE:FREQ=WEEKLY")


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


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_a_series_of_others_that_comes_back_is_the_task_that_it_had_come_to(
    ctx: Context, second_book: Context, team: MemoryRemote, shape: str
) -> None:
    kind = "VEVENT" if shape == EVENT else "VTODO"
    team.put("/f.ics", item(*MEETING[:2], WEEKLY[-1], uid="f@x.org", kind=kind))
    for book in (ctx, second_book):
        run(book, team, shape=shape)
    tasks.done(second_book, [1])
    for book in (second_book, ctx):
        run(book, team, shape=shape)
    removed = records.remove(ctx, TASK, [1])
    for book in (ctx, second_book):
        assert run(book, team, shape=shape).unsettled == []
        assert open_tasks(book) == []
    history.undo(ctx, removed.batch)
    for book in (ctx, second_book, ctx):
        assert run(book, team, shape=shape).unsettled == []
        assert open_tasks(book) == ["Board meeting"]
    assert uids(team) == ["f@x.org"]
    assert second_book.reader.value("SELECT removed_at FROM task WHERE id = 2") is None


def test_a_series_that_goes_back_to_a_day_is_so_in_every_place_of_every_book(
    ctx: Context, second_book: Context, home: MemoryRemote, team: MemoryRemote
) -> None:
    """The task that followed goes from one place after the other; until then it has the series still."""
    add(ctx, due="2026-11-23 10:00", repeat="weekly")
    books, places = (ctx, second_book), ((home, EVENT), (team, TODO))

    def step(*which: Context) -> None:
        for book in which:
            for place, shape in places:
                assert run(book, place, shape=shape).unsettled == []

    step(*books, ctx)
    tasks.done(second_book, [1])
    step(second_book, ctx, second_book)
    tasks.done(ctx, [2])
    step(*books, ctx)
    history.undo(ctx)
    step(*books, ctx)
    for book in books:
        assert [str(run(book, place, shape=shape)) for place, shape in places] == ["in step"] * 2
        (row,) = records.list_records(book, TASK, ["is:open"], columns="due_on,repeat").rows
        assert (row["due_on"], row["repeat"]) == ("2026-11-30", "FREQ=WEEKLY;BYDAY=MO")


def test_a_day_of_others_that_is_put_off_in_one_book_and_done_in_another_is_done(
    ctx: Context, second_book: Context, team: MemoryRemote
) -> None:
    team.put("/f.ics", item(*MEETING[:2], WEEKLY[-1], uid="f@x.org"))
    for book in (ctx, second_book):
        run(book, team, shape=TODO)
    tasks.snooze(ctx, [1], "2026-12-19")
    tasks.done(second_book, [1])
    for book in (ctx, second_book, ctx):
        run(book, team, shape=TODO)
    for book in (ctx, second_book):
        (row,) = records.list_records(book, TASK, ["is:open"], columns="due_on,series_on").rows
        assert (row["due_on"], row["series_on"]) == ("2026-12-05", None)
        assert str(run(book, team, shape=TODO)) == "in step"


def test_a_day_of_others_that_is_done_is_so_everywhere_though_the_next_one_is_put_off(
    ctx: Context, second_book: Context, team: MemoryRemote
) -> None:
    team.put("/f.ics", item(*MEETING[:2], WEEKLY[-1], uid="f@x.org"))
    for book in (ctx, second_book):
        run(book, team, shape=TODO)
    tasks.done(ctx, [1])
    tasks.snooze(ctx, [2], "2026-12-16")
    for book in (ctx, second_book):
        run(book, team, shape=TODO)
        (row,) = records.list_records(book, TASK, ["is:open"], columns="due_on,series_on").rows
        assert (row["due_on"], row["series_on"]) == ("2026-12-16", "2026-12-05")
        settled(book, team, shape=TODO)


@pytest.mark.parametrize("kind", ["VEVENT", "VTODO"])
def test_a_late_day_of_others_that_is_put_off_no_more_is_late_in_every_book(
    ctx: Context, second_book: Context, team: MemoryRemote, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    shape = EVENT if kind == "VEVENT" else TODO
    team.put("/f.ics", item(*MEETING[:2], WEEKLY[-1], uid="f@x.org", kind=kind))
    for book in (ctx, second_book):
        run(book, team, shape=shape)
    tasks.snooze(ctx, [1], "2026-12-20")
    for book in (ctx, second_book):
        run(book, team, shape=shape)
    monkeypatch.setenv("CRM_NOW", "2026-11-30T10:00:00+00:00")
    history.undo(ctx)
    for book in (ctx, second_book):
        book.tick()
        run(book, team, shape=shape)
        assert [row["due_on"] for row in records.list_records(book, TASK, ["is:open"]).rows] == ["2026-11-28"]


def test_a_late_day_of_others_that_is_taken_up_again_is_late_in_every_book(
    ctx: Context, second_book: Context, team: MemoryRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.put("/f.ics", item(*MEETING[:2], WEEKLY[-1], uid="f@x.org"))
    for book in (ctx, second_book):
        run(book, team, shape=TODO)
    tasks.done(ctx, [1])
    for book in (ctx, second_book):
        run(book, team, shape=TODO)
    assert [row["due_on"] for row in records.list_records(second_book, TASK, ["is:open"]).rows] == ["2026-12-05"]
    monkeypatch.setenv("CRM_NOW", "2026-11-30T10:00:00+00:00")
    history.undo(ctx)
    for book in (ctx, second_book):
        book.tick()
        run(book, team, shape=TODO)
        assert [row["due_on"] for row in records.list_records(book, TASK, ["is:open"]).rows] == ["2026-11-28"]


def finished(text: str, uid: str, due: str = "20261130T090000Z") -> tuple[str, str]:
    """A series as todoman finishes it: the to-do without its rule, and one of its own for the rest, in UTC and without
    the lines that it does not know."""
    mine = re.findall(r"DTSTART.*\r\n(?:DUE.*\r\n)", text)[0]
    alarm = re.findall(r"BEGIN:VALARM.*END:VALARM\r\n", text, re.DOTALL)
    rest = re.sub(r"X-CRM-FOOTER.*\r\n", "", text).replace(mine, f"DUE:{due}\r\n").replace("".join(alarm), "")
    done = re.sub(r"RRULE:.*\r\n", "", text).replace("STATUS:NEEDS-ACTION", "STATUS:COMPLETED")
    return done, re.sub(r"UID:.*", f"UID:{uid}\r", rest)


@pytest.mark.parametrize("first", ["old", "new"])
def test_a_series_that_is_finished_there_by_a_new_to_do_goes_on_as_it_was(
    ctx: Context, home: MemoryRemote, first: str
) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    about = {"contact": "1", "remind": "1d", "description": "mine"}
    add(ctx, due="2026-11-23 10:00", repeat="weekly", **about)
    run(ctx, home, shape=TODO)
    ((href, (_, text)),) = home.items.items()
    done, new = finished(text, "new@vm")
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


def test_a_series_that_was_finished_there_goes_on_as_it_is_by_now(
    ctx: Context, second_book: Context, home: MemoryRemote
) -> None:
    """Another book reads the new item when the first one has put it off and edited it."""
    add(ctx, due="2026-11-23 10:00", repeat="weekly", place="Bonn")
    for book in (ctx, second_book):
        run(book, home, shape=TODO)
    done, new = finished(home.texts[0], "new@vm")
    home.put(home.only, done)
    home.put("/new.ics", new)
    run(ctx, home, shape=TODO)
    tasks.snooze(ctx, [2], "2026-12-02")
    records.edit(ctx, TASK, [2], {"place": "Berlin", "priority": "high"})
    run(ctx, home, shape=TODO)
    run(second_book, home, shape=TODO)
    fields = ("due_at", "series_on", "place", "priority", "follows_id")
    first, second = ([records.get(book, TASK, 2)[field] for field in fields] for book in (ctx, second_book))
    assert first == second
    for book in (ctx, second_book):
        assert str(run(book, home, shape=TODO)) == "in step"


@pytest.mark.parametrize(("day", "told"), [("2026-11-30", False), ("2026-12-02", True)])
def test_a_day_that_was_finished_there_and_here_goes_on_once(
    ctx: Context, home: MemoryRemote, day: str, told: bool
) -> None:
    add(ctx, due="2026-11-23 10:00", repeat="weekly")
    run(ctx, home, shape=TODO)
    tasks.done(ctx, [1])
    if told:
        tasks.snooze(ctx, [2], day)
    done, new = finished(home.texts[0], "new@vm")
    home.put(home.only, done)
    home.put("/new.ics", new)
    lines = run(ctx, home, shape=TODO).unsettled
    assert lines == (["/new.ics: Call Ada: it goes on as task:2 already"] if told else [])
    assert len(home.items) == (3 if told else 2)
    assert [row["due_on"] for row in records.list_records(ctx, TASK, ["is:open"]).rows] == [day]
    assert str(run(ctx, home, shape=TODO)) == "in step"


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize(("more", "dues"), [
    ({"contact": True}, ("2026-11-23 10:00", "2026-11-23 10:00")),
    ({"contact": True, "edited": True}, ("2026-11-23 10:00", "2026-11-23 10:00")),
    ({"description": True}, ("2026-11-23 10:00", "2026-11-23 10:00")),
    ({"place": True}, ("2026-11-23 10:00", "2026-11-23 16:00")),
])  # fmt: skip
def test_series_of_one_name_that_are_finished_there_go_on_each_as_it_was(
    ctx: Context, second_book: Context, home: MemoryRemote, order: tuple[int, int], more: dict[str, bool],
    dues: tuple[str, str],
) -> None:  # fmt: skip
    """By whom it is about, what it says, and when its next one is."""
    for number, (name, due) in enumerate(zip(("Ada", "Grace"), dues, strict=True), 1):
        records.add(ctx, CONTACT, {"name": name})
        its = {"contact": str(number), "description": f"about {name}", "place": f"at {name}'s"}
        add(ctx, due=due, repeat="weekly", **{field: its[field] for field in its if more.get(field)})
    for book in (ctx, second_book):
        run(book, home, shape=TODO)
    hrefs = {number: f"/{records.get(ctx, TASK, number)['uid']}@crm.ics" for number in (1, 2)}
    for number in order:
        hour = dues[number - 1][11:13]
        done, new = finished(home.items[hrefs[number]][1], f"new{number}@vm", f"20261130T{int(hour) - 1:02}0000Z")
        if more.get("edited"):
            new = new.replace("DESCRIPTION:", "DESCRIPTION:my own\\n\\n")
        home.put(hrefs[number], done)
        home.put(f"/new{number}.ics", new)
    for book in (ctx, second_book):
        assert run(book, home, shape=TODO).unsettled == []
        assert str(run(book, home, shape=TODO)) == "in step"
        for number in (1, 2):
            sql = "SELECT id FROM task WHERE external_id = ?"
            after = records.get(book, TASK, book.reader.value(sql, (f"new{number}@vm",)))
            before = records.get(book, TASK, after["follows_id"])
            assert f"/{before['uid']}@crm.ics" == hrefs[number]
            assert after["series_zone"] == "Europe/Berlin"
            assert [after[field] for field in ("contact_id", "place", "description")] == [
                before[field] for field in ("contact_id", "place", "description")
            ]


def test_a_series_of_one_name_with_another_that_is_finished_there_is_told_where_nothing_says_which_it_was(
    ctx: Context, home: MemoryRemote, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(("Ada", "Grace"), 1):
        records.add(ctx, CONTACT, {"name": name})
        add(ctx, due="2026-11-23 10:00", repeat="weekly", contact=str(number))
    run(ctx, home, shape=TODO)
    for number, (href, (_, text)) in enumerate(list(home.items.items())):
        done, new = finished(text, f"new{number}@vm")
        home.put(href, done)
        home.put(f"/new{number}.ics", re.sub("DESCRIPTION:.*", "DESCRIPTION:hers\r", new))
    run(ctx, home, shape=TODO)
    assert [records.get(ctx, TASK, number)["follows_id"] for number in (3, 4)] == [None, None]
    assert "task:3 Call Ada: it goes on where task:1 or task:2 ended, and nothing says which" in capsys.readouterr().err


def test_what_a_calendar_file_said_goes_out_as_what_it_is(
    ctx: Context, second_book: Context, home: MemoryRemote
) -> None:
    text = item(*MEETING, uid="f@x.org", kind="VEVENT").encode()
    for book in (ctx, second_book):
        calendar_import.import_calendar(book, text, called="x")
        run(book, home, shape=EVENT)
    assert uids(home) == ["f@x.org"]
    assert open_tasks(second_book) == ["Board meeting"]


@pytest.mark.parametrize(
    ("times", "read"), [(1, "at once"), (2, "at once"), (1, "before"), (2, "before"), (1, "after")]
)
def test_an_undo_goes_by_what_another_book_made_of_the_series_meanwhile(
    ctx: Context, second_book: Context, home: MemoryRemote, team: MemoryRemote, times: int, read: str
) -> None:
    """A to-do of others in one place, as an event in another, which the other book moves with the series: before the
    undo, and read by then (at once) or not, or only after it."""
    team.put("/f.ics", item(*MEETING[:2], WEEKLY[-1], uid="f@x.org"))

    def step(book: Context) -> None:
        for place, shape in ((home, EVENT), (team, TODO)):
            assert run(book, place, shape=shape).unsettled == []

    for book in (ctx, second_book) * 2:
        step(book)
    for number in range(1, times + 1):
        tasks.done(second_book, [number])
        for book in (second_book, ctx) * (1 if read == "after" else 2):
            step(book)
    if read == "at once":
        step(second_book)
    for _ in range(times):
        history.undo(second_book)
    for book in (second_book, ctx) * 2:
        step(book)
    sql = "SELECT name FROM task WHERE due_on = '2026-11-28' AND done_at IS NULL"
    for book in (ctx, second_book):
        assert open_tasks(book) == ["Board meeting"] == [name for (name,) in book.reader.rows(sql)]
        assert [str(run(book, place, shape=shape)) for place, shape in ((home, EVENT), (team, TODO))] == ["in step"] * 2
    assert [text.count("20261128T100000") for text in (*home.texts, *team.texts)] == [1, 1]


@pytest.mark.parametrize("shapes", [(EVENT, TODO), (TODO, EVENT), (EVENT, EVENT)])
@pytest.mark.parametrize("edited", [0, 1])
def test_two_books_with_two_places_settle_what_was_changed_twice(
    ctx: Context, second_book: Context, home: MemoryRemote, team: MemoryRemote, shapes: tuple[str, str], edited: int
) -> None:
    places = list(zip((home, team), shapes, strict=True))
    add(ctx, due="2026-11-25 10:00")
    run_all(ctx, places)
    run_all(second_book, places)
    on_phone = (home, team)[edited]
    on_phone.put(on_phone.only, on_phone.items[on_phone.only][1].replace("20261125", "20261126"))
    run_all(ctx, places)
    tasks.snooze(second_book, [1], "2026-11-27")
    run_all(second_book, places)
    run_all(ctx, places)
    for book in (second_book, ctx):
        assert run_all(book, places) == ["in step"] * 2
        assert str(book.reader.value("SELECT due_on FROM task")) == "2026-11-27"
    assert all("20261127" in text for remote in (home, team) for text in remote.texts)


def test_what_was_ticked_before_another_book_knew_it_stays_so(
    ctx: Context, second_book: Context, home: MemoryRemote, team: MemoryRemote
) -> None:
    places = [(home, EVENT), (team, TODO)]
    add(ctx, due="2026-11-25 10:00")
    run_all(ctx, places)
    ticked = team.items[team.only][1].replace("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20261121T110000Z")
    team.put(team.only, ticked)
    for book in (ctx, second_book, ctx, second_book):
        run_all(book, places)
    for book in (ctx, second_book):
        assert run_all(book, places) == ["in step"] * 2
        assert open_tasks(book) == []
