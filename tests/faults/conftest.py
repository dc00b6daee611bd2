"""What the fault tests share: a quick `crm`, a book of hostile texts, a look at whether a store is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tests.faults import forked, hostile
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.program import Finished


class Crm(Protocol):
    """The shape of the `crm` fixture."""

    def __call__(
        self,
        *words: str | bytes,
        input: str | bytes = b"",
        env: Mapping[str, str | None] | None = None,
        cwd: str = "",
        timeout: float = 60.0,
    ) -> Finished: ...


@pytest.fixture
def crm(book_path: Path) -> Crm:
    """Run `crm WORDS` as a process on the test's own book, which is empty at first."""

    def run(
        *words: str | bytes,
        input: str | bytes = b"",
        env: Mapping[str, str | None] | None = None,
        cwd: str = "",
        timeout: float = 60.0,
    ) -> Finished:
        return forked.run(words, input=input, env=env, cwd=cwd, timeout=timeout)

    return run


def check(crm: Crm, *, deep: bool = True) -> None:
    """Assert that the book is sound."""
    done = crm("db", "check", *(["--deep"] if deep else []))
    assert done.returncode == 0, done


@pytest.fixture(scope="session")
def hostile_template(book_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book in which every text of every kind of record is hostile."""
    path = books.copy_file(book_template, tmp_path_factory.mktemp("hostile") / "crm.db")
    hostile.fill(path)
    return path


@pytest.fixture
def hostile_book(hostile_template: Path, book_path: Path) -> Path:
    """The test's own copy of the hostile book."""
    return books.copy_file(hostile_template, book_path)
