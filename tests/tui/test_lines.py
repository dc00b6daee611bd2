"""Lines typed in the dashboard mean what the same words mean on the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.errors import UsageError
from crmcli.tui import lines


@pytest.mark.parametrize(
    ("line", "name", "assigned"),
    [
        (
            'Ada Lovelace company="Analytical Engines" value=12k',
            "Ada Lovelace",
            {"company": "Analytical Engines", "value": "12k"},
        ),
        ("Ada #vip #eu", "Ada", {"tags": "vip,eu"}),
        ("Ada tags=hot #vip", "Ada", {"tags": "hot,vip"}),
        ("شرکت نمونه owner=", "شرکت نمونه", {"owner": ""}),
        ('24" screen', '24" screen', {}),
        ("C# #1", "C#", {"tags": "1"}),
        ("A=B x", "A=B x", {}),
        ("Ada⏎Lovelace⏎company=Acme⏎#vip", "Ada Lovelace", {"company": "Acme", "tags": "vip"}),
        ('Ada⏎description="one⏎⏎two ⏎"', "Ada", {"description": "one\n\ntwo \n"}),
        ('24" screen⏎12" pipe', '24" screen⏎12" pipe'.replace("⏎", "\n").replace('"', ""), {}),
    ],
)
def test_a_new_record(line: str, name: str, assigned: dict[str, str]) -> None:
    assert lines.read(line) == (name, assigned)


def test_what_is_typed_goes_before_what_is_given() -> None:
    assert lines.new("Mill stage=won", {"stage": "New", "pipeline": "Sales"}, "deal") == {
        "name": "Mill",
        "stage": "won",
        "pipeline": "Sales",
    }
    with pytest.raises(UsageError, match="name"):
        lines.new("value=3", {}, "lead")


def test_an_edit_assigns_or_says_what_does_not() -> None:
    assert lines.change('name="Big deal" #vip tags=-cold', "lead") == {"name": "Big deal", "tags": "-cold,+vip"}
    for line in ("", "vip", "name=Big deal"):
        with pytest.raises(UsageError):
            lines.change(line, "lead")


@given(
    st.text(alphabet=st.characters(blacklist_categories=("C", "Z"), blacklist_characters="⏎") | st.sampled_from(' "\n'))
)
def test_an_offered_assignment_reads_back(value: str) -> None:
    line = lines.assignment("name", value)
    assert "\n" not in line
    assert lines.change(line, "lead") == {"name": value}


@pytest.mark.parametrize(
    ("line", "body", "more"),
    [
        ("no answer", "no answer", {}),
        ("she said x=1 minutes=5 at=yesterday", "she said x=1", {"minutes": "5", "at": "yesterday"}),
        ('met at=noon, then "tea" at="fri 14:30"', 'met at=noon, then "tea"', {"at": "fri 14:30"}),
        ("direction=in", "", {"direction": "in"}),
        ("one⏎⏎two at=noon", "one\n\ntwo", {"at": "noon"}),
    ],
)
def test_a_logged_line(line: str, body: str, more: dict[str, str]) -> None:
    assert lines.log(line) == (body, more)


def test_a_value_with_the_sign_of_a_break_is_read_back_as_one() -> None:
    assert lines.change(lines.assignment("name", "a⏎b"), "lead") == {"name": "a\nb"}
    assert (lines.joined(" a ⏎⏎b  c"), lines.joined("a  b")) == ("a b  c", "a  b")


def test_filter_terms_keep_their_quotes() -> None:
    assert lines.terms('stage:new  company:"Analytical Engines" (a or b)') == [
        "stage:new", 'company:"Analytical Engines"', "(a", "or", "b)",
    ]  # fmt: skip
