"""The filter language with its meaning: names and values of a kind of record, how it says no, and what it finds."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain import query
from crmcli.domain.entities import CONTACT, DEAL, ENTITIES, LEAD, RECORDS, TASK
from crmcli.domain.query import And, Book, Compare, MoneyCompare, parse
from crmcli.domain.types import Env, show_instant
from crmcli.errors import CrmError, FilterError

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ENV = Env(NOW, me="ada")
WORDS = {
    "stage": ["new", "qualified", "won"],
    "user": ["ada", "grace"],
    "tag": ["vip"],
    "source": ["web"],
    "pipeline": ["sales"],
}
VIEWS = {
    "hot": "stage:qualified value:10k..",
    "loop": "view:loop",
    "deep": "view:hot city:bern",
    "stale": "tag:vip stage:lapsed",
    "outer": "view:stale city:bern",
}


def book() -> Book:
    return Book(lambda name: WORDS.get(name, []), lambda _, name: VIEWS.get(name))


def read(text: str, entity: object = LEAD) -> object:
    return query.read(text, entity, ENV, book())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message", "todo"),
    [
        ("nosuch:1", "lead has no field 'nosuch'", "'crm fields lead' lists the known ones; for the text itself"),
        ("stgae:new", "lead has no field 'stgae'", "did you mean 'stage'?"),
        ("no:nothing", "lead has no field 'nothing'", "crm fields lead"),
        ("stage:nowhere", "there is no stage 'nowhere'", "known: new, qualified, won"),
        ("stage:qualifed", "there is no stage 'qualifed'", "did you mean 'qualified'?"),
        ("is:unheard", "'is:unheard' means nothing for a lead", "known: open, won, lost"),
        ("value:5..-5", "value: The range '5..-5' ends before it starts.", "Write the smaller side first."),
        ("value:5-7", "value: '5-7' is not a range", "write value:5..7"),
        ("is:wno", "'is:wno' means nothing for a lead", "did you mean 'won'?"),
        ("view:cold", "there is no saved view 'cold' for leads", "'crm view list' lists them"),
        ("priority:extreme", "priority: 'extreme' is not one of: none, low, medium, high", ""),
        ("value:abc", "value: 'abc' is not an amount of money.", "Write 12000"),
        ("value:1.00001", "value: EUR has 2 decimals: '1.00001'.", "Write 12000"),
        ("close_on:32", "close_on: '32' is not a day or time.", "Write today"),
        ("id:abc", "id: 'abc' is not a whole number", "write it in digits"),
        ('id:","', "id: ',' is not a number", "write it in digits"),
        ("phone:abc", "phone: 'abc' is no part of a telephone number", "phone:8888"),
    ],
)
def test_says_what_is_wrong_and_what_to_do(text: str, message: str, todo: str) -> None:
    with pytest.raises(FilterError) as refused:
        read(f"ada {text}")
    assert refused.value.message == message
    assert todo in refused.value.hint
    assert (refused.value.column, refused.value.code) == (4, 2)
    assert str(refused.value).splitlines()[2] == "      ^"


@pytest.mark.parametrize(
    ("text", "todo"),
    [
        ("value:>5k", "write value:5k.. (the ends of a range are inside)"),
        ("value:>=5", "write value:5.. (the ends of a range are inside)"),
        ("value:<5", "write value:..5 (the ends of a range are inside)"),
        ("probability:!=5", "write not probability:5"),
        ("value:==5", "write value:5"),
        ("close:>=2026-01-31", "write close:2026-01-31.. (the ends of a range are inside)"),
        ("created:≤today", "write created:..today (the ends of a range are inside)"),
        ("value:10-20", "write value:10..20"),
        ('probability:"10 - 20"', "write probability:10..20"),
        ("value:1...5", "two dots stand between its ends: value:10..20, value:10.. or value:..20"),
        ("close:2026..2027..2028", "close:2026-01..2026-03"),
        ("value:10..5", "Write the smaller side first."),
        ('value:"10 EUR..5 EUR"', "Write the smaller side first."),
        ("value:10..5EUR", "Write the smaller side first."),
        ("close:2026-02..2026-01", "Write the earlier side first."),
        ('value:"5 EUR..10 USD"', "write both ends in one, or leave the currency out"),
        ("value:1,500", "write value:1500, or value:1 or value:500"),
        ("value:12,000.50..", "write value:12000.50, or value:12 or value:000.50"),
        ("value>5k", 'write value:5k..; for the text itself write "value>5k"'),
        ("value<=5", "write value:..5;"),
        ("stage!=new", "write not stage:new;"),
        ("stage=new", 'write stage:new; for the text itself write "stage=new"'),
        ("value:10k EUR is:any", 'write value:"10k EUR"; for the text itself write "EUR"'),
        ("value:10k EUR..20k EUR is:any", 'write value:"10k EUR..20k EUR"'),
        ("created:fri 14:30 is:any", 'write created:"fri 14:30"'),
        ("value:1 500", 'write value:"1 500"'),
        ("Stage:new", "write stage:new;"),
        ("ｓｔａｇｅ:new", "write stage:new;"),
        ("close-on:today", "write close_on:today;"),
        ("Sttage:new", "did you mean 'stage'"),
        ("stаge:new", "did you mean 'stage'"),
        ("نام:علی", 'for the text itself write "نام:..."'),
        ("IS:won", "write is:won;"),
        ("Name:", "write name:VALUE;"),
        ("city>bern", "write city:bern;"),
    ],
)
def test_a_malformed_comparison_is_an_error_that_shows_the_right_one(text: str, todo: str) -> None:
    with pytest.raises(FilterError) as refused:
        read(text)
    assert todo in refused.value.hint


@pytest.mark.parametrize("text", ['"stage=new"', '"Stage:new"', "Acme:", "a=b", "x>5", "https", "c++", "a!"])
def test_other_texts_are_looked_for(text: str) -> None:
    read(text)


@pytest.mark.parametrize("text", ['value:"1","500"', "value:1000,2000", "value:12000.50,5", "id:12,345", "value:1,50"])
def test_commas_between_values_mean_or(text: str) -> None:
    read(text)


@pytest.mark.parametrize("field", sorted({*LEAD.by_name, "is", "no", "has", "view"}))
def test_an_empty_text_is_no_value(field: str) -> None:
    """It is a part of every text and equals none: `city:` and a shell variable that is empty must not mean all."""
    for text in (f'{field}:""', f'{field}:"  "', f'{field}:="\u200c"', f"{field}:new,", f"{field}:,new,,won"):
        with pytest.raises(FilterError) as refused:
            read(text)
        assert refused.value.message.startswith(f"{field}: ")
        assert refused.value.hint


def test_a_fault_within_a_saved_view_names_the_view() -> None:
    with pytest.raises(FilterError, match="in the saved view 'loop': it contains itself"):
        read("ada view:loop")
    for text in ("ada view:stale", "ada view:outer"):
        with pytest.raises(FilterError) as refused:
            read(text)
        assert refused.value.message == "in the saved view 'stale': there is no stage 'lapsed'"
        assert "'crm view save stale FILTER' writes the view anew" in refused.value.hint
        assert (refused.value.text, refused.value.column) == ("tag:vip stage:lapsed", 8)


def test_two_dots_alone_are_any_value() -> None:
    """So a range that is read always has an end."""
    for name in ("value", "probability", "close_on", "created_at"):
        for text in (f"{name}:..", f'{name}:" .. "', f"{name}:=.."):
            assert query.bind(parse(text), LEAD, ENV, book()) == query.bind(parse(f"has:{name}"), LEAD, ENV, book())


def test_what_has_no_states_says_so() -> None:
    for kind, message in (("user", "a user has no states"), ("stage", "a stage has no states")):
        with pytest.raises(FilterError, match=message) as refused:
            query.read("is:any", ENTITIES[kind], ENV, book())
        assert f"crm fields {kind}" in refused.value.hint
    with pytest.raises(FilterError, match="means nothing for an interaction"):
        query.read("is:open", ENTITIES["interaction"], ENV, book())


@pytest.mark.parametrize("field", ["close_on", "created_at"])
def test_the_last_of_all_days_is_a_day(field: str) -> None:
    """Other systems write "never" so."""
    last = "9999-12-31" if field == "close_on" else "9999-12-31T12:00:00.000Z"
    for text, stored, fits in (
        ("9999-12-31", last, True), ("9999-12-31..", last, True), ("..9999-12-31", last, True),
        ("2026..9999-12-31", last, True), ("9999-12-31", "2026-11-21T10:00:00.000Z"[: len(last)], False),
        ("..9999-12-31", None, False), ("9999-01-01..", last, True),
    ):  # fmt: skip
        node = query.bind(parse(f"{field}:{text}"), LEAD, ENV, book())
        assert query.matches(node, {field: stored}, LEAD, ENV) is fits, (text, stored)
    with pytest.raises(FilterError, match="'9999' runs to the end of the calendar") as refused:
        read(f"{field}:9999")
    assert "9999-01-01.." in refused.value.hint


def test_an_amount_is_read_as_where_it_is_typed_into_a_record() -> None:
    currency, value = LEAD.by_name["currency"], LEAD.by_name["value"]

    def bound(text: str, own: str) -> object:
        return query.bind(parse(text), LEAD, ENV._replace(currency=own), book())

    five = MoneyCompare(value, "=", 50_000)
    assert bound("value:5", "EUR") == five
    assert bound("value:$5", "EUR") == And((Compare(currency, "=", "USD"), five))
    assert bound("value:$5", "AUD") == And((Compare(currency, "=", "AUD"), five))
    assert bound('value:"5 CLF"', "EUR") == And((Compare(currency, "=", "CLF"), five))
    assert bound("value:5", "CLF") == five
    assert bound("value:1.005", "KWD") == MoneyCompare(value, "=", 10_050)
    both = (MoneyCompare(value, ">=", 50_000), MoneyCompare(value, "<=", 90_000))
    assert bound("value:5EUR..9", "EUR") == And((Compare(currency, "=", "EUR"), *both))


def test_a_whole_telephone_number_keeps_its_first_zero() -> None:
    record = {"phone": "0123"}
    for text, fits in (("phone:=0123", True), ("phone:0123", True), ("phone:=123", False), ("phone:23", True)):
        assert query.matches(query.bind(parse(text), LEAD, ENV, book()), record, LEAD, ENV) is fits, text


def test_a_vocabulary_without_words_says_so() -> None:
    with pytest.raises(FilterError, match="there is no pipeline 'sales'") as refused:
        query.read("pipeline:sales", LEAD, ENV, book()._replace(known=lambda _: []))
    assert refused.value.hint == "there is none yet"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("source:wbe", "there is no source 'wbe'", "did you mean 'web'?"),
        ("not tag:vpi", "there is no tag 'vpi'", "did you mean 'vip'?"),
        ("tag:vip,cold", "there is no tag 'cold'", "known: vip"),
        ("medium:fax", "there is no medium 'fax'", "there is none yet"),
        ("campaign:spring", "there is no campaign 'spring'", "there is none yet"),
        ('lost_reason:"too dear"', "there is no lost reason 'too dear'", "there is none yet"),
    ],
)
def test_a_word_that_no_list_knows_is_an_error_also_where_lists_are_open(text: str, message: str, hint: str) -> None:
    with pytest.raises(FilterError, match=message) as refused:
        query.read(text, LEAD, ENV, book())
    assert refused.value.hint == hint


def test_what_lists_leave_out() -> None:
    record = {"name": "Ada", "status": "lost", "archived_at": "2026-11-21T10:00:00.000Z", "removed_at": None}
    for text, fits in (
        ("", False),
        ("is:lost", True),
        ("status:lost", True),
        ("is:any", True),
        ("ada", False),
        ("not is:won", True),
    ):
        node = read(text)
        assert query.matches(node, record, LEAD, ENV) is fits, text
    removed = {**record, "removed_at": "2026-11-21T10:00:00.000Z"}
    assert not query.matches(read("is:any"), removed, LEAD, ENV)
    assert query.matches(read("is:removed"), removed, LEAD, ENV)


def test_values_mean_what_their_types_say() -> None:
    record = {
        "id": 12,
        "name": "Straße",
        "value": 1_200_050,
        "currency": "EUR",
        "owner": "ada",
        "owner_id": 1,
        "tags": ["VIP"],
        "close_on": "2026-11-30",
        "created_at": "2026-11-21T09:00:00.000Z",
        "status": "open",
        "priority": 3,
        "city": None,
        "phone": "+98 21 8888 7777",
        "email": "ada@engines.example",
        "probability": 3349,
    }
    for text in (
        "name:STRASSE",
        "name:=strasse",
        "strasse",
        "value:12k..",
        "value:..12000.50",
        "value:12000.50",
        "owner:me",
        "tag:vip",
        "close:eom",
        "created:today",
        "priority:high",
        "no:city",
        "has:email",
        "phone:+982188887777",
        "phone:8888",
        "email:=ADA@engines.example",
        "probability:33.49",
        "id:12",
        "not city:bern",
        "value:12000.50,5",
        "value:12000.50EUR",
        "created:2026-11",
        "close_on:2026-11-30..",
        "city:x or name:stra",
        "not no:name",
    ):
        assert query.matches(query.bind(parse(text), LEAD, ENV, book(), text), record, LEAD, ENV), text
    for text in (
        "city:bern",
        "value:12001..",
        "not tag:vip",
        "close_on:2026-11-29",
        "value:12000.50USD",
        "not created:today",
        "has:city",
    ):
        assert not query.matches(query.bind(parse(text), LEAD, ENV, book(), text), record, LEAD, ENV), text


ZONES = st.sampled_from(["UTC", "Etc/GMT+12", "America/Los_Angeles", "Asia/Tehran", "Asia/Tokyo", "Pacific/Kiritimati"])
DAYS = st.dates(NOW.date() - timedelta(days=9), NOW.date() + timedelta(days=9))
#: When a task is due: the day in the zone of whoever typed it, and the moment where a time was given.
DUES = st.tuples(DAYS, st.none() | st.times().map(lambda clock: clock.replace(microsecond=0)), ZONES)


def typed(day: date, clock: time | None, zone: str) -> tuple[str, str | None]:
    """The stored day and moment of what was typed in a zone."""
    if clock is None:
        return day.isoformat(), None
    return day.isoformat(), show_instant(datetime.combine(day, clock, ZoneInfo(zone)))


def seen(on: str, at: str | None, zone: str) -> date:
    """The day on which that is, in another zone."""
    return date.fromisoformat(on) if at is None else datetime.fromisoformat(at).astimezone(ZoneInfo(zone)).date()


@given(st.lists(DUES, min_size=1, max_size=3), ZONES, DAYS, DAYS)
def test_a_day_range_of_what_is_due_goes_by_the_moment_where_there_is_one(
    dues: list[tuple[date, time | None, str]], zone: str, one: date, other: date
) -> None:
    env = ENV._replace(now=NOW.astimezone(ZoneInfo(zone)))
    stored = [typed(*due) for due in dues]
    first, last = sorted((one, other))
    task = dict(zip(("due_on", "due_at"), stored[0], strict=True))
    deal = {
        "next_due": min(on for on, _ in stored),
        "next_due_on": min((on for on, at in stored if not at), default=None),
        "next_due_at": min((at for _, at in stored if at), default=None),
    }
    for text, start, end in (
        (f"due:{first}..{last}", first, last), (f"due:{first}..", first, date.max),
        (f"due:..{last}", date.min, last), (f"due:{first}", first, first),
    ):  # fmt: skip
        for entity, record, day in (
            (TASK, task, seen(*stored[0], zone)),
            (DEAL, deal, min(seen(*due, zone) for due in stored)),
        ):
            node = query.bind(parse(text), entity, env, book())
            assert query.matches(node, record, entity, env) is (start <= day <= end), (text, entity.name)


@given(DUES, ZONES)
def test_a_task_is_overdue_today_or_planned_by_its_moment(due: tuple[date, time | None, str], zone: str) -> None:
    env = ENV._replace(now=NOW.astimezone(ZoneInfo(zone)))
    on, at = typed(*due)
    day, today = seen(on, at, zone), env.now.date()
    late = day < today or (at is not None and at < show_instant(NOW))
    record = {"due_on": on, "due_at": at, "done_at": None}
    for state, fits in (("overdue", late), ("today", day == today), ("planned", day > today)):
        assert query.matches(query.bind(parse(f"is:{state}"), TASK, env, book()), record, TASK, env) is fits, state
    deal = {"next_due": on, "next_due_on": None if at else on, "next_due_at": at}
    assert query.matches(query.bind(parse("is:overdue"), DEAL, env, book()), deal, DEAL, env) is late


TEXT = st.text(st.sampled_from('ab: ,="\\()نoرtn.0-9\u200c%<>!'), max_size=30)
FIELDS = st.sampled_from(
    sorted({name for entity in RECORDS.values() for name in entity.by_name} | {"is", "no", "has", "view"})
)


@given(entity=st.sampled_from([LEAD, DEAL, CONTACT, TASK]), field=FIELDS, value=st.one_of(TEXT, st.text(max_size=30)))
def test_nothing_but_our_own_errors(entity: object, field: str, value: str) -> None:
    for text in (f"{field}:{value}", f"{field}:={query.quote(value)}", f"not {field}:{value}..{value}", value):
        with contextlib.suppress(CrmError):
            read(text, entity)
