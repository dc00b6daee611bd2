"""Calendar feeds: what is in them, whose they are, and who cannot reach them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import TASK
from crmcli.errors import ConflictError, FieldError, FilterError, NotFoundError, UsageError
from crmcli.services import calendars, feeds, history, records, tags, vocabulary
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.context import Context
    from crmcli.services.feeds import Shelf


@pytest.fixture
def shelf(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setenv("CRM_USER", "ada")
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    ctx.tick()
    found = feeds.Shelf(ctx.settings, plugins=False)
    yield found
    found.close()


def word(ctx: Context, name: str, text: str = "", **more: object) -> str:
    """Make a feed; its secret word."""
    return secret(feeds.add(ctx, name, text, **more).answer)  # type: ignore[arg-type]


def secret(address: str) -> str:
    found = re.fullmatch(r"http://127\.0\.0\.1:8765/feeds/([\w-]{22})\.ics", address)
    assert found is not None
    return found[1]


def summaries(shelf: Shelf, secret: str) -> list[str]:
    found = shelf.get(secret)
    assert found is not None
    return sorted(re.findall(r"SUMMARY:(.*)\r\n", found.content.decode()))


def test_me_is_whose_feed_it_is(ctx: Context, shelf: Shelf) -> None:
    for name, owner in (("One", "ada"), ("Two", "grace")):
        records.add(ctx, TASK, {"name": name, "due": "2026-11-27", "owner": owner})
    mine, hers = word(ctx, "mine", "owner:me"), word(ctx, "hers", "owner:me", owner="grace")
    assert summaries(shelf, mine) == ["One"]
    assert summaries(shelf, hers) == ["Two"]
    assert summaries(shelf, word(ctx, "all")) == ["One", "Two"]


def test_it_is_the_same_until_something_changes(ctx: Context, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    records.add(ctx, TASK, {"name": "One", "due": "2026-11-27"})
    mine = word(ctx, "mine", "due:..+30d")
    first = shelf.get(mine)
    assert shelf.get(mine) is first
    records.add(ctx, TASK, {"name": "Some day"})
    second = shelf.get(mine)
    assert second is not first
    assert second == first, "what is not in it makes no difference"
    records.edit(ctx, TASK, [1], {"name": "Other"})
    third = shelf.get(mine)
    assert third is not None
    assert second is not None
    assert third.etag != second.etag
    records.add(ctx, TASK, {"name": "Later", "due": "2026-12-25"})
    assert summaries(shelf, mine) == ["Other"]
    monkeypatch.setenv("CRM_NOW", "2026-11-25T10:00:00+00:00")
    assert summaries(shelf, mine) == ["Later", "Other"]


def test_an_address_is_known_to_nobody_else(ctx: Context, shelf: Shelf) -> None:
    mine = word(ctx, "mine")
    for guess in ("", "x", mine[:-1], mine.swapcase(), feeds.digest(mine), "' OR 1=1 --", "x" * 10_000):
        assert shelf.get(guess) is None
    for table in ("feed", "journal", "batch", "journal_tx"):
        rows = ctx.reader.rows(f"SELECT * FROM {table}")
        assert mine not in repr(rows)
    assert mine not in repr(list(feeds.feeds(ctx).rows))


def test_a_new_address_ends_the_old_one(ctx: Context, shelf: Shelf) -> None:
    old = word(ctx, "mine")
    new = secret(feeds.rotate(ctx, "mine").answer)
    assert shelf.get(old) is None
    assert shelf.get(new) is not None
    history.undo(ctx)
    assert shelf.get(old) is not None
    feeds.remove(ctx, "mine")
    assert shelf.get(old) is None
    with pytest.raises(NotFoundError):
        feeds.rotate(ctx, "mine")


def test_what_makes_no_feed_is_refused(ctx: Context, shelf: Shelf) -> None:
    assert shelf.count() == 0
    word(ctx, "mine")
    with pytest.raises(ConflictError):
        feeds.add(ctx, "Mine", "")
    with pytest.raises(FilterError):
        feeds.add(ctx, "other", "colour:red")
    for name in ("", " \u200c "):
        with pytest.raises(FieldError, match="a feed needs a name"):
            feeds.add(ctx, name, "")
    assert shelf.count() == 1


def test_a_feed_that_can_no_longer_be_read_is_told(ctx: Context, shelf: Shelf) -> None:
    records.add(ctx, TASK, {"name": "One", "due": "2026-11-27", "tags": "vip"})
    mine = word(ctx, "mine", "tag:vip")
    assert summaries(shelf, mine) == ["One"]
    told = tags.rename(ctx, "vip", "key").lines
    assert "the calendar feed mine does not work any more, make it anew: tag:vip" in told
    with pytest.raises(FilterError):
        shelf.get(mine)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The feeds that were made since the test began, one name a time."""
    names: list[str] = []
    write = calendars.written

    def written(ctx: Context, rows: list[dict[str, Any]], *, todo: bool, name: str) -> bytes:
        names.append(name)
        return write(ctx, rows, todo=todo, name=name)

    monkeypatch.setattr(calendars, "written", written)
    return names


