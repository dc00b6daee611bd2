"""A new book on each engine, and ways to look at it that are not ours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new, empty book: a path or a URL; the clock stands at `books.NOW`."""
    monkeypatch.setenv("CRM_NOW", books.NOW)
    if request.param == "sqlite":
        yield str(request.getfixturevalue("book_path"))
        return
    server: Server = request.getfixturevalue("pg_server")
    name = f"book_{time.monotonic_ns()}"
    yield books.copy_database(server, books.make_template(server), name)
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a book may be made: a path with nothing there, or an empty database."""
    return str(tmp_path / "new.db") if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))


@pytest.fixture
def opened() -> Iterator[Callable[[str], Context]]:
    """Opens books, and closes them after the test."""
    made: list[Context] = []

    def open_book(url: str) -> Context:
        made.append(Context(Settings({"db": url}), quiet=True, plugins=False))
        return made[-1]

    yield open_book
    for context in made:
        context.close()
