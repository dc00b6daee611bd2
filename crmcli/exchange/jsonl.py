"""JSON lines, and arrays of JSON objects, as a table: one row an object, one column a key, wherever it first comes."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import ReadError
from crmcli.exchange import sniff
from crmcli.exchange.json_pages import columns, listed, page_of, reached, tops
from crmcli.exchange.json_text import BLOCK, MAX_DEPTH, MAX_TEXT, Text, blocks
from crmcli.exchange.shape import Row, clean_names

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_KEYS = 2000
"""The most different keys of a file."""
MAX_NAME = 1000
"""The longest joined name (`address.city`) in characters: each member of an object says those of all above it again."""
_LOOKED_AT = 50
#: What is none of a line: its end, a mark of its encoding, the sign with which DOS ended files, and the one that stands
#: before each text of a sequence (RFC 7464).
_AROUND = "\ufeff \t\r\n\x1a\x1e"
#: What says of an object in a list that it is the first to count.
_PRIMARY = re.compile(r"(?:is[_-]?)?primary", re.IGNORECASE)
_LISTED = re.compile(r"([A-Za-z_]\w*)\.\d+\.")
#: Keys whose value names another record. Elsewhere a number and a text are two values: [2026, "vip"].
_LINK = re.compile(
    r"(?:^|[._])(?:u?id|stage|owner|user|salesperson|company|partner|contact|parent|team|campaign|source|medium"
    r"|country|state|account|customer|organi[sz]ation)$"
)
_PARTS = re.compile(r'[,;|،\n"]|:::')


class Object(NamedTuple):
    """One object as flat texts by key (`address.city`), or why it is none; `raw` is its text where it is none."""

    line: int
    values: dict[str, str]
    problem: str | None = None
    raw: str = ""


class _Unfit(ValueError):
    """Why an object cannot be a row."""


class No(str):
    """The text of a JSON false: programs write that for no as well as for nothing."""

    __slots__ = ()


class Whole(str):
    """A whole number as it stands, told from a text of digits."""

    __slots__ = ()


NO = No("no")

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


def _constant(text: str) -> Any:
    raise _Unfit(f"{text} is no value of JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=Whole, parse_float=_number, parse_constant=_constant, strict=False
)


def flat(value: dict[str, Any]) -> dict[str, str]:
    """An object as texts: keys of objects in it joined by points, those in a list numbered from 1, lists of plain
    values joined by commas (quoted where one has a comma itself), null as "", true and false as yes and no. Of objects
    in a list the one that is called primary comes first; a number before a text is the id of what the text names."""
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
        for number, one in enumerate(sorted(value, key=_is_further), 1):
            _flatten(_member(name, str(number)), one, found, depth + 1)
    elif isinstance(value, list) and _LINK.search(name) and [type(one) for one in value] == [Whole, str]:
        _put(found, name, value[1])  # a link as Odoo writes it: [3, "Proposition"]
        _put(found, _member(name, "id"), value[0])
    elif isinstance(value, list):
        texts = [_plain(one) for one in value if one is not None]
        whole = any(_PARTS.search(text) for text in texts)
        _put(found, name, json.dumps(texts, ensure_ascii=False) if whole else ", ".join(texts))
    else:
        _put(found, name, _plain(value))


def _is_further(value: Any) -> bool:
    """Whether one of a list is not the one that says it is the primary one, which goes first."""
    if not isinstance(value, dict):
        return True
    said = chain(value.items(), *(one.items() for one in (value.get("metadata"),) if isinstance(one, dict)))
    return not any(one is True and _PRIMARY.fullmatch(key) for key, one in said)


def _member(name: str, key: str) -> str:
    if len(name) + len(key) >= MAX_NAME:
        raise _Unfit(f"the names of nested keys are longer than {MAX_NAME:,} characters: {_shown(name)}")
    return f"{name}.{key}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else NO
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
        stamp = info.st_mtime_ns, info.st_size, info.st_ino
        self._page, self._keys, titles = _looked(path, self.encoding, self._bom, stamp)
        places: dict[str, int] = {}
        self._places = {key: places.setdefault(titles[key], len(places)) for key in self._keys}
        self.header = clean_names(list(places))
        if self._page:
            self.notes.append(f"the rows are the objects of the list {'.'.join(self._page)}")
        elif name := _list_inside(self._keys):
            each = ".[]" if _is_array(path, self.encoding, self._bom) else ""
            self.notes.append(f"its objects are in a list: jq -c '{each}.{name}[]' makes a row of each")

    def close(self) -> None:
        """Nothing stays open between two rows but the file that is read."""

    def rows(self, width: int, after: int) -> Iterator[Row]:  # noqa: ARG002 - as the other readers have it
        """All objects as rows; those that cannot be used with a problem, and their text behind the last column: in a
        file of refused rows it is kept, and cannot be taken for a value."""
        keys, whole = self._keys, len(self._keys) == width
        for line, values, problem, raw in objects(self.path, self.encoding, self._bom, self._page):
            if problem is not None:
                yield Row(line, [*[""] * width, raw], problem)
            elif whole:
                yield Row(line, [values.get(key, "") for key in keys], None)
            else:
                yield Row(line, self._joined(values), None)

    def _joined(self, values: dict[str, str]) -> list[str]:
        """The cells of an object where several keys fill one column."""
        cells = [""] * len(self.header)
        for key, text in values.items():
            if text:
                cells[self._places[key]] = text
        return cells


def _is_array(path: str, encoding: str, bom: int) -> bool:
    with open(path, "rb") as file:
        file.seek(bom)
        return Text(path, blocks(path, file, encoding.removesuffix("-sig"))).peek() == "["


def _list_inside(keys: list[str]) -> str:
    """The name of the list that most keys are of, as in the answer of an API; "" where there is none, or it is that of
    somebody's addresses."""
    names = Counter(found[1] for key in keys if (found := _LISTED.match(key)) and not reached(found[1]))
    name, count = names.most_common(1)[0] if names else ("", 0)
    return name if count * 2 > len(keys) else ""


