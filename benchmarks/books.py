"""Big books of business for the measurements: made in bulk, yet keyed, searchable and journalled like any other."""

from __future__ import annotations

import os
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.keys import derive
from crmcli.domain.types import show_instant
from crmcli.store.journal import Link, canonical, digest
from crmcli.store.tables import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 20_000
NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
OWNERS = ("grace", "ada", "linus", "edsger", "barbara")
SOURCES = ("web", "referral", "fair", "newsletter", "partner", "phone")
#: A tag and the share of leads that carries it.
TAGS = (("customer", 0.3), ("newsletter", 0.5), ("eu", 0.3), ("vip", 0.02), ("rare", 0.0001))
CITIES = ("Tehran", "Isfahan", "Berlin", "Zurich", "Lyon", "Oslo", "Porto", "Gdansk", "Leeds", "Tartu")
TITLES = ("CTO", "Head of Sales", "Founder", "Buyer", "Office Manager", "Engineer")
TRADES = ("Engines", "Looms", "Optics", "Freight", "Foods", "Textiles", "Robotics", "Papers", "Tiles", "Pumps")
HEADERS = (
    "Name", "Company", "Email", "Phone", "Job Title", "City", "Country", "Source", "Value", "Currency", "Tags",
    "Description",
)  # fmt: skip
SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "xu", "za")


def word(number: int) -> str:
    """The invented word of that number, three syllables or more."""
    found = ""
    for _ in range(3):
        number, rest = divmod(number, len(SYLLABLES))
        found += SYLLABLES[rest]
    return found + (str(number) if number else "")


FIRST = tuple(word(i * 13 + 7) for i in range(300))
LAST = tuple(word(i + 400) for i in range(3000))


