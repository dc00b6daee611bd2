"""The plugin from its source, real servers for it, and the program's own fixture: a home of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from crm_dav.client import Client

from tests.conftest import isolated
from tests.support.dav_servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_dav.shapes import Collection

    from tests.support.dav_servers import DavServer

__all__ = ["isolated"]


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
