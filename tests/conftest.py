"""Every test runs in a home of its own; fixtures for the program as a process and for PostgreSQL."""

from __future__ import annotations

import functools
import gc
import os
import time
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import settings

from crmcli.config import Settings
from crmcli.context import Context
from tests.support import books, scratch
from tests.support.postgres import NoServerError, Server
from tests.support.program import Finished, run_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# What the person who runs the tests has set, and what would change the program's output.
FOREIGN = (
    "CI",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "EDITOR",
    "FORCE_COLOR",
    "LANGUAGE",
    "LINES",
    "NO_COLOR",
    "PAGER",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONIOENCODING",
    "PYTHONUNBUFFERED",
    "PYTHONUTF8",
    "PYTHONWARNINGS",
    "VISUAL",
)
# Settings of the test run, not of the program.
KEPT = ("CRM_REQUIRE_POSTGRES", "CRM_TEST_")

# Books that several tests share are made before one of them has its own environment.
os.environ["TZ"] = "UTC"
time.tzset()

if memory := scratch.folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)  # where pytest puts `tmp_path`

# Two busy cores stretch one example in a thousand past any deadline; pytest-timeout catches what hangs. A run in CI
# says something about the change that it is of, so Hypothesis draws the same there each time; elsewhere it looks on.
settings.register_profile("crm", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("crm")

#: PostgreSQL for this worker: one for the tests and those of the plugins, whose fixtures are others to pytest.
one_server = functools.cache(Server)


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import stay until the end: no search for garbage needs to look at them."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three workers to two processors, and one: two fifths of its time each waits for a process, a server or a lock."""
    return (os.cpu_count() or 1) * 3 // 2 + 1


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder of the test's own in an environment that names nothing of the user's; returns CRM_HOME."""
    for name in list(os.environ):
        foreign = name in FOREIGN or name.startswith(("CRM_", "LC_", "PG", "XDG_"))
        if foreign and not name.startswith(KEPT):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / f".{kind.lower()}"))
    monkeypatch.setenv("CRM_HOME", str(home / "crm"))
    monkeypatch.setenv("USER", "tester")
    monkeypatch.setenv("LOGNAME", "tester")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield home / "crm"
    monkeypatch.undo()
    time.tzset()


class RunCrm(Protocol):
    """The shape of the `run_crm` fixture."""

    def __call__(
        self,
        *arguments: str,
        input: str | bytes | None = None,
        now: str | None = None,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        timeout: float = 60.0,
    ) -> Finished: ...


@pytest.fixture
def run_crm(isolated: Path, tmp_path: Path) -> RunCrm:
    """Run `crm ARGUMENTS` as a process in the test's own home; see `tests.support.program.run_python`."""

    def run(
        *arguments: str,
        input: str | bytes | None = None,
        now: str | None = None,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        timeout: float = 60.0,
    ) -> Finished:
        words = ["-m", "crmcli", *arguments]
        return run_python(words, input=input, now=now, env=env, cwd=cwd or tmp_path, timeout=timeout)

    return run


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Server]:
    """A PostgreSQL cluster for this worker; where there is none a skip, or with CRM_REQUIRE_POSTGRES=1 a failure."""
    try:
        server = one_server()
    except NoServerError as why:
        reason = f"no PostgreSQL server: {why}"
        if os.environ.get("CRM_REQUIRE_POSTGRES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    yield server
    server.close()


@pytest.fixture
def pg_url(pg_server: Server) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped after the test."""
    name = pg_server.create()
    yield pg_server.url(name)
    pg_server.drop(name)


@pytest.fixture(scope="session")
def book_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite book, made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", books.NOW)
        patch.setenv("USER", "tester")
        return books.make_file(tmp_path_factory.mktemp("book") / "crm.db")


@pytest.fixture
def book_path(book_template: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own empty book, as a file in its home; the clock stands at `books.NOW`."""
    monkeypatch.setenv("CRM_NOW", books.NOW)
    return books.copy_file(book_template, isolated / "data" / "crm.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def ctx(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """An open, empty book on each engine; the clock stands at `books.NOW`."""
    monkeypatch.setenv("CRM_NOW", books.NOW)
    if request.param == "sqlite":
        context = Context(Settings({"db": str(request.getfixturevalue("book_path"))}), plugins=False)
        yield context
        context.close()
        return
    server: Server = request.getfixturevalue("pg_server")
    name = f"book_{time.monotonic_ns()}"
    context = Context(Settings({"db": books.copy_database(server, books.make_template(server), name)}), plugins=False)
    yield context
    context.close()
    server.drop(name)
