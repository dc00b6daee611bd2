"""A terminal that goes away while the dashboard runs: it is left, for nobody sees it any more.

The signal that says so (SIGHUP) may not come: to a process of another session, or to one that came back from the
background; and at its end a terminal is read without end, at the cost of a whole processor.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

#: So many seconds go by between two looks, and before one that cannot leave in order is ended.
EVERY = 1.0
CODE = 128 + signal.SIGHUP


def watch(app: App[int]) -> None:
    """Leave the dashboard when its terminal is gone."""
    assert sys.__stdin__ is not None
    terminal = select.poll()
    terminal.register(sys.__stdin__.fileno(), 0)
    told: list[int] = []

    def look() -> None:
        if not any(event & (select.POLLHUP | select.POLLERR) for _, event in terminal.poll(0)):
            return
        if told:
            os._exit(CODE)  # what is being written to the book is undone by it when it is opened next
        told.append(CODE)
        app.exit(CODE)

    app.set_interval(EVERY, look)
