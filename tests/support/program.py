"""The real program in a process of its own, as a shell would start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]


class Finished:
    """What a finished process left: `returncode`, the bytes it wrote, and the same as UTF-8 text, line ends kept."""

    def __init__(self, args: Sequence[str], returncode: int, stdout: bytes, stderr: bytes) -> None:
        self.args = args
        self.returncode = returncode
        self.stdout_bytes = stdout
        self.stderr_bytes = stderr

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode()

    @property
    def stderr(self) -> str:
        return self.stderr_bytes.decode()

    def __repr__(self) -> str:
        heading = f"{' '.join(self.args)} ended with {self.returncode}"
        return f"<{heading}\nout: {self.stdout_bytes!r}\nerr: {self.stderr_bytes.decode(errors='replace')}>"


def environment(now: str | None = None, extra: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """This process's environment for a child that runs the program; `extra` sets, or with None unsets, variables."""
    env = dict(os.environ)
    env["PYTHONPATH"] = str(ROOT)
    if now is not None:
        env["CRM_NOW"] = now
    for name, value in (extra or {}).items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def run_python(
    arguments: Sequence[str],
    *,
    input: str | bytes | None = None,
    now: str | None = None,
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
    timeout: float = 60.0,
) -> Finished:
    """Run this Python with `arguments` and wait; without `input` its standard input is empty.

    `now` is an ISO 8601 instant at which the program's clock stands still; `timeout` is in seconds
    (`subprocess.TimeoutExpired` after it).
    """
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command,
        input=input.encode() if isinstance(input, str) else input or b"",
        capture_output=True,
        env=environment(now, env),
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
    return Finished(command, done.returncode, done.stdout, done.stderr)
