"""Every action of the table does what it says, driven by its own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TASK
from crmcli.errors import StoreError, UsageError
from crmcli.services import apart, records
from crmcli.tui import lines
from crmcli.tui.actions import ACTIONS, PLACES, Action, actions_for
from crmcli.tui.app import Dashboard
from crmcli.tui.screens import listing
from crmcli.tui.screens.board import BoardPlace
from crmcli.tui.screens.duplicates import DuplicatesPlace
from crmcli.tui.screens.listing import ListPlace
from crmcli.tui.screens.record import RecordPlace
from crmcli.tui.screens.today import TodayPlace
from crmcli.tui.screens.windows import Go, Help, Palette, Prompt
from crmcli.tui.widgets.rows import RowsView
from tests.tui.conftest import press, screen_text, settle, toasts, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from tests.tui.conftest import Book

    Test = TypeVar("Test", bound=Callable[..., Any])

WHERE = {
    "any": Dashboard,
    "go": Dashboard,
    "board": BoardPlace,
    "today": TodayPlace,
    "list": ListPlace,
    "record": RecordPlace,
    "dupes": DuplicatesPlace,
}
TESTED: set[str] = set()


def covers(*names: str) -> Callable[[Test], Test]:
    """Says which actions a test drives."""
    TESTED.update(names)
    return lambda test: test


def test_every_action_has_a_handler_where_it_belongs() -> None:
    missing = [(a.name, place) for a in ACTIONS for place in a.where if not hasattr(WHERE[place], f"action_{a.name}")]
    assert missing == []
    assert {place for a in ACTIONS for place in a.where} <= set(PLACES)


def test_every_action_is_driven_by_a_test_below() -> None:
    assert {action.name for action in ACTIONS} == TESTED


@pytest.mark.parametrize("place", ["board", "today", "list", "record", "dupes"])
def test_no_key_means_two_things_in_one_place(place: str) -> None:
    keys = [key for where in (place, "any") for action in actions_for(where) for key in action.keys.split(",")]
    assert sorted(keys) == sorted(set(keys))


@covers("down", "up", "left", "right", "top", "bottom", "page_down", "page_up")
async def test_the_cursor_walks_over_the_board(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        view = app.screen.view
        walk = [
            ("j", "Bulk paper"), ("down", "خرید سامانه"), ("j", "خرید سامانه"), ("k", "Bulk paper"),
            ("l", "Night shift"), ("h", "Bulk paper"), ("up", "Loom cards"), ("G", "خرید سامانه"),
            ("home", "Loom cards"), ("pagedown", "خرید سامانه"), ("pageup", "Loom cards"),
            ("right", "Spare parts 🚰"), ("left", "Loom cards"), ("left", "Loom cards"),
        ]  # fmt: skip
        for key, name in walk:
            await press(app, pilot, key)
            assert view.card.name == name, key


@covers("forth_move", "back_move")
async def test_a_card_moves_between_stages_and_takes_the_cursor_with_it(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "L")
        assert app.screen.view.card.name == "Loom cards"
        assert book.deal("Loom cards")["stage"] == "Qualified"
        await press(app, pilot, "L", "H", "H")
        assert book.deal("Loom cards")["stage"] == "New"
        await press(app, pilot, "H")
        assert book.deal("Loom cards")["stage"] == "New"
        assert app.screen.view.card.name == "Loom cards"


async def test_moves_typed_faster_than_the_book_writes_all_arrive_in_order(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("L", "L", "H", "L", "L")
        await press(app, pilot, "r")
        found = book.deal("Loom cards")
        assert (found["stage"], found["status"]) == ("Won", "won")


@covers("won")
async def test_won(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "w")
        assert book.deal("Loom cards")["status"] == "won"
        assert "Loom cards" in toasts(app)
        assert [card[1] for card in app.screen.view.lanes[3].cards] == ["Old mill", "Loom cards"]


@covers("lost")
async def test_lost_asks_for_a_reason_known_or_new(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "x")
        assert "Too expensive" in screen_text(app)
        await press(app, pilot, '"too"', "down", "enter")
        found = records.get(book.context, DEAL, 1)
        assert (found["status"], found["lost_reason"]) == ("lost", "Too expensive")
        await press(app, pilot, "x", '"Went silent"', "enter")
        assert records.get(book.context, DEAL, 2)["lost_reason"] == "Went silent"


@covers("open", "back", "cancel")
async def test_open_and_back(dashboard: Any) -> None:
    async with dashboard(size=(120, 40)) as (app, pilot):
        await press(app, pilot, "enter")
        assert isinstance(app.screen, RecordPlace)
        assert "Analytical Engines" in screen_text(app)
        assert "asked for [b]two[/b] looms ^[[2J" in screen_text(app)
        await press(app, pilot, "escape")
        assert isinstance(app.screen, BoardPlace)
        await press(app, pilot, "escape", "enter", "q")
        assert isinstance(app.screen, BoardPlace)
        await press(app, pilot, "q")
        assert app.return_value == 0


@covers("add")
async def test_quick_add_takes_a_name_fields_and_tags(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(
            app,
            pilot,
            "l",
            "a",
            '"Water works company="',
            "quotation_mark",
            '"Wasser AG"',
            "quotation_mark",
            '" value=3k #vip"',
            "enter",
        )
        found = book.deal("Water works")
        assert (found["company"], found["value"], found["tags"], found["stage"]) == (
            "Wasser AG",
            300_000,
            ["vip"],
            "Qualified",
        )
        assert "Water works" in toasts(app)


async def test_a_refused_line_stays_with_its_reason(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "a", '"Mill value=lots"', "enter")
        assert isinstance(app.screen, Prompt)
        assert "value" in screen_text(app)
        assert "Mill value=lots" in screen_text(app)
        assert book.deals("name:Mill value:1..") == []
        await press(app, pilot, "escape")
        assert isinstance(app.screen, BoardPlace)


@covers("edit")
async def test_edit_on_the_board_and_of_the_field_under_the_cursor(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "e", '"value=99 #vip"', "enter")
        found = book.deal("Loom cards")
        assert (found["value"], found["tags"]) == (9900, ["vip"])
        await press(app, pilot, "enter", "e")
        assert "name=" in screen_text(app)
        await press(app, pilot, "ctrl+u", '"name=Looms"', "enter")
        assert records.get(book.context, DEAL, 1)["name"] == "Looms"
        assert "Looms" in screen_text(app)


async def test_a_field_that_is_left_as_it_is_stays_so(dashboard: Any, book: Book) -> None:
    odd = 'a "b" c\nsecond line'
    records.edit(book.context, DEAL, [1], {"name": '12" pipe', "description": odd})
    before = records.get(book.context, DEAL, 1)
    async with dashboard() as (app, pilot):
        await press(app, pilot, "enter", "e", "enter")
        assert records.get(book.context, DEAL, 1) == before
        await press(app, pilot, "e", "backspace", "s", "quotation_mark", "enter")
        assert records.get(book.context, DEAL, 1)["name"] == '12" pipes'
        place = app.screen
        assert isinstance(place, RecordPlace)
        subject = place.subject()
        assert subject
        place.edit(subject, lines.assignment("description", odd))
        await press(app, pilot, "backspace", "exclamation_mark", "quotation_mark", "enter")
        assert records.get(book.context, DEAL, 1)["description"] == f"{odd}!"


async def test_an_edit_does_not_go_over_what_somebody_else_wrote_meanwhile(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "enter", "e")
        records.edit(book.context, DEAL, [1], {"name": "Theirs"})
        await press(app, pilot, "backspace", "x", "quotation_mark", "enter")
        assert records.get(book.context, DEAL, 1)["name"] == "Theirs"
        assert "name of deal:1 was changed meanwhile, to: Theirs" in screen_text(app)
        await press(app, pilot, "escape")


@covers("note", "call")
async def test_note_and_call_go_to_the_timeline(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "n", '"likes x=1 tea"', "enter", "c", '"no answer minutes=5"', "enter")
        rows = book.context.reader.rows(
            "SELECT kind, body, minutes FROM v_interaction WHERE opportunity_id = 1 ORDER BY id DESC LIMIT 2"
        )
        assert rows == [("call", "no answer", 5), ("note", "likes x=1 tea", None)]


@covers("task")
async def test_task_hangs_on_the_record(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        assert "no task" in screen_text(app)
        await press(app, pilot, "j", "t", '"Ring them due=tomorrow type=call"', "enter")
        found = book.deal("Bulk paper")
        assert (found["open_tasks"], found["next_due"]) == (1, "2026-11-22")
        assert "tomorrow" in screen_text(app)


@covers("done")
async def test_done_on_today_with_feedback(dashboard: Any, book: Book) -> None:
    async with dashboard(screen="today") as (app, pilot):
        assert app.screen.subject().ref == "task:1"
        await press(app, pilot, "d", '"offer is out"', "enter")
        found = records.get(book.context, TASK, 1)
        assert found["done_at"]
        assert found["feedback"] == "offer is out"
        assert "task:1" not in [row.key[1] for row in app.screen.view.rows if row.key]


@covers("snooze")
async def test_snooze_takes_date_words_and_refuses_others(dashboard: Any, book: Book) -> None:
    async with dashboard(screen="today") as (app, pilot):
        await press(app, pilot, "s", '"some day"', "enter")
        assert isinstance(app.screen, Prompt)
        await press(app, pilot, "ctrl+u", '"+3d"', "enter")
        assert records.get(book.context, TASK, 1)["due_on"] == "2026-11-24"


async def test_calls_from_a_task_go_to_what_it_is_about(dashboard: Any, book: Book) -> None:
    async with dashboard(screen="today") as (app, pilot):
        await press(app, pilot, "c", '"they will sign"', "enter")
        assert book.context.reader.value("SELECT opportunity_id FROM v_interaction ORDER BY id DESC LIMIT 1") == 1


async def test_a_task_s_own_page_acts_on_what_it_is_about(dashboard: Any, book: Book) -> None:
    async with dashboard(screen="today") as (app, pilot):
        await press(app, pilot, "enter", "n", '"a note"', "enter", "t", '"Next due=fri"', "enter", "w")
        body = "SELECT body FROM interaction WHERE opportunity_id = 1 ORDER BY id DESC LIMIT 1"
        assert book.context.reader.value(body) == "a note"
        found = records.get(book.context, DEAL, 1)
        assert (found["status"], found["open_tasks"]) == ("won", 2)


async def test_today_counts_all_that_needs_somebody(dashboard: Any, book: Book) -> None:
    with book.context.writing("test"):
        for number in range(30):
            records.add(book.context, TASK, {"name": f"Late {number}", "due": "yesterday"})
    async with dashboard(size=(120, 40), screen="today") as (app, _pilot):
        heads = [row.data for row in app.screen.view.rows if row.key is None]
        total = sum(int(head.partition("(")[2].partition(",")[0].strip(")")) for head in heads)
        assert total > 30
        assert f", {total} to look at" in screen_text(app)


@pytest.mark.parametrize("kind", ["lead", "deal", "contact", "company", "task"])
def test_the_examples_of_lines_are_taken(book: Book, kind: str) -> None:
    number = records.add(book.context, LEAD, {"name": "Ada"}).ids[0]
    example = lines.ADDED[kind].replace("lead:12", f"lead:{number}")
    made = records.add(book.context, ENTITIES[kind], lines.new(example, {}, kind)).ids
    records.edit(book.context, ENTITIES[kind], made, lines.change(lines.CHANGED[kind], kind))
    with pytest.raises(UsageError) as refused:
        lines.new("", {}, kind)
    assert lines.ADDED[kind] in refused.value.hint


@covers("convert")
async def test_convert_a_lead(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l")
        number = app.screen.subject().id
        await press(app, pilot, "C")
        assert records.get(book.context, DEAL, number)["status"] == "open"


@covers("filter")
async def test_the_filter_narrows_and_a_bad_one_leaves_the_rows(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        names = lambda: {card[1] for lane in app.screen.view.lanes for card in lane.cards}  # noqa: E731
        await press(app, pilot, "/", '"value:10k.."')
        await until(app, pilot, lambda: len(names()) == 3)
        assert names() == {"Loom cards", "خرید سامانه", "Audit 2027"}
        app.screen.query_one(Input).value += " stagee:new"  # pasted: typed, its beginnings would be filters too
        await settle(app, pilot)
        assert names() == {"Loom cards", "خرید سامانه", "Audit 2027"}
        lines = screen_text(app).splitlines()
        at = next(i for i, line in enumerate(lines) if "value:10k.. stagee:new" in line)
        assert lines[at + 1].index("^") == lines[at].index("stagee")
        assert "stagee" in lines[at + 1]
        await press(app, pilot, "escape")
        assert len(names()) == 9


@pytest.mark.parametrize(("keys", "text", "left"), [
    (("g", "t"), '"name:offer"', ["task:1"]), (("g", "l"), '"grace"', ["lead:10"]),
])  # fmt: skip
async def test_the_filter_works_on_today_and_on_lists(
    dashboard: Any, keys: tuple[str, ...], text: str, left: list[str]
) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, *keys, "/", text, "enter")
        view = app.screen.query_one(RowsView)
        await until(app, pilot, lambda: len([row for row in view.rows if row.key is not None]) == len(left))
        assert app.screen.subject().ref == left[0]
        assert len([row for row in view.rows if row.key is not None]) == len(left)
        await press(app, pilot, "/")
        app.screen.query_one(Input).value += " nosuch:1"
        await settle(app, pilot)
        assert len([row for row in view.rows if row.key is not None]) == len(left)
        assert "nosuch" in screen_text(app)


@covers("undo")
async def test_undo_takes_the_last_change_back_and_says_so(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "w", "u")
        assert book.deal("Loom cards")["status"] == "open"
        assert "took back" in toasts(app)
        assert app.screen.view.lanes[0].cards[0][1] == "Loom cards"


@covers(
    "duplicates", "merge", "not_same", "skip", "swap", "as_ruled", "open_other", "next_group", "previous_group",
    "next_kind",
)  # fmt: skip
async def test_duplicates_are_settled_by_their_keys(dashboard: Any, book: Book) -> None:
    for name in ("Ada L.", "Lovelace, Ada", "Grace Hopper", "Hopper, Grace"):
        email = "grace@navy.example" if "Grace" in name else "ada@engines.example"
        records.add(book.context, CONTACT, {"name": name, "email": email})
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "c", "D")
        await until(app, pilot, lambda: app.screen.sides is not None)
        place = app.screen
        first = place.case.suspects.ids
        await press(app, pilot, "J")
        assert place.case.suspects.ids != first
        await press(app, pilot, "K")
        assert place.case.suspects.ids == first
        stays = place.sides.stays
        await press(app, pilot, "x", "l", "equals_sign")
        assert (place.sides.goes, place.keep) == (stays, {})
        await press(app, pilot, "o")
        assert (app.screen.where, app.screen.number) == ("record", stays)
        await press(app, pilot, "q", "m")
        assert records.get(book.context, CONTACT, stays)["removed_at"]
        told = place.sides.pair
        await press(app, pilot, "n")
        assert apart.pairs(book.context.reader, "contact") == {(told.a, told.b)}
        await press(app, pilot, "s", "tab")
        assert place.kind is COMPANY


@covers("go", "visit")
async def test_go(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        places = [
            ("t", "Overdue"),
            ("l", "Grace Hopper"),
            ("d", "Loom cards"),
            ("c", "Ada Lovelace"),
            ("o", "Zürich Water"),
            ("k", "Send the offer"),
            ("u", "no contacts look like one another"),
            ("b", "Proposition"),
        ]
        for key, text in places:
            await press(app, pilot, "g")
            assert isinstance(app.screen, Go)
            await press(app, pilot, key)
            assert text in screen_text(app), key
        await press(app, pilot, "enter", "g", "t", "g", "b")
        assert isinstance(app.screen, BoardPlace)
        await press(app, pilot, "g", "z")
        assert isinstance(app.screen, BoardPlace)


def add_leads(book: Book) -> None:
    """450 leads: more than two pages of a list."""
    with book.context.writing("test"):
        for number in range(450):
            records.add(book.context, LEAD, {"name": f"Lead {number}"})


@covers("to_top")
async def test_a_long_list_from_end_to_end(dashboard: Any, book: Book) -> None:
    add_leads(book)
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l", "G")
        view = app.screen.view
        assert len(view.rows) == 200, "the last page, whatever is before it"
        assert view.rows[view.at].data["name"] == "Grace Hopper"
        for _ in range(25):
            view.step(-20)
            await settle(app, pilot)
        assert [row.key for row in view.rows] == [
            row["id"] for row in records.list_records(book.context, LEAD, limit=0).rows
        ]
        await press(app, pilot, "g", "g")
        assert view.rows[view.at].data["name"] == "Lead 449"
        await press(app, pilot, "G", "g", "g")
        assert (view.rows[view.at].data["name"], len(view.rows)) == ("Lead 449", 454)


async def test_lines_keep_their_place_while_what_is_before_them_comes(dashboard: Any, book: Book) -> None:
    add_leads(book)
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l", "G")
        view = app.screen.view
        while len(view.rows) == 200:
            line, key = view.at - view.top, view.rows[max(view.at - 1, 0)].key
            await press(app, pilot, "k")
        assert (view.at - view.top, view.key) == (max(line - 1, 0), key)


async def test_a_filter_typed_at_the_end_of_a_list_shows_its_start(dashboard: Any, book: Book) -> None:
    add_leads(book)
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l", "G", "r")
        assert app.screen.subject().name == "Grace Hopper"
        await press(app, pilot, "/", '"name:lead"', "enter")
        assert app.screen.found[0].data["name"] == "Lead 449"
        await press(app, pilot, "end")
        assert app.screen.subject().name == "Lead 0"


@covers("palette")
async def test_the_palette_runs_actions_and_opens_records(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, ":")
        assert isinstance(app.screen, Palette)
        await press(app, pilot, '"dark or light"', "enter")
        assert app.theme == "crm-light"
        await press(app, pilot, "ctrl+p", '"hopper"')
        assert "Grace Hopper" in screen_text(app)
        await press(app, pilot, "enter")
        assert isinstance(app.screen, RecordPlace)
        assert app.screen.subject().name == "Grace Hopper"
        await press(app, pilot, ":", '"deal:2"', "enter")
        assert isinstance(app.screen, RecordPlace)
        assert (app.screen.subject().kind, app.screen.subject().id) == ("deal", 2)
        await press(app, pilot, ":", '"what needs you"', "enter")
        assert isinstance(app.screen, TodayPlace)


@pytest.mark.parametrize("typed", ["board", "today", "call", "log a call", "Log a call on the timeline"])
async def test_the_palette_puts_an_action_that_was_typed_before_records(dashboard: Any, book: Book, typed: str) -> None:
    records.add(book.context, LEAD, {"name": "Log a call on the timeline on board today"})
    async with dashboard() as (app, pilot):
        await press(app, pilot, ":")
        app.screen.query_one(Input).value = typed
        await settle(app, pilot)
        rows = app.screen.query_one(RowsView).rows
        assert isinstance(rows[0].data, Action)
        assert any(not isinstance(row.data, Action) for row in rows)
        app.screen.query_one(Input).value = "log"
        await settle(app, pilot)
        assert not isinstance(app.screen.query_one(RowsView).rows[0].data, Action)


@covers("help")
async def test_help_shows_every_action_of_the_table(dashboard: Any) -> None:
    async with dashboard(size=(100, 60)) as (app, pilot):
        for keys, place in (((), "board"), (("g", "t"), "today"), (("g", "c"), "list"), (("enter",), "record")):
            await press(app, pilot, *keys, "?")
            assert isinstance(app.screen, Help)
            text = screen_text(app)
            assert [a.name for a in ACTIONS if {place, "any", "go"} & set(a.where) and a.help not in text] == []
            await press(app, pilot, "j", "q")
            assert app.screen.where == place


@covers("refresh")
async def test_refresh(dashboard: Any, book: Book) -> None:
    async with dashboard() as (app, pilot):
        records.edit(book.context, DEAL, [1], {"name": "Jacquard"})
        await press(app, pilot, "r")
        assert app.screen.view.card.name == "Jacquard"


@covers("suspend_process")
async def test_ctrl_z_does_nothing_where_there_is_no_shell_to_go_back_to(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "ctrl+z")
        assert "Loom cards" in screen_text(app)


@covers("theme")
async def test_theme(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "T")
        assert app.theme == "crm-light"
        await press(app, pilot, "T")
        assert app.theme == "crm-dark"


@covers("next_pipeline", "pipeline")
async def test_pipelines(dashboard: Any, book: Book) -> None:
    from crmcli.services import pipelines

    pipelines.pipeline_add(book.context, "Renewals", ["Due", "Kept"])
    async with dashboard() as (app, pilot):
        await press(app, pilot, "tab")
        assert [lane.name for lane in app.screen.view.lanes] == ["Due", "Kept"]
        await press(app, pilot, "1")
        assert app.screen.view.lanes[0].name == "New"
        await press(app, pilot, "2", "a", '"Support 2027"', "enter")
        assert book.deal("Support 2027")["pipeline"] == "Renewals"


@covers("leave")
async def test_leave_from_anywhere(dashboard: Any) -> None:
    async with dashboard() as (app, pilot):
        await press(app, pilot, "enter", "ctrl+q")
        assert app.return_value == 0


async def test_lists_read_on_as_the_cursor_comes_near_the_end(dashboard: Any, book: Book) -> None:
    add_leads(book)
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l")
        assert len(app.screen.found) == 200
        for _ in range(3):
            app.screen.view.step(200)
            await settle(app, pilot)
        assert len({row.key for row in app.screen.found}) == 454
        assert app.screen.subject().name == "Grace Hopper"


async def test_a_list_reads_on_after_a_read_that_failed(
    dashboard: Any, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_leads(book)
    real = listing.page
    failing: list[bool] = []

    def page(*arguments: Any) -> Any:
        if failing:
            failing.clear()
            raise StoreError("the disk had a hiccup")
        return real(*arguments)

    monkeypatch.setattr(listing, "page", page)
    async with dashboard() as (app, pilot):
        await press(app, pilot, "g", "l")
        failing.append(True)
        app.screen.view.step(190)
        await settle(app, pilot)
        assert (failing, len(app.screen.found)) == ([], 200)
        app.screen.view.step(5)
        await settle(app, pilot)
        assert len(app.screen.found) == 400
