"""crm sync as a process: its file, its exit codes, what cron sees of it, and what a kill leaves."""

from __future__ import annotations

import fcntl
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from crm_dav import places
from crm_dav.client import Client

from crmcli.api import ExposedError, UsageError
from crmcli.config import withheld
from tests.support.program import ROOT, environment
from tests.support.raw_http import RawServer, Request, reply

if TYPE_CHECKING:
    from crm_dav.shapes import Collection

    from tests.conftest import RunCrm
    from tests.support.dav_servers import DavServer
    from tests.support.program import Finished


class Crm(Protocol):
    """The shape of the `crm` fixture."""

    def __call__(self, *words: str, env: dict[str, str | None] | None = None) -> Finished: ...


@pytest.fixture
def crm(run_crm: RunCrm, installed: Path, book_path: Path) -> Crm:
    """The program with the plugin installed and enabled, and an empty book."""

    def run(*words: str, env: dict[str, str | None] | None = None) -> Finished:
        return run_crm(*words, env={"PYTHONPATH": f"{ROOT}:{installed}", **(env or {})})

    assert book_path.is_file()
    done = run("plugin", "enable", "dav", "-y")
    assert done.returncode == 0, done
    return run


def configure(server: DavServer, collection: Collection, **values: str) -> Path:
    """Write the file with one place."""
    _, user, password = server.login()
    url = f"{server.url.rstrip('/')}{collection.href}"
    places.add("work", places.written("work", {"url": url, "user": user, "password": password, **values}))
    return Path(places.path())


def test_a_place_is_found_written_down_and_kept_in_step(
    crm: Crm, server: DavServer, client: Client, calendar: Collection, book: Collection
) -> None:
    _, user, password = server.login()
    words = ["sync", "discover", "--user", user, "--password-cmd", f"echo '{password}'"]
    listed = crm(*words, server.url, "--json")
    assert listed.returncode == 0, listed
    url = f"{server.url.rstrip('/')}{calendar.href}"
    assert (calendar.name, "calendar", "events and to-dos", url) in [
        (row["name"], row["kind"], row["holds"], row["url"]) for row in json.loads(listed.stdout)
    ]
    assert crm(*words, server.url, "--add", "work").returncode == 2, "there are several"
    added = crm(*words, url, "--add", "work")
    assert added.returncode == 0, added
    (place,) = places.read()
    assert (place.name, place.filter, place.secret()) == ("work", "(owner:me or no:owner)", password)
    assert crm(*words, url, "--add", "work").returncode == 2, "there is one of that name"
    crm("task", "add", "Call Ada", "due=2026-11-27 14:30")
    tried = crm("sync", "dav", "--dry-run")
    assert tried.returncode == 0, tried
    assert "would: work: 1 new there" in tried.stdout + tried.stderr
    assert client.listing(calendar).members == []
    done = crm("sync", "dav")
    assert done.returncode == 0, done
    assert "work: 1 new there" in done.stdout + done.stderr
    assert len(client.listing(calendar).members) == 1
    (row,) = json.loads(crm("sync", "places", "--json").stdout)
    assert (row["name"], row["linked"], row["direction"], row["url"]) == ("work", 1, "both", url)
    assert row["synced_at"]


def test_an_address_book_too(crm: Crm, server: DavServer, client: Client, book: Collection) -> None:
    _, user, password = server.login()
    url = f"{server.url.rstrip('/')}{book.href}"
    words = ["sync", "discover", "--user", user, "--password-cmd", f"echo '{password}'", url, "--add", "people"]
    assert crm(*words).returncode == 0
    crm("contact", "add", "Ada Lovelace", "email=ada@x.org")
    done = crm("sync", "dav")
    assert "people: 1 new there" in done.stdout + done.stderr
    (member,) = client.listing(book).members
    item = client.item(member.href)
    assert "ada@x.org" in item.data
    client.update(book, item.href, item.etag, item.data.replace("END:VCARD", "TITLE:Countess\r\nEND:VCARD"))
    done = crm("sync", "dav")
    assert "people: 1 changed here" in done.stdout + done.stderr
    assert json.loads(crm("contact", "show", "1", "--json").stdout)["job_title"] == "Countess"
    configure(server, book)
    done = crm("sync", "dav", "work")
    assert done.returncode == 2, done
    assert "is no calendar" in done.stderr


