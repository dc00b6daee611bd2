"""Random books move out and in by every format that holds all of them, and are what they were, on both engines."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import time
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain import custom as vocabulary
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import CrmError
from crmcli.render import machine
from crmcli.results import Bytes, Rows
from crmcli.services import custom, exporting, imports, records
from tests.support import books

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crmcli.domain.fields import Entity
    from tests.support.postgres import Server

#: In the order in which they are imported: what others link to first.
KINDS = (COMPANY, CONTACT, DEAL, LEAD, TASK)
#: What a cell can be lost in: line breaks, quotes, formulas, other directions, what programs write for nothing.
NASTY = "aZ \n\t\",;'=+-@%_\\/|\u200c\u200f\u202e۱يكßİ👩\u200d👧\ufeff"
LETTERS = st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=["Cs", "Cc"]))
TEXT = st.one_of(
    st.text(LETTERS, max_size=12), st.sampled_from(["NULL", "null", "N/A", "-", "true", "1e5", "007", "1.50"])
)
CHOICES = ("Steel", "غذا", "x.y", "null", "=1")
OWN = {
    "text": TEXT, "long_text": TEXT, "identifier": TEXT, "flag": st.sampled_from(["yes", "no"]),
    "integer": st.integers(-(2**63), 2**63 - 1).map(str),
    "number": st.integers(-(2**62), 2**62).map(lambda n: f"{n / 10**6:.6f}"),
    "percent": st.integers(0, 10_000).map(lambda n: f"{n / 100:.2f}"),
    "date": st.dates(date(1700, 1, 1)).map(str), "choice": st.sampled_from(CHOICES),
    "instant": st.datetimes().map(lambda at: at.isoformat(" ", "seconds")),
    "email": st.sampled_from(["a@x.example", "o'brien@bücher.example"]),
    "phone": st.sampled_from(["+98 21 8888 7777", "۰۹۱۲۱۲۳۴۵۶۷", "ext 9", "=1"]),
    "url": st.sampled_from(["x.example", "https://x.example/?a=1&b=%20"]),
}  # fmt: skip
TAGS = ("vip", "دوست", "a b", "=1", "p|q", 'a"b', '"c"', "x:::y", "* z", "[d]", '["', '"]')
MONEY = st.integers(-(10**12), 10**12).map(lambda n: f"{n / 100:.2f}")
CORE = {
    "text": TEXT, "identifier": TEXT, "phone": OWN["phone"], "money": MONEY, "day": OWN["date"],
    "tags": st.lists(st.sampled_from(TAGS), max_size=3).map(",".join),
}  # fmt: skip
NAMED = {
    "currency": st.sampled_from(["EUR", "IRR", "KWD", "JPY"]), "email": OWN["email"],
    "owner": st.sampled_from(["ada", "سارا"]), "source": TEXT, "campaign": TEXT, "medium": TEXT,
    "probability": OWN["percent"], "employees": st.integers(0, 10**6).map(str), "external_id": TEXT,
    "minutes": st.integers(0, 600).map(str), "priority": st.sampled_from(["low", "normal", "high"]),
    "remind": st.lists(st.sampled_from(["0", "15m", "1d", "2w"]), max_size=3).map(",".join),
    "repeat": st.sampled_from(["every monday", "monthly", "FREQ=DAILY;COUNT=4", "every 2 weeks until 2040-01-01"]),
    "repeat_from": st.sampled_from(["deadline", "done"]), "rhythm": st.integers(0, 400).map(str),
    "attendees": st.sampled_from(["ada@x.example", '"Doe, \u0622\u062f\u0627" <b@y.example>, c@z.example']),
    "company": st.integers(1, 3).map(str), "contact": st.integers(1, 3).map(str),
}  # fmt: skip


def values(kind: Entity) -> st.SearchStrategy[dict[str, str]]:
    """What may be typed for one record of a kind: any of its fields, those that people added too."""
    fields: dict[str, Any] = {f"my_{name}": found for name, found in OWN.items()}
    for field in kind.core:
        found = NAMED.get(field.name, CORE.get(field.type.family))
        if field.settable and found is not None and field.name not in ("name", "domain"):
            fields[field.name] = found
    if kind is LEAD:
        fields["company"] = TEXT
    return st.fixed_dictionaries({"name": TEXT.map(lambda text: f"n {text} n")}, optional=fields)


EXAMPLES = int(os.environ.get("CRM_TEST_BOOKS", "2"))
BOOKS = st.fixed_dictionaries({kind.name: st.lists(values(kind), min_size=1, max_size=3) for kind in KINDS})


def define(ctx: Context) -> None:
    with ctx.writing(alone=True) as tx:
        for table in vocabulary.TABLES:
            for name in OWN:
                options = CHOICES if name == "choice" else ()
                custom.put(tx, table, f"my_{name}", name.replace("_", "-"), options, label=f"My own {name}")


def fill(ctx: Context, drawn: dict[str, list[dict[str, str]]]) -> None:
    """Add what people may type; values and links that they may not are left out."""
    ctx.learn()
    made: dict[str, list[str]] = {}
    for kind in KINDS:
        for typed in drawn[kind.name]:
            assigned = {name: text for name, text in typed.items() if fits(ctx, kind, name, text)}
            for link in {"company", "contact"} & assigned.keys() if kind is not LEAD else ():
                there = made.get(link, [])
                assigned[link] = there[int(assigned[link]) % len(there)] if there else ""
            try:
                done = records.add(ctx, kind, assigned)
            except CrmError:
                done = records.add(ctx, kind, {"name": assigned["name"]})
            made.setdefault(kind.name, []).extend(map(str, done.ids))


def fits(ctx: Context, kind: Entity, name: str, text: str) -> bool:
    field = kind.field(name)
    if field.type.family in ("ref", "tags"):
        return True
    try:
        field.type.parse(text, ctx.env)
    except CrmError:
        return False
    return True


def exported(ctx: Context, kind: Entity, format: str) -> bytes:
    made = exporting.export(ctx, kind, ["is:any"], format=format, lossless=format in ("csv", "tsv", "xlsx"))
    if isinstance(made, Rows):
        return "".join(machine.WRITERS[format](made)).encode()
    return made.content if isinstance(made, Bytes) else b"".join(made.parts)


def content(ctx: Context) -> dict[str, list[list[str]]]:
    """All that the records of a book say, without the numbers that it gave them."""
    found = {}
    ours = re.compile(r"(?!external)(\w+_)?id")
    for kind in KINDS:
        header, *rows = csv.reader(io.StringIO(exported(ctx, kind, "csv").decode(), newline=""))
        kept = [place for place, title in enumerate(header) if not ours.fullmatch(title)]
        found[kind.name] = [[row[place] for place in kept] for row in [header, *rows]]
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, book_path: Path, tmp_path: Path) -> Iterator[Callable[[bool], Any]]:
    """Makes empty books with fields of people's own, on SQLite or, asked for `other`, on the engine of the test."""
    numbers = count(1)
    with opened(str(book_path)) as book:
        define(book)
    server: Server | None = request.getfixturevalue("pg_server") if request.param == "postgresql" else None
    template = f"own_{time.monotonic_ns()}"
    if server:
        with opened(books.copy_database(server, books.make_template(server), template)) as book:
            define(book)

    @contextlib.contextmanager
    def new(other: bool) -> Iterator[Context]:
        if other and server:
            name = f"{template}_{next(numbers)}"
            with opened(books.copy_database(server, template, name)) as book:
                yield book
            server.drop(name)
        else:
            with opened(str(books.copy_file(book_path, tmp_path / f"{next(numbers)}.db"))) as book:
                yield book

    yield new
    if server:
        server.drop(template)


