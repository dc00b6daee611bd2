"""Which parents the companies of a file get, and what is said of those that cannot have theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY
from crmcli.services import imports, records
from crmcli.store.uid import new_uid
from tests.support.importing import rows

if TYPE_CHECKING:
    from crmcli.context import Context


def taken(ctx: Context, path: str) -> tuple[dict[str, str | None], list[str]]:
    """name -> parent after an import, and its notes, which a dry run said as well."""
    made = imports.plan(ctx, path, kind=COMPANY)
    tried = imports.run(ctx, made, dry_run=True)
    done = imports.run(ctx, made)
    assert done.refused == 0
    assert tried.notes == done.notes
    return {row["name"]: row["parent"] for row in rows(ctx, COMPANY)}, list(done.notes)


@pytest.mark.parametrize(
    ("text", "parents", "without"),
    [
        (
            "A,B\nB,A\nC,C\n",
            {"A": "B", "B": None, "C": None},
            {2: "B: A is under it", 3: "C: a company cannot be under"},
        ),
        ("A,B\nB,C\nC,A\nD,A\n", {"A": "B", "B": "C", "C": None, "D": "A"}, {3: "C: A is under it already"}),
        ("A,Old\nB,A\nOlder,B\n", {"A": "Old", "B": "A", "Older": "B", "Old": None}, {}),
        (
            "A,Fresh\nFresh,\nB,Unheard\n",
            {"A": "Fresh", "Fresh": None, "B": "Unheard", "Unheard": None, "Old": None},
            {},
        ),
    ],
)
def test_no_company_comes_under_itself(
    ctx: Context, put: Any, text: str, parents: dict[str, str | None], without: dict[int, str]
) -> None:
    if "Old" in parents:
        records.add(ctx, COMPANY, {"name": "Old"})
    found, notes = taken(ctx, put(f"Company,Parent\n{text}"))
    assert found == parents
    expected = [
        f"line {row + 1}: {why.replace(':', ' comes in without its parent:', 1)}" for row, why in without.items()
    ]
    assert [note[: len(start)] for note, start in zip(notes, expected, strict=True)] == expected


def test_a_circle_by_uids_is_none_either(ctx: Context, put: Any) -> None:
    one, two = new_uid(), new_uid()
    text = f"uid,name,parent,parent_uid\n{one},Same,Same,{two}\n{two},Same,Same,{one}\n"
    found = imports.run(ctx, made := imports.plan(ctx, put(text), kind=COMPANY), dry_run=True)
    done = imports.run(ctx, made)
    assert found.notes == done.notes == ("line 3: Same comes in without its parent: Same is under it already",)
    assert [(row["uid"], row["parent_id"] is not None) for row in rows(ctx, COMPANY)] == [(one, True), (two, False)]


def test_a_parent_that_fits_several_is_said(ctx: Context, put: Any) -> None:
    for domain in ("one.example", "two.example"):
        records.add(ctx, COMPANY, {"name": "Mother", "domain": domain})
    found, notes = taken(ctx, put("Company,Parent\nDaughter,Mother\n"))
    assert found["Daughter"] is None
    assert "line 2: Daughter comes in without its parent: 'Mother' fits 2 records" in notes[0]
