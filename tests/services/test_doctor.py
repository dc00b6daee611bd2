"""`crm doctor`: each rule finds what it says, --fix mends it, and the score says how the book does."""

from __future__ import annotations

import shlex
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, INTERACTION, LEAD, TAG
from crmcli.errors import ConflictError, FilterError, NotFoundError, UsageError
from crmcli.services import deals, doctor, pipelines, records, relocating, undoing
from crmcli.services.checking import checks
from crmcli.services.doctor.own import KINDS
from crmcli.services.doctor.rules import RULES
from crmcli.store import connect
from tests.support import books
from tests.support.ailing import add, at_another_time, faulty, sound
from tests.support.books import NOW
from tests.support.importing import listed, take_as_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.services.conftest import Put


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Context]]:
    """Opens a book that may be open already, as another program would."""
    monkeypatch.setenv("CRM_NOW", NOW)
    found: list[Context] = []

    def opening(target: str) -> Context:
        found.append(Context(Settings({"db": target}), quiet=True, plugins=False))
        return found[-1]

    yield opening
    for ctx in found:
        ctx.close()


def state(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """Every record and tag as it is."""
    found = {
        kind.name: list(
            records.list_records(ctx, kind, ["(is:any or is:removed)"], columns="all", sort="id", limit=0).rows
        )
        for kind in map(ENTITIES.__getitem__, KINDS)
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
    closed = ("tag-unused", "deal-closed-early", "interaction-ahead")
    bad -= {(rule.kind.name, *wanted[rule.name]) for rule in RULES if rule.name in closed}  # no open records
    assert page.values["faulty"] == len(bad)
    assert page.values["score"] == 100 * (page.values["records"] - page.values["faulty"]) // page.values["records"]


def test_what_is_found_is_listed_by_its_rule(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    sound(ctx)
    for name, ids in faulty(ctx, monkeypatch).items():
        assert [row["id"] for row in doctor.show(ctx, name).rows] == ids, name


def test_closed_records_are_no_part_of_the_score(ctx: Context) -> None:
    good = sound(ctx)
    lost = [add(ctx, DEAL, f"Lost {n}", value="1", close_on="+1d") for n in range(3)]
    deals.lost(ctx, DEAL, lost)
    doctor.add(ctx, "lost", DEAL, "is:lost")
    page = doctor.examine(ctx, fail_under=100)
    assert findings(ctx) == {"lost": lost}
    assert (page.values["score"], page.values["records"], page.values["faulty"]) == (100, len(good), 0)
    assert page.values["ok"] is True
    assert [row["score"] for row in doctor.scores(ctx).rows] == [100]


def test_the_moment_of_an_import_is_no_beginning_of_a_deal(ctx: Context, put: Put) -> None:
    take_as_kind(
        ctx, put("name,stage,closed date,created\nOld,won,2020-01-01,\nNew,won,2020-01-01,2019-01-01\n"), "deal"
    )
    assert findings(ctx, "deal-closed-early") == {}
    ctx.reader.run("UPDATE opportunity SET created_at = '2021-01-01T00:00:00.000Z'")
    wanted = findings(ctx, "deal-closed-early")
    assert wanted == {"deal-closed-early": [1, 2]}
    doctor.mend(ctx, doctor.known(ctx, ["deal-closed-early"]), wanted)
    assert findings(ctx, "deal-closed-early") == {}
    assert {row["closed_at"] for row in listed(ctx, "deal")} == {"2021-01-01T00:00:00.000Z"}


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
    left = {name: faults for name, _, faults in checks(ctx, deep=True) if faults and name != "rows"}
    hen, egg = wanted["task-ring"]  # which of the two needs is to go, nobody but a person knows
    assert left == {"rules": [f"task {hen} waits for itself: {hen}, {egg}, {hen}"]}
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


def test_mending_and_another_writer_never_wait_for_each_other(pg_url: str, opened: Callable[[str], Context]) -> None:
    opened(pg_url).create(pg_url)
    ctx, writer, watching = opened(pg_url), opened(pg_url), connect.connect(pg_url)
    add(ctx, COMPANY, "Analytical Engines", website="engines.example")
    ada = add(ctx, CONTACT, "Ada Lovelace", email="ada@engines.example", tags="never")
    records.edit(ctx, CONTACT, [ada], {"tags": ""})
    rules = doctor.known(ctx, ["contact-without-company", "tag-unused"])
    due = {rule.name: doctor.one(ctx, rule).ids for rule in rules}
    assert all(due.values())
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    done: list[tuple[str, ...]] = []
    thread = threading.Thread(target=lambda: done.append(doctor.mend(ctx, rules, due).lines))
    with writer.writing() as tx:
        tx.word("source", "web")  # the names are taken before the record, as every writer does
        thread.start()
        while thread.is_alive() and not watching.value(waits):
            time.sleep(0.01)
        tx.change("contact", ada, {"job_title": "Countess"})
    thread.join()
    assert done == [("contact-without-company: 1 of 1 mended", "tag-unused: 1 of 1 mended")]
    assert records.get(writer, CONTACT, ada)["company"] == "Analytical Engines"
    watching.close()


def test_looking_waits_for_no_writer(ctx: Context, opened: Callable[[str], Context]) -> None:
    sound(ctx)
    started = time.monotonic()
    with opened(str(ctx.settings["db"])).writing(alone=True):
        assert doctor.examine(ctx).values["score"] == 100
    assert time.monotonic() - started < float(ctx.settings["busy_timeout"]) / 2
    assert list(doctor.scores(ctx).rows) == []
    doctor.examine(ctx)
    assert [row["score"] for row in doctor.scores(ctx).rows] == [100]


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
    doctor.edit(ctx, "Deal without amount", words=["owner:grace", "no:value"])
    [row] = doctor.examine(ctx, ["own"]).sections[0].rows.rows
    assert (row["ids"], row["mend"].endswith("deal edit ID value=AMOUNT")) == ([number], True)
    doctor.edit(ctx, "deal without amount", kind=LEAD, advice="")
    [row] = doctor.examine(ctx, ["own"]).sections[0].rows.rows
    assert (row["kind"], row["mend"].endswith("lead edit 'owner:grace no:value' FIELD=VALUE")) == ("lead", True)
    doctor.remove(ctx, ["deal without amount"])
    assert findings(ctx, "own") == {}


@pytest.mark.parametrize("name", ["معامله‌های بی‌مبلغ", "معاملهٔ باز", "۳ روز؟", "value: none", "a {filter} 'b'"])
def test_a_rule_may_have_any_name_that_can_be_read(book: Context, name: str) -> None:
    number = add(book, DEAL, "بدون مبلغ")
    doctor.add(book, name, DEAL, "no:value")
    assert findings(book, name) == {name: [number]}
    [row] = doctor.examine(book, [name]).sections[0].rows.rows
    assert shlex.split(row["mend"])[-4:] == ["deal", "edit", "no:value", "FIELD=VALUE"]


def test_a_rule_is_switched_off_and_on_again(ctx: Context, second_book: Context, put: Put) -> None:
    sound(ctx)
    add(ctx, DEAL, "Free", owner="grace", close_on="+3d")
    doctor.add(ctx, "معاملهٔ باز", DEAL, "no:value", "crm deal list no:value")
    every = set(findings(ctx))
    assert every == set(findings(ctx, "deal")) == {"deal-without-value", "deal-without-task", "معاملهٔ باز"}
    assert set(findings(ctx, "deals", "own", "stale")) == {"معاملهٔ باز"}  # deals, and of those what is so
    assert set(findings(ctx, "lead", "own", "deal-without-task")) == {"deal-without-task"}
    done = doctor.disable(ctx, ["deal-without-value", "معاملهٔ باز", "Deal-Without-Value"])
    assert done.lines == ("switched off: deal-without-value", "switched off: معاملهٔ باز")
    assert set(findings(ctx)) == set(findings(ctx, "deal")) == {"deal-without-task"}
    assert set(findings(ctx, "deal-without-value")) == {"deal-without-value"}  # asked for by its name
    page = doctor.examine(ctx)
    assert page.values["disabled"] == ["deal-without-value", "معاملهٔ باز"]
    assert "switched off: deal-without-value" in page.title
    assert {row["name"] for row in doctor.listing(ctx).rows if not row["enabled"]} == {*page.values["disabled"]}
    books.sound(ctx)

    # It is undone, and moves house with the book.
    undoing.undo(ctx)
    assert set(findings(ctx)) == every
    doctor.disable(ctx, page.values["disabled"])
    relocating.import_book(second_book, put(b"".join(relocating.export_book(ctx).parts), "book.jsonl"))
    assert set(findings(second_book)) == {"deal-without-task"}

    doctor.disable(ctx, ["deal-without-task"])
    assert doctor.examine(ctx).values["ok"] is True  # what a job that runs by itself can reach
    assert doctor.enable(ctx, ["deal-without-task", "lead-phone"]).lines[1] == "switched on already: lead-phone"
    doctor.add(ctx, "معاملهٔ باز", DEAL, "no:value")  # from now on
    assert set(findings(ctx)) == every - {"deal-without-value"}
    with pytest.raises(NotFoundError, match="did you mean 'lead-phone'"):
        doctor.disable(ctx, ["lead-fone"])


def test_a_rule_whose_filter_can_no_longer_be_read_says_so(ctx: Context) -> None:
    pipelines.stage_add(ctx, "demo")
    doctor.add(ctx, "stuck", DEAL, "stage:demo")
    pipelines.stage_remove(ctx, "demo", to="new")
    page = doctor.examine(ctx)
    [row] = page.sections[0].rows.rows
    assert (row["rule"], row["count"], page.values["ok"]) == ("stuck", 0, False)
    assert row["what"].startswith("its filter cannot be read any more: there is no stage 'demo'")
    remove, edit = (ctx.settings.calling("doctor", verb, "stuck") for verb in ("remove", "edit"))
    assert row["mend"] == f"{remove}  # or give it another filter: {edit} FILTER"
    assert doctor.unread(page) == [f"the rule stuck: {row['what']}; {row['mend']}"]
    with pytest.raises(NotFoundError) as shown:
        doctor.show(ctx, "stuck")
    assert shown.value.hint == row["mend"]
    assert doctor.examine(ctx, fail_under=0).values["ok"] is False  # a score does not hide it
    doctor.remove(ctx, ["stuck"])
    assert doctor.examine(ctx, fail_under=0).values["ok"] is True


@pytest.mark.parametrize(
    ("name", "kind", "text", "error", "said"),
    [
        ("x", "deal", "stge:new", FilterError, "stage"),
        ("x", "deal", "", UsageError, "needs a filter"),
        ("", "deal", "no:value", UsageError, "cannot name"),
        ("-x", "deal", "no:value", UsageError, "cannot name"),
        ("\u0640-deal-overdue", "deal", "no:value", UsageError, "cannot name"),
        ("a\u202eb", "deal", "no:value", UsageError, "cannot name"),
        ("x" * 81, "deal", "no:value", UsageError, "cannot name"),
        ("deal-overdue", "deal", "no:value", ConflictError, "of its own"),
        *((word, "deal", "no:value", ConflictError, "a word of") for word in ("Stale", "deal", "companies", "rules")),
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
        doctor.remove(book, ["deal-overdue"])
    assert {kind for rule in RULES for kind in [rule.kind.name]} <= {*KINDS, INTERACTION.name, TAG.name}


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
