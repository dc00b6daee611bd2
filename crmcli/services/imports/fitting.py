"""Which rows of a file the book cannot take as they are: amounts in another currency, links to what was removed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.keys import derive
from crmcli.domain.types import Money, Ref, show_instant
from crmcli.services import values
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.keys import one_name
from crmcli.services.imports.matching import AMBIGUOUS
from crmcli.services.imports.origins import NOTHING, alike, from_one, other_letters
from crmcli.services.imports.placing import STANDING
from crmcli.services.imports.salesforce_ids import same
from crmcli.services.imports.trial import TRIED
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.services.imports.block_reader import Reader
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.linking import Links
    from crmcli.services.imports.matching import Matcher

    #: by row: the columns of links to removed records, and why each of them is refused
    _Hidden = Mapping[int, Mapping[str, Problem]]

#: What tells two records of one id apart, besides their names: what is its own, and what others may have as well.
_OWN = ("email", "phone", "mobile", "domain")
LINKS = ("company", "contact", "opportunity")
_TELLING = (*_OWN, *LINKS)
_DIFFERS, _UNLIKE, _LINKED = "differs", "unlike", "linked"
#: What is not compared where a row is held against all of a record.
_ASIDE = frozenset(("name", "external_id", "uid", "currency", "tags"))
_STRANGER = (
    "this id is that of {record} ({name}), which is plainly another one: where the ids are those of another program,"
    " import the file with a profile that has a prefix for them; where it is the same, correct {record} first"
)


def misfits(
    ctx: Context, reader: Reader, links: Links, block: Block, found: Sequence[int], matcher: Matcher, *, updates: bool
) -> Problems:
    """Rows with an amount in another currency than one that their record keeps, for a record has one for all of them,
    and rows with a link to a removed record that theirs has not already.

    `found` says what each row is (`Matcher.outcomes`). Rows that repeat an earlier one are judged by that one alone.
    """
    kind = reader.kind
    if others := strangers(ctx, reader, links, block, found, matcher):
        return others
    hidden = _hidden(reader, links, block)
    amounts = [field.column for field in kind.stored() if isinstance(field.type, Money)] if updates else []
    given = [block.columns[name] for name in amounts if name in block.columns]
    asked = {row for row in range(len(found)) if any(column[row] is not None for column in given)} | hidden.keys()
    if not asked:
        return {}
    known = {n for row in asked if (n := found[row]) > 0 and n not in matcher.seen} if updates else set()
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


def strangers(
    ctx: Context, reader: Reader, links: Links, block: Block, found: Sequence[int], matcher: Matcher
) -> Problems:
    """Rows whose id is that of a record which is plainly another: two programs may use the same ids. Plainly other is
    what never had that name, and has no e-mail address, telephone, domain, link or moment of its making in common, but
    another one; a person with no word of the name, in the same script, and another e-mail address; also what has no
    word of its name in common, where the id came with the export of another program. Where nobody knows whose export
    that was, the whole file tells: most of its rows with known ids are such."""
    before = [n if n > 0 and n not in matcher.seen and n not in matcher.made else 0 for n in found]
    judged = judge(ctx, reader, links, block, before, matcher)
    certain = judged.certain
    if judged.doubted or judged.renamed:
        votes = links.foreign.votes.own()
        doubted = judged.doubted | (judged.renamed if votes.several else set())
        full = matcher.raw([found[row] for row in doubted]) if votes.others else {}
        there = {row: full[found[row]] for row in doubted if found[row] in full}
        certain = certain | _mostly_other(links, reader, block, there, judged)
    links.foreign.refused.add(reader.kind, [block.columns["external_id"][row] for row in certain])
    return {
        row: Problem(
            reader.title("external_id"),
            str(block.columns["external_id"][row]),
            _STRANGER.format(record=f"{reader.kind.name}:{found[row]}", name=judged.names[row]),
        )
        for row in sorted(certain)
    }


class Judged(NamedTuple):
    """Of the rows of a block how many were asked about, and which are another record than the one that has their id:
    plainly; as the other rows of the file tell; the same, but that it came under the same titles. By row, `names` are
    what these records are called, and `misnamed` the columns of links that are the same in both by a bare id alone."""

    asked: int
    certain: set[int]
    doubted: set[int]
    renamed: set[int]
    names: dict[int, str]
    misnamed: dict[int, set[str]]


def judge(ctx: Context, reader: Reader, links: Links, block: Block, found: Sequence[int], matcher: Matcher) -> Judged:
    """Hold the rows of a block against the records that have their ids, as they are `found` by these; 0 for none."""
    kind, ids, names = reader.kind, block.columns.get("external_id"), block.keys.get("name_key")
    judged = Judged(0, set(), set(), set(), {}, {})
    if not ids or not names:
        return judged
    unnamed = block.unnamed or [False] * len(block)
    asked = [row for row, n in enumerate(found) if ids[row] and n and not unnamed[row]]
    telling = _Telling(kind, block)
    known = _known(ctx, kind, {found[row] for row in asked}, telling.columns, matcher)
    asked = [row for row in asked if (one := known.get(found[row])) and same(one["external_id"], ids[row])]
    others = {row: why for row in asked if (why := telling.other(row, known[found[row]]))}
    misnamed = _misnamed(links, reader, block, {row for row, why in others.items() if why == _LINKED})
    others |= {row: telling.other(row, known[found[row]], aside) for row, aside in misnamed.items()}
    called = {row: known[found[row]]["name"] for row in others}
    judged = judged._replace(asked=len(asked), names=called, misnamed=misnamed)
    if not others:
        return judged
    origins = links.foreign.origins
    past, here = origins.past(kind.table, {found[row] for row in others}), origins.of_file(reader.title("external_id"))
    for row, why in others.items():
        names_of, ids_of = past.get(found[row], NOTHING)
        if any(one_name(names[row], one) if why == _DIFFERS else alike(names[row], one) for one in names_of):
            continue
        of_here = from_one(ids_of, ids[row], here, surely=True)
        if why == _DIFFERS or of_here is False:
            judged.certain.add(row)
        elif of_here is None and why == _UNLIKE:
            (judged.renamed if from_one(ids_of, ids[row], here) else judged.doubted).add(row)
    return judged


class _Telling:
    """What the rows of a block say that tells two records of one id apart."""

    def __init__(self, kind: Entity, block: Block) -> None:
        self._block, self._names = block, block.keys["name_key"]
        self._said = {
            column: said
            for name in _TELLING
            if name in kind.by_name
            and (said := block.keys.get(column := kind.by_name[name].key_column) or block.columns.get(column))
        }
        self._own = {kind.by_name[name].key_column for name in _OWN if name in kind.by_name}
        #: what nobody keeps who has another name: colleagues have a company and a telephone in common
        self._personal = {"email_key"} if kind.name in ("contact", "lead") else set()
        self.columns = {"external_id", "name", "name_key", "created_at", *self._said}

    def other(self, row: int, record: Mapping[str, Any], aside: Collection[str] = ()) -> str:
        """Why a row may be another than this record: what they say `_DIFFERS`, or the names are `_UNLIKE`, or both but
        for a link that they have in common (`_LINKED`). "" where it is the same one. The columns `aside` are not
        looked at."""
        if one_name(self._names[row], record["name_key"]):
            return ""
        made = self._block.columns.get("created_at")
        if made and made[row] and made[row] == _stamp(record["created_at"]):
            return ""
        both = {column for column, said in self._said.items() if None not in (said[row], record.get(column))} - {*aside}
        agree = {column for column in both if self._said[column][row] == record[column]}
        unlike = not alike(self._names[row], record["name_key"])
        if both and not agree:
            return _DIFFERS
        if unlike and both & self._personal - agree and not other_letters(self._names[row], record["name_key"]):
            return _DIFFERS
        if agree & self._own or not unlike:
            return ""
        return _LINKED if agree else _UNLIKE


def _misnamed(links: Links, reader: Reader, block: Block, rows: Collection[int]) -> dict[int, set[str]]:
    """By row the columns of links that an id fills which is that of a record with nothing of the name beside it: two
    programs may use the same ids for what they link to, too."""
    found: dict[int, set[str]] = {}
    for name in LINKS if rows else ():
        if name in block.links:
            field = reader.kind.field(name)
            for row in links.named_ids.misnamed(block, field, rows):
                found.setdefault(row, set()).add(field.column)
    return found


def _mostly_other(
    links: Links, reader: Reader, block: Block, records: Mapping[int, Mapping[str, Any]], judged: Judged
) -> set[int]:
    """Which of these rows do not have most of what both of them say in common with their records, besides name and id;
    what many rows of the file say, and where a deal stands, makes nothing common. Where there is nothing that both say,
    a row under the same titles as its record came with is believed, if these are not of names alone."""
    columns = {name: column for name, column in reader.compared(block).items() if name not in _ASIDE}
    written = said(reader, block)
    found: set[int] = set()
    for row, record in records.items():
        here = {name: column[row] for name, column in columns.items() if name not in judged.misnamed.get(row, ())}
        both = [name for name, value in here.items() if value is not None and record.get(name) is not None]
        if here and not both and row in judged.renamed:
            continue
        agree = [name for name in both if here[name] == record[name]]
        telling = [n for n in agree if n not in STANDING and not links.foreign.votes.common(n, written[n][row])]
        if len(telling) <= len(both) - len(agree):
            found.add(row)
    return found


def said(reader: Reader, block: Block) -> dict[str, list[Any]]:
    """What the rows say in the columns that a record has, as it is before any link is looked up: of links the names."""
    columns = {name: column for name, column in reader.compared(block).items() if name not in _ASIDE}
    names = {reader.kind.field(name).column: column for name, column in block.links.items() if name != "parent"}
    return {name: column for name, column in columns.items() if name not in names} | names


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


def _known(
    ctx: Context, kind: Entity, numbers: set[int], columns: set[str], matcher: Matcher
) -> dict[int, dict[str, Any]]:
    """The same, in a dry run as they would be by now."""
    tried = [number for number in numbers if number >= TRIED or number in matcher.retried]
    found = _records(ctx, kind, numbers.difference(tried), columns)
    for number, record in matcher.raw(tried).items() if tried else ():
        found[number] = record | derive(kind.table, record, ctx.env)
    return found


def _other_currency(reader: Reader, block: Block, row: int, current: Mapping[str, Any]) -> Problem | None:
    """Why the amounts of a row do not go with those that its record keeps."""
    home = current.get("currency") or ""
    amounts = reader.amounts.of_row(block, row, home)
    kept = [name for column, name in values.held(reader.kind, current).items() if column not in amounts]
    if not (home and kept and amounts.get("currency", home) != home):
        return None
    return Problem("", "", f"a {reader.kind.name} has one currency, and {' and '.join(kept)} of it is in {home}")
