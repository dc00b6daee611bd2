"""`--dry-run`, which every command takes, changes nothing: not the book, not the settings, not a file beside them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.commands.root import TABLE, make_root
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import LEAD
from crmcli.errors import CrmError
from crmcli.services import records, saved_views

if TYPE_CHECKING:
    from tests.commands.conftest import Crm

#: What a book needs so that there is something to do for each command. Lead 3 is lost, lead 4 removed.
SETTING = (
    "company add Engines", "contact add Ada company=Engines email=ada@engines.example",
    "lead add One tags=hot", "lead add Two", "lead add Three", "lead lost 3", "lead add Four", "lead remove 4",
    "deal add Big company=Engines value=5k", "deal add Old", "deal won 6", "deal add Gone", "deal remove 7",
    "contact add Gone", "contact remove 2", "company add Gone", "company remove 2",
    "contact add Bea", "company add Other",
    "task add Call --on lead:1", "task add Done", "task done 2", "task add Gone", "task remove 3",
    "note add contact:1 hi", "note add contact:1 ho", "note remove 2",
    "field add lead.industry choice Steel,Food", "field add lead.gone text", "field remove lead.gone",
    "tag add unused lead:2", "tag remove unused lead:2", "doctor add silent --on lead no:last_touch",
    "doctor disable deal-rotting",
    "stage add Spare", "view save hot is:open", "user add bob", "tag add cold lead:2", "config set region IR",
    "task type add spare", "plan add onboarding", "plan step add onboarding Kick-off --who bob",
    "plan step add onboarding Review --who bob --due 5wd",
    "calendar feed add mine owner:me", "rhythm set contact is:open 30d",
    "occasion add Founded --on company:1 --date 06-15",
)  # fmt: skip

#: command -> words that change something
WRITES = {
    **{f"{kind} add": f"{kind} add New" for kind in ("lead", "deal", "contact", "company", "task")},
    **{f"{kind} edit": f"{kind} edit 1 description=new" for kind in ("lead", "contact", "company", "task")},
    **{f"{kind} remove": f"{kind} remove 1" for kind in ("lead", "contact", "company", "task")},
    **{f"{kind} archive": f"{kind} archive 1" for kind in ("lead", "contact", "company")},
    **{f"{kind} purge": f"{kind} purge 1" for kind in ("lead", "contact", "company", "task")},
    **{f"deal {verb}": f"deal {verb} 5" for verb in ("remove", "archive", "purge", "won", "lost")},
    **{f"{kind} merge": f"{kind} merge 1 3" for kind in ("contact", "company")},
    "lead merge": "lead merge 1 2",
    "deal merge": "deal merge 5 lead:1",
    "lead restore": "lead restore 4",
    "deal restore": "deal restore 7",
    "contact restore": "contact restore 2",
    "company restore": "company restore 2",
    "task restore": "task restore 3",
    "lead won": "lead won 1",
    "lead lost": "lead lost 1 --reason Silent --note bye",
    "lead reopen": "lead reopen 3",
    "lead move": "lead move 1 qualified",
    "lead convert": "lead convert 1",
    "deal edit": "deal edit is:any owner=grace tags=+new --yes",
    "deal reopen": "deal reopen 6",
    "deal move": "deal move 5 qualified",
    "task done": "task done 1 --feedback fine",
    "task snooze": "task snooze 1 +3d",
    "task reopen": "task reopen 2",
    "task delegate": "task delegate 1 bob",
    "calendar import": "calendar import meeting.ics",
    "calendar feed add": "calendar feed add team",
    "calendar feed rotate": "calendar feed rotate mine",
    "calendar feed remove": "calendar feed remove mine",
    "field add": "field add lead.score number",
    "field edit": "field edit lead.industry name=branch",
    "field remove": "field remove lead.industry",
    "field restore": "field restore lead.gone",
    "note add": "note add contact:1 hello",
    "note edit": "note edit 1 goodbye",
    "note remove": "note remove 1",
    "note restore": "note restore 2",
    "note purge": "note purge 1",
    "log": "log call contact:1 hello",
    "tag add": "tag add new lead:1 lead:2",
    "tag remove": "tag remove hot lead:1",
    "tag rename": "tag rename hot warm",
    "tag merge": "tag merge hot cold",
    "tag colour": "tag colour hot red",
    "tag delete": "tag delete hot",
    "pipeline add": "pipeline add Partners A B",
    "pipeline edit": "pipeline edit Sales name=Direct",
    "stage add": "stage add Late",
    "stage edit": "stage edit Spare name=Other",
    "stage reorder": "stage reorder Spare New Qualified Proposition Won",
    "stage remove": "stage remove Spare",
    "task type add": "task type add demo delay=3d",
    "task type edit": "task type edit spare next=call",
    "task type remove": "task type remove spare",
    "plan add": "plan add renewal",
    "plan edit": "plan edit onboarding name=welcome",
    "plan remove": "plan remove onboarding",
    "plan start": "plan start onboarding --on deal:5 --from +1w",
    "plan step add": "plan step add onboarding Call --type call",
    "plan step edit": "plan step edit onboarding 1 due=-3d",
    "plan step move": "plan step move onboarding 2 1",
    "plan step remove": "plan step remove onboarding 1",
    "rhythm set": "rhythm set contact has:email 2w",
    "rhythm remove": "rhythm remove contact is:open",
    "touch snooze": "touch snooze contact:1 +2w",
    "occasion add": "occasion add Wedding --on contact:1 --date 2019-06-15",
    "occasion edit": "occasion edit 1 date=06-16",
    "occasion remove": "occasion remove 1",
    "view save": "view save cold is:lost",
    "view remove": "view remove hot",
    "user add": "user add eve",
    "user edit": "user edit bob active=no",
    "import": "import people.csv --as contact",
    "import profile new": "import profile new shop people.csv --as contact",
    "doctor add": "doctor add big --on deal value:4k..",
    "doctor edit": "doctor edit silent no:email",
    "doctor disable": "doctor disable lead-phone",
    "doctor enable": "doctor enable deal-rotting",
    "doctor remove": "doctor remove silent",
    "doctor check": "doctor --fix tag-unused",
    "dupes": "dupes contact --not-same 1 3",
    "undo": "undo",
    "config set": "config set currency USD",
    "config unset": "config unset region",
    "remind install": "remind install --via mail",
    "db backup": "db backup copy.db",
    "db restore": "db restore earlier.db",
    "db check": "db check --repair",
}
#: command -> words that change nothing here, and the exit code that they end with
OTHERS: dict[str, tuple[str, int]] = {
    **{f"{kind} list": (f"{kind} list", 0) for kind in ("lead", "deal", "contact", "company", "task")},
    **{f"{kind} show": (f"{kind} show 1", 0) for kind in ("lead", "contact", "company", "task")},
    **{words: (words, 0) for words in ("tag list", "pipeline list", "stage list", "view list", "user list", "today")},
    **{words: (words, 0) for words in ("db path", "config list", "plugin list", "paths", "fields", "calendar export")},
    **{f"{kind} why": (f"{kind} why 1", 0) for kind in ("lead", "contact", "company", "task")},
    "task next": ("task next", 0),
    "deal show": ("deal show 5", 0),
    "deal why": ("deal why 5", 0),
    "pipeline board": ("pipeline board", 0),
    **{words: (words, 0) for words in ("touch due", "touch owed", "touch waiting", "touch report")},
    **{words: (words, 0) for words in ("rhythm list", "occasion list", "calendar feed list")},
    "serve": ("serve", 2),
    "remind send": ("remind", 0),
    "remind list": ("remind list", 0),
    "remind resend": ("remind resend 1", 3),
    "remind settle": ("remind settle 1", 3),
    "remind units": ("remind units --via mail", 0),
    "agenda show": ("agenda", 0),
    "agenda free": ("agenda free", 0),
    "search": ("search ada", 0),
    "lookup": ("lookup ada@engines.example", 0),
    "brief": ("brief contact:1", 0),
    "timeline": ("timeline contact:1", 0),
    "report": ("report pipeline", 0),
    "view show": ("view show hot", 0),
    "field list": ("field list", 0),
    "task type list": ("task type list", 0),
    "plan list": ("plan list", 0),
    "plan show": ("plan show onboarding", 0),
    "plan step list": ("plan step list onboarding", 0),
    "note list": ("note list", 0),
    "note show": ("note show 1", 0),
    "export": ("export leads", 0),
    "import profile list": ("import profile list", 0),
    "import profile show": ("import profile show linkedin-connections", 0),
    "import profile edit": ("import profile edit nobody", 3),
    "doctor show": ("doctor show deal-without-owner", 0),
    "doctor rules": ("doctor rules", 0),
    "doctor scores": ("doctor scores", 0),
    "sql": ("sql select_1", 2),
    "history": ("history lead:1", 0),
    "db upgrade": ("db upgrade", 0),
    "db init": ("db init", 4),
    "config get": ("config get currency", 0),
    "notify list": ("notify list", 0),
    "notify test": ("notify test terminal", 0),
    "plugin show": ("plugin show nobody", 3),
    "plugin enable": ("plugin enable nobody", 3),
    "plugin disable": ("plugin disable nobody", 3),
    "demo": ("demo", 5),
    "tui": ("tui", 2),
}


def commands() -> list[str]:
    """Every command that is not hidden: `lead add`."""
    root, found = make_root(), []
    for name, entry in TABLE.items():
        group = root.get_command(None, name)
        found += [f"{name} {verb}" for verb in group.list_commands(None)] if entry.group else [name]
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request: pytest.FixtureRequest, crm: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Crm:
    """The program on a book in which there is something to do, in a folder with a file to import."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        crm.path.unlink()
        crm("--quiet", "lead", "list")
    else:
        monkeypatch.setenv("CRM_DB", str(request.getfixturevalue("pg_url")))
        crm("db", "init")
    for line in SETTING:
        assert crm(*line.split()).code == 0, line
    (tmp_path / "people.csv").write_text("name,email\nGrace,grace@navy.example\n")
    (tmp_path / "meeting.ics").write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:one\nDTSTART:20270115T090000Z\nSUMMARY:Meet\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    if request.param == "sqlite":
        assert crm("db", "backup", "earlier.db").code == 0
        assert crm("lead", "add", "Later").code == 0
    return crm


