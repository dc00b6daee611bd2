"""The channels that a message reaches somebody by, each with a real process or server at its other end."""

from __future__ import annotations

import io
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli import config
from crmcli.domain.delivery import Fate, read_services
from crmcli.errors import ExposedError, NotFoundError, UsageError
from crmcli.services import mailing, notifying, vocabulary
from crmcli.services.notifying import Message, Service, Terminal, channel, channels, service_name
from tests.support.http_listener import DROP, HANG, HttpListener, http_listener
from tests.support.mail_server import MailServer, mail_server
from tests.support.program import run_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.context import Context

MESSAGE = Message("Call Ada <b>", "today at 14:30 & زنگ بزن\nsecond line", "remind.1")


@pytest.fixture
def listener() -> Iterator[HttpListener]:
    with http_listener() as running:
        yield running


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that the settings name."""
    with mail_server() as running:
        monkeypatch.setenv("CRM_SMTP_HOST", "localhost")
        monkeypatch.setenv("CRM_SMTP_PORT", str(running.port))
        monkeypatch.setenv("CRM_MAIL_FROM", "crm@engines.example")
        monkeypatch.setenv("CRM_MAIL_TO", "ada@engines.example")
        yield running


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH with a program notify-send that writes its words, a NUL behind each, into `words` there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "notify-send"
    program.write_text(
        f"#!{sys.executable}\nimport sys, os, time\n"
        f"open({str(folder / 'words')!r}, 'ab').write(b''.join(os.fsencode(w) + b'\\0' for w in sys.argv[1:]))\n"
        f"time.sleep(float(os.environ.get('SLOW', 0)))\n"
        f"print('no bus', file=sys.stderr); sys.exit(int(os.environ.get('CODE', 0)))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    return folder


# --- terminal and desktop ---------------------------------------------------------------------------------------------


def test_a_terminal_gets_the_text_and_no_control_characters() -> None:
    stream = io.StringIO()
    assert Terminal(stream).deliver(Message("Call\x1b[2J", "now\x07\nand then", "k")).sent
    assert stream.getvalue() == "Call^[[2J\nnow^G\nand then\n"


def test_a_terminal_that_takes_nothing_leaves_it_doubtful() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    assert Terminal(Full()).deliver(MESSAGE).fate is Fate.DOUBTFUL


def test_the_desktop_shows_texts_as_they_are(book: Context, desktop: Path) -> None:
    assert channel(book, "desktop").deliver(Message("-u=critical", MESSAGE.body, "k")).sent
    words = (desktop / "words").read_bytes().decode().split("\0")
    assert words == ["--app-name=crm", "--", "-u=critical", MESSAGE.body.replace("&", "&amp;"), ""]


@pytest.mark.parametrize(
    ("name", "value", "fate"), [("CODE", "1", Fate.DEFERRED), ("SLOW", "30", Fate.DOUBTFUL), ("CODE", "0", Fate.SENT)]
)
def test_what_notify_send_does_is_told(
    book: Context, desktop: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, fate: Fate
) -> None:
    monkeypatch.setattr(notifying, "DESKTOP_PATIENCE", 2.0)
    monkeypatch.setenv(name, value)
    assert channel(book, "desktop").deliver(MESSAGE).fate is fate


def test_without_the_program_there_is_no_such_channel(
    book: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [each.name for each in channels(book)] == ["terminal"]
    with pytest.raises(NotFoundError, match="libnotify"):
        channel(book, "desktop")
    with pytest.raises(UsageError, match=r"crm config set smtp\.host"):
        channel(book, "mail")
    with pytest.raises(NotFoundError, match="did you mean 'terminal'"):
        channel(book, "terminla")


# --- mail -------------------------------------------------------------------------------------------------------------


def test_mail_goes_to_whom_the_settings_name(book: Context, server: MailServer) -> None:
    found = channel(book, "mail")
    assert found.about == "mail to ada@engines.example by localhost, in clear text"
    assert found.deliver(MESSAGE).sent
    (arrived,) = server.arrived
    assert (arrived.sender, arrived.to) == ("crm@engines.example", ["ada@engines.example"])
    assert b"Message-ID: <remind.1@engines.example>\r\n" in arrived.data


def test_mail_goes_to_the_user_where_the_settings_name_nobody(
    ctx: Context, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRM_MAIL_TO")
    monkeypatch.delenv("CRM_MAIL_FROM")
    refused = channel(ctx, "mail").deliver(MESSAGE)
    assert (refused.fate, "mail.from" in refused.detail) == (Fate.DEFERRED, True)
    with pytest.raises(UsageError, match=r"user edit tester email=you@example.com"):
        mailing.recipients(ctx)
    vocabulary.user_add(ctx, "tester", {"email": "me@engines.example"})
    assert channel(ctx, "mail").deliver(MESSAGE).sent
    assert [(each.sender, each.to) for each in server.arrived] == [("me@engines.example", ["me@engines.example"])]


def test_the_fate_of_a_mail_is_the_servers(book: Context, server: MailServer) -> None:
    for answer, fate in (("451 later", Fate.DEFERRED), ("554 no", Fate.REFUSED), ("drop", Fate.DOUBTFUL)):
        server.answers["DATA"] = answer
        assert channel(book, "mail").deliver(MESSAGE).fate is fate


def test_a_server_on_another_machine_is_asked_for_starttls(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    for host, said, security in (
        ("mail.example.com", "", "starttls"),
        ("mail.example.com", "tls", "tls"),
        ("mail.example.com", "none", "none"),
        ("127.0.0.1", "", "none"),
        ("localhost", "tls", "tls"),
    ):
        monkeypatch.setenv("CRM_SMTP_HOST", host)
        monkeypatch.setenv("CRM_SMTP_SECURITY", said)
        assert mailing.server(book).security == security


def test_a_program_says_the_password(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SMTP_HOST", "localhost")
    for command, complaint in (("echo; false", "failed with 1"), ("true", "said nothing"), ("", "no password")):
        monkeypatch.setenv("CRM_SMTP_PASSWORD_CMD", command)
        with pytest.raises(Exception, match=complaint):
            mailing.server(book).password()
    monkeypatch.setenv("CRM_SMTP_PASSWORD_CMD", "sleep 10 | cat")
    monkeypatch.setattr(config, "PATIENCE", 0.2)
    with pytest.raises(UsageError, match=r"smtp.password_cmd .* has not ended"):
        mailing.server(book).password()
    monkeypatch.setenv("CRM_SMTP_PASSWORD_CMD", "printf 's3cr3t-of-a-program\\nsecond line\\n'")
    assert mailing.server(book).password() == "s3cr3t-of-a-program"
    assert config.withheld("it was s3cr3t-of-a-program") == "it was ***"


# --- services ---------------------------------------------------------------------------------------------------------


def test_a_service_gets_the_message_once(listener: HttpListener) -> None:
    outcome = Service("hook", f"json://ada:s3cr3t@127.0.0.1:{listener.port}/t0ken?retry=3").deliver(MESSAGE)
    assert outcome.sent
    (request,) = listener.received
    assert (request.method, request.path, request.json["title"]) == ("POST", "/t0ken", MESSAGE.title)
    assert request.json["message"] == MESSAGE.body


def test_a_service_that_shows_html_shows_the_text(listener: HttpListener) -> None:
    service = Service("hook", f"json://127.0.0.1:{listener.port}?format=html")
    assert service.deliver(MESSAGE._replace(body="<b> & x")).sent
    assert listener.received[0].json["message"] == "&lt;b&gt;&nbsp;&amp;&nbsp;x"


def test_what_reached_some_of_several_is_doubtful(listener: HttpListener) -> None:
    def one_only(_request: object) -> None:
        listener.answer = 200 if len(listener.received) == 1 else 403

    listener.seen = one_only
    assert Service("both", f"ntfy://127.0.0.1:{listener.port}/one/two").deliver(MESSAGE).fate is Fate.DOUBTFUL
    assert len(listener.received) == 2


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        (200, Fate.SENT),
        (204, Fate.SENT),
        (301, Fate.REFUSED),
        (401, Fate.REFUSED),
        (404, Fate.REFUSED),
        (429, Fate.DEFERRED),
        (503, Fate.DEFERRED),
        (500, Fate.DOUBTFUL),
        (504, Fate.DOUBTFUL),
        (DROP, Fate.DOUBTFUL),
        (HANG, Fate.DOUBTFUL),
    ],
)
def test_a_failure_that_may_have_been_a_delivery_is_doubtful(
    listener: HttpListener, answer: int | str, fate: Fate, caplog: pytest.LogCaptureFixture
) -> None:
    listener.answer = answer
    url = f"json://ada:s3cr3t@127.0.0.1:{listener.port}/t0ken-path?rto=1&retry=2&optional=yes"
    outcome = Service("hook", url).deliver(MESSAGE)
    assert outcome.fate is fate, outcome
    assert len(listener.received) == 1
    assert not any(secret in outcome.detail + caplog.text for secret in ("s3cr3t", "t0ken", "127.0.0.1"))


@pytest.mark.parametrize(
    ("answer", "fate", "method"),
    [(301, Fate.REFUSED, "GET"), (302, Fate.REFUSED, "GET"), (303, Fate.REFUSED, "GET"), (307, Fate.SENT, "POST")],
)
def test_a_message_that_is_lost_on_the_way_to_where_a_service_moved_was_not_sent(
    listener: HttpListener, answer: int, fate: Fate, method: str
) -> None:
    def moved(_request: object) -> None:
        listener.answer, listener.location = (200, "") if len(listener.received) > 1 else (answer, "/new")

    listener.seen = moved
    outcome = Service("hook", f"json://127.0.0.1:{listener.port}/t0ken-path").deliver(MESSAGE)
    assert (outcome.fate, "has moved" in outcome.detail) == (fate, fate is Fate.REFUSED)
    assert (listener.received[1].method, listener.received[1].path) == (method, "/new")


@pytest.mark.parametrize("urls", ["phone ntfy", "phone=json://h/a,phone=json://h/b", "json://h/a,json://h/a"])
def test_what_is_wrong_with_services_is_nothing_to_other_channels(
    book: Context, server: MailServer, desktop: Path, monkeypatch: pytest.MonkeyPatch, urls: str
) -> None:
    monkeypatch.setenv("CRM_NOTIFY_URLS", urls)
    for name in ("terminal", "desktop", "mail"):
        assert channel(book, name).name == name
    with pytest.raises(UsageError):
        channel(book, "phone")


def test_names_of_channels_and_words_of_people_are_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_SECRETS", set())
    config.withhold("hooks=json://127.0.0.1:1/secret123,telegram=tgram://123456789:AbCdEfGhIj/reminders?overflow=split")
    config.withhold("hello")
    told = "Call telegram support, telegram: failed; did you mean 'hooks'? 3 reminders of Othello"
    assert config.withheld(told) == told
    assert config.withheld("at tgram://123456789:AbCdEfGhIj/reminders?overflow=split!") == "at tgram://***!"
    assert config.withheld("secret123 AbCdEfGhIj hello") == "*** *** ***"


def test_a_terminal_that_nobody_reads_leaves_it_for_later() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    outcome = Terminal(Gone()).deliver(MESSAGE)
    assert (outcome.fate, outcome.down) == (Fate.DEFERRED, True)


def test_a_service_that_was_never_reached_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert Service("hook", f"json://127.0.0.1:{port}/x").deliver(MESSAGE).fate is Fate.DEFERRED
    assert Service("hook", "json://nowhere.invalid/x").deliver(MESSAGE).fate is Fate.DEFERRED


def test_a_service_that_speaks_no_http_is_doubtful_where_it_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"mailto://a:s3cr3t@engines.example:{port}?smtp=127.0.0.1&to=x@y.example"
    assert Service("mail", url).deliver(MESSAGE).fate is Fate.DOUBTFUL


def test_no_service_at_all_is_refused() -> None:
    assert Service("x", "nonsense://host").deliver(MESSAGE).fate is Fate.REFUSED


def test_apprise_is_loaded_for_a_service_alone_and_its_absence_is_told(
    book: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    probe = (
        "import sys; from crmcli.services import notifying; assert 'apprise' not in sys.modules;"
        "sys.modules['apprise'] = None;"
        "print(notifying.Service('x', 'json://h').deliver(notifying.Message('a', 'b', 'k')))"
    )
    done = run_python(["-c", probe], cwd=tmp_path)
    assert "pip install 'apprise>=2.2'" in done.stdout, done
    assert "deferred" in done.stdout


def test_names_of_services_hold_no_secret_and_tell_them_apart() -> None:
    urls = [
        "tgram://123456:AAbb-ccDD/4711",
        "pbul://o.gn5kj6nfhv736I7jC3cj3QLRiyhgl98b",
        "mailto://ada:hunter2@gmail.com?to=x@y.example",
        "ntfy://ntfy.sh/mine",
        "ntfy://ntfy.sh/yours",
    ]
    names = [service_name(url) for url in urls]
    assert len(set(names)) == len(urls)
    assert [name.partition("-")[0] for name in names] == ["tgram", "pbul", "mailto", "ntfy", "ntfy"]
    assert service_name("mailto://ada:hunter3@gmail.com?to=z@y.example") == names[2]
    assert all(name.rpartition("-")[2].isalnum() and len(name) < 20 for name in names)


def test_services_are_parted_by_commas_and_may_have_names() -> None:
    text = "phone=ntfy://ntfy.sh/mine, mailto://a:b@h?to=x@y.z,q@y.z ,json://h/p,"
    assert read_services(text) == [
        ("phone", "ntfy://ntfy.sh/mine"),
        ("", "mailto://a:b@h?to=x@y.z,q@y.z"),
        ("", "json://h/p"),
    ]
    for wrong in ("s3cr3t", "json://h, s3cr3t", "mail=json://s3cr3t", "a=json://s3cr3t,a=json://s3cr3t"):
        with pytest.raises(UsageError) as refused:
            read_services(wrong)
        assert "s3cr3t" not in str(refused.value)


def test_two_services_of_one_name_are_refused(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOTIFY_URLS", "json://h/p?a=1,json://h/p?a=2")
    with pytest.raises(UsageError, match=r"two addresses in notify\.urls are called json-"):
        channels(book)
    monkeypatch.setenv("CRM_NOTIFY_URLS", "json://h/p?a=1,two=json://h/p?a=2")
    assert [each.name for each in channels(book)][-1] == "two"


def test_secrets_that_others_can_read_are_not_used(book: Context) -> None:
    config.write("notify.urls", "phone=ntfy://ntfy.sh/mine")
    path = Path(config.config_file())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in channels(_fresh(book))][-1] == "phone"
    path.chmod(0o640)
    with pytest.raises(ExposedError, match=f"(?s)others can read it.*chmod 600 {path}"):
        channels(_fresh(book))
    config.write("limit", "7")
    assert [each.name for each in channels(_fresh(book))][-1] == "phone"


def _fresh(book: Context) -> Any:
    book.settings = config.Settings(book.settings.flags)
    return book
