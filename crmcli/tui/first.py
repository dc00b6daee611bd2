"""The first frame: the board drawn on the bare terminal, before the toolkit that keeps it alive has been loaded.

Loading Textual takes several times as long as reading the book. So the cards are shown first, exactly where and as the
dashboard will show them; keys that are typed meanwhile wait in the terminal and reach the dashboard.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import termios
from typing import TYPE_CHECKING, Any

from rich.color import ColorSystem

from crmcli.tui import frame
from crmcli.tui.colours import DARK, style
from crmcli.tui.lanes import Lanes, summary
from crmcli.tui.shape import SMALLEST, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.services.board import Board
    from crmcli.tui.shape import Look, Pieces

#: The other screen, an invisible cursor; and the way back.
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[0m\x1b[?25h\x1b[?1049l"


class FirstFrame:
    """The terminal from the first frame until the dashboard takes it over."""

    def __init__(self) -> None:
        #: How the terminal was set before; None where nothing was drawn.
        self.before: list[Any] | None = None
        self.taken = False
        self._handlers: dict[signal.Signals, Any] = {}

    @property
    def drawn(self) -> bool:
        return self.before is not None

    def draw(self, board: Board, look: Look) -> None:
        """Show a board, if the terminal has room for one."""
        columns, rows = shutil.get_terminal_size()
        if columns < SMALLEST[0] or rows < SMALLEST[1] or os.environ.get("TEXTUAL_DRIVER"):
            return
        self._hush()
        out = sys.__stderr__  # Textual draws there too
        assert out is not None
        out.write(ENTER + text(lines(board, look, columns, rows)))
        out.flush()

    def _hush(self) -> None:
        """Let nothing that is typed be shown, and keep it as it was typed: Enter as Enter. Ctrl-C goes on working."""
        assert sys.__stdin__ is not None
        number = sys.__stdin__.fileno()
        self.before = termios.tcgetattr(number)
        quiet = termios.tcgetattr(number)
        quiet[0] &= ~(termios.IXON | termios.ICRNL | termios.INLCR | termios.IGNCR)
        quiet[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        quiet[6][termios.VSUSP] = quiet[6][termios.VQUIT] = b"\0"  # neither stops it with the other screen on
        for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._handlers[kind] = signal.signal(kind, self._leave)
        termios.tcsetattr(number, termios.TCSANOW, quiet)

    def _leave(self, number: int, _frame: object) -> None:
        if self.before is None or self.taken:
            raise SystemExit(128 + number)
        # Nothing was done yet, and an exception may be lost in what is being imported: until Python 3.12 a class that
        # is being made turns one of its fields into a RuntimeError. A stream may be in the middle of a line of its own.
        assert sys.__stderr__ is not None
        assert sys.__stdin__ is not None
        os.write(sys.__stderr__.fileno(), LEAVE.encode())
        termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, self.before)
        os._exit(128 + number)

    def end(self) -> None:
        """Give the terminal back as it was, unless the dashboard has it: that does so itself."""
        for kind, handler in self._handlers.items():
            signal.signal(kind, handler)
        if self.before is None or self.taken:
            return
        assert sys.__stderr__ is not None
        assert sys.__stdin__ is not None
        sys.__stderr__.write(LEAVE)
        sys.__stderr__.flush()
        termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, self.before)
        self.before = None


def lines(board: Board, look: Look, columns: int, rows: int) -> list[Pieces]:
    """The lines of a screen that shows a board: the title, the lanes, the keys."""
    lanes = Lanes(look, columns, rows - 2)
    lanes.show(board, look)
    return [
        filled(frame.title(*summary(board), "", columns), columns, "bar"),
        *(filled(lanes.line(y, focus=True), columns, "name") for y in range(rows - 2)),
        filled(frame.keys("board", columns), columns, "bar"),
    ]


def text(screen: list[Pieces]) -> str:
    """The lines as escape sequences, each from the start of its row."""
    palette = colours_of(os.environ)
    return "".join(
        f"\x1b[{y};1H" + "".join(style(tone, DARK).render(words, color_system=palette) for words, tone in pieces)
        for y, pieces in enumerate(screen, 1)
    )


def colours_of(env: Mapping[str, str]) -> ColorSystem | None:
    """The colours that the terminal has, told as Rich tells them, whose console Textual asks."""
    if env.get("NO_COLOR"):
        return None
    if env.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return ColorSystem.TRUECOLOR
    kind = env.get("TERM", "").strip().lower().rpartition("-")[2]
    return ColorSystem.EIGHT_BIT if kind in ("256color", "kitty") else ColorSystem.STANDARD
