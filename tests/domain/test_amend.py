"""What a plugin's answer may change, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.domain.amend import accept, copied
from crmcli.domain.change import Change
from crmcli.errors import RefusedError

NEW = Change("deal", 7, None, {"name": "Big", "stage_id": 1, "kind": "deal", "uid": "u"}, "opportunity")
EDIT = Change(
    "deal",
    7,
    {"name": "Big", "value_minor": None, "updated_at": "2026-01-01T00:00:00.000Z"},
    {"name": "Bigger", "value_minor": 5, "updated_at": "2026-01-02T00:00:00.000Z"},
    "opportunity",
)


def amended(change: Change, **columns: Any) -> Change:
    assert change.after is not None
    return change._replace(after={**change.after, **columns})


def test_new_record_may_get_any_column_that_its_kind_has() -> None:
    answer = amended(
        NEW,
        close_on="2026-12-01",
        value_minor=100,
        tags=[3, 1, 3],
        priority=3,
        plan="Monthly",
        email="A@Engines.Example",
    )
    got = accept(NEW, answer)
    assert got is not None
    assert got.after == {
        "name": "Big", "stage_id": 1, "kind": "deal", "uid": "u", "close_on": "2026-12-01", "value_minor": 100,
        "tags": [1, 3], "priority": 3, "plan": "monthly", "email": "a@engines.example",
    }  # fmt: skip


def test_edit_may_alter_what_it_touches_and_take_a_part_back() -> None:
    got = accept(EDIT, amended(EDIT, name="Biggest", value_minor=None))
    assert got is not None
    assert got.before == {"name": "Big", "updated_at": "2026-01-01T00:00:00.000Z"}
    assert got.after == {"name": "Biggest", "updated_at": "2026-01-02T00:00:00.000Z"}


def test_edit_taken_back_as_a_whole_is_no_change() -> None:
    assert accept(EDIT, amended(EDIT, name="Big", value_minor=None)) is None


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (NEW, "yes"),
        (NEW, NEW._replace(id=8)),
        (NEW, NEW._replace(entity="lead")),
        (NEW, NEW._replace(table="contact")),
        (NEW, NEW._replace(after=None)),
        (NEW, NEW._replace(after=["name"])),
        (EDIT, EDIT._replace(before={"name": "x"})),
        (NEW, amended(NEW, nonsense=1)),
        (NEW, amended(NEW, **{"name = 'x', id": 1})),
        (NEW, amended(NEW, uid="other")),
        (NEW, amended(NEW, kind="lead")),
        (NEW, amended(NEW, last_touch="2026-01-01T00:00:00.000Z")),
        (NEW, amended(NEW, name="")),
        (NEW, amended(NEW, name=None)),
        (NEW, amended(NEW, name="a\0b")),
        (NEW, amended(NEW, name=b"bytes")),
        (NEW, amended(NEW, value_minor="100")),
        (NEW, amended(NEW, value_minor=True)),
        (NEW, amended(NEW, value_minor=10**18 + 1)),
        (NEW, amended(NEW, priority=4)),
        (NEW, amended(NEW, probability_bp=10_001)),
        (NEW, amended(NEW, plan="weekly")),
        (NEW, amended(NEW, close_on="soon")),
        (NEW, amended(NEW, closed_at="2026-01-01T00:00:00")),
        (NEW, amended(NEW, stage_id=0)),
        (NEW, amended(NEW, tags=["vip"])),
        (NEW, amended(NEW, tags="vip")),
        (NEW, amended(NEW, weighted=1)),
        (NEW, amended(NEW, currency="XX1")),
        (EDIT, amended(EDIT, city="Zurich")),
        (EDIT, amended(EDIT, updated_at="2020-01-01T00:00:00.000Z")),
    ],
)
def test_refuses(change: Change, answer: Any) -> None:
    with pytest.raises(RefusedError):
        accept(change, answer)


def test_a_copy_shares_nothing_that_can_be_altered() -> None:
    change = amended(NEW, tags=[1])
    other = copied(change)
    assert other == change
    assert other.after is not None
    other.after["tags"].append(2)
    other.after["name"] = "x"
    assert change == amended(NEW, tags=[1])
