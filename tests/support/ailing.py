"""A book in which every rule of the doctor finds something, beside records with nothing wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.services import deals, pipelines, records, tags, vocabulary
from crmcli.store import reminders
from tests.support.books import NOW

if TYPE_CHECKING:
    import pytest

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

ZWSP = "\u200b"


def add(ctx: Context, kind: Entity, name: str, **more: str) -> int:
    return records.add(ctx, kind, {"name": name, **more}).ids[0]


def sound(ctx: Context) -> dict[str, int]:
    """Records with nothing wrong."""
    vocabulary.user_add(ctx, "grace", {})
    firm = add(ctx, COMPANY, "Analytical Engines", website="engines.example", phone="+44 20 7946 0000")
    ada = add(
        ctx, CONTACT, "Ada Lovelace", email="ada@engines.example", company="Analytical Engines", birthday="1915-12-10"
    )
    deal = add(ctx, DEAL, "Engine", value="1000", close_on="+10d", owner="grace", contact="Ada Lovelace",
               company="Analytical Engines", tags="vip")  # fmt: skip
    lead = add(ctx, LEAD, "علی رضایی", email="ali@tehran.example", phone="+98 912 345 6789", owner="grace")
    task = add(ctx, TASK, "Call", due="+1d", on=f"deal:{deal}", owner="grace")
    return {"company": firm, "contact": ada, "deal": deal, "lead": lead, "task": task}


def faulty(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """For each rule the records that it is to find beside the sound ones; those that others find as well are told."""
    full = {"value": "1000", "close_on": "+10d", "owner": "grace"}
    found: dict[str, list[int]] = {}
    found["lead-unreachable"] = [add(ctx, LEAD, "Nobody", owner="grace")]
    found["contact-unreachable"] = [add(ctx, CONTACT, "No Way")]
    found["lead-without-owner"] = [add(ctx, LEAD, "Unowned", email="unowned@y.example")]
    found["lead-phone"] = [add(ctx, LEAD, "Bad phone", phone="ask Bob 12", owner="grace")]
    found["lead-email-slip"] = [add(ctx, LEAD, "Slip", email="a@gmial.com", owner="grace")]
    found["lead-unseen-marks"] = [add(ctx, LEAD, f"Un{ZWSP}seen", email="marks@y.example", owner="grace")]
    found["contact-phone"] = [add(ctx, CONTACT, "Bad", phone="call me")]
    found["contact-mobile"] = [add(ctx, CONTACT, "Bad mobile", mobile="(312) 555-0111", phone="+44 20 7946 0002")]
    found["contact-email-slip"] = [add(ctx, CONTACT, "Slip", email="a@yahooo.com")]
    found["contact-name-is-address"] = [add(ctx, CONTACT, "ada@x.example", phone="+44 20 7946 0001")]
    found["contact-birthday"] = [add(ctx, CONTACT, "Unborn", email="u@y.example")]
    with ctx.writing() as tx:  # as another program may write it
        tx.change("contact", *found["contact-birthday"], {"birthday": "2040-01-01"})
    found["contact-unseen-marks"] = [add(ctx, CONTACT, f"{ZWSP}Ada", email="v@y.example")]
    other = add(ctx, COMPANY, "Difference", website="difference.example", phone="12")
    found["company-phone"] = [other]
    found["contact-without-company"] = [add(ctx, CONTACT, "Charles", email="c@difference.example")]
    found["contact-other-domain"] = [
        add(ctx, CONTACT, "Bob", email="b@difference.example", company="Analytical Engines")
    ]
    found["company-unseen-marks"] = [add(ctx, COMPANY, f"Lone{ZWSP}ly")]
    found["company-alone"] = [other, *found["company-unseen-marks"]]
    found["deal-without-owner"] = [add(ctx, DEAL, "Unowned", value="1", close_on="+1d")]
    found["deal-without-value"] = [add(ctx, DEAL, "Free", close_on="+1d", owner="grace")]
    found["deal-without-close-date"] = [add(ctx, DEAL, "Some day", value="1", owner="grace")]
    found["deal-overdue"] = [add(ctx, DEAL, "Late", value="1", close_on="-1d", owner="grace")]
    found["deal-other-company"] = [add(ctx, DEAL, "Whose", contact="Bob", company="Difference", **full)]
    found["company-alone"].remove(other)
    found["deal-unseen-marks"] = [add(ctx, DEAL, f"Un{ZWSP}seen", **full)]
    found["task-overdue"] = [add(ctx, TASK, "Long ago", due="-40d", owner="grace")]
    found["task-reminder-astray"] = [add(ctx, TASK, "Unheard", due="2026-11-22 10:00", owner="grace")]
    missed = [(found["task-reminder-astray"][0], ctx.now + timedelta(days=1), "grace/mail")]
    ring = [add(ctx, TASK, name, due="+1d", owner="grace") for name in ("Hen", "Egg")]
    found["task-ring"] = ring
    with ctx.writing() as tx:  # as another program may write it
        for number, other in (ring, ring[::-1], (ring[0], found["task-overdue"][0])):
            tx.add("task_need", {"task_id": number, "needs_id": other})
    with ctx.writing() as tx:
        ahead = tx.add("interaction", {"kind": "note", "body": "Soon", "at": "2040-01-01T00:00:00.000Z"})
    found["interaction-ahead"] = [ahead]
    reminders.miss(ctx.reader, missed, "nobody", ctx.now, "missed")
    lost = add(ctx, DEAL, "Lost", **full)
    found["task-of-the-closed"] = [add(ctx, TASK, "In vain", due="+1d", on=f"deal:{lost}", owner="grace")]
    deals.lost(ctx, DEAL, [lost])
    gone = add(ctx, CONTACT, "Gone")
    found["task-orphaned"] = [add(ctx, TASK, "Call the gone", due="+1d", contact="Gone", owner="grace")]
    closed = add(ctx, COMPANY, "Closed", website="closed.example")
    found["contact-company-removed"] = [add(ctx, CONTACT, "At the closed", email="a@closed.example", company="Closed")]
    found["deal-company-removed"] = [add(ctx, DEAL, "Of the closed", company="Closed", **full)]
    found["deal-contact-removed"] = [add(ctx, DEAL, "Of the gone", contact="Gone", **full)]
    records.remove(ctx, COMPANY, [closed])
    records.remove(ctx, CONTACT, [gone])
    vocabulary.user_add(ctx, "eve", {})
    found["lead-owner-gone"] = [add(ctx, LEAD, "Left", email="left@y.example", owner="eve")]
    found["deal-owner-gone"] = [add(ctx, DEAL, "Left", **{**full, "owner": "eve"})]
    found["task-owner-gone"] = [add(ctx, TASK, "Left", due="+1d", owner="eve")]
    vocabulary.user_edit(ctx, "eve", {"active": "no"})
    tags.add(ctx, "never", LEAD, found["lead-unreachable"])
    tags.remove(ctx, "never", LEAD, found["lead-unreachable"])
    found["tag-unused"] = [ctx.reader.value("SELECT id FROM tag WHERE name_key = 'never'")]
    for kind, twice in (
        (LEAD, {"name": "Twice Said", "email": "twice@y.example", "owner": "grace"}),
        (DEAL, {"name": "Twice Sold", "email": "twice@y.example", **full}),
        (CONTACT, {"name": "Twice Said", "email": "twice@y.example"}),
        (COMPANY, {"name": "Twice AG", "website": "twice.example"}),
    ):
        found[f"{kind.name}-twice"] = [records.add(ctx, kind, twice).ids[0] for _ in "ab"][1:]
        if kind is COMPANY:
            found["company-alone"] += [number + n for number in found["company-twice"] for n in (-1, 0)]
    old = at_another_time(ctx, monkeypatch, "2026-05-01T10:00:00+00:00")
    found["lead-untouched"] = [add(old, LEAD, "Silent", email="silent@y.example", owner="grace")]
    pipelines.stage_edit(old, "proposition", {"rot": "30"})
    found["deal-rotting"] = [add(old, DEAL, "Rotten", stage="proposition", **{**full, "close_on": "2027-01-01"})]
    ctx = at_another_time(ctx, monkeypatch, NOW)
    early = add(ctx, DEAL, "Early", **full)
    deals.won(at_another_time(ctx, monkeypatch, "2020-01-01T00:00:00+00:00"), DEAL, [early])  # a clock that was wrong
    ctx = at_another_time(ctx, monkeypatch, NOW)
    found["deal-closed-early"] = [early]
    with_task = ctx.reader.value("SELECT opportunity_id FROM task WHERE opportunity_id IS NOT NULL ORDER BY id")
    found["deal-without-task"] = [
        row["id"] for row in records.list_records(ctx, DEAL, sort="id", limit=0).rows if row["id"] != with_task
    ]
    return found


def at_another_time(ctx: Context, monkeypatch: pytest.MonkeyPatch, now: str) -> Context:
    monkeypatch.setenv("CRM_NOW", now)
    ctx.tick()
    return ctx
