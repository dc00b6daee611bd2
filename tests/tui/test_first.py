"""The first frame: what the dashboard then shows, cell by cell; a terminal that is given back whatever happens."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from rich.color import ColorSystem
from rich.segment import Segment

from crmcli.services import board
from crmcli.tui.colours import DARK, THEMES, TONES, style
from crmcli.tui.first import colours_of, lines
from tests.tui.conftest import press, screen_text
from tests.tui.test_terminal import RUN, drive

if TYPE_CHECKING:
    from crmcli.tui.shape import Pieces
    from tests.tui.conftest import Book


def cells(pieces: Pieces) -> list[Segment]:
    return list(Segment.simplify(Segment(text, style(tone, DARK)) for text, tone in pieces if text))


@pytest.mark.parametrize("size", [(80, 24), (80, 23), (120, 40), (203, 61), (62, 16)])
async def test_it_is_what_the_dashboard_shows(dashboard: Any, book: Book, size: tuple[int, int]) -> None:
    async with dashboard(size=size) as (app, _):
        first = lines(board.cards(app.desk.context), app.look, *size)
        strips = app.screen._compositor.render_strips()
    shown = [list(Segment.simplify(part for part in strip if part.text)) for strip in strips]
    assert len(first) == len(shown) == size[1]
    for mine, theirs in zip(first, shown, strict=True):
        assert [(s.text, s.style) for s in cells(mine)] == [(s.text, s.style) for s in theirs]


def test_every_tone_has_its_colours_in_every_theme() -> None:
    for theme in THEMES:
        for tone in TONES:
            for under in ("", "+here", "+here+bold", "+surface"):
                assert style(tone + under, theme).color is not None


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"TERM": "xterm-256color"}, ColorSystem.EIGHT_BIT),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ColorSystem.TRUECOLOR),
        ({"TERM": "linux"}, ColorSystem.STANDARD),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, None),
    ],
)
def test_it_has_the_colours_of_the_terminal(env: dict[str, str], colours: ColorSystem | None) -> None:
    assert colours_of(env) == colours


def test_it_is_on_the_screen_before_the_toolkit_is_loaded_and_stays_there(book: Book) -> None:
    loud = "import crmcli.tui, crmcli.tui.first as f, sys\ncrmcli.tui.PATIENCE = 30\ndraw = f.FirstFrame.draw\n" + (
        "def told(*a):\n draw(*a)\n print('TOOLKIT', 'textual' in sys.modules, file=sys.stderr)\n"
        "f.FirstFrame.draw = told\n"
    )
    code, before, _ = drive(loud + RUN, sent=15, until=b"\x1b[?2004h")
    first, _, rest = before.partition(b"TOOLKIT False")
    assert b"Loom cards" in first
    assert before.count(b"\x1b[?1049h") == 1, "the screen is entered once, not wiped"
    assert b"Loom cards" in rest
    assert code == 143


def test_the_terminal_is_given_back_when_the_start_fails_after_it(book: Book) -> None:
    broken = "import crmcli.tui, crmcli.tui.app as app\ncrmcli.tui.PATIENCE = 30\n" + (
        "def start(*_): raise SystemExit(7)\napp.start = start\n"
    )
    told = "import termios\nbefore = termios.tcgetattr(0)\nimport atexit\n" + (
        "atexit.register(lambda: print('SAME', termios.tcgetattr(0) == before))\n"
    )
    code, before, _ = drive(told + broken + RUN)
    last = before.rpartition(b"Loom cards")[2]
    assert code == 7
    assert b"\x1b[?1049l" in last
    assert b"\x1b[?25h" in last
    assert b"SAME True" in last


async def test_rows_stay_on_the_screen_while_they_are_asked_for_anew(dashboard: Any) -> None:
    held = threading.Event()
    async with dashboard() as (app, pilot):
        app.desk.ask(lambda _: held.wait(5), then=lambda _: None)
        await pilot.press("r")
        await pilot.pause(0.2)
        assert app.screen.asking
        assert "Loom cards" in screen_text(app)
        held.set()
        await press(app, pilot, "j")
