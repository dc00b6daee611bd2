"""Mail: a message to bytes that hold nothing but what was meant, and those bytes to an SMTP server (RFC 5321, 5322).

Python's own classes read encoded words in whatever is set as a subject or a name and write what they decode to, line
ends too: a task called `=?utf-8?q?x=0aBcc:_eve@x.org?=` would add a recipient. So the header is written here, and the
finished bytes are read again.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses
from threading import Timer
from typing import TYPE_CHECKING

from crmcli.domain.delivery import Fate, Outcome, read_mailbox
from crmcli.domain.struct import Struct
from crmcli.errors import CrmError, UsageError
from crmcli.exchange.ical_lines import many_lines, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

#: How a connection is made safe, and the port that it goes to where none is named.
PORTS = {"starttls": 587, "tls": 465, "none": 25}
#: How many seconds an answer of the server is waited for, and how many a mail may take as a whole.
TIMEOUT, DEADLINE = 30.0, 120.0

_PLAIN_TEXT = re.compile(r"[ -~]{1,60}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ]{1,60}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+-]{1,120}@[A-Za-z0-9.-]{1,120}>")
#: Everything that some server takes for the end of a line and that is none.
_STRAY_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
#: RFC 5322, 2.1.1, without the CRLF.
_LONGEST = 998


class Mail(Struct):
    """A message: `sender` is a mailbox, `to` are plain addresses, `at` is aware. `message_id` (with its angle brackets)
    is for the caller to choose: the same message has the same one however often it is tried."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    at: datetime
    html: str = ""


class Server(Struct):
    """An SMTP server: `security` is starttls, tls or none; `password` is asked for once the connection is safe."""

    host: str
    port: int
    security: str
    user: str = ""
    password: Callable[[], str] = str
    timeout: float = TIMEOUT
    deadline: float = DEADLINE


# --- the message -----------------------------------------------------------------------------------------------------


def write_mail(mail: Mail) -> bytes:
    """The message as bytes with CRLF line ends, all of it ASCII.

    Raises UsageError for an address that SMTP does not take everywhere and for a Message-ID that is none, CrmError
    where the finished bytes say anything else than was meant.
    """
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise UsageError("that is no Message-ID", "write it as <letters.and.digits@host>")
    address, name = read_mailbox(mail.sender)
    for each in (address, *mail.to):
        if not each.isascii():
            raise UsageError(f"{each} has letters before the @ that not every mail server takes")
    if not mail.to:
        raise UsageError("a mail wants somebody whom it goes to")
    subject = one_line(mail.subject)
    body = _body(mail)
    head = [
        ("From", f"{_words('From', name, _PLAIN_NAME)} <{address}>" if one_line(name) else address),
        ("To", ",\r\n ".join(mail.to)),
        ("Subject", _words("Subject", subject, _PLAIN_TEXT)),
        ("Date", format_datetime(mail.at.replace(microsecond=0))),
        ("Message-ID", mail.message_id),
        ("Auto-Submitted", "auto-generated"),
    ]
    data = "".join(f"{name}: {value}\r\n" for name, value in head).encode("ascii") + body.as_bytes()
    _check(data, [name for name, _ in head] + body.keys(), (address, *mail.to), subject)
    return data


def _body(mail: Mail) -> EmailMessage:
    body = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    body.set_content(many_lines(mail.text).rstrip("\n") + "\n")
    if mail.html:
        body.add_alternative(many_lines(mail.html).rstrip("\n") + "\n", subtype="html")
        body.set_boundary(_boundary(mail))
    return body


def _boundary(mail: Mail) -> str:
    """A line that parts the text from its HTML: the same for the same message, and in neither of them."""
    from hashlib import sha256

    return "=_" + sha256("\0".join((mail.message_id, mail.text, mail.html)).encode("utf-8", "replace")).hexdigest()[:40]


