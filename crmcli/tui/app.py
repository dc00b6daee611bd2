"""The dashboard as an application: places, answers from the desk, toasts, themes, signals and the last word."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import App
from textual.message import Message
from textual.theme import Theme

from crmcli.config import replace, state_dir
from crmcli.domain.text import visible
from crmcli.errors import CrmError
from crmcli.services import board
from crmcli.tui.actions import Action, bindings_for
from crmcli.tui.colours import DARK, LIGHT, THEMES
from crmcli.tui.screens.board import BoardPlace
from crmcli.tui.screens.place import Place

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from textual.binding import BindingType
    from textual.driver import Driver

    from crmcli.results import Changed
    from crmcli.tui.first import FirstFrame
    from crmcli.tui.shape import Look
    from crmcli.tui.work import Answer, Desk

#: The main places: the board, the day, and the lists of these kinds of record.
PLACES = ("board", "today", "lead", "deal", "contact", "company", "task")
#: How often the book is asked whether anybody has changed it, in seconds.
PULSE = 0.5
#: How often, in seconds, and how many times it is asked whether a key has done its work before the next one gets in.
TURN, TURNS = 0.004, 50
#: The colours that Textual knows by name; the others are variables of ours.
TEXTUAL = (
    "primary", "secondary", "accent", "warning", "error", "success", "foreground", "background", "surface", "panel",
)  # fmt: skip


class Delivered(Message):
    """The desk has an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Remarked(Message):
    """A verb has said something."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Dashboard(App[int]):
    """The program `crm` on a terminal."""

    TITLE = "crm"
    DEFAULT_MODE = "first"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("any")

    def __init__(self, desk: Desk, screen: str = "board", driver: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver)
        # The style sheet is read when the first screen is made, and wants the themes' own colours then.
        for name, colours in THEMES.items():
            self.register_theme(theme_of(name, colours))
        self.theme = DARK
        self.stylesheet.set_variables(self.get_css_variables())
        self._styled = DARK
        self.desk = desk
        self.first = screen
        self.report = ""
        self._leaving = 0
        self._places: dict[str, Place] = {}
        #: Keys that wait for the one before them.
        self._typed: deque[events.Key] = deque()
        # Every main place has a stack of screens of its own.
        for mode, name in {self.DEFAULT_MODE: screen, **{name: name for name in PLACES if name != screen}}.items():
            self.add_mode(mode, partial(self.place, name))

    # --- coming and going ---

    def on_ready(self) -> None:
        """From here on garbage is collected: the process starts without, and nothing of what was loaded is any."""
        gc.freeze()
        gc.enable()
        if self._leaving:
            self.exit(self._leaving)

    def on_mount(self) -> None:
        self.desk.attach(self)
        self.set_interval(PULSE, self.beat)
        # After ctrl+z and fg the terminal is empty, which Textual does not count as a reason to draw.
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh())

    def on_load(self) -> None:
        """Leave in order, terminal restored, when told to: from before the terminal is touched."""
        if self.is_headless:
            return
        import asyncio

        loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told, 128 + number)

    def _told(self, code: int) -> None:
        """Leave; Textual cannot while its first screen is being made."""
        self._leaving = code
        if self._dom_ready:
            self.exit(code)

    def place(self, name: str) -> Place:
        """A main place by its name: board, today, or a kind of record; made once, so that it keeps its filter."""
        if name not in self._places:
            if name == "board":
                self._places[name] = BoardPlace()
            elif name == "today":
                from crmcli.tui.screens.today import TodayPlace

                self._places[name] = TodayPlace()
            else:
                from crmcli.tui.screens.listing import ListPlace

                self._places[name] = ListPlace(name)
        return self._places[name]

    @property
    def look(self) -> Look:
        """How values are shown just now."""
        return self.desk.look

    @property
    def here(self) -> Place | None:
        """The uppermost place; windows over it do not count."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Place)), None)

    def refresh_css(self, animate: bool = True) -> None:
        """Textual reads the whole style sheet anew when it starts, twice, and nothing has changed by then."""
        if self._styled != self.theme:
            self._styled = self.theme
            super().refresh_css(animate)

    # --- keys ---

    async def on_event(self, event: events.Event) -> None:
        """Each key waits until what the one before it began is done: keys that were typed while the program was being
        loaded come all at once, and the second may be for a line that the first opens."""
        if isinstance(event, events.Key) and not event.is_forwarded and (self._typed or self._unsettled()):
            self._typed.append(event)
            if len(self._typed) == 1:
                self._next_key(TURNS)
            return
        await super().on_event(event)

    def _unsettled(self) -> bool:
        """Whether anybody on the screen has yet to look at something."""
        nodes = (self, self.screen, *self.screen.walk_children())
        return not self.screen.is_mounted or any(node.message_queue_size for node in nodes)

    def _next_key(self, turns: int) -> None:
        """Pass the next key on as soon as all is settled, or after so many turns in any case."""

        async def turn() -> None:
            if turns and self._unsettled():
                self._next_key(turns - 1)
                return
            await super(Dashboard, self).on_event(self._typed.popleft())
            if self._typed:
                self._next_key(TURNS)

        self.set_timer(TURN, turn)

    # --- the desk's answers ---

    def deliver(self, answer: Answer) -> None:
        self.post_message(Delivered(answer))

    def remark(self, line: str) -> None:
        self.post_message(Remarked(line))

    def on_delivered(self, message: Delivered) -> None:
        job, value, error = message.answer
        self.desk.pending -= 1
        if not self.desk.current(job):
            return
        if error is None:
            job.then(value)
        elif isinstance(error, CrmError):
            if not (job.failed and job.failed(error)):
                self.toast(str(error), bad=True)
        else:
            path = write_report(error)
            self.toast(f"that went wrong: {type(error).__name__}: {first_line(error)}\nreport: {path}", bad=True)

    def on_remarked(self, message: Remarked) -> None:
        self.toast(message.line)

    def toast(self, text: str, *, bad: bool = False) -> None:
        """A line at the corner, gone after some seconds."""
        if text.strip():
            severity: Any = "error" if bad else "information"
            self.notify(visible(text, multiline=True), severity=severity, timeout=6 if bad else 3, markup=False)

    def beat(self) -> None:
        """Look whether anybody has changed the book; what is on the screen follows."""
        self.desk.ask(board.pulse, then=self._beaten, group="pulse", failed=lambda error: isinstance(error, CrmError))

    def _beaten(self, seq: int) -> None:
        here = self.here
        if here and here.seen != seq and not here.asking:
            here.load()

    # --- actions everywhere ---

    def action_help(self) -> None:
        from crmcli.tui.screens.windows import Help

        if self.here:
            self.push_screen(Help(self.here.where))

    def action_palette(self) -> None:
        from crmcli.tui.screens.windows import Palette

        if self.here:
            self.push_screen(Palette(self.here.where), self._chosen)

    async def _chosen(self, choice: Any) -> None:
        if isinstance(choice, Action):
            target = self if choice.where[0] in ("any", "go") else self.screen
            await self.run_action(choice.call(choice.keys.split(",")[0]), target)
        elif choice is not None:
            self.open_record(*choice)

    def action_undo(self) -> None:
        from crmcli.services import history

        self.desk.ask(history.undo, then=self._undone)

    def _undone(self, changed: Changed) -> None:
        self.toast("\n".join(changed.lines))
        self.beat()

    def action_refresh(self) -> None:
        if self.here:
            self.here.load()

    def action_theme(self) -> None:
        self.theme = LIGHT if self.theme == DARK else DARK

    async def action_back(self) -> None:
        if not self._step_back():
            self.exit(0)

    def action_cancel(self) -> None:
        self._step_back()

    def _step_back(self) -> bool:
        """Take away what was opened last, a filter or a record; whether there was anything."""
        here = self.here
        if here and here.filter:
            here.clear_filter()
        elif len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            return False
        return True

    def action_leave(self) -> None:
        self.exit(0)

    def action_go(self) -> None:
        from crmcli.tui.screens.windows import Go

        self.push_screen(Go(), self._gone)

    async def _gone(self, call: str | None) -> None:
        if call:
            await self.run_action(call)

    async def action_visit(self, name: str) -> None:
        """Go to a main place; each has a stack of its own, which starts anew."""
        await self.switch_mode(self.DEFAULT_MODE if name == self.first else name)
        while len(self.screen_stack) > 1:
            await self.pop_screen()

    def action_to_top(self) -> None:
        if self.here:
            self.here.action_top()

    def open_record(self, kind: str, number: int) -> None:
        """Put a record's page on the stack."""
        from crmcli.tui.screens.record import RecordPlace

        self.push_screen(RecordPlace(kind, number))

    # --- when the program itself is at fault ---

    def _fatal_error(self) -> None:
        """Leave with one line and a report file; Textual would print a traceback with the user's data in it."""
        error = self._exception
        if error is not None and not self.report:
            self.report = write_report(error)
            line = f"crm: the dashboard stopped: {type(error).__name__}: {first_line(error)}"
            self._exit_renderables.append(Text(visible(f"{line} (report: {self.report})")))
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:  # noqa: ARG002 - Textual's signature
        """As `_fatal_error`: what Textual would show at length goes into the report."""
        self._fatal_error()


