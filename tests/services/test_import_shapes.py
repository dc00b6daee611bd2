"""What an import makes of files of many shapes: their kind, what each column fills, and what is told of it.

The shapes are in `shapes/*.toml`, by family. Each says what the file is (`name`), what it is called (`file`), and what
it holds (`text`); then the `kind` of its rows, "asked" where nothing but the user can tell; the `profile` that it is
recognised by, if any; the `columns` that fill something ("TITLE -> WHAT", as the preview shows it) and those that are
`ignored`, both in the order of the file; the `notes` that are told; and for "asked" the kinds that the question `says`.
A shape whose result is wrong is no part of them: what stands there is what users shall get.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import ENTITIES
from crmcli.services import imports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.context import Context

Shape = dict[str, Any]
FAMILIES = sorted((Path(__file__).parent / "shapes").glob("*.toml"))
#: What every shape says, and what it may say besides.
MUST, MAY = {"name", "file", "text", "kind"}, {"profile", "columns", "ignored", "notes", "says"}
ASKED, IGNORED = "asked", "(ignored)"


def shapes() -> Iterator[tuple[str, Shape]]:
    """Each shape of each family with the words by which a test of it is called."""
    for family in FAMILIES:
        for shape in tomllib.loads(family.read_text("utf-8"))["shape"]:
            yield f"{family.stem}: {shape['name']}", shape


def lines(kind: str, profile: str, columns: list[str], ignored: list[str], notes: list[str], says: list[str]) -> str:
    """A result as text, one thing a line."""
    told = {"column": columns, "ignored": ignored, "note": notes, "says": says}
    parts = [f"{what}: {one}" for what, found in told.items() for one in found]
    return "\n".join([f"kind: {kind}", f"profile: {profile}", *parts])


def expected(shape: Shape) -> str:
    """What a shape says of itself."""
    lists = (shape.get(key, []) for key in ("columns", "ignored", "notes", "says"))
    return lines(shape["kind"], shape.get("profile", ""), *lists)


def found(plan: imports.Plan) -> str:
    """What is planned."""
    columns = plan.columns if plan.kind else ()  # what they may fill before anybody has answered is nobody's business
    return lines(
        plan.kind.name if plan.kind else ASKED,
        plan.profile.profile.name if plan.profile else "",
        [f"{column.header} -> {column.shown}" for column in columns if column.shown != IGNORED],
        [column.header for column in columns if column.shown == IGNORED],
        list(plan.notes),
        [kind for kind in re.findall(r"--as (\w+)", plan.problem) if kind in ENTITIES],
    )


@pytest.mark.parametrize("shape", [pytest.param(shape, id=called) for called, shape in shapes()])
def test_what_a_file_of_this_shape_becomes(book: Context, put: Any, shape: Shape) -> None:
    told = found(imports.plan(book, put(shape["text"], shape["file"])))
    if told != expected(shape):
        both = expected(shape).splitlines(), told.splitlines()
        difference = "\n".join(difflib.unified_diff(*both, "expected", "planned", lineterm=""))
        pytest.fail(f"{shape['file']} with\n{shape['text']}\n{difference}", pytrace=False)


def test_every_shape_is_said_once_and_in_full() -> None:
    called = [name for name, _ in shapes()]
    texts = [(shape["file"], shape["text"]) for _, shape in shapes()]
    assert [name for name, times in Counter(called).items() if times > 1] == []
    assert [text for text, times in Counter(texts).items() if times > 1] == []
    assert [name for name, shape in shapes() if not shape.keys() >= MUST or shape.keys() - MUST - MAY] == []
    assert [name for name, shape in shapes() if ("columns" in shape) == (shape["kind"] == ASKED)] == []
