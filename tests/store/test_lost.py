"""What PostgreSQL refuses, and a connection that is lost, are told as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, LEAD
from crmcli.errors import StoreError
from crmcli.services import database, history, imports, records

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.context import Context

pytestmark = pytest.mark.parametrize("ctx", ["postgresql"], indirect=True)


def cut(ctx: Context) -> None:
    """Let the server end the connection."""
    import psycopg

    raw = ctx.reader.raw  # type: ignore[attr-defined]
    info = raw.info
    other = psycopg.connect(
        host=info.host, port=info.port, user=info.user, dbname=info.dbname, password=info.password, autocommit=True
    )
    with other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (info.backend_pid,))


def test_a_connection_lost_before_a_write_saved_nothing(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    cut(ctx)
    with pytest.raises(StoreError, match=r"connection to the server was lost: .*; nothing was saved"):
        records.add(ctx, LEAD, {"name": "Bob"})


def test_a_connection_lost_at_the_commit_leaves_a_doubt(ctx: Context) -> None:
    def write() -> None:
        with ctx.reader.transaction():
            ctx.reader.run("UPDATE journal_head SET seq = seq")
            cut(ctx)

    with pytest.raises(StoreError, match="whether it was saved is not known"):
        write()


def test_an_import_that_is_cut_off_says_what_is_in(ctx: Context, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,email\n" + "".join(f"Person {i},p{i}@engines.example\n" for i in range(6000)))
    made = imports.plan(ctx, str(file), kind=CONTACT)

    with pytest.raises(StoreError) as lost:
        imports.run(ctx, made, progress=lambda done, of: cut(ctx) if done < of else None)

    assert "nothing was saved" not in lost.value.message
    ctx.close()
    there = ctx.reader.value("SELECT count(*) FROM contact")
    assert 0 < there < 6000
    assert lost.value.hint.startswith(f"{there:,} rows are in; '{ctx.settings.calling('undo', str(ctx.batch))}' takes")
    again = imports.run(ctx, imports.plan(ctx, str(file), kind=CONTACT))
    assert (again.new, again.same) == (6000 - there, there)
    history.undo(ctx, again.batch)
    assert ctx.reader.value("SELECT count(*) FROM contact") == there
    assert database.check(ctx).values["ok"]


def test_missing_rights_are_not_taken_for_writing(ctx: Context) -> None:
    ctx.reader.run("CREATE ROLE weak")
    try:
        ctx.reader.run("SET ROLE weak")
        with pytest.raises(StoreError, match="the server does not allow it: permission denied for") as denied:
            ctx.reader.rows("SELECT * FROM opportunity")
        assert "rights" in denied.value.hint
    finally:
        ctx.reader.run("RESET ROLE")
        ctx.reader.run("DROP ROLE weak")
