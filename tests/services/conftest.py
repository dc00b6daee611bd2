"""Fixtures that the tests of several services share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import CONTACT
from crmcli.services import records
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def book(book_path: Path) -> Iterator[Context]:
    """An empty SQLite book of the test's own."""
    opened = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def second_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite book that is no copy of `book_template`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", books.NOW)
        patch.setenv("USER", "tester")
        return books.make_file(tmp_path_factory.mktemp("second") / "crm.db")


@pytest.fixture
def second_book(second_template: Path, tmp_path: Path) -> Iterator[Context]:
    """Another book, on SQLite and empty: what is exported can move there."""
    path = str(books.copy_file(second_template, tmp_path / "second.db"))
    opened = Context(Settings({"db": path}), quiet=True, plugins=False)
    yield opened
    opened.close()


class Put(Protocol):
    """The shape of the `put` fixture."""

    def __call__(self, content: str | bytes, name: str = "export.csv") -> str: ...


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a file and give its path."""

    def write(content: str | bytes, name: str = "export.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.fixture
def saturday(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    """It is Saturday, 21 November 2026, eleven o'clock in Berlin."""
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


@pytest.fixture
def people(ctx: Context) -> Context:
    """Three contacts, 1 to 3, on each engine."""
    for name, email, phone in (
        ("Ada Lovelace", "ada@engines.example", "+98 21 8888 7777"),
        ("Grace Hopper", "grace@navy.example", "+1 202 555 0101"),
        ("علي رضايي", "ali@tehran.example", "۰۹۱۲۳۴۵۶۷۸۹"),
    ):
        records.add(ctx, CONTACT, {"name": name, "email": email, "phone": phone})
    return ctx
