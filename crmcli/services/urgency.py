"""Urgency of the book's records: lists in its order, its column, and what it is made of.

It is worked out in Python, from the rows that a filter chooses: they are read in portions, and so is what they hang on,
each lead, deal, person and company once. There is no query per row and no cursor open while it is worked out.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from crmcli.domain import urgency
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.fields import suggest
from crmcli.domain.figures import URGENCY
from crmcli.domain.query import Compare
from crmcli.domain.text import fold
from crmcli.domain.types import read_instant, show_instant
from crmcli.domain.urgency import AHEAD, Factor, Look, Points
from crmcli.errors import CrmError, UsageError
from crmcli.results import Column, Rows
from crmcli.services import records
from crmcli.services.occasions import between
from crmcli.services.rhythms import who_is_due
from crmcli.settings import FAMILIES, setting_of
from crmcli.store import connect, read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.query import Node
    from crmcli.domain.urgency import Term

    Row = dict[str, Any]

#: A list in the order of urgency looks at all records that fit: so many at most, which takes some seconds.
MOST = 200_000
_NEXT = "id,urgency,name,type,due_on,due_at,opportunity,contact,owner,priority"
_WHY = (
    Column("term", None, "Term"),
    Column("factor", Factor(), "Factor"),
    Column("coefficient", Points(), "Coefficient"),
    Column("product", Points(), "Product"),
    Column("why", None, "Why"),
)
#: The fields that the terms look at.
_SALE = ("status", "archived_at", "removed_at", "value", "probability", "close_on", "owed_since")
_FIELDS = {
    "task": (
        "due_on", "due_at", "priority", "created_at", "tags", "type", "owner", "delegated_by", "opportunity", "contact",
        "company", "blocked_by", "blocks", "done_at", "removed_at",
    ),
    **dict.fromkeys(("lead", "deal"), (
        *_SALE, "priority", "created_at", "tags", "stage", "next_due_on", "next_due_at", "open_tasks", "last_touch",
        "stage_since",
    )),
    **dict.fromkeys(("contact", "company"), ("created_at", "tags", "owed_since", "archived_at", "removed_at")),
}  # fmt: skip


class Gauge:
    """The urgency of records of one kind at a moment, by the settings in force. What they hang on is read once."""

    def __init__(self, ctx: Context, kind: Entity, now: datetime | None = None) -> None:
        now = now or ctx.env.now
        self.ctx, self.kind = ctx, kind
        days = (int(ctx.settings[name]) for name in ("silent_days", "new_days"))
        self.look = Look(now, now.date(), fold(ctx.actor), *days)
        self.terms = weighed(ctx, kind)
        self._linked: dict[str, dict[int, Row]] = {}
        self._means: dict[str, int] | None = None
        self._rot_days: dict[int, int] | None = None

    def of(self, ids: Sequence[int]) -> dict[int, int]:
        """record -> its urgency in hundredths."""
        return {row["id"]: urgency.urgency(row, self.terms, self.look) for row in self.rows(ids)}

    def rows(self, ids: Sequence[int]) -> Iterator[Row]:
        """The records of these ids with all that the terms look at (see `domain.urgency`)."""
        fields = [self.kind.by_name[name] for name in _FIELDS[self.kind.name]]
        for some, _ in portions(ids, read.PAGE):
            rows = read.hydrate(self.ctx.reader, self.kind, some, fields)
            (self._tasks if self.kind.name == "task" else self._sales if self.kind.kind else self._people)(rows)
            yield from rows

    def _tasks(self, rows: list[Row]) -> None:
        """Tasks with the open lead or deal that they hang on, and whether somebody waits for an answer there; where a
        task hangs on none, the person counts, and where on nobody either, the company."""
        for kind in (LEAD, DEAL):
            of = [row["opportunity_id"] for row in rows if row["opportunity_kind"] == kind.name]
            self._fetch(kind, of, _SALE)
        people = [row["contact_id"] for row in rows if not row["opportunity_id"]]
        self._fetch(CONTACT, people, ("owed_since",))
        firms = [row["company_id"] for row in rows if not (row["opportunity_id"] or row["contact_id"])]
        self._fetch(COMPANY, firms, ("owed_since",))
        for row in rows:
            sale = owing = None
            if row["opportunity_id"]:
                sale = owing = self._linked[row["opportunity_kind"]].get(row["opportunity_id"])
                if sale and urgency.over(sale):
                    sale = owing = None
            elif row["contact_id"]:
                owing = self._linked["contact"].get(row["contact_id"])
            elif row["company_id"]:
                owing = self._linked["company"].get(row["company_id"])
            row["sale"], row["owed_since"] = sale, owing and owing["owed_since"]

    def _fetch(self, kind: Entity, ids: Iterable[int | None], names: Sequence[str]) -> None:
        """Read the records of these ids that have not been read yet."""
        known = self._linked.setdefault(kind.name, {})
        wanted = [number for number in dict.fromkeys(ids) if number and number not in known]
        for row in read.hydrate(self.ctx.reader, kind, wanted, [kind.by_name[name] for name in names]):
            known[row["id"]] = row
            if kind.kind:
                self._measured(row, kind)

    def _sales(self, rows: list[Row]) -> None:
        if self._rot_days is None:
            self._rot_days = dict(self.ctx.reader.rows("SELECT id, rot_days FROM v_stage"))
        for row in rows:
            self._measured(row, self.kind)
            row["sale"] = row
            row["rot_days"] = self._rot_days.get(row["stage_id"], 0)

    def _measured(self, row: Row, kind: Entity) -> None:
        """Put beside a lead or deal what its kind is and what the open ones in its currency are worth on average."""
        if self._means is None:
            self._means = _means(self.ctx)
        row["kind"] = kind.name
        row["mean_value"] = self._means.get(row["currency"] or "", 0)

    def _people(self, rows: list[Row]) -> None:
        """Contacts or companies with the touch that is due and the occasion that comes next."""
        if not rows:
            return
        ids, today = [row["id"] for row in rows], self.look.today
        first, last, number = min(ids), max(ids), self.kind.by_name["id"]
        among = (Compare(number, ">=", first), Compare(number, "<=", last))
        within = (today - self.ctx.env.now.date()).days
        due = {one.number: one for one in who_is_due(self.ctx, self.kind, among, within=within)}
        days: dict[int, tuple[date, str]] = {}
        for one in between(self.ctx, today, today + timedelta(days=AHEAD), [f"id:{first}..{last}"]):
            if one.kind == self.kind.name:
                days.setdefault(one.number, (one.on, one.name))
        for row in rows:
            touch = due.get(row["id"])
            row["touch"] = (touch.on, touch.days, touch.since) if touch else None
            row["occasion"] = days.get(row["id"])


def weighed(ctx: Context, kind: Entity) -> list[tuple[Term, int]]:
    """The terms of a kind of record with their coefficients in hundredths, without those that are switched off."""
    own = [(term, ctx.settings[term.setting]) for term in urgency.TERMS]
    for family, start in zip(urgency.FAMILIES, FAMILIES, strict=True):
        own += [(family.term(word), value) for word, value in sorted(ctx.settings.of_words(start).items())]
    found = [(term, urgency.points(value)) for term, value in own if kind.name in term.kinds]
    return [(term, points) for term, points in found if points]


def missing(ctx: Context, setting: str) -> str:
    """That the book, if there is one that can be read, has no such word as a setting is about; "" where it has."""
    target, known = ctx.settings.database, None
    family = next(family for family, start in zip(urgency.FAMILIES, FAMILIES, strict=True) if setting.startswith(start))
    with contextlib.suppress(CrmError):
        if connect.is_url(target) or connect.there(target):
            known = ctx.names(family.vocabulary)
    word = setting_of(setting).word
    if known is None or family.key(word) in map(family.key, known):
        return ""
    hint = suggest(word, known)
    return f"the book has no {family.name} '{word}' yet{f'; {hint}' if hint else ''}"


def _means(ctx: Context) -> dict[str, int]:
    """currency -> what open leads and deals that have a value are worth on average, in minor units. The sums are taken
    apart, because those of many amounts leave the integers of a database."""
    sql = (
        "SELECT currency, sum(value_minor / 1000000), sum(value_minor % 1000000), count(*) FROM opportunity"
        " WHERE kind IN ('lead', 'deal') AND status = 'open' AND value_minor > 0 AND removed_at IS NULL"
        " AND archived_at IS NULL GROUP BY currency"
    )
    return {
        code or "": (int(millions) * 1_000_000 + int(rest)) // count
        for code, millions, rest, count in ctx.reader.rows(sql)
    }


# --- lists -----------------------------------------------------------------------------------------------------------


def page(
    ctx: Context,
    kind: Entity,
    node: Node,
    way: str,
    *,
    limit: int,
    after: list[Any] | None = None,
    fields: Sequence[Field] = (),
    back: bool = False,
) -> tuple[Iterable[Row], list[Any] | None]:
    """One page of records in the order of urgency, and the key of the next; `limit` 0 is all of them, read as they are
    taken. `way` is "-" for the most urgent first, "+" for the least; of equals the older one is the more urgent.

    The key of a page, `after`, is the moment of the first one, and the urgency and id of the last row: the pages of a
    list are as of one moment. With `back` the list is read from its end, and turned round again.

    Raises UsageError where more than `MOST` records fit, and for a key that is none.
    """
    now = _moment(ctx, after)
    gauge = Gauge(ctx, kind, now)
    ids = read.all_ids(ctx.reader, kind, node)
    if len(ids) > MOST:
        raise UsageError(
            f"{len(ids):,} {kind.plural} fit: urgency is worked out for each of them, and for {MOST:,} at most",
            "narrow the filter, or sort by a field",
        )
    points = gauge.of(ids)
    up = (way == "+") is not back
    keys = sorted(((-value, number) for number, value in points.items()), reverse=up)
    if after is not None:
        last = (-after[1], after[2])
        keys = [key for key in keys if (key < last if up else key > last)]
    if limit == 0:
        return _hydrated(ctx, kind, [number for _, number in keys], points, fields), None
    shown = keys[:limit]
    more = [show_instant(now), -shown[-1][0], shown[-1][1]] if len(keys) > limit else None
    numbers = [number for _, number in (reversed(shown) if back else shown)]
    return list(_hydrated(ctx, kind, numbers, points, fields)), more


def _moment(ctx: Context, after: list[Any] | None) -> datetime:
    """The moment as of which a list is made: now, or that of its first page."""
    if after is None:
        return ctx.env.now
    try:
        moment = read_instant(after[0])
        if isinstance(after[1], int) and moment.tzinfo is not None:
            return moment.astimezone(ctx.env.now.tzinfo)
    except (TypeError, ValueError, OverflowError):
        pass
    raise UsageError("that is not a --page cursor", "take it from the last line of the same list")


def _hydrated(
    ctx: Context, kind: Entity, ids: Sequence[int], points: dict[int, int], fields: Sequence[Field]
) -> Iterator[Row]:
    for some, _ in portions(ids, read.PAGE):
        for row in read.hydrate(ctx.reader, kind, some, fields):
            yield {**row, URGENCY: points[row["id"]]}


def marked(ctx: Context, kind: Entity, rows: Iterable[Row]) -> Iterator[Row]:
    """Records with their urgency beside them, read in portions as they are taken."""
    gauge, source = Gauge(ctx, kind), iter(rows)
    while some := list(islice(source, read.PAGE)):
        points = gauge.of([row["id"] for row in some])
        for row in some:
            yield {**row, URGENCY: points.get(row["id"])}


def next_tasks(ctx: Context, words: Sequence[str] = (), *, limit: int | None = None, page: str = "") -> Rows:
    """The most urgent tasks of those that fit a filter and wait for no other task, with their urgency."""
    ctx.learn()
    text = records.filter_text(TASK, words)
    records.bound(ctx, TASK, text)  # what is wrong with it is shown as it was written
    text = f"({text}) blocked_by:0" if text else "blocked_by:0"
    return records.list_records(ctx, TASK, text=text, columns=_NEXT, sort=f"-{URGENCY}", limit=limit, page=page)


# --- what it is made of ----------------------------------------------------------------------------------------------


def why(ctx: Context, kind: Entity, number: int) -> Rows:
    """The terms that apply to a record, the weightiest first, each with factor, coefficient, product and why, and the
    sum as the last row, whose term is `urgency`."""
    gauge = Gauge(ctx, kind)
    row = next(iter(gauge.rows([number])))
    past = urgency.over(row)
    lines: list[Row] = []
    for term, coefficient in () if past else gauge.terms:
        factor = term.factor(row, gauge.look)
        if factor:
            lines.append({
                "term": term.name, "factor": factor, "coefficient": coefficient,
                "product": urgency.product(factor, coefficient), "why": term.why(row, gauge.look),
            })  # fmt: skip
    lines.sort(key=lambda line: -abs(line["product"]))
    total = sum(line["product"] for line in lines)
    said = f"{past}: nothing about it is urgent" if past else "the sum" if lines else "no term applies"
    lines.append({"term": URGENCY, "factor": None, "coefficient": None, "product": total, "why": said})
    name = read.hydrate(ctx.reader, kind, [number], [kind.by_name["name"]])[0]["name"]
    return Rows(_WHY, lines, title=f"{kind.name}:{number}  {name}", numbered=False)
