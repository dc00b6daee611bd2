"""Yes and no, words of a list, and links to other records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.text import blank, squashed
from crmcli.domain.types.base import Type
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.types.base import Env, Stored

YES = frozenset(["yes", "y", "true", "1", "on", "بله", "آری"])
NO = frozenset(["no", "n", "false", "0", "off", "خیر", "نه"])


class Flag(Type):
    """Yes or no; never empty."""

    name = "flag"
    family = "flag"

    def parse(self, text: str, env: Env) -> Stored:
        word = text.strip().casefold()
        if word in YES:
            return True
        if word in NO or not word:
            return False
        raise FieldError(f"'{text}' is neither yes nor no")

    def from_db(self, value: Any) -> Stored:
        return None if value is None else bool(value)

    def show(self, stored: Stored) -> str:
        return "" if stored is None else "yes" if stored else "no"


class Mark(Flag):
    """Yes, no, or nothing said."""

    def parse(self, text: str, env: Env) -> Stored:
        return None if blank(text) else super().parse(text, env)


class Choice(Type):
    """One of a fixed list of words. With `numbers` the place in the list is stored, so that it sorts."""

    name = "choice"
    family = "choice"

    def __init__(self, *options: str, numbers: bool = False) -> None:
        self.options, self.numbers = options, numbers
        self._by_key = {squashed(option): (i if numbers else option) for i, option in enumerate(options)}

    def has(self, text: str) -> bool:
        """Whether a word is one of them."""
        return squashed(text) in self._by_key

    def parse(self, text: str, env: Env) -> Stored:
        word = squashed(text)
        if not word:
            return None
        found = self._by_key.get(word)
        if found is None and self.numbers and word.isdecimal() and len(word) < 4 and int(word) < len(self.options):
            found = int(word)
        if found is None:
            raise FieldError(f"'{text}' is not one of: {', '.join(self.options)}")
        return found

    def show(self, stored: Stored) -> str:
        if stored is None:
            return ""
        return self.options[stored] if self.numbers else str(stored)


class Ref(Type):
    """A link to another record, stored as its id.

    `words` marks a vocabulary (stage, owner, source ...): named exactly, any of several; otherwise a filter finds
    the name by a part of it. `create` says that a new name makes a new record of that vocabulary.
    """

    name = "reference"
    family = "ref"

    def __init__(self, entity: str, *, words: bool = False, create: bool = False) -> None:
        self.entity, self.words, self.create = entity, words, create


class Tags(Type):
    """A set of tags, written with commas; edited with `+vip,-cold`."""

    name = "tags"
    family = "tags"

    def show(self, stored: Stored) -> str:
        return ", ".join(stored or ())
