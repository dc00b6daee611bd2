"""Meetings with leads, who are no contacts yet: a calendar file finds them by their addresses, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, LEAD, TASK
from crmcli.services import attending, deals, history, merging, records, timeline
from tests.support.calendar_files import event, plain, take

if TYPE_CHECKING:
    from crmcli.context import Context

ADA = "ATTENDEE;CN=Ada Lovelace:mailto:Ada@X.org"
BOB = "ATTENDEE:mailto:bob@x.org"
#: A meeting with Ada that is over, and one that is to come.
PAST = event("SUMMARY:Demo", "DTSTART:20261119T100000Z", "DURATION:PT1H", ADA)
COMING = plain(ADA)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    at(monkeypatch, ctx, "2026-11-21T10:00:00+00:00")


def at(monkeypatch: pytest.MonkeyPatch, ctx: Context, moment: str) -> None:
    monkeypatch.setenv("CRM_NOW", moment)
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


def lead(ctx: Context, name: str = "Ada", email: str = "ada@x.org") -> int:
    return records.add(ctx, LEAD, {"name": name, "email": email}).ids[0]


def links(ctx: Context, number: int = 1) -> dict[str, Any]:
    found = records.get(ctx, TASK, number)
    return {name: found[name] for name in ("opportunity_id", "contact_id") if found[name]}


def touches(ctx: Context) -> list[tuple[int | None, int | None]]:
    sql = "SELECT opportunity_id, contact_id FROM interaction WHERE removed_at IS NULL ORDER BY id"
    return list(ctx.reader.rows(sql))


@pytest.mark.parametrize("add_contacts", [False, True])
def test_a_meeting_with_a_lead_lands_on_the_lead(
    ctx: Context, capsys: pytest.CaptureFixture[str], add_contacts: bool
) -> None:
    ctx.quiet = False
    lead(ctx)
    for said in ("1 new", "1 known"):
        assert take(ctx, PAST, add_contacts=add_contacts) == said
        assert links(ctx) == {"opportunity_id": 1}
        assert touches(ctx) == [(1, None)]
    assert records.get(ctx, LEAD, 1)["last_touch"] == "2026-11-19T11:00:00.000Z"
    assert ctx.reader.value("SELECT count(*) FROM contact") == 0
    assert "nobody's in the book" not in capsys.readouterr().err
    history.undo(ctx)
    assert (touches(ctx), records.get(ctx, LEAD, 1)["last_touch"]) == ([], None)


def test_a_meeting_with_a_lead_that_was_to_come_is_there_when_it_is_over(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(ctx)
    assert (take(ctx, COMING), touches(ctx)) == ("1 new", [])
    at(monkeypatch, ctx, "2026-11-30T10:00:00+00:00")
    for said in ("1 changed", "1 known"):
        assert (take(ctx, COMING), touches(ctx)) == (said, [(1, None)])


def test_a_meeting_with_a_lead_that_is_a_deal_by_now_is_there_once(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(ctx)
    take(ctx, COMING)
    deals.convert(ctx, 1)
    at(monkeypatch, ctx, "2026-11-30T10:00:00+00:00")
    take(ctx, COMING)
    assert touches(ctx) == [(1, 1)]
    assert len([row for row in timeline.timeline(ctx, CONTACT, 1, 0).rows if row["kind"] == "meeting"]) == 1


def test_a_contact_goes_before_a_lead(ctx: Context) -> None:
    """With the same address, and as whom the task is about; the lead has the meeting on its timeline all the same."""
    lead(ctx)
    records.add(ctx, CONTACT, {"name": "Bob", "email": "bob@x.org"})
    take(ctx, PAST.replace(ADA, f"{ADA}\r\n{BOB}"))
    assert links(ctx) == {"contact_id": 1}
    assert sorted(touches(ctx), key=str) == [(1, None), (None, 1)]
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    take(ctx, PAST.replace("one@x.org", "two@x.org"))
    assert links(ctx, 2) == {"contact_id": 2}
    assert touches(ctx)[2:] == [(None, 2)]


def test_a_lead_who_declined_was_not_there(ctx: Context) -> None:
    lead(ctx)
    lead(ctx, "Bob", "bob@x.org")
    take(ctx, PAST.replace(ADA, f"{ADA.replace(';', ';PARTSTAT=DECLINED;', 1)}\r\n{BOB}"))
    assert touches(ctx) == [(2, None)]


def test_of_several_leads_the_open_one_that_was_touched_last_else_the_newest(ctx: Context) -> None:
    first, second, third = lead(ctx), lead(ctx), lead(ctx)
    found = [attending.leads(ctx.reader, ["Ada@x.org"])]
    for number, when in ((first, "2026-11-01"), (second, "2026-11-02"), (third, "2026-11-03")):
        timeline.add(ctx, LEAD, number, "call", "Hello", at=when)
        if number != third:
            found.append(attending.leads(ctx.reader, ["Ada@x.org"]))
    deals.lost(ctx, LEAD, [third], "")
    found.append(attending.leads(ctx.reader, ["Ada@x.org"]))
    records.remove(ctx, LEAD, [first, second])
    found.append(attending.leads(ctx.reader, ["Ada@x.org", "nobody@x.org", ""]))
    expected = (third, first, second, second, third)
    assert found == [{"Ada@x.org": number} for number in expected]


def test_a_lead_that_was_merged_is_the_one_that_it_is_now(ctx: Context) -> None:
    lead(ctx)
    lead(ctx, "Ada L.", "ada@y.org")
    merging.merge(ctx, LEAD, [1, 2], into=2)
    assert attending.leads(ctx.reader, ["ada@x.org", "ada@y.org"]) == {"ada@x.org": 2, "ada@y.org": 2}
    take(ctx, PAST)
    assert (links(ctx), touches(ctx)) == ({"opportunity_id": 2}, [(2, None)])
