"""Mail out: bytes that hold nothing but what was meant, and what is known of a message after it was sent."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.delivery import Fate, Outcome
from crmcli.errors import CrmError, FieldError, UsageError
from crmcli.exchange import mail as mailing
from crmcli.exchange.mail import Mail, Server, is_loopback, send_mail, write_mail
from tests.support.mail_server import DROP, HANG, Certificate, mail_server, make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
INJECTIONS = (
    "=?utf-8?q?x=0aBcc:_eve@x.example?=",
    "=?utf-8?q?x=0d=0aBcc:_eve@x.example?= یک جلسه",
    "=?utf-8?b?eApCY2M6IGV2ZUB4LmV4YW1wbGU=?=",
    "x\r\nBcc: eve@x.example",
    "x\nBcc: eve@x.example\n\nbody",
    "x\u2028Bcc: eve@x.example",
    "x\x0bBcc: eve@x.example\x85Cc: eve@x.example\x00",
    'x" <eve@x.example>, "y',
    "x, eve@x.example",
)


def mail(**changes: Any) -> Mail:
    plain: dict[str, Any] = {
        "sender": "CRM <crm@engines.example>",
        "to": ("ada@engines.example",),
        "subject": "Call Ada",
        "text": "today at nine\n",
        "message_id": "<remind.1@engines.example>",
        "at": datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
    }
    return Mail(**{**plain, **changes})


def read(data: bytes) -> Any:
    return message_from_bytes(data, policy=policy.default)


# --- the message -----------------------------------------------------------------------------------------------------


def test_a_message_says_what_was_meant_and_comes_out_the_same_each_time() -> None:
    made = mail(html="<p dir='auto'>today at nine</p>\n")
    data = write_mail(made)
    found = read(data)
    assert found.keys()[:6] == NAMES
    assert found["Message-ID"] == "<remind.1@engines.example>"
    assert found["Date"] == "Sat, 21 Nov 2026 10:00:00 +0000"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found.get_body(("plain",)).get_content() == "today at nine\r\n"
    assert found.get_body(("html",)).get_content() == "<p dir='auto'>today at nine</p>\r\n"
    assert write_mail(made) == data


@pytest.mark.parametrize(
    "subject",
    [
        "تماس با آدا لاولیس 🎉 " * 8,
        "\u202bRTL\u202c and \u200fmarks\u200c",
        "👩\u200d👩\u200d👧 family",
        "a" * 300,
        "=?utf-8?q?plain?= text",
        "=? half, and ?=",
        "",
        "ß " * 100,
    ],
)
def test_a_subject_arrives_as_it_was_typed(subject: str) -> None:
    data = write_mail(mail(subject=subject))
    assert str(read(data)["Subject"]).split() == subject.split()
    assert max(map(len, data.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("place", ["subject", "text", "sender", "quoted"])
def test_no_text_becomes_a_header_or_a_recipient(text: str, place: str) -> None:
    if place in ("sender", "quoted"):
        name = f'"{text}"' if place == "quoted" else text
        try:
            data = write_mail(mail(sender=f"{name} <crm@engines.example>"))
        except FieldError:  # two mailboxes are no sender
            return
    else:
        data = write_mail(mail(**{place: text}))
    found = read(data)
    assert found.keys() == [*NAMES, "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    assert [each.addr_spec for each in found["To"].addresses] == ["ada@engines.example"]
    assert [each.addr_spec for each in found["From"].addresses] == ["crm@engines.example"]
    assert b"\nBcc" not in data.partition(b"\r\n\r\n")[0]


@given(st.text(), st.text(), st.text())
def test_whatever_is_typed_there_is_one_subject_and_one_recipient(subject: str, name: str, text: str) -> None:
    name = "".join(char for char in name if char not in '\\"')
    data = write_mail(mail(subject=subject, text=text, sender=f'"{name}" <crm@engines.example>'))
    found = read(data)
    assert found.keys()[:6] == NAMES
    assert [each.addr_spec for each in found["To"].addresses] == ["ada@engines.example"]


def test_bytes_that_came_out_wrong_are_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "_words", lambda _header, text, _plain: text)
    monkeypatch.setattr(mailing, "one_line", str)
    for subject in ("x\r\nBcc: eve@x.example", "x\nBcc: eve@x.example", "x\r\n\r\nbody", "=?utf-8?q?x=0aBcc:_e?="):
        with pytest.raises(CrmError, match="its text came out wrong"):
            write_mail(mail(subject=subject))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"to": ()}, "somebody whom it goes to"),
        ({"to": ("علی@engines.example",)}, "letters before the @"),
        ({"message_id": "remind.1"}, "no Message-ID"),
        ({"message_id": "<a@b>\r\nBcc: eve@x.example"}, "no Message-ID"),
        ({"sender": "nobody"}, "not an e-mail address"),
        ({"sender": "a <a@b.example>, b <b@b.example>"}, "one mailbox is wanted"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        write_mail(mail(**changes))


# --- the way to the server --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """The certificate, as one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    return certificate


