"""The front door as a process: exit codes, pipes, signals, closed streams."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from tests.support.program import environment
from tests.support.terminal import at_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunCrm

COUNTING = (
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 400000) select i, 'some text' t from n"
)


@pytest.fixture(scope="module")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "crm.db"
    ctx = Context(Settings({"db": str(path)}), quiet=True, plugins=False)
    ctx.create(str(path))
    ctx.close()
    return path


@pytest.fixture
def home(isolated: Path, empty_book: Path) -> Path:
    (isolated / "data").mkdir(parents=True)
    shutil.copyfile(empty_book, isolated / "data" / "crm.db")
    return isolated


def shell(line: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A line of bash in which `crm` is the program."""
    start = f'crm() {{ "{sys.executable}" -m crmcli "$@"; }}; set -o pipefail; '
    return subprocess.run(
        ["bash", "-c", start + line], capture_output=True, text=True, env=environment(), check=False, timeout=60, **more
    )


def test_version_needs_no_home(run_crm: RunCrm) -> None:
    done = run_crm("--version", env={"HOME": None, "CRM_HOME": None})
    assert (done.returncode, done.stdout, done.stderr) == (0, "crm 0.1.0\n", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["led"], 2, "did you mean 'crm lead'?"),
        (["lead", "lits"], 2, "did you mean 'crm lead list'?"),
        (["lead", "list", "--nope"], 2, "no such option"),
        (["lead", "list", "-o", "xml"], 2, "table, json"),
        (["lead", "list", "foo:bar"], 2, "no field 'foo'"),
        (["lead", "list", "value:>="], 2, "^"),
        (["lead", "show", "99"], 3, "there is no lead 99"),
        (["lead", "show"], 2, "missing argument"),
        (["--db", "/nonexistent/x.db", "lead"], 3, "no book"),
        (["--db", "/dev/null", "lead"], 1, "crm:"),
        (["report", "nope"], 3, "no report"),
        (["config", "get", "nope"], 2, "no setting"),
    ],
)
def test_each_failure_is_one_message_and_a_code(
    home: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from crmcli.__main__ import main

    assert main(words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("crm: ")
    assert said in err
    assert "Traceback" not in err


def test_a_pipe_that_is_shut(home: Path) -> None:
    for form in ("tsv", "json", "csv", "table"):
        done = shell(f'crm sql "{COUNTING}" -o {form} | head -1')
        assert (done.returncode, done.stderr) == (141, "")
        assert done.stdout


def test_streams_that_are_shut_or_full(home: Path) -> None:
    gone = shell("crm lead list >&-")
    assert (gone.returncode, gone.stderr) == (1, "crm: standard output is closed\n")
    full = shell("crm lead list -o json >/dev/full")
    assert (full.returncode, full.stderr) == (1, "crm: the output cannot be written: No space left on device\n")
    assert shell("crm --version >/dev/full").returncode == 1
    assert shell("crm lead list <&- 2>&-").returncode == 0
    assert shell("crm lead edit - owner=me <&-").returncode == 2


def test_what_was_saved_is_said_where_the_output_is_lost(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = "crm: the output cannot be written: No space left on device\n"
    done = shell("crm lead add Ada >/dev/full")
    assert (done.returncode, done.stderr) == (
        1,
        f"{lost}  what was saved before that stands; 'crm undo 2' takes it back\n",
    )
    assert shell("crm lead add Eve --dry-run >/dev/full").stderr.endswith(lost)
    # That a book was made is nothing that undo takes back.
    monkeypatch.setenv("CRM_HOME", str(tmp_path / "new"))
    assert shell("crm lead list -o json >/dev/full").stderr.endswith(f"crm.db\n{lost}")


def test_what_cannot_be_told_on_stderr_ends_nothing(home: Path) -> None:
    assert shell("crm lead list stge:x 2>/dev/full").returncode == 2
    assert shell("crm lead list 2>/dev/full").returncode == 0
    assert shell("{ sleep 1; crm lead list stge:x; } 2> >(exec <&-; sleep 2)").returncode == 2
    done = shell('crm task add Call --due "2030-01-05 10:00" 2>/dev/full')
    assert (done.returncode, done.stdout) == (0, "added task:1 Call\n")
    assert shell("crm task list -o ids").stdout == "1\n"


def test_a_reader_of_a_preview_who_has_seen_enough(home: Path) -> None:
    shell("for n in 1 2 3; do crm lead add L$n; done")
    done = shell("crm lead edit is:any city=Rome --dry-run 2>&1 | (exec <&-; sleep 1)")
    assert (done.returncode, done.stderr) == (141, "")


def test_no_terminal_no_locale_no_environment(home: Path) -> None:
    env = {
        "PYTHONPATH": environment()["PYTHONPATH"],
        "CRM_HOME": str(home),
        "PATH": os.defpath,
        "LC_ALL": "C",
        "COLUMNS": "10",
        "TERM": "dumb",
    }
    command = [sys.executable, "-m", "crmcli", "lead"]
    added = subprocess.run([*command, "add", "علی"], capture_output=True, env=env, check=False, timeout=60)
    assert (added.returncode, added.stdout.decode()) == (0, "added lead:1 علی\n")
    listed = subprocess.run(
        [*command, "list", "--columns", "name"], capture_output=True, env=env, check=False, timeout=60
    )
    assert listed.stdout.decode() == "name\nعلی\n"
    page = subprocess.run(command[:-1], capture_output=True, env=env, check=False, timeout=60, stdin=subprocess.DEVNULL)
    assert page.returncode == 0
    assert page.stdout.startswith(b"section\t")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_save_nothing_and_say_so(home: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "crmcli", "note", "add", "lead:1", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
    ) as child:
        subprocess.run(
            [sys.executable, "-m", "crmcli", "lead", "add", "Ada"],
            env=environment(),
            capture_output=True,
            check=True,
            timeout=60,
        )
        time.sleep(0.7)
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    assert child.returncode in (130, 3)
    if child.returncode == 130:
        assert "interrupted; nothing was saved" in err
    assert out == ""
    assert "Traceback" not in err


def test_a_bug_is_one_line_and_a_private_report(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from crmcli.__main__ import main
    from crmcli.services import records

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a \x1b[31mbug")

    monkeypatch.setattr(records, "list_records", broken)
    assert main(["lead", "list"]) == 1
    err = capsys.readouterr().err
    assert "this is a bug: ZeroDivisionError: a ^[[31mbug" in err
    assert "Traceback" not in err
    (report,) = (home / "state").glob("report-*.txt")
    assert report.stat().st_mode & 0o777 == 0o600
    assert "ZeroDivisionError" in report.read_text()
    monkeypatch.setenv("CRM_DEBUG", "1")
    main(["lead", "list"])
    assert "Traceback" in capsys.readouterr().err


def test_at_a_terminal(home: Path) -> None:
    shell("crm lead add Ada value=12000; crm lead add $'Bob\\e[31m'")
    code, shown = at_terminal("lead", "list", "--sort", "id")
    assert code == 0
    assert shown.startswith("\x1b[1mID  Name")
    assert "12,000.00 EUR" in shown
    assert "Bob^[[31m" in shown
    assert "\x1b" not in at_terminal("lead", "list", env={"NO_COLOR": "1"})[1]
    assert "\x1b" not in at_terminal("lead", "list", "--color", "never")[1]
    columns = ("lead", "list", "--columns", "all")
    assert "\nno room for: " in at_terminal(*columns)[1].replace("\r", "")
    assert "no room" not in at_terminal(*columns, "-q")[1] + at_terminal("lead", "list", "--columns", "id,name")[1]
    _, paged = at_terminal("fields", "lead", env={"CRM_PAGER": "head -2; echo PAGER"})
    assert "PAGER" in paged
    assert "PAGER" not in at_terminal("fields", "lead", "--no-pager", env={"CRM_PAGER": "echo PAGER"})[1]
    code, _ = at_terminal("fields", "lead", env={"CRM_PAGER": "true"})
    assert code == 0
    code, kept = at_terminal("lead", "edit", "is:open", "priority=high", answer="n\n")
    assert "none -> high" in kept
    assert "Change 2 leads? [y/N]" in kept
    assert "nothing was changed" in kept
    assert "changed 2 leads" in at_terminal("lead", "edit", "is:open", "priority=high", answer="y\n")[1]


def test_quiet_is_quiet(run_crm: RunCrm) -> None:
    done = run_crm("lead", "add", "Ada", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_first_words_load_and_match_their_modules() -> None:
    from crmcli.commands.root import TABLE, load

    for name, entry in TABLE.items():
        command = load(name)
        assert command is not None, name
        if entry.group:
            assert entry.default in ("", *command.list_commands(None)), name


def test_completion_installs(run_crm: RunCrm, isolated: Path) -> None:
    script = run_crm(env={"_CRM_COMPLETE": "source_zsh"})
    assert script.returncode == 0
    assert "_CRM_COMPLETE=complete_zsh" in script.stdout
