"""Texts, identifiers and addresses: what is compared by a folded or normalised copy."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain import address
from crmcli.domain.text import blank, check_text, digits, fold, unmarked
from crmcli.domain.types.base import Type
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.types.base import Env, Stored

#: How many characters a text may have that an index holds, and its folded key as well. An entry of PostgreSQL's has at
#: most 2,704 bytes, with all its columns, and a character up to four.
INDEXED = 600
#: So many characters does `fold` make of one at most, U+FDFA, and of one before U+2057.
_GROWTH, _GROWTH_BEFORE = 18, 3


@cache  # compiled when first needed
def _growing() -> re.Pattern[str]:
    """A character that may grow more than `_GROWTH_BEFORE` times when it is folded."""
    return re.compile("[\u2057-\U0010ffff]")


class Text(Type):
    """One line of text."""

    keyed = True
    multiline = False

    def parse(self, text: str, env: Env) -> Stored:
        text = check_text(text).strip()
        if not self.multiline and "\n" in text:
            text = " ".join(text.split())
        return None if blank(text) else self.check_length(text)

    def fits(self, length: int, characters: str) -> bool:
        if self.longest is None or length * _GROWTH <= self.longest:
            return True
        if length > self.longest or characters.isascii():
            return length <= self.longest
        return length * _GROWTH_BEFORE <= self.longest and not _growing().search(characters)

    def counted(self, stored: str) -> int:
        return max(len(stored), len(fold(stored)))


class LongText(Text):
    """Several lines of text."""

    name = "long text"
    multiline = True


class Identifier(Type):
    """An identifier of another system or of ours: compared exactly, never folded."""

    name = "identifier"
    family = "identifier"

    def parse(self, text: str, env: Env) -> Stored:
        return self.check_length(check_text(text).strip()) or None


class ExternalId(Identifier):
    """An id of another system, in ASCII digits: one program writes ۱۰۰۱ and the next 1001."""

    def parse(self, text: str, env: Env) -> Stored:
        return super().parse(digits(text), env)


class Email(Type):
    """An e-mail address; kept as typed without its display name, compared in lower case with an ASCII domain."""

    name = "e-mail"
    keyed = True

    def parse(self, text: str, env: Env) -> Stored:
        text = check_text(text).strip()
        return self.check_length(address.email_key(text)) if text else None

    def key(self, stored: Stored, env: Env | None = None) -> str | None:
        return None if stored is None else str(stored)


class Mailboxes(Text):
    """People by their e-mail addresses, with commas, each once, with the name where one is given:
    `Ada Lovelace <ada@x.org>, bob@y.org`."""

    name = "mailboxes"

    def parse(self, text: str, env: Env) -> Stored:
        from crmcli.domain.mailboxes import listed, read_list

        return listed(read_list(check_text(text))) or None


class Phone(Type):
    """A telephone number, kept as typed; its key is E.164 where the number can be read with the default region."""

    name = "phone"
    family = "phone"
    keyed = True

    def parse(self, text: str, env: Env) -> Stored:
        text = " ".join(check_text(unmarked(text)).split())
        if text and not any(c.isdigit() for c in text) and not any(c.isalpha() for c in text):
            raise FieldError(f"'{text}' is not a telephone number")
        return self.check_length(text) or None

    def key(self, stored: Stored, env: Env | None = None) -> str | None:
        if stored is None:
            return None
        return address.phone_key(stored, env.region if env else "") or bare_number(stored) or None


def bare_number(text: str) -> str:
    """The digits of a number that cannot be read as E.164: what it is compared by."""
    return "".join(c for c in digits(text) if c.isascii() and c.isdigit())


class Url(Type):
    """A web address."""

    name = "URL"
    keyed = True

    def parse(self, text: str, env: Env) -> Stored:
        text = check_text(text).strip()
        return address.check_url(text) if text else None
