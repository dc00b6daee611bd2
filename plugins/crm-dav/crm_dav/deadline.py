"""An end to answers that trickle: a timeout only ends silence, and one byte now and then is none."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class Deadline:
    """Knows the connection in use, which `trace` is told of, and ends it when its time is over; `over` says that it
    did. For one request at a time."""

    def __init__(self) -> None:
        self.over = False
        self._socket: Any = None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """The `trace` extension of a request: called with each of its steps."""
        if event in _CONNECTED:
            self._socket = info["return_value"].get_extra_info("socket")

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the connection if the block takes longer."""
        self.over = False
        timer = Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self) -> None:
        self.over = True
        if self._socket is not None:
            with suppress(OSError):
                # The plain socket's: TLS would first say goodbye to somebody who does not listen.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
