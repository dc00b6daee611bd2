"""Records listed, chosen, added and edited, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.errors import FieldError, FilterError, UsageError
from crmcli.services import naming, records, rehearsal, saved_views

if TYPE_CHECKING:
    from crmcli.context import Context


def names(ctx: Context, *words: str, **options: object) -> list[str]:
    return [row["name"] for row in records.list_records(ctx, LEAD, words, **options).rows]  # type: ignore[arg-type]


def test_lists_page_by_cursor_through_everything_once(ctx: Context) -> None:
    for i in range(25):
        records.add(ctx, LEAD, {"name": f"L{i:02}", "value": "" if i % 3 == 0 else str(i % 7)})
    for sort in ("value", "-value", "name", "-created_at", "value,-name", "-value,name", "stage,name", "id"):
        whole = names(ctx, limit=0, sort=sort)
        assert sorted(whole) == [f"L{i:02}" for i in range(25)], sort
        for back in (False, True):
            pages, cursor = [], ""
            while cursor or not pages:
                rows = records.list_records(ctx, LEAD, limit=4, sort=sort, page=cursor, back=back)
                pages.append([row["name"] for row in rows.rows])
                cursor = rows.cursor
            found = [name for page in (pages[::-1] if back else pages) for name in page]
            assert found == whole, (sort, back)
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
    with pytest.raises(UsageError, match="of another list"):
        records.list_records(ctx, LEAD, page=page, back=True)


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
    saved_views.save(ctx, "all", LEAD, "name:o")
    assert names(ctx, "view:all") == ["open"]
    assert names(ctx, "view:all is:lost") == ["lost"]
    assert names(ctx, "view:all", "id:2,3") == ["lost", "won"]
    assert names(ctx, "view:all status:won,lost") == ["lost", "won"]
    assert names(ctx, "view:all is:removed") == ["removed"]
    # What another view speaks of is its own.
    assert sorted(names(ctx, "view:all or view:closed")) == ["lost", "open", "won"]
    saved_views.save(ctx, "lost", LEAD, "view:all is:lost")
    assert names(ctx, "view:lost") == ["lost"]


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
        ("name", " \u200c", "needs a name"),
    ],
)  # fmt: skip
def test_a_bad_value_names_its_field_and_writes_nothing(ctx: Context, field: str, text: str, words: str) -> None:
    records.add(ctx, LEAD, {"name": "a"})
    seq = ctx.reader.value("SELECT seq FROM journal_head")
    with pytest.raises((FieldError, UsageError), match=words):
        records.edit(ctx, LEAD, [1], {"owner": "me", field: text})
    assert ctx.reader.value("SELECT seq FROM journal_head") == seq
    assert records.get(ctx, LEAD, 1)["owner"] is None


def test_a_company_has_its_people_and_companies_under_it(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Mother", "website": "https://www.mother.example/x"})
    records.add(ctx, COMPANY, {"name": "Daughter", "parent": "mother"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "mother"})
    page = records.show(ctx, COMPANY, 1)
    sections = {s.key: [r["name"] for r in s.rows.rows] for s in page.sections}
    assert sections == {"people": ["Ada"], "companies": ["Daughter"]}
    assert page.values["domain"] == "mother.example"
    assert naming.resolve(ctx, COMPANY, "mother.example") == 1


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
    saved_views.remove(ctx, "hot", used=True)
    with pytest.raises(FilterError, match="no saved view 'hot'"):
        names(ctx, "view:hot")


def test_words_of_a_name_find_deals_by_their_company(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine", "company": "Zürich Gearworks"})
    assert [r["id"] for r in records.list_records(ctx, DEAL, ["zurich"]).rows] == [1]
    assert [r["id"] for r in records.list_records(ctx, DEAL, ["company:ZURICH"]).rows] == [1]
    assert [r["id"] for r in records.list_records(ctx, DEAL, ["company:=zurich"]).rows] == []


def test_a_field_named_twice_sorts_once(ctx: Context) -> None:
    for name in ("Ada", "Bob", "Cy"):
        records.add(ctx, LEAD, {"name": name})
    first = records.list_records(ctx, LEAD, [], sort="name,-name,id", limit=2)
    then = records.list_records(ctx, LEAD, [], sort="name,-name,id", limit=2, page=first.cursor)
    assert [row["name"] for page in (first, then) for row in page.rows] == ["Ada", "Bob", "Cy"]
