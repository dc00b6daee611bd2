"""The dashboard in a real terminal: real keys through tmux, signals, no terminal at all, and a fault of its own."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import DEAL
from crmcli.services import records
from tests.support.program import environment, run_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.tui.conftest import Book

PATIENCE = 60.0


class Terminal:
    """A tmux server of the test's own with one window of 80 x 24."""

    def __init__(self, socket: Path, env: dict[str, str]) -> None:
        self.socket, self.env = socket, env

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=True, timeout=30).stdout

    def see(self, text: str) -> str:
        """The screen once it shows `text`."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            shown = self.tmux("capture-pane", "-p")
            if text in shown:
                return shown
            time.sleep(0.1)
        pytest.fail(f"never saw {text!r} in:\n{shown}")

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)


@pytest.fixture
def terminal(book: Book, tmp_path: Path) -> Iterator[Terminal]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    env = environment(extra={"COLORTERM": None, "LANG": "C.UTF-8"})
    found = Terminal(tmp_path / "tmux", env)
    command = f"{sys.executable} -m crmcli tui; echo left with $?; sleep 100"
    found.tmux("new-session", "-d", "-x", "80", "-y", "24", command)
    found.tmux("set", "-g", "status", "off")
    yield found
    subprocess.run(["tmux", "-S", str(found.socket), "kill-server"], env=env, check=False, capture_output=True)


def test_a_morning_in_tmux(terminal: Terminal, book: Book) -> None:
    terminal.see("Loom cards")
    assert "خرید سامانه" in terminal.see("filter")  # of the last line
    terminal.keys("L")
    end = time.monotonic() + PATIENCE
    while book.deal("Loom cards")["stage"] != "Qualified" and time.monotonic() < end:
        time.sleep(0.1)
    assert book.deal("Loom cards")["stage"] == "Qualified"
    terminal.keys("u")
    terminal.see("took back")
    assert book.deal("Loom cards")["stage"] == "New"
    records.add(book.context, DEAL, {"name": "From elsewhere"})
    terminal.see("From elsewhere")
    terminal.keys("a")
    terminal.see("New deal")
    terminal.keys("-l", "Typed here value=7k")
    terminal.keys("Enter")
    terminal.see("added deal")
    assert book.deal("Typed here")["value"] == 700_000
    terminal.keys("g")
    terminal.see("t today")
    terminal.keys("t")
    terminal.see("Overdue (1)")
    terminal.keys("Enter")
    terminal.see("Lead or deal")
    terminal.keys("q")
    terminal.see("Overdue (1)")
    terminal.keys("q")
    shown = terminal.see("left with 0")
    assert "Traceback" not in shown


def test_ctrl_z_goes_to_the_shell_and_fg_comes_back(terminal: Terminal) -> None:
    terminal.see("Loom cards")
    terminal.tmux("respawn-window", "-k", "env PS1='ready ' bash --norc -i")
    terminal.see("ready")
    terminal.keys("-l", f"{sys.executable} -m crmcli tui")
    terminal.keys("Enter")
    terminal.see("Loom cards")
    terminal.see("filter")
    time.sleep(1)
    terminal.keys("C-z")
    terminal.see("Stopped")
    terminal.keys("-l", "fg")
    terminal.keys("Enter")
    terminal.see("Loom cards")
    terminal.keys("q")
    terminal.see("Stopped")


def test_what_is_typed_while_it_starts_is_done_in_order(terminal: Terminal, book: Book) -> None:
    terminal.see("Loom cards")  # the first frame: nothing listens yet
    terminal.keys("j", "L", "a")
    terminal.keys("-l", "Early bird value=5k")
    terminal.keys("Enter")
    terminal.see("added deal")
    assert book.deal("Bulk paper")["stage"] == "Qualified"
    assert book.deal("Early bird")["value"] == 500_000


def drive(code: str, *, sent: int = 0, until: bytes = b"Proposition") -> tuple[int, bytes, bytes]:
    """Run Python code on a pseudo-terminal until it shows `until`, then send a signal: (exit code, before, after)."""
    child, fd = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-c", code], environment())
    before = after = b""
    end = time.monotonic() + PATIENCE
    signalled = False
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                break
            if not data:
                break
            if signalled:
                after += data
            else:
                before += data
        elif until in before and sent and not signalled:
            signalled = True
            os.kill(child, sent)
    os.close(fd)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), before, after


RUN = "import sys; from crmcli.context import Context; from crmcli.tui import run; sys.exit(run(Context()))"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("until", [b"Proposition", b"\x1b[?2004h"], ids=["first frame", "dashboard"])
def test_signals_restore_the_terminal(book: Book, number: signal.Signals, until: bytes) -> None:
    code, before, after = drive(RUN, sent=number, until=until)
    assert code == 128 + number
    assert b"\x1b[?1049l" in after
    assert b"\x1b[?25h" in after
    assert b"\x1b[?1000h" not in before or b"\x1b[?1000l" in after


def test_a_terminal_that_goes_away_without_a_signal_ends_it(book: Book) -> None:
    """It is not the one that the process belongs to, so nobody tells."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", RUN], stdin=slave, stdout=slave, stderr=slave, env=environment(), start_new_session=True
    ) as child:
        os.close(slave)
        shown, end = b"", time.monotonic() + PATIENCE
        while b"\x1b[?2004h" not in shown and time.monotonic() < end:
            if select.select([master], [], [], 0.1)[0]:
                shown += os.read(master, 65536)
        time.sleep(1)
        os.close(master)
        # 120 is Python's own, where it cannot write what is left to say.
        assert child.wait(PATIENCE) in {128 + signal.SIGHUP, 120}


