"""Duplicates in the book: groups of records that are probably one, those that somebody told apart, and what a new
record is like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import dedupe, hierarchy
from crmcli.domain.address import domain_of
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.domain.fields import OWN
from crmcli.domain.types import Integer, readable
from crmcli.errors import NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import aliases, apart, merging, naming, probing, records
from crmcli.store import own, read
from crmcli.store.sql import by_number, portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.dedupe import Entry, Finder, Group, Pair
    from crmcli.domain.fields import Entity, Field

KINDS = (CONTACT, COMPANY, LEAD, DEAL)
#: The score from which two records are listed as probably one.
THRESHOLD = dedupe.THRESHOLD
#: So many records are read at a time.
_PAGE = 2000
#: So many likes of a new record are told.
TOLD = 3
#: What a record is compared by, in the order in which it is read.
_PARTS = (
    "name", "email", "phone", "mobile", "company", "domain", "website", "birthday", "street", "city", "postal_code",
    "region", "country", "job_title", "subject", "value", "currency", "close_on", "parent", "customer", "contact",
)  # fmt: skip
_COMMON = {part: f"t.{part}" for part in ("name", "street", "city", "postal_code", "region", "country")}
_COMMON |= {"email": "t.email_key", "phone": "t.phone_key"}
_PERSON = {**_COMMON, "job_title": "t.job_title", "website": "t.website"}
#: kind -> part -> its SQL over the base table `t` and the linked company `c`.
_COLUMNS = {
    "contact": {**_PERSON, "mobile": "t.mobile_key", "company": "c.name", "birthday": "t.birthday"},
    "company": {**_COMMON, "domain": "t.domain", "parent": "t.parent_id"},
    "lead": {
        **_PERSON, "name": "coalesce(t.contact_name, t.name)", "company": "coalesce(c.name, t.company_name)",
        "subject": "CASE WHEN t.contact_name IS NOT NULL THEN t.name END", "customer": "t.company_id",
    },
    "deal": {
        "name": "t.name", "email": "t.email_key", "phone": "t.phone_key", "contact": "t.contact_id",
        "company": "coalesce(c.name, t.company_name)", "customer": "t.company_id", "value": "t.value_minor",
        "currency": "t.currency", "close_on": "t.close_on",
    },
}  # fmt: skip
#: What two records of a kind may share that makes them worth a look: keys of which each stands for the same thing.
_BY_ADDRESS = (("t.email_key",), ("t.phone_key",))
_SHARED = {
    "contact": (("t.email_key",), ("t.phone_key", "t.mobile_key"), ("t.name_key || ' ' || t.company_id",)),
    "company": (*_BY_ADDRESS, ("t.domain",), ("t.name_key",)),
    "lead": _BY_ADDRESS,
    "deal": _BY_ADDRESS,
}
#: The records that are compared: in sight or put aside; of deals those that are open, for one customer may buy the same
#: twice. A lead that was lost is one that comes again.
_POOL = {
    "contact": "t.removed_at IS NULL",
    "company": "t.removed_at IS NULL",
    "lead": "t.kind = 'lead' AND t.removed_at IS NULL",
    "deal": "t.kind = 'deal' AND t.status = 'open' AND t.removed_at IS NULL AND t.archived_at IS NULL",
}
_VALUE = DEAL.field("value").type
COLUMNS = (
    Column("score", Integer(), "Score"), Column("ids", None, "Records"), Column("names", None, "Names"),
    Column("reasons", None, "Why"),
)  # fmt: skip


def check_kind(kind: Entity) -> None:
    """Raises UsageError for a kind whose records are never compared."""
    if kind not in KINDS:
        raise UsageError(f"duplicates of {kind.plural} are not looked for", "contact, company, lead or deal can be")


# --- the book as entries ---------------------------------------------------------------------------------------------


def entries(
    ctx: Context, kind: Entity, where: str = "", params: Sequence[Any] = (), *, pool: str = ""
) -> Iterator[Entry]:
    """The records of a kind as they are compared, page by page, oldest first; `where` narrows them, over the base
    table `t`, and `pool` says which are looked at (those in sight unless given)."""
    known = _COLUMNS[kind.name]
    joined = " LEFT JOIN company c ON c.id = t.company_id" if "company" in known else ""
    mine = [(field.column.removeprefix(OWN), field) for field in kind.fields if field.own]
    columns = [*(known.get(part, "NULL") for part in _PARTS), "t.custom" if mine else "NULL"]
    tops = _Tops(ctx) if "customer" in known else None
    last = 0
    more, scan = f" AND ({where})" if where else "", by_number(ctx.reader.dialect)
    while page := ctx.reader.rows(
        f"SELECT t.id, {', '.join(columns)} FROM {kind.table} t{scan}{joined}"
        f" WHERE t.id > ? AND {pool or _POOL[kind.name]}{more} ORDER BY t.id LIMIT {_PAGE}",
        (last, *params),
    ):
        last = page[-1][0]
        for row in page:
            yield _entry(row, mine, tops)
        if len(page) < _PAGE:
            return


class _Tops:
    """The company at the top of each tree."""

    def __init__(self, ctx: Context) -> None:
        self._above = dict(ctx.reader.rows("SELECT id, parent_id FROM company WHERE parent_id IS NOT NULL"))

    def of(self, company: int) -> int:
        return hierarchy.top(company, self._above)


def _entry(row: tuple[Any, ...], mine: Sequence[tuple[str, Field]], tops: _Tops | None) -> Entry:
    """A row as it is compared; `mine` are the fields of people's own by their members."""
    (number, name, email, phone, mobile, company, domain, website, birthday, street, city, postal_code, region, country,
     job_title, subject, value, currency, close_on, parent, customer, contact, custom) = row  # fmt: skip
    phones = [key for key in (phone, mobile) if key and key.startswith("+")]
    if website:
        domain = domain_of(website) or None
    if value is not None:
        value = readable(_VALUE, value, currency=str(currency or "")) or None
    tree = tops.of(customer) if tops and customer is not None else None
    # By place, because a book has a hundred thousand of them.
    return dedupe.Entry(
        number, name, email, tuple(dict.fromkeys(phones)), company, domain, birthday, street, city, postal_code, region,
        country, job_title, subject, value, close_on, parent, tree, _extra(custom, contact, mine),
    )  # fmt: skip


