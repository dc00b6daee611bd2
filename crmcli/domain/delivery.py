"""What becomes of a message that is sent to somebody, and the addresses that it goes to."""

from __future__ import annotations

import re
from enum import StrEnum

from crmcli.domain.mailboxes import Mailbox, read_list
from crmcli.domain.struct import Struct
from crmcli.errors import FieldError, UsageError


class Fate(StrEnum):
    """What is known of a message after it was sent once."""

    #: Whoever delivers it has said that they have it.
    SENT = "sent"
    #: It was not handed over, and may be tried again.
    DEFERRED = "deferred"
    #: It was refused, and would be again.
    REFUSED = "refused"
    #: They may have it: sending it again could deliver it twice.
    DOUBTFUL = "doubtful"


class Outcome(Struct):
    """The fate of a message, and why, in words for people that hold no secret. Where the way to them is `down`, any
    other message would fare alike; `lacks` says of one that was sent whom it will never reach."""

    fate: Fate
    detail: str = ""
    down: bool = False
    lacks: str = ""

    @property
    def sent(self) -> bool:
        return self.fate is Fate.SENT


#: A comma before another address of a service: the addresses have commas of their own.
_BETWEEN = re.compile(r"\s*,\s*(?=(?:[\w-]+=)?[A-Za-z][A-Za-z0-9+.-]*://|$)")
_SERVICE = re.compile(r"(?:([a-z][a-z0-9_-]*)=)?([A-Za-z][A-Za-z0-9+.-]*://\S+)")
#: Channels that are there without an address.
BUILT_IN = ("terminal", "desktop", "mail")


def each_service(text: str) -> list[str]:
    """The addresses of services in a text, which commas part, as they stand there with their names."""
    return [*filter(None, _BETWEEN.split(text.strip()))]


def read_services(text: str) -> list[tuple[str, str]]:
    """(name, URL) of each service in a text such as `phone=ntfy://ntfy.sh/mine, json://hooks.example/crm`; the name is
    "" where none is given. Raises UsageError, which tells the place and nothing of the text."""
    found: list[tuple[str, str]] = []
    for place, part in enumerate(each_service(text), 1):
        match = _SERVICE.fullmatch(part)
        hint = "write them as apprise does, with a name if you like: phone=ntfy://ntfy.sh/TOPIC,json://host/path"
        if match is None:
            raise UsageError(f"the setting notify.urls has as number {place} what is no address of a service", hint)
        name = match[1] or ""
        if name in BUILT_IN or (name and name in dict(found)):
            raise UsageError(f"the setting notify.urls gives a name twice: '{name}'", hint)
        found.append((name, match[2]))
    return found


def read_channels(text: str) -> list[str]:
    """The names of channels in a text, which commas part, each once. Raises UsageError."""
    found = list(dict.fromkeys(filter(None, (word.strip() for word in re.split("[,،]", text)))))
    if not found:
        raise UsageError("no channel is named", "'crm notify list' shows them")
    for name in found:
        if not re.fullmatch(r"[a-z0-9_-]+", name):
            raise UsageError(f"'{name}' is no name of a channel", "write them with commas: mail,desktop")
    return found


def read_mailbox(text: str) -> Mailbox:
    """The one mailbox in a text. Raises FieldError."""
    found = read_list(text)
    if len(found) != 1:
        raise FieldError("one mailbox is wanted, neither more nor less", hint="Write Ada <ada@engines.example>.")
    return _sendable(found[0])


def read_addresses(text: str) -> tuple[str, ...]:
    """The e-mail addresses of the mailboxes in a text, which commas part. Raises FieldError."""
    return tuple(_sendable(box).email for box in read_list(text))


def _sendable(box: Mailbox) -> Mailbox:
    """A mailbox that every mail server takes; the domain has any letters. Raises FieldError."""
    if not box.email.isascii():
        raise FieldError(
            f"{box.email} has letters before the @ that not every mail server takes", hint="a to z and digits are safe"
        )
    return box
