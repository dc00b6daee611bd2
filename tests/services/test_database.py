"""The book as a whole: damage is noticed, backups are proven, restores keep what was there, SQL only reads."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.schema import CreateTable

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, LEAD
from crmcli.errors import ConflictError, CrmError, DamagedError, NotFoundError, StoreError, UsageError
from crmcli.render import out
from crmcli.render.machine import WRITERS
from crmcli.services import asking, copies, database, history, records, timeline
from crmcli.store import catalogue, models, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import RunCrm


def fill(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Engines", "tags": "vip"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "Engines", "phone": "+98 21 8888 7777"})
    records.add(ctx, LEAD, {"name": "Big", "value": "12k", "tags": "hot"})
    timeline.add(ctx, CONTACT, 1, "call", "spoke")
    records.edit(ctx, LEAD, [1], {"stage": "qualified"})


def found(ctx: Context, *, deep: bool = True) -> dict[str, str]:
    """The checks that failed, with what they say."""
    page = database.check(ctx, deep=deep)
    bad = {row["check"]: row["detail"] for row in page.sections[0].rows.rows if not row["ok"]}
    assert page.values["ok"] is not bool(bad)
    return bad


def test_a_sound_book(ctx: Context) -> None:
    fill(ctx)
    history.undo(ctx)
    assert found(ctx) == {}
    assert found(ctx, deep=False) == {}


DAMAGE = {
    "a changed row": (
        "UPDATE contact SET name = 'Eve' WHERE id = 1",
        {"rows", "search"},
        "contact 1 was changed behind",
    ),
    "a changed amount": ("UPDATE opportunity SET value_minor = 1 WHERE id = 1", {"rows"}, "value_minor"),
    "a stale key": ("UPDATE contact SET name_key = 'eve' WHERE id = 1", {"rows"}, "contact 1 has wrong keys: name_key"),
    "a changed telephone key": ("UPDATE contact SET phone_key = '+1' WHERE id = 1", {"rows"}, "phone_key"),
    "a deleted row": ("DELETE FROM stage_move WHERE id = 1", {"rows"}, "stage move 1 is gone"),
    "a new row": (
        "INSERT INTO source (id, uid, name, name_key, created_at, updated_at, version)"
        " VALUES (9, 'x', 'x', 'x', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 1)",
        {"rows", "counters"},
        "source 9 is there",
    ),
    "a lost tag": ("DELETE FROM company_tag", {"rows"}, "company 1 was changed behind the journal: tags"),
    "a wrong last touch": ("UPDATE contact SET last_touch = NULL", {"derived"}, "contact 1: last_touch"),
    "a wrong task count": ("UPDATE opportunity SET open_tasks = 7", {"derived"}, "opportunity 1"),
    "an altered journal": (
        "UPDATE journal SET after = '{}' WHERE entity = 'contact'",
        {"chain", "rows"},
        "was altered",
    ),
    "an altered digest": ("UPDATE journal SET digest = 'x' WHERE id = 3", {"chain"}, "was altered"),
    "an altered hash": ("UPDATE journal_tx SET hash = 'x' WHERE seq = 2", {"chain"}, "does not link"),
    "an altered time": (
        "UPDATE journal_tx SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 2",
        {"chain"},
        "does not link",
    ),
    "a lost journal row": ("DELETE FROM journal WHERE entity = 'interaction'", {"chain", "rows"}, "has 1 rows, not 2"),
    "another head": ("UPDATE journal_head SET hash = 'x'", {"chain"}, "head"),
    "an emptied journal row": (
        "UPDATE journal SET before = NULL, after = NULL WHERE entity = 'contact'",
        {"purged", "rows"},
        "nobody purged",
    ),
    "a change that is no JSON": (
        """UPDATE journal SET after = replace(after, '"name":"Ada"', '"name":xAda"')""",
        {"chain", "rows"},
        "(contact 1) is no JSON",
    ),
    "a lost head": ("DELETE FROM journal_head", {"chain"}, "the journal has lost its head"),
    "another actor": ("UPDATE batch SET actor = 'mallory' WHERE id = 3", {"chain"}, "transaction 3 does not link"),
    "another source": ("UPDATE batch SET source = 'x' WHERE id = 3", {"chain"}, "transaction 3 does not link"),
    "another time": ("UPDATE batch SET at = '2001-01-01T00:00:00.000Z'", {"chain"}, "transaction 3 does not link"),
    "another thing undone": ("UPDATE batch SET undoes = 2 WHERE id = 4", {"chain"}, "transaction 4 does not link"),
    "an undo that never was": (
        "UPDATE batch SET undone_by = 1 WHERE id = 4",
        {"chain"},
        "batch 4 is said to be taken back by batch 1, and no batch that stands took it back",
    ),
    "a lost index": ("DROP INDEX ix_contact_email", {"indexes"}, "index ix_contact_email of contact is missing"),
    "a lost unique index": ("DROP INDEX uq_stage_name", {"indexes"}, "the unique index uq_stage_name of stage"),
    "a lost view": ("DROP VIEW v_tag", {"views"}, "the view v_tag is missing"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_noticed(ctx: Context, damage: str) -> None:
    statement, checks, said = DAMAGE[damage]
    fill(ctx)
    ctx.reader.run(statement)
    bad = found(ctx)
    if ctx.reader.dialect == "sqlite":  # it keeps its counters in step with whoever writes
        checks = checks - {"counters"}
    assert set(bad) - {"search"} == checks - {"search"}
    assert said in " ".join(bad.values())


def test_a_damaged_journal_stops_what_needs_it(ctx: Context) -> None:
    fill(ctx)

    def stopped(*verbs: Callable[[], Any]) -> None:
        for verb in verbs:
            with pytest.raises(DamagedError, match="the journal is damaged") as refused:
                verb()
            assert "crm db check" in refused.value.hint

    ctx.reader.run(DAMAGE["a change that is no JSON"][0])
    stopped(lambda: history.history(ctx, CONTACT, 1), lambda: history.undo(ctx, 3))
    ctx.reader.run(DAMAGE["a lost head"][0])
    stopped(lambda: records.add(ctx, LEAD, {"name": "New"}), lambda: history.undo(ctx))
    assert [row["name"] for row in records.list_records(ctx, LEAD).rows] == ["Big"]


def test_an_undo_is_known_by_what_it_took_back(ctx: Context) -> None:
    fill(ctx)
    taken = history.undo(ctx).batch
    history.undo(ctx, taken)
    last = history.undo(ctx).batch
    assert found(ctx, deep=False) == {}
    ctx.reader.run("UPDATE batch SET undone_by = NULL")
    assert f"said to stand, and batch {last} took it back" in found(ctx, deep=False)["chain"]


@pytest.mark.parametrize("number", [0, -7, 2**62])
def test_a_row_of_any_number_is_looked_at(ctx: Context, number: int) -> None:
    ctx.reader.run(
        "INSERT INTO source (id, uid, name, name_key, created_at, updated_at, version) VALUES"
        f" ({number}, 'x', 'x', 'x', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 1)"
    )
    assert found(ctx)["rows"] == f"source {number} is there, and the journal does not know it"


def test_nothing_is_not_naught(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Free", "value": "0"})
    assert found(ctx) == {}
    ctx.reader.run("UPDATE opportunity SET value_minor = NULL")
    assert found(ctx) == {"rows": "lead 1 was changed behind the journal: value_minor"}


def test_what_breaks_the_rules_is_named(ctx: Context) -> None:
    for name in ("A", "B", "C", "Under"):
        records.add(ctx, COMPANY, {"name": name})
    for name in ("Open", "Won", "Rial", "Euro"):
        records.add(ctx, LEAD, {"name": name})
    with ctx.writing() as tx:
        for number, parent in ((1, 2), (2, 3), (3, 1), (4, 3)):
            tx.change("company", number, {"parent_id": parent})
        tx.change("lead", 1, {"stage_id": 4})
        tx.change("lead", 2, {"status": "won"})
        tx.change("lead", 3, {"value_minor": 10**18, "currency": "IRR", "recurring_minor": -(10**18) - 1})
        tx.change("lead", 4, {"value_minor": 2**63 - 1, "currency": "EUR", "recurring_minor": 10**15})
        tx.change("company", 4, {"revenue_minor": -(2**63)})
        for name in "ABCD":
            tx.add("task", {"name": name})
        for number, needs in ((1, 2), (2, 3), (3, 2), (3, 4)):
            tx.add("task_need", {"task_id": number, "needs_id": needs})
    said = "company 1 is under itself: 1, 2, 3, 1; task 2 waits for itself: 2, 3, 2"
    said += "; lead 1 is open in the stage Won; lead 2 is won in the stage New"
    said += "; lead 4: value is too large an amount; lead 3: recurring is too large an amount"
    said += "; company 4: revenue is too large an amount"
    assert found(ctx) == {"rules": said}
    assert "edit those that are named" in database.check(ctx, deep=True).title


def lower(ctx: Context, table: str) -> None:
    """Have the counter of a table forget what it gave."""
    if ctx.reader.dialect == "postgresql":
        ctx.reader.rows(f"SELECT setval('{table}_id_seq', 1, false)")
    else:
        ctx.reader.run("DELETE FROM sqlite_sequence WHERE name = ?", (table,))


def test_indexes_and_counters_are_made_anew(ctx: Context) -> None:
    fill(ctx)
    lower(ctx, "opportunity")
    lower(ctx, "journal")
    ctx.reader.run("DROP INDEX uq_company_external")
    ctx.reader.run("CREATE INDEX uq_company_external ON company (external_id)")
    lost = ["uq_company_external"]
    if ctx.reader.dialect == "postgresql":
        ctx.reader.run("ALTER TABLE tag DROP CONSTRAINT uq_tag_name_key")
        lost.append("uq_tag_name_key")
    bad = found(ctx)
    assert set(bad) == {"counters", "indexes"}
    assert all(name in bad["indexes"] for name in lost)
    with pytest.raises(ConflictError, match="has this number already") as refused:
        records.add(ctx, LEAD, {"name": "Next"})
    assert "--repair" in refused.value.hint
    database.repair(ctx)
    assert found(ctx) == {}
    records.add(ctx, LEAD, {"name": "Next"})
    assert [row["name"] for row in records.list_records(ctx, LEAD, sort="id").rows] == ["Big", "Next"]


def test_an_index_that_the_records_stand_against_is_told(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    ctx.reader.run("DROP INDEX uq_company_external")
    for _ in range(2):
        with ctx.writing() as tx:
            tx.add("company", {"name": "A", "external_id": "same"})
    database.repair(ctx)
    assert "the index uq_company_external of company cannot be made: another company has" in capsys.readouterr().err
    assert "uq_company_external" in found(ctx)["indexes"]


def test_a_repair_says_what_it_made_anew(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(ctx, LEAD, {"name": "Ada", "phone": "030 1234567"})
    made = "made anew: search index, derived columns, views, indexes, counters"
    ctx.quiet = False
    database.repair(ctx)
    assert capsys.readouterr().err == f"{made}\n"
    monkeypatch.setenv("CRM_REGION", "DE")
    ctx.tick()
    database.repair(ctx)
    said = "telephone numbers of 1 record are compared as in DE now"
    assert capsys.readouterr().err == f"{said}\n{made}, keys of telephone numbers\n"


SQLITE_DAMAGE = {
    "a broken link": (
        "PRAGMA foreign_keys = OFF; UPDATE contact SET company_id = 77",
        "links",
        "contact 1 links to a company",
    ),
    "a stray tag": (
        "PRAGMA foreign_keys = OFF; INSERT INTO company_tag VALUES (77, 1)",
        "tags",
        "company 77 is tagged",
    ),
    "a word index that lags": (
        "DROP TRIGGER contact_fts_update; UPDATE contact SET search_text = 'eve'",
        "search",
        "word index of contact",
    ),
    "a lost word index": ("DROP TABLE contact_fts", "search", "missing"),
    "a lost table": ("PRAGMA foreign_keys = OFF; DROP TABLE saved_view", "engine", "the table saved_view is missing"),
    "a text that is none": ("UPDATE opportunity SET name = x'41'", "values", "lead 1: name is not a text"),
    "a number that is none": ("UPDATE opportunity SET value_minor = 'abc'", "values", "value_minor is not a number"),
    "a moment that is none": ("UPDATE contact SET created_at = 'x'", "values", "created_at is not a moment"),
    "a day that is none": ("UPDATE opportunity SET close_on = '2026-02-30'", "values", "close_on is not a day"),
}


@pytest.mark.parametrize("damage", SQLITE_DAMAGE)
def test_damage_that_only_sqlite_allows(book_path: Path, damage: str) -> None:
    statement, check, said = SQLITE_DAMAGE[damage]
    ctx = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
    fill(ctx)
    for part in statement.split("; "):
        ctx.reader.run(part)
    assert said in found(ctx)[check]
    ctx.close()


def test_a_check_while_others_write_raises_no_false_alarm(book_path: Path) -> None:
    ctx = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
    fill(ctx)
    begun, stop = threading.Event(), threading.Event()

    def write() -> None:
        other = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
        number = 0
        while not stop.is_set():
            records.edit(other, LEAD, [1], {"city": f"City {number}"})
            number += 1
            begun.set()
        other.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert begun.wait(30)
        before, checks = ctx.reader.value("SELECT seq FROM journal_head"), 0
        while checks < 10 or ctx.reader.value("SELECT seq FROM journal_head") == before:
            assert found(ctx) == {}
            checks += 1
    finally:
        stop.set()
        thread.join()
        ctx.close()


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_check_of_a_damaged_file_names_the_damage(book_path: Path, page: int) -> None:
    ctx = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
    fill(ctx)
    root = int(ctx.reader.value("SELECT rootpage FROM sqlite_master WHERE name = 'opportunity'"))
    ctx.close()
    content = bytearray(book_path.read_bytes())
    start = {1: 100, 2: (root - 1) * 4096, 3: 4096}[page]
    content[start : start + 200] = b"\xa5" * 200
    book_path.write_bytes(content)
    for deep in (False, True):
        bad = found(ctx, deep=deep)
        assert bad["engine"]
        assert "crm db check" not in str(bad)
        assert "restore" in database.check(ctx, deep=deep).title
    ctx.close()
    assert book_path.read_bytes() == content


# --- backup and restore ----------------------------------------------------------------------------------------------


@pytest.fixture
def book(book_path: Path) -> Any:
    ctx = Context(Settings({"db": str(book_path)}), quiet=True, plugins=False)
    fill(ctx)
    yield ctx
    ctx.close()


def book_bytes(ctx: Context) -> bytes:
    """The book's file, closed."""
    ctx.close()
    return Path(ctx.settings.database).read_bytes()