def _words(header: str, text: str, plain: re.Pattern[str]) -> str:
    """A text of people's own as a header can hold it: as it is where it is short and plain, else in encoded words."""
    text = one_line(text)
    if (plain.fullmatch(text) and "=?" not in text) or not text:
        return text
    return Header(text, "utf-8", maxlinelen=75, header_name=header).encode(linesep="\r\n")


def _check(data: bytes, names: Sequence[str], addresses: tuple[str, ...], subject: str) -> None:
    """Hold the finished bytes against what was meant: header by header, address by address."""
    if _STRAY_END.search(data) or b"\0" in data or not data.isascii():
        raise _broken("a line end that is none")
    if max(map(len, data.split(b"\r\n"))) > _LONGEST:
        raise _broken(f"a line longer than {_LONGEST} octets")
    lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    found = [line.partition(b":")[0].decode("ascii") for line in lines if line[:1] not in b" \t"]
    if found != list(names):
        raise _broken(f"{', '.join(found)} in place of {', '.join(names)}")
    read = BytesParser(policy=policy.default).parsebytes(data)
    written = tuple(address for _, address in getaddresses([str(read["From"]), str(read["To"])]))
    if written != addresses:
        raise _broken("other addresses than were meant")
    if " ".join(str(read["Subject"]).split()) != " ".join(subject.split()):
        raise _broken("another subject than was meant")


def _broken(what: str) -> CrmError:
    return CrmError(f"The mail was not written: its text came out wrong ({what}).", "This is a fault of the program.")


# --- the way to the server --------------------------------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name alone, whatever a name server says."""
    from ipaddress import ip_address

    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def send_mail(server: Server, sender: str, to: Sequence[str], data: bytes) -> Outcome:
    """Hand a finished message to a server, for those of `to` that it takes for good or, where it takes one for the time
    being not, for none; what became of it, with those that it never takes. Nothing is tried twice, and nothing but a
    greeting goes over a connection that is not as safe as `server.security` says.

    Raises nothing that the network or the server can cause; a password that cannot be had raises CrmError before
    anything was handed over.
    """
    deadline = _Deadline(server.deadline)
    try:
        with _connected(server, deadline) as smtp:
            _open(smtp, server)
            refused = _address(smtp, sender, to)
            outcome = _handed_over(smtp, data, deadline)
            lacks = "; ".join(f"not to {each.detail}" for each in refused)
            return outcome._replace(detail=f"{outcome.detail}; {lacks}", lacks=lacks) if refused else outcome
    except _EndedError as error:
        return error.outcome
    except smtplib.SMTPResponseException as error:
        return _down(_said(error.smtp_code, error.smtp_error))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return _down(f"{server.host}: {deadline.reason(error)}")


