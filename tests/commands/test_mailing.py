"""crm today --mail, crm notify, and secrets in the settings: what is sent, said, shown and kept to oneself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli import config
from crmcli.commands.frame import command_line
from crmcli.faults import write_report
from crmcli.services import mailing
from tests.support.http_listener import http_listener
from tests.support.mail_server import DROP, HANG, MailServer, mail_server
from tests.support.program import environment
from tests.support.terminal import converse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.conftest import Crm

SECRET = "S3cr3t-0f6e1d"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that the settings name."""
    with mail_server() as running:
        monkeypatch.setenv("CRM_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("CRM_SMTP_PORT", str(running.port))
        monkeypatch.setenv("CRM_MAIL_FROM", "Maya's book <crm@engines.example>")
        monkeypatch.setenv("CRM_MAIL_TO", "maya@engines.example")
        yield running


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def read(server: MailServer) -> Any:
    (arrived,) = server.arrived
    return message_from_bytes(arrived.data, policy=policy.default)


# --- today's page -----------------------------------------------------------------------------------------------------


def test_todays_page_arrives_as_text_and_html(crm: Crm, server: MailServer) -> None:
    assert crm("task", "add", 'زنگ <b>"بزن"', "--on", "lead:3", "--due", "yesterday").code == 0
    done = crm("today", "--mail")
    assert (done.code, done.out) == (0, "sent to maya@engines.example\n")
    found = read(server)
    assert str(found["Subject"]) == "Saturday 2026-11-21"
    assert found["Message-ID"].startswith("<today.20261121T090000")
    text = found.get_body(("plain",)).get_content()
    assert "Overdue (1)" in text
    assert '- task:2 · to-do: زنگ <b>"بزن" · lead:3 گریس هاپر · yesterday\r\n    crm task done 2' in text
    html = found.get_body(("html",)).get_content()
    assert '<li dir="auto">task:2 · to-do: زنگ &lt;b&gt;&quot;بزن&quot;' in html
    assert "<b>" not in html
    assert "http" not in html


def test_in_cron_it_is_silent_unless_it_fails(crm: Crm, server: MailServer) -> None:
    assert crm("today", "--mail", "-q", "--to", "bob@engines.example, eve@engines.example") == (0, "", "")
    assert server.arrived[0].to == ["bob@engines.example", "eve@engines.example"]
    for answer, said in (
        ("451 later", "the mail is deferred: 451 later\n  nobody has it; it may be sent again"),
        ("554 no", "the mail is refused: 554 no"),
        (DROP, "the mail is doubtful: the connection was lost after the message was sent"),
    ):
        server.answers["DATA"] = answer
        failed = crm("today", "--mail", "-q")
        assert (failed.code, failed.out) == (1, "")
        assert said in failed.err
    assert len({message_from_bytes(each.data)["To"] for each in server.arrived}) == 2


def test_once_a_day_is_one_mail_that_is_tried_until_it_goes(
    crm: Crm, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("today", "--mail", "--once", "-q")
    server.answers["MAIL"] = "451 busy"
    assert crm(*words).code == 1
    server.answers.clear()
    assert crm(*words) == (0, "", "")
    assert crm("today", "--mail", "--once") == (0, "today's mail was sent already\n", "")
    assert crm(*words, "--to", "bob@engines.example").code == 0
    assert [each.to for each in server.arrived] == [["maya@engines.example"], ["bob@engines.example"]]
    monkeypatch.setenv("CRM_NOW", "2026-11-22T09:00:00+00:00")
    server.answers["DATA"] = DROP
    assert (crm(*words).code, crm(*words).code) == (1, 0)  # it may have come, which is told once
    assert len(server.arrived) == 3
    assert crm("today", "--once").code == 2
    assert crm("remind", "list", "-o", "json").json == []


def test_a_day_has_one_mail_of_a_page_whoever_one_is_and_in_whatever_order_it_goes(
    crm: Crm, server: MailServer
) -> None:
    words = ("today", "--mail", "--once", "-q", "--to", "a@engines.example,b@engines.example")
    assert crm(*words).code == 0
    assert crm("user", "add", "tester").code == 0
    assert (crm(*words).code, crm(*words[:-1], "b@engines.example, A@engines.example").code) == (0, 0)
    assert len(server.arrived) == 1
    for owner in ("tester", "Tester", "me"):
        assert crm(*words, "--owner", owner).code == 0
    assert len(server.arrived) == 3  # hers alone is another page, and so is hers with what is nobody's


def test_a_days_mail_that_may_have_come_or_is_on_its_way_is_not_called_sent(
    crm: Crm, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("today", "--mail", "--once")
    said: list[str] = []
    server.seen = lambda _mail: said.append(crm(*words).out)
    server.answers["DATA"] = DROP
    assert crm(*words).code == 1
    said.append(crm(*words).out)
    assert said == [
        "today's mail is being sent by another process\n",
        "today's mail may have come already: look; without --once it is sent again\n",
    ]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("today", "--mail"), "the mail"),
        (("today", "--mail", "--once"), "the mail"),
        (("notify", "test", "mail"), "the test message by mail"),
        (("remind", "--via", "mail"), "a reminder of task:2 by mail"),
        (("remind", "resend", "1"), "a reminder of task:2 by mail"),
    ],
)
@pytest.mark.usefixtures("server")
def test_what_is_stopped_while_a_mail_goes_out_says_that_it_may_have(
    crm: Crm, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], what: str
) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T09:00:00+00:00")
    assert crm("task", "add", "Call", "--due", "2026-11-21 09:05").code == 0
    monkeypatch.setenv("CRM_NOW", "2026-11-21T09:06:00+00:00")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mailing, "send_mail", stopped)
    if "resend" in words:
        crm("remind", "--via", "mail")
    done = crm(*words)
    assert done.code == 130
    assert f"interrupted; {what} may have gone out" in done.err


