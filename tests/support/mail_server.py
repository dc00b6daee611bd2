"""An SMTP server of the test's own, on loopback, which does what a test tells it to."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: What a server does once it has the whole message, in place of an answer.
DROP, HANG = "drop", "hang"


class Arrived(NamedTuple):
    """A message that the server was handed: the envelope, the bytes, who logged in, and whether all was encrypted."""

    sender: str
    to: list[str]
    data: bytes
    login: str
    encrypted: bool


class MailServer:
    """`arrived` has every message in the order of its coming, also those that were then refused or never answered.

    `answers` are what the server says to MAIL, RCPT and DATA (`{"RCPT": "450 later"}`), also to one recipient alone
    (`{"RCPT bob@y.org": "550 no"}`); to DATA also DROP and HANG.
    `seen` is called with each message before it is answered: where a test kills its client there, the server has it.
    """

    def __init__(
        self, *, security: str = "none", certificate: Certificate | None = None, users: dict[str, str] | None = None
    ) -> None:
        self.arrived: list[Arrived] = []
        self.answers: dict[str, str] = {}
        self.seen: Callable[[Arrived], None] = lambda _arrived: None
        self.users = users or {}
        self.commands: list[str] = []
        context = certificate.server_context() if certificate and security != "none" else None
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            ssl_context=context if security == "tls" else None,
            tls_context=context if security == "starttls" else None,
            authenticator=self._login if self.users else None,
            auth_require_tls=security == "starttls",
            ready_timeout=30,
        )

    def start(self) -> None:
        self._controller.start()
        self.commands.clear()

    def stop(self) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def _login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        known = self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=known, handled=known, auth_data=data.login.decode())

    # --- what aiosmtpd calls ---

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:
        if "MAIL" not in self.answers:
            envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.answers.get(f"RCPT {address}", self.answers.get("RCPT", ""))
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        encrypted = session.ssl is not None or isinstance(server.transport.get_extra_info("sslcontext"), ssl.SSLContext)
        login = str(session.auth_data or "")
        arrived = Arrived(envelope.mail_from, list(envelope.rcpt_tos), envelope.content, login, encrypted)
        self.arrived.append(arrived)
        self.seen(arrived)
        answer = self.answers.get("DATA", "250 taken")
        if answer == HANG:
            await asyncio.sleep(60)
        if answer == DROP:
            server.transport.abort()
        return answer


class _Controller(Controller):
    """Any free port; each command line is noted."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    def factory(self) -> SMTP:
        notes: list[str] = self.handler.commands

        class Noting(SMTP):
            async def _call_command_hook(self, command: str, *words: Any) -> Any:
                notes.append(command)
                return await super()._call_command_hook(command, *words)

        return Noting(self.handler, **self.SMTP_kwargs)


class Certificate(NamedTuple):
    """A certificate for localhost and 127.0.0.1, with its key; `path` is what a client is to trust."""

    path: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context


def make_certificate(folder: Path) -> Certificate:
    """A certificate of a day, made by openssl; skips the test where there is none."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make a certificate with")
    made = Certificate(folder / "server.pem", folder / "server.key")
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(made.key), "-out", str(made.path)]
    subprocess.run([program, *words, *names, *files], check=True, capture_output=True)
    return made


@contextmanager
def mail_server(
    *, security: str = "none", certificate: Certificate | None = None, users: dict[str, str] | None = None
) -> Iterator[MailServer]:
    """A running server; `security` is none, starttls or tls, the last two with a certificate. `users` (login ->
    password) may log in; without them nobody can."""
    server = MailServer(security=security, certificate=certificate, users=users)
    server.start()
    try:
        yield server
    finally:
        server.stop()
