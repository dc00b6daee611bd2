"""Reminders that are killed on their way, or sent by several at once: none comes twice, and none is lost unseen."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, NamedTuple

import apprise.apprise
import pytest

import crmcli.commands.remind
import crmcli.services.reminder_fates
import crmcli.services.reminding  # what is loaded here is loaded in no process that is to be killed
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import TASK
from crmcli.services import records
from tests.faults import crowd, forked
from tests.faults.conftest import check
from tests.faults.test_crash import KILLS, Kills, strike, took
from tests.support import books
from tests.support.http_listener import DROP, HANG, HttpListener, http_listener
from tests.support.mail_server import MailServer, mail_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.conftest import Crm

__all__ = ["apprise", "crmcli"]

#: Reminders that come due before each kill; each goes by mail and to a service.
EACH = 6
REMIND = ("remind", "-q", "--via", "mail,hook")
#: Before `books.NOW`, at which they are sent.
MADE, DUE = "2026-11-21T08:00:00+00:00", "2026-11-21 09:30"


class Ends(NamedTuple):
    """What reminders arrive at."""

    mail: MailServer
    hook: HttpListener

    @property
    def arrived(self) -> Counter[tuple[str, str]]:
        """How often each reminder, by the name of its task and its channel, arrived. A request that ends before its
        text does, because its client was killed, has not."""
        mails = [message_from_bytes(each.data, policy=policy.default)["Subject"] for each in list(self.mail.arrived)]
        whole = [each for each in list(self.hook.received) if len(each.body) == int(each.headers["Content-Length"])]
        calls = [each.json["title"] for each in whole]
        names = [(str(title), way) for way, titles in (("mail", mails), ("hook", calls)) for title in titles]
        return Counter((title.rpartition(": ")[2], way) for title, way in names)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    """A mail server and a listener that the settings name."""
    # The threads of a pool that an earlier test has made are in no process that is forked from this one.
    monkeypatch.setattr(apprise.apprise, "_shared_executor", None)
    with mail_server() as mail, http_listener() as hook:
        monkeypatch.setenv("CRM_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("CRM_SMTP_PORT", str(mail.port))
        monkeypatch.setenv("CRM_MAIL_FROM", "crm@engines.example")
        monkeypatch.setenv("CRM_MAIL_TO", "ada@engines.example")
        monkeypatch.setenv("CRM_NOTIFY_URLS", f"hook=json://127.0.0.1:{hook.port}/")
        yield Ends(mail, hook)


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, crm: Crm, book_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a book of each engine, which `crm` uses."""
    if request.param == "sqlite":
        yield str(book_path)
        return
    server = request.getfixturevalue("pg_server")
    url = books.copy_database(server, books.make_template(server), "reminded")
    monkeypatch.setenv("CRM_DB", url)
    yield url
    server.drop("reminded")