@contextlib.contextmanager
def opened(place: str) -> Iterator[Context]:
    ctx = Context(Settings({"db": place}), quiet=True, plugins=False)
    try:
        yield ctx
    finally:
        ctx.close()


def differing(one: dict[str, list[list[str]]], other: dict[str, list[list[str]]]) -> list[tuple[str, ...]]:
    """(kind, title, one, other) of the cells that are not alike."""
    return [
        (kind, title, mine, theirs)
        for kind, (header, *rows) in one.items()
        for row, its in zip(rows, other[kind][1:], strict=True)
        for title, mine, theirs in zip(header, row, its, strict=True)
        if mine != theirs
    ]


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "json", "xlsx"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=BOOKS, out=st.booleans())
def test_a_random_book_moves_without_loss(
    shelf: Callable[[bool], Any], tmp_path: Path, format: str, drawn: dict[str, list[dict[str, str]]], out: bool
) -> None:
    with shelf(out) as source, shelf(not out) as target:
        fill(source, drawn)
        for again in (False, True):
            for kind in KINDS:
                path = tmp_path / f"{kind.plural}.{format}"
                path.write_bytes(exported(source, kind, format))
                done = imports.run(target, imports.plan(target, str(path), kind=kind, guarded=False))
                assert (done.new, done.refused) == (0 if again else len(drawn[kind.name]), 0), done
        there, here = content(target), content(source)
        assert differing(there, here) == []
        books.sound(target)
