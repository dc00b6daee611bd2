"""The dashboard: the pipeline, the day and every record on one screen, for people who live in a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from crmcli.errors import UsageError

if TYPE_CHECKING:
    from crmcli.context import Context

#: How long the first frame waits for the cards, in seconds: a book far away is read while Textual is loaded.
PATIENCE = 1.0


def run(ctx: Context, screen: str = "board") -> int:
    """Open the dashboard on the context's book and stay until it is left; the exit code.

    `screen` is "board" or "today". Raises UsageError where there is no terminal to draw on: Textual would wait for
    ever without one, and draws escapes on a dumb one.
    """
    if not all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__)):
        raise UsageError("the dashboard needs a terminal", "'crm today' prints the day's page without one")
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise UsageError(
            "the dashboard cannot draw on this terminal (TERM is dumb)", "'crm today' prints the day's page"
        )
    from crmcli.tui.work import Desk

    desk = Desk(ctx.settings, plugins=ctx.plugins_on)
    if screen == "board":
        from crmcli.services import board, pulse

        desk.prepare(pulse.stamped, board.cards)
    from crmcli.tui.first import FirstFrame  # meanwhile the book is opened and the cards are read

    frame = FirstFrame()
    late = 0
    try:
        desk.opened()
        if found := desk.ready(PATIENCE):
            frame.draw(found[1], desk.look)
        from crmcli.tui.app import start

        code = start(desk, screen, frame)
    finally:
        frame.end()
        late = desk.close(say=say)
    return code or late


def say(line: str) -> None:
    """Tell people something once the terminal is theirs again."""
    from crmcli.domain.text import visible

    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"crm: {visible(line)}\n")
        sys.stderr.flush()
