"""Who was reached in a period, how, by whom, and who was not, on both engines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, TASK
from crmcli.errors import FieldError, FilterError, UsageError
from crmcli.render import machine
from crmcli.services import reached, records, tasks, timeline

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity


@pytest.fixture
def book(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Ada (grace's) was reached on her deal and by herself, Bob last year, علی at the turn of the Jalali year."""
    for name, owner in (("Ada", "grace"), ("Bob", "me"), ("علی", "me"), ("Nobody", "")):
        records.add(ctx, CONTACT, {"name": name, "owner": owner, "company": "Engines" if name == "Ada" else ""})
    records.add(ctx, DEAL, {"name": "Mill", "contact": "Ada"})
    timeline.add(ctx, DEAL, 1, "meeting", "mill", at="2026-02-01 10:00")
    timeline.add(ctx, CONTACT, 1, "call", "hi", at="2026-03-01 10:00")
    monkeypatch.setenv("CRM_USER", "maya")
    timeline.add(ctx, CONTACT, 1, "call", "hi", at="2026-04-01 10:00")
    timeline.add(ctx, CONTACT, 2, "email", "hi", direction="out", at="2025-12-31 23:59")
    timeline.add(ctx, CONTACT, 3, "note", "hi", at="2026-03-20 12:00")
    return ctx


