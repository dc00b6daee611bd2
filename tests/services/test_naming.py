"""Records by what people call them, on both engines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, DEAL, LEAD, TASK
from crmcli.errors import AmbiguousError, NotFoundError, RefusedError, UsageError
from crmcli.services import deals, merging, naming, records, tasks, undoing

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1), ("contact:2", 2), ("ada@engines.example", 1), ("ADA@ENGINES.EXAMPLE", 1), ("+982188887777", 1),
        ("0098 21 8888 7777", 1), ("grace hopper", 2), ("hopper", 2), ("علی رضایی", 3),
        ("navy.example", 2), ("(202) 555-0101", None), ("09123456789", 3), ("0912-345-6789", 3), ("۰۹۱۲۳۴۵۶۷۸۹", 3),
        ("۲", 2), ("contact:۳", 3), ("002", 2), ("9123456", None), ("deal:1", None),
    ],
)  # fmt: skip
def test_a_record_is_what_people_call_it(people: Context, text: str, number: int | None) -> None:
    if number is None:
        with pytest.raises(NotFoundError):
            naming.resolve(people, CONTACT, text)
    else:
        assert naming.resolve(people, CONTACT, text) == number


def test_a_uuid_prefix_names_a_record(people: Context) -> None:
    uid = records.get(people, CONTACT, 2)["uid"]
    assert naming.resolve(people, CONTACT, uid) == 2
    assert naming.resolve(people, CONTACT, uid[:-2]) == 2


def test_a_removed_record_is_named_where_nothing_in_sight_is_called_so(people: Context) -> None:
    records.remove(people, CONTACT, [1])
    assert naming.resolve(people, CONTACT, "ada@engines.example") == 1
    assert naming.resolve(people, CONTACT, "Ada Lovelace") == 1
    with pytest.raises(NotFoundError):
        naming.resolve(people, CONTACT, "lovelace")  # a part of a name looks among those in sight alone
    records.add(people, CONTACT, {"name": "Ada Lovelace"})
    assert naming.resolve(people, CONTACT, "Ada Lovelace") != 1
    assert naming.identify(people, CONTACT, "ada@engines.example") is None


def test_an_ambiguous_name_lists_the_candidates(people: Context) -> None:
    records.add(people, CONTACT, {"name": "Ada Byron"})
    with pytest.raises(AmbiguousError) as caught:
        naming.resolve(people, CONTACT, "ada")
    assert [line.split("  ")[0] for line in caught.value.candidates] == ["contact:1", "contact:4"]
    assert caught.value.code == 2


def test_of_several_rounds_of_a_task_the_open_one_is_meant(ctx: Context) -> None:
    records.add(ctx, TASK, {"name": "Weekly report", "due": "2026-11-27", "repeat": "every friday"})
    for number in range(1, 15):
        assert naming.resolve(ctx, TASK, "Weekly report") == naming.resolve(ctx, TASK, "weekly") == number
        tasks.done(ctx, [number])
    records.edit(ctx, TASK, [15], {"needs": ""})
    assert naming.resolve(ctx, TASK, "weekly report") == 15
    records.remove(ctx, TASK, [15])
    with pytest.raises(AmbiguousError, match=r"fits 12\+ tasks"):
        naming.resolve(ctx, TASK, "weekly report")


def test_who_takes_up_again_means_what_is_over(ctx: Context) -> None:
    for name in ("Engine", "Engine", "Alone"):
        records.add(ctx, DEAL, {"name": name})
    deals.won(ctx, DEAL, [1])
    deals.lost(ctx, DEAL, [3])
    assert naming.resolve(ctx, DEAL, "engine") == naming.resolve_any(ctx, "engine")[1] == 2
    assert naming.resolve(ctx, DEAL, "engine", over=True) == 1
    assert naming.resolve(ctx, DEAL, "alone") == 3, "what is over is found where it is alone"
    assert records.choose(ctx, DEAL, ["engine"], over=True) == ([1], False)


def test_a_person_who_was_put_aside_stands_behind_the_others(people: Context) -> None:
    records.add(people, CONTACT, {"name": "Ada Byron", "email": "ada@engines.example"})
    for text in ("ada", "ada@engines.example"):
        with pytest.raises(AmbiguousError):
            naming.resolve(people, CONTACT, text)
    records.archive(people, CONTACT, [1])
    for text in ("ada", "ada@engines.example"):
        assert naming.resolve(people, CONTACT, text) == 4
    assert naming.resolve(people, CONTACT, "ada lovelace") == 1
    records.archive(people, CONTACT, [4])
    with pytest.raises(AmbiguousError):
        naming.resolve(people, CONTACT, "ada")


def test_tasks_of_one_name_are_told_apart_by_their_days(ctx: Context) -> None:
    for due in ("2026-12-04", "2026-12-11 14:30", ""):
        records.add(ctx, TASK, {"name": "Report", "due": due})
    with pytest.raises(AmbiguousError) as refused:
        naming.resolve(ctx, TASK, "report")
    assert refused.value.candidates == [
        "task:1  Report  (due 2026-12-04)", "task:2  Report  (due 2026-12-11 14:30)", "task:3  Report"
    ]  # fmt: skip
    tasks.done(ctx, [1, 2, 3])
    with pytest.raises(AmbiguousError) as refused:
        naming.resolve(ctx, TASK, "report")
    for number, line in enumerate(refused.value.candidates, 1):
        assert re.fullmatch(rf"task:{number}  Report  \(done \d{{4}}-\d\d-\d\d \d\d:\d\d\)", line)


def test_a_removed_record_keeps_its_number_but_not_its_name(people: Context) -> None:
    records.remove(people, CONTACT, [1])
    assert [r["id"] for r in records.list_records(people, CONTACT).rows] == [3, 2]
    assert [r["id"] for r in records.list_records(people, CONTACT, ["is:removed"]).rows] == [1]
    with pytest.raises(NotFoundError):
        naming.resolve(people, CONTACT, "ada")
    records.restore(people, CONTACT, [1])
    assert naming.resolve(people, CONTACT, "ada") == 1


def test_a_name_in_full_goes_before_a_part_of_another(people: Context) -> None:
    records.add(people, DEAL, {"name": "Grace Hopper: training"})
    assert naming.resolve_any(people, "grace hopper") == (CONTACT, 2)
    assert naming.resolve_any(people, "training") == (DEAL, 1)
    assert naming.resolve_any(people, "09123456789") == (CONTACT, 3)
    records.add(people, LEAD, {"name": "Grace", "email": "grace@navy.example"})
    with pytest.raises(AmbiguousError) as refused:
        naming.resolve_any(people, "grace@navy.example")
    assert refused.value.candidates == [
        "lead:2  Grace  (grace@navy.example, New, open)", "contact:2  Grace Hopper  (grace@navy.example)",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="'2' does not say what it is"):
        naming.resolve_any(people, "2")
    with pytest.raises(NotFoundError, match="nothing is called 'lead:'"):
        naming.resolve_any(people, "lead:", ("lead", "interaction", "stage_move"))


def test_a_number_that_is_none_is_named_as_it_was_typed(ctx: Context) -> None:
    for text in ("7", "99999999999999999999"):
        with pytest.raises(NotFoundError, match=rf"there is no lead {text}\b"):
            naming.resolve(ctx, LEAD, text)
        with pytest.raises(NotFoundError, match=rf"there is no lead {text}\b"):
            records.choose(ctx, LEAD, [text])
    for text, words in (("deal:1", "there is no deal 1"), ("deal:nobody", "there is no deal 'nobody'")):
        with pytest.raises(NotFoundError, match=rf"^{words}") as refused:
            naming.resolve(ctx, LEAD, text)
        assert refused.value.hint == "'crm deal list' shows them"
    with pytest.raises(NotFoundError, match=r"^there is no lead 'deal:lead:"):
        naming.resolve(ctx, DEAL, "lead:deal:" * 5000 + "1")  # as deep as a line may be
    records.add(ctx, DEAL, {"name": "Engine"})
    with pytest.raises(NotFoundError, match=r"^'deal:1' names a deal, not a lead") as refused:
        naming.resolve(ctx, LEAD, "deal:1")
    assert refused.value.hint == "crm deal show 1"


def test_a_lead_that_became_a_deal_goes_by_its_old_reference(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada"})
    records.add(ctx, DEAL, {"name": "Engine"})
    deals.convert(ctx, 1, to=("deal",))
    for text in ("lead:1", "deal:1", "lead:۱", "id:lead:1"):
        assert naming.resolve_any(ctx, text) == (DEAL, 1)
    for text in ("lead:2", "lead:3"):  # a deal that never was a lead, and nothing
        with pytest.raises(NotFoundError):
            naming.resolve_any(ctx, text)
    undoing.undo(ctx, ctx.batch)
    assert naming.resolve_any(ctx, "lead:1") == (LEAD, 1)


def test_what_was_merged_into_a_lead_goes_by_its_reference_as_that_does(ctx: Context) -> None:
    for name in ("Ada", "Ada L.", "Bob"):
        records.add(ctx, LEAD, {"name": name})
    records.add(ctx, DEAL, {"name": "Engine"})
    merging.merge(ctx, LEAD, [1, 2])
    deals.convert(ctx, 1, to=("deal",))
    for text in ("lead:1", "lead:2", "lead:۲", "id:lead:2"):
        assert naming.resolve_any(ctx, text) == (DEAL, 1)
        assert naming.resolve(ctx, DEAL, text) == 1
    assert records.choose(ctx, DEAL, ["lead:1", "lead:2", "deal:4"]) == ([1, 4], False)
    assert naming.resolve_itself(ctx, "lead:1") == (DEAL, 1)
    assert naming.resolve_itself(ctx, "lead:2") == (LEAD, 2)
    for words in (["lead:3"], ["lead:1", "lead:3"]):
        with pytest.raises(NotFoundError, match=f"'{words[-1]}' names a lead, not a deal"):
            records.choose(ctx, DEAL, words)
    for words, said, hint in (
        (["lead:4"], "number 4 is a deal, not a lead", "crm deal show 4"),  # it never was one
        (["lead:1,lead:99"], "there is no lead 99", "'crm lead list' shows them"),
        (["task:5"], "there is no task 5", "'crm task list' shows them"),
    ):
        with pytest.raises(NotFoundError) as refused:
            records.choose(ctx, DEAL, words)
        assert (refused.value.message, refused.value.hint, refused.value.code) == (said, hint, 3)
    for number in "12":
        with pytest.raises(NotFoundError, match="deal") as refused:
            naming.resolve(ctx, LEAD, number)
        assert refused.value.hint == "crm deal show 1"


def test_numbers_with_commas_have_the_kind_that_was_said_before_them(ctx: Context) -> None:
    for name in ("Ada", "Bob"):
        records.add(ctx, LEAD, {"name": name})
    for name in ("Engine", "Mill"):
        records.add(ctx, DEAL, {"name": name, "contact": "Zelda"})
    for number in (1, 2):
        deals.convert(ctx, number, to=("deal",))
    for words, found in (
        (["3,4"], [3, 4]), (["deal:3,4"], [3, 4]), (["deal:3,deal:4"], [3, 4]), (["lead:1,2"], [1, 2]),
        (["lead:1,lead:۲"], [1, 2]), (["4,lead:2,deal:3"], [4, 2, 3]), (["lead:1,2", "3"], [1, 2, 3]),
    ):  # fmt: skip
        assert records.choose(ctx, DEAL, words) == (found, False), words
    records.add(ctx, TASK, {"name": "Call"})
    for word, wrong in (
        ("lead:1,3", "number 3 is a deal, not a lead"), ("deal:3,lead:4", "number 4 is a deal, not a lead"),
        ("deal:3,task:1", "'task:1' names a task, not a deal"),
    ):  # fmt: skip
        with pytest.raises(NotFoundError) as refused:
            records.choose(ctx, DEAL, [word])
        assert refused.value.message == wrong
    for word in ("1,2", "lead:1,2"):
        with pytest.raises(NotFoundError, match="number 1 is a deal, not a lead"):
            records.choose(ctx, LEAD, [word])
    assert records.choose(ctx, DEAL, ["contact:1,9"]) == ([3, 4], True)  # a field before a kind of that name


def test_a_link_is_filtered_by_what_names_the_record_elsewhere(ctx: Context) -> None:
    for name in ("Ada", "Ada L.", "Bob"):
        records.add(ctx, LEAD, {"name": name})
    records.add(ctx, DEAL, {"name": "Engine", "company": "Mills"})
    for on in ("lead:1", "lead:3", "deal:4", "company:1"):
        records.add(ctx, TASK, {"name": "Call", "on": on})

    def found(text: str) -> list[int]:
        return [row["id"] for row in records.list_records(ctx, TASK, text=text, sort="id").rows]

    assert (found("lead:lead:1"), found("lead:lead:4"), found("deal:lead:1"), found("deal:deal:4")) == (
        [1], [], [1], [3],
    )  # fmt: skip
    merging.merge(ctx, LEAD, [1, 2])
    deals.convert(ctx, 1, to=("deal",))
    for text in ("lead:1", "lead:2", "deal:1", '"lead:1"', "lead:۲", "lead:1,lead:2"):
        assert found(f"deal:{text}") == [1], text
    assert found("deal:lead:1,lead:3") == [1, 2]
    assert (found("company:company:1"), found("company:lead:1"), found("deal:company:1")) == ([3, 4], [], [])


def test_what_was_removed_is_found_by_its_name_where_nothing_else_has_it(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine no. 2"})
    records.remove(ctx, DEAL, [1])
    assert naming.resolve_any(ctx, "engine no. 2") == (DEAL, 1)
    with pytest.raises(NotFoundError, match="nothing is called 'engine'"):
        naming.resolve_any(ctx, "engine")
    with pytest.raises(RefusedError, match=r"deal:1 Engine no. 2 is removed") as refused:
        records.add(ctx, TASK, {"name": "Call", "on": "Engine no. 2"})
    assert refused.value.hint == f"first: {ctx.settings.calling('deal', 'restore', '1')}"
    records.add(ctx, DEAL, {"name": "Engine no. 25"})
    for text in ("Engine no. 2", "deal:engine no. 2"):  # an edit or a purge of it is meant for no other
        assert naming.resolve_any(ctx, text) == (DEAL, 1)
    assert naming.resolve(ctx, DEAL, "engine no. 2") == 1
    assert naming.resolve_any(ctx, "no. 25") == (DEAL, 2)
    records.add(ctx, LEAD, {"name": "Engine no. 2"})
    assert naming.resolve_any(ctx, "engine no. 2") == (LEAD, 3)


def test_who_is_of_the_other_kind_is_pointed_at(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "Ada King", "email": "ada@k.example", "phone": "+98 912 123 4567"})
    records.add(ctx, LEAD, {"name": "Bob", "email": "bob@k.example"})
    deals.convert(ctx, 1, to=("deal",))
    for text in ("ada@k.example", "00989121234567", "ada king"):
        with pytest.raises(NotFoundError, match="is a deal, not a lead") as refused:
            naming.resolve(ctx, LEAD, text)
        assert refused.value.hint == "crm deal show 1"
    records.remove(ctx, DEAL, [1])
    with pytest.raises(NotFoundError, match="is a deal, not a lead"):
        naming.resolve(ctx, LEAD, "ada@k.example")
    with pytest.raises(NotFoundError, match=r"'bob@k.example' is a lead, not a deal"):
        naming.resolve(ctx, DEAL, "bob@k.example")
    with pytest.raises(NotFoundError, match="there is no lead 'Ad'"):
        naming.resolve(ctx, LEAD, "Ad")


def test_a_short_number_is_never_an_id_of_elsewhere(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "a", "external_id": "37"})
    records.add(ctx, LEAD, {"name": "b", "external_id": "4711007"})
    with pytest.raises(NotFoundError):
        records.choose(ctx, LEAD, ["37"])
    assert records.choose(ctx, LEAD, ["4711007"]) == ([2], False)
