"""Tasks that need others, that are given to others, and in which others take part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.errors import FieldError, NotFoundError
from crmcli.services import history, needs, records, tasks
from crmcli.services.purging import purge

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.fixture
def four(ctx: Context) -> Context:
    """Tasks 1 to 4; 2 needs 1, and 3 needs 2."""
    for name in "ABCD":
        records.add(ctx, TASK, {"name": name})
    records.edit(ctx, TASK, [2], {"needs": "1"})
    records.edit(ctx, TASK, [3], {"needs": "B"})
    return ctx


def listed(ctx: Context, words: str) -> list[int]:
    return [row["id"] for row in records.list_records(ctx, TASK, [words], sort="id").rows]


def test_what_is_blocked_and_what_blocks(four: Context) -> None:
    assert listed(four, "is:blocked") == [2, 3]
    assert listed(four, "is:blocking") == [1, 2]
    tasks.done(four, [1])
    assert listed(four, "is:blocked") == [3]
    records.remove(four, TASK, [2])
    assert listed(four, "is:blocked") == []
    history.undo(four)
    assert listed(four, "is:blocked") == [3]


@pytest.mark.parametrize(
    ("typed", "left"), [("1,4", [1, 4]), ("+4", [2, 4]), ("-2,+1", [1]), ("", []), ("task:4", [4]), ("۱", [1])]
)
def test_what_a_task_needs_is_edited(four: Context, typed: str, left: list[int]) -> None:
    records.edit(four, TASK, [3], {"needs": typed})
    assert needs.still_open(four.reader, [3]).get(3, []) == left
    history.undo(four)
    assert needs.still_open(four.reader, [3]) == {3: [2]}


def test_its_page_shows_what_it_needs_and_what_needs_it(four: Context) -> None:
    tasks.done(four, [1])
    page = records.show(four, TASK, 2)
    assert [(section.key, [row["id"] for row in section.rows.rows]) for section in page.sections] == [
        ("needs", [1]), ("needed_by", [3])
    ]  # fmt: skip


def test_nothing_is_said_twice(four: Context) -> None:
    assert records.edit(four, TASK, [3], {"needs": "2"}).ids == ()


def test_a_ring_is_refused(four: Context) -> None:
    for number, typed in ((1, "3"), (1, "1"), (2, "+3")):
        with pytest.raises(FieldError, match=r"itself|already"):
            records.edit(four, TASK, [number], {"needs": typed})
    with pytest.raises(FieldError, match="some are to be added"):
        records.edit(four, TASK, [4], {"needs": "+1,2"})
    with pytest.raises(NotFoundError):
        records.edit(four, TASK, [4], {"needs": "99"})
    records.edit(four, TASK, [2], {"needs": ""})
    records.edit(four, TASK, [1], {"needs": "3"})


def test_a_new_task_may_need_others(ctx: Context) -> None:
    records.add(ctx, TASK, {"name": "A"})
    assert records.add(ctx, TASK, {"name": "B", "needs": "A"}).ids == (2,)
    assert needs.still_open(ctx.reader, [2]) == {2: [1]}
    history.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM task_need") == 0


def test_what_is_still_needed_and_what_can_go_on_is_said(four: Context, capsys: pytest.CaptureFixture[str]) -> None:
    four.quiet = False
    tasks.done(four, [2])
    told = capsys.readouterr().err
    assert "task:2 needs what is still open: task:1" in told
    assert "task:3 C can go on now" in told
    tasks.done(four, [1, 3])
    assert "can go on" not in capsys.readouterr().err


def test_a_task_is_delegated_and_given_back(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_USER", "ada")
    records.add(ctx, TASK, {"name": "A", "owner": "me"})
    tasks.delegate(ctx, [1], "grace")
    found = records.get(ctx, TASK, 1)
    assert (found["owner"], found["delegated_by"]) == ("grace", "ada")
    assert listed(ctx, "delegated_by:me") == [1]
    monkeypatch.setenv("CRM_USER", "grace")
    ctx.tick()
    tasks.delegate(ctx, [1], "ada")
    assert records.get(ctx, TASK, 1)["delegated_by"] is None
    history.undo(ctx)
    assert records.get(ctx, TASK, 1)["delegated_by"] == "ada"


def test_who_takes_part_is_touched_when_it_is_done(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine"})
    for name, email in (("Ada", "ada@x.org"), ("Grace", "grace@x.org"), ("Bob", "")):
        records.add(ctx, CONTACT, {"name": name, "email": email})
    with pytest.raises(FieldError, match="no e-mail address"):
        records.add(ctx, TASK, {"name": "Meet", "attendees": "Bob"})
    records.add(ctx, TASK, {
        "name": "Meet", "type": "meeting", "on": "deal:1", "contact": "Ada", "minutes": "45",
        "attendees": "Ada, GRACE@x.org, stranger@y.org",
    })  # fmt: skip
    assert records.get(ctx, TASK, 1)["attendees"] == "Ada <ada@x.org>, grace@x.org, stranger@y.org"
    records.edit(ctx, TASK, [1], {"attendees": "-stranger@y.org,+new@z.org"})
    assert records.get(ctx, TASK, 1)["attendees"] == "Ada <ada@x.org>, grace@x.org, new@z.org"
    assert listed(ctx, "attendees:grace") == [1]
    tasks.done(ctx, [1], "good")
    rows = ctx.reader.rows("SELECT kind, contact_id, opportunity_id, body FROM interaction ORDER BY id")
    assert [tuple(row) for row in rows] == [("meeting", 1, 1, "Meet: good"), ("meeting", 2, None, "Meet: good")]
    assert records.get(ctx, CONTACT, 2)["last_touch"] is not None
    assert records.get(ctx, CONTACT, 3)["last_touch"] is None


def test_an_email_that_was_a_task_is_one_from_us(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    records.add(ctx, TASK, {"name": "Write", "type": "email", "contact": "Ada"})
    tasks.done(ctx, [1])
    ada = records.get(ctx, CONTACT, 1)
    assert ada["waiting_since"] is not None
    assert ada["owed_since"] is None


def test_a_purge_forgets_what_a_task_needed_and_what_was_said_of_it(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada Lovelace", "email": "ada@x.org"})
    records.add(ctx, CONTACT, {"name": "Grace Hopper"})
    for assigned in (
        {"name": "Hers", "contact": "Ada Lovelace"},
        {"name": "Waits", "contact": "Grace Hopper", "needs": "1", "attendees": "Ada Lovelace"},
        {"name": "First", "needs": ""},
    ):
        records.add(ctx, TASK, assigned)
    records.edit(ctx, TASK, [1], {"needs": "3"})
    ctx.reader.run("INSERT INTO sync_place (url, digest) VALUES ('x', 'x')")
    for number in (1, 2):
        ctx.reader.run(
            "INSERT INTO sync_link (place_id, href, digest, entity, record_id, base) VALUES (1, '', ?, 'task', ?, 'A')",
            (str(number), number),
        )
    told = purge(ctx, CONTACT, [1]).lines
    assert "purged contact:1, with 1 task;" in told[0]
    assert [row[0] for row in ctx.reader.rows("SELECT record_id FROM sync_link")] == [2]
    assert ctx.reader.value("SELECT count(*) FROM task_need") == 0
    assert any("task:2" in line for line in told), "who takes part elsewhere is told"
