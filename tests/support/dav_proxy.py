"""What stands between a client and a real server, and now and then answers itself: for servers that choke on one item,
say that they have stored what they have not, or give items names of their own."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Headers that belong to one connection.
_OWN = {"content-length", "transfer-encoding", "connection", "date", "server"}


class Asked(NamedTuple):
    """What the client sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What it is told; a status of 0 breaks the connection off."""

    status: int
    headers: dict[str, str]
    body: bytes


class Proxy:
    """Listens on the loopback until `close()`, or the end of a `with` block. `rule` says what becomes of a request: an
    answer, or None to hand it on as it is. `asked` is all that came, and the status that it was answered with."""

    def __init__(self, url: str) -> None:
        self._server = urlsplit(url).netloc
        self.rule: Callable[[Asked], Answer | None] = lambda _: None
        self.asked: list[tuple[Asked, int]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, dict(self.headers.items()), body)
                answer = outer.rule(asked) or outer.forward(asked)
                outer.asked.append((asked, answer.status))
                self.close_connection = True
                if not answer.status:
                    return
                self.send_response_only(answer.status)
                for name, value in (answer.headers | {"Content-Length": str(len(answer.body))}).items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.body)

        for method in ("GET", "PUT", "DELETE", "PROPFIND", "REPORT"):
            setattr(Handler, f"do_{method}", Handler.handle_one)
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._listener.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}/"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def forward(self, asked: Asked, headers: Mapping[str, str] | None = None) -> Answer:
        """What the real server says to it, with other headers where some are given."""
        connection = http.client.HTTPConnection(self._server, timeout=60)
        try:
            connection.request(asked.method, asked.path, asked.body, {**asked.headers, **(headers or {})})
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
            return Answer(answer.status, kept, answer.read())
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join(5)
