"""Fields of people's own: filled, asked for, taken back, renamed, removed, moved from book to book."""

from __future__ import annotations

import itertools
import re
import shlex
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crmcli.domain import custom as vocabulary
from crmcli.domain.change import Change
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TASK
from crmcli.domain.types import show_instant
from crmcli.errors import ConflictError, CrmError, FieldError, FilterError, NotFoundError, RefusedError, UsageError
from crmcli.render import machine
from crmcli.results import Bytes, Rows
from crmcli.services import custom, database, deals, exporting, history, imports, records, rehearsal, saved_views, tags
from crmcli.services import values as typed
from crmcli.store import own
from crmcli.store.write import Hooks
from tests.support import books
from tests.support.importing import counts, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from tests.services.conftest import Put


@pytest.fixture
def fielded(ctx: Context) -> Context:
    """Three leads, and fields of one's own: a choice, a text and a number; the third lead has no value."""
    custom.add(ctx, "opportunity", "industry", "choice", ("Steel", "Food", "Energy"), label="Industry")
    custom.add(ctx, "opportunity", "motto", "text", about="What they say")
    custom.add(ctx, "opportunity", "score", "number")
    records.add(ctx, LEAD, {"name": "Ada", "industry": "steel", "motto": "Straße frei", "score": "7.5"})
    records.add(ctx, LEAD, {"name": "Bob", "industry": "Food", "score": "-1"})
    records.add(ctx, LEAD, {"name": "علی"})
    return ctx


def names(ctx: Context, text: str, kind: Entity = LEAD, sort: str = "id") -> list[str]:
    return [row["name"] for row in records.list_records(ctx, kind, text=text, sort=sort, limit=0).rows]


def fields(ctx: Context) -> dict[str, Any]:
    return {row["field"]: row["records"] for row in custom.fields(ctx).rows}


def column(ctx: Context, name: str, kind: Entity = LEAD) -> list[Any]:
    rows = records.list_records(ctx, kind, text="is:any", columns=f"id,{name}", sort="id", limit=0).rows
    return [row[name] for row in rows]


# --- fields like others ----------------------------------------------------------------------------------------------


def test_lists_ask_sort_and_show_it(fielded: Context) -> None:
    ctx = fielded
    assert names(ctx, "industry:STEEL") == ["Ada"]
    assert names(ctx, "industry:steel,food") == ["Ada", "Bob"]
    assert names(ctx, "no:industry") == ["علی"]
    assert names(ctx, "has:score score:..0") == ["Bob"]
    assert names(ctx, "motto:strasse") == names(ctx, "frei") == ["Ada"]
    assert names(ctx, "", sort="-score") == ["Ada", "Bob", "علی"]
    assert names(ctx, "", sort="score,name") == ["Bob", "Ada", "علی"]
    found = records.list_records(ctx, LEAD, columns="name,industry,score", sort="industry")
    assert [(c.name, c.label) for c in found.columns[1:]] == [("industry", "Industry"), ("score", "Score")]
    assert [(row["industry"], row["score"]) for row in found.rows] == [
        ("Food", -1_000_000), ("Steel", 7_500_000), (None, None),
    ]  # fmt: skip
    page = records.list_records(ctx, LEAD, columns="name,score", sort="score", limit=1)
    assert [row["name"] for row in page.rows] == ["Bob"]
    page = records.list_records(ctx, LEAD, columns="name,score", sort="score", limit=1, page=page.cursor)
    assert [row["name"] for row in page.rows] == ["Ada"]
    with pytest.raises(FilterError, match="Wood"):
        names(ctx, "industry:Wood")


def test_a_wrong_value_is_refused_and_nothing_is_written(fielded: Context) -> None:
    for assigned in ({"industry": "Wood"}, {"score": "much"}):
        with pytest.raises(FieldError, match=next(iter(assigned))):
            records.edit(fielded, LEAD, [1], {"motto": "new", **assigned})
    assert column(fielded, "motto") == ["Straße frei", None, None]


