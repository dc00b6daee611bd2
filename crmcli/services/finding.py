"""Finding: words anywhere in the book, and who is behind a number or an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import show_day
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, INTERACTION, LEAD, RECORDS, record_kind
from crmcli.domain.text import clip, digits, fold
from crmcli.domain.types import due_day
from crmcli.errors import NotFoundError, UsageError
from crmcli.results import Column, Page, Rows, Section
from crmcli.services import aliases, naming, records, timeline
from crmcli.store import read
from crmcli.store.schema import SEARCHED

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

COLUMNS = (
    Column("ref", None, "Record"),
    Column("name", None, "Name"),
    Column("about", None, "About"),
    Column("at", INTERACTION.field("at").type, "From"),
)


def search(ctx: Context, text: str, *, best: bool = False, limit: int = 20) -> Rows:
    """Records of every kind in which each word of `text` stands at the start of some word, newest first; `best` puts
    the closest first; `limit` 0 is all. What only a record that was merged has finds the one that stays, which is said
    of it. Raises UsageError for a text without a letter or digit."""
    words = [word for word in fold(text).split() if any(c.isalnum() for c in word)]
    if not words:
        raise UsageError("search for what?", 'write a word or two: crm search "lovelace engines"')
    most = limit or records.MOST
    hits: list[tuple[Any, dict[str, Any]]] = []
    for table in SEARCHED:
        found = read.search(ctx.reader, table, words, most, ranked=best)
        ranks = dict(found)
        rows = _rows(ctx, table, [number for number, _ in found])
        if len(found) < most and table in aliases.TABLES:
            also = read.search(ctx.reader, table, words, most - len(found), ranked=best, merged=True)
            rows += _as_merged(ctx, table, dict(also), ranks)
        for row in rows:
            hits.append(((ranks[row["id"]], row["at"]) if best else row["at"], row))
    hits.sort(key=lambda hit: hit[1]["at"], reverse=True)
    if best:
        hits.sort(key=lambda hit: hit[0][0])
    return Rows(COLUMNS, [row for _, row in hits[:most]], empty=f"nothing holds '{text}'")


def _as_merged(ctx: Context, table: str, found: dict[int, Any], ranks: dict[int, Any]) -> list[dict[str, Any]]:
    """The records that those `found` (record -> rank) were merged into, as `_rows` has them, but for those that were
    found by what they have themselves (`ranks`); they are put there."""
    ends = aliases.in_sight(ctx.reader, table, found)
    names = {number: row["name"] for number, row in read.raw(ctx.reader, table, list(ends)).items()}
    said: dict[int, list[str]] = {}
    for number, end in ends.items():
        if end not in ranks:
            said.setdefault(end, []).append(f"{aliases.noun(ctx.reader, table, number)}:{number} {names[number]}")
    ranks |= {end: min(found[n] for n, into in ends.items() if into == end) for end in said}
    rows = _rows(ctx, table, list(said))
    for row in rows:
        about = [row["about"]] if row["about"] else []
        row["about"] = ", ".join([*about, *(f"merged: {one}" for one in said[row["id"]])])
    return rows


def find(ctx: Context, text: str) -> Rows:
    """What `search` finds, after the records that `text` names by their number: `deal:652`, or 652 of every kind."""
    noun, colon, number = text.strip().rpartition(":")
    whole = digits(number.strip())
    if not (whole.isascii() and whole.isdigit() and len(whole) < naming.LONG):
        return search(ctx, text)
    kinds = [kind for kind in RECORDS.values() if not colon or fold(noun) in (kind.name, kind.plural, kind.command)]
    named: list[dict[str, Any]] = []
    for kind in kinds:
        meant = aliases.in_sight(ctx.reader, kind.table, [int(whole)]).get(int(whole))
        if meant is not None:
            named += [row for row in _rows(ctx, kind.table, [meant]) if row["kind"] == kind.name]
    refs = {row["ref"] for row in named}
    found = search(ctx, text)
    return found._replace(rows=[*named, *(row for row in found.rows if row["ref"] not in refs)])


def _rows(ctx: Context, table: str, ids: list[int]) -> list[dict[str, Any]]:
    if not ids:
        return []
    kinds = [LEAD, DEAL] if table == "opportunity" else [ENTITIES[table]]
    found = []
    for kind in kinds:
        fields = [f for f in kind.fields if f.name in SHOWN]
        for row in read.hydrate(ctx.reader, kind, ids, fields):
            found.append({"id": row["id"], "kind": kind.name, **_line(ctx, kind, row)})
    return found


SHOWN = frozenset((
    "name", "company", "contact", "opportunity", "email", "stage", "status", "city", "kind", "body", "type", "due_on",
    "due_at", "at", "created_at", "done_at",
))  # fmt: skip


def _line(ctx: Context, kind: Entity, row: dict[str, Any]) -> dict[str, Any]:
    if kind.name == "interaction":
        text = clip(" ".join((row.get("body") or "").split()), 60)
        return {
            "ref": f"interaction:{row['id']}",
            "name": f"{row['kind']}: {text}",
            "about": timeline.about(row),
            "at": row["at"],
        }
    if kind.name == "task":
        day = due_day(row.get("due_on"), row.get("due_at"), ctx.env.now)
        due = show_day(day, ctx.env.calendar) if day else ""
        state = "done" if row.get("done_at") else due
        about = ", ".join(part for part in (timeline.about(row), state) if part)
        return {"ref": f"task:{row['id']}", "name": row["name"], "about": about, "at": row["created_at"]}
    about = ", ".join(str(row[name]) for name in ("company", "email", "stage", "status", "city") if row.get(name))
    return {"ref": f"{kind.name}:{row['id']}", "name": row["name"], "about": about, "at": row["created_at"]}


def lookup(ctx: Context, text: str) -> Page:
    """Who is behind a telephone number or e-mail address: every record that has it, with the last touches.

    Raises UsageError for what is neither, NotFoundError when nobody has it.
    """
    text = text.strip().removeprefix("tel:").removeprefix("mailto:")
    if "@" in text:
        key = CONTACT.field("email").type.parse(text, ctx.env)
    elif any(c.isdigit() for c in text) and not record_kind(text.partition(":")[0]):
        key = CONTACT.field("phone").type.key(text, ctx.env)
    else:
        raise UsageError(f"'{text}' is neither a telephone number nor an e-mail address", f"try: crm search {text}")
    ways = naming.addressed if "@" in text else naming.dialled
    people = [row for kind in (CONTACT, COMPANY, LEAD, DEAL) for row in _having(ctx, kind, ways(ctx, kind, text))]
    if not people:
        raise NotFoundError(
            f"nobody in the book has {text}", f'crm lead add "Name" {"--email" if "@" in text else "--phone"} "{text}"'
        )
    touches: list[dict[str, Any]] = []
    seen: set[int] = set()
    for person in people:
        for touch in timeline.timeline(ctx, ENTITIES[person["kind"]], person["id"], 5, touches=True).rows:
            if touch["id"] not in seen:
                seen.add(touch["id"])
                touches.append({**touch, "on": touch["on"] or person["ref"]})
    touches.sort(key=lambda row: row["at"], reverse=True)
    shown = timeline.timeline(ctx, ENTITIES[people[0]["kind"]], people[0]["id"], 1).columns
    who = Section("who", "Who", Rows(COLUMNS, people))
    return Page(
        text,
        (who, Section("touches", "Last touches", Rows(shown, touches[:5], empty="nothing happened yet"))),
        {"query": text, "key": key},
    )


def _having(ctx: Context, kind: Entity, keys: list[tuple[str, str]]) -> list[dict[str, Any]]:
    of_kind = f"kind = '{kind.kind}' AND " if kind.kind else ""
    ids: list[int] = []
    for column, key in keys:
        sql = (
            f"SELECT id FROM {kind.table} WHERE {of_kind}{column} = ? AND removed_at IS NULL ORDER BY id DESC LIMIT 10"
        )
        ids += [row[0] for row in ctx.reader.rows(sql, (key,)) if row[0] not in ids]
    for column, key in keys:
        ends = naming.ended(ctx, kind, f"{column} = ?", (key,), seen=True)
        ids += [end for end in dict.fromkeys(ends.values()) if end not in ids]
    fields = [f for f in kind.fields if f.name in SHOWN]
    return [
        {"id": r["id"], "kind": kind.name, **_line(ctx, kind, r)} for r in read.hydrate(ctx.reader, kind, ids, fields)
    ]
