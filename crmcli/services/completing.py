"""What a shell may offer while somebody types: words of the language, words of the book, numbers with names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain import custom, figures, urgency
from crmcli.domain.entities import ENTITIES, RECORDS
from crmcli.domain.fields import installed
from crmcli.domain.query import STATES
from crmcli.domain.text import fold
from crmcli.domain.types import Choice, Ref
from crmcli.services.reports import names as report_names
from crmcli.services.values import alias
from crmcli.settings import FAMILIES, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field

#: (what to insert, what it means)
Offer = tuple[str, str]
#: So many records are offered at most.
MOST = 30
#: table -> verb -> the records that there is something to do with; for other verbs those that were not removed.
MEANT = {
    "task": {
        **dict.fromkeys(("done", "snooze", "delegate"), "t.done_at IS NULL AND t.removed_at IS NULL"),
        "reopen": "t.done_at IS NOT NULL AND t.removed_at IS NULL",
        "restore": "t.removed_at IS NOT NULL",
    },
    **{
        table: {"restore": "(t.removed_at IS NOT NULL OR t.archived_at IS NOT NULL) AND t.merged_into_id IS NULL"}
        for table in ("opportunity", "contact", "company")
    },
}
OFFSETS = ("0d", "1d", "3d", "1w", "1m", "5wd", "-1d", "-3d", "-1w")
WHOSE = [("owner", "The record's"), ("ask", "Whoever is named when the plan starts")]
DAYS = ("today", "tomorrow", "yesterday", "this-week", "next-week", "this-month", "last-month", "eom", "+7d", "+3wd")


def fields(kind: Entity, *, mark: str, settable: bool = False) -> Iterator[Offer]:
    """The fields of a kind as `stage:` or, for assigning, `stage=`."""
    for field in kind.fields:
        if not settable or field.settable:
            yield field.name + mark, field.help
    if not settable:
        yield from (
            ("tag:", "A tag"),
            ("is:", "A state"),
            ("no:", "Empty"),
            ("has:", "Not empty"),
            ("view:", "A saved view"),
        )
        yield ("not", "The contrary of what follows")


def listed(kind: Entity) -> list[Offer]:
    """What a list can show and be in the order of."""
    found = [(field.name, field.help) for field in kind.fields]
    return [*found, (figures.URGENCY, "How urgent it is")] if figures.computed(kind, figures.URGENCY) else found


def settings(ctx: Context | None) -> list[Offer]:
    """Every setting, those about words of the book with the words that it has."""
    own = [
        (f"{start}{name}", setting.help)
        for (start, setting), family in zip(FAMILIES.items(), urgency.FAMILIES, strict=True)
        for name, _ in _names(ctx, family.vocabulary)
    ]
    return [*((name, setting.help) for name, setting in SETTINGS.items()), *own]


def own_fields(ctx: Context | None, verb: str, before: Sequence[str]) -> list[Offer]:
    """The words of a verb about fields of people's own: kinds, fields, types, what can be edited."""
    kinds = [kind for some in custom.TABLES.values() for kind in some]
    if verb == "list":
        return [] if before else [(kind.name, kind.help) for kind in kinds]
    if verb == "add":
        if before:
            return [(word, "") for word in custom.TYPES] if len(before) == 1 else []
        return [(f"{kind.name}.", kind.help) for kind in kinds]
    if before:
        return [(f"{word}=", "") for word in ("label", "help", "options", "name")] if verb == "edit" else []
    if ctx is None:
        return []
    known = installed().removed if verb == "restore" else installed().shown
    return [(custom.called(table, field.name), field.label) for table, some in known.items() for field in some]


def values(ctx: Context | None, kind: Entity, name: str, start: str) -> list[Offer]:
    """What can follow `name:` or `name=`; without a book (None) only what needs none. Several go with commas."""
    before, comma, last = start.rpartition(",")
    head = before + comma
    if name in ("no", "has"):
        offers = [(field.name, field.help) for field in kind.fields]
    elif name == "is":
        offers = [(word, "") for word in STATES.get(kind.table, {})]
    elif name == "view":
        offers = _names(ctx, "saved_view")
    elif (name, kind.name) == ("needs", "task"):
        sign = last[:1] if last[:1] in ("+", "-") else ""
        given = last[len(sign) :]
        offers = [(sign + word, title) for word, title in named(ctx, kind, given, "done") if word.isdigit()]
    else:
        field = kind.by_name.get(alias(kind, name))
        offers = list(of_field(ctx, field, last)) if field else []
    return [(head + word, meaning) for word, meaning in offers if fold(word).startswith(fold(last))]


def of_field(ctx: Context | None, field: Field, start: str) -> Iterable[Offer]:
    """The values that a field may have, as far as they can be listed."""
    kind = field.type
    if isinstance(kind, Choice):
        return [(option, "") for option in kind.options]
    if kind.family == "flag":
        return [("yes", ""), ("no", "")]
    if kind.family in ("day", "instant"):
        return [(word, "") for word in DAYS]
    if kind.family == "tags":
        return _names(ctx, "tag")
    if isinstance(kind, Ref):
        if kind.words:
            me = [("me", "you")] if kind.entity == "user" else []
            return me + _names(ctx, kind.entity)
        if kind.entity in ENTITIES and ctx is not None and start:
            return [
                (name, f"{kind.entity}:{number}")
                for number, name in _found(ctx, ENTITIES[kind.entity], "name_key", fold(start))
            ]
    return []