def test_a_signal_while_a_class_is_made_is_no_fault(book: Book) -> None:
    inside = (
        "import os, signal\nimport crmcli.tui.first as first\ndraw = first.FirstFrame.draw\n"
        "class Field:\n    def __set_name__(self, owner, name): os.kill(os.getpid(), signal.SIGTERM)\n"
        "def drawn(self, *args):\n    draw(self, *args)\n    type('Owner', (), {'field': Field()})\n"
        "first.FirstFrame.draw = drawn\n"
    )
    code, before, _ = drive(inside + RUN)
    assert code == 128 + signal.SIGTERM
    assert before.endswith(b"\x1b[?25h\x1b[?1049l")


def test_a_fault_of_the_program_is_one_line_and_a_report(book: Book, isolated: Path) -> None:
    broken = (
        "from crmcli.tui.widgets.board import BoardView\n"
        "def oops(*_): raise LookupError('lost [/] \\x1b[2Jit')\nBoardView.show = oops\n"
    )
    code, before, _ = drive(broken + RUN)
    last = before.rpartition(b"\x1b[?1049l")[2].decode()
    assert code == 1
    assert "Traceback" not in last
    assert "the dashboard stopped: LookupError: lost [/] ^[[2Jit" in last.replace("\r\n", " ").replace("  ", " ")
    (report,) = (isolated / "state").glob("report-*.txt")
    assert "LookupError" in report.read_text()


CATCH = "\ntry: run(Context())\nexcept CrmError as e: print(e); sys.exit(e.code)"
REFUSE = RUN.replace("sys.exit(run(Context()))", "from crmcli.errors import CrmError" + CATCH)


def test_without_a_terminal_it_refuses_at_once(book: Book) -> None:
    done = run_python(["-c", REFUSE])
    assert (done.returncode, done.stderr) == (2, "")
    assert "needs a terminal" in done.stdout


def test_on_a_dumb_terminal_it_refuses(book: Book) -> None:
    code, before, _ = drive("import os; os.environ['TERM'] = 'dumb'\n" + REFUSE)
    assert code == 2
    assert b"\x1b" not in before


def test_a_book_that_cannot_be_opened_is_said_before_the_screen_changes(book: Book, tmp_path: Path) -> None:
    other = tmp_path / "not.db"
    other.write_text("hello")
    code, before, _ = drive(f"import os; os.environ['CRM_DB'] = {str(other)!r}\n" + REFUSE)
    assert code == 1
    assert b"is not a SQLite database" in before
    assert b"\x1b[?1049h" not in before