def test_a_backup_is_whole_private_and_never_in_the_way(book: Context, tmp_path: Path) -> None:
    file = tmp_path / "b.db"
    note = copies.backup(book, str(file))
    assert "1 leads, 0 deals, 1 contacts, 1 companies" in note.text
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("b.db")] == ["b.db"]
    before = file.read_bytes()
    records.remove(book, LEAD, [1])
    with pytest.raises(ConflictError, match="is there already"):
        copies.backup(book, str(file))
    assert file.read_bytes() == before
    copies.backup(book, str(file), force=True)
    assert file.read_bytes() != before
    with pytest.raises(UsageError, match="is a folder"):
        copies.backup(book, str(tmp_path))
    with pytest.raises(UsageError, match="its own backup"):
        copies.backup(book, book.reader.target, force=True)
    with pytest.raises(StoreError, match="cannot be written"):
        copies.backup(book, str(tmp_path / "nowhere" / "b.db"))


def test_a_backup_stands_where_nothing_takes_it_away(book: Context, tmp_path: Path) -> None:
    target = Path(book.settings.database)
    other = tmp_path / "other.db"
    copies.backup(book, str(other))
    (tmp_path / "link.db").symlink_to(target)
    (tmp_path / "hard.lock").hardlink_to(f"{target}.lock")
    (tmp_path / "soft").symlink_to(f"{target}-journal")
    (tmp_path / "folder").symlink_to(target.parent)
    sides = [f"{target}{suffix}" for suffix in ("", "-journal", "-wal", "-shm", ".lock")]
    sides += [str(tmp_path / name) for name in ("link.db", "hard.lock", "soft", "folder/crm.db-wal")]
    for file in sides:
        with pytest.raises(UsageError, match="a book cannot be its own backup"):
            copies.backup(book, file, force=True)
    with pytest.raises(UsageError, match=r"belongs to the file .*other\.db,"):
        copies.backup(book, f"{other}-journal")
    with pytest.raises(UsageError, match="swept away"):
        copies.backup(book, str(tmp_path / "crm.db.new-7"))
    copies.backup(book, str(tmp_path / "alone.lock"))
    # Nor is a book put back from where the restore itself writes.
    shutil.copyfile(other, f"{target}-wal")
    with pytest.raises(UsageError, match="copy it under another name"):
        copies.restore(book, f"{target}-wal", yes=True)
    assert Path(f"{target}-wal").read_bytes() == other.read_bytes()


