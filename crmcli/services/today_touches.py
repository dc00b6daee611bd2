"""What the page of the day says of being in touch: who waits for an answer, of whom a touch is due, whose day it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import relative
from crmcli.domain.types import show_instant
from crmcli.errors import FilterError
from crmcli.services import occasions, records, rhythms, touching
from crmcli.store import read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.services.rhythms import Due

#: A conversation of which nobody said a word for so many days is over: it is on no page of the day, and still among
#: those of `crm touch owed` and `waiting`.
OVER = 60
#: The page shows the occasions of so many days from today on.
AHEAD = 7
#: A part: key, title, the rows that it shows (the first `most`, all where that is 0), how many there are.
Part = tuple[str, str, list[dict[str, Any]], int]


def conversations(ctx: Context, words: Sequence[str], most: int) -> Iterator[Part]:
    """They wrote last; and we did, `silent_days` ago or earlier: within the last days (`OVER`). A filter that fits none
    of their kinds finds none."""
    days = int(ctx.settings["silent_days"])
    since = show_instant(ctx.env.now - timedelta(days=max(OVER, 2 * days)))
    for side, title in (("owed", "They wrote last"), ("waiting", f"No answer for {days} days")):
        before = show_instant(ctx.env.now - timedelta(days=days if side == "waiting" else 0))
        try:
            said = touching.last_words(ctx, side, words)
        except FilterError:
            said = []
        found = [turn for turn in said if since <= turn.at <= before]
        yield side, title, [_word(ctx, row) for row in touching.spoken(ctx, found[: most or None])], len(found)


def _word(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    day = ctx.env.now.date() - timedelta(days=row["days"])
    step = ctx.settings.calling("log", "email", row["ref"])
    about = ": ".join(text for text in (row["who"] if row["who"] != row["name"] else "", row["text"]) if text)
    return {
        "id": int(row["ref"].partition(":")[2]), "ref": row["ref"], "what": row["name"], "about": about,
        "when": relative(day, ctx.env.now.date()), "next": f'{step} "..." --out',
    }  # fmt: skip


def due(ctx: Context, words: Sequence[str], most: int) -> Part:
    """The contacts and companies of which a touch is due, the most overdue for their rhythm first."""
    today = ctx.env.now.date()
    found: list[tuple[str, Due]] = []
    try:
        nodes = records.fitting(ctx, rhythms.KINDS.values(), words)
    except FilterError:
        nodes = {}
    for noun, node in nodes.items():
        found += [(noun, one) for one in rhythms.who_is_due(ctx, rhythms.KINDS[noun], (node,))]
    found.sort(key=lambda pair: (*pair[1].pressing(today), pair[0], pair[1].number))
    shown = found[: most or None]
    rows = {
        noun: _named(ctx, kind, [one.number for of, one in shown if of == noun]) for noun, kind in rhythms.KINDS.items()
    }
    return (
        "touch",
        "Keep in touch",
        [_due(ctx, noun, one, rows[noun][one.number], today) for noun, one in shown],
        len(found),
    )


def _named(ctx: Context, kind: Entity, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Contacts with their companies, or companies with their cities, by number."""
    fields = [kind.by_name[name] for name in ("id", "name", "company" if kind.name == "contact" else "city")]
    return {row["id"]: row for some, _ in portions(numbers) for row in read.hydrate(ctx.reader, kind, some, fields)}


def _due(ctx: Context, noun: str, one: Due, row: dict[str, Any], today: date) -> dict[str, Any]:
    days = one.overdue(today)
    ref = f"{noun}:{one.number}"
    return {
        "id": one.number, "ref": ref, "what": row["name"], "about": row.get("company") or row.get("city") or "",
        "when": f"{days} day{'s' * (days != 1)} overdue" if days else "due today",
        "next": f'{ctx.settings.calling("log", "call", ref)} "..."',
    }  # fmt: skip


def whose_day(ctx: Context, words: Sequence[str], most: int) -> Part:
    """Birthdays and other days of the year, today and in the days to come."""
    today = ctx.env.now.date()
    try:
        found = occasions.between(ctx, today, today + timedelta(days=AHEAD), words)
    except FilterError:
        found = []
    rows = [
        {
            "id": one.number, "ref": one.ref, "what": one.name if one.turns is None else f"{one.name}, {one.turns}",
            "about": one.who, "when": relative(one.on, today), "next": ctx.settings.calling("brief", one.ref),
        }
        for one in found[: most or None]
    ]  # fmt: skip
    return "occasions", "Occasions", rows, len(found)