def _extra(custom: Any, contact: int | None, mine: Sequence[tuple[str, Field]]) -> dict[str, str] | None:
    """The values of people's own fields, by their labels; a deal's contact."""
    found: dict[str, str] = {}
    if custom:
        members = own.members(custom)
        for name, field in mine:
            if name in members and field.type.family != "flag":
                found[field.label] = readable(field.type, members[name])
    if contact:
        found["contact"] = str(contact)
    return found or None


# --- groups ----------------------------------------------------------------------------------------------------------


def finder(ctx: Context, kind: Entity, some: Iterable[Entry] | None = None) -> Finder:
    """What finds duplicates among the records of a kind, or `some` of them; pairs that somebody told apart are none."""
    differ = apart.pairs(ctx.reader, kind.table)
    return dedupe.Finder(entries(ctx, kind) if some is None else some, kind.name, apart=differ)


def groups(
    ctx: Context, kind: Entity, words: Sequence[str] = (), *, least: int | None = None, text: str | None = None
) -> list[Group]:
    """The groups of records that are probably one, the surest first: those of which a record fits the filter `words`,
    compared with the whole book. Their records are joined by pairs that score `THRESHOLD` or more; with `least`, every
    two of a group score so much, and a record that is so like some of them only is a rival. Raises FilterError."""
    check_kind(kind)
    wanted = _fitting(ctx, kind, records.filter_text(kind, words) if text is None else text)
    finding = finder(ctx, kind)
    found = finding.groups() if least is None else finding.groups(threshold=least, apart=least)
    return [group for group in found if not wanted.isdisjoint(group.ids)]


def _fitting(ctx: Context, kind: Entity, text: str) -> set[int]:
    return set(read.all_ids(ctx.reader, kind, records.bound(ctx, kind, text)))


