"""Fields of people's own: names that they can have, types, decimal numbers, options."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain import custom
from crmcli.domain.fields import NONE, OWN_KEY, installed, key_column
from crmcli.domain.query import TERM
from crmcli.domain.types import Env, Mark, Number
from crmcli.errors import CrmError, FieldError, UsageError

ENV = Env(datetime(2026, 11, 21, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "millionths", "shown"),
    [
        ("0", 0, "0"),
        ("12", 12_000_000, "12"),
        ("-3.5", -3_500_000, "-3.5"),
        (".25", 250_000, "0.25"),
        ("+1.000001", 1_000_001, "1.000001"),
        ("1,200.50", 1_200_500_000, "1200.5"),
        ("1.200,50", 1_200_500_000, "1200.5"),
        ("1,200", 1_200_000_000, "1200"),
        ("1,5", 1_500_000, "1.5"),
        ("0,125", 125_000, "0.125"),
        ("12 500", 12_500_000_000, "12500"),
        ("2k", 2_000_000_000, "2000"),
        ("۱۲٫۵", 12_500_000, "12.5"),
        ("۱٬۲۰۰", 1_200_000_000, "1200"),
        ("9007199254.740993", 9_007_199_254_740_993, "9007199254.740993"),
        ("−4", -4_000_000, "-4"),
        ("1e-06", 1, "0.000001"),
        ("-1.5E+3", -1_500_000_000, "-1500"),
        ("9.007199254740993e9", 9_007_199_254_740_993, "9007199254.740993"),
        ("250e-2", 2_500_000, "2.5"),
        ("1e0", 1_000_000, "1"),
        ("", None, ""),
        ("  ", None, ""),
    ],
)
def test_numbers_are_kept_in_millionths(text: str, millionths: int | None, shown: str) -> None:
    stored = Number().parse(text, ENV)
    assert stored == millionths
    assert Number().show(stored) == shown


def test_a_column_that_is_known_to_write_decimals_with_a_comma_is_read_so() -> None:
    assert Number().parse("1,200", ENV._replace(decimal=",")) == 1_200_000
    assert Number().parse("1.200", ENV._replace(decimal=",")) == 1_200_000_000


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1.2.3",
        "1,20,3",
        "--1",
        "1e-7",
        "1e",
        "1e+",
        "e5",
        "1e400",
        "1.5e2.5",
        ".",
        "1.0000001",
        "9" * 14,
        "5 EUR",
        "½",
        "1,2,",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(FieldError):
        Number().parse(text, ENV)


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_every_number_comes_back_from_its_text(stored: int) -> None:
    text = Number().show(stored)
    assert Number().parse(text, ENV) == stored
    assert Decimal(text) * 1_000_000 == stored


def test_a_flag_that_nobody_said_is_empty() -> None:
    assert [Mark().parse(text, ENV) for text in ("", " ", "yes", "نه")] == [None, None, True, False]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Industrie (NACE)", "industrie_nace"),
        ("Straße & Nr.", "strasse_nr"),
        ("کد ملی", "kd_mli"),
        ("تاریخ قرارداد", "tarikh_ghrardad"),
        ("كد ملي", "kd_mli"),
        ("2nd contact", "field_2nd_contact"),
        ("Owner ID", "owner_id_field"),
        ("City", "city_field"),
        ("CRM CRM ID", "id_field"),
        ("is", "is_field"),
        ("业务", "field_1"),
        ("", "field_1"),
        ("___", "field_1"),
    ],
)
def test_a_title_gives_a_name(title: str, name: str) -> None:
    assert custom.proposed("opportunity", title) == name


def test_proposed_names_are_not_taken_already() -> None:
    assert custom.proposed("contact", "Score", taken=["score"]) == "score_field"
    assert custom.proposed("contact", "Score", taken=["score", "score_field"]) == "score_2"
    assert custom.proposed("contact", "业务", taken=["field_1"]) == "field_2"


@given(st.text(max_size=80), st.sampled_from(list(custom.TABLES)))
def test_whatever_the_title_the_name_is_one(title: str, table: str) -> None:
    name = custom.proposed(table, title)
    custom.check_name(table, name)
    assert TERM.fullmatch(f"{name}:")
    again = custom.proposed(table, title, taken=[name])
    assert again != name
    custom.check_name(table, again)


@pytest.mark.parametrize(
    "name",
    ["", "Industry", "9x", "a-b", "a b", "صنعت", "a.b", "x" * 61, "is", "no", "has", "view", "not", "or", "and", "due",
     "mrr", "on", "name", "zip", "amount", "stage_id", "company_id", "value_minor", "probability_bp", "custom", "tags",
     "crm_line", "crm_reason", "crm_x"],
)  # fmt: skip
def test_names_that_would_be_mistaken_are_refused_with_one_that_would_not(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        custom.check_name("opportunity", name)
    assert refused.value.hint


def test_what_no_lead_has_may_be_called_as_what_a_company_has() -> None:
    custom.check_name("opportunity", "industry")
    with pytest.raises(UsageError):
        custom.check_name("company", "industry")


@pytest.mark.parametrize(("word", "table"), [("lead", "opportunity"), ("deals", "opportunity"), ("company", "company")])
def test_a_field_of_leads_is_one_of_deals(word: str, table: str) -> None:
    assert custom.place(f"{word}.x1") == (table, "x1")


@pytest.mark.parametrize("text", ["industry", "lead.", ".x", "led.x", "note.x", "tag.x"])
def test_whose_field_it_is_must_be_said(text: str) -> None:
    with pytest.raises(UsageError):
        custom.place(text)


def test_types_go_by_what_people_call_them() -> None:
    said = ("Text", "long text", "bool", "datetime", "e-mail", "Choice", "decimal")
    assert [custom.type_of(word) for word in said] == [
        "text", "long-text", "flag", "instant", "email", "choice", "number",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="choise"):
        custom.type_of("choise")


def test_options_are_a_list_without_doubles() -> None:
    assert custom.check_options(["Steel ", " Food"]) == ("Steel", "Food")
    for wrong in ([], ["a,b"], ["-x"], ["x", "X"], ["e-mail", "E mail"], ["  "]):
        with pytest.raises(CrmError):
            custom.check_options(wrong)


def test_keys_of_two_fields_are_never_one() -> None:
    """A field may be called like another one's key: their own members are apart."""
    assert key_column("custom.industry") == f"{OWN_KEY}industry"
    assert len({key_column("custom.a"), key_column("custom.a_key"), "custom.a_key"}) == 3
    assert key_column("name") == "name_key"


