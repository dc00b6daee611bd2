"""Lists in the order of urgency and what it is made of, on both engines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli import config
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.errors import UsageError
from crmcli.services import custom, deals, exporting, pipelines, records, rhythms, saved_views, tasks, timeline, urgency
from crmcli.store import read
from tests.support import books, nasty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crmcli.domain.fields import Entity
    from tests.support.postgres import Server

KINDS = (TASK, LEAD, DEAL, CONTACT, COMPANY)


def ids(ctx: Context, kind: Entity, *words: str, **options: Any) -> list[int]:
    return [row["id"] for row in records.list_records(ctx, kind, words, **options).rows]


def terms(ctx: Context, kind: Entity, number: int) -> dict[str, tuple[int, str]]:
    """term -> (product in hundredths, why)."""
    return {row["term"]: (row["product"], row["why"]) for row in urgency.why(ctx, kind, number).rows}


@pytest.fixture
def ten(ctx: Context) -> Context:
    """Ten tasks: some due, of some priority; the last two are alike."""
    for i in range(8):
        due = "" if i % 3 == 0 else f"{'+' if i % 2 else '-'}{i}d"
        records.add(ctx, TASK, {"name": f"T{i}", "due": due, "priority": ("none", "high")[i % 2]})
    for name in ("T8", "T9"):
        records.add(ctx, TASK, {"name": name, "due": "-2d"})
    return ctx


def test_the_most_urgent_come_first_and_of_equals_the_older(ten: Context) -> None:
    points = urgency.Gauge(ten, TASK).of(range(1, 11))
    expected = sorted(points, key=lambda number: (-points[number], number))
    assert points[9] == points[10]
    assert len(set(points.values())) > 5
    assert ids(ten, TASK, sort="-urgency") == ids(ten, TASK, sort="-urgency", limit=0) == expected
    assert ids(ten, TASK, sort="urgency") == expected[::-1]
    assert ids(ten, TASK, sort="-urgency", limit=3) == expected[:3]
    assert ids(ten, TASK, "priority:high", sort="-urgency") == [n for n in expected if n % 2 == 0 and n < 9]
    shown = list(records.list_records(ten, TASK, sort="-urgency", columns="+urgency").rows)
    assert [row["urgency"] for row in shown] == [points[number] for number in expected]


@pytest.mark.parametrize("sort", ["urgency", "-urgency"])
@pytest.mark.parametrize("back", [False, True])
def test_pages_go_through_all_of_them_once(ten: Context, sort: str, back: bool) -> None:
    whole, found, cursor = ids(ten, TASK, sort=sort, limit=0), [], ""
    while cursor or not found:
        rows = records.list_records(ten, TASK, sort=sort, limit=3, page=cursor, back=back)
        some = [row["id"] for row in rows.rows]
        found = some + found if back else found + some
        cursor = rows.cursor
    assert found == whole


def test_the_pages_of_a_list_are_as_of_the_moment_of_the_first(ten: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(records.list_records(ten, TASK, sort="-urgency", columns="id,urgency", limit=0).rows)
    first = records.list_records(ten, TASK, sort="-urgency", columns="id,urgency", limit=4)
    monkeypatch.setenv("CRM_NOW", "2026-11-27T10:00:00+00:00")
    ten.tick()
    later = records.list_records(ten, TASK, sort="-urgency", columns="id,urgency", limit=0)
    assert list(later.rows) != whole
    rest = records.list_records(ten, TASK, sort="-urgency", columns="id,urgency", limit=9, page=first.cursor)
    assert [*first.rows, *rest.rows] == whole


def test_a_cursor_of_another_list_is_refused(ten: Context) -> None:
    cursors = {
        sort: records.list_records(ten, TASK, sort=sort, limit=2).cursor for sort in ("-urgency", "urgency", "name,id")
    }
    for sort in cursors:
        for of, cursor in cursors.items():
            if of != sort:
                with pytest.raises(UsageError, match="of another list"):
                    records.list_records(ten, TASK, sort=sort, page=cursor)
    with pytest.raises(UsageError, match="not a --page cursor"):
        urgency.page(ten, TASK, records.bound(ten, TASK, ""), "-", limit=2, after=["soon", 1, 2])


def test_the_column_stands_in_lists_of_any_order(ten: Context) -> None:
    points = urgency.Gauge(ten, TASK).of(range(1, 11))
    for limit in (0, 4):
        rows = records.list_records(ten, TASK, sort="name", columns="urgency", limit=limit)
        assert [column.label for column in rows.columns] == ["Urgency"]
        assert isinstance(rows.rows, list) == bool(limit), "a page is read at once, by whoever may ask the book"
        assert [row["urgency"] for row in rows.rows] == [points[number] for number in range(1, (limit or 10) + 1)]
    usual = [column.name for column in records.list_records(ten, TASK).columns]
    more = records.list_records(ten, TASK, columns="+urgency,+minutes, name")
    assert [column.name for column in more.columns] == [*usual, "urgency", "minutes"]
    every = records.list_records(ten, TASK, columns="all")
    assert "urgency" not in [column.name for column in every.columns]
    rows = exporting.export(ten, TASK, [], format="json", columns="id,urgency")
    assert [row["urgency"] for row in rows.rows] == [points[number] for number in range(1, 11)]  # type: ignore[union-attr]


def test_views_and_settings_keep_it(ten: Context) -> None:
    saved_views.save(ten, "hot", TASK, "priority:high", columns="id,urgency", sort="-urgency")
    assert ids(ten, TASK, "view:hot") == ids(ten, TASK, "priority:high", sort="-urgency")
    config.write("columns.task", "id,urgency,name")
    again = Context(Settings(ten.settings.flags), plugins=False)
    assert [column.name for column in records.list_records(again, TASK).columns] == ["id", "urgency", "name"]
    again.close()
    with pytest.raises(UsageError, match="no other order"):
        saved_views.save(ten, "hot", TASK, "", sort="-urgency,name")
    with pytest.raises(UsageError, match="no field 'urgency'"):
        saved_views.save(ten, "talks", INTERACTION, "", sort="-urgency")


def test_a_field_of_that_name_which_people_added_is_theirs(ten: Context) -> None:
    custom.add(ten, "task", "urgency", "integer")
    records.edit(ten, TASK, [3], {"urgency": "7"})
    rows = records.list_records(ten, TASK, ["urgency:7"], sort="-urgency", columns="id,urgency").rows
    assert [(row["id"], row["urgency"]) for row in rows] == [(3, 7)]


def test_too_many_for_an_order_are_refused(ten: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urgency, "MOST", 9)
    with pytest.raises(UsageError, match="10 tasks fit: urgency is worked out for each of them, and for 9 at most"):
        ids(ten, TASK, sort="-urgency", limit=1)
    assert len(ids(ten, TASK, "id:1..9", sort="-urgency")) == 9
    assert len(list(records.list_records(ten, TASK, columns="urgency").rows)) == 10


def test_there_is_no_query_per_row(ten: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(20):
        records.add(ten, DEAL, {"name": f"D{i}", "value": "1k"})
        records.add(ten, TASK, {"name": f"on D{i}", "on": f"deal:{i + 1}"})
    asked: list[str] = []
    ask = ten.reader.rows
    monkeypatch.setattr(ten.reader, "rows", lambda sql, params=(): (asked.append(sql), ask(sql, params))[1])
    few, many = ([], [])
    for found, words in ((few, ["id:1..12"]), (many, [])):
        asked.clear()
        ids(ten, TASK, *words, sort="-urgency", limit=0)
        found += asked
    assert len(few) == len(many) < 15


def test_a_task_is_as_urgent_as_the_deal_that_it_hangs_on(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Small", "value": "1000", "close_on": "+15d", "probability": "40"})
    records.add(ctx, DEAL, {"name": "Large", "value": "3000"})
    records.add(ctx, DEAL, {"name": "Yen", "value": "7 JPY"})
    records.add(ctx, DEAL, {"name": "Gone", "value": "1000000"})
    records.remove(ctx, DEAL, [4])
    records.add(ctx, TASK, {"name": "Call", "on": "lead:1"})
    records.add(ctx, TASK, {"name": "Sell", "on": "deal:2"})
    records.add(ctx, TASK, {"name": "Export", "on": "deal:3"})
    found = terms(ctx, TASK, 1)
    assert found["closing"] == (250, "lead:1: is to close in 15 days")
    assert found["value"] == (100, "lead:1: worth 1,000.00 EUR, on average it is 2,000.00")
    assert found["chance"] == (80, "lead:1: 40% to win")
    assert terms(ctx, TASK, 2)["value"] == (180, "deal:2: worth 3,000.00 EUR, on average it is 2,000.00")
    assert terms(ctx, TASK, 3)["value"] == (150, "deal:3: worth 7 JPY, on average it is 7")
    deals.won(ctx, DEAL, [2])
    assert "value" not in terms(ctx, TASK, 2)


def test_amounts_beyond_the_integers_of_a_database_have_an_average(ctx: Context) -> None:
    with ctx.writing() as tx:
        stage = tx.connection.one("SELECT id, pipeline_id FROM stage WHERE name_key = 'new'")
        assert stage is not None
        for i in range(3):
            tx.add("deal", {
                "name": f"D{i}", "value_minor": 2**62, "currency": "EUR", "stage_id": stage[0],
                "pipeline_id": stage[1],
            })  # fmt: skip
    assert terms(ctx, DEAL, 1)["value"][0] == 150


def test_they_wrote_last(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Engines"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "Engines"})
    records.add(ctx, DEAL, {"name": "No. 2", "contact": "Ada"})
    for name, on in (("of Ada", "contact:1"), ("of Engines", "company:1"), ("of No. 2", "deal:1")):
        records.add(ctx, TASK, {"name": name, "on": on})
    timeline.add(ctx, CONTACT, 1, "email", "When can you deliver?", direction="in", at="-3d")
    said = (500, "they wrote last, 3 days ago")
    assert [terms(ctx, kind, 1).get("owed") for kind in (CONTACT, COMPANY, DEAL)] == [said, said, None]
    assert [terms(ctx, TASK, number).get("owed") for number in (1, 2, 3)] == [said, said, None]
    timeline.add(ctx, DEAL, 1, "email", "And the price?", direction="in", at="-3d")
    assert (terms(ctx, DEAL, 1)["owed"], terms(ctx, TASK, 3)["owed"]) == (said, said)
    timeline.add(ctx, DEAL, 1, "email", "100", direction="out", at="-1d")
    assert not any("owed" in terms(ctx, kind, 1) for kind in (CONTACT, COMPANY, DEAL))
    assert not any("owed" in terms(ctx, TASK, number) for number in (1, 2, 3))


def test_stages_say_when_a_deal_rots_and_tasks_what_waits(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    records.add(ctx, DEAL, {"name": "No. 2"})
    records.add(ctx, TASK, {"name": "Draw", "on": "deal:1", "due": "+20d"})
    records.add(ctx, TASK, {"name": "Build", "on": "deal:1", "due": "-20d", "needs": "1"})
    assert terms(ctx, TASK, 1)["blocking"] == (800, "needed first by 1 open task")
    assert terms(ctx, TASK, 2)["blocked"] == (-500, "it waits for 1 open task")
    assert [row["id"] for row in urgency.next_tasks(ctx).rows] == [1]
    assert [row["id"] for row in urgency.next_tasks(ctx, ["build", "or", "draw"]).rows] == [1]
    tasks.done(ctx, [1])
    assert terms(ctx, TASK, 2).keys() & {"blocked", "blocking"} == set()
    assert [row["id"] for row in urgency.next_tasks(ctx).rows] == [2]
    assert terms(ctx, TASK, 1) == {"urgency": (0, "it is done: nothing about it is urgent")}
    monkeypatch.setenv("CRM_NOW", "2026-12-11T10:00:00+00:00")
    ctx.tick()
    assert terms(ctx, DEAL, 1)["silent"] == (286, "no touch for 20 days, silent from 14 on")
    pipelines.stage_edit(ctx, "New", {"rot_days": "10"})
    found = terms(ctx, DEAL, 1)
    assert "silent" not in found
    assert found["rotting"] == (500, "20 days in New without a touch, rotting from 10 on")


def test_birthdays_occasions_and_rhythms(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "birthday": "1815-12-10", "rhythm": "30d"})
    records.add(ctx, COMPANY, {"name": "Engines"})
    assert "occasion" not in terms(ctx, CONTACT, 1)
    with ctx.writing() as tx:
        tx.add("occasion", {"name": "founded", "company_id": 1, "on_day": "1990-11-28", "calendar": "gregorian"})
        tx.add("occasion", {"name": "wedding", "contact_id": 1, "on_day": "2020-11-22", "calendar": "jalali"})
    rhythms.put(ctx, COMPANY, ["industry:steel"], "4w")
    assert terms(ctx, COMPANY, 1)["occasion"] == (240, "founded in 7 days")
    assert terms(ctx, CONTACT, 1)["occasion"][1] == "wedding in 2 days"
    timeline.add(ctx, CONTACT, 1, "call", "Hello", at="-45d")
    assert "touch" not in terms(ctx, COMPANY, 1)
    timeline.add(ctx, COMPANY, 1, "visit", "Hello", at="-42d")
    assert "touch" not in terms(ctx, COMPANY, 1)
    records.edit(ctx, COMPANY, [1], {"industry": "Steel"})
    assert terms(ctx, COMPANY, 1)["touch"] == (450, "no touch for 42 days, and one is due every 28 days")
    records.edit(ctx, COMPANY, [1], {"touch_from": "tomorrow"})
    assert "touch" not in terms(ctx, COMPANY, 1)
    assert terms(ctx, CONTACT, 1)["touch"] == (450, "no touch for 45 days, and one is due every 30 days")


def test_coefficients_are_settings(ten: Context) -> None:
    records.edit(ten, TASK, [2], {"tags": "next", "type": "call"})
    before = terms(ten, TASK, 2)
    for name, value in (
        ("due", "0"),
        ("priority", "-2.5"),
        ("tag.Next", "15"),
        ("type.call", "0.25"),
        ("tag.cold", "9"),
    ):
        config.write(f"urgency.{name}", value)
    again = Context(Settings(ten.settings.flags), plugins=False)
    found = terms(again, TASK, 2)
    assert found["tag:Next"] == (1500, "it has the tag Next")
    assert found["type:call"] == (25, "its type is call")
    assert found["priority"][0] == -250
    assert not {"due", "tag:cold"} & found.keys()
    assert found["urgency"][0] == before["urgency"][0] - before["due"][0] - 600 - 250 + 1525
    again.close()


# --- the same on both engines ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(book_template: Path, tmp_path_factory: pytest.TempPathFactory, pg_server: Server) -> Iterator[list[Context]]:
    """The same nasty book on SQLite and on PostgreSQL."""
    name = f"urgent_{time.monotonic_ns()}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", books.NOW)
        patch.setenv("USER", "tester")
        patch.setenv("TZ", "UTC")
        path = books.copy_file(book_template, tmp_path_factory.mktemp("urgent") / "crm.db")
        url = books.copy_database(pg_server, books.make_template(pg_server), name)
        opened = [Context(Settings({"db": target}), quiet=True, plugins=False) for target in (str(path), url)]
        for context in opened:
            nasty.fill(context)
        yield opened
        for context in opened:
            context.close()
    pg_server.drop(name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_both_engines_have_one_order_and_the_sums_are_those_of_the_terms(pair: list[Context], kind: Entity) -> None:
    first, second = (
        [(row["id"], row["urgency"]) for row in found.rows]
        for found in (
            records.list_records(ctx, kind, ["is:any"], sort="-urgency", columns="id,urgency", limit=0) for ctx in pair
        )
    )
    assert first == second
    assert len({points for _, points in first}) > 3
    for number, points in first:
        *lines, total = urgency.why(pair[0], kind, number).rows
        assert (total["term"], total["product"]) == ("urgency", points)
        assert sum(line["product"] for line in lines) == points


@given(
    st.sampled_from(KINDS),
    st.sampled_from(["urgency", "-urgency"]),
    st.integers(1, 40),
    st.booleans(),
    st.sampled_from(["is:any", "is:any is:mine", "is:any tag:vip", "is:any is:removed"]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_of_any_length_make_up_the_whole(
    pair: list[Context], kind: Entity, sort: str, limit: int, back: bool, text: str
) -> None:
    for ctx in pair:
        if "tag:vip" in text and "vip" not in ctx.names("tag"):
            text = "is:any"
        whole = [row["id"] for row in records.list_records(ctx, kind, text=text, sort=sort, limit=0).rows]
        assert sorted(whole) == read.all_ids(ctx.reader, kind, records.bound(ctx, kind, text))
        found: list[int] = []
        cursor, pages = "", 0
        while cursor or not pages:
            rows = records.list_records(ctx, kind, text=text, sort=sort, limit=limit, page=cursor, back=back)
            some = [row["id"] for row in rows.rows]
            assert len(some) == limit or not rows.cursor
            found = some + found if back else found + some
            cursor, pages = rows.cursor, pages + 1
        assert found == whole