def test_history_names_it_and_undo_goes_by_field(fielded: Context) -> None:
    ctx = fielded
    records.edit(ctx, LEAD, [1], {"industry": "Energy", "score": ""})
    rows = [(row["field"], row["before"], row["after"]) for row in history.history(ctx, LEAD, 1).rows]
    assert rows[:2] == [("Industry", "Steel", "Energy"), ("Score", "7.5", "")]
    batch = ctx.batch
    records.edit(ctx, LEAD, [1], {"motto": "later"})
    history.undo(ctx, batch)
    assert [column(ctx, name)[0] for name in ("industry", "score", "motto")] == ["Steel", 7_500_000, "later"]
    records.edit(ctx, LEAD, [1], {"industry": "Food"})
    with pytest.raises(ConflictError, match=r"Industry changed later"):
        history.undo(ctx, ctx.batch - 1)
    books.sound(ctx)


def test_a_bulk_edit_shows_what_it_would_do(fielded: Context) -> None:
    ctx = fielded
    assigned = {"industry": "Energy"}
    rows = rehearsal.preview(ctx, LEAD, [1, 2, 3], assigned)
    assert [row["industry"] for row in rows.rows] == ["Steel -> Energy", "Food -> Energy", "(empty) -> Energy"]
    assert column(ctx, "industry") == ["Steel", "Food", None]
    records.edit(ctx, LEAD, [1, 2, 3], assigned)
    assert column(ctx, "industry") == ["Energy"] * 3
    history.undo(ctx)
    assert column(ctx, "industry") == ["Steel", "Food", None]
    books.sound(ctx)


def test_a_converted_lead_keeps_its_values(fielded: Context) -> None:
    ctx = fielded
    records.edit(ctx, LEAD, [1], {"company": "Engines"})
    deals.convert(ctx, 1)
    assert column(ctx, "industry", DEAL) == ["Steel"]
    assert names(ctx, "industry:steel", DEAL) == ["Ada"]
    with pytest.raises(ConflictError, match="already"):
        custom.add(ctx, *vocabulary.place("deal.industry"), "text")
    history.undo(ctx)
    assert column(ctx, "industry") == ["Steel", "Food", None]
    books.sound(ctx)


