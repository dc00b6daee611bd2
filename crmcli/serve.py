"""`crm serve`: calendar feeds over HTTP, for programs that subscribe to them.

Reading the book and making a feed is done by one thread, since a connection belongs to the thread that opened it; the
loop meanwhile answers others. Whoever does not know the address of a feed gets the same answer whatever he asks for.
Addresses are written down nowhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import visible
from crmcli.errors import CrmError, StoreError, UsageError
from crmcli.services.feeds import PATH, Shelf

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
                for line in _told(listening.getsockname(), count, tls=bool(cert)):
                    ctx.say(line)

            # Said once it answers, and ends as it should when it is told to.
            server.startup = startup
            with contextlib.suppress(KeyboardInterrupt):  # that is how it ends
                server.run(sockets=[listening])
        finally:
            book.submit(shelf.close).result()
    return 0


def _config(uvicorn: Any, application: Starlette, cert: str, key: str) -> Any:
    options: dict[str, Any] = {"ssl_certfile": cert, "ssl_keyfile": key or None} if cert else {}
    config = uvicorn.Config(
        application, access_log=False, log_level="warning", server_header=False, limit_concurrency=128,
        timeout_keep_alive=15, lifespan="off", **options,
    )  # fmt: skip
    try:
        config.load()
    except OSError as error:
        raise UsageError(f"the certificate cannot be read: {error.strerror or error}", "name PEM files") from error
    return config


def _told(where: tuple[Any, ...], count: int, *, tls: bool) -> Iterator[str]:
    """What is to be known about a server that listens somewhere."""
    host = f"[{where[0]}]" if ":" in where[0] else where[0]
    feeds = f"{count} feed{'s' if count != 1 else ''}"
    yield f"serving {feeds} at {'https' if tls else 'http'}://{host}:{where[1]}; Ctrl-C ends it"
    if not tls and not ipaddress.ip_address(where[0]).is_loopback:
        yield "anybody on the way can read it: name --cert and --key, or stay on 127.0.0.1 behind a TLS proxy"
    if not count:
        yield "there is no feed yet: crm calendar feed add mine owner:me"


def app(shelf: Shelf, book: ThreadPoolExecutor, tell: Any = None) -> Starlette:
    """The application: the feeds of a shelf that belongs to the thread of `book`. `tell` gets a line an answer."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    async def feed(request: Request) -> Response:
        word = request.path_params["word"]
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                book, shelf.get, word if len(word) <= LONGEST_WORD else ""
            )
        except StoreError as error:
            _say(f"crm: {error.message}")
            return PlainTextResponse("the book cannot be read now\n", 503, HEADERS | {"Retry-After": "60"})
        except CrmError as error:
            _say(f"crm: {error.message}")
            return PlainTextResponse("this feed cannot be made now\n", 500, HEADERS)
        if found is None:
            return nothing(request)
        headers = HEADERS | {"ETag": found.etag, "Content-Disposition": 'inline; filename="crm.ics"'}
        same = _same(request.headers.get("if-none-match", ""), found.etag)
        if tell:
            tell(f"{'304' if same else '200'} {found.name} {request.client.host if request.client else ''}".rstrip())
        if same:
            return Response(status_code=304, headers=headers)
        return Response(found.content, 200, headers, "text/calendar; charset=utf-8")

    def nothing(_request: Request, _error: Exception | None = None) -> Response:
        return PlainTextResponse("nothing here\n", 404, HEADERS)

    return Starlette(
        routes=[Route(PATH + "{word}.ics", feed, methods=["GET"])],
        middleware=[Middleware(GZipMiddleware, minimum_size=2000, compresslevel=5)],
        exception_handlers={404: nothing, 405: nothing},
    )


def _same(asked: str, etag: str) -> bool:
    """Whether If-None-Match names the tag, weakly compared (RFC 9110, 13.1.2): a proxy may have made it weak."""
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return "*" in tags or etag in tags


def _bound(host: str, port: int) -> socket.socket:
    try:
        known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, where = known[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(where)
        found.listen(128)
    except OSError as error:
        hint = "name another with --port" if port else "name one with --host"
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
