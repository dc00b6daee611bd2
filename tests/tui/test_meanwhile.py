"""What a key is pressed on is what it changes: others who were quicker are not overridden, other books not written."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import DEAL, LEAD, TASK
from crmcli.services import deals, records, tasks
from crmcli.tui import app as application
from crmcli.tui.screens.windows import Prompt, Question
from tests.tui.conftest import Book, press, screen_text, settle, toasts, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Who does what to which record before the dashboard has looked again -> where, the keys, and what stays as it is.
QUICKER: dict[str, tuple[Callable[[Context], Any], str, tuple[str, ...], tuple[str, int, str]]] = {
    "moved on a won deal": (lambda maya: deals.won(maya, DEAL, [1]), "board", ("L",), ("deal", 1, "status")),
    "won a lost deal": (lambda maya: deals.lost(maya, DEAL, [1], "Gone"), "board", ("w",), ("deal", 1, "status")),
    "lost a won deal": (
        lambda maya: deals.won(maya, DEAL, [1]), "board", ("x", '"No"', "enter"), ("deal", 1, "status"),
    ),
    "edited a moved deal": (
        lambda maya: deals.move(maya, DEAL, [1], "proposition"), "board", ("e", '"stage=qualified"', "enter"),
        ("deal", 1, "stage"),
    ),
    "done a done task": (
        lambda maya: tasks.done(maya, [1], "sold"), "today", ("d", '"nobody there"', "enter"), ("task", 1, "feedback"),
    ),
    "put off a removed task": (
        lambda maya: records.remove(maya, TASK, [1]), "today", ("s", '"+9d"', "enter"), ("task", 1, "due_on"),
    ),
    "converted a lost lead": (
        lambda maya: deals.lost(maya, LEAD, [10]), "lead", ("G", "C"), ("lead", 10, "status"),
    ),
}  # fmt: skip


@pytest.fixture
def maya(book: Book, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """Somebody else at the same book, which the dashboard looks at when it is told to alone."""
    monkeypatch.setattr(application, "PULSE", 3600)
    found = Context(Settings({"user": "maya"}), command="test", quiet=True, plugins=False)
    yield found
    found.close()


@pytest.mark.parametrize("what", QUICKER)
async def test_the_later_one_is_told(dashboard: Any, book: Book, maya: Context, what: str) -> None:
    change, screen, keys, (kind, number, field) = QUICKER[what]
    entity = {"deal": DEAL, "task": TASK, "lead": LEAD}[kind]
    async with dashboard(screen=screen) as (app, pilot):
        typed = len(keys) > 2
        await press(app, pilot, *keys[: 1 if typed else -1])
        change(maya)
        theirs = records.get(book.context, entity, number)[field]
        await press(app, pilot, *keys[1 if typed else -1 :])
        assert f"{kind}:{number} was changed meanwhile by maya" in (screen_text(app) if typed else toasts(app))
        assert records.get(book.context, entity, number)[field] == theirs


async def test_who_was_told_may_do_it_all_the_same(dashboard: Any, book: Book, maya: Context) -> None:
    async with dashboard() as (app, pilot):
        deals.move(maya, DEAL, [1], "proposition")
        await press(app, pilot, "L")
        assert app.screen.view.card.stage_id == book.deal("Loom cards")["stage_id"], "the board shows how it stands"
        await press(app, pilot, "H")
        assert book.deal("Loom cards")["stage"] == "Qualified"
        await press(app, pilot, "e", '"stage=new"')
        deals.move(maya, DEAL, [1], "proposition")
        await press(app, pilot, "enter")
        assert isinstance(app.screen, Prompt)
        await press(app, pilot, "enter")
        assert book.deal("Loom cards")["stage"] == "New"
        assert not isinstance(app.screen, Prompt)


async def test_one_s_own_changes_and_those_of_other_records_do_not_count(
    dashboard: Any, book: Book, maya: Context
) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("L")
        deals.won(maya, DEAL, [2])
        await pilot.press("L", "L", "H")
        await settle(app, pilot)
        assert book.deal("Loom cards")["stage"] == "Proposition"
        assert "meanwhile" not in toasts(app)


# --- another book ----------------------------------------------------------------------------------------------------


async def other_book(app: Any, pilot: Any, book: Book, tmp: str) -> Context:
    """Put another book in the place of this one, with a deal 1 of its own, and let the dashboard follow."""
    path, other = book.context.reader.target, f"{tmp}/other.db"
    made = Context(Settings({"db": other}), quiet=True, plugins=False)
    made.create(other)
    with made.writing("test"):
        for number in range(40):
            records.add(made, DEAL, {"name": f"Not ours {number}"})
    records.add(made, TASK, {"name": "Not our task", "on": "deal:1", "due": "today"})
    made.close()
    os.replace(other, path)
    app.beat()
    await until(app, pilot, lambda: "the book was replaced meanwhile" in toasts(app))
    await settle(app, pilot)
    return Context(Settings({"db": path}), quiet=True, plugins=False)


@pytest.mark.parametrize(("screen", "keys"), [
    ("board", ("n", '"secret"')), ("board", ("c", '"secret"')), ("board", ("t", '"secret"')),
    ("board", ("e", '"name=secret"')), ("board", ("enter", "e", "ctrl+u", '"name=secret"')),
    ("board", ("x", '"secret"')), ("today", ("d", '"secret"')), ("today", ("s", '"+9d"')),
])  # fmt: skip
async def test_a_line_is_not_written_into_another_book(
    dashboard: Any, book: Book, maya: Context, tmp_path: Any, screen: str, keys: tuple[str, ...]
) -> None:
    async with dashboard(screen=screen) as (app, pilot):
        await press(app, pilot, *keys)
        found = await other_book(app, pilot, book, str(tmp_path))
        seq = found.reader.value("SELECT seq FROM journal_head")
        for _ in range(2):
            await press(app, pilot, "enter")
            assert "another book has taken the place" in screen_text(app)
        assert found.reader.value("SELECT seq FROM journal_head") == seq
        found.close()


async def test_a_yes_does_not_take_a_batch_of_another_book_back(
    dashboard: Any, book: Book, maya: Context, tmp_path: Any
) -> None:
    with book.context.writing("test"):
        for number in range(30):
            records.add(book.context, LEAD, {"name": f"Lead {number}"})
    async with dashboard() as (app, pilot):
        await press(app, pilot, "u")
        assert isinstance(app.screen, Question)
        found = await other_book(app, pilot, book, str(tmp_path))
        await press(app, pilot, "y")
        assert "another book has taken the place" in toasts(app)
        assert len(list(records.list_records(found, DEAL, limit=0).rows)) == 40
        found.close()


async def test_a_copy_that_was_put_in_its_place_is_the_same_book(
    dashboard: Any, book: Book, maya: Context, tmp_path: Any
) -> None:
    path = book.context.reader.target
    async with dashboard() as (app, pilot):
        await press(app, pilot, "n", '"kept"')
        shutil.copyfile(path, f"{path}.copy")
        os.replace(f"{path}.copy", path)
        app.beat()
        await until(app, pilot, lambda: "the book was replaced meanwhile" in toasts(app))
        await press(app, pilot, "enter")
        assert not isinstance(app.screen, Prompt)
        mine = Book()
        assert mine.context.reader.value("SELECT body FROM interaction ORDER BY id DESC LIMIT 1") == "kept"
        mine.context.close()