def _names(ctx: Context | None, vocabulary: str) -> list[Offer]:
    return [(name, "") for name in ctx.names(vocabulary)] if ctx is not None else []


def of_plans(ctx: Context | None, noun: str, verb: str, before: Sequence[str], start: str) -> list[Offer]:
    """The words of a verb about plans, their steps and types of tasks: names, places of steps, FIELD=VALUE."""
    kind = ENTITIES[{"plan step": "plan_step", "task type": "task_type"}.get(noun, "plan")]
    new = verb == "add" and noun != "plan step"
    named = 2 if noun == "plan step" and verb in ("edit", "move", "remove") else 1
    if not before:
        return [] if new else _names(ctx, "task_type" if noun == "task type" else "plan")
    if len(before) < named:
        return _steps(ctx, before[0])
    if verb not in ("add", "edit") or (noun, verb) == ("plan", "add"):
        return []
    name, mark, value = start.partition("=")
    if not mark:
        return list(fields(kind, mark="=", settable=True))
    if (noun, name) == ("plan step", "who"):
        return [(f"who={word}", meaning) for word, meaning in (*WHOSE, *_names(ctx, "user"))]
    return [(f"{name}={word}", meaning) for word, meaning in values(ctx, kind, name, value)]


def _steps(ctx: Context | None, plan: str) -> list[Offer]:
    """The steps of a plan, by their places."""
    if ctx is None:
        return []
    sql = "SELECT name FROM plan_step WHERE plan_id = (SELECT id FROM plan WHERE name_key = ?) ORDER BY position, id"
    return [(str(place), row[0]) for place, row in enumerate(ctx.reader.rows(sql, (fold(plan),)), start=1)]


#: The options of plans, their steps and types of tasks: from the book and the noun to what is offered.
OF_PLANS: dict[str, Callable[[Context | None, str], list[Offer]]] = {
    **dict.fromkeys(("type", "to"), lambda ctx, _noun: _names(ctx, "task_type")),
    "who": lambda ctx, noun: [*(WHOSE if noun == "plan step" else ()), *_names(ctx, "user")],
    "due": lambda _ctx, _noun: [(word, "") for word in OFFSETS],
    "from": lambda _ctx, _noun: [(word, "") for word in DAYS],
}


def names(ctx: Context | None, vocabulary: str) -> list[Offer]:
    """The words of a vocabulary: stages, tags, pipelines, users, saved views."""
    return _names(ctx, vocabulary)


def rhythms(ctx: Context | None, kind: str) -> list[Offer]:
    """The filters of a kind of record that have a rhythm."""
    sql = "SELECT filter, days FROM rhythm_rule WHERE entity = ? ORDER BY name_key"
    return [(text, f"every {days} days") for text, days in ctx.reader.rows(sql, (kind,))] if ctx is not None else []


def named(ctx: Context | None, kind: Entity, start: str, verb: str = "") -> list[Offer]:
    """Records by their number, those whose number starts with what is typed, else the newest; or by their name, where
    letters are typed. Of a `verb` only those that it is for."""
    if ctx is None:
        return []
    if not start or (start.isascii() and start.isdigit()):
        return [(str(number), name) for number, name in _found(ctx, kind, "id", start, verb)]
    return [(name, f"{kind.name}:{number}") for number, name in _found(ctx, kind, "name_key", fold(start), verb)]


def _found(ctx: Context, kind: Entity, by: str, start: str, verb: str = "") -> list[tuple[int, str]]:
    """The newest records that a verb is for whose number or folded name starts with `start`."""
    conditions, given = [], []
    if kind.kind:
        conditions.append(f"t.kind = '{kind.kind}'")
    if "removed_at" in kind.by_name:
        conditions.append(MEANT.get(kind.table, {}).get(verb, "t.removed_at IS NULL"))
    if start and by == "id":
        spans = [(int(start) * 10**i, (int(start) + 1) * 10**i) for i in range(9 - min(len(start), 8))]
        conditions.append("(" + " OR ".join(["(t.id >= ? AND t.id < ?)"] * len(spans)) + ")")
        given = [edge for span in spans for edge in span]
    elif start:
        conditions.append("t.name_key >= ? AND t.name_key < ?")
        given = [start, start + "\U0010ffff"]
    where = " AND ".join(conditions) or "1 = 1"
    rows = ctx.reader.rows(
        f"SELECT t.id, t.name FROM {kind.table} t WHERE {where} ORDER BY t.id DESC LIMIT {MOST}", given
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def records(
    ctx: Context | None, start: str, kinds: Iterable[str] = ("lead", "deal", "contact", "company", "task")
) -> list[Offer]:
    """Records by kind and number or name, `lead:12`, `lead:Ada`; before the colon the kinds and names of each kind."""
    kind, colon, rest = start.partition(":")
    if not colon:
        words = [(f"{name}:", RECORDS[name].help) for name in kinds if name.startswith(start.lower())]
        letters = start and not start.isdigit()
        return [*words, *(offer for name in kinds if letters for offer in named(ctx, RECORDS[name], start))]
    if kind not in RECORDS:
        return []
    return [(f"{kind}:{found}", name) for found, name in named(ctx, RECORDS[kind], rest)]


def reports(ctx: Context) -> list[Offer]:
    """The names of reports."""
    return [(name, "") for name in report_names(ctx)]
