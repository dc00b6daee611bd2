"""vCards between bytes and properties, one card at a time, whatever its size."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, NamedTuple

from crmcli.errors import CrmError
from crmcli.exchange.vcard_lines import (
    BINARY,
    ENDS,
    Fault,
    Property,
    fold,
    head_of,
    in_charset,
    parse,
    unescape,
    written,
    written_old,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PROPERTY = 1024 * 1024
"""The longest property in characters; longer pictures are left out, cards with longer texts refused."""
MAX_CARD = 4 * 1024 * 1024
MAX_PROPERTIES = 1000
"""The most properties of a card; one with more is refused."""
_PIECE = 64 * 1024
_LONGEST_HEAD = 200
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*\s*")
_CHARSET = re.compile(r";CHARSET=\"?([\w.:-]+)", re.IGNORECASE)


class Card(NamedTuple):
    """One card as it was found: its first line in the file, its properties, and why it cannot be used, if so.

    `raw` are the lines beyond the most properties and those that are none; `dropped` counts pictures that were too long
    to be kept.
    """

    line: int
    properties: list[Property]
    problem: str | None = None
    raw: tuple[str, ...] = ()
    dropped: int = 0

    def first(self, name: str) -> str:
        """The text of the first property of that name, "" for none."""
        return next((unescape(one.value) for one in self.properties if one.name == name), "")


# --- reading --------------------------------------------------------------------------------------------------------


class _Line(NamedTuple):
    """A logical line: where it begins, its text without folds, and whether it was too long to be kept whole."""

    number: int
    text: str
    cut: bool


def read_cards(file: IO[str], codec: str = "") -> Iterator[Card]:
    """The cards of an open text file, those that cannot be used with their problem, in constant memory.

    The file is opened with universal newlines. `codec` is the encoding of its lines where it was opened as latin-1, so
    that a fold in the middle of a character does no harm; "" says that it gives proper text.
    """
    card: _Open | None = None
    stray = 0
    for line in _logical(file):
        word = line.text.strip().upper() if len(line.text) < 100 else ""
        if word == "BEGIN:VCARD":
            if card is not None and card.agent:
                card.depth += 1
                continue
            if card is not None:
                yield card.closed(f"it is not closed: no END:VCARD before line {line.number}")
            card, stray = _Open(line.number), 0
        elif card is None:
            if not stray:
                lost = _Open(line.number)
                lost.take(line._replace(text=line.text[:1000]), codec)
                yield lost.closed()._replace(problem=f"line {line.number} stands outside of any card")
            stray = line.number
        elif word == "END:VCARD":
            if card.depth:
                card.depth -= 1
                continue
            yield card.closed()
            card, stray = None, 0
        elif not card.depth:
            card.take(line, codec)
    if card is not None:
        yield card.closed("it is not closed: the file ends before its END:VCARD")


class _Open:
    """A card while its lines come."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.properties: list[Property] = []
        self.raw: list[str] = []
        self.size = self.depth = self.dropped = 0
        self.problem = ""
        #: whether the last line was the AGENT of a 2.1 card, which has a card of its own behind it
        self.agent = False

    def take(self, line: _Line, codec: str) -> None:
        """Add a line."""
        if line.cut:
            name = head_of(line.text[:80]).upper()
            if name in BINARY or name.startswith("X-"):
                self.dropped += 1
                return
        self.size += len(line.text)
        if line.cut or self.size > MAX_CARD:
            self.problem = self.problem or f"line {line.number} makes it longer than {MAX_PROPERTY:,} characters"
            return
        text = ""
        try:
            text = _decoded(line, codec)
            if len(self.properties) == MAX_PROPERTIES:
                self.problem = self.problem or f"line {line.number} makes it more than {MAX_PROPERTIES:,} properties"
                self.raw.append(text)
                return
            found = parse(text)
            if found is None:
                shown = text if len(text) <= 40 else f"{text[:39]}…"
                raise Fault(f"{shown!r} is no property of a vCard")
            if "\0" in text or "\0" in found.value:
                raise Fault("it holds a NUL character")
        except Fault as fault:
            self.problem = self.problem or f"line {line.number}: {fault}"
            if not text:
                text = line.text.encode("latin-1").decode(codec, "backslashreplace") if codec else line.text
            self.raw.append(text.replace("\0", ""))
        else:
            self.properties.append(found)
            self.agent = found.name == "AGENT" and not found.value.strip()

    def closed(self, problem: str = "") -> Card:
        found = self.problem or problem or None
        return Card(self.line, self.properties, found, tuple(self.raw) if found else (), self.dropped)


def _logical(file: IO[str]) -> Iterator[_Line]:
    """Physical lines put together: folds, soft line breaks of quoted-printable, base64 that goes on unfolded."""
    held: list[str] = []
    number = start = size = 0
    whole = True  # the last piece ended its line
    head = ""  # of the line at hand, as far as it says how its value is written
    soft = old = False
    heading = False  # the line at hand may not have come to its value: Android breaks a label softly too
    while piece := file.readline(_PIECE):
        begins, whole = whole, piece.endswith("\n")
        text = piece[:-1] if whole else piece
        number += begins
        if not begins:
            more = text
        elif soft and text[:4].upper() != "END:":
            held[-1] = held[-1][:-1]
            more = text
            if heading:
                head = (head[:-1] + text.partition(":")[0].upper())[:_LONGEST_HEAD]
        elif held and text[:1] in (" ", "\t"):
            more = text if old and "BASE64" not in head else text[1:]
        elif held and "BASE64" in head and _BASE64.fullmatch(text):
            more = text
        else:
            if held:
                yield _Line(start, "".join(held), size > MAX_PROPERTY)
            held, size, start = [], 0, number
            head = text[:_LONGEST_HEAD].partition(":")[0].upper()
            heading = True
            old = text[:12].upper() == "VERSION:2.1" if head in ("BEGIN", "VERSION") else old
            if not text.strip() or (
                text[0] == "\x1a" and not text.strip("\x1a")
            ):  # the sign with which DOS ended files
                continue
            more = text
        size += len(more)
        if size <= MAX_PROPERTY + _PIECE:
            held.append(more)
        soft = whole and text.endswith("=")
        if soft:
            heading = heading and ":" not in text
            soft = "QUOTED-PRINTABLE" in head or (heading and ";X-" in head)
    if held:
        yield _Line(start, "".join(held), size > MAX_PROPERTY)