def test_what_cron_sees(crm: Crm, server: DavServer, client: Client, calendar: Collection) -> None:
    configure(server, calendar)
    crm("task", "add", "Call Ada", "place=Here", "due=2026-11-27")
    done = crm("-q", "sync", "dav", "work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
    (member,) = client.listing(calendar).members
    item = client.item(member.href)
    client.update(calendar, item.href, item.etag, item.data.replace("LOCATION:Here", "LOCATION:There"))
    crm("task", "edit", "1", "place=Nowhere")
    told = crm("sync", "dav")
    assert told.returncode == 1, told
    assert "task:1 Call Ada: its place was changed on both sides; the book's stays" in told.stderr
    assert crm("sync", "dav").returncode == 0


def test_what_a_program_sees(crm: Crm, server: DavServer, client: Client, calendar: Collection) -> None:
    file = configure(server, calendar)
    with file.open("a") as opened:
        opened.write('\n[away]\nurl = "http://127.0.0.1:9/"\n')
    crm("task", "add", "Call Ada", "place=Here", "due=2026-11-27")
    tried = json.loads(crm("sync", "dav", "work", "--dry-run", "--json").stdout)
    assert (tried["batch"], tried["places"][0]["new_there"]) == (0, 1)
    done = crm("sync", "dav", "--json")
    assert done.returncode == 1, done
    still = {f"{what}_{side}": 0 for side in ("here", "there") for what in ("new", "changed", "removed")}
    work, away = json.loads(done.stdout)["places"]
    same = {"place": "work", "keep": "tasks", **still, "unsettled": [], "ids": [], "error": None}
    assert work == {**same, "new_there": 1}
    assert (away["place"], away["keep"], "cannot be reached" in away["error"]) == ("away", "tasks", True)
    (member,) = client.listing(calendar).members
    item = client.item(member.href)
    client.update(calendar, item.href, item.etag, item.data.replace("LOCATION:Here", "LOCATION:There"))
    crm("task", "edit", "1", "place=Nowhere")
    done = crm("sync", "dav", "work", "--json")
    assert done.returncode == 1, done
    found = json.loads(done.stdout)
    (work,) = found["places"]
    assert found["entity"] == "task"
    (line,) = work["unsettled"]
    assert line.startswith("task:1 Call Ada: its place was changed on both sides")
    assert work["changed_there"] == 1


def test_places_are_shown_whole_and_offered_by_name(crm: Crm, isolated: Path) -> None:
    url = "https://cloud.example.org/dav/calendars/ada/follow-ups-of-the-whole-year/"
    places.add("work", places.written("work", {"url": url}))
    places.add("people", places.written("people", {"url": url, "keep": "contacts"}))
    table = crm("sync", "places", "-o", "table", env={"COLUMNS": "60"})
    assert table.returncode == 0, table
    assert [line for line in table.stdout.splitlines() if "cloud" in line] == [f"      {url}"] * 2
    assert json.loads(crm("sync", "places", "--json").stdout)[0]["url"] == url
    words = {"_CRM_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    assert crm(env={**words, "COMP_WORDS": "crm\nsync\ndav\n"}).stdout.split() == ["work", "people"]
    assert crm(env={**words, "COMP_WORDS": "crm\nsync\ndav\npe"}).stdout.split() == ["people"]
    assert isolated.is_dir()


def test_its_help_is_as_that_of_the_program(crm: Crm) -> None:
    told = crm("sync", "--help").stdout
    assert "Verbs:\n  dav       Bring the places of dav.toml in step with the book, both ways\n" in told
    assert "'crm sync VERB --help' has options and examples." in told
    assert "Examples:\n  crm sync discover" in told
    assert "Examples:" in crm("sync", "places", "--help").stdout


def test_two_runs_do_not_meet(crm: Crm, server: DavServer, calendar: Collection, isolated: Path) -> None:
    configure(server, calendar)
    crm("task", "add", "Call Ada", "due=2026-11-27")
    lock = isolated / "data" / "dav.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = crm("sync", "dav")
    assert done.returncode == 0, done
    assert "another run of crm sync is at it" in done.stderr
    after = crm("sync", "dav")
    assert "1 new there" in after.stdout + after.stderr


def test_one_place_that_fails_keeps_no_other(crm: Crm, server: DavServer, calendar: Collection) -> None:
    file = configure(server, calendar)
    with file.open("a") as opened:
        opened.write('\n[away]\nurl = "http://127.0.0.1:9/"\n')
    crm("task", "add", "Call Ada", "due=2026-11-27")
    done = crm("sync", "dav")
    assert done.returncode == 1, done
    assert "away: http://127.0.0.1:9 cannot be reached" in done.stderr
    assert "work: 1 new there" in done.stdout + done.stderr
    assert crm("sync", "dav", "nowhere").returncode == 3


def test_a_rehearsal_keeps_nobody_from_writing_while_it_waits(
    crm: Crm, server: DavServer, client: Client, calendar: Collection
) -> None:
    todo = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:u\r\nDTSTAMP:20261101T000000Z\r\n"
    client.create(calendar, "u.ics", todo + "SUMMARY:New\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    file = configure(server, calendar)
    added: list[Finished] = []

    def slowly(_: Request) -> bytes:
        if not added:
            added.append(crm("task", "add", "Beside it", env={"CRM_BUSY_TIMEOUT": "1"}))
        return reply(500)

    with RawServer(slowly) as slow:
        with file.open("a") as opened:
            opened.write(f'\n[slow]\nurl = "{slow.url}"\n')
        tried = crm("sync", "dav", "--dry-run")
    assert "would: work: 1 new here" in tried.stdout + tried.stderr
    assert added[0].returncode == 0, added
    assert [row["name"] for row in json.loads(crm("task", "list", "--json").stdout)] == ["Beside it"]


def test_a_password_that_others_can_read_is_refused(crm: Crm, server: DavServer, calendar: Collection) -> None:
    file = configure(server, calendar)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    done = crm("sync", "dav")
    assert done.returncode == 77, done
    assert "chmod 600" in done.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[work", "is no TOML"),
        ("work = 1", "is no table"),
        ("[work]\n", "has no url"),
        ('[work]\nurl = "x"\nuser = 1\n', "wants user to be a text"),
        ('[work]\nurl = "x"\nnonsense = "1"\n', "has nonsense, which means nothing"),
        ('[work]\nurl = "x"\ndirection = "up"\n', "both or push or pull"),
        ('[work]\nurl = "x"\nkeep = "notes"\n', "wants keep to be"),
        ('[work]\nurl = "x"\nallow_http = "yes"\n', "true or false"),
    ],
)
def test_what_the_file_may_not_say(isolated: Path, text: str, why: str) -> None:
    Path(places.path()).parent.mkdir(parents=True, exist_ok=True)
    Path(places.path()).write_text(text)
    assert str(isolated) in places.path()
    with pytest.raises(UsageError, match=why):
        places.read()


def test_secrets(isolated: Path) -> None:
    places.add("work", places.written("work", {"url": "x", "password": 'a"b\\c\u0001\U0001f511 #'}))
    places.add("other", places.written("other", {"url": "x", "password_cmd": "echo secret"}))
    assert [one.secret() for one in places.read()] == ['a"b\\c\u0001\U0001f511 #', "secret"]
    Path(places.path()).chmod(0o640)
    with pytest.raises(ExposedError):
        places.read()
    with pytest.raises(UsageError, match="gives no password"):
        places.said_by("sh -c 'echo wrong >&2; exit 1'")
    # As the program's own settings have it: a shell, and what it says is kept out of whatever is told later.
    assert places.said_by("printf 'sesame\\nsecond line\\n' | tr s S") == "SeSame"
    with pytest.raises(UsageError) as caught:
        places.said_by("echo inside-the-command; exit 3")
    assert "inside-the-command" not in str(caught.value)
    assert "3" in str(caught.value)
    with Client("http://127.0.0.1:1/", "ada", "typed-by-ada"):
        assert withheld("SeSame and typed-by-ada") == "*** and ***"
    assert isolated.is_dir()


def test_a_run_that_is_killed_is_finished_by_the_next(
    crm: Crm, server: DavServer, client: Client, calendar: Collection, installed: Path
) -> None:
    configure(server, calendar, items="todos")
    env = environment(None, {"PYTHONPATH": f"{ROOT}:{installed}"})
    add = (
        "from crmcli.context import Context\n"
        "from crmcli.config import Settings\n"
        "ctx = Context(Settings({}), quiet=True, plugins=False)\n"
        "with ctx.writing() as tx:\n"
        "    me = tx.word('user', ctx.actor)\n"
        "    for n in range(200):\n"
        "        tx.add('task', {'name': f'Task {n}', 'due_on': '2026-12-01', 'owner_id': me})\n"
        "ctx.close()\n"
    )
    subprocess.run([sys.executable, "-c", add], env=env, check=True)
    dice = random.Random(7)
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-m", "crmcli", "sync", "dav"], env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(dice.uniform(0.3, 1.2))
        process.kill()
        process.wait()
    done = crm("sync", "dav")
    assert done.returncode == 0, done
    items = list(client.fetch(calendar, [member.href for member in client.listing(calendar).members]))
    assert len(items) == 200
    assert len({item.data.partition("UID:")[2].partition("\r")[0] for item in items}) == 200
    (row,) = json.loads(crm("sync", "places", "--json").stdout)
    assert row["linked"] == 200
    again = crm("sync", "dav")
    assert "work: in step" in again.stdout + again.stderr
    assert len(json.loads(crm("task", "list", "--json", "--limit", "0").stdout)) == 200


def test_all_places_are_read_before_any_is_written_to(
    crm: Crm, server: DavServer, client: Client, calendar: Collection
) -> None:
    _, user, password = server.login()
    other = client.make("calendar", "Tasks")
    for name, items, place in (("cal", "events", calendar), ("tasks", "todos", other)):
        url = f"{server.url.rstrip('/')}{place.href}"
        places.add(name, places.written(name, {"url": url, "user": user, "password": password, "items": items}))
    crm("task", "add", "Call Ada", "due=2026-11-25 10:00")
    assert crm("sync", "dav").returncode == 0
    (member,) = client.listing(other).members
    item = client.item(member.href)
    client.update(other, item.href, item.etag, item.data.replace("20261125", "20261126"))
    crm("task", "edit", "1", "due=2026-11-27 10:00")
    told = crm("sync", "dav")
    assert told.returncode == 1, told
    assert told.stderr.count("its when was changed on both sides") == 1
    assert "20261127" in client.item(client.listing(calendar).members[0].href).data
    assert "20261127" in client.item(client.listing(other).members[0].href).data
    done = crm("sync", "dav")
    assert (done.returncode, done.stdout) == (0, "cal: in step\ntasks: in step\n")


def test_a_place_that_cannot_be_read_keeps_no_other_from_being_written_to(
    crm: Crm, server: DavServer, client: Client, calendar: Collection
) -> None:
    places.add("away", places.written("away", {"url": "http://127.0.0.1:9/"}))
    configure(server, calendar)
    crm("task", "add", "Call Ada", "due=2026-11-25 10:00")
    for words in (["--dry-run"], []):
        done = crm("sync", "dav", *words)
        assert done.returncode == 1, done
        assert "work: 1 new there" in done.stdout + done.stderr
        assert "away: " in done.stderr
    assert len(client.listing(calendar).members) == 1
