"""Occasions: birthdays and other days of the year of contacts and companies; which come, added, changed, removed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.calendars import ONE_DAY
from crmcli.domain.change import written
from crmcli.domain.dates import relative
from crmcli.domain.entities import COMPANY, CONTACT, ENTITIES, OCCASION
from crmcli.domain.occasions import LAST, Yearly, read
from crmcli.domain.query import And, Compare, Empty
from crmcli.domain.struct import Struct
from crmcli.domain.text import check_text, fold
from crmcli.domain.types import Day, Rhythm
from crmcli.errors import FieldError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import naming, records
from crmcli.store.read import chosen, hydrate
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction

#: Whose days there are.
KINDS = (CONTACT, COMPANY)
#: A list that nobody asked a length of looks so many days ahead.
AHEAD = 366
#: The months and days of a range, with those around them to which a day of another calendar or 29 February may go.
AROUND = timedelta(days=3)
BIRTHDAY = "birthday"
COLUMNS = (
    Column("id", OCCASION.field("id").type, "ID"),
    Column("on", Day(), "Day"),
    Column("when", None, "When"),
    Column("name", None, "Occasion"),
    Column("ref", None, "Record"),
    Column("who", None, "Who"),
    Column("turns", OCCASION.field("id").type, "Turns"),
    Column("date", None, "Date"),
    Column("owner", None, "Owner"),
)


class Coming(Struct):
    """An occasion on one of its days. `id` is its number, None for a birthday, which is a field of the contact;
    `turns` is how many years it is then, None where the year is not known."""

    on: date
    name: str
    kind: str
    number: int
    who: str
    owner: str | None
    turns: int | None
    date: str
    id: int | None = None

    @property
    def ref(self) -> str:
        return f"{self.kind}:{self.number}"


class _Kept(Struct):
    """A day as the book has it."""

    number: int
    name: str
    day: Yearly
    id: int | None = None


def between(ctx: Context, first: date, last: date, words: Sequence[str] = ()) -> list[Coming]:
    """What comes from `first` to `last`, both included, of contacts and companies that are neither removed nor archived
    and fit the filter `words`, by day. Birthdays come in the calendar of whoever asks. A kind of record that has not
    the fields of the filter has nothing; raises FilterError where none has."""
    found: list[Coming] = []
    for name, node in records.fitting(ctx, KINDS, words).items():
        kind = ENTITIES[name]
        found += _of(ctx, kind, And((node, Empty(kind.by_name["archived_at"]))), first, last)
    return sorted(found, key=lambda one: (one.on, fold(one.who), fold(one.name), one.kind, one.number))


def listed(ctx: Context, words: Sequence[str] = (), *, within: str = "", limit: int | None = None) -> Rows:
    """The occasions that come next, each once: in the days of `within` (30d, 2w, 3m), or all; `limit` 0 shows them all.
    Raises FieldError, FilterError, UsageError."""
    ctx.learn()
    limit = records.limited(ctx, limit)
    today = ctx.env.now.date()
    last = today + timedelta(days=days_of(ctx, within) if within else AHEAD)
    seen: set[tuple[Any, ...]] = set()
    rows = []
    for one in between(ctx, today, last, words):
        key = (one.id, one.ref, one.name)
        if within or key not in seen:
            rows.append(row_of(one, today))
        seen.add(key)
    shown = rows[:limit] if limit else rows
    if len(shown) < len(rows):
        ctx.say(f"{len(rows) - len(shown)} more come later: --limit 0 shows all")
    return Rows(COLUMNS, shown, empty="no occasions")


def of_record(ctx: Context, kind: Entity, number: int) -> Rows:
    """The occasions of one record, as they come next; a birthday is a field of it."""
    today = ctx.env.now.date()
    node = And((Compare(kind.by_name["id"], "=", number),))
    rows = []
    for one in _occasions(ctx, kind, node):
        on = next(one.day.within(today, today + timedelta(days=AHEAD)), None)
        if on:
            when, turns = relative(on, today), one.day.years(on)
            rows.append({"id": one.id, "on": on.isoformat(), "when": when, "name": one.name, "turns": turns,
                         "date": one.day.shown})  # fmt: skip
    shown = tuple(column for column in COLUMNS if column.name not in ("ref", "who", "owner"))
    return Rows(shown, sorted(rows, key=lambda row: (str(row["on"]), str(row["name"]))))


def row_of(one: Coming, today: date) -> dict[str, Any]:
    """What lists show of an occasion that comes."""
    return {
        "id": one.id, "on": one.on.isoformat(), "when": relative(one.on, today), "name": one.name, "ref": one.ref,
        "who": one.who, "turns": one.turns, "date": one.date, "owner": one.owner,
    }  # fmt: skip


def days_of(ctx: Context, text: str) -> int:
    """A length as a number of days from today on: 30d, 2w, 3m. Raises FieldError."""
    try:
        found = Rhythm().parse(text, ctx.env)
    except FieldError:
        found = None
    if not found:
        raise FieldError(f"'{text}' is no length of time ahead", hint="write 30d, 2w, 3m or 1y: up to 10 years")
    return int(found)


def _of(ctx: Context, kind: Entity, node: Any, first: date, last: date) -> Iterator[Coming]:
    """The occasions of records of a kind that come in a range."""
    kept = [*_occasions(ctx, kind, node)]
    if kind is CONTACT:
        kept += _birthdays(ctx, node, first, last)
    days = [(one, on) for one in kept for on in one.day.within(first, last)]
    numbers = sorted({one.number for one, _ in days})
    fields = [kind.by_name[name] for name in ("id", "name", "owner")]
    rows = {row["id"]: row for row in hydrate(ctx.reader, kind, numbers, fields)}
    said: set[tuple[Any, ...]] = set()  # whoever was merged may have a day twice
    for one, on in days:
        key = (one.number, fold(one.name), on)
        if key not in said and (row := rows.get(one.number)):
            said.add(key)
            turns, shown = one.day.years(on), one.day.shown
            yield Coming(on, one.name, kind.name, one.number, row["name"], row["owner"], turns, shown, one.id)


def _birthdays(ctx: Context, node: Any, first: date, last: date) -> Iterator[_Kept]:
    """The birthdays of contacts that may come in a range."""
    select, params = chosen(ctx.reader, CONTACT, node)
    near = _month_days(first, last)
    some = f" AND substr(CAST(c.birthday AS text), 6, 5) IN ({', '.join('?' * len(near))})" if near else ""
    sql = f"SELECT c.id, c.birthday FROM contact c WHERE c.birthday IS NOT NULL{some} AND c.id IN ({select})"
    stored = CONTACT.by_name["birthday"].type
    calendar = "jalali" if ctx.env.calendar == "jalali" else "gregorian"
    for number, birthday in ctx.reader.rows(sql, [*near, *params]):
        yield _Kept(number, BIRTHDAY, Yearly(date.fromisoformat(stored.from_db(birthday)), calendar))


def _month_days(first: date, last: date) -> list[str]:
    """The months and days (06-15) of a range and those around it; none where these are all there are."""
    start, end = min(first, LAST) - AROUND, min(last, LAST) + AROUND
    days = (end - start).days + 1
    found = {f"{start + number * ONE_DAY:%m-%d}" for number in range(days)} if days < 366 else set()
    return sorted(found | ({"02-29"} if "02-28" in found else set()))


def _occasions(ctx: Context, kind: Entity, node: Any) -> Iterator[_Kept]:
    """The occasions of records of a kind."""
    select, params = chosen(ctx.reader, kind, node)
    own = f"{kind.name}_id"
    sql = (
        f"SELECT o.id, o.{own}, o.name, o.on_day, o.calendar, o.year_known FROM occasion o WHERE o.{own} IN ({select})"
        " ORDER BY o.id"
    )
    stored = OCCASION.by_name["on_day"].type
    for number, of, name, on, calendar, known in ctx.reader.rows(sql, params):
        day = Yearly(date.fromisoformat(stored.from_db(on)), calendar, bool(known))
        yield _Kept(of, name, day, number)


def kept(ctx: Context, kind: Entity, numbers: Sequence[int]) -> dict[int, list[tuple[str, Yearly]]]:
    """Record of this kind -> the names and days of its occasions, oldest first."""
    found: dict[int, list[tuple[str, Yearly]]] = {}
    own, stored = f"{kind.name}_id", OCCASION.by_name["on_day"].type
    for some, marks in portions(sorted(set(numbers))):
        sql = f"SELECT {own}, name, on_day, calendar, year_known FROM occasion WHERE {own} IN ({marks}) ORDER BY id"
        for number, name, on, calendar, known in ctx.reader.rows(sql, some):
            day = Yearly(date.fromisoformat(stored.from_db(on)), calendar, bool(known))
            found.setdefault(number, []).append((name, day))
    return found


# --- writing ---------------------------------------------------------------------------------------------------------


def add(ctx: Context, name: str, on: str, day: str, *, source: str = "cli") -> Changed:
    """Give a contact or company a day of the year; `on` names whose it is, `day` is typed as `domain.occasions.read`
    reads it. Raises FieldError, UsageError, NotFoundError, RefusedError for a removed record."""
    with ctx.writing(source) as tx:
        kind, whose = _whose(ctx, tx, on)
        row = {**_checked_name(name), f"{kind.name}_id": whose, **columns_of(read(day, ctx.env))}
        number = tx.add("occasion", row)
        who = tx.row(kind.name, whose)["name"]
    name = written(tx.changes, "occasion", number, "name", row["name"])
    shown = read(day, ctx.env).shown
    line = f"added occasion:{number} {name} of {kind.name}:{whose} {who}: {shown}"
    return Changed((line,), tuple(tx.changes), ctx.batch, (number,), "occasion")


def edit(ctx: Context, number: int, assigned: Mapping[str, str], *, source: str = "cli") -> Changed:
    """Give an occasion another name, date or owner (`on`). Raises FieldError, UsageError, NotFoundError."""
    unknown = [name for name in assigned if name not in ("name", "date", "on")]
    if unknown or not assigned:
        what = f"an occasion has no '{unknown[0]}'" if unknown else "nothing to change"
        raise UsageError(what, "write name=..., date=06-15 or on=contact:12")
    with ctx.writing(source) as tx:
        _row(tx, number)
        values: dict[str, Any] = {}
        if "name" in assigned:
            values |= _checked_name(assigned["name"])
        if "date" in assigned:
            values |= columns_of(read(assigned["date"], ctx.env))
        if "on" in assigned:
            kind, whose = _whose(ctx, tx, assigned["on"])
            values |= {f"{other.name}_id": whose if other is kind else None for other in KINDS}
        changed = tx.change("occasion", number, values)
        name = tx.row("occasion", number)["name"]
    line = f"changed occasion:{number} {name}" if changed else f"nothing to change in occasion:{number}"
    return Changed((line,), tuple(tx.changes), ctx.batch, (number,), "occasion")


def remove(ctx: Context, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Forget occasions; undo brings them back. Raises NotFoundError."""
    lines = []
    with ctx.writing(source) as tx:
        for number in dict.fromkeys(numbers):
            name = _row(tx, number)["name"]
            tx.delete("occasion", number)
            lines.append(f"removed occasion:{number} {name}")
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (), "occasion")