def _decoded(line: _Line, codec: str) -> str:
    """The text of a line: in UTF-8 or what the file is said to be, else in the character set that the line names."""
    text = line.text
    if not codec or text.isascii():
        return text
    data = text.encode("latin-1")
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        named = _CHARSET.search(text.partition(":")[0])
        if named:
            return in_charset(data, named[1])
        raise Fault(
            f"byte 0x{data[error.start]:02X} is not {codec}; give the encoding, for example --encoding windows-1252"
        ) from None


# --- writing --------------------------------------------------------------------------------------------------------


def write_card(properties: Iterable[Property], version: str) -> bytes:
    """A card of `version` ("2.1", "3.0" or "4.0") as bytes.

    They are read again by a splitter that takes every character which some program takes for a line end; if the names
    of the properties are not exactly the intended ones, CrmError is raised and nothing is given out.
    """
    some = [Property("BEGIN", "VCARD"), Property("VERSION", version), *(in_version(one, version) for one in properties)]
    some.append(Property("END", "VCARD"))
    parts = [written_old(one) if version == "2.1" else fold(written(one)) for one in some]
    data = b"".join(parts)
    # Only 2.1 ends a line softly, and that is no end in base64.
    whole = b"".join(part.replace(b"=\r\n", b"") if b"=\r\n" in part[:-2] else part for part in parts)
    lines = [line for line in ENDS.split(whole.decode()) if line and line[0] != " "]
    names = [head_of(line) for line in lines]
    if names != [one.name for one in some]:
        raise CrmError("the vCard was not written as intended, so it is not given out", "this is a bug; please tell")
    return data


def canonical(one: Property) -> Property:
    """A property in the one form of all versions: its types in one TYPE, `pref` the last of them (also where 4.0 says
    PREF=1), base64 as itself, and without the INTERNET that every e-mail address is."""
    if one.name in BINARY and one.value[:5].lower() == "data:":
        one = _as_base64(one)
    if not one.params:
        return one
    types = [value for name, values in one.params if name == "TYPE" for value in values]
    small = [value.lower() for value in types]
    gone = {"pref", "internet"} if one.name == "EMAIL" else {"pref"}
    kept = [value for value, word in zip(types, small, strict=True) if word not in gone]
    if one.name in BINARY:
        kept = [value if value.lower() in _PLACES else value.upper() for value in kept]
    first = one.said("PREF") == ["1"]
    if first or "pref" in small:
        kept.append("pref")
    rest = one.without("TYPE", *(("PREF",) if first else ())).params
    return one._replace(params=((("TYPE", tuple(kept)), *rest) if kept else rest))


def in_version(one: Property, version: str) -> Property:
    """A canonical property as that version of vCard has it."""
    types = next((values for name, values in one.params if name == "TYPE"), ())
    if version != "4.0":
        if one.name == "EMAIL" and "x400" not in one.types:
            return one._replace(params=(("TYPE", ("INTERNET", *types)), *one.without("TYPE").params))
        return one
    if "pref" in types:
        left = tuple(word for word in types if word != "pref")
        rest = one.without("TYPE").params
        one = one._replace(params=(*((("TYPE", left),) if left else ()), ("PREF", ("1",)), *rest))
    return _as_data(one) if one.name in BINARY and "b" in one.said("ENCODING") else one


#: What a picture or key is, where its TYPE does not say more; and the types that say where something belongs.
_MEDIA = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio", "KEY": "application"}
_PLACES = frozenset(("work", "home", "pref"))
_DATA = re.compile(r"data:(?:[\w.+-]+/([\w.+-]+))?(?:;[\w=.+-]+)*;base64,(.*)", re.DOTALL | re.IGNORECASE)
_UNKNOWN = "octet-stream"


def _as_data(one: Property) -> Property:
    """Base64 of a canonical property as the data: URI of 4.0."""
    types = [value for name, values in one.params if name == "TYPE" for value in values]
    kinds = [value for value in types if value.lower() not in _PLACES and re.fullmatch(r"[\w.+-]+", value)]
    media = f"{_MEDIA[one.name]}/{kinds[0].lower() if kinds else _UNKNOWN}"
    left = tuple(value for value in types if value not in kinds[:1])
    rest = one.without("ENCODING", "TYPE", "VALUE").params
    params = (("TYPE", left), *rest) if left else rest
    return one._replace(value=f"data:{media};base64,{one.value}", params=params)


def _as_base64(one: Property) -> Property:
    """A data: URI with base64 as that alone."""
    match = _DATA.fullmatch(one.value)
    if match is None:
        return one
    types = [value for name, values in one.params if name == "TYPE" for value in values]
    kind = (match[1] or _UNKNOWN).lower()
    kinds = [kind.upper(), *types] if kind != _UNKNOWN else types
    rest = one.without("VALUE", "MEDIATYPE", "TYPE", "ENCODING").params
    params = (*((("TYPE", tuple(kinds)),) if kinds else ()), *rest, ("ENCODING", ("b",)))
    return one._replace(value=match[2], params=params)
