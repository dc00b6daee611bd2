"""`crm doctor`: each rule finds what it says, --fix mends it, and the score says how the book does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TAG, TASK
from crmcli.errors import ConflictError, FilterError, NotFoundError, UsageError
from crmcli.services import deals, doctor, pipelines, records, tags, undoing, vocabulary
from crmcli.services.checking import checks
from crmcli.services.doctor.own import KINDS
from crmcli.services.doctor.rules import RULES
from tests.support.books import NOW

if TYPE_CHECKING:
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
    found["contact-phone"] = [add(ctx, CONTACT, "Bad", mobile="12345678")]
    found["contact-email-slip"] = [add(ctx, CONTACT, "Slip", email="a@yahooo.com")]
    found["contact-name-is-address"] = [add(ctx, CONTACT, "ada@x.example", phone="+44 20 7946 0001")]
    found["contact-birthday"] = [add(ctx, CONTACT, "Unborn", email="u@y.example", birthday="2040-01-01")]
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
    lost = add(ctx, DEAL, "Lost", **full)
    found["task-of-the-closed"] = [add(ctx, TASK, "In vain", due="+1d", on=f"deal:{lost}", owner="grace")]
    deals.lost(ctx, DEAL, [lost])
    gone = add(ctx, CONTACT, "Gone")
    found["task-orphaned"] = [add(ctx, TASK, "Call the gone", due="+1d", contact="Gone", owner="grace")]
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
    deals.won(ctx, DEAL, [early])
    ctx.reader.run("UPDATE opportunity SET closed_at = '2020-01-01T00:00:00.000Z' WHERE id = ?", (early,))
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


def state(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """Every record and tag as it is."""
    found = {
        kind.name: list(
            records.list_records(ctx, kind, ["(is:any or is:removed)"], columns="all", sort="id", limit=0).rows
        )
        for kind in (LEAD, DEAL, CONTACT, COMPANY, TASK)
    }
    return {**found, "tag": [{"name": name} for name in ctx.names("tag")]}


def findings(ctx: Context, *names: str) -> dict[str, list[int]]:
    return {row["rule"]: row["ids"] for row in doctor.examine(ctx, names).sections[0].rows.rows}


def test_each_rule_finds_what_it_says_and_nothing_else(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    good = sound(ctx)
    page = doctor.examine(ctx)
    assert (findings(ctx), page.values["score"], page.values["ok"]) == ({}, 100, True)
    assert page.values["records"] == len(good)

    wanted = faulty(ctx, monkeypatch)

    assert set(wanted) == {rule.name for rule in RULES}
    assert findings(ctx) == wanted
    page = doctor.examine(ctx)
    assert page.values["ok"] is False
    bad = {(rule.kind.name, number) for rule in RULES for number in wanted[rule.name]}
    bad -= {("tag", *wanted["tag-unused"]), ("deal", *wanted["deal-closed-early"])}
    assert page.values["faulty"] == len(bad) + 1  # the one that is closed counts too
    assert page.values["score"] == 100 * (page.values["records"] - page.values["faulty"]) // page.values["records"]


def test_what_is_found_is_listed_by_its_rule(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    sound(ctx)
    for name, ids in faulty(ctx, monkeypatch).items():
        assert [row["id"] for row in doctor.show(ctx, name).rows] == ids, name


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.filter], ids=lambda rule: rule.name)
def test_filters_and_commands_can_be_read(rule: Any, book: Context) -> None:
    records.bound(book, rule.kind, rule.filter)
    assert "{" not in doctor.examining.advice(book, rule)


def test_what_is_safe_is_mended_and_one_undo_takes_it_back(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    sound(ctx)
    wanted = faulty(ctx, monkeypatch)
    before = state(ctx)
    rules = doctor.mendable(doctor.known(ctx))
    done = doctor.mend(ctx, rules, {rule.name: wanted[rule.name] for rule in rules})

    left = findings(ctx)
    assert {rule.name for rule in rules}.isdisjoint(left)
    assert [line.partition(":")[0] for line in done.lines] == [rule.name for rule in rules]
    assert records.get(ctx, CONTACT, *wanted["contact-without-company"])["company"] == "Difference"
    assert records.get(ctx, LEAD, *wanted["lead-unseen-marks"])["name"] == "Unseen"
    assert not [name for name, _, faults in checks(ctx, deep=True) if faults and name != "rows"]
    undoing.undo(ctx)
    assert state(ctx) == before


def test_what_somebody_mended_meanwhile_is_left(ctx: Context) -> None:
    sound(ctx)
    charles = add(ctx, CONTACT, "Charles", email="c@engines.example")
    rules = doctor.known(ctx, ["contact-without-company", "task-orphaned"])
    records.edit(ctx, CONTACT, [charles], {"company": "Another"})
    done = doctor.mend(ctx, rules, {"contact-without-company": [charles], "task-orphaned": [1]})
    assert (done.lines, done.batch) == (("nothing to mend",), 0)
    assert records.get(ctx, CONTACT, charles)["company"] == "Another"


def test_own_rules_are_looked_for_and_score(ctx: Context) -> None:
    sound(ctx)
    number = add(ctx, DEAL, "بدون مبلغ", stage="proposition", close_on="+3d", owner="grace")
    doctor.add(ctx, "deal without amount", DEAL, "stage:proposition no:value", "crm deal edit ID value=AMOUNT")
    assert findings(ctx, "own") == {"deal without amount": [number]}
    assert findings(ctx, "Deal Without Amount") == {"deal without amount": [number]}
    changed = doctor.add(ctx, "Deal without amount", DEAL, "stage:won no:value")
    assert "in place of: --on deal stage:proposition no:value" in changed.lines[1]
    assert findings(ctx, "own") == {}
    undoing.undo(ctx)
    assert findings(ctx, "own") == {"deal without amount": [number]}
    doctor.remove(ctx, "deal without amount")
    assert findings(ctx, "own") == {}


def test_a_rule_whose_filter_can_no_longer_be_read_says_so(ctx: Context) -> None:
    pipelines.stage_add(ctx, "demo")
    doctor.add(ctx, "stuck", DEAL, "stage:demo")
    pipelines.stage_remove(ctx, "demo", to="new")
    page = doctor.examine(ctx)
    [row] = page.sections[0].rows.rows
    assert (row["rule"], row["count"], page.values["ok"]) == ("stuck", 0, False)
    assert row["what"].startswith("its filter cannot be read any more: there is no stage 'demo'")


@pytest.mark.parametrize(
    ("name", "kind", "text", "error", "said"),
    [
        ("x", "deal", "stge:new", FilterError, "stage"),
        ("x", "deal", "", UsageError, "needs a filter"),
        ("", "deal", "no:value", UsageError, "cannot name"),
        ("-x", "deal", "no:value", UsageError, "cannot name"),
        ("deal-overdue", "deal", "no:value", ConflictError, "of its own"),
        ("x", "interaction", "no:body", UsageError, "there are no rules for interactions"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    book: Context, name: str, kind: str, text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as told:
        doctor.add(book, name, ENTITIES[kind], text)
    assert said in str(told.value)
    assert not book.batch


def test_an_unknown_rule_is_told_with_a_suggestion(book: Context) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'deal-overdue'"):
        doctor.examine(book, ["deal-overdu"])
    with pytest.raises(UsageError, match="the doctor's own"):
        doctor.remove(book, "deal-overdue")
    assert {kind for rule in RULES for kind in [rule.kind.name]} <= {*KINDS, TAG.name}


def test_the_score_is_kept_by_the_day(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    sound(ctx)
    doctor.examine(ctx)
    add(ctx, LEAD, "Nobody", owner="grace")
    assert doctor.examine(ctx).values["before"] is None
    at_another_time(ctx, monkeypatch, NOW.replace("-21T", "-22T"))
    records.remove(ctx, LEAD, [ctx.reader.value("SELECT max(id) FROM opportunity")])
    page = doctor.examine(ctx)
    assert page.values["before"] == {"day": "2026-11-21", "score": 83}
    assert "it was 83 on 2026-11-21" in page.title
    assert [(row["day"], row["score"]) for row in doctor.scores(ctx).rows] == [("2026-11-22", 100), ("2026-11-21", 83)]
    # Some rules alone make no score.
    doctor.examine(ctx, ["lead"])
    assert len(list(doctor.scores(ctx).rows)) == 2


@pytest.mark.parametrize(("fail_under", "ok"), [(None, False), (83, True), (84, False)])
def test_a_score_may_be_good_enough(book: Context, fail_under: int | None, ok: bool) -> None:
    sound(book)
    add(book, LEAD, "Nobody", owner="grace")
    assert doctor.examine(book, fail_under=fail_under).values["ok"] is ok
