"""What every place shares: a title, rows, a filter, the line of keys, and what can be done with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from crmcli.errors import CrmError, DamagedError, StoreError, UsageError
from crmcli.services.pulse import Pulse, stamped
from crmcli.tui import lines
from crmcli.tui.screens.acting import Acting
from crmcli.tui.shape import SMALLEST
from crmcli.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.widgets import Static

    from crmcli.context import Context
    from crmcli.services.undoing import Ahead
    from crmcli.tui.widgets.filter import FilterBar


class Place(Acting):
    """A screen that shows rows of the book. Subclasses say how to `load` and what the `subject` is."""

    AUTO_FOCUS = "#body"
    where: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        #: The filter that was typed, and the last one that gave rows.
        self.filter = self.good = ""
        #: The filter that stands in for the typed one as long as that is refused.
        self.instead: str | None = None
        #: How the book stood when the rows were read, and when it was last asked.
        self.seen: Pulse | None = None
        self.heard: Pulse | None = None
        self.asking = False
        #: Why the rows could not be read anew.
        self.trouble = ""
        #: How often the book had come back when the rows were last refused.
        self.tried = 0
        #: What few sessions need is made when it is needed: the filter's line, and what a window too small shows.
        self.bar: FilterBar | None = None
        self.notice: Static | None = None
        self.small = False

    # --- what subclasses say ---

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def step(self, down: int) -> None:
        raise NotImplementedError

    def outdated(self, pulse: Pulse) -> bool:
        """Whether what was read at `seen` is no longer so."""
        seen = self.seen
        return seen is None or pulse[:2] != seen[:2] or pulse.minute.date() != seen.minute.date()

    def ahead(self) -> Callable[[Context], Ahead]:
        """The verb that says what an undo takes back here: what was done last, wherever."""
        from crmcli.services import undoing

        return undoing.ahead

    def refused(self, error: CrmError) -> bool:  # noqa: ARG002 - for those who know better
        """Show that the rows cannot be had; whether that was done."""
        return False

    @property
    def height(self) -> int:
        """Lines of a page."""
        return max(1, self.query_one("#body").size.height - 2)

    # --- the frame ---

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield from self.body()
        yield KeyBar(self.where)

    def on_mount(self) -> None:
        self.load()

    def on_screen_resume(self) -> None:
        self.dashboard.beat()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        was_small = self.small
        self.small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(self.small, "-small")
        if self.small:
            text = f"The window is {width} x {height}.\nMake it {SMALLEST[0]} x {SMALLEST[1]} at least."
            self._small(text)
        elif was_small and self.is_current:
            self.call_after_refresh(self.query_one("#body").focus)  # what is hidden loses it

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """In a window that is too small to show the rows nothing is done to them."""
        return not self.small

    def _small(self, text: str) -> None:
        from textual.widgets import Static

        if self.notice is None:
            self.notice = Static(text, id="small", markup=False)
            self.mount(self.notice)
        else:
            self.notice.update(text)

    def ask_rows(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], None], more: bool = False) -> None:
        """Ask for rows: only the newest answer counts, and a filter that is refused leaves the last good one in force.
        `more` says that they continue what is shown, which stays as old as it is."""
        self.asking = True
        self.dashboard.desk.ask(
            stamped,
            verb,
            *args,
            then=lambda found: self._arrived(then, found, more),
            failed=lambda error: self._failed(error, more),
            group=self.group,
        )

    def forget(self) -> None:
        """Let no answer come to what was asked for this screen's rows: it is out of date."""
        self.dashboard.desk.drop(self.group)
        self.asking = False

    def follow(self, pulse: Pulse) -> None:
        """Read anew what is out of date. What was refused is asked once more after every change of the book."""
        self.heard = pulse
        self.warn(self.trouble)
        back = bool(self.trouble) and self.tried < self.dashboard.recovered
        if not self.asking and (back or self.outdated(pulse)):
            self.instead = None
            self.load()

    def read_again(self) -> None:
        """Read everything anew, and say what is wrong even if it was said before."""
        self.trouble, self.instead = "", None
        self.load()

    def warn(self, trouble: str) -> None:
        """Say in the title why what is shown is not up to date; "" says that it is."""
        for title in self.query(TitleBar):
            title.warn(trouble)

    @property
    def group(self) -> str:
        """The questions of this screen's rows."""
        return f"rows:{id(self)}"

    def _arrived(self, then: Callable[[Any], None], found: tuple[Pulse, Any], more: bool = False) -> None:
        self.asking = False
        if not more:
            self.seen = self.shown = found[0]
        if self.is_attached:
            self.trouble = ""
            self.warn("")
            self.good = self.applied
            if self.bar and self.instead is None:
                self.bar.trouble(None)
            then(found[1])

    def _failed(self, error: CrmError, more: bool = False) -> bool:
        self.asking = False
        self.tried = self.dashboard.recovered
        if not self.is_attached:
            return False
        if isinstance(error, UsageError) and self.applied:
            self._stand_in(error)
            return True
        if more:
            return False
        # A book that cannot be reached is tried again at every beat; any other answer stands until the book changes.
        if not isinstance(error, StoreError) or isinstance(error, DamagedError):
            self.seen = self.heard
        if self.refused(error):
            self.shown = self.heard
            return True
        said, self.trouble = error.message in (self.trouble, self.dashboard.trouble), error.message
        self.warn(error.message)
        return said

    def _stand_in(self, error: CrmError) -> None:
        """Leave the last good filter in force instead of one that is refused, and say so; none, where that was it."""
        first = self.instead is None
        self.instead = self.good if first and self.good != self.filter else ""
        if self.bar:
            self.bar.trouble(error, f"/{self.instead} stays" if self.instead else "all is shown")
        if not first or self.instead != self.good or self.seen != self.heard:
            self.load()

    # --- moving ---

    def action_down(self) -> None:
        self.step(1)

    def action_up(self) -> None:
        self.step(-1)

    def action_page_down(self) -> None:
        self.step(self.height)

    def action_page_up(self) -> None:
        self.step(-self.height)

    def action_top(self) -> None:
        self.step(-(10**9))

    def action_bottom(self) -> None:
        self.step(10**9)

    def action_open(self) -> None:
        subject = self.subject()
        if subject:
            self.dashboard.open_record(subject.kind, subject.id)

    def suspects(self) -> tuple[str, str]:
        """The kind of record whose duplicates are looked at from here, and the filter that one of each group fits."""
        return self.adds, self.applied

    def action_duplicates(self) -> None:
        self.dashboard.open_duplicates(*self.suspects())

    # --- the filter ---

    async def action_filter(self) -> None:
        from crmcli.tui.widgets.filter import FilterBar

        if self.bar is None:
            self.bar = FilterBar(id="filter")
            await self.mount(self.bar, before="#keys")
        self.bar.open()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        self.filter, self.instead = " ".join(lines.terms(message.text)), None
        self.load()

    def on_filter_bar_closed(self, message: FilterBar.Closed) -> None:
        if message.clear:
            self.clear_filter()
        if self.bar:
            self.bar.display = bool(self.filter)
        self.query_one("#body").focus()

    def clear_filter(self) -> None:
        had, self.filter, self.instead = self.filter, "", None
        if self.bar:
            self.bar.reset()
        if had:
            self.load()

    @property
    def applied(self) -> str:
        """The filter in force."""
        return self.filter if self.instead is None else self.instead

    def words(self) -> list[str]:
        """The filter in force as words of a verb."""
        return lines.terms(self.applied)
