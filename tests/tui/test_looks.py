"""What the screens look like, as SVG: two sizes, dark and light, with Persian, Japanese and emoji data."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.tui.conftest import press


class Svg(SingleFileSnapshotExtension):
    """One SVG a picture, so that it can be looked at."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        pytest.param((80, 24), ("l",), id="board-dark-small"),
        pytest.param((120, 40), ("T", "l", "l"), id="board-light-large"),
        pytest.param((120, 40), ("g", "t"), id="today-dark-large"),
        pytest.param((80, 24), ("T", "g", "t"), id="today-light-small"),
        pytest.param((120, 40), ("enter",), id="record-dark-large"),
        pytest.param((80, 24), ("T", "g", "l", "j"), id="leads-light-small"),
        pytest.param((80, 24), ("?",), id="help-dark-small"),
    ],
)
async def test_looks(dashboard: Any, snapshot: Any, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    async with dashboard(size=size) as (app, pilot):
        await press(app, pilot, *keys)
        picture = app.export_screenshot()
    assert picture == snapshot(extension_class=Svg)
