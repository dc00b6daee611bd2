"""XML from a stranger, read into a tree: no document types, no entities, bounded in every direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from crm_dav.errors import AnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: DAV answers are about eight deep.
MAX_DEPTH = 50
#: Elements and attributes: more than a hundred thousand members.
MAX_NODES = 1_000_000
#: A name comes with its whole namespace wherever it is used, and a few bytes of an answer can use it.
MAX_NAME, MAX_NAMES = 500, 5000

_HINT = "the address may be wrong, or the server not one to trust"


class _Reader:
    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0
        self._nodes = 0
        self._names: dict[str, str] = {}
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._builder.data
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, data: bytes) -> Element:
        self._parser.Parse(data, True)
        return self._builder.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._nodes += 1 + len(attributes)
        if self._depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise _too_much()
        self._builder.start(self._named(name), {self._named(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(self._named(name))

    def _named(self, name: str) -> str:
        """A name as `{namespace}local`, the same object each time."""
        known = self._names.get(name)
        if known is None:
            if len(name) > MAX_NAME or len(self._names) >= MAX_NAMES:
                raise _too_much()
            known = self._names[name] = "{" + name if "}" in name else name
        return known

    def _doctype(self, *_: object) -> NoReturn:
        raise AnswerError("the server's answer declares a document type, which no DAV server does", _HINT)


def _too_much() -> AnswerError:
    return AnswerError("the server's answer is deeper or has more parts than any DAV answer", _HINT)


def read(data: bytes) -> Element:
    """The root of an XML document. Raises AnswerError for what is no XML, declares a document type (and so entities),
    or is far deeper or finer than an answer of a DAV server."""
    try:
        return _Reader().read(data)
    except (expat.ExpatError, LookupError, ValueError):
        # Neither the place nor the text of a stranger's XML helps anybody.
        raise AnswerError("the server's answer is not well-formed XML", _HINT) from None


def local(tag: str) -> str:
    """The name of a tag without its namespace."""
    return tag.rpartition("}")[2]


def text_of(element: Element | None) -> str:
    """The text right inside an element, without white space around it; empty where there is no element."""
    return (element.text or "").strip() if element is not None else ""


def names_in(element: Element | None) -> Iterator[str]:
    """The tags of an element's children."""
    for child in element if element is not None else ():
        yield child.tag
