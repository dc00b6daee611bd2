"""JSON text, read value by value in constant memory."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT = 16 * 1024 * 1024
"""The longest object that is read: in bytes where it is a line of UTF-8 or of a code page, else in characters."""
MAX_DEPTH = 32
BLOCK = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n\x1a\x1e]*")  # also what ended files of DOS, and what begins texts by RFC 7464
#: Finds where a value ends.
_SKIM = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)


class Value(NamedTuple):
    """A value, numbers in it as texts, with the line where it begins and as it stands there."""

    line: int
    value: Any
    raw: str


def blocks(path: str, file: Any, codec: str) -> Iterator[str]:
    """The text of an open binary file. Raises ReadError."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    size, final = BLOCK, False
    while not final:
        data = file.read(size)
        final = not data
        try:
            yield decoder.decode(data, final)
        except UnicodeDecodeError as error:
            where = f"byte 0x{error.object[error.start]:02X}"
            raise ReadError(
                f"{path!r} is not {codec}: {where}.", "Give the right encoding with --encoding, or mend the file."
            ) from None


class Text:
    """The text of a file, of which no more is held than the value at hand; `line` is where that is."""

    def __init__(self, path: str, blocks: Iterator[str]) -> None:
        self.path, self.line = path, 1
        self._blocks = blocks
        self._text, self._at = "", 0
        self._left = True

    def peek(self) -> str:
        """The next sign that is no space, "" at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._pass(space.end() if space else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._left:
                return ""
            self._more()

    def skip(self) -> None:
        """Go on behind one sign."""
        self._at += 1

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; what stands behind each is read before the next is asked for."""
        for _ in self._parts("object", "}"):
            key = self.value().value
            if not isinstance(key, str) or self.peek() != ":":
                raise self.broken("a key is missing in an object")
            self.skip()
            self.peek()
            yield key

    def items(self) -> Iterator[None]:
        """Stands before each value of the list that begins here; it is read before the next is asked for."""
        yield from self._parts("array", "]")

    def _parts(self, what: str, end: str) -> Iterator[None]:
        self.peek()
        self.skip()
        sign = self.peek()
        first = True
        while sign != end:
            if not first and sign:
                if sign != ",":
                    raise self.broken("a comma is missing between two objects")
                self.skip()
                sign = self.peek()
            if not sign:
                raise self.broken(f"the {what} is not closed")
            first = False
            yield
            sign = self.peek()
        self.skip()

    def value(self) -> Value:
        """The value that begins here."""
        end: int | None
        while True:
            try:
                value, end = _SKIM.raw_decode(self._text, self._at)
                fault = ""
            except json.JSONDecodeError as error:
                value, end, fault = None, None, error.msg
            except RecursionError:
                raise self.broken(f"objects and lists are nested more than {MAX_DEPTH} deep") from None
            if end is not None and (end < len(self._text) or not self._left):
                found = Value(self.line, value, self._text[self._at : end])
                self._pass(end)
                return found
            if not self._left:
                raise self.broken(fault)
            if len(self._text) - self._at > MAX_TEXT:
                raise self.broken(f"{fault or 'a value'}, or it is longer than {MAX_TEXT:,} characters")
            self._more()

    def broken(self, what: str) -> ReadError:
        """What is wrong at this place."""
        return ReadError(f"{self.path!r} is broken JSON: {what} (line {self.line:,}).", "Mend the file.")

    def _pass(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> None:
        """Take in as much again as there is."""
        parts, self._at = [self._text[self._at :]], 0
        size, wanted = len(parts[0]), 2 * len(parts[0]) + BLOCK
        while self._left and size < wanted:
            block = next(self._blocks, None)
            self._left = block is not None
            parts.append(block or "")
            size += len(parts[-1])
        self._text = "".join(parts)