def test_hooks_see_it_and_may_amend_it_within_its_type(fielded: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from crmcli.domain.amend import accept

    seen: list[Change] = []
    answers: list[dict[str, Any]] = []

    def before(changes: list[Change]) -> list[Change]:
        seen.extend(changes)
        found = []
        for change in changes:
            more = answers.pop(0) if answers and change.after else {}
            amended = accept(change, change._replace(after={**(change.after or {}), **more}) if more else change)
            found += [amended] if amended else []
        return found

    ctx = fielded
    monkeypatch.setattr(ctx, "_hooks", lambda: Hooks(before))
    answers.append({"custom.score": 2_000_000})
    records.edit(ctx, LEAD, [1], {"score": "9"})
    assert seen[0].before is not None
    assert (seen[0].before["custom.score"], seen[0].after) == (7_500_000, seen[0].after)
    assert column(ctx, "score")[0] == 2_000_000
    for wrong in ({"custom.score": "x"}, {"custom.industry": "Wood"}, {"custom.nothing": 1}, {"custom.score": 2**63}):
        answers.append(wrong)
        with pytest.raises(RefusedError):
            records.add(ctx, LEAD, {"name": "Eve", "industry": "Food", "score": "9"})
        answers.clear()
    monkeypatch.undo()
    books.sound(ctx)


# --- definitions -----------------------------------------------------------------------------------------------------


def test_fields_are_listed_with_how_many_have_a_value(fielded: Context) -> None:
    ctx = fielded
    custom.add(ctx, "company", "vip", "flag")
    rows = {row["field"]: row for row in custom.fields(ctx).rows}
    assert list(rows) == ["lead.industry", "lead.motto", "lead.score", "company.vip"]
    one = rows["lead.industry"]
    assert (one["type"], one["options"], one["records"], one["of"]) == (
        "choice", "Steel, Food, Energy", 2, "leads and deals",
    )  # fmt: skip
    assert rows["lead.motto"]["help"] == "What they say"
    assert [row["field"] for row in custom.fields(ctx, "company").rows] == ["company.vip"]
    assert (rows["lead.motto"]["records"], rows["company.vip"]["records"]) == (1, 0)


def test_what_is_removed_is_out_of_sight_and_comes_back(fielded: Context) -> None:
    ctx = fielded
    saved_views.save(ctx, "steel", LEAD, "industry:steel")
    done = custom.remove(ctx, "opportunity", "industry")
    assert "2 leads or deals have a value" in done.lines[0]
    assert "the view steel does not work any more" in done.lines[1]
    custom.remove(ctx, "opportunity", "motto")
    assert names(ctx, "frei") == []
    for text in ("industry:steel", "no:industry"):
        with pytest.raises(FilterError):
            names(ctx, text)
    assert "industry" not in records.get(ctx, LEAD, 1)
    labels = [row["field"] for row in history.history(ctx, LEAD, 1).rows]
    assert "Industry" in labels
    records.edit(ctx, LEAD, [1], {"name": "Ada King"})
    with pytest.raises(RefusedError, match="removed"):
        custom.edit(ctx, "opportunity", "industry", {"label": "x"})
    books.sound(ctx)
    assert "2 leads or deals have a value" in custom.restore(ctx, "opportunity", "industry").lines[0]
    custom.restore(ctx, "opportunity", "motto")
    assert column(ctx, "industry") == ["Steel", "Food", None]
    assert names(ctx, "frei") == ["Ada King"]
    books.sound(ctx)


def test_undo_of_a_removal_finds_it_by_its_words_again(fielded: Context) -> None:
    ctx = fielded
    custom.remove(ctx, "opportunity", "motto")
    assert names(ctx, "frei") == []
    history.undo(ctx)
    assert names(ctx, "frei") == ["Ada"]
    books.sound(ctx)


def test_adding_it_again_brings_it_back_as_what_it_was(fielded: Context) -> None:
    ctx = fielded
    custom.remove(ctx, "opportunity", "score")
    with pytest.raises(ConflictError, match=r"removed.*2 leads or deals have a value.*number"):
        custom.add(ctx, "opportunity", "score", "text")
    assert (
        "have a value of it from before" in custom.add(ctx, "opportunity", "score", "number", label="Punkte").lines[0]
    )
    assert column(ctx, "score") == [7_500_000, -1_000_000, None]
    assert next(row["label"] for row in custom.fields(ctx).rows if row["field"] == "lead.score") == "Punkte"
    custom.remove(ctx, "opportunity", "industry")
    with pytest.raises(RefusedError, match="has Food"):
        custom.add(ctx, "opportunity", "industry", "choice", ("Steel", "Wood"))
    custom.add(ctx, "opportunity", "industry", "choice", ("Food", "Steel", "Wood"))
    assert names(ctx, "industry:food") == ["Bob"]


def test_one_that_no_record_has_may_come_back_as_something_else(fielded: Context) -> None:
    ctx = fielded
    records.edit(ctx, LEAD, [1, 2], {"score": ""})
    custom.remove(ctx, "opportunity", "score")
    custom.add(ctx, "opportunity", "score", "text")
    records.edit(ctx, LEAD, [1], {"score": "high"})
    assert names(ctx, "score:hi") == ["Ada"]
    books.sound(ctx)


def test_options_come_and_go_as_long_as_nobody_has_them(fielded: Context) -> None:
    ctx = fielded
    with pytest.raises(RefusedError, match="1 lead or deal has Food"):
        custom.edit(ctx, "opportunity", "industry", {"options": "-Food"})
    with pytest.raises(RefusedError, match="1 lead or deal has Steel"):
        custom.edit(ctx, "opportunity", "industry", {"options": "Food,Energy"})
    custom.edit(ctx, "opportunity", "industry", {"options": "+Wood,-energy"})
    assert next(row["options"] for row in custom.fields(ctx).rows) == "Steel, Food, Wood"
    records.edit(ctx, LEAD, [3], {"industry": "wood"})
    with pytest.raises(ConflictError, match="1 lead or deal has Wood, which would be no option"):
        history.undo(ctx, ctx.batch - 1)
    for wrong in ("+a,b", "-Nothing", "", "-Steel,-Food,-Wood"):
        with pytest.raises(CrmError):
            custom.edit(ctx, "opportunity", "industry", {"options": wrong})
    with pytest.raises(UsageError, match="no options"):
        custom.edit(ctx, "opportunity", "motto", {"options": "a"})
    books.sound(ctx)


@pytest.mark.parametrize("option", ["Dairy farm", "=1", "a'b", 'say "x"', "a:b", "not"])
def test_what_finds_the_records_of_an_option_can_be_pasted(book: Context, option: str) -> None:
    custom.add(book, "opportunity", "branch", "choice", (option, "Dairy"))
    records.add(book, LEAD, {"name": "Ada", "branch": option})
    records.add(book, LEAD, {"name": "Bob", "branch": "Dairy"})
    with pytest.raises(RefusedError) as refused:
        custom.edit(book, "opportunity", "branch", {"options": "Dairy"})
    words = shlex.split(refused.value.hint.removesuffix(" finds them: give them another one first"))
    assert [row["name"] for row in records.list_records(book, LEAD, words).rows] == ["Ada"]


def test_a_label_is_that_of_one_field(fielded: Context, put: Put) -> None:
    ctx = fielded
    for label in ("E-mail", "value", "INDUSTRY", "Industry"):
        with pytest.raises(UsageError, match="take another label"):
            custom.add(ctx, "opportunity", "second", "text", label=label)
        with pytest.raises(UsageError, match="take another label"):
            custom.edit(ctx, "opportunity", "motto", {"label": label})
    custom.edit(ctx, "opportunity", "industry", {"label": "INDUSTRY"})
    custom.edit(ctx, "opportunity", "motto", {"label": "Wahlspruch"})
    path = put("name,WAHLSPRUCH\nCy,x\n")
    imports.run(ctx, imports.planned(ctx, path, kind=LEAD, mapping={"WAHLSPRUCH": "+second:text"}))
    assert column(ctx, "second")[-1] == "x"
    assert next(row["label"] for row in custom.fields(ctx).rows if row["field"] == "lead.second") == "Second"


def test_domains_of_other_letters_are_found_as_they_are_typed(ctx: Context) -> None:
    custom.add(ctx, "contact", "private", "email")
    records.add(ctx, CONTACT, {"name": "Ada", "email": "a+b@exämple.com", "private": "müller@ایران.example"})
    records.add(ctx, CONTACT, {"name": "Bob", "email": "a+b@example.com", "private": "muller@iran.example"})
    for text in (
        "email:a+b@exämple.com", "email:=A+B@EXÄMPLE.com", "email:@exämple", "email:xn--exmple-cua",
        "private:=müller@ایران.example", "private:@ایران.example", "private:ایران", "private:müller@",
    ):  # fmt: skip
        assert names(ctx, text, CONTACT) == ["Ada"], text
        assert names(ctx, f"not {text}", CONTACT) == ["Bob"], text
    for text in ("email:a+b@", "email:exämple", "private:müller"):
        assert names(ctx, text, CONTACT) == ["Ada", "Bob"], text


def test_a_new_name_is_that_of_its_values(fielded: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = fielded
    monkeypatch.setattr(custom, "MANY", 1)
    saved_views.save(ctx, "free", LEAD, "motto:frei")
    stamps = column(ctx, "updated_at")
    done = custom.edit(ctx, "opportunity", "motto", {"name": "says", "label": "Says"})
    assert "the values of 1 lead or deal go by that name now" in done.lines
    assert any("the view free does not work any more" in line for line in done.lines)
    assert names(ctx, "says:strasse") == names(ctx, "frei") == ["Ada"]
    assert column(ctx, "updated_at") == stamps
    assert own.having(ctx.reader, "opportunity", "motto") == []
    books.sound(ctx)
    history.undo(ctx)
    assert names(ctx, "motto:strasse") == names(ctx, "frei") == ["Ada"]
    books.sound(ctx)
    for taken in ("score", "name", "x y"):
        with pytest.raises(CrmError):
            custom.edit(ctx, "opportunity", "motto", {"name": taken})


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        (lambda ctx: custom.add(ctx, "opportunity", "industry", "text"), ConflictError),
        (lambda ctx: custom.add(ctx, "opportunity", "x", "choice"), FieldError),
        (lambda ctx: custom.add(ctx, "opportunity", "x", "text", ("a",)), UsageError),
        (lambda ctx: custom.add(ctx, "opportunity", "city", "text"), UsageError),
        (lambda ctx: custom.edit(ctx, "opportunity", "industry", {"type": "text"}), UsageError),
        (lambda ctx: custom.edit(ctx, "opportunity", "industry", {"lable": "x"}), UsageError),
        (lambda ctx: custom.edit(ctx, "opportunity", "industry", {}), UsageError),
        (lambda ctx: custom.edit(ctx, "opportunity", "industri", {"label": "x"}), NotFoundError),
        (lambda ctx: custom.remove(ctx, "opportunity", "stage"), NotFoundError),
        (lambda ctx: custom.restore(ctx, "contact", "industry"), NotFoundError),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_to_do(
    fielded: Context, verb: Callable[[Context], Any], error: type[CrmError]
) -> None:
    at = fielded.reader.value("SELECT seq FROM journal_head")
    with pytest.raises(error) as refused:
        verb(fielded)
    assert refused.value.hint
    assert fielded.reader.value("SELECT seq FROM journal_head") == at


# --- taken back ------------------------------------------------------------------------------------------------------


def test_undo_of_an_addition_waits_for_its_values_to_go(ctx: Context) -> None:
    custom.add(ctx, "contact", "motto", "text")
    added = ctx.batch
    records.add(ctx, CONTACT, {"name": "Ada", "motto": "x"})
    with pytest.raises(ConflictError, match="1 contact has a value of it"):
        history.undo(ctx, added)
    records.edit(ctx, CONTACT, [1], {"motto": ""})
    history.undo(ctx, added)
    assert fields(ctx) == {}
    with pytest.raises(CrmError):
        records.edit(ctx, CONTACT, [1], {"motto": "y"})
    history.undo(ctx, ctx.batch)
    assert fields(ctx) == {"contact.motto": 0}
    books.sound(ctx)


def test_one_undo_takes_back_what_one_batch_made_of_fields_and_values(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    with ctx.writing("import", alone=True) as tx:
        custom.put(tx, "contact", "motto", "text")
        records.edit(ctx, CONTACT, [1], {"motto": "frei"})
        records.add(ctx, CONTACT, {"name": "Bob", "motto": "loom"})
    batch = ctx.batch
    books.sound(ctx)
    history.undo(ctx, batch)
    assert (fields(ctx), names(ctx, "", CONTACT), names(ctx, "frei", CONTACT)) == ({}, ["Ada"], [])
    books.sound(ctx)
    history.undo(ctx, ctx.batch)
    assert (fields(ctx), names(ctx, "frei or loom", CONTACT)) == ({"contact.motto": 2}, ["Ada", "Bob"])
    books.sound(ctx)


def test_values_do_not_return_to_a_field_that_is_no_more(ctx: Context) -> None:
    custom.add(ctx, "contact", "motto", "text")
    added = ctx.batch
    records.add(ctx, CONTACT, {"name": "Ada", "motto": "x"})
    records.edit(ctx, CONTACT, [1], {"motto": ""})
    emptied = ctx.batch
    history.undo(ctx, added)
    with pytest.raises(ConflictError, match="the field motto is no more"):
        history.undo(ctx, emptied)
    books.sound(ctx)


def test_undo_puts_no_value_under_a_field_of_another_type(ctx: Context) -> None:
    """As adding a field again refuses another type while records have values of it."""
    custom.add(ctx, "contact", "n", "integer")
    removed = custom.remove(ctx, "contact", "n").batch
    again = custom.add(ctx, "contact", "n", "text").batch
    records.add(ctx, CONTACT, {"name": "Ada", "n": "hello"})
    with pytest.raises(ConflictError, match="1 contact has a value of another type, and it would be of the type inte"):
        history.undo(ctx, again)
    assert column(ctx, "n", CONTACT) == ["hello"]
    books.sound(ctx)
    emptied = records.edit(ctx, CONTACT, [1], {"n": ""}).batch
    history.undo(ctx, again)
    history.undo(ctx, removed)
    with pytest.raises(ConflictError, match="hello was a value of n, which is of the type integer now"):
        history.undo(ctx, emptied)
    records.edit(ctx, CONTACT, [1], {"n": "5"})
    # What the field took once is told as it was, not read as what it is now.
    assert [(row["before"], row["after"]) for row in history.history(ctx, CONTACT, 1).rows if row["field"] == "N"] == [
        ("", "5"), ("hello", ""), ("", "hello"),
    ]  # fmt: skip
    books.sound(ctx)


def test_history_tells_values_of_a_type_that_a_field_had(ctx: Context) -> None:
    custom.add(ctx, "contact", "n", "integer")
    records.add(ctx, CONTACT, {"name": "Ada", "n": "5"})
    emptied = records.edit(ctx, CONTACT, [1], {"n": ""}).batch
    custom.remove(ctx, "contact", "n")
    custom.add(ctx, "contact", "n", "date")
    with pytest.raises(ConflictError, match="5 was a value of n, which is of the type date now"):
        history.undo(ctx, emptied)
    assert [row["before"] for row in history.history(ctx, CONTACT, 1).rows if row["field"] == "N"] == ["5", ""]


def test_a_batch_that_gave_a_field_another_type_goes_and_returns_with_its_values(ctx: Context) -> None:
    custom.add(ctx, "contact", "n", "integer")
    custom.remove(ctx, "contact", "n")
    with ctx.writing("import", alone=True) as tx:
        custom.put(tx, "contact", "n", "text")
        records.add(ctx, CONTACT, {"name": "Ada", "n": "hello"})
    back = history.undo(ctx, ctx.batch).batch
    assert (fields(ctx), names(ctx, "", CONTACT)) == ({}, [])
    history.undo(ctx, back)
    assert column(ctx, "n", CONTACT) == ["hello"]
    books.sound(ctx)


def test_a_purge_forgets_the_values_and_takes_addresses_out_of_views(ctx: Context) -> None:
    custom.add(ctx, "contact", "second_mail", "email")
    custom.add(ctx, "contact", "home", "phone")
    secret = {"second_mail": "ada.home@secret.example", "home": "+98 21 8888 7777"}
    records.add(ctx, CONTACT, {"name": "Ada Lovelace", **secret})
    saved_views.save(ctx, "hers", CONTACT, "second_mail:ada.home@secret.example or home:+982188887777 or has:email")
    history.purge(ctx, CONTACT, [1])
    assert [row["filter"] for row in saved_views.views(ctx).rows] == ["no:id or no:id or has:email"]
    ctx.reader.rows("SELECT 1")
    text = books.everything(ctx)
    assert "secret.example" not in text
    assert not re.search(r"8888\s?7777", text)
    books.sound(ctx)


def test_telephones_of_another_region_are_made_anew(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def faults() -> list[str]:
        page = database.check(ctx, deep=True)
        return [row["detail"] for row in page.sections[0].rows.rows if not row["ok"]]

    custom.add(ctx, "contact", "home", "phone")
    custom.add(ctx, "contact", "motto", "text")
    records.add(ctx, CONTACT, {"name": "Ada", "home": "021 8888 7777", "motto": "frei"})
    records.add(ctx, CONTACT, {"name": "Bob", "home": "+98 21 8888 7777"})
    monkeypatch.setenv("CRM_REGION", "IR")
    ctx.tick()
    assert faults() == ["contact 1 has a telephone number entered under another region than IR"]
    assert names(ctx, "home:+982188887777", CONTACT) == ["Bob"]
    database.repair(ctx)
    assert faults() == []
    assert names(ctx, "home:+982188887777", CONTACT) == names(ctx, "982188887777", CONTACT) == ["Ada", "Bob"]
    assert names(ctx, "motto:frei", CONTACT) == ["Ada"]


# --- moving ----------------------------------------------------------------------------------------------------------


def test_an_import_knows_it_by_name_and_label(fielded: Context, put: Put) -> None:
    ctx = fielded
    path = put('Lead name,INDUSTRY,Punkte,What they say\nCarl,food,"1,5",no\nDora,Wood,2,\nEve,,x,\n')
    custom.edit(ctx, "opportunity", "score", {"label": "Punkte"})
    done = take(ctx, path, kind=LEAD)
    assert counts(done) == (3, 1, 0, 0, 0, 2)
    reasons = [reason for *_, reason in done.listed]
    assert "Wood" in reasons[0]
    assert "not a number" in reasons[1]
    assert names(ctx, "industry:food score:1.5") == ["Carl"]
    assert counts(take(ctx, put("name,industry\nCarl,Food\n"), kind=LEAD))[3] == 1
    assert counts(take(ctx, put("name,industry\nCarl,Steel\n"), kind=LEAD))[1] == 1
    history.undo(ctx)
    books.sound(ctx)


def test_an_import_can_go_by_it_and_bring_it_up_to_date(ctx: Context, put: Put) -> None:
    custom.add(ctx, "contact", "member_no", "identifier", label="Member no.")
    custom.add(ctx, "contact", "motto", "text")
    records.add(ctx, CONTACT, {"name": "Ada", "member_no": "A-1", "motto": "old"})
    records.add(ctx, CONTACT, {"name": "Bob", "member_no": "A-2"})
    path = put("Name,Member no.,Motto\nAda King,A-1,new\nBob,A-2,\nCarl,A-3,first\nCarl again,A-3,\n")
    done = take(ctx, path, kind=CONTACT, match=["member_no"], update=True)
    assert counts(done) == (4, 1, 1, 1, 0, 1)
    assert column(ctx, "motto", CONTACT) == ["new", None, "first"]
    assert names(ctx, "motto:new", CONTACT) == ["Ada King"]
    by_text = put("Name,Motto\nCarla,FIRST\n")
    assert counts(take(ctx, by_text, kind=CONTACT, match=["motto"]))[3] == 1
    history.undo(ctx)
    assert column(ctx, "motto", CONTACT) == ["old", None]
    books.sound(ctx)


#: What a cell can be lost in: line breaks, quotes, formulas, other directions, what programs write for nothing.
NASTY = "aZ \n\t\",;'=+-@%_\\\u200c\u202e۱يßİ👩\u200d👧"
TEXT = st.text(st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=["Cs", "Cc"])), max_size=12)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "long-text": TEXT,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.integers(-(2**63) + 1, 2**63 - 1),
    "percent": st.integers(0, 10_000),
    "date": st.dates(date(1700, 1, 1)).map(lambda day: day.isoformat()),
    "instant": st.integers(-2_000_000_000, 7_000_000_000).map(lambda at: show_instant(datetime.fromtimestamp(at, UTC))),
    "flag": st.booleans(),
    "choice": st.sampled_from(["Steel", "غذا", "x.y", "null", "=1"]),
    "email": st.sampled_from(["a@x.example", "o'brien@xn--bcher-kva.example"]),
    "phone": st.sampled_from(["+98 21 8888 7777", "۰۹۱۲۱۲۳۴۵۶۷", "ext 9", "=1"]),
    "url": st.sampled_from(["x.example", "https://x.example/?a=1&b=%20"]),
    "identifier": TEXT,
}
KINDS = (COMPANY, CONTACT, DEAL, LEAD, TASK)
NUMBERS = itertools.count(1)


def define_all(ctx: Context) -> None:
    with ctx.writing(alone=True) as tx:
        for table in vocabulary.TABLES:
            for kind in VALUES:
                options = ("Steel", "غذا", "x.y", "null", "=1") if kind == "choice" else ()
                custom.put(tx, table, f"my_{kind.replace('-', '_')}", kind, options, label=f"My {kind}")


def normal(ctx: Context, kind: Entity, drawn: dict[str, Any]) -> dict[str, Any]:
    """Drawn values as the book keeps them; what people cannot type is left out."""
    found: dict[str, Any] = {}
    for name, value in drawn.items():
        field = kind.field(f"my_{name.replace('-', '_')}")
        if isinstance(value, str) and field.type.family in ("text", "identifier"):
            try:
                value = field.type.parse(value, ctx.env)
            except CrmError:
                continue
        found[field.column] = value
    return found


def exported(ctx: Context, kind: Entity, mark: str, format: str) -> bytes:
    made = exporting.export(ctx, kind, [f"tag:{mark}", "is:any"], format=format, lossless=format != "jsonl")
    if isinstance(made, Rows):
        return "".join(machine.WRITERS[format](made)).encode()
    return made.content if isinstance(made, Bytes) else b"".join(made.parts)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    noun=st.sampled_from([kind.name for kind in KINDS]),
    format=st.sampled_from(["csv", "tsv", "jsonl"]),
    drawn=st.lists(
        st.fixed_dictionaries({}, optional=VALUES),
        min_size=1,
        max_size=4,  # type: ignore[arg-type]
    ),
)
@example(noun="lead", format="csv", drawn=[{"text": "NULL", "identifier": "1e5", "number": 1, "flag": False}])
@example(noun="company", format="csv", drawn=[{"text": "'="}])
@example(noun="deal", format="jsonl", drawn=[{"text": "true", "identifier": "007", "integer": 2**53 + 1, "flag": True}])
def test_values_move_from_book_to_book_without_loss(
    ctx: Context, second_book: Context, tmp_path: Path, noun: str, format: str, drawn: list[dict[str, Any]]
) -> None:
    """From SQLite to each engine: what is there afterwards is exported byte for byte alike, and sound."""
    kind = ENTITIES[noun]
    if not fields(ctx):
        define_all(ctx)
        define_all(second_book)
    mark = f"m{next(NUMBERS)}"
    with second_book.writing() as tx:
        for i, values in enumerate(drawn):
            typed.create(second_book, tx, kind, {"name": f"{mark} {i}", "tags": mark}, fixed=normal(ctx, kind, values))
    before = exported(second_book, kind, mark, format)
    path = tmp_path / f"{mark}.{format}"
    path.write_bytes(before)
    done = imports.run(ctx, imports.plan(ctx, str(path), kind=kind, guarded=False))
    assert (done.new, done.refused) == (len(drawn), 0), done.listed
    again = imports.run(ctx, imports.plan(ctx, str(path), kind=kind, guarded=False))
    assert (again.new, again.refused) == (0, 0)
    if format == "jsonl":  # the numbers of the records differ
        assert stored(ctx, kind, mark) == stored(second_book, kind, mark)
    else:
        assert without_ids(exported(ctx, kind, mark, format)) == without_ids(before)
    for row in records.list_records(ctx, kind, text=f"tag:{mark} is:any", columns="id", limit=0).rows:
        shown = records.show(ctx, kind, row["id"])
        assert {c.name for c in shown.columns if c.name.startswith("my_")} == {f.name for f in kind.fields if f.own}


