"""The program as a process of its own at a fraction of the price: forked from one that has loaded it already."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import traceback
from typing import TYPE_CHECKING

import crmcli.cli
import crmcli.commands.complete
import crmcli.commands.records
import crmcli.store.write
from crmcli.__main__ import main
from tests.support.program import Finished

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

__all__ = ["crmcli", "fork", "wait"]


def fork(
    words: Sequence[str | bytes],
    *,
    stdin: int,
    stdout: int,
    stderr: int,
    env: Mapping[str, str | None] | None = None,
    cwd: str = "",
    group: bool = False,
) -> int:
    """Start `crm WORDS` on three file descriptors and return its process id; `group` gives it a process group."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    try:
        if group:
            os.setpgid(0, 0)
        _become(words, stdin, stdout, stderr, env or {}, cwd)
        code = main()  # comes back only where the dashboard has been loaded, as by another test before the fork
        sys.stdout.flush()
        os._exit(code)
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="replace"))
    os._exit(99)


def _become(
    words: Sequence[str | bytes], stdin: int, stdout: int, stderr: int, env: Mapping[str, str | None], cwd: str
) -> None:
    """Make this process what the shell would have started: streams, signals, environment and words."""
    for number, target in ((stdin, 0), (stdout, 1), (stderr, 2)):
        os.dup2(number, target)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    for name, value in env.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    time.tzset()
    if cwd:
        os.chdir(cwd)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = ["crm", *(os.fsdecode(word) for word in words)]


def wait(child: int, timeout: float = 60.0) -> int:
    """The exit code of a child, negative for the signal that ended it. Kills it and raises TimeoutError after
    `timeout` seconds."""
    end = time.monotonic() + timeout
    pause = 0.001
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise TimeoutError(f"the program did not end within {timeout:g} s")


def run(
    words: Sequence[str | bytes],
    *,
    input: str | bytes = b"",
    env: Mapping[str, str | None] | None = None,
    cwd: str = "",
    timeout: float = 60.0,
) -> Finished:
    """Run `crm WORDS` and wait for it."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(input.encode() if isinstance(input, str) else input)
        given.seek(0)
        child = fork(words, stdin=given.fileno(), stdout=out.fileno(), stderr=err.fileno(), env=env, cwd=cwd)
        code = wait(child, timeout)
        return Finished([os.fsdecode(word) for word in words], code, _all(out), _all(err))


def _all(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
