"""Filters that are kept by a name, as saved views, rules of the doctor, calendar feeds and rhythms: what they ask for,
and whether they can still be read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crmcli.domain import query
from crmcli.domain.entities import ENTITIES, RECORDS
from crmcli.domain.text import fold
from crmcli.errors import FilterError
from crmcli.services import naming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crmcli.context import Context

#: The tables that have them, what one is called, and what is to be done with one that cannot be read any more.
_KEPT = {
    "saved_view": ("the view {}", "save it anew"),
    "doctor_rule": ("the doctor's rule {}", "give it another filter"),
    "feed": ("the calendar feed {}", "make it anew"),
    "rhythm_rule": ("the rhythm for {}", "remove it or set another one"),
}


def users(ctx: Context, name: str) -> list[str]:
    """What asks for the saved view of this name, itself or through another one: other views, rules of the doctor."""
    key, found = fold(name), []
    book = naming.book(ctx)
    for table, other, of, text in _every(ctx):
        asked: set[str] = set()

        def view(kind: str, word: str, asked: set[str] = asked) -> str | None:
            asked.add(fold(word))
            return book.view(kind, word)

        for kind in [ENTITIES[of]] if of else RECORDS.values():
            # A list that has not the fields of a filter says nothing of it.
            with contextlib.suppress(FilterError):
                query.read(text or "", kind, ctx.env, book._replace(view=view))
        if key in asked and (table, fold(other)) != ("saved_view", key):
            found.append(_KEPT[table][0].format(other))
    return found


def _every(ctx: Context) -> Iterator[tuple[str, str, str, str]]:
    """(table, name, kind of record or "", filter) of every kept filter."""
    for table in _KEPT:
        # A rule without a filter is none.
        some = "" if table == "saved_view" else "WHERE filter IS NOT NULL"
        whose = "'task'" if table == "feed" else "entity"
        for name, of, text in ctx.reader.rows(f"SELECT name, {whose}, filter FROM {table} {some} ORDER BY name_key"):
            yield table, str(name), of or "", text or ""


def working(ctx: Context) -> dict[tuple[str, str], str]:
    """The kept filters that can be read: (table, name) -> filter."""
    found = {}
    book = naming.book(ctx)
    for table, name, of, text in _every(ctx):
        for kind in [ENTITIES[of]] if of else RECORDS.values():
            with contextlib.suppress(FilterError):
                query.read(text, kind, ctx.env, book)
                found[table, name] = text
                break
    return found


def broken(ctx: Context, before: Mapping[tuple[str, str], str]) -> list[str]:
    """A line for each of the kept filters that worked (`before`, see `working`) and do not any more."""
    now = working(ctx) if before else {}
    lines = []
    for (table, name), text in before.items():
        if (table, name) not in now:
            what, advice = _KEPT[table]
            lines.append(f"{what.format(name)} does not work any more, {advice}: {text}")
    return lines
