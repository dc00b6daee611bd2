"""Imported tasks that repeat are series like those that are typed, and a moment has its day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import TASK
from crmcli.services import records, tasks
from tests.support.importing import counts, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    at(monkeypatch, ctx, "2027-01-31T12:00:00+00:00")


def at(monkeypatch: pytest.MonkeyPatch, ctx: Context, moment: str) -> None:
    monkeypatch.setenv("CRM_NOW", moment)
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


def named(ctx: Context, name: str) -> dict[str, Any]:
    (row,) = records.list_records(ctx, TASK, [f"name:{name}", "is:open"]).rows
    return records.get(ctx, TASK, row["id"])


def test_the_31st_and_29_february_do_not_drift(
    ctx: Context, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(ctx, put("name,due,repeat\nRent,2027-01-31,monthly\nTax,2024-02-29,yearly\n"), kind=TASK)
    for moment, rent in (("2027-01-31", "2027-02-28"), ("2027-02-28", "2027-03-31"), ("2027-03-31", "2027-04-30")):
        at(monkeypatch, ctx, f"{moment}T12:00:00+00:00")
        tasks.done(ctx, [named(ctx, "Rent")["id"]])
        assert named(ctx, "Rent")["due_on"] == rent
    for tax in ("2028-02-29", "2029-02-28"):
        tasks.done(ctx, [named(ctx, "Tax")["id"]])
        assert named(ctx, "Tax")["due_on"] == tax
        at(monkeypatch, ctx, f"{tax}T12:00:00+00:00")


def test_a_series_without_a_day_begins_on_its_first(ctx: Context, put: Callable[..., str]) -> None:
    take(ctx, put("name,repeat\nLost,every friday\n"), kind=TASK)
    assert named(ctx, "Lost")["due_on"] == "2027-02-05"


def test_what_makes_no_series_is_told(
    ctx: Context, put: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    take(ctx, put("name,due,repeat_from\nOnce,2027-02-05,done\n"), kind=TASK)
    assert named(ctx, "Once")["repeat_from"] is None
    assert "repeat_from: the task does not repeat: such tasks do not repeat" in capsys.readouterr().err


def test_a_new_day_of_one_that_was_put_off_is_a_new_beginning(ctx: Context, put: Callable[..., str]) -> None:
    records.add(
        ctx, TASK, {"name": "Review", "repeat": "every 2 weeks on fri", "due": "2027-02-05", "external_id": "r1"}
    )
    tasks.snooze(ctx, [1], "2027-02-10")
    path = put("external_id,name,due\nr1,Review,2027-03-05\n")
    take(ctx, path, kind=TASK, update=True)
    tasks.done(ctx, [1])
    assert named(ctx, "Review")["due_on"] == "2027-03-19"


def test_the_same_file_changes_nothing_the_second_time(ctx: Context, put: Callable[..., str]) -> None:
    path = put("external_id,name,due,repeat\nr1,Rent,2027-01-31,monthly\n")
    take(ctx, path, kind=TASK, update=True)
    tasks.snooze(ctx, [1], "2027-02-03")
    put_off = records.get(ctx, TASK, 1)
    assert counts(take(ctx, put("external_id,name,repeat\nr1,Rent,monthly\n"), kind=TASK, update=True))[1] == 0
    assert records.get(ctx, TASK, 1) == put_off


def test_a_moment_has_its_day(ctx: Context, put: Callable[..., str]) -> None:
    take(ctx, put("name,due_at\nCall,2027-02-01T23:30:00Z\n"), kind=TASK)
    assert [named(ctx, "Call")[name] for name in ("due_on", "due_at")] == ["2027-02-02", "2027-02-01T23:30:00.000Z"]


def test_a_file_that_says_done_makes_the_next_one(ctx: Context, put: Callable[..., str]) -> None:
    records.add(ctx, TASK, {"name": "Report", "repeat": "every friday", "due": "2027-02-05", "external_id": "r1"})
    take(ctx, put("external_id,name,status\nr1,Report,done\n"), kind=TASK, update=True)
    assert (named(ctx, "Report")["id"], named(ctx, "Report")["due_on"]) == (2, "2027-02-12")


@pytest.mark.parametrize(
    "row", ["Y,2027-12-31,monthly", "Y,2027-02-05,weekly", "Y,,daily", "Y,,every monday", "Y,2027-02-05,"]
)
def test_the_same_rows_without_any_key_are_known(
    ctx: Context, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    path = put(f"name,due,repeat\n{row}\n")
    assert counts(take(ctx, path, kind=TASK))[1] == 1
    at(monkeypatch, ctx, "2027-02-02T12:00:00+00:00")
    assert counts(take(ctx, path, kind=TASK))[1] == 0
    assert counts(take(ctx, put("name,due,repeat\nY,2028-12-30,weekly\n"), kind=TASK))[1] == 1


def test_the_next_one_of_a_task_that_an_update_takes_up_again_is_told(
    ctx: Context, put: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = put("Id,Task,Due,Repeat,Done\n7,Report,2027-02-05,every week,no\n")
    take(ctx, path, kind=TASK, id_column="Id")
    tasks.done(ctx, [1])
    capsys.readouterr()
    assert counts(take(ctx, path, kind=TASK, id_column="Id", update=True))[2] == 1
    said = capsys.readouterr().err
    assert said.startswith("task:2 follows it, and stays: ")
    assert "task remove 2" in said