def send(port: int, *, data: bytes = b"", to: tuple[str, ...] = ("ada@engines.example",), **changes: Any) -> Any:
    plain: dict[str, Any] = {"host": "localhost", "port": port, "security": "none", "timeout": 10.0}
    return send_mail(Server(**{**plain, **changes}), "crm@engines.example", to, data or write_mail(mail()))


def test_a_message_arrives_byte_for_byte_with_its_envelope() -> None:
    data = write_mail(mail(text=".\n..dots\n.\nend"))
    with mail_server() as server:
        outcome = send(server.port, data=data, to=("ada@engines.example", "bob@engines.example"))
    assert (outcome.fate, outcome.detail) == (Fate.SENT, "250 taken")
    (arrived,) = server.arrived
    assert arrived.data == data
    assert (arrived.sender, arrived.to) == ("crm@engines.example", ["ada@engines.example", "bob@engines.example"])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_login_goes_over_a_safe_connection(security: str, trusted: Certificate) -> None:
    with mail_server(security=security, certificate=trusted, users={"ada": "s3cr3t"}) as server:
        outcome = send(server.port, security=security, user="ada", password=lambda: "s3cr3t")
    assert outcome.sent, outcome
    assert [(each.login, each.encrypted) for each in server.arrived] == [("ada", True)]


def test_a_wrong_password_is_refused_and_not_repeated(trusted: Certificate) -> None:
    with mail_server(security="starttls", certificate=trusted, users={"ada": "s3cr3t"}) as server:
        outcome = send(server.port, security="starttls", user="ada", password=lambda: "guess")
        odd = send(server.port, security="starttls", user="ada", password=lambda: "s\u00e9cret")
    assert (outcome.fate, outcome.down) == (Fate.DEFERRED, True)
    assert "refused the login of ada (535)" in outcome.detail
    assert (odd.fate, odd.down) == (Fate.DEFERRED, True)
    assert "guess" not in outcome.detail
    assert "\u00e9" not in odd.detail
    assert server.arrived == []


def test_where_starttls_was_stripped_nothing_is_sent_in_clear_text() -> None:
    asked = []
    with mail_server(users={"ada": "s3cr3t"}) as server:
        outcome = send(server.port, security="starttls", user="ada", password=lambda: asked.append(1) or "s3cr3t")
    assert outcome.fate is Fate.DEFERRED
    assert "no STARTTLS" in outcome.detail
    assert (server.arrived, asked) == ([], [])
    assert set(server.commands) <= {"EHLO", "QUIT"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_ends_it(security: str, certificate: Certificate) -> None:
    with mail_server(security=security, certificate=certificate, users={"ada": "s3cr3t"}) as server:
        outcome = send(server.port, security=security, user="ada", password=lambda: "s3cr3t")
    assert outcome.fate is Fate.DEFERRED
    assert "certificate is not to be trusted" in outcome.detail
    assert server.arrived == []


def test_a_password_goes_to_no_other_machine_in_clear_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "is_loopback", lambda _host: False)
    with mail_server(users={"ada": "s3cr3t"}) as server:
        outcome = send(server.port, user="ada", password=lambda: "s3cr3t")
        plain = send(server.port)
    assert (outcome.fate, outcome.down) == (Fate.DEFERRED, True)
    assert "in clear text" in outcome.detail
    assert plain.sent
    assert "AUTH" not in server.commands


@pytest.mark.parametrize(
    ("command", "answer", "fate"),
    [
        ("MAIL", "451 busy", Fate.DEFERRED),
        ("MAIL", "550 not you", Fate.DEFERRED),
        ("RCPT", "450 greylisted", Fate.DEFERRED),
        ("RCPT", "550 no such user", Fate.REFUSED),
        ("DATA", "452 no room", Fate.DEFERRED),
        ("DATA", "554 spam", Fate.REFUSED),
        ("DATA", DROP, Fate.DOUBTFUL),
        ("DATA", HANG, Fate.DOUBTFUL),
    ],
)
def test_what_the_server_says_decides_whether_it_may_be_tried_again(command: str, answer: str, fate: Fate) -> None:
    with mail_server() as server:
        server.answers[command] = answer
        outcome = send(server.port, timeout=1.0 if answer == HANG else 10.0)
    assert outcome.fate is fate, outcome
    if fate is Fate.DOUBTFUL:
        assert len(server.arrived) == 1
        assert "may have it" in outcome.detail
    else:
        assert answer in outcome.detail


