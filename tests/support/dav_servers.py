"""Real CalDAV and CardDAV servers of the tests' own, as processes on this machine's loopback with their files in a
temporary folder: Radicale, which asks for a password and rewrites what it stores, and Xandikos, which lets everybody in
and keeps every byte."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.support import scratch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_SECONDS = 60.0
#: Certificate and key, in one file.
CERTIFICATE = Path(__file__).with_name("loopback.pem")
USER, PASSWORD = "ada", "enchantress: of numbers"


class Login(NamedTuple):
    """What a client needs: the address of the server's root, and who it is there."""

    url: str
    user: str
    password: str


class DavServer:
    """A running server; `close()`, or the end of a `with` block, stops it and removes its files.

    `url` is its root with a slash at the end, `home` the path below which the user's collections stand, `folder` where
    it keeps its files.
    """

    def __init__(
        self, name: str, command: Callable[[Path, int], Sequence[str]], home: str, scheme: str = "http"
    ) -> None:
        self.name = name
        self.home = home
        self._temporary = tempfile.TemporaryDirectory(prefix="crm-dav-", dir=scratch.folder())
        self.folder = Path(self._temporary.name)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.url = self._start(command, scheme)
        except BaseException:
            self.close()
            raise

    @property
    def log(self) -> str:
        """What the server has written until now."""
        return (self.folder / "log").read_text(errors="replace")

    def login(self, user: str = USER, password: str = PASSWORD) -> Login:
        return Login(self.url, user, password)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        self._temporary.cleanup()

    def _start(self, command: Callable[[Path, int], Sequence[str]], scheme: str) -> str:
        """The address that it listens at. Somebody else may take a port meanwhile: then another."""
        for _ in range(5):
            port = free_port()
            with (self.folder / "log").open("wb") as out:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", *command(self.folder, port)],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    cwd=self.folder,
                    start_new_session=True,  # Ctrl-C in the tests must not reach it before its clients are gone
                )
            if self._answers(port):
                return f"{scheme}://127.0.0.1:{port}/"
        raise AssertionError(f"{self.name} does not start: {self.log}")

    def _answers(self, port: int) -> bool:
        assert self._process is not None
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False


def free_port() -> int:
    """A port of the loopback that nobody listened at a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def radicale(users: Mapping[str, str] | None = None, tls: bool = False) -> DavServer:
    """Radicale with Basic authentication for these users and passwords; everybody has a home at /USER/. With `tls` its
    certificate is `CERTIFICATE`, which nobody signed."""

    def command(folder: Path, port: int) -> list[str]:
        lines = [f"{user}:{password}" for user, password in (users or {USER: PASSWORD}).items()]
        (folder / "users").write_text("\n".join(lines) + "\n")
        (folder / "config").write_text(
            f"[server]\nhosts = 127.0.0.1:{port}\nssl = {tls}\ncertificate = {CERTIFICATE}\nkey = {CERTIFICATE}\n"
            f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder / 'users'}\nhtpasswd_encryption = plain\ndelay = 0\n"
            f"[storage]\nfilesystem_folder = {folder / 'data'}\n"
            "[web]\ntype = none\n"
        )
        return ["radicale", "--config", str(folder / "config")]

    return DavServer("radicale", command, f"/{USER}/", "https" if tls else "http")


def xandikos() -> DavServer:
    """Xandikos with a calendar and an address book to begin with."""

    def command(folder: Path, port: int) -> list[str]:
        words = ["xandikos", "serve", "--defaults", "--no-detect-systemd", "-d", str(folder / "data")]
        return [*words, "--state-dir", str(folder / "state"), "-l", "127.0.0.1", "-p", str(port)]

    return DavServer("xandikos", command, "/user/")


#: Servers by name, each as a function that starts one.
SERVERS: dict[str, Callable[[], DavServer]] = {"radicale": radicale, "xandikos": xandikos}
