"""The dashboard as an application: places, answers from the desk, toasts, themes, signals and the last word."""

from __future__ import annotations

import gc
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import App
from textual.message import Message
from textual.theme import Theme

from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import clip, visible
from crmcli.errors import CrmError
from crmcli.faults import first_line, traceback_of, write_report
from crmcli.services import pulse
from crmcli.services.pulse import Shown, as_shown
from crmcli.tui import hangup, toasts
from crmcli.tui.actions import ACTIONS, Action, bindings_for
from crmcli.tui.colours import DARK, LIGHT, THEMES
from crmcli.tui.order import KeyOrder
from crmcli.tui.screens.board import BoardPlace
from crmcli.tui.screens.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.binding import BindingType
    from textual.driver import Driver

    from crmcli.context import Context
    from crmcli.results import Changed
    from crmcli.services.undoing import Ahead
    from crmcli.tui.first import FirstFrame
    from crmcli.tui.screens.duplicates import Search
    from crmcli.tui.shape import Look
    from crmcli.tui.work import Answer, Desk, Job

#: The main places: the board, the day, the lists of these kinds of record, and duplicates.
PLACES = ("board", "today", "lead", "deal", "contact", "company", "task", "dupes")
#: How often the book is asked whether anybody has changed it, in seconds.
PULSE = 0.5
#: After so many seconds it is said that the book is waited for.
SLOW = 0.5
#: The keys that leave, whatever is on the screen.
LEAVE = frozenset(key for action in ACTIONS if action.name == "leave" for key in action.keys.split(","))
#: After so many seconds a key that leaves does so even if what was typed before it is not done.
LEAVING = 1.0
#: An undo of more changes than these is asked about first.
MANY = 20
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
        self._stopped = False
        #: Why the book could not be asked whether it has changed.
        self.trouble = ""
        self._leaving, self._started = 0, False
        self._places: dict[str, Place] = {}
        #: What was found to look like one another, by kind of record.
        self.searches: dict[str, Search] = {}
        #: How often the book could be reached again.
        self.recovered = 0
        #: Keys and pastes that wait for the one before them.
        self.typed = KeyOrder(self, desk, super().on_event, self._handle_exception)
        #: Whether the book is to be asked again as soon as it has answered.
        self._once_more = False
        #: Faults that were written down, and where: one that comes with every beat is written once.
        self._reports: dict[str, str] = {}
        # Every main place has a stack of screens of its own.
        for mode, name in {self.DEFAULT_MODE: screen, **{name: name for name in PLACES if name != screen}}.items():
            self.add_mode(mode, partial(self.place, name))

    # --- coming and going ---

    def on_ready(self) -> None:
        """From here on garbage is collected: the process starts without, and nothing of what was loaded is any."""
        gc.freeze()
        gc.enable()
        self._started = True
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

        hangup.watch(self)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._told, 128 + number)

    def _told(self, code: int) -> None:
        """Leave; Textual cannot while its first screen is being made."""
        self._leaving = code
        if self._started:
            self.exit(code)

    def place(self, name: str) -> Place:
        """A main place by its name: board, today, dupes, a kind of record; made once, so that it keeps its filter."""
        if name not in self._places:
            if name == "board":
                self._places[name] = BoardPlace()
            elif name == "today":
                from crmcli.tui.screens.today import TodayPlace

                self._places[name] = TodayPlace()
            elif name == "dupes":
                from crmcli.tui.screens.duplicates import DuplicatesPlace

                self._places[name] = DuplicatesPlace()
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
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            key = getattr(event, "key", "")
            if key in LEAVE:
                import asyncio

                asyncio.get_running_loop().call_later(LEAVING, self.exit, 0)
            elif key == "escape" and self.typed.stuck:
                self.typed.forget()
            if self.typed.takes(event):
                return
        await super().on_event(event)

    # --- the desk's answers ---

    def deliver(self, answer: Answer) -> None:
        self.post_message(Delivered(answer))

    def remark(self, line: str) -> None:
        self.post_message(Remarked(line))

    def on_delivered(self, message: Delivered) -> None:
        job, value, error = message.answer
        self.desk.heard(job)
        if not self.desk.current(job):
            return
        self._waited()
        if error is None:
            job.then(value)
        else:
            self._refused(job, error)
        if job.ended:
            job.ended()

    def _refused(self, job: Job, error: Exception) -> None:
        if not isinstance(error, CrmError):
            error = CrmError(f"that went wrong: {type(error).__name__}: {first_line(error)}", self._reported(error))
        if not (job.failed and job.failed(error)):
            self.toast(str(error), bad=True)

    def _reported(self, error: BaseException) -> str:
        """Write a fault down; the words that say where."""
        what = traceback_of(error)
        if what not in self._reports:
            self._reports[what] = write_report("crm, the dashboard", error)
        path = self._reports[what]
        return f"report: {path}" if path else "no report of it can be written"

    def on_remarked(self, message: Remarked) -> None:
        self.toast(message.line)

    def toast(self, text: str, *, bad: bool = False) -> None:
        """A line at the corner, gone after some seconds; what is too long is cut, so that the page can be seen."""
        shown = toasts.fitted(text, self.size.width)
        if shown.lines:
            severity: Any = "error" if bad else "information"
            seconds = toasts.LONG if bad or not shown.brief else toasts.SHORT
            self.notify("\n".join(shown.lines), severity=severity, timeout=seconds, markup=False)

    def beat(self, asked: bool = False) -> None:
        """Look whether anybody has changed the book; what is on the screen follows. `asked`: keys wait for that."""
        self._waited()
        self.typed.expecting = self.typed.expecting or asked
        if self.desk.awaited("pulse"):
            # Asked anew it would never be heard where an answer takes longer than a beat; what was just written wants
            # one from after that.
            self._once_more = self._once_more or asked
            return
        self.desk.ask(pulse.pulse, then=self._beaten, group="pulse", failed=self._unheard)

    def _beaten(self, found: pulse.Pulse) -> None:
        if self.trouble:
            self.trouble = ""
            self.recovered += 1
        asked, self.typed.expecting = self.typed.expecting, False
        if self._once_more:
            self._once_more = False
            self.beat(asked=True)
            return
        if not (here := self.here):
            return
        if asked:
            here.follow(found)
        else:
            self.typed.aside(here, lambda: here.follow(found))

    def _waited(self) -> None:
        """Say in the title that the book is waited for, if that takes long, and for how long it has."""
        from crmcli.tui.widgets.bars import TitleBar

        busy = self.desk.busy
        if self.here:
            for title in self.here.query(TitleBar):
                title.wait(f"waiting for the book, {busy:.0f} s" if busy > SLOW else "")

    def _unheard(self, error: CrmError) -> bool:
        """Say that what is on the screen may be out of date: in a toast now, and in the title while it is so."""
        said, self.trouble = bool(self.trouble), error.message
        self.typed.expecting = self._once_more = False
        if self.here:
            self.here.warn(error.message)
        return said

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
        if not self.typed.undoing and self.here and not self.here.small:
            self.typed.undoing = True
            # The number of a batch means something else in another book.
            shown = Shown(self.here.shown) if self.here.shown else None
            then, ahead = partial(self._undone, shown=shown), self.here.ahead()
            self.desk.ask(as_shown, shown, (), take_back, ahead, then=then, ended=self._undo_ended)

    def _undo_ended(self) -> None:
        self.typed.undoing = False

    def _undone(self, found: Changed | Ahead, shown: Shown | None) -> None:
        from crmcli.services.undoing import Ahead

        if isinstance(found, Ahead):
            from crmcli.tui.screens.windows import Question

            text = f"Take back {found.count:,} changes of '{clip(found.command, 40)}'?"
            self.push_screen(Question(text), lambda yes: self._undo_all(found.batch, shown) if yes else None)
            return
        undo = self.desk.settings.calling("undo", str(found.batch))
        again = f"'{undo}' brings it back" if found.batch else ""
        self.toast("\n".join([*found.lines, again]))
        self.beat()

    def _undo_all(self, batch: int, shown: Shown | None) -> None:
        from crmcli.services import undoing

        self.desk.ask(as_shown, shown, (), undoing.undo, batch, then=partial(self._undone, shown=shown))

    def action_refresh(self) -> None:
        if self.here:
            self.here.read_again()

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

    def open_duplicates(self, kind: str, words: str) -> None:
        """Put the duplicates of a kind on the stack, of the records that fit a filter."""
        from crmcli.services import duplicates
        from crmcli.tui.screens.duplicates import DuplicatesPlace

        try:
            duplicates.check_kind(ENTITIES[kind])
        except CrmError as error:
            self.toast(str(error))
        else:
            self.push_screen(DuplicatesPlace(kind, words))

    # --- when the program itself is at fault ---

    def _fatal_error(self) -> None:
        """Leave with one line and a report file; Textual would print a traceback with the user's data in it."""
        error = self._exception
        if error is not None and not self._stopped:
            self._stopped = True
            line = f"crm: the dashboard stopped: {type(error).__name__}: {first_line(error)}"
            self._exit_renderables.append(Text(visible(f"{line} ({self._reported(error)})")))
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:  # noqa: ARG002 - Textual's signature
        """As `_fatal_error`: what Textual would show at length goes into the report."""
        self._fatal_error()


def take_back(ctx: Context, ahead: Callable[[Context], Ahead]) -> Changed | Ahead:
    """Undo what an undo would take back; where that is much, only say what it would be."""
    from crmcli.services import undoing

    found = ahead(ctx)
    return found if found.count > MANY else undoing.undo(ctx, found.batch)


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
