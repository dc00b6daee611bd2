"""`crm serve`: calendar feeds over HTTP, for programs that subscribe to them.

Reading the book and making a feed is done by one thread, since a connection belongs to the thread that opened it; the
loop meanwhile answers others. Whoever does not know the address of a feed gets the same answer whatever he asks for,
and whoever connects and does not ask, or does not take the answer, is sent away. Addresses are written down nowhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gzip
import ipaddress
import re
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import visible
from crmcli.errors import CrmError, NewerDatabaseError, StoreError, UsageError
from crmcli.services.feeds import PATH, PROPOSED, Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from crmcli.context import Context

HEADERS = {
    # A proxy keeps no copy, and a program asks each time whether its own still holds.
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
#: The longest secret word that is looked for.
LONGEST_WORD = 64
#: So many connections there may be at once. Within so many seconds a request is to be there, and an answer taken; and
#: so many seconds are left for answers once the server is told to end.
MOST_CONNECTIONS = 128
ASKING, TAKING, ENDING = 10, 300, 5
#: Answers of fewer bytes are not worth packing.
PACKED = 2000


def run(ctx: Context, host: str, port: int, *, cert: str = "", key: str = "") -> int:
    """Serve the feeds of the context's book until the program is ended; the exit code. Port 0 is any free one.

    Raises UsageError where the extra is missing or the certificate cannot be read, CrmError where the port cannot be
    had, StoreError where the book cannot be opened.
    """
    uvicorn = _uvicorn()
    shelf = Shelf(ctx.settings, plugins=ctx.plugins_on)
    with ThreadPoolExecutor(1, "book") as book:
        try:
            count = book.submit(shelf.count).result()
            listening = _bound(host, port)
            server = uvicorn.Server(_config(uvicorn, app(shelf, book, None if ctx.quiet else _say), cert, key))
            begin = server.startup

            async def startup(sockets: list[socket.socket] | None = None) -> None:
                await begin(sockets)
                where = listening.getsockname()
                for line in _told(where, count, ctx.settings.aimed(PROPOSED), tls=bool(cert)):
                    ctx.say(line)
                if not cert and not ipaddress.ip_address(where[0]).is_loopback:
                    _say(UNGUARDED)  # also to whoever wants to hear nothing

            # Said once it answers, and ends as it should when it is told to.
            server.startup = startup
            with contextlib.suppress(KeyboardInterrupt):  # that is how it ends
                server.run(sockets=[listening])
        finally:
            book.submit(shelf.close).result()
    return 0


def _config(uvicorn: Any, application: Starlette, cert: str, key: str) -> Any:
    config = uvicorn.Config(
        application, access_log=False, log_level="warning", server_header=False, limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=15, timeout_graceful_shutdown=ENDING, lifespan="off", ws="none", http=_protocol(),
    )  # fmt: skip
    config.load()
    config.ssl = _tls(cert, key) if cert else None
    return config


def _tls(cert: str, key: str) -> ssl.SSLContext:
    """What a certificate and its key make, which may stand in one file. Raises UsageError where they make nothing, and
    for a key with a pass phrase: OpenSSL would ask for that at the terminal."""

    def asked() -> str:
        raise UsageError(f"the key in {key or cert} has a pass phrase", "take it off: openssl pkey -in KEY -out PLAIN")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key or None, asked)
    except OSError as error:
        raise _unfit(cert, key, error) from None
    return context


def _unfit(cert: str, key: str, error: OSError) -> UsageError:
    """Which of the two files cannot be used, and why: of most faults OpenSSL says the same."""
    for file, what, mark in ((cert, "certificate", b"-BEGIN CERTIFICATE-"), (key or cert, "key", b"PRIVATE KEY-")):
        try:
            with open(file, "rb") as opened:
                there = mark in opened.read()
        except OSError as unread:
            return UsageError(f"the {what} cannot be read: {file}: {unread.strerror}", "name a PEM file")
        if not there:
            hint = "name a PEM file" if key or what == "certificate" else "name the file that has it with --key"
            return UsageError(f"the {what} cannot be read: there is none in {file}", hint)
    if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
        return UsageError(f"the key in {key or cert} is not that of the certificate", "name two files that go together")
    return UsageError(f"the certificate cannot be read: {error.strerror or error}", "name PEM files")


def _protocol() -> Any:
    """How uvicorn speaks with one client, with an end to its patience: of connections there is a limited number, and
    without this everybody could hold them all by saying nothing."""
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Patient(H11Protocol):
        _asking: asyncio.TimerHandle | None = None
        _taking: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transport.set_write_buffer_limits(1, 0)  # `pause_writing` for whatever is not taken at once
            self._asking = self.loop.call_later(ASKING, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            whole = self.conn.their_state not in (h11.IDLE, h11.SEND_BODY)
            if whole and self._asking is not None:
                self._asking.cancel()
                self._asking = None
            elif not whole and self._asking is None:
                self._asking = self.loop.call_later(ASKING, self.transport.close)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._taking = self._taking or self.loop.call_later(TAKING, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._taking is not None:
                self._taking.cancel()
                self._taking = None

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            for timer in (self._asking, self._taking):
                if timer is not None:
                    timer.cancel()

    return Patient


UNGUARDED = "anybody on the way can read it: name --cert and --key, or stay on 127.0.0.1 behind a TLS proxy"


def _told(where: tuple[Any, ...], count: int, proposed: str, *, tls: bool) -> Iterator[str]:
    """What is to be known about a server that listens somewhere."""
    host = f"[{where[0]}]" if ":" in where[0] else where[0]
    feeds = f"{count} feed{'s' if count != 1 else ''}"
    yield f"serving {feeds} at {'https' if tls else 'http'}://{host}:{where[1]}; Ctrl-C ends it"
    if not count:
        yield f"there is no feed yet: {proposed}"


def app(shelf: Shelf, book: ThreadPoolExecutor, tell: Any = None) -> Starlette:
    """The application: the feeds of a shelf that belongs to the thread of `book`. `tell` gets a line an answer."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    troubles: dict[str, str] = {}

    def trouble(whose: str, error: CrmError) -> None:
        """Say what is wrong with the book ("") or with a feed once, not each time that somebody asks again."""
        if troubles.get(whose) != error.message:
            troubles[whose] = error.message
            _say(f"crm: {error.message}")

    async def feed(request: Request) -> Response:
        word = request.path_params["word"] if len(request.path_params["word"]) <= LONGEST_WORD else ""
        try:
            found = await asyncio.get_running_loop().run_in_executor(book, shelf.get, word)
        except (StoreError, NewerDatabaseError) as error:
            trouble("", error)
            return PlainTextResponse("the book cannot be read now\n", 503, HEADERS | {"Retry-After": "60"})
        except CrmError as error:
            trouble(word, error)
            return PlainTextResponse("this feed cannot be made now\n", 500, HEADERS)
        for whose in ("", word):
            troubles.pop(whose, None)
        if found is None:
            return nothing(request)
        packed = len(found.content) >= PACKED and _unpacks(",".join(request.headers.getlist("accept-encoding")))
        # Other bytes want another tag (RFC 9110, 8.8.3).
        etag = f'{found.etag[:-1]}-gzip"' if packed else found.etag
        headers = HEADERS | {"ETag": etag, "Vary": "Accept-Encoding"}
        headers["Content-Disposition"] = 'inline; filename="crm.ics"'
        same = _same(",".join(request.headers.getlist("if-none-match")), etag)
        if tell:
            tell(f"{'304' if same else '200'} {found.name} {request.client.host if request.client else ''}".rstrip())
        if same:
            return Response(status_code=304, headers=headers)
        content = found.content
        if packed:
            content = await asyncio.to_thread(gzip.compress, content, 5, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(content, 200, headers, "text/calendar; charset=utf-8")

    def nothing(_request: Request, _error: Exception | None = None) -> Response:
        return PlainTextResponse("nothing here\n", 404, HEADERS)

    made = Starlette(
        routes=[Route(PATH + "{word}.ics", feed, methods=["GET"])], exception_handlers={404: nothing, 405: nothing}
    )
    made.router.redirect_slashes = False  # it would say the address again, at whatever host the client names
    return made


def _unpacks(accepted: str) -> bool:
    """Whether Accept-Encoding has gzip in it."""
    parts = (part.partition(";") for part in accepted.lower().split(","))
    return any(coding.strip() == "gzip" and not re.search(r"q=0(\.0*)?\s*$", weight) for coding, _, weight in parts)


def _same(asked: str, etag: str) -> bool:
    """Whether If-None-Match names the tag, weakly compared (RFC 9110, 13.1.2): a proxy may have made it weak."""
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return "*" in tags or etag in tags


def _bound(host: str, port: int) -> socket.socket:
    try:
        known = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "that is no name of a host"
        raise CrmError(f"{host} cannot be served: {why}", "name an address of this machine with --host") from None
    family, kind, protocol, _, where = known[0]
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(where)
        found.listen(MOST_CONNECTIONS)
    except OSError as error:
        found.close()
        of_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        hint = "name another with --port" if of_port else "name an address of this machine with --host"
        raise CrmError(f"{host}:{port} cannot be served: {error.strerror or error}", hint) from None
    return found


def _uvicorn() -> Any:
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError:
        hint = "into the environment of crm: pip install 'crmcli[serve]'"
        raise UsageError("serving needs the extra 'serve'", hint) from None
    return uvicorn


def _say(line: str) -> None:
    sys.stderr.write(visible(line) + "\n")
