"""What programs put around their records in JSON: pages that answer a question, objects that hold all fields of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.errors import ReadError
from crmcli.exchange.json_text import Text, blocks

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

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
#: What tells of pages; the others say less.
_PAGING = frozenset((
    "count", "cursor", "links", "meta", "metadata", "more", "next", "odata", "offset", "page", "pages", "paging",
    "pagination", "prev", "previous", "token", "total",
))  # fmt: skip
#: What records say of themselves too.
_OF_BOTH = frozenset(("code", "size", "start", "status", "time", "type", "url"))
_URL = re.compile(r"https?://|/")
_FIGURES = re.compile(r"[-+\d.:TZ ]+")
#: Lists that are called so name nothing that a record has: they are the answer, whatever else stands beside them.
_NAMELESS = frozenset(("data", "record", "records", "result", "results", "row", "rows"))
_PAGE, _BOTH, _ANSWER = "page", "both", "answer"
_GOOD = re.compile(r"ok|success|list|0|2\d\d", re.IGNORECASE)
#: An object in a record that has its fields, and no name of its own: HubSpot, Airtable, JSON:API, GraphQL.
_WRAPPERS = ("properties", "fields", "attributes", "node")
#: What Salesforce says in `attributes` of a record is none of its fields.
_OF_RECORDS = frozenset(("type", "url"))
#: A member of an object in a list that is in no other list.
_LISTED = re.compile(r"(?P<before>(?:(?!\d+\.)[^.]+\.)*)(?P<list>[^.]+)\.(?P<number>\d+)\.(?P<member>.+)")
#: A member of the first object in a list that is in nothing else.
_FIRST = re.compile(r"([^.]+)\.1\.([^.]+)")
#: The names of the lists above a member.
_LISTS = re.compile(r"(?:^|\.)([^.]+)\.\d+(?=\.)")
#: What lists of e-mail addresses and telephones are called, which of their members say the address itself, and which
#: say whether it is that of home or work.
_REACHED = {
    "email": re.compile(r"e?mail(?:s|(?:address(?:es)?))?"),
    "phone": re.compile(r"(?:tele)?phone(?:s|numbers?)?"),
}
_SAYS = re.compile(r"value|number|e?mail|(?:e?mail)?address|(?:tele)?phone(?:number)?")
_WHICH = {"type": "type", "label": "label", "category": "label", "kind": "label"}


# --- pages ----------------------------------------------------------------------------------------------------------


def page_of(path: str, codec: str, bom: int) -> Path:
    """The keys that lead to the list of records, where a file is the answer of an API, or several one behind the other
    or in an array: the only list of objects in an object that says of itself only how much there is, and where; or, in
    one object, the list that is called data, results or the like. () for every other file."""
    found: Path = ()
    said: set[str] = set()
    objects = 0
    with open(path, "rb") as file:
        file.seek(bom)
        text = Text(path, blocks(path, file, codec))
        try:
            alone = text.peek() == "{"
            for _ in tops(text):
                one = _only_list(text, said) if text.peek() == "{" else ()
                if not one or one != (found or one):
                    return ()
                found, objects = one, objects + 1
            if text.peek():
                return ()
        except (ReadError, RecursionError):  # whoever reads it says what is wrong
            return ()
    # Several objects that say something else, and of no page, are records with a list in each.
    if (objects > 1 and said and _PAGE not in said) or ((objects > 1 or not alone) and "" in said):
        return ()
    return found


def tops(text: Text) -> Iterator[None]:
    """Stands before each value of a file, be they one behind the other or in an array; it is read before the next is
    asked for."""
    if text.peek() == "[":
        yield from text.items()
    else:
        while text.peek():
            yield


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


def _only_list(text: Text, known: set[str]) -> Path:
    filled: list[Path] = []
    empty: list[Path] = []
    said: set[str] = set()
    talk = _is_talk(text, (), filled, empty, said) and (_BOTH not in said or _PAGE in said)
    known |= said
    nameless, none = (
        [path for path in some if path[0].lower() in _NAMELESS and not path[1:]] for some in (filled, empty)
    )
    if len(nameless or none) == 1:
        return (nameless or none)[0]
    if not talk:
        return ()
    if any(not _TALK & _words(path[-1]) for path in filled + empty):  # what goes along with the records is no record
        filled, empty = ([path for path in some if not _TALK & _words(path[-1])] for some in (filled, empty))
    some = filled or empty
    return some[0] if len(some) == 1 else ()


def _is_talk(text: Text, path: Path, filled: list[Path], empty: list[Path], said: set[str]) -> bool:
    """Whether an object has nothing but lists of objects, which are noted, and what an answer says of itself, of which
    it is noted what it tells."""
    talk = True
    for key in text.members():
        sign, before = text.peek(), len(filled) + len(empty)
        told = _told(key)
        if sign == "[":
            ones = [one.__class__ is dict for _ in text.items() if (one := text.value().value) is not None]
            if all(ones):
                (filled if ones else empty).append((*path, key))
                continue
        elif sign == "{" and len(path) < _DEEPEST:
            within: set[str] = set()
            inner = _is_talk(text, (*path, key), filled, empty, within)
            if len(filled) + len(empty) > before:
                talk = talk and inner
                said |= within
                continue
            told = _PAGE if told and _PAGE in within else told
        else:
            value = text.value().value
            told = _told(key, value) or (_ANSWER if value is None else "")
        talk = talk and bool(told)
        said.add(told)
    return talk


def _words(key: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(key)}


def _told(key: str, value: object = None) -> str:
    """What a member tells that is no list of records: of a page, of an answer, of an answer or a record, or ""."""
    words = _words(key) & _TALK
    if words & _PAGING:
        return _PAGE
    if isinstance(value, str) and words and words <= _OF_BOTH:
        if words & {"status", "code", "type"} and _GOOD.fullmatch(value):
            return _ANSWER
        return _BOTH if _FIGURES.fullmatch(value) or _URL.match(value) else ""
    plain = isinstance(value, bool) or (isinstance(value, str) and key.startswith("@") and _URL.match(value))
    return _ANSWER if words or plain else ""


# --- columns --------------------------------------------------------------------------------------------------------


def columns(keys: Sequence[str], apart: Container[str] = ()) -> dict[str, str]:
    """Joined key -> the title of its column: what a wrapper holds by its own name, a record that is named and numbered
    (`{"id": 41, "name": "Acme"}`) by the key that has it, as far as no other key is called so. Two keys have one title
    where a record is sometimes named only, or none; not if it is `apart`, one that two values of one object have.
    Lists of e-mail addresses and telephones are called alike."""
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
        if base in apart:
            continue
        if last == "name" and base and f"{key[:-4]}id" in titles and not base.rpartition(".")[2].isdigit():
            titles[key] = base
    for key, title in titles.items():
        called = _reached(title)
        if called not in taken:
            taken.add(called)
            titles[key] = called
    return titles


def reached(name: str) -> str:
    """What a list with such a name holds, where that is e-mail addresses ("email") or telephones ("phone"); else ""."""
    plain = re.sub(r"[\W_]", "", name).lower()
    return next((to for to, known in _REACHED.items() if known.fullmatch(plain)), "")


def of_others(title: str) -> bool:
    """Whether a column has what is said of other records in a list: `people.1.email` of a company."""
    return any(not reached(name) for name in _LISTS.findall(title))


def first_of(title: str) -> tuple[str, str]:
    """Of a member of the first object in a list the name of the list, one word behind the other in small letters, and
    of the member: ("sales accounts", "name") for `salesAccounts.1.name`; ("", "") for every other title."""
    found = _FIRST.fullmatch(title)
    return (" ".join(word.lower() for word in _WORD.findall(found[1])), found[2]) if found else ("", "")


def _reached(title: str) -> str:
    """The title of a member of a list of e-mail addresses or telephones, whatever programs call it: `email.1.value` for
    what somebody is reached by, `phone.1.label` for which it is. All else is of the plural, which is no address:
    `emails.1.primary`."""
    found = _LISTED.fullmatch(title)
    if found is None or not (to := reached(found["list"])):
        return title
    plain = re.sub(r"[\W_]", "", found["member"]).lower()
    which = "value" if _SAYS.fullmatch(plain) else _WHICH.get(plain, "")
    return f"{found['before']}{to if which else f'{to}s'}.{found['number']}.{which or found['member']}"
