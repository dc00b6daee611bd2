"""Text as people write it: folded to be compared, checked to be stored, made harmless and measured to be shown."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

# Letters that no Unicode normalisation takes apart, but that people type for one another.
_SAME = {
    "ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ٱ": "ا", "أ": "ا", "إ": "ا", "آ": "ا", "ـ": "",
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "′": "'",
}  # fmt: skip
_DIGITS = {ord(digit): str(value) for row in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(row)}
_NUMERALS = {**_DIGITS, ord("٫"): ".", ord("٬"): ","}
_NUMERALS_WITH_COMMA = {**_DIGITS, ord("٫"): ",", ord("٬"): "."}
#: Marks, embeddings, overrides and isolates that steer the direction of writing, and the mark that begins files.
_DIRECTIONS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))

# Letters and signs that are drawn as nothing: the Hangul fillers and the Braille pattern without dots.
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
_FILLERS_AWAY = {ord(char): "" for char in _FILLERS}
# What Python calls a letter or digit and no comparison sees: the fillers, the stroke that stretches Arabic letters, and
# vowel and voicing marks that stand alone.
_UNSEEN = frozenset(
    _FILLERS
    + "\u0640\uff9e\uff9f"
    + "".join(map(chr, (*range(0xFC5E, 0xFC64), *range(0xFCF2, 0xFCF5), *range(0xFE70, 0xFE80))))
)


class _Folding(dict[int, str]):
    """Code point -> its folded form, worked out when a character is first met."""

    def __missing__(self, point: int) -> str:
        import unicodedata

        char = chr(point)
        folded = "" if unicodedata.category(char) in ("Mn", "Cf") else char
        self[point] = folded
        return folded


_FOLDING = _Folding({ord(letter): plain for letter, plain in _SAME.items()} | _DIGITS)


def fold(text: str) -> str:
    """Return the form in which two texts are compared: without case, accents, invisible marks and doubled spaces.

    NFKC and case folding by Unicode, then combining and format characters (ZWNJ, bidi marks) dropped, Arabic letter
    forms as Persian ones, Persian and Arabic digits as ASCII, typographic apostrophes as "'". Folding twice changes
    nothing.
    """
    if text.isascii():
        return " ".join(text.lower().replace("`", "'").split())
    from unicodedata import normalize

    # A lone acute accent stands for an apostrophe; NFKD would make a space of it.
    apart = normalize("NFKD", normalize("NFKD", text.replace("´", "'")).casefold())
    return " ".join(normalize("NFC", apart.translate(_FOLDING)).split())


def squashed(text: str) -> str:
    """Folded text without spaces, hyphens and underscores: `e-mail`, `E mail` and `email` are one word."""
    return re.sub(r"[\s_-]+", "", fold(text))


def blank(text: str) -> bool:
    """Whether a text shows nothing that could be compared: white space, ZWNJ, bidi marks, lone accents, the stroke that
    stretches Arabic letters and fillers alone."""
    if not text or text.isspace():
        return True
    if text.isascii() or (text[0].isalnum() and text[0] not in _UNSEEN):
        return False
    return not fold(text.translate(_FILLERS_AWAY))


def digits(text: str, decimal: str | None = None) -> str:
    """Return `text` with Persian and Arabic digits as ASCII ones, and their separators ٫ ٬ as . and , (as , and . where
    `decimal` is a comma, for they mean one thing in every column)."""
    return text if text.isascii() else text.translate(_NUMERALS_WITH_COMMA if decimal == "," else _NUMERALS)


def unmarked(text: str) -> str:
    """Return `text` without marks of the direction of writing, which telephones and spreadsheets copy along with
    numbers and addresses. They have no place in those; in names and texts they stay."""
    return text if text.isascii() else text.translate(_DIRECTIONS)


def check_text(text: str, field: str = "") -> str:
    """Return `text` with every line end as LF.

    Raises FieldError for NUL and for lone surrogates, which one or the other database refuses.
    """
    if "\0" in text:
        raise FieldError("The text holds a NUL character, which cannot be stored.", field, "Remove it and try again.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise FieldError(
                f"The text is not valid Unicode at character {error.start + 1}.", field, "Is its encoding UTF-8?"
            ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@cache  # compiled when first needed: together half a millisecond that most runs never spend
def _unsafe() -> re.Pattern[str]:
    """Controls (C0, DEL, C1), marks and controls of writing direction, line separators, lone surrogates."""
    return re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _shown(match: re.Match[str]) -> str:
    char = match[0]
    point = ord(char)
    if char in "\n\u2028\u2029":
        return "⏎"
    if char == "\t":
        return " "
    if char in "\u061c\u200e\u200f":
        return ""
    if point < 0x80:
        return "^" + chr(point ^ 0x40)
    return f"<{point:02X}>" if point < 0xA0 else f"<U+{point:04X}>"


def visible(text: str, multiline: bool = False) -> str:
    """Return `text` made harmless for a terminal, a log or a title, whoever wrote it.

    Control characters in caret notation (ESC is ^[), C1 as <9B>, overrides of direction and lone surrogates as
    <U+202E>, a tab as a space, a line end as ⏎ (kept when `multiline`). Marks that only hint at direction are dropped;
    ZWNJ and ZWJ stay, Persian and emoji need them.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if multiline and "\n" in text:
        return "\n".join([_unsafe().sub(_shown, line) for line in text.split("\n")])
    return _unsafe().sub(_shown, text)


@cache
def _plain() -> re.Pattern[str]:
    """Latin, Greek, Cyrillic, Hebrew, Arabic and Persian letters: one column each, and nothing joins them into one."""
    latin_to_cyrillic = "\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0373\u0376-\u0377\u037a-\u037f\u0384-\u0482\u048a-\u0556"
    semitic = "\u05d0-\u05ea\u0606-\u060f\u061b\u061d-\u064a\u0660-\u066f\u0671-\u06d5\u06e5-\u06e6\u06ee-\u06ff"
    return re.compile(f"[{latin_to_cyrillic}{semitic}\u2010-\u2027\u200c]*")


_PREPENDED = frozenset("\u00ad\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# signs of the I Ching, numerals and lines that became wide in Unicode 16, later than this Python's tables
_NEWLY_WIDE = ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D356), (0x1D360, 0x1D376))
_WIDENED = frozenset("#*0123456789©®‼⁉™ℹ〰〽")
#: Most texts are so short, and measured fastest as a whole.
_SHORT = 200
_ZWJ, _TEXT_STYLE, _EMOJI_STYLE = "\u200d", "\ufe0e", "\ufe0f"