def test_a_filter_of_the_moment_is_made_again_when_other_tasks_fit(
    ctx: Context, shelf: Shelf, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, due in (("One", "2026-11-21 11:00"), ("Two", "2026-11-22 09:00")):
        records.add(ctx, TASK, {"name": name, "due": due})
    mine = word(ctx, "mine", "not is:overdue")
    for now, there, made in (
        ("2026-11-21T10:00:00+00:00", ["One", "Two"], 1),
        ("2026-11-21T10:00:01+00:00", ["One", "Two"], 1),
        ("2026-11-21T10:59:59+00:00", ["One", "Two"], 1),
        ("2026-11-21T11:30:00+00:00", ["Two"], 2),
        ("2026-11-22T08:30:00+00:00", ["Two"], 2),
    ):
        monkeypatch.setenv("CRM_NOW", now)
        assert summaries(shelf, mine) == there
        assert len(rendered) == made, now


def test_one_that_was_removed_leaves_after_its_days(
    ctx: Context, shelf: Shelf, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records.add(ctx, TASK, {"name": "One", "due": "2026-11-27"})
    mine = word(ctx, "mine")
    records.remove(ctx, TASK, [1])
    for now, there in (("2026-12-20", ["One"]), ("2026-12-21", ["One"]), ("2026-12-23", [])):
        monkeypatch.setenv("CRM_NOW", f"{now}T10:00:00+00:00")
        assert summaries(shelf, mine) == there
    assert rendered == ["mine", "mine"]


def test_the_feeds_that_are_asked_for_stay(ctx: Context, shelf: Shelf, rendered: list[str]) -> None:
    words = [word(ctx, f"feed {number}") for number in range(feeds.MOST_KEPT + 1)]
    for each in words[:-1]:
        shelf.get(each)
    shelf.get(words[0])
    shelf.get(words[-1])  # the one for which that makes room was asked for longest ago
    del rendered[:]
    for place, made in ((0, []), (2, []), (1, ["feed 1"])):
        shelf.get(words[place])
        assert rendered == made


def test_what_a_filter_says_is_what_it_said(ctx: Context, shelf: Shelf) -> None:
    """A filter that begins with a field is not read once more as the words of a shell."""
    for name in ("Call Ada", "Write"):
        records.add(ctx, TASK, {"name": name, "due": "2026-11-27", "owner": "ada"})
    assert summaries(shelf, word(ctx, "calls", "owner:me call")) == ["Call Ada"]


def test_a_feed_ends_with_its_owner(ctx: Context, shelf: Shelf) -> None:
    records.add(ctx, TASK, {"name": "One", "due": "2026-11-27", "owner": "grace"})
    hers, mine = word(ctx, "hers", "owner:me", owner="grace"), word(ctx, "mine")
    assert summaries(shelf, hers) == ["One"]
    told = vocabulary.user_edit(ctx, "grace", {"active": "no"}).lines
    assert told[1:] == ("the calendar feed hers leads nowhere while its owner is not active",)
    assert shelf.get(hers) is None
    assert shelf.get(mine) is not None
    with pytest.raises(FieldError, match="grace is not active"):
        feeds.add(ctx, "another", "", owner="grace")
    vocabulary.user_edit(ctx, "grace", {"active": "yes"})
    assert summaries(shelf, hers) == ["One"]


def test_how_many_tasks_are_in_it_is_said(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    records.add(ctx, TASK, {"name": "One", "due": "2026-11-27"})
    records.add(ctx, TASK, {"name": "Two"})
    records.add(ctx, TASK, {"name": "Hers", "due": "2026-11-27", "owner": "grace"})
    for name, text, options, said in (
        ("proposed", "owner:me or no:owner", {}, "1 task in it now; 1 without a day left out, which --todo takes too"),
        ("to-dos", "owner:me or no:owner", {"todo": True}, "2 tasks in it now"),
        ("none", "owner:me", {}, "no tasks in it now"),
        ("hers", "owner:me", {"owner": "grace"}, "1 task in it now"),
    ):
        capsys.readouterr()
        feeds.add(ctx, name, text, **options)  # type: ignore[arg-type]
        assert capsys.readouterr().err.splitlines() == [said], name


def test_advice_can_be_pasted(ctx: Context) -> None:
    word(ctx, "my feed")
    with pytest.raises(ConflictError) as taken:
        feeds.add(ctx, "my feed", "")
    assert 'calendar feed rotate "my feed"\' gives it a new address' in taken.value.hint
    with pytest.raises(NotFoundError) as unknown:
        feeds.rotate(ctx, "nothing")
    assert unknown.value.hint == "'crm calendar feed list' shows them"
    with pytest.raises(NotFoundError) as nobody:
        feeds.add(ctx, "theirs", "", owner="nobody")
    assert nobody.value.hint == "'crm user list' shows them"


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("192.168.1.7", "192.168.1.7"),
        ("crm.lan", "crm.lan"),
        ("::", "[::1]"),
        ("fd00::7", "[fd00::7]"),
        ("[fd00::7]", "[fd00::7]"),
    ],
)
def test_the_address_leads_to_where_the_server_listens(
    book: Context, host: str, reached: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SERVE_HOST", host)
    assert feeds.address(book, "word") == f"http://{reached}:8765/feeds/word.ics"
    monkeypatch.setenv("CRM_SERVE_URL", "https://crm.example.org/base/")
    assert feeds.address(book, "word") == "https://crm.example.org/base/feeds/word.ics"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "crm.example.org", "ftp://x", "https://", "https://x/?a=", "http://a b"]
)
def test_an_address_of_nothing_makes_no_feed(book: Context, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SERVE_URL", url)
    with pytest.raises(UsageError, match=r"CRM_SERVE_URL: .* is no address of a server"):
        feeds.add(book, "mine", "")
    assert not list(feeds.feeds(book).rows)


def test_one_connection_serves_everybody(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """However many owners feeds have, and by however many names they went."""
    opened: list[str] = []
    connecting = connect.connect

    def connected(target: str, **options: Any) -> Any:
        opened.append(target)
        return connecting(target, **options)

    words = []
    for number in range(12):
        vocabulary.user_add(ctx, f"user{number}", {})
        records.add(ctx, TASK, {"name": f"Of {number}", "due": "2026-11-27", "owner": f"user{number}"})
        words.append(word(ctx, f"feed {number}", "owner:me", owner=f"user{number}"))
    monkeypatch.setattr(connect, "connect", connected)
    shelf = feeds.Shelf(ctx.settings, plugins=False)
    request.addfinalizer(shelf.close)
    for name in ("first", "second"):
        assert [summaries(shelf, each) for each in words] == [[f"Of {number}"] for number in range(12)]
        vocabulary.user_edit(ctx, "user7", {"name": name})
        vocabulary.user_edit(ctx, name, {"name": "user7"})
    vocabulary.user_edit(ctx, "user7", {"name": "third"})
    assert summaries(shelf, words[7]) == ["Of 7"]
    assert len(opened) == 1
    if ctx.reader.dialect == "postgresql":
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert ctx.reader.value(sql) == 2, "this one and the shelf's"


def test_ten_thousand_events(ctx: Context, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with ctx.writing() as tx:
        for number in range(10_000):
            tx.add("task", {"name": f"Task {number}", "due_on": f"2027-01-{number % 28 + 1:02}", "remind": "15"})
    mine, late = word(ctx, "mine"), word(ctx, "late", "not is:overdue")
    begun = time.process_time()
    first = shelf.get(mine)
    made = time.process_time()
    assert shelf.get(mine) is first
    assert first is not None
    assert first.content.count(b"BEGIN:VEVENT") == 10_000
    assert made - begun < 5
    assert time.process_time() - made < 0.05
    other, took = shelf.get(late), []
    for minute in range(3):
        monkeypatch.setenv("CRM_NOW", f"2026-11-21T10:{minute + 1:02}:00+00:00")
        begun = time.process_time()
        assert shelf.get(late) is other
        took.append(time.process_time() - begun)
    assert min(took) < 0.05, "seconds of this process: others may be at work"
