"""Records by what people call them; lists, edits and links, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.errors import AmbiguousError, FieldError, FilterError, NotFoundError, UsageError
from crmcli.services import records, rehearsal, saved_views, vocabulary

if TYPE_CHECKING:
    from crmcli.context import Context


def names(ctx: Context, *words: str, **options: object) -> list[str]:
    return [row["name"] for row in records.list_records(ctx, LEAD, words, **options).rows]  # type: ignore[arg-type]


@pytest.fixture
def people(ctx: Context) -> Context:
    for name, email, phone in (
        ("Ada Lovelace", "ada@engines.example", "+98 21 8888 7777"),
        ("Grace Hopper", "grace@navy.example", "+1 202 555 0101"),
        ("علي رضايي", "ali@tehran.example", "۰۹۱۲۳۴۵۶۷۸۹"),
    ):
        records.add(ctx, CONTACT, {"name": name, "email": email, "phone": phone})
    return ctx


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
            records.resolve(people, CONTACT, text)
    else:
        assert records.resolve(people, CONTACT, text) == number


def test_a_uuid_prefix_names_a_record(people: Context) -> None:
    uid = records.get(people, CONTACT, 2)["uid"]
    assert records.resolve(people, CONTACT, uid) == 2
    assert records.resolve(people, CONTACT, uid[:-2]) == 2


def test_an_ambiguous_name_lists_the_candidates(people: Context) -> None:
    records.add(people, CONTACT, {"name": "Ada Byron"})
    with pytest.raises(AmbiguousError) as caught:
        records.resolve(people, CONTACT, "ada")
    assert [line.split("  ")[0] for line in caught.value.candidates] == ["contact:1", "contact:4"]
    assert caught.value.code == 2


def test_a_removed_record_keeps_its_number_but_not_its_name(people: Context) -> None:
    records.remove(people, CONTACT, [1])
    assert [r["id"] for r in records.list_records(people, CONTACT).rows] == [3, 2]
    assert [r["id"] for r in records.list_records(people, CONTACT, ["is:removed"]).rows] == [1]
    with pytest.raises(NotFoundError):
        records.resolve(people, CONTACT, "ada")
    records.restore(people, CONTACT, [1])
    assert records.resolve(people, CONTACT, "ada") == 1


def test_lists_page_by_cursor_through_everything_once(ctx: Context) -> None:
    for i in range(25):
        records.add(ctx, LEAD, {"name": f"L{i:02}", "value": "" if i % 3 == 0 else str(i % 7)})
    for sort in ("value", "-value", "name", "-created_at", "value,-name", "-value,name", "stage,name", "id"):
        whole = names(ctx, limit=0, sort=sort)
        assert sorted(whole) == [f"L{i:02}" for i in range(25)], sort
        paged, cursor = [], ""
        while True:
            rows = records.list_records(ctx, LEAD, limit=4, sort=sort, page=cursor)
            paged += [row["name"] for row in rows.rows]
            cursor = rows.cursor
            if not cursor:
                break
        assert paged == whole, sort
        if sort.lstrip("-").startswith("value"):
            assert [n for n in whole if int(n[1:]) % 3 == 0] == whole[-9:], "empty values last"


def test_a_cursor_of_another_list_is_refused(ctx: Context) -> None:
    with pytest.raises(UsageError, match="cursor"):
        records.list_records(ctx, LEAD, page="nonsense")
    with pytest.raises(UsageError, match="cursor"):
        records.list_records(ctx, LEAD, page="WzFd", sort="name")
    for kind in (LEAD, DEAL):
        for name in ("a", "b", "c"):
            records.add(ctx, kind, {"name": name})
    page = records.list_records(ctx, LEAD, limit=1).cursor
    assert len(list(records.list_records(ctx, LEAD, limit=1, page=page, columns="name").rows)) == 1
    for kind, words, sort in ((DEAL, [], ""), (LEAD, [], "name"), (LEAD, [], "created_at"), (LEAD, ["is:any"], "")):
        with pytest.raises(UsageError, match="of another list"):
            records.list_records(ctx, kind, words, sort=sort, page=page)


def test_a_list_shows_what_is_open_unless_asked(ctx: Context) -> None:
    from crmcli.services import deals

    for name in ("open", "won", "lost", "put aside", "removed"):
        records.add(ctx, LEAD, {"name": name})
    deals.won(ctx, LEAD, [2])
    deals.lost(ctx, LEAD, [3])
    records.archive(ctx, LEAD, [4])
    records.remove(ctx, LEAD, [5])
    assert names(ctx) == ["open"]
    assert names(ctx, "is:won") == ["won"]
    assert names(ctx, "is:lost") == ["lost"]
    assert sorted(names(ctx, "is:archived")) == ["lost", "put aside"]
    assert sorted(names(ctx, "is:any")) == ["lost", "open", "put aside", "won"]
    assert names(ctx, "is:removed") == ["removed"]
    assert names(ctx, "id:2") == ["won"]
    assert names(ctx, "stage:won") == ["won"]
    assert names(ctx, "stage:new") == ["open"]
    saved_views.save(ctx, "closed", LEAD, "status:won,lost")
    saved_views.save(ctx, "fresh", LEAD, "stage:new")
    assert sorted(names(ctx, "view:closed")) == ["lost", "won"]
    assert names(ctx, "view:fresh") == ["open"]
    assert names(ctx, "not view:fresh") == []


def test_a_misspelt_field_is_an_error_that_helps(ctx: Context) -> None:
    with pytest.raises(FilterError, match="did you mean 'stage'") as caught:
        names(ctx, "stagee:new")
    assert caught.value.code == 2
    with pytest.raises(FilterError, match="there is no stage 'nwe'"):
        names(ctx, "stage:nwe")
    with pytest.raises(FilterError, match="value:10"):
        names(ctx, "value:>1000")
    with pytest.raises(UsageError, match="no field 'valeu'"):
        records.edit(ctx, LEAD, [], {"valeu": "1"}) if False else records.list_records(ctx, LEAD, sort="valeu")


def test_many_are_chosen_by_a_filter_one_by_a_number(ctx: Context) -> None:
    for name in ("a", "b", "c"):
        records.add(ctx, LEAD, {"name": name, "source": "web"})
    assert records.choose(ctx, LEAD, ["2"]) == ([2], False)
    assert records.choose(ctx, LEAD, ["1,3"]) == ([1, 3], False)
    assert records.choose(ctx, LEAD, ["source:web", "stage:new"]) == ([1, 2, 3], True)
    assert records.choose(ctx, LEAD, ["lead:2"]) == ([2], False)
    with pytest.raises(UsageError):
        records.choose(ctx, LEAD, ["2", "won"])
    changed = records.edit(ctx, LEAD, [1, 2, 3], {"owner": "grace", "stage": "qualified"})
    assert changed.lines == ("changed 3 leads",)
    assert records.edit(ctx, LEAD, [1, 2, 3], {"owner": "grace"}).ids == ()


def test_a_preview_writes_nothing(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "a"})
    before = ctx.reader.value("SELECT seq FROM journal_head")
    records.add(ctx, LEAD, {"name": "b", "stage": "qualified", "owner": "grace", "tags": "cold"})
    before = ctx.reader.value("SELECT seq FROM journal_head")
    told = list(
        rehearsal.preview(ctx, LEAD, [1, 2], {"stage": "qualified", "owner": "grace", "tags": "+hot,-cold"}).rows
    )
    assert [(r["stage"], r["owner"], r["tags"]) for r in told] == [
        ("New -> Qualified", "(empty) -> grace", "(empty) -> hot"), ("Qualified", "grace", "cold -> hot"),
    ]  # fmt: skip
    assert list(rehearsal.preview(ctx, LEAD, [2], {"owner": "grace"}).rows) == []
    with pytest.raises(FieldError):
        rehearsal.preview(ctx, LEAD, [1], {"value": "x"})
    assert ctx.reader.value("SELECT seq FROM journal_head") == before


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("email", "not-an-address", "email"), ("value", "12 apples", "value"), ("close_on", "2026-02-30", "close_on"),
        ("priority", "urgent-ish", "priority"), ("stage", "nowhere", "stage"), ("probability", "120", "100"),
        ("nothing", "1", "no field"), ("status", "won", "set by the program"), ("name", "", "needs a name"),
    ],
)  # fmt: skip
def test_a_bad_value_names_its_field_and_writes_nothing(ctx: Context, field: str, text: str, words: str) -> None:
    records.add(ctx, LEAD, {"name": "a"})
    seq = ctx.reader.value("SELECT seq FROM journal_head")
    with pytest.raises((FieldError, UsageError), match=words):
        records.edit(ctx, LEAD, [1], {"owner": "me", field: text})
    assert ctx.reader.value("SELECT seq FROM journal_head") == seq
    assert records.get(ctx, LEAD, 1)["owner"] is None


def test_tags_are_set_added_and_taken_away(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "a", "tags": "vip, cold"})
    records.edit(ctx, LEAD, [1], {"tags": "+Hot,-COLD"})
    assert records.get(ctx, LEAD, 1)["tags"] == ["Hot", "vip"]
    for text in ("d,+e", "+d,e", "+-d"):
        with pytest.raises(FieldError, match="tag"):
            records.edit(ctx, LEAD, [1], {"tags": text})
    assert records.get(ctx, LEAD, 1)["tags"] == ["Hot", "vip"]
    records.edit(ctx, LEAD, [1], {"tags": ""})
    assert records.get(ctx, LEAD, 1)["tags"] == []


def test_an_owner_that_looks_like_a_slip_is_refused_with_both_ways_out(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "a", "owner": "grace"})
    with pytest.raises(FieldError, match="crm user add gracce"):
        records.edit(ctx, LEAD, [1], {"owner": "gracce"})
    records.edit(ctx, LEAD, [1], {"owner": "me"})
    assert records.get(ctx, LEAD, 1)["owner"] == "tester"


def test_a_company_has_its_people_and_companies_under_it(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Mother", "website": "https://www.mother.example/x"})
    records.add(ctx, COMPANY, {"name": "Daughter", "parent": "mother"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "mother"})
    page = records.show(ctx, COMPANY, 1)
    sections = {s.key: [r["name"] for r in s.rows.rows] for s in page.sections}
    assert sections == {"people": ["Ada"], "companies": ["Daughter"]}
    assert page.values["domain"] == "mother.example"
    assert records.resolve(ctx, COMPANY, "mother.example") == 1


def test_a_saved_view_is_a_filter_word(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "big", "value": "20k", "stage": "proposition"})
    records.add(ctx, LEAD, {"name": "small", "value": "1k", "stage": "proposition"})
    saved_views.save(ctx, "hot", None, "stage:proposition value:10k.. not due:..")
    assert names(ctx, "view:hot") == ["big"]
    assert names(ctx, "not", "view:hot") == ["small"]
    saved_views.save(ctx, "cold", LEAD, "not view:hot", columns="id,name", sort="name")
    assert [c.name for c in records.list_records(ctx, LEAD, ["view:cold"]).columns] == ["id", "name"]
    with pytest.raises(FilterError):
        saved_views.save(ctx, "bad", None, "stagee:new")
    with pytest.raises(FilterError, match="no saved view 'loops'"):
        saved_views.save(ctx, "loop", LEAD, "stage:new or view:loops")
    saved_views.save(ctx, "loop", LEAD, "stage:new")
    saved_views.save(ctx, "round", None, "view:loop value:1..")
    for text in ("view:loop", "view:LOOP", "not view:round"):
        with pytest.raises(FilterError, match="contains itself"):
            saved_views.save(ctx, "loop", LEAD, text)
    assert names(ctx, "view:loop") == []
    saved_views.remove(ctx, "hot")
    with pytest.raises(FilterError, match="no saved view 'hot'"):
        names(ctx, "view:hot")


def test_words_of_a_name_find_deals_by_their_company(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine", "company": "Zürich Gearworks"})
    assert [r["id"] for r in records.list_records(ctx, DEAL, ["zurich"]).rows] == [1]
    assert [r["id"] for r in records.list_records(ctx, DEAL, ["company:ZURICH"]).rows] == [1]
    assert [r["id"] for r in records.list_records(ctx, DEAL, ["company:=zurich"]).rows] == []


def test_a_task_hangs_on_a_deal_and_its_people(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine", "company": "Gearworks", "contact": "Ada"})
    records.add(ctx, TASK, {"name": "Call", "on": "deal:1", "due": "fri 14:30", "type": "call"})
    task = records.get(ctx, TASK, 1)
    assert (task["opportunity"], task["contact"], task["company"], task["type"]) == (
        "Engine",
        "Ada",
        "Gearworks",
        "call",
    )
    assert (task["due_on"], task["due_at"]) == ("2026-11-27", "2026-11-27T14:30:00.000Z")
    deal = records.get(ctx, DEAL, 1)
    assert (deal["next_due"], deal["open_tasks"]) == ("2026-11-27", 1)


@pytest.mark.parametrize(
    "text",
    ["1", "contact:1", "ada@engines.example", "+98 21 8888 7777", "ada lovelace", "contact:ada", "engines.example"],
)
def test_a_link_is_set_by_what_the_record_is_called(people: Context, text: str) -> None:
    records.add(people, DEAL, {"name": "Engine", "contact": text})
    records.add(people, DEAL, {"name": "Pump", "contact": "grace hopper"})
    records.edit(people, DEAL, [2], {"contact": text})
    assert [records.get(people, DEAL, number)["contact_id"] for number in (1, 2)] == [1, 1]
    assert people.reader.value("SELECT count(*) FROM contact") == 3


def test_a_company_is_linked_by_its_domain_and_address(ctx: Context) -> None:
    records.add(
        ctx, COMPANY, {"name": "Analytical Engines", "website": "engines.example", "email": "info@engines.example"}
    )
    records.add(ctx, COMPANY, {"name": "Daughter", "parent": "engines.example"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "https://www.engines.example/about"})
    records.add(ctx, DEAL, {"name": "Engine", "company": "info@engines.example"})
    assert records.get(ctx, COMPANY, 2)["parent_id"] == 1
    assert (records.get(ctx, CONTACT, 1)["company_id"], records.get(ctx, DEAL, 1)["company_id"]) == (1, 1)
    assert ctx.reader.value("SELECT count(*) FROM company") == 2


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("contact:ada@engines.example", ["Engine"]), ('contact:"+98 21 8888 7777"', ["Engine"]),
        ("contact:09123456789,grace@navy.example", ["Pump"]), ("company:twin.example", ["Engine"]),
        ("company:twin", ["Engine"]), ("company:=twin.example", []), ("contact:nobody@x.example", []),
        ("not contact:ada@engines.example", ["Pump"]),
    ],
)  # fmt: skip
def test_a_filter_knows_a_link_by_its_address_too(people: Context, text: str, fits: list[str]) -> None:
    records.add(people, COMPANY, {"name": "Twin", "website": "www.twin.example"})
    records.add(people, DEAL, {"name": "Engine", "contact": "1", "company": "Twin"})
    records.add(people, DEAL, {"name": "Pump", "contact": "3"})
    found = records.list_records(people, DEAL, text=text)
    assert [row["name"] for row in found.rows] == fits


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nobody@x.example", "crm contact add NAME --email nobody@x.example"),
        ("+49 30 123456", 'crm contact add NAME --phone "+49 30 123456"'),
        ("۰۹۱۲ ۱۱۱ ۱۱۱۱", "--phone"), ("99", "crm contact list"),
    ],
)  # fmt: skip
def test_an_address_that_nobody_has_makes_nobody(people: Context, text: str, hint: str) -> None:
    records.add(people, DEAL, {"name": "Engine", "contact": "1"})
    for write in (
        lambda: records.add(people, DEAL, {"name": "Pump", "contact": text}),
        lambda: records.edit(people, DEAL, [1], {"contact": text}),
    ):
        with pytest.raises(NotFoundError) as refused:
            write()
        assert hint in refused.value.hint
    assert people.reader.value("SELECT count(*) FROM contact") == 3
    assert records.get(people, DEAL, 1)["contact_id"] == 1


def test_a_link_does_not_choose_among_namesakes(ctx: Context) -> None:
    for domain in ("a.example", "b.example"):
        records.add(ctx, COMPANY, {"name": "Twin", "website": domain})
    with pytest.raises(AmbiguousError) as refused:
        records.add(ctx, DEAL, {"name": "Engine", "company": "TWIN"})
    assert [line.split("  ")[0] for line in refused.value.candidates] == ["company:1", "company:2"]
    records.add(ctx, DEAL, {"name": "Engine", "company": "b.example"})
    assert records.get(ctx, DEAL, 1)["company_id"] == 2


def test_who_is_made_on_the_way_is_said(people: Context, capsys: pytest.CaptureFixture[str]) -> None:
    records.add(people, DEAL, {"name": "Engine", "contact": "Ada", "company": "12345 Ltd: Pumps"})
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "new company: 12345 Ltd: Pumps",
        "new contact: Ada (there is contact:1 Ada Lovelace; 'crm undo' takes this back)",
    ]
    assert records.get(people, CONTACT, 4)["company"] == "12345 Ltd: Pumps"
    records.edit(people, DEAL, [1], {"contact": "Ada"})
    assert capsys.readouterr().err == ""


def test_a_name_in_full_goes_before_a_part_of_another(people: Context) -> None:
    records.add(people, DEAL, {"name": "Grace Hopper: training"})
    assert records.resolve_any(people, "grace hopper") == (CONTACT, 2)
    assert records.resolve_any(people, "training") == (DEAL, 1)
    assert records.resolve_any(people, "09123456789") == (CONTACT, 3)
    records.add(people, LEAD, {"name": "Grace", "email": "grace@navy.example"})
    with pytest.raises(AmbiguousError) as refused:
        records.resolve_any(people, "grace@navy.example")
    assert refused.value.candidates == [
        "lead:2  Grace  (grace@navy.example, New, open)", "contact:2  Grace Hopper  (grace@navy.example)",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="'2' does not say what it is"):
        records.resolve_any(people, "2")
    with pytest.raises(NotFoundError, match="nothing is called 'lead:'"):
        records.resolve_any(people, "lead:", ("lead", "interaction", "stage_move"))


def test_a_number_that_is_none_is_named_as_it_was_typed(ctx: Context) -> None:
    for text in ("7", "99999999999999999999"):
        with pytest.raises(NotFoundError, match=rf"there is no lead {text}\b"):
            records.resolve(ctx, LEAD, text)
        with pytest.raises(NotFoundError, match=rf"there is no lead {text}\b"):
            records.choose(ctx, LEAD, [text])
    with pytest.raises(NotFoundError, match="'deal:1' names a deal, not a lead"):
        records.resolve(ctx, LEAD, "deal:1")


def test_a_short_number_is_never_an_id_of_elsewhere(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "a", "external_id": "37"})
    records.add(ctx, LEAD, {"name": "b", "external_id": "4711007"})
    with pytest.raises(NotFoundError):
        records.choose(ctx, LEAD, ["37"])
    assert records.choose(ctx, LEAD, ["4711007"]) == ([2], False)


def test_a_company_is_under_no_company_that_is_under_it(ctx: Context) -> None:
    for name, parent in (("A", ""), ("B", "A"), ("C", "B")):
        records.add(ctx, COMPANY, {"name": name, "parent": parent})
    for parent, why in (("1", "cannot be under itself"), ("B", "B is under A already"), ("C", "C is under A already")):
        with pytest.raises(FieldError, match=why):
            records.edit(ctx, COMPANY, [1], {"parent": parent})
    records.edit(ctx, COMPANY, [3], {"parent": "A"})
    with pytest.raises(FieldError, match="is under"):
        records.edit(ctx, COMPANY, [2, 1], {"parent": "C"})
    assert records.get(ctx, COMPANY, 2)["parent"] == "A"


def test_records_are_not_given_to_somebody_inactive(ctx: Context) -> None:
    vocabulary.user_add(ctx, "bob", {})
    records.add(ctx, LEAD, {"name": "a", "owner": "bob"})
    vocabulary.user_edit(ctx, "bob", {"active": "no"})
    with pytest.raises(FieldError, match="owner: bob is not active") as refused:
        records.add(ctx, LEAD, {"name": "b", "owner": "bob"})
    assert refused.value.hint == "to give them records again: crm user edit bob active=yes"
    assert names(ctx, "owner:bob") == ["a"]
    vocabulary.user_edit(ctx, "bob", {"active": "yes"})
    records.add(ctx, LEAD, {"name": "b", "owner": "bob"})


def test_a_name_with_an_at_sign_is_a_name(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "D", "company": "[@click=app.quit]x[/]"})
    assert [row["name"] for row in records.list_records(ctx, COMPANY, ()).rows] == ["[@click=app.quit]x[/]"]
    with pytest.raises(NotFoundError, match="has the e-mail address"):
        records.add(ctx, DEAL, {"name": "E", "contact": "nobody+1@x.example"})
