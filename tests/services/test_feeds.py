"""Calendar feeds: what is in them, whose they are, and who cannot reach them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import TASK
from crmcli.errors import ConflictError, FieldError, FilterError, NotFoundError
from crmcli.services import feeds, history, records, tags

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
    return secret(feeds.add(ctx, name, text, **more).lines[1])  # type: ignore[arg-type]


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
    new = secret(feeds.rotate(ctx, "mine").lines[1])
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


def test_ten_thousand_events(ctx: Context, shelf: Shelf) -> None:
    with ctx.writing() as tx:
        for number in range(10_000):
            tx.add("task", {"name": f"Task {number}", "due_on": f"2027-01-{number % 28 + 1:02}", "remind": "15"})
    mine = word(ctx, "mine")
    begun = time.perf_counter()
    first = shelf.get(mine)
    made = time.perf_counter()
    assert shelf.get(mine) is first
    assert first is not None
    assert first.content.count(b"BEGIN:VEVENT") == 10_000
    assert made - begun < 5
    assert time.perf_counter() - made < 0.05