def test_a_mail_has_no_signs_that_turn_its_text_round(crm: Crm, server: MailServer) -> None:
    assert crm("task", "add", "pay \u202egpj.exe", "--due", "yesterday").code == 0
    assert crm("today", "--mail").code == 0
    text = read(server).get_body(("plain",)).get_content()
    assert "pay <U+202E>gpj.exe" in text
    assert "\u202e" not in read(server).get_body(("html",)).get_content()
    assert text.rstrip().endswith("Times are those of UTC.")


def test_whom_a_mail_never_reaches_is_told_also_when_quiet(crm: Crm, server: MailServer) -> None:
    server.answers["RCPT bob@y.org"] = "550 no such user"
    done = crm("today", "--mail", "-q", "--to", "maya@engines.example,bob@y.org")
    assert (done.code, "sent, but not to bob@y.org: 550 no such user" in done.err) == (1, True)
    assert [each.to for each in server.arrived] == [["maya@engines.example"]]


def test_without_a_server_it_says_what_to_set(crm: Crm) -> None:
    for words in (("today", "--mail"), ("today", "--mail", "--dry-run"), ("notify", "test", "mail")):
        refused = crm(*words)
        assert refused.code == 2
        assert "crm config set smtp.host mail.example.com\n" in refused.err
        assert "crm config set smtp.password" in refused.err
    for words, complaint in (
        (("today", "--to", "a@b.example"), "add --mail"),
        (("today", "--mail", "-o", "json"), "not json"),
    ):
        refused = crm(*words)
        assert (refused.code, complaint in refused.err) == (2, True)


def test_a_dry_run_shows_the_mail_and_sends_nothing(crm: Crm, server: MailServer) -> None:
    shown = crm("today", "--mail", "--dry-run", "--to", "bob@engines.example")
    assert shown.code == 0
    assert shown.out.startswith("From: Maya's book <crm@engines.example>\nTo: bob@engines.example\nSubject: Saturday")
    assert "New leads" in shown.out
    assert "nothing was sent" in shown.err
    refused = crm("today", "--mail", "--dry-run", "--to", "bob")
    assert (refused.code, "not an e-mail address" in refused.err) == (2, True)
    assert (server.arrived, server.commands) == ([], [])


# --- channels ---------------------------------------------------------------------------------------------------------


