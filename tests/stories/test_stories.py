"""Every console block of the documentation does what it says; `make docs` writes the answers anew."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pytest

from tests.support import story

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo book, made once; each story has its own copy."""
    return story.make_demo(tmp_path_factory.mktemp("demo"))


@pytest.mark.parametrize("page", story.stories(), ids=lambda page: page.relative_to(story.ROOT).as_posix())
def test_the_shell_answers_as_the_page_says(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    tale = story.Story(page)
    if missing := tale.missing():
        pytest.skip(f"not installed: {', '.join(missing)}")
    told = tale.told(tmp_path / "story", request.getfixturevalue("demo") if tale.book == "demo" else None)
    difference = difflib.unified_diff(tale.text.splitlines(), told.splitlines(), "the page", "the shell", lineterm="")
    assert told == tale.text, "\n".join(difference)


def test_a_page_that_lies_is_found_out(tmp_path: Path) -> None:
    page = tmp_path / "lie.md"
    page.write_text("```console\n$ crm --version\ncrm 99\n$ echo one; echo two >&2; (exit 3)\n```\n")
    told = story.Story(page).told(tmp_path / "home")
    assert "crm 99" not in told
    assert "one\n! two\n[3]\n" in told


def test_dots_stand_for_any_lines() -> None:
    assert story.fits(("a", "...", "z"), ["a", "b", "c", "z"])
    assert not story.fits(("a", "...", "z"), ["a", "b"])
