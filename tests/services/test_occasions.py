"""Birthdays and other days of the year of contacts and companies, on both engines."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL
from crmcli.errors import FieldError, FilterError, NotFoundError, RefusedError, UsageError
from crmcli.services import history, merging, occasions, records, today
from tests.support.books import everything, sound

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.fixture
def book(ctx: Context) -> Context:
    """Ada, born on 25 November 1980; علی on 29 February 1988; the company Engines."""
    records.add(ctx, COMPANY, {"name": "Engines"})
    records.add(ctx, CONTACT, {"name": "Ada", "birthday": "1980-11-25", "company": "Engines", "owner": "me"})
    records.add(ctx, CONTACT, {"name": "علی", "birthday": "1988-02-29"})
    return ctx


def coming(ctx: Context, first: str, last: str, *words: str) -> list[tuple[str, str, str, int | None]]:
    found = occasions.between(ctx, date.fromisoformat(first), date.fromisoformat(last), words)
    return [(one.on.isoformat(), one.ref, one.name, one.turns) for one in found]


def test_days_come_by_when_they_come(book: Context) -> None:
    occasions.add(book, "Wedding day", "contact:2", "2019-11-25")
    occasions.add(book, "Founded", "Engines", "11-30")
    assert coming(book, "2026-11-21", "2026-11-30") == [
        ("2026-11-25", "contact:1", "birthday", 46), ("2026-11-25", "contact:2", "Wedding day", 7),
        ("2026-11-30", "company:1", "Founded", None),
    ]  # fmt: skip
    assert coming(book, "2026-11-26", "2026-11-29") == []
    assert coming(book, "9999-12-01", "9999-12-31") == []
    assert coming(book, "2027-02-01", "2027-03-10") == [("2027-02-28", "contact:2", "birthday", 39)]
    assert coming(book, "2028-02-01", "2028-03-10") == [("2028-02-29", "contact:2", "birthday", 40)]
    assert [one[0] for one in coming(book, "2026-01-01", "2028-12-31", "name:ada")] == [
        "2026-11-25", "2027-11-25", "2028-11-25",
    ]  # fmt: skip


def test_a_filter_narrows_and_one_that_none_can_be_asked_is_refused(book: Context) -> None:
    occasions.add(book, "Founded", "Engines", "11-25")
    assert coming(book, "2026-11-25", "2026-11-25", "owner:me") == [("2026-11-25", "contact:1", "birthday", 46)]
    assert coming(book, "2026-11-25", "2026-11-25", "domain:x or name:engines") == [
        ("2026-11-25", "company:1", "Founded", None),
    ]  # fmt: skip
    with pytest.raises(FilterError):
        coming(book, "2026-11-25", "2026-11-25", "stage:new")


def test_days_of_the_jalali_year_stay_there(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    book.tick()
    occasions.add(book, "سالگرد", "contact:2", "25 خرداد")
    occasions.add(book, "پایان سال", "contact:2", "1399-12-30")
    # 1405 has 29 days in Esfand, 1408 has 30. Birthdays come in the calendar of whoever asks: علی's is 10 Esfand.
    assert coming(book, "2027-01-01", "2027-06-30") == [
        ("2027-03-01", "contact:2", "birthday", 39), ("2027-03-20", "contact:2", "پایان سال", 6),
        ("2027-06-15", "contact:2", "سالگرد", None),
    ]  # fmt: skip
    assert ("2030-03-20", "contact:2", "پایان سال", 9) in coming(book, "2030-03-01", "2030-03-30")
    monkeypatch.setenv("CRM_CALENDAR", "gregorian")
    book.tick()
    assert ("2027-06-15", "contact:2", "سالگرد", None) in coming(book, "2027-06-01", "2027-06-30")


def test_a_list_has_each_day_once_as_it_comes_next(book: Context) -> None:
    occasions.add(book, "Wedding day", "contact:1", "2019-11-20")
    rows = list(occasions.listed(book).rows)
    assert [(row["on"], row["when"], row["name"], row["turns"], row["id"]) for row in rows] == [
        ("2026-11-25", "in 4 days", "birthday", 46, None), ("2027-02-28", "in 99 days", "birthday", 39, None),
        ("2027-11-20", "in 364 days", "Wedding day", 8, 1),
    ]  # fmt: skip
    assert [row["on"] for row in occasions.listed(book, within="1w").rows] == ["2026-11-25"]
    with pytest.raises(FieldError):
        occasions.listed(book, within="soon")


def test_a_records_page_has_its_own(book: Context) -> None:
    occasions.add(book, "Wedding day", "contact:1", "2019-02-20")
    occasions.add(book, "Founded", "company:1", "06-15")
    (part,) = (part for part in records.show(book, CONTACT, 1).sections if part.key == "occasions")
    assert [(row["name"], row["on"], row["turns"], row["date"]) for row in part.rows.rows] == [
        ("Wedding day", "2027-02-20", 8, "2019-02-20"),
    ]  # fmt: skip
    assert not [part for part in records.show(book, CONTACT, 2).sections if part.key == "occasions"]


def test_one_is_changed_given_to_another_removed_and_undone(book: Context) -> None:
    occasions.add(book, "Wedding", "contact:1", "06-15")
    assert occasions.edit(book, 1, {"name": "Wedding day", "date": "2019-06-16"}).lines == (
        "changed occasion:1 Wedding day",
    )  # fmt: skip
    occasions.edit(book, 1, {"on": "company:1"})
    assert coming(book, "2027-06-01", "2027-06-30") == [("2027-06-16", "company:1", "Wedding day", 8)]
    occasions.remove(book, [1])
    assert coming(book, "2027-06-01", "2027-06-30") == []
    history.undo(book)
    history.undo(book)
    assert coming(book, "2027-06-01", "2027-06-30") == [("2027-06-16", "contact:1", "Wedding day", 8)]
    assert occasions.edit(book, 1, {"name": "Wedding day"}).changes == ()
    for assigned in ({}, {"colour": "red"}):
        with pytest.raises(UsageError):
            occasions.edit(book, 1, assigned)
    with pytest.raises(NotFoundError):
        occasions.remove(book, [7])
    sound(book)


def test_what_can_have_no_day_is_refused(book: Context) -> None:
    records.add(book, DEAL, {"name": "Mill"})
    records.remove(book, CONTACT, [2])
    for on, wrong in (("deal:1", UsageError), ("", UsageError), ("contact:2", RefusedError), ("nobody", NotFoundError)):
        with pytest.raises(wrong):
            occasions.add(book, "Wedding day", on, "06-15")
    with pytest.raises(FieldError):
        occasions.add(book, "  ", "contact:1", "06-15")
    with pytest.raises(FieldError):
        occasions.add(book, "Wedding day", "contact:1", "tomorrow")


def test_who_is_out_of_sight_has_no_occasions(book: Context) -> None:
    records.archive(book, CONTACT, [1])
    records.remove(book, CONTACT, [2])
    assert coming(book, "2026-11-01", "2027-10-31") == []


def test_a_merge_takes_them_along_and_a_purge_forgets_them(book: Context) -> None:
    records.add(book, CONTACT, {"name": "Ada L."})
    occasions.add(book, "Quuxday", "contact:1", "06-15")
    occasions.add(book, "Quuxday", "contact:3", "06-15")
    occasions.add(book, "Founded", "company:1", "06-15")
    told = merging.merge(book, CONTACT, [1, 3], into=1).lines[0]
    assert told.endswith("; moved along: 1 occasion")
    assert coming(book, "2027-06-01", "2027-06-30") == [
        ("2027-06-15", "contact:1", "Quuxday", None), ("2027-06-15", "company:1", "Founded", None),
    ]  # fmt: skip
    history.undo(book)
    assert ("2027-06-15", "contact:3", "Quuxday", None) in coming(book, "2027-06-01", "2027-06-30")
    merging.merge(book, CONTACT, [1, 3], into=1)
    assert "with 1 merged into it, 2 occasions" in history.purge(book, CONTACT, [1]).lines[0]
    assert "quuxday" not in everything(book)
    assert book.reader.value("SELECT count(*) FROM occasion") == 1
    sound(book)


def test_a_purge_tells_of_anothers_day_that_is_called_after_somebody(book: Context) -> None:
    records.add(book, CONTACT, {"name": "Zyx Quux"})
    occasions.add(book, "Zyx Quux left", "company:1", "06-15")
    occasions.add(book, "Married", "contact:3", "06-16")
    occasions.remove(book, [2])
    lines = history.purge(book, CONTACT, [3]).lines
    assert "the occasion 'Zyx Quux left' still has such a name" in lines
    assert "forgotten too, what was taken away of it before: 1 occasion" in lines
    assert "married" not in everything(book)
    sound(book)


def test_the_day_has_what_comes_in_a_week(book: Context) -> None:
    occasions.add(book, "Founded", "Engines", "11-21")
    occasions.add(book, "Later", "Engines", "11-30")
    (part,) = (part for part in today.today(book).sections if part.key == "occasions")
    assert [(row["ref"], row["what"], row["about"], row["when"]) for row in part.rows.rows] == [
        ("company:1", "Founded", "Engines", "today"), ("contact:1", "birthday, 46", "Ada", "in 4 days"),
    ]  # fmt: skip
