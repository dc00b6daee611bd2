"""The plugin from its source, real servers for it, and the program's own fixture: a home of the test's own."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpcore2
import pytest
from crm_dav.client import Client

from tests.conftest import book_path, book_template, ctx, isolated, pg_server, run_crm
from tests.support.dav_servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_dav.shapes import Collection

    from tests.support.dav_servers import DavServer

__all__ = ["book_path", "book_template", "ctx", "isolated", "pg_server", "run_crm"]

HERE = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def trusted() -> Iterator[None]:
    """What this machine trusts, read once for all clients: to read it takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", functools.cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(scope="session", params=sorted(SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[DavServer]:
    """Each of the real servers, once for this worker; tests make collections of their own there."""
    with SERVERS[request.param]() as one:
        yield one


@pytest.fixture
def client(server: DavServer) -> Iterator[Client]:
    with Client(*server.login()) as one:
        yield one


@pytest.fixture
def calendar(client: Client) -> Collection:
    """An empty calendar for tasks and events."""
    return client.make("calendar", f"Calendar {uuid4()}")


@pytest.fixture
def book(client: Client) -> Collection:
    """An empty address book."""
    return client.make("addressbook", f"Book {uuid4()}")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip installed the plugin into."""
    source = tmp_path_factory.mktemp("source") / "crm-dav"
    shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    target = tmp_path_factory.mktemp("installed")
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(source)], check=True, timeout=120)
    return target
