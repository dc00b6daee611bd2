"""The two doors, seen by an independent witness: what is written here is read by SQLModel, and the other way round."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from sqlmodel import Session, select

from crmcli.config import Settings
from crmcli.domain.address import redacted
from crmcli.domain.entities import COMPANY, CONTACT, LEAD, TASK
from crmcli.domain.query import EVERYTHING
from crmcli.errors import ConflictError, CrmError, NewerDatabaseError, StoreError, UsageError
from crmcli.services import chaining, checking, records, tasks, timeline
from crmcli.store import connect, derived, models, read, schema
from crmcli.store.write_lock import FULL, WriteLock
from tests.support.program import environment, run_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crmcli.context import Context


@contextlib.contextmanager
def session(url: str) -> Iterator[Session]:
    """A SQLModel session on the same store, which knows nothing of our doors."""
    target = url.replace("postgresql://", "postgresql+psycopg://") if connect.is_url(url) else f"sqlite:///{url}"
    engine = create_engine(target)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def test_written_by_us_read_by_sqlmodel(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    records.add(
        ctx,
        LEAD,
        {
            "name": "Straße",
            "email": "ada@engines.example",
            "value": "12000.50",
            "close_on": "2026-12-01",
            "tags": "vip,hot",
            "owner": "me",
            "phone": "+98 21 8888 7777",
        },
    )
    with session(store_url) as witness:
        lead = witness.exec(select(models.Opportunity)).one()
        assert (lead.name, lead.name_key, lead.email_key, lead.phone_key) == (
            "Straße",
            "strasse",
            "ada@engines.example",
            "+982188887777",
        )
        assert (lead.value_minor, lead.currency, lead.close_on, lead.version) == (
            1_200_050,
            "EUR",
            date(2026, 12, 1),
            1,
        )
        assert lead.created_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
        assert lead.status == "open"
        assert not lead.probability_manual
        names = witness.exec(select(models.Tag.name).join(models.OpportunityTag)).all()
        assert sorted(names) == ["hot", "vip"]


def test_written_by_sqlmodel_read_by_us(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    with session(store_url) as witness:
        company = models.Company(name="Analytical ENGINES", phone="021 8888", website="https://X.example")
        witness.add(company)
        witness.flush()
        witness.add(
            models.Contact(
                name="Åda",
                company_id=company.id,
                birthday=date(1815, 12, 10),
                last_touch=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
        witness.commit()
    [row] = records.list_records(ctx, CONTACT, ["ada", "company:engines"], columns="all").rows
    assert (row["name"], row["company"], row["birthday"], row["last_touch"]) == (
        "Åda",
        "Analytical ENGINES",
        "1815-12-10",
        "2026-01-01T00:00:00.000Z",
    )
    assert read.search(ctx.reader, "contact", ["ad"], 5) == [(1, 0.0)]
    assert read.count(ctx.reader, COMPANY, EVERYTHING) == 1


def test_who_comes_late_is_told(store_url: str, opened: Callable[[str], Context]) -> None:
    first, second = opened(store_url), opened(store_url)
    records.add(first, LEAD, {"name": "Ada"})
    with second.writing() as tx:
        tx.row("lead", 1)
        tx._rows["opportunity", 1]["version"] = 0  # as if it was read before somebody else's change
        tx.change("lead", 1, {"city": "Bern"})
        with pytest.raises(ConflictError, match="changed by somebody else"):
            tx.flush()
        tx._pending.clear()
    assert first.reader.value("SELECT city FROM opportunity WHERE id = 1") is None


def test_nothing_is_saved_when_the_body_fails(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    before = ctx.reader.rows("SELECT * FROM journal_head")

    def fail() -> None:
        with ctx.writing() as tx:
            tx.add("lead", {"name": "half"})
            tx.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ctx.reader.rows("SELECT * FROM journal_head") == before
    assert ctx.reader.value("SELECT count(*) FROM opportunity") == 0
    records.add(ctx, LEAD, {"name": "whole"})
    assert ctx.reader.rows("SELECT name FROM opportunity") == [("whole",)]


def test_the_chain_grows_by_a_link_a_transaction(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    for i in range(5):
        records.add(ctx, LEAD, {"name": f"Lead {i}", "tags": "vip"})
    rows = ctx.reader.rows("SELECT seq, count FROM journal_tx ORDER BY seq")
    assert [row[0] for row in rows] == list(range(1, 7))
    assert [row[1] for row in rows[1:]] == [2, 1, 1, 1, 1]
    assert list(chaining.chain(ctx.reader)) == []


def test_derived_columns_follow(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    records.add(ctx, COMPANY, {"name": "Engines"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "Engines"})
    records.add(ctx, LEAD, {"name": "Big"})
    timeline.add(ctx, CONTACT, 1, "call", "spoke", at="2026-11-20 12:00")
    records.add(ctx, TASK, {"name": "Call", "on": "lead:1", "due": "2026-12-01"})
    records.add(ctx, TASK, {"name": "Earlier", "on": "lead:1", "due": "2026-11-25"})
    touch = "2026-11-20T12:00:00.000Z"
    assert records.get(ctx, COMPANY, 1)["last_touch"] == touch
    assert [records.get(ctx, LEAD, 1)[name] for name in ("open_tasks", "next_due")] == [2, "2026-11-25"]
    tasks.done(ctx, [2], "done")
    assert [records.get(ctx, LEAD, 1)[name] for name in ("open_tasks", "next_due")] == [1, "2026-12-01"]
    records.edit(ctx, CONTACT, [1], {"company": ""})
    assert records.get(ctx, COMPANY, 1)["last_touch"] == touch, "the call was with the company too"
    with ctx.writing() as tx:
        tx.change("interaction", 1, {"removed_at": tx.stamp})
    assert records.get(ctx, COMPANY, 1)["last_touch"] is None
    assert derived.differences(ctx.reader) == []
    version = ctx.reader.value("SELECT version FROM opportunity WHERE id = 1")
    assert version == 1, "derived columns do not count as changes"
    assert not ctx.reader.rows("SELECT 1 FROM journal WHERE after LIKE '%last_touch%' OR after LIKE '%open_tasks%'")


# --- errors in our words ---------------------------------------------------------------------------------------------


def test_what_is_no_book_is_said_and_left_alone(tmp_path: Path, book_path: Path) -> None:
    content = book_path.read_bytes()
    foreign = sqlite3.connect(tmp_path / "foreign")
    foreign.execute("CREATE TABLE t (a)")
    foreign.close()
    cases = {
        "folder": (None, "is a folder"),
        "empty": (b"", "is empty"),
        "text": (b"hello " * 50, "not a SQLite database"),
        "short": (content[:60], "cut short"),
        "foreign": (None, "another program"),
        "future": (content[:18] + b"\3\3" + content[20:], "newer SQLite format"),
        "missing": (None, "cannot be opened"),
    }
    (tmp_path / "folder").mkdir()
    for name, (data, said) in cases.items():
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(StoreError, match=said) as refused:
            connect.connect(str(path))
        assert refused.value.code == 1
        if data is not None:
            assert path.read_bytes() == data


def test_a_damaged_book_is_said(book_path: Path, opened: Callable[[str], Context]) -> None:
    content = bytearray(book_path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    book_path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="is damaged") as refused:
        records.list_records(opened(str(book_path)), LEAD)
    assert "db restore" in refused.value.hint
    book_path.write_bytes(bytes(content[:8192]))
    with pytest.raises(CrmError):
        records.list_records(opened(str(book_path)), LEAD)


def test_a_locked_book_is_said(
    book_path: Path, opened: Callable[[str], Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_BUSY_TIMEOUT", "1")
    ctx, said = opened(str(book_path)), []
    ctx.quiet = False
    monkeypatch.setattr(ctx, "say", said.append)
    other = connect.connect(str(book_path), timeout=1)
    started = time.monotonic()
    with other.transaction():
        with pytest.raises(StoreError, match=rf"locked by process {os.getpid()} for more than 1 s; nothing was saved"):
            records.add(ctx, LEAD, {"name": "Ada"})
        assert records.list_records(ctx, LEAD).rows == []
    assert 1 <= time.monotonic() - started < 10
    other.close()
    # A program that knows nothing of our queue.
    foreign = sqlite3.connect(book_path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process; nothing was saved"):
        records.add(ctx, LEAD, {"name": "Ada"})
    foreign.close()
    records.add(ctx, LEAD, {"name": "Ada"})


def test_who_only_reads_hears_nothing_of_saving(
    book_path: Path, opened: Callable[[str], Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_BUSY_TIMEOUT", "1")
    ctx = opened(str(book_path))
    records.list_records(ctx, LEAD)
    with contextlib.closing(sqlite3.connect(book_path, isolation_level=None)) as foreign:
        foreign.execute("BEGIN EXCLUSIVE")
        for ask in (lambda: records.list_records(ctx, LEAD), lambda: opened(str(book_path)).reader):
            with pytest.raises(StoreError) as locked:
                ask()
            assert locked.value.message == "the store is locked by another process"


def test_who_only_reads_from_postgresql_hears_nothing_of_saving(pg_url: str, opened: Callable[[str], Context]) -> None:
    ctx, other = opened(pg_url), connect.connect(pg_url)
    ctx.create(pg_url)
    reader = connect.connect(pg_url, timeout=0.2)
    with other.transaction():
        other.run("LOCK TABLE opportunity")
        with pytest.raises(StoreError) as locked:
            reader.rows("SELECT * FROM opportunity")
        assert locked.value.message == "the store is locked by another process"
        with pytest.raises(StoreError, match="; nothing was saved"), reader.transaction():
            reader.rows("SELECT * FROM opportunity")
    pid = reader.value("SELECT pg_backend_pid()")
    other.rows("SELECT pg_terminate_backend(?, 5000)", (pid,))
    with pytest.raises(StoreError, match="connection to the server was lost") as lost:
        reader.rows("SELECT 1")
    assert "saved" not in lost.value.message
    other.close()


#: An import that is broken off while the server has refused a row whose answer was not read yet.
BROKEN_OFF = """
import sys
from crmcli.store import connect

