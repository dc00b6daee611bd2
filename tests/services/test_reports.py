"""Reports against figures worked out by hand, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.commands.root import TABLE
from crmcli.config import Settings, config_dir
from crmcli.context import Context
from crmcli.domain.entities import DEAL, LEAD
from crmcli.errors import FilterError, NotFoundError, StoreError, UsageError
from crmcli.services import deals, records, reports, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.results import Rows

NOW = "2026-11-21T10:00:00+00:00"
# name, pipeline, stage, value, owner, source, entered its stage, status, closed
DEALS = (
    ("Looms", "Sales", "New", "100.05 EUR", "grace", "web", "2026-11-11T10:00", "open", ""),
    ("Optics", "Sales", "New", "200 EUR", "grace", "fair", "2026-11-18T10:00", "open", ""),
    ("Tiles", "Sales", "New", "1000 USD", "ada", "web", "2026-11-20T10:00", "open", ""),
    ("Pumps", "Sales", "Proposition", "50 EUR", "ada", "", "2026-11-21T09:00", "open", ""),
    ("Mills", "Sales", "Proposition", "", "ada", "", "2026-11-20T21:00", "open", ""),
    ("Foods", "Sales", "Won", "70 EUR", "grace", "web", "2026-09-30T23:59:59.999", "won", "2026-09-30T23:59:59.999"),
    ("Paper", "Sales", "Won", "80 EUR", "ada", "web", "2026-10-01T00:00", "won", "2026-10-01T00:00"),
    ("Glass", "Sales", "Won", "90 EUR", "ada", "fair", "2026-10-31T12:00", "won", "2026-10-31T12:00"),
    ("Ropes", "Sales", "Qualified", "10 EUR", "ada", "fair", "2026-10-02T12:00", "lost", "2026-10-02T12:00"),
    ("Nails", "Sales", "New", "10 EUR", "grace", "", "2025-11-30T12:00", "lost", "2025-11-30T12:00"),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def ctx(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A book with the deals above and two leads, at a clock that stands still."""
    monkeypatch.setenv("CRM_NOW", NOW)
    target = str(tmp_path / "book.db") if request.param == "sqlite" else request.getfixturevalue("pg_url")
    context = Context(Settings({"db": target}), quiet=True, plugins=False)
    context.create(target)
    with context.writing() as tx:
        for name, pipeline, stage, value, owner, source, entered, status, closed in DEALS:
            typed = {
                "name": name,
                "pipeline": pipeline,
                "stage": stage,
                "value": value,
                "owner": owner,
                "source": source,
            }
            number = values.create(context, tx, DEAL, {field: text for field, text in typed.items() if text})
            state: dict[str, Any] = {"stage_since": f"{entered}:00.000Z" if len(entered) == 16 else f"{entered}Z"}
            if closed:
                moment = f"{closed}:00.000Z" if len(closed) == 16 else f"{closed}Z"
                state |= {"status": status, "closed_at": moment, "archived_at": moment if status == "lost" else None}
            tx.change("deal", number, state)
        values.create(context, tx, LEAD, {"name": "Ada", "source": "web"})
        values.create(
            context, tx, LEAD, {"name": "Removed", "source": "web"}, fixed={"removed_at": "2026-11-20T10:00:00.000Z"}
        )
    yield context
    context.close()


def table(rows: Rows) -> list[tuple[Any, ...]]:
    """The rows of a report as tuples in the order of its columns."""
    return [tuple(row[column.name] for column in rows.columns) for row in rows.rows]


def test_pipeline_counts_sums_and_weighs_open_deals_by_stage_and_currency(ctx: Context) -> None:
    report = reports.report(ctx, "pipeline")
    # New: 100.05 + 200.00 EUR at 10 %: 10.01 (rounded half up) + 20.00; entered 10 and 3 days ago, 6.5 days -> 7.
    # Proposition: 50.00 EUR at 60 %, an hour old; the deal without a value has no currency, 13 hours old -> 1 day.
    assert table(report) == [
        ("Sales", "New", "EUR", 2, 30005, 3001, 7),
        ("Sales", "New", "USD", 1, 100000, 10000, 1),
        ("Sales", "Qualified", None, 0, None, None, None),
        ("Sales", "Proposition", "EUR", 1, 5000, 3000, 0),
        ("Sales", "Proposition", None, 1, None, None, 1),
    ]
    assert report.bars == "value"
    assert [column.label for column in report.columns][-1] == "Average days in stage"


