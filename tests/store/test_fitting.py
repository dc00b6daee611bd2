"""What a plugin makes of a change must fit the book: else it is left out with a warning, and the change stands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from crmcli import plugins
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain import pipeline
from crmcli.domain.entities import COMPANY, LEAD
from crmcli.services import database, records
from crmcli.store.sql import MISPLACED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOURCE = """
from crmcli.api import hookimpl
answer = lambda change: {}
@hookimpl
def before_change(change):
    if change.after is not None:
        return change._replace(after={**change.after, **answer(change)})
"""
MODULE = "fitting_plugin"
DAY = "2026-01-01T00:00:00.000Z"
WON = {"status": "won", "closed_at": DAY, "probability_bp": 10_000}


@pytest.fixture
def hooked(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[Any], dict[str, Any]]], Context]]:
    """The book of either engine under a plugin that answers so."""
    (tmp_path / f"{MODULE}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugins, "STATE", plugins._State())
    opened = Context(Settings({"db": ctx.settings.database, "plugins": f"p={MODULE}"}))

    def under(answer: Callable[[Any], dict[str, Any]]) -> Context:
        plugins.load(opened.settings, opened.say)
        monkeypatch.setattr(sys.modules[MODULE], "answer", answer)
        return opened

    yield under
    opened.close()
    sys.modules.pop(MODULE, None)


def of(entity: str, **values: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda change: values if change.entity == entity else {}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (of("lead", owner_id=9999), "there is no user 9999 for 'owner_id' of a lead"),
        (of("lead", tags=[77]), "there is no tag 77 for 'tags' of a lead"),
        (of("lead", pipeline_id=9), "there is no pipeline 9"),
        (of("lead", status="won"), "in the stage 'New' a lead is not won"),
        (of("lead", stage_id=4), "in the stage 'Won' a lead is not open"),
        (of("lead", status="lost"), "'closed_at' of a lead that is lost"),
        (of("lead", status="lost", closed_at=DAY), "'archived_at' of a lead that is lost"),
        (of("lead", **WON, stage_id=4, lost_reason_id=1), "'lost_reason_id' of a lead that is won"),
        (of("lead", **{**WON, "probability_bp": 10}, stage_id=4), "'probability_bp' of a lead that is won"),
        (of("lead", external_id="taken"), "there is a lead with the external id 'taken' already"),
        (of("lead", name="x" * 601), "'name' of a lead: it has 601 characters, and at most 600 fit"),
        (of("source", name=" TAKEN"), "there is a source 'TAKEN' already"),
        (of("lead", value_minor=10**15 + 1), "1000000000000001 is too large an amount for 'value_minor' of a lead"),
        (of("company", revenue_minor=-(10**18)), "-1000000000000000000 is too large an amount for 'revenue_minor'"),
        (lambda c: {"parent_id": c.id} if c.entity == "company" else {}, "a company cannot be under itself"),
    ],
)
def test_an_answer_that_does_not_fit_is_left_out(
    hooked: Any, answer: Any, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    book = hooked(lambda _change: {})
    records.add(book, LEAD, {"name": "Old", "external_id": "taken", "source": "taken"})
    hooked(answer)
    records.add(book, LEAD, {"name": "Ada", "source": "web"})
    records.add(book, COMPANY, {"name": "Firm"})
    said = capsys.readouterr().err
    assert f"warning: the plugin 'p' failed in before_change: {told}" in said
    row = records.get(book, LEAD, 2)
    assert (row["name"], row["status"], row["stage"], row["owner"], row["source"]) == (
        "Ada",
        "open",
        "New",
        None,
        "web",
    )
    assert database.check(book, deep=True).values["ok"]


def test_an_answer_that_fits_is_taken_also_where_it_hangs_on_what_is_made_beside_it(
    hooked: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[int] = []

    def answer(change: Any) -> dict[str, Any]:
        if change.entity == "company":
            made.append(change.id)
        if change.entity == "contact":
            return {"company_id": made[0]}
        return {**WON, "stage_id": 4} if change.entity == "lead" else {}

    book = hooked(answer)
    with book.writing() as tx:
        tx.add("company", {"name": "Firm"})
        tx.add("contact", {"name": "Grace"})
    records.add(book, LEAD, {"name": "Ada"})
    assert "warning" not in capsys.readouterr().err
    assert book.reader.value("SELECT company FROM v_contact") == "Firm"
    assert records.get(book, LEAD, 1)["status"] == "won"
    assert database.check(book, deep=True).values["ok"]


def test_the_condition_in_sql_says_what_the_rule_says(ctx: Context) -> None:
    for status in ("open", "won", "lost"):
        for won in (False, True):
            sql = f"SELECT {MISPLACED} FROM (SELECT ? AS status) o, (SELECT {str(won).upper()} AS is_won) s"
            assert bool(ctx.reader.value(sql, (status,))) == pipeline.misplaced(status, won), (status, won)
