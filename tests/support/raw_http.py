"""A listener that answers as a test says, byte by byte: for answers that no proper server gives."""

from __future__ import annotations

import socket
import socketserver
import threading
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Request(NamedTuple):
    """What a client sent; names of headers in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def reply(status: int, body: bytes | str = b"", **headers: str) -> bytes:
    """A whole answer; `Retry_After="1"` is the header Retry-After. The connection ends with it."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


class RawServer:
    """Listens on the loopback until `close()`, or the end of a `with` block. `answer` says what is sent for a request,
    whole or in pieces; what came is in `requests`."""

    def __init__(self, answer: Callable[[Request], bytes | Iterable[bytes]]) -> None:
        self.requests: list[Request] = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                request = _read(self.rfile)
                if request is None:
                    return
                outer.requests.append(request)
                pieces = answer(request)
                try:
                    for piece in [pieces] if isinstance(pieces, bytes) else pieces:
                        self.wfile.write(piece)
                except OSError:  # the client has had enough
                    pass

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _read(stream: Iterable[bytes]) -> Request | None:
    lines = _head(stream)
    first = next(lines, "")
    if first.count(" ") != 2:
        return None
    method, path, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = stream.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]
    return Request(method, path, headers, body)


def _head(stream: Iterable[bytes]) -> Iterator[str]:
    for line in stream:
        text = line.decode("latin-1").rstrip("\r\n")
        if not text:
            return
        yield text


def silent() -> socket.socket:
    """A socket that takes connections and never says anything; close it."""
    return socket.create_server(("127.0.0.1", 0))