def test_words_choose_the_deals_of_a_report(ctx: Context) -> None:
    assert table(reports.report(ctx, "pipeline", ["owner:grace", "value:150.."]))[0] == (
        "Sales", "New", "EUR", 1, 20000, 2000, 3,
    )  # fmt: skip
    assert table(reports.report(ctx, "pipeline", ["is:won"]))[-1] == ("Sales", "Won", "EUR", 3, 24000, 24000, 41)


def test_nothing_chosen_is_an_empty_report(ctx: Context) -> None:
    report = reports.report(ctx, "pipeline", ["name:nobody"])
    assert table(report) == []
    assert report.empty == "no deals fit"


def test_win_loss_counts_by_the_month_of_closing_in_the_users_zone(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = table(reports.report(ctx, "win-loss"))
    assert len(found) == 12
    assert found[0] == ("2025-12", 0, 0, None)
    assert found[-3:] == [("2026-09", 1, 0, 10000), ("2026-10", 2, 1, 6667), ("2026-11", 0, 0, None)]
    monkeypatch.setenv("TZ", "Asia/Tehran")
    ctx.tick()
    found = table(reports.report(ctx, "win-loss"))
    assert found[-3:] == [("2026-09", 0, 0, None), ("2026-10", 3, 1, 7500), ("2026-11", 0, 0, None)]


def test_win_loss_months_are_those_of_the_users_calendar(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    ctx.tick()
    # Mehr 1405 is 23 September to 22 October 2026, Aban to 21 November; so Mehr has Foods, Paper and the lost Ropes.
    found = table(reports.report(ctx, "win-loss"))
    assert found[-2:] == [("1405-07", 2, 1, 6667), ("1405-08", 1, 0, 10000)]


def test_sources_count_leads_and_deals(ctx: Context) -> None:
    assert table(reports.report(ctx, "sources")) == [
        ("web", 1, 2, 2, 0, 10000),
        ("fair", 0, 1, 1, 1, 5000),
        (None, 0, 2, 0, 1, 0),
    ]


def test_an_archived_deal_is_not_open(ctx: Context) -> None:
    records.archive(ctx, DEAL, [1])
    assert table(reports.report(ctx, "sources"))[0] == ("web", 1, 1, 2, 0, 10000)
    records.remove(ctx, DEAL, [3, 6])
    assert table(reports.report(ctx, "sources"))[1] == ("web", 1, 0, 1, 0, 10000)
    assert table(reports.report(ctx, "pipeline"))[0][:5] == ("Sales", "New", "EUR", 1, 20000)


def test_the_funnel_counts_the_stages_that_deals_were_in_and_none_that_they_skipped(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Looms: New 10 days, Qualified 36 hours, Won. Optics: New 3 days, then won at once. Tiles: lost in New.
    # Pumps goes back from Proposition to New and again to Proposition: one deal there, two stays.
    deals.move(ctx, DEAL, [1], "qualified")
    deals.won(ctx, DEAL, [2])
    deals.lost(ctx, DEAL, [3])
    deals.move(ctx, DEAL, [4], "new")
    monkeypatch.setenv("CRM_NOW", "2026-11-22T22:00:00+00:00")
    ctx.tick()
    deals.won(ctx, DEAL, [1])
    deals.move(ctx, DEAL, [4], "proposition")
    found = table(reports.report(ctx, "funnel", ["id:1,2,3,4"]))
    assert found == [
        ("Sales", "New", 4, 0, 2, 1, 6667, 5),  # (10 d + 3 d + 1.5 d) / 3 = 4.83
        ("Sales", "Qualified", 1, 0, 1, 0, 10000, 2),  # 1.5 days, half up
        ("Sales", "Proposition", 1, 1, 0, 0, None, 0),
        ("Sales", "Won", 2, 0, 2, 0, 10000, None),
    ]
    records.archive(ctx, DEAL, [4])
    records.remove(ctx, DEAL, [2])
    found = table(reports.report(ctx, "funnel", ["id:1,2,3,4"]))
    assert [line[2:6] for line in found] == [(3, 0, 1, 1), (1, 0, 1, 0), (1, 0, 0, 0), (1, 0, 1, 0)]


def test_the_help_names_the_reports_there_are(ctx: Context) -> None:
    assert TABLE["report"].help == f"Figures: {', '.join(reports.names(ctx))}, your own"


def own_report(name: str, text: str) -> None:
    folder = Path(config_dir()) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sql").write_text(text, encoding="utf-8")


def test_own_reports_are_found_and_run(ctx: Context) -> None:
    own_report(
        "owners",
        "-- Deals by owner\n-- of: deal\n-- column: owner text Owner\n-- column: deals integer Deals\n\n"
        "SELECT owner, count(*) AS deals FROM v_deal WHERE id IN (SELECT id FROM chosen)\n"
        "GROUP BY owner ORDER BY owner;\n",
    )
    assert reports.names(ctx) == ["funnel", "owners", "pipeline", "sources", "win-loss"]
    listed = {row["name"]: row for row in reports.listing(ctx).rows}
    assert listed["owners"]["title"] == "Deals by owner"
    assert listed["owners"]["origin"] == "yours"
    assert listed["pipeline"]["origin"] == "crm"
    report = reports.report(ctx, "owners", ["stage:new"])
    assert report.title == "Deals by owner"
    assert table(report) == [("ada", 1), ("grace", 2)]


def test_an_own_report_goes_before_ours(ctx: Context) -> None:
    own_report("pipeline", "-- Mine\n-- column: n integer N\nSELECT count(*) AS n FROM v_lead")
    assert table(reports.report(ctx, "pipeline")) == [(1,)]


def test_columns_that_nobody_declared_are_those_of_the_answer(ctx: Context) -> None:
    own_report(
        "bare",
        "-- of: deal\nWITH won AS (SELECT * FROM v_deal WHERE id IN (SELECT id FROM chosen))\n"
        "SELECT name, closed_at, close_on, value_minor FROM won ORDER BY name",
    )
    report = reports.report(ctx, "bare", ["is:won", "owner:grace"])
    assert [column.name for column in report.columns] == ["name", "closed_at", "close_on", "value_minor"]
    assert table(report) == [("Foods", "2026-09-30T23:59:59.999Z", None, 7000)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-- column: n number N\nSELECT 1 AS n", "no type"),
        ("-- column: n integer N\nDELETE FROM lead", "wants one SELECT"),
        ("-- column: n integer N\nSELECT 1 AS m", "does not return: n"),
        ("-- column: n integer N\nSELECT count(*) AS n FROM chosen", "does not say of what"),
        ("-- column: n integer N\n-- periods: fortnight 3\nSELECT count(*) AS n FROM period", "does not say which"),
    ],
)
def test_a_faulty_own_report_is_refused_with_its_fault(ctx: Context, text: str, complaint: str) -> None:
    own_report("faulty", text)
    with pytest.raises(UsageError, match=complaint):
        reports.report(ctx, "faulty")


def test_an_own_report_cannot_write(ctx: Context) -> None:
    if ctx.reader.dialect == "sqlite":
        text = "SELECT 1 AS n; DELETE FROM tag"
    else:
        text = "SELECT 1 AS n FROM nextval('tag_id_seq')"
    own_report("writer", f"-- column: n integer N\n{text}")
    with pytest.raises(StoreError):
        reports.report(ctx, "writer")


def test_unknown_reports_and_fields_are_errors(ctx: Context) -> None:
    with pytest.raises(NotFoundError) as unknown:
        reports.report(ctx, "pipelin")
    assert "did you mean 'pipeline'?" in str(unknown.value.hint)
    with pytest.raises(FilterError):
        reports.report(ctx, "pipeline", ["ownr:grace"])
    own_report("fixed", "-- column: n integer N\nSELECT 1 AS n")
    with pytest.raises(UsageError, match="takes no filter"):
        reports.report(ctx, "fixed", ["owner:grace"])
