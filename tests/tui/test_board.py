"""The board under the mouse, under other writers, in small windows, with hostile names."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from textual.events import MouseUp
from textual.widgets import Input

from crmcli import __version__
from crmcli.domain.entities import DEAL
from crmcli.domain.text import width
from crmcli.errors import StoreError
from crmcli.services import deals, pipelines, records
from crmcli.tui.screens.record import RecordPlace
from tests.tui.conftest import HOSTILE, press, screen_text, settle, toasts

if TYPE_CHECKING:
    from tests.tui.conftest import Book


async def test_a_card_is_dragged_to_another_lane(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await pilot.mouse_down("#body", offset=(3, 5))
        await pilot.hover("#body", offset=(45, 8))
        await pilot.pause()
        assert "→ Proposition" in screen_text(app)
        await pilot.mouse_up("#body", offset=(45, 8))
        await settle(app, pilot)
        assert book.deal("Bulk paper")["stage"] == "Proposition"
        assert app.screen.view.card.name == "Bulk paper"
        assert "→" not in screen_text(app)


async def test_a_drag_ends_with_escape_and_outside_of_the_lanes(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        for end in ("#title", "#keys", "escape"):
            await pilot.mouse_down("#body", offset=(3, 5))
            await pilot.hover("#body", offset=(45, 8))
            if end == "escape":
                await press(app, pilot, "escape")
                assert "→" not in screen_text(app)
                await pilot.mouse_up("#body", offset=(45, 8))
            else:
                await pilot.hover(end, offset=(45, 0))
                await pilot.mouse_up(end, offset=(45, 0))
            await settle(app, pilot)
            assert book.deal("Bulk paper")["stage"] == "New", end
        assert "→" not in screen_text(app)


async def test_a_drag_ends_with_any_key_and_another_button_drops_nothing(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        for keys in (("x", "escape"), ("j",)):
            await pilot.mouse_down("#body", offset=(3, 5))
            await pilot.hover("#body", offset=(45, 8))
            await press(app, pilot, *keys)
            assert "→" not in screen_text(app), keys
            await pilot.mouse_up("#body", offset=(45, 8))
            await settle(app, pilot)
            assert book.deal("Bulk paper")["stage"] == "New", keys
        await pilot.mouse_down("#body", offset=(3, 5))
        await pilot.hover("#body", offset=(45, 8))
        await pilot._post_mouse_events([MouseUp], "#body", (45, 8), button=3)
        await settle(app, pilot)
        assert book.deal("Bulk paper")["stage"] == "New"


async def test_a_click_puts_the_cursor_and_a_double_click_opens(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await pilot.click("#body", offset=(25, 5))
        assert app.screen.view.card.name == "Night shift"
        await pilot.click("#body", offset=(25, 3), times=2)
        await settle(app, pilot)
        assert isinstance(app.screen, RecordPlace)


async def test_changes_by_others_appear_within_a_second_with_the_cursor_on_its_card(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "j")
        assert app.screen.view.card.name == "Bulk paper"
        records.add(book.context, DEAL, {"name": "From elsewhere"})
        deals.move(book.context, DEAL, [2], "Qualified")
        await pilot.pause(0.9)
        await settle(app, pilot)
        view = app.screen.view
        assert "From elsewhere" in [card[1] for card in view.lanes[0].cards]
        assert view.card.name == "Bulk paper"
        assert view.lanes[view.lane].name == "Qualified"


async def test_a_card_that_rots_has_a_mark_and_its_record_says_for_how_long(
    dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = records.add(book.context, DEAL, {"name": "Left alone", "stage": "new"}).ids[0]
    async with dashboard(size=(120, 40)) as (app, _pilot):
        assert "! no task" not in screen_text(app)
    pipelines.stage_edit(book.context, "new", {"rot": "14"})
    later = book.context.now + timedelta(days=20)
    monkeypatch.setenv("CRM_NOW", later.isoformat())
    book.context.tick()
    async with dashboard(size=(120, 40)) as (app, pilot):
        assert "! no task" in screen_text(app)
        await app.push_screen(RecordPlace("deal", number))
        await settle(app, pilot)
        assert "rotting for 6 days (stage limit 14)" in screen_text(app)
        assert "no next step" in screen_text(app)


@pytest.mark.parametrize(("words", "title"), [
    ("is:lost", "2 lost deals, 12.9k EUR"), ("is:open or is:lost", "8 deals, "), ("stage:new", "1 open deal, 1.2M EUR"),
    ("is:won", "0 open deals"),
])  # fmt: skip
async def test_the_title_counts_what_is_shown(dashboard: Any, book: Book, words: str, title: str) -> None:
    deals.lost(book.context, DEAL, [1, 2], "Too expensive")
    async with dashboard(size=(120, 40)) as (app, pilot):
        await press(app, pilot, "/")
        app.screen.query_one(Input).value = words
        await settle(app, pilot)
        assert title in screen_text(app).splitlines()[0]


@pytest.mark.parametrize(("words", "key", "said"), [
    ("is:lost", "L", "it was lost and is open again"), ("is:won", "H", "it was won and is open again"),
])  # fmt: skip
async def test_a_move_that_opens_a_closed_deal_says_so(
    dashboard: Any, book: Book, words: str, key: str, said: str
) -> None:
    deals.lost(book.context, DEAL, [1], "Too expensive")
    async with dashboard() as (app, pilot):
        await press(app, pilot, "/")
        app.screen.query_one(Input).value = words
        await press(app, pilot, "enter")
        if app.screen.view.card is None:
            await press(app, pilot, "l", "l", "l")
        number = app.screen.view.card.id
        await press(app, pilot, key)
        assert said in toasts(app)
        assert records.get(book.context, DEAL, number)["status"] == "open"


async def test_a_move_that_came_to_nothing_leaves_the_lanes_where_they_stood(dashboard: Any, book: Book) -> None:
    with book.context.writing("test"):
        for number in range(40):
            records.add(book.context, DEAL, {"name": f"Deal {number}", "stage": "qualified"})
    async with dashboard() as (app, pilot):
        lanes = app.screen.view._lanes
        await press(app, pilot, "l", "j", "h")
        before = (lanes.lane, list(lanes.at), list(lanes.top))
        app.screen.view.carry(1)
        assert lanes.top[1] > 0
        app.screen.put_back()
        assert (lanes.lane, lanes.at, lanes.top) == before


async def test_a_failed_move_is_said_and_shown_back(
    dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dashboard() as (app, pilot):

        def full(*_: Any, **__: Any) -> None:
            raise StoreError("the disk is full; nothing was saved")

        monkeypatch.setattr(deals, "_enter", full)
        await press(app, pilot, "L")
        assert "the disk is full" in toasts(app)
        assert app.screen.view.lanes[0].cards[0][1] == "Loom cards"


async def test_a_verb_that_breaks_is_one_line_and_a_report(
    dashboard: Any, isolated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dashboard() as (app, pilot):

        def broken(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError("no [/] luck")

        monkeypatch.setattr(deals, "_enter", broken)
        await press(app, pilot, "w")
        assert "ZeroDivisionError: no [/] luck" in toasts(app)
        assert "Traceback" not in screen_text(app)
        await press(app, pilot, "w")
        (report,) = (isolated / "state").glob("report-*.txt")
        command, version, *rest = report.read_text().splitlines()
        assert (command, version) == ("crm, the dashboard", f"crm {__version__}")
        assert "ZeroDivisionError: no [/] luck" in rest


async def test_hostile_names_are_shown_as_they_are_and_harmless(dashboard: Any) -> None:
    async with dashboard(size=(160, 40)) as (app, pilot):
        text = screen_text(app)
        assert "[/]" in text
        assert "[@click=app.quit]x[/]" in text
        assert "^[[31mred^[]0;title^G" in text
        assert "<U+202E>gnp.exe" in text
        assert not set("\x1b\x07\x9b\u202e") & set(text)
        await press(app, pilot, "g", "l")
        assert {"[@click=app.quit]x[/]", "<9B>2J"} <= set(screen_text(app).replace("▌", " ").split())
        await press(app, pilot, "g", "t", "g", "b", "l", "l", "j", "w")
        assert app.is_running
        assert HOSTILE[0] in toasts(app)


@pytest.mark.parametrize("size", [(80, 24), (80, 23), (120, 40), (203, 61), (61, 16)])
async def test_every_line_is_as_wide_as_the_screen(dashboard: Any, size: tuple[int, int]) -> None:
    async with dashboard(size=size) as (app, pilot):
        for keys in ((), ("g", "t"), ("g", "l"), ("g", "d"), ("enter",)):
            await press(app, pilot, *keys)
            assert {width(line) for line in screen_text(app).splitlines()} == {size[0]}, keys


async def test_lanes_that_have_no_room_are_reached_by_walking(dashboard: Any) -> None:
    async with dashboard(size=(62, 20)) as (app, pilot):
        assert "Won" not in screen_text(app)
        await press(app, pilot, "l", "l", "l")
        assert "Won" in screen_text(app)
        assert "Loom cards" not in screen_text(app)
        assert "‹" in screen_text(app)


async def test_a_window_that_is_too_small_says_so_and_recovers(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        for size in ((20, 5), (1, 1), (200, 60), (59, 14)):
            await pilot.resize_terminal(*size)
            await settle(app, pilot)
        assert "at least" in screen_text(app)
        assert app.screen.subject().name == "Loom cards"
        await press(app, pilot, "L", "w", "x", "j", "u")
        assert app.screen.where == "board"
        assert book.deal("Loom cards")["stage"] == "New"
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot)
        assert "Loom cards" in screen_text(app)
        assert "at least" not in screen_text(app)


async def test_the_title_is_laid_out_anew_for_another_width(dashboard: Any) -> None:
    async with dashboard(size=(120, 40)) as (app, pilot):
        wide = screen_text(app).splitlines()[0]
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot)
        narrow = screen_text(app).splitlines()[0]
        assert wide.split() == narrow.split()
        assert narrow.endswith("8 open deals, 1.2M EUR + 4.3k USD ")


async def test_an_empty_book(dashboard: Any, book: Book) -> None:
    records.remove(book.context, DEAL, list(range(1, 10)))
    async with dashboard() as (app, pilot):
        assert "nothing here" in screen_text(app)
        await press(app, pilot, "j", "l", "L", "w", "x", "enter", "e", "n", "t")
        assert "no record" in toasts(app)
        await press(app, pilot, "a", '"First"', "enter")
        assert app.screen.view.lanes[1].cards[0][1] == "First"
