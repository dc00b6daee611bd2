"""Records listed, chosen, added and edited, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, PIPELINE, RECORDS, STAGE, TASK, USER
from crmcli.domain.types import Choice, Ref
from crmcli.errors import FieldError, FilterError, RefusedError, UsageError
from crmcli.services import deals, naming, pipelines, records, rehearsal, saved_views, tags, tasks, timeline, vocabulary
from crmcli.store import read
from tests.support.importing import take

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from tests.services.conftest import Put


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


@pytest.mark.parametrize("sort", ["id", "city", "city,-name"])
def test_a_whole_list_is_not_sorted_anew_for_every_page(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """An export of so many rows took a time that grew with their square."""
    for i in range(100):
        records.add(ctx, LEAD, {"name": f"L{i:03}", "city": f"C{i % 7}"})
    expected = names(ctx, limit=0, sort=sort)
    asked = []

    def rows(sql: str, params: Sequence[Any] = (), ask: Callable[..., Any] = ctx.reader.rows) -> Any:
        asked.append("ORDER BY" in sql and "opportunity_tag" not in sql)
        return ask(sql, params)

    monkeypatch.setattr(read, "PAGE", 5)
    monkeypatch.setattr(ctx.reader, "rows", rows)
    assert names(ctx, limit=0, sort=sort) == expected
    assert sum(asked) <= 6, "5, 10, 20, 40 ids, the rest, and those without a city"


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


def test_a_birthday_is_a_day_that_has_come(people: Context) -> None:
    """A day without a year is read as the next one of that name, which is no day of birth."""
    ahead = (people.env.now + timedelta(days=40)).date()
    for typed in ("tomorrow", ahead.isoformat(), f"{ahead:%d %B}"):
        with pytest.raises(FieldError, match=r"birthday: .*to come") as refused:
            records.edit(people, CONTACT, [1], {"birthday": typed})
        assert "crm occasion add birthday --on" in (refused.value.hint or "")
    records.edit(people, CONTACT, [1], {"birthday": "today"})
    records.edit(people, CONTACT, [1], {"birthday": "1980-06-15"})
    assert records.get(people, CONTACT, 1)["birthday"] == "1980-06-15"


def test_a_company_has_its_people_and_companies_under_it(ctx: Context) -> None:
    records.add(ctx, COMPANY, {"name": "Mother", "website": "https://www.mother.example/x"})
    records.add(ctx, COMPANY, {"name": "Daughter", "parent": "mother"})
    records.add(ctx, CONTACT, {"name": "Ada", "company": "mother"})
    page = records.show(ctx, COMPANY, 1)
    sections = {s.key: [r["name"] for r in s.rows.rows] for s in page.sections}
    assert sections == {"people": ["Ada"], "companies": ["Daughter"]}
    assert page.values["domain"] == "mother.example"
    assert naming.resolve(ctx, COMPANY, "mother.example") == 1


def test_a_derived_domain_follows_the_website_and_one_set_by_hand_stays(ctx: Context) -> None:
    def edited(**fields: str) -> str | None:
        records.edit(ctx, COMPANY, [1], fields)
        found = records.get(ctx, COMPANY, 1)["domain"]
        return None if found is None else str(found)

    records.add(ctx, COMPANY, {"name": "A", "email": "ada@mail.example"})
    assert edited(website="https://www.old.example") == "old.example"
    assert edited(website="https://new.example", city="Bonn") == "new.example"
    assert edited(website="") == "mail.example"
    assert edited(website="https://site.example", domain="hand.example") == "hand.example"
    assert edited(website="https://other.example") == "hand.example"
    assert edited(domain="") is None
    assert edited(email="bo@else.example") is None


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


#: What a field of the type is, so that there is something to empty.
FILLED = {
    "text": "Bern", "long text": "Bern", "e-mail": "b@engines.example", "phone": "+41 31 888 77 66",
    "URL": "engines.example",
    "identifier": "engines.example", "integer": "7", "money": "5", "currency": "EUR", "date": "2026-11-20",
    "instant": "2026-11-20 10:00", "tags": "hot", "flag": "yes",
    "duration": "45m", "reminders": "15m,1d", "recurrence": "every monday", "rhythm": "30d",
    "mailboxes": "b@engines.example",
}  # fmt: skip


def filled(field: Field) -> str:
    kind = field.type
    if isinstance(kind, Ref):
        return {"opportunity": "deal:1", "task": "task:1", "stage": "qualified", "pipeline": "Sales"}.get(
            kind.entity, "Engines"
        )
    return kind.options[-1] if isinstance(kind, Choice) else "33" if kind.name == "percent" else FILLED[kind.name]


@pytest.mark.parametrize("kind", [*RECORDS.values(), USER, STAGE, PIPELINE], ids=lambda kind: kind.name)
def test_every_field_is_emptied_or_says_why_not(ctx: Context, kind: Entity) -> None:
    records.add(ctx, DEAL, {"name": "Engine", "company": "Engines", "contact": "Engines"})
    records.add(ctx, LEAD, {"name": "Ada"})
    records.add(ctx, TASK, {"name": "Call"})
    vocabulary.user_add(ctx, "Engines", {})
    timeline.add(ctx, DEAL, 1, "note", "hello", minutes="5")
    number = {"lead": 2}.get(kind.name, 1)

    def edit(field: Field, text: str) -> dict[str, Any]:
        if kind.name == "interaction":
            timeline.edit(ctx, [number], {field.name: text})
        elif kind.name == "user":
            vocabulary.user_edit(ctx, "Engines", {field.name: text})
        elif kind.name == "stage":
            pipelines.stage_edit(ctx, "Qualified", {field.name: text})
        elif kind.name == "pipeline":
            pipelines.pipeline_edit(ctx, "Sales", {field.name: text})
        else:
            records.edit(ctx, kind, [number], {field.name: text})
        row = ctx.reader.names(f"SELECT * FROM {kind.table} WHERE id = ?", (2 if kind.name == "stage" else number,))
        return dict(zip(row[0], row[1][0], strict=True))

    for field in kind.fields:
        if not field.settable or (kind.name == "company" and field.name == "parent"):
            continue
        if field.name == "repeat_from":  # of what does not repeat there is no such thing
            edit(kind.field("repeat"), "weekly")
        if not (field.required or field.kept or field.name == "is_won"):
            edit(field, filled(field))
        if field.required or field.kept or (kind.name, field.name) == ("interaction", "body"):
            with pytest.raises(UsageError) as refused:
                edit(field, "")
            assert refused.value.code == 2
            continue
        row = edit(field, "")
        if field.column and field.name != "probability":
            assert row[field.column] in ((field.empty,) if field.type.family != "flag" else (False, 0)), field.name


def test_what_cannot_be_empty_in_the_store_cannot_be_emptied() -> None:
    from crmcli.store import models

    for kind in [*RECORDS.values(), USER, STAGE, PIPELINE]:
        table = models.SQLModel.metadata.tables[kind.table]
        for field in kind.fields:
            if field.settable and field.column and not table.columns[field.column].nullable:
                kept = field.required or field.kept or field.empty is not None or field.type.family == "flag"
                assert kept or field.name == "probability", (
                    f"{kind.name}.{field.name}: say kept or empty in entities.py"
                )


def test_a_removed_record_takes_nothing_until_it_is_restored(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine", "company": "Engines"})
    records.add(ctx, TASK, {"name": "Call", "on": "deal:1", "due": "today"})
    records.add(ctx, TASK, {"name": "Write", "on": "company:1", "due": "today"})
    timeline.add(ctx, DEAL, 1, "note", "hello")
    for kind, numbers in ((DEAL, [1]), (TASK, [1]), (INTERACTION, [1])):
        records.remove(ctx, kind, numbers)
    verbs: list[Callable[[], object]] = [
        lambda: deals.won(ctx, DEAL, [1]), lambda: deals.lost(ctx, DEAL, [1]), lambda: deals.reopen(ctx, DEAL, [1]),
        lambda: deals.move(ctx, DEAL, [1], "qualified"), lambda: records.edit(ctx, DEAL, [1], {"city": "Bern"}),
        lambda: records.archive(ctx, DEAL, [1]), lambda: tags.add(ctx, "hot", DEAL, [1]),
        lambda: timeline.add(ctx, DEAL, 1, "note", "x"), lambda: records.add(ctx, TASK, {"name": "x", "on": "deal:1"}),
        lambda: records.edit(ctx, TASK, [2], {"opportunity": "deal:1"}), lambda: tasks.done(ctx, [1]),
        lambda: tasks.snooze(ctx, [1], "tomorrow"), lambda: timeline.edit(ctx, [1], {"body": "x"}),
        lambda: records.edit(ctx, TASK, [2], {"on": "deal:1"}),
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(RefusedError, match=r"(deal|task|interaction):1 ?.* is removed") as refused:
            verb()
        commands = [ctx.settings.calling(noun, "restore", "1") for noun in ("deal", "task", "note")]
        assert refused.value.hint in [f"first: {command}" for command in commands]
    assert records.remove(ctx, DEAL, [1]).lines == ("nothing to change in that deal",)
    for kind in (DEAL, TASK, INTERACTION):
        records.restore(ctx, kind, [1])
    assert records.edit(ctx, DEAL, [1], {"city": "Bern"}).ids == (1,)
    records.remove(ctx, COMPANY, [1])
    # A link that is there stays; a new one leads to what can be seen.
    assert records.edit(ctx, DEAL, [1], {"company": "1", "city": "Basel"}).ids == (1,)
    with pytest.raises(RefusedError, match="company:1 Engines is removed"):
        records.add(ctx, DEAL, {"name": "Second", "company": "1"})


@pytest.mark.parametrize("spelling", ["e-mail", "E mail", "EMAIL", "e_mail"])
def test_words_of_the_program_may_be_spelt_otherwise(ctx: Context, spelling: str) -> None:
    records.add(ctx, TASK, {"name": "Write", "type": spelling})
    records.add(ctx, TASK, {"name": "Sleep", "type": "todo"})
    assert [r["type"] for r in records.list_records(ctx, TASK, sort="id").rows] == ["email", "to-do"]
    records.add(ctx, LEAD, {"name": "Ada"})
    timeline.add(ctx, LEAD, 1, spelling, "hello")
    timeline.edit(ctx, [1], {"kind": "call"})
    timeline.edit(ctx, [1], {"kind": spelling})
    assert [row["body"] for row in records.list_records(ctx, INTERACTION, [f'kind:"{spelling}"']).rows] == ["hello"]


def test_a_file_may_spell_task_types_otherwise(ctx: Context, put: Put) -> None:
    take(ctx, put("Task,Type\na,E-Mail\nb,Todo\nc,Demo\nd,call\n"), kind=TASK)
    found = [row["type"] for row in records.list_records(ctx, TASK, sort="id").rows]
    assert found == ["email", "to-do", "Demo", "call"]
