"""Which rows of a file the book cannot take as they are: amounts in another currency, links to what was removed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.types import Money, Ref, show_instant
from crmcli.services import values
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.keys import one_name
from crmcli.services.imports.matching import AMBIGUOUS
from crmcli.services.imports.salesforce_ids import same
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.services.imports.block_reader import Reader
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.linking import Links
    from crmcli.services.imports.trial import Seen

    #: by row: the columns of links to removed records, and why each of them is refused
    _Hidden = Mapping[int, Mapping[str, Problem]]

#: What tells two records of one id apart, besides their names.
_TELLING = ("email", "phone", "mobile", "domain", "company", "contact", "opportunity")
_STRANGER = (
    "this id is that of {record} ({name}), which is plainly another one: where the ids are those of another program,"
    " import the file with a profile that has a prefix for them; where it is the same, correct {record} first"
)


def misfits(
    ctx: Context, reader: Reader, links: Links, block: Block, found: Sequence[int], seen: Seen, *, updates: bool
) -> Problems:
    """Rows with an amount in another currency than one that their record keeps, for a record has one for all of them,
    and rows with a link to a removed record that theirs has not already.

    `found` says what each row is (`Matcher.outcomes`). Rows that repeat an earlier one are judged by that one alone.
    """
    kind = reader.kind
    if others := strangers(ctx, reader, block, found, seen):
        return others
    hidden = _hidden(reader, links, block)
    amounts = [field.column for field in kind.stored() if isinstance(field.type, Money)] if updates else []
    given = [block.columns[name] for name in amounts if name in block.columns]
    asked = {row for row in range(len(found)) if any(column[row] is not None for column in given)} | hidden.keys()
    if not asked:
        return {}
    known = {n for row in asked if (n := found[row]) > 0 and n not in seen} if updates else set()
    records = _records(ctx, kind, known, {name for columns in hidden.values() for name in columns}.union(amounts))
    bad: Problems = {}
    taken: set[int] = set()
    for row, number in enumerate(found):
        current = records.get(number)
        if number == AMBIGUOUS or number in taken or (number > 0 and (row not in asked or current is None)):
            problem = None
        else:
            why = hidden.get(row, {})
            there = current or {}
            problem = next((why[name] for name in why if there.get(name) != block.columns[name][row]), None)
            problem = problem or (_other_currency(reader, block, row, current) if current else None)
        if problem:
            bad[row] = problem
        elif number > 0:
            taken.add(number)
    return bad


def strangers(ctx: Context, reader: Reader, block: Block, found: Sequence[int], seen: Seen) -> Problems:
    """Rows whose id is that of a record which is plainly another: two programs may use the same ids. Plainly other
    is what has another name and another e-mail address, telephone, domain or company, and nothing of these, nor the
    moment of its making, in common; a row that says none of them is believed."""
    kind, ids = reader.kind, block.columns.get("external_id")
    names = block.keys.get("name_key")
    if not ids or not names:
        return {}
    created, unnamed = block.columns.get("created_at"), block.unnamed or [False] * len(block)
    asked = [row for row, number in enumerate(found) if ids[row] and number > 0 and number not in seen]
    asked = [row for row in asked if not unnamed[row]]
    telling = [kind.by_name[name].key_column for name in _TELLING if name in kind.by_name]
    telling = [column for column in telling if column in block.keys or column in block.columns]
    columns = {"external_id", "name", "name_key", "created_at", *telling}
    known = _records(ctx, kind, {found[row] for row in asked}, columns)
    bad: Problems = {}
    for row in asked:
        record = known.get(found[row])
        if record is None or not same(record["external_id"], ids[row]) or one_name(names[row], record["name_key"]):
            continue
        said = {column: (block.keys.get(column) or block.columns[column])[row] for column in telling}
        both = {column for column, value in said.items() if value is not None and record[column] is not None}
        made = created[row] if created else None
        if both and made != _stamp(record["created_at"]) and all(said[column] != record[column] for column in both):
            why = _STRANGER.format(record=f"{kind.name}:{found[row]}", name=record["name"])
            bad[row] = Problem(reader.title("external_id"), str(ids[row]), why)
    return bad


def _hidden(reader: Reader, links: Links, block: Block) -> _Hidden:
    """What rows link to that was removed: a uid alone finds such a record. (Parents come later.)"""
    found: dict[int, dict[str, Problem]] = {}
    for name, uids in block.uids.items() if len(block) else ():
        if name == "parent":
            continue
        field = reader.kind.field(name)
        assert isinstance(field.type, Ref)
        ids = block.columns[field.column]
        numbers = {number for uid, number in zip(uids, ids, strict=True) if uid and number and number > 0}
        reasons = links.names.hidden(field.type.entity, numbers) if numbers else {}
        for row, number in enumerate(ids) if reasons else ():
            if number in reasons:
                told = block.links[name][row] or uids[row] or ""
                found.setdefault(row, {})[field.column] = Problem(reader.title(name), told, reasons[number])
    return found


def _stamp(moment: Any) -> Any:
    return show_instant(moment) if isinstance(moment, datetime) else moment


def _records(ctx: Context, kind: Entity, numbers: set[int], columns: set[str]) -> dict[int, dict[str, Any]]:
    """These columns, and the currency, of records by number; those that were purged meanwhile are not there."""
    names = ["id", *sorted(columns), *(["currency"] if "currency" in kind.by_name else [])]
    return {
        row[0]: dict(zip(names, row, strict=True))
        for some, marks in portions(sorted(numbers))
        for row in ctx.reader.rows(f"SELECT {', '.join(names)} FROM {kind.table} WHERE id IN ({marks})", some)
    }


def _other_currency(reader: Reader, block: Block, row: int, current: Mapping[str, Any]) -> Problem | None:
    """Why the amounts of a row do not go with those that its record keeps."""
    home = current.get("currency") or ""
    amounts = reader.amounts.of_row(block, row, home)
    kept = [name for column, name in values.held(reader.kind, current).items() if column not in amounts]
    if not (home and kept and amounts.get("currency", home) != home):
        return None
    return Problem("", "", f"a {reader.kind.name} has one currency, and {' and '.join(kept)} of it is in {home}")