def _row(tx: Transaction, number: int) -> dict[str, Any]:
    """A stored occasion. Raises NotFoundError."""
    try:
        return tx.row("occasion", number)
    except NotFoundError as error:
        raise NotFoundError(error.message, "'crm occasion list' shows them") from None


def _whose(ctx: Context, tx: Transaction, text: str) -> tuple[Entity, int]:
    """The contact or company that is named. Raises UsageError, NotFoundError, AmbiguousError, RefusedError."""
    if not text.strip():
        raise UsageError("whose day is it?", "say --on contact:12")
    kind, number = naming.resolve_any(ctx, text, tuple(kind.name for kind in KINDS))
    if kind not in KINDS:
        raise UsageError(f"{kind.one} has no days of the year", "name a contact or company: --on contact:12")
    naming.check_in_sight(ctx, kind, tx.row(kind.name, number))
    return kind, number


def _checked_name(text: str) -> dict[str, Any]:
    name = " ".join(check_text(text).split())
    if not name:
        raise FieldError("an occasion needs a name", "name", 'as in "Wedding day"')
    return {"name": OCCASION.field("name").type.check_length(name)}


def columns_of(day: Yearly) -> dict[str, Any]:
    """A day as an occasion keeps it."""
    return {"on_day": day.day.isoformat(), "calendar": day.calendar, "year_known": day.known}