def _pictographic(char: str) -> bool:
    return char >= "\U0001f000" or "\u2190" <= char <= "\u2bff" or char in "©®‼⁉™ℹ〰〽㊗㊙"


class _Columns(dict[str, int]):
    """Character -> columns it takes alone, worked out when it is first met."""

    def __missing__(self, char: str) -> int:
        self[char] = columns = _columns(char)
        return columns


def _columns(char: str) -> int:
    from unicodedata import category, east_asian_width

    point = ord(char)
    kind = category(char)
    if kind in ("Mn", "Me", "Mc", "Cf", "Cc", "Zl", "Zp", "Cs"):
        return 1 if char in _PREPENDED else 0
    if 0x1160 <= point <= 0x11FF or 0xD7B0 <= point <= 0xD7FF or point in (0x3164, 0xFFA0):
        return 0  # medial and final Hangul jamo join the initial one; the fillers are empty
    if 0x1F1E6 <= point <= 0x1F1FF or any(first <= point <= last for first, last in _NEWLY_WIDE):
        return 2
    if east_asian_width(char) in "WF" and point & 0xFFFE != 0xFFFE:
        return 2
    # Emoji are added to this block every year, and terminals learn them before this Python does.
    return 2 if kind == "Cn" and 0x1F6D0 <= point <= 0x1FAFF else 1


_COLUMNS = _Columns()


def _binds(char: str) -> bool:
    """Whether it is a virama, which binds the next consonant of an Indic script to the one before."""
    from unicodedata import combining

    return "\u0900" <= char < "\u0e00" and combining(char) == 9


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """Yield what a reader takes for one character, with its columns: a simple form of UAX 29."""
    from unicodedata import category

    at, end = 0, len(text)
    while at < end:
        start, base = at, text[at]
        columns = _COLUMNS[base]
        at += 1
        if "\U0001f1e6" <= base <= "\U0001f1ff" and at < end and "\U0001f1e6" <= text[at] <= "\U0001f1ff":
            at += 1
        while at < end:
            char = text[at]
            if char == _EMOJI_STYLE:
                if base in _WIDENED or (_pictographic(base) and category(base) in ("So", "Sm")):
                    columns = 2
            elif char == _TEXT_STYLE:
                columns = min(columns, 1) if _pictographic(base) else columns
            elif char == _ZWJ and at + 1 < end and _pictographic(base) and _pictographic(text[at + 1]):
                at += 1
            elif "\U0001f3fb" <= char <= "\U0001f3ff" and _pictographic(base):
                pass
            elif _COLUMNS[char] == 0 and category(char) not in ("Cc", "Zl", "Zp"):
                if category(char) == "Mc" and columns:
                    columns = 2
                elif columns and at + 1 < end and _binds(char) and category(text[at + 1]) == "Lo":
                    at += 1
                    columns = 2
            else:
                break
            at += 1
        yield text[start:at], columns


def width(text: str) -> int:
    """Return the terminal columns of `text`: East Asian wide ones and emoji 2, marks and controls 0."""
    if text.isascii() and text.isprintable():
        return len(text)
    if _plain().fullmatch(text):
        return len(text) - text.count("\u200c")
    return sum([columns for _, columns in _clusters(text)])


def clip(text: str, columns: int) -> str:
    """Return `text` cut to at most `columns` terminal columns, the last one an ellipsis; never inside a character. Of a
    long text no more is looked at than is shown."""
    if text.isascii() and text.isprintable():
        return text if len(text) <= columns else text[: columns - 1] + "…" if columns > 0 else ""
    if len(text) <= _SHORT and width(text) <= columns:
        return text
    taken = at = cut = 0
    for cluster, wide in _clusters(text):
        taken += wide
        if taken > columns:
            return text[:cut] + "…" if columns > 0 else ""
        at += len(cluster)
        if taken < columns:
            cut = at
    return text


def pad(text: str, columns: int, align: Literal["left", "right", "center"] = "left") -> str:
    """Return `text` filled with spaces to `columns` terminal columns; a text that is longer stays as it is."""
    missing = columns - width(text)
    if missing <= 0:
        return text
    if align == "left":
        return text + " " * missing
    before = missing if align == "right" else missing // 2
    return " " * before + text + " " * (missing - before)
