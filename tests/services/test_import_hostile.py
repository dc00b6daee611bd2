"""Cells as no program writes them: they are refused or kept, and cost no more time than their length."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain import money
from crmcli.domain.entities import DEAL, TASK
from crmcli.domain.types import Env
from crmcli.errors import FieldError
from crmcli.services.imports import columns, endings, facts, moments, parts, persons, titles
from tests.support.importing import counts, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context

MANY = 30_000
ENV = Env(now=datetime(2026, 10, 1, tzinfo=UTC))
BLANKS = " " * MANY
WORDS = " ".join(f"w{number}" for number in range(MANY))


def shares(cell: str) -> Any:
    facts.PercentFacts().look([cell])
    return columns.reader(DEAL.field("probability"), ENV)([cell], "", {})


@pytest.mark.parametrize(
    ("read", "cell"),
    [
        (lambda cell: moments.day(cell, ENV), f"12:00{BLANKS}x"),
        (lambda cell: moments.moment(cell, ENV), f"2026-10-01 12:00{BLANKS}x"),
        (lambda cell: moments.instant(cell, ENV), f"12:00{BLANKS}UTC{BLANKS}x"),
        (lambda cell: moments.instant(cell, ENV), "11:11 " * (MANY // 6)),
        (shares, "1" * MANY + "x"),
        (shares, "1" * MANY),
        (shares, "." + "1" * MANY),
        (shares, "1" * MANY + "%"),
        (lambda cell: persons.apart(cell, (" ".join(cell.split()[::-1]), "a")), WORDS),
        (lambda cell: persons.apart(cell[:-1] + "x", (cell, "a")), "a " * (MANY // 2)),
        (lambda cell: endings.is_done(cell, percent=True), f"50{BLANKS}x"),
        (titles.unit_of, f"Amount{BLANKS}x"),
        (titles.unit_of, "A" + "_" * MANY),
        (lambda title: titles.own_forms("deal", title), f"Amount{BLANKS}x"),
        (lambda title: titles.linked("deal", title), f"Company{BLANKS}x"),
        (parts.named_address, f"a{' (' * (MANY // 2)}@"),
        (parts.labelled, f"({'1 ' * (MANY // 2)}x"),
        (money.unnamed, f"a.{BLANKS}x"),
        (lambda cell: money.parse_money(cell, "EUR"), f"a.{BLANKS}x"),
        (lambda cell: parts.several([cell], "", telephones=False), f"a,b{BLANKS}x"),
        (lambda cell: parts.linked([cell], ""), f"a{BLANKS}@"),
        (lambda cell: parts.linked([cell], ""), f"a ({'a@' * (MANY // 2)}"),
        (lambda cell: parts.pages([cell], ""), f"a (http://x){BLANKS}x"),
        (lambda cell: parts.many_words([cell], "", {}), f"[a,{BLANKS}{', ' * (MANY // 2)}x"),
        (lambda cell: parts.pages([cell], ""), f"a (http://x){',(http://x)' * (MANY // 11)}x"),
    ],
)
def test_no_cell_costs_more_than_its_length(read: Callable[[str], Any], cell: str) -> None:
    before = process_time()
    with suppress(FieldError):
        read(cell)
    assert process_time() - before < 2


def test_a_row_with_a_hostile_cell_is_refused_and_the_others_come_in(book: Context, put: Any) -> None:
    path = put(f'Task,Due Date\nCall,"12:00{BLANKS}x"\nWrite,"2026-10-01{" " * 200}12:00{BLANKS}UTC"\n')
    assert counts(take(book, path, kind=TASK)) == (2, 1, 0, 0, 0, 1)
    assert book.reader.rows("SELECT name, due_at FROM task") == [("Write", "2026-10-01T12:00:00.000Z")]
    path = put(f"Deal,Probability\nBig,{'9' * MANY}\nSmall,20\n")
    assert counts(take(book, path, kind=DEAL)) == (2, 1, 0, 0, 0, 1)


def test_names_beside_addresses_and_pages_are_found_between_blanks() -> None:
    cells = [
        "Ada  (ada@x.example)",
        "Bo(  bo@x.example )",
        "Cy  (1234567)",
        "Plan\n(http://x)",
        "A (http://x) , B (b.md)",
    ]
    assert parts.linked(cells, "h") == (
        ["Ada", "Bo", "Cy", "Plan", "A"], ["ada@x.example", "bo@x.example", None, None, None], {4: "h: B (b.md)"},
    )  # fmt: skip
    assert parts.several(["a@x.example  ::: \n b@x.example /  c@x.example , d@x.example"], "h", telephones=False) == (
        ["a@x.example"], {0: "h: b@x.example, c@x.example, d@x.example"},
    )  # fmt: skip