def page(ctx: Context, kind: Entity = CONTACT, *words: str, **options: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = reached.page(ctx, reached.asked(ctx, kind, words, **options))
    return found.values, {part.key: list(part.rows.rows) for part in found.sections}


def ids(ctx: Context, which: str, *words: str, **options: str) -> list[int]:
    return [row["id"] for row in reached.listing(ctx, reached.asked(ctx, CONTACT, words, **options), which).rows]


def test_a_year_in_figures(book: Context) -> None:
    values, parts = page(book)
    assert values == {
        "from": "2026-01-01", "to": "2026-12-31", "people": 4, "reached": 2, "missed": 2, "rate": 50, "touches": 4,
    }  # fmt: skip
    assert parts["owners"] == [
        {"owner": "tester", "people": 2, "reached": 1, "missed": 1, "rate": 5000, "touches": 1},
        {"owner": "grace", "people": 1, "reached": 1, "missed": 0, "rate": 10000, "touches": 3},
        {"owner": None, "people": 1, "reached": 0, "missed": 1, "rate": 0, "touches": 0},
    ]
    assert [(row["kind"], row["by"], row["touches"], row["reached"]) for row in parts["ways"]] == [
        ("call", "maya", 1, 1), ("call", "tester", 1, 1), ("meeting", "tester", 1, 1), ("note", "maya", 1, 1),
    ]  # fmt: skip
    # Who was never touched comes first, then who was longest ago.
    assert [row["id"] for row in parts["not_reached"]] == [4, 2]


def test_a_touch_on_a_deal_that_names_its_person_counts_once(book: Context) -> None:
    (row,) = reached.listing(book, reached.asked(book, CONTACT, ["name:ada"]), "all").rows
    assert (row["touches"], row["ways"], row["kind"], row["last"]) == (
        3, "call 2, meeting 1", "call", "2026-04-01T10:00:00.000Z",
    )  # fmt: skip
    values, _ = page(book, COMPANY)
    assert (values["people"], values["reached"], values["touches"]) == (1, 1, 3)


def test_shares_are_in_percent_wherever_they_stand(book: Context) -> None:
    for name in ("Eve", "Ian", "Zoe"):
        records.add(book, CONTACT, {"name": name})
    found = reached.page(book, reached.asked(book))
    assert (found.values["rate"], found.title.partition(",")[0]) == (28.57, "Reached 2 of 7 contacts (28.57%)")
    told = machine.as_object(found)
    assert json.loads(machine.literal(told)) | {"rate": 28.57} == json.loads(machine.literal(told))
    none = reached.page(book, reached.asked(book, CONTACT, ["name:none"]))
    assert none.values["rate"] is None


def test_a_meeting_with_several_people_is_one_touch_of_their_company(book: Context) -> None:
    for name in ("Eve", "Ian"):
        records.add(book, CONTACT, {"name": name, "company": "Engines", "email": f"{name}@engines.example"})
    people = "eve@engines.example, ian@engines.example"
    records.add(book, TASK, {"name": "Plan", "type": "meeting", "on": "contact:1", "attendees": people})
    tasks.done(book, [1])
    values, parts = page(book, COMPANY)
    assert values["touches"] == 3 + 1
    assert [row["touches"] for row in parts["ways"] if row["kind"] == "meeting"] == [1, 1]
    (row,) = reached.listing(book, reached.asked(book, COMPANY), "all").rows
    assert (row["touches"], row["ways"]) == (4, "call 2, meeting 2")
    assert page(book, CONTACT, "name:eve or name:ian")[0]["touches"] == 2  # one of each of them


def test_a_period_may_run_to_the_last_of_all_days(book: Context) -> None:
    about = reached.asked(book, CONTACT, start="1600-01-01", end="9999-12-31")
    assert reached.page(book, about).values["touches"] == 5
    assert len(list(reached.listing(book, about, "reached").rows)) == 3
    assert reached.asked(book, year="9999").last.isoformat() == "9999-12-31"
    assert page(book, year="9999")[0]["touches"] == 0


def test_the_year_is_that_of_the_calendar_and_of_the_clock(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(book, "reached", year="2025") == [2]
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tehran")  # where it was past midnight
    book.tick()
    assert ids(book, "reached", year="2025") == []
    assert ids(book, "reached", year="2026") == [2, 3, 1]
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    book.tick()
    assert ids(book, "reached", year="۱۴۰۴") == [2, 3, 1]  # up to 20 March 2026
    assert ids(book, "reached", year="1405") == [1]
    assert page(book)[0]["from"] == "2026-03-21"


def test_days_ways_and_a_filter_narrow(book: Context) -> None:
    assert ids(book, "reached", start="2026-03-20", end="2026-03-20") == [3]
    assert ids(book, "reached", start="2026-03-02") == [3, 1]
    assert ids(book, "reached", ways="call,meeting") == [1]
    assert ids(book, "missed", ways="email") == [4, 2, 3, 1]
    assert ids(book, "missed", "owner:me") == [2]
    assert ids(book, "all", "owner:grace") == [1]
    records.archive(book, CONTACT, [4])
    assert ids(book, "missed") == [2]


def test_a_period_that_is_over_has_those_who_were_known_then(
    book: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_NOW", "2027-01-02T08:00:00+00:00")
    book.tick()
    before = page(book, year="2026")
    for name in ("Later", "Taken over", "Longer known"):
        records.add(book, CONTACT, {"name": name})
    book.quiet = False
    capsys.readouterr()
    assert page(book, year="2026") == before
    assert capsys.readouterr().err == "3 who were entered after that are left out\n"
    assert page(book)[0]["people"] == 7
    timeline.add(book, CONTACT, 6, "call", "hi", at="2026-12-31 23:59")
    timeline.add(book, CONTACT, 7, "call", "hi", at="2025-12-31 23:59")
    assert ids(book, "missed", year="2026") == [4, 2, 7]
    assert ids(book, "missed", year="2026", ways="email") == [4, 2, 7, 3, 1, 6]
    assert ids(book, "all", year="2024") == []
    assert page(book, COMPANY, year="2024")[0]["people"] == 0


def test_what_cannot_be_reported_is_refused(book: Context) -> None:
    for options in ({"year": "last"}, {"year": "2026", "end": "today"}, {"ways": "fax"}, {"start": "2026-05"}):
        with pytest.raises((UsageError, FieldError)):
            reached.asked(book, CONTACT, **options)
    with pytest.raises(UsageError):
        reached.asked(book, CONTACT, start="2026-05-02", end="2026-05-01")
    with pytest.raises(FilterError):
        reached.asked(book, CONTACT, ["stage:new"])
    with pytest.raises(UsageError):
        reached.listing(book, reached.asked(book), "some")
