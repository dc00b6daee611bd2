"""Traces of a purged person or firm elsewhere: saved views that name them, records that have their name or address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.change import Change
from crmcli.domain.text import clip, fold
from crmcli.store import journal
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: The columns that name a person or firm.
NAMING = ("name", "contact_name", "email", "phone", "mobile")
#: The fields of a filter that a name can stand in; in others (tag:may, city:paris) it is another word of that name.
WHO = frozenset(
    ("name", "contact", "contact_name", "company", "company_name", "parent", "on", "email", "phone", "mobile")
)
#: What a filter asks for in place of what is forgotten.
NOBODY = "purged"
#: Of the records that still have something, so many are named.
MOST = 20


def texts_of(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """What names these records: names, e-mails and telephones, folded."""
    return {text for row in rows for c in NAMING if row.get(c) and (text := fold(str(row[c])))}


def forget_views(tx: Transaction, texts: Iterable[str]) -> Iterator[str]:
    """Take what names the purged out of saved views and their journal, of removed views too; a line for each view that
    is another one now. What a record that stays goes by is left."""
    connection = tx.connection
    rows = connection.rows("SELECT id, name, filter, entity, columns, sort FROM saved_view ORDER BY id")
    living = {row[0]: dict(zip(("name", "filter", "entity", "columns", "sort"), row[1:], strict=True)) for row in rows}
    said: dict[int, list[str]] = {number: [row["name"], row["filter"] or ""] for number, row in living.items()}
    for number, *sides in connection.rows("SELECT record_id, before, after FROM journal WHERE entity = 'saved_view'"):
        for side in filter(None, map(journal.columns, sides)):
            said.setdefault(number, []).extend(str(side[c]) for c in ("name", "filter") if side.get(c))
    folded = {number: [fold(text) for text in lines] for number, lines in said.items()}
    gone = [
        t for t in texts if any(t in line for lines in folded.values() for line in lines) and not _borne(connection, t)
    ]
    for number, lines in folded.items():
        if not any(_names(line, text) for line in lines for text in gone):
            continue
        connection.run("DELETE FROM saved_view WHERE id = ?", (number,))
        connection.run(
            "UPDATE journal SET before = NULL, after = NULL WHERE entity = 'saved_view' AND record_id = ?", (number,)
        )
        tx.changes.append(Change("saved_view", number, None, None, "saved_view"))
        if number in living:
            yield from _anew(tx, living[number], gone)


def _anew(tx: Transaction, view: dict[str, Any], gone: list[str]) -> Iterator[str]:
    """Save a view again that is forgotten with its journal, as far as it names none of `gone`."""
    if any(_names(fold(view["name"]), text) for text in gone):
        yield f"the view {view['name']} bore that name and is gone too"
        return
    was = view["filter"] or ""
    now = _without(was, gone)
    tx.add("saved_view", {**view, "filter": now or None})
    if now != was:
        yield f"the view {view['name']} asked for it and says now: {clip(now, 200)}"


def _names(line: str, text: str) -> bool:
    """Whether a folded filter asks for a folded text."""
    return any(_meant(line, found) for found in _whole(text).finditer(line))


def _whole(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)


def _meant(line: str, found: re.Match[str]) -> bool:
    """Whether a text in a filter stands where a person or firm is named: an address does anywhere."""
    if "@" in found[0] or sum(c.isdigit() for c in found[0]) > 6:
        return True
    field = re.search(r'(\w+):(?:[^\s"]*"[^"]*|\S*)$', line[: found.start()])
    return field is None or field[1].lower() in WHO


def _without(line: str, gone: list[str]) -> str:
    """A filter that asks for nobody where it asked for one of these folded texts."""
    for text in sorted(gone, key=len, reverse=True):
        meant = [found.span() for found in _whole(text).finditer(line) if _meant(line, found)]
        for start, end in reversed(meant):
            line = line[:start] + NOBODY + line[end:]
    # Written in other letters than it was folded to, it cannot be told from the rest.
    return NOBODY if any(_names(fold(line), text) for text in gone) else line


def _borne(connection: Connection, text: str) -> bool:
    """Whether a record that is still there goes by this name or address."""
    return any(
        connection.one(f"SELECT 1 FROM {table} WHERE name_key = ? OR email_key = ? LIMIT 1", (text, text))
        for table in ("contact", "company", "opportunity")
    )


def left_in(
    connection: Connection, there: Iterable[Mapping[str, Any]], linked: Iterable[int], texts: set[str]
) -> Iterator[str]:
    """A line for each record that still has the name or address of one that was purged: of the leads and deals that
    were linked to it (`linked`), and of all that have its e-mail address."""
    rows = list(there)
    addresses = sorted({row["email_key"] for row in rows if row.get("email_key")})
    found: dict[tuple[str, int], list[str]] = {}
    for table, columns, kind in (
        ("opportunity", "name, contact_name, email, phone", "kind"),
        ("contact", "name, email, phone, mobile", "'contact'"),
        ("company", "name, email, phone", "'company'"),
    ):
        ways = [("email_key", addresses), ("id", sorted(linked))][: 2 if table == "opportunity" else 1]
        for column, values in ways:
            for some, marks in portions(values):
                sql = f"SELECT id, {kind}, {columns} FROM {table} WHERE {column} IN ({marks}) ORDER BY id"
                for number, noun, *own in connection.rows(f"{sql} LIMIT {MOST + 1}", some):
                    if its := [str(value) for value in own if value and fold(str(value)) in texts]:
                        found[noun, number] = list(dict.fromkeys(its))
    for (noun, number), its in list(found.items())[:MOST]:
        yield f"{noun}:{number} still has {', '.join(its)}"
    if len(found) > MOST:
        yield "and others have such names and addresses too"
