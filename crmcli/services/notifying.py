"""Channels that a message reaches somebody by: the terminal, the desktop, mail, and whatever apprise knows.

A channel delivers once and says what is known of it (`domain.delivery.Outcome`). Who must not deliver twice claims
first, in a transaction of its own, and sends what is doubtful to nobody again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from crmcli.domain.delivery import BUILT_IN, Fate, Outcome, read_services
from crmcli.domain.fields import suggest
from crmcli.domain.struct import Struct
from crmcli.domain.text import visible
from crmcli.errors import CrmError, FieldError, NotFoundError, UsageError
from crmcli.exchange.apprise_call import notify
from crmcli.services import mailing

if TYPE_CHECKING:
    from crmcli.context import Context

#: How many seconds the desktop may take: past them somebody may have seen it.
DESKTOP_PATIENCE = 10.0
PROGRAM = "notify-send"


class Message(Struct):
    """What is told: `key` (letters, digits, dots, hyphens) is the same however often the message is tried."""

    title: str
    body: str
    key: str
    html: str = ""


def trial(ctx: Context) -> Message:
    """A message that says no more than that it came."""
    now = ctx.env.now
    body = f"This is a test, sent by 'crm notify test' on {now:%Y-%m-%d} at {now:%H:%M}."
    return Message("crm: a test", body, mailing.key_of_now(ctx, "test"))


class Channel(Protocol):
    """A way to somebody: `name` is what it is kept by and holds no secret, `about` says where it leads."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...

    def deliver(self, message: Message) -> Outcome:
        """Deliver once; raises nothing for what the other side does, or for what is not set up: that is DEFERRED, with
        what to do about it."""


class Terminal:
    """Whoever looks at the program's output; in cron, whoever gets its mail."""

    name = "terminal"
    about = "what the program writes; in cron its mail"

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream

    def deliver(self, message: Message) -> Outcome:
        stream = self._stream or sys.stdout
        text = "\n".join(filter(None, (visible(message.title), visible(message.body.rstrip("\n"), multiline=True))))
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
            stream.flush()
        except BrokenPipeError:
            return Outcome(Fate.DEFERRED, "nobody reads the output any more", down=True)
        except OSError as error:
            return Outcome(Fate.DOUBTFUL, f"the output cannot be written: {error.strerror or error}")
        return Outcome(Fate.SENT)


class Desktop:
    """The notifications of the desktop."""

    name = "desktop"
    about = f"notifications of the desktop, by {PROGRAM}"

    def deliver(self, message: Message) -> Outcome:
        from html import escape  # the body is markup there, the title is not

        program = shutil.which(PROGRAM)
        if program is None:
            return Outcome(Fate.DEFERRED, f"there is no program {PROGRAM}: it comes with libnotify (libnotify-bin)")
        title, body = visible(message.title), escape(visible(message.body, multiline=True), quote=False)
        words = [program, "--app-name=crm", "--", title or "crm", body]
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=DESKTOP_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return Outcome(Fate.DOUBTFUL, f"{PROGRAM} has not ended in {DESKTOP_PATIENCE:.0f} seconds")
        except OSError as error:
            return Outcome(Fate.DEFERRED, f"{program}: {error.strerror}")
        if done.returncode:
            said = visible(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0])[:200]
            return Outcome(Fate.DEFERRED, f"{PROGRAM} failed with {done.returncode}: {said}".rstrip(": "))
        return Outcome(Fate.SENT)


class Mailbox:
    """Mail to `to`, or to whom the settings name."""

    name = "mail"

    def __init__(self, ctx: Context, to: tuple[str, ...] = ()) -> None:
        self._ctx, self._to = ctx, to

    @property
    def about(self) -> str:
        way = mailing.server(self._ctx)
        try:
            to = ", ".join(self._to or mailing.recipients(self._ctx))
        except CrmError as error:
            to = f"nobody yet ({error.message})"
        return f"mail to {to} by {way.host}, {'in clear text' if way.security == 'none' else way.security}"

    def deliver(self, message: Message) -> Outcome:
        try:
            mail, data = mailing.write(
                self._ctx, message.title, message.body, key=message.key, html=message.html, to=self._to
            )
        except CrmError as error:
            return Outcome(Fate.DEFERRED, str(error), down=isinstance(error, (UsageError, FieldError)))
        try:
            return mailing.send(self._ctx, mail, data)
        except CrmError as error:  # nothing was handed over by then, nor would another mail be
            return Outcome(Fate.DEFERRED, str(error), down=True)


class Service:
    """A service that apprise knows by a URL, which is a secret."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self._url = name, url

    @property
    def about(self) -> str:
        return f"{urlsplit(self._url).scheme.lower()}, by apprise"

    def deliver(self, message: Message) -> Outcome:
        return notify(self._url, visible(message.title), visible(message.body, multiline=True))


def service_name(url: str) -> str:
    """What a service is called that was given no name: its scheme and six digits of a digest, `ntfy-3fa9c1`.

    Hosts are left out because many services have their token there. The digest leaves out what may be changed or
    guessed, the password and what stands behind the question mark.
    """
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    rest = "\0".join((parts.scheme.lower(), login.partition(":")[0], host, parts.path.rstrip("/")))
    return f"{parts.scheme.lower()}-{sha256(rest.encode()).hexdigest()[:6]}"


def channels(ctx: Context, *, stream: IO[str] | None = None) -> list[Channel]:
    """Every channel that is there: the terminal (its output goes to `stream`, else to standard output), the desktop
    where notify-send is, mail where a server is set, and the services in notify.urls. Raises what `services` raises."""
    found: list[Channel] = [Terminal(stream)]
    if shutil.which(PROGRAM):
        found.append(Desktop())
    if mailing.is_set_up(ctx):
        found.append(Mailbox(ctx))
    return [*found, *services(ctx)]


def services(ctx: Context) -> list[Service]:
    """The services in notify.urls. Raises UsageError for a setting that means nothing, ExposedError for a secret that
    others can read."""
    found = [Service(name or service_name(url), url) for name, url in read_services(str(ctx.settings["notify.urls"]))]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"two addresses in notify.urls are called {name}", "give one a name in front: phone=ntfy://..."
            )
    return found


def channel(ctx: Context, name: str, *, stream: IO[str] | None = None) -> Channel:
    """The channel of that name; what is wrong with the settings of others is nothing to it. Raises NotFoundError with
    what would set it up, and for one that is not built in what `services` raises."""
    if name == Terminal.name:
        return Terminal(stream)
    if name == Mailbox.name:
        mailing.server(ctx)
        return Mailbox(ctx)
    if name == Desktop.name:
        if not shutil.which(PROGRAM):
            raise NotFoundError(f"there is no program {PROGRAM}", "it comes with libnotify (libnotify-bin)")
        return Desktop()
    found = {each.name: each for each in services(ctx)}
    if name in found:
        return found[name]
    raise NotFoundError(
        f"there is no channel '{name}'", suggest(name, (*BUILT_IN, *found)) or "'crm notify list' shows all"
    )
