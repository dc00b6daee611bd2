"""What the dashboard shows is what the book says: after quick moves, changes by others, lost servers, other files."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import DEAL, LEAD, TASK
from crmcli.services import board, pipelines, pulse, purging, records, saved_views, timeline, today, undoing
from crmcli.tui import frame
from crmcli.tui.screens.record import RecordPlace
from crmcli.tui.screens.sheet import Sheet
from tests.support import books
from tests.tui.conftest import Book, fill_at, press, screen_text, settle, toasts, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import Server


def lanes(app: Any) -> list[list[str]]:
    """The names on the board, lane by lane."""
    return [[card[1] for card in lane.cards] for lane in app.screen.view.lanes]


def count(app: Any) -> int:
    """How many cards there are."""
    return sum(map(len, lanes(app)))


class Gate:
    """A verb that begins and then waits until it is let through; it stands where `module` has the verb."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        self.verb = getattr(module, name)
        self.begun, self.open = threading.Event(), threading.Event()
        monkeypatch.setattr(module, name, self)

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.begun.set()
        assert self.open.wait(30)
        return self.verb(*args, **named)

    async def reached(self) -> None:
        while not self.begun.is_set():
            await asyncio.sleep(0.01)


async def test_a_move_made_while_the_board_is_read_does_not_make_it_deaf(
    dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dashboard() as (app, pilot):
        gate = Gate(monkeypatch, board, "cards")
        await pilot.press("L")
        await gate.reached()
        await pilot.press("H")
        gate.open.set()
        records.add(book.context, DEAL, {"name": "From elsewhere"})
        await until(app, pilot, lambda: "From elsewhere" in lanes(app)[0])
        assert "From elsewhere" in lanes(app)[0]
        assert "Loom cards" in lanes(app)[0]
        assert book.deal("Loom cards")["stage"] == "New"


# --- the book itself -------------------------------------------------------------------------------------------------


@pytest.fixture
def on_postgresql(pg_server: Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of the PostgreSQL database that the book is in."""
    monkeypatch.setenv("CRM_NOW", books.NOW)
    name = f"board_{os.urandom(4).hex()}"
    url = books.copy_database(pg_server, books.make_template(pg_server), name)
    fill_at(url)
    monkeypatch.setenv("CRM_DB", url)
    yield name
    pg_server.drop(name)


async def test_a_lost_server_is_said_and_come_back_to(on_postgresql: str, dashboard: Any, pg_server: Server) -> None:
    async with dashboard() as (app, pilot):
        before = lanes(app)
        pg_server._sql(f"ALTER DATABASE {on_postgresql} ALLOW_CONNECTIONS false")
        pg_server._sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{on_postgresql}'")
        await pilot.press("L")
        await until(app, pilot, lambda: "not up to date: cannot connect" in screen_text(app))
        assert "not up to date: cannot connect" in screen_text(app)
        assert lanes(app) == before, "what was not saved is not shown"
        pg_server._sql(f"ALTER DATABASE {on_postgresql} ALLOW_CONNECTIONS true")
        await until(app, pilot, lambda: "not up to date" not in screen_text(app))
        assert "not up to date" not in screen_text(app)
        await press(app, pilot, "L")
        theirs = Book()
        assert theirs.deal("Loom cards")["stage"] == "Qualified"
        theirs.context.close()


async def test_a_book_that_is_replaced_or_taken_away_is_noticed(dashboard: Any, book: Book) -> None:
    path = book.context.reader.target
    shutil.copyfile(path, path + ".backup")
    backup = Context(Settings({"db": path + ".backup"}), quiet=True, plugins=False)
    records.add(backup, DEAL, {"name": "In the backup"})
    backup.close()
    async with dashboard() as (app, pilot):
        os.replace(path, path + ".away")
        await until(app, pilot, lambda: "not up to date" in screen_text(app))
        await press(app, pilot, "r")
        assert "not up to date" in screen_text(app)
        assert toasts(app).count("was moved or removed meanwhile") == 1
        assert not os.path.exists(path)
        os.replace(path + ".backup", path)
        await until(app, pilot, lambda: "In the backup" in lanes(app)[0])
        assert "In the backup" in lanes(app)[0]
        assert "not up to date" not in screen_text(app)
        assert "the book was replaced meanwhile" in toasts(app)


async def test_a_book_that_comes_back_as_it_was_is_up_to_date(dashboard: Any, book: Book) -> None:
    path = book.context.settings.database
    async with dashboard() as (app, pilot):
        os.rename(path, path + ".away")
        await until(app, pilot, lambda: bool(app.trouble))
        await pilot.press("r")
        await until(app, pilot, lambda: bool(app.screen.trouble))
        os.rename(path + ".away", path)
        await until(app, pilot, lambda: not app.screen.trouble)
        await until(app, pilot, lambda: "not up to date" not in screen_text(app))
        assert "Loom cards" in lanes(app)[0]


async def test_an_answer_that_takes_longer_than_a_beat_is_heard(
    dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dashboard() as (app, pilot):
        gate = Gate(monkeypatch, pulse, "pulse")
        records.add(book.context, DEAL, {"name": "From elsewhere"})
        app.beat()
        await gate.reached()
        asked = app.desk.awaited("pulse")
        app.beat()
        app.beat(asked=True)
        assert app.desk.awaited("pulse") == asked != 0, "asked anew, the answer on its way would not be heard"
        gate.open.set()
        await until(app, pilot, lambda: "From elsewhere" in lanes(app)[0])
        await until(app, pilot, lambda: not app.typed.expecting)


async def test_a_book_that_a_newer_program_upgraded_is_not_written(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        before = lanes(app)
        book.context.reader.run("UPDATE alembic_version SET version_num = '9999'")
        await pilot.press("L")
        await until(app, pilot, lambda: "not up to date" in screen_text(app) and lanes(app) == before)
        assert "schema 9999" in toasts(app)
        assert "not up to date" in screen_text(app)
        assert lanes(app) == before
        assert book.deal("Loom cards")["stage"] == "New"


async def test_a_read_that_breaks_is_said_once_and_tried_when_the_book_has_changed(
    dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dashboard() as (app, pilot):
        calls: list[int] = []

        def broken(*_: Any) -> None:
            calls.append(1)
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(board, "cards", broken)
            records.add(book.context, DEAL, {"name": "First"})
            await until(app, pilot, lambda: bool(calls))
            app.beat()
            await settle(app, pilot)
            app.beat()
            await settle(app, pilot)
            assert len(calls) == 1
            assert toasts(app).count("ZeroDivisionError") == 1
            assert "not up to date" in screen_text(app)
        records.add(book.context, DEAL, {"name": "Second"})
        await until(app, pilot, lambda: "Second" in lanes(app)[0])
        assert {"First", "Second"} <= set(lanes(app)[0])
        assert "not up to date" not in screen_text(app)


# --- a record that is gone, a day that is over -----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["purge", "undo"])
async def test_a_record_that_is_gone_leaves_nothing_on_its_page(dashboard: Any, book: Book, how: str) -> None:
    number = records.add(book.context, LEAD, {"name": "Secret Person"}).ids[0]
    added = book.context.batch
    timeline.add(book.context, LEAD, number, "note", "secret words " * 30)
    noted = book.context.batch
    async with dashboard() as (app, pilot):
        app.open_record("lead", number)
        await settle(app, pilot)
        await press(app, pilot, "l", "enter")
        assert isinstance(app.screen, Sheet)
        assert "Secret Person" in screen_text(app)
        if how == "purge":
            purging.purge(book.context, LEAD, [number])
        else:
            undoing.undo(book.context, noted)
            undoing.undo(book.context, added)
        await until(app, pilot, lambda: "is gone" in screen_text(app))
        assert isinstance(app.screen, RecordPlace)
        assert "is gone" in screen_text(app)
        app.beat()
        await settle(app, pilot)
        assert "ecret" not in screen_text(app) + toasts(app)
        assert toasts(app) == ""
        await press(app, pilot, "w", "escape")
        assert app.screen.where == "board"


async def test_the_page_of_a_lead_goes_on_as_that_of_the_deal_it_became(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l", "enter")
        lead = app.screen.subject()
        await press(app, pilot, "C")
        assert app.screen.subject() == lead._replace(kind="deal")
        await press(app, pilot, "u")
        assert app.screen.subject() == lead


async def test_midnight_is_noticed(dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    records.add(book.context, TASK, {"name": "Appointment", "due": "2026-11-21 14:30"})
    async with dashboard() as (app, pilot):
        assert "today" in screen_text(app)
        await press(app, pilot, "g", "t")
        assert "Overdue (1)" in screen_text(app)
        monkeypatch.setenv("CRM_NOW", "2026-11-21T14:31:00+00:00")
        await until(app, pilot, lambda: "Overdue (2)" in screen_text(app))
        assert "Overdue (2)" in screen_text(app)
        monkeypatch.setenv("CRM_NOW", "2026-11-22T00:01:00+00:00")
        await until(app, pilot, lambda: "Sunday 2026-11-22" in screen_text(app))
        assert "Sunday 2026-11-22" in screen_text(app)
        await press(app, pilot, "g", "b")
        assert "1d late" in screen_text(app)


# --- filters ---------------------------------------------------------------------------------------------------------


async def test_a_filter_that_is_refused_leaves_the_last_good_one_in_force(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "/")
        app.screen.query_one(Input).value = "value:10k.."
        await settle(app, pilot)
        app.screen.query_one(Input).value = "stage:nwe"
        await press(app, pilot, "enter")
        shown = lanes(app)
        assert "nwe" in screen_text(app)
        assert "/value:10k.. stays" in screen_text(app)
        records.add(book.context, DEAL, {"name": "From elsewhere", "value": "20k"})
        records.add(book.context, DEAL, {"name": "Too small", "value": "1k"})
        await until(app, pilot, lambda: "From elsewhere" in lanes(app)[0])
        assert lanes(app)[0] == [*shown[0], "From elsewhere"]
        await press(app, pilot, "L")
        assert "/value:10k.." in screen_text(app).splitlines()[0]
        assert "open deals" in screen_text(app).splitlines()[0]
        await press(app, pilot, "escape")
        assert count(app) == 11


async def test_a_view_that_is_removed_lets_all_be_shown_until_it_is_back(dashboard: Any, book: Book) -> None:
    saved_views.save(book.context, "big", DEAL, "value:10k..")
    async with dashboard() as (app, pilot):
        await press(app, pilot, "/")
        app.screen.query_one(Input).value = "view:big"
        await press(app, pilot, "enter")
        assert count(app) == 3
        saved_views.remove(book.context, "big")
        await until(app, pilot, lambda: count(app) == 9)
        assert "(all is shown)" in " ".join(screen_text(app).split())
        saved_views.save(book.context, "big", DEAL, "value:10k..")
        await until(app, pilot, lambda: count(app) == 3)
        assert count(app) == 3
        assert "no saved view" not in screen_text(app)


# --- what a screen has room for --------------------------------------------------------------------------------------


async def test_a_note_and_a_long_field_can_be_read_to_the_end(dashboard: Any, book: Book) -> None:
    long = "First line\n" + " ".join(f"word{number}" for number in range(300)) + " THE END"
    timeline.add(book.context, DEAL, 1, "note", long)
    records.edit(book.context, DEAL, [1], {"description": long.replace("END", "LIMIT"), "name": "Loom [/]"})
    async with dashboard() as (app, pilot):
        await press(app, pilot, "enter", "l", "j", "enter")
        assert isinstance(app.screen, Sheet)
        assert "First line" in screen_text(app)
        assert "THE END" not in screen_text(app)
        await press(app, pilot, "G")
        assert "THE END" in screen_text(app)
        await press(app, pilot, "escape", "h")
        assert isinstance(app.screen, RecordPlace)
        app.screen.pane.place("description")
        await press(app, pilot, "enter", "end")
        assert "THE LIMIT" in screen_text(app)
        await press(app, pilot, "q")
        assert isinstance(app.screen, RecordPlace)


async def test_the_timeline_uses_the_width_it_has(dashboard: Any, book: Book) -> None:
    timeline.add(book.context, DEAL, 1, "note", "a sentence of thirty letters ok and more")
    for size, shown in (
        ((80, 24), "2026-11-21 note a sentence of thirty letters"),
        ((120, 40), "2026-11-21 10:00 note"),
    ):
        async with dashboard(size=size) as (app, pilot):
            await press(app, pilot, "enter")
            assert shown in screen_text(app)


async def test_another_pipeline_starts_with_a_stage_of_its_own(dashboard: Any, book: Book) -> None:
    pipelines.pipeline_add(book.context, "Renewals", ["Due", "Kept"])
    async with dashboard() as (app, pilot):
        await press(app, pilot, "l", "a", '"Pipe test pipeline=Renewals"', "enter")
        found = book.deal("Pipe test")
        assert (found["pipeline"], found["stage"]) == ("Renewals", "Due")


async def test_today_says_nothing_before_it_knows(dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, last in ((TASK, 5), (DEAL, 10), (LEAD, 14)):
        have = [row["id"] for row in records.list_records(book.context, kind, ["is:any"], limit=0).rows]
        records.remove(book.context, kind, [number for number in have if number < last])
    gate = Gate(monkeypatch, today, "today")
    async with dashboard() as (app, pilot):
        await pilot.press("g", "t")
        await gate.reached()
        await pilot.pause()
        assert "loading" in screen_text(app)
        assert "nothing needs you" not in screen_text(app)
        gate.open.set()
        await until(app, pilot, lambda: "loading" not in screen_text(app))
        assert "loading" not in screen_text(app)


def shown(tabs: list[tuple[str, bool]], right: str, filter_text: str, columns: int, trouble: str = "") -> str:
    return "".join(text for text, _ in frame.title(tabs, right, filter_text, columns, trouble))


@pytest.mark.parametrize("chosen", [0, 6, 12])
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_chosen_tab_and_the_counts_stay_in_sight(chosen: int, columns: int) -> None:
    tabs = [(f"{i + 1} Pipeline no {i + 1}", i == chosen) for i in range(13)]
    text = shown(tabs, "8 open deals, 1.2M EUR", "value:10k.. and many other words", columns)
    assert len(text) <= columns
    assert f" {chosen + 1} Pipeline no {chosen + 1} " in text
    assert ("8 open deals, 1.2M EUR" if columns > 60 else "8 open deals") in text
    assert "/value:10k" in text
    assert ("‹" in text) == (" 1 Pipeline" not in text)
    assert ("›" in text) == (" 13 Pipeline" not in text)


def test_a_long_name_and_a_long_trouble_give_way() -> None:
    text = shown([("lead 12", False), ("Ada " * 40, True)], "won", "", 80)
    assert len(text) <= 80
    assert "lead 12" in text
    assert text.endswith("won")
    text = shown([("Pipeline", True)], "8 open deals", "", 80, "the connection " * 9)
    assert len(text) <= 80
    assert " Pipeline " in text
    assert "not up to date: the connection" in text
    assert "open deals" not in text
    text = shown([], "", "", 80, "the connection " * 9)
    assert len(text) <= 80
    assert "not up to date: the connection" in text