@contextmanager
def _scripted(*answers: bytes) -> Iterator[int]:
    """The port of a server that says these lines, one a command, and then closes the connection; b"" is silence."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        line, _ = listening.accept()
        with line, line.makefile("rb") as commands:
            for answer in answers:
                if not answer:
                    over.wait(30)
                    return
                line.sendall(answer)
                if answer.startswith(b"354"):
                    while commands.readline() not in (b".\r\n", b""):
                        pass
                else:
                    commands.readline()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.close()
        thread.join(10)


GREETING = (b"220 hello\r\n", b"250 hello\r\n", b"250 sender\r\n", b"250 recipient\r\n", b"354 go on\r\n")


@pytest.mark.parametrize(
    ("answers", "fate"),
    [
        ((b"",), Fate.DEFERRED),
        ((b"421 not now\r\n",), Fate.DEFERRED),
        ((b"554 no mail here\r\n",), Fate.DEFERRED),
        (GREETING[:1], Fate.DEFERRED),
        (GREETING[:2], Fate.DEFERRED),
        ((*GREETING[:3], b""), Fate.DEFERRED),
        (GREETING[:4], Fate.DEFERRED),
        ((*GREETING[:4], b"451 disk\r\n"), Fate.DEFERRED),
        ((*GREETING[:4], b"nonsense\r\n"), Fate.DEFERRED),
        (GREETING, Fate.DOUBTFUL),
        ((*GREETING, b""), Fate.DOUBTFUL),
        ((*GREETING, b"nonsense\r\n"), Fate.DOUBTFUL),
        ((*GREETING, b"250 mine"), Fate.DOUBTFUL),
        ((*GREETING, b"421 later\r\n"), Fate.DEFERRED),
        ((*GREETING, b"250 mine\r\n"), Fate.SENT),
    ],
)
def test_only_a_cut_after_the_message_is_doubtful(answers: tuple[bytes, ...], fate: Fate) -> None:
    with _scripted(*answers) as port:
        outcome = send(port, timeout=1.0)
    assert outcome.fate is fate, outcome


@contextmanager
def _never_done(before: int) -> Iterator[int]:
    """The port of a server that answers so many commands, and works on the next one for ever, a line at a time."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            line, _ = listening.accept()
            with line, line.makefile("rb") as commands, suppress(OSError):
                for answer in GREETING[:before]:
                    line.sendall(answer)
                    while before == len(GREETING) and answer == GREETING[-1] and commands.readline() != b".\r\n":
                        pass
                    if answer != GREETING[-1]:
                        commands.readline()
                while True:
                    line.sendall(b"250-working\r\n")
                    time.sleep(0.1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
    thread.join(10)


@pytest.mark.parametrize(("before", "fate"), [(0, Fate.DEFERRED), (2, Fate.DEFERRED), (5, Fate.DOUBTFUL)])
def test_a_mail_takes_no_longer_than_its_deadline(before: int, fate: Fate) -> None:
    start = time.monotonic()
    with _never_done(before) as port:
        outcome = send(port, deadline=1.0)
        assert time.monotonic() - start < 5
    assert (outcome.fate, "it took more than 1 seconds" in outcome.detail) == (fate, True), outcome


def test_a_recipient_that_is_refused_for_good_costs_the_others_nothing() -> None:
    both = ("ada@engines.example", "bob@y.org")
    with mail_server() as server:
        server.answers["RCPT bob@y.org"] = "550 no such user"
        outcome = send(server.port, to=both)
        lacks = "not to bob@y.org: 550 no such user"
        assert outcome == Outcome(Fate.SENT, f"250 taken; {lacks}", lacks=lacks)
        assert [each.to for each in server.arrived] == [["ada@engines.example"]]
        server.answers["RCPT ada@engines.example"] = "450 later"
        assert send(server.port, to=both).fate is Fate.DEFERRED
        server.answers["RCPT ada@engines.example"] = "550 no"
        assert send(server.port, to=both).fate is Fate.REFUSED
        assert len(server.arrived) == 1


def test_a_server_that_is_not_there_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = send(port)
    assert (outcome.fate, "refused" in outcome.detail) == (Fate.DEFERRED, True)
    assert send(25, host="nowhere.invalid").fate is Fate.DEFERRED


@pytest.mark.parametrize("seed", range(3))
def test_a_cut_at_any_command_is_told_apart(seed: int) -> None:
    for cut in random.Random(seed).sample(range(1, len(GREETING) + 1), 3):
        with _scripted(*GREETING[:cut]) as port:
            outcome = send(port, timeout=2.0)
        assert outcome.fate is (Fate.DOUBTFUL if cut == len(GREETING) else Fate.DEFERRED)


def test_loopback_is_told_by_the_name() -> None:
    assert [host for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "LOCALHOST.") if is_loopback(host)]
    assert not any(map(is_loopback, ("localhost.example.com", "mail.example.com", "10.0.0.1", "0.0.0.0")))
