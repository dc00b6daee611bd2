"""JSON lines, and arrays of JSON objects, as a table: one row an object, one column a key, wherever it first comes."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import ReadError
from crmcli.exchange import sniff
from crmcli.exchange.shape import Row, clean_names

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT = 16 * 1024 * 1024
"""The longest object that is read: in bytes where it is a line of UTF-8 or of a code page, else in characters."""
MAX_KEYS = 2000
"""The most different keys of a file."""
MAX_DEPTH = 32
MAX_NAME = 1000
"""The longest joined name (`address.city`) in characters: each member of an object says those of all above it again."""
_BLOCK = 256 * 1024
_LOOKED_AT = 50
_LISTED = re.compile(r"([A-Za-z_]\w*)\.\d+\.")
_SPACE = re.compile(r"[ \t\r\n]*")
_PARTS = re.compile(r'[,;|،\n"]|:::')


class Object(NamedTuple):
    """One object as flat texts by key (`address.city`), or why it is none; `raw` is its text where it is none."""

    line: int
    values: dict[str, str]
    problem: str | None = None
    raw: str = ""


class _Unfit(ValueError):
    """Why an object cannot be a row."""


# --- values as texts ------------------------------------------------------------------------------------------------


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        said: dict[str, Any] = {}
        for key, value in pairs:
            if said.setdefault(key, value) != value:
                raise _Unfit(f"the key {_shown(key)} has two values")
    return found


def _number(text: str) -> str:
    """A number as it stands, 1.5e3 written out where that is no longer than a number is."""
    if len(text) > 40 or not re.search("[eE]", text):
        return text
    exact = Decimal(text)
    exponent = exact.as_tuple().exponent
    return f"{exact:f}" if isinstance(exponent, int) and abs(exponent) <= 30 else text


#: Finds where a value ends.
_SKIM = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)


def _constant(text: str) -> Any:
    raise _Unfit(f"{text} is no value of JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=str, parse_float=_number, parse_constant=_constant, strict=False
)


def flat(value: dict[str, Any]) -> dict[str, str]:
    """An object as texts: keys of objects in it joined by points, those in a list numbered from 1, lists of plain
    values joined by commas (quoted where one has a comma itself), null as "", true and false as yes and no."""
    found: dict[str, str] = {}
    for key, one in value.items():
        if one.__class__ is str:
            _put(found, key, one)
        else:
            _flatten(key, one, found, 1)
    return found


def _flatten(name: str, value: Any, found: dict[str, str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _Unfit(f"objects and lists are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for key, one in value.items():
            _flatten(_member(name, key), one, found, depth + 1)
    elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        for number, one in enumerate(value, 1):
            _flatten(_member(name, str(number)), one, found, depth + 1)
    elif isinstance(value, list):
        texts = [_plain(one) for one in value if one is not None]
        whole = any(_PARTS.search(text) for text in texts)
        _put(found, name, json.dumps(texts, ensure_ascii=False) if whole else ", ".join(texts))
    else:
        _put(found, name, _plain(value))


def _member(name: str, key: str) -> str:
    if len(name) + len(key) >= MAX_NAME:
        raise _Unfit(f"the names of nested keys are longer than {MAX_NAME:,} characters: {_shown(name)}")
    return f"{name}.{key}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _put(found: dict[str, str], name: str, text: str) -> None:
    if "\0" in text:
        raise _Unfit(f"{_shown(name)} holds a NUL character")
    if found.setdefault(name, text) != text:
        raise _Unfit(f"the key {_shown(name)} has two values")
    if len(found) > MAX_KEYS:
        raise _Unfit(f"it has more than {MAX_KEYS:,} keys")


def _shown(key: str) -> str:
    return repr(key if len(key) <= 40 else f"{key[:39]}…")


def _read(text: str, line: int) -> Object:
    """The object of one text."""
    try:
        value = _DECODER.decode(text)
        if not isinstance(value, dict):
            raise _Unfit("it is JSON, but no object ({...})")
        values = flat(value)
        if "\\u" in text:
            "".join(values.values()).encode()
            "".join(values).encode()
    except json.JSONDecodeError as error:
        return Object(line, {}, f"it is no JSON: {error.msg}, at character {error.pos + 1}", text)
    except UnicodeEncodeError:
        return Object(line, {}, "it holds a lone surrogate, which is no character", text)
    except _Unfit as error:
        return Object(line, {}, str(error), text)
    except RecursionError:
        return Object(line, {}, f"objects and lists are nested more than {MAX_DEPTH} deep", text)
    return Object(line, values)


# --- a file as objects ----------------------------------------------------------------------------------------------


class JsonReader:
    """The objects of one file as rows under `header`, the keys of all of them in the order in which they first come.

    A line that is no object is a row with a problem; so is one in another encoding. An array, and objects over several
    lines, have no such lines: a fault in them is a ReadError.
    """

    def __init__(self, path: str, encoding: sniff.Encoding | None) -> None:
        self.path = path
        self.blank_rows = 0
        self.notes: list[str] = list(encoding.notes) if encoding else []
        self.encoding = encoding.name if encoding else "utf-8"
        self._bom = encoding.bom if encoding else 0
        info = os.stat(path)
        self._keys = _keys(path, self.encoding, self._bom, (info.st_mtime_ns, info.st_size, info.st_ino))
        self.header = clean_names(self._keys)
        if name := _list_inside(self._keys):
            self.notes.append(f"its objects are in a list: jq -c '.{name}[]' makes a row of each")

    def close(self) -> None:
        """Nothing stays open between two rows but the file that is read."""

    def rows(self, width: int, after: int) -> Iterator[Row]:  # noqa: ARG002 - as the other readers have it
        """All objects as rows; those that cannot be used with a problem, and their text behind the last column: in a
        file of refused rows it is kept, and cannot be taken for a value."""
        keys = self._keys
        for line, values, problem, raw in objects(self.path, self.encoding, self._bom):
            if problem is None:
                yield Row(line, [values.get(key, "") for key in keys], None)
            else:
                yield Row(line, [*[""] * width, raw], problem)


def _list_inside(keys: list[str]) -> str:
    """The name of the list that most keys are of, as in the answer of an API; "" where there is none."""
    names = Counter(found[1] for key in keys if (found := _LISTED.match(key)))
    name, count = names.most_common(1)[0] if names else ("", 0)
    return name if count * 2 > len(keys) else ""


@lru_cache(maxsize=8)
def _keys(path: str, encoding: str, bom: int, stamp: tuple[int, int, int]) -> list[str]:  # noqa: ARG001 - of the file
    """Every key of a file. An import opens its file more than once, and it is the same file each time."""
    found: dict[str, None] = {}
    for one in objects(path, encoding, bom):
        if one.values.keys() - found.keys():
            found.update(dict.fromkeys(one.values))
            if len(found) > MAX_KEYS:
                raise ReadError(
                    f"{path!r} has more than {MAX_KEYS:,} different keys, by line {one.line:,}.",
                    "Names are wanted as keys and values as values.",
                )
    return list(found)


def objects(path: str, encoding: str = "utf-8", bom: int = 0) -> Iterator[Object]:
    """The objects of a file of JSON lines or of a JSON array, in constant memory. Raises ReadError."""
    codec = encoding.removesuffix("-sig")
    with open(path, "rb") as file:
        file.seek(bom)
        head = file.read(_BLOCK).decode(codec, "ignore").lstrip()
        file.seek(bom)
        if head.startswith("["):
            yield from _values(path, file, codec, array=True)
        elif _has_lines(head):
            yield from _wide_lines(path, file, codec) if codec.startswith(("utf-16", "utf-32")) else _lines(file, codec)
        else:
            yield from _values(path, file, codec, array=False)


def _has_lines(head: str) -> bool:
    """Whether each line is an object: the first is, or most are, or there is one alone."""
    some = [line for line in islice(head.split("\n"), _LOOKED_AT) if line.strip()]
    good = [_read(line, 0).problem is None for line in some]
    return len(some) < 2 or good[0] or sum(good) * 2 >= len(good)


def _lines(file: Any, codec: str) -> Iterator[Object]:
    number = 0
    while data := file.readline(MAX_TEXT):
        number += 1
        if not data.endswith(b"\n") and len(data) >= MAX_TEXT:
            raw = data[:1000].decode(codec, "backslashreplace")
            while data and not data.endswith(b"\n"):
                data = file.readline(MAX_TEXT)
            yield Object(number, {}, f"it is longer than {MAX_TEXT:,} bytes", raw)
            continue
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as error:
            raw = data.decode(codec, "backslashreplace").rstrip("\r\n")
            yield Object(number, {}, f"it is not {codec}: byte 0x{data[error.start]:02X} at {error.start + 1}", raw)
            continue
        if text.strip("\ufeff \t\r\n"):
            yield _read(text.strip("\ufeff \t\r\n"), number)


def _wide_lines(path: str, file: Any, codec: str) -> Iterator[Object]:
    """The lines of a file whose characters are wider than bytes."""
    held, number = "", 0
    for block in _blocks(path, file, codec):
        *whole, held = (held + block).split("\n")
        if len(held) > MAX_TEXT:
            raise ReadError(f"{path!r}: line {number + len(whole) + 1} is longer than {MAX_TEXT:,} characters.")
        for text in whole:
            number += 1
            if text.strip():
                yield _read(text.strip(), number)
    if held.strip():
        yield _read(held.strip(), number + 1)


def _blocks(path: str, file: Any, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    size, final = _BLOCK, False
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


def _values(path: str, file: Any, codec: str, *, array: bool) -> Iterator[Object]:
    """The objects of an array, or one behind the other over several lines."""
    source = _Text(path, _blocks(path, file, codec))
    if array:
        source.peek()
        source.skip()
    first = True
    while sign := source.peek():
        if array and sign == "]":
            source.skip()
            if source.peek():
                raise source.broken("something stands behind the array")
            return
        if array and not first:
            if sign != ",":
                raise source.broken("a comma is missing between two objects")
            source.skip()
            if not source.peek():
                break
        first = False
        yield source.value()
    if array:
        raise source.broken("the array is not closed")


class _Text:
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

    def value(self) -> Object:
        """The value that begins here."""
        while True:
            try:
                end: int | None = _SKIM.raw_decode(self._text, self._at)[1]
                fault = ""
            except json.JSONDecodeError as error:
                end, fault = None, error.msg
            except RecursionError:
                raise self.broken(f"objects and lists are nested more than {MAX_DEPTH} deep") from None
            if end is not None and (end < len(self._text) or not self._left):
                found = _read(self._text[self._at : end], self.line)
                self._pass(end)
                return found
            if not self._left:
                raise self.broken(fault)
            if len(self._text) - self._at > MAX_TEXT:
                raise self.broken(f"{fault or 'a value'}, or it is longer than {MAX_TEXT:,} characters")
            self._more()

    def broken(self, what: str) -> ReadError:
        return ReadError(f"{self.path!r} is broken JSON: {what} (line {self.line:,}).", "Mend the file.")

    def _pass(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> None:
        """Take in as much again as there is."""
        parts, self._at = [self._text[self._at :]], 0
        size, wanted = len(parts[0]), 2 * len(parts[0]) + _BLOCK
        while self._left and size < wanted:
            block = next(self._blocks, None)
            self._left = block is not None
            parts.append(block or "")
            size += len(parts[-1])
        self._text = "".join(parts)
