"""What is:STATE stands for, and what a list leaves out unless its filter speaks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.query import neglect
from crmcli.domain.query.parse import parse
from crmcli.domain.query.tree import And, Empty, Not, OneOf, Or, Term
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.domain.fields import Entity
    from crmcli.domain.query.bind import Book
    from crmcli.domain.query.tree import Node
    from crmcli.domain.types import Env

#: The states of the records of a table, written in the language itself.
STATES: dict[str, dict[str, str]] = {
    "opportunity": {
        "open": "status:open no:archived_at",
        "won": "status:won",
        "lost": "status:lost",
        "closed": "status:won,lost",
        "archived": "has:archived_at",
        "removed": "has:removed_at no:merged_into",
        "merged": "has:merged_into",
        "mine": "owner:me",
        "overdue": "next_due:..yesterday or (next_due:today next_due_at:..now)",
        "idle": "status:open no:archived_at open_tasks:0",
        "silent": "status:open no:archived_at",
        "rotting": "status:open no:archived_at",
        "owed": "has:owed_since",
        "waiting": "has:waiting_since",
        "any": "",
    },
    "task": {
        "open": "no:done_at",
        "done": "has:done_at",
        "overdue": "no:done_at due_on:..today (due_on:..yesterday or due_at:..now)",
        "today": "no:done_at due_on:today",
        "planned": "no:done_at due_on:tomorrow..",
        "blocked": "no:done_at blocked_by:1..",
        "blocking": "no:done_at blocks:1..",
        "delegated": "no:done_at delegated_by:me",
        "repeating": "no:done_at has:repeat",
        "removed": "has:removed_at",
        "mine": "owner:me",
        "any": "",
    },
    "contact": {
        "open": "no:archived_at",
        "owed": "no:archived_at has:owed_since",
        "waiting": "no:archived_at has:waiting_since",
        "archived": "has:archived_at",
        "removed": "has:removed_at no:merged_into",
        "merged": "has:merged_into",
        "mine": "owner:me",
        "any": "",
    },
    "interaction": {"removed": "has:removed_at", "any": ""},
}
STATES["company"] = STATES["contact"]


class Besides(Struct):
    """What the language cannot say of a state, because it depends on settings or stages: in words, and as a node."""

    words: str
    node: Callable[[Entity, Env, Book], Node]


def _heard(entity: Entity, _env: Env, _book: Book) -> Node:
    """Open, or of nobody in the book whose own turn would say it."""
    names, links = entity.by_name, [field for field in entity.core if field.column in ("contact_id", "company_id")]
    here = And((OneOf(names["status"], ("open",)), Empty(names["archived_at"])))
    return Or((here, And(tuple(Empty(field) for field in links))))


_TURN = Besides("`status:open no:archived_at`, or without a person and a company", _heard)
#: table -> state -> what must hold besides its text in `STATES`
BESIDES: dict[str, dict[str, Besides]] = {
    "opportunity": {
        "silent": Besides(
            "entered, and last touched, `silent_days` days ago or earlier",
            lambda entity, env, _book: neglect.silent(entity, env.now, env.silent_days),
        ),
        "rotting": Besides(
            "in its stage, and without a touch, for the days that it takes to rot there",
            lambda entity, env, book: neglect.rotting(entity, env.now, book.rotting()),
        ),
        "owed": _TURN,
        "waiting": _TURN,
    }
}

#: Who speaks of one of these says himself whether what is over is meant.
_OVER = frozenset(
    ["is", "id", "uid", "external_id", "status", "done", "done_at", "archived", "archived_at", "closed", "closed_at"]
)
#: Who speaks of one of these means what was merged, which is in no list otherwise; or what was removed as well.
_MERGED = frozenset(("is:merged", "merged_into", "removed", "removed_at"))
_HIDDEN = _MERGED | {"is:removed"}


def left_out(entity: Entity, tree: Node, book: Book, around: tuple[Node, ...] = ()) -> list[Node]:
    """What a list leaves out by default: removed and merged records always (unless asked for), and what is over. A won
    stage that is named brings the won ones. For a saved view, what the filters `around` it say themselves counts as
    well; what their other views speak of is the business of those."""
    names, spoken = entity.by_name, _spoken(tree, entity, book)
    for outer in around:
        spoken |= _spoken(outer, entity, book, views=False)
    parts: list[Node] = []
    if "removed_at" in names and spoken.isdisjoint(_HIDDEN):
        parts.append(Empty(names["removed_at"]))
    elif "merged_into" in names and spoken.isdisjoint(_MERGED):
        parts.append(Empty(names["merged_into"]))
    if not spoken.isdisjoint(_OVER):
        return parts
    if "status" in names:
        parts.insert(0, OneOf(names["status"], ("open", "won") if "stage:won" in spoken else ("open",)))
    if "archived_at" in names:
        parts.append(Empty(names["archived_at"]))
    if "done_at" in names:
        parts.append(Empty(names["done_at"]))
    return parts


def _spoken(node: Node, entity: Entity, book: Book, seen: tuple[str, ...] = (), *, views: bool = True) -> set[str]:
    """What a filter speaks of, its saved `views` included: field names, `is` with `is:STATE`, and `stage:won` for any
    won stage."""
    if isinstance(node, (And, Or)):
        return set().union(*(_spoken(item, entity, book, seen, views=views) for item in node.items))
    if isinstance(node, Not):
        return _spoken(node.item, entity, book, seen, views=views)
    if not isinstance(node, Term):
        return set()
    if node.field == "is":
        return {"is", *(f"is:{value.text}" for value in node.values)}
    if node.field in ("no", "has"):
        return {value.text for value in node.values}
    if node.field != "view":
        won = node.field == "stage" and not {fold(value.text) for value in node.values}.isdisjoint(book.won())
        return {node.field, "stage:won"} if won else {node.field}
    found: set[str] = set()
    for name in (value.text for value in node.values if views and value.text not in seen):
        text = book.view(entity.name, name)
        if text:
            found |= _spoken(parse(text), entity, book, (*seen, name))
    return found
