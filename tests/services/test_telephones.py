"""Telephone numbers without + belong to a region; the setting may change, and the book stays sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, LEAD
from crmcli.errors import NotFoundError
from crmcli.services import database, finding, records

if TYPE_CHECKING:
    from crmcli.context import Context


def faults(ctx: Context) -> dict[str, str]:
    """The checks that found something, and what."""
    page = database.check(ctx, deep=True)
    return {row["check"]: row["detail"] for row in page.sections[0].rows.rows if not row["ok"]}


def test_numbers_entered_under_another_region_are_made_anew(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def region(code: str) -> None:
        monkeypatch.setenv("CRM_REGION", code)
        ctx.tick()

    records.add(ctx, CONTACT, {"name": "Ada", "phone": "021 8888 7777", "mobile": "۰۹۱۲ ۳۴۵ ۶۷۸۹", "city": "Bern"})
    records.add(ctx, COMPANY, {"name": "Engines", "phone": "+98 21 8888 7777"})
    records.add(ctx, LEAD, {"name": "Bob", "phone": "021 8888 7777"})
    assert faults(ctx) == {}

    region("IR")
    assert records.edit(ctx, CONTACT, [1], {"phone": "021 8888 7777"}).ids == ()
    said = "has a telephone number entered under another region than IR"
    assert faults(ctx) == {"telephones": f"lead 1 {said}; contact 1 {said}"}
    assert "the records are sound: 'crm db check --repair'" in database.check(ctx, deep=True).sections[0].title
    with pytest.raises(NotFoundError):
        finding.lookup(ctx, "+98 912 345 6789")
    versions = records.versions(ctx, CONTACT, [1])
    database.repair(ctx)
    assert faults(ctx) == {}
    assert records.versions(ctx, CONTACT, [1]) == versions
    assert [row["ref"] for row in finding.lookup(ctx, "+98 912 345 6789").sections[0].rows.rows] == ["contact:1"]
    found = [row["ref"] for row in finding.lookup(ctx, "021 88887777").sections[0].rows.rows]
    assert found == ["contact:1", "company:1", "lead:1"]
    for word in ("+989123456789", "bern"):
        assert [row["ref"] for row in finding.search(ctx, word).rows] == ["contact:1"], word

    region("DE")
    assert list(faults(ctx)) == ["telephones"]
    region("")
    assert faults(ctx) == {}
    database.repair(ctx)
    assert ctx.reader.value("SELECT mobile_key FROM contact") == "+989123456789"


def test_a_key_that_no_region_gives_is_damage(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "phone": "021 8888 7777", "mobile": "+98 912 345 6789"})
    for column, key in (("phone_key", "+982188887778"), ("mobile_key", "989123456789")):
        was = ctx.reader.value(f"SELECT {column} FROM contact")
        ctx.reader.run(f"UPDATE contact SET {column} = ?", (key,))
        assert "wrong keys" in faults(ctx)["rows"], column
        ctx.reader.run(f"UPDATE contact SET {column} = ?", (was,))
