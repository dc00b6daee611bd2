"""crm remind as people, cron and systemd run it."""

from __future__ import annotations

import configparser
import io
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crmcli.services import timers
from tests.support.http_listener import HttpListener, http_listener
from tests.support.mail_server import mail_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.conftest import Crm


@pytest.fixture
def due(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tasks that are due, at 09:00 of a day before the clock of these tests is at."""
    monkeypatch.setenv("CRM_NOW", "2026-11-20T08:00:00+00:00")
    assert crm("task", "add", "Call Bob", "--on", "lead:2", "--due", "2026-11-21 08:45").code == 0
    assert crm("task", "add", "Send <b>it</b>", "--due", "2026-11-21 08:50", "--owner", "me").code == 0
    monkeypatch.setenv("CRM_NOW", "2026-11-21T09:00:00+00:00")


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpListener]:
    """A service called hook."""
    with http_listener() as listener:
        monkeypatch.setenv("CRM_NOTIFY_URLS", f"hook=json://127.0.0.1:{listener.port}/")
        yield listener


@pytest.mark.usefixtures("due")
def test_a_terminal_gets_a_line_for_each_and_nothing_the_next_time(crm: Crm) -> None:
    done = crm("remind")
    assert (done.code, done.err) == (0, "sent 2 reminders\n")
    assert done.out == (
        "was due 15 min ago: Call Bob (to-do) · Sat 2026-11-21 08:45 · Lead: Bob (lead:2) · crm task done 2\n"
        "was due 10 min ago: Send <b>it</b> (to-do) · Sat 2026-11-21 08:50 · crm task done 3\n"
    )
    assert crm("remind") == (0, "", "no reminder is due\n")
    assert crm("remind", "-q") == (0, "", "")
    assert [row["state"] for row in crm("remind", "list", "all", "-o", "json").json] == ["sent", "sent"]


@pytest.mark.usefixtures("due")
def test_a_dry_run_claims_nothing(crm: Crm, hook: HttpListener) -> None:
    shown = crm("remind", "--dry-run", "--via", "terminal,notify", "-o", "json")
    assert {row["state"] for row in shown.json} == {"due"}
    ways = [(task, way) for task in ("task:2", "task:3") for way in ("terminal", "hook")]
    assert [(row["task"], row["channel"]) for row in shown.json] == ways
    assert hook.received == []
    assert crm("remind", "list", "all", "-o", "json").json == []
    assert "2 reminders" in crm("remind", "--via", "hook").err
    assert len(hook.received) == 2


@pytest.mark.usefixtures("due")
def test_what_does_not_come_is_told_with_an_exit_code_also_when_quiet(crm: Crm, hook: HttpListener) -> None:
    hook.answer = 403
    done = crm("remind", "-q", "--via", "hook")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("crm: 2 of 2 reminders did not come\n  task:2 Call Bob, hook: failed: the service")
    assert "crm remind list" in done.err
    assert crm("remind", "-q", "--via", "hook").code == 0
    numbers = crm("remind", "list", "-o", "ids").out.split()
    assert len(numbers) == 2
    assert "task-reminder-astray" in crm("doctor").out
    hook.answer = 200
    assert crm("remind", "resend", numbers[0], "--dry-run").out.startswith("would: send 1 once more")
    assert crm("remind", "resend", "99", "--dry-run").code == 3
    again = crm("remind", "resend", numbers[0], "-o", "json")
    assert [(row["task"], row["state"]) for row in again.json] == [("task:2", "sent")]
    assert crm("remind", "resend", numbers[0]).code == 4
    assert crm("remind", "settle", numbers[1], "--dry-run").out.startswith("would: settle 1 reminder")
    assert crm("remind", "settle", numbers[1]) == (0, "settled 1 reminder\n", "")
    assert "every reminder is settled" in crm("remind", "list", "-o", "table").out
    assert len(hook.received) == 3


@pytest.mark.usefixtures("due")
def test_numbers_come_from_standard_input_too(crm: Crm, hook: HttpListener, monkeypatch: pytest.MonkeyPatch) -> None:
    hook.answer = 403
    crm("remind", "--via", "hook")
    monkeypatch.setattr("sys.stdin", io.StringIO(crm("remind", "list", "-o", "ids").out))
    assert crm("remind", "settle", "-") == (0, "settled 2 reminders\n", "")
    assert crm("remind", "settle", "one").code == 2
    assert crm("remind", "settle", "99").code == 3


@pytest.mark.usefixtures("due")
def test_a_channel_that_cannot_be_had_holds_up_no_other(crm: Crm) -> None:
    done = crm("remind", "--via", "mail,terminal")
    assert (done.code, len(done.out.splitlines())) == (1, 2)
    assert "there is no mail server" in done.err
    assert crm("remind", "--via", "mail").code == 2
    assert crm("remind", "--via", "pigeon").code == 3
    assert crm("remind", "--via", ",").code == 2
    assert "no other services" in crm("remind", "--via", "notify").err


@pytest.mark.usefixtures("due")
def test_whom_a_reminder_never_reaches_is_told_once(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        monkeypatch.setenv("CRM_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("CRM_SMTP_PORT", str(server.port))
        monkeypatch.setenv("CRM_MAIL_FROM", "crm@engines.example")
        monkeypatch.setenv("CRM_MAIL_TO", "ada@engines.example, bob@y.org")
        server.answers["RCPT bob@y.org"] = "550 no such user"
        done = crm("remind", "-q", "--via", "mail")
        assert (done.code, done.err.count("mail: sent, but not to bob@y.org: 550 no such user")) == (1, 1)
        assert crm("remind", "-q", "--via", "mail") == (0, "", "")
        assert len(server.arrived) == 2


@pytest.mark.usefixtures("due")
def test_a_dry_run_says_which_channels_cannot_be_had(crm: Crm) -> None:
    shown = crm("remind", "--dry-run", "--via", "terminal,mail")
    assert (shown.code, "there is no mail server" in shown.err, "Call Bob" in shown.out) == (1, True, True)


def test_what_is_missed_has_the_number_that_settles_it(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-01T08:00:00+00:00")
    assert (crm("remind").code, crm("task", "add", "Late", "--due", "2026-11-03 09:00").code) == (0, 0)
    monkeypatch.setenv("CRM_NOW", "2026-11-21T08:00:00+00:00")
    (row,) = crm("remind", "-o", "json").json
    assert row["state"] == "missed"
    assert crm("remind", "settle", str(row["id"])).code == 0


@pytest.mark.usefixtures("due")
def test_a_filter_says_whose(crm: Crm) -> None:
    assert crm("remind", "owner:grace").code == 2  # there is no grace
    assert crm("remind", "owner:me", "-q").out.count("\n") == 1
    assert crm("remind", "stage:x").code == 2
    assert "Call Bob" in crm("remind", "--via", "terminal", "no:owner").out


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("remind", "15m,1d", 0),
        ("remind", "none", 0),
        ("remind", "soon", 2),
        ("remind_at", "8:30", 0),
        ("remind_at", "8", 2),
        ("remind_days", "0", 2),
        ("remind_channels", "mail,desktop", 0),
        ("remind_channels", "mail desktop", 2),
    ],
)
def test_settings_that_mean_nothing_are_refused(crm: Crm, name: str, value: str, code: int) -> None:
    assert crm("config", "set", name, value).code == code


def test_channels_that_are_not_there_are_told_when_they_are_set(crm: Crm, hook: HttpListener) -> None:
    done = crm("config", "set", "remind_channels", "mail,hook,foo")
    assert (done.code, done.err.splitlines()[0]) == (0, "warning: there is no channel 'foo'")
    assert crm("config", "set", "remind_channels", "mail,hook").err == ""
    assert hook.received == []
    for name in ("mail.to", "mail.from"):
        assert crm("config", "set", name, "علی@example.com").code == 2


# --- cron and systemd -------------------------------------------------------------------------------------------------


def read(text: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(text)
    return found


def test_units_run_this_program_on_this_book(crm: Crm, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = crm("remind", "install", "--via", "mail,desktop", "owner:me", "-q")
    assert done.code == 0
    folder = isolated.parent / ".config" / "systemd" / "user"
    assert {path.name for path in folder.iterdir()} == {timers.SERVICE, timers.TIMER}
    assert done.out.splitlines()[-1].strip() == timers.START
    service, timer = (read((folder / name).read_text()) for name in (timers.SERVICE, timers.TIMER))
    words = shlex.split(service["Service"]["ExecStart"])
    assert words[-5:] == ["remind", "-q", "--via", "mail,desktop", "owner:me"]
    assert Path(words[0]).is_absolute()
    assert shutil.which(words[0])
    assert service["Service"]["NoNewPrivileges"] == "yes"
    assert f'Environment="CRM_HOME={isolated}"' in (folder / timers.SERVICE).read_text()
    assert (timer["Timer"]["Persistent"], timer["Install"]["WantedBy"]) == ("true", "timers.target")

    shown = crm("remind", "units", "--via", "mail")
    assert shown.out.count("[Service]") == 1
    (line,) = [line for line in shown.out.splitlines() if "* * * * *" in line]
    assert line.startswith(f"# * * * * * env CRM_HOME={isolated} ")
    assert line.endswith(" remind -q --via mail")
    monkeypatch.delenv("CRM_HOME")
    assert "XDG_DATA_HOME" in crm("remind", "units", "--via", "mail").out


@pytest.mark.usefixtures("due")
def test_what_the_units_run_works_as_it_stands(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    book = crm.path.rename(crm.path.parent / "100% $HOME.db")
    line = crm("--db", str(book), "remind", "units", "--via", "terminal,desktop").out
    unit = read(line.partition(f"# {timers.TIMER}")[0])
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(unit["Service"]["ExecStart"])]
    assert str(book) in words
    words[words.index("terminal,desktop")] = "terminal"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 2, "")
    cron = next(part for part in line.splitlines() if "* * * * *" in part)
    assert "100\\% $HOME.db" in cron


def test_systemd_understands_the_units(
    crm: Crm, isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze")
    made = tmp_path / "a $b %h" / "crm"
    made.parent.mkdir()
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(made)])
    assert crm("remind", "install", "--via", "mail").code == 0
    folder = isolated.parent / ".config" / "systemd" / "user"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    words = [program, "--user", "verify", *map(str, sorted(folder.iterdir()))]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "crm-remind" not in done.stderr


def test_what_nobody_would_see_or_others_could_read_is_refused(crm: Crm, isolated: Path) -> None:
    refused = crm("remind", "units")
    assert (refused.code, "nobody looks at the terminal of a timer" in refused.err) == (2, True)
    for words in (("remind", "install", "--via", "mail"), ("remind", "units", "--via", "mail")):
        refused = crm("--db", "postgresql://ada:S3cr3t@h.example/crm", *words)
        assert (refused.code, "S3cr3t" in refused.err + refused.out) == (2, False)
    assert crm("remind", "install", "--via", "mail", "--dry-run").code == 0
    assert not (isolated.parent / ".config" / "systemd").exists()
    assert crm("remind", "units", "--via", "mail", "a\nb").code == 2


def test_units_take_the_settings_of_this_environment_along(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "CRM_REMIND_AT": "8:00", "CRM_TIMEZONE": "Asia/Tehran", "TZ": "Asia/Tehran", "CRM_SMTP_HOST": "m.example.org",
        "CRM_MAIL_TO": "ada@engines.example", "SSL_CERT_FILE": "/etc/own%.pem", "CRM_SMTP_PASSWORD_CMD": "pass mail",
    }  # fmt: skip
    monkeypatch.setenv("CRM_REMIND_CHANNELS", "mail,desktop")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    shown = crm("remind", "units").out
    for name, value in given.items():
        assert 'Environment="{}={}"\n'.format(name, value.replace("%", "%%")) in shown
    assert '"remind" "-q" "--via" "mail,desktop"\n' in shown
    (line,) = [line for line in shown.splitlines() if "* * * * *" in line]
    assert "'CRM_SMTP_PASSWORD_CMD=pass mail'" in line
    assert line.endswith(" remind -q --via mail,desktop")
    monkeypatch.delenv("CRM_REMIND_CHANNELS")
    assert crm("config", "set", "remind_channels", "mail").code == 0
    assert '"remind" "-q"\n' in crm("remind", "units").out


def test_units_that_would_fail_where_nobody_looks_are_refused(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert crm("remind", "units", "--via", "nosuch").code == 3
    assert crm("remind", "units", "--via", "mail", "bogus:filter").code == 2
    monkeypatch.setenv("CRM_SMTP_PASSWORD", "S3cr3t-of-mine")
    refused = crm("remind", "units", "--via", "mail")
    assert (refused.code, "crm config set smtp.password -" in refused.err) == (2, True)
    assert "S3cr3t" not in refused.err + crm("remind", "units", "--via", "desktop").out
    monkeypatch.setenv("CRM_NOTIFY_URLS", "hook=json://h.example/t0ken-of-mine")
    refused = crm("remind", "units", "--via", "desktop,hook")
    assert (refused.code, "notify.urls is in the environment alone" in refused.err) == (2, True)


def test_the_program_is_named_so_that_it_runs_from_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = tmp_path / "crm"
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(made)])
    assert timers.program() == [str(made)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["./crm"])
    assert timers.program() == [str(made)]
    monkeypatch.setattr(sys, "argv", ["/usr/lib/python3/crmcli/__main__.py"])
    assert timers.program() == [sys.executable, "-m", "crmcli"]
