"""Saved views: a filter with a name, and if wanted its columns and order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain import query
from crmcli.domain.change import written
from crmcli.domain.entities import RECORDS, SAVED_VIEW
from crmcli.domain.fields import suggest
from crmcli.domain.text import fold
from crmcli.errors import FilterError, NotFoundError, RefusedError, UsageError
from crmcli.results import Changed, Rows
from crmcli.services import kept_filters, naming
from crmcli.services.records import check_sort, columns_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.query import Book


def save(ctx: Context, name: str, kind: Entity | None, text: str, *, columns: str = "", sort: str = "") -> Changed:
    """Save a filter under a name, over an earlier one of that name. Without a kind it fits every list that has its
    fields. What goes with the earlier one is said, also a rhythm or another view that was made of it. The filter is
    read first, as it will be when it is saved: FilterError, also for a view that would contain itself; UsageError for
    a kind without lists to filter."""
    if not re.fullmatch(r"[\w.-]+", name):
        raise UsageError(f"'{name}' cannot name a view", "use letters, digits, -, _ and . alone")
    if kind is not None and kind.name not in RECORDS:
        raise UsageError(f"there is no view of {kind.plural.replace('_', ' ')}", f"choose from: {', '.join(RECORDS)}")
    book = naming.book(ctx)
    after = book._replace(view=lambda of, other: text if fold(other) == fold(name) else book.view(of, other))
    kinds = [kind] if kind else _fitting(ctx, after, text)
    if columns:
        columns_for(kinds[0], [c.strip() for c in columns.split(",") if c.strip() and c.strip() != "all"])
    query.read(text, kinds[0], ctx.env, after)
    check_sort(kinds[0], sort)
    row = {
        "entity": kind.name if kind else None,
        "filter": text or None,
        "columns": columns or None,
        "sort": sort or None,
    }
    lists = kind.plural if kind else " and ".join(k.plural for k in kinds)
    lines: list[str] = []
    working = kept_filters.working(ctx) if fold(name) in map(fold, ctx.names("saved_view")) else {}
    with ctx.writing() as tx:
        number = tx.word("saved_view", name, create=False)
        if number is None:
            number = tx.add("saved_view", {"name": name, **row})
        else:
            lines += _replaced(ctx, tx.row("saved_view", number), row)
            tx.change("saved_view", number, row)
    name, text = (written(tx.changes, "saved_view", number, *pair) for pair in (("name", name), ("filter", text)))
    lines = [f"saved view {name} for {lists}: {text}", *lines, *kept_filters.broken(ctx, working)]
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (number,), "saved_view")


def _replaced(ctx: Context, was: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """What a view no longer says now that another was saved over it, in a line; none where it says the same."""
    labels = {"filter": "filter", "entity": "--for", "columns": "--columns", "sort": "--sort"}
    gone = [f"{label} {was[name]}" for name, label in labels.items() if was.get(name) and was[name] != row[name]]
    return [f"in place of: {', '.join(gone)}; '{ctx.settings.calling('undo')}' brings that back"] if gone else []


def _fitting(ctx: Context, book: Book, text: str) -> list[Entity]:
    """The kinds of record whose lists can take the filter. Raises the first kind's error when none can."""
    found, first = [], None
    for kind in RECORDS.values():
        try:
            query.read(text, kind, ctx.env, book)
        except FilterError as error:
            first = first or error
        else:
            found.append(kind)
    if first and not found:
        raise first
    return found


def remove(ctx: Context, name: str, *, used: bool = False) -> Changed:
    """Forget a saved view. Raises RefusedError while others are made of it, unless `used` says that it may go all the
    same."""
    with ctx.writing() as tx:
        number = tx.word("saved_view", name, create=False)
        if number is None:
            raise NotFoundError(
                f"there is no saved view '{name}'", suggest(name, ctx.names("saved_view"), "crm view list")
            )
        if not used and (others := kept_filters.users(ctx, name)):
            one = len(others) == 1
            raise RefusedError(
                f"the view {name} is used by {', '.join(others)}",
                f"save {'that' if one else 'those'} without it first, or add --yes: {'it' if one else 'they'} will not"
                " work any more",
            )
        tx.delete("saved_view", number)
    return Changed((f"removed view {name}",), tuple(tx.changes), ctx.batch, (), "saved_view")


def views(ctx: Context) -> Rows:
    """Every saved view."""
    names = ["name", "entity", "filter", "columns", "sort"]
    rows = ctx.reader.rows("SELECT name, entity, filter, columns, sort FROM v_saved_view")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    found.sort(key=lambda row: fold(row["name"]))
    return Rows(columns_for(SAVED_VIEW, names), found, empty="no saved views yet", numbered=False)


def get(ctx: Context, name: str) -> tuple[str, str]:
    """(kind of record or "", filter text) of a saved view. Raises NotFoundError."""
    found = ctx.reader.one("SELECT entity, filter FROM saved_view WHERE name_key = ?", (fold(name),))
    if found is None:
        raise NotFoundError(f"there is no saved view '{name}'", suggest(name, ctx.names("saved_view"), "crm view list"))
    return str(found[0] or ""), str(found[1] or "")