def test_a_damaged_book_makes_no_backup(book: Context, tmp_path: Path) -> None:
    book.reader.run("UPDATE journal SET after = '{}' WHERE id = 2")
    with pytest.raises(StoreError, match="is damaged: journal row 2"):
        copies.backup(book, str(tmp_path / "b.db"))
    assert not (tmp_path / "b.db").exists()


def test_restore_brings_the_backup_and_keeps_what_was_there(book: Context, tmp_path: Path) -> None:
    target = Path(book.reader.target)
    copies.backup(book, str(tmp_path / "b.db"))
    records.add(book, LEAD, {"name": "Later"})
    with pytest.raises(UsageError, match="replaces"):
        copies.restore(book, str(tmp_path / "b.db"))
    note = copies.restore(book, str(tmp_path / "b.db"), yes=True)
    assert [row["name"] for row in records.list_records(book, LEAD).rows] == ["Big"]
    assert found(book) == {}
    [kept] = target.parent.glob("crm.db.before-restore-*")
    assert str(kept) in note.text
    assert target.stat().st_mode & 0o777 == 0o600
    old = Context(Settings({"db": str(kept)}), quiet=True, plugins=False)
    assert old.reader.value("SELECT count(*) FROM opportunity") == 2
    old.close()
    # Undoing a restore is another restore.
    copies.restore(book, str(kept), yes=True)
    assert book.reader.value("SELECT count(*) FROM opportunity") == 2


