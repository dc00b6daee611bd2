"""Mailboxes as people write them: `Ada Lovelace <ada@x.org>, bob@y.org`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.address import email_key
from crmcli.domain.text import clip
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMED = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<>"]*?))\s*<([^<>]+)>\s*')
#: One of several: what stands before a comma that is in no quotation marks.
ONE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",;،؛\n])+')
_PLAIN = re.compile(r"[^\"\\,;،؛<>@()\[\]:]+")


class Mailbox(NamedTuple):
    """An e-mail address in its canonical form, and the name of whom it belongs to or ""."""

    email: str
    name: str = ""

    def __str__(self) -> str:
        if not self.name:
            return self.email
        name = self.name if _PLAIN.fullmatch(self.name) else '"' + re.sub(r'(["\\])', r"\\\1", self.name) + '"'
        return f"{name} <{self.email}>"


def read(text: str) -> Mailbox:
    """One mailbox. Raises FieldError."""
    found = _NAMED.fullmatch(text)
    if found is None:
        return Mailbox(email_key(text.strip()))
    name = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
    return Mailbox(email_key(found[3].strip()), " ".join(name.split()))


def read_list(text: str) -> list[Mailbox]:
    """Mailboxes with commas or semicolons between them; of two with one address the first, with the name of either.
    Raises FieldError."""
    found: dict[str, Mailbox] = {}
    for part in ONE.findall(text):
        if part.strip():
            box = read(part)
            found[box.email] = Mailbox(box.email, found.get(box.email, box).name or box.name)
    if not found and text.strip(" \t\n,;،؛"):
        raise FieldError(f"'{clip(text, 60)}' names no mailbox", hint="write ada@example.org, Bob <bob@example.org>")
    return list(found.values())


def listed(boxes: Iterable[Mailbox]) -> str:
    """Mailboxes as one text that `read_list` reads."""
    return ", ".join(map(str, boxes))
