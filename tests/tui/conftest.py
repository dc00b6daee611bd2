"""A small book with hostile and foreign names, and the dashboard on it without a terminal."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.services import deals, naming, records, timeline
from crmcli.tui.app import Dashboard
from crmcli.tui.work import Desk
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from textual.pilot import Pilot

NOW = "2026-11-21T10:00:00+00:00"
#: What crashes, vanishes or acts where text is taken for markup or sent to a terminal as it is.
HOSTILE = ("[/]", "[@click=app.quit]x[/]", "Acme [EU] Ltd", "\x1b[31mred\x1b]0;title\x07", "\u202egnp.exe", "\x9b2J")

Run = tuple[Dashboard, "Pilot[int]"]


class Book:
    """The test's own view of the book: a second process, as far as the dashboard can tell."""

    def __init__(self) -> None:
        self.context = Context(Settings(), command="test", quiet=True, plugins=False)

    def deal(self, name: str) -> dict[str, Any]:
        """The deal of that name, whatever its state."""
        return records.get(self.context, DEAL, naming.resolve(self.context, DEAL, name))

    def deals(self, text: str) -> list[str]:
        return [row["name"] for row in records.list_records(self.context, DEAL, [text], limit=0).rows]


def fill(ctx: Context) -> None:
    """Nine deals in three lanes, leads, tasks and a timeline."""
    made = [
        ("Loom cards", "Analytical Engines", "new", "12k"), ("Bulk paper", "Acme [EU] Ltd", "new", "950"),
        ("خرید سامانه", "کارخانه نمونه", "new", "1.2m"), ("Spare parts 🚰", "Zürich Water", "qualified", "4300 USD"),
        ("Night shift", "東京電力", "qualified", ""), ("Audit 2027", "Analytical Engines", "proposition", "70k"),
        (HOSTILE[0], HOSTILE[1], "proposition", "1"), (HOSTILE[3], HOSTILE[4], "proposition", "2"),
        ("Old mill", "Zürich Water", "proposition", "5k"),
    ]  # fmt: skip
    records.add(ctx, COMPANY, {"name": HOSTILE[1]})  # nobody is made on the way by what looks like an address
    with ctx.writing("test"):
        for name, company, stage, value in made:
            records.add(ctx, DEAL, {"name": name, "company": company, "stage": stage, "value": value})
        records.add(
            ctx, CONTACT, {"name": "Ada Lovelace", "company": "Analytical Engines", "email": "ada@engines.example"}
        )
        for name in ("Grace Hopper", "لیلا رضایی", HOSTILE[1], HOSTILE[5]):
            records.add(ctx, LEAD, {"name": name, "company": "Navy", "source": "web"})
    for name, on, due, kind in (
        ("Send the offer", "deal:1", "2026-11-18", "email"), ("Call back", "deal:4", "2026-11-21", "call"),
        ("بازدید از کارخانه", "deal:3", "2026-11-25", "meeting"), (HOSTILE[0], "deal:6", "2026-11-24", "to-do"),
    ):  # fmt: skip
        records.add(ctx, TASK, {"name": name, "on": on, "due": due, "type": kind})
    timeline.add(ctx, DEAL, 1, "call", "asked for [b]two[/b] looms \x1b[2J", at="2026-11-20 09:30", minutes="5")
    deals.won(ctx, DEAL, [9])


def fill_at(target: str) -> None:
    """Fill the empty book at this path or URL."""
    with contextlib.closing(Context(Settings({"db": target}), command="test", quiet=True, plugins=False)) as ctx:
        fill(ctx)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The filled book, made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", NOW)
        patch.setenv("USER", "tester")
        path = books.make_file(tmp_path_factory.mktemp("filled") / "crm.db")
        fill_at(str(path))
    return path


@pytest.fixture
def book(filled: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A filled book of the test's own, at a clock that stands still."""
    monkeypatch.setenv("CRM_NOW", NOW)
    monkeypatch.setenv("COLORTERM", "truecolor")
    books.copy_file(filled, isolated / "data" / "crm.db")
    found = Book()
    yield found
    found.context.close()


@pytest.fixture
def dashboard(book: Book) -> Callable[..., AbstractAsyncContextManager[Run]]:
    """Open the dashboard: `async with dashboard(size=(80, 24), screen="board") as (app, pilot)`."""

    @contextlib.asynccontextmanager
    async def run(size: tuple[int, int] = (80, 24), screen: str = "board") -> AsyncIterator[Run]:
        desk = Desk(Settings(), plugins=False)
        try:
            desk.opened()
            app = Dashboard(desk, screen)
            async with app.run_test(size=size, notifications=True) as pilot:
                await settle(app, pilot)
                yield app, pilot
        finally:
            desk.close()

    return run


async def settle(app: Dashboard, pilot: Pilot[int]) -> None:
    """Until every question has been answered and every answer drawn: idle, and idle still a moment later."""
    idle = 0
    for _ in range(1000):
        await pilot.pause(0.005)
        here = app.here if app.is_running else None
        quiet = not app.desk.pending and (here is None or (here.seen is not None and not here.asking))
        idle = idle + 1 if quiet and not waiting(app) else 0
        if idle == 6:
            return


def waiting(app: Dashboard) -> int:
    """How many messages nobody has looked at yet: on a busy machine a typed letter may still be on its way."""
    screens = app.screen_stack if app.is_running else []
    return (
        len(app.typed)
        + app.message_queue_size
        + sum(node.message_queue_size for screen in screens for node in (screen, *screen.walk_children()))
    )


async def until(app: Dashboard, pilot: Pilot[int], so: Callable[[], bool]) -> None:
    """Wait until something is so, and fail where it does not become so."""
    for _ in range(200):
        if so():
            return
        await settle(app, pilot)
    shown = f"{screen_text(app)}\n{toasts(app)}" if app.is_running else "the dashboard has ended"
    pytest.fail(f"it never became so:\n{shown}")


async def press(app: Dashboard, pilot: Pilot[int], *keys: str) -> None:
    """Press keys one by one; a word longer than a key's name in quotes is typed."""
    for key in keys:
        if key.startswith('"'):
            for char in key.strip('"'):
                await pilot.press("space" if char == " " else char)
        else:
            await pilot.press(key)
        await settle(app, pilot)


def screen_text(app: Dashboard) -> str:
    """What is on the screen, as lines."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def toasts(app: Dashboard) -> str:
    """What has been said in the corner."""
    return "\n".join(note.message for note in app._notifications)
