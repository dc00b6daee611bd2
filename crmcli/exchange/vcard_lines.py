"""The lines of vCards (RFC 6350, RFC 2426, vCard 2.1): a property and its text, both ways, without harm.

vobject reads and writes vCards too and is the witness of the tests, but not the tool here. Of its version 0.9.9 the
first bad line ends the whole file, a header of 25 commas takes half a minute (its pattern is exponential), `FN:a, b` is
read as "a" and `http\\://x` as it stands, a photo that is no base64 raises binascii.Error; it writes parameters with
line ends in them, and lines of more than 75 octets where the text is not ASCII.
"""

from __future__ import annotations

import binascii
import codecs
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Values that are bytes in base64 and no text.
BINARY = frozenset(("PHOTO", "LOGO", "SOUND", "KEY"))
#: What some reader takes for the end of a line.
ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_WIDTH = 75
#: How long the parameters of most lines are at the most.
_USUAL = 100

# Every character has one way to be matched, so that no line takes longer than its length.
_LINE = re.compile(r'(?:([A-Za-z0-9_-]+)\.)?([A-Za-z0-9_-]+)((?:;(?>[^":;]+|"[^"]*")*)*):(.*)', re.DOTALL)
#: The same where a quotation mark is never closed.
_LOOSE = re.compile(r"(?:([A-Za-z0-9_-]+)\.)?([A-Za-z0-9_-]+)((?:;[^:;]*)*):(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Z0-9_-]+")
_PARAMETER = re.compile(r';((?>[^";]+|"[^"]*"|")*)')
_PARAMETER_VALUE = re.compile(r'(?:^|,)((?>[^",]+|"[^"]*"|")*)')
#: Character sets that people's address books have; Python knows more under this name, and some of them are no such set.
_KNOWN_CHARSET = re.compile(
    r"(utf[-_]?(?:8|16|32)|iso|windows|cp|koi8|gb|big5|shift|euc|mac|us-ascii|ascii|latin|ks_c|x-mac|x-sjis)",
    re.IGNORECASE,
)
#: A type that 2.1 has as a parameter of its own.
_WORD = re.compile(r"[A-Za-z0-9-]+")
#: What stands for itself in quoted-printable: no blank, which may be cut at the end of a line, and no colon.
_PLAIN = frozenset(map(chr, range(33, 127))) - frozenset("=:")
_ESCAPED = re.compile(r"\\([nN,;:\"\\])")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_TO_QUOTE = re.compile("[,;:]")
_ESCAPABLE = re.compile(r"[\\\n,;]")
_TO_ESCAPE = str.maketrans({"\\": "\\\\", "\n": "\\n", ",": "\\,", ";": "\\;"})
_TRANSFER = {"QUOTED-PRINTABLE": "ENCODING", "BASE64": "ENCODING", "B": "ENCODING", "8BIT": "ENCODING",
             "7BIT": "ENCODING", "URL": "VALUE", "INLINE": "VALUE", "CID": "VALUE"}  # fmt: skip


class Fault(Exception):
    """Why a card cannot be used."""


class Property(NamedTuple):
    """One line of a card: `name` in capitals, `value` with its escapes (`\\n`, `\\,`) but without transfer encodings
    other than base64, `params` as (NAME, values), `group` as in item1.TEL."""

    name: str
    value: str
    params: tuple[tuple[str, tuple[str, ...]], ...] = ()
    group: str = ""

    def said(self, param: str) -> list[str]:
        """The values of a parameter, in small letters."""
        if not self.params:
            return []
        return [value.lower() for name, values in self.params if name == param for value in values]

    @property
    def types(self) -> set[str]:
        """What its TYPE parameters say, in small letters: {"work", "voice"}."""
        return set(self.said("TYPE"))

    def without(self, *params: str) -> Property:
        """The same without these parameters."""
        kept = tuple([one for one in self.params if one[0] not in params])
        return self if len(kept) == len(self.params) else self._replace(params=kept)


def in_charset(data: bytes, charset: str) -> str:
    """Bytes as text in the character set that a property names. Raises Fault."""
    try:
        if not _KNOWN_CHARSET.match(charset):
            raise LookupError
        return data.decode(codecs.lookup(charset).name)
    except LookupError:
        raise Fault(f"there is no character set {charset!r}") from None
    except UnicodeDecodeError:
        raise Fault(f"a text is not in the character set {charset!r} that it names") from None


def parse(text: str) -> Property | None:
    """The property of one logical line, None for what is none. Raises Fault for a text that is not what it says."""
    match = _LINE.fullmatch(text) or _LOOSE.fullmatch(text)
    if match is None:
        return None
    group, name, said, value = match.groups()
    params = () if not said else _usual(said) if len(said) <= _USUAL else tuple(_parameters(said))
    found = Property(name.upper().replace("_", "-"), value, params, group or "")
    if not params:
        return found
    encodings = found.said("ENCODING")
    if "quoted-printable" in encodings:
        charset = next((one for one in found.said("CHARSET")), "utf-8")
        plain = in_charset(binascii.a2b_qp(value.encode()), charset)
        # A line end that was encoded is a part of the text; in the line itself there is none.
        found = found._replace(value=ENDS.sub(r"\\n", plain))
    elif "base64" in encodings or "b" in encodings:
        found = found.without("ENCODING")
        return found._replace(params=(*found.params, ("ENCODING", ("b",))), value="".join(value.split()))
    return found.without("ENCODING", "CHARSET")


