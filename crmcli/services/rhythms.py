"""Rhythms: after how many days without a touch a contact or company is due, by its own field or by rules for all that
fit a filter. A record's own rhythm goes before rules; of several rules that fit, the shortest counts. Somebody whose
own rhythm is `never` (0) is never due, nor is what was archived or removed."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain import query
from crmcli.domain.change import written
from crmcli.domain.dates import When, instant_of, local
from crmcli.domain.entities import COMPANY, CONTACT, ENTITIES, RHYTHM_RULE
from crmcli.domain.fields import suggest
from crmcli.domain.query import And, Compare, Empty, Or
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import Day, Instant, read_instant, show_instant
from crmcli.errors import FieldError, FilterError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import records
from crmcli.services.references import listed
from crmcli.store import read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.domain.query import Node

#: Whom one can be in touch with.
KINDS = {kind.name: kind for kind in (CONTACT, COMPANY)}
#: So many lengths of records' own rhythms are asked for at once: SQLite nests no more than a thousand conditions.
AT_ONCE = 100
#: What stands for the records' own rhythms where rules are named.
OWN = "own"
COLUMNS = (
    Column("rule", None, "Rhythm of"),
    Column("kind", None, "Kind"),
    Column("days", RHYTHM_RULE.field("days").type, "Days"),
    Column("fit", RHYTHM_RULE.field("id").type, "Fit"),
    Column("due", RHYTHM_RULE.field("id").type, "Due"),
    Column("wrong", None, "Wrong"),
)


class Rule(Struct):
    """A rule that is kept: `node` is what its filter means, None where that cannot be read any more (`wrong` says
    why)."""

    name: str
    kind: Entity
    filter: str
    days: int
    node: Node | None = None
    wrong: str = ""


class Due(Struct):
    """That a touch of a record is due `on` a day, after so many `days` by the rule of a filter (`OWN`: its own rhythm);
    `since` is the last touch or, `touched` False, when it was entered: a stored instant."""

    number: int
    on: date
    days: int
    rule: str
    since: str
    touched: bool

    def overdue(self, today: date) -> int:
        """Days since it was due; negative where it is to come."""
        return (today - self.on).days

    def pressing(self, today: date) -> tuple[float, date]:
        """What is less for the more pressing: how overdue it is, measured by its rhythm, and since when."""
        return -self.overdue(today) / self.days, self.on


# --- rules -----------------------------------------------------------------------------------------------------------


def target(words: Sequence[str]) -> tuple[Entity, list[str], bool]:
    """What words in front of a rhythm mean: (kind of record, the words without it, whether they name records).

    `contact:12`, `company:3`, numbers and a name are records; all else is a filter, of contacts unless the first word
    says `company`. `contact company:3` are the people of a company. Raises UsageError."""
    rest = list(words)
    said = next((kind for kind in KINDS.values() if rest and fold(rest[0]) in (kind.name, kind.plural)), None)
    if said:
        rest = rest[1:]
    if not rest:
        what = f"all {said.plural}? say it as a filter: is:open" if said else "name a filter or a record: tag:vip"
        raise UsageError("whose rhythm?", what)
    every = [listed(word, said) for word in rest]
    if all(every):
        nouns = {ref.rpartition(":")[0] for refs in every for ref in refs} - {""}
        if others := sorted(nouns - KINDS.keys()):
            raise UsageError(f"{others[0]} records have no rhythm", "contacts and companies have: contact:12")
        if len(nouns | ({said.name} if said else set())) > 1:
            raise UsageError("these are records of two kinds", "name those of one kind at a time")
        return said or KINDS[next(iter(nouns), CONTACT.name)], rest, True
    kind = said or CONTACT
    return kind, rest, len(rest) == 1 and not query.TERM.match(rest[0]) and not rest[0].startswith("not ")


def put(ctx: Context, kind: Entity, words: Sequence[str], rhythm: str) -> Changed:
    """Keep a rule for the records of a kind that fit a filter (shell words), in place of an earlier one for the same.
    Raises FilterError, FieldError, UsageError."""
    text = records.filter_text(kind, words)
    records.bound(ctx, kind, text)
    days = RHYTHM_RULE.field("days").type.parse(rhythm, ctx.env)
    if not days:
        hint = f"a filter can leave them out: '{text} not tag:supplier'; one record: crm rhythm set contact:12 never"
        raise FieldError("a rule says after how many days", "days", hint)
    name = _named(kind, text)
    lines = []
    with ctx.writing() as tx:
        number = tx.word("rhythm_rule", name, create=False)
        row = {"entity": kind.name, "filter": text, "days": days}
        if number is None:
            RHYTHM_RULE.field("name").type.check_length(name)
            number = tx.add("rhythm_rule", {"name": name, **row})
        else:
            was = tx.row("rhythm_rule", number)["days"]
            tx.change("rhythm_rule", number, row)
            lines += [f"in place of {was}"] if was != days else []
    text = written(tx.changes, "rhythm_rule", number, "filter", text)
    line = f"a touch is due every {_days(days)} for {kind.plural} that fit {text}"
    lines.insert(0, line if tx.changes else f"nothing to change: {line}")
    return Changed((", ".join(lines),), tuple(tx.changes), ctx.batch, (number,), "rhythm_rule")


def drop(ctx: Context, kind: Entity, words: Sequence[str]) -> Changed:
    """Forget the rule for a filter (shell words). Raises NotFoundError."""
    name = _named(kind, records.filter_text(kind, words))
    with ctx.writing() as tx:
        number = tx.word("rhythm_rule", name, create=False)
        if number is None:
            hint = suggest(name, ctx.names("rhythm_rule")) or "crm rhythm list"
            raise NotFoundError(f"there is no rhythm for {name}", hint)
        tx.delete("rhythm_rule", number)
    return Changed((f"removed the rhythm for {name}",), tuple(tx.changes), ctx.batch, (), "rhythm_rule")


def _named(kind: Entity, text: str) -> str:
    """What a rule is called: its filter, as it is typed with the kind of record before it; contacts go without saying,
    unless the filter itself begins with a kind."""
    plain = kind is CONTACT and not any(fold(text).startswith(f"{name} ") for name in KINDS)
    return text if plain else f"{kind.name} {text}"


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"


def rules(ctx: Context, kind: Entity | None = None) -> list[Rule]:
    """The rules, or those for a kind of record, the shortest first."""
    found = []
    sql = "SELECT name, entity, filter, days FROM rhythm_rule ORDER BY days, name_key"
    for name, of, text, days in ctx.reader.rows(sql):
        if kind is not None and kind.name != of:
            continue
        rule = Rule(name, ENTITIES[of], text, days)
        try:
            found.append(rule._replace(node=records.bound(ctx, rule.kind, text)))
        except FilterError as error:
            found.append(rule._replace(wrong=error.message))
    return found


def table(ctx: Context) -> Rows:
    """Every rule, and the records with a rhythm of their own: after how many days, how many fit it, how many are due by
    it; and what is wrong with one that cannot be read any more."""
    ctx.learn()
    rows = []
    for kind in KINDS.values():
        due = Counter(one.rule for one in who_is_due(ctx, kind, told=False))
        here = _in_sight(kind)
        own = read.count(ctx.reader, kind, And((*here, Compare(kind.by_name["rhythm"], ">=", 0))))
        if own:
            rows.append({"rule": OWN, "kind": kind.name, "days": None, "fit": own, "due": due[OWN], "wrong": ""})
        for rule in rules(ctx, kind):
            row: dict[str, Any] = {"rule": rule.filter, "kind": kind.name, "days": rule.days, "wrong": rule.wrong}
            fit = read.count(ctx.reader, kind, And((rule.node, *here))) if rule.node else None
            rows.append({**row, "fit": fit, "due": due[rule.filter] if rule.node else None})
    return Rows(COLUMNS, rows, empty="no rhythms yet: crm rhythm set tag:vip 30d", numbered=False)


# --- who is due ------------------------------------------------------------------------------------------------------


def who_is_due(
    ctx: Context, kind: Entity, also: Sequence[Node] = (), *, within: int = 0, told: bool = True
) -> list[Due]:
    """The records of a kind of which a touch is due by today, or in so many days, and that fit the nodes `also`; of
    each the rhythm that counts. That a rule cannot be read any more is `told`."""
    last = ctx.env.now.date() + timedelta(days=within)
    found: dict[int, Due] = {}
    common = (*also, *_in_sight(kind), _awake(kind, last))
    lengths = ctx.reader.rows(f"SELECT DISTINCT rhythm_days FROM {kind.table} WHERE rhythm_days > 0 ORDER BY 1")
    for some, _ in portions([days for (days,) in lengths], AT_ONCE):
        own = Or(tuple(And((Compare(kind.by_name["rhythm"], "=", n), _silent(ctx, kind, last, n))) for n in some))
        for one in _due(ctx, kind, And((own, *common)), OWN, None):
            found[one.number] = one
    for rule in rules(ctx, kind):
        if rule.node is None:
            if told:
                hint = ctx.settings.calling("rhythm", "list")
                ctx.say_once(f"warning: the rhythm for {rule.name} does not work any more: {rule.wrong} ({hint})")
            continue
        nodes = (rule.node, Empty(kind.by_name["rhythm"]), *common, _silent(ctx, kind, last, rule.days))
        for one in _due(ctx, kind, And(nodes), rule.filter, rule.days):
            found.setdefault(one.number, one)
    return [one for one in found.values() if one.on <= last]


def _in_sight(kind: Entity) -> tuple[Node, ...]:
    return Empty(kind.by_name["archived_at"]), Empty(kind.by_name["removed_at"])


def _awake(kind: Entity, day: date) -> Node:
    """Not put off to later than a day."""
    field = kind.by_name["touch_from"]
    return Or((Empty(field), Compare(field, "<=", day.isoformat())))


def _silent(ctx: Context, kind: Entity, day: date, days: int) -> Node:
    """No touch, or since it was entered none, for so many days on a day."""
    bound = show_instant(instant_of(When(day - timedelta(days=days - 1)), ctx.env.now))
    touch, made = kind.by_name["last_touch"], kind.by_name["created_at"]
    return Or((Compare(touch, "<", bound), And((Empty(touch), Compare(made, "<", bound)))))


def _due(ctx: Context, kind: Entity, node: Node, rule: str, days: int | None) -> Iterator[Due]:
    """When the records that fit are due, by their own rhythm or after so many `days`."""
    select, params = read.chosen(ctx.reader, kind, node)
    sql = (
        "SELECT r.id, r.last_touch, r.created_at, r.touch_from, r.rhythm_days"
        f" FROM {kind.table} r WHERE r.id IN ({select})"
    )
    instant, day, zone = Instant(), Day(), ctx.env.now.tzinfo
    for number, touch, made, since, own in ctx.reader.rows(sql, params):
        stored = instant.from_db(touch or made)
        every = days or own
        on = local(read_instant(stored), zone).date() + timedelta(days=every)
        if since is not None:
            on = max(on, date.fromisoformat(day.from_db(since)))
        yield Due(number, on, every, rule, stored, touch is not None)