class _EndedError(Exception):
    """Nothing more is to be said to the server."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class _Deadline:
    """Cuts a connection that takes too long as a whole: each answer of its server may come in good time and never
    end."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._past = seconds, False
        self._smtp: smtplib.SMTP | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def start(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self._past = True
        found = getattr(self._smtp, "sock", None)
        if found is not None:
            with contextlib.suppress(OSError):  # it is closed by now
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    def reason(self, error: Exception) -> str:
        """Why a connection ended, in words without anything that was sent."""
        return f"it took more than {self._seconds:.0f} seconds" if self._past else _reason(error)


class _Connection:
    """A connection that is closed with a goodbye where all went well, and never at the price of the outcome."""

    def __init__(self, smtp: smtplib.SMTP, host: str, port: int, deadline: _Deadline) -> None:
        self._smtp, self._deadline = smtp, deadline
        deadline.start(smtp)
        try:
            code, said = smtp.connect(host, port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> smtplib.SMTP:
        return self._smtp

    def __exit__(self, _kind: object, error: object, *_: object) -> None:
        heard = isinstance(error, _EndedError) and error.outcome.fate is not Fate.DOUBTFUL
        try:
            if error is None or heard:
                self._smtp.quit()
        except (smtplib.SMTPException, OSError, ValueError):
            pass
        finally:
            self._close()

    def _close(self) -> None:
        self._deadline.stop()
        self._smtp.close()


def _connected(server: Server, deadline: _Deadline) -> _Connection:
    port = server.port or PORTS[server.security]
    smtp: smtplib.SMTP
    if server.security == "tls":
        smtp = smtplib.SMTP_SSL(timeout=server.timeout, context=ssl.create_default_context())
    else:
        smtp = smtplib.SMTP(timeout=server.timeout)
    smtp._host = server.host  # type: ignore[attr-defined]  # whom the certificate is to be of
    return _Connection(smtp, server.host, port, deadline)


def _open(smtp: smtplib.SMTP, server: Server) -> None:
    """Greet, make the connection safe and log in. Raises _EndedError where that ends it: a server that takes nobody in
    may do so once its settings, or ours, are mended."""
    smtp.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        if not smtp.has_extn("starttls"):
            raise _EndedError(_down(f"{server.host} offers no STARTTLS, and nothing is sent in clear text"))
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo()
    if not server.user:
        return
    if server.security == "none" and not is_loopback(server.host):
        raise _EndedError(_down(f"a password is not sent to {server.host} in clear text"))
    try:
        smtp.login(server.user, server.password())
    except smtplib.SMTPNotSupportedError:
        raise _EndedError(_down(f"{server.host} takes no login")) from None
    except UnicodeError:
        said = "the login has letters that SMTP does not take: a to z, digits and signs are safe"
        raise _EndedError(_down(said)) from None
    except smtplib.SMTPAuthenticationError as error:
        # What the server says may repeat what it was sent.
        said = f"{server.host} refused the login of {server.user} ({error.smtp_code})"
        raise _EndedError(_down(said)) from None


def _down(said: str) -> Outcome:
    """Nobody has it, and no other mail would fare better for the time being."""
    return Outcome(Fate.DEFERRED, said, down=True)


def _address(smtp: smtplib.SMTP, sender: str, to: Sequence[str]) -> list[Outcome]:
    """Name the sender and every recipient; what the server says of those that it never takes. Raises _EndedError where
    it does not take the sender, takes one of them for the time being not, or none."""
    code, said = smtp.mail(sender)
    if code != 250:
        raise _EndedError(_down(_said(code, said)))
    refused: list[Outcome] = []
    for each in to:
        code, said = smtp.rcpt(each)
        if code not in (250, 251):
            refused.append(_answered(code, said, f"{each}: "))
    later = [outcome for outcome in refused if outcome.fate is not Fate.REFUSED]
    if later or len(refused) == len(to):
        raise _EndedError((later or refused)[0])
    return refused


def _handed_over(smtp: smtplib.SMTP, data: bytes, deadline: _Deadline) -> Outcome:
    """The message itself. From its first byte on a server that says nothing any more may have it."""
    code, said = smtp.docmd("DATA")
    if code != 354:
        return _answered(code, said)
    try:
        smtp.send(re.sub(rb"(?m)^\.", b"..", data.removesuffix(b"\r\n")) + b"\r\n.\r\n")
        code, said = smtp.getreply()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        lost = f"the connection was lost after the message was sent ({deadline.reason(error)}): the server may have it"
        raise _EndedError(Outcome(Fate.DOUBTFUL, lost)) from None
    if 400 <= code < 600:
        return _answered(code, said)
    return Outcome(Fate.SENT if 200 <= code < 300 else Fate.DOUBTFUL, _said(code, said))


def _answered(code: int, said: bytes | str, about: str = "") -> Outcome:
    return Outcome(_fate(code), about + _said(code, said))


def _fate(code: int) -> Fate:
    """What a refusal means (RFC 5321, 4.2.1): 4yz may be tried again, and so may what is no answer of SMTP."""
    return Fate.REFUSED if 500 <= code < 600 else Fate.DEFERRED


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{code} {one_line(text)[:200]}".rstrip()


def _reason(error: Exception) -> str:
    """Why a connection failed, in words without anything that was sent."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "no safe connection can be made"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it closed the connection"
    return str(getattr(error, "strerror", "") or type(error).__name__)
