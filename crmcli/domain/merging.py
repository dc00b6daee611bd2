"""Records that are the same become one: which of them stays, and which value each of its fields has then.

Order and rules of leads and deals are those of Odoo 19, in own words; those of people and firms are made after them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import OWN
from crmcli.domain.struct import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = Mapping[str, Any]

#: What says where a record stands, when it came and what others know it by: that of the one that stays.
STAYING = frozenset((
    "id", "uid", "external_id", "kind", "created_at", "updated_at", "archived_at", "removed_at", "merged_into_id",
    "status", "stage_id", "pipeline_id", "stage_since", "position", "closed_at", "converted_at",
    "probability_bp", "probability_manual", "probability_kept_bp",
))  # fmt: skip
ADDRESS = ("street", "city", "region", "postal_code", "country")
#: table -> its amounts; all are in the currency of the record
AMOUNTS = {"opportunity": ("value_minor", "recurring_minor"), "company": ("revenue_minor",)}
#: column -> what belongs to it and comes from the same record
ALONG = {"owner_id": "assigned_at", "recurring_minor": "plan"}


class Outcome(Struct):
    """What the record that stays has: column -> value, and column -> the records that it comes from. `left` are amounts
    that stay behind because they are in another currency, where it has none: (record, column)."""

    values: dict[str, Any]
    origin: dict[str, tuple[int, ...]]
    left: tuple[tuple[int, str], ...] = ()


def ranked(table: str, rows: Iterable[Row], places: Mapping[int, int]) -> list[Row]:
    """Rows of a table, the one that stays first.

    Of leads and deals: deals and what is not archived, then deals, then the higher place of its stage (`places`: stage
    -> place, none = 0), then the higher probability, then the older (lower number). Of people and firms: what is not
    archived, then the older, for its number is the one that people know. How much of a record is filled does not
    count: the rest comes along anyway.
    """

    def order(row: Row) -> tuple[Any, ...]:
        active = row.get("archived_at") is None
        if table != "opportunity":
            return (not active, row["id"])
        deal = row["kind"] == "deal"
        place = places.get(row.get("stage_id") or 0, 0)
        return (not (deal or active), not deal, -place, -row["probability_bp"], row["id"])

    return sorted(rows, key=order)


def combined(table: str, rows: Sequence[Row], keep: Mapping[str, int] = MappingProxyType({})) -> Outcome:
    """What comes of `rows`, of which the first stays and better ones come before others. `keep` (column -> record) says
    whose value a column has, also where that is empty; columns that are `STAYING` are not looked at.

    The first value that is there, unless a rule says otherwise: descriptions are joined by an empty line (equal ones
    once), tags united; the highest priority; the address as a whole from the record with most of its parts; a plan from
    the record that the recurring amount is of; amounts in the currency of the best record that has one; no lost reason
    unless the probability is 0; a deal if any is one.
    """
    by_id = {row["id"]: row for row in rows}
    kept = {column: by_id[number] for column, number in keep.items()}
    taken = {column: _first(column, rows) for column in sorted(_columns(table, rows))}
    taken |= _lasting(table, rows)
    amounts, left = _amounts(table, rows, kept)
    taken |= amounts
    for column, row in kept.items():
        for name in (column, *((ALONG[column],) if column in ALONG else ())):
            taken[name] = (row.get(name), (row["id"],))
    return Outcome(
        {column: value for column, (value, _) in taken.items()},
        {column: numbers for column, (_, numbers) in taken.items()},
        tuple(left),
    )


_Taken = tuple[Any, tuple[int, ...]]


def _columns(table: str, rows: Iterable[Row]) -> set[str]:
    """The columns that are taken from one record or another, each by itself."""
    stored = {f.column for e in ENTITIES.values() if e.table == table for f in e.stored() if not f.derived}
    return (stored | {name for row in rows for name in row if name.startswith(OWN)}) - STAYING


def _filled(value: Any) -> bool:
    return value is not None and value != "" and value != []


def _first(column: str, rows: Sequence[Row]) -> _Taken:
    for row in rows:
        if _filled(row.get(column)):
            return row[column], (row["id"],)
    return rows[0].get(column), (rows[0]["id"],)


def _lasting(table: str, rows: Sequence[Row]) -> dict[str, _Taken]:
    """What has rules of its own."""
    best = rows[0]
    found: dict[str, _Taken] = {}
    address = max(rows, key=lambda row: sum(_filled(row.get(part)) for part in ADDRESS))  # of equal ones the first
    found.update((part, (address.get(part), (address["id"],))) for part in ADDRESS)
    told = [row for row in rows if _filled(row.get("description"))]
    texts: dict[str, int] = {}
    for row in told:
        texts.setdefault(row["description"], row["id"])
    found["description"] = ("\n\n".join(texts) or None, tuple(texts.values()) or (best["id"],))
    tags = sorted({tag for row in rows for tag in row.get("tags") or ()})
    more = [row["id"] for row in rows if row.get("tags")]
    found["tags"] = (tags, tuple(more) or (best["id"],))
    if table == "opportunity":
        owner = next((row for row in rows if row.get("owner_id")), best)
        found["assigned_at"] = (owner.get("assigned_at"), (owner["id"],))
        highest = max(rows, key=lambda row: row.get("priority") or 0)
        found["priority"] = (highest.get("priority") or 0, (highest["id"],))
        found["lost_reason_id"] = (
            _first("lost_reason_id", rows) if not best["probability_bp"] else (None, (best["id"],))
        )
        deal = next((row for row in rows if row["kind"] == "deal"), best)
        found["kind"] = (deal["kind"], (best["id"] if deal["kind"] == best["kind"] else deal["id"],))
    return found


def _amounts(
    table: str, rows: Sequence[Row], kept: Mapping[str, Row]
) -> tuple[dict[str, _Taken], list[tuple[int, str]]]:
    """The amounts and their currency, and what stays behind because it is in another one."""
    columns = AMOUNTS.get(table, ())
    if not columns:
        return {}, []
    rich = [row for row in rows if any(row.get(column) is not None for column in columns)]
    chosen = next((row for column, row in kept.items() if column in columns and row.get(column) is not None), None)
    home = kept.get("currency") or chosen or next(iter(rich or [r for r in rows if r.get("currency")]), rows[0])
    currency = home.get("currency")
    same = [row for row in rows if row.get("currency") == currency]
    found: dict[str, _Taken] = {"currency": (currency, (home["id"],))}
    left = []
    for column in columns:
        found[column] = _first(column, same or rows[:1])
        along = ALONG.get(column)
        if along:
            giver = next((row for row in same if row.get(column) is not None), None)
            alone = [row for row in rows if row.get(column) is None] or rows[:1]  # whose plan is of no amount
            found[along] = (giver.get(along), (giver["id"],)) if giver else _first(along, alone)
        if not _filled(found[column][0]):
            left += [(row["id"], column) for row in rich if row not in same and row.get(column)]
    return found, left
