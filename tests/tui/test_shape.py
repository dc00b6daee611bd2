"""Short texts of the screen: amounts are cut, never rounded up; due days say how late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.text import width
from crmcli.tui.shape import Look, due, fit, short, worth, wrapped

LOOK = Look(datetime(2026, 11, 21, 10, tzinfo=UTC), "gregorian", "EUR")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "EUR", "0"), (95_000, "EUR", "950"), (99_999, "EUR", "999"), (100_000, "EUR", "1k"),
        (1_299_900, "EUR", "12.9k"),
        (12_345_600, "EUR", "123k"), (99_999_999, "EUR", "999k"), (125_000_000, "EUR", "1.2M"),
        (1_200_000, "JPY", "1.2M"),
        (1_500_000, "KWD", "1.5k"), (-1_200_000, "EUR", "-12k"), (7 * 10**17, "EUR", "7000T"),
    ],
)  # fmt: skip
def test_short(minor: int, currency: str, text: str) -> None:
    assert short(minor, currency) == text


def test_worth_names_a_foreign_currency_only() -> None:
    assert worth(1_200_000, "EUR", LOOK) == "12k"
    assert worth(1_200_000, "USD", LOOK) == "12k USD"
    assert worth(None, None, LOOK) == ""


@pytest.mark.parametrize(
    ("day", "tasks", "words"),
    [
        (None, 0, ("no task", "warn")), (None, 2, ("task", "dim")),
        ("2026-11-18", 1, ("3d late", "bad")),
        ("2026-11-21", 1, ("today", "warn")), ("2026-11-22", 1, ("tomorrow", "dim")),
        ("2026-12-01", 1, ("in 10d", "dim")),
        ("2027-11-21", 1, ("2027-11-21", "dim")),
    ],
)  # fmt: skip
def test_due(day: str | None, tasks: int, words: tuple[str, str]) -> None:
    assert due(day, tasks, LOOK) == words


@given(st.text(), st.integers(0, 40))
def test_fit_is_exact_and_harmless(text: str, columns: int) -> None:
    shown = fit(text, columns)
    assert width(shown) == columns
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066" for c in shown)


@given(st.text(alphabet="ab é漢ک ", max_size=60), st.integers(1, 30), st.integers(1, 4))
def test_wrapped_keeps_the_words_in_order_and_every_line_in_its_columns(text: str, columns: int, most: int) -> None:
    lines = wrapped(text, columns, most)
    assert len(lines) <= most
    assert all(width(line) <= columns for line in lines)
    if not any("…" in line for line in lines):
        assert " ".join(lines).split() == text.split()
    else:
        assert width(" ".join(text.split())) > columns
