"""Two columns that are said to be one field: the values of one of them would be nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.commands.import_options import pairs
from crmcli.domain.entities import CONTACT, DEAL
from crmcli.errors import UsageError
from crmcli.services import imports
from crmcli.services.imports import claims, rejects
from tests.support.importing import rows

if TYPE_CHECKING:
    from crmcli.context import Context

DEALS = "Deal,Client,Amount,Won at,Lost at\nRoof A,Berg AB,10,,\nRoof C,Holm,abc,,\n"


@pytest.mark.parametrize(
    ("mapping", "field", "hint"),
    [
        ({"Deal": "name", "Client": "name"}, "name", "--map 'Client=+'"),
        ({"Deal": "name", "Client": " description", "Amount": "description"}, "description", "--map 'Amount=+'"),
        ({"Client": "tags", "Amount": "tags"}, "tags", "--map 'Client=-'"),
        ({"Client": "+x", "Amount": "+x:text"}, "x", "--map 'Client=-'"),
        ({"Client": "phone", "Amount": "phone"}, "phone", "--map 'Amount=more phone'"),
        ({"Won at": "is won", "Lost at": "is won"}, "is won", "--map 'Won at=-'"),
    ],
)
def test_two_columns_are_not_one_field(book: Context, put: Any, mapping: dict[str, str], field: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"are both to be {field}, which takes one value") as caught:
        imports.planned(book, put(DEALS), kind=DEAL, mapping=mapping)
    assert hint in caught.value.hint


def test_one_column_is_not_two_fields(book: Context, put: Any) -> None:
    mapping = {"Client": "name", "client": "company", "Deal": "name"}
    with pytest.raises(UsageError, match="column 'Client' is said to be name and company"):
        imports.planned(book, put(DEALS), kind=DEAL, mapping=mapping)
    with pytest.raises(UsageError, match="--map 'Client=name' and --map 'Client=company' exclude each other"):
        pairs(["Client=name", "Client=company"])
    assert pairs(["Client=name", "Client=name"]) == {"Client": "name"}


def test_what_is_said_twice_in_the_same_words_is_said_once(book: Context, put: Any) -> None:
    made = imports.planned(book, put(DEALS), kind=DEAL, mapping={"Deal": "name", "deal": "name"})
    assert made.columns[0].to == ("name",)


def test_a_field_that_one_column_has_in_each_row_may_have_several(book: Context, put: Any) -> None:
    mapping = {"Won at": "closed_at", "Lost at": "closed_at"}
    made = imports.planned(book, put(DEALS), kind=DEAL, mapping=mapping)
    assert [column.to for column in made.columns[3:]] == [("closed_at",), ("closed_at",)]
    text = "Full name,Mail A,Mail B\nAda,a@x.example,b@x.example\n"
    mapping = {"Mail A": "more e-mail", "Mail B": "more e-mail"}
    imports.run(book, imports.planned(book, put(text), kind=CONTACT, mapping=mapping))
    (ada,) = rows(book, CONTACT)
    assert "b@x.example" in f"{ada['email']} {ada['description']}"


def test_refused_rows_come_in_with_all_columns_of_a_field(book: Context, put: Any) -> None:
    """Said of one column alone, the field would be taken from the one that its title is taken for."""
    text = "Deal,Closed at,Lost on\nA,2026-01-02,\n"
    mapping = {"Closed at": "closed_at", "Lost on": "closed_at"}
    made = imports.planned(book, put(text), kind=DEAL, mapping=mapping)
    assert made.columns == imports.planned(book, put(text), kind=DEAL, mapping=pairs(maps(made))).columns
    assert maps(made) == ["Closed at=closed_at", "Lost on=closed_at"]
    assert maps(imports.planned(book, put(text), kind=DEAL, mapping={"Deal": "name"})) == []


def maps(made: imports.Plan) -> list[str]:
    """The words of `--map` by which refused rows are imported again."""
    words = list(rejects.options(made))
    return [words[place + 1] for place, word in enumerate(words) if word == "--map"]


def test_a_column_by_hand_and_one_of_a_profile_are_not_one_field(book: Context, put: Any, tmp_path: Any) -> None:
    profile = tmp_path / "shop.toml"
    profile.write_text('title = "Shop"\nkind = "deal"\nheaders = ["Deal", "Client"]\n[columns]\n"Deal" = "name"\n')
    said: dict[str, Any] = {"kind": DEAL, "profiles": [str(profile)]}
    with pytest.raises(UsageError, match="columns 'Deal' and 'Client' are both to be name"):
        imports.planned(book, put(DEALS), mapping={"Client": "name"}, **said)
    made = imports.planned(book, put(DEALS), mapping={"Client": "name", "Deal": "-"}, **said)
    assert [column.to for column in made.columns[:2]] == [(), ("name",)]


def test_only_what_takes_one_value_is_a_matter_of_dispute() -> None:
    header = ("A", "B", "C")
    assert claims.rivals(DEAL, header, {"A": "-", "B": "", "C": "-"}) == {}
    assert claims.rivals(DEAL, header, {"A": "+", "B": "+"}) == {}
    assert claims.rivals(DEAL, header, {"a": "name", "B": "name", "C": "value"}) == {"name": ["A", "B"]}