def state(tmp_path: Path) -> dict[str, Any]:
    """Every file in the home and the working folder, and every row of a book on a server."""
    found: dict[str, Any] = {
        str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"
    }
    context = Context(Settings(), quiet=True, plugins=False)
    if context.reader.dialect == "postgresql":
        tables = [row[0] for row in context.reader.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            found[table] = sorted(map(str, context.reader.rows(f"SELECT * FROM {table}")))
    context.close()
    return found


def test_every_command_is_tried_here() -> None:
    assert sorted(commands()) == sorted([*WRITES, *OTHERS])


def test_a_dry_run_changes_nothing(book: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postgresql = "CRM_DB" in os.environ
    before = state(tmp_path)
    for command, line in WRITES.items():
        if postgresql and command in ("db backup", "db restore"):
            continue
        done = book(*line.split(), "--dry-run")
        assert done.code == 0, (line, done)
        assert "dry run: nothing was written" in done.err, (line, done)
        assert "would" in done.out + done.err or command == "import", (line, done)
        assert state(tmp_path) == before, line
        assert book("--dry-run", "--quiet", *line.split(), "-o", "json").code == 0, line
        assert state(tmp_path) == before, line
    for line, code in OTHERS.values():
        done = book(*line.split(), "--dry-run")
        assert done.code == code, (line, done)
        assert state(tmp_path) == before, line


@pytest.mark.parametrize("book", ["sqlite"], indirect=True)
def test_without_it_the_same_words_change_something(book: Crm, tmp_path: Path) -> None:
    before = state(tmp_path)
    for command, line in WRITES.items():
        done = book("--yes", *line.split())
        assert done.code == 0, (line, done)
        assert state(tmp_path) != before or command == "db check", line
        put_back(tmp_path, before)


def put_back(tmp_path: Path, before: dict[str, Any]) -> None:
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        if str(path) not in before:
            path.unlink()
    for name, content in before.items():
        Path(name).write_bytes(content)


@pytest.mark.parametrize("book", ["sqlite"], indirect=True)
def test_what_a_dry_run_says(book: Crm) -> None:
    done = book("undo", "--dry-run")
    assert ("lead:8\tLater\t(taken away)\t\t" in done.out, "would: took back batch" in done.out) == (True, True), done
    done = book("deal", "edit", "5", "value=7k", "stage=qualified", "--dry-run")
    assert done.out == (
        "id\tname\tvalue\tstage\n5\tBig\t5,000.00 EUR -> 7,000.00 EUR\tNew -> Qualified\nwould: changed deal:5\n"
    )
    done = book("deal", "edit", "5", "value=7k", "--dry-run", "-o", "json")
    assert done.json["batch"] == 0
    assert done.json["changes"][0]["after"]["value_minor"] == 700000
    # What would be refused is refused.
    assert book("deal", "edit", "5", "stage=nowhere", "--dry-run").code == 2
    assert book("undo", "999", "--dry-run").code == 3
    first = book("lead", "edit", "1", "city=Bern", "-o", "json").json["batch"]
    second = book("lead", "edit", "1", "city=Basel", "-o", "json").json["batch"]
    done = book("undo", str(first), "--dry-run")
    assert (done.code, f"City changed later (batch {second}, tester)" in done.err) == (4, True), done


def test_a_preview_shows_values_as_tables_do(book: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    def preview(*words: str) -> str:
        done = book(*words, "--dry-run")
        assert done.code == 0, done
        return done.out.splitlines()[1]

    monkeypatch.setenv("TZ", "Asia/Tehran")
    time.tzset()
    assert book("task", "edit", "1", "due=2026-12-01 09:00").code == 0
    # Only the time of day is another one.
    assert preview("task", "edit", "1", "due=2026-12-01 14:30") == "1\tCall\t2026-12-01 09:00 -> 2026-12-01 14:30"
    assert preview("task", "edit", "1", "due=2026-12-02") == "1\tCall\t2026-12-01 09:00 -> 2026-12-02"
    assert preview("task", "edit", "1", "due=") == "1\tCall\t2026-12-01 09:00 -> (empty)"
    assert preview("deal", "edit", "5", "probability=33.5") == "5\tBig\t10% -> 33.5%"
    assert preview("deal", "edit", "5", "value=7 KWD") == "5\tBig\t5,000.00 EUR -> 7.000 KWD"
    assert book("config", "set", "calendar", "jalali").code == 0
    assert preview("task", "edit", "1", "due=1405-09-10 14:30") == "1\tCall\t1405-09-10 09:00 -> 1405-09-10 14:30"
    assert preview("deal", "edit", "5", "close_on=1405-10-10") == "5\tBig\t(empty) -> 1405-10-10"


def test_a_dry_run_makes_no_book(crm: Crm, isolated: Path, tmp_path: Path) -> None:
    crm.path.unlink()
    done = crm("lead", "add", "Ada", "--dry-run")
    assert done.code == 0
    assert "there is no book yet" in done.err
    assert "would: added lead:1 Ada" in done.out
    assert not [path for path in isolated.rglob("*") if path.is_file()]


def test_a_dry_run_upgrades_no_book(crm: Crm) -> None:
    with contextlib.closing(sqlite3.connect(crm.path)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0001'")
        raw.commit()
    before = crm.path.read_bytes()
    done = crm("lead", "add", "Ada", "--dry-run")
    assert (done.code, "older layout" in done.err, "crm db upgrade" in done.err) == (1, True, True), done
    done = crm("db", "upgrade", "--dry-run")
    assert (done.code, "would: upgrade the book from schema 0001" in done.out) == (0, True), done
    assert crm.path.read_bytes() == before


def test_hooks_hear_nothing_of_a_dry_run(crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "listener.py").write_text(
        "from crmcli.api import RefusedError, hookimpl\n"
        f"path = {str(tmp_path / 'heard')!r}\n"
        "@hookimpl\n"
        "def before_change(change):\n"
        "    if change.after and change.after.get('name') == 'Eve':\n"
        "        raise RefusedError('not her')\n"
        "@hookimpl\n"
        "def after_change(changes):\n"
        "    with open(path, 'a') as file:\n"
        "        file.write('heard')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("CRM_PLUGINS", "listener")
    assert crm("lead", "add", "Ada", "--dry-run").code == 0
    assert not (tmp_path / "heard").exists()
    assert crm("lead", "add", "Eve", "--dry-run").code == 5
    assert crm("lead", "add", "Ada").code == 0
    assert (tmp_path / "heard").exists()


def test_a_rehearsal_in_a_rehearsal(ctx: Context) -> None:
    def leads() -> list[str]:
        return [row[0] for row in ctx.reader.rows("SELECT name FROM opportunity ORDER BY id")]

    with ctx.rehearsal():
        records.add(ctx, LEAD, {"name": "One"})
        with ctx.rehearsal():
            records.add(ctx, LEAD, {"name": "Two"})
            assert leads() == ["One", "Two"]
        assert leads() == ["One"]
        with pytest.raises(CrmError), ctx.rehearsal():
            records.edit(ctx, LEAD, [1, 99], {"city": "Bern"})
        assert leads() == ["One"]
    assert leads() == []
    assert ctx.batch == 0
    records.add(ctx, LEAD, {"name": "One"})
    assert leads() == ["One"]


def test_a_view_of_a_rehearsal_is_not_remembered(ctx: Context) -> None:
    with ctx.rehearsal():
        saved_views.save(ctx, "hot", LEAD, "city:bern")
        assert ctx.book.view("lead", "hot") == "city:bern"
    assert ctx.book.view("lead", "hot") is None
