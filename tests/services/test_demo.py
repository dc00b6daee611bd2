"""The generated book: believable, the same every time, and as sound as one that people wrote."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import LEAD, RECORDS
from crmcli.errors import RefusedError
from crmcli.services import database, demo, history, records, reports
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2026-11-21T10:00:00+00:00"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """One loaded book for the tests that only read it."""
    with pytest.MonkeyPatch.context() as patch:
        context = fresh(tmp_path_factory.mktemp("demo"), patch)
        demo.load(context)
        yield context
        context.close()


def fresh(folder: Path, patch: pytest.MonkeyPatch) -> Context:
    patch.setenv("CRM_NOW", NOW)
    patch.setenv("CRM_HOME", str(folder / "home"))
    path = str(folder / "demo.db")
    context = Context(Settings({"db": path, "user": "grace"}), quiet=True, plugins=False)
    context.create(path)
    context.env  # noqa: B018  the clock stands still from here on, whatever the environment becomes
    return context


def count(book: Context, sql: str) -> int:
    return int(book.reader.value(f"SELECT count(*) FROM {sql}"))


def content(context: Context) -> dict[str, Any]:
    """Every record without what differs from one run to the next."""
    return {
        name: [
            {k: v for k, v in row.items() if k != "uid"}
            for row in read.hydrate(context.reader, kind, ids(context, kind.table))
        ]
        for name, kind in RECORDS.items()
    }


def ids(context: Context, table: str) -> list[int]:
    return [row[0] for row in context.reader.rows(f"SELECT id FROM {table} ORDER BY id")]


def test_the_book_is_as_big_as_promised(book: Context) -> None:
    assert 380 <= count(book, "v_lead") <= 420
    assert 240 <= count(book, "v_deal") <= 270
    assert count(book, "v_contact") == 300
    assert count(book, "v_company") == 120
    assert count(book, "v_company WHERE parent IS NOT NULL") >= 3


def test_there_is_something_to_do_today(book: Context) -> None:
    assert count(book, "v_task WHERE done_at IS NULL AND due_on < '2026-11-21'") >= 5
    assert count(book, "v_task WHERE done_at IS NULL AND due_on = '2026-11-21'") >= 5
    assert count(book, "v_task WHERE done_at IS NULL AND due_on BETWEEN '2026-11-22' AND '2026-11-28'") >= 20
    assert count(book, "v_task WHERE done_at IS NOT NULL AND feedback IS NOT NULL") >= 50
    assert count(book, "v_deal WHERE status = 'open' AND open_tasks = 0") >= 5
    assert count(book, "v_deal WHERE status = 'open' AND last_touch < '2026-11-07'") >= 5
    assert count(book, "v_deal WHERE status = 'open' AND close_on BETWEEN '2026-11-21' AND '2026-11-30'") >= 1
    assert count(book, "v_lead WHERE created_at > '2026-11-14'") >= 5


def test_both_pipelines_have_deals_in_every_open_stage_and_won_and_lost_ones(book: Context) -> None:
    rows = book.reader.rows("SELECT pipeline, stage, status FROM v_deal")
    found = Counter(rows)
    stages = book.reader.rows("SELECT pipeline, name, is_won FROM v_stage")
    assert {row[0] for row in stages} == {"Sales", "Renewals"}
    for pipeline, stage, is_won in stages:
        assert found[pipeline, stage, "won" if is_won else "open"] >= 1, (pipeline, stage)
    lost = Counter(row[0] for row in book.reader.rows("SELECT lost_reason FROM v_deal WHERE status = 'lost'"))
    assert len(lost) >= 4


def test_eighteen_months_of_history_lie_in_the_past_and_in_order(book: Context) -> None:
    rows = book.reader.rows("SELECT created_at, stage_since, closed_at, updated_at FROM opportunity")
    for created, since, closed, updated in rows:
        assert created <= since <= updated <= "2026-11-21T10:00:00.000Z"
        assert closed is None or since <= closed <= updated
    first = datetime.fromisoformat(min(row[0] for row in rows))
    assert timedelta(days=450) < datetime.fromisoformat(NOW) - first < timedelta(days=550)
    moves = book.reader.rows("SELECT entered_at, left_at, seconds, opportunity_id FROM stage_move")
    assert len(moves) > 300
    assert all(entered < left and seconds > 60 for entered, left, seconds, _ in moves)
    assert max(book.reader.rows("SELECT max(at) FROM interaction")[0]) <= "2026-11-21T10:00:00.000Z"
    closed_in = list(reports.report(book, "win-loss").rows)
    assert sum(1 for row in closed_in if row["won"] and row["lost"]) >= 9
    chain = [row[0] for row in book.reader.rows("SELECT at FROM journal_tx ORDER BY seq")]
    assert chain[1:] == sorted(chain[1:])


def test_names_and_notes_in_persian_are_written_as_persians_write(book: Context) -> None:
    persian = [row[0] for row in book.reader.rows("SELECT name FROM contact WHERE language = 'fa'")]
    assert len(persian) >= 20
    texts = [*persian, *(row[0] for row in book.reader.rows("SELECT body FROM interaction WHERE body IS NOT NULL"))]
    assert not [text for text in texts if "ي" in text or "ك" in text]
    assert any("۱۰:۳۰" in text for text in texts)
    assert {row[0] for row in book.reader.rows("SELECT currency FROM v_deal GROUP BY 1")} == {"EUR", "USD", "IRR"}


#: The beginnings of numbers that are kept for examples and films, or made up after that pattern.
FREE = (
    "+1 202 555 01", "+1 206 555 01", "+1 312 555 01", "+1 617 555 01", "+44 20 7946 0", "+49 30 23125 ",
    "+33 1 99 00 ", "+43 1 5550 ", "+98 21 5555 ", "+98 31 5555 ", "+98 71 5555 ",
)  # fmt: skip


def test_addresses_and_numbers_reach_nobody(book: Context) -> None:
    for table in ("opportunity", "contact", "company"):
        for email, phone in book.reader.rows(f"SELECT email, phone FROM {table}"):
            assert email.endswith(".example")
            assert phone.startswith(FREE)


def test_a_lead_that_became_a_deal_tells_so_in_its_history(book: Context) -> None:
    number = book.reader.value("SELECT min(id) FROM v_deal WHERE converted_at IS NOT NULL AND status = 'won'")
    lines = book.reader.rows(
        "SELECT at, before, after FROM v_history WHERE entity = 'opportunity' AND record_id = ? ORDER BY id", (number,)
    )
    assert len(lines) >= 2
    assert json.loads(lines[0][2])["created_at"] <= lines[0][0]
    assert lines[0][0] < lines[-1][0]
    assert list(history.history(book, RECORDS["deal"], number).rows)


def test_the_store_is_sound(book: Context) -> None:
    page = database.check(book, deep=True)
    assert page.values["ok"], page


def test_the_same_seed_makes_the_same_book(tmp_path: Path, book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    again = fresh(tmp_path, monkeypatch)
    demo.load(again)
    assert content(again) == content(book)
    again.close()


def test_a_book_that_holds_something_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = fresh(tmp_path, monkeypatch)
    records.add(context, LEAD, {"name": "Ada"})
    with pytest.raises(RefusedError, match="not empty"):
        demo.load(context)
    assert count(context, "opportunity") == 1
    context.close()


def test_one_undo_takes_the_whole_book_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = fresh(tmp_path, monkeypatch)
    batch = demo.load(context).batch
    history.undo(context, batch)
    for table in ("opportunity", "contact", "company", "task", "interaction", "stage_move"):
        assert count(context, table) == 0, table
    assert database.check(context, deep=True).values["ok"]
    context.close()


def test_it_loads_into_postgresql_too(pg_url: str, book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOW", NOW)
    context = Context(Settings({"db": pg_url, "user": "grace"}), quiet=True, plugins=False)
    context.create(pg_url)
    demo.load(context)
    assert content(context)["deal"] == content(book)["deal"]
    context.close()
