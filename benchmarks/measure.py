"""Measuring: rounds in which ours and the floor take turns, whole processes, medians; terminals through a pty."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-m", "crmcli"]
PYTHON = [sys.executable, "-I", "-c"]
#: Settings of the person who measures, which would change what is measured.
FOREIGN = ("CRM_", "XDG_", "NO_COLOR", "FORCE_COLOR", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PAGER")


class Figure(NamedTuple):
    """What was measured: milliseconds of ours and of what it is held against, their ratio, and its bound."""

    name: str
    ours: float | None = None
    floor: float | None = None
    ratio: float | None = None
    bound: float | None = None
    unit: str = "ms"
    note: str = ""

    @property
    def good(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        if self.note.startswith("failed"):
            return False
        value = self.ratio if self.ratio is not None else self.ours
        return None if self.bound is None or value is None else value <= self.bound


class FailedError(Exception):
    """A command did not do what was to be measured."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment of its own for the program, with a home folder under `home`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    env |= {
        "CRM_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "USER": "grace",
        "LANG": "C.UTF-8",
    }
    return env | more


def timed(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Milliseconds from start to end of a process whose output goes to a pipe. Raises FailedError."""
    start = time.perf_counter()
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    took = (time.perf_counter() - start) * 1000
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip() or "no word"
        raise FailedError(f"exit {done.returncode}: {told.splitlines()[-1]}")
    return took


def timed_on_terminal(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Milliseconds until a process on a terminal of 120x50 has ended and all it wrote was read. Raises FailedError."""
    start = time.perf_counter()
    with terminal(command, env) as (pid, fd):
        while True:
            try:
                if not os.read(fd, 65536):
                    break
            except OSError:
                break
        took = (time.perf_counter() - start) * 1000
        _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise FailedError(f"exit {os.waitstatus_to_exitcode(status)} on a terminal")
    return took


@contextlib.contextmanager
def terminal(
    command: Sequence[str], env: Mapping[str, str], columns: int = 120, lines: int = 50
) -> Iterator[tuple[int, int]]:
    """A process on a pseudo-terminal: its id, and the file descriptor of the terminal's other end."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], list(command), dict(env))
    try:
        ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        yield pid, fd
    finally:
        os.close(fd)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def read_until(fd: int, wanted: bytes, seconds: float) -> bytes:
    """What a terminal shows until `wanted` is among it. Raises FailedError after so many seconds."""
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen:
        ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise FailedError(f"'{wanted.decode()}' did not appear in {seconds:g} s")
        try:
            seen += os.read(fd, 65536)
        except OSError:
            raise FailedError("the program ended") from None
    return seen


def quiet(fd: int, seconds: float) -> None:
    """Read a terminal until nothing has come for so many seconds."""
    while select.select([fd], [], [], seconds)[0]:
        os.read(fd, 65536)


def cpu_ms(pid: int) -> float:
    """Milliseconds of processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def compare(
    name: str, ours: Callable[[], float], floor: Callable[[], float], rounds: int, bound: float | None = None
) -> Figure:
    """Ours and the floor in turns: the median of the ratios of each round."""
    try:
        floor()
        ours()
        pairs = [(floor(), ours()) for _ in range(rounds)]
    except (FailedError, OSError) as error:
        return Figure(name, bound=bound, note=f"failed: {error}")
    ratio = statistics.median(mine / low for low, mine in pairs)
    return Figure(name, statistics.median(p[1] for p in pairs), statistics.median(p[0] for p in pairs), ratio, bound)


#: Starts a command, waits for it and writes its status, milliseconds, those of the processor, and its peak memory in
#: the system's unit. A process begins with the peak of the one that starts it, and this one is small.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, used = os.wait4(pid, 0)
took = time.perf_counter() - start
print(os.waitstatus_to_exitcode(status), took * 1000, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss)
"""


class Spent(NamedTuple):
    """What a process and those it waited for took: milliseconds, milliseconds of processor time, peak megabytes."""

    took: float
    cpu: float
    peak: float


def spent(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Spent:
    """What a command costs; what it says stands in the file `output` of `cwd`. Raises FailedError."""
    with open(cwd / "output", "wb") as output:
        launched = [*PYTHON, LAUNCHER, *command]
        nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
        done = subprocess.run(launched, env=env, cwd=cwd, stdin=nothing, stdout=pipe, stderr=output, check=False)
    code, took, cpu, peak = map(float, done.stdout.split() or (done.returncode, 0, 0, 0))
    if code:
        told = (cwd / "output").read_text(errors="replace").strip() or "no word"
        raise FailedError(f"exit {code:.0f}: {told.splitlines()[-1]}")
    return Spent(took, cpu, peak / (1024 if sys.platform == "linux" else 1024 * 1024))


def peak_mb(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> tuple[float, float]:
    """(milliseconds, peak resident megabytes) of a process and those it waited for. Raises FailedError."""
    told = spent(command, env, cwd)
    return told.took, told.peak
