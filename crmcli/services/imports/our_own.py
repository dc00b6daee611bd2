"""crm's own exports: whose rows they are, and which of their columns no field of this book has: those that are worked
out, and people's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain import custom
from crmcli.domain.custom import RESERVED
from crmcli.services.imports.roles import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.mapping import Mapped

#: What tells an export of crm: no other program has these titles together.
_MARKS = frozenset(("uid", "created_at", "updated_at"))


def own_kind(header: Sequence[str], allowed: Callable[[Entity], bool] | None = None) -> Entity | None:
    """The kind of which a file is an export of crm, whatever fields other books and versions have: that whose fields
    the titles are, of those that are `allowed`. None for a file of another program."""
    if not _MARKS.issubset(header):
        return None
    found = [kind for kind in KINDS if not allowed or allowed(kind)]
    more = [2 * sum(field.name in header for field in kind.core) - len(kind.core) for kind in found]
    most, kind = max(zip(more, found, strict=True), key=lambda one: one[0], default=(0, None))
    return kind if most > 0 else None


def worked_out(kind: Entity, header: Sequence[str]) -> set[str]:
    """The titles that are crm's own and no field that people could add: in its exports the numbers of records, what
    follows from other fields, parts of amounts and links; in every file the reasons why rows were refused."""
    ours = header if _MARKS.issubset(header) else ()
    table = _table(kind)
    return {title for title in ours if custom.unfit(table, title)} | {t for t in header if t.startswith(RESERVED)}


def lost(kind: Entity, columns: Sequence[Mapped], given: Mapping[str, str]) -> list[str]:
    """The columns of one of crm's exports that fill nothing here: fields that people added to the other book. Those
    that the mapping by hand names (`given`) are none."""
    header = [column.header for column in columns if not column.fixed]
    if not _MARKS.issubset(header) or not _table(kind):
        return []
    known = worked_out(kind, header) | given.keys()
    return [column.header for column in columns if not column.to and column.header not in known]


def told_lost(kind: Entity, titles: Sequence[str], empty: Container[str], *, makes: bool = True) -> Iterator[str]:
    """What is said of such columns, of which those that are `empty` lose nothing. `makes`: the import can make fields
    of them."""
    filled, nothing = [title for title in titles if title not in empty], [title for title in titles if title in empty]
    if filled:
        them, field = ("them", "fields") if len(filled) > 1 else ("it", "field")
        add = f"'crm field add {custom.called(_table(kind), filled[0])} TYPE' before the import"
        way = f"--new-fields makes {them}, or {add}" if makes else f"{add} makes {'one' if len(filled) > 1 else 'it'}"
        yield f"left out, for this book has no such {field}: {', '.join(filled)}; {way}"
    if nothing:
        yield f"left out, for nothing is in {'them' if len(nothing) > 1 else 'it'}: {', '.join(nothing)}"


def _table(kind: Entity) -> str:
    """The table whose records may have fields of people's own; "" for kinds that have none."""
    return next((table for table, kinds in custom.TABLES.items() if kind in kinds), "")
