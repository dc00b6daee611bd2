"""One question to the server and its whole answer: redirects, waiting, limits, and what refusals mean."""

from __future__ import annotations

import email.utils
import ssl
import time
from time import sleep
from typing import TYPE_CHECKING, NamedTuple

import httpx2

from crm_dav import addresses
from crm_dav.credentials import Credentials
from crm_dav.deadline import Deadline
from crm_dav.errors import AnswerError, AwayError, BusyError, CertificateError, TooLargeError, TroubleError
from crm_dav.refusals import refusal
from crm_dav.texts import shown
from crmcli.api import UsageError, withhold

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REDIRECTS = 5
#: Bytes of one answer; an address book with photos comes in portions below that.
MAX_ANSWER = 32 << 20
#: Of a refusal only what it says is read.
MAX_REFUSAL = 64 << 10
#: How often a server that is busy is asked, and how many seconds are waited for it in all.
MAX_TRIES, MAX_WAIT = 4, 60.0
#: Seconds that one answer may take in all, however busily it trickles.
MAX_SECONDS = 300.0


class Answer(NamedTuple):
    """A status, the headers, the body, and the href that answered, after redirects."""

    status: int
    headers: httpx2.Headers
    body: bytes
    href: str


class Transport:
    """Questions to one server. `timeout` is in seconds, for connecting and for each silence of the server."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        allow_http: bool = False,
        ca_file: str = "",
        timeout: float = 30.0,
    ) -> None:
        self.origin, self.href = addresses.account(url, allow_http)
        self.requests = 0
        withhold(password)
        self._deadline = Deadline()
        # A password goes ahead only where nobody listens in: to this machine, or through TLS.
        hidden = self.origin.scheme == "https" or self.origin.loopback
        self._auth = Credentials(user, password, ahead=hidden) if user or password else httpx2.Auth()
        self._http = httpx2.Client(
            # Whatever a server packs may unpack to anything, so nothing is packed.
            headers={"User-Agent": "crm-dav", "Accept": "*/*", "Accept-Encoding": "identity"},
            follow_redirects=False,
            timeout=httpx2.Timeout(timeout),
            trust_env=not self.origin.loopback,  # no proxy for this machine itself
            verify=_context(ca_file) if ca_file else True,
        )

    def close(self) -> None:
        self._http.close()

    def ask(
        self, method: str, href: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The server's answer of the kind 2xx. Raises an error of `crm_dav.errors` for every other."""
        waited = 0.0
        for left in reversed(range(MAX_TRIES)):
            answer = self._follow(method, href, body, headers or {})
            if answer.status not in (429, 503):
                break
            seconds = _retry_after(answer.headers)
            if waited + seconds > MAX_WAIT:
                raise BusyError(
                    f"{self.origin} is busy and asks to come back in {seconds:.0f} seconds", "try again then", seconds
                )
            if left:
                waited += seconds
                sleep(seconds)
        if not 200 <= answer.status < 300:
            raise refusal(self.origin, method, answer.href, answer.status, answer.body)
        return answer

    def _follow(self, method: str, href: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._once(method, href, body, headers)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            # Also after a 303: it is how some servers lead from /.well-known to where they are.
            self.origin, href = addresses.redirected(self.origin, href, answer.headers.get("location", ""))
        raise AnswerError(f"{self.origin} sends us from one address to the next without end", "give another address")

    def _once(self, method: str, href: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request, and what the credentials make of a 401."""
        request = self._http.build_request(
            method, f"{self.origin}{href}", content=body, headers=dict(headers),
            extensions={"trace": self._deadline.trace},
        )  # fmt: skip
        try:
            with self._deadline.within(MAX_SECONDS):
                response, data = self._exchange(request)
        except httpx2.HTTPError as error:
            raise self._away(error) from None
        except (ValueError, NotImplementedError):
            raise AnswerError(f"{self.origin} asks for a password in a way that cannot be read", _ASK) from None
        if self._deadline.over:  # what was read until then may look like the end
            raise self._away(httpx2.ReadTimeout(""))
        return Answer(response.status_code, response.headers, data, href)

    def _exchange(self, request: httpx2.Request) -> tuple[httpx2.Response, bytes]:
        """The last of the answers that credentials need, with its body."""
        # Not by the library: it reads the bodies of refused requests without a limit.
        flow = self._auth.auth_flow(request)
        request = next(flow)
        while True:
            self.requests += 1
            response = self._http.send(request, stream=True)
            try:
                request = flow.send(response)
            except StopIteration:
                return response, self._body(response)
            finally:
                response.close()

    def _body(self, response: httpx2.Response) -> bytes:
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise AnswerError(f"{self.origin} packs its answers though it was asked not to", _ASK)
        most = MAX_ANSWER if response.is_success else MAX_REFUSAL
        chunks, size = [], 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > most:
                if not response.is_success:
                    return b""
                raise TooLargeError(f"an answer of {self.origin} is larger than {most >> 20} MB", _ASK)
            chunks.append(chunk)
        return b"".join(chunks)

    def _away(self, error: httpx2.HTTPError) -> Exception:
        """What a failure of the connection is for people; nothing of the request is in it."""
        if self._deadline.over:
            return TroubleError(f"{self.origin} takes longer than {MAX_SECONDS:.0f} seconds to answer", _LATER)
        cause = _innermost(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = shown(cause.verify_message or "it is not valid")
            return CertificateError(
                f"{self.origin} does not prove who it is: {why}",
                "check the address; a server with a certificate of its own needs that certificate as ca_file",
            )
        if isinstance(cause, ssl.SSLError):
            return CertificateError(f"{self.origin} does not speak TLS as https needs it", "check address and port")
        kind = TroubleError if isinstance(error, _REACHED) else AwayError
        if isinstance(error, httpx2.TimeoutException):
            return kind(f"{self.origin} does not answer in time", _LATER)
        if isinstance(error, httpx2.ProtocolError):
            return AnswerError(
                f"{self.origin} breaks off, or does not speak HTTP as it should",
                "check address and port, or try again later",
            )
        why = shown(getattr(cause, "strerror", None) or str(cause) or type(cause).__name__)
        return kind(f"{self.origin} cannot be reached: {why}", _LATER)


#: What happens to those alone who have found the server.
_REACHED = (httpx2.ReadError, httpx2.WriteError, httpx2.ReadTimeout, httpx2.WriteTimeout)
_ASK = "tell whoever runs the server"
_LATER = "check the address and the network, or try again later"


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"the certificate file {ca_file} cannot be read: {error.strerror or error}", "it has to be a PEM file"
        ) from None


def _innermost(error: BaseException) -> BaseException:
    for _ in range(10):
        inner = error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    return error


def _retry_after(headers: httpx2.Headers) -> float:
    """Seconds to wait before the next try: what the server says, as a number or as a moment, else two."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 2.0
    return max(0.0, moment - time.time())
