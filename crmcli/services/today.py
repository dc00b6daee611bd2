"""What needs me: the day's page, and the page before a call."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import local, relative, show_day
from crmcli.domain.entities import CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.domain.fields import Field
from crmcli.domain.query import And, Compare, Empty, Node, OneOf, narrowed, quote
from crmcli.domain.text import clip, fold
from crmcli.domain.types import Instant, due_day, read_instant, readable, show_instant
from crmcli.errors import UsageError
from crmcli.results import Column, Page, Rows, Section
from crmcli.services import neglected, records, related, timeline, today_touches
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: Parts of the page of the day of which it is good to know that they are empty.
NEWS = ("overdue", "today", "week")
#: How many rows a section of the page shows people.
MOST = 20
COLUMNS = (
    Column("ref", None, "Record"),
    Column("what", None, "What"),
    Column("about", None, "About", rank=-1),
    Column("when", None, "When", rank=1),
    Column("next", None, "Next step", rank=2),
)
OPEN_DEAL = (
    OneOf(DEAL.by_name["status"], ("open",)),
    Empty(DEAL.by_name["archived_at"]),
    Empty(DEAL.by_name["removed_at"]),
)
#: When the record that a task is about was removed.
_GONE = Field(
    "about_removed_at",
    Instant(),
    "",
    expr="(case when t.opportunity_id is not null"
    " then (select o.removed_at from opportunity o where o.id = t.opportunity_id)"
    " when t.contact_id is not null then (select c.removed_at from contact c where c.id = t.contact_id)"
    " else (select c.removed_at from company c where c.id = t.company_id) end)",
)
OPEN_TASK = (Empty(TASK.by_name["done_at"]), Empty(TASK.by_name["removed_at"]), Empty(_GONE))
#: Kinds of record that a page before a call can be about: table -> the field by which others hang on them.
LINKS = {"opportunity": "opportunity", "contact": "contact", "company": "company"}
#: A sentence that gives somebody's word.
PROMISE = re.compile(
    r"\b(promis\w*|i['’]ll|we['’]ll|(?:i|we) will|will send|agreed to|committed to)\b|قول|وعده", re.IGNORECASE
)


class Part(NamedTuple):
    """A section of the page: which records are in it, in which order, and how one becomes a line."""

    key: str
    title: str
    kind: Entity
    nodes: tuple[Node, ...]
    sort: str
    line: Callable[[Context, dict[str, Any]], dict[str, Any]]


def today(ctx: Context, *, owner: str = "", words: Sequence[str] = (), most: int = MOST) -> Page:
    """The page of the day: overdue, due today, the next 7 days, who waits for an answer, deals with no next task,
    silent and rotting deals, deals closing this week, new leads, of whom a touch is due, occasions, reminders that may
    not have come; each row with its next step as a command. `owner` ("me", which is nobody's too, or a name) and the
    filter `words` narrow it: a section whose kind of record cannot be asked that has no rows. Each section has the
    first `most` rows, all where that is 0. Raises FilterError where none can be asked."""
    now = ctx.env.now
    mine, fitting = _owned(ctx, owner), records.fitting(ctx, (TASK, DEAL, LEAD), words, scope=False)
    sections = {
        part.key: _section(ctx, part, [*mine(part.kind), fitting[part.kind.name]], most)
        if part.kind.name in fitting
        else _titled(part.key, part.title, [], 0)
        for part in (*_tasks(ctx), *_opportunities(ctx))
    }
    some = narrowed(words, *([f"({_whose(owner)})"] if owner else []))
    talks = (_titled(*part) for part in today_touches.conversations(ctx, some, most))
    others = (_titled(*part(ctx, some, most)) for part in (today_touches.due, today_touches.whose_day))
    first = [sections.pop(key) for key in ("overdue", "today", "week")]
    found = (*first, *talks, *sections.values(), *others, _astray(ctx))
    title = f"{now:%A} {show_day(now.date(), ctx.env.calendar)}"
    return Page(title, found, {"date": now.date().isoformat(), "user": ctx.actor})


def _tasks(ctx: Context) -> Iterator[Part]:
    for key, title, text in (
        ("overdue", "Overdue", "is:overdue"),
        ("today", "Due today", "due_on:today (no:due_at or due_at:now..)"),
        ("week", "Next 7 days", "due_on:tomorrow..+7d"),
    ):
        node = records.bound(ctx, TASK, text, scope=False)
        yield Part(key, title, TASK, (*OPEN_TASK, node), "due_on", _task_row)


def _opportunities(ctx: Context) -> Iterator[Part]:
    now, day = ctx.env.now, ctx.env.now.date()
    for key, title, state, sort, line in (
        ("no_next_task", "Deals with no next task", "idle", "-value", _idle_row),
        ("silent", "Silent deals", "silent", "last_touch", _silent_row),
        ("rotting", "Rotting deals", "rotting", "stage_since", _rotting_row),
    ):
        node = records.bound(ctx, DEAL, f"is:{state}", scope=False)
        yield Part(key, title, DEAL, (*OPEN_DEAL, node), sort, line)
    end = day + timedelta(days=7 - (day.weekday() - ctx.env.week_start) % 7)
    closing = Compare(DEAL.by_name["close_on"], "<", end.isoformat())
    yield Part("closing", "Closing this week", DEAL, (*OPEN_DEAL, closing), "close_on", _closing_row)
    since = show_instant(now - timedelta(days=int(ctx.settings["new_days"])))
    fresh = Compare(LEAD.by_name["created_at"], ">=", since)
    yield Part("new_leads", "New leads", LEAD, (*OPEN_DEAL, fresh), "-created_at", _lead_row)


def _owned(ctx: Context, owner: str) -> Callable[[Entity], list[Node]]:
    if not owner:
        return lambda _kind: []
    return lambda kind: [records.bound(ctx, kind, _whose(owner), scope=False)]


def _whose(owner: str) -> str:
    """The filter of somebody's records; mine are nobody's too, or whoever is alone would have none."""
    return "owner:me or no:owner" if fold(owner) == "me" else f"owner:{quote(owner)}"


def _astray(ctx: Context) -> Section:
    """One line of the reminders that people are to look after."""
    from crmcli.services import reminder_astray, reminder_due  # which ask here what an open task is

    whose = reminder_due.Whose(ctx)
    many = sum(whose.channel(kept.channel) is not None for kept in reminder_astray.astray(ctx))
    told = f"{many} reminder{'s' * (many != 1)} may not have come"
    line = {"id": None, "ref": "", "what": told, "about": "", "when": "", "next": _step(ctx, "remind", "list")}
    return _titled("reminders", "Reminders", [line] if many else [], many)


def _section(ctx: Context, part: Part, also: list[Node], most: int) -> Section:
    node, sort = And((*part.nodes, *also)), read.parse_sort(part.kind, part.sort)
    rows: Iterable[dict[str, Any]]
    if most:
        rows, more = read.page(ctx.reader, part.kind, node, sort=sort, limit=most)
    else:
        rows, more = read.stream(ctx.reader, part.kind, node, sort=sort), None
    lines = [{"id": row["id"], **part.line(ctx, row)} for row in rows]
    total = read.count(ctx.reader, part.kind, node) if more else len(lines)
    return _titled(part.key, part.title, lines, total)


def _titled(key: str, title: str, lines: list[dict[str, Any]], total: int) -> Section:
    """A section with the rows that it shows of so many."""
    label = f"{title} ({total})" if total <= len(lines) else f"{title} ({total}, the first {len(lines)})"
    return Section(key, label, Rows(COLUMNS, lines, empty="none"), told=bool(lines) or key in NEWS)


def when(ctx: Context, row: dict[str, Any]) -> str:
    """When a task is due, as seen from today: `today 14:30`, `3 days ago`."""
    day = due_day(row.get("due_on"), row.get("due_at"), ctx.env.now)
    if day is None:
        return ""
    word = relative(day, ctx.env.now.date())
    if row.get("due_at"):
        word += f" {local(read_instant(row['due_at']), ctx.env.now.tzinfo):%H:%M}"
    return word


def _task_row(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "ref": f"task:{row['id']}", "what": f"{row['type']}: {row['name']}" if row.get("type") else row["name"],
        "about": timeline.about(row), "when": when(ctx, row), "next": _step(ctx, "task", "done", row["id"]),
    }  # fmt: skip


def _step(ctx: Context, *words: object) -> str:
    return ctx.settings.calling(*map(str, words))


def _deal_row(row: dict[str, Any], when: str, step: str) -> dict[str, Any]:
    about = ", ".join(str(row[name]) for name in ("company", "stage") if row.get(name))
    return {"ref": f"deal:{row['id']}", "what": row["name"], "about": about, "when": when, "next": step}


def _idle_row(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    return _deal_row(
        row,
        f"in stage {_age(ctx, row['stage_since'])}",
        _step(ctx, "task", "add", "Call", "--on", f"deal:{row['id']}", "--due", "tomorrow"),
    )


def _silent_row(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    since = f"silent for {_age(ctx, row['last_touch'])}" if row.get("last_touch") else "never touched"
    step = _step(ctx, "log", "call", f"deal:{row['id']}")
    return _deal_row(row, since, f'{step} "..."')


def _rotting_row(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    step = _step(ctx, "log", "call", f"deal:{row['id']}")
    return _deal_row(row, neglected.rots(ctx, row) or "rotting", f'{step} "..."')


def _closing_row(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    from datetime import date

    day = relative(date.fromisoformat(row["close_on"]), ctx.env.now.date())
    late = row["close_on"] < ctx.env.now.date().isoformat()
    return _deal_row(row, f"was to close {day}" if late else f"closes {day}", _step(ctx, "deal", "won", row["id"]))


def _lead_row(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    about = ", ".join(str(row[name]) for name in ("company", "source") if row.get(name))
    step = ("convert", row["id"]) if row.get("owner") else ("edit", row["id"], "owner=me")
    return {
        "ref": f"lead:{row['id']}",
        "what": row["name"],
        "about": about,
        "when": f"{_age(ctx, row['created_at'])} old",
        "next": _step(ctx, "lead", *step),
    }


def _age(ctx: Context, stored: str | None) -> str:
    if not stored:
        return "?"
    return timeline.duration(max(0, int((ctx.env.now - read_instant(stored)).total_seconds())))


# --- before a call -------------------------------------------------------------------------------------------------


def brief(ctx: Context, kind: Entity, number: int) -> Page:
    """One page before a call: who it is, their company, open deals, last touches, open tasks, what was promised.

    Raises NotFoundError, and UsageError for a kind of record that nobody can be called about.
    """
    link = LINKS.get(kind.table)
    if link is None:
        raise UsageError(f"{kind.name}:{number} is nobody to call", "name a lead, deal, contact or company")
    row = records.get(ctx, kind, number)
    facts = {
        name: row.get(name)
        for name in ("name", "job_title", "email", "phone", "mobile", "city", "country", "description")
        if row.get(name)
    }
    facts["last_touch"] = row.get("last_touch")
    if row.get("removed_at"):
        facts["removed_at"] = row["removed_at"]
    if row.get("tags"):
        facts["tags"] = row["tags"]
    found: list[Section] = [_who(ctx, kind, facts, row)]
    found += _company(ctx, kind, row)
    found += _people(ctx, kind, row)
    if kind.table != "opportunity":
        found.append(
            records.list_section(
                ctx,
                "deals",
                "Open deals",
                DEAL,
                f"{link}:{number}",
                columns="id,name,stage,value,currency,close_on,next_task,next_due",
            )
        )
    else:
        columns = records.columns_for(kind, ["id", "stage", "status", "value", "currency", "probability", "close_on"])
        found.append(Section("deals", f"This {kind.name}", Rows(columns, [row])))
    found.append(Section("touches", "Last touches", timeline.timeline(ctx, kind, number, 5, touches=True)))
    found.append(
        records.list_section(ctx, "tasks", "Open tasks", TASK, f"{link}:{number}", columns=related.TASK_COLUMNS)
    )
    found.append(_promised(ctx, kind, number))
    return Page(
        f"{kind.name}:{number}  {row['name']}",
        tuple(found),
        {"ref": f"{kind.name}:{number}", "uid": row["uid"], **facts},
    )


def _who(ctx: Context, kind: Entity, facts: dict[str, Any], row: dict[str, Any]) -> Section:
    """What is known, in words for people: the page's own values have it for machines."""
    lines, zone, calendar = [], ctx.env.now.tzinfo, ctx.env.calendar
    for name, value in facts.items():
        field = kind.by_name.get(name)
        if field is not None and value is not None:
            dated = field.type.family in ("day", "instant")
            text = readable(field.type, value, zone=zone, calendar=calendar) if dated else field.type.show(value)
            lines.append({"fact": field.label, "known": text})
    if row.get("owner"):
        lines.append({"fact": "Owner", "known": row["owner"]})
    return Section("who", "Who", Rows((Column("fact", None, ""), Column("known", None, "")), lines))


def _company(ctx: Context, kind: Entity, row: dict[str, Any]) -> list[Section]:
    if kind.name == "company" or not row.get("company_id"):
        return []
    from crmcli.domain.entities import COMPANY

    company = records.get(ctx, COMPANY, row["company_id"])
    return [
        Section(
            "company",
            "Company",
            Rows(records.columns_for(COMPANY, ["id", "name", "industry", "city", "website", "phone"]), [company]),
        )
    ]


def _people(ctx: Context, kind: Entity, row: dict[str, Any]) -> list[Section]:
    if kind.name == "company":
        return [
            records.list_section(
                ctx,
                "people",
                "People",
                CONTACT,
                f"company:{row['id']}",
                columns="id,name,job_title,email,phone",
                sort="-last_touch",
                limit=8,
            )
        ]
    if kind.name == "deal" and row.get("contact_id"):
        return [
            records.list_section(
                ctx, "people", "Contact", CONTACT, f"id:{row['contact_id']}", columns="id,name,job_title,email,phone"
            )
        ]
    return []


def _promised(ctx: Context, kind: Entity, number: int) -> Section:
    """Sentences of the last interactions in which somebody gave their word."""
    lines = []
    for touch in timeline.timeline(ctx, kind, number, 50, touches=True).rows:
        for sentence in re.split(r"(?<=[.!?؟])\s+|\n", touch.get("body") or ""):
            if PROMISE.search(sentence):
                lines.append(
                    {"at": touch["at"], "who": touch.get("author"), "promise": clip(" ".join(sentence.split()), 200)}
                )
    columns = (
        Column("at", INTERACTION.field("at").type, "At"),
        Column("promise", None, "What"),
        Column("who", None, "Noted by"),
    )
    return Section("promised", "What was promised", Rows(columns, lines[:10], empty="nothing found"))
