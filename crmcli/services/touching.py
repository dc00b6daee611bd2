"""Being in touch: of whom a touch is due, put off, and the conversations in which one side waits for the other.

A touch is anything on a timeline; it counts for a person also where it was on their leads and deals, and for a company
where it was on those or with its people, as `last_touch` has it. In a conversation they wrote last, or we did, where
the last word in it has a direction: a call or a meeting without one was both sides' (see `store.derived`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import describe, local, parse_when
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD
from crmcli.domain.query import And
from crmcli.domain.text import clip
from crmcli.domain.types import Instant, Integer, Rhythm, read_instant
from crmcli.errors import FieldError, FilterError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import records, rhythms
from crmcli.store import read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.query import Node
    from crmcli.services.rhythms import Due
    from crmcli.store.write import Transaction

#: What a record of each kind hears of: the tables, and whose interaction it is then.
HEARD = {
    "contact": (
        ("interaction i", "i.contact_id"),
        ("interaction i JOIN opportunity o ON o.id = i.opportunity_id", "o.contact_id"),
    ),
    "company": (
        ("interaction i", "i.company_id"),
        ("interaction i JOIN opportunity o ON o.id = i.opportunity_id", "o.company_id"),
        ("interaction i JOIN contact p ON p.id = i.contact_id", "p.company_id"),
        (
            "interaction i JOIN opportunity o ON o.id = i.opportunity_id JOIN contact p ON p.id = o.contact_id",
            "p.company_id",
        ),
    ),
}
#: The kinds of record in which a conversation is: the nearest to it first.
TALKED = (LEAD, DEAL, CONTACT, COMPANY)
#: The state of a record in which one side waits -> the direction of the last word.
SIDES = {"owed": "in", "waiting": "out"}
#: How much of what was said a list shows.
SAID = 80
_ID, _DAYS = INTERACTION.field("id").type, Integer(unit="days")


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
    found = rhythms.who_is_due(ctx, kind, (node,), within=_ahead(ctx, within))
    found.sort(key=lambda one: (-one.overdue(today) / one.days, one.on, one.number))
    limit = int(ctx.settings["limit"]) if limit is None else limit
    if limit < 0:
        raise UsageError("--limit wants 0 (all) or a positive number")
    shown = found[:limit] if limit else found
    if len(shown) < len(found):
        ctx.say(f"{len(found) - len(shown)} more are due: --limit 0 shows all")
    return Rows(_columns(kind), _lines(ctx, kind, shown), empty=f"no {kind.plural} are due")


def _ahead(ctx: Context, text: str) -> int:
    if not text:
        return 0
    found = Rhythm().parse(text, ctx.env)
    if not found:
        raise FieldError(f"'{text}' is no length of time", hint="write 30d, 2w, 3m or 1y")
    return int(found)


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
        for tables, whose in HEARD[kind.name]:
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
    limit = int(ctx.settings["limit"]) if limit is None else limit
    if limit < 0:
        raise UsageError("--limit wants 0 (all) or a positive number")
    found = last_words(ctx, side, fitting(ctx, words))
    shown = found[:limit] if limit else found
    if len(shown) < len(found):
        ctx.say(f"{len(found) - len(shown)} more: --limit 0 shows all")
    empty = "nobody waits for an answer" if side == "owed" else "no answer is awaited"
    return Rows(CONVERSATION, spoken(ctx, [number for number, _ in shown]), empty=empty)


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


def fitting(ctx: Context, words: Sequence[str]) -> dict[str, Node]:
    """What a filter means for each kind of record that has its fields, of open ones. Raises FilterError where none
    has."""
    found: dict[str, Node] = {}
    refused: FilterError | None = None
    for kind in TALKED:
        try:
            found[kind.name] = records.bound(ctx, kind, records.filter_text(kind, words))
        except FilterError as error:
            refused = refused or error
    if refused and not found:
        raise refused
    return found


def last_words(ctx: Context, side: str, nodes: dict[str, Node]) -> list[tuple[int, str]]:
    """The interactions with their moments, oldest first, that are the last word of them ("owed") or of us ("waiting")
    in a lead, deal, contact or company that fits; each once, wherever it counts. Of a company only what was said to
    none of its people."""
    found: dict[int, str] = {}
    instant, direction = INTERACTION.by_name["at"].type, SIDES[side]
    for kind in TALKED:
        if kind.name not in nodes:
            continue
        node = And((nodes[kind.name], records.bound(ctx, kind, f"is:{side}", scope=False)))
        select, params = read.chosen(ctx.reader, kind, node)
        for tables, whose in _spoken_in(kind):
            sql = (
                f"SELECT i.id, i.at FROM {kind.table} r, {tables} WHERE {whose} AND i.at = r.last_{direction}"
                f" AND i.direction = '{direction}' AND i.removed_at IS NULL AND r.id IN ({select})"
            )
            for number, at in ctx.reader.rows(sql, params):
                found[number] = instant.from_db(at)
    return sorted(found.items(), key=lambda one: (one[1], one[0]))


def _spoken_in(kind: Entity) -> tuple[tuple[str, str], ...]:
    """Where the words said in a conversation with a record `r` of a kind are: tables, and what binds them to it."""
    if kind.kind:
        return (("interaction i", "i.opportunity_id = r.id"),)
    if kind is CONTACT:
        return tuple((tables, f"{whose} = r.id") for tables, whose in HEARD["contact"])
    # coalesce keeps SQLite from the indexes of all interactions without a person or a deal.
    return (("interaction i", "i.company_id = r.id AND coalesce(i.contact_id, i.opportunity_id) IS NULL"),)


_SPOKEN = """
SELECT
    i.id, i.at, i.kind, i.body, o.kind, o.id, o.name, c.id, c.name, f.id, f.name,
    CASE WHEN o.id IS NOT NULL THEN ou.name WHEN c.id IS NOT NULL THEN cu.name ELSE fu.name END
FROM interaction i
LEFT JOIN opportunity o
    ON o.id = i.opportunity_id AND o.status = 'open' AND o.archived_at IS NULL AND o.removed_at IS NULL
LEFT JOIN opportunity x ON x.id = i.opportunity_id
LEFT JOIN contact c ON c.id = coalesce(i.contact_id, x.contact_id)
LEFT JOIN company f ON f.id = coalesce(i.company_id, x.company_id)
LEFT JOIN crm_user ou ON ou.id = o.owner_id
LEFT JOIN crm_user cu ON cu.id = c.owner_id
LEFT JOIN crm_user fu ON fu.id = f.owner_id
WHERE i.id IN ({marks})
"""


def spoken(ctx: Context, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """What was said in these interactions, in their order: on which open lead or deal, else with whom, how long ago."""
    instant, now = INTERACTION.by_name["at"].type, ctx.env.now
    found: dict[int, dict[str, Any]] = {}
    for some, marks in portions(numbers, read.PAGE):
        for row in ctx.reader.rows(_SPOKEN.format(marks=marks), some):
            number, at, kind, body, noun, sale, title, person, who, firm, firm_name, owner = row
            refs = ((noun, sale, title), ("contact", person, who), ("company", firm, firm_name))
            what, of, name = next((ref for ref in refs if ref[1] is not None), ("interaction", number, ""))
            stored = instant.from_db(at)
            days = (now.date() - local(read_instant(stored), now.tzinfo).date()).days
            found[number] = {
                "ref": f"{what}:{of}", "name": name, "who": who or firm_name, "days": days, "at": stored, "kind": kind,
                "text": clip(" ".join((body or "").split()), SAID), "owner": owner, "id": number,
            }  # fmt: skip
    return [found[number] for number in numbers if number in found]