@lru_cache(maxsize=8)
def _looked(
    path: str,
    encoding: str,
    bom: int,
    stamp: tuple[int, int, int],  # noqa: ARG001 - of the file
) -> tuple[tuple[str, ...], list[str], dict[str, str]]:
    """(where in it the records are, every key, the titles of their columns) of a file. An import opens its file more
    than once, and it is the same file each time."""
    page = page_of(path, encoding.removesuffix("-sig"), bom)
    found: dict[str, None] = {}
    for one in objects(path, encoding, bom, page):
        if one.values.keys() - found.keys():
            found.update(dict.fromkeys(one.values))
            if len(found) > MAX_KEYS:
                raise ReadError(
                    f"{path!r} has more than {MAX_KEYS:,} different keys, by line {one.line:,}.",
                    "Names are wanted as keys and values as values.",
                )
    apart: set[str] = set()
    while True:
        titles = columns(list(found), apart)
        shared = {title for title, count in Counter(titles.values()).items() if count > 1}
        lost = _filled_twice(objects(path, encoding, bom, page), titles, shared) if shared else shared
        if not lost - apart:
            return page, list(found), titles
        apart |= lost


def _filled_twice(some: Iterator[Object], titles: dict[str, str], shared: set[str]) -> set[str]:
    """Those of the shared titles under which one object has two values."""
    keys = [key for key, title in titles.items() if title in shared]
    lost: set[str] = set()
    for one in some:
        said: dict[str, str] = {}
        for key in keys:
            if (text := one.values.get(key)) and said.setdefault(titles[key], text) != text:
                lost.add(titles[key])
    return lost


def objects(path: str, encoding: str = "utf-8", bom: int = 0, page: tuple[str, ...] = ()) -> Iterator[Object]:
    """The objects of a file of JSON lines, of a JSON array, or of the list that is called `page` in one or several
    objects; in constant memory. Raises ReadError."""
    codec = encoding.removesuffix("-sig")
    with open(path, "rb") as file:
        file.seek(bom)
        head = file.read(BLOCK).decode(codec, "ignore").lstrip()
        file.seek(bom)
        if page:
            yield from _paged(path, file, codec, page)
        elif head.startswith("["):
            yield from _values(path, file, codec, array=True)
        elif _has_lines(head):
            yield from _wide_lines(path, file, codec) if codec.startswith(("utf-16", "utf-32")) else _lines(file, codec)
        else:
            yield from _values(path, file, codec, array=False)


def _has_lines(head: str) -> bool:
    """Whether each line is an object: the first is, or most are, or there is one alone."""
    some = [line for line in islice(head.split("\n"), _LOOKED_AT) if line.strip()]
    good = [_read(line.strip(_AROUND), 0).problem is None for line in some]
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
        if text := text.strip(_AROUND):
            yield _read(text, number)


def _wide_lines(path: str, file: Any, codec: str) -> Iterator[Object]:
    """The lines of a file whose characters are wider than bytes."""
    held, number = "", 0
    for block in blocks(path, file, codec):
        *whole, held = (held + block).split("\n")
        if len(held) > MAX_TEXT:
            raise ReadError(f"{path!r}: line {number + len(whole) + 1} is longer than {MAX_TEXT:,} characters.")
        for text in whole:
            number += 1
            if bare := text.strip(_AROUND):
                yield _read(bare, number)
    if bare := held.strip(_AROUND):
        yield _read(bare, number + 1)


def _values(path: str, file: Any, codec: str, *, array: bool) -> Iterator[Object]:
    """The objects of an array, or one behind the other over several lines."""
    text = Text(path, blocks(path, file, codec))
    if not array:
        while text.peek():
            yield _at(text)
        return
    for _ in text.items():
        yield _at(text)
    if text.peek():
        raise text.broken("something stands behind the array")


def _paged(path: str, file: Any, codec: str, page: tuple[str, ...]) -> Iterator[Object]:
    """The objects of the list that is called `page` in the top objects."""
    text = Text(path, blocks(path, file, codec))
    for _ in tops(text):
        for _ in listed(text, page):
            yield _at(text)


def _at(text: Text) -> Object:
    """The object that begins there."""
    found = text.value()
    return _read(found.raw, found.line)
