"""Amounts of money as typed, stored and shown."""

from __future__ import annotations

import sqlite3

import pytest
from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.money import exponent, format_money, known, parse_money, plain, rescale, weighted
from crmcli.errors import FieldError

CODES = st.sampled_from(["EUR", "USD", "IRR", "JPY", "KWD", "CLF"])


def test_exponents_are_those_of_cldr() -> None:
    assert {code: exponent(code) for code in list_currencies()} == {
        code: get_currency_precision(code) for code in list_currencies()
    }


def test_every_legal_tender_is_known() -> None:
    tender = {
        c[0] for currencies in get_global("territory_currencies").values() for c in currencies if c[3] and not c[2]
    }
    assert {code for code in tender if not known(code)} == set()
    assert not known("XYZ")
    assert not known("eur")


@pytest.mark.parametrize(
    ("text", "minor", "code"),
    [
        ("12000", 1200000, "EUR"), ("12,000", 1200000, "EUR"), ("12 000.50", 1200050, "EUR"),
        ("12\u202f000,50", 1200050, "EUR"), ("12.000,50", 1200050, "EUR"), ("12,000.50", 1200050, "EUR"),
        ("1'234.50", 123450, "EUR"), ("1.5", 150, "EUR"), ("1,5", 150, "EUR"), ("1,50", 150, "EUR"),
        ("0.5", 50, "EUR"),
        (".5", 50, "EUR"), ("0,500", 50, "EUR"), ("0.500", 50, "EUR"),
        ("1234.500", 123450, "EUR"), ("5.0000", 500, "EUR"),
        ("1.234.567", 123456700, "EUR"), ("1,234,567.89", 123456789, "EUR"), ("1,00,000", 10000000, "EUR"),
        ("€12,000", 1200000, "EUR"), ("EUR 12k", 1200000, "EUR"), ("12k", 1200000, "EUR"), ("12K", 1200000, "EUR"),
        ("1.5M", 150000000, "EUR"), ("1,5k", 150000, "EUR"), ("12k€", 1200000, "EUR"), ("1.5k EUR", 150000, "EUR"),
        ("12000 EUR", 1200000, "EUR"), ("eur 5", 500, "EUR"), ("$500", 50000, "USD"), ("500 $", 50000, "USD"),
        ("US$ 1,234.50", 123450, "USD"),
        ("500 TL", 50000, "TRY"), ("Rs 500", 50000, "INR"), ("Rs. 1,500.50", 150050, "INR"), ("Rs.500", 50000, "INR"),
        ("500 Rs.", 50000, "INR"), ("Fr. 12", 1200, "CHF"), ("12 Fr.", 1200, "CHF"), ("500元", 50000, "CNY"),
        ("CN¥500", 50000, "CNY"), ("£5", 500, "GBP"), ("¥500", 500, "JPY"), ("5 zł", 500, "PLN"),
        ("10000 JPY", 10000, "JPY"), ("10.00 JPY", 10, "JPY"), ("1.234 KWD", 1234, "KWD"),
        ("1,234 KWD", 1234000, "KWD"),
        ("﷼5000", 5000, "IRR"), ("۵۰۰۰ ریال", 5000, "IRR"), ("٥٠٠٠ ريال", 5000, "IRR"),
        ("۱۲٬۰۰۰ تومان", 120000, "IRR"),
        ("12 toman", 120, "IRR"), ("۱۲ میلیون تومان", 120_000_000, "IRR"), ("۱۲٫۵", 1250, "EUR"),
        ("۱۲٫۵۰۰", 1250, "EUR"),
        ("-5", -500, "EUR"), ("−5", -500, "EUR"), ("+5", 500, "EUR"), ("(5.00)", -500, "EUR"),
        ("($5.00)", -500, "USD"),
        ("-€5", -500, "EUR"), ("€-5", -500, "EUR"), ("€ 1,234.56", 123456, "EUR"), ("  7 ", 700, "EUR"),
        ("10000000000000", 10**15, "EUR"),
        ("1000000000000000000 IRR", 10**18, "IRR"), ("0", 0, "EUR"), ("-0", 0, "EUR"),
    ],
)  # fmt: skip
def test_parse_money(text: str, minor: int, code: str) -> None:
    assert parse_money(text, "EUR") == (minor, code)


@pytest.mark.parametrize(
    ("text", "decimal", "minor"),
    [
        ("12.000", ",", 1200000), ("12,000", ",", 1200), ("12.000", ".", 1200), ("12,000", ".", 1200000),
        ("1.234,5", ",", 123450), ("12.50", ".", 1250), ("12,50", ",", 1250), ("1.000.000", ",", 100000000),
    ],
)  # fmt: skip
def test_parse_money_of_a_column_whose_decimal_sign_is_known(text: str, decimal: str, minor: int) -> None:
    assert parse_money(text, "EUR", decimal) == (minor, "EUR")


@pytest.mark.parametrize(("text", "decimal"), [("12.50", ","), ("12,50", "."), ("1,2.5", "."), ("1.2,5", ",")])
def test_parse_money_refuses_the_other_sign_of_such_a_column(text: str, decimal: str) -> None:
    with pytest.raises(FieldError):
        parse_money(text, "EUR", decimal)


