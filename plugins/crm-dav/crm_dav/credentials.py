"""Who asks: Basic and Digest, as the server wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Generator


class Credentials(httpx2.Auth):
    """Basic ahead of being asked where nobody listens in (`ahead`), Digest as soon as the server offers it.

    Basic ahead saves the server a question, and some servers answer strangers instead of asking who they are.
    """

    def __init__(self, user: str, password: str, ahead: bool) -> None:
        # A password may come from the environment with bytes that are no text.
        name, secret = (text.encode("utf-8", "surrogateescape") for text in (user, password))
        self._basic = httpx2.BasicAuth(name, secret)
        self._digest = httpx2.DigestAuth(name, secret)
        self._chosen: httpx2.Auth | None = self._basic if ahead else None

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        if self._chosen is self._digest:
            yield from self._digest.auth_flow(request)
            return
        if self._chosen is not None:
            yield from self._authorised(request)
            return
        response = yield request
        yield from self._answered(request, response)

    def _authorised(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        response = yield next(self._basic.auth_flow(request))
        yield from self._answered(request, response)

    def _answered(
        self, request: httpx2.Request, response: httpx2.Response
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Try again in the way that a 401 asks for, if that is another one than was tried."""
        if response.status_code != 401:
            return
        offered = {value.partition(" ")[0].lower() for value in response.headers.get_list("www-authenticate")}
        if "digest" in offered:
            self._chosen = self._digest
            request.headers.pop("authorization", None)
            yield from self._digest.auth_flow(request)
        elif "basic" in offered and self._chosen is None:
            self._chosen = self._basic
            yield from self._authorised(request)
