"""What a file is, judged by its bytes and never by its name: kind, text encoding, delimiter."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import stat
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import NotFoundError, ReadError, UsageError
from crmcli.exchange.csv_reader import without_blanks
from crmcli.exchange.shape import Doubt, Unclear, line_breaks

if TYPE_CHECKING:
    from collections.abc import Iterable

SAMPLE_BYTES = 256 * 1024
DELIMITERS = ",;\t|"
#: Few files are cut by these, so they are asked about and not taken.
_RARE_DELIMITERS = "^~؛،:"
_SAYS_DELIMITER = re.compile(r"(?:#[^\r\n]*+\r?\n)*+sep=([^\r\n])\r?\n")

_ENCODING_HINT = "Give the encoding, for example --encoding windows-1252 (or windows-1256, utf-16, iso-8859-7)."

#: What stands for characters: Python calls other ways to write bytes encodings too, punycode and its own escapes.
_CHARACTERS = re.compile(
    r"ascii|utf-(?:7|8(?:-sig)?|16(?:-[lb]e)?|32(?:-[lb]e)?)|cp\d+|iso8859-\d+|koi8-[rtu]|mac-\w+|big5\w*|gb\w+|hz|euc_\w+"
    r"|shift_jis\w*|iso2022_\w+|johab|kz1048|ptcp154|hp-roman8|tis-620|palmos"
)
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_FOREIGN = (
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
)

_INVALID = re.compile("[\udc80-\udcff]")
_WIDE = re.compile("[^\x00-\x7f]")

_EXPORT_HINT = "Export the table as CSV or XLSX and import that."


class Encoding(NamedTuple):
    """The codec to read with, the length of the byte order mark to skip, what was guessed, and what else it may be."""

    name: str
    bom: int
    notes: list[str]
    doubts: tuple[Doubt, ...] = ()


def file_size(path: str) -> int:
    """The size in bytes of a regular, readable file; anything else is refused with its own message."""
    try:
        info = os.stat(path)
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path!r}.", "Check the name and the folder.") from None
    except (OSError, ValueError) as error:
        raise ReadError(f"{path!r} cannot be opened: {_reason(error)}.") from None
    if stat.S_ISDIR(info.st_mode):
        raise ReadError(f"{path!r} is a directory.", "Name one CSV or spreadsheet file in it.")
    if not stat.S_ISREG(info.st_mode):
        raise ReadError(f"{path!r} is not a regular file.", "Save the data to a file first and import that.")
    if info.st_size == 0:
        raise ReadError(f"{path!r} is empty.")
    return info.st_size


def read_sample(path: str) -> bytes:
    """The first 256 KiB."""
    try:
        with open(path, "rb") as file:
            return file.read(SAMPLE_BYTES)
    except OSError as error:
        raise ReadError(f"{path!r} cannot be read: {_reason(error)}.") from None


def kind_of(path: str, sample: bytes) -> str:
    """ "text", "workbook", "vcf" or "json"; everything else raises ReadError and says what it is."""
    if sample.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        return "workbook"
    for magic, what in _FOREIGN:
        if sample.startswith(magic):
            raise ReadError(f"{path!r} is {what}, not a table.", _EXPORT_HINT)
    head = sample[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x1e").lower()
    if head.startswith(b"<"):
        _refuse_markup(path, head)
    if head.startswith((b"mime-version:", b"from: <saved by")) and b"multipart/related" in head:
        raise ReadError(
            f"{path!r} is a web archive (MHTML), not a table (some programs save it under a spreadsheet's name).",
            "Open it in Excel or LibreOffice and save it as XLSX or CSV.",
        )
    if head.startswith(b"begin:vcard"):
        return "vcf"
    if head.startswith(b"begin:vcalendar"):
        raise ReadError(f"{path!r} is a calendar, not a table.", _EXPORT_HINT)
    if re.match(rb'\{\s*["}]|\[\s*[{\]]', head):
        return "json"
    if re.match(rb"\[\s*\[", head):
        raise ReadError(f"{path!r} is JSON, but no list of objects.", "Write each record as an object: name and value.")
    return "text"


def _refuse_markup(path: str, head: bytes) -> None:
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        raise ReadError(
            f"{path!r} is an XML spreadsheet of 2003.", "Open it in Excel or LibreOffice and save it as XLSX."
        )
    if re.search(rb"<(!doctype html|html|table|head|meta|body|div)\b", head):
        raise ReadError(
            f"{path!r} is an HTML page, not a table (some programs save HTML under a spreadsheet's name).",
            "Open it in Excel or LibreOffice and save it as XLSX or CSV.",
        )
    if head.startswith(b"<?xml"):
        raise ReadError(f"{path!r} is an XML document, not a table.", _EXPORT_HINT)


def find_encoding(path: str, sample: bytes, wanted: str | None) -> Encoding:
    """The encoding of a text file: the one asked for, else byte order mark, UTF-8, UTF-16 by its NULs, a noted guess.

    UTF-8 is believed only after the whole file was checked (in constant memory). Where at least half of the non-ASCII
    sequences are valid UTF-8, a wrong byte means a damaged UTF-8 file: ReadError with line and offset, no other guess.
    """
    if told := told_encoding(sample, wanted):
        return told
    _refuse_binary(path, sample)
    return Encoding("utf-8", 0, []) if _is_utf8(path) else _broken_or_legacy(path)


def told_encoding(sample: bytes, wanted: str | None) -> Encoding | None:
    """The encoding that is asked for, or that a byte order mark or the NULs of UTF-16 tell; None where nothing does."""
    mark = next(((bom, name) for bom, name in _BOMS if sample.startswith(bom)), None)
    if wanted:
        name = _codec_name(wanted)
        if mark and mark[1].split("-")[:2] == name.split("-")[:2]:
            return Encoding(mark[1], len(mark[0]), [])
        return Encoding(name, 0, [])
    if mark:
        return Encoding(mark[1], len(mark[0]), [])
    wide = _utf16_without_mark(sample)
    return Encoding(wide, 0, [f"read as {wide} (no byte order mark; judged by its NUL bytes)"]) if wide else None


def _codec_name(wanted: str) -> str:
    try:
        name = codecs.lookup(wanted).name
    except (LookupError, ValueError):
        name = ""
    if not _CHARACTERS.fullmatch(name):
        raise UsageError(f"There is no encoding {wanted!r}.", _ENCODING_HINT)
    return name


def _utf16_without_mark(sample: bytes) -> str:
    zeros = sample.count(0)
    if zeros * 20 < len(sample) or len(sample) < 4:
        return ""
    odd = sample[1::2].count(0)
    if odd * 20 >= zeros * 19 and (b"\n\x00" in sample or b"\r\x00" in sample):
        return "utf-16-le"
    if odd * 20 <= zeros and (b"\x00\n" in sample or b"\x00\r" in sample):
        return "utf-16-be"
    return ""


def _refuse_binary(path: str, sample: bytes) -> None:
    controls = sum(sample.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13))
    if controls > 16 and controls * 20 > len(sample):
        raise ReadError(f"{path!r} is a binary file, not a table.", _EXPORT_HINT)


def _is_utf8(path: str) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with open(path, "rb") as file:
        try:
            while block := file.read(SAMPLE_BYTES):
                if not block.isascii() or decoder.getstate()[0]:
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _broken_or_legacy(path: str) -> Encoding:
    """For a file that is not UTF-8: ReadError if it nearly is, else the code page that its letters speak for."""
    # surrogateescape maps each invalid byte to one lone surrogate, so valid and invalid sequences can be counted.
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = offset = lines = 0
    fault = ""
    legacy: list[bytes] = []
    with open(path, "rb") as file:
        final = False
        while not final:
            block = file.read(SAMPLE_BYTES)
            final = not block
            held = len(decoder.getstate()[0])
            text = decoder.decode(block, final)
            broken = _INVALID.findall(text)
            if broken and not fault:
                before, _, _ = text.partition(broken[0])
                line = lines + line_breaks(before) + 1
                at = offset - held + len(before.encode())
                fault = f"line {line}, byte 0x{ord(broken[0]) - 0xDC00:02X} at offset {at}"
            if broken and len(legacy) < 16:
                legacy.append(block)
            good += len(_WIDE.findall(text)) - len(broken)
            bad += len(broken)
            offset += len(block)
            lines += line_breaks(text)
    if good >= bad:
        raise ReadError(
            f"{path!r} is UTF-8 with a wrong byte: {fault}.",
            "Mend the file, or say what it really is: " + _ENCODING_HINT,
        )
    return _legacy(path, b"".join(legacy))


def _legacy(path: str, data: bytes) -> Encoding:
    from crmcli.exchange import codepages

    found = codepages.guess(data)
    read = "; ".join(f"as {name} it has {sample}" for name, sample in (found.doubt.choices if found.doubt else ()))
    if not found.name:
        assert found.doubt is not None
        message = f"The encoding of {path!r} is neither UTF-8 nor clear from its letters: {read}."
        raise Unclear(message, _which(found.doubt), found.doubt)
    note = f"not UTF-8; read as {found.name} (a guess): {', '.join(found.words)}"
    if found.doubt:
        others = "; ".join(f"as {name} they are {sample}" for name, sample in found.doubt.choices[1:])
        note += f"; {others}"
    note += "; use --encoding if these look wrong"
    return Encoding(found.name, 0, [note], (found.doubt,) if found.doubt else ())


def _which(doubt: Doubt) -> str:
    """What to do where one of several code pages is the right one, or maybe another."""
    said = " or ".join(f"--encoding {name}" for name, _ in doubt.choices)
    return f"Say which of them reads well: {said}; or give another one." if said else _ENCODING_HINT


def find_delimiter(text: str, skip: int = 0) -> tuple[str, list[str]]:
    """The delimiter of a CSV text (its first 60 records behind `skip` lines): the one that cuts most records into most
    equal pieces.

    A first line `sep=;`, be it below comments, decides alone. Where one cuts every record from the first on, as many as
    its header, one that does not cut the first parts what is in a cell (tags). A file of one column gives a comma, with
    a note where a rarer sign would cut it.
    """
    told = _SAYS_DELIMITER.match(text)
    if told:
        return told[1], [f"the file says sep={told[1]}"]
    if skip:
        text = "".join(islice(io.StringIO(text, newline=""), skip, None))
    cuts = {delimiter: _cut(text, delimiter) for delimiter in DELIMITERS if delimiter in text}
    whole = any(cut.whole for cut in cuts.values())
    best, best_score = ",", 0.0
    for delimiter, cut in cuts.items():
        if cut.score > best_score and (cut.first or not whole):
            best, best_score = delimiter, cut.score
    if best_score:
        return best, []
    other = next((sign for sign in _RARE_DELIMITERS if sign in text and _cut(text, sign).whole), "")
    return best, [f"one column; is {other} what parts its cells? --delimiter '{other}' says so"] if other else []


def skips_blanks(text: str, delimiter: str) -> bool:
    """Whether a CSV text has blanks between its delimiters and the quotation marks that open a cell, or close one.

    What is written by the standard never looks so: there only quoted cells have quotation marks, and inside them twice.
    Nor does a text with a quotation in it (`a, "b" c`): read as a quoted cell it is broken.
    """
    sign = re.escape(delimiter)
    opens = re.search(rf'{sign} ++"[^"{sign}\r\n]', text)
    if delimiter == " " or not (opens or re.search(rf'" ++(?:[{sign}\r\n]|\Z)', text)):
        return False
    faults, without = _faults(text, delimiter, skips=False), _faults(text, delimiter, skips=True)
    return without < faults or (opens is not None and without == faults)


def _faults(text: str, delimiter: str, *, skips: bool) -> int:
    """How many records are broken where blanks beside quotation marks are skipped, or are not."""
    lines: Iterable[str] = io.StringIO(text, newline="")
    lines = without_blanks(lines, delimiter) if skips else lines
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=skips, strict=True)
    faults = 0
    while True:
        try:
            for _ in reader:
                pass
            return faults
        except csv.Error:
            faults += 1


class _Cut(NamedTuple):
    """How well a delimiter cuts records, whether it cuts the first, and whether all into as many cells as that."""

    score: float = 0.0
    first: bool = False
    whole: bool = False


def _cut(text: str, delimiter: str) -> _Cut:
    widths: list[int] = []
    try:
        skips = skips_blanks(text, delimiter)
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=skips):
            if record:
                widths.append(len(record))
            if len(widths) >= 60:
                break
    except csv.Error:
        pass
    if not widths:
        return _Cut()
    counts = Counter(widths)
    width = max(counts, key=lambda number: (counts[number], number))
    if width < 2:
        # No majority is cut, but short rows under a wide header (Outlook) still are a table.
        width = widths[0]
    if width < 2:
        return _Cut()
    share = sum(1 for number in widths if 1 < number <= width) / len(widths)
    # The header cuts like its rows; a comma inside names or amounts does not cut the header.
    header = 1.0 if max(widths[:6]) >= width and widths[0] > 1 else 0.5
    score = float(share * header * (width - 1) ** 0.5)
    return _Cut(score, widths[0] > 1, widths[0] == width and min(widths) == max(widths))


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
