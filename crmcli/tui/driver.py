"""The terminal as Textual drives it, where the first frame already stands on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from crmcli.tui.first import FirstFrame

OTHER_SCREEN = "\x1b[?1049h"


def driver_after(frame: FirstFrame) -> type[LinuxDriver]:
    """A driver that takes the terminal over from the first frame, without wiping it off."""

    class Driver(LinuxDriver):
        def write(self, data: str) -> None:
            # The other screen is on already, and some terminals would clear it.
            if data != OTHER_SCREEN or frame.taken:
                super().write(data)
            frame.taken = True

        def start_application_mode(self) -> None:
            super().start_application_mode()  # type: ignore[no-untyped-call]
            self.attrs_before = frame.before  # what is given back at the end

    return Driver
