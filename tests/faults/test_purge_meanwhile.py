"""A purge, a change of what was shown, or of what others are worked out from, and a colleague who writes at the same
moment, on PostgreSQL: one of them waits, whoever comes first, nothing of the purged person is left, and what is worked
out holds. (SQLite has one writer anyway.)"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import ConflictError, CrmError, NotFoundError
from crmcli.services import checking, deals, history, records, stages, tags, tasks, timeline
from crmcli.services.undoing import undo
from crmcli.store import derived
from tests.support import books
from tests.support.books import everything

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.postgres import Server


@pytest.fixture
def two(pg_server: Server) -> Iterator[tuple[Context, Context]]:
    """Two people at one book: contact:1 and deal:1, each with a task."""
    name = f"meanwhile_{time.monotonic_ns()}"
    url = books.copy_database(pg_server, books.make_template(pg_server), name)
    one, other = (Context(Settings({"db": url}), quiet=True, plugins=False) for _ in range(2))
    records.add(one, CONTACT, {"name": "Xen Quux", "email": "xq@p.example"})
    records.add(one, DEAL, {"name": "Engine", "tags": "hot"})
    records.add(one, TASK, {"name": "Ring zirconium", "on": "contact:1"})
    records.add(one, TASK, {"name": "Ring tungsten", "on": "deal:1"})
    yield one, other
    one.close()
    other.close()
    pg_server.drop(name)


def at_once(
    one: Context,
    other: Context,
    source: str,
    first: Callable[[], object],
    second: Callable[[], object],
    last: Callable[[], object] | None = None,
    *,
    alone: bool = False,
) -> object:
    """Do `first` in a transaction of `one` that ends, after `last`, when `second`, in a thread of `other`, waits for
    it; what became of `second`: what it returned or raised."""
    left: list[object] = []

    def run() -> None:
        try:
            left.append(second())
        except CrmError as error:
            left.append(error)

    thread = threading.Thread(target=run)
    waiting = other.reader.value("SELECT pg_backend_pid()")
    command = "do 'Xen Quux' zirconium tungsten" if source == "cli" else ""
    with one.writing(source, command=command, alone=alone) as tx:
        first()
        tx.flush()
        thread.start()
        end = time.monotonic() + 30
        while not one.reader.value("SELECT pg_backend_pid() = ANY(pg_blocking_pids(?))", (waiting,)):
            assert thread.is_alive(), f"it did not wait: {left}"
            assert time.monotonic() < end
            time.sleep(0.01)
        if last:
            last()
    thread.join(30)
    return left[0]


WRITES: dict[str, Callable[[Context], object]] = {
    "edit": lambda ctx: records.edit(ctx, CONTACT, [1], {"email": "xen.quux@p.example"}),
    "task": lambda ctx: records.add(ctx, TASK, {"name": "Write zirconium", "on": "contact:1"}),
    "note": lambda ctx: timeline.add(ctx, CONTACT, 1, "note", "likes zirconium"),
    "link": lambda ctx: records.edit(ctx, DEAL, [1], {"contact": "1"}),
    "done": lambda ctx: tasks.done(ctx, [1]),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_a_colleague_was_saving_is_purged_too(two: tuple[Context, Context], name: str) -> None:
    one, other = two
    left = at_once(one, other, "cli", lambda: WRITES[name](one), lambda: history.purge(other, CONTACT, [1]))
    assert not isinstance(left, CrmError), left
    assert [word for word in ("xen", "quux", "xq@", "zirconium") if word in everything(one)] == []
    assert one.reader.rows("SELECT id, contact_id FROM task") == [(2, None)]


@pytest.mark.parametrize("name", WRITES)
def test_what_comes_after_a_purge_finds_nobody(two: tuple[Context, Context], name: str) -> None:
    one, other = two
    left = at_once(one, other, "purge", lambda: history.purge(one, CONTACT, [1]), lambda: WRITES[name](other))
    assert isinstance(left, (ConflictError, NotFoundError)), left
    assert "constraint" not in str(left)
    assert [word for word in ("xen", "xq@", "zirconium") if word in everything(one)] == []


def test_a_deal_is_purged_with_its_task_that_is_done_meanwhile(two: tuple[Context, Context]) -> None:
    one, other = two
    left = at_once(one, other, "cli", lambda: tasks.done(one, [2]), lambda: history.purge(other, DEAL, [1]))
    assert not isinstance(left, CrmError), left
    assert "tungsten" not in everything(one)


@pytest.mark.parametrize("verb", ["merge", "delete"])
def test_a_tag_goes_from_what_got_it_meanwhile(two: tuple[Context, Context], verb: str) -> None:
    one, other = two
    records.add(one, CONTACT, {"name": "Ada", "tags": "cold"})

    def forget(ctx: Context) -> Callable[[], object]:
        return lambda: tags.merge(ctx, "hot", "cold") if verb == "merge" else tags.delete(ctx, "hot")

    left = at_once(one, other, "cli", lambda: tags.add(one, "hot", CONTACT, [2]), forget(other))
    assert not isinstance(left, CrmError), left
    assert one.reader.rows("SELECT t.name FROM contact_tag c JOIN tag t ON t.id = c.tag_id") == [("cold",)]
    tags.add(one, "hot", CONTACT, [2])
    late = at_once(one, other, "cli", forget(one), lambda: tags.add(other, "hot", DEAL, [1]))
    assert isinstance(late, ConflictError), late
    assert late.message == "the tag, which this is linked to, went away meanwhile; nothing was saved"


def names(ctx: Context) -> None:
    with ctx.writing() as tx:
        tx.names_alone()


def qualified(ctx: Context) -> None:
    with ctx.writing() as tx:
        stages.hold(tx, ctx.reader.value("SELECT id FROM stage WHERE name_key = 'qualified'"))


def city(ctx: Context) -> None:
    records.edit(ctx, DEAL, [1], {"city": "Rome"})


#: What the colleague takes first, and what is done meanwhile to deal:1 or lead:2 as it was shown.
SHOWN: dict[str, tuple[Callable[[Context], object], Callable[[Context], object]]] = {
    "names": (names, lambda ctx: records.edit(ctx, DEAL, [1], {"company": "New Co"})),
    "stage": (qualified, lambda ctx: deals.move(ctx, DEAL, [1], "qualified")),
    "looked at": (names, lambda ctx: records.add(ctx, TASK, {"name": "x", "on": "deal:1", "type": "brand new"})),
    "record": (city, lambda ctx: records.edit(ctx, DEAL, [1], {"city": "Bern"})),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_was_shown_is_compared_and_nobody_waits_for_ever(two: tuple[Context, Context], name: str) -> None:
    one, other = two
    first, second = SHOWN[name]
    before = everything(other)

    def meant() -> object:
        with other.as_seen("deal", records.versions(other, DEAL, [1])):
            return second(other)

    left = at_once(one, other, "cli", lambda: first(one), meant, lambda: city(one))
    assert isinstance(left, ConflictError), left
    assert left.message == "changed since they were shown, so nothing was changed:\n  deal:1 Engine"
    assert one.reader.rows("SELECT city FROM opportunity") == [("Rome",)]
    assert "brand new" not in everything(one)
    assert "rome" not in before


def test_a_lead_is_converted_as_it_was_shown(two: tuple[Context, Context]) -> None:
    one, other = two
    records.add(one, LEAD, {"name": "L", "company": "New Co"})

    def convert() -> object:
        with other.as_seen("lead", records.versions(other, LEAD, [2])):
            return deals.convert(other, 2)

    left = at_once(one, other, "cli", lambda: names(one), convert, lambda: records.edit(one, LEAD, [2], {"city": "R"}))
    assert str(left).startswith("changed since they were shown"), left
    assert one.reader.rows("SELECT kind FROM opportunity WHERE id = 2") == [("lead",)]
    assert one.reader.rows("SELECT id FROM company") == []


# --- what is worked out from other rows -----------------------------------------------------------------------------


def task(ctx: Context, on: str = "deal:1") -> object:
    return records.add(ctx, TASK, {"name": "Weigh", "on": on, "due": "2026-12-01"})


def call(ctx: Context, deal: int = 1, at: str = "") -> object:
    return timeline.add(ctx, DEAL, deal, "call", "hello", at=at)


#: What somebody has written and not committed yet, and what the colleague writes meanwhile.
DERIVED: dict[str, tuple[Callable[[Context], object], Callable[[Context], object]]] = {
    "tasks": (task, task),
    "task done": (lambda ctx: tasks.done(ctx, [2]), task),
    "task taken back": (task, undo),
    "calls of one company": (call, lambda ctx: call(ctx, 2, at="2020-01-01")),
    "deal of another company": (lambda ctx: records.edit(ctx, DEAL, [1], {"company": "2"}), call),
    "deal of another person": (lambda ctx: records.edit(ctx, DEAL, [1], {"contact": "2"}), call),
    "person of another company": (lambda ctx: records.edit(ctx, CONTACT, [1], {"company": "2"}), call),
}


@pytest.mark.parametrize("name", DERIVED)
def test_what_is_worked_out_knows_what_a_colleague_wrote(two: tuple[Context, Context], name: str) -> None:
    one, other = two
    for company in ("Acme", "Beta"):
        records.add(one, COMPANY, {"name": company})
    records.add(one, CONTACT, {"name": "Yan"})
    records.add(one, DEAL, {"name": "Pump", "company": "1"})
    records.edit(one, CONTACT, [1], {"company": "1"})
    records.edit(one, DEAL, [1], {"company": "1", "contact": "1"})
    call(one, 2, at="2019-01-01")
    task(other)
    first, second = DERIVED[name]

    def written() -> None:
        with one.writing() as tx:
            first(one)
            tx.flush()
            tx.settle()

    left = at_once(one, other, "cli", written, lambda: second(other))
    assert not isinstance(left, CrmError), left
    assert derived.differences(one.reader) == []


def counted(ctx: Context, deal: int) -> None:
    """A task, and what is worked out from it, in a transaction that goes on; nothing else is read."""
    with ctx.writing() as tx:
        tx.add("task", {"name": "Weigh", "opportunity_id": deal})
        tx.flush()
        tx.settle()


def held(table: str, number: int) -> Callable[[Context], None]:
    return lambda ctx: derived.hold(ctx.reader, {table: [number]})


def moved(ctx: Context) -> None:
    with ctx.writing() as tx:
        tx.change("company", 1, {"city": "Bern"})


#: What somebody takes first, what a colleague does who needs it and more, and what the first one takes then.
CROSSING: dict[str, tuple[Callable[[Context], object], ...]] = {
    "edit": (
        lambda ctx: counted(ctx, 1), lambda ctx: records.edit(ctx, DEAL, [2, 1], {"city": "Rome"}),
        lambda ctx: counted(ctx, 2),
    ),
    "tasks": (held("task", 1), lambda ctx: tasks.done(ctx, [2, 1]), held("task", 2)),
    "undo": (held("opportunity", 1), undo, held("company", 1)),
    "repair": (moved, lambda ctx: checking.renew(ctx.reader), lambda ctx: counted(ctx, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", CROSSING)
def test_who_takes_many_records_has_none_while_waiting(two: tuple[Context, Context], name: str) -> None:
    one, other = two
    records.add(one, COMPANY, {"name": "Acme"})
    records.add(one, DEAL, {"name": "Pump"})
    with other.writing("test"):
        records.edit(other, COMPANY, [1], {"city": "Kyiv"})
        records.edit(other, DEAL, [1], {"city": "Kyiv"})
    first, second, last = CROSSING[name]
    left = at_once(one, other, "cli", lambda: first(one), lambda: second(other), lambda: last(one))
    assert not isinstance(left, CrmError), left
    assert derived.differences(one.reader) == []
