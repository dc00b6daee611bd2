"""What undo puts back in one record: which columns are one field, and what a probability follows.

An amount is nothing without its currency, a time nothing without its day: of columns that are one field, a later change
of any is a later change of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.services.apart import PAIR
from crmcli.services.links import TARGETS
from crmcli.services.undo_merges import PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcli.services.batch import Net

#: What later changes move all the time: restored where nobody did, never a conflict.
SOFT = frozenset(("updated_at", "position"))
PROBABILITY = ("probability_bp", "probability_manual", "probability_kept_bp")
#: table -> the columns that are one field
FIELDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "opportunity": (("value_minor", "currency"), ("recurring_minor", "currency"), PROBABILITY),
    "company": (("revenue_minor", "currency"),),
    "task": (("due_on", "due_at"), ("done_at", "feedback")),
    "saved_view": (("filter", "entity", "columns", "sort"),),
    "plan_step": (("who", "assignee_id"),),
}


def beside(table: str, columns: Iterable[str]) -> set[str]:
    """The columns that are one field with some of these, or say what they mean, and are not among them."""
    known = set(columns)
    found = {c for field in FIELDS.get(table, ()) if known & set(field) for c in field}
    if known & set(PROBABILITY):
        found.add("status")
    return found - known


def follows_alone(table: str, done: Net) -> bool:
    """Whether a probability is all that a batch moved in a record."""
    return table == "opportunity" and {*(done.before or ())} <= SOFT | {"probability_bp"}


def moved_along(table: str, done: Net) -> bool:
    """Whether links are all that a batch moved in a record, which nobody edited: what these lead to was merged."""
    return {*(done.before or ())} <= TARGETS.get(table, {}).keys()


def put_back(
    table: str, now: Mapping[str, Any], done: Net, then: Mapping[str, Any], stages: Mapping[int, int]
) -> tuple[dict[str, Any], list[str]]:
    """What undoing `done` gives a record that stands as `now`, and the columns that were changed later, which are a
    conflict. `then` are columns beside those of the batch that were changed since, as they were; `stages` are the
    probabilities of the stages, by number."""
    assert done.before is not None
    assert done.after is not None
    if table in PAIRS:
        return _members(now, done.before, done.after)
    was, left = {**then, **done.before}, {**then, **done.after}
    values: dict[str, Any] = {}
    changed: dict[str, None] = {}
    own_figure = False
    for field in _fields(table, done.before):
        differ = [c for c in field if c in was and (now.get(c) != left.get(c) or c in done.split)]
        if field == ("tags",):
            values["tags"] = _tags(now.get("tags"), was["tags"], left.get("tags"))
        elif not differ:
            values.update({c: done.before[c] for c in field if c in done.before})
        elif all(c not in was or now.get(c) == was[c] for c in field) or set(field) <= SOFT:
            continue
        elif field == PROBABILITY and _by_hand({**now, **was}) == _by_hand({**now, **left}):
            own_figure = True  # what the batch moved was automatic; what was typed later stays
        else:
            changed.update(dict.fromkeys(differ))
    if changed:
        return {}, list(changed)
    values = {column: value for column, value in values.items() if now.get(column) != value}
    if table == "opportunity" and values:
        values = _with_probability(now, values, stages, own_figure=own_figure)
    return values, []


def _members(
    now: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """What `put_back` gives a pair of records that are not the same. Each merge moved one of the two, and the smaller
    number stands first: what somebody moved later is the other record, in whatever column that stands."""
    was, left = ({side[c] for c in PAIR if side.get(c) is not None} for side in (before, after))
    there = {now[c] for c in PAIR}
    went, came = was - left, left - was
    if came <= there and len(pair := (there - came) | went) == len(PAIR):
        return {c: number for c, number in zip(PAIR, sorted(pair), strict=True) if now[c] != number}, []
    return {}, [] if went <= there else [c for c in PAIR if c in before]


def automatic(row: Mapping[str, Any], stages: Mapping[int, int]) -> int | None:
    """The probability that a lead or deal has from its stage; None for one that has its own, or is closed. What a row
    of the journal leaves out is what a new record has."""
    if row.get("status", "open") != "open" or row.get("probability_manual"):
        return None
    return stages.get(row.get("stage_id") or 0)


def _fields(table: str, columns: Iterable[str]) -> list[tuple[str, ...]]:
    """The fields that these columns are of."""
    known = dict.fromkeys(columns)
    whole = [field for field in FIELDS.get(table, ()) if any(c in known for c in field)]
    joined = {c for field in whole for c in field}
    return [*whole, *((c,) for c in known if c not in joined)]


def _tags(now: Any, was: Any, left: Any) -> list[int]:
    """The present tags without those that the batch put on, with those that it took off."""
    there, before, after = set(now or ()), set(was or ()), set(left or ())
    return sorted((there - (after - before)) | (before - after))


def _by_hand(row: Mapping[str, Any]) -> Any:
    """The probability that somebody set, of what is closed the one that waits until it is open again; None for none."""
    if row.get("status") != "open":
        return row.get("probability_kept_bp")
    return row.get("probability_bp") if row.get("probability_manual") else None


def _with_probability(
    now: Mapping[str, Any], values: dict[str, Any], stages: Mapping[int, int], *, own_figure: bool
) -> dict[str, Any]:
    """The values with the probability that follows from them; with `own_figure` that set by hand stays as it is now."""
    after = {**now, **values}
    if own_figure and "status" in values:
        hand, is_open = _by_hand(now), after["status"] == "open"
        follows = {
            "probability_bp": hand if is_open else 10_000 if after["status"] == "won" else 0,
            "probability_manual": is_open and hand is not None,
            "probability_kept_bp": None if is_open else hand,
        }
        after = {**after, **follows}
        values = {**values, **{c: v for c, v in follows.items() if now.get(c) != v}}
    figure = automatic(after, stages)
    if figure is not None and figure != now.get("probability_bp"):
        values["probability_bp"] = figure
    elif figure is not None:
        values.pop("probability_bp", None)
    return values
