"""Texts that are longer than an index of the book holds: the rows that have one are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import TAG
from crmcli.domain.entities.shared import EXTERNAL
from crmcli.errors import FieldError
from crmcli.services.imports.blocks import AT
from crmcli.services.imports.columns import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Type
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems

_NAME = TAG.field("name").type


def check(block: Block, kind: Entity, title: Callable[[str], str], bad: Problems) -> None:
    """Refuse the rows whose texts, tags, or names and ids of linked records are too long, whatever they were put
    together from. `title` gives the title of the column that fills a field."""
    for field in kind.stored():
        if field.type.longest is not None and field.column in block.columns:
            _look(field.type, title(field.name), block.columns[field.column], bad)
    for link, names in block.links.items():
        _look(_NAME, title(link), [name and name.lstrip(AT) for name in names], bad)
    for header, ids in block.foreign.items():
        _look(EXTERNAL.type, header, ids, bad)
    doubted = {tag for tag in {tag for tags in block.tags or () for tag in tags} if not _NAME.fits(len(tag), tag)}
    for row, tags in enumerate(block.tags or () if doubted else ()):
        for tag in tags:
            _look_at(_NAME, title("tags"), row, tag, bad)


def _look(kind: Type, header: str, texts: Sequence[str | None], bad: Problems) -> None:
    filled = [text for text in texts if text]
    if kind.fits(max(map(len, filled), default=0), "".join(filled)):
        return
    for row, text in enumerate(texts):
        if text:
            _look_at(kind, header, row, text, bad)


def _look_at(kind: Type, header: str, row: int, text: str, bad: Problems) -> None:
    try:
        kind.check_length(text)
    except FieldError as error:
        bad.setdefault(row, Problem(header, text, error.message))
