"""Being in touch: of whom a touch is due, put off, and the conversations in which one side waits for the other.

A touch is anything on a timeline; it counts for a person also where it was on their leads and deals, and for a company
where it was on those or with its people, as `last_touch` has it. In a conversation they wrote last, or we did, where
the last word in it has a direction: a call or a meeting without one was both sides' (see `store.derived`). What one
conversation is, and which word is its last, `entities.turns` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import describe, local, parse_when
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, INTERACTION, LEAD
from crmcli.domain.entities.turns import (
    LAST_WORD,
    LAST_WORD_OF_COMPANY,
    LAST_WORD_OF_SALE,
    SAID_IN,
    last_of_company,
    live,
)
from crmcli.domain.text import clip
from crmcli.domain.types import Instant, Integer, Rhythm, read_instant
from crmcli.errors import FieldError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import records, rhythms
from crmcli.services.occasions import days_of
from crmcli.store import read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.services.rhythms import Due
    from crmcli.store.write import Transaction

#: What leads on from an interaction `i`: to its lead or deal, its person, and the person of that lead or deal.
_ON = {
    "o": "opportunity o ON o.id = i.opportunity_id",
    "p": "contact p ON p.id = i.contact_id",
    "q": "contact q ON q.id = o.contact_id",
}
#: Whose an interaction is, for each kind of record: the columns that say so, and what leads there.
_WHOSE = {
    "contact": {"i.contact_id": "", "o.contact_id": "o"},
    "company": {"i.company_id": "", "o.company_id": "o", "p.company_id": "p", "q.company_id": "oq"},
}
#: The kinds of record in which a conversation is: the nearest to it first.
TALKED = (LEAD, DEAL, CONTACT, COMPANY)
#: The state of a record in which one side waits -> the direction of the last word.
SIDES = {"owed": "in", "waiting": "out"}
#: How much of what was said a list shows.
SAID = 80
_ID, _DAYS = INTERACTION.field("id").type, Integer(unit="days")


def heard(kind: Entity) -> list[tuple[str, str]]:
    """The ways in which a record of a kind hears of interactions `i`: tables, and the column that says whose it is."""
    ways = _WHOSE[kind.name].items()
    return [("interaction i" + "".join(f" JOIN {_ON[name]}" for name in lead), column) for column, lead in ways]


def heard_at_once(kind: Entity) -> tuple[str, list[str]]:
    """The same in one: the tables of interactions `i` of anybody, and the columns of whose each may be."""
    lead = sorted({name for names in _WHOSE[kind.name].values() for name in names})
    return "interaction i" + "".join(f" LEFT JOIN {_ON[name]}" for name in lead), list(_WHOSE[kind.name])


# --- due -------------------------------------------------------------------------------------------------------------


def due(
    ctx: Context, kind: Entity = CONTACT, words: Sequence[str] = (), *, within: str = "", limit: int | None = None
) -> Rows:
    """The contacts or companies of which a touch is due and that fit a filter, the most overdue for their rhythm first;
    with `within` (2w) those too of which one will be by then. `limit` 0 is all. Raises FieldError, FilterError,
    UsageError."""
    ctx.learn()
    today = ctx.env.now.date()
    node = records.bound(ctx, kind, records.filter_text(kind, words))
    limit = records.limited(ctx, limit)
    found = rhythms.who_is_due(ctx, kind, (node,), within=days_of(ctx, within) if within else 0)
    found.sort(key=lambda one: (*one.pressing(today), one.number))
    shown = found[:limit] if limit else found
    if len(shown) < len(found):
        ctx.say(f"{len(found) - len(shown)} more {'will be' if within else 'are'} due: --limit 0 shows all")
    return Rows(_columns(kind), _lines(ctx, kind, shown), empty=f"no {kind.plural} are due")


def _columns(kind: Entity) -> tuple[Column, ...]:
    return (
        *records.columns_for(kind, ["id", "name", *(["company"] if kind is CONTACT else [])]),
        Column("overdue", _DAYS, "Overdue"),
        Column("rhythm", Rhythm(), "Every"),
        Column("why", None, "By"),
        *records.columns_for(kind, ["last_touch"]),
        Column("kind", None, "Kind"),
        *records.columns_for(kind, ["owner"]),
    )


def _lines(ctx: Context, kind: Entity, found: Sequence[Due]) -> Iterator[dict[str, Any]]:
    """The rows of those that are due, read in portions."""
    today = ctx.env.now.date()
    names = ["id", "name", "last_touch", "owner", *(["company"] if kind is CONTACT else [])]
    fields = [kind.by_name[name] for name in names]
    for some, _ in portions(found, read.PAGE):
        rows = {row["id"]: row for row in read.hydrate(ctx.reader, kind, [one.number for one in some], fields)}
        last = last_kinds(ctx, kind, list(rows))
        for one in some:
            if row := rows.get(one.number):
                yield {
                    **row, "overdue": one.overdue(today), "rhythm": one.days,
                    "why": one.rule, "kind": last.get(one.number),
                }  # fmt: skip


def last_kinds(ctx: Context, kind: Entity, numbers: Sequence[int]) -> dict[int, str]:
    """record -> the kind of its last touch, for those that have one."""
    found: dict[int, tuple[int, str]] = {}
    for some, marks in portions(numbers, read.PAGE):
        for tables, whose in heard(kind):
            sql = (
                f"SELECT r.id, i.id, i.kind FROM {tables} JOIN {kind.table} r ON r.id = {whose}"
                f" WHERE {whose} IN ({marks}) AND i.at = r.last_touch AND i.removed_at IS NULL"
            )
            for number, touch, word in ctx.reader.rows(sql, some):
                found[number] = max(found.get(number, (0, "")), (touch, word))
    return {number: word for number, (_, word) in found.items()}


def snooze(ctx: Context, kind: Entity, numbers: Sequence[int], to: str, *, source: str = "cli") -> Changed:
    """Have no touch of these be due before a day. Raises FieldError for what is no day or is over, UsageError."""
    if kind.name not in rhythms.KINDS:
        raise UsageError(f"{kind.one} has no rhythm", "contacts and companies have")
    env = ctx.env
    if not to.strip():
        raise UsageError("snooze to when?", "write a day, such as +2w, next mon or 2027-01-10")
    when = parse_when(to, env.now, env.calendar, week_start=env.week_start, workdays=env.workdays)
    if when.time is not None or when.day <= env.now.date():
        what = "a day is wanted here, without a time" if when.time is not None else f"'{to}' is not to come"
        raise FieldError(what, "touch_from", "write a day, such as +2w, next mon or 2027-01-10")
    day = when.day.isoformat()

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        return tx.change(kind.name, row["id"], {"touch_from": day})

    said = f"no touch is due before {describe(when, env.now, env.calendar)}:"
    return records.each(ctx, kind, numbers, step, said, source, named=True)


# --- whose turn it is ------------------------------------------------------------------------------------------------


def owed(ctx: Context, words: Sequence[str] = (), *, limit: int | None = None) -> Rows:
    """The conversations in which they wrote last, those that wait longest first. Raises FilterError, UsageError."""
    return _conversations(ctx, "owed", words, limit)


def waiting(ctx: Context, words: Sequence[str] = (), *, limit: int | None = None) -> Rows:
    """The conversations in which we wrote last, the oldest first. Raises FilterError, UsageError."""
    return _conversations(ctx, "waiting", words, limit)


def _conversations(ctx: Context, side: str, words: Sequence[str], limit: int | None) -> Rows:
    ctx.learn()
    limit = records.limited(ctx, limit)
    found = last_words(ctx, side, words)
    shown = found[:limit] if limit else found
    if len(shown) < len(found):
        ctx.say(f"{len(found) - len(shown)} more: --limit 0 shows all")
    empty = "nobody waits for an answer" if side == "owed" else "no answer is awaited"
    return Rows(CONVERSATION, spoken(ctx, shown), empty=empty)


CONVERSATION = (
    Column("ref", None, "Record"),
    Column("name", None, "What"),
    Column("who", None, "Who"),
    Column("days", _DAYS, "Days"),
    Column("at", Instant(), "Since"),
    Column("kind", None, "Kind"),
    Column("text", None, "Said"),
    Column("owner", None, "Owner"),
)


class Turn(NamedTuple):
    """Whose turn it is: by which interaction, since when, and in which conversation ("deal:12")."""

    word: int
    at: str
    ref: str


def last_words(ctx: Context, side: str, words: Sequence[str] = ()) -> list[Turn]:
    """Where the last word was theirs ("owed") or ours ("waiting"), in a lead, deal, contact or company that fits a
    filter, oldest first; each conversation once, wherever it counts (see `entities.turns`). Of a company only what is
    not the turn of one of its people or open deals. Raises FilterError where none of them has its fields."""
    found: dict[int, tuple[str, dict[Turn, None]]] = {}
    instant = INTERACTION.by_name["at"].type
    for name, node in records.fitting(ctx, TALKED, words, f"is:{side}").items():
        kind = ENTITIES[name]
        select, params = read.chosen(ctx.reader, kind, node)
        last = LAST_WORD_OF_SALE if kind.kind else LAST_WORD_OF_COMPANY if kind is COMPANY else LAST_WORD
        sql = (
            f"SELECT t.id, i.id, i.at, {_CONVERSATION} FROM {kind.table} t JOIN interaction i ON i.id = {last}"
            f" WHERE t.id IN ({select})"
        )
        for number, word, at, ref in ctx.reader.rows(sql, params):
            if kind is COMPANY and ref and not ref.startswith("company:"):
                continue
            nearest, turns = found.setdefault(word, (name, {}))
            if nearest == name:
                turns[Turn(word, instant.from_db(at), ref or f"{name}:{number}")] = None
    return sorted((turn for _, turns in found.values() for turn in turns), key=lambda one: (one.at, *one))


#: The conversation in which an interaction `i` was said, where it is the last word in it and that is in sight.
_CONVERSATION = f"""(
    SELECT CASE
        WHEN {live("s")} THEN s.kind || ':' || s.id
        WHEN p.id IS NOT NULL THEN
            CASE WHEN p.archived_at IS NULL AND p.removed_at IS NULL AND p.last_word_id = i.id
            THEN 'contact:' || p.id END
        WHEN f.id IS NOT NULL THEN
            CASE WHEN f.archived_at IS NULL AND f.removed_at IS NULL AND {last_of_company("f")} = i.id
            THEN 'company:' || f.id END
        WHEN s.removed_at IS NULL THEN s.kind || ':' || s.id
    END {SAID_IN}
)"""
_SPOKEN = """
SELECT i.id, i.kind, i.body, coalesce(c.name, f.name)
FROM interaction i
LEFT JOIN opportunity s ON s.id = i.opportunity_id
LEFT JOIN contact p ON p.id = coalesce(i.contact_id, s.contact_id)
LEFT JOIN contact c ON c.id = p.id AND c.removed_at IS NULL
LEFT JOIN company f ON f.id = coalesce(i.company_id, s.company_id, p.company_id) AND f.removed_at IS NULL
WHERE i.id IN ({marks})
"""
_CALLED = "SELECT t.id, t.name, u.name FROM {table} t LEFT JOIN crm_user u ON u.id = t.owner_id WHERE t.id IN ({marks})"


def spoken(ctx: Context, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """What was said last in these conversations, in their order, with whom, and how long ago."""
    now = ctx.env.now
    said: dict[int, tuple[str, str | None, str | None]] = {}
    for some, marks in portions([turn.word for turn in turns], read.PAGE):
        said |= {word: rest for word, *rest in ctx.reader.rows(_SPOKEN.format(marks=marks), some)}
    called: dict[str, tuple[str, str | None]] = {}
    for kind in TALKED:
        numbers = [int(turn.ref.partition(":")[2]) for turn in turns if turn.ref.startswith(f"{kind.name}:")]
        for some, marks in portions(numbers, read.PAGE):
            rows = ctx.reader.rows(_CALLED.format(table=kind.table, marks=marks), some)
            called |= {f"{kind.name}:{number}": (name, owner) for number, name, owner in rows}
    found = []
    for word, at, ref in turns:
        if word not in said or ref not in called:
            continue  # purged meanwhile
        (way, body, who), (name, owner) = said[word], called[ref]
        days = (now.date() - local(read_instant(at), now.tzinfo).date()).days
        found.append({
            "ref": ref, "name": name, "who": who, "days": days, "at": at, "kind": way,
            "text": clip(" ".join((body or "").split()), SAID), "owner": owner, "id": word,
        })  # fmt: skip
    return found