def rows():
    yield (1,)
    yield (0,)
    raise KeyboardInterrupt

opened = connect.connect(sys.argv[1])
# The server takes a second to refuse, so that the interruption surely comes before its answer.
opened.run("CREATE TABLE t (a integer CHECK (a > 0 OR pg_sleep(1) IS NULL))")
try:
    with opened.transaction():
        opened.run_many("INSERT INTO t VALUES (?)", rows())
except KeyboardInterrupt:
    print("interrupted")
print(opened.value("SELECT count(*) FROM t"))
"""


def test_a_statement_that_is_broken_off_leaves_no_talk_of_the_driver(pg_url: str) -> None:
    done = run_python(["-c", BROKEN_OFF, pg_url])
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n0\n", "")


def run_limited(path: Path, before: Callable[[], None]) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\nfrom crmcli.config import Settings\nfrom crmcli.context import Context\n"
        "from crmcli.domain.entities import LEAD\nfrom crmcli.errors import CrmError\n"
        "ctx = Context(Settings({'db': sys.argv[1]}), plugins=False)\n"
        "try:\n    with ctx.writing() as tx:\n        for i in range(2000):\n"
        "            tx.add('lead', {'name': f'Lead {i}', 'description': 'x' * 500})\n"
        "except CrmError as error:\n    print(error)\n    sys.exit(error.code)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    return subprocess.run(
        command, env=environment(), preexec_fn=before, capture_output=True, text=True, check=False, timeout=60
    )


def _say(_line: str) -> None:
    pass


def test_the_holder_of_the_lock_knows_who_waits_and_lets_them_go_first(tmp_path: Path) -> None:
    path = str(tmp_path / "crm.db")
    ours, theirs = WriteLock(path, 60, _say), WriteLock(path, 60, _say)

    def wait() -> None:
        with theirs:
            pass

    waiter = threading.Thread(target=wait)
    with ours:
        assert not ours.wanted()
        waiter.start()
        deadline = time.monotonic() + 60
        while not ours.wanted() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert ours.wanted()
    freed = time.monotonic()
    with ours:  # only after the longest time for which the other may not have looked
        assert time.monotonic() - freed > ours.LOOKS[1]
    waiter.join()


def test_a_file_has_one_queue_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "book.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "book.db")
    with (
        WriteLock(str(tmp_path / "book.db"), 60, _say),
        pytest.raises(StoreError, match="the store is locked by process"),
        WriteLock(str(tmp_path / "link.db"), 0.05, _say),
    ):
        pass


@pytest.mark.parametrize("room", ["for what is there", "none"])
def test_a_full_disk_is_said_and_nothing_is_lost(book_path: Path, opened: Callable[[str], Context], room: str) -> None:
    ctx = opened(str(book_path))
    records.add(ctx, LEAD, {"name": "Ada"})
    ctx.close()
    size = 0 if room == "none" else book_path.stat().st_size
    done = run_limited(book_path, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    assert (done.returncode, done.stderr) == (1, "")
    assert "nothing was saved" in done.stdout
    ctx = opened(str(book_path))
    assert ctx.reader.value("SELECT count(*) FROM opportunity") == 1
    assert [faults for _, _, faults in checking.checks(ctx, deep=True) if faults] == []
    records.add(ctx, LEAD, {"name": "Grace"})


@pytest.mark.parametrize("code", FULL)
def test_a_full_disk_that_takes_no_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def full(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", full)
    lock = WriteLock(str(tmp_path / "book.db"), 1, _say)
    with pytest.raises(StoreError, match=r"^the disk is full; nothing was saved\n"), lock:
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_file_is_said(book_path: Path, opened: Callable[[str], Context]) -> None:
    book_path.chmod(0o400)
    with pytest.raises(StoreError, match="cannot be written; nothing was saved"):
        records.add(opened(str(book_path)), LEAD, {"name": "Ada"})


def test_a_read_only_connection_refuses_in_our_words(store_url: str) -> None:
    connection = connect.connect(store_url, read_only=True)
    with pytest.raises(StoreError, match="cannot be written"):
        connection.run("DELETE FROM tag")
    connection.close()


def test_a_lost_server_is_said(pg_url: str, opened: Callable[[str], Context]) -> None:
    ctx, other = opened(pg_url), connect.connect(pg_url)
    ctx.create(pg_url)

    def lose() -> None:
        with ctx.writing() as tx:
            tx.add("lead", {"name": "Ada"})
            pid = ctx.reader.value("SELECT pg_backend_pid()")
            other.rows("SELECT pg_terminate_backend(?)", (pid,))

    with pytest.raises(StoreError, match="connection to the server was lost"):
        lose()
    assert other.value("SELECT count(*) FROM opportunity") == 0
    other.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:hunter2@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
        ("postgresql://ada@127.0.0.1:1/x?password=hunter2", "postgresql://ada@127.0.0.1:1/x?password=***"),
        (
            "postgresql://ada@127.0.0.1:1/x?a=b&sslpassword=hunter2&connect_timeout=1",
            "postgresql://ada@127.0.0.1:1/x?a=b&sslpassword=***&connect_timeout=1",
        ),
        ("postgresql://ada:hunter2 hunter2@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
        ("postgresql://ada:hunter2%zz@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
        ("postgresql://ada:hunter2?hunter2@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
        ("postgresql://ada:hunter2/hunter2@127.0.0.1:1/x", "postgresql://ada:***@127.0.0.1:1/x"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    with pytest.raises(StoreError) as refused:
        connect.connect(url)
    assert "hunter2" not in str(refused.value) + str(refused.value.hint)
    assert redacted(url) == shown


def test_urls_of_other_stores_are_refused_without_their_password() -> None:
    with pytest.raises(UsageError) as refused:
        Settings({"db": "mysql://ada:hunter2@db/x"}).database  # noqa: B018 - the look is what refuses
    assert "mysql://ada:***@db/x" in str(refused.value)


# --- many at once ----------------------------------------------------------------------------------------------------

ADDER = (
    "import sys\nfrom crmcli.config import Settings\nfrom crmcli.context import Context\n"
    "from crmcli.domain.entities import LEAD\nfrom crmcli.services import records\n"
    "ctx = Context(Settings({'db': sys.argv[1]}), quiet=True, plugins=False)\n"
    "for i in range(int(sys.argv[3])):\n    records.add(ctx, LEAD, {'name': f'{sys.argv[2]}-{i}', 'tags': 'vip'})\n"
)


@pytest.mark.parametrize("patience", [-1, 0, 1e10, float("inf")])
def test_postgresql_takes_any_patience(pg_url: str, patience: float) -> None:
    connection = connect.connect(pg_url, timeout=patience)
    assert connection.value("SHOW lock_timeout") == ("1ms" if patience < 1 else "2147483647ms")
    connection.close()


def test_a_book_that_was_upgraded_meanwhile_is_not_written(store_url: str, opened: Callable[[str], Context]) -> None:
    held, other = opened(store_url), opened(store_url)
    records.add(held, LEAD, {"name": "Ada"})
    for found, error in (("9999", NewerDatabaseError), ("0003", StoreError)):
        other.reader.run("UPDATE alembic_version SET version_num = ?", (found,))
        for write in (
            lambda: records.add(held, LEAD, {"name": "Grace"}),
            lambda: records.edit(held, LEAD, [1], {"city": "Bern"}),
            lambda: checking.renew(held.reader),
        ):
            with pytest.raises(error, match=found):
                write()
    assert held.reader.rows("SELECT name, city FROM opportunity") == [("Ada", None)]


def test_a_book_is_made_whole_or_not_at_all(empty_url: str) -> None:
    def fail(connection: connect.Connection) -> None:
        assert connection.value("SELECT count(*) FROM stage") == 0
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        schema.create(empty_url, fail)
    if connect.is_url(empty_url):
        left = connect.connect(empty_url)
        assert schema.revision(left) is None
        left.close()
    else:
        assert list(Path(empty_url).parent.glob("new.db*")) == []
    schema.create(empty_url)
    made = connect.connect(empty_url)
    assert checking.engine(made) == []
    made.close()


def test_a_value_that_another_record_has_is_named_with_it(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    records.add(ctx, LEAD, {"name": "A", "external_id": "X"})
    records.edit(ctx, LEAD, [1], {"external_id": ""})
    records.add(ctx, LEAD, {"name": "B", "external_id": "X"})

    def give(external_id: str) -> None:
        with ctx.writing() as tx:
            tx.change("lead", 1, {"external_id": external_id})

    def stage(name: str) -> None:
        with ctx.writing() as tx:
            tx.add("stage", {"name": name, "pipeline_id": 1})

    def twins() -> None:
        with ctx.writing() as tx:
            for _ in range(2):
                tx.add("company", {"name": "C", "external_id": "Y"})

    for write, said in (
        (lambda: give("X"), "external id X belongs to lead:2 B now; nothing was saved"),
        (lambda: stage("QUALIFIED"), "name QUALIFIED belongs to the stage Qualified now; nothing was saved"),
        (twins, "another company has this external id already; nothing was saved"),
    ):
        with pytest.raises(ConflictError) as refused:
            write()
        assert refused.value.message == said
    records.add(ctx, LEAD, {"name": "C"})


@pytest.mark.parametrize(("writers", "each"), [(16, 10), (40, 1)])
def test_writers_at_once_lose_nothing(
    store_url: str, opened: Callable[[str], Context], writers: int, each: int
) -> None:
    command = [sys.executable, "-c", ADDER, store_url]
    running = [
        subprocess.Popen([*command, f"w{i}", str(each)], env=environment(), stderr=subprocess.PIPE)
        for i in range(writers)
    ]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert {code for _, code in ended} == {0}, [text for text, code in ended if code]
    ctx = opened(store_url)
    names = [row[0] for row in ctx.reader.rows("SELECT name FROM opportunity")]
    assert len(names) == len(set(names)) == writers * each
    assert [faults for _, _, faults in checking.checks(ctx, deep=True) if faults] == []


def test_many_may_come_first(isolated: Path, opened: Callable[[str], Context]) -> None:
    code = ADDER.replace("Settings({'db': sys.argv[1]})", "Settings()")
    command = [sys.executable, "-c", code, "-"]
    running = [subprocess.Popen([*command, f"w{i}", "1"], env=environment(), stderr=subprocess.PIPE) for i in range(8)]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert {code for _, code in ended} == {0}, [text for text, code in ended if code]
    ctx = opened(str(isolated / "data" / "crm.db"))
    counts = [ctx.reader.value(f"SELECT count(*) FROM {table}") for table in ("opportunity", "pipeline", "stage")]
    assert counts == [8, 1, 4]
    assert ctx.reader.rows("SELECT id FROM batch WHERE source = 'init'") == [(1,)]
    assert sorted(path.name for path in (isolated / "data").iterdir()) == ["crm.db", "crm.db.lock"]


def test_a_kill_leaves_whole_transactions(book_path: Path, opened: Callable[[str], Context]) -> None:
    code = ADDER.split("for i")[0] + (
        "batch = 0\nfor i in range(10**6):\n    with ctx.writing('import', batch=batch) as tx:\n"
        "        for j in range(50):\n            tx.add('lead', {'name': f'{i}-{j}'})\n    batch = ctx.batch\n"
        "    print(i + 1, flush=True)\n"
    )
    for wait in (1, 2, 3):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(book_path)], env=environment(), stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            for _ in range(wait):
                process.stdout.readline()
            time.sleep(0.003 * wait)
            process.send_signal(signal.SIGKILL)
            said = wait + len(process.stdout.read().splitlines())
        ctx = opened(str(book_path))
        count = ctx.reader.value("SELECT count(*) FROM opportunity")
        assert count % 50 == 0
        assert count >= 50 * said
        assert [faults for _, _, faults in checking.checks(ctx, deep=True) if faults] == []
        ctx.close()


def test_a_list_half_read_keeps_no_writer_waiting(store_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(store_url)
    with ctx.writing() as tx:
        for i in range(1200):
            tx.add("lead", {"name": f"Lead {i}"})
    rows = iter(records.list_records(ctx, LEAD, limit=0).rows)
    first = next(rows)
    started = time.monotonic()
    done: list[Any] = []

    def write() -> None:
        other = opened(store_url)
        for i in range(5):
            done.append(records.add(other, LEAD, {"name": f"meanwhile {i}"}))

    thread = threading.Thread(target=write)
    thread.start()
    thread.join(20)
    assert len(done) == 5
    assert time.monotonic() - started < 15
    assert first["name"]
    assert len({row["id"] for row in rows}) >= 1199


def test_the_engine_gets_its_memory_back(book_path: Path, opened: Callable[[str], Context]) -> None:
    reader = opened(str(book_path)).reader

    def kept() -> list[Any]:
        return [reader.value(f"PRAGMA {name}") for name in ("cache_size", "temp_store")]

    reader.run("PRAGMA cache_size = -3000")
    with reader.in_bulk():
        assert kept() == [-65536, 2]
    assert kept() == [-3000, 0]
    with pytest.raises(ZeroDivisionError), reader.roomy():
        raise ZeroDivisionError
    assert kept() == [-3000, 0]


def test_postgresql_knows_of_a_table_that_a_bulk_made_large(pg_url: str, opened: Callable[[str], Context]) -> None:
    ctx = opened(pg_url)
    ctx.create(pg_url)
    reader = ctx.reader
    known = "SELECT reltuples FROM pg_class WHERE relname = 'tag'"
    now = ctx.env.now
    rows = [(f"tag {n}", f"tag {n}", f"{n:032d}", now, now) for n in range(20_000)]
    with reader.in_bulk(), reader.transaction():
        reader.run_many(
            "INSERT INTO tag (name, name_key, uid, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, 1)", rows
        )
    assert reader.value(known) == len(rows)
    with reader.in_bulk(), reader.transaction():  # not for every little one
        reader.run("DELETE FROM tag WHERE id % 10 = 0")
    assert reader.value(known) == len(rows)
