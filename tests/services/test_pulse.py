"""Whether anything has changed: a commit, the minute, another book in the place of the one that was opened."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import DEAL
from crmcli.errors import ConflictError, NewerDatabaseError, StoreError
from crmcli.services import board, deals, records
from crmcli.services.pulse import Shown, as_shown, pulse, stamped

if TYPE_CHECKING:
    from pathlib import Path


def test_it_changes_with_every_commit_and_every_minute_and_only_then(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pulse(ctx)
    board.cards(ctx)
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:59+00:00")
    ctx.tick()
    assert pulse(ctx) == before
    records.add(ctx, DEAL, {"name": "Other"})
    added = pulse(ctx)
    assert added.seq > before.seq
    monkeypatch.setenv("CRM_NOW", "2026-11-22T00:00:10+00:00")
    ctx.tick()
    assert pulse(ctx) > added


def test_what_is_done_to_a_record_as_it_was_shown(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (records.add(ctx, DEAL, {"name": name}).ids[0] for name in ("First", "Second"))
    shown = pulse(ctx)
    seen = Shown(shown, "deal", first, shown.seq)
    as_shown(ctx, seen, (), deals.move, DEAL, [first], "qualified")
    own = {ctx.batch}
    records.edit(ctx, DEAL, [second], {"name": "Other"})
    as_shown(ctx, seen, own, deals.move, DEAL, [first], "proposition")
    own.add(ctx.batch)
    monkeypatch.setattr(type(ctx), "actor", "maya")
    ctx.tick()
    deals.won(ctx, DEAL, [first])
    with pytest.raises(ConflictError, match=f"deal:{first} was changed meanwhile by maya"):
        as_shown(ctx, seen, own, deals.move, DEAL, [first], "new")
    assert records.get(ctx, DEAL, first)["status"] == "won"
    as_shown(ctx, seen._replace(since=pulse(ctx).seq), own, deals.move, DEAL, [first], "new")
    assert records.get(ctx, DEAL, first)["status"] == "open"
    as_shown(ctx, None, (), deals.won, DEAL, [second])
    for other in (shown._replace(head="another"), shown._replace(seq=shown.seq + 1000)):
        with pytest.raises(ConflictError, match="another book"):
            as_shown(ctx, Shown(other), own, records.add, DEAL, {"name": "Third"})


@pytest.mark.parametrize("ctx", ["sqlite"], indirect=True)
def test_a_book_that_was_put_in_its_place_is_opened(
    ctx: Context, book_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(ctx, DEAL, {"name": "Old book"})
    before, path = pulse(ctx), ctx.reader.target
    shutil.copyfile(book_template, path + ".other")
    os.replace(path + ".other", path)
    found, shown = stamped(ctx, board.cards)
    assert not any(lane.cards for lane in shown.lanes)
    assert found.opened == before.opened + 1
    assert "the book was replaced meanwhile" in capsys.readouterr().err
    records.add(ctx, DEAL, {"name": "New book"})
    assert pulse(ctx).opened == found.opened


def test_a_book_that_is_gone_or_unsound_is_said_and_none_is_made(book_path: Path) -> None:
    path = str(book_path)
    ctx = Context(Settings(), plugins=False)  # no book is named: at the start one would be made
    before = pulse(ctx)
    os.rename(path, path + ".away")
    for _ in range(2):
        with pytest.raises(StoreError, match="moved or removed meanwhile"):
            pulse(ctx)
    assert not os.path.exists(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write("no book at all")
    with pytest.raises(StoreError, match="not a SQLite database"):
        stamped(ctx, board.cards)
    os.replace(path + ".away", path)
    assert pulse(ctx) == before
    ctx.close()


@pytest.mark.parametrize("ctx", ["postgresql"], indirect=True)
def test_a_connection_that_was_lost_is_made_anew(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    import psycopg

    records.add(ctx, DEAL, {"name": "Kept"})
    with psycopg.connect(ctx.settings.database, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(StoreError, match="the connection to the server was lost"):
        pulse(ctx)
    found, shown = stamped(ctx, board.cards)
    assert (found.opened, [card[1] for lane in shown.lanes for card in lane.cards]) == (1, ["Kept"])
    assert "the connection to the server was lost and is back" in capsys.readouterr().err
    records.add(ctx, DEAL, {"name": "Written again"})


def test_a_book_that_a_newer_program_has_upgraded_is_not_read(ctx: Context) -> None:
    ctx.reader.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabaseError, match="schema 9999"):
        pulse(ctx)