@pytest.mark.parametrize("own", ["CAD", "AUD", "USD"])
def test_a_dollar_sign_is_ones_own_dollar(own: str) -> None:
    assert parse_money("$5", own) == (500, own)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("12.000", "two ways"), ("1.234k", "two ways"), ("5.001", "two ways"), ("12.000 ریال", "two ways"),
        ("1234.567", "2 decimals"), ("10.5 JPY", "no decimals"), ("1.2345", "2 decimals"), ("0.0005", "2 decimals"),
        ("5 XYZ", "not a currency"), ("12kr", "not a currency"), ("$5 USD", "not an amount"), ("", "not an amount"),
        ("abc", "not an amount"), ("1e5", "not a"), ("--5", "not an amount"), ("5-3", "not a"),
        ("-(5)", "not an amount"),
        ("(-5)", "not an amount"), ("(5", "not an amount"), ("5.", "not an amount"), ("12 50", "not an amount"),
        ("1,2,3", "not an amount"), ("12,34.5", "not an amount"), ("1,234.5,6", "not an amount"),
        ("12,00050", "2 decimals"),
        ("0,123,456", "not an amount"), ("NaN", "not an amount"), ("inf", "not a"),
        ("=1+1", "not a"), ("²", "not an amount"),
        ("10000000000000.01", "too large"), ("-99999999999999999999", "too large"), ("9999999999 bn", "too large"),
    ],
)  # fmt: skip
def test_parse_money_refuses(text: str, because: str) -> None:
    with pytest.raises(FieldError, match=because) as caught:
        parse_money(text, "EUR")
    assert caught.value.hint


@given(st.text(), CODES, st.sampled_from([None, ".", ","]))
def test_parse_money_gives_an_amount_or_a_field_error(text: str, code: str, decimal: str | None) -> None:
    try:
        minor, currency = parse_money(text, code, decimal)
    except FieldError:
        return
    assert abs(minor) <= 10**18
    assert known(currency)


@given(st.text(st.sampled_from("0123456789.,' -+()kM€$ ۱۲٬٫"), max_size=12), CODES, st.sampled_from([None, ".", ","]))
def test_parse_money_reads_any_number_exactly_or_not_at_all(text: str, code: str, decimal: str | None) -> None:
    try:
        minor, currency = parse_money(text, code, decimal)
    except FieldError:
        return
    typed = "".join(str(int(char)) for char in text if char.isdigit()).strip("0")
    assert str(abs(minor)).strip("0") == typed
    assert currency in (code, "EUR", "USD")


@given(st.integers(-(10**15), 10**15), CODES)
def test_what_is_shown_reads_back(minor: int, code: str) -> None:
    assert parse_money(plain(minor, code), code, ".") == (minor, code)
    assert parse_money(format_money(minor, code), code, ".") == (minor, code)
    assert parse_money(f"{format_money(minor, code)} {code}", "GBP", ".") == (minor, code)


def test_format_money() -> None:
    assert format_money(1200000, "EUR") == "12,000.00"
    assert format_money(-5, "EUR") == "-0.05"
    assert format_money(-123456, "EUR", grouping=False) == "-1234.56"
    assert format_money(1234567, "IRR") == "1,234,567"
    assert format_money(1234567, "KWD") == "1,234.567"
    assert plain(1200000, "EUR") == "12000.00"
    assert plain(0, "JPY") == "0"


def test_rescale() -> None:
    assert rescale(1200, "EUR", "JPY") == 12
    assert rescale(12, "JPY", "KWD") == 12000
    assert rescale(-1200, "EUR", "USD") == -1200
    assert rescale(-1200, "EUR", "JPY") == -12
    with pytest.raises(FieldError, match="more decimals"):
        rescale(1250, "EUR", "JPY")
    with pytest.raises(FieldError, match="too large"):
        rescale(10**18, "IRR", "EUR")


@given(st.integers(-(10**14), 10**14), st.integers(0, 10000))
def test_weighted_is_what_sqlite_computes(minor: int, probability: int) -> None:
    with sqlite3.connect(":memory:") as connection:
        (expected,) = connection.execute(
            "SELECT ?1 / 10000 * ?2 + (?1 % 10000 * ?2 + CASE WHEN ?1 < 0 THEN -5000 ELSE 5000 END) / 10000",
            (minor, probability),
        ).fetchone()
    connection.close()
    assert weighted(minor, probability) == expected


def test_weighted() -> None:
    assert weighted(380000, 9000) + weighted(2250000, 2000) == 792000
    assert weighted(1, 5000) == 1
    assert weighted(-12345, 5000) == -6173
    assert weighted(-500, 1000) == -50
    assert weighted(-500, 10_000) == -500


@given(st.integers(0, 10**14), st.integers(0, 10000))
def test_a_credit_weighs_as_much_as_the_amount_it_takes_back(minor: int, probability: int) -> None:
    assert weighted(-minor, probability) == -weighted(minor, probability)
