"""Duplicates side by side: each key, others who are quicker, books that are empty, large, foreign or hostile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.text import width
from crmcli.errors import StoreError
from crmcli.services import apart, merging, records, undoing
from crmcli.tui import app as application
from crmcli.tui.screens import duplicates as place
from crmcli.tui.screens.duplicates import DuplicatesPlace
from crmcli.tui.screens.listing import ListPlace
from crmcli.tui.screens.record import RecordPlace
from tests.tui.conftest import HOSTILE, press, screen_text, settle, toasts, until
from tests.tui.test_following import Gate
from tests.tui.test_looks import Svg
from tests.tui.test_meanwhile import other_book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.domain.fields import Entity
    from tests.tui.conftest import Book

ADA = "ada@engines.example"


def add(ctx: Context, kind: Entity, name: str, **more: str) -> int:
    return records.add(ctx, kind, {"name": name, **more}).ids[0]


@pytest.fixture
def doubles(book: Book) -> Book:
    """Beside contact 1, Ada: 2 and 3 are her too; 4 and 5 are one Persian; 6 and 7 one with a hostile name."""
    ctx = book.context
    with ctx.writing("test"):
        add(ctx, CONTACT, "Lovelace, Ada", email=ADA, city="London", phone="+44 20 7946 0000", tags="vip")
        add(ctx, CONTACT, "A. Lovelace", email=ADA, phone="+44 20 7946 0000", description="likes tea " * 30)
        for name, road in (("علي رضايي كرمانی", "خیابان آزادی ۱۲"), ("علی رضائی کرمانی", "خیابان آزادی 12")):
            add(ctx, CONTACT, name, birthday="1990-05-05", city="تهران", street=road)
        for city in HOSTILE[3:5]:
            add(ctx, CONTACT, f"{HOSTILE[1]} {HOSTILE[0]}", email="h@x.example", city=city)
    add(ctx, DEAL, "Engine", contact="contact:2", company="Analytical Engines")
    add(ctx, TASK, "Write to her", on="contact:2")
    return book


@pytest.fixture
def maya(doubles: Book, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """Somebody else at the same book, which the dashboard looks at when it is told to alone."""
    monkeypatch.setattr(application, "PULSE", 3600)
    found = Context(Settings({"user": "maya"}), command="test", quiet=True, plugins=False)
    yield found
    found.close()


async def ready(app: Any, pilot: Any) -> DuplicatesPlace:
    """The place, once the book was compared and what was found is shown."""
    await until(app, pilot, lambda: app.screen.search.found is not None and not app.screen.search.asked)
    await settle(app, pilot)
    return app.screen


def pair(app: Any) -> tuple[int, int] | None:
    sides = app.screen.sides
    return (sides.pair.a, sides.pair.b) if sides else None


def line(app: Any, label: str) -> str:
    """The line of a field on the screen."""
    found = [text for text in screen_text(app).split("\n") if text[1:].startswith(label)]
    assert found, f"no {label} in\n{screen_text(app)}"
    return found[-1]


async def to_ada(app: Any, pilot: Any) -> DuplicatesPlace:
    """To the group of three."""
    await press(app, pilot, "g", "u")
    await ready(app, pilot)
    await press(app, pilot, "J", "J")
    assert set(app.screen.case.names) == {1, 2, 3}
    return app.screen


# --- looking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_groups_and_the_pair_side_by_side(dashboard: Any, doubles: Book, size: tuple[int, int]) -> None:
    async with dashboard(size=size) as (app, pilot):
        await to_ada(app, pilot)
        shown = screen_text(app)
        assert [row.data.names for row in app.screen.query_one("#groups").rows] == [
            {4: "علي رضايي كرمانی", 5: "علی رضائی کرمانی"}, dict.fromkeys((6, 7), f"{HOSTILE[1]} {HOSTILE[0]}"),
            {1: "Ada Lovelace", 2: "Lovelace, Ada", 3: "A. Lovelace"},
        ]  # fmt: skip
        assert "3 pairs in this group" in shown
        assert ADA in shown
        a, b = pair(app) or (0, 0)
        assert re.search(rf"contact:{a} stays +contact:{b} goes", shown)
        assert re.search("● .*○ ", line(app, "Name"))
        assert "●" not in line(app, "E-mail"), "where they do not differ nothing is to be chosen"
        assert all(width(text) == size[0] for text in shown.split("\n"))


async def test_persian_and_hostile_values_keep_their_columns(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        seen = {}
        for _ in range(3):
            text = screen_text(app)
            assert all(width(text) == 80 for text in text.split("\n"))
            assert not any((ord(char) < 32 and char != "\n") or char in "\x9b\u202e" for char in text)
            seen[pair(app)] = line(app, "City"), line(app, "Name")
            await press(app, pilot, "J")
        city, name = seen[4, 5]
        assert city.count("تهران") == 2
        head, cell = name.split("●")[0], name.split("○")[0]
        assert (width(head), width(cell)) == (16, 16 + (78 - 15) // 2), name
        assert "علی رضائی کرمانی" in name
        city, name = seen[6, 7]
        assert "^[[31mred" in city
        assert "[@click=app.quit]x[/] [/]" in name


async def test_long_values_are_cut(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        screen = await to_ada(app, pilot)
        while 3 not in (pair(app) or ()):
            await press(app, pilot, "s")
        assert screen.sides is not None
        assert "likes tea likes tea" in line(app, "Description")
        assert "…" in line(app, "Description")


async def test_a_book_without_duplicates_says_so(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        assert "no contacts look like one another" in screen_text(app)
        for key in ("m", "n", "s", "h", "l", "equals_sign", "x", "j", "k", "J", "K", "enter", "o", "G", "home"):
            await press(app, pilot, key)
        assert isinstance(app.screen, DuplicatesPlace)
        await press(app, pilot, "tab")
        await ready(app, pilot)
        assert "no companies look like one another" in screen_text(app)


async def test_keys_work_while_the_book_is_compared(
    dashboard: Any, doubles: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, place.reviewing, "search")
    async with dashboard() as (app, pilot):
        await pilot.press("g", "u")
        await gate.reached()
        for _ in range(400):
            if "looking for contacts" in screen_text(app):
                break
            await pilot.pause(0.01)
        assert "looking for contacts that look like one another ..." in screen_text(app)
        await pilot.press("?")
        await pilot.pause(0.05)
        assert "They are not the same" in screen_text(app)
        await pilot.press("q", "m")
        for _ in range(400):
            if "there is no pair" in toasts(app):
                break
            await pilot.pause(0.01)
        assert "there is no pair to settle" in toasts(app)
        await pilot.press("tab", "g", "b")
        for _ in range(400):
            if app.here.where == "board":
                break
            await pilot.pause(0.01)
        assert app.here.where == "board", "neither does another kind or place keep one waiting"
        await pilot.press("g", "u")
        for _ in range(400):
            if "looking for companies" in screen_text(app):
                break
            await pilot.pause(0.01)
        assert "looking for companies" in screen_text(app)
        await pilot.press("tab", "tab", "tab", "g", "b")
        gate.open.set()
        await settle(app, pilot)
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        assert pair(app), "found while nobody looked"


# --- choosing --------------------------------------------------------------------------------------------------------


async def test_whose_value_stays_is_chosen_field_by_field(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        screen = await to_ada(app, pilot)
        while pair(app) != (1, 2):
            await press(app, pilot, "s")
        assert screen.view.key == "name"
        await press(app, pilot, "l")
        assert re.match(r".Name\* +○ Ada Lovelace +● Lovelace, Ada", line(app, "Name"))
        await press(app, pilot, "h")
        assert "● Ada Lovelace" in line(app, "Name*")
        await press(app, pilot, "right", "j")
        assert screen.view.key == "company"
        await press(app, pilot, "l")
        assert re.match(r".Company\* +○ Analytical Engines +● –", line(app, "Company"))
        await press(app, pilot, "equals_sign", "left")
        await press(app, pilot, "equals_sign")
        assert screen.keep == {"name": 2}
        await press(app, pilot, "x")
        assert re.search("contact:1 goes +contact:2 stays", screen_text(app))
        assert screen.keep == {"name": 2}
        await press(app, pilot, "G", "l")
        assert "Created belongs to the record itself" in toasts(app) or "created" not in screen.sides.differ
        await press(app, pilot, "m")
        found = records.get(doubles.context, CONTACT, 2)
        assert (found["name"], found["company"]) == ("Lovelace, Ada", "Analytical Engines")
        assert records.get(doubles.context, CONTACT, 1)["merged_into_id"] == 2


async def test_amounts_that_do_not_go_together_are_not_chosen(dashboard: Any, book: Book) -> None:
    for value, more in (("100 EUR", {"recurring": "5 EUR"}), ("200 USD", {"recurring": "9 USD"})):
        add(book.context, LEAD, "Bob Barker", email="bob@x.example", value=value, plan="monthly", **more)
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l", "D")
        await ready(app, pilot)
        screen = app.screen
        screen.view.place("value")
        await press(app, pilot, "l")
        screen.view.place("recurring")
        await press(app, pilot, "h")
        assert "has one currency" in toasts(app)
        assert set(screen.keep) == {"value"}
        assert "was left" not in toasts(app)


# --- settling --------------------------------------------------------------------------------------------------------


async def test_a_group_of_three_becomes_one_and_is_taken_apart_again(dashboard: Any, doubles: Book) -> None:
    ctx = doubles.context
    async with dashboard() as (app, pilot):
        screen = await to_ada(app, pilot)
        first = pair(app)
        await press(app, pilot, "m")
        assert "merged contact:" in toasts(app)
        second = pair(app)
        assert second != first
        assert {*(first or ()), *(second or ())} == {1, 2, 3}, "what is left of the group comes next"
        await press(app, pilot, "m")
        assert set(pair(app) or ()) & {1, 2, 3} == set()
        assert len(list(records.list_records(ctx, CONTACT, [f"email:{ADA}"]).rows)) == 1
        [left] = [row["id"] for row in records.list_records(ctx, CONTACT, [f"email:{ADA}"]).rows]
        assert records.get(ctx, TASK, ctx.reader.value("SELECT max(id) FROM task"))["contact_id"] == left
        await press(app, pilot, "u")
        assert pair(app) == second, "what was taken back is looked at again"
        await press(app, pilot, "u")
        assert pair(app) == first
        assert len(list(records.list_records(ctx, CONTACT, [f"email:{ADA}"]).rows)) == 3
        assert len(screen.cases) == 3


async def test_what_is_told_apart_is_remembered_and_can_be_undone(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        told = pair(app)
        await press(app, pilot, "n")
        assert apart.pairs(doubles.context.reader, "contact") == {told}
        assert "told apart" in toasts(app)
        assert pair(app) not in (None, told)
        await press(app, pilot, "r")
        await ready(app, pilot)
        assert told not in [(one.a, one.b) for case in app.screen.cases for one in case.pairs]
        await press(app, pilot, "u")
        await ready(app, pilot)
        assert pair(app) == told
        assert apart.pairs(doubles.context.reader, "contact") == set()


async def test_undo_takes_back_what_was_settled_here_and_nothing_else(dashboard: Any, doubles: Book) -> None:
    ctx = doubles.context
    records.remove(ctx, LEAD, [10])

    def removed() -> bool:
        return records.get(ctx, LEAD, 10)["removed_at"] is not None

    async with dashboard() as (app, pilot):
        await to_ada(app, pilot)
        batches = ctx.reader.value("SELECT max(id) FROM batch")
        await press(app, pilot, "s", "u")
        assert "nothing was merged or told apart here" in toasts(app)
        assert (ctx.reader.value("SELECT max(id) FROM batch"), removed()) == (batches, True)
        await press(app, pilot, "n", "tab")  # it is the last one also where another kind is looked at
        records.restore(ctx, LEAD, [10])
        records.remove(ctx, LEAD, [10])
        await press(app, pilot, "u")
        assert (apart.pairs(ctx.reader, "contact"), removed()) == (set(), True)
        app.clear_notifications()
        await press(app, pilot, "u")
        assert "nothing was merged or told apart here" in toasts(app)
        assert removed()


async def test_keys_that_come_at_once_take_back_what_they_settled(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await to_ada(app, pilot)
        first = pair(app)
        for key in "mu":
            await pilot.press(key)
        await settle(app, pilot)
        assert pair(app) == first
        assert not list(records.list_records(doubles.context, CONTACT, ["is:merged"]).rows)


async def test_a_pair_that_somebody_took_apart_is_not_taken_back_again(dashboard: Any, doubles: Book) -> None:
    ctx = doubles.context
    async with dashboard() as (app, pilot):
        await to_ada(app, pilot)
        await press(app, pilot, "m", "n")
        undoing.undo(ctx, ctx.reader.value("SELECT max(id) FROM batch"))
        await press(app, pilot, "u")
        assert not list(records.list_records(ctx, CONTACT, ["is:merged"]).rows), "the one before it is"


async def test_what_is_skipped_comes_again_when_it_is_asked_for(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        seen = []
        while pair(app):
            seen.append(pair(app))
            await press(app, pilot, "s")
        assert len(seen) == len(set(seen)) == 5
        assert "no more contacts look like one another; 5 skipped" in screen_text(app)
        await press(app, pilot, "tab", "tab", "tab", "tab")
        await ready(app, pilot)
        assert pair(app) is None
        await press(app, pilot, "r")
        await ready(app, pilot)
        assert pair(app) == seen[0]
        assert apart.pairs(doubles.context.reader, "contact") == set()


async def test_two_quick_keys_settle_one_pair(dashboard: Any, doubles: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        gate = Gate(monkeypatch, place.reviewing, "merge")
        first = pair(app)
        await pilot.press("m", "m", "n", "x", "l", "s")
        await gate.reached()
        gate.open.set()
        await ready(app, pilot)
        await settle(app, pilot)
        gone = [n for n in range(1, 8) if records.get(doubles.context, CONTACT, n)["merged_into_id"]]
        assert len(gone) == 1
        assert set(gone) < set(first or ())
        assert apart.pairs(doubles.context.reader, "contact") == set()
        assert app.screen.search.skipped == set()


# --- others at the same book -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["m", "n"])
async def test_a_pair_that_somebody_changed_is_not_settled(
    dashboard: Any, doubles: Book, maya: Context, key: str
) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        first = pair(app)
        assert first
        records.edit(maya, CONTACT, [first[1]], {"city": "Rome"})
        await press(app, pilot, key)
        assert f"contact:{first[1]}" in toasts(app)
        assert "changed since they were shown" in toasts(app)
        assert pair(app) == first
        assert "Rome" in line(app, "City"), "and it is shown how it stands"
        assert not records.get(doubles.context, CONTACT, first[1])["removed_at"]
        assert apart.pairs(doubles.context.reader, "contact") == set()
        await press(app, pilot, key)
        assert pair(app) != first


async def test_a_pair_that_somebody_merged_goes_and_the_place_is_kept(
    dashboard: Any, doubles: Book, maya: Context
) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        await press(app, pilot, "J", "j")
        first, field = pair(app), app.screen.view.key
        assert first
        add(maya, TASK, "Call them", on=f"contact:{first[1]}")
        app.beat()
        await settle(app, pilot)
        assert (pair(app), app.screen.view.key) == (first, field)
        assert "moves along: 1 task" in screen_text(app)
        merging.merge(maya, CONTACT, list(first))
        app.beat()
        await settle(app, pilot)
        await ready(app, pilot)
        assert pair(app) not in (None, first)
        merging.merge(maya, CONTACT, list(pair(app) or ()))
        before = pair(app)
        await press(app, pilot, "m")
        assert "changed since they were shown" in toasts(app)
        assert pair(app) != before


async def test_the_book_is_compared_anew_only_when_it_has_changed(
    dashboard: Any, doubles: Book, maya: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    search = place.reviewing.search
    monkeypatch.setattr(place.reviewing, "search", lambda ctx, kind: begun.append(kind.name) or search(ctx, kind))
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        for _ in range(3):
            app.beat()
            await settle(app, pilot)
        add(maya, TASK, "Call", on="contact:1")
        app.beat()
        await settle(app, pilot)
        assert begun == ["contact"], "nobody is another person for a task"
        app.screen.search.next = 0.0
        add(maya, CONTACT, "لیلا رضایی", email="leila@x.example", city="تهران")
        add(maya, CONTACT, "لیلا رضایی", email="leila@x.example", city="تهران")
        first = pair(app)
        app.beat()
        await until(app, pilot, lambda: len(app.screen.cases) == 4)
        assert begun == ["contact", "contact"]
        assert pair(app) == first
        app.screen.search.next = float("inf")  # it has just taken long
        add(maya, CONTACT, "Somebody else")
        app.beat()
        await settle(app, pilot)
        assert len(begun) == 2, "while others write without end it is not compared without end"


async def test_what_was_found_in_another_book_is_forgotten(
    dashboard: Any, doubles: Book, maya: Context, tmp_path: Any
) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        await press(app, pilot, "s", "n")
        found = await other_book(app, pilot, doubles, str(tmp_path))
        await ready(app, pilot)
        assert "no contacts look like one another" in screen_text(app)
        assert pair(app) is None
        assert app.screen.search.skipped == set()
        found.close()


async def test_a_book_that_cannot_be_compared_is_told_and_tried_again(
    dashboard: Any, doubles: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise StoreError("the server is away")

    monkeypatch.setattr(place, "AGAIN", 3600.0)
    with monkeypatch.context() as patch:
        patch.setattr(place.reviewing, "search", broken)
        async with dashboard() as (app, pilot):
            await press(app, pilot, "g", "u")
            await until(app, pilot, lambda: "the server is away" in screen_text(app))
            patch.undo()
            app.screen.search.next = 0.0
            app.beat()
            await ready(app, pilot)
            assert pair(app)


# --- from other places -----------------------------------------------------------------------------------------------


async def test_from_a_list_a_record_and_the_palette(dashboard: Any, doubles: Book) -> None:
    ctx = doubles.context
    add(ctx, COMPANY, "Acme GmbH", website="https://acme.example")
    add(ctx, COMPANY, "ACME", website="www.acme.example/en")
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "o", "D")
        await ready(app, pilot)
        assert "ACME" in line(app, "Name")
        await press(app, pilot, "q")
        assert isinstance(app.screen, ListPlace)
        await press(app, pilot, "g", "c", "/", '"city:london"', "enter", "D")
        await ready(app, pilot)
        assert [set(case.names) for case in app.screen.cases] == [{1, 2, 3}], "of those that are in the list"
        await press(app, pilot, "enter")
        assert isinstance(app.screen, RecordPlace)
        assert app.screen.number == 1
        await press(app, pilot, "q", "o")
        assert isinstance(app.screen, RecordPlace)
        assert app.screen.number != 1
        await press(app, pilot, "D")
        await ready(app, pilot)
        assert [set(case.names) for case in app.screen.cases] == [{1, 2, 3}]
        await press(app, pilot, "g", "k", "D")
        assert "duplicates of tasks are not looked for" in toasts(app)
        await press(app, pilot, "g", "t", ":", '"dupes"', "enter")
        await ready(app, pilot)
        assert isinstance(app.screen, DuplicatesPlace)
        assert len(app.screen.cases) == 3


async def test_a_filter_narrows_the_groups(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        await press(app, pilot, "/", '"birthday:1990"', "enter")
        assert [set(case.names) for case in app.screen.cases] == [{4, 5}]
        await press(app, pilot, "/", '" name:grace"', "enter")
        assert "no contacts that fit look like one another" in screen_text(app)
        await press(app, pilot, "escape")
        assert len(app.screen.cases) == 3


async def test_the_mouse_chooses_a_group(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        await pilot.click("#groups", offset=(10, 2))
        await settle(app, pilot)
        assert set(app.screen.case.names) == {1, 2, 3}
        await press(app, pilot, "K")
        assert app.screen.case is app.screen.cases[1]


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        pytest.param((80, 24), ("T", "l"), id="duplicates-light-small"),
        pytest.param((120, 40), ("x",), id="duplicates-dark-large"),
    ],
)
async def test_looks(
    dashboard: Any, doubles: Book, snapshot: Any, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async with dashboard(size=size) as (app, pilot):
        await to_ada(app, pilot)
        await press(app, pilot, *keys)
        picture = app.export_screenshot()
    assert picture == snapshot(extension_class=Svg)


async def test_after_a_window_too_small_the_cursor_is_there_again(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "u")
        await ready(app, pilot)
        await pilot.resize_terminal(50, 10)
        await settle(app, pilot)
        await press(app, pilot, "m", "n", "s")
        assert "Make it 60 x 15" in screen_text(app)
        assert apart.pairs(doubles.context.reader, "contact") == set()
        await pilot.resize_terminal(100, 30)
        await settle(app, pilot)
        assert "▌Name" in screen_text(app)


async def test_quick_add_says_what_a_record_is_like(dashboard: Any, doubles: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "c", "a", f'"Ada email={ADA}"', "enter")
        assert "added contact:8 Ada" in toasts(app)
        for number in (1, 2, 3):
            assert f"contact:8 may be contact:{number} " in toasts(app), "of each like the beginning is to be seen"
        await press(app, pilot, "a", '"Nobody"', "enter")
        assert "contact:9 may be" not in toasts(app)