def test_what_is_no_backup_is_refused(book: Context, tmp_path: Path) -> None:
    content = Path(book.reader.target).read_bytes()
    (tmp_path / "text.db").write_text("hello, this is no database" * 20)
    (tmp_path / "empty.db").write_bytes(b"")
    (tmp_path / "cut.db").write_bytes(content[: len(content) // 2])
    foreign = sqlite3.connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE t (a)")
    foreign.close()
    for name in ("text.db", "empty.db", "cut.db", "foreign.db", "missing.db"):
        with pytest.raises(CrmError) as refused:
            copies.restore(book, str(tmp_path / name), yes=True)
        assert isinstance(refused.value, StoreError | NotFoundError), name
        assert f"{tmp_path / name}" in str(refused.value)
    assert Path(book.settings.database).read_bytes() == content
    assert sorted(p.name for p in Path(book.settings.database).parent.iterdir()) == ["crm.db", "crm.db.lock"]


def test_a_newer_backup_is_refused_by_its_own_name(book: Context, tmp_path: Path) -> None:
    newer = str(tmp_path / "newer.db")
    copies.backup(book, newer)
    with sqlite3.connect(newer) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    for refuses in (lambda: copies.restore(book, newer, yes=True), lambda: copies.restorable(book, newer)):
        with pytest.raises(CrmError, match=rf"^{newer} was made by a newer version"):
            refuses()


def test_a_broken_book_can_be_replaced(book: Context, tmp_path: Path) -> None:
    copies.backup(book, str(tmp_path / "b.db"))
    target = Path(book.settings.database)
    book.close()
    target.write_bytes(b"garbage" * 1000)
    copies.restore(book, str(tmp_path / "b.db"), yes=True)
    assert found(book) == {}


def test_damage_that_is_no_text_is_said_and_can_be_replaced(book: Context, tmp_path: Path) -> None:
    copies.backup(book, str(tmp_path / "b.db"))
    target = Path(book.settings.database)
    content = book_bytes(book)
    # The engine repeats the broken words of a table's definition in its message, which Python cannot decode.
    target.write_bytes(content.replace(b"CREATE TABLE contact", b"CREATE T\xff\xfe\xff\xfe contact", 1))
    for work in (
        lambda: records.list_records(book, LEAD),
        lambda: records.add(book, LEAD, {"name": "Ada"}),
        lambda: copies.backup(book, str(tmp_path / "c.db")),
        lambda: asking.sql(book, "select 1 from v_lead"),
    ):
        with pytest.raises(DamagedError, match="is damaged"):
            work()
        book.close()
    assert "engine" in found(book)
    copies.restore(book, str(tmp_path / "b.db"), yes=True)
    assert found(book) == {}


def test_a_stored_text_that_is_none_is_damage(book: Context) -> None:
    book.reader.run("UPDATE contact SET name = CAST(x'4164ff' AS TEXT) WHERE id = 1")
    book.reader.run("UPDATE journal_tx SET at = CAST(x'32ff' AS TEXT) WHERE seq = 1")
    with pytest.raises(DamagedError) as damaged:
        records.list_records(book, CONTACT)
    assert damaged.value.detail == "Could not decode to UTF-8 column 'name'"
    bad = found(book)
    assert bad["chain"] == "Could not decode to UTF-8 column 'at'"
    assert "name" in bad["rows"]
    # A question may make such a text itself.
    with pytest.raises(UsageError, match="SQL: Could not decode"):
        asking.sql(book, "select cast(x'ff' as text)")


def test_a_backup_of_no_version_there_ever_was_is_refused(book: Context, tmp_path: Path) -> None:
    content = book_bytes(book)
    for name, sql in {
        "0000.db": "UPDATE alembic_version SET version_num = '0000'",
        "none.db": "DELETE FROM alembic_version",
    }.items():
        file = tmp_path / name
        file.write_bytes(content)
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as raw:
            raw.execute(sql)
        for work in (
            lambda f=file: copies.restore(book, str(f), yes=True),
            lambda f=file: copies.restorable(book, str(f)),
        ):
            with pytest.raises(StoreError, match=rf"^{file} was made by no version of this program"):
                work()
        other = Context(Settings({"db": str(file)}), quiet=True, plugins=False)
        for ask in (database.check, database.upgrade, database.upgradable):
            with pytest.raises(StoreError, match="was made by no version of this program"):
                ask(other)
    assert Path(book.settings.database).read_bytes() == content


def test_who_had_the_old_book_open_is_told(book: Context, tmp_path: Path) -> None:
    other = Context(Settings({"db": str(book.settings.database)}), quiet=True, plugins=False)
    records.list_records(other, LEAD)
    copies.backup(book, str(tmp_path / "b.db"))
    copies.restore(book, str(tmp_path / "b.db"), yes=True)
    with pytest.raises(StoreError, match="was moved or replaced meanwhile"):
        records.add(other, LEAD, {"name": "lost?"})
    other.close()


def test_postgresql_names_its_own_tools(pg_url: str, tmp_path: Path) -> None:
    ctx = Context(Settings({"db": pg_url.replace("crm@", "crm:secret@")}), quiet=True, plugins=False)
    for work in (lambda: copies.backup(ctx, "x"), lambda: copies.restore(ctx, "x", yes=True)):
        with pytest.raises(UsageError) as refused:
            work()
        assert "pg_" in refused.value.hint
        assert "secret" not in str(refused.value)
    assert "secret" not in database.path(ctx).text


def test_a_restore_that_cannot_be_done_is_not_asked_about(run_crm: RunCrm, pg_url: str) -> None:
    done = run_crm("--db", pg_url, "db", "restore", "x.db")
    assert (done.returncode, "pg_restore" in done.stderr, "--yes" in done.stderr) == (2, True, False), done
    assert run_crm("db", "restore", "missing.db").returncode == 3


def test_init_and_upgrade(tmp_path: Path) -> None:
    ctx = Context(Settings({"db": str(tmp_path / "new" / "crm.db")}), quiet=True, plugins=False)
    with pytest.raises(NotFoundError, match="no book"):
        database.upgrade(ctx)
    database.init(ctx)
    assert ctx.names("stage") == ["New", "Qualified", "Proposition", "Won"]
    with pytest.raises(ConflictError, match="already"):
        database.init(ctx)
    assert "up to date" in database.upgrade(ctx).text
    assert (tmp_path / "new" / "crm.db").stat().st_mode & 0o777 == 0o600
    ctx.close()


# --- SQL -------------------------------------------------------------------------------------------------------------


def test_sql_answers(ctx: Context) -> None:
    fill(ctx)
    got = asking.sql(ctx, "select id, name, id, value_minor from v_lead -- a comment")
    assert [c.name for c in got.columns] == ["id", "name", "id_2", "value_minor"]
    assert [c.label for c in got.columns] == ["id", "name", "id", "value_minor"]
    assert list(got.rows) == [{"id": 1, "name": "Big", "id_2": 1, "value_minor": 1_200_000}]
    one = "SELECT count(*) AS n, sum(value_minor) AS s, min(created_at) AS at FROM v_lead"
    assert list(asking.sql(ctx, one).rows) == [{"n": 1, "s": 1_200_000, "at": "2026-11-21T10:00:00.000Z"}]
    assert list(asking.sql(ctx, "with x as (select 1 as a) select '100%' as p, a from x").rows) == [
        {"p": "100%", "a": 1}
    ]
    assert list(asking.sql(ctx, "(select 1 as a)" if ctx.reader.dialect == "postgresql" else "values (1)").rows)
    assert list(asking.sql(ctx, "select name from v_lead where 1 = 0").rows) == []


WRITES = (
    "insert into source (name) values ('x')",
    "delete from contact",
    "drop table contact",
    "update contact set name = 'x'",
    "begin",
    "commit",
    "vacuum",
    "with x as (select 1) delete from contact",
    "select 1; select 2",
    "",
    "   ",
    "nonsense",
    "select nosuch from v_lead",
    "select * from nowhere",
    "create table x (a int)",
    "pragma user_version = 3",
    "attach database '/tmp/x.db' as x",
    "explain analyze insert into source (name) values ('x')",
    "copy contact to '/tmp/x'",
    "select '\udcff'",
)


@pytest.mark.parametrize("text", WRITES, ids=ascii)
def test_sql_only_reads(ctx: Context, text: str) -> None:
    fill(ctx)
    before = ctx.reader.rows("SELECT * FROM contact")
    with pytest.raises(UsageError) as refused:
        asking.sql(ctx, text)
    assert refused.value.code == 2
    assert ctx.reader.rows("SELECT * FROM contact") == before
    records.add(ctx, LEAD, {"name": "still writes"})


@pytest.mark.parametrize(
    "text",
    [
        "select load_extension('x')",
        "select * from pragma_writable_schema",
        "with x as (select 1) update sqlite_master set sql = 'x'",
        "with x as (select 1) insert into source (name) select 'x'",
    ],
)
def test_sqlite_refuses_side_doors(book: Context, text: str) -> None:
    with pytest.raises(UsageError):
        asking.sql(book, text)


def test_sqlite_tells_of_its_tables(book: Context) -> None:
    names = [row["name"] for row in asking.sql(book, "select name from pragma_table_info('v_deal')").rows]
    assert names[:2] == ["id", "uid"]
    assert "v_deal" in [row["name"] for row in asking.sql(book, "select name from pragma_table_list").rows]


def test_postgresql_refuses_side_doors(pg_url: str) -> None:
    ctx = Context(Settings({"db": pg_url}), quiet=True, plugins=False)
    ctx.create(pg_url)
    for text in (
        "select nextval('contact_id_seq')",
        "select set_config('transaction_read_only', 'off', true), nextval('tag_id_seq')",
    ):
        with pytest.raises(UsageError):
            asking.sql(ctx, text)
    ctx.close()


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_numbers_that_json_has_not_are_texts(ctx: Context, form: str) -> None:
    question = (
        "select 'NaN'::float8 as a, 'Infinity'::float8 as b, 'NaN'::numeric as c, array[1.5, '-Infinity'::float8] as d"
        if ctx.reader.dialect == "postgresql"
        else "select 9e999 as a, -9e999 as b"
    )

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    text = "".join(WRITERS[form](asking.sql(ctx, question)))
    found = json.loads(text.strip("[]\n"), parse_constant=refuse)
    if ctx.reader.dialect == "postgresql":
        assert found == {"a": "NaN", "b": "Infinity", "c": "NaN", "d": [1.5, "-Infinity"]}
    else:
        assert found == {"a": "Infinity", "b": "-Infinity"}


def test_lists_objects_and_exact_numbers_are_written_as_they_are(pg_url: str) -> None:
    ctx = Context(Settings({"db": pg_url}), quiet=True, plugins=False)
    ctx.create(pg_url)
    question = (
        """select '{"a": [1, null, "ü"]}'::jsonb as o, array['x y', null] as l, array[1.5, 'NaN'::float8] as f,"""
        " 12345678901234567890.123::numeric as n, 0.1::numeric as d, 2.50::numeric(9, 2) as m"
    )
    shown = {form: "".join(WRITERS[form](asking.sql(ctx, question))) for form in ("csv", "tsv", "md", "json")}
    table = io.StringIO()
    out.render(asking.sql(ctx, question), out.Outlet(table, colour="never"), "table")
    ctx.close()
    texts = ['{"a": [1, null, "ü"]}', '["x y", null]', '[1.5, "NaN"]', "12345678901234567890.123", "0.1", "2.5"]
    assert list(csv.reader(shown["csv"].splitlines()))[1] == texts
    assert list(csv.reader(shown["tsv"].splitlines(), delimiter="\t"))[1] == texts
    for written in (shown["md"].replace("\\", ""), table.getvalue()):
        assert [text for text in texts if text not in written] == []
    assert json.loads(shown["json"]) == [
        {"o": {"a": [1, None, "ü"]}, "l": ["x y", None], "f": [1.5, "NaN"], "n": texts[3], "d": 0.1, "m": 2.5}
    ]


def test_days_and_times_beyond_those_of_python_are_texts(pg_url: str) -> None:
    ctx = Context(Settings({"db": pg_url}), quiet=True, plugins=False)
    ctx.create(pg_url)
    question = (
        "select date 'infinity' as a, date '0044-03-15 BC' as b, timestamptz '12345-01-01' as c, time '24:00' as d,"
        " array[date '-infinity', '2026-02-03'] as e, date '2026-02-03' as f, timestamptz '2026-02-03' as g"
    )
    assert list(asking.sql(ctx, question).rows) == [
        {
            "a": "infinity", "b": "0044-03-15 BC", "c": "12345-01-01 00:00:00+00", "d": "24:00:00",
            "e": ["-infinity", "2026-02-03"], "f": "2026-02-03", "g": "2026-02-03T00:00:00.000Z",
        }
    ]  # fmt: skip
    ctx.close()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_looking_at_the_indexes_leaves_the_models_as_they_are(dialect: str) -> None:
    def ddl() -> list[str]:
        known = schema.engine_dialect(dialect)
        return [str(CreateTable(table).compile(dialect=known)) for table in models.SQLModel.metadata.sorted_tables]

    before = ddl()
    catalogue._wanted(dialect)
    assert ddl() == before
    assert any("UNIQUE" in text for text in before)


def test_a_mean_is_a_number_and_a_number_too_long_for_one_is_text(pg_url: str) -> None:
    ctx = Context(Settings({"db": pg_url}), quiet=True, plugins=False)
    ctx.create(pg_url)
    question = "select avg(x) as mean, 1e5000::numeric as long, 9::numeric as short from (values (1), (2), (4)) t(x)"
    assert list(asking.sql(ctx, question).rows) == [{"mean": 7 / 3, "long": "1" + "0" * 5000, "short": 9}]
    ctx.close()


def test_flags_are_the_same_on_both_engines(ctx: Context) -> None:
    fill(ctx)
    records.edit(ctx, LEAD, [1], {"probability": "40"})

    def asked(text: str) -> list[dict[str, Any]]:
        return list(asking.sql(ctx, text).rows)

    stages = asked("select name, is_won as won, folded from v_stage order by position")
    assert stages[0] == {"name": "New", "won": False, "folded": False}
    assert stages[-1] == {"name": "Won", "won": True, "folded": False}
    assert all(type(row["won"]) is bool for row in stages)
    assert asked("with l as (select * from v_lead) select id, probability_manual as m from l; -- one") == [
        {"id": 1, "m": True}
    ]
    assert asked("select active, count(*) as n from v_user group by active") == [{"active": True, "n": 1}]
    # What merely has the name of a flag is none.
    assert type(asked("select 1 as active")[0]["active"]) is int
    assert type(asked("select count(*) as is_won from v_lead")[0]["is_won"]) is int
    # Columns are told by their place: two may have one name.
    assert asked("select is_won, 1 as is_won from v_stage where name = 'Won'") == [{"is_won": True, "is_won_2": 1}]


@pytest.mark.parametrize(
    "text",
    [
        'select "nope" from v_lead',
        'select name from v_lead where name = "Big"',
        'select count(*) from v_lead -- it\'s "not" this\nwhere "no pe" = 1',
        'explain select "nope" from v_lead',
    ],
)
def test_a_text_in_double_quotes_is_no_column(ctx: Context, text: str) -> None:
    fill(ctx)
    with pytest.raises(UsageError, match=r"SQL: .*no") as refused:
        asking.sql(ctx, text)
    if ctx.reader.dialect == "sqlite":
        assert "single ones" in refused.value.hint


def test_names_in_double_quotes_are_names(ctx: Context) -> None:
    fill(ctx)
    text = (
        """select /* "x" */ "name", '"' || l."name" as "the ""name""\", '--"' as b -- "y"\n"""
        """from "v_lead" l where "name" like '%"%' or l."id" = 1"""
    )
    assert list(asking.sql(ctx, text).rows) == [{"name": "Big", 'the "name"': '"Big', "b": '--"'}]


def test_sql_leaves_no_lock(book: Context, book_path: Path) -> None:
    rows: Callable[[], Any] = lambda: asking.sql(book, "select * from v_lead")  # noqa: E731
    got = iter(rows().rows)
    next(got)
    records.add(book, LEAD, {"name": "meanwhile"})
    assert os.path.exists(book_path)


def test_a_question_that_cannot_be_read_is_answered_with_what_helps(ctx: Context) -> None:
    with pytest.raises(UsageError) as refused:
        asking.sql(ctx, 'select id from v_deal where stage = "Won"')
    mark = "?" if ctx.reader.dialect == "sqlite" else "$1"
    with pytest.raises(UsageError, match=r"^SQL: .*(bind|parameter)"):
        asking.sql(ctx, f"select {mark}")
    assert refused.value.hint == "double quotes are for names; a text stands in single ones: 'text'"
    with pytest.raises(UsageError) as refused:
        asking.sql(ctx, "select id from v_deals")
    # The hint is a question that can be asked.
    views = asking.sql(ctx, refused.value.hint.split('"')[1])
    assert {"v_lead", "v_deal", "v_timeline"} <= {value for row in views.rows for value in row.values()}
