"""What is typed while the book is busy: it goes where it was meant for, once, and nobody is left without a word."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import textual.timer
from textual.events import Paste
from textual.widgets import Input

from crmcli.config import Settings
from crmcli.domain.entities import DEAL, LEAD
from crmcli.errors import StoreError
from crmcli.services import pipelines, records
from crmcli.tui import app as program
from crmcli.tui import work
from crmcli.tui.app import Dashboard
from crmcli.tui.screens.board import BoardPlace
from crmcli.tui.screens.listing import ListPlace
from crmcli.tui.screens.record import RecordPlace
from crmcli.tui.screens.windows import Prompt, Question
from crmcli.tui.work import Desk
from tests.tui.conftest import press, screen_text, settle, toasts, until
from tests.tui.test_keys import burst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from textual.pilot import Pilot

    from crmcli.context import Context
    from tests.tui.conftest import Book


@contextlib.contextmanager
def held(desk: Desk) -> Iterator[threading.Event]:
    """The desk has something else in hand until the event is set, and what is asked meanwhile is not even begun."""
    begun, free = threading.Event(), threading.Event()

    def hold(_: Context) -> None:
        begun.set()
        free.wait(20)

    desk.ask(hold, then=lambda _: None, group="held")
    assert begun.wait(20)
    try:
        yield free
    finally:
        free.set()


def busy(app: Dashboard) -> AbstractContextManager[threading.Event]:
    return held(app.desk)


async def soon(pilot: Pilot[int], so: Callable[[], bool]) -> None:
    """Wait until something is so, whatever the book does, and fail where it does not become so."""
    for _ in range(600):
        if so():
            return
        await pilot.pause(0.005)
    pytest.fail("it never became so")


async def typed(app: Dashboard, pilot: Pilot[int], *keys: str) -> None:
    """Type while the book is busy: until all has been looked at that need not wait for it."""
    for key in keys:
        for one in key.strip('"') if key.startswith('"') else [key]:
            await pilot.press("space" if one == " " else one)
            await soon(pilot, lambda: not app.typed or app.typed.stuck)
    await pilot.pause(0.05)


async def test_the_keyboard_lives_on_where_a_timer_drops_its_tick(
    dashboard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = textual.timer._time.get_time

    def late() -> float:
        # As if the process got no processor between two lines of Timer._run: the tick of a short timer is dropped.
        frame = sys._getframe(1)
        if frame.f_code.co_name == "_run" and frame.f_locals.get("_repeat") == 0 and "next_timer" in frame.f_locals:
            time.sleep(frame.f_locals["_interval"] + 0.002)
        return real()

    async with dashboard() as (app, pilot):
        monkeypatch.setattr(textual.timer._time, "get_time", late)
        await burst(app, pilot, "a", '"Mill"')
        assert len(app.typed) == 0
        assert app.screen.query_one(Input).value == "Mill"


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_there_is_always_a_way_out(dashboard: Any, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(program, "LEAVING", 0.05)
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, "g", "l", "j")
            assert app.typed.stuck
            await typed(app, pilot, key)
            await soon(pilot, lambda: app.return_value == 0)
            assert app.return_value == 0


async def test_escape_forgets_what_waits_for_rows_that_do_not_come(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, "enter", "w")
            assert isinstance(app.screen, RecordPlace)
            await typed(app, pilot, "escape")
            assert isinstance(app.screen, BoardPlace)
        await settle(app, pilot)
        assert book.deal("Loom cards")["status"] == "open"


# --- keys for what the book has yet to say ---


async def test_what_is_typed_after_x_is_the_reason(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, "x", '"wu"')
            assert isinstance(app.screen, Prompt)
            assert app.screen.query_one(Input).value == "wu"
            await typed(app, pilot, "ctrl+u", '"exp"', "down", "enter", "j")
        await settle(app, pilot)
        found = records.get(book.context, DEAL, 1)
        assert (found["status"], found["lost_reason"]) == ("lost", "Too expensive")
        assert isinstance(app.screen, BoardPlace)
        assert app.screen.view.card.name == "خرید سامانه", "j came after the prompt"


async def test_what_comes_after_a_line_is_about_the_rows_as_they_are_then(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await burst(app, pilot, "x", "a", "enter", "x", "b", "enter")
        lost = "SELECT lost_reason FROM v_deal WHERE status = 'lost' ORDER BY id"
        await until(app, pilot, lambda: len(book.context.reader.rows(lost)) == 2)
        assert book.context.reader.rows(lost) == [("a",), ("b",)]


async def test_x_on_a_won_deal_says_at_once_that_it_cannot_be_lost(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "l", "l", "l", "x")
        assert "deal 9 is won and cannot be lost" in screen_text(app)
        await press(app, pilot, "escape")
        assert isinstance(app.screen, BoardPlace)


async def test_keys_are_about_the_rows_that_were_asked_for(dashboard: Any, book: Book) -> None:
    pipelines.pipeline_add(book.context, "Renewals", ["Due", "Kept"])
    records.add(book.context, DEAL, {"name": "Support", "pipeline": "Renewals"})
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, "tab", "t", '"wx"')
            assert isinstance(app.screen, BoardPlace)
        await settle(app, pilot)
        assert "Task for deal:14 Support" in screen_text(app)
        assert app.screen.query_one(Input).value == "wx"
        await press(app, pilot, "escape")
        with busy(app):
            await typed(app, pilot, "slash", '"nothing"', "enter", "w")
        await settle(app, pilot)
        assert book.deal("Support")["status"] == "open"
        assert "no record under the cursor" in toasts(app)


async def test_what_is_chosen_in_the_palette_is_what_was_looked_for(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, "colon", '"deal:2"', "enter")
        await until(app, pilot, lambda: isinstance(app.screen, RecordPlace))
        assert app.screen.subject().id == 2


# --- saving ---


@pytest.mark.parametrize(
    ("key", "table"), [("a", "v_deal"), ("n", "v_interaction"), ("c", "v_interaction"), ("t", "v_task")]
)
async def test_enter_saves_once_and_what_follows_waits(dashboard: Any, book: Book, key: str, table: str) -> None:
    count = lambda: book.context.reader.value(f"SELECT count(*) FROM {table}")  # noqa: E731
    before = count()
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, key, '"Mill"', "enter", "enter", "enter")
            assert "saving ..." in screen_text(app)
            await typed(app, pilot, "j", "enter")
        await settle(app, pilot)
        assert count() == before + 1
        assert isinstance(app.screen, RecordPlace), "the enter after j"


async def test_escape_takes_back_what_was_not_begun(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, "a", '"Mill"', "enter", "j", "escape")
            assert isinstance(app.screen, BoardPlace)
            assert "nothing was saved" in toasts(app)
        await settle(app, pilot)
        assert book.deals("name:Mill") == []
        assert app.desk.pending == 0


def begun(app: Dashboard, job: Any) -> bool:
    """Whether the thread of the book has the job in hand, or had it."""
    return job is not None and app.desk._begun >= job.number


async def test_escape_says_so_where_the_saving_has_begun(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        with book.context.writing("test"):
            await typed(app, pilot, "a", '"Mill"', "enter")
            await soon(pilot, lambda: isinstance(app.screen, Prompt) and begun(app, app.screen.job))
            await typed(app, pilot, "escape")
            assert isinstance(app.screen, Prompt)
            assert "it is being saved" in screen_text(app)
        await settle(app, pilot)
        assert isinstance(app.screen, BoardPlace)
        assert book.deals("name:Mill") == ["Mill"]


async def test_a_refused_line_can_be_sent_again(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await burst(app, pilot, "a", '"Mill value=5x"', "enter")
        await until(app, pilot, lambda: "is not a currency" in screen_text(app))
        assert "saving" not in screen_text(app)
        await press(app, pilot, "backspace", "enter")
        assert book.deal("Mill")["value"] == 500


async def test_a_long_wait_is_said_as_long_as_it_lasts(dashboard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "SLOW", 0.05)
    async with dashboard() as (app, pilot):
        with busy(app):
            await soon(pilot, lambda: "waiting for the book" in screen_text(app))
            assert "waiting for the book" in screen_text(app)
        await soon(pilot, lambda: "waiting for the book" not in screen_text(app))
        assert "waiting for the book" not in screen_text(app)
        assert "open deals" in screen_text(app)


# --- pasting ---

LETTER = "\nfirst line \n\nsecond: 20% off\nthird\n"


@pytest.mark.parametrize(
    ("screen", "keys", "sql", "stored"),
    [
        ("board", "n", "SELECT body FROM v_interaction ORDER BY id DESC", "first line\n\nsecond: 20% off\nthird"),
        ("board", "c", "SELECT body FROM v_interaction ORDER BY id DESC", "first line\n\nsecond: 20% off\nthird"),
        ("board", "a", "SELECT name FROM v_deal ORDER BY id DESC", "first line second: 20% off third"),
        ("board", "t", "SELECT name FROM v_task ORDER BY id DESC", "first line second: 20% off third"),
        ("board", "x", "SELECT lost_reason FROM v_deal WHERE id = 1", "first line second: 20% off third"),
        ("today", "d", "SELECT feedback FROM v_task WHERE id = 1", "first line\n\nsecond: 20% off\nthird"),
    ],
)
async def test_every_line_of_a_paste_is_kept(
    dashboard: Any, book: Book, screen: str, keys: str, sql: str, stored: str
) -> None:
    async with dashboard(screen=screen) as (app, pilot):
        await press(app, pilot, keys)
        app.post_message(Paste(LETTER))
        await settle(app, pilot)
        assert "first line⏎⏎second: 20% off⏎third" in screen_text(app)
        await press(app, pilot, "enter")
        assert book.context.reader.value(sql) == stored


async def test_a_paste_that_comes_with_its_key_goes_into_the_line(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        with busy(app):
            await typed(app, pilot, "e", '"name=x description="', "quotation_mark")
            app.post_message(Paste("a\nb"))
            await typed(app, pilot, "quotation_mark", "enter")
        await settle(app, pilot)
        assert records.get(book.context, DEAL, 1)["description"] == "a\nb"


@pytest.mark.parametrize("key", ["/", ":"])
async def test_a_paste_of_lines_into_one_that_knows_none(dashboard: Any, key: str) -> None:
    async with dashboard() as (app, pilot):
        app.post_message(Paste("not for the board"))
        await burst(app, pilot, key)
        app.post_message(Paste("Loom\ncards\n"))
        await settle(app, pilot)
        assert app.focused.value == "Loom cards"


# --- windows ---


@pytest.mark.parametrize("window", ["a", "/", ":", "g", "?", ""])
async def test_leaving_and_the_shell_work_in_every_window(
    dashboard: Any, monkeypatch: pytest.MonkeyPatch, window: str
) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(Dashboard, "action_suspend_process", lambda _: stopped.append("ctrl+z"))
    async with dashboard() as (app, pilot):
        await burst(app, pilot, *window)
        await press(app, pilot, "ctrl+z")
        assert stopped == ["ctrl+z"]
        await press(app, pilot, "ctrl+c")
        assert app.return_value == 0


async def test_an_undo_of_much_asks_first_and_says_how_it_comes_back(dashboard: Any, book: Book) -> None:
    with book.context.writing("test", command="import leads.csv"):
        for number in range(21):
            records.add(book.context, LEAD, {"name": f"Lead {number}"})
    leads = lambda: book.context.reader.value("SELECT count(*) FROM v_lead WHERE name LIKE 'Lead %'")  # noqa: E731
    async with dashboard() as (app, pilot):
        app.toast("nothing of yours to undo\n" * 30, bad=True)
        await pilot.pause()
        assert toasts(app).splitlines()[7:] == ["nothing of yours to undo", "... and 22 lines more"]
        app.clear_notifications()
        app.toast("\n".join(["short"] * 9))
        await pilot.pause()
        assert toasts(app).splitlines()[7:] == ["short", "... and 1 line more"]
        app.clear_notifications()
        app.toast("\n".join(["a name that is long " * 10] * 20), bad=True)
        await pilot.pause()
        assert len(toasts(app).splitlines()) < 4, "lines that are folded count as often"
        await press(app, pilot, "u")
        assert isinstance(app.screen, Question)
        assert toasts(app) == "", "it would lie on the question"
        assert "Take back 21 changes of 'import leads.csv'?" in screen_text(app)
        await press(app, pilot, "enter", "j", "u", "n")
        assert (isinstance(app.screen, BoardPlace), leads()) == (True, 21)
        with busy(app):
            await typed(app, pilot, "u", "y", "g", "l")
            assert isinstance(app.screen, BoardPlace), "what comes after u waits for what it asks"
        await until(app, pilot, lambda: isinstance(app.screen, ListPlace))
        assert leads() == 0
        batch = book.context.reader.value("SELECT max(id) FROM batch")
        assert f"'crm undo {batch}' brings it back" in toasts(app)


# --- leaving ---


@pytest.fixture
def desk(book: Book, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(work, "BRIEFLY", 0.05)
    found = Desk(Settings(), plugins=False)
    found.opened()
    return found


def told(desk: Desk, patience: float = 20.0, then: Callable[[str], None] = lambda _line: None) -> tuple[int, list[str]]:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        then(line)

    return desk.close(patience, say), said


def test_leaving_does_not_wait_for_rows(desk: Desk) -> None:
    with held(desk):
        assert told(desk) == (0, [])


def test_leaving_waits_for_a_write_and_says_so(desk: Desk, book: Book) -> None:
    with held(desk) as free:
        desk.ask(records.add, DEAL, {"name": "Mill"}, then=lambda _: None)
        code, said = told(desk, then=lambda _: free.set())
    assert (code, said[-1], "1 change still to be saved" in said[0]) == (0, "saved", True)
    assert book.deals("name:Mill") == ["Mill"]


def test_leaving_tells_what_could_not_be_saved(desk: Desk) -> None:
    def full(_: Any) -> None:
        raise StoreError("the disk is full; nothing was saved")

    desk.ask(full, then=lambda _: None)
    assert told(desk) == (1, ["the disk is full; nothing was saved"])


def test_leaving_tells_what_took_too_long(desk: Desk) -> None:
    with held(desk):
        desk.ask(records.add, DEAL, {"name": "Mill"}, then=lambda _: None)
        code, said = told(desk, patience=0.2)
    assert (code, "1 change still not saved" in said[-1]) == (1, True)
    desk._thread.join(20)


def test_ctrl_c_leaves_without_waiting(desk: Desk, book: Book) -> None:
    def interrupt(line: str) -> None:
        if "ctrl+c" in line:
            raise KeyboardInterrupt

    with held(desk):
        desk.ask(records.add, DEAL, {"name": "Mill"}, then=lambda _: None)
        code, said = told(desk, then=interrupt)
    assert (code, "left without waiting" in said[-1]) == (1, True)
    desk._thread.join(20)
    assert book.deals("name:Mill") == []