def test_each_channel_is_tried_and_says_what_became_of_it(
    crm: Crm, server: MailServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with http_listener() as listener:
        listener.answer = 403
        monkeypatch.setenv("CRM_NOTIFY_URLS", f"hook=json://ada:{SECRET}@127.0.0.1:{listener.port}/{SECRET}")
        listed = crm("notify", "list", "-o", "json")
        assert [row["channel"] for row in listed.json] == ["terminal", "mail", "hook"]
        tried = crm("notify", "test", "-o", "json")
        assert crm("notify", "test", "mail").code == 0
        assert crm("notify", "test", "--dry-run").code == 0
        assert len(listener.received) == 1
    assert tried.code == 1
    assert {row["channel"]: row["outcome"] for row in tried.json} == {
        "terminal": "sent",
        "mail": "sent",
        "hook": "refused",
    }
    assert "crm: a test" in tried.err
    assert len(server.arrived) == 2
    assert SECRET not in listed.out + tried.out + tried.err
    assert crm("notify", "test", "pigeon").code == 3


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_a_secret_is_typed_or_piped_and_never_shown(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = crm("config", "set", "smtp.password", SECRET)
    assert (refused.code, "crm config set smtp.password -" in refused.err) == (2, True)
    typed(monkeypatch, "")
    assert crm("config", "set", "smtp.password", "-").code == 2
    said = refused.out + refused.err
    for name, value in (("smtp.password", SECRET), ("notify.urls", f"phone=ntfy://{SECRET}@ntfy.sh/{SECRET}")):
        typed(monkeypatch, f"{value}\nsecond line\n")
        dry = crm("config", "set", name, "-", "--dry-run")
        assert (dry.code, f"{name} = ***" in dry.out) == (0, True)
        typed(monkeypatch, f"{value}\n")
        done = crm("config", "set", name, "-")
        assert (done.code, f"{name} = ***" in done.out) == (0, True)
        assert config.Settings()[name] == value
        shown = crm("config", "get", name)
        assert (shown.code, shown.out) == (0, "***\n")
        said += dry.out + dry.err + done.out + done.err
    monkeypatch.setenv("CRM_SMTP_PASSWORD", SECRET)
    for words in (("config", "list", "--origin", "-o", "json"), ("config", "get", "smtp.password", "--origin")):
        listed = crm(*words)
        assert listed.code == 0
        said += listed.out + listed.err
    assert SECRET not in said
    unset = crm("config", "unset", "smtp.password")
    assert (unset.code, SECRET in unset.out) == (0, False)


def test_a_terminal_is_asked_for_a_secret_and_does_not_show_it(isolated: Path) -> None:
    code, shown = converse("config", "set", "smtp.password", "-", says=[("smtp.password: ", f"{SECRET}\n")])
    assert (code, "set smtp.password = ***" in shown) == (0, True), shown
    assert SECRET not in shown
    assert config.Settings()["smtp.password"] == SECRET


def test_a_file_that_others_can_read_gives_no_secret(crm: Crm, server: MailServer) -> None:
    path = Path(config.config_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[smtp]\nuser = "ada"\npassword = "{SECRET}"\n', encoding="utf-8")
    path.chmod(0o644)
    for words in (("config", "get", "smtp.password"), ("today", "--mail")):
        refused = crm(*words)
        assert (refused.code, f"chmod 600 {path}" in refused.err) == (77, True), refused
    listed = crm("config", "list")
    assert (listed.code, f"chmod 600 {path}" in listed.err) == (0, True)
    assert SECRET not in listed.out + listed.err
    assert crm("today").code == 0
    subprocess.run(["chmod", "600", str(path)], check=True)
    assert crm("config", "get", "smtp.password").code == 0
    assert server.arrived == []


def test_reports_of_faults_and_the_journal_hold_no_secret(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SMTP_PASSWORD", SECRET)
    monkeypatch.setenv("CRM_NOTIFY_URLS", f"json://h/{SECRET}-of-a-path")
    own = config.Settings()
    assert own["smtp.password"]
    assert own["notify.urls"]
    line = command_line(["config", "set", "smtp.password", "-q", SECRET, "--db", "x"])
    assert line == "config set smtp.password '***' '***' '***' '***'"
    try:
        raise ValueError(f"{SECRET} and /{SECRET}-of-a-path")
    except ValueError as error:
        report = Path(write_report(f"crm {line}", error)).read_text(encoding="utf-8")
    assert "*** and /***" in report
    assert SECRET not in report

    def broken(*_: object) -> None:
        raise ValueError(f"cannot connect with {SECRET}")

    monkeypatch.setattr("crmcli.services.notifying.channels", broken)
    monkeypatch.setenv("CRM_DEBUG", "1")
    failed = crm("notify", "test")
    assert (failed.code, "this is a bug" in failed.err) == (1, True)
    assert SECRET not in failed.err


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc")
def test_no_process_shows_a_secret_while_mail_is_sent(crm: Crm, server: MailServer, tmp_path: Path) -> None:
    seen: list[bytes] = []
    server.answers["DATA"] = HANG

    def look(_arrived: object) -> None:
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.append(entry.read_bytes())
            except OSError:
                continue
        running.kill()

    server.seen = look
    env = environment(extra={"CRM_SMTP_PASSWORD_CMD": "cat secret", "CRM_SMTP_USER": ""})
    (tmp_path / "secret").write_text(SECRET)
    words = [sys.executable, "-m", "crmcli", "today", "--mail"]
    running = subprocess.Popen(words, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = running.communicate(timeout=60)
    assert len(server.arrived) == 1
    assert any(b"today\0--mail" in line for line in seen)
    assert not any(SECRET.encode() in line for line in (*seen, said))


def test_the_settings_that_send_are_checked(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("smtp.host", "smtp://mail.example.com"),
        ("smtp.port", "70000"),
        ("smtp.security", "ssl"),
        ("mail.from", "nobody"),
        ("mail.to", "a@b.example,nobody"),
    ):
        assert crm("config", "set", name, value).code == 2, name
    typed(monkeypatch, f"{SECRET}\n")
    refused = crm("config", "set", "notify.urls", "-")
    assert (refused.code, SECRET in refused.err) == (2, False)
    path = Path(config.config_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('[mail]\nto = ["a@b.example", "c@d.example"]\n[smtp]\nsecurity = ""\n', encoding="utf-8")
    os.chmod(path, 0o600)
    listed = {row["name"]: row["value"] for row in json.loads(crm("config", "list", "-o", "json").out)}
    assert (listed["mail.to"], listed["smtp.security"]) == ("a@b.example,c@d.example", "")