def sharing(ctx: Context, kind: Entity) -> list[Group]:
    """Those of the groups whose records share an e-mail address, a telephone, a domain or (companies, and people of one
    company) a whole name with up to twenty others: what can be said of a book of any size without comparing all of it.
    """
    shared: set[int] = set()
    for keys in _SHARED[kind.name]:
        known = " UNION ".join(
            f"SELECT t.id, {key} AS shared FROM {kind.table} t WHERE {key} IS NOT NULL AND {_POOL[kind.name]}"
            for key in keys
        )
        # Counted along one sorted list: whatever the planners know of the tables, it costs no more than that.
        counted = f"SELECT id, count(*) OVER (PARTITION BY shared) AS holders FROM ({known}) known"
        sql = f"SELECT id FROM ({counted}) counted WHERE holders BETWEEN 2 AND ?"
        shared.update(row[0] for row in ctx.reader.rows(sql, (dedupe.TOO_MANY,)))
    if not shared:
        return []
    some = [
        entry
        for ids, marks in portions(sorted(shared))
        for entry in entries(ctx, kind, f"t.id IN ({marks})", ids)
    ]  # fmt: skip
    wanted = _fitting(ctx, kind, records.filter_text(kind, ()))
    return [group for group in finder(ctx, kind, some).groups() if not wanted.isdisjoint(group.ids)]


def listing(ctx: Context, kind: Entity, some: Sequence[Group]) -> Rows:
    """Groups as rows: score, numbers, names and reasons; for a terminal the command that merges each as well, where no
    record may be one with others too."""
    return Rows(COLUMNS, _lines(ctx, kind, some), empty=f"no {kind.plural} look like one another", below="merge")


def _lines(ctx: Context, kind: Entity, some: Sequence[Group]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(some), 200):
        portion = some[start : start + 200]
        names = _names(ctx, kind, [number for group in portion for number in group.ids])
        for group in portion:
            merge = ctx.settings.calling(kind.command, "merge", *map(str, group.ids))
            yield {
                "score": group.score, "ids": list(group.ids), "names": [names.get(number, "") for number in group.ids],
                "reasons": list(group.reasons), "merge": () if group.rivals else (merge,),
            }  # fmt: skip


def versions(ctx: Context, kind: Entity) -> dict[int, int]:
    """record -> its version, of all records of a kind that are compared."""
    return dict(ctx.reader.rows(f"SELECT t.id, t.version FROM {kind.table} t WHERE {_POOL[kind.name]}"))


def compared(ctx: Context, kind: Entity, numbers: Iterable[int]) -> dict[int, str]:
    """Those of these records that are compared with others, and their names."""
    scan = by_number(ctx.reader.dialect)
    return {
        row[0]: row[1]
        for some, marks in portions(sorted(set(numbers)))
        for row in ctx.reader.rows(
            f"SELECT t.id, t.name FROM {kind.table} t{scan} WHERE {_POOL[kind.name]} AND t.id IN ({marks})", some
        )
    }


def _names(ctx: Context, kind: Entity, numbers: Iterable[int]) -> dict[int, str]:
    return {
        row[0]: row[1]
        for some, marks in portions(sorted(set(numbers)))
        for row in ctx.reader.rows(f"SELECT id, name FROM {kind.table} WHERE id IN ({marks})", some)
    }


def merge_all(ctx: Context, kind: Entity, some: Sequence[Group]) -> Changed:
    """Merge each of these groups as `merging.merge` does: one batch, which one undo takes apart. A group of which a
    record has gone meanwhile, or two were told apart, is left, and said."""
    lines: list[str] = []
    left = 0
    ids: list[int] = []
    with ctx.writing(alone=True) as tx:
        differ: dict[int, set[int]] = {}
        for one, other in apart.pairs(tx.connection, kind.table):
            differ.setdefault(one, set()).add(other)
        for group in some:
            there = tx.rows(kind.name, list(group.ids))
            gone = any(number not in there or there[number].get("removed_at") for number in group.ids)
            if gone or any(not differ.get(number, set()).isdisjoint(group.ids) for number in group.ids):
                left += 1
                continue
            done = merging.merge(ctx, kind, group.ids, many=True)
            ids += done.ids
            lines += done.lines
    if left:
        lines.append(f"{left} group{'s were' if left > 1 else ' was'} left: somebody changed that meanwhile")
    return Changed(tuple(lines) or ("nothing to merge",), tuple(tx.changes), ctx.batch, tuple(ids), kind.name)


