"""What programs put around their records in JSON: pages that answer a question, objects that hold all fields of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.errors import ReadError
from crmcli.exchange.json_text import Text, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Path = tuple[str, ...]

_DEEPEST = 4
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
#: What an answer says of itself beside its records, word by word: nextPageToken, @odata.context, has_more.
_TALK = frozenset((
    "additional", "code", "count", "cursor", "done", "error", "errors", "etag", "extensions", "has", "href", "included",
    "info", "jsonrpc", "kind", "limit", "link", "links", "message", "meta", "metadata", "more", "next", "object",
    "odata", "offset", "page", "pages", "paging", "pagination", "per", "prev", "previous", "query", "related",
    "request", "size", "start", "status", "success", "sync", "time", "token", "took", "total", "type", "url", "version",
))  # fmt: skip
_URL = re.compile(r"https?://|/")
#: An object in a record that has its fields, and no name of its own: HubSpot, Airtable, JSON:API, GraphQL.
_WRAPPERS = ("properties", "fields", "attributes", "node")
#: What Salesforce says in `attributes` of a record is none of its fields.
_OF_RECORDS = frozenset(("type", "url"))


# --- pages ----------------------------------------------------------------------------------------------------------


def page_of(path: str, codec: str, bom: int) -> Path:
    """The keys that lead to the list of records, where a file is the answer of an API, or several one behind the other:
    the only list of objects in an object that says of itself only how much there is, and where. () for every other
    file."""
    found: Path = ()
    with open(path, "rb") as file:
        file.seek(bom)
        text = Text(path, blocks(path, file, codec))
        try:
            while sign := text.peek():
                one = _only_list(text) if sign == "{" else ()
                if not one or one != (found or one):
                    return ()
                found = one
        except (ReadError, RecursionError):  # whoever reads it says what is wrong
            return ()
    return found


def listed(text: Text, page: Path) -> Iterator[None]:
    """Stands before each value of the list `page` in the object that begins here; it is read before the next is asked
    for."""
    for key in text.members():
        if key != page[0] or text.peek() not in ("{", "["):
            text.value()
        elif page[1:]:
            yield from listed(text, page[1:])
        else:
            yield from text.items()


def _only_list(text: Text) -> Path:
    filled: list[Path] = []
    empty: list[Path] = []
    if not _is_talk(text, (), filled, empty):
        return ()
    if len(filled) > 1:  # what goes along with the records is no record
        filled = [path for path in filled if not _says(path[-1])]
    some = filled or empty
    return some[0] if len(some) == 1 else ()


def _is_talk(text: Text, path: Path, filled: list[Path], empty: list[Path]) -> bool:
    """Whether an object has nothing but lists of objects, which are noted, and what an answer says of itself."""
    talk = True
    for key in text.members():
        sign, before = text.peek(), len(filled) + len(empty)
        if sign == "[":
            ones = [text.value().value.__class__ is dict for _ in text.items()]
            if all(ones):
                (filled if ones else empty).append((*path, key))
            else:
                talk = talk and _says(key)
        elif sign == "{" and len(path) < _DEEPEST:
            inner = _is_talk(text, (*path, key), filled, empty)
            talk = talk and (inner if len(filled) + len(empty) > before else _says(key))
        else:
            value = text.value().value
            plain = value is None or isinstance(value, bool) or (isinstance(value, str) and _URL.match(value))
            talk = talk and (bool(plain) or _says(key))
    return talk


def _says(key: str) -> bool:
    return not _TALK.isdisjoint(word.lower() for word in _WORD.findall(key))


# --- columns --------------------------------------------------------------------------------------------------------


def columns(keys: Sequence[str]) -> dict[str, str]:
    """Joined key -> the title of its column: what a wrapper holds by its own name, a record that is named and numbered
    (`{"id": 41, "name": "Acme"}`) by the key that has it, as far as no other key is called so. Two keys have one title
    where a record is sometimes named only, or none."""
    taken = set(keys)
    titles = {key: key for key in keys}
    for wrapper in _WRAPPERS:
        inner = {key: key[len(wrapper) + 1 :] for key in keys if key.startswith(f"{wrapper}.")}
        if set(inner.values()) <= _OF_RECORDS:
            continue
        for key, title in inner.items():
            if title not in taken:
                taken.add(title)
                titles[key] = title
    for key, title in list(titles.items()):
        base, _, last = title.rpartition(".")
        if last == "name" and base and f"{key[:-4]}id" in titles and not base.rpartition(".")[2].isdigit():
            titles[key] = base
    return titles