def stored(ctx: Context, kind: Entity, mark: str) -> list[dict[str, Any]]:
    rows = records.list_records(ctx, kind, text=f"tag:{mark} is:any", columns="all", sort="name", limit=0).rows
    return [{name: value for name, value in row.items() if name.startswith("my_") or name == "name"} for row in rows]


def without_ids(file: bytes) -> list[bytes]:
    """The lines of a file without the number that each record begins with."""
    import csv
    import io

    rows = list(
        csv.reader(io.StringIO(file.decode(), newline=""), delimiter="\t" if b"\t" in file.split(b"\n")[0] else ",")
    )
    return ["\0".join(row[1:]).encode() for row in rows]


@pytest.mark.parametrize("lossless", [True, False])
def test_a_workbook_holds_long_numbers_to_the_last_digit(
    book: Context, second_book: Context, tmp_path: Path, lossless: bool
) -> None:
    for ctx in (book, second_book):
        custom.add(ctx, "company", "score", "number")
        custom.add(ctx, "company", "size", "integer")
    long = {"score": "-9007199254.740993", "size": "9007199254740993"}
    records.add(book, COMPANY, {"name": "Long", **long})
    records.add(book, COMPANY, {"name": "Short", "score": "0.000001", "size": "-12"})
    records.add(book, COMPANY, {"name": "Round", "score": "12345678901.234567", "size": "9007199254740992000"})
    made = exporting.export(book, COMPANY, format="xlsx", lossless=lossless)
    assert isinstance(made, Bytes)
    path = tmp_path / "companies.xlsx"
    path.write_bytes(made.content)
    assert imports.run(second_book, imports.plan(second_book, str(path), kind=COMPANY, guarded=not lossless)).new == 3
    for name in ("score", "size"):
        assert column(second_book, name, COMPANY) == column(book, name, COMPANY)


def test_a_tag_for_many_goes_on_with_fields_of_ones_own(fielded: Context) -> None:
    """A write that touches no field of one's own leaves them as they are."""
    tags.add(fielded, "vip", LEAD, [1, 2])
    assert column(fielded, "industry") == ["Steel", "Food", None]
    books.sound(fielded)