def first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"


def write_report(error: BaseException) -> str:
    """Write what happened, for a bug report, into the state folder; its path, or why it could not be written."""
    import traceback

    path = os.path.join(state_dir(), "dashboard-error.txt")
    try:
        os.makedirs(state_dir(), mode=0o700, exist_ok=True)
        replace(path, "".join(traceback.format_exception(error)).encode())
    except (OSError, CrmError) as trouble:
        return f"not written, {trouble}"
    return path


def theme_of(name: str, colours: Mapping[str, str]) -> Theme:
    """Colours as a theme for the style sheet."""
    own: dict[str, Any] = {word: colours[word] for word in TEXTUAL}
    rest = {word: colour for word, colour in colours.items() if word not in TEXTUAL}
    return Theme(name=name, dark=name == DARK, variables={**rest, "scrollbar": colours["line"]}, **own)


def start(desk: Desk, screen: str, frame: FirstFrame) -> int:
    """Run the dashboard, after the first frame if there was one; its exit code."""
    driver = None
    if frame.drawn:
        from crmcli.tui.driver import driver_after

        driver = driver_after(frame)
    app = Dashboard(desk, screen, driver)
    result = app.run()
    if app.return_code:
        return int(app.return_code)
    sys.stdout.flush()
    return int(result or 0)
