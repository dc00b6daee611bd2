"""Programs of other people that read and write calendars: khal, todoman, vdirsyncer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def calendar_program(name: str) -> str:
    """The path of one of them, from the folder that CRM_TEST_CALENDAR_PROGRAMS names; skips the test where there is
    none."""
    folder = os.environ.get("CRM_TEST_CALENDAR_PROGRAMS", "")
    path = Path(folder, name)
    if not folder or not path.is_file():
        pytest.skip(f"CRM_TEST_CALENDAR_PROGRAMS names no folder with {name}")
    return str(path)
