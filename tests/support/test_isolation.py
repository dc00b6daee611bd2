"""A test sees nothing of the person who runs it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.program import run_python


def test_home_is_inside_the_test(isolated: Path, tmp_path: Path) -> None:
    homes = [value for name, value in os.environ.items() if name == "HOME" or name.startswith(("XDG_", "CRM_HOME"))]
    assert len(homes) == 6
    assert all(Path(home).is_relative_to(tmp_path) for home in homes)
    assert isolated == Path(os.environ["CRM_HOME"])
    assert not isolated.exists()


def test_nothing_of_the_user_leaks() -> None:
    assert "CRM_DB" not in os.environ
    assert "NO_COLOR" not in os.environ
    assert "COLUMNS" not in os.environ
    assert time.tzname[0] == "UTC"


@given(st.integers())
def test_property_tests_run_isolated_too(number: int) -> None:
    assert "CRM_HOME" in os.environ


def test_a_child_gets_its_clock_input_and_variables() -> None:
    done = run_python(
        ["-c", "import os, sys; print(os.environ['CRM_NOW'], os.environ.get('LANG'), sys.stdin.read(), end='\\r\\n')"],
        input="سلام",
        now="2026-11-21T10:00:00+00:00",
        env={"LANG": None, "PYTHONUTF8": "1"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2026-11-21T10:00:00+00:00 None سلام\r\n", "")


def test_a_child_without_input_has_an_empty_one() -> None:
    assert run_python(["-c", "import sys; sys.exit(len(sys.stdin.read()))"]).returncode == 0


def test_a_child_that_hangs_is_ended() -> None:
    import subprocess

    with pytest.raises(subprocess.TimeoutExpired):
        run_python(["-c", "import time; time.sleep(60)"], timeout=0.5)