# --- told apart ------------------------------------------------------------------------------------------------------


def tell_apart(ctx: Context, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Remember that no two of these records are the same. Raises UsageError for fewer than two, RefusedError for
    removed ones."""
    some = _several(ctx, kind, numbers, "--not-same")
    with ctx.writing(source, alone=True) as tx:
        there = tx.rows(kind.name, some)
        for number in some:
            if number not in there:
                raise NotFoundError(f"there is no {kind.name} {number}")
            naming.check_in_sight(ctx, kind, there[number])
        fresh = apart.put(tx, kind.table, some)
    said = ", ".join(f"{kind.name}:{number} {there[number]['name']}" for number in some)
    line = f"told apart: {said}" if fresh else f"told apart before: {said}"
    return Changed((line,), tuple(tx.changes), ctx.batch, tuple(some), kind.name)


def forget_apart(ctx: Context, kind: Entity, numbers: Sequence[int]) -> Changed:
    """Forget that these records were told apart: they may be found to be the same again. Raises UsageError for fewer
    than two."""
    some = _several(ctx, kind, numbers, "--forget")
    with ctx.writing(alone=True) as tx:
        found = apart.drop(tx, kind.table, some)
    said = "forgot that they were told apart" if found else f"nobody told these {kind.plural} apart"
    return Changed((said,), tuple(tx.changes), ctx.batch, tuple(some) if found else (), kind.name)


def _several(ctx: Context, kind: Entity, numbers: Sequence[int], option: str) -> list[int]:
    """The records that these are by now, two or more."""
    check_kind(kind)
    some = sorted(set(aliases.standing(ctx.reader, kind.table, numbers).values()))
    if len(some) < 2:
        raise UsageError(f"that wants two {kind.plural}", f"as in: crm dupes {kind.name} {option} 12 14")
    return some


def apart_rows(ctx: Context, kind: Entity) -> Rows:
    """The pairs that were told apart."""
    check_kind(kind)
    found = sorted(apart.pairs(ctx.reader, kind.table))
    names = _names(ctx, kind, [number for pair in found for number in pair])
    columns = (Column("ids", None, "Records"), Column("names", None, "Names"))
    rows = [{"ids": list(pair), "names": [names.get(number, "") for number in pair]} for pair in found]
    return Rows(columns, rows, empty=f"no {kind.plural} were told apart")


# --- one record ------------------------------------------------------------------------------------------------------


def likes(ctx: Context, kind: Entity, number: int, *, threshold: int = THRESHOLD) -> list[Pair]:
    """The records of its kind that one record is probably the same as, found by their addresses, numbers and names
    along their indexes, the surest first; by what a merged one had, the one that it is. Costs no look at the whole
    book: see `probing.py`."""
    mine = next(entries(ctx, kind, "t.id = ?", (number,)), None)
    if mine is None:
        return []
    pool = f"({_POOL[kind.name]} OR t.merged_into_id IS NOT NULL)"
    words = probing.Words(ctx.reader, kind.table)
    ids = probing.candidates(ctx.reader, kind, mine, words, pool)
    now = aliases.standing(ctx.reader, kind.table, ids)
    there = compared(ctx, kind, now.values()) if now.keys() - {number} else {}
    differ = apart.pairs(ctx.reader, kind.table, [number]) if there else set()
    others = [
        other
        for other, end in now.items()
        if end in there and end != number and (min(end, number), max(end, number)) not in differ
    ]
    if not others:
        return []
    some = _of(ctx, kind, others, pool)
    census = probing.Census(ctx.reader, kind, number, words, _POOL[kind.name], lambda some: _of(ctx, kind, some))
    found: dict[int, Pair] = {}
    for pair in dedupe.near(mine, some, kind=kind.name, census=census, threshold=threshold):
        other = pair.a if pair.b == number else pair.b
        why = () if now[other] == other else (f"{kind.name}:{other} was merged into it",)
        found.setdefault(now[other], dedupe.Pair(now[other], number, pair.score, (*pair.reasons, *why)))
    return list(found.values())


def _of(ctx: Context, kind: Entity, numbers: Sequence[int], pool: str = "") -> Iterator[Entry]:
    """These records as they are compared."""
    for some, marks in portions(numbers):
        yield from entries(ctx, kind, f"t.id IN ({marks})", some, pool=pool)


def warnings(ctx: Context, kind: Entity, number: int) -> list[str]:
    """A line for each record that a new one may be the same as, with the command that merges them; of a lead also the
    person with its e-mail address or telephone."""
    if kind not in KINDS:
        return []
    found = likes(ctx, kind, number)
    others = [pair.a if pair.b == number else pair.b for pair in found]
    names = _names(ctx, kind, others[:TOLD])
    lines = [
        f"{kind.name}:{number} may be {kind.name}:{other} {names.get(other, '')} ({', '.join(pair.reasons)}); if so:"
        f" {ctx.settings.calling(kind.command, 'merge', str(other), str(number))}"
        for other, pair in zip(others[:TOLD], found, strict=False)
    ]
    if left := ",".join(map(str, others[TOLD:])):
        # Not `dupes`: what it was like before a merge, or in a book of other habits, is no group there.
        shown = ctx.settings.calling(kind.command, "list", f"id:{left}", "is:any")
        lines.append(f"and {len(found) - TOLD} more: {shown}")
    return lines + ([*_deals(ctx, number), *_people(ctx, number)] if kind is LEAD else [])


def _deals(ctx: Context, number: int) -> list[str]:
    """The open deals that have the e-mail address or the telephone of a lead, with the command that merges it."""
    found: dict[int, str] = {}
    for column, key in _keys(ctx, number).items():
        sql = (
            f"SELECT t.id, t.name FROM opportunity t WHERE t.{column} = ? AND t.kind = 'deal' AND t.status = 'open'"
            " AND t.removed_at IS NULL AND t.archived_at IS NULL ORDER BY t.id LIMIT ?"
        )
        found.update(dict(ctx.reader.rows(sql, (key, probing.PROBED))))
    if len(found) >= probing.PROBED:
        return []
    merge = ctx.settings.calling("lead", "merge", str(number))
    return [
        f"deal:{deal} {name} has the same address or number; if it is about that: {merge} deal:{deal}"
        for deal, name in list(found.items())[:TOLD]
    ]


def _keys(ctx: Context, number: int) -> dict[str, str]:
    """The columns of a lead that say its e-mail address and telephone, and what they say."""
    row = ctx.reader.one("SELECT email_key, phone_key FROM opportunity WHERE id = ?", (number,)) or (None, None)
    return {column: key for column, key in zip(("email_key", "phone_key"), row, strict=True) if key}


def _people(ctx: Context, number: int) -> list[str]:
    """The people who have the e-mail address or the telephone of a lead that is not linked to them, or are what had
    it before a merge."""
    if ctx.reader.value("SELECT contact_id FROM opportunity WHERE id = ?", (number,)) is not None:
        return []
    keys = _keys(ctx, number)
    phone = keys.get("phone_key")
    ways = [("email_key", keys.get("email_key")), ("phone_key", phone), ("mobile_key", phone)]
    found: dict[int, None] = {}
    pool = f"({_POOL['contact']} OR t.merged_into_id IS NOT NULL)"
    for column, key in ways:
        if key:
            sql = f"SELECT t.id FROM contact t WHERE t.{column} = ? AND {pool} ORDER BY t.id LIMIT ?"
            found.update(dict.fromkeys(row[0] for row in ctx.reader.rows(sql, (key, probing.PROBED))))
    if len(found) >= probing.PROBED:
        return []
    people = list(dict.fromkeys(aliases.in_sight(ctx.reader, "contact", found).values()))[:TOLD]
    names = _names(ctx, CONTACT, people)
    return [f"contact:{person} {names.get(person, '')} has the same address or number" for person in people]