@pytest.fixture
def put(target: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many more tasks be due, called R0, R1 and so on."""
    made = 0

    def add(many: int) -> None:
        nonlocal made
        with monkeypatch.context() as patched:
            patched.setenv("CRM_NOW", MADE)
            ctx = Context(Settings({"db": target}), quiet=True, plugins=False)
            for number in range(made, made + many):
                records.add(ctx, TASK, {"name": f"R{number}", "due": DUE})
            ctx.close()
        made += many

    return add


def states(crm: Crm) -> dict[tuple[str, str], str]:
    """What the book says became of each reminder, by the name of its task and its channel."""
    done = crm("remind", "list", "all", "-o", "json")
    assert done.returncode == 0, done
    found = json.loads(done.stdout)
    assert len(found) == len({(row["name"], row["channel"]) for row in found})
    return {(row["name"], row["channel"]): row["state"] for row in found}


def whole(many: int) -> set[tuple[str, str]]:
    return {(f"R{number}", way) for number in range(many) for way in ("mail", "hook")}


def test_reminders_that_are_killed_at_any_moment_come_once_or_are_doubtful(
    crm: Crm, ends: Ends, put: Callable[[int], None]
) -> None:
    put(EACH)
    kills, many = Kills(11, took(crm, *REMIND), KILLS or 8, first=0.05), EACH
    for moment in kills:
        put(EACH)
        many += EACH
        struck = strike(REMIND, moment)
        # A run tells with its code what the one before it left.
        kills.ended(struck._replace(code=0) if struck.code == 1 and "doubtful" in struck.err else struck)
        assert max(ends.arrived.values(), default=1) == 1
    assert kills.met, "no kill met a run at work"
    crm(*REMIND)
    assert crm(*REMIND).returncode == 0
    found, arrived = states(crm), ends.arrived
    assert set(arrived.values()) == {1}
    sent, doubtful = ({one for one, state in found.items() if state == each} for each in ("sent", "doubtful"))
    print(f"{kills.met} kills, {len(found)} reminders: {len(sent)} sent, {len(doubtful)} doubtful", end=" ")
    print(f"({len(doubtful & set(arrived))} of these arrived)")
    assert sent | doubtful == whole(many)
    assert sent <= set(arrived) <= sent | doubtful
    assert len(doubtful) <= kills.met  # one process has one of them in its hands
    check(crm)


def test_a_process_that_dies_when_the_server_has_its_message_sends_it_to_nobody_again(
    crm: Crm, ends: Ends, put: Callable[[int], None]
) -> None:
    put(2)
    child = 0

    def kill(_arrived: object) -> None:
        os.kill(child, signal.SIGKILL)

    ends.mail.seen = ends.hook.seen = kill
    with open(os.devnull, "r+b") as nowhere:
        for left in range(3, -1, -1):
            number = nowhere.fileno()
            child = forked.fork(REMIND, stdin=number, stdout=number, stderr=number, group=True)
            assert forked.wait(child, 30) == -signal.SIGKILL
            assert ends.arrived.total() == 4 - left
    told = crm(*REMIND)
    assert (told.returncode, told.stdout) == (1, "")
    assert "task:2 R1, hook: doubtful: its process ended while it was being sent" in told.stderr
    assert states(crm) == dict.fromkeys(whole(2), "doubtful")
    assert crm(*REMIND).returncode == 0
    assert ends.arrived == Counter(whole(2))


def test_a_process_that_is_stopped_says_what_may_have_gone_out_and_the_next_one_too(
    crm: Crm, ends: Ends, put: Callable[[int], None], tmp_path: Path
) -> None:
    put(1)
    child = 0
    ends.hook.answer = HANG
    ends.hook.seen = lambda _arrived: os.kill(child, signal.SIGTERM)
    with open(os.devnull, "r+b") as nowhere, open(tmp_path / "err", "w+b") as err:
        child = forked.fork(
            ("remind", "-q", "--via", "hook"), stdin=nowhere.fileno(), stdout=nowhere.fileno(), stderr=err.fileno(),
            group=True,
        )  # fmt: skip
        assert forked.wait(child, 30) != 0
        err.seek(0)
        said = err.read().decode()
    assert "a reminder of task:1 by hook may have gone out: the next run tells it" in said
    assert "nothing was saved" not in said
    told = crm("remind", "-q", "--via", "hook")
    assert (told.returncode, "hook: doubtful: its process ended" in told.stderr) == (1, True)
    assert crm("remind", "-q", "--via", "hook").returncode == 0
    assert ends.arrived == {("R0", "hook"): 1}


def test_two_at_once_send_each_reminder_once(crm: Crm, ends: Ends, put: Callable[[int], None]) -> None:
    put(25)
    done = crowd.together([REMIND] * 3)
    assert [each.returncode for each in done] == [0, 0, 0], done
    assert ends.arrived == Counter(whole(25))
    assert set(states(crm).values()) == {"sent"}


def test_what_is_being_sent_is_left_alone(crm: Crm, ends: Ends, put: Callable[[int], None]) -> None:
    """A listener that does not answer is at it while the next one comes."""
    put(1)
    ends.hook.answer = HANG
    seen: list[object] = []

    def again(_received: object) -> None:
        seen.append(crm("remind", "-q", "--via", "hook").returncode)
        seen.append(states(crm))
        seen.append(crm("remind", "resend", "1").stderr)

    ends.hook.seen = again
    told = crm("remind", "-q", "--via", "hook")
    assert seen == [
        0,
        {("R0", "hook"): "claimed"},
        "crm: the reminder 1 is on its way\n  wait for what becomes of it\n",
    ]
    assert (told.returncode, "hook: doubtful: no answer in time" in told.stderr) == (1, True)
    assert ends.arrived == {("R0", "hook"): 1}
    assert states(crm) == {("R0", "hook"): "doubtful"}


def test_a_server_that_hangs_up_on_the_text_leaves_it_doubtful(
    crm: Crm, ends: Ends, put: Callable[[int], None]
) -> None:
    put(1)
    ends.mail.answers["DATA"] = ends.hook.answer = DROP
    assert crm(*REMIND).returncode == 1
    ends.mail.answers.clear()
    ends.hook.answer = 200
    assert crm(*REMIND).returncode == 0
    assert states(crm) == dict.fromkeys(whole(1), "doubtful")
    assert ends.arrived == Counter(whole(1))


def test_a_clock_that_jumps_neither_loses_nor_repeats_one(
    crm: Crm, ends: Ends, put: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    for day, code in ((20, 0), (22, 0), (21, 0), (25, 0), (19, 0), (23, 0)):
        monkeypatch.setenv("CRM_NOW", f"2026-11-{day}T10:00:00+00:00")
        if day == 21:
            put(1)  # due before the one that the clock was at
        assert crm(*REMIND).returncode == code
    monkeypatch.setenv("CRM_NOW", "2026-12-24T10:00:00+00:00")
    put(1)
    late = crm(*REMIND)
    assert (late.returncode, "mail: missed: it is more than 7 days late" in late.stderr) == (1, True)
    assert crm(*REMIND).returncode == 0
    assert ends.arrived == Counter(whole(2))
    monkeypatch.setenv("CRM_NOW", books.NOW)
    assert crm(*REMIND).returncode == 0
    assert ends.arrived == Counter(whole(3))
    assert set(states(crm).values()) == {"sent"}
