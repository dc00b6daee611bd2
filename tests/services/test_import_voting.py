"""Whose ids those of a file are, where only its names tell: asked of all of its rows, in whatever order they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, DEAL
from crmcli.exchange.tables import keeping_sheets
from crmcli.services import imports, records
from crmcli.services.imports import taking, voting
from tests.support.importing import counts, listed, take
from tests.support.workbooks import xlsx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcli.context import Context


@pytest.fixture
def in_order(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
    """Puts the last rows first, last, or all rows mixed; blocks are small."""
    for module, name in ((taking, "FIRST_BLOCK"), (taking, "LEAST"), (taking, "MOST"), (voting, "_AT_ONCE")):
        monkeypatch.setattr(module, name, 4)
    return {
        "first": lambda rows: rows[::-1],
        "last": lambda rows: rows,
        "mixed": lambda rows: [rows[n * 13 % len(rows)] for n in range(len(rows))],
    }[request.param]


@pytest.mark.parametrize("in_order", ["first", "last", "mixed"], indirect=True)
@pytest.mark.parametrize(("others", "refused"), [(4, 0), (14, 0), (16, 16)])
@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_whose_ids_those_of_a_file_are_does_not_hang_on_the_order_of_its_rows(
    ctx: Context, put: Any, in_order: Any, others: int, refused: int, update: bool
) -> None:
    for number in range(1, 31):
        records.add(ctx, COMPANY, {"name": f"Firm{number}", "external_id": str(number), "city": "Oslo"})
    names = [f"Firm{number}" if number <= 30 - others else f"Zeta{number}" for number in range(1, 31)]
    rows = in_order([f"{number},{name},Rome\n" for number, name in enumerate(names, 1)])
    path = put("Id,Name,City\n" + "".join(rows))
    done = take(ctx, path, kind=COMPANY, id_column="Id", update=update)
    assert counts(done) == (30, 0, (30 - refused) * update, (30 - refused) * (not update), 0, refused)
    assert imports.run(ctx, imports.plan(ctx, path, kind=COMPANY, id_column="Id", update=update)).refused == refused


@pytest.mark.parametrize("in_order", ["first", "last", "mixed"], indirect=True)
@pytest.mark.parametrize(("others", "misnamed"), [(4, 0), (14, 0), (16, 16)])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_whose_ids_those_of_links_are_does_not_hang_on_the_order_of_the_rows(
    ctx: Context, put: Any, tmp_path: Path, in_order: Any, others: int, misnamed: int, suffix: str
) -> None:
    for number in range(1, 31):
        records.add(ctx, COMPANY, {"name": f"Firm{number}", "external_id": str(number)})
    names = [f"Firm{number}" if number <= 30 - others else f"Zeta{number}" for number in range(1, 31)]
    # of those that are called otherwise there are several rows each, which count once
    rows = [f"{number},{name}\n" for number, name in enumerate(names, 1)] + [f"30,{names[29]}\n"] * 15
    rows = [f"{number},Sale {number},{row}" for number, row in enumerate(in_order(rows))]
    text = "Deal ID,Deal,Company ID,Company\n" + "".join(rows)
    path = put(text, "deals.csv")
    if suffix == "xlsx":
        path = str(xlsx(tmp_path / "deals.xlsx", [line.split(",") for line in text.splitlines()]))
    with keeping_sheets():
        done = take(ctx, path, kind=DEAL)
    assert counts(done) == (45, 45, 0, 0, 0, 0)
    assert any(f": {misnamed + 15} rows have another name beside" in note for note in done.notes) == bool(misnamed)
    assert len(listed(ctx, "company")) == 30 + misnamed


@pytest.mark.parametrize("in_order", ["first", "last", "mixed"], indirect=True)
@pytest.mark.parametrize(("country", "city"), [("Germany", ""), ("Germany", "Bonn Ulm Jena"), ("", "Bonn Ulm Jena")])
@pytest.mark.parametrize("update", [False, True], ids=["plain", "update"])
def test_what_many_rows_say_makes_nobody_the_one_with_the_id(
    ctx: Context, put: Any, in_order: Any, country: str, city: str, update: bool
) -> None:
    def text(ids: str, names: str, code: Callable[[int], object]) -> str:
        cities = city.split() or [""]
        rows = [f"{n},{names}{n},{country},{cities[n % len(cities)]},{code(n)}\n" for n in range(1, 13)]
        return f"{ids},Name,Country,City,Postal Code\n{''.join(in_order(rows))}"

    take(ctx, put(text("Acc No", "Firm", lambda n: 100 + n)), kind=COMPANY, id_column="Acc No")
    # what two of them alone say is their own
    path = put(text("Kd-Nr", "Zeta", lambda n: 100 + n if n < 3 else ""), "b.csv")
    done = take(ctx, path, kind=COMPANY, id_column="Kd-Nr", update=update)
    assert counts(done) == (12, 0, 2 * update, 2 * (not update), 0, 10)
    told = {row["external_id"]: row["name"] for row in listed(ctx, "company")}
    assert {number: name for number, name in told.items() if int(number) > 2} == {
        str(number): f"Firm{number}" for number in range(3, 13)
    }


@pytest.mark.parametrize("in_order", ["last"], indirect=True)
def test_nobody_waits_for_the_lock_while_a_file_is_gone_through(
    ctx: Context, put: Any, in_order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(ctx, put("Id,Name,City\n" + "".join(f"{n},Firm{n},Oslo\n" for n in range(30))), kind=COMPANY, id_column="Id")
    count, held = voting.Votes._count, list[bool]()
    monkeypatch.setattr(voting.Votes, "_count", lambda *args: (held.append(ctx._tx is not None), count(*args)))
    names = [f"Firm{n}" if n < 26 else f"Zeta{n}" for n in range(30)]
    rows = in_order([f"{number},{name},Rome\n" for number, name in enumerate(names)])
    made = imports.plan(ctx, put("Id,Name,City\n" + "".join(rows), "b.csv"), kind=COMPANY, id_column="Id", update=True)
    before = ctx.reader.value("SELECT count(*) FROM journal_tx")
    assert counts(imports.run(ctx, made)) == (30, 0, 30, 0, 0, 0)
    assert held
    assert not any(held)
    assert ctx.reader.value("SELECT count(*) FROM journal_tx") > before + 1
