"""Documents whose console blocks are run: `$` lines go to a shell, the lines under them are what it must answer."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import threading
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
#: A Monday morning: when every story begins.
NOW = "2026-11-23T09:00:00+00:00"
WIDTH = 100
MARK = "\x1e"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
DIRECTIVE = re.compile(r"^<!-- (book|needs): (.+?) -->$", re.MULTILINE)
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
ELLIPSIS = "..."


class Step(NamedTuple):
    """One command of a block: its lines as they stand, prompts included, and the lines expected under them."""

    typed: tuple[str, ...]
    expected: tuple[str, ...]

    @property
    def script(self) -> str:
        """What the shell gets: `$ ` starts a command, `> ` goes on with it."""
        return "\n".join(line[2:] for line in self.typed)


class Story:
    """A document; `book` is "" for an empty home or "demo", `needs` the programs without which it cannot run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        said = dict(DIRECTIVE.findall(self.text))
        self.book = said.get("book", "")
        self.needs = tuple(said.get("needs", "").split())
        self.steps = [step for block in BLOCK.findall(self.text) for step in _steps(block)]

    def missing(self) -> list[str]:
        return [name for name in self.needs if shutil.which(name) is None]

    def told(self, home: Path, demo: Path | None = None) -> str:
        """The document with what the shell answers now, run in the folder `home`; lines that still fit stay.

        `demo` is the CRM_HOME whose book a story about the demo book starts with a copy of.
        """
        if self.book == "demo" and demo is not None:
            shutil.copytree(demo, home / "book")
        answers = iter(run(self.steps, home))

        def block(found: re.Match[str]) -> str:
            lines: list[str] = []
            for step in _steps(found[1]):
                answer = next(answers)
                lines += step.typed
                lines += step.expected if fits(step.expected, answer) else answer
            return "```console\n" + "".join(f"{line}\n" for line in lines) + "```"

        return BLOCK.sub(block, self.text)


def stories() -> list[Path]:
    """Every document that has a console block."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "stories").glob("*.md"))]
    return [page for page in pages if BLOCK.search(page.read_text(encoding="utf-8"))]


def _steps(block: str) -> list[Step]:
    typed: list[str] = []
    expected: list[str] = []
    steps = []
    for line in [*block.splitlines(), "$ "]:
        if line.startswith("$ "):
            if typed:
                steps.append(Step(tuple(typed), tuple(expected)))
            typed, expected = [line], []
        elif (line.startswith("> ") or line == ">") and not expected:
            typed.append(line)
        else:
            expected.append(line)
    return steps


def make_demo(home: Path) -> Path:
    """A CRM_HOME with the demo book as it is when every story begins."""
    done = run([Step(("$ crm demo",), ())], home)
    if not any("demo" in line or "generated" in line for line in done[0]):
        raise RuntimeError("\n".join(done[0]))
    return home / "book"


def fits(expected: tuple[str, ...], answer: list[str]) -> bool:
    """Whether the answer is as expected; a line `...` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == ELLIPSIS else re.escape(line) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in answer)) is not None


def environment(home: Path) -> dict[str, str]:
    """A new user's: a home folder of its own, a stopped clock, a screen of 100 columns, `crm` on the path."""
    tools = home / ".bin"
    tools.mkdir(parents=True)
    program = tools / "crm"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m crmcli "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(home), "CRM_HOME": str(home / "book"), "CRM_NOW": NOW,
        "PYTHONPATH": str(ROOT), "USER": "maya", "LOGNAME": "maya", "LANG": "C.UTF-8", "TZ": "UTC",
        "TERM": "xterm-256color", "NO_COLOR": "1", "PAGER": "cat", "COLUMNS": str(WIDTH), "LINES": "200",
    }  # fmt: skip


def run(steps: list[Step], home: Path, *, timeout: float = 120.0) -> list[list[str]]:
    """What a shell in the folder `home` answers to each step: the lines on standard output, which is a terminal, then
    those on standard error with `! ` before them, then `[N]` for an exit code other than 0.

    Paths under `home` are shown with `~`, those of the program with `<crm>`, UUIDs as `<uuid>`. Raises TimeoutError
    after `timeout` seconds.
    """
    home.mkdir(parents=True, exist_ok=True)
    end = f"said=$?; printf '{MARK}%s{MARK}' $said; printf '{MARK}%s{MARK}' $said >&2"
    script = "\n".join(f"{step.script}\n{end}" for step in steps)
    out, err = _shell(script, environment(home), home, timeout)
    answers = []
    for (shown, code), (told, _) in zip(_split(out), _split(err), strict=True):
        lines = shown.splitlines() + [f"! {line}" for line in told.splitlines()]
        lines = [_steady(line, home) for line in lines]
        answers.append(lines + ([] if code == "0" else [f"[{code}]"]))
    return answers


def _shell(script: str, env: dict[str, str], cwd: Path, timeout: float) -> tuple[str, str]:
    master, slave = pty.openpty()
    raw = termios.tcgetattr(slave)
    raw[1] &= ~termios.OPOST  # line ends as they were written
    termios.tcsetattr(slave, termios.TCSANOW, raw)
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(slave)
    shown: list[bytes] = []
    told: list[bytes] = []
    assert shell.stderr is not None
    readers = [threading.Thread(target=_read, args=pair) for pair in ((master, shown), (shell.stderr.fileno(), told))]
    for reader in readers:
        reader.start()
    try:
        shell.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
        so_far = b"".join(shown).decode(errors="replace")[-500:]
        raise TimeoutError(f"the story did not end; so far: {so_far}") from None
    finally:
        for reader in readers:
            reader.join()
        shell.stderr.close()
        os.close(master)
    return b"".join(shown).decode(), b"".join(told).decode()


def _read(fd: int, into: list[bytes]) -> None:
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:  # a terminal that nobody writes to any more
            return
        if not part:
            return
        into.append(part)


def _split(text: str) -> list[tuple[str, str]]:
    """(text, exit code) of each step."""
    parts = text.split(MARK)
    return list(zip(parts[0:-1:2], parts[1::2], strict=True))


def _steady(line: str, home: Path) -> str:
    return UUID.sub("<uuid>", line.replace(str(home), "~").replace(str(ROOT), "<crm>")).rstrip()