class Vocabulary:
    """The ids of the words that the made records use."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        def ids(table: str) -> dict[str, int]:
            return {str(name): int(number) for number, name in raw.execute(f"SELECT id, name FROM {table} ORDER BY id")}

        self.owners, self.sources, self.tags = ids("crm_user"), ids("source"), ids("tag")
        self.pipeline = int(raw.execute("SELECT min(id) FROM pipeline").fetchone()[0])
        self.stages: list[tuple[int, int]] = [
            (int(row[0]), int(row[1]))
            for row in raw.execute("SELECT id, probability_bp FROM stage WHERE NOT is_won ORDER BY position")
        ]


def make(path: str, leads: int, deals: int = 0, seed: int = 20) -> None:
    """A new book at `path` with so many leads and deals, journalled and indexed, statistics gathered."""
    ctx = Context(Settings({"db": path, "user": "grace"}), command="make a book", quiet=True, plugins=False)
    ctx.create(path)
    with ctx.writing("import") as tx:
        for vocabulary, names in (("user", OWNERS), ("source", SOURCES), ("tag", [name for name, _ in TAGS])):
            for name in names:
                tx.word(vocabulary, name)
    ctx.close()
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        _fill(raw, leads, deals, random.Random(seed))
    finally:
        raw.close()


def _fill(raw: sqlite3.Connection, leads: int, deals: int, dice: random.Random) -> None:
    raw.execute("PRAGMA synchronous=OFF")
    raw.execute("PRAGMA cache_size=-200000")
    raw.execute("BEGIN IMMEDIATE")
    # Indexes and the word index are built at the end, in one go each.
    dropped = raw.execute(
        "SELECT name, sql, type FROM sqlite_master WHERE tbl_name IN ('opportunity', 'opportunity_tag', 'journal')"
        " AND sql IS NOT NULL AND type IN ('index', 'trigger')"
    ).fetchall()
    for name, _, kind in dropped:
        raw.execute(f"DROP {kind} {name}")
    words = Vocabulary(raw)
    raw.execute(
        "INSERT INTO batch (id, at, actor, source, command) VALUES (100, ?, 'grace', 'import', 'make a book')",
        (show_instant(NOW),),
    )
    chain = Chain(raw)
    number = int(raw.execute("SELECT coalesce(max(id), 0) FROM opportunity").fetchone()[0])
    for kind, count in (("lead", leads), ("deal", deals)):
        for start in range(0, count, CHUNK):
            some = range(start, min(start + CHUNK, count))
            rows = [opportunity(kind, number + i - start + 1, i, count, words, dice) for i in some]
            number += len(rows)
            _check_keys(rows[0])
            _insert(raw, rows)
            chain.write(rows)
    for _, sql, _ in sorted(dropped, key=lambda row: row[2]):
        raw.execute(sql)
    raw.execute("INSERT INTO opportunity_fts(opportunity_fts) VALUES ('rebuild')")
    raw.execute("COMMIT")
    raw.execute("INSERT INTO opportunity_fts(opportunity_fts) VALUES ('optimize')")
    raw.execute("ANALYZE")


Row = tuple[dict[str, Any], dict[str, Any], list[int]]


def opportunity(kind: str, number: int, place: int, count: int, words: Vocabulary, dice: random.Random) -> Row:
    """(journalled columns, key columns, tag ids) of one lead or deal; later ones were entered later."""
    first, last = FIRST[int(dice.random() * 300)], LAST[int(dice.random() * 3000)]
    company = f"{last} {TRADES[number % 10]}"
    created = show_instant(NOW - timedelta(seconds=(count - place) * 30_000_000 // max(count, 1)))
    stage, chance = words.stages[int(dice.random() * len(words.stages))]
    lost = dice.random() < 0.1
    name = f"{first} {last}"
    email = f"{first}.{last}.{number}@{last}.example"
    phone = f"+98 21 {20_000_000 + number}"
    city, title = CITIES[number % 10], TITLES[number % 6]
    about = f"Asked about {TRADES[number % 7]} for {city}"
    row = {
        "kind": kind, "uid": f"{number:08x}-0000-7000-8000-{dice.getrandbits(48):012x}", "name": name,
        "company_name": company, "job_title": title, "email": email, "phone": phone, "city": city,
        "country": "Examplia", "description": about, "pipeline_id": words.pipeline, "stage_id": stage,
        "stage_since": created, "status": "lost" if lost else "open", "probability_bp": 0 if lost else chance,
        "closed_at": created if lost else None, "archived_at": created if lost else None,
        "value_minor": int(dice.random() * 5_000_000), "currency": "EUR",
        "owner_id": 1 + number % len(OWNERS), "source_id": 1 + number % len(SOURCES), "position": number * 1024,
        "created_at": created, "updated_at": created,
    }  # fmt: skip
    folded = name.lower(), company.lower(), title.lower(), email, city.lower(), about.lower()
    key = f"+98{phone[4:].replace(' ', '')}"
    keys = {
        "name_key": folded[0], "company_name_key": folded[1], "job_title_key": folded[2], "email_key": email,
        "phone_key": key, "city_key": folded[4], "country_key": "examplia", "description_key": folded[5],
        "search_text": f"{folded[0]} {folded[1]} {email} {key} {phone} {folded[4]} {folded[5]}",
    }  # fmt: skip
    row["id"] = number
    return row, keys, [words.tags[name] for name, share in TAGS if dice.random() < share]


def _check_keys(made: Row) -> None:
    """What was spelt out above must be what the write door would have derived; a book that differs measures nothing."""
    row, keys, _ = made
    derived = {name: value for name, value in derive("opportunity", row).items() if value is not None}
    if derived != keys:
        wrong = sorted(name for name in derived.keys() | keys.keys() if derived.get(name) != keys.get(name))
        raise AssertionError(f"the keys of made records are out of step with crmcli.domain.keys: {', '.join(wrong)}")


def _insert(raw: sqlite3.Connection, rows: list[Row]) -> None:
    names = [*rows[0][0], *rows[0][1], "version", "probability_manual", "priority"]
    marks = ", ".join("?" * len(names))
    raw.executemany(
        f"INSERT INTO opportunity ({', '.join(names)}) VALUES ({marks})",
        ([*row.values(), *keys.values(), 1, False, 0] for row, keys, _ in rows),
    )
    raw.executemany(
        "INSERT INTO opportunity_tag (record_id, tag_id) VALUES (?, ?)",
        ((row["id"], tag) for row, _, tags in rows for tag in tags),
    )


class Chain:
    """The journal of what was made, a link of the hash chain for each chunk."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self.seq, self.hash = raw.execute("SELECT seq, hash FROM journal_head").fetchone()

    def write(self, rows: list[Row]) -> None:
        self.seq += 1
        at = show_instant(NOW)
        lines = list(self._lines(rows))
        this = Link(self.seq, 100, at, at, "grace", "import", None, None)
        self.hash = this.hashed(self.hash, [line[-1] for line in lines])
        self.raw.execute(
            "INSERT INTO journal_tx (seq, batch_id, at, count, hash) VALUES (?, 100, ?, ?, ?)",
            (self.seq, at, len(lines), self.hash),
        )
        self.raw.executemany(
            "INSERT INTO journal (seq, entity, record_id, before, after, digest) VALUES (?, ?, ?, NULL, ?, ?)", lines
        )
        self.raw.execute("UPDATE journal_head SET seq = ?, hash = ?", (self.seq, self.hash))

    def _lines(self, rows: list[Row]) -> Iterator[tuple[int, str, int, str | None, str]]:
        plain = DEFAULTS["opportunity"]
        for row, _, tags in rows:
            kept = {name: value for name, value in row.items() if value is not None and plain.get(name) != value}
            del kept["id"]
            after = canonical({**kept, "tags": tags} if tags else kept)
            yield self.seq, "opportunity", row["id"], after, digest("opportunity", row["id"], None, after)


def make_csv(path: str, rows: int, seed: int = 21, *, awkward: bool = False) -> None:
    """A CSV file of 12 columns with ordinary phones and e-mails, or `awkward` ones that only a library can read."""
    import csv

    dice = random.Random(seed)
    draft = f"{path}.new"
    with open(draft, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADERS)
        for i in range(rows):
            first, last = FIRST[int(dice.random() * 300)].title(), LAST[int(dice.random() * 3000)].title()
            email = f"{first.lower()}.{last.lower()}.{i}@{last.lower()}.example"
            phone = f"+98 21 {30_000_000 + i}"
            if awkward:
                email = f"{first.lower()}.{i}@bücher-{last.lower()}.example"
                phone = f"+41 44 {200 + i // 10_000} {i // 100 % 100:02d} {i % 100:02d}"
            about = f"Asked about {TRADES[i % 7]}" + (f"\nfor {CITIES[i % 10]}" if i % 9 == 0 else "")
            tags = ";".join(name for name, share in TAGS if dice.random() < share)
            out.writerow(
                [f"{first} {last}", f"{last} {TRADES[i % 10]}", email, phone, TITLES[i % 6], CITIES[i % 10], "Examplia",
                 SOURCES[i % 6], f"{int(dice.random() * 90_000)}.50", "EUR", tags, about]
            )  # fmt: skip
    os.replace(draft, path)
