"""khal, todoman and vdirsyncer on the collections that the book is kept in step with."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest
from crm_dav.remote import DavRemote

from crmcli.api import task_sync
from crmcli.domain.entities import TASK
from crmcli.services import records, tasks
from tests.support.calendar_programs import calendar_program

if TYPE_CHECKING:
    from pathlib import Path

    from crm_dav.client import Client
    from crm_dav.shapes import Collection

    from crmcli.context import Context
    from tests.support.dav_servers import DavServer


class Program(Protocol):
    """Runs another program with its configuration, and gives what it wrote."""

    def __call__(self, *words: str) -> str: ...


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


def program(name: str, folder: Path, *first: str) -> Program:
    path = calendar_program(name)
    env = {"TZ": "Europe/Berlin", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": str(folder)}

    def run(*words: str) -> str:
        done = subprocess.run(
            [path, *first, *words], capture_output=True, text=True, check=False, env=env, timeout=120, input="y\ny\n"
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout

    return run


def vdirsyncer(folder: Path, server: DavServer, collection: Collection) -> Program:
    """Between the collection and the folder `items`."""
    _, user, password = server.login()
    (folder / "items").mkdir()
    (folder / "vdirsyncer.conf").write_text(
        f'[general]\nstatus_path = "{folder}/status/"\n'
        '[pair both]\na = "here"\nb = "there"\ncollections = null\nconflict_resolution = "b wins"\n'
        f'[storage here]\ntype = "filesystem"\npath = "{folder}/items"\nfileext = ".ics"\n'
        f'[storage there]\ntype = "caldav"\nurl = "{server.url.rstrip("/")}{collection.href}"\n'
        f'username = "{user}"\npassword = "{password}"\n'
    )
    run = program("vdirsyncer", folder, "-c", str(folder / "vdirsyncer.conf"))
    run("discover")
    return run


def khal(folder: Path) -> Program:
    (folder / "khal.conf").write_text(
        f"[calendars]\n[[crm]]\npath = {folder}/items\n"
        "[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        "local_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n"
        f"[sqlite]\npath = {folder}/khal.db\n[default]\ndefault_calendar = crm\n"
    )
    return program("khal", folder, "-c", str(folder / "khal.conf"))


def todoman(folder: Path) -> Program:
    (folder / "todo.py").write_text(
        f'path = "{folder}/items"\ncache_path = "{folder}/todo.cache"\ndate_format = "%Y-%m-%d"\n'
        'time_format = "%H:%M"\ndefault_list = "items"\nhumanize = False\n'
    )
    return program("todo", folder, "--config", str(folder / "todo.py"))


def sync(ctx: Context, client: Client, collection: Collection) -> str:
    found = task_sync(ctx, DavRemote(client, collection), todos=not collection.events).run()
    assert not found.unsettled
    return str(found)


def test_khal_reads_and_writes_what_the_book_has(
    ctx: Context, client: Client, server: DavServer, calendar: Collection, tmp_path: Path
) -> None:
    carry, look = vdirsyncer(tmp_path, server, calendar), khal(tmp_path)
    records.add(ctx, TASK, {"name": "Call Ada", "due": "2026-11-27 14:30", "minutes": "90"})
    records.add(ctx, TASK, {"name": "Weekly", "due": "2026-11-30 09:00", "repeat": "weekly"})
    assert sync(ctx, client, calendar) == "2 new there"
    carry("sync")

    def listed() -> list[str]:
        lines = look("list", "--format", "{start} {end} {title}", "--day-format", "", "2026-11-23", "2026-12-09")
        return [line for line in lines.splitlines() if line.startswith("2026")]

    assert listed() == [
        "2026-11-27 14:30 2026-11-27 16:00 Call Ada",
        "2026-11-30 09:00 2026-11-30 09:30 Weekly",
        "2026-12-07 09:00 2026-12-07 09:30 Weekly",
    ]
    look("new", "-a", "crm", "2026-11-25", "10:00", "2026-11-25", "11:00", "Lunch", "::", "with words")
    carry("sync")
    assert sync(ctx, client, calendar) == "1 new here"
    lunch = records.get(ctx, TASK, 3)
    assert (lunch["name"], lunch["due_at"], lunch["minutes"], lunch["description"]) == (
        "Lunch",
        "2026-11-25T09:00:00.000Z",
        60,
        "with words",
    )
    records.edit(ctx, TASK, [3], {"due": "2026-11-26 12:00", "name": "Late lunch"})
    assert sync(ctx, client, calendar) == "1 changed there"
    carry("sync")
    assert "2026-11-26 12:00 2026-11-26 13:00 Late lunch" in listed()
    before = sorted(client.listing(calendar).members)
    carry("sync")
    assert sync(ctx, client, calendar) == "in step"
    assert sorted(client.listing(calendar).members) == before, "what nobody changed moves nowhere"


def test_todoman_finishes_what_the_book_has(ctx: Context, client: Client, server: DavServer, tmp_path: Path) -> None:
    todos = client.make("calendar", f"Tasks {uuid4()}", ["VTODO"])
    carry, look = vdirsyncer(tmp_path, server, todos), todoman(tmp_path)
    records.add(ctx, TASK, {"name": "Call Ada", "due": "2026-11-27 14:30", "priority": "high"})
    records.add(ctx, TASK, {"name": "Report", "due": "2026-11-30"})
    assert sync(ctx, client, todos) == "2 new there"
    carry("sync")
    lines = look("list", "--sort", "due").splitlines()
    number = next(line.split()[2] for line in lines if "Call Ada" in line)
    look("done", number)
    look("new", "--due", "2026-12-01", "Buy paper")
    carry("sync")
    assert sync(ctx, client, todos) == "1 new here, 1 changed here"
    assert records.get(ctx, TASK, 1)["done_at"]
    assert not records.get(ctx, TASK, 2)["done_at"]
    assert (records.get(ctx, TASK, 3)["name"], records.get(ctx, TASK, 3)["due_on"]) == ("Buy paper", "2026-12-01")
    tasks.done(ctx, [3])
    assert sync(ctx, client, todos) == "1 changed there"
    carry("sync")
    assert "Buy paper" not in look("list")
    assert sync(ctx, client, todos) == "in step"
