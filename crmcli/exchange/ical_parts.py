"""The bytes of a calendar file as its parts, whatever is wrong with them: encodings, line ends, folds, missing ENDs."""

from __future__ import annotations

import binascii
import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import ReadError
from crmcli.exchange.ical_lines import clean_line, parse
from crmcli.exchange.ical_more import BLOCKS, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.exchange.ical_more import Block
    from crmcli.exchange.vcard_lines import Property

#: The largest file, in bytes.
LARGEST = 64 * 1024 * 1024
#: The most content lines of one item, its alarms among them, and the most characters of one that a field says.
MOST_LINES, LONGEST_LINE = 10_000, 1_000_000
#: The most items of one file.
MOST_ITEMS = 200_000
#: The most characters of a line that no field says (an attached picture); a longer one is left out.
LONGEST_KEPT = 32 * 1024
TAKEN = ("VEVENT", "VTODO")
ITEMS = (*TAKEN, "VJOURNAL", "VFREEBUSY", "VTIMEZONE")

_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63})[;:]")
_HEADS = frozenset(
    (*OURS, *BLOCKS, "BEGIN", "END", "VERSION", "PRODID", "METHOD", "CALSCALE", "ACTION", "TRIGGER", "TZID", "CLASS",
     "TRANSP", "COMMENT", "GEO", "ATTACH")
)  # fmt: skip
_BEGUN = re.compile(r"^[ \t\ufeff]*BEGIN:[ \t]*(?:VCALENDAR|VEVENT|VTODO)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_LINE = re.compile("[^\n]+")
_VALID_WIDE = re.compile("[^\x00-\x7f\udc80-\udcff]")
_INVALID = re.compile("[\udc80-\udcff]")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
         (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip


class Frame:
    """One VCALENDAR of a file, which may have several: its own properties, the first of each name, and the lines of
    the time zones that it defines. `cut` is the number behind its last component where it ends without an END, and not
    inside one that is taken; else 0."""

    __slots__ = ("cut", "head", "is_open", "zones")

    def __init__(self) -> None:
        self.head: dict[str, str] = {}
        self.zones: list[list[str]] = []
        self.is_open = False
        self.cut = 0


class Part:
    """A component of a file: `name` in capitals, `number` from 1, the calendar that it stands in, its properties, its
    blocks (alarms), what is wrong with it as a whole. Of a VTIMEZONE `raw` are the lines instead."""

    __slots__ = ("_count", "blocks", "frame", "left_out", "lines", "name", "number", "problem", "raw")

    def __init__(self, name: str, number: int, frame: Frame) -> None:
        self.name, self.number, self.frame = name, number, frame
        self.lines: list[Property] = []
        self.blocks: list[Block] = []
        self.raw: list[str] = []
        self.problem = ""
        #: Lines that were longer than anything we keep.
        self.left_out: list[str] = []
        self._count = 0

    def take(self, line: str, block: Block | None) -> None:
        """One more unfolded line, of its block where one is open."""
        if not self._has_room():
            return
        if self.name == "VTIMEZONE":
            self.raw.append(line)
        elif (found := _property(clean_line(line))) is not None and found.name not in ("BEGIN", "END"):
            if found.name in OURS and block is None:
                if len(line) > LONGEST_LINE:
                    self.problem = f"its {found.name} is longer than {LONGEST_LINE:,} characters"
                    return
            elif len(line) > LONGEST_KEPT:
                self.left_out.append(found.name)
                return
            (self.lines if block is None else block[1]).append(found)

    def close(self, block: Block) -> None:
        """The end of a block."""
        if self._has_room():
            self.blocks.append(block)

    def _has_room(self) -> bool:
        self._count += 1
        if self._count > MOST_LINES:
            self.problem = f"it has more than {MOST_LINES:,} lines"
        return self._count <= MOST_LINES


class Parts(NamedTuple):
    """What a file consists of: its calendars, and the components of all of them in order."""

    frames: list[Frame]
    parts: list[Part]


def read_parts(data: bytes, *, called: str, encoding: str = "") -> tuple[Parts, list[str]]:
    """The parts of a calendar file and what is to be told of its text. Raises ReadError for what is no calendar."""
    text, notes = _decoded(data, called, encoding)
    if _BEGUN.search(text) is None:
        raise ReadError(f"{called} is no calendar: there is no BEGIN:VCALENDAR in it.", _HINT)
    return _parted(text, called), notes


_HINT = "Export the calendar as an iCalendar file (.ics) and take that."


def _decoded(data: bytes, called: str, encoding: str) -> tuple[str, list[str]]:
    if len(data) > LARGEST:
        raise ReadError(f"{called} is larger than {LARGEST >> 20} MiB.", "Export a part of the calendar.")
    if not data.strip():
        raise ReadError(f"{called} is empty.", _HINT)
    bom, codec = next((one for one in _BOMS if data.startswith(one[0])), (b"", encoding))
    data = data[len(bom) :]
    notes: list[str] = []
    codec = codec or _wide_without_mark(data[:4096])
    if codec:
        try:
            wide = codec.lower().startswith(("utf-16", "utf-32", "utf16", "utf32"))
            data = data.decode(codec, "replace" if bom else "strict").encode("utf-8", "replace") if wide else data
        except (LookupError, UnicodeError):
            raise ReadError(f"{called} is not {codec}.", "Give its right encoding, or save it as UTF-8.") from None
        codec = "utf-8" if wide else codec
    _refuse(data[:4096].lstrip().lower(), called)
    if b"\r" in data:
        data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # A fold may cut a character, so lines are put together before they are decoded.
    data = data.replace(b"\n ", b"").replace(b"\n\t", b"")
    try:
        return data.decode(codec or "utf-8"), notes
    except LookupError:
        raise ReadError(f"There is no encoding {codec!r}.", "Write it as utf-8, cp1252 or latin-1.") from None
    except UnicodeError:
        if encoding and not bom:
            raise ReadError(f"{called} is not {codec}.", "Give its right encoding, or save it as UTF-8.") from None
    return _legacy(data, notes)


def _wide_without_mark(head: bytes) -> str:
    start = head.lstrip(b"\r\n \t\0")[:1]
    if head.count(0) * 3 < len(head) or not start:
        return ""
    return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"


def _legacy(data: bytes, notes: list[str]) -> tuple[str, list[str]]:
    """Text that is not UTF-8: nearly so with some wrong bytes, else in the code page that its letters speak for."""
    from crmcli.exchange import codepages

    text = data.decode("utf-8", "surrogateescape")
    if len(_VALID_WIDE.findall(text)) >= len(_INVALID.findall(text)):
        notes.append("not all of it is UTF-8: a sign in the place of each wrong byte")
        return _INVALID.sub("\ufffd", text), notes
    name = codepages.guess(data[: 1 << 20]).name or "cp1252"
    notes.append(f"not UTF-8; read as {name} (a guess)")
    return data.decode(name, "replace"), notes


def _refuse(head: bytes, called: str) -> None:
    """Raise ReadError for what is something else, by its first lower-case bytes."""
    if head.startswith(b"begin:vcard"):
        raise ReadError(f"{called} is an address book (vCard), not a calendar.", "Take it in with: crm import FILE")
    if head.startswith(b"<"):
        what = "an HTML page" if b"<html" in head or b"<!doctype html" in head else "XML"
        raise ReadError(f"{called} is {what}, not a calendar.", "Download the calendar itself, a .ics file.")
    if head.startswith((b"{", b"[")):
        raise ReadError(f"{called} is JSON, not a calendar.", _HINT)
    if head.startswith((b"pk\x03\x04", b"%pdf", b"\x1f\x8b")):
        raise ReadError(f"{called} is an archive or a document, not a calendar.", "Unpack it, and take the .ics in it.")


def _logical(text: str) -> Iterator[str]:
    """Unfolded lines that begin with the name of a property. What has none belongs to the line before it, which was
    broken without a fold; a soft break of quoted-printable (vCalendar 1.0) is taken out."""
    held: list[str] = []
    soft = False
    for found in _LINE.finditer(text):
        line = found[0]
        match = None if soft else _NAME.match(line) or _NAME.match(line.lstrip("\ufeff \t"))
        name = match[1] if match else ""
        if match and (name.isupper() or name[:2] in ("X-", "x-") or name.upper() in _HEADS):
            if held:
                yield "".join(held)
            held, line = [], line.lstrip("\ufeff \t")
        elif not held or not line.strip() or held[0][:6].upper().startswith(("BEGIN:", "END:")):
            continue
        elif not soft:
            held.append("\\n")
        soft = line.endswith("=") and "QUOTED-PRINTABLE" in (held[0] if held else line)[:200].upper()
        held.append(line[:-1] if soft else line)
    if held:
        yield "".join(held)


def _parted(text: str, called: str) -> Parts:
    frames = [Frame()]
    parts: list[Part] = []
    part: Part | None = None
    block: Block | None = None
    depth = 0  # of components inside the part that are passed over
    for line in _logical(text):
        mark = line[:6].upper()
        name = line.partition(":")[2].strip().upper() if mark.startswith(("BEGIN:", "END:")) else ""
        if name and mark == "BEGIN:":
            if name == "VCALENDAR":
                _end_early(frames[-1], part, len(parts), "another calendar begins inside it")
                part, block = None, None
                frames.append(Frame())
                frames[-1].is_open = True
                if len(frames) > MOST_ITEMS:
                    raise ReadError(f"{called} has more than {MOST_ITEMS:,} calendars.", "Export a part of them.")
            elif part is None or (name in ITEMS and part.name in ITEMS):
                part, block, depth = Part(name, len(parts) + 1, frames[-1]), None, 0
                if name in ITEMS:
                    parts.append(part)
                if name == "VTIMEZONE":
                    frames[-1].zones.append(part.raw)
                if len(parts) > MOST_ITEMS:
                    raise ReadError(f"{called} has more than {MOST_ITEMS:,} items.", "Export a part of the calendar.")
            elif part.name == "VTIMEZONE":
                part.take(line, None)
            elif name in BLOCKS and block is None and not depth:
                block = (name, [])
            else:
                depth += 1
        elif name == "VCALENDAR" or (name and part is not None):
            if name == "VCALENDAR":
                frames[-1].is_open = False
            if part is None or name in (part.name, "VCALENDAR"):
                part, block = None, None
            elif block is not None and name == block[0]:
                part.close(block)
                block, depth = None, 0
            else:
                depth = max(0, depth - 1)
        elif part is None:
            key, _, value = line.partition(":")
            frames[-1].head.setdefault(key.partition(";")[0].upper(), value)
        elif not depth:
            part.take(line, block)
    _end_early(frames[-1], part, len(parts), "the file ends inside it")
    return Parts(frames, parts)


def _end_early(frame: Frame, part: Part | None, count: int, reason: str) -> None:
    """What comes after the last of `count` components is another calendar, or nothing, whatever is still open."""
    if part is not None:
        part.problem = part.problem or reason
    if frame.is_open and (part is None or part.name not in TAKEN):
        frame.cut = count + 1


def _property(line: str) -> Property | None:
    found = parse(line)
    if found is not None and found.params and "quoted-printable" in found.said("ENCODING"):
        charset = next(iter(found.said("CHARSET")), "utf-8")
        try:
            plain = binascii.a2b_qp(found.value.encode("utf-8", "replace")).decode(charset, "replace")
        except (LookupError, ValueError):
            plain = found.value
        found = found.without("ENCODING", "CHARSET")._replace(value=clean_line(plain))
    return found
