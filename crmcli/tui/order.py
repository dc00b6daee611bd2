"""Which key may act: each waits until what the one before it began is done, and one that is about rows which are being
read waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ScreenStackError
from textual.screen import Screen

from crmcli.tui.screens.place import Place
from crmcli.tui.typeahead import TypeAhead

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App
    from textual.events import Event

    from crmcli.tui.work import Desk


class KeyOrder(TypeAhead):
    """The keys and pastes of a dashboard, each when its turn has come."""

    def __init__(
        self,
        app: App[Any],
        desk: Desk,
        deliver: Callable[[Event], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(self._quiet, self._early, self._pass, failed)
        self._app, self._desk, self._onwards = app, desk, deliver
        #: Whether it is being looked up what an undo would take back.
        self.undoing = False
        #: Whether it is being looked up what has become of a line that was saved.
        self.expecting = False
        #: The rows that nobody has asked for (`aside`): their group and token.
        self._aside: tuple[str, int] = ("", 0)

    def aside(self, place: Place, load: Callable[[], None]) -> None:
        """Ask for rows that nobody waits for: what is typed meanwhile is about those on the screen."""
        before = self._desk.awaited(place.group)
        load()
        token = self._desk.awaited(place.group)
        if token != before:
            self._aside = (place.group, token)

    @property
    def _uppermost(self) -> Screen[Any] | None:
        """The screen that gets what is typed; None while there is none, or none any more."""
        try:
            return self._app.screen if self._app.is_running and not self._app._exit else None
        except ScreenStackError:
            return None

    async def _pass(self, event: Event) -> None:
        """Pass on what has waited for its turn."""
        if self._uppermost is not None:
            await self._onwards(event)

    def _quiet(self) -> bool:
        """Whether everybody on the screen has looked at everything."""
        screen = self._uppermost
        nodes = (self._app, screen, *screen.walk_children()) if screen else ()
        return not screen or (screen.is_mounted and not any(node.message_queue_size for node in nodes))

    def _early(self, event: Event) -> bool:
        """Whether a key is about what is not there yet: rows that were asked for, or a record that is being saved.
        Other keys must not do to what is still on the screen what was meant for something else."""
        screen, key = self._uppermost, getattr(event, "key", "")
        if screen is None or key == "escape":
            return False
        if not isinstance(screen, Place):
            return key != "enter" and getattr(screen, "saving", False)
        if screen.bar and screen.bar.has_focus_within:
            return False
        token = self._desk.awaited(screen.group)
        asked = bool(token) and self._aside != (screen.group, token)
        first = screen.seen is None and self._desk.pending > 0
        return self.undoing or (key != "q" and (asked or first or self.expecting))