@lru_cache(maxsize=1024)
def _usual(said: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The same few dozens stand in every card of a file."""
    return tuple(_parameters(said))


def _parameters(said: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one in _PARAMETER.findall(said):
        name, sign, values = one.partition("=")
        if not sign:  # 2.1 has TEL;WORK and NOTE;QUOTED-PRINTABLE
            name, values = _TRANSFER.get(one.strip().upper(), "TYPE"), one
        name = name.strip().upper()
        if _NAME.fullmatch(name) and values.strip():
            listed = [value.strip().strip('"') for value in _PARAMETER_VALUE.findall(values)]
            if name == "TYPE":  # RFC 6350 itself has TYPE="work,voice"
                listed = [word for value in listed for one in value.split(",") if (word := one.strip())]
            yield name, tuple(listed)


def unescape(value: str) -> str:
    """A text without its escapes; also `\\:` and `\\"`, which Google and Apple write."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def pieces(value: str, sign: str) -> list[str]:
    """The parts of a value between unescaped signs (; or ,), still escaped."""
    parts = value.split(sign)
    if "\\" not in value:
        return parts
    found: list[str] = []
    held: list[str] = []
    for part in parts:
        held.append(part)
        if (len(part) - len(part.rstrip("\\"))) % 2 == 0:
            found.append(sign.join(held))
            held = []
    return [*found, sign.join(held)] if held else found


def escape(text: str) -> str:
    """A text as a value, so that no reader takes any of it for the end of a line or of a part."""
    plain = harmless(text)
    return plain.translate(_TO_ESCAPE) if _ESCAPABLE.search(plain) else plain


def harmless(text: str) -> str:
    """A text whose line ends are all LF, without other control characters than tabs."""
    return text if text.isprintable() else _CONTROL.sub("", ENDS.sub("\n", text))


def is_harmless(text: str) -> bool:
    """Whether a text comes back from a card as it is, but for the kind of its line ends."""
    return text.isprintable() or not (_CONTROL.search(text) or ENDS.search(text.replace("\r\n", "").replace("\n", "")))


def written(one: Property) -> str:
    """A property as one unfolded line. Whatever its parts hold, it is one line and its value is its value."""
    value = one.value if one.value.isprintable() else harmless(one.value).replace("\n", "\\n")
    if not one.params:
        return f"{one.group}.{one.name}:{value}" if one.group else f"{one.name}:{value}"
    said = [f"{one.group}." if one.group else "", one.name]
    for name, values in one.params:
        texts = [harmless(value).replace("\n", " ").replace('"', "'") for value in values]
        listed = ",".join([f'"{text}"' if _TO_QUOTE.search(text) else text for text in texts])
        said.append(f";{name}={listed}")
    return f"{''.join(said)}:{value}"


def fold(line: str) -> bytes:
    """A line as lines of at most 75 octets that end in CRLF, none of them cut inside a character (RFC 6350, 3.2)."""
    data = line.encode()
    if len(data) <= _WIDTH:
        return data + b"\r\n"
    parts: list[bytes] = []
    at, room = 0, _WIDTH
    while len(data) - at > room:
        end = at + room
        while data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[at:end])
        at, room = end, _WIDTH - 1  # the space before it counts
    return b"\r\n ".join([*parts, data[at:]]) + b"\r\n"


def written_old(one: Property) -> bytes:
    """A property as the lines of a vCard 2.1: a word for each type; other text than ASCII, line ends and what is long
    in quoted-printable, where no line can be taken for another property; base64 ends with an empty line."""
    name = f"{one.group}.{one.name}" if one.group else one.name
    said = ""
    for param, values in one.without("ENCODING").params:
        for some in [(value,) for value in values] if param == "TYPE" else [values]:
            word = param == "TYPE" and _WORD.fullmatch(some[0])
            said += f";{some[0]}" if word else written(Property("", "", ((param, some),)))[:-1]
    if "b" in one.said("ENCODING"):
        return fold(f"{name};ENCODING=BASE64{said}:{one.value}") + b"\r\n"
    text = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[0], harmless(one.value))
    if text.isascii() and text.isprintable() and len(name) + len(said) + len(text) < _WIDTH and text == text.rstrip():
        return f"{name}{said}:{text}\r\n".encode()
    # Behind these, since many look for them before the first colon.
    line = f"{name}{'' if text.isascii() else ';CHARSET=UTF-8'};ENCODING=QUOTED-PRINTABLE{said}:"
    lines = []
    for byte in text.replace("\n", "\r\n").encode():
        sign = chr(byte) if chr(byte) in _PLAIN and line else f"={byte:02X}"
        if len(line) + len(sign) >= _WIDTH:
            lines.append(f"{line}=\r\n")
            line, sign = "", f"={byte:02X}"
        line += sign
    return "".join([*lines, f"{line}\r\n"]).encode()


def head_of(line: str) -> str:
    """The name of the property of a line."""
    return line.partition(":")[0].partition(";")[0].rpartition(".")[2]