def test_without_a_book_there_are_none() -> None:
    assert installed() is NONE


# --- stored values ---------------------------------------------------------------------------------------------------

TYPED = st.one_of(
    st.text(max_size=12),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(str),
    st.dates().map(str),
    st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M}".zfill(16)),
    st.sampled_from(["yes", "no", "a", "B", "ada@x.example", "+98 21 8888 7777", "x.example", "۱۴۰۵-۰۹-۰۱", "33.5"]),
)


@given(st.sampled_from(sorted(custom.TYPES)), TYPED, st.sampled_from(["gregorian", "jalali"]))
def test_a_field_holds_whatever_its_type_reads(kind: str, text: str, calendar: str) -> None:
    """Else the door would refuse what people typed."""
    made = custom.field_of("x", kind, "", "", '["A", "B"]' if kind == "choice" else None).type
    try:
        stored = made.parse(text, ENV._replace(calendar=calendar))
    except CrmError:
        return
    assert stored is None or custom.holds(made, stored)


@pytest.mark.parametrize(
    ("kind", "held", "other"),
    [
        ("text", ["", "x", "5"], [5, True, 1.5, [], {}]),
        ("identifier", ["۱۲"], [12]),
        ("integer", [0, -(2**63), 2**63 - 1], [True, "5", 1.0, 2**63]),
        ("percent", [0, 10_000], [-1, 10_001, "5", False]),
        ("flag", [True, False], [0, 1, "yes"]),
        ("choice", ["A"], ["a", "C", 0]),
        ("date", ["2026-12-01", "0001-01-01"], ["2026-02-30", "2026-W01-1", "20261201", "٢٠٢٦-12-01", 20_261_201]),
        (
            "instant",
            ["2026-12-01T09:00:00.000Z"],
            ["2026-12-01T24:30:00.000Z", "2026-12-01T09:00:00Z", "2026-12-01", "2026-12-01T09:00:00.000+00:00", 5],
        ),
    ],
)
def test_a_field_holds_no_value_of_another_sort(kind: str, held: list[object], other: list[object]) -> None:
    made = custom.field_of("x", kind, "", "", '["A", "B"]' if kind == "choice" else None).type
    assert [value for value in (*held, *other) if custom.holds(made, value)] == held


@pytest.mark.parametrize("text", ["", "{", "A,B", "{}", '"A"', "[1]", "[null]", "[" * 100_000])
def test_options_that_are_no_list_of_words_are_none(text: str) -> None:
    assert custom.options_of(text) == ()
    assert custom.are_options(text) == (text == "")
    assert custom.are_options(None)
