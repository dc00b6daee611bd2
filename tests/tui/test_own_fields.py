"""Fields of people's own on the dashboard: shown on the page of a record, edited, asked for; also new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import DEAL
from crmcli.services import custom, records
from crmcli.tui.screens.record import RecordPlace
from crmcli.tui.widgets.rows import RowsView
from tests.tui.conftest import press, screen_text, until

if TYPE_CHECKING:
    from tests.tui.conftest import Book


def shown(app: Any) -> dict[str, str]:
    """The fields of the page: name -> its text."""
    if not isinstance(app.screen, RecordPlace):
        return {}
    return {row.key: row.data[1] for row in app.screen.query_one("#body", RowsView).rows}


async def test_a_page_shows_them_and_a_line_fills_them(dashboard: Any, book: Book) -> None:
    custom.add(book.context, "opportunity", "industry", "choice", ("Steel", "Food"), label="Branche")
    async with dashboard() as (app, pilot):
        await press(app, pilot, "enter")
        await until(app, pilot, lambda: shown(app).get("industry") == "")
        await press(app, pilot, "e", "ctrl+u", '"industry=steel"', "enter")
        assert records.get(book.context, DEAL, 1)["industry"] == "Steel"
        assert shown(app)["industry"] == "Steel"
        await press(app, pilot, "e", "ctrl+u", '"industry=Wood"', "enter")
        assert "'Wood' is not one of: Steel, Food" in screen_text(app)
        await press(app, pilot, "escape")


async def test_one_that_comes_while_it_is_open_is_known(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "enter")
        await until(app, pilot, lambda: bool(shown(app)))
        assert "score" not in shown(app)
        custom.add(book.context, "opportunity", "score", "number")
        await press(app, pilot, "e", "ctrl+u", '"score=7.5"', "enter")
        assert records.get(book.context, DEAL, 1)["score"] == 7_500_000
        assert shown(app)["score"] == "7.5"
        custom.remove(book.context, "opportunity", "score")
        await press(app, pilot, "e", "ctrl+u", '"name=Looms"', "enter")
        await until(app, pilot, lambda: bool(shown(app)))
        assert "score" not in shown(app)
        assert records.get(book.context, DEAL, 1)["name"] == "Looms"
