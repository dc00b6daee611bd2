"""The content lines of iCalendar (RFC 5545, 3.1): texts made harmless, lines parted, finished bytes read again."""

from __future__ import annotations

import re
from functools import lru_cache

from crmcli.errors import CrmError
from crmcli.exchange.vcard_lines import Property

# Everything that any reader might take for the end of a line.
_ANY_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_URI = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
_TO_ESCAPE = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})

# Every character has one way to be matched, so that no line takes longer than its length.
_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;(?>[^":;]+|"[^"]*")*)*):(.*)', re.DOTALL)
#: The same where a quotation mark is never closed.
_LOOSE = re.compile(r"([A-Za-z0-9-]+)((?:;[^:;]*)*):(.*)", re.DOTALL)
_PARAMETER = re.compile(r';((?>[^";]+|"[^"]*"|")*)')
_PARAMETER_VALUE = re.compile(r'(?:^|,)((?>[^",]+|"[^"]*"|")*)')
_PARAMETER_NAME = re.compile("[A-Z0-9-]+")


def one_line(text: str) -> str:
    """Text on one line: line ends of every kind become spaces, other control characters are dropped."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(_CONTROL.sub("", _ANY_END.sub(" ", text.replace("\t", " "))).split(" ")).strip()


def many_lines(text: str) -> str:
    """Text whose line ends are all LF, without other control characters; a tab becomes a space."""
    return text if text.isprintable() else _CONTROL.sub("", _ANY_END.sub("\n", text.replace("\t", " ")))


def safe_uri(url: str) -> str:
    """A URI without white space, controls or non-ASCII characters: those are dropped or percent-encoded."""
    if not url:
        return ""
    kept = _CONTROL.sub("", _ANY_END.sub("", url)).strip()
    return _NOT_URI.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), kept)


def escape(text: str) -> str:
    """A text without control characters, other than LF, as the value of a property."""
    return text.translate(_TO_ESCAPE)


def is_one_line(line: str) -> bool:
    """Whether no reader takes any of it for the end of a line, and no terminal for a command."""
    return line.isprintable() or not (_ANY_END.search(line) or _CONTROL.search(line))


def clean_line(line: str) -> str:
    """A content line as one that `is_one_line`."""
    return line if line.isprintable() else many_lines(line).replace("\n", "\\n")


def parse(line: str) -> Property | None:
    """The property of one unfolded line, its value as it stands; None for what is none. Of parameters the
    first of each name counts, and one that is none (;;) is passed over."""
    match = _LINE.fullmatch(line) or _LOOSE.fullmatch(line)
    if match is None:
        return None
    name, said, value = match.groups()
    return Property(name.upper(), value, _parameters(said) if said else ())


@lru_cache(maxsize=1024)
def _parameters(said: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, tuple[str, ...]] = {}
    for one in _PARAMETER.findall(said):
        name, _, text = one.partition("=")
        name = name.strip().upper()
        if _PARAMETER_NAME.fullmatch(name):
            # A quotation mark inside cannot be written (RFC 5545, 3.1).
            values = [value.strip().strip('"').replace('"', "'") for value in _PARAMETER_VALUE.findall(text)]
            # Outlook writes CN=Lovelace, Ada.
            found.setdefault(name, (", ".join(filter(None, values)),) if name == "CN" else tuple(values))
    return tuple(found.items())


def check(data: bytes, intended: list[str]) -> None:
    """Compare the finished bytes with what they are meant to be: the heads of all lines in order, which is the name of
    a property, or the whole line of a BEGIN or END. Raises CrmError."""
    lines = _ANY_END.split(data.decode("utf-8").replace("\r\n ", "").replace("\r\n\t", ""))
    found = [line if line[:6] == "BEGIN:" or line[:4] == "END:" else _head(line) for line in lines if line]
    if found != intended:
        differing = (f"{got!r} in place of {wanted!r}" for got, wanted in zip(found, intended, strict=False))
        what = next((one for one in differing if one.split(" in place of ")[0] != one.split(" in place of ")[1]), "")
        raise _broken(what or f"{len(found)} lines in place of {len(intended)}")
    if max(map(len, data.split(b"\r\n"))) > 75:
        raise _broken("a line longer than 75 octets")


def _head(line: str) -> str:
    return line.partition(":")[0].partition(";")[0]


def _broken(what: str) -> CrmError:
    return CrmError(
        f"The calendar was not written: its text came out wrong ({what}).", "This is a fault of the program."
    )
