"""The dashboard as an application: places, answers from the desk, toasts, themes, signals and the last word."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.message import Message
from textual.theme import Theme

from crmcli.config import replace, state_dir
from crmcli.domain.text import visible
from crmcli.errors import CrmError
from crmcli.services import board
from crmcli.tui.actions import Action, bindings_for
from crmcli.tui.screens.board import BoardPlace
from crmcli.tui.screens.place import Place
from crmcli.tui.screens.record import RecordPlace
from crmcli.tui.screens.windows import Go, Help, Palette
from crmcli.tui.shape import Look

if TYPE_CHECKING:
    import asyncio

    from textual.binding import BindingType

    from crmcli.results import Changed
    from crmcli.tui.work import Answer, Desk

#: The main places: the board, the day, and the lists of these kinds of record.
PLACES = ("board", "today", "lead", "deal", "contact", "company", "task")
#: How often the book is asked whether anybody has changed it, in seconds.
PULSE = 0.5

DARK = Theme(
    name="crm-dark", dark=True, primary="#7aa2f7", secondary="#9aa5ce", accent="#e0af68", warning="#e0af68",
    error="#f7768e", success="#9ece6a", foreground="#c8cede", background="#16181f", surface="#1c1f28", panel="#232733",
    variables={
        "quiet": "#7d849c", "line": "#343948", "here": "#2b3550", "title-mark": "#e0af68",
        "title-here": "#c8cede on #2b3550", "title-dim": "#8b92a8", "title-filter": "#e0af68",
        "key-mark": "#7aa2f7", "key-dim": "#8b92a8",
        "input-selection-background": "#3b4b7a", "scrollbar": "#343948",
    },
)  # fmt: skip
LIGHT = Theme(
    name="crm-light", dark=False, primary="#2855b3", secondary="#4c5a7d", accent="#8f5b00", warning="#8f5b00",
    error="#b3261e", success="#2f6b1f", foreground="#23283a", background="#fafafa", surface="#f1f2f5", panel="#e6e8ee",
    variables={
        "quiet": "#5d6478", "line": "#c9cdd8", "here": "#d5e0f7", "title-mark": "#8f5b00",
        "title-here": "#23283a on #d5e0f7", "title-dim": "#5d6478", "title-filter": "#8f5b00",
        "key-mark": "#2855b3", "key-dim": "#5d6478",
        "input-selection-background": "#b9cdf5", "scrollbar": "#c9cdd8",
    },
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

    def __init__(self, desk: Desk, screen: str = "board") -> None:
        super().__init__()
        # The style sheet is read when the first screen is made, and wants the themes' own colours then.
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self.desk = desk
        self.first = screen
        self.report = ""
        self._places: dict[str, Place] = {}
        # Every main place has a stack of screens of its own.
        for mode, name in {self.DEFAULT_MODE: screen, **{name: name for name in PLACES if name != screen}}.items():
            self.add_mode(mode, partial(self.place, name))

    # --- coming and going ---

    def on_mount(self) -> None:
        self.desk.attach(self)
        self.set_interval(PULSE, self.beat)
        self._mind_signals()

    def _mind_signals(self) -> None:
        """Leave in order, terminal restored, when told to."""
        if self.is_headless:
            return
        import asyncio

        loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, 128 + number)

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
        settings = self.desk.settings
        return Look(self.desk.context.now, str(settings["calendar"]), str(settings["currency"]).upper())

    @property
    def here(self) -> Place | None:
        """The uppermost place; windows over it do not count."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Place)), None)

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
        if here and here.seen != seq and not here.loading:
            here.load()

    # --- actions everywhere ---

    def action_help(self) -> None:
        if self.here:
            self.push_screen(Help(self.here.where))

    def action_palette(self) -> None:
        if self.here:
            self.push_screen(Palette(self.here.where), self._chosen)

    async def _chosen(self, choice: Any) -> None:
        if isinstance(choice, Action):
            target = self if choice.where[0] in ("any", "go") else self.screen
            call = f"{choice.name}(1)" if choice.keys[0].isdigit() else choice.name
            await self.run_action(call, target)
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
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    async def action_back(self) -> None:
        here = self.here
        if here and here.filter:
            here.clear_filter()
        elif len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.exit(0)

    def action_leave(self) -> None:
        self.exit(0)

    def action_go(self) -> None:
        self.push_screen(Go(), self._gone)

    async def _gone(self, name: str | None) -> None:
        if name:
            await self.run_action(name)

    async def _visit(self, name: str) -> None:
        """Go to a main place; each has a stack of its own, which starts anew."""
        await self.switch_mode(self.DEFAULT_MODE if name == self.first else name)
        while len(self.screen_stack) > 1:
            await self.pop_screen()

    async def action_go_board(self) -> None:
        await self._visit("board")

    async def action_go_today(self) -> None:
        await self._visit("today")

    async def action_go_leads(self) -> None:
        await self._visit("lead")

    async def action_go_deals(self) -> None:
        await self._visit("deal")

    async def action_go_contacts(self) -> None:
        await self._visit("contact")

    async def action_go_companies(self) -> None:
        await self._visit("company")

    async def action_go_tasks(self) -> None:
        await self._visit("task")

    def open_record(self, kind: str, number: int) -> None:
        """Put a record's page on the stack."""
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


def start(desk: Desk, screen: str = "board") -> int:
    """Run the dashboard; its exit code."""
    app = Dashboard(desk, screen)
    result = app.run()
    if app.return_code:
        return int(app.return_code)
    sys.stdout.flush()
    return int(result or 0)
