"""What a workbook is, and whether it may be opened: kinds by content, bombs, parts that no spreadsheet program writes.

Loaded by the process that opens workbooks; it imports nothing of the package.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zipfile import ZipFile

MIB = 1 << 20
MAX_UNPACKED = 400 * MIB
MAX_RATIO = 200
BIG_ENTRY = 8 * MIB
#: Parts that are read whole: names of sheets, links between parts, formats.
MAX_SMALL_PART = 32 * MIB
#: A table of texts beyond this is held against the cells that may point at it.
BIG_STRINGS = 4 * MIB
#: No cell that points at a text takes fewer bytes.
LEAST_CELL = 16
#: The memory that a small workbook may need, and what each byte of it may add.
LEAST_MEMORY, MOST_MEMORY, MEMORY_A_BYTE = 224 * MIB, 1536 * MIB, 6
CPU_SECONDS, MIB_A_SECOND = 15, 2
#: The root element of an XML part begins within so many bytes.
_HEAD = 64 * 1024
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*+<[^!?\s]", re.DOTALL)

#: Where the parts stand that are ever parsed; others (queries, in UTF-16) are nobody's matter.
_OPENED = ("xl/", "docprops/", "_rels/", "[content_types].xml")

RECAST = "Open it in Excel or LibreOffice and save it again as XLSX."
_LOCKED = "The workbook is protected by a password."
_UNLOCK = "Save it without a password and try again."
#: Names in an OLE file that tell what it is.
_STREAMS = ("EncryptedPackage", "Workbook", "Book", "WORKBOOK", "BOOK", "WordDocument", "PowerPoint Document")
#: (a part that only such files have, what they are, what to do)
_OTHERS = (
    ("word/document.xml", "a Word document", "Save its table as XLSX or CSV."),
    ("ppt/presentation.xml", "a PowerPoint presentation", "Save its table as XLSX or CSV."),
    ("Index/Document.iwa", "a Numbers, Pages or Keynote document", "In Numbers choose Export To, then Excel or CSV."),
    ("Index.zip", "a Numbers, Pages or Keynote document", "In Numbers choose Export To, then Excel or CSV."),
    ("AndroidManifest.xml", "an Android app", ""),
    ("META-INF/MANIFEST.MF", "a Java archive", ""),
    ("META-INF/container.xml", "an e-book", ""),
)


class Refusal(Exception):
    """Why the workbook is not read: the message, what to do, and whether the question was wrong (not the file)."""

    def __init__(self, message: str, hint: str = "", usage: bool = False) -> None:
        super().__init__(message)
        self.frame = {"error": message, "hint": hint, "usage": usage}


class Kind(NamedTuple):
    """xlsx, ods or xls, and how many bytes it has unpacked."""

    name: str
    size: int


def kind_of(path: str) -> Kind:
    """What a workbook is by its content. Raises Refusal for bombs, locked ones and whatever is no workbook."""
    with open(path, "rb") as file:
        if file.read(8).startswith(b"\xd0\xcf\x11\xe0"):
            return _ole_kind(file)
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            return _zip_kind(archive)
    except (BadZipFile, EOFError) as error:
        with open(path, "rb") as file:
            file.seek(-min(66_000, file.seek(0, 2)), 2)
            cut = b"PK\x05\x06" not in file.read()
        what = "it is incomplete (a download that broke off?)" if cut else str(error)
        text = f"The workbook is damaged: {what.removesuffix('.')}."
        raise Refusal(text, "Fetch it again; or " + RECAST[0].lower() + RECAST[1:]) from None


def limit(size: int) -> None:
    """Allow this process the memory and the time that a workbook of so many unpacked bytes can need; it may be said
    again when more is known."""
    try:
        import resource
    except ImportError:
        return  # Windows; the guard and the separate process remain
    memory = min(MOST_MEMORY, LEAST_MEMORY + MEMORY_A_BYTE * size)
    seconds = CPU_SECONDS + size // MIB // MIB_A_SECOND
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        with suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def refuse_doctype(head: bytes) -> None:
    """Raises Refusal where the beginning of an XML part (64 KiB of it, or all) declares a document type, whose entities
    are for bombs and spies, or may hide one: behind comments without end, or in characters wider than bytes."""
    head = head[:_HEAD]
    if b"\0" in head:
        raise Refusal("A part of the workbook is in UTF-16 or UTF-32, which no spreadsheet program writes.", RECAST)
    if _ROOT.match(head):
        return
    if len(head) == _HEAD or b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise Refusal(
            "The workbook holds a document type declaration, or room for one, which no spreadsheet program writes.",
            RECAST,
        )


def small_part(archive: ZipFile, name: str) -> bytes:
    """A part that is read whole. Raises Refusal where it is far too big for what it is, or declares a type."""
    if archive.getinfo(name).file_size > MAX_SMALL_PART:
        raise Refusal(f"The workbook's part {name!r} is far larger than any spreadsheet program makes it.", RECAST)
    data = archive.read(name)
    refuse_doctype(data)
    return data


def check_xlsx(archive: ZipFile) -> None:
    """Raises Refusal for parts that would hurt whoever opens them: document types, texts that no cell can show."""
    cells = 0
    strings = ""
    for entry in archive.infolist():
        name = entry.filename.lower()
        if name == "xl/sharedstrings.xml":
            strings = entry.filename
        if name.startswith(_OPENED) and name.endswith((".xml", ".rels")):
            with archive.open(entry) as file:
                refuse_doctype(file.read(_HEAD))
        if "sheet" in name and not name.startswith("xl/shared"):
            cells += entry.file_size
    if strings and archive.getinfo(strings).file_size > BIG_STRINGS:
        with archive.open(strings) as file:
            if _count(file, b"</si>", b":si>") > cells // LEAST_CELL:
                raise Refusal("The workbook holds far more shared strings than its sheets have cells.", RECAST)


def _count(file: IO[bytes], *words: bytes) -> int:
    """How often words of five bytes stand in a part. Raises Refusal where none stands in a whole block."""
    found, tail = 0, b""
    while block := file.read(MIB):
        data = tail + block
        here = sum(data.count(word) for word in words)
        if not here and len(block) == MIB:
            raise Refusal("A cell of the workbook holds more than a megabyte of text.", "Shorten it.")
        found += here
        tail = data[-4:]
    return found


def _zip_kind(archive: ZipFile) -> Kind:
    size = _unpacked(archive)
    names = set(archive.namelist())
    if any(name.lower() == "xl/workbook.xml" for name in names):
        check_xlsx(archive)
        return Kind("xlsx", size)
    if "xl/workbook.bin" in names:
        raise Refusal("The file is a binary XLSB workbook.", RECAST)
    mime = b""
    if "mimetype" in names:
        with archive.open("mimetype") as file:  # a part is never read whole before its size was looked at
            mime = file.read(100)
    if b"opendocument.spreadsheet" in mime:
        if "META-INF/manifest.xml" in names and b"encryption-data" in small_part(archive, "META-INF/manifest.xml"):
            raise Refusal(_LOCKED, _UNLOCK)
        if "content.xml" not in names:
            raise Refusal("The workbook is damaged: it lacks its content.xml.", RECAST)
        with archive.open("content.xml") as file:
            refuse_doctype(file.read(_HEAD))
        return Kind("ods", size)
    raise _other(names, mime)


def _other(names: set[str], mime: bytes) -> Refusal:
    for part, what, advice in _OTHERS:
        if part in names:
            return Refusal(f"The file is {what}, not a workbook.", advice or "Export the table as CSV or XLSX.")
    if mime.startswith(b"application/vnd.oasis.opendocument."):
        what = mime.rpartition(b".")[2].decode("ascii", "replace").strip()
        return Refusal(f"The file is an OpenDocument {what} document, not a workbook.", "Save its table as ODS or CSV.")
    inside = ", ".join(sorted(name for name in names if not name.endswith("/"))[:3])
    holds = f" (it holds {inside}{' ...' if len(names) > 3 else ''})" if inside else ""
    return Refusal(f"The file is a ZIP archive, not a workbook{holds}.", "Unpack it and import the table in it.")


def _unpacked(archive: ZipFile) -> int:
    """The bytes that an archive declares to unpack to. Raises Refusal for far more than a table needs."""
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNPACKED:
        raise Refusal(
            f"The workbook unpacks to {total // MIB:,} MiB; the limit is {MAX_UNPACKED // MIB} MiB.",
            "Save the sheet as CSV, or split it.",
        )
    for entry in entries:
        if entry.file_size > BIG_ENTRY and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise Refusal(
                f"The workbook looks like a zip bomb: {entry.filename[:80]!r} unpacks to "
                f"{entry.file_size // max(entry.compress_size, 1):,} times its size.",
                "Save the sheet as CSV if you trust it.",
            )
    if len({entry.header_offset for entry in entries}) < len(entries):
        raise Refusal(
            "The workbook looks like a zip bomb: its parts overlap.", "Save the sheet as CSV if you trust it."
        )
    return total


def _ole_kind(file: IO[bytes]) -> Kind:
    # Directory entries of an OLE file are UTF-16 names.
    file.seek(0)
    found: set[str] = set()
    tail = b""
    while block := file.read(MIB):
        data = tail + block
        found.update(name for name in _STREAMS if name.encode("utf-16-le") + b"\0\0" in data)
        tail = data[-64:]
    size = file.tell()
    if "EncryptedPackage" in found:
        raise Refusal(_LOCKED, _UNLOCK)
    if found & {"Workbook", "Book", "WORKBOOK", "BOOK"}:
        return Kind("xls", size)
    for name, what in (("WordDocument", "an old Word document"), ("PowerPoint Document", "an old presentation")):
        if name in found:
            raise Refusal(f"The file is {what}, not an Excel workbook.", "Save its table as XLSX or CSV.")
    raise Refusal("The file is an old Office document, but not an Excel workbook.", RECAST)
