"""An HTTP server of the test's own, on loopback, that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What a listener does once it has a whole request, in place of an answer.
DROP, HANG = "drop", "hang"


class Received(NamedTuple):
    """A request: its method, its path with what stands behind the question mark, its headers and its body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpListener:
    """`received` has every request in the order of its coming. `answer` is a status, DROP or HANG, and `location` where
    it sends its client; `seen` is called with each request before it is answered: where a test kills its client there,
    the listener has it."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: int | str = 200
        self.location = ""
        self.seen: Callable[[Received], None] = lambda _received: None
        self.done = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Received(self.command, self.path, dict(self.headers.items()), body)
                listener.received.append(request)
                listener.seen(request)
                if listener.answer == HANG:
                    listener.done.wait(60)
                if not isinstance(listener.answer, int):
                    self.close_connection = True
                    return
                self.send_response(listener.answer)
                self.send_header("Content-Length", "0")
                if listener.location:
                    self.send_header("Location", listener.location)
                self.end_headers()

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_: object) -> None:
                """Nothing: standard error belongs to the test."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])


@contextmanager
def http_listener() -> Iterator[HttpListener]:
    """A running listener."""
    listener = HttpListener()
    thread = threading.Thread(target=listener.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.done.set()
        listener.server.shutdown()
        listener.server.server_close()
        thread.join(10)
