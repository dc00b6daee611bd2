"""Keys that come all at once: typed while the program was being loaded, or sent by a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.events import Key
from textual.keys import _character_to_key

from crmcli.tui.screens.board import BoardPlace
from crmcli.tui.screens.listing import ListPlace
from crmcli.tui.screens.windows import Help
from tests.tui.conftest import screen_text, settle, toasts, until

if TYPE_CHECKING:
    from tests.tui.conftest import Book


async def burst(app: Any, pilot: Any, *keys: str) -> None:
    """Keys that are all there before the first is looked at; a word in quotes is typed letter by letter."""
    for key in keys:
        for char in key.strip('"') if key.startswith('"') else [key]:
            app.post_message(Key("enter", "\r") if char == "enter" else Key(_character_to_key(char), char))
    await settle(app, pilot)


async def test_a_filter_typed_at_once(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await burst(app, pilot, "/", '"Loom"', "enter", "l")
        assert app.screen.filter == "Loom"
        assert "Night shift" not in screen_text(app)


async def test_a_new_record_typed_at_once(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await burst(app, pilot, "a", '"Fast deal value=7k"', "enter")
        await until(app, pilot, lambda: "added deal" in toasts(app))
        assert book.deal("Fast deal")["value"] == 700_000


async def test_a_way_through_the_program_typed_at_once(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await burst(app, pilot, "g", "l", "j", "G")
        await until(app, pilot, lambda: isinstance(app.screen, ListPlace))
        assert isinstance(app.screen, ListPlace)
        await burst(app, pilot, "g", "b", "j", "j", "?")
        await until(app, pilot, lambda: isinstance(app.screen, Help))
        assert isinstance(app.screen, Help)
        await burst(app, pilot, "q", "j")
        assert isinstance(app.screen, BoardPlace)
        await burst(app, pilot, ":", '"theme"', "enter")
        await until(app, pilot, lambda: app.theme == "crm-light")
        assert app.theme == "crm-light"
