"""Amounts of money as typed, stored and shown."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import suppress

import pytest
from babel.core import Locale, get_global
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import example, given
from hypothesis import strategies as st

from crmcli.domain.currencies import HARMLESS, KNOWN, SCALES, SHARED, SIGNS, TOMAN
from crmcli.domain.money import exponent, format_money, known, parse_money, plain, rescale, unnamed, weighted
from crmcli.domain.money_units import (
    ASIDE,
    SPOKEN_SCALES,
    beside,
    hints_at_unit,
    read_currency,
    read_unit,
)
from crmcli.domain.text import fold
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


@pytest.mark.parametrize(
    ("text", "minor", "code"),
    [
        # cents that are a dash
        ("12.000,- €", 1_200_000, "EUR"), ("3.400,-- EUR", 340_000, "EUR"), ("CHF 12'000.–", 1_200_000, "CHF"),
        ("Fr. 3’400.-", 340_000, "CHF"), ("12 000:-", 1_200_000, "EUR"), ("Rs 45,000/-", 4_500_000, "INR"),
        ("45.000/-", 4_500_000, "EUR"), ("500,—", 50_000, "EUR"), ("-12,- €", -1200, "EUR"), ("12,-", 1200, "EUR"),
        # signs behind, and other dashes
        ("1234.50-", -123_450, "EUR"), ("1.234,50- USD", -123_450, "USD"), ("1234.50 -", -123_450, "EUR"),
        ("500-", -50_000, "EUR"), ("–500.00", -50_000, "EUR"), ("€ –500.00", -50_000, "EUR"),
        ("(12.50) USD", -1250, "USD"), ("$(5.00)", -500, "USD"), ("USD (5.00)", -500, "USD"),
        # scales
        ("1,5 Mio. €", 150_000_000, "EUR"), ("2 Mrd. €", 2 * 10**11, "EUR"), ("3 Tsd. €", 300_000, "EUR"),
        ("3 Tsd.€", 300_000, "EUR"), ("1,2 млн ₽", 120_000_000, "RUB"), ("10 lakh", 100_000_000, "EUR"),
        ("₹2 Cr", 2 * 10**9, "INR"), ("2 Cr INR", 2 * 10**9, "INR"), ("12 bin TL", 1_200_000, "TRY"),
        ("1.2万", 1_200_000, "EUR"), ("3億円", 300_000_000, "JPY"), ("$ 2.5 million", 250_000_000, "USD"),
        ("TEUR 500", 50_000_000, "EUR"), ("500 TEUR", 50_000_000, "EUR"), ("5 T€", 500_000, "EUR"),
        ("$M 5", 500_000_000, "USD"), ("5 US$M", 500_000_000, "USD"), ("Mio. CHF 1,5", 150_000_000, "CHF"),
        ("۲ میلیون و ۵۰۰ هزار تومان", 25_000_000, "IRR"), ("2 million 500 thousand", 250_000_000, "EUR"),
        ("2億5000万円", 250_000_000, "JPY"), ("۲ هزار میلیارد تومان", 2 * 10**13, "IRR"),
        ("۱/۵ میلیارد ریال", 1_500_000_000, "IRR"), ("۱/۲۵۰ میلیون ریال", 1_250_000, "IRR"),
        ("۵۰۰ م.ت", 5 * 10**9, "IRR"), ("12 م.ریال", 12_000_000, "IRR"), ("۵۰۰۰ هزار\u200cتومان", 50_000_000, "IRR"),
        # currencies
        ("12 د.إ", 1200, "AED"), ("د.إ.\u200f 12", 1200, "AED"), ("12 د.أ", 12_000, "JOD"), ("12 ر.س", 1200, "SAR"),
        ("12 ج.م.", 1200, "EGP"), ("12 руб.", 1200, "RUB"), ("12 рублей", 1200, "RUB"),
        ("NT$500", 50_000, "TWD"), ("KD 1.250", 1250, "KWD"),
        ("500 đ", 500, "VND"), ("￥３，４００", 3400, "JPY"), ("＄１２．５０", 1250, "USD"), ("5 Ft", 500, "HUF"),
        # marks of direction
        ("\u200f۱۲۳۴ تومان\u200f", 12_340, "IRR"), ("\u200f1,234.00 \u200f₪", 123_400, "ILS"),
        ("1,234.50 ج.م.\u200f", 123_450, "EGP"), ("\u202a1234\u202c", 123_400, "EUR"),
        ("\u2068-5\u2069", -500, "EUR"), ("1\u200e,234.50", 123_450, "EUR"),
    ],
)  # fmt: skip
def test_parse_money_in_the_ways_of_many_countries(text: str, minor: int, code: str) -> None:
    assert parse_money(text, "EUR") == (minor, code)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("12,000,-", "not an amount"), ("12,50,-", "not an amount"), ("12.50:-", "not an amount"),
        ("12,50/-", "not an amount"),
        ("Fr. 500-", "not an amount"), ("-5-", "not an amount"), ("(5-)", "not an amount"), ("-", "not an amount"),
        ("—", "not an amount"),
        ("1.234 Mio. €", "two ways"), ("1/5 million", "not an amount"), ("1/5", "not an amount"),
        ("1/5/3 میلیون", "not an amount"), ("۲ میلیون و ۵۰۰ تومان", "not an amount"),
        ("500 هزار و 2 میلیون", "not an amount"), ("2 million 2000 thousand", "not an amount"),
        ("1,5 million 500 thousand", "not an amount"), ("2 and 3 thousand", "not an amount"),
        ("12k thousand USD", "is not a currency"), ("5 million million", "is not a currency"),
        ("k 5 EUR", "not an amount"),
        ("TEUR 5k", "not an amount"), ("5 Cr", "not an amount"), ("1,234.50 Cr USD", "not an amount"),
        ("100,00 MwSt", "not a currency"), ("100,00 MWST", "not a currency"), ("5 mall", "not a currency"),
        ("5 t", "not a currency"), ("5 teur", "not a currency"),
        ("5 م", "not a currency"), ("12 د.ا", "'د.ا' in '12 د.ا' is not a currency"), ("12 B", "not a currency"),
        ("12 Łoty", "'Łoty' in '12 Łoty' is not a currency"),
    ],
)  # fmt: skip
def test_what_stays_ambiguous_stays_refused(text: str, because: str) -> None:
    with pytest.raises(FieldError, match=because):
        parse_money(text, "EUR")


@pytest.mark.parametrize("text", ["\u200f" * 500, "-" * 30_000, "€" * 400, "x" * 400])
def test_a_refusal_quotes_little(text: str) -> None:
    with pytest.raises(FieldError) as caught:
        parse_money(text, "EUR")
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("text", "decimal", "minor"),
    [
        ("۱٬۲۵۰٬۰۰۰", ",", 125_000_000), ("۱۲٫۵", ",", 1250), ("۱٬۲۵۰٫۵", ",", 125_050), ("۱۲٬۵۰۰", ",", 1_250_000),
        ("۱٬۲۵۰٫۵", ".", 125_050), ("۱۲٫۵", None, 1250), ("12.000,-", ",", 1_200_000), ("12'000.-", ",", 1_200_000),
    ],
)  # fmt: skip
def test_signs_that_mean_one_thing_mean_it_in_every_column(text: str, decimal: str | None, minor: int) -> None:
    assert parse_money(text, "EUR", decimal) == (minor, "EUR")


@pytest.mark.parametrize(("text", "decimal"), [("12.000,-", "."), ("12,000.-", ","), ("12,50:-", ","), ("۱۲٫۵٫۰", ",")])
def test_a_dash_for_cents_stands_behind_whole_numbers(text: str, decimal: str) -> None:
    with pytest.raises(FieldError):
        parse_money(text, "EUR", decimal)


def test_crores_are_counted_in_rupees_alone() -> None:
    assert parse_money("2 Cr", "INR") == (2 * 10**9, "INR")


def test_the_signs_of_arabic_are_those_of_cldr() -> None:
    signs = {
        code: sign for code, sign in Locale("ar").currency_symbols.items() if not sign[0].isascii() and known(code)
    }
    signs = {code: sign for code, sign in signs.items() if "." in sign}
    assert {code: parse_money(f"5 {sign}", "EUR")[1] for code, sign in signs.items()} == {c: c for c in signs}
    assert {code: read_currency(sign, "EUR") for code, sign in signs.items()} == {c: (c, False) for c in signs}
    assert len(signs) > 10


@pytest.mark.parametrize(
    ("inside", "cell", "minor", "code"),
    [
        ("$M", "5", 500_000_000, "USD"), ("in thousands", "5", 500_000, "EUR"), ("USD thousands", "5", 500_000, "USD"),
        ("USD mn", "5", 500_000_000, "USD"), ("TEUR", "5", 500_000, "EUR"), ("Tsd. €", "5", 500_000, "EUR"),
        ("$ 000", "5", 500_000, "USD"), ("'000 USD", "5", 500_000, "USD"), ("$000s", "5", 500_000, "USD"),
        ("USD ’000", "5", 500_000, "USD"), ("x 1,000 EUR", "5", 500_000, "EUR"),
        ("000,000 USD", "5", 500_000_000, "USD"),
        ("in 1.000 €", "5", 500_000, "EUR"), ("lakhs", "5", 50_000_000, "EUR"), ("₹ Cr", "5", 5 * 10**9, "INR"),
        ("₹ in crores", "5", 5 * 10**9, "INR"),
        ("م.ت", "5", 50_000_000, "IRR"), ("میلیون تومان", "5", 50_000_000, "IRR"), ("به هزار ریال", "5", 5000, "IRR"),
        ("USD, net", "5", 500, "USD"), ("net, USD", "5", 500, "USD"), ("netto, EUR", "5", 500, "EUR"),
        ("USD excl. VAT", "5", 500, "USD"), ("€ HT", "5", 500, "EUR"),
        ("in thousands of US dollars", "5", 500_000, "USD"),
        ("EUR, thousands", "-5", -500_000, "EUR"), ("million Iranian rials", "5", 5_000_000, "IRR"),
        ("k€", "5", 500_000, "EUR"), ("k", "5", 500_000, "EUR"), ("USD", "5", 500, "USD"),
        ("in USD", "5", 500, "USD"), ("تومان", "5", 50, "IRR"),
        ("mln zł", "5", 500_000_000, "PLN"), ("млн руб.", "5", 500_000_000, "RUB"), ("KSEK", "5", 500_000, "SEK"),
        ("", "5", 500, "EUR"), ("net", "5", 500, "EUR"), ("gross", "5", 500, "EUR"), ("incl. tax", "5", 500, "EUR"),
        ("brutto", "5", 500, "EUR"), ("converted", "5", 500, "EUR"), ("all", "5", 500, "EUR"), ("ALL", "5", 5, "ALL"),
        ("deal currency", "5", 500, "EUR"), ("company currency", "5", 500, "EUR"),
        ("in company currency", "5", 500, "EUR"), ("خالص", "5", 500, "EUR"), ("\u200fUSD\u200f", "5", 500, "USD"),
        ("USD", "€5", 500, "EUR"), ("USD", "5k", 500_000, "USD"), ("میلیارد ریال", "۲ هزار", 2 * 10**12, "IRR"),
    ],
)  # fmt: skip
def test_the_unit_of_a_column(inside: str, cell: str, minor: int, code: str) -> None:
    assert parse_money(beside(cell, read_unit(inside)), "EUR") == (minor, code)


def test_capitals_say_nothing_in_a_title_of_capitals() -> None:
    assert read_unit("ALL", shouted=True) == ""
    assert read_unit("USD, ALL", shouted=True) == "USD"
    with pytest.raises(FieldError):
        read_unit("TRY", shouted=True)


def test_the_tables_of_signs_and_scales_are_folded() -> None:
    for table in (SIGNS, SHARED, TOMAN, SCALES, HARMLESS, ASIDE, SPOKEN_SCALES):
        assert [key for key in table if key != fold(key).rstrip(".")] == []
    assert {word.upper() for word in HARMLESS} & KNOWN == {"ALL"}


@pytest.mark.parametrize(
    "inside",
    [
        "weighted", "year 1", "2026", "USD EUR", "thousand million", "%", "000 thousands", "foo",
        "monthly", "'000'000'000", "USD (thousands", "units of 12", "m²", "۰۰۰ ریال ماهانه",
    ],
)  # fmt: skip
def test_a_unit_that_is_not_understood_is_refused_and_named(inside: str) -> None:
    with pytest.raises(FieldError) as caught:
        read_unit(inside)
    assert f"'{inside}'" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("inside", ["USD weighted", "USD/month", "USD - US Dollar", "USD incl. 19% VAT", "$ / yr"])
def test_a_currency_counts_whatever_stands_beside_it_that_is_no_scale(inside: str) -> None:
    assert read_unit(inside) in ("USD", "$")


@pytest.mark.parametrize(
    ("inside", "unit"),
    [
        ("All-in", ""), ("all-inclusive", ""), ("all in", ""), ("ALL IN", ""), ("USD", "USD"), ("usd", "usd"),
        ("Eur", "Eur"), ("inr", "inr"), ("kzt", "kzt"), ("KZT, net", "KZT"), ("TRY", "TRY"), ("TRY, net", "TRY"),
        ("STD", "STD"), ("Fr.", "Fr."), ("Ft", "Ft"), ("TL", "TL"), ("tl", "tl"), ("US-Dollar", "US Dollar"),
        ("USD $", "USD"), ("$ CAD", "CAD"), ("Euro - EUR", "Euro"), ("EUR/kg", "EUR"), ("$ per pound", "$"),
        ("2026 USD", "USD"), ("USD, FY26", "USD"), ("EUR 19 % MwSt", "EUR"), ("ریال ماهانه", "ریال"),
        ("руб. без НДС", "руб."), ("واحد: تومان", "تومان"),
    ],
)  # fmt: skip
def test_the_currency_of_a_title_is_one_as_people_write_it(inside: str, unit: str) -> None:
    assert read_unit(inside) == unit


@pytest.mark.parametrize(
    "inside",
    [
        "Top 10", "Top-up", "top line", "Try-out", "Bob, 2026", "Std.", "Std", "Pen", "Mad", "Gel", "Mars", "Maud",
        "MRP", "ATL", "Europe", "EUROPE", "per ft", "per pound", "m²", "weighted",
    ],
)  # fmt: skip
def test_a_word_of_a_title_that_looks_like_a_currency_is_a_word(inside: str) -> None:
    with pytest.raises(FieldError):
        read_unit(inside)
    assert hints_at_unit(inside) is False


@pytest.mark.parametrize(
    ("inside", "cell", "minor", "code"),
    [
        ("miles de €", "5", 500_000, "EUR"), ("milliers €", "5", 500_000, "EUR"), ("k$", "5", 500_000, "USD"),
        ("migliaia di euro", "5", 500_000, "EUR"), ("duizend euro", "5", 500_000, "EUR"),
        ("tis. Kč", "5", 500_000, "CZK"), ("tis.Kč", "5", 500_000, "CZK"), ("T. EUR", "5", 500_000, "EUR"),
        ("USD ths", "5", 500_000, "USD"), ("th. USD", "5", 500_000, "USD"),
        ("USD thou", "5", 500_000, "USD"), ("tys. zł", "5", 500_000, "PLN"), ("tusen SEK", "5", 500_000, "SEK"),
        ("в тысячах рублей", "5", 500_000, "RUB"), ("millones de euros", "5", 500_000_000, "EUR"),
        ("milhões R$", "5", 500_000_000, "BRL"), ("milioni di euro", "5", 500_000_000, "EUR"),
        ("bilhões R$", "5", 500_000_000_000, "BRL"), ("EURk", "5", 500_000, "EUR"), ("USDm", "5", 500_000_000, "USD"),
        ("CHFm", "5", 500_000_000, "CHF"), ("USDbn", "5", 500_000_000_000, "USD"), ("kUSD", "5", 500_000, "USD"),
        ("mnUSD", "5", 500_000_000, "USD"), ("EUR'000", "5", 500_000, "EUR"), ("US$’000s", "5", 500_000, "USD"),
        ("هزارتومان", "5", 50_000, "IRR"), ("bin TL", "5", 500_000, "TRY"), ("USD M", "5", 500_000_000, "USD"),
        ("thousands, USD, net", "5", 500_000, "USD"), ("kMAD", "5", 500_000, "MAD"),
    ],
)  # fmt: skip
def test_scales_of_titles_in_many_languages(inside: str, cell: str, minor: int, code: str) -> None:
    assert parse_money(beside(cell, read_unit(inside)), "EUR") == (minor, code)


@pytest.mark.parametrize(
    "inside",
    [
        "R$ mil", "USD B", "10k USD", "€ 1k", "USD 10^3", "10³ USD", "USD 1e3", "USD hundreds", "USD 100s", "USD cents",
        "cents", "minor units", "x 100", "10^3", "Bin", "M", "USD foo", "foo USD", "USD T", "billones de euros",
        "Bio. €", "USD000", "EUR, 1000 = 1", "TOP 10", "TRY OUT", "USD per k", "EUR/1000", "k€ p.a.", "USD EUR", "Kzt",
        "TEUR, Tsd.",
    ],
)  # fmt: skip
def test_what_may_scale_the_amounts_of_a_title_is_asked_about(inside: str) -> None:
    with pytest.raises(FieldError):
        read_unit(inside)
    assert hints_at_unit(inside)


@pytest.mark.parametrize(
    "inside", ["T", "T.", "م", "€/m", "$/m", "$/M", "€/T", "EUR / m", "€ per m", "€/m, net", "€/k", "ریال/م"]
)
def test_a_letter_that_may_scale_is_asked_about_alone_and_behind_a_stroke(inside: str) -> None:
    with pytest.raises(FieldError):
        read_unit(inside)
    assert hints_at_unit(inside)


@pytest.mark.parametrize("inside", ["€/t", "€/h", "€/d", "$/b", "€ je t", "€/kg", "€/m²"])
def test_what_an_amount_is_paid_for_is_no_scale(inside: str) -> None:
    assert read_unit(inside) in ("€", "$")


@pytest.mark.parametrize(
    ("cell", "unit"), [("€5", "k€"), ("5 EUR", "thousand USD"), ("5k", "million USD"), ("12k", "k€")]
)
def test_a_cell_with_a_unit_of_its_own_in_a_column_of_thousands_is_refused(cell: str, unit: str) -> None:
    with pytest.raises(FieldError):
        parse_money(beside(cell, unit), "EUR")


@pytest.mark.parametrize("cell", ["", "  ", "n/a", "-"])
def test_a_cell_without_a_number_has_no_unit(cell: str) -> None:
    assert beside(cell, "k€") == cell


@pytest.mark.parametrize(
    ("cell", "without"),
    [
        ("12", True), ("(5.00)", True), ("12k", True), ("۵ میلیون", True), ("12.000,-", True), ("5-", True),
        ("\u200f12\u200f", True), ("1.5 Mio.", True), ("2 million 500 thousand", True),
        ("5 €", False), ("$5", False), ("5 XYZ", False), ("x", False), ("", False), ("TEUR 5", False),
    ],
)  # fmt: skip
def test_whether_an_amount_names_no_currency(cell: str, without: bool) -> None:
    assert unnamed(cell) is without


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1,", "-", "k", "€", "1k ", "1 k و ", ".", "(", "م.", "\u200f", "'", "/", "a b ", "٬1", "$M"]
)
def test_hostile_cells_are_refused_in_no_time(piece: str) -> None:
    for length in (60, 500, 30_000):
        text = (piece * length)[:length]
        for hostile in (text, f"1 {text}"[:length], f"{text[1:]}1"):
            start = time.process_time()
            for read in (lambda t: parse_money(t, "EUR"), unnamed, read_unit, lambda t: beside(t, "k€")):
                with suppress(FieldError):
                    read(hostile)
            assert time.process_time() - start < 0.1


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


@example("1M1k", "EUR", None)
@example("(1M1)k", "EUR", None)
@given(st.text(st.sampled_from("0123456789.,' -+()kM€$ ۱۲٬٫"), max_size=12), CODES, st.sampled_from([None, ".", ","]))
def test_parse_money_reads_any_number_exactly_or_not_at_all(text: str, code: str, decimal: str | None) -> None:
    try:
        minor, currency = parse_money(text, code, decimal)
    except FieldError:
        return
    typed = "".join(str(int(char)) for char in text if char.isdigit())
    terms = re.findall(r"(\d+) *([kM])", re.sub("[()]", "", text))  # brackets are a minus
    if len(terms) > 1:  # 1M1k is 1,001,000
        typed = str(sum(int(number) * {"k": 10**3, "M": 10**6}[scale] for number, scale in terms))
    assert str(abs(minor)).strip("0") == typed.strip("0")
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
